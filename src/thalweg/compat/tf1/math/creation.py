"""Tensors made of nothing: zeros, ranges, placeholders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import (
    Node,
    Tensor,
    default_graph,
    static_int,
    static_value,
    value,
    values,
    wrap,
    wrap_all,
)
from thalweg.compat.tf1.lengths import dims_of, filled, one_dim
from thalweg.compat.tf1.types import TensorShape, as_dtype, dtype_of_range, numpy_dtype
from thalweg.graph import tensor as core
from thalweg.ops import dynamic, elementwise, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import identity as core_identity


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Zeros."""
    return _filled(shape, 0, dtype, name, "zeros")


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Ones."""
    return _filled(shape, 1, dtype, name, "ones")


def _filled(shape: Any, number: float, dtype: Any, name: str | None, kind: str) -> Tensor:
    dims = dims_of(shape)
    if dims is not None and all(isinstance(d, int) for d in dims):
        return g.constant(np.full(dims, number, numpy_dtype(dtype)), name=name or kind)
    return wrap(filled(shape, number, dtype), name, kind)


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """One number in every place."""
    number, known, lengths = g.value(value), static_value(value), dims_of(dims)
    static = None
    if (
        known is not None
        and lengths is not None
        and all(isinstance(d, int) for d in lengths)
        and len(lengths) < 2
    ):
        static = np.full(lengths, known, number.dtype)
    return wrap(filled(dims, number, number.dtype), name, "Fill", static=static)


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of a tensor."""
    t = value(tensor)
    return wrap(
        shape_ops.full_like(t, 0, dtype=numpy_dtype(dtype) if dtype else t.dtype),
        name,
        "zeros_like",
        [tensor],
    )


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of a tensor."""
    t = value(tensor)
    return wrap(
        shape_ops.full_like(t, 1, dtype=numpy_dtype(dtype) if dtype else t.dtype), name, "ones_like", [tensor]
    )


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """The identity matrix, once for each place of ``batch_shape``; the lengths may be nodes."""
    sizes = [one_dim(num_rows if n is None else n) for n in (num_rows, num_columns)]
    kind = numpy_dtype(dtype)
    if all(isinstance(n, int) for n in sizes):
        made: Any = core.constant(np.eye(*sizes, dtype=kind))
    else:
        rows, columns = (value(range(num_rows if n is None else n)) for n in (num_rows, num_columns))
        same = elementwise.equal(shape_ops.expand_dims(rows, 1), shape_ops.expand_dims(columns, 0))
        made = elementwise.astype(same, kind)
    if batch_shape is not None:
        lengths = batch_shape if isinstance(batch_shape, (list, tuple)) else dims_of(batch_shape)
        if lengths is None:
            raise ValueError(f"tf.eye: batch_shape must be a list, received {batch_shape!r}")
        made = filled([*lengths, 1, 1], 1, kind) * made
    return wrap(made, name or "eye", "MatrixDiag", [1])


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = "range"
) -> Tensor:
    """start, start + delta, ... below ``limit``; ``range(n)`` counts from 0."""
    if limit is None:
        start, limit = 0, start
    known = [static_value(x) for x in (start, limit, delta)]
    if all(x is not None for x in known):
        made = np.arange(*[x.item() for x in known if x is not None])
        kind = dtype or dtype_of_range(made, start, limit, delta)
        with default_graph().made_of(1 + sum(not isinstance(x, Node) for x in (start, limit, delta))):
            return g.constant(made.astype(numpy_dtype(kind)), name=name or "range")
    first, last, step = values(start, limit, delta)
    numbers: Any = elementwise.ceil(
        (g.cast(last, "float64") - g.cast(first, "float64")) / g.cast(step, "float64")  # type: ignore[operator]
    )
    if known[0] == 0 and known[2] == 1 and last.dtype.kind in "iu":
        numbers = last
    counted: Any = dynamic.iota(g.cast(numbers, "int64"))
    kind = dtype or (limit if isinstance(limit, Node) else start if isinstance(start, Node) else delta).dtype
    wanted = counted if known[0] == 0 and known[2] == 1 else first + g.cast(counted, first.dtype) * step
    return wrap(g.cast(wanted, kind), name, "Range")


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """``num`` numbers evenly apart, both ends included."""
    first, last = (static_value(x) for x in (start, stop))
    a, b = values(start, stop)
    kind = a.dtype
    if first is None or last is None or static_value(num) is None:  # known in a run only
        count, place = g.cast(value(num), kind), g.cast(value(range(num)), kind)
        made: Any = a + place * ((b - a) / elementwise.maximum(count - 1.0, 1.0))  # type: ignore[operator]
        at_end = elementwise.logical_and(
            elementwise.equal(place, count - 1.0), elementwise.greater(place, 0.0)
        )
        return wrap(elementwise.where(at_end, b, made), name, "LinSpace", [start, stop, num])
    with default_graph().made_of(4):
        return g.constant(
            np.linspace(first, last, static_int(num, "num")).astype(kind), name=name or "LinSpace"
        )


lin_space = linspace


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A node whose value is fed."""
    kind = as_dtype(dtype)
    operation = g.Operation(name, "Placeholder")
    dims = None if shape is None else [None if d == -1 else d for d in _as_dims(shape)]
    if kind.name == "string":
        return g.HostTensor(operation, (), _unfed(operation.name), dims)
    return Tensor(core.placeholder(kind.dtype, dims, operation.name), operation)


def _as_dims(shape: Any) -> list[Any]:
    dims = TensorShape(shape).dims
    return [] if dims is None else [d.value for d in dims]


def _unfed(name: str) -> Callable[..., Any]:
    def complain() -> Any:
        from thalweg.compat.tf1.errors import InvalidArgumentError

        raise InvalidArgumentError(f"You must feed a value for placeholder tensor '{name}' with dtype string")

    return complain


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A node that has a value also when it is not fed."""
    node = g.convert_to_tensor(input)
    if isinstance(node, g.HostTensor):
        operation = g.Operation(name, "PlaceholderWithDefault", inputs=[node])
        return g.HostTensor(operation, [node], lambda texts: texts, TensorShape(shape).as_list())
    t = value(node)
    static = t.value if t.value is not None else static_value(input)
    if static is None:
        given = core_identity.build([t], {})
        if t.shape is not None:
            given = g.shaped_as(t, tuple([None] * t.ndim if shape is None else _as_dims(shape)))
        return wrap(given, name, "PlaceholderWithDefault", [input])
    operation = g.Operation(name, "PlaceholderWithDefault")
    dims = [None] * t.ndim if shape is None else _as_dims(shape)
    return Tensor(
        g.source_leaf(g.DefaultValue(np.array(static)), 0, t.dtype, dims, operation.name), operation
    )


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Tensor]:
    """Coordinates of the grid that vectors span."""
    return wrap_all(
        list(triangles.meshgrid(*[value(a) for a in args], indexing=indexing)), name, "meshgrid", args
    )
