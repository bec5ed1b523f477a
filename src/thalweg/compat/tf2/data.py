"""``tf.data``: the main library's pipelines, whose elements programs see as tensors."""

from __future__ import annotations

import builtins
import glob
import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.records import TFRecordWriter, tf_record_iterator
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.io import path_of
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.ragged import stack as stack_rows
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.specs import RaggedTensorSpec, SparseTensorSpec, TensorSpec
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.data import dataset as core
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Spec, Tensor, freeze
from thalweg.graph.updates import current_recorder

AUTOTUNE = core.AUTOTUNE
INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


# --- elements -------------------------------------------------------------------------------------------------------


def _mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure of tuples and dicts with a function applied to its leaves; lists are leaves."""
    if isinstance(structure, tuple):
        made = [_mapped(function, part) for part in structure]
        return type(structure)(*made) if hasattr(structure, "_fields") else tuple(made)
    if isinstance(structure, dict):
        return {key: _mapped(function, part) for key, part in structure.items()}
    return function(structure)


def _leaves(structure: Any) -> list[Any]:
    found: list[Any] = []
    _mapped(found.append, structure)
    return found


def _placed(structure: Any, leaves: Iterable[Any]) -> Any:
    """The structure with other leaves."""
    rest = iter(leaves)
    return _mapped(lambda _: next(rest), structure)


def _held(thing: Any) -> np.ndarray:
    """One object as an array without axes, as pipelines pass texts and data sets."""
    made = np.empty((), dtype=object)
    made[()] = thing
    return made


def _as_array(leaf: Any) -> Any:
    if isinstance(leaf, (bytes, *_WHOLE)):
        return _held(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "SU":
        return leaf
    return np.asarray(texts(leaf) if is_text(leaf) else tensor(leaf))


def _as_tensor(leaf: Any) -> Any:
    array = leaf if isinstance(leaf, np.ndarray) else _as_array(leaf)
    if array.dtype == object:
        inside = array.item() if array.ndim == 0 else None
        return inside if isinstance(inside, _WHOLE) else TextTensor(array)
    if array.dtype.kind in "SU":
        return texts(array)
    if array.dtype.kind == "c":
        return tensor(array)
    return Tensor(None, (), {}, (Spec(array.shape, array.dtype),), freeze(array))


def _arrays(structure: Any) -> Any:
    return _mapped(_as_array, structure)


def _tensors(structure: Any) -> Any:
    return _mapped(_as_tensor, structure)


def _with_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """A program's function as a function of arrays; pipelines call it with the parts of a tuple."""
    return lambda *parts: function(*map(_tensors, parts))


def _called(function: Callable[..., Any], element: Any) -> Any:
    return function(*_tensors(element)) if isinstance(element, tuple) else function(_tensors(element))


# --- data sets ------------------------------------------------------------------------------------------------------


