"""Data sets of files: their lines and records; numbers without end."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import OpError
from thalweg.compat.tf1.records import TFRecordWriter, compression_of, tf_record_iterator
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.data.dataset import Dataset
from thalweg.compat.tf2.data.elements import held
from thalweg.compat.tf2.io import path_of
from thalweg.compat.tf2.text import is_text
from thalweg.data import dataset as core
from thalweg.files import unpacked


def _named_files(filenames: Any) -> list[str]:
    if is_text(filenames) and np.ndim(np.asarray(filenames)) == 0:
        return [path_of(filenames)]
    return [path_of(n) for n in filenames]


def _of_files(names: list[str], records: Callable[[str], Iterator[Any]], together: Any) -> Dataset:
    """What files hold, one file after another; where ``num_parallel_reads`` says how many are read together, an element
    of each in turn.
    """
    files = core.Dataset.range(len(names))
    open_at_once = 1 if together is None or int(together) < 1 else int(together)
    return Dataset(
        files.interleave(
            lambda k: core.Dataset.from_generator(lambda: records(names[int(k)])), cycle_length=open_at_once
        )
    )


def TextLineDataset(
    filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None,
    name: Any = None,
) -> Dataset:  # fmt: skip
    """The lines of text files, which may be packed ("GZIP" or "ZLIB")."""
    names, packing = _named_files(filenames), compression_of(_plain(compression_type))

    def lines(name: str) -> Iterator[Any]:
        with io.BytesIO(unpacked(Path(name).read_bytes(), packing)) if packing else open(name, "rb") as file:
            yield from (held(line.rstrip(b"\r\n")) for line in file)

    return _of_files(names, lines, num_parallel_reads)


def TFRecordDataset(
    filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None,
    name: Any = None,
) -> Dataset:  # fmt: skip
    """The records of files, which may be packed ("GZIP" or "ZLIB")."""
    names, packed = _named_files(filenames), _plain(compression_type)
    return _of_files(names, lambda name: map(held, tf_record_iterator(name, packed)), num_parallel_reads)


def FixedLengthRecordDataset(
    filenames: Any, record_bytes: Any, header_bytes: Any = None, footer_bytes: Any = None, buffer_size: Any = None,
    compression_type: Any = None, num_parallel_reads: Any = None, name: Any = None,
) -> Dataset:  # fmt: skip
    """Records of so many bytes of files, after a header and before a footer; files may be packed."""
    names, packing = _named_files(filenames), compression_of(_plain(compression_type))
    size, head, foot = int(record_bytes), int(header_bytes or 0), int(footer_bytes or 0)
    if size <= 0:
        raise ValueError(f"FixedLengthRecordDataset: record_bytes must be positive, received {size}")

    def records(name: str) -> Iterator[Any]:
        whole = Path(name).read_bytes()
        whole = unpacked(whole, packing) if packing else whole
        body = len(whole) - head - foot
        if body < 0 or body % size:
            raise OpError(
                f"Excess bytes in {name}: expected a header of {head}, records of {size} and a footer of {foot} "
                f"bytes, received {len(whole)}"
            )
        yield from (held(whole[at : at + size]) for at in range(head, head + body, size))

    return _of_files(names, records, num_parallel_reads)


def _plain(compression_type: Any) -> Any:
    return compression_type if compression_type is None else path_of(compression_type)


class RecordWriter:
    """``tf.data.experimental.TFRecordWriter``: writes all elements of a data set of byte strings to a file."""

    def __init__(self, filename: Any, compression_type: Any = None) -> None:
        self._path, self._packed = path_of(filename), _plain(compression_type)

    def write(self, dataset: Dataset) -> None:
        """Write the elements."""
        with TFRecordWriter(self._path, self._packed) as writer:
            for record in dataset:
                writer.write(record.numpy())


def counter(start: int = 0, step: int = 1, dtype: Any = "int64") -> Dataset:
    """Whole numbers from one on."""
    kind = numpy_dtype(dtype)
    return Dataset(core.Dataset.from_generator(lambda: (kind.type(k) for k in itertools.count(start, step))))
