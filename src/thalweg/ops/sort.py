"""Sorting: order along an axis. All of it is the indices of the first elements in order, and what they point to."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lengths import shorter
from thalweg.graph.lowering import Order
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.families import to_floats
from thalweg.ops.index import take_along_axis
from thalweg.ops.slices import WHOLE, slice_axes

__all__ = (
    "sort",
    "argsort",
    "top_k",
    "median",
)


def _prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    axis = checked_axis(attrs["axis"], tensors[0].ndim, "sort")
    return tensors, {"axis": axis, "descending": bool(attrs["descending"]), "stable": True}


def _order(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    """The stable order; descending keeps equals in their order too, and so puts NaN first."""
    if not descending:
        return np.argsort(x, axis=axis, kind="stable").astype(np.int64)
    turned = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return (x.shape[axis] - 1 - np.flip(turned, axis)).astype(np.int64)


@make_op(
    {},
    infer=lambda x, *, axis, descending, count: Spec(
        (*x.shape[:axis], shorter(x.shape[axis], count), *x.shape[axis + 1 :]), dtypes.int64
    ),
    grad=lambda g, y, x, **attrs: [None],
    lower=Order(),
)
def first_in_order(x, /, axis, descending, count):  # type: ignore[no-untyped-def]
    """The first ``count`` indices (int64) of :func:`argsort` along an axis."""
    return _order(x, axis, descending)[(slice(None),) * axis + (slice(count),)]


def _argsort_expand(x: Tensor, *, axis: int, descending: bool, stable: bool) -> Tensor:
    return first_in_order(x, axis=axis, descending=descending, count=x.shape[axis])


def _sort_expand(x: Tensor, **attrs: Any) -> Tensor:
    return take_along_axis(x, argsort(x, **attrs), axis=attrs["axis"])


def _sort_gradient(
    g: Tensor, y: Tensor, x: Tensor, *, axis: int, descending: bool, stable: bool
) -> list[Any]:
    """Each element gets what arrived where it went: taken by the inverse of the order, the argsort of it."""

    def rule() -> Tensor:
        rank = argsort(argsort(x, axis=axis, descending=descending), axis=axis)
        return take_along_axis(g, rank, axis=axis)

    return [rule]


@make_op(
    {},
    infer=lambda x, *, axis, descending, stable: x,
    prepare=_prepare,
    grad=_sort_gradient,
    expand=_sort_expand,
)
def sort(x, /, axis=-1, descending=False, stable=True):  # type: ignore[no-untyped-def]
    """Elements in order along ``axis``; NaN last, or first where ``descending``.

    >>> sort([3.0, 1.0, 2.0]).tolist(), sort([3.0, 1.0, 2.0], descending=True).tolist()
    ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
    """
    return np.take_along_axis(x, _order(x, axis, descending), axis)


@make_op(
    {},
    infer=lambda x, *, axis, descending, stable: Spec(x.shape, dtypes.int64),
    prepare=_prepare,
    grad=lambda g, y, x, **attrs: [None],
    expand=_argsort_expand,
)
def argsort(x, /, axis=-1, descending=False, stable=True):  # type: ignore[no-untyped-def]
    """Indices (int64) that put the elements in order along ``axis``; equal elements keep their order.

    >>> argsort([3.0, 1.0, 3.0], descending=True).tolist()
    [0, 2, 1]
    """
    return _order(x, axis, descending)


def top_k(x: Any, k: int, /, *, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) elements along ``axis``, in order, and their indices; equals in the order they stand.

    >>> [t.tolist() for t in top_k([1.0, 5.0, 3.0], 2)]
    [[5.0, 3.0], [1, 2]]
    """
    (x,) = convert_operands([x])
    axis, k = checked_axis(axis, x.ndim, "top_k"), operator.index(k)
    length = x.shape[axis]
    if k < 0 or (length is not None and k > length):
        raise fail(ArgumentError, "top_k: k", expected=f"0 <= k <= {length}", received=f"{k}")
    indices = first_in_order(x, axis=axis, descending=largest, count=k)
    return take_along_axis(x, indices, axis=axis), indices


def median(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The middle element along ``axis`` (of all by default), or the mean of the two middle ones; NaN wins.

    >>> median([3.0, 1.0, 2.0, 10.0]).item()
    2.5
    """
    from thalweg.ops.arithmetic import where
    from thalweg.ops.logic import isnan
    from thalweg.ops.reduce import mean

    (x,) = to_floats(convert_operands([x]), {})[0]
    rank = x.ndim
    row = shape_ops.flatten(x) if axis is None else x
    along = 0 if axis is None else checked_axis(axis, rank, "median")
    length = row.shape[along]
    if not length:
        raise fail(
            ShapeError,
            "median: the axis",
            expected="a known length of at least 1",
            received=shape_text(x.shape),
        )
    order = argsort(row, axis=along)

    def ordered(first: int, stop: int | None) -> Tensor:
        return take_along_axis(row, slice_axes(order, [WHOLE] * along + [(first, stop, 1)]), axis=along)

    middle, last = ordered((length - 1) // 2, length // 2 + 1), ordered(-1, None)
    result = where(isnan(last), last, mean(middle, axis=along, keepdims=True))
    if axis is None:
        return shape_ops.reshape(result, (1,) * rank if keepdims else ())
    return result if keepdims else shape_ops.squeeze(result, along)
