"""Indexing: x[key], elements taken by integer tensors, and sums and writes at such places.

Negative indices count from the end. An index beyond the end is an IndexRangeError where values are known (eager);
compiled code, which cannot stop, reads the nearest element and drops what is added beyond the end.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, SymbolicError, fail
from thalweg.graph.lowering import Indexed, Scatter
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, Variable, checked_axis, constant, shape_text
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops
from thalweg.ops.arithmetic import astype, equal, greater, less, where
from thalweg.ops.dynamic import iota
from thalweg.ops.families import broadcast_shapes
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
    "segment_max",
    "segment_min",
    "segment_sum",
    "index_update",
    "index_add",
    "boolean_mask",
    "nonzero",
    "searchsorted",
    "unique_all",
    "unique_values",
    "unique_counts",
    "unique_inverse",
)

# --- gather and scatter: what all integer indexing is made of -------------------------------------------------------


def _gather_shape(x: Any, indices: Sequence[Any], axes: tuple[int, ...], position: int) -> Any:
    """The broadcast shape of the indices, put among the axes that are not indexed."""
    rest = tuple(d for k, d in enumerate(x) if k not in axes)
    where_to = broadcast_shapes(*indices)
    assert where_to is not None
    if 0 in [x[a] for a in axes] and 0 not in rest and 0 not in where_to and None not in where_to:
        raise fail(
            IndexRangeError,
            "an index into an axis with no elements",
            received=f"{shape_text(x)} on axis {axes}",
        )
    return (*rest[:position], *where_to, *rest[position:])


def _numpy_key(x: Any, indices: Sequence[np.ndarray], axes: tuple[int, ...]) -> tuple[Any, ...]:
    """The key for the array with the indexed axes in front, its indices checked."""
    for axis, index in zip(axes, indices, strict=True):
        wrong = (index < -x.shape[axis]) | (index >= x.shape[axis])
        if wrong.any():
            raise fail(
                IndexRangeError,
                f"an index is beyond axis {axis}",
                expected=f"{-x.shape[axis]} <= index < {x.shape[axis]}",
                received=f"index {index[wrong].reshape(-1)[0]}",
            )
    return tuple(indices)


def _front_order(rank: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    return axes + tuple(k for k in range(rank) if k not in axes)


def _block(indices: Sequence[np.ndarray]) -> int:
    return len(np.broadcast_shapes(*[i.shape for i in indices]))


def _to_position(array: np.ndarray, block: int, position: int) -> np.ndarray:
    """The leading ``block`` axes moved to ``position``."""
    return np.moveaxis(array, range(block), range(position, position + block))


def _indices_prepare(first: int) -> Any:
    """The tensors from ``first`` on are indices: int32 stays, other integers become int64."""

    def prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
        for t in tensors[first:]:
            if not dtypes.is_integer(t.dtype):
                raise fail(
                    DTypeError, "indices", expected="an integer dtype", received=f"{t.label()} {t.specs[0]}"
                )
        wide = (dtypes.int32, dtypes.int64)
        return [
            *tensors[:first],
            *(t if t.dtype in wide else astype(t, dtypes.int64) for t in tensors[first:]),
        ], attrs

    return prepare


def _source_coordinates(
    e: Any, reads: Any, coordinates: Any, x: Any, indices: Any, axes: Any, position: int
) -> tuple[Any, Any]:
    """The place in x that an element of the gathered tensor comes from, clamped, and whether it needed no clamping."""
    block = max(len(s) for s in indices)
    inner = coordinates[position : position + block]
    along = iter([*coordinates[:position], *coordinates[position + block :]])
    place, inside = [], e.const(True, "bool")
    for axis, length in enumerate(x):
        if axis not in axes:
            place.append(next(along))
            continue
        k = axes.index(axis)
        shape = indices[k]
        own = [
            e.index(0) if d == 1 else c for d, c in zip(shape, inner[len(inner) - len(shape) :], strict=True)
        ]
        index = reads[k](*own).astype("int64")
        index = e.select(index < 0, index + length, index)
        inside = inside & (index >= 0) & (index < length)
        place.append(e.maximum(e.minimum(index, length - 1), 0))
    return place, inside


def _keeps_last(x: Any, axes: Any, position: int) -> bool:
    """Whether the last axis of the gathered tensor is that of x."""
    return len(x) - 1 not in axes and position < len(x) - len(axes)


def _gather_emit(e: Any, reads: Any, coordinates: Any, shapes: Any, *, axes: Any, position: int) -> Any:
    place, _ = _source_coordinates(e, reads[1:], coordinates, shapes[0], shapes[1:], axes, position)
    return reads[0](*place)


def _gather_gradient(
    g: Tensor, y: Tensor, x: Tensor, *indices: Tensor, axes: Any, position: int
) -> list[Any]:
    def rule() -> Tensor:
        return scatter_add_op(shape_ops.full_like(x, 0, g.dtype), g, *indices, axes=axes, position=position)

    return [rule, *[None] * len(indices)]


@make_op(
    {},
    infer=lambda x, *indices, axes, position: Spec(
        _gather_shape(x.shape, [i.shape for i in indices], axes, position), x.dtype
    ),
    prepare=_indices_prepare(1),
    grad=_gather_gradient,
    lower=Indexed(
        _gather_emit, along=lambda shapes, **attrs: (0,) if _keeps_last(shapes[0], **attrs) else ()
    ),
    check=lambda x, *indices, axes, position: _numpy_key(x, [i.array() for i in indices], axes),
)
def gather(*tensors, axes, position):  # type: ignore[no-untyped-def]
    """The elements of the first tensor at integer indices into ``axes``; the indices' axes stand at ``position``."""
    x, *indices = tensors
    key = _numpy_key(x, indices, axes)
    taken = np.transpose(x, _front_order(x.ndim, axes))[key]
    return _to_position(taken, _block(indices), position)


