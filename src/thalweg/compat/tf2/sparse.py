"""``tf.SparseTensor`` and ``tf.sparse``: the places, values and shape of what is not zero, as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import is_text, texts
from thalweg.compat.tf2.values import axes, pair, tensor

__all__ = [
    "SparseTensor", "add", "concat", "expand_dims", "eye", "from_dense", "map_values", "mask", "maximum", "minimum",
    "reduce_max", "reduce_sum", "reorder", "reset_shape", "reshape", "retain", "slice", "softmax",
    "sparse_dense_matmul", "split", "to_dense", "to_indicator", "transpose",
]  # fmt: skip


class SparseTensor:
    """``indices`` [n, rank], ``values`` [n] and ``dense_shape`` [rank].

    >>> to_dense(SparseTensor([[0, 1], [1, 0]], [5, 6], [2, 2])).tolist()
    [[0, 5], [6, 0]]
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        form = np.asarray(dense_shape, np.int64)
        self.indices = tensor(np.asarray(indices, np.int64).reshape(-1, len(form)))
        self.values, self.dense_shape = tensor(values), tensor(form)

    @property
    def dtype(self) -> Any:
        """The type of the values."""
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes."""
        return TensorShape(np.asarray(self.dense_shape).tolist())

    def get_shape(self) -> TensorShape:
        """The lengths of the axes."""
        return self.shape

    def with_values(self, new_values: Any) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    def __mul__(self, other: Any) -> SparseTensor:
        rows = arrays.gather_nd(arrays.broadcast_to(tensor(other), self.shape), self.indices)
        return self.with_values(self.values * pair(self.values, rows)[1])

    def __truediv__(self, other: Any) -> SparseTensor:
        return self * (1.0 / tensor(other))

    def __add__(self, other: Any) -> Any:
        return add(self, other)

    def __repr__(self) -> str:
        parts = map(str, (self.indices, self.values, self.dense_shape))
        return "SparseTensor(indices={}, values={}, dense_shape={})".format(*parts)


def _lengths(x: SparseTensor) -> tuple[int, ...]:
    return tuple(np.asarray(x.dense_shape).tolist())


def _is_sparse(x: Any) -> bool:
    return isinstance(x, SparseTensor)


def to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: Any = None
) -> Any:
    """The tensor; a default stands everywhere else."""
    if not _is_sparse(sp_input):
        return sp_input
    if is_text(sp_input.values):
        room = np.full(sp_input.shape, np.asarray(texts(default_value or b"")).item(), object)
        room[tuple(np.asarray(sp_input.indices).T)] = np.asarray(sp_input.values)
        return texts(room)
    made = arrays.fill(sp_input.shape, tensor(default_value or 0, sp_input.dtype))
    return arrays.tensor_scatter_nd_update(made, sp_input.indices, sp_input.values)


def from_dense(tensor: Any, name: Any = None) -> SparseTensor:
    """What is not zero, or no empty text."""
    x = _tensor(tensor)
    places = np.argwhere(np.asarray(x) != (b"" if is_text(x) else 0))
    held = texts(np.asarray(x)[tuple(places.T)]) if is_text(x) else arrays.gather_nd(x, places)
    return SparseTensor(places, held, x.shape)


_tensor = tensor


def reorder(sp_input: SparseTensor, name: Any = None) -> SparseTensor:
    """The places in row-major order."""
    order = np.lexsort(np.asarray(sp_input.indices).T[::-1])
    places = np.asarray(sp_input.indices)[order]
    return SparseTensor(places, arrays.gather(sp_input.values, order), sp_input.dense_shape)


def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """The sum: sparse where both are."""
    if not (_is_sparse(a) and _is_sparse(b)):
        return to_dense(a) + to_dense(b)
    both = arrays.concat([a.indices, b.indices], 0)
    values = arrays.concat([a.values, pair(a.values, b.values)[1]], 0)
    places, numbers = np.unique(np.asarray(both), axis=0, return_inverse=True)
    summed = math.unsorted_segment_sum(values, numbers.reshape(-1), len(places))
    return SparseTensor(places, summed, a.dense_shape)


def sparse_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: Any = None
) -> Any:
    """The matrix product, one of the two sparse."""
    if not _is_sparse(sp_a):
        return math.matmul(sp_a, to_dense(b), transpose_a=adjoint_a, transpose_b=adjoint_b)
    right = arrays.transpose(tensor(b)) if adjoint_b else tensor(b)
    rows, columns = np.asarray(sp_a.indices).T[:: -1 if adjoint_a else 1]
    count = sp_a.shape[1 if adjoint_a else 0]
    parts = arrays.gather(right, columns) * arrays.expand_dims(pair(right, sp_a.values)[1], -1)
    return math.unsorted_segment_sum(parts, rows, count)


def _reduced(function: Any, sp_input: SparseTensor, axis: Any, keepdims: bool | None) -> Any:
    return function(to_dense(sp_input), axes(axis), bool(keepdims))


def reduce_sum(
    sp_input: SparseTensor, axis: Any = None, keepdims: bool | None = None, output_is_sparse: bool = False,
    name: Any = None,
) -> Any:  # fmt: skip
    """The sum over axes, as a dense tensor."""
    return _reduced(math.reduce_sum, sp_input, axis, keepdims)


def reduce_max(
    sp_input: SparseTensor, axis: Any = None, keepdims: bool | None = None, output_is_sparse: bool = False,
    name: Any = None,
) -> Any:  # fmt: skip
    """The largest over axes, as a dense tensor."""
    return _reduced(math.reduce_max, sp_input, axis, keepdims)


def reshape(sp_input: SparseTensor, shape: Any, name: Any = None) -> SparseTensor:
    """The same values under another shape; one length may be -1."""
    flat = np.ravel_multi_index(tuple(np.asarray(sp_input.indices).T), _lengths(sp_input))
    form = np.empty(_lengths(sp_input), np.bool_).reshape([int(n) for n in shape]).shape
    return SparseTensor(np.stack(np.unravel_index(flat, form), 1), sp_input.values, form)


def transpose(sp_input: SparseTensor, perm: Any = None, name: Any = None) -> SparseTensor:
    """The axes in another order."""
    order = list(range(len(sp_input.shape)))[::-1] if perm is None else [int(k) for k in perm]
    places = np.asarray(sp_input.indices)[:, order]
    return reorder(SparseTensor(places, sp_input.values, [sp_input.shape[k] for k in order]))


def concat(
    axis: int, sp_inputs: Sequence[SparseTensor], expand_nonconcat_dims: bool = False, name: Any = None
) -> Any:
    """Sparse tensors one after another along an axis."""
    return from_dense(arrays.concat([to_dense(s) for s in sp_inputs], axis))


def split(sp_input: SparseTensor, num_split: int, axis: int, name: Any = None) -> list[SparseTensor]:
    """A sparse tensor in equal parts."""
    return [
        from_dense(part) for part in np.array_split(np.asarray(to_dense(sp_input)), int(num_split), int(axis))
    ]


def slice(sp_input: SparseTensor, start: Any, size: Any, name: Any = None) -> SparseTensor:
    """A block."""
    return from_dense(arrays.slice_(to_dense(sp_input), start, size))


def retain(sp_input: SparseTensor, to_retain: Any) -> SparseTensor:
    """Some of the values."""
    kept = np.flatnonzero(np.asarray(to_retain))
    return SparseTensor(
        np.asarray(sp_input.indices)[kept], arrays.gather(sp_input.values, kept), sp_input.dense_shape
    )


def mask(a: SparseTensor, mask_indices: Any, name: Any = None) -> SparseTensor:
    """Without the rows of these numbers."""
    return retain(a, ~np.isin(np.asarray(a.indices)[:, 0], np.asarray(mask_indices)))


def expand_dims(sp_input: SparseTensor, axis: int | None = None, name: Any = None) -> SparseTensor:
    """An axis of length 1 more."""
    place = -1 if axis is None else int(axis)
    form = list(np.expand_dims(np.empty(_lengths(sp_input), np.bool_), place).shape)
    return reshape(sp_input, form)


def eye(
    num_rows: int, num_columns: int | None = None, dtype: Any = "float32", name: Any = None
) -> SparseTensor:
    """The identity matrix."""
    return from_dense(arrays.eye(num_rows, num_columns, dtype=dtype))


def map_values(op: Any, *args: Any, **kwargs: Any) -> SparseTensor:
    """A function of the values."""
    first = next(a for a in args if _is_sparse(a))
    return first.with_values(op(*[a.values if _is_sparse(a) else a for a in args], **kwargs))  # type: ignore[no-any-return]


def maximum(sp_a: SparseTensor, sp_b: SparseTensor, name: Any = None) -> SparseTensor:
    """The larger of two, place by place."""
    return from_dense(math.maximum(to_dense(sp_a), to_dense(sp_b)))


def minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: Any = None) -> SparseTensor:
    """The smaller of two, place by place."""
    return from_dense(math.minimum(to_dense(sp_a), to_dense(sp_b)))


def reset_shape(sp_input: SparseTensor, new_shape: Any = None) -> SparseTensor:
    """The same places in another shape, the smallest that holds them unless given."""
    form = np.asarray(sp_input.indices).max(0) + 1 if new_shape is None else new_shape
    return SparseTensor(sp_input.indices, sp_input.values, form)


def softmax(sp_logits: SparseTensor, name: Any = None) -> SparseTensor:
    """The softmax of each row over the places that have values."""
    rows = np.asarray(sp_logits.indices)[:, 0]
    grown = math.exp(sp_logits.values)
    return sp_logits.with_values(
        grown / arrays.gather(math.unsorted_segment_sum(grown, rows, sp_logits.shape[0]), rows)
    )


def to_indicator(sp_input: SparseTensor, vocab_size: int, name: Any = None) -> Any:
    """True at the numbers that each row holds."""
    made = np.zeros((sp_input.shape[0], int(vocab_size)), np.bool_)
    made[np.asarray(sp_input.indices)[:, 0], np.asarray(sp_input.values)] = True
    return tensor(made)


# --- tf.sets ----------------------------------------------------------------------------------------------------------


def _set_operation(join: Any, doc: str) -> Any:
    def of_rows(a: Any, b: Any, *more: Any, **ignored: Any) -> SparseTensor:
        left, right = np.asarray(to_dense(tensor_or_sparse(a))), np.asarray(to_dense(tensor_or_sparse(b)))
        form = left.shape[:-1]
        rows = [
            join(x, y) for x, y in zip(left.reshape(-1, left.shape[-1]), right.reshape(-1, right.shape[-1]))
        ]
        places = [(*np.unravel_index(k, form), j) for k, row in enumerate(rows) for j in range(len(row))]
        width = max(map(len, rows), default=0)
        return SparseTensor(np.array(places).reshape(-1, len(form) + 1), np.concatenate(rows), [*form, width])

    of_rows.__doc__ = doc
    return of_rows


def tensor_or_sparse(x: Any) -> Any:
    """A sparse tensor itself; anything else as a tensor."""
    return x if _is_sparse(x) else tensor(x)


SETS = ("union", "intersection", "difference", "size")
set_union = _set_operation(np.union1d, "The numbers of either row, in order.")
set_intersection = _set_operation(np.intersect1d, "The numbers of both rows, in order.")
set_difference = _set_operation(np.setdiff1d, "The numbers of one row that are not in the other, in order.")


def set_size(a: SparseTensor, validate_indices: bool = True) -> Any:
    """How many numbers each row has."""
    counts = np.zeros(a.shape[:-1], np.int32)
    np.add.at(counts, tuple(np.asarray(a.indices)[:, :-1].T), 1)
    return tensor(counts)
