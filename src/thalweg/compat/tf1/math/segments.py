"""Rows by number: segments, distinct elements, order, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, static_int, static_value, value, values, wrap, wrap_all
from thalweg.compat.tf1.late import deferring
from thalweg.compat.tf1.lengths import filled
from thalweg.compat.tf1.math.creation import ones_like, zeros
from thalweg.compat.tf1.math.creation import range as numbers_up_to
from thalweg.compat.tf1.math.elementwise import add, cast, div, equal, maximum, minimum, multiply
from thalweg.compat.tf1.math.gradients import custom_gradient
from thalweg.compat.tf1.math.indexing import boolean_mask, gather, one_hot
from thalweg.compat.tf1.math.joining import concat
from thalweg.compat.tf1.math.linalg import matmul
from thalweg.compat.tf1.math.reductions import reduce_max, reduce_sum
from thalweg.compat.tf1.math.shapes import expand_dims, identity, reshape, shape
from thalweg.compat.tf1.types import NotKnownYet, numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import elementwise, index, joining, reduce, segments, tiling, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops import sort as core_sort


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Any:
    """Distinct elements in order of first appearance, and each element's number among them."""
    parts = _distinct(value(x), dtype=numpy_dtype(out_idx))
    return tuple(wrap_all(list(parts), name, "Unique", [x]))


@make_op({}, infer=lambda x, *, dtype: (core.Spec((None,), x.dtype), core.Spec(x.shape, dtype)))
def _distinct(x, /, dtype):  # type: ignore[no-untyped-def]
    """Distinct elements in order of first appearance."""
    found, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    ranks = np.empty(len(order), dtype)
    ranks[order] = np.arange(len(order))
    return found[order], ranks[inverse].astype(dtype)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Sums of rows with equal ids; as many as the largest id says."""
    ids = static_value(segment_ids)
    count = add(reduce_max(segment_ids), 1) if ids is None else int(ids.max()) + 1
    return unsorted_segment_sum(data, segment_ids, count, name)


def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Sums of rows with equal ids; negative ones are left out."""
    (rows, ids), n = _in_rows(data, segment_ids), static_value(num_segments)
    rows, ids = segments.without_negative(rows, ids)
    if n is not None:
        made = segments.segment_sum(rows, ids, int(n))
    else:  # only a run knows how many
        room = filled([num_segments, *[1] * (len(rows.shape) - 1)], 0, rows.dtype)
        like: Any = shape_ops.sum_like(rows, rows[:1])  # type: ignore[index]
        made = index.scatter_nd_add(room + like * 0, shape_ops.expand_dims(ids, -1), rows)
    return wrap(made, name, "UnsortedSegmentSum", [data])


def _in_rows(data: Any, segment_ids: Any) -> tuple[core.Tensor, core.Tensor]:
    """Rows and the id of each: ids of several axes stand for as many axes of the data."""
    rows, ids = value(data), value(segment_ids)
    if ids.ndim < 2:
        return rows, ids
    flat = reshape(data, concat([[-1], shape(data)[ids.ndim :]], 0))
    return value(flat), value(reshape(segment_ids, [-1]))


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Means of rows with equal ids; 0 where there are none."""
    counted = unsorted_segment_sum(ones_like(data), segment_ids, num_segments)
    return div(unsorted_segment_sum(data, segment_ids, num_segments), maximum(counted, 1), name)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Where each number stands."""
    return wrap(g.cast(core_sort.argsort(value(x)), value(x).dtype), name, "InvertPermutation", [x])


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = "int32",
    name: Any = None,
    weights: Any = None,
) -> Tensor:
    """Counts of predictions (columns) by label (rows)."""
    classes = _most(labels, predictions) + 1 if num_classes is None else num_classes
    rows, columns = _is_class(labels, classes), _is_class(predictions, classes)
    if weights is not None:
        columns = multiply(columns, expand_dims(cast(weights, "float32"), -1))
    return cast(matmul(rows, columns, transpose_a=True), dtype, name or "confusion_matrix")


def _most(*tensors: Any) -> Tensor:
    """The largest of all elements."""
    found = reduce_max(tensors[0])
    for t in tensors[1:]:
        found = maximum(found, cast(reduce_max(t), found.dtype))
    return found


