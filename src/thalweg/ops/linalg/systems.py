"""Systems of equations, inverses and determinants."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.errors import ShapeError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.elementwise import add, multiply, negative, subtract
from thalweg.ops.families import broadcast_shapes
from thalweg.ops.linalg.matrices import (
    expanded,
    matrix_shape,
    on_host,
    square_family,
    square_shape,
    to_factorable,
    transposed,
)
from thalweg.ops.reduce import sum

SINGULAR = "the matrix has no inverse in this precision; add to its diagonal, or use lstsq or pinv"


def _solve_infer(a: Spec, b: Spec) -> Spec:
    matrix = square_shape(a)
    if b.shape is None or not b.shape:
        raise fail(ShapeError, "b must be a vector or a matrix", received=str(b))
    vector = len(b.shape) == 1
    rows = b.shape[-1 if vector else -2]
    if None not in (rows, matrix[-1]) and rows != matrix[-1]:
        raise fail(ShapeError, "a and b have different numbers of rows", expected=matrix[-1], received=rows)
    if vector:
        return Spec(matrix[:-1], b.dtype)
    batch = broadcast_shapes(matrix[:-2], b.shape[:-2])
    assert batch is not None
    return Spec((*batch, *b.shape[-2:]), b.dtype)


def _solve_gradient(g: Tensor, x: Tensor, a: Tensor, b: Tensor) -> list[Any]:
    if b.ndim > 1:
        turned = solve(transposed(a), g)
        return [lambda: negative(matmul(turned, transposed(x))), turned]
    column = solve(transposed(a), shape_ops.expand_dims(g, -1))
    return [
        lambda: negative(multiply(column, shape_ops.expand_dims(x, -2))),
        lambda: sum(column, axis=-1),
    ]


@make_op({}, infer=_solve_infer, prepare=to_factorable, grad=_solve_gradient)
def solve(a, b, /):  # type: ignore[no-untyped-def]
    """x such that a @ x = b, for square a; b is a vector, or a stack of matrices whose columns are solved for.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    if b.ndim == 1:
        return on_host("solve", SINGULAR, lambda: np.linalg.solve(a, b[:, None]))[..., 0]
    return on_host("solve", SINGULAR, lambda: np.linalg.solve(a, b))


def _inv_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [lambda: negative(matmul(transposed(y), matmul(g, transposed(y))))]


@make_op(square_family, grad=_inv_gradient)
def inv(x, /):  # type: ignore[no-untyped-def]
    """The inverse of each square matrix; ``solve(a, b)`` is faster and more exact than ``inv(a) @ b``.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return on_host("inv", SINGULAR, lambda: np.linalg.inv(x))


def _pinv_gradient(g: Tensor, p: Tensor, a: Tensor, **_: Any) -> list[Any]:
    """Golub and Pereyra: dP = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P."""

    def rule() -> Tensor:
        gt, pt = transposed(g), transposed(p)
        left = matmul(gt, matmul(p, pt))
        right = matmul(matmul(pt, p), gt)
        outside = subtract(left, matmul(a, matmul(p, left)))
        inside = subtract(right, matmul(matmul(right, p), a))
        return add(subtract(outside, matmul(pt, matmul(g, pt))), inside)

    return [rule]


def _pinv_infer(x: Spec, **_: Any) -> Spec:
    shape = matrix_shape(x)
    return Spec((*shape[:-2], shape[-1], shape[-2]), x.dtype)


@make_op({}, infer=_pinv_infer, prepare=to_factorable, grad=_pinv_gradient)
def pinv(x, /, rtol=None):  # type: ignore[no-untyped-def]
    """The Moore-Penrose inverse: [..., m, n] to [..., n, m].

    Singular values under ``rtol`` times the largest count as zero (max(m, n) * eps unless given). The gradient is that
    of a neighbourhood of constant rank.

    >>> pinv([[2.0], [0.0]]).tolist()
    [[0.5, 0.0]]
    """
    rtol = max(x.shape[-2:]) * np.finfo(x.dtype).eps if rtol is None else rtol
    return on_host("pinv", "are all elements finite?", lambda: np.linalg.pinv(x, rcond=rtol))


def lstsq(a: Any, b: Any, /, *, rtol: float | None = None) -> Tensor:
    """The x of least length that minimises |a @ x - b|: a is [..., m, n], b a vector [m] or [..., m, k].

    >>> round(lstsq([[1.0], [1.0]], [1.0, 3.0]).item(), 5)
    2.0
    """
    return matmul(pinv(a, rtol=rtol), b)


# --- determinants ---------------------------------------------------------------------------------------------------


def _scalars(x: Spec) -> Spec:
    return Spec(square_shape(x)[:-2], x.dtype)


def _det_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [lambda: multiply(expanded(g, 2), _cofactors(x))]


@make_op({}, infer=_scalars, prepare=to_factorable, grad=_det_gradient)
def det(x, /):  # type: ignore[no-untyped-def]
    """The determinant of each square matrix. Its gradient, the cofactors, exists for singular matrices too.

    >>> det([[2.0, 0.0], [0.0, 4.0]]).item()
    8.0
    """
    return np.linalg.det(x)


def _cofactors_gradient(h: Tensor, c: Tensor, x: Tensor) -> list[Any]:
    """With B = inv(x)^T and C = det(x) B: sum(h * B) C - C h^T B."""

    def rule() -> Tensor:
        b = transposed(inv(x))
        along = sum(multiply(h, b), axis=(-2, -1), keepdims=True)
        return subtract(multiply(along, c), matmul(c, matmul(transposed(h), b)))

    return [rule]


@make_op(square_family, grad=_cofactors_gradient)
def _cofactors(x, /):  # type: ignore[no-untyped-def]
    """det(x) * inv(x)^T, also where that is 0 times infinity: from the singular values, each left out once."""
    if not x.size:
        return x
    u, s, vh = on_host("det", "are all elements finite?", lambda: np.linalg.svd(x))
    others = np.broadcast_to(s[..., None, :], (*s.shape, s.shape[-1])).copy()
    index = np.arange(s.shape[-1])
    others[..., index, index] = 1
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (u * others.prod(-1)[..., None, :]) @ vh


def _slogdet_gradient(g: Any, y: Any, x: Tensor) -> list[Any]:
    if g[1] is None:
        return [lambda: shape_ops.full_like(x, 0)]
    return [lambda: multiply(expanded(g[1], 2), transposed(inv(x)))]


@make_op(
    {},
    name="slogdet",
    infer=lambda x: (_scalars(x), _scalars(x)),
    prepare=to_factorable,
    grad=_slogdet_gradient,
)
def _slogdet(x, /):  # type: ignore[no-untyped-def]
    """See :func:`slogdet`."""
    sign, logarithm = np.linalg.slogdet(x)
    return np.asarray(sign), np.asarray(logarithm)


class SlogdetResult(NamedTuple):
    """What :func:`slogdet` returns."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(x: Any, /) -> SlogdetResult:
    """(sign, log of the absolute value) of each determinant: no overflow; (0, -inf) for a singular matrix.

    >>> [t.item() for t in slogdet([[1.0, 0.0], [0.0, -1.0]])]
    [-1.0, 0.0]
    """
    return SlogdetResult(*_slogdet(x))
