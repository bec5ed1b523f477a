"""``tf.metrics``: averages over many batches, each a value and the operation that takes a batch in."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, variables
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph

# What metrics are made of, here and elsewhere; tf.metrics has none of these names.
PARTS = "collected ratio table metric_variable cuts_between counts_above summed by_class PARTS".split()


def metric_variable(
    shape: Any, dtype: Any, validate_shape: bool = True, name: str | None = None
) -> variables.Variable:
    """A local variable of zeros, for a metric of a program's own."""
    keys = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return variables.Variable(
        lambda: math.zeros(shape, dtype), False, keys, validate_shape=validate_shape, name=name
    )


def _local(name: str) -> variables.Variable:
    return metric_variable([], "float32", name=name)


def collected(pair: Any, collections: Any) -> tuple[Tensor, Tensor]:
    """The value and the update of a metric, put into the collections that each is asked for."""
    for keys, thing in zip(collections, pair, strict=True):
        for key in keys or ():
            default_graph().add_to_collection(key, thing)
    found, update = pair
    return found, update


def ratio(total: Any, count: Any, scope: str, collections: tuple[Any, Any]) -> tuple[Tensor, Tensor]:
    """(sum so far over count so far, the same after this batch)."""
    with variables.variable_scope(None, scope):
        sums = [_local("total"), _local("count")]
        found = math.div_no_nan(sums[0], sums[1], "value")
        moved = [
            variables.assign_add(s, math.cast(x, "float32"))
            for s, x in zip(sums, (total, count), strict=True)
        ]
        update = math.div_no_nan(moved[0], moved[1], "update_op")
    return collected((found, update), collections)


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The weighted mean of all elements."""
    x = math.cast(g.convert_to_tensor(values), "float32")
    w = math.ones_like(x) if weights is None else math.cast(weights, "float32") * math.ones_like(x)
    collections = (metrics_collections, updates_collections)
    return ratio(math.reduce_sum(x * w), math.reduce_sum(w), name or "mean", collections)


def _of_one_rank(labels: Any, predictions: Any) -> tuple[Any, Any]:
    """Both, without a last axis of length 1 that only one of them has."""
    t, p = g.convert_to_tensor(labels), g.convert_to_tensor(predictions)
    rank, other = t.get_shape().ndims, p.get_shape().ndims
    if rank is None or other is None or abs(rank - other) != 1:
        return t, p
    longer = t if rank > other else p
    if longer.get_shape()[-1].value not in (1, None):
        return t, p
    short = math.squeeze(longer, [-1])
    return (short, p) if longer is t else (t, short)


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of predictions that are right."""
    labels, predictions = _of_one_rank(labels, predictions)
    right = math.equal(math.cast(predictions, labels.dtype), labels)
    return mean(right, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean squared error."""
    labels, predictions = _of_one_rank(labels, predictions)
    error = math.squared_difference(predictions, math.cast(labels, predictions.dtype))
    return mean(error, weights, metrics_collections, updates_collections, name or "mean_squared_error")


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The root of the mean squared error."""
    found, update = mean_squared_error(labels, predictions, weights, name=name or "root_mean_squared_error")
    return math.sqrt(found), math.sqrt(update)


def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean absolute error."""
    labels, predictions = _of_one_rank(labels, predictions)
    error = math.abs(math.subtract(predictions, math.cast(labels, predictions.dtype)))
    return mean(error, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


def _counted(
    hits: Any, among: Any, weights: Any, name: str, collections: tuple[Any, Any]
) -> tuple[Tensor, Tensor]:
    share = 1.0 if weights is None else math.cast(weights, "float32")
    total, count = (math.reduce_sum(math.cast(x, "float32") * share) for x in (hits, among))
    return ratio(total, count, name, collections)


def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of positive predictions that are right."""
    t, p = (math.cast(x, "bool") for x in _of_one_rank(labels, predictions))
    collections = (metrics_collections, updates_collections)
    return _counted(math.logical_and(t, p), p, weights, name or "precision", collections)


def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of positive examples that are found."""
    t, p = (math.cast(x, "bool") for x in _of_one_rank(labels, predictions))
    collections = (metrics_collections, updates_collections)
    return _counted(math.logical_and(t, p), t, weights, name or "recall", collections)


def summed(hits: Any, weights: Any, collections: tuple[Any, Any], name: str) -> tuple[Tensor, Tensor]:
    """A number counted over all batches."""
    x = math.cast(hits, "float32")
    x = x if weights is None else x * math.cast(weights, "float32")
    with variables.variable_scope(None, name):
        total = _local("count")
        found = math.identity(total, "value")
        update = variables.assign_add(total, math.reduce_sum(x))
    return collected((found, update), collections)


def _counter(kind: str, positive: bool, right: bool) -> Any:
    """Counts predictions that are positive or not, and right or not."""

    def apply(
        labels: Any,
        predictions: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        t, p = math.cast(labels, "bool"), math.cast(predictions, "bool")
        said = p if positive else math.logical_not(p)
        agree = math.equal(math.cast(t, "int32"), math.cast(p, "int32"))
        hits = math.logical_and(said, agree if right else math.logical_not(agree))
        return summed(hits, weights, (metrics_collections, updates_collections), name or kind)

    apply.__doc__ = f"The number of {kind.replace('_', ' ')}."
    return apply


true_positives = _counter("true_positives", True, True)
false_positives = _counter("false_positives", True, False)
true_negatives = _counter("true_negatives", False, True)
false_negatives = _counter("false_negatives", False, False)


def table(name: str, shape: Any) -> variables.Variable:
    return metric_variable(shape, "float32", name=name)


def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Any = None,
) -> tuple[Tensor, Tensor]:
    """The area under the curve of true against false positives ("ROC") or of precision against recall ("PR").

    ``summation_method``: "trapezoidal", "minoring", "majoring", or "careful_interpolation", which for PR is exact
    where the counts change linearly between two thresholds (Davis and Goadrich, 2006). ``thresholds``: those inside
    (0, 1), instead of ``num_thresholds`` at one distance.
    """
    if curve not in ("ROC", "PR"):
        raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
    if summation_method not in (*_HEIGHTS, "careful_interpolation"):
        raise ValueError(f"Invalid summation_method: {summation_method}")
    cuts = cuts_between(num_thresholds)
    if thresholds is not None:
        cuts = np.array([-1e-7, *sorted(thresholds), 1 + 1e-7], np.float32)
    counts = counts_above(labels, predictions, cuts, weights)
    with variables.variable_scope(None, name or "auc"):
        kept = table("counts", [4, len(cuts)])
        update = _area(variables.assign_add(kept, counts), curve, summation_method)
    return collected(
        (_area(kept, curve, summation_method), update), (metrics_collections, updates_collections)
    )


def cuts_between(num_thresholds: int) -> np.ndarray:
    """Thresholds from just under 0 to just over 1, at the same distance."""
    inside = (np.arange(1, num_thresholds - 1) / (num_thresholds - 1)).astype(np.float32)
    return np.concatenate([[-1e-7], inside, [1 + 1e-7]]).astype(np.float32)


def counts_above(labels: Any, predictions: Any, cuts: np.ndarray, weights: Any) -> Tensor:
    """The true and false positives and the false and true negatives [4, T] of predictions above each threshold."""
    t = math.reshape(math.cast(math.cast(labels, "bool"), "float32"), [1, -1])
    p = math.reshape(math.cast(predictions, "float32"), [1, -1])
    w: Any = 1.0
    if weights is not None:
        w = math.reshape(
            math.cast(weights, "float32") * math.ones_like(math.cast(labels, "float32")), [1, -1]
        )
    said = math.cast(math.greater(p, cuts[:, None]), "float32")
    rows = [said * t, said * (1 - t), (1 - said) * t, (1 - said) * (1 - t)]
    return math.stack([math.reduce_sum(row * w, 1) for row in rows])


_HEIGHTS = {
    "trapezoidal": lambda left, right: (left + right) / 2.0,
    "minoring": math.minimum,
    "majoring": math.maximum,
}


def _area(counts: Any, curve: str, method: str) -> Tensor:
    tp, fp, fn, tn = (counts[k] for k in range(4))
    if method == "careful_interpolation":
        if curve == "PR":
            return _interpolated_area(tp, fp, fn)
        method = "trapezoidal"
    tiny = 1e-6
    recalled = (tp + tiny) / (tp + fn + tiny)
    x, y = (fp / (fp + tn + tiny), recalled) if curve == "ROC" else (recalled, (tp + tiny) / (tp + fp + tiny))
    return math.reduce_sum((x[:-1] - x[1:]) * _HEIGHTS[method](y[:-1], y[1:]))


def _interpolated_area(tp: Any, fp: Any, fn: Any) -> Tensor:
    """Below precision against recall, true and all positives changing linearly between thresholds."""
    gained, said = tp[:-1] - tp[1:], tp + fp
    slope = math.div_no_nan(gained, math.maximum(said[:-1] - said[1:], 0.0))
    rest = tp[1:] - slope * said[1:]
    both = math.logical_and(said[:-1] > 0.0, said[1:] > 0.0)
    share = math.where(both, math.div_no_nan(said[:-1], said[1:]), math.ones_like(gained))
    return math.reduce_sum(math.div_no_nan(slope * (gained + rest * math.log(share)), tp[1:] + fn[1:]))


def by_class(kind: str, figure: Any) -> Any:
    """The mean over classes of a figure of the table of (class, prediction)."""

    def apply(
        labels: Any,
        predictions: Any,
        num_classes: int,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        t, p = (math.one_hot(math.reshape(x, [-1]), num_classes) for x in (labels, predictions))
        w = 1.0 if weights is None else math.reshape(math.cast(weights, "float32"), [-1, 1])
        with variables.variable_scope(None, name or kind):
            kept = table("total_confusion_matrix", [num_classes, num_classes])
            moved = variables.assign_add(kept, math.matmul(t * w, p, transpose_a=True))
        return figure(kept), (moved if kind == "mean_iou" else figure(moved))

    apply.__doc__ = f"The {kind.replace('_', ' ')}."
    return apply


def _class_accuracy(table: Any) -> Tensor:
    return math.reduce_mean(math.div_no_nan(math.diag_part(table), math.reduce_sum(table, 1)))


def _iou(table: Any) -> Tensor:
    hits = math.diag_part(table)
    union = math.reduce_sum(table, 0) + math.reduce_sum(table, 1) - hits
    seen = math.reduce_sum(math.cast(math.greater(union, 0.0), "float32"))
    return math.div_no_nan(math.reduce_sum(math.div_no_nan(hits, union)), seen)


mean_per_class_accuracy = by_class("mean_per_class_accuracy", _class_accuracy)
mean_iou = by_class("mean_iou", _iou)


def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean of ``|labels - predictions| / normalizer``, 0 where that is 0."""
    error = math.div_no_nan(math.abs(math.subtract(labels, predictions)), normalizer)
    return mean(error, weights, metrics_collections, updates_collections, name or "mean_relative_error")


def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of values under a threshold."""
    below = math.less(values, threshold)
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below")
