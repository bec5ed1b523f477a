"""``nest``: nested lists, tuples and dicts; everything else is a leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, Mapping))


is_sequence = is_nested


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; those of a dict by sorted keys."""
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """The structure with other leaves."""
    if len(flatten(structure)) != len(flat_sequence):
        raise ValueError(
            f"Structure has {len(flatten(structure))} leaves, but flat_sequence has {len(flat_sequence)}"
        )
    return _packed(structure, iter(flat_sequence))


def _packed(structure: Any, rest: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        made = {key: _packed(structure[key], rest) for key in sorted(structure)}
        return type(structure)((key, made[key]) for key in structure)  # type: ignore[call-arg]
    if isinstance(structure, (list, tuple)):
        parts = [_packed(part, rest) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return next(rest)


def map_structure(func: Callable[..., Any], *structure: Any, **options: Any) -> Any:
    """The first structure with ``func`` of the leaves of all of them."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other)
    leaves = [flatten(s) for s in structure]
    return pack_sequence_as(structure[0], [func(*parts) for parts in zip(*leaves, strict=True)])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True) -> None:
    """Raises unless both are nested in the same way."""
    same = is_nested(nest1) == is_nested(nest2)
    if same and is_nested(nest1):
        if isinstance(nest1, Mapping) and isinstance(nest2, Mapping):
            same = set(nest1) == set(nest2)
            pairs = [(nest1[k], nest2[k]) for k in nest1] if same else []
        else:
            same = len(nest1) == len(nest2)
            pairs = list(zip(nest1, nest2, strict=True)) if same else []
        for a, b in pairs:
            assert_same_structure(a, b, check_types)
    if not same:
        raise ValueError(f"The two structures don't have the same nested structure: {nest1} and {nest2}")