def _scatter_infer(
    base: Spec, updates: Spec, *indices: Spec, axes: Any, position: int, largest: bool = True
) -> Spec:
    wanted = _gather_shape(base.shape, [i.shape for i in indices], axes, position)
    given = updates.shape
    if (
        given is None
        or len(given) != len(wanted)
        or any(None not in (a, b) and a != b for a, b in zip(given, wanted, strict=True))
    ):
        raise fail(
            ShapeError,
            "the updates do not fit the indices",
            expected=shape_text(wanted),
            received=shape_text(given),
        )
    return base


def _scatter_emit(e: Any, reads: Any, coordinates: Any, shapes: Any, *, axes: Any, position: int) -> Any:
    place, inside = _source_coordinates(e, reads[2:], coordinates, shapes[0], shapes[2:], axes, position)
    return place, e.select(inside, reads[1](*coordinates), 0)


def _scatter_gradient(
    g: Tensor, y: Tensor, base: Tensor, updates: Tensor, *indices: Tensor, **attrs: Any
) -> list[Any]:
    return [g, lambda: gather(g, *indices, **attrs), *[None] * len(indices)]


@make_op(
    {},
    infer=_scatter_infer,
    prepare=_indices_prepare(2),
    grad=_scatter_gradient,
    lower=Scatter(
        _scatter_emit,
        base=0,
        domain=1,
        along=lambda shapes, **attrs: (1,) if _keeps_last(shapes[0], **attrs) else (),
    ),
    check=lambda x, updates, *indices, axes, position: _numpy_key(x, [i.array() for i in indices], axes),
)
def scatter_add_op(*tensors, axes, position):  # type: ignore[no-untyped-def]
    """The first tensor with the second added, in order, at the places that :func:`gather` would read."""
    base, updates, *indices = tensors
    result = np.array(base)
    key = _numpy_key(base, indices, axes)
    block = _block(indices)
    values = np.moveaxis(updates, range(position, position + block), range(block))
    np.add.at(np.transpose(result, _front_order(base.ndim, axes)), key, values)
    return result


def _set_gradient(
    g: Tensor, y: Tensor, base: Tensor, updates: Tensor, *indices: Tensor, **attrs: Any
) -> list[Any]:
    """The base keeps the gradient where nothing was written, an update where it was the last one written."""

    def of_base() -> Tensor:
        return scatter_set_op(g, shape_ops.full_like(updates, 0, g.dtype), *indices, **attrs)

    def of_updates() -> Tensor:
        flat = shape_ops.iota_like(shape_ops.flatten(updates), 0)
        number = shape_ops.reshape_like(flat, updates)
        last = gather(
            scatter_set_op(shape_ops.full_like(base, -1, "int64"), number, *indices, **attrs),
            *indices,
            **attrs,
        )
        return where(equal(last, number), gather(g, *indices, **attrs), 0)

    return [of_base, of_updates, *[None] * len(indices)]


@make_op({}, infer=_scatter_infer, prepare=_indices_prepare(2), grad=_set_gradient)
def scatter_set_op(*tensors, axes, position):  # type: ignore[no-untyped-def]
    """The first tensor with the second written where :func:`gather` would read; the last of several writes stays."""
    base, updates, *indices = tensors
    result = np.array(base)
    key = _numpy_key(base, indices, axes)
    block = _block(indices)
    np.transpose(result, _front_order(base.ndim, axes))[key] = np.moveaxis(
        updates, range(position, position + block), range(block)
    )
    return result


