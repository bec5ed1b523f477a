"""Loop nests over strided memory: axes merged where every access allows, the last one in vectors, the first
split by thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from thalweg.compile.barrier import COUNTERS
from thalweg.compile.claims import claimed
from thalweg.compile.dims import Dim
from thalweg.compile.loops import Emitter
from thalweg.compile.values import Value
from thalweg.graph.lowering import Layout

Strides = tuple[int, ...]
PARALLEL_ELEMENTS = 1 << 14  # below which a kernel that computes little of each is done by one thread
PARALLEL_WORK = 1 << 15  # elements times ops below which a kernel is done by one thread
_CLAIMED_ELEMENTS = 1 << 18  # from which on threads take parts as they go: an exchange of lines costs 0.1 us
_PARTS = 8  # of each thread's share at most: what one has left at the end is what the others wait for
_CHUNK = 1024  # elements of a long sum added up before they join the total: keeps the rounding error small


@dataclass(frozen=True)
class Axes:
    """Merged axes: their lengths, and the strides of each access over them."""

    lengths: tuple[int, ...]
    strides: tuple[Strides, ...]


def merge(lengths: Sequence[int], accesses: Sequence[Strides]) -> Axes:
    """Neighbouring axes become one wherever every access steps through them evenly; there is always at least
    one axis.

    >>> merge((2, 3, 4), [(12, 4, 1), (0, 4, 1)])
    Axes(lengths=(2, 12), strides=((12, 1), (0, 1)))
    """
    if not lengths:
        return Axes((1,), tuple((0,) for _ in accesses))
    out_lengths: list[int] = [lengths[0]]
    out: list[list[int]] = [[s[0]] for s in accesses]
    for k in range(1, len(lengths)):
        if all(mine[-1] == s[k] * lengths[k] for mine, s in zip(out, accesses, strict=True)):
            out_lengths[-1] *= lengths[k]
            for mine, s in zip(out, accesses, strict=True):
                mine[-1] = s[k]
        else:
            out_lengths.append(lengths[k])
            for mine, s in zip(out, accesses, strict=True):
                mine.append(s[k])
    return Axes(tuple(out_lengths), tuple(tuple(s) for s in out))


def steps_evenly(domain: Sequence[int], rows: int, layouts: Sequence[Layout]) -> bool:
    """Whether every access steps evenly through the columns, the axes behind the first ``rows``; and whether it is
    known how many rows each of their axes has, but for the first.
    """
    for layout in layouts:
        heads = merge(domain[:rows], [layout.strides[:rows]])
        tails = merge(domain[rows:], [layout.strides[rows:]])
        if len(tails.lengths) > 1 or any(isinstance(d, Dim) for d in heads.lengths[1:]):
            return False
    return True


def rows_end(shape: Sequence[int], rows: int) -> int | None:
    """How many of the first axes count so many rows; None where no number of them does."""
    return next((k for k in range(len(shape) + 1) if math.prod(shape[:k]) == rows), None)


@dataclass(frozen=True)
class Threads:
    """This thread's number among all: int64 Values; None where the work is done by one thread alone."""

    index: Value
    count: Value
    barrier: Any  # at which they meet

    @contextmanager
    def each(self, e: Emitter, pieces: Any, number: Any = 0) -> Iterator[Value]:
        """A loop over those of so many pieces that this thread takes: see `claimed`."""
        with claimed(e, self.barrier, self.index, self.count, e.index(pieces), e.index(number)) as piece:
            yield piece

    @contextmanager
    def parts(
        self, e: Emitter, length: int, elements: Any, grain: int = 1, number: int = 0
    ) -> Iterator[tuple[Any, Any]]:
        """A loop over the parts [start, stop) of ``length`` that this thread takes, in multiples of ``grain``; its
        share in one part where there are few ``elements`` to compute.

        ``number``: which of such loops this is since the last barrier. Those that are too many have shares.
        """
        if number >= COUNTERS or (not isinstance(elements, Dim) and elements < _CLAIMED_ELEMENTS):
            yield self.share(e, length, grain)
            return
        blocks = e.index(ceil_divide(e, length, grain))
        parts = e.minimum(self.count * _PARTS, blocks)
        with self.each(e, parts, number) as part:
            start, stop = (e.trunc_divide(k * blocks, parts) * grain for k in (part, part + 1))
            yield start, e.minimum(stop, length)

    def share(self, e: Emitter, length: int, grain: int = 1) -> tuple[Any, Any]:
        """The part [start, stop) of ``length`` that falls to this thread from the start, in multiples of ``grain``."""
        blocks = ceil_divide(e, length, grain)
        start = e.trunc_divide(self.index * blocks, self.count) * grain
        stop = e.trunc_divide((self.index + 1) * blocks, self.count) * grain
        whole = not isinstance(length, Dim) and length % grain == 0
        return start, (stop if whole else e.minimum(stop, length))


