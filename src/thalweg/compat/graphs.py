"""What the rooms of several generations ask about TensorFlow 1's graphs: whether one is being built, and what Keras
shares with it where a program uses both.

``thalweg run`` says for a program of that generation that it is ``wanted``; Keras's rooms then :func:`join` the graph
when they are imported. Otherwise ``backend`` stays None and Keras works by itself.
"""

from __future__ import annotations

import importlib
import threading
from typing import Any

wanted = False
backend: Any = None
always = False  # a program of the second generation has left eager execution for good
resources = False  # whether variables are resources, as they are in graphs of the second generation


class _Building(threading.local):
    depth = 0  # how many graphs this thread has entered and not left


building = _Building()
_at_first: list[str] = []  # rooms whose ``speak_within`` is called when the first graph is entered


def entered() -> None:
    """A block of a graph begins in this thread."""
    building.depth += 1
    while _at_first:
        importlib.import_module(_at_first.pop()).speak_within()


def left() -> None:
    """The block ends."""
    building.depth -= 1


def at_first(room: str) -> None:
    """Let this room speak when a program enters its first graph."""
    _at_first.append(room)


def are_built() -> bool:
    """Whether what a program writes now is for a graph: it is within a block of one, or has no other way any more."""
    return always or building.depth > 0


def only_from_here() -> None:
    """From here on everything is for graphs (``tf.compat.v1.disable_eager_execution()``)."""
    global always
    always = True
    entered()
    left()


def join() -> None:
    """Let Keras's tensors, layers and weights be part of graphs, where that is wanted."""
    global backend
    if wanted and backend is None:
        importlib.import_module("thalweg.compat.keras.dialect").speak(classic=True)
        backend = importlib.import_module("thalweg.compat.tf1.dialect")
        backend.speak()
