"""Data sets by name: what they hold, where they are looked for, and what is said of bad ones."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.data.sets as sets
from idx_files import idx_bytes, write_set
from thalweg.data import DataSet, cache_folder, find_folder, load
from thalweg.data.sources import SOURCES, Source, fetch
from thalweg.errors import DataError


def test_digits() -> None:
    digits = load("digits")
    assert digits.train_images.shape == (1437, 8, 8) and digits.train_images.dtype == np.float32
    assert digits.test_labels.shape == (360,) and digits.test_labels.dtype == np.int64
    assert digits.image_shape == (8, 8) and digits.num_classes == 10
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    assert np.bincount(digits.test_labels).min() >= 34  # stratified: each class has its share
    np.testing.assert_array_equal(digits.test_images, load("digits").test_images)
    train = {image.tobytes() for image in digits.train_images}
    assert not any(image.tobytes() in train for image in digits.test_images)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_idx_sets_come_from_the_chosen_folder(
    name: str, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / name, packed=packed)
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    data = load(name)
    assert data.name == name and data.image_shape == (6, 6)
    assert data.train_images.shape == (60, 6, 6) and data.test_images.shape == (20, 6, 6)
    assert data.train_images.max() == np.float32(250) / np.float32(255)
    np.testing.assert_array_equal(data.test_images.mean(axis=2).argmax(axis=1), data.test_labels)


def test_the_cache_comes_second() -> None:
    folder = write_set(cache_folder() / "fashion")
    assert find_folder("fashion") == folder
    assert load("fashion").train_images.shape == (60, 6, 6)
    next(folder.iterdir()).unlink()
    assert find_folder("fashion") is None  # an incomplete cache is downloaded again


def test_unknown_name_names_the_nearest() -> None:
    with pytest.raises(
        DataError, match=r"unknown data set 'minst'; did you mean 'mnist'\? .*digits, mnist, fashion"
    ):
        load("minst")


def test_a_folder_that_is_none_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"THALWEG_DATA names .*absent.*, which is not a folder"):
        load("mnist")


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "mnist")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    with pytest.raises(
        DataError, match=r"missing data file .*t10k-labels-idx1-ubyte\.gz.* of the data set 'mnist'"
    ):
        load("mnist")


def test_images_and_labels_must_be_as_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "mnist")
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(59, np.uint8))))
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    with pytest.raises(DataError, match="'mnist', train part: 60 images but 59 labels"):
        load("mnist")


IMAGES, LABELS = np.zeros((3, 2, 2), np.float32), np.array([0, 1, 2])
BAD_PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "nan label": ({"test_labels": np.array([0, np.nan, 1])}, "test part: the label of example 1 is nan"),
    "class too high": (
        {"train_labels": np.array([0, 1, 10])},
        "train part: the label of example 2 is 10, expected 0 to 9",
    ),
    "class negative": ({"train_labels": np.array([0, -1, 1])}, "train part: the label of example 1 is -1"),
    "half a class": ({"train_labels": np.array([0, 0.5, 1])}, "train part: the label of example 1 is 0.5"),
    "one-hot": ({"train_labels": np.eye(3)}, "train part: labels must be one row of numbers"),
    "words": ({"train_labels": np.array(["a", "b", "c"])}, "train part: labels must be one row of numbers"),
    "nan pixel": (
        {"test_images": np.full((3, 2, 2), np.nan)},
        r"test part: pixels must lie in \[0, 1\], received NaN",
    ),
    "bytes": ({"test_images": np.full((3, 2, 2), 255)}, r"test part: pixels must lie in \[0, 1\]"),
    "flat": ({"train_images": np.zeros((3, 4))}, "train part: images must be .count, height, width."),
    "empty": ({"train_images": np.zeros((0, 2, 2))}, "train part: images must be .* not empty"),
    "sizes differ": (
        {"test_images": np.zeros((3, 4, 4))},
        r"training images are \(2, 2\), test images are \(4, 4\)",
    ),
}


@pytest.mark.parametrize("case", BAD_PARTS)
def test_a_data_set_checks_its_parts(case: str) -> None:
    changed, message = BAD_PARTS[case]
    parts = {"train_images": IMAGES, "train_labels": LABELS, "test_images": IMAGES, "test_labels": LABELS}
    with pytest.raises(DataError, match=message):
        DataSet("own", **{**parts, **changed})


def test_whole_float_labels_become_integers() -> None:
    assert DataSet("own", IMAGES, LABELS.astype(np.float64), IMAGES, LABELS).train_labels.dtype == np.int64


# A download, with a folder of this machine as the mirror.


@pytest.fixture
def local_source(tmp_path: Path) -> Source:
    folder = write_set(tmp_path / "mirror")
    names = SOURCES["mnist"].files
    sums = tuple((name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in names)
    return Source("mnist", ("http://localhost:9/absent/", "http://localhost:9/mirror/"), sums)


def _mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spoil: bool = False) -> list[str]:
    """Let pooch take ``mirror/NAME`` from the folder of that name, and refuse every other address."""
    pooch = pytest.importorskip("pooch")
    asked = []

    def download(url: str, output_file: Any, _pooch: object, **_: object) -> None:
        asked.append(url)
        if "/mirror/" not in url:
            raise OSError("connection refused")
        raw = (tmp_path / "mirror" / url.rsplit("/", 1)[1]).read_bytes()
        Path(output_file).write_bytes(raw[:-1] if spoil else raw)

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda *_, **__: download)
    return asked


def test_a_download_tries_the_next_mirror_and_is_kept(
    local_source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _mirror(monkeypatch, tmp_path)
    monkeypatch.setitem(sets.SOURCES, "mnist", local_source)
    assert load("mnist").train_images.shape == (60, 6, 6)
    assert len(asked) == 8  # four files, each from the second mirror
    load("mnist")
    assert len(asked) == 8


def test_a_wrong_checksum_is_an_error_and_nothing_is_kept(
    local_source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mirror(monkeypatch, tmp_path, spoil=True)
    cache = tmp_path / "cache"
    with pytest.raises(
        DataError, match=r"could not download train-images.*does not match.*put the files into"
    ):
        fetch(local_source, cache)
    assert not list((cache / "mnist").iterdir())


def test_the_sources_are_complete() -> None:
    for name, source in SOURCES.items():
        assert source.name == name and source.files
        for _, checksum in source.checksums:
            assert len(bytes.fromhex(checksum.removeprefix("md5:"))) == (16 if "md5:" in checksum else 32)
        assert all(mirror.endswith("/") for mirror in source.mirrors)
