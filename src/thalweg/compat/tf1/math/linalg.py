"""Products of matrices, and linear algebra."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1.families import spelled, unary
from thalweg.compat.tf1.graph import Tensor, shaped_as, static_int, value, values, wrap, wrap_all
from thalweg.compat.tf1.math.creation import ones
from thalweg.ops import contract, elementwise, linalg, state, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops.linalg import matrices


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product, of matrices or of stacks of them; either may be transposed."""
    x, y = values(a, b)
    if x.shape is None and y.shape is not None and len(y.shape) == 2:
        x = shaped_as(x, (None, None))
    if y.shape is None and x.shape is not None and len(x.shape) == 2:
        y = shaped_as(y, (None, None))
    x = contract.matrix_transpose(x) if transpose_a or adjoint_a else x
    y = contract.matrix_transpose(y) if transpose_b or adjoint_b else y
    for t, which in ((x, a), (y, b)):
        if t.shape is not None and len(t.shape) < 2:
            raise ValueError(
                f"Shape must be rank 2 but is rank {len(t.shape)} for 'MatMul', received {which}"
            )
    return wrap(contract.matmul(x, y), name, "MatMul", [a, b])


def batch_matmul(x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: str | None = None) -> Tensor:
    """The product of stacks of matrices."""
    return matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sums of products over pairs of axes."""
    pairs = (
        axes
        if isinstance(axes, int)
        else tuple((int(p),) if isinstance(p, (int, np.integer)) else tuple(int(i) for i in p) for p in axes)
    )
    return wrap(contract.tensordot(*values(a, b), axes=pairs), name, "Tensordot", [a, b])


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Tensor:
    """Sums of products over named axes."""
    return wrap(contract.einsum(equation, *[value(x) for x in inputs]), name, "Einsum", inputs)


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverses of matrices, or of their transposes."""
    x = value(input)
    return wrap(linalg.inv(contract.matrix_transpose(x) if adjoint else x), name, "MatrixInverse", [input])


matrix_determinant = spelled(unary("MatrixDeterminant", linalg.det), x="input")
cholesky = spelled(
    unary("Cholesky", lambda x: linalg.cholesky(x + state.stop_gradient(matrices.mirrored(x) - x))), x="input"
)
matrix_diag_part = spelled(unary("MatrixDiagPart", contract.diagonal), x="input")
diag_part = spelled(unary("DiagPart", contract.diagonal), x="input")
trace = unary("Trace", triangles.trace)
diag = spelled(unary("Diag", triangles.diag), x="diagonal")


def matrix_transpose(a: Any, name: str | None = None) -> Tensor:
    """The last two axes exchanged."""
    return wrap(contract.matrix_transpose(value(a)), name, "matrix_transpose", [a])


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """x with ``matrix @ x = rhs``."""
    a, b = values(matrix, rhs)
    return wrap(
        linalg.solve(contract.matrix_transpose(a) if adjoint else a, b), name, "MatrixSolve", [matrix, rhs]
    )


def matrix_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Matrices with the given diagonals."""
    d: Any = value(diagonal)
    square = elementwise.add(
        shape_ops.expand_dims(d, -1), shape_ops.full_like(shape_ops.expand_dims(d, -2), 0)
    )
    zero = shape_ops.full_like(square, 0)
    return wrap(elementwise.where(_on_diagonal(square), square, zero), name, "MatrixDiag", [diagonal])


def _on_diagonal(t: Any) -> Any:
    """Which elements of matrices, whatever their size, are on the main diagonal."""
    return elementwise.equal(shape_ops.iota_like(t, axis=t.ndim - 2), shape_ops.iota_like(t, axis=t.ndim - 1))


def self_adjoint_eig(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices, of which only the lower triangle is read."""
    return tuple(
        wrap_all(list(linalg.eigh(matrices.mirrored(value(tensor)))), name, "SelfAdjointEig", [tensor])
    )


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Singular values, and left and right singular vectors as columns."""
    if not compute_uv:
        return wrap(linalg.svdvals(value(tensor)), name, "Svd", [tensor])
    u, s, vt = linalg.svd(value(tensor), full_matrices=full_matrices)
    return tuple(wrap_all([s, u, contract.matrix_transpose(vt)], name, "Svd", [tensor]))


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """Q and R."""
    return tuple(
        wrap_all(
            list(linalg.qr(value(input), mode="complete" if full_matrices else "reduced")),
            name,
            "Qr",
            [input],
        )
    )


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The diagonals from ``num_lower`` below to ``num_upper`` above the main one; -1: all of that side."""
    low, high = static_int(num_lower, "num_lower"), static_int(num_upper, "num_upper")
    t = value(input)
    t = t if low < 0 else triangles.triu(t, k=-low)
    t = t if high < 0 else triangles.tril(t, k=high)
    return wrap(t, name, "MatrixBandPart", [input])


def matrix_set_diag(input: Any, diagonal: Any, name: str | None = None) -> Tensor:
    """Matrices with another main diagonal."""
    t: Any = value(input)
    return wrap(
        triangles.with_diagonal(t, value(diagonal, t.dtype)), name, "MatrixSetDiag", [input, diagonal]
    )


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """x with ``triangle(matrix) @ x = rhs``."""
    a, b = values(matrix, rhs)
    a = triangles.tril(a) if lower else triangles.triu(a)
    a = contract.matrix_transpose(a) if adjoint else a
    return wrap(linalg.solve(a, b), name, "MatrixTriangularSolve", [matrix, rhs])


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """x with ``chol @ chol.T @ x = rhs``."""
    return matrix_triangular_solve(chol, matrix_triangular_solve(chol, rhs), adjoint=True, name=name)


def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """x that makes ``|matrix @ x - rhs|^2 + l2_regularizer |x|^2`` least."""
    a, b = values(matrix, rhs)
    turned: Any = contract.matrix_transpose(a)
    square: Any = contract.matmul(turned, a)
    if l2_regularizer:
        square = square + value(matrix_diag(ones([a.shape[-1]]))) * l2_regularizer
    return wrap(linalg.solve(square, contract.matmul(turned, b)), name, "MatrixSolveLs", [matrix, rhs])


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues of symmetric matrices, of which only the lower triangle is read."""
    return wrap(linalg.eigvalsh(matrices.mirrored(value(tensor))), name, "SelfAdjointEigvals", [tensor])


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Cross products of vectors of three."""
    return wrap(linalg.cross(*values(a, b)), name, "Cross", [a, b])


batch_matrix_inverse = matrix_inverse
batch_matrix_determinant = matrix_determinant
batch_cholesky = cholesky

logdet = spelled(unary("LogDet", lambda x: linalg.slogdet(x)[1]), x="matrix")
pinv = spelled(unary("Pinv", linalg.pinv), x="a")
adjoint = spelled(matrix_transpose, a="matrix")


def slogdet(input: Any, name: str | None = None) -> Any:
    """(sign, log of the absolute value) of determinants."""
    return tuple(wrap_all(list(linalg.slogdet(value(input))), name, "LogMatrixDeterminant", [input]))


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of a matrix and a vector."""
    x, y = values(a, b)
    x = contract.matrix_transpose(x) if transpose_a or adjoint_a else x
    made = shape_ops.squeeze(contract.matmul(x, shape_ops.expand_dims(y, -1)), -1)
    return wrap(made, name, "MatVec", [a, b])
