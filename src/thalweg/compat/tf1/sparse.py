"""``tf.SparseTensor``: the places, values and shape of what is not zero, as three tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, wrap
from thalweg.ops import index
from thalweg.ops import shape as shape_ops


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
            dense = math.gather_nd(math.broadcast_to(dense, self.dense_shape), self.indices)
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


def sparse_tensor_to_dense(
    sp_input: SparseTensor, default_value: Any = 0, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The dense tensor, with ``default_value`` where nothing is."""
    if isinstance(sp_input.values, g.HostTensor):
        parts = [sp_input.indices, sp_input.values, sp_input.dense_shape]
        filler = default_value.encode() if isinstance(default_value, str) else default_value or b""

        def dense(indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> np.ndarray:
            made = np.full(tuple(shape), filler, object)
            made[tuple(indices.T)] = values
            return made

        return g.host("SparseToDense", name, parts, dense, sp_input.shape)
    return math.sparse_to_dense(sp_input.indices, sp_input.dense_shape, sp_input.values, default_value)


def sparse_tensor_dense_matmul(
    sp_a: SparseTensor, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse and a dense matrix: rows of ``b``, weighted and summed."""
    t: Any = g.value(b)
    t = shape_ops.permute_dims(t, (1, 0)) if adjoint_b else t
    indices: Any = g.value(sp_a.indices)
    places, rows = (indices[:, 1], indices[:, 0]) if adjoint_a else (indices[:, 0], indices[:, 1])
    values: Any = g.value(sp_a.values)
    picked = index.take(t, rows, axis=0) * shape_ops.expand_dims(values, -1)
    lengths = g.static_value(sp_a.dense_shape)
    n: Any = sp_a.dense_shape[1 if adjoint_a else 0] if lengths is None else int(lengths[int(adjoint_a)])
    return math.unsorted_segment_sum(wrap(picked, None, "Mul"), wrap(places, None, "Rows"), n, name)


sparse_matmul_dense = sparse_tensor_dense_matmul


def sparse_reduce_sum(
    sp_input: SparseTensor, axis: Any = None, keep_dims: bool = False, **options: Any
) -> Tensor:
    """The sum over axes of the dense tensor."""
    return math.reduce_sum(sparse_tensor_to_dense(sp_input), axis, keep_dims)


def sparse_add(a: Any, b: Any, thresh: Any = 0) -> Tensor:
    """The sum as a dense tensor."""
    dense = [sparse_tensor_to_dense(x) if isinstance(x, SparseTensor) else x for x in (a, b)]
    return math.add(*dense)


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Softmax over what is in each row."""
    rows, values = wrap(g.value(sp_input.indices)[:, 0], None, "Rows"), math.exp(sp_input.values)  # type: ignore[index]
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
    table = params[0] if isinstance(params, (list, tuple)) else params
    rows = math.gather(table, sp_ids.values)
    weights = math.ones_like(rows[:, :1]) if sp_weights is None else math.expand_dims(sp_weights.values, 1)
    places = wrap(g.value(sp_ids.indices)[:, 0], None, "Rows")  # type: ignore[index]
    n = sp_ids.dense_shape[0] if g.static_value(sp_ids.dense_shape) is None else sp_ids.shape[0].value
    total = math.unsorted_segment_sum(math.multiply(rows, weights), places, n)
    if combiner == "sum":
        return total
    squares = weights if combiner != "sqrtn" else math.square(weights)
    count = math.unsorted_segment_sum(squares, places, n)
    return math.div(total, math.sqrt(count) if combiner == "sqrtn" else count)


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
    rank = sp_input.get_shape().ndims
    order = list(range(rank))[::-1] if perm is None else [int(k) for k in g.static_value(perm)]
    return sparse_reorder(
        SparseTensor(
            math.gather(sp_input.indices, order, axis=1),
            sp_input.values,
            math.gather(sp_input.dense_shape, order),
        )
    )


def sparse_reorder(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """The elements row by row."""

    def order(indices: np.ndarray) -> np.ndarray:
        return np.lexsort(indices.T[::-1]).astype(np.int64)

    places = math.py_func(order, [sp_input.indices], "int64", name=name)
    places.set_shape([None])
    return SparseTensor(
        math.gather(sp_input.indices, places), math.gather(sp_input.values, places), sp_input.dense_shape
    )


def sparse_retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """The elements for which the flag is set."""
    flags = math.identity(to_retain)
    flags.set_shape([None])
    return SparseTensor(
        math.boolean_mask(sp_input.indices, flags),
        math.boolean_mask(sp_input.values, flags),
        sp_input.dense_shape,
    )


def sparse_to_indicator(sp_input: SparseTensor, vocab_size: int, name: str | None = None) -> Tensor:
    """For each row, which of ``vocab_size`` numbers it holds."""
    dense = sparse_tensor_to_dense(sp_input, default_value=-1)
    return math.greater(math.reduce_max(math.one_hot(dense, vocab_size), -2), 0.0, name)


def _segment(reduction: Any) -> Any:
    def apply(
        data: Any, indices: Any, segment_ids: Any, name: Any = None, num_segments: Any = None
    ) -> Tensor:
        return reduction(math.gather(data, indices), segment_ids)

    apply.__doc__ = f"``tf.{reduction.__name__}`` of the rows with the given numbers."
    return apply


sparse_segment_sum = _segment(math.segment_sum)
sparse_segment_mean = _segment(math.segment_mean)
