"""Pooling layers: the greatest element or the mean of windows, or of all places."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.base import Layer
from thalweg.layers.conv import window
from thalweg.nn import convolution as nn
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.shape import expand_dims

__all__ = [
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPooling1D",
    "MaxPooling2D", "MaxPooling3D",
]  # fmt: skip


class _Spatial(Layer):
    rank: int

    def checked(self, x: Any) -> Any:
        """The inputs, if they have the right number of axes."""
        if x.ndim != self.rank + 2:
            wanted = f"{self.rank + 2} axes (batch, {self.rank} spatial, channels)"
            raise fail(ShapeError, self.name, expected=wanted, received=shape_text(x.shape))
        return x


class _Pooling(_Spatial):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.pool_size = window(self, "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else window(self, "strides", strides, self.rank)
        self.padding, self.data_format = padding, data_format


class _MaxPooling(_Pooling):
    def call(self, inputs: Any) -> Any:
        return nn.max_pool(self.checked(inputs), self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling1D(_MaxPooling):
    """The greatest element of each window of steps."""

    rank = 1


class MaxPooling2D(_MaxPooling):
    """The greatest element of each window of an image.

    >>> import numpy as np
    >>> MaxPooling2D()(np.zeros((2, 6, 6, 3), "float32")).shape
    (2, 3, 3, 3)
    """

    rank = 2


class MaxPooling3D(_MaxPooling):
    """The greatest element of each window of a volume."""

    rank = 3


class _AveragePooling(_Pooling):
    def call(self, inputs: Any) -> Any:
        x = self.floats(self.checked(inputs))
        return nn.avg_pool(x, self.pool_size, self.strides, self.padding, self.data_format)


class AveragePooling1D(_AveragePooling):
    """The mean of each window of steps; padding is not counted."""

    rank = 1


class AveragePooling2D(_AveragePooling):
    """The mean of each window of an image; padding is not counted."""

    rank = 2


class AveragePooling3D(_AveragePooling):
    """The mean of each window of a volume; padding is not counted."""

    rank = 3


class _GlobalPooling(_Spatial):
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.data_format, self.keepdims = data_format, keepdims


class _GlobalMax(_GlobalPooling):
    def call(self, inputs: Any) -> Any:
        return nn.global_max_pool(self.checked(inputs), self.data_format, self.keepdims)


class GlobalMaxPooling1D(_GlobalMax):
    """The greatest element of each channel over all steps."""

    rank = 1


class GlobalMaxPooling2D(_GlobalMax):
    """The greatest element of each channel of an image."""

    rank = 2


class GlobalMaxPooling3D(_GlobalMax):
    """The greatest element of each channel of a volume."""

    rank = 3


class _GlobalAverage(_GlobalPooling):
    def call(self, inputs: Any) -> Any:
        return nn.global_avg_pool(self.floats(self.checked(inputs)), self.data_format, self.keepdims)


class GlobalAveragePooling1D(_GlobalAverage):
    """The mean of each channel over all steps, or over those where ``mask`` [batch, steps] is True."""

    rank = 1

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        x = self.floats(self.checked(inputs))
        steps, channels = (2, 1) if nn.channels_first(self.data_format) else (1, 2)
        used = expand_dims(ew.astype(mask, x.dtype), channels)
        count: Any = ew.maximum(reduce.sum(used, steps, self.keepdims), 1)
        return reduce.sum(x * used, steps, self.keepdims) / count


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel of an image."""

    rank = 2


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean of each channel of a volume."""

    rank = 3


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
__all__ += [
    f"{kind}{n}D" for kind in ("MaxPool", "AvgPool", "GlobalAvgPool", "GlobalMaxPool") for n in (1, 2, 3)
]
