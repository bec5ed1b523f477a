"""Layers that convolve."""

from __future__ import annotations

from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.layers.base import _activated, _Affine, _called
from thalweg.compat.tf1.types import as_tuple


class _Conv(_Affine):
    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        *rest: Any,
        **options: Any,
    ) -> None:
        super().__init__(filters, *rest, **options)
        self.size, self.strides = as_tuple(kernel_size, self.rank), as_tuple(strides, self.rank)
        self.padding, self.dilation, self.layout = padding.upper(), dilation_rate, data_format

    @property
    def filters(self) -> int:
        return self.width

    def channels(self, input_shape: Any) -> int:
        """The channels of what is convolved."""
        found = input_shape[1 if self.layout == "channels_first" else -1].value
        if found is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        return int(found)

    def build(self, input_shape: Any) -> None:
        self.add_weights(self._kernel_shape(self.channels(input_shape)))

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.size, channels, self.filters]

    def _apply(self, x: Any) -> Any:
        return core_nn.conv(x, self.kernel.t, self.strides, self.padding, self.layout, self.dilation)

    def call(self, inputs: Any) -> Tensor:
        made = wrap(
            self._apply(value(inputs)), None, type(self).__name__, [inputs, self.kernel, self.dilation]
        )
        if self.bias is not None:
            added = core_nn.bias_add(value(made), value(self.bias), self.layout)
            made = wrap(added, None, "BiasAdd", [made, self.bias])
        return _activated(made, self.activation)


class Conv1D(_Conv):
    """Convolution over one axis."""

    kind, rank = "conv1d", 1


class Conv2D(_Conv):
    """Convolution over two axes."""

    kind, rank = "conv2d", 2


class Conv3D(_Conv):
    """Convolution over three axes."""

    kind, rank = "conv3d", 3


class _ConvTranspose(_Conv):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        *rest: Any,
        **options: Any,
    ) -> None:
        super().__init__(filters, kernel_size, strides, padding, data_format, 1, *rest, **options)

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.size, self.filters, channels]

    def _apply(self, x: Any) -> Any:
        return core_nn.conv_transpose(x, self.kernel.t, self.strides, self.padding, self.layout)


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over two axes."""

    kind, rank = "conv2d_transpose", 2


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over three axes."""

    kind, rank = "conv3d_transpose", 3


class _SeparableConv(_Conv):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = None,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        kernel = depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, *kernel,
            activity_regularizer, depthwise_constraint, bias_constraint, **options,
        )  # fmt: skip
        self.multiplier = depth_multiplier
        self.of_pointwise = pointwise_initializer, pointwise_regularizer, True, None, pointwise_constraint

    def _kernel_shape(self, channels: int) -> list[int]:
        return [*self.size, channels, self.multiplier]

    def build(self, input_shape: Any) -> None:
        channels = self.channels(input_shape)
        self.kernel = self.add_variable("depthwise_kernel", self._kernel_shape(channels), *self._of_kernel)
        shape = [*[1] * self.rank, channels * self.multiplier, self.filters]
        self.pointwise = self.add_variable("pointwise_kernel", shape, *self.of_pointwise)
        self.add_bias()

    def _apply(self, x: Any) -> Any:
        return core_nn.separable_conv(
            x, self.kernel.t, self.pointwise.t, self.strides, self.padding, self.layout, self.dilation
        )


class SeparableConv1D(_SeparableConv):
    """Each channel convolved on its own over one axis, then a convolution of width 1."""

    kind, rank = "separable_conv1d", 1


class SeparableConv2D(_SeparableConv):
    """Each channel convolved on its own over two axes, then a convolution of width 1."""

    kind, rank = "separable_conv2d", 2


conv1d, conv2d, conv3d = map(_called, (Conv1D, Conv2D, Conv3D))
conv2d_transpose, conv3d_transpose = map(_called, (Conv2DTranspose, Conv3DTranspose))
separable_conv1d, separable_conv2d = map(_called, (SeparableConv1D, SeparableConv2D))
# The names that tensorflow.python.layers.convolutional has too.
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution2DTranspose, Convolution3DTranspose = Conv2DTranspose, Conv3DTranspose
Deconvolution2D, Deconvolution3D, SeparableConvolution2D = Conv2DTranspose, Conv3DTranspose, SeparableConv2D
