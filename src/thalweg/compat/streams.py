"""TensorFlow's random numbers: what its operations draw from a pair of seeds, number for number.

Its generator is Philox4x32-10, as ours (:mod:`thalweg.philox`): the first seed is the key, the second one the upper
half of the counter, whose lower half counts blocks of four words. What differs is how words become numbers, in which
order, and how far a draw moves the counter on. Programs that set seeds meet the numbers that their authors printed;
what nothing seeds is of the main library's own streams.

Logarithms, sines and roots are those of NumPy, so that normal numbers may differ in the last digit.
"""

from __future__ import annotations

import math
import random as _python_random
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.errors import DTypeError, fail
from thalweg.graph.tensor import Variable, constant
from thalweg.ops import elementwise as ew
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops
from thalweg.ops.draws import Numbers, SeedRule, random_bits
from thalweg.philox import GROUP, LANES, ROWS, make_key, philox4x32

__all__ = [
    "DEFAULT_GRAPH_SEED",
    "OperationSeeds",
    "RepeatedStream",
    "SeedsOfNumPy",
    "Stream",
    "pair_of_seeds",
    "scrambled",
]

DEFAULT_GRAPH_SEED = 87654321  # stands for the global seed where only the operation has one
_PER_NUMBER = 256  # how many blocks a draw moves the counter on for each number: what rejection may need
_MAXIMUM = 2**31 - 1  # seeds are below it
_LOW, _HIGH = 0xFFFFFFFF, 32
_CHUNK = 1 << 12  # blocks at a time: the work stays in the cache
_GROUP = 4  # numbers of which each group has blocks of its own where some are rejected


