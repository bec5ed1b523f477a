"""What the values of a tensor say: where it is true or not zero, where numbers belong in it, what differs in it.

How long most of these results are only the values tell, so they must be known; :func:`searchsorted` is compiled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.lowering import Indexed
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, constant, shape_text
from thalweg.ops.families import to_common
from thalweg.ops.index import getitem

__all__ = (
    "boolean_mask",
    "nonzero",
    "searchsorted",
    "unique_all",
    "unique_values",
    "unique_counts",
    "unique_inverse",
)


def boolean_mask(x: Any, mask: Any, /, *, axis: int = 0) -> Tensor:
    """The elements (or slices) of x where the mask, which covers the axes from ``axis`` on, is true.

    The mask's value must be known.

    >>> boolean_mask([[1, 2], [3, 4]], [True, False]).tolist()
    [[1, 2]]
    """
    (x,) = convert_operands([x])
    (mask,) = convert_operands([mask])
    if not dtypes.is_bool(mask.dtype):
        raise fail(DTypeError, "boolean_mask: mask", expected="bool", received=mask.dtype.name)
    return getitem(x, (slice(None),) * checked_axis(axis, x.ndim, "boolean_mask") + (mask,))


def nonzero(x: Any, /) -> tuple[Tensor, ...]:
    """For each axis, the indices (int64) of the elements that are not zero. The value of x must be known.

    >>> [t.tolist() for t in nonzero([[0, 1], [2, 0]])]
    [[0, 1], [1, 0]]
    """
    (x,) = convert_operands([x])
    if x.ndim == 0:
        raise fail(ShapeError, "nonzero: x", expected="at least 1 axis", received="a scalar")
    return tuple(constant(k) for k in np.nonzero(x.array()))


def _searchsorted_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    if attrs["side"] not in ("left", "right"):
        raise fail(
            ArgumentError, "searchsorted: side", expected="'left' or 'right'", received=repr(attrs["side"])
        )
    if tensors[0].shape is not None and tensors[0].ndim != 1:
        raise fail(
            ShapeError, "searchsorted: x1", expected="1 axis, sorted", received=shape_text(tensors[0].shape)
        )
    return to_common(tensors, attrs)


_LONGEST = 48  # bits of the length of a vector whose length only the run knows


def _searchsorted_emit(e: Any, reads: Any, coordinates: Any, shapes: Any, *, side: str) -> Any:
    """The place grows by ever smaller powers of two, as long as what stands before it belongs there; NaN is last."""
    length, value = shapes[0][0], reads[1](*coordinates)
    bits = length.bit_length() if type(length) is int else _LONGEST
    place = e.var(e.index(0))
    if not bits:
        return place.get()

    def less(x: Any, y: Any) -> Any:
        return (x < y) | (e.isnan(y) & ~e.isnan(x))

    with e.loop(bits - 1, -1, -1, name="bit") as bit:
        further = place.get() + e.shift_left(e.index(1), bit)
        before = reads[0](e.minimum(further, length) - 1)
        belongs = less(before, value) if side == "left" else ~less(value, before)
        place.set(e.select(belongs & (further <= length), further, place.get()))
    return place.get()


@make_op(
    {},
    infer=lambda x1, x2, *, side: Spec(x2.shape, dtypes.int64),
    prepare=_searchsorted_prepare,
    grad=lambda g, y, x1, x2, *, side: [None, None],
    lower=Indexed(_searchsorted_emit),
)
def searchsorted(x1, x2, /, side="left"):  # type: ignore[no-untyped-def]
    """For each element of x2, the index (int64) where it keeps the sorted vector x1 sorted, before or after equals.

    >>> searchsorted([1.0, 2.0, 4.0], [2.0, 3.0]).tolist()
    [1, 2]
    """
    return np.searchsorted(x1, x2, side).astype(np.int64)


class UniqueResult(NamedTuple):
    """The distinct elements of a tensor, and where they stand in it."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


def unique_all(x: Any, /) -> UniqueResult:
    """Distinct elements in order, the first index of each in the flattened x, each element's number among them, counts.

    The value of x must be known.

    >>> unique_all([3, 1, 3]).counts.tolist()
    [1, 2]
    """
    (x,) = convert_operands([x])
    array = x.array()
    found = np.unique(array, return_index=True, return_inverse=True, return_counts=True, equal_nan=False)
    values, indices, inverse, counts = found
    return UniqueResult(
        constant(values), constant(indices), constant(inverse.reshape(array.shape)), constant(counts)
    )


def unique_values(x: Any, /) -> Tensor:
    """Distinct elements in order. The value of x must be known.

    >>> unique_values([3, 1, 3]).tolist()
    [1, 3]
    """
    return unique_all(x).values


def unique_counts(x: Any, /) -> tuple[Tensor, Tensor]:
    """Distinct elements in order and how often each occurs. The value of x must be known.

    >>> [t.tolist() for t in unique_counts([3, 1, 3])]
    [[1, 3], [1, 2]]
    """
    found = unique_all(x)
    return found.values, found.counts


def unique_inverse(x: Any, /) -> tuple[Tensor, Tensor]:
    """Distinct elements in order and each element's number among them. The value of x must be known.

    >>> [t.tolist() for t in unique_inverse([3, 1, 3])]
    [[1, 3], [1, 0, 1]]
    """
    found = unique_all(x)
    return found.values, found.inverse_indices