def _is_class(x: Any, classes: Any) -> Tensor:
    """Rows that are 1 at the number of their element."""
    return one_hot(reshape(x, [-1]), classes, dtype="float32")


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = "int32",
    name: str | None = None,
) -> Tensor:
    """How often each number occurs, or the sum of the weights of its occurrences.

    There are as many counts as the largest number needs, but at least ``minlength`` and at most ``maxlength``.
    """
    count: Any = maxlength
    if maxlength is None or maxlength is not minlength:
        count = maximum(_most(arr) + 1, 0 if minlength is None else minlength)
        count = count if maxlength is None else minimum(count, maxlength)
    places = one_hot(reshape(arr, [-1]), count, dtype=dtype if weights is None else g.value(weights).dtype)
    if weights is not None:
        places = multiply(places, expand_dims(reshape(weights, [-1]), -1))
    return identity(reduce_sum(places, 0), name or "Bincount")


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32", name: Any = None
) -> Tensor:
    """Counts of numbers in equal bins; those outside the range fall into the end bins."""
    low, high = (float(v) for v in static_value(value_range))
    place: Any = elementwise.floor((g.value(values) - low) * (nbins / (high - low)))  # type: ignore[operator]
    inside = g.cast(optimizers.clip_by_value(place, 0.0, float(nbins - 1)), "int32")
    return bincount(wrap(inside, None, "Bins"), None, nbins, nbins, dtype, name)


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """The elements in order along an axis."""
    made = core_sort.sort(value(values), axis=axis, descending=direction == "DESCENDING")
    return wrap(made, name, "sort", [values])


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """The positions of the elements in order."""
    made = core_sort.argsort(value(values), axis=axis, descending=direction == "DESCENDING")
    return wrap(g.cast(made, "int32"), name, "argsort", [values])


@make_op({}, infer=lambda x, y: (core.Spec((None,), x.dtype), core.Spec((None,), np.dtype(np.int32))))
def _missing(x, y, /):  # type: ignore[no-untyped-def]
    """The elements of x that y has not, and their positions."""
    places = np.flatnonzero(~np.isin(x, y))
    return x[places], places.astype(np.int32)


def setdiff1d(x: Any, y: Any, index_dtype: Any = "int32", name: str | None = None) -> Any:
    """(elements of x that are not in y, their positions)."""
    return tuple(wrap_all(list(_missing(*values(x, y))), name, "ListDiff", [x, y]))


listdiff = setdiff1d


def unique_with_counts(x: Any, out_idx: Any = "int32", name: str | None = None) -> Any:
    """Distinct elements, each element's number among them, and how often each occurs."""
    found, numbers = unique(x, out_idx)
    return found, numbers, wrap(_tally(value(numbers)), name, "UniqueWithCounts", [x])


@make_op({}, infer=lambda x: core.Spec((None,), x.dtype))
def _tally(x, /):  # type: ignore[no-untyped-def]
    """How often each number from 0 on occurs."""
    return np.bincount(x).astype(x.dtype)


def _segment_count(segment_ids: Any) -> Any:
    ids = static_value(segment_ids)
    return add(maximum(reduce_max(segment_ids), -1), 1) if ids is None else int(ids.max(initial=-1)) + 1


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Means of rows with equal ids."""
    return unsorted_segment_mean(data, segment_ids, _segment_count(segment_ids), name)


def _least(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min


def _most_of(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


def _folded(kind: str, fold: Any, start: Any, ordered: bool) -> Callable[..., Tensor]:
    """For each segment what ``fold`` makes of its rows, by a comparison of every row with every segment.

    A segment without rows has ``start``, which changes nothing; where segments are in order, an extreme has 0.
    """

    def apply(data: Any, segment_ids: Any, num_segments: Any = None, name: str | None = None) -> Tensor:
        n = _segment_count(segment_ids) if num_segments is None else num_segments
        t: Any
        t, segment_ids = _in_rows(data, segment_ids)
        member: Any
        if static_value(n) is not None:
            member = triangles.one_hot(segment_ids, static_int(n, "num_segments"), dtype="bool", axis=0)
        else:  # only a run knows how many
            member = value(
                equal(expand_dims(wrap(segment_ids, None, "Ids"), 0), expand_dims(numbers_up_to(n), 1))
            )
        member = shape_ops.expand_dims(member, tuple(range(2, 1 + t.ndim))) if t.ndim > 1 else member
        filler = core.constant(np.asarray(start(t.dtype), t.dtype))
        made = g.cast(fold(elementwise.where(member, shape_ops.expand_dims(t, 0), filler), axis=1), t.dtype)
        if ordered and fold is not reduce.prod:
            made = elementwise.where(reduce.any(member, axis=1), made, core.constant(np.zeros((), t.dtype)))
        return wrap(made, name, kind, [data])

    apply.__doc__ = (
        f"{kind}: the {'product' if fold is reduce.prod else 'extreme'} of the rows with equal ids."
    )
    return apply


segment_max, unsorted_segment_max = (_folded("SegmentMax", reduce.max, _least, o) for o in (True, False))
segment_min, unsorted_segment_min = (_folded("SegmentMin", reduce.min, _most_of, o) for o in (True, False))
segment_prod, unsorted_segment_prod = (
    _folded("SegmentProd", reduce.prod, lambda dtype: 1, o) for o in (True, False)
)


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Sums of rows with equal ids over the root of how many there are."""
    counted = maximum(unsorted_segment_sum(ones_like(data), segment_ids, num_segments), 1)
    root = wrap(elementwise.sqrt(value(counted)), None, "Sqrt", [counted])
    return div(unsorted_segment_sum(data, segment_ids, num_segments), root, name)


