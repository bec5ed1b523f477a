"""``tf.metrics`` at thresholds, and of the k highest predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, variables
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.metrics import collected, counts_above, cuts_between, mean, ratio, table

_TINY = 1e-7

Figure = Callable[
    [Any, Any, Any, Any], Tensor
]  # of the true and false positives, the false and true negatives


def at_cuts(
    kind: str, labels: Any, predictions: Any, cuts: Any, weights: Any, figure: Figure, collections: Any
) -> tuple[Tensor, Tensor]:
    """(the figure of all batches, the same after this one) of what predictions above each threshold are."""
    counts = counts_above(labels, predictions, cuts, weights)
    with variables.variable_scope(None, kind):
        kept = table("counts", [4, len(cuts)])
        moved = variables.assign_add(kept, counts)
        pair = tuple(figure(*(whole[k] for k in range(4))) for whole in (kept, moved))
    return collected(pair, collections)


def _at_thresholds(kind: str, doc: str, figure: Figure) -> Any:
    def apply(
        labels: Any,
        predictions: Any,
        thresholds: Sequence[float],
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        cuts = np.asarray(g.static_value(thresholds), np.float32)
        collections = (metrics_collections, updates_collections)
        return at_cuts(name or kind, labels, predictions, cuts, weights, figure, collections)

    apply.__name__, apply.__doc__ = kind, doc
    return apply


def _share(part: Any, other: Any) -> Tensor:
    return math.div(part, part + other + _TINY)


precision_at_thresholds = _at_thresholds(
    "precision_at_thresholds", "The precision at each threshold.", lambda tp, fp, fn, tn: _share(tp, fp)
)
recall_at_thresholds = _at_thresholds(
    "recall_at_thresholds", "The recall at each threshold.", lambda tp, fp, fn, tn: _share(tp, fn)
)
true_positives_at_thresholds, false_positives_at_thresholds = (
    _at_thresholds(
        f"{kind}_positives",
        f"The number of {kind} positives at each threshold.",
        lambda *n, k=k: math.identity(n[k]),
    )
    for k, kind in ((0, "true"), (1, "false"))
)
false_negatives_at_thresholds, true_negatives_at_thresholds = (
    _at_thresholds(
        f"{kind}_negatives",
        f"The number of {kind} negatives at each threshold.",
        lambda *n, k=k: math.identity(n[k]),
    )
    for k, kind in ((2, "false"), (3, "true"))
)


def sensitivity_at_specificity(
    labels: Any,
    predictions: Any,
    specificity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The recall at the threshold whose specificity, tn / (tn + fp), is nearest to the given one."""

    def figure(tp: Any, fp: Any, fn: Any, tn: Any) -> Tensor:
        at = math.argmin(math.abs(_share(tn, fp) - specificity), 0)
        return _share(math.gather(tp, at), math.gather(fn, at))

    kind, collections = name or "sensitivity_at_specificity", (metrics_collections, updates_collections)
    return at_cuts(kind, labels, predictions, cuts_between(num_thresholds), weights, figure, collections)


