"""Exponentials, logarithms, circular functions and powers on whole vectors, without branches.

Each function takes and gives a `loops.Value` of float32 or float64 and of any width. The method is the usual
one: bring the argument into a small interval exactly, evaluate a minimax polynomial there, undo the
reduction. The coefficients were fitted for this file (weighted least squares, reweighted until the error is
level, each rounded in turn to the working precision before the next was fitted). exp, log, tanh and the other
functions that training leans on stay in the working precision; a few rarer ones compute float32 through
float64.

Accuracy, in units in the last place: 2 in float32, 4 in float64. tests/compile/test_vecmath.py measures it.
"""

from __future__ import annotations

import math

from thalweg.compile.reductions import (
    EXP,
    INF,
    LOG32,
    NAN,
    clamp,
    exp_minus_one,
    exp_reduced,
    format_of,
    in_float64,
    minus_multiple,
    nearest,
    odd_polynomial,
    polynomial,
    power_of_two,
    scaled,
    split,
)
from thalweg.compile.values import Operand, Value

# fmt: off
# (log((1+s)/(1-s)) - 2s) / s**3 in s**2, for s = f / (2+f) of the same range
_LOG64 = (0.66666666666666663, 0.40000000000004809, 0.2857142856945673, 0.22222222599989186,
    0.18181778889117486, 0.15386967066511911, 0.13252602152356549, 0.1323097563509906)
# (sin(r) - r) / r**3 in r**2 on |r| < pi/4
_SIN = {
    "float32": (-0.166666672, 0.00833337381, -0.000198506794, 2.80818631e-06),
    "float64": (-0.16666666666666666, 0.0083333333333330904, -0.00019841269841041584, 2.7557319120694155e-06,
                -2.5052083735411596e-08, 1.6055971138812062e-10, -7.4715971440501548e-13),
}
# (cos(r) - 1 + r**2/2) / r**4 in r**2 on |r| < pi/4
_COS = {
    "float32": (0.0416666456, -0.00138873095, 2.44323383e-05),
    "float64": (0.041666666666666602, -0.0013888888888874309, 2.4801587289505454e-05, -2.7557314341151126e-07,
                2.0875720040381993e-09, -1.1359415674141801e-11),
}
# (tan(r) - r) / r**3 in r**2 on |r| < pi/4
_TAN32 = (0.333333462, 0.133327514, 0.0540520549, 0.0213156268, 0.0107623385, 0.000170062005, 0.004341444)
# (asin(s) - s) / s**3 in s**2 on |s| < 1/2
_ASIN = {
    "float32": (0.166667387, 0.0749573559, 0.0454240665, 0.0243799593, 0.0418601483),
    "float64": (0.16666666666666691, 0.07499999999986727, 0.044642857161357796, 0.03038194327644337,
                0.02237220041481441, 0.017351853087845488, 0.013978133432541709, 0.011419512900490751,
                0.010671373269175732, 0.0040962970909112191, 0.020803996389125435, -0.019776626063454487,
                0.031895178423437399),
}
# (atan(t) - t) / t**3 in t**2; float32 on |t| < 1, float64 on |t| < tan(pi/8)
_ATAN = {
    "float32": (-0.333332032, 0.199949026, -0.142200425, 0.107007764, -0.0762525648, 0.0440632552,
                -0.0168856382, 0.00304879458),
    "float64": (-0.33333333333333298, 0.19999999999978216, -0.1428571428236195, 0.1111111087994951,
                -0.090909002673042513, 0.076921010384617211, -0.066635320711802282, 0.058507817785883973,
                -0.050514777650098257, 0.038354809935610287, -0.018206713221580566),
}
# (sinh(x) - x) / x**3 in x**2 on |x| < 1
_SINH = {
    "float32": (0.166666672, 0.00833331514, 0.000198416572, 2.79007804e-06),
    "float64": (0.16666666666666666, 0.008333333333333524, 0.00019841269841127261, 2.755731927655022e-06,
                2.5052097760038908e-08, 1.6060244877348117e-10, 7.5758303875902587e-13,
                4.5559844907135021e-15),
}
# (tanh(x) - x) / x**3 in x**2 on |x| < 0.6
_TANH32 = (-0.333333075, 0.133321479, -0.0538010634, 0.0208496805, -0.00595377339)
# fmt: on


# Exponentials


def exp(x: Value) -> Value:
    """e**x, with subnormal results."""
    p, i = exp_reduced(clamp(x, *format_of(x).exp_range))
    return scaled(p + 1, i)


