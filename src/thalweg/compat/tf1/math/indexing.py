"""Elements by their places: slices, gathering, scattering, choosing by a condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, static_int, static_value, value, values, wrap
from thalweg.compat.tf1.lengths import Length, dims_of, filled
from thalweg.compat.tf1.math.creation import range as _range
from thalweg.compat.tf1.math.reductions import cumprod, reduce_max, reduce_prod, reduce_sum
from thalweg.compat.tf1.math.shapes import reshape
from thalweg.compat.tf1.places import checked as _checked_places
from thalweg.compat.tf1.types import UnknownDimension, numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.nn.embedding import row_numbers
from thalweg.ops import dynamic, elementwise, index, joining, tiling, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The block that begins at ``begin`` and has the given lengths; -1 is all that is left."""
    starts, lengths = static_value(begin), static_value(size)
    if starts is None or lengths is None:
        return _slice_by_values(input_, begin, size, name)
    key = tuple(
        python_slice(int(b), None if n == -1 else int(b + n)) for b, n in zip(starts, lengths, strict=True)
    )
    block: Any = index.getitem(value(input_), key)
    wanted = tuple(d if n == -1 else int(n) for n, d in zip(lengths, block.shape, strict=True))
    if any(None not in (n, d) and n != d for n, d in zip(wanted, block.shape, strict=True)):
        raise ValueError(
            f"Slice: begin {starts.tolist()} and size {lengths.tolist()} "
            f"go past the end of shape {list(value(input_).shape)}"
        )
    made, known = block if wanted == block.shape else g.held_to(block, wanted), static_value(input_)
    return wrap(made, name, "Slice", [input_, begin, size], static=None if known is None else known[key])


python_slice = type(np.s_[0:1])


def _slice_by_values(input_: Any, begin: Any, size: Any, name: str | None) -> Tensor:
    """A block whose place is known when the graph runs."""
    t: Any = value(input_)
    known, lengths, starts = static_value(begin), dims_of(size), value(begin)
    if known is not None and lengths is not None:
        pairs = [(int(b), _end(b, n)) for b, n in zip(known, lengths, strict=True)]
        return wrap(_block(t, pairs), name, "Slice", [input_])
    firsts = _known_each(begin, len(t.shape))
    rest_of = lengths is not None and any(n == -1 and b != 0 for n, b in zip(lengths, firsts, strict=True))
    if rest_of or lengths is None or not all(isinstance(n, int) for n in lengths):
        whole = [n == -1 and b == 0 for n, b in zip(lengths or (), firsts, strict=False)] or [False] * len(
            firsts
        )
        kept = tuple(d if all_of_it else None for d, all_of_it in zip(t.shape, whole, strict=True))
        counts, begins = g.cast(value(size), "int64"), g.cast(starts, "int64")
        ends = elementwise.where(counts < 0, _ALL, begins + counts)  # type: ignore[operator]
        bounds = joining.stack([begins, ends], axis=1)
        return wrap(_sliced.build([t, bounds], {"known": kept}), name, "Slice", [input_])
    for axis, n in enumerate(lengths):
        if n != -1 and n != t.shape[axis]:
            t = index.take(t, core.constant(np.arange(n)) + g.cast(starts[axis], "int64"), axis=axis)  # type: ignore[operator]
    return wrap(t, name, "Slice", [input_])


def _known_each(begin: Any, rank: int) -> list[int | None]:
    """The numbers of a vector, None for those that only a run knows."""
    if not isinstance(begin, (list, tuple)):
        found = static_value(begin)
        return [None] * rank if found is None else [int(b) for b in found]
    values = [static_value(b) for b in begin]
    return [None if b is None else int(b) for b in values]


_ALL = np.int64(2**62)  # an end past all ends


def _end(begin: Any, length: Any) -> Any:
    """Where a block ends: nowhere, at a number, or (length, how much is added to it)."""
    if isinstance(length, Length):
        return length, int(begin)
    return None if length == -1 else int(begin + length)


def _block(t: core.Tensor, pairs: Any) -> core.Tensor:
    """From one number to the other of each axis, where only lengths of other tensors decide."""
    others: list[core.Tensor] = []
    ends = []
    for _, end in pairs:
        if isinstance(end, tuple):
            others.append(end[0].of)
            end = (len(others), end[0].axis, end[1])
        ends.append(end)
    begins = tuple(begin for begin, _ in pairs)
    return _between_lengths.build([t, *others], {"begins": begins, "ends": tuple(ends)})


