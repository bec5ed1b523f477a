"""Data sets in folders: what ``dataset.save(path)`` writes and ``Dataset.load(path)`` reads.

A folder holds ``elements.npz``, all elements leaf by leaf, and ``structure.json``, how leaves make an element. Nothing
in it is TensorFlow's format.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.tf2.data.elements import leaves, placed
from thalweg.compat.tf2.text import is_text
from thalweg.errors import DataError, fail
from thalweg.files import atomic_write, atomic_write_text, writable_folder

_VALUES, _STRUCTURE = "elements.npz", "structure.json"


def write(elements: Iterable[Any], path: Any) -> None:
    """Write the elements into a folder."""
    folder = writable_folder(Path(path))
    rows, described = [], None
    for element in elements:
        described = _described(element) if described is None else described
        rows.append([np.asarray(leaf) for leaf in leaves(element)])
    columns: dict[str, np.ndarray] = {}
    for k, column in enumerate(zip(*rows)):
        columns |= {f"{k}.{name}": part for name, part in _packed(column).items()}
    with atomic_write(folder / _VALUES) as file:
        np.savez(file, **columns)  # type: ignore[arg-type]
    atomic_write_text(folder / _STRUCTURE, json.dumps({"count": len(rows), "structure": described}))


def read(path: Any) -> Iterator[Any]:
    """The elements in a folder."""
    folder = Path(path)
    if not (folder / _STRUCTURE).exists():
        raise fail(
            DataError, f"Dataset.load: {str(folder)!r} holds no data set that this library saved",
            hint="dataset.save(path) writes one; TensorFlow's own files are not read",
        )  # fmt: skip
    kept = json.loads((folder / _STRUCTURE).read_text())
    form = _form(kept["structure"])
    with np.load(folder / _VALUES, allow_pickle=False) as file:
        columns = [_unpacked(file, k, kept["count"]) for k in range(len(leaves(form)))]
    yield from (placed(form, row) for row in zip(*columns))


def _packed(column: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    """The arrays of one leaf: their elements in a row, and their shapes; of texts, the bytes and their lengths."""
    if any(array.ndim != column[0].ndim for array in column):
        raise fail(DataError, "dataset.save: a part of the elements has different numbers of axes")
    found = {"shapes": np.array([array.shape for array in column], np.int64).reshape(len(column), -1)}
    flat = [array.reshape(-1) for array in column]
    if not any(array.dtype == object for array in column):
        return {**found, "values": np.concatenate(flat)}
    texts = [text for array in flat for text in array.tolist()]
    if not all(is_text(text) for text in texts):
        raise fail(
            DataError, "dataset.save: ragged and sparse tensors are not kept", hint="keep their values"
        )
    as_bytes = [text if isinstance(text, bytes) else str(text).encode() for text in texts]
    return {
        **found,
        "bytes": np.frombuffer(b"".join(as_bytes), np.uint8),
        "lengths": np.array(list(map(len, as_bytes)), np.int64),
    }


def _unpacked(file: Any, leaf: int, count: int) -> list[np.ndarray]:
    shapes = file[f"{leaf}.shapes"]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    if f"{leaf}.values" in file:
        values = file[f"{leaf}.values"]
    else:
        data, stops = file[f"{leaf}.bytes"].tobytes(), np.cumsum(file[f"{leaf}.lengths"])
        values = np.empty(len(stops), object)
        values[:] = [data[a:b] for a, b in zip([0, *stops[:-1]], stops)]
    return [part.reshape(shape) for part, shape in zip(np.split(values, ends), shapes)][:count]


def _described(structure: Any) -> Any:
    """A structure of tuples and dicts as JSON has them; None stands for a leaf."""
    if isinstance(structure, dict):
        return {"dict": {key: _described(part) for key, part in structure.items()}}
    return {"tuple": list(map(_described, structure))} if isinstance(structure, tuple) else None


def _form(described: Any) -> Any:
    """The structure, with None for each leaf."""
    if described is None:
        return None
    if "dict" in described:
        return {key: _form(part) for key, part in described["dict"].items()}
    return tuple(map(_form, described["tuple"]))
