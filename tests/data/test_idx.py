"""The idx reader: what it reads, and what it says of each kind of damage."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from idx_files import CODES, idx_bytes
from thalweg.data.idx import parse_idx, read_idx
from thalweg.errors import DataError


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 3)])
@pytest.mark.parametrize("packed", [True, False])
def test_every_type_and_rank_comes_back(
    code: str, shape: tuple[int, ...], packed: bool, tmp_path: Path
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(code)
    raw = idx_bytes(array)
    path = tmp_path / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(raw) if packed else raw)
    read = read_idx(path, rank=len(shape))
    assert read.dtype == array.dtype and read.dtype.isnative
    np.testing.assert_array_equal(read, array)


GOOD = idx_bytes(np.arange(6, dtype="u1").reshape(2, 3))
DAMAGED = {
    "empty": (b"", "truncated: 0 bytes cannot hold the 4-byte magic number"),
    "magic": (b"\x89PNG" + GOOD[4:], "not an idx file: it starts with 89504e47"),
    "type": (b"\0\0\x07\x02" + GOOD[4:], "not an idx file: it starts with 00000702"),
    "sizes": (GOOD[:7], "truncated: 7 bytes cannot hold the sizes of 2 axes"),
    "elements": (GOOD[:-1], r"truncated: shape \(2, 3\) takes 6 bytes of elements, the file has 5"),
    "tail": (GOOD + b"\0", r"too long: shape \(2, 3\) takes 6 bytes of elements, the file has 7"),
    "huge": (b"\0\0\x0e\x02" + b"\xff" * 8, "truncated: shape"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_named(damage: str) -> None:
    raw, message = DAMAGED[damage]
    with pytest.raises(DataError, match=f"corrupt data file 'x': {message}"):
        parse_idx(raw, "x")


def test_rank_is_checked() -> None:
    with pytest.raises(DataError, match="has 2 axes, expected 3"):
        parse_idx(GOOD, "x", rank=3)


def test_gzip_damage_is_named(tmp_path: Path) -> None:
    packed = gzip.compress(GOOD * 50)
    broken = bytearray(packed)
    broken[-6] ^= 0xFF  # inside the checksum
    cases = {
        "cut.gz": (packed[: len(packed) // 2], "truncated: the gzip stream ends too early"),
        "sum.gz": (bytes(broken), "not a sound gzip file"),
        "text.gz": (b"<html>404</html>", "not a sound gzip file"),
    }
    for name, (raw, message) in cases.items():
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(DataError, match=f"{name}.*{message}"):
            read_idx(tmp_path / name)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the data file .*absent\.gz.*: No such file"):
        read_idx(tmp_path / "absent.gz")


def test_random_damage_gives_an_error_or_an_array() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        raw = bytearray(GOOD)
        for place in generator.integers(0, len(raw), 3):
            raw[place] = generator.integers(0, 256)
        try:
            assert isinstance(parse_idx(bytes(raw), "x"), np.ndarray)
        except DataError as error:
            assert "'x'" in str(error)
