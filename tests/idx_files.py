"""Small idx data sets for tests, written byte by byte."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    """The idx file of ``array``."""
    code = CODES[array.dtype.str[1:]]
    head = struct.pack(">HBB", 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_set(folder: Path, train: int = 60, test: int = 20, size: int = 6, packed: bool = True) -> Path:
    """Four idx files of random images; the class of an image is the bright row in it."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(5)
    for stem, count in (("train", train), ("t10k", test)):
        labels = generator.integers(0, size, count).astype(np.uint8)
        images = generator.integers(0, 60, (count, size, size)).astype(np.uint8)
        images[np.arange(count), labels] = 250
        _write(folder / f"{stem}-images-idx3-ubyte", images, packed)
        _write(folder / f"{stem}-labels-idx1-ubyte", labels, packed)
    return folder


def _write(path: Path, array: np.ndarray, packed: bool) -> None:
    raw = idx_bytes(array)
    if packed:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(raw))
    else:
        path.write_bytes(raw)
