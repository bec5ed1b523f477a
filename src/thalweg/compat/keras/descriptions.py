"""Layers, models and optimizers as Keras 1 and 2 described them: all their arguments, in plain data.

The dialect puts these words in place of the main library's ``get_config`` and ``from_config``, which files keep using.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thalweg import constraints, initializers, layers, regularizers
from thalweg.compat.keras.custom import InputPlace
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.models import keras_descriptions, keras_models
from thalweg.nn.convolution import channels_first
from thalweg.registry import Configured, all_arguments, registered

# Arguments that say how a layer is placed, and those that Keras 1 and 2 did not have: told only where they were given.
_PLACING = ("input_shape", "input_dim", "batch_input_shape", "weights", "name", "trainable", "dtype")
_NEW = (
    "activity_regularizer", "backward_layer", "groups", "input_axes", "lora_alpha", "lora_rank", "output_axes",
    "output_shape", "seed", "time_major", "use_cudnn", "zero_output_for_mask",
)  # fmt: skip
# Arguments of the class above that a class gives itself.
_FIXED = {
    "AdditiveAttention": ("score_mode",),
    "ThresholdedReLU": ("max_value", "negative_slope", "threshold"),
}
_ROOMS: dict[str, Any] = {
    "initializer": initializers, "regularizer": regularizers, "constraint": constraints, "activation": activations,
}  # fmt: skip


def settings(layer: Layer) -> dict[str, Any]:
    """All arguments of a layer."""
    found: dict[str, Any] = {"name": layer.name, "trainable": bool(layer.trainable)}
    if layer.input_shape_given is not None:
        found["batch_input_shape"] = tuple(layer.input_shape_given)
    found["dtype"] = layer.dtype.name
    hidden = set(_PLACING) - ({"input_dim"} if isinstance(layer, layers.Embedding) else set())
    hidden |= set(_FIXED.get(type(layer).__name__, ()))
    for name, value in all_arguments(layer).items():
        if name not in hidden and (value is not None or name not in _NEW):
            found[name] = _setting(layer, name, value)
    if isinstance(layer, layers.LeakyReLU):
        found["alpha"] = found.pop("negative_slope")
    return _of_their_time(found)


def _of_their_time(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in found.items()
        if name not in _NEW or value not in (None, False, 1, "auto")
    }


def _setting(layer: Layer, name: str, value: Any) -> Any:
    """One of them, as the layer understood it, or as a program has replaced it."""
    value = layer.argument_now(name, value)
    room = _ROOMS.get(name.rpartition("_")[2])
    if room is not None and not isinstance(value, Mapping):
        value = room.get(value)
    elif name == "data_format":
        value = "channels_first" if channels_first(value) else "channels_last"
    else:
        own = getattr(layer, name, None)
        value = own if isinstance(own, (int, float, str, tuple)) and not isinstance(own, bool) else value
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value as plain data, as far as there is some for it."""
    if isinstance(value, Layer):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, Configured):
        given = all_arguments(value)
        config = _of_their_time({n: _plain(v) for n, v in given.items()})
        return {"class_name": type(value).__name__, "config": config}
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(one) for one in value)
    name = getattr(value, "__name__", None)
    known = callable(value) and getattr(value, "__module__", "").startswith("thalweg.")
    return name if known and name and name != "<lambda>" else value


def _described(layer: Layer) -> dict[str, Any]:
    """A layer of a model."""
    return {"name": layer.name, "class_name": type(layer).__name__, "config": layer.get_config()}


def described(model: Any, alone: bool) -> dict[str, Any] | None:
    """A model; None of one that Keras had no such description of. ``alone``: as stand-alone Keras said it."""
    if _tells_of_itself(model):
        return {"class_name": type(model).__name__, "config": model.get_config()}
    found = keras_descriptions.description(model, _described)
    return found if found is None or not alone else _alone(found)


def _tells_of_itself(model: Any) -> bool:
    """Whether the class is a program's own that says what a model is made of."""
    cls = type(model)
    return not cls.__module__.startswith("thalweg.") and "get_config" in vars(cls)


