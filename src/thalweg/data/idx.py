"""The idx file format of MNIST: big-endian sizes, then the elements, plain or inside gzip."""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from thalweg.errors import DataError

__all__ = ["parse_idx", "read_idx"]

# The third byte of the magic number names the element type.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
# An idx file of the sets read here is 47 MB; a gzip bomb must not take the machine with it.
_LARGEST = 1 << 31


def read_idx(path: str | os.PathLike[str], *, rank: int | None = None) -> np.ndarray:
    """The array in an idx file (``.gz`` or plain), in native byte order.

    ``rank``, if given, is the number of axes that the file must have. A missing, truncated, over-long or
    otherwise wrong file raises a DataError that names the file and what is wrong with it.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read the data file {str(path)!r}: {error.strerror or error}") from None
    if path.suffix == ".gz" or raw.startswith(_GZIP):
        raw = _unzip(raw, str(path))
    return parse_idx(raw, str(path), rank=rank)


def parse_idx(raw: bytes, name: str, *, rank: int | None = None) -> np.ndarray:
    """The array in the bytes of an uncompressed idx file; ``name`` stands for the file in errors.

    >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), "labels")
    array([7, 8, 9], dtype=uint8)
    """
    if len(raw) < 4:
        raise _wrong(name, f"truncated: {len(raw)} bytes cannot hold the 4-byte magic number")
    zero, code, axes = struct.unpack(">HBB", raw[:4])
    if zero != 0 or code not in _TYPES:
        raise _wrong(name, f"not an idx file: it starts with {raw[:4].hex()}, expected 0000 and a known type")
    if rank is not None and axes != rank:
        raise _wrong(name, f"has {axes} axes, expected {rank}")
    if len(raw) < 4 + 4 * axes:
        raise _wrong(name, f"truncated: {len(raw)} bytes cannot hold the sizes of {axes} axes")
    shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    dtype = np.dtype(_TYPES[code])
    expected, found = math.prod(shape) * dtype.itemsize, len(raw) - 4 - 4 * axes
    if expected != found:
        word = "truncated" if found < expected else "too long"
        raise _wrong(name, f"{word}: shape {shape} takes {expected} bytes of elements, the file has {found}")
    array = np.frombuffer(raw, dtype, offset=4 + 4 * axes).reshape(shape)
    return array.astype(dtype.newbyteorder("="))


def _unzip(raw: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            data = file.read(_LARGEST + 1)
    except EOFError:
        raise _wrong(name, "truncated: the gzip stream ends too early") from None
    except (OSError, zlib.error) as error:
        raise _wrong(name, f"not a sound gzip file: {error}") from None
    if len(data) > _LARGEST:
        raise _wrong(name, f"unpacks to more than {_LARGEST} bytes")
    return data


def _wrong(name: str, what: str) -> DataError:
    return DataError(f"corrupt data file {name!r}: {what}")
