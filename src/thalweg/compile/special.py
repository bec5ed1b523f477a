"""The error function, its inverse and its complement, and the gamma function's logarithm and derivatives on whole
vectors; as in :mod:`thalweg.compile.vecmath`.
"""

from __future__ import annotations

import math

from thalweg.compile.reductions import (
    INF,
    LOG32,
    NAN,
    exp_reduced,
    in_float64,
    nearest,
    polynomial,
    power_of_two,
    scaled,
    split,
)
from thalweg.compile.values import Value
from thalweg.compile.vecmath import exp, log, sin, tan

# fmt: off
# erf(x)/x - 1 in x**2 on |x| < 0.92 (float32) and |x| < 1 (float64)
_ERF = {
    "float32": (0.128379151, -0.376125038, 0.112819113, -0.0267697424, 0.00499736797, -0.000601047999),
    "float64": (0.12837916709551259, -0.37612638903183881, 0.11283791670959031, -0.026866170645673905,
                0.0052239776296169509, -0.00085483272189988766, 0.0001205533882791542,
                -1.4925763211461563e-05, 1.6463475145595771e-06, -1.6374666661185343e-07,
                1.4813085780623664e-08, -1.1931077265957521e-09, 6.851393229827537e-11),
}
# -log(1 - erf(x)) on 0.92 < x < 4
_ERF_TAIL32 = (-9.31521863e-05, 1.12913275, 0.634093761, 0.107492968, -0.0246372651, 0.00399976457,
    -0.000401852245, 1.8534196e-05)
# (1+2x) exp(x**2) erfc(x) in t = (x - 3.75) / (x + 3.75), for x > 0: its value at t = 0 in two parts, and
# the rest
_ERFC64_START = (1.2375126308378275, 1.0546160249725448e-16)
_ERFC64 = (-0.14024059858554702, 0.003585415485463578, 0.082276738490150575, -0.10880393014169951,
    0.092304321160234334, -0.058693398590750352, 0.028362277420619305, -0.0097465795450922786,
    0.0017556258436183837, 0.00029371357747667615, -0.00029015406143405987, 5.1649474411457133e-05,
    2.238429241301605e-05, -1.1445173235723841e-05, -9.7399591931583173e-07, 1.7534212721934182e-06,
    -5.6012583289357945e-08, -2.6051528808682497e-07, 2.1501672689969965e-08, 3.9601277529965848e-08,
    -2.3847951984046341e-09, -5.1816116473856824e-09, -1.265945144648394e-10, 2.9178348377922412e-10)
# (2.5+x) exp(x**2) erfc(x) in t = (x - 2.5) / (x + 2.5), for x > 0.6, and (e**r - 1 - r) / r**2, to 28 bits
_ERFC32 = (1.05403181903, -0.804651876087, 0.453914296673, -0.171250132722, 0.0283575834036, 0.0083826582718,
    -0.00478839908913, -0.000398851092512, 0.000606771855483)
_EXP32 = (0.500000007, 0.166666659, 0.0416662943, 0.00833349742, 0.00139447056, 0.000197902654)
# erfinv(x)/x in w - 8.1, where w = -log(1 - x**2) < 16.2: to the digits of float32
_ERFINV32 = (2.6790239787, 0.17535346553, -0.0049821365953, 0.0002420001763, -9.1832255274e-06,
    -4.0091356615e-07, 1.5407300659e-07, -1.9216282172e-08, 1.3296049491e-09, -1.5364370741e-10, 1.913369839e-11,
    2.3264010831e-12, -5.977659112e-13, 2.0356666885e-15, 4.422279189e-15, -6.6944827512e-17, -1.1378466998e-17)
# erfinv(x)/x in w - 2.5, where w < 5
_ERFINV_MIDDLE = (1.5014093677298292, 0.24664074888530982, -0.0041774297039610239, -0.0012537366322446215,
    0.00021837863619257041, -4.3874679274089121e-06, -3.4714368399529644e-06, 3.4287580517658116e-07,
    2.3930010345190744e-08)
# erfinv(x)/x in sqrt(w) - 4 for w > 5
_ERFINV_TAIL = (3.8397839395469071, 1.0094930056083131, 0.0012565675211984309, -0.00086680916751925342,
    0.0003331018066195629, -0.00012416500354345739, 3.9343515665602611e-05, -2.4154962061162244e-05,
    2.834800069883092e-05, -1.4538364831608672e-05, 7.0933024702419408e-07, 1.4721947098560719e-06,
    -3.1398537242294839e-07)
