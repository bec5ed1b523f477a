"""Counts of right and wrong answers, and the figures made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Variable, constant, shape_text, shapes_match
from thalweg.losses import matched, same_rank, tensor, weights_like
from thalweg.metrics.base import Metric, add_to, num_classes_of, value_of
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops import triangles
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import argmax
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan

__all__ = [
    "ConfusionMatrix",
    "Counts",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "Recall",
    "TrueNegatives",
    "TruePositives",
]


class Counts(Metric):
    """True and false positives and negatives at one or several thresholds.

    ``thresholds``: scores above are positive; 0.5 unless given. A list gives one figure for each. ``top_k``: only the k
    greatest scores of each row can be positive. ``class_id``: only that column counts. ``columns``: counts are kept
    for each of so many columns, [thresholds, columns].
    """

    columns: int | None = None

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, dtype)
        default = 0.5 if top_k is None else -np.inf
        self.thresholds = [default] if thresholds is None else [float(t) for t in np.atleast_1d(thresholds)]
        self.single = thresholds is None or np.ndim(thresholds) == 0
        self.top_k, self.class_id = top_k, class_id
        if self.columns is None:
            self._add_counts((len(self.thresholds),))

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.true_negatives = self.add_variable(shape, name="true_negatives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = matched(y_true, y_pred, type(self).__name__)
        weight = shape_ops.broadcast_like(weights_like(1.0 if sample_weight is None else sample_weight, t), t)
        self._count(t, p, self._weighted(weight))

    def _weighted(self, weight: Any) -> Any:
        """The weights of all scores, from those of the examples."""
        return weight

    def _count(self, t: Any, p: Any, weight: Any) -> None:
        if self.top_k is not None:
            p = ew.where(_in_top(p, self.top_k), p, -np.inf)
        if self.class_id is not None:
            t, p, weight = (self._column(v) for v in (t, p, weight))
        if self.columns is None:
            t, p, weight = (shape_ops.flatten(v) for v in (t, p, weight))
        t, p, weight = (shape_ops.expand_dims(v, 0) for v in (t, p, weight))
        limits = constant(np.array(self.thresholds).reshape(-1, *(1,) * (p.ndim - 1)).astype(p.dtype))
        said: Any = ew.astype(ew.greater(p, limits), self.dtype)
        truth: Any = ew.astype(ew.greater(t, 0.5), self.dtype)
        weight = ew.astype(weight, self.dtype)
        add_to(self.true_positives, sum_over(said * truth * weight, axis=1))
        add_to(self.false_positives, sum_over(said * (1.0 - truth) * weight, axis=1))
        add_to(self.true_negatives, sum_over((1.0 - said) * (1.0 - truth) * weight, axis=1))
        add_to(self.false_negatives, sum_over((1.0 - said) * truth * weight, axis=1))

    def _column(self, values: Any) -> Any:
        if values.ndim < 2 or not 0 <= (self.class_id or 0) < num_classes_of(values):
            raise fail(
                ShapeError,
                f"{self.name}: class_id {self.class_id}",
                expected="predictions [..., classes] with so many classes",
                received=shape_text(values.shape),
            )
        return values[..., self.class_id]

    def _given(self, values: Any) -> Any:
        return values[0] if self.single else values


def _in_top(p: Any, k: int) -> Any:
    """Which are among the k greatest of the last axis; of equals the first."""
    own, others = shape_ops.expand_dims(p, p.ndim), shape_ops.expand_dims(p, p.ndim - 1)
    place = np.arange(num_classes_of(p))
    earlier = ew.logical_and(ew.equal(own, others), constant(place[:, None] > place))
    before = ew.logical_or(ew.less(own, others), earlier)
    return ew.less(sum_over(ew.astype(before, "int32"), axis=-1), k)


class _OneCount(Counts):
    """One of the four counts."""

    counted: str

    def __init__(
        self,
        thresholds: Any = None,
        name: str | None = None,
        dtype: Any = None,
        *,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self) -> Any:
        return self._given(value_of(getattr(self, self.counted)))


class TruePositives(_OneCount):
    """Positives that were predicted as such.

    >>> round(TruePositives()([1, 0], [0.75, 0.75]).item(), 4)
    1.0
    """

    counted = "true_positives"


class FalsePositives(_OneCount):
    """Negatives that were predicted as positives.

    >>> round(FalsePositives()([1, 0], [0.25, 0.75]).item(), 4)
    1.0
    """

    counted = "false_positives"


class TrueNegatives(_OneCount):
    """Negatives that were predicted as such.

    >>> round(TrueNegatives()([1, 0], [0.25, 0.25]).item(), 4)
    1.0
    """

    counted = "true_negatives"


class FalseNegatives(_OneCount):
    """Positives that were predicted as negatives.

    >>> round(FalseNegatives()([1, 0], [0.25, 0.75]).item(), 4)
    1.0
    """

    counted = "false_negatives"


class Precision(Counts):
    """True positives among all that were predicted as positive; 0 where none was.

    >>> Precision()([0, 1, 1], [1.0, 1.0, 0.0]).item()
    0.5
    """

    def result(self) -> Any:
        tp: Any = self.true_positives
        return self._given(divide_no_nan(tp, tp + self.false_positives))


class Recall(Counts):
    """True positives among all positives; 0 where there are none.

    >>> round(Recall()([1, 1, 0], [0.75, 0.25, 0.25]).item(), 4)
    0.5
    """

    def result(self) -> Any:
        tp: Any = self.true_positives
        return self._given(divide_no_nan(tp, tp + self.false_negatives))


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall) for each class.

    ``average``: None (one figure per class), "micro" (of all counts together), "macro" (mean over classes), "weighted"
    (mean weighted by the classes' numbers of positives). ``threshold``: scores above it are positive; without it, the
    greatest score of each row is. Targets are one-hot or multi-label, or class numbers.

    >>> round(FBetaScore("macro", beta=2.0)([1, 0, 1], [[0.25, 0.75], [0.75, 0.25], [0.75, 0.25]]).item(), 4)
    0.6944
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name or "fbeta_score", dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise fail(
                ArgumentError,
                "FBetaScore: average",
                expected="None, micro, macro or weighted",
                received=average,
            )
        self.average, self.beta, self.threshold = average, beta, threshold
        self._counts: list[Variable] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        p = tensor(y_pred)
        t = same_rank(tensor(y_true), p)
        if t.ndim == p.ndim - 1:
            t = triangles.one_hot(ew.astype(t, "int64"), num_classes_of(p))
        t, p = matched(t, p, type(self).__name__)
        weight: Any = weights_like(1.0 if sample_weight is None else sample_weight, t)
        if not self._counts:
            self._counts = [
                self.add_variable((num_classes_of(p),), name=n) for n in ("right", "said", "truth")
            ]
        if self.threshold is None:
            said = triangles.one_hot(argmax(p, axis=-1), num_classes_of(p))
        else:
            said = ew.astype(ew.greater(p, self.threshold), p.dtype)
        truth: Any = ew.astype(ew.greater(t, 0.5), p.dtype)
        axes = tuple(range(p.ndim - 1))
        for kept, amount in zip(self._counts, (said * truth, said, truth)):  # type: ignore[operator]
            add_to(kept, sum_over(shape_ops.broadcast_like(amount * weight, p), axis=axes))

    def result(self) -> Any:
        if not self._counts:
            return constant(0.0, self.dtype)
        right, said, truth = (value_of(v) for v in self._counts)
        if self.average == "micro":
            right, said, truth = sum_over(right), sum_over(said), sum_over(truth)
        square = self.beta**2
        score: Any = divide_no_nan(right * (1.0 + square), said + truth * square)
        if self.average == "macro":
            return sum_over(score) * (1.0 / score.shape[0])  # type: ignore[operator]
        if self.average == "weighted":
            return divide_no_nan(sum_over(score * truth), sum_over(truth))
        return score


class F1Score(FBetaScore):
    """:class:`FBetaScore` with beta 1: the harmonic mean of precision and recall.

    >>> round(F1Score("macro")([1, 0, 1], [[0.25, 0.75], [0.75, 0.25], [0.75, 0.25]]).item(), 4)
    0.6667
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)


