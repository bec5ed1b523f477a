"""Bounds of gradients: of each element, of each tensor's norm, of the norm of all together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce

__all__ = ["clip_by_global_norm", "clip_by_norm", "clip_by_value", "global_norm"]


def clip_by_value(x: Any, low: Any, high: Any) -> Tensor:
    """``min(max(x, low), high)``, elementwise; the gradient at a bound is 1.

    >>> clip_by_value([-3.0, 0.5, 3.0], -1.0, 1.0).tolist()
    [-1.0, 0.5, 1.0]
    """
    return ew.at_most(ew.at_least(x, low), high)


def clip_by_norm(x: Any, clip_norm: Any, axis: Any = None) -> Tensor:
    """``x * clip_norm / max(norm(x), clip_norm)``: of L2 norm ``clip_norm`` at most, over ``axis`` (all by default).

    >>> clip_by_norm([3.0, 4.0], 2.5).tolist()
    [1.5, 2.0]
    """
    (x,) = convert_operands([x])
    norm = ew.sqrt(reduce.sum(x * x, axis=axis, keepdims=True))
    return x * (clip_norm / ew.maximum(norm, clip_norm))


def global_norm(tensors: Iterable[Any]) -> Tensor:
    """``sqrt`` of the sum of the squares of all elements of all tensors; None entries are left out.

    >>> global_norm([[3.0], None, [4.0]]).item()
    5.0
    """
    squares = [reduce.sum(t * t) for t in convert_operands([t for t in tensors if t is not None])]
    if not squares:
        raise fail(ArgumentError, "global_norm: no tensors")
    total: Any = squares[0]
    for square in squares[1:]:
        total = total + square
    return ew.sqrt(total)


def clip_by_global_norm(
    tensors: Sequence[Any], clip_norm: Any, use_norm: Any = None
) -> tuple[list[Any], Tensor]:
    """All tensors times ``clip_norm / max(norm, clip_norm)``, and the norm: :func:`global_norm` unless given.

    >>> clipped, norm = clip_by_global_norm([[3.0], [4.0]], 2.5)
    >>> norm.item(), [t.tolist() for t in clipped]
    (5.0, [[1.5], [2.0]])
    """
    norm = global_norm(tensors) if use_norm is None else convert_operands([use_norm])[0]
    scale = clip_norm / ew.maximum(norm, clip_norm)
    return [None if t is None else _convert(t) * ew.astype(scale, _convert(t).dtype) for t in tensors], norm


def _convert(value: Any) -> Tensor:
    return convert_operands([value])[0]
