"""``tf.name_scope``: blocks whose name stands before the names of the variables that are made in them."""

from __future__ import annotations

from threading import local
from typing import Any


class _Entered(local):
    """The names of the blocks that a thread is in, each with those around it."""

    def __init__(self) -> None:
        self.names = [""]


_entered = _Entered()


def in_scope(name: str) -> str:
    """The name with those of the blocks around it: ``outer/inner/name``."""
    return _entered.names[-1] + name


class name_scope:
    """A block of that name; one that ends in a stroke is the whole way, whatever is around it.

    >>> with name_scope("outer"), name_scope("inner") as way:
    ...     print(way)
    outer/inner/
    """

    def __init__(self, name: str, *more: Any, **ignored: Any) -> None:
        self.name = name

    def __enter__(self) -> str:
        inner = self.name if self.name.endswith("/") or not self.name else in_scope(f"{self.name}/")
        _entered.names.append(inner)
        return inner

    def __exit__(self, *error: Any) -> None:
        _entered.names.pop()
