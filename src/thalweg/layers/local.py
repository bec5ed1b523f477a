"""Locally connected layers: convolutions with a kernel of its own at every place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.conv import _Conv
from thalweg.nn.convolution import channels_first
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.slices import windows

__all__ = ["LocallyConnected1D", "LocallyConnected2D", "locally_connected"]


def locally_connected(
    x: Any, kernel: Any, kernel_size: Sequence[int], strides: Sequence[int], data_format: str | None = None
) -> Any:
    """A convolution, padding "valid", with a kernel of its own at every place: [places, window * channels, filters]."""
    first = channels_first(data_format)
    x = shape_ops.moveaxis(x, 1, -1) if first else x
    rank = x.ndim - 2
    seen = windows(x, kernel_size, strides, axes=range(1, rank + 1))  # [batch, *places, channels, *window]
    places = seen.shape[1 : rank + 1]
    rows = shape_ops.reshape(shape_ops.moveaxis(seen, rank + 1, -1), (-1, *kernel.shape[:2]))
    y = shape_ops.swapaxes(matmul(shape_ops.swapaxes(rows, 0, 1), kernel), 0, 1)
    y = shape_ops.reshape(y, (-1, *places, kernel.shape[-1]))
    return shape_ops.moveaxis(y, -1, 1) if first else y


class _LocallyConnected(_Conv):
    """What they share; the lengths of the spatial axes must be known, the padding is "valid"."""

    def build(self, input_shape: Any) -> None:
        channels = self.channels(input_shape)
        first = 2 if self.channel_axis == 1 else 1
        lengths = input_shape[first : first + self.rank]
        if None in lengths or self.padding.lower() != "valid":
            raise fail(
                ShapeError, f"{self.name}: a kernel for every place",
                expected="known lengths of all axes but the batch, and padding valid",
                received=f"{shape_text(input_shape)}, padding {self.padding}",
            )  # fmt: skip
        places = tuple((n - k) // s + 1 for n, k, s in zip(lengths, self.kernel_size, self.strides))
        shape = (math.prod(places), math.prod(self.kernel_size) * channels, self.filters)
        self.kernel = self.add_weight(shape, name="kernel", **self.kernel_options)
        if self.use_bias:
            self.bias = self.add_weight((*places, self.filters), name="bias", **self.bias_options)

    def call(self, inputs: Any) -> Any:
        self.channels(inputs.shape)
        x = self.floats(inputs)
        y = locally_connected(x, self.kernel, self.kernel_size, self.strides, self.data_format)
        if self.use_bias:
            y = y + (shape_ops.moveaxis(self.bias, -1, 0) if self.channel_axis == 1 else self.bias)
        return self.activated(y)


class LocallyConnected1D(_LocallyConnected):
    """:class:`Conv1D` with a kernel and a bias for every step: [steps, k * channels, filters] and [steps, filters].

    >>> import numpy as np
    >>> layer = LocallyConnected1D(4, 3)
    >>> layer(np.zeros((2, 10, 5), "float32")).shape, layer.kernel.shape
    ((2, 8, 4), (8, 15, 4))
    """

    rank = 1


class LocallyConnected2D(_LocallyConnected):
    """:class:`Conv2D` with a kernel and a bias for every place: [places, kh * kw * channels, filters]."""

    rank = 2
