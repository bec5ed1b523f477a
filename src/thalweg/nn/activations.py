"""Activations: the elementwise ones of the ops, and softmax and its logarithm over an axis."""

from __future__ import annotations

from typing import Any

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
from thalweg.ops.elementwise import multiply, tanh, where
from thalweg.ops.families import to_floats
from thalweg.ops.softmax import log_softmax, softmax
from thalweg.ops.softmax import shifted as shifted
from thalweg.ops.softmax import shifted_array as shifted_array
from thalweg.ops.softmax import widened as widened

__all__ = [
    "celu", "elu", "gelu", "hard_sigmoid", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish",
    "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softmin", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip

swish = silu


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