def _block_slices(shapes: Any, begins: Any, ends: Any) -> tuple[Any, ...] | None:
    """The slices of a block, where all lengths are known."""
    found = []
    for begin, end in zip(begins, ends, strict=True):
        if isinstance(end, tuple):
            shape = shapes[end[0]]
            if shape is None or shape[end[1]] is None:
                return None
            end = shape[end[1]] + end[2]
        found.append(python_slice(begin, end))
    return tuple(found)


def _block_spec(x: core.Spec, *others: core.Spec, begins: Any, ends: Any) -> core.Spec:
    shapes = [x.shape, *(o.shape for o in others)]
    lengths = []
    for axis, n in enumerate(x.shape or ()):
        slices = _block_slices(shapes, begins[axis : axis + 1], ends[axis : axis + 1])
        lengths.append(None if n is None or slices is None else len(range(n)[slices[0]]))
    return core.Spec(tuple(lengths), x.dtype)


@make_op(
    {},
    infer=lambda grad, x, *, begins: x,
    expand=lambda grad, x, *, begins: tiling.pad(
        grad, [(b, n - b - m) for b, n, m in zip(begins, x.shape, grad.shape, strict=True)]
    ),
)
def _around_block(grad, x, /, begins):  # type: ignore[no-untyped-def]
    """Zeros like x around what was cut from it."""
    return np.pad(grad, [(b, n - b - m) for b, n, m in zip(begins, x.shape, grad.shape, strict=True)])


@make_op(
    {},
    infer=_block_spec,
    grad=lambda grad, y, x, *others, begins, ends: [
        _around_block.build([grad, x], {"begins": begins}),
        *(None for _ in others),
    ],
    expand=lambda x, *others, begins, ends: index.getitem(
        x, _block_slices([x.shape, *(o.shape for o in others)], begins, ends)
    ),
)
def _between_lengths(x, *others, begins, ends):  # type: ignore[no-untyped-def]
    """x from its first numbers to its last ones, of which some are lengths of other tensors."""
    return x[_block_slices([x.shape, *(o.shape for o in others)], begins, ends)]


def _between(bounds: np.ndarray) -> tuple[Any, ...]:
    return tuple(python_slice(int(a), int(b)) for a, b in bounds)


@make_op({}, infer=lambda grad, x, bounds: x)
def _unsliced(grad, x, bounds, /):  # type: ignore[no-untyped-def]
    """Zeros like x around what was sliced from it."""
    room = np.zeros(x.shape, grad.dtype)
    room[_between(bounds)] = grad
    return room


@make_op(
    {},
    infer=lambda x, bounds, *, known: core.Spec(known, x.dtype),
    grad=lambda grad, y, x, bounds, *, known: [_unsliced(grad, x, bounds), None],
)
def _sliced(x, bounds, /, known):  # type: ignore[no-untyped-def]
    """x from the first to the second number of each axis, which a run says."""
    return x[_between(bounds)]


def _open_ends(keys: tuple[Any, ...], t: Any) -> tuple[Any, tuple[Any, ...]]:
    """Slices whose ends are nodes, done: the expression, and the keys with whole slices in their places."""
    if not any(isinstance(k, python_slice) and _is_open(k) for k in keys):
        return t, keys
    rank = len(t.shape)
    by_length = all(_stops_at_length(k) for k in keys if isinstance(k, python_slice) and _is_open(k))
    taken = sum(k is not None and k is not Ellipsis for k in keys)
    bounds: list[Any] = [(0, _ALL)] * rank
    known: list[Any] = list(t.shape)
    axis, rest = 0, []
    k: Any
    for k in keys:
        if k is Ellipsis:
            axis += rank - taken
        elif k is not None:
            if isinstance(k, python_slice) and _is_open(k):
                if k.step is not None:
                    raise ValueError("a slice whose ends are nodes takes every element: no step")
                if by_length:
                    stop: Any = k.stop
                    bounds[axis] = (int(k.start or 0), (stop.dims, 0))
                else:
                    bounds[axis] = (0 if k.start is None else k.start, _ALL if k.stop is None else k.stop)
                known[axis], k = None, python_slice(None)
            axis += 1
        rest.append(k)
    if by_length:
        return _block(t, [(b, None if e is _ALL else e) for b, e in bounds]), tuple(rest)
    rows = [joining.stack([g.cast(value(x), "int64") for x in pair]) for pair in bounds]
    return _sliced.build([t, joining.stack(rows)], {"known": tuple(known)}), tuple(rest)


