"""What data sets make of elements one after the other: functions of an iterator that give one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf2.data.elements import called, for_each_leaf, leaves, mapped, placed, tensors
from thalweg.compat.tf2.ragged import stack as stack_rows
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import fail

Elements = Iterator[Any]

# --- one for one ----------------------------------------------------------------------------------------------------


def scanned(elements: Elements, initial_state: Any, function: Callable[..., Any]) -> Elements:
    """What a function of a state and each element gives: (the new state, an element)."""
    state = mapped(tensor, initial_state)
    for element in elements:
        state, made = function(state, tensors(element))
        yield made


def different(elements: Elements) -> Elements:
    """Each element once."""
    seen = set()
    for element in elements:
        mark = repr(np.asarray(element).tolist())
        if mark not in seen:
            seen.add(mark)
            yield element


def without_errors(elements: Elements) -> Elements:
    """The elements that can be made."""
    while True:
        try:
            yield next(elements)
        except StopIteration:
            return
        except Exception:
            continue


def resampled(
    elements: Elements, class_of: Callable[..., Any], target: Any, initial: Any, seed: Any
) -> Elements:
    """Pairs (class, element) in the target's shares; those in which classes come are given, or counted on the way."""
    source, wanted = np.random.default_rng(seed), np.asarray(target, float)
    seen = np.ones(len(wanted)) if initial is None else np.asarray(initial, float)
    for element in elements:
        kind = int(called(class_of, element))
        seen[kind] += initial is None
        ratios = wanted / np.maximum(seen / seen.sum(), np.finfo(float).tiny)
        if source.random() < ratios[kind] / ratios.max():
            yield np.int32(kind), element


# --- several data sets ----------------------------------------------------------------------------------------------


def interleaved(
    elements: Elements, data_set_of: Callable[..., Any], width: int, block_length: int
) -> Elements:
    """The elements of ``width`` data sets in turn, ``block_length`` of each."""
    running = [iter(called(data_set_of, e).pipeline) for e in itertools.islice(elements, width)]
    while running:
        for inner in list(running):
            block = list(itertools.islice(inner, block_length))
            yield from block
            if len(block) < block_length:  # at its end: the next one takes its place
                after = [iter(called(data_set_of, e).pipeline) for e in itertools.islice(elements, 1)]
                place = next(k for k, other in enumerate(running) if other is inner)
                running[place : place + 1] = after


def sampled(data_sets: Iterable[Any], weights: Any, seed: Any, stop_on_empty: bool) -> Elements:
    """Each element drawn at random from one of several data sets."""
    source = np.random.default_rng(seed)
    left = [iter(d.pipeline) for d in data_sets]
    share = np.ones(len(left)) if weights is None else np.array(weights, float)
    while share.sum():
        place = source.choice(len(left), p=share / share.sum())
        element = next(left[place], left)
        if element is not left:
            yield element
        elif stop_on_empty:
            return
        else:
            share[place] = 0


def chosen(data_sets: Iterable[Any], places: Iterable[Any], stop_on_empty: bool) -> Elements:
    """Each element from the data set whose number comes."""
    left = [iter(d.pipeline) for d in data_sets]
    for place in places:
        element = next(left[int(place)], left)
        if element is not left:
            yield element
        elif stop_on_empty:
            return


# --- several elements as one ----------------------------------------------------------------------------------------


