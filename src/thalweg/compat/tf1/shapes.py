"""Shapes as tensors in TensorFlow 1: ``tf.shape`` and what takes its result, over a library whose shapes are static.

The lengths of a shape tensor are remembered (:class:`Length`: one axis of one expression), so that
``tf.zeros(tf.shape(x))`` and the like become expressions that follow x. Where a length is a fed number, the session
puts the number in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, wrap
from thalweg.compat.tf1.types import TensorShape, numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype, maximum


class Length(NamedTuple):
    """The length of one axis of an expression."""

    of: core.Tensor
    axis: int


@make_op(
    {},
    infer=lambda lengths, fill, *, known: core.Spec(known, fill.dtype),
    grad=lambda g, y, lengths, fill, *, known: [None, None],
)
def of_shape(lengths, fill, /, known):  # type: ignore[no-untyped-def]
    """A tensor of the shape that ``lengths`` holds, filled with one number."""
    return np.full([int(d) for d in np.asarray(lengths).reshape(-1)], fill)


@make_op({}, infer=lambda x, *, dtype: core.Spec((None,) if x.shape is None else (len(x.shape),), dtype))
def run_time_shape(x, /, dtype):  # type: ignore[no-untyped-def]
    """The lengths of x, of which not even the rank is known before."""
    return np.array(x.shape, dtype)


def shape(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """The lengths of the axes as a tensor."""
    t, dtype = g.value(input), numpy_dtype(out_type)
    if t.shape is None:
        return wrap(run_time_shape(t, dtype=dtype), name, "Shape", [input])
    lengths = [d if d is not None else Length(t, k) for k, d in enumerate(t.shape)]
    static = np.array(t.shape, dtype) if None not in t.shape else None
    return wrap(_as_vector(lengths, dtype), name, "Shape", [input], dims=lengths, static=static)


def _as_vector(lengths: Sequence[Any], dtype: np.dtype) -> core.Tensor:
    if all(isinstance(d, int) for d in lengths):
        return core.constant(np.array(lengths, dtype))
    return shape_ops.stack([_as_scalar(d, dtype) for d in lengths])


def _as_scalar(length: Any, dtype: np.dtype) -> core.Tensor:
    if isinstance(length, Length):
        return shape_ops.count(length.of, axis=(length.axis,), dtype=dtype)
    return core.constant(np.array(length, dtype))


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes."""
    return g.constant(g.value(input).ndim, "int32", name=name or "Rank")


def size(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """The number of elements."""
    t, dtype = g.value(input), numpy_dtype(out_type)
    if t.size is not None:
        return g.constant(t.size, dtype, name=name or "Size")
    return wrap(shape_ops.count(t, axis=None, dtype=dtype), name, "Size", [input])


def dims_of(shape: Any) -> list[Any] | None:
    """The lengths that a shape argument names: ints (-1: to infer), :class:`Length`; None where values decide."""
    if isinstance(shape, TensorShape):
        return [-1 if d is None else d for d in shape.as_list()]
    if isinstance(shape, Tensor):
        if shape.static is not None:
            return [int(d) for d in np.asarray(shape.static).reshape(-1)]
        return None if shape.dims is None or isinstance(shape.dims, Length) else list(shape.dims)
    if isinstance(shape, (list, tuple)):
        found = [_one_dim(d) for d in shape]
        return None if any(d is None for d in found) else found
    return [int(d) for d in np.asarray(shape).reshape(-1)]


def _one_dim(d: Any) -> Any:
    if isinstance(d, Tensor):
        if d.static is not None:
            return int(d.static)
        return d.dims if isinstance(d.dims, Length) else None
    if isinstance(d, Length):
        return d
    d = getattr(d, "value", d)
    return -1 if d is None else int(d)


def as_vector(shape: Any) -> core.Tensor:
    """A shape argument as an int64 vector that may depend on values."""
    if isinstance(shape, Tensor):
        return astype(g.value(shape), "int64")
    parts = [astype(g.value(d), "int64") for d in shape]
    return shape_ops.stack(parts)


def filled(shape: Any, fill: Any, dtype: Any) -> core.Tensor:
    """A symbolic tensor of the given shape filled with one number."""
    number = g.cast(g.value(fill), dtype)
    dims = dims_of(shape)
    if dims is None:
        vector = as_vector(shape)
        known: Any = None if vector.shape is None or vector.shape[0] is None else (None,) * vector.shape[0]
        if isinstance(shape, (list, tuple)):
            known = tuple(d if isinstance(d, int) else None for d in map(_one_dim, shape))
        return of_shape(vector, number, known=known)
    return _broadcast(number, dims)


def _broadcast(number: core.Tensor, dims: Sequence[Any]) -> core.Tensor:
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


def reshape(tensor: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """The elements under another shape; one length may be -1."""
    t, dims = g.value(tensor), dims_of(shape)
    if dims is None:
        return wrap(_by_values(t, shape), name, "Reshape", [tensor])
    open_ones = [k for k, d in enumerate(dims) if not isinstance(d, int)]
    if len(open_ones) <= 1 and not (open_ones and -1 in dims):
        return wrap(
            shape_ops.reshape(t, tuple(d if isinstance(d, int) else -1 for d in dims)),
            name,
            "Reshape",
            [tensor],
        )
    if -1 not in dims:
        return wrap(
            shape_ops.reshape_like(t, _broadcast(core.constant(np.float32(0)), dims)),
            name,
            "Reshape",
            [tensor],
        )
    return wrap(_by_values(t, [_as_tensor(d) for d in dims]), name, "Reshape", [tensor])


def _as_tensor(length: Any) -> Any:
    return _as_scalar(length, np.dtype(np.int64))


def _by_values(t: core.Tensor, shape: Any) -> core.Tensor:
    """Reshaped to lengths that only a run knows; a -1 among them is computed."""
    vector: Any = as_vector(shape)
    n = vector.shape[0]
    parts = [vector[k] for k in range(n)]
    product: Any = parts[0]
    for part in parts[1:]:
        product = product * part
    total = shape_ops.count(t, axis=None, dtype=np.dtype(np.int64))
    inferred: Any = total // maximum(-product, 1)  # type: ignore[operator]
    from thalweg.ops.elementwise import where

    vector = where(vector == -1, inferred, vector)
    known = tuple(None if not isinstance(d, int) or d < 0 else d for d in _known(shape, n))
    return shape_ops.reshape_like(t, of_shape(vector, core.constant(np.float32(0)), known=known))


def _known(shape: Any, n: int) -> list[Any]:
    if isinstance(shape, (list, tuple)):
        return [_one_dim(d) if not isinstance(d, core.Tensor) else None for d in shape]
    return [None] * n


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Stretched to a shape."""
    t = g.value(input)
    return wrap(shape_ops.broadcast_like(t, filled(shape, 0.0, "float32")), name, "BroadcastTo", [input])
