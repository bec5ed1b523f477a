"""The classic data sets, each as ``(x_train, y_train), (x_test, y_test)``: downloaded once, verified, checked.

Files are looked for in ``$THALWEG_DATA/<name>``, then in the user's cache, and else downloaded into the cache.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.data.lists import read_npz
from thalweg.data.sets import data_file, find_folder, idx_arrays
from thalweg.data.sources import SOURCES
from thalweg.errors import ArgumentError, DataError, fail

__all__ = [
    "load_boston_housing",
    "load_california_housing",
    "load_cifar10",
    "load_cifar100",
    "load_fashion_mnist",
    "load_imdb",
    "load_imdb_word_index",
    "load_mnist",
    "load_reuters",
    "load_reuters_word_index",
]

Part = tuple[Any, Any]

# --- images -----------------------------------------------------------------------------------------------------------


def load_mnist() -> tuple[Part, Part]:
    """Handwritten digits: uint8 images [60000, 28, 28] and [10000, 28, 28], uint8 labels 0 to 9."""
    return _idx("mnist")


def load_fashion_mnist() -> tuple[Part, Part]:
    """Articles of clothing, in the shapes of :func:`load_mnist`."""
    return _idx("fashion")


def _idx(name: str) -> tuple[Part, Part]:
    arrays = idx_arrays(name)
    parts = [(arrays[f"{part}_images"], arrays[f"{part}_labels"]) for part in ("train", "test")]
    for part, (images, labels) in zip(("train", "test"), parts, strict=True):
        if len(images) != len(labels):
            raise DataError(f"data set {name!r}, {part} part: {len(images)} images but {len(labels)} labels")
    return parts[0], parts[1]


_IMAGE = 3 * 32 * 32


def load_cifar10() -> tuple[Part, Part]:
    """Small photographs: uint8 images [50000, 32, 32, 3] and [10000, 32, 32, 3], uint8 labels [count, 1], 0 to 9.

    The file is the binary version, ``cifar-10-binary.tar.gz``, or its unpacked folder ``cifar-10-batches-bin``.
    """
    folder = "cifar-10-batches-bin"
    train = [f"{folder}/data_batch_{k}.bin" for k in range(1, 6)]
    return _cifar("cifar10", train, f"{folder}/test_batch.bin", 1, 0, 10)


def load_cifar100(label_mode: str = "fine") -> tuple[Part, Part]:
    """As :func:`load_cifar10`, with 100 classes (``label_mode="fine"``) or their 20 groups ("coarse")."""
    if label_mode not in ("fine", "coarse"):
        raise fail(
            ArgumentError,
            "load_cifar100: label_mode",
            expected="'fine' or 'coarse'",
            received=repr(label_mode),
        )
    folder, fine = "cifar-100-binary", label_mode == "fine"
    return _cifar(
        "cifar100", [f"{folder}/train.bin"], f"{folder}/test.bin", 2, int(fine), 100 if fine else 20
    )


def _cifar(
    name: str, train: list[str], test: str, labels: int, label: int, classes: int
) -> tuple[Part, Part]:
    """The parts in binary files of records: ``labels`` label bytes, of which number ``label`` counts, and an image."""
    raw = _members(name, [*train, test])
    found = {}
    for member, content in raw.items():
        size = labels + _IMAGE
        if not content or len(content) % size:
            raise DataError(
                f"corrupt data file {member!r} of the data set {name!r}: {len(content)} bytes are no whole "
                f"number of records of {size}"
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, size)
        wrong = np.flatnonzero(records[:, label] >= classes)
        if len(wrong):
            raise DataError(
                f"corrupt data file {member!r} of the data set {name!r}: the label of record {wrong[0]} is "
                f"{records[wrong[0], label]}, expected 0 to {classes - 1}"
            )
        images = records[:, labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        found[member] = np.ascontiguousarray(images), records[:, label : label + 1].copy()
    images = np.concatenate([found[member][0] for member in train])
    numbers = np.concatenate([found[member][1] for member in train])
    return (images, numbers), found[test]


def _members(name: str, members: list[str]) -> dict[str, bytes]:
    """The contents of files of an archive, or of the folder that it unpacks to."""
    folder = find_folder(name)
    if folder is not None and (folder / members[0]).parent.is_dir():
        paths = [folder / member for member in members]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise DataError(f"missing data file {str(missing[0])!r} of the data set {name!r}")
        return {member: path.read_bytes() for member, path in zip(members, paths, strict=True)}
    archive = data_file(name, SOURCES[name].files[0])
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in members:
                stream = tar.extractfile(member)
                found[member] = b"" if stream is None else stream.read()
    except KeyError as error:
        raise DataError(f"corrupt data file {str(archive)!r}: {error.args[0]}") from None
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"corrupt data file {str(archive)!r}: {error}") from None
    return found


# --- texts as numbers of words ----------------------------------------------------------------------------------------


def load_imdb(
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Part, Part]:
    """Film reviews, 25,000 and 25,000, as arrays of lists of word numbers; labels 1 (liked it) and 0.

    Words are numbered by how often they occur, from ``index_from`` on; ``num_words`` and ``skip_top`` leave out
    rare and frequent ones (``oov_char`` stands for them, or nothing where it is None). ``start_char`` begins each
    review. Reviews of ``maxlen`` words or more are left out. Order and meaning are those of Keras.
    """
    arrays = read_npz(data_file("imdb", "imdb.npz"), "x_train", "y_train", "x_test", "y_test")
    random = np.random.RandomState(seed)
    options = (num_words, skip_top, maxlen, start_char, oov_char, index_from)
    parts = []
    for part in ("train", "test"):
        texts, labels = _paired(arrays[f"x_{part}"], arrays[f"y_{part}"], "imdb")
        order = np.arange(len(texts))
        random.shuffle(order)
        parts.append(([texts[k] for k in order], labels[order]))
    train, test = _words([texts for texts, _ in parts], [labels for _, labels in parts], *options)
    return train, test


def load_reuters(
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> tuple[Part, Part]:
    """Newswires of 46 topics, 11,228 in all, as object arrays of lists of word numbers; labels 0 to 45.

    The arguments are those of :func:`load_imdb`; the last ``test_split`` of the shuffled texts are the test part.
    """
    arrays = read_npz(data_file("reuters", "reuters.npz"), "x", "y")
    texts, labels = _paired(arrays["x"], arrays["y"], "reuters")
    order = np.arange(len(texts))
    np.random.RandomState(seed).shuffle(order)
    options = (num_words, skip_top, maxlen, start_char, oov_char, index_from)
    ((x, y),) = _words([[texts[k] for k in order]], [labels[order]], *options)
    cut = int(len(x) * (1 - _share("load_reuters", test_split)))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def _paired(texts: Any, labels: Any, name: str) -> tuple[list[list[int]], np.ndarray]:
    if not isinstance(texts, list) or not isinstance(labels, np.ndarray) or len(texts) != len(labels):
        raise DataError(f"data set {name!r}: expected a list of word numbers and a label for each text")
    return texts, labels


def _words(
    groups: list[list[list[int]]], labels: list[np.ndarray], num_words: int | None, skip_top: int,
    maxlen: int | None, start_char: int | None, oov_char: int | None, index_from: int,
) -> list[Part]:  # fmt: skip
    """The parts with their words numbered, marked and left out as asked for."""
    first = [] if start_char is None else [start_char]
    groups = [[first + [w + index_from for w in text] for text in group] for group in groups]
    if maxlen:
        kept = [[k for k, text in enumerate(group) if len(text) < maxlen] for group in groups]
        if not all(kept):
            raise fail(ArgumentError, "maxlen", expected="a length above that of some text", received=maxlen)
        groups = [[group[k] for k in rows] for group, rows in zip(groups, kept, strict=True)]
        labels = [part[rows] for part, rows in zip(labels, kept, strict=True)]
    limit = num_words or max((max(text, default=0) for group in groups for text in group), default=0)
    if oov_char is None:
        groups = [[[w for w in text if skip_top <= w < limit] for text in group] for group in groups]
    else:
        groups = [
            [[w if skip_top <= w < limit else oov_char for w in text] for text in group] for group in groups
        ]
    return [(_ragged(group), part) for group, part in zip(groups, labels, strict=True)]


def _ragged(rows: list[list[int]]) -> np.ndarray:
    found = np.empty(len(rows), object)
    found[:] = rows
    return found


def load_imdb_word_index() -> dict[str, int]:
    """The number of each word, before ``index_from`` is added."""
    return _word_index("imdb")


def load_reuters_word_index() -> dict[str, int]:
    """The number of each word, before ``index_from`` is added."""
    return _word_index("reuters")


def _word_index(name: str) -> dict[str, int]:
    path = data_file(name, f"{name}_word_index.json")
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"corrupt data file {str(path)!r}: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(number, int) for number in found.values()):
        raise DataError(f"corrupt data file {str(path)!r}: expected a number for each word")
    return found


# --- houses -----------------------------------------------------------------------------------------------------------


def load_boston_housing(test_split: float = 0.2, seed: int = 113) -> tuple[Part, Part]:
    """Prices of houses in Boston in the 1970s, in thousands: 506 rows of 13 figures, float64.

    One figure is the share of Black residents, made to serve a false thesis: a set to learn criticism on.
    """
    arrays = read_npz(data_file("boston_housing", "boston_housing.npz"), "x", "y")
    return _houses("boston_housing", arrays, test_split, seed)


def load_california_housing(
    version: str = "large", test_split: float = 0.2, seed: int = 113
) -> tuple[Part, Part]:
    """Median prices of houses in California's districts in 1990: 20,640 rows of 8 figures ("small": the first 600)."""
    if version not in ("large", "small"):
        raise fail(
            ArgumentError,
            "load_california_housing: version",
            expected="'large' or 'small'",
            received=repr(version),
        )
    arrays = read_npz(data_file("california_housing", "california_housing.npz"), "x", "y")
    rows = 600 if version == "small" else None
    return _houses("california_housing", {k: v[:rows] for k, v in arrays.items()}, test_split, seed)


def _houses(name: str, arrays: dict[str, Any], test_split: float, seed: int) -> tuple[Part, Part]:
    x, y = arrays["x"], arrays["y"]
    if not (
        isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.ndim == 2 and y.shape == x.shape[:1]
    ):
        raise DataError(f"data set {name!r}: expected x of rows and columns and y of as many rows")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        row = int(np.flatnonzero(~(np.isfinite(x).all(axis=1) & np.isfinite(y)))[0])
        raise DataError(f"data set {name!r}: row {row} holds a NaN or infinity")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - _share(f"load_{name}", test_split)))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def _share(what: str, share: float) -> float:
    if not 0 <= share < 1:
        raise fail(ArgumentError, f"{what}: test_split", expected="0 <= share < 1", received=share)
    return share
