"""Shapes, parts and places: the functions of TensorFlow 2 that move elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.names import only
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import as_dtype, dtype_of_range, numpy_dtype
from thalweg.compat.tf2.indexed import remember_gathered
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import (
    alike,
    axes,
    cast,
    filled,
    fitting,
    is_known,
    lengths,
    number,
    of_dtype,
    pair,
    tensor,
)
from thalweg.errors import ShapeError, SymbolicError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor
from thalweg.nn.embedding import row_numbers
from thalweg.ops import (
    contract,
    create,
    dynamic,
    elementwise,
    index,
    joining,
    norms,
    reduce,
    search,
    slices,
    sort,
    state,
    tiling,
    triangles,
)
from thalweg.ops import shape as shapes

# --- made -----------------------------------------------------------------------------------------------------------


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A tensor of a value, filled to a shape where one is given."""
    if value is not None and is_text(fitting(value, dtype)):
        return texts(value) if shape is None else texts(np.broadcast_to(np.asarray(texts(value)), shape))
    made = tensor(of_dtype(fitting(value, dtype), dtype, TypeError), dtype)
    if shape is None:
        return made
    wanted = lengths(shape)
    return filled(shape, made) if made.size == 1 else shapes.reshape(made, wanted)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: Any = None) -> Any:
    """A tensor of a value; of a variable, its value now."""
    value = value.read() if isinstance(value, core.Variable) else value
    value = of_dtype(fitting(value, dtype), dtype, ValueError)
    return tensor(value, None if dtype is not None and as_dtype(dtype).name == "string" else dtype)


def zeros(shape: Any, dtype: Any = "float32", name: Any = None) -> Any:
    """Zeros, or texts with nothing in them."""
    if as_dtype(dtype).name == "string":
        return texts(np.full(lengths(shape), b"", dtype=object))
    return filled(shape, core.constant(0, numpy_dtype(dtype)))


def ones(shape: Any, dtype: Any = "float32", name: Any = None) -> Any:
    """Ones."""
    return filled(shape, core.constant(1, numpy_dtype(dtype)))


def fill(dims: Any, value: Any, name: Any = None) -> Any:
    """One number, or text, everywhere."""
    return constant(value, shape=lengths(dims)) if is_text(value) else filled(dims, tensor(value))


def zeros_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros in the shape of a tensor."""
    return shapes.full_like(tensor(input), 0, None if dtype is None else numpy_dtype(dtype))


def ones_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones in the shape of a tensor."""
    return shapes.full_like(tensor(input), 1, None if dtype is None else numpy_dtype(dtype))


def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32", name: Any = None
) -> Any:
    """The identity matrix, or a stack of it."""
    columns = None if num_columns is None else int(num_columns)
    made = create.eye(int(num_rows), columns, dtype=numpy_dtype(dtype))
    return made if batch_shape is None else filled((*lengths(batch_shape), *made.shape), made)


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """Numbers from start up to limit; int32 where all are whole, int64 where that does not hold them."""
    start, limit = (0, start) if limit is None else (start, limit)
    if not all(map(is_known, (start, limit, delta))):
        return _open_range(tensor(start), tensor(limit), delta, dtype)
    made = np.arange(number(start), number(limit), number(delta))
    kind = dtype or dtype_of_range(made, start, limit, delta)
    return core.constant(made.astype(numpy_dtype(kind)))


def _open_range(start: Tensor, limit: Tensor, delta: Any, dtype: Any) -> Any:
    if not is_known(delta) or number(delta) != 1:
        raise fail(
            SymbolicError, "tf.range: delta", expected="1 where the limit is symbolic", received=repr(delta)
        )
    counted = dynamic.iota(cast(limit - start, "int64"))  # type: ignore[operator]
    return cast(counted, dtype or limit.dtype) + cast(start, dtype or limit.dtype)


