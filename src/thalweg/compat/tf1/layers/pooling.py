"""Layers that take the largest or the mean of windows."""

from __future__ import annotations

from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.layers.base import Layer, _called
from thalweg.compat.tf1.types import as_tuple


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

    def call(self, inputs: Any) -> Tensor:
        fn = core_nn.max_pool if self.largest else core_nn.avg_pool
        made = fn(value(inputs), self.size, self.strides, self.padding, self.layout)
        kind = "MaxPool" if self.largest else "AvgPool"
        name = {1: "Squeeze", 2: kind, 3: f"{kind}3D"}[self.rank]
        return wrap(made, name, type(self).__name__, [inputs])


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


class AveragePooling3D(_Pool):
    """The mean of each window."""

    kind, rank, largest = "average_pooling3d", 3, False


max_pooling1d, max_pooling2d, max_pooling3d = map(_called, (MaxPooling1D, MaxPooling2D, MaxPooling3D))
average_pooling1d, average_pooling2d, average_pooling3d = map(
    _called, (AveragePooling1D, AveragePooling2D, AveragePooling3D)
)
