"""Whether eager tensors remember how they came about, and when they were made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Mode(threading.local):
    history = True


_mode = _Mode()
_recordings = 0  # begun so far


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, eager tensors keep no history: nothing computed here can be differentiated."""
    previous, _mode.history = _mode.history, False
    try:
        yield
    finally:
        _mode.history = previous


@contextmanager
def with_history() -> Iterator[None]:
    """Inside, eager tensors keep their history also under :func:`no_grad`: for expressions that stand in for
    ones that have it.
    """
    previous, _mode.history = _mode.history, True
    try:
        yield
    finally:
        _mode.history = previous


def keeps_history() -> bool:
    """Whether eager results remember the expression that made them."""
    return _mode.history


def begin_recording() -> int:
    """The moment of a new recording: tensors made from now on have at least this one, those made before have less."""
    global _recordings
    _recordings += 1
    return _recordings


def moment() -> int:
    """How many recordings have begun: a tensor remembers it, and so whether it is older than a recording."""
    return _recordings
