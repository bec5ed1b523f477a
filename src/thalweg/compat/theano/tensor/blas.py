"""``theano.tensor.blas``: products of matrices under their places there."""

from thalweg.compat.theano.tensor.basic import batched_dot as batched_dot
from thalweg.compat.theano.tensor.basic import batched_tensordot as batched_tensordot
