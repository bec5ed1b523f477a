"""Kernels of one tensor: assembled and indexed outputs, random words; running sums have a room of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compile import matrices, order, running
from thalweg.compile.assembly import around, may_overlap, parts_of
from thalweg.compile.groups import size
from thalweg.compile.loops import Emitter, begin_shared, shared
from thalweg.compile.nests import (
    PARALLEL_ELEMENTS,
    Axes,
    Threads,
    combined,
    identity_of,
    merge,
    outer_loops,
    step,
    vector_loop,
)
from thalweg.compile.philox import emit_bits
from thalweg.compile.step import Piece, Step
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import (
    Assemble,
    Indexed,
    Layout,
    Loop,
    Matrices,
    Order,
    RandomBits,
    Scan,
    Scatter,
    row_major,
)
from thalweg.graph.tensor import Tensor

_GROUP, _GROUP_SHIFT = 64, 6  # random words made together, and its logarithm


def plan(step: Step, tensor: Tensor) -> Piece:
    """How a tensor with a kernel of its own is computed."""
    assert tensor.op is not None
    return _planners()[type(tensor.op.lower)](step, tensor)


def has_native_form(tensor: Tensor) -> bool:
    """Whether compiled code computes the tensor; otherwise the host does."""
    return tensor.op is not None and type(tensor.op.lower) in (Loop, *_planners())


def _planners() -> dict[type, Callable[[Step, Tensor], Piece]]:
    return {
        Assemble: _assemble,
        Indexed: _indexed,
        Scatter: _scatter,
        Scan: running.plan,
        Order: order.plan,
        Matrices: matrices.plan,
        RandomBits: _random_bits,
    }


# --- assembled outputs
# ----------------------------------------------------------------------------------------------


def _assemble(step: Step, y: Tensor) -> Piece:
    """Fill, then copy each input into its part of the output, but for those already written there."""
    schedule = step.schedule
    fill, parts = parts_of(y)
    left = [
        (k, target) for k, target in parts if schedule.places.of[y.inputs[k]].source not in schedule.placed
    ]
    in_place = [target for k, target in parts if (k, target) not in left]
    fills: list[Layout] = []
    if fill is not None:
        fills = (
            [slab for target in in_place for slab in around(y, target)] if in_place else [row_major(y.shape)]
        )
    if not left and not fills:
        return None, False
    large = size(y.shape) >= PARALLEL_ELEMENTS
    by_rows = large and fill is not None and _row_by_row(y, [*fills, *(target for _, target in left)])
    parallel = by_rows or (large and fill is None and not may_overlap(y))

    def pieces(threads: Threads | None, row: Value | None = None) -> None:
        for target in fills:
            value = step.e.const(fill, register_dtype(y.dtype.name))
            copy(step, value, y, target, threads, row)
        for number, (position, target) in enumerate(left):
            copy(step, y.inputs[position], y, target, threads, row, number)

    def emit() -> None:
        if not by_rows:
            pieces(step.threads if parallel else None)
            return
        with step.e.loop(*step.threads.share(step.e, y.shape[0]), name="row") as row:
            pieces(None, row)

    return emit, parallel


def _row_by_row(y: Tensor, targets: Sequence[Layout]) -> bool:
    """Whether each part puts its rows into the output's rows of the same number, so that rows are independent."""
    stride = row_major(y.shape).strides[0]
    return y.shape[0] > 1 and all(
        t.shape[0] == y.shape[0] and t.strides[0] == stride and 0 <= t.offset < stride for t in targets
    )


