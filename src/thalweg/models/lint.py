"""Warnings before training: a last activation, a loss and targets that do not fit each other."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg import losses
from thalweg.layers.base import flat

__all__ = ["check_compiled", "check_targets"]


def last_activation(layer: Any) -> tuple[str | None, int | None]:
    """The name of the last activation of a layer ("linear" if it has none) and its number of units, where known."""
    activation = getattr(layer, "activation", None)
    name = type(layer).__name__.lower() if type(layer).__name__ in ("Softmax", "ReLU") else None
    if activation is not None:
        name = getattr(activation, "__name__", None)
    return name, getattr(layer, "units", None)


def _last_layers(model: Any) -> list[Any]:
    """The layers that give the outputs, where that is known before a call."""
    found = getattr(model, "last_layers", None)
    return found() if found is not None else []


def _in_order(model: Any, given: Any) -> list[Any]:
    """What was given for the outputs, in their order where they have names."""
    graph = getattr(model, "_graph", None)
    if isinstance(given, Mapping) and graph is not None:
        return [given[name] for name in graph.output_names() if name in given]
    return flat(given)


def check_compiled(model: Any, loss: Any) -> None:
    """Warn of a last activation that the loss does not expect."""
    layers, given = _last_layers(model), _in_order(model, loss)
    if not layers or len(given) not in (1, len(layers)):
        return
    for k, layer in enumerate(layers):
        one = losses.get(given[k] if len(given) > 1 else given[0])
        for text in _misfits(one, *last_activation(layer)):
            warnings.warn(f"layer {layer.name!r} and loss {one.name!r}: {text}", stacklevel=4)


def _misfits(loss: Any, activation: str | None, units: int | None) -> list[str]:
    found = []
    categorical = isinstance(
        loss,
        (
            losses.CategoricalCrossentropy,
            losses.SparseCategoricalCrossentropy,
            losses.CategoricalFocalCrossentropy,
        ),
    )
    binary = isinstance(loss, (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy))
    if activation == "softmax" and units == 1:
        found.append("the softmax of one unit is always 1; use sigmoid and binary_crossentropy")
    elif categorical and units == 1:
        found.append(
            "the cross-entropy over one class is always 0; use binary_crossentropy, or one unit per class"
        )
    logits = bool(getattr(loss, "from_logits", False))
    if (categorical or binary) and logits and activation in ("softmax", "sigmoid"):
        found.append(f"from_logits=True, but the last activation is {activation}: drop one of the two")
    if (categorical or binary) and not logits and activation in ("linear", "relu", "tanh"):
        wanted = "sigmoid" if binary else "softmax"
        found.append(
            f"expects probabilities, but the last activation is {activation}: use {wanted}, or from_logits=True"
        )
    if binary and activation == "softmax" and units != 1:
        found.append("the outputs of a softmax exclude each other; use categorical_crossentropy, or sigmoid")
    return found


def check_targets(model: Any, compiled: Any, y: Any) -> None:
    """Warn of targets that the loss does not expect: class numbers out of range, or outside [0, 1]."""
    targets, given = _in_order(model, y), _in_order(model, compiled.loss)
    layers = _last_layers(model)
    for k, target in enumerate(targets):
        if not given or len(given) not in (1, len(targets)) or not target.size:
            return
        loss = losses.get(given[k] if len(given) > 1 else given[0])
        units = getattr(layers[k], "units", None) if k < len(layers) else None
        text = _target_misfit(loss, target, units)
        if text:
            warnings.warn(f"targets and loss {loss.name!r}: {text}", stacklevel=4)


def _target_misfit(loss: Any, target: np.ndarray, units: int | None) -> str | None:
    low, high = target.min(), target.max()
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        if units is not None and high >= units and loss.options.get("ignore_class") != high:
            return f"class {high} is out of range for {units} units (classes count from 0)"
        if low < 0 and loss.options.get("ignore_class") != low:
            return f"class {low} is negative"
    if isinstance(loss, (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy)) and (
        low < 0 or high > 1
    ):
        return f"targets lie in [{low}, {high}], but probabilities in [0, 1]"
    if isinstance(loss, losses.CategoricalCrossentropy) and target.ndim == 1 and units not in (None, 1):
        return "targets are class numbers: use sparse_categorical_crossentropy, or make them one-hot"
    return None
