"""Fused loop nests: flat ones, rows with reductions, and the elementwise work on pieces of a matrix product."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compile.assembly import access_in
from thalweg.compile.dims import Dim
from thalweg.compile.effort import effort
from thalweg.compile.groups import Columns, Nest, Product, is_reduction, size
from thalweg.compile.layout import Access
from thalweg.compile.loops import Emitter
from thalweg.compile.nests import (
    Axes,
    Threads,
    chunks,
    combined,
    identity_of,
    merge,
    narrowed,
    outer_loops,
    rows_end,
    step,
    vector_loop,
)
from thalweg.compile.sizes import SizeMath
from thalweg.compile.step import Piece, Step
from thalweg.compile.turned import TurnedLoops, read_across
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import Layout, Pointwise, row_major
from thalweg.graph.tensor import Tensor

PARALLEL_WORK = 1 << 15  # elements times ops below which a kernel is done by one thread
_RECOMPUTE = 12  # instructions: a value of a row that costs more is kept for the later passes over the row
_LIGHT = 4  # instructions of a reduced value, up to which several vectors of a row are combined side by side
_SIDE_BY_SIDE = 4  # of them: none waits for the one before


def plan(step: Step, nest: Nest) -> Piece:
    """What writes a nest, and whether all threads take part."""
    rows = nest.domain[: nest.split] if nest.split is not None else nest.domain
    parallel = size(nest.domain) * len(nest.members) >= PARALLEL_WORK and size(rows) > 1
    kind = FlatNest if nest.split is None else RowNest
    return (lambda: kind(step, nest, step.threads if parallel else None).emit()), parallel


def rounded_up(num_bytes: int) -> int:
    """Bytes in whole cache lines; of a run-time length, with a line to spare."""
    if isinstance(num_bytes, Dim):
        return num_bytes + 64
    return -(-num_bytes // 64) * 64


@dataclass
class Lanes:
    """One place in an innermost loop: the index of each access, the lanes, their mask, and what is computed
    there.
    """

    indices: dict[tuple[Tensor, Layout], Value]
    width: int
    mask: Value | None
    values: dict[Tensor, Value]
    loads: dict[tuple[Tensor, Layout], Value]


class NestEmitter(ABC):
    """What flat and row nests share: reading accesses, computing members, storing results."""

    def __init__(self, step: Step, nest: Nest | Columns, threads: Threads | None) -> None:
        self.step, self.nest, self.threads = step, nest, threads
        self.schedule = step.schedule
        self.members = nest.inside
        self.reads = {m: [self._located(a) for a in reads] for m, reads in nest.reads.items()}
        self.stores = [m for m in nest.members if m in self.schedule.stored]
        in_rows = {m: None for m in nest.reads if m in nest.row_level and not is_reduction(m)}
        self.external = self._outside([m for m in nest.reads if m not in in_rows])
        self.row_external = self._outside(list(in_rows))

    def _located(self, access: Access) -> Access:
        """An access to a part of a whole, where it lies there."""
        where = self.schedule.placed.get(access.source)
        if where is None or access.source in self.members:
            return access
        found = access_in(access, where)
        assert found is not None
        return found

    def _outside(self, members: Sequence[Tensor]) -> list[tuple[Tensor, Layout]]:
        """The distinct accesses of these members to memory."""
        accesses = [a for m in members for a in self.reads[m]]
        memory = [a for a in accesses if a.source not in self.members and not _is_number(a.source)]
        return list(dict.fromkeys((a.source, a.layout) for a in memory))

    @property
    def e(self) -> Emitter:
        return self.step.e

    def lanes_for(self, length: int) -> int:
        """Lanes of the innermost loop: the target's for float32 (float64 where nothing is narrower), fewer
        for short rows.
        """
        kinds = {register_dtype(m.dtype.name) for m in self.nest.reads}
        wide = kinds <= {"float64", "int64", "uint64", "bool"} and kinds != {"bool"}
        return narrowed(self.step.target.lanes("float64" if wide else "float32"), length)

    def compute(self, member: Tensor, at: Lanes) -> Value:
        """The member's value at these lanes, computed once."""
        if member not in at.values:
            args = [self.read(a, at) for a in self.reads[member]]
            at.values[member] = self.apply(member, args)
        return at.values[member]

    def apply(self, member: Tensor, args: Sequence[Value]) -> Value:
        """The op's own lowering on values."""
        assert member.op is not None and isinstance(member.op.lower, Pointwise)
        result = member.op.lower.emit(self.e, *args, **member.attrs)
        kind = register_dtype(member.dtype.name)
        if not isinstance(result, Value):
            result = self.e.const(result, kind, args[0].width if args else 1)
        if result.dtype != kind:
            result = result.astype(kind)
        return self.rounded(result, member)

    def rounded(self, value: Value, member: Tensor) -> Value:
        """Storage types are rounded after every op, as when each result is stored."""
        name = member.dtype.name
        if name == register_dtype(name):
            return value
        return self.e.from_memory(self.e.to_memory(value, name), name, value.width)

    @abstractmethod
    def read(self, access: Access, at: Lanes) -> Value:
        """An access at these lanes: another member's value, or memory."""

    def load(self, access: Access, at: Lanes, stride: int) -> Value:
        """External memory at these lanes; ``stride`` is the access's along the lanes."""
        e, key = self.e, (access.source, access.layout)
        if _is_number(access.source):
            name = access.source.dtype.name
            return e.const(access.source.value.reshape(-1)[0].item(), register_dtype(name), at.width)
        if key not in at.loads:
            kind, pointer = access.source.dtype.name, self.step.pointer(access.source)
            at.loads[key] = e.load_strided(pointer, at.indices[key], stride, kind, at.width, at.mask)
        return at.loads[key]

    def store(self, member: Tensor, index: Value, at: Lanes, stride: int = 1) -> None:
        value = at.values[member]
        value = value if value.width == at.width else self.e.splat(value, at.width)
        self.e.store_strided(self._memory(member), index, stride, value, member.dtype.name, at.mask)

    def _memory(self, member: Tensor) -> Any:
        """The address of a member's memory, or of the whole that it is part of."""
        place = self.schedule.placed.get(member)
        return self.step.pointer(member if place is None else place.source)


