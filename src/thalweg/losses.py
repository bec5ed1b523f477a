"""Losses as Keras names them: functions of (targets, predictions), and classes that weigh and reduce.

A function gives one loss per example (the mean over the last axis); a class gives the mean over the batch. Targets
never broadcast against predictions: a last axis of length 1 is added or dropped, anything else is a ShapeError. Where a
prediction is the softmax or sigmoid of something, the cross-entropies are computed from that something.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, shape_text, shapes_match
from thalweg.nn import losses as nn
from thalweg.nn.ctc import ctc_loss
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.activation import sigmoid, softplus
from thalweg.ops.contract import matmul
from thalweg.ops.linalg import vector_norm
from thalweg.ops.reduce import logsumexp
from thalweg.ops.reduce import max as max_over
from thalweg.ops.reduce import sum as sum_over
from thalweg.registry import Configured, lookup, register, snake_case

_EPSILON = 1e-7  # keeps logarithms and quotients of probabilities finite

# --- targets beside predictions -------------------------------------------------------------------------------------


def tensor(value: Any) -> Any:
    """The value as a tensor, a float one where it was a Python number or integers."""
    return convert_operands([value])[0]


def _as_floats(y: Any) -> Any:
    return y if dtypes.is_floating(y.dtype) else ew.astype(y, dtypes.default_float)


def matched(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """Both in one shape and floating dtype; a last axis of length 1 is added to or dropped from the target."""
    y_true, y_pred = tensor(y_true), _as_floats(tensor(y_pred))
    y_true = same_rank(y_true, y_pred)
    if not shapes_match(y_true.shape, y_pred.shape):
        raise fail(
            ShapeError,
            f"{name}: targets and predictions differ in shape",
            expected=f"targets {shape_text(y_pred.shape)} as the predictions",
            received=shape_text(y_true.shape),
            hint="a loss never broadcasts: reshape the targets, or give the last layer one unit per column",
        )
    return ew.astype(y_true, y_pred.dtype), y_pred


def same_rank(y_true: Any, y_pred: Any) -> Any:
    """The target with a last axis of length 1 added or dropped, where that gives it the rank of the prediction."""
    if y_true.shape is None or y_pred.shape is None:
        return y_true
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        return shape_ops.expand_dims(y_true, y_true.ndim)
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        return shape_ops.squeeze(y_true, axis=-1)
    return y_true


def class_numbers(y_true: Any, y_pred: Any, name: str) -> Any:
    """Integer labels of the shape of the predictions without their last axis."""
    y_true = tensor(y_true)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = shape_ops.squeeze(y_true, axis=-1)
    if not shapes_match(y_true.shape, y_pred.shape[:-1]):
        one_hot = y_true.ndim == y_pred.ndim and y_true.shape[-1] == y_pred.shape[-1]
        raise fail(
            ShapeError,
            f"{name}: targets",
            expected=f"one class number per example, {shape_text(y_pred.shape[:-1])}",
            received=shape_text(y_true.shape),
            hint="the targets look one-hot: use categorical_crossentropy" if one_hot else None,
        )
    return y_true if dtypes.is_integer(y_true.dtype) else ew.astype(y_true, "int64")


def logits_of(y_pred: Any, op: str, axis: int = -1) -> Any:
    """What the prediction is the softmax or sigmoid of, if it is; None otherwise."""
    while isinstance(y_pred, Tensor) and y_pred.op is not None and y_pred.op.name in ("identity", "read"):
        y_pred = y_pred.inputs[0]
    if not isinstance(y_pred, Tensor) or y_pred.op is None or y_pred.op.name != op:
        return None
    if op == "softmax" and y_pred.attrs.get("axis") not in (axis, axis % y_pred.ndim, (axis % y_pred.ndim,)):
        return None
    return y_pred.inputs[0]


def mean_last(x: Any, axis: int = -1) -> Any:
    """The mean over an axis; of a vector, the vector itself: one number per example."""
    if x.ndim < 2:
        return x
    return ew.divide(sum_over(x, axis=axis), shape_ops.count(x, (axis % x.ndim,), x.dtype))


# --- functions ------------------------------------------------------------------------------------------------------


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((t - p)^2) over the last axis.

    >>> mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
    [2.0]
    """
    t, p = matched(y_true, y_pred, "mean_squared_error")
    return mean_last(ew.multiply(p - t, p - t))


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|t - p|) over the last axis."""
    t, p = matched(y_true, y_pred, "mean_absolute_error")
    return mean_last(ew.abs(p - t))


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 * mean(|t - p| / max(|t|, 1e-7)) over the last axis."""
    t, p = matched(y_true, y_pred, "mean_absolute_percentage_error")
    return mean_last(ew.abs((t - p) / ew.maximum(ew.abs(t), _EPSILON))) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + t) - log(1 + p))^2) over the last axis, t and p kept at 1e-7 or more."""
    t, p = matched(y_true, y_pred, "mean_squared_logarithmic_error")
    gap: Any = ew.log1p(ew.maximum(t, _EPSILON)) - ew.log1p(ew.maximum(p, _EPSILON))  # type: ignore[operator]
    return mean_last(gap * gap)


def _smoothed(t: Any, smoothing: float, classes: Any) -> Any:
    return t if not smoothing else t * (1.0 - smoothing) + smoothing / classes


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
    return mean_last(nn.binary_cross_entropy(p, t, _EPSILON, "none"), axis)


def _power(x: Any, exponent: float) -> Any:
    return x * x if exponent == 2 else ew.pow(x, exponent)


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
    """Binary cross-entropy times (1 - p_t)^gamma, p_t the probability of the right answer; times alpha_t if asked."""
    t, p = matched(y_true, y_pred, "binary_focal_crossentropy")
    t = _smoothed(t, label_smoothing, 2.0)
    logits = p if from_logits else logits_of(y_pred, "sigmoid")
    probability = sigmoid(p) if from_logits else p
    entropy = (
        nn.sigmoid_cross_entropy(logits, t)
        if logits is not None
        else nn.binary_cross_entropy(p, t, _EPSILON, "none")
    )
    right = t * probability + (1.0 - t) * (1.0 - probability)
    loss = _power(1.0 - right, gamma) * entropy
    if apply_class_balancing:
        loss = (t * alpha + (1.0 - t) * (1.0 - alpha)) * loss
    return mean_last(loss, axis)


def _log_probabilities(p: Any, axis: int) -> Any:
    """log(p / sum(p)), p kept 1e-7 away from 0 and 1."""
    p = p / sum_over(p, axis=axis, keepdims=True)
    return ew.log(ew.minimum(ew.maximum(p, _EPSILON), 1.0 - _EPSILON))


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-sum(t log(p)) over the classes, targets probabilities or one-hot; ``from_logits``: p = softmax(prediction).

    >>> round(categorical_crossentropy([[0.0, 1.0]], [[0.0, 0.0]], from_logits=True).item(), 4)
    0.6931
    """
    t, p = matched(y_true, y_pred, "categorical_crossentropy")
    t = _smoothed(t, label_smoothing, float(p.shape[axis]))
    logits = p if from_logits else logits_of(y_pred, "softmax", axis)
    if logits is not None:
        return nn.softmax_cross_entropy(logits, t, axis=axis)
    return -sum_over(t * _log_probabilities(p, axis), axis=axis)  # type: ignore[operator]


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-sum(alpha (1 - p)^gamma t log(p)) over the classes."""
    from thalweg.ops.softmax import softmax

    t, p = matched(y_true, y_pred, "categorical_focal_crossentropy")
    t = _smoothed(t, label_smoothing, float(p.shape[axis]))
    p = softmax(p, axis=axis) if from_logits else p / sum_over(p, axis=axis, keepdims=True)
    p = ew.minimum(ew.maximum(p, _EPSILON), 1.0 - _EPSILON)
    return sum_over(_power(1.0 - p, gamma) * t * -ew.log(p), axis=axis) * alpha  # type: ignore[operator]


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log(p[t]), targets being class numbers; ``from_logits``: p = softmax(prediction).

    Examples of the class ``ignore_class`` add nothing.

    >>> round(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    if axis not in (-1, tensor(y_pred).ndim - 1):
        raise fail(
            ArgumentError, "sparse_categorical_crossentropy: axis", expected="the last one", received=axis
        )
    p = _as_floats(tensor(y_pred))
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


def _signs(t: Any) -> Any:
    """Targets of 0 and 1 as -1 and 1; others stay."""
    return ew.where(ew.equal(t, 0.0), -1.0, t)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)) over the last axis, targets -1 and 1 (0 counts as -1)."""
    t, p = matched(y_true, y_pred, "hinge")
    return mean_last(ew.maximum(1.0 - _signs(t) * p, 0.0))


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)^2) over the last axis, targets -1 and 1 (0 counts as -1)."""
    t, p = matched(y_true, y_pred, "squared_hinge")
    gap = ew.maximum(1.0 - _signs(t) * p, 0.0)
    return mean_last(ew.multiply(gap, gap))


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max((1 - t) p) - sum(t p), 0) over the last axis, targets one-hot."""
    t, p = matched(y_true, y_pred, "categorical_hinge")
    wrong, right = max_over((1.0 - t) * p, axis=-1), sum_over(t * p, axis=-1)
    return ew.maximum(wrong - right + 1.0, 0.0)  # type: ignore[operator]


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """mean over the last axis of d^2 / 2 where d = |t - p| is at most delta, of delta (d - delta / 2) beyond."""
    t, p = matched(y_true, y_pred, "huber")
    return mean_last(nn.huber(p, t, delta, "none"))


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(p - t))) over the last axis."""
    t, p = matched(y_true, y_pred, "log_cosh")
    return mean_last(nn.log_cosh(p, t, "none"))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(t log(t / p)) over the last axis, both kept within 1e-7 and 1."""
    t, p = (ew.minimum(ew.maximum(v, _EPSILON), 1.0) for v in matched(y_true, y_pred, "kl_divergence"))
    return sum_over(t * ew.log(t / p), axis=-1)  # type: ignore[operator]


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(p - t log(p + 1e-7)) over the last axis."""
    t, p = matched(y_true, y_pred, "poisson")
    return mean_last(p - t * ew.log(p + _EPSILON))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-sum(t p) / (|t| |p|) over an axis: -1 where both point the same way.

    >>> cosine_similarity([[1.0, 0.0]], [[2.0, 0.0]]).tolist()
    [-1.0]
    """
    t, p = matched(y_true, y_pred, "cosine_similarity")
    t, p = (v / ew.maximum(vector_norm(v, axis=axis, keepdims=True), _EPSILON) for v in (t, p))
    return -sum_over(t * p, axis=axis)  # type: ignore[operator]


