"""The micro-kernel of a register tile in the processor's own words: x86 with vectors of 64 bytes.

A core whose other half is busy is bound by what it decodes, not by its multiply-adds (docs/performance.md). So four
steps of k go to a turn, rows have their distance in the instruction, and every second element of A is an operand of its
multiply-adds in memory: LLVM fetches what is used twice to a register, which is an instruction more. Nor has LLVM
anything to find out about such a kernel, which takes a third of the time to compile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from thalweg.compile.loops import Emitter
from thalweg.compile.sizes import Size, is_number
from thalweg.compile.target import Target, itemsize
from thalweg.compile.values import Value

STEPS = 4  # of k in a turn of the loop
AHEAD = 12  # steps of k by which rows of B are fetched before they are used
FEW = 3  # vectors of a row at most for which an element of A is fetched once for each
_INT64 = ir.IntType(64)


@dataclass(frozen=True)
class Rows:
    """Where A's elements lie: the first of the first row, and how many elements rows and steps of k are apart."""

    first: Any
    apart: int
    step: Size


@dataclass(frozen=True)
class Columns:
    """Where B's rows lie: the first, and how far they are apart, or None in a packed panel. With `keeps` they are
    packed to a panel there on their way. The last vector of a row has as many elements as are `left`: all, if packed.
    """

    first: Any
    step: Size | None
    keeps: Any
    left: int


@dataclass(frozen=True)
class Tile:
    """Where the sums go: `rows` of so many `vectors`, the address and the rows' offsets from it, and whether what is
    there is added (1) or not (0).
    """

    rows: int
    vectors: int
    pointer: Any
    offsets: Any
    adds: Any


def fits(target: Target, dtype: str) -> bool:
    """Whether the processor, and LLVM here, know the words."""
    return target.takes_assembly and dtype in ("float32", "float64")


def emit_tile(
    e: Emitter, dtype: str, count: Value, a: Rows, b: Columns, c: Tile, ahead: tuple[Any, Value] | None = None
) -> None:
    """C[i, v] (+)= the sum of A[i, k] B[k, v] over k < count; with `ahead` (address, bytes) each k asks for a line of
    other memory, those so many bytes apart.
    """
    moved = {"a": a.first, "b": b.first, "count": count.ir}
    fixed = {"c": c.pointer, "offsets": c.offsets, "adds": c.adds}
    if not is_number(a.step, 1):
        fixed["step"] = (e.index(a.step) * itemsize(dtype)).ir
    if b.step is not None:
        row = e.index(b.step) * itemsize(dtype)
        fixed |= {"row": row.ir, "far": (row * AHEAD).ir}
    if b.keeps is not None:
        moved["keeps"] = b.keeps
    if ahead is not None:
        moved["ahead"], fixed["apart"] = ahead[0], ahead[1].ir
    vectors = c.rows * c.vectors + c.vectors + 1  # the sums, a row of B and an element of A
    results = [*moved, "spare"]
    names = {name: f"${vectors + i}" for i, name in enumerate(results)}
    names |= {name: f"${vectors + len(results) + len(moved) + i}" for i, name in enumerate(fixed)}
    write = "prefetchw" if e.target.has("prfchw") else "prefetcht0"
    words = _Words(dtype, c.rows, c.vectors, a.apart, b.left, names, write)
    constraints = ["=&v"] * vectors + ["=&r"] * len(results)
    constraints += [str(vectors + i) for i in range(len(moved))] + ["r"] * len(fixed)
    given = [
        x if isinstance(x.type, ir.IntType) else e.builder.ptrtoint(x, _INT64)
        for x in (*moved.values(), *fixed.values())
    ]
    vector = e.const(0, dtype, e.target.lanes(dtype)).ir.type
    found = ir.LiteralStructType([*[vector] * vectors, *[_INT64] * len(results)])
    shape = ir.FunctionType(found, [x.type for x in given])
    e.builder.asm(
        shape, "\n".join(words.all()), ",".join([*constraints, "~{k1}", "~{memory}", "~{flags}"]), given, True
    )


