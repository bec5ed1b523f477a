"""``tf.linalg``."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.values import axes, cast, number, pair, tensor
from thalweg.graph import tensor as core
from thalweg.ops import contract, linalg, triangles
from thalweg.ops import shape as shape_ops

matmul, matvec, tensordot, einsum = math.matmul, math.matvec, math.tensordot, math.einsum
eye, norm, matrix_transpose = arrays.eye, arrays.norm, arrays.matrix_transpose
l2_normalize = math.l2_normalize


def inv(input: Any, adjoint: bool = False, name: Any = None) -> Any:
    """The inverse of matrices."""
    made = linalg.inv(tensor(input))
    return contract.matrix_transpose(made) if adjoint else made


def det(input: Any, name: Any = None) -> Any:
    """The determinant of matrices."""
    return linalg.det(tensor(input))


def logdet(matrix: Any, name: Any = None) -> Any:
    """The logarithm of the determinant of positive definite matrices."""
    return linalg.slogdet(tensor(matrix))[1]


def slogdet(input: Any, name: Any = None) -> Any:
    """Sign and logarithm of the absolute value of the determinant."""
    return linalg.slogdet(tensor(input))


def trace(x: Any, name: Any = None) -> Any:
    """The sum of the diagonal."""
    return triangles.trace(tensor(x))


def cholesky(input: Any, name: Any = None) -> Any:
    """The lower triangular L with L L^T = input."""
    return linalg.cholesky(tensor(input))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: Any = None) -> Any:
    """x with ``matrix @ x = rhs``."""
    a, b = pair(matrix, rhs)
    return linalg.solve(contract.matrix_transpose(a) if adjoint else a, b)


def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: Any = None
) -> Any:
    """x with ``triangle @ x = rhs``, of which only one triangle of the matrix is read."""
    return solve(band_part(matrix, -1, 0) if lower else band_part(matrix, 0, -1), rhs, adjoint)


def cholesky_solve(chol: Any, rhs: Any, name: Any = None) -> Any:
    """x with ``L L^T x = rhs``."""
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


def lstsq(matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: Any = None) -> Any:
    """The x of least squares: ``min |matrix @ x - rhs|^2 + l2 |x|^2``."""
    a, b = pair(matrix, rhs)
    if not number(l2_regularizer):
        return linalg.lstsq(a, b)
    gram = math.matmul(a, a, transpose_a=True)
    ridge = core.constant(np.eye(a.shape[-1], dtype=a.dtype) * number(l2_regularizer))
    return linalg.solve(gram + ridge, math.matmul(a, b, transpose_a=True))


def pinv(a: Any, rcond: Any = None, name: Any = None) -> Any:
    """The pseudo-inverse."""
    return linalg.pinv(tensor(a))


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: Any = None) -> Any:
    """Singular values s, and U and V with ``tensor = U diag(s) V^T``, in this order."""
    x = _tensor(tensor)
    if not compute_uv:
        return linalg.svdvals(x)
    u, s, vh = linalg.svd(x, full_matrices=full_matrices)
    return s, u, contract.matrix_transpose(vh)


_tensor = tensor


def qr(input: Any, full_matrices: bool = False, name: Any = None) -> Any:
    """Q and R."""
    return tuple(linalg.qr(tensor(input), mode="complete" if full_matrices else "reduced"))


def eigh(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    return tuple(linalg.eigh(_tensor(tensor)))


def eigvalsh(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues of symmetric matrices."""
    return linalg.eigvalsh(_tensor(tensor))


def diag(diagonal: Any, name: str = "diag", **ignored: Any) -> Any:
    """Matrices with given diagonals."""
    d: Any = tensor(diagonal)
    return shape_ops.expand_dims(d, -1) * core.constant(np.eye(d.shape[-1], dtype=d.dtype))


def diag_part(input: Any, name: str = "diag_part", **ignored: Any) -> Any:
    """The diagonals of matrices."""
    return contract.diagonal(tensor(input))


tensor_diag, tensor_diag_part = diag, diag_part


def set_diag(input: Any, diagonal: Any, name: str = "set_diag", **ignored: Any) -> Any:
    """Matrices with other diagonals."""
    x: Any = tensor(input)
    one = core.constant(np.eye(*x.shape[-2:], dtype=x.dtype))
    return x * (1 - one) + diag(diagonal) * one  # type: ignore[operator]


def band_part(input: Any, num_lower: Any, num_upper: Any, name: Any = None) -> Any:
    """The elements near the diagonal: so many below and above it (-1: all); 0 elsewhere."""
    x: Any = tensor(input)
    rows, columns = np.indices(x.shape[-2:])
    low, high = int(number(num_lower)), int(number(num_upper))
    kept = ((low < 0) | (rows - columns <= low)) & ((high < 0) | (columns - rows <= high))
    return x * cast(core.constant(kept), x.dtype)


def cross(a: Any, b: Any, name: Any = None) -> Any:
    """The cross product of vectors of three numbers."""
    return linalg.cross(*pair(a, b))


def expm(input: Any, name: Any = None) -> Any:
    """The exponential of matrices: scaled, summed by Taylor's series to degree 16, and squared back (about 1e-7)."""
    x: Any = tensor(input)
    halvings = max(0, int(np.ceil(np.log2(max(float(np.abs(np.asarray(x)).sum(-1).max()), 1.0)))) + 1)
    x = x / 2.0**halvings
    total = term = core.constant(np.eye(x.shape[-1], dtype=x.dtype)) + x * 0
    for k in range(1, 17):
        term = contract.matmul(term, x) / float(k)
        total = total + term
    for _ in range(halvings):
        total = contract.matmul(total, total)
    return total


def global_norm(t_list: Any, name: Any = None) -> Any:
    """The root of the sum of all squares."""
    from thalweg import optimizers

    return optimizers.global_norm([tensor(t) for t in t_list if t is not None])


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: Any = None) -> Any:
    """The tensor divided by its norm, and the norm."""
    size = norm(tensor, ord, axes(axis), keepdims=True)
    return _tensor(tensor) / size, size