def _is_number(tensor: Tensor) -> bool:
    """Whether a tensor is a constant with a single value, written into the code."""
    return tensor.op is None and tensor.value is not None and tensor.value.size == 1


class FlatNest(NestEmitter):
    """An elementwise nest: every member at every place, in one pass."""

    def emit(self) -> None:
        e, domain = self.e, self.nest.domain
        own = row_major(domain).strides
        whole = Layout(0, domain, own)
        placed = self.schedule.placed
        targets = [placed[m].layout if m in placed else whole for m in self.stores]
        layouts = [*(layout for _, layout in self.external), *targets, whole]
        axes = merge(domain, [layout.strides for layout in layouts])
        outer = Axes(axes.lengths[:-1], tuple(s[:-1] for s in axes.strides))
        last, strides = axes.lengths[-1], [s[-1] for s in axes.strides]
        bases = [layout.offset for layout in layouts]
        lanes = self.lanes_for(last)
        self.strides = dict(zip(self.external, strides, strict=False))
        if across := read_across(axes, len(self.external), lanes):
            loops = TurnedLoops(self.step, axes, across, [source for source, _ in self.external], lanes)
            loops.emit(bases, self.threads, self._turned_body(strides, lanes))
            return
        split_rows = bool(outer.lengths) and self.threads is not None
        with outer_loops(e, outer, bases, self.threads if split_rows else None) as indices:
            hoisted = self._hoist(indices, strides)
            if self.threads is not None and not split_rows:
                start, stop = self.threads.share(e, last, 64)
                length = None
            else:
                start, stop, length = 0, last, last
            vector_loop(e, start, stop, length, indices, strides, lanes, self._body(strides, hoisted))

    def _hoist(self, indices: Sequence[Value], strides: Sequence[int]) -> dict[tuple[Tensor, Layout], Value]:
        """Loads that do not move along the last axis, done once before it."""
        return {
            key: self.e.load(self.step.pointer(key[0]), index, key[0].dtype.name)
            for key, index, s in zip(self.external, indices, strides, strict=False)
            if s == 0
        }

    def _body(self, strides: Sequence[int], hoisted: dict[tuple[Tensor, Layout], Value]) -> Any:
        def body(indices: Sequence[Value], width: int, mask: Value | None) -> None:
            loads = {key: self.e.splat(v, width) for key, v in hoisted.items()}
            self._place(indices, strides, width, mask, loads)

        return body

    def _turned_body(self, strides: Sequence[int], lanes: int) -> Any:
        def body(indices: Sequence[Value], mask: Value | None, turned: dict[int, Value]) -> None:
            held = self._hoist(indices, strides)
            loads = {key: self.e.splat(v, lanes) for key, v in held.items()}
            loads.update({self.external[k]: v for k, v in turned.items()})
            self._place(indices, strides, lanes, mask, loads)

        return body

    def _place(
        self,
        indices: Sequence[Value],
        strides: Sequence[int],
        width: int,
        mask: Value | None,
        loads: dict[tuple[Tensor, Layout], Value],
    ) -> None:
        """All members at one place."""
        at = Lanes(dict(zip(self.external, indices, strict=False)), width, mask, {}, loads)
        for member in self.stores:
            self.compute(member, at)
        for k, member in enumerate(self.stores, len(self.external)):
            self.store(member, indices[k], at, strides[k])

    def read(self, access: Access, at: Lanes) -> Value:
        if access.source in self.members:
            return self.compute(access.source, at)
        return self.load(access, at, self.strides.get((access.source, access.layout), 0))


