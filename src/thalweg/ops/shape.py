"""Shape ops: views of the same elements, broadcasts, and the forms that take their shape from another tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lowering import Layout, Reshape, View
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, check_shape, checked_axis, constant, shape_text
from thalweg.ops.families import broadcast_shapes
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
    "iota_like",
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
    expand=lambda x, like: broadcast_to.build((x,), {"shape": like.shape}),
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
