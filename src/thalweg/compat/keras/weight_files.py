"""Models and weights in groups of HDF5 files that a program opened itself; ``keras.engine.saving`` had functions for
them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from thalweg.models import foreign, hdf5, saving
from thalweg.models.keras_older import renewed

__all__ = [
    "load_attributes_from_hdf5_group",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "preprocess_weights_for_loading",
    "save_weights_to_hdf5_group",
]


def load_weights_from_hdf5_group(f: Any, layers: Sequence[Any], reshape: bool = False) -> None:
    """Give layers the weights of a group, in order; all or none."""
    _load(f, layers, False, False, reshape)


def load_weights_from_hdf5_group_by_name(
    f: Any, layers: Sequence[Any], skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Give layers whose names are in a group the weights of these; ``skip_mismatch``: where the shapes are equal."""
    _load(f, layers, True, skip_mismatch, reshape)


def _load(f: Any, layers: Sequence[Any], by_name: bool, skip_mismatch: bool, reshape: bool) -> None:
    file = f.file.filename
    tree = foreign.Tree(f, foreign.limit(file))
    found = foreign.weights_of_layers(layers, tree, file, by_name)
    own = {f"{k}: {weight.name}": weight for k, (weight, _) in enumerate(found)}
    given = {name: array for name, (_, array) in zip(own, found, strict=True)}
    saving.set_values(own, given, file, skip_mismatch, by_name, reshape)


def save_weights_to_hdf5_group(f: Any, layers: Sequence[Any]) -> None:
    """Write the weights of layers to a group."""
    hdf5.mark(f)
    hdf5.write_layers(f, {layer.name: layer for layer in layers})


def load_attributes_from_hdf5_group(group: Any, name: str) -> list[str]:
    """A list of names among the attributes of a group."""
    return foreign.names_in(foreign.Tree(group, 0), name)


def preprocess_weights_for_loading(
    layer: Any,
    weights: Sequence[Any],
    original_keras_version: Any = None,
    original_backend: Any = None,
    reshape: bool = False,
) -> list[Any]:
    """The arrays of a layer that another version or backend of Keras wrote, as the layer takes them now."""
    version = int(str(original_keras_version or "1").partition(".")[0])
    arrays = renewed(layer, list(weights), version, original_backend or "tensorflow")
    own = foreign.in_order_of_keras(layer) if reshape else ()
    return [a.reshape(w.shape) for a, w in zip(arrays, own, strict=True)] if reshape else arrays


def is_open(place: Any) -> bool:
    """Whether it is an open HDF5 file, a group in one, or another open file of bytes."""
    return _is_group(place) or hasattr(place, "write")


def _is_group(place: Any) -> bool:
    return hasattr(place, "create_group") and hasattr(place, "attrs")


@contextmanager
def as_file(place: Any, reading: bool) -> Iterator[str]:
    """The path of a file with what a group or an open file has; or, unless ``reading``, whose content it gets
    afterwards.
    """
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        if not _is_group(place):
            if reading:
                Path(path).write_bytes(place.read())
            yield path
            if not reading:
                place.write(Path(path).read_bytes())
            return
        import h5py

        if reading:
            with h5py.File(path, "w") as file:
                _copy(place, file)
        yield path
        if not reading:
            with h5py.File(path, "r") as file:
                _copy(file, place)


def _copy(source: Any, target: Any) -> None:
    for name in source:
        source.copy(name, target)
    for key, value in source.attrs.items():
        target.attrs[key] = value
