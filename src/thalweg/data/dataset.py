"""Pipelines of examples: from arrays, generators or files to batches of NumPy arrays.

A pipeline is a chain of small data sets, each made from the one before it. Nothing runs before somebody iterates;
every iteration starts at the beginning. Random orders come from ``tw.random`` unless a seed is given.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from thalweg.ahead import ahead, parallel
from thalweg.data.blocks import Block, batches, in_blocks, made_of
from thalweg.data.elements import (
    INFINITE,
    arrays_of,
    check_whole,
    groups,
    length_of,
    length_of_slice,
    length_repeated,
    num_batches,
    padded,
    rows_of,
    stacked,
    value_of,
)
from thalweg.data.orders import Numbers, Order, Pass, chosen, cut, gathered, repeated
from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError, fail
from thalweg.nested import flat, mapped
from thalweg.ops.draws import next_key

__all__ = ["AUTOTUNE", "Dataset"]

AUTOTUNE = -1


class Dataset:
    """A sequence of elements: arrays, or tuples, lists and dicts of arrays; iterate to get them.

    ``fit``, ``evaluate`` and ``predict`` take one whose elements are batches: ``x``, ``(x, y)`` or
    ``(x, y, sample_weight)``. ``len(dataset)`` is the number of elements, where it is known and finite.

    >>> squares = Dataset.range(5).map(lambda x: x * x).batch(2)
    >>> [batch.tolist() for batch in squares], len(squares)
    ([[0, 1], [4, 9], [16]], 3)
    """

    rows_in_memory: tuple[Any, Callable[[], Iterator[np.ndarray]]] | None = None
    blocks: Callable[[Pass], Iterator[Block]] | None = None  # where elements are made many at a time

    def __init__(
        self, start: Callable[[Pass], Iterator[Any]], length: int | None, draws: bool = False
    ) -> None:
        self._start, self._length, self._draws = start, length, draws

    # --- sources ------------------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """One element for each row (first axis) of the arrays in the structure.

        >>> [(int(x), int(y)) for x, y in Dataset.from_tensor_slices(([1, 2], [3, 4]))]
        [(1, 3), (2, 4)]
        """
        arrays = arrays_of(tensors, "from_tensor_slices")
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
        arrays = arrays_of(tensors, "from_tensors")
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

        def start(run: Pass) -> Iterator[Any]:
            items = generator() if callable(generator) else generator
            return (arrays_of(item, "from_generator") for item in items)

        return Dataset(start, None if callable(generator) else length_of(generator))

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
            return _Rows.of(tuple(rows_of(part.arrays, slice(count)) for part in parts), count)
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
        A compiled function (``tw.function``) is run natively for many rows of arrays in memory at a time, some ahead.

        >>> from thalweg import function
        >>> [int(x) for x in Dataset.range(4).map(function(lambda x: x * x + 1))]
        [1, 2, 5, 10]
        """
        check_whole("map", "num_parallel_calls", num_parallel_calls, least=AUTOTUNE, optional=True)

        one = lambda element: arrays_of(_called("map", map_func, element), "map")
        if self.blocks is not None and hasattr(map_func, "map_rows"):
            many = lambda rows: _arrays_of_rows("map", map_func, rows)
            return _Made(self, self._length, many, lambda element: [one(element)])
        threads = 4 if num_parallel_calls == AUTOTUNE else num_parallel_calls or 1
        if threads == 1:
            return self._then(lambda run: map(one, self._start(run)), self._length)
        return self._then(lambda run: parallel(one, self._start(run), threads), self._length)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the predicate is true; called as ``map`` calls its function.

        >>> [int(x) for x in Dataset.range(5).filter(lambda x: x % 2 == 0)]
        [0, 2, 4]
        """

        kept = lambda element: bool(np.all(value_of(_called("filter", predicate, element))))
        if self.blocks is not None and hasattr(predicate, "map_rows"):
            many = lambda rows: _kept_rows(rows, _arrays_of_rows("filter", predicate, rows))
            return _Made(self, None, many, lambda element: [element] if kept(element) else [])
        return self._then(lambda run: filter(kept, self._start(run)), None)

    def flat_map(self, map_func: Callable[..., Any]) -> Dataset:
        """The elements of the data sets that ``map_func`` makes of the elements, one data set after the other.

        >>> [int(x) for x in Dataset.range(4).flat_map(Dataset.range)]
        [0, 0, 1, 0, 1, 2]
        """
        return self.interleave(map_func, cycle_length=1)

    def interleave(
        self, map_func: Callable[..., Any], cycle_length: int = 4, block_length: int = 1
    ) -> Dataset:
        """As :meth:`flat_map`, with ``cycle_length`` data sets open, ``block_length`` elements of each in turn.

        What ``map_func`` gives may be a data set or anything that :meth:`from_generator` takes. Made for many files.

        >>> [int(x) for x in Dataset.range(1, 4).interleave(lambda k: Dataset.range(k * 10, k * 10 + 2))]
        [10, 20, 30, 11, 21, 31]
        """
        check_whole("interleave", "cycle_length", cycle_length, least=1)
        check_whole("interleave", "block_length", block_length, least=1)

        def opened(element: Any) -> Iterator[Any]:
            made = _called("interleave", map_func, element)
            return iter(made if isinstance(made, Dataset) else Dataset.from_generator(made))

        return self._then(
            lambda run: taking_turns(map(opened, self._start(run)), cycle_length, block_length), None
        )

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Dataset:
        """Data sets of ``size`` elements, each starting ``shift`` after the one before (``size`` unless given).

        Their elements are ``stride`` apart. ``drop_remainder`` leaves out those that the end makes shorter. Where the
        elements are tuples or dicts, the data sets stand in their structure.

        >>> [[int(x) for x in w] for w in Dataset.range(5).window(3, shift=1, drop_remainder=True)]
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        """
        check_whole("window", "size", size, least=1)
        check_whole("window", "shift", shift, least=1, optional=True)
        check_whole("window", "stride", stride, least=1)

        def start(run: Pass) -> Iterator[Any]:
            return _windows(self._start(run), size, shift or size, stride, drop_remainder)

        return self._then(start, None)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any]) -> Any:
        """``reduce_func(state, element)`` over all elements; the last state.

        >>> int(Dataset.range(5).reduce(0, lambda total, x: total + x))
        10
        """
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """``transformation_func(self)``: a step of one's own in the chain."""
        return transformation_func(self)

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs of a number, counted from ``start``, and an element."""
        if isinstance(self, _Rows) and self.in_order:
            numbers = np.arange(start, start + len(self), dtype=np.int64)
            return _Rows.of((numbers, self.arrays), len(self))
        return self._then(
            lambda run: ((np.int64(k), e) for k, e in enumerate(self._start(run), start)), self._length
        )

    # --- batches ------------------------------------------------------------------------------------------------

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Elements stacked along a new first axis, ``batch_size`` at a time; the last batch may be smaller.

        Elements of different structure or shape raise a DataError that names the element.
        """
        check_whole("batch", "batch_size", batch_size, least=1)
        length = num_batches(self._length, batch_size, drop_remainder)
        return self._then(lambda run: self._batches(run, batch_size, drop_remainder), length)

    def _batches(self, run: Pass, size: int, drop: bool) -> Iterator[Any]:
        grouped = groups(self._start(run), size, drop)
        return (stacked(group, number * size) for number, group in enumerate(grouped))

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
        check_whole("padded_batch", "batch_size", batch_size, least=1)

        def start(run: Pass) -> Iterator[Any]:
            grouped = groups(self._start(run), batch_size, drop_remainder)
            return (padded(group, padding_value, padded_length) for group in grouped)

        return self._then(start, num_batches(self._length, batch_size, drop_remainder))

    def unbatch(self) -> Dataset:
        """Each row of each element as an element of its own."""

        def start(run: Pass) -> Iterator[Any]:
            source = self._start(run)
            return (rows_of(e, k) for e in source for k in range(len(flat(e)[0])))

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
        check_whole("shuffle", "buffer_size", buffer_size, least=1)
        return self.shuffled_by(Order(seed, reshuffle_each_iteration), int(buffer_size))

    def shuffled_by(self, order: Order, size: int) -> Dataset:
        """The elements in an order, drawn from a buffer of ``size`` of them."""

        def start(run: Pass) -> Iterator[Any]:
            return order.through(self._start(run.below(0)), size, run)

        return Dataset(start, self._length, self._draws or order.draws)

    def repeat(self, count: int | None = None) -> Dataset:
        """The whole data set ``count`` times; for ever where ``count`` is None or -1."""
        check_whole("repeat", "count", count, least=-1, optional=True)
        endless = count is None or count == INFINITE

        def start(run: Pass) -> Iterator[Any]:
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

        return self._then(start, length_repeated(self._length, count))

    def take(self, count: int) -> Dataset:
        """The first ``count`` elements; all where it is -1."""
        check_whole("take", "count", count, least=-1)
        return self if count == -1 else self._sliced(0, int(count))

    def skip(self, count: int) -> Dataset:
        """All but the first ``count`` elements; none where it is -1."""
        check_whole("skip", "count", count, least=-1)
        return self._sliced(0, 0) if count == -1 else self._sliced(int(count), None)

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every ``num_shards``-th element, from number ``index`` on."""
        check_whole("shard", "num_shards", num_shards, least=1)
        if not 0 <= index < num_shards:
            raise fail(
                ArgumentError, "Dataset.shard: index", expected=f"0 to {num_shards - 1}", received=index
            )
        return self._sliced(index, None, num_shards)

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        return self._then(
            lambda run: itertools.islice(self._start(run), start, stop, step),
            length_of_slice(self._length, start, stop, step),
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

        def start(run: Pass) -> Iterator[Any]:
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
        check_whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        size = 2 if buffer_size == AUTOTUNE else buffer_size
        return self if not size else self._then(lambda run: ahead(self._start(run), size), self._length)

    # --- reading ------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        return self._start(Pass(next_key() if self._draws else None, ()))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The same as iterating: the elements are NumPy arrays already."""
        return iter(self)

    @property
    def draws(self) -> bool:
        """Whether an iteration takes random numbers from ``tw.random``."""
        return self._draws

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

    def _then(self, start: Callable[[Pass], Iterator[Any]], length: int | None) -> Dataset:
        """The next link of the chain."""
        return Dataset(start, length, self._draws)


