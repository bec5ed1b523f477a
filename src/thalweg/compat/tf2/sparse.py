"""``tf.SparseTensor`` and ``tf.sparse``: the places, values and shape of what is not zero, as values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2 import arrays, math, segments
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import is_text, texts
from thalweg.compat.tf2.values import axes, number, pair, tensor
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.ops import index

__all__ = [
    "SparseTensor", "add", "concat", "expand_dims", "eye", "fill_empty_rows", "from_dense", "map_values", "mask",
    "maximum", "minimum", "reduce_max", "reduce_sum", "reorder", "reset_shape", "reshape", "retain", "segment_mean",
    "segment_sqrt_n", "segment_sum", "slice", "softmax", "sparse_dense_matmul", "split", "to_dense", "to_indicator",
    "transpose",
]  # fmt: skip


class SparseTensor:
    """``indices`` [n, rank], ``values`` [n] and ``dense_shape`` [rank].

    >>> to_dense(SparseTensor([[0, 1], [1, 0]], [5, 6], [2, 2])).tolist()
    [[0, 5], [6, 0]]
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        form = np.asarray(dense_shape, np.int64)
        found = np.asarray(indices, np.int64)
        self.indices = tensor(found.reshape(len(found), len(form)))
        self.values, self.dense_shape = tensor(values), tensor(form)

    @property
    def dtype(self) -> Any:
        """The type of the values."""
        return as_dtype(self.values.dtype)

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes."""
        return TensorShape(np.asarray(self.dense_shape).tolist())

    def get_shape(self) -> TensorShape:
        """The lengths of the axes."""
        return self.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(_dense(self), dtype)

    def whole(self) -> Any:
        """All elements, of which most are 0."""
        return _dense(self)

    def with_values(self, new_values: Any) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self.indices, new_values, self.dense_shape)

    def __mul__(self, other: Any) -> SparseTensor:
        rows = arrays.gather_nd(arrays.broadcast_to(tensor(other), self.shape), self.indices)
        return self.with_values(self.values * pair(self.values, rows)[1])

    def __truediv__(self, other: Any) -> SparseTensor:
        return self * (1.0 / tensor(other))

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
    """The tensor; a default stands everywhere else. The places must be in order, each once, unless
    ``validate_indices=False``.
    """
    if not _is_sparse(sp_input):
        return sp_input
    _check_places(sp_input, validate_indices)
    return _dense(sp_input, default_value)


def _dense(sp_input: Any, default_value: Any = None) -> Any:
    """:func:`to_dense` without a look at the places."""
    if not _is_sparse(sp_input):
        return sp_input
    if is_text(sp_input.values):
        room = np.full(sp_input.shape, np.asarray(texts(default_value or b"")).item(), object)
        room[tuple(np.asarray(sp_input.indices).T)] = np.asarray(sp_input.values)
        return texts(room)
    if not _lengths(sp_input):
        return arrays.concat([sp_input.values, [default_value or 0]], 0)[0]
    made = arrays.fill(sp_input.shape, tensor(default_value or 0, sp_input.dtype))
    return arrays.tensor_scatter_nd_update(made, sp_input.indices, sp_input.values)


def _check_places(x: SparseTensor, ordered: bool) -> None:
    """An error unless all places are in the shape and (where asked) in row-major order, each once."""
    places, lengths = np.asarray(x.indices), np.asarray(x.dense_shape)
    outside = ((places < 0) | (places >= lengths)).any(axis=1)
    if outside.any():
        raise fail(
            InvalidArgumentError, "tf.sparse.to_dense: a place", expected=f"in the shape {_lengths(x)}",
            received=tuple(places[outside][0].tolist()),
        )  # fmt: skip
    steps = np.diff(places, axis=0)
    first = (
        np.take_along_axis(steps, (steps != 0).argmax(axis=1)[:, None], axis=1) if places.shape[1] else steps
    )
    if ordered and (first <= 0).any():
        at = int((first <= 0).argmax()) + 1
        why = "repeated" if first[at - 1] == 0 else "out of order"
        raise fail(
            InvalidArgumentError, f"tf.sparse.to_dense: the place {tuple(places[at].tolist())} (number {at}) is {why}",
            hint="tf.sparse.reorder puts them in order; validate_indices=False lets them be",
        )  # fmt: skip


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
    """The sum: sparse where both are. Where both have a value, sums smaller than the threshold fall away."""
    if not (_is_sparse(a) and _is_sparse(b)):
        return _dense(a) + _dense(b)
    both, twice = _beside(a, b, lambda x, y: x + y)
    kept = ~twice | (np.abs(np.asarray(both.values)) >= np.asarray(threshold).item())
    return both if kept.all() else retain(both, kept)


def _beside(a: SparseTensor, b: SparseTensor, join: Any) -> tuple[SparseTensor, np.ndarray]:
    """Two of a shape, joined value by value at all places of either, and where both have one; else 0 stands for it."""
    if _lengths(a) != _lengths(b):
        raise fail(
            ShapeError, "two sparse tensors", expected=f"the shape {_lengths(a)} of the first",
            received=_lengths(b),
        )  # fmt: skip
    count = len(np.asarray(a.indices))
    places, numbers = _each_once(np.asarray(arrays.concat([a.indices, b.indices], 0)))
    first = segments.unsorted_segment_sum(a.values, numbers[:count], len(places))
    second = segments.unsorted_segment_sum(pair(a.values, b.values)[1], numbers[count:], len(places))
    twice = np.isin(np.arange(len(places)), numbers[:count]) & np.isin(
        np.arange(len(places)), numbers[count:]
    )
    return SparseTensor(places, join(first, second), a.dense_shape), twice


def sparse_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: Any = None
) -> Any:
    """The matrix product, one of the two sparse."""
    if not _is_sparse(sp_a):
        return math.matmul(sp_a, _dense(b), transpose_a=adjoint_a, transpose_b=adjoint_b)
    right = arrays.transpose(tensor(b)) if adjoint_b else tensor(b)
    rows, columns = np.asarray(sp_a.indices).T[:: -1 if adjoint_a else 1]
    count = sp_a.shape[1 if adjoint_a else 0]
    parts = index.take(right, columns, axis=0) * arrays.expand_dims(pair(right, sp_a.values)[1], -1)
    return segments.unsorted_segment_sum(parts, rows, count)


def _reduced(join: Any, sp_input: SparseTensor, axis: Any, keepdims: bool | None, as_sparse: bool) -> Any:
    """What is there over axes; 0, or nothing in a sparse result, where no value is."""
    form, given = _lengths(sp_input), axes(axis)
    over = set(range(len(form))) if given is None else {k % len(form) for k in np.atleast_1d(given).tolist()}
    left = [k for k in range(len(form)) if k not in over]
    places, groups = _each_once(np.asarray(sp_input.indices)[:, left])
    found = join(sp_input.values, groups, len(places))
    lengths = [form[k] for k in left]
    if keepdims:
        lengths = [1 if k in over else n for k, n in enumerate(form)]
        whole = np.zeros((len(places), len(form)), np.int64)
        whole[:, left] = places
        places = whole
    made = SparseTensor(places, found, lengths)
    return made if as_sparse else _dense(made)


def _each_once(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of whole numbers, each once and in order, and which of them each row is."""
    if not places.shape[1]:
        return places[:1], np.zeros(len(places), np.int64)
    found, numbers = np.unique(places, axis=0, return_inverse=True)
    return found, numbers.reshape(-1)


