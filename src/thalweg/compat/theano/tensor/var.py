"""``theano.tensor.var``: the classes of variables."""

from thalweg.compat.theano.sharing import TensorSharedVariable as TensorSharedVariable
from thalweg.compat.theano.variable import TensorConstant as TensorConstant
from thalweg.compat.theano.variable import TensorVariable as TensorVariable
