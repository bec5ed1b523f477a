"""Elementwise arithmetic: casts, selection, sums and products, comparison, rounding.

A law that every elementwise rule keeps: **a gradient of exactly zero stays exactly zero**, whatever the factor it meets
(even infinite or NaN). So ``where(x > 0, log(x), 0)`` has gradient 0, not NaN, at the x that were not selected. Rules
write ``times(g, factor)`` and ``over(g, divisor)`` for that; docs/gradients.md lists the conventions at kinks and ties.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, fail
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor, Variable
from thalweg.ops.families import broadcast_shapes, comparison, floating, numeric
from thalweg.ops.shape import full_like

__all__ = [
    "astype",
    "where",
    "negative",
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "trunc",
    "fmod",
    "positive",
    "sign",
    "abs",
    "square",
    "reciprocal",
    "sqrt",
    "rsqrt",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "floor",
    "ceil",
    "round",
]

# --- casts and selection --------------------------------------------------------------------------------------------


def saturating_cast(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """NumPy's cast, with float to integer made total: out of range saturates, NaN is 0."""
    if not (dtypes.is_floating(x.dtype) and dtypes.is_integer(dtype)):
        return x.astype(dtype)
    info = np.iinfo(dtype)
    inside = (x > info.min - 1.0) & (x < info.max + 1.0)
    result = np.where(inside, x, 0).astype(dtype)
    result = np.where(x >= info.max + 1.0, dtype.type(info.max), result)
    return np.where(x <= info.min - 1.0, dtype.type(info.min), result).astype(dtype)


def _astype_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    return tensors, {"dtype": dtypes.as_dtype(attrs["dtype"])}


def _astype_gradient(g: Tensor, y: Tensor, x: Tensor, *, dtype: np.dtype) -> list[Any]:
    return [astype(g, x.dtype) if dtypes.is_floating(x.dtype) and dtypes.is_floating(dtype) else None]


@make_op(
    {},
    infer=lambda x, *, dtype: Spec(x.shape, dtype),
    prepare=_astype_prepare,
    grad=_astype_gradient,
    lower=Pointwise(lambda e, x, *, dtype: x.astype(dtype.name)),
)
def astype(x, /, dtype):  # type: ignore[no-untyped-def]
    """Each element as ``dtype``. Float to integer truncates toward zero, saturates out of range, and makes NaN 0.

    >>> astype([1.7, -1.7, 1e30], "int32").tolist()
    [1, -1, 2147483647]
    """
    return saturating_cast(x, dtype)


def _where_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    condition, x, y = tensors
    common = dtypes.promote(x.dtype, y.dtype)
    return [astype(condition, "bool"), astype(x, common), astype(y, common)], attrs


def _where_infer(condition: Spec, x: Spec, y: Spec) -> Spec:
    return Spec(broadcast_shapes(condition.shape, x.shape, y.shape), x.dtype)


