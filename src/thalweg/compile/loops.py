"""The typed loop language: values, loops and memory, written in the shape of the LLVM IR they emit.

An `Emitter` stands at one place in one function. Its `Value`s carry a dtype and a width (1 for a scalar, more
for the lanes of a vector) and the usual operators. `with e.loop(0, n) as i:` opens a loop whose body is what
is emitted inside. Integer arithmetic wraps; nothing traps. float16 and bfloat16 exist only in memory: they
load as float32 and round when stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from thalweg.compile.arithmetic import Arithmetic
from thalweg.compile.target import Target, itemsize
from thalweg.compile.values import (
    POINTER,
    Operand,
    Value,
    VectorConstant,
    i32,
    ir_type,
    is_float,
    mangled,
    memory_type,
    register_dtype,
)  # fmt: skip


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


class Part(ir.Module):
    """One of several modules of a program, whose functions call each other: those ``shared`` are written in one."""

    def __init__(self, name: str, first: Part | None = None) -> None:
        super().__init__(name)
        self.shared: dict[str, ir.Function] = {} if first is None else first.shared

    def declared(self, function: ir.Function) -> ir.Function:
        """A function of the program, to be called from this module."""
        if function.module is self:
            return function
        return self.globals.get(function.name) or ir.Function(self, function.ftype, function.name)


def shared(e: Emitter, name: str) -> ir.Function | None:
    """The function of this name that several kernels call, where it has been written."""
    if isinstance(e.module, Part):
        known = e.module.shared.get(name)
        return None if known is None else e.module.declared(known)
    return e.module.globals.get(name)


def begin_shared(e: Emitter, name: str, arg_types: Sequence[str]) -> Emitter:
    """Start a function that several kernels call."""
    made = function(e.module, name, arg_types, e.target, internal=not isinstance(e.module, Part))
    if isinstance(e.module, Part):
        e.module.shared[name] = made.builder.function
    return made


class Emitter(Arithmetic):
    """Emits loops, memory access and arithmetic at one place of one function."""

    def cast(self, v: Value, dtype: str) -> Value:
        """See `Value.astype`: to a type that exists only in memory, as stored there and loaded."""
        if v.dtype == dtype or dtype not in ("float16", "bfloat16"):
            return super().cast(v, dtype)
        wide = v if is_float(v.dtype) else v.astype("float64")
        return self.from_memory(self.to_memory(wide, dtype), dtype, v.width)

    def buffer(self, dtype: str, count: int, align: int = 64, name: str = "buffer") -> Any:
        """A pointer to `count` elements on the stack, alive until the function returns; contents undefined."""
        slot = self._alloca(ir.ArrayType(memory_type(dtype), count), name)
        slot.align = align
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
        zeros = VectorConstant(kind, "zeroinitializer")
        args = [self.at(pointer, index, dtype), i32(itemsize(dtype)), mask.ir, zeros]
        raw = self._call(f"llvm.masked.load.{mangled(kind)}.p0", kind, args)
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
            f"llvm.masked.store.{mangled(raw.type)}.p0",
            ir.VoidType(),
            [raw, self.at(pointer, index, kind), i32(itemsize(kind)), lanes],
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
        if isinstance(stride, int) and stride == -1 and mask is None and width > 1:
            first = self.index(index) - (width - 1)
            return self.shuffle(self.load(pointer, first, dtype, width), range(width)[::-1])
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
            [self.at(pointer, index, dtype), i32(int(write)), i32(locality), i32(1)],
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
