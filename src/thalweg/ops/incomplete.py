"""Incomplete gamma and beta functions and the zeta function: sums and continued fractions in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops.elementwise import exp, greater, log, log1p, negative, times, where
from thalweg.ops.families import floating
from thalweg.ops.special import _digamma, _elementwise, _hurwitz_everywhere, _log_gamma, lgamma

__all__ = ["betainc", "igamma", "igammac", "zeta"]

_TINY, _CLOSE = 1e-300, 1e-16
_NORMAL = 1e9  # from there on the sum has more terms than it needs digits
_log_gammas = _elementwise(_log_gamma)


def _wide(*arrays: Any) -> list[np.ndarray]:
    return [np.array(a) for a in np.broadcast_arrays(*(np.asarray(a, np.float64) for a in arrays))]


# --- gamma ------------------------------------------------------------------------------------------------------------


def _lower_series(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of x^k / ((a + 1) ... (a + k)) over k = 0, 1, ..., and its derivative by a."""
    term, slope = np.ones_like(x), np.zeros_like(x)
    total, slopes, k = term.copy(), slope.copy(), 0
    while k < 100000:
        k += 1
        slope = (slope - term / (a + k)) * x / (a + k)
        term = term * x / (a + k)
        total, slopes = total + term, slopes + slope
        if np.all((term <= _CLOSE * total) | np.isnan(term)):
            break
    return total, slopes


def _upper_fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Legendre's continued fraction for Gamma(a, x) / (x^a e^-x), by the method of Lentz."""
    b = x + 1 - a
    c, d = np.full_like(x, 1 / _TINY), 1 / b
    made = d.copy()
    for k in range(1, 2000):
        step = -k * (k - a)
        b = b + 2
        d = _not_zero(step * d + b)
        c = _not_zero(b + step / c)
        d = 1 / d
        made = made * d * c
        if np.all((np.abs(d * c - 1) < _CLOSE * 4) | np.isnan(d)):
            break
    return made


def _not_zero(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < _TINY, _TINY, x)


def _lower(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper regularised function, each exact where it is small."""
    legal = (a > 0) & (x >= 0)
    small = legal & ((x <= 1) | (x <= a)) & (x > 0)
    large = legal & ~small & (x > 0) & np.isfinite(x)
    front = np.exp(a * np.log(np.where(x > 0, x, 1)) - x - _log_gammas(np.where(legal, a, 1)))
    below = np.where(small, 0.0, np.where(large, 1.0, np.where(x > 0, 1.0, 0.0)))
    if small.any():
        below[small] = front[small] / a[small] * _lower_series(a[small], x[small])[0]
    above = np.array(np.maximum(1 - below, 0))
    if large.any():
        above[large] = front[large] * _upper_fraction(a[large], x[large])
        below[large] = 1 - above[large]
    wrong = ~legal | np.isnan(a) | np.isnan(x)
    return np.where(wrong, np.nan, below), np.where(wrong, np.nan, above)


def _gamma_density(a: Tensor, x: Tensor) -> Any:
    """The derivative of the lower function by x."""
    return exp((a - 1.0) * log(x) - x - lgamma(a))  # type: ignore[operator]


@make_op(
    floating, grad=lambda g, y, a, x: [None, None], lower=Pointwise(lambda e, a, x: e.igamma_slope(a, x))
)
def _igamma_slope(a, x, /):  # type: ignore[no-untyped-def]
    """The derivative of :func:`igamma` by a, NaN where that is; it has no gradient itself."""
    dtype = np.result_type(a, x)
    a, x = _wide(a, x)
    safe = np.where((a > 0) & (x > 0), x, 1.0)
    total, slopes = _lower_series(np.where(a > 0, a, 1.0), safe)
    front = np.exp(a * np.log(safe) - safe - _log_gammas(np.where(a > 0, a, 1.0) + 1))
    made = front * ((np.log(safe) - _digamma(np.where(a > 0, a, 1.0) + 1)) * total + slopes)
    apart = (x - a) / np.sqrt(np.where(a > 0, a, 1.0))  # far out the distribution is a normal one
    normal = (
        -np.exp(-0.5 * apart * apart) * (0.5 + 0.5 * x / a) / np.sqrt(2 * np.pi * np.where(a > 0, a, 1.0))
    )
    made = np.where(a > _NORMAL, normal, made)
    return np.where((a > 0) & (x >= 0), np.where(x > 0, made, 0.0), np.nan).astype(dtype)


def gamma_slope(a: Tensor, x: Tensor) -> Any:
    """How a gamma distributed number x moves with its parameter a while the share below it stays; 0 at 0."""
    known = where(greater(x, 0.0), x, 1.0)
    return where(greater(x, 0.0), -_igamma_slope(a, known) / _gamma_density(a, known), 0.0)  # type: ignore[operator]


@make_op(
    floating,
    grad=lambda g, y, a, x: [
        lambda: times(g, _igamma_slope(a, x)),
        lambda: times(g, _gamma_density(a, x)),
    ],
    lower=Pointwise(lambda e, a, x: e.igamma(a, x)),
)
def igamma(a, x, /):  # type: ignore[no-untyped-def]
    """The lower regularised incomplete gamma function P(a, x), for a > 0 and x >= 0; NaN elsewhere.

    The share below x of ``t^(a - 1) e^-t``. By a there is a first derivative only.

    >>> round(igamma(1.0, 2.0).item(), 5)
    0.86466
    """
    return _lower(*_wide(a, x))[0].astype(np.result_type(a, x))


@make_op(
    floating,
    grad=lambda g, y, a, x: [
        lambda: negative(times(g, _igamma_slope(a, x))),
        lambda: negative(times(g, _gamma_density(a, x))),
    ],
    lower=Pointwise(lambda e, a, x: e.igammac(a, x)),
)
def igammac(a, x, /):  # type: ignore[no-untyped-def]
    """The upper regularised incomplete gamma function Q(a, x) = 1 - P(a, x), also where it is small.

    >>> round(igammac(1.0, 2.0).item(), 5)
    0.13534
    """
    return _lower(*_wide(a, x))[1].astype(np.result_type(a, x))


# --- beta -------------------------------------------------------------------------------------------------------------


def _beta_fraction(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The continued fraction of the incomplete beta function, by the method of Lentz."""
    c, d = np.ones_like(x), 1 / _not_zero(1 - (a + b) * x / (a + 1))
    made = d.copy()
    for k in range(1, 2000):
        even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        for step in (even, odd):
            d, c = 1 / _not_zero(1 + step * d), _not_zero(1 + step / c)
            made = made * d * c
        if np.all((np.abs(d * c - 1) < _CLOSE * 4) | np.isnan(d)):
            break
    return made


def _beta_slope(a: Tensor, b: Tensor, x: Tensor) -> Any:
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)  # type: ignore[operator]
    return exp((a - 1.0) * log(x) + (b - 1.0) * log1p(-x) + scale)  # type: ignore[operator]


