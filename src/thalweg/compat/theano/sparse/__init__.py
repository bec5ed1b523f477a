"""``theano.sparse``: SciPy's sparse matrices in and out; between them whole arrays are computed."""

from thalweg.compat.theano.sparse.basic import *  # noqa: F403
from thalweg.compat.theano.sparse.variables import SparseType as SparseType
from thalweg.compat.theano.sparse.variables import SparseVariable as SparseVariable

enable_sparse = True
