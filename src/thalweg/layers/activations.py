"""Activations by name: what ``activation="relu"`` stands for."""

from __future__ import annotations

from typing import Any

from thalweg import nn
from thalweg.ops import elementwise as ew
from thalweg.registry import lookup, register

__all__ = ["get", "hard_sigmoid_of_keras_2", "names"]


def exponential(x: Any) -> Any:
    """exp(x)."""
    return ew.exp(x)


def hard_sigmoid_of_keras_2(x: Any) -> Any:
    """0.2 x + 0.5 within [0, 1]: what ``hard_sigmoid`` was before Keras 3.

    >>> hard_sigmoid_of_keras_2([-3.0, 0.0, 1.0]).tolist()
    [0.0, 0.5, 0.699999988079071]
    """
    return ew.clip(ew.add(ew.multiply(x, 0.2), 0.5), 0.0, 1.0)


hard_sigmoid_of_keras_2.__name__ = hard_sigmoid_of_keras_2.__qualname__ = "hard_sigmoid"
register("keras", "hard_sigmoid")(hard_sigmoid_of_keras_2)

_TABLE: dict[str, Any] = {
    "celu": nn.celu,
    "elu": nn.elu,
    "exponential": exponential,
    "gelu": nn.gelu,
    "glu": nn.glu,
    "hard_shrink": nn.hard_shrink,
    "hard_sigmoid": nn.hard_sigmoid,
    "hard_silu": nn.hard_silu,
    "hard_tanh": nn.hard_tanh,
    "leaky_relu": nn.leaky_relu,
    "linear": nn.linear,
    "log_sigmoid": nn.log_sigmoid,
    "log_softmax": nn.log_softmax,
    "mish": nn.mish,
    "relu": nn.relu,
    "relu6": nn.relu6,
    "selu": nn.selu,
    "sigmoid": nn.sigmoid,
    "silu": nn.silu,
    "soft_shrink": nn.soft_shrink,
    "softmax": nn.softmax,
    "softplus": nn.softplus,
    "softsign": nn.softsign,
    "sparse_plus": nn.sparse_plus,
    "sparse_sigmoid": nn.sparse_sigmoid,
    "sparsemax": nn.sparsemax,
    "squareplus": nn.squareplus,
    "tanh": nn.tanh,
    "tanh_shrink": nn.tanh_shrink,
    "threshold": nn.threshold,
}
for _name, _function in _TABLE.items():
    register("activations", _name)(_function)
_TABLE |= {"swish": nn.silu, "hard_swish": nn.hard_silu}


def names() -> list[str]:
    """All names."""
    return sorted(_TABLE)


def get(given: Any) -> Any:
    """A function from a name; None is the identity, and a function is itself.

    >>> get("relu")([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """
    if given is None:
        return nn.linear
    return given if callable(given) else lookup("activation", given, _TABLE)
