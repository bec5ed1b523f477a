"""Elements again: rolled around, tiled, repeated, and padded at the borders."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis
from thalweg.ops.joining import _known_length, concat_op
from thalweg.ops.shape import (
    _tensor,
    broadcast_to,
    count,
    expand_dims,
    flatten,
    merge_axes,
    reshape,
    reshape_like,
)
from thalweg.ops.slices import WHOLE, flip, slice_axes, zero_padded

__all__ = (
    "roll",
    "tile",
    "repeat",
    "pad",
)


def _roll_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    axis, shift = attrs["axis"], attrs["shift"]
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise fail(
            ArgumentError,
            "roll: shift and axis",
            expected="one shift for each axis",
            received=f"{shift}, {axis}",
        )
    places = tuple(checked_axis(a, tensors[0].ndim, "roll") for a in axes)
    return tensors, {"shift": tuple(operator.index(s) for s in shifts), "axis": places}


def _roll_expand(x: Tensor, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Tensor:
    for s, a in zip(shift, axis, strict=True):
        cut = -s % x.shape[a] if x.shape[a] else 0
        if cut:
            parts = [slice_axes(x, [WHOLE] * a + [bounds]) for bounds in ((cut, None, 1), (None, cut, 1))]
            x = concat_op(*parts, axis=a)
    return x


def _roll_op_gradient(g: Tensor, y: Tensor, x: Tensor, *, shift: Any, axis: Any) -> list[Any]:
    return [lambda: roll_op(g, tuple(-s for s in shift), axis)]


@make_op(
    {},
    infer=lambda x, *, shift, axis: x,
    prepare=_roll_prepare,
    grad=_roll_op_gradient,
    expand=_roll_expand,
)
def roll_op(x, /, shift, axis):  # type: ignore[no-untyped-def]
    """See :func:`roll`."""
    return np.roll(x, shift, axis)


def roll(x: Any, /, shift: int | Sequence[int], *, axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved by ``shift`` places along ``axis``, those beyond the end coming in at the front.

    None rolls the flattened tensor.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    x = _tensor(x)
    if axis is None:
        return reshape_like(roll_op(flatten(x), shift, 0), x)
    return roll_op(x, shift, axis)


def _times_length(length: int | None, factor: int) -> int | None:
    return None if length is None else length * factor


def _tile_infer(x: Spec, *, repetitions: tuple[int, ...]) -> Spec:
    assert x.shape is not None
    return Spec(tuple(_times_length(d, r) for d, r in zip(x.shape, repetitions, strict=True)), x.dtype)


def _tile_expand(x: Tensor, *, repetitions: tuple[int, ...]) -> Tensor:
    pairs = [(r, d) for r, d in zip(repetitions, x.shape, strict=True)]
    open_axes = reshape(x, [n for _, d in pairs for n in (1, d)])
    wide = broadcast_to(open_axes, [n for pair in pairs for n in pair])
    return reshape(wide, [r * d for r, d in pairs])


def _untile_expand(g: Tensor, like: Tensor, *, repetitions: tuple[int, ...]) -> Tensor:
    from thalweg.ops.reduce import sum as sum_

    parts = reshape(g, [n for r, d in zip(repetitions, like.shape, strict=True) for n in (r, d)])
    return sum_(parts, axis=tuple(range(0, 2 * like.ndim, 2)))


def _tile_op_gradient(g: Tensor, y: Tensor, x: Tensor, *, repetitions: Any) -> list[Any]:
    return [lambda: untile(g, x, repetitions=repetitions)]


@make_op(
    {},
    infer=_tile_infer,
    grad=_tile_op_gradient,
    expand=_tile_expand,
)
def tile_op(x, /, repetitions):  # type: ignore[no-untyped-def]
    """See :func:`tile`."""
    return np.tile(x, repetitions)


@make_op(
    {},
    infer=lambda g, like, *, repetitions: Spec(like.shape, g.dtype),
    grad=lambda h, y, g, like, *, repetitions: [lambda: tile_op(h, repetitions), None],
    expand=_untile_expand,
    shape_only=(1,),
)
def untile(g, like, /, repetitions):  # type: ignore[no-untyped-def]
    """The copies of a tiling added up: the transpose of :func:`tile`."""
    parts = g.reshape([n for pair in zip(repetitions, like.shape, strict=True) for n in pair])
    return parts.sum(axis=tuple(range(0, 2 * like.ndim, 2)), dtype=g.dtype)


def tile(x: Any, repetitions: int | Sequence[int], /) -> Tensor:
    """The tensor repeated as a block: ``repetitions`` times along each axis (missing ones count from the front as 1).

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    x = _tensor(x)
    counts = (repetitions,) if isinstance(repetitions, (int, np.integer)) else tuple(repetitions)
    counts = tuple(operator.index(r) for r in counts)
    if any(r < 0 for r in counts):
        raise fail(ArgumentError, "tile: repetitions", expected="numbers >= 0", received=f"{repetitions}")
    if len(counts) > x.ndim:
        x = expand_dims(x, tuple(range(len(counts) - x.ndim)))
    return tile_op(x, (1,) * (x.ndim - len(counts)) + counts)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element repeated along ``axis`` (default: of the flattened tensor): ``repeats`` times, or one count each.

    Counts that a program knows only when it runs leave the length of the axis open.

    >>> repeat([1, 2], 2).tolist(), repeat([1, 2], [0, 3]).tolist()
    ([1, 1, 2, 2], [2, 2, 2])
    """
    x = _tensor(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = checked_axis(axis, x.ndim, "repeat")
    if isinstance(repeats, Tensor) and repeats.is_symbolic:
        return _repeated_as_told(x, repeats, axis)
    counts = np.asarray(repeats.array() if isinstance(repeats, Tensor) else repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts < 0).any():
        raise fail(
            ArgumentError,
            "repeat: repeats",
            expected="a number >= 0, or one for each element",
            received=f"{repeats}",
        )
    if counts.ndim == 0:
        return _blocks(x, int(counts), axis)
    from thalweg.ops.index import take

    length = _known_length(x, axis, "repeat")
    if counts.size not in (1, length):
        raise fail(ArgumentError, "repeat: repeats", expected=f"{length} numbers", received=f"{counts.size}")
    return take(x, np.repeat(np.arange(length), counts), axis=axis)


@make_op({}, infer=lambda counts: Spec((None,), np.dtype(np.int64)), grad=lambda g, y, counts: [None])
def _numbers_repeated(counts, /):  # type: ignore[no-untyped-def]
    """The places 0, 1, ..., each as often as its count says."""
    if counts.size and counts.min() < 0:
        raise ValueError(f"repeat: repeats must be >= 0, received {counts.min()}")
    return np.repeat(np.arange(len(counts)), counts)


def _repeated_as_told(x: Tensor, repeats: Tensor, axis: int) -> Tensor:
    from thalweg.ops.dynamic import broadcast_to_lengths
    from thalweg.ops.index import take

    length = x.shape[axis]
    lengths = [count(x, (axis,), np.dtype(np.int64)) if length is None else length]
    return take(x, _numbers_repeated(broadcast_to_lengths(repeats, lengths)), axis=axis)


def _blocks(x: Tensor, count: int, axis: int) -> Tensor:
    """Each element ``count`` times: as a tiling of a new axis after it, merged into it."""
    wide = tile_op(expand_dims(x, axis + 1), tuple(count if k == axis + 1 else 1 for k in range(x.ndim + 1)))
    return merge_axes(wide, axis=axis)


# --- padding --------------------------------------------------------------------------------------------------------


def _pad_widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """One (before, after) per axis, from a number, a pair, or pairs."""
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (rank, 2))
    except ValueError:
        widths = None
    if widths is None or (widths.size and (widths.dtype.kind not in "iu" or (widths < 0).any())):
        raise fail(
            ArgumentError,
            "pad: pad_width",
            expected=f"a number >= 0, a pair (before, after), or {rank} pairs",
            received=f"{pad_width}",
        )
    return [(int(low), int(high)) for low, high in widths]


def _mirrored(x: Tensor, axis: int, low: int, high: int, mode: str) -> Tensor:
    """One axis padded from its own elements."""
    length = x.shape[axis]
    edge = int(mode == "reflect")
    fits = mode != "edge" and (length is None or max(low, high) <= length - edge)
    if not fits and length is not None:
        from thalweg.ops.index import take

        if length == 0 or (mode == "reflect" and length == 1):
            raise fail(
                ShapeError,
                f"pad: nothing to {mode}",
                expected=f"at least {1 + edge} elements on axis {axis}",
                received=f"{length}",
            )
        return take(x, np.pad(np.arange(length), (low, high), mode=mode), axis=axis)  # type: ignore[call-overload]

    def part(*bounds: Any) -> Tensor:
        return slice_axes(x, [WHOLE] * axis + [bounds])

    if mode == "edge":
        first, last = part(None, 1, 1), part(-1, None, 1)
        return concat_op(*[first] * low, x, *[last] * high, axis=axis)
    before = flip(part(edge, low + edge, 1), axis=axis)
    after = flip(part(-high - edge, -edge or None, 1), axis=axis)
    return concat_op(*([before] if low else []), x, *([after] if high else []), axis=axis)


def pad(x: Any, /, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Tensor:
    """More elements before and after on each axis.

    ``pad_width``: a number, a pair (before, after), or a pair for each axis. ``mode``: "constant"
    (``constant_values``), "reflect" (mirrored about the edge element), "symmetric" (mirrored about the edge) or
    "edge" (the edge element repeated).

    >>> pad([1, 2, 3], (1, 2)).tolist()
    [0, 1, 2, 3, 0, 0]
    >>> pad([1, 2, 3], 2, mode="reflect").tolist()
    [3, 2, 1, 2, 3, 2, 1]
    """
    x = _tensor(x)
    widths = _pad_widths(pad_width, x.ndim)
    if mode == "constant":
        return zero_padded(x, widths, constant_values)
    if mode not in ("reflect", "symmetric", "edge"):
        raise fail(
            ArgumentError, "pad: mode", expected="constant, reflect, symmetric or edge", received=repr(mode)
        )
    for axis, (low, high) in enumerate(widths):
        if low or high:
            x = _mirrored(x, axis, low, high, mode)
    return x