def linspace(start: Any, stop: Any, num: Any, name: Any = None, axis: int = 0) -> Any:
    """Numbers at equal distances."""
    made = np.linspace(np.asarray(start), np.asarray(stop), int(number(num)), axis=axis)
    return core.constant(
        made.astype(np.float64 if getattr(start, "dtype", None) == np.float64 else np.float32)
    )


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: Any = None,
) -> Any:
    """1 at the number of the class along a new last axis, 0 elsewhere, or the two values given: of their dtype."""
    given = next((tensor(v).dtype for v in (on_value, off_value) if v is not None), "float32")
    kind = numpy_dtype(dtype or given)
    count, place = int(number(depth)), -1 if axis is None else axis
    if on_value is None and off_value is None:
        return triangles.one_hot(tensor(indices), count, dtype=kind, axis=place)
    here = triangles.one_hot(tensor(indices), count, dtype=np.dtype(bool), axis=place)
    both = (1 if on_value is None else on_value, 0 if off_value is None else off_value)
    return elementwise.where(here, *(tensor(value, kind) for value in both))


def meshgrid(*args: Any, indexing: str = "xy", name: Any = None) -> Any:
    """Coordinates over a grid."""
    return list(triangles.meshgrid(*[tensor(a) for a in args], indexing=indexing))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: Any = None) -> Any:
    """True below each length along a new last axis."""
    rows = shapes.expand_dims(tensor(lengths), -1)
    longest = int(np.max(np.asarray(lengths))) if maxlen is None else int(number(maxlen))
    return cast(elementwise.less(core.constant(np.arange(longest)), cast(rows, "int64")), dtype)


# --- shapes ---------------------------------------------------------------------------------------------------------


def shape(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """The lengths of the axes."""
    if is_text(input):
        return tensor(np.asarray(texts(input)).shape, out_type)
    x, dtype = tensor(input), numpy_dtype(out_type)
    if None not in x.known_shape():
        return core.constant(np.array(x.shape, dtype))
    found = [
        shapes.count(x, (k,), dtype) if d is None else core.constant(d, dtype) for k, d in enumerate(x.shape)
    ]
    return joining.stack(found)


def rank(input: Any, name: Any = None) -> Any:
    """The number of axes."""
    return tensor(tensor(input).ndim)


def size(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """The number of elements."""
    x = tensor(input)
    return shapes.count(x, None, numpy_dtype(out_type)) if x.size is None else tensor(x.size, out_type)


def reshape(tensor: Any, shape: Any, name: Any = None) -> Any:
    """The elements under another shape; one length may be -1."""
    return dynamic.reshape_to_lengths(_tensor(tensor), lengths(shape))


_tensor = tensor


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: Any = None) -> Any:
    """The axes in another order, the opposite one unless given."""
    return shapes.permute_dims(tensor(a), None if perm is None else tuple(int(k) for k in perm))


def expand_dims(input: Any, axis: Any, name: Any = None) -> Any:
    """An axis of length 1 more."""
    if isinstance(input, TextTensor):
        return texts(np.expand_dims(np.asarray(input), axis))
    return shapes.expand_dims(tensor(input), int(np.asarray(number(axis)).item()))


def squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:
    """Axes of length 1 less."""
    if isinstance(input, TextTensor):
        return texts(np.squeeze(np.asarray(input), axis))
    x = tensor(input)
    form = x.specs[0].shape
    if axis is None and form is not None and None in form:  # lengths that only a run knows are not 1
        axis = [k for k, n in enumerate(form) if n == 1]
    return shapes.squeeze(x, axes(axis))


def broadcast_to(input: Any, shape: Any, name: Any = None) -> Any:
    """Stretched to a shape."""
    return filled(shape, tensor(input))


def concat(values: Sequence[Any], axis: Any, name: str = "concat") -> Any:
    """Tensors one after another along an axis."""
    if not isinstance(values, (list, tuple, TextTensor)):  # one tensor alone
        return tensor(values)
    if not len(values):
        raise ValueError("tf.concat: values must be a list of at least one tensor")
    if any(is_text(v) for v in values):
        return texts(np.concatenate([np.asarray(texts(v)) for v in values], int(axis)))
    given = alike(values, "ConcatV2")
    return given[0] if len(given) == 1 else joining.concat(given, axis=int(number(axis)))


def stack(values: Sequence[Any], axis: int = 0, name: str = "stack") -> Any:
    """Tensors along a new axis; of none, a tensor without elements."""
    if not len(values) and axis == 0:
        return tensor(values)
    if any(is_text(v) for v in values):
        return texts(np.stack([np.asarray(texts(v)) for v in values], axis))
    return joining.stack(alike(values, "Pack"), axis=axis)


def unstack(value: Any, num: Any = None, axis: int = 0, name: str = "unstack") -> Any:
    """The tensors along an axis, of which there must be ``num`` where that is given."""
    made = list(joining.unstack(tensor(value), axis=axis))
    if num is not None and len(made) != int(number(num)):
        raise fail(InvalidArgumentError, "tf.unstack: num", expected=len(made), received=num)
    return made


def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None, name: str = "split") -> Any:
    """A tensor in equal parts, or in parts of given sizes (one may be -1)."""
    x, axis = tensor(value), int(number(axis))
    if np.ndim(num_or_size_splits) == 0:
        count = int(number(num_or_size_splits))
        return (
            _split_open(x, count, axis % x.ndim)
            if x.shape[axis] is None
            else list(joining.split(x, count, axis=axis))
        )
    sizes = list(lengths(num_or_size_splits))
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(s for s in sizes if s != -1)
    return list(joining.split(x, tuple(sizes), axis=axis))


