"""Layers that prepare numbers: scaling by known or measured figures, whole numbers as vectors, ranges as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, ShapeError, fail
from thalweg.graph.tensor import Tensor, constant
from thalweg.layers.base import Layer
from thalweg.layers.categories import row_counts
from thalweg.layers.lookup import MODES, batches_of, checked_mode, no_sparse
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.shape import expand_dims, squeeze
from thalweg.ops.triangles import one_hot

__all__ = ["CategoryEncoding", "Discretization", "Normalization", "Rescaling"]


class Rescaling(Layer):
    """``x * scale + offset``: pixels 0 to 255 become 0 to 1 with ``scale=1 / 255``."""

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Any) -> Any:
        return self.floats(inputs) * self.scale + self.offset


def _numbers(layer: Layer, batch: Any) -> np.ndarray:
    """A batch to be measured, float64; a NaN or infinity is named by row and column."""
    try:
        x = np.asarray(batch.array() if isinstance(batch, Tensor) else batch, np.float64)
    except (TypeError, ValueError) as error:
        raise fail(DataError, f"{layer.name}.adapt: data that are no numbers: {error}") from None
    if not np.isfinite(x).all():
        place = [int(k) for k in np.argwhere(~np.isfinite(x))[0]]
        column = getattr(batch, "columns", None)
        where = f"column {column[place[1]]!r}, row {place[0]}" if column is not None else f"{place}"
        raise fail(DataError, f"{layer.name}.adapt: the data hold {x[tuple(place)]} at {where}",
                   hint="fill or drop it first")  # fmt: skip
    return x


class Normalization(Layer):
    """``(x - mean) / max(sqrt(variance), 1e-7)`` for each place of ``axis``, measured by :meth:`adapt` or given.

    What is measured is kept in weights, what is given is not.

    ``invert`` goes back: ``x * sqrt(variance) + mean``.
    """

    supports_masking = True

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.invert = invert
        if (mean is None) != (variance is None):
            raise fail(ArgumentError, "Normalization", expected="mean and variance, or neither")
        self._given_mean, self._given_variance = mean, variance

    def build(self, input_shape: Any) -> None:
        kept = [a % len(input_shape) for a in self.axis]
        if any(input_shape[a] is None for a in kept):
            raise fail(
                ShapeError, f"{self.name}: the length of axis {self.axis} must be known", received=input_shape
            )
        shape = tuple(n if k in kept else 1 for k, n in enumerate(input_shape))[
            min(kept, default=len(input_shape)) :
        ]
        if self._given_mean is not None:
            given = self._given_mean, self._given_variance
            self.mean: Any
            self.variance: Any
            self.mean, self.variance = (
                constant(np.broadcast_to(np.asarray(value, self.dtype), shape).copy()) for value in given
            )
            return
        self.mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape, "ones", trainable=False, name="variance")

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Measure mean and variance on an array, or on the batches of a data set or other iterable."""
        if self._given_mean is not None:
            raise fail(
                ArgumentError, f"{self.name}.adapt: mean and variance were given", hint="leave them out"
            )
        count, mean, spread = 0, np.zeros(()), np.zeros(())
        for batch in batches_of(data, steps):
            x = _numbers(self, batch)
            if not self.built:
                self.build_for((x.astype(self.dtype),))
            kept = [a % x.ndim for a in self.axis]
            over = tuple(k for k in range(x.ndim) if k not in kept)
            added = x.size // max(int(np.prod([x.shape[k] for k in kept])), 1)
            moved = x.mean(over) - mean
            total = count + added
            spread = spread + x.var(over) * added + moved**2 * (count * added / total)
            mean, count = mean + moved * (added / total), total
        if not count:
            raise fail(DataError, f"{self.name}.adapt: there are no data")
        self.mean.set_value(mean.reshape(self.mean.shape))
        self.variance.set_value((spread / count).reshape(self.variance.shape))

    def call(self, inputs: Any) -> Any:
        deviation: Any = ew.maximum(ew.sqrt(self.variance), 1e-7)
        x = self.floats(inputs)
        return x * deviation + self.mean if self.invert else (x - self.mean) / deviation