def epsilon_insensitive(y_true: Any, y_pred: Any, epsilon: float = 0.1) -> Any:
    """mean(max(|t - p| - epsilon, 0)) over the last axis: the loss of support vector regression."""
    t, p = matched(y_true, y_pred, "epsilon_insensitive")
    return mean_last(ew.maximum(ew.abs(p - t) - epsilon, 0.0))  # type: ignore[operator]


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """mean(max(q (t - p), (q - 1) (t - p))) over the last axis: least at the quantile q of the targets."""
    t, p = matched(y_true, y_pred, "quantile")
    return mean_last(ew.maximum((t - p) * q, (t - p) * (q - 1.0)))


def _overlap(t: Any, p: Any, axis: Any) -> Any:
    """sum(t p) over the axes, all of them unless given."""
    return sum_over(t * p, axis=axis)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 sum(t p) / (sum(t) + sum(p) + 1e-7): how little two masks overlap; sums over ``axis``, or everything.

    >>> round(dice([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
    0.3333
    """
    t, p = matched(y_true, y_pred, "dice")
    whole = sum_over(t, axis=axis) + sum_over(p, axis=axis) + _EPSILON  # type: ignore[operator]
    return 1.0 - _overlap(t, p, axis) * 2.0 / whole


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 - s / (s + alpha sum((1 - p) t) + beta sum(p (1 - t)) + 1e-7) with s = sum(t p): :func:`dice` with weights.

    >>> round(tversky([[1.0, 0.0]], [[1.0, 1.0]], beta=1.0).item(), 4)
    0.5
    """
    t, p = matched(y_true, y_pred, "tversky")
    both = _overlap(t, p, axis)
    rest = _overlap(1.0 - p, t, axis) * alpha + _overlap(p, 1.0 - t, axis) * beta
    return 1.0 - both / (both + rest + _EPSILON)


def circle(
    y_true: Any, y_pred: Any, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True
) -> Any:
    """How far embeddings of one class are apart, and how near those of different classes (Sun et al., 2020).

    ``y_pred`` [batch, size] are embeddings of length 1, ``y_true`` [batch] their class numbers. With d the cosine
    distances from each to all others, softplus(logsumexp over its class of gamma (d + margin) (d - margin) plus
    logsumexp over the rest of gamma (1 + margin - d) (1 - margin - d)), the factors in front kept at 0 or more.
    """
    p = _as_floats(tensor(y_pred))
    labels = class_numbers(y_true, p, "circle")
    d = ew.maximum(1.0 - matmul(p, shape_ops.swapaxes(p, 0, 1)), 0.0)  # type: ignore[operator]
    same = ew.equal(shape_ops.expand_dims(labels, 1), shape_ops.expand_dims(labels, 0))
    others = ew.where(same, False, True)
    if remove_diagonal:
        rows = shape_ops.iota_like(d, axis=0)
        same = ew.where(ew.equal(rows, shape_ops.iota_like(d, axis=1)), False, same)
    near = ew.maximum(d + margin, 0.0) * (d - margin) * gamma  # type: ignore[operator]
    far = ew.maximum(1.0 + margin - d, 0.0) * (1.0 - margin - d) * gamma  # type: ignore[operator]
    total = sum(
        logsumexp(ew.where(mask, value, -np.inf), axis=1) for mask, value in ((same, near), (others, far))
    )
    return softplus(total)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> Any:
    """(1 - p[t]^q) / q for class numbers t: near the cross-entropy for small q, the absolute error for q = 1.

    It bears wrong labels (Zhang and Sabuncu, 2018).

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5).tolist()
    [1.0]
    """
    p = _as_floats(tensor(y_pred))
    t = class_numbers(y_true, p, "categorical_generalized_cross_entropy")
    return (1.0 - ew.pow(-nn.nll(p, t), q)) / q  # type: ignore[operator]


def ctc(y_true: Any, y_pred: Any, mask_index: int = 0) -> Any:
    """The loss of labels without places: logits [batch, steps, classes], labels [batch, longest].

    ``mask_index`` fills up labels and is the blank class. See :func:`thalweg.nn.ctc_loss`, which also takes lengths.

    >>> ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]]).shape
    (1,)
    """
    p = _as_floats(tensor(y_pred))
    t = ew.astype(tensor(y_true), "int64")
    used = ew.astype(ew.not_equal(t, mask_index), "int64")
    steps = sum_over(shape_ops.full_like(ew.astype(p[:, :, 0], "int64"), 1), axis=1)
    return ctc_loss(p, t, steps, sum_over(used, axis=1), mask_index)


# --- classes --------------------------------------------------------------------------------------------------------

_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss(Configured):
    """A loss with weights and a reduction. Subclasses define ``call(y_true, y_pred)``, one loss per example.

    ``reduction``: "sum_over_batch_size" or "mean" divides the weighted sum by the number of losses,
    "mean_with_sample_weight" by the sum of the weights; "sum"; "none" or None gives the losses themselves.
    """

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size") -> None:
        if reduction == "auto":
            reduction = "sum_over_batch_size"
        if reduction not in _REDUCTIONS:
            raise fail(
                ArgumentError,
                f"{type(self).__name__}: reduction",
                expected=" or ".join(map(str, _REDUCTIONS)),
                received=repr(reduction),
            )
        self.name = name or snake_case(type(self).__name__)
        self.reduction = reduction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss per example."""
        raise NotImplementedError

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; ``sample_weight`` multiplies the losses, its shape being a leading part of theirs."""
        return reduce_weighted(self.call(y_true, y_pred), sample_weight, self.reduction)


def reduce_weighted(losses: Any, sample_weight: Any, reduction: str | None) -> Any:
    """The losses times their weights, reduced."""
    weight = None
    if sample_weight is not None:
        weight = weights_like(sample_weight, losses)
        losses = losses * weight
    if reduction in (None, "none"):
        return losses
    total = sum_over(losses)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return total / sum_over(weight)  # type: ignore[operator]
    return ew.divide(total, shape_ops.count(losses, None, losses.dtype))


def reduce_counted(losses: Any, used: Any, sample_weight: Any, reduction: str | None) -> Any:
    """As :func:`reduce_weighted`, where only the losses that are ``used`` count; means are over these."""
    share = ew.astype(used, losses.dtype)
    if reduction in ("sum_over_batch_size", "mean"):
        total = shape_ops.count(losses, None, losses.dtype)
        share = share * (total / ew.maximum(sum_over(share), 1.0))
    weight = share if sample_weight is None else share * weights_like(sample_weight, losses)
    return reduce_weighted(losses, weight, reduction)


def weights_like(sample_weight: Any, losses: Any) -> Any:
    """Weights of the losses' rank: a last axis of 1 is dropped, axes of length 1 are added at the end."""
    weight = ew.astype(tensor(sample_weight), losses.dtype)
    if weight.ndim == losses.ndim + 1 and weight.shape[-1] == 1:
        weight = shape_ops.squeeze(weight, axis=-1)
    leading = losses.shape[: weight.ndim]
    if weight.ndim > losses.ndim or not all(
        shapes_match((a,), (b,)) or a == 1 for a, b in zip(weight.shape, leading)
    ):
        raise fail(
            ShapeError,
            "sample_weight",
            expected=f"a leading part of {shape_text(losses.shape)}",
            received=shape_text(weight.shape),
        )
    while weight.ndim < losses.ndim:
        weight = shape_ops.expand_dims(weight, weight.ndim)
    return weight


class _FunctionLoss(Loss):
    """A loss that is one of the functions above, with its options."""

    fn: Callable[..., Any]
    options: dict[str, Any]

    def __init__(self, reduction: str | None, name: str | None, **options: Any) -> None:
        super().__init__(name, reduction)
        self.options = options

    @property
    def from_logits(self) -> bool:
        """Whether predictions are taken as logits."""
        return bool(self.options.get("from_logits", False))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return type(self).fn(y_true, y_pred, **self.options)


def _plain(function: Callable[..., Any], class_name: str) -> Any:
    """The class of a function without options."""

    def __init__(self, reduction="sum_over_batch_size", name=None):  # type: ignore[no-untyped-def]
        _FunctionLoss.__init__(self, reduction, name or function.__name__)

    body = {
        "__init__": __init__,
        "__module__": __name__,
        "__doc__": function.__doc__,
        "fn": staticmethod(function),
    }
    return type(class_name, (_FunctionLoss,), body)


MeanSquaredError = _plain(mean_squared_error, "MeanSquaredError")
MeanAbsoluteError = _plain(mean_absolute_error, "MeanAbsoluteError")
MeanAbsolutePercentageError = _plain(mean_absolute_percentage_error, "MeanAbsolutePercentageError")
MeanSquaredLogarithmicError = _plain(mean_squared_logarithmic_error, "MeanSquaredLogarithmicError")
Hinge = _plain(hinge, "Hinge")
SquaredHinge = _plain(squared_hinge, "SquaredHinge")
CategoricalHinge = _plain(categorical_hinge, "CategoricalHinge")
LogCosh = _plain(log_cosh, "LogCosh")
KLDivergence = _plain(kl_divergence, "KLDivergence")
Poisson = _plain(poisson, "Poisson")


class BinaryCrossentropy(_FunctionLoss):
    """:func:`binary_crossentropy`, reduced."""

    fn = staticmethod(binary_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name or "binary_crossentropy", **options)


class BinaryFocalCrossentropy(_FunctionLoss):
    """:func:`binary_focal_crossentropy`, reduced."""

    fn = staticmethod(binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        options |= {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(reduction, name or "binary_focal_crossentropy", **options)


class CategoricalCrossentropy(_FunctionLoss):
    """:func:`categorical_crossentropy`, reduced."""

    fn = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name or "categorical_crossentropy", **options)


class CategoricalFocalCrossentropy(_FunctionLoss):
    """:func:`categorical_focal_crossentropy`, reduced."""

    fn = staticmethod(categorical_focal_crossentropy)

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        options = {"alpha": alpha, "gamma": gamma, "from_logits": from_logits}
        options |= {"label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name or "categorical_focal_crossentropy", **options)


class SparseCategoricalCrossentropy(_FunctionLoss):
    """:func:`sparse_categorical_crossentropy`, reduced; means are over the examples of other classes than ignored."""

    fn = staticmethod(sparse_categorical_crossentropy)

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(reduction, name or "sparse_categorical_crossentropy", **options)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        ignored = self.options["ignore_class"]
        losses = self.call(y_true, y_pred)
        if ignored is not None:
            used = ew.not_equal(class_numbers(y_true, tensor(y_pred), self.name), ignored)
            return reduce_counted(losses, used, sample_weight, self.reduction)
        return reduce_weighted(losses, sample_weight, self.reduction)


class Huber(_FunctionLoss):
    """:func:`huber`, reduced."""

    fn = staticmethod(huber)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name or "huber_loss", delta=delta)


class CosineSimilarity(_FunctionLoss):
    """:func:`cosine_similarity`, reduced."""

    fn = staticmethod(cosine_similarity)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name or "cosine_similarity", axis=axis)


class EpsilonInsensitive(_FunctionLoss):
    """:func:`epsilon_insensitive`, reduced."""

    fn = staticmethod(epsilon_insensitive)

    def __init__(
        self,
        epsilon: float = 0.1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name or "epsilon_insensitive", epsilon=epsilon)


class Quantile(_FunctionLoss):
    """:func:`quantile`, reduced."""

    fn = staticmethod(quantile)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name or "quantile", q=q)


class Dice(_FunctionLoss):
    """:func:`dice`, reduced."""

    fn = staticmethod(dice)

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None, axis: Any = None
    ) -> None:
        super().__init__(reduction, name or "dice", axis=axis)


class Tversky(_FunctionLoss):
    """:func:`tversky`, reduced."""

    fn = staticmethod(tversky)

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: Any = None,
    ) -> None:
        super().__init__(reduction, name or "tversky", alpha=alpha, beta=beta, axis=axis)