class PieceNest(NestEmitter):
    """An elementwise nest on the pieces of a product: a vector or an element at a time, wherever the product
    says.
    """

    def __init__(self, step: Step, nest: Nest, rows: int, product: Tensor, stored: bool) -> None:
        self.product, self.stored = product, stored
        super().__init__(step, nest, None)
        domain = nest.domain
        whole = Layout(0, domain, row_major(domain).strides)
        placed = self.schedule.placed
        self.targets = {m: placed[m].layout if m in placed else whole for m in self.stores}
        layouts = {*self.targets.values(), *(layout for _, layout in self.external)}
        self.rows: dict[Layout, tuple[tuple[int, int], ...]] = {}
        self.cols: dict[Layout, int] = {}
        for layout in layouts:
            k = rows_end(layout.shape, size(domain[:rows]))
            assert k is not None
            self.rows[layout] = _axes(layout.shape[:k], layout.strides[:k])
            ((_, self.cols[layout]),) = _axes(layout.shape[k:], layout.strides[k:])

    def _located(self, access: Access) -> Access:
        return access if access.source is self.product else super()._located(access)

    def piece(self, e: Emitter, row: Any, col: Any, *values: Value) -> Value | None:
        row, col = e.index(row), e.index(col)
        at = self.lanes_at(row, col, values)
        for member in self.stores:
            self.compute(member, at)
        for member, layout in self.targets.items():
            self.store(member, self._index(layout, row, col), at, self.cols[layout])
        return values[0] if self.stored else None

    def lanes_at(self, row: Value, col: Value, values: Sequence[Value]) -> Lanes:
        """The place of the product's piece at (row, col)."""
        indices = {key: self._index(key[1], row, col) for key in self.external}
        return Lanes(indices, values[0].width, None, {self.product: values[0]}, {})

    def near(self, e: Emitter, row: Value, col: Value) -> None:
        """Ask for the memory that the piece at (row, col) reads and writes, where each row has its own."""
        stored = {self._memory(m): (layout, m.dtype.name) for m, layout in self.targets.items()}
        wanted = dict(stored)
        for source, layout in self.external:
            if self.rows[layout][-1][1]:
                wanted.setdefault(self.step.pointer(source), (layout, source.dtype.name))
        for pointer, (layout, kind) in wanted.items():
            if self.cols[layout] == 1:
                e.prefetch(pointer, self._index(layout, row, col), kind, write=pointer in stored)

    def _index(self, layout: Layout, row: Value, col: Value) -> Value:
        e = self.e
        start = e.index(layout.offset) + SizeMath(e).offset(self.rows[layout], row)
        return step(e, start, col, self.cols[layout])

    def read(self, access: Access, at: Lanes) -> Value:
        if access.source in at.values:
            return at.values[access.source]
        if access.source in self.members:
            return self.compute(access.source, at)
        return self.load(access, at, self.cols.get(access.layout, 0))


class WindowNest(PieceNest):
    """An elementwise nest on groups of a product's rows: it reads each row of the group through a layout of its own."""

    def __init__(self, step: Step, kernel: Product) -> None:
        nest, inner, windows, z = kernel.nest, kernel.inner, kernel.windows, kernel.product
        assert nest is not None and windows is not None
        self.windows = windows
        self.own = {z, *(inner.inside if inner is not None else ())}
        self.inner = None if inner is None else PieceNest(step, inner, len(inner.domain) - 1, z, False)
        super().__init__(step, nest, kernel.rows, z, False)

    def _outside(self, members: Sequence[Tensor]) -> list[tuple[Tensor, Layout]]:
        return [key for key in super()._outside(members) if key[0] not in self.own]

    def lanes_at(self, row: Value, col: Value, values: Sequence[Value]) -> Lanes:
        at = super().lanes_at(row, col, values)
        e, count = self.e, len(values)
        places = [SizeMath(e).offset(self.windows.axes, row * count + k) for k in range(count)]
        self.rows_at = [
            Lanes({}, v.width, None, {self.product: v}, {})
            if self.inner is None
            else self.inner.lanes_at(e.index(place) + self.windows.first, col, [v])
            for place, v in zip(places, values, strict=True)
        ]
        return at

    def read(self, access: Access, at: Lanes) -> Value:
        if access.source not in self.own:
            return super().read(access, at)
        row = self.rows_at[self.windows.places.index(access.layout.offset)]
        if access.source in row.values:
            return row.values[access.source]
        assert self.inner is not None
        return self.inner.compute(access.source, row)


