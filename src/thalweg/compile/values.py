"""Values of the loop language: what they are in LLVM and in memory, their lanes, constants and operators.

A `Value` carries a dtype and a width (1 for a scalar, more for the lanes of a vector). float16 and bfloat16 exist only
in memory: they load as float32 and round when stored.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Union

from llvmlite import ir

from thalweg.compile.target import Target, itemsize

if TYPE_CHECKING:
    from thalweg.compile.loops import Emitter

Operand = Union["Value", int, float, bool]

POINTER = ir.PointerType()
SCALARS = {"bool": ir.IntType(1), "float32": ir.FloatType(), "float64": ir.DoubleType()}
SCALARS |= {f"{u}int{n}": ir.IntType(n) for u in ("", "u") for n in (8, 16, 32, 64)}
_MEMORY = SCALARS | {"bool": ir.IntType(8), "float16": ir.HalfType(), "bfloat16": ir.IntType(16)}


def is_float(dtype: str) -> bool:
    """Whether `dtype` is a floating type, in registers or only in memory."""
    return "float" in dtype


def is_signed(dtype: str) -> bool:
    """Whether `dtype` is a signed integer."""
    return dtype.startswith("int")


def bits_of(dtype: str) -> int:
    """Bits of one element in a register: 1 for bool."""
    return 1 if dtype == "bool" else 8 * itemsize(dtype)


# Types are made once: comparing and printing them is a good part of the time in which code is written.


@functools.cache
def ir_type(dtype: str, width: int = 1) -> ir.Type:
    """The LLVM type of `width` lanes of `dtype` in registers."""
    scalar = SCALARS[dtype]
    return scalar if width == 1 else ir.VectorType(scalar, width)


@functools.cache
def memory_type(dtype: str, width: int = 1) -> ir.Type:
    """The LLVM type of `width` elements of `dtype` in memory: bool is a byte, halves are 16 bits."""
    scalar = _MEMORY[dtype]
    return scalar if width == 1 else ir.VectorType(scalar, width)


def register_dtype(dtype: str) -> str:
    """The dtype a loaded element has: float32 for the halves."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


@functools.lru_cache(maxsize=4096)
def _constant(number: int | str, dtype: str, width: int) -> ir.Constant:
    # a float comes as hexadecimal text, since a cache takes 0.0 and -0.0 for the same
    constant = ir.Constant(SCALARS[dtype], float.fromhex(number) if isinstance(number, str) else number)
    if width == 1:
        return constant
    return VectorConstant(ir_type(dtype, width), f"splat ({constant})")


def _wrapped(value: int, dtype: str) -> int:
    bits = bits_of(dtype)
    value &= (1 << bits) - 1
    return value - (1 << bits) if is_signed(dtype) and value >> (bits - 1) else value


@functools.cache
def i32(value: int) -> ir.Constant:
    """A 32-bit integer."""
    return ir.Constant(ir.IntType(32), value)


@functools.lru_cache(maxsize=4096)
def lanes_mask(lanes: tuple[int, ...]) -> ir.Constant:
    """Numbers of lanes, as a shuffle wants them."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), [i32(k) for k in lanes])


def mangled(kind: ir.Type) -> str:
    """A type as the names of LLVM's functions write it."""
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{mangled(kind.element)}"
    return str(kind.intrinsic_name)


class VectorConstant(ir.Constant):
    """A vector constant by its text, such as "splat (float 1.0)": short to write and quick to parse."""

    def __init__(self, kind: ir.Type, text: str) -> None:
        self.type, self.constant = kind, text

    def _get_reference(self) -> str:
        return self.constant


