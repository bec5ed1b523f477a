"""``tf.data`` of TensorFlow 2: elements made one after another, again at each pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.graph.tensor import Tensor, constant
from thalweg.layers.base import mapped

AUTOTUNE = -1


def _arrays(structure: Any) -> Any:
    """The structure with arrays in place of tensors; lists are arrays, tuples and dicts structures."""
    if isinstance(structure, tuple):
        return tuple(_arrays(part) for part in structure)
    if isinstance(structure, dict):
        return {key: _arrays(part) for key, part in structure.items()}
    array = structure.numpy() if isinstance(structure, Tensor) else np.asarray(structure)
    if array.dtype == np.float64 and not isinstance(structure, (Tensor, np.ndarray, np.generic)):
        array = array.astype(np.float32)
    return array


def _tensors(structure: Any) -> Any:
    return mapped(lambda a: constant(a) if np.asarray(a).dtype.kind in "biuf" else a, structure)


def _leaves(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [leaf for part in structure.values() for leaf in _leaves(part)]
    return (
        [leaf for part in structure for leaf in _leaves(part)]
        if isinstance(structure, tuple)
        else [structure]
    )


def _joined(elements: list[Any], join: Callable[[list[Any]], Any]) -> Any:
    """Structures of the same kind as one, their leaves joined."""
    first = elements[0]
    if isinstance(first, tuple):
        return tuple(_joined([e[k] for e in elements], join) for k in range(len(first)))
    if isinstance(first, dict):
        return {key: _joined([e[key] for e in elements], join) for key in first}
    return join(elements)


class Dataset:
    """Elements (tensors, or tuples and dicts of them), from a function that starts a pass over arrays."""

    def __init__(self, start: Callable[[], Iterable[Any]], length: int | None = None) -> None:
        self._start, self._length = start, length

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """One element for each row."""
        arrays = _arrays(tensors)
        count = len(_leaves(arrays)[0])
        return Dataset(lambda: (_at(arrays, k) for k in range(count)), count)

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element."""
        return Dataset(lambda: iter([_arrays(tensors)]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any], output_types: Any = None, *more: Any, args: Any = (), **ignored: Any
    ) -> Dataset:
        """The elements of a generator, which is started at each pass."""
        types = output_types if isinstance(output_types, tuple) else None

        def typed(element: Any) -> Any:
            if types is not None:
                return tuple(np.asarray(e, t) for e, t in zip(element, types))
            return np.asarray(element, output_types) if output_types is not None else _arrays(element)

        return Dataset(lambda: (typed(e) for e in generator(*(args or ()))))

    @staticmethod
    def range(*limits: int, **ignored: Any) -> Dataset:
        """Whole numbers."""
        return Dataset.from_tensor_slices(np.arange(*limits, dtype=np.int64))

    @staticmethod
    def zip(*datasets: Any) -> Dataset:
        """Elements of several data sets side by side."""
        parts = datasets[0] if len(datasets) == 1 else datasets
        lengths = [p._length for p in parts]
        length = None if None in lengths else min(lengths)
        return Dataset(lambda: zip(*(p._start() for p in parts)), length)

    def _then(self, change: Callable[[Iterator[Any]], Iterable[Any]], length: int | None = None) -> Dataset:
        return Dataset(lambda: change(iter(self._start())), length)

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None, **ignored: Any) -> Dataset:
        """A function of each element."""

        def changed(element: Any) -> Any:
            given = _tensors(element)
            result = map_func(*given) if isinstance(given, tuple) else map_func(given)
            return _arrays(tuple(result) if isinstance(result, list) else result)

        return self._then(lambda elements: map(changed, elements), self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which a function is true."""
        return self._then(
            lambda es: (
                e
                for e in es
                if bool(predicate(*_tensors(e)) if isinstance(e, tuple) else predicate(_tensors(e)))
            )
        )

    def batch(self, batch_size: int, drop_remainder: bool = False, **ignored: Any) -> Dataset:
        """Several elements as one, along a new first axis."""
        size = int(batch_size)

        def groups(elements: Iterator[Any]) -> Iterator[Any]:
            while chunk := list(itertools.islice(elements, size)):
                if len(chunk) == size or not drop_remainder:
                    yield _joined(chunk, np.stack)

        whole = (
            None
            if self._length is None
            else self._length // size
            if drop_remainder
            else -(-self._length // size)
        )
        return self._then(groups, whole)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
    ) -> Dataset:
        """Several elements as one, shorter ones filled with zeros."""

        def join(arrays: list[Any]) -> Any:
            shape = np.max([a.shape for a in arrays], axis=0)
            return np.stack([np.pad(a, [(0, int(n - m)) for n, m in zip(shape, a.shape)]) for a in arrays])

        def groups(elements: Iterator[Any]) -> Iterator[Any]:
            while chunk := list(itertools.islice(elements, batch_size)):
                if len(chunk) == batch_size or not drop_remainder:
                    yield _joined(chunk, join)

        return self._then(groups)

    def unbatch(self) -> Dataset:
        """The rows of each element."""
        return self._then(lambda es: (_at(e, k) for e in es for k in range(len(_leaves(e)[0]))))

    def rebatch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """The same rows in other batches."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def shuffle(self, buffer_size: int, seed: Any = None, reshuffle_each_iteration: Any = True) -> Dataset:
        """Elements drawn at random from a buffer that is filled in order."""
        random = np.random.RandomState(seed) if seed is not None else np.random

        def mixed(elements: Iterator[Any]) -> Iterator[Any]:
            buffer = list(itertools.islice(elements, int(buffer_size)))
            for element in elements:
                k = random.randint(len(buffer))
                buffer[k], element = element, buffer[k]
                yield element
            for k in random.permutation(len(buffer)):
                yield buffer[k]

        return self._then(mixed, self._length)

    def repeat(self, count: int | None = None) -> Dataset:
        """Several passes, or without end."""
        endless = count is None or count < 0
        passes = itertools.repeat(None) if endless else itertools.repeat(None, count or 0)
        length = None if endless or self._length is None else self._length * (count or 0)
        kept = list(passes) if not endless else None
        return Dataset(
            lambda: (e for _ in (itertools.repeat(None) if kept is None else kept) for e in self._start()),
            length,
        )

    def take(self, count: int) -> Dataset:
        """The first elements."""
        length = count if self._length is None else min(count, self._length)
        return self._then(
            lambda es: es if count < 0 else itertools.islice(es, count),
            length if count >= 0 else self._length,
        )

    def skip(self, count: int) -> Dataset:
        """All but the first elements."""
        return self._then(
            lambda es: itertools.islice(es, count, None),
            None if self._length is None else max(0, self._length - count),
        )

    def cache(self, filename: str = "") -> Dataset:
        """Elements kept in memory after the first pass."""
        kept: list[Any] = []
        done: list[bool] = []

        def start() -> Iterator[Any]:
            if done:
                yield from kept
                return
            kept.clear()
            for element in self._start():
                kept.append(element)
                yield element
            done.append(True)

        return Dataset(start, self._length)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The same elements."""
        return self

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of another data set after these."""
        return Dataset(lambda: itertools.chain(self._start(), dataset._start()))

    def enumerate(self, start: int = 0) -> Dataset:
        """Each element with its number."""
        return self._then(lambda es: ((np.int64(k), e) for k, e in enumerate(es, start)), self._length)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any]) -> Any:
        """The elements gathered from the left."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    def with_options(self, options: Any) -> Dataset:
        """The same elements."""
        return self

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays."""
        return iter(self._start())

    def cardinality(self) -> Any:
        """The number of elements; -2 where unknown."""
        return constant(np.int64(-2 if self._length is None else self._length))

    def __iter__(self) -> Iterator[Any]:
        return (_tensors(e) for e in self._start())

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("the number of elements is unknown")
        return self._length


def _at(structure: Any, k: int) -> Any:
    if isinstance(structure, tuple):
        return tuple(_at(part, k) for part in structure)
    return (
        {key: _at(part, k) for key, part in structure.items()}
        if isinstance(structure, dict)
        else structure[k]
    )


data = Namespace(
    "tf.data",
    Dataset=Dataset,
    AUTOTUNE=AUTOTUNE,
    experimental=Namespace("tf.data.experimental", AUTOTUNE=AUTOTUNE),
)