def exp2(x: Value) -> Value:
    """2**x; exact for integers."""
    f = format_of(x)
    x = clamp(x, f.exp_range[0] * 1.45, f.exp_range[1] * 1.45)
    n, i = nearest(x, 1)
    return scaled(exp_minus_one((x - n) * math.log(2)) + 1, i)


def expm1(x: Value) -> Value:
    """e**x - 1, accurate near 0."""
    e, f = x.e, format_of(x)
    p, i = exp_reduced(clamp(x, f.expm1_low, f.exp_range[1]))
    half = power_of_two(i, x, offset=-1)  # half of 2**i, which itself may be out of range
    y = e.muladd(p, half, half - 0.5) * 2
    return e.select(e.abs(x) < f.tiny, x, y)


def tanh(x: Value) -> Value:
    """Hyperbolic tangent: t / (t + 2) for t = e**(2|x|) - 1; in float32, a polynomial near 0."""
    e, f = x.e, format_of(x)
    a = e.abs(x)
    p, i = exp_reduced(e.select(a > f.tanh_one, f.tanh_one, a) * 2)
    scale = power_of_two(i, x)
    if x.dtype == "float64":
        t = e.muladd(p, scale, scale - 1)
        return e.copysign(t / (t + 2), x)
    outer = 1 - 2.0 / e.muladd(p, scale, scale + 1)
    return e.copysign(e.select(a < 0.6, odd_polynomial(a, _TANH32), outer), x)


def sigmoid(x: Value) -> Value:
    """1 / (1 + e**-x), with subnormal results."""
    # with e**-x = (1 + p) * 2**i this is 2**-i / (2**-i + p + 1), the small terms added first
    e = x.e
    low, high = format_of(x).exp_range
    p, i = exp_reduced(-clamp(x, low, 0.9 * high))
    # far on the left 2**-i is nothing beside 1; a factor set aside there keeps it a normal number
    far = x < 0.6 * low
    aside = 40 if x.dtype == "float32" else 256
    inverse = power_of_two(-e.select(far, i - aside, i), x)
    y = inverse / (p + inverse + 1)
    return y * e.select(far, e.const(2.0**-aside, x.dtype), 1.0)


def _half_exp(a: Value) -> Value:
    """e**a / 2, finite wherever sinh and cosh are."""
    high = format_of(a).exp_range[1] + 1
    p, i = exp_reduced(a.e.select(a > high, high, a))
    return scaled(p + 1, i - 1)


def sinh(x: Value) -> Value:
    """Hyperbolic sine."""
    e = x.e
    a = e.abs(x)
    h = _half_exp(a)
    return e.select(a < 1, odd_polynomial(x, _SINH[x.dtype]), e.copysign(h - 0.25 / h, x))


def cosh(x: Value) -> Value:
    """Hyperbolic cosine."""
    h = _half_exp(x.e.abs(x))
    return h + 0.25 / h


# Logarithms


def _log_tail(g: Value) -> Value:
    """log(1 + g) - g for sqrt(1/2) <= 1+g <= sqrt(2)."""
    e = g.e
    if g.dtype == "float32":
        return g * g * e.muladd(g, polynomial(g, LOG32), -0.5)
    s = g / (g + 2)
    z = s * s
    half = g * g * 0.5
    return s * (half + z * polynomial(z, _LOG64)) - half


def _normalised(x: Value) -> tuple[Value, Value]:
    """(n, g) with x = (1 + g) * 2**n, subnormal x included."""
    e, f = x.e, format_of(x)
    tiny = x < 2.0 ** (1 - f.bias)
    n, m, _ = split(e.select(tiny, x * 2.0 ** (f.mantissa + 1), x))
    return n - e.select(tiny, e.const(f.mantissa + 1, x.dtype), 0.0), m - 1


def _log_ends(x: Value, y: Value) -> Value:
    """The values of a logarithm at 0, below 0, at infinity and for NaN."""
    e = x.e
    y = e.select(x < INF, y, x)
    return e.select(x > 0, y, e.select(x.eq(0), e.const(-INF, x.dtype), NAN))


def log(x: Value) -> Value:
    """Natural logarithm."""
    e, f = x.e, format_of(x)
    n, g = _normalised(x)
    return _log_ends(x, e.muladd(n, f.ln2[0], g + e.muladd(n, f.ln2[1], _log_tail(g))))