def _split_open(x: Tensor, count: int, axis: int) -> list[Any]:
    """Equal parts along an axis whose length only a run knows."""
    own = [
        shapes.count(x, (k,), np.dtype("int32")) if d is None else d for k, d in enumerate(x.known_shape())
    ]
    parts = dynamic.reshape_to_lengths(x, [*own[:axis], count, -1, *own[axis + 1 :]])
    return list(joining.unstack(parts, axis=axis))


def tile(input: Any, multiples: Any, name: Any = None) -> Any:
    """A tensor several times along each axis."""
    x, times = tensor(input), lengths(multiples)
    if not any(isinstance(n, Tensor) for n in times):
        if x.shape is not None and len(times) != len(x.shape):
            raise fail(ShapeError, "tf.tile: multiples", expected=f"one for each of {len(x.shape)} axes",
                       received=times)  # fmt: skip
        return tiling.tile(x, times)
    own = [
        shapes.count(x, (k,), np.dtype("int32")) if d is None else d for k, d in enumerate(x.known_shape())
    ]
    x = dynamic.reshape_to_lengths(x, [n for d in own for n in (1, d)])  # every axis after one to stretch
    wide = dynamic.broadcast_to_lengths(x, [n for t, d in zip(times, own, strict=True) for n in (t, d)])
    return dynamic.reshape_to_lengths(wide, [t * d for t, d in zip(times, own, strict=True)])


def repeat(input: Any, repeats: Any, axis: Any = None, name: Any = None) -> Any:
    """Elements several times, one after another."""
    if isinstance(repeats, Tensor) and repeats.is_symbolic:
        return tiling.repeat(tensor(input), repeats, axis=axis)
    times = repeats if isinstance(repeats, int) else np.asarray(repeats)
    return tiling.repeat(tensor(input), int(times) if np.ndim(times) == 0 else times, axis=axis)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: Any = None
) -> Any:
    """Elements put around a tensor; how many, a function may know only when it runs, where they are all alike."""
    x = _tensor(tensor)
    if is_known(paddings) and all(is_known(part) for row in _pairs(paddings, x.ndim) for part in row):
        widths = [(int(before), int(after)) for before, after in np.asarray(paddings)]
        return tiling.pad(x, widths, mode.lower(), constant_values=number(constant_values))
    if mode.lower() != "constant":
        raise fail(
            SymbolicError, "tf.pad: paddings", expected=f"known numbers for mode={mode!r}", received=paddings
        )
    for axis, (before, after) in enumerate(_pairs(paddings, x.ndim)):
        x = concat(
            [_filling(x, axis, before, constant_values), x, _filling(x, axis, after, constant_values)], axis
        )
    return x


