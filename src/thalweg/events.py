"""Event files as TensorBoard reads them: records of serialised messages, written without its packages."""

from __future__ import annotations

import functools
import io
import math
import os
import socket
import struct
import time
import wave
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.crc32c import checksum, checksums
from thalweg.errors import DataError

__all__ = [
    "EventWriter",
    "audio",
    "example",
    "fields",
    "graph_event",
    "histogram",
    "image",
    "read_events",
    "read_example",
    "read_records",
    "read_summary",
    "read_tensor",
    "record",
    "scalar",
    "tensor",
    "text",
    "wav",
]

# A message is a run of fields: (number << 3 | kind) as a varint, then a varint (kind 0), eight bytes (1), a length and
# that many bytes (2) or four bytes (5).


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _field(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _int_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value & 0xFFFFFFFFFFFFFFFF)


def _double_field(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _doubles(number: int, values: Any) -> bytes:
    return _field(number, np.asarray(values, "<f8").tobytes())


def scalar(tag: str, value: float) -> bytes:
    """A summary with one number."""
    return _field(1, _field(1, tag.encode()) + _varint(2 << 3 | 5) + struct.pack("<f", value))


def histogram(tag: str, values: Any) -> bytes:
    """A summary with the counts of numbers in buckets that grow by a tenth."""
    given = np.asarray(values).reshape(-1)
    flat = np.sort(given if given.dtype == np.float32 else given.astype(np.float64)).astype(np.float64)
    if not (flat.size and np.isfinite(flat[0]) and np.isfinite(flat[-1])):  # NaN come last
        flat = flat[np.isfinite(flat)]
    if flat.size == 0:
        flat = np.zeros(1)
    edges = _bucket_edges()
    counts = np.diff(
        np.searchsorted(flat, edges), prepend=0
    )  # in order, there are only the edges to look for
    used = np.flatnonzero(counts)
    first, last = max(used[0] - 1, 0), used[-1] + 1
    numbers = [float(v) for v in (flat[0], flat[-1], flat.size, flat.sum(), flat @ flat)]
    return counted(tag, numbers, edges[first:last], counts[first:last])


def counted(tag: str, numbers: Sequence[float], limits: Any, counts: Any) -> bytes:
    """A summary with counts in buckets: ``numbers`` are the least, the greatest, how many, their sum and that of
    their squares; ``limits`` are the upper ends of the buckets.
    """
    message = b"".join(_double_field(k, number) for k, number in enumerate(numbers, 1))
    message += _doubles(6, limits) + _doubles(7, counts)
    return _field(1, _field(1, tag.encode()) + _field(5, message))


@functools.cache
def _bucket_edges() -> np.ndarray:
    positive = 1e-12 * 1.1 ** np.arange(775)
    return np.concatenate([-positive[::-1], [0.0], positive, [np.finfo(np.float64).max]])


def image(tag: str, pixels: np.ndarray) -> bytes:
    """A summary with one image: uint8 [height, width, channels], 1, 3 or 4 channels."""
    height, width, channels = pixels.shape
    return encoded_image(tag, _png(pixels), height, width, channels)


def encoded_image(tag: str, encoded: bytes, height: int, width: int, channels: int) -> bytes:
    """A summary with one image, a PNG or JPEG file."""
    message = _int_field(1, height) + _int_field(2, width) + _int_field(3, channels) + _field(4, encoded)
    return _field(1, _field(1, tag.encode()) + _field(4, message))


def _png(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels, np.uint8))
    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def audio(tag: str, samples: np.ndarray, rate: float) -> bytes:
    """A summary with one sound: floats [frames, channels] from -1 to 1."""
    frames, channels = samples.shape
    message = _varint(1 << 3 | 5) + struct.pack("<f", rate) + _int_field(2, channels) + _int_field(3, frames)
    message += _field(4, wav(samples, rate)) + _field(5, b"audio/wav")
    return _field(1, _field(1, tag.encode()) + _field(6, message))


