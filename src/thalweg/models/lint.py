"""Warnings before training: a last activation, a loss and targets that do not fit each other; data of another rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import losses
from thalweg.errors import ArgumentError, DataError, ShapeError, fail, warn
from thalweg.graph.tensor import shape_text
from thalweg.layers.uneven import FilledRows, UnevenInput
from thalweg.nested import flat, mapped

__all__ = ["check_compiled", "check_predictions", "check_targets", "ranked"]

_BINARY = (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy)
_ONE_HOT = (losses.CategoricalCrossentropy, losses.CategoricalFocalCrossentropy)
_SPARSE = (losses.SparseCategoricalCrossentropy, losses.CategoricalGeneralizedCrossEntropy)
_HINGES = (losses.Hinge, losses.SquaredHinge, losses.CategoricalHinge)
_REAL = (
    losses.MeanSquaredError, losses.MeanAbsoluteError, losses.MeanAbsolutePercentageError, losses.Huber, losses.LogCosh,
)  # fmt: skip
# What a last activation can give.
_RANGES = {
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
}


@dataclass
class _Output:
    """What is known of one output before any data: the layer that gives it, the activation, the last axis; its loss."""

    layer: Any
    activation: str | None
    units: int | None
    loss: Any

    def warn(self, text: str) -> None:
        warn(f"{self}: {text}")

    def __str__(self) -> str:
        where = f"layer {self.layer.name!r} and " if self.layer is not None else ""
        return f"{where}loss {self.loss.name!r}"


def last_activation(layer: Any) -> str | None:
    """The name of the last activation of a layer, "linear" if it has none, where known: not of a program's own."""
    if not type(layer).__module__.startswith(__name__.partition(".")[0] + "."):
        return None
    activation = getattr(layer, "activation", None)
    if activation is not None:
        return getattr(activation, "__name__", None)
    return type(layer).__name__.lower() if type(layer).__name__ in ("Softmax", "ReLU") else None


def _outputs(model: Any, loss: Any) -> list[_Output]:
    """The outputs with a loss each, in order; none where losses and outputs cannot be matched yet."""
    found: list[Any] = getattr(model, "last_layers", list)()
    given = _in_order(model, loss)
    if len(given) not in (1, len(found) or len(given)):
        return []
    if not found:  # a model that has only a method call: nothing is known but the losses
        return [_Output(None, None, None, losses.get(one)) for one in given]
    graph = getattr(model, "_graph", None)
    units = [None] * len(found) if graph is None else [_last_axis(t) for t in flat(graph.outputs)]
    pairs = zip(found, units, given if len(given) > 1 else given * len(found))
    return [_Output(layer, last_activation(layer), count, losses.get(one)) for layer, count, one in pairs]


def _last_axis(output: Any) -> int | None:
    return output.shape[-1] if output.shape else None


def _in_order(model: Any, given: Any) -> list[Any]:
    """What was given for the outputs, in their order where they have names."""
    graph = getattr(model, "_graph", None)
    if isinstance(given, Mapping) and graph is not None:
        return [given.get(name) for name in graph.output_names()]
    return flat(given)


def check_compiled(model: Any, loss: Any) -> None:
    """Warn of a last activation that the loss does not expect."""
    for output in _outputs(model, loss):
        if output.loss is not None and output.layer is not None:
            for text in _misfits(output.loss, output.activation, output.units):
                output.warn(text)


def _misfits(loss: Any, activation: str | None, units: int | None) -> list[str]:
    found = []
    binary, categorical = isinstance(loss, _BINARY), isinstance(loss, (*_ONE_HOT, *_SPARSE))
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
    if isinstance(loss, _HINGES) and activation in ("sigmoid", "softmax", "relu"):
        found.append(
            f"expects scores of both signs, but the last activation is {activation}: use tanh or none"
        )
    return found


def check_predictions(given: Any, predictions: Any) -> None:
    """Warn of what models that only have a method call show at their first step: the op that gives a prediction."""
    for loss, prediction in zip(given, predictions):
        name = prediction.op.name if getattr(prediction, "op", None) is not None else None
        activation = {"add": "linear", "matmul": "linear", "softmax": "softmax", "sigmoid": "sigmoid"}.get(
            name or ""
        )
        if loss is not None and activation is not None:
            for text in _misfits(loss, activation, _last_axis(prediction)):
                warn(f"loss {loss.name!r}: {text}")


def check_targets(model: Any, compiled: Any, y: Any, what: str = "y") -> None:
    """Warn of targets that the loss does not expect: values out of reach, rows of many. Numbers that are no class are
    a DataError.
    """
    targets, outputs = _in_order(model, y), _outputs(model, compiled.loss)
    if len(targets) != len(outputs):
        return
    for target, output in zip(targets, outputs):
        if output.loss is None or target is None or not target.size or target.dtype.kind not in "biuf":
            continue
        if isinstance(output.loss, losses.SparseCategoricalCrossentropy):
            wrong = _no_class(target, output.units, output.loss.options.get("ignore_class"))
            if wrong:
                raise fail(DataError, f"{output}: {what}: {wrong}")
        text = _target_misfit(output, target)
        if text:
            output.warn(f"{what}: {text}")
    if isinstance(compiled.given, (list, tuple, str)) and {"accuracy", "acc"} & {
        name for name in flat(compiled.given) if isinstance(name, str)
    }:
        for target, output in zip(targets, outputs):
            if isinstance(output.loss, _REAL) and target is not None and _first(target != np.round(target)):
                output.warn(
                    f"{what}: accuracy counts classes, but these are real numbers; use 'mae' or R2Score()"
                )