def _extreme_gradient(
    g: Tensor, y: Tensor, base: Tensor, updates: Tensor, *indices: Tensor, largest: bool, **attrs: Any
) -> list[Any]:
    """All that equals the result has an equal share of its gradient."""
    kept, chosen = (
        astype(equal(*pair), g.dtype) for pair in ((base, y), (updates, gather(y, *indices, **attrs)))
    )
    share = g / scatter_add_op(kept, chosen, *indices, **attrs)
    return [lambda: share * kept, lambda: gather(share, *indices, **attrs) * chosen, *[None] * len(indices)]


@make_op({}, infer=_scatter_infer, prepare=_indices_prepare(2), grad=_extreme_gradient)
def scatter_extreme_op(*tensors, axes, position, largest):  # type: ignore[no-untyped-def]
    """The first tensor, where the second is larger (or smaller) at a place that :func:`gather` would read, that one."""
    base, updates, *indices = tensors
    result = np.array(base)
    key = _numpy_key(base, indices, axes)
    block = _block(indices)
    values = np.moveaxis(updates, range(position, position + block), range(block))
    better = np.maximum if largest else np.minimum
    better.at(np.transpose(result, _front_order(base.ndim, axes)), key, values)
    return result


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


def _as_index(part: Any) -> Any:
    """A list as an array (or a tensor, where it holds symbolic ones); everything else unchanged."""
    if isinstance(part, (list, tuple)):
        if len(part) == 0:
            return np.zeros(0, np.int64)
        return convert_operands([part])[0]
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(part)
    return part


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
    parts = [_as_index(p) for p in (key if isinstance(key, tuple) else (key,))]
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


def _at_places(op: Any, x: Tensor, key: Any, value: Tensor) -> Tensor:
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
    return _at_places(scatter_set_op, x, key, value)


def index_add(x: Any, key: Any, value: Any) -> Tensor:
    """x with ``value`` (which broadcasts) added to ``x[key]``; places named several times receive every addition.

    >>> index_add([1, 2, 3], [0, 0], 10).tolist()
    [21, 2, 3]
    """
    x, value = _operands(x, value)
    found = _parsed(x, key)
    if not found.indices:
        return index_update(x, key, getitem(x, key) + value)  # type: ignore[operator]
    return _at_places(scatter_add_op, x, key, value)


