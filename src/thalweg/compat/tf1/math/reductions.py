"""Sums, means and extremes over axes, norms, running sums and counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, axes_of, static_int, value, wrap
from thalweg.graph import tensor as core
from thalweg.ops import linalg, norms, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype

Axis = Any


def _integer_mean(x: core.Tensor, **options: Any) -> core.Tensor:
    made = reduce.mean(_of_numbers(x), **options)
    return astype(made, x.dtype) if dtypes.is_integer(x.dtype) else made


def _of_numbers(x: core.Tensor) -> core.Tensor:
    if x.dtype == bool:
        raise TypeError("a sum, product or mean is of numbers, received truths: tf.cast(x, tf.float32) first")
    return x


def _kept_sum(x: core.Tensor, **options: Any) -> core.Tensor:
    return reduce.sum(_of_numbers(x), **options, dtype=x.dtype)


def _kept_prod(x: core.Tensor, **options: Any) -> core.Tensor:
    return reduce.prod(_of_numbers(x), **options, dtype=x.dtype)


def _reduction(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(
        input_tensor: Any,
        axis: Axis = None,
        keepdims: Any = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        over = axes_of(reduction_indices if axis is None else axis)
        kept = bool(keepdims or keep_dims)
        made = fn(value(input_tensor), axis=over, keepdims=kept)
        return wrap(
            made, name, kind, [input_tensor, over or 0], static=_of_lengths(fn, input_tensor, over, kept)
        )

    apply.__doc__ = f"{kind} over ``axis`` (all axes by default)."
    return apply


def _of_lengths(fn: Callable[..., Any], node: Any, axis: Any, keepdims: bool) -> Any:
    """What a few known whole numbers give: lengths stay known."""
    known = node.static if isinstance(node, Node) and node.dtype.is_integer else None
    if known is None or np.size(known) > 16:
        return None
    return np.asarray(fn(core.constant(np.asarray(known)), axis=axis, keepdims=keepdims).value)


reduce_sum = _reduction("Sum", _kept_sum)
reduce_mean = _reduction("Mean", _integer_mean)
reduce_prod = _reduction("Prod", _kept_prod)
reduce_max = _reduction("Max", partial(reduce.max, of_none=True))
reduce_min = _reduction("Min", partial(reduce.min, of_none=True))
reduce_all = _reduction("All", reduce.all)
reduce_any = _reduction("Any", reduce.any)
reduce_logsumexp = _reduction("ReduceLogSumExp", reduce.logsumexp)
reduce_euclidean_norm = _reduction("EuclideanNorm", norms.norm)
reduce_variance = _reduction("Variance", reduce.var)
reduce_std = _reduction("Std", reduce.std)
_count = _reduction("CountNonzero", reduce.count_nonzero)


def count_nonzero(
    input_tensor: Any = None,
    axis: Axis = None,
    keepdims: Any = None,
    dtype: Any = "int64",
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """How many elements are not 0 over ``axis`` (all axes by default)."""
    given = input_tensor if input is None else input
    found = _count(given, axis, keepdims, None, reduction_indices, keep_dims)
    return wrap(g.cast(value(found), dtype), name, "CountNonzero", [given])


def _arg(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(
        input: Any,
        axis: Any = None,
        name: str | None = None,
        dimension: Any = None,
        output_type: Any = "int64",
    ) -> Tensor:
        over = dimension if axis is None else axis
        made = fn(value(input), axis=0 if over is None else static_int(over, "axis"))
        return wrap(g.cast(made, output_type), name, kind, [input, 0 if over is None else over])

    apply.__doc__ = f"{kind}: the index of the extreme element along ``axis`` (0 by default)."
    return apply


argmax = arg_max = _arg("ArgMax", reduce.argmax)
argmin = arg_min = _arg("ArgMin", reduce.argmin)


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running sums."""
    t = value(x)
    made = reduce.cumulative_sum(t, axis=static_int(axis, "axis"), exclusive=exclusive, reverse=reverse)
    made = g.cast(made, t.dtype)  # whole numbers keep their width
    return wrap(made, name, "Cumsum", [x, axis])


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running products."""
    t = value(x)
    made = reduce.cumulative_prod(t, axis=static_int(axis, "axis"), exclusive=exclusive, reverse=reverse)
    made = g.cast(made, t.dtype)  # whole numbers keep their width
    return wrap(made, name, "Cumprod", [x, axis])


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """Vector norms (over one axis or all), matrix norms (over two)."""
    over, keep = axes_of(axis), bool(keepdims or keep_dims)
    if over is None and ord not in ("euclidean", 2):  # that of all elements as one vector
        t: Any = value(tensor)
        made = linalg.norm(shape_ops.reshape(t, (-1,)), ord, 0, False)
        made = shape_ops.reshape(made, (1,) * t.ndim) if keep else made
        return wrap(made, name, "norm", [tensor])
    if ord in ("euclidean", 2) and not isinstance(over, tuple):
        return wrap(norms.norm(value(tensor), axis=over, keepdims=keep), name, "norm", [tensor])
    kind = "fro" if ord == "euclidean" else ord
    return wrap(linalg.norm(value(tensor), kind, over, keep), name, "norm", [tensor])
