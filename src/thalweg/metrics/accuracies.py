"""How often a prediction is right."""

from __future__ import annotations

from typing import Any

from thalweg import dtypes, losses
from thalweg.losses import class_numbers, matched, tensor
from thalweg.metrics.base import MeanMetricWrapper, num_classes_of
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops import triangles
from thalweg.ops.reduce import argmax
from thalweg.ops.reduce import max as max_over
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def _agreement(a: Any, b: Any) -> Any:
    return ew.astype(ew.equal(a, b), dtypes.default_float)


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where target and prediction are the same number.

    >>> accuracy([1, 2], [1, 3]).tolist()
    [1.0, 0.0]
    """
    t, p = matched(y_true, y_pred, "accuracy")
    return losses.mean_last(_agreement(t, p))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The share of the last axis on which prediction > threshold, as 1 or 0, is the target.

    >>> binary_accuracy([[1.0, 0.0]], [[0.75, 0.625]]).tolist()
    [0.5]
    """
    t, p = matched(y_true, y_pred, "binary_accuracy")
    return losses.mean_last(_agreement(ew.astype(ew.greater(p, threshold), t.dtype), t))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest prediction is at the place of the greatest target.

    >>> categorical_accuracy([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).tolist()
    [1.0, 1.0]
    """
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


def _in_top(own: Any, p: Any, k: int) -> Any:
    """1 where fewer than k predictions are greater than that of the own class."""
    greater = ew.greater(p, own)
    return ew.astype(ew.less(sum_over(ew.astype(greater, "int32"), axis=-1), k), dtypes.default_float)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class of the one-hot target is among the k greatest predictions.

    >>> top_k_categorical_accuracy([[0.0, 0.0, 1.0]], [[0.1, 0.6, 0.3]], k=2).tolist()
    [1.0]
    """
    t, p = matched(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(argmax(t, axis=-1), p, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where the class that the target names is among the k greatest predictions.

    ``from_sorted_ids``: predictions are class numbers already, the best first.

    >>> sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]], k=2).tolist()
    [1.0, 0.0]
    """
    y_pred = tensor(y_pred)
    t = class_numbers(y_true, y_pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        named = ew.equal(
            ew.astype(y_pred[..., :k], "int64"), shape_ops.expand_dims(ew.astype(t, "int64"), t.ndim)
        )
        return max_over(ew.astype(named, dtypes.default_float), axis=-1)
    chosen = triangles.one_hot(t, num_classes_of(y_pred), dtype="bool")
    own = sum_over(ew.where(chosen, y_pred, 0.0), axis=-1, keepdims=True)
    return _in_top(own, y_pred, k)


class Accuracy(MeanMetricWrapper):
    """The share of targets and predictions that are the same number.

    >>> round(Accuracy()([1, 2], [1, 3]).item(), 4)
    0.5
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of predictions on the right side of ``threshold`` (0 for logits).

    >>> round(BinaryAccuracy()([1, 0], [0.75, 0.625]).item(), 4)
    0.5
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose greatest prediction is at the 1 of the one-hot target.

    >>> round(CategoricalAccuracy()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    1.0
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of examples whose greatest prediction is at the target's class number.

    >>> round(SparseCategoricalAccuracy()([1, 1], [[0.25, 0.75], [0.75, 0.25]]).item(), 4)
    0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of one-hot targets among the k greatest predictions.

    >>> round(TopKCategoricalAccuracy(k=2)([[0.0, 0.0, 1.0]], [[0.1, 0.6, 0.3]]).item(), 4)
    1.0
    """

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of class numbers among the k greatest predictions.

    >>> round(SparseTopKCategoricalAccuracy(k=2)([2, 0], [[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
