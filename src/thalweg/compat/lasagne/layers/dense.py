"""``lasagne.layers``: dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.lasagne.init import Constant, GlorotUniform
from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.theano import tensor as T


class DenseLayer(Layer):
    """``nonlinearity(x W + b)``; all but the first ``num_leading_axes`` axes of the input count as one."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        num_leading_axes: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        self.num_units, self.nonlinearity = num_units, nonlinearity or identity
        self.num_leading_axes = num_leading_axes % len(self.input_shape)
        rest = self.input_shape[self.num_leading_axes :]
        if None in rest:
            raise ValueError(
                f"DenseLayer: the input's shape {self.input_shape} must be known after the leading axes"
            )
        self.num_inputs = int(np.prod(rest))
        self.W = self.add_param(GlorotUniform() if W is None else W, (self.num_inputs, num_units), name="W")
        self.b = _bias(self, b, (num_units,))

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (*input_shape[: self.num_leading_axes], self.num_units)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        x = input.flatten(self.num_leading_axes + 1) if input.ndim > self.num_leading_axes + 1 else input
        x = T.dot(x, self.W)
        return self.nonlinearity(x if self.b is None else x + self.b)


def _bias(layer: Layer, b: Any, shape: Any) -> Any:
    """The parameter ``b``: none for None, zeros for the default 0."""
    if b is None:
        return None
    start = Constant(0.0) if isinstance(b, int) and b == 0 else b
    return layer.add_param(start, shape, name="b", regularizable=False)


class NINLayer(Layer):
    """A dense layer over the channels of every pixel; ``untie_biases``: a bias for each pixel."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        untie_biases: bool = False,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        self.num_units, self.nonlinearity = num_units, nonlinearity or identity
        self.untie_biases = untie_biases
        self.W = self.add_param(
            GlorotUniform() if W is None else W, (self.input_shape[1], num_units), name="W"
        )
        self.b = _bias(self, b, (num_units, *self.output_shape[2:]) if untie_biases else (num_units,))

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (input_shape[0], self.num_units, *input_shape[2:])

    def get_output_for(self, input: Any, **options: Any) -> Any:
        x = T.tensordot(self.W, input, axes=[[0], [1]])
        x = x.dimshuffle(1, 0, *range(2, input.ndim))
        if self.b is not None:
            pixels = range(1, input.ndim - 1) if self.untie_biases else ["x"] * (input.ndim - 2)
            x = x + self.b.dimshuffle("x", 0, *pixels)
        return self.nonlinearity(x)
