"""Reductions down columns: over axes that others follow, with the elementwise work on what is reduced."""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.compile.elements import Lanes, NestEmitter
from thalweg.compile.groups import Columns, combine_of, size
from thalweg.compile.layout import Access
from thalweg.compile.nests import (
    PARALLEL_WORK,
    Axes,
    Threads,
    chunks,
    combined,
    identity_of,
    merge,
    outer_loops,
    step,
    vector_loop,
)
from thalweg.compile.step import Piece, Step
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import row_major

_VECTORS = 4  # of columns at a time, for one sum
_PLAIN = 8  # of what is read as it lies: the longer the piece of each row, the sooner the next is there
_SHARES = 4  # at least as many groups of columns, where there are columns enough, for the threads


def plan(stp: Step, kernel: Columns) -> Piece:
    """What writes the sums, and whether all threads take part."""
    columns = kernel.domain[kernel.last :]
    splits = size(kernel.domain[: kernel.first]) > 1 or (columns[-1] if columns else 1) > 8
    parallel = size(kernel.domain) * len(kernel.reads) >= PARALLEL_WORK // 2 and splits
    return (lambda: ColumnNest(stp, kernel, stp.threads if parallel else None).emit()), parallel


class ColumnNest(NestEmitter):
    """Vectors run along the axes after the reduced ones, the sums of all members of a group down these."""

    def __init__(self, stp: Step, kernel: Columns, threads: Threads | None) -> None:
        super().__init__(stp, kernel, threads)
        self.sums = kernel.sums
        domain, first, last = kernel.domain, kernel.first, kernel.last
        accesses = [layout.strides for _, layout in self.external]
        own = row_major((*domain[:first], *domain[last:])).strides
        self.head = merge(domain[:first], [*(s[:first] for s in accesses), own[:first]])
        self.body = merge(domain[first:last], [s[first:last] for s in accesses])
        self.tail = merge(domain[last:], [*(s[last:] for s in accesses), own[first:]])
        self.strides = dict(zip(self.external, [s[-1] for s in self.tail.strides], strict=False))

    def emit(self) -> None:
        """The loops, from the outside in."""
        e, length, strides = self.e, self.tail.lengths[-1], [s[-1] for s in self.tail.strides]
        split_head = size(self.head.lengths) > 1
        width = self._width(length)
        outer = Axes(self.tail.lengths[:-1], tuple(s[:-1] for s in self.tail.strides))
        bases = [*(layout.offset for _, layout in self.external), 0]
        each = size((*self.tail.lengths, *self.body.lengths))
        with (
            outer_loops(e, self.head, bases, self.threads if split_head else None, each=each) as at_head,
            outer_loops(e, outer, at_head, None, name="column") as indices,
        ):
            if self.threads is None or split_head:
                vector_loop(e, 0, length, length, indices, strides, width, self._group)
            else:
                share = self.threads.share(e, length, width)
                vector_loop(e, *share, None, indices, strides, width, self._group)

    def _width(self, length: int) -> int:
        lanes = self.lanes_for(length)
        plain = len(self.members) == len(self.sums)
        vectors = max((_PLAIN if plain else _VECTORS) // len(self.sums), 1)
        while vectors > 1 and length < lanes * vectors * _SHARES:
            vectors //= 2
        return lanes * vectors

    def _group(self, at: Sequence[Value], width: int, mask: Value | None) -> None:
        """All sums of one group of columns."""
        e = self.e
        kinds = {y: register_dtype(y.dtype.name) for y in self.sums}
        starts = {y: e.const(identity_of(combine_of(y), kinds[y]), kinds[y], width) for y in self.sums}
        totals = {y: e.var(starts[y], "total") for y in self.sums}
        outer = Axes(self.body.lengths[:-1], tuple(s[:-1] for s in self.body.strides))
        with (
            outer_loops(e, outer, at[:-1], None, name="down") as bases,
            chunks(e, self.body.lengths[-1], True) as part,
        ):
            partial = {y: e.var(starts[y], "partial") for y in self.sums}
            with e.loop(part[0], part[1], name="r") as r:
                places = [step(e, b, r, s[-1]) for b, s in zip(bases, self.body.strides, strict=True)]
                lanes = Lanes(dict(zip(self.external, places, strict=True)), width, mask, {}, {})
                for y in self.sums:
                    value = self.read(self.reads[y][0], lanes)
                    value = value if value.width == width else e.splat(value, width)
                    partial[y].set(combined(e, combine_of(y), partial[y].get(), value.astype(kinds[y])))
            for y in self.sums:
                totals[y].set(combined(e, combine_of(y), totals[y].get(), partial[y].get()))
        for y in self.sums:
            pointer, stride = self.step.pointer(y), self.tail.strides[-1][-1]
            e.store_strided(pointer, at[-1], stride, totals[y].get(), y.dtype.name, mask)

    def read(self, access: Access, at: Lanes) -> Value:
        """Another member's value, or memory."""
        if access.source in self.members:
            return self.compute(access.source, at)
        return self.load(access, at, self.strides.get((access.source, access.layout), 0))
