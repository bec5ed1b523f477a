"""Logic ops: truth values, predicates of floating numbers, bits and shifts."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops.arithmetic import sign, times, zero_gradient
from thalweg.ops.families import bitwise, cast_all, floating, gives_bool, logical, only_integers

__all__ = [
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "isnan",
    "isinf",
    "isfinite",
    "signbit",
    "copysign",
    "nextafter",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_right_shift",
]

# --- truth values ---------------------------------------------------------------------------------------------------


@make_op(logical, lower=Pointwise(lambda e, x, y: x & y), commutative=True)
def logical_and(x, y, /):  # type: ignore[no-untyped-def]
    """Whether both are true (not 0), elementwise.

    >>> logical_and([True, True], [True, False]).tolist()
    [True, False]
    """
    return np.logical_and(x, y)


@make_op(logical, lower=Pointwise(lambda e, x, y: x | y), commutative=True)
def logical_or(x, y, /):  # type: ignore[no-untyped-def]
    """Whether either is true (not 0), elementwise."""
    return np.logical_or(x, y)


@make_op(logical, lower=Pointwise(lambda e, x, y: x ^ y), commutative=True)
def logical_xor(x, y, /):  # type: ignore[no-untyped-def]
    """Whether exactly one is true (not 0), elementwise."""
    return np.logical_xor(x, y)


@make_op(logical, lower=Pointwise(lambda e, x: ~x))
def logical_not(x, /):  # type: ignore[no-untyped-def]
    """Whether x is false (0), elementwise."""
    return np.logical_not(x)


# --- predicates of numbers ------------------------------------------------------------------------------------------

predicate: dict[str, Any] = {"infer": gives_bool}


def _emit_isfinite(e: Any, x: Any) -> Any:
    return e.abs(x) < float("inf") if "float" in x.dtype else ~e.isnan(x)


@make_op(predicate, lower=Pointwise(lambda e, x: e.isnan(x)))
def isnan(x, /):  # type: ignore[no-untyped-def]
    """Whether each element is NaN; never, for integers.

    >>> isnan([1.0, float("nan")]).tolist()
    [False, True]
    """
    return np.isnan(x)


@make_op(predicate, lower=Pointwise(lambda e, x: e.isinf(x)))
def isinf(x, /):  # type: ignore[no-untyped-def]
    """Whether each element is an infinity; never, for integers."""
    return np.isinf(x)


@make_op(predicate, lower=Pointwise(_emit_isfinite))
def isfinite(x, /):  # type: ignore[no-untyped-def]
    """Whether each element is neither NaN nor an infinity; always, for integers."""
    return np.isfinite(x)


@make_op({**floating, "infer": gives_bool}, lower=Pointwise(lambda e, x: e.signbit(x)))
def signbit(x, /):  # type: ignore[no-untyped-def]
    """Whether the sign bit is set: negative numbers, -0.0, and NaN with that bit.

    >>> signbit([-0.0, 0.0, 2.0]).tolist()
    [True, False, False]
    """
    return np.signbit(x)


def _copysign_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: times(g, sign(x) * copysign(1.0, y)), zero_gradient(y)]


@make_op(floating, grad=_copysign_gradient, lower=Pointwise(lambda e, x, y: e.copysign(x, y)))
def copysign(x, y, /):  # type: ignore[no-untyped-def]
    """The magnitude of x with the sign of y. The gradient with respect to x is 0 at x = 0, and to y always 0.

    >>> copysign([1.0, 2.0], [-0.0, 3.0]).tolist()
    [-1.0, 2.0]
    """
    return np.copysign(x, y)


@make_op(floating)
def nextafter(x, y, /):  # type: ignore[no-untyped-def]
    """The number next to x on the way to y. It has no gradient.

    >>> bool(nextafter(1.0, 2.0) > 1.0)
    True
    """
    return np.nextafter(x, y)


# --- bits -----------------------------------------------------------------------------------------------------------


@make_op(bitwise, lower=Pointwise(lambda e, x, y: x & y), commutative=True)
def bitwise_and(x, y, /):  # type: ignore[no-untyped-def]
    """The bits set in both, of integers or bool.

    >>> bitwise_and(6, 3).item()
    2
    """
    return np.bitwise_and(x, y)


@make_op(bitwise, lower=Pointwise(lambda e, x, y: x | y), commutative=True)
def bitwise_or(x, y, /):  # type: ignore[no-untyped-def]
    """The bits set in either, of integers or bool."""
    return np.bitwise_or(x, y)


@make_op(bitwise, lower=Pointwise(lambda e, x, y: x ^ y), commutative=True)
def bitwise_xor(x, y, /):  # type: ignore[no-untyped-def]
    """The bits set in exactly one, of integers or bool."""
    return np.bitwise_xor(x, y)


@make_op(bitwise, lower=Pointwise(lambda e, x: ~x))
def bitwise_invert(x, /):  # type: ignore[no-untyped-def]
    """Every bit flipped, of integers or bool.

    >>> bitwise_invert(0).item()
    -1
    """
    return np.invert(x)


def _shift_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = only_integers(tensors, attrs)
    return (cast_all(tensors, dtypes.default_int) if dtypes.is_bool(tensors[0].dtype) else tensors), attrs


shift: dict[str, Any] = {**bitwise, "prepare": _shift_prepare}


@make_op(shift, lower=Pointwise(lambda e, x, y: e.shift_left(x, y)))
def bitwise_left_shift(x, y, /):  # type: ignore[no-untyped-def]
    """x times 2**y, wrapping; 0 for a count that is negative or not below the width.

    >>> bitwise_left_shift(1, [3, 64]).tolist()
    [8, 0]
    """
    return np.left_shift(x, y)


@make_op(shift, lower=Pointwise(lambda e, x, y: e.shift_right(x, y)))
def bitwise_right_shift(x, y, /):  # type: ignore[no-untyped-def]
    """x // 2**y; for a count that is negative or not below the width 0, or -1 where x is negative.

    >>> bitwise_right_shift([8, -8], [3, 64]).tolist()
    [1, -1]
    """
    return np.right_shift(x, y)
