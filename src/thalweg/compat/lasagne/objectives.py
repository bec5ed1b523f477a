"""``lasagne.objectives``: errors of examples, and what becomes of them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.helper import get_output
from thalweg.compat.theano import tensor as T

binary_crossentropy = T.nnet.binary_crossentropy
categorical_crossentropy = T.nnet.categorical_crossentropy


def squared_error(a: Any, b: Any) -> Any:
    """The squared difference of each element."""
    return T.square(a - b)


def aggregate(loss: Any, weights: Any = None, mode: str = "mean") -> Any:
    """The mean, the sum, or with "normalized_sum" the weighted mean of the examples' losses."""
    if weights is not None:
        loss = loss * weights
    if mode == "mean":
        return loss.mean()
    if mode == "sum":
        return loss.sum()
    if mode == "normalized_sum" and weights is not None:
        return loss.sum() / weights.sum()
    if mode == "normalized_sum":
        raise ValueError("require weights for mode='normalized_sum'")
    raise ValueError(f"mode must be 'mean', 'sum' or 'normalized_sum', received {mode!r}")


def binary_hinge_loss(
    predictions: Any, targets: Any, delta: float = 1, log_odds: Any = True, binary: bool = True
) -> Any:
    """``max(0, delta - target * log odds)``."""
    if not log_odds:
        predictions = T.log(predictions / (1 - predictions))
    if binary:
        targets = 2 * targets - 1
    return T.nnet.relu(delta - predictions * targets)


def multiclass_hinge_loss(predictions: Any, targets: Any, delta: float = 1) -> Any:
    """``max(0, delta - right score + best other score)`` for class numbers or rows of 0 and 1."""
    if targets.ndim == predictions.ndim - 1:
        targets = T.extra_ops.to_one_hot(targets, predictions.shape[1])
    right = T.sum(predictions * targets, axis=1)
    rest = T.max(T.switch(targets > 0, -1e30, predictions), axis=1)
    return T.nnet.relu(rest - right + delta)


def binary_accuracy(predictions: Any, targets: Any, threshold: float = 0.5) -> Any:
    """Whether each prediction is on the right side."""
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions: Any, targets: Any, top_k: int = 1) -> Any:
    """Whether the right class is among the ``top_k`` first."""
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    best = T.argsort(predictions, axis=-1)[:, -top_k:]
    return T.any(T.eq(best, T.shape_padright(targets)), axis=-1)


mse = squared_error


def crossentropy(x: Any, t: Any) -> Any:
    """:func:`binary_crossentropy`, as it was called before version 0.1."""
    return binary_crossentropy(x, t)


def multinomial_nll(x: Any, t: Any) -> Any:
    """:func:`categorical_crossentropy`, as it was called before version 0.1."""
    return categorical_crossentropy(x, t)


class _Loss:
    def __init__(
        self, input_layer: Any, loss_function: Any = squared_error, aggregation: str = "mean"
    ) -> None:
        self.layer, self.loss_function, self.aggregation = input_layer, loss_function, aggregation
        self.target_var = T.matrix("target")


class Objective(_Loss):
    """The loss of a network, as before version 0.1."""

    def get_loss(
        self, input: Any = None, target: Any = None, aggregation: str | None = None, **options: Any
    ) -> Any:
        """The loss for a target, ``target_var`` unless given."""
        made = get_output(self.layer, input, **options)
        loss = self.loss_function(made, self.target_var if target is None else target)
        return aggregate(loss, mode=aggregation or self.aggregation)


class MaskedObjective(_Loss):
    """The loss of a network over the places that a mask keeps, as before version 0.1."""

    def get_loss(
        self,
        input: Any = None,
        target: Any = None,
        mask: Any = None,
        aggregation: str | None = None,
        **options: Any,
    ) -> Any:
        """The loss for a target and a mask; ``aggregation="normalized_sum"`` divides by what the mask holds."""
        made = get_output(self.layer, input, **options)
        loss = self.loss_function(made, self.target_var if target is None else target)
        return aggregate(loss, mask, aggregation or self.aggregation)