def chunks(elements: Elements, size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """So many elements at a time."""
    while chunk := list(itertools.islice(elements, size)):
        if len(chunk) == size or not drop_remainder:
            yield chunk


def in_sizes(elements: Elements, sizes: list[int], drop_remainder: bool) -> Elements:
    """So many elements as one, the sizes by turns."""
    for size in itertools.cycle(sizes):
        chunk = list(itertools.islice(elements, size))
        if not chunk or (len(chunk) < size and drop_remainder):
            return
        yield placed(chunk[0], [np.stack(column) for column in columns(chunk)])


def buckets(
    elements: Elements, length_of: Callable[..., Any], boundaries: Any, sizes: Any, drop_remainder: bool
) -> Iterator[tuple[int, list[Any]]]:
    """Elements of similar length, so many at a time for each range of lengths, and the number of the range."""
    held: list[list[Any]] = [[] for _ in sizes]
    for element in elements:
        place = int(np.searchsorted(boundaries, int(called(length_of, element)), "right"))
        held[place].append(element)
        if len(held[place]) == sizes[place]:
            yield place, held[place]
            held[place] = []
    if not drop_remainder:
        yield from ((place, chunk) for place, chunk in enumerate(held) if chunk)


def groups(
    elements: Elements, key_of: Callable[..., Any], size_of: Callable[[Any], Any]
) -> Iterator[tuple[Any, list[Any]]]:
    """Pairs (key, elements of that key), so many at a time; at the end what is left, in the keys' order."""
    held: dict[int, list[Any]] = {}
    for element in elements:
        key = int(called(key_of, element))
        held.setdefault(key, []).append(element)
        if len(held[key]) == int(number(size_of(tensor(np.int64(key))))):
            yield tensor(np.int64(key)), held.pop(key)
    yield from ((tensor(np.int64(key)), held[key]) for key in sorted(held))


def windows(
    elements: Elements, size: int, shift: int, stride: int, drop_remainder: bool
) -> Iterator[list[Any]]:
    """Neighbouring elements, each window beginning ``shift`` after the last."""
    reach = (size - 1) * stride + 1
    held: list[Any] = []
    while True:
        held += itertools.islice(elements, max(reach - len(held), 0))
        inside = held[:reach:stride]
        if not inside or (drop_remainder and len(inside) < size):
            return
        yield inside
        for _ in itertools.islice(elements, max(shift - len(held), 0)):
            pass  # elements between two windows
        held = held[shift:]


def counted(elements: Elements, count: int) -> Elements:
    """The elements; an error where there are more or fewer than ``count``."""
    found = 0
    for found, element in enumerate(elements, 1):
        if found > count:
            break
        yield element
    if found != count:
        raise fail(
            InvalidArgumentError, "assert_cardinality: the number of elements", expected=count,
            received=f"{'more' if found > count else found}",
        )  # fmt: skip


def columns(chunk: list[Any]) -> Iterator[tuple[Any, ...]]:
    """For each leaf, that of every element."""
    return zip(*map(leaves, chunk), strict=True)


def ragged(chunk: list[Any]) -> Any:
    """Elements as one; leaves of different lengths as ragged tensors."""
    parts = zip(*[leaves(tensors(e)) for e in chunk], strict=True)
    return placed(chunk[0], [stack_rows(p) if p[0].shape else tensor(list(p)) for p in parts])


def padded(chunk: list[Any], padded_shapes: Any, padding_values: Any, length: int | None = None) -> Any:
    """Elements as one, each leaf filled up to the longest of it, or to the given shape; ``length``: axes that the
    shape leaves open have this length.
    """
    shapes, values = (for_each_leaf(given, chunk[0]) for given in (padded_shapes, padding_values))
    return placed(
        chunk[0],
        [_filled_up(c, s, v, length) for c, s, v in zip(columns(chunk), shapes, values, strict=True)],
    )


def _filled_up(parts: Any, shape: Any, value: Any, length: int | None) -> np.ndarray:
    arrays = [np.asarray(p) for p in parts]
    shape = (
        None
        if shape is None
        else np.atleast_1d(np.array(list(shape) if np.iterable(shape) else shape)).tolist()
    )
    longest = np.max([a.shape for a in arrays], axis=0)
    if length is not None:
        open_axes = [True] * len(longest) if shape is None else [n in (None, -1) for n in shape]
        longest = [length if is_open else n for is_open, n in zip(open_axes, longest, strict=True)]
    if shape is not None:
        longest = [m if n in (None, -1) else n for n, m in zip(shape, longest)]
    kind = arrays[0].dtype
    blank = (b"" if kind.kind == "O" else 0) if value is None else value
    room = np.full((len(arrays), *map(int, longest)), blank, kind)
    for row, array in zip(room, arrays) if room.ndim > 1 else ():
        row[tuple(slice(0, n) for n in array.shape)] = array
    return room if room.ndim > 1 else np.stack(arrays)
