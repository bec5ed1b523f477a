"""``theano.tensor.sharedvar``."""

from thalweg.compat.theano.variable import TensorSharedVariable as TensorSharedVariable
