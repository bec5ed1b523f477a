"""Pooling over any number of spatial axes: the largest or the mean of each window of [N, *S, C], channel by channel."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, constant
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import add, divide, equal, maximum, where
from thalweg.ops.families import to_floats, widened
from thalweg.ops.geometry import Grid, dilated, grid_of, normal_padding, output_length, per_axis, spatial_rank
from thalweg.ops.reduce import max as max_
from thalweg.ops.reduce import sum as sum_
from thalweg.ops.windows import (
    UNROLLED,
    fold,
    fold_array,
    spread_and_pad,
    tap_of,
    tap_values,
    window_tensor,
    windows_array,
)

_TOGETHER = 9  # windows that meet in an element, up to which the shares of all axes are added up at once


def _pool_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    rank = spatial_rank(tensors[0], "pool")
    window = per_axis(attrs["window"], rank, "pool: window")
    dilation = per_axis(attrs["dilation"], rank, "pool: dilation")
    strides = attrs["strides"]
    normal = {
        **attrs,
        "window": window,
        "strides": window if strides is None else per_axis(strides, rank, "pool: strides"),
        "dilation": dilation,
        "padding": normal_padding(attrs["padding"], rank, [dilated(k, d) for k, d in zip(window, dilation)]),
    }
    return tensors, normal


def _max_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    if attrs["ties"] not in ("first", "all"):
        raise fail(ArgumentError, "max_pool: ties", expected='"first" or "all"', received=repr(attrs["ties"]))
    return _pool_prepare(tensors, attrs)


def _average_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    return _pool_prepare(tensors, {**attrs, "count_padding": bool(attrs["count_padding"])})


def _pool_infer(x: Spec, *, window: Any, strides: Any, padding: Any, dilation: Any, **_: Any) -> Spec:
    assert x.shape is not None
    ones, pads = (1,) * len(window), [padding] * len(window) if padding == "SAME" else padding
    lengths = map(output_length, x.shape[1:-1], window, strides, pads, dilation, ones)
    return Spec((x.shape[0], *lengths, x.shape[-1]), x.dtype)


def _pool_grid(lengths: Sequence[int], attrs: dict[str, Any]) -> Grid:
    window = attrs["window"]
    return grid_of(lengths, window, attrs["strides"], attrs["padding"], attrs["dilation"], (1,) * len(window))


def _lowest(dtype: np.dtype) -> Any:
    if dtypes.is_floating(dtype):
        return -math.inf
    return False if dtypes.is_bool(dtype) else int(np.iinfo(dtype).min)


def _taps(rank: int) -> tuple[int, ...]:
    return tuple(range(1 + rank, 1 + 2 * rank))


def _max_pool_expand(x: Tensor, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    if math.prod(grid.kernel) > UNROLLED:
        return max_(window_tensor(x, grid, _lowest(x.dtype)), axis=_taps(len(grid.kernel)))
    return functools.reduce(maximum, tap_values(x, grid, _lowest(x.dtype)))


def _max_pool_gradient(g: Tensor, y: Tensor, x: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_gradient(g, x, y, **attrs)]


@make_op({}, infer=_pool_infer, prepare=_max_prepare, grad=_max_pool_gradient, expand=_max_pool_expand)
def max_pool(x, /, window, strides=None, padding="VALID", dilation=1, ties="first"):  # type: ignore[no-untyped-def]
    """The largest element of each window, channel by channel: [N, *S, C] to [N, *O, C]; NaN wins.

    ``strides`` is the window unless given; padding never wins. The gradient goes to the first of several largest
    elements, in row-major order of the window; with ``ties="all"`` the whole of it goes to each of them.

    >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    return np.max(windows_array(x, grid, _lowest(x.dtype)), axis=_taps(len(grid.kernel)))


def _windows_in_line(x: np.ndarray, grid: Grid, outside: Any = 0) -> np.ndarray:
    """The windows [N, *O, K, C], each on one axis."""
    windows = windows_array(x, grid, outside)
    shape = (*windows.shape[: 1 + len(grid.kernel)], math.prod(grid.kernel), windows.shape[-1])
    return windows.reshape(shape)


def _wins_array(x: np.ndarray, y: np.ndarray, grid: Grid, ties: str) -> np.ndarray:
    """Whether each place in each window is a maximum, or the first one: [N, *O, K, C]."""
    windows = _windows_in_line(x, grid, _lowest(x.dtype))
    if ties == "all":
        return windows == y[..., None, :]
    wins = np.zeros(windows.shape, bool)
    np.put_along_axis(wins, np.argmax(windows, axis=-2, keepdims=True), True, axis=-2)
    return wins


