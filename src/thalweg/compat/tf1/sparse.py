"""``tf.SparseTensor``: the places, values and shape of what is not zero, as three tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, places
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Tensor, wrap
from thalweg.compat.tf1.late import deferring
from thalweg.compat.tf1.places import check
from thalweg.compat.tf1.texts import moving
from thalweg.ops import index
from thalweg.ops import shape as shape_ops

_sum, _largest = map(deferring, (math.reduce_sum, math.reduce_max))
_chosen, _joined, _masked = moving(math.gather), moving(math.concat), moving(math.boolean_mask)


class SparseTensorValue(NamedTuple):
    """What a run gives for a sparse tensor, and what it is fed."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """``indices`` [n, rank], ``values`` [n] and ``dense_shape`` [rank]."""

    def __init__(self, indices: Any, values: Any, dense_shape: Any = None, shape: Any = None) -> None:
        self.indices = g.convert_to_tensor(_as_int64(indices))
        self.values = g.convert_to_tensor(values)
        self.dense_shape = g.convert_to_tensor(_as_int64(shape if dense_shape is None else dense_shape))

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    @property
    def graph(self) -> Any:
        return self.values.graph

    @property
    def op(self) -> Any:
        return self.values.op

    @property
    def shape(self) -> g.TensorShape:
        """What is known of the dense shape."""
        static = g.static_value(self.dense_shape)
        if static is not None:
            return g.TensorShape([int(d) for d in static])
        rank = self.indices.get_shape()[-1].value
        return g.TensorShape(None if rank is None else [None] * rank)

    get_shape = lambda self: self.shape

    def with_values(self, values: Any) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self.indices, values, self.dense_shape)

    def as_fetch(self) -> SparseTensorValue:
        """The parts, in the form in which a run gives them."""
        return SparseTensorValue(self.indices, self.values, self.dense_shape)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """What a session is fed instead; a shape that is known is not."""
        return self.indices, self.values, self.dense_shape

    def _scaled(self, other: Any, op: Any) -> SparseTensor:
        """The values combined with a number, or with those of a dense tensor at the same places."""
        dense = g.convert_to_tensor(other, self.dtype if not isinstance(other, Tensor) else None)
        if dense.get_shape().ndims != 0:
            numbers = places.numbered(self.indices, self.dense_shape, "SparseTensor * tensor")
            flat = math.reshape(math.broadcast_to(dense, self.dense_shape), [-1])
            dense = math.gather(flat, numbers)
        return self.with_values(op(self.values, dense))

    def __mul__(self, other: Any) -> SparseTensor:
        return self._scaled(other, math.multiply)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._scaled(other, math.divide)

    __div__ = __truediv__

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """The value in the given or the default session."""
        return g.session_for(session).run(self, feed_dict)


def _known(shape: Any) -> Any:
    found = g.static_value(shape) if isinstance(shape, Tensor) else g.TensorShape(shape).as_list()
    if found is None:
        raise ValueError(
            f"sparse_placeholder: the shape must be known when the graph is built, received {shape!r}"
        )
    return found


def _as_int64(x: Any) -> Any:
    return x if isinstance(x, Tensor) else np.asarray(x, np.int64)


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that is fed (indices, values, shape)."""
    shape = None if shape is None else [None if d is None or d < 0 else int(d) for d in _known(shape)]
    rank = None if shape is None else len(shape)
    return SparseTensor(
        math.placeholder("int64", [None, rank], f"{name}/indices" if name else None),
        math.placeholder(dtype, [None], f"{name}/values" if name else None),
        math.placeholder("int64", [rank], f"{name}/shape" if name else None)
        if shape is None or None in shape
        else np.asarray(shape, np.int64),
    )


def _inside(sp_input: SparseTensor, of: str, ordered: bool = False) -> Tensor:
    """The places, all of which are in the shape when the graph runs, and where asked in order, each once."""
    return places.checked(sp_input.indices, sp_input.dense_shape, of, ordered)