def specificity_at_sensitivity(
    labels: Any,
    predictions: Any,
    sensitivity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """tn / (tn + fp) at the last threshold whose recall is nearest to the given one."""

    def figure(tp: Any, fp: Any, fn: Any, tn: Any) -> Tensor:
        far = math.abs(_share(tp, fn) - sensitivity)
        nearest = math.cast(math.equal(far, math.reduce_min(far)), "int64")
        at = math.argmax(math.cumsum(nearest), 0)
        return _share(math.gather(tn, at), math.gather(fp, at))

    kind, collections = name or "specificity_at_sensitivity", (metrics_collections, updates_collections)
    return at_cuts(kind, labels, predictions, cuts_between(num_thresholds), weights, figure, collections)


# --- the k highest predictions --------------------------------------------------------------------------------------


def _rows(labels: Any, predictions_idx: Any) -> tuple[Tensor, Tensor]:
    """Labels [n, number of labels] and chosen classes [n, k] of rows; one label may stand without its axis."""
    t, p = (math.cast(x, "int64") for x in (labels, predictions_idx))
    many = t.get_shape().ndims == p.get_shape().ndims
    width = t.get_shape()[-1].value if many else 1
    return math.reshape(t, [-1, width]), math.reshape(p, [-1, p.get_shape()[-1].value])


def _highest(predictions: Any, k: int) -> Tensor:
    from thalweg.compat.tf1 import nn

    chosen: Tensor = nn.top_k(predictions, k)[1]
    return chosen


def _of_rows(weights: Any) -> Any:
    return 1.0 if weights is None else math.reshape(math.cast(weights, "float32"), [-1, 1])


def _of_class(x: Any, class_id: Any) -> Any:
    return math.ones_like(x, "float32") if class_id is None else math.cast(math.equal(x, class_id), "float32")


def _met(a: Any, b: Any) -> Tensor:
    """For each number in a row of ``a``, 1 if the row of ``b`` holds it."""
    same = math.equal(math.expand_dims(a, 2), math.expand_dims(b, 1))
    return math.reduce_max(math.cast(same, "float32"), 2)


def precision_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of the chosen classes (of class ``class_id`` alone) that are labels of their example."""
    t, p = _rows(labels, predictions_idx)
    counted = _of_class(p, class_id) * _of_rows(weights)
    sums = math.reduce_sum(_met(p, t) * counted), math.reduce_sum(counted)
    return ratio(*sums, name or f"precision_at_{k}", (metrics_collections, updates_collections))


def recall_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of the labels (of class ``class_id`` alone) that are among the chosen classes of their example."""
    t, p = _rows(labels, predictions_idx)
    counted = _of_class(t, class_id) * _of_rows(weights)
    sums = math.reduce_sum(_met(t, p) * counted), math.reduce_sum(counted)
    return ratio(*sums, name or f"recall_at_{k}", (metrics_collections, updates_collections))


def _of_scores(of_classes: Any, title: str) -> Any:
    """The metric, of the scores of all classes, whose ``k`` highest are chosen."""

    def apply(
        labels: Any,
        predictions: Any,
        k: int,
        class_id: Any = None,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        found: tuple[Tensor, Tensor] = of_classes(
            labels,
            _highest(predictions, k),
            k,
            class_id,
            weights,
            metrics_collections,
            updates_collections,
            name,
        )
        return found

    apply.__name__, apply.__doc__ = title, f"{of_classes.__doc__} The k highest are chosen."
    return apply


precision_at_k = sparse_precision_at_k = _of_scores(precision_at_top_k, "precision_at_k")
recall_at_k = _of_scores(recall_at_top_k, "recall_at_k")


def average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean over examples of the precisions at each rank up to ``k`` that holds a label, over min(labels, k)."""
    t, p = _rows(labels, _highest(predictions, k))
    hits = _met(p, t)
    ranks = np.arange(1, k + 1, dtype=np.float32)
    found = math.reduce_sum(hits * math.cumsum(hits, 1) / ranks, 1) / min(t.get_shape()[1].value, k)
    weights = None if weights is None else math.reshape(weights, [-1])
    return mean(found, weights, metrics_collections, updates_collections, name or f"average_precision_at_{k}")


sparse_average_precision_at_k = average_precision_at_k


def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """1 minus the mean product of labels and predictions, both of length 1 along ``dim``."""
    near = math.reduce_sum(math.multiply(predictions, labels), [dim], keepdims=True)
    pair = mean(near, weights, name=name or "mean_cosine_distance")
    return collected(tuple(1.0 - part for part in pair), (metrics_collections, updates_collections))


def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The weighted mean of each element over all batches."""
    x = math.cast(g.convert_to_tensor(values), "float32")
    w = math.ones_like(x) * (1.0 if weights is None else math.cast(weights, "float32"))
    shape = x.get_shape().as_list()
    with variables.variable_scope(None, name or "mean"):
        kept = [table(title, shape) for title in ("total_tensor", "count_tensor")]
        moved = [variables.assign_add(v, new) for v, new in zip(kept, (x * w, w), strict=True)]
        pair = tuple(math.div_no_nan(*parts) for parts in (kept, moved))
    return collected(pair, (metrics_collections, updates_collections))
