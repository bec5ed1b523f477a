"""Data sets of files: lines of text, records, records of one length."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1.data import Dataset, Iterator
from thalweg.compat.tf1.graph import Node
from thalweg.compat.tf1.readers import FixedLengthRecordReader
from thalweg.compat.tf1.records import compression_of, tf_record_iterator
from thalweg.files import unpacked


class _FileDataset(Dataset):
    """The records of files, whose names may be nodes or the elements of a data set."""

    def __init__(self, filenames: Any, records: Callable[[str], Iterable[Any]]) -> None:
        if isinstance(filenames, Dataset):
            names = filenames._make
        else:
            leaf = filenames if isinstance(filenames, Node) else np.array(filenames, dtype=object)

            def names(run: Any) -> Iterable[list[Any]]:
                return [run([leaf])]

        def make(run: Any) -> Iterable[list[Any]]:
            for name in (n for (part,) in names(run) for n in np.asarray(part, dtype=object).reshape(-1)):
                path = name.decode() if isinstance(name, bytes) else str(name)
                yield from ([record] for record in records(path))

        super().__init__(make, "", [np.dtype(object)], [[]])


def _lines(path: str, compression_type: Any) -> Iterable[bytes]:
    kind = compression_of(compression_type)
    with open(path, "rb") as file:
        lines = io.BytesIO(unpacked(file.read(), kind)) if kind else file
        for line in lines:
            yield line.rstrip(b"\r\n")


class TextLineDataset(_FileDataset):
    """The lines of text files."""

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        super().__init__(filenames, lambda path: _lines(path, compression_type))


class TFRecordDataset(_FileDataset):
    """The records of files."""

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        super().__init__(filenames, lambda path: tf_record_iterator(path, compression_type))


class FixedLengthRecordDataset(_FileDataset):
    """Records of so many bytes of files."""

    def __init__(
        self,
        filenames: Any,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        buffer_size: Any = None,
        compression_type: Any = None,
        num_parallel_reads: Any = None,
    ) -> None:
        only("FixedLengthRecordDataset", "compression_type", compression_type or None)
        reader = FixedLengthRecordReader(record_bytes, header_bytes, footer_bytes)
        super().__init__(filenames, lambda path: (record for _, record in reader.records(path)))


# What tf.data and tf.contrib.data hold beside functions of data sets.
PUBLIC = {
    "Dataset": Dataset,
    "Iterator": Iterator,
    "TFRecordDataset": TFRecordDataset,
    "TextLineDataset": TextLineDataset,
    "FixedLengthRecordDataset": FixedLengthRecordDataset,
}
