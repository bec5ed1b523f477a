"""Slices of axes and what undoes them: slicing, zeros around a slice, padding, gaps, sliding windows."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, IndexRangeError, ShapeError, fail
from thalweg.graph.lowering import Assemble, Layout, View, row_major
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text

__all__ = (
    "flip",
    "dilate",
    "windows",
    "slice_axes",
    "slice_update",
)

Item = Any  # one axis of a slice: an int (the axis is dropped) or (start, stop, step) as in a Python slice
WHOLE: Item = (None, None, None)


def view_of(array: np.ndarray, layout: Layout) -> np.ndarray:
    """The elements of a row-major array seen through a layout, writeable where the array is."""
    flat = array.reshape(-1)[layout.offset :] if array.size else array.reshape(-1)
    strides = tuple(s * array.itemsize for s in layout.strides)
    return np.lib.stride_tricks.as_strided(flat, layout.shape, strides)


# --- slices ---------------------------------------------------------------------------------------------------------


def _item(item: Item) -> Item:
    if isinstance(item, slice):
        item = (item.start, item.stop, item.step)
    if isinstance(item, tuple):
        bounds = tuple(None if b is None else operator.index(b) for b in item)
        if bounds[2] == 0:
            raise fail(ArgumentError, "the step of a slice is 0", expected="a step other than 0")
        return bounds
    return operator.index(item)


def _slice_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    items = tuple(_item(i) for i in attrs["items"])
    rank = tensors[0].ndim
    if len(items) > rank:
        raise fail(ArgumentError, "too many indices", expected=f"at most {rank}", received=f"{len(items)}")
    return tensors, {"items": items + (WHOLE,) * (rank - len(items))}


def _checked_index(index: int, length: int | None, axis: int) -> int:
    if length is None:
        return index
    if not -length <= index < length:
        raise fail(
            IndexRangeError,
            f"the index is beyond axis {axis}",
            expected=f"{-length} <= index < {length}",
            received=f"index {index}",
        )
    return index % length


def _sliced_length(item: Item, length: int | None) -> int | None:
    if length is None:
        return None
    return len(range(*slice(*item).indices(length)))


def _sliced_shape(shape: Sequence[int | None], items: Sequence[Item]) -> tuple[int | None, ...]:
    for axis, (item, length) in enumerate(zip(items, shape, strict=True)):
        if isinstance(item, int):
            _checked_index(item, length, axis)
    return tuple(_sliced_length(i, d) for i, d in zip(items, shape, strict=True) if not isinstance(i, int))


def _resolved(items: Sequence[Item], shape: Sequence[Any]) -> dict[str, Any]:
    """The slice in numbers for these lengths: for each axis start, number of elements, step, whether it is dropped.

    ``only`` says for which lengths the numbers hold: "" for all; the length and what was asked for as a text where they
    do not follow these evenly (a slice that is cut short by the end), so that no code for other lengths is made of
    them; else a number that is at least 1 for the lengths for which they do.
    """
    starts, lengths, steps, dropped, only = [], [], [], [], []
    for axis, (item, length) in enumerate(zip(items, shape, strict=True)):
        one = isinstance(item, int)
        places = (
            range(*slice(*item).indices(length))
            if not one
            else range(_checked_index(item, length, axis), length)
        )
        starts.append(places.start if len(places) else 0)
        lengths.append(1 if one else len(places))
        steps.append(1 if one else places.step)
        dropped.append(one)
        least = _least_length(item)
        if least == 0:
            only.append("")
        else:
            only.append(f"{item} of {length}" if least is None or length < least else length - least + 1)
    return {
        "starts": tuple(starts),
        "lengths": tuple(lengths),
        "steps": tuple(steps),
        "dropped": tuple(dropped),
        "only": tuple(only),
    }


def _least_length(item: Item) -> int | None:
    """From which length on start and number of elements are the same functions (sums with a number) of the length;
    None where they are not.
    """
    if isinstance(item, int):
        return item + 1 if item >= 0 else -item
    start, stop, step = item
    if step == -1 and start is None and stop is None:
        return 0
    if step not in (None, 1):
        return None
    left, right = start or 0, stop
    if left < 0 and right is not None and right >= 0:  # the longer, the fewer
        return None
    if left >= 0 and right is not None and right < 0:
        return left - right
    return max(abs(left), abs(right or 0))


def _placed_view(layout: Layout, *, starts: Any, lengths: Any, steps: Any, dropped: Any, only: Any) -> Layout:
    """Where the slice's elements lie."""
    offset = layout.offset
    for start, stride in zip(starts, layout.strides, strict=True):
        offset = offset + start * stride
    kept = [k for k, gone in enumerate(dropped) if not gone]
    return Layout(offset, tuple(lengths[k] for k in kept), tuple(steps[k] * layout.strides[k] for k in kept))


