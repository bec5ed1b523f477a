"""``tensorflow_datasets``: the data sets that Thalweg knows, under the names, splits and parts that programs ask for.

``thalweg run`` supplies it where the package itself is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf2.data.dataset import Dataset
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import tensor
from thalweg.data import bundled, downloads
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor

Rows = dict[str, Any]  # the parts of examples by name, the thing to be told last

# --- the data sets ----------------------------------------------------------------------------------------------------

_CLOTHES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot".split(",")
_THINGS = "airplane automobile bird cat deer dog frog horse ship truck".split()


def _images(read: Callable[[], Any]) -> Callable[[], dict[str, Rows]]:
    def splits() -> dict[str, Rows]:
        return {name: _pictures(*part) for name, part in zip(("train", "test"), read(), strict=True)}

    return splits


def _pictures(images: Any, labels: Any) -> Rows:
    pictures = np.asarray(images, np.uint8)
    return {
        "image": pictures[..., None] if pictures.ndim == 3 else pictures,
        "label": np.asarray(labels, np.int64).reshape(-1),
    }


def _flowers() -> dict[str, Rows]:
    features, labels = bundled.load_iris()
    return {"train": {"features": np.asarray(features, np.float32), "label": np.asarray(labels, np.int64)}}


def _reviews() -> dict[str, Rows]:
    """The words that the lists of numbers stand for, with a space between two."""
    words = {number + 3: word for word, number in downloads.load_imdb_word_index().items()}

    def part(rows: Any, labels: Any) -> Rows:
        told = [" ".join(words.get(k, "") for k in row if k > 3) for row in rows]
        return {"text": np.asarray(texts(told)), "label": np.asarray(labels, np.int64)}

    train, test = downloads.load_imdb()
    return {"train": part(*train), "test": part(*test)}


class _Known(NamedTuple):
    """A data set: how it is read, and the names of its classes."""

    read: Callable[[], dict[str, Rows]]
    classes: list[str]


_DIGITS = [str(k) for k in range(10)]
_SETS = {
    "mnist": _Known(_images(downloads.load_mnist), _DIGITS),
    "fashion_mnist": _Known(_images(downloads.load_fashion_mnist), _CLOTHES),
    "cifar10": _Known(_images(downloads.load_cifar10), _THINGS),
    "cifar100": _Known(_images(downloads.load_cifar100), [str(k) for k in range(100)]),
    "iris": _Known(_flowers, ["setosa", "versicolor", "virginica"]),
    "imdb_reviews": _Known(_reviews, ["neg", "pos"]),
}

# --- what is known of one ---------------------------------------------------------------------------------------------


class Feature:
    """The shape and dtype of a part of examples."""

    def __init__(self, rows: np.ndarray) -> None:
        self.shape = rows.shape[1:]
        self.dtype = tensor(rows[:1]).dtype


class ClassLabel(Feature):
    """A class number, and the names of the classes."""

    def __init__(self, rows: np.ndarray, names: list[str]) -> None:
        super().__init__(rows)
        self.names, self.num_classes = names, len(names)

    def int2str(self, number: Any) -> str:
        """The name of a class."""
        return self.names[int(number)]

    def str2int(self, name: str) -> int:
        """The number of a class."""
        return self.names.index(name)


class SplitInfo(NamedTuple):
    """How many examples a part has."""

    name: str
    num_examples: int


class DatasetInfo:
    """The name, the parts of examples (``features``) and the splits of a data set."""

    def __init__(self, name: str, splits: Mapping[str, Rows], classes: list[str]) -> None:
        first = next(iter(splits.values()))
        self.name = self.description = name
        self.features: dict[str, Any] = {
            part: ClassLabel(rows, classes) if part == "label" else Feature(rows)
            for part, rows in first.items()
        }
        self.supervised_keys = tuple(first)
        self.splits = {split: SplitInfo(split, len(rows["label"])) for split, rows in splits.items()}


# --- reading ----------------------------------------------------------------------------------------------------------


def builder(name: str, **ignored: Any) -> DatasetBuilder:
    """A data set by its name, of which versions and settings are left out: ``mnist``, ``mnist:3.*.*``."""
    return DatasetBuilder(name)


class DatasetBuilder:
    """A data set, read when it is made."""

    def __init__(self, name: str) -> None:
        self.name = re.split(r"[:/]", name)[0]
        known = _SETS.get(self.name)
        if known is None:
            near = get_close_matches(self.name, _SETS, 1, 0.6)
            raise fail(
                ArgumentError, f"tensorflow_datasets has no {name!r} in Thalweg", expected=", ".join(_SETS),
                hint=f"the nearest is {near[0]}" if near else "tf.keras.preprocessing reads folders of files",
            )  # fmt: skip
        self._splits = known.read()
        self.info = DatasetInfo(self.name, self._splits, known.classes)

    def download_and_prepare(self, *args: Any, **options: Any) -> None:
        """Nothing: the data set is read already."""

    def as_dataset(
        self, split: Any = None, batch_size: int | None = None, shuffle_files: bool = False,
        as_supervised: bool = False, **ignored: Any,
    ) -> Any:  # fmt: skip
        """A pipeline for a split, in the structure in which splits are given; a dict of all splits for None."""
        if split is None:
            split = {name: name for name in self._splits}
        if isinstance(split, dict):
            return {name: self.as_dataset(s, batch_size, False, as_supervised) for name, s in split.items()}
        if isinstance(split, (list, tuple)):
            return [self.as_dataset(s, batch_size, False, as_supervised) for s in split]
        rows = self._rows(str(split))
        elements: Any = tuple(rows.values()) if as_supervised else rows
        if batch_size == -1:
            return _whole(elements)
        made = Dataset.from_tensor_slices(elements)
        return made if batch_size is None else made.batch(batch_size)

    def _rows(self, split: str) -> Rows:
        """The rows of ``train``, ``train[:80%]``, ``train[100:]``, ``train+test``, ``all``."""
        parts = [
            self._part(p.strip()) for p in ("+".join(self._splits) if split == "all" else split).split("+")
        ]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}

    def _part(self, split: str) -> Rows:
        read = re.fullmatch(r"(\w+)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?", split)
        if read is None or read[1] not in self._splits:
            raise fail(
                ArgumentError, f"tensorflow_datasets: the split of {self.name}",
                expected=f"{', '.join(self._splits)}, or a part such as train[:80%]", received=split,
            )  # fmt: skip
        rows = self._splits[read[1]]
        count = len(rows["label"])
        first, last = (_place(text, count) for text in read.groups()[1:])
        return {name: part[first:last] for name, part in rows.items()}


def _place(text: str | None, count: int) -> int | None:
    if text is None:
        return None
    return round(count * int(text[:-1]) / 100) if text.endswith("%") else int(text)


def _whole(elements: Any) -> Any:
    if isinstance(elements, dict):
        return {name: _whole(part) for name, part in elements.items()}
    if isinstance(elements, tuple):
        return tuple(map(_whole, elements))
    return tensor(elements)


def load(
    name: str, split: Any = None, data_dir: Any = None, batch_size: int | None = None, shuffle_files: bool = False,
    download: bool = True, as_supervised: bool = False, decoders: Any = None, read_config: Any = None,
    with_info: bool = False, *more: Any, **ignored: Any,
) -> Any:  # fmt: skip
    """A data set as pipelines: see :meth:`DatasetBuilder.as_dataset`; with ``with_info`` (pipelines, information)."""
    made = builder(name)
    found = made.as_dataset(split, batch_size, shuffle_files, as_supervised)
    return (found, made.info) if with_info else found


def as_numpy(dataset: Any) -> Any:
    """The elements of a pipeline as arrays, or the arrays of tensors in their structure."""
    if isinstance(dataset, Dataset):
        return _Arrays(dataset)
    if isinstance(dataset, Mapping):
        return {key: as_numpy(value) for key, value in dataset.items()}
    if isinstance(dataset, (list, tuple)):
        return type(dataset)(map(as_numpy, dataset))
    return dataset.numpy() if isinstance(dataset, Tensor) or hasattr(dataset, "numpy") else dataset


class _Arrays:
    """The elements of a pipeline as arrays, as often as it is gone through."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        return self._dataset.as_numpy_iterator()

    def __len__(self) -> int:
        return len(self._dataset)


def list_builders(*args: Any, **options: Any) -> list[str]:
    """The names of the data sets."""
    return sorted(_SETS)


def _nothing(*args: Any, **options: Any) -> None:
    """Nothing: no bars are shown."""


disable_progress_bar = enable_progress_bar = show_examples = show_statistics = _nothing
Split = Namespace("tfds.Split", TRAIN="train", TEST="test", VALIDATION="validation", ALL="all")
core = Namespace("tfds.core", DatasetInfo=DatasetInfo, DatasetBuilder=DatasetBuilder)
features = Namespace("tfds.features", ClassLabel=ClassLabel)
