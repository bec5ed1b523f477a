"""Targets beside predictions: shapes, dtypes, class numbers, and the logits behind probabilities."""

from __future__ import annotations

from typing import Any

from thalweg import dtypes
from thalweg.errors import ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, shape_text, shapes_match
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "EPSILON",
    "as_floats",
    "class_numbers",
    "logits_of",
    "matched",
    "mean_last",
    "one_hot_matched",
    "same_rank",
    "tensor",
]


EPSILON = 1e-7  # keeps logarithms and quotients of probabilities finite


def tensor(value: Any) -> Any:
    """The value as a tensor, a float one where it was a Python number or integers."""
    return convert_operands([value])[0]


def as_floats(y: Any) -> Any:
    return y if dtypes.is_floating(y.dtype) else ew.astype(y, dtypes.default_float)


def matched(y_true: Any, y_pred: Any, name: str, hint: str | None = None) -> tuple[Any, Any]:
    """Both in one shape and floating dtype; a last axis of length 1 is added to or dropped from the target. One
    number is the target of all predictions.
    """
    y_true, y_pred = tensor(y_true), as_floats(tensor(y_pred))
    y_true = same_rank(y_true, y_pred)
    if y_true.shape == ():
        y_true = shape_ops.broadcast_like(y_true, y_pred)
    if not shapes_match(y_true.shape, y_pred.shape):
        raise fail(
            ShapeError,
            f"{name}: targets and predictions differ in shape",
            expected=f"targets {shape_text(y_pred.shape)} as the predictions",
            received=shape_text(y_true.shape),
            hint=hint
            or "a loss never broadcasts: reshape the targets, or give the last layer one unit per column",
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
            hint="the targets look one-hot: use categorical_crossentropy"
            if one_hot
            else _too_deep(y_true, y_pred),
        )
    return y_true if dtypes.is_integer(y_true.dtype) else ew.astype(y_true, "int64")


def _too_deep(y_true: Any, y_pred: Any) -> str | None:
    deeper = y_pred.ndim - 1 > y_true.ndim
    return (
        f"the predictions are {shape_text(y_pred.shape)}: is a Flatten() missing before?" if deeper else None
    )


def one_hot_matched(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """As :func:`matched`; class numbers in place of one-hot rows are named."""
    t, p = tensor(y_true), tensor(y_pred)
    numbers = t.ndim == p.ndim - 1 or (t.ndim == p.ndim and t.shape[-1] == 1 != p.shape[-1])
    hint = "a loss never broadcasts, and the targets look like class numbers: use sparse_categorical_crossentropy"
    return matched(t, p, name, hint if numbers else None)


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
