"""TFRecord files of serialised examples: written, read, and taken apart."""

from __future__ import annotations

import gzip
import operator
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat.names import inner
from thalweg.errors import ArgumentError, fail
from thalweg.files import unpacked


@inner
def compression_of(options: Any) -> str:
    """How a file is packed: "GZIP", "ZLIB" or not ("")."""
    given = getattr(options, "compression_type", options)
    known = {None: "", "": "", "NONE": "", 0: "", 1: "ZLIB", 2: "GZIP", "ZLIB": "ZLIB", "GZIP": "GZIP"}
    if given not in known:
        raise fail(
            ArgumentError, "compression of records", expected="GZIP, ZLIB or none", received=repr(given)
        )
    return known[given]


class TFRecordWriter:
    """Appends byte strings to a record file."""

    def __init__(self, path: str, options: Any = None) -> None:
        kind, path = (
            compression_of(options),
            path.rstrip("/"),
        )  # one at the end of a file's name means nothing
        self._file: Any = gzip.open(path, "wb") if kind == "GZIP" else open(path, "wb")  # noqa: SIM115 - see close()
        self._packing = zlib.compressobj() if kind == "ZLIB" else None

    def write(self, record: bytes) -> None:
        """Append one."""
        message = events.record(record)
        self._file.write(message if self._packing is None else self._packing.compress(message))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        if self._packing is not None and not self._file.closed:
            self._file.write(self._packing.flush())
        self._file.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def tf_record_iterator(path: str, options: Any = None) -> Iterator[bytes]:
    """The byte strings of a record file."""
    kind = compression_of(options)
    if not kind:
        return events.read_records(path)
    return events.records_in(unpacked(Path(path).read_bytes(), kind), path)


class BytesList:
    """Byte strings: of bytes, texts, and scalar tensors of them."""

    _wanted = "bytes"

    def __init__(self, value: Any = ()) -> None:
        known = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "if"
        self.value = [self.taken(v) for v in (value.tolist() if known else value)]

    def taken(self, value: Any) -> Any:
        """A value as the list holds it; an error for one of another kind, which no file could give back."""
        value = value.numpy() if hasattr(value, "numpy") else value
        if isinstance(value, (str, bytes)):
            return value
        raise self._other(value)

    def _other(self, value: Any) -> TypeError:
        return TypeError(f"{value!r} has type {type(value).__name__}, but expected one of: {self._wanted}")

    def __repr__(self) -> str:
        return "".join(f"value: {_shown(v)}\n" for v in self.value)


class FloatList(BytesList):
    """Floats, of all numbers."""

    _wanted = "int, float"

    def taken(self, value: Any) -> float:
        if type(value) is float:
            return value
        if isinstance(value, (str, bytes)) or np.ndim(value):
            raise self._other(value)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise self._other(value) from None


class Int64List(BytesList):
    """Whole numbers, and booleans."""

    _wanted = "int"

    def taken(self, value: Any) -> int:
        if type(value) is int:
            return value
        value = value.numpy() if hasattr(value, "numpy") else value
        if isinstance(value, (bool, np.bool_)):
            return int(value)
        try:
            return operator.index(value)
        except TypeError:
            raise self._other(value) from None


class Feature:
    """One of the three lists: the one that was given, or that something was put into."""

    _KINDS = ("bytes_list", "float_list", "int64_list")

    def __init__(self, bytes_list: Any = None, float_list: Any = None, int64_list: Any = None) -> None:
        given = zip(self._KINDS, (bytes_list, float_list, int64_list), strict=True)
        self._given = next((kind for kind, held in given if held is not None), None)
        self.bytes_list: BytesList = BytesList() if bytes_list is None else bytes_list
        self.float_list: BytesList = FloatList() if float_list is None else float_list
        self.int64_list: BytesList = Int64List() if int64_list is None else int64_list

    def WhichOneof(self, group: str) -> str | None:
        """The name of the list that there is."""
        return self._given or next((kind for kind in self._KINDS if getattr(self, kind).value), None)

    def HasField(self, name: str) -> bool:
        """Whether it is this list that there is."""
        return name == self.WhichOneof("kind")

    def SerializeToString(self) -> bytes:
        """The message."""
        return events.feature(*_held(self))

    def __repr__(self) -> str:
        kind = self.WhichOneof("kind")
        return "" if kind is None else _block(kind, repr(getattr(self, kind)))


_ESCAPES = {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    ord('"'): '\\"',
    ord("'"): "\\'",
    ord("\\"): "\\\\",
}


