"""Losses: cross-entropies from logits, computed so that neither they nor their gradients overflow, and distances.

The cross-entropies give one loss per example. The other losses take ``(predictions, targets)`` of equal shapes and a
``reduction``: "mean" (over all elements), "sum" or "none".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DataError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, constant, shape_text, shapes_match
from thalweg.nn.embedding import row_numbers
from thalweg.ops import shape as shape_ops
from thalweg.ops.activation import sigmoid, softplus
from thalweg.ops.elementwise import (
    abs,
    add,
    astype,
    divide,
    equal,
    exp,
    less,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negative,
    subtract,
    where,
)
from thalweg.ops.families import to_floats, widened
from thalweg.ops.linalg import vector_norm
from thalweg.ops.reduce import reduced, sum
from thalweg.ops.softmax import log_softmax, shifted, shifted_array, softmax
from thalweg.ops.special import xlogy

__all__ = [
    "absolute_error", "binary_cross_entropy", "cosine_similarity", "hinge", "huber", "kl_divergence", "l1_loss",
    "l2_loss", "log_cosh", "mean_absolute_error", "mean_squared_error", "mse", "nll", "poisson",
    "sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy", "squared_error", "squared_hinge",
    "weighted_sigmoid_cross_entropy",
]  # fmt: skip

# --- softmax cross-entropy ------------------------------------------------------------------------------------------


def _equal_shapes(x: Spec, y: Spec, names: str) -> None:
    if not shapes_match(x.shape, y.shape):
        raise fail(
            ShapeError, f"{names} have different shapes", expected=shape_text(x.shape), received=shape_text(y.shape),
            hint="they are compared element by element, without broadcasting",
        )  # fmt: skip


def _dense_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    return tensors, {"axis": _one_axis(attrs["axis"], tensors[0], "softmax_cross_entropy")}


def _one_axis(axis: Any, logits: Tensor, name: str) -> int:
    if logits.ndim == 0:
        raise fail(ShapeError, f"{name}: logits", expected="an axis of classes", received="a scalar")
    return checked_axis(axis, logits.ndim, name)


def _dense_infer(logits: Spec, labels: Spec, *, axis: int) -> Spec:
    _equal_shapes(logits, labels, "logits and labels")
    return reduced(logits, axis=(axis,), keepdims=False)


def _column(g: Any, axis: int) -> Any:
    return shape_ops.expand_dims(g, axis)


def _dense_gradient(g: Any, y: Any, logits: Any, labels: Any, *, axis: int) -> list[Any]:
    slope = _column(g, axis)

    def of_logits() -> Tensor:
        mass = sum(labels, axis=axis, keepdims=True)
        return multiply(subtract(multiply(softmax(logits, axis=axis), mass), labels), slope)

    return [of_logits, lambda: multiply(negative(log_softmax(logits, axis=axis)), slope)]


def _dense_expand(logits: Any, labels: Any, *, axis: int) -> Tensor:
    if not logits.size:
        return sum(logits, axis=axis)
    moved = shifted(logits, axis)
    total = log(sum(exp(moved), axis=axis, keepdims=True))
    return sum(where(equal(labels, 0), 0, multiply(labels, subtract(total, moved))), axis=axis)


@make_op({}, infer=_dense_infer, prepare=_dense_prepare, grad=_dense_gradient, expand=_dense_expand)
def softmax_cross_entropy(logits, labels, /, axis=-1):  # type: ignore[no-untyped-def]
    """-sum(labels * log_softmax(logits)) over the class ``axis``: one loss per example, without that axis.

    ``labels`` are probabilities of the shape of ``logits`` (one-hot or soft; they need not sum to 1). A label of 0 adds
    nothing, even for a logit of -inf.

    >>> softmax_cross_entropy([[0.0, 1000.0]], [[1.0, 0.0]]).tolist()
    [1000.0]
    """
    x, z = widened(logits, labels)
    moved = shifted_array(x, axis)
    total = np.log(np.sum(np.exp(moved), axis=axis, keepdims=True, dtype=x.dtype))
    terms = np.where(z == 0, x.dtype.type(0), z * (total - moved))
    return np.sum(terms, axis=axis, dtype=x.dtype).astype(logits.dtype, copy=False)


def _sparse_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    logits, labels = tensors
    ((logits,), _) = to_floats([logits], {})
    if not dtypes.is_integer(labels.dtype):
        raise fail(
            DTypeError, "sparse_softmax_cross_entropy: labels", expected="integers, one class per example",
            received=str(labels.specs[0]), hint="for probabilities use softmax_cross_entropy",
        )  # fmt: skip
    axis = _one_axis(attrs["axis"], logits, "sparse_softmax_cross_entropy")
    return [logits, labels if labels.dtype == dtypes.int64 else astype(labels, "int64")], {"axis": axis}


def _sparse_infer(logits: Spec, labels: Spec, *, axis: int) -> Spec:
    wanted = reduced(logits, axis=(axis,), keepdims=False)
    _labels_fit(wanted.shape, labels)
    return wanted


def _labels_fit(shape: Any, labels: Spec) -> None:
    if not shapes_match(shape, labels.shape):
        raise fail(
            ShapeError, "labels do not have the shape of logits without the class axis", expected=shape_text(shape),
            received=shape_text(labels.shape),
            hint="squeeze an axis of length 1, or pass one-hot labels to the dense form",
        )  # fmt: skip


def _labels_of(name: str) -> Any:
    return lambda x, labels, axis: _check_labels(labels.array(), x.shape[axis], name)


def _check_labels(labels: np.ndarray, classes: int, name: str) -> None:
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        place = [int(i) for i in np.argwhere(wrong)[0]]
        raise fail(
            DataError, f"{name}: labels{place if place else ''} is not a class", expected=f"0 <= label < {classes}",
            received=int(labels[tuple(place)]),
        )  # fmt: skip


def _sparse_gradient(g: Any, y: Any, logits: Any, labels: Any, *, axis: int) -> list[Any]:
    known = row_numbers(labels, logits, axis=axis, what="sparse_softmax_cross_entropy")
    chosen = astype(is_label(known, logits, axis=axis), logits.dtype)
    return [lambda: multiply(subtract(softmax(logits, axis=axis), chosen), _column(g, axis)), None]


def _is_label_expand(labels: Any, like: Any, *, axis: int) -> Tensor:
    shape = [1] * like.ndim
    shape[axis] = like.shape[axis]
    classes = constant(np.arange(like.shape[axis], dtype=np.int64).reshape(shape))
    return equal(_column(labels, axis), classes)


def _is_label_infer(labels: Spec, like: Spec, *, axis: int) -> Spec:
    return Spec(like.shape, dtypes.bool_)


@make_op({}, infer=_is_label_infer, expand=_is_label_expand, flat=True, shape_only=(1,))
def is_label(labels, like, /, axis):  # type: ignore[no-untyped-def]
    """Where each class along ``axis`` is the label: bool of the shape of ``like``."""
    shape = [1] * like.ndim
    shape[axis] = like.shape[axis]
    return np.expand_dims(labels, axis) == np.arange(like.shape[axis]).reshape(shape)


def _sparse_expand(logits: Any, labels: Any, *, axis: int) -> Tensor:
    """In compiled code a label that is no class gives NaN."""
    if not logits.size:
        return sum(logits, axis=axis)
    moved = shifted(logits, axis)
    total = log(sum(exp(moved), axis=axis))
    own = sum(where(is_label(labels, logits, axis=axis), moved, 0), axis=axis)
    known = where(less(labels, 0), False, less(labels, logits.shape[axis]))
    return where(known, subtract(total, own), constant(np.nan, logits.dtype))


@make_op(
    {}, infer=_sparse_infer, prepare=_sparse_prepare, grad=_sparse_gradient, expand=_sparse_expand,
    check=_labels_of("sparse_softmax_cross_entropy"),
    bounds=lambda logits, labels, axis: [(1, 0, logits.shape[axis])],
)  # fmt: skip
def sparse_softmax_cross_entropy(logits, labels, /, axis=-1):  # type: ignore[no-untyped-def]
    """-log_softmax(logits)[label] over the class ``axis``: one loss per example.

    ``labels`` are integers of the shape of ``logits`` without that axis. A label that is no class raises DataError with
    its position, one in the arguments of a program FeedRangeError; the loss of one that a program computes is NaN.

    >>> sparse_softmax_cross_entropy([[0.0, 1000.0]], [0]).tolist()
    [1000.0]
    """
    _check_labels(labels, logits.shape[axis], "sparse_softmax_cross_entropy")
    (x,) = widened(logits)
    moved = shifted_array(x, axis)
    total = np.log(np.sum(np.exp(moved), axis=axis, dtype=x.dtype))
    own = np.take_along_axis(moved, np.expand_dims(labels, axis), axis).reshape(labels.shape)
    return (total - own).astype(logits.dtype, copy=False)


def _nll_infer(x: Spec, labels: Spec, *, axis: int) -> Spec:
    return _sparse_infer(x, labels, axis=axis)


def _nll_gradient(g: Any, y: Any, x: Any, labels: Any, *, axis: int) -> list[Any]:
    return [lambda: where(is_label(labels, x, axis=axis), negative(_column(g, axis)), 0), None]


def _nll_expand(x: Any, labels: Any, *, axis: int) -> Tensor:
    own = sum(where(is_label(labels, x, axis=axis), x, 0), axis=axis)
    known = where(less(labels, 0), False, less(labels, x.shape[axis]))
    return where(known, negative(own), constant(np.nan, x.dtype))


@make_op(
    {}, infer=_nll_infer, prepare=_sparse_prepare, grad=_nll_gradient, expand=_nll_expand, check=_labels_of("nll")
)  # fmt: skip
def nll(log_probabilities, labels, /, axis=-1):  # type: ignore[no-untyped-def]
    """-log_probabilities[label] over the class ``axis``: one loss per example; labels as in the sparse cross-entropy.

    >>> nll([[-1.0, -2.0]], [1]).tolist()
    [2.0]
    """
    _check_labels(labels, log_probabilities.shape[axis], "nll")
    return -np.take_along_axis(log_probabilities, np.expand_dims(labels, axis), axis).reshape(labels.shape)


# --- sigmoid cross-entropy ------------------------------------------------------------------------------------------


def _sigmoid_infer(logits: Spec, labels: Spec) -> Spec:
    _equal_shapes(logits, labels, "logits and labels")
    return logits


def _sigmoid_gradient(g: Any, y: Any, logits: Any, labels: Any) -> list[Any]:
    return [lambda: multiply(g, subtract(sigmoid(logits), labels)), lambda: negative(multiply(g, logits))]


def _sigmoid_expand(x: Any, z: Any) -> Tensor:
    return add(subtract(maximum(x, 0), multiply(x, z)), log1p(exp(negative(abs(x)))))


@make_op({}, infer=_sigmoid_infer, prepare=to_floats, grad=_sigmoid_gradient, expand=_sigmoid_expand)
def sigmoid_cross_entropy(logits, labels, /):  # type: ignore[no-untyped-def]
    """-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x)) for each element, as max(x, 0) - x z + log1p(exp(-|x|)).

    ``labels`` z have the shape of ``logits`` x.

    >>> sigmoid_cross_entropy([1000.0, -1000.0], [0.0, 0.0]).tolist()
    [1000.0, 0.0]
    """
    x, z = widened(logits, labels)
    loss = np.maximum(x, 0) - x * z + np.log1p(np.exp(-np.abs(x)))
    return loss.astype(logits.dtype, copy=False)


def weighted_sigmoid_cross_entropy(logits: Any, labels: Any, pos_weight: Any) -> Tensor:
    """:func:`sigmoid_cross_entropy` with the positive term times ``pos_weight`` q.

    For each element (1 - z) x + (1 + (q - 1) z) softplus(-x).

    >>> weighted_sigmoid_cross_entropy([-1000.0], [1.0], 2.0).tolist()
    [2000.0]
    """
    x, z, q = to_floats(convert_operands([logits, labels, pos_weight]), {})[0]
    _equal_shapes(x.specs[0], z.specs[0], "weighted_sigmoid_cross_entropy: logits and labels")
    weight = add(1, multiply(subtract(q, 1), z))
    return add(multiply(subtract(1, z), x), multiply(weight, softplus(negative(x))))


# --- distances ------------------------------------------------------------------------------------------------------

_REDUCTIONS = ("mean", "sum", "none")


def reduced_loss(values: Any, reduction: str, name: str) -> Tensor:
    """The elements' losses, their sum, or their mean."""
    if reduction not in _REDUCTIONS:
        raise fail(
            ArgumentError, f"{name}: reduction", expected=" or ".join(_REDUCTIONS), received=repr(reduction)
        )
    if reduction == "none":
        return values
    total = sum(values)
    return total if reduction == "sum" else divide(total, shape_ops.count(values, None, values.dtype))


