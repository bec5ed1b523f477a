"""TensorFlow 1's initializers: callables that make a variable's first value from its shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import random
from thalweg.compat.tf1.types import as_dtype, numpy_dtype


class Initializer:
    """Called with a shape (and a dtype), gives the first value."""

    dtype: Any = None

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        raise NotImplementedError

    def _dtype(self, dtype: Any) -> Any:
        return as_dtype(dtype or self.dtype or "float32")


class constant_initializer(Initializer):
    """One number, or the given values; the last of them fills what they leave."""

    def __init__(self, value: Any = 0, dtype: Any = None, verify_shape: bool = False) -> None:
        self.value, self.dtype = value, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        array = g.as_array(self.value, self._dtype(dtype))
        return g.filled(array, tuple(shape))


class zeros_initializer(Initializer):
    """Zeros."""

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return np.zeros(tuple(shape), numpy_dtype(self._dtype(dtype)))


class ones_initializer(Initializer):
    """Ones."""

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return np.ones(tuple(shape), numpy_dtype(self._dtype(dtype)))


class random_normal_initializer(Initializer):
    """Normal numbers."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 1.0, seed: Any = None, dtype: Any = None) -> None:
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return random.random_normal(shape, self.mean, self.stddev, self._dtype(dtype), self.seed)


class truncated_normal_initializer(random_normal_initializer):
    """Normal numbers within two standard deviations."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return random.truncated_normal(shape, self.mean, self.stddev, self._dtype(dtype), self.seed)


class random_uniform_initializer(Initializer):
    """Uniform numbers; without limits those of the old default, (0, 1)."""

    def __init__(self, minval: Any = 0, maxval: Any = None, seed: Any = None, dtype: Any = None) -> None:
        self.minval, self.maxval, self.seed, self.dtype = minval, maxval, seed, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        high = 1.0 if self.maxval is None else self.maxval
        return random.random_uniform(shape, self.minval, high, self._dtype(dtype), self.seed)


@inner
def fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many inputs and outputs one unit of a kernel has."""
    if not shape:
        return 1.0, 1.0
    if len(shape) == 1:
        return float(shape[0]), float(shape[0])
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


class variance_scaling_initializer(Initializer):
    """Random numbers of variance ``scale / n``, n being the fan in, the fan out or their mean.

    "normal" and "truncated_normal" are cut at two standard deviations (and widened to keep the variance);
    "uniform" lies within ``sqrt(3 scale / n)``.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.seed, self.dtype = seed, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        fan_in, fan_out = fans([int(d) for d in shape])
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode.lower()]
        variance = self.scale / max(1.0, n)
        dtype = self._dtype(dtype)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.random_uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.random_normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        # .8796... is the standard deviation of a normal distribution cut at two of its own
        return random.truncated_normal(
            shape, 0.0, math.sqrt(variance) / 0.87962566103423978, dtype, self.seed
        )


VarianceScaling = variance_scaling_initializer


def glorot_uniform_initializer(seed: Any = None, dtype: Any = None) -> Initializer:
    """Uniform within ``sqrt(6 / (fan_in + fan_out))``."""
    return variance_scaling_initializer(1.0, "fan_avg", "uniform", seed, dtype)


def glorot_normal_initializer(seed: Any = None, dtype: Any = None) -> Initializer:
    """Truncated normal of variance ``2 / (fan_in + fan_out)``."""
    return variance_scaling_initializer(1.0, "fan_avg", "truncated_normal", seed, dtype)


def he_normal(seed: Any = None, dtype: Any = None) -> Initializer:
    """Truncated normal of variance ``2 / fan_in``."""
    return variance_scaling_initializer(2.0, "fan_in", "truncated_normal", seed, dtype)


def he_uniform(seed: Any = None, dtype: Any = None) -> Initializer:
    """Uniform of variance ``2 / fan_in``."""
    return variance_scaling_initializer(2.0, "fan_in", "uniform", seed, dtype)


def lecun_normal(seed: Any = None, dtype: Any = None) -> Initializer:
    """Truncated normal of variance ``1 / fan_in``."""
    return variance_scaling_initializer(1.0, "fan_in", "truncated_normal", seed, dtype)


def xavier_initializer(uniform: bool = True, seed: Any = None, dtype: Any = None) -> Initializer:
    """``tf.contrib.layers``'s name of Glorot's initializers."""
    return glorot_uniform_initializer(seed, dtype) if uniform else glorot_normal_initializer(seed, dtype)


@inner
def contrib_variance_scaling(
    factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False, seed: Any = None, dtype: Any = None
) -> Initializer:
    """``tf.contrib.layers.variance_scaling_initializer``: variance ``factor / n``."""
    return variance_scaling_initializer(
        factor, mode.lower(), "uniform" if uniform else "truncated_normal", seed, dtype
    )


class uniform_unit_scaling_initializer(Initializer):
    """Uniform within ``factor * sqrt(3 / fan_in)``."""

    def __init__(self, factor: float = 1.0, seed: Any = None, dtype: Any = None) -> None:
        self.factor, self.seed, self.dtype = factor, seed, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        limit = self.factor * math.sqrt(3.0 / max(1.0, math.prod(shape[:-1])))
        return random.random_uniform(shape, -limit, limit, self._dtype(dtype), self.seed)


class identity_initializer(Initializer):
    """The identity matrix times ``gain``."""

    def __init__(self, gain: float = 1.0, dtype: Any = None) -> None:
        self.gain, self.dtype = gain, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return (self.gain * np.eye(*shape)).astype(numpy_dtype(self._dtype(dtype)))


class orthogonal_initializer(Initializer):
    """Rows (or columns) that are orthonormal, times ``gain``: Q of the QR factors of normal numbers."""

    def __init__(self, gain: float = 1.0, seed: Any = None, dtype: Any = None) -> None:
        self.gain, self.seed, self.dtype = gain, seed, dtype

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        from thalweg.ops import linalg
        from thalweg.ops import shape as shape_ops
        from thalweg.ops.contract import diagonal
        from thalweg.ops.elementwise import sign

        lengths = tuple(int(d) for d in shape)
        rows, columns = math.prod(lengths[:-1]), lengths[-1]
        form = max(rows, columns), min(rows, columns)
        with g.default_graph().made_of(14 + 2 * (rows < columns)):
            drawn = random.random_normal(form, dtype=self._dtype(dtype), seed=self.seed)
            factors = linalg.qr(g.value(drawn))
            q: Any = factors[0] * sign(diagonal(factors[1]))  # type: ignore[operator]
            q = shape_ops.permute_dims(q) if rows < columns else q
            return g.wrap(shape_ops.reshape(q, lengths) * self.gain, None, "Orthogonal")  # type: ignore[operator]
