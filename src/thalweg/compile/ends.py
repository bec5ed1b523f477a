"""The ends of matrix products: elementwise work on each piece of the result, before it is stored."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from thalweg.compile.elements import Lanes, NestEmitter
from thalweg.compile.groups import Nest, Product, size
from thalweg.compile.layout import Access
from thalweg.compile.loops import Emitter
from thalweg.compile.nests import merge, rows_end, step
from thalweg.compile.sizes import SizeMath
from thalweg.compile.step import Step
from thalweg.compile.values import Value
from thalweg.graph.lowering import Layout, row_major
from thalweg.graph.tensor import Tensor


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

    def _outside(self, members: Sequence[Tensor]) -> list[tuple[Tensor, Layout]]:
        return [key for key in super()._outside(members) if key[0] is not self.product]

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

    @functools.cached_property
    def arrays(self) -> dict[Any, tuple[Layout, str, bool]]:
        """The memory that the pieces read and write and of which each row has its own: how it lies, its dtype, and
        whether it is written.
        """
        found = {self._memory(m): (layout, m.dtype.name, True) for m, layout in self.targets.items()}
        for source, layout in self.external:
            if self.rows[layout][-1][1]:
                found.setdefault(self.step.pointer(source), (layout, source.dtype.name, False))
        return {pointer: array for pointer, array in found.items() if self.cols[array[0]] == 1}

    def near(self, e: Emitter, row: Value, col: Value, places: Sequence[int]) -> None:
        """Ask for the memory that the pieces in a row read and write, so many columns from ``col``."""
        starts = {layout: self._index(layout, row, col) for layout, _, _ in self.arrays.values()}
        for pointer, (layout, kind, written) in self.arrays.items():
            first = e.at(pointer, starts[layout], kind)
            for place in places:
                e.prefetch(first, place, kind, write=written)

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