# log(gamma(y)) - ((y - 1/2) log(y) - y + log(2 pi)/2) in 1/y: B(2k) / (2k (2k-1))
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
# B(2k) / (2k)!
EULER_MACLAURIN = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600)
# fmt: on


# The error function


def _erfc_positive(a: Value) -> Value:
    """1 - erf(a) for a >= 0, in float64, small in relative error to the end of the range."""
    e = a.e
    a = e.select(a > 28, 28.0, a)
    square = a * a
    lost = e.fma(a, a, -square)
    t = (a - 3.75) / (a + 3.75)
    high, low = _ERFC64_START
    fraction = (e.muladd(t, polynomial(t, _ERFC64), low) + high) / (a * 2 + 1)
    p, i = exp_reduced(-square)
    return fraction * scaled(e.muladd(p + 1, -lost, p) + 1, i)


def _erf_small(x: Value) -> Value:
    return x.e.muladd(x, polynomial(x * x, _ERF[x.dtype]), x)


def erf(x: Value) -> Value:
    """The error function, 2/sqrt(pi) times the integral of e**-t**2 from 0 to x."""
    e = x.e
    a = e.abs(x)
    if x.dtype == "float64":
        return e.select(a < 1, _erf_small(x), e.copysign(1 - _erfc_positive(a), x))
    p, i = exp_reduced(-polynomial(e.select(a > 4, 4.0, a), _ERF_TAIL32))
    scale = power_of_two(i, x)
    return e.select(a < 0.92, _erf_small(x), e.copysign(1 - e.muladd(p, scale, scale), x))


def erfc(x: Value) -> Value:
    """1 - erf(x), small in relative error for large x."""
    if x.dtype == "float32":
        wide = x.astype("float64")
        a = x.e.abs(wide)
        small = x.e.muladd(a, polynomial(a * a, _ERF["float32"]), a)
        return _reflected(wide, x.e.select(a < 0.7, 1 - small, _erfc_rounded(a))).astype("float32")
    a = x.e.abs(x)
    return _reflected(x, x.e.select(a < 0.84, 1 - _erf_small(a), _erfc_positive(a)))


def _reflected(x: Value, y: Value) -> Value:
    """erfc(x), where y is that of abs(x)."""
    return x.e.select(x < 0, 2 - y, y)


def _erfc_rounded(a: Value) -> Value:
    """1 - erf(a) for a > 0.6, in float64, with the digits that float32 keeps."""
    e = a.e
    a = e.select(a > 11, 11.0, a)  # the square of a float32 is exact
    inverse = 1.0 / (a + 2.5)
    fraction = inverse * polynomial(e.muladd(inverse, -5.0, 1.0), _ERFC32)
    n, i = nearest(-a * a, 1 / math.log(2))
    r = e.muladd(n, -math.log(2), -a * a)
    power = e.muladd(r * r, polynomial(r, _EXP32), r) + 1
    return fraction * power * power_of_two(i, a)


def erfinv(x: Value) -> Value:
    """The inverse of erf; infinite at -1 and 1, NaN beyond."""
    e = x.e
    single = x.dtype == "float32"
    x = x.astype("float64")
    a = e.abs(x)
    y = _erfinv_single(a) if single else _erfinv_double(a)
    return e.copysign(e.select(a.eq(1), INF, y), x).astype("float32" if single else "float64")


def _erfinv_single(a: Value) -> Value:
    """In float64, to the digits of float32: a logarithm of so many is enough."""
    e = a.e
    n, m, _ = split((1 - a) * (a + 1))
    g = m - 1
    log_tail = g * g * e.muladd(g, polynomial(g, LOG32), -0.5)
    w = -e.muladd(n, math.log(2), g + log_tail)
    return e.select(a > 1, NAN, a * polynomial(w - 8.1, _ERFINV32))


def _erfinv_double(a: Value) -> Value:
    """One step of Halley's method, on erf or on 1 - erf, whichever keeps its digits."""
    e = a.e
    w = -log((1 - a) * (a + 1))
    central = polynomial(w - 2.5, _ERFINV_MIDDLE)
    start = a * e.select(w < 5, central, polynomial(e.sqrt(w) - 4, _ERFINV_TAIL))
    miss = e.select(a < 0.84, _erf_small(start) - a, (1 - a) - _erfc_positive(start))
    step = miss * exp(start * start) * (math.sqrt(math.pi) / 2)
    y = start - step / e.muladd(start, step, 1.0)
    return e.select(a < 2.0**-300, a * (math.sqrt(math.pi) / 2), y)


