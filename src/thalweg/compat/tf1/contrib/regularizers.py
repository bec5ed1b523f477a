"""Penalties of weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat.tf1 import (
    math,
    nn,
)
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph


def l2_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale / 2`` times the sum of squares."""
    return lambda w: None if not scale else math.multiply(float(scale), nn.l2_loss(w))


def l1_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale`` times the sum of absolute values."""
    return lambda w: None if not scale else math.multiply(float(scale), math.reduce_sum(math.abs(w)))


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: Any = None
) -> Callable[[Any], Any]:
    """Both."""
    return lambda w: l1_regularizer(scale_l1)(w) + l2_regularizer(scale_l2)(w)


def apply_regularization(regularizer: Callable[[Any], Any], weights_list: Any = None) -> Tensor:
    """The sum of the penalties of weights."""
    wanted = weights_list or default_graph().get_collection(GraphKeys.WEIGHTS)
    return math.add_n([regularizer(w) for w in wanted])


def sum_regularizer(regularizer_list: Sequence[Any], scope: Any = None) -> Callable[[Any], Any]:
    """The sum of several penalties."""

    def penalty(w: Any) -> Any:
        parts = [made for made in (r(w) for r in regularizer_list if r is not None) if made is not None]
        return math.add_n(parts) if parts else None

    return penalty