def _shown(value: Any) -> str:
    """A value as messages show it in their text form."""
    if isinstance(value, (str, bytes)):
        held = value.encode() if isinstance(value, str) else value
        return (
            '"' + "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in held) + '"'
        )
    return str(np.float32(value)) if isinstance(value, (float, np.floating)) else str(int(value))


def _block(name: str, inside: str) -> str:
    """A message in its text form: the name, and what is inside in braces."""
    return f"{name} {{\n" + "".join(f"  {line}\n" for line in inside.splitlines()) + "}\n"


def _pair(key: str, held: Any) -> str:
    """An entry of a map in its text form."""
    return f'key: "{key}"\n{_block("value", repr(held))}'


def _held(feature: Feature) -> tuple[int, Any]:
    """The number of the list that there is, and what it holds."""
    kind = feature.WhichOneof("kind") or "bytes_list"
    held = getattr(feature, kind)
    return 1 + Feature._KINDS.index(kind), [held.taken(v) for v in held.value]  # some may have been appended


def _feature_of(kind: int, held: Any) -> Feature:
    lists = BytesList, FloatList, Int64List
    return Feature(**{Feature._KINDS[kind - 1]: lists[kind - 1](held)})


class _ByName(dict[str, Any]):
    """Messages by name, made where they are asked for."""

    def __init__(self, make: Any, given: Any) -> None:
        super().__init__(given or {})
        self._make = make

    def __missing__(self, name: str) -> Any:
        self[name] = made = self._make()
        return made


class Features:
    """Features by name."""

    def __init__(self, feature: Any = None) -> None:
        self.feature = _ByName(Feature, feature)

    def __repr__(self) -> str:
        pairs = sorted(self.feature.items())
        return "".join(_block("feature", _pair(k, v)) for k, v in pairs)


class FeatureList:
    """A feature of each step."""

    class _Rows(list[Feature]):
        def add(self) -> Feature:
            """A new one at the end."""
            self.append(Feature())
            return self[-1]

    def __init__(self, feature: Any = ()) -> None:
        self.feature = FeatureList._Rows(feature)

    def __repr__(self) -> str:
        return "".join(_block("feature", repr(one)) for one in self.feature)


class FeatureLists:
    """Lists of features by name."""

    def __init__(self, feature_list: Any = None) -> None:
        self.feature_list = _ByName(FeatureList, feature_list)

    def __repr__(self) -> str:
        return "".join(_block("feature_list", _pair(k, v)) for k, v in sorted(self.feature_list.items()))


class SequenceExample:
    """Features of the whole and of each step as one message."""

    def __init__(self, context: Features | None = None, feature_lists: FeatureLists | None = None) -> None:
        self.context, self.feature_lists = context or Features(), feature_lists or FeatureLists()

    def __repr__(self) -> str:
        return _block("context", repr(self.context)) + _block("feature_lists", repr(self.feature_lists))

    def SerializeToString(self) -> bytes:
        """The message."""
        lists = {n: [_held(f) for f in rows.feature] for n, rows in self.feature_lists.feature_list.items()}
        return events.sequence_example({n: _held(f) for n, f in self.context.feature.items()}, lists)

    @staticmethod
    def FromString(message: bytes) -> SequenceExample:
        """The features of a message."""
        context, lists = events.read_sequence_example(message)
        rows = {name: FeatureList([_feature_of(*held) for held in row]) for name, row in lists.items()}
        return SequenceExample(Features({n: _feature_of(*f) for n, f in context.items()}), FeatureLists(rows))

    def ParseFromString(self, message: bytes) -> None:
        """Take the features of a message."""
        vars(self).update(vars(SequenceExample.FromString(message)))


class TFRecordCompressionType:
    """How record files are packed: not at all."""

    NONE, ZLIB, GZIP = range(3)


class TFRecordOptions:
    """Settings of record files: how they are packed; others are accepted."""

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: Any = None,
        input_buffer_size: Any = None,
        output_buffer_size: Any = None,
        window_bits: Any = None,
        compression_level: Any = None,
        compression_method: Any = None,
        mem_level: Any = None,
        compression_strategy: Any = None,
    ) -> None:
        self.compression_type = compression_type


class Example:
    """Features as one message."""

    def __init__(self, features: Features | None = None) -> None:
        self.features = features or Features()

    def __repr__(self) -> str:
        return _block("features", repr(self.features))

    def SerializeToString(self) -> bytes:
        """The message."""
        return events.example({name: _held(feature) for name, feature in self.features.feature.items()})

    @staticmethod
    def FromString(message: bytes) -> Example:
        """The features of a message."""
        found = events.read_example(message)
        return Example(Features({name: _feature_of(*held) for name, held in found.items()}))

    def ParseFromString(self, message: bytes) -> None:
        """Take the features of a message."""
        self.features = Example.FromString(message).features