# The gamma function


def lgamma(x: Value) -> Value:
    """log|gamma(x)|; in float64 the C library's, lane by lane, for its digits near the zeros."""
    if x.dtype == "float64":
        return x.e.call_library("lgamma", x)
    return lgamma_in_float64(x.astype("float64")).astype("float32")


def lgamma_in_float64(x: Value) -> Value:
    """Recurrence up to 8, then Stirling's series, and reflection below 0; the error is small against 1 at least."""
    e = x.e
    a = y = e.abs(x)
    product = e.const(1, x.dtype, x.width)
    for _ in range(8):
        below = y < 8
        product = e.select(below, product * y, product)
        y = e.select(below, y + 1, y)
    inverse = 1 / y
    series = inverse * polynomial(inverse * inverse, _STIRLING)
    total = e.muladd(y - 0.5, log(y), (math.log(2 * math.pi) / 2 - y) + series) - log(product)
    total = e.select(x.eq(1) | x.eq(2), 0.0, total)
    result = e.var(e.select(a < INF, total, a))
    left = x < 0
    with e.when(e.reduce(left, "or"), name="reflected"):
        sine = e.abs(sin((a - e.rint(a)) * math.pi))
        reflected = math.log(math.pi) - log(a * sine) - total
        result.set(e.select(left, e.select(sine.eq(0) | a.eq(INF), INF, reflected), result.get()))
    return result.get()


def _powers_from(s: int, x: Value) -> Value:
    """The sum of (x + k)**-s over k = 0, 1, ..., for x > 0: twelve terms, then the formula of Euler and Maclaurin."""
    e = x.e
    total = e.const(0, x.dtype, x.width)
    for k in range(12):
        total = total + e.power_by_squaring(1 / (x + k), s)
    inverse = 1 / (x + 12)
    before = e.power_by_squaring(inverse, s - 1)
    power, square = before * inverse, inverse * inverse
    rising, weights = float(s), []
    for k, c in enumerate(EULER_MACLAURIN):
        weights.append(c * rising)
        rising *= (s + 2 * k + 1) * (s + 2 * k + 2)
    tail = e.muladd(power * inverse, polynomial(square, weights), power * 0.5)
    return total + (tail + before * (1 / (s - 1)))


def polygamma(x: Value, n: int) -> Value:
    """The derivative of order n of digamma: (-1)**(n+1) n! times the sum of (x + k)**-(n+1); infinite at its poles."""
    if x.dtype == "float32":
        return polygamma(x.astype("float64"), n).astype("float32")
    e, s = x.e, n + 1
    left = x <= 0
    result = e.var(_powers_from(s, e.select(left, 1.0, x)))
    with e.when(e.reduce(left, "or"), name="reflected"):
        fraction = x - e.floor(x)
        whole = fraction.eq(0)
        near = _powers_from(s, 1 - fraction) - _powers_from(s, 1 - e.select(left, x, 0.0))
        value = _powers_from(s, e.select(whole, 1.0, fraction)) + (near if s % 2 == 0 else -near)
        result.set(e.select(left, e.select(whole, INF, value), result.get()))
    return result.get() * float((-1) ** s * math.factorial(n))


@in_float64
def digamma(x: Value) -> Value:
    """The derivative of log(gamma(x)): reflection below 1/2, recurrence up to 10, then the asymptotic series.

    Near its zeros, the first at 1.4616, the error is small only against 1.
    """
    e = x.e
    left = x < 0.5
    y = e.select(left, 1 - x, x)
    total = e.const(0, x.dtype, x.width)
    for _ in range(10):
        below = y < 10
        total = e.select(below, total - 1 / y, total)
        y = e.select(below, y + 1, y)
    z = 1 / (y * y)
    series = z * polynomial(z, (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12))
    total = total + (log(y) - 0.5 / y - series)
    fraction = x - e.rint(x)
    reflected = total - math.pi / tan(fraction * math.pi)
    pole = e.select(x.eq(0), e.copysign(INF, -x), NAN)
    return e.select(left, e.select(fraction.eq(0), pole, reflected), total)