def wav(samples: np.ndarray, rate: float) -> bytes:
    """The bytes of a WAV file, 16 bits a sample, of floats [frames, channels] from -1 to 1."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setparams((samples.shape[1], 2, int(rate), 0, "NONE", "not compressed"))
        places = np.floor(np.asarray(samples, np.float64) * 2**15 + 0.5)
        file.writeframes(np.clip(places, -(2**15), 2**15 - 1).astype("<i2").tobytes())
    return held.getvalue()


def text(tag: str, value: str) -> bytes:
    """A summary with a text."""
    tensor = _int_field(1, 7) + _field(2, _field(2, _int_field(1, 1))) + _field(8, value.encode())
    metadata = _field(1, _field(1, b"text"))
    return _field(1, _field(1, tag.encode()) + _field(8, tensor) + _field(9, metadata))


def graph_event(nodes: Sequence[tuple[str, str, Sequence[str]]]) -> bytes:
    """The graph's part of an event: (name, kind, names of inputs) of each node."""
    definition = b"".join(
        _field(
            1,
            _field(1, name.encode())
            + _field(2, kind.encode())
            + b"".join(_field(3, i.encode()) for i in inputs),
        )
        for name, kind, inputs in nodes
    )
    return _field(4, definition)


# --- files: a length, its checksum, the message, its checksum -------------------------------------------------------

_AT_ONCE = 1 << 20  # bytes whose checksums are computed together


def _masked(crc: Any) -> Any:
    """A checksum (or an array of them), rotated and shifted as record files have it."""
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


@functools.lru_cache(1024)
def _head(length: int) -> bytes:
    """The length of a message and its checksum."""
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", _masked(checksum(packed)))


def record(message: bytes) -> bytes:
    """A message with its length and checksums, as record files hold it."""
    return _head(len(message)) + message + struct.pack("<I", _masked(checksum(message)))


