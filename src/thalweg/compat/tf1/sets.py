"""``tf.sets``: the last axis of a tensor, or of a sparse one, as sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.math.checks import computed
from thalweg.compat.tf1.sparse import SparseTensor
from thalweg.compat.tf1.strings import all_from_host, from_host

Sets = dict[tuple[int, ...], set[Any]]


def _parts(x: Any) -> list[Any]:
    """The nodes that a session computes for a set: one for a tensor, three for a sparse one."""
    return list(x.parts) if isinstance(x, SparseTensor) else [g.convert_to_tensor(x)]


def _read(arrays: list[np.ndarray]) -> tuple[Sets, tuple[int, ...]]:
    """The set of each row and the lengths before the last axis."""
    found: Sets = {}
    if len(arrays) == 1:
        rows = np.asarray(arrays[0])
        for place in np.ndindex(rows.shape[:-1]):
            found[place] = set(rows[place].tolist())
        return found, rows.shape[:-1]
    places, values, shape = arrays
    for place, element in zip(places.tolist(), np.asarray(values).tolist(), strict=True):
        found.setdefault(tuple(place[:-1]), set()).add(element)
    return found, tuple(int(n) for n in shape[:-1])


def _combined(op: Callable[[set[Any], set[Any]], set[Any]], kind: str) -> Callable[..., SparseTensor]:
    def apply(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
        if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
            raise ValueError(
                f"tf.sets.{kind}: of a sparse and a dense tensor the dense one must be the first"
            )
        first, second = _parts(a), _parts(b)
        dtype = first[0 if len(first) == 1 else 1].dtype

        def combine(*arrays: np.ndarray) -> list[np.ndarray]:
            (left, lengths), (right, others) = (
                _read(list(arrays[: len(first)])),
                _read(list(arrays[len(first) :])),
            )
            if lengths != others:
                raise ValueError(
                    f"tf.sets.{kind}: the shapes {lengths} and {others} before the last axis differ"
                )
            rows = {k: sorted(op(left.get(k, set()), right.get(k, set()))) for k in np.ndindex(lengths)}
            places = [(*k, n) for k, row in rows.items() for n in range(len(row))]
            elements = [element for row in rows.values() for element in row]
            widest = max((len(row) for row in rows.values()), default=0)
            return [
                np.array(places, np.int64).reshape(-1, len(lengths) + 1),
                np.array(elements, object if dtype == "string" else dtype.as_numpy_dtype),
                np.array([*lengths, widest], np.int64),
            ]

        rank = first[0].get_shape().ndims if len(first) == 1 else first[0].get_shape()[-1].value
        specs = [(np.int64, [None, rank]), (dtype, [None]), (np.int64, [rank])]
        nodes = [*first, *second]
        if any(isinstance(node, g.HostTensor) for node in nodes):
            return SparseTensor(*all_from_host(nodes, combine, specs, None, kind))
        return SparseTensor(*computed(combine, nodes, specs, None, kind))

    apply.__name__ = kind
    apply.__doc__ = f"The {kind[4:]} of the sets in the rows of two tensors, in order, as a sparse tensor."
    return apply


set_intersection = _combined(lambda a, b: a & b, "set_intersection")
set_union = _combined(lambda a, b: a | b, "set_union")


def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """What is in one row and not in the other one's: ``a - b``, or ``b - a``."""
    return _combined((lambda x, y: x - y) if aminusb else (lambda x, y: y - x), "set_difference")(a, b)


def set_size(a: Any, validate_indices: bool = True) -> Any:
    """How many different elements each row of a sparse tensor has (int32)."""
    if not isinstance(a, SparseTensor):
        raise TypeError(f"tf.sets.set_size: expected a SparseTensor, received {a!r}")

    def count(*arrays: np.ndarray) -> np.ndarray:
        found, lengths = _read(list(arrays))
        made = np.zeros(lengths, np.int32)
        for place, elements in found.items():
            made[place] = len(elements)
        return made

    rank = a.indices.get_shape()[-1].value
    shape = None if rank is None else [None] * (rank - 1)
    return from_host(_parts(a), count, np.int32, shape, None, "SetSize")


size, intersection, difference, union = set_size, set_intersection, set_difference, set_union