# --- taking ---------------------------------------------------------------------------------------------------------


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Tensor:
    """The slices of x at integer ``indices`` along ``axis``: shape x.shape[:axis] + indices.shape + x.shape[axis + 1:].

    ``axis`` may be None for a tensor with one axis; others are flattened then.

    >>> take([[1, 2], [3, 4], [5, 6]], [2, 0], axis=0).tolist()
    [[5, 6], [1, 2]]
    """
    (x,), (indices,) = convert_operands([x]), convert_operands([_as_index(indices)])
    if axis is None:
        x, axis = (x if x.ndim == 1 else shape_ops.flatten(x)), 0
    axis = checked_axis(axis, x.ndim, "take")
    return gather(x, indices, axes=(axis,), position=axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Tensor:
    """For each row along ``axis``, the elements at that row's own indices; the other axes broadcast.

    >>> take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1).tolist()
    [[2], [3]]
    """
    (x,), (indices,) = convert_operands([x]), convert_operands([_as_index(indices)])
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
    (x,), (indices,) = convert_operands([x]), convert_operands([_as_index(indices)])
    return gather(x, *_vectors(x, indices, batch_dims), axes=_vector_axes(indices, batch_dims), position=0)


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
    (indices,) = convert_operands([_as_index(indices)])
    axis = checked_axis(axis, x.ndim, "scatter_add")
    return scatter_add_op(x, updates, indices, axes=(axis,), position=axis)


def scatter_nd_add(x: Any, indices: Any, updates: Any, /) -> Tensor:
    """x with ``updates`` added at index vectors (the last axis of ``indices``): the counterpart of :func:`gather_nd`.

    >>> scatter_nd_add([[0, 0], [0, 0]], [[0, 1], [0, 1]], [1, 2]).tolist()
    [[0, 3], [0, 0]]
    """
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([_as_index(indices)])
    return scatter_add_op(x, updates, *_vectors(x, indices, 0), axes=_vector_axes(indices, 0), position=0)


def _nd_extreme(x: Any, indices: Any, updates: Any, largest: bool) -> Tensor:
    x, updates = _operands(x, updates)
    (indices,) = convert_operands([_as_index(indices)])
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
    (indices,) = convert_operands([_as_index(indices)])
    return scatter_set_op(x, updates, *_vectors(x, indices, 0), axes=_vector_axes(indices, 0), position=0)


def put_along_axis(x: Any, indices: Any, values: Any, /, *, axis: int = -1) -> Tensor:
    """x with ``values`` written at each row's own indices along ``axis``: the counterpart of :func:`take_along_axis`.

    >>> put_along_axis([[1, 2], [3, 4]], [[1], [0]], [[9], [8]], axis=1).tolist()
    [[1, 9], [8, 4]]
    """
    x, values = _operands(x, values)
    (indices,) = convert_operands([_as_index(indices)])
    axis = checked_axis(axis, x.ndim, "put_along_axis")
    found = _along(x, indices, axis)
    values = shape_ops.broadcast_like(values, gather(x, *found, axes=tuple(range(x.ndim)), position=0))
    return scatter_set_op(x, values, *found, axes=tuple(range(x.ndim)), position=0)


@make_op(
    {},
    infer=lambda x, *, length: Spec((length, *x.shape[1:]), x.dtype),
    grad=lambda g, y, x, *, length: [None],
    expand=lambda x, *, length: shape_ops.broadcast_to(constant(0, x.dtype), (length, *x.shape[1:])),
    shape_only=(0,),
)
def _zero_rows(x, /, length):  # type: ignore[no-untyped-def]
    return np.zeros((length, *x.shape[1:]), x.dtype)


def _segments(x: Any, segment_ids: Any, name: str) -> tuple[Tensor, Tensor]:
    (x,), (segment_ids,) = convert_operands([x]), convert_operands([_as_index(segment_ids)])
    if not x.ndim:
        raise fail(ShapeError, f"{name}: x", expected="at least 1 axis", received="a scalar")
    return x, segment_ids


def segment_sum(x: Any, segment_ids: Any, /, num_segments: int) -> Tensor:
    """Row k of the result is the sum of the rows of x whose id is k; ids in any order.

    >>> segment_sum([1, 2, 3], [0, 2, 0], 3).tolist()
    [4, 0, 2]
    """
    x, segment_ids = _segments(x, segment_ids, "segment_sum")
    return scatter_add_op(_zero_rows(x, operator.index(num_segments)), x, segment_ids, axes=(0,), position=0)


def _segment_extreme(x: Any, segment_ids: Any, num_segments: int, largest: bool) -> Tensor:
    x, segment_ids = _segments(x, segment_ids, "segment_max" if largest else "segment_min")
    limits = np.finfo(x.dtype) if dtypes.is_floating(x.dtype) else np.iinfo(x.dtype)
    worst = np.asarray(limits.min if largest else limits.max, x.dtype)
    base = _zero_rows(x, operator.index(num_segments)) + worst
    return scatter_extreme_op(base, x, segment_ids, axes=(0,), position=0, largest=largest)


def segment_max(x: Any, segment_ids: Any, /, num_segments: int) -> Tensor:
    """Row k is the maximum of the rows of x whose id is k, or the lowest number of the dtype where there is none.

    >>> segment_max([1, 2, 3], [0, 1, 0], 2).tolist()
    [3, 2]
    """
    return _segment_extreme(x, segment_ids, num_segments, True)


def segment_min(x: Any, segment_ids: Any, /, num_segments: int) -> Tensor:
    """Row k is the minimum of the rows of x whose id is k, or the highest number of the dtype where there is none.

    >>> segment_min([1, 2, 3], [0, 1, 0], 2).tolist()
    [1, 2]
    """
    return _segment_extreme(x, segment_ids, num_segments, False)


# --- what needs values ----------------------------------------------------------------------------------------------


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
    from thalweg.ops.families import to_common

    if attrs["side"] not in ("left", "right"):
        raise fail(
            ArgumentError, "searchsorted: side", expected="'left' or 'right'", received=repr(attrs["side"])
        )
    if tensors[0].shape is not None and tensors[0].ndim != 1:
        raise fail(
            ShapeError, "searchsorted: x1", expected="1 axis, sorted", received=shape_text(tensors[0].shape)
        )
    return to_common(tensors, attrs)


@make_op(
    {},
    infer=lambda x1, x2, *, side: Spec(x2.shape, dtypes.int64),
    prepare=_searchsorted_prepare,
    grad=lambda g, y, x1, x2, *, side: [None, None],
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
