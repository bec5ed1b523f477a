"""Arithmetic of sparse tensors: sums, products, softmax, and what is looked up by the numbers in them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.sequences import edit_distances
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, places
from thalweg.compat.tf1.graph import Tensor, wrap
from thalweg.compat.tf1.late import deferring
from thalweg.compat.tf1.places import check
from thalweg.compat.tf1.sparse import SparseTensor
from thalweg.compat.tf1.sparse_shapes import sparse_fill_empty_rows, sparse_reshape, sparse_retain
from thalweg.ops import index
from thalweg.ops import shape as shape_ops

_sum, _largest = map(deferring, (math.reduce_sum, math.reduce_max))


def _summed_dense(sp_input: SparseTensor, of: str) -> Tensor:
    """The dense tensor, where what is at one place twice is summed."""
    numbers = places.numbered(sp_input.indices, sp_input.dense_shape, of)
    flat = math.unsorted_segment_sum(sp_input.values, numbers, math.reduce_prod(sp_input.dense_shape))
    return math.reshape(flat, sp_input.dense_shape)


def sparse_tensor_dense_matmul(
    sp_a: SparseTensor, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse and a dense matrix: rows of ``b``, weighted and summed."""
    t: Any = g.value(b)
    t = shape_ops.permute_dims(t, (1, 0)) if adjoint_b else t
    indices: Any = g.value(places.checked(sp_a.indices, sp_a.dense_shape, "sparse_tensor_dense_matmul"))
    made, rows = (indices[:, 1], indices[:, 0]) if adjoint_a else (indices[:, 0], indices[:, 1])
    values: Any = g.value(sp_a.values)
    picked = index.take(t, rows, axis=0) * shape_ops.expand_dims(values, -1)
    lengths = g.static_value(sp_a.dense_shape)
    n: Any = sp_a.dense_shape[1 if adjoint_a else 0] if lengths is None else int(lengths[int(adjoint_a)])
    return math.unsorted_segment_sum(wrap(picked, None, "Mul"), wrap(made, None, "Rows"), n, name)


sparse_matmul_dense = sparse_tensor_dense_matmul


