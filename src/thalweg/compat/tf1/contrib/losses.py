"""``tf.contrib.losses``: predictions first."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import losses as current
from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.graph import Tensor


def _with_weight(fn: Any) -> Any:
    """A loss of ``tf.contrib.losses``, whose ``weights=`` were called ``weight=`` at first."""

    @functools.wraps(fn)
    def apply(*args: Any, weight: Any = None, **options: Any) -> Tensor:
        given = {} if weight is None else {"weights": weight}
        made: Tensor = fn(*args, **options, **given)
        return made

    return apply


def _legacy_loss(fn: Any) -> Any:
    """A loss of ``tf.contrib.losses``: (predictions, labels) by position."""

    def apply(predictions: Any = None, labels: Any = None, weights: Any = 1.0, scope: Any = None) -> Tensor:
        return fn(labels, predictions, weights=weights, scope=scope)

    apply.__doc__ = fn.__doc__
    return _with_weight(apply)


@_with_weight
def _contrib_softmax(
    logits: Any, onehot_labels: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None
) -> Tensor:
    """``tf.contrib.losses``: (logits, labels)."""
    return current.softmax_cross_entropy(onehot_labels, logits, weights, label_smoothing, scope)


@_with_weight
def _sparse_softmax(logits: Any, labels: Any, weights: Any = 1.0, scope: Any = None) -> Tensor:
    """``tf.contrib.losses``: (logits, labels)."""
    return current.sparse_softmax_cross_entropy(labels, logits, weights, scope)


@_with_weight
def _sigmoid(
    logits: Any, multi_class_labels: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None
) -> Tensor:
    """``tf.contrib.losses``: (logits, labels)."""
    return current.sigmoid_cross_entropy(multi_class_labels, logits, weights, label_smoothing, scope)


@_with_weight
def _pairwise(predictions: Any, labels: Any = None, weights: Any = 1.0, scope: Any = None) -> Tensor:
    """``tf.contrib.losses``: twice the variance of an example's errors, summed over the batch."""
    apart = math.subtract(math.cast(predictions, "float32"), math.cast(labels, "float32"))
    n: Any = apart.get_shape()[1:].num_elements()
    rows = math.reshape(apart, [-1, n])
    made = 2.0 * (
        math.reduce_sum(math.square(rows), 1) / n - math.square(math.reduce_sum(rows, 1)) / float(n * n)
    )
    if g.convert_to_tensor(weights).get_shape().ndims:
        weights = math.reshape(weights, [-1])
    return current.compute_weighted_loss(made, weights, scope, reduction=current.Reduction.SUM)


@_with_weight
def _log_loss(
    predictions: Any, labels: Any = None, weights: Any = 1.0, epsilon: float = 1e-7, scope: Any = None
) -> Tensor:
    """``tf.contrib.losses``: (predictions, labels)."""
    return current.log_loss(labels, predictions, weights, epsilon, scope)


def _squared_distances(x: Any) -> Tensor:
    """[n, n]: between the rows."""
    apart = math.expand_dims(x, 1) - math.expand_dims(x, 0)
    return math.reduce_sum(math.square(apart), 2)


def _same(labels: Any) -> Tensor:
    """[n, n]: whether the labels of two rows are the same."""
    column = math.reshape(g.convert_to_tensor(labels), [-1, 1])
    return math.equal(column, math.transpose(column))


