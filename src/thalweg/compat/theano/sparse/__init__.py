"""``theano.sparse``: SciPy's sparse matrices in and out; between them whole arrays are computed."""

from thalweg.compat.theano.sparse.basic import *  # noqa: F403
from thalweg.compat.theano.sparse.variables import SparseType as SparseType
from thalweg.compat.theano.sparse.variables import SparseVariable as SparseVariable

enable_sparse = True
int_dtypes, uint_dtypes = ["int8", "int16", "int32", "int64"], ["uint8", "uint16", "uint32", "uint64"]
float_dtypes, complex_dtypes = ["float32", "float64"], ["complex64", "complex128"]
integer_dtypes = discrete_dtypes = int_dtypes + uint_dtypes
continuous_dtypes = float_dtypes + complex_dtypes
all_dtypes = {*discrete_dtypes, *continuous_dtypes}
