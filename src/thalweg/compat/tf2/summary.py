"""``tf.summary``: TensorBoard's event files, written at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat.tf2.effects import done_after
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import is_known, number
from thalweg.errors import SymbolicError, fail
from thalweg.graph.updates import current_recorder


class SummaryWriter:
    """An event file in a folder; ``as_default()`` makes it the one that is written to."""

    def __init__(self, logdir: str, suffix: str = "") -> None:
        self._file = events.EventWriter(logdir, suffix)

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """A block in which this is the file that is written to."""
        before, _state.step = _state.step, _state.step if step is None else step
        _state.writers.append(self)
        try:
            yield self
        finally:
            _state.writers.pop()
            _state.step = before
            self.flush()

    def set_as_default(self, step: Any = None) -> None:
        """This is the file that is written to from now on."""
        _state.writers.append(self)
        _state.step = step

    def add(self, message: bytes, step: int) -> None:
        """Write a message."""
        self._file.add(message, step)

    def flush(self) -> None:
        """Bring what was written to the file."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class _State(threading.local):
    def __init__(self) -> None:
        self.writers: list[SummaryWriter] = []
        self.step: Any = None
        self.recording = True


_state = _State()


def current_writers() -> list[SummaryWriter]:
    """The files of the blocks that the program is in, the innermost last."""
    return _state.writers


def create_file_writer(
    logdir: Any,
    max_queue: Any = None,
    flush_millis: Any = None,
    filename_suffix: str | None = None,
    name: str | None = None,
    experimental_trackable: bool = False,
) -> SummaryWriter:
    """A new event file in a folder."""
    return SummaryWriter(str(logdir), filename_suffix or "")


class _NoWriter(SummaryWriter):
    """Writes nothing."""

    def __init__(self) -> None:
        pass

    def add(self, message: bytes, step: int) -> None:
        """Nothing."""

    flush = close = lambda self: None


def create_noop_writer() -> SummaryWriter:
    """A writer that writes nothing."""
    return _NoWriter()


def _write(make: Callable[[Any], bytes], value: Any, step: Any) -> bool:
    if not _state.writers or not _state.recording:
        return False
    now = _state.step if step is None else step
    if now is None:
        raise ValueError("No step set. Please specify one either through the `step` argument or through "
                         "tf.summary.experimental.set_step()")  # fmt: skip
    writer = _state.writers[-1]

    def add(value: Any, step: Any) -> None:
        writer.add(make(value), int(number(step)))

    def add_later(value: Any, step: Any) -> None:
        add(value, step)
        writer.flush()  # its block has ended

    if done_after(add_later, value, now):
        return True
    if current_recorder() is not None or not is_known(value):
        raise fail(SymbolicError, "tf.summary: a compiled function cannot write")
    add(value, now)
    return True


def scalar(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """A number."""
    return _write(lambda x: events.scalar(name, float(np.asarray(x))), data, step)


def histogram(name: str, data: Any, step: Any = None, buckets: Any = None, description: Any = None) -> bool:
    """A distribution."""
    return _write(lambda x: events.histogram(name, np.asarray(x)), data, step)


def image(name: str, data: Any, step: Any = None, max_outputs: int = 3, description: Any = None) -> bool:
    """The first pictures of a batch [N, height, width, channels]: floats in [0, 1], or bytes."""

    def message(batch: Any) -> bytes:
        given = np.asarray(batch)
        scaled = given if given.dtype == np.uint8 else (np.clip(given, 0, 1) * 255).astype(np.uint8)
        return b"".join(
            events.image(f"{name}/image/{k}", scaled[k]) for k in range(min(int(max_outputs), len(scaled)))
        )

    return _write(message, data, step)


def audio(
    name: str, data: Any, sample_rate: Any, step: Any = None, max_outputs: int = 3, encoding: Any = None,
    description: Any = None,
) -> bool:  # fmt: skip
    """The first sounds of a batch [N, frames, channels], floats from -1 to 1, ``sample_rate`` frames a second."""
    rate = float(np.asarray(sample_rate))

    def message(batch: Any) -> bytes:
        rows = np.asarray(batch)[: int(max_outputs)]
        return b"".join(events.audio(f"{name}/audio/{k}", row, rate) for k, row in enumerate(rows))

    return _write(message, data, step)


def text(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """Text."""

    def message(given: Any) -> bytes:
        lines = [s.decode() for s in np.asarray(texts(given)).reshape(-1)]
        return events.text(name, "\n".join(lines))

    return _write(message, data, step)


def flush(writer: SummaryWriter | None = None, name: Any = None) -> None:
    """Bring what was written to the file."""
    for held in [writer] if writer is not None else _state.writers[-1:]:
        held.flush()


@contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A block in which summaries are written where the condition holds."""
    before, _state.recording = _state.recording, bool(condition() if callable(condition) else condition)
    try:
        yield
    finally:
        _state.recording = before


def should_record_summaries() -> bool:
    """Whether a summary would be written now."""
    return bool(_state.writers) and _state.recording


def trace_on(*args: Any, **ignored: Any) -> None:
    """Accepted: functions are not traced into event files."""


trace_off = trace_export = trace_on


def write_raw_pb(tensor: Any, step: Any = None, name: Any = None) -> bool:
    """A summary as bytes that somebody else made."""
    return _write(lambda given: np.asarray(texts(given)).item(), tensor, step)


@contextmanager
def summary_scope(name: str, default_name: str = "summary", values: Any = None) -> Iterator[tuple[str, str]]:
    """A block for the parts of one summary: its tag, and its name."""
    yield name or default_name, f"{name or default_name}/"


def set_step(step: Any) -> None:
    """The step of summaries that are given none."""
    _state.step = step


def get_step() -> Any:
    """The step of summaries that are given none."""
    return _state.step
