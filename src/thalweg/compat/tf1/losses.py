"""``tf.losses``: weighted losses that gather in the collection of losses."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import GraphKeys, Node, Tensor, default_graph, value, values, wrap
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient


def _scoped(title: str) -> Callable[[Any], Any]:
    """A loss whose nodes stand in a scope of their own: the given one, or ``title``."""

    def decorate(fn: Any) -> Any:
        signature = inspect.signature(fn)

        @functools.wraps(fn)
        def apply(*args: Any, **options: Any) -> Tensor:
            given = signature.bind(*args, **options)
            scope = given.arguments.get("scope")
            with default_graph().name_scope(scope if isinstance(scope, str) else title) as opened:
                given.arguments["scope"] = opened
                made: Tensor = fn(*given.args, **given.kwargs)
            return made

        return apply

    return decorate


class Reduction:
    """How the elements' losses become one number."""

    NONE = "none"
    SUM = "weighted_sum"
    MEAN = "weighted_mean"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    SUM_BY_NONZERO_WEIGHTS = SUM_OVER_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"


@_scoped("weighted_loss")
def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The losses times their weights, reduced; by default over the number of weights that are not zero."""
    x = g.convert_to_tensor(losses)
    w = weights if isinstance(weights, Node) else g.constant(weights, x.dtype)
    w = math.cast(w, x.dtype)
    if w.shape.ndims and x.shape.ndims is not None and w.shape.ndims < x.shape.ndims:
        w = math.expand_dims(w, -1)
    if x.shape.ndims is not None and w.shape.ndims is not None and w.shape.ndims > x.shape.ndims:
        if w.shape.ndims != x.shape.ndims + 1 or w.shape[-1].value != 1:
            raise ValueError(
                f"weights can not be broadcast to values. values.rank={x.shape.ndims}. weights.rank={w.shape.ndims}. "
                f"values.shape={x.shape}. weights.shape={w.shape}."
            )
        w = math.squeeze(w, [-1])
    weighted = x * w
    if reduction == Reduction.NONE:
        made = weighted
    elif reduction == Reduction.SUM:
        made = math.reduce_sum(weighted)
    else:
        full: Any = shape_ops.broadcast_like(value(w), value(weighted))
        if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
            full = elementwise.astype(elementwise.not_equal(full, 0), weighted.dtype.dtype)
        elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
            full = shape_ops.full_like(full, 1)
        made = math.div_no_nan(math.reduce_sum(weighted), math.reduce_sum(wrap(full, None, "num_present")))
    made = math.identity(made, "value")
    if loss_collection:
        default_graph().add_to_collection(loss_collection, made)
    return made


def _in_float32(*tensors: Any) -> list[Tensor]:
    return [math.cast(x, "float32") for x in tensors]


def _loss(elements: Any, title: str) -> Any:
    """A loss over labels and predictions, from its elements."""

    def apply(
        labels: Any = None,
        predictions: Any = None,
        weights: Any = 1.0,
        scope: Any = None,
        loss_collection: Any = GraphKeys.LOSSES,
        reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    ) -> Tensor:
        p, t = map(value, _in_float32(predictions, labels))
        made = wrap(elements(p, t), None, "loss", [predictions, labels])
        return compute_weighted_loss(made, weights, scope, loss_collection, reduction)

    apply.__doc__ = f"{elements.__name__.strip('_').replace('_', ' ')}, elementwise, weighted."
    return _scoped(title)(apply)


def _squared_error(p: Any, t: Any) -> Any:
    return core_nn.squared_error(p, t, "none")


def _absolute_difference(p: Any, t: Any) -> Any:
    return core_nn.absolute_error(p, t, "none")


def _hinge_loss(p: Any, t: Any) -> Any:
    return core_nn.hinge(p, 2.0 * t - 1.0, "none")


def _huber_loss(p: Any, t: Any) -> Any:
    return core_nn.huber(p, t, 1.0, "none")


mean_squared_error = _loss(_squared_error, "mean_squared_error")
absolute_difference = _loss(_absolute_difference, "absolute_difference")


@_scoped("log_loss")
def log_loss(
    labels: Any = None,
    predictions: Any = None,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """-t log(p + epsilon) - (1 - t) log(1 - p + epsilon)."""
    p, t = map(value, _in_float32(predictions, labels))
    likely, unlikely = elementwise.log(p + epsilon), elementwise.log(1.0 - p + epsilon)  # type: ignore[operator]
    made = -(t * likely) - (1.0 - t) * unlikely
    made = wrap(made, None, "loss", [predictions, labels])
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


@_scoped("huber_loss")
def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Squares up to ``delta``, lines beyond."""
    p, t = map(value, _in_float32(predictions, labels))
    made = wrap(core_nn.huber(p, t, delta, "none"), None, "huber")
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """max(0, 1 - t x) for labels of 0 and 1, t being -1 and 1."""
    return _loss(_hinge_loss, "hinge_loss")(labels, logits, weights, scope, loss_collection, reduction)


