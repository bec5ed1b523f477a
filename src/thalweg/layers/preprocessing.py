"""Layers that prepare data: scaling by known or measured numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.layers.base import Layer, flat
from thalweg.ops import elementwise as ew

__all__ = ["CategoryEncoding", "Normalization", "Rescaling"]


class Rescaling(Layer):
    """``x * scale + offset``: pixels 0 to 255 become 0 to 1 with ``scale=1 / 255``."""

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Any) -> Any:
        return self.floats(inputs) * self.scale + self.offset


class Normalization(Layer):
    """``(x - mean) / max(sqrt(variance), 1e-7)`` for each place of ``axis``, measured by :meth:`adapt` or given."""

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.invert = invert
        self._given_mean, self._given_variance = mean, variance

    def build(self, input_shape: Any) -> None:
        kept = [a % len(input_shape) for a in self.axis]
        shape = tuple(n if k in kept else 1 for k, n in enumerate(input_shape))[
            min(kept, default=len(input_shape)) :
        ]
        self.mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape, "ones", trainable=False, name="variance")
        self.adapted = self._given_mean is not None
        if self.adapted:
            for weight, value in ((self.mean, self._given_mean), (self.variance, self._given_variance)):
                weight.set_value(np.broadcast_to(np.asarray(value, self.dtype), shape))

    def adapt(self, data: Any) -> None:
        """Measure mean and variance on an array, or on all batches of an iterable."""
        batches = [data] if hasattr(data, "shape") or isinstance(data, list) else [flat(b)[0] for b in data]
        x = np.concatenate([np.asarray(b, np.float64) for b in batches])
        if not self.built:
            self.build_for((x.astype(self.dtype),))
        kept = [a % x.ndim for a in self.axis]
        over = tuple(k for k in range(x.ndim) if k not in kept)
        self.mean.set_value(x.mean(over).reshape(self.mean.shape))
        self.variance.set_value(x.var(over).reshape(self.variance.shape))
        self.adapted = True

    def call(self, inputs: Any) -> Any:
        deviation: Any = ew.maximum(ew.sqrt(self.variance), 1e-7)
        x = self.floats(inputs)
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation


class CategoryEncoding(Layer):
    """Whole numbers as vectors: ``output_mode`` "one_hot" (one number each), "multi_hot" or "count" (of a row)."""

    takes_integers = True

    def __init__(self, num_tokens: int, output_mode: str = "multi_hot", **options: Any) -> None:
        super().__init__(**options)
        if output_mode not in ("one_hot", "multi_hot", "count"):
            raise fail(
                ArgumentError,
                "CategoryEncoding: output_mode",
                expected="one_hot, multi_hot or count",
                received=output_mode,
            )
        self.num_tokens, self.output_mode = num_tokens, output_mode

    def call(self, inputs: Any) -> Any:
        from thalweg.ops.reduce import max as max_over
        from thalweg.ops.reduce import sum as sum_over
        from thalweg.ops.shape import one_hot, squeeze

        ids = ew.astype(inputs, "int64")
        if self.output_mode == "one_hot":
            ids = squeeze(ids, axis=-1) if ids.ndim > 1 and ids.shape[-1] == 1 else ids
            return one_hot(ids, self.num_tokens, dtype=self.dtype)
        rows = one_hot(ids, self.num_tokens, dtype=self.dtype)
        return max_over(rows, axis=-2) if self.output_mode == "multi_hot" else sum_over(rows, axis=-2)
