"""Kernels that factor small matrices, or solve triangular systems of them: each matrix of a stack by one thread, or
its columns by all. Larger ones are made of these and of products, by the ops that ask for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.compile.groups import size
from thalweg.compile.nests import Threads, merge, outer_loops, step, vector_loop
from thalweg.compile.step import Piece, Step
from thalweg.compile.target import itemsize
from thalweg.compile.values import Value
from thalweg.graph.lowering import row_major
from thalweg.graph.tensor import Tensor

_PARALLEL_WORK = 1 << 14  # products of two numbers
_TILE = 4  # vectors of one row that are computed together
_STACK = 4  # matrices that are enough to go round


def plan(stp: Step, y: Tensor) -> Piece:
    """The routine that the op names, for each matrix of the stack."""
    assert y.op is not None
    stack, length = size(y.shape[:-2]), y.inputs[0].shape[-1]
    parallel = size(y.shape) * length >= _PARALLEL_WORK
    routine = {"cholesky": _cholesky, "lu": _lu, "triangular": _triangular}[y.op.lower.routine]
    by_columns = y.op.lower.routine == "triangular" and stack < _STACK
    parallel = parallel and (by_columns or stack > 1)

    def emit() -> None:
        threads = stp.threads if parallel else None
        with _matrices(stp, y, None if by_columns else threads) as starts:
            routine(stp, y, starts, threads if by_columns else None)

    return emit, parallel


@contextmanager
def _matrices(stp: Step, y: Tensor, threads: Threads | None) -> Iterator[list[Value]]:
    """Over the stack: where the matrix of each input and of the output begins."""
    layouts = [*(stp.schedule.places.of[x].layout for x in y.inputs), row_major(y.shape)]
    axes = merge(y.shape[:-2], [layout.strides[:-2] for layout in layouts])
    bases, each = [layout.offset for layout in layouts], size(y.shape[-2:]) * y.shape[-1]
    with outer_loops(stp.e, axes, bases, threads, name="matrix", each=each) as starts:
        yield starts


class _Matrix:
    """One input's matrix: its elements, alone and in runs along a row."""

    def __init__(self, stp: Step, x: Tensor, start: Value) -> None:
        where = stp.schedule.places.of[x]
        self.e, self.start, self.kind = stp.e, start, x.dtype.name
        self.pointer, self.strides = stp.pointer(where.source), where.layout.strides[-2:]

    def at(self, i: Any, j: Any) -> Value:
        """Where an element is."""
        down, right = self.strides
        return step(self.e, step(self.e, self.start, self.e.index(i), down), self.e.index(j), right)

    def element(self, i: Any, j: Any) -> Value:
        """An element."""
        return self.e.load(self.pointer, self.at(i, j), self.kind)

    def run(self, i: Any, j: Any, width: int, mask: Value | None) -> Value:
        """Elements of a row from one on."""
        return self.e.load_strided(self.pointer, self.at(i, j), self.strides[1], self.kind, width, mask)


