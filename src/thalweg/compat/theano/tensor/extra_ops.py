"""``theano.tensor.extra_ops``."""

from __future__ import annotations

import functools
from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.tensor.basic import (
    arange,
    argsort,
    cast,
    clip,
    compress,
    concatenate,
    cumprod,
    cumsum,
    eq,
    eye,
    flatnonzero,
    max,
    maximum,
    minimum,
    neq,
    ones,
    repeat,
    roll,
    searchsorted,
    squeeze,
    zeros,
)
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable

__all__ = [
    "bincount", "cumprod", "cumsum", "diff", "fill_diagonal", "repeat", "roll", "searchsorted", "squeeze", "to_one_hot",
    "Unique", "bartlett", "compress", "cpu_contiguous", "fill_diagonal_offset", "ravel_multi_index", "unique",
    "unravel_index",
]  # fmt: skip


def to_one_hot(y: Any, nb_class: int, dtype: Any = None) -> TensorVariable:
    """A row of zeros with a one at the class's place, for each class number; those below 0 count from the end."""
    return eye(nb_class, dtype=dtype)[y]


def diff(x: Any, n: int = 1, axis: int = -1) -> TensorVariable:
    """Differences of neighbours along an axis, taken n times."""
    v = as_tensor_variable(x)
    before = (slice(None),) * (axis % v.ndim)
    for _ in range(n):
        v = v[(*before, slice(1, None))] - v[(*before, slice(None, -1))]
    return v


def bincount(
    x: Any, weights: Any = None, minlength: int | None = None, assert_nonneg: bool = False
) -> TensorVariable:
    """How often each number occurs in a vector (or the weights there, summed)."""
    from thalweg.compat.theano.subtensor import inc_subtensor

    v = as_tensor_variable(x)
    count = cast(max(v) + 1, "int64")
    if minlength is not None:
        count = maximum(count, minlength)
    start = zeros((count,), dtype="int64" if weights is None else tensor_of(weights).dtype)
    return inc_subtensor(start[v], 1 if weights is None else weights)


def fill_diagonal(a: Any, val: Any) -> TensorVariable:
    """The array with the elements whose places are equal along all axes replaced by one number."""
    t = tensor_of(a)
    places = [tw.iota_like(t, axis=k) for k in range(t.ndim)]
    pairs = [tw.equal(places[0], other) for other in places[1:]]
    diagonal = functools.reduce(tw.logical_and, pairs)
    return TensorVariable(tw.where(diagonal, as_dtype(tensor_of(val), t.dtype), t))


def fill_diagonal_offset(a: Any, val: Any, offset: Any) -> TensorVariable:
    """The matrix with the diagonal ``offset`` places to the right replaced by one number."""
    t = tensor_of(a)
    places = tw.add(tw.iota_like(t, axis=0), tensor_of(offset, "int64"))
    diagonal = tw.equal(places, tw.iota_like(t, axis=1))
    return TensorVariable(tw.where(diagonal, as_dtype(tensor_of(val), t.dtype), t))


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
) -> Any:
    """The different elements in order; with their first places, where they stand, and how often, if asked for."""
    if axis is not None:
        raise NotImplementedError("unique: only of all elements, axis=None")
    flat = as_tensor_variable(ar).flatten()
    order = argsort(flat)
    ordered = flat[order]
    starts = flatnonzero(concatenate([ones((1,), dtype="bool"), neq(ordered[1:], ordered[:-1])]))
    values = ordered[starts]
    ends = concatenate([starts[1:], flat.shape])
    found = [values, order[starts], searchsorted(values, flat), ends - starts]
    wanted = [True, return_index, return_inverse, return_counts]
    parts = [part for part, keep in zip(found, wanted, strict=True) if keep]
    return parts if len(parts) > 1 else parts[0]


class Unique:
    """:func:`unique` as an op: ``Unique(True, True, True)(x)``."""

    def __init__(
        self,
        return_index: bool = False,
        return_inverse: bool = False,
        return_counts: bool = False,
        axis: Any = None,
    ) -> None:
        self._options = (return_index, return_inverse, return_counts, axis)

    def __call__(self, x: Any) -> Any:
        return unique(x, *self._options)


def bartlett(M: Any) -> TensorVariable:
    """The triangular window of M points."""

    count = as_tensor_variable(M)
    n = arange(count)
    rising = 2.0 * n / maximum(count - 1, 1)
    return minimum(rising, 2.0 - rising) + cast(eq(count, 1), "float64")


def cpu_contiguous(x: Any) -> TensorVariable:
    """x: how a value lies in memory is not seen."""
    return as_tensor_variable(x)


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> TensorVariable:
    """The places in a flattened array of places along each axis; ``mode``: raise, clip or wrap what is outside."""
    if mode not in ("raise", "clip", "wrap"):
        raise ValueError(f"ravel_multi_index: mode must be raise, clip or wrap, received {mode!r}")
    total: Any = 0
    pairs = list(zip(multi_index, [as_tensor_variable(d) for d in dims], strict=True))
    for index, length in pairs if order == "C" else reversed(pairs):
        inside = {"raise": index, "clip": clip(index, 0, length - 1), "wrap": index % length}[mode]
        total = total * length + inside
    return as_tensor_variable(total)


def unravel_index(
    indices: Any, dims: Any, order: str = "C", ndim: int | None = None
) -> tuple[TensorVariable, ...]:
    """The places along each axis of places in a flattened array; ``ndim``: how many dims there are."""
    left, found = as_tensor_variable(indices), []
    lengths = [as_tensor_variable(dims[k]) for k in range(len(dims) if ndim is None else ndim)]
    for length in reversed(lengths) if order == "C" else lengths:
        found.append(left % length)
        left = left // length
    return tuple(reversed(found) if order == "C" else found)