class _Rows(Dataset):
    """Rows of arrays in memory: what reorders or repeats them only makes row numbers, and never touches the arrays.

    ``numbers`` gives the row numbers of one iteration, in arrays one after the other; ``in_order`` says that they are
    0, 1, ... once.
    """

    def __init__(
        self, arrays: Any, numbers: Numbers, length: int | None, draws: bool, in_order: bool = False
    ) -> None:
        self.arrays, self.numbers, self.in_order = arrays, numbers, in_order
        super().__init__(self._elements, length, draws)

    @staticmethod
    def of(arrays: Any, count: int) -> _Rows:
        """All rows in their order."""
        return _Rows(arrays, lambda run: iter([np.arange(count)]), count, False, in_order=True)

    def _elements(self, run: Pass) -> Iterator[Any]:
        numbers = self.numbers(run)
        return (rows_of(self.arrays, k) for some in numbers for k in some)

    def blocks(self, run: Pass) -> Iterator[Block]:
        """The rows, many at a time."""
        return in_blocks(self.arrays, self.numbers(run))

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        check_whole("batch", "batch_size", batch_size, least=1)
        size, length = int(batch_size), num_batches(self._length, batch_size, drop_remainder)
        batches = lambda run: cut(self.numbers(run), size, drop_remainder)
        return _RowBatches(self.arrays, batches, length, self._draws, self.in_order)

    def cache(self) -> Dataset:
        return self if self.in_order else super().cache()

    def prefetch(self, buffer_size: int) -> Dataset:
        check_whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        return self  # there is nothing to make ahead

    def repeat(self, count: int | None = None) -> Dataset:
        check_whole("repeat", "count", count, least=-1, optional=True)
        return _Rows(
            self.arrays, repeated(self.numbers, count), length_repeated(self._length, count), self._draws
        )

    def shuffled_by(self, order: Order, size: int) -> Dataset:
        def shuffled(run: Pass) -> Iterator[np.ndarray]:
            numbers = self.numbers(run.below(0))
            if self._length == INFINITE or size < len(self):
                singles = (k for some in numbers for k in some.tolist())
                return gathered(order.through(singles, size, run), 4096)
            return iter([order.permuted(np.concatenate([*numbers, np.zeros(0, np.int64)]), run)])

        return _Rows(self.arrays, shuffled, self._length, self._draws or order.draws)

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        length = length_of_slice(self._length, start, stop, step)
        numbers = lambda run: chosen(self.numbers(run), start, stop, step)
        return _Rows(self.arrays, numbers, length, self._draws)