class EventWriter:
    """Appends events to a new file ``events.out.tfevents...`` in a folder, which is made if absent."""

    _count = 0

    def __init__(self, folder: str | os.PathLike[str], suffix: str = "") -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        EventWriter._count += 1
        made = f"{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{EventWriter._count}"
        name = f"events.out.tfevents.{made}{suffix}"
        self.path = Path(folder) / name
        self._file = open(self.path, "ab")  # noqa: SIM115 - closed by close()
        self._write(_field(3, b"brain.Event:2"))

    def _write(self, body: bytes, step: int = 0) -> None:
        self._file.write(
            record(_double_field(1, time.time()) + (_int_field(2, step) if step else b"") + body)
        )

    def add(self, summary: bytes, step: int = 0) -> None:
        """Write a summary (one of the functions above, or several joined) for a step."""
        self._write(_field(5, summary), step)

    def add_graph(self, graph: bytes) -> None:
        """Write a graph."""
        self._write(graph)

    def flush(self) -> None:
        """Bring what was written to the file."""
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def read_events(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The events of a file: ``{"wall_time": seconds, "step": n, "values": {tag: number or message}}``.

    A wrong checksum is a ValueError.
    """
    return map(_event, read_records(path))


def read_records(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The messages of a record file; a wrong checksum is a ValueError."""
    return records_in(Path(path).read_bytes(), path)


def records_in(data: bytes, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """The messages in the bytes of a record file."""
    position = 0
    while position < len(data):
        starts, messages, told, held = [], [], [], 0
        while position < len(data) and held < _AT_ONCE:
            (length,) = struct.unpack("<Q", data[position : position + 8].ljust(8, b"\0"))
            message = data[position + 12 : position + 12 + length]
            tail = data[position + 12 + length : position + 16 + length]
            whole = len(tail) == 4 and data[position : position + 12] == _head(length)
            starts.append(position)
            messages.append(message)
            told.append(struct.unpack("<I", tail)[0] if whole else -1)
            held += len(message)
            position = position + 16 + length if whole else len(data)
        right = _masked(checksums(messages).astype(np.int64)) == told
        for start, message, sound in zip(starts, messages, right, strict=True):
            if not sound:
                raise ValueError(f"{path}: a record at byte {start} is damaged")
            yield message


def _event(message: bytes) -> dict[str, Any]:
    event: dict[str, Any] = {"wall_time": 0.0, "step": 0, "values": {}}
    for number, found in fields(message):
        if number == 1:
            event["wall_time"] = found
        elif number == 2:
            event["step"] = found
        elif number == 5:
            event["values"].update(read_summary(found))
    return event


def read_summary(message: bytes) -> dict[str, Any]:
    """The contents of a summary by tag: numbers, or the messages of histograms, images and texts."""
    return {tag: held for tag, held, _ in summary_values(message)}


def summary_values(message: bytes) -> Iterator[tuple[str, Any, bytes]]:
    """The contents of a summary, one by one: tag, number or message, and how it stands in the summary."""
    for number, value in fields(message):
        parts = dict(fields(value))
        yield parts[1].decode(), parts.get(2, parts.get(5, parts.get(4, parts.get(8)))), _field(number, value)


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: their numbers, and whole numbers, floats or bytes (also of messages within).

    A message that ends within a field raises IndexError or struct.error.
    """
    position, end = 0, len(message)
    while position < end:
        tag, length = message[position], message[position + 1] if position + 1 < end else 128
        if tag < 128 and length < 128 and tag & 7 == 2:  # most fields: few bytes
            position += 2
        else:
            tag, position = _varint_at(message, position)
            kind = tag & 7
            if kind == 0:
                number, position = _varint_at(message, position)
                yield tag >> 3, number
                continue
            if kind in (1, 5):
                yield tag >> 3, struct.unpack_from("<d" if kind == 1 else "<f", message, position)[0]
                position += 8 if kind == 1 else 4
                continue
            length, position = _varint_at(message, position)
        stop = position + length
        if stop > end:
            raise IndexError("the message ends within a field")
        yield tag >> 3, message[position:stop]
        position = stop


def _varint_at(message: bytes, position: int) -> tuple[int, int]:
    """A varint, and the place behind it."""
    number, shift = 0, 0
    while True:
        byte = message[position]
        position += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, position


# --- examples: named lists of bytes (kind 1), floats (2) or whole numbers (3) ---------------------------------------


def example(features: Mapping[str, tuple[int, Sequence[Any]]]) -> bytes:
    """The message of an example."""
    return _field(1, _entries({name: feature(*held) for name, held in features.items()}))


def sequence_example(
    context: Mapping[str, tuple[int, Sequence[Any]]],
    lists: Mapping[str, Sequence[tuple[int, Sequence[Any]]]],
) -> bytes:
    """The message of an example with features of each step beside those of the whole."""
    steps = {name: b"".join(_field(1, feature(*held)) for held in rows) for name, rows in lists.items()}
    return example(context) + _field(2, _entries(steps))


def _entries(messages: dict[str, bytes]) -> bytes:
    """Messages by name."""
    return b"".join(_field(1, _field(1, n.encode()) + _field(2, message)) for n, message in messages.items())


def feature(kind: int, values: Sequence[Any]) -> bytes:
    """The message of one list."""
    if kind == 1:
        held = b"".join(_field(1, v if isinstance(v, bytes) else str(v).encode()) for v in values)
    elif kind == 2:
        held = _field(1, np.asarray(values, "<f4").tobytes())
    else:
        held = _field(1, b"".join(_varint(int(v) & 0xFFFFFFFFFFFFFFFF) for v in values))
    return _field(kind, held)


def in_order(features: Any) -> dict[str, Any]:
    """Kinds of features as parsing gives them: those of any length, which are sparse, first; each by name."""
    given = dict(features or {})
    return {key: given[key] for key in sorted(given, key=lambda k: (hasattr(given[k], "shape"), k))}


def read_example(message: bytes) -> dict[str, tuple[int, list[Any]]]:
    """The features of an example's message."""
    return {
        name: _contents(held)
        for _, features in fields(message)
        for name, held in _read_entries(features).items()
    }


def read_sequence_example(
    message: bytes,
) -> tuple[dict[str, tuple[int, list[Any]]], dict[str, list[tuple[int, list[Any]]]]]:
    """The features of the whole, and those of each step."""
    context: dict[str, tuple[int, list[Any]]] = {}
    lists: dict[str, list[tuple[int, list[Any]]]] = {}
    for number, part in fields(message):
        for name, held in _read_entries(part).items():
            if number == 1:
                context[name] = _contents(held)
            else:
                lists[name] = [_contents(row) for _, row in fields(held)]
    return context, lists


def _read_entries(message: bytes) -> dict[str, bytes]:
    """Messages by name."""
    pairs = (dict(fields(entry)) for _, entry in fields(message))
    return {pair[1].decode(): pair.get(2, b"") for pair in pairs}


def _contents(message: bytes) -> tuple[int, list[Any]]:
    """The kind of the list of a feature, and what it holds."""
    kind, held = next(fields(message), (1, b""))
    contents: list[Any] = _texts(held) if kind == 1 else [v for _, v in fields(held)]
    if kind == 2:
        contents = np.frombuffer(b"".join(contents), "<f4").tolist()
    elif kind == 3:
        contents = [n - 2**64 if n >= 2**63 else n for raw in contents for n in varints(raw)]
    return kind, contents


def _texts(message: bytes) -> list[bytes]:
    """What a message holds that has one field of bytes again and again, as :func:`fields` would tell it."""
    found, position, end = [], 0, len(message)
    while position < end:
        length, position = message[position + 1], position + 2  # of the field's number one byte
        if length > 127:
            length, position = _varint_at(message, position - 1)
        stop = position + length
        if stop > end:
            raise IndexError("the message ends within a field")
        found.append(message[position:stop])
        position = stop
    return found


# --- tensors ----------------------------------------------------------------------------------------------------------

# The numbers by which a tensor's message names dtypes.
_KINDS = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "string": 7, "complex64": 8, "int64": 9,
    "bool": 10, "bfloat16": 14, "uint16": 17, "complex128": 18, "float16": 19, "uint32": 22, "uint64": 23,
}  # fmt: skip
_KIND_OF = {number: name for name, number in _KINDS.items()}
# The fields in which numbers stand one by one: how each is packed, None for varints.
_ONE_BY_ONE: dict[int, str | None] = {
    5: "<f4", 6: "<f8", 7: None, 9: "<f4", 10: None, 11: None, 12: "<f8", 13: None, 16: None, 17: None,
}  # fmt: skip


def tensor(array: Any) -> bytes:
    """The message of an array (TensorFlow's TensorProto): texts are given as an array of objects, bytes or str.

    >>> tensor(np.float32([1, 2])).hex()
    '080112041202080222080000803f00000040'
    """
    array = np.asarray(array)
    is_text = array.dtype.kind in "OSU"
    kind = "string" if is_text else array.dtype.name
    if kind not in _KINDS:
        raise DataError(f"events.tensor: no message holds {kind!r}; expected one of {', '.join(_KINDS)}")
    shape = b"".join(_field(2, _int_field(1, n) if n else b"") for n in array.shape)
    message = _int_field(1, _KINDS[kind]) + _field(2, shape)
    if is_text:
        texts = (x.encode() if isinstance(x, str) else bytes(x) for x in array.reshape(-1).tolist())
        return message + b"".join(_field(8, text) for text in texts)
    return message + (_field(4, array.astype(array.dtype.newbyteorder("<")).tobytes()) if array.size else b"")


def read_tensor(message: bytes) -> np.ndarray:
    """The array of a tensor's message; of texts an array of objects, bytes. Of equal numbers at the end one may stand
    for all. Raises DataError where the bytes are no such message.

    >>> read_tensor(tensor(np.array([b"a", b"bc"], object))).tolist()
    [b'a', b'bc']
    """
    kind, shape, raw, texts = "", [], None, []
    given: list[np.ndarray] = []
    try:
        for number, held in fields(message):
            if number == 1:
                kind = _KIND_OF[held]
            elif number == 2:
                shape = [dict(fields(dim)).get(1, 0) for k, dim in fields(held) if k == 2]
            elif number == 4:
                raw = held
            elif number == 8:
                texts.append(held)
            elif number in _ONE_BY_ONE:
                given.append(_numbers(held, _ONE_BY_ONE[number]))
        return _as_told(kind, shape, raw, texts, given)
    except (IndexError, KeyError, struct.error, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"these bytes are no tensor's message: {type(error).__name__}: {error}") from None


def _numbers(held: Any, packed: str | None) -> np.ndarray:
    """The numbers of a field: several packed into bytes, or one."""
    if packed is not None:
        return np.frombuffer(held, packed) if isinstance(held, bytes) else np.array([held], packed)
    numbers = varints(held) if isinstance(held, bytes) else [held]
    return np.array([n - 2**64 if n >= 2**63 else n for n in numbers], np.int64)


def _as_told(
    kind: str, shape: list[int], raw: Any, texts: list[bytes], given: list[np.ndarray]
) -> np.ndarray:
    size = math.prod(shape)
    if kind == "string":
        words = np.full(size, b"", object)
        words[:] = [*texts, *[texts[-1] if texts else b""] * (size - len(texts))]
        return words.reshape(shape)
    dtype = np.dtype(kind) if kind.startswith("complex") else dtypes.as_dtype(kind)
    if raw is not None:
        return np.frombuffer(raw, dtype).reshape(shape).copy()
    found = np.concatenate([np.zeros(0), *given]) if not given else np.concatenate(given)
    if kind.startswith("complex"):
        found = found.reshape(-1, 2).astype(found.dtype).view(dtype).reshape(-1)
    elif kind in ("float16", "bfloat16"):  # as the bits of each
        found = found.astype(np.uint16).view(dtype)
    made = np.full(size, found[-1] if len(found) else 0, dtype)
    made[: len(found)] = found.astype(dtype)
    return made.reshape(shape)


def varints(raw: bytes) -> Iterator[int]:
    number, shift = 0, 0
    for byte in raw:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number, shift = 0, 0
