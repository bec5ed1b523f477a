"""``theano.sparse``: functions of sparse matrices.

The structured ones act where a number is not 0, as Theano's do at the places that are stored.
"""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.sparse.variables import SparseType, SparseVariable, is_sparse_matrix
from thalweg.compat.theano.subtensor import inc_subtensor
from thalweg.compat.theano.tensor import basic as dense
from thalweg.compat.theano.tensor import nnet
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def matrix(format: str, name: str | None = None, dtype: Any = None) -> SparseVariable:
    """A symbolic matrix of a format, "csr" or "csc"."""
    return SparseType(format, dtype)(name)  # type: ignore[return-value]


def csr_matrix(name: str | None = None, dtype: Any = None) -> SparseVariable:
    """A symbolic matrix stored by rows."""
    return matrix("csr", name, dtype)


def csc_matrix(name: str | None = None, dtype: Any = None) -> SparseVariable:
    """A symbolic matrix stored by columns."""
    return matrix("csc", name, dtype)


csr_dmatrix, csr_fmatrix = SparseType("csr", "float64"), SparseType("csr", "float32")
csc_dmatrix, csc_fmatrix = SparseType("csc", "float64"), SparseType("csc", "float32")


def as_sparse_variable(x: Any, name: str | None = None) -> SparseVariable:
    """A sparse variable from one, or from one of SciPy's matrices."""
    if isinstance(x, SparseVariable):
        return x
    if not is_sparse_matrix(x):
        raise TypeError(f"expected a sparse matrix, received {type(x).__name__}")
    return SparseVariable(tensor_of(x.toarray()), x.format)


as_sparse = as_sparse_or_tensor_variable = as_sparse_variable


def _whole(x: Any) -> TensorVariable:
    if isinstance(x, SparseVariable):
        return x.toarray()
    return as_sparse_variable(x).toarray() if is_sparse_matrix(x) else as_tensor_variable(x)


def _sparse(made: TensorVariable, *sources: Any) -> SparseVariable:
    formats = [getattr(s, "format", None) for s in sources]
    return SparseVariable(made.tensor, next((f for f in formats if f), "csr"))


def _is_sparse(x: Any) -> bool:
    return isinstance(x, SparseVariable) or is_sparse_matrix(x)


# --- between whole and sparse -------------------------------------------------------------------------------------


def dense_from_sparse(x: Any) -> TensorVariable:
    """The whole matrix."""
    return _whole(x)


def csr_from_dense(x: Any) -> SparseVariable:
    """A whole matrix as a sparse one, by rows."""
    return SparseVariable(as_tensor_variable(x).tensor, "csr")


def csc_from_dense(x: Any) -> SparseVariable:
    """A whole matrix as a sparse one, by columns."""
    return SparseVariable(as_tensor_variable(x).tensor, "csc")


def csm_properties(x: Any) -> list[TensorVariable]:
    """What the format stores: the numbers, their places within rows (or columns), where those begin, the shape."""
    v = as_sparse_variable(x)
    whole = v.toarray() if v.format == "csr" else v.toarray().T
    rows, places = dense.nonzero(whole)
    counts = dense.sum(dense.neq(whole, 0), axis=1)
    starts = dense.concatenate([dense.zeros((1,), dtype="int64"), dense.cumsum(counts)])
    return [whole[rows, places], dense.cast(places, "int32"), dense.cast(starts, "int32"), v.shape]


def csm_data(x: Any) -> TensorVariable:
    """The numbers that are not 0."""
    return csm_properties(x)[0]


def csm_indices(x: Any) -> TensorVariable:
    """Their places within rows (or columns)."""
    return csm_properties(x)[1]


def csm_indptr(x: Any) -> TensorVariable:
    """Where rows (or columns) begin among the numbers."""
    return csm_properties(x)[2]


def CSR(data: Any, indices: Any, indptr: Any, shape: Any) -> SparseVariable:
    """A matrix by rows, from what :func:`csm_properties` gives."""
    return csr_from_dense(_placed(data, indices, indptr, shape))


def CSC(data: Any, indices: Any, indptr: Any, shape: Any) -> SparseVariable:
    """A matrix by columns, from what :func:`csm_properties` gives."""
    lengths = as_tensor_variable(shape)
    return csc_from_dense(_placed(data, indices, indptr, dense.stack([lengths[1], lengths[0]])).T)


