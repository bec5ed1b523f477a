"""``theano.tensor``: arrays made from shapes and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, common, dtype_of, tensor_of
from thalweg.compat.theano.tensor.elements import cast, eq, ge
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable, filled, shape_items
from thalweg.ops import dynamic


def zeros(shape: Any, dtype: Any = None) -> TensorVariable:
    """Zeros of a shape, which may be symbolic."""
    return filled(0, shape, dtype_of(dtype))


def ones(shape: Any, dtype: Any = None) -> TensorVariable:
    """Ones of a shape, which may be symbolic."""
    return filled(1, shape, dtype_of(dtype))


def alloc(value: Any, *shape: Any) -> TensorVariable:
    """``value`` stretched to a shape, which may be symbolic."""
    lengths = [d for part in shape for d in shape_items(part)]
    return TensorVariable(dynamic.broadcast_to_lengths(tensor_of(value), lengths))


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Zeros of the shape (and dtype) of a variable."""
    t = tensor_of(model)
    return TensorVariable(tw.zeros_like(t, dtype=t.dtype if dtype is None else dtype_of(dtype)))


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Ones of the shape (and dtype) of a variable."""
    t = tensor_of(model)
    return TensorVariable(tw.ones_like(t, dtype=t.dtype if dtype is None else dtype_of(dtype)))


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> TensorVariable:
    """Ones on the k-th diagonal, zeros elsewhere."""
    rows, columns = arange(n), arange(n if m is None else m)
    return cast(eq(rows.dimshuffle(0, "x") + k, columns.dimshuffle("x", 0)), dtype_of(dtype))


def identity_like(x: Any) -> TensorVariable:
    """Ones on the diagonal, in the shape of x."""
    v = as_tensor_variable(x)
    return eye(v.shape[0], v.shape[1], 0, v.dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> TensorVariable:
    """start, start + step, ... below ``stop``; all may be symbolic. int64 unless a float is among them."""
    if stop is None:
        start, stop = 0, start
    first, last, by = common(start, stop, step)
    wanted = np.dtype(dtype or (first.dtype if first.dtype.kind == "f" else "int64"))
    if all(t.value is not None for t in (first, last, by)):
        numbers = np.arange(*(t.array().item() for t in (first, last, by)))
        return TensorVariable(tw.constant(numbers.astype(wanted)))
    if first.dtype.kind != "f":
        first, last, by = (as_dtype(t, "int64") for t in (first, last, by))
    span: Any = tw.subtract(last, first)
    one = by.value is not None and by.array() == 1
    count = (
        span
        if one and first.dtype.kind != "f"
        else tw.ceil(tw.divide(as_dtype(span, "float64"), as_dtype(by, "float64")))
    )
    numbers_ = as_dtype(dynamic.iota(as_dtype(count, "int64")), first.dtype)
    if one and first.value is not None and first.array() == 0:
        return cast(TensorVariable(numbers_), wanted)  # as it is: a count, which indexing knows
    return cast(TensorVariable(tw.add(tw.multiply(numbers_, by), first)), wanted)


class _Grid:
    """``mgrid[0:3, 1:7:2]``: the coordinates of a grid, one array per axis; in ``ogrid`` only along its own axis."""

    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse

    def __getitem__(self, key: Any) -> list[TensorVariable]:
        parts = key if isinstance(key, tuple) else (key,)
        lines = [arange(p.start or 0, p.stop, p.step or 1) for p in parts]
        thin = [line.dimshuffle(*["x"] * k, 0, *["x"] * (len(lines) - k - 1)) for k, line in enumerate(lines)]
        if self._sparse:
            return thin
        whole = thin[0] * 0
        for line in thin[1:]:
            whole = whole + line * 0
        return [line + whole for line in thin]


mgrid, ogrid = _Grid(sparse=False), _Grid(sparse=True)


def diag(v: Any, k: int = 0) -> TensorVariable:
    """A vector on the diagonal of a matrix, or the diagonal of a matrix."""
    return TensorVariable(tw.diag(tensor_of(v), k=k))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """The diagonal of two axes."""
    return TensorVariable(tw.diagonal(tensor_of(a), offset, axis1, axis2))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """The sum of the diagonal of two axes."""
    return TensorVariable(tw.sum(tw.diagonal(tensor_of(a), offset, axis1, axis2), axis=-1))


def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> TensorVariable:
    """Ones at and below the k-th diagonal."""
    rows, columns = arange(N), arange(N if M is None else M)
    return cast(ge(rows.dimshuffle(0, "x") + k, columns.dimshuffle("x", 0)), dtype_of(dtype))


def tril(m: Any, k: int = 0) -> TensorVariable:
    """The elements at and below the k-th diagonal, zeros elsewhere."""
    return TensorVariable(tw.tril(tensor_of(m), k=k))


def triu(m: Any, k: int = 0) -> TensorVariable:
    """The elements at and above the k-th diagonal, zeros elsewhere."""
    return TensorVariable(tw.triu(tensor_of(m), k=k))
