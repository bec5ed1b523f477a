"""``lasagne.layers``: functions of each element, fixed expressions, inverses and transformations."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.lasagne.init import Constant
from thalweg.compat.lasagne.layers.base import Layer, MergeLayer
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.lasagne.random import get_rng
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.gradient import grad
from thalweg.compat.theano.mrg import MRG_RandomStreams


class NonlinearityLayer(Layer):
    """A function of each element."""

    def __init__(self, incoming: Any, nonlinearity: Any = rectify, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.nonlinearity = nonlinearity or identity

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.nonlinearity(input)


class BiasLayer(Layer):
    """A bias, shared over all axes but the second unless told otherwise."""

    def __init__(self, incoming: Any, b: Any = None, shared_axes: Any = "auto", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.axes = _own_axes(shared_axes, len(self.input_shape))
        shape = [self.input_shape[k] for k in self.axes]
        self.b = self.add_param(Constant(0) if b is None else b, shape, name="b", regularizable=False)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input + _along(self.b, self.axes, input.ndim)


class ScaleLayer(Layer):
    """A factor, shared over all axes but the second unless told otherwise."""

    def __init__(self, incoming: Any, scales: Any = None, shared_axes: Any = "auto", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.axes = _own_axes(shared_axes, len(self.input_shape))
        shape = [self.input_shape[k] for k in self.axes]
        self.scales = self.add_param(
            Constant(1) if scales is None else scales, shape, name="scales", regularizable=False
        )

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input * _along(self.scales, self.axes, input.ndim)


def _own_axes(shared_axes: Any, rank: int) -> list[int]:
    """The axes along which a parameter has a number for each place."""
    if shared_axes == "auto":
        return [1]
    common = {shared_axes} if isinstance(shared_axes, int) else set(shared_axes)
    return [k for k in range(rank) if k not in common]


def _along(param: Any, axes: list[int], rank: int) -> Any:
    return param.dimshuffle([axes.index(k) if k in axes else "x" for k in range(rank)])


def standardize(layer: Any, offset: Any, scale: Any, shared_axes: Any = "auto") -> Any:
    """``(x - offset) / scale`` with fixed numbers."""
    made = BiasLayer(layer, -np.asarray(offset, config.floatX), shared_axes)
    made.params[made.b].discard("trainable")
    scaled = ScaleLayer(made, 1 / np.asarray(scale, config.floatX), shared_axes)
    scaled.params[scaled.scales].discard("trainable")
    return scaled


class ExpressionLayer(Layer):
    """Any function of the output; ``output_shape``: None for the same, a tuple, a function of the shape, or "auto"."""

    def __init__(self, incoming: Any, function: Any, output_shape: Any = None, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.function, self._shape = function, output_shape

    def get_output_shape_for(self, input_shape: Any) -> Any:
        if self._shape is None:
            return input_shape
        if callable(self._shape):
            return self._shape(input_shape)
        if self._shape == "auto":
            x = T.TensorVariable(tw.placeholder(config.floatX, input_shape))
            return self.function(x).tensor.known_shape()
        return tuple(self._shape)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.function(input)


class InverseLayer(MergeLayer):
    """The derivative of another layer by its input, times the incoming: deconvolution, unpooling, tied weights."""

    def __init__(self, incoming: Any, layer: Any, **options: Any) -> None:
        super().__init__([incoming, layer, layer.input_layer], **options)

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        return input_shapes[2]

    def get_output_for(self, input: Any, **options: Any) -> Any:
        given, after, before = input
        return grad(None, wrt=before, known_grads={after: given})


class ParametricRectifierLayer(Layer):
    """x where positive, else ``alpha x`` with a learned alpha for each channel."""

    def __init__(self, incoming: Any, alpha: Any = None, shared_axes: Any = "auto", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.axes = [] if shared_axes == "all" else _own_axes(shared_axes, len(self.input_shape))
        shape = [self.input_shape[k] for k in self.axes]
        if None in shape:
            raise ValueError(
                "ParametricRectifierLayer: the lengths of axes that are not shared must be known"
            )
        start = Constant(0.25) if alpha is None else alpha
        self.alpha = self.add_param(start, shape, name="alpha", regularizable=False)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return T.nnet.relu(input, _along(self.alpha, self.axes, input.ndim))


def _without_nonlinearity(layer: Any) -> Any:
    if getattr(layer, "nonlinearity", None) is not None:
        layer.nonlinearity = identity
    return layer


def prelu(layer: Any, **options: Any) -> ParametricRectifierLayer:
    """The layer with a :class:`ParametricRectifierLayer` in place of its nonlinearity."""
    return ParametricRectifierLayer(_without_nonlinearity(layer), **options)


class RandomizedRectifierLayer(Layer):
    """x where positive, else x times a number drawn between ``lower`` and ``upper``; their mean if deterministic."""

    def __init__(
        self, incoming: Any, lower: Any = 0.3, upper: Any = 0.8, shared_axes: Any = "auto", **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        rank = len(self.input_shape)
        if not isinstance(lower > upper, T.TensorVariable) and lower > upper:
            raise ValueError(f"RandomizedRectifierLayer: lower ({lower}) must not exceed upper ({upper})")
        if shared_axes == "auto":
            shared_axes = (0, *range(2, rank))
        elif shared_axes == "all":
            shared_axes = tuple(range(rank))
        self.shared_axes = (shared_axes,) if isinstance(shared_axes, int) else tuple(shared_axes)
        self.lower, self.upper = lower, upper
        self._srng = MRG_RandomStreams(int(get_rng().randint(1, 2147462579)))

    def get_output_for(self, input: Any, deterministic: bool = False, **options: Any) -> Any:
        if deterministic or (isinstance(self.upper, (int, float)) and self.lower == self.upper):
            return T.nnet.relu(input, (self.upper + self.lower) / 2.0)
        shape = [1 if k in self.shared_axes else input.shape[k] for k in range(input.ndim)]
        slope = self._srng.uniform(tuple(shape), low=self.lower, high=self.upper, dtype=config.floatX)
        return T.nnet.relu(input, T.addbroadcast(slope, *self.shared_axes))


def rrelu(layer: Any, **options: Any) -> RandomizedRectifierLayer:
    """The layer with a :class:`RandomizedRectifierLayer` in place of its nonlinearity."""
    return RandomizedRectifierLayer(_without_nonlinearity(layer), **options)
