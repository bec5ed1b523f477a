"""The windows of an image's spatial axes, and placing and cutting: how convolution and pooling reach the elements."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.graph.lowering import Assemble, Layout, View, row_major
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.geometry import Grid, Pads, dilated

UNROLLED = 25  # places of a window up to which work on each is written out, to merge with what follows


def _windows_view(layout: Layout, *, counts: Any, kernel: Any, strides: Any, dilation: Any) -> Layout:
    inner = layout.strides[1:-1]
    steps = tuple(s * t for s, t in zip(inner, strides))
    taps = tuple(s * d for s, d in zip(inner, dilation))
    shape = (layout.shape[0], *counts, *kernel, layout.shape[-1])
    return Layout(layout.offset, shape, (layout.strides[0], *steps, *taps, layout.strides[-1]))


@make_op(
    {},
    infer=lambda x, *, counts, kernel, **_: Spec((x.shape[0], *counts, *kernel, x.shape[-1]), x.dtype),
    lower=View(_windows_view),
)
def image_windows(x, /, counts, kernel, strides, dilation):  # type: ignore[no-untyped-def]
    """[N, *S, C] to [N, *counts, *kernel, C]: each window's elements, without copying."""
    bytes_ = Layout(0, x.shape, x.strides)
    view = _windows_view(bytes_, counts=counts, kernel=kernel, strides=strides, dilation=dilation)
    if not math.prod(view.shape):
        return np.zeros(view.shape, x.dtype)
    return np.lib.stride_tricks.as_strided(x, view.shape, view.strides, writeable=False)


def _cut_view(layout: Layout, *, starts: Any, counts: Any, steps: Any) -> Layout:
    inner = layout.strides[1:-1]
    empty = 0 in counts
    offset = layout.offset + (0 if empty else sum(s * a for s, a in zip(inner, starts)))
    strides = (layout.strides[0], *(s * t for s, t in zip(inner, steps)), layout.strides[-1])
    return Layout(offset, (layout.shape[0], *counts, layout.shape[-1]), strides)


@make_op(
    {},
    infer=lambda x, *, counts, **_: Spec((x.shape[0], *counts, x.shape[-1]), x.dtype),
    lower=View(_cut_view),
)
def cut(x, /, starts, counts, steps):  # type: ignore[no-untyped-def]
    """``counts`` elements of each spatial axis, from ``starts`` by ``steps`` (negative ones reverse)."""
    index = [np.arange(c) * s + a for a, c, s in zip(starts, counts, steps)]
    for axis, places in enumerate(index, 1):
        x = x.take(places, axis)
    return x


def _place_parts(
    shapes: Any, out_shape: tuple[int, ...], *, lengths: Any, starts: Any, steps: Any, fill: Any
) -> Any:
    whole = row_major(out_shape)
    places = [_cut_view(whole, starts=a, counts=shape[1:-1], steps=steps) for a, shape in zip(starts, shapes)]
    full = sum(math.prod(shape) for shape in shapes) == math.prod(out_shape)
    return None if full else fill, list(enumerate(places))


@make_op(
    {},
    infer=lambda *parts, lengths, **_: Spec(
        (parts[0].shape[0], *lengths, parts[0].shape[-1]), parts[0].dtype
    ),
    lower=Assemble(_place_parts),
)
def place(*parts, lengths, starts, steps, fill):  # type: ignore[no-untyped-def]
    """An array of ``fill`` in which part k stands from ``starts[k]``, its elements ``steps`` apart."""
    result = np.full((parts[0].shape[0], *lengths, parts[0].shape[-1]), fill, parts[0].dtype)
    for part, start in zip(parts, starts):
        stops = (slice(a, a + dilated(n, s), s) for a, n, s in zip(start, part.shape[1:-1], steps))
        result[(slice(None), *stops)] = part
    return result


