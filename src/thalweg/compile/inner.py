"""The micro-kernel of a register tile in the processor's own words: x86 with vectors of 64 bytes.

A core whose other half is busy is bound by what it decodes, not by its multiply-adds (docs/performance.md). So four
steps of k go to a turn, rows have their distance in the instruction, and every second element of A is an operand of its
multiply-adds in memory: LLVM fetches what is used twice to a register, which is an instruction more. Nor has LLVM
anything to find out about such a kernel, which takes a third of the time to compile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
REGISTERS = 13  # general ones that a loop may use: one has the address of what is given, one is LLVM's
FARTHEST = 1 << 24  # elements that rows may be apart: their distance is part of an instruction
_INT64 = ir.IntType(64)


@dataclass(frozen=True)
class Rows:
    """Where A's elements lie: the rows' offsets from an address, how many elements they are `apart`, where that is
    known, and the steps of k: a number of elements, or a table of offsets.
    """

    pointer: Any
    offsets: Any
    apart: int | None
    step: Size
    table: Any


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


def knows(target: Target, dtype: str) -> bool:
    """Whether the processor, and LLVM here, know the words."""
    return target.takes_assembly and dtype in ("float32", "float64")


def emit_tile(
    e: Emitter,
    dtype: str,
    count: Value,
    a: Rows,
    b: Columns,
    c: Tile,
    ahead: tuple[Any, Value] | None = None,
) -> bool:
    """C[i, v] (+)= the sum of A[i, k] B[k, v] over k < count; with `ahead` (address, bytes) each k asks for a line of
    other memory, those so many bytes apart. False, and nothing, where there are not registers enough.
    """
    size = itemsize(dtype)
    given = {"c": c.pointer, "offsets": c.offsets, "adds": c.adds, "first": a.pointer, "rows": a.offsets}
    loop = {"b": b.first, "count": count.ir}
    if a.table is not None:
        loop["table"] = a.table
    elif not is_number(a.step, 1):
        loop["step"] = (e.index(a.step) * size).ir
    if b.step is not None:
        loop |= {"down": (e.index(b.step) * size).ir, "far": (e.index(b.step) * size * AHEAD).ir}
    if b.keeps is not None:
        loop["keeps"] = b.keeps
    if ahead is not None:
        loop |= {"ahead": ahead[0], "apart": ahead[1].ir}
    bases = ["a"] if a.apart is not None else [*[f"row{i}" for i in range(c.rows)], "at"]
    general = [*bases, *loop]
    vectors = c.rows * c.vectors + c.vectors + 1  # the sums, a row of B and an element of A
    if len(general) > REGISTERS or vectors > e.target.num_registers:
        return False
    given |= loop
    words = e.buffer("int64", len(given), align=8, name="given")
    for i, value in enumerate(given.values()):
        whole = value if isinstance(value.type, ir.IntType) else e.builder.ptrtoint(value, _INT64)
        e.store(words, i, Value(e, whole, "int64", 1))
    spare = max(0, 4 - len(general))
    names = {name: f"${vectors + i}" for i, name in enumerate([*general, *range(spare)])}
    block = f"${vectors + len(names)}"
    places = {name: f"{8 * i}({block})" for i, name in enumerate(given)}
    write = "prefetchw" if e.target.has("prfchw") else "prefetcht0"
    text = _Words(dtype, c.rows, c.vectors, a.apart, b.left, names, places, write).all()
    vector = e.const(0, dtype, e.target.lanes(dtype)).ir.type
    found = ir.LiteralStructType([*[vector] * vectors, *[_INT64] * len(names)])
    constraints = ["=&v"] * vectors + ["=&r"] * len(names) + ["r", "~{k1}", "~{memory}", "~{flags}"]
    e.builder.asm(ir.FunctionType(found, [words.type]), "\n".join(text), ",".join(constraints), [words], True)
    return True


@dataclass(frozen=True)
class _Words:
    """The instructions. Vector operands come first: the sums, a row of B, an element of A; general registers have
    `names`, and what is given lies at `places`.
    """

    dtype: str
    rows: int
    vectors: int
    apart: int | None
    left: int
    names: dict[Any, str]
    places: dict[str, str]
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
        yield from self.lines(lambda row, place: iter([f"{self.write} {place(0)}"]))
        if self.left * self.size < 64:
            word = count.replace("$", "${") + ":k}"
            yield f"movl $${(1 << self.left) - 1}, {word}"
            yield f"kmovw {word}, %k1"
        for i in range(self.rows * self.vectors):
            yield f"vpxord ${i}, ${i}, ${i}"
        yield from self.begin()
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
        yield f"cmpq $$0, {self.places['adds']}"
        yield "je 5f"
        yield from self.lines(self.add)
        yield "5:"
        yield from self.lines(self.store)

    def lines(self, each: Callable[[int, Callable[[int], str]], Iterator[str]]) -> Iterator[str]:
        """Some instructions for each row of C, which are told where its vectors lie."""
        c, offsets, row = list(self.names.values())[:3]
        yield f"movq {self.places['c']}, {c}"
        yield f"movq {self.places['offsets']}, {offsets}"
        for r in range(self.rows):
            yield f"movq {8 * r}({offsets}), {row}"
            yield from each(r, lambda v: f"{64 * v}({c},{row},{self.size})")

    def add(self, row: int, place: Callable[[int], str]) -> Iterator[str]:
        """What C holds, to the sums."""
        for v in range(self.vectors):
            total = f"${row * self.vectors + v}"
            yield f"vaddp{self.kind} {place(v)}, {total}, {total}"

    def store(self, row: int, place: Callable[[int], str]) -> Iterator[str]:
        """The sums, to C."""
        for v in range(self.vectors):
            yield f"vmovup{self.kind} ${row * self.vectors + v}, {place(v)}"

    def begin(self) -> Iterator[str]:
        """What the loop works with, to registers."""
        names, places = self.names, self.places
        rows, first = names["count"], names["b"]
        yield f"movq {places['first']}, {first}"
        yield f"movq {places['rows']}, {rows}"
        for r, name in enumerate(["a"] if "a" in names else [f"row{r}" for r in range(self.rows)]):
            yield f"movq {8 * r}({rows}), {names[name]}"
            yield f"leaq ({first},{names[name]},{self.size}), {names[name]}"
        if "at" in names:
            yield f"subq {names['at']}, {names['at']}"
        for name, place in places.items():
            if name in names:
                yield f"movq {place}, {names[name]}"

    def turn(self, steps: int) -> Iterator[str]:
        """Some steps of k."""
        size, sums, vectors, names = self.size, self.rows * self.vectors, self.vectors, self.names
        columns, element = [f"${sums + v}" for v in range(vectors)], f"${sums + vectors}"
        even = "step" not in names and "table" not in names
        for step in range(steps):
            yield from self.row(columns, step)
            if "ahead" in names:
                yield f"prefetcht1 ({names['ahead']})"
                yield f"addq {names['apart']}, {names['ahead']}"
            if "table" in names:
                yield f"movq {8 * step}({names['table']}), {names['at']}"
            for r in range(self.rows):
                place, factor = self.element(r, step if even else 0), element
                if "a" in names and (vectors == 1 or (vectors <= FEW and r % 2)):
                    factor = f"{place}{{1to{64 // size}}}"
                else:
                    yield f"vbroadcasts{self.kind} {place}, {element}"
                for v, column in enumerate(columns):
                    yield f"vfmadd231p{self.kind} {factor}, {column}, ${r * vectors + v}"
            if "step" in names:
                yield f"addq {names['step']}, {names['a'] if 'a' in names else names['at']}"
        if even:
            yield f"addq $${steps * size}, {names['a'] if 'a' in names else names['at']}"
        if "table" in names:
            yield f"addq $${8 * steps}, {names['table']}"
        panel = "keeps" if "down" in names else "b"
        if panel in names:
            yield f"addq $${steps * vectors * 64}, {names[panel]}"

    def element(self, row: int, step: int) -> str:
        """Where A's element of a row is."""
        if self.apart is not None:
            return f"{self.size * (row * self.apart + step)}({self.names['a']})"
        scale = self.size if "table" in self.names else 1
        return f"{self.size * step}({self.names[f'row{row}']},{self.names['at']},{scale})"

    def row(self, columns: list[str], step: int) -> Iterator[str]:
        """A row of B, that of a step in its turn."""
        names, first = self.names, 0 if "down" in self.names else step * self.vectors
        for v, column in enumerate(columns):
            part = "{%k1}{z}" if self.left * self.size < 64 and v == self.vectors - 1 else ""
            yield f"vmovup{self.kind} {64 * (first + v)}({names['b']}), {column}{part}"
            if "down" in names:
                yield f"prefetcht0 {64 * v}({names['b']},{names['far']})"
            if "keeps" in names:
                yield f"vmovup{self.kind} {column}, {64 * (step * self.vectors + v)}({names['keeps']})"
        if "down" in names:
            yield f"addq {names['down']}, {names['b']}"
