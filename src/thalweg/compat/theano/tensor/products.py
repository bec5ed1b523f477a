"""``theano.tensor``: products of vectors, matrices and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import common
from thalweg.compat.theano.variable import TensorVariable


def dot(a: Any, b: Any) -> TensorVariable:
    """The product over the last axis of a and the last but one (or only) axis of b; of any ranks."""
    x, y = common(a, b)
    if x.ndim == 0 or y.ndim == 0:
        return TensorVariable(tw.multiply(x, y))
    if y.ndim <= 2:
        return TensorVariable(tw.matmul(x, y))
    return TensorVariable(tw.tensordot(x, y, axes=([x.ndim - 1], [max(y.ndim - 2, 0)])))


def outer(x: Any, y: Any) -> TensorVariable:
    """All products of an element of x and one of y."""
    a, b = common(x, y)
    return TensorVariable(tw.outer(tw.flatten(a), tw.flatten(b)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> TensorVariable:
    """Products summed over pairs of axes."""
    x, y = common(a, b)
    if isinstance(axes, (list, tuple, np.ndarray)):
        one, two = axes
        lists = [
            [int(one)] if np.ndim(one) == 0 else list(one),
            [int(two)] if np.ndim(two) == 0 else list(two),
        ]
        return TensorVariable(tw.tensordot(x, y, axes=lists))
    return TensorVariable(tw.tensordot(x, y, axes=int(axes)))


def batched_dot(a: Any, b: Any) -> TensorVariable:
    """``dot`` of a[k] and b[k] for each k of the first axis."""
    x, y = common(a, b)
    if min(x.ndim, y.ndim) == 1:
        wide = max(x.ndim, y.ndim)
        x, y = (tw.expand_dims(t, tuple(range(1, wide))) if t.ndim == 1 and wide > 1 else t for t in (x, y))
        return TensorVariable(tw.multiply(x, y))
    if max(x.ndim, y.ndim) > 3:
        return batched_tensordot(a, b, [[x.ndim - 1], [max(1, y.ndim - 2)]])
    left, right = x.ndim == 2, y.ndim == 2
    x = tw.expand_dims(x, 1) if left else x
    y = tw.expand_dims(y, 2) if right else y
    made = tw.matmul(x, y)
    drop = tuple(k for k, gone in ((1, left), (2, right)) if gone)
    return TensorVariable(tw.squeeze(made, drop) if drop else made)


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """``tensordot`` of x[k] and y[k] for each k of the first axis; axes count the first one."""
    a, b = common(x, y)
    if isinstance(axes, int):
        over = [list(range(a.ndim - axes, a.ndim)), list(range(1, 1 + axes))]
    else:
        over = [[axes[0]], [axes[1]]] if np.ndim(axes[0]) == 0 else [list(axes[0]), list(axes[1])]
    names = iter("bcdefghijklmnopqrstuvwxyz")
    left = ["a"] + [next(names) for _ in range(a.ndim - 1)]
    right = ["a"] + [next(names) for _ in range(b.ndim - 1)]
    for i, j in zip(*over, strict=True):
        right[j] = left[i]
    summed = {left[i] for i in over[0]}
    out = [c for c in left if c not in summed] + [c for c in right[1:] if c not in summed]
    return TensorVariable(tw.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", a, b))
