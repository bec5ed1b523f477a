"""Hinges: losses that are 0 once the right answer leads by a margin."""

from __future__ import annotations

from typing import Any

from thalweg.losses.base import PlainLoss
from thalweg.losses.targets import matched, mean_last
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import max as max_over
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
    "categorical_hinge",
    "hinge",
    "squared_hinge",
]


def _signs(t: Any) -> Any:
    """Targets of 0 and 1 as -1 and 1; others stay."""
    return ew.where(ew.equal(t, 0.0), -1.0, t)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)) over the last axis, targets -1 and 1 (0 counts as -1).

    >>> hinge([[1.0, -1.0]], [[0.5, 0.5]]).tolist()
    [1.0]
    """
    t, p = matched(y_true, y_pred, "hinge")
    return mean_last(ew.maximum(1.0 - _signs(t) * p, 0.0))


class Hinge(PlainLoss):
    """:func:`hinge`, reduced.

    >>> round(Hinge()([[1.0, -1.0]], [[0.5, 0.5]]).item(), 4)
    1.0
    """

    fn = staticmethod(hinge)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)^2) over the last axis, targets -1 and 1 (0 counts as -1).

    >>> squared_hinge([[1.0, -1.0]], [[0.5, 0.5]]).tolist()
    [1.25]
    """
    t, p = matched(y_true, y_pred, "squared_hinge")
    gap = ew.maximum(1.0 - _signs(t) * p, 0.0)
    return mean_last(ew.multiply(gap, gap))


class SquaredHinge(PlainLoss):
    """:func:`squared_hinge`, reduced.

    >>> round(SquaredHinge()([[1.0, -1.0]], [[0.5, 0.5]]).item(), 4)
    1.25
    """

    fn = staticmethod(squared_hinge)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max((1 - t) p) - sum(t p), 0) over the last axis, targets one-hot.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.25]]).tolist()
    [1.25]
    """
    t, p = matched(y_true, y_pred, "categorical_hinge")
    wrong, right = max_over((1.0 - t) * p, axis=-1), sum_over(t * p, axis=-1)
    return ew.maximum(wrong - right + 1.0, 0.0)  # type: ignore[operator]


class CategoricalHinge(PlainLoss):
    """:func:`categorical_hinge`, reduced.

    >>> round(CategoricalHinge()([[0.0, 1.0], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.75
    """

    fn = staticmethod(categorical_hinge)