def spread_and_pad(x: Tensor, pads: Pads, spread: Sequence[int], fill: Any = 0) -> Tensor:
    """Dilated and padded; a negative pad cuts."""
    lengths = x.shape[1:-1]
    if any(s != 1 for s in spread) or any(p > 0 for pair in pads for p in pair):
        wide = tuple((max(lo, 0), max(hi, 0)) for lo, hi in pads)
        grown = tuple(dilated(n, s) + lo + hi for n, s, (lo, hi) in zip(lengths, spread, wide))
        x = place(x, lengths=grown, starts=(tuple(lo for lo, _ in wide),), steps=tuple(spread), fill=fill)
    if any(p < 0 for pair in pads for p in pair):
        starts = tuple(max(-lo, 0) for lo, _ in pads)
        kept = tuple(max(n + min(lo, 0) + min(hi, 0), 0) for n, (lo, hi) in zip(x.shape[1:-1], pads))
        x = cut(x, starts=starts, counts=kept, steps=(1,) * len(kept))
    return x


def spread_and_pad_array(x: np.ndarray, pads: Pads, spread: Sequence[int], fill: Any = 0) -> np.ndarray:
    """:func:`spread_and_pad` on an array."""
    lengths = tuple(dilated(n, s) for n, s in zip(x.shape[1:-1], spread))
    if lengths != x.shape[1:-1]:
        wide = np.zeros((x.shape[0], *lengths, x.shape[-1]), x.dtype)
        wide[(slice(None), *(slice(None, None, s) for s in spread))] = x
        x = wide
    kept = tuple(slice(max(-lo, 0), n - max(-hi, 0)) for n, (lo, hi) in zip(lengths, pads))
    x = x[(slice(None), *kept)]
    if all(lo <= 0 and hi <= 0 for lo, hi in pads):
        return x
    return np.pad(x, ((0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pads), (0, 0)), constant_values=fill)


def window_tensor(x: Tensor, grid: Grid, fill: Any = 0) -> Tensor:
    """[N, *O, *K, C] of the padded tensor, without copying what is in it."""
    counts = grid.outputs(x.shape[1:-1])
    padded = spread_and_pad(x, grid.pads, grid.spread, fill)
    return image_windows(
        padded, counts=counts, kernel=grid.kernel, strides=grid.strides, dilation=grid.dilation
    )


def windows_array(x: np.ndarray, grid: Grid, fill: Any = 0) -> np.ndarray:
    """:func:`window_tensor` on an array."""
    counts = grid.outputs(x.shape[1:-1])
    padded = spread_and_pad_array(x, grid.pads, grid.spread, fill)
    return image_windows.meaning(
        padded, counts=counts, kernel=grid.kernel, strides=grid.strides, dilation=grid.dilation
    )


def fold_array(parts: np.ndarray, lengths: Sequence[int], grid: Grid) -> np.ndarray:
    """The transpose of windows: [N, *O, *K, C] added back into [N, *lengths, C]."""
    rank = len(lengths)
    counts = parts.shape[1 : 1 + rank]
    total = np.zeros((parts.shape[0], *grid.padded(lengths), parts.shape[-1]), parts.dtype)
    if parts.size:
        for tap in itertools.product(*map(range, grid.kernel)):
            places = zip(tap, grid.dilation, grid.strides, counts)
            index = tuple(slice(k * d, k * d + dilated(o, s), s) for k, d, s, o in places)
            total[(slice(None), *index)] += parts[(slice(None),) * (1 + rank) + tap]
    back = spread_and_pad_array(total, tuple((-lo, -hi) for lo, hi in grid.pads), (1,) * rank)
    return back[(slice(None), *(slice(None, None, s) for s in grid.spread))]


def tap_values(x: Tensor, grid: Grid, fill: Any = 0) -> list[Tensor]:
    """For each place in the window, what every window has there: [N, *O, C] each."""
    counts = grid.outputs(x.shape[1:-1])
    padded = spread_and_pad(x, grid.pads, grid.spread, fill)
    return [tap_of(padded, tap, counts, grid) for tap in itertools.product(*map(range, grid.kernel))]


def tap_of(padded: Tensor, tap: Sequence[int], counts: Sequence[int], grid: Grid) -> Tensor:
    """What every window of a padded tensor has at one place of its own: [N, *counts, C]."""
    starts = tuple(k * d for k, d in zip(tap, grid.dilation))
    return cut(padded, starts=starts, counts=counts, steps=grid.strides)


Part = tuple[tuple[Tensor, ...], tuple[int, ...]]  # arrays over the windows, and a place in the window


