"""Penalties of weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat.tf1 import (
    math,
    nn,
)
from thalweg.compat.tf1.graph import GraphKeys, Tensor, constant, default_graph


def l2_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale / 2`` times the sum of squares."""
    return _scaled("l2_regularizer", scale, scope, nn.l2_loss)


def l1_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale`` times the sum of absolute values."""
    return _scaled("l1_regularizer", scale, scope, lambda w: math.reduce_sum(math.abs(w)))


def _scaled(kind: str, scale: float, scope: Any, size: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``scale`` times a size of weights; None of all of them where it is 0."""
    if isinstance(scale, int) and not isinstance(scale, bool):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if scale < 0.0:
        raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale}")

    def penalty(w: Any) -> Any:
        if scale == 0.0:
            return None
        with default_graph().name_scope(scope or kind) as name:
            return math.multiply(scale, size(w), name=name)

    return penalty


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: Any = None
) -> Callable[[Any], Any]:
    """Both."""
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope or "l1_l2_regularizer")


def apply_regularization(regularizer: Callable[[Any], Any], weights_list: Any = None) -> Tensor:
    """The sum of the penalties of weights, which joins the regularization losses."""
    wanted = weights_list or default_graph().get_collection(GraphKeys.WEIGHTS)
    if not wanted:
        raise ValueError("apply_regularization: there are no weights to regularize")
    with default_graph().name_scope("get_regularization_penalty") as name:
        parts = [regularizer(w) for w in wanted]
        made = math.add_n([constant(0.0) if p is None else p for p in parts], name=name)
    default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, made)
    return made


def sum_regularizer(regularizer_list: Sequence[Any], scope: Any = None) -> Callable[[Any], Any]:
    """The sum of several penalties."""

    def penalty(w: Any) -> Any:
        with default_graph().name_scope(scope or "sum_regularizer") as name:
            parts = [made for made in (r(w) for r in regularizer_list if r is not None) if made is not None]
            return math.add_n(parts, name=name) if parts else None

    return penalty