class Stream(Numbers):
    """The numbers of one operation with two seeds: each draw goes on where the one before ended.

    >>> Stream(42, 7).uniform((2,), np.float32).tolist()
    [0.8627676963806152, 0.6567625999450684]
    """

    def __init__(self, seed: int, second: int) -> None:
        self._key, self._upper = (np.array([n & _LOW, n >> _HIGH & _LOW], np.uint32) for n in (seed, second))
        self.position = 0

    def words(self, places: np.ndarray) -> np.ndarray:
        """The four words of each of some blocks, numbered from where the stream stands: uint32 [blocks, 4]."""
        made = np.empty((len(places), 4), np.uint32)
        for start in range(0, len(places), _CHUNK):
            numbers = places[start : start + _CHUNK].astype(np.uint64) + np.uint64(self.position)
            counters = np.empty((len(numbers), 4), np.uint32)
            counters[:, 0], counters[:, 1] = numbers & np.uint64(_LOW), numbers >> np.uint64(_HIGH)
            counters[:, 2:] = self._upper
            made[start : start + _CHUNK] = philox4x32(counters, self._key)
        return made

    def _first(self, count: int, numbers_per_block: int) -> np.ndarray:
        made = self.words(np.arange(-(-count // numbers_per_block)))
        self.position += count * _PER_NUMBER
        return made

    def uniform(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """Numbers in [0, 1) of float16, float32 or float64."""
        kind, count = np.dtype(dtype), math.prod(shape)
        per_block = 2 if kind == np.float64 else 4
        return _uniform(self._first(count, per_block), kind).reshape(-1)[:count].reshape(shape)

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """Whole numbers from ``low`` to below ``high``: words modulo the span."""
        kind, count = np.dtype(dtype), math.prod(shape)
        wide = kind.itemsize == 8
        words = self._first(count, 2 if wide else 4)
        found = words.astype(np.uint64)
        if wide:
            found = found[:, ::2] | found[:, 1::2] << np.uint64(_HIGH)
        return (
            (low + (found.reshape(-1)[:count] % np.uint64(high - low)).astype(kind))
            .astype(kind)
            .reshape(shape)
        )

    def normal(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """Standard normal numbers."""
        kind, count = np.dtype(dtype), math.prod(shape)
        per_block = 2 if kind == np.float64 else 4
        return _normal(self._first(count, per_block), kind).reshape(-1)[:count].reshape(shape)

    def order(self, count: int) -> np.ndarray:
        """The numbers from 0 to below ``count`` in random order, int64: each exchanged with itself or one behind it."""
        blocks = -(-max(count - 1, 0) // 4)
        found, words = list(range(count)), self.words(np.arange(blocks)).reshape(-1).tolist()
        for k in range(count - 1):  # a list: elements of arrays are slow one by one
            other = k + words[k] % (count - k)
            found[k], found[other] = found[other], found[k]
        self.position += blocks
        return np.array(found, np.int64)

    def truncated_normal(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """Standard normal numbers, of which those beyond 2 are left out: each four have blocks of their own."""
        kind, count = np.dtype(dtype), math.prod(shape)
        size = 2 if kind == np.float64 else _GROUP
        made, left, tries = np.empty((-(-count // size), size), kind), np.arange(-(-count // size)), 2
        while len(left):
            blocks = left[:, None] * (size * _PER_NUMBER // _GROUP) + np.arange(tries)
            found = _normal(self.words(blocks.reshape(-1)), kind).reshape(len(left), -1)
            kept = np.abs(found) < 2
            rank = np.cumsum(kept, axis=1)
            full = rank[:, -1] >= size
            made[left[full]] = found[full][(kept & (rank <= size))[full]].reshape(-1, size)
            left, tries = left[~full], 2 * tries
        self.position += count * _PER_NUMBER
        return made.reshape(-1)[:count].reshape(shape)


def _uniform(words: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Words as numbers in [0, 1): the lowest bits are those behind the point."""
    if kind == np.float64:
        high, low = words[:, ::2].astype(np.uint64) & np.uint64(0xFFFFF), words[:, 1::2].astype(np.uint64)
        return ((high << np.uint64(_HIGH)) | low).astype(np.float64) * 2.0**-52
    if kind == np.float32:
        return (words & np.uint32(0x7FFFFF)).astype(np.float32) * np.float32(2.0**-23)
    if kind == np.float16:
        return ((words & np.uint32(0x3FF)).astype(np.float32) * np.float32(2.0**-10)).astype(np.float16)
    raise fail(DTypeError, "random numbers", expected="float16, float32 or float64", received=str(kind))


def _normal(words: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Pairs of uniform numbers as pairs of normal ones (Box and Muller): sine first."""
    if kind == np.float64:
        both = _uniform(words, kind).reshape(-1, 2)
    else:
        both = _uniform(words, np.dtype(np.float32)).reshape(-1, 2)
    real = both.dtype.type
    first, second = np.maximum(both[:, 0], real(1e-7)).astype(np.float64), both[:, 1].astype(np.float64)
    radius = np.sqrt(real(-2.0) * np.log(first).astype(real))  # each step rounded to its dtype, as there
    angle = (2.0 * math.pi * second).astype(real).astype(np.float64)
    halves = [(turned(angle).astype(real) * radius) for turned in (np.sin, np.cos)]
    return np.stack(halves, axis=1).astype(kind)


class RepeatedStream(Numbers):
    """The numbers of an operation of a compiled function: where its stream stands is a variable, which each call moves
    on. Of whole numbers those of 32 bits; numbers within bounds are not made so.
    """

    def __init__(self, seed: int, second: int) -> None:
        self._key = constant(make_key(seed, second))
        self._position = Variable(np.uint64(0), trainable=False, name="position")  # in groups of 64 words

    @staticmethod
    def serves(kind: str, dtype: Any) -> bool:
        """Whether there are such numbers."""
        kind_of = np.dtype(dtype)
        return (kind in ("uniform", "normal") and kind_of in (np.float32, np.float64)) or (
            kind == "integers" and kind_of.itemsize <= 4
        )

    def _words(self, count: int, numbers: int) -> Any:
        """The next words, flat, a multiple of 64 of them; ``numbers``: what is drawn, by which the stream moves on."""
        begin: Any = self._position.read()
        halves = [ew.astype(part, "uint32") for part in (begin % 2**32, ew.floor_divide(begin, 2**32))]
        self._position.assign(begin + numbers * _PER_NUMBER // LANES)
        key = joining.concat([self._key, joining.stack(halves)], axis=0)
        words = random_bits(key, (-(-count // GROUP) * GROUP,), 0)
        rows = shape_ops.reshape(words, (-1, ROWS, LANES))
        return shape_ops.reshape(shape_ops.permute_dims(rows, (0, 2, 1)), (-1,))

    def _uniform(self, count: int, numbers: int, kind: np.dtype) -> Any:
        def low_bits(words: Any, bits: int) -> Any:
            kept = ew.bitwise_and(words, constant(np.uint32(2**bits - 1)))
            return ew.astype(ew.astype(kept, "int32"), kind)

        if kind == np.float32:
            return low_bits(self._words(count, numbers), 23) * 2.0**-23
        pairs = shape_ops.reshape(self._words(2 * count, numbers), (-1, 2))
        low = ew.astype(ew.astype(pairs[:, 1], "int64"), kind)
        return (low_bits(pairs[:, 0], 20) * 2.0**32 + low) * 2.0**-52

    def uniform(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Numbers in [0, 1)."""
        count = math.prod(shape)
        return shape_ops.reshape(self._uniform(count, count, np.dtype(dtype))[:count], shape)

    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: Any) -> Any:
        """Whole numbers from ``low`` to below ``high``."""
        count = math.prod(shape)
        rest = self._words(count, count)[:count] % np.uint32(high - low)
        return shape_ops.reshape(ew.astype(rest, "int64") + low, shape).astype(dtype)

    def normal(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Standard normal numbers."""
        kind, count = np.dtype(dtype), math.prod(shape)
        both = shape_ops.reshape(self._uniform(count + count % 2, count, kind), (-1, 2))
        radius = ew.sqrt(ew.log(ew.maximum(both[:, 0], 1e-7)) * -2.0)
        angle = ew.astype(ew.astype(both[:, 1], "float64") * (2.0 * math.pi), kind)
        made = joining.stack([ew.sin(angle) * radius, ew.cos(angle) * radius], axis=1)
        return shape_ops.reshape(shape_ops.reshape(made, (-1,))[:count], shape)

    def truncated_normal(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """An error."""
        raise fail(DTypeError, "numbers within bounds in a compiled function", expected="a key")


def scrambled(seed: Any) -> Stream:
    """The stream of a stateless operation: the pair of seeds is the counter of one block, which gives the key."""
    first, second = (int(n) & 0xFFFFFFFFFFFFFFFF for n in seed)
    counter = np.array([first & _LOW, first >> _HIGH, second & _LOW, second >> _HIGH], np.uint32)
    key, key_above, upper, upper_above = philox4x32(
        counter, np.array([0x3EC8F720, 0x02461E29], np.uint32)
    ).tolist()
    return Stream(key | key_above << _HIGH, upper | upper_above << _HIGH)


def pair_of_seeds(seed: int | None, second: int) -> tuple[int, int]:
    """The seeds of an operation that has one of its own, by the global one, if there is any.

    >>> pair_of_seeds(None, 3), pair_of_seeds(0, 0)
    ((87654321, 3), (0, 2147483647))
    """
    both = (DEFAULT_GRAPH_SEED if seed is None else seed) % _MAXIMUM, second % _MAXIMUM
    return both if any(both) else (0, _MAXIMUM)


class OperationSeeds:
    """The seeds of operations without one of their own, one after the other, once a program has set the global one.

    >>> OperationSeeds(42).next()
    478163327
    """

    def __init__(self, seed: int) -> None:
        self._numbers = _python_random.Random(seed)

    def next(self) -> int:
        """The seed of the next operation."""
        return self._numbers.randint(0, 2**31 - 1)


def _number_of_numpy() -> int:
    return int(np.random.randint(10_000_000))  # noqa: NPY002 - the program seeded this one


class SeedsOfNumPy(SeedRule):
    """First values of weights as Keras 2 over TensorFlow draws them: by an initializer's own seed, else by the next
    number of ``np.random``; the rows of each epoch in an order that ``np.random.shuffle`` makes of that before.

    >>> np.random.seed(1)
    >>> [round(x, 4) for x in SeedsOfNumPy().first(None).uniform((2,), np.dtype("float32")).tolist()]
    [0.7988, 0.5502]
    """

    def __init__(self) -> None:
        self.seed: int | None = None  # of TensorFlow's graph

    def first(self, seed: int | None) -> Stream:
        """The numbers of an initializer."""
        return Stream(*pair_of_seeds(self.seed, _number_of_numpy() if seed is None else seed))

    def orthogonal(self, rows: int, columns: int, seed: int | None) -> np.ndarray:
        """Of normal numbers of NumPy's own, by their singular vectors."""
        numbers: Any = np.random if seed is None else np.random.RandomState(seed)
        left, _, right = np.linalg.svd(numbers.normal(0.0, 1.0, (rows, columns)), full_matrices=False)
        return left if left.shape == (rows, columns) else right

    def orders(self) -> Callable[[int], np.ndarray]:
        """The orders of one training."""
        held: list[np.ndarray] = []

        def shuffled(count: int) -> np.ndarray:
            if not held:
                held.append(np.arange(count))
            np.random.shuffle(held[0])  # noqa: NPY002 - the program seeded this one
            return held[0].copy()

        return shuffled