def _pairs(paddings: Any, count: int) -> list[tuple[Any, Any]]:
    """What stands before and after each axis, as numbers or scalars."""
    rows = paddings if isinstance(paddings, (list, tuple)) else [paddings[axis] for axis in range(count)]
    return [(row[0], row[1]) for row in rows]


def _filling(x: Any, axis: int, count: Any, value: Any) -> Any:
    """A block of one value as long as that along an axis, and as the tensor along the others."""
    form = shape(x)
    return cast(fill([count if k == axis else form[k] for k in range(x.ndim)], value), x.specs[0].dtype)


def reverse(tensor: Any, axis: Any, name: Any = None) -> Any:
    """The order along axes turned around."""
    return slices.flip(_tensor(tensor), axis=axes(axis))


def roll(input: Any, shift: Any, axis: Any, name: Any = None) -> Any:
    """The elements moved along axes, those that leave coming in at the other end."""
    return tiling.roll(tensor(input), axes(shift), axis=axes(axis))


def identity(input: Any, name: Any = None) -> Any:
    """The tensor itself, as a new one."""
    return input if isinstance(input, TextTensor) else state.identity(tensor(input))


def stop_gradient(input: Any, name: Any = None) -> Any:
    """The value, through which no gradient passes."""
    return state.stop_gradient(tensor(input))


def ensure_shape(x: Any, shape: Any, name: Any = None) -> Any:
    """The tensor, or an error where it cannot have that shape."""
    TensorShape(x.shape).assert_is_compatible_with(shape)
    return x


# --- parts ----------------------------------------------------------------------------------------------------------


def slice_(input_: Any, begin: Any, size: Any, name: Any = None) -> Any:
    """A block: ``size`` elements from ``begin`` along each axis, -1 for all that are left."""
    x = tensor(input_)
    for axis, (first, count) in enumerate(zip(lengths(begin), lengths(size), strict=True)):
        if isinstance(count, Tensor):
            last = elementwise.where(count < 0, x.shape[axis] or np.iinfo(np.int32).max, first + count)
            x = x[(slice(None),) * axis + (slice(first, last),)]
        elif isinstance(first, Tensor):  # a place that is known only when the program runs
            x = index.take(x, first + core.constant(np.arange(count)), axis=axis)
        else:
            last = None if count == -1 else first + count
            x = x[(slice(None),) * axis + (slice(first, last),)]
    return x


def strided_slice(
    input_: Any, begin: Any, end: Any, strides: Any = None, begin_mask: int = 0, end_mask: int = 0,
    ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0, var: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """``x[begin:end:stride]`` along each axis; a bit of ``begin_mask`` or ``end_mask`` leaves that bound out, one of
    ``shrink_axis_mask`` takes the element at begin alone.
    """
    only("tf.strided_slice", "ellipsis_mask", ellipsis_mask, 0)
    only("tf.strided_slice", "new_axis_mask", new_axis_mask, 0)
    steps = [1] * len(begin) if strides is None else strides

    def part(k: int, first: Any, last: Any, step: Any) -> Any:
        if shrink_axis_mask >> k & 1:
            return int(first)
        low = None if begin_mask >> k & 1 else int(first)
        return slice(low, None if end_mask >> k & 1 else int(last), int(step))

    return tensor(input_)[tuple(part(k, *ends) for k, ends in enumerate(zip(begin, end, steps)))]


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: Any = None,
) -> Any:
    """Rows by their numbers along an axis, the first unless given."""
    places = tensor(indices)
    if is_text(params):
        return texts(np.take(np.asarray(texts(params)), np.asarray(places), axis or 0))
    x = tensor(params)
    batch = int(number(batch_dims))
    axis = int(number(axis if axis is not None else batch))
    batch = batch + places.ndim if batch < 0 else batch
    if not batch and axis == 0 and x.tracked:
        remember_gathered(x)
    if not batch:
        places = row_numbers(places, x, axis=axis, what="gather")
    return index.take(x, places, axis=axis, batch_dims=batch)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: Any = None) -> Any:
    """Elements, or rows, by their places."""
    return index.gather_nd(tensor(params), tensor(indices), batch_dims=batch_dims)


