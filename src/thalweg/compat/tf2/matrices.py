"""``tf.linalg`` beyond its first names: factors of matrices, roots and logarithms, bands, and operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, linalg, math
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.values import cast, number, pair, tensor
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor
from thalweg.ops import contract, create, elementwise, index, shape
from thalweg.ops.linalg import blocks, products

__all__ = [
    "LinearOperator",
    "LinearOperatorDiag",
    "LinearOperatorFullMatrix",
    "LinearOperatorIdentity",
    "LinearOperatorLowerTriangular",
    "LinearOperatorScaledIdentity",
    "LinearOperatorTridiag",
    "banded_triangular_solve",
    "logm",
    "lu",
    "lu_matrix_inverse",
    "lu_reconstruct",
    "lu_solve",
    "matrix_rank",
    "sqrtm",
    "tridiagonal_matmul",
    "tridiagonal_solve",
]

# --- factors ----------------------------------------------------------------------------------------------------------


def lu(input: Any, output_idx_type: Any = "int32", name: Any = None) -> tuple[Tensor, Tensor]:
    """(L and U in one, L's ones left out; p): row k of L U is row p[k] of the square matrix.

    >>> both, rows = lu([[1.0, 2.0], [3.0, 4.0]])
    >>> both.numpy().round(2).astype("float64").round(2).tolist(), rows.numpy().tolist()
    ([[3.0, 4.0], [0.33, 0.67]], [1, 0])
    """
    made, rows, _ = blocks.lu(tensor(input))
    return made, cast(rows, output_idx_type)


def _unit_lower(lower_upper: Tensor) -> Tensor:
    return linalg.set_diag(linalg.band_part(lower_upper, -1, 0), create.ones_like(lower_upper[..., 0]))  # type: ignore[no-any-return]


def _placed(x: Tensor, rows: Any) -> Tensor:
    """Rows of matrices in another order."""
    return index.gather_nd(x, shape.expand_dims(tensor(rows), -1), batch_dims=x.ndim - 2)


def lu_reconstruct(lower_upper: Any, perm: Any, validate_args: bool = False, name: Any = None) -> Any:
    """The matrices of which :func:`lu` made the factors."""
    both = tensor(lower_upper)
    return _placed(contract.matmul(_unit_lower(both), linalg.band_part(both, 0, -1)), math.argsort(perm))


def lu_solve(lower_upper: Any, perm: Any, rhs: Any, validate_args: bool = False, name: Any = None) -> Any:
    """x with ``matrix @ x = rhs``, by the factors of the matrix."""
    both, right = pair(lower_upper, rhs)
    below = blocks.triangular(both, _placed(right, perm), lower=True, unit=True)
    return blocks.triangular(both, below, lower=False, unit=False)


def lu_matrix_inverse(lower_upper: Any, perm: Any, validate_args: bool = False, name: Any = None) -> Any:
    """The inverse of the matrices of which :func:`lu` made the factors."""
    both = tensor(lower_upper)
    return lu_solve(both, perm, arrays.eye(both.shape[-1], batch_shape=both.shape[:-2], dtype=both.dtype))


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: Any = None) -> Any:
    """The number of singular values above ``tol``; unless given, above max(m, n) times eps times the greatest."""
    x = tensor(a)
    if tol is None:
        return cast(products.matrix_rank(x), "int32")
    sizes = linalg.svd(x, compute_uv=False)
    return cast(math.reduce_sum(cast(elementwise.greater(sizes, tol), "int32"), -1), "int32")


def _by_eigenvalues(function: Callable[[Any], Any], doc: str) -> Callable[..., Any]:
    """A function of the eigenvalues of matrices that are known; without a gradient."""

    def of_matrices(input: Any, name: Any = None) -> Any:
        x = np.asarray(tensor(input))
        found, vectors = np.linalg.eig(x.astype(np.complex128 if x.dtype.kind == "c" else np.float64))
        made = (vectors * function(found.astype(np.complex128))[..., None, :]) @ np.linalg.inv(vectors)
        return tensor((made if x.dtype.kind == "c" else made.real).astype(x.dtype))

    of_matrices.__doc__ = doc
    return of_matrices


sqrtm = _by_eigenvalues(
    np.sqrt, "The matrix whose product with itself is the given one; of known ones, no gradient."
)
logm = _by_eigenvalues(
    np.log, "The matrix whose exponential is the given one; of known ones, without a gradient."
)

# --- bands ------------------------------------------------------------------------------------------------------------


def _three(diagonals: Any, form: str, size: Any = None) -> tuple[Tensor, Tensor, Tensor]:
    """The diagonals above, in and below the middle of tridiagonal matrices: n - 1, n and n - 1 numbers each."""
    if form == "matrix":
        x = tensor(diagonals)
        above, middle, below = (contract.diagonal(part) for part in (x[..., :-1, 1:], x, x[..., 1:, :-1]))
        return above, middle, below
    if form == "compact":
        x = tensor(diagonals)
        return x[..., 0, :-1], x[..., 1, :], x[..., 2, 1:]  # type: ignore[return-value]
    if form != "sequence":
        raise fail(
            ArgumentError,
            "tf.linalg: diagonals_format",
            expected="compact, matrix or sequence",
            received=form,
        )
    above, middle, below = (tensor(d) for d in diagonals)
    n = middle.shape[-1]
    return (  # those of n numbers have one that does not count
        above[..., : n - 1],
        middle,
        below if below.shape[-1] == n - 1 else below[..., 1:],
    )


def _tridiagonal(diagonals: Any, form: str) -> Tensor:
    above, middle, below = _three(diagonals, form)
    return linalg.diag(middle) + linalg.diag(above, k=1) + linalg.diag(below, k=-1)  # type: ignore[no-any-return]


def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: Any = None) -> Any:
    """The product of tridiagonal matrices and ``rhs`` [..., n, m]. ``compact``: [..., 3, n], from above to below."""
    return math.matmul(_tridiagonal(diagonals, diagonals_format), rhs)


def tridiagonal_solve(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", transpose_rhs: bool = False,
    conjugate_rhs: bool = False, name: Any = None, partial_pivoting: bool = True, perturb_singular: bool = False,
) -> Any:  # fmt: skip
    """x with ``matrix @ x = rhs`` for tridiagonal matrices; ``rhs`` [..., n] or [..., n, m].

    >>> tridiagonal_solve([[1.0, 0.0], [2.0, 2.0], [0.0, 0.0]], [4.0, 2.0]).numpy().tolist()
    [1.5, 1.0]
    """
    matrix = _tridiagonal(diagonals, diagonals_format)
    right = tensor(rhs)
    alone = right.ndim < matrix.ndim
    right = shape.expand_dims(right, -1) if alone else right
    right = contract.matrix_transpose(right) if transpose_rhs and not alone else right
    found = linalg.solve(matrix, right)
    return shape.squeeze(found, -1) if alone else found


def banded_triangular_solve(
    bands: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: Any = None
) -> Any:
    """x with ``matrix @ x = rhs`` for triangular matrices of which only some diagonals ``bands`` [..., k, n] are not 0:
    the lower ones begin with the main diagonal, the upper ones end with it.
    """
    held = tensor(bands)
    count, n = held.shape[-2:]
    made: Any = None
    for k in range(count):
        along = held[..., k, k:] if lower else held[..., k, : n - (count - 1 - k)]
        part = linalg.diag(along, k=-k if lower else count - 1 - k)
        made = part if made is None else made + part
    return linalg.triangular_solve(made, rhs, lower=lower, adjoint=adjoint)


# --- operators --------------------------------------------------------------------------------------------------------


class LinearOperator:
    """Matrices as operators: of their products, solutions and determinants. ``matrix`` [..., m, n]."""

    def __init__(self, matrix: Any, name: str | None = None) -> None:
        self.matrix, self.name = tensor(matrix), name or type(self).__name__
        if self.matrix.ndim < 2:
            raise fail(
                ShapeError, f"{type(self).__name__}: the matrix", expected="two axes or more",
                received=f"shape {self.matrix.shape}",
            )  # fmt: skip

    @property
    def shape(self) -> TensorShape:
        """The shape of the matrices."""
        return TensorShape(self.matrix.shape)

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the stack of matrices."""
        return TensorShape(self.matrix.shape[:-2])

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.matrix.dtype

    def to_dense(self, name: Any = None) -> Any:
        """The matrices."""
        return self.matrix

    def diag_part(self, name: Any = None) -> Any:
        """Their diagonals."""
        return linalg.diag_part(self.matrix)

    def trace(self, name: Any = None) -> Any:
        """The sums of their diagonals."""
        return linalg.trace(self.matrix)

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: Any = None) -> Any:
        """The products with matrices, or another operator as one."""
        other = x.to_dense() if isinstance(x, LinearOperator) else x
        made = math.matmul(self.matrix, other, transpose_a=adjoint, transpose_b=adjoint_arg)
        return LinearOperatorFullMatrix(made) if isinstance(x, LinearOperator) else made

    __matmul__ = matmul

    def matvec(self, x: Any, adjoint: bool = False, name: Any = None) -> Any:
        """The products with vectors."""
        return math.matvec(self.matrix, x, transpose_a=adjoint)

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: Any = None) -> Any:
        """x with ``matrix @ x = rhs``."""
        right = contract.matrix_transpose(tensor(rhs)) if adjoint_arg else rhs
        return linalg.solve(self.matrix, right, adjoint)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: Any = None) -> Any:
        """x with ``matrix @ x = rhs``, both vectors."""
        return shape.squeeze(self.solve(shape.expand_dims(tensor(rhs), -1), adjoint), -1)

    def inverse(self, name: Any = None) -> LinearOperator:
        """The inverse."""
        return LinearOperatorFullMatrix(linalg.inv(self.matrix))

    def adjoint(self, name: Any = None) -> LinearOperator:
        """The transposed matrices."""
        return LinearOperatorFullMatrix(contract.matrix_transpose(self.matrix))

    def cholesky(self, name: Any = None) -> LinearOperator:
        """The lower triangular factor of positive definite matrices."""
        return LinearOperatorLowerTriangular(linalg.cholesky(self.matrix))

    def determinant(self, name: Any = None) -> Any:
        """The determinants."""
        return linalg.det(self.matrix)

    def log_abs_determinant(self, name: Any = None) -> Any:
        """The logarithms of the absolute determinants."""
        return linalg.slogdet(self.matrix)[1]

    def eigvals(self, name: Any = None) -> Any:
        """The eigenvalues of symmetric matrices."""
        return linalg.eigvalsh(self.matrix)

    def add_to_tensor(self, x: Any, name: Any = None) -> Any:
        """The sum with matrices."""
        return math.add(self.matrix, x)

    def assert_non_singular(self, name: Any = None) -> None:
        """An error where a determinant is 0."""
        if not np.all(np.asarray(self.determinant())):
            raise fail(ArgumentError, f"{self.name}: singular matrix")


