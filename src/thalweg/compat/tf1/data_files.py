"""Data sets of files: lines of text, records, records of one length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from thalweg.compat.tf1.data import Dataset, Iterator
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.readers import FixedLengthRecordReader
from thalweg.compat.tf1.records import tf_record_iterator


class _FileDataset(Dataset):
    """The records of files, whose names may be nodes."""

    def __init__(self, filenames: Any, records: Callable[[str], Iterable[Any]]) -> None:
        leaf = filenames if isinstance(filenames, Tensor) else np.array(filenames, dtype=object)

        def make(run: Any) -> Iterable[list[Any]]:
            for name in np.asarray(run([leaf])[0], dtype=object).reshape(-1):
                path = name.decode() if isinstance(name, bytes) else str(name)
                yield from ([record] for record in records(path))

        super().__init__(make, "", [np.dtype(object)], [[]])


def _lines(path: str) -> Iterable[bytes]:
    with open(path, "rb") as file:
        for line in file:
            yield line.rstrip(b"\r\n")


class TextLineDataset(_FileDataset):
    """The lines of text files."""

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, **options: Any
    ) -> None:
        super().__init__(filenames, _lines)


class TFRecordDataset(_FileDataset):
    """The records of files."""

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, **options: Any
    ) -> None:
        super().__init__(filenames, tf_record_iterator)


class FixedLengthRecordDataset(_FileDataset):
    """Records of so many bytes of files."""

    def __init__(
        self,
        filenames: Any,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        **options: Any,
    ) -> None:
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
