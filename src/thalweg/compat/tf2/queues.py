"""``tf.queue``: rows of values that wait, first in, first out, in random order or by a number.

They are those of TensorFlow 1's graphs (:mod:`thalweg.compat.tf1.queues`), put in and taken out at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1 import queues
from thalweg.compat.tf1.errors import CancelledError, OutOfRangeError
from thalweg.compat.tf2.arrays import convert_to_tensor
from thalweg.errors import ArgumentError, fail

__all__ = ["FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "QueueBase", "RandomShuffleQueue"]

_WAIT = (
    10.0  # seconds in which another thread of the program may fill an empty queue, or make room in a full one
)


class _AtOnce(queues.QueueBase):
    """A queue whose methods act, instead of making operations of a graph.

    ``capacity``: the rows for which there is room. ``dtypes``, ``shapes``: of each part of a row. A thread that finds
    no row, or no room, waits up to 10 seconds for another; then it is an OutOfRangeError.
    """

    def __init__(self, capacity: Any, *args: Any, **options: Any) -> None:
        super().__init__(capacity, *args, **options)
        self.capacity = int(capacity)

    def enqueue(self, vals: Any, name: str | None = None) -> Any:
        """Put in one row: its parts as a list, or by their names."""
        self._put([self._checked(self._parts(vals))])

    def enqueue_many(self, vals: Any, name: str | None = None) -> Any:
        """Put in the rows of the parts, along their first axis."""
        columns = [
            np.asarray(convert_to_tensor(v, d)) for v, d in zip(self._parts(vals), self.dtypes, strict=True)
        ]
        self._put([self._checked(list(row)) for row in zip(*columns, strict=True)])

    def _parts(self, vals: Any) -> list[Any]:
        if isinstance(vals, dict):
            vals = [vals[key] for key in self.names]
        parts = list(vals) if isinstance(vals, (list, tuple)) else [vals]
        return parts if len(parts) == len(self.dtypes) else [vals]  # one part that is a list

    def _checked(self, row: list[Any]) -> list[np.ndarray]:
        if len(row) != len(self.dtypes):
            raise fail(
                ArgumentError, f"{self.name}: a row", expected=f"{len(self.dtypes)} parts", received=len(row)
            )
        made = [np.asarray(convert_to_tensor(v, d)) for v, d in zip(row, self.dtypes, strict=True)]
        for part, form in zip(made, self.shapes, strict=True):
            known = form is None or (
                len(form) == part.ndim and all(n in (None, m) for n, m in zip(form, part.shape, strict=True))
            )
            if not known:
                raise fail(
                    ArgumentError, f"{self.name}: a part of a row", expected=tuple(form), received=part.shape
                )
        return made

    def _put(self, rows: list[list[np.ndarray]]) -> None:
        held = self.held(self)
        with held.changed:
            for row in rows:
                if held.closed:
                    raise CancelledError(f"{self.name} is closed")
                self._wait(lambda: held.closed or len(held.rows) < self.capacity, "is full")
                held.rows.append(row)
                held.changed.notify_all()

    def _wait(self, ready: Callable[[], bool], told: str) -> None:
        if not self.held(self).changed.wait_for(ready, timeout=_WAIT):
            raise OutOfRangeError(f"{self.name} {told}, and no thread has changed that for {_WAIT:.0f} s")

    def take(self, session: Any = None) -> list[np.ndarray]:
        """The next row."""
        return self._rows(1, False)[0]

    def _rows(self, n: int, fewer: bool) -> list[list[np.ndarray]]:
        held, until = self.held(self), time.monotonic() + _WAIT
        found: list[list[np.ndarray]] = []
        with held.changed:
            while len(found) < n and not (held.closed and not held.rows):
                left = 0 if held.closed else self.window
                if len(held.rows) > left:
                    found.append(held.rows.pop(self.position(held.rows)))
                    held.changed.notify_all()
                elif not held.changed.wait(max(0.0, until - time.monotonic())):
                    break
        if len(found) < n and not (fewer and found):
            why = "is closed and has" if held.closed else f"has, after {_WAIT:.0f} s,"
            raise OutOfRangeError(
                f"{self.name} {why} insufficient elements (requested {n}, current size {len(found)})"
            )
        return found

    def dequeue(self, name: str | None = None) -> Any:
        """The next row: a tensor, a list of several, or a dict where the parts have names."""
        return self._given(self.take())

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """The next ``n`` rows, stacked."""
        return self._stacked(self._rows(int(n), False))

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """The next rows, stacked: ``n``, or what is left in a queue that is closed."""
        return self._stacked(self._rows(int(n), True))

    def _stacked(self, rows: list[list[np.ndarray]]) -> Any:
        return self._given([queues.stacked(column, self.pad) for column in zip(*rows, strict=True)])

    def _given(self, parts: list[Any]) -> Any:
        made = [convert_to_tensor(p, d) for p, d in zip(parts, self.dtypes, strict=True)]
        if self.names:
            return dict(zip(self.names, made, strict=True))
        return made if len(made) > 1 else made[0]

    def size(self, name: str | None = None) -> Any:
        """The number of rows, an int32 scalar."""
        return convert_to_tensor(len(self.held(self).rows), "int32")

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Any:
        """After it no row is put in; those that are there can be taken."""
        held = self.held(self)
        with held.changed:
            held.closed = True
            held.changed.notify_all()

    def is_closed(self, name: str | None = None) -> Any:
        """Whether it was closed, a scalar."""
        return convert_to_tensor(self.held(self).closed)


QueueBase = _AtOnce


class FIFOQueue(_AtOnce, queues.FIFOQueue):
    """Rows come out in the order in which they went in.

    >>> rows = FIFOQueue(3, ["int32", "float32"], shapes=[(), ()])
    >>> rows.enqueue_many([[1, 2], [0.5, 1.5]])
    >>> [part.tolist() for part in rows.dequeue()], int(rows.size())
    ([1, 0.5], 1)
    """


class PaddingFIFOQueue(_AtOnce, queues.PaddingFIFOQueue):
    """Rows of different lengths; several of them together are filled up with zeros."""


class RandomShuffleQueue(_AtOnce, queues.RandomShuffleQueue):
    """Rows come out in random order; ``min_after_dequeue`` of them stay until the queue is closed."""


class PriorityQueue(_AtOnce, queues.PriorityQueue):
    """Rows that begin with a whole number (int64, beside ``types``): the least comes out first."""
