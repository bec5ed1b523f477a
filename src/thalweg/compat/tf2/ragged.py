"""``tf.RaggedTensor``: rows of different lengths, one after another in one tensor, and where each begins."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2 import arrays, math, sparse
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import alike, cast, number, tensor
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor, shape_text

__all__ = [
    "RaggedTensor", "boolean_mask", "constant", "cross", "map_flat_values", "range_", "row_splits_to_segment_ids",
    "segment_ids_to_row_splits", "stack",
]  # fmt: skip


class RaggedTensor:
    """Rows of different lengths.

    ``values``: all elements one after another, a tensor, texts, or a ragged tensor again. ``row_splits`` [rows + 1]:
    row k is ``values[row_splits[k]:row_splits[k + 1]]``.

    >>> rows = RaggedTensor.from_row_lengths([3, 1, 4], [2, 0, 1])
    >>> rows.to_list(), rows[0].tolist()
    ([[3, 1], [], [4]], [3, 1])
    """

    __array_priority__ = 2000
    __array_ufunc__ = None

    def __init__(self, values: Any, row_splits: Any) -> None:
        self.values = values if isinstance(values, RaggedTensor) else tensor(values)
        self._splits = np.asarray(row_splits, np.int64)
        if self._splits.ndim != 1 or not len(self._splits) or np.any(np.diff(self._splits) < 0):
            raise fail(
                ShapeError, "RaggedTensor: row_splits", expected="growing numbers from 0", received=row_splits
            )
        if self._splits[0] != 0 or self._splits[-1] != _count(self.values):
            raise fail(
                ShapeError,
                "RaggedTensor: row_splits",
                expected=f"0 to {_count(self.values)}",
                received=row_splits,
            )

    # --- made ---------------------------------------------------------------------------------------------------------

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any, *more: Any, **ignored: Any) -> RaggedTensor:
        """Rows by where they begin, and the end of the last."""
        return cls(values, row_splits)

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any, *more: Any, **ignored: Any) -> RaggedTensor:
        """Rows by their lengths."""
        return cls(values, np.concatenate([[0], np.cumsum(np.asarray(row_lengths))]))

    @classmethod
    def from_row_starts(cls, values: Any, row_starts: Any, *more: Any, **ignored: Any) -> RaggedTensor:
        """Rows by where they begin."""
        made = values if isinstance(values, RaggedTensor) else tensor(values)
        return cls(made, [*np.asarray(row_starts), _count(made)])

    @classmethod
    def from_row_limits(cls, values: Any, row_limits: Any, *more: Any, **ignored: Any) -> RaggedTensor:
        """Rows by where they end."""
        return cls(values, [0, *np.asarray(row_limits)])

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, *more: Any, **ignored: Any
    ) -> RaggedTensor:
        """Rows by the number of the row of each value."""
        ids = np.asarray(value_rowids, np.int64)
        count = int(number(nrows)) if nrows is not None else int(ids[-1]) + 1 if len(ids) else 0
        return cls.from_row_lengths(values, np.bincount(ids, minlength=count))

    @classmethod
    def from_nested_row_splits(cls, flat_values: Any, nested_row_splits: Any, **ignored: Any) -> RaggedTensor:
        """Rows of rows, by where they begin, the outermost first."""
        made = flat_values
        for splits in reversed(list(nested_row_splits)):
            made = cls(made, splits)
        return made  # type: ignore[no-any-return]

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Any, **ignored: Any
    ) -> RaggedTensor:
        """Rows of rows, by their lengths, the outermost first."""
        made = flat_values
        for lengths in reversed(list(nested_row_lengths)):
            made = cls.from_row_lengths(made, lengths)
        return made  # type: ignore[no-any-return]

    @classmethod
    def from_uniform_row_length(
        cls, values: Any, uniform_row_length: Any, nrows: Any = None, *more: Any, **ignored: Any
    ) -> RaggedTensor:
        """Rows of one length."""
        made = values if isinstance(values, RaggedTensor) else tensor(values)
        length = int(number(uniform_row_length))
        count = int(number(nrows)) if nrows is not None else _count(made) // max(length, 1)
        return cls(made, np.arange(count + 1) * length)

    @classmethod
    def from_tensor(
        cls, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, **ignored: Any
    ) -> RaggedTensor:
        """The rows of a tensor, cut to lengths, or without what is only padding at their ends."""
        x = _tensor(tensor)
        rows, width = x.shape[0], x.shape[1]
        if padding is not None:
            used = np.asarray(x) != np.asarray(_tensor(padding))
            found = np.where(used.any(1), width - used[:, ::-1].argmax(1), 0)
        else:
            found = np.full(rows, width) if lengths is None else np.asarray(lengths)
        places = np.concatenate([k * width + np.arange(n) for k, n in enumerate(found)] or [np.zeros(0, int)])
        flat = (
            arrays.reshape(x, [-1, *x.shape[2:]])
            if isinstance(x, Tensor)
            else texts(np.asarray(x).reshape(-1))
        )
        return cls.from_row_lengths(arrays.gather(flat, places.astype(np.int64)), found)

    @classmethod
    def from_sparse(cls, st_input: Any, name: Any = None, **ignored: Any) -> RaggedTensor:
        """The rows of a sparse matrix, whose values stand at their beginnings."""
        rows = int(np.asarray(st_input.dense_shape)[0])
        return cls.from_value_rowids(st_input.values, np.asarray(st_input.indices)[:, 0], rows)

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def flat_values(self) -> Any:
        """The elements of all rows of rows, one after another."""
        return self.values.flat_values if isinstance(self.values, RaggedTensor) else self.values

    @property
    def row_splits(self) -> Any:
        """Where each row begins, and where the last ends."""
        return tensor(self._splits)

    @property
    def nested_row_splits(self) -> tuple[Any, ...]:
        """The splits of rows, of rows of rows and so on."""
        below = self.values.nested_row_splits if isinstance(self.values, RaggedTensor) else ()
        return (self.row_splits, *below)

    @property
    def ragged_rank(self) -> int:
        """How many axes have different lengths."""
        return 1 + (self.values.ragged_rank if isinstance(self.values, RaggedTensor) else 0)

    @property
    def dtype(self) -> Any:
        """The type of the elements."""
        return as_dtype(self.flat_values.dtype)

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes; None for rows of different lengths."""
        return TensorShape([len(self._splits) - 1, None, *tuple(self.values.shape)[1:]])

    def get_shape(self) -> TensorShape:
        """The lengths of the axes."""
        return self.shape

    def nested_row_lengths(self, name: Any = None) -> tuple[Any, ...]:
        """The lengths of rows, of rows of rows and so on."""
        below = self.values.nested_row_lengths() if isinstance(self.values, RaggedTensor) else ()
        return (self.row_lengths(), *below)

    def nested_value_rowids(self, name: Any = None) -> tuple[Any, ...]:
        """The numbers of the rows of values, of rows of rows and so on."""
        below = self.values.nested_value_rowids() if isinstance(self.values, RaggedTensor) else ()
        return (self.value_rowids(), *below)

    @property
    def uniform_row_length(self) -> None:
        """The one length of all rows: none is known."""
        return None

    def merge_dims(self, outer_axis: int, inner_axis: int) -> Any:
        """The axes from one to another as one axis."""
        first, last = (axis % len(self.shape) for axis in (outer_axis, inner_axis))
        if first == last:
            return self
        if first == 0:
            return _flattened(self.values, last - 1)
        if first > 1:
            return self.with_values(_flattened(self.values, last - 1, first - 1))
        if isinstance(self.values, RaggedTensor):
            joined = RaggedTensor(self.values.values, self.values._splits[self._splits])
        else:
            joined = RaggedTensor(_flattened(self.values, 1), self._splits * int(self.values.shape[1]))
        return joined.merge_dims(1, last - 1)

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """Itself: splits are int64."""
        return self

    def consumers(self) -> list[Any]:
        """Nothing follows in a graph."""
        return []

    def nrows(self, out_type: Any = "int64", name: Any = None) -> Any:
        """How many rows there are."""
        return tensor(len(self._splits) - 1, out_type)

    def row_lengths(self, axis: int = 1, name: Any = None) -> Any:
        """The length of each row."""
        return tensor(np.diff(self._splits))

    def row_starts(self, name: Any = None) -> Any:
        """Where each row begins."""
        return tensor(self._splits[:-1])

    def row_limits(self, name: Any = None) -> Any:
        """Where each row ends."""
        return tensor(self._splits[1:])

    def value_rowids(self, name: Any = None) -> Any:
        """The number of the row of each value."""
        return tensor(np.repeat(np.arange(len(self._splits) - 1), np.diff(self._splits)))

    def bounding_shape(self, axis: Any = None, name: Any = None, out_type: Any = None) -> Any:
        """The shape of the smallest tensor that holds all rows."""
        form = [len(self._splits) - 1, int(np.diff(self._splits).max(initial=0)), *_inner_bounds(self.values)]
        return tensor(np.array(form if axis is None else form[int(axis)]))

    # --- parts and other forms ----------------------------------------------------------------------------------------

    def to_list(self) -> list[Any]:
        """Nested lists; texts as bytes."""
        return [row.to_list() if isinstance(row, RaggedTensor) else np.asarray(row).tolist() for row in self]

    def numpy(self) -> np.ndarray:
        """An array of arrays, or a plain one where all rows have one length."""
        rows = [row.numpy() for row in self]
        if len({len(row) for row in rows}) <= 1:
            return np.array(rows)
        made = np.empty(len(rows), dtype=object)
        made[:] = rows
        return made

    def to_tensor(self, default_value: Any = None, name: Any = None, shape: Any = None) -> Any:
        """The rows filled up to the longest, or cut and filled to a shape; with 0, or texts with nothing."""
        rows = [r.to_tensor(default_value) if isinstance(r, RaggedTensor) else r for r in self]
        form = [int(n) for n in np.asarray(self.bounding_shape())]
        if shape is not None:
            form = [m if n in (None, -1) else int(n) for n, m in zip(shape, form, strict=False)] + form[
                len(shape) :
            ]
        rows = [row[: form[1]] for row in rows][: form[0]]
        blank = default_value if default_value is not None else b"" if is_text(self.flat_values) else 0
        return _filled(list(rows), form[1:], blank) if rows else arrays.zeros(form, self.dtype)

    def to_sparse(self, name: Any = None) -> Any:
        """The same as a sparse matrix."""
        within = np.arange(self._splits[-1]) - np.repeat(self._splits[:-1], np.diff(self._splits))
        places = np.stack([np.asarray(self.value_rowids()), within], 1)
        return sparse.SparseTensor(places, self.values, np.asarray(self.bounding_shape()))

    def with_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other values."""
        return RaggedTensor(new_values, self._splits)

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other elements."""
        inner = self.values
        return self.with_values(
            inner.with_flat_values(new_values) if isinstance(inner, RaggedTensor) else new_values
        )

    def __iter__(self) -> Iterator[Any]:
        return (
            self.values[a:b]
            for a, b in zip(self._splits[:-1].tolist(), self._splits[1:].tolist(), strict=True)
        )

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            first, *rest = key
            if isinstance(first, slice) and rest:
                rows = [row[tuple(rest) if len(rest) > 1 else rest[0]] for row in self[first]]
                return stack(rows) if isinstance(rest[0], slice) else arrays.stack(rows)
            return self[first][tuple(rest) if len(rest) > 1 else rest[0]] if rest else self[first]
        if isinstance(key, slice):
            return _joined(list(self)[key], self)
        place = int(number(key))
        if not -len(self._splits) < place < len(self._splits) - 1 + (place < 0):
            raise IndexError(f"row {place} of {len(self._splits) - 1}")
        return list(self)[place]

    def __neg__(self) -> RaggedTensor:
        return map_flat_values(math.negative, self)

    def __abs__(self) -> RaggedTensor:
        return map_flat_values(math.abs, self)

    def __repr__(self) -> str:
        return f"<tf.RaggedTensor {self.to_list()}>"


