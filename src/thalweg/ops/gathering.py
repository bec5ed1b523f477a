"""The elements at integer indices into axes: read, added to, written. All integer indexing is made of these ops.

Negative indices count from the end. An index beyond the end is an IndexRangeError where values are known (eager) and
where a program is called with it; of those that it computes itself compiled code, which cannot stop, reads the nearest
element, and drops what is added beyond the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DTypeError, IndexRangeError, ShapeError, fail
from thalweg.graph.lowering import Indexed, Scatter
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.arithmetic import astype, equal, where
from thalweg.ops.families import broadcast_shapes


def as_index(part: Any) -> Any:
    """A list as an array (or a tensor, where it holds symbolic ones); everything else unchanged."""
    if isinstance(part, (list, tuple)):
        if len(part) == 0:
            return np.zeros(0, np.int64)
        return convert_operands([part])[0]
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(part)
    return part


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


def _index_bounds(first: int) -> Any:
    """The indices are the inputs from ``first`` on."""

    def bounds(x: Spec, *others: Spec, axes: tuple[int, ...], **attrs: Any) -> list[tuple[int, int, int]]:
        lengths: Any = x.shape
        return [(first + k, -lengths[axis], lengths[axis]) for k, axis in enumerate(axes)]

    return bounds


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
    bounds=_index_bounds(1),
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


def _scatter_emit(
    e: Any, reads: Any, coordinates: Any, shapes: Any, *, axes: Any, position: int, largest: bool = True
) -> Any:
    place, inside = _source_coordinates(e, reads[2:], coordinates, shapes[0], shapes[2:], axes, position)
    return place, reads[1](*coordinates), inside


def _updates_along(shapes: Any, *, axes: Any, position: int, largest: bool = True) -> tuple[int, ...]:
    return (1,) if _keeps_last(shapes[0], axes, position) else ()


def _scatter_gradient(
    g: Tensor, y: Tensor, base: Tensor, updates: Tensor, *indices: Tensor, **attrs: Any
) -> list[Any]:
    return [g, lambda: gather(g, *indices, **attrs), *[None] * len(indices)]


@make_op(
    {},
    infer=_scatter_infer,
    prepare=_indices_prepare(2),
    grad=_scatter_gradient,
    lower=Scatter(_scatter_emit, base=0, domain=1, along=_updates_along),
    check=lambda x, updates, *indices, axes, position: _numpy_key(x, [i.array() for i in indices], axes),
    bounds=_index_bounds(2),
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


@make_op({}, infer=_scatter_infer, prepare=_indices_prepare(2), grad=_set_gradient, bounds=_index_bounds(2))
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


@make_op(
    {},
    infer=_scatter_infer,
    prepare=_indices_prepare(2),
    grad=_extreme_gradient,
    lower=Scatter(
        _scatter_emit,
        base=0,
        domain=1,
        combine=lambda largest, **_: "max" if largest else "min",
        along=_updates_along,
    ),
    bounds=_index_bounds(2),
    check=lambda x, updates, *indices, axes, position, largest: _numpy_key(
        x, [i.array() for i in indices], axes
    ),
)
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
