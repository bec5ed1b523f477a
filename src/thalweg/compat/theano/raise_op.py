"""``theano.raise_op``: conditions that are checked when a function runs."""

from thalweg.compat.theano.tensor.opt import Assert as Assert
from thalweg.compat.theano.tensor.opt import assert_op as assert_op
