"""``tf.name_scope``: blocks whose name stands before the names of the variables that are made in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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

    def __init__(self, name: str, default_name: Any = None, values: Any = None) -> None:
        self.name = name

    def __enter__(self) -> str:
        inner = self.name if self.name.endswith("/") or not self.name else in_scope(f"{self.name}/")
        _entered.names.append(inner)
        return inner

    def __exit__(self, *error: Any) -> None:
        _entered.names.pop()


class VariableScope:
    """What a ``tf.compat.v1.variable_scope`` is known by: its name, and the block that it opened first."""

    reuse = False

    def __init__(self, name: str, original_name_scope: str) -> None:
        self.name, self.original_name_scope = name, original_name_scope


@contextmanager
def variable_scope(
    name_or_scope: Any, default_name: Any = None, values: Any = None, *more: Any, auxiliary_name_scope: bool = True,
    **ignored: Any,
) -> Iterator[VariableScope]:  # fmt: skip
    """A block of that name, or one that was there before; without an auxiliary scope names stay as they are.

    >>> with variable_scope("shared") as scope:
    ...     print(scope.name, scope.original_name_scope, in_scope("w"))
    shared shared/ shared/w
    """
    if isinstance(name_or_scope, VariableScope):
        with name_scope(name_or_scope.original_name_scope if auxiliary_name_scope else in_scope("")):
            yield VariableScope(name_or_scope.name, name_or_scope.original_name_scope)
    else:
        with name_scope(name_or_scope or default_name) as way:
            yield VariableScope(way.rstrip("/"), way)


def get_current_name_scope() -> str:
    """The names of the blocks that are open, joined by slashes.

    >>> with name_scope("a"), name_scope("b"):
    ...     print(get_current_name_scope())
    a/b
    """
    return in_scope("").rstrip("/")
