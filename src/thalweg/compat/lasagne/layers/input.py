"""``lasagne.layers``: where a network takes in its data."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T


class InputLayer(Layer):
    """Where a network takes in ``input_var`` of a shape."""

    def __init__(self, shape: Any, input_var: Any = None, name: str | None = None, **options: Any) -> None:
        self.shape = tuple(shape)
        if input_var is None:
            broadcastable = [False] * len(self.shape)
            input_var = T.TensorType(config.floatX, broadcastable)(f"{name}.input" if name else "input")
        self.input_var = input_var
        self.name = name
        self.params = OrderedDict()
        self.get_output_kwargs = []

    @property
    def output_shape(self) -> Any:
        return self.shape