def reduce_sum(
    sp_input: SparseTensor, axis: Any = None, keepdims: bool | None = None, output_is_sparse: bool = False,
    name: Any = None,
) -> Any:  # fmt: skip
    """The sum of the values over axes."""
    return _reduced(segments.unsorted_segment_sum, sp_input, axis, keepdims, output_is_sparse)


def reduce_max(
    sp_input: SparseTensor, axis: Any = None, keepdims: bool | None = None, output_is_sparse: bool = False,
    name: Any = None,
) -> Any:  # fmt: skip
    """The largest of the values over axes: what is not there is no zero.

    >>> int(reduce_max(from_dense([-5, 0, -3])))
    -3
    """
    return _reduced(segments.unsorted_segment_max, sp_input, axis, keepdims, output_is_sparse)


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
) -> SparseTensor:
    """Sparse tensors one after another along an axis; ``expand_nonconcat_dims``: the others as long as the longest."""
    forms = np.array([_lengths(s) for s in sp_inputs])
    along, others = (
        int(number(axis)) % forms.shape[1],
        np.arange(forms.shape[1]) != int(number(axis)) % forms.shape[1],
    )
    if not expand_nonconcat_dims and (forms[:, others] != forms[0, others]).any():
        raise fail(
            ShapeError, f"tf.sparse.concat along axis {along}", expected="the other axes of equal lengths",
            received=forms.tolist(), hint="expand_nonconcat_dims=True takes the longest",
        )  # fmt: skip
    whole = forms.max(0)
    whole[along] = forms[:, along].sum()
    moves = (np.cumsum(forms[:, along]) - forms[:, along])[:, None] * ~others
    places = np.concatenate([np.asarray(s.indices) + move for s, move in zip(sp_inputs, moves, strict=True)])
    return reorder(SparseTensor(places, arrays.concat([s.values for s in sp_inputs], 0), whole))


