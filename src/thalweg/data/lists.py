"""Arrays of lists of whole numbers in ``.npz`` files, read as data: nothing in the file is ever called.

NumPy writes arrays of Python objects in Python's own object format, whose usual reader can run code that the file
names. This one knows the few instructions that lists of numbers need, treats what is named as inert, and refuses the
rest.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.errors import DataError

__all__ = ["read_npz"]

# What NumPy names when it writes an array of objects; none of it is looked up.
_HARMLESS = {
    (f"numpy.{core}.{module}", name)
    for core in ("core", "_core")
    for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
} | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}


def read_npz(path: str | os.PathLike[str], *names: str) -> dict[str, Any]:
    """The named arrays of an ``.npz`` file: numbers as arrays, lists of whole numbers as a list of lists.

    A DataError names a file that is missing, damaged or holds anything else, and what is wrong with it.
    """
    file = os.fspath(path)
    try:
        with zipfile.ZipFile(file) as members:
            held = {name.removesuffix(".npy") for name in members.namelist()}
            missing = [name for name in names if name not in held]
            if missing:
                raise _wrong(
                    file, f"has no array {missing[0]!r}, only {', '.join(sorted(held)) or 'nothing'}"
                )
            return {name: _array(members.read(f"{name}.npy"), f"{file}:{name}") for name in names}
    except OSError as error:
        raise DataError(f"cannot read the data file {file!r}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _wrong(file, f"not a sound npz file: {error}") from None


def _array(raw: bytes, where: str) -> Any:
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        reader = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = reader(stream)
        if dtype.hasobject:
            return _lists(stream.read(), shape, where)
        return np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise _wrong(where, str(error)) from None


def _lists(raw: bytes, shape: tuple[int, ...], where: str) -> list[list[int]]:
    try:
        state = _Reader(raw).run()
    except (IndexError, KeyError, TypeError, struct.error, UnicodeDecodeError):
        raise _wrong(where, "its list of objects is damaged") from None
    except _NotData as error:
        raise _wrong(where, f"holds more than lists of numbers: {error}") from None
    found = state[-1] if isinstance(state, tuple) and state else None
    if not isinstance(found, list) or (len(found),) != tuple(shape) or not all(map(_is_row, found)):
        raise _wrong(where, "expected one list of whole numbers for each row")
    return found


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and all(type(n) is int for n in row)


def _wrong(name: str, what: str) -> DataError:
    return DataError(f"corrupt data file {name!r}: {what}")


class _NotData(Exception):
    pass


class _Inert:
    """Something the file names or makes, of which only the state that it was given is kept."""

    state: Any = None


class _Reader:
    """The instructions of Python's object format that arrays of lists of numbers are written with."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.place = raw, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.kept: dict[int, Any] = {}

    def run(self) -> Any:
        """The state of the array that the instructions make."""
        while True:
            code = self.take(1)
            if code == b".":
                return self.stack.pop().state
            step = _STEPS.get(code)
            if step is None:
                raise _NotData(f"instruction {code!r}")
            step(self)

    def take(self, count: int) -> bytes:
        if self.place + count > len(self.raw):
            raise IndexError
        self.place += count
        return self.raw[self.place - count : self.place]

    def number(self, form: str) -> int:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.raw.index(b"\n", self.place)
        return self.take(end + 1 - self.place)[:-1].decode("ascii")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def above_mark(self) -> list[Any]:
        start = self.marks.pop()
        found, self.stack[start:] = self.stack[start:], []
        return found

    def last(self, count: int) -> tuple[Any, ...]:
        found, self.stack[-count:] = tuple(self.stack[-count:]), []
        return found

    def name(self, module: str, name: str) -> None:
        if (module, name) not in _HARMLESS:
            raise _NotData(f"{module}.{name}")
        self.push(_Inert())

    def extend(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError
        self.stack[-1].extend(items)

    def make(self) -> None:
        self.last(2)  # what is called and with what: neither is used
        self.push(_Inert())

    def build(self) -> None:
        state = self.stack.pop()
        if type(self.stack[-1]) is not _Inert:
            raise TypeError
        self.stack[-1].state = state

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def keep(self, key: int) -> None:
        self.kept[key] = self.stack[-1]


def _text(form: str, encoding: str) -> Callable[[_Reader], None]:
    return lambda r: r.push(r.take(r.number(form)).decode(encoding))


_STEPS: dict[bytes, Callable[[_Reader], Any]] = {
    b"\x80": lambda r: r.take(1),  # the version of the format
    b"\x95": lambda r: r.take(8),  # the size of the next part
    b"(": _Reader.mark,
    b"]": lambda r: r.push([]),
    b")": lambda r: r.push(()),
    b"}": lambda r: r.push({}),
    b"N": lambda r: r.push(None),
    b"\x88": lambda r: r.push(True),
    b"\x89": lambda r: r.push(False),
    b"K": lambda r: r.push(r.number("<B")),
    b"M": lambda r: r.push(r.number("<H")),
    b"J": lambda r: r.push(r.number("<i")),
    b"\x8a": lambda r: r.push(int.from_bytes(r.take(r.number("<B")), "little", signed=True)),
    b"C": lambda r: r.push(r.take(r.number("<B"))),
    b"U": _text("<B", "latin-1"),
    b"T": _text("<I", "latin-1"),
    b"X": _text("<I", "utf-8"),
    b"\x8c": _text("<B", "utf-8"),
    b"a": lambda r: r.extend([r.stack.pop()]),
    b"e": lambda r: r.extend(r.above_mark()),
    b"l": lambda r: r.push(r.above_mark()),
    b"t": lambda r: r.push(tuple(r.above_mark())),
    b"\x85": lambda r: r.push(r.last(1)),
    b"\x86": lambda r: r.push(r.last(2)),
    b"\x87": lambda r: r.push(r.last(3)),
    b"c": lambda r: r.name(r.line(), r.line()),
    b"\x93": lambda r: r.name(*r.last(2)),
    b"R": _Reader.make,
    b"b": _Reader.build,
    b"q": lambda r: r.keep(r.number("<B")),
    b"r": lambda r: r.keep(r.number("<I")),
    b"\x94": lambda r: r.keep(len(r.kept)),
    b"h": lambda r: r.push(r.kept[r.number("<B")]),
    b"j": lambda r: r.push(r.kept[r.number("<I")]),
}
