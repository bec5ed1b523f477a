"""Variables made in a piece of a program that graphs ran once, and that is run here for every program that is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thalweg.graph.tensor import Variable

_kept: list[
    tuple[list[Variable], list[int]]
] = []  # those made before in such a block, and how many were asked for


@contextmanager
def made_once(made: list[Variable]) -> Iterator[None]:
    """A block that may be run again: the variables made in it are those of the first time, kept in ``made``."""
    _kept.append((made, [0]))
    try:
        yield
    finally:
        _kept.pop()


def in_block() -> bool:
    """Whether such a block is run at this moment."""
    return bool(_kept)


def kept(make: Callable[[], Variable]) -> Variable:
    """A new variable, or the one that the block made at this place before."""
    if not _kept:
        return make()
    made, place = _kept[-1]
    if place[0] == len(made):
        made.append(make())
    place[0] += 1
    return made[place[0] - 1]
