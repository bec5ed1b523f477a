"""``tf.data.experimental`` (and ``tf.contrib.data``): transformations for ``Dataset.apply``, and tables of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import parsing
from thalweg.compat.tf1.data import Dataset, TextLineDataset

Change = Callable[[Dataset], Dataset]


def shuffle_and_repeat(buffer_size: int, count: int | None = None, seed: Any = None) -> Change:
    """Each pass in another order."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def map_and_batch(
    map_func: Any, batch_size: int, *args: Any, drop_remainder: bool = False, **options: Any
) -> Change:
    """A function of each element, then groups."""
    return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)


def batch_and_drop_remainder(batch_size: int) -> Change:
    """Groups, all of them full."""
    return lambda dataset: dataset.batch(batch_size, True)


def parallel_interleave(map_func: Any, cycle_length: int, *args: Any, **options: Any) -> Change:
    """The elements of inner data sets."""
    return lambda dataset: dataset.interleave(map_func, cycle_length)


def prefetch_to_device(device: Any, buffer_size: Any = None) -> Change:
    """The same elements."""
    return lambda dataset: dataset


def ignore_errors() -> Change:
    """The same elements."""
    return lambda dataset: dataset


def unbatch() -> Change:
    """The rows of the elements."""

    def apply(dataset: Dataset) -> Dataset:
        def make(run: Any) -> Any:
            for element in dataset._make(run):
                yield from (list(row) for row in zip(*element, strict=True))

        shapes = [None if s is None else s[1:] for s in dataset._shapes]
        return Dataset(make, dataset._like, dataset._dtypes, shapes)

    return apply


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
        lines = TextLineDataset(name)
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
    **options: Any,
) -> Dataset:
    """Batches of (columns by name, label) of files whose first line names the columns."""
    import csv
    import glob

    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    paths = sorted(path for p in patterns for path in glob.glob(p))
    with open(paths[0], newline="") as file:
        rows = csv.reader(file)
        names = list(column_names or next(rows))
        samples = [row for row, _ in zip(rows, range(100), strict=False)]
    defaults = column_defaults or [_default([row[k] for row in samples]) for k in range(len(names))]

    def named(*fields: Any) -> Any:
        made = dict(zip(names, fields, strict=True))
        return made if label_name is None else (made, made.pop(label_name))

    found = CsvDataset(paths, defaults, header=column_names is None).map(named)
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