def sparse_tensor_to_dense(
    sp_input: SparseTensor, default_value: Any = 0, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The dense tensor, with ``default_value`` where nothing is. The places must be in order, each once, unless
    ``validate_indices=False``.
    """
    if isinstance(sp_input.values, g.HostTensor):
        at = _inside(sp_input, "sparse_tensor_to_dense", validate_indices)
        parts = [at, sp_input.values, sp_input.dense_shape]
        filler = default_value.encode() if isinstance(default_value, str) else default_value or b""

        def dense(indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> np.ndarray:
            made = np.full(tuple(shape), filler, object)
            made[tuple(indices.T)] = values
            return made

        return g.host("SparseToDense", name, parts, dense, sp_input.shape)
    return math.sparse_to_dense(
        sp_input.indices, sp_input.dense_shape, sp_input.values, default_value, validate_indices, name
    )


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
    indices: Any = g.value(_inside(sp_a, "sparse_tensor_dense_matmul"))
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
    at: Any = g.value(_inside(sp_input, "sparse_softmax"))
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
    at: Any = g.value(_inside(sp_ids, "embedding_lookup_sparse"))
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


def _distance(a: list[Any], b: list[Any]) -> int:
    """How many insertions, deletions and replacements make one sequence the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def edit_distance(
    hypothesis: SparseTensor, truth: SparseTensor, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """The edit distance of each sequence (the last axis), over the length of the truth if ``normalize``."""

    def measure(hi: Any, hv: Any, hs: Any, ti: Any, tv: Any, ts: Any) -> np.ndarray:
        made = np.zeros([max(a, b) for a, b in zip(hs[:-1], ts[:-1], strict=True)], np.float32)
        for place in np.ndindex(*made.shape):
            a, b = (list(v[np.all(i[:, :-1] == place, axis=1)]) for i, v in ((hi, hv), (ti, tv)))
            far = float(_distance(a, b))
            made[place] = far if not normalize else far / len(b) if b else (np.inf if a else 0.0)
        return made

    parts = [p for sparse in (hypothesis, truth) for p in (sparse.indices, sparse.values, sparse.dense_shape)]
    node = math.py_func(measure, parts, "float32", name=name)
    ranks = [sparse.get_shape().ndims for sparse in (truth, hypothesis)]
    rank = ranks[1] if ranks[0] is None else ranks[0]
    node.set_shape(None if rank is None else [None] * (rank - 1))
    return node


def sparse_reshape(sp_input: SparseTensor, shape: Any, name: str | None = None) -> SparseTensor:
    """The elements at the places that they have under another shape; one length may be -1."""

    def moved(indices: np.ndarray, old: np.ndarray, new: np.ndarray) -> list[np.ndarray]:
        lengths = [int(d) for d in new]
        if -1 in lengths:
            rest = int(np.prod([d for d in lengths if d != -1]))
            lengths[lengths.index(-1)] = int(np.prod(old)) // max(rest, 1)
        flat = np.ravel_multi_index(tuple(indices.T), tuple(int(d) for d in old))
        return [np.stack(np.unravel_index(flat, lengths), axis=1), np.array(lengths, np.int64)]

    wanted = g.convert_to_tensor(_as_int64(shape))
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

    bounds = [g.convert_to_tensor(_as_int64(x)) for x in (start, size)]
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
        lengths = math.maximum(g.convert_to_tensor(_as_int64(new_shape)), 0)
        with g.default_graph().control_dependencies([math.assert_less_equal(sp_input.dense_shape, lengths)]):
            lengths = math.identity(lengths)
    return SparseTensor(sp_input.indices, sp_input.values, lengths)


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """What is not zero of a dense tensor."""
    node = g.convert_to_tensor(tensor)
    places = math.where(math.not_equal(node, math.zeros_like(node)))
    return SparseTensor(places, math.gather_nd(node, places), math.shape(node, out_type="int64"))


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