def split(sp_input: SparseTensor, num_split: int, axis: int, name: Any = None) -> list[SparseTensor]:
    """A sparse tensor in parts along an axis; the first ones are longer by 1 where they cannot be equal."""
    form, along, count = _lengths(sp_input), int(number(axis)), int(number(num_split))
    if not 0 < count <= form[along]:
        raise fail(
            ArgumentError, "tf.sparse.split: num_split", expected=f"from 1 to the {form[along]} of the axis",
            received=count,
        )  # fmt: skip
    ends = np.cumsum([len(part) for part in np.array_split(np.arange(form[along]), count)])
    starts = [0, *ends[:-1].tolist()]
    return [
        slice(sp_input, [first if k == along % len(form) else 0 for k in range(len(form))],
              [end - first if k == along % len(form) else n for k, n in enumerate(form)])
        for first, end in zip(starts, ends.tolist(), strict=True)
    ]  # fmt: skip


def slice(sp_input: SparseTensor, start: Any, size: Any, name: Any = None) -> SparseTensor:
    """A block, as far as there is one."""
    first = np.asarray(start, np.int64)
    lengths = np.clip(np.asarray(sp_input.dense_shape) - first, 0, np.asarray(size, np.int64))
    places = np.asarray(sp_input.indices) - first
    kept = np.flatnonzero(((places >= 0) & (places < lengths)).all(1))
    return SparseTensor(places[kept], arrays.gather(sp_input.values, kept), lengths)


def fill_empty_rows(sp_input: SparseTensor, default_value: Any, name: Any = None) -> tuple[SparseTensor, Any]:
    """A value in the first place of each row that has none, and which rows these are."""
    places, form = np.asarray(sp_input.indices), _lengths(sp_input)
    empty = ~np.isin(np.arange(form[0]), places[:, 0])
    more = np.zeros((int(empty.sum()), len(form)), np.int64)
    more[:, 0] = np.flatnonzero(empty)
    given = arrays.fill([len(more)], tensor(default_value, sp_input.dtype))
    values = arrays.concat([sp_input.values, given], 0)
    return reorder(SparseTensor(np.concatenate([places, more]), values, form)), tensor(empty)


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
    return _beside(sp_a, sp_b, math.maximum)[0]


def minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: Any = None) -> SparseTensor:
    """The smaller of two, place by place."""
    return _beside(sp_a, sp_b, math.minimum)[0]


def reset_shape(sp_input: SparseTensor, new_shape: Any = None) -> SparseTensor:
    """The same places in another shape, the smallest that holds them unless given."""
    form = np.asarray(sp_input.indices).max(0) + 1 if new_shape is None else new_shape
    return SparseTensor(sp_input.indices, sp_input.values, form)


def softmax(sp_logits: SparseTensor, name: Any = None) -> SparseTensor:
    """The softmax along the last axis, over the places that have values."""
    _, rows = np.unique(np.asarray(sp_logits.indices)[:, :-1], axis=0, return_inverse=True)
    rows, count = rows.reshape(-1), int(rows.max(initial=-1)) + 1
    greatest = segments.unsorted_segment_max(sp_logits.values, rows, count)
    grown = math.exp(sp_logits.values - arrays.stop_gradient(arrays.gather(greatest, rows)))
    return sp_logits.with_values(
        grown / arrays.gather(segments.unsorted_segment_sum(grown, rows, count), rows)
    )