class Value:
    """A typed value in registers: `ir` in LLVM, `dtype` by NumPy's name, `width` lanes (1 is a scalar).

    Operators: + - * / unary-  & | ^ ~  < <= > >=, and `.eq` `.ne`. The other operand is a Value of the same
    dtype or a Python number; a scalar meets a vector by being copied to every lane. `/` is true division:
    integers become float64 first, as in NumPy.
    """

    __slots__ = ("dtype", "e", "ir", "width")

    e: Emitter

    def __init__(self, e: Any, value: Any, dtype: str, width: int) -> None:
        self.e, self.ir, self.dtype, self.width = e, value, dtype, width

    def __repr__(self) -> str:
        return f"Value({self.ir.get_reference()}, {self.dtype} x {self.width})"

    def like(self, value: Any) -> Value:
        """An LLVM value of this Value's own dtype and width."""
        return Value(self.e, value, self.dtype, self.width)

    def astype(self, dtype: str) -> Value:
        """Converted: floats to integers truncate and saturate (NaN gives 0), anything to bool is `!= 0`.

        float16 and bfloat16 give the float32 that has been rounded to that format.
        """
        return self.e.cast(self, dtype)

    def __add__(self, other: Operand) -> Value:
        return self.e.arithmetic("add", self, other)

    def __sub__(self, other: Operand) -> Value:
        return self.e.arithmetic("sub", self, other)

    def __mul__(self, other: Operand) -> Value:
        return self.e.arithmetic("mul", self, other)

    def __truediv__(self, other: Operand) -> Value:
        return self.e.divide(self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.e.arithmetic("add", other, self)

    def __rsub__(self, other: Operand) -> Value:
        return self.e.arithmetic("sub", other, self)

    def __rmul__(self, other: Operand) -> Value:
        return self.e.arithmetic("mul", other, self)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.e.divide(other, self)

    def __neg__(self) -> Value:
        return self.e.negative(self)

    def __and__(self, other: Operand) -> Value:
        return self.e.bitwise("and_", self, other)

    def __or__(self, other: Operand) -> Value:
        return self.e.bitwise("or_", self, other)

    def __xor__(self, other: Operand) -> Value:
        return self.e.bitwise("xor", self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Value:
        return self.e.bitwise("xor", self, True if self.dtype == "bool" else -1)

    def __lt__(self, other: Operand) -> Value:
        return self.e.compare("<", self, other)

    def __le__(self, other: Operand) -> Value:
        return self.e.compare("<=", self, other)

    def __gt__(self, other: Operand) -> Value:
        return self.e.compare(">", self, other)

    def __ge__(self, other: Operand) -> Value:
        return self.e.compare(">=", self, other)

    def eq(self, other: Operand) -> Value:
        """Equal, lane by lane (false where either is NaN)."""
        return self.e.compare("==", self, other)

    def ne(self, other: Operand) -> Value:
        """Not equal, lane by lane (true where either is NaN)."""
        return self.e.compare("!=", self, other)


class Variable:
    """A value that changes from one turn of a loop to the next; it ends up in a register."""

    __slots__ = ("dtype", "e", "slot", "width")

    e: Emitter

    def __init__(self, e: Any, slot: Any, dtype: str, width: int) -> None:
        self.e, self.slot, self.dtype, self.width = e, slot, dtype, width

    def get(self) -> Value:
        """The present value."""
        loaded = self.e.builder.load(self.slot, typ=ir_type(self.dtype, self.width))
        return Value(self.e, loaded, self.dtype, self.width)

    def set(self, value: Operand) -> None:
        """Give it a new value of the same dtype and width."""
        self.e.builder.store(self.e.constant_like(value, self.dtype, self.width).ir, self.slot)


class Lanes:
    """One place in one function at which code is emitted: its constants, lanes and calls."""

    def __init__(self, builder: ir.IRBuilder, target: Target) -> None:
        self.builder = builder
        self.target = target
        self.args: list[Any] = []
        self._flags: tuple[str, ...] = ("contract",)

    @property
    def module(self) -> ir.Module:
        """The module being written."""
        return self.builder.module

    @contextmanager
    def exactly(self) -> Iterator[None]:
        """Inside, a product and a sum are never contracted to one fused operation."""
        saved, self._flags = self._flags, ()
        yield
        self._flags = saved

    # Constants and lanes

    def const(self, value: float, dtype: str, width: int = 1) -> Value:
        """The number `value` in `dtype`, in every lane; integers wrap into range."""
        if is_float(dtype):
            return Value(self, _constant(float(value).hex(), dtype, width), dtype, width)
        number = bool(value) if dtype == "bool" else _wrapped(int(value), dtype)
        return Value(self, _constant(number, dtype, width), dtype, width)

    def const_bits(self, bits: int, dtype: str, width: int = 1) -> Value:
        """The floating constant with this bit pattern."""
        code = {"float32": "<If", "float64": "<Qd"}[dtype]
        return self.const(struct.unpack("<" + code[2], struct.pack(code[:2], bits))[0], dtype, width)

    def constants(self, values: Sequence[float], dtype: str) -> Value:
        """A vector of the given numbers."""
        lanes = [self.const(v, dtype).ir for v in values]
        return Value(self, ir.Constant(ir.VectorType(SCALARS[dtype], len(lanes)), lanes), dtype, len(lanes))

    def iota(self, dtype: str, width: int) -> Value:
        """The lane numbers 0, 1, ... width-1."""
        return self.const(0, dtype) if width == 1 else self.constants(range(width), dtype)

    def splat(self, v: Value, width: int) -> Value:
        """A scalar copied to every lane; a vector of that width as it is."""
        if v.width == width:
            return v
        if v.width != 1:
            raise TypeError(f"splat: expected a scalar or width {width}, received width {v.width}")
        if isinstance(v.ir, ir.Constant):
            return Value(self, VectorConstant(ir_type(v.dtype, width), f"splat ({v.ir})"), v.dtype, width)
        kind = ir_type(v.dtype, width)
        first = self.builder.insert_element(VectorConstant(kind, "poison"), v.ir, i32(0))
        zeros = lanes_mask((0,) * width)
        return Value(self, self.builder.shuffle_vector(first, first, zeros), v.dtype, width)

    def constant_like(self, x: Operand, dtype: str, width: int) -> Value:
        """`x` as a Value of exactly this dtype and width; Python numbers and scalars are spread."""
        if not isinstance(x, Value):
            return self.const(x, dtype, width)
        if x.dtype != dtype:
            raise TypeError(f"loops: expected {dtype}, received {x.dtype}; convert with .astype({dtype!r})")
        return self.splat(x, width)

    def match(self, *operands: Operand) -> list[Value]:
        """The operands as Values of one dtype and one width."""
        values = [x for x in operands if isinstance(x, Value)]
        width = max(v.width for v in values)
        return [self.constant_like(x, values[0].dtype, width) for x in operands]

    def extract(self, v: Value, k: int | Value) -> Value:
        """Lane `k` as a scalar."""
        if v.width == 1:
            return v
        lane = i32(k) if isinstance(k, int) else k.ir
        return Value(self, self.builder.extract_element(v.ir, lane), v.dtype, 1)

    def insert(self, v: Value, scalar: Operand, k: int) -> Value:
        """`v` with lane `k` replaced."""
        item = self.constant_like(scalar, v.dtype, 1)
        return item if v.width == 1 else v.like(self.builder.insert_element(v.ir, item.ir, i32(k)))

    def gather_lanes(self, scalars: Sequence[Value]) -> Value:
        """A vector of the given scalars (one scalar stays a scalar)."""
        if len(scalars) == 1:
            return scalars[0]
        kind = ir_type(scalars[0].dtype, len(scalars))
        vector: Any = VectorConstant(kind, "poison")
        for k, scalar in enumerate(scalars):
            vector = self.builder.insert_element(vector, scalar.ir, i32(k))
        return Value(self, vector, scalars[0].dtype, len(scalars))

    def shuffle(self, a: Value, lanes: Sequence[int], b: Value | None = None) -> Value:
        """The named lanes of `a` followed by `b` (lane numbers a.width and up are b's), as one vector."""
        mask = lanes_mask(tuple(lanes))
        other = a if b is None else b
        result = self.builder.shuffle_vector(a.ir, other.ir, mask)
        if len(lanes) == 1:
            return Value(self, self.builder.extract_element(result, i32(0)), a.dtype, 1)
        return Value(self, result, a.dtype, len(lanes))

    def per_lane(self, work: Any, *operands: Value) -> Value:
        """`work(scalars...)` done lane by lane, for what has no vector form."""
        width = operands[0].width
        return self.gather_lanes([work(*[self.extract(v, k) for v in operands]) for k in range(width)])

    # Calls

    def call_library(self, name: str, *operands: Value) -> Value:
        """The C library's function of floats, lane by lane; `name` is the double one, "f" is added for
        float32.
        """
        dtype = operands[0].dtype
        kind = ir_type(dtype)
        symbol = name + ("f" if dtype == "float32" else "")
        return self.per_lane(
            lambda *xs: Value(self, self._call(symbol, kind, [x.ir for x in xs]), dtype, 1), *operands
        )

    def _float_call(self, name: str, *operands: Value) -> Value:
        first = operands[0]
        return first.like(
            self._call(f"llvm.{name}.{mangled(first.ir.type)}", first.ir.type, [v.ir for v in operands])
        )

    def _call(self, name: str, result: ir.Type, args: list[Any]) -> Any:
        fn = self.module.globals.get(name)
        if fn is None:
            fn = ir.Function(self.module, ir.FunctionType(result, [a.type for a in args]), name)
        return self.builder.call(fn, args)
