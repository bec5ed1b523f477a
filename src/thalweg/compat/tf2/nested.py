"""``tf.nest``: nested lists, tuples and dicts, whose leaves are anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from thalweg.compat.tf2.shapes import LayerShape, TensorShape


def flat(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves in order; those of dicts in the order of their keys. ``expand_composites``: sparse tensors and rows of
    different lengths are the tensors that they are made of.
    """
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key], expand_composites)]
    if _is_sequence(structure):
        return [leaf for part in structure for leaf in flat(part, expand_composites)]
    return list(structure.components) if expand_composites and _is_composite(structure) else [structure]


def _is_composite(leaf: Any) -> bool:
    """Whether it is made of tensors, and can be made again of others."""
    return hasattr(leaf, "of_components")


def _is_sequence(structure: Any) -> bool:
    """Whether it is a list or a tuple; shapes are leaves."""
    return isinstance(structure, (list, tuple)) and not isinstance(structure, (TensorShape, LayerShape))


def _filled(structure: Any, leaves: Iterator[Any], expand: bool = False) -> Any:
    if isinstance(structure, Mapping):
        made = {key: _filled(structure[key], leaves, expand) for key in sorted(structure)}
        return _like(structure, {key: made[key] for key in structure})
    if _is_sequence(structure):
        parts = [_filled(part, leaves, expand) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    if expand and _is_composite(structure):
        return structure.of_components([next(leaves) for _ in structure.components])
    return next(leaves)


def _like(structure: Mapping[Any, Any], held: dict[Any, Any]) -> Any:
    """What a dict holds, in the class of another one."""
    if isinstance(structure, defaultdict):
        return type(structure)(structure.default_factory, held)
    return held if type(structure) is dict else type(structure)(held)  # type: ignore[call-arg]


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """The structure with other leaves."""
    return _filled(structure, iter(flat_sequence), expand_composites)


def map_structure(
    func: Callable[..., Any], *structure: Any, check_types: bool = True, expand_composites: bool = False
) -> Any:
    """The structure with a function applied to its leaves (of several alike, to those at the same place)."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    columns = zip(*(flat(s, expand_composites) for s in structure), strict=True)
    return _filled(structure[0], iter([func(*leaves) for leaves in columns]), expand_composites)


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """An error unless both are nested alike: a ``TypeError`` where only the classes of lists and tuples differ, which
    ``check_types=False`` does not look at.
    """
    told = f"The two structures don't have the same nested structure: {nest1} and {nest2}"
    if _form(nest1, False) != _form(nest2, False):
        raise ValueError(told)
    if check_types and _form(nest1, True) != _form(nest2, True):
        raise TypeError(told)


def _form(structure: Any, with_types: bool) -> Any:
    if isinstance(structure, Mapping):
        return {key: _form(part, with_types) for key, part in structure.items()}
    if _is_sequence(structure):
        return type(structure) if with_types else None, [_form(part, with_types) for part in structure]
    return None
