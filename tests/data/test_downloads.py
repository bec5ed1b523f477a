"""The classic sets, from made-up files in the right format: what is read, and what is said of damaged ones."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idx_files import write_set
from thalweg import data
from thalweg.data.lists import read_npz
from thalweg.errors import ArgumentError, DataError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    return tmp_path


def ragged(*rows: Any) -> np.ndarray:
    found = np.empty(len(rows), object)
    found[:] = rows
    return found


@pytest.mark.parametrize(
    "name, load", [("mnist", data.load_mnist), ("fashion", data.load_fashion_mnist)], ids=["mnist", "fashion"]
)
def test_idx_sets(name: str, load: Any, folder: Path) -> None:
    write_set(folder / name)
    (x, y), (test_x, test_y) = load()
    assert x.shape == (60, 6, 6) and x.dtype == y.dtype == np.uint8 and test_y.shape == (20,)
    np.testing.assert_array_equal(test_x.mean(axis=2).argmax(axis=1), test_y)


# CIFAR: records of label bytes and 3 x 32 x 32 pixels, red first.


def records(labels: Any, value: int = 0) -> bytes:
    labels = np.atleast_2d(np.asarray(labels, np.uint8).T).T
    pixels = np.full((len(labels), 3, 32, 32), value, np.uint8)
    pixels[:, 1, 2, 3] = 200  # green at row 2, column 3
    return np.concatenate([labels, pixels.reshape(len(labels), -1)], axis=1).tobytes()


def cifar10(folder: Path, packed: bool = True, **changed: bytes) -> Path:
    files = {f"data_batch_{k}.bin": records([k, 9 - k], k) for k in range(1, 6)}
    return place(
        folder / "cifar10",
        "cifar-10",
        "batches-bin",
        packed,
        {**files, "test_batch.bin": records([7]), **changed},
    )


def place(where: Path, name: str, inner: str, packed: bool, files: dict[str, bytes]) -> Path:
    where.mkdir(exist_ok=True)
    if not packed:
        (where / f"{name}-{inner}").mkdir()
        for file, content in files.items():
            (where / f"{name}-{inner}" / file).write_bytes(content)
        return where
    with tarfile.open(where / f"{name}-binary.tar.gz", "w:gz") as tar:
        for file, content in files.items():
            member = tarfile.TarInfo(f"{name}-{inner}/{file}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return where


@pytest.mark.parametrize("packed", [True, False])
def test_cifar10(packed: bool, folder: Path) -> None:
    cifar10(folder, packed)
    (x, y), (test_x, test_y) = data.load_cifar10()
    assert x.shape == (10, 32, 32, 3) and x.dtype == np.uint8 and y.shape == (10, 1)
    assert y[:, 0].tolist() == [1, 8, 2, 7, 3, 6, 4, 5, 5, 4]
    assert x[4, 2, 3].tolist() == [3, 200, 3] and x[4, 2, 4].tolist() == [3, 3, 3]
    assert test_x.shape == (1, 32, 32, 3) and test_y.tolist() == [[7]]


def test_cifar100(folder: Path) -> None:
    files = {"train.bin": records([[3, 77], [4, 99]]), "test.bin": records([[5, 0]])}
    place(folder / "cifar100", "cifar-100", "binary", True, files)
    (_, fine), (_, test) = data.load_cifar100()
    (_, coarse), _ = data.load_cifar100(label_mode="coarse")
    assert fine.tolist() == [[77], [99]] and test.tolist() == [[0]] and coarse.tolist() == [[3], [4]]
    with pytest.raises(ArgumentError, match=r"label_mode.*'fine' or 'coarse'.*'rough'"):
        data.load_cifar100("rough")


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_cifar_file_is_named(packed: bool, folder: Path) -> None:
    where = cifar10(folder, packed, **{"data_batch_2.bin": records([1])[:-1]})
    with pytest.raises(
        DataError, match=r"data_batch_2\.bin.*3072 bytes are no whole number of records of 3073"
    ):
        data.load_cifar10()
    for path in sorted(where.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    cifar10(folder, packed, **{"test_batch.bin": records([3, 10])})
    with pytest.raises(DataError, match=r"test_batch\.bin.*label of record 1 is 10, expected 0 to 9"):
        data.load_cifar10()


def test_a_damaged_cifar_archive_is_named(folder: Path) -> None:
    archive = cifar10(folder) / "cifar-10-binary.tar.gz"
    whole = archive.read_bytes()
    for content in (whole[: len(whole) // 2], b"not an archive", b""):
        archive.write_bytes(content)
        with pytest.raises(DataError, match=r"corrupt data file .*cifar-10-binary\.tar\.gz"):
            data.load_cifar10()
    place(folder / "cifar10", "cifar-10", "batches-bin", True, {"test_batch.bin": b""})
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz.*data_batch_1\.bin"):
        data.load_cifar10()
    cifar10(folder, packed=False)
    (folder / "cifar10" / "cifar-10-batches-bin" / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match=r"missing data file .*data_batch_3\.bin"):
        data.load_cifar10()


# IMDB and Reuters: arrays of lists of numbers. The expected values are those of Keras 3.15 for the same files.

TRAIN = ragged([1, 2, 3], [4, 500], [6, 7, 8, 9], [10])
TEST = ragged([2], [3, 70000])


def imdb(folder: Path) -> Path:
    (folder / "imdb").mkdir()
    path = folder / "imdb" / "imdb.npz"
    np.savez(path, x_train=TRAIN, y_train=np.array([0, 1, 0, 1]), x_test=TEST, y_test=np.array([1, 0]))
    return path


def rows(x: np.ndarray) -> list[list[int]]:
    return [list(row) for row in x]


def test_imdb(folder: Path) -> None:
    imdb(folder)
    (x, y), (test_x, test_y) = data.load_imdb()
    assert rows(x) == [[1, 13], [1, 9, 10, 11, 12], [1, 4, 5, 6], [1, 7, 503]] and y.tolist() == [1, 0, 0, 1]
    assert rows(test_x) == [[1, 6, 2], [1, 5]] and test_y.tolist() == [0, 1]
    (x, y), (test_x, _) = data.load_imdb(num_words=12, skip_top=5, maxlen=5, oov_char=None, seed=3)
    assert rows(x) == [[], [7], [5, 6]] and y.tolist() == [1, 1, 0] and rows(test_x) == [[5], [6]]
    (x, _), _ = data.load_imdb(start_char=None, index_from=0, num_words=10)
    assert rows(x) == [[2], [6, 7, 8, 9], [1, 2, 3], [4, 2]]
    with pytest.raises(ArgumentError, match="maxlen"):
        data.load_imdb(maxlen=1)


def test_reuters(folder: Path) -> None:
    (folder / "reuters").mkdir()
    texts = ragged(*[list(range(k, 2 * k + 1)) for k in range(1, 11)])
    np.savez(folder / "reuters" / "reuters.npz", x=texts, y=np.arange(10))
    (x, y), (test_x, test_y) = data.load_reuters(num_words=10)
    assert y.tolist() == [9, 3, 6, 1, 0, 7, 4, 8] and test_y.tolist() == [2, 5]
    assert rows(x)[3] == [1, 5, 6, 7] and rows(test_x) == [[1, 6, 7, 8, 9], [1, 9, 2, 2, 2, 2, 2, 2]]


def test_word_indices(folder: Path) -> None:
    for name, load in (("imdb", data.load_imdb_word_index), ("reuters", data.load_reuters_word_index)):
        (folder / name).mkdir()
        path = folder / name / f"{name}_word_index.json"
        path.write_text(json.dumps({"the": 1, "fawn": 34701}))
        assert load() == {"the": 1, "fawn": 34701}
        for content in ('{"the": ', '["the"]', '{"the": "1"}'):
            path.write_text(content)
            with pytest.raises(DataError, match=rf"corrupt data file .*{name}_word_index\.json"):
                load()


# What a file may hold, and what it may not.


def test_lists_of_numbers_of_every_size_are_read(tmp_path: Path) -> None:
    values = [[0, 255, 256, 65535, 65536, 2**31 - 1, -1, -300, 2**40], [], list(range(2000)), [5]]
    many = ragged(*[[k, k + 1] for k in range(3000)])
    np.savez_compressed(tmp_path / "a.npz", x=ragged(*values), y=np.arange(3), many=many, none=ragged())
    found = read_npz(tmp_path / "a.npz", "x", "y", "many", "none")
    assert found["x"] == values and found["none"] == [] and found["many"] == [[k, k + 1] for k in range(3000)]
    np.testing.assert_array_equal(found["y"], [0, 1, 2])


HOSTILE: dict[str, Any] = {
    "a function": ragged(os.getcwd, [1]),
    "a class": ragged(Path, [1]),
    "an object": ragged(Path("x"), [1]),
    "texts": ragged(["a"], [1]),
    "numbers": ragged(1, 2),
    "nested": ragged([[1]], [1]),
    "fractions": ragged([1.5], [1]),
    "truths": ragged([True], [1]),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_nothing_but_lists_of_numbers_is_read(case: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=HOSTILE[case])
    with pytest.raises(DataError, match=r"corrupt data file .*a\.npz:x.*(more than|expected one list)"):
        read_npz(tmp_path / "a.npz", "x")


def npz_of(content: bytes, path: Path) -> Path:
    """A file whose array x has these bytes as its objects."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", head.getvalue() + content)
    return path


