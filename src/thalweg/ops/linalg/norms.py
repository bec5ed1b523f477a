"""Norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor, checked_axis, constant
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import abs, divide, equal, multiply, not_equal, pow, sqrt, where
from thalweg.ops.families import to_floats
from thalweg.ops.linalg.factors import svdvals
from thalweg.ops.linalg.matrices import expanded, matrix_shape
from thalweg.ops.reduce import max, min, normal_axes, reduced, sum


def _length_gradient(g: Any, y: Any, x: Any, *, axis: Any, keepdims: bool) -> list[Any]:
    """x / |x|, and 0 at 0."""

    def rule() -> Tensor:
        length = y if keepdims or not axis else shape_ops.expand_dims(y, axis)
        slope = g if keepdims or not axis else shape_ops.expand_dims(g, axis)
        zero = equal(length, 0)
        return multiply(slope, where(zero, 0, divide(x, where(zero, 1, length))))

    return [rule]


def _length_expand(x: Any, *, axis: Any, keepdims: bool) -> Tensor:
    """Scaled by the largest element, so that squares neither overflow nor vanish."""
    if not x.size:
        return sum(x, axis=axis, keepdims=keepdims)
    top = max(abs(x), axis=axis, keepdims=True)
    plain = where(equal(top, 0), True, equal(top, math.inf))
    scale = where(plain, 1, top)
    ratio = divide(x, scale)
    total = sqrt(sum(multiply(ratio, ratio), axis=axis, keepdims=True))
    result = multiply(scale, total)
    return result if keepdims else sum(result, axis=axis)


def _length_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    axis = normal_axes(attrs["axis"], tensors[0].specs[0], "vector_norm")
    return tensors, {"axis": axis, "keepdims": bool(attrs["keepdims"])}


@make_op({}, infer=reduced, prepare=_length_prepare, grad=_length_gradient, expand=_length_expand)
def _length(x, /, axis, keepdims):  # type: ignore[no-untyped-def]
    """The square root of the sum of squares over the axes."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where((top == 0) | np.isinf(top), x.dtype.type(1), top)
    total = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True, dtype=x.dtype)) * scale
    return total.astype(x.dtype, copy=False) if keepdims else np.sum(total, axis=axis, dtype=x.dtype)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The norm (sum of |x|^ord)^(1/ord) over ``axis`` (an int, a tuple, or None for all elements).

    ``ord`` may be inf or -inf (largest, smallest absolute value) and 0 (number of elements that are not 0). The
    Euclidean norm does not overflow, and its gradient at 0 is 0.

    >>> vector_norm([3.0, 4.0]).item()
    5.0
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    if ord == 2:
        return _length(x, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return max(abs(x), axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(
            where(not_equal(x, 0), constant(1, x.dtype), constant(0, x.dtype)), axis=axis, keepdims=keepdims
        )
    if ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    return pow(sum(pow(abs(x), ord), axis=axis, keepdims=keepdims), 1.0 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norm of each matrix over the last two axes.

    ``ord``: "fro" (root of the sum of squares), "nuc" (sum of singular values), 2 and -2 (largest and smallest
    singular value), 1 and -1 (largest and smallest column sum of absolute values), inf and -inf (row sums).

    >>> matrix_norm([[3.0, 0.0], [0.0, 4.0]]).item()
    5.0
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    matrix_shape(x.specs[0])
    if ord == "fro":
        return _length(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        result = (sum if ord == "nuc" else max if ord == 2 else min)(values, axis=-1)
    elif ord in (1, -1, math.inf, -math.inf):
        totals = sum(abs(x), axis=-2 if ord in (1, -1) else -1)
        result = (max if ord > 0 else min)(totals, axis=-1)
    else:
        raise fail(
            ArgumentError,
            "matrix_norm: ord",
            expected="fro, nuc, 1, -1, 2, -2, inf or -inf",
            received=repr(ord),
        )
    return expanded(result, 2) if keepdims else result


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """As ``numpy.linalg.norm``: a vector norm over one axis (or all), a matrix norm over two.

    >>> norm([[3.0, 0.0], [0.0, 4.0]]).item()
    5.0
    """
    (x,) = convert_operands([x])
    if ord is None:
        return vector_norm(x, axis=axis, keepdims=keepdims)
    if (axis is None and x.ndim == 1) or isinstance(axis, (int, np.integer)):
        return vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    if (axis is None and x.ndim != 2) or (axis is not None and len(axis) != 2):
        raise fail(
            ArgumentError,
            "norm: axis",
            expected="one axis for a vector, two for a matrix",
            received=repr(axis),
        )
    if axis is None:
        return matrix_norm(x, keepdims=keepdims, ord=ord)
    places = [checked_axis(a, x.ndim, "norm") for a in axis]
    order = [k for k in range(x.ndim) if k not in places] + places
    result = matrix_norm(shape_ops.permute_dims(x, order), ord=ord)
    return shape_ops.expand_dims(result, tuple(sorted(places))) if keepdims else result
