"""Sparse tensors in other shapes: their elements turned, joined, cut and chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Tensor, wrap
from thalweg.compat.tf1.places import as_int64, check
from thalweg.compat.tf1.sparse import SparseTensor, sparse_tensor_to_dense
from thalweg.compat.tf1.texts import moving

_chosen, _joined, _masked = moving(math.gather), moving(math.concat), moving(math.boolean_mask)


def sparse_reshape(sp_input: SparseTensor, shape: Any, name: str | None = None) -> SparseTensor:
    """The elements at the places that they have under another shape; one length may be -1."""

    def moved(indices: np.ndarray, old: np.ndarray, new: np.ndarray) -> list[np.ndarray]:
        lengths = [int(d) for d in new]
        if -1 in lengths:
            rest = int(np.prod([d for d in lengths if d != -1]))
            lengths[lengths.index(-1)] = int(np.prod(old)) // max(rest, 1)
        flat = np.ravel_multi_index(tuple(indices.T), tuple(int(d) for d in old))
        return [np.stack(np.unravel_index(flat, lengths), axis=1), np.array(lengths, np.int64)]

    wanted = g.convert_to_tensor(as_int64(shape))
    indices, lengths = math.py_func(
        moved, [sp_input.indices, sp_input.dense_shape, wanted], ["int64", "int64"], name=name
    )
    rank = wanted.get_shape()[0].value
    indices.set_shape([None, rank])
    lengths.set_shape([rank])
    return SparseTensor(indices, sp_input.values, lengths)


def sparse_transpose(sp_input: SparseTensor, perm: Any = None, name: str | None = None) -> SparseTensor:
    """The axes in another order (reversed by default)."""
    given = None if perm is None else [int(k) for k in g.static_value(perm)]

    def arrange(places: Any, shapes: Any) -> Any:
        axes = list(range(len(shapes[0])))[::-1] if given is None else given
        moved = places[0][:, axes]
        order = _in_order(moved)
        return order, moved[order], shapes[0][axes]

    return _rearranged([sp_input], arrange, sp_input.get_shape().ndims)


def _rearranged(sparse: Sequence[SparseTensor], arrange: Any, rank: int | None, *more: Any) -> SparseTensor:
    """Some of the elements of sparse tensors at other places.

    ``arrange(places, shapes, *more)`` gives the elements' numbers among all, their places, and the shape.
    """
    count = len(sparse)

    def moved(*given: np.ndarray) -> list[np.ndarray]:
        made = arrange(list(given[:count]), list(given[count : 2 * count]), *given[2 * count :])
        return [np.asarray(part, np.int64) for part in made]

    parts = [*(s.indices for s in sparse), *(s.dense_shape for s in sparse), *more]
    numbers, places, lengths = math.py_func(moved, parts, ["int64"] * 3)
    for node, known in ((numbers, [None]), (places, [None, rank]), (lengths, [rank])):
        node.set_shape(known)
    values = sparse[0].values if count == 1 else _joined([s.values for s in sparse], 0)
    return SparseTensor(places, _chosen(values, numbers), lengths)


def _in_order(places: np.ndarray) -> np.ndarray:
    """The numbers of places, row by row."""
    return np.lexsort(places.T[::-1])


def sparse_reorder(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """The elements row by row."""

    def arrange(places: Any, shapes: Any) -> Any:
        order = _in_order(places[0])
        return order, places[0][order], shapes[0]

    return _rearranged([sp_input], arrange, sp_input.get_shape().ndims)


def sparse_concat(
    axis: int,
    sp_inputs: Sequence[SparseTensor],
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: Any = None,
    expand_nonconcat_dims: Any = None,
) -> SparseTensor:
    """One after the other along an axis; the other lengths are the same, or with ``expand_nonconcat_dim`` grow."""
    rank: Any = sp_inputs[0].get_shape().ndims
    over = int(axis if concat_dim is None else concat_dim)

    def arrange(places: Any, shapes: Any) -> Any:
        along = over % len(shapes[0])
        lengths = np.max(shapes, axis=0)
        rest = np.delete(np.array(shapes), along, axis=1)
        if not (expand_nonconcat_dim or expand_nonconcat_dims) and (rest != rest[0]).any():
            raise InvalidArgumentError(f"sparse_concat: the lengths beside axis {along} differ: {shapes}")
        begins = np.cumsum([0, *(shape[along] for shape in shapes)])
        shifted = [
            p + begin * (np.arange(len(lengths)) == along) for p, begin in zip(places, begins, strict=False)
        ]
        lengths[along] = begins[-1]
        joined = np.concatenate(shifted)
        order = _in_order(joined)
        return order, joined[order], lengths

    return _rearranged(sp_inputs, arrange, rank)


def sparse_slice(sp_input: SparseTensor, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """The elements of a block, at their places in it."""

    def arrange(places: Any, shapes: Any, first: Any, lengths: Any) -> Any:
        lengths = np.clip(lengths, 0, np.maximum(shapes[0] - first, 0))
        moved = places[0] - first
        inside = np.flatnonzero(((moved >= 0) & (moved < lengths)).all(axis=1))
        return inside, moved[inside], lengths

    bounds = [g.convert_to_tensor(as_int64(x)) for x in (start, size)]
    return _rearranged([sp_input], arrange, sp_input.get_shape().ndims, *bounds)


def sparse_split(
    keyword_required: Any = None,
    sp_input: Any = None,
    num_split: Any = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """Blocks along an axis; where the length is no multiple of their number, the first ones are longer by 1."""
    over, count = int(split_dim if axis is None else axis), int(num_split)

    def block(k: int) -> SparseTensor:
        def arrange(places: Any, shapes: Any) -> Any:
            check(places[0], shapes[0], "sparse_split", False)
            lengths = shapes[0].copy()
            size, longer = divmod(int(lengths[over]), count)
            first, lengths[over] = k * size + min(k, longer), size + (k < longer)
            moved = places[0].copy()
            moved[:, over] -= first
            inside = np.flatnonzero((moved[:, over] >= 0) & (moved[:, over] < lengths[over]))
            return inside, moved[inside], lengths

        return _rearranged([sp_input], arrange, sp_input.get_shape().ndims)

    return [block(k) for k in range(count)]


def sparse_merge(
    sp_ids: Any,
    sp_values: SparseTensor,
    vocab_size: Any,
    name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """The values at columns given by ids: [batch, number of features] from [batch, k] of each."""
    several = isinstance(sp_ids, (list, tuple))
    ids: Any = sp_ids if several else [sp_ids]
    sizes = np.array(vocab_size if several else [vocab_size], np.int64)

    def arrange(places: Any, shapes: Any, *columns: Any) -> Any:
        made = np.column_stack([places[0][:, :-1], *columns])
        order = np.arange(len(made)) if already_sorted else _in_order(made)
        return order, made[order], [*shapes[0][:-1], *sizes]

    rank = sp_values.get_shape().ndims
    return _rearranged(
        [sp_values],
        arrange,
        None if rank is None else rank - 1 + len(ids),
        *(math.cast(i.values, "int64") for i in ids),
    )


def sparse_fill_empty_rows(
    sp_input: SparseTensor, default_value: Any, name: str | None = None
) -> tuple[SparseTensor, Tensor]:
    """(with ``default_value`` in the first column of rows that hold nothing, which rows those are)."""

    def arrange(places: Any, shapes: Any) -> Any:
        check(places[0], shapes[0], "sparse_fill_empty_rows", False)
        empty = np.setdiff1d(np.arange(shapes[0][0]), places[0][:, 0])
        joined = np.concatenate([places[0], np.column_stack([empty, np.zeros_like(empty)])])
        numbers = np.concatenate([np.arange(len(places[0])), np.full(len(empty), len(places[0]))])
        order = _in_order(joined)
        return numbers[order], joined[order], shapes[0]

    filler = g.convert_to_tensor([default_value], sp_input.dtype)
    extended = sp_input.with_values(_joined([sp_input.values, filler], 0))
    filled = _rearranged([extended], arrange, 2)
    rows = wrap(g.value(sp_input.indices)[:, 0], None, "Rows")  # type: ignore[index]
    counts = math.unsorted_segment_sum(math.ones_like(rows), rows, sp_input.dense_shape[0])
    return filled, math.equal(counts, 0, name)


def sparse_reset_shape(sp_input: SparseTensor, new_shape: Any = None) -> SparseTensor:
    """The same elements in the smallest shape that holds them, or in a given one."""
    if new_shape is None:
        lengths = math.reduce_max(sp_input.indices, 0) + 1
    else:
        lengths = math.maximum(g.convert_to_tensor(as_int64(new_shape)), 0)
        with g.default_graph().control_dependencies([math.assert_less_equal(sp_input.dense_shape, lengths)]):
            lengths = math.identity(lengths)
    return SparseTensor(sp_input.indices, sp_input.values, lengths)


def sparse_retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """The elements for which the flag is set."""
    flags = math.identity(to_retain)
    flags.set_shape([None])
    return SparseTensor(
        math.boolean_mask(sp_input.indices, flags),
        _masked(sp_input.values, flags),
        sp_input.dense_shape,
    )


def sparse_to_indicator(sp_input: SparseTensor, vocab_size: int, name: str | None = None) -> Tensor:
    """For each row, which of ``vocab_size`` numbers it holds."""
    there = sp_input.with_values(math.ones_like(sp_input.values, dtype="int32"))
    merged = sparse_merge(sp_input, there, vocab_size)
    return math.cast(sparse_tensor_to_dense(merged, validate_indices=False), "bool", name)
