"""The multiply-adds of a register tile in the processor's own words: x86 with vectors of 64 bytes.

A core whose other half is busy is bound by what it decodes, not by its multiply-adds (docs/performance.md). So four
steps of k go to a turn, rows have their distance in the instruction, and every second element of A is an operand of its
multiply-adds in memory: LLVM fetches what is used twice to a register, which is an instruction more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from thalweg.compile.loops import Emitter
from thalweg.compile.sizes import Size, is_number
from thalweg.compile.target import Target, itemsize
from thalweg.compile.values import Value

STEPS = 4  # of k in a turn of the loop
FEW = 3  # vectors of a row at most for which an element of A is fetched once for each
_INT64 = ir.IntType(64)


@dataclass(frozen=True)
class Rows:
    """Where A's elements lie: the first of the first row, and how many elements rows and steps of k are apart."""

    first: Any
    apart: int
    step: Size


def fits(target: Target, dtype: str) -> bool:
    """Whether the processor, and LLVM here, know the words."""
    return target.takes_assembly and dtype in ("float32", "float64")


def emit_steps(
    e: Emitter,
    dtype: str,
    count: Value,
    a: Rows,
    b: Any,
    sums: Sequence[Sequence[Any]],
    ahead: tuple[Any, Value] | None = None,
) -> None:
    """sums[i][v] += A[i, k] B[k, v] for k < count, where B is a packed panel; with `ahead` (address, bytes) each k asks
    for a line of other memory, those so many bytes apart.
    """
    strided = not is_number(a.step, 1)
    strides = [e.index(a.step) * itemsize(dtype)] if strided else []
    pointers = [a.first, b]
    if ahead is not None:
        pointers.append(ahead[0])
        strides.append(ahead[1])
    places = [e.var(Value(e, e.builder.ptrtoint(p, _INT64), "int64", 1)) for p in pointers]
    totals = [total for row in sums for total in row]

    def turn(steps: int) -> None:
        held = [*[t.get() for t in totals], *[p.get() for p in places]]
        text, scratch = _text(dtype, len(sums), len(sums[0]), a.apart, steps, strided, ahead is not None)
        vectors, spare = [t.ir.type for t in held[: len(totals)]], len(totals)
        kinds = [*vectors, *[vectors[0]] * scratch, *[_INT64] * len(places)]
        moved = range(spare + scratch, len(kinds))
        constraints = ["=&v"] * (spare + scratch) + ["=&r"] * len(places)
        constraints += [str(i) for i in (*range(spare), *moved)] + ["r"] * len(strides) + ["~{memory}"]
        arguments = [v.ir for v in (*held, *strides)]
        shape = ir.FunctionType(ir.LiteralStructType(kinds), [x.type for x in arguments])
        results = e.builder.asm(shape, text, ",".join(constraints), arguments, True)
        for i, variable in zip((*range(spare), *moved), (*totals, *places), strict=True):
            old = variable.get()
            variable.set(Value(e, e.builder.extract_value(results, i), old.dtype, old.width))

    whole = count & -STEPS
    with e.loop(0, whole, STEPS, name="k"):
        turn(STEPS)
    with e.loop(whole, count, name="k"):
        turn(1)


def _text(
    dtype: str, rows: int, vectors: int, apart: int, steps: int, strided: bool, ahead: bool
) -> tuple[str, int]:
    """The instructions, and how many vector registers they need beside the sums. Operands: sums, those registers, the
    addresses of A, of B and ahead; those that come in again; then the distances of A's steps, if `strided`, and ahead.
    """
    size, lanes, sums = itemsize(dtype), 64 // itemsize(dtype), rows * vectors
    end = "ps" if size == 4 else "pd"
    columns = [f"${sums + v}" for v in range(vectors)]
    element, scratch = f"${sums + vectors}", vectors + 1
    at_a, at_b, at_ahead = (f"${sums + scratch + i}" for i in range(3))
    inputs = 2 * (sums + (3 if ahead else 2)) + scratch
    lines = []
    for step in range(steps):
        lines += [f"vmovup{end[1]} {64 * (step * vectors + v)}({at_b}), {columns[v]}" for v in range(vectors)]
        if ahead:
            lines += [f"prefetcht1 ({at_ahead})", f"addq ${inputs + strided}, {at_ahead}"]
        for r in range(rows):
            place = f"{size * (r * apart + (0 if strided else step))}({at_a})"
            factor = element
            if vectors == 1 or (vectors <= FEW and r % 2):
                factor = f"{place}{{1to{lanes}}}"
            else:
                lines.append(f"vbroadcasts{end[1]} {place}, {element}")
            lines += [f"vfmadd231{end} {factor}, {columns[v]}, ${r * vectors + v}" for v in range(vectors)]
        if strided:
            lines.append(f"addq ${inputs}, {at_a}")
    if not strided:
        lines.append(f"addq $${steps * size}, {at_a}")
    lines.append(f"addq $${steps * vectors * 64}, {at_b}")
    return "\n".join(lines), scratch
