"""The elements of pipelines: structures of arrays, single ones and stacked ones, and how many there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, fail
from thalweg.frames import frame_array, is_frame
from thalweg.graph.tensor import Tensor
from thalweg.nested import filled, flat, mapped

__all__ = [
    "INFINITE", "arrays_of", "check_whole", "groups", "is_tuple_of_arrays", "length_of", "length_of_slice",
    "length_repeated", "num_batches", "padded", "rows_of", "stacked", "value_of",
]  # fmt: skip

INFINITE = -1


def value_of(leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        return leaf.array()
    return leaf if isinstance(leaf, (np.ndarray, np.generic)) else _array(leaf)


def _array(leaf: Any) -> np.ndarray:
    array = frame_array(leaf, "the data frame") if is_frame(leaf) else np.asarray(leaf)
    return array.astype(np.str_) if array.dtype == object and _is_text(array) else array


def _is_text(array: np.ndarray) -> bool:
    return array.size > 0 and all(isinstance(v, str) for v in array.flat)


def arrays_of(structure: Any, where: str) -> Any:
    """The structure with arrays at its leaves; a list of numbers is an array, a list of arrays a structure."""
    if type(structure) is np.ndarray and structure.dtype != object:
        return structure
    if isinstance(structure, Mapping):
        return {key: arrays_of(value, where) for key, value in structure.items()}
    if isinstance(structure, tuple):
        return tuple(arrays_of(value, where) for value in structure)
    if (
        isinstance(structure, list)
        and structure
        and all(isinstance(v, (np.ndarray, Tensor)) for v in structure)
    ):
        return [value_of(v) for v in structure]
    if structure is None:
        return None
    try:
        return value_of(structure)
    except ValueError as error:
        raise fail(DataError, f"Dataset.{where}: rows of different lengths: {error}",
                   hint="pad them, or give them one by one from a generator") from None  # fmt: skip


def rows_of(structure: Any, rows: Any) -> Any:
    """The rows with these numbers, or the one with this number, of all arrays in the structure."""
    return mapped(lambda array: array[rows], structure)


def groups(items: Iterator[Any], size: int, drop: bool) -> Iterator[list[Any]]:
    """Lists of ``size`` items, the last one shorter or left out."""
    groups = iter(lambda: list(itertools.islice(items, size)), [])
    return (group for group in groups if not (drop and len(group) < size))


def num_batches(length: int | None, size: int, drop: bool) -> int | None:
    if length is None or length == INFINITE:
        return length
    return length // size if drop else -(-length // size)


def is_tuple_of_arrays(structure: Any) -> bool:
    return type(structure) is tuple and all(isinstance(a, (np.ndarray, np.generic)) for a in structure)


def stacked(elements: Sequence[Any], first: int) -> Any:
    """Elements as one, with a new first axis; ``first`` is the number of the first of them."""
    template = elements[0]
    plain = all(map(is_tuple_of_arrays, elements))  # as most are: no structure to look through
    leaves = elements if plain else [flat(e) for e in elements]
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
    return filled(template, [np.stack(column) for column in zip(*leaves, strict=True)])


def padded(elements: Sequence[Any], value: Any, length: int | None) -> Any:
    leaves = [flat(e) for e in elements]
    return filled(elements[0], [_filled(column, value, length) for column in zip(*leaves, strict=True)])


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


def length_of(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:
        return None


def length_repeated(length: int | None, count: int | None) -> int | None:
    if count in (None, INFINITE):
        return 0 if length == 0 else INFINITE
    return length if length in (None, INFINITE) else length * (count or 0)  # type: ignore[operator]


def length_of_slice(length: int | None, start: int, stop: int | None, step: int) -> int | None:
    if length is None:
        return None
    if length == INFINITE:
        return INFINITE if stop is None else len(range(start, stop, step))
    return len(range(length)[start:stop:step])


def check_whole(what: str, name: str, value: Any, least: int, optional: bool = False) -> None:
    if optional and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise fail(
            ArgumentError,
            f"Dataset.{what}: {name}",
            expected=f"a whole number >= {least}",
            received=repr(value),
        )
