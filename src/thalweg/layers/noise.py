"""Layers that disturb their inputs in training and do nothing otherwise."""

from __future__ import annotations

import math
from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.layers.seeds import Seeded
from thalweg.nn import noise
from thalweg.nn.convolution import channels_first
from thalweg.ops import elementwise as ew
from thalweg.ops import random

__all__ = [
    "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D",
]  # fmt: skip


class _Rated(Seeded):
    """What has a rate between 0 and 1."""

    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise fail(
                ArgumentError, f"{type(self).__name__}: rate", expected="0 <= rate <= 1", received=repr(rate)
            )
        self.rate = rate


class Dropout(_Rated):
    """In training, 0 with probability ``rate``, else x / (1 - rate); ``noise_shape`` shares draws along axes of 1."""

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, seed, **options)
        self.noise_shape = noise_shape

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training:
            return inputs
        shape = self._get_noise_shape(inputs)
        return noise.dropout(inputs, self.rate, noise_shape=shape, key=self.next_key())

    def _get_noise_shape(self, inputs: Any) -> Any:
        """The shape of the draws; subclasses may say it of the inputs."""
        return self.noise_shape


class SpatialDropout1D(_Rated):
    """Dropout of whole channels."""

    data_format: str | None = None

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training:
            return inputs
        places = (1,) * (inputs.ndim - 2)
        shape = (None, None, *places) if channels_first(self.data_format) else (None, *places, None)
        return noise.dropout(inputs, self.rate, noise_shape=shape, key=self.next_key())


class SpatialDropout2D(SpatialDropout1D):
    """Dropout of whole feature maps."""

    def __init__(
        self, rate: float, data_format: str | None = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(rate, seed, **options)
        self.data_format = data_format


class SpatialDropout3D(SpatialDropout2D):
    """Dropout of whole feature volumes."""


class GaussianNoise(Seeded):
    """In training, x plus normal noise of deviation ``stddev``."""

    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.stddev = stddev

    def call(self, inputs: Any, training: Any = False) -> Any:
        return noise.gaussian_noise(inputs, self.stddev, key=self.next_key()) if training else inputs


class GaussianDropout(_Rated):
    """In training, x times normal noise of mean 1 and deviation sqrt(rate / (1 - rate))."""

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1 - self.rate)) if self.rate < 1 else math.inf
        return inputs * random.normal(None, 1.0, stddev, inputs.dtype, like=inputs, key=self.next_key())


_LOW = -1.7580993408473766  # selu of minus infinity


class AlphaDropout(_Rated):
    """Dropout that keeps mean and variance of selu's outputs: dropped elements become selu's lower limit, rescaled.

    ``noise_shape`` shares draws along axes of 1.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **options: Any) -> None:
        super().__init__(rate, seed, **options)
        self.noise_shape = noise_shape

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        kept = random.bernoulli(1 - self.rate, self.noise_shape, like=inputs, key=self.next_key())
        scale = ((1 - self.rate) * (1 + self.rate * _LOW**2)) ** -0.5
        return ew.where(kept, inputs, _LOW) * scale - scale * _LOW * self.rate  # type: ignore[operator]
