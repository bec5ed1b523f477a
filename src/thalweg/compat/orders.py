"""The orders in which ``tf.data`` shuffles by its seeds: each time the element that TensorFlow would take."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg.compat.streams import Stream
from thalweg.data.orders import Order, Pass

__all__ = ["SeededOrder"]

_AT_ONCE = 1024  # blocks of words made at a time


def _words(seed: int, second: int) -> Iterator[int]:
    """The words of a stream one by one."""
    stream = Stream(seed, second)
    for start in itertools.count(0, _AT_ONCE):
        yield from stream.words(np.arange(start, start + _AT_ONCE)).reshape(-1).tolist()


class SeededOrder(Order):
    """The order of a shuffle with two seeds. With ``anew`` each pass has seeds of its own, drawn from them; with
    ``goes_on`` it takes its numbers where the one before ended.
    """

    def __init__(self, seed: int, second: int, anew: bool, goes_on: bool = False) -> None:
        self.draws, self.anew, self._seeds, self._goes_on = False, anew, (seed, second), goes_on
        self._drawn = _words(seed, second)

    def _numbers(self) -> Iterator[int]:
        if self._goes_on:
            return self._drawn
        return _words(next(self._drawn), next(self._drawn)) if self.anew else _words(*self._seeds)

    def through(self, items: Iterator[Any], size: int, run: Pass | None = None) -> Iterator[Any]:
        """Each time one of those in the buffer, in whose place the first of them comes; the next one is put behind."""
        words = self._numbers()
        buffer, start = list(itertools.islice(items, size)), 0
        room, end = max(len(buffer), 1), len(buffer)
        while start < end:
            place = (start + next(words) % (end - start)) % room
            yield buffer[place]
            buffer[place] = buffer[start % room]
            start += 1
            for item in itertools.islice(items, 1):
                buffer[end % room] = item
                end += 1

    def permuted(self, rows: np.ndarray, run: Pass) -> np.ndarray:
        """All rows, drawn from a buffer that holds them."""
        return np.array(list(self.through(iter(rows.tolist()), max(len(rows), 1), run)), np.int64)