def _placed(data: Any, indices: Any, indptr: Any, shape: Any) -> TensorVariable:
    numbers, lengths = as_tensor_variable(data), as_tensor_variable(shape)
    rows = dense.searchsorted(indptr, dense.arange(numbers.shape[0]), side="right") - 1
    empty = dense.zeros((lengths[0], lengths[1]), dtype=numbers.dtype)
    return inc_subtensor(empty[rows, dense.cast(indices, "int64")], numbers)


# --- products and sums --------------------------------------------------------------------------------------------


def dot(x: Any, y: Any) -> TensorVariable:
    """The product of matrices: sparse where both are."""
    made = dense.dot(_whole(x), _whole(y))
    return _sparse(made, x, y) if _is_sparse(x) and _is_sparse(y) else made


structured_dot = dot


def true_dot(x: Any, y: Any, grad_preserves_dense: bool = True) -> SparseVariable:
    """The product of matrices, sparse."""
    return _sparse(dense.dot(_whole(x), _whole(y)), x, y)


def sampling_dot(x: Any, y: Any, p: Any) -> SparseVariable:
    """x yᵀ where the pattern p is not 0."""
    return _sparse(dense.dot(_whole(x), _whole(y).T) * dense.neq(_whole(p), 0), p)


def usmm(alpha: Any, x: Any, y: Any, z: Any) -> TensorVariable:
    """alpha x y + z."""
    return alpha * dot(x, y) + z


def add(x: Any, y: Any) -> TensorVariable:
    """The sum: sparse where both are."""
    made = _whole(x) + _whole(y)
    return _sparse(made, x, y) if _is_sparse(x) and _is_sparse(y) else made


def sub(x: Any, y: Any) -> TensorVariable:
    """The difference: sparse where both are."""
    return add(x, neg(y))


def mul(x: Any, y: Any) -> SparseVariable:
    """The product of elements."""
    return _sparse(_whole(x) * _whole(y), x, y)


multiply, subtract = mul, sub


def row_scale(x: Any, s: Any) -> SparseVariable:
    """Each row times its number."""
    return _sparse(_whole(x) * as_tensor_variable(s).dimshuffle(0, "x"), x)


def col_scale(x: Any, s: Any) -> SparseVariable:
    """Each column times its number."""
    return _sparse(_whole(x) * as_tensor_variable(s).dimshuffle("x", 0), x)


def sp_sum(x: Any, axis: Any = None, sparse_grad: bool = False) -> TensorVariable:
    """The sum over an axis, or of all numbers."""
    return dense.sum(_whole(x), axis=axis)


def transpose(x: Any) -> SparseVariable:
    """Rows and columns exchanged."""
    return as_sparse_variable(x).T


def diag(x: Any) -> TensorVariable:
    """The diagonal."""
    return dense.diagonal(_whole(x))


def square_diagonal(d: Any) -> SparseVariable:
    """A matrix with a diagonal."""
    return csc_from_dense(dense.diag(d))


def clean(x: Any) -> SparseVariable:
    """The matrix without stored zeros: itself."""
    return as_sparse_variable(x)


remove0 = ensure_sorted_indices = clean


def cast(x: Any, dtype: Any) -> SparseVariable:
    """The matrix in a dtype."""
    return _sparse(dense.cast(_whole(x), dtype), x)


def neg(x: Any) -> TensorVariable:
    """The numbers with their signs changed."""
    return _sparse(-_whole(x), x) if _is_sparse(x) else -_whole(x)


# --- where a number is not 0 --------------------------------------------------------------------------------------


def _structured(function: Any) -> Any:
    def apply(x: Any, *more: Any) -> SparseVariable:
        whole = _whole(x)
        return _sparse(dense.switch(dense.neq(whole, 0), function(whole, *more), dense.zeros_like(whole)), x)

    apply.__doc__ = f"``{function.__name__}`` of the numbers that are not 0."
    return apply


structured_add = structured_add_s_v = _structured(dense.add)
structured_sigmoid, structured_exp, structured_log = (
    _structured(f) for f in (nnet.sigmoid, dense.exp, dense.log)
)
structured_pow, structured_minimum, structured_maximum = (
    _structured(f) for f in (dense.pow, dense.minimum, dense.maximum)
)
sqr, sqrt, sin, tan, tanh, arcsin, arctan, arcsinh, sinh, sgn, expm1, log1p, ceil, floor, trunc = (
    _structured(getattr(dense, name))
    for name in "sqr sqrt sin tan tanh arcsin arctan arcsinh sinh sgn expm1 log1p ceil floor trunc".split()
)
