"""``theano.tensor.nlinalg``: matrices."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import common, floats
from thalweg.compat.theano.tensor.basic import diag, norm, prod, reshape, stack, trace
from thalweg.compat.theano.variable import TensorVariable, lengths_of, wrap

__all__ = [
    "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "lstsq", "matrix_dot", "matrix_inverse", "matrix_power",
    "norm", "pinv", "qr", "svd", "tensorinv", "tensorsolve", "trace", "AllocDiag", "ExtractDiag", "MatrixInverse",
    "MatrixPinv", "Det",
]  # fmt: skip

alloc_diag = extract_diag = diag


def matrix_inverse(x: Any) -> TensorVariable:
    """The inverse of a square matrix."""
    return TensorVariable(tw.linalg.inv(*floats(x)))


def pinv(x: Any) -> TensorVariable:
    """The pseudo-inverse."""
    return TensorVariable(tw.linalg.pinv(*floats(x)))


def det(x: Any) -> TensorVariable:
    """The determinant."""
    return TensorVariable(tw.linalg.det(*floats(x)))


def eigh(x: Any, UPLO: str = "L") -> list[TensorVariable]:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    return wrap(list(tw.linalg.eigh(*floats(x))))


def eig(x: Any) -> list[TensorVariable]:
    """Not supported for general matrices, whose eigenvalues are complex."""
    raise NotImplementedError(
        "theano.tensor.nlinalg.eig: eigenvalues may be complex; eigh takes symmetric matrices"
    )


def svd(a: Any, full_matrices: int = 1, compute_uv: int = 1) -> Any:
    """Singular values, with the two bases unless ``compute_uv=0``."""
    (t,) = floats(a)
    if not compute_uv:
        return TensorVariable(tw.linalg.svdvals(t))
    return wrap(list(tw.linalg.svd(t, full_matrices=bool(full_matrices))))


def qr(a: Any, mode: str = "reduced") -> Any:
    """An orthogonal and a triangular factor."""
    (t,) = floats(a)
    if mode == "r":
        return TensorVariable(tw.linalg.qr(t)[1])
    return wrap(list(tw.linalg.qr(t, mode="complete" if mode == "complete" else "reduced")))


def lstsq(x: Any, y: Any, rcond: Any = None) -> TensorVariable:
    """The least-squares solution."""
    return TensorVariable(tw.linalg.lstsq(*floats(x, y), rtol=rcond))


def matrix_power(M: Any, n: int) -> TensorVariable:
    """The matrix multiplied with itself n times."""
    return TensorVariable(tw.linalg.matrix_power(*floats(M), n))


def matrix_dot(*args: Any) -> TensorVariable:
    """The product of several matrices."""
    first, *rest = common(*args)
    for other in rest:
        first = tw.matmul(first, other)
    return TensorVariable(first)


def tensorinv(a: Any, ind: int = 2) -> TensorVariable:
    """The inverse of ``tensordot`` with a, whose first ``ind`` axes hold as many elements as the others."""
    (t,) = floats(a)
    shape = t.known_shape()
    rows = 1
    for d in shape[:ind]:
        rows *= int(d or 0)
    flat = tw.linalg.inv(tw.reshape(t, (rows, -1)))
    return TensorVariable(tw.reshape(flat, (*shape[ind:], *shape[:ind])))


def tensorsolve(a: Any, b: Any, axes: Any = None) -> TensorVariable:
    """The tensor x whose ``tensordot`` with a over all its axes is b."""
    left, right = floats(a, b)
    if axes is not None:
        order = [k for k in range(left.ndim) if k not in axes] + [int(k) for k in axes]
        left = tw.permute_dims(left, tuple(order))
    rest = lengths_of(left)[right.ndim :]
    flat = tw.linalg.solve(reshape(TensorVariable(left), [-1, prod(stack(rest))]).tensor, tw.flatten(right))
    return reshape(TensorVariable(flat), rest)


def _as_op(function: Any, doc: str) -> type:
    """The class of an op without settings: ``MatrixInverse()(x)``."""
    return type("Op", (), {"__call__": staticmethod(function), "__doc__": doc})


MatrixInverse = _as_op(matrix_inverse, ":func:`matrix_inverse` as an op.")
MatrixPinv, Det = _as_op(pinv, ":func:`pinv` as an op."), _as_op(det, ":func:`det` as an op.")
AllocDiag = ExtractDiag = _as_op(diag, ":func:`diag` as an op.")
