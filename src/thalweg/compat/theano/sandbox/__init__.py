"""``theano.sandbox``: random streams and linear algebra under their older places."""

from thalweg.compat.theano.sandbox import cuda as cuda
from thalweg.compat.theano.sandbox import linalg as linalg
from thalweg.compat.theano.sandbox import rng_mrg as rng_mrg
