"""Fused loop nests with reductions over their last axes: passes over each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compile.effort import effort
from thalweg.compile.elements import Lanes, NestEmitter
from thalweg.compile.groups import Nest, combine_of, is_reduction, size
from thalweg.compile.layout import Access
from thalweg.compile.memory import rounded_up
from thalweg.compile.nests import (
    Axes,
    Threads,
    chunks,
    combined,
    identity_of,
    is_one_chunk,
    merge,
    outer_loops,
    vector_loop,
)
from thalweg.compile.step import Step
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import Layout, row_major
from thalweg.graph.tensor import Tensor

_RECOMPUTE = 12  # instructions: a value of a row that costs more is kept for the later passes over the row
# so many vectors of a row are combined side by side, where none waits for the one before: by how many instructions
# the values take that are reduced, and how many reductions there are
_SIDE_BY_SIDE = ((4, 1, 4), (16, 4, 2))


class RowNest(NestEmitter):
    """A nest with reductions over its last axes: for each row, as many passes as the reductions wait for
    each other.
    """

    def __init__(self, step: Step, nest: Nest, threads: Threads | None) -> None:
        super().__init__(step, nest, threads)
        assert nest.split is not None
        self.split: int = nest.split
        self.level: dict[Tensor, int] = {}
        for member in self.depth:
            below = [self.level[a.source] for a in self.reads[member] if a.source in self.members]
            # the pass in which it can be computed; what is reduced in pass p is known from pass p + 1 on
            self.level[member] = max(below, default=0) + is_reduction(member)
        self.kept: dict[
            Tensor, Any
        ] = {}  # members kept for later passes: their row of workspace, None if cheap
        self.row_values: dict[Tensor, Value] = {}
        self.row_loads: dict[tuple[Tensor, Layout], Value] = {}
        self.strides: dict[tuple[Tensor, Layout], int] = {}

    def emit(self) -> None:
        e, nest = self.e, self.nest
        outer_shape, inner_shape = nest.domain[: self.split], nest.domain[self.split :]
        full = row_major(nest.domain).strides
        rows = row_major(outer_shape).strides
        layouts = [layout.strides for _, layout in self.external]
        row_layouts = [layout.strides for _, layout in self.row_external]
        self.inner = merge(inner_shape, [*(s[self.split :] for s in layouts), full[self.split :]])
        outer = merge(
            outer_shape, [*(s[: self.split] for s in layouts), full[: self.split], *row_layouts, rows]
        )
        bases = [*(k[1].offset for k in self.external), 0, *(k[1].offset for k in self.row_external), 0]
        self.lanes = self.lanes_for(self.inner.lengths[-1])
        self._used = 0
        with outer_loops(e, outer, bases, self.threads, each=size(inner_shape)) as indices:
            self.row_index = indices[-1]
            self._row(indices[: len(self.external) + 1], indices[len(self.external) + 1 : -1])

    def _row(self, indices: Sequence[Value], row_indices: Sequence[Value]) -> None:
        self.row_values, self.row_loads = {}, {}
        still = [
            (k, i) for k, i, s in zip(self.external, indices, self.inner.strides, strict=False) if not any(s)
        ]
        for key, index in [*still, *zip(self.row_external, row_indices, strict=True)]:
            self.row_loads[key] = self.e.load(self.step.pointer(key[0]), index, key[0].dtype.name)
        last = max([self.level[m] for m in self.nest.members], default=0)
        for level in range(last + 1):
            self._row_members(level)
            self._pass(level, indices)
        for member in self.stores:
            if member in self.nest.row_level:
                self.e.store(
                    self.step.pointer(member), self.row_index, self.row_values[member], member.dtype.name
                )

    def _row_members(self, level: int) -> None:
        """Values of the row computed from reductions of earlier passes."""
        at = Lanes({}, 1, None, self.row_values, {})
        for member in self.nest.members:
            if member in self.nest.row_level and self.level[member] == level and not is_reduction(member):
                self.compute(member, at)

    def _pass(self, level: int, indices: Sequence[Value]) -> None:
        """One sweep over the row: the reductions whose input is ready, and the results to store."""
        e = self.e
        reductions = [m for m in self.nest.members if is_reduction(m) and self.level[m] == level + 1]
        stores = [m for m in self.stores if m not in self.nest.row_level and self.level[m] == level]
        if not reductions and not stores:
            return
        totals = {m: e.var(self._start(m, 1), "total") for m in reductions}
        outer = Axes(self.inner.lengths[:-1], tuple(s[:-1] for s in self.inner.strides))
        last, strides = self.inner.lengths[-1], [s[-1] for s in self.inner.strides]
        at_once = is_one_chunk(last) and all(n == 1 for n in outer.lengths)
        self.strides = dict(zip(self.external, strides, strict=False))
        with (
            outer_loops(e, outer, indices, None, name="inner") as at_row,
            chunks(e, last, bool(reductions)) as part,
        ):
            start, stop, length = part
            partial = {m: e.var(self._start(m, self.lanes), "partial") for m in reductions}
            vectors = 1 if stores else self._vectors(level, reductions)
            if vectors > 1:
                start, length = self._side_by_side(vectors, level, part, at_row, strides, partial)
            vector_loop(
                e, start, stop, length, at_row, strides, self.lanes, self._body(level, stores, partial)
            )
            for m, lanes in partial.items():
                total = e.reduce(lanes.get(), combine_of(m))
                if not at_once:
                    total = combined(e, combine_of(m), totals[m].get(), total)
                totals[m].set(total)
        for m in reductions:
            self.row_values[m] = self.rounded(totals[m].get(), m)

    def _vectors(self, level: int, reductions: Sequence[Tensor]) -> int:
        """How many vectors of a row a pass takes at a time: several of what the registers hold."""
        read = [a.source for m in reductions for a in self.reads[m]]
        found = self._below(read, self.nest.row_level)
        instructions = sum(effort(m) for m in found if self.level[m] == level)
        for most, several, vectors in _SIDE_BY_SIDE:
            if instructions <= most and len(reductions) <= several:
                return vectors
        return 1

    def _side_by_side(
        self,
        vectors: int,
        level: int,
        part: tuple[Any, Any, int | None],
        at_row: Sequence[Value],
        strides: Sequence[int],
        partial: dict[Tensor, Any],
    ) -> tuple[Any, int | None]:
        """Combine whole groups of vectors of this part of a row; gives where the rest begins and its length."""
        e, width = self.e, self.lanes * vectors
        start, stop, length = part
        if length is not None and length < 2 * width:
            return start, length
        whole = None if length is None else length // width * width
        middle = e.index(start) + ((e.index(stop) - start) & -width if whole is None else whole)
        wide = {m: e.var(self._start(m, width), "wide") for m in partial}
        vector_loop(e, start, middle, whole, at_row, strides, width, self._body(level, [], wide))
        for m, total in wide.items():
            value = total.get()
            while value.width > self.lanes:
                half = value.width // 2
                low, high = e.shuffle(value, range(half)), e.shuffle(value, range(half, 2 * half))
                value = combined(e, combine_of(m), low, high)
            partial[m].set(value)
        return middle, None if length is None or whole is None else length - whole

    def _start(self, member: Tensor, width: int) -> Value:
        kind = register_dtype(member.dtype.name)
        return self.e.const(identity_of(combine_of(member), kind), kind, width)

    def _body(self, level: int, stores: Sequence[Tensor], partial: dict[Tensor, Any]) -> Any:
        def body(indices: Sequence[Value], width: int, mask: Value | None) -> None:
            at = Lanes(dict(zip(self.external, indices, strict=False)), width, mask, {}, {})
            self.now, self.place = level, indices[-1]
            for member in stores:
                self.compute(member, at)
            for member, accumulator in partial.items():
                value = self.read(self.reads[member][0], at)
                value = value if value.width == width else self.e.splat(value, width)
                total = combined(self.e, combine_of(member), accumulator.get(), value)
                accumulator.set(total if mask is None else self.e.select(mask, total, accumulator.get()))
            for member in stores:
                self.store(member, indices[-1], at)

        return body

    def compute(self, member: Tensor, at: Lanes) -> Value:
        if member in at.values or member in self.nest.row_level:
            return super().compute(member, at)
        if self._is_kept(member):
            at.values[member] = self._reload(member, at)
            return at.values[member]
        block = self.e.builder.block
        before = len(block.instructions)
        value = super().compute(member, at)
        if self.level[member] == self.now and self._needed_later(member):
            straight = self.e.builder.block is block
            self._keep(member, value, at, len(block.instructions) - before if straight else _RECOMPUTE + 1)
        return value

    def _is_kept(self, member: Tensor) -> bool:
        """Whether an earlier pass kept the row's values."""
        return self.level[member] < self.now and self.kept.get(member) is not None

    def _is_to_compute(self, source: Tensor, at: Lanes) -> bool:
        inside = super()._is_to_compute(source, at) and source not in self.nest.row_level
        return inside and not self._is_kept(source)

    def _needed_later(self, member: Tensor) -> bool:
        """Whether a later pass over the row uses the value."""
        users = [m for m, reads in self.reads.items() if any(a.source is member for a in reads)]
        return any(self.level[m] - is_reduction(m) > self.now for m in users)

    def _keep(self, member: Tensor, value: Value, at: Lanes, cost: int) -> None:
        """Store a value for later passes, unless it is cheap to compute again or stored anyway."""
        if member not in self.kept:
            stored = member in self.schedule.stored
            self.kept[member] = "stored" if stored else self._room(member) if cost > _RECOMPUTE else None
        if isinstance(self.kept[member], int):
            kind = register_dtype(member.dtype.name)
            self.e.store_strided(self._kept_row(member), self._row_place(), 1, value, kind, at.mask)

    def _room(self, member: Tensor) -> int:
        """The offset in this thread's workspace of a row of the member."""
        start = self._used
        self._used += rounded_up(size(self.inner.lengths) * max(4, member.dtype.itemsize))
        return start

    def _kept_row(self, member: Tensor) -> Any:
        offset = self.kept[member]
        return self.step.scratch(self._used - offset, offset)

    def _row_place(self) -> Value:
        """The place within the row: the index into the domain less that of the row's first element."""
        return self.place - self.row_index * size(self.inner.lengths)

    def _reload(self, member: Tensor, at: Lanes) -> Value:
        if self.kept[member] == "stored":
            return self.e.load_strided(
                self.step.pointer(member), self.place, 1, member.dtype.name, at.width, at.mask
            )
        kind = register_dtype(member.dtype.name)
        return self.e.load_strided(self._kept_row(member), self._row_place(), 1, kind, at.width, at.mask)

    def read(self, access: Access, at: Lanes) -> Value:
        e, key = self.e, (access.source, access.layout)
        if access.source in self.nest.row_level:
            return e.splat(self.row_values[access.source], at.width)
        if access.source in self.members:
            return self.compute(access.source, at)
        if key in self.row_loads:
            return e.splat(self.row_loads[key], at.width)
        return self.load(access, at, self.strides.get(key, 0))
