"""Metrics that are the means of losses, under the losses' names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from thalweg import losses
from thalweg.losses.base import shared_weights
from thalweg.metrics.base import MeanMetricWrapper
from thalweg.ops import elementwise as ew

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "PlainMean",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
]


class PlainMean(MeanMetricWrapper):
    """The mean of a loss without options; its name is that of the loss."""

    loss: ClassVar[Callable[..., Any]]

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(type(self).loss, name, dtype)


class MeanSquaredError(PlainMean):
    """The mean of :func:`thalweg.losses.mean_squared_error`.

    >>> MeanSquaredError()([[1.0, 2.0]], [[1.0, 4.0]]).item()
    2.0
    """

    loss = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(PlainMean):
    """The mean of :func:`thalweg.losses.mean_absolute_error`.

    >>> round(MeanAbsoluteError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.75
    """

    loss = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(PlainMean):
    """The mean of :func:`thalweg.losses.mean_absolute_percentage_error`.

    >>> round(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    50.0
    """

    loss = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(PlainMean):
    """The mean of :func:`thalweg.losses.mean_squared_logarithmic_error`.

    >>> round(MeanSquaredLogarithmicError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.1071
    """

    loss = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(PlainMean):
    """The mean of :func:`thalweg.losses.log_cosh`; its name is "logcosh".

    >>> round(LogCoshError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.2769
    """

    loss = staticmethod(losses.log_cosh)

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class Hinge(PlainMean):
    """The mean of :func:`thalweg.losses.hinge`.

    >>> round(Hinge()([[1.0, -1.0]], [[0.5, 0.5]]).item(), 4)
    1.0
    """

    loss = staticmethod(losses.hinge)


class SquaredHinge(PlainMean):
    """The mean of :func:`thalweg.losses.squared_hinge`.

    >>> round(SquaredHinge()([[1.0, -1.0]], [[0.5, 0.5]]).item(), 4)
    1.25
    """

    loss = staticmethod(losses.squared_hinge)


class CategoricalHinge(PlainMean):
    """The mean of :func:`thalweg.losses.categorical_hinge`.

    >>> round(CategoricalHinge()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.75
    """

    loss = staticmethod(losses.categorical_hinge)


class KLDivergence(PlainMean):
    """The mean of :func:`thalweg.losses.kl_divergence`.

    >>> round(KLDivergence()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4904
    """

    loss = staticmethod(losses.kl_divergence)


class Poisson(PlainMean):
    """The mean of :func:`thalweg.losses.poisson`.

    >>> round(Poisson()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    1.0473
    """

    loss = staticmethod(losses.poisson)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of :func:`thalweg.losses.binary_crossentropy`.

    >>> round(BinaryCrossentropy()([[1.0], [0.0]], [[0.75], [0.5]]).item(), 4)
    0.4904
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, **options)


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of :func:`thalweg.losses.categorical_crossentropy`.

    >>> round(CategoricalCrossentropy()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4904
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **options)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of :func:`thalweg.losses.sparse_categorical_crossentropy` over the classes that are not ignored.

    >>> round(SparseCategoricalCrossentropy()([1, 0], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4904
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **options)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        ignored = self.options["ignore_class"]
        if ignored is not None:
            p = losses.tensor(y_pred)
            used = ew.not_equal(losses.class_numbers(y_true, p, self.name), ignored)
            sample_weight = shared_weights(used, sample_weight)
        super().update_state(y_true, y_pred, sample_weight)
