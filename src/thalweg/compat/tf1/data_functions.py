"""``tf.data.experimental`` (and ``tf.contrib.data``): transformations for ``Dataset.apply``, and tables of text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import logging, math, nest, parsing
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.data_files import TextLineDataset
from thalweg.compat.tf1.types import TensorShape

Change = Callable[[Dataset], Dataset]


def shuffle_and_repeat(buffer_size: int, count: int | None = None, seed: Any = None) -> Change:
    """Each pass in another order."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def map_and_batch(
    map_func: Any,
    batch_size: int,
    num_parallel_batches: Any = None,
    drop_remainder: bool = False,
    num_parallel_calls: Any = None,
) -> Change:
    """A function of each element, then groups."""
    return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)


def batch_and_drop_remainder(batch_size: int) -> Change:
    """Groups, all of them full."""
    return lambda dataset: dataset.batch(batch_size, True)


def parallel_interleave(
    map_func: Any,
    cycle_length: int,
    block_length: int = 1,
    sloppy: bool = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Change:
    """The elements of inner data sets, of several in turn."""
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length)


def prefetch_to_device(device: Any, buffer_size: Any = None) -> Change:
    """The same elements."""
    return lambda dataset: dataset


def choose_from_datasets(datasets: Sequence[Dataset], choice_dataset: Dataset) -> Dataset:
    """The next element of that data set whose number ``choice_dataset`` gives; one that has ended is passed over."""

    def make(run: Any) -> Any:
        passes = [iter(dataset._make(run)) for dataset in datasets]
        for (number,) in choice_dataset._make(run):
            yield from itertools.islice(passes[int(number)], 1)

    together = zip(*(dataset._shapes for dataset in datasets), strict=True)
    return datasets[0]._like_this(make, [_of_all(shapes) for shapes in together])


def _of_all(shapes: Sequence[Any]) -> Any:
    """The shape that all of these have, as far as they agree."""
    if any(shape is None or len(shape) != len(shapes[0]) for shape in shapes):
        return None
    return [sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*shapes, strict=True)]


def unique() -> Change:
    """Each element once, where it comes first."""

    def apply(dataset: Dataset) -> Dataset:
        def make(run: Any) -> Any:
            seen: set[Any] = set()
            for element in dataset._make(run):
                key = tuple(x if isinstance(x, bytes) else np.asarray(x).tobytes() for x in element)
                if key not in seen:
                    seen.add(key)
                    yield element

        return dataset._like_this(make)

    return apply


def ignore_errors(log_warning: bool = False) -> Change:
    """The elements without those in whose making something raises; ``log_warning`` writes what."""

    def apply(dataset: Dataset) -> Dataset:
        def make(run: Any) -> Any:
            elements = iter(dataset._make(run))
            while True:
                try:
                    element = next(elements)
                except StopIteration:
                    return
                except Exception as error:
                    if log_warning:
                        logging.warning("Error raised with error message %s", error)
                    continue
                yield element

        return dataset._like_this(make)

    return apply


def unbatch() -> Change:
    """The rows of the elements."""

    def apply(dataset: Dataset) -> Dataset:
        def make(run: Any) -> Any:
            for element in dataset._make(run):
                yield from (list(row) for row in zip(*element, strict=True))

        shapes = [None if s is None else s[1:] for s in dataset._shapes]
        return Dataset(make, dataset._like, dataset._dtypes, shapes)

    return apply


def group_by_window(
    key_func: Callable[..., Any],
    reduce_func: Callable[[Any, Dataset], Dataset],
    window_size: Any = None,
    window_size_func: Callable[[Any], Any] | None = None,
) -> Change:
    """What ``reduce_func(key, window)`` makes of ``window_size`` elements of a key at a time, and of what is left."""
    sizes = window_size_func or (lambda key: window_size)

    def apply(dataset: Dataset) -> Dataset:
        keyed = dataset.map(lambda *e: (*nest.flatten(e), key_func(*e)))
        windows: dict[int, tuple[list[Any], Dataset, int]] = {}

        def window(key: int) -> tuple[list[Any], Dataset, int]:
            """The elements of a key until now, what is made of them, and how many it takes."""
            if key not in windows:
                held: list[Any] = []
                node = g.constant(key, "int64")
                made = reduce_func(node, dataset._like_this(lambda run: list(held)))
                windows[key] = held, made, g.static_int(sizes(node), "window_size")
            return windows[key]

        def emptied(key: int, run: Any) -> Any:
            held, made, _ = window(key)
            yield from made._make(run)
            held.clear()

        def make(run: Any) -> Any:
            for held, _, _ in windows.values():
                held.clear()
            for *element, key in keyed._make(run):
                held, _, size = window(int(key))
                held.append(element)
                if len(held) == size:
                    yield from emptied(int(key), run)
            for key in sorted(windows):
                if windows[key][0]:
                    yield from emptied(key, run)

        like = window(0)[1]
        return Dataset(make, like._like, like._dtypes, like._shapes)

    return apply


