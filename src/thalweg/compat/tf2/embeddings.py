"""``tf.nn``'s tables of rows looked up by sparse numbers, summed up or averaged; distances of sparse sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.sequences import edit_distances
from thalweg.compat.tf2 import arrays, math, segments, sparse
from thalweg.compat.tf2.nn import embedding_lookup
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.values import cast, number, tensor
from thalweg.errors import ArgumentError, fail

__all__ = ["edit_distance", "embedding_lookup_sparse", "safe_embedding_lookup_sparse"]


def embedding_lookup_sparse(
    params: Any, sp_ids: SparseTensor, sp_weights: SparseTensor | None = None, combiner: str | None = None,
    max_norm: Any = None, name: Any = None, allow_fast_lookup: bool = False,
) -> Any:  # fmt: skip
    """For each row of ids the sum, mean (unless given) or root-weighted mean ("sqrtn") of their rows in ``params``.

    >>> ids = SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([0, 1, 1]), [2, 2])
    >>> embedding_lookup_sparse(np.array([[1.0], [3.0]]), ids).numpy().tolist()
    [[2.0], [3.0]]
    """
    how = combiner or "mean"
    if how not in ("sum", "mean", "sqrtn"):
        raise fail(
            ArgumentError,
            "embedding_lookup_sparse: combiner",
            expected="sum, mean or sqrtn",
            received=combiner,
        )
    numbers = np.asarray(sp_ids.indices)[:, 0]
    rows = embedding_lookup(params, sp_ids.values, max_norm=max_norm)
    weights = arrays.ones_like(rows[:, :1])
    if sp_weights is not None:
        weights = arrays.expand_dims(cast(sp_weights.values, rows.dtype), 1)
    weights = arrays.reshape(weights, [-1, *[1] * (rows.ndim - 1)])
    count = int(numbers.max(initial=-1)) + 1
    total = segments.unsorted_segment_sum(rows * weights, numbers, count)
    if how == "sum":
        return total
    shares = segments.unsorted_segment_sum(
        math.square(weights) if how == "sqrtn" else weights, numbers, count
    )
    return math.divide_no_nan(total, math.sqrt(shares) if how == "sqrtn" else shares)


def safe_embedding_lookup_sparse(
    embedding_weights: Any, sparse_ids: SparseTensor, sparse_weights: SparseTensor | None = None,
    combiner: str | None = "mean", default_id: Any = None, max_norm: Any = None, name: Any = None,
    allow_fast_lookup: bool = False,
) -> Any:  # fmt: skip
    """As :func:`embedding_lookup_sparse`, where ids below 0 (and, but for sums, weights not above 0) count for nothing,
    and a row without ids is 0, or that of ``default_id``; ids may have more than two axes.
    """
    form = [int(n) for n in np.asarray(sparse_ids.dense_shape)]
    if len(form) > 2:
        flat = [int(np.prod(form[:-1])), form[-1]]
        weights = None if sparse_weights is None else sparse.reshape(sparse_weights, flat)
        ids = sparse.reshape(sparse_ids, flat)
        made = safe_embedding_lookup_sparse(embedding_weights, ids, weights, combiner, default_id, max_norm)
        return arrays.reshape(made, [*form[:-1], *made.shape[1:]])
    kept = np.asarray(sparse_ids.values) >= 0
    if sparse_weights is not None and combiner != "sum":
        kept &= np.asarray(sparse_weights.values) > 0
    places = np.asarray(sparse_ids.indices)[kept]
    ids, shares = arrays.boolean_mask(tensor(sparse_ids.values), kept), None
    if sparse_weights is not None:
        shares = arrays.boolean_mask(tensor(sparse_weights.values), kept)
    empty = np.setdiff1d(np.arange(form[0]), places[:, 0])
    order = np.argsort(np.concatenate([places[:, 0], empty]), kind="stable")
    places = np.concatenate([places, np.stack([empty, 0 * empty], 1)])[order]
    filler = 0 if default_id is None else int(number(default_id))
    ids = arrays.gather(arrays.concat([ids, cast(np.full(len(empty), filler), ids.dtype)], 0), order)
    if shares is not None:
        shares = arrays.gather(arrays.concat([shares, cast(np.ones(len(empty)), shares.dtype)], 0), order)
        shares = SparseTensor(places, shares, form)
    found = embedding_lookup_sparse(
        embedding_weights, SparseTensor(places, ids, form), shares, combiner, max_norm
    )
    if default_id is not None or not len(empty):
        return found
    there = np.isin(np.arange(form[0]), empty, invert=True).reshape(-1, *[1] * (found.ndim - 1))
    return found * there.astype(np.dtype(found.dtype))


def edit_distance(
    hypothesis: SparseTensor, truth: SparseTensor, normalize: bool = True, name: str = "edit_distance"
) -> Any:
    """The edit distance of each sequence (the last axis), float32, over the length of the truth if ``normalize``."""
    parts = [np.asarray(part) for s in (hypothesis, truth) for part in (s.indices, s.values, s.dense_shape)]
    return tensor(edit_distances(*parts, normalize=normalize))
