"""Metrics: counts that add up over all batches since the last reset, and the figure that they give.

The counts are variables, so ``update_state`` works eagerly and becomes part of a compiled step alike. A metric of an
epoch is that of all its examples, never a mean of batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, losses
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor, Variable, constant, no_grad, shape_text, shapes_match
from thalweg.graph.updates import current_recorder
from thalweg.losses import class_numbers, matched, same_rank, tensor, weights_like
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import argmax
from thalweg.ops.reduce import max as max_over
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan
from thalweg.registry import Configured, lookup, snake_case

_EPSILON = 1e-7


class Metric(Configured):
    """What all metrics share. Subclasses define ``update_state`` and ``result``, on variables of ``add_variable``."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = dtypes.float64 if dtype is None else dtypes.as_dtype(dtype)
        self.variables: list[Variable] = []

    def add_variable(
        self, shape: Sequence[int] = (), initializer: Any = "zeros", name: str = "state"
    ) -> Variable:
        """A count, 0 at each reset; float64, which adds up exactly to 2^53."""
        variable = Variable(np.zeros(tuple(shape), self.dtype), trainable=False, name=f"{self.name}/{name}")
        self.variables.append(variable)
        return variable

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Count one batch."""
        raise NotImplementedError

    def result(self) -> Any:
        """The figure so far."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Start counting anew."""
        for variable in self.variables:
            variable.set_value(np.zeros(variable.shape, variable.dtype))

    reset_states = reset_state

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count one batch and give the figure so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def figures(self) -> np.ndarray:
        """The result as an array."""
        with no_grad():
            result = self.result()
        return result.array() if isinstance(result, Tensor) else np.asarray(result)


def add_to(variable: Variable, amount: Any) -> None:
    """``variable += amount``, at once or as part of the step being traced; keeps no history."""
    if current_recorder() is not None:
        variable.assign_add(ew.astype(tensor(amount), variable.dtype))
        return
    with no_grad():
        variable.assign_add(ew.astype(tensor(amount), variable.dtype))


def _wide(x: Any, dtype: Any) -> Any:
    return ew.astype(x, dtype)


def _value(variable: Variable) -> Any:
    """The count now, as a tensor to compute with."""
    return ew.multiply(variable, 1.0)


# --- means ----------------------------------------------------------------------------------------------------------


class Mean(Metric):
    """The weighted mean of all values given.

    >>> m = Mean()
    >>> m.update_state([1.0, 3.0]); m.update_state([5.0])
    >>> m.result().item()
    3.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total, self.count = self.add_variable(name="total"), self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = tensor(values)
        values = values if dtypes.is_floating(values.dtype) else ew.astype(values, dtypes.default_float)
        if sample_weight is None:
            add_to(self.total, _wide(sum_over(values), self.dtype))
            add_to(self.count, shape_ops.count(values, None, self.dtype))
            return
        weight = shape_ops.broadcast_like(weights_like(sample_weight, values), values)
        add_to(self.total, sum_over(ew.multiply(values, weight)))
        add_to(self.count, sum_over(weight))

    def result(self) -> Any:
        return divide_no_nan(self.total, self.count)


class Sum(Metric):
    """The weighted sum of all values given."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = tensor(values)
        if sample_weight is not None:
            values = ew.multiply(values, weights_like(sample_weight, values))
        add_to(self.total, sum_over(values))

    def result(self) -> Any:
        return ew.multiply(self.total, 1.0)


class MeanMetricWrapper(Mean):
    """The mean of a function of (y_true, y_pred) that gives one value per example."""

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", "mean"), dtype)
        self.fn, self.options = fn, options

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_pred = tensor(y_pred)
        super().update_state(
            self.fn(same_rank(tensor(y_true), y_pred), y_pred, **self.options), sample_weight
        )


