"""``tf.contrib.losses``: predictions first."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import (
    losses as current,
)
from thalweg.compat.tf1.graph import Tensor


def _legacy_loss(fn: Any) -> Any:
    """A loss of ``tf.contrib.losses``: (predictions, labels) by position."""

    def apply(
        predictions: Any = None, labels: Any = None, weights: Any = 1.0, scope: Any = None, **options: Any
    ) -> Tensor:
        weights = options.pop("weight", weights)
        return fn(labels, predictions, weights=weights, scope=scope)

    apply.__doc__ = fn.__doc__
    return apply


def _contrib_softmax(
    logits: Any, onehot_labels: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None
) -> Tensor:
    """``tf.contrib.losses``: (logits, labels)."""
    return current.softmax_cross_entropy(onehot_labels, logits, weights, label_smoothing, scope)


losses = Namespace(
    "tf.contrib.losses",
    mean_squared_error=_legacy_loss(current.mean_squared_error),
    sum_of_squares=_legacy_loss(current.mean_squared_error),
    absolute_difference=_legacy_loss(current.absolute_difference),
    log_loss=_legacy_loss(current.log_loss),
    softmax_cross_entropy=_contrib_softmax,
    sparse_softmax_cross_entropy=lambda logits, labels, weights=1.0, scope=None: (
        current.sparse_softmax_cross_entropy(labels, logits, weights, scope)
    ),
    sigmoid_cross_entropy=lambda logits, labels, weights=1.0, label_smoothing=0, scope=None: (
        current.sigmoid_cross_entropy(labels, logits, weights, label_smoothing, scope)
    ),
    add_loss=current.add_loss,
    get_losses=current.get_losses,
    get_regularization_losses=current.get_regularization_losses,
    get_total_loss=current.get_total_loss,
    compute_weighted_loss=current.compute_weighted_loss,
)
