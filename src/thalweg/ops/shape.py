"""Shape ops: views of the same elements, broadcasts, and the forms that take their shape from another tensor."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.lowering import Assemble, Layout, Reshape, View, row_major
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, check_shape, checked_axis, constant, shape_text
from thalweg.ops.families import broadcast_shapes, to_common
from thalweg.ops.slices import WHOLE, flip, slice_at, slice_axes, zero_padded
from thalweg.ops.slices import dilate as dilate
from thalweg.ops.slices import windows as windows

__all__ = (
    "permute_dims",
    "moveaxis",
    "swapaxes",
    "reshape",
    "flatten",
    "merge_axes",
    "expand_dims",
    "squeeze",
    "broadcast_to",
    "broadcast_arrays",
    "broadcast_like",
    "reshape_like",
    "concat",
    "stack",
    "unstack",
    "split",
    "roll",
    "tile",
    "repeat",
    "pad",
    "iota_like",
    "tril",
    "triu",
    "diag",
    "trace",
    "meshgrid",
    "one_hot",
)

# --- permute --------------------------------------------------------------------------------------------------------


def _permute_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    rank = tensors[0].ndim
    axes = attrs["axes"]
    axes = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(checked_axis(a, rank, "permute_dims") for a in axes)
    )
    if sorted(axes) != list(range(rank)):
        raise fail(
            ArgumentError,
            "permute_dims: axes is not a permutation",
            expected=f"each of 0..{rank - 1} once",
            received=f"axes={axes}",
        )
    return tensors, {"axes": axes}


def _permute_view(layout: Layout, *, axes: tuple[int, ...]) -> Layout:
    return Layout(layout.offset, tuple(layout.shape[a] for a in axes), tuple(layout.strides[a] for a in axes))


def _permute_dims_gradient(g: Tensor, y: Tensor, x: Tensor, *, axes: Any) -> list[Any]:
    return [permute_dims(g, tuple(int(a) for a in np.argsort(axes)))]


@make_op(
    {},
    infer=lambda x, *, axes: Spec(tuple(x.shape[a] for a in axes), x.dtype),
    prepare=_permute_prepare,
    grad=_permute_dims_gradient,
    lower=View(_permute_view),
)
def permute_dims(x, /, axes=None):  # type: ignore[no-untyped-def]
    """Axes in the given order (reversed by default).

    >>> permute_dims([[1, 2, 3], [4, 5, 6]]).tolist()
    [[1, 4], [2, 5], [3, 6]]
    """
    return np.transpose(x, axes)


# --- reshape --------------------------------------------------------------------------------------------------------


def _reshape_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    shape = attrs["shape"]
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(int(d) for d in shape)
    if sum(d == -1 for d in shape) > 1 or any(d < -1 for d in shape):
        raise fail(
            ShapeError,
            "reshape: the shape is not valid",
            expected="lengths >= 0 and at most one -1",
            received=shape_text(shape),
        )
    return tensors, {"shape": shape}


def _reshape_infer(x: Spec, *, shape: tuple[int, ...]) -> Spec:
    if x.shape is None or None in x.shape:
        return Spec(_reshape_partly(x.shape, shape), x.dtype)
    size = num_elements(x.shape)  # type: ignore[arg-type]
    rest = int(np.prod([d for d in shape if d != -1], dtype=np.int64))
    if -1 in shape:
        if rest == 0 or size % rest:
            raise _cannot_reshape(x, shape)
        return Spec(tuple(size // rest if d == -1 else d for d in shape), x.dtype)
    if rest != size:
        raise _cannot_reshape(x, shape)
    return Spec(shape, x.dtype)


def _reshape_partly(old: Any, shape: tuple[int, ...]) -> Any:
    """The result where the input has an unknown axis: the -1 stays unknown, or is that axis where the rest agrees."""
    if -1 not in shape:
        return shape
    return tuple(None if d == -1 else d for d in shape)


def _cannot_reshape(x: Spec, shape: tuple[int, ...]) -> Exception:
    return fail(
        ShapeError,
        "the number of elements differs",
        expected=f"a shape of {int(np.prod(x.shape, dtype=np.int64))} elements",  # type: ignore[arg-type]
        received=f"{shape_text(x.shape)} to {shape_text(shape)}",
        hint="use -1 for the axis to infer",
    )


def _reshape_gradient(g: Tensor, y: Tensor, x: Tensor, *, shape: Any) -> list[Any]:
    return [reshape_like(g, x)]


@make_op(
    {},
    infer=_reshape_infer,
    prepare=_reshape_prepare,
    grad=_reshape_gradient,
    lower=Reshape(),
)
def reshape(x, /, shape):  # type: ignore[no-untyped-def]
    """The elements in row-major order under another shape; one axis may be -1, inferred.

    >>> reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    return np.reshape(x, shape)


