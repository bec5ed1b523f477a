"""``tf.data``: elements made by Python one after the other, which a graph takes in through an iterator."""

from __future__ import annotations

import itertools
import operator
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Iterator as Iterating
from typing import Any

import numpy as np

from thalweg.compat.orders import SeededOrder
from thalweg.compat.streams import pair_of_seeds
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import DataLossError, InvalidArgumentError, OutOfRangeError
from thalweg.compat.tf1.graph import Effect, Node, Operation, Tensor, default_graph
from thalweg.compat.tf1.queues import as_array, matching_files, stacked
from thalweg.compat.tf1.random import draws_by_seed, op_seed
from thalweg.compat.tf1.types import TensorShape, as_dtype, encoded
from thalweg.data.dataset import taking_turns

# An element is a nested structure of arrays; its parts are kept as a flat list, the structure beside it.


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, Mapping):
        return [leaf for key in sorted(tree) for leaf in _flat(tree[key])]
    if isinstance(tree, tuple):
        return [leaf for part in tree for leaf in _flat(part)]
    return [tree]


def _packed(tree: Any, leaves: Iterating[Any]) -> Any:
    if isinstance(tree, Mapping):
        made = {key: _packed(tree[key], leaves) for key in sorted(tree)}
        return {key: made[key] for key in tree}
    if isinstance(tree, tuple):
        parts = [_packed(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return next(leaves)


class Dataset:
    """Elements to go through again and again: ``make(run)`` starts a pass, ``run`` giving values of tensors."""

    def __init__(
        self,
        make: Callable[[Any], Iterable[list[Any]]],
        like: Any,
        dtypes: Sequence[Any],
        shapes: Sequence[Any],
    ) -> None:
        self._make, self._like, self._dtypes, self._shapes = (
            make,
            like,
            list(dtypes),
            [list(s) if s is not None else None for s in shapes],
        )
        self._mapped: tuple[Dataset, Callable[[Dataset], Dataset]] | None = None  # of what it is made by map
        self._repeated: Dataset = self  # what is repeated in its place

    @property
    def output_types(self) -> Any:
        return _packed(self._like, iter([as_dtype(d) for d in self._dtypes]))

    @property
    def output_shapes(self) -> Any:
        return _packed(self._like, iter([TensorShape(s) for s in self._shapes]))

    def __repr__(self) -> str:
        shapes = _packed(self._like, iter([str(TensorShape(s)) for s in self._shapes]))
        types = _packed(self._like, iter([repr(as_dtype(d)) for d in self._dtypes]))
        return f"<DatasetV1Adapter shapes: {shapes}, types: {types}>".replace("'", "")

    # --- sources ----------------------------------------------------------------------------------------------------

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element."""
        leaves, dtypes, shapes = _sources(tensors)
        return Dataset(lambda run: [run(leaves)], tensors, dtypes, shapes)

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """The slices along the first axis."""
        leaves, dtypes, shapes = _sources(tensors)
        default_graph().add_nodes(1 + sum(not isinstance(x, Node) for x in leaves))

        def make(run: Any) -> Iterable[list[Any]]:
            arrays = run(leaves)
            return ([array[k] for array in arrays] for k in range(len(arrays[0])))

        return Dataset(make, tensors, dtypes, [s[1:] if s is not None else None for s in shapes])

    @staticmethod
    def from_generator(
        generator: Callable[..., Any], output_types: Any, output_shapes: Any = None, args: Any = None
    ) -> Dataset:
        """What a Python generator gives."""
        dtypes = [as_dtype(t).dtype for t in _flat(output_types)]
        shapes = (
            [None] * len(dtypes)
            if output_shapes is None
            else [
                s.as_list() if isinstance(s, TensorShape) else TensorShape(s).as_list()
                for s in _shape_leaves(output_shapes, output_types)
            ]
        )

        def make(run: Any) -> Iterable[list[Any]]:
            return (
                [_generated(x, d) for x, d in zip(_flat(e), dtypes, strict=True)]
                for e in generator(*run([g.convert_to_tensor(a) for a in args or ()]))
            )

        return Dataset(make, output_types, dtypes, shapes)

    @staticmethod
    def range(*args: Any) -> Dataset:
        """Whole numbers, as Python's range."""
        default_graph().add_nodes(4)
        return Dataset(
            lambda run: ([np.int64(k)] for k in range(*(_whole(run, end) for end in args))),
            0,
            [np.int64],
            [[]],
        )

    @staticmethod
    def zip(datasets: Any) -> Dataset:
        """Elements of several data sets side by side."""
        parts = _flat(datasets)
        like = _packed(datasets, iter([p._like for p in parts]))

        def make(run: Any) -> Iterable[list[Any]]:
            return (list(itertools.chain(*row)) for row in zip(*(p._make(run) for p in parts)))

        return Dataset(
            make, like, [d for p in parts for d in p._dtypes], [s for p in parts for s in p._shapes]
        )

    @staticmethod
    def list_files(file_pattern: Any, shuffle: Any = None, seed: Any = None) -> Dataset:
        """The names of the files that a pattern fits."""
        found = Dataset.from_tensor_slices(matching_files(file_pattern).static)
        return found.shuffle(max(len(found._first()), 1), seed) if shuffle or shuffle is None else found

    def _first(self) -> list[Any]:
        return list(self._make(lambda leaves: leaves))

    # --- transformations --------------------------------------------------------------------------------------------

    def _like_this(self, make: Callable[[Any], Iterable[list[Any]]], shapes: Any = None) -> Dataset:
        return Dataset(make, self._like, self._dtypes, self._shapes if shapes is None else shapes)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        num_threads: Any = None,
        output_buffer_size: Any = None,
    ) -> Dataset:
        """``map_func`` of each element: a piece of graph, run for each.

        The other arguments are accepted; the last two are those of ``tf.contrib.data``.
        """
        from thalweg.compat.tf1.session import Session

        graph = _inner_graph()
        with graph.as_default():
            holders = [_holder(d, s) for d, s in zip(self._dtypes, self._shapes, strict=True)]
            made = map_func(*_arguments(_packed(self._like, iter(holders))))
            made = tuple(made) if isinstance(made, list) else made
            outputs = [g.convert_to_tensor(x) for x in _flat(made)]
            session = Session(graph=graph)

        begun: weakref.WeakSet[Any] = weakref.WeakSet()

        def made_of(element: Sequence[Any]) -> list[Any]:
            return session.run(outputs, dict(zip(holders, element, strict=True)))

        def of(source: Dataset) -> Dataset:
            def each(run: Any) -> Iterable[list[Any]]:
                if run not in begun:  # an iterator begins: so do the draws of nodes with seeds
                    begun.add(run)
                    session.begin_draws()
                return map(made_of, source._make(run))  # goes on behind an element that raises

            mapped = Dataset(each, made, [x.dtype.dtype for x in outputs], [_known(x) for x in outputs])
            if not any(draws_by_seed(x) for x in outputs):
                mapped._mapped = source, of
            return mapped

        return of(self)

    def flat_map(self, map_func: Callable[..., Dataset]) -> Dataset:
        """The elements of the data sets that ``map_func`` makes of each element, one after the other."""
        return self._made_by(map_func, itertools.chain.from_iterable)

    def interleave(
        self,
        map_func: Callable[..., Dataset],
        cycle_length: int | None = None,
        block_length: int = 1,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
    ) -> Dataset:
        """As :meth:`flat_map`, with ``cycle_length`` data sets open, ``block_length`` elements of each in turn."""
        width = os.cpu_count() or 1 if cycle_length is None else g.static_int(cycle_length, "cycle_length")
        block = g.static_int(block_length, "block_length")
        return self._made_by(map_func, lambda opened: taking_turns(opened, width, block))

    def _made_by(
        self, map_func: Callable[..., Dataset], order: Callable[[Iterating[Any]], Iterable[list[Any]]]
    ) -> Dataset:
        """The elements, in an order, of the data sets that a piece of graph makes of each element."""
        from thalweg.compat.tf1.session import Session

        graph = _inner_graph()
        with graph.as_default():
            holders = [_holder(d, s) for d, s in zip(self._dtypes, self._shapes, strict=True)]
            inner = map_func(*_arguments(_packed(self._like, iter(holders))))
            session = Session(graph=graph)

        def opened(run: Any) -> Iterating[Any]:
            for element in self._make(run):
                given = dict(zip(holders, element, strict=True))
                yield iter(inner._make(lambda leaves, given=given: _run_leaves(session, leaves, given)))

        return Dataset(lambda run: order(opened(run)), inner._like, inner._dtypes, inner._shapes)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which a piece of graph gives true."""
        joined = self.map(lambda *e: (*_flat(_packed(self._like, iter(_flat(tuple(e))))), predicate(*e)))
        wanted, without = operator.itemgetter(-1), operator.itemgetter(slice(-1))
        return self._like_this(lambda run: map(without, filter(wanted, joined._make(run))))

    def batch(self, batch_size: Any, drop_remainder: bool = False) -> Dataset:
        """Groups of elements, stacked."""

        def make(run: Any) -> Iterable[list[Any]]:
            groups = _groups(iter(self._make(run)), _whole(run, batch_size), drop_remainder)
            return ([stacked(column) for column in zip(*rows, strict=True)] for rows in groups)

        first = g.static_value(batch_size) if drop_remainder else None
        return self._like_this(make, [None if s is None else [first, *s] for s in self._shapes])

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any, padding_values: Any = None, drop_remainder: bool = False
    ) -> Dataset:
        """Groups of elements, filled up to ``padded_shapes``; None (or -1) is the longest of the group.

        ``padding_values``: what fills up, else 0 or the empty text.
        """
        shapes = [_open_shape(s) for s in _shape_leaves(padded_shapes, self._like)]
        given: list[Any] = [None] * len(shapes)
        if padding_values is not None:
            given = _shape_leaves(padding_values, self._like)

        def make(run: Any) -> Iterable[list[Any]]:
            fillers = run(given)
            for rows in _groups(iter(self._make(run)), _whole(run, batch_size), drop_remainder):
                columns = zip(zip(*rows, strict=True), shapes, fillers, strict=True)
                yield [_padded(*column) for column in columns]

        first = g.static_value(batch_size) if drop_remainder else None
        return self._like_this(make, [[first, *s] for s in shapes])

    def shuffle(self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: Any = None) -> Dataset:
        """A random order, drawn from a window of ``buffer_size`` elements; another one in each pass.

        ``seed``, or that of the graph: the orders of TensorFlow, the same ones each time an iterator is started.
        Elements that :meth:`map` makes are made when they come out of the window.
        """
        if self._mapped is not None:
            source, mapped = self._mapped
            return mapped(source.shuffle(buffer_size, seed, reshuffle_each_iteration))
        default_graph().add_nodes(1)  # the size of the buffer
        anew, known = reshuffle_each_iteration is not False, seed is None or g.static_value(seed) is not None
        seeds = None
        if known and (seed is not None or default_graph().seed is not None):
            seeds = pair_of_seeds(default_graph().seed, int(g.static_value(op_seed(seed))))
        default_graph().add_nodes(10)
        own = None if anew else int(np.random.default_rng().integers(2**63))
        made = self._in_order(buffer_size, lambda: SeededOrder(*seeds, anew) if seeds else None, own)
        if seeds and anew:  # which TensorFlow fuses with a repetition that follows
            made._repeated = self._in_order(buffer_size, lambda: SeededOrder(*seeds, False, goes_on=True))
        return made

    def _in_order(
        self, buffer_size: Any, order: Callable[[], SeededOrder | None], own: int | None = None
    ) -> Dataset:
        """The elements in the order that each iterator begins with; without one in any, with a seed in the same."""
        begun: weakref.WeakKeyDictionary[Any, SeededOrder | None] = weakref.WeakKeyDictionary()

        def make(run: Any) -> Iterable[list[Any]]:
            size = max(_whole(run, buffer_size), 1)
            found = begun[run] if run in begun else begun.setdefault(run, order())
            if found is None:
                return _shuffled(self._make(run), size, np.random.default_rng(own))
            return found.through(iter(self._make(run)), size)

        return self._like_this(make)

    def repeat(self, count: Any = None) -> Dataset:
        """The elements again and again, ``count`` times or for ever."""

        def make(run: Any) -> Iterable[list[Any]]:
            times = -1 if count is None else _whole(run, count)
            return _repeated(lambda: self._repeated._make(run), times)

        return self._like_this(make)

    def take(self, count: Any) -> Dataset:
        """The first elements."""

        def make(run: Any) -> Iterable[list[Any]]:
            wanted = _whole(run, count)
            return itertools.islice(self._make(run), None if wanted < 0 else wanted)

        return self._like_this(make)

    def skip(self, count: Any) -> Dataset:
        """All but the first elements."""

        def make(run: Any) -> Iterable[list[Any]]:
            dropped = _whole(run, count)
            return itertools.islice(self._make(run), dropped, None) if dropped >= 0 else ()

        return self._like_this(make)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of this one, then those of the other."""
        return self._like_this(lambda run: itertools.chain(self._make(run), dataset._make(run)))

    def shard(self, num_shards: Any, index: Any) -> Dataset:
        """Every ``num_shards``-th element."""
        return self._like_this(
            lambda run: itertools.islice(self._make(run), _whole(run, index), None, _whole(run, num_shards))
        )

    def enumerate(self, start: Any = 0) -> Dataset:
        """Each element after its number."""
        return Dataset.zip((Dataset.range(start, np.iinfo(np.int64).max), self))

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """The same elements."""
        return self

    def with_options(self, options: Any) -> Dataset:
        """The same elements: the settings of ``tf.data.Options`` are about speed."""
        return self

    def cache(self, filename: str = "") -> Dataset:
        """The same elements, made once: the first pass that comes to its end is kept in memory."""
        kept: weakref.WeakKeyDictionary[Any, list[list[Any]]] = weakref.WeakKeyDictionary()

        def first(run: Any) -> Iterable[list[Any]]:
            found: list[list[Any]] = []
            for element in self._make(run):
                found.append(element)
                yield element
            kept[run] = found

        return self._like_this(lambda run: kept[run] if run in kept else first(run))

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of it."""
        return transformation_func(self)

    # --- iterators --------------------------------------------------------------------------------------------------

    def make_one_shot_iterator(self) -> Iterator:
        """An iterator over one pass."""
        return Iterator(self, ready=True)

    def make_initializable_iterator(self, shared_name: Any = None) -> Iterator:
        """An iterator that each run of its initializer starts anew."""
        return Iterator(self)


def _generated(x: Any, dtype: Any) -> Any:
    """What a Python generator gives, in the dtype it said."""
    return encoded(x) if np.dtype(dtype).kind == "O" else np.asarray(x, dtype)


def _whole(run: Any, x: Any) -> int:
    """A whole number, which may be a node."""
    return int(np.asarray(run([x])[0]))


def _groups(elements: Iterating[list[Any]], size: int, whole_only: bool) -> Iterating[list[list[Any]]]:
    while rows := list(itertools.islice(elements, size)):
        if len(rows) == size or not whole_only:
            yield rows


def _shuffled(
    elements: Iterable[list[Any]], size: int, generator: np.random.Generator
) -> Iterable[list[Any]]:
    window: list[list[Any]] = []
    for element in elements:
        window.append(element)
        if len(window) >= size:
            k = int(generator.integers(len(window)))
            window[k], window[-1] = window[-1], window[k]
            yield window.pop()
    order = generator.permutation(len(window))
    yield from (window[k] for k in order)


def _repeated(start: Callable[[], Iterable[list[Any]]], times: int) -> Iterable[list[Any]]:
    """Pass after pass, for ever where ``times`` is below 0 (unless there is nothing to pass over)."""
    for _ in itertools.count() if times < 0 else range(times):
        empty = True
        for element in start():
            empty = False
            yield element
        if empty:
            return


def _inner_graph() -> g.Graph:
    """A graph for the pieces that are run for each element; nodes of the one that is open may be used in it."""
    made, outer = g.Graph(), default_graph()
    made.origins, made.seed = {outer, *outer.origins}, outer.seed
    return made


def _open_shape(shape: Any) -> list[int | None]:
    """The lengths, None where any will do."""
    if isinstance(shape, Node):
        found = g.static_value(shape)
    else:
        found = shape.as_list() if isinstance(shape, TensorShape) else shape
    lengths = [getattr(d, "value", d) for d in found]
    return [None if d is None or int(d) < 0 else int(d) for d in lengths]


def _padded(column: Sequence[np.ndarray], shape: Sequence[int | None], filler: Any) -> np.ndarray:
    """The arrays as one, each filled up at its ends."""
    arrays = [as_array(a) for a in column]
    longest = np.max([a.shape for a in arrays], axis=0) if arrays[0].ndim else ()
    lengths = [int(n) if wanted is None else wanted for wanted, n in zip(shape, longest, strict=True)]
    if any(n > wanted for n, wanted in zip(longest, lengths, strict=True)):
        raise DataLossError(
            f"Attempted to pad to a smaller size than the input element: {list(longest)} to {lengths}"
        )
    texts = arrays[0].dtype == object
    if filler is None:
        filler = b"" if texts else 0
    elif texts and not isinstance(np.asarray(filler).item(), bytes):
        filler = str(filler).encode()
    room = np.full((len(arrays), *lengths), filler, arrays[0].dtype)
    for k, array in enumerate(arrays):
        places: tuple[Any, ...] = (k, *(slice(0, n) for n in array.shape))
        room[places] = array[()]
    return room


def _shape_leaves(shapes: Any, like: Any) -> list[Any]:
    if isinstance(like, Mapping):
        return [leaf for key in sorted(like) for leaf in _shape_leaves(shapes[key], like[key])]
    if isinstance(like, tuple):
        return [leaf for s, t in zip(shapes, like, strict=True) for leaf in _shape_leaves(s, t)]
    return [shapes]


def _sources(tensors: Any) -> tuple[list[Any], list[Any], list[Any]]:
    leaves = [x if isinstance(x, Node) else _array(x) for x in _flat(tensors)]
    dtypes = [x.dtype.dtype if isinstance(x, Node) else x.dtype for x in leaves]
    shapes = [_known(x) if isinstance(x, Node) else list(x.shape) for x in leaves]
    return leaves, dtypes, shapes


def _array(x: Any) -> np.ndarray:
    array = g.as_array(x)
    if array.dtype.kind not in "SUO":
        return array
    texts = np.array(x, dtype=object)
    made = np.empty(texts.size, object)
    made[:] = [t.encode() if isinstance(t, str) else t for t in texts.ravel()]
    return made.reshape(texts.shape)


def _known(x: Node) -> Any:
    shape = x.get_shape()
    return None if shape.dims is None else shape.as_list()


def _holder(dtype: Any, shape: Any) -> Tensor:
    from thalweg.compat.tf1.math import placeholder

    return placeholder(as_dtype(dtype), shape)


def _arguments(element: Any) -> tuple[Any, ...]:
    return element if isinstance(element, tuple) else (element,)


class Iterator:
    """A place in a data set, one for each session; nodes of ``get_next()`` take the next element at each run."""

    def __init__(self, dataset: Dataset | None, ready: bool = False, like: Dataset | None = None) -> None:
        self._dataset, self._ready = dataset, ready
        self._shape_of: Any = like or dataset
        self._places: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._graph = default_graph()
        self._initializer: Operation | None = None
        self._handle: str | None = None

    @staticmethod
    def from_structure(
        output_types: Any, output_shapes: Any = None, shared_name: Any = None, output_classes: Any = None
    ) -> Iterator:
        """An iterator that any data set with such elements can start."""
        dtypes = [as_dtype(t).dtype for t in _flat(output_types)]
        shapes = (
            [None] * len(dtypes)
            if output_shapes is None
            else [
                None if s.dims is None else s.as_list()
                for s in map(TensorShape, _shape_leaves(output_shapes, output_types))
            ]
        )
        return Iterator(None, like=Dataset(lambda run: [], output_types, dtypes, shapes))

    @staticmethod
    def from_string_handle(
        string_handle: Any, output_types: Any, output_shapes: Any = None, output_classes: Any = None
    ) -> Iterator:
        """An iterator that stands for the one whose :meth:`string_handle` a run is fed with."""
        shape_of = Iterator.from_structure(output_types, output_shapes)._shape_of
        return _Named(g.convert_to_tensor(string_handle), shape_of)

    def string_handle(self, name: str | None = None) -> Any:
        """A text by which :meth:`from_string_handle` knows the iterator."""
        if self._handle is None:
            known = _handles.setdefault(self._graph, [])
            known.append(self)
            self._handle = f"iterator {len(known) - 1}"
        return g.constant(self._handle, name=name or "IteratorToStringHandle")

    @property
    def output_types(self) -> Any:
        return self._shape_of.output_types

    @property
    def output_shapes(self) -> Any:
        return self._shape_of.output_shapes

    @property
    def initializer(self) -> Operation:
        """An operation that starts a new pass."""
        if self._initializer is None:
            assert self._dataset is not None
            with self._graph.as_default():  # the program may ask outside the block of the graph
                self._initializer = self.make_initializer(self._dataset)
        return self._initializer

    def make_initializer(self, dataset: Dataset, name: str | None = None) -> Operation:
        """An operation that starts a pass over a data set."""
        return _Start(self, dataset, name)

    def start(self, session: Any, dataset: Dataset, fed: Any) -> None:
        """Start a pass in a session."""

        self._places[session] = iter(dataset._make(lambda leaves: _run_leaves(session, leaves, fed)))

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The next element in a session."""
        if session not in self._places:
            if not self._ready:
                from thalweg.compat.tf1.errors import FailedPreconditionError

                raise FailedPreconditionError(
                    "GetNext() failed because the iterator has not been initialized"
                )
            self.start(session, self._dataset, None)  # type: ignore[arg-type]
        element = next(self._places[session], None)
        if element is None:
            raise OutOfRangeError("End of sequence")
        return element

    def get_next(self, name: str | None = None) -> Any:
        """Nodes for the parts of the next element; all nodes of an iterator read in one run show the same one."""
        specs = list(zip(self._shape_of._dtypes, self._shape_of._shapes, strict=True))
        nodes = g.source_nodes(self, specs, Operation(name, "IteratorGetNext"))
        return _packed(self._shape_of._like, iter(nodes))


# The iterators of a graph that were asked for their handles.
_handles: weakref.WeakKeyDictionary[Any, list[Iterator]] = weakref.WeakKeyDictionary()


class _Named(Iterator):
    """The iterator that a text names at each run."""

    def __init__(self, handle: Any, like: Dataset) -> None:
        super().__init__(None, like=like)
        self._named = handle

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The next element of the iterator that is named now."""
        (given,) = _run_leaves(session, [self._named], fed)
        given = np.asarray(given, object).item()
        text = given.decode() if isinstance(given, bytes) else str(given)
        known = _handles.get(self._graph, [])
        number = text.removeprefix("iterator ")
        if not number.isdigit() or int(number) >= len(known):
            raise InvalidArgumentError(
                f"tf.data.Iterator.from_string_handle: expected what an iterator's string_handle() gives in a run, "
                f"received {text!r}"
            )
        return known[int(number)].pull(session, fed)


class _Start(Operation):
    """The operation that starts an iterator; a session calls it with what it was fed."""

    def __init__(self, iterator: Iterator, dataset: Dataset, name: str | None) -> None:
        super().__init__(name, "MakeIterator", Effect())
        self.iterator, self.dataset = iterator, dataset

    def act(self, session: Any, fed: Any) -> None:
        """Start the pass."""
        self.iterator.start(session, self.dataset, fed)


def _run_leaves(session: Any, leaves: Sequence[Any], fed: Any) -> list[Any]:
    """Arrays as they are, nodes by a run."""
    tensors = [x for x in leaves if isinstance(x, Node)]
    found = dict(zip(tensors, session.run(tensors, fed), strict=True)) if tensors else {}
    return [found[x] if isinstance(x, Node) else x for x in leaves]