@dataclass(frozen=True)
class _Set:
    """The elements that the same places of windows meet: on each axis the number of the first such window, where the
    first element is, and how many there are. ``members``: part k, and how many windows back its place is met.
    """

    window: tuple[int, ...]
    start: tuple[int, ...]
    count: tuple[int, ...]
    members: list[tuple[int, tuple[int, ...]]]


def _sets(parts: Sequence[Part], lengths: Sequence[int], grid: Grid) -> list[_Set]:
    found: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for k, (_, tap) in enumerate(parts):
        places = [divmod(t * d, s) for t, d, s in zip(tap, grid.dilation, grid.strides)]
        found.setdefault(tuple(r for _, r in places), []).append((k, tuple(m for m, _ in places)))
    sets = []
    for phase, members in found.items():
        before = [lo for lo, _ in grid.pads]
        window = tuple(max(-(-(lo - r) // s), 0) for lo, r, s in zip(before, phase, grid.strides))
        start = tuple(w * s + r - lo for w, s, r, lo in zip(window, grid.strides, phase, before))
        count = tuple(max(-(-(n - a) // s), 0) for n, a, s in zip(lengths, start, grid.strides))
        sets.append(_Set(window, start, count, members))
    return [s for s in sets if 0 not in s.count]


def fold(parts: Sequence[Part], value: Callable[..., Tensor], lengths: Sequence[int], grid: Grid) -> Tensor:
    """[N, *lengths, C]: what all windows add to each element. Part k, of arrays over the windows and a place in them,
    gives ``value(k, *arrays)`` there, elementwise, which is zero where the arrays are.

    The elements that the same places of windows meet lie as far apart as the windows do. Each such set is written by
    one expression of the arrays, moved by as many windows as each place is away.
    """
    counts, ones = parts[0][0][0].shape[1:-1], (1,) * len(lengths)
    sets = _sets(parts, lengths, grid)
    met = [
        (tuple(w - m for w, m in zip(s.window, moves)), s.count)
        for s in sets if len(s.members) > 1 for _, moves in s.members
    ]  # fmt: skip
    before = [max([0, *(-first[i] for first, _ in met)]) for i in range(len(counts))]
    after = [max([0, *(first[i] + count[i] - n for first, count in met)]) for i, n in enumerate(counts)]
    bordered: dict[int, Tensor] = {}

    def seen(array: Tensor, first: Sequence[int], count: tuple[int, ...]) -> Tensor:
        if (tuple(first), count) == ((0,) * len(count), array.shape[1:-1]):
            return array
        return cut(array, starts=tuple(first), counts=count, steps=ones)

    placed, starts = [], []
    for s in sets:
        if len(s.members) == 1:
            ((k, moves),) = s.members
            first = [max(w - m, 0) for w, m in zip(s.window, moves)]
            ends = [min(w - m + c, n) for w, m, c, n in zip(s.window, moves, s.count, counts)]
            count = tuple(max(end - a, 0) for a, end in zip(first, ends))
            placed.append(value(k, *(seen(a, first, count) for a in parts[k][0])))
            moved = zip(s.start, first, moves, s.window, grid.strides)
            starts.append(tuple(start + (a + m - w) * step for start, a, m, w, step in moved))
            continue
        for array in (a for k, _ in s.members for a in parts[k][0]):
            if id(array) not in bordered:
                bordered[id(array)] = spread_and_pad(array, tuple(zip(before, after)), ones)
        values = [
            value(
                k,
                *(
                    seen(bordered[id(a)], [w - m + b for w, m, b in zip(s.window, moves, before)], s.count)
                    for a in parts[k][0]
                ),
            )
            for k, moves in s.members
        ]
        placed.append(functools.reduce(operator.add, values))
        starts.append(s.start)
    if len(placed) == 1 and placed[0].shape[1:-1] == tuple(lengths):
        return placed[0]
    if not placed:
        nothing = [seen(a, ones, (0,) * len(ones)) for a in parts[0][0]]
        placed, starts = [value(0, *nothing)], [(0,) * len(ones)]
    return place(*placed, lengths=tuple(lengths), starts=tuple(starts), steps=grid.strides, fill=0)
