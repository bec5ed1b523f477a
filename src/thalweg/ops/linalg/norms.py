"""Norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, checked_axis
from thalweg.ops import norms
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import abs
from thalweg.ops.families import to_floats
from thalweg.ops.linalg.factors import svdvals
from thalweg.ops.linalg.matrices import expanded, matrix_shape
from thalweg.ops.reduce import max, min, sum


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The norm (sum of |x|^ord)^(1/ord) over ``axis`` (an int, a tuple, or None for all elements).

    ``ord`` may be inf or -inf (largest, smallest absolute value) and 0 (number of elements that are not 0). The
    Euclidean norm does not overflow, and its gradient at 0 is 0.

    >>> vector_norm([3.0, 4.0]).item()
    5.0
    """
    return norms.norm(x, ord=ord, axis=axis, keepdims=keepdims)


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
        return norms.euclidean_norm(x, axis=(-2, -1), keepdims=keepdims)
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
