"""Models as Keras 1 described them, in the words of Keras 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.compat.keras import layers as _layers
from thalweg.compat.keras.merging import merging
from thalweg.errors import DataError, fail
from thalweg.registry import config_of

__all__ = ["is_of_keras_1", "of_keras_2"]

_WORDS = {
    "init",
    "inner_init",
    "nb_filter",
    "border_mode",
    "dim_ordering",
    "W_regularizer",
    "input_dtype",
    "bias",
}
_LIMITS = {"m": "max_value"}


def is_of_keras_1(description: Mapping[str, Any]) -> bool:
    """Whether a layer is described in words that only Keras 1 had."""
    config = description.get("config", {})
    if isinstance(config, list):
        return any(map(is_of_keras_1, config))
    return bool(_WORDS & set(config)) or any(map(is_of_keras_1, config.get("layers") or []))


def of_keras_2(description: Mapping[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a model or layer, ``{"class_name": ..., "config": ...}``; classes of ``custom`` stay."""
    kind, config = description["class_name"], description["config"]
    if kind in custom:
        return dict(description)
    if kind == "Sequential":
        if config and config[0]["class_name"] == "Merge":
            raise fail(
                DataError, "a model that begins with Merge is not made of a description of Keras 1",
                hint="make it again in the program, then load_weights()",
            )  # fmt: skip
        return {**description, "config": [of_keras_2(one, custom) for one in config]}
    if "layers" in config:
        return {
            **description,
            "config": {**config, "layers": [of_keras_2(one, custom) for one in config["layers"]]},
        }
    config = {**config, "dtype": config.get("input_dtype")} if kind == "InputLayer" else dict(config)
    config.pop("input_dtype", None)
    if kind == "InputLayer":
        return {**description, "config": config}
    if kind == "Merge":
        layer = merging(config["mode"], config["concat_axis"], config["dot_axes"], {"name": config["name"]})
        return {
            **description,
            "class_name": type(layer).__name__,
            "config": {"trainable": True, **config_of(layer)},
        }
    return {**description, **_layer(kind, config, custom)}


def _layer(kind: str, config: dict[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
    if "layer" in config:
        config["layer"] = of_keras_2(config["layer"], custom)
    if config.get("batch_input_shape") is not None:  # which says more
        config = {
            k: v
            for k, v in config.items()
            if k != "input_length" and (k != "input_dim" or kind == "Embedding")
        }
    found = getattr(_layers, kind)
    _, words = found.translate((), {key: _rule(value) for key, value in config.items()})
    return {"class_name": found.target.__name__, "config": words}


def _rule(value: Any) -> Any:
    """A regulariser or constraint, which Keras 1 described by its name and its numbers in one."""
    if not isinstance(value, Mapping) or "name" not in value or "class_name" in value:
        return value
    numbers = {_LIMITS.get(key, key): number for key, number in value.items() if key != "name"}
    return {"class_name": "L1L2" if "l1" in numbers or "l2" in numbers else value["name"], "config": numbers}
