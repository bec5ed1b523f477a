"""``theano.tensor.sharedvar``."""

from thalweg.compat.theano.sharing import TensorSharedVariable as TensorSharedVariable
