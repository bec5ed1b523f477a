"""Boxes [y1, x1, y2, x2] in pictures [n, height, width, channels]: cut out, drawn, chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import elementwise as ew
from thalweg.ops.index import take
from thalweg.ops.shape import count, expand_dims, iota_like, reshape

__all__ = ["crop_and_resize", "glimpses"]


def end_of(x: Any, axis: int) -> Any:
    """The number of the last place along an axis, a float."""
    known = x.shape[axis]
    return float(known - 1) if known is not None else count(x, (axis,), dtypes.float32) - 1.0  # type: ignore[operator]


def _within(places: Any, end: Any) -> tuple[Any, Any]:
    """Places moved to the ends of an axis where they are beyond, and which are not."""
    inside = ew.logical_and(ew.greater_equal(places, 0.0), ew.less_equal(places, end))
    return ew.minimum(ew.maximum(places, 0.0), end), inside


def pixels(x: Any, numbers: Any, rows: Any, columns: Any) -> Any:
    """The pixels [m, rows, columns, channels] of pictures, at whole places [m, rows] and [m, columns]."""
    lengths = [count(x, (k,), dtypes.int64) if x.shape[k] is None else x.shape[k] for k in (1, 2)]
    b, r, c = (ew.astype(t, dtypes.int64) for t in (numbers, rows, columns))
    line: Any = expand_dims(b, 1) * lengths[0] + r  # type: ignore[operator]
    place: Any = expand_dims(line, 2) * lengths[1] + expand_dims(c, 1)  # type: ignore[operator]
    return take(reshape(x, (-1, x.shape[3])), place, axis=0)


def where_inside(x: Any, numbers: Any, down: Any, across: Any, fraction: bool, beyond: Any) -> Tensor:
    """The colours of pictures at places [m, rows] and [m, columns]: between pixels linearly with ``fraction``, else the
    nearest; ``beyond(made)`` says what stands where a place is in no picture.
    """
    ends = end_of(x, 1), end_of(x, 2)
    (down, inside_rows), (across, inside_columns) = _within(down, ends[0]), _within(across, ends[1])
    if fraction:
        top, left = ew.floor(down), ew.floor(across)
        low, right = ew.minimum(top + 1.0, ends[0]), ew.minimum(left + 1.0, ends[1])  # type: ignore[operator]
        below: Any = expand_dims(down - top, (2, 3))
        beside: Any = expand_dims(across - left, (1, 3))
        upper = pixels(x, numbers, top, left) * (1.0 - beside) + pixels(x, numbers, top, right) * beside
        lower = pixels(x, numbers, low, left) * (1.0 - beside) + pixels(x, numbers, low, right) * beside
        made = upper * (1.0 - below) + lower * below
    else:
        made = pixels(x, numbers, ew.floor(down + 0.5), ew.floor(across + 0.5))
    seen = ew.logical_and(expand_dims(inside_rows, 2), expand_dims(inside_columns, 1))
    return ew.where(expand_dims(seen, 3), made, beyond(made))


def crop_and_resize(
    x: Any,
    boxes: Any,
    numbers: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    fill_value: float = 0.0,
) -> Tensor:
    """Parts of pictures in one size, [m, *size, channels] floats: box k, in shares of picture ``numbers[k]``.

    A share of 1 is the last row or column. ``interpolation``: "bilinear" or "nearest". Places outside a picture have
    ``fill_value``.

    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> crop_and_resize(x, [[0.0, 0.0, 0.5, 0.5]], [0], (2, 2)).numpy().ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    if interpolation not in ("bilinear", "nearest"):
        raise fail(ArgumentError, "crop_and_resize: interpolation", expected="bilinear or nearest",
                   received=repr(interpolation))  # fmt: skip
    (x,), (boxes,), (numbers,) = convert_operands([x]), convert_operands([boxes]), convert_operands([numbers])
    x = x if dtypes.is_floating(x.dtype) else ew.astype(x, dtypes.float32)
    down = _samples(boxes[:, 0], boxes[:, 2], int(size[0]), end_of(x, 1))
    across = _samples(boxes[:, 1], boxes[:, 3], int(size[1]), end_of(x, 2))
    return where_inside(x, numbers, down, across, interpolation == "bilinear", lambda made: float(fill_value))