def scatter_nd(indices: Any, updates: Any, shape: Any, name: Any = None) -> Any:
    """Zeros with updates added at places."""
    values = tensor(updates)
    return index.scatter_nd_add(zeros(shape, values.dtype), tensor(indices), values)


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """Updates added at places."""
    x = _tensor(tensor)
    return index.scatter_nd_add(x, _tensor(indices), pair(x, updates, "TensorScatterUpdate")[1])


def tensor_scatter_nd_sub(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """Updates taken off at places."""
    return tensor_scatter_nd_add(tensor, indices, -_tensor(updates))


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """Updates put at places; where one occurs twice the last one stays."""
    x = _tensor(tensor)
    return index.scatter_nd_update(x, _tensor(indices), pair(x, updates, "TensorScatterUpdate")[1])


def tensor_scatter_nd_max(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """The larger of what stands at places and updates."""
    x = _tensor(tensor)
    return index.scatter_nd_max(x, _tensor(indices), pair(x, updates, "TensorScatterUpdate")[1])


def tensor_scatter_nd_min(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """The smaller of what stands at places and updates."""
    x = _tensor(tensor)
    return index.scatter_nd_min(x, _tensor(indices), pair(x, updates, "TensorScatterUpdate")[1])


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """x where the condition holds, else y; the places where it holds, where neither is given."""
    chosen = tensor(condition)
    if x is None and y is None:
        return joining.stack(list(dynamic.true_places(chosen)), axis=-1)
    return elementwise.where(cast(chosen, "bool"), *pair(x, y, "SelectV2"))


def boolean_mask(tensor: Any, mask: Any, axis: Any = None, name: str = "boolean_mask") -> Any:
    """The rows for which the mask is true; of numbers, those that are not 0."""
    x, kept = _tensor(tensor), _tensor(mask)
    kept = kept if dtypes.is_bool(kept.specs[0].dtype) else elementwise.astype(kept, "bool")
    if kept.value is None:
        raise fail(
            SymbolicError, "tf.boolean_mask: the number of rows depends on values", hint="use tf.where"
        )
    return search.boolean_mask(x, kept, axis=number(axis) or 0)


def unique(x: Any, out_idx: Any = "int32", name: Any = None) -> Any:
    """The different elements in the order in which they come, and for each element its number."""
    given = np.asarray(tensor(x))
    found, first, inverse = np.unique(given, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    values = tensor(found[order])
    return values, tensor(places[inverse.reshape(-1)], out_idx)


def sort_(values: Any, axis: int = -1, direction: str = "ASCENDING", name: Any = None) -> Any:
    """The elements in order."""
    return sort.sort(tensor(values), axis=axis, descending=direction == "DESCENDING")


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32", name: Any = None
) -> Any:
    """Where elements would be put into a sorted sequence; in sequences of several axes, row by row."""
    rows, wanted = alike([sorted_sequence, values], "SearchSorted")
    if rows.ndim > 1:
        before = elementwise.less if side == "left" else elementwise.less_equal
        passed = before(shapes.expand_dims(rows, -2), shapes.expand_dims(wanted, -1))
        return reduce.sum(cast(passed, out_type), axis=-1, dtype=numpy_dtype(out_type))
    return cast(search.searchsorted(rows, wanted, side=side), out_type)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool | None = None, name: Any = None
) -> Any:
    """Norms of vectors (over one axis, or all elements) or matrices (over two)."""
    from thalweg.ops import linalg

    over, keep = axes(axis), bool(keepdims)
    if ord in ("euclidean", 2) and not isinstance(over, tuple):
        return norms.norm(_tensor(tensor), axis=over, keepdims=keep)
    return linalg.norm(_tensor(tensor), "fro" if ord == "euclidean" else ord, over, keep)


def matrix_transpose(a: Any, name: Any = None, conjugate: bool = False) -> Any:
    """The last two axes exchanged."""
    return contract.matrix_transpose(tensor(a))


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(x, (Tensor, TextTensor))


def bitcast(input: Any, type: Any, name: Any = None) -> Any:
    """The same bits as numbers of another dtype."""
    return core.constant(np.asarray(tensor(input)).view(numpy_dtype(type)))


def identity_n(input: Sequence[Any], name: Any = None) -> list[Any]:
    """The tensors themselves, as new ones."""
    return [identity(x) for x in input]


def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: Any = None, batch_axis: Any = None, name: Any = None
) -> Any:
    """The first elements of each row turned around, as many as its length says."""
    x: Any = tensor(input)
    axis, rows_axis = int(seq_axis if seq_axis is not None else 1), int(batch_axis or 0)
    given: Any = cast(seq_lengths, "int64")
    if axis == rows_axis or given.shape[0] not in (None, x.shape[rows_axis]):
        raise fail(
            InvalidArgumentError, "tf.reverse_sequence: a length for each place of batch_axis, beside seq_axis",
            expected=x.shape[rows_axis],
            received=f"{given.shape[0]} lengths, seq_axis={axis}, batch_axis={rows_axis}",
        )  # fmt: skip
    steps = core.constant(np.arange(x.shape[axis], dtype=np.int64))
    rows = shapes.expand_dims(given, -1)
    places: Any = elementwise.where(steps < rows, rows - 1 - steps, steps)
    form = [1] * x.ndim
    form[rows_axis], form[axis] = places.shape
    places = places if rows_axis < axis else shapes.permute_dims(places, (1, 0))
    return index.take_along_axis(
        x, shapes.broadcast_to(shapes.reshape(places, tuple(form)), x.shape), axis=axis
    )


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: Any = None) -> list[Any]:
    """The rows by their numbers."""
    x, ids = tensor(data), np.asarray(partitions)
    return [index.take(x, core.constant(np.flatnonzero(ids == k)), axis=0) for k in range(num_partitions)]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: Any = None) -> Any:
    """Rows put at their numbers."""
    places = np.concatenate([np.asarray(i).reshape(-1) for i in indices])
    rows = joining.concat([tensor(d) for d in data], axis=0)
    return index.take(rows, core.constant(np.argsort(places, kind="stable")), axis=0)


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: int = 100, dtype: Any = "int32", name: Any = None
) -> Any:
    """How many values lie in each of equal parts of a range; those outside count at the ends."""
    low, high = (float(v) for v in np.asarray(value_range))
    held = np.clip(np.asarray(values).reshape(-1), low, high)
    return tensor(np.histogram(held, int(nbins), (low, high))[0], dtype)


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: int = 100, dtype: Any = "int32", name: Any = None
) -> Any:
    """The number of the part in which each value lies, of equal parts of a range; those outside are at the ends."""
    low, high = (float(v) for v in np.asarray(value_range))
    places = np.floor((np.asarray(tensor(values)) - low) / (high - low) * int(nbins))
    return tensor(np.clip(places, 0, int(nbins) - 1), dtype)


def unique_with_counts(x: Any, out_idx: Any = "int32", name: Any = None) -> Any:
    """The different elements, the number of each element among them, and how often each comes."""
    found, places = unique(x, out_idx)
    return found, places, tensor(np.bincount(np.asarray(places)), out_idx)


def shape_n(input: Any, out_type: Any = "int32", name: Any = None) -> list[Any]:
    """The shapes of several tensors."""
    return [shape(x, out_type) for x in input]


def unravel_index(indices: Any, dims: Any, name: Any = None) -> Any:
    """Numbers in row-major order as places."""
    return tensor(np.stack(np.unravel_index(np.asarray(indices), tuple(np.asarray(dims)))), "int64")


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape that two shapes broadcast to."""
    return TensorShape(list(np.broadcast_shapes(tuple(lengths(shape_x)), tuple(lengths(shape_y)))))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape that two shapes broadcast to."""
    return tensor(list(np.broadcast_shapes(tuple(lengths(shape_x)), tuple(lengths(shape_y)))))


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value as an array where it is known, else None."""
    return np.asarray(tensor) if is_known(tensor) and not isinstance(tensor, core.Variable) else None
