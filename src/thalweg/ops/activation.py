"""Activations: the elementwise functions of neural networks. Gradients at kinks: docs/gradients.md."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.elementwise import abs, exp, greater, less, multiply, negative, tanh, times, where
from thalweg.ops.families import floating, numeric
from thalweg.ops.logic import logical_and
from thalweg.ops.special import erf, erf_values

__all__ = [
    "sigmoid",
    "log_sigmoid",
    "softplus",
    "silu",
    "mish",
    "softsign",
    "relu",
    "relu6",
    "hard_tanh",
    "hard_sigmoid",
    "leaky_relu",
    "elu",
    "celu",
    "selu",
    "gelu",
    "swish",
]

# --- sigmoid and its relatives --------------------------------------------------------------------------------------


def _sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


@make_op(floating, grad=lambda g, y, x: [times(g, y * (1 - y))], lower=Pointwise(lambda e, x: e.sigmoid(x)))
def sigmoid(x, /):  # type: ignore[no-untyped-def]
    """1 / (1 + exp(-x)), without overflow.

    >>> sigmoid(0.0).item()
    0.5
    """
    return _sigmoid(x)


def _log_sigmoid_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [times(g, sigmoid(negative(x)))]


@make_op(floating, grad=_log_sigmoid_gradient, lower=Pointwise(lambda e, x: -e.softplus(-x)))
def log_sigmoid(x, /):  # type: ignore[no-untyped-def]
    """log(sigmoid(x)), also where sigmoid(x) is 0 in floating point.

    >>> log_sigmoid(-1000.0).item()
    -1000.0
    """
    return -np.logaddexp(-x, x.dtype.type(0))


@make_op(floating, grad=lambda g, y, x: [times(g, sigmoid(x))], lower=Pointwise(lambda e, x: e.softplus(x)))
def softplus(x, /):  # type: ignore[no-untyped-def]
    """log(1 + exp(x)), without overflow.

    >>> softplus(1000.0).item()
    1000.0
    """
    return np.logaddexp(x, x.dtype.type(0))


def _silu_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    s = sigmoid(x)
    return [times(g, s * (1 + x * (1 - s)))]


@make_op(floating, grad=_silu_gradient, lower=Pointwise(lambda e, x: x * e.sigmoid(x)))
def silu(x, /):  # type: ignore[no-untyped-def]
    """x * sigmoid(x), also called swish.

    >>> silu(0.0).item()
    0.0
    """
    return x * _sigmoid(x)


swish = silu


@make_op(floating, expand=lambda x: x * tanh(softplus(x)))
def mish(x, /):  # type: ignore[no-untyped-def]
    """x * tanh(softplus(x))."""
    return x * np.tanh(np.logaddexp(x, x.dtype.type(0)))


def _softsign_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    room = 1 - abs(y)
    return [times(g, room * room)]


@make_op(floating, grad=_softsign_gradient, lower=Pointwise(lambda e, x: x / (e.abs(x) + 1)))
def softsign(x, /):  # type: ignore[no-untyped-def]
    """x / (1 + |x|).

    >>> softsign([-1.0, 3.0]).tolist()
    [-0.5, 0.75]
    """
    return x / (1 + np.abs(x))


# --- pieces of lines ------------------------------------------------------------------------------------------------


def _relu_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [where(greater(y, 0), g, 0)]


@make_op(numeric, grad=_relu_gradient, lower=Pointwise(lambda e, x: e.maximum(x, 0)))
def relu(x, /):  # type: ignore[no-untyped-def]
    """max(x, 0). The gradient at 0 is 0.

    >>> relu([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return np.maximum(x, x.dtype.type(0))


def _between(low: float, high: float) -> Any:
    """The rule of a clip whose gradient at the bounds is 0."""
    return lambda g, y, x: [where(logical_and(greater(x, low), less(x, high)), g, 0)]


@make_op(floating, grad=_between(0.0, 6.0), lower=Pointwise(lambda e, x: e.minimum(e.maximum(x, 0), 6)))
def relu6(x, /):  # type: ignore[no-untyped-def]
    """min(max(x, 0), 6). The gradient at 0 and at 6 is 0.

    >>> relu6([-1.0, 2.0, 9.0]).tolist()
    [0.0, 2.0, 6.0]
    """
    return np.clip(x, 0, 6)


@make_op(floating, grad=_between(-1.0, 1.0), lower=Pointwise(lambda e, x: e.minimum(e.maximum(x, -1), 1)))
def hard_tanh(x, /):  # type: ignore[no-untyped-def]
    """x limited to [-1, 1]. The gradient at -1 and at 1 is 0.

    >>> hard_tanh([-3.0, 0.5]).tolist()
    [-1.0, 0.5]
    """
    return np.clip(x, -1, 1)


def _hard_sigmoid_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [where(logical_and(greater(x, -3.0), less(x, 3.0)), multiply(g, 1 / 6), 0)]


def _emit_hard_sigmoid(e: Any, x: Any) -> Any:
    return e.minimum(e.maximum(x + 3, 0), 6) / 6


@make_op(floating, grad=_hard_sigmoid_gradient, lower=Pointwise(_emit_hard_sigmoid))
def hard_sigmoid(x, /):  # type: ignore[no-untyped-def]
    """relu6(x + 3) / 6. The gradient at -3 and at 3 is 0.

    >>> hard_sigmoid([-3.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.clip(x + 3, 0, 6) / 6


def _with_float(name: str) -> Any:
    """Prepare of an op with one number as an attribute."""

    def prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
        tensors, _ = floating["prepare"](tensors, attrs)
        return tensors, {name: float(attrs[name])}

    return prepare


def _same(x: Spec, **attrs: Any) -> Spec:
    return x


def _leaky_gradient(g: Tensor, y: Tensor, x: Tensor, *, negative_slope: float) -> list[Any]:
    return [where(greater(x, 0), g, multiply(g, negative_slope))]


@make_op(
    {},
    infer=_same,
    prepare=_with_float("negative_slope"),
    grad=_leaky_gradient,
    lower=Pointwise(lambda e, x, *, negative_slope: e.select(x > 0, x, x * negative_slope)),
)
def leaky_relu(x, /, negative_slope=0.2):  # type: ignore[no-untyped-def]
    """x where positive, else negative_slope * x. The gradient at 0 is negative_slope.

    >>> leaky_relu([-1.0, 2.0], 0.5).tolist()
    [-0.5, 2.0]
    """
    return np.where(x > 0, x, x * negative_slope)


# --- exponential below zero -----------------------------------------------------------------------------------------


def _elu_gradient(g: Tensor, y: Tensor, x: Tensor, *, alpha: float) -> list[Any]:
    return [where(greater(x, 0), g, times(g, y + alpha))]


@make_op(
    {},
    infer=_same,
    prepare=_with_float("alpha"),
    grad=_elu_gradient,
    lower=Pointwise(lambda e, x, *, alpha: e.select(x > 0, x, e.expm1(x) * alpha)),
)
def elu(x, /, alpha=1.0):  # type: ignore[no-untyped-def]
    """x where positive, else alpha * (exp(x) - 1). The gradient at 0 is alpha.

    >>> elu([0.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    return np.where(x > 0, x, np.expm1(x) * alpha)


def _celu_gradient(g: Tensor, y: Tensor, x: Tensor, *, alpha: float) -> list[Any]:
    return [where(greater(x, 0), g, times(g, exp(x / alpha)))]


@make_op(
    {},
    infer=_same,
    prepare=_with_float("alpha"),
    grad=_celu_gradient,
    lower=Pointwise(lambda e, x, *, alpha: e.select(x > 0, x, e.expm1(x / alpha) * alpha)),
)
def celu(x, /, alpha=1.0):  # type: ignore[no-untyped-def]
    """x where positive, else alpha * (exp(x / alpha) - 1). The gradient at 0 is 1."""
    return np.where(x > 0, x, np.expm1(x / alpha) * alpha)


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_SELU_LOW = _SELU_ALPHA * _SELU_SCALE


def _selu_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [where(greater(x, 0), multiply(g, _SELU_SCALE), times(g, y + _SELU_LOW))]


@make_op(
    floating,
    grad=_selu_gradient,
    lower=Pointwise(lambda e, x: e.select(x > 0, x * _SELU_SCALE, e.expm1(x) * _SELU_LOW)),
)
def selu(x, /):  # type: ignore[no-untyped-def]
    """1.0507 * elu(x, 1.6733): keeps mean 0 and variance 1 from layer to layer (Klambauer et al. 2017)."""
    return np.where(x > 0, x * _SELU_SCALE, np.expm1(x) * _SELU_LOW)


# --- Gaussian error linear unit -------------------------------------------------------------------------------------

_SQRT_HALF = math.sqrt(0.5)
_GELU_SCALE, _GELU_CUBE = 2 * math.sqrt(2 / math.pi), 0.044715


def _gelu_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, _ = floating["prepare"](tensors, attrs)
    return tensors, {"approximate": bool(attrs["approximate"])}


def _gelu_expand(x: Tensor, *, approximate: bool) -> Tensor:
    if approximate:
        return x * sigmoid((x + x * x * x * _GELU_CUBE) * _GELU_SCALE)
    half = 0.5 * x
    return half + half * erf(
        x * _SQRT_HALF
    )  # forward and backward share erf, which 1 + erf(x) = erfc(-x) would not


@make_op({}, infer=_same, prepare=_gelu_prepare, expand=_gelu_expand)
def gelu(x, /, approximate=False):  # type: ignore[no-untyped-def]
    """x times the probability that a standard normal number is below x: x * (1 + erf(x / sqrt(2))) / 2.

    With ``approximate``, erf is replaced by a tanh: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x**3))) / 2.

    >>> gelu(0.0).item()
    0.0
    """
    if approximate:
        return x * _sigmoid((x + x * x * x * _GELU_CUBE) * _GELU_SCALE)
    return (0.5 * x * (1 + erf_values(np.asarray(x * _SQRT_HALF, np.float64)))).astype(x.dtype)
