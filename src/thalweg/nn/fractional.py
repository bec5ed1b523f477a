"""Fractional pooling: windows of random lengths, by which pictures shrink by a ratio that is no whole number."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import elementwise, index, random, reduce
from thalweg.ops import shape as shapes
from thalweg.ops.joining import concat

__all__ = ["fractional_pool", "pooling_sequence"]


def pooling_sequence(
    length: int, count: int, pseudo_random: bool = False, *, key: Any = None, symbolic: bool | None = None
) -> Tensor:
    """Where ``count`` windows over ``length`` places begin, and where the last ends: [count + 1] int64.

    Windows are ``length // count`` long or one longer: in random order, or (``pseudo_random``) evenly spread from a
    random place.

    >>> pooling_sequence(6, 3).tolist()
    [0, 2, 4, 6]
    """
    if not 0 < count <= length:
        raise fail(ArgumentError, "pooling_sequence: count", expected=f"1 to {length}", received=count)
    whole, rest = divmod(length, count)
    zero = constant(np.zeros(1, np.int64))
    if not pseudo_random:
        sizes = constant(np.array([whole + 1] * rest + [whole] * (count - rest), np.int64))
        sizes = random.shuffle(sizes, key=key, symbolic=symbolic) if rest else sizes
        return concat([zero, reduce.cumulative_sum(sizes, axis=0)], axis=0)
    ratio = length / count
    most = min(
        (whole + 2) / ratio - 1, (length + 1 - whole) / ratio - (count - 1)
    )  # no window is too long or short
    start: Any = random.uniform((1,), 0.0, most, dtype="float64", key=key, symbolic=symbolic)
    inner: Any = elementwise.floor((constant(np.arange(1.0, count)) + start) * ratio)
    last = constant(np.array([length], np.int64))
    return concat([zero, elementwise.astype(inner, "int64"), last], axis=0)


def fractional_pool(
    x: Tensor, rows: Any, columns: Any, average: bool = False, overlapping: bool = False
) -> Tensor:
    """The greatest number (or the mean) of the windows between ``rows`` and ``columns`` of pictures [N, H, W, C].

    ``rows`` [h + 1] and ``columns`` [w + 1] say where windows begin and where the last ends: see
    :func:`pooling_sequence`. ``overlapping``: windows take the first place of their neighbours, too.

    >>> x = constant(np.arange(9.0).reshape(1, 3, 3, 1))
    >>> fractional_pool(x, np.array([0, 1, 3]), np.array([0, 2, 3]))[0, :, :, 0].tolist()
    [[1.0, 2.0], [7.0, 8.0]]
    """
    for axis, bounds in ((1, rows), (2, columns)):
        known = constant(bounds) if isinstance(bounds, np.ndarray) else bounds
        x = _along(x, known, axis, average, overlapping)
    return x


def _along(x: Any, bounds: Any, axis: int, average: bool, overlapping: bool) -> Tensor:
    length, count = x.shape[axis], bounds.shape[0] - 1
    longest = length // count + 1 + overlapping
    first, after = bounds[:-1], bounds[1:]
    last: Any = elementwise.minimum(after, length - 1) if overlapping else after - 1
    steps = constant(np.arange(longest, dtype=np.int64))
    places = shapes.expand_dims(first, 1) + steps
    inside = elementwise.less_equal(places, shapes.expand_dims(last, 1))
    places = elementwise.minimum(places, shapes.expand_dims(last, 1))
    taken = index.take(x, shapes.reshape(places, (-1,)), axis=axis)
    form = (*x.shape[:axis], count, longest, *x.shape[axis + 1 :])
    windows = shapes.reshape(taken, tuple(-1 if n is None else n for n in form))
    if not average:
        return reduce.max(windows, axis=axis + 1)
    spread = (count, longest, *[1] * (len(form) - axis - 2))
    weights = shapes.reshape(elementwise.astype(inside, x.dtype), spread)
    total: Any = reduce.sum(windows * weights, axis=axis + 1)
    return total / reduce.sum(weights, axis=1)
