"""``theano.tensor.type``."""

from thalweg.compat.theano.variable import TensorType as TensorType
