"""``theano.gof.type``."""

from thalweg.compat.theano.tensor_type import TensorType as Type

__all__ = ["Type"]