@make_op(
    floating,
    grad=lambda g, y, a, b, x: [None, None, lambda: times(g, _beta_slope(a, b, x))],
    lower=Pointwise(lambda e, a, b, x: e.betainc(a, b, x)),
)
def betainc(a, b, x, /):  # type: ignore[no-untyped-def]
    """The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1; NaN elsewhere.

    The share below x of ``t^(a - 1) (1 - t)^(b - 1)``. There is a gradient for x alone.

    >>> round(betainc(2.0, 2.0, 0.25).item(), 5)
    0.15625
    """
    dtype = np.result_type(a, b, x)
    a, b, x = _wide(a, b, x)
    legal = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    a, b, inside = (
        np.where(legal, a, 1.0),
        np.where(legal, b, 1.0),
        np.where(legal & (x > 0) & (x < 1), x, 0.5),
    )
    front = np.exp(
        _log_gammas(a + b) - _log_gammas(a) - _log_gammas(b) + a * np.log(inside) + b * np.log1p(-inside)
    )
    turned = inside > (a + 1) / (a + b + 2)
    first, second = np.where(turned, b, a), np.where(turned, a, b)
    part = front / first * _beta_fraction(first, second, np.where(turned, 1 - inside, inside))
    made = np.where(turned, 1 - part, part)
    made = np.where(x <= 0, 0.0, np.where(x >= 1, 1.0, made))
    return np.where(legal, made, np.nan).astype(dtype)


# --- zeta -------------------------------------------------------------------------------------------------------------


def _zeta_grad(g: Any, y: Any, s: Any, q: Any) -> list[Any]:
    return [None, lambda: times(g, negative(times(s, zeta(s + 1.0, q))))]


@make_op(floating, grad=_zeta_grad, lower=Pointwise(lambda e, s, q: e.zeta(s, q)))
def zeta(s, q, /):  # type: ignore[no-untyped-def]
    """The Hurwitz zeta function, the sum of ``(q + k)^-s`` over k = 0, 1, ...: infinite at s = 1 and at q = 0, -1, ...

    NaN for s < 1, and for a negative q where s is no whole number. There is a gradient for q alone.

    >>> round(zeta(2.0, 1.0).item(), 5)
    1.64493
    """
    dtype = np.result_type(s, q)
    s, q = _wide(s, q)
    safe = np.where(s > 1, s, 2.0)
    made = _hurwitz_everywhere(safe, np.where((q > 0) | (s == np.rint(s)), q, 1.0))
    whole = q == np.floor(q)
    made = np.where((q <= 0) & whole, np.inf, np.where((q < 0) & (s != np.rint(s)), np.nan, made))
    made = np.where(np.isnan(q), np.nan, np.where(s > 1, made, np.nan))
    return np.where((s == 1) & ~np.isnan(q), np.inf, made).astype(dtype)
