"""``lasagne.layers``: where a network takes in its data."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.utils import as_theano_expression
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T


class InputLayer(Layer):
    """Where a network takes in ``input_var`` of a shape."""

    def __init__(self, shape: Any, input_var: Any = None, name: str | None = None, **options: Any) -> None:
        self.shape = tuple(shape)
        if any(d is not None and d <= 0 for d in self.shape):
            raise ValueError(
                f"Cannot create InputLayer with a non-positive shape dimension. shape={self.shape}, self.name={name}"
            )
        if input_var is None:
            broadcastable = [False] * len(self.shape)
            input_var = T.TensorType(config.floatX, broadcastable)(f"{name}.input" if name else "input")
        elif as_theano_expression(input_var).ndim != len(self.shape):
            raise ValueError(f"shape has {len(self.shape)} dimensions, but variable has {input_var.ndim}")
        self.input_var = input_var
        self.name = name
        self.params = OrderedDict()
        self.get_output_kwargs = []

    @property
    def output_shape(self) -> Any:
        return self.shape