_rows_of = deferring(gather)  # of how many axes the rows are, a run may know


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The rows with number 0, with number 1, ..., as many tensors."""
    return [boolean_mask(data, equal(partitions, k)) for k in range(num_partitions)]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """Rows put at their numbers, the last of several at one; rows of zeros where there is none.

    The gradient of each row is that of the place it was put at, also where another one is there now.
    """
    numbers = [g.convert_to_tensor(i) for i in indices]
    if any(i.get_shape().ndims is None for i in numbers):
        raise NotKnownYet("tf.dynamic_stitch: how many axes the indices have must be known")

    def stitched(*parts: Tensor) -> tuple[Tensor, Any]:
        rows = [d.get_shape().as_list()[i.shape.ndims :] for i, d in zip(numbers, parts, strict=True)]
        joined = concat(
            [_along_one_axis(d, i, row) for d, i, row in zip(parts, numbers, rows, strict=True)], 0
        )
        return _at_numbers(numbers, joined, rows[0]), lambda grad: [_rows_of(grad, i) for i in numbers]

    made = custom_gradient(stitched)(*[g.convert_to_tensor(d) for d in data])
    return identity(made, name)


def _along_one_axis(data: Tensor, numbers: Tensor, row: list[int | None]) -> Tensor:
    """The data of all numbers along one axis."""
    axes = numbers.shape.ndims
    if axes == 1:
        return data
    return reshape(data, concat([[-1], shape(data)[axes:]], 0) if None in row else [-1, *row])


def _at_numbers(indices: Sequence[Tensor], joined: Tensor, row: list[int | None]) -> Tensor:
    known = [static_value(i) for i in indices]
    if all(k is not None for k in known):
        places = np.concatenate([np.reshape(k, -1) for k in known]).astype(np.int64)
        order = np.full(places.max(initial=-1) + 1, -1)
        order[places] = np.arange(len(places))
        if (order >= 0).all():
            return gather(joined, order.astype(np.int32))
    numbers = concat([reshape(i, [-1]) for i in indices], 0)
    lengths = concat([reshape(maximum(reduce_max(numbers), -1) + 1, [1]), shape(joined)[1:]], 0)
    made = index.index_update(value(zeros(lengths, joined.dtype)), value(numbers), value(joined))
    return wrap(g.shaped_as(made, (None, *row)), None, "DynamicStitch", [*indices, joined])


def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """Each element so often in a row."""
    times = static_value(repeats)
    x = g.convert_to_tensor(input)
    x, place = (reshape(x, [-1]), 0) if axis is None else (x, static_int(axis, "axis"))
    if times is None:
        return wrap(tiling.repeat(value(x), value(repeats), axis=place), name, "Repeat", [input, repeats])
    length = x.get_shape()[place].value
    if length is None:
        if times.size != 1:
            raise ValueError("tf.repeat: the length of the axis must be known when the graph is built")
        wide: Any = joining.stack([value(x)] * int(times.reshape(())), axis=place % value(x).ndim + 1)
        return wrap(shape_ops.merge_axes(wide, place % value(x).ndim), name, "Repeat", [input])
    order = np.repeat(np.arange(length), np.broadcast_to(times.reshape(-1), length))
    return gather(x, order.astype(np.int32), axis=place, name=name)


@make_op({}, infer=lambda rows, numbers, *, right: core.Spec(numbers.shape, np.dtype(np.int32)))
def _between_which(rows, numbers, /, right):  # type: ignore[no-untyped-def]
    """For each row the places at which numbers fit into its order."""
    flat = zip(rows.reshape(-1, rows.shape[-1]), numbers.reshape(-1, numbers.shape[-1]), strict=True)
    found = [np.searchsorted(row, ns, "right" if right else "left") for row, ns in flat]
    return np.array(found, np.int32).reshape(numbers.shape)


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32", name: str | None = None
) -> Tensor:
    """The places at which values fit into rows in order."""
    inputs = [value(sorted_sequence), value(values)]
    made = _between_which.build(inputs, {"right": side == "right"})
    return wrap(g.cast(made, out_type), name, "SearchSorted", [values])