class Dataset:
    """A pipeline of the main library; its elements are tensors, texts, and tuples and dicts of them."""

    def __init__(self, pipeline: core.Dataset, batched: bool = False, spec: Any = None) -> None:
        self._core = pipeline
        self._batched = batched  # whether the first axis may have any length
        self._spec = spec  # what was said of the elements, where anything was

    def _same(self, pipeline: core.Dataset, spec: Any = None) -> Dataset:
        return Dataset(pipeline, self._batched, spec)

    def _made_by(self, change: Callable[[Iterator[Any]], Iterable[Any]]) -> Dataset:
        """What a function makes of all elements; how many there are is not known."""
        return Dataset(core.Dataset.from_generator(lambda: (_arrays(e) for e in change(iter(self._core)))))

    # --- sources ----------------------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """One element for each row."""
        if any(isinstance(leaf, RaggedTensor) for leaf in _leaves(tensors)):
            parts = [
                list(leaf) if isinstance(leaf, RaggedTensor) else tensor(leaf) for leaf in _leaves(tensors)
            ]
            return Dataset(
                core.Dataset.from_generator([_arrays(_placed(tensors, row)) for row in builtins.zip(*parts)])
            )
        rows = _arrays(tensors)
        if not any(leaf.dtype == object for leaf in _leaves(rows)):
            return Dataset(core.Dataset.from_tensor_slices(rows))
        count = len(_leaves(rows)[0])
        elements = [_arrays(_mapped(itemgetter(k), rows)) for k in builtins.range(count)]
        return Dataset(core.Dataset.from_generator(elements))

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """One element."""
        return Dataset(core.Dataset.from_tensors(_arrays(tensors)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Any], output_types: Any = None, output_shapes: Any = None, args: Any = None,
        output_signature: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """The elements of a generator, which is started at each pass."""
        if output_signature is None and output_types is not None and output_shapes is not None:
            output_signature = _announced(output_types, output_shapes)
        kinds = output_types if output_signature is None else _mapped(lambda s: s.dtype, output_signature)
        given = [] if args is None else [np.asarray(a) for a in args]
        elements = core.Dataset.from_generator(lambda: (_typed(e, kinds) for e in generator(*given)))
        return Dataset(elements, spec=output_signature)

    @staticmethod
    def range(*limits: Any, output_type: Any = "int64", name: Any = None) -> Dataset:
        """Whole numbers."""
        numbers = np.arange(*map(number, limits)).astype(numpy_dtype(output_type))
        return Dataset(core.Dataset.from_tensor_slices(numbers))

    @staticmethod
    def zip(*datasets: Any, name: Any = None) -> Dataset:
        """Elements of several data sets side by side: a tuple of them, or in the structure of those given."""
        parts = datasets[0] if len(datasets) == 1 and not isinstance(datasets[0], Dataset) else datasets
        parts = tuple(parts) if isinstance(parts, list) else parts
        beside = core.Dataset.zip([p._core for p in _leaves(parts)])

        return Dataset(beside.map(lambda *elements: _placed(parts, elements)))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: Any = None, name: Any = None
    ) -> Dataset:
        """The names of files that patterns fit, in random order unless ``shuffle=False``."""
        patterns = (
            [file_pattern] if is_text(file_pattern) and np.ndim(file_pattern) == 0 else list(file_pattern)
        )
        names = sorted(n for p in patterns for n in glob.glob(path_of(p)))
        if not names:
            raise ValueError(f"list_files: no file fits {patterns}")
        made = Dataset.from_tensor_slices(names)
        return made if shuffle is False else made.shuffle(len(names), seed)

    # --- each element -----------------------------------------------------------------------------------------------

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """A function of each element, in order; a list that it gives is a tuple."""
        change = _with_tensors(map_func)

        def changed(*parts: Any) -> Any:
            made = change(*parts)
            return _arrays(tuple(made) if isinstance(made, list) else made)

        return self._same(self._core.map(changed))

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements for which a function is true."""
        return self._same(self._core.filter(_with_tensors(predicate)))

    def enumerate(self, start: int = 0, name: Any = None) -> Dataset:
        """Each element with its number."""
        return self._same(self._core.enumerate(int(number(start))))

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements before the first one for which a function is false."""
        return self._made_by(lambda es: itertools.takewhile(lambda e: bool(_called(predicate, e)), es))

    def flat_map(self, map_func: Callable[..., Dataset], name: Any = None) -> Dataset:
        """The elements of the data sets that a function makes of elements."""
        return self._made_by(lambda es: (inner for e in es for inner in _called(map_func, e)._core))

    def interleave(
        self, map_func: Callable[..., Dataset], cycle_length: int | None = None, block_length: int = 1,
        num_parallel_calls: Any = None, deterministic: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """The elements of several such data sets in turn: ``block_length`` of each of ``cycle_length``."""
        width = cycle_length if cycle_length and cycle_length > 0 else 4

        def turns(elements: Iterator[Any]) -> Iterator[Any]:
            running = [iter(_called(map_func, e)._core) for e in itertools.islice(elements, width)]
            while running:
                for inner in list(running):
                    block = list(itertools.islice(inner, block_length))
                    yield from block
                    if len(block) < block_length:  # at its end: the next one takes its place
                        after = [iter(_called(map_func, e)._core) for e in itertools.islice(elements, 1)]
                        place = next(k for k, other in enumerate(running) if other is inner)
                        running[place : place + 1] = after

        return self._made_by(turns)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: Any = None) -> Dataset:
        """What a function of a state and each element gives: (the new state, an element)."""

        def states(elements: Iterator[Any]) -> Iterator[Any]:
            state = _mapped(tensor, initial_state)
            for element in elements:
                state, made = scan_func(state, _tensors(element))
                yield made

        return self._made_by(states)

    def unique(self, name: Any = None) -> Dataset:
        """Each element once."""

        def different(elements: Iterator[Any]) -> Iterator[Any]:
            seen = set()
            for element in elements:
                mark = repr(np.asarray(element).tolist())
                if mark not in seen:
                    seen.add(mark)
                    yield element

        return self._made_by(different)

    # --- batches ----------------------------------------------------------------------------------------------------

    def batch(
        self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Several elements as one, along a new first axis."""
        return Dataset(self._core.batch(int(number(batch_size)), bool(drop_remainder)), not drop_remainder)

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Several elements as one, shorter ones filled up at the end: with 0, or texts with nothing, unless given."""
        size = int(number(batch_size))

        def joined(elements: Iterator[Any]) -> Iterator[Any]:
            while chunk := list(itertools.islice(elements, size)):
                if len(chunk) == size or not drop_remainder:
                    yield _padded_chunk(chunk, padded_shapes, padding_values)

        made = self._made_by(joined)
        made._batched = True
        return made

    def bucket_by_sequence_length(
        self, element_length_func: Callable[..., Any], bucket_boundaries: Any, bucket_batch_sizes: Any,
        padded_shapes: Any = None, padding_values: Any = None, pad_to_bucket_boundary: bool = False,
        no_padding: bool = False, drop_remainder: bool = False, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Batches of elements of similar length, filled up."""

        def joined(elements: Iterator[Any]) -> Iterator[Any]:
            held: list[list[Any]] = [[] for _ in bucket_batch_sizes]
            for element in elements:
                place = int(
                    np.searchsorted(bucket_boundaries, int(_called(element_length_func, element)), "right")
                )
                held[place].append(element)
                if len(held[place]) == bucket_batch_sizes[place]:
                    yield _padded_chunk(held[place], padded_shapes, padding_values)
                    held[place] = []
            for chunk in held if not drop_remainder else ():
                if chunk:
                    yield _padded_chunk(chunk, padded_shapes, padding_values)

        return self._made_by(joined)

    def unbatch(self, name: Any = None) -> Dataset:
        """The rows of each element."""
        return Dataset(
            self._core.unbatch().map(lambda *parts: _arrays(parts if len(parts) > 1 else parts[0]))
        )

    def rebatch(self, batch_size: Any, drop_remainder: bool = False) -> Dataset:
        """The same rows in other batches."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """Data sets of neighbouring elements, each beginning ``shift`` (``size`` unless given) after the last."""
        step, reach = shift or size, (size - 1) * stride + 1

        def windows(elements: Iterator[Any]) -> Iterator[Any]:
            held: list[Any] = []
            while True:
                held += itertools.islice(elements, max(reach - len(held), 0))
                inside = held[:reach:stride]
                if not inside or (drop_remainder and len(inside) < size):
                    return
                if isinstance(inside[0], tuple):
                    yield tuple(_listed([e[k] for e in inside]) for k in builtins.range(len(inside[0])))
                else:
                    yield _listed(inside)
                for _ in itertools.islice(elements, max(step - len(held), 0)):
                    pass  # elements between two windows
                held = held[step:]

        return self._made_by(windows)

    def group_by_window(
        self, key_func: Callable[..., Any], reduce_func: Callable[..., Dataset], window_size: Any = None,
        window_size_func: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """What a function makes of the elements of one key, so many at a time."""

        def groups(elements: Iterator[Any]) -> Iterator[Any]:
            held: dict[int, list[Any]] = {}

            def reduced(key: int) -> Any:
                return reduce_func(tensor(np.int64(key)), _listed(held.pop(key)))._core

            for element in elements:
                key = int(_called(key_func, element))
                held.setdefault(key, []).append(element)
                size = window_size if window_size is not None else window_size_func(tensor(np.int64(key)))
                if len(held[key]) == int(number(size)):
                    yield from reduced(key)
            for key in sorted(held):
                yield from reduced(key)

        return self._made_by(groups)

    @staticmethod
    def random(seed: Any = None, *more: Any, **ignored: Any) -> Dataset:
        """Whole numbers without end."""
        start = None if seed is None else int(number(seed))

        def numbers() -> Iterator[Any]:
            source = np.random.default_rng(start)
            while True:
                yield source.integers(2**32)

        return Dataset(core.Dataset.from_generator(numbers))

    @staticmethod
    def sample_from_datasets(
        datasets: Any, weights: Any = None, seed: Any = None, stop_on_empty_dataset: bool = False, *more: Any,
        **ignored: Any,
    ) -> Dataset:  # fmt: skip
        """The elements of several data sets, each drawn at random from one of them."""

        def drawn() -> Iterator[Any]:
            source = np.random.default_rng(None if seed is None else int(number(seed)))
            left = [iter(d._core) for d in datasets]
            share = np.ones(len(left)) if weights is None else np.array(weights, float)
            while share.sum():
                place = source.choice(len(left), p=share / share.sum())
                element = next(left[place], left)
                if element is not left:
                    yield element
                elif stop_on_empty_dataset:
                    return
                else:
                    share[place] = 0

        return Dataset(core.Dataset.from_generator(drawn))

    @staticmethod
    def choose_from_datasets(
        datasets: Any, choice_dataset: Dataset, stop_on_empty_dataset: bool = True
    ) -> Dataset:
        """The elements of several data sets, taken from the one whose number a data set of numbers says."""

        def chosen() -> Iterator[Any]:
            left = [iter(d._core) for d in datasets]
            for place in choice_dataset._core:
                element = next(left[int(place)], left)
                if element is not left:
                    yield element
                elif stop_on_empty_dataset:
                    return

        return Dataset(core.Dataset.from_generator(chosen))

    # --- which elements, in which order -----------------------------------------------------------------------------

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = None,
        name: Any = None,
    ) -> Dataset:
        """Elements drawn at random from a buffer that is filled in order."""
        own = None if seed is None else int(number(seed))
        shuffled = self._core.shuffle(int(number(buffer_size)), own, reshuffle_each_iteration is not False)
        return self._same(shuffled, self._spec)

    def repeat(self, count: Any = None, name: Any = None) -> Dataset:
        """Several passes, or passes without end."""
        return self._same(self._core.repeat(None if count is None else int(number(count))), self._spec)

    def take(self, count: Any, name: Any = None) -> Dataset:
        """The first elements; all for -1."""
        return self._same(self._core.take(int(number(count))), self._spec)

    def skip(self, count: Any, name: Any = None) -> Dataset:
        """All but the first elements."""
        return self._same(self._core.skip(int(number(count))), self._spec)

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Dataset:
        """Every ``num_shards``-th element."""
        return self._same(self._core.shard(int(number(num_shards)), int(number(index))))

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """The elements of another data set after these."""
        return self._same(self._core.concatenate(dataset._core))

    def cache(self, filename: Any = "", name: Any = None) -> Dataset:
        """Elements kept in memory after the first whole pass."""
        return self._same(self._core.cache(), self._spec)

    def snapshot(self, path: Any, *more: Any, **ignored: Any) -> Dataset:
        """Elements kept in memory after the first whole pass: nothing is written."""
        return self.cache()

    def ragged_batch(
        self, batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = "int64", name: Any = None
    ) -> Dataset:
        """Several elements as one, along a new first axis; those of different lengths as ragged tensors."""
        return ragged_batch(batch_size, drop_remainder)(self)

    def rejection_resample(
        self, class_func: Callable[..., Any], target_dist: Any, initial_dist: Any = None, seed: Any = None,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Pairs (class, element), of which so many are left out that classes come in the target's shares.

        The shares in which they come here are given, or counted on the way.
        """
        target = np.asarray(target_dist, float)

        def kept(elements: Iterator[Any]) -> Iterator[Any]:
            source = np.random.default_rng(None if seed is None else int(number(seed)))
            seen = np.ones(len(target)) if initial_dist is None else np.asarray(initial_dist, float)
            for element in elements:
                kind = int(_called(class_func, element))
                seen[kind] += initial_dist is None
                ratios = target / np.maximum(seen / seen.sum(), np.finfo(float).tiny)
                if source.random() < ratios[kind] / ratios.max():
                    yield np.int32(kind), element

        return self._made_by(kept)

    def prefetch(self, buffer_size: Any = None, name: Any = None) -> Dataset:
        """Elements made ahead by a thread."""
        ahead = self._core.prefetch(AUTOTUNE if buffer_size is None else int(number(buffer_size)))
        return self._same(ahead, self._spec)

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of it."""
        return transformation_func(self)

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """The same elements."""
        return self

    def options(self) -> Options:
        """Settings without effect."""
        return Options()

    # --- read -------------------------------------------------------------------------------------------------------

    def __iter__(self) -> DatasetIterator:
        _outside_functions()
        return DatasetIterator(self)

    def __len__(self) -> int:
        return len(self._core)

    def __bool__(self) -> bool:
        return True

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None) -> Any:
        """What a function of a state and each element gives in the end."""
        state = _mapped(tensor, initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays, numbers and bytes."""
        return (_mapped(lambda a: a.numpy()[()] if isinstance(a, Tensor) else a.numpy(), e) for e in self)

    def get_single_element(self, name: Any = None) -> Any:
        """The one element."""
        return next(iter(self))

    def cardinality(self, name: Any = None) -> Any:
        """The number of elements; -1 for passes without end, -2 where unknown."""
        return tensor(np.int64(self._core.cardinality()))

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of elements: those announced, or else read from the first one."""

        def spec(leaf: Any) -> Any:
            if isinstance(leaf, Dataset):
                return leaf.element_spec
            if isinstance(leaf, RaggedTensor):
                return RaggedTensorSpec.from_tensor(leaf)
            shape = list(leaf.shape)
            kind = SparseTensorSpec if isinstance(leaf, SparseTensor) else TensorSpec
            return kind([None, *shape[1:]] if self._batched else shape, leaf.dtype)

        return _mapped(spec, next(iter(self))) if self._spec is None else self._spec

    def __repr__(self) -> str:
        return f"<Dataset element_spec={self.element_spec}>"


def of_folder(found: core.Dataset) -> Dataset:
    """A data set of the main library's, made from a folder: the names of its classes and files are kept."""
    made = Dataset(found, batched=True)
    vars(made).update({n: v for n, v in vars(found).items() if n in ("class_names", "file_paths")})
    return made


def _outside_functions() -> None:
    if current_recorder() is not None:
        raise fail(
            SymbolicError, "a data set cannot be iterated over in a compiled function",
            hint="iterate outside, and call the function with each element",
        )  # fmt: skip


_WHOLE = (Dataset, RaggedTensor, SparseTensor)  # parts of elements that are no arrays


def ragged_batch(
    batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = None
) -> Callable[[Dataset], Dataset]:
    """What makes batches of elements of different lengths: ragged tensors."""
    size = int(number(batch_size))

    def joined(elements: Iterator[Any]) -> Iterator[Any]:
        while chunk := list(itertools.islice(elements, size)):
            if len(chunk) == size or not drop_remainder:
                columns = zip(*[_leaves(_tensors(e)) for e in chunk], strict=True)
                yield _placed(chunk[0], [_rows_of(column) for column in columns])

    return lambda dataset: dataset._made_by(joined)


def _rows_of(column: Any) -> Any:
    return stack_rows(column) if column[0].shape else tensor(list(column))


def _typed(element: Any, kind: Any) -> Any:
    """An element of a generator in the dtypes that were announced."""
    if isinstance(kind, tuple):
        return tuple(_typed(e, k) for e, k in zip(element, kind, strict=True))
    if isinstance(kind, dict):
        return {key: _typed(element[key], k) for key, k in kind.items()}
    if kind is None:
        return _arrays(element)
    return _as_array(element if is_text(element) else np.asarray(element, numpy_dtype(kind)))


def _announced(kinds: Any, shapes: Any) -> Any:
    """Specs of a structure of dtypes and one of shapes, whose tuples may be shapes themselves."""
    if isinstance(kinds, tuple):
        return tuple(_announced(k, s) for k, s in zip(kinds, shapes, strict=True))
    if isinstance(kinds, dict):
        return {key: _announced(k, shapes[key]) for key, k in kinds.items()}
    return TensorSpec(shapes, kinds)


def _for_each(given: Any, element: Any) -> list[Any]:
    """One argument for each leaf of an element: from a structure of them, or one for all."""
    if isinstance(element, dict) and isinstance(given, dict):
        return [given[key] for key in element]
    if isinstance(element, tuple) and isinstance(given, tuple):
        return list(given)
    return [given] * len(_leaves(element))


def _padded_chunk(chunk: list[Any], padded_shapes: Any, padding_values: Any) -> Any:
    """Elements as one, each leaf filled up to the longest of it, or to the given shape."""
    shapes, values = _for_each(padded_shapes, chunk[0]), _for_each(padding_values, chunk[0])
    columns = zip(*map(_leaves, chunk), strict=True)
    return _placed(chunk[0], [_padded(c, s, v) for c, s, v in zip(columns, shapes, values, strict=True)])


def _padded(parts: Any, shape: Any, value: Any) -> np.ndarray:
    arrays = [np.asarray(p) for p in parts]
    longest = np.max([a.shape for a in arrays], axis=0)
    if shape is not None:
        longest = [m if n in (None, -1) else n for n, m in zip(shape, longest)]
    kind = arrays[0].dtype
    blank = (b"" if kind.kind == "O" else 0) if value is None else value
    room = np.full((len(arrays), *map(int, longest)), blank, kind)
    for row, array in zip(room, arrays) if room.ndim > 1 else ():
        row[tuple(slice(0, n) for n in array.shape)] = array
    return room if room.ndim > 1 else np.stack(arrays)


def _listed(elements: list[Any]) -> Dataset:
    return Dataset(core.Dataset.from_generator(elements))


class DatasetIterator(Iterator[Any]):
    """One pass over a data set."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset, self._left, self.place = dataset, iter(dataset._core), Place(self)
        self.taken = 0  # how many elements were read

    def __next__(self) -> Any:
        _outside_functions()
        element = next(self._left)
        self.taken += 1
        return _tensors(element)

    def restart(self, place: int) -> None:
        """Begin anew, after so many elements."""
        self._left, self.taken = iter(self._dataset._core), place
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


class Options:
    """Settings that are accepted, whatever their names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__.setdefault(name, Options())


def _named_files(filenames: Any) -> list[str]:
    if is_text(filenames) and np.ndim(np.asarray(filenames)) == 0:
        return [path_of(filenames)]
    return [path_of(n) for n in filenames]


def TextLineDataset(filenames: Any, *more: Any, **ignored: Any) -> Dataset:
    """The lines of text files."""
    names = _named_files(filenames)

    def lines() -> Iterator[Any]:
        for name in names:
            with open(name, "rb") as file:
                yield from (_held(line.rstrip(b"\r\n")) for line in file)

    return Dataset(core.Dataset.from_generator(lines))


def TFRecordDataset(filenames: Any, *more: Any, **ignored: Any) -> Dataset:
    """The records of files."""
    names = _named_files(filenames)
    return Dataset(
        core.Dataset.from_generator(lambda: (_held(r) for n in names for r in tf_record_iterator(n)))
    )


def _applied(method: Callable[..., Dataset]) -> Callable[..., Callable[[Dataset], Dataset]]:
    """A method of data sets as what ``dataset.apply`` takes."""
    return lambda *args, **options: lambda dataset: method(dataset, *args, **options)


def _shuffled_and_repeated(
    dataset: Dataset, buffer_size: Any, count: Any = None, seed: Any = None
) -> Dataset:
    return dataset.shuffle(buffer_size, seed).repeat(count)


def _mapped_and_batched(
    dataset: Dataset, map_func: Callable[..., Any], batch_size: Any, *more: Any, drop_remainder: bool = False,
    **ignored: Any,
) -> Dataset:  # fmt: skip
    return dataset.map(map_func).batch(batch_size, drop_remainder)


def _without_errors(dataset: Dataset, log_warning: bool = False) -> Dataset:
    def sound(elements: Iterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield next(elements)
            except StopIteration:
                return
            except Exception:
                continue

    return dataset._made_by(sound)


class _RecordWriter:
    """``tf.data.experimental.TFRecordWriter``: writes all elements of a data set of byte strings to a file."""

    def __init__(self, filename: Any, compression_type: Any = None) -> None:
        self._path = path_of(filename)

    def write(self, dataset: Dataset) -> None:
        """Write the elements."""
        with TFRecordWriter(self._path) as writer:
            for record in dataset:
                writer.write(record.numpy())


def _counter(start: int = 0, step: int = 1, dtype: Any = "int64") -> Dataset:
    kind = numpy_dtype(dtype)
    return Dataset(core.Dataset.from_generator(lambda: (kind.type(k) for k in itertools.count(start, step))))


def _same_dataset(dataset: Dataset, *args: Any, **ignored: Any) -> Dataset:
    return dataset


data = Namespace(
    "tf.data",
    Dataset=Dataset,
    Iterator=DatasetIterator,
    Options=Options,
    TextLineDataset=TextLineDataset,
    TFRecordDataset=TFRecordDataset,
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    experimental=Namespace(
        "tf.data.experimental",
        AUTOTUNE=AUTOTUNE,
        INFINITE_CARDINALITY=INFINITE_CARDINALITY,
        UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
        cardinality=Dataset.cardinality,
        dense_to_ragged_batch=ragged_batch,
        Counter=_counter,
        TFRecordWriter=_RecordWriter,
        assert_cardinality=_applied(_same_dataset),
        bucket_by_sequence_length=_applied(Dataset.bucket_by_sequence_length),
        choose_from_datasets=Dataset.choose_from_datasets,
        copy_to_device=_applied(_same_dataset),
        enumerate_dataset=_applied(Dataset.enumerate),
        group_by_window=_applied(Dataset.group_by_window),
        ignore_errors=_applied(_without_errors),
        map_and_batch=_applied(_mapped_and_batched),
        parallel_interleave=_applied(Dataset.interleave),
        prefetch_to_device=_applied(_same_dataset),
        sample_from_datasets=Dataset.sample_from_datasets,
        scan=_applied(Dataset.scan),
        rejection_resample=_applied(Dataset.rejection_resample),
        snapshot=_applied(Dataset.snapshot),
        shuffle_and_repeat=_applied(_shuffled_and_repeated),
        take_while=_applied(Dataset.take_while),
        unbatch=_applied(Dataset.unbatch),
        unique=_applied(Dataset.unique),
        get_single_element=Dataset.get_single_element,
    ),
)