def _placed_key(starts: Any, lengths: Any, steps: Any, dropped: Any) -> tuple[Any, ...]:
    """The resolved slice as NumPy writes it."""
    key: list[Any] = []
    for start, length, step, gone in zip(starts, lengths, steps, dropped, strict=True):
        stop = start + length * step
        key.append(
            start if gone else slice(start, stop if stop >= 0 else None, step) if length else slice(0, 0)
        )
    return tuple(key)


@make_op(
    {},
    infer=lambda x, *, starts, lengths, steps, dropped, only: Spec(
        tuple(n for n, gone in zip(lengths, dropped, strict=True) if not gone), x.dtype
    ),
    lower=View(_placed_view),
)
def slice_at(x, /, starts, lengths, steps, dropped, only):  # type: ignore[no-untyped-def]
    """The compiled form of :func:`slice_axes`: its lengths are known."""
    return x[_placed_key(starts, lengths, steps, dropped)]


@make_op(
    {},
    infer=lambda g, like, **attrs: Spec(like.shape, g.dtype),
    lower=Assemble(
        lambda shapes, out_shape, **attrs: (0, [(0, _placed_view(row_major(out_shape), **attrs))])
    ),
    shape_only=(1,),
)
def unslice_at(g, like, /, starts, lengths, steps, dropped, only):  # type: ignore[no-untyped-def]
    """The compiled form of :func:`unslice`."""
    result = np.zeros(like.shape, g.dtype)
    result[_placed_key(starts, lengths, steps, dropped)] = g
    return result


def _update_parts(shapes: Any, out_shape: tuple[int, ...], **attrs: Any) -> Any:
    whole = row_major(out_shape)
    return None, [(0, whole), (1, _placed_view(whole, **attrs))]


@make_op({}, infer=lambda x, value, **attrs: x, lower=Assemble(_update_parts))
def update_at(x, value, /, starts, lengths, steps, dropped, only):  # type: ignore[no-untyped-def]
    """The compiled form of :func:`slice_update`."""
    result = np.array(x)
    result[_placed_key(starts, lengths, steps, dropped)] = value
    return result


def as_key(items: Sequence[Item]) -> tuple[Any, ...]:
    """The slice as NumPy writes it."""
    return tuple(slice(*i) if isinstance(i, tuple) else i for i in items)


def _slice_axes_gradient(g: Tensor, y: Tensor, x: Tensor, *, items: Any) -> list[Any]:
    return [lambda: unslice(g, x, items=items)]


@make_op(
    {},
    infer=lambda x, *, items: Spec(_sliced_shape(x.shape, items), x.dtype),
    prepare=_slice_prepare,
    grad=_slice_axes_gradient,
    expand=lambda x, *, items: slice_at(x, **_resolved(items, x.shape)),
)
def slice_axes(x, /, items):  # type: ignore[no-untyped-def]
    """x[items]: for each axis an int (the axis is dropped), a slice, or its (start, stop, step).

    >>> slice_axes([[1, 2, 3], [4, 5, 6]], [0, slice(None, None, -1)]).tolist()
    [3, 2, 1]
    """
    return x[as_key(items)]


