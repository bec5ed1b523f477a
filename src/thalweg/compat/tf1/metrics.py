"""``tf.metrics``: averages over many batches, each a value and the operation that takes a batch in."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, variables
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph


def _local(name: str) -> variables.Variable:
    keys = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return variables.Variable(np.float32(0), trainable=False, collections=keys, name=name)


def _ratio(total: Any, count: Any, scope: str, collections: tuple[Any, Any]) -> tuple[Tensor, Tensor]:
    """(sum so far over count so far, the same after this batch)."""
    with variables.variable_scope(None, scope):
        sums = [_local("total"), _local("count")]
        found = math.div_no_nan(sums[0], sums[1], "value")
        moved = [
            variables.assign_add(s, math.cast(x, "float32"))
            for s, x in zip(sums, (total, count), strict=True)
        ]
        update = math.div_no_nan(moved[0], moved[1], "update_op")
    for keys, thing in zip(collections, (found, update), strict=True):
        for key in keys or ():
            default_graph().add_to_collection(key, thing)
    return found, update


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
    return _ratio(math.reduce_sum(x * w), math.reduce_sum(w), name or "mean", collections)


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of predictions that are right."""
    labels, predictions = g.convert_to_tensor(labels), g.convert_to_tensor(predictions)
    if labels.shape.ndims and predictions.shape.ndims and labels.shape.ndims > predictions.shape.ndims:
        labels = math.squeeze(labels, [-1])
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
    error = math.squared_difference(predictions, labels)
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
    error = math.abs(math.subtract(predictions, labels))
    return mean(error, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


def _counted(hits: Any, among: Any, name: str, collections: tuple[Any, Any]) -> tuple[Tensor, Tensor]:
    total, count = (math.reduce_sum(math.cast(x, "float32")) for x in (hits, among))
    return _ratio(total, count, name, collections)


def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of positive predictions that are right."""
    t, p = math.cast(labels, "bool"), math.cast(predictions, "bool")
    return _counted(
        math.logical_and(t, p), p, name or "precision", (metrics_collections, updates_collections)
    )


def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The share of positive examples that are found."""
    t, p = math.cast(labels, "bool"), math.cast(predictions, "bool")
    return _counted(math.logical_and(t, p), t, name or "recall", (metrics_collections, updates_collections))
