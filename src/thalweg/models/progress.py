"""What fit, evaluate and predict show: a line that is refreshed on a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Progress"]

_REFRESH_SECONDS = 0.1


def figures(logs: Mapping[str, Any]) -> str:
    """``loss 0.2565  accuracy 0.9263``."""
    parts = []
    for name, value in logs.items():
        size = getattr(value, "size", 1)
        if size == 1:
            value = float(value)
            parts.append(f"{name} {value:.4f}" if value == 0 or abs(value) > 1e-3 else f"{name} {value:.3e}")
    return "  ".join(parts)


class Progress:
    """Shows nothing (verbose 0), a refreshed line (1) or one line per epoch (2); "auto" is 1 on a terminal, else 2."""

    def __init__(self, verbose: Any, epochs: int, stream: Any = None) -> None:
        self.stream = stream if stream is not None else sys.stdout
        terminal = bool(getattr(self.stream, "isatty", lambda: False)())
        self.verbose = (1 if terminal else 2) if verbose in ("auto", True) else int(verbose or 0)
        self.refreshing = self.verbose == 1 and terminal
        self.epochs = epochs
        self._next = 0.0
        self._wide = 0

    def begin(self, epoch: int, num_batches: int | None) -> None:
        """An epoch (from 0) begins."""
        self.epoch, self.num_batches = epoch, num_batches
        self._started = time.perf_counter()
        self._next = self._started + _REFRESH_SECONDS

    def batch(self, done: int, logs: Callable[[], Mapping[str, Any]]) -> None:
        """A batch is done; ``logs`` gives the figures if they are to be shown."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + _REFRESH_SECONDS
        of = f"/{self.num_batches}" if self.num_batches else ""
        left = (now - self._started) / done * ((self.num_batches or done) - done)
        self._rewrite(f"{self._head()}{done}{of}  {figures(logs())}  {left:.0f} s left")

    def end(self, logs: Mapping[str, Any]) -> None:
        """The epoch is done."""
        if not self.verbose:
            return
        line = f"{self._head()}{figures(logs)}  {time.perf_counter() - self._started:.1f} s"
        if self.refreshing:
            self._rewrite(line)
            self.stream.write("\n")
            self._wide = 0
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def _head(self) -> str:
        if not self.epochs:
            return ""
        return f"epoch {self.epoch + 1:{len(str(self.epochs))}}/{self.epochs}  "

    def _rewrite(self, line: str) -> None:
        self.stream.write("\r" + line.ljust(self._wide))
        self._wide = len(line)
        self.stream.flush()
