"""The data sets by name: where their files are, how they are read, and the checks they must pass."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.data.idx import read_idx
from thalweg.data.sources import SOURCES, Source, fetch
from thalweg.errors import DataError
from thalweg.extras import needs
from thalweg.files import user_cache

__all__ = ["NAMES", "DataSet", "cache_folder", "data_file", "find_folder", "idx_arrays", "load"]

NAMES = ("digits", "mnist", "fashion")
_DIGITS_TEST_IMAGES = 360


@dataclass(frozen=True)
class DataSet:
    """Labelled grey images, split into a training and a test part.

    ``*_images`` are float32 in [0, 1] of shape ``[count, height, width]``; ``*_labels`` are int64 class
    numbers of shape ``[count]``. Construction checks all of this; a DataError names the part at fault.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    num_classes: int = 10

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            where = f"data set {self.name!r}, {part} part"
            object.__setattr__(self, f"{part}_images", _checked_images(images, where))
            object.__setattr__(self, f"{part}_labels", _checked_labels(labels, self.num_classes, where))
            if len(images) != len(labels):
                raise DataError(f"{where}: {len(images)} images but {len(labels)} labels")
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise DataError(
                f"data set {self.name!r}: training images are {self.train_images.shape[1:]}, "
                f"test images are {self.test_images.shape[1:]}"
            )

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of one image."""
        return self.train_images.shape[1], self.train_images.shape[2]


def load(name: str) -> DataSet:
    """The data set ``"digits"``, ``"mnist"`` or ``"fashion"``.

    ``digits`` comes with scikit-learn: 1,797 images of 8 x 8, of which 360 (stratified, always the same)
    are for the test. ``mnist`` and ``fashion`` are read from ``$THALWEG_DATA/<name>``, else from the user's
    cache, else downloaded into the cache and verified by SHA-256. An unknown name or an unusable file
    raises a DataError.

    >>> digits = load("digits")
    >>> digits.train_images.shape, digits.test_labels.shape, digits.image_shape
    ((1437, 8, 8), (360,), (8, 8))
    """
    if name == "digits":
        return _load_digits()
    if name in NAMES:
        arrays = idx_arrays(name)
        for role in ("train_images", "test_images"):
            arrays[role] = arrays[role].astype(np.float32) / np.float32(255)
        return DataSet(name, **arrays)
    near = get_close_matches(str(name), NAMES, 1, 0.4)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise DataError(f"unknown data set {name!r}{hint} (there are: {', '.join(NAMES)})")


def cache_folder() -> Path:
    """The user's folder for downloaded data sets; it need not exist yet."""
    return user_cache("datasets")


def find_folder(name: str) -> Path | None:
    """The folder that holds the files of a downloadable data set, or None where they must be downloaded.

    ``$THALWEG_DATA/<name>`` wins over the cache as soon as it exists: a file missing there is an error of
    that folder, not a reason to download. ``THALWEG_DATA`` naming no folder is an error too.
    """
    chosen = os.environ.get("THALWEG_DATA")
    if chosen:
        base = Path(chosen).expanduser()
        if not base.is_dir():
            raise DataError(f"THALWEG_DATA names {chosen!r}, which is not a folder")
        if (base / name).is_dir():
            return base / name
    cached = cache_folder() / name
    complete = all(_present(cached, file) for file in SOURCES[name].files)
    return cached if complete else None


def _present(folder: Path, file: str) -> Path | None:
    """The file in ``folder``, packed or unpacked, or None."""
    for candidate in (folder / file, folder / file.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    return None


def data_file(name: str, file: str) -> Path:
    """One file of a downloadable data set: in its folder, else downloaded; a DataError names one that is missing."""
    folder = find_folder(name) or fetch(SOURCES[name], cache_folder())
    path = _present(folder, file)
    if path is None:
        raise DataError(f"missing data file {str(folder / file)!r} of the data set {name!r}")
    return path


def idx_arrays(name: str) -> dict[str, Any]:
    """The four arrays of ``mnist`` or ``fashion`` by role, as the files hold them."""
    return {
        role: read_idx(data_file(name, file), rank=3 if role.endswith("images") else 1)
        for file, role in zip(SOURCES[name].files, Source.ROLES, strict=True)
    }


def _load_digits() -> DataSet:
    with needs("scikit-learn", "the data set 'digits'"):
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    bunch: Any = load_digits()
    images = (bunch.images / 16).astype(np.float32)
    train_x, test_x, train_y, test_y = train_test_split(
        images, bunch.target, test_size=_DIGITS_TEST_IMAGES, stratify=bunch.target, random_state=0
    )
    return DataSet("digits", train_x, train_y, test_x, test_y)


def _checked_images(images: np.ndarray, where: str) -> np.ndarray:
    images = np.ascontiguousarray(images, np.float32)
    if images.ndim != 3 or images.size == 0:
        raise DataError(
            f"{where}: images must be [count, height, width] and not empty, received {images.shape}"
        )
    # min and max propagate NaN, and a NaN fails the comparison.
    if not (images.min() >= 0 and images.max() <= 1):
        raise DataError(
            f"{where}: pixels must lie in [0, 1], received NaN or {images.min()} to {images.max()}"
        )
    return images


def _checked_labels(labels: np.ndarray, classes: int, where: str) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iuf":
        raise DataError(f"{where}: labels must be one row of numbers, received {labels.dtype} {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        row = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise DataError(f"{where}: the label of example {row} is {labels[row]}")
    wrong = (labels < 0) | (labels >= classes) | (labels != np.floor(labels))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(f"{where}: the label of example {row} is {labels[row]}, expected 0 to {classes - 1}")
    return labels.astype(np.int64)
