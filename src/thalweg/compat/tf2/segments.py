"""``tf.math``'s rows by number: sums, means, products and extremes of the rows that have the same number.

How many numbers there are may be known only when a function or a model runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.tf2.values import tensor
from thalweg.graph.tensor import Tensor
from thalweg.ops import dynamic, elementwise, reduce, segments, shape, special
from thalweg.ops.elementwise import astype

Join = Callable[..., Any]


def _rows(data: Any, segment_ids: Any, filler: Callable[[np.dtype[Any]], Any]) -> tuple[Tensor, Tensor]:
    """Rows and the number of each: numbers of several axes stand for as many of the data. Those below 0 add nothing."""
    x, ids = tensor(data), tensor(segment_ids)
    if ids.ndim > 1:
        x, ids = shape.reshape(x, (-1, *x.shape[ids.ndim :])), shape.flatten(ids)
    return segments.without_negative(x, ids, filler(x.dtype))


def _count(num_segments: Any) -> Any:
    """How many segments: a number, or a scalar of what is only computed."""
    if isinstance(num_segments, Tensor) and num_segments.value is None:
        return num_segments
    return int(np.asarray(num_segments))


def count_of(segment_ids: Any) -> Any:
    """How many segments numbers from 0 on are."""
    ids = tensor(segment_ids)
    return reduce.max(ids) + 1 if ids.value is None else int(np.max(ids.array(), initial=-1)) + 1


def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Sums of the rows that have the same number, those below 0 left out; numbers may be of several axes."""
    return segments.segment_sum(*_rows(data, segment_ids, lambda dtype: 0), _count(num_segments))


def _sizes(data: Any, segment_ids: Any, num_segments: Any) -> Any:
    """How many rows each segment has, in the form of its sum."""
    x = tensor(data)
    ones = elementwise.add(elementwise.multiply(x, 0), 1)
    return unsorted_segment_sum(ones, segment_ids, num_segments)


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Means of the rows that have the same number."""
    whole = unsorted_segment_sum(data, segment_ids, num_segments)
    return special.divide_no_nan(whole, _sizes(data, segment_ids, num_segments))


def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Sums of the rows that have the same number, divided by the root of how many there are."""
    whole = unsorted_segment_sum(data, segment_ids, num_segments)
    return whole / elementwise.sqrt(elementwise.maximum(_sizes(data, segment_ids, num_segments), 1))


def unsorted_segment_max(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Maxima of the rows that have the same number; the lowest number of the dtype where there are none."""
    rows = _rows(data, segment_ids, lambda dtype: dtypes.extreme(dtype, False))
    return segments.segment_max(*rows, _count(num_segments))


def unsorted_segment_min(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Minima of the rows that have the same number; the highest number of the dtype where there are none."""
    rows = _rows(data, segment_ids, lambda dtype: dtypes.extreme(dtype, True))
    return segments.segment_min(*rows, _count(num_segments))


def unsorted_segment_prod(data: Any, segment_ids: Any, num_segments: Any, name: Any = None) -> Any:
    """Products of the rows that have the same number; 1 where there are none."""
    x, ids = _rows(data, segment_ids, lambda dtype: 1)
    count = _count(num_segments)
    numbers = dynamic.iota(count) if isinstance(count, Tensor) else tensor(np.arange(count))
    member = elementwise.equal(shape.expand_dims(ids, 0), shape.expand_dims(astype(numbers, ids.dtype), 1))
    if x.ndim > 1:
        member = shape.expand_dims(member, tuple(range(2, x.ndim + 1)))
    return astype(reduce.prod(elementwise.where(member, shape.expand_dims(x, 0), 1), axis=1), x.dtype)


def _in_order(join: Join, blank: float | None = None) -> Join:
    """The form of ``join`` for numbers in order: as many as the last one says, ``blank`` for those left out."""

    def apply(data: Any, segment_ids: Any, name: Any = None) -> Any:
        count = count_of(segment_ids)
        made = join(data, segment_ids, count)
        if blank is None:
            return made
        there = elementwise.greater(_sizes(data, segment_ids, count), 0)
        return elementwise.where(there, made, blank)

    apply.__doc__ = f"As :func:`{join.__name__}`, of numbers in order."
    return apply


segment_sum, segment_mean = _in_order(unsorted_segment_sum), _in_order(unsorted_segment_mean)
segment_max, segment_min = _in_order(unsorted_segment_max, 0), _in_order(unsorted_segment_min, 0)
segment_prod = _in_order(unsorted_segment_prod)
