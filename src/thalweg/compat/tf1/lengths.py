"""Shapes whose lengths a run knows.

The lengths of a shape tensor are remembered (:class:`Length`: one axis of one expression), so that
``tf.zeros(tf.shape(x))`` and the like become expressions that follow x. Where a length is a fed number, the session
puts the number in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node
from thalweg.compat.tf1.types import TensorShape
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import dynamic, elementwise, joining
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype


class Length(NamedTuple):
    """The length of one axis of an expression."""

    of: core.Tensor
    axis: int


def _known_lengths(lengths: core.Tensor, fill: core.Tensor, *, known: Any) -> core.Tensor | None:
    """The number stretched where the lengths are known."""
    if lengths.op is not None or lengths.value is None:
        return None
    shape = tuple(int(d) for d in lengths.value.reshape(-1))
    return shape_ops.broadcast_to.build([fill], {"shape": shape})


@make_op(
    {},
    infer=lambda lengths, fill, *, known: core.Spec(known, fill.dtype),
    grad=lambda g, y, lengths, fill, *, known: [None, None],
    expand=_known_lengths,
    shape_from=(0,),
)
def of_shape(lengths, fill, /, known):  # type: ignore[no-untyped-def]
    """A tensor of the shape that ``lengths`` holds, filled with one number."""
    return np.full([int(d) for d in np.asarray(lengths).reshape(-1)], fill)


@make_op({}, infer=lambda x, *, dtype: core.Spec((None,) if x.shape is None else (len(x.shape),), dtype))
def run_time_shape(x, /, dtype):  # type: ignore[no-untyped-def]
    """The lengths of x, of which not even the rank is known before."""
    return np.array(x.shape, dtype)


def vector_of(lengths: Sequence[Any], dtype: np.dtype) -> core.Tensor:
    if all(isinstance(d, int) for d in lengths):
        return core.constant(np.array(lengths, dtype))
    return joining.stack([scalar_of(d, dtype) for d in lengths])


def scalar_of(length: Any, dtype: np.dtype) -> core.Tensor:
    if isinstance(length, Length):
        return shape_ops.count(length.of, axis=(length.axis,), dtype=dtype)
    return core.constant(np.array(length, dtype))


def of_a_sample(variances: Any, x: core.Tensor) -> Any:
    """The variances of a tensor's channels, divided by n - 1 instead of n, the count of elements in each."""
    count: Any = shape_ops.count(x, axis=None, dtype=variances.dtype) / float(variances.shape[0])  # type: ignore[operator]
    return variances * (count / elementwise.maximum(count - 1.0, 1.0))


def dims_of(shape: Any) -> list[Any] | None:
    """The lengths that a shape argument names: ints (-1: to infer), :class:`Length`; None where values decide."""
    if isinstance(shape, TensorShape):
        return [-1 if d is None else d for d in shape.as_list()]
    if isinstance(shape, Node):
        if shape.static is not None:
            return [int(d) for d in np.asarray(shape.static).reshape(-1)]
        return None if shape.dims is None or isinstance(shape.dims, Length) else list(shape.dims)
    if isinstance(shape, (list, tuple)):
        found = [one_dim(d) for d in shape]
        return None if any(d is None for d in found) else found
    return [int(d) for d in np.asarray(shape).reshape(-1)]


def one_dim(d: Any) -> Any:
    if isinstance(d, Node):
        if d.static is not None:
            return int(d.static)
        return d.dims if isinstance(d.dims, Length) else None
    if isinstance(d, Length):
        return d
    d = getattr(d, "value", d)
    return -1 if d is None else int(d)


def as_vector(shape: Any) -> core.Tensor:
    """A shape argument as an int64 vector that may depend on values."""
    if isinstance(shape, Node):
        return astype(g.value(shape), "int64")
    return joining.stack([_one_length(d) for d in shape])


def _one_length(d: Any) -> core.Tensor:
    """A length as an int64 number; what may have any rank must be a number in the end."""
    number = g.value(d)
    return astype(g.held_to(number, ()) if number.shape is None else number, "int64")


def parts_of(shape: Any) -> list[Any] | None:
    """The lengths of a shape that values decide: numbers, :class:`Length`, expressions; None for an unknown rank."""
    if isinstance(shape, (list, tuple)):
        known = [one_dim(d) for d in shape]
        return [_one_length(d) if k is None else k for d, k in zip(shape, known, strict=True)]
    vector: Any = as_vector(shape)
    if vector.shape is None or vector.shape[0] is None:
        return None
    if isinstance(shape, g.Node) and shape.op.type == "stack" and len(shape.op.inputs) == vector.shape[0]:
        return parts_of(list(shape.op.inputs))
    if isinstance(shape, g.Node) and shape.op.type == "concat":
        parts = [parts_of(x) if dims_of(x) is None else dims_of(x) for x in shape.op.inputs]
        return None if None in parts else [d for part in parts for d in part or ()]
    return [vector[k] for k in range(vector.shape[0])]


def filled(shape: Any, fill: Any, dtype: Any) -> core.Tensor:
    """A symbolic tensor of the given shape filled with one number."""
    number = g.cast(g.value(fill), dtype)
    dims = dims_of(shape)
    if dims is None:
        vector = shape_ops.reshape(as_vector(shape), (-1,))  # one number is a shape of one axis
        known: Any = None if vector.shape is None or vector.shape[0] is None else (None,) * vector.shape[0]
        if isinstance(shape, (list, tuple)):
            known = tuple(d if isinstance(d, int) else None for d in map(one_dim, shape))
        return of_shape(vector, number, known=known)
    return stretched(number, dims)


def stretched(number: core.Tensor, dims: Sequence[Any]) -> core.Tensor:
    """The number stretched to lengths, of which some are those of other expressions."""
    result = shape_ops.broadcast_to.build(
        [number], {"shape": tuple(d if isinstance(d, int) else 1 for d in dims)}
    )
    for k, d in enumerate(dims):
        if isinstance(d, Length):
            ruler = shape_ops.reshape(shape_ops.iota_like(d.of, axis=d.axis, dtype=np.dtype(np.int64)), (-1,))
            ruler = shape_ops.reshape(ruler, tuple(-1 if a == k else 1 for a in range(len(dims))))
            nothing: Any = astype(ruler * 0, result.dtype)  # type: ignore[operator]
            result = shape_ops.broadcast_like(result, result + nothing)
    return result


def like(shape: Any) -> tuple[Any, Any]:
    """A shape argument as (static shape, None) or (None, an expression of that shape): what random draws take."""
    dims = dims_of(shape)
    if dims is not None and all(isinstance(d, int) for d in dims):
        return tuple(dims), None
    return None, filled(shape, 0.0, "float32")


def before(first: Sequence[Any], parameter: core.Tensor) -> dict[str, Any]:
    """Lengths (numbers or scalars), behind them those of a parameter, as the arguments of a draw."""
    behind = parameter.known_shape()
    if all(isinstance(d, int) for d in (*first, *behind)):
        return {"shape": (*first, *behind)}
    zeros = dynamic.broadcast_to_lengths(
        np.zeros((1,) * len(behind), parameter.dtype), (*first, *(1 for _ in behind))
    )
    return {"like": zeros + parameter}


def numbers_of(shape: Any) -> list[Any]:
    """A shape argument whose rank is known, as numbers and scalars that a run knows."""
    found = parts_of(shape) if dims_of(shape) is None else dims_of(shape)
    if found is None:
        raise ValueError(f"the number of lengths must be known when the graph is built, received {shape!r}")
    return [scalar_of(d, np.dtype(np.int64)) if isinstance(d, Length) else d for d in found]