def _log_base(x: Value, base: tuple[float, float], two: tuple[float, float]) -> Value:
    # log_b(x) = n log_b(2) + log(1+g) log_b(e), each constant in two parts
    e = x.e
    n, g = _normalised(x)
    low = e.muladd(n, two[1], e.muladd(g, base[1], _log_tail(g) * base[0]))
    return _log_ends(x, e.muladd(n, two[0], e.muladd(g, base[0], low)))


def log2(x: Value) -> Value:
    """Logarithm to base 2; exact for powers of two."""
    return _log_base(x, format_of(x).log2_e, (1.0, 0.0))


def log10(x: Value) -> Value:
    """Logarithm to base 10."""
    return _log_base(x, format_of(x).log10_e, format_of(x).log10_2)


def log1p(x: Value) -> Value:
    """log(1 + x), accurate near 0."""
    e, f = x.e, format_of(x)
    u = x + 1
    n, m, s = split(u)
    g = e.muladd(x - (u - 1), s, m - 1)  # what rounding 1+x lost is put back at the right scale
    y = e.muladd(n, f.ln2[0], g + e.muladd(n, f.ln2[1], _log_tail(g)))
    return e.select(x.eq(0), x, _log_ends_of_sum(x, u, y))


def _log_ends_of_sum(x: Value, u: Value, y: Value) -> Value:
    e = x.e
    y = e.select(x < INF, y, x)
    return e.select(u > 0, y, e.select(u.eq(0), e.const(-INF, x.dtype), NAN))


def softplus(x: Value) -> Value:
    """log(1 + e**x), without overflow."""
    e = x.e
    return e.maximum(x, 0.0) + log1p(exp(-e.abs(x)))


# Inverse hyperbolic functions


@in_float64
def asinh(x: Value) -> Value:
    """Inverse hyperbolic sine."""
    e = x.e
    a = e.abs(x)
    large = a > 2.0**60
    small = a + a * a / (e.sqrt(e.muladd(a, a, 1.0)) + 1)
    y = log1p(e.select(large, a, small)) + e.select(large, e.const(math.log(2), x.dtype), 0.0)
    return e.copysign(y, x)


@in_float64
def acosh(x: Value) -> Value:
    """Inverse hyperbolic cosine; NaN below 1."""
    e = x.e
    t = x - 1
    large = x > 2.0**60
    y = log1p(e.select(large, x, t + e.sqrt(t * (t + 2)))) + e.select(
        large, e.const(math.log(2), x.dtype), 0.0
    )
    return e.select(x < 1, NAN, y)


@in_float64
def atanh(x: Value) -> Value:
    """Inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond."""
    e = x.e
    a = e.abs(x)
    return e.copysign(log1p(a * 2 / (1 - a)) * 0.5, x)


# Circular functions


def _quarter_turns(x: Value) -> tuple[Value, Value, Value, Value]:
    """(r, low, i, far): x = r + low + i*pi/2 with |r| <= pi/4, i in the low bits, except where `far` is true."""
    f = format_of(x)
    fused = x.e.target.has_fma
    parts = f.half_pi_parts_fused if fused else f.half_pi_parts
    limit = f.half_pi_limit_fused if fused else f.half_pi_limit
    n, i = nearest(x, 2 / math.pi)
    exact = minus_multiple(x, n, parts[:-2])
    r = x.e.muladd(n, -parts[-2], exact)
    taken = exact - r  # n * parts[-2], but for what rounding r lost, and itself rounded where r is small
    low = x.e.muladd(n, -parts[-2], taken) + ((exact - taken) - r)
    low = x.e.muladd(n, -parts[-1], low)
    return r, low, i, x.e.abs(x) > limit


def _sin_cos(r: Value, low: Value) -> tuple[Value, Value]:
    e, z = r.e, r * r
    sine = e.muladd(r * z, polynomial(z, _SIN[r.dtype]), low) + r
    tail = e.muladd(z * z, polynomial(z, _COS[r.dtype]), -0.5 * z)
    return sine, e.muladd(-r, low, tail) + 1


def _corrected(y: Value, wrong: Value, name: str, *operands: Value) -> Value:
    """`y`, with the lanes that are `wrong` taken from the C library; no cost but a test where there are none."""
    e = y.e
    result = e.var(y)
    with e.when(e.reduce(wrong, "or"), name=name, likely=False):
        rooms = [e.buffer(y.dtype, y.width) for _ in operands]
        for room, operand in zip(rooms, operands, strict=True):
            e.store(room, 0, operand)
        with e.loop(0, y.width, name="lane") as k:
            lane = [e.load(room, k, y.dtype) for room in rooms]
            e.store(rooms[0], k, e.call_library(name, *lane))
        result.set(e.select(wrong, e.load(rooms[0], 0, y.dtype, y.width), y))
    return result.get()