class _Made(Dataset):
    """What a compiled function makes of the elements of a data set that gives many at a time."""

    def __init__(
        self,
        source: Dataset,
        length: int | None,
        many: Callable[[Any], Any],
        one: Callable[[Any], list[Any]],
    ) -> None:
        self._source, self._many, self._one = source, many, one
        super().__init__(self._elements, length, source._draws)

    def blocks(self, run: Pass) -> Iterator[Block]:
        """What is made of some elements at a time."""
        assert self._source.blocks is not None
        return made_of(self._source.blocks(run), self._many, self._one)

    def _elements(self, run: Pass) -> Iterator[Any]:
        return (element for block in self.blocks(run) for element in block)

    def _batches(self, run: Pass, size: int, drop: bool) -> Iterator[Any]:
        return batches(self.blocks(run), int(size), drop)


class _RowBatches(Dataset):
    """Batches of rows of arrays in memory: ``rows_in_memory`` are the arrays and a function that gives row numbers
    [steps, batch], many steps at a time, so that ``fit`` can do many steps in one native call.
    """

    def __init__(
        self, arrays: Any, numbers: Numbers, length: int | None, draws: bool, in_order: bool = False
    ) -> None:
        self.arrays, self.numbers, self.in_order = arrays, numbers, in_order
        super().__init__(self._elements, length, draws)
        self.rows_in_memory = arrays, self._begun

    def _begun(self) -> Iterator[np.ndarray]:
        return self.numbers(Pass(next_key() if self._draws else None, ()))

    def _elements(self, run: Pass) -> Iterator[Any]:
        numbers = self.numbers(run)
        return (rows_of(self.arrays, rows) for block in numbers for rows in block)

    def cache(self) -> Dataset:
        return self if self.in_order else super().cache()

    def prefetch(self, buffer_size: int) -> Dataset:
        check_whole("prefetch", "buffer_size", buffer_size, least=AUTOTUNE)
        return self  # there is nothing to make ahead

    def repeat(self, count: int | None = None) -> Dataset:
        check_whole("repeat", "count", count, least=-1, optional=True)
        return _RowBatches(
            self.arrays, repeated(self.numbers, count), length_repeated(self._length, count), self._draws
        )

    def _sliced(self, start: int, stop: int | None, step: int = 1) -> Dataset:
        length = length_of_slice(self._length, start, stop, step)
        numbers = lambda run: chosen(self.numbers(run), start, stop, step)
        return _RowBatches(self.arrays, numbers, length, self._draws)