def _first(where: np.ndarray) -> list[int] | None:
    """The place of the first True."""
    found = np.argwhere(where)
    return [int(k) for k in found[0]] if len(found) else None


def _target_misfit(output: _Output, target: np.ndarray) -> str | None:
    loss, units = output.loss, output.units
    low, high = target.min(), target.max()
    if isinstance(loss, _SPARSE):
        return _class_misfit(target, units, loss.options.get("ignore_class"))
    if isinstance(loss, _BINARY) and (low < 0 or high > 1):
        return f"targets lie in [{low}, {high}], but probabilities in [0, 1]"
    if isinstance(loss, _ONE_HOT):
        if (target.ndim == 1 or target.shape[-1] == 1) and units not in (None, 1):
            return "targets are class numbers: use sparse_categorical_crossentropy, or make them one-hot"
        sums = target.sum(axis=-1) if target.ndim > 1 and target.shape[-1] > 1 else np.ones(1)
        if np.any(np.abs(sums - 1) > 1e-3):
            place = _first(np.abs(sums - 1) > 1e-3)
            return (
                f"the targets at {place} sum to {sums[tuple(place or ())]:g}, not 1; for several labels at once use "
                "sigmoid and binary_crossentropy"
            )
    if isinstance(loss, _REAL) and output.activation in _RANGES:
        least, most = _RANGES[output.activation]
        if low < least or high > most:
            return f"targets lie in [{low:g}, {high:g}], where {output.activation} never comes: use no last activation"
    return None


def _class_misfit(target: np.ndarray, units: int | None, ignored: int | None) -> str | None:
    if not _are_rows(target, units) and target.dtype.kind == "f":
        place = _first(target != np.floor(target))
        if place is not None:
            return f"the class at {place} is {target[tuple(place)]:g}, no whole number"
    return _no_class(target, units, ignored)


def _are_rows(target: np.ndarray, units: int | None) -> bool:
    """Whether the targets are one-hot rows, of which the loss itself says what is wrong."""
    return target.ndim > 1 and target.shape[-1] == units and units != 1


def _no_class(target: np.ndarray, units: int | None, ignored: int | None) -> str | None:
    """What a number that is no class is, and where the first one stands."""
    counted = target if ignored is None else target[target != ignored]
    if _are_rows(target, units) or not counted.size:
        return None
    low, high = counted.min(), counted.max()
    if units is not None and high >= units:
        place = _first(target == high)
        return (
            f"class {high:g} is out of range for {units} units (the first at {place}; classes count from 0)"
        )
    return f"class {low:g} is negative (the first at {_first(target == low)})" if low < 0 else None


def ranked(model: Any, x: Any) -> Any:
    """The data with an axis of length 1 at the end added or dropped where that gives them the rank of the inputs, as
    Keras does; any other rank is an error that names the input.
    """
    graph = getattr(model, "_graph", None)
    uneven = graph is not None and any(isinstance(t, UnevenInput) for t in graph.flat_inputs)
    if not uneven and any(isinstance(part, FilledRows) for part in flat(x)):
        raise fail(
            ArgumentError, f"{model.name}: the model takes no ragged tensors",
            hint="make its input Input(..., ragged=True); or fill the rows up with x.to_tensor() and mark what was "
            "filled: Embedding(mask_zero=True) or Masking()",
        )  # fmt: skip
    if graph is None:
        return mapped(_column, x) if getattr(model, "numbers_are_columns", False) else x
    inputs = graph.flat_inputs
    if isinstance(x, np.ndarray) and len(inputs) == 1:
        return _ranked(x, inputs[0], graph.input_names()[0], model.name)
    if isinstance(x, list) and len(x) == len(inputs):
        return [_ranked(*pair, model.name) for pair in zip(x, inputs, graph.input_names())]
    return x


def _column(x: Any) -> Any:
    """[batch] numbers as [batch, 1]."""
    return x[:, None] if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind in "biuf" else x


def _ranked(x: np.ndarray, symbol: Any, name: str, model: str) -> np.ndarray:
    shape = symbol.shape
    if shape is None or x.ndim == len(shape):
        return x
    if x.ndim == len(shape) - 1 and shape[-1] == 1:
        return x[..., None]
    if x.ndim == len(shape) + 1 and x.shape[-1] == 1:
        return x[..., 0]
    one = len(shape) == x.ndim + 1 and all(a in (None, b) for a, b in zip(shape[1:], x.shape))
    raise fail(
        ShapeError,
        f"{model}: the data for the input {name!r} have another number of axes",
        expected=shape_text(shape),
        received=shape_text(x.shape),
        hint="a single example becomes a batch of one by x[np.newaxis]" if one else None,
    )
