"""Pipelines of examples: from arrays, generators or files to batches of NumPy arrays.

A pipeline is a chain of small data sets, each made from the one before it. Nothing runs before somebody iterates;
every iteration starts at the beginning. Random orders come from ``tw.random`` unless a seed is given.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from thalweg import philox
from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError, fail
from thalweg.graph.tensor import Tensor
from thalweg.layers.base import flat, mapped
from thalweg.ops.random import next_key

__all__ = ["AUTOTUNE", "Dataset"]

AUTOTUNE = -1
INFINITE = -1
_Path = tuple[int, ...]


class Dataset:
    """A sequence of elements: arrays, or tuples, lists and dicts of arrays; iterate to get them.

    ``fit``, ``evaluate`` and ``predict`` take one whose elements are batches: ``x``, ``(x, y)`` or
    ``(x, y, sample_weight)``. ``len(dataset)`` is the number of elements, where it is known and finite.

    >>> squares = Dataset.range(5).map(lambda x: x * x).batch(2)
    >>> [batch.tolist() for batch in squares], len(squares)
    ([[0, 1], [4, 9], [16]], 3)
    """

    rows_in_memory: tuple[Any, Callable[[], Iterator[np.ndarray]]] | None = None

    def __init__(
        self, start: Callable[[_Pass], Iterator[Any]], length: int | None, draws: bool = False
    ) -> None:
        self._start, self._length, self._draws = start, length, draws

    # --- sources ------------------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """One element for each row (first axis) of the arrays in the structure.

        >>> [(int(x), int(y)) for x, y in Dataset.from_tensor_slices(([1, 2], [3, 4]))]
        [(1, 3), (2, 4)]
        """
        arrays = _arrays(tensors, "from_tensor_slices")
        lengths = {len(a) if a.ndim else None for a in flat(arrays)}
        if len(lengths) != 1 or None in lengths:
            raise fail(
                ShapeError, "Dataset.from_tensor_slices: arrays of different numbers of rows",
                expected="one number of rows", received=", ".join(str(a.shape) for a in flat(arrays)) or "nothing",
            )  # fmt: skip
        return _Rows.of(arrays, len(flat(arrays)[0]))

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element: the arrays as they are."""
        arrays = _arrays(tensors, "from_tensors")
        return Dataset(lambda run: iter([arrays]), 1)

    @staticmethod
    def from_generator(generator: Any) -> Dataset:
        """What ``generator()`` gives, called anew at each iteration; or the items of an iterable.

        >>> [int(x) for x in Dataset.from_generator(lambda: iter([3, 4]))]
        [3, 4]
        """
        if not callable(generator) and (
            not isinstance(generator, Iterable) or isinstance(generator, Iterator)
        ):
            raise fail(
                ArgumentTypeError, "Dataset.from_generator", expected="a function that makes an iterator",
                received=type(generator).__name__, hint="pass the generator function without calling it",
            )  # fmt: skip

        def start(run: _Pass) -> Iterator[Any]:
            items = generator() if callable(generator) else generator
            return (_arrays(item, "from_generator") for item in items)

        return Dataset(start, None if callable(generator) else _length_of(generator))

    @staticmethod
    def range(*args: int) -> Dataset:
        """The whole numbers of Python's ``range``, as int64."""
        numbers = np.arange(*args, dtype=np.int64)
        return _Rows.of(numbers, len(numbers))

    @staticmethod
    def zip(*datasets: Any) -> Dataset:
        """Tuples of an element of each data set; as long as the shortest."""
        parts = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], (list, tuple)) else datasets
        if parts and all(isinstance(part, _Rows) and part.in_order for part in parts):
            count = min(len(part) for part in parts)
            return _Rows.of(tuple(_row(part.arrays, slice(count)) for part in parts), count)
        lengths = [part._length for part in parts if part._length != INFINITE]
        length = INFINITE if not lengths else None if None in lengths else min(lengths)  # type: ignore[type-var]
        return Dataset(
            lambda run: zip(*[part._start(run.below(k)) for k, part in enumerate(parts)], strict=False),
            length,
            any(part._draws for part in parts),
        )

    # --- what every element goes through ------------------------------------------------------------------------

    def map(self, map_func: Callable[..., Any], num_parallel_calls: int | None = None) -> Dataset:
        """``map_func(*element)`` of a tuple, ``map_func(element)`` of anything else, in order.

        With ``num_parallel_calls`` that many threads work ahead (:data:`AUTOTUNE`: four). A layer is such a function.
        """
        _whole("map", "num_parallel_calls", num_parallel_calls, least=AUTOTUNE, optional=True)

        def one(element: Any) -> Any:
            return _arrays(map_func(*element) if isinstance(element, tuple) else map_func(element), "map")

        threads = 4 if num_parallel_calls == AUTOTUNE else num_parallel_calls or 1
        if threads == 1:
            return self._then(lambda run: map(one, self._start(run)), self._length)
        return self._then(lambda run: _parallel(one, self._start(run), threads), self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the predicate is true; called as ``map`` calls its function.

        >>> [int(x) for x in Dataset.range(5).filter(lambda x: x % 2 == 0)]
        [0, 2, 4]
        """

        def kept(element: Any) -> bool:
            return bool(
                np.all(_value(predicate(*element) if isinstance(element, tuple) else predicate(element)))
            )

        return self._then(lambda run: filter(kept, self._start(run)), None)

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs of a number, counted from ``start``, and an element."""
        return self._then(
            lambda run: ((np.int64(k), e) for k, e in enumerate(self._start(run), start)), self._length
        )

    # --- batches ------------------------------------------------------------------------------------------------

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Elements stacked along a new first axis, ``batch_size`` at a time; the last batch may be smaller.

        Elements of different structure or shape raise a DataError that names the element.
        """
        _whole("batch", "batch_size", batch_size, least=1)
        length = _num_batches(self._length, batch_size, drop_remainder)
        return self._then(lambda run: self._batches(run, batch_size, drop_remainder), length)

    def _batches(self, run: _Pass, size: int, drop: bool) -> Iterator[Any]:
        groups = _groups(self._start(run), size, drop)
        return (_stacked(group, number * size) for number, group in enumerate(groups))

    def padded_batch(
        self,
        batch_size: int,
        padding_value: Any = 0,
        drop_remainder: bool = False,
        padded_length: int | None = None,
    ) -> Dataset:
        """As :meth:`batch`, shorter arrays filled up at the end to the longest of their batch.

        ``padded_length`` fixes the length of the first axis instead, and longer arrays are cut there.

        >>> [b.tolist() for b in Dataset.from_generator(lambda: iter([[1], [2, 3]])).padded_batch(2)]
        [[[1, 0], [2, 3]]]
        """
        _whole("padded_batch", "batch_size", batch_size, least=1)

        def start(run: _Pass) -> Iterator[Any]:
            groups = _groups(self._start(run), batch_size, drop_remainder)
            return (_padded(group, padding_value, padded_length) for group in groups)

        return self._then(start, _num_batches(self._length, batch_size, drop_remainder))

    def unbatch(self) -> Dataset:
        """Each row of each element as an element of its own."""

        def start(run: _Pass) -> Iterator[Any]:
            source = self._start(run)
            return (_row(e, k) for e in source for k in range(len(flat(e)[0])))

        return self._then(start, None)

    # --- which elements, in which order -------------------------------------------------------------------------

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """The elements in random order: each is drawn from a buffer of ``buffer_size`` of them.

        A buffer as large as the data set gives every order the same chance. Without a ``seed`` the order comes from
        ``tw.random``, so it is repeated, and resumed, as all its numbers are; with one it depends on the seed and on
        how often this data set was iterated.
        """
        _whole("shuffle", "buffer_size", buffer_size, least=1)
        order = _Order(seed, reshuffle_each_iteration)
        return self._shuffled(int(buffer_size), order)

    def _shuffled(self, size: int, order: _Order) -> Dataset:
        def start(run: _Pass) -> Iterator[Any]:
            return _drawn(self._start(run.below(0)), size, order.generator(run))

        return Dataset(start, self._length, self._draws or order.draws)

    def repeat(self, count: int | None = None) -> Dataset:
        """The whole data set ``count`` times; for ever where ``count`` is None or -1."""
        _whole("repeat", "count", count, least=-1, optional=True)
        endless = count is None or count == INFINITE

        def start(run: _Pass) -> Iterator[Any]:
            rounds = itertools.count() if endless else range(count or 0)
            first = self._start(
                run.below(0)
            )  # orders are drawn by the caller, not by a thread that reads ahead

            def elements() -> Iterator[Any]:
                for k in rounds:
                    empty = True
                    for element in first if k == 0 else self._start(run.below(k)):
                        empty = False
                        yield element
                    if empty:
                        return

            return elements()

        return self._then(start, _length_repeated(self._length, count))

    def take(self, count: int) -> Dataset:
        """The first ``count`` elements; all where it is -1."""
        _whole("take", "count", count, least=-1)
        return self if count == -1 else self._sliced(0, int(count))

    def skip(self, count: int) -> Dataset:
        """All but the first ``count`` elements; none where it is -1."""
        _whole("skip", "count", count, least=-1)
        return self._sliced(0, 0) if count == -1 else self._sliced(int(count), None)

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every ``num_shards``-th element, from number ``index`` on."""
        _whole("shard", "num_shards", num_shards, least=1)
        if not 0 <= index < num_shards:
            raise fail(
                ArgumentError, "Dataset.shard: index", expected=f"0 to {num_shards - 1}", received=index
            )
        return self._sliced(index, None, num_shards)

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        return self._then(
            lambda run: itertools.islice(self._start(run), start, stop, step),
            _length_of_slice(self._length, start, stop, step),
        )

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of this data set, then those of the other."""
        lengths = (self._length, dataset._length)
        length = INFINITE if INFINITE in lengths else None if None in lengths else sum(lengths)  # type: ignore[arg-type]
        return Dataset(
            lambda run: itertools.chain(self._start(run.below(0)), dataset._start(run.below(1))),
            length,
            self._draws or dataset._draws,
        )

    # --- work done once, and ahead ------------------------------------------------------------------------------

    def cache(self) -> Dataset:
        """The elements kept in memory by the first iteration that reaches the end; later ones read them there."""
        kept: list[Any] = []
        complete = threading.Event()

        def start(run: _Pass) -> Iterator[Any]:
            if complete.is_set():
                return iter(kept)
            source = self._start(run)

            def elements() -> Iterator[Any]:
                found = []
                for element in source:
                    found.append(element)
                    yield element
                if not complete.is_set():
                    kept[:] = found
                    complete.set()

            return elements()

        return self._then(start, self._length)

    def prefetch(self, buffer_size: int) -> Dataset:
        """Up to ``buffer_size`` elements made ahead in a thread (:data:`AUTOTUNE`: two); errors come out in place."""
        _whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        size = 2 if buffer_size == AUTOTUNE else buffer_size
        return self if not size else self._then(lambda run: _ahead(self._start(run), size), self._length)

    # --- reading ------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        return self._start(_Pass(next_key() if self._draws else None, ()))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The same as iterating: the elements are NumPy arrays already."""
        return iter(self)

    def cardinality(self) -> int:
        """The number of elements; -1 where there is no end, -2 where it is not known before they are read."""
        return -2 if self._length is None else self._length

    def __len__(self) -> int:
        if self._length is None or self._length == INFINITE:
            raise TypeError(
                f"the data set has {'no end' if self._length == INFINITE else 'an unknown length'}"
            )
        return self._length

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        count = {None: "unknown", INFINITE: "infinite"}.get(self._length, self._length)
        return f"<Dataset of {count} elements>"

    def _then(self, start: Callable[[_Pass], Iterator[Any]], length: int | None) -> Dataset:
        """The next link of the chain."""
        return Dataset(start, length, self._draws)


_Numbers = Callable[["_Pass"], Iterator[np.ndarray]]


class _Rows(Dataset):
    """Rows of arrays in memory: what reorders or repeats them only makes row numbers, and never touches the arrays.

    ``numbers`` gives the row numbers of one iteration, in arrays one after the other; ``in_order`` says that they are
    0, 1, ... once.
    """

    def __init__(
        self, arrays: Any, numbers: _Numbers, length: int | None, draws: bool, in_order: bool = False
    ) -> None:
        self.arrays, self.numbers, self.in_order = arrays, numbers, in_order
        super().__init__(self._elements, length, draws)

    @staticmethod
    def of(arrays: Any, count: int) -> _Rows:
        """All rows in their order."""
        return _Rows(arrays, lambda run: iter([np.arange(count)]), count, False, in_order=True)

    def _elements(self, run: _Pass) -> Iterator[Any]:
        numbers = self.numbers(run)
        return (_row(self.arrays, k) for some in numbers for k in some)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        _whole("batch", "batch_size", batch_size, least=1)
        size, length = int(batch_size), _num_batches(self._length, batch_size, drop_remainder)
        batches = lambda run: _cut(self.numbers(run), size, drop_remainder)
        return _RowBatches(self.arrays, batches, length, self._draws, self.in_order)

    def cache(self) -> Dataset:
        return self if self.in_order else super().cache()

    def prefetch(self, buffer_size: int) -> Dataset:
        _whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        return self  # there is nothing to make ahead

    def repeat(self, count: int | None = None) -> Dataset:
        _whole("repeat", "count", count, least=-1, optional=True)
        return _Rows(
            self.arrays, _repeated(self.numbers, count), _length_repeated(self._length, count), self._draws
        )

    def _shuffled(self, size: int, order: _Order) -> Dataset:
        def shuffled(run: _Pass) -> Iterator[np.ndarray]:
            numbers, generator = self.numbers(run.below(0)), order.generator(run)
            if self._length == INFINITE or size < len(self):
                singles = (k for some in numbers for k in some.tolist())
                drawn = _drawn(singles, size, generator)
                return _gathered(drawn, 4096)
            rows = np.concatenate([*numbers, np.zeros(0, np.int64)])
            return iter([rows[generator.permutation(len(rows))]])

        return _Rows(self.arrays, shuffled, self._length, self._draws or order.draws)

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        length = _length_of_slice(self._length, start, stop, step)
        numbers = lambda run: _chosen(self.numbers(run), start, stop, step)
        return _Rows(self.arrays, numbers, length, self._draws)


class _RowBatches(Dataset):
    """Batches of rows of arrays in memory: ``rows_in_memory`` are the arrays and a function that gives row numbers
    [steps, batch], many steps at a time, so that ``fit`` can do many steps in one native call.
    """

    def __init__(
        self, arrays: Any, numbers: _Numbers, length: int | None, draws: bool, in_order: bool = False
    ) -> None:
        self.arrays, self.numbers, self.in_order = arrays, numbers, in_order
        super().__init__(self._elements, length, draws)
        self.rows_in_memory = arrays, self._begun

    def _begun(self) -> Iterator[np.ndarray]:
        return self.numbers(_Pass(next_key() if self._draws else None, ()))

    def _elements(self, run: _Pass) -> Iterator[Any]:
        numbers = self.numbers(run)
        return (_row(self.arrays, rows) for block in numbers for rows in block)

    def cache(self) -> Dataset:
        return self if self.in_order else super().cache()

    def prefetch(self, buffer_size: int) -> Dataset:
        _whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        return self  # there is nothing to make ahead

    def repeat(self, count: int | None = None) -> Dataset:
        _whole("repeat", "count", count, least=-1, optional=True)
        return _RowBatches(
            self.arrays, _repeated(self.numbers, count), _length_repeated(self._length, count), self._draws
        )

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        length = _length_of_slice(self._length, start, stop, step)
        numbers = lambda run: _chosen(self.numbers(run), start, stop, step)
        return _RowBatches(self.arrays, numbers, length, self._draws)


def _gathered(rows: Iterator[int], size: int) -> Iterator[np.ndarray]:
    """Single row numbers as arrays of up to ``size``."""
    for some in iter(lambda: list(itertools.islice(rows, size)), []):
        yield np.array(some, np.int64)


def _repeated(numbers: _Numbers, count: int | None) -> _Numbers:
    """The row numbers of an iteration, ``count`` times or for ever; each time is an iteration of its own."""

    def start(run: _Pass) -> Iterator[np.ndarray]:
        for k in itertools.count() if count in (None, INFINITE) else range(count or 0):
            empty = True
            for some in numbers(run.below(k)):
                empty = empty and not len(some)
                yield some
            if empty:
                return

    return start


def _chosen(numbers: Iterator[np.ndarray], start: int, stop: int | None, step: int) -> Iterator[np.ndarray]:
    """Every ``step``-th of the entries of the arrays, counted through, from ``start`` to ``stop``."""
    done = 0
    for some in numbers:
        if stop is not None and done >= stop:
            return
        first = start - done if done <= start else -(done - start) % step
        yield some[first : None if stop is None else max(stop - done, 0) : step]
        done += len(some)


def _cut(numbers: Iterator[np.ndarray], size: int, drop: bool) -> Iterator[np.ndarray]:
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


def _length_repeated(length: int | None, count: int | None) -> int | None:
    if count in (None, INFINITE):
        return 0 if length == 0 else INFINITE
    return length if length in (None, INFINITE) else length * (count or 0)  # type: ignore[operator]


# --- random orders ----------------------------------------------------------------------------------------------------


class _Pass:
    """One iteration: the key from which its random orders come, and the place in the pipeline."""

    def __init__(self, key: np.ndarray | None, path: _Path) -> None:
        self.key, self.path = key, path

    def below(self, k: int) -> _Pass:
        """The place one step nearer to a source."""
        return _Pass(self.key, (*self.path, k))


class _Order:
    """Where one ``shuffle`` takes its numbers from."""

    def __init__(self, seed: int | None, anew: bool) -> None:
        self.anew, self.count = anew, 0
        self.draws = seed is None and anew
        self.key = philox.make_key(seed) if seed is not None else None if anew else next_key()

    def generator(self, run: _Pass) -> np.random.Generator:
        if self.draws:
            assert run.key is not None
            return np.random.default_rng([*map(int, run.key), *run.path])
        assert self.key is not None
        self.count += self.anew
        return np.random.default_rng([*map(int, self.key), self.count])


def _drawn(items: Iterator[Any], size: int, generator: np.random.Generator) -> Iterator[Any]:
    """The items in the order of a shuffle with a buffer."""
    buffer = list(itertools.islice(items, size))
    for block in iter(lambda: list(itertools.islice(items, 1024)), []):
        for place, item in zip(generator.integers(len(buffer), size=len(block)).tolist(), block, strict=True):
            yield buffer[place]
            buffer[place] = item
    for k in generator.permutation(len(buffer)).tolist():
        yield buffer[k]


# --- threads ----------------------------------------------------------------------------------------------------------


def _parallel(function: Callable[[Any], Any], items: Iterator[Any], threads: int) -> Iterator[Any]:
    """``map``, with a pool that works two items per thread ahead."""

    def results() -> Iterator[Any]:
        with ThreadPoolExecutor(threads, "thalweg-map") as pool:
            under_way: deque[Any] = deque()
            try:
                for item in items:
                    under_way.append(pool.submit(function, item))
                    if len(under_way) >= 2 * threads:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    return results()


_END = object()


def _ahead(items: Iterator[Any], size: int) -> Iterator[Any]:
    """The items, made by a thread that stays up to ``size`` of them ahead and ends with the iterator."""

    def results() -> Iterator[Any]:
        room: queue.Queue[Any] = queue.Queue(size)
        stopped = threading.Event()

        def put(entry: Any) -> bool:
            while not stopped.is_set():
                try:
                    room.put(entry, timeout=0.05)
                    return True
                except queue.Full:
                    continue
            return False

        def work() -> None:
            try:
                for item in items:
                    if not put((item, None)):
                        return
                put((_END, None))
            except BaseException as error:
                put((_END, error))

        thread = threading.Thread(target=work, name="thalweg-prefetch", daemon=True)
        thread.start()
        try:
            while True:
                item, error = room.get()
                if error is not None:
                    raise error
                if item is _END:
                    return
                yield item
        finally:
            stopped.set()

    return results()


# --- elements ---------------------------------------------------------------------------------------------------------


def _value(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf.array()
    return leaf if isinstance(leaf, (np.ndarray, np.generic)) else _array(leaf)


def _array(leaf: Any) -> np.ndarray:
    array = np.asarray(leaf)
    return array.astype(np.str_) if array.dtype == object and _is_text(array) else array


def _is_text(array: np.ndarray) -> bool:
    return array.size > 0 and all(isinstance(v, str) for v in array.flat)


def _arrays(structure: Any, where: str) -> Any:
    """The structure with arrays at its leaves; a list of numbers is an array, a list of arrays a structure."""
    if isinstance(structure, Mapping):
        return {key: _arrays(value, where) for key, value in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_arrays(value, where) for value in structure)
    if (
        isinstance(structure, list)
        and structure
        and all(isinstance(v, (np.ndarray, Tensor)) for v in structure)
    ):
        return [_value(v) for v in structure]
    if structure is None:
        return None
    try:
        return _value(structure)
    except ValueError as error:
        raise fail(DataError, f"Dataset.{where}: rows of different lengths: {error}",
                   hint="pad them, or give them one by one from a generator") from None  # fmt: skip


def _row(structure: Any, rows: Any) -> Any:
    """The rows with these numbers, or the one with this number, of all arrays in the structure."""
    return mapped(lambda array: array[rows], structure)


def _groups(items: Iterator[Any], size: int, drop: bool) -> Iterator[list[Any]]:
    """Lists of ``size`` items, the last one shorter or left out."""
    groups = iter(lambda: list(itertools.islice(items, size)), [])
    return (group for group in groups if not (drop and len(group) < size))


def _num_batches(length: int | None, size: int, drop: bool) -> int | None:
    if length is None or length == INFINITE:
        return length
    return length // size if drop else -(-length // size)


def _stacked(elements: Sequence[Any], first: int) -> Any:
    """Elements as one, with a new first axis; ``first`` is the number of the first of them."""
    template = elements[0]
    leaves = [flat(e) for e in elements]
    for k, (element, own) in enumerate(zip(elements, leaves, strict=True)):
        if len(own) != len(leaves[0]) or type(element) is not type(template):
            raise fail(DataError, f"Dataset.batch: element {first + k} has another structure than element {first}",
                       expected=f"{len(leaves[0])} arrays", received=len(own))  # fmt: skip
        for ours, theirs in zip(own, leaves[0], strict=True):
            if ours.shape != theirs.shape:
                raise fail(
                    DataError, f"Dataset.batch: element {first + k} has another shape than element {first}",
                    expected=theirs.shape, received=ours.shape, hint="padded_batch() fills up short ones",
                )  # fmt: skip
    columns = iter([np.stack(column) for column in zip(*leaves, strict=True)])
    return mapped(lambda _: next(columns), template)


def _padded(elements: Sequence[Any], value: Any, length: int | None) -> Any:
    leaves = [flat(e) for e in elements]
    columns = iter([_filled(column, value, length) for column in zip(*leaves, strict=True)])
    return mapped(lambda _: next(columns), elements[0])


def _filled(arrays: Sequence[np.ndarray], value: Any, length: int | None) -> np.ndarray:
    rank = {a.ndim for a in arrays}
    if len(rank) > 1:
        raise fail(DataError, "Dataset.padded_batch: elements of different rank", received=sorted(rank))
    if rank == {0}:
        return np.stack(arrays)
    shape = [max(sizes) for sizes in zip(*(a.shape for a in arrays), strict=True)]
    if length is not None:
        shape[0] = length
    found = np.full((len(arrays), *shape), value, np.result_type(*arrays))
    for row, array in zip(found, arrays, strict=True):
        array = array[:length] if length is not None else array
        row[tuple(slice(n) for n in array.shape)] = array
    return found


def _length_of(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:
        return None


def _length_of_slice(length: int | None, start: int, stop: int | None, step: int) -> int | None:
    if length is None:
        return None
    if length == INFINITE:
        return INFINITE if stop is None else len(range(start, stop, step))
    return len(range(length)[start:stop:step])


def _whole(what: str, name: str, value: Any, least: int, optional: bool = False) -> None:
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise fail(
            ArgumentError,
            f"Dataset.{what}: {name}",
            expected=f"a whole number >= {least}",
            received=repr(value),
        )
