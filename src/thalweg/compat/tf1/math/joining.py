"""Tensors joined, taken apart, repeated, padded and turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, static_int, static_value, value, wrap, wrap_all
from thalweg.compat.tf1.lengths import Length, dims_of, parts_of, scalar_of
from thalweg.compat.tf1.math.shapes import identity, reshape, shape, transpose
from thalweg.compat.tf1.types import NotKnownYet
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import dynamic, elementwise, index, joining, tiling


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) or (
        isinstance(x, Node) and x.static is not None and x.shape.ndims == 0
    )


def concat(
    values: Any = None, axis: Any = None, name: str | None = "concat", concat_dim: Any = None
) -> Tensor:
    """Tensors joined along an axis: ``concat(values, axis)``, or ``concat(axis, values)`` as before 1.0."""
    axis = concat_dim if axis is None else axis
    if _is_number(values) and not _is_number(axis):
        values, axis = axis, values
    if not isinstance(values, (list, tuple)):  # one tensor alone
        return identity(values, name)
    like_dtype = next((x.dtype for x in values if isinstance(x, Node)), None)
    parts = [value(x, like_dtype) for x in values]
    of_lengths = parts[0].dtype.kind == "i" and len(parts[0].shape or ()) == 1
    dims = _joined_dims(values) if of_lengths else None
    made = joining.concat(parts, axis=static_int(axis, "axis"))
    known = _known(values, parts, np.concatenate)
    if (
        made.ndim == 1 and made.dtype.kind == "i" and known is None
    ):  # maybe a shape, whose parts are asked for
        values = [g.convert_to_tensor(x, t.dtype) for x, t in zip(values, parts, strict=True)]
    return wrap(made, name, "concat", [*values, axis], dims=dims, static=known)


def _known(nodes: Sequence[Any], parts: Sequence[core.Tensor], join: Any) -> Any:
    """The value of a few whole numbers put together, as shapes and orders of axes are; None where a run decides."""
    known = [static_value(x) for x in nodes]
    if any(x is None or x.ndim > 1 for x in known) or any(t.dtype.kind != "i" for t in parts):
        return None
    made = join(known)
    return made.astype(parts[0].dtype) if made.size <= 16 else None


def _joined_dims(parts: Sequence[Any]) -> list[Any] | None:
    """The lengths in a shape put together of others."""
    found: list[Any] = []
    for part in parts:
        dims = dims_of(part)
        if dims is None:
            return None
        found += dims
    return found if any(isinstance(d, Length) for d in found) else None


def stack(values: Any, axis: Any = 0, name: str | None = "stack") -> Tensor:
    """Tensors of one shape joined along a new axis."""
    if any(isinstance(x, g.HostTensor) for x in values):
        return g.packed_texts(values, name, static_int(axis, "axis"))
    like_dtype = next((x.dtype for x in values if isinstance(x, Node)), None)
    dims = dims_of(values) if any(isinstance(getattr(x, "dims", None), Length) for x in values) else None
    parts = [value(x, like_dtype) for x in values]
    made = joining.stack(parts, axis=static_int(axis, "axis"))
    known = _known(values, parts, np.stack) if len(made.shape or ()) == 1 else None
    return wrap(made, name, "stack", list(values), dims=dims, static=known)


pack = parallel_stack = stack


def unstack(value: Any, num: Any = None, axis: Any = 0, name: str | None = "unstack") -> list[Tensor]:
    """The slices along an axis, whose length must be known."""
    t, place = g.value(value), static_int(axis, "axis")
    if t.shape is not None and num is not None and t.shape[place] not in (None, int(num)):
        raise ValueError(f"unstack: axis {place} must have num={int(num)} slices; it has {t.shape[place]}")
    if t.shape is not None and t.shape[place] is None and num is not None:
        lengths = list(t.shape)
        lengths[place] = int(num)
        t = g.shaped_as(t, tuple(lengths))
    made, known = wrap_all(joining.unstack(t, axis=place), name, "unstack", [value]), static_value(value)
    if known is not None and known.ndim == 1:
        for part, number in zip(made, known, strict=True):
            part.static = np.asarray(number)
    return made


unpack = unstack


def split(
    value: Any = None,
    num_or_size_splits: Any = None,
    axis: Any = 0,
    num: Any = None,
    name: str | None = "split",
    split_dim: Any = None,
    num_split: Any = None,
) -> list[Tensor]:
    """Parts along an axis: ``split(value, parts, axis)``, or ``split(axis, parts, value)`` as before 1.0."""
    axis = axis if split_dim is None else split_dim
    if _is_number(value) and not _is_number(axis):
        value, axis = axis, value
    told = num_or_size_splits if num_split is None else num_split
    if static_value(told) is None and g.convert_to_tensor(told).get_shape().ndims == 1:
        return _parts_of_sizes(
            g.convert_to_tensor(value), g.convert_to_tensor(told), static_int(axis, "axis")
        )
    parts = g.known_value(told, "tf.split: the sizes")
    sizes = int(parts) if parts.ndim == 0 else [int(n) for n in parts]
    place, t = static_int(axis, "axis"), g.value(value)
    if isinstance(sizes, int) and t.shape is not None and t.shape[place] is None:
        return wrap_all(_equal_parts(t, sizes, place % len(t.shape)), name, "split", [value, 0, 0])
    return wrap_all(
        joining.split(g.value(value), sizes, axis=static_int(axis, "axis")), name, "split", [value, 0, 0]
    )


def _equal_parts(t: Any, count: int, axis: int) -> list[Any]:
    """Parts of one length along an axis whose length only a run knows."""
    int64 = np.dtype(np.int64)
    lengths: list[Any] = [scalar_of(Length(t, k), int64) if d is None else d for k, d in enumerate(t.shape)]
    lengths[axis : axis + 1] = [count, lengths[axis] // count]
    return list(joining.unstack(dynamic.reshape_to_lengths(t, lengths), axis=axis))


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """The tensor repeated along each axis."""
    t: Any = value(input)
    counts = dims_of(multiples)
    if counts is not None and all(isinstance(n, int) for n in counts):
        return wrap(tiling.tile(t, tuple(counts)), name, "Tile", [input, multiples])
    if counts is None:
        counts = parts_of(multiples)
    if counts is None and t.shape is not None:  # as many as there are axes
        vector: Any = value(reshape(multiples, [len(t.shape)]))
        counts = [vector[k] for k in range(len(t.shape))]
    if counts is None:
        raise ValueError("tf.tile: multiples must be a vector of known length")
    int64 = np.dtype(np.int64)
    for axis, n in enumerate(counts):
        if isinstance(n, int) and n == 1:
            continue
        times: Any = scalar_of(n, int64) if isinstance(n, (int, Length)) else n
        length = scalar_of(t.shape[axis] if t.shape[axis] is not None else Length(t, axis), int64)
        t = index.take(t, elementwise.remainder(dynamic.iota(times * length), length), axis=axis)
    return wrap(t, name, "Tile", [input])


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0
) -> Tensor:
    """More elements before and after on each axis."""
    known = static_value(paddings)
    if known is None:
        if mode.upper() != "CONSTANT":
            raise ValueError(
                "tf.pad: paddings must be known when the graph is built, unless it pads with a constant"
            )
        amounts = value(paddings) if isinstance(paddings, Node) else _stacked(paddings)
        return wrap(_padded.build([value(tensor), amounts], {"fill": constant_values}), name, "Pad", [tensor])
    widths = tuple((int(a), int(b)) for a, b in known)
    made = tiling.pad(value(tensor), widths, mode.lower(), constant_values=constant_values)
    return wrap(made, name, "Pad", [tensor, paddings])


def _stacked(rows: Sequence[Any]) -> core.Tensor:
    """Rows of numbers and nodes as one matrix."""
    return joining.stack([joining.stack([g.cast(value(x), "int32") for x in row]) for row in rows])


@make_op({}, infer=lambda grad, x, amounts: x)
def _unpadded(grad, x, amounts, /):  # type: ignore[no-untyped-def]
    """The part of a padded array that is not padding."""
    return grad[tuple(slice(int(a), int(a) + n) for (a, _), n in zip(amounts, x.shape, strict=True))]


@make_op(
    {},
    infer=lambda x, amounts, *, fill: core.Spec((None,) * len(x.shape), x.dtype),
    grad=lambda grad, y, x, amounts, *, fill: [_unpadded(grad, x, amounts), None],
)
def _padded(x, amounts, /, fill):  # type: ignore[no-untyped-def]
    """x with more elements before and after, as many as a run says."""
    return np.pad(x, [(int(a), int(b)) for a, b in amounts], constant_values=fill)


def reverse(tensor: Any, axis: Any = None, name: str | None = None, dims: Any = None) -> Tensor:
    """The opposite order along axes; before 1.0 a truth value for each axis."""
    from thalweg.ops.slices import flip

    chosen = g.known_value(dims if axis is None else axis, "tf.reverse: the axes")
    over = (
        tuple(np.flatnonzero(chosen).tolist())
        if chosen.dtype == bool
        else tuple(np.atleast_1d(chosen).tolist())
    )
    return wrap(flip(value(tensor), axis=over), name, "Reverse", [tensor])


reverse_v2 = reverse


def _parts_of_sizes(x: Tensor, sizes: Tensor, axis: int) -> list[Tensor]:
    """The parts of lengths that a run knows."""
    count = sizes.get_shape()[0].value
    if count is None or (axis < 0 and x.get_shape().ndims is None):
        raise NotKnownYet("tf.split: how many parts there are, and which axis it is, must be known")
    place = axis if axis >= 0 else axis + len(x.get_shape())
    found, start = [], g.constant(0, sizes.dtype)
    for k in range(count):
        end = start + sizes[k]
        found.append(x[(slice(None),) * place + (slice(start, end),)])
        start = end
    return found


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """The elements moved along axes; those that fall off come back at the other end."""
    moves, axes = g.known_value(shift, "tf.roll: shift"), g.known_value(axis, "tf.roll: axis")
    pair = [int(v) if v.ndim == 0 else tuple(int(i) for i in v) for v in (moves, axes)]
    return wrap(tiling.roll(value(input), pair[0], axis=pair[1]), name, "Roll", [input])


def concat_v2(values: Sequence[Any], axis: Any, name: str | None = None) -> Tensor:
    """``tf.concat(values, axis)``."""
    return concat(values, axis, name)


def mirror_pad(tensor: Any, paddings: Any, mode: str, name: str | None = None) -> Tensor:
    """``tf.pad`` by reflection, with the border (``SYMMETRIC``) or without it (``REFLECT``)."""
    return pad(tensor, paddings, mode, name)


def _lengths(x: Any) -> list[Any]:
    return [-1 if d is None else d for d in g.convert_to_tensor(x).get_shape().as_list()]


def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Blocks of pixels as channels."""
    if data_format == "NCHW":
        last = space_to_depth(transpose(input, [0, 2, 3, 1]), block_size)
        return transpose(last, [0, 3, 1, 2], name)
    only("tf.space_to_depth", "data_format", data_format, "NHWC")
    n, h, w, c = _lengths(input)
    split = reshape(input, [n, h // block_size, block_size, w // block_size, block_size, c])
    turned = transpose(split, [0, 1, 3, 2, 4, 5])
    return reshape(turned, [n, h // block_size, w // block_size, block_size**2 * c], name)


def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Channels as blocks of pixels (sub-pixel convolution)."""
    if data_format == "NCHW":
        last = depth_to_space(transpose(input, [0, 2, 3, 1]), block_size)
        return transpose(last, [0, 3, 1, 2], name)
    only("tf.depth_to_space", "data_format", data_format, "NHWC")
    n, h, w, c = _lengths(input)
    split = reshape(input, [n, h, w, block_size, block_size, c // block_size**2])
    turned = transpose(split, [0, 1, 3, 2, 4, 5])
    return reshape(turned, [n, h * block_size, w * block_size, c // block_size**2], name)


def space_to_batch_nd(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Tensor:
    """The axes after the first padded and split into blocks; the places within a block become rows of the batch."""
    x, blocks, widths = g.convert_to_tensor(input), _numbers(block_shape), _numbers(paddings)
    rank, m = len(x.get_shape()), len(blocks)
    x = pad(x, [[0, 0], *widths, *[[0, 0]] * (rank - 1 - m)])
    n, *lengths = _or_nodes(x)
    split = [part for d, b in zip(lengths, blocks, strict=False) for part in (d // b, b)]
    inner = reshape(x, [n, *split, *lengths[m:]])
    order = [*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m + 1, 2), *range(2 * m + 1, rank + m)]
    outer = [d // b for d, b in zip(lengths, blocks, strict=False)]
    return reshape(transpose(inner, order), [_batch(n, int(np.prod(blocks)), 1), *outer, *lengths[m:]], name)


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """What :func:`space_to_batch_nd` takes to this tensor."""
    x, blocks, widths = g.convert_to_tensor(input), _numbers(block_shape), _numbers(crops)
    rank, m = len(x.get_shape()), len(blocks)
    n, *lengths = _or_nodes(x)
    rows = _batch(n, 1, int(np.prod(blocks)))
    inner = reshape(x, [*blocks, rows, *lengths])
    order = [m, *(k for a in range(m) for k in (m + 1 + a, a)), *range(2 * m + 1, rank + m)]
    whole = [d * b for d, b in zip(lengths, blocks, strict=False)]
    made = reshape(transpose(inner, order), [rows, *whole, *lengths[m:]], name)
    cuts = [slice(None), *(slice(a, -b if b else None) for a, b in widths)]
    return made if not np.any(widths) else made[tuple(cuts)]


def space_to_batch(
    input: Any, paddings: Any, block_size: int | None = None, name: str | None = None, block_shape: Any = None
) -> Tensor:
    """:func:`space_to_batch_nd` of height and width, or by the given shape of blocks."""
    return space_to_batch_nd(input, [block_size] * 2 if block_shape is None else block_shape, paddings, name)


def batch_to_space(
    input: Any, crops: Any, block_size: int | None = None, name: str | None = None, block_shape: Any = None
) -> Tensor:
    """:func:`batch_to_space_nd` of height and width, or by the given shape of blocks."""
    return batch_to_space_nd(input, [block_size] * 2 if block_shape is None else block_shape, crops, name)


def _numbers(x: Any) -> list[Any]:
    listed: list[Any] = g.known_value(x, "blocks and their paddings").astype(int).tolist()
    return listed


def _or_nodes(x: Tensor) -> list[Any]:
    """The lengths of the axes, as nodes where they are not known."""
    return [shape(x)[k] if d is None else d for k, d in enumerate(x.get_shape().as_list())]


def _batch(n: Any, times: int, over: int) -> Any:
    return n * times // over