def _stops_at_length(k: Any) -> bool:
    """Whether a slice begins at a number that is not negative, and ends at a length of a tensor."""
    begins = k.start is None or (isinstance(k.start, (int, np.integer)) and bool(k.start >= 0))
    return begins and isinstance(k.stop, Node) and isinstance(k.stop.dims, Length)


def _is_open(k: Any) -> bool:
    return any(isinstance(x, Node) and x.static is None for x in (k.start, k.stop))


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin:end:strides]`` for each axis."""
    only("tf.strided_slice", "ellipsis_mask", ellipsis_mask, 0)
    only("tf.strided_slice", "new_axis_mask", new_axis_mask, 0)
    starts, stops = static_value(begin), static_value(end)
    if starts is None or stops is None:
        if (
            begin_mask
            or end_mask
            or shrink_axis_mask
            or (strides is not None and np.any(static_value(strides) != 1))
        ):
            raise ValueError("tf.strided_slice: ends that are nodes go without masks and strides")
        count = len(begin) if isinstance(begin, (list, tuple)) else g.convert_to_tensor(begin).shape[0].value
        places = range(count)
        return _item(g.convert_to_tensor(input_), tuple(python_slice(begin[k], end[k]) for k in places))
    steps = static_value(strides) if strides is not None else np.ones(len(starts), int)
    key: list[Any] = []
    for k, (b, e, s) in enumerate(zip(starts.tolist(), stops.tolist(), steps.tolist(), strict=True)):
        if shrink_axis_mask >> k & 1:
            key.append(b)
        else:
            key.append(python_slice(None if begin_mask >> k & 1 else b, None if end_mask >> k & 1 else e, s))
    return wrap(index.getitem(value(input_), tuple(key)), name, "StridedSlice", [input_])


def _item(self: Tensor, key: Any) -> Tensor:
    """``tensor[key]``, also with tensors as indices; a list is a tuple, a tensor of truths a mask."""
    if isinstance(key, (Node, np.ndarray)) and key.dtype == bool:
        return boolean_mask(self, key)
    key = tuple(key) if isinstance(key, list) else key
    keys = tuple(map(_of_known_ends, key if isinstance(key, tuple) else (key,)))
    source, keys = _open_ends(keys, value(self))
    plain = _plain_key(keys)
    dims = None
    if self.dims is not None and not isinstance(self.dims, Length) and len(plain) == 1:
        chosen = self.dims[plain[0]] if isinstance(plain[0], (int, python_slice)) else None
        dims = chosen if isinstance(chosen, (Length, list)) else None
    static = None
    if self.static is not None and all(not isinstance(k, core.Tensor) for k in plain):
        static = np.asarray(self.static)[plain]
    if source is not value(self):
        dims = static = None
    return wrap(
        index.getitem(source, plain), None, "strided_slice", [self, 0, 0, 0], dims=dims, static=static
    )


def _of_known_ends(k: Any) -> Any:
    """A slice whose ends are lengths that are not known is one without these ends, as in TensorFlow 1."""
    if not isinstance(k, python_slice):
        return k
    start, stop = (None if isinstance(x, UnknownDimension) else x for x in (k.start, k.stop))
    return python_slice(start, stop, k.step)


def _plain_key(key: Any) -> tuple[Any, ...]:
    """The indices of ``tensor[key]`` with nodes as expressions."""
    return tuple(_index(k) for k in (key if isinstance(key, tuple) else (key,)))


def _index(k: Any) -> Any:
    if isinstance(k, python_slice):
        return python_slice(
            *(None if x is None else static_int(x, "a slice's end") for x in (k.start, k.stop, k.step))
        )
    if isinstance(k, Node):
        found = static_value(k)
        return int(found) if found is not None and found.ndim == 0 else value(k)
    return int(k) if isinstance(k, (int, np.integer)) and not isinstance(k, bool) else k


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: Any = 0,
) -> Tensor:
    """Slices at integer indices along ``axis``, the one numbered ``batch_dims`` unless given."""
    x, places = value(params), value(indices)
    batch = static_int(batch_dims, "batch_dims")
    place = batch if axis is None else static_int(axis, "axis")
    batch = batch + places.ndim if batch < 0 else batch
    if not batch:
        places = row_numbers(places, x, axis=place, what="gather")
    made = index.take(x, places, axis=place, batch_dims=batch)
    if batch:
        return wrap(made, name, "GatherV2", [params, indices])
    known = static_value(params), static_value(indices)
    whole = all(k is not None and k.size <= 16 and k.dtype.kind == "i" for k in known)  # a shape, say
    static = np.take(*known, axis=place) if whole else None
    dims = _chosen_lengths(params, indices)
    return wrap(made, name, "GatherV2", [params, indices, place], dims=dims, static=static)


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Elements at each row's own indices: all axes of the indices but the last belong to the batch."""
    return gather(params, indices, name=name, batch_dims=value(indices).ndim - 1)


