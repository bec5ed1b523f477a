"""Sparse variables: a matrix that SciPy's formats stand for outside of functions, a whole array inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.tensor_type import TensorType
from thalweg.compat.theano.variable import TensorVariable
from thalweg.graph.tensor import Tensor, placeholder


class SparseType(TensorType):
    """A dtype and a format, "csr" or "csc". Calling it makes a variable."""

    def __init__(self, format: str, dtype: Any = None, name: str | None = None) -> None:
        if format not in ("csr", "csc"):
            raise NotImplementedError(f"sparse: the format must be csr or csc, received {format!r}")
        super().__init__(dtype or config.floatX, (False, False), name)
        self.format = format

    def make_variable(self, name: str | None = None) -> SparseVariable:
        """A new symbolic matrix of this type."""
        return SparseVariable(placeholder(self.dtype, [None, None], name=name), self.format)

    def __str__(self) -> str:
        return f"Sparse[{self.dtype}, {self.format}]"

    __repr__ = __str__


class SparseVariable(TensorVariable):
    """A sparse matrix: sums, products and transposes of such are sparse, with whole matrices they are whole."""

    def __init__(self, tensor: Tensor, format: str = "csr") -> None:
        super().__init__(tensor)
        self.format = format

    @property
    def type(self) -> SparseType:
        """The dtype and format."""
        return SparseType(self.format, self.dtype)

    @property
    def T(self) -> SparseVariable:
        """Rows and columns exchanged, which exchanges the formats."""
        return SparseVariable(super().T.tensor, "csc" if self.format == "csr" else "csr")

    def stored(self, array: np.ndarray) -> Any:
        """A value of this variable as programs hold it: in SciPy's format."""
        return sparse_matrix(array, self.format)

    def toarray(self) -> TensorVariable:
        """The whole matrix."""
        return TensorVariable(self.tensor)

    def dot(self, other: Any) -> TensorVariable:
        """The product of matrices."""
        return self._like(super().__matmul__(other), other)

    def _like(self, made: TensorVariable, other: Any) -> Any:
        return SparseVariable(made.tensor, self.format) if isinstance(other, SparseVariable) else made

    def __add__(self, other: Any) -> Any:
        return self._like(super().__add__(other), other)

    def __sub__(self, other: Any) -> Any:
        return self._like(super().__sub__(other), other)

    def __mul__(self, other: Any) -> SparseVariable:
        return SparseVariable(super().__mul__(other).tensor, self.format)

    __rmul__ = __mul__

    def __neg__(self) -> SparseVariable:
        return self * -1


class SparseSharedVariable(TensorSharedVariable, SparseVariable):
    """A sparse matrix kept between calls of functions."""

    def __init__(self, value: Any, name: str | None = None) -> None:
        TensorSharedVariable.__init__(self, value.toarray(), name)
        self.format = value.format

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The value now, in SciPy's format."""
        return sparse_matrix(self.tensor.get_value(), self.format)


def is_sparse_matrix(value: Any) -> bool:
    """Whether a value is one of SciPy's sparse matrices."""
    return hasattr(value, "toarray") and hasattr(value, "format")


def sparse_matrix(array: np.ndarray, format: str) -> Any:
    """An array in one of SciPy's formats."""
    import scipy.sparse

    return {"csr": scipy.sparse.csr_matrix, "csc": scipy.sparse.csc_matrix}[format](array)
