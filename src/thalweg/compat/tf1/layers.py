"""``tf.layers``: layers as objects that keep their variables, and as functions that make one and call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, variables
from thalweg.compat.tf1.graph import Effect, GraphKeys, Operation, Tensor, current, default_graph, value, wrap
from thalweg.compat.tf1.initializers import ones_initializer, zeros_initializer
from thalweg.compat.tf1.lengths import dims_of
from thalweg.compat.tf1.types import as_tuple
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops


class Layer:
    """Variables and a function of them; the variables are made at the first call, under the layer's name."""

    kind = "layer"

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        _reuse: Any = None,
        _scope: Any = None,
        activity_regularizer: Any = None,
        **options: Any,
    ) -> None:
        self._name, self.trainable, self._reuse = name, trainable, _reuse
        self.scope_name: str | None = None
        self.activity_regularizer = activity_regularizer
        self.variables: list[variables.Variable] = []
        self.built = False
        self.updates: list[Any] = []
        self.losses: list[Any] = []

    @property
    def name(self) -> str:
        return self.scope_name or self._name or self.kind

    @property
    def trainable_variables(self) -> list[variables.Variable]:
        return [v for v in self.variables if v.trainable]

    @property
    def weights(self) -> list[variables.Variable]:
        return self.variables

    trainable_weights = trainable_variables

    def add_variable(
        self,
        name: str,
        shape: Any,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        constraint: Any = None,
    ) -> variables.Variable:
        """A variable under the layer's name."""
        made = variables.get_variable(
            name,
            shape,
            dtype,
            initializer,
            regularizer,
            trainable=trainable and self.trainable,
            constraint=constraint,
        )
        self.variables.append(made)
        return made

    add_weight = add_variable

    def build(self, input_shape: Any) -> None:
        """Make the variables."""

    def call(self, inputs: Any, **options: Any) -> Any:
        """The function."""
        raise NotImplementedError

    def __call__(self, inputs: Any, **options: Any) -> Any:
        inputs = g.nodes_of(inputs)
        inputs = inputs if isinstance(inputs, (Tensor, list, tuple, dict)) else g.constant(inputs)
        if self.scope_name is None:
            opened = variables.variable_scope(self._name, self.kind, reuse=self._reuse)
        else:
            opened = variables.variable_scope(variables.VariableScope(self.scope_name, self.built or None))
        with opened as scope:
            self.scope_name = scope.name
            if not self.built:
                self.build(inputs.get_shape() if isinstance(inputs, Tensor) else None)
                self.built = True
            made = self.call(inputs, **options)
            if self.activity_regularizer is not None:
                default_graph().add_to_collection(
                    GraphKeys.REGULARIZATION_LOSSES, self.activity_regularizer(made)
                )
            return made

    apply = __call__


def _activated(x: Any, activation: Any) -> Any:
    if isinstance(activation, str):
        activation = getattr(nn, activation)
    return x if activation is None else activation(x)


class Dense(Layer):
    """``activation(x @ kernel + bias)`` over the last axis."""

    kind = "dense"

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, activity_regularizer=activity_regularizer, **options)
        self.units, self.activation, self.use_bias = int(units), activation, use_bias
        self.starts = (kernel_initializer, bias_initializer or zeros_initializer())
        self.penalties = (kernel_regularizer, bias_regularizer)
        self.constraints = (kernel_constraint, bias_constraint)

    def build(self, input_shape: Any) -> None:
        width = input_shape[-1].value
        if width is None:
            raise ValueError("The last dimension of the inputs to `Dense` should be defined. Found `None`.")
        self.kernel = self.add_variable(
            "kernel", [width, self.units], self.starts[0], self.penalties[0], constraint=self.constraints[0]
        )
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_variable(
                "bias", [self.units], self.starts[1], self.penalties[1], constraint=self.constraints[1]
            )

    def call(self, inputs: Any, **options: Any) -> Tensor:
        if inputs.shape.ndims > 2:
            made = math.tensordot(inputs, self.kernel, [[inputs.shape.ndims - 1], [0]])
        else:
            made = math.matmul(inputs, self.kernel)
        return _activated(made if self.bias is None else nn.bias_add(made, self.bias), self.activation)


