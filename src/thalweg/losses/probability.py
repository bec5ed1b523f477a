"""How unlikely a prediction makes the target: cross-entropies and their kin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.losses.base import FunctionLoss, PlainLoss
from thalweg.losses.targets import (
    EPSILON,
    as_floats,
    class_numbers,
    logits_of,
    matched,
    mean_last,
    one_hot_matched,
    tensor,
)
from thalweg.nn import losses as nn
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.activation import sigmoid
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.softmax import softmax

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "kl_divergence",
    "poisson",
    "sparse_categorical_crossentropy",
]


def _smoothed(t: Any, smoothing: float, classes: Any) -> Any:
    return t if not smoothing else t * (1.0 - smoothing) + smoothing / classes


def _power(x: Any, exponent: float) -> Any:
    return x * x if exponent == 2 else ew.pow(x, exponent)


def _log_probabilities(p: Any, axis: int) -> Any:
    """log(p / sum(p)), p kept 1e-7 away from 0 and 1."""
    p = p / sum_over(p, axis=axis, keepdims=True)
    return ew.log(ew.minimum(ew.maximum(p, EPSILON), 1.0 - EPSILON))


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """mean(-t log(p) - (1 - t) log(1 - p)) over the last axis; ``from_logits``: p = sigmoid(prediction).

    Probabilities are kept 1e-7 away from 0 and 1 where they are not the sigmoid of logits.

    >>> round(binary_crossentropy([[1.0]], [[0.5]]).item(), 4)
    0.6931
    """
    t, p = matched(y_true, y_pred, "binary_crossentropy")
    t = _smoothed(t, label_smoothing, 2.0)
    logits = p if from_logits else logits_of(y_pred, "sigmoid")
    if logits is not None:
        return mean_last(nn.sigmoid_cross_entropy(logits, t), axis)
    return mean_last(nn.binary_cross_entropy(p, t, EPSILON, "none"), axis)


@dataclass(eq=False, repr=False)
class BinaryCrossentropy(FunctionLoss):
    """:func:`binary_crossentropy`, reduced.

    >>> round(BinaryCrossentropy(label_smoothing=0.1)([[1.0], [0.0]], [[0.75], [0.5]]).item(), 4)
    0.5179
    """

    fn = staticmethod(binary_crossentropy)
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "binary_crossentropy"
    dtype: Any = None


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy times (1 - p_t)^gamma, p_t the probability of the right answer; times alpha_t if asked.

    >>> round(binary_focal_crossentropy([[1.0]], [[0.5]]).item(), 4)
    0.1733
    """
    t, p = matched(y_true, y_pred, "binary_focal_crossentropy")
    t = _smoothed(t, label_smoothing, 2.0)
    logits = p if from_logits else logits_of(y_pred, "sigmoid")
    probability = sigmoid(p) if from_logits else p
    entropy = (
        nn.sigmoid_cross_entropy(logits, t)
        if logits is not None
        else nn.binary_cross_entropy(p, t, EPSILON, "none")
    )
    right = t * probability + (1.0 - t) * (1.0 - probability)
    loss = _power(1.0 - right, gamma) * entropy
    if apply_class_balancing:
        loss = (t * alpha + (1.0 - t) * (1.0 - alpha)) * loss
    return mean_last(loss, axis)


