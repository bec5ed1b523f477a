"""Arguments that are indices: a call whose numbers are beyond the axis they index is an IndexError, as in Theano.

Compiled code cannot stop at an index beyond the end. The indices that a program hands over itself, labels and the
numbers of words, are looked at before it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.graph.tensor import Placeholder, Tensor
from thalweg.graph.walk import topological
from thalweg.ops import control, gathering, shape, state
from thalweg.ops.elementwise import astype

_SAME_NUMBERS = (
    astype, state.identity, shape.reshape, shape.reshape_like, shape.expand_dims, shape.squeeze, shape.permute_dims,
    shape.broadcast_to, shape.broadcast_like,
)  # fmt: skip
_INDEXING = (gathering.gather, gathering.scatter_add_op, gathering.scatter_set_op)


class Limit(NamedTuple):
    """An argument whose numbers index an axis: of this length, or of what another argument has there."""

    argument: int
    axis: int
    length: int | None
    source: Any


def limits(roots: Sequence[Tensor], arguments: Sequence[Tensor]) -> list[Limit]:
    """Which arguments index which axes below the roots; none where branches decide what is computed at all."""
    places = {id(t): k for k, t in enumerate(arguments)}
    found: dict[Limit, None] = {}
    for tensor in topological(roots):
        if tensor.op is control.cond_op:
            return []
        if tensor.op not in _INDEXING:
            continue
        x, axes = tensor.inputs[0], tensor.attrs["axes"]
        for axis, index in zip(axes, tensor.inputs[-len(axes) :], strict=True):
            argument = places.get(id(_unwrapped(index)))
            length, source = x.known_shape()[axis], places.get(id(x))
            if argument is not None and (length is not None or source is not None):
                found[Limit(argument, axis, length, source)] = None
    return list(found)


def _unwrapped(index: Tensor) -> Tensor:
    """The argument that an index is, apart from its dtype and shape."""
    while not isinstance(index, Placeholder) and index.op in _SAME_NUMBERS:
        index = index.inputs[0]
    return index


def check(found: Sequence[Limit], values: Sequence[Any]) -> None:
    """An IndexError where an argument's numbers are beyond the axis that they index."""
    for argument, axis, known, source in found:
        given = values[argument]
        length = values[source].shape[axis] if known is None else known
        if given.size == 0:
            continue
        low, high = int(np.min(given)), int(np.max(given))
        if low < -length or high >= length:
            raise IndexError(
                f"index {high if high >= length else low} is out of bounds for axis {axis} with size {length} "
                f"(argument {argument} of the function)"
            )
