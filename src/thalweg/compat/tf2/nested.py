"""``tf.nest``: nested lists, tuples and dicts, whose leaves are anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from thalweg.compat.tf2.shapes import LayerShape, TensorShape


def flat(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves in order; those of dicts in the order of their keys."""
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key])]
    if _is_sequence(structure):
        return [leaf for part in structure for leaf in flat(part)]
    return [structure]


def _is_sequence(structure: Any) -> bool:
    """Whether it is a list or a tuple; shapes are leaves."""
    return isinstance(structure, (list, tuple)) and not isinstance(structure, (TensorShape, LayerShape))


def _filled(structure: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        made = {key: _filled(structure[key], leaves) for key in sorted(structure)}
        return _like(structure, {key: made[key] for key in structure})
    if _is_sequence(structure):
        parts = [_filled(part, leaves) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return next(leaves)


def _like(structure: Mapping[Any, Any], held: dict[Any, Any]) -> Any:
    """What a dict holds, in the class of another one."""
    if isinstance(structure, defaultdict):
        return type(structure)(structure.default_factory, held)
    return held if type(structure) is dict else type(structure)(held)  # type: ignore[call-arg]


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The structure with other leaves."""
    return _filled(structure, iter(flat_sequence))


def map_structure(
    func: Callable[..., Any], *structure: Any, check_types: bool = True, expand_composites: bool = False
) -> Any:
    """The structure with a function applied to its leaves (of several alike, to those at the same place)."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other)
    return _filled(structure[0], iter([func(*leaves) for leaves in zip(*map(flat, structure))]))


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """An error unless both are nested alike."""
    if _form(nest1) != _form(nest2):
        raise ValueError(f"The two structures don't have the same nested structure: {nest1} and {nest2}")


def _form(structure: Any) -> Any:
    if isinstance(structure, Mapping):
        return {key: _form(part) for key, part in structure.items()}
    if _is_sequence(structure):
        return type(structure), [_form(part) for part in structure]
    return None