def copy(
    stp: Step,
    source: Tensor | Value,
    y: Tensor,
    target: Layout,
    threads: Threads | None = None,
    row: Value | None = None,
    number: int = 0,
) -> None:
    """Copy a tensor (or repeat a number) into part of the output: each thread its share, or one row of it.

    ``number``: how many other copies threads share out since the last barrier.
    """
    e, kind = stp.e, y.dtype.name
    kept = [k for k, d in enumerate(target.shape) if d != 1]
    lengths = [target.shape[k] for k in kept]
    accesses = [tuple(target.strides[k] for k in kept)]
    bases: list[Any] = [target.offset]
    if isinstance(source, Tensor):
        access = stp.schedule.places.access(source, target.shape)
        accesses.append(access.layout.strides)
        bases.append(access.layout.offset)
    if row is not None:
        bases = [step(e, e.index(b), row, s[0]) for b, s in zip(bases, accesses, strict=True)]
        lengths, accesses = lengths[1:], [s[1:] for s in accesses]
    axes = merge(lengths, accesses)
    outer = Axes(axes.lengths[:-1], tuple(s[:-1] for s in axes.strides))
    strides = [s[-1] for s in axes.strides]

    def body(at: Sequence[Value], width: int, mask: Value | None) -> None:
        if isinstance(source, Tensor):
            pointer = stp.pointer(stp.schedule.places.of[source].source)
            value = e.load_strided(pointer, at[1], strides[1], kind, width, mask)
        else:
            value = e.splat(source, width)
        e.store_strided(stp.pointer(y), at[0], strides[0], value, kind, mask)

    split_rows = bool(outer.lengths)
    last = axes.lengths[-1]
    sharing = threads if split_rows else None
    with outer_loops(e, outer, bases, sharing, each=last, number=number) as indices:
        lanes = min(stp.target.lanes("float32"), max(last, 1))
        if threads is not None and not split_rows:
            with threads.parts(e, last, last, 64, number) as (start, stop):
                vector_loop(e, start, stop, None, indices, strides, lanes, body)
        else:
            vector_loop(e, 0, last, last, indices, strides, lanes, body)


# --- outputs computed from coordinates
# ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """Neighbours along the last axis that are computed together: so many, of which the masked count."""

    width: int
    mask: Value | None


def _reads(stp: Step, y: Tensor, run: _Run, along: Sequence[int]) -> list[Callable[..., Value]]:
    """For each input, a function from its coordinates to its element; for those ``along`` the last axis, to the run of
    elements from there on.
    """

    def reader(tensor: Tensor, runs: bool) -> Callable[..., Value]:
        where = stp.schedule.places.of[tensor]

        def read(*coordinates: Any) -> Value:
            index = stp.e.index(where.layout.offset)
            for c, s in zip(coordinates, where.layout.strides, strict=True):
                index = index + stp.e.index(c) * s
            pointer, kind = stp.pointer(where.source), where.source.dtype.name
            if not runs:
                return stp.e.load(pointer, index, kind)
            return stp.e.load_strided(pointer, index, where.layout.strides[-1], kind, run.width, run.mask)

        return read

    return [reader(t, k in along) for k, t in enumerate(y.inputs)]


def _places(
    stp: Step,
    shape: tuple[int, ...],
    along: bool,
    work: Callable[[list[Value], _Run], None],
    rows: Threads | None = None,
    columns: Threads | None = None,
) -> None:
    """Do the work at every place of a shape, given its coordinates: at one after another, or at runs along the last
    axis. Threads may share out the first axis, or the last.
    """
    e, last = stp.e, shape[-1] if along else 1
    outer = shape[:-1] if along else shape
    unit = tuple(tuple(int(k == j) for j in range(len(outer))) for k in range(len(outer)))
    lanes = stp.target.lanes("float32")
    start, stop = (0, last) if columns is None else columns.share(e, last, lanes)
    with outer_loops(e, Axes(outer, unit), [0] * len(outer), rows, each=last) as coordinates:
        if not along:
            work(coordinates, _Run(1, None))
            return

        def body(at: Sequence[Value], width: int, mask: Value | None) -> None:
            work([*coordinates, at[0]], _Run(width, mask))

        width = max(min(lanes, last), 1)
        vector_loop(e, start, stop, last if columns is None else None, [e.index(0)], [1], width, body)


def _flat(e: Emitter, coordinates: Sequence[Any], shape: tuple[int, ...]) -> Value:
    index = e.index(0)
    for c, s in zip(coordinates, row_major(shape).strides, strict=True):
        index = index + e.index(c) * s
    return index


