"""Nested lists, tuples and dicts of anything: their leaves, in order; None holds none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["flat", "mapped", "filled"]


def flat(structure: Any) -> list[Any]:
    """The leaves.

    >>> flat({"a": [1, None], "b": (2, 3)})
    [1, 2, 3]
    """
    if structure is None:
        return []
    if isinstance(structure, Mapping):
        return [leaf for value in structure.values() for leaf in flat(value)]
    if isinstance(structure, (list, tuple)):
        return [leaf for value in structure for leaf in flat(value)]
    return [structure]


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure again, with the function applied to its leaves.

    >>> mapped(str, {"a": [1, None], "b": (2, 3)})
    {'a': ['1', None], 'b': ('2', '3')}
    """
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return {key: mapped(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [mapped(function, value) for value in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return function(structure)


def filled(structure: Any, values: Iterable[Any]) -> Any:
    """The structure again, with the next of the values as leaves.

    >>> filled({"a": [1, None], "b": (2, 3)}, "xyz")
    {'a': ['x', None], 'b': ('y', 'z')}
    """
    rest = iter(values)
    return mapped(lambda _: next(rest), structure)
