"""Locally connected layers: convolutions with a kernel of its own at every place."""

from __future__ import annotations

import math
from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.conv import _Conv
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.slices import windows

__all__ = ["LocallyConnected1D", "LocallyConnected2D"]


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
        self.places = tuple((n - k) // s + 1 for n, k, s in zip(lengths, self.kernel_size, self.strides))
        shape = (math.prod(self.places), math.prod(self.kernel_size) * channels, self.filters)
        self.kernel = self.add_weight(shape, name="kernel", **self.kernel_options)
        if self.use_bias:
            self.bias = self.add_weight((*self.places, self.filters), name="bias", **self.bias_options)

    def call(self, inputs: Any) -> Any:
        self.channels(inputs.shape)
        x = self.floats(inputs)
        x = shape_ops.moveaxis(x, 1, -1) if self.channel_axis == 1 else x
        spatial = tuple(range(1, self.rank + 1))
        seen = windows(x, self.kernel_size, self.strides, axes=spatial)  # [batch, *places, channels, *window]
        seen = shape_ops.moveaxis(seen, self.rank + 1, -1)
        rows = shape_ops.reshape(seen, (-1, *self.kernel.shape[:2]))
        y: Any = shape_ops.swapaxes(matmul(shape_ops.swapaxes(rows, 0, 1), self.kernel), 0, 1)
        y = shape_ops.reshape(y, (-1, *self.places, self.filters))
        y = self.activation(y + self.bias if self.use_bias else y)
        return shape_ops.moveaxis(y, -1, 1) if self.channel_axis == 1 else y


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
