"""Running sums and products along one axis: vectors run along it, or along the axes behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compile.groups import size
from thalweg.compile.nests import (
    PARALLEL_ELEMENTS,
    Axes,
    combined,
    identity_of,
    merge,
    narrowed,
    outer_loops,
    step,
    vector_loop,
)
from thalweg.compile.step import Piece, Step
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import row_major
from thalweg.graph.tensor import Tensor


def plan(stp: Step, y: Tensor) -> Piece:
    """What writes the running combination, and whether all threads take part."""
    axis, lanes = y.attrs["axis"], stp.target.lanes("float32")
    head, tail = size(y.shape[:axis]), size(y.shape[axis + 1 :])
    parallel = size(y.shape) >= PARALLEL_ELEMENTS and (head > 1 or tail >= 2 * lanes)
    return (lambda: _Running(stp, y, parallel).emit()), parallel


class _Running:
    """One such kernel being written."""

    def __init__(self, stp: Step, y: Tensor, parallel: bool) -> None:
        assert y.op is not None
        (x,) = y.inputs
        self.step, self.e, self.y, self.axis = stp, stp.e, y, y.attrs["axis"]
        self.combine, self.kind = y.op.lower.combine, register_dtype(y.dtype.name)
        self.threads = stp.threads if parallel else None
        self.source, own = stp.schedule.places.of[x], row_major(y.shape).strides
        self.length, self.along = y.shape[self.axis], (self.source.layout.strides[self.axis], own[self.axis])
        read = self.source.layout.strides
        self.head, self.tail = (
            merge(y.shape[part], [read[part], own[part]])
            for part in (slice(self.axis), slice(self.axis + 1, None))
        )
        self.lanes = stp.target.lanes("float64" if y.dtype.itemsize == 8 else "float32")

    def emit(self) -> None:
        e, bases, behind = self.e, [self.source.layout.offset, 0], size(self.tail.lengths)
        split = self.threads if size(self.head.lengths) > 1 else None
        with outer_loops(e, self.head, bases, split, each=self.length * behind) as at:
            if behind == 1:
                self._along(at)
                return
            outer = Axes(self.tail.lengths[:-1], tuple(s[:-1] for s in self.tail.strides))
            last, strides = self.tail.lengths[-1], [s[-1] for s in self.tail.strides]
            lanes = narrowed(self.lanes, last)
            with outer_loops(e, outer, at, None, name="column") as columns:
                if split is None and self.threads is not None:
                    start, stop = self.threads.share(e, last, lanes)
                    vector_loop(e, start, stop, None, columns, strides, lanes, self._down(strides))
                else:
                    vector_loop(e, 0, last, last, columns, strides, lanes, self._down(strides))

    def _down(self, strides: Sequence[int]) -> Any:
        """The running combinations of a vector of columns."""

        def body(at: Sequence[Value], width: int, mask: Value | None) -> None:
            e, total = self.e, self._start(width)
            with e.loop(0, self.length, name="along") as i:
                places = [step(e, index, i, s) for index, s in zip(at, self.along, strict=True)]
                total.set(
                    combined(e, self.combine, total.get(), self._load(places[0], strides[0], width, mask))
                )
                self._store(places[1], strides[1], total.get(), mask)

        return body

    def _along(self, at: Sequence[Value]) -> None:
        """The running combination of one row: within a vector in as many steps as its width has bits."""
        e, total = self.e, self._start(1)

        def body(places: Sequence[Value], width: int, mask: Value | None) -> None:
            value = self._load(places[0], self.along[0], width, mask)
            identity = self._identity(width)
            reach = 1
            while reach < width:
                first = width - reach  # `reach` elements of the identity come first
                moved = e.shuffle(identity, range(first, first + width), value)
                value, reach = combined(e, self.combine, moved, value), 2 * reach
            value = combined(e, self.combine, e.splat(total.get(), width), value)
            self._store(places[1], self.along[1], value, mask)
            total.set(e.extract(value, width - 1) if width > 1 else value)

        vector_loop(e, 0, self.length, self.length, at, self.along, self.lanes, body)

    def _start(self, width: int) -> Any:
        return self.e.var(self._identity(width), "total")

    def _identity(self, width: int) -> Value:
        """What leaves every value as it is; of sums of floats -0.0, which leaves -0.0 so, and costs LLVM less."""
        negative = self.combine == "add" and self.kind.startswith("float")
        return self.e.const(-0.0 if negative else identity_of(self.combine, self.kind), self.kind, width)

    def _load(self, index: Value, stride: int, width: int, mask: Value | None) -> Value:
        source = self.source.source
        pointer, kind = self.step.pointer(source), source.dtype.name
        return self.e.load_strided(pointer, index, stride, kind, width, mask).astype(self.kind)

    def _store(self, index: Value, stride: int, value: Value, mask: Value | None) -> None:
        self.e.store_strided(self.step.pointer(self.y), index, stride, value, self.y.dtype.name, mask)
