"""Norms of vectors along axes: nothing overflows on the way, and the gradient where the norm is 0 is 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops import elementwise as ew
from thalweg.ops import logic
from thalweg.ops.arithmetic import abs as abs_
from thalweg.ops.arithmetic import astype, equal, not_equal, sign, sqrt, square, times, where
from thalweg.ops.families import to_floats
from thalweg.ops.reduce import (
    count_nonzero,
    expanded,
    floating_reduction,
    has_no_elements,
    max,
    min,
    sum,
    without_axes,
)

__all__ = ("norm", "sum_of_squares")


def _unit(y: Tensor) -> Tensor:
    """The value to divide by: 1 where it is 0 or infinite."""
    return where(logic.logical_and(not_equal(y, 0), logic.isfinite(y)), y, 1)


def _euclidean_expand(x: Tensor, *, axis: Any, keepdims: bool) -> Tensor:
    """Scaled by the largest element, so that no square overflows or vanishes."""
    if has_no_elements(x, axis):
        return sum(x, axis=axis, keepdims=keepdims)
    scale = _unit(max(abs_(x), axis=axis, keepdims=True))
    total = sqrt(sum(square(x / scale), axis=axis, keepdims=True)) * scale
    return without_axes(total, axis, keepdims)


def _euclidean_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool) -> list[Any]:
    def rule() -> Tensor:
        length = expanded(y, x, axis, keepdims)
        zero = equal(length, 0)
        return times(expanded(g, x, axis, keepdims), where(zero, 0, x / where(zero, 1, length)))

    return [rule]


@make_op(floating_reduction, grad=_euclidean_gradient, expand=_euclidean_expand)
def euclidean_norm(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Root of the sum of squares, without overflow; its gradient at 0 is 0. See :func:`norm`."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where((top != 0) & np.isfinite(top), top, x.dtype.type(1))
    result = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True, dtype=x.dtype)) * scale
    return result if keepdims else np.squeeze(result, axis)


def _power_expand(x: Tensor, *, axis: Any, ord: float, keepdims: bool) -> Tensor:
    if has_no_elements(x, axis):
        return sum(x, axis=axis, keepdims=keepdims)
    size = abs_(x)
    scale = _unit((max if ord > 0 else min)(size, axis=axis, keepdims=True))
    total = ew.pow(sum(ew.pow(size / scale, ord), axis=axis, keepdims=True), 1 / ord) * scale
    return without_axes(total, axis, keepdims)


def _power_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, ord: float, keepdims: bool) -> list[Any]:
    """sign(x) (abs(x) / y)^(ord - 1), 0 where the norm is 0."""

    def rule() -> Tensor:
        length = expanded(y, x, axis, keepdims)
        ratio = ew.pow(abs_(x) / where(equal(length, 0), 1, length), ord - 1)
        return times(expanded(g, x, axis, keepdims) * sign(x), where(equal(x, 0), 0, ratio))

    return [rule]


@make_op(floating_reduction, grad=_power_gradient, expand=_power_expand)
def power_norm(x, /, axis=None, ord=2.0, keepdims=False):  # type: ignore[no-untyped-def]
    """(sum of abs(x)^ord)^(1/ord), scaled so that nothing overflows. See :func:`norm`."""
    size = np.abs(x)
    top = (
        size.max(axis=axis, keepdims=True, initial=0)
        if ord > 0
        else size.min(axis=axis, keepdims=True, initial=np.inf)
    )
    scale = np.where((top != 0) & np.isfinite(top), top, x.dtype.type(1))
    total = np.sum(np.power(size / scale, x.dtype.type(ord)), axis=axis, keepdims=True, dtype=x.dtype)
    result = np.power(total, x.dtype.type(1 / ord)) * scale
    return result if keepdims else np.squeeze(result, axis)


def norm(x: Any, /, *, ord: float = 2, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Vector norm over ``axis`` (all elements by default): (sum of abs(x)^ord)^(1/ord).

    ``ord``: 2 (Euclidean), 1, ``inf`` (largest magnitude), ``-inf`` (smallest), 0 (number of nonzero elements), or any
    other number. Nothing overflows on the way; the gradient where the norm is 0 is 0.

    >>> norm([3.0, 4.0]).item(), norm([3.0, -4.0], ord=1).item()
    (5.0, 7.0)
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    if ord == 2:
        return euclidean_norm(x, axis=axis, keepdims=keepdims)
    if ord == 1:
        return sum(abs_(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return astype(count_nonzero(x, axis=axis, keepdims=keepdims), x.dtype)
    if math.isinf(ord):
        return (max if ord > 0 else min)(abs_(x), axis=axis, keepdims=keepdims)
    return power_norm(x, axis=axis, ord=float(ord), keepdims=keepdims)


def sum_of_squares(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum of the squared elements over ``axis``.

    >>> sum_of_squares([3.0, 4.0]).item()
    25.0
    """
    return sum(square(x), axis=axis, keepdims=keepdims)
