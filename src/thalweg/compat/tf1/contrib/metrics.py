"""``tf.contrib.metrics``: metrics of (predictions, labels) over many batches, by the names that they had first."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from thalweg.compat.names import own
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, metrics, metrics_at, nn, sets, variables
from thalweg.compat.tf1.graph import Tensor

Pair = tuple[Tensor, Tensor]


def _turned(metric: Callable[..., Pair]) -> Callable[..., Pair]:
    """The metric, of (predictions, labels) as contrib has them."""

    def turned(predictions: Any, labels: Any, *args: Any, **options: Any) -> Pair:
        return metric(labels, predictions, *args, **options)

    apply: Any = turned
    first, second, *rest = inspect.signature(metric).parameters.values()
    apply.__signature__ = inspect.Signature([second, first, *rest])
    apply.__doc__ = metric.__doc__
    return apply


# What is (labels, predictions, ...) in tf.metrics, and the other way round here: by its name there, with its name here.
_TURNED = {
    **{
        name: name
        for name in "accuracy auc mean_absolute_error mean_iou mean_relative_error mean_squared_error precision "
        "recall root_mean_squared_error true_positives false_positives true_negatives false_negatives "
        "precision_at_thresholds recall_at_thresholds true_positives_at_thresholds false_positives_at_thresholds "
        "true_negatives_at_thresholds false_negatives_at_thresholds sensitivity_at_specificity "
        "specificity_at_sensitivity mean_cosine_distance".split()
    },
    "recall_at_k": "sparse_recall_at_k",
    "precision_at_k": "sparse_precision_at_k",
    "average_precision_at_k": "sparse_average_precision_at_k",
}
_KNOWN = {**own(metrics), **own(metrics_at)}
STREAMING: dict[str, Callable[..., Any]] = {
    f"streaming_{here}": _turned(_KNOWN[there]) for there, here in _TURNED.items()
}
STREAMING |= {
    "streaming_mean": metrics.mean,
    "streaming_mean_tensor": metrics_at.mean_tensor,
    "streaming_percentage_less": metrics.percentage_below,
}
SETS = {name: getattr(sets, name) for name in ("set_size", "set_intersection", "set_union", "set_difference")}


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """The share of the predictions of one batch that are right, each counted ``weights`` times."""
    p = g.convert_to_tensor(predictions)
    right = math.cast(math.equal(p, math.cast(labels, p.dtype)), "float32")
    if weights is None:
        return math.reduce_mean(right, name=name)
    times = math.cast(weights, "float32") * math.ones_like(right)
    return math.divide(math.reduce_sum(right * times), math.reduce_sum(times), name)


def streaming_recall_at_k(
    predictions: Any,
    labels: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """The share of examples whose class (one number each) is among those of the ``k`` highest predictions."""
    hits = math.cast(nn.in_top_k(predictions, labels, k), "float32")
    return metrics.mean(hits, weights, metrics_collections, updates_collections, name or f"recall_at_{k}")


def streaming_sparse_precision_at_top_k(
    top_k_predictions: Any,
    labels: Any,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """The share of the chosen classes (of class ``class_id`` alone) that are labels of their example."""
    k = g.convert_to_tensor(top_k_predictions).get_shape()[-1].value
    return metrics_at.precision_at_top_k(
        labels, top_k_predictions, k, class_id, weights, metrics_collections, updates_collections, name
    )


def count(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """How many values there were, each counted ``weights`` times."""
    number = math.ones_like(values, "float32")
    return metrics.summed(number, weights, (metrics_collections, updates_collections), name or "count")


def f1_score(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """The best harmonic mean of precision and recall over thresholds at the same distance in [0, 1]."""
    tiny = 1e-7

    def figure(tp: Any, fp: Any, fn: Any, tn: Any) -> Tensor:
        right, found = math.div(tp, tp + fp + tiny), math.div(tp, tp + fn + tiny)
        return math.reduce_max(2.0 * right * found / math.maximum(right + found, tiny))

    cuts = metrics.cuts_between(num_thresholds)
    collections = (metrics_collections, updates_collections)
    return metrics_at.at_cuts(name or "f1", labels, predictions, cuts, weights, figure, collections)


def cohen_kappa(
    labels: Any,
    predictions_idx: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """How far two judges agree beyond chance (Cohen, 1960): 1 always, 0 as chance would."""

    def figure(table: Tensor) -> Tensor:
        agreed = math.reduce_sum(math.diag_part(table))
        total = math.reduce_sum(table)
        by_chance = math.reduce_sum(math.reduce_sum(table, 0) * math.reduce_sum(table, 1))
        by_chance = math.div_no_nan(by_chance, total)
        return math.div_no_nan(agreed - by_chance, total - by_chance)

    made = metrics.by_class("cohen_kappa", figure)
    return made(labels, predictions_idx, num_classes, weights, metrics_collections, updates_collections, name)


def _of_moments(
    kind: str,
    predictions: Any,
    labels: Any,
    weights: Any,
    collections: Any,
    figure: Callable[[Tensor], Tensor],
) -> Pair:
    """The figure of the sums [6] of w, w x, w y, w x x, w y y and w x y, each about the first numbers that came."""
    x, y = (math.reshape(math.cast(z, "float32"), [-1]) for z in (predictions, labels))
    w = math.ones_like(x)
    if weights is not None:
        w = math.reshape(math.cast(weights, "float32") * math.ones_like(math.cast(labels, "float32")), [-1])
    with variables.variable_scope(None, kind):
        kept: Any = metrics.table("moments", [6])
        start = metrics.table("about", [2])
        new = math.equal(kept[0], 0.0)
        first = math.where(new, math.stack([x[0], y[0]]), start)
        begun = variables.assign(start, first)
        dx, dy = x - begun[0], y - begun[1]
        rows = math.stack([w, w * dx, w * dy, w * dx * dx, w * dy * dy, w * dx * dy])
        moved = variables.assign_add(kept, math.reduce_sum(rows, 1))
        pair = figure(kept), figure(moved)
    return metrics.collected(pair, collections)


def _spread(of: Tensor, a: int, b: int, product: int) -> Tensor:
    """The sum of the products of the distances from the means."""
    return of[product] - math.div_no_nan(of[a] * of[b], of[0])


def streaming_covariance(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """The covariance, over one less than the number of values; NaN of a single one."""
    one = lambda of: _spread(of, 1, 2, 5) / (of[0] - 1.0)
    collections = (metrics_collections, updates_collections)
    return _of_moments(name or "covariance", predictions, labels, weights, collections, one)


def streaming_pearson_correlation(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Pair:
    """The correlation of predictions and labels; NaN where one of them does not vary."""

    def one(of: Tensor) -> Tensor:
        return _spread(of, 1, 2, 5) / math.sqrt(_spread(of, 1, 1, 3) * _spread(of, 2, 2, 4))

    collections = (metrics_collections, updates_collections)
    return _of_moments(name or "pearson_r", predictions, labels, weights, collections, one)


def aggregate_metric_map(names_to_tuples: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """({name: value}, {name: update}) of {name: (value, update)}."""
    values, updates = ({name: pair[k] for name, pair in names_to_tuples.items()} for k in (0, 1))
    return values, updates


def aggregate_metrics(*value_update_tuples: Pair) -> tuple[list[Tensor], list[Tensor]]:
    """([values], [updates]) of metrics."""
    return [value for value, _ in value_update_tuples], [update for _, update in value_update_tuples]