def _compared(predictions: Any, targets: Any, name: str) -> tuple[Any, Any]:
    p, t = to_floats(convert_operands([predictions, targets]), {})[0]
    _equal_shapes(p.specs[0], t.specs[0], f"{name}: predictions and targets")
    return p, t


def squared_error(predictions: Any, targets: Any, reduction: str = "mean") -> Tensor:
    """(p - t)^2.

    >>> squared_error([1.0, 3.0], [1.0, 1.0]).item()
    2.0
    """
    p, t = _compared(predictions, targets, "squared_error")
    difference = subtract(p, t)
    return reduced_loss(multiply(difference, difference), reduction, "squared_error")


def absolute_error(predictions: Any, targets: Any, reduction: str = "mean") -> Tensor:
    """|p - t|.

    >>> absolute_error([1.0, 3.0], [1.0, 1.0]).item()
    1.0
    """
    p, t = _compared(predictions, targets, "absolute_error")
    return reduced_loss(abs(subtract(p, t)), reduction, "absolute_error")


mse = mean_squared_error = squared_error
l1_loss = mean_absolute_error = absolute_error


def l2_loss(x: Any) -> Tensor:
    """Half the sum of squares of all elements.

    >>> l2_loss([3.0, 4.0]).item()
    12.5
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    return multiply(sum(multiply(x, x)), 0.5)


def huber(predictions: Any, targets: Any, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    """d^2 / 2 where d = |p - t| is at most ``delta``, delta * (d - delta / 2) beyond.

    >>> huber([0.5, 3.0], [0.0, 0.0], reduction="none").tolist()
    [0.125, 2.5]
    """
    p, t = _compared(predictions, targets, "huber")
    distance = abs(subtract(p, t))
    near = minimum(distance, delta)
    return reduced_loss(multiply(near, subtract(distance, multiply(near, 0.5))), reduction, "huber")


def log_cosh(predictions: Any, targets: Any, reduction: str = "mean") -> Tensor:
    """log(cosh(p - t)), as d + log1p(exp(-2 d)) - log 2 for d = |p - t|.

    >>> round(log_cosh([1000.0], [0.0]).item(), 2)
    999.31
    """
    p, t = _compared(predictions, targets, "log_cosh")
    distance = abs(subtract(p, t))
    loss = subtract(add(distance, log1p(exp(multiply(distance, -2)))), float(np.log(2)))
    return reduced_loss(loss, reduction, "log_cosh")


def hinge(predictions: Any, targets: Any, reduction: str = "mean") -> Tensor:
    """max(1 - t p, 0), for targets of -1 and 1.

    >>> hinge([0.5, 2.0], [1.0, 1.0], reduction="none").tolist()
    [0.5, 0.0]
    """
    p, t = _compared(predictions, targets, "hinge")
    return reduced_loss(maximum(subtract(1, multiply(t, p)), 0), reduction, "hinge")


def squared_hinge(predictions: Any, targets: Any, reduction: str = "mean") -> Tensor:
    """max(1 - t p, 0)^2, for targets of -1 and 1.

    >>> squared_hinge([0.5, 2.0], [1.0, 1.0], reduction="none").tolist()
    [0.25, 0.0]
    """
    gap: Any = hinge(predictions, targets, "none")
    return reduced_loss(multiply(gap, gap), reduction, "squared_hinge")


def kl_divergence(predictions: Any, targets: Any, axis: int = -1, reduction: str = "mean") -> Tensor:
    """sum(t log(t / p)) over ``axis``, for probabilities; a target of 0 adds nothing. The mean is over examples.

    >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).item()
    0.0
    """
    p, t = _compared(predictions, targets, "kl_divergence")
    return reduced_loss(sum(subtract(xlogy(t, t), xlogy(t, p)), axis=axis), reduction, "kl_divergence")


def binary_cross_entropy(
    predictions: Any, targets: Any, epsilon: float = 1e-7, reduction: str = "mean"
) -> Tensor:
    """-t log(p) - (1 - t) log(1 - p) for probabilities, kept ``epsilon`` away from 0 and 1.

    From logits, :func:`sigmoid_cross_entropy` is exact and needs no epsilon.

    >>> round(binary_cross_entropy([0.5], [1.0]).item(), 4)
    0.6931
    """
    p, t = _compared(predictions, targets, "binary_cross_entropy")
    inside = minimum(maximum(p, epsilon), 1 - epsilon)
    loss = negative(add(multiply(t, log(inside)), multiply(subtract(1, t), log1p(negative(inside)))))
    return reduced_loss(loss, reduction, "binary_cross_entropy")


def poisson(predictions: Any, targets: Any, epsilon: float = 1e-7, reduction: str = "mean") -> Tensor:
    """p - t log(p + epsilon), the negative log likelihood of counts t at rates p, up to a constant.

    >>> poisson([1.0], [2.0], epsilon=0.0).item()
    1.0
    """
    p, t = _compared(predictions, targets, "poisson")
    return reduced_loss(subtract(p, multiply(t, log(add(p, epsilon)))), reduction, "poisson")


def cosine_similarity(x: Any, y: Any, axis: int = -1, epsilon: float = 1e-8) -> Tensor:
    """sum(x y) / (|x| |y|) over ``axis``, lengths kept at least ``epsilon``; the loss is 1 minus it.

    >>> cosine_similarity([1.0, 0.0], [2.0, 0.0]).item()
    1.0
    """
    x, y = _compared(x, y, "cosine_similarity")
    lengths = [maximum(vector_norm(v, axis=axis, keepdims=True), epsilon) for v in (x, y)]
    return sum(multiply(divide(x, lengths[0]), divide(y, lengths[1])), axis=axis)
