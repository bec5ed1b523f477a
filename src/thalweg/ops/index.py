"""Indexing: x[key], elements taken at integer tensors, and sums and writes at such places.

What becomes of negative indices and of those beyond the end stands in :mod:`thalweg.ops.gathering`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, IndexRangeError, ShapeError, SymbolicError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, Variable, checked_axis, constant, shape_text
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops
from thalweg.ops.arithmetic import astype, greater, less, where
from thalweg.ops.dynamic import iota
from thalweg.ops.gathering import as_index, gather, scatter_add_op, scatter_extreme_op, scatter_set_op
from thalweg.ops.slices import WHOLE, slice_axes, slice_update

__all__ = (
    "gather_nd",
    "take",
    "take_along_axis",
    "put_along_axis",
    "scatter_add",
    "scatter_nd_add",
    "scatter_nd_max",
    "scatter_nd_min",
    "scatter_nd_update",
    "index_update",
    "index_add",
)

# --- keys -----------------------------------------------------------------------------------------------------------


class _Key(NamedTuple):
    """A key taken apart: slices of all axes, places of new axes, then integer indices into axes of the result."""

    items: list[Any]
    new_axes: tuple[int, ...]
    indices: list[Tensor]
    axes: tuple[int, ...]
    position: int


def _is_mask(part: Any) -> bool:
    return _dtype_of(part) is not None and dtypes.is_bool(_dtype_of(part))  # type: ignore[arg-type]


def _dtype_of(part: Any) -> np.dtype | None:
    return part.dtype if isinstance(part, (Tensor, np.ndarray, np.generic)) else None


def _is_int(part: Any) -> bool:
    return isinstance(part, (int, np.integer)) and not isinstance(part, (bool, np.bool_))


def _mask_indices(mask: Any, x: Tensor, axis: int) -> list[Tensor]:
    """The indices of the true places of a mask, whose value must be known."""
    changes = isinstance(mask, Tensor) and x.value is None and mask.tracked
    if isinstance(mask, Tensor) and (mask.value is None or changes):
        raise fail(
            SymbolicError,
            "x[mask]: the mask is symbolic, so the number of elements is not known",
            received=f"{mask.label()} {mask.specs[0]}",
            built_at=mask.built_at,
            hint="use where(mask, x, 0), which keeps the shape, or boolean_mask outside the compiled function",
        )
    array = mask.array() if isinstance(mask, Tensor) else np.asarray(mask)
    covered = x.known_shape()[axis : axis + array.ndim]
    if len(covered) < array.ndim or any(
        d not in (None, n) for d, n in zip(covered, array.shape, strict=True)
    ):
        raise fail(
            IndexRangeError,
            "x[mask]: the shapes differ",
            expected=f"a mask of shape {shape_text(covered)}",
            received=shape_text(array.shape),
        )
    return [constant(index) for index in np.nonzero(array)]


def _expanded_key(key: Any, rank: int) -> list[Any]:
    """The key as a list without an ellipsis, lists as arrays."""
    parts = [as_index(p) for p in (key if isinstance(key, tuple) else (key,))]
    places = [k for k, p in enumerate(parts) if p is Ellipsis]
    if len(places) > 1:
        raise fail(ArgumentError, "x[key]: more than one ellipsis")
    used = sum(p.ndim if _is_mask(p) else int(p is not None and p is not Ellipsis) for p in parts)
    if used > rank:
        raise fail(
            IndexRangeError, "x[key]: too many indices", expected=f"at most {rank}", received=f"{used}"
        )
    at = places[0] if places else len(parts)
    whole: list[Any] = [slice(None)] * (rank - used)
    return [*parts[:at], *(whole or [_GAP]), *parts[at + 1 :]]


class _Gap:
    """An ellipsis that stands for no axes: it still separates the indices on its two sides, as in NumPy."""


_GAP = _Gap()


def _parsed(x: Tensor, key: Any) -> _Key:
    parts = _expanded_key(key, x.ndim)
    advanced = any(not (p is None or p is _GAP or isinstance(p, slice) or _is_int(p)) for p in parts)
    items: list[Any] = []
    new_axes, indices, axes, runs = [], [], [], []  # runs: the entry at which each index stands
    out = 0  # axes of the sliced tensor so far
    for entry, part in enumerate(parts):
        if part is _GAP:
            continue
        if part is None:
            new_axes.append(out)
            out += 1
        elif isinstance(part, slice):
            items.append(part)
            out += 1
        elif not advanced:
            items.append(operator.index(part))
        else:
            found = _mask_indices(part, x, len(items)) if _is_mask(part) else convert_operands([part])
            for index in found:
                indices.append(index)
                axes.append(out)
                items.append(WHOLE)
                out += 1
            runs.append(entry)
    together = runs == list(range(runs[0], runs[0] + len(runs))) if runs else True
    position = axes[0] if axes and together else 0
    return _Key(items, tuple(new_axes), indices, tuple(axes), position)


def _trivial(items: Sequence[Any]) -> bool:
    return all(i == WHOLE or i == slice(None) for i in items)


def _is_plain(part: Any) -> bool:
    """Whether it is an int, or a slice from int to int."""
    if part.__class__ is slice:
        return {part.start.__class__, part.stop.__class__, part.step.__class__} <= {int, type(None)}
    return part.__class__ is int


def _is_open(part: Any) -> bool:
    """Whether it is a slice one of whose ends a run says."""
    return isinstance(part, slice) and any(
        isinstance(e, Tensor) and e.is_symbolic for e in (part.start, part.stop)
    )


def _places_between(x: Tensor, axis: int, part: slice) -> Tensor:
    """The numbers of the elements that a slice takes along an axis."""
    if part.step is not None:
        raise fail(
            ArgumentError, "x[key]: a slice whose ends are symbolic", expected="no step", received=part.step
        )
    length = shape_ops.count(x, (axis,), dtypes.int64)

    def place(end: Any, default: Any) -> Any:
        if end is None:
            return default
        number: Any = astype(*convert_operands([end]), dtypes.int64)
        number = where(less(number, 0), number + length, number)
        number = where(less(number, 0), 0, number)
        return where(greater(number, length), length, number)

    first: Any = place(part.start, 0)
    return iota(place(part.stop, length) - first) + first  # type: ignore[no-any-return]


def _without_open_slices(x: Tensor, key: Any) -> tuple[Tensor, Any]:
    """x sliced where the ends of slices are symbolic, and what is left of the key."""
    if not any(map(_is_open, key if isinstance(key, tuple) else (key,))):
        return x, key
    parts, axis = _expanded_key(key, x.ndim), 0
    for k, part in enumerate(parts):
        if _is_open(part):
            x, parts[k] = take(x, _places_between(x, axis, part), axis=axis), slice(None)
        axis += part.ndim if _is_mask(part) else int(part is not None and part is not _GAP)
    return x, tuple(Ellipsis if part is _GAP else part for part in parts)


def getitem(x: Tensor, key: Any) -> Tensor:
    """x[key] with NumPy's meaning: ints, slices, None, ``...``, integer tensors, and masks whose values are known.

    The ends of a slice without a step may be symbolic.
    """
    parts = key if key.__class__ is tuple else (key,)
    if len(parts) <= x.ndim and all(map(_is_plain, parts)):
        found = _Key(list(parts), (), [], (), 0)
    else:
        x, key = _without_open_slices(x, key)
        found = _parsed(x, key)
    if not _trivial(found.items) or isinstance(x, Variable):
        x = slice_axes(x, found.items)
    if found.new_axes:
        x = shape_ops.expand_dims(x, found.new_axes)
    if found.indices:
        x = gather(x, *found.indices, axes=found.axes, position=found.position)
    return x


def _places(x: Tensor, key: Any) -> Tensor:
    """For each element of x[key], its number in row-major order."""
    shape = x.known_shape()
    if None in shape:
        raise fail(
            ShapeError,
            "index_update and index_add need known axis lengths beside integer indices",
            received=shape_text(shape),
        )
    numbers = constant(np.arange(shape_ops.num_elements(shape)).reshape(shape))  # type: ignore[arg-type]
    return getitem(numbers, key)


def _operands(x: Any, value: Any) -> tuple[Tensor, Tensor]:
    x, value = convert_operands([x, value])
    return x, value if value.dtype == x.dtype else astype(value, x.dtype)


def at_places(op: Any, x: Tensor, key: Any, value: Tensor) -> Tensor:
    """x after ``op``, which adds or writes, has put the value, of its dtype, at the indices of a key that has some."""
    found = _parsed(x, key)
    if _trivial(found.items) and not found.new_axes:  # no need to know the axis lengths
        value = shape_ops.broadcast_like(value, getitem(x, key))
        return op(x, value, *found.indices, axes=found.axes, position=found.position)
    places = shape_ops.flatten(_places(x, key))
    flat = shape_ops.flatten(shape_ops.broadcast_like(value, _places(x, key)))
    return shape_ops.reshape_like(op(shape_ops.flatten(x), flat, places, axes=(0,), position=0), x)


def index_update(x: Any, key: Any, value: Any) -> Tensor:
    """x with ``x[key]`` replaced by ``value`` (which broadcasts), as a new tensor. The last of several writes stays.

    >>> index_update([1, 2, 3], slice(1, None), 0).tolist()
    [1, 0, 0]
    """
    x, value = _operands(x, value)
    found = _parsed(x, key)
    if not found.indices:
        value = shape_ops.broadcast_like(value, getitem(x, key))
        dropped = shape_ops.squeeze(value, found.new_axes) if found.new_axes else value
        return slice_update(x, dropped, items=found.items)
    return at_places(scatter_set_op, x, key, value)


def index_add(x: Any, key: Any, value: Any) -> Tensor:
    """x with ``value`` (which broadcasts) added to ``x[key]``; places named several times receive every addition.

    >>> index_add([1, 2, 3], [0, 0], 10).tolist()
    [21, 2, 3]
    """
    x, value = _operands(x, value)
    found = _parsed(x, key)
    if not found.indices:
        return index_update(x, key, getitem(x, key) + value)  # type: ignore[operator]
    return at_places(scatter_add_op, x, key, value)


# --- taking ---------------------------------------------------------------------------------------------------------


def take(x: Any, indices: Any, /, *, axis: int | None = None, batch_dims: int = 0) -> Tensor:
    """The slices of x at integer ``indices`` along ``axis``: shape x.shape[:axis] + indices.shape + x.shape[axis + 1:].

    ``axis`` may be None for a tensor with one axis; others are flattened then. With ``batch_dims``, that many leading
    axes of both belong together: x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1:].

    >>> take([[1, 2], [3, 4], [5, 6]], [2, 0], axis=0).tolist()
    [[5, 6], [1, 2]]
    >>> take([[1, 2], [3, 4]], [[1], [0]], axis=1, batch_dims=1).tolist()
    [[2], [3]]
    """
    (x,), (indices,) = convert_operands([x]), convert_operands([as_index(indices)])
    if axis is None:
        x, axis = (x if x.ndim == 1 else shape_ops.flatten(x)), 0
    axis = checked_axis(axis, x.ndim, "take")
    if batch_dims:
        return _taken_in_batches(x, indices, axis, batch_dims)
    return gather(x, indices, axes=(axis,), position=axis)


def _taken_in_batches(x: Tensor, indices: Tensor, axis: int, batch: int) -> Tensor:
    """Slices along an axis by numbers that each element of the first axes has for itself."""
    most = min(axis, indices.ndim)
    if not 0 <= batch <= most:
        raise fail(ArgumentError, "take: batch_dims", expected=f"0 to {most}", received=batch)
    ahead = [k for k in range(batch, x.ndim) if k != axis]
    found = gather_nd(
        shape_ops.permute_dims(x, (*range(batch), axis, *ahead)),
        shape_ops.expand_dims(indices, -1),
        batch_dims=batch,
    )
    after = indices.ndim + axis - batch  # where the axes between the batch and the numbers end
    between = range(indices.ndim, after)
    order = (*range(batch), *between, *range(batch, indices.ndim), *range(after, found.ndim))
    return shape_ops.permute_dims(found, order)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Tensor:
    """For each row along ``axis``, the elements at that row's own indices; the other axes broadcast.

    >>> take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1).tolist()
    [[2], [3]]
    """
    (x,), (indices,) = convert_operands([x]), convert_operands([as_index(indices)])
    axis = checked_axis(axis, x.ndim, "take_along_axis")
    return gather(x, *_along(x, indices, axis), axes=tuple(range(x.ndim)), position=0)


def _along(x: Tensor, indices: Tensor, axis: int) -> list[Tensor]:
    """An index for each axis: the place itself everywhere but along ``axis``."""
    if indices.ndim != x.ndim:
        raise fail(
            ShapeError,
            "one index axis for each axis of x",
            expected=f"{x.ndim} axes",
            received=shape_text(indices.shape),
        )
    return [indices if k == axis else shape_ops.iota_like(x, k) for k in range(x.ndim)]


def gather_nd(x: Any, indices: Any, /, *, batch_dims: int = 0) -> Tensor:
    """The slices of x at index vectors: the last axis of ``indices`` indexes the first axes of x.

    With ``batch_dims``, that many leading axes of both belong together.

    >>> gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]]).tolist()
    [2, 3]
    """
    (x,), (indices,) = convert_operands([x]), convert_operands([as_index(indices)])
    return gather(x, *_vectors(x, indices, batch_dims), axes=_vector_axes(indices, batch_dims), position=0)


def of_all_axes(x: Tensor, indices: Tensor, batch_dims: int = 0) -> Tensor:
    """Index vectors of an open length as those of all axes of x behind the first ``batch_dims``; a run with others is
    an error. Those of a known length are themselves.
    """
    if not (indices.is_symbolic and indices.ndim and indices.shape[-1] is None):
        return indices
    made: Tensor = _of_length(indices, length=x.ndim - batch_dims)
    return made


@make_op(
    {},
    infer=lambda indices, *, length: Spec((*indices.shape[:-1], length), indices.dtype),
    grad=lambda g, y, indices, *, length: [None],
)
def _of_length(indices, /, length):  # type: ignore[no-untyped-def]
    """The index vectors, which must have this length."""
    if indices.shape[-1] != length:
        raise ValueError(f"index vectors of {indices.shape[-1]} numbers; expected {length}, all axes of x")
    return indices


def _vector_length(indices: Tensor) -> int:
    if not indices.ndim or indices.shape[-1] is None:
        raise fail(
            ShapeError,
            "the last axis of the index vectors must have a known length",
            received=shape_text(indices.shape),
        )
    return indices.shape[-1]


def _vector_axes(indices: Tensor, batch_dims: int) -> tuple[int, ...]:
    return tuple(range(batch_dims + _vector_length(indices)))


def _vectors(x: Tensor, indices: Tensor, batch_dims: int) -> list[Tensor]:
    """One index for each of the first axes of x: the batch's own places, then the parts of the index vectors."""
    count = _vector_length(indices)
    if count + batch_dims > x.ndim:
        raise fail(
            ShapeError,
            "the index vectors are longer than x has axes",
            expected=f"at most {x.ndim - batch_dims}",
            received=f"{count}",
        )
    parts = list(joining.unstack(indices, axis=-1))
    return [shape_ops.iota_like(parts[0], k) for k in range(batch_dims)] + parts


