"""``tf.linalg``."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.values import axes, cast, number, pair, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.ops import contract, elementwise, linalg, state, tiling, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops.linalg import matrices
from thalweg.optimizers.rows import rows_in

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
    """The lower triangular L with L L^T = input; only the lower triangle is read, the gradient is symmetric."""
    x = tensor(input)
    return linalg.cholesky(x + state.stop_gradient(matrices.mirrored(x) - x))


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
    """The pseudo-inverse: singular values under ``rcond`` times the largest (10 max(m, n) eps) count as zero."""
    x = tensor(a)
    least = 10 * max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else float(number(rcond))
    return linalg.pinv(x, rtol=least)


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
    """Eigenvalues and eigenvectors of symmetric matrices, of which only the lower triangle is read."""
    return tuple(linalg.eigh(matrices.mirrored(_tensor(tensor))))


def eigvalsh(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues of symmetric matrices, of which only the lower triangle is read."""
    return linalg.eigvalsh(matrices.mirrored(_tensor(tensor)))


def eig(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues and eigenvectors of matrices, complex: of values that are known, without a gradient."""
    x = _tensor(tensor)
    values, vectors = np.linalg.eig(np.asarray(x))
    kind = "complex128" if x.specs[0].dtype == np.float64 else "complex64"
    return _tensor(values, kind), _tensor(vectors, kind)


def eigvals(tensor: Any, name: Any = None) -> Any:
    """The eigenvalues of matrices, complex: see :func:`eig`."""
    return eig(tensor)[0]


def _offsets(x: Any) -> Any:
    """How far right of the main diagonal each element of matrices is."""
    return shape_ops.iota_like(x, x.ndim - 1) - shape_ops.iota_like(x, x.ndim - 2)


def _one_diagonal(k: Any, name: str) -> int:
    found = np.asarray(k)
    if found.size != 1:
        raise fail(ArgumentError, f"tf.linalg.{name}: k", expected="one diagonal", received=found.tolist())
    return int(found.reshape(-1)[0])


def diag(
    diagonal: Any, name: str = "diag", k: Any = 0, num_rows: int = -1, num_cols: int = -1, padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Any:  # fmt: skip
    """Square matrices with given diagonals, ``k`` places right of the main one; ``padding_value`` elsewhere."""
    d, right = tensor(diagonal), _one_diagonal(k, "diag")
    if (num_rows, num_cols) != (-1, -1):
        raise fail(
            ArgumentError, "tf.linalg.diag: num_rows and num_cols", expected="-1",
            received=f"{num_rows}, {num_cols}",
        )  # fmt: skip
    along, across = shape_ops.expand_dims(d, -1), shape_ops.expand_dims(d, -2)
    square: Any = elementwise.add(along, shape_ops.full_like(across, 0))
    before, after = max(-right, 0), max(right, 0)
    sides = [(0, 0)] * (square.ndim - 2) + [(before, after), (after, before)]
    wide: Any = tiling.pad(square, sides) if right else square
    return elementwise.where(_offsets(wide) == right, wide, cast(padding_value, d.dtype))


def diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """The diagonals of matrices, ``k`` places right of the main one."""
    x: Any = tensor(input)
    right = _one_diagonal(k, "diag_part")
    return contract.diagonal(x[..., max(-right, 0) :, max(right, 0) :])


def tensor_diag(diagonal: Any, name: str | None = None) -> Any:
    """The tensor of twice as many axes that has the given elements where both halves of its indices are equal."""
    d: Any = tensor(diagonal)
    return shape_ops.reshape(diag(shape_ops.reshape(d, (-1,))), (*d.shape, *d.shape))


def tensor_diag_part(input: Any, name: str | None = None) -> Any:
    """What :func:`tensor_diag` put there."""
    x: Any = tensor(input)
    half = tuple(x.shape[: x.ndim // 2])
    count = int(np.prod(half))
    return shape_ops.reshape(contract.diagonal(shape_ops.reshape(x, (count, count))), half)


def set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """Matrices with another main diagonal."""
    if _one_diagonal(k, "set_diag"):
        raise fail(ArgumentError, "tf.linalg.set_diag: k", expected="0", received=k)
    return triangles.with_diagonal(*pair(input, diagonal))


def band_part(input: Any, num_lower: Any, num_upper: Any, name: Any = None) -> Any:
    """The elements near the diagonal: so many below and above it (-1: all); 0 elsewhere."""
    x: Any = tensor(input)
    low, high = int(number(num_lower)), int(number(num_upper))
    right = _offsets(x)
    if low >= 0:
        x = elementwise.where(right >= -low, x, cast(0, x.dtype))
    return elementwise.where(right <= high, x, cast(0, x.dtype)) if high >= 0 else x


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

    return optimizers.global_norm([tensor(rows_in(t)) for t in t_list if t is not None])


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: Any = None) -> Any:
    """The tensor divided by its norm, and the norm."""
    size = norm(tensor, ord, axes(axis), keepdims=True)
    return _tensor(tensor) / size, size
