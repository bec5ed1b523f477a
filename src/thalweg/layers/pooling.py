"""Pooling layers: the greatest element or the mean of windows, or of all places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.base import Layer
from thalweg.layers.conv import window
from thalweg.nn import convolution as nn
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.joining import concat
from thalweg.ops.shape import expand_dims

__all__ = [
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D",
    "GlobalMaxPooling2D", "GlobalMaxPooling3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
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


class _Adaptive(_Spatial):
    """Windows as many as ``output_size`` says: along an axis of n places, window i goes from floor(i n / size) to
    ceil((i + 1) n / size).
    """

    over: Callable[..., Any]

    def __init__(self, output_size: Any, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.output_size = window(self, "output_size", output_size, self.rank)
        self.data_format = data_format

    def call(self, inputs: Any) -> Any:
        x = self.floats(self.checked(inputs))
        for k, size in enumerate(self.output_size):
            axis = k + (2 if nn.channels_first(self.data_format) else 1)
            length = x.shape[axis]
            if length is None:
                raise fail(
                    ShapeError, f"{self.name}: axis {axis} must be known", received=shape_text(x.shape)
                )
            ends = [(i * length // size, -(-(i + 1) * length // size)) for i in range(size)]
            parts = [x[(slice(None),) * axis + (slice(*end),)] for end in ends]
            x = concat([type(self).over(part, axis, True) for part in parts], axis=axis)
        return x


class AdaptiveAveragePooling1D(_Adaptive):
    """The mean of each of ``output_size`` windows of steps, however many steps there are."""

    rank, over = 1, staticmethod(reduce.mean)


class AdaptiveAveragePooling2D(_Adaptive):
    """The mean of each of ``output_size`` windows of an image, whatever its size.

    >>> import numpy as np
    >>> AdaptiveAveragePooling2D((2, 3))(np.zeros((1, 5, 7, 4), "float32")).shape
    (1, 2, 3, 4)
    """

    rank, over = 2, staticmethod(reduce.mean)


class AdaptiveAveragePooling3D(_Adaptive):
    """The mean of each of ``output_size`` windows of a volume, whatever its size."""

    rank, over = 3, staticmethod(reduce.mean)


class AdaptiveMaxPooling1D(_Adaptive):
    """The greatest element of each of ``output_size`` windows of steps, however many steps there are."""

    rank, over = 1, staticmethod(reduce.max)


class AdaptiveMaxPooling2D(_Adaptive):
    """The greatest element of each of ``output_size`` windows of an image, whatever its size."""

    rank, over = 2, staticmethod(reduce.max)


class AdaptiveMaxPooling3D(_Adaptive):
    """The greatest element of each of ``output_size`` windows of a volume, whatever its size."""

    rank, over = 3, staticmethod(reduce.max)


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
