"""What loops of a program's own take from inside TensorFlow: shapes in two parts, states of zeros, kinds of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest, types
from thalweg.compat.tf1.graph import constant

__all__ = [
    "assert_like_rnncell", "batch_size_of", "concat", "dtype_of_state", "like_rnncell", "shape_of_node",
    "zero_state_tensors",
]  # fmt: skip

_NEEDED: dict[str, Callable[[Any], bool]] = {
    "'output_size' property is missing": lambda cell: hasattr(cell, "output_size"),
    "'state_size' property is missing": lambda cell: hasattr(cell, "state_size"),
    "either 'zero_state' or 'get_initial_state' method is required": lambda cell: (
        hasattr(cell, "get_initial_state") or hasattr(cell, "zero_state")
    ),
    "is not callable": callable,
}


def concat(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """One shape of two parts, each an int, a shape or a node: a node, or with ``static`` the list of what is known.

    >>> concat(2, types.TensorShape([None, 3]), static=True)
    [2, None, 3]
    """
    if static:
        known = [_known(part) for part in (prefix, suffix)]
        return None if None in known else [n for part in known for n in part or ()]
    parts = [_vector(name, part) for name, part in (("prefix", prefix), ("suffix", suffix))]
    if any(part is None for part in parts):
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return math.concat(parts, 0)


def _known(part: Any) -> list[int | None] | None:
    if part is None:
        return None
    if isinstance(part, g.Node):
        found = g.static_value(part)
        return None if found is None else [int(n) for n in found.ravel()]
    shape = types.TensorShape(part if isinstance(part, (types.TensorShape, Sequence)) else [part])
    return None if shape.ndims is None else shape.as_list()


def _vector(name: str, part: Any) -> Any:
    if not isinstance(part, g.Node):
        lengths = _known(part)
        return None if lengths is None or None in lengths else constant(lengths, "int32")
    if part.get_shape().ndims not in (0, 1):
        raise ValueError(f"{name} tensor must be either a scalar or vector, but saw tensor: {part}")
    return math.expand_dims(part, 0) if part.get_shape().ndims == 0 else part


def zero_state_tensors(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros in the structure of the sizes of a state, each of the batch's length and such a size."""

    def zeros(size: Any) -> Any:
        made = math.zeros(concat(batch_size, size), dtype)
        made.set_shape([*(_known(batch_size) or [None]), *(_known(size) or [])])
        return made

    return nest.map_structure(zeros, state_size)


def like_rnncell(cell: Any) -> bool:
    """Whether an object can be called as a cell, and tells its sizes."""
    return all(fits(cell) for fits in _NEEDED.values())


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """A TypeError that says what an object lacks to be a cell."""
    errors = [error for error, fits in _NEEDED.items() if not fits(cell)]
    if errors:
        raise TypeError(f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(errors)}.")


def batch_size_of(flat_input: Sequence[Any]) -> Any:
    """The length of the second axis of inputs of steps: an int where one of them knows it, else a node."""
    for x in flat_input:
        shape = x.get_shape()
        if shape.ndims is not None and shape.ndims < 2:
            raise ValueError(f"Expected input tensor {x} to have rank at least 2")
        if shape.ndims is not None and shape[1].value is not None:
            return shape[1].value
    return math.shape(flat_input[0])[1]


def shape_of_node(shape: Any) -> Any:
    """A shape that a node holds, as far as it is known; anything else itself."""
    return types.TensorShape(_known(shape)) if isinstance(shape, g.Node) else shape


def dtype_of_state(explicit_dtype: Any, state: Any) -> Any:
    """The dtype given, or the one that all parts of a state have."""
    if explicit_dtype is not None:
        return explicit_dtype
    found: Iterable[Any] = {part.dtype for part in nest.flatten(state)}
    if len(kinds := list(found)) != 1:
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single representative dtype."
            if kinds
            else "Unable to infer dtype from empty state."
        )
    return kinds[0]
