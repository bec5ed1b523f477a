"""What all losses share: one loss for each example, weights, a reduction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from thalweg import dtypes
from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError, fail
from thalweg.graph.tensor import shape_text, shapes_match
from thalweg.losses.targets import same_rank, tensor
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import sum as sum_over
from thalweg.registry import Configured, snake_case

__all__ = [
    "FunctionLoss",
    "FunctionOf",
    "Loss",
    "PlainLoss",
    "reduce_counted",
    "reduce_weighted",
    "shared_weights",
    "weights_like",
]


_REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


class Loss(Configured):
    """A loss with weights and a reduction. Subclasses define ``call(y_true, y_pred)``, one loss per example.

    ``reduction``: "sum_over_batch_size" or "mean" divides the weighted sum by the number of losses,
    "mean_with_sample_weight" by the sum of the weights; "sum"; "none" or None gives the losses themselves. ``dtype``:
    what predictions are converted to before the loss is computed; their own unless given.

    >>> from thalweg.losses import MeanSquaredError
    >>> MeanSquaredError()([[1.0], [2.0]], [[1.0], [4.0]], sample_weight=[1.0, 0.5]).item()
    1.0
    >>> MeanSquaredError(reduction="none")([[1.0], [2.0]], [[1.0], [4.0]]).tolist()
    [0.0, 4.0]
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
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
        self.dtype = None if dtype is None else dtypes.as_dtype(dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss per example."""
        raise NotImplementedError

    def used(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        """Which of the losses count, where not all do: means are over these."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; ``sample_weight`` multiplies the losses, its shape being a leading part of theirs."""
        if self.dtype is not None and tensor(y_pred).dtype != self.dtype:
            y_pred = ew.astype(tensor(y_pred), self.dtype)
        losses = self.call(y_true, y_pred)
        used = self.used(y_true, y_pred, losses)
        if used is None:
            return reduce_weighted(losses, sample_weight, self.reduction)
        return reduce_counted(losses, used, sample_weight, self.reduction)


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


def shared_weights(used: Any, sample_weight: Any) -> Any:
    """The weights of what is used, 0 elsewhere."""
    share = ew.astype(used, dtypes.default_float)
    return share if sample_weight is None else share * weights_like(sample_weight, share)


def weights_like(sample_weight: Any, losses: Any) -> Any:
    """Weights of the losses' rank: a last axis of 1 is dropped, axes of length 1 are added at the end."""
    weight = tensor(sample_weight)
    weight = ew.astype(weight, losses.dtype) if dtypes.is_floating(losses.dtype) else weight
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


class FunctionLoss(Loss):
    """A loss that is a function of this package: a dataclass of its options, then reduction, name and dtype."""

    fn: ClassVar[Callable[..., Any]]

    def __post_init__(self) -> None:
        super().__init__(self.name, self.reduction, self.dtype)
        shared = ("reduction", "name", "dtype")
        self.options = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in shared}  # type: ignore[arg-type]

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return type(self).fn(y_true, y_pred, **self.options)


@dataclass(eq=False, repr=False)
class PlainLoss(FunctionLoss):
    """A loss that is a function without options; its name is the function's."""

    reduction: str | None = "sum_over_batch_size"
    name: Any = None
    dtype: Any = None

    def __post_init__(self) -> None:
        self.name = self.name or type(self).fn.__name__
        super().__post_init__()


class FunctionOf(Loss):
    """A user's function of (y_true, y_pred) as a loss; of both in one rank, so that nothing broadcasts by mistake."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name or getattr(fn, "__name__", "loss"))
        self.fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Any:
        value = self.fn(same_rank(tensor(y_true), y_pred), y_pred)
        if value is None:
            raise fail(
                ArgumentTypeError, f"the loss {self.name!r} gave nothing", hint="does the function return?"
            )
        return tensor(value)
