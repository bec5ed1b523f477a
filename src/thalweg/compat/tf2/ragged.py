"""``tf.RaggedTensor``: rows of different lengths, one after another in one tensor, and where each begins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2 import arrays, math, sparse
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor

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
        self._width: int | None = None  # the length of all rows, where it was given
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
    def from_row_splits(
        cls, values: Any, row_splits: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows by where they begin, and the end of the last."""
        return cls(values, row_splits)

    @classmethod
    def from_row_lengths(
        cls, values: Any, row_lengths: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows by their lengths."""
        return cls(values, np.concatenate([[0], np.cumsum(np.asarray(row_lengths))]))

    @classmethod
    def from_row_starts(
        cls, values: Any, row_starts: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows by where they begin."""
        made = values if isinstance(values, RaggedTensor) else tensor(values)
        return cls(made, [*np.asarray(row_starts), _count(made)])

    @classmethod
    def from_row_limits(
        cls, values: Any, row_limits: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows by where they end."""
        return cls(values, [0, *np.asarray(row_limits)])

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows by the number of the row of each value."""
        ids = np.asarray(value_rowids, np.int64)
        count = int(number(nrows)) if nrows is not None else int(ids[-1]) + 1 if len(ids) else 0
        return cls.from_row_lengths(values, np.bincount(ids, minlength=count))

    @classmethod
    def from_nested_row_splits(
        cls, flat_values: Any, nested_row_splits: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows of rows, by where they begin, the outermost first."""
        made = flat_values
        for splits in reversed(list(nested_row_splits)):
            made = cls(made, splits)
        return made  # type: ignore[no-any-return]

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Any, name: Any = None, validate: bool = True
    ) -> RaggedTensor:
        """Rows of rows, by their lengths, the outermost first."""
        made = flat_values
        for lengths in reversed(list(nested_row_lengths)):
            made = cls.from_row_lengths(made, lengths)
        return made  # type: ignore[no-any-return]

    @classmethod
    def from_uniform_row_length(
        cls, values: Any, uniform_row_length: Any, nrows: Any = None, validate: bool = True, name: Any = None
    ) -> RaggedTensor:
        """Rows of one length."""
        made = values if isinstance(values, RaggedTensor) else tensor(values)
        length = int(number(uniform_row_length))
        count = int(number(nrows)) if nrows is not None else _count(made) // max(length, 1)
        rows = cls(made, np.arange(count + 1) * length)
        rows._width = length
        return rows

    @classmethod
    def from_tensor(
        cls, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, name: Any = None,
        row_splits_dtype: Any = "int64",
    ) -> RaggedTensor:  # fmt: skip
        """The rows of a tensor, cut to lengths, or without what is only padding at their ends.

        ``ragged_rank``: how many axes may have different lengths; ``lengths`` may be a list with those of each.
        """
        x = _tensor(tensor)
        each = list(lengths) if isinstance(lengths, (list, tuple)) and np.ndim(lengths[0]) else None
        if ragged_rank > 1 or each:
            return _of_deeper(x, each, padding, len(each) if each else ragged_rank)
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
    def from_sparse(cls, st_input: Any, name: Any = None, row_splits_dtype: Any = "int64") -> RaggedTensor:
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
        return TensorShape([len(self._splits) - 1, self._width, *tuple(self.values.shape)[1:]])

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
    def uniform_row_length(self) -> Any:
        """The one length of all rows, int64, where it was given when they were made; else None."""
        return None if self._width is None else tensor(np.int64(self._width))

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
        """The length of each row; ``axis`` 0: how many rows there are, 2 or more: the lengths within the rows."""
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return tensor(np.diff(self._splits))
        if isinstance(self.values, RaggedTensor):
            return self.with_values(self.values.row_lengths(axis - 1))
        return self.with_values(arrays.fill([_count(self.values)], np.int64(self.values.shape[axis - 1])))

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
        wanted = form if axis is None else np.array(form)[np.asarray(axis)]
        return tensor(np.array(wanted), out_type or "int64")

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
        rows = [row[tuple(slice(n) for n in form[1:])] for row in rows[: form[0]]]
        blank = default_value if default_value is not None else b"" if is_text(self.flat_values) else 0
        beyond = form[0] - len(rows)
        if not rows:
            return arrays.zeros(form, self.dtype) if default_value is None else arrays.fill(form, blank)
        return _filled([*rows, *[rows[0][:0]] * beyond], form[1:], blank)

    def to_sparse(self, name: Any = None) -> Any:
        """The same as a sparse matrix."""
        within = np.arange(self._splits[-1]) - np.repeat(self._splits[:-1], np.diff(self._splits))
        places = np.stack([np.asarray(self.value_rowids()), within], 1)
        return sparse.SparseTensor(places, self.values, np.asarray(self.bounding_shape()))

    def with_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other values."""
        made = RaggedTensor(new_values, self._splits)
        made._width = self._width
        return made

    @property
    def components(self) -> tuple[Any, ...]:
        """The tensors that it is made of: the elements, and where the rows begin."""
        return (self.flat_values, *self.nested_row_splits)

    def of_components(self, parts: Sequence[Any]) -> Any:
        """A ragged tensor of other components; of anything else than tensors, a list of it."""
        if any(part is None for part in parts):
            return list(parts)
        return RaggedTensor.from_nested_row_splits(parts[0], parts[1:])

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


def _of_deeper(x: Any, lengths: list[Any] | None, padding: Any, rank: int) -> RaggedTensor:
    """A tensor of which several axes have different lengths."""
    form = x.shape
    below = arrays.reshape(x, [form[0] * form[1], *form[2:]])
    if lengths is not None:
        outer = RaggedTensor.from_tensor(x, np.asarray(lengths[0]))
        rows = RaggedTensor.from_tensor(
            outer.values, lengths[1:] if len(lengths) > 2 else np.asarray(lengths[1])
        )
        return outer.with_values(rows)
    inner = RaggedTensor.from_tensor(below, None, padding, rank - 1)  # padding is looked for in the innermost
    return RaggedTensor.from_row_lengths(inner, np.full(form[0], form[1]))


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
    if len({tuple(row.shape)[1:] for row in full}) > 1:  # rows of rows of different lengths
        return RaggedTensor.from_row_lengths(_joined([r for row in rows for r in row]), lengths)
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
    """Tensors of different lengths as rows; ``axis`` 1: row by row side by side."""
    if int(number(axis)):
        inner = int(number(axis)) - 1 if int(number(axis)) > 0 else int(number(axis))
        return stack([stack(row, inner) for row in zip(*values, strict=True)])
    return _joined([v if isinstance(v, RaggedTensor) else tensor(v) for v in values])


def range_(
    starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, name: Any = None,
    row_splits_dtype: Any = "int64",
) -> RaggedTensor:  # fmt: skip
    """Rows of numbers from starts up to limits."""
    first, last = (0, starts) if limits is None else (starts, limits)
    given = [np.asarray(tensor(x)) for x in (first, last, deltas)]
    kind = dtype or np.result_type(*(x.dtype for x in given))
    bounds = np.broadcast_arrays(*(np.atleast_1d(x) for x in given))
    return stack([tensor(np.arange(*b), kind) for b in zip(*bounds, strict=True)])


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
    """The elements for which the mask is true, a row of them for each row of the mask's last axis."""
    rows, kept = (x if isinstance(x, RaggedTensor) else tensor(x) for x in (data, mask))
    if len(kept.shape) == 1:
        if not isinstance(rows, RaggedTensor):
            return arrays.boolean_mask(rows, kept)
        return _joined([row for row, wanted in zip(rows, np.asarray(kept), strict=True) if wanted], rows)
    return stack([boolean_mask(row, some) for row, some in zip(rows, kept, strict=True)])


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
