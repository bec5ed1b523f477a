"""``tf.data.Dataset``: a pipeline of the main library, whose elements programs see as tensors."""

from __future__ import annotations

import builtins
import glob
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.orders import SeededOrder
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.data import flows, kept
from thalweg.compat.tf2.data.elements import (
    Whole,
    announced,
    arrays,
    called,
    leaves,
    mapped,
    outside_functions,
    placed,
    tensors,
    typed,
)
from thalweg.compat.tf2.data.elements import rows as rows_of
from thalweg.compat.tf2.data.iterators import DatasetIterator
from thalweg.compat.tf2.function import Function
from thalweg.compat.tf2.io import path_of
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.random import seeds_of_operation
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.specs import RaggedTensorSpec, SparseTensorSpec, TensorSpec
from thalweg.compat.tf2.text import is_text
from thalweg.compat.tf2.values import number, tensor
from thalweg.data import dataset as core
from thalweg.errors import fail
from thalweg.graph.tensor import Tensor

AUTOTUNE = core.AUTOTUNE


class Options:
    """Settings that are accepted, whatever their names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__.setdefault(name, Options())


class Dataset(Whole):
    """A pipeline of the main library; its elements are tensors, texts, and tuples and dicts of them."""

    def __init__(self, pipeline: core.Dataset, batched: bool = False, spec: Any = None) -> None:
        self.pipeline = pipeline
        self._batched = batched  # whether the first axis may have any length
        self._spec = spec  # what was said of the elements, where anything was
        self._uneven = False  # whether elements are rows of ragged tensors, of any lengths

    def _same(self, pipeline: core.Dataset, spec: Any = None) -> Dataset:
        made = Dataset(pipeline, self._batched, spec)
        made._uneven = self._uneven
        return made

    def _made_by(self, change: Callable[[Iterator[Any]], Iterable[Any]]) -> Dataset:
        """What a function makes of all elements; how many there are is not known."""
        return Dataset(core.Dataset.from_generator(lambda: (arrays(e) for e in change(iter(self.pipeline)))))

    # --- sources ----------------------------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """One element for each row."""
        if any(isinstance(leaf, (RaggedTensor, SparseTensor)) for leaf in leaves(tensors)):
            parts = [rows_of(leaf) for leaf in leaves(tensors)]
            made = _listed([arrays(placed(tensors, row)) for row in builtins.zip(*parts)])
            made._uneven = any(isinstance(leaf, RaggedTensor) for leaf in leaves(tensors))
            return made
        rows = arrays(tensors)
        if all(leaf.dtype != object or all(type(x) is bytes for x in leaf.flat) for leaf in leaves(rows)):
            return Dataset(core.Dataset.from_tensor_slices(rows))
        count = len(leaves(rows)[0])
        elements = [arrays(mapped(itemgetter(k), rows)) for k in builtins.range(count)]
        return Dataset(core.Dataset.from_generator(elements))

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """One element."""
        return Dataset(core.Dataset.from_tensors(arrays(tensors)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Any], output_types: Any = None, output_shapes: Any = None, args: Any = None,
        output_signature: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """The elements of a generator, which is started at each pass."""
        if output_signature is None and output_types is not None and output_shapes is not None:
            output_signature = announced(output_types, output_shapes)
        kinds = output_types if output_signature is None else mapped(lambda s: s.dtype, output_signature)
        given = [] if args is None else [np.asarray(a) for a in args]
        elements = core.Dataset.from_generator(lambda: (typed(e, kinds) for e in generator(*given)))
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
        beside = core.Dataset.zip([p.pipeline for p in leaves(parts)])
        if type(parts) is tuple and all(isinstance(p, Dataset) for p in parts):
            return Dataset(beside)
        return Dataset(beside.map(lambda *elements: placed(parts, elements)))

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
        made = self._same(self.pipeline.map(_Change(map_func)))
        made._uneven = False
        return made

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements for which a function is true."""
        return self._same(self.pipeline.filter(_Change(predicate)))

    def enumerate(self, start: int = 0, name: Any = None) -> Dataset:
        """Each element with its number."""
        return self._same(self.pipeline.enumerate(int(number(start))))

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements before the first one for which a function is false."""
        return self._made_by(lambda es: itertools.takewhile(lambda e: bool(called(predicate, e)), es))

    def flat_map(self, map_func: Callable[..., Dataset], name: Any = None) -> Dataset:
        """The elements of the data sets that a function makes of elements."""
        return self._made_by(lambda es: (inner for e in es for inner in called(map_func, e).pipeline))

    def interleave(
        self, map_func: Callable[..., Dataset], cycle_length: int | None = None, block_length: int = 1,
        num_parallel_calls: Any = None, deterministic: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """The elements of several such data sets in turn: ``block_length`` of each of ``cycle_length``."""
        width = cycle_length if cycle_length and cycle_length > 0 else 4
        return self._made_by(lambda es: flows.interleaved(es, map_func, width, block_length))

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: Any = None) -> Dataset:
        """What a function of a state and each element gives: (the new state, an element)."""
        return self._made_by(lambda es: flows.scanned(es, initial_state, scan_func))

    def unique(self, name: Any = None) -> Dataset:
        """Each element once."""
        return self._made_by(flows.different)

    # --- batches ----------------------------------------------------------------------------------------------------

    def batch(
        self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: Any = None, deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Several elements as one, along a new first axis; rows of ragged tensors as a ragged tensor."""
        if self._uneven:
            return self.ragged_batch(batch_size, drop_remainder)
        return Dataset(self.pipeline.batch(int(number(batch_size)), bool(drop_remainder)), not drop_remainder)

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Several elements as one, shorter ones filled up at the end: with 0, or texts with nothing, unless given."""
        size = int(number(batch_size))
        made = self._made_by(
            lambda es: (
                flows.padded(chunk, padded_shapes, padding_values)
                for chunk in flows.chunks(es, size, drop_remainder)
            )
        )
        made._batched = True
        return made

    def bucket_by_sequence_length(
        self, element_length_func: Callable[..., Any], bucket_boundaries: Any, bucket_batch_sizes: Any,
        padded_shapes: Any = None, padding_values: Any = None, pad_to_bucket_boundary: bool = False,
        no_padding: bool = False, drop_remainder: bool = False, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Batches of elements of similar length, filled up to the longest of the batch, or (``pad_to_bucket_boundary``)
        to one less than the bucket's boundary, where there is one; ``no_padding``: lengths must be the same.
        """
        ends = [int(n) - 1 for n in bucket_boundaries] if pad_to_bucket_boundary else []

        def batches(elements: Any) -> Iterator[Any]:
            ranges = bucket_boundaries, bucket_batch_sizes
            for place, chunk in flows.buckets(elements, element_length_func, *ranges, drop_remainder):
                if no_padding and any(len({np.shape(leaf) for leaf in c}) > 1 for c in flows.columns(chunk)):
                    raise fail(
                        InvalidArgumentError, "bucket_by_sequence_length: lengths differ in a bucket",
                        hint="no_padding=False",
                    )  # fmt: skip
                length = ends[place] if place < len(ends) else None
                yield flows.padded(chunk, padded_shapes, padding_values, length)

        return self._made_by(batches)

    def unbatch(self, name: Any = None) -> Dataset:
        """The rows of each element."""
        return Dataset(
            self.pipeline.unbatch().map(lambda *parts: arrays(parts if len(parts) > 1 else parts[0]))
        )

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: Any = None) -> Dataset:
        """The same rows in other batches, of one size or of several sizes in turn."""
        if np.ndim(batch_size) == 0:
            return self.unbatch().batch(batch_size, drop_remainder)
        sizes = [int(n) for n in np.asarray(batch_size)]
        made = self.unbatch()._made_by(lambda es: flows.in_sizes(es, sizes, drop_remainder))
        made._batched = True
        return made

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """Data sets of neighbouring elements, each beginning ``shift`` (``size`` unless given) after the last.

        A window of tuples or dicts is a tuple or dict of data sets.
        """
        return self._made_by(
            lambda es: (
                placed(inside[0], [_listed(list(column)) for column in flows.columns(inside)])
                for inside in flows.windows(es, size, shift or size, stride, drop_remainder)
            )
        )

    def group_by_window(
        self, key_func: Callable[..., Any], reduce_func: Callable[..., Dataset], window_size: Any = None,
        window_size_func: Any = None, name: Any = None,
    ) -> Dataset:  # fmt: skip
        """What a function makes of the elements of one key, so many at a time."""
        size_of = window_size_func or (lambda key: window_size)
        return self._made_by(
            lambda es: (
                made
                for key, group in flows.groups(es, key_func, size_of)
                for made in reduce_func(key, _listed(group)).pipeline
            )
        )

    @staticmethod
    def random(seed: Any = None, rerandomize_each_iteration: Any = None, name: Any = None) -> Dataset:
        """Whole numbers without end: in each pass the same, unless ``rerandomize_each_iteration``."""
        start = int(np.random.default_rng().integers(2**32)) if seed is None else int(number(seed))
        passes = itertools.count()

        def numbers() -> Iterator[Any]:
            source = np.random.default_rng([start, next(passes)] if rerandomize_each_iteration else start)
            while True:
                yield source.integers(2**32)

        return Dataset(core.Dataset.from_generator(numbers))

    @staticmethod
    def sample_from_datasets(
        datasets: Any, weights: Any = None, seed: Any = None, stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: Any = None,
    ) -> Dataset:  # fmt: skip
        """The elements of several data sets, each drawn at random from one of them."""
        start = None if seed is None else int(number(seed))
        return Dataset(
            core.Dataset.from_generator(
                lambda: flows.sampled(datasets, weights, start, stop_on_empty_dataset)
            )
        )

    @staticmethod
    def choose_from_datasets(
        datasets: Any, choice_dataset: Dataset, stop_on_empty_dataset: bool = True
    ) -> Dataset:
        """The elements of several data sets, taken from the one whose number a data set of numbers says."""
        return Dataset(
            core.Dataset.from_generator(
                lambda: flows.chosen(datasets, choice_dataset.pipeline, stop_on_empty_dataset)
            )
        )

    # --- which elements, in which order -----------------------------------------------------------------------------

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: bool | None = None,
        name: Any = None,
    ) -> Dataset:
        """Elements drawn at random from a buffer that is filled in order."""
        own, anew = None if seed is None else int(number(seed)), reshuffle_each_iteration is not False
        seeds, size = seeds_of_operation(own), int(number(buffer_size))
        if seeds is None or size < 1:
            return self._same(self.pipeline.shuffle(size, own, anew), self._spec)
        return self._same(self.pipeline.shuffled_by(SeededOrder(*seeds, anew), size), self._spec)

    def repeat(self, count: Any = None, name: Any = None) -> Dataset:
        """Several passes, or passes without end."""
        return self._same(self.pipeline.repeat(None if count is None else int(number(count))), self._spec)

    def take(self, count: Any, name: Any = None) -> Dataset:
        """The first elements; all for -1."""
        return self._same(self.pipeline.take(int(number(count))), self._spec)

    def skip(self, count: Any, name: Any = None) -> Dataset:
        """All but the first elements."""
        return self._same(self.pipeline.skip(int(number(count))), self._spec)

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Dataset:
        """Every ``num_shards``-th element."""
        return self._same(self.pipeline.shard(int(number(num_shards)), int(number(index))))

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """The elements of another data set after these."""
        return self._same(self.pipeline.concatenate(dataset.pipeline))

    def cache(self, filename: Any = "", name: Any = None) -> Dataset:
        """Elements kept in memory after the first whole pass."""
        return self._same(self.pipeline.cache(), self._spec)

    def snapshot(
        self, path: Any, compression: Any = "AUTO", reader_func: Any = None, shard_func: Any = None,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Elements kept in memory after the first whole pass: nothing is written."""
        only("Dataset.snapshot", "reader_func", reader_func)
        return self.cache()

    def save(
        self, path: Any, compression: Any = None, shard_func: Any = None, checkpoint_args: Any = None
    ) -> None:
        """Write the elements into a folder, in a format of this library's own."""
        kept.write(self.pipeline, path_of(path))

    @staticmethod
    def load(
        path: Any,
        element_spec: Any = None,
        compression: Any = None,
        reader_func: Any = None,
        wait: bool = False,
    ) -> Dataset:
        """The elements that :meth:`save` wrote."""
        only("Dataset.load", "reader_func", reader_func)
        elements = list(kept.read(path_of(path)))
        return Dataset(core.Dataset.from_generator(elements))

    def ragged_batch(
        self, batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = "int64", name: Any = None
    ) -> Dataset:
        """Several elements as one, along a new first axis; those of different lengths as ragged tensors."""
        size = int(number(batch_size))
        made = self._made_by(lambda es: map(flows.ragged, flows.chunks(es, size, drop_remainder)))
        made._batched = not drop_remainder
        return made

    def of_cardinality(self, expected_cardinality: Any) -> Dataset:
        """The same elements, of which a program says how many there are; an error where there are not so many."""
        count = int(number(expected_cardinality))
        counted = core.Dataset.from_generator(lambda: flows.counted(iter(self.pipeline), count))
        counted._length = count
        return self._same(counted, self._spec)

    def rejection_resample(
        self, class_func: Callable[..., Any], target_dist: Any, initial_dist: Any = None, seed: Any = None,
        name: Any = None,
    ) -> Dataset:  # fmt: skip
        """Pairs (class, element), of which so many are left out that classes come in the target's shares.

        The shares in which they come here are given, or counted on the way.
        """
        start = None if seed is None else int(number(seed))
        return self._made_by(lambda es: flows.resampled(es, class_func, target_dist, initial_dist, start))

    def prefetch(self, buffer_size: Any = None, name: Any = None) -> Dataset:
        """Elements made ahead by a thread."""
        ahead = self.pipeline.prefetch(AUTOTUNE if buffer_size is None else int(number(buffer_size)))
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

    def make_one_shot_iterator(self) -> DatasetIterator:
        """One pass, as the first generation's programs ask for it."""
        return iter(self)

    make_initializable_iterator = make_one_shot_iterator

    @property
    def output_types(self) -> Any:
        """The dtypes of elements."""
        return mapped(lambda spec: spec.dtype, self.element_spec)

    @property
    def output_shapes(self) -> Any:
        """The shapes of elements."""
        return mapped(lambda spec: spec.shape, self.element_spec)

    def __iter__(self) -> DatasetIterator:
        outside_functions()
        return DatasetIterator(self)

    def __len__(self) -> int:
        return len(self.pipeline)

    def __bool__(self) -> bool:
        return True

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None) -> Any:
        """What a function of a state and each element gives in the end."""
        state = mapped(tensor, initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays, numbers and bytes."""
        return (mapped(lambda a: a.numpy()[()] if isinstance(a, Tensor) else a.numpy(), e) for e in self)

    def get_single_element(self, name: Any = None) -> Any:
        """The one element."""
        return next(iter(self))

    def cardinality(self, name: Any = None) -> Any:
        """The number of elements; -1 for passes without end, -2 where unknown."""
        return tensor(np.int64(self.pipeline.cardinality()))

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of elements: those announced, or else read from the first one."""

        def spec(leaf: Any) -> Any:
            if isinstance(leaf, Dataset):
                return leaf.element_spec
            if isinstance(leaf, RaggedTensor):
                known = RaggedTensorSpec.from_tensor(leaf)
                shape = [None, *list(known.shape)[1:]] if self._batched else known.shape
                return RaggedTensorSpec(shape, known.dtype, known.ragged_rank)
            shape = list(leaf.shape)
            kind = SparseTensorSpec if isinstance(leaf, SparseTensor) else TensorSpec
            return kind([None, *shape[1:]] if self._batched else shape, leaf.dtype)

        return mapped(spec, next(iter(self))) if self._spec is None else self._spec

    def __repr__(self) -> str:
        try:
            return f"<Dataset element_spec={self.element_spec}>"
        except StopIteration:  # of what has no elements nothing is known
            return "<Dataset without elements>"


_OFTEN = 8  # elements of other shapes than the first one's, from which on it pays to compile for them, too


class _Change:
    """A program's function of elements as one of arrays, compiled where it can be: for the shapes of the first
    element, and for those that come again and again.
    """

    def __init__(self, map_func: Callable[..., Any]) -> None:
        self._function = map_func if isinstance(map_func, Function) else Function(map_func)
        self._first: Any = None
        self._others: Counter[Any] = Counter()

    def __call__(self, *parts: Any) -> Any:
        given = map(tensors, parts)
        return self._arrays(self._function(*given) if self._pays(parts) else self._function.as_python(*given))

    def _pays(self, parts: tuple[Any, ...]) -> bool:
        shapes = tuple([np.shape(leaf) for part in parts for leaf in leaves(part)])
        if self._first in (None, shapes):
            self._first = shapes
            return True
        self._others[shapes] += 1
        return self._others[shapes] >= _OFTEN

    def map_rows(self, *data: Any) -> Any:
        """What it gives for each row; NotImplemented where it must be called for each."""
        if any(a.dtype.kind in "OSUc" for part in data for a in leaves(part)):
            return NotImplemented
        made = self._function.map_rows(*data)
        return made if made is NotImplemented else self._arrays(made)

    def _arrays(self, made: Any) -> Any:
        return arrays(tuple(made) if isinstance(made, list) else made)


def of_folder(found: core.Dataset) -> Dataset:
    """A data set of the main library's, made from a folder: the names of its classes and files are kept."""
    made = Dataset(found, batched=True)
    vars(made).update({n: v for n, v in vars(found).items() if n in ("class_names", "file_paths")})
    return made


def _listed(elements: list[Any]) -> Dataset:
    return Dataset(core.Dataset.from_generator(elements))
