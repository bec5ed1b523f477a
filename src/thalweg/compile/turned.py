"""Loops that read some memory across: what lies side by side there is along another axis than the lanes.

Squares of such memory are read by whole vectors, turned in registers and laid down in a small room, from which the rows
of the nest are read. So each cache line is visited once, instead of once for each of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compile.dims import Dim
from thalweg.compile.kernels import transposed
from thalweg.compile.nests import Axes, Threads, outer_loops, step, vector_loop
from thalweg.compile.step import Step
from thalweg.compile.target import LINE_BYTES, itemsize
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.tensor import Tensor

_SHARES = 8  # squares, at least, where the threads share out their axis and not the one outside

Body = Callable[
    [Sequence[Value], Value | None, dict[int, Value]], None
]  # (indices, mask, what has been turned)


@dataclass(frozen=True)
class Across:
    """Which of a nest's merged axes lies side by side in memory that is read across, and by which accesses."""

    axis: int
    accesses: tuple[int, ...]


def read_across(axes: Axes, count: int, lanes: int) -> Across | None:
    """What the first ``count`` accesses read across, where there are vectors of ``lanes`` both ways."""
    last = len(axes.lengths) - 1
    for axis in range(last):
        found = tuple(k for k, s in enumerate(axes.strides[:count]) if s[axis] == 1 and s[last] not in (0, 1))
        lengths = (axes.lengths[axis], axes.lengths[last])
        if found and lanes > 1 and not any(isinstance(n, Dim) or n < lanes for n in lengths):
            return Across(axis, found)
    return None


class TurnedLoops:
    """The loops of a nest that reads memory across: squares of ``side`` rows by vectors of ``lanes``."""

    def __init__(self, step: Step, axes: Axes, across: Across, sources: Sequence[Tensor], lanes: int) -> None:
        self.step, self.e, self.axes, self.across, self.lanes = step, step.e, axes, across, lanes
        self.kinds = {k: sources[k].dtype.name for k in across.accesses}
        self.pointers = {k: step.pointer(sources[k]) for k in across.accesses}
        self.side = max(lanes, *(LINE_BYTES // itemsize(kind) for kind in self.kinds.values()))
        self.rooms, used = {}, 0
        for k, kind in self.kinds.items():
            room = self.side * lanes * itemsize(register_dtype(kind))
            self.rooms[k] = step.scratch(room, used)
            used += room

    def emit(self, bases: Sequence[Any], threads: Threads | None, body: Body) -> None:
        """``body`` at each vector of each row, with the turned values there."""
        e, axes, axis = self.e, self.axes, self.across.axis
        kept = [k for k in range(len(axes.lengths) - 1) if k != axis]
        outer = Axes(
            tuple(axes.lengths[k] for k in kept), tuple(tuple(s[k] for k in kept) for s in axes.strides)
        )
        length, last = axes.lengths[axis], axes.lengths[-1]
        shared = threads is not None and (not kept or length >= _SHARES * self.side)
        strides = [s[-1] for s in axes.strides]
        with outer_loops(e, outer, bases, None if shared else threads, each=length * last) as indices:
            start, stop = threads.share(e, length, self.side) if shared and threads else (0, length)
            with e.loop(start, stop, self.side, name="across") as row:
                here = [step(e, i, row, s[axis]) for i, s in zip(indices, axes.strides, strict=True)]
                count = e.minimum(e.index(stop) - row, self.side)

                def square(at: Sequence[Value], width: int, mask: Value | None) -> None:
                    for k in self.across.accesses:
                        self._turn(k, at[k], count, width if mask is None else last % width)
                    with e.loop(0, count, name="turned") as r:
                        places = [step(e, i, r, s[axis]) for i, s in zip(at, axes.strides, strict=True)]
                        rooms = {
                            k: e.load(self.rooms[k], r * width, register_dtype(kind), width)
                            for k, kind in self.kinds.items()
                        }
                        body(places, mask, rooms)

                vector_loop(e, 0, last, last, here, strides, self.lanes, square)

    def _turn(self, k: int, at: Value, count: Value, columns: int) -> None:
        """Lay down a square of ``count`` rows by ``columns`` from ``at`` on; past these the last is repeated."""
        e, kind, stride, lanes = self.e, self.kinds[k], self.axes.strides[k][-1], self.lanes
        whole = self.axes.lengths[self.across.axis] % self.side == 0
        for first in range(0, self.side, lanes):
            mask = None if whole else e.tail_mask(first, count, lanes)
            columns_of = [
                e.load_strided(
                    self.pointers[k], at + (min(c, columns - 1) * stride + first), 1, kind, lanes, mask
                )
                for c in range(lanes)
            ]
            for r, row in enumerate(transposed(e, columns_of)):
                e.store(self.rooms[k], (first + r) * lanes, row)
