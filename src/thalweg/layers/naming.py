"""The names that layers and inputs get by themselves: ``dense``, ``dense_1``; or with a number from the first on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["automatic_name", "count_names_in", "name_counts", "named_from_one", "next_number"]


class _Names(threading.local):
    def __init__(self) -> None:
        self.used: dict[Any, int] = {}
        self.from_one = False


_names = _Names()
_counts: list[Callable[[], dict[Any, int]]] = [lambda: _names.used]  # the one function that is asked


def name_counts() -> dict[Any, int]:
    """How often each automatic name was given."""
    return _counts[0]()


def count_names_in(counts: Callable[[], dict[Any, int]]) -> None:
    """Keep the counts of automatic names where a function says: those of a graph, where there are graphs."""
    _counts[:] = [counts]


def next_number(prefix: str) -> int:
    """A number that was not given for this prefix before, from 1, as Keras's own counter has it."""
    counts, key = name_counts(), ("uid", prefix)
    counts[key] = counts.get(key, 0) + 1
    return counts[key]


def automatic_name(base: str, from_one: bool) -> str:
    """``dense_1``, ``dense_2`` where names count from one, else ``dense``, ``dense_1``."""
    if from_one or _names.from_one:
        return f"{base}_{next_number(base)}"
    counts = name_counts()
    counts[base] = count = counts.get(base, 0) + 1
    return base if count == 1 else f"{base}_{count - 1}"


@contextmanager
def named_from_one() -> Iterator[None]:
    """All automatic names within have their number from the first on."""
    before, _names.from_one = _names.from_one, True
    try:
        yield
    finally:
        _names.from_one = before
