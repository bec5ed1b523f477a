"""``theano.sandbox.linalg``."""

from thalweg.compat.theano.tensor.nlinalg import *  # noqa: F403
from thalweg.compat.theano.tensor.slinalg import cholesky as cholesky
from thalweg.compat.theano.tensor.slinalg import solve as solve