class LinearOperatorFullMatrix(LinearOperator):
    """Any matrices."""

    def __init__(
        self, matrix: Any, is_non_singular: Any = None, is_self_adjoint: Any = None, is_positive_definite: Any = None,
        is_square: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(matrix, name)


class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangles of matrices."""

    def __init__(
        self, tril: Any, is_non_singular: Any = None, is_self_adjoint: Any = None, is_positive_definite: Any = None,
        is_square: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(linalg.band_part(tril, -1, 0), name)


class LinearOperatorDiag(LinearOperator):
    """Matrices of given diagonals."""

    def __init__(
        self, diag: Any, is_non_singular: Any = None, is_self_adjoint: Any = None, is_positive_definite: Any = None,
        is_square: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        self.diag = tensor(diag)
        super().__init__(linalg.diag(self.diag), name)


class LinearOperatorIdentity(LinearOperator):
    """Matrices of ones in the diagonal."""

    def __init__(
        self, num_rows: Any, batch_shape: Any = None, dtype: Any = None, is_non_singular: Any = True,
        is_self_adjoint: Any = True, is_positive_definite: Any = True, is_square: Any = True,
        assert_proper_shapes: bool = False, name: str | None = None,
    ) -> None:  # fmt: skip
        batch = [] if batch_shape is None else [int(n) for n in np.asarray(batch_shape)]
        super().__init__(arrays.eye(int(number(num_rows)), batch_shape=batch, dtype=dtype or "float32"), name)


class LinearOperatorScaledIdentity(LinearOperator):
    """Matrices of one number everywhere in the diagonal."""

    def __init__(
        self, num_rows: Any, multiplier: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
        is_positive_definite: Any = None, is_square: Any = True, assert_proper_shapes: bool = False,
        name: str | None = None,
    ) -> None:  # fmt: skip
        self.multiplier = tensor(multiplier)
        once = arrays.eye(int(number(num_rows)), dtype=self.multiplier.dtype)
        super().__init__(once * arrays.reshape(self.multiplier, [*self.multiplier.shape, 1, 1]), name)


class LinearOperatorTridiag(LinearOperator):
    """Matrices of three diagonals."""

    def __init__(
        self, diagonals: Any, diagonals_format: str = "compact", is_non_singular: Any = None,
        is_self_adjoint: Any = None, is_positive_definite: Any = None, is_square: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        self.diagonals, self.diagonals_format = diagonals, diagonals_format
        super().__init__(_tridiagonal(diagonals, diagonals_format), name)
