"""Functions of tensors that take ragged tensors, too: element by element, along rows, by number; and the operators."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.ragged import RaggedTensor, _count, _joined, constant, map_flat_values, stack
from thalweg.compat.tf2.values import alike, cast, number, tensor
from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import Tensor, shape_text


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


def stack_along(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Tensors side by side along a new axis; ragged ones along a new first one."""
    if isinstance(values, (list, tuple)) and any(isinstance(v, RaggedTensor) for v in values):
        return stack(values) if int(number(axis)) == 0 else stack([stack_along(row) for row in zip(*values)])
    return arrays.stack(values, axis, name)


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
