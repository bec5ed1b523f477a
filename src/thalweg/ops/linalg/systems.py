"""Systems of equations, inverses and determinants."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.errors import MatrixError, ShapeError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import diagonal, matmul
from thalweg.ops.elementwise import abs, add, astype, equal, log, multiply, negative, sign, subtract
from thalweg.ops.families import broadcast_shapes
from thalweg.ops.linalg import blocks
from thalweg.ops.linalg.lapack import on_host
from thalweg.ops.linalg.matrices import (
    expanded,
    matrix_shape,
    square_family,
    square_shape,
    to_factorable,
    transposed,
)
from thalweg.ops.reduce import prod, sum
from thalweg.ops.sort import argsort

SINGULAR = "the matrix has no inverse in this precision; add to its diagonal, or use lstsq or pinv"


def _solve_infer(a: Spec, b: Spec, *, adjoint: bool) -> Spec:
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


def _solve_gradient(g: Tensor, x: Tensor, a: Tensor, b: Tensor, *, adjoint: bool) -> list[Any]:
    if b.ndim > 1:
        turned = solve(a, g, adjoint=not adjoint)
        product = (x, turned) if adjoint else (turned, x)
        return [lambda: negative(matmul(product[0], transposed(product[1]))), turned]
    column = solve(a, shape_ops.expand_dims(g, -1), adjoint=not adjoint)
    row = shape_ops.expand_dims(x, -2)
    return [
        lambda: negative(transposed(multiply(column, row)) if adjoint else multiply(column, row)),
        lambda: sum(column, axis=-1),
    ]


@make_op(
    {},
    infer=lambda d, source, *, name: source,
    refuses=True,
)
def _regular(d, source, /, name):  # type: ignore[no-untyped-def]
    """The order of rows, where no pivot of a matrix is zero."""
    if np.any(d == 0):
        raise fail(MatrixError, f"{name}: Singular matrix", hint=SINGULAR)
    return source


def _factors(a: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """The factors in one, and the order of rows; a singular matrix is refused in the name of an op."""
    factors, source, _ = blocks.lu(a)
    return factors, _regular(diagonal(factors), source, name=name)


def _solve_expand(a: Tensor, b: Tensor, *, adjoint: bool) -> Any:
    """By the factors of a, or of their transposes in the other order."""
    if not blocks.has_parts(a):
        return None
    factors, source = _factors(a, "solve")
    columns = shape_ops.expand_dims(b, -1) if b.ndim == 1 else b
    batch = broadcast_shapes(a.shape[:-2], columns.shape[:-2])
    assert batch is not None
    factors, columns = (shape_ops.broadcast_to(t, (*batch, *t.shape[-2:])) for t in (factors, columns))
    source = shape_ops.broadcast_to(source, (*batch, *source.shape[-1:]))
    if adjoint:
        turned = transposed(factors)
        inner = blocks.triangular(turned, columns, lower=True)
        outer = blocks.triangular(turned, inner, lower=False, unit=True)
        x = blocks.rows_at(outer, argsort(source))
    else:
        inner = blocks.triangular(factors, blocks.rows_at(columns, source), lower=True, unit=True)
        x = blocks.triangular(factors, inner, lower=False)
    return shape_ops.squeeze(x, -1) if b.ndim == 1 else x


@make_op(
    {}, infer=_solve_infer, prepare=to_factorable, grad=_solve_gradient, expand=_solve_expand, refuses=True
)
def solve(a, b, /, adjoint=False):  # type: ignore[no-untyped-def]
    """x such that a @ x = b, for square a; b is a vector, or a stack of matrices whose columns are solved for.

    ``adjoint``: such that a^T @ x = b.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    a = np.swapaxes(a, -1, -2) if adjoint else a
    if b.ndim == 1:
        return on_host("solve", SINGULAR, lambda a: np.linalg.solve(a, b[:, None]), a)[..., 0]
    return on_host("solve", SINGULAR, np.linalg.solve, a, b)


def _inv_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [lambda: negative(matmul(transposed(y), matmul(g, transposed(y))))]