CRAFTED = {
    "a call": b"cposix\nsystem\n(X\x02\x00\x00\x00ls\x85R.",
    "a name in pieces": b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
    "nothing on the stack": b"\x80\x02R.",
    "no mark": b"\x80\x02e.",
    "a place never kept": b"h\x05.",
    "no end": b"\x80\x02]",
    "a state for no object": b"]N b.",
    "an unknown instruction": b"\xff.",
    "a text that is none": b"X\x01\x00\x00\x00\xff.",
}


@pytest.mark.parametrize("case", CRAFTED)
def test_crafted_objects_are_refused(case: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"corrupt data file .*a\.npz:x"):
        read_npz(npz_of(CRAFTED[case], tmp_path / "a.npz"), "x")


def test_damaged_files_are_named(folder: Path) -> None:
    path = imdb(folder)
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for content in (whole[:100], b"", b"PK nothing"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"corrupt data file .*imdb\.npz"):
            data.load_imdb()
    for _ in range(200):  # any single damage is either seen or harmless: never another kind of error
        changed = bytearray(whole)
        changed[generator.integers(len(whole))] ^= 1 << int(generator.integers(8))
        path.write_bytes(bytes(changed))
        try:
            data.load_imdb()
        except DataError as error:
            assert "imdb" in str(error)
    np.savez(path, x_train=TRAIN)
    with pytest.raises(DataError, match=r"imdb\.npz.*has no array 'y_train', only x_train"):
        data.load_imdb()
    np.savez(path, x_train=TRAIN, y_train=np.arange(3), x_test=TEST, y_test=np.arange(2))
    with pytest.raises(DataError, match=r"'imdb'.*a label for each text"):
        data.load_imdb()
    path.unlink()
    with pytest.raises(DataError, match=r"missing data file .*imdb\.npz"):
        data.load_imdb()