def _samples(first: Any, last: Any, wanted: int, end: Any) -> Any:
    """[m, wanted]: places from ``first * end`` to ``last * end``; one place is the middle."""
    low, high = expand_dims(first, 1), expand_dims(last, 1)
    if wanted == 1:
        return (low + high) * 0.5 * end  # type: ignore[operator]
    steps = constant((np.arange(wanted) / (wanted - 1)).astype(first.dtype)[None])
    return low * end + (high - low) * end * steps  # type: ignore[operator]


def drawn(pictures: np.ndarray, boxes: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Pictures with frames, in shares of the picture, one pixel wide, in colours by turns."""
    made = np.array(pictures)
    height, width = made.shape[1] - 1, made.shape[2] - 1
    for picture, frames in zip(made, boxes, strict=True):
        for k, (y1, x1, y2, x2) in enumerate(frames):
            top, bottom = (int(np.clip(y * height, 0, height)) for y in (y1, y2))
            left, right = (int(np.clip(v * width, 0, width)) for v in (x1, x2))
            colour = colours[k % len(colours)][: made.shape[-1]]
            picture[[top, bottom], left : right + 1] = colour
            picture[top : bottom + 1, [left, right]] = colour
    return made


def glimpses(x: Any, starts: Any, size: Sequence[int], beyond: Any = 0.0) -> Tensor:
    """Windows [n, *size, channels] of pictures [n, h, w, channels] that begin at places [n, 2], each (y, x), without
    fractions. ``beyond``: what is outside of the pictures, or a function of the windows that gives it.

    >>> glimpses(np.arange(9.0).reshape(1, 3, 3, 1), [[1.0, 1.0]], (1, 1)).numpy().ravel().tolist()
    [4.0]
    """
    (x,), (starts,) = convert_operands([x]), convert_operands([starts])
    x, starts = (ew.astype(t, dtypes.float32) for t in (x, starts))
    rows, columns = (
        expand_dims(ew.trunc(starts[:, k]), 1) + np.arange(wanted, dtype=np.float32)[None]
        for k, wanted in enumerate(size)
    )
    numbers = reshape(iota_like(x, axis=0, dtype=np.dtype(np.int64)), (-1,))
    outside = beyond if callable(beyond) else lambda made: beyond
    return where_inside(x, numbers, rows, columns, False, outside)


def shared_areas(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """What a box and each of others [n, 4] have in common, as shares of what they cover together.

    >>> shared_areas(np.array([0.0, 0.0, 1.0, 2.0]), np.array([[0.0, 1.0, 1.0, 3.0]])).round(3).tolist()
    [0.333]
    """
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    first, last = np.minimum(box[:2], box[2:]), np.maximum(box[:2], box[2:])
    shared = np.prod(np.maximum(np.minimum(last, high) - np.maximum(first, low), 0), axis=1)
    together = np.prod(last - first) + np.prod(high - low, axis=1) - shared
    return np.divide(shared, together, out=np.zeros_like(shared), where=together > 0)


def best_boxes(boxes: np.ndarray, scores: np.ndarray, most: int, overlap: float, least: float) -> list[int]:
    """The numbers of the best boxes, none of which shares more than ``overlap`` of their union with a better one.

    Boxes go from any corner to the opposite one; scores up to ``least`` do not count.
    """
    order = np.argsort(-scores, kind="stable")
    left = order[scores[order] > least]
    kept: list[int] = []
    while len(left) and len(kept) < most:
        best = int(left[0])
        kept.append(best)
        shares = shared_areas(boxes[best], boxes[left])
        left = left[(shares <= overlap) & (left != best)]
    return kept
