"""Comparing lengths: what is true of those at hand becomes a condition of a form that is to serve others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Watched(threading.local):
    found: list[int] | None = None


_watched = _Watched()


@contextmanager
def conditions() -> Iterator[list[int]]:
    """Inside, every comparison is written down, as a number that is at least 0 where it comes out the same."""
    saved, _watched.found = _watched.found, []
    try:
        yield _watched.found
    finally:
        _watched.found = saved


def shorter(a: int | None, b: int | None) -> int | None:
    """The smaller of two lengths; None where one is not known.

    >>> with conditions() as found:
    ...     print(shorter(3, 5), shorter(4, 2), found)
    3 2 [2, 2]
    """
    if a is None or b is None:
        return None
    if _watched.found is not None:
        _watched.found.append(abs(b - a))
    return min(a, b)