_tensor = tensor


def _count(values: Any) -> int:
    return len(values._splits) - 1 if isinstance(values, RaggedTensor) else len(values)


def _inner_bounds(values: Any) -> list[int]:
    if isinstance(values, RaggedTensor):
        return [int(n) for n in np.asarray(values.bounding_shape())][1:]
    return [int(n) for n in tuple(values.shape)[1:]]


def _filled(rows: list[Any], form: list[int], blank: Any) -> Any:
    """Tensors of at most a shape, filled up at the ends of their axes and stacked."""
    if any(isinstance(row, TextTensor) for row in rows):
        room = np.full((len(rows), *form), np.asarray(texts(blank)).item(), object)
        for whole, row in zip(room, rows, strict=True):
            whole[tuple(map(slice, row.shape))] = np.asarray(row)
        return texts(room)
    widths = [[(0, n - have) for n, have in zip(form, row.shape, strict=True)] for row in rows]
    return arrays.stack(
        [arrays.pad(row, w, constant_values=blank) for row, w in zip(rows, widths, strict=True)]
    )


def _flattened(x: Any, last: int, first: int = 0) -> Any:
    """The axes from one to another as one, of ragged or plain values."""
    if isinstance(x, RaggedTensor):
        return x.merge_dims(first, last)
    form = [-1 if d is None else d for d in x.shape]
    return arrays.reshape(x, [*form[:first], -1, *form[last + 1 :]]) if last > first else x