class _Conv(Layer):
    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, activity_regularizer=activity_regularizer, **options)
        self.filters, self.activation, self.use_bias = int(filters), activation, use_bias
        self.size, self.strides = as_tuple(kernel_size, self.rank), as_tuple(strides, self.rank)
        self.padding, self.dilation, self.layout = padding.upper(), dilation_rate, data_format
        self.starts = (kernel_initializer, bias_initializer or zeros_initializer())
        self.penalties = (kernel_regularizer, bias_regularizer)

    @property
    def channels_axis(self) -> int:
        return 1 if self.layout == "channels_first" else -1

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self.channels_axis].value
        self.kernel = self.add_variable(
            "kernel", self._kernel_shape(channels), self.starts[0], self.penalties[0]
        )
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_variable("bias", [self.filters], self.starts[1], self.penalties[1])

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.size, channels, self.filters]

    def _apply(self, x: Any) -> Any:
        return core_nn.conv(x, self.kernel.t, self.strides, self.padding, self.layout, self.dilation)

    def call(self, inputs: Any, **options: Any) -> Tensor:
        made = self._apply(value(inputs))
        if self.bias is not None:
            made = core_nn.bias_add(made, value(self.bias), self.layout)
        return _activated(wrap(made, None, type(self).__name__, [inputs, self.kernel]), self.activation)


class Conv1D(_Conv):
    """Convolution over one axis."""

    kind, rank = "conv1d", 1


class Conv2D(_Conv):
    """Convolution over two axes."""

    kind, rank = "conv2d", 2


class Conv3D(_Conv):
    """Convolution over three axes."""

    kind, rank = "conv3d", 3


class Conv2DTranspose(_Conv):
    """Transposed convolution over two axes."""

    kind, rank = "conv2d_transpose", 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(
            filters, kernel_size, strides, padding, data_format, 1, activation, use_bias, **options
        )

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.size, self.filters, channels]

    def _apply(self, x: Any) -> Any:
        return core_nn.conv_transpose(x, self.kernel.t, self.strides, self.padding, self.layout)


class SeparableConv2D(_Conv):
    """Each channel convolved on its own, then a convolution of width 1."""

    kind, rank = "separable_conv2d", 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            **options,
        )
        self.multiplier = depth_multiplier

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self.channels_axis].value
        self.kernel = self.add_variable("depthwise_kernel", [*self.size, channels, self.multiplier])
        self.pointwise = self.add_variable(
            "pointwise_kernel", [1, 1, channels * self.multiplier, self.filters]
        )
        self.bias = self.add_variable("bias", [self.filters], self.starts[1]) if self.use_bias else None

    def _apply(self, x: Any) -> Any:
        return core_nn.separable_conv(
            x, self.kernel.t, self.pointwise.t, self.strides, self.padding, self.layout
        )


class _Pool(Layer):
    rank, largest = 2, True

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        self.size, self.strides = as_tuple(pool_size, self.rank), as_tuple(strides, self.rank)
        self.padding, self.layout = padding.upper(), data_format

    def call(self, inputs: Any, **options: Any) -> Tensor:
        fn = core_nn.max_pool if self.largest else core_nn.avg_pool
        made = fn(value(inputs), self.size, self.strides, self.padding, self.layout)
        return wrap(made, None, type(self).__name__, [inputs])


class MaxPooling1D(_Pool):
    """The largest element of each window."""

    kind, rank, largest = "max_pooling1d", 1, True


class MaxPooling2D(_Pool):
    """The largest element of each window."""

    kind, rank, largest = "max_pooling2d", 2, True


class MaxPooling3D(_Pool):
    """The largest element of each window."""

    kind, rank, largest = "max_pooling3d", 3, True


class AveragePooling1D(_Pool):
    """The mean of each window."""

    kind, rank, largest = "average_pooling1d", 1, False


class AveragePooling2D(_Pool):
    """The mean of each window."""

    kind, rank, largest = "average_pooling2d", 2, False


class Flatten(Layer):
    """All axes but the first as one."""

    kind = "flatten"

    def call(self, inputs: Any, **options: Any) -> Tensor:
        rest = inputs.get_shape()[1:].num_elements()
        made = shape_ops.reshape(
            value(inputs), (-1, rest) if rest is not None else (inputs.shape[0].value, -1)
        )
        return wrap(made, None, "Flatten", [inputs])


class Dropout(Layer):
    """Zeros with probability ``rate`` while training, the rest divided by 1 - rate."""

    kind = "dropout"

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: Any = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        self.rate, self.noise_shape = rate, noise_shape

    def call(self, inputs: Any, training: Any = False, **options: Any) -> Tensor:
        x = value(inputs)
        rate = value(self.rate, inputs.dtype) if isinstance(self.rate, Tensor) else self.rate
        shape = (
            None
            if self.noise_shape is None
            else tuple(d if d == 1 else None for d in dims_of(self.noise_shape) or ())
        )
        if isinstance(training, Tensor):
            test = g.truth(training)
            rate = elementwise.where(test, g.cast(value(rate), x.dtype), g.cast(value(0.0), x.dtype))
        elif not training:
            return math.identity(inputs)
        return wrap(core_nn.dropout(x, rate, noise_shape=shape, symbolic=True), None, "dropout", [inputs])