# --- functions of elements --------------------------------------------------------------------------------------------


def _called(what: str, function: Callable[..., Any], element: Any) -> Any:
    """``function(*element)`` of a tuple, else ``function(element)``; an error says in which link of which pipeline."""
    try:
        made = function(*element) if isinstance(element, tuple) else function(element)
    except StopIteration as error:  # what reads the elements would take it for their end
        raise fail(DataError, f"Dataset.{what}: the function raised StopIteration") from error
    except Exception as error:
        shapes = mapped(lambda a: f"{a.dtype}{list(a.shape)}", element)
        error.add_note(f"in the function given to Dataset.{what}, called on {shapes}")
        raise
    if made is None:
        raise fail(DataError, f"Dataset.{what}: the function gave nothing", hint="does it return?")
    return made


def _arrays_of_rows(what: str, function: Any, rows: Any) -> Any:
    """What a compiled function gives for each row, or NotImplemented."""
    made = function.map_rows(*rows) if isinstance(rows, tuple) else function.map_rows(rows)
    return made if made is NotImplemented else arrays_of(made, what)


def _kept_rows(rows: Any, wanted: Any) -> Any:
    """The rows that are wanted."""
    if wanted is NotImplemented:
        return NotImplemented
    return rows_of(rows, wanted.reshape(len(wanted), -1).all(axis=1))


def taking_turns(sources: Iterator[Iterator[Any]], cycle: int, block: int) -> Iterator[Any]:
    """Elements of up to ``cycle`` sources in turn, ``block`` at a time; a source that has ended makes room for the
    next one when its turn comes again.
    """
    opened: list[Iterator[Any] | None] = [None] * cycle
    for place in itertools.cycle(range(cycle)):
        source = opened[place] = opened[place] or next(sources, None)
        if source is None:
            if not any(opened):
                return
            continue
        some = list(itertools.islice(source, block))
        yield from some
        if len(some) < block:
            opened[place] = None


def _windows(items: Iterator[Any], size: int, shift: int, stride: int, drop: bool) -> Iterator[Any]:
    reach, kept = (size - 1) * stride + 1, list[Any]()
    while True:
        kept += itertools.islice(items, reach - len(kept))
        if not kept or (drop and len(kept) < reach):
            return
        yield _columns(kept[::stride])
        if len(kept) >= shift:
            kept = kept[shift:]
        else:  # windows that leave elements out between them
            for _ in itertools.islice(items, shift - len(kept)):
                pass
            kept = []


def _columns(elements: list[Any]) -> Any:
    """A data set for each leaf of the structure of the elements."""
    leaves = iter(zip(*map(flat, elements), strict=True))
    return mapped(lambda _: _listed(next(leaves)), elements[0])


def _listed(elements: Any) -> Dataset:
    return Dataset(lambda run: iter(elements), len(elements))
