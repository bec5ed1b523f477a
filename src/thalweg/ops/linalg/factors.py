"""Factorisations: Cholesky, QR, eigenvalues of symmetric matrices, singular values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.errors import ArgumentError, GradientError, MatrixError, fail
from thalweg.graph.lengths import shorter
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import diagonal, matmul
from thalweg.ops.elementwise import add, divide, equal, multiply, subtract, where
from thalweg.ops.linalg import blocks
from thalweg.ops.linalg.lapack import on_host
from thalweg.ops.linalg.matrices import (
    columns_scaled,
    diagonal_matrix,
    matrix_shape,
    square_family,
    square_shape,
    symmetric,
    to_factorable,
    transposed,
    triangle_of,
)


def _cholesky_gradient(g: Tensor, y: Tensor, x: Tensor, *, upper: bool) -> list[Any]:
    """Smith, Murray: the symmetric part of L^-T Phi(L^T g) L^-1, Phi the lower triangle with half the diagonal."""

    def rule() -> Tensor:
        factor, slope = (y, transposed(g)) if upper else (transposed(y), g)
        phi = triangle_of(matmul(factor, slope), True, 0.5)
        half = blocks.triangular(factor, transposed(phi), lower=False)
        return symmetric(blocks.triangular(factor, transposed(half), lower=False))

    return [rule]


_NOT_POSITIVE = "the matrix must be positive definite"


@make_op({}, infer=lambda d: Spec((*d.shape[:-1], 1, 1), d.dtype), refuses=True)
def _positive(d, /):  # type: ignore[no-untyped-def]
    """A 1 for each matrix, where the diagonal of no factor is NaN."""
    if np.isnan(d).any():
        raise fail(MatrixError, "cholesky: Matrix is not positive definite", hint=_NOT_POSITIVE)
    return np.ones((*d.shape[:-1], 1, 1), d.dtype)


def _cholesky_expand(x: Tensor, *, upper: bool) -> Any:
    if not blocks.has_parts(x):
        return None
    factor = blocks.upper_factor(symmetric(x))
    factor = multiply(factor, _positive(diagonal(factor)))
    return factor if upper else transposed(factor)


@make_op(square_family, grad=_cholesky_gradient, expand=_cholesky_expand, refuses=True)
def cholesky(x, /, upper=False):  # type: ignore[no-untyped-def]
    """The lower triangular L with L L^T = x, for a symmetric positive definite x (its symmetric part is taken).

    ``upper`` gives L^T. The gradient is symmetric.

    >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    even = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    factor = on_host("cholesky", _NOT_POSITIVE, np.linalg.cholesky, even)
    return np.swapaxes(factor, -1, -2) if upper else factor


def _qr_infer(x: Spec, *, mode: str) -> tuple[Spec, Spec]:
    if mode not in ("reduced", "complete"):
        raise fail(ArgumentError, "mode", expected='"reduced" or "complete"', received=repr(mode))
    *batch, m, n = matrix_shape(x)
    inner = m if mode == "complete" else shorter(m, n)
    return Spec((*batch, m, inner), x.dtype), Spec((*batch, inner, n), x.dtype)


def _qr_gradient(g: Any, y: Any, x: Tensor, *, mode: str) -> list[Any]:
    """Walter, Lehmann: (gQ + Q copyltu(R gR^T - gQ^T Q)) R^-T, for x with at least as many rows as columns."""

    def rule() -> Tensor:
        q, r = y
        if (
            None in x.shape[-2:]
            or x.shape[-2] < x.shape[-1]
            or (mode == "complete" and x.shape[-2] != x.shape[-1])
        ):
            raise fail(
                GradientError, "qr: no gradient for this shape and mode",
                expected='at least as many rows as columns, mode="reduced"',
                received=f'{shape_text(x.shape)}, mode="{mode}"',
            )  # fmt: skip
        gq = shape_ops.full_like(q, 0) if g[0] is None else g[0]
        gr = shape_ops.full_like(r, 0) if g[1] is None else g[1]
        m = triangle_of(subtract(matmul(r, transposed(gr)), matmul(transposed(gq), q)), True, 0.5)
        inner = add(gq, matmul(q, add(m, transposed(m))))
        return transposed(blocks.triangular(r, transposed(inner), lower=False))

    return [rule]


@make_op({}, name="qr", infer=_qr_infer, prepare=to_factorable, grad=_qr_gradient)
def _qr(x, /, mode="reduced"):  # type: ignore[no-untyped-def]
    """See :func:`qr`."""
    return on_host("qr", "are all elements finite?", lambda x: tuple(np.linalg.qr(x, mode=mode)), x)


class QRResult(NamedTuple):
    """What :func:`qr` returns."""

    Q: Tensor
    R: Tensor


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """(Q, R) with Q R = x, Q of orthonormal columns and R upper triangular; ``mode="complete"`` makes Q square.

    >>> q, r = qr([[3.0], [4.0]])
    >>> abs(r).tolist()
    [[5.0]]
    """
    return QRResult(*_qr(x, mode=mode))


def _gaps(values: Any) -> Any:
    """1 / (v_j - v_i), zero on the diagonal and between equal values."""
    difference = subtract(shape_ops.expand_dims(values, -2), shape_ops.expand_dims(values, -1))
    same = equal(difference, 0)
    return where(same, 0, divide(1, where(same, 1, difference)))


def _eigh_infer(x: Spec) -> tuple[Spec, Spec]:
    shape = square_shape(x)
    return Spec(shape[:-1], x.dtype), Spec(shape, x.dtype)


