"""Convolution layers: plain, depthwise, separable and transposed; channels last unless told otherwise."""

from __future__ import annotations

from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.layers.lora import Adaptable
from thalweg.nn import convolution as nn

__all__ = [
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "DepthwiseConv1D",
    "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
]  # fmt: skip


def window(layer: Layer, what: str, value: Any, rank: int) -> tuple[int, ...]:
    """One whole number for every spatial axis."""
    values = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(values) != rank:
        raise fail(
            ArgumentError, f"{type(layer).__name__}: {what}", expected=f"{rank} numbers", received=repr(value)
        )
    return tuple(positive(layer, what, v) for v in values)


class _Convolution(Layer):
    """What convolutions share: window, strides, padding, the channels' place, bias and activation."""

    rank: int

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.kernel_size = window(self, "kernel_size", kernel_size, self.rank)
        self.strides = window(self, "strides", strides, self.rank)
        self.dilation_rate = window(self, "dilation_rate", dilation_rate, self.rank)
        self.padding, self.data_format = padding, data_format
        self.channel_axis = 1 if nn.channels_first(data_format) else -1
        self.activation, self.use_bias = activations.get(activation), use_bias
        self.bias_options = {
            "initializer": initializers.get(bias_initializer),
            "regularizer": regularizers.get(bias_regularizer),
            "constraint": constraints.get(bias_constraint),
        }
        self.bias: Any = None

    def channels(self, shape: Any) -> int:
        """The number of channels of the inputs, whose rank is checked."""
        if len(shape) != self.rank + 2 or shape[self.channel_axis] is None:
            raise fail(
                ShapeError, f"{self.name}: inputs",
                expected=f"{self.rank + 2} axes (batch, {self.rank} spatial, channels), the channels known",
                received=shape_text(shape), hint="Reshape, or np.expand_dims(x, -1), adds an axis of channels",
            )  # fmt: skip
        return int(shape[self.channel_axis])

    def add_bias(self, size: int) -> None:
        """The bias, if there is to be one."""
        if self.use_bias:
            self.bias = self.add_weight((size,), name="bias", **self.bias_options)

    def finish(self, y: Any) -> Any:
        """Bias and activation."""
        return self.activated(nn.bias_add(y, self.bias, self.data_format) if self.use_bias else y)


