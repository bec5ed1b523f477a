"""Cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, values, wrap
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient


def softmax_cross_entropy_with_logits(
    _logits: Any = None,
    _labels: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
    axis: Any = None,
    _sentinel: Any = None,
) -> Tensor:
    """-sum(labels log softmax(logits)) for each row, the labels held fixed in its gradient; by position (logits,
    labels), as before 1.0.
    """
    scores, targets = _logits if logits is None else logits, _labels if labels is None else labels
    if scores is None or targets is None:
        raise ValueError(
            "softmax_cross_entropy_with_logits: both labels and logits must be given, by their names"
        )
    scores, targets = values(scores, targets)
    made = _cross_entropy(scores, stop_gradient(targets), dim if axis is None else axis)
    with g.default_graph().made_of(32):
        return wrap(made, name, "SoftmaxCrossEntropyWithLogits", [logits, labels])


def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Tensor:
    """-sum(labels log softmax(logits)) for each row; its gradient goes to the labels, too."""
    scores, targets = values(logits, labels)
    over = next((int(k) for k in (axis, dim) if k is not None), -1)
    with g.default_graph().made_of(31):  # rows are made of what may have more axes
        return wrap(
            _cross_entropy(scores, targets, over), name, "SoftmaxCrossEntropyWithLogits", [labels, logits]
        )


def _cross_entropy(scores: Any, targets: Any, axis: int) -> Any:
    """That of expressions; what one of them knows of its lengths holds for the other."""
    targets = g.cast(targets, scores.dtype)
    if targets.shape is None and scores.shape is not None:  # of any rank: then of that of the other
        targets = g.shaped_as(targets, (None,) * len(scores.shape))
    elif scores.shape is None and targets.shape is not None:
        scores = g.shaped_as(scores, (None,) * len(targets.shape))
    if None not in (targets.shape, scores.shape) and len(targets.shape) != len(scores.shape):  # type: ignore[arg-type]
        targets = shape_ops.reshape_like(targets, scores)  # rows are compared, however they are stacked
    if None not in (targets.shape, scores.shape) and len(targets.shape) == len(scores.shape):
        lengths = tuple(n if n is not None else m for n, m in zip(scores.shape, targets.shape, strict=True))
        scores = scores if lengths == scores.shape else g.shaped_as(scores, lengths)
    return nn.softmax_cross_entropy(scores, targets, axis=axis)


def sparse_softmax_cross_entropy_with_logits(
    _logits: Any = None,
    _labels: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    _sentinel: Any = None,
) -> Tensor:
    """-log softmax(logits)[label] for each row; by position (logits, labels), as before 1.0."""
    scores = value(_logits if logits is None else logits)
    made = nn.sparse_softmax_cross_entropy(scores, value(_labels if labels is None else labels))
    return wrap(made, name, "SparseSoftmaxCrossEntropyWithLogits", [logits, 0])  # and the shape of the labels


def sigmoid_cross_entropy_with_logits(
    _logits: Any = None,
    _targets: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    targets: Any = None,
    _sentinel: Any = None,
) -> Tensor:
    """The cross entropy of each element with its sigmoid; by position (logits, targets), as before 1.0."""
    wanted = next(t for t in (labels, targets, _targets) if t is not None)
    scores, wanted = values(_logits if logits is None else logits, wanted)
    made = nn.sigmoid_cross_entropy(scores, g.cast(wanted, scores.dtype))
    with g.default_graph().made_of(10):
        return wrap(made, name, "logistic_loss", [logits, labels])


def weighted_cross_entropy_with_logits(
    targets: Any = None,
    logits: Any = None,
    pos_weight: Any = 1.0,
    name: str | None = None,
    labels: Any = None,
) -> Tensor:
    """The sigmoid cross entropy with its positive term weighted."""
    scores, wanted = values(logits, labels if targets is None else targets)
    return wrap(
        nn.weighted_sigmoid_cross_entropy(scores, wanted, value(pos_weight)), name, "logistic_loss", [logits]
    )


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) - z c for log rates c; the full loss has Stirling's ``z log z - z + log(2 pi z) / 2``, too, for z > 1."""
    z, c = values(targets, log_input)
    made: Any = elementwise.exp(c) - z * c  # type: ignore[operator]
    if compute_full_loss:
        some: Any = elementwise.maximum(z, 1.0)
        rest = some * elementwise.log(some) - some + 0.5 * elementwise.log(2.0 * np.pi * some)
        made = made + elementwise.where(z > 1.0, rest, 0.0)  # type: ignore[operator]
    return wrap(made, name, "log_poisson_loss", [log_input])
