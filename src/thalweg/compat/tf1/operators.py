"""``tf.linalg.LinearOperator`` and what derives from it: matrices by their products, solutions and determinants."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.types import TensorShape


def _columns(x: Any) -> Tensor:
    return math.expand_dims(x, -1)


def _node(x: Any, dtype: Any = None) -> Tensor:
    """A node of floats; lists and arrays of whole numbers too."""
    if isinstance(x, Node):
        return x.as_tensor()
    array = g.as_array(x, dtype)
    return g.constant(array.astype(np.float32) if array.dtype.kind in "iu" else array)


class LinearOperator:
    """Matrices [..., m, n] as an operator. A class below says by ``_dense`` what they are, and what it knows better."""

    def __init__(self, dtype: Any = None, graph_parents: Any = None, is_non_singular: Any = None,
                 is_self_adjoint: Any = None, is_positive_definite: Any = None, is_square: Any = None,
                 name: str | None = None) -> None:  # fmt: skip
        self.name = name or type(self).__name__
        self.graph_parents = list(graph_parents or [])
        definite = is_positive_definite is True
        self.is_positive_definite = is_positive_definite
        self.is_self_adjoint = True if definite and is_self_adjoint is None else is_self_adjoint
        self.is_non_singular = True if definite and is_non_singular is None else is_non_singular
        self._square = is_square

    def _dense(self) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__}.to_dense")

    @functools.cached_property
    def _matrix(self) -> Tensor:
        return self._dense()

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self._matrix.dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the matrices, as far as it is known."""
        return self._matrix.get_shape()

    get_shape = lambda self: self.shape

    @property
    def batch_shape(self) -> TensorShape:
        """How many matrices there are."""
        return self.shape[:-2]  # type: ignore[return-value]

    @property
    def tensor_rank(self) -> int | None:
        """The number of axes."""
        return self.shape.ndims

    @property
    def domain_dimension(self) -> Any:
        """The number of columns."""
        return self.shape[-1]

    @property
    def range_dimension(self) -> Any:
        """The number of rows."""
        return self.shape[-2]

    @property
    def is_square(self) -> bool | None:
        """Whether there are as many rows as columns."""
        rows, columns = self.shape.as_list()[-2:]
        return self._square if None in (rows, columns) else bool(rows == columns)

    def shape_tensor(self, name: str = "shape_tensor") -> Tensor:
        """``shape``, as a run knows it."""
        return math.shape(self._matrix)

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """``batch_shape``, as a run knows it."""
        return self.shape_tensor()[:-2]

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Tensor:
        """``tensor_rank``, as a run knows it."""
        return math.rank(self._matrix)

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Tensor:
        """``domain_dimension``, as a run knows it."""
        return self.shape_tensor()[-1]

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Tensor:
        """``range_dimension``, as a run knows it."""
        return self.shape_tensor()[-2]

    # --- what it does -----------------------------------------------------------------------------------------------

    def to_dense(self, name: str = "to_dense") -> Tensor:
        """The matrices."""
        return self._matrix

    def _turned(self, adjoint: bool) -> Tensor:
        return math.matrix_transpose(self._matrix) if adjoint else self._matrix

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return _batched(math.matmul, self._turned(adjoint), x)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return _batched(math.matrix_solve, self._turned(adjoint), rhs)

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """The product with matrices, or with another operator as one."""
        if isinstance(x, LinearOperator):
            parts = [LinearOperatorAdjoint(o) if a else o for o, a in ((self, adjoint), (x, adjoint_arg))]
            return LinearOperatorComposition(parts)
        x = _node(x, self.dtype)
        return self._product(math.matrix_transpose(x) if adjoint_arg else x, adjoint)

    apply = __matmul__ = matmul

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Tensor:
        """The product with vectors."""
        return math.squeeze(self.matmul(_columns(_node(x, self.dtype)), adjoint), -1)

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """x with ``matrix @ x = rhs``."""
        if isinstance(rhs, LinearOperator):
            return LinearOperatorComposition([LinearOperatorInversion(self), rhs])
        rhs = _node(rhs, self.dtype)
        return self._solution(math.matrix_transpose(rhs) if adjoint_arg else rhs, adjoint)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Tensor:
        """x with ``matrix @ x = rhs``, both vectors."""
        return math.squeeze(self.solve(_columns(_node(rhs, self.dtype)), adjoint), -1)

    def determinant(self, name: str = "det") -> Tensor:
        """The determinant."""
        return math.matrix_determinant(self._matrix)

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        """The logarithm of the absolute determinant."""
        return math.slogdet(self._matrix)[1]

    def diag_part(self, name: str = "diag_part") -> Tensor:
        """The diagonal."""
        return math.matrix_diag_part(self._matrix)

    def trace(self, name: str = "trace") -> Tensor:
        """The sum of the diagonal."""
        return math.reduce_sum(self.diag_part(), -1)

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        """The sum with matrices."""
        return self._matrix + _node(x, self.dtype)

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        """The transposed matrices."""
        return self if self.is_self_adjoint else LinearOperatorAdjoint(self)

    H = property(adjoint)

    def inverse(self, name: str = "inverse") -> LinearOperator:
        """The inverse."""
        if self.is_square is False:
            raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
        return LinearOperatorInversion(self)

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        """The lower triangular factor of positive definite matrices."""
        return LinearOperatorLowerTriangular(math.cholesky(self._matrix), is_non_singular=True)

    def assert_non_singular(self, name: str = "assert_non_singular") -> Any:
        """An operation that fails where a determinant is 0."""
        return math.assert_positive(math.abs(self.determinant()))

    def assert_positive_definite(self, name: str = "assert_positive_definite") -> Any:
        """An operation that fails unless the matrices are positive definite."""
        return math.assert_positive(math.self_adjoint_eigvals(self._matrix))

    def assert_self_adjoint(self, name: str = "assert_self_adjoint") -> Any:
        """An operation that fails unless the matrices are symmetric."""
        return math.assert_near(self._matrix, math.matrix_transpose(self._matrix))


