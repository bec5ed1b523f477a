"""Fused loop nests: those without reductions, one pass over all elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compile.effort import effort
from thalweg.compile.elements import Lanes, NestEmitter
from thalweg.compile.groups import Nest, size
from thalweg.compile.layout import Access
from thalweg.compile.nests import PARALLEL_WORK, Axes, merge, outer_loops, vector_loop
from thalweg.compile.passes import RowNest
from thalweg.compile.step import Piece, Step
from thalweg.compile.turned import TurnedLoops, read_across
from thalweg.compile.values import Value
from thalweg.graph.lowering import Layout, row_major
from thalweg.graph.tensor import Tensor

# A place that takes more instructions than a processor looks ahead waits for its own results. Then what is stored
# first is computed along a whole row, and the rest, which reads it, along the same row again.
_LOOKS_AHEAD, _WORTH = 128, 24  # instructions of a place; of what is left for the second time
_ROW = (64, 2048)  # elements, which are near when they are read again


def plan(step: Step, nest: Nest) -> Piece:
    """What writes a nest, and whether all threads take part."""
    rows = nest.domain[: nest.split] if nest.split is not None else nest.domain
    parallel = size(nest.domain) * len(nest.members) >= PARALLEL_WORK and size(rows) > 1
    kind = FlatNest if nest.split is None else RowNest
    return (lambda: kind(step, nest, step.threads if parallel else None).emit()), parallel


class FlatNest(NestEmitter):
    """An elementwise nest: every member at every place, in one pass, or two along each row."""

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
        with outer_loops(e, outer, bases, self.threads if split_rows else None, each=last) as indices:
            hoisted = self._hoist(indices, strides)
            if self.threads is not None and not split_rows:
                with self.threads.parts(e, last, last, 64) as (start, stop):
                    body = self._body(strides, hoisted, self.stores)
                    vector_loop(e, start, stop, None, indices, strides, lanes, body)
                return
            for members in self._passes(last):
                vector_loop(e, 0, last, last, indices, strides, lanes, self._body(strides, hoisted, members))

    def _passes(self, last: Any) -> list[list[Tensor]]:
        """What is stored in each pass along a row of so many elements."""
        if not (isinstance(last, int) and _ROW[0] <= last <= _ROW[1]):
            return [self.stores]
        efforts = {m: effort(m) for m in self.members}
        total = sum(efforts[m] for m in self._below(self.stores, set()))
        if total <= _LOOKS_AHEAD:
            return [self.stores]
        best, found = total, [self.stores]
        for highest in sorted({self.depth[m] for m in self.stores}):
            first = [m for m in self.stores if self.depth[m] <= highest]
            later = [m for m in self.stores if self.depth[m] > highest]
            again = self._below(later, set(first))
            works = [sum(efforts[m] for m in part) for part in (self._below(first, set()), again)]
            if works[1] < _WORTH or sum(works) > total or not self._may_wait(again, first):
                continue
            if max(works) < best:
                best, found = max(works), [first, later]
        return found

    def _may_wait(self, members: set[Tensor], first: Sequence[Tensor]) -> bool:
        """Whether nothing that these read from elsewhere is overwritten by what is stored before."""
        bound = self.schedule.bound
        written = {bound.get(m, m) for m in first} | {
            p.source for m in first if (p := self.schedule.placed.get(m))
        }
        read = {a.source for m in members for a in self.reads[m] if a.source not in self.members}
        return not any(bound.get(source, source) in written or source in written for source in read)

    def _hoist(self, indices: Sequence[Value], strides: Sequence[int]) -> dict[tuple[Tensor, Layout], Value]:
        """Loads that do not move along the last axis, done once before it."""
        return {
            key: self.e.load(self.step.pointer(key[0]), index, key[0].dtype.name)
            for key, index, s in zip(self.external, indices, strides, strict=False)
            if s == 0
        }

    def _body(
        self,
        strides: Sequence[int],
        hoisted: dict[tuple[Tensor, Layout], Value],
        members: Sequence[Tensor],
    ) -> Any:
        def body(indices: Sequence[Value], width: int, mask: Value | None) -> None:
            loads = {key: self.e.splat(v, width) for key, v in hoisted.items()}
            self._place(indices, strides, width, mask, loads, members)

        return body

    def _turned_body(self, strides: Sequence[int], lanes: int) -> Any:
        def body(indices: Sequence[Value], mask: Value | None, turned: dict[int, Value]) -> None:
            held = self._hoist(indices, strides)
            loads = {key: self.e.splat(v, lanes) for key, v in held.items()}
            loads.update({self.external[k]: v for k, v in turned.items()})
            self._place(indices, strides, lanes, mask, loads, self.stores)

        return body

    def _place(
        self,
        indices: Sequence[Value],
        strides: Sequence[int],
        width: int,
        mask: Value | None,
        loads: dict[tuple[Tensor, Layout], Value],
        members: Sequence[Tensor],
    ) -> None:
        """These members at one place, which may read those that were stored in a pass before."""
        at = Lanes(dict(zip(self.external, indices, strict=False)), width, mask, {}, loads)
        places = {m: (indices[k], strides[k]) for k, m in enumerate(self.stores, len(self.external))}
        lowest = min(self.depth[m] for m in members)
        self._earlier = {m: place for m, place in places.items() if self.depth[m] < lowest}
        for member in members:
            self.compute(member, at)
        for member in members:
            self.store(member, places[member][0], at, places[member][1])

    def compute(self, member: Tensor, at: Lanes) -> Value:
        if member not in at.values and member in self._earlier:
            index, stride = self._earlier[member]
            kind = member.dtype.name
            at.values[member] = self.e.load_strided(
                self._memory(member), index, stride, kind, at.width, at.mask
            )
        return super().compute(member, at)

    def read(self, access: Access, at: Lanes) -> Value:
        if access.source in self.members:
            return self.compute(access.source, at)
        return self.load(access, at, self.strides.get((access.source, access.layout), 0))