def _quadrant(x: Value, turn: int) -> tuple[Value, Value]:
    r, low, i, far = _quarter_turns(x)
    e, f = x.e, format_of(x)
    i = i + turn
    s, c = _sin_cos(r, low)
    sign = e.shift_left(e.shift_right(i, 1), f.mantissa + f.bias.bit_length() + 1)
    picked = e.select((i & 1).eq(0), s, c)
    return e.bitcast(e.bitcast(picked, f.bits) ^ sign, x.dtype), far


def sin(x: Value) -> Value:
    """Sine; arguments too large for the quick reduction go to the C library."""
    y, far = _quadrant(x, 0)
    return _corrected(x.e.select(x.eq(0), x, y), far, "sin", x)


def cos(x: Value) -> Value:
    """Cosine; arguments too large for the quick reduction go to the C library."""
    y, far = _quadrant(x, 1)
    return _corrected(y, far, "cos", x)


def tan(x: Value) -> Value:
    """Tangent; arguments too large for the quick reduction go to the C library."""
    e = x.e
    r, low, i, far = _quarter_turns(x)
    even = (i & 1).eq(0)
    if x.dtype == "float32":
        z = r * r
        t = e.muladd(r * z, polynomial(z, _TAN32), e.muladd(low, z, low)) + r
        y = e.select(even, t, -1.0 / t)
    else:
        s, c = _sin_cos(r, low)
        y = e.select(even, s, -c) / e.select(even, c, s)
    return _corrected(e.select(x.eq(0), x, y), far, "tan", x)


def _asin_parts(x: Value) -> tuple[Value, Value, Value]:
    """(large, s, tail): asin|x| is s + tail, or pi/2 - 2(s + tail) where |x| > 1/2 is `large`."""
    e = x.e
    a = e.abs(x)
    large = a > 0.5
    z = e.select(large, (1 - a) * 0.5, a * a)
    s = e.select(large, e.sqrt(z), a)
    return large, s, s * z * polynomial(z, _ASIN[x.dtype])


def asin(x: Value) -> Value:
    """Inverse sine; NaN outside [-1, 1]."""
    e = x.e
    large, s, tail = _asin_parts(x)
    high, low = format_of(x).pi_2
    double = s * 2
    left = high - double
    low_left = (high - left) - double + low  # what rounding that difference lost
    return e.copysign(e.select(large, left - (tail * 2 - low_left), s + tail), x)


def acos(x: Value) -> Value:
    """Inverse cosine; NaN outside [-1, 1]."""
    e = x.e
    large, s, tail = _asin_parts(x)
    v = s + tail
    high, low = format_of(x).pi_2
    outer = e.select(x < 0, 2 * high - (v * 2 - 2 * low), v * 2)
    return e.select(large, outer, high - (e.copysign(v, x) - low))


def _atan_ratio(small: Value, large: Value) -> Value:
    """atan(small / large) for 0 <= small <= large."""
    e = small.e
    if small.dtype == "float32":
        return odd_polynomial(small / large, _ATAN["float32"])
    middle = small > large * (math.sqrt(2) - 1)
    t = e.select(middle, small - large, small) / e.select(middle, small + large, large)
    y = odd_polynomial(t, _ATAN["float64"])
    high, low = (v / 2 for v in format_of(small).pi_2)
    return e.select(middle, (y + low) + high, y)


def atan(x: Value) -> Value:
    """Inverse tangent."""
    e = x.e
    a = e.abs(x)
    steep = a > 1
    y = _atan_ratio(e.select(steep, 1.0, a), e.select(steep, a, 1.0))
    high, low = format_of(x).pi_2
    return e.copysign(e.select(steep, high - (y - low), y), x)


def atan2(y: Value, x: Value) -> Value:
    """The angle of the point (x, y), as C99 has it for zeros and infinities."""
    e = x.e
    y, x = e.match(y, x)
    ax, ay = e.abs(x), e.abs(y)
    small, large = e.minimum(ax, ay), e.maximum(ax, ay)
    equal = small.eq(INF) | large.eq(0)  # both infinite, or both zero
    small = e.select(equal, e.select(large.eq(0), e.const(0, x.dtype, x.width), 1.0), small)
    angle = _atan_ratio(small, e.select(equal, 1.0, large))
    high, low = format_of(x).pi_2
    angle = e.select(ay > ax, high - (angle - low), angle)
    angle = e.select(e.signbit(x), 2 * high - (angle - 2 * low), angle)
    return e.copysign(angle, y)


