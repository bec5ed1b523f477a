"""Special functions: error and gamma functions, and the products and sums of logarithms that statistics needs.

NumPy has neither; their meaning here is computed in float64 from the standard library's scalars or by a series.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.elementwise import equal, exp, less_equal, log, negative, over, reciprocal, times, where
from thalweg.ops.families import floating
from thalweg.ops.logic import isinf, logical_and

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def _in_float64(fn: Callable[[np.ndarray], np.ndarray], x: Any) -> np.ndarray:
    """``fn`` on x as float64, rounded back to the dtype of x."""
    x = np.asarray(x)
    return np.asarray(fn(x.astype(np.float64))).astype(x.dtype)


def _elementwise(fn: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    """A scalar function over arrays of float64."""
    over_all = np.frompyfunc(fn, 1, 1)
    return lambda x: np.asarray(over_all(x), np.float64)


__all__ = [
    "erf",
    "erfc",
    "erfinv",
    "polygamma",
    "digamma",
    "lgamma",
    "logaddexp",
    "xlogy",
    "squared_difference",
    "divide_no_nan",
    "lerp",
]

# --- error functions ------------------------------------------------------------------------------------------------

erf_values, erfc_values = _elementwise(math.erf), _elementwise(math.erfc)  # of float64 arrays


def _erfinv(x: np.ndarray) -> np.ndarray:
    """Winitzki's approximation, then Halley's method on erf, or on erfc where that keeps the digits."""
    a = np.abs(x)
    half_log = np.log((1 - a) * (1 + a)) / 2
    first = 2 / (math.pi * 0.147) + half_log
    y = np.sqrt(np.sqrt(first * first - 2 * half_log / 0.147) - first)
    y = np.where(a < 1e-4, a / _TWO_OVER_SQRT_PI, y)
    for _ in range(3):
        miss = np.where(a < 0.5, erf_values(y) - a, (1 - a) - erfc_values(y))
        step = np.where(miss == 0, 0.0, miss * np.exp(y * y) / _TWO_OVER_SQRT_PI)
        y = y - step / (1 + y * step)
    return np.copysign(np.where(a == 1, np.inf, y), x)


@make_op(
    floating,
    grad=lambda g, y, x: [times(g, exp(negative(x * x)) * _TWO_OVER_SQRT_PI)],
    lower=Pointwise(lambda e, x: e.erf(x)),
)
def erf(x, /):  # type: ignore[no-untyped-def]
    """The error function: 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    >>> round(erf(1.0).item(), 6)
    0.842701
    """
    return _in_float64(erf_values, x)


@make_op(
    floating,
    grad=lambda g, y, x: [negative(times(g, exp(negative(x * x)) * _TWO_OVER_SQRT_PI))],
    lower=Pointwise(lambda e, x: e.erfc(x)),
)
def erfc(x, /):  # type: ignore[no-untyped-def]
    """1 - erf(x), with full relative accuracy for large x."""
    return _in_float64(erfc_values, x)


@make_op(
    floating,
    grad=lambda g, y, x: [times(g, exp(y * y) * (1 / _TWO_OVER_SQRT_PI))],
    lower=Pointwise(lambda e, x: e.erfinv(x)),
)
def erfinv(x, /):  # type: ignore[no-untyped-def]
    """The inverse of erf: infinite at -1 and 1, NaN beyond.

    >>> round(erfinv(0.5).item(), 6)
    0.476936
    """
    return _in_float64(_erfinv, x)


# --- gamma functions ------------------------------------------------------------------------------------------------


def _log_gamma(x: float) -> float:
    if math.isinf(x) or (x <= 0 and x == math.floor(x)):
        return math.inf
    try:
        return math.lgamma(x)
    except OverflowError:
        return math.inf


def _digamma(x: np.ndarray) -> np.ndarray:
    """Reflection below 1/2, the recurrence up to 10, then the asymptotic series."""
    y = np.where(x < 0.5, 1 - x, x)
    total = np.zeros_like(y)
    for _ in range(10):
        below = y < 10
        total = np.where(below, total - 1 / y, total)
        y = np.where(below, y + 1, y)
    z = 1 / (y * y)
    series = z * _polynomial(z, (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12))
    total = total + (np.log(y) - 0.5 / y - series)
    fraction = x - np.rint(x)
    reflected = total - math.pi / np.tan(math.pi * fraction)
    pole = np.where(x == 0, np.copysign(np.inf, -x), np.nan)
    return np.where(x < 0.5, np.where(fraction == 0, pole, reflected), total)


def _polynomial(x: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    result = np.zeros_like(x)
    for c in reversed(coefficients):
        result = result * x + c
    return result


# B(2k) / (2k)!
_EULER_MACLAURIN = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
)


def _hurwitz(s: Any, x: np.ndarray) -> np.ndarray:
    """The sum of (x + k)**-s over k = 0, 1, ..., for x > 0 and s > 1: twelve terms, then Euler-Maclaurin."""
    total = np.zeros_like(x)
    for k in range(12):
        total = total + (x + k) ** -s
    tail = x + 12
    power, rising = tail**-s, s * 1.0
    total = total + tail ** (1 - s) / (s - 1) + 0.5 * power
    for k, c in enumerate(_EULER_MACLAURIN):
        power = power / tail if k == 0 else power / (tail * tail)
        total = total + c * rising * power
        rising = rising * ((s + 2 * k + 1) * (s + 2 * k + 2))
    return total


def _hurwitz_everywhere(s: Any, x: np.ndarray) -> np.ndarray:
    """The same also for x < 0, where s is whole: the finitely many terms below 0 are summed apart."""
    fraction = x - np.floor(x)
    right = _hurwitz(s, np.where((x > 0) | (fraction == 0), np.where(x > 0, x, 1.0), fraction))
    left = _hurwitz(s, 1 - fraction) - _hurwitz(s, 1 - np.where(x > 0, fraction, x))
    sign = np.where(np.mod(s, 2) == 0, 1.0, -1.0)
    value = np.where(x > 0, right, right + sign * left)
    return np.where((x <= 0) & (fraction == 0), np.inf, value)


def _polygamma(n: int) -> Callable[[np.ndarray], np.ndarray]:
    """(-1)**(n+1) n! times the Hurwitz zeta function of n + 1."""
    scale = (-1.0) ** (n + 1) * math.factorial(n)
    return lambda x: scale * _hurwitz_everywhere(n + 1, x)


def _polygamma_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    n = attrs["n"]
    if not isinstance(n, int) or not 1 <= n <= 60:
        raise fail(ArgumentError, "polygamma: n", expected="a whole number from 1 to 60", received=repr(n))
    tensors, _ = floating["prepare"](tensors, attrs)
    return tensors, attrs


def _polygamma_infer(x: Spec, *, n: int) -> Spec:
    return x


def _polygamma_gradient(g: Tensor, y: Tensor, x: Tensor, *, n: int) -> list[Any]:
    return [times(g, polygamma(x, n + 1))]


@make_op(
    {},
    infer=_polygamma_infer,
    prepare=_polygamma_prepare,
    grad=_polygamma_gradient,
    lower=Pointwise(lambda e, x, n: e.polygamma(x, n)),
)
def polygamma(x, /, n):  # type: ignore[no-untyped-def]
    """The derivative of order n (1 or more) of :func:`digamma`.

    >>> round(polygamma(1.0, 1).item(), 5)
    1.64493
    """
    return _in_float64(_polygamma(n), x)


@make_op(
    floating, grad=lambda g, y, x: [times(g, polygamma(x, 1))], lower=Pointwise(lambda e, x: e.digamma(x))
)
def digamma(x, /):  # type: ignore[no-untyped-def]
    """The derivative of :func:`lgamma`; NaN at the poles -1, -2, ..., infinite at 0.

    >>> round(digamma(1.0).item(), 5)
    -0.57722
    """
    return _in_float64(_digamma, x)


@make_op(floating, grad=lambda g, y, x: [times(g, digamma(x))], lower=Pointwise(lambda e, x: e.lgamma(x)))
def lgamma(x, /):  # type: ignore[no-untyped-def]
    """log|gamma(x)|, elementwise; infinite at 0, -1, -2, ...

    >>> round(lgamma(5.0).item(), 5)
    3.17805
    """
    return _in_float64(_elementwise(_log_gamma), x)


# --- logarithms of sums and products --------------------------------------------------------------------------------


def _share(x: Tensor, y: Tensor) -> Tensor:
    """exp(x) / (exp(x) + exp(y)); half for two equal infinities."""
    ahead = where(logical_and(isinf(x), equal(x, y)), 0, y - x)
    return reciprocal(1 + exp(ahead))


def _logaddexp_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: times(g, _share(x, y)), lambda: times(g, _share(y, x))]


def _emit_logaddexp(e: Any, x: Any, y: Any) -> Any:
    sum_ = e.maximum(x, y) + e.log1p(e.exp(-e.abs(x - y)))
    return e.select(x.eq(y), x + math.log(2), sum_)


@make_op(floating, grad=_logaddexp_gradient, lower=Pointwise(_emit_logaddexp), commutative=True)
def logaddexp(x, y, /):  # type: ignore[no-untyped-def]
    """log(exp(x) + exp(y)) without overflow.

    >>> round(logaddexp(1000.0, 1000.0).item(), 3)
    1000.693
    """
    return np.logaddexp(x, y)


def _xlogy_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    undefined = logical_and(equal(x, 0), less_equal(y, 0))
    return [lambda: times(g, where(undefined, 0, log(y))), lambda: times(g, over(x, y))]


@make_op(
    floating,
    grad=_xlogy_gradient,
    lower=Pointwise(lambda e, x, y: e.select(x.eq(0) & ~e.isnan(y), 0, x * e.log(y))),
)
def xlogy(x, y, /):  # type: ignore[no-untyped-def]
    """x * log(y), and 0 where x is 0. The gradients at (0, 0) are 0.

    >>> xlogy([0.0, 2.0], [0.0, 1.0]).tolist()
    [0.0, 0.0]
    """
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y))


def _squared_difference_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    change = times(g, 2 * (x - y))
    return [change, lambda: negative(change)]


def _emit_squared_difference(e: Any, x: Any, y: Any) -> Any:
    d = x - y
    return d * d


@make_op(
    floating, grad=_squared_difference_gradient, lower=Pointwise(_emit_squared_difference), commutative=True
)
def squared_difference(x, y, /):  # type: ignore[no-untyped-def]
    """(x - y)**2, elementwise with broadcasting.

    >>> squared_difference([1.0, 5.0], 2.0).tolist()
    [1.0, 9.0]
    """
    return np.square(x - y)


def _divide_no_nan_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: where(equal(y, 0), 0, over(g, y)), lambda: negative(times(g, divide_no_nan(z, y)))]


@make_op(
    floating,
    grad=_divide_no_nan_gradient,
    lower=Pointwise(lambda e, x, y: e.select(y.eq(0), 0, x / y)),
)
def divide_no_nan(x, y, /):  # type: ignore[no-untyped-def]
    """x / y, and 0 where y is 0; so are the gradients.

    >>> divide_no_nan([1.0, 1.0], [2.0, 0.0]).tolist()
    [0.5, 0.0]
    """
    return np.where(y == 0, 0, x / y)


@make_op(floating, expand=lambda x, y, weight: x + weight * (y - x))
def lerp(x, y, weight, /):  # type: ignore[no-untyped-def]
    """x + weight * (y - x): the point between x and y.

    >>> lerp(1.0, 3.0, 0.5).item()
    2.0
    """
    return x + weight * (y - x)
