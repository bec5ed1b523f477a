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
        assert_same_structure(structure[0], other, options.get("check_types", True))
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
        if same and check_types:
            _assert_same_type(nest1, nest2)
        for a, b in pairs:
            assert_same_structure(a, b, check_types)
    if not same:
        raise ValueError(f"The two structures don't have the same nested structure: {nest1} and {nest2}")


def _assert_same_type(nest1: Any, nest2: Any) -> None:
    both_mappings = isinstance(nest1, Mapping) and isinstance(nest2, Mapping)
    both_named = hasattr(nest1, "_fields") and hasattr(nest2, "_fields")
    named_alike = both_named and type(nest1).__name__ == type(nest2).__name__
    if (
        type(nest1) is not type(nest2)
        and not both_mappings
        and not (named_alike and nest1._fields == nest2._fields)
    ):
        raise TypeError(
            f"The two structures don't have the same sequence type. First structure has type {type(nest1)}, "
            f"while second structure has type {type(nest2)}."
        )


def assert_shallow_structure(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> None:
    """Raises unless ``input_tree`` is nested as ``shallow_tree`` is, as far down as that goes."""
    if not is_nested(shallow_tree):
        return
    if not is_nested(input_tree):
        raise TypeError(
            f"If shallow structure is a sequence, input must also be a sequence. Input has type: {type(input_tree)}."
        )
    if check_types:
        _assert_same_type(shallow_tree, input_tree)
    other_keys = isinstance(shallow_tree, Mapping) and set(shallow_tree) != set(input_tree)
    if other_keys or len(shallow_tree) != len(input_tree):
        raise ValueError(
            "The two structures don't have the same sequence length. "
            f"Input structure has length {len(input_tree)}, while shallow structure has length {len(shallow_tree)}."
        )
    for part, below in _pairs(shallow_tree, input_tree):
        assert_shallow_structure(part, below, check_types)


def _pairs(shallow_tree: Any, input_tree: Any) -> list[tuple[Any, Any]]:
    if isinstance(shallow_tree, Mapping):
        return [(shallow_tree[key], input_tree[key]) for key in sorted(shallow_tree)]
    return list(zip(shallow_tree, input_tree, strict=True))


def flatten_up_to(shallow_tree: Any, input_tree: Any, check_types: bool = True) -> list[Any]:
    """What ``input_tree`` has where ``shallow_tree`` has leaves."""
    assert_shallow_structure(shallow_tree, input_tree, check_types)
    if not is_nested(shallow_tree):
        return [input_tree]
    return [
        leaf
        for part, below in _pairs(shallow_tree, input_tree)
        for leaf in flatten_up_to(part, below, check_types)
    ]


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """``shallow_tree`` with ``func`` of what the others have where it has leaves.

    >>> map_structure_up_to([0, 0], len, [[1, 2], [3]])
    [2, 1]
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    parts = [flatten_up_to(shallow_tree, tree, options.get("check_types", True)) for tree in inputs]
    return pack_sequence_as(shallow_tree, [func(*leaves) for leaves in zip(*parts, strict=True)])


def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """The dict with each key that is a structure taken apart, and its value with it.

    >>> flatten_dict_items({(4, (6, 8)): ("a", ("c", "d"))})
    {4: 'a', 6: 'c', 8: 'd'}
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError("input must be a dictionary")
    found: dict[Any, Any] = {}
    for key, value in dictionary.items():
        keys, values = (flatten(key), flatten(value)) if is_nested(key) else ([key], [value])
        if len(keys) != len(values):
            raise ValueError(
                f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
                f"Key: {keys}, value: {values}."
            )
        for one, thing in zip(keys, values):
            if one in found:
                raise ValueError(f"Could not flatten dictionary: key {one} is not unique.")
            found[one] = thing
    return found


def yield_flat_paths(nest: Any) -> Iterator[tuple[Any, ...]]:
    """For each leaf the keys, numbers and names that lead to it.

    >>> list(yield_flat_paths({"a": [3, 4], "b": 5}))
    [('a', 0), ('a', 1), ('b',)]
    """
    if not is_nested(nest):
        yield ()
        return
    names = getattr(nest, "_fields", None)
    pairs = sorted(nest.items()) if isinstance(nest, Mapping) else zip(names or range(len(nest)), nest)
    for key, part in pairs:
        for path in yield_flat_paths(part):
            yield (key, *path)


def flatten_with_tuple_paths(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves, each with the path to it."""
    return list(zip(yield_flat_paths(structure), flatten(structure), strict=True))


def flatten_with_joined_string_paths(structure: Any, separator: str = "/") -> list[tuple[str, Any]]:
    """The leaves, each with the path to it as a text.

    >>> flatten_with_joined_string_paths({"a": [3, 4]})
    [('a/0', 3), ('a/1', 4)]
    """
    return [(separator.join(map(str, path)), leaf) for path, leaf in flatten_with_tuple_paths(structure)]


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **options: Any) -> Any:
    """``func(path, leaf, leaf of the next, ...)`` in the structure of the first."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other, options.get("check_types", True))
    leaves = zip(yield_flat_paths(structure[0]), *map(flatten, structure), strict=True)
    return pack_sequence_as(structure[0], [func(*one) for one in leaves])


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **options: Any) -> Any:
    """:func:`map_structure_with_tuple_paths` with the paths as texts."""
    joined = lambda path, *leaves: func("/".join(map(str, path)), *leaves)
    return map_structure_with_tuple_paths(joined, *structure, **options)
