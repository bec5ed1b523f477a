"""The windows of an image's spatial axes, and placing and cutting: how convolution and pooling reach the elements."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
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


def fold(parts: Sequence[Part], value: Callable[..., Tensor], lengths: Sequence[int], grid: Grid) -> Tensor:
    """[N, *lengths, C]: what all windows add to each element. Part k, of arrays over the windows and a place in them,
    gives ``value(k, *arrays)`` there, elementwise, which is zero where the arrays are.

    The elements that the same places of windows meet lie as far apart as the windows do. Each such set is written by
    one expression of the arrays, moved by as many windows as each place is away.
    """
    padded, counts = grid.padded(lengths), parts[0][0][0].shape[1:-1]
    sets: dict[tuple[int, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for k, (_, tap) in enumerate(parts):
        offsets = [t * d for t, d in zip(tap, grid.dilation)]
        phase = tuple(o % s for o, s in zip(offsets, grid.strides))
        sets.setdefault(phase, []).append((k, tuple(o // s for o, s in zip(offsets, grid.strides))))
    rooms = {p: tuple(-(-(n - r) // s) for n, r, s in zip(padded, p, grid.strides)) for p in sets}
    met = [(p, moves) for p, members in sets.items() if len(members) > 1 for _, moves in members]
    before = tuple(max((moves[i] for _, moves in met), default=0) for i in range(len(lengths)))
    after = tuple(max([0, *(rooms[p][i] - n for p, _ in met)]) for i, n in enumerate(counts))
    bordered: dict[int, Tensor] = {}

    def moved(array: Tensor, moves: tuple[int, ...], room: tuple[int, ...]) -> Tensor:
        if id(array) not in bordered:
            bordered[id(array)] = spread_and_pad(array, tuple(zip(before, after)), (1,) * len(before))
        starts = tuple(b - m for b, m in zip(before, moves))
        return cut(bordered[id(array)], starts=starts, counts=room, steps=(1,) * len(before))

    placed, starts = [], []
    for phase, members in sets.items():
        if len(members) == 1:
            ((k, moves),) = members
            placed.append(value(k, *parts[k][0]))
            starts.append(tuple(m * s + r for m, s, r in zip(moves, grid.strides, phase)))
            continue
        values = [value(k, *(moved(a, moves, rooms[phase]) for a in parts[k][0])) for k, moves in members]
        placed.append(functools.reduce(operator.add, values))
        starts.append(phase)
    whole = placed[0]
    if whole.shape[1:-1] != padded or len(placed) > 1:
        whole = place(*placed, lengths=padded, starts=tuple(starts), steps=grid.strides, fill=0)
    back = tuple((-lo, -hi) for lo, hi in grid.pads)
    return spread_and_pad(whole, back, (1,) * len(back))