def _axes(lengths: Sequence[int], strides: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The lengths and strides of an access, merged where it steps evenly."""
    merged = merge(lengths, [tuple(strides)])
    return tuple(zip(merged.lengths, merged.strides[0], strict=True))


class RowNest(NestEmitter):
    """A nest with reductions over its last axes: for each row, as many passes as the reductions wait for
    each other.
    """

    def __init__(self, step: Step, nest: Nest, threads: Threads | None) -> None:
        super().__init__(step, nest, threads)
        assert nest.split is not None
        self.split: int = nest.split
        self.level: dict[Tensor, int] = {}
        for member in self.reads:
            self._level(member)
        self.kept: dict[
            Tensor, Any
        ] = {}  # members kept for later passes: their row of workspace, None if cheap
        self.row_values: dict[Tensor, Value] = {}
        self.row_loads: dict[tuple[Tensor, Layout], Value] = {}
        self.strides: dict[tuple[Tensor, Layout], int] = {}

    def _level(self, member: Tensor) -> int:
        """The pass in which a member can be computed; what is reduced in pass p is known from pass p + 1 on."""
        if member not in self.level:
            below = [self._level(a.source) for a in self.reads[member] if a.source in self.members]
            self.level[member] = max(below, default=0) + is_reduction(member)
        return self.level[member]

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
        with outer_loops(e, outer, bases, self.threads) as indices:
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
        self.strides = dict(zip(self.external, strides, strict=False))
        with (
            outer_loops(e, outer, indices, None, name="inner") as at_row,
            chunks(e, last, bool(reductions)) as part,
        ):
            start, stop, length = part
            partial = {m: e.var(self._start(m, self.lanes), "partial") for m in reductions}
            if not stores and self._is_light(level, reductions):
                start, length = self._side_by_side(level, part, at_row, strides, partial)
            vector_loop(
                e, start, stop, length, at_row, strides, self.lanes, self._body(level, stores, partial)
            )
            for m, lanes in partial.items():
                total = e.reduce(lanes.get(), combine_of(m))
                totals[m].set(combined(e, combine_of(m), totals[m].get(), total))
        for m in reductions:
            self.row_values[m] = self.rounded(totals[m].get(), m)

    def _is_light(self, level: int, reductions: Sequence[Tensor]) -> bool:
        """Whether what the reductions of a pass read takes few instructions."""
        work, found = [a.source for m in reductions for a in self.reads[m]], set[Tensor]()
        while work:
            source = work.pop()
            if source in self.members and source not in self.nest.row_level and source not in found:
                found.add(source)
                work += [a.source for a in self.reads[source]]
        return len(reductions) == 1 and sum(effort(m) for m in found if self.level[m] == level) <= _LIGHT

    def _side_by_side(
        self,
        level: int,
        part: tuple[Any, Any, int | None],
        at_row: Sequence[Value],
        strides: Sequence[int],
        partial: dict[Tensor, Any],
    ) -> tuple[Any, int | None]:
        """Combine whole groups of vectors of this part of a row; gives where the rest begins and its length."""
        e, width = self.e, self.lanes * _SIDE_BY_SIDE
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
        if self.level[member] < self.now and self.kept.get(member) is not None:
            at.values[member] = self._reload(member, at)
            return at.values[member]
        block = self.e.builder.block
        before = len(block.instructions)
        value = super().compute(member, at)
        if self.level[member] == self.now and self._needed_later(member):
            straight = self.e.builder.block is block
            self._keep(member, value, at, len(block.instructions) - before if straight else _RECOMPUTE + 1)
        return value

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


def combine_of(member: Tensor) -> str:
    """How a reduction puts two values together."""
    assert member.op is not None
    return member.op.lower.combine