class BatchNormalization(Layer):
    """Normalisation over a batch; the moving moments move through operations in the collection UPDATE_OPS."""

    kind = "batch_normalization"

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = None,
        gamma_initializer: Any = None,
        moving_mean_initializer: Any = None,
        moving_variance_initializer: Any = None,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        trainable: bool = True,
        name: str | None = None,
        fused: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, **{k: v for k, v in options.items() if k == "_reuse"})
        self.axis, self.momentum, self.epsilon, self.center, self.scale = (
            axis,
            momentum,
            epsilon,
            center,
            scale,
        )
        self.starts = [
            beta_initializer,
            gamma_initializer,
            moving_mean_initializer,
            moving_variance_initializer,
        ]
        self.penalties = (beta_regularizer, gamma_regularizer)

    def build(self, input_shape: Any) -> None:
        n = [input_shape[self.axis].value]
        beta, gamma, mean, variance = self.starts
        zero, one = zeros_initializer(), ones_initializer()
        self.gamma = self.add_variable("gamma", n, gamma or one, self.penalties[1]) if self.scale else None
        self.beta = self.add_variable("beta", n, beta or zero, self.penalties[0]) if self.center else None
        self.moving_mean = self.add_variable("moving_mean", n, mean or zero, trainable=False)
        self.moving_variance = self.add_variable("moving_variance", n, variance or one, trainable=False)

    def call(self, inputs: Any, training: Any = False, **options: Any) -> Tensor:
        x = value(inputs)
        gamma, beta = (None if v is None else value(v) for v in (self.gamma, self.beta))
        kept = value(self.moving_mean), value(self.moving_variance)
        if training is False or training is None or (training == 0 and not isinstance(training, Tensor)):
            return wrap(
                core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis),
                None,
                "batchnorm",
                [inputs],
            )
        y, mean, variance = core_nn.batch_norm_training(x, gamma, beta, self.epsilon, self.axis)
        test = g.truth(training) if isinstance(training, Tensor) else None
        if test is not None:
            still = core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis)
            y = elementwise.where(test, y, still)
        self._move(mean, variance, test)
        return wrap(y, None, "batchnorm", [inputs])

    def _move(self, mean: Any, variance: Any, test: Any) -> None:
        updates = []
        for variable, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            old: Any = current.build([variable.t], {})
            updates.append((variable.t, old - (old - new) * (1.0 - self.momentum)))
        effect = Effect(updates)
        if test is not None:
            effect.guard.append((test, True))
        operation = Operation("AssignMovingAvg", "AssignSub", effect)
        self.updates.append(operation)
        default_graph().add_to_collection(GraphKeys.UPDATE_OPS, operation)


# --- functions ------------------------------------------------------------------------------------------------------


def _called(layer: Any) -> Any:
    """A function that makes a layer of its arguments and calls it."""

    def apply(inputs: Any, *args: Any, name: str | None = None, reuse: Any = None, **options: Any) -> Any:
        return layer(*args, name=name, _reuse=reuse, **options)(inputs)

    apply.__name__, apply.__doc__ = layer.kind, layer.__doc__
    return apply


dense = _called(Dense)
conv1d, conv2d, conv3d = _called(Conv1D), _called(Conv2D), _called(Conv3D)
conv2d_transpose, separable_conv2d = _called(Conv2DTranspose), _called(SeparableConv2D)
max_pooling1d, max_pooling2d, max_pooling3d = (
    _called(MaxPooling1D),
    _called(MaxPooling2D),
    _called(MaxPooling3D),
)
average_pooling1d, average_pooling2d = _called(AveragePooling1D), _called(AveragePooling2D)


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """All axes but the first as one."""
    return Flatten(name)(inputs)


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: Any = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """Zeros with probability ``rate`` while training."""
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


def batch_normalization(
    inputs: Any,
    axis: int = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = None,
    gamma_initializer: Any = None,
    moving_mean_initializer: Any = None,
    moving_variance_initializer: Any = None,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    **options: Any,
) -> Tensor:
    """Normalisation over a batch; see :class:`BatchNormalization`."""
    layer = BatchNormalization(
        axis,
        momentum,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        moving_mean_initializer,
        moving_variance_initializer,
        beta_regularizer,
        gamma_regularizer,
        trainable=trainable,
        name=name,
        _reuse=reuse,
    )
    return layer(inputs, training=training)


class Input:
    """Not a layer: ``tf.layers.Input(shape)`` is a placeholder for a batch."""

    def __new__(
        cls,
        shape: Sequence[Any] | None = None,
        batch_size: Any = None,
        name: str | None = None,
        dtype: Any = "float32",
        **options: Any,
    ) -> Any:
        return math.placeholder(dtype, [batch_size, *(shape or ())], name)
