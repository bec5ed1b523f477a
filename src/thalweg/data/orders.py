"""Orders of rows: which passes over a pipeline draw which, and row numbers cut, repeated and chosen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg import philox
from thalweg.data.elements import INFINITE
from thalweg.ops.draws import next_key

__all__ = ["Numbers", "Order", "Pass", "chosen", "cut", "drawn", "gathered", "repeated"]


class Pass:
    """One iteration: the key from which its random orders come, and the place in the pipeline."""

    def __init__(self, key: np.ndarray | None, path: tuple[int, ...]) -> None:
        self.key, self.path = key, path

    def below(self, k: int) -> Pass:
        """The place one step nearer to a source."""
        return Pass(self.key, (*self.path, k))


class Order:
    """Where one ``shuffle`` takes its numbers from."""

    def __init__(self, seed: int | None, anew: bool) -> None:
        self.anew, self.count = anew, 0
        self.draws = seed is None and anew
        self.key = philox.make_key(seed) if seed is not None else None if anew else next_key()

    def generator(self, run: Pass) -> np.random.Generator:
        if self.draws:
            assert run.key is not None
            return np.random.default_rng([*map(int, run.key), *run.path])
        assert self.key is not None
        self.count += self.anew
        return np.random.default_rng([*map(int, self.key), self.count])

    def through(self, items: Iterator[Any], size: int, run: Pass) -> Iterator[Any]:
        """The items of one pass in the order of a shuffle with a buffer."""
        return drawn(items, size, self.generator(run))

    def permuted(self, rows: np.ndarray, run: Pass) -> np.ndarray:
        """All rows of one pass in random order."""
        return rows[self.generator(run).permutation(len(rows))]


def drawn(items: Iterator[Any], size: int, generator: np.random.Generator) -> Iterator[Any]:
    """The items in the order of a shuffle with a buffer."""
    buffer = list(itertools.islice(items, size))
    for block in iter(lambda: list(itertools.islice(items, 1024)), []):
        for place, item in zip(generator.integers(len(buffer), size=len(block)).tolist(), block, strict=True):
            yield buffer[place]
            buffer[place] = item
    for k in generator.permutation(len(buffer)).tolist():
        yield buffer[k]


Numbers = Callable[[Pass], Iterator[np.ndarray]]


def gathered(rows: Iterator[int], size: int) -> Iterator[np.ndarray]:
    """Single row numbers as arrays of up to ``size``."""
    for some in iter(lambda: list(itertools.islice(rows, size)), []):
        yield np.array(some, np.int64)


def repeated(numbers: Numbers, count: int | None) -> Numbers:
    """The row numbers of an iteration, ``count`` times or for ever; each time is an iteration of its own."""

    def start(run: Pass) -> Iterator[np.ndarray]:
        for k in itertools.count() if count in (None, INFINITE) else range(count or 0):
            empty = True
            for some in numbers(run.below(k)):
                empty = empty and not len(some)
                yield some
            if empty:
                return

    return start


def chosen(numbers: Iterator[np.ndarray], start: int, stop: int | None, step: int) -> Iterator[np.ndarray]:
    """Every ``step``-th of the entries of the arrays, counted through, from ``start`` to ``stop``."""
    done = 0
    for some in numbers:
        if stop is not None and done >= stop:
            return
        first = start - done if done <= start else -(done - start) % step
        yield some[first : None if stop is None else max(stop - done, 0) : step]
        done += len(some)


def cut(numbers: Iterator[np.ndarray], size: int, drop: bool) -> Iterator[np.ndarray]:
    """Row numbers as blocks [steps, size], and the rest as a block of one smaller batch, unless it is left out."""
    rest = np.zeros(0, np.int64)
    for some in numbers:
        given = np.concatenate([rest, some]) if len(rest) else some
        whole = len(given) // size * size
        if whole:
            yield given[:whole].reshape(-1, size)
        rest = given[whole:]
    if len(rest) and not drop:
        yield rest.reshape(1, -1)
