"""TensorFlow 1's readers: nodes that give the next record of the files in a queue at each run."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import Operation, Tensor


class ReaderBase:
    """Goes through the records of one file after the other, as the queue names them."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).__name__

    def records(self, path: str) -> Iterable[tuple[bytes, bytes]]:
        """The records of a file, each with its key."""
        raise NotImplementedError

    def read(self, queue: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
        """(key, value) of the next record."""
        specs: list[tuple[Any, Any]] = [("string", []), ("string", [])]
        key, value = g.source_nodes(_Next(self, queue), specs, Operation(name, "ReaderRead"))
        return key, value

    def read_up_to(self, queue: Any, num_records: int, name: str | None = None) -> tuple[Tensor, Tensor]:
        """(keys, values) of the next records, ``num_records`` or what is left."""
        specs = [("string", [None]), ("string", [None])]
        source = _NextOnes(self, queue, num_records)
        keys, values = g.source_nodes(source, specs, Operation(name, "ReaderReadUpTo"))
        return keys, values


class _Next:
    def __init__(self, reader: ReaderBase, queue: Any) -> None:
        self.reader, self.queue = reader, queue
        self._open: weakref.WeakKeyDictionary[Any, Iterator[Any]] = weakref.WeakKeyDictionary()

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The next record; the next file where one ends."""
        while True:
            found = next(self._open.get(session, iter(())), None)
            if found is not None:
                return list(found)
            path = self.queue.take(session)[0]
            self._open[session] = iter(self.reader.records(path.decode()))


class _NextOnes(_Next):
    def __init__(self, reader: ReaderBase, queue: Any, count: int) -> None:
        super().__init__(reader, queue)
        self.count = count

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The next records."""
        rows: list[Any] = []
        try:
            while len(rows) < self.count:
                rows.append(super().pull(session, fed))
        except OutOfRangeError:
            if not rows:
                raise
        return [np.array(column, object) for column in zip(*rows, strict=True)]


class TextLineReader(ReaderBase):
    """The lines of text files."""

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self.skip = skip_header_lines or 0

    def records(self, path: str) -> Iterator[tuple[bytes, bytes]]:
        """The lines without their ends."""
        with open(path, "rb") as file:
            for k, line in enumerate(file):
                if k >= self.skip:
                    yield f"{path}:{k + 1}".encode(), line.rstrip(b"\r\n")


class WholeFileReader(ReaderBase):
    """Whole files; the key is the name."""

    def records(self, path: str) -> Iterator[tuple[bytes, bytes]]:
        """The file."""
        yield path.encode(), Path(path).read_bytes()


class TFRecordReader(ReaderBase):
    """The records of record files."""

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        super().__init__(name)

    def records(self, path: str) -> Iterator[tuple[bytes, bytes]]:
        """The records."""
        for k, record in enumerate(events.read_records(path)):
            yield f"{path}:{k}".encode(), record


class FixedLengthRecordReader(ReaderBase):
    """Records of so many bytes."""

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: Any = None,
    ) -> None:
        super().__init__(name)
        only("FixedLengthRecordReader", "encoding", encoding or None)
        self.hop = hop_bytes or record_bytes
        self.size, self.head, self.foot = record_bytes, header_bytes or 0, footer_bytes or 0

    def records(self, path: str) -> Iterator[tuple[bytes, bytes]]:
        """The records between header and footer."""
        data = Path(path).read_bytes()
        end = len(data) - self.foot
        for k, start in enumerate(range(self.head, end - self.size + 1, self.hop)):
            yield f"{path}:{k}".encode(), data[start : start + self.size]


class IdentityReader(ReaderBase):
    """What is in the queue itself."""

    def records(self, path: str) -> Iterator[tuple[bytes, bytes]]:
        """The string."""
        yield path.encode(), path.encode()