def to_indicator(sp_input: SparseTensor, vocab_size: int, name: Any = None) -> Any:
    """True at the numbers that each row holds."""
    made = np.zeros((sp_input.shape[0], int(vocab_size)), np.bool_)
    made[np.asarray(sp_input.indices)[:, 0], np.asarray(sp_input.values)] = True
    return tensor(made)


def _segments(join: Any, doc: str) -> Any:
    def of_segments(
        data: Any, indices: Any, segment_ids: Any, num_segments: Any = None, name: Any = None
    ) -> Any:
        count = segments.count_of(segment_ids) if num_segments is None else num_segments
        return join(arrays.gather(tensor(data), indices), tensor(segment_ids), count)

    of_segments.__doc__ = doc
    return of_segments


segment_sum = _segments(
    segments.unsorted_segment_sum, "Sums of some of the rows, those of a number together."
)
segment_mean = _segments(
    segments.unsorted_segment_mean, "Means of some of the rows, those of a number together."
)
segment_sqrt_n = _segments(
    segments.unsorted_segment_sqrt_n, "Sums of rows, divided by the root of how many there are."
)


# --- tf.sets ----------------------------------------------------------------------------------------------------------


def _set_operation(join: Any, doc: str) -> Any:
    def of_rows(a: Any, b: Any, *more: Any, **ignored: Any) -> SparseTensor:
        left, right = np.asarray(_dense(tensor_or_sparse(a))), np.asarray(_dense(tensor_or_sparse(b)))
        form = left.shape[:-1]
        rows = [
            join(x, y) for x, y in zip(left.reshape(-1, left.shape[-1]), right.reshape(-1, right.shape[-1]))
        ]
        places = [(*np.unravel_index(k, form), j) for k, row in enumerate(rows) for j in range(len(row))]
        width = max(map(len, rows), default=0)
        return SparseTensor(np.array(places).reshape(-1, len(form) + 1), np.concatenate(rows), [*form, width])

    of_rows.__doc__ = doc
    return of_rows


_OF_VALUES = frozenset("abs cast erf identity negative sign sqrt square stop_gradient tanh".split())
_OF_FORM: dict[str, Callable[[SparseTensor], Any]] = {
    "rank": lambda x: len(x.shape),
    "shape": lambda x: _lengths(x),
    "size": lambda x: int(np.prod(_lengths(x))),
}


def taking_sparse(name: str, function: Any) -> Any:
    """The function of that name for sparse tensors, too, where TensorFlow has it for them: one of their values, or of
    their form.
    """
    if name in _OF_VALUES:

        @functools.wraps(function)
        def of_values(x: Any, *args: Any, **kwargs: Any) -> Any:
            if not _is_sparse(x):
                return function(x, *args, **kwargs)
            return x.with_values(function(x.values, *args, **kwargs))

        return of_values
    if name in _OF_FORM:

        @functools.wraps(function)
        def of_form(input: Any, *args: Any, **kwargs: Any) -> Any:
            if not _is_sparse(input):
                return function(input, *args, **kwargs)
            kind = kwargs.get("out_type", args[0] if args and name != "rank" else "int32")
            return tensor(_OF_FORM[name](input), kind)

        return of_form
    return function


def rows(sp_input: SparseTensor) -> list[SparseTensor]:
    """The parts along the first axis, without it."""
    places, form = np.asarray(sp_input.indices), _lengths(sp_input)
    of_row = [np.flatnonzero(places[:, 0] == k) for k in range(form[0])]
    return [SparseTensor(places[at, 1:], arrays.gather(sp_input.values, at), form[1:]) for at in of_row]


def stacked(parts: Sequence[SparseTensor]) -> SparseTensor:
    """Sparse tensors along a new first axis, as long as the longest of them."""
    return concat(0, [expand_dims(part, 0) for part in parts], expand_nonconcat_dims=True)


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
