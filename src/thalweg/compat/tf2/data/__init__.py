"""``tf.data``: the main library's pipelines, whose elements programs see as tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf2.data import flows
from thalweg.compat.tf2.data.dataset import AUTOTUNE, Dataset, Options
from thalweg.compat.tf2.data.dataset import of_folder as of_folder
from thalweg.compat.tf2.data.iterators import DatasetIterator
from thalweg.compat.tf2.data.sources import (
    FixedLengthRecordDataset,
    RecordWriter,
    TextLineDataset,
    TFRecordDataset,
    counter,
)

INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


def _applied(method: Callable[..., Dataset]) -> Callable[..., Callable[[Dataset], Dataset]]:
    """A method of data sets as what ``dataset.apply`` takes."""
    return lambda *args, **options: lambda dataset: method(dataset, *args, **options)


def _shuffled_and_repeated(
    dataset: Dataset, buffer_size: Any, count: Any = None, seed: Any = None
) -> Dataset:
    return dataset.shuffle(buffer_size, seed).repeat(count)


def _mapped_and_batched(
    dataset: Dataset, map_func: Callable[..., Any], batch_size: Any, num_parallel_batches: Any = None,
    drop_remainder: bool = False, num_parallel_calls: Any = None,
) -> Dataset:  # fmt: skip
    return dataset.map(map_func).batch(batch_size, drop_remainder)


def _without_errors(dataset: Dataset, log_warning: bool = False) -> Dataset:
    return dataset._made_by(flows.without_errors)


def _of_list(elements: Any, name: Any = None) -> Dataset:
    """The elements of a list."""
    held = list(elements)
    if not held:
        raise ValueError("Invalid `elements`. `elements` should not be empty.")
    return Dataset.from_generator(lambda: iter(held)).of_cardinality(len(held))


class AutoShardPolicy:
    """How files would be shared among machines."""

    AUTO, DATA, FILE, HINT, OFF = 0, 2, 1, 3, -1


def _same_dataset(dataset: Dataset, *args: Any, **ignored: Any) -> Dataset:
    return dataset


data = Namespace(
    "tf.data",
    Dataset=Dataset,
    Iterator=DatasetIterator,
    Options=Options,
    TextLineDataset=TextLineDataset,
    TFRecordDataset=TFRecordDataset,
    FixedLengthRecordDataset=FixedLengthRecordDataset,
    AUTOTUNE=AUTOTUNE,
    INFINITE_CARDINALITY=INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
    experimental=Namespace(
        "tf.data.experimental",
        AUTOTUNE=AUTOTUNE,
        AutoShardPolicy=AutoShardPolicy,
        INFINITE_CARDINALITY=INFINITE_CARDINALITY,
        UNKNOWN_CARDINALITY=UNKNOWN_CARDINALITY,
        cardinality=Dataset.cardinality,
        dense_to_ragged_batch=_applied(Dataset.ragged_batch),
        Counter=counter,
        TFRecordWriter=RecordWriter,
        assert_cardinality=_applied(Dataset.of_cardinality),
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
        get_structure=lambda dataset: dataset.element_spec,
        from_list=_of_list,
        save=Dataset.save,
        load=Dataset.load,
    ),
)