# Houses.


@pytest.mark.parametrize("name, columns", [("boston_housing", 13), ("california_housing", 8)])
def test_houses(name: str, columns: int, folder: Path) -> None:
    (folder / name).mkdir()
    path = folder / name / f"{name}.npz"
    x = np.arange(10.0 * columns).reshape(10, columns)
    np.savez(path, x=x, y=x[:, 0])
    load = getattr(data, f"load_{name}")
    (train_x, train_y), (test_x, test_y) = load()
    assert (train_y / columns).tolist() == [9, 3, 6, 1, 0, 7, 4, 8] and (test_y / columns).tolist() == [2, 5]
    np.testing.assert_array_equal(train_x[:, 0], train_y)
    assert load(test_split=0)[1][0].shape == (0, columns) and test_x.shape == (2, columns)
    with pytest.raises(ArgumentError, match=f"load_{name}: test_split"):
        load(test_split=1)
    x[4, 2] = np.nan
    np.savez(path, x=x, y=x[:, 0])
    with pytest.raises(DataError, match=rf"{name}.*row 4 holds a NaN"):
        load()
    np.savez(path, x=x, y=np.zeros(9))
    with pytest.raises(DataError, match=rf"{name}.*as many rows"):
        load()


def test_versions_of_california(folder: Path) -> None:
    (folder / "california_housing").mkdir()
    x = np.zeros((700, 8))
    np.savez(folder / "california_housing" / "california_housing.npz", x=x, y=x[:, 0])
    assert len(data.load_california_housing(version="small")[0][0]) == 480
    with pytest.raises(ArgumentError, match=r"version.*'large' or 'small'"):
        data.load_california_housing(version="huge")


# What comes with scikit-learn.

BUNDLED = {
    "iris": ((150, 4), 3), "wine": ((178, 13), 3), "breast_cancer": ((569, 30), 2), "digits": ((1797, 8, 8), 10),
}  # fmt: skip


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets(name: str) -> None:
    pytest.importorskip("sklearn")
    x, y = getattr(data, f"load_{name}")()
    shape, classes = BUNDLED[name]
    assert x.shape == shape and x.dtype == np.float32
    assert y.dtype == np.int64 and sorted(set(y.tolist())) == list(range(classes))


def test_diabetes() -> None:
    pytest.importorskip("sklearn")
    x, y = data.load_diabetes()
    assert x.shape == (442, 10) and y.shape == (442,) and x.dtype == y.dtype == np.float32 and y[0] == 151