@dataclass(eq=False, repr=False)
class BinaryFocalCrossentropy(FunctionLoss):
    """:func:`binary_focal_crossentropy`, reduced.

    >>> round(BinaryFocalCrossentropy()([[1.0], [0.0]], [[0.75], [0.5]]).item(), 4)
    0.0956
    """

    fn = staticmethod(binary_focal_crossentropy)
    apply_class_balancing: bool = False
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "binary_focal_crossentropy"
    dtype: Any = None


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum(t log(p)) over the classes, targets probabilities or one-hot; ``from_logits``: p = softmax(prediction).

    >>> round(categorical_crossentropy([[0.0, 1.0]], [[0.0, 0.0]], from_logits=True).item(), 4)
    0.6931
    """
    t, p = one_hot_matched(y_true, y_pred, "categorical_crossentropy")
    t = _smoothed(t, label_smoothing, float(p.shape[axis]))
    logits = p if from_logits else logits_of(y_pred, "softmax", axis)
    if logits is not None:
        return nn.softmax_cross_entropy(logits, t, axis=axis)
    return -sum_over(t * _log_probabilities(p, axis), axis=axis)  # type: ignore[operator]


@dataclass(eq=False, repr=False)
class CategoricalCrossentropy(FunctionLoss):
    """:func:`categorical_crossentropy`, reduced.

    >>> round(CategoricalCrossentropy()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4904
    """

    fn = staticmethod(categorical_crossentropy)
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "categorical_crossentropy"
    dtype: Any = None


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-sum(alpha (1 - p)^gamma t log(p)) over the classes.

    >>> round(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).item(), 4)
    0.0433
    """
    t, p = one_hot_matched(y_true, y_pred, "categorical_focal_crossentropy")
    t = _smoothed(t, label_smoothing, float(p.shape[axis]))
    p = softmax(p, axis=axis) if from_logits else p / sum_over(p, axis=axis, keepdims=True)
    p = ew.minimum(ew.maximum(p, EPSILON), 1.0 - EPSILON)
    return sum_over(_power(1.0 - p, gamma) * t * -ew.log(p), axis=axis) * alpha  # type: ignore[operator]


@dataclass(eq=False, repr=False)
class CategoricalFocalCrossentropy(FunctionLoss):
    """:func:`categorical_focal_crossentropy`, reduced.

    >>> round(CategoricalFocalCrossentropy()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.0239
    """

    fn = staticmethod(categorical_focal_crossentropy)
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = False
    label_smoothing: float = 0.0
    axis: int = -1
    reduction: str | None = "sum_over_batch_size"
    name: str = "categorical_focal_crossentropy"
    dtype: Any = None


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log(p[t]), targets being class numbers; ``from_logits``: p = softmax(prediction).

    Examples of the class ``ignore_class`` add nothing.

    >>> round(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    if axis not in (
        -1,
        tensor(y_pred).ndim - 1,
    ):  # where a softmax is known by its logits, they have the same axes
        logits = None if from_logits else logits_of(y_pred, "softmax", axis)
        given, t = tensor(y_pred if logits is None else logits), tensor(y_true)
        return sparse_categorical_crossentropy(
            shape_ops.moveaxis(t, axis, -1) if t.ndim == given.ndim else t,
            shape_ops.moveaxis(given, axis, -1),
            from_logits or logits is not None,
            ignore_class,
        )
    p = as_floats(tensor(y_pred))
    t = class_numbers(y_true, p, "sparse_categorical_crossentropy")
    used = None
    if ignore_class is not None:
        used = ew.not_equal(t, ignore_class)
        t = ew.where(used, t, 0)
    logits = p if from_logits else logits_of(y_pred, "softmax")
    if logits is not None:
        loss = nn.sparse_softmax_cross_entropy(logits, t)
    else:
        loss = nn.nll(_log_probabilities(p, -1), t)
    return loss if used is None else ew.where(used, loss, 0.0)


@dataclass(eq=False, repr=False)
class SparseCategoricalCrossentropy(FunctionLoss):
    """:func:`sparse_categorical_crossentropy`, reduced; means are over the examples of other classes than ignored.

    >>> round(SparseCategoricalCrossentropy(ignore_class=0)([1, 0], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.2877
    """

    fn = staticmethod(sparse_categorical_crossentropy)
    from_logits: bool = False
    ignore_class: int | None = None
    reduction: str | None = "sum_over_batch_size"
    axis: int = -1
    name: str = "sparse_categorical_crossentropy"
    dtype: Any = None

    def used(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        if self.ignore_class is None:
            return None
        return ew.not_equal(class_numbers(y_true, tensor(y_pred), str(self.name)), self.ignore_class)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """(1 - p[t]^q) / q for class numbers t: near the cross-entropy for small q, the absolute error for q = 1.

    It bears wrong labels (Zhang and Sabuncu, 2018).

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
    [1.0]
    """
    p = as_floats(tensor(y_pred))
    t = class_numbers(y_true, p, "categorical_generalized_cross_entropy")
    return (1.0 - ew.pow(-nn.nll(p, t), q)) / q  # type: ignore[operator]


@dataclass(eq=False, repr=False)
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """:func:`categorical_generalized_cross_entropy`, reduced.

    >>> round(CategoricalGeneralizedCrossEntropy(q=0.5)([1, 0], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4269
    """

    fn = staticmethod(categorical_generalized_cross_entropy)
    q: float = 0.5
    reduction: str | None = "sum_over_batch_size"
    name: str = "categorical_generalized_cross_entropy"
    dtype: Any = None

    def __post_init__(self) -> None:
        if not 0 < self.q < 1:
            what = "CategoricalGeneralizedCrossEntropy: q"
            raise fail(ArgumentError, what, expected="0 < q < 1", received=self.q)
        super().__post_init__()


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(t log(t / p)) over the last axis, both kept within 1e-7 and 1.

    >>> round(kl_divergence([[1.0, 0.0]], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    t, p = (ew.minimum(ew.maximum(v, EPSILON), 1.0) for v in matched(y_true, y_pred, "kl_divergence"))
    return sum_over(t * ew.log(t / p), axis=-1)  # type: ignore[operator]


class KLDivergence(PlainLoss):
    """:func:`kl_divergence`, reduced.

    >>> round(KLDivergence()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.4904
    """

    fn = staticmethod(kl_divergence)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(p - t log(p + 1e-7)) over the last axis.

    >>> round(poisson([[1.0]], [[2.0]]).item(), 4)
    1.3069
    """
    t, p = matched(y_true, y_pred, "poisson")
    return mean_last(p - t * ew.log(p + EPSILON))


class Poisson(PlainLoss):
    """:func:`poisson`, reduced.

    >>> round(Poisson()([[1.0, 2.0]], [[1.5, 1.0]]).item(), 4)
    1.0473
    """

    fn = staticmethod(poisson)
