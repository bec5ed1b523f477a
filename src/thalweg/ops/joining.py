"""Joining and splitting: tensors one after the other along an axis, stacked, and cut apart."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lowering import Assemble, Layout, row_major
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text
from thalweg.ops.families import to_common
from thalweg.ops.shape import _tensor, expand_dims, flatten, full_like
from thalweg.ops.slices import WHOLE, slice_at, slice_axes

__all__ = (
    "concat",
    "stack",
    "unstack",
    "split",
)


def _concat_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    if not tensors:
        raise fail(ArgumentError, "concat: no tensors", expected="at least one")
    tensors, attrs = to_common(tensors, attrs)
    return tensors, {"axis": checked_axis(attrs["axis"], tensors[0].ndim, "concat")}


def _concat_infer(*specs: Spec, axis: int) -> Spec:
    shapes = [s.shape for s in specs]
    if any(s is None for s in shapes):
        raise fail(ShapeError, "the rank of a tensor is unknown", hint="give the placeholder a shape")
    result: list[int | None] = []
    for k in range(len(shapes[0])):  # type: ignore[arg-type]
        if any(len(s) != len(shapes[0]) for s in shapes):  # type: ignore[arg-type]
            break
        lengths = [s[k] for s in shapes]  # type: ignore[index]
        known = {d for d in lengths if d is not None}
        if k == axis:
            result.append(None if None in lengths else sum(d for d in lengths if d is not None))
        elif len(known) <= 1:
            result.append(next(iter(known), None))
    if len(result) != len(shapes[0]):  # type: ignore[arg-type]
        raise fail(
            ShapeError,
            "the shapes differ on another axis than the one that is joined",
            expected=f"equal lengths on all axes but {axis}",
            received=", ".join(shape_text(s) for s in shapes),
        )
    return Spec(tuple(result), specs[0].dtype)


def _concat_parts(shapes: Any, out_shape: tuple[int, ...], *, axis: int) -> Any:
    whole, start, parts = row_major(out_shape), 0, []
    for position, shape in enumerate(shapes):
        offset = start * whole.strides[axis] if 0 not in shape else 0
        parts.append((position, Layout(offset, tuple(shape), whole.strides)))
        start += shape[axis]
    return None, parts


def _concat_gradient(g: Tensor, y: Tensor, *tensors: Tensor, axis: int) -> list[Any]:
    return [lambda k=k: concat_part(g, *tensors, axis=axis, index=k) for k in range(len(tensors))]


@make_op(
    {}, infer=_concat_infer, prepare=_concat_prepare, grad=_concat_gradient, lower=Assemble(_concat_parts)
)
def concat_op(*tensors, axis):  # type: ignore[no-untyped-def]
    """See :func:`concat`."""
    return np.concatenate(tensors, axis=axis)


def _part_bounds(tensors: Any, axis: int, index: int) -> tuple[int, int]:
    start = sum(t.shape[axis] for t in tensors[:index])
    return start, start + tensors[index].shape[axis]


def _part_expand(g: Tensor, *tensors: Tensor, axis: int, index: int) -> Tensor:
    start, stop = _part_bounds(tensors, axis, index)
    rank = g.ndim
    return slice_at(
        g,
        starts=tuple(start if k == axis else 0 for k in range(rank)),
        lengths=tuple(stop - start if k == axis else d for k, d in enumerate(g.shape)),
        steps=(1,) * rank,
        dropped=(False,) * rank,
        only=("",) * rank,
    )


def _part_gradient(h: Tensor, y: Tensor, g: Tensor, *tensors: Tensor, axis: int, index: int) -> list[Any]:
    def rule() -> Tensor:
        zeros = [full_like(t, 0, h.dtype) for t in tensors]
        return concat_op(*zeros[:index], h, *zeros[index + 1 :], axis=axis)

    return [rule, *[None] * len(tensors)]


@make_op(
    {},
    infer=lambda g, *specs, axis, index: Spec(specs[index].shape, g.dtype),
    grad=_part_gradient,
    expand=_part_expand,
    shape_only=range(1, 1 << 20),  # all but g
)
def concat_part(*tensors, axis, index):  # type: ignore[no-untyped-def]
    """The part of the first tensor where the given one of the others stands in their concatenation."""
    start, stop = _part_bounds(tensors[1:], axis, index)
    return tensors[0][(slice(None),) * axis + (slice(start, stop),)]


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Tensor:
    """The tensors joined along ``axis``; with None each is flattened first. Dtypes are promoted to their common one.

    >>> concat([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    tensors = convert_operands(list(arrays))
    if axis is None:
        tensors, axis = [flatten(t) for t in tensors], 0
    return concat_op(*tensors, axis=axis)


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    tensors = convert_operands(list(arrays))
    if not tensors:
        raise fail(ArgumentError, "stack: no tensors", expected="at least one")
    if len({t.ndim for t in tensors}) > 1:
        received = ", ".join(shape_text(t.shape) for t in tensors)
        raise fail(ShapeError, "stack: the shapes differ", expected="tensors of one shape", received=received)
    place = checked_axis(axis, tensors[0].ndim + 1, "stack")
    return concat_op(*[expand_dims(t, place) for t in tensors], axis=place)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along ``axis``, without it; its length must be known.

    >>> [t.tolist() for t in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    x = _tensor(x)
    axis = checked_axis(axis, x.ndim, "unstack")
    return tuple(slice_axes(x, [WHOLE] * axis + [k]) for k in range(_known_length(x, axis, "unstack")))


def _known_length(x: Tensor, axis: int, name: str) -> int:
    length = x.shape[axis]
    if length is None:
        raise fail(
            ShapeError, f"{name}: the length of axis {axis} must be known", received=shape_text(x.shape)
        )
    return length


def split(x: Any, sizes: int | Sequence[int], /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """Parts along ``axis``: ``sizes`` equal ones, or parts of the given sizes, of which one may be -1 (the rest).

    >>> [t.tolist() for t in split([1, 2, 3, 4, 5], [2, -1])]
    [[1, 2], [3, 4, 5]]
    """
    x = _tensor(x)
    axis = checked_axis(axis, x.ndim, "split")
    length = _known_length(x, axis, "split")
    parts = _split_sizes(length, sizes)
    starts = [sum(parts[:k]) for k in range(len(parts))]
    return tuple(slice_axes(x, [WHOLE] * axis + [(s, s + n, 1)]) for s, n in zip(starts, parts, strict=True))


def _split_sizes(length: int, sizes: Any) -> list[int]:
    if isinstance(sizes, (int, np.integer)):
        if sizes < 1 or length % sizes:
            raise fail(
                ShapeError, "split: no equal parts", expected=f"a divisor of {length}", received=f"{sizes}"
            )
        return [length // int(sizes)] * int(sizes)
    parts = [operator.index(n) for n in sizes]
    if parts.count(-1) == 1:
        parts[parts.index(-1)] = length - sum(parts) - 1
    if any(n < 0 for n in parts) or sum(parts) != length:
        raise fail(
            ShapeError,
            "split: the sizes do not fill the axis",
            expected=f"a sum of {length}",
            received=f"{list(sizes)}",
        )
    return parts