def _joined(rows: Sequence[Any], like: RaggedTensor | None = None) -> RaggedTensor:
    """Rows of any lengths as one ragged tensor."""
    lengths = [_count(row) for row in rows]
    if any(isinstance(row, RaggedTensor) for row in rows):
        inner = [r for row in rows for r in row]
        return RaggedTensor.from_row_lengths(_joined(inner), lengths)
    full = [row for row in rows if _count(row)]
    values = (
        arrays.concat(full, 0) if full else rows[0] if rows else like.flat_values[:0] if like else tensor([])
    )
    return RaggedTensor.from_row_lengths(values, lengths)


# --- tf.ragged ------------------------------------------------------------------------------------------------------


def constant(
    pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None, name: Any = None,
    row_splits_dtype: Any = None,
) -> Any:  # fmt: skip
    """A ragged tensor of nested lists; a plain one where there are no lists in lists.

    ``ragged_rank``: how many axes may have different lengths, all unless given.
    """
    if ragged_rank is None:  # which says the same
        only("tf.ragged.constant", "inner_shape", inner_shape)
    if ragged_rank == 0:
        return tensor(pylist, None if is_text(pylist) else dtype)
    if not isinstance(pylist, (list, tuple)) or not any(
        isinstance(p, (list, tuple, np.ndarray)) for p in pylist
    ):
        return tensor(pylist, None if is_text(pylist) else dtype)
    if not all(isinstance(row, (list, tuple, np.ndarray)) for row in pylist):
        raise ValueError("tf.ragged.constant: lists and values stand beside each other, at one depth")
    lengths = [len(row) for row in pylist]
    inner = [value for row in pylist for value in row]
    if dtype is None and len({isinstance(v, (str, bytes)) for v in inner}) > 1:
        raise ValueError("tf.ragged.constant: texts and numbers in one tensor")
    kind = "int32" if not inner and dtype is None else dtype
    return RaggedTensor.from_row_lengths(constant(inner, kind, ragged_rank and ragged_rank - 1), lengths)