class _Room:
    """A copy of a matrix in the workspace, its rows padded to whole tiles of vectors."""

    def __init__(self, stp: Step, x: Tensor, start: Value, more: int = 0) -> None:
        self.e, self.kind = stp.e, x.dtype.name
        (self.rows, self.columns), self.lanes = x.shape[-2:], stp.target.lanes(x.dtype.name)
        self.tile = min(_TILE, -(-self.columns // self.lanes))
        self.span = self.tile * self.lanes
        self.stride = -(-self.columns // self.span) * self.span
        self.size = self.rows * self.stride
        self.pointer = stp.scratch((self.size + more) * itemsize(self.kind))
        source = _Matrix(stp, x, start)
        with self.e.loop(0, self.rows, name="row") as i:

            def copy(at: Sequence[Value], width: int, mask: Value | None) -> None:
                self.e.store(self.pointer, self.at(i, at[0]), source.run(i, at[0], width, mask))

            vector_loop(self.e, 0, self.columns, self.columns, [self.e.index(0)], [1], self.lanes, copy)

    def at(self, i: Any, j: Any) -> Value:
        """Where an element is."""
        return self.e.index(i) * self.stride + self.e.index(j)

    def element(self, i: Any, j: Any) -> Value:
        """An element."""
        return self.e.load(self.pointer, self.at(i, j), self.kind)

    def vectors(self, i: Any, j: Any) -> list[Value]:
        """The vectors of a tile of row i from column j on."""
        return [
            self.e.load(self.pointer, self.at(i, j) + k * self.lanes, self.kind, self.lanes)
            for k in range(self.tile)
        ]

    def set(self, i: Any, j: Any, value: Value) -> None:
        """Write an element."""
        self.e.store(self.pointer, self.at(i, j), value)

    def put(self, i: Any, j: Any, values: Sequence[Value]) -> None:
        """Write the vectors of a tile."""
        for k, value in enumerate(values):
            self.e.store(self.pointer, self.at(i, j) + k * self.lanes, value)

    def tiles(self, first: Value | int = 0) -> Any:
        """A loop over the tiles, from that on which has the column ``first``."""
        start = first if isinstance(first, int) else self.e.trunc_divide(first, self.span) * self.span
        return self.e.loop(start, self.stride, self.span, name="tile")

    def behind(self, j: Value, tile: Value, k: int) -> Value:
        """For each lane of vector k of a tile, whether its column is behind column j."""
        kind = "int64" if itemsize(self.kind) == 8 else "int32"
        columns = self.e.splat((tile + k * self.lanes).astype(kind), self.lanes) + self.e.iota(
            kind, self.lanes
        )
        return columns > j.astype(kind)

    def write(self, stp: Step, y: Tensor, start: Value) -> None:
        """Copy to the output's first columns."""
        stride = y.shape[-1]
        with self.e.loop(0, self.rows, name="row") as i:

            def copy(at: Sequence[Value], width: int, mask: Value | None) -> None:
                value = self.e.load(self.pointer, self.at(i, at[0]), self.kind, width)
                self.e.store_strided(stp.pointer(y), start + i * stride + at[0], 1, value, self.kind, mask)

            vector_loop(self.e, 0, self.columns, self.columns, [self.e.index(0)], [1], self.lanes, copy)


def _minus(acc: Value, factor: Value, x: Value) -> Value:
    return acc.e.muladd(-factor, x, acc)


def _cholesky(stp: Step, y: Tensor, starts: list[Value], _: Threads | None) -> None:
    """The upper factor, row by row: each without what the rows above it account for, divided by its root."""
    e = stp.e
    room = _Room(stp, y.inputs[0], starts[0])
    with e.loop(0, room.rows, name="pivot") as j:
        with room.tiles(j) as tile:
            rest = [e.var(v) for v in room.vectors(j, tile)]
            with e.loop(0, j, name="above") as i:
                factor = room.element(i, j)
                for part, above in zip(rest, room.vectors(i, tile), strict=True):
                    part.set(_minus(part.get(), factor, above))
            room.put(j, tile, [part.get() for part in rest])
        left = room.element(j, j)
        root = e.sqrt(e.select(left > 0, left, float("nan")))
        with room.tiles() as tile:
            scaled = [v / root for v in room.vectors(j, tile)]
            kept = [e.select(room.behind(j - 1, tile, k), v, 0) for k, v in enumerate(scaled)]
            room.put(j, tile, kept)
        room.set(j, j, root)
    room.write(stp, y, starts[-1])


def _lu(stp: Step, y: Tensor, starts: list[Value], _: Threads | None) -> None:
    """Gauss's elimination, the largest of a column exchanged to its top: unit lower and upper factor in one; behind
    them which row stands where, and -1 where two were exchanged.
    """
    e, (x,) = stp.e, y.inputs
    room = _Room(stp, x, starts[0], more=2 * x.shape[-2])
    rows, kind = room.rows, room.kind
    beside = [e.at(room.pointer, room.size + k * rows, kind) for k in (0, 1)]  # sources and signs
    with e.loop(0, rows, name="row") as i:
        e.store(beside[0], i, i.astype(kind))
        e.store(beside[1], i, e.const(1, kind))
    with e.loop(0, room.columns, name="pivot") as j:
        best, place = e.var(e.abs(room.element(j, j))), e.var(j)
        with e.loop(j + 1, rows, name="below") as i:
            found = e.abs(room.element(i, j))
            better = found > best.get()
            best.set(e.select(better, found, best.get()))
            place.set(e.select(better, i, place.get()))
        with e.when(place.get().ne(j)):
            p = place.get()
            with room.tiles() as tile:
                here, there = room.vectors(j, tile), room.vectors(p, tile)
                room.put(j, tile, there)
                room.put(p, tile, here)
            mine, its = e.load(beside[0], j, kind), e.load(beside[0], p, kind)
            e.store(beside[0], j, its)
            e.store(beside[0], p, mine)
            e.store(beside[1], j, e.const(-1, kind))
        pivot = room.element(j, j)
        pivot = e.select(pivot.eq(0), 1.0, pivot)
        with e.loop(j + 1, rows, name="below") as i:
            room.set(i, j, room.element(i, j) / pivot)
        with room.tiles(j) as tile:
            top = [e.select(room.behind(j, tile, k), v, 0) for k, v in enumerate(room.vectors(j, tile))]
            with e.loop(j + 1, rows, name="below") as i:
                factor = room.element(i, j)
                room.put(
                    i, tile, [_minus(v, factor, t) for v, t in zip(room.vectors(i, tile), top, strict=True)]
                )
    room.write(stp, y, starts[-1])
    with e.loop(0, rows, name="row") as i:
        for k, column in enumerate(beside):
            place = starts[-1] + i * y.shape[-1] + (room.columns + k)
            e.store(stp.pointer(y), place, e.load(column, i, kind))


def _triangular(stp: Step, y: Tensor, starts: list[Value], threads: Threads | None) -> None:
    """Row after row of the solution, from what those before it leave."""
    e, (a, b), lower, unit = stp.e, y.inputs, y.attrs["lower"], y.attrs["unit"]
    matrix, right = _Matrix(stp, a, starts[0]), _Matrix(stp, b, starts[1])
    rows, columns = y.shape[-2:]
    kind, lanes = y.dtype.name, stp.target.lanes(y.dtype.name)

    def solve(column: Value, vectors: int, mask: Value | None) -> None:
        places = [column + k * lanes for k in range(vectors)]
        with e.loop(0, rows, name="turn") as turn:
            i = turn if lower else -turn + (rows - 1)
            rest = [e.var(right.run(i, place, lanes, mask)) for place in places]
            with e.loop(0 if lower else i + 1, i if lower else rows, name="known") as j:
                factor = matrix.element(i, j)
                for part, place in zip(rest, places, strict=True):
                    known = e.load_strided(
                        stp.pointer(y), starts[-1] + j * columns + place, 1, kind, lanes, mask
                    )
                    part.set(_minus(part.get(), factor, known))
            for part, place in zip(rest, places, strict=True):
                value = part.get() if unit else part.get() / matrix.element(i, i)
                e.store_strided(stp.pointer(y), starts[-1] + i * columns + place, 1, value, kind, mask)

    span = _TILE * lanes
    start, stop = (0, columns) if threads is None else threads.share(e, columns, lanes)
    start, stop = e.index(start), e.index(stop)
    middle = start + e.trunc_divide(stop - start, span) * span
    with e.loop(start, middle, span, name="tile") as column:
        solve(column, _TILE, None)
    vector_loop(e, middle, stop, None, [e.index(0)], [1], lanes, lambda at, _, mask: solve(at[0], 1, mask))