@_scoped("softmax_cross_entropy_loss")
def softmax_cross_entropy(
    onehot_labels: Any = None,
    logits: Any = None,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of rows of labels, held fixed in its gradient, with the softmax of logits."""
    x, t = values(logits, onehot_labels)
    t = stop_gradient(g.cast(t, x.dtype))
    if label_smoothing:
        t = t * (1.0 - label_smoothing) + label_smoothing / float(t.shape[-1])  # type: ignore[operator]
    made = wrap(core_nn.softmax_cross_entropy(x, t), None, "xentropy", [logits])
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


@_scoped("sparse_softmax_cross_entropy_loss")
def sparse_softmax_cross_entropy(
    labels: Any = None,
    logits: Any = None,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of class numbers with the softmax of logits."""
    x, t = value(logits), value(labels)
    if t.shape is not None and x.shape is not None and len(t.shape) == len(x.shape):
        t = shape_ops.squeeze(t, -1)
    made = wrap(core_nn.sparse_softmax_cross_entropy(x, t), None, "xentropy", [logits])
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


@_scoped("sigmoid_cross_entropy_loss")
def sigmoid_cross_entropy(
    multi_class_labels: Any = None,
    logits: Any = None,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of each element with its sigmoid."""
    x, t = values(logits, multi_class_labels)
    t = g.cast(t, x.dtype)
    if label_smoothing:
        t = t * (1.0 - label_smoothing) + 0.5 * label_smoothing  # type: ignore[operator]
    made = wrap(core_nn.sigmoid_cross_entropy(x, t), None, "xentropy", [logits])
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


@_scoped("cosine_distance_loss")
def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: Any = None,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: Any = None,
) -> Tensor:
    """1 - sum(labels * predictions), both of length 1."""
    over = dim if axis is None else axis
    made = 1 - math.reduce_sum(math.multiply(*_in_float32(labels, predictions)), [over], keepdims=True)
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


@_scoped("mean_pairwise_squared_error")
def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: Any = None,
    loss_collection: Any = GraphKeys.LOSSES,
) -> Tensor:
    """The mean squared difference of the differences of all pairs of elements of an example, summed over the batch."""
    delta = math.subtract(*_in_float32(predictions, labels))
    n: Any = delta.get_shape()[1:].num_elements()
    rows = math.reshape(delta, [-1, n])
    squares = math.reduce_sum(math.square(rows), 1)
    made = 2.0 * (n * squares - math.square(math.reduce_sum(rows, 1))) / max(n * (n - 1), 1)
    if g.convert_to_tensor(weights).get_shape().ndims:
        weights = math.reshape(weights, [-1])
    return compute_weighted_loss(made, weights, scope, loss_collection, Reduction.SUM)


def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Put a loss of one's own into the collection."""
    default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list[Any]:
    """The losses made so far."""
    return default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The penalties of variables."""
    return default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """The sum of the penalties."""
    found = get_regularization_losses(scope)
    return math.add_n(found, name) if found else g.constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: Any = None
) -> Tensor:
    """The sum of all losses (and penalties)."""
    return math.add_n(
        [*get_losses(scope), *(get_regularization_losses(scope) if add_regularization_losses else [])], name
    )