def scatter_add(x: Any, indices: Any, updates: Any, /, *, axis: int = 0) -> Tensor:
    """x with ``updates`` added at integer ``indices`` along ``axis``, in order; equal indices add up.

    ``updates`` has the shape x.shape[:axis] + indices.shape + x.shape[axis + 1:], that of :func:`take`.

    >>> scatter_add([0, 0, 0], [2, 2, 0], [1, 10, 5]).tolist()
    [5, 0, 11]
    """
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([as_index(indices)])
    axis = checked_axis(axis, x.ndim, "scatter_add")
    return scatter_add_op(x, updates, indices, axes=(axis,), position=axis)


def scatter_nd_add(x: Any, indices: Any, updates: Any, /) -> Tensor:
    """x with ``updates`` added at index vectors (the last axis of ``indices``): the counterpart of :func:`gather_nd`.

    >>> scatter_nd_add([[0, 0], [0, 0]], [[0, 1], [0, 1]], [1, 2]).tolist()
    [[0, 3], [0, 0]]
    """
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([as_index(indices)])
    return scatter_add_op(x, updates, *_vectors(x, indices, 0), axes=_vector_axes(indices, 0), position=0)


def _nd_extreme(x: Any, indices: Any, updates: Any, largest: bool) -> Tensor:
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([as_index(indices)])
    return scatter_extreme_op(
        x, updates, *_vectors(x, indices, 0), axes=_vector_axes(indices, 0), position=0, largest=largest
    )


