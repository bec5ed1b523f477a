"""Record files: messages behind their checksums, and what is said of damaged ones."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from thalweg import events
from thalweg.crc32c import checksum, checksums

LENGTHS = (0, 1, 3, 4, 5, 63, 64, 65, 128, 129, 300, 4095, 4096, 4097, 5000, 70000)


def _bit_by_bit(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_checksums_of_messages_of_any_length() -> None:
    rng = np.random.default_rng(0)
    messages = [rng.bytes(n) for n in LENGTHS]
    wanted = [_bit_by_bit(m) for m in messages]
    assert [checksum(m) for m in messages] == wanted
    assert checksums(messages).tolist() == wanted
    assert checksums(messages[:5]).tolist() == wanted[:5] and checksums([]).tolist() == []
    assert checksum(b"123456789") != zlib.crc32(b"123456789")  # another polynomial


def _records(path: Path) -> list[bytes]:
    rng = np.random.default_rng(1)
    messages = [rng.bytes(n) for n in (*LENGTHS, *[30000] * 50)]  # more than are looked at together
    path.write_bytes(b"".join(map(events.record, messages)))
    return messages


def test_records_come_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "held.tfrecord"
    assert _records(path) == list(events.read_records(path))


@pytest.mark.parametrize("where", ["length", "message", "end"])
def test_records_before_a_damaged_one_are_read(where: str, tmp_path: Path) -> None:
    path = tmp_path / "held.tfrecord"
    messages = _records(path)
    data, start = bytearray(path.read_bytes()), sum(len(m) + 16 for m in messages[:-1])
    if where == "end":
        del data[-1]
    else:
        data[start + (0 if where == "length" else 500)] ^= 1
    path.write_bytes(data)
    found = events.read_records(path)
    assert [next(found) for _ in messages[:-1]] == messages[:-1]
    with pytest.raises(ValueError, match=f"a record at byte {start} is damaged"):
        next(found)


def test_lists_of_bytes_that_end_too_early() -> None:
    message = events.feature(1, [b"ab", b"c" * 200])
    assert events._contents(message) == (1, [b"ab", b"c" * 200])
    cut = events._field(1, b"\x0a\x05abc")
    with pytest.raises(IndexError):
        events._contents(cut)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "float16"])
def test_a_histogram_counts_what_lies_between_its_limits(dtype: str) -> None:
    rng = np.random.default_rng(2)
    values = (rng.normal(size=(40, 50)) * 10.0 ** rng.integers(-14, 4, (40, 50))).astype(dtype)
    given = values.copy()
    if values.dtype.kind == "f":
        given[0, :4] = np.nan, np.inf, -np.inf, 0.0
        values = given[np.isfinite(given)]
    numbers = dict(
        events.fields(dict(events.fields(dict(events.fields(events.histogram("h", given)))[1]))[5])
    )
    wide = values.reshape(-1).astype("float64")
    limits, counts = (np.frombuffer(numbers[k], "<f8") for k in (6, 7))
    below = np.searchsorted(limits, wide, side="right")
    np.testing.assert_array_equal(counts, np.bincount(below, minlength=len(limits)))
    assert [numbers[1], numbers[2], numbers[3]] == [wide.min(), wide.max(), wide.size]
    np.testing.assert_allclose([numbers[4], numbers[5]], [wide.sum(), (wide * wide).sum()], rtol=1e-9)


def test_a_histogram_of_nothing_that_is_finite_is_that_of_a_zero() -> None:
    for values in ([], [np.nan, np.inf]):
        assert events.histogram("h", values) == events.histogram("h", [0.0])
