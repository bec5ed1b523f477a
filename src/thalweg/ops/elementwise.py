"""Elementwise ops: those of the arithmetic and logic rooms, powers, bounds, exponentials and circular functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops.arithmetic import (
    abs,
    add,
    astype,
    ceil,
    divide,
    equal,
    floor,
    floor_divide,
    fmod,
    greater,
    greater_equal,
    known_value,
    less,
    less_equal,
    masked_product,
    masked_quotient,
    multiply,
    negative,
    not_equal,
    over,
    positive,
    reciprocal,
    remainder,
    round,
    rsqrt,
    saturating_cast,
    sign,
    sqrt,
    square,
    subtract,
    times,
    trunc,
    where,
    zero_gradient,
)
from thalweg.ops.families import comparison, floating, numeric
from thalweg.ops.logic import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    copysign,
    isfinite,
    isinf,
    isnan,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    nextafter,
    signbit,
)

__all__ = [
    "abs",
    "add",
    "astype",
    "ceil",
    "divide",
    "equal",
    "floor",
    "floor_divide",
    "fmod",
    "greater",
    "greater_equal",
    "known_value",
    "less",
    "less_equal",
    "masked_product",
    "masked_quotient",
    "multiply",
    "negative",
    "not_equal",
    "over",
    "positive",
    "reciprocal",
    "remainder",
    "round",
    "rsqrt",
    "saturating_cast",
    "sign",
    "sqrt",
    "square",
    "subtract",
    "times",
    "trunc",
    "where",
    "zero_gradient",
    "pow",
    "hypot",
    "maximum",
    "minimum",
    "clip",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
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

# --- powers ---------------------------------------------------------------------------------------------------------


def _power_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    """dx = g y x**(y-1), 0 where y is 0; dy = g z log(x), 0 where x is 0."""
    return [
        lambda: times(g, times(y, pow(x, subtract(y, 1)))),
        lambda: times(g, times(where(equal(x, 0), 0, log(x)), z)),
    ]


_SMALL_POWERS: dict[float, Any] = {
    1: lambda x: x,
    2: lambda x: square(x),
    3: lambda x: x * square(x),
    4: lambda x: square(square(x)),
}


def _power_expand(x: Tensor, y: Tensor) -> Tensor:
    """Small known exponents by multiplication, the rest by the general power."""
    known = known_value(y)
    if known is not None and known.size == 1 and y.shape == ():
        n = known.item()
        if n in _SMALL_POWERS:
            return _SMALL_POWERS[n](x)
        if n == -1 and dtypes.is_floating(x.dtype):
            return reciprocal(x)
    return general_power(x, y)


def _emit_power(e: Any, x: Any, y: Any) -> Any:
    return e.pow(x, y) if "float" in x.dtype else e.integer_power(x, y)


def _power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """np.power; integers to negative powers give the whole part of the fraction: 0, except for the bases 1 and -1."""
    if y.dtype.kind != "i" or not np.any(y < 0):
        z = np.power(x, y)
        if y.ndim == 0 and y == 0.5:  # NumPy takes sqrt there, which differs from a power at -inf and -0.0
            z = np.where(x == -np.inf, np.inf, z + 0).astype(z.dtype)
        return z
    unit = np.where(x == 1, 1, np.where(x == -1, np.where(y % 2, -1, 1), 0)).astype(x.dtype)
    return np.where(y < 0, unit, np.power(x, np.maximum(y, 0)))


@make_op(numeric, grad=_power_gradient, expand=_power_expand)
def pow(x, y, /):  # type: ignore[no-untyped-def]
    """x to the power y, elementwise with broadcasting.

    Integers wrap; to a negative power they give 0, except for the bases 1 and -1. 0**0 is 1, with both gradients 0.

    >>> pow([1.0, 2.0, 3.0], 2).tolist()
    [1.0, 4.0, 9.0]
    >>> pow([2, -1], [-1, -3]).tolist()
    [0, -1]
    """
    return _power(x, y)


@make_op(numeric, grad=_power_gradient, lower=Pointwise(_emit_power))
def general_power(x, y, /):  # type: ignore[no-untyped-def]
    """:func:`pow` where the exponent is not a small known number: what it compiles to."""
    return _power(x, y)


def _hypot_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: times(g, over(x, z)), lambda: times(g, over(y, z))]


def _emit_hypot(e: Any, x: Any, y: Any) -> Any:
    if x.dtype == "float32":
        x, y = x.astype("float64"), y.astype("float64")
        root = e.sqrt(x * x + y * y).astype("float32")
        return e.select(e.isinf(x) | e.isinf(y), float("inf"), root)
    x, y = e.abs(x), e.abs(y)
    large, small = e.maximum(x, y), e.minimum(x, y)
    ratio = small / large
    root = large * e.sqrt(ratio * ratio + 1)
    return e.select(e.isinf(x) | e.isinf(y), float("inf"), e.select(large.eq(0), 0, root))


@make_op(floating, grad=_hypot_gradient, lower=Pointwise(_emit_hypot), commutative=True)
def hypot(x, y, /):  # type: ignore[no-untyped-def]
    """sqrt(x**2 + y**2) without overflow between. The gradient at (0, 0) is 0.

    >>> hypot([3.0], [4.0]).tolist()
    [5.0]
    """
    return np.hypot(x, y)


# --- largest, smallest, bounds --------------------------------------------------------------------------------------


def _share(g: Tensor, wins: Tensor, ties: Tensor) -> Tensor:
    return where(wins, g, where(ties, multiply(g, 0.5), 0))


def _maximum_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: _share(g, greater(x, y), equal(x, y)), lambda: _share(g, less(x, y), equal(x, y))]


def _minimum_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: _share(g, less(x, y), equal(x, y)), lambda: _share(g, greater(x, y), equal(x, y))]


_ordered = {
    "infer": numeric["infer"],
    "prepare": comparison["prepare"],
}  # bool stays bool: max is or, min is and


def _emit_extreme(name: str) -> Pointwise:
    def emit(e: Any, x: Any, y: Any) -> Any:
        if x.dtype == "bool":
            return x | y if name == "maximum" else x & y
        return getattr(e, name)(x, y)

    return Pointwise(emit)


@make_op(_ordered, grad=_maximum_gradient, lower=_emit_extreme("maximum"), commutative=True)
def maximum(x, y, /):  # type: ignore[no-untyped-def]
    """The larger, elementwise; NaN if either is NaN. Ties share the gradient half and half.

    >>> maximum([1.0, 5.0], 2.0).tolist()
    [2.0, 5.0]
    """
    return np.maximum(x, y)


@make_op(_ordered, grad=_minimum_gradient, lower=_emit_extreme("minimum"), commutative=True)
def minimum(x, y, /):  # type: ignore[no-untyped-def]
    """The smaller, elementwise; NaN if either is NaN. Ties share the gradient half and half.

    >>> minimum([1.0, 5.0], 2.0).tolist()
    [1.0, 2.0]
    """
    return np.minimum(x, y)


def _at_least_gradient(g: Tensor, z: Tensor, x: Tensor, low: Tensor) -> list[Any]:
    return [lambda: where(less(x, low), 0, g), lambda: where(less(x, low), g, 0)]


def _at_most_gradient(g: Tensor, z: Tensor, x: Tensor, high: Tensor) -> list[Any]:
    return [lambda: where(greater(x, high), 0, g), lambda: where(greater(x, high), g, 0)]


@make_op(numeric, grad=_at_least_gradient, lower=Pointwise(lambda e, x, low: e.maximum(x, low)))
def at_least(x, low, /):  # type: ignore[no-untyped-def]
    """x raised to ``low`` where below it: a maximum whose gradient at the bound goes to x."""
    return np.maximum(x, low)


@make_op(numeric, grad=_at_most_gradient, lower=Pointwise(lambda e, x, high: e.minimum(x, high)))
def at_most(x, high, /):  # type: ignore[no-untyped-def]
    """x lowered to ``high`` where above it: a minimum whose gradient at the bound goes to x."""
    return np.minimum(x, high)


def clip(x: Any, /, min: Any = None, max: Any = None) -> Tensor:
    """x limited to [min, max]; a bound that is None does not limit. The gradient at a bound is 1.

    Bounds are numbers or tensors that broadcast; where min > max the result is max.

    >>> clip([-3.0, 0.5, 3.0], 0, 1).tolist()
    [0.0, 0.5, 1.0]
    """
    given = [b for b in (x, min, max) if b is not None]
    tensors = iter(convert_operands(given))
    result = next(tensors)
    if min is not None:
        result = at_least(result, next(tensors))
    return at_most(result, next(tensors)) if max is not None else result


# --- exponentials and logarithms ------------------------------------------------------------------------------------

_LN2, _LN10 = math.log(2), math.log(10)


@make_op(floating, grad=lambda g, y, x: [times(g, y)], lower=Pointwise(lambda e, x: e.exp(x)))
def exp(x, /):  # type: ignore[no-untyped-def]
    """e to the power x, elementwise."""
    return np.exp(x)


@make_op(floating, grad=lambda g, y, x: [times(g, y * _LN2)], lower=Pointwise(lambda e, x: e.exp2(x)))
def exp2(x, /):  # type: ignore[no-untyped-def]
    """2 to the power x, elementwise."""
    return np.exp2(x)


@make_op(floating, grad=lambda g, y, x: [times(g, exp(x))], lower=Pointwise(lambda e, x: e.expm1(x)))
def expm1(x, /):  # type: ignore[no-untyped-def]
    """exp(x) - 1, accurate near 0."""
    return np.expm1(x)


@make_op(floating, grad=lambda g, y, x: [over(g, x)], lower=Pointwise(lambda e, x: e.log(x)))
def log(x, /):  # type: ignore[no-untyped-def]
    """Natural logarithm, elementwise: -inf at 0, NaN below."""
    return np.log(x)


@make_op(floating, grad=lambda g, y, x: [over(g, 1 + x)], lower=Pointwise(lambda e, x: e.log1p(x)))
def log1p(x, /):  # type: ignore[no-untyped-def]
    """log(1 + x), accurate near 0."""
    return np.log1p(x)


@make_op(floating, grad=lambda g, y, x: [over(g, x * _LN2)], lower=Pointwise(lambda e, x: e.log2(x)))
def log2(x, /):  # type: ignore[no-untyped-def]
    """Logarithm to base 2, elementwise."""
    return np.log2(x)


@make_op(floating, grad=lambda g, y, x: [over(g, x * _LN10)], lower=Pointwise(lambda e, x: e.log10(x)))
def log10(x, /):  # type: ignore[no-untyped-def]
    """Logarithm to base 10, elementwise."""
    return np.log10(x)


# --- circular and hyperbolic ----------------------------------------------------------------------------------------


def _sin_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [times(g, cos(x))]


@make_op(floating, grad=_sin_gradient, lower=Pointwise(lambda e, x: e.sin(x)))
def sin(x, /):  # type: ignore[no-untyped-def]
    """Sine of x in radians."""
    return np.sin(x)


@make_op(floating, grad=lambda g, y, x: [negative(times(g, sin(x)))], lower=Pointwise(lambda e, x: e.cos(x)))
def cos(x, /):  # type: ignore[no-untyped-def]
    """Cosine of x in radians."""
    return np.cos(x)


@make_op(floating, grad=lambda g, y, x: [times(g, 1 + y * y)], lower=Pointwise(lambda e, x: e.tan(x)))
def tan(x, /):  # type: ignore[no-untyped-def]
    """Tangent of x in radians."""
    return np.tan(x)


@make_op(
    floating, grad=lambda g, y, x: [over(g, sqrt((1 - x) * (1 + x)))], lower=Pointwise(lambda e, x: e.asin(x))
)
def asin(x, /):  # type: ignore[no-untyped-def]
    """The angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1]."""
    return np.arcsin(x)


@make_op(
    floating,
    grad=lambda g, y, x: [negative(over(g, sqrt((1 - x) * (1 + x))))],
    lower=Pointwise(lambda e, x: e.acos(x)),
)
def acos(x, /):  # type: ignore[no-untyped-def]
    """The angle in [0, pi] whose cosine is x; NaN outside [-1, 1]."""
    return np.arccos(x)


@make_op(floating, grad=lambda g, y, x: [over(g, 1 + x * x)], lower=Pointwise(lambda e, x: e.atan(x)))
def atan(x, /):  # type: ignore[no-untyped-def]
    """The angle in [-pi/2, pi/2] whose tangent is x."""
    return np.arctan(x)


def _atan2_gradient(g: Tensor, angle: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    r = hypot(y, x)
    return [lambda: times(g, over(over(x, r), r)), lambda: negative(times(g, over(over(y, r), r)))]


@make_op(floating, grad=_atan2_gradient, lower=Pointwise(lambda e, y, x: e.atan2(y, x)))
def atan2(y, x, /):  # type: ignore[no-untyped-def]
    """The angle in [-pi, pi] of the point (x, y). The gradient at (0, 0) is 0.

    >>> atan2([0.0], [1.0]).tolist()
    [0.0]
    """
    return np.arctan2(y, x)


def _sinh_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [times(g, cosh(x))]


@make_op(floating, grad=_sinh_gradient, lower=Pointwise(lambda e, x: e.sinh(x)))
def sinh(x, /):  # type: ignore[no-untyped-def]
    """Hyperbolic sine, elementwise."""
    return np.sinh(x)


@make_op(floating, grad=lambda g, y, x: [times(g, sinh(x))], lower=Pointwise(lambda e, x: e.cosh(x)))
def cosh(x, /):  # type: ignore[no-untyped-def]
    """Hyperbolic cosine, elementwise."""
    return np.cosh(x)


@make_op(floating, grad=lambda g, y, x: [times(g, 1 - y * y)], lower=Pointwise(lambda e, x: e.tanh(x)))
def tanh(x, /):  # type: ignore[no-untyped-def]
    """Hyperbolic tangent, elementwise."""
    return np.tanh(x)


@make_op(floating, grad=lambda g, y, x: [over(g, sqrt(1 + x * x))], lower=Pointwise(lambda e, x: e.asinh(x)))
def asinh(x, /):  # type: ignore[no-untyped-def]
    """Inverse hyperbolic sine, elementwise."""
    return np.arcsinh(x)


@make_op(
    floating,
    grad=lambda g, y, x: [over(g, sqrt((x - 1) * (x + 1)))],
    lower=Pointwise(lambda e, x: e.acosh(x)),
)
def acosh(x, /):  # type: ignore[no-untyped-def]
    """Inverse hyperbolic cosine; NaN below 1."""
    return np.arccosh(x)


@make_op(
    floating, grad=lambda g, y, x: [over(g, (1 - x) * (1 + x))], lower=Pointwise(lambda e, x: e.atanh(x))
)
def atanh(x, /):  # type: ignore[no-untyped-def]
    """Inverse hyperbolic tangent; NaN outside [-1, 1]."""
    return np.arctanh(x)