def triplet_semihard_loss(labels: Any, embeddings: Any, margin: float = 1.0) -> Tensor:
    """The mean of ``max(0, margin + d(a, p) - d(a, n))`` over all pairs (a, p) of one label, d the squared distance.

    n is the nearest row of another label that is farther from a than p, or the farthest if there is none.
    """
    far = _squared_distances(embeddings)
    same = _same(labels)
    others = math.logical_not(same)
    harder = math.logical_and(
        math.expand_dims(others, 1), math.expand_dims(far, 1) > math.expand_dims(far, 2)
    )
    beyond = math.where(harder, math.zeros_like(math.cast(harder, far.dtype)), np.inf)
    nearest = math.reduce_min(math.expand_dims(far, 1) + beyond, 2)
    farthest = math.reduce_max(math.where(others, far, math.zeros_like(far)), 1, keepdims=True)
    negative = math.where(math.reduce_any(harder, 2), nearest, farthest + math.zeros_like(far))
    numbers = math.range(math.shape(far)[0])
    itself = math.equal(math.expand_dims(numbers, 1), numbers)
    pairs = math.cast(same, far.dtype) - math.cast(itself, far.dtype)
    found = math.maximum((margin + far - negative) * pairs, 0.0)
    return math.reduce_sum(found) / math.reduce_sum(pairs)


def contrastive_loss(
    labels: Any, embeddings_anchor: Any, embeddings_positive: Any, margin: float = 1.0
) -> Tensor:
    """The mean of ``y d^2 + (1 - y) max(margin - d, 0)^2``, d the distance of two rows."""
    y = math.cast(labels, "float32")
    d = math.sqrt(math.reduce_sum(math.square(embeddings_anchor - embeddings_positive), 1))
    return math.reduce_mean(y * math.square(d) + (1 - y) * math.square(math.maximum(margin - d, 0.0)))


def npairs_loss(
    labels: Any,
    embeddings_anchor: Any,
    embeddings_positive: Any,
    reg_lambda: float = 0.002,
    print_losses: bool = False,
) -> Tensor:
    """The cross-entropy of each anchor's products with all positives, those of its label the right ones; and the
    embeddings' squares.
    """
    squares = [
        math.reduce_mean(math.reduce_sum(math.square(x), 1)) for x in (embeddings_anchor, embeddings_positive)
    ]
    same = math.cast(_same(labels), "float32")
    targets = same / math.reduce_sum(same, 1, keepdims=True)
    products = math.matmul(embeddings_anchor, embeddings_positive, transpose_b=True)
    losses = nn.softmax_cross_entropy_with_logits(logits=products, labels=targets)
    return math.reduce_mean(losses) + 0.25 * reg_lambda * (squares[0] + squares[1])


@_with_weight
def _cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: Any = None,
    dim: Any = None,
) -> Tensor:
    """``tf.contrib.losses``: 1 minus the products of rows of length 1."""
    near = math.reduce_sum(math.multiply(predictions, labels), [dim if axis is None else axis])
    return current.compute_weighted_loss(1 - near, weights, scope)


def _hinge_loss(logits: Any, labels: Any = None, scope: Any = None) -> Tensor:
    """``tf.contrib.losses``: the loss of each logit; it is added to no collection."""
    return current.hinge_loss(labels, logits, 1.0, scope, None, current.Reduction.NONE)


losses = Namespace(
    "tf.contrib.losses",
    cosine_distance=_cosine_distance,
    hinge_loss=_hinge_loss,
    metric_learning=Namespace(
        "tf.contrib.losses.metric_learning",
        triplet_semihard_loss=triplet_semihard_loss,
        contrastive_loss=contrastive_loss,
        npairs_loss=npairs_loss,
    ),
    mean_squared_error=_legacy_loss(current.mean_squared_error),
    sum_of_squares=_legacy_loss(current.mean_squared_error),
    absolute_difference=_legacy_loss(current.absolute_difference),
    log_loss=_log_loss,
    mean_pairwise_squared_error=_pairwise,
    softmax_cross_entropy=_contrib_softmax,
    sparse_softmax_cross_entropy=_sparse_softmax,
    sigmoid_cross_entropy=_sigmoid,
    add_loss=current.add_loss,
    get_losses=current.get_losses,
    get_regularization_losses=current.get_regularization_losses,
    get_total_loss=current.get_total_loss,
    compute_weighted_loss=current.compute_weighted_loss,
)
