"""Fused loop nests: those without reductions, one pass over all elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def plan(step: Step, nest: Nest) -> Piece:
    """What writes a nest, and whether all threads take part."""
    rows = nest.domain[: nest.split] if nest.split is not None else nest.domain
    parallel = size(nest.domain) * len(nest.members) >= PARALLEL_WORK and size(rows) > 1
    kind = FlatNest if nest.split is None else RowNest
    return (lambda: kind(step, nest, step.threads if parallel else None).emit()), parallel


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
        with outer_loops(e, outer, bases, self.threads if split_rows else None, each=last) as indices:
            hoisted = self._hoist(indices, strides)
            body = self._body(strides, hoisted)
            if self.threads is not None and not split_rows:
                with self.threads.parts(e, last, last, 64) as (start, stop):
                    vector_loop(e, start, stop, None, indices, strides, lanes, body)
            else:
                vector_loop(e, 0, last, last, indices, strides, lanes, body)

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
