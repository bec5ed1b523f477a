"""How little two masks overlap: losses of image segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from thalweg.losses.base import FunctionLoss
from thalweg.losses.targets import EPSILON, matched
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "Dice",
    "Tversky",
    "dice",
    "tversky",
]


def _overlap(t: Any, p: Any, axis: Any) -> Any:
    """sum(t p) over the axes, all of them unless given."""
    return sum_over(t * p, axis=axis)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 sum(t p) / (sum(t) + sum(p) + 1e-7): how little two masks overlap; sums over ``axis``, or everything.

    >>> round(dice([[1.0, 0.0]], [[1.0, 1.0]]).item(), 4)
    0.3333
    """
    t, p = matched(y_true, y_pred, "dice")
    whole = sum_over(t, axis=axis) + sum_over(p, axis=axis) + EPSILON  # type: ignore[operator]
    return 1.0 - _overlap(t, p, axis) * 2.0 / whole


@dataclass(eq=False, repr=False)
class Dice(FunctionLoss):
    """:func:`dice`, reduced.

    >>> round(Dice()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.375
    """

    fn = staticmethod(dice)
    reduction: str | None = "sum_over_batch_size"
    name: str = "dice"
    axis: Any = None
    dtype: Any = None


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 - s / (s + alpha sum((1 - p) t) + beta sum(p (1 - t)) + 1e-7) with s = sum(t p): :func:`dice` with weights.

    >>> round(tversky([[1.0, 0.0]], [[1.0, 1.0]], beta=1.0).item(), 4)
    0.5
    """
    t, p = matched(y_true, y_pred, "tversky")
    both = _overlap(t, p, axis)
    rest = _overlap(1.0 - p, t, axis) * alpha + _overlap(p, 1.0 - t, axis) * beta
    return 1.0 - both / (both + rest + EPSILON)


@dataclass(eq=False, repr=False)
class Tversky(FunctionLoss):
    """:func:`tversky`, reduced.

    >>> round(Tversky()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.375
    """

    fn = staticmethod(tversky)
    alpha: float = 0.5
    beta: float = 0.5
    reduction: str | None = "sum_over_batch_size"
    name: str = "tversky"
    axis: Any = None
    dtype: Any = None