class CategoryEncoding(Layer):
    """Whole numbers below ``num_tokens`` as vectors: ``output_mode`` "one_hot" (one for each number), "multi_hot" or
    "count" (one for each row: [..., n] to [..., num_tokens]). ``count_weights`` weigh the numbers of "count".

    >>> CategoryEncoding(4, output_mode="count")([[0, 1, 1]]).tolist()
    [[1.0, 2.0, 0.0, 0.0]]
    """

    takes_integers = True

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.output_mode = checked_mode(self, output_mode, MODES[1:4])
        no_sparse(self, sparse)
        if num_tokens is None or num_tokens < 1:
            raise fail(ArgumentError, "CategoryEncoding: num_tokens", expected="at least 1", received=num_tokens,
                       hint="IntegerLookup finds out how many there are")  # fmt: skip
        self.num_tokens = num_tokens

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        ids = ew.astype(inputs, "int64")
        if ids.value is not None and ids.array().size:
            low, high = int(ids.array().min()), int(ids.array().max())
            if low < 0 or high >= self.num_tokens:
                raise fail(DataError, f"{self.name}: numbers", expected=f"0 to {self.num_tokens - 1}",
                           received=f"{low} to {high}")  # fmt: skip
        if count_weights is None:
            return encoded(ids, self.output_mode, self.num_tokens, self.dtype)
        if self.output_mode != "count":
            raise fail(ArgumentError, f"{self.name}: count_weights", expected="output_mode='count'",
                       received=self.output_mode)  # fmt: skip
        rows: Any = one_hot(ids, self.num_tokens, dtype=self.dtype)
        return reduce.sum(rows * expand_dims(self.floats(count_weights), -1), axis=-2)


def encoded(ids: Any, mode: str, depth: int, dtype: Any) -> Any:
    """Whole numbers in one of the output modes."""
    if mode == "one_hot":
        ids = squeeze(ids, axis=-1) if ids.ndim > 1 and ids.shape[-1] == 1 else ids
        return one_hot(ids, depth, dtype=dtype)
    counts: Any = row_counts(ids, depth=depth, dtype=dtype)
    return ew.astype(counts > 0, dtype) if mode == "multi_hot" else counts


class Discretization(Layer):
    """The number of the range in which each value lies.

    With ``bin_boundaries`` [b, c] it is 0 below b, 1 from b on and 2 from c on. ``num_bins`` instead lets :meth:`adapt`
    find boundaries between ranges that hold about as many values each, to within ``epsilon`` of all.
    ``output_mode``: "int", or the vectors of :class:`CategoryEncoding`.

    >>> Discretization(bin_boundaries=[0.0, 1.0])([[-1.5, 1.0, 3.4, 0.5]]).tolist()
    [[0, 2, 2, 1]]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        no_sparse(self, sparse)
        self.output_mode = checked_mode(self, output_mode, MODES[:4])
        if (bin_boundaries is None) == (num_bins is None):
            raise fail(ArgumentError, "Discretization", expected="bin_boundaries or num_bins, one of them")
        if num_bins is not None and num_bins < 1:
            raise fail(ArgumentError, "Discretization: num_bins", expected="at least 1", received=num_bins)
        self.num_bins, self.epsilon = num_bins, epsilon
        self.bin_boundaries = None if bin_boundaries is None else self._sorted(bin_boundaries)

    def _sorted(self, boundaries: Any) -> list[float]:
        found = [float(b) for b in boundaries]
        if found != sorted(found):
            raise fail(
                ArgumentError, "Discretization: bin_boundaries", expected="ascending numbers", received=found
            )
        return found

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries from the values of an array, or of the batches of a data set or other iterable."""
        if self.num_bins is None:
            raise fail(ArgumentError, f"{self.name}.adapt: the boundaries were given", expected="num_bins")
        summary = np.zeros((2, 0), np.float32)
        for batch in batches_of(data, steps):
            merged = np.concatenate([_summary(_numbers(self, batch), self.epsilon), summary], axis=1)
            summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)
        if not summary.size:
            raise fail(DataError, f"{self.name}.adapt: there are no data")
        self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise fail(
                ArgumentError,
                f"{self.name} has no boundaries",
                hint="call adapt(data), or pass bin_boundaries",
            )
        bounds = constant(np.asarray(self.bin_boundaries, self.dtype))
        below = ew.less(expand_dims(self.floats(inputs), -1), bounds)
        ids: Any = len(self.bin_boundaries) - reduce.sum(ew.astype(below, "int64"), axis=-1)  # type: ignore[operator]
        return (
            ids
            if self.output_mode == "int"
            else encoded(ids, self.output_mode, len(self.bin_boundaries) + 1, self.dtype)
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the boundaries that were found."""
        config = super().get_config()
        return (
            {**config, "bin_boundaries": self.bin_boundaries} if self.bin_boundaries is not None else config
        )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The layer of a description, which may hold boundaries beside ``num_bins``."""
        if config.get("num_bins") is None or config.get("bin_boundaries") is None:
            return cls(**config)
        layer = cls(**{**config, "bin_boundaries": None})
        layer.bin_boundaries = layer._sorted(config["bin_boundaries"])
        return layer


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """[values, weights]: about 1 / epsilon of the sorted values, each standing for as many."""
    values = np.sort(values.astype(np.float32), axis=None)
    step = max(values.size * epsilon, 1.0)
    chosen = values[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _compressed(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """A summary of sorted values by about 1 / epsilon of them, interpolated at even shares of the weight."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    weights = summary[1].cumsum()
    values = np.interp(shares, weights / weights[-1], summary[0])
    totals = np.interp(shares, weights / weights[-1], weights)
    return np.stack([values, np.diff(totals, prepend=0)]).astype(np.float32)
