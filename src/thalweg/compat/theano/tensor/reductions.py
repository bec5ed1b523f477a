"""``theano.tensor``: sums, means, extremes and norms over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, axes_of, floats, summary, tensor_of
from thalweg.compat.theano.naming import name_what_was_made
from thalweg.compat.theano.tensor.elements import abs_, isclose, maximum, minimum, neq, sqr, sqrt
from thalweg.compat.theano.variable import TensorVariable
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import greatest, least


def _sum_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype in which numbers are summed: 64 bits for integers."""
    return dtype if dtype.kind == "f" else np.dtype("uint64" if dtype.kind == "u" else "int64")


def _summing(op: Any) -> Any:
    def apply(
        input: Any,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        acc_dtype: Any = None,
        no_zeros_in_input: bool = False,
    ) -> TensorVariable:
        t = tensor_of(input)
        found = op(as_dtype(t, dtype or _sum_dtype(t.dtype)), axis=axes_of(axis), keepdims=bool(keepdims))
        return TensorVariable(found if dtype is None else as_dtype(found, dtype))

    apply.__doc__ = summary(op)
    return apply


sum, prod = _summing(tw.sum), _summing(tw.prod)


def mean(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    op: bool = False,
    keepdims: bool = False,
    acc_dtype: Any = None,
) -> TensorVariable:
    """The mean over axes; of integers in float64."""
    t = tensor_of(input)
    wanted = dtype or (t.dtype if t.dtype.kind == "f" else "float64")
    return TensorVariable(tw.mean(as_dtype(t, wanted), axis=axes_of(axis), keepdims=bool(keepdims)))


def var(
    input: Any,
    axis: Any = None,
    ddof: int = 0,
    keepdims: bool = False,
    corrected: bool = False,
) -> TensorVariable:
    """The variance over axes, divided by N - ddof."""
    t = tensor_of(input)
    t = as_dtype(t, t.dtype if t.dtype.kind == "f" else "float64")
    return TensorVariable(tw.var(t, axis=axes_of(axis), correction=float(ddof), keepdims=bool(keepdims)))


def std(
    input: Any,
    axis: Any = None,
    ddof: int = 0,
    keepdims: bool = False,
    corrected: bool = False,
) -> TensorVariable:
    """The standard deviation over axes."""
    return sqrt(var(input, axis, ddof, keepdims))


def max(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The largest element over axes. The whole gradient goes to each of several largest."""
    return TensorVariable(greatest(tensor_of(x), axis=axes_of(axis), keepdims=bool(keepdims)))


def min(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The smallest element over axes. The whole gradient goes to each of several smallest."""
    return TensorVariable(least(tensor_of(x), axis=axes_of(axis), keepdims=bool(keepdims)))


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The place of the largest element among those of the axes, flattened; of all without one."""
    return _place(tw.argmax, x, axis, keepdims)


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The place of the smallest element, as :func:`argmax`."""
    return _place(tw.argmin, x, axis, keepdims)


def _place(op: Any, x: Any, axis: Any, keepdims: bool) -> TensorVariable:
    t, axes = tensor_of(x), axes_of(axis)
    if not isinstance(axes, tuple):
        return TensorVariable(op(t, axis=axes, keepdims=bool(keepdims)))
    over = sorted({a % t.ndim for a in axes})
    rest = [k for k in range(t.ndim) if k not in over]
    t = tw.permute_dims(t, (*rest, *over))
    for _ in over[1:]:
        t = tw.merge_axes(t, len(rest))
    found = op(t, axis=-1)
    return TensorVariable(tw.expand_dims(found, tuple(over)) if keepdims else found)


def max_and_argmax(x: Any, axis: Any = None, keepdims: bool = False) -> list[TensorVariable]:
    """The largest element over axes, and its place."""
    return [max(x, axis, keepdims), argmax(x, axis, keepdims)]


def all(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether all elements hold."""
    return TensorVariable(tw.all(as_dtype(tensor_of(x), "bool"), axis=axes_of(axis), keepdims=bool(keepdims)))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether any element holds."""
    return TensorVariable(tw.any(as_dtype(tensor_of(x), "bool"), axis=axes_of(axis), keepdims=bool(keepdims)))


def ptp(a: Any, axis: Any = None) -> TensorVariable:
    """The largest less the smallest element."""
    return max(a, axis) - min(a, axis)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """A norm: Euclidean (Frobenius) unless ``ord`` is given; ``"inf"`` and ``"-inf"`` are numbers."""
    ord = float(ord) if ord in ("inf", "-inf") else ord
    return TensorVariable(tw.linalg.norm(*floats(x), ord=ord, axis=axes_of(axis), keepdims=keepdims))


def vector_norm(x: Any, L: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The L norm over axes."""
    t = floats(x)[0]
    if L == 0:
        return sum(neq(TensorVariable(t), 0), axis=axis, keepdims=keepdims)
    if L == 1:
        return sum(abs_(TensorVariable(t)), axis=axis, keepdims=keepdims)
    if L == 2:
        return sqrt(sum(sqr(TensorVariable(t)), axis=axis, keepdims=keepdims))
    return sum(abs_(TensorVariable(t)) ** L, axis=axis, keepdims=keepdims) ** (1.0 / L)


def cumsum(x: Any, axis: int | None = None) -> TensorVariable:
    """Running sums along an axis, or over the flattened array."""
    t = tensor_of(x)
    t = tw.flatten(t) if axis is None and t.ndim != 1 else t
    return TensorVariable(tw.cumulative_sum(t, axis=0 if axis is None else axis))


def cumprod(x: Any, axis: int | None = None) -> TensorVariable:
    """Running products along an axis, or over the flattened array."""
    t = tensor_of(x)
    t = tw.flatten(t) if axis is None and t.ndim != 1 else t
    return TensorVariable(tw.cumulative_prod(t, axis=0 if axis is None else axis))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """log(sum(exp(x))), computed without overflow."""
    return TensorVariable(tw.logsumexp(*floats(x), axis=axes_of(axis), keepdims=keepdims))


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Whether all elements are close."""
    return all(isclose(a, b, rtol, atol, equal_nan))


def largest(*args: Any) -> TensorVariable:
    """The largest of several, element by element."""
    found = maximum(args[0], args[1]) if len(args) > 1 else max(args[0])
    for x in args[2:]:
        found = maximum(found, x)
    return found


def smallest(*args: Any) -> TensorVariable:
    """The smallest of several, element by element."""
    found = minimum(args[0], args[1]) if len(args) > 1 else min(args[0])
    for x in args[2:]:
        found = minimum(found, x)
    return found


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> TensorVariable:
    """The covariances of the rows of m (the columns, unless ``rowvar``), and those of y; ``numpy.cov``."""
    if fweights is not None or aweights is not None:
        raise NotImplementedError("cov: weights are not supported")
    parts = [
        tw.expand_dims(t, 0) if t.ndim == 1 else t for t in (floats(v)[0] for v in (m, y) if v is not None)
    ]
    rows = [t if rowvar or t.known_shape()[0] == 1 else tw.permute_dims(t) for t in parts]
    t = tw.concat(rows, axis=0) if len(rows) > 1 else rows[0]
    centred = tw.subtract(t, tw.mean(t, axis=1, keepdims=True))
    lost = ddof if ddof is not None else 0 if bias else 1
    count = as_dtype(shape_ops.count(t, (1,), np.dtype("int64")), t.dtype)
    return TensorVariable(tw.divide(tw.matmul(centred, tw.permute_dims(centred)), tw.subtract(count, lost)))


name_what_was_made(globals())
