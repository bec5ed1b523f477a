"""Losses of a whole batch or sequence: embeddings of classes, labels without places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.losses.base import FunctionLoss
from thalweg.losses.targets import as_floats, class_numbers, tensor
from thalweg.nn.ctc import ctc_loss
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.activation import softplus
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import logsumexp
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "CTC",
    "Circle",
    "circle",
    "ctc",
]


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Any:
    """How far embeddings of one class are apart, and how near those of different classes (Sun et al., 2020).

    ``y_pred`` [batch, size] are embeddings of length 1, ``y_true`` [batch] their class numbers. With d the cosine
    distances from each to all others, softplus(logsumexp over its class of gamma (d + margin) (d - margin) plus
    logsumexp over the rest of gamma (1 + margin - d) (1 - margin - d)), the factors in front kept at 0 or more.
    The others are the batch itself (without the embedding itself, by ``remove_diagonal``), or ``ref_embeddings`` with
    the class numbers ``ref_labels``.

    >>> [round(v, 4) for v in circle([0, 0, 1], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], gamma=1.0).tolist()]
    [1.1989, 1.0899, 0.0]
    """
    p = as_floats(tensor(y_pred))
    labels = class_numbers(y_true, p, "circle")
    if (ref_labels is None) != (ref_embeddings is None):
        raise fail(ArgumentError, "circle", expected="both ref_labels and ref_embeddings, or neither")
    others_p = p if ref_embeddings is None else ew.astype(tensor(ref_embeddings), p.dtype)
    others = labels if ref_labels is None else class_numbers(ref_labels, others_p, "circle: ref_labels")
    d = ew.maximum(1.0 - matmul(p, shape_ops.swapaxes(others_p, 0, 1)), 0.0)  # type: ignore[operator]
    same = ew.equal(shape_ops.expand_dims(labels, 1), shape_ops.expand_dims(others, 0))
    different = ew.where(same, False, True)
    if remove_diagonal:
        rows = shape_ops.iota_like(d, axis=0)
        same = ew.where(ew.equal(rows, shape_ops.iota_like(d, axis=1)), False, same)
    near = ew.maximum(d + margin, 0.0) * (d - margin) * gamma  # type: ignore[operator]
    far = ew.maximum(1.0 + margin - d, 0.0) * (1.0 - margin - d) * gamma  # type: ignore[operator]
    total = sum(
        logsumexp(ew.where(mask, value, -np.inf), axis=1) for mask, value in ((same, near), (different, far))
    )
    return softplus(total)


@dataclass(eq=False, repr=False)
class Circle(FunctionLoss):
    """:func:`circle`, reduced; means are over the embeddings whose loss is not 0.

    >>> round(Circle(gamma=1.0)([0, 0, 1], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]).item(), 4)
    1.1444
    """

    fn = staticmethod(circle)
    gamma: float = 80.0
    margin: float = 0.4
    remove_diagonal: bool = True
    reduction: str | None = "sum_over_batch_size"
    name: str = "circle"
    dtype: Any = None

    def used(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        return ew.greater(losses, 0)


def ctc(y_true: Any, y_pred: Any, mask_index: int = 0) -> Any:
    """The loss of labels without places: logits [batch, steps, classes], labels [batch, longest].

    ``mask_index`` fills up labels and is the blank class. See :func:`thalweg.nn.ctc_loss`, which also takes lengths.

    >>> ctc([[1]], [[[0.0, 0.0], [0.0, 0.0]]]).shape
    (1,)
    """
    p = as_floats(tensor(y_pred))
    t = ew.astype(tensor(y_true), "int64")
    used = ew.astype(ew.not_equal(t, mask_index), "int64")
    steps = sum_over(shape_ops.full_like(ew.astype(p[:, :, 0], "int64"), 1), axis=1)
    return ctc_loss(p, t, steps, sum_over(used, axis=1), mask_index)


@dataclass(eq=False, repr=False)
class CTC(FunctionLoss):
    """:func:`ctc`, reduced.

    >>> round(CTC()([[1]], [[[0.0, 0.0], [0.0, 0.0]]]).item(), 4)
    0.2877
    """

    fn = staticmethod(ctc)
    reduction: str | None = "sum_over_batch_size"
    name: str = "ctc"
    mask_index: int = 0
    dtype: Any = None