# Powers


def rsqrt(x: Value) -> Value:
    """1 / sqrt(x)."""
    return 1.0 / x.e.sqrt(x)


def pow(x: Operand, y: Operand) -> Value:
    """x**y with the rules of C99."""
    e = next(v.e for v in (x, y) if isinstance(v, Value))
    base, exponent = e.match(x, y)
    if base.dtype == "float64" and not e.target.has_fma:
        return e.call_library("pow", base, exponent)
    size = e.abs(base)
    power = _pow64(size, exponent) if base.dtype == "float64" else _pow32(size, exponent)
    odd = e.rint(exponent).eq(exponent) & e.rint(exponent * 0.5).ne(exponent * 0.5)
    power = e.select(odd, e.copysign(power, base), power)
    fraction = (base < 0) & (base > -INF) & e.rint(exponent).ne(exponent)
    one = base.eq(1) | exponent.eq(0) | (base.eq(-1) & e.isinf(exponent))
    return e.select(one, 1.0, e.select(fraction, NAN, power))


def _pow32(x: Value, y: Value) -> Value:
    """2**(y log2(x)) in float64, to the digits that float32 needs of it."""
    e, x, y = x.e, x.astype("float64"), y.astype("float64")
    n, m, _ = split(x)
    s = (m - 1) / (m + 1)
    log2 = e.muladd(
        s * (2 / math.log(2)), s * s * (polynomial(s * s, _LOG64[:6]) * 0.5), s * (2 / math.log(2))
    )
    power = clamp(_log_ends(x, n + log2) * y, -200, 200)
    n, i = nearest(power, 1)
    r = (power - n) * math.log(2)
    p = e.muladd(r * r, polynomial(r, EXP["float32"]), r)
    return ((p + 1) * power_of_two(i, p)).astype("float32")


def _pow64(x: Value, y: Value) -> Value:
    """e**(y log(x)), the logarithm and the product in two parts."""
    e = x.e
    high, low = _log_in_parts(x)
    product = y * high
    rest = e.fma(y, high, -product) + y * low
    rest = e.select(e.abs(product) < 800, rest, 0)
    p, i = exp_reduced(clamp(product, *format_of(x).exp_range))
    return scaled(e.muladd(p + 1, rest, p) + 1, i)


def _times(a: tuple[Value, Value], b: tuple[Value, Value]) -> tuple[Value, Value]:
    """The product of two numbers in two parts."""
    e, high = a[0].e, a[0] * b[0]
    return high, e.fma(a[0], b[0], -high) + (a[0] * b[1] + a[1] * b[0])


def _sum(a: Value, b: tuple[Value, Value]) -> tuple[Value, Value]:
    """The sum of a number and a smaller one in two parts."""
    high = a + b[0]
    return high, (a - high) + b[0] + b[1]


def _log_in_parts(x: Value) -> tuple[Value, Value]:
    """log(x) to ten bits more than a float64 has: 2s + 2/3 s**3 + ... for s = f / (2 + f), x = (1 + f) * 2**n."""
    e, f = x.e, format_of(x)
    n, g = _normalised(x)
    divisor = g + 2
    s = g / divisor
    left = e.fma(-s, divisor, g) - s * (g - (divisor - 2))
    ratio = s, left / divisor
    square = _times(ratio, ratio)
    third = e.const(1 / 3, x.dtype, x.width), e.const(1.850371707708594e-17, x.dtype, x.width)
    higher = square[0] * (polynomial(square[0], _LOG64[1:]) * 0.5)
    series = _times(square, _sum(third[0], (higher, third[1])))
    high, low = _times(ratio, _sum(e.const(1, x.dtype, x.width), series))
    high, low = _sum(n * f.ln2[0], (high * 2, e.muladd(n, f.ln2[1], low * 2)))
    return _log_ends(x, high), low


# Remainders


def float_fmod(x: Value, y: Value) -> Value:
    """x - n*y, n the quotient rounded towards zero: exact; the C library's where n has more digits than a float."""
    e = x.e
    if not e.target.has_fma:
        return x.like(e.builder.frem(x.ir, y.ir))
    a, b = e.abs(x), e.abs(y)
    n = e.trunc(a / b)  # perhaps one too many, never too few
    r = e.fma(-n, b, a)
    r = e.select(a < b, a, e.select(r < 0, r + b, r))
    far = (n >= 2.0 ** format_of(x).mantissa) & (a < INF) & (b > 0)
    return _corrected(e.copysign(r, x), far, "fmod", x, y)
