"""``keras.utils``: classes as rows, bars of progress, pictures of models, custom objects."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.keras import preprocessing
from thalweg.compat.names import Namespace, UnsupportedNameError
from thalweg.registry import register


def to_categorical(
    y: Any, num_classes: int | None = None, dtype: Any = "float32", nb_classes: int | None = None
) -> np.ndarray:
    """Class numbers as rows of 0 with one 1.

    >>> to_categorical([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    y = np.asarray(y, dtype="int64")
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    y = y.ravel()
    count = num_classes or nb_classes or (int(y.max()) + 1 if y.size else 0)
    found = np.zeros((len(y), count), dtype=dtype)
    found[np.arange(len(y)), y] = 1
    return found.reshape(*shape, count)


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """The array, its norm over the axis 1."""
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return np.asarray(x) / np.expand_dims(norm, axis)


def plot_model(
    model: Any, to_file: str = "model.png", show_shapes: bool = False, *args: Any, **options: Any
) -> None:
    """Write the layers as Graphviz text beside ``to_file`` (suffix .dot)."""
    lines = ["digraph model {", "  node [shape=box];"]
    nodes = model.graph.nodes
    for k, node in enumerate(nodes):
        shape = f"\\n{getattr(node.outputs, 'shape', '')}" if show_shapes else ""
        lines.append(f'  n{k} [label="{node.layer.name}: {type(node.layer).__name__}{shape}"];')
    places = {id(node): k for k, node in enumerate(nodes)}
    for k, node in enumerate(nodes):
        for value in node.args[0] if isinstance(node.args[0], (list, tuple)) else [node.args[0]]:
            source = places.get(id(getattr(value, "node", None)))
            if source is not None:
                lines.append(f"  n{source} -> n{k};")
    with open(str(to_file).rsplit(".", 1)[0] + ".dot", "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, "}"]) + "\n")


plot = plot_model


class Progbar:
    """A count of steps on one line."""

    def __init__(self, target: int | None, width: int = 30, verbose: int = 1, **ignored: Any) -> None:
        self.target, self.width, self.verbose, self.seen = target, width, verbose, 0

    def update(self, current: int, values: Any = (), **ignored: Any) -> None:
        """Show this step."""
        self.seen = current
        if self.verbose:
            figures = "".join(f" - {name}: {float(value):.4f}" for name, value in values or ())
            end = "\n" if self.target is not None and current >= self.target else "\r"
            sys.stdout.write(f"{current}/{self.target or '?'}{figures}{end}")

    def add(self, n: int, values: Any = (), **ignored: Any) -> None:
        """Some steps more."""
        self.update(self.seen + n, values)


_objects: dict[str, Any] = {}


def get_custom_objects() -> dict[str, Any]:
    """Names of a program's own classes and functions."""
    return _objects


@contextmanager
def CustomObjectScope(*given: dict[str, Any]) -> Iterator[None]:
    """Names known within a block (and, being registered, after it)."""
    for objects in given:
        for name, thing in objects.items():
            register("custom", name)(thing)
    yield


custom_object_scope = CustomObjectScope


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Any:
    """Make a class known to saved models."""
    return register(package, name)


def get_file(fname: str | None = None, origin: str | None = None, *args: Any, **options: Any) -> Any:
    """Files are not fetched from the network."""
    raise UnsupportedNameError(
        f"keras.utils.get_file: {origin or fname} is not fetched; open a file that is there"
    )


class Sequence:
    """Batches by number: what a program's own data derive from."""

    def on_epoch_end(self) -> None:
        """An epoch is done."""

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))  # type: ignore[index,arg-type]


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and the library."""
    import random

    from thalweg.ops.random import set_seed

    random.seed(seed)
    np.random.seed(seed)
    set_seed(seed)


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: Any = None, start_index: Any = None, end_index: Any = None,
) -> Any:  # fmt: skip
    """A data set of windows of a series and the targets at their beginnings."""
    from thalweg.compat.tf2.data import Dataset

    data = np.asarray(data)[start_index:end_index] if start_index or end_index else np.asarray(data)
    targets = None if targets is None else np.asarray(targets)[start_index or 0 :]
    count = len(data) - (sequence_length - 1) * sampling_rate
    count = count if targets is None else min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)

    def windows() -> Iterator[Any]:
        for s in starts:
            window = data[s : s + sequence_length * sampling_rate : sampling_rate]
            yield window if targets is None else (window, targets[s])

    found = Dataset(windows)
    return found if batch_size is None else found.batch(batch_size)


load_img, img_to_array = preprocessing.load_img, preprocessing.img_to_array
array_to_img, save_img = preprocessing.array_to_img, preprocessing.save_img
pad_sequences = preprocessing.pad_sequences
np_utils = Namespace("keras.utils.np_utils", to_categorical=to_categorical, normalize=normalize)
data_utils = Namespace("keras.utils.data_utils", get_file=get_file, Sequence=Sequence)
generic_utils = Namespace(
    "keras.utils.generic_utils",
    Progbar=Progbar,
    CustomObjectScope=CustomObjectScope,
    get_custom_objects=get_custom_objects,
)
vis_utils = Namespace("keras.utils.vis_utils", plot_model=plot_model)
visualize_util = Namespace("keras.utils.visualize_util", plot=plot_model)