def stack(values: Sequence[Any], axis: int = 0, name: Any = None) -> RaggedTensor:
    """Tensors of different lengths as rows."""
    return _joined([v if isinstance(v, RaggedTensor) else tensor(v) for v in values])


def stack_along(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Tensors side by side along a new axis; ragged ones along a new first one."""
    if isinstance(values, (list, tuple)) and any(isinstance(v, RaggedTensor) for v in values):
        return stack(values) if int(number(axis)) == 0 else stack([stack_along(row) for row in zip(*values)])
    return arrays.stack(values, axis, name)


def range_(
    starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, **ignored: Any
) -> RaggedTensor:
    """Rows of numbers from starts up to limits."""
    first, last = (0, starts) if limits is None else (starts, limits)
    bounds = np.broadcast_arrays(np.asarray(first), np.asarray(last), np.asarray(deltas))
    return stack([tensor(np.arange(*b), dtype or "int32") for b in zip(*bounds, strict=True)])


def row_splits_to_segment_ids(splits: Any, name: Any = None, out_type: Any = None) -> Any:
    """The number of the row of each value, from where the rows begin."""
    lengths: Any = np.diff(np.asarray(splits, np.int64))
    return tensor(np.repeat(np.arange(len(lengths)), lengths), out_type)


def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: Any = None
) -> Any:
    """Where the rows begin, from the number of the row of each value."""
    count = 0 if num_segments is None else int(number(num_segments))
    lengths = np.bincount(np.asarray(segment_ids, np.int64), minlength=count)
    return tensor(np.concatenate([[0], np.cumsum(lengths)]), out_type)


def cross(inputs: Sequence[Any], name: Any = None) -> RaggedTensor:
    """Row by row all combinations of texts or numbers of several tensors, joined by ``_X_``."""
    rows = zip(*[[np.asarray(row).reshape(-1).tolist() for row in x] for x in inputs], strict=True)
    told = [[b"_X_".join(map(_told, parts)) for parts in itertools.product(*row)] for row in rows]
    return RaggedTensor.from_row_lengths(texts([t for row in told for t in row]), [len(row) for row in told])


def _told(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def boolean_mask(data: Any, mask: Any, name: Any = None) -> RaggedTensor:
    """Of each row the elements for which the mask is true."""
    return stack(
        [arrays.boolean_mask(row, kept) for row, kept in zip(tensor(data), tensor(mask), strict=True)]
    )


def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> RaggedTensor:
    """A function of the elements; of several ragged tensors, which must have the same rows."""
    found = [a for a in (*args, *kwargs.values()) if isinstance(a, RaggedTensor)]
    if not found:
        raise fail(ArgumentError, "map_flat_values", expected="a ragged tensor", received="none")
    if any(
        [n.tolist() for n in a.nested_row_splits] != [n.tolist() for n in found[0].nested_row_splits]
        for a in found
    ):
        raise fail(ShapeError, "ragged tensors: the rows have different lengths")

    def flat(a: Any) -> Any:
        return a.flat_values if isinstance(a, RaggedTensor) else a

    return found[0].with_flat_values(op(*map(flat, args), **{k: flat(v) for k, v in kwargs.items()}))


# --- other functions of ragged tensors ------------------------------------------------------------------------------


def elementwise(function: Callable[..., Any], stretching: bool = False) -> Callable[..., Any]:
    """A function of elements that takes ragged tensors, too; ``stretching``: and plain ones stretched over them."""

    @functools.wraps(function)
    def of_rows(*args: Any, **kwargs: Any) -> Any:
        rows = next((a for a in args if isinstance(a, RaggedTensor)), None)
        if rows is not None and stretching:
            args = tuple(a if isinstance(a, RaggedTensor) else _spread(a, rows) for a in args)
        if rows is not None or isinstance(kwargs.get("input"), RaggedTensor):
            return map_flat_values(of_rows, *args, **kwargs)
        return function(*args, **kwargs)

    return of_rows


def _spread(given: Any, rows: RaggedTensor) -> Any:
    """What stands beside each element where a plain tensor is stretched over rows of different lengths.

    Its axes are the last ones of the rows' axes; those of length 1 are stretched.
    """
    listed = isinstance(given, (Tensor, np.ndarray, list, tuple))
    if not listed or getattr(given, "ndim", 1) == 0 or not isinstance(rows.flat_values, Tensor):
        return given
    y = alike([rows.flat_values, given], "RaggedBroadcast")[1]
    form = (1,) * (len(rows.shape) - y.ndim) + tuple(y.shape)
    bounds = [len(rows._splits) - 1, *(np.unique(n).tolist() for n in rows.nested_row_lengths())]
    for length, bound in zip(form, bounds):
        if length != 1 and bound not in (length, [length]):
            raise fail(
                ShapeError, "ragged tensors: a tensor beside rows of different lengths",
                expected="axes of length 1, or of the one length of all rows", received=shape_text(tuple(y.shape)),
            )  # fmt: skip
    places = [np.zeros_like(p) if n == 1 else p for p, n in zip(_places(rows), form)]
    return arrays.gather_nd(arrays.reshape(y, form), np.stack(places, 1))


def _places(rows: RaggedTensor) -> list[np.ndarray]:
    """For each element its number along each axis: of the row, within the row, and so on."""
    ids = np.asarray(rows.value_rowids())
    within = np.arange(len(ids)) - rows._splits[ids]
    if not isinstance(rows.values, RaggedTensor):
        return [ids, within]
    first, *others = _places(rows.values)
    return [ids[first], within[first], *others]


def reduction(function: Callable[..., Any], name: str = "reduce_sum") -> Callable[..., Any]:
    """A reduction that takes ragged tensors, too: over all elements, or over each row (axis 1).

    ``name``: of the maximum and the minimum, that of rows without elements is the number from which they begin.
    """
    first = {"reduce_max": np.min, "reduce_min": np.max}.get(name)

    @functools.wraps(function)
    def of_rows(input_tensor: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(input_tensor, RaggedTensor):
            return function(input_tensor, axis, *args, **kwargs)
        if axis is None:
            return function(input_tensor.flat_values, None, *args, **kwargs)
        place = int(number(axis)) % len(input_tensor.shape)
        if place == 0:
            return function(input_tensor.to_tensor(_neutral(name, input_tensor)), 0, *args, **kwargs)
        if place > 1:
            return input_tensor.with_values(of_rows(input_tensor.values, place - 1, *args, **kwargs))
        rows = list(input_tensor)
        return arrays.stack(
            [
                _bound(row, first) if first and not _count(row) else function(row, 0, *args, **kwargs)
                for row in rows
            ]
        )

    return of_rows


def _neutral(name: str, rows: RaggedTensor) -> Any:
    """What changes nothing in a reduction of that name."""
    kind = rows.flat_values.specs[0].dtype
    if name in ("reduce_max", "reduce_min"):
        limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
        return limits.min if name == "reduce_max" else limits.max
    return {"reduce_prod": 1, "reduce_all": True}.get(name, 0)


def _bound(row: Any, first: Callable[..., Any]) -> Any:
    """The least or the greatest number of a dtype, in the shape of a row's elements."""
    kind = np.dtype(row.dtype)
    limits = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    return arrays.fill(tuple(row.shape)[1:], first(np.array([limits.min, limits.max], kind)))


def reduce_mean(input_tensor: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The mean, over all elements or along an axis; of rows, their sum by their length."""
    if not isinstance(input_tensor, RaggedTensor):
        return math.reduce_mean(input_tensor, axis, *args, **kwargs)
    total, count = (_sum(x, axis) for x in (input_tensor, input_tensor.with_flat_values(
        arrays.ones_like(input_tensor.flat_values))))  # fmt: skip
    over = elementwise(math.divide)
    return over(total, count)


def concat(values: Sequence[Any], axis: Any, name: str = "concat") -> Any:
    """Tensors one after another along an axis; ragged ones row by row (axis 1) or below each other (axis 0)."""
    if not any(isinstance(v, RaggedTensor) for v in values):
        return arrays.concat(values, axis, name)
    parts = [v if isinstance(v, RaggedTensor) else constant(_nested(v)) for v in values]
    if int(number(axis)) == 0:
        return _joined([row for part in parts for row in part])
    return _joined([_side_by_side(rows) for rows in zip(*parts, strict=True)])


def _side_by_side(rows: Sequence[Any]) -> Any:
    full = [row for row in rows if _count(row)]
    return arrays.concat(full, 0) if full else rows[0]


def _nested(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else np.asarray(value).tolist()


def expand_dims(input: Any, axis: Any, name: Any = None) -> Any:
    """An axis of length 1 more."""
    if isinstance(input, RaggedTensor):
        place = int(number(axis))
        if place == 0:
            return RaggedTensor(input, [0, len(input._splits) - 1])
        return input.with_values(expand_dims(input.values, place - 1 if place > 0 else place))
    return arrays.expand_dims(input, axis, name)


def reverse(tensor: Any, axis: Any, name: Any = None) -> Any:
    """A tensor with axes turned round."""
    if not isinstance(tensor, RaggedTensor):
        return arrays.reverse(tensor, axis, name)
    found = tensor
    for place in (int(a) % len(tensor.shape) for a in np.asarray(axis).reshape(-1)):
        rows = list(found)
        found = _joined(rows[::-1] if place == 0 else [reverse(row, [place - 1]) for row in rows], found)
    return found


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, *more: Any, **options: Any
) -> Any:
    """Rows, or parts of rows, by their numbers."""
    if not isinstance(params, RaggedTensor):

        def taken(places: Any) -> Any:
            return arrays.gather(params, places, validate_indices, axis, *more, **options)

        return map_flat_values(taken, indices) if isinstance(indices, RaggedTensor) else taken(indices)
    if isinstance(indices, RaggedTensor):
        return indices.with_values(gather(params, indices.values, None, axis))
    rows = list(params)
    if axis is not None and int(number(axis)) % len(params.shape):
        return _joined(
            [gather(row, indices, None, int(number(axis)) % len(params.shape) - 1) for row in rows], params
        )
    numbers = np.asarray(indices)
    if numbers.ndim == 0:
        return rows[int(numbers)]
    if numbers.ndim > 1:
        return stack([gather(params, part) for part in numbers])
    return _joined([rows[int(k)] for k in numbers], params)


def squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:
    """A tensor without axes of length 1."""
    if not isinstance(input, RaggedTensor):
        return arrays.squeeze(input, axis, name)
    place = int(np.asarray(axis).reshape(-1)[0]) % len(input.shape)
    if place == 0:
        return input[0]
    if place == 1:
        return input.values
    return input.with_values(squeeze(input.values, place - 1))


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """x where the condition holds, else y; the places where it holds, where neither is given."""
    if x is not None and any(isinstance(a, RaggedTensor) for a in (condition, x, y)):
        return map_flat_values(arrays.where, condition, x, y)
    if not isinstance(condition, RaggedTensor):
        return arrays.where(condition, x, y, name)
    places = [
        np.asarray(a) for a in (*condition.nested_value_rowids(), np.arange(_count(condition.flat_values)))
    ]
    held = np.flatnonzero(np.asarray(condition.flat_values))
    starts = [np.asarray(s) for s in condition.nested_row_splits]
    found, inner = [], held
    for ids, begin in zip(reversed(places[:-1]), reversed(starts), strict=True):
        found.append(inner - begin[ids[inner]])
        inner = ids[inner]
    return tensor(np.stack([inner, *found[::-1]], 1).astype(np.int64))


def rank(input: Any, name: Any = None) -> Any:
    """The number of axes."""
    return tensor(len(input.shape)) if isinstance(input, RaggedTensor) else arrays.rank(input)


def size(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """The number of elements."""
    return arrays.size(input.flat_values if isinstance(input, RaggedTensor) else input, out_type)


def tile(input: Any, multiples: Any, name: Any = None) -> Any:
    """A tensor several times along each axis."""
    if not isinstance(input, RaggedTensor):
        return arrays.tile(input, multiples, name)
    down, across = (int(n) for n in np.asarray(multiples)[:2])
    return _joined([arrays.concat([row] * across, 0) for row in input] * down)


def row_cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """A tensor in another dtype."""
    return (
        x.with_flat_values(cast(x.flat_values, dtype))
        if isinstance(x, RaggedTensor)
        else cast(x, dtype, name)
    )


_OPERATORS = {
    "add": math.add, "sub": math.subtract, "mul": math.multiply, "truediv": math.divide, "floordiv": math.floordiv,
    "mod": math.floormod, "pow": math.pow, "eq": math.equal, "ne": math.not_equal, "lt": math.less,
    "le": math.less_equal, "gt": math.greater, "ge": math.greater_equal,
}  # fmt: skip
for _name, _operator in _OPERATORS.items():
    _of_rows = elementwise(_operator, stretching=True)
    setattr(RaggedTensor, f"__{_name}__", lambda self, other, f=_of_rows: f(self, other))
    setattr(RaggedTensor, f"__r{_name}__", lambda self, other, f=_of_rows: f(other, self))
_UNARY = {"neg": math.negative, "abs": math.abs, "invert": math.logical_not}
for _name, _operator in _UNARY.items():
    _of_rows = elementwise(_operator)
    setattr(RaggedTensor, f"__{_name}__", lambda self, f=_of_rows: f(self))
_sum = reduction(math.reduce_sum)
RaggedTensor.__hash__ = object.__hash__  # type: ignore[method-assign]
