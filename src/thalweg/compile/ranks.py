"""An order that is kept while kernels are merged: things behind one another, of which any can be moved before another.

Each has a number that only says what comes before what; where there is no room between two numbers, all are given
anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

_ROOM = 1 << 40  # between the numbers of two neighbours, at first


class Ranks(Generic[T]):
    """Things in an order."""

    def __init__(self) -> None:
        self._number: dict[T, int] = {}
        self._before: dict[T, T | None] = {}
        self._after: dict[T, T | None] = {}
        self._last: T | None = None

    def __getitem__(self, thing: T) -> int:
        """A number greater than those of all before it."""
        return self._number[thing]

    def append(self, thing: T) -> None:
        """Put it behind all others."""
        last = self._last
        self._number[thing] = 0 if last is None else self._number[last] + _ROOM
        self._link(last, thing)
        self._link(thing, None)

    def remove(self, thing: T) -> None:
        """Take it out."""
        del self._number[thing]
        self._link(self._before.pop(thing), self._after.pop(thing))

    def replace(self, old: T, new: T) -> None:
        """Let another stand where one stood."""
        self._number[new] = self._number.pop(old)
        before, after = self._before.pop(old), self._after.pop(old)
        self._link(before, new)
        self._link(new, after)

    def move_before(self, things: Iterable[T], target: T) -> None:
        """Put these directly before another, in the order in which they are."""
        for thing in sorted(things, key=self._number.__getitem__):
            self.remove(thing)
            before = self._before[target]
            low = self._number[target] - 2 * _ROOM if before is None else self._number[before]
            self._number[thing] = (low + self._number[target]) // 2
            self._link(before, thing)
            self._link(thing, target)
            if self._number[thing] == low:
                self._number_anew()

    def _link(self, before: T | None, after: T | None) -> None:
        if before is not None:
            self._after[before] = after
        if after is None:
            self._last = before
        else:
            self._before[after] = before

    def _number_anew(self) -> None:
        thing, number = self._last, 0
        while thing is not None:
            self._number[thing] = number
            thing, number = self._before[thing], number - _ROOM