@make_op(
    {},
    infer=lambda g, like, *, items: Spec(like.shape, g.dtype),
    grad=lambda h, y, g, like, *, items: [lambda: slice_axes(h, items), None],
    expand=lambda g, like, *, items: unslice_at(g, like, **_resolved(items, like.shape)),
    shape_only=(1,),
)
def unslice(g, like, /, items):  # type: ignore[no-untyped-def]
    """Zeros of the shape of ``like`` with ``g`` at the slice: the transpose of :func:`slice_axes`."""
    result = np.zeros(like.shape, g.dtype)
    result[as_key(items)] = g
    return result


def _update_infer(x: Spec, value: Spec, *, items: Sequence[Item]) -> Spec:
    assert x.shape is not None
    wanted = _sliced_shape(x.shape, items)
    if value.shape is not None and None not in wanted and None not in value.shape and value.shape != wanted:
        raise fail(
            ShapeError,
            "the value does not fill the slice",
            expected=shape_text(wanted),
            received=shape_text(value.shape),
        )
    return x


def _update_gradient(g: Tensor, y: Tensor, x: Tensor, value: Tensor, *, items: Any) -> list[Any]:
    from thalweg.ops.shape import full_like

    return [lambda: slice_update(g, full_like(value, 0, g.dtype), items=items), lambda: slice_axes(g, items)]


@make_op(
    {},
    infer=_update_infer,
    prepare=_slice_prepare,
    grad=_update_gradient,
    expand=lambda x, value, *, items: update_at(x, value, **_resolved(items, x.shape)),
)
def slice_update(x, value, /, items):  # type: ignore[no-untyped-def]
    """x with the slice replaced by ``value``, which has the slice's shape; x itself is not changed.

    >>> slice_update([1, 2, 3], [7, 8], items=[slice(1, None)]).tolist()
    [1, 7, 8]
    """
    result = np.array(x)
    result[as_key(items)] = value
    return result