def _batched(function: Any, matrix: Tensor, x: Tensor) -> Tensor:
    """A function of matrices and other ones, of which one may have fewer axes."""
    if matrix.get_shape()[:-2] != x.get_shape()[:-2]:
        like_x, like_matrix = (math.zeros_like(t[..., :1, :1]) for t in (x, matrix))
        matrix, x = matrix + like_x, x + like_matrix
    made: Tensor = function(matrix, x)
    return made


class LinearOperatorFullMatrix(LinearOperator):
    """Any matrices."""

    def __init__(self, matrix: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorFullMatrix") -> None:  # fmt: skip
        self._given = _node(matrix)
        super().__init__(
            None, [self._given], is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )

    def _dense(self) -> Tensor:
        return self._given


class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangles of matrices."""

    def __init__(self, tril: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorLowerTriangular") -> None:  # fmt: skip
        self._given = _node(tril)
        super().__init__(
            None, [self._given], is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )

    def _dense(self) -> Tensor:
        return math.matrix_band_part(self._given, -1, 0)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return _batched(
            lambda a, b: math.matrix_triangular_solve(a, b, lower=True, adjoint=adjoint), self._matrix, rhs
        )

    def determinant(self, name: str = "det") -> Tensor:
        return math.reduce_prod(self.diag_part(), -1)

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return math.reduce_sum(math.log(math.abs(self.diag_part())), -1)


class _Diagonal(LinearOperator):
    """Matrices that are 0 outside of their diagonals."""

    def diag_part(self, name: str = "diag_part") -> Tensor:
        raise NotImplementedError

    def _dense(self) -> Tensor:
        return math.matrix_diag(self.diag_part())

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        return _columns(self.diag_part()) * x

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return rhs / _columns(self.diag_part())

    def determinant(self, name: str = "det") -> Tensor:
        return math.reduce_prod(self.diag_part(), -1)

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return math.reduce_sum(math.log(math.abs(self.diag_part())), -1)

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        x = _node(x, self.dtype)
        return math.matrix_set_diag(x, math.matrix_diag_part(x) + self.diag_part())

    def inverse(self, name: str = "inverse") -> LinearOperator:
        return LinearOperatorDiag(1.0 / self.diag_part(), is_non_singular=True)

    def cholesky(self, name: str = "cholesky") -> LinearOperator:
        return LinearOperatorDiag(math.sqrt(self.diag_part()))


class LinearOperatorDiag(_Diagonal):
    """Matrices of given diagonals."""

    def __init__(self, diag: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorDiag") -> None:  # fmt: skip
        self.diag = _node(diag)
        super().__init__(None, [self.diag], is_non_singular, True, is_positive_definite, True, name)

    def diag_part(self, name: str = "diag_part") -> Tensor:
        return self.diag


class LinearOperatorScaledIdentity(_Diagonal):
    """Matrices of one number everywhere in the diagonal; ``multiplier`` [...]."""

    def __init__(self, num_rows: Any, multiplier: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = True, assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorScaledIdentity") -> None:  # fmt: skip
        self._num_rows, self.multiplier = num_rows, _node(multiplier)
        super().__init__(None, [self.multiplier], is_non_singular, True, is_positive_definite, True, name)

    def diag_part(self, name: str = "diag_part") -> Tensor:
        return _columns(self.multiplier) * math.ones([self._num_rows], self.multiplier.dtype)


class LinearOperatorIdentity(_Diagonal):
    """Matrices of ones in the diagonal."""

    def __init__(self, num_rows: Any, batch_shape: Any = None, dtype: Any = None, is_non_singular: Any = True,
                 is_self_adjoint: Any = True, is_positive_definite: Any = True, is_square: Any = True,
                 assert_proper_shapes: bool = False, name: str = "LinearOperatorIdentity") -> None:  # fmt: skip
        batch = [] if batch_shape is None else [int(n) for n in np.ravel(g.static_value(batch_shape))]
        self._ones = math.ones([*batch, g.static_int(num_rows, "num_rows")], dtype or "float32")
        super().__init__(dtype, [], is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    def diag_part(self, name: str = "diag_part") -> Tensor:
        return self._ones


class LinearOperatorZeros(LinearOperator):
    """Matrices of zeros."""

    def __init__(self, num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = None,
                 is_non_singular: Any = False, is_self_adjoint: Any = True, is_positive_definite: Any = False,
                 is_square: Any = True, assert_proper_shapes: bool = False,
                 name: str = "LinearOperatorZeros") -> None:  # fmt: skip
        batch = [] if batch_shape is None else [int(n) for n in np.ravel(g.static_value(batch_shape))]
        self._form = [*batch, num_rows, num_rows if num_columns is None else num_columns]
        self._kind = dtype or "float32"
        super().__init__(dtype, [], is_non_singular, is_self_adjoint, is_positive_definite, is_square, name)

    def _dense(self) -> Tensor:
        return math.zeros(self._form, self._kind)


class _OfOthers(LinearOperator):
    """What is made of other operators."""

    def __init__(self, operators: Sequence[LinearOperator], is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None, name: str | None = None) -> None:  # fmt: skip
        self.operators = list(operators)
        if not self.operators:
            raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
        parents = [parent for o in self.operators for parent in o.graph_parents]
        super().__init__(
            None, parents, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )


class LinearOperatorComposition(_OfOthers):
    """The product of operators."""

    def _dense(self) -> Tensor:
        return functools.reduce(
            lambda made, o: o.matmul(made), self.operators[-2::-1], self.operators[-1].to_dense()
        )

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        order = self.operators if adjoint else self.operators[::-1]
        return functools.reduce(lambda made, o: o.matmul(made, adjoint), order, x)

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        order = self.operators[::-1] if adjoint else self.operators
        return functools.reduce(lambda made, o: o.solve(made, adjoint), order, rhs)

    def determinant(self, name: str = "det") -> Tensor:
        return functools.reduce(math.multiply, [o.determinant() for o in self.operators])

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return math.add_n([o.log_abs_determinant() for o in self.operators])


class LinearOperatorKronecker(_OfOthers):
    """The Kronecker product of operators."""

    def _dense(self) -> Tensor:
        return functools.reduce(_kronecker, [o.to_dense() for o in self.operators])


def _kronecker(a: Tensor, b: Tensor) -> Tensor:
    rows, columns = (a.get_shape()[k].value * b.get_shape()[k].value for k in (-2, -1))
    made = a[..., :, None, :, None] * b[..., None, :, None, :]
    return math.reshape(made, math.concat([math.shape(made)[:-4], [rows, columns]], 0))


class LinearOperatorBlockDiag(_OfOthers):
    """Operators as blocks along the diagonal, of zeros else."""

    def _dense(self) -> Tensor:
        parts = [o.to_dense() for o in self.operators]
        widths = [p.get_shape()[-1].value for p in parts]
        rows = []
        for k, part in enumerate(parts):
            rank: Any = part.get_shape().ndims
            beside = [[0, 0]] * (rank - 1)
            rows.append(math.pad(part, [*beside, [sum(widths[:k]), sum(widths[k + 1 :])]]))
        return math.concat(rows, -2)

    def determinant(self, name: str = "det") -> Tensor:
        return functools.reduce(math.multiply, [o.determinant() for o in self.operators])

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return math.add_n([o.log_abs_determinant() for o in self.operators])


class _OfAnother(LinearOperator):
    """What is made of another operator."""

    def __init__(self, operator: LinearOperator, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None, name: str | None = None) -> None:  # fmt: skip
        self.operator = operator
        super().__init__(
            None, operator.graph_parents,
            operator.is_non_singular if is_non_singular is None else is_non_singular,
            operator.is_self_adjoint if is_self_adjoint is None else is_self_adjoint,
            operator.is_positive_definite if is_positive_definite is None else is_positive_definite, is_square, name,
        )  # fmt: skip


class LinearOperatorAdjoint(_OfAnother):
    """The transposed matrices of an operator."""

    def _dense(self) -> Tensor:
        return math.matrix_transpose(self.operator.to_dense())

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        made: Tensor = self.operator.matmul(x, adjoint=not adjoint)
        return made

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        made: Tensor = self.operator.solve(rhs, adjoint=not adjoint)
        return made

    def adjoint(self, name: str = "adjoint") -> LinearOperator:
        return self.operator

    def determinant(self, name: str = "det") -> Tensor:
        return self.operator.determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return self.operator.log_abs_determinant()


class LinearOperatorInversion(_OfAnother):
    """The inverse of an operator."""

    def _dense(self) -> Tensor:
        dense = self.operator.to_dense()
        made: Tensor = self.operator.solve(
            math.matrix_set_diag(math.zeros_like(dense), math.ones_like(math.matrix_diag_part(dense)))
        )
        return made

    def _product(self, x: Tensor, adjoint: bool) -> Tensor:
        made: Tensor = self.operator.solve(x, adjoint=adjoint)
        return made

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        made: Tensor = self.operator.matmul(rhs, adjoint=adjoint)
        return made

    def inverse(self, name: str = "inverse") -> LinearOperator:
        return self.operator

    def determinant(self, name: str = "det") -> Tensor:
        return 1.0 / self.operator.determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return -self.operator.log_abs_determinant()


class LinearOperatorLowRankUpdate(LinearOperator):
    """``base_operator + u @ diag(diag_update) @ v.T``."""

    def __init__(self, base_operator: LinearOperator, u: Any, diag_update: Any = None, v: Any = None,
                 is_diag_update_positive: Any = None, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorLowRankUpdate") -> None:  # fmt: skip
        self.base_operator, self.u = base_operator, _node(u)
        self.v = self.u if v is None else _node(v)
        self.diag_update = None if diag_update is None else _node(diag_update)
        ones = math.ones_like(self.u[..., 0, :]) if self.diag_update is None else self.diag_update
        self.diag_operator = LinearOperatorDiag(ones)
        parents = [*base_operator.graph_parents, self.u, self.v]
        super().__init__(
            None, parents, is_non_singular, is_self_adjoint, is_positive_definite, is_square, name
        )

    def _dense(self) -> Tensor:
        inner = self.diag_operator.matmul(self.v, adjoint_arg=True)
        return self.base_operator.add_to_tensor(math.matmul(self.u, inner))


class LinearOperatorHouseholder(LinearOperator):
    """The reflection of vectors at the plane that is normal to ``reflection_axis``."""

    def __init__(self, reflection_axis: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorHouseholder") -> None:  # fmt: skip
        self.reflection_axis = _node(reflection_axis)
        super().__init__(None, [self.reflection_axis], True, True, False, True, name)

    def _dense(self) -> Tensor:
        axis = self.reflection_axis
        unit = axis * math.rsqrt(math.reduce_sum(math.square(axis), -1, keepdims=True))
        across = -2.0 * _columns(unit) * math.expand_dims(unit, -2)
        return math.matrix_set_diag(across, 1.0 + math.matrix_diag_part(across))

    def _solution(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return self._product(rhs, adjoint)  # reflected twice it is what it was

    def determinant(self, name: str = "det") -> Tensor:
        return -math.ones_like(self.reflection_axis[..., 0])

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        return math.zeros_like(self.reflection_axis[..., 0])


class LinearOperatorToeplitz(LinearOperator):
    """Matrices of one number along each diagonal: the first column ``col`` and the first row ``row``."""

    def __init__(self, col: Any, row: Any, is_non_singular: Any = None, is_self_adjoint: Any = None,
                 is_positive_definite: Any = None, is_square: Any = None,
                 name: str = "LinearOperatorToeplitz") -> None:  # fmt: skip
        self.col, self.row = _node(col), _node(row)
        super().__init__(
            None, [self.col, self.row], is_non_singular, is_self_adjoint, is_positive_definite, True, name
        )

    def _dense(self) -> Tensor:
        n = self.col.get_shape()[-1].value
        around = math.concat(
            [math.reverse(self.col, [-1]), self.row[..., 1:]], -1
        )  # from the last row up, then right
        return math.gather(around, n - 1 + np.arange(n) - np.arange(n)[:, None], axis=-1)
