"""What notebooks ask of TensorBoard's package where it is not installed: ``from tensorboard import notebook``.

Its pages are shown by nobody then, as those of ``%tensorboard`` are; what would be in them is in the files of events.
"""

from __future__ import annotations

import itertools
import shlex
import sys
from typing import Any

from thalweg.compat.names import Namespace


def start(args_string: str) -> None:
    """Says where the events are, and what shows them."""
    words = shlex.split(args_string.replace("=", " "))
    place = next(
        (after for word, after in itertools.pairwise(words) if word.startswith("--logdir")), "its folder"
    )
    sys.stderr.write(f"tensorboard is not installed; it shows the events in {place}\n")


def list_instances() -> None:
    """Says that none is running."""
    sys.stdout.write("No known TensorBoard instances running.\n")


def display(port: Any = None, height: Any = None) -> None:
    """Nothing: there is no page."""


notebook = Namespace("tensorboard.notebook", start=start, list=list_instances, display=display)