def _alone(found: dict[str, Any]) -> dict[str, Any]:
    """A model, or a layer of one, as stand-alone Keras said it: inputs of a Sequential stand in its first layer."""
    kind, config = found["class_name"], found["config"]
    if not isinstance(config, Mapping) or "layers" not in config:
        return found
    parts = [_alone(part) for part in config["layers"]]
    if kind == "Sequential":
        first, *parts = parts
        shape = tuple(first["config"]["batch_input_shape"])
        if parts and "layers" not in parts[0]["config"]:
            parts[0] = {**parts[0], "config": {"batch_input_shape": shape, **parts[0]["config"]}}
        parts = [{"class_name": part["class_name"], "config": part["config"]} for part in parts]
    return {
        **found,
        "class_name": {"Functional": "Model"}.get(kind, kind),
        "config": {**config, "layers": parts},
    }


def is_of_keras(config: Any) -> bool:
    """Whether a configuration is in these words."""
    values = list(config) if isinstance(config, list) else list(config.values())
    parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return any(isinstance(part, Mapping) and "class_name" in part for part in parts)


def made(kind: str, config: Any, custom_objects: Any = None, **models: Any) -> Any:
    """The object that a configuration in these words describes; ``models``: the classes of models inside it."""
    older = {n: c for n, c in registered("compat").items() if isinstance(c, type) and _is_layer(c)}
    known = {**older, **registered("custom"), **{f"models.{name}": cls for name, cls in models.items()}}
    return keras_models.described({"class_name": kind, "config": config}, {**known, **(custom_objects or {})})


def _is_layer(cls: type) -> bool:
    """Whether it is a class of layers that are no models."""
    return issubclass(cls, Layer) and not hasattr(cls, "fit")


def speak(model: Any, sequential: Any, alone: bool) -> None:
    """Give these words to the layers of the library, and to these classes of models."""
    for cls in {*_with_those_below(Layer)}:
        if "get_config" in vars(cls) and cls.__module__.startswith("thalweg.") and cls is not InputPlace:
            setattr(cls, "get_config", _telling(vars(cls)["get_config"], alone))  # noqa: B010
    Layer.from_config = classmethod(_layer_from)  # type: ignore[assignment,method-assign]
    for cls in (model, sequential):
        for owner in cls.__mro__:
            if "from_config" in vars(owner) and owner.__module__.startswith("thalweg.compat.keras."):
                plain = vars(owner)["from_config"].__func__
                owner.from_config = classmethod(_model_from(plain, Model=model, Sequential=sequential))
    model.to_json = sequential.to_json = _to_json(model.to_json, alone)


def _with_those_below(cls: Any) -> Iterator[type]:
    yield cls
    for derived in cls.__subclasses__():
        yield from _with_those_below(derived)


def _telling(plain: Callable[[Any], dict[str, Any]], alone: bool) -> Callable[[Any], Any]:
    """``get_config`` of a class of the library in these words; to a class of a program's own as it was."""
    plain = getattr(plain, "plain", plain)

    @functools.wraps(plain)
    def get_config(self: Any) -> Any:
        asked_from_above = type(self).get_config is not get_config
        if asked_from_above and isinstance(self, layers.RNN):  # classes above a cell of their own take it out
            return {"cell": _plain(self.cell), **plain(self)}
        if asked_from_above or not type(self).__module__.startswith("thalweg."):
            return plain(self)
        if not hasattr(self, "compile_arguments"):
            return settings(self)
        found = described(self, alone)
        return plain(self) if found is None else found["config"]

    get_config.plain = plain  # type: ignore[attr-defined]
    return get_config


def _layer_from(cls: Any, config: Any) -> Any:
    """An object from what ``get_config`` gave."""
    if cls.__module__.startswith("thalweg.layers.") and is_of_keras(config):
        return made(cls.__name__, config)
    return cls(**config)


def _model_from(plain: Callable[..., Any], **models: Any) -> Callable[..., Any]:
    @functools.wraps(plain)
    def from_config(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        if not is_of_keras(config):
            return plain(cls, config, custom_objects)
        own = "Sequential" if issubclass(cls, models["Sequential"]) or isinstance(config, list) else "Model"
        return made(own, config, custom_objects, **{**models, own: cls})

    return from_config


def _to_json(plain: Callable[[Any], str], alone: bool) -> Callable[..., str]:
    plain = getattr(plain, "plain", plain)

    @functools.wraps(plain)
    def to_json(self: Any, **options: Any) -> str:
        found = described(self, alone)
        try:
            whole = {**(found or {}), "keras_version": "2.2.4" if alone else "2.4.0", "backend": "tensorflow"}
            return plain(self) if found is None else json.dumps(whole, **options)
        except TypeError:  # a function of the program's own is part of it
            return plain(self)

    to_json.plain = plain  # type: ignore[attr-defined]
    return to_json