@dataclass(frozen=True)
class _Words:
    """The instructions. Vector operands come first: the sums, a row of B, an element of A; the others have `names`."""

    dtype: str
    rows: int
    vectors: int
    apart: int
    left: int
    names: dict[str, str]
    write: str  # the instruction that asks for a line in order to write there

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return itemsize(self.dtype)

    @property
    def kind(self) -> str:
        """The letter of single or double precision."""
        return "s" if self.size == 4 else "d"

    def all(self) -> Iterator[str]:
        """Zeros, turns of several steps, the steps that are left, and the sums to where they go."""
        count = self.names["count"]
        for r in range(self.rows):
            yield from self.line_of(r)
            yield f"{self.write} ({self.names['c']},{self.names['spare']},{self.size})"
        if self.left * self.size < 64:
            word = self.names["spare"].replace("$", "${") + ":k}"
            yield f"movl $${(1 << self.left) - 1}, {word}"
            yield f"kmovw {word}, %k1"
        for i in range(self.rows * self.vectors):
            yield f"vpxord ${i}, ${i}, ${i}"
        yield f"subq $${STEPS}, {count}"
        yield "jl 2f"
        yield ".p2align 4"
        yield "1:"
        yield from self.turn(STEPS)
        yield f"subq $${STEPS}, {count}"
        yield "jge 1b"
        yield "2:"
        yield f"addq $${STEPS}, {count}"
        yield "jle 4f"
        yield "3:"
        yield from self.turn(1)
        yield f"subq $$1, {count}"
        yield "jg 3b"
        yield "4:"
        yield f"testq {self.names['adds']}, {self.names['adds']}"
        yield "je 5f"
        for r in range(self.rows):
            yield from self.line_of(r)
            for v in range(self.vectors):
                total = f"${r * self.vectors + v}"
                yield f"vaddp{self.kind} {self.place(v)}, {total}, {total}"
        yield "5:"
        for r in range(self.rows):
            yield from self.line_of(r)
            for v in range(self.vectors):
                yield f"vmovup{self.kind} ${r * self.vectors + v}, {self.place(v)}"

    def line_of(self, row: int) -> Iterator[str]:
        """The offset of a row of C to the spare register."""
        yield f"movq {8 * row}({self.names['offsets']}), {self.names['spare']}"

    def place(self, vector: int) -> str:
        """A vector of that row."""
        return f"{64 * vector}({self.names['c']},{self.names['spare']},{self.size})"

    def turn(self, steps: int) -> Iterator[str]:
        """Some steps of k."""
        size, sums, vectors, names = self.size, self.rows * self.vectors, self.vectors, self.names
        columns, element = [f"${sums + v}" for v in range(vectors)], f"${sums + vectors}"
        for step in range(steps):
            yield from self.row(columns, step)
            if "ahead" in names:
                yield f"prefetcht1 ({names['ahead']})"
                yield f"addq {names['apart']}, {names['ahead']}"
            for r in range(self.rows):
                place = f"{size * (r * self.apart + (0 if 'step' in names else step))}({names['a']})"
                factor = element
                if vectors == 1 or (vectors <= FEW and r % 2):
                    factor = f"{place}{{1to{64 // size}}}"
                else:
                    yield f"vbroadcasts{self.kind} {place}, {element}"
                for v, column in enumerate(columns):
                    yield f"vfmadd231p{self.kind} {factor}, {column}, ${r * vectors + v}"
            if "step" in names:
                yield f"addq {names['step']}, {names['a']}"
        if "step" not in names:
            yield f"addq $${steps * size}, {names['a']}"
        panel = "keeps" if "row" in names else "b"
        if panel in names:
            yield f"addq $${steps * vectors * 64}, {names[panel]}"

    def row(self, columns: list[str], step: int) -> Iterator[str]:
        """A row of B, that of a step in its turn."""
        names, first = self.names, 0 if "row" in self.names else step * self.vectors
        for v, column in enumerate(columns):
            part = "{%k1}{z}" if self.left * self.size < 64 and v == self.vectors - 1 else ""
            yield f"vmovup{self.kind} {64 * (first + v)}({names['b']}), {column}{part}"
            if "row" in names:
                yield f"prefetcht0 {64 * v}({names['b']},{names['far']})"
            if "keeps" in names:
                yield f"vmovup{self.kind} {column}, {64 * (step * self.vectors + v)}({names['keeps']})"
        if "row" in names:
            yield f"addq {names['row']}, {names['b']}"
