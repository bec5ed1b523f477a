"""``theano.tensor.sharedvar``."""

from thalweg.compat.theano.sharing import TensorSharedVariable as TensorSharedVariable
from thalweg.compat.theano.sharing import shared

SharedVariable = TensorSharedVariable
tensor_constructor = scalar_constructor = shared