# --- axes of length 1 -----------------------------------------------------------------------------------------------


def _expand_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    axis = attrs["axis"]
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    rank = tensors[0].ndim + len(axes)
    return tensors, {"axis": tuple(sorted(checked_axis(a, rank, "expand_dims") for a in axes))}


def _expanded_shape(shape: tuple[Any, ...], axis: tuple[int, ...], fill: Any = 1) -> tuple[Any, ...]:
    result = list(shape)
    for a in axis:
        result.insert(a, fill)
    return tuple(result)


def _expand_dims_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any) -> list[Any]:
    return [reshape_like(g, x)]


@make_op(
    {},
    infer=lambda x, *, axis: Spec(_expanded_shape(x.shape, axis), x.dtype),
    prepare=_expand_prepare,
    grad=_expand_dims_gradient,
    lower=View(
        lambda layout, *, axis: Layout(
            layout.offset, _expanded_shape(layout.shape, axis), _expanded_shape(layout.strides, axis, 0)
        )
    ),
)
def expand_dims(x, /, axis=0):  # type: ignore[no-untyped-def]
    """New axes of length 1 at the given positions of the result.

    >>> expand_dims([1, 2], axis=1).shape
    (2, 1)
    """
    return np.expand_dims(x, axis)


# --- broadcasts -----------------------------------------------------------------------------------------------------


def _broadcast_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    return tensors, {"shape": check_shape(attrs["shape"])}


def _broadcast_infer(x: Spec, *, shape: tuple[int, ...]) -> Spec:
    if x.shape is not None:
        lead = len(shape) - len(x.shape)
        if lead < 0 or any(d not in (1, None, shape[lead + k]) for k, d in enumerate(x.shape)):
            raise fail(
                ShapeError,
                "cannot broadcast",
                expected=f"a shape that stretches to {shape_text(shape)}",
                received=shape_text(x.shape),
            )
    return Spec(shape, x.dtype)


def _broadcast_view(layout: Layout, *, shape: tuple[int, ...]) -> Layout:
    lead = len(shape) - len(layout.shape)
    strides = [0] * lead + [0 if d == 1 else s for d, s in zip(layout.shape, layout.strides, strict=True)]
    return Layout(layout.offset, shape, tuple(strides))


def _broadcast_to_gradient(g: Tensor, y: Tensor, x: Tensor, *, shape: Any) -> list[Any]:
    return [sum_like(g, x)]