def _chosen_lengths(params: Any, indices: Any) -> Any:
    """The lengths at known places of a shape."""
    places = static_value(indices)
    lengths = getattr(params, "dims", None)
    if places is None or not isinstance(lengths, list) or places.ndim > 1:
        return None
    found = [lengths[k] for k in places.reshape(-1).tolist()]
    return found if places.ndim else found[0] if isinstance(found[0], Length) else None


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0) -> Tensor:
    """Slices at index vectors; ``batch_dims`` leading axes of both belong together."""
    x, leading = value(params), static_int(batch_dims, "batch_dims")
    made = index.gather_nd(x, index.of_all_axes(x, value(indices), leading), batch_dims=leading)
    return wrap(made, name, "GatherNd", [params, indices])


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros with the updates added at index vectors."""
    new = value(updates)
    return wrap(
        index.scatter_nd_add(filled(shape, 0, new.dtype), value(indices), new), name, "ScatterNd", [updates]
    )


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """``default_value`` with values at the given index vectors, which are in the shape and (unless
    ``validate_indices=False``) in order, each once.
    """
    held = g.convert_to_tensor(sparse_indices)
    if held.get_shape().ndims != 0:
        held = _checked_places(held, g.convert_to_tensor(output_shape), "sparse_to_dense", validate_indices)
    places, base = value(held), g.value(sparse_values)
    start: Any = filled(output_shape, default_value, base.dtype)
    if start.shape is None:  # a row, which gets its shape at the end
        lengths = g.convert_to_tensor(output_shape)
        steps = cumprod(lengths, exclusive=True, reverse=True)
        row = reduce_sum(
            wrap(places, None, "Places") * wrap(astype(value(steps), places.dtype), None, "Steps"), -1
        )
        flat = sparse_to_dense(row, [reduce_prod(lengths)], sparse_values, default_value, False)
        return reshape(flat, lengths, name)
    rank = len(start.shape)
    columns = tuple(places[..., k] for k in range(rank)) if len(places.shape) > 1 else (places,)
    return wrap(index.index_update(start, columns, base), name, "SparseToDense")


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """``on_value`` at the index along a new axis, ``off_value`` elsewhere."""
    given = next((value(x).dtype for x in (on_value, off_value) if x is not None), None)
    wanted = numpy_dtype(dtype or given or "float32")
    place = -1 if axis is None else int(axis)
    if static_value(depth) is None:
        made: Any = _one_hot_of(value(indices), value(depth), wanted, place)
    else:
        made = triangles.one_hot(value(indices), static_int(depth, "depth"), dtype=wanted, axis=place)
    if on_value is not None or off_value is not None:
        on, off = value(1 if on_value is None else on_value), value(0 if off_value is None else off_value)
        made = elementwise.where(made == 1, g.cast(on, wanted), g.cast(off, wanted))
    return wrap(
        made,
        name,
        "one_hot",
        [indices, depth, 1 if on_value is None else on_value, 0 if off_value is None else off_value],
    )


def _one_hot_of(indices: Any, depth: Any, dtype: Any, axis: int) -> core.Tensor:
    """One-hot rows of a depth that only a run knows."""
    rank = len(indices.shape) + 1
    at = axis % rank
    counted = dynamic.iota(astype(depth, "int64"))
    ruler = shape_ops.reshape(counted, tuple(-1 if k == at else 1 for k in range(rank)))
    return astype(elementwise.equal(shape_ops.expand_dims(astype(indices, "int64"), at), ruler), dtype)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """``x`` where the condition holds, else ``y``; with the condition alone, the index vectors where it holds."""
    test: Any = value(condition)
    if x is None and y is None:
        return wrap(_places(test), name, "Where", [condition])
    a, b = values(x, y)
    if test.shape is not None and a.shape is not None and len(test.shape) == 1 and len(a.shape) > 1:
        test = shape_ops.expand_dims(test, tuple(range(1, len(a.shape))))  # a condition for each row
    return wrap(elementwise.where(test, a, b), name, "Select", [condition, x, y])


select = where


@make_op(
    {}, infer=lambda x: core.Spec((None, len(x.shape) if x.shape is not None else None), np.dtype(np.int64))
)
def _places(x, /):  # type: ignore[no-untyped-def]
    """The index vectors of the elements that are true."""
    return np.argwhere(x)


def boolean_mask(tensor: Any, mask: Any, name: str | None = "boolean_mask", axis: Any = None) -> Tensor:
    """The slices where the mask holds; how many is known when the graph runs."""
    t: Any = value(tensor)
    test: Any = value(mask)
    for _ in test.shape[1:]:
        t, test = shape_ops.merge_axes(t, 0), shape_ops.merge_axes(test, 0)
    place = shape_ops.reshape(_places(test), (-1,))
    made = index.take(t, place, axis=0 if axis is None else static_int(axis, "axis"))
    return wrap(made, name, "boolean_mask", [tensor, mask])


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: str | None = None) -> Tensor:
    """For each length n, n times true and then false up to ``maxlen``."""
    row = _range(reduce_max(lengths) if maxlen is None else maxlen)
    made = value(row) < shape_ops.expand_dims(g.cast(value(lengths), "int32"), -1)  # type: ignore[operator]
    return wrap(g.cast(made, dtype), name, "SequenceMask", [lengths])


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Positions in the flat array as index vectors, one a column."""
    lengths, rest, rows = g.known_value(dims, "tf.unravel_index: dims"), value(indices), []
    for n in lengths.tolist()[::-1]:
        rows.append(elementwise.remainder(rest, n))
        rest = elementwise.floor_divide(rest, n)
    return wrap(joining.stack(rows[::-1]), name, "UnravelIndex", [indices])


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: Any = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Tensor:
    """The first ``length`` elements of each example in the opposite order."""
    x: Any = value(input)
    time = int(seq_dim if seq_axis is None else seq_axis)
    batch = int((batch_dim or 0) if batch_axis is None else batch_axis)
    rank = len(x.shape)
    steps: Any = shape_ops.iota_like(x, axis=time, dtype=np.dtype(np.int64))
    lengths: Any = shape_ops.reshape(
        g.cast(value(seq_lengths), "int64"), tuple(-1 if k == batch else 1 for k in range(rank))
    )
    places = elementwise.where(steps < lengths, lengths - 1 - steps, steps)
    places = shape_ops.broadcast_like(places, x)
    return wrap(index.take_along_axis(x, places, axis=time), name, "ReverseSequence", [input])


def _scattered(kind: str, change: Any) -> Any:
    def apply(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        t: Any = value(tensor)
        places, new = value(indices), value(updates, getattr(tensor, "dtype", None))
        return wrap(change(t, places, new), name, kind, [tensor])

    apply.__doc__ = f"{kind}: the tensor with updates at index vectors."
    return apply


def _replaced(t: Any, places: Any, new: Any) -> Any:
    return index.index_update(t, tuple(places[..., k] for k in range(places.shape[-1])), new)


tensor_scatter_add = tensor_scatter_nd_add = _scattered("TensorScatterAdd", index.scatter_nd_add)
tensor_scatter_sub = tensor_scatter_nd_sub = _scattered(
    "TensorScatterSub", lambda t, places, new: index.scatter_nd_add(t, places, -new)
)
tensor_scatter_update = tensor_scatter_nd_update = _scattered("TensorScatterUpdate", _replaced)


def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """``x`` where the condition holds, else ``y``, of shapes that stretch to each other; with the condition alone, the
    index vectors where it holds.
    """
    if x is None and y is None:
        return where(condition, name=name)
    made = elementwise.where(value(condition), *values(x, y))
    return wrap(made, name, "SelectV2", [condition, x, y])
