"""What the user sees while a network trains: a bar on a terminal, else one plain line per epoch."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

from thalweg.train.history import Row, Running

__all__ = ["Bar", "Lines", "Progress", "choose_progress"]

_REFRESH_SECONDS = 0.1


class Progress(Protocol):
    """The four moments at which the training loop reports."""

    def start(self, steps: int, epochs: int) -> None:
        """Training of ``epochs`` epochs of ``steps`` steps begins."""

    def steps(self, count: int, running: Running) -> None:
        """So many more steps are done."""

    def epoch(self, row: Row) -> None:
        """One epoch is done."""

    def close(self) -> None:
        """Training is over, at its end or before."""


def choose_progress() -> Progress:
    """A bar where stderr is a terminal and tqdm is there, else plain lines."""
    if sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ModuleNotFoundError:
            return Lines()
        return Bar(tqdm)
    return Lines()


class Lines:
    """One line per epoch on stdout."""

    def __init__(self) -> None:
        self._epochs = 0

    def start(self, steps: int, epochs: int) -> None:
        self._epochs = epochs

    def steps(self, count: int, running: Running) -> None:
        pass

    def epoch(self, row: Row) -> None:
        width = len(str(self._epochs))
        print(
            f"epoch {row.epoch:{width}}/{self._epochs}  loss {row.loss:.4f}  accuracy {row.accuracy:.4f}  "
            f"test {row.test_accuracy:.4f}  {row.seconds:.1f} s",
            flush=True,
        )

    def close(self) -> None:
        pass


class Bar:
    """One bar over all steps, with the loss and accuracy of this epoch and the last test accuracy."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._test = ""
        self._waiting = 0
        self._shown = 0.0

    def start(self, steps: int, epochs: int) -> None:
        self._bar = self._tqdm(total=steps * epochs, unit="step", mininterval=_REFRESH_SECONDS, leave=False)

    def steps(self, count: int, running: Running) -> None:
        # Formatting numbers costs as much as a small network's step: ten times a second is enough.
        self._waiting += count
        now = time.monotonic()
        if now - self._shown < _REFRESH_SECONDS:
            return
        self._shown = now
        self._bar.set_description_str(
            f"loss {running.loss:.4f} accuracy {running.accuracy:.4f}{self._test}", refresh=False
        )
        self._flush()

    def epoch(self, row: Row) -> None:
        self._test = f" test {row.test_accuracy:.4f}"
        self._flush()

    def close(self) -> None:
        if self._bar is not None:
            self._flush()
            self._bar.close()

    def _flush(self) -> None:
        self._bar.update(self._waiting)
        self._waiting = 0