def sparse_reduce_sum(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The sum over axes of the dense tensor."""
    axis = reduction_axes if axis is None else axis
    return _sum(_summed_dense(sp_input, "sparse_reduce_sum"), axis, bool(keepdims or keep_dims))


def sparse_add(a: Any, b: Any, thresh: Any = 0, threshold: Any = None) -> Any:
    """The sum: sparse of two sparse tensors (without what is below the threshold), else dense."""
    if not (isinstance(a, SparseTensor) and isinstance(b, SparseTensor)):
        return math.add(
            *(_summed_dense(x, "sparse_add") if isinstance(x, SparseTensor) else x for x in (a, b))
        )

    at, numbers = _united(a, b)
    sums = math.unsorted_segment_sum(math.concat([a.values, b.values], 0), numbers, math.shape(at)[0])
    made = SparseTensor(at, sums, a.dense_shape)
    least = thresh if threshold is None else threshold
    return (
        made
        if isinstance(least, (int, float)) and not least
        else sparse_retain(made, math.abs(sums) >= least)
    )


def _united(a: SparseTensor, b: SparseTensor) -> tuple[Tensor, Tensor]:
    """The places of both, row by row; for each element of one, then the other, the number of its place."""

    def united(pa: Any, pb: Any, shape: Any) -> list[np.ndarray]:
        for part in (pa, pb):
            check(part, shape, "the places of two sparse tensors", False)
        found, numbers = np.unique(np.concatenate([pa, pb]), axis=0, return_inverse=True)
        return [found, numbers.reshape(-1).astype(np.int64)]

    at, numbers = math.py_func(united, [a.indices, b.indices, a.dense_shape], ["int64", "int64"])
    at.set_shape([None, a.get_shape().ndims])
    numbers.set_shape([None])
    return at, numbers


def _each_place(chosen: Any) -> Any:
    def of_both(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
        at, numbers = _united(sp_a, sp_b)
        count = math.shape(sp_a.values)[0]
        held = [
            math.unsorted_segment_sum(x.values, part, math.shape(at)[0])
            for x, part in ((sp_a, numbers[:count]), (sp_b, numbers[count:]))
        ]
        return SparseTensor(at, chosen(*held), sp_a.dense_shape)

    of_both.__doc__ = f"The {chosen.__name__} at each place that one of them has; the other is 0 there."
    return of_both


sparse_maximum, sparse_minimum = map(_each_place, (math.maximum, math.minimum))


def sparse_reduce_max(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The largest of the elements that are there, over axes; 0 where there are none."""
    numbers = places.numbered(sp_input.indices, sp_input.dense_shape, "sparse_reduce_max")
    count = math.reduce_prod(sp_input.dense_shape)
    ones = math.ones_like(sp_input.values, dtype="int32")
    flat = math.unsorted_segment_max(sp_input.values, numbers, count)
    held = math.unsorted_segment_sum(ones, numbers, count)
    over, keep = reduction_axes if axis is None else axis, bool(keepdims or keep_dims)
    found, there = (
        reduced(math.reshape(part, sp_input.dense_shape), over, keep)
        for reduced, part in ((_largest, flat), (_largest, held))
    )
    return math.where(math.greater(there, 0), found, math.zeros_like(found))


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Softmax over what is in each row."""
    at: Any = g.value(places.checked(sp_input.indices, sp_input.dense_shape, "sparse_softmax"))
    rows = wrap(at[:, 0], None, "Rows")
    most = math.gather(math.unsorted_segment_max(sp_input.values, rows, sp_input.dense_shape[0]), rows)
    values = math.exp(sp_input.values - most)
    sums = math.unsorted_segment_sum(values, rows, sp_input.dense_shape[0])
    return SparseTensor(sp_input.indices, math.div(values, math.gather(sums, rows)), sp_input.dense_shape)


def embedding_lookup_sparse(
    params: Any,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Tensor:
    """For each row of ids the sum, mean or root-weighted mean (``sqrtn``) of their rows in ``params``."""
    from thalweg.compat.tf1.nn import embedding_lookup  # whose room stands on this one

    rows = embedding_lookup(params, sp_ids.values, partition_strategy, max_norm=max_norm)
    weights = math.ones_like(rows[:, :1]) if sp_weights is None else math.expand_dims(sp_weights.values, 1)
    at: Any = g.value(places.checked(sp_ids.indices, sp_ids.dense_shape, "embedding_lookup_sparse"))
    row = wrap(at[:, 0], None, "Rows")
    n = sp_ids.dense_shape[0] if g.static_value(sp_ids.dense_shape) is None else sp_ids.shape[0].value
    total = math.unsorted_segment_sum(math.multiply(rows, weights), row, n)
    if combiner == "sum":
        return total
    squares = weights if combiner != "sqrtn" else math.square(weights)
    count = math.unsorted_segment_sum(squares, row, n)
    return math.div(total, math.sqrt(count) if combiner == "sqrtn" else count)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str | None = "mean",
    default_id: Any = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
) -> Tensor:
    """As :func:`embedding_lookup_sparse`, where ids below 0 (and, but for sums, weights not above 0) count for
    nothing, and a row without ids is 0, or that of ``default_id``.
    """
    rank = sparse_ids.get_shape().ndims
    if rank is not None and rank > 2:
        lead = sparse_ids.dense_shape[:-1]
        flat = [math.reduce_prod(lead), sparse_ids.dense_shape[rank - 1]]
        ids = sparse_reshape(sparse_ids, math.stack(flat))
        weights = None if sparse_weights is None else sparse_reshape(sparse_weights, math.stack(flat))
        made = safe_embedding_lookup_sparse(
            embedding_weights, ids, weights, combiner, default_id, name, partition_strategy, max_norm
        )
        return math.reshape(made, math.concat([lead, math.cast(math.shape(made)[1:], "int64")], 0))
    kept = math.greater_equal(sparse_ids.values, 0)
    if sparse_weights is not None and combiner != "sum":
        kept = math.logical_and(kept, math.greater(sparse_weights.values, 0))
    ids, empty = sparse_fill_empty_rows(sparse_retain(sparse_ids, kept), default_id or 0)
    weights = None
    if sparse_weights is not None:
        weights = sparse_fill_empty_rows(sparse_retain(sparse_weights, kept), 1)[0]
    found = embedding_lookup_sparse(
        embedding_weights, ids, weights, partition_strategy, combiner=combiner or "mean", max_norm=max_norm
    )
    if default_id is not None:
        return math.identity(found, name)
    return math.where(empty, math.zeros_like(found), found, name)


def edit_distance(
    hypothesis: SparseTensor, truth: SparseTensor, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """The edit distance of each sequence (the last axis), over the length of the truth if ``normalize``."""

    parts = [p for sparse in (hypothesis, truth) for p in (sparse.indices, sparse.values, sparse.dense_shape)]
    node = math.py_func(partial(edit_distances, normalize=normalize), parts, "float32", name=name)
    ranks = [sparse.get_shape().ndims for sparse in (truth, hypothesis)]
    rank = ranks[1] if ranks[0] is None else ranks[0]
    node.set_shape(None if rank is None else [None] * (rank - 1))
    return node


def _segment(reduction: Any) -> Any:
    def apply(
        data: Any, indices: Any, segment_ids: Any, name: Any = None, num_segments: Any = None
    ) -> Tensor:
        only(f"tf.sparse_{reduction.__name__}", "num_segments", num_segments)
        return reduction(math.gather(data, indices), segment_ids)

    apply.__doc__ = f"``tf.{reduction.__name__}`` of the rows with the given numbers."
    return apply


sparse_segment_sum = _segment(math.segment_sum)
sparse_segment_mean = _segment(math.segment_mean)


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: Any = None, num_segments: Any = None
) -> Tensor:
    """The sum of the rows with the given numbers over the root of how many there are."""
    only("tf.sparse_segment_sqrt_n", "num_segments", num_segments)
    rows = math.gather(data, indices)
    count = math.segment_sum(math.ones_like(rows), segment_ids)
    return math.div(math.segment_sum(rows, segment_ids), math.sqrt(count), name)
