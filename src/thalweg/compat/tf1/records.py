"""TFRecord files of serialised examples: written, read, and taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg import events


class TFRecordWriter:
    """Appends byte strings to a record file."""

    def __init__(self, path: str, options: Any = None) -> None:
        self._file = open(path, "wb")  # noqa: SIM115 - closed by close()

    def write(self, record: bytes) -> None:
        """Append one."""
        self._file.write(events.record(record))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def tf_record_iterator(path: str, options: Any = None) -> Iterator[bytes]:
    """The byte strings of a record file."""
    return events.read_records(path)


class BytesList:
    """Byte strings."""

    def __init__(self, value: Any = ()) -> None:
        self.value = list(value)

    def __repr__(self) -> str:
        return "".join(f"value: {_shown(v)}\n" for v in self.value)


class FloatList(BytesList):
    """Floats."""


class Int64List(BytesList):
    """Whole numbers."""


class Feature:
    """One of the three lists."""

    def __init__(self, bytes_list: Any = None, float_list: Any = None, int64_list: Any = None) -> None:
        self.bytes_list, self.float_list, self.int64_list = bytes_list, float_list, int64_list

    def WhichOneof(self, group: str) -> str | None:
        """The name of the list that there is."""
        names = ("bytes_list", "float_list", "int64_list")
        return next((name for name in names if getattr(self, name) is not None), None)

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


def _held(feature: Feature) -> tuple[int, Any]:
    """The number of the list that there is, and what it holds."""
    kinds = ((1, feature.bytes_list), (2, feature.float_list), (3, feature.int64_list))
    return next(((kind, held.value) for kind, held in kinds if held is not None), (1, []))


class Features:
    """Features by name."""

    def __init__(self, feature: Any = None) -> None:
        self.feature = dict(feature or {})

    def __repr__(self) -> str:
        pairs = sorted(self.feature.items())
        return "".join(_block("feature", f'key: "{k}"\n{_block("value", repr(v))}') for k, v in pairs)


class TFRecordCompressionType:
    """How record files are packed: not at all."""

    NONE = 0


class TFRecordOptions:
    """Settings of record files; accepted."""

    def __init__(self, compression_type: Any = None, **options: Any) -> None:
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
        made = {}
        for name, (kind, held) in events.read_example(message).items():
            parts = [None, None, None]
            parts[kind - 1] = (BytesList, FloatList, Int64List)[kind - 1](held)  # type: ignore[call-overload]
            made[name] = Feature(*parts)
        return Example(Features(made))

    def ParseFromString(self, message: bytes) -> None:
        """Take the features of a message."""
        self.features = Example.FromString(message).features