class Circle(_FunctionLoss):
    """:func:`circle`, reduced; means are over the embeddings whose loss is not 0."""

    fn = staticmethod(circle)

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(
            reduction, name or "circle", gamma=gamma, margin=margin, remove_diagonal=remove_diagonal
        )

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        losses = self.call(y_true, y_pred)
        return reduce_counted(losses, losses > 0, sample_weight, self.reduction)


class CategoricalGeneralizedCrossEntropy(_FunctionLoss):
    """:func:`categorical_generalized_cross_entropy`, reduced."""

    fn = staticmethod(categorical_generalized_cross_entropy)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        if not 0 < q < 1:
            raise fail(
                ArgumentError, "CategoricalGeneralizedCrossEntropy: q", expected="0 < q < 1", received=q
            )
        super().__init__(reduction, name or "categorical_generalized_cross_entropy", q=q)


class CTC(_FunctionLoss):
    """:func:`ctc`, reduced."""

    fn = staticmethod(ctc)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        mask_index: int = 0,
    ) -> None:
        super().__init__(reduction, name or "ctc", mask_index=mask_index)


class FunctionOf(Loss):
    """A user's function of (y_true, y_pred) as a loss; of both in one rank, so that nothing broadcasts by mistake."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name or getattr(fn, "__name__", "loss"))
        self.fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tensor(self.fn(same_rank(tensor(y_true), y_pred), y_pred))


_CLASSES: tuple[type[Loss], ...] = (
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    Huber,
    LogCosh,
    KLDivergence,
    Poisson,
    CosineSimilarity,
    EpsilonInsensitive,
    Quantile,
    Dice,
    Tversky,
    Circle,
    CategoricalGeneralizedCrossEntropy,
    CTC,
)
_SHORT = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "logcosh": LogCosh,
    "kld": KLDivergence,
    "kl_divergence": KLDivergence,
    "kullback_leibler_divergence": KLDivergence,
    "huber_loss": Huber,
    "ctc": CTC,
}
_TABLE: dict[str, Any] = {snake_case(c.__name__): c for c in _CLASSES} | {c.__name__: c for c in _CLASSES}
_TABLE |= _SHORT | {name.upper(): c for name, c in _SHORT.items() if len(name) < 5}

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence
logcosh = log_cosh

_OF_FUNCTION: dict[Any, Any] = {cls.fn: cls for cls in _CLASSES if issubclass(cls, _FunctionLoss)}
for _function in _OF_FUNCTION:
    register("losses", _function.__name__)(_function)

__all__ = [
    "Loss",
    "get",
    *(c.__name__ for c in _CLASSES),
    *(f.__name__ for f in _OF_FUNCTION),
    *("mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE", "kld", "KLD", "logcosh"),
]


def get(given: Any) -> Any:
    """A loss from a name, an object, one of this room's functions, or any function of (y_true, y_pred).

    >>> get("mse").name
    'mean_squared_error'
    """
    if given is None or isinstance(given, Loss):
        return given
    if isinstance(given, type):
        made: Any = given
        return made()
    if callable(given):
        return _OF_FUNCTION[given]() if given in _OF_FUNCTION else FunctionOf(given)
    return lookup("loss", given, _TABLE)()