def _winners(x: Tensor, y: Tensor, grid: Grid) -> Tensor:
    """The tap of each first maximum, as int32: the last one unless an earlier one equals y or is NaN."""
    taps = tap_values(x, grid, _lowest(x.dtype))
    kind = "uint8" if len(taps) <= 256 else "int32"
    place = shape_ops.full_like(y, len(taps) - 1, kind)
    for k, tap in reversed([*enumerate(taps[:-1])]):
        hit = where(equal(tap, tap), equal(tap, y), True)
        place = where(hit, constant(k, kind), place)
    return place


def _scattered_gradient(h: Tensor, z: Tensor, g: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_pick(h, x, y, **attrs), None, None]


def _picked_gradient(g: Tensor, z: Tensor, h: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_gradient(g, x, y, **attrs), None, None]


def _wins(
    x: Tensor, y: Tensor, grid: Grid, ties: str
) -> tuple[list[tuple[Tensor, ...]], Callable[..., Tensor]]:
    """For each tap the arrays that say whether it is the largest of its window, or the first one; and how they do."""
    if ties == "all":
        return [(equal(tap, y),) for tap in tap_values(x, grid, _lowest(x.dtype))], lambda k, wins: wins
    place = _winners(x, y, grid)
    return [(place,)] * math.prod(grid.kernel), lambda k, place: equal(place, constant(k, place.dtype))


