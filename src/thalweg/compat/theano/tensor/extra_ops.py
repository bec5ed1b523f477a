"""``theano.tensor.extra_ops``."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.tensor.basic import cast, cumprod, cumsum, eq, repeat, roll, searchsorted, squeeze
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable

__all__ = [
    "bincount", "cumprod", "cumsum", "diff", "fill_diagonal", "repeat", "roll", "searchsorted", "squeeze", "to_one_hot",
]  # fmt: skip


def to_one_hot(y: Any, nb_class: int, dtype: Any = None) -> TensorVariable:
    """A row of zeros with a one at the class's place, for each class number."""
    from thalweg.compat.theano.tensor.basic import arange

    classes = arange(nb_class).dimshuffle("x", 0)
    return cast(eq(as_tensor_variable(y).dimshuffle(0, "x"), classes), dtype or "floatX")


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
    from thalweg.compat.theano.tensor.basic import max as max_
    from thalweg.compat.theano.tensor.basic import maximum, zeros

    v = as_tensor_variable(x)
    count = cast(max_(v) + 1, "int64")
    if minlength is not None:
        count = maximum(count, minlength)
    start = zeros((count,), dtype="int64" if weights is None else tensor_of(weights).dtype)
    return inc_subtensor(start[v], 1 if weights is None else weights)


def fill_diagonal(a: Any, val: Any) -> TensorVariable:
    """The matrix with its diagonal replaced by one number."""
    t = tensor_of(a)
    diagonal = tw.equal(tw.iota_like(t, axis=0), tw.iota_like(t, axis=1))
    return TensorVariable(tw.where(diagonal, as_dtype(tensor_of(val), t.dtype), t))