def narrowed(lanes: int, length: int) -> int:
    """Fewer lanes, where a row has no more elements than half of them."""
    while lanes > 1 and lanes // 2 >= length:
        lanes //= 2
    return lanes


def ceil_divide(e: Emitter, length: int, by: int) -> int | Value:
    """length / by rounded up, while compiling or running."""
    if isinstance(length, Dim):
        return length if by == 1 else e.trunc_divide(e.index(length) + (by - 1), by)
    return -(-length // by)


@contextmanager
def outer_loops(
    e: Emitter,
    axes: Axes,
    bases: Sequence[Any],
    threads: Threads | None,
    name: str = "row",
    each: Any = 1,
    number: int = 0,
) -> Iterator[list[Value]]:
    """Loops over all the axes; yields the index of each access (its base plus coordinates times strides).

    Inside, so many elements are computed ``each`` time. ``number``: as in `Threads.parts`.
    """
    elements = math.prod(axes.lengths) * each
    with ExitStack() as stack:
        indices = [e.index(b) for b in bases]
        for k, length in enumerate(axes.lengths):
            start, stop = 0, length
            if threads is not None and k == 0:
                start, stop = stack.enter_context(threads.parts(e, length, elements, number=number))
            elif length == 1:
                continue
            i = stack.enter_context(e.loop(start, stop, name=name))
            indices = [step(e, index, i, s[k]) for index, s in zip(indices, axes.strides, strict=True)]
        yield indices


def step(e: Emitter, index: Value, i: Value, stride: int) -> Value:
    """index + i * stride, without the work where the stride is 0 or 1."""
    if stride == 0:
        return index
    return index + (i if stride == 1 else i * stride)


Body = Callable[[Sequence[Value], int, Value | None], None]  # (index of each access, lanes, mask or None)


def vector_loop(
    e: Emitter,
    start: Any,
    stop: Any,
    length: int | None,
    indices: Sequence[Value],
    strides: Sequence[int],
    lanes: int,
    body: Body,
) -> None:
    """Run the body over [start, stop) in vectors of ``lanes``, the rest under a mask.

    ``length`` is stop - start where that is known when compiling.
    """
    if isinstance(length, Dim):
        length = None
    whole = length is None or length >= lanes
    rest = length is None or length % lanes != 0
    start, stop = e.index(start), e.index(stop)
    middle = start + (((stop - start) & -lanes) if length is None else length // lanes * lanes)

    def at(i: Value) -> list[Value]:
        return [step(e, index, i, s) for index, s in zip(indices, strides, strict=True)]

    if whole:
        with e.loop(start, middle, lanes, name="lane") as i:
            body(at(i), lanes, None)
    if rest and length is None:
        with e.when(middle < stop):
            body(at(middle), lanes, e.tail_mask(middle, stop, lanes))
    elif rest:
        body(at(middle), lanes, e.tail_mask(middle, stop, lanes))


def is_one_chunk(length: int) -> bool:
    """Whether a reduction is known to be so short that it takes one chunk."""
    return length <= _CHUNK and not isinstance(length, Dim)


@contextmanager
def chunks(e: Emitter, length: int, chunked: bool) -> Iterator[tuple[Any, Any, int | None]]:
    """The range of a long reduction in chunks: yields (start, stop, length where known)."""
    if not chunked or is_one_chunk(length):
        yield 0, length, length
        return
    with e.loop(0, length, _CHUNK, name="chunk") as c:
        if not isinstance(length, Dim) and length % _CHUNK == 0:
            yield c, c + _CHUNK, _CHUNK
        else:
            yield c, e.minimum(c + _CHUNK, length), None


def identity_of(combine: str, dtype: str) -> Any:
    """The value that leaves every other as it is."""
    if combine in ("add", "or"):
        return 0
    if combine in ("mul", "and"):
        return 1
    if "float" in dtype:
        return float("-inf") if combine == "max" else float("inf")
    if dtype == "bool":
        return 0 if combine == "max" else 1
    bits = int(dtype.lstrip("uint"))
    low, high = (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return low if combine == "max" else high


def combined(e: Emitter, combine: str, x: Value, y: Value) -> Value:
    """Two partial results as one: what is ready first is ``y``, and few instructions wait for ``x``."""
    if combine == "add":
        return x + y
    if combine == "mul":
        return x * y
    if combine == "and":
        return x & y
    if combine == "or":
        return x | y
    return e.maximum(y, x) if combine == "max" else e.minimum(y, x)