class _Conv(_Convolution):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, bias_initializer,
            bias_regularizer, bias_constraint, activity_regularizer=activity_regularizer, **options,
        )  # fmt: skip
        self.filters, self.groups = positive(self, "filters", filters), positive(self, "groups", groups)
        self.kernel_options = {
            "initializer": initializers.get(kernel_initializer),
            "regularizer": regularizers.get(kernel_regularizer),
            "constraint": constraints.get(kernel_constraint),
        }

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        """The shape of the kernel."""
        if channels % self.groups or self.filters % self.groups:
            raise fail(
                ArgumentError, f"{self.name}: groups", expected=f"a divisor of {channels} and {self.filters}",
                received=self.groups,
            )  # fmt: skip
        return (*self.kernel_size, channels // self.groups, self.filters)

    def build(self, input_shape: Any) -> None:
        shape = self.kernel_shape(self.channels(input_shape))
        self.kernel = self.add_weight(shape, name="kernel", **self.kernel_options)
        self.add_bias(self.filters)


class _PlainConv(_Conv, Adaptable):
    def call(self, inputs: Any) -> Any:
        self.channels(inputs.shape)
        return self.finish(self.convolution_op(self.floats(inputs), self.adapted(self.kernel)))

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution without bias and activation: what a subclass may write otherwise."""
        return nn.conv(
            inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate, self.groups
        )


class Conv1D(_PlainConv):
    """Convolution of [batch, steps, channels] with a kernel [k, channels / groups, filters]; padding "causal" too."""

    rank = 1


class Conv2D(_PlainConv):
    """Convolution of [batch, height, width, channels] with a kernel [kh, kw, channels / groups, filters].

    >>> import numpy as np
    >>> Conv2D(8, 3, padding="same")(np.zeros((2, 5, 5, 3), "float32")).shape
    (2, 5, 5, 8)
    """

    rank = 2


class Conv3D(_PlainConv):
    """Convolution of [batch, depth, height, width, channels] with a kernel [kd, kh, kw, channels / groups, filters]."""

    rank = 3


class _ConvTranspose(_Conv):
    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", output_padding: Any = None,
        data_format: str | None = None, dilation_rate: Any = 1, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, **options)
        self.output_padding = None if output_padding is None else self._per_axis(output_padding)

    def _per_axis(self, output_padding: Any) -> tuple[int, ...]:
        many = (
            tuple(output_padding)
            if isinstance(output_padding, (list, tuple))
            else (output_padding,) * self.rank
        )
        whole = len(many) == self.rank and all(isinstance(n, int) for n in many)
        if not whole or not all(0 <= n < stride for n, stride in zip(many, self.strides)):
            raise fail(
                ArgumentError, f"{type(self).__name__}: output_padding",
                expected=f"{self.rank} whole numbers from 0, each below its stride {self.strides}",
                received=repr(output_padding),
            )  # fmt: skip
        return many

    def _placed(self) -> tuple[Any, Any]:
        """The padding, and what is added at the ends: where output_padding is given, of the length
        (n - 1) * stride + extent + output_padding, less 2 * (extent // 2) for "same".
        """
        if self.output_padding is None:
            return self.padding, 0
        pads, extra = [], []
        for k, dilation, more in zip(self.kernel_size, self.dilation_rate, self.output_padding, strict=True):
            extent = (k - 1) * dilation + 1
            cut = 2 * (extent // 2) if self.padding.lower() == "same" else 0
            total = max(cut - more, 0)
            pads.append((total // 2, total - total // 2))
            extra.append(more - (cut - total))
        return pads, extra

    def kernel_shape(self, channels: int) -> tuple[int, ...]:
        return (*self.kernel_size, self.filters, channels)

    def call(self, inputs: Any) -> Any:
        self.channels(inputs.shape)
        padding, extra = self._placed()
        y = nn.conv_transpose(
            self.floats(inputs),
            self.kernel,
            self.strides,
            padding,
            self.data_format,
            self.dilation_rate,
            extra,
        )
        return self.finish(y)


class Conv1DTranspose(_ConvTranspose):
    """What turns a Conv1D's outputs back into the shape of its inputs; kernel [k, filters, channels]."""

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """What turns a Conv2D's outputs back into the shape of its inputs; kernel [kh, kw, filters, channels].

    >>> import numpy as np
    >>> Conv2DTranspose(3, 2, strides=2)(np.zeros((1, 4, 4, 8), "float32")).shape
    (1, 8, 8, 3)
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """What turns a Conv3D's outputs back into the shape of its inputs; kernel [kd, kh, kw, filters, channels]."""

    rank = 3


class _Depthwise(_Convolution):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **options
        )
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        self.kernel_options = {
            "initializer": initializers.get(depthwise_initializer),
            "regularizer": regularizers.get(depthwise_regularizer),
            "constraint": constraints.get(depthwise_constraint),
        }

    def build(self, input_shape: Any) -> None:
        channels = self.channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self.add_weight(shape, name="kernel", **self.kernel_options)
        self.add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        return self.finish(
            nn.depthwise_conv(
                x, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
            )
        )


class DepthwiseConv1D(_Depthwise):
    """Each channel convolved on its own: kernel [k, channels, depth_multiplier]."""

    rank = 1


class DepthwiseConv2D(_Depthwise):
    """Each channel convolved on its own: kernel [kh, kw, channels, depth_multiplier]."""

    rank = 2


class _Separable(_Convolution):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, **options
        )
        self.filters = positive(self, "filters", filters)
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        self.kernel_options = {
            "depthwise_kernel": (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
            "pointwise_kernel": (pointwise_initializer, pointwise_regularizer, pointwise_constraint),
        }

    def build(self, input_shape: Any) -> None:
        channels = self.channels(input_shape)
        deep = (*self.kernel_size, channels, self.depth_multiplier)
        wide = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self._kernel("depthwise_kernel", deep)
        self.pointwise_kernel = self._kernel("pointwise_kernel", wide)
        self.add_bias(self.filters)

    def _kernel(self, name: str, shape: tuple[int, ...]) -> Any:
        first, penalty, limit = self.kernel_options[name]
        return self.add_weight(
            shape, initializers.get(first), name=name,
            regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
        )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        y = nn.separable_conv(
            self.floats(inputs), self.depthwise_kernel, self.pointwise_kernel, self.strides, self.padding,
            self.data_format, self.dilation_rate,
        )  # fmt: skip
        return self.finish(y)


class SeparableConv1D(_Separable):
    """A depthwise convolution, then one of width 1 that mixes the channels."""

    rank = 1


class SeparableConv2D(_Separable):
    """A depthwise convolution, then one of 1 x 1 that mixes the channels."""

    rank = 2
