"""Layers on features: Dense, activations, Flatten, and functions as layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.layers.lora import Adaptable
from thalweg.layers.nodes import shapes_of
from thalweg.layers.sparse import shown, stored
from thalweg.nn.activations import prelu
from thalweg.ops import activation as act
from thalweg.ops import elementwise as ew
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import max as max_over
from thalweg.ops.shape import expand_dims, reshape
from thalweg.ops.softmax import softmax

__all__ = [
    "Activation", "ActivityRegularization", "Dense", "ELU", "Identity", "Lambda", "LeakyReLU", "Maxout", "PReLU",
    "ReLU", "Softmax",
]  # fmt: skip


def positive(layer: Layer, what: str, value: Any) -> int:
    """A whole number of at least 1, or an error that names the layer's argument."""
    if isinstance(value, (bool, str)) or value != int(value) or value < 1:
        raise fail(
            ArgumentError,
            f"{type(layer).__name__}: {what}",
            expected="a whole number > 0",
            received=repr(value),
        )
    return int(value)


def known_last(layer: Layer, shape: Any, what: str = "the last axis of the inputs") -> int:
    """The length of the last axis, or an error: weights are made for it."""
    if not shape or shape[-1] is None:
        raise fail(
            ShapeError, f"{layer.name}: {what} must be known", received=shape_text(shape),
            hint="give the Input or the first layer a shape",
        )  # fmt: skip
    return int(shape[-1])


def check_last(layer: Layer, x: Any, length: int) -> None:
    """The inputs still have the last axis that the weights were made for."""
    if x.shape is not None and (not x.shape or x.shape[-1] not in (None, length)):
        raise fail(
            ShapeError, f"{layer.name} was built for inputs with a last axis of {length}",
            expected=f"[..., {length}]", received=shape_text(x.shape),
            hint="Flatten() makes images rows" if x.ndim > 2 else None,
        )  # fmt: skip


class Dense(Adaptable):
    """``activation(x @ kernel + bias)``: [..., inputs] to [..., units].

    >>> import numpy as np
    >>> Dense(3)(np.ones((2, 4), "float32")).shape
    (2, 3)
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = positive(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.bias_initializer = map(
            initializers.get, (kernel_initializer, bias_initializer)
        )
        self.kernel_regularizer, self.bias_regularizer = map(
            regularizers.get, (kernel_regularizer, bias_regularizer)
        )
        self.kernel_constraint, self.bias_constraint = map(
            constraints.get, (kernel_constraint, bias_constraint)
        )
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        self.inputs = known_last(self, input_shape)
        self.kernel = self.add_weight(
            (self.inputs, self.units), self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        check_last(self, inputs, self.inputs)
        y: Any = matmul(self.floats(inputs), self.adapted(self.kernel))
        return self.activated(y + self.bias if self.use_bias else y)


class Activation(Layer):
    """A function of each element (or, for softmax, of the last axis), by name or itself."""

    supports_masking = True

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activated(inputs)


class ActivityRegularization(Layer):
    """The inputs themselves; adds ``l1 * sum(abs(x)) + l2 * sum(x^2)``, per example, to the loss."""

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **options: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **options)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        return inputs


class Identity(Layer):
    """The inputs themselves."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class ReLU(Layer):
    """``min(max(x, threshold), max_value)``, and ``negative_slope * (x - threshold)`` below the threshold."""

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        given = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for what, value in given.items():
            if value is not None and value < 0:
                raise fail(ArgumentError, f"{self.name}: {what}", expected="a number >= 0", received=value)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Any) -> Any:
        if self.negative_slope == 0 and self.threshold == 0:
            y = act.relu(inputs)
        else:
            below = (inputs - self.threshold) * self.negative_slope
            y = ew.where(ew.greater_equal(inputs, self.threshold), inputs, below)
        return y if self.max_value is None else ew.at_most(y, self.max_value)


class LeakyReLU(Layer):
    """x where positive, ``negative_slope * x`` elsewhere."""

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, alpha: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.negative_slope = negative_slope if alpha is None else alpha

    def call(self, inputs: Any) -> Any:
        return act.leaky_relu(inputs, self.negative_slope)


class ELU(Layer):
    """x where positive, ``alpha * (exp(x) - 1)`` elsewhere."""

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return act.elu(inputs, self.alpha)


class PReLU(Layer):
    """x where positive, ``alpha * x`` elsewhere, the slopes alpha being weights; one for all of each of shared_axes."""

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.first, self.penalty, self.limit = alpha_initializer, alpha_regularizer, alpha_constraint
        self.shared_axes = (shared_axes,) if isinstance(shared_axes, int) else tuple(shared_axes or ())

    def build(self, input_shape: Any) -> None:
        shape = [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            shape, self.first, name="alpha", regularizer=self.penalty, constraint=self.limit
        )

    def call(self, inputs: Any) -> Any:
        return prelu(inputs, self.alpha)


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over an axis, or several; places where ``mask`` is False get 0."""

    supports_masking = True

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        x = self.floats(inputs)
        if mask is None:
            return softmax(x, axis=self.axis)
        mask = expand_dims(mask, tuple(range(mask.ndim, x.ndim))) if mask.ndim < x.ndim else mask
        return ew.where(mask, softmax(ew.where(mask, x, -1e9), axis=self.axis), 0)


class Maxout(Layer):
    """The greatest of ``pieces`` linear functions: [..., inputs] to [..., units]."""

    def __init__(
        self, units: int, pieces: int = 2, kernel_initializer: Any = "glorot_uniform", use_bias: bool = True,
        kernel_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        bias_constraint: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.units, self.pieces = positive(self, "units", units), positive(self, "pieces", pieces)
        self.kernel_initializer, self.use_bias = kernel_initializer, use_bias
        self.of_kernel = {"regularizer": kernel_regularizer, "constraint": kernel_constraint}
        self.of_bias = {"regularizer": bias_regularizer, "constraint": bias_constraint}

    def build(self, input_shape: Any) -> None:
        size = self.units * self.pieces
        self.kernel = self.add_weight(
            (known_last(self, input_shape), size), self.kernel_initializer, name="kernel", **self.of_kernel
        )
        self.bias: Any = (
            self.add_weight((size,), "zeros", name="bias", **self.of_bias) if self.use_bias else None
        )

    def call(self, inputs: Any) -> Any:
        y: Any = matmul(self.floats(inputs), self.kernel)
        y = y + self.bias if self.use_bias else y
        shape = [-1 if n is None else n for n in y.shape[:-1]]
        return max_over(reshape(y, (*shape, self.units, self.pieces)), axis=-1)


class Lambda(Layer):
    """A function of the inputs as a layer without weights; saved by the name under which it is registered.

    ``mask``: the mask of the outputs, or a function of inputs and their mask. ``arguments``: more for the function.
    The shape follows from the function; where that leaves lengths open, ``output_shape`` says them: without the
    batch, or as a function of the inputs' shape with it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not callable(function):
            raise fail(ArgumentTypeError, "Lambda: function", expected="a function", received=repr(function))
        self.function, self.mask, self.arguments = function, mask, dict(arguments or {})
        self.output_shape_given = output_shape

    def said_shape(self, inputs: Any) -> Any:
        given = self.output_shape_given
        if given is None:
            return super().said_shape(inputs)
        return given(shapes_of(inputs)) if callable(given) else (None, *given)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def call(self, inputs: Any) -> Any:
        return stored(self.function(shown(inputs), **self.arguments))