def _inverse(factors: Tensor, source: Tensor) -> Tensor:
    """The inverse of what has these factors."""
    columns = shape_ops.iota_like(factors, -1)
    ones = astype(equal(columns, shape_ops.expand_dims(source, -1)), factors.dtype)
    inner = blocks.triangular(factors, ones, lower=True, unit=True)
    return blocks.triangular(factors, inner, lower=False)


def _inv_expand(x: Tensor) -> Any:
    return _inverse(*_factors(x, "inv")) if blocks.has_parts(x) else None


@make_op(square_family, grad=_inv_gradient, expand=_inv_expand, refuses=True)
def inv(x, /):  # type: ignore[no-untyped-def]
    """The inverse of each square matrix; ``solve(a, b)`` is faster and more exact than ``inv(a) @ b``.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return on_host("inv", SINGULAR, np.linalg.inv, x)


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
    return on_host("pinv", "are all elements finite?", lambda x: np.linalg.pinv(x, rcond=rtol), x)


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


def _signs_and_pivots(x: Tensor) -> tuple[Tensor, Tensor]:
    factors, _, signs = blocks.lu(x)
    return prod(signs, axis=-1), diagonal(factors)


def _det_expand(x: Tensor) -> Any:
    if not blocks.has_parts(x):
        return None
    sign, pivots = _signs_and_pivots(x)
    return multiply(sign, prod(pivots, axis=-1))


@make_op({}, infer=_scalars, prepare=to_factorable, grad=_det_gradient, expand=_det_expand)
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


def _well_conditioned(x: np.ndarray, d: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Where d times the inverse keeps half of the digits at least."""
    sizes = [np.abs(a).sum(-1).max(-1) for a in (x, inverse)]
    return (d != 0) & np.isfinite(d) & (sizes[0] * sizes[1] < np.finfo(x.dtype).eps ** -0.5)


@make_op({}, infer=lambda x, d, inverse: x)
def _cofactors_from(x, d, inverse, /):  # type: ignore[no-untyped-def]
    """det(x) * inv(x)^T of both, but from the singular values, each left out once, where the inverse is lost."""
    made = d[..., None, None] * np.swapaxes(inverse, -1, -2)
    lost = ~_well_conditioned(x, d, inverse)
    if lost.any():
        u, s, vh = on_host("det", "are all elements finite?", lambda x: tuple(np.linalg.svd(x)), x[lost])
        others = np.repeat(s[..., None, :], s.shape[-1], -2)
        index = np.arange(s.shape[-1])
        others[..., index, index] = 1
        sign = np.linalg.det(u) * np.linalg.det(vh)
        made[lost] = sign[..., None, None] * (u * others.prod(-1)[..., None, :]) @ vh
    return made


def _cofactors_expand(x: Tensor) -> Any:
    if not blocks.has_parts(x):
        return None
    factors, source, _ = blocks.lu(x)
    return _cofactors_from(x, det(x), _inverse(factors, source))


@make_op(square_family, grad=_cofactors_gradient, expand=_cofactors_expand, refuses=True)
def _cofactors(x, /):  # type: ignore[no-untyped-def]
    """det(x) * inv(x)^T, also where that is 0 times infinity."""
    if not x.size:
        return x
    d = np.linalg.det(x)
    inverse = np.full_like(x, np.nan)
    inverse[d != 0] = np.linalg.inv(x[d != 0])
    return _cofactors_from.meaning(x, d, inverse)


def _slogdet_gradient(g: Any, y: Any, x: Tensor) -> list[Any]:
    if g[1] is None:
        return [lambda: shape_ops.full_like(x, 0)]
    return [lambda: multiply(expanded(g[1], 2), transposed(inv(x)))]


def _slogdet_expand(x: Tensor) -> Any:
    if not blocks.has_parts(x):
        return None
    signs, pivots = _signs_and_pivots(x)
    return multiply(signs, prod(sign(pivots), axis=-1)), sum(log(abs(pivots)), axis=-1)


@make_op(
    {},
    name="slogdet",
    infer=lambda x: (_scalars(x), _scalars(x)),
    prepare=to_factorable,
    grad=_slogdet_gradient,
    expand=_slogdet_expand,
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
