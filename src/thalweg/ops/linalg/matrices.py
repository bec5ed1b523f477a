"""Matrices on the last two axes: what the ops of linear algebra ask of them, and parts and products of them."""

from __future__ import annotations

from typing import Any

from thalweg.errors import DTypeError, ShapeError, fail
from thalweg.graph.tensor import Spec, Tensor, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import diagonal as plain_diagonal
from thalweg.ops.contract import embed_diagonal, matrix_transpose
from thalweg.ops.elementwise import add, multiply
from thalweg.ops.families import to_floats
from thalweg.ops.triangles import tril, triu


def to_factorable(tensors: Any, attrs: dict[str, Any]) -> Any:
    """Operands as floats that LAPACK takes."""
    tensors, attrs = to_floats(tensors, attrs)
    if tensors[0].dtype.itemsize < 4:
        raise fail(
            DTypeError, "matrices of half precision cannot be factored", expected="float32 or float64",
            received=tensors[0].dtype.name, hint="cast with astype(x, 'float32')",
        )  # fmt: skip
    return tensors, attrs


def matrix_shape(x: Spec) -> tuple[int | None, ...]:
    """The shape of something with at least two axes."""
    if x.shape is None or len(x.shape) < 2:
        raise fail(
            ShapeError, "a matrix, or a stack of them, is needed", expected="at least 2 axes", received=str(x)
        )
    return x.shape


def square_shape(x: Spec) -> tuple[int | None, ...]:
    """The shape of square matrices."""
    shape = matrix_shape(x)
    if None not in shape[-2:] and shape[-2] != shape[-1]:
        raise fail(
            ShapeError,
            "a square matrix is needed",
            expected="equal last two axes",
            received=shape_text(shape),
        )
    return shape


def _infer_square(x: Spec, **_: Any) -> Spec:
    return Spec(square_shape(x), x.dtype)


square_family: dict[str, Any] = {"infer": _infer_square, "prepare": to_factorable}


def transposed(x: Any) -> Tensor:
    """Each matrix with rows and columns exchanged."""
    return matrix_transpose(x)


def expanded(x: Any, axes: int) -> Tensor:
    """Scalars of a batch, ready to scale matrices."""
    return shape_ops.expand_dims(x, tuple(range(-axes, 0))) if axes else x


def symmetric(x: Any) -> Any:
    """The symmetric part of each matrix."""
    return multiply(add(x, transposed(x)), 0.5)


def mirrored(x: Any) -> Any:
    """Symmetric matrices of the lower triangles alone."""
    return add(tril(x), transposed(tril(x, k=-1)))


def triangle_of(x: Any, lower: bool, weight: float) -> Any:
    """The lower (or upper) triangle, the diagonal times ``weight``, zero elsewhere."""
    whole, inside = (tril(x), tril(x, k=-1)) if lower else (triu(x), triu(x, k=1))
    return add(multiply(whole, weight), multiply(inside, 1 - weight))


def eye_like(x: Tensor) -> Tensor:
    """The identity matrix under each matrix of x (or its upper left part)."""
    ones = shape_ops.full_like(plain_diagonal(x), 1)
    return embed_diagonal(ones, x, offset=0, axis1=x.ndim - 2, axis2=x.ndim - 1)


def diagonal_matrix(d: Any, like: Tensor) -> Any:
    """Vectors as the diagonals of matrices shaped as ``like``."""
    return embed_diagonal(d, like, offset=0, axis1=like.ndim - 2, axis2=like.ndim - 1)


def columns_scaled(x: Any, s: Any) -> Any:
    """Each column of x times its element of s."""
    return multiply(x, shape_ops.expand_dims(s, -2))