def _agreement(a: Any, b: Any) -> Any:
    return ew.astype(ew.equal(a, b), dtypes.default_float)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The share of the last axis on which prediction > threshold agrees with the target."""
    t, p = matched(y_true, y_pred, "binary_accuracy")
    return losses.mean_last(_agreement(ew.greater(p, threshold), ew.greater(t, 0.5)))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest prediction is at the place of the greatest target."""
    t, p = matched(y_true, y_pred, "categorical_accuracy")
    return _agreement(argmax(t, axis=-1), argmax(p, axis=-1))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest prediction is at the place that the target names.

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.1, 0.9]]).tolist()
    [1.0, 0.0]
    """
    y_pred = tensor(y_pred)
    t = class_numbers(y_true, y_pred, "sparse_categorical_accuracy")
    return _agreement(ew.astype(t, "int64"), argmax(y_pred, axis=-1))


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where target and prediction are the same number."""
    t, p = matched(y_true, y_pred, "accuracy")
    return losses.mean_last(_agreement(t, p))


def _in_top(own: Any, p: Any, k: int) -> Any:
    """1 where fewer than k predictions are greater than that of the own class."""
    greater = ew.greater(p, own)
    return ew.astype(ew.less(sum_over(ew.astype(greater, "int32"), axis=-1), k), dtypes.default_float)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class of the one-hot target is among the k greatest predictions."""
    t, p = matched(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(argmax(t, axis=-1), p, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class that the target names is among the k greatest predictions."""
    y_pred = tensor(y_pred)
    t = class_numbers(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    chosen = shape_ops.one_hot(t, _classes(y_pred), dtype="bool")
    own = sum_over(ew.where(chosen, y_pred, 0.0), axis=-1, keepdims=True)
    return _in_top(own, y_pred, k)


def _classes(y_pred: Any) -> int:
    classes = y_pred.shape[-1]
    if classes is None:
        raise fail(ShapeError, "metrics: the number of classes is unknown", received=shape_text(y_pred.shape))
    return classes


class Accuracy(MeanMetricWrapper):
    """The share of targets and predictions that are the same number."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of predictions on the right side of ``threshold`` (0 for logits)."""

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose greatest prediction is at the 1 of the one-hot target."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose greatest prediction is at the target's class number."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of one-hot targets among the k greatest predictions."""

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of class numbers among the k greatest predictions."""

    def __init__(
        self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k)


class LossMetric(MeanMetricWrapper):
    """The mean of a loss, by its name or object."""

    def __init__(self, loss: Any, name: str | None = None, dtype: Any = None) -> None:
        loss = losses.get(loss)
        super().__init__(loss.call, name or loss.name, dtype)


def _of_loss(class_name: str, short: str) -> Any:
    """The metric that is the mean of the loss of the same name."""
    loss = getattr(losses, class_name)

    def __init__(self, *args, name=None, dtype=None, **options):  # type: ignore[no-untyped-def]
        LossMetric.__init__(self, loss(*args, **options), name or short, dtype)

    body = {"__init__": __init__, "__module__": __name__, "__doc__": f"The mean of the loss {class_name}."}
    return type(class_name, (LossMetric,), body)


MeanSquaredError = _of_loss("MeanSquaredError", "mean_squared_error")
MeanAbsoluteError = _of_loss("MeanAbsoluteError", "mean_absolute_error")
MeanAbsolutePercentageError = _of_loss("MeanAbsolutePercentageError", "mean_absolute_percentage_error")
MeanSquaredLogarithmicError = _of_loss("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error")
BinaryCrossentropy = _of_loss("BinaryCrossentropy", "binary_crossentropy")
CategoricalCrossentropy = _of_loss("CategoricalCrossentropy", "categorical_crossentropy")
SparseCategoricalCrossentropy = _of_loss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy")
Hinge = _of_loss("Hinge", "hinge")
SquaredHinge = _of_loss("SquaredHinge", "squared_hinge")
CategoricalHinge = _of_loss("CategoricalHinge", "categorical_hinge")
LogCosh = _of_loss("LogCosh", "log_cosh")
KLDivergence = _of_loss("KLDivergence", "kl_divergence")
Poisson = _of_loss("Poisson", "poisson")


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between target and prediction: 1 where they point the same way."""

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
        self._sums: list[Variable] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = matched(y_true, y_pred, "R2Score")
        if t.ndim == 1:
            t, p = shape_ops.expand_dims(t, 1), shape_ops.expand_dims(p, 1)
        t, p = ew.astype(t, self.dtype), ew.astype(p, self.dtype)
        weight = shape_ops.broadcast_like(weights_like(1.0 if sample_weight is None else sample_weight, t), t)
        if not self._sums:
            self._sums = [
                self.add_variable((_classes(t),), name=n) for n in ("squares", "sums", "gaps", "count")
            ]
        for kept, amount in zip(self._sums, (weight * t * t, weight * t, weight * (t - p) * (t - p), weight)):
            add_to(kept, sum_over(amount, axis=0))

    def result(self) -> Any:
        if not self._sums:
            return constant(0.0, self.dtype)
        squares, sums, gaps, count = (_value(v) for v in self._sums)
        n: Any = ew.maximum(count, _EPSILON)
        total = squares - sums * sums / n
        score = 1.0 - gaps / ew.where(ew.equal(total, 0.0), 1.0, total)
        if self.num_regressors:
            score = 1.0 - (1.0 - score) * (n - 1.0) / (n - (self.num_regressors + 1.0))
        if self.aggregation is None:
            return score
        weights = total if self.aggregation == "variance_weighted_average" else count
        return divide_no_nan(sum_over(score * weights), sum_over(weights))


# --- counts of right and wrong answers ------------------------------------------------------------------------------


class _Counts(Metric):
    """True and false positives and negatives at one or several thresholds."""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, dtype)
        self.thresholds = [0.5] if thresholds is None else [float(t) for t in np.atleast_1d(thresholds)]
        self.single = thresholds is None or np.ndim(thresholds) == 0
        self.top_k, self.class_id = top_k, class_id
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.true_negatives = self.add_variable(shape, name="true_negatives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = matched(y_true, y_pred, type(self).__name__)
        weight = shape_ops.broadcast_like(weights_like(1.0 if sample_weight is None else sample_weight, t), t)
        if self.top_k is not None:
            p = _top_k_mask(p, self.top_k)
        if self.class_id is not None:
            t, p, weight = (v[..., self.class_id] for v in (t, p, weight))
        t, p, weight = (shape_ops.expand_dims(shape_ops.flatten(v), 0) for v in (t, p, weight))
        limits = constant(np.array(self.thresholds).reshape(-1, 1).astype(p.dtype))
        said: Any = ew.astype(ew.greater(p, limits), self.dtype)
        truth: Any = ew.astype(ew.greater(t, 0.5), self.dtype)
        weight = ew.astype(weight, self.dtype)
        add_to(self.true_positives, sum_over(said * truth * weight, axis=1))
        add_to(self.false_positives, sum_over(said * (1.0 - truth) * weight, axis=1))
        add_to(self.true_negatives, sum_over((1.0 - said) * (1.0 - truth) * weight, axis=1))
        add_to(self.false_negatives, sum_over((1.0 - said) * truth * weight, axis=1))

    def _given(self, values: Any) -> Any:
        return values[0] if self.single else values


def _top_k_mask(p: Any, k: int) -> Any:
    """1 at the k greatest of the last axis, 0 elsewhere; ties count together."""
    larger = ew.less(shape_ops.expand_dims(p, p.ndim), shape_ops.expand_dims(p, p.ndim - 1))
    rank = sum_over(ew.astype(larger, "int32"), axis=-1)
    return ew.astype(ew.less(rank, k), p.dtype)


class TruePositives(_Counts):
    """Positives that were predicted as such."""

    def result(self) -> Any:
        return self._given(ew.multiply(self.true_positives, 1.0))


class FalsePositives(_Counts):
    """Negatives that were predicted as positives."""

    def result(self) -> Any:
        return self._given(ew.multiply(self.false_positives, 1.0))


class TrueNegatives(_Counts):
    """Negatives that were predicted as such."""

    def result(self) -> Any:
        return self._given(ew.multiply(self.true_negatives, 1.0))


class FalseNegatives(_Counts):
    """Positives that were predicted as negatives."""

    def result(self) -> Any:
        return self._given(ew.multiply(self.false_negatives, 1.0))


class Precision(_Counts):
    """True positives among all that were predicted as positive; 0 where none was.

    >>> Precision()([0, 1, 1], [1.0, 1.0, 0.0]).item()
    0.5
    """

    def result(self) -> Any:
        tp: Any = self.true_positives
        return self._given(divide_no_nan(tp, tp + self.false_positives))


class Recall(_Counts):
    """True positives among all positives; 0 where there are none."""

    def result(self) -> Any:
        tp: Any = self.true_positives
        return self._given(divide_no_nan(tp, tp + self.false_negatives))


class AUC(_Counts):
    """The area under the ROC curve (``curve="ROC"``) or the precision-recall curve ("PR"), by trapezoids.

    Counts are kept at ``num_thresholds`` thresholds spread over [0, 1]: exact where no two scores of different classes
    fall between the same two thresholds. ``from_logits``: predictions pass a sigmoid first.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
    ) -> None:
        if curve.upper() not in ("ROC", "PR") or num_thresholds < 2:
            raise fail(
                ArgumentError, "AUC: curve, num_thresholds", expected="ROC or PR, at least 2", received=curve
            )
        inner = [(k + 1) / (num_thresholds - 1) for k in range(num_thresholds - 2)]
        super().__init__([-_EPSILON, *inner, 1 + _EPSILON], name=name or "auc", dtype=dtype)
        self.curve, self.from_logits = curve.upper(), from_logits

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        from thalweg.ops.activation import sigmoid

        super().update_state(y_true, sigmoid(y_pred) if self.from_logits else y_pred, sample_weight)

    def result(self) -> Any:
        tp, fp, tn, fn = (_value(v) for v in self.variables)
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            x, y = divide_no_nan(fp, fp + tn), recall
        else:
            x, y = recall, ew.where(ew.greater(tp + fp, 0.0), divide_no_nan(tp, tp + fp), 1.0)
        return ew.multiply(sum_over((x[:-1] - x[1:]) * (y[:-1] + y[1:])), 0.5)


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall) for each class.

    ``average``: None (one figure per class), "micro" (of all counts together), "macro" (mean over classes), "weighted"
    (mean weighted by the classes' numbers of positives). ``threshold``: scores above it are positive; without it, the
    greatest score of each row is. Targets are one-hot or multi-label, or class numbers.
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
            t = shape_ops.one_hot(ew.astype(t, "int64"), _classes(p))
        t, p = matched(t, p, type(self).__name__)
        weight: Any = weights_like(1.0 if sample_weight is None else sample_weight, t)
        if not self._counts:
            self._counts = [self.add_variable((_classes(p),), name=n) for n in ("right", "said", "truth")]
        if self.threshold is None:
            said = shape_ops.one_hot(argmax(p, axis=-1), _classes(p))
        else:
            said = ew.astype(ew.greater(p, self.threshold), p.dtype)
        truth: Any = ew.astype(ew.greater(t, 0.5), p.dtype)
        axes = tuple(range(p.ndim - 1))
        for kept, amount in zip(self._counts, (said * truth, said, truth)):  # type: ignore[operator]
            add_to(kept, sum_over(shape_ops.broadcast_like(amount * weight, p), axis=axes))

    def result(self) -> Any:
        if not self._counts:
            return constant(0.0, self.dtype)
        right, said, truth = (_value(v) for v in self._counts)
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
    """:class:`FBetaScore` with beta 1: the harmonic mean of precision and recall."""

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

    >>> ConfusionMatrix(2)([0, 1, 1], [0, 0, 1]).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.num_classes = num_classes
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
        rows: Any = shape_ops.one_hot(t, self.num_classes, dtype=self.dtype)
        if sample_weight is not None:
            weight = shape_ops.flatten(ew.astype(tensor(sample_weight), self.dtype))
            rows = rows * shape_ops.expand_dims(weight, 1)
        columns = shape_ops.one_hot(p, self.num_classes, dtype=self.dtype)
        add_to(self.matrix, matmul(shape_ops.permute_dims(rows, (1, 0)), columns))

    def _numbers(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        t, p = tensor(y_true), tensor(y_pred)
        scores = dtypes.is_floating(p.dtype) and p.ndim >= 1 and p.shape[-1] == self.num_classes
        if scores and t.ndim == p.ndim and t.shape[-1] == self.num_classes:
            t = argmax(t, axis=-1)
        if scores and (p.ndim > t.ndim or p.ndim > 1):
            p = argmax(p, axis=-1)
        return ew.astype(t, "int64"), ew.astype(p, "int64")

    def result(self) -> Any:
        return ew.multiply(self.matrix, 1.0)


class MeanIoU(ConfusionMatrix):
    """Intersection over union, TP / (TP + FP + FN), averaged over the classes that occur."""

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(num_classes, name or "mean_io_u", dtype)

    def per_class(self) -> tuple[Any, Any]:
        """The figure of each class, and 1 for the classes that occur."""
        matrix = _value(self.matrix)
        right = sum_over(matrix * np.eye(self.num_classes), axis=0)
        union: Any = sum_over(matrix, axis=0) + sum_over(matrix, axis=1) - right  # type: ignore[operator]
        return divide_no_nan(right, union), ew.astype(ew.greater(union, 0.0), self.dtype)

    def result(self) -> Any:
        values, occurs = self.per_class()
        return divide_no_nan(sum_over(values * occurs), sum_over(occurs))


class IoU(MeanIoU):
    """Intersection over union, averaged over the classes ``target_class_ids``."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes, name or "io_u", dtype)
        self.targets = list(target_class_ids)

    def result(self) -> Any:
        values, occurs = self.per_class()
        chosen = occurs * np.isin(np.arange(self.num_classes), self.targets).astype(self.dtype)
        return divide_no_nan(sum_over(values * chosen), sum_over(chosen))


class BinaryIoU(IoU):
    """Intersection over union of what reaches ``threshold`` and the targets that are 1 (class 1), and of the rest."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name or "binary_io_u", dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        said = ew.astype(ew.greater_equal(tensor(y_pred), self.threshold), "int64")
        super().update_state(ew.astype(tensor(y_true), "int64"), said, sample_weight)


class OneHotIoU(IoU):
    """:class:`IoU` of one-hot targets and of scores over the last axis."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name or "one_hot_io_u", dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        truth, said = (argmax(tensor(y), axis=-1) for y in (y_true, y_pred))
        super().update_state(truth, said, sample_weight)


class OneHotMeanIoU(OneHotIoU):
    """:class:`MeanIoU` of one-hot targets and of scores over the last axis."""

    def __init__(self, num_classes: int, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(num_classes, range(num_classes), name or "one_hot_mean_io_u", dtype)


# --- one rate where another is good enough --------------------------------------------------------------------------


class _Best(_Counts):
    """The greatest value of one rate among the thresholds at which another is at least ``value``; 0 if none is."""

    def __init__(
        self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any
    ) -> None:
        if not 0 <= value <= 1 or num_thresholds < 2:
            raise fail(
                ArgumentError, type(self).__name__, expected="a rate in [0, 1] and at least 2 thresholds",
                received=f"{value}, {num_thresholds}",
            )  # fmt: skip
        super().__init__(np.linspace(0, 1, num_thresholds).tolist(), None, class_id, name, dtype)
        self.value = value

    def rates(self) -> tuple[Any, Any]:
        """What is to be great, and what is to be at least ``value``, for each threshold."""
        raise NotImplementedError

    def result(self) -> Any:
        wanted, bound = self.rates()
        return max_over(ew.where(ew.greater_equal(bound, self.value), wanted, 0.0))

    def _sensitivity(self) -> Any:
        tp: Any = _value(self.true_positives)
        return divide_no_nan(tp, tp + self.false_negatives)

    def _specificity(self) -> Any:
        tn: Any = _value(self.true_negatives)
        return divide_no_nan(tn, tn + self.false_positives)

    def _precision(self) -> Any:
        tp: Any = _value(self.true_positives)
        return divide_no_nan(tp, tp + self.false_positives)


class SensitivityAtSpecificity(_Best):
    """The greatest TP / (TP + FN) where TN / (TN + FP) is at least ``specificity``."""

    def __init__(
        self, specificity: float, num_thresholds: int = 200, class_id: int | None = None,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def rates(self) -> tuple[Any, Any]:
        return self._sensitivity(), self._specificity()


class SpecificityAtSensitivity(_Best):
    """The greatest TN / (TN + FP) where TP / (TP + FN) is at least ``sensitivity``."""

    def __init__(
        self, sensitivity: float, num_thresholds: int = 200, class_id: int | None = None,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def rates(self) -> tuple[Any, Any]:
        return self._specificity(), self._sensitivity()


class PrecisionAtRecall(_Best):
    """The greatest precision where the recall is at least ``recall``."""

    def __init__(
        self, recall: float, num_thresholds: int = 200, class_id: int | None = None,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def rates(self) -> tuple[Any, Any]:
        return self._precision(), self._sensitivity()


class RecallAtPrecision(_Best):
    """The greatest recall where the precision is at least ``precision``."""

    def __init__(
        self, precision: float, num_thresholds: int = 200, class_id: int | None = None,
        name: str | None = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def rates(self) -> tuple[Any, Any]:
        return self._sensitivity(), self._precision()


# --- correlation ----------------------------------------------------------------------------------------------------


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
    """The mean of :func:`pearson_correlation` over the examples."""

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name or "pearson_correlation", dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of :func:`concordance_correlation` over the examples."""

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name or "concordance_correlation", dtype, axis=axis)


LogCoshError = LogCosh

_CLASSES: tuple[type[Metric], ...] = (
    Mean,
    Sum,
    MeanMetricWrapper,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    LogCosh,
    KLDivergence,
    Poisson,
    CosineSimilarity,
    RootMeanSquaredError,
    R2Score,
    TruePositives,
    FalsePositives,
    TrueNegatives,
    FalseNegatives,
    Precision,
    Recall,
    AUC,
    FBetaScore,
    F1Score,
    ConfusionMatrix,
    MeanIoU,
    IoU,
    BinaryIoU,
    OneHotIoU,
    OneHotMeanIoU,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    PrecisionAtRecall,
    RecallAtPrecision,
    PearsonCorrelation,
    ConcordanceCorrelation,
)
_TABLE: dict[str, Any] = {snake_case(c.__name__): c for c in _CLASSES} | {c.__name__: c for c in _CLASSES}
_TABLE |= {"mse": MeanSquaredError, "mae": MeanAbsoluteError, "mape": MeanAbsolutePercentageError}
_TABLE |= {"msle": MeanSquaredLogarithmicError, "rmse": RootMeanSquaredError, "bce": BinaryCrossentropy}
_TABLE |= {"f1": F1Score, "auc": AUC, "r2": R2Score, "cosine_proximity": CosineSimilarity}
_TABLE |= {name.upper(): _TABLE[name] for name in ("mse", "mae", "mape", "msle")}

__all__ = [
    "Metric",
    "get",
    *(c.__name__ for c in _CLASSES),
    "LogCoshError",
    "accuracy",
    "binary_accuracy",
    "concordance_correlation",
    "pearson_correlation",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def get(given: Any) -> Any:
    """A metric from a name, an object, a class, a loss, or any function of (y_true, y_pred).

    A name as given ("mse") is the metric's name in the logs.

    >>> get("mae").name
    'mae'
    """
    if given is None or isinstance(given, Metric):
        return given
    if isinstance(given, losses.Loss):
        return LossMetric(given)
    if isinstance(given, type):
        return given()
    if callable(given):
        return MeanMetricWrapper(given)
    return lookup("metric", given, _TABLE)(name=given)
