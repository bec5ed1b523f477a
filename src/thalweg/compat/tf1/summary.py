"""``tf.summary``: nodes that make TensorBoard's messages, and the writer of its event files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import GraphKeys, HostTensor, Node, Operation, default_graph


def _summary(
    kind: str, name: str, tensor: Any, collections: Any, fn: Any, family: str | None = None
) -> HostTensor:
    if isinstance(name, _Tag):
        operation, tag = Operation(name.node or kind, kind, inputs=[name, tensor]), str(name)
        return _collected(
            HostTensor(operation, [g.convert_to_tensor(tensor)], lambda x: fn(tag, x)), collections
        )
    title = re.sub(r"[^-/\w.]", "_", str(name)).lstrip("/")
    operation = Operation(title if family is None else f"{family}/{title}", kind, inputs=[name, tensor])
    tag = operation.name if not title.endswith("/") else title.rstrip("/")  # a whole name stays as it is
    tag = tag if family is None else f"{family}/{tag}"
    return _collected(HostTensor(operation, [g.convert_to_tensor(tensor)], lambda x: fn(tag, x)), collections)


def _collected(made: HostTensor, collections: Any) -> HostTensor:
    for key in [GraphKeys.SUMMARIES] if collections is None else collections:
        default_graph().add_to_collection(key, made)
    return made


class _Tag(str):
    """A tag that stands as it is given, outside all scopes, and the name of its node."""

    node: str | None = None


def scalar(name: str, tensor: Any, collections: Any = None, family: Any = None) -> HostTensor:
    """One number over the steps."""
    return _summary(
        "ScalarSummary",
        name,
        tensor,
        collections,
        lambda tag, x: events.scalar(tag, float(np.asarray(x))),
        family,
    )


def histogram(name: str, values: Any, collections: Any = None, family: Any = None) -> HostTensor:
    """A distribution over the steps."""
    return _summary("HistogramSummary", name, values, collections, events.histogram, family)


def image(
    name: str,
    tensor: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: Any = None,
    max_images: int | None = None,
) -> HostTensor:
    """The first few images of a batch [N, H, W, C]; floats are stretched to 0..255."""

    def images(tag: str, batch: np.ndarray) -> bytes:
        asked = max_images or max_outputs
        tags = [f"{tag}/image" if asked == 1 else f"{tag}/image/{k}" for k in range(min(asked, len(batch)))]
        return b"".join(events.image(t, _pixels(batch[k])) for k, t in enumerate(tags))

    return _summary("ImageSummary", name, tensor, collections, images, family)


def _pixels(picture: np.ndarray) -> np.ndarray:
    if picture.dtype == np.uint8:
        return picture
    low, high = float(picture.min()), float(picture.max())
    if low < 0:  # 0 in the middle
        scale = max(abs(low), abs(high)) or 1.0
        return np.clip(picture * (127 / scale) + 128, 0, 255).astype(np.uint8)
    return (picture * (255 / high if high > 0 else 1.0)).astype(np.uint8)


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: Any = None,
) -> HostTensor:
    """The first few sounds of a batch [N, frames, channels] or [N, frames], numbers from -1 to 1."""
    rate = g.static_value(sample_rate)
    if rate is None:
        raise ValueError("tf.summary.audio: sample_rate must be known when the graph is built")

    def sounds(tag: str, batch: np.ndarray) -> bytes:
        rows = batch[:max_outputs] if batch.ndim == 3 else batch[:max_outputs, :, None]
        tags = [f"{tag}/audio" if max_outputs == 1 else f"{tag}/audio/{k}" for k in range(len(rows))]
        return b"".join(events.audio(t, row, float(rate)) for t, row in zip(tags, rows, strict=True))

    return _summary("AudioSummaryV2", name, tensor, collections, sounds, family)


def text(name: str, tensor: Any, collections: Any = None) -> HostTensor:
    """A text."""
    return _summary(
        "TextSummary",
        name,
        tensor,
        collections,
        lambda tag, x: events.text(tag, x.decode() if isinstance(x, bytes) else str(x)),
    )


def merge(inputs: Sequence[Any], collections: Any = None, name: str | None = None) -> HostTensor:
    """Several summaries as one."""
    made = g.host("MergeSummary", name or "Merge/MergeSummary", list(inputs), lambda *parts: b"".join(parts))
    for key in collections or ():
        default_graph().add_to_collection(key, made)
    return made


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> HostTensor | None:
    """All summaries of the graph as one; None where there are none."""
    found = default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None


class FileWriter:
    """Writes summaries and the graph to an event file in a folder."""

    def __init__(
        self,
        logdir: str,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        self._logdir = str(logdir)
        self._writer = events.EventWriter(self._logdir, filename_suffix or "")
        if graph is not None or graph_def is not None:
            self.add_graph(graph if graph is not None else graph_def)

    def get_logdir(self) -> str:
        return self._logdir

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Write what a summary node gave, for a step."""
        message = summary.SerializeToString() if isinstance(summary, Summary) else summary
        self._writer.add(message, int(global_step or 0))

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Write the graph's nodes."""
        nodes = [(op.name, op.type, [x.op.name for x in op.inputs]) for op in graph.get_operations()]
        self._writer.add_graph(events.graph_event(nodes))

    def add_event(self, event: Any) -> None:
        """Write a serialised message."""
        self._writer.add(event)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """There is none to write."""

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """There is none to write."""

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def reopen(self) -> None:
        self._writer = events.EventWriter(self._logdir)

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class FileWriterCache:
    """One writer for each folder."""

    _writers: dict[str, FileWriter] = {}

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a folder."""
        folder = str(logdir)
        if folder not in FileWriterCache._writers:
            FileWriterCache._writers[folder] = FileWriter(folder)
        return FileWriterCache._writers[folder]

    @staticmethod
    def clear() -> None:
        """Forget the writers."""
        FileWriterCache._writers.clear()


class HistogramProto:
    """The counts of numbers in buckets, put together by hand."""

    def __init__(
        self,
        min: float = 0.0,
        max: float = 0.0,
        num: float = 0.0,
        sum: float = 0.0,
        sum_squares: float = 0.0,
        bucket_limit: Sequence[float] = (),
        bucket: Sequence[float] = (),
    ) -> None:
        self.min, self.max, self.num, self.sum, self.sum_squares = min, max, num, sum, sum_squares
        self.bucket_limit, self.bucket = list(bucket_limit), list(bucket)


class _Image:
    def __init__(
        self, encoded_image_string: bytes = b"", height: int = 0, width: int = 0, colorspace: int = 3
    ) -> None:
        self.encoded_image_string, self.height, self.width = encoded_image_string, height, width
        self.colorspace = colorspace


class _Value:
    """A number, a picture or a histogram under a tag."""

    def __init__(
        self,
        tag: str = "",
        simple_value: float = 0.0,
        image: Any = None,
        histo: Any = None,
        raw: bytes | None = None,
        *,
        node_name: str = "",
        metadata: Any = None,
    ) -> None:
        self.tag, self.simple_value, self.image, self.histo = tag, simple_value, image, histo
        self._raw = raw  # the message it was read from, where that is no number

    def WhichOneof(self, group: str = "value") -> str | None:
        """What it holds: a number, a picture or a histogram; None for what was read and is none of them."""
        if self._raw is not None:
            return None
        return "image" if self.image is not None else "histo" if self.histo is not None else "simple_value"

    def HasField(self, name: str) -> bool:
        """Whether it holds this."""
        return name == "tag" or name == self.WhichOneof()

    def message(self) -> bytes:
        """As it stands in an event file."""
        if self._raw is not None:
            return self._raw
        if self.image is not None:
            picture = self.image
            sizes = int(picture.height), int(picture.width), int(picture.colorspace)
            return events.encoded_image(self.tag, bytes(picture.encoded_image_string), *sizes)
        if self.histo is not None:
            h = self.histo
            numbers = [float(v) for v in (h.min, h.max, h.num, h.sum, h.sum_squares)]
            return events.counted(self.tag, numbers, h.bucket_limit, h.bucket)
        return events.scalar(self.tag, float(self.simple_value))


class Summary:
    """A message put together by hand: ``Summary(value=[Summary.Value(tag=..., simple_value=...)])``."""

    Value, Image = _Value, _Image

    class _Values(list):  # type: ignore[type-arg]
        def add(self, tag: str = "", simple_value: float = 0.0, **others: Any) -> _Value:
            self.append(_Value(tag, simple_value, **others))
            added: _Value = self[-1]
            return added

    def __init__(self, value: Any = ()) -> None:
        self.value = Summary._Values(value)

    def ParseFromString(self, message: bytes) -> Summary:
        """Take the numbers of a serialised message."""
        self.value = Summary._Values()
        for tag, held, raw in events.summary_values(message):
            if isinstance(held, float):
                self.value.add(tag, held)
            else:
                self.value.add(tag, raw=raw)
        return self

    @classmethod
    def FromString(cls, message: bytes) -> Summary:
        """The summary of a serialised message."""
        return cls().ParseFromString(message)

    def SerializeToString(self) -> bytes:
        """The message."""
        return b"".join(v.message() for v in self.value)


class SessionLog:
    """That a session began, ended or saved a checkpoint."""

    STATUS_UNSPECIFIED, START, STOP, CHECKPOINT = range(4)

    def __init__(self, status: int = 0, checkpoint_path: str = "", msg: str = "") -> None:
        self.status, self.checkpoint_path, self.msg = status, checkpoint_path, msg


class Event:
    """What an event file holds for one step."""

    def __init__(
        self,
        wall_time: float = 0.0,
        step: int = 0,
        summary: Any = None,
        file_version: Any = None,
        graph_def: Any = None,
        session_log: Any = None,
    ) -> None:
        self.wall_time, self.step, self.summary = wall_time, step, summary or Summary()


def summary_iterator(path: str) -> Iterator[Event]:
    """The events of a file; of a summary, its numbers."""
    for event in events.read_events(path):
        numbers = {tag: v for tag, v in event["values"].items() if isinstance(v, float)}
        values = [_Value(tag, number) for tag, number in numbers.items()]
        yield Event(event["wall_time"], event["step"], Summary(values))


# Before 1.0: tags stand as they are given, outside all scopes.


def scalar_summary(tags: Any, values: Any, collections: Any = None, name: Any = None) -> HostTensor:
    """One number under a tag, or several under several."""
    several = tags if isinstance(tags, (list, tuple, np.ndarray)) else None
    if several is None:
        return scalar(_tag(tags, name), values, collections)
    names = [_text(tag) for tag in np.ravel(several)]
    written = lambda _, found: b"".join(map(events.scalar, names, map(float, np.ravel(found))))
    return _summary("ScalarSummary", _tag("", name), values, collections, written)


def histogram_summary(tag: Any, values: Any, collections: Any = None, name: Any = None) -> HostTensor:
    """A distribution under a tag."""
    return histogram(_tag(tag, name), values, collections)


def image_summary(
    tag: Any, tensor: Any, max_images: int = 3, collections: Any = None, name: Any = None
) -> HostTensor:
    """The first few images of a batch under a tag."""
    return image(_tag(tag, name), tensor, max_images, collections)


def audio_summary(
    tag: Any, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None, name: Any = None
) -> HostTensor:
    """The first few sounds of a batch under a tag."""
    return audio(_tag(tag, name), tensor, sample_rate, max_outputs, collections)


def _tag(tag: Any, name: str | None) -> _Tag:
    made = _Tag(_text(tag))
    made.node = name
    return made


def _text(tag: Any) -> str:
    found = tag.static if isinstance(tag, Node) else tag
    found = found.item() if isinstance(found, np.ndarray) else found
    return found.decode() if isinstance(found, bytes) else str(found)
