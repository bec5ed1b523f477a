"""Diagonals, powers, ranks and vector products: what is written with the rest of linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text
from thalweg.ops import tiling
from thalweg.ops.contract import diagonal as plain_diagonal
from thalweg.ops.contract import matmul
from thalweg.ops.elementwise import multiply, subtract
from thalweg.ops.families import broadcast_shapes, to_floats, to_numbers
from thalweg.ops.linalg.factors import svdvals
from thalweg.ops.linalg.matrices import eye_like, matrix_shape, square_shape
from thalweg.ops.linalg.systems import inv


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The diagonals of the last two axes, ``offset`` columns to the right: [..., m, n] to [..., k].

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return plain_diagonal(x, offset=offset)


def matrix_power(x: Any, n: int, /) -> Tensor:
    """x times itself n times; the identity for n = 0, the inverse's power for n < 0.

    >>> matrix_power([[1.0, 1.0], [0.0, 1.0]], 5).tolist()
    [[1.0, 5.0], [0.0, 1.0]]
    """
    (x,) = to_numbers(convert_operands([x]), {})[0]
    square_shape(x.specs[0])
    if not isinstance(n, (int, np.integer)):
        raise fail(ArgumentError, "matrix_power: n", expected="an int", received=repr(n))
    if n < 0:
        return matrix_power(inv(x), -n)
    result: Tensor | None = None
    while n:
        if n & 1:
            result = x if result is None else matmul(result, x)
        n >>= 1
        x = matmul(x, x) if n else x
    return eye_like(x) if result is None else result


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Tensor:
    """The number of singular values above ``rtol`` times the largest (max(m, n) * eps unless given), as int64.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    shape = matrix_shape(x.specs[0])
    if rtol is None:
        if None in shape[-2:]:
            raise fail(
                ShapeError, "matrix_rank: x", expected="known last axes, or rtol", received=shape_text(shape)
            )
        rtol = max([d or 0 for d in shape[-2:]]) * float(np.finfo(x.dtype).eps)
    return _rank(svdvals(x), rtol)


@make_op({}, infer=lambda s, rtol: Spec(s.shape[:-1], dtypes.int64))
def _rank(s, rtol, /):  # type: ignore[no-untyped-def]
    """How many of each vector's values exceed the tolerance times their largest."""
    limit = np.max(s, axis=-1, keepdims=True, initial=0) * np.expand_dims(rtol, -1)
    return np.sum(s > limit, axis=-1, dtype=np.int64)


def _cross_infer(x: Spec, y: Spec, *, axis: int) -> Spec:
    if x.shape is None or y.shape is None or not x.shape or not y.shape:
        raise fail(ShapeError, "two tensors with an axis of length 3 are needed", received=f"{x} and {y}")
    if any(s[axis] not in (3, None) for s in (x.shape, y.shape)):
        raise fail(ShapeError, "the axis must have length 3", received=f"{x} and {y} on axis {axis}")
    return Spec(broadcast_shapes(x.shape, y.shape), x.dtype)


def _cross_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_numbers(tensors, attrs)
    rank = max(t.ndim for t in tensors)
    axis = checked_axis(attrs["axis"], rank, "cross") - rank
    if any(t.ndim < -axis for t in tensors):
        raise fail(ShapeError, "cross: an operand lacks the axis", received=f"axis={attrs['axis']}")
    return tensors, {"axis": axis}


def _cross_expand(x: Tensor, y: Tensor, *, axis: int) -> Tensor:
    """Element i is x[i + 1] y[i + 2] - x[i + 2] y[i + 1], the indices taken modulo 3."""
    x1, x2, y1, y2 = (tiling.roll(v, -k, axis=axis) for v in (x, y) for k in (1, 2))
    return subtract(multiply(x1, y2), multiply(x2, y1))


def _cross_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor, *, axis: int) -> list[Any]:
    return [lambda: cross(y, g, axis=axis), lambda: cross(g, x, axis=axis)]


@make_op({}, infer=_cross_infer, prepare=_cross_prepare, grad=_cross_gradient, expand=_cross_expand)
def cross(x, y, /, axis=-1):  # type: ignore[no-untyped-def]
    """The vector product over an axis of length 3; the other axes broadcast.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.cross(x, y, axis=axis)
