"""What Keras asks of TensorFlow 1 where a program uses both: the graph and session that its tensors and weights are in.

``thalweg run`` says for a program of that generation that it is ``wanted``; Keras's rooms then :func:`join` the graph
when they are imported. Otherwise ``backend`` stays None and Keras works by itself.
"""

from __future__ import annotations

import importlib
from typing import Any

wanted = False
backend: Any = None


def join() -> None:
    """Let Keras's tensors, layers and weights be part of graphs, where that is wanted."""
    global backend
    if wanted and backend is None:
        importlib.import_module("thalweg.compat.keras.dialect").speak(classic=True)
        backend = importlib.import_module("thalweg.compat.tf1.dialect")
        backend.speak()
