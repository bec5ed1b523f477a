"""``theano.tensor``: elements by place, and places by value."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.names import only
from thalweg.compat.theano.conversion import as_dtype, common, tensor_of
from thalweg.compat.theano.ranges import asked_index
from thalweg.compat.theano.tensor.elements import clip, switch
from thalweg.compat.theano.tensor.shaping import flatten, stack
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> TensorVariable:
    """The slices at integer indices along an axis, or elements of the flattened array.

    ``mode``: for indices outside, "raise", "clip" to the ends, or "wrap" around.
    """
    v = as_tensor_variable(a)
    v, along = (flatten(v), 0) if axis is None else (v, axis % v.ndim)
    index = as_tensor_variable(as_dtype(tensor_of(indices), "int64"))
    length = v.shape[along]
    if mode not in ("raise", "clip", "wrap"):
        raise ValueError(f"take: mode must be raise, clip or wrap, received {mode!r}")
    if mode != "raise":
        index = clip(index, 0, length - 1) if mode == "clip" else index % length
    places = asked_index(index.tensor) if mode == "raise" else index.tensor
    return TensorVariable(tw.take(v.tensor, places, axis=along))


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> TensorVariable:
    """For each element k of a, the element of choices[k] there."""
    options = stack(list(choices)) if isinstance(choices, (list, tuple)) else as_tensor_variable(choices)
    index: Any = tensor_of(a)
    if mode in ("clip", "wrap"):
        count = shape_ops.count(options.tensor, (0,), np.dtype(index.dtype))
        index = tw.remainder(index, count) if mode == "wrap" else tw.clip(index, 0, count - 1)
    else:
        index = asked_index(index, classes=True)
    picked = tw.expand_dims(as_dtype(index, "int64"), 0)
    return TensorVariable(tw.squeeze(tw.take_along_axis(options.tensor, picked, axis=0), 0))


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The places of the elements that are not 0: one vector per axis."""
    found = [TensorVariable(t) for t in dynamic.true_places(tensor_of(a))]
    return stack(found) if return_matrix else tuple(found)


def flatnonzero(a: Any) -> TensorVariable:
    """The places of the elements that are not 0 in the flattened array."""
    return nonzero(flatten(a))[0]


def nonzero_values(a: Any) -> TensorVariable:
    """The elements that are not 0."""
    flat = flatten(a)
    return flat[nonzero(flat)[0]]


def compress(condition: Any, x: Any, axis: int | None = None) -> TensorVariable:
    """The slices where a condition holds."""
    places = nonzero(flatten(condition))[0]
    return take(x, places, axis)


def sort(self: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """Elements in ascending order along an axis."""
    only("sort", "order", order)
    t = tensor_of(self)
    return TensorVariable(tw.sort(tw.flatten(t) if axis is None else t, axis=-1 if axis is None else axis))


def argsort(self: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """The order that sorts the elements along an axis."""
    only("argsort", "order", order)
    t = tensor_of(self)
    return TensorVariable(tw.argsort(tw.flatten(t) if axis is None else t, axis=-1 if axis is None else axis))


def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> TensorVariable:
    """Where elements would be put to keep x sorted."""
    a, b = common(x, v)
    if sorter is not None:
        a = tw.take(a, tensor_of(sorter), axis=0)
    return TensorVariable(tw.searchsorted(a, b, side=side))


def get_scalar_constant_value(v: Any) -> np.ndarray:
    """The number that a variable is, where that is known now."""
    t = tensor_of(v)
    if t.value is None:
        raise NotScalarConstantError(v)
    return t.numpy().reshape(())


class NotScalarConstantError(Exception):
    """Raised where a variable is no known number."""


def where(cond: Any, ift: Any = None, iff: Any = None) -> Any:
    """:func:`switch`; with one argument the places where it is not 0."""
    return nonzero(cond) if ift is None else switch(cond, ift, iff)


def topk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> TensorVariable:
    """The kth largest elements along an axis (the smallest if kth is negative), in ascending order."""
    return topk_and_argtopk(x, kth, axis, sorted, idx_dtype)[0]


def argtopk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> TensorVariable:
    """The places of :func:`topk`."""
    return topk_and_argtopk(x, kth, axis, sorted, idx_dtype)[1]


def topk_and_argtopk(
    x: Any, kth: Any, axis: int | None = -1, sorted: bool = True, idx_dtype: str = "int64"
) -> list[TensorVariable]:
    """:func:`topk` and its places."""
    v = as_tensor_variable(x)
    v, along = (flatten(v), 0) if axis is None else (v, axis % v.ndim)
    count = int(tensor_of(kth).array())
    order = argsort(v, along)
    part = slice(-count, None) if count > 0 else slice(None, -count)
    places = order[(slice(None),) * along + (part,)]
    values = TensorVariable(tw.take_along_axis(v.tensor, places.tensor, axis=along))
    return [values, TensorVariable(as_dtype(places.tensor, idx_dtype))]


def get_vector_length(v: Any) -> int:
    """The length of a vector, where it is known now."""
    length = as_tensor_variable(v).tensor.known_shape()[0]
    if length is None:
        raise ValueError(f"length not known: {v}")
    return length


extract_constant = get_scalar_constant_value
