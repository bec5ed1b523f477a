"""Passes over data sets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf2.data.elements import outside_functions, tensors
from thalweg.compat.tf2.values import tensor


class DatasetIterator(Iterator[Any]):
    """One pass over a data set."""

    def __init__(self, dataset: Any) -> None:
        self._dataset, self._left, self.place = dataset, iter(dataset.pipeline), Place(self)
        self.taken = 0  # how many elements were read

    def __next__(self) -> Any:
        outside_functions()
        element = next(self._left)
        self.taken += 1
        return tensors(element)

    def restart(self, place: int) -> None:
        """Begin anew, after so many elements."""
        self._left, self.taken = iter(self._dataset.pipeline), place
        for _ in itertools.islice(self._left, place):
            pass

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of elements."""
        return self._dataset.element_spec

    def get_next_as_optional(self) -> Any:
        """The next element as an object with ``has_value()`` and ``get_value()``."""
        return Optional(next(self, None))

    def get_next(self, name: Any = None) -> Any:
        """The next element; an OutOfRangeError at the end."""
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None


class Place:
    """How far an iterator is, as a checkpoint sees it."""

    trainable = False

    def __init__(self, iterator: DatasetIterator) -> None:
        self._iterator = iterator

    def get_value(self) -> np.ndarray:
        """How many elements were read."""
        return np.asarray(self._iterator.taken, np.int64)

    def set_value(self, taken: Any) -> None:
        """Begin anew after so many."""
        self._iterator.restart(int(taken))


class Optional:
    """An element, or none."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def has_value(self, name: Any = None) -> Any:
        """Whether there is one."""
        return tensor(self._value is not None)

    def get_value(self, name: Any = None) -> Any:
        """The element; an OutOfRangeError where there is none."""
        if self._value is None:
            raise OutOfRangeError("an Optional without a value")
        return self._value
