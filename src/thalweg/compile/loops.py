"""The typed loop language: values, loops and memory, written in the shape of the LLVM IR they emit.

An `Emitter` stands at one place in one function. Its `Value`s carry a dtype and a width (1 for a scalar, more
for the lanes of a vector) and the usual operators. `with e.loop(0, n) as i:` opens a loop whose body is what
is emitted inside. Integer arithmetic wraps; nothing traps. float16 and bfloat16 exist only in memory: they
load as float32 and round when stored.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Union

from llvmlite import ir

from thalweg.compile.target import Target, itemsize

Operand = Union["Value", int, float, bool]

POINTER = ir.PointerType()
_SCALARS = {"bool": ir.IntType(1), "float32": ir.FloatType(), "float64": ir.DoubleType()}
_SCALARS |= {f"{u}int{n}": ir.IntType(n) for u in ("", "u") for n in (8, 16, 32, 64)}
_MEMORY = _SCALARS | {"bool": ir.IntType(8), "float16": ir.HalfType(), "bfloat16": ir.IntType(16)}


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
    scalar = _SCALARS[dtype]
    return scalar if width == 1 else ir.VectorType(scalar, width)


@functools.cache
def memory_type(dtype: str, width: int = 1) -> ir.Type:
    """The LLVM type of `width` elements of `dtype` in memory: bool is a byte, halves are 16 bits."""
    scalar = _MEMORY[dtype]
    return scalar if width == 1 else ir.VectorType(scalar, width)


class Value:
    """A typed value in registers: `ir` in LLVM, `dtype` by NumPy's name, `width` lanes (1 is a scalar).

    Operators: + - * / unary-  & | ^ ~  < <= > >=, and `.eq` `.ne`. The other operand is a Value of the same
    dtype or a Python number; a scalar meets a vector by being copied to every lane. `/` is true division:
    integers become float64 first, as in NumPy.
    """

    __slots__ = ("dtype", "e", "ir", "width")

    def __init__(self, e: Emitter, value: Any, dtype: str, width: int) -> None:
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


class _VectorConstant(ir.Constant):
    """A vector constant by its text, such as "splat (float 1.0)": short to write and quick to parse."""

    def __init__(self, kind: ir.Type, text: str) -> None:
        self.type, self.constant = kind, text

    def _get_reference(self) -> str:
        return self.constant


class Variable:
    """A value that changes from one turn of a loop to the next; it ends up in a register."""

    __slots__ = ("dtype", "e", "slot", "width")

    def __init__(self, e: Emitter, slot: Any, dtype: str, width: int) -> None:
        self.e, self.slot, self.dtype, self.width = e, slot, dtype, width

    def get(self) -> Value:
        """The present value."""
        loaded = self.e.builder.load(self.slot, typ=ir_type(self.dtype, self.width))
        return Value(self.e, loaded, self.dtype, self.width)

    def set(self, value: Operand) -> None:
        """Give it a new value of the same dtype and width."""
        self.e.builder.store(self.e.constant_like(value, self.dtype, self.width).ir, self.slot)


def function(
    module: ir.Module,
    name: str,
    arg_types: Sequence[str],
    target: Target,
    arg_names: Sequence[str] | None = None,
    noalias: bool = False,
    returns: str | None = None,
    internal: bool = False,
) -> Emitter:
    """Start a function and return the Emitter at its first block.

    `arg_types` are "ptr" or dtypes; `e.args` then holds raw pointers and scalar Values. `noalias=True`
    promises that memory reached through one pointer argument is not reached through another. `internal`: for
    other functions of the module alone. End it with `e.ret()`.
    """
    kinds = [POINTER if kind == "ptr" else memory_type(kind) for kind in arg_types]
    result = ir.VoidType() if returns is None else ir_type(returns)
    fn = ir.Function(module, ir.FunctionType(result, kinds), name)
    fn.attributes.add("nounwind")
    if internal:
        fn.linkage = "internal"
    for arg, kind, label in zip(
        fn.args, arg_types, arg_names or [f"a{k}" for k in range(len(kinds))], strict=True
    ):
        arg.name = label
        if noalias and kind == "ptr":
            arg.add_attribute("noalias")
    e = Emitter(ir.IRBuilder(fn.append_basic_block("entry")), target)
    e.args = [arg if kind == "ptr" else e.from_memory(arg, kind, 1) for arg, kind in zip(fn.args, arg_types)]
    return e


class Emitter:
    """Emits loops, memory access and arithmetic at one place of one function."""

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
        return Value(self, ir.Constant(ir.VectorType(_SCALARS[dtype], len(lanes)), lanes), dtype, len(lanes))

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
            return Value(self, _VectorConstant(ir_type(v.dtype, width), f"splat ({v.ir})"), v.dtype, width)
        kind = ir_type(v.dtype, width)
        first = self.builder.insert_element(_VectorConstant(kind, "poison"), v.ir, _i32(0))
        zeros = _lanes_mask((0,) * width)
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
        lane = _i32(k) if isinstance(k, int) else k.ir
        return Value(self, self.builder.extract_element(v.ir, lane), v.dtype, 1)

    def insert(self, v: Value, scalar: Operand, k: int) -> Value:
        """`v` with lane `k` replaced."""
        item = self.constant_like(scalar, v.dtype, 1)
        return item if v.width == 1 else v.like(self.builder.insert_element(v.ir, item.ir, _i32(k)))

    def gather_lanes(self, scalars: Sequence[Value]) -> Value:
        """A vector of the given scalars (one scalar stays a scalar)."""
        if len(scalars) == 1:
            return scalars[0]
        kind = ir_type(scalars[0].dtype, len(scalars))
        vector: Any = _VectorConstant(kind, "poison")
        for k, scalar in enumerate(scalars):
            vector = self.builder.insert_element(vector, scalar.ir, _i32(k))
        return Value(self, vector, scalars[0].dtype, len(scalars))

    def shuffle(self, a: Value, lanes: Sequence[int], b: Value | None = None) -> Value:
        """The named lanes of `a` followed by `b` (lane numbers a.width and up are b's), as one vector."""
        mask = _lanes_mask(tuple(lanes))
        other = a if b is None else b
        result = self.builder.shuffle_vector(a.ir, other.ir, mask)
        if len(lanes) == 1:
            return Value(self, self.builder.extract_element(result, _i32(0)), a.dtype, 1)
        return Value(self, result, a.dtype, len(lanes))

    def per_lane(self, work: Any, *operands: Value) -> Value:
        """`work(scalars...)` done lane by lane, for what has no vector form."""
        width = operands[0].width
        return self.gather_lanes([work(*[self.extract(v, k) for v in operands]) for k in range(width)])

    # Control

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: int | Value = 1, name: str = "i") -> Iterator[Value]:
        """`for i in range(start, stop, step)`, with int64 `i`; a Value as `step` must be positive.

        The test is at the end, where the code generator wants it, and before the first turn where that may not be.
        """
        b, less = self.builder, ">" if isinstance(step, int) and step < 0 else "<"
        first, last, by = (self.index(x).ir for x in (start, stop, step))
        before, body = b.block, b.append_basic_block(f"{name}.body")
        after = b.append_basic_block(f"{name}.end")
        known = type(start) is type(stop) is int  # a length of the running program is an int of another type
        if known and (start > stop if less == ">" else start < stop):  # type: ignore[operator]
            b.branch(body)
        else:
            b.cbranch(b.icmp_signed(less, first, last), body, after)
        b.position_at_end(body)
        i = b.phi(ir_type("int64"), name=name)
        i.add_incoming(first, before)
        yield Value(self, i, "int64", 1)
        following = b.add(i, by, name=f"{name}.next", flags=("nsw",))
        i.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed(less, following, last), body, after)
        b.position_at_end(after)

    @contextmanager
    def when(self, condition: Value, name: str = "when", likely: bool | None = None) -> Iterator[None]:
        """Do what follows only if the scalar `condition` holds; `likely=False` keeps it out of the hot path."""
        b = self.builder
        then, after = b.append_basic_block(f"{name}.then"), b.append_basic_block(f"{name}.end")
        branch = b.cbranch(condition.ir, then, after)
        if likely is not None:
            branch.set_weights([1000, 1] if likely else [1, 1000])
        b.position_at_end(then)
        yield
        b.branch(after)
        b.position_at_end(after)

    @contextmanager
    def either(self, condition: Value) -> Iterator[tuple[Any, Any]]:
        """`with e.either(c) as (yes, no):` then `with yes:` and `with no:`, each exactly once."""
        with self.builder.if_else(condition.ir) as branches:
            yield branches

    def ret(self, value: Value | None = None) -> None:
        """Return from the function."""
        if value is None:
            self.builder.ret_void()
        else:
            self.builder.ret(value.ir)

    def comment(self, text: str) -> None:
        """A comment line in the IR."""
        self.builder.comment(text)

    # Memory

    def index(self, x: Operand) -> Value:
        """`x` as an int64 scalar."""
        if not isinstance(x, Value):
            return self.const(x, "int64")
        return self.cast(x, "int64")

    def var(self, init: Value, name: str = "var") -> Variable:
        """A variable that begins as `init`."""
        slot = self._alloca(ir_type(init.dtype, init.width), name)
        variable = Variable(self, slot, init.dtype, init.width)
        variable.set(init)
        return variable

    def buffer(self, dtype: str, count: int, align: int = 64, name: str = "buffer") -> Any:
        """A pointer to `count` elements on the stack, alive until the function returns; contents undefined."""
        slot = self._alloca(ir.ArrayType(memory_type(dtype), count), name)
        slot.align = align
        return slot

    def _alloca(self, kind: ir.Type, name: str) -> Any:
        # in the entry block: a variable declared inside a loop must not grow the stack at every turn
        with self.builder.goto_entry_block():
            slot = self.builder.alloca(kind, name=name)
        slot.type = POINTER
        return slot

    def at(self, pointer: Any, index: Operand, dtype: str) -> Any:
        """The address of element `index` of an array of `dtype`."""
        if isinstance(index, int) and index == 0:
            return pointer
        return self.builder.gep(
            pointer, [self.index(index).ir], inbounds=True, source_etype=memory_type(dtype)
        )

    def load(
        self,
        pointer: Any,
        index: Operand,
        dtype: str,
        width: int = 1,
        align: int | None = None,
        invariant: bool = False,
    ) -> Value:
        """Elements index, index+1, ... as one Value. `align` in bytes (the element's by default).

        `invariant=True` promises that nobody writes there while the function runs, so the load may be
        hoisted.
        """
        raw = self.builder.load(
            self.at(pointer, index, dtype), typ=memory_type(dtype, width), align=align or itemsize(dtype)
        )
        if invariant:
            raw.set_metadata("invariant.load", self.module.add_metadata([]))
        return self.from_memory(raw, dtype, width)

    def store(
        self, pointer: Any, index: Operand, value: Value, dtype: str | None = None, align: int | None = None
    ) -> None:
        """Write the lanes of `value` to elements index, index+1, ... of an array of `dtype` (its own by
        default).
        """
        kind = dtype or value.dtype
        self.builder.store(
            self.to_memory(value, kind), self.at(pointer, index, kind), align=align or itemsize(kind)
        )

    def load_masked(self, pointer: Any, index: Operand, dtype: str, mask: Value, other: float = 0) -> Value:
        """Like `load`, but lanes where `mask` is false are not read and give 0 (or `other`)."""
        width = mask.width
        if width == 1:
            result = self.var(self.const(other, register_dtype(dtype)))
            with self.when(mask):
                result.set(self.load(pointer, index, dtype))
            return result.get()
        kind = memory_type(dtype, width)
        zeros = _VectorConstant(kind, "zeroinitializer")
        args = [self.at(pointer, index, dtype), _i32(itemsize(dtype)), mask.ir, zeros]
        raw = self._call(f"llvm.masked.load.{_mangled(kind)}.p0", kind, args)
        loaded = self.from_memory(raw, dtype, width)
        return loaded if other == 0 else self.select(mask, loaded, other)

    def store_masked(
        self, pointer: Any, index: Operand, value: Value, mask: Value, dtype: str | None = None
    ) -> None:
        """Like `store`, but lanes where `mask` is false are left as they are."""
        kind = dtype or value.dtype
        if value.width == 1:
            with self.when(mask):
                self.store(pointer, index, value, kind)
            return
        raw = self.to_memory(value, kind)
        lanes = mask.ir
        if self.target.has("avx512f") and isinstance(raw.type.element, ir.IntType):
            lanes = self._hidden(mask)
        self._call(
            f"llvm.masked.store.{_mangled(raw.type)}.p0",
            ir.VoidType(),
            [raw, self.at(pointer, index, kind), _i32(itemsize(kind)), lanes],
        )

    def _hidden(self, mask: Value) -> Any:
        """The mask as one that LLVM knows nothing of. Where it knows that a single lane is stored, and integers are
        narrowed on their way to memory, version 22 writes that lane as wide as it was before: over its neighbours.
        """
        bits, register = ir.IntType(mask.width), ir.IntType(32 if mask.width <= 32 else 64)
        word = self.builder.bitcast(mask.ir, bits)
        word = word if bits.width == register.width else self.builder.zext(word, register)
        word = self.builder.asm(ir.FunctionType(register, [register]), "", "=r,0", [word], False)
        word = word if bits.width == register.width else self.builder.trunc(word, bits)
        return self.builder.bitcast(word, mask.ir.type)

    def tail_mask(self, index: Operand, stop: Operand, width: int) -> Value:
        """Lane k is true where index + k < stop."""
        left = self.index(stop) - self.index(index)
        return self.iota("int32", width) < self.minimum(left, width).astype("int32")

    def load_strided(
        self, pointer: Any, index: Operand, stride: Operand, dtype: str, width: int, mask: Value | None = None
    ) -> Value:
        """Elements index, index+stride, ... (stride in elements, maybe 0 or negative)."""
        if isinstance(stride, int) and stride == 0 and mask is None:
            return self.splat(self.load(pointer, index, dtype), width)
        if isinstance(stride, int) and stride == 1:
            if mask is None:
                return self.load(pointer, index, dtype, width)
            return self.load_masked(pointer, index, dtype, mask)
        return self.load_gather(pointer, self._strided(index, stride, width), dtype, mask)

    def store_strided(
        self,
        pointer: Any,
        index: Operand,
        stride: Operand,
        value: Value,
        dtype: str | None = None,
        mask: Value | None = None,
    ) -> None:
        """Write the lanes to elements index, index+stride, ... in order."""
        if isinstance(stride, int) and stride == 1:
            if mask is None:
                self.store(pointer, index, value, dtype)
            else:
                self.store_masked(pointer, index, value, mask, dtype)
            return
        self.store_scatter(pointer, self._strided(index, stride, value.width), value, dtype, mask)

    def _strided(self, index: Operand, stride: Operand, width: int) -> list[Value]:
        first, by = self.index(index), self.index(stride)
        return [first if k == 0 else first + by * k for k in range(width)]

    def load_gather(
        self, pointer: Any, indices: Value | Sequence[Value], dtype: str, mask: Value | None = None
    ) -> Value:
        """The elements at the given indices (an integer vector, or a list of scalars)."""
        lanes = self._lanes(indices)
        if mask is None:
            return self.gather_lanes([self.load(pointer, i, dtype) for i in lanes])
        return self.gather_lanes(
            [self.load_masked(pointer, i, dtype, self.extract(mask, k)) for k, i in enumerate(lanes)]
        )

    def store_scatter(
        self,
        pointer: Any,
        indices: Value | Sequence[Value],
        value: Value,
        dtype: str | None = None,
        mask: Value | None = None,
    ) -> None:
        """Write lane k to element indices[k], in the order of the lanes."""
        for k, i in enumerate(self._lanes(indices)):
            lane = self.extract(value, k)
            if mask is None:
                self.store(pointer, i, lane, dtype)
            else:
                self.store_masked(pointer, i, lane, self.extract(mask, k), dtype)

    def _lanes(self, v: Value | Sequence[Value]) -> list[Value]:
        return [self.extract(v, k) for k in range(v.width)] if isinstance(v, Value) else list(v)

    def prefetch(
        self, pointer: Any, index: Operand, dtype: str, write: bool = False, locality: int = 3
    ) -> None:
        """Ask for the cache line of an element ahead of its use."""
        self._call(
            "llvm.prefetch.p0",
            ir.VoidType(),
            [self.at(pointer, index, dtype), _i32(int(write)), _i32(locality), _i32(1)],
        )

    def from_memory(self, raw: Any, dtype: str, width: int) -> Value:
        """What was loaded, as the Value it means."""
        if dtype == "bool":
            return self.compare("!=", Value(self, raw, "uint8", width), 0)
        if dtype == "float16":
            return self._from_half(raw, width)
        if dtype == "bfloat16":
            wide = Value(self, raw, "uint16", width).astype("uint32")
            return self.bitcast(self.shift_left(wide, 16), "float32")
        return Value(self, raw, dtype, width)

    def to_memory(self, value: Value, dtype: str) -> Any:
        """The LLVM value to store for `value` in an array of `dtype`; halves are rounded to nearest even."""
        if dtype in ("float16", "bfloat16"):
            single = self._round_to_odd(value) if value.dtype == "float64" else value.astype("float32")
            return self._to_half(single) if dtype == "float16" else self._to_bfloat16(single)
        if dtype != value.dtype:
            raise TypeError(
                f"store: expected {dtype}, received {value.dtype}; convert with .astype({dtype!r})"
            )
        return self.builder.zext(value.ir, memory_type("bool", value.width)) if dtype == "bool" else value.ir

    # Halves

    def _native_half(self) -> bool:
        return self.target.has("f16c") or not self.target.is_x86

    def _from_half(self, raw: Any, width: int) -> Value:
        if self._native_half():
            return Value(self, self.builder.fpext(raw, ir_type("float32", width)), "float32", width)
        bits = Value(self, self.builder.bitcast(raw, ir_type("uint16", width)), "uint16", width).astype(
            "uint32"
        )
        sign = self.shift_left(bits & 0x8000, 16)
        # the exponent is 112 too small; multiplying by 2**112 repairs it, subnormals included
        magnitude = self.bitcast(self.shift_left(bits & 0x7FFF, 13), "float32") * 2.0**112
        special = (bits & 0x7C00).eq(0x7C00)
        whole = self.select(
            special, self.bitcast(magnitude, "uint32") | 0x7F800000, self.bitcast(magnitude, "uint32")
        )
        return self.bitcast(whole | sign, "float32")

    def _to_half(self, v: Value) -> Any:
        if self._native_half():
            return self.builder.fptrunc(v.ir, memory_type("float16", v.width))
        bits = self.bitcast(v, "uint32")
        size = bits & 0x7FFFFFFF
        rounded = self.shift_right(size - 0x38000000 + 0xFFF + (self.shift_right(size, 13) & 1), 13)
        # adding one half leaves a subnormal's ten bits, correctly rounded, at the bottom of the sum
        tiny = self.bitcast(self.bitcast(size, "float32") + 0.5, "uint32") - 0x3F000000
        half = self.select(size < 0x38800000, tiny, self.select(size >= 0x477FF000, 0x7C00, rounded))
        half = self.select(size > 0x7F800000, 0x7E00, half) | self.shift_right(bits & 0x80000000, 16)
        return self.builder.bitcast(half.astype("uint16").ir, memory_type("float16", v.width))

    def _to_bfloat16(self, v: Value) -> Any:
        bits = self.bitcast(v, "uint32")
        rounded = self.shift_right(bits + 0x7FFF + (self.shift_right(bits, 16) & 1), 16)
        quiet = self.shift_right(bits, 16) | 0x40
        return self.select(self.isnan(v), quiet, rounded).astype("uint16").ir

    def _round_to_odd(self, v: Value) -> Value:
        # a float64 cut to float32 with the lost bits kept as an odd last bit rounds again without a double
        # rounding
        near = v.astype("float32")
        back = near.astype("float64")
        bits = self.bitcast(near, "uint32")
        down = self.select(self.abs(back) > self.abs(v), bits - 1, bits)
        return self.select(back.eq(v) | self.isnan(v), near, self.bitcast(down | 1, "float32"))

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
        return self.fma(x, y, z) if self.target.has_fma else x * y + z

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
        if dtype in ("float16", "bfloat16"):
            return self.from_memory(
                self.to_memory(v if is_float(v.dtype) else v.astype("float64"), dtype), dtype, v.width
            )
        if dtype == "bool":
            return v.ne(0)
        return Value(self, self._converted(v, dtype, ir_type(dtype, v.width)), dtype, v.width)

    def _converted(self, v: Value, dtype: str, kind: ir.Type) -> Any:
        b = self.builder
        if is_float(v.dtype) and is_float(dtype):
            return (b.fpext if bits_of(dtype) > bits_of(v.dtype) else b.fptrunc)(v.ir, kind)
        if is_float(v.dtype):
            name = "fptosi" if is_signed(dtype) else "fptoui"
            return self._call(f"llvm.{name}.sat.{_mangled(kind)}.{_mangled(v.ir.type)}", kind, [v.ir])
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
            kind = _mangled(v.ir.type)
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
            return x.like(self.builder.frem(x.ir, y.ir))
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
            self._call(f"llvm.{name}.{_mangled(first.ir.type)}", first.ir.type, [v.ir for v in operands])
        )

    def _call(self, name: str, result: ir.Type, args: list[Any]) -> Any:
        fn = self.module.globals.get(name)
        if fn is None:
            fn = ir.Function(self.module, ir.FunctionType(result, [a.type for a in args]), name)
        return self.builder.call(fn, args)


def register_dtype(dtype: str) -> str:
    """The dtype a loaded element has: float32 for the halves."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


@functools.lru_cache(maxsize=4096)
def _constant(number: int | str, dtype: str, width: int) -> ir.Constant:
    # a float comes as hexadecimal text, since a cache takes 0.0 and -0.0 for the same
    constant = ir.Constant(_SCALARS[dtype], float.fromhex(number) if isinstance(number, str) else number)
    if width == 1:
        return constant
    return _VectorConstant(ir_type(dtype, width), f"splat ({constant})")


def _wrapped(value: int, dtype: str) -> int:
    bits = bits_of(dtype)
    value &= (1 << bits) - 1
    return value - (1 << bits) if is_signed(dtype) and value >> (bits - 1) else value


@functools.cache
def _i32(value: int) -> ir.Constant:
    return ir.Constant(ir.IntType(32), value)


@functools.lru_cache(maxsize=4096)
def _lanes_mask(lanes: tuple[int, ...]) -> ir.Constant:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), [_i32(k) for k in lanes])


def _mangled(kind: ir.Type) -> str:
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{_mangled(kind.element)}"
    return str(kind.intrinsic_name)
