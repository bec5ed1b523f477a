"""Arithmetic of the loop language: on floats, integers and bools, lane by lane and over all lanes.

Integer arithmetic wraps; nothing traps.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from thalweg.compile import vecmath
from thalweg.compile.control import Control
from thalweg.compile.values import Operand, Value, bits_of, ir_type, is_float, is_signed, mangled


class Arithmetic(Control):
    """Arithmetic, comparisons, conversions and reductions."""

    # Arithmetic

    def arithmetic(self, op: str, a: Operand, b: Operand) -> Value:
        """`op` is "add", "sub" or "mul"; integers wrap."""
        x, y = self.match(a, b)
        if x.dtype == "bool":
            raise TypeError(f"{op}: expected numbers, received bool; use & | ^ or convert with .astype")
        if is_float(x.dtype):
            return x.like(getattr(self.builder, "f" + op)(x.ir, y.ir, flags=self._flags))
        return x.like(getattr(self.builder, op)(x.ir, y.ir))

    def divide(self, a: Operand, b: Operand) -> Value:
        """True division; integers become float64."""
        if not isinstance(a, Value) or not isinstance(b, Value):
            kind = next(v.dtype for v in (a, b) if isinstance(v, Value))
            a, b = (v if isinstance(v, Value) or is_float(kind) else self.const(v, "float64") for v in (a, b))
        a, b = (v.astype("float64") if isinstance(v, Value) and not is_float(v.dtype) else v for v in (a, b))
        x, y = self.match(a, b)
        return x.like(self.builder.fdiv(x.ir, y.ir, flags=self._flags))

    def negative(self, v: Value) -> Value:
        """-v; integers wrap."""
        return v.like(self.builder.fneg(v.ir)) if is_float(v.dtype) else self.const(0, v.dtype, v.width) - v

    def bitwise(self, op: str, a: Operand, b: Operand) -> Value:
        """`op` is "and_", "or_" or "xor", on integers and bools."""
        x, y = self.match(a, b)
        if is_float(x.dtype):
            raise TypeError(f"{op.rstrip('_')}: expected integers or bool, received {x.dtype}")
        return x.like(getattr(self.builder, op)(x.ir, y.ir))

    def compare(self, op: str, a: Operand, b: Operand) -> Value:
        """A comparison as bool lanes; false for NaN, except that != is true."""
        x, y = self.match(a, b)
        b_ = self.builder
        if is_float(x.dtype):
            test = b_.fcmp_unordered if op == "!=" else b_.fcmp_ordered
        else:
            test = b_.icmp_signed if is_signed(x.dtype) else b_.icmp_unsigned
        return Value(self, test(op, x.ir, y.ir), "bool", x.width)

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        """Lane by lane: `a` where `condition` is true, else `b`."""
        x, y = self.match(a, b)
        width = max(x.width, condition.width)
        x, y = self.splat(x, width), self.splat(y, width)
        return x.like(self.builder.select(self.splat(condition, width).ir, x.ir, y.ir))

    def fma(self, a: Operand, b: Operand, c: Operand) -> Value:
        """a*b + c with one rounding, always (a library call where the machine has no such instruction)."""
        return self._float_call("fma", *self.match(a, b, c))

    def muladd(self, a: Operand, b: Operand, c: Operand) -> Value:
        """a*b + c, fused where the machine does that in one instruction, else rounded twice."""
        if not isinstance(a, Value) and not isinstance(b, Value):
            raise TypeError("muladd: expected a Value among the factors")
        x, y, z = self.match(a, b, c)
        return self.fma(x, y, z) if self.target.has_fma and is_float(x.dtype) else x * y + z

    def minimum(self, a: Operand, b: Operand) -> Value:
        """The smaller; NaN if either is NaN, like np.minimum."""
        return self._extreme("<", *self.match(a, b))

    def maximum(self, a: Operand, b: Operand) -> Value:
        """The larger; NaN if either is NaN, like np.maximum."""
        return self._extreme(">", *self.match(a, b))

    def _extreme(self, op: str, x: Value, y: Value) -> Value:
        best = self.select(self.compare(op, x, y), x, y)  # y whenever either is NaN: one machine instruction
        return self.select(self.isnan(x), x, best) if is_float(x.dtype) else best

    def abs(self, v: Value) -> Value:
        """Magnitude; the most negative integer stays as it is."""
        if is_float(v.dtype):
            return self._float_call("fabs", v)
        return self.select(v < 0, -v, v) if is_signed(v.dtype) else v

    def floor(self, v: Value) -> Value:
        """Rounded down."""
        return self._float_call("floor", v)

    def ceil(self, v: Value) -> Value:
        """Rounded up."""
        return self._float_call("ceil", v)

    def trunc(self, v: Value) -> Value:
        """Rounded towards zero."""
        return self._float_call("trunc", v)

    def rint(self, v: Value) -> Value:
        """Rounded to the nearest integer, halves to even."""
        return self._float_call("rint", v)

    def sqrt(self, v: Value) -> Value:
        """Square root, correctly rounded; NaN below zero."""
        return self._float_call("sqrt", v)

    def copysign(self, size: Operand, sign: Operand) -> Value:
        """The magnitude of `size` with the sign of `sign`."""
        return self._float_call("copysign", *self.match(size, sign))

    def isnan(self, v: Value) -> Value:
        """Whether each lane is not a number (never, for integers)."""
        if not is_float(v.dtype):
            return self.const(False, "bool", v.width)
        return Value(self, self.builder.fcmp_unordered("uno", v.ir, v.ir), "bool", v.width)

    def isinf(self, v: Value) -> Value:
        """Whether each lane is an infinity."""
        return self.abs(v).eq(float("inf")) if is_float(v.dtype) else self.const(False, "bool", v.width)

    def signbit(self, v: Value) -> Value:
        """Whether the sign bit is set (also of -0.0 and of NaN)."""
        return self.bitcast(v, f"int{bits_of(v.dtype)}") < 0 if is_float(v.dtype) else v < 0

    def bitcast(self, v: Value, dtype: str) -> Value:
        """The same bits read as another dtype of the same size."""
        if v.dtype == dtype or not (is_float(v.dtype) or is_float(dtype)):
            return Value(self, v.ir, dtype, v.width)
        return Value(self, self.builder.bitcast(v.ir, ir_type(dtype, v.width)), dtype, v.width)

    def cast(self, v: Value, dtype: str) -> Value:
        """See `Value.astype`."""
        if v.dtype == dtype:
            return v
        if dtype == "bool":
            return v.ne(0)
        return Value(self, self._converted(v, dtype, ir_type(dtype, v.width)), dtype, v.width)

    def _converted(self, v: Value, dtype: str, kind: ir.Type) -> Any:
        b = self.builder
        if is_float(v.dtype) and is_float(dtype):
            return (b.fpext if bits_of(dtype) > bits_of(v.dtype) else b.fptrunc)(v.ir, kind)
        if is_float(v.dtype):
            name = "fptosi" if is_signed(dtype) else "fptoui"
            return self._call(f"llvm.{name}.sat.{mangled(kind)}.{mangled(v.ir.type)}", kind, [v.ir])
        if is_float(dtype):
            return (b.sitofp if is_signed(v.dtype) else b.uitofp)(v.ir, kind)
        if bits_of(dtype) <= bits_of(v.dtype):
            return v.ir if bits_of(dtype) == bits_of(v.dtype) else b.trunc(v.ir, kind)
        return (b.sext if is_signed(v.dtype) else b.zext)(v.ir, kind)

    # Reductions over lanes

    def reduce(self, v: Value, op: str) -> Value:
        """All lanes combined by "add" "mul" "max" "min" "and" "or", always in the same pairwise tree, to a
        scalar.
        """
        combine = {
            "add": lambda a, b: a + b,
            "mul": lambda a, b: a * b,
            "max": self.maximum,
            "min": self.minimum,
            "and": lambda a, b: a & b,
            "or": lambda a, b: a | b,
        }[op]
        if v.dtype == "bool" and v.width > 1 and op in ("and", "or"):
            kind = mangled(v.ir.type)
            return Value(
                self, self._call(f"llvm.vector.reduce.{op}.{kind}", ir.IntType(1), [v.ir]), "bool", 1
            )
        while v.width > 1:
            half = v.width // 2
            low, high = self.shuffle(v, range(half)), self.shuffle(v, range(half, 2 * half))
            odd = self.extract(v, v.width - 1) if v.width % 2 else None
            v = combine(low, high)
            if odd is not None:
                v = self.insert(v, combine(self.extract(v, 0), odd), 0)
        return v

    # Integer operations with NumPy's meaning: none of them traps or gives poison

    def _safe_divisor(self, a: Value, b: Value) -> Value:
        if isinstance(b.ir, ir.Constant) and b.width == 1 and b.ir.constant not in (0, -1):
            return b
        if not is_signed(a.dtype):
            return self.select(b.eq(0), 1, b)
        # INT_MIN / -1 would trap; dividing by 1 instead gives the INT_MIN that wrapping asks for
        smallest = -(1 << (bits_of(a.dtype) - 1))
        return self.select(b.eq(0) | (a.eq(smallest) & b.eq(-1)), 1, b)

    def _quotient(self, a: Value, b: Value) -> tuple[Value, Value]:
        safe = self._safe_divisor(a, b)
        q = a.like((self.builder.sdiv if is_signed(a.dtype) else self.builder.udiv)(a.ir, safe.ir))
        return q, a - q * safe

    def trunc_divide(self, a: Operand, b: Operand) -> Value:
        """Integer a/b rounded towards zero; 0 where b is 0."""
        x, y = self.match(a, b)
        return self.select(y.eq(0), 0, self._quotient(x, y)[0])

    def floor_divide(self, a: Operand, b: Operand) -> Value:
        """np.floor_divide. Integers: 0 where b is 0."""
        x, y = self.match(a, b)
        if is_float(x.dtype):
            return self._float_divmod(x, y)[0]
        q, r = self._quotient(x, y)
        if is_signed(x.dtype):
            q = self.select(r.ne(0) & (r ^ y).__lt__(0), q - 1, q)
        return self.select(y.eq(0), 0, q)

    def remainder(self, a: Operand, b: Operand) -> Value:
        """np.remainder, with the sign of b. Integers: 0 where b is 0."""
        x, y = self.match(a, b)
        if is_float(x.dtype):
            return self._float_divmod(x, y)[1]
        r = self._quotient(x, y)[1]
        if is_signed(x.dtype):
            r = self.select(r.ne(0) & (r ^ y).__lt__(0), r + y, r)
        return self.select(y.eq(0), 0, r)

    def fmod(self, a: Operand, b: Operand) -> Value:
        """np.fmod, with the sign of a. Integers: 0 where b is 0."""
        x, y = self.match(a, b)
        if is_float(x.dtype):
            return vecmath.float_fmod(x, y)
        return self.select(y.eq(0), 0, self._quotient(x, y)[1])

    def _float_divmod(self, a: Value, b: Value) -> tuple[Value, Value]:
        m = self.fmod(a, b)
        off = m.ne(0) & (m < 0).__xor__(b < 0)  # the remainder is on the wrong side of zero
        exact = (a - m) / b
        q = self.select(off, exact - 1, exact)
        r = self.select(off, m + b, self.select(m.eq(0), self.copysign(0.0, b), m))
        down = self.floor(q)
        down = self.select(q - down > 0.5, down + 1, down)
        whole = self.select(q.eq(0), self.copysign(0.0, a / b), down)
        return self.select(b.eq(0), a / b, whole), self.select(b.eq(0), float("nan"), r)

    def shift_left(self, a: Operand, count: Operand) -> Value:
        """a << count; 0 for a count that is negative or not below the width."""
        x, n = self.match(a, count)
        if isinstance(count, int) and 0 <= count < bits_of(x.dtype):
            return x.like(self.builder.shl(x.ir, n.ir))
        inside = self._in_range(n)
        return self.select(inside, x.like(self.builder.shl(x.ir, self.select(inside, n, 0).ir)), 0)

    def shift_right(self, a: Operand, count: Operand) -> Value:
        """a >> count, filling with the sign; a count negative or not below the width gives 0 (-1 if a < 0)."""
        x, n = self.match(a, count)
        shift = self.builder.ashr if is_signed(x.dtype) else self.builder.lshr
        if isinstance(count, int) and 0 <= count < bits_of(x.dtype):
            return x.like(shift(x.ir, n.ir))
        inside = self._in_range(n)
        if is_signed(x.dtype):
            return x.like(shift(x.ir, self.select(inside, n, bits_of(x.dtype) - 1).ir))
        return self.select(inside, x.like(shift(x.ir, self.select(inside, n, 0).ir)), 0)

    def _in_range(self, n: Value) -> Value:
        unsigned = Value(self, n.ir, "u" + n.dtype.lstrip("u"), n.width)
        return unsigned < bits_of(n.dtype)

    def power_by_squaring(self, a: Value, exponent: int) -> Value:
        """a ** exponent for an integer known now (integers wrap; a negative one divides, so floats only)."""
        if exponent < 0:
            return 1.0 / self.power_by_squaring(a, -exponent)
        result = None
        while exponent:
            if exponent & 1:
                result = a if result is None else result * a
            exponent >>= 1
            a = a * a if exponent else a
        return self.const(1, a.dtype, a.width) if result is None else result

    def integer_power(self, a: Operand, b: Operand) -> Value:
        """a ** b for integers by squaring, wrapping; a negative exponent gives the whole part of the
        fraction.
        """
        x, n = self.match(a, b)
        unsigned = "u" + n.dtype.lstrip("u")
        result, square = self.var(self.const(1, x.dtype, x.width)), self.var(x)
        left = self.var(Value(self, n.ir, unsigned, n.width))
        with self.loop(0, bits_of(x.dtype), name="power"):
            bit = (left.get() & 1).ne(0)
            result.set(self.select(bit, result.get() * square.get(), result.get()))
            square.set(square.get() * square.get())
            left.set(self.shift_right(left.get(), 1))
        if not is_signed(x.dtype):
            return result.get()
        unit = self.select(x.eq(1) | (x.eq(-1) & (n & 1).eq(0)), 1, self.select(x.eq(-1), x, 0))
        return self.select(n < 0, unit, result.get())

    def mulhi(self, a: Operand, b: Operand) -> tuple[Value, Value]:
        """The full product of two uint32 as (high half, low half)."""
        x, y = self.match(a, b)
        product = x.astype("uint64") * y.astype("uint64")
        return self.shift_right(product, 32).astype("uint32"), product.astype("uint32")
