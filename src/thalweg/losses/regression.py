"""How far numbers are from numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thalweg.losses.base import FunctionLoss, PlainLoss
from thalweg.losses.targets import EPSILON, matched, mean_last
from thalweg.nn import losses as nn
from thalweg.ops import elementwise as ew
from thalweg.ops.linalg import vector_norm
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "CosineSimilarity",
    "EpsilonInsensitive",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Quantile",
    "cosine_similarity",
    "epsilon_insensitive",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "quantile",
]


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((t - p)^2) over the last axis.

    >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
    [2.0]
    """
    t, p = matched(y_true, y_pred, "mean_squared_error")
    return mean_last(ew.multiply(p - t, p - t))


class MeanSquaredError(PlainLoss):
    """:func:`mean_squared_error`, reduced.

    >>> round(MeanSquaredError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.625
    """

    fn = staticmethod(mean_squared_error)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|t - p|) over the last axis.

    >>> mean_absolute_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
    [1.0]
    """
    t, p = matched(y_true, y_pred, "mean_absolute_error")
    return mean_last(ew.abs(p - t))


class MeanAbsoluteError(PlainLoss):
    """:func:`mean_absolute_error`, reduced.

    >>> round(MeanAbsoluteError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.75
    """

    fn = staticmethod(mean_absolute_error)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 * mean(|t - p| / max(|t|, 1e-7)) over the last axis.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    t, p = matched(y_true, y_pred, "mean_absolute_percentage_error")
    return mean_last(ew.abs((t - p) / ew.maximum(ew.abs(t), EPSILON))) * 100.0


class MeanAbsolutePercentageError(PlainLoss):
    """:func:`mean_absolute_percentage_error`, reduced.

    >>> round(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    50.0
    """

    fn = staticmethod(mean_absolute_percentage_error)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + t) - log(1 + p))^2) over the last axis, t and p kept at 1e-7 or more.

    >>> round(mean_squared_logarithmic_error([[0.0]], [[1.0]]).item(), 4)
    0.4805
    """
    t, p = matched(y_true, y_pred, "mean_squared_logarithmic_error")
    gap: Any = ew.log1p(ew.maximum(t, EPSILON)) - ew.log1p(ew.maximum(p, EPSILON))  # type: ignore[operator]
    return mean_last(gap * gap)


class MeanSquaredLogarithmicError(PlainLoss):
    """:func:`mean_squared_logarithmic_error`, reduced.

    >>> round(MeanSquaredLogarithmicError()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.1071
    """

    fn = staticmethod(mean_squared_logarithmic_error)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """mean over the last axis of d^2 / 2 where d = |t - p| is at most delta, of delta (d - delta / 2) beyond.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
    [1.5]
    """
    t, p = matched(y_true, y_pred, "huber")
    return mean_last(nn.huber(p, t, delta, "none"))


@dataclass(eq=False, repr=False)
class Huber(FunctionLoss):
    """:func:`huber`, reduced.

    >>> round(Huber(0.25)([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.1562
    """

    fn = staticmethod(huber)
    delta: float = 1.0
    reduction: str | None = "sum_over_batch_size"
    name: str = "huber_loss"
    dtype: Any = None


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(p - t))) over the last axis.

    >>> round(log_cosh([[0.0]], [[2.0]]).item(), 4)
    1.325
    """
    t, p = matched(y_true, y_pred, "log_cosh")
    return mean_last(nn.log_cosh(p, t, "none"))


class LogCosh(PlainLoss):
    """:func:`log_cosh`, reduced.

    >>> round(LogCosh()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.2769
    """

    fn = staticmethod(log_cosh)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-sum(t p) / (|t| |p|) over an axis: -1 where both point the same way.

    >>> cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]]).tolist()
    [-1.0]
    """
    t, p = matched(y_true, y_pred, "cosine_similarity")
    t, p = (v / ew.maximum(vector_norm(v, axis=axis, keepdims=True), EPSILON) for v in (t, p))
    return -sum_over(t * p, axis=axis)  # type: ignore[operator]


@dataclass(eq=False, repr=False)
class CosineSimilarity(FunctionLoss):
    """:func:`cosine_similarity`, reduced.

    >>> round(CosineSimilarity()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    -0.8682
    """

    fn = staticmethod(cosine_similarity)
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "cosine_similarity"
    dtype: Any = None


def epsilon_insensitive(y_true: Any, y_pred: Any, epsilon: float = 0.1) -> Any:
    """mean(max(|t - p| - epsilon, 0)) over the last axis: the loss of support vector regression.

    >>> epsilon_insensitive([[0.0, 0.0]], [[0.5, 2.5]], epsilon=0.5).tolist()
    [1.0]
    """
    t, p = matched(y_true, y_pred, "epsilon_insensitive")
    return mean_last(ew.maximum(ew.abs(p - t) - epsilon, 0.0))  # type: ignore[operator]


@dataclass(eq=False, repr=False)
class EpsilonInsensitive(FunctionLoss):
    """:func:`epsilon_insensitive`, reduced.

    >>> round(EpsilonInsensitive(0.25)([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.5
    """

    fn = staticmethod(epsilon_insensitive)
    epsilon: float = 0.1
    reduction: str | None = "sum_over_batch_size"
    name: str = "epsilon_insensitive"
    dtype: Any = None


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """mean(max(q (t - p), (q - 1) (t - p))) over the last axis: least at the quantile q of the targets.

    >>> quantile([[0.0], [0.0]], [[1.0], [-1.0]], q=0.75).tolist()
    [0.25, 0.75]
    """
    t, p = matched(y_true, y_pred, "quantile")
    return mean_last(ew.maximum((t - p) * q, (t - p) * (q - 1.0)))


@dataclass(eq=False, repr=False)
class Quantile(FunctionLoss):
    """:func:`quantile`, reduced.

    >>> round(Quantile(0.75)([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.4375
    """

    fn = staticmethod(quantile)
    q: float = 0.5
    reduction: str | None = "sum_over_batch_size"
    name: str = "quantile"
    dtype: Any = None