class ConfusionMatrix(Metric):
    """Counts [true class, predicted class]; targets and predictions are class numbers, or scores over a last axis.

    ``sparse_y_true=False`` and ``sparse_y_pred=False`` say that they are scores, over ``axis``; otherwise floating
    predictions whose last axis is as long as there are classes are taken for scores. Examples of the class
    ``ignore_class`` do not count.

    >>> ConfusionMatrix(2)([0, 1, 1], [0, 0, 1]).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype)
        self.num_classes, self.ignore_class, self.axis = num_classes, ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.matrix = self.add_variable((num_classes, num_classes), name="matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = self._numbers(y_true, y_pred)
        t, p = shape_ops.flatten(t), shape_ops.flatten(p)
        if not shapes_match(t.shape, p.shape):
            raise fail(
                ShapeError,
                f"{type(self).__name__}: targets and predictions differ in number",
                expected=shape_text(p.shape),
                received=shape_text(t.shape),
            )
        rows: Any = triangles.one_hot(t, self.num_classes, dtype=self.dtype)
        if self.ignore_class is not None:
            used = ew.astype(ew.not_equal(t, self.ignore_class), self.dtype)
            rows = rows * shape_ops.expand_dims(used, 1)
        if sample_weight is not None:
            weight = shape_ops.flatten(ew.astype(tensor(sample_weight), self.dtype))
            rows = rows * shape_ops.expand_dims(weight, 1)
        columns = triangles.one_hot(p, self.num_classes, dtype=self.dtype)
        add_to(self.matrix, matmul(shape_ops.permute_dims(rows, (1, 0)), columns))

    def _numbers(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        t, p = tensor(y_true), tensor(y_pred)
        t = t if self.sparse_y_true else argmax(t, axis=self.axis)
        p = p if self.sparse_y_pred else argmax(p, axis=self.axis)
        scores = dtypes.is_floating(p.dtype) and p.ndim >= 1 and p.shape[-1] == self.num_classes
        if scores and t.ndim == p.ndim and t.shape[-1] == self.num_classes:
            t = argmax(t, axis=-1)
        if scores and (p.ndim > t.ndim or p.ndim > 1):
            p = argmax(p, axis=-1)
        return ew.astype(t, "int64"), ew.astype(p, "int64")

    def result(self) -> Any:
        return ew.multiply(self.matrix, 1.0)
