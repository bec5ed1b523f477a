"""CRC-32C, the checksum of record files, of many messages at once.

A checksum that begins with 0 is linear in the bits of its message, and zeros in front change nothing. So messages are
cut into pieces of 64 bytes, all pieces go forward together, and neighbours are put together in pairs: the left one is
moved by as many zero bytes as the right one is long. That the checksum begins with ones is the same as four inverted
bytes at the start. (The polynomial and the order of bits: RFC 3720, section 12.1.)
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

_PIECE = 64  # bytes
_FEW = 1 << 12  # bytes that a loop in Python is as fast for


def checksum(data: bytes) -> int:
    """The checksum of one message.

    >>> hex(checksum(b"123456789"))
    '0xe3069283'
    """
    if len(data) > _FEW:
        return int(checksums([data])[0])
    table, crc = _listed(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def checksums(messages: Sequence[bytes]) -> np.ndarray:
    """The checksums of messages, as uint32.

    >>> [hex(n) for n in checksums([b"123456789", b""])]
    ['0xe3069283', '0x0']
    """
    found = np.zeros(len(messages), np.uint32)
    lengths = np.array([len(m) for m in messages])
    if lengths.sum() <= _FEW:
        found[:] = [checksum(m) for m in messages]
        return found
    pieces = 2 ** np.ceil(np.log2(np.maximum(-(-lengths // _PIECE), 1))).astype(int)
    pieces[lengths < 4] = 0
    for count in np.unique(pieces):
        places = np.flatnonzero(pieces == count)
        chosen = [messages[k] for k in places.tolist()]
        found[places] = _together(chosen, int(count)) if count else [checksum(m) for m in chosen]
    return found


def _together(messages: Sequence[bytes], pieces: int) -> np.ndarray:
    """The checksums of messages, each of which so many pieces hold, a power of two."""
    width = pieces * _PIECE
    held = np.frombuffer(b"".join(m.rjust(width, b"\0") for m in messages), np.uint8)
    rows = held.reshape(len(messages), width).copy()
    starts = width - np.array([len(m) for m in messages])
    rows[np.arange(len(messages))[:, None], starts[:, None] + np.arange(4)] ^= 255
    table = _table()
    crc: np.ndarray = np.zeros(len(messages) * pieces, np.uint32)
    for column in np.ascontiguousarray(rows.reshape(-1, _PIECE).T):
        crc = table[(crc ^ column) & 255] ^ crc >> 8
    crc = crc.reshape(len(messages), pieces)
    level = 0
    while crc.shape[1] > 1:
        crc = _moved(crc[:, ::2], level) ^ crc[:, 1::2]
        level += 1
    return np.asarray(crc[:, 0] ^ np.uint32(0xFFFFFFFF))


@functools.cache
def _table() -> np.ndarray:
    """What each byte becomes."""
    crc: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = crc >> 1 ^ np.where(crc & 1, np.uint32(0x82F63B78), np.uint32(0))
    return crc


@functools.cache
def _listed() -> list[int]:
    return [int(crc) for crc in _table()]


def _moved(crc: np.ndarray, level: int) -> np.ndarray:
    """Behind 2**level pieces of zeros."""
    tables = _moves(level)
    return (
        tables[0][crc & 255] ^ tables[1][crc >> 8 & 255] ^ tables[2][crc >> 16 & 255] ^ tables[3][crc >> 24]
    )


@functools.cache
def _moves(level: int) -> np.ndarray:
    """What each byte of a checksum becomes behind 2**level pieces of zeros: [4, 256]."""
    bytes_in_place: np.ndarray = (
        np.arange(256, dtype=np.uint32) << np.arange(0, 32, 8, dtype=np.uint32)[:, None]
    )
    if level:
        return _moved(_moved(bytes_in_place, level - 1), level - 1)
    for _ in range(_PIECE):
        bytes_in_place = _table()[bytes_in_place & 255] ^ bytes_in_place >> 8
    return bytes_in_place