def _eigh_gradient(g: Any, y: Any, x: Tensor) -> list[Any]:
    """V (diag(gw) + F * (V^T gV)) V^T, F_ij = 1 / (w_j - w_i); its symmetric part."""

    def rule() -> Tensor:
        w, v = y
        inner: Any = None
        if g[1] is not None:
            inner = multiply(_gaps(w), matmul(transposed(v), g[1]))
        if g[0] is not None:
            own = diagonal_matrix(g[0], x)
            inner = own if inner is None else add(inner, own)
        return symmetric(matmul(v, matmul(inner, transposed(v))))

    return [rule]


@make_op({}, name="eigh", infer=_eigh_infer, prepare=to_factorable, grad=_eigh_gradient)
def _eigh(x, /):  # type: ignore[no-untyped-def]
    """See :func:`eigh`."""
    even = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    return on_host("eigh", "are all elements finite?", lambda x: tuple(np.linalg.eigh(x)), even)


class EighResult(NamedTuple):
    """What :func:`eigh` returns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(x: Any, /) -> EighResult:
    """(eigenvalues in ascending order, eigenvectors as columns) of symmetric matrices (the symmetric part is taken).

    The gradient is symmetric; between equal eigenvalues, where eigenvectors have none, it is taken as 0.

    >>> values, vectors = eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> values.tolist()
    [1.0, 2.0]
    """
    return EighResult(*_eigh(x))


@make_op(
    {},
    infer=lambda x: _eigh_infer(x)[0],
    prepare=to_factorable,
    grad=lambda g, y, x: _eigh_gradient((g, None), _eigh(x), x),
)
def eigvalsh(x, /):  # type: ignore[no-untyped-def]
    """The eigenvalues of symmetric matrices in ascending order.

    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [1.0, 2.0]
    """
    even = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    return on_host("eigvalsh", "are all elements finite?", np.linalg.eigvalsh, even)


def _svd_infer(x: Spec, *, full_matrices: bool) -> tuple[Spec, Spec, Spec]:
    *batch, m, n = matrix_shape(x)
    k = shorter(m, n)
    left, right = (m, n) if full_matrices else (k, k)
    return Spec((*batch, m, left), x.dtype), Spec((*batch, k), x.dtype), Spec((*batch, right, n), x.dtype)


def _svd_gradient(g: Any, y: Any, x: Tensor, *, full_matrices: bool) -> list[Any]:
    """Townsend's formula for the thin factors; what leaves the column spaces is divided by the singular values."""
    if (
        full_matrices
        and (g[0] is not None or g[2] is not None)
        and (None in x.shape or x.shape[-1] != x.shape[-2])
    ):
        raise fail(
            GradientError, "svd: no gradient of the full factors", hint="use svd(x, full_matrices=False)"
        )
    return [lambda: _svd_rule(g, y, x)]


def _svd_rule(g: Any, y: Any, x: Tensor) -> Any:
    if g[0] is None and g[2] is None:
        u, s, vh = svd(x, full_matrices=False)
    else:
        u, s, vh = y
    v = transposed(vh)
    parts: list[Any] = []
    gaps = _gaps(multiply(s, s)) if g[0] is not None or g[2] is not None else None
    if g[1] is not None:
        parts.append(matmul(columns_scaled(u, g[1]), vh))
    if g[0] is not None:
        turn = matmul(transposed(u), g[0])
        inner = columns_scaled(multiply(gaps, subtract(turn, transposed(turn))), s)
        beyond = columns_scaled(subtract(g[0], matmul(u, turn)), _inverses(s))
        parts.append(matmul(add(matmul(u, inner), beyond), vh))
    if g[2] is not None:
        gv = transposed(g[2])
        turn = matmul(vh, gv)
        inner = multiply(multiply(gaps, subtract(turn, transposed(turn))), shape_ops.expand_dims(s, -1))
        beyond = columns_scaled(subtract(gv, matmul(v, turn)), _inverses(s))
        parts.append(matmul(u, add(matmul(inner, vh), transposed(beyond))))
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    return total


def _inverses(s: Any) -> Any:
    zero = equal(s, 0)
    return where(zero, 0, divide(1, where(zero, 1, s)))


@make_op({}, name="svd", infer=_svd_infer, prepare=to_factorable, grad=_svd_gradient)
def _svd(x, /, full_matrices=True):  # type: ignore[no-untyped-def]
    """See :func:`svd`."""
    return on_host(
        "svd", "are all elements finite?", lambda x: tuple(np.linalg.svd(x, full_matrices=full_matrices)), x
    )


class SVDResult(NamedTuple):
    """What :func:`svd` returns."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """(U, S, V^T) with U diag(S) V^T = x, S descending; ``full_matrices=False`` keeps min(m, n) columns and rows.

    U and V^T have gradients where ``full_matrices`` is False (or x is square), S always; between equal singular values,
    where the vectors have none, it is taken as 0.

    >>> svd([[3.0, 0.0], [0.0, 4.0]])[1].tolist()
    [4.0, 3.0]
    """
    return SVDResult(*_svd(x, full_matrices=full_matrices))


@make_op(
    {},
    infer=lambda x: _svd_infer(x, full_matrices=False)[1],
    prepare=to_factorable,
    grad=lambda g, y, x: [lambda: _svd_rule((None, g, None), None, x)],
)
def svdvals(x, /):  # type: ignore[no-untyped-def]
    """The singular values, descending: [..., m, n] to [..., min(m, n)].

    >>> svdvals([[3.0, 0.0], [0.0, 4.0]]).tolist()
    [4.0, 3.0]
    """
    return on_host("svdvals", "are all elements finite?", lambda x: np.linalg.svd(x, compute_uv=False), x)
