"""How well scores order the examples: areas under curves, and one rate where another is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, make_dataclass
from typing import Any, ClassVar

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import constant, shape_text
from thalweg.losses import tensor
from thalweg.losses.targets import EPSILON
from thalweg.metrics.base import num_classes_of, value_of
from thalweg.metrics.confusion import Counts
from thalweg.ops import elementwise as ew
from thalweg.ops.activation import sigmoid
from thalweg.ops.reduce import max as max_over
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan
from thalweg.registry import snake_case

__all__ = [
    "AUC",
    "AveragePrecision",
    "PrecisionAtRecall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
]


_CURVES, _METHODS = ("ROC", "PR", "PRGAIN"), ("interpolation", "minoring", "majoring")


class AUC(Counts):
    """The area under the ROC curve, the precision-recall curve ("PR") or the precision-recall-gain curve ("PRGAIN").

    Counts are kept at ``num_thresholds`` thresholds spread over [0, 1], or at ``thresholds`` and both ends: the area is
    exact where no two scores of different classes fall between the same two. ``summation_method``: between thresholds,
    "interpolation" draws straight lines, in the PR curve hyperbolas (true positives grow in a line with all positives:
    Davis and Goadrich, 2006); "minoring" and "majoring" take the lower and the upper value.

    ``multi_label``: predictions [batch, labels] have an area for each label, and the figure is their mean, weighted by
    ``label_weights``; otherwise all are one ranking, in which ``label_weights`` weigh the columns. ``from_logits``:
    predictions pass a sigmoid first.

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]).item()
    0.75
    >>> AUC(multi_label=True)([[0, 1], [1, 0]], [[0.1, 0.2], [0.9, 0.8]]).item()
    0.5
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        label = name or snake_case(type(self).__name__)
        if self.curve not in _CURVES:
            raise fail(ArgumentError, f"{label}: curve", expected=" or ".join(_CURVES), received=repr(curve))
        if self.summation_method not in _METHODS:
            raise fail(
                ArgumentError, f"{label}: summation_method", expected=" or ".join(_METHODS),
                received=repr(summation_method),
            )  # fmt: skip
        if thresholds is None and num_thresholds < 2:
            raise fail(
                ArgumentError, f"{label}: num_thresholds", expected="at least 2", received=num_thresholds
            )
        if num_labels and not multi_label:
            raise fail(
                ArgumentError,
                f"{label}: num_labels",
                expected="None without multi_label",
                received=num_labels,
            )
        if thresholds is not None:
            inner = sorted(thresholds)
        else:
            inner = [k / (num_thresholds - 1) for k in range(1, num_thresholds - 1)]
        self.num_thresholds = len(inner) + 2
        if any(not 0 <= t <= 1 for t in inner):
            raise fail(ArgumentError, f"{label}: thresholds", expected="numbers in [0, 1]", received=inner)
        self.multi_label, self.from_logits = multi_label, from_logits
        self.columns = (num_labels or 0) if multi_label else None
        super().__init__([-EPSILON, *inner, 1 + EPSILON], name=label, dtype=dtype)
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self.dtype)
        if num_labels:
            self._add_counts((len(self.thresholds), num_labels))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        p = sigmoid(y_pred) if self.from_logits else tensor(y_pred)
        if self.multi_label:
            self._open_columns(p)
        super().update_state(y_true, p, sample_weight)

    def _open_columns(self, p: Any) -> None:
        if p.ndim != 2 or self.columns not in (0, p.shape[1]):
            raise fail(
                ShapeError, f"{self.name}: predictions", expected=f"[batch, {self.columns or 'labels'}]",
                received=shape_text(p.shape),
            )  # fmt: skip
        if not self.variables:
            self.columns = num_classes_of(p)
            self._add_counts((len(self.thresholds), self.columns))

    def _weighted(self, weight: Any) -> Any:
        if self.label_weights is None or self.multi_label:
            return weight
        return weight * self.label_weights.astype(weight.dtype)

    def result(self) -> Any:
        if not self.variables:
            return constant(0.0, self.dtype)
        areas = sum_over(self._areas(*(value_of(v) for v in self.variables)), axis=0)
        if not self.multi_label:
            return areas
        weights = np.ones(self.columns or 1, self.dtype) if self.label_weights is None else self.label_weights
        return divide_no_nan(sum_over(areas * weights), float(weights.sum()))

    def _areas(self, tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
        """The area between each threshold and the next higher one."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(tp, fp, fn)
        x, y = self._points(tp, fp, tn, fn)
        return (x[:-1] - x[1:]) * self._heights(y)

    def _points(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        recall = divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, divide_no_nan(tp, tp + fp)
        odds, none = divide_no_nan(tp + fn, tn + fp), ew.equal(tp, 0.0)
        gains: list[Any] = [1.0 - odds * divide_no_nan(wrong, tp) for wrong in (fn, fp)]
        return ew.maximum(ew.where(none, 0.0, gains[0]), 0.0), ew.where(none, 1.0, gains[1])

    def _heights(self, y: Any) -> Any:
        if self.summation_method == "interpolation":
            return (y[:-1] + y[1:]) * 0.5
        return (ew.minimum if self.summation_method == "minoring" else ew.maximum)(y[:-1], y[1:])


def _interpolated(tp: Any, fp: Any, fn: Any) -> Any:
    """Areas under the PR curve where TP grows in a line with P = TP + FP between two thresholds, B and the higher A:
    the integral of (TP_A + s (P - P_A)) / P over recall is s (dTP + (TP_A - s P_A) log(P_B / P_A)) / positives.
    """
    p = tp + fp
    more, slope = tp[:-1] - tp[1:], divide_no_nan(tp[:-1] - tp[1:], p[:-1] - p[1:])
    start = tp[1:] - slope * p[1:]
    both = ew.greater(ew.minimum(p[:-1], p[1:]), 0.0)
    ratio = ew.where(both, divide_no_nan(p[:-1], p[1:]), 1.0)
    return divide_no_nan(slope * (more + start * ew.log(ratio)), tp[1:] + fn[1:])


class AveragePrecision(AUC):
    """The sum of precisions at the thresholds, each times the recall that it adds: scikit-learn's average precision.

    The arguments are those of :class:`AUC`. It differs from the area under the PR curve, in which precision is
    interpolated between thresholds.

    >>> AveragePrecision()([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).numpy().round(4).item()
    0.8333
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(
            num_thresholds, "PR", "majoring", name, dtype, thresholds, multi_label, num_labels, label_weights,
            from_logits,
        )  # fmt: skip

    def _heights(self, y: Any) -> Any:
        return y[:-1]


_RATES = {  # the right answers, and the wrong ones that lower their share
    "sensitivity": ("true_positives", "false_negatives"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
    "precision": ("true_positives", "false_positives"),
}


class _AtLeast(Counts):
    """The greatest value of the rate ``wanted`` where that of the first field is at least the field; 0 if nowhere."""

    wanted: ClassVar[str]

    def __post_init__(self) -> None:
        self.bound = fields(self)[0].name  # type: ignore[arg-type]
        self.value, count = getattr(self, self.bound), self.num_thresholds  # type: ignore[attr-defined]
        if not 0 <= self.value <= 1 or count < 1:
            raise fail(
                ArgumentError, f"{type(self).__name__}: {self.bound}, num_thresholds",
                expected="a rate in [0, 1] and at least 1 threshold", received=f"{self.value}, {count}",
            )  # fmt: skip
        thresholds = np.linspace(0, 1, count).tolist() if count > 1 else [0.5]
        super().__init__(thresholds, None, self.class_id, self.name, self.dtype)

    def result(self) -> Any:
        enough = ew.greater_equal(self._rate(self.bound), self.value)
        return max_over(ew.where(enough, self._rate(self.wanted), 0.0))

    def _rate(self, name: str) -> Any:
        right, wrong = (value_of(getattr(self, counted)) for counted in _RATES[name])
        return divide_no_nan(right, right + wrong)


def _at(wanted: str, bound: str, example: str = "") -> Any:
    """The class of a rate where another is good enough, under the name and with the arguments that Keras gives it."""
    given: list[Any] = [(bound, float), ("num_thresholds", int, 200)]
    given += [(name, Any, None) for name in ("class_id", "name", "dtype")]
    text = f"The greatest {wanted} among ``num_thresholds`` thresholds at which the {bound} is at least ``{bound}``."
    body = {"wanted": wanted, "__doc__": f"{text}\n{example}", "__module__": __name__}
    name = f"{wanted.title()}At{bound.title()}"
    return make_dataclass(name, given, bases=(_AtLeast,), namespace=body, eq=False, repr=False)


SensitivityAtSpecificity = _at(
    "sensitivity",
    "specificity",
    """
    TP / (TP + FN) where TN / (TN + FP) is high enough; ``class_id``: only that column counts.

    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]).item()
    0.5
    """,
)
SpecificityAtSensitivity = _at("specificity", "sensitivity")
PrecisionAtRecall = _at("precision", "recall")
RecallAtPrecision = _at("recall", "precision")
