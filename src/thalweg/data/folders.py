"""Examples in files, a sub-folder for each class: images and texts as data sets of batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import philox
from thalweg.data.dataset import AUTOTUNE, Dataset
from thalweg.data.targets import as_mode, check_mode
from thalweg.errors import ArgumentError, DataError, fail
from thalweg.extras import needs

__all__ = ["FolderDataset", "image_dataset_from_directory", "load_image", "text_dataset_from_directory"]

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp", ".tif", ".tiff")
_CHANNELS = {"grayscale": ("L", 1), "rgb": ("RGB", 3), "rgba": ("RGBA", 4)}
_FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")


class FolderDataset(Dataset):
    """The batches of a folder; ``class_names`` in the order of their numbers, ``file_paths`` in the order read."""

    class_names: list[str]
    file_paths: list[str]

    def __init__(self, examples: Dataset, class_names: list[str], file_paths: list[str]) -> None:
        super().__init__(examples._start, examples._length, examples._draws)
        self.class_names, self.file_paths = class_names, file_paths


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    resize: Callable[[np.ndarray, tuple[int, int]], np.ndarray] | None = None,
) -> FolderDataset:
    """Batches (images, labels) of the image files below ``directory``, each class in a sub-folder of its name.

    Images are float32 [batch, height, width, channels], 0 to 255, resized by Pillow, or the function ``resize`` of
    (pixels, size) if there is one, to ``image_size`` (height, width).
    ``labels``: "inferred" from the folders, a list of numbers in the order of the sorted paths, or None for images
    alone. ``label_mode``: "int", "categorical", "binary" or None. ``validation_split`` and ``subset`` ("training",
    "validation") give one part each of the files as ``seed`` shuffles them. A file that is no image is named when it
    is read.
    """
    if color_mode not in _CHANNELS:
        check_mode("image_dataset_from_directory: color_mode", color_mode, tuple(_CHANNELS))
    check_mode("image_dataset_from_directory: interpolation", interpolation, _FILTERS)
    size = _pair("image_dataset_from_directory: image_size", image_size)

    def read(path: Any) -> np.ndarray:
        if resize is None:
            return load_image(str(path), color_mode, size, interpolation)
        return resize(load_image(str(path), color_mode), size)

    return _folder("image_dataset_from_directory", directory, IMAGES, read, labels, label_mode, class_names,
                   batch_size, shuffle, seed, validation_split, subset, follow_links)  # fmt: skip


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    encoding: str = "utf-8",
) -> FolderDataset:
    """Batches (texts, labels) of the ``.txt`` files below ``directory``, each class in a sub-folder of its name.

    Texts are arrays of str, cut after ``max_length`` characters if given; :class:`~thalweg.layers.TextVectorization`
    makes numbers of them. The other arguments are those of :func:`image_dataset_from_directory`.
    """

    def read(path: Any) -> np.ndarray:
        try:
            text = Path(str(path)).read_text(encoding=encoding)
        except OSError as error:
            raise DataError(f"cannot read the text file {str(path)!r}: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise DataError(f"the text file {str(path)!r} is not {encoding}: {error}") from None
        return np.array(text[:max_length])

    return _folder("text_dataset_from_directory", directory, (".txt",), read, labels, label_mode, class_names,
                   batch_size, shuffle, seed, validation_split, subset, follow_links)  # fmt: skip


def load_image(
    path: str | os.PathLike[str],
    color_mode: str = "rgb",
    image_size: tuple[int, int] | None = None,
    interpolation: str = "bilinear",
) -> np.ndarray:
    """One image file as float32 [height, width, channels], 0 to 255; a DataError names a file that is none."""
    with needs("pillow", "reading image files"):
        from PIL import Image, UnidentifiedImageError
    mode, channels = _CHANNELS[color_mode]
    try:
        with Image.open(path) as file:
            picture: Any = file.convert(mode)
            if image_size is not None and picture.size != (image_size[1], image_size[0]):
                picture = picture.resize(
                    (image_size[1], image_size[0]), getattr(Image.Resampling, interpolation.upper())
                )
            pixels = np.asarray(picture, np.float32)
    except UnidentifiedImageError:
        raise DataError(f"the file {os.fspath(path)!r} is not an image, or it is damaged") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read the image file {os.fspath(path)!r}: {error}") from None
    return pixels.reshape(*pixels.shape[:2], channels)


# --- what both share --------------------------------------------------------------------------------------------------


def _folder(
    what: str, directory: Any, endings: tuple[str, ...], read: Callable[[Any], np.ndarray], labels: Any,
    label_mode: str | None, class_names: Sequence[str] | None, batch_size: int | None, shuffle: bool,
    seed: int | None, share: float | None, subset: str | None, follow_links: bool,
) -> FolderDataset:  # fmt: skip
    check_mode(f"{what}: label_mode", label_mode, ("int", "categorical", "binary", None))
    root = Path(directory).expanduser()
    if not root.is_dir():
        raise fail(DataError, f"{what}: there is no folder {str(root)!r}")
    inferred = isinstance(labels, str) and labels == "inferred"
    names = _classes(what, root, class_names) if inferred else list(class_names or [])
    paths, numbers = _files(what, root, endings, names if inferred else None, follow_links)
    if not inferred and labels is not None:
        numbers = np.asarray(labels)
        if numbers.shape != (len(paths),):
            raise fail(DataError, f"{what}: labels", expected=f"one for each of {len(paths)} files",
                       received=numbers.shape)  # fmt: skip
        names = names or [str(n) for n in np.unique(numbers)]
    rows = _chosen(what, len(paths), share, subset, shuffle, seed)
    paths = [paths[k] for k in rows]
    files: Dataset = Dataset.from_tensor_slices(np.array(paths))
    if labels is not None and label_mode is not None:
        targets = as_mode(numbers[rows], len(names), label_mode)
        files = Dataset.from_tensor_slices((np.array(paths), targets))
    if shuffle:
        files = files.shuffle(len(paths), seed=seed)
    if labels is not None and label_mode is not None:
        examples = files.map(lambda path, target: (read(path), target), num_parallel_calls=AUTOTUNE)
    else:
        examples = files.map(read, num_parallel_calls=AUTOTUNE)
    if batch_size is not None:
        examples = examples.batch(batch_size)
    return FolderDataset(examples.prefetch(2), names, paths)


def _classes(what: str, root: Path, wanted: Sequence[str] | None) -> list[str]:
    found = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if wanted is None:
        if not found:
            raise fail(DataError, f"{what}: {str(root)!r} has no sub-folders", expected="one for each class",
                       hint="labels=None reads the files without labels")  # fmt: skip
        return found
    if sorted(wanted) != found:
        raise fail(
            DataError,
            f"{what}: class_names",
            expected=f"the sub-folders {', '.join(found)}",
            received=", ".join(wanted),
        )
    return list(wanted)


def _files(
    what: str, root: Path, endings: tuple[str, ...], names: list[str] | None, links: bool
) -> tuple[list[str], np.ndarray]:
    """The paths of the files, sorted within each class, and the number of the class of each."""
    paths: list[str] = []
    numbers: list[int] = []
    for number, folder in enumerate([root] if names is None else [root / name for name in names]):
        own = sorted(
            os.path.join(place, file)
            for place, _, files in os.walk(folder, followlinks=links)
            for file in files
            if file.lower().endswith(endings)
        )
        if not own:
            raise fail(DataError, f"{what}: no files in {str(folder)!r}", expected=", ".join(endings))
        paths += own
        numbers += [number] * len(own)
    return paths, np.array(numbers, np.int32)


def _chosen(
    what: str, count: int, share: float | None, subset: str | None, shuffle: bool, seed: int | None
) -> np.ndarray:
    """The row numbers of the subset asked for."""
    if share is None and subset is None:
        return np.arange(count)
    if share is None or not 0 < share < 1:
        raise fail(
            ArgumentError,
            f"{what}: validation_split",
            expected="0 < share < 1, with a subset",
            received=share,
        )
    check_mode(f"{what}: subset", subset, ("training", "validation"))
    if shuffle and seed is None:
        raise fail(
            ArgumentError,
            f"{what}: validation_split without a seed",
            hint="pass the same seed for both subsets",
        )
    rows = (
        np.random.default_rng(philox.make_key(seed)).permutation(count)
        if shuffle and seed is not None
        else np.arange(count)
    )
    cut = count - int(count * share)
    return rows[:cut] if subset == "training" else rows[cut:]


def _pair(what: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, (tuple, list)) or len(size) != 2 or any(int(n) != n or n < 1 for n in size):
        raise fail(ArgumentError, what, expected="(height, width)", received=repr(size))
    return int(size[0]), int(size[1])
