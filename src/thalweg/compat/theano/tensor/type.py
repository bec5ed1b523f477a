"""``theano.tensor.type``."""

from thalweg.compat.theano.tensor_type import TensorType as TensorType
