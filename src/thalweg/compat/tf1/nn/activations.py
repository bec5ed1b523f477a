"""Activations, softmax and dropout."""

from __future__ import annotations

from typing import Any

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, static_int, static_value, value, wrap
from thalweg.compat.tf1.lengths import dims_of, filled
from thalweg.compat.tf1.random import keyed
from thalweg.ops import activation, contract, elementwise, joining, random
from thalweg.ops.softmax import log_softmax as core_log_softmax
from thalweg.ops.softmax import softmax as core_softmax


def _activation(kind: str, fn: Any) -> Any:
    def apply(features: Any = None, name: str | None = None, **others: Any) -> Tensor:
        x = others.pop("x", features)
        return wrap(fn(value(x)), name, kind, [x])

    apply.__name__, apply.__doc__ = kind.lower(), f"{kind} of each element."
    return apply


relu = _activation("Relu", activation.relu)
relu6 = _activation("Relu6", activation.relu6)
elu = _activation("Elu", activation.elu)
selu = _activation("Selu", activation.selu)
softplus = _activation("Softplus", activation.softplus)
softsign = _activation("Softsign", activation.softsign)
swish = _activation("Swish", activation.silu)


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """x where positive, ``alpha`` x elsewhere; ``alpha`` may be a node: then the greater of both."""
    slope, x = static_value(alpha), value(features)
    if slope is None:
        return wrap(elementwise.maximum(x, x * value(alpha)), name, "LeakyRelu", [features, alpha])
    return wrap(activation.leaky_relu(x, float(slope)), name, "LeakyRelu", [features])


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """relu(x) and relu(-x) side by side."""
    x: Any = value(features)
    return wrap(
        joining.concat([activation.relu(x), activation.relu(-x)], axis=axis), name, "CRelu", [features]
    )


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Exponentials over their sum, along ``axis`` (the last one by default)."""
    over = -1 if axis is None and dim is None else static_int(dim if axis is None else axis, "axis")
    return wrap(core_softmax(value(logits), over), name, "Softmax", [logits])


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`."""
    over = -1 if axis is None and dim is None else static_int(dim if axis is None else axis, "axis")
    return wrap(core_log_softmax(value(logits), over), name, "LogSoftmax", [logits])


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Elements kept with probability ``keep_prob`` and divided by it; the others are 0."""
    of_rate = 16 if keep_prob is None or isinstance(keep_prob, (int, float)) else 17
    with g.default_graph().made_of(of_rate):
        return _dropout(x, keep_prob, noise_shape, seed, name, rate)


def _dropout(x: Any, keep_prob: Any, noise_shape: Any, seed: Any, name: str | None, rate: Any) -> Tensor:
    t = value(x)
    if rate is not None:
        drop: Any = rate if isinstance(rate, (int, float)) else _scalar(rate, t.dtype)
    elif isinstance(keep_prob, (int, float)):
        if not 0 < keep_prob <= 1:
            raise ValueError(
                f"keep_prob must be a scalar tensor or a float in the range (0, 1], got {keep_prob}"
            )
        drop = 1 - keep_prob
    else:
        drop = 1.0 - _scalar(keep_prob, t.dtype)
    lengths = None
    if noise_shape is not None:
        dims = dims_of(noise_shape)
        if dims is None:
            return wrap(_thinned(t, drop, noise_shape, seed), name, "dropout", [x, noise_shape])
        lengths = tuple(d if d == 1 else None for d in dims)
    thinned = nn.dropout(t, drop, noise_shape=lengths, symbolic=True, key=keyed(seed))
    return wrap(thinned, name, "dropout", [x])


def _scalar(x: Any, dtype: Any) -> Any:
    """A number, also where a placeholder does not say that it is one."""
    t = g.cast(value(x), dtype)
    return t if t.shape == () else g.shaped_as(t, ())


def _thinned(t: Any, drop: Any, noise_shape: Any, seed: Any) -> Any:
    """Dropout whose draws have a shape that a run alone knows."""
    draws: Any = random.uniform(like=filled(noise_shape, 0.0, t.dtype), symbolic=True, key=keyed(seed))
    kept = 1.0 - drop
    made = elementwise.where(draws < kept, t / kept, 0.0)
    return made if t.shape is None else g.shaped_as(made, t.shape)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """A vector added over the channels."""
    return wrap(nn.bias_add(g.value(value), g.value(bias), data_format), name, "BiasAdd", [value, bias])


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``x @ weights + biases``."""
    return wrap(contract.matmul(value(x), value(weights)) + value(biases), name, "xw_plus_b", [x, 0])  # type: ignore[operator]


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``relu(x @ weights + biases)``."""
    return relu(xw_plus_b(x, weights, biases), name)
