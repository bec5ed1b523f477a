"""``keras.utils``: classes as rows, bars of progress, pictures of models, custom objects, files."""

from __future__ import annotations

import random as _random
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import data
from thalweg.compat.keras import preprocessing
from thalweg.compat.names import Namespace, UnsupportedNameError
from thalweg.errors import DataError
from thalweg.extras import needs
from thalweg.files import atomic_write_text, writable_folder
from thalweg.graph.tensor import Tensor
from thalweg.layers.base import flat
from thalweg.ops.random import set_seed
from thalweg.registry import register

# --- arrays ---------------------------------------------------------------------------------------------------------


def to_categorical(
    y: Any, num_classes: int | None = None, dtype: Any = "float32", nb_classes: int | None = None
) -> np.ndarray:
    """Class numbers as rows of 0 with one 1.

    >>> to_categorical([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    y = np.asarray(y, dtype="int64")
    rows = data.to_categorical(y.ravel(), nb_classes if num_classes is None else num_classes).astype(dtype)
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    return rows.reshape(*shape, rows.shape[-1])


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """The array, its norm over the axis 1."""
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return np.asarray(x) / np.expand_dims(norm, axis)


# --- pictures of models ---------------------------------------------------------------------------------------------


def plot_model(
    model: Any, to_file: str = "model.png", show_shapes: bool = False, show_layer_names: bool = True,
    *args: Any, **options: Any,
) -> None:  # fmt: skip
    """Write the layers as Graphviz text: ``to_file`` with the suffix .dot."""
    nodes = model.graph.nodes
    lines = ["digraph model {", "  node [shape=box];"]
    places = {id(node): k for k, node in enumerate(nodes)}
    for k, node in enumerate(nodes):
        name = f"{node.layer.name}: " if show_layer_names else ""
        shapes = "".join(f"\\n{t.shape}" for t in flat(node.outputs)) if show_shapes else ""
        lines.append(f'  n{k} [label="{name}{type(node.layer).__name__}{shapes}"];')
        sources = [getattr(t, "node", None) for t in flat(list(node.args)) if isinstance(t, Tensor)]
        lines += [f"  n{places[id(source)]} -> n{k};" for source in sources if id(source) in places]
    atomic_write_text(Path(to_file).with_suffix(".dot"), "\n".join([*lines, "}"]) + "\n")


plot = plot_model


def print_summary(model: Any, *args: Any, **options: Any) -> None:
    """``model.summary()``."""
    model.summary(*args, **options)


class Progbar:
    """A count of steps on one line."""

    def __init__(self, target: int | None, width: int = 30, verbose: int = 1, **ignored: Any) -> None:
        self.target, self.width, self.verbose, self.seen_so_far = target, width, verbose, 0

    def update(self, current: int, values: Any = (), **ignored: Any) -> None:
        """Show this step."""
        self.seen_so_far = current
        if self.verbose:
            figures = "".join(f" - {name}: {float(value):.4f}" for name, value in values or ())
            end = "\n" if self.target is not None and current >= self.target else "\r"
            sys.stdout.write(f"{current}/{self.target or '?'}{figures}{end}")

    def add(self, n: int, values: Any = (), **ignored: Any) -> None:
        """Some steps more."""
        self.update(self.seen_so_far + n, values)


# --- a program's own classes ----------------------------------------------------------------------------------------

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


def multi_gpu_model(model: Any, gpus: Any = None, **options: Any) -> Any:
    """There are no GPUs to divide a batch among."""
    raise UnsupportedNameError(
        "keras.utils.multi_gpu_model is not supported: Thalweg runs on the processor; train the model itself"
    )


# --- files ----------------------------------------------------------------------------------------------------------


def get_file(
    fname: str | None = None, origin: str = "", untar: bool = False, md5_hash: str | None = None,
    file_hash: str | None = None, cache_subdir: str = "datasets", hash_algorithm: str = "auto", extract: bool = False,
    archive_format: str = "auto", cache_dir: str | None = None, **ignored: Any,
) -> str:  # fmt: skip
    """The path of a file that is downloaded once into the cache, or was put there: ``cache_dir/cache_subdir/fname``.

    ``untar`` gives the path without ``.tar.gz``, where the archive is unpacked; ``extract`` unpacks it beside itself.
    """
    folder = (
        Path(cache_dir).expanduser() / cache_subdir
        if cache_dir
        else data.cache_folder().parent / cache_subdir
    )
    name = fname or origin.rsplit("/", 1)[-1]
    archive = f"{name}.tar.gz" if untar else name
    path = folder / archive
    if not path.exists() and not (untar and (folder / name).exists()):
        _download(origin, path, md5_hash, file_hash)
    if path.exists() and (untar or extract):
        _unpack(path, folder)
    return str(folder / name)


def _download(origin: str, path: Path, md5_hash: str | None, file_hash: str | None) -> None:
    with needs("pooch", f"downloading {origin}"):
        import pooch
    pooch.utils.get_logger().setLevel("WARNING")
    known = f"md5:{md5_hash}" if md5_hash else file_hash
    try:
        pooch.retrieve(origin, known_hash=known, fname=path.name, path=writable_folder(path.parent))
    except (OSError, ValueError) as error:
        short = " ".join(str(error).split())[:200]
        raise DataError(f"could not download {origin} ({short}); put the file at {str(path)!r}") from None


def _unpack(path: Path, folder: Path) -> None:
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)


class Sequence:
    """Batches by number: what a program's own data derive from."""

    def on_epoch_end(self) -> None:
        """An epoch is done."""

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))  # type: ignore[index,arg-type]


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and the library."""
    _random.seed(seed)
    np.random.seed(seed)
    set_seed(seed)


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: Any = None, start_index: Any = None,
    end_index: Any = None,
) -> Any:  # fmt: skip
    """A data set of windows of a series and the targets at their beginnings."""
    series = np.asarray(data)[start_index or 0 : end_index]
    goals = None if targets is None else np.asarray(targets)[start_index or 0 :]
    count = len(series) - (sequence_length - 1) * sampling_rate
    starts = np.arange(0, count if goals is None else min(count, len(goals)), sequence_stride)
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)
    windows = starts[:, None] + np.arange(sequence_length) * sampling_rate
    parts = series[windows] if goals is None else (series[windows], goals[starts])
    found = _Dataset.from_tensor_slices(parts)
    return found if batch_size is None else found.batch(batch_size)


_Dataset = data.Dataset
image_dataset_from_directory = data.image_dataset_from_directory
text_dataset_from_directory = data.text_dataset_from_directory
load_img, img_to_array = preprocessing.load_img, preprocessing.img_to_array
array_to_img, save_img = preprocessing.array_to_img, preprocessing.save_img
pad_sequences = preprocessing.pad_sequences
np_utils = Namespace("keras.utils.np_utils", to_categorical=to_categorical, normalize=normalize)
data_utils = Namespace("keras.utils.data_utils", get_file=get_file, Sequence=Sequence)
generic_utils = Namespace(
    "keras.utils.generic_utils", Progbar=Progbar, CustomObjectScope=CustomObjectScope,
    get_custom_objects=get_custom_objects,
)  # fmt: skip
layer_utils = Namespace("keras.utils.layer_utils", print_summary=print_summary)
training_utils = Namespace("keras.utils.training_utils", multi_gpu_model=multi_gpu_model)
vis_utils = Namespace("keras.utils.vis_utils", plot_model=plot_model)
visualize_util = Namespace("keras.utils.visualize_util", plot=plot_model)
