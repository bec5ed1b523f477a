"""Neighbouring elements together: rows of arrays in memory, and what compiled functions make of many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from thalweg.data.elements import is_tuple_of_arrays, rows_of, stacked
from thalweg.nested import filled, flat

__all__ = ["Block", "batches", "in_blocks", "made_of"]

BLOCK_BYTES = 4 << 20  # of the rows that are gathered at a time
MOST = 1024  # elements of a block
LONG = 0.01  # seconds: so long nobody minds waiting for elements that nobody may ask for


class Block:
    """Some elements: as one structure of arrays with a first axis (``rows``), or a list where they have none in common.

    >>> [int(x) for x in Block(np.arange(5))[1:3]]
    [1, 2]
    """

    def __init__(self, rows: Any = None, elements: list[Any] | None = None) -> None:
        self.rows, self.elements = rows, elements

    def __len__(self) -> int:
        return len(flat(self.rows)[0]) if self.elements is None else len(self.elements)

    def __getitem__(self, part: slice) -> Block:
        if self.elements is None:
            return Block(rows_of(self.rows, part))
        return Block(elements=self.elements[part])

    def __iter__(self) -> Iterator[Any]:
        if self.elements is not None:
            return iter(self.elements)
        leaves = zip(*flat(self.rows), strict=True)
        if is_tuple_of_arrays(self.rows):
            return leaves
        return (filled(self.rows, values) for values in leaves)


def in_blocks(arrays: Any, numbers: Iterable[np.ndarray]) -> Iterator[Block]:
    """The rows of arrays that have these numbers."""
    size = max(1, min(MOST, BLOCK_BYTES // max(1, sum(a[:1].nbytes for a in flat(arrays)))))
    for some in numbers:
        for start in range(0, len(some), size):
            yield Block(rows_of(arrays, some[start : start + size]))


def made_of(
    blocks: Iterable[Block], many: Callable[[Any], Any], one: Callable[[Any], Any]
) -> Iterator[Block]:
    """What a function makes of elements, in pieces: the first of one element, longer ones while they take no time.

    ``many`` is given their rows; where it gives NotImplemented, ``one`` is called for each.
    """
    size = 1
    for block in blocks:
        start = 0
        while start < len(block):
            piece, begun = block[start : start + size], time.perf_counter()
            made = NotImplemented if piece.elements is not None else many(piece.rows)
            if made is NotImplemented:
                for element in piece:
                    yield Block(elements=one(element))
            start += len(piece)
            if time.perf_counter() - begun < LONG:
                size = min(2 * size, MOST)
            elif size > 1:
                size //= 2
            if made is not NotImplemented:
                yield Block(made)


def batches(blocks: Iterable[Block], size: int, drop: bool) -> Iterator[Any]:
    """So many elements at a time, stacked; the last ones, which may be fewer, or be left out."""
    held: list[Block] = []
    count = done = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        while count >= size:
            taken, rest = _divided(held, size)
            yield _together(taken, done)
            held, count, done = rest, count - size, done + size
    if count and not drop:
        yield _together(held, done)


def _divided(held: list[Block], size: int) -> tuple[list[Block], list[Block]]:
    """The first ``size`` elements, and the others; they end in the last block."""
    last = len(held[-1]) - (sum(map(len, held)) - size)
    rest = held[-1][last:]
    return [*held[:-1], held[-1][:last]], [rest] if len(rest) else []


def _together(held: list[Block], first: int) -> Any:
    """Elements as one, those from number ``first`` on."""
    if len(held) == 1 and held[0].elements is None:
        return held[0].rows
    if all(block.elements is None for block in held):
        columns = zip(*(flat(block.rows) for block in held), strict=True)
        return filled(held[0].rows, [np.concatenate(column) for column in columns])
    return stacked([element for block in held for element in block], first)
