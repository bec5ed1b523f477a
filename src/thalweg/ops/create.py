"""Creation: tensors from numbers and shapes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import shape as shape_ops

__all__ = (
    "zeros",
    "ones",
    "empty",
    "full",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "arange",
    "linspace",
    "eye",
)

Lengths = int | Sequence[int]


def _shape(shape: Any) -> tuple[int, ...]:
    """A concrete shape from a number or a sequence of numbers."""
    lengths = shape if isinstance(shape, (tuple, list)) else np.asarray(shape).reshape(-1).tolist()
    try:
        result = tuple(operator.index(d) for d in lengths)
    except TypeError:
        raise fail(
            ShapeError,
            "a shape of known lengths is needed",
            expected="whole numbers",
            received=f"{shape}",
            hint="zeros_like and ones_like take the shape of a tensor whose lengths are not known yet",
        ) from None
    if any(d < 0 for d in result):
        raise fail(ShapeError, "a shape holds a negative length", received=f"{result}")
    return result


def full(shape: Lengths, fill_value: float, *, dtype: Any = None) -> Tensor:
    """A tensor filled with a number: float32 for a float, int64 for an int, bool for a bool, unless ``dtype`` is given.

    >>> full((2, 2), 7).tolist()
    [[7, 7], [7, 7]]
    """
    kind = dtypes.as_dtype(dtype) if dtype is not None else None
    (value,) = convert_operands([fill_value])
    return shape_ops.broadcast_to(constant(value, kind), _shape(shape))


def zeros(shape: Lengths, *, dtype: Any = "float32") -> Tensor:
    """A tensor of zeros.

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    return full(shape, 0, dtype=dtype)


def ones(shape: Lengths, *, dtype: Any = "float32") -> Tensor:
    """A tensor of ones.

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    return full(shape, 1, dtype=dtype)


def empty(shape: Lengths, *, dtype: Any = "float32") -> Tensor:
    """A tensor whose elements do not matter; they are zeros.

    >>> empty(2).shape
    (2,)
    """
    return zeros(shape, dtype=dtype)


def full_like(x: Any, /, fill_value: float, *, dtype: Any = None) -> Tensor:
    """A tensor of the shape (and dtype, unless given) of ``x`` filled with one number; the shape may be unknown.

    >>> full_like([[1.0, 2.0]], 7).tolist()
    [[7.0, 7.0]]
    """
    return shape_ops.full_like(x, fill_value, dtype)


def zeros_like(x: Any, /, *, dtype: Any = None) -> Tensor:
    """Zeros of the shape (and dtype, unless given) of ``x``.

    >>> zeros_like([1, 2]).tolist()
    [0, 0]
    """
    return shape_ops.full_like(x, 0, dtype)


def ones_like(x: Any, /, *, dtype: Any = None) -> Tensor:
    """Ones of the shape (and dtype, unless given) of ``x``.

    >>> ones_like([1, 2]).tolist()
    [1, 1]
    """
    return shape_ops.full_like(x, 1, dtype)


def empty_like(x: Any, /, *, dtype: Any = None) -> Tensor:
    """A tensor of the shape and dtype of ``x`` whose elements do not matter; they are zeros.

    >>> empty_like([1, 2]).shape
    (2,)
    """
    return zeros_like(x, dtype=dtype)


def _range_dtype(numbers: Sequence[Any], dtype: Any) -> np.dtype:
    if dtype is not None:
        return dtypes.as_dtype(dtype)
    floats = any(np.asarray(n).dtype.kind == "f" for n in numbers)
    return dtypes.default_float if floats else dtypes.default_int


def arange(start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None) -> Tensor:
    """start, start + step, ... below ``stop``; arange(n) counts from 0. int64, or float32 where an argument is a float.

    >>> arange(3).tolist(), arange(0, 1, 0.5).tolist()
    ([0, 1, 2], [0.0, 0.5])
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise fail(ArgumentError, "arange: step", expected="a number other than 0", received="0")
    return constant(np.arange(start, stop, step).astype(_range_dtype((start, stop, step), dtype)))


def linspace(start: float, stop: float, /, num: int, *, dtype: Any = None, endpoint: bool = True) -> Tensor:
    """``num`` numbers evenly apart from ``start`` to ``stop`` (left out with endpoint=False); float32 unless given.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    if num < 0:
        raise fail(ArgumentError, "linspace: num", expected="a number >= 0", received=f"{num}")
    kind = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    return constant(np.linspace(start, stop, num, endpoint=endpoint).astype(kind))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = "float32") -> Tensor:
    """A matrix with ones on the k-th diagonal and zeros elsewhere; square unless ``n_cols`` is given.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return constant(np.eye(n_rows, n_cols, k=k, dtype=dtypes.as_dtype(dtype)))
