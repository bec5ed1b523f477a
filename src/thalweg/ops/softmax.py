"""Softmax and its logarithm over axes: ops of their own, so that the rewriting room can know them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ShapeError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.elementwise import divide, exp, log, multiply, subtract
from thalweg.ops.families import to_floats, widened
from thalweg.ops.reduce import max, normal_axes, sum

__all__ = ["log_softmax", "softmax"]


def _prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    axis = normal_axes(attrs["axis"], tensors[0].specs[0], "softmax")
    if axis is None:
        raise fail(ShapeError, "softmax: x has an unknown rank", hint="give the placeholder a shape")
    return tensors, {"axis": axis}


def shifted(x: Any, axis: Any) -> Any:
    """x less its largest element, so that no exponential overflows."""
    return subtract(x, max(x, axis=axis, keepdims=True))


def shifted_array(x: np.ndarray, axis: Any) -> np.ndarray:
    """:func:`shifted` on an array."""
    return x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)


def _softmax_gradient(g: Any, y: Any, x: Any, *, axis: Any) -> list[Any]:
    return [lambda: multiply(y, subtract(g, sum(multiply(g, y), axis=axis, keepdims=True)))]


def _softmax_expand(x: Any, *, axis: Any) -> Tensor:
    if not x.size:
        return x
    raised = exp(shifted(x, axis))
    return divide(raised, sum(raised, axis=axis, keepdims=True))


def _same(x: Spec, **_: Any) -> Spec:
    return x


@make_op({}, infer=_same, prepare=_prepare, grad=_softmax_gradient, expand=_softmax_expand)
def softmax(x, /, axis=-1):  # type: ignore[no-untyped-def]
    """exp(x) / sum(exp(x)) over ``axis`` (an int or a tuple), computed without overflow.

    >>> softmax([1000.0, 1000.0]).tolist()
    [0.5, 0.5]
    """
    (wide,) = widened(x)
    raised = np.exp(shifted_array(wide, axis))
    return (raised / np.sum(raised, axis=axis, keepdims=True, dtype=raised.dtype)).astype(x.dtype, copy=False)


def _log_softmax_gradient(g: Any, y: Any, x: Any, *, axis: Any) -> list[Any]:
    return [lambda: subtract(g, multiply(softmax(x, axis=axis), sum(g, axis=axis, keepdims=True)))]


def _log_softmax_expand(x: Any, *, axis: Any) -> Tensor:
    if not x.size:
        return x
    moved = shifted(x, axis)
    return subtract(moved, log(sum(exp(moved), axis=axis, keepdims=True)))


@make_op({}, infer=_same, prepare=_prepare, grad=_log_softmax_gradient, expand=_log_softmax_expand)
def log_softmax(x, /, axis=-1):  # type: ignore[no-untyped-def]
    """x - log(sum(exp(x))) over ``axis``: the logarithm of softmax, which never underflows to log(0).

    >>> log_softmax([0.0, -1000.0]).tolist()
    [0.0, -1000.0]
    """
    (wide,) = widened(x)
    moved = shifted_array(wide, axis)
    total = np.sum(np.exp(moved), axis=axis, keepdims=True, dtype=wide.dtype)
    return (moved - np.log(total)).astype(x.dtype, copy=False)
