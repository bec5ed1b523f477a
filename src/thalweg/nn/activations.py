"""Activations: the elementwise ones of the ops, and softmax and its logarithm over an axis."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor
from thalweg.ops.activation import (
    celu,
    elu,
    gelu,
    hard_sigmoid,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
)
from thalweg.ops.elementwise import abs, astype, maximum, minimum, multiply, sqrt, tanh, where
from thalweg.ops.families import to_floats
from thalweg.ops.reduce import cumulative_sum
from thalweg.ops.reduce import sum as total
from thalweg.ops.shape import iota_like
from thalweg.ops.slices import flip
from thalweg.ops.softmax import log_softmax, softmax
from thalweg.ops.sort import sort

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
    "softmax", "softmin", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish",
    "tanh", "tanh_shrink", "threshold",
]  # fmt: skip

swish = silu


def _float(x: Any) -> Any:
    return to_floats(convert_operands([x]), {})[0][0]


def linear(x: Any) -> Tensor:
    """x itself.

    >>> linear([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """
    return convert_operands([x])[0]


def prelu(x: Any, slope: Any) -> Tensor:
    """x where positive, slope * x elsewhere; the slope is a tensor that broadcasts against x.

    >>> prelu([-2.0, 3.0], 0.5).tolist()
    [-1.0, 3.0]
    """
    x, slope = to_floats(convert_operands([x, slope]), {})[0]
    return where(x > 0, x, multiply(slope, x))  # type: ignore[operator]


def softmin(x: Any, axis: Any = -1) -> Tensor:
    """The softmax of -x.

    >>> softmin([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    return softmax(-x, axis=axis)  # type: ignore[operator]


def hard_silu(x: Any) -> Tensor:
    """x times its hard sigmoid, ``x * relu6(x + 3) / 6``.

    >>> hard_silu([-4.0, 0.0, 4.0]).tolist()
    [-0.0, 0.0, 4.0]
    """
    x = _float(x)
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x where it is more than ``threshold``, ``default_value`` elsewhere.

    >>> threshold([0.5, 2.0], 1.0, -1.0).tolist()
    [-1.0, 2.0]
    """
    x = _float(x)
    return where(x > threshold, x, default_value)


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x where ``|x| > threshold``, 0 elsewhere.

    >>> hard_shrink([-1.0, 0.25]).tolist()
    [-1.0, 0.0]
    """
    x = _float(x)
    return where(abs(x) > threshold, x, 0.0)  # type: ignore[operator]


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x brought ``threshold`` nearer to 0, and not beyond.

    >>> soft_shrink([-1.0, 0.25]).tolist()
    [-0.5, 0.0]
    """
    x = _float(x)
    return minimum(x + threshold, 0.0) + maximum(x - threshold, 0.0)  # type: ignore[operator]


def tanh_shrink(x: Any) -> Tensor:
    """x - tanh(x).

    >>> tanh_shrink([0.0]).tolist()
    [0.0]
    """
    x = _float(x)
    return x - tanh(x)


def glu(x: Any, axis: int = -1) -> Tensor:
    """The first half along ``axis`` times the sigmoid of the second half.

    >>> glu([4.0, 0.0]).tolist()
    [2.0]
    """
    x = _float(x)
    if x.shape[axis] is None or x.shape[axis] % 2:
        raise fail(ShapeError, "glu: the length of the axis", expected="even", received=x.shape[axis])
    half = x.shape[axis] // 2
    key = [slice(None)] * x.ndim
    first, second = list(key), list(key)
    first[axis], second[axis] = slice(None, half), slice(half, None)
    return multiply(x[tuple(first)], sigmoid(x[tuple(second)]))


def squareplus(x: Any, b: float = 4.0) -> Tensor:
    """``(x + sqrt(x^2 + b)) / 2``, a softplus without exponentials.

    >>> squareplus([0.0]).tolist()
    [1.0]
    """
    x = _float(x)
    return (x + sqrt(x * x + b)) * 0.5


def sparse_plus(x: Any) -> Tensor:
    """0 up to -1, ``(x + 1)^2 / 4`` up to 1, x beyond.

    >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.25, 2.0]
    """
    x = _float(x)
    inside = maximum(x + 1.0, 0.0)
    return where(x < 1.0, inside * inside * 0.25, x)  # type: ignore[operator]


def sparse_sigmoid(x: Any) -> Tensor:
    """``(x + 1) / 2`` kept between 0 and 1: the slope of :func:`sparse_plus`.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return minimum(maximum((_float(x) + 1.0) * 0.5, 0.0), 1.0)


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """The point of the probability simplex nearest to x along ``axis``: like softmax, with exact zeros.

    ``max(x - tau, 0)``, tau such that they sum to 1 (Martins and Astudillo, 2016).

    >>> sparsemax([3.0, 2.5, 0.0]).tolist()
    [0.75, 0.25, 0.0]
    """
    x = _float(x)
    ordered: Any = flip(sort(x, axis=axis), axis=axis)
    sums: Any = cumulative_sum(ordered, axis=axis)
    rank = astype(iota_like(x, axis=axis), x.dtype) + 1.0  # type: ignore[operator]
    kept = ordered * rank + 1.0 > sums
    count = total(astype(kept, x.dtype), axis=axis, keepdims=True)
    tau = (total(where(kept, ordered, 0.0), axis=axis, keepdims=True) - 1.0) / count  # type: ignore[operator]
    return maximum(x - tau, 0.0)
