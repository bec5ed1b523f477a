"""Segments: the rows of a tensor that have the same number, summed or compared."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, constant
from thalweg.ops import shape as shape_ops
from thalweg.ops.arithmetic import less, where
from thalweg.ops.dynamic import broadcast_to_lengths
from thalweg.ops.gathering import as_index, scatter_add_op, scatter_extreme_op


@make_op(
    {},
    infer=lambda x, *, length: Spec((length, *x.shape[1:]), x.dtype),
    grad=lambda g, y, x, *, length: [None],
    expand=lambda x, *, length: shape_ops.broadcast_to(constant(0, x.dtype), (length, *x.shape[1:])),
    shape_only=(0,),
)
def _zero_rows(x, /, length):  # type: ignore[no-untyped-def]
    return np.zeros((length, *x.shape[1:]), x.dtype)


def _rows(x: Tensor, num_segments: Any, filler: Any) -> Tensor:
    """As many rows as there are segments, a number or an integer scalar, of the form of those of x."""
    if not isinstance(num_segments, Tensor) or num_segments.value is not None:
        empty = _zero_rows(
            x, operator.index(num_segments.item() if isinstance(num_segments, Tensor) else num_segments)
        )
        return empty if filler == 0 else empty + constant(filler, x.dtype)
    behind = [
        shape_ops.count(x, axis=(k,), dtype=dtypes.int64) if d is None else d for k, d in enumerate(x.shape)
    ][1:]
    return broadcast_to_lengths(constant(filler, x.dtype), (num_segments, *behind))


def _segments(x: Any, segment_ids: Any, name: str) -> tuple[Tensor, Tensor]:
    (x,), (segment_ids,) = convert_operands([x]), convert_operands([as_index(segment_ids)])
    if not x.ndim:
        raise fail(ShapeError, f"{name}: x", expected="at least 1 axis", received="a scalar")
    return x, segment_ids


def segment_sum(x: Any, segment_ids: Any, /, num_segments: int | Tensor) -> Tensor:
    """Row k of the result is the sum of the rows of x whose id is k; ids in any order.

    ``num_segments`` may be an integer scalar that only a run knows.

    >>> segment_sum([1, 2, 3], [0, 2, 0], 3).tolist()
    [4, 0, 2]
    """
    x, segment_ids = _segments(x, segment_ids, "segment_sum")
    return scatter_add_op(_rows(x, num_segments, 0), x, segment_ids, axes=(0,), position=0)


def without_negative(x: Tensor, segment_ids: Tensor, filler: Any = 0) -> tuple[Tensor, Tensor]:
    """Rows and ids of which :func:`segment_sum` leaves out the rows with an id below 0; they are ``filler`` then."""
    if segment_ids.value is not None and not np.any(segment_ids.value < 0):
        return x, segment_ids
    outside = less(segment_ids, 0)
    turned = shape_ops.expand_dims(outside, tuple(range(1, x.ndim))) if x.ndim > 1 else outside
    return where(turned, constant(filler, x.dtype), x), where(
        outside, constant(0, segment_ids.dtype), segment_ids
    )


def _segment_extreme(x: Any, segment_ids: Any, num_segments: int | Tensor, largest: bool) -> Tensor:
    x, segment_ids = _segments(x, segment_ids, "segment_max" if largest else "segment_min")
    worst = dtypes.extreme(x.dtype, not largest)
    base = _rows(x, num_segments, worst)
    return scatter_extreme_op(base, x, segment_ids, axes=(0,), position=0, largest=largest)


def segment_max(x: Any, segment_ids: Any, /, num_segments: int | Tensor) -> Tensor:
    """Row k is the maximum of the rows of x whose id is k, or the lowest number of the dtype where there is none.

    >>> segment_max([1, 2, 3], [0, 1, 0], 2).tolist()
    [3, 2]
    """
    return _segment_extreme(x, segment_ids, num_segments, True)


def segment_min(x: Any, segment_ids: Any, /, num_segments: int | Tensor) -> Tensor:
    """Row k is the minimum of the rows of x whose id is k, or the highest number of the dtype where there is none.

    >>> segment_min([1, 2, 3], [0, 1, 0], 2).tolist()
    [1, 2]
    """
    return _segment_extreme(x, segment_ids, num_segments, False)
