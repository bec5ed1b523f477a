"""``lasagne.updates``: training rules as updates of shared variables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.lasagne.utils import floatX
from thalweg.compat.theano import grad
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.sharing import shared

Updates = OrderedDict[Any, Any]


def get_or_compute_grads(loss_or_grads: Any, params: Sequence[Any]) -> list[Any]:
    """The gradients themselves, or those of a loss."""
    if isinstance(loss_or_grads, (list, tuple)):
        if len(loss_or_grads) != len(params):
            raise ValueError(f"Got {len(loss_or_grads)} gradient expressions for {len(params)} parameters")
        return loss_or_grads  # type: ignore[return-value]
    return list(grad(loss_or_grads, list(params)))


def _zeros(param: Any) -> Any:
    value = param.get_value(borrow=True)
    return shared(np.zeros(value.shape, value.dtype), broadcastable=param.broadcastable)


def sgd(loss_or_grads: Any, params: Sequence[Any], learning_rate: Any) -> Updates:
    """``param -= lr g``."""
    pairs = zip(params, get_or_compute_grads(loss_or_grads, params), strict=True)
    return OrderedDict((p, p - learning_rate * g) for p, g in pairs)


def apply_momentum(updates: Any, params: Any = None, momentum: Any = 0.9) -> Updates:
    """``v = momentum v + step``, ``param += v`` in the place of steps."""
    made: Updates = OrderedDict(updates)
    for p in list(updates) if params is None else params:
        velocity = _zeros(p)
        x = momentum * velocity + made[p]
        made[velocity] = x - p
        made[p] = x
    return made


def momentum(loss_or_grads: Any, params: Sequence[Any], learning_rate: Any, momentum: Any = 0.9) -> Updates:
    """``v = momentum v - lr g``, ``param += v``."""
    return apply_momentum(sgd(loss_or_grads, params, learning_rate), momentum=momentum)


def apply_nesterov_momentum(updates: Any, params: Any = None, momentum: Any = 0.9) -> Updates:
    """``v = momentum v + step``, ``param += momentum v + step`` in the place of steps."""
    made: Updates = OrderedDict(updates)
    for p in list(updates) if params is None else params:
        velocity = _zeros(p)
        x = momentum * velocity + made[p] - p
        made[velocity] = x
        made[p] = momentum * x + made[p]
    return made


def nesterov_momentum(
    loss_or_grads: Any, params: Sequence[Any], learning_rate: Any, momentum: Any = 0.9
) -> Updates:
    """Momentum that looks ahead."""
    return apply_nesterov_momentum(sgd(loss_or_grads, params, learning_rate), momentum=momentum)


def adagrad(
    loss_or_grads: Any, params: Sequence[Any], learning_rate: Any = 1.0, epsilon: float = 1e-6
) -> Updates:
    """``a += g²``, ``param -= lr g / sqrt(a + epsilon)``."""
    made: Updates = OrderedDict()
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        total = _zeros(p)
        made[total] = total + g**2
        made[p] = p - learning_rate * g / T.sqrt(made[total] + epsilon)
    return made


def rmsprop(
    loss_or_grads: Any,
    params: Sequence[Any],
    learning_rate: Any = 1.0,
    rho: float = 0.9,
    epsilon: float = 1e-6,
) -> Updates:
    """``a = rho a + (1 - rho) g²``, ``param -= lr g / sqrt(a + epsilon)``."""
    made: Updates = OrderedDict()
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        mean = _zeros(p)
        made[mean] = rho * mean + (1 - rho) * g**2
        made[p] = p - learning_rate * g / T.sqrt(made[mean] + epsilon)
    return made


def adadelta(
    loss_or_grads: Any,
    params: Sequence[Any],
    learning_rate: Any = 1.0,
    rho: float = 0.95,
    epsilon: float = 1e-6,
) -> Updates:
    """Steps in proportion to the root mean square of the steps before over that of the gradients."""
    made: Updates = OrderedDict()
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        squares, steps = _zeros(p), _zeros(p)
        made[squares] = rho * squares + (1 - rho) * g**2
        step = g * T.sqrt(steps + epsilon) / T.sqrt(made[squares] + epsilon)
        made[p] = p - learning_rate * step
        made[steps] = rho * steps + (1 - rho) * step**2
    return made


def _counted(made: Updates) -> Any:
    before = shared(floatX(0.0))
    made[before] = before + 1
    return made[before]


def adam(
    loss_or_grads: Any,
    params: Sequence[Any],
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Updates:
    """``param -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)``."""
    made: Updates = OrderedDict()
    t = _counted(made)
    rate = learning_rate * T.sqrt(1 - beta2**t) / (1 - beta1**t)
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        m, v = _zeros(p), _zeros(p)
        made[m] = beta1 * m + (1 - beta1) * g
        made[v] = beta2 * v + (1 - beta2) * g**2
        made[p] = p - rate * made[m] / (T.sqrt(made[v]) + epsilon)
    return made


def adamax(
    loss_or_grads: Any,
    params: Sequence[Any],
    learning_rate: Any = 0.002,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Updates:
    """``u = max(b2 u, |g| + epsilon)``, ``param -= lr / (1 - b1^t) m / u``."""
    made: Updates = OrderedDict()
    t = _counted(made)
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        m, u = _zeros(p), _zeros(p)
        made[m] = beta1 * m + (1 - beta1) * g
        made[u] = T.maximum(beta2 * u, abs(g) + epsilon)
        made[p] = p - learning_rate / (1 - beta1**t) * made[m] / made[u]
    return made


def amsgrad(
    loss_or_grads: Any,
    params: Sequence[Any],
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Updates:
    """:func:`adam` with the largest ``v`` so far."""
    made: Updates = OrderedDict()
    t = _counted(made)
    rate = learning_rate * T.sqrt(1 - beta2**t) / (1 - beta1**t)
    for p, g in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        m, v, largest = _zeros(p), _zeros(p), _zeros(p)
        made[m] = beta1 * m + (1 - beta1) * g
        made[v] = beta2 * v + (1 - beta2) * g**2
        made[largest] = T.maximum(largest, made[v])
        made[p] = p - rate * made[m] / (T.sqrt(made[largest]) + epsilon)
    return made


def norm_constraint(tensor_var: Any, max_norm: Any, norm_axes: Any = None, epsilon: float = 1e-7) -> Any:
    """Units whose incoming weights are too long, scaled down to ``max_norm``."""
    if norm_axes is None:
        if not 2 <= tensor_var.ndim <= 5:
            raise ValueError(f"Unsupported tensor dimensionality {tensor_var.ndim}. Must specify `norm_axes`")
        norm_axes = (0,) if tensor_var.ndim == 2 else tuple(range(1, tensor_var.ndim))
    lengths = T.sqrt(T.sum(T.sqr(tensor_var), axis=norm_axes, keepdims=True))
    return tensor_var * (T.clip(lengths, 0, max_norm) / (epsilon + lengths))


def total_norm_constraint(
    tensor_vars: Sequence[Any], max_norm: Any, epsilon: float = 1e-7, return_norm: bool = False
) -> Any:
    """All tensors scaled by one factor so that their joint length is at most ``max_norm``."""
    length = T.sqrt(sum(T.sum(x**2) for x in tensor_vars))
    factor = T.clip(length, 0, max_norm) / (epsilon + length)
    scaled = [x * factor for x in tensor_vars]
    return (scaled, length) if return_norm else scaled
