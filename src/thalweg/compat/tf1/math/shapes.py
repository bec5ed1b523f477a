"""Shapes as tensors, and tensors under other shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, axes_of, static_int, static_value, value, wrap
from thalweg.compat.tf1.late import late
from thalweg.compat.tf1.lengths import (
    Length,
    as_vector,
    dims_of,
    filled,
    parts_of,
    run_time_shape,
    scalar_of,
    vector_of,
)
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.graph.walk import topological
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import identity as core_identity
from thalweg.ops.state import stop_gradient as core_stop


def identity(input: Any, name: str | None = None) -> Tensor:
    """The same value as a new node."""
    if isinstance(input, g.HostTensor):
        return g.host("Identity", name, [input], lambda x: x)
    known = {"static": getattr(input, "static", None), "dims": getattr(input, "dims", None)}
    return wrap(core_identity.build([value(input)], {}), name, "Identity", [input], **known)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The same value; gradients do not pass."""
    return wrap(core_stop.build([value(input)], {}), name, "StopGradient", [input])


def transpose(a: Any, perm: Any = None, name: str | None = None, conjugate: bool = False) -> Tensor:
    """Axes in another order (reversed by default)."""
    return wrap(
        shape_ops.permute_dims(value(a), axes_of(perm)),
        name or "transpose",
        "Transpose",
        [a, 0 if perm is None else perm],
    )


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """A new axis of length 1."""
    if axis is None and dim is None:
        raise ValueError("expand_dims: an axis must be given")
    place, known = static_int(dim if axis is None else axis, "axis"), static_value(input)
    static = None if known is None else np.expand_dims(known, place)
    return wrap(shape_ops.expand_dims(value(input), place), name, "ExpandDims", [input, place], static=static)


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """Axes of length 1 dropped: the named ones, or all; of how many axes the result is, a run may have to say."""
    over = axes_of(squeeze_dims if axis is None else axis)
    over, t = None if over == () else over, value(input)
    if over is None and t.shape is not None and None in t.shape:
        made: Any = late.build([t], {"call": _without_ones, "index": 0, "dtype": t.dtype})
    else:
        made = shape_ops.squeeze(t, over)
    return wrap(made, name, "Squeeze", [input])


def _without_ones(xs: Sequence[core.Tensor]) -> list[core.Tensor]:
    """Without the axes of length 1; where values say how long one is, that is seen when these are there."""
    lengths: Any = xs[0].shape
    if None in lengths and any(map(_decides_lengths, topological(xs))):
        return [_squeezed(xs[0])]
    return [shape_ops.squeeze(xs[0], tuple(k for k, d in enumerate(lengths) if d == 1))]


def _decides_lengths(t: core.Tensor) -> bool:
    """Whether the shape of an op's result depends on values, of which only its meaning knows."""
    return t.op is not None and t.op.lower is None and t.op.expand is None and None in (t.shape or ())


def _squeezed_spec(x: core.Spec) -> core.Spec:
    known = x.shape is not None and None not in x.shape
    return core.Spec(tuple(d for d in x.shape if d != 1) if known else None, x.dtype)  # type: ignore[union-attr]


@make_op(
    {},
    infer=_squeezed_spec,
    grad=lambda g, y, x: [shape_ops.reshape_like(g, x)],
    expand=lambda x: shape_ops.squeeze(x),
)
def _squeezed(x, /):  # type: ignore[no-untyped-def]
    """Without all axes of length 1."""
    return np.squeeze(x)


def shape(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """The lengths of the axes as a tensor."""
    t, dtype = g.value(input), numpy_dtype(out_type)
    if t.shape is None:
        return wrap(run_time_shape(t, dtype=dtype), name, "Shape", [input])
    lengths = [d if d is not None else Length(t, k) for k, d in enumerate(t.shape)]
    static = np.array(t.shape, dtype) if None not in t.shape else None
    return wrap(vector_of(lengths, dtype), name, "Shape", [input], dims=lengths, static=static)


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes."""
    return g.constant(g.value(input).ndim, "int32", name=name or "Rank")


def size(input: Any, name: str | None = None, out_type: Any = "int32") -> Tensor:
    """The number of elements."""
    t, dtype = g.value(input), numpy_dtype(out_type)
    if t.size is not None:
        return g.constant(t.size, dtype, name=name or "Size")
    return wrap(shape_ops.count(t, axis=None, dtype=dtype), name, "Size", [input])


def reshape(tensor: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """The elements under another shape; one length may be -1."""
    made, known = (
        _reshaped(g.value(tensor), shape),
        static_value(tensor) if isinstance(tensor, Node) else None,
    )
    static = None if known is None or made.shape is None or None in made.shape else known.reshape(made.shape)
    return wrap(made, name, "Reshape", [tensor, shape], static=static)


def _reshaped(t: core.Tensor, shape: Any) -> core.Tensor:
    dims = dims_of(shape)
    if dims is None:
        dims = parts_of(shape)
    if dims is None:
        return _reshaped_by.build([t, as_vector(shape)], {})
    open_ones = [k for k, d in enumerate(dims) if not isinstance(d, int)]
    inferred = any(isinstance(d, int) and d == -1 for d in dims)
    if not open_ones or (len(open_ones) == 1 and not inferred and isinstance(dims[open_ones[0]], Length)):
        return shape_ops.reshape(t, tuple(d if isinstance(d, int) else -1 for d in dims))
    lengths = [scalar_of(d, np.dtype(np.int64)) if isinstance(d, Length) else d for d in dims]
    return dynamic.reshape_to_lengths(t, lengths)


@make_op(
    {},
    infer=lambda x, lengths: core.Spec(None, x.dtype),
    grad=lambda grad, y, x, lengths: [shape_ops.reshape_like(grad, x), None],
)
def _reshaped_by(x, lengths, /):  # type: ignore[no-untyped-def]
    """x under a shape of which not even the rank is known before."""
    return np.reshape(x, [int(d) for d in lengths])


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Stretched to a shape."""
    t = g.value(input)
    return wrap(shape_ops.broadcast_like(t, filled(shape, 0.0, "float32")), name, "BroadcastTo", [input])


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """x, which must have a shape: a run with another one fails."""
    node = g.convert_to_tensor(x)
    merged = node.shape.merge_with(shape)
    if merged.dims is None or isinstance(node, g.HostTensor):
        return identity(x, name)
    return wrap(g.held_to(node.t, tuple(merged.as_list())), name, "EnsureShape", [node])


def identity_n(input: Sequence[Any], name: str | None = None) -> list[Tensor]:
    """The same values as new nodes."""
    return [identity(x) for x in input]


def shape_n(input: Sequence[Any], out_type: Any = "int32", name: str | None = None) -> list[Tensor]:
    """The lengths of several tensors."""
    return [shape(x, out_type=out_type) for x in input]
