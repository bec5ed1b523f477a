"""How far numbers are from numbers, and how well they vary together."""

from __future__ import annotations

from typing import Any

from thalweg import losses
from thalweg.graph.tensor import Variable, constant
from thalweg.losses import matched, weights_like
from thalweg.losses.targets import EPSILON
from thalweg.metrics.base import Mean, MeanMetricWrapper, Metric, add_to, num_classes_of, value_of
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan

__all__ = [
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "PearsonCorrelation",
    "R2Score",
    "RootMeanSquaredError",
    "concordance_correlation",
    "pearson_correlation",
]


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between target and prediction: 1 where they point the same way.

    >>> round(CosineSimilarity()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    0.8682
    """

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(lambda t, p: -losses.cosine_similarity(t, p, axis), name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean square of target less prediction, over all elements.

    >>> m = RootMeanSquaredError()
    >>> m([0.0, 0.0], [3.0, 3.0]).item()
    3.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        t, p = matched(y_true, y_pred, "RootMeanSquaredError")
        super().update_state(ew.multiply(t - p, t - p), sample_weight)

    def result(self) -> Any:
        return ew.sqrt(divide_no_nan(self.total, self.count))


class R2Score(Metric):
    """1 - sum((t - p)^2) / sum((t - mean(t))^2) for each column, averaged over columns.

    ``class_aggregation``: "uniform_average", "variance_weighted_average" or None (one figure per column).

    >>> round(R2Score()([0.0, 1.0, 2.0], [0.0, 1.0, 1.0]).item(), 4)
    0.5
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, dtype)
        self.aggregation, self.num_regressors = class_aggregation, num_regressors
        self.rows = self.add_variable(name="rows")
        self._sums: list[Variable] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = matched(y_true, y_pred, "R2Score")
        if t.ndim == 1:
            t, p = shape_ops.expand_dims(t, 1), shape_ops.expand_dims(p, 1)
        t, p = ew.astype(t, self.dtype), ew.astype(p, self.dtype)
        weight = shape_ops.broadcast_like(weights_like(1.0 if sample_weight is None else sample_weight, t), t)
        if not self._sums:
            self._sums = [
                self.add_variable((num_classes_of(t),), name=n) for n in ("squares", "sums", "gaps", "count")
            ]
        for kept, amount in zip(self._sums, (weight * t * t, weight * t, weight * (t - p) * (t - p), weight)):
            add_to(kept, sum_over(amount, axis=0))
        add_to(self.rows, shape_ops.count(t, (0,), self.dtype))

    def result(self) -> Any:
        if not self._sums:
            return constant(0.0, self.dtype)
        squares, sums, gaps, count = (value_of(v) for v in self._sums)
        n: Any = ew.maximum(count, EPSILON)
        total = squares - sums * sums / n
        score = 1.0 - gaps / ew.where(ew.equal(total, 0.0), 1.0, total)
        if self.num_regressors:
            rows: Any = value_of(self.rows)
            score = 1.0 - (1.0 - score) * (rows - 1.0) / (rows - (self.num_regressors + 1.0))
        if self.aggregation is None:
            return score
        weights = total if self.aggregation == "variance_weighted_average" else count
        return divide_no_nan(sum_over(score * weights), sum_over(weights))


def _moments(y_true: Any, y_pred: Any, axis: int, name: str) -> tuple[Any, ...]:
    """Means, variances and the covariance over an axis."""
    t, p = matched(y_true, y_pred, name)
    count = shape_ops.count(t, (axis % t.ndim,), t.dtype)
    means = [ew.divide(sum_over(v, axis=axis, keepdims=True), count) for v in (t, p)]
    t, p = t - means[0], p - means[1]
    return (means[0] - means[1], *(ew.divide(sum_over(v, axis=axis), count) for v in (t * t, p * p, t * p)))


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """cov(t, p) / sqrt(var(t) var(p)) over an axis, one number per example.

    >>> round(pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).item(), 4)
    1.0
    """
    _, t, p, both = _moments(y_true, y_pred, axis, "pearson_correlation")
    return divide_no_nan(both, ew.sqrt(t * p))


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2) over an axis: 1 where all are equal.

    >>> round(concordance_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).item(), 4)
    0.3636
    """
    gap, t, p, both = _moments(y_true, y_pred, axis, "concordance_correlation")
    return divide_no_nan(both * 2.0, t + p + shape_ops.squeeze(gap * gap, axis=axis))


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of :func:`pearson_correlation` over the examples.

    >>> round(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 4.0]]).item(), 4)
    0.982
    """

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name or "pearson_correlation", dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of :func:`concordance_correlation` over the examples.

    >>> round(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).item(), 4)
    0.3636
    """

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name or "concordance_correlation", dtype, axis=axis)
