"""``lasagne.layers``: convolutions."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.init import GlorotUniform
from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.layers.dense import _bias
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.lasagne.utils import as_tuple
from thalweg.compat.theano import tensor as T


def conv_output_length(input_length: Any, filter_size: int, stride: int, pad: Any = 0) -> Any:
    """The length of a convolution's output along an axis."""
    if input_length is None:
        return None
    if pad == "valid":
        length = input_length - filter_size + 1
    elif pad == "full":
        length = input_length + filter_size - 1
    elif pad == "same":
        length = input_length
    elif isinstance(pad, str):
        raise ValueError(f"Invalid pad: {pad}")
    else:
        length = input_length + 2 * pad - filter_size + 1
    return (length + stride - 1) // stride


def conv_input_length(output_length: Any, filter_size: int, stride: int, pad: Any = 0) -> Any:
    """The length of the input along an axis that gives an output of this length."""
    if output_length is None:
        return None
    pads = {"valid": 0, "full": filter_size - 1, "same": filter_size // 2}
    return (output_length - 1) * stride - 2 * (pads[pad] if isinstance(pad, str) else pad) + filter_size


class BaseConvLayer(Layer):
    """What the convolutions share: ``W`` [filters, channels, ...], flipped unless ``flip_filters=False``.

    ``strides`` and ``border_mode`` are the names of ``stride`` and ``pad`` from before version 0.1.
    """

    rank = 2
    convolution: Any = staticmethod(T.nnet.conv2d)

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = 1,
        pad: Any = 0,
        untie_biases: bool = False,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        flip_filters: bool = True,
        convolution: Any = None,
        num_groups: int = 1,
        strides: Any = None,
        border_mode: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        stride, pad = strides or stride, pad if border_mode is None else border_mode
        self.num_filters, self.nonlinearity = num_filters, nonlinearity or identity
        self.filter_size, self.stride = as_tuple(filter_size, self.rank), as_tuple(stride, self.rank)
        self.pad = pad if pad in ("valid", "full", "same") else as_tuple(pad, self.rank, int)
        if self.pad == "valid":
            self.pad = (0,) * self.rank
        self.flip_filters, self.untie_biases, self.num_groups = flip_filters, untie_biases, num_groups
        if self.pad == "same" and any(n % 2 == 0 for n in self.filter_size):
            raise NotImplementedError("`same` padding requires odd filter size.")
        self.W = self.add_param(GlorotUniform() if W is None else W, self.get_W_shape(), name="W")
        shape = (num_filters, *self.output_shape[2:]) if untie_biases else (num_filters,)
        self.b = _bias(self, b, shape)

    def get_W_shape(self) -> Any:
        """The shape of the filters."""
        return (self.num_filters, self.input_shape[1] // self.num_groups, *self.filter_size)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        pads = self.pad if isinstance(self.pad, tuple) else (self.pad,) * self.rank
        lengths = zip(input_shape[2:], self.filter_size, self.stride, pads, strict=True)
        return (input_shape[0], self.num_filters, *(conv_output_length(*part) for part in lengths))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made = self.convolve(input)
        if self.b is not None:
            bias = (
                T.shape_padleft(self.b, 1)
                if self.untie_biases
                else self.b.dimshuffle("x", 0, *["x"] * self.rank)
            )
            made = made + bias
        return self.nonlinearity(made)

    def convolve(self, input: Any) -> Any:
        """The convolution itself."""
        mode = "half" if self.pad == "same" else self.pad
        return self.convolution(
            input,
            self.W,
            filter_shape=self.get_W_shape(),
            border_mode=mode,
            subsample=self.stride,
            filter_flip=self.flip_filters,
            num_groups=self.num_groups,
        )


class Conv2DLayer(BaseConvLayer):
    """Convolution over two axes."""


class Conv3DLayer(BaseConvLayer):
    """Convolution over three axes."""

    rank = 3
    convolution = staticmethod(T.nnet.conv3d)


class Conv1DLayer(BaseConvLayer):
    """Convolution over one axis."""

    rank = 1

    def convolve(self, input: Any) -> Any:
        mode = self.pad
        if isinstance(mode, tuple):
            mode = (0, mode[0])
        elif mode in ("same", "full"):
            size = self.filter_size[0]
            mode = (0, size // 2 if mode == "same" else size - 1)
        filters = self.get_W_shape()
        made = T.nnet.conv2d(
            input.dimshuffle(0, 1, "x", 2),
            self.W.dimshuffle(0, 1, "x", 2),
            filter_shape=(*filters[:2], 1, filters[2]),
            border_mode=mode,
            subsample=(1, self.stride[0]),
            filter_flip=self.flip_filters,
        )
        return made[:, :, 0, :]


class DilatedConv2DLayer(BaseConvLayer):
    """Convolution over two axes with holes in its filters [channels, filters, ...]."""

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        dilation: Any = (1, 1),
        pad: Any = 0,
        **options: Any,
    ):
        self.dilation = as_tuple(dilation, 2)
        super().__init__(incoming, num_filters, filter_size, pad=pad, flip_filters=False, **options)

    def get_W_shape(self) -> Any:
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        wide = [(n - 1) * d + 1 for n, d in zip(self.filter_size, self.dilation, strict=True)]
        lengths = zip(input_shape[2:], wide, (1, 1), self.pad, strict=True)
        return (input_shape[0], self.num_filters, *(conv_output_length(*part) for part in lengths))

    def convolve(self, input: Any) -> Any:
        shape = self.get_W_shape()
        return T.nnet.conv2d(
            input,
            self.W.dimshuffle(1, 0, 2, 3),
            filter_shape=(shape[1], shape[0], *shape[2:]),
            border_mode=self.pad,
            filter_flip=False,
            filter_dilation=self.dilation,
        )


class TransposedConv2DLayer(BaseConvLayer):
    """The gradient of a convolution: ``crop`` takes away what padding had added."""

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = 1,
        crop: Any = 0,
        untie_biases: bool = False,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        flip_filters: bool = False,
        output_size: Any = None,
        **options: Any,
    ) -> None:
        self.output_size = output_size
        super().__init__(
            incoming,
            num_filters,
            filter_size,
            stride,
            crop,
            untie_biases,
            W,
            b,
            nonlinearity,
            flip_filters,
            **options,
        )
        self.crop = self.pad

    def get_W_shape(self) -> Any:
        return (self.input_shape[1], self.num_filters, *self.filter_size)

    def _crops(self) -> list[int]:
        named = {"valid": lambda n: 0, "full": lambda n: n - 1, "same": lambda n: n // 2}
        if isinstance(self.pad, str):
            return [named[self.pad](n) for n in self.filter_size]
        return [int(c) for c in self.pad]

    def get_output_shape_for(self, input_shape: Any) -> Any:
        lengths = [
            None if n is None else (n - 1) * s + f - 2 * c
            for n, s, f, c in zip(input_shape[2:], self.stride, self.filter_size, self._crops(), strict=True)
        ]
        if self.output_size is not None:
            lengths = list(as_tuple(self.output_size, self.rank))
        return (input_shape[0], self.num_filters, *lengths)

    def convolve(self, input: Any) -> Any:
        transposed = T.nnet.conv2d_transpose if self.rank == 2 else T.nnet.abstract_conv.conv3d_transpose
        return transposed(
            input,
            self.W,
            self.output_shape,
            filter_shape=self.get_W_shape(),
            border_mode=tuple(self._crops()),
            input_dilation=self.stride,
            filter_flip=not self.flip_filters,
        )


Deconv2DLayer = TransposedConv2DLayer


class TransposedConv3DLayer(TransposedConv2DLayer):
    """The gradient of a convolution over three axes."""

    rank = 3


Deconv3DLayer = TransposedConv3DLayer
