"""The incomplete gamma and beta functions and the zeta function on whole vectors, in float64: sums and continued
fractions that go on until every lane has its digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.compile.reductions import INF, NAN
from thalweg.compile.special import EULER_MACLAURIN, digamma, lgamma_in_float64
from thalweg.compile.values import Value
from thalweg.compile.vecmath import exp, log, log1p, pow

_AT_ONCE = 8  # terms between two looks at whether there are enough
_NORMAL = 1e9  # of a, from which on the sum of a derivative has more terms than it needs digits
_CLOSE = {"float32": 2.0**-30, "float64": 2.0**-53}  # what is left out, against 1


def _wide(compute: Callable[..., Value], *operands: Value) -> Value:
    """``compute(close, *operands)`` of float64, rounded once."""
    kind = operands[0].dtype
    return compute(_CLOSE[kind], *(v.astype("float64") for v in operands)).astype(kind)


def _until_close(e: Any, active: Value, term: Callable[[Value], None], left: Callable[[], Value]) -> None:
    """``term(k)`` for k = 1, 2, ... while anything is ``left`` in an active lane; k as a float64."""
    done = e.var(e.const(0, "float64"))
    with e.when(e.reduce(active, "or"), name="series"), e.repeat() as again:
        with e.loop(1, _AT_ONCE + 1, name="term") as k:
            term(done.get() + k.astype("float64"))
        done.set(done.get() + _AT_ONCE)
        again(e.reduce(left() & active, "or") & (done.get() < 100000))


# --- gamma ------------------------------------------------------------------------------------------------------------


def _front(a: Value, x: Value) -> Value:
    """x**a e**-x / gamma(a)."""
    return exp(a * log(x) - x - lgamma_in_float64(a))


def _series(close: float, active: Value, a: Value, x: Value) -> Value:
    """The sum of x**k / ((a + 1) ... (a + k)) over k = 0, 1, ... in active lanes."""
    e = x.e
    a, x = e.select(active, a, 1.0), e.select(active, x, 0.0)
    term = e.var(e.const(1, x.dtype, x.width))
    total = e.var(term.get())

    def add(k: Value) -> None:
        term.set(term.get() * (x / (a + k)))
        total.set(total.get() + term.get())

    _until_close(e, active, add, lambda: term.get() > total.get() * close)
    return total.get()


def _fraction(close: float, active: Value, a: Value, x: Value) -> Value:
    """Legendre's continued fraction for gamma(a, x) / (x**a e**-x) in active lanes: numerators and denominators by
    their recurrence, divided once in a while.
    """
    e = x.e
    a, x = e.select(active, a, 1.0), e.minimum(e.select(active, x, 1.0), 1e30)
    one = e.const(1, x.dtype, x.width)
    above, below = [e.var(one), e.var(x + 1)], [e.var(x), e.var((x + 2 - a) * x)]
    ratio, before = e.var((x + 1) / below[1].get()), e.var(one)

    def step(k: Value) -> None:
        factor, width = (k + 1 - a) * k, x + 1 - a + (k + 1) + k
        for older, newer in (above, below):
            made = newer.get() * width - older.get() * factor
            older.set(newer.get())
            newer.set(made)

    def left() -> Value:
        inverse = 1 / below[1].get()
        before.set(ratio.get())
        ratio.set(above[1].get() * inverse)
        size = e.abs(inverse)
        for variable in (*above, *below):
            variable.set(variable.get() * size)
        return e.abs(ratio.get() - before.get()) > e.abs(ratio.get()) * (16 * close)

    _until_close(e, active, step, left)
    return ratio.get()


def _gammas(close: float, a: Value, x: Value, upper: bool) -> Value:
    """The lower or the upper regularised function, each exact where it is small."""
    e = x.e
    positive = (a > 0) & (x > 0)
    small = positive & ((x <= 1) | (x <= a))
    large = positive & ~small & (x < INF)
    front = _front(a, x)
    lower = front / a * _series(close, small, a, x)
    rest = front * _fraction(close, large, a, x)
    parts = (e.maximum(1 - lower, 0.0), rest) if upper else (lower, 1 - rest)
    ends = e.select(x > 0, e.const(1 - upper, x.dtype), float(upper))
    value = e.select(small, parts[0], e.select(large, parts[1], ends))
    return e.select((a > 0) & (x >= 0), value, NAN)


def igamma(a: Value, x: Value) -> Value:
    """The lower regularised incomplete gamma function."""
    return _wide(lambda close, a, x: _gammas(close, a, x, False), a, x)


def igammac(a: Value, x: Value) -> Value:
    """The upper regularised incomplete gamma function."""
    return _wide(lambda close, a, x: _gammas(close, a, x, True), a, x)


def igamma_slope(a: Value, x: Value) -> Value:
    """The derivative of the lower function by a."""
    return _wide(_slope, a, x)


def _slope(close: float, a: Value, x: Value) -> Value:
    e = x.e
    active = (a > 0) & (x > 0)
    b, y = e.select(active, a, 1.0), e.select(active, x, 1.0)
    one = e.const(1, x.dtype, x.width)
    term, total, change, changes = e.var(one), e.var(one), e.var(one - one), e.var(one - one)

    def add(k: Value) -> None:
        inverse = 1 / (b + k)
        change.set((change.get() - term.get() * inverse) * (y * inverse))
        term.set(term.get() * (y * inverse))
        total.set(total.get() + term.get())
        changes.set(changes.get() + change.get())

    _until_close(e, active, add, lambda: term.get() > total.get() * close)
    made = _front(b, y) / b * ((log(y) - digamma(b + 1)) * total.get() + changes.get())
    c = e.select(a > 0, a, 1.0)
    apart = (x - a) / e.sqrt(c)  # far out the distribution is a normal one
    normal = -exp(apart * apart * -0.5) * (x / a * 0.5 + 0.5) / e.sqrt(c * (2 * math.pi))
    made = e.select(a > _NORMAL, normal, made)
    return e.select((a > 0) & (x >= 0), e.select(x > 0, made, 0.0), NAN)


# --- beta -------------------------------------------------------------------------------------------------------------


def betainc(a: Value, b: Value, x: Value) -> Value:
    """The regularised incomplete beta function."""
    return _wide(_beta, a, b, x)


def _not_zero(x: Value) -> Value:
    return x.e.select(x.e.abs(x) < 1e-300, 1e-300, x)


def _beta(close: float, a: Value, b: Value, x: Value) -> Value:
    """By the continued fraction, by the method of Lentz; from the side on which it is short."""
    e = x.e
    legal = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    inside = legal & (x > 0) & (x < 1)
    a, b, y = e.select(legal, a, 1.0), e.select(legal, b, 1.0), e.select(inside, x, 0.5)
    scale = lgamma_in_float64(a + b) - lgamma_in_float64(a) - lgamma_in_float64(b)
    front = exp(scale + a * log(y) + b * log1p(-y))
    turned = y > (a + 1) / (a + b + 2)
    a, b, y = e.select(turned, b, a), e.select(turned, a, b), e.select(turned, 1 - y, y)
    c = e.var(e.const(1, x.dtype, x.width))
    d = e.var(1 / _not_zero(1 - (a + b) * y / (a + 1)))
    made, factor = e.var(d.get()), e.var(d.get())

    def step(k: Value) -> None:
        middle = a + 2 * k
        even = (b - k) * k * y / ((middle - 1) * middle)
        odd = -(a + k) * (a + b + k) * y / (middle * (middle + 1))
        for part in (even, odd):
            d.set(1 / _not_zero(d.get() * part + 1))
            c.set(_not_zero(part / c.get() + 1))
            factor.set(d.get() * c.get())
            made.set(made.get() * factor.get())

    _until_close(e, inside, step, lambda: e.abs(factor.get() - 1) > 16 * close)
    part = front / a * made.get()
    value = e.select(turned, 1 - part, part)
    return e.select(legal, e.select(inside, value, e.select(x > 0, e.const(1, x.dtype), 0.0)), NAN)


# --- zeta -------------------------------------------------------------------------------------------------------------


def zeta(s: Value, q: Value) -> Value:
    """The Hurwitz zeta function."""
    return _wide(_zeta, s, q)


def _powers_from(s: Value, x: Value) -> Value:
    """The sum of (x + k)**-s over k = 0, 1, ..., for x > 0: twelve terms, then the formula of Euler and Maclaurin."""
    e = x.e
    total = e.var(e.const(0, x.dtype, x.width))
    with e.loop(0, 12, name="term") as number:
        total.set(total.get() + pow(x + number.astype("float64"), -s))
    inverse = 1 / (x + 12)
    power = pow(inverse, s)
    rest, rising = pow(inverse, s - 1) / (s - 1) + power * 0.5, s
    for k, c in enumerate(EULER_MACLAURIN):
        power = power * inverse if k == 0 else power * (inverse * inverse)
        rest = rest + rising * power * c
        rising = rising * ((s + (2 * k + 1)) * (s + (2 * k + 2)))
    return total.get() + rest


def _zeta(_: float, s: Value, q: Value) -> Value:
    e = q.e
    safe, left = e.select(s > 1, s, 2.0), q <= 0
    result = e.var(_powers_from(safe, e.select(left, 1.0, q)))
    with e.when(e.reduce(left, "or"), name="reflected"):
        fraction, whole = q - e.floor(q), e.rint(s).eq(s)
        near = _powers_from(safe, 1 - fraction) - _powers_from(safe, 1 - e.select(left, q, 0.0))
        even = e.rint(s * 0.5).eq(s * 0.5)
        value = _powers_from(safe, e.select(fraction.eq(0), 1.0, fraction)) + e.select(even, near, -near)
        value = e.select(q.eq(e.floor(q)), INF, e.select(whole, value, NAN))
        result.set(e.select(left, value, result.get()))
    value = e.select(s.eq(1), INF, e.select(s > 1, result.get(), NAN))
    return e.select(q.eq(q), value, NAN)