def flip(x: Any, /, *, axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements in the opposite order along ``axis`` (all axes by default).

    >>> flip([1, 2, 3]).tolist()
    [3, 2, 1]
    """
    (x,) = convert_operands([x])
    rank = x.ndim
    axes = range(rank) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    turned = {checked_axis(a, rank, "flip") for a in axes}
    return slice_axes(x, [(None, None, -1) if k in turned else WHOLE for k in range(rank)])


# --- padding and gaps -----------------------------------------------------------------------------------------------


def _spaced_length(length: int | None, width: tuple[int, int], step: int) -> int | None:
    if length is None:
        return None
    return sum(width) + ((length - 1) * step + 1 if length else 0)


def _spaced_view(shape: Sequence[int], out_shape: tuple[int, ...], widths: Any, steps: Any) -> Layout:
    whole = row_major(out_shape)
    offset = sum(low * s for (low, _), s in zip(widths, whole.strides, strict=True))
    strides = tuple(k * s for k, s in zip(steps, whole.strides, strict=True))
    return Layout(offset if 0 not in shape else 0, tuple(shape), strides)


def _spaced_items(widths: Any, steps: Any) -> list[Item]:
    """The slice of the result in which the input stands."""
    return [(low, -high if high else None, step) for (low, high), step in zip(widths, steps, strict=True)]


@make_op(
    {},
    infer=lambda x, *, widths, steps, value: Spec(
        tuple(_spaced_length(d, w, s) for d, w, s in zip(x.shape, widths, steps, strict=True)), x.dtype
    ),
    grad=lambda g, y, x, *, widths, steps, value: [lambda: slice_axes(g, _spaced_items(widths, steps))],
    lower=Assemble(
        lambda shapes, out_shape, *, widths, steps, value: (
            value,
            [(0, _spaced_view(shapes[0], out_shape, widths, steps))],
        )
    ),
)
def spaced(x, /, widths, steps, value):  # type: ignore[no-untyped-def]
    """x with its elements ``steps`` apart and ``widths`` = (before, after) more on each axis, filled with ``value``."""
    shape = tuple(_spaced_length(d, w, s) for d, w, s in zip(x.shape, widths, steps, strict=True))
    result = np.full(shape, value, x.dtype)  # type: ignore[type-var]
    result[as_key(_spaced_items(widths, steps))] = x
    return result


def fill_value(value: Any, dtype: np.dtype) -> Any:
    """A fill number as a Python number of the kind of the dtype."""
    if not isinstance(value, (bool, int, float, np.generic)):
        raise fail(ArgumentTypeError, "the fill value must be a number", received=repr(value))
    return np.asarray(value).astype(dtype).item()


def zero_padded(x: Tensor, widths: Sequence[tuple[int, int]], value: Any = 0) -> Tensor:
    """x with (before, after) more elements on each axis, all equal to ``value``."""
    if not any(low or high for low, high in widths):
        return x
    return spaced(x, widths=tuple(widths), steps=(1,) * x.ndim, value=fill_value(value, x.dtype))


def dilate(x: Any, /, steps: int | Sequence[int], *, value: float = 0) -> Tensor:
    """Neighbouring elements moved ``steps`` apart (a number, or one for each of the last axes), ``value`` between.

    >>> dilate([1, 2, 3], 2).tolist()
    [1, 0, 2, 0, 3]
    """
    (x,) = convert_operands([x])
    given = (int(steps),) * x.ndim if isinstance(steps, (int, np.integer)) else tuple(int(s) for s in steps)
    if len(given) > x.ndim or any(s < 1 for s in given):
        raise fail(
            ArgumentError, "dilate: steps", expected=f"at most {x.ndim} numbers >= 1", received=f"{steps}"
        )
    full = (1,) * (x.ndim - len(given)) + given
    if all(s == 1 for s in full):
        return x
    return spaced(x, widths=((0, 0),) * x.ndim, steps=full, value=fill_value(value, x.dtype))


# --- sliding windows ------------------------------------------------------------------------------------------------


def _num_windows(length: int | None, size: int, stride: int, dilation: int) -> int | None:
    if length is None:
        return None
    return max((length - (size - 1) * dilation - 1) // stride + 1, 0)


def _windows_shape(shape: Any, axes: Any, size: Any, strides: Any, dilation: Any) -> tuple[int | None, ...]:
    result = list(shape)
    for a, n, s, d in zip(axes, size, strides, dilation, strict=True):
        result[a] = _num_windows(shape[a], n, s, d)
    return (*result, *size)


def _windows_view(layout: Layout, *, axes: Any, size: Any, strides: Any, dilation: Any) -> Layout:
    steps = list(layout.strides)
    for a, s in zip(axes, strides, strict=True):
        steps[a] *= s
    inner = tuple(layout.strides[a] * d for a, d in zip(axes, dilation, strict=True))
    shape = _windows_shape(layout.shape, axes, size, strides, dilation)
    return Layout(layout.offset if 0 not in shape else 0, shape, (*steps, *inner))  # type: ignore[arg-type]


def _windows_view_gradient(g: Tensor, y: Tensor, x: Tensor, **attrs: Any) -> list[Any]:
    return [lambda: fold_windows(g, x, **attrs)]


@make_op(
    {},
    infer=lambda x, *, axes, size, strides, dilation: Spec(
        _windows_shape(x.shape, axes, size, strides, dilation), x.dtype
    ),
    grad=_windows_view_gradient,
    lower=View(_windows_view),
)
def windows_view(x, /, axes, size, strides, dilation):  # type: ignore[no-untyped-def]
    """See :func:`windows`."""
    layout = Layout(0, x.shape, tuple(s // x.itemsize for s in x.strides))
    seen = _windows_view(layout, axes=axes, size=size, strides=strides, dilation=dilation)
    steps = tuple(s * x.itemsize for s in seen.strides)
    return np.lib.stride_tricks.as_strided(x, seen.shape, steps, writeable=False)


def _fold_expand(g: Tensor, like: Tensor, *, axes: Any, size: Any, strides: Any, dilation: Any) -> Tensor:
    """One windowed axis after the other, the last first: each place in the window padded to its place, and added."""
    shape = like.known_shape()
    if None in shape:
        raise fail(
            ShapeError, "windows: a second derivative needs known axis lengths", received=shape_text(shape)
        )
    for a, n, stride, gap in reversed(list(zip(axes, size, strides, dilation, strict=True))):
        parts = [slice_axes(g, [WHOLE] * (g.ndim - 1) + [i]) for i in range(n)]
        g = _placed(parts[0], a, 0, stride, shape[a])
        for i, part in enumerate(parts[1:], 1):
            g = g + _placed(part, a, i * gap, stride, shape[a])  # type: ignore[operator]
    return g


def _placed(g: Tensor, axis: int, offset: int, stride: int, length: Any) -> Tensor:
    """The elements of g along an axis, ``stride`` apart from ``offset`` on in the given length, zeros between."""
    count = g.shape[axis]
    if not count:
        return zero_padded(g, [(0, length) if k == axis else (0, 0) for k in range(g.ndim)])
    after = length - offset - (count - 1) * stride - 1
    widths = tuple((offset, after) if k == axis else (0, 0) for k in range(g.ndim))
    steps = tuple(stride if k == axis else 1 for k in range(g.ndim))
    return spaced(g, widths=widths, steps=steps, value=0)


@make_op(
    {},
    infer=lambda g, like, **attrs: Spec(like.shape, g.dtype),
    grad=lambda h, y, g, like, **attrs: [lambda: windows_view(h, **attrs), None],
    expand=_fold_expand,
    shape_only=(1,),
)
def fold_windows(g, like, /, axes, size, strides, dilation):  # type: ignore[no-untyped-def]
    """Each window added back where it was read, overlaps summed: the transpose of :func:`windows`."""
    result = np.zeros(like.shape, g.dtype)
    for offsets in np.ndindex(*size):
        key = [slice(None)] * like.ndim
        for a, i, s, d in zip(axes, offsets, strides, dilation, strict=True):
            key[a] = slice(i * d, i * d + (g.shape[a] - 1) * s + 1 if g.shape[a] else 0, s)
        result[tuple(key)] += g[(..., *offsets)]
    return result


def windows(
    x: Any,
    /,
    size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    *,
    axes: Sequence[int] | None = None,
) -> Tensor:
    """Sliding windows over ``axes`` (by default the last ones, as many as ``size`` has): a view, nothing is copied.

    Each windowed axis keeps the number of windows, (length - (size - 1) * dilation - 1) // stride + 1; the places in
    the window follow as new last axes. ``strides``: between windows; ``dilation``: between elements of one.

    >>> windows([1, 2, 3, 4], 2).tolist()
    [[1, 2], [2, 3], [3, 4]]
    """
    (x,) = convert_operands([x])
    sizes = (int(size),) if isinstance(size, (int, np.integer)) else tuple(int(n) for n in size)
    steps, gaps = (_per_axis(v, len(sizes), n) for v, n in ((strides, "strides"), (dilation, "dilation")))
    if len(sizes) > x.ndim:
        raise fail(
            ShapeError,
            "windows: more sizes than axes",
            expected=f"at most {x.ndim}",
            received=f"{len(sizes)}",
        )
    chosen = (
        tuple(range(x.ndim - len(sizes), x.ndim))
        if axes is None
        else tuple(checked_axis(a, x.ndim, "windows") for a in axes)
    )
    if len(chosen) != len(sizes) or len(set(chosen)) != len(chosen):
        raise fail(
            ArgumentError, "windows: axes", expected=f"{len(sizes)} different axes", received=f"{axes}"
        )
    if any(n < 1 for n in sizes):
        raise fail(ArgumentError, "windows: size", expected="numbers >= 1", received=f"{size}")
    return windows_view(x, axes=chosen, size=sizes, strides=steps, dilation=gaps)


def _per_axis(value: Any, count: int, name: str) -> tuple[int, ...]:
    result = (int(value),) * count if isinstance(value, (int, np.integer)) else tuple(int(v) for v in value)
    if len(result) != count or any(v < 1 for v in result):
        raise fail(ArgumentError, f"windows: {name}", expected=f"{count} numbers >= 1", received=f"{value}")
    return result