def _indexed(stp: Step, y: Tensor) -> Piece:
    parallel = size(y.shape) >= PARALLEL_ELEMENTS and y.shape[0] > 1

    def emit() -> None:
        assert y.op is not None
        e, lower, shapes = stp.e, y.op.lower, [t.shape for t in y.inputs]
        along = lower.along(shapes, **y.attrs)

        def work(coordinates: list[Value], run: _Run) -> None:
            value = lower.emit(e, _reads(stp, y, run, along), coordinates, shapes, **y.attrs)
            place = _flat(e, coordinates, y.shape)
            e.store_strided(stp.pointer(y), place, 1, value, y.dtype.name, run.mask)

        threads = stp.threads if parallel else None
        by_columns = bool(along) and len(y.shape) == 1
        _places(
            stp,
            y.shape,
            bool(along),
            work,
            rows=None if by_columns else threads,
            columns=threads if by_columns else None,
        )

    return emit, parallel


def _scatter(stp: Step, y: Tensor) -> Piece:
    """In order, so that sums at one place always add up the same way: threads share out the last axis."""
    assert y.op is not None
    lower, shapes = y.op.lower, [t.shape for t in y.inputs]
    combine = lower.combine(**y.attrs)
    along, domain = lower.along(shapes, **y.attrs), shapes[lower.domain]
    parallel = (
        bool(along) and size(domain) >= PARALLEL_ELEMENTS and domain[-1] >= 2 * stp.target.lanes("float32")
    )

    def emit() -> None:
        e, threads = stp.e, stp.threads if parallel else None
        base = stp.schedule.places.of[y.inputs[lower.base]].source
        if stp.schedule.bound.get(y) is not base:  # else it is written into its own place
            copy(stp, y.inputs[lower.base], y, row_major(y.shape), threads)
            if parallel:
                stp.barrier()

        def work(coordinates: list[Value], run: _Run) -> None:
            target, value, inside = lower.emit(e, _reads(stp, y, run, along), coordinates, shapes, **y.attrs)
            place, kind = _flat(e, target, y.shape), y.dtype.name
            before = e.load_strided(stp.pointer(y), place, 1, kind, run.width, run.mask)
            value = e.select(inside, value, identity_of(combine, value.dtype))
            e.store_strided(stp.pointer(y), place, 1, combined(e, combine, value, before), kind, run.mask)

        _places(stp, domain, bool(along), work, columns=threads)

    return emit, parallel


# --- random words
# ---------------------------------------------------------------------------------------------------


def _random_bits(stp: Step, y: Tensor) -> Piece:
    """Whole groups of 64 words: the memory of random words is rounded up to that."""
    words = size(y.shape)
    parallel = words >= PARALLEL_ELEMENTS // 4

    def emit() -> None:
        e = stp.e
        where = stp.schedule.places.of[y.inputs[0]]
        key = e.at(stp.pointer(where.source), where.layout.offset, "uint32")
        start, stop = stp.threads.share(e, words, _GROUP) if parallel else (0, words)
        stream = e.const(y.attrs["stream"], "uint32")
        begin = e.const(0, "uint64")
        if y.inputs[0].shape == (6,):
            low, high = (e.load(key, k, "uint32").astype("uint64") for k in (4, 5))
            begin = low | e.shift_left(high, 32)
        args = [key, stream.ir, begin.ir, stp.pointer(y), e.index(start).ir, e.index(stop).ir]
        e.builder.call(_words_function(e), args)

    return emit, parallel


def _words_function(e: Emitter) -> Any:
    """``random.words(key, stream, begin, into, start, stop)``: long and the same for all, so a module has it once.
    ``begin``: the number of the stream's group that is the first one here.
    """
    name = "random.words"
    known = shared(e, name)
    if known is not None:
        return known
    e = begin_shared(e, name, ["ptr", "uint32", "uint64", "ptr", "int64", "int64"])
    pointer, stream, begin, into, start, stop = e.args
    key = [e.load(pointer, k, "uint32") for k in range(4)]
    key[3] = key[3] + stream
    with e.loop(start, stop, _GROUP, name="group") as first:
        for k, word in enumerate(
            emit_bits(e, key, begin + e.shift_right(first, _GROUP_SHIFT).astype("uint64"))
        ):
            e.store(into, first + k * word.width, word)
    e.ret()
    return e.builder.function
