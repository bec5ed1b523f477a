"""The table of training settings: epochs, batch and optimizer of every model on every data set."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from thalweg.data import NAMES
from thalweg.errors import ArgumentError

__all__ = ["MODELS", "Settings", "settings_for"]

MODELS = ("softmax", "mlp", "modern", "conv")


@dataclass(frozen=True)
class Settings:
    """How long, in what pieces, and by which rule a model is trained."""

    epochs: int
    batch: int
    optimizer: str
    learning_rate: float


# MNIST: the settings of the classic introductions; Fashion-MNIST has the same form and takes the same.
_MNIST = {
    "softmax": Settings(30, 200, "sgd", 0.05),
    "mlp": Settings(50, 50, "sgd", 0.2),
    "modern": Settings(20, 100, "rmsprop", 0.001),
    "conv": Settings(10, 50, "rmsprop", 0.001),
}
# Digits: 1,437 images give 40 times fewer steps an epoch, so each must go further.
_DIGITS = {
    "softmax": Settings(40, 50, "adam", 0.02),
    "mlp": Settings(50, 50, "adam", 0.02),
    "modern": Settings(80, 50, "adam", 0.001),
    "conv": Settings(30, 50, "adam", 0.002),
}
_TABLE = {"digits": _DIGITS, "mnist": _MNIST, "fashion": _MNIST}


def settings_for(model: str, data: str) -> Settings:
    """The default settings; an unknown name raises an ArgumentError with the nearest known one.

    >>> settings_for("softmax", "mnist")
    Settings(epochs=30, batch=200, optimizer='sgd', learning_rate=0.05)
    >>> settings_for("mpl", "mnist")
    Traceback (most recent call last):
    ...
    thalweg.errors.ArgumentError: unknown model 'mpl'; did you mean 'mlp'? (there are: ...
    """
    return _TABLE[known("data set", data, NAMES)][known("model", model, MODELS)]


def known(kind: str, name: str, names: tuple[str, ...]) -> str:
    """``name`` if it is one of ``names``; else an ArgumentError with the nearest."""
    if name in names:
        return name
    near = get_close_matches(name, names, 1, 0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ArgumentError(f"unknown {kind} {name!r}{hint} (there are: {', '.join(names)})")