def _where_gradient(g: Tensor, z: Tensor, condition: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [None, lambda: where(condition, g, 0), lambda: where(condition, 0, g)]


@make_op(
    {},
    infer=_where_infer,
    prepare=_where_prepare,
    grad=_where_gradient,
    lower=Pointwise(lambda e, condition, x, y: e.select(condition, x, y)),
)
def where(condition, x, y, /):  # type: ignore[no-untyped-def]
    """x where the condition holds, else y, elementwise with broadcasting.

    >>> where([True, False], [1.0, 2.0], 0.0).tolist()
    [1.0, 0.0]
    """
    return np.where(condition, x, y)


# --- the products that gradient rules use ---------------------------------------------------------------------------


def _negative_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [negative(g)]


@make_op(numeric, grad=_negative_gradient, lower=Pointwise(lambda e, x: -x))
def negative(x, /):  # type: ignore[no-untyped-def]
    """-x, elementwise; the smallest integer wraps to itself."""
    return np.negative(x)


def _product_gradient(h: Tensor, p: Tensor, g: Tensor, f: Tensor) -> list[Any]:
    """Where g is 0 the factor does not count, even if h is infinite."""
    return [lambda: times(h, f), lambda: where(equal(g, 0), 0, times(h, g))]


def _quotient_gradient(h: Tensor, q: Tensor, g: Tensor, d: Tensor) -> list[Any]:
    return [lambda: over(h, d), lambda: negative(over(where(equal(g, 0), 0, times(h, q)), d))]


@make_op(
    floating,
    grad=_product_gradient,
    lower=Pointwise(lambda e, g, f: g * e.select(g.eq(0), 0, f)),
)
def masked_product(g, f, /):  # type: ignore[no-untyped-def]
    """g * f, but 0 wherever g is 0, also beside an infinite or NaN f."""
    return np.multiply(g, np.where(g == 0, 0, f))


@make_op(
    floating,
    grad=_quotient_gradient,
    lower=Pointwise(lambda e, g, d: g / e.select(g.eq(0), 1, d)),
)
def masked_quotient(g, d, /):  # type: ignore[no-untyped-def]
    """g / d, but 0 wherever g is 0, also over a zero or NaN d."""
    return np.divide(g, np.where(g == 0, 1, d))


def known_value(x: Any) -> np.ndarray | None:
    """The array of a constant (not of a variable, whose value changes), else None."""
    constant = isinstance(x, Tensor) and x.op is None and not isinstance(x, Variable) and not x.tracked
    return x.value if constant else None


def _is_finite(x: Any) -> bool:
    value = known_value(x)
    return value is not None and value.size == 1 and bool(np.isfinite(value).all())


def times(g: Any, factor: Any) -> Tensor:
    """``g * factor`` where a zero g gives zero; the plain product where the factor is a known finite number."""
    return (
        multiply(g, factor)
        if not isinstance(factor, Tensor) or _is_finite(factor)
        else masked_product(g, factor)
    )


def over(g: Any, divisor: Any) -> Tensor:
    """``g / divisor`` where a zero g gives zero."""
    return masked_quotient(g, divisor)


def zero_gradient(x: Tensor) -> Any:
    """A gradient that is zero everywhere, made only when asked for."""
    return lambda: full_like(x, 0)


# --- arithmetic -----------------------------------------------------------------------------------------------------


@make_op(numeric, grad=lambda g, z, x, y: [g, g], lower=Pointwise(lambda e, x, y: x + y), commutative=True)
def add(x, y, /):  # type: ignore[no-untyped-def]
    """x + y, elementwise with broadcasting; integers wrap."""
    return np.add(x, y)


@make_op(numeric, grad=lambda g, z, x, y: [g, lambda: negative(g)], lower=Pointwise(lambda e, x, y: x - y))
def subtract(x, y, /):  # type: ignore[no-untyped-def]
    """x - y, elementwise with broadcasting; integers wrap."""
    return np.subtract(x, y)


@make_op(
    numeric,
    grad=lambda g, z, x, y: [lambda: times(g, y), lambda: times(g, x)],
    lower=Pointwise(lambda e, x, y: x * y),
    commutative=True,
)
def multiply(x, y, /):  # type: ignore[no-untyped-def]
    """x * y, elementwise with broadcasting; integers wrap."""
    return np.multiply(x, y)


@make_op(
    floating,
    grad=lambda g, z, x, y: [lambda: over(g, y), lambda: negative(times(g, z / y))],
    lower=Pointwise(lambda e, x, y: x / y),
)
def divide(x, y, /):  # type: ignore[no-untyped-def]
    """x / y as real numbers, elementwise with broadcasting; integers become float32.

    >>> divide([1, 3], 2).tolist()
    [0.5, 1.5]
    """
    return np.divide(x, y)


@make_op(numeric, flat=True, lower=Pointwise(lambda e, x, y: e.floor_divide(x, y)))
def floor_divide(x, y, /):  # type: ignore[no-untyped-def]
    """x / y rounded down. Integers never trap: x // 0 is 0 and the smallest integer // -1 wraps to itself.

    >>> floor_divide([7, -7, 7], [2, 2, 0]).tolist()
    [3, -4, 0]
    """
    return np.floor_divide(x, y)


@make_op(
    numeric,
    grad=lambda g, z, x, y: [g, lambda: negative(times(g, floor_divide(x, y)))],
    lower=Pointwise(lambda e, x, y: e.remainder(x, y)),
)
def remainder(x, y, /):  # type: ignore[no-untyped-def]
    """x - y * floor(x / y), with the sign of y (Python's ``%``); integer x % 0 is 0.

    >>> remainder([7, -7, 7], [3, 3, 0]).tolist()
    [1, 2, 0]
    """
    return np.remainder(x, y)


def _rounded(name: str) -> Pointwise:
    """Integers are whole already."""
    return Pointwise(lambda e, x: getattr(e, name)(x) if "float" in x.dtype else x)


@make_op(numeric, flat=True, lower=_rounded("trunc"))
def trunc(x, /):  # type: ignore[no-untyped-def]
    """Rounded toward zero. The gradient is 0."""
    return np.trunc(x).astype(x.dtype)


@make_op(
    numeric,
    grad=lambda g, z, x, y: [g, lambda: negative(times(g, trunc(x / y)))],
    lower=Pointwise(lambda e, x, y: e.fmod(x, y)),
)
def fmod(x, y, /):  # type: ignore[no-untyped-def]
    """The remainder with the sign of x (C's ``fmod``); of integers by 0 it is 0.

    >>> fmod([7, -7], 3).tolist()
    [1, -1]
    """
    return np.fmod(x, y)


@make_op(numeric, grad=lambda g, y, x: [g], lower=Pointwise(lambda e, x: x))
def positive(x, /):  # type: ignore[no-untyped-def]
    """x, elementwise."""
    return np.positive(x)


def _emit_sign(e: Any, x: Any) -> Any:
    one = e.select(x > 0, e.const(1, x.dtype, x.width), 0)
    return e.select(e.isnan(x), x, one if x.dtype.startswith("uint") else e.select(x < 0, -1, one))


@make_op(numeric, flat=True, lower=Pointwise(_emit_sign))
def sign(x, /):  # type: ignore[no-untyped-def]
    """-1, 0 or 1; NaN for NaN.

    >>> sign([-2.0, 0.0, 3.0]).tolist()
    [-1.0, 0.0, 1.0]
    """
    return np.sign(x)


@make_op(numeric, grad=lambda g, y, x: [times(g, sign(x))], lower=Pointwise(lambda e, x: e.abs(x)))
def abs(x, /):  # type: ignore[no-untyped-def]
    """Magnitude. The gradient at 0 is 0.

    >>> abs([-2.0, 3.0]).tolist()
    [2.0, 3.0]
    """
    return np.absolute(x)


@make_op(numeric, grad=lambda g, y, x: [times(g, 2 * x)], lower=Pointwise(lambda e, x: x * x))
def square(x, /):  # type: ignore[no-untyped-def]
    """x * x; integers wrap."""
    return np.square(x)


@make_op(floating, grad=lambda g, y, x: [negative(times(g, y * y))], lower=Pointwise(lambda e, x: 1.0 / x))
def reciprocal(x, /):  # type: ignore[no-untyped-def]
    """1 / x, elementwise."""
    return np.reciprocal(x)


@make_op(floating, grad=lambda g, y, x: [over(g, 2 * y)], lower=Pointwise(lambda e, x: e.sqrt(x)))
def sqrt(x, /):  # type: ignore[no-untyped-def]
    """Square root; NaN below 0. The gradient at 0 is infinite.

    >>> sqrt([4.0, 9.0]).tolist()
    [2.0, 3.0]
    """
    return np.sqrt(x)


@make_op(
    floating, grad=lambda g, y, x: [times(g, -0.5 * (y * y * y))], lower=Pointwise(lambda e, x: e.rsqrt(x))
)
def rsqrt(x, /):  # type: ignore[no-untyped-def]
    """1 / sqrt(x), elementwise.

    >>> rsqrt([4.0, 0.25]).tolist()
    [0.5, 2.0]
    """
    return np.reciprocal(np.sqrt(x))


# --- comparison -----------------------------------------------------------------------------------------------------


@make_op(comparison, lower=Pointwise(lambda e, x, y: x.eq(y)), commutative=True)
def equal(x, y, /):  # type: ignore[no-untyped-def]
    """x == y, elementwise, as bool."""
    return np.equal(x, y)


@make_op(comparison, lower=Pointwise(lambda e, x, y: x.ne(y)), commutative=True)
def not_equal(x, y, /):  # type: ignore[no-untyped-def]
    """x != y, elementwise, as bool; true for NaN."""
    return np.not_equal(x, y)


@make_op(comparison, lower=Pointwise(lambda e, x, y: x < y))
def less(x, y, /):  # type: ignore[no-untyped-def]
    """x < y, elementwise, as bool."""
    return np.less(x, y)


@make_op(comparison, lower=Pointwise(lambda e, x, y: x <= y))
def less_equal(x, y, /):  # type: ignore[no-untyped-def]
    """x <= y, elementwise, as bool."""
    return np.less_equal(x, y)


@make_op(comparison, lower=Pointwise(lambda e, x, y: x > y))
def greater(x, y, /):  # type: ignore[no-untyped-def]
    """x > y, elementwise, as bool."""
    return np.greater(x, y)


@make_op(comparison, lower=Pointwise(lambda e, x, y: x >= y))
def greater_equal(x, y, /):  # type: ignore[no-untyped-def]
    """x >= y, elementwise, as bool."""
    return np.greater_equal(x, y)


# --- rounding -------------------------------------------------------------------------------------------------------


@make_op(numeric, flat=True, lower=_rounded("floor"))
def floor(x, /):  # type: ignore[no-untyped-def]
    """Rounded down. The gradient is 0.

    >>> floor([1.5, -1.5]).tolist()
    [1.0, -2.0]
    """
    return np.floor(x).astype(x.dtype)


@make_op(numeric, flat=True, lower=_rounded("ceil"))
def ceil(x, /):  # type: ignore[no-untyped-def]
    """Rounded up. The gradient is 0."""
    return np.ceil(x).astype(x.dtype)


def _round_infer(x: Spec, *, decimals: int) -> Spec:
    if decimals < 0 and dtypes.is_integer(x.dtype):
        raise fail(
            ArgumentError, "decimals < 0 for integers", received=decimals, hint="cast to a float first"
        )
    return x


def _emit_round(e: Any, x: Any, *, decimals: int) -> Any:
    if "float" not in x.dtype:
        return x
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)
    if decimals > 0:
        return e.rint(x * scale) / scale
    return e.rint(x / scale) * scale if decimals else e.rint(x)


@make_op({**numeric, "infer": _round_infer}, flat=True, lower=Pointwise(_emit_round))
def round(x, /, decimals=0):  # type: ignore[no-untyped-def]
    """Rounded to ``decimals`` places, halves to even. The gradient is 0.

    >>> round([0.5, 1.5, 2.345], 0).tolist()
    [0.0, 2.0, 2.0]
    """
    return np.round(x, decimals)
