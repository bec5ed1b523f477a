"""``theano.tensor``: the same elements under another shape, joined, split or repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, axes_of, common, tensor_of
from thalweg.compat.theano.variable import (
    AnyVariable,
    TensorVariable,
    as_tensor_variable,
    lengths_of,
    shape_items,
)
from thalweg.graph.tensor import Tensor
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops


def shape(x: Any) -> TensorVariable:
    """The axis lengths as an int64 vector."""
    return as_tensor_variable(x).shape


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> TensorVariable:
    """The same elements under another shape, whose lengths may be symbolic; one may be -1."""
    return TensorVariable(dynamic.reshape_to_lengths(tensor_of(x), shape_items(newshape, ndim)))


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> TensorVariable:
    """With ``ndim`` axes: the last of them holds all that followed."""
    t = tensor_of(x)
    axes = outdim or ndim
    if not 1 <= axes <= max(t.ndim, 1):
        raise ValueError(f"flatten: ndim must be between 1 and {t.ndim}, received {axes}")
    return reshape(TensorVariable(t), [*lengths_of(t)[: axes - 1], -1])


def dimshuffle(x: Any, pattern: Sequence[Any]) -> TensorVariable:
    """Axes in the order of ``pattern``; "x" is a new axis of length 1, axes of length 1 may be left out."""
    t = tensor_of(x)
    order = [int(p) for p in pattern if p != "x"]
    dropped = [k for k in range(t.ndim) if k not in order]
    declared = x.broadcastable if isinstance(x, AnyVariable) else ()
    for k in dropped:
        if not (k < len(declared) and declared[k]) and t.known_shape()[k] != 1:
            raise ValueError(
                f"dimshuffle: axis {k} is left out of the pattern {tuple(pattern)}, but it is not broadcastable"
            )
    if dropped:
        t = tw.squeeze(t, tuple(dropped))
        order = [k - sum(d < k for d in dropped) for k in order]
    t = tw.permute_dims(t, tuple(order)) if order != sorted(order) else t
    new = tuple(k for k, p in enumerate(pattern) if p == "x")
    return TensorVariable(tw.expand_dims(t, new) if new else t)


def transpose(x: Any, axes: Any = None) -> TensorVariable:
    """Axes reversed, or in the given order."""
    return TensorVariable(tw.permute_dims(tensor_of(x), None if axes is None else tuple(axes)))


def transpose_to(x: Any, *axes: Any) -> TensorVariable:
    """``x.transpose(...)``: the order as a tuple or as numbers."""
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], (list, tuple)) else axes
    return transpose(x, order or None)


def swapaxes(y: Any, axis1: int, axis2: int) -> TensorVariable:
    """Two axes exchanged."""
    return TensorVariable(tw.swapaxes(tensor_of(y), axis1, axis2))


def moveaxis(a: Any, source: Any, destination: Any) -> TensorVariable:
    """Axes moved to other places."""
    return TensorVariable(tw.moveaxis(tensor_of(a), source, destination))


def squeeze(x: Any, axis: Any = None) -> TensorVariable:
    """Without the axes that are known to have length 1."""
    v = as_tensor_variable(x)
    axes = tuple(k for k, b in enumerate(v.broadcastable) if b) if axis is None else axes_of(axis)
    return TensorVariable(tw.squeeze(v.tensor, axes)) if axes != () else v


def shape_padleft(t: Any, n_ones: int = 1) -> TensorVariable:
    """With axes of length 1 in front."""
    return TensorVariable(tw.expand_dims(tensor_of(t), tuple(range(n_ones))))


def shape_padright(t: Any, n_ones: int = 1) -> TensorVariable:
    """With axes of length 1 behind."""
    v = tensor_of(t)
    return TensorVariable(tw.expand_dims(v, tuple(range(v.ndim, v.ndim + n_ones))))


def shape_padaxis(t: Any, axis: int) -> TensorVariable:
    """With an axis of length 1 at a place."""
    return TensorVariable(tw.expand_dims(tensor_of(t), axis))


expand_dims = shape_padaxis


def atleast_Nd(x: Any, n: int = 1, left: bool = True) -> TensorVariable:
    """With axes of length 1 so that there are at least n."""
    v = as_tensor_variable(x)
    missing = max(n - v.ndim, 0)
    return (shape_padleft if left else shape_padright)(v, missing) if missing else v


def addbroadcast(x: Any, *axes: int) -> TensorVariable:
    """x with axes that are known to have length 1."""
    t = tensor_of(x)
    kept = [d for k, d in enumerate(lengths_of(t)) if k not in axes]
    return TensorVariable(tw.expand_dims(reshape(TensorVariable(t), kept).tensor, tuple(axes)))


def unbroadcast(x: Any, *axes: int) -> TensorVariable:
    """x itself: whether an axis of length 1 stretches is decided when the program runs."""
    return as_tensor_variable(x)


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> TensorVariable:
    """x with the axes of length 1 that the pattern names."""
    v = as_tensor_variable(x)
    axes = [
        k for k, (new, old) in enumerate(zip(broadcastable, v.broadcastable, strict=True)) if new and not old
    ]
    return addbroadcast(v, *axes) if axes else v


def specify_shape(x: Any, st: Any) -> TensorVariable:
    """x, of which the lengths are promised."""
    return reshape(x, st)


def join(axis: Any, *tensors: Any) -> TensorVariable:
    """Arrays joined along an axis."""
    parts = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    return TensorVariable(tw.concat(common(*parts), axis=int(axes_of(axis))))


def concatenate(tensor_list: Any, axis: Any = 0) -> TensorVariable:
    """Arrays joined along an axis."""
    return join(axis, *tensor_list)


def stack(*tensors: Any, axis: int = 0) -> TensorVariable:
    """Arrays joined along a new axis: ``stack([a, b], axis)``, or as of old ``stack(a, b)``."""
    if tensors and isinstance(tensors[0], (list, tuple)):
        axis = tensors[1] if len(tensors) > 1 else axis
        tensors = tuple(tensors[0])
    return TensorVariable(tw.stack(common(*tensors), axis=int(axis)))


def stacklists(arg: Any) -> TensorVariable:
    """Nested lists of variables as one array."""
    if isinstance(arg, (list, tuple)):
        return stack([stacklists(a) for a in arg])
    return as_tensor_variable(arg)


def horizontal_stack(*args: Any) -> TensorVariable:
    """Matrices side by side."""
    return concatenate(args, axis=1)


def vertical_stack(*args: Any) -> TensorVariable:
    """Matrices one below the other."""
    return concatenate(args, axis=0)


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> list[TensorVariable]:
    """Parts of the given sizes along an axis."""
    sizes = [int(n) for n in shape_items(splits_size, n_splits)]
    v, start, parts = as_tensor_variable(x), 0, []
    for n in sizes:
        parts.append(v[(slice(None),) * axis + (slice(start, start + n),)])
        start += n
    return parts


def tile(x: Any, reps: Any, ndim: int | None = None) -> TensorVariable:
    """The array repeated as a block, ``reps`` times along each axis."""
    v = as_tensor_variable(x)
    counts = shape_items(reps, ndim)
    if all(isinstance(n, int) for n in counts):
        return TensorVariable(tw.tile(v.tensor, tuple(counts)))
    counts = [1] * (v.ndim - len(counts)) + counts
    v = atleast_Nd(v, len(counts))
    wide = [n for c, d in zip(counts, lengths_of(v.tensor), strict=True) for n in (c, d)]
    parts = v.dimshuffle(*[p for k in range(v.ndim) for p in ("x", k)])
    whole = dynamic.broadcast_to_lengths(parts.tensor, shape_items(wide))
    ends = [as_tensor_variable(TensorVariable(c) if isinstance(c, Tensor) else c) * d
            for c, d in zip(counts, lengths_of(v.tensor), strict=True)]  # fmt: skip
    return reshape(TensorVariable(whole), ends)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> TensorVariable:
    """Each element (or slice along an axis) several times in a row."""
    t = tensor_of(x)
    if axis is None:
        t, axis = tw.flatten(t), 0
    r = tensor_of(repeats)
    if r.value is not None:
        return TensorVariable(tw.repeat(t, r.numpy() if r.ndim else int(r.array()), axis=axis))
    if r.ndim:
        raise NotImplementedError(
            "repeat: the counts of each element must be numbers; one symbolic count is fine"
        )
    r = as_dtype(r, "int64")
    n: Any = shape_ops.count(t, (axis,), np.dtype("int64"))
    return TensorVariable(tw.take(t, tw.floor_divide(dynamic.iota(n * r), r), axis=axis))


def roll(x: Any, shift: Any, axis: int | None = None) -> TensorVariable:
    """Elements moved along an axis, those beyond the end coming in at the front."""
    return TensorVariable(tw.roll(tensor_of(x), int(tensor_of(shift).array()), axis=axis))