def scatter_nd_max(x: Any, indices: Any, updates: Any, /) -> Tensor:
    """x, or the largest of the ``updates`` at an index vector where that is larger.

    >>> scatter_nd_max([5, 6], [[0], [0], [1]], [7, 9, 1]).tolist()
    [9, 6]
    """
    return _nd_extreme(x, indices, updates, True)


def scatter_nd_min(x: Any, indices: Any, updates: Any, /) -> Tensor:
    """x, or the smallest of the ``updates`` at an index vector where that is smaller.

    >>> scatter_nd_min([5, 6], [[0], [0], [1]], [7, 3, 1]).tolist()
    [3, 1]
    """
    return _nd_extreme(x, indices, updates, False)


def scatter_nd_update(x: Any, indices: Any, updates: Any, /) -> Tensor:
    """x with ``updates`` written at index vectors; where one occurs twice, the last one stays.

    >>> scatter_nd_update([[5, 6], [7, 8]], [[0, 1], [1, 0]], [1, 2]).tolist()
    [[5, 1], [2, 8]]
    """
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([as_index(indices)])
    return scatter_set_op(x, updates, *_vectors(x, indices, 0), axes=_vector_axes(indices, 0), position=0)


def put_along_axis(x: Any, indices: Any, values: Any, /, *, axis: int = -1) -> Tensor:
    """x with ``values`` written at each row's own indices along ``axis``: the counterpart of :func:`take_along_axis`.

    >>> put_along_axis([[1, 2], [3, 4]], [[1], [0]], [[9], [8]], axis=1).tolist()
    [[1, 9], [8, 4]]
    """
    x, values = _operands(x, values)
    (indices,) = convert_operands([as_index(indices)])
    axis = checked_axis(axis, x.ndim, "put_along_axis")
    found = _along(x, indices, axis)
    values = shape_ops.broadcast_like(values, gather(x, *found, axes=tuple(range(x.ndim)), position=0))
    return scatter_set_op(x, values, *found, axes=tuple(range(x.ndim)), position=0)