@make_op(
    {},
    infer=_broadcast_infer,
    prepare=_broadcast_prepare,
    grad=_broadcast_to_gradient,
    lower=View(_broadcast_view),
)
def broadcast_to(x, /, shape):  # type: ignore[no-untyped-def]
    """The tensor stretched to ``shape`` by NumPy's rule.

    >>> broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    return np.broadcast_to(x, shape)


# --- shapes taken from another tensor -------------------------------------------------------------------------------


def _broadcast_like_gradient(g: Tensor, y: Tensor, x: Tensor, like: Tensor) -> list[Any]:
    return [sum_like(g, x), None]


@make_op(
    {},
    infer=lambda x, like: Spec(like.shape, x.dtype),
    grad=_broadcast_like_gradient,
    expand=lambda x, like: broadcast_to(x, like.shape),
    shape_only=(1,),
)
def broadcast_like(x, like, /):  # type: ignore[no-untyped-def]
    """The tensor stretched to the shape of ``like``, of which only the shape is read."""
    return np.broadcast_to(x, like.shape)


def _reshape_like_gradient(g: Tensor, y: Tensor, x: Tensor, like: Tensor) -> list[Any]:
    return [reshape_like(g, x), None]


@make_op(
    {},
    infer=lambda x, like: Spec(like.shape, x.dtype),
    grad=_reshape_like_gradient,
    expand=lambda x, like: reshape(x, like.shape),
    shape_only=(1,),
)
def reshape_like(x, like, /):  # type: ignore[no-untyped-def]
    """The elements under the shape of ``like``, of which only the shape is read."""
    return np.reshape(x, like.shape)


def _stretched_axes(shape: tuple[int, ...], to: tuple[int, ...]) -> tuple[int, ...]:
    lead = len(shape) - len(to)
    return tuple(range(lead)) + tuple(lead + k for k, d in enumerate(to) if d == 1 and shape[lead + k] != 1)


def _sum_like_expand(x: Tensor, like: Tensor) -> Tensor:
    from thalweg.ops.reduce import sum as sum_

    axes = _stretched_axes(x.shape, like.shape)
    return reshape(sum_(x, axis=axes, keepdims=False), like.shape) if axes else x


@make_op(
    {},
    infer=lambda x, like: Spec(like.shape, x.dtype),
    grad=lambda g, y, x, like: [broadcast_like(g, x), None],
    expand=_sum_like_expand,
    shape_only=(1,),
)
def sum_like(x, like, /):  # type: ignore[no-untyped-def]
    """Summed over the axes that broadcasting the shape of ``like`` stretched: the transpose of a broadcast."""
    axes = _stretched_axes(x.shape, like.shape)
    return np.reshape(np.sum(x, axis=axes, dtype=x.dtype), like.shape)


@make_op(
    {},
    infer=lambda x, *, value, dtype: Spec(x.shape, dtype),
    grad=lambda g, y, x, *, value, dtype: [None],
    expand=lambda x, *, value, dtype: broadcast_to.build((_scalar(value, dtype),), {"shape": x.shape}),
    shape_only=(0,),
)
def _full_like(x, /, value, dtype):  # type: ignore[no-untyped-def]
    return np.broadcast_to(np.asarray(value, dtype), x.shape)


def _scalar(value: Any, dtype: np.dtype) -> Tensor:
    return constant(value, dtype)


def full_like(x: Any, value: Any, dtype: Any = None) -> Tensor:
    """A tensor of the shape of ``x`` filled with a number; the dtype of ``x`` unless given.

    >>> full_like([[1.0, 2.0]], 7).tolist()
    [[7.0, 7.0]]
    """
    (x,) = convert_operands([x])
    return _full_like(x, value, x.dtype if dtype is None else dtypes.as_dtype(dtype))


def num_elements(shape: tuple[int, ...], axis: tuple[int, ...] | None = None) -> int:
    """Number of elements along the axes (all by default)."""
    return int(np.prod([d for k, d in enumerate(shape) if axis is None or k in axis], dtype=np.int64))


@make_op(
    {},
    infer=lambda x, *, axis, dtype: Spec((), dtype),
    grad=lambda g, y, x, *, axis, dtype: [None],
    expand=lambda x, *, axis, dtype: _scalar(num_elements(x.shape, axis), dtype),
    shape_only=(0,),
)
def count(x, /, axis, dtype):  # type: ignore[no-untyped-def]
    """Number of elements along the axes (a tuple, or None for all), as a scalar of ``dtype``."""
    return np.asarray(num_elements(x.shape, axis), dtype)


def _iota_shape(x: Spec, axis: int) -> tuple[int | None, ...]:
    assert x.shape is not None
    return tuple(d if k == axis else 1 for k, d in enumerate(x.shape))


def _iota(shape: Sequence[Any], axis: int, dtype: np.dtype) -> np.ndarray:
    lengths = [d if k == axis else 1 for k, d in enumerate(shape)]
    return np.arange(shape[axis], dtype=dtype).reshape(lengths)


@make_op(
    {},
    infer=lambda x, *, axis, dtype: Spec(_iota_shape(x, axis), dtypes.as_dtype(dtype)),
    prepare=lambda tensors, attrs: (
        tensors,
        {**attrs, "axis": checked_axis(attrs["axis"], tensors[0].ndim, "iota_like")},
    ),
    grad=lambda g, y, x, *, axis, dtype: [None],
    expand=lambda x, *, axis, dtype: constant(_iota(x.shape, axis, dtypes.as_dtype(dtype))),
    shape_only=(0,),
)
def iota_like(x, /, axis=0, dtype="int64"):  # type: ignore[no-untyped-def]
    """0, 1, 2, ... along one axis of ``x``, of which only the shape is read; the other axes have length 1.

    >>> iota_like([[5.0, 5.0], [5.0, 5.0]], axis=1).tolist()
    [[0, 1]]
    """
    return _iota(x.shape, axis, dtypes.as_dtype(dtype))


# --- axes moved, dropped, merged ------------------------------------------------------------------------------------


def _squeeze_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    shape, axis = tensors[0].known_shape(), attrs["axis"]
    if axis is None:
        if None in shape:
            raise fail(
                ShapeError, "squeeze: name the axis where lengths are unknown", received=shape_text(shape)
            )
        return tensors, {"axis": tuple(k for k, d in enumerate(shape) if d == 1)}
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tensors, {"axis": tuple(sorted({checked_axis(a, len(shape), "squeeze") for a in axes}))}


def _squeeze_infer(x: Spec, *, axis: tuple[int, ...]) -> Spec:
    assert x.shape is not None
    if any(x.shape[a] not in (1, None) for a in axis):
        raise fail(
            ShapeError,
            "only axes of length 1 can be dropped",
            expected=f"length 1 on axis {axis}",
            received=shape_text(x.shape),
        )
    return Spec(tuple(d for k, d in enumerate(x.shape) if k not in axis), x.dtype)


def _squeeze_view(layout: Layout, *, axis: tuple[int, ...]) -> Layout:
    kept = [k for k in range(len(layout.shape)) if k not in axis]
    return Layout(layout.offset, tuple(layout.shape[k] for k in kept), tuple(layout.strides[k] for k in kept))


@make_op(
    {},
    infer=_squeeze_infer,
    prepare=_squeeze_prepare,
    grad=lambda g, y, x, *, axis: [expand_dims(g, axis) if axis else g],
    lower=View(_squeeze_view),
)
def squeeze(x, /, axis=None):  # type: ignore[no-untyped-def]
    """Axes of length 1 dropped: the named ones, or all.

    >>> squeeze([[[1], [2]]], axis=(0, 2)).tolist()
    [1, 2]
    """
    return np.squeeze(x, axis)


def _tensor(x: Any) -> Tensor:
    return convert_operands([x])[0]


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int], /) -> Tensor:
    """The axes ``source`` moved to the positions ``destination``; the others keep their order.

    >>> moveaxis([[1, 2, 3], [4, 5, 6]], 0, 1).shape
    (3, 2)
    """
    x = _tensor(x)
    rank = x.ndim
    given = [v if isinstance(v, (tuple, list)) else (v,) for v in (source, destination)]
    start, end = ([checked_axis(a, rank, "moveaxis") for a in axes] for axes in given)
    if len(start) != len(end) or len(set(start)) != len(start) or len(set(end)) != len(end):
        raise fail(
            ArgumentError,
            "moveaxis: axes",
            expected="as many destinations as sources, none twice",
            received=f"{source}, {destination}",
        )
    order = [k for k in range(rank) if k not in start]
    for to, axis in sorted(zip(end, start, strict=True)):
        order.insert(to, axis)
    return permute_dims(x, tuple(order))


def swapaxes(x: Any, axis1: int, axis2: int, /) -> Tensor:
    """Two axes exchanged.

    >>> swapaxes([[1, 2, 3], [4, 5, 6]], 0, 1).shape
    (3, 2)
    """
    x = _tensor(x)
    order = list(range(x.ndim))
    a, b = (checked_axis(k, x.ndim, "swapaxes") for k in (axis1, axis2))
    order[a], order[b] = b, a
    return permute_dims(x, tuple(order))


def flatten(x: Any, /) -> Tensor:
    """All elements in row-major order, on one axis.

    >>> flatten([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return reshape(x, (-1,))


def broadcast_arrays(*arrays: Any) -> tuple[Tensor, ...]:
    """The tensors stretched to the shape that they broadcast to.

    >>> [t.tolist() for t in broadcast_arrays([1, 2], [[3], [4]])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    tensors = convert_operands(arrays)
    shape = broadcast_shapes(*[t.shape for t in tensors])
    if shape is not None and None not in shape:
        return tuple(broadcast_to(t, shape) for t in tensors)
    like = full_like(tensors[0], 0, "float32")  # only its shape will be read
    for t in tensors[1:]:
        like = like + full_like(t, 0, "float32")  # type: ignore[operator]
    return tuple(broadcast_like(t, like) for t in tensors)


# --- joining and splitting ------------------------------------------------------------------------------------------


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


# --- rolling, tiling, repeating -------------------------------------------------------------------------------------


def _roll_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    axis, shift = attrs["axis"], attrs["shift"]
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise fail(
            ArgumentError,
            "roll: shift and axis",
            expected="one shift for each axis",
            received=f"{shift}, {axis}",
        )
    places = tuple(checked_axis(a, tensors[0].ndim, "roll") for a in axes)
    return tensors, {"shift": tuple(operator.index(s) for s in shifts), "axis": places}


def _roll_expand(x: Tensor, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Tensor:
    for s, a in zip(shift, axis, strict=True):
        cut = -s % x.shape[a] if x.shape[a] else 0
        if cut:
            parts = [slice_axes(x, [WHOLE] * a + [bounds]) for bounds in ((cut, None, 1), (None, cut, 1))]
            x = concat_op(*parts, axis=a)
    return x


def _roll_op_gradient(g: Tensor, y: Tensor, x: Tensor, *, shift: Any, axis: Any) -> list[Any]:
    return [lambda: roll_op(g, tuple(-s for s in shift), axis)]


@make_op(
    {},
    infer=lambda x, *, shift, axis: x,
    prepare=_roll_prepare,
    grad=_roll_op_gradient,
    expand=_roll_expand,
)
def roll_op(x, /, shift, axis):  # type: ignore[no-untyped-def]
    """See :func:`roll`."""
    return np.roll(x, shift, axis)


def roll(x: Any, /, shift: int | Sequence[int], *, axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved by ``shift`` places along ``axis``, those beyond the end coming in at the front.

    None rolls the flattened tensor.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    x = _tensor(x)
    if axis is None:
        return reshape_like(roll_op(flatten(x), shift, 0), x)
    return roll_op(x, shift, axis)


def _times_length(length: int | None, factor: int) -> int | None:
    return None if length is None else length * factor


def _tile_infer(x: Spec, *, repetitions: tuple[int, ...]) -> Spec:
    assert x.shape is not None
    return Spec(tuple(_times_length(d, r) for d, r in zip(x.shape, repetitions, strict=True)), x.dtype)


def _tile_expand(x: Tensor, *, repetitions: tuple[int, ...]) -> Tensor:
    pairs = [(r, d) for r, d in zip(repetitions, x.shape, strict=True)]
    open_axes = reshape(x, [n for _, d in pairs for n in (1, d)])
    wide = broadcast_to(open_axes, [n for pair in pairs for n in pair])
    return reshape(wide, [r * d for r, d in pairs])


def _untile_expand(g: Tensor, like: Tensor, *, repetitions: tuple[int, ...]) -> Tensor:
    from thalweg.ops.reduce import sum as sum_

    parts = reshape(g, [n for r, d in zip(repetitions, like.shape, strict=True) for n in (r, d)])
    return sum_(parts, axis=tuple(range(0, 2 * like.ndim, 2)))


def _tile_op_gradient(g: Tensor, y: Tensor, x: Tensor, *, repetitions: Any) -> list[Any]:
    return [lambda: untile(g, x, repetitions=repetitions)]


@make_op(
    {},
    infer=_tile_infer,
    grad=_tile_op_gradient,
    expand=_tile_expand,
)
def tile_op(x, /, repetitions):  # type: ignore[no-untyped-def]
    """See :func:`tile`."""
    return np.tile(x, repetitions)


@make_op(
    {},
    infer=lambda g, like, *, repetitions: Spec(like.shape, g.dtype),
    grad=lambda h, y, g, like, *, repetitions: [lambda: tile_op(h, repetitions), None],
    expand=_untile_expand,
    shape_only=(1,),
)
def untile(g, like, /, repetitions):  # type: ignore[no-untyped-def]
    """The copies of a tiling added up: the transpose of :func:`tile`."""
    parts = g.reshape([n for pair in zip(repetitions, like.shape, strict=True) for n in pair])
    return parts.sum(axis=tuple(range(0, 2 * like.ndim, 2)), dtype=g.dtype)


def tile(x: Any, repetitions: int | Sequence[int], /) -> Tensor:
    """The tensor repeated as a block: ``repetitions`` times along each axis (missing ones count from the front as 1).

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    x = _tensor(x)
    counts = (repetitions,) if isinstance(repetitions, (int, np.integer)) else tuple(repetitions)
    counts = tuple(operator.index(r) for r in counts)
    if any(r < 0 for r in counts):
        raise fail(ArgumentError, "tile: repetitions", expected="numbers >= 0", received=f"{repetitions}")
    if len(counts) > x.ndim:
        x = expand_dims(x, tuple(range(len(counts) - x.ndim)))
    return tile_op(x, (1,) * (x.ndim - len(counts)) + counts)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Tensor:
    """Each element repeated along ``axis`` (default: of the flattened tensor): ``repeats`` times, or one count each.

    >>> repeat([1, 2], 2).tolist(), repeat([1, 2], [0, 3]).tolist()
    ([1, 1, 2, 2], [2, 2, 2])
    """
    x = _tensor(x)
    if axis is None:
        x, axis = flatten(x), 0
    axis = checked_axis(axis, x.ndim, "repeat")
    counts = np.asarray(repeats.array() if isinstance(repeats, Tensor) else repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts < 0).any():
        raise fail(
            ArgumentError,
            "repeat: repeats",
            expected="a number >= 0, or one for each element",
            received=f"{repeats}",
        )
    if counts.ndim == 0:
        return _blocks(x, int(counts), axis)
    from thalweg.ops.index import take

    length = _known_length(x, axis, "repeat")
    if counts.size not in (1, length):
        raise fail(ArgumentError, "repeat: repeats", expected=f"{length} numbers", received=f"{counts.size}")
    return take(x, np.repeat(np.arange(length), counts), axis=axis)


def _blocks(x: Tensor, count: int, axis: int) -> Tensor:
    """Each element ``count`` times: as a tiling of a new axis after it, merged into it."""
    wide = tile_op(expand_dims(x, axis + 1), tuple(count if k == axis + 1 else 1 for k in range(x.ndim + 1)))
    return merge_axes(wide, axis=axis)


def _merged(shape: Sequence[Any], axis: int) -> tuple[Any, ...]:
    a, b = shape[axis : axis + 2]
    return (*shape[:axis], None if a is None or b is None else a * b, *shape[axis + 2 :])


@make_op(
    {},
    infer=lambda x, *, axis: Spec(_merged(x.shape, axis), x.dtype),
    prepare=lambda tensors, attrs: (
        tensors,
        {"axis": checked_axis(attrs["axis"], tensors[0].ndim - 1, "merge_axes")},
    ),
    grad=lambda g, y, x, *, axis: [lambda: reshape_like(g, x)],
    expand=lambda x, *, axis: reshape(x, _merged(x.shape, axis)),
)
def merge_axes(x, /, axis):  # type: ignore[no-untyped-def]
    """Axis ``axis`` and the one after it as one; lengths may be unknown.

    >>> merge_axes([[1, 2], [3, 4]], 0).tolist()
    [1, 2, 3, 4]
    """
    return np.reshape(x, _merged(x.shape, axis))


# --- padding --------------------------------------------------------------------------------------------------------


def _pad_widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """One (before, after) per axis, from a number, a pair, or pairs."""
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (rank, 2))
    except ValueError:
        widths = None
    if widths is None or (widths.size and (widths.dtype.kind not in "iu" or (widths < 0).any())):
        raise fail(
            ArgumentError,
            "pad: pad_width",
            expected=f"a number >= 0, a pair (before, after), or {rank} pairs",
            received=f"{pad_width}",
        )
    return [(int(low), int(high)) for low, high in widths]


def _mirrored(x: Tensor, axis: int, low: int, high: int, mode: str) -> Tensor:
    """One axis padded from its own elements."""
    length = x.shape[axis]
    edge = int(mode == "reflect")
    fits = mode != "edge" and (length is None or max(low, high) <= length - edge)
    if not fits and length is not None:
        from thalweg.ops.index import take

        if length == 0 or (mode == "reflect" and length == 1):
            raise fail(
                ShapeError,
                f"pad: nothing to {mode}",
                expected=f"at least {1 + edge} elements on axis {axis}",
                received=f"{length}",
            )
        return take(x, np.pad(np.arange(length), (low, high), mode=mode), axis=axis)  # type: ignore[call-overload]

    def part(*bounds: Any) -> Tensor:
        return slice_axes(x, [WHOLE] * axis + [bounds])

    if mode == "edge":
        first, last = part(None, 1, 1), part(-1, None, 1)
        return concat_op(*[first] * low, x, *[last] * high, axis=axis)
    before = flip(part(edge, low + edge, 1), axis=axis)
    after = flip(part(-high - edge, -edge or None, 1), axis=axis)
    return concat_op(*([before] if low else []), x, *([after] if high else []), axis=axis)


def pad(x: Any, /, pad_width: Any, mode: str = "constant", *, constant_values: float = 0) -> Tensor:
    """More elements before and after on each axis.

    ``pad_width``: a number, a pair (before, after), or a pair for each axis. ``mode``: "constant"
    (``constant_values``), "reflect" (mirrored about the edge element), "symmetric" (mirrored about the edge) or
    "edge" (the edge element repeated).

    >>> pad([1, 2, 3], (1, 2)).tolist()
    [0, 1, 2, 3, 0, 0]
    >>> pad([1, 2, 3], 2, mode="reflect").tolist()
    [3, 2, 1, 2, 3, 2, 1]
    """
    x = _tensor(x)
    widths = _pad_widths(pad_width, x.ndim)
    if mode == "constant":
        return zero_padded(x, widths, constant_values)
    if mode not in ("reflect", "symmetric", "edge"):
        raise fail(
            ArgumentError, "pad: mode", expected="constant, reflect, symmetric or edge", received=repr(mode)
        )
    for axis, (low, high) in enumerate(widths):
        if low or high:
            x = _mirrored(x, axis, low, high, mode)
    return x


# --- triangles and the like -----------------------------------------------------------------------------------------


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Sum of the diagonal of the last two axes.

    >>> trace([[1, 2], [3, 4]]).item()
    5
    """
    from thalweg.ops.contract import diagonal
    from thalweg.ops.reduce import sum as sum_

    return sum_(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def _triangle(x: Any, k: int, lower: bool) -> Tensor:
    from thalweg.ops.arithmetic import greater_equal, less_equal, where

    x = _tensor(x)
    if x.ndim < 2:
        raise fail(ShapeError, "tril and triu: x", expected="at least 2 axes", received=shape_text(x.shape))
    rows, columns = iota_like(x, -2), iota_like(x, -1)
    kept = less_equal(columns, rows + k) if lower else greater_equal(columns, rows + k)
    return where(kept, x, full_like(x, 0))


def tril(x: Any, /, *, k: int = 0) -> Tensor:
    """The elements of the last two axes on and below the k-th diagonal, zero elsewhere.

    >>> tril([[1, 2], [3, 4]]).tolist()
    [[1, 0], [3, 4]]
    """
    return _triangle(x, k, True)


def triu(x: Any, /, *, k: int = 0) -> Tensor:
    """The elements of the last two axes on and above the k-th diagonal, zero elsewhere.

    >>> triu([[1, 2], [3, 4]]).tolist()
    [[1, 2], [0, 4]]
    """
    return _triangle(x, k, False)


def diag(x: Any, /, *, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix, or the matrix with a vector on its k-th diagonal.

    >>> diag([1, 2]).tolist(), diag([[1, 2], [3, 4]]).tolist()
    ([[1, 0], [0, 2]], [1, 4])
    """
    from thalweg.ops.contract import diagonal

    x = _tensor(x)
    if x.ndim == 2:
        return diagonal(x, offset=k)
    if x.ndim != 1:
        raise fail(ShapeError, "diag: x", expected="1 or 2 axes", received=shape_text(x.shape))
    from thalweg.ops.arithmetic import equal, where

    x = zero_padded(x, [(max(-k, 0), max(k, 0))])  # now element r stands in row r
    rows, columns = expand_dims(iota_like(x, 0), 1), expand_dims(iota_like(x, 0), 0)
    column = expand_dims(x, 1)
    return where(equal(columns, rows + k), column, full_like(column, 0))


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinate tensors of the grid that vectors span: "xy" puts the first vector on axis 1, "ij" on axis 0.

    >>> [t.tolist() for t in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise fail(ArgumentError, "meshgrid: indexing", expected="'xy' or 'ij'", received=repr(indexing))
    tensors = convert_operands(arrays)
    rank = len(tensors)
    placed = []
    for k, t in enumerate(tensors):
        axis = 1 - k if indexing == "xy" and k < 2 and rank > 1 else k
        placed.append(
            expand_dims(flatten(t), tuple(a for a in range(rank) if a != axis)) if rank > 1 else flatten(t)
        )
    return broadcast_arrays(*placed) if placed else ()


def one_hot(indices: Any, num_classes: int, /, *, dtype: Any = "float32", axis: int = -1) -> Tensor:
    """A new axis of length ``num_classes`` that holds 1 at the index and 0 elsewhere (all 0 for an index out of range).

    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    from thalweg.ops.arithmetic import astype, equal

    indices = _tensor(indices)
    if not dtypes.is_integer(indices.dtype):
        raise fail(DTypeError, "one_hot: indices", expected="an integer dtype", received=indices.dtype.name)
    rank = indices.ndim + 1
    place = checked_axis(axis, rank, "one_hot")
    # In the indices' own dtype where it can count the classes, so that short types stay short in the loop.
    kind = indices.dtype if num_classes - 1 <= np.iinfo(indices.dtype).max else dtypes.int64
    classes = np.arange(num_classes, dtype=kind).reshape(
        [num_classes if k == place else 1 for k in range(rank)]
    )
    return astype(equal(expand_dims(astype(indices, kind), place), constant(classes)), dtype)