def _max_pool_gradient_expand(g: Tensor, x: Tensor, y: Tensor, *, ties: str, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    arrays, wins = _wins(x, y, grid, ties)
    taps = itertools.product(*map(range, grid.kernel))
    parts = [((g, *found), tap) for found, tap in zip(arrays, taps, strict=True)]
    return fold(parts, lambda k, g, found: where(wins(k, found), g, 0), x.shape[1:-1], grid)


@make_op(
    {},
    infer=lambda g, x, y, **_: Spec(x.shape, g.dtype),
    grad=_scattered_gradient,
    expand=_max_pool_gradient_expand,
)
def max_pool_gradient(g, x, y, /, window, strides, padding, dilation, ties):  # type: ignore[no-untyped-def]
    """The gradient of :func:`max_pool` with respect to x; g is that of its output y."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    wins = _wins_array(x, y, grid, ties)
    parts = np.where(wins, g[..., None, :], np.zeros((), g.dtype))
    return fold_array(parts.reshape(*y.shape[:-1], *grid.kernel, y.shape[-1]), x.shape[1:-1], grid)


def _max_pool_pick_expand(h: Tensor, x: Tensor, y: Tensor, *, ties: str, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    counts, padded = grid.outputs(x.shape[1:-1]), spread_and_pad(h, grid.pads, grid.spread)
    taps = itertools.product(*map(range, grid.kernel))
    arrays, wins = _wins(x, y, grid, ties)
    picked = [
        where(wins(k, *found), tap_of(padded, tap, counts, grid), 0)
        for k, (found, tap) in enumerate(zip(arrays, taps, strict=True))
    ]
    return functools.reduce(add, picked)


@make_op(
    {},
    infer=lambda h, x, y, **_: Spec(y.shape, h.dtype),
    grad=_picked_gradient,
    expand=_max_pool_pick_expand,
)
def max_pool_pick(h, x, y, /, window, strides, padding, dilation, ties):  # type: ignore[no-untyped-def]
    """From each window of h, the element where x has its maximum: the transpose of the gradient of max_pool."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    windows = _windows_in_line(h, grid)
    return np.where(_wins_array(x, y, grid, ties), windows, np.zeros((), h.dtype)).sum(-2, dtype=h.dtype)


def _counts(lengths: Sequence[int], grid: Grid, count_padding: bool, dtype: np.dtype) -> np.ndarray:
    """How many elements each window averages: [*O, 1], or a single number where all are full."""
    taps = math.prod(grid.kernel)
    if count_padding or all(pair == (0, 0) for pair in grid.pads):
        return np.asarray(taps, dtype)
    inside = windows_array(np.ones((1, *lengths, 1), dtype), grid)
    return inside.sum(axis=_taps(len(grid.kernel)), dtype=dtype)[0]


def _avg_pool_rule(g: Tensor, y: Tensor, x: Tensor, **attrs: Any) -> list[Any]:
    return [avg_pool_gradient(g, x, **attrs)]


def _avg_pool_expand(x: Tensor, *, count_padding: bool, **attrs: Any) -> Tensor:
    lengths = x.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    if math.prod(grid.kernel) > UNROLLED or x.dtype.itemsize < 4:  # sums of halves are rounded once
        total = sum_(window_tensor(x, grid), axis=_taps(len(grid.kernel)))
    else:
        total = functools.reduce(add, tap_values(x, grid))
    return total / constant(_counts(lengths, grid, count_padding, x.dtype))


@make_op(
    {},
    infer=_pool_infer,
    prepare=_average_prepare,
    grad=_avg_pool_rule,
    expand=_avg_pool_expand,
)
def avg_pool(x, /, window, strides=None, padding="VALID", dilation=1, count_padding=False):  # type: ignore[no-untyped-def]
    """The mean of each window, channel by channel: [N, *S, C] to [N, *O, C].

    Padding is not counted unless ``count_padding``; ``strides`` is the window unless given.

    >>> avg_pool([[[1.0], [3.0], [2.0]]], 2, padding="SAME").tolist()
    [[[2.0], [2.0]]]
    """
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    (wide,) = widened(x)
    total = windows_array(wide, grid).sum(axis=_taps(len(grid.kernel)), dtype=wide.dtype)
    return (total / _counts(x.shape[1:-1], grid, count_padding, wide.dtype)).astype(x.dtype, copy=False)


def _avg_pool_gradient_expand(g: Tensor, like: Tensor, *, count_padding: bool, **attrs: Any) -> Tensor:
    """The shares of each window's mean, laid back: where many windows meet, one axis after the other."""
    lengths = like.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    g = g / constant(_counts(lengths, grid, count_padding, g.dtype))
    if math.prod(-(-k // s) for k, s in zip(grid.kernel, grid.strides)) <= _TOGETHER:
        return _folded(g, lengths, grid)
    for axis in range(len(lengths)):
        g = _axis_folded(g, axis, lengths[axis], grid)
    return g


def _axis_folded(g: Tensor, axis: int, length: int, grid: Grid) -> Tensor:
    """Every tap of one axis gets the same share; the other axes stay as they are."""

    def alone(values: Sequence[Any], other: Any) -> tuple[Any, ...]:
        return tuple(values[axis] if k == axis else other for k in range(len(values)))

    one = Grid(
        alone(grid.kernel, 1),
        alone(grid.strides, 1),
        alone(grid.pads, (0, 0)),
        alone(grid.dilation, 1),
        grid.spread,
    )
    return _folded(g, tuple(length if k == axis else n for k, n in enumerate(g.shape[1:-1])), one)


def _folded(g: Tensor, lengths: Sequence[int], grid: Grid) -> Tensor:
    """Every tap gets all of g."""
    taps = itertools.product(*map(range, grid.kernel))
    return fold([((g,), tap) for tap in taps], lambda k, g: g, lengths, grid)


@make_op(
    {},
    infer=lambda g, like, **_: Spec(like.shape, g.dtype),
    grad=lambda h, z, g, like, **attrs: [avg_pool(h, **attrs), None],
    expand=_avg_pool_gradient_expand,
    shape_only=(1,),
)
def avg_pool_gradient(g, like, /, window, strides, padding, dilation, count_padding):  # type: ignore[no-untyped-def]
    """The gradient of :func:`avg_pool` with respect to x, which has the shape of ``like``."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    lengths = like.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    (wide,) = widened(g)
    share = wide / _counts(lengths, grid, count_padding, wide.dtype)
    inner = (1,) * len(grid.kernel)
    spread = np.broadcast_to(
        share.reshape(*g.shape[:-1], *inner, g.shape[-1]), (*g.shape[:-1], *grid.kernel, g.shape[-1])
    )
    return fold_array(spread, lengths, grid).astype(g.dtype, copy=False)


def global_max_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The largest element over all spatial axes: [N, *S, C] to [N, C].

    >>> global_max_pool([[[1.0], [3.0]]]).tolist()
    [[3.0]]
    """
    (x,) = convert_operands([x])
    return max_(x, axis=tuple(range(1, 1 + spatial_rank(x, "global_max_pool"))), keepdims=keepdims)


def global_avg_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The mean over all spatial axes: [N, *S, C] to [N, C].

    >>> global_avg_pool([[[1.0], [3.0]]]).tolist()
    [[2.0]]
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    axes = tuple(range(1, 1 + spatial_rank(x, "global_avg_pool")))
    return divide(sum_(x, axis=axes, keepdims=keepdims), shape_ops.count(x, axes, x.dtype))
