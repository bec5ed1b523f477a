"""Where each of many steps finds its part of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, IndexRangeError, ShapeError, fail

Feed = tuple[np.ndarray, int | None]  # an array, and by how many bytes the next step's data are further on


class Rows:
    """The data of ``steps`` steps over ``arrays``, those of a program's inputs.

    With ``rows``, integers [steps, batch], step k reads the rows ``rows[k]`` of every array; with ``batch``, the
    next so many rows; with neither all of them, ``steps`` times. An array without axes is the same for each.
    """

    def __init__(
        self,
        what: str,
        arrays: Sequence[np.ndarray],
        rows: Any = None,
        batch: int | None = None,
        steps: int | None = None,
    ) -> None:
        self._what, self.arrays = what, list(arrays)
        self._numbers: np.ndarray | None = None
        self._batch: int | None = None
        if rows is not None and (batch is not None or steps is not None):
            raise self._wrong("rows say how many steps of how many rows; leave out batch and steps")
        if rows is None and batch is None and steps is None:
            raise self._wrong("steps are missing", expected="rows=, batch= or steps=")
        self.steps = 0 if steps is None else _count(what, "steps", steps)
        if rows is not None:
            self._numbers = self._checked(rows)
            self.steps, self._batch = self._numbers.shape
        elif batch is not None:
            self._batch = _count(what, "batch", batch)
            there = self._num_rows() // self._batch
            self.steps = self.steps or there
            if not 1 <= self.steps <= there:
                expected = f"at least {max(self.steps, 1)} x {self._batch} rows"
                raise self._wrong("too few rows for the steps", expected=expected, received=self._num_rows())

    def part(self, k: int) -> list[np.ndarray]:
        """The data of step k."""
        if self._batch is None:
            return self.arrays
        at = slice(k * self._batch, (k + 1) * self._batch) if self._numbers is None else self._numbers[k]
        return [a[at] if a.ndim else a for a in self.arrays]

    def together(self, k: int) -> tuple[np.ndarray, int, np.ndarray | None]:
        """The data of an input that any of the steps reads, as those of so many steps one after the other; and the
        numbers of its rows, where they are not those of the array.
        """
        array = self.arrays[k]
        if self._batch is None or not array.ndim:
            return array, 1, None
        if self._numbers is None:
            return array[: self.steps * self._batch], self.steps, None
        read = np.unique(self._numbers)
        steps = -(-len(read) // self._batch)
        rows = np.resize(read, steps * self._batch)
        return array[rows], steps, rows

    def feeds(self, start: int, count: int) -> tuple[list[Feed], np.ndarray | None]:
        """What ``count`` steps from ``start`` on read: where it begins and goes on for each input; row numbers."""
        if self._numbers is not None:
            return [(a, None if a.ndim else 0) for a in self.arrays], self._numbers[start : start + count]
        if self._batch is None:
            return [(a, 0) for a in self.arrays], None
        size = self._batch
        return [(a[start * size :], a[:size].nbytes) if a.ndim else (a, 0) for a in self.arrays], None

    def _num_rows(self) -> int:
        lengths = sorted({len(a) for a in self.arrays if a.ndim})
        if len(lengths) != 1:
            received = ", ".join(map(str, lengths)) or "no array with an axis"
            raise fail(
                ShapeError, f"{self._what}: the data's rows", expected="one number of rows", received=received
            )
        return lengths[0]

    def _checked(self, rows: Any) -> np.ndarray:
        numbers = np.asarray(rows)
        if numbers.ndim != 2 or numbers.dtype.kind not in "iu" or not numbers.size:
            received = f"{numbers.dtype} {list(numbers.shape)}"
            raise self._wrong("rows", expected="integers [steps, batch], at least one", received=received)
        there, low, high = self._num_rows(), int(numbers.min()), int(numbers.max())
        if low < 0 or high >= there:
            raise fail(
                IndexRangeError,
                f"{self._what}: a row number is out of range",
                expected=f"0 <= row < {there}",
                received=low if low < 0 else high,
            )
        return np.ascontiguousarray(numbers, np.int64)

    def _wrong(self, why: str, **facts: Any) -> ArgumentError:
        return fail(ArgumentError, f"{self._what}: {why}", **facts)


def _count(what: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise fail(
            ArgumentError, f"{what}: {name}", expected="a whole number of at least 1", received=repr(value)
        )
    return value.__index__()
