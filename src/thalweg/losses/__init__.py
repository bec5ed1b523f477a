"""Losses as Keras names them: functions of (targets, predictions), and classes that weigh and reduce.

A function gives one loss per example (the mean over the last axis); a class gives the mean over the batch. Targets
never broadcast against predictions: a last axis of length 1 is added or dropped, anything else is a ShapeError. Where a
prediction is the softmax or sigmoid of something, the cross-entropies are computed from that something.
"""

from __future__ import annotations

from typing import Any

from thalweg.losses.base import FunctionLoss, PlainLoss
from thalweg.losses.base import FunctionOf as FunctionOf
from thalweg.losses.base import Loss as Loss
from thalweg.losses.base import reduce_counted as reduce_counted
from thalweg.losses.base import reduce_weighted as reduce_weighted
from thalweg.losses.base import weights_like as weights_like
from thalweg.losses.margins import *  # noqa: F403
from thalweg.losses.overlap import *  # noqa: F403
from thalweg.losses.probability import *  # noqa: F403
from thalweg.losses.probability import binary_crossentropy, kl_divergence
from thalweg.losses.regression import *  # noqa: F403
from thalweg.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from thalweg.losses.sequences import *  # noqa: F403
from thalweg.losses.targets import class_numbers as class_numbers
from thalweg.losses.targets import logits_of as logits_of
from thalweg.losses.targets import matched as matched
from thalweg.losses.targets import mean_last as mean_last
from thalweg.losses.targets import same_rank as same_rank
from thalweg.losses.targets import tensor as tensor
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize
from thalweg.registry import lookup, register, snake_case

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence
logcosh = log_cosh

_CLASSES: dict[str, Any] = {
    name: cls
    for name, cls in list(globals().items())
    if isinstance(cls, type) and issubclass(cls, FunctionLoss) and cls not in (FunctionLoss, PlainLoss)
}
_OF_FUNCTION: dict[Any, Any] = {cls.fn: cls for cls in _CLASSES.values()}
for _function in _OF_FUNCTION:
    register("losses", _function.__name__)(_function)
_FUNCTIONS = {n: f for n, f in list(globals().items()) if n[0] != "_" and callable(f) and f in _OF_FUNCTION}
_TABLE = _CLASSES | {snake_case(name): cls for name, cls in _CLASSES.items()}
_TABLE |= {name: _OF_FUNCTION[function] for name, function in _FUNCTIONS.items()}
_TABLE |= {
    "kullback_leibler_divergence": _OF_FUNCTION[kl_divergence],
    "huber_loss": _CLASSES["Huber"],
    "cosine_proximity": _CLASSES["CosineSimilarity"],
}

__all__ = ["Loss", "deserialize", "get", "serialize", *_CLASSES, *_FUNCTIONS]


def get(given: Any) -> Any:
    """A loss from a name, an object, a class, a function of this room, or any function of (y_true, y_pred).

    Names are those of the classes and functions, and short ones: "mse", "mae", "mape", "msle", "bce", "kld".

    >>> get("mse").name
    'mean_squared_error'
    """
    if given is None or isinstance(given, Loss):
        return given
    if isinstance(given, type):
        made: Any = given
        return made()
    if callable(given):
        return _OF_FUNCTION[given]() if given in _OF_FUNCTION else FunctionOf(given)
    return lookup("loss", given, _TABLE)()
