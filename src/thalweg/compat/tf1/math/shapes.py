"""Shapes as tensors, and tensors under other shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, axes_of, static_int, value, wrap
from thalweg.compat.tf1.lengths import (
    Length,
    as_vector,
    dims_of,
    filled,
    of_shape,
    one_dim,
    run_time_shape,
    scalar_of,
    stretched,
    vector_of,
)
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.graph import tensor as core
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import maximum as _maximum
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
    return wrap(shape_ops.permute_dims(value(a), axes_of(perm)), name, "Transpose", [a])


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """A new axis of length 1."""
    place = static_int(dim if axis is None else axis, "axis")
    return wrap(shape_ops.expand_dims(value(input), place), name, "ExpandDims", [input])


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """Axes of length 1 dropped: the named ones, or all."""
    over = axes_of(squeeze_dims if axis is None else axis)
    over = None if over == () else over
    return wrap(shape_ops.squeeze(value(input), over), name, "Squeeze", [input])


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
            shape_ops.reshape_like(t, stretched(core.constant(np.float32(0)), dims)),
            name,
            "Reshape",
            [tensor],
        )
    return wrap(_by_values(t, [_as_tensor(d) for d in dims]), name, "Reshape", [tensor])


def _as_tensor(length: Any) -> Any:
    return scalar_of(length, np.dtype(np.int64))


def _by_values(t: core.Tensor, shape: Any) -> core.Tensor:
    """Reshaped to lengths that only a run knows; a -1 among them is computed."""
    vector: Any = as_vector(shape)
    n = vector.shape[0]
    parts = [vector[k] for k in range(n)]
    product: Any = parts[0]
    for part in parts[1:]:
        product = product * part
    total = shape_ops.count(t, axis=None, dtype=np.dtype(np.int64))
    inferred: Any = total // _maximum(-product, 1)  # type: ignore[operator]
    from thalweg.ops.elementwise import where

    vector = where(vector == -1, inferred, vector)
    known = tuple(None if not isinstance(d, int) or d < 0 else d for d in _known(shape, n))
    return shape_ops.reshape_like(t, of_shape(vector, core.constant(np.float32(0)), known=known))


def _known(shape: Any, n: int) -> list[Any]:
    if isinstance(shape, (list, tuple)):
        return [one_dim(d) if not isinstance(d, core.Tensor) else None for d in shape]
    return [None] * n


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Stretched to a shape."""
    t = g.value(input)
    return wrap(shape_ops.broadcast_like(t, filled(shape, 0.0, "float32")), name, "BroadcastTo", [input])


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """x, of whose shape more is known."""
    node = identity(x, name)
    node.set_shape(shape)
    return node


def identity_n(input: Sequence[Any], name: str | None = None) -> list[Tensor]:
    """The same values as new nodes."""
    return [identity(x) for x in input]


def shape_n(input: Sequence[Any], out_type: Any = "int32", name: str | None = None) -> list[Tensor]:
    """The lengths of several tensors."""
    return [shape(x, out_type=out_type) for x in input]
