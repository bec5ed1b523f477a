"""Models in HDF5 files. The weights stand in the layout of Keras 2, where h5py, Keras and programs that read such files
look for them; beside it the group ``thalweg`` holds all that a safetensors file would, its arrays shared.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.extras import EXTRAS
from thalweg.models import foreign
from thalweg.models.keras_descriptions import description
from thalweg.models.paths import free_name, weight_paths

__all__ = ["image", "is_ours", "read", "wanted"]

SUFFIXES = (".h5", ".hdf5")
_VERSION = "2.4.0"  # of Keras, whose layout this is
_OWN = "top_level_model_weights"  # the group of a model's own weights
_LONGEST = 64000  # bytes that an attribute may have; longer lists stand in several, "layer_names0", "layer_names1", ...


def wanted(path: Any) -> bool:
    """Whether a file of this name is to be HDF5: by its suffix, where h5py is installed."""
    here = next(extra for extra in EXTRAS if extra.name == "h5").present()
    return here and os.fspath(path).endswith(SUFFIXES)


def is_ours(name: str) -> bool:
    """Whether an HDF5 file was written here."""
    with foreign.opened(name) as file:
        return "thalweg" in file


def image(model: Any, tensors: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> bytes:
    """The bytes of the file: ``tensors`` and ``texts`` are those of a safetensors file."""
    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        whole = "model" in texts
        described = description(model) if whole else None
        if described is not None:
            file.attrs["model_config"] = json.dumps(described).encode()  # as Keras 2 reads it: ASCII
        group = file.create_group("model_weights") if whole else file
        for place in {file, group}:
            mark(place)
        stored = write_layers(group, _layers_by_name(model))
        own = file.create_group("thalweg")
        own.attrs["format"] = "thalweg"
        for key, text in texts.items():
            own.attrs[key] = text
        paths = weight_paths(model)
        for name, value in tensors.items():
            weight = paths.get(name.removeprefix("weights/")) if name.startswith("weights/") else None
            own[f"tensors/{name}"] = stored.get(id(weight), _storable(name, value))
    return held.getvalue()


def mark(group: Any) -> None:
    """Say in a group for which Keras it is."""
    group.attrs["backend"] = np.bytes_("tensorflow")
    group.attrs["keras_version"] = np.bytes_(_VERSION)


def _layers_by_name(model: Any) -> dict[str, Any]:
    """The layers, and the model itself where it has weights of its own, by free names."""
    names: dict[str, Any] = {}
    for layer in model.layers:
        names[free_name(layer.name.replace("/", "_"), names)] = layer
    return names | ({_OWN: model} if model.own_weights() else {})


def write_layers(group: Any, layers: Mapping[str, Any]) -> dict[int, Any]:
    """A group for each layer, with the names of its weights; the arrays by the weights' ids."""
    stored: dict[int, Any] = {}
    _set_names(group, "layer_names", [name for name in layers if name != _OWN])
    for name, layer in layers.items():
        weights = foreign.in_order_of_keras(layer) if name != _OWN else layer.own_weights()
        place = group.create_group(name)
        taken: dict[str, Any] = {}
        for weight in weights:
            whole = str(weight.name or "weight")  # with the layers around it, as far as names tell them
            path = whole if "/" in whole else f"{name}/{whole}"
            taken[free_name(path, taken)] = weight
        _set_names(place, "weight_names", [f"{path}:0" for path in taken])
        for path, weight in taken.items():
            known = stored.get(id(weight))
            place[f"{path}:0"] = _storable(path, weight.get_value()) if known is None else known
            stored.setdefault(id(weight), place[f"{path}:0"])
    return stored


def _storable(name: str, value: np.ndarray) -> np.ndarray:
    if value.dtype.kind not in "biuf":
        raise fail(
            ArgumentError,
            f"{name!r}: HDF5 has no {value.dtype.name}",
            hint="save to a file that ends in .safetensors",
        )
    return value


def _set_names(group: Any, key: str, names: Sequence[str]) -> None:
    """A list of names as attributes, each short enough for the format."""
    texts = np.array([name.encode("utf-8") for name in names], "S" if names else "S1")
    several = max(1, _LONGEST // texts.itemsize)
    if len(texts) <= several:
        group.attrs[key] = texts
        return
    for k, start in enumerate(range(0, len(texts), several)):
        group.attrs[f"{key}{k}"] = texts[start : start + several]


def read(path: Any) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and texts that :func:`image` was given."""
    with foreign.opened(path) as file:
        own = file["thalweg"]
        texts = {key: str(value) for key, value in own.attrs.items()}
        found: dict[str, np.ndarray] = {}
        stack = [("", foreign.Tree(own, foreign.limit(path)).child("tensors"))]
        while stack:
            place, here = stack.pop()
            if isinstance(here, foreign.Tree):
                stack += [(f"{place}/{name}".lstrip("/"), here.child(name)) for name in here.group]
            elif here is not None:
                found[place] = here
    return found, texts