def bucket_by_sequence_length(
    element_length_func: Callable[..., Any],
    bucket_boundaries: Sequence[int],
    bucket_batch_sizes: Sequence[int],
    padded_shapes: Any = None,
    padding_values: Any = None,
    pad_to_bucket_boundary: bool = False,
    no_padding: bool = False,
    drop_remainder: bool = False,
) -> Change:
    """Groups of elements of about one length, filled up: bucket k holds lengths below ``bucket_boundaries[k]``."""
    if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
        raise ValueError("len(bucket_batch_sizes) must equal len(bucket_boundaries) + 1")

    def apply(dataset: Dataset) -> Dataset:
        def bucket(*element: Any) -> Any:
            length = math.cast(element_length_func(*element), "int64")
            passed = math.cast(
                math.greater_equal(length, g.constant(list(bucket_boundaries), "int64")), "int64"
            )
            return math.reduce_sum(passed)

        def group(key: Any, elements: Dataset) -> Dataset:
            k = g.static_int(key, "key")
            size = bucket_batch_sizes[k]
            if no_padding:
                return elements.batch(size, drop_remainder)
            shapes = dataset.output_shapes if padded_shapes is None else padded_shapes
            if pad_to_bucket_boundary:
                longest = (*bucket_boundaries, None)[k]
                if longest is None:
                    raise ValueError("pad_to_bucket_boundary: an element is longer than the last boundary")
                shapes = nest.map_structure(lambda s: _to_boundary(s, longest - 1), shapes)
            return elements.padded_batch(size, shapes, padding_values, drop_remainder)

        return group_by_window(bucket, group, None, lambda key: bucket_batch_sizes[g.static_int(key, "key")])(
            dataset
        )

    return apply


def _to_boundary(shape: Any, length: int) -> TensorShape:
    dims = TensorShape(shape).as_list()
    return TensorShape([length if d is None else d for d in dims])


def CsvDataset(
    filenames: Any,
    record_defaults: Sequence[Any],
    compression_type: Any = None,
    buffer_size: Any = None,
    header: bool = False,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
) -> Dataset:
    """The fields of the lines of files, each in the dtype of its default."""

    def fields(line: Any) -> tuple[Any, ...]:
        made = parsing.decode_csv(
            line, record_defaults, field_delim, use_quote_delim, None, na_value, select_cols
        )
        return tuple(made)

    def of_one(name: Any) -> Dataset:
        lines = TextLineDataset(name, compression_type)
        return lines.skip(1) if header else lines

    names = [filenames] if isinstance(filenames, str) else filenames
    return Dataset.from_tensor_slices(names).flat_map(of_one).map(fields)


def make_csv_dataset(
    file_pattern: Any,
    batch_size: int,
    column_names: Any = None,
    column_defaults: Any = None,
    label_name: str | None = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    *,
    select_columns: Any = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    shuffle_seed: Any = None,
    prefetch_buffer_size: Any = None,
    num_parallel_reads: Any = None,
    sloppy: bool = False,
    num_rows_for_inference: int = 100,
    compression_type: Any = None,
    ignore_errors: bool = False,
) -> Dataset:
    """Batches of (columns by name, label) of files whose first line names the columns, unless ``column_names`` are
    given and ``header`` is False.
    """
    only("make_csv_dataset", "compression_type", compression_type or None)
    only("make_csv_dataset", "select_columns", select_columns)
    only("make_csv_dataset", "ignore_errors", ignore_errors, False)
    import csv
    import glob

    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    paths = sorted(path for p in patterns for path in glob.glob(p))
    with open(paths[0], newline="") as file:
        quote = '"' if use_quote_delim else None
        rows = csv.reader(file, delimiter=field_delim, quotechar=quote)
        first = next(rows) if header else None
        names = list(column_names or first or ())
        samples = [row for row, _ in zip(rows, range(num_rows_for_inference), strict=False)]
    defaults = column_defaults or [_default([row[k] for row in samples]) for k in range(len(names))]

    def named(*fields: Any) -> Any:
        made = dict(zip(names, fields, strict=True))
        return made if label_name is None else (made, made.pop(label_name))

    found = CsvDataset(paths, defaults, None, None, header, field_delim, use_quote_delim, na_value).map(named)
    found = found.shuffle(shuffle_buffer_size) if shuffle else found
    return found.repeat(num_epochs).batch(batch_size)


def _default(texts: Sequence[str]) -> list[Any]:
    for kind, first in ((int, 0), (float, 0.0)):
        try:
            [kind(text) for text in texts if text]
        except ValueError:
            continue
        return [np.int32(first) if kind is int else first]
    return [""]


def get_single_element(dataset: Dataset) -> Any:
    """Nodes for the only element."""
    return dataset.make_one_shot_iterator().get_next()
