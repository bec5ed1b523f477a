"""Exponentials, logarithms, circular and error functions on whole vectors, without branches.

Each function takes and gives a `loops.Value` of float32 or float64 and of any width. The method is the usual
one: bring the argument into a small interval exactly, evaluate a minimax polynomial there, undo the
reduction. The coefficients were fitted for this file (weighted least squares, reweighted until the error is
level, each rounded in turn to the working precision before the next was fitted). exp, log, tanh and the other
functions that training leans on stay in the working precision; a few rarer ones compute float32 through
float64.

Accuracy, in units in the last place: 2 in float32, 4 in float64. tests/compile/test_vecmath.py measures it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.compile.values import Operand, Value

INF, NAN = math.inf, math.nan

# fmt: off
# (e**r - 1 - r) / r**2 on |r| < ln(2)/2
_EXP = {
    "float32": (0.5, 0.166665435, 0.0416664481, 0.00836655311, 0.0013936552),
    "float64": (0.5, 0.16666666666666677, 0.041666666666666685, 0.0083333333333214365, 0.0013888888888872928,
                0.00019841269886598757, 2.4801587350501408e-05, 2.75572437408961e-06, 2.755725031840195e-07,
                2.5109199902806391e-08, 2.0922325635320428e-09),
}
# (log(1+f) - f + f**2/2) / f**3 on sqrt(1/2) < 1+f < sqrt(2)
_LOG32 = (0.333333135, -0.249999881, 0.200020611, -0.166690886, 0.142214268, -0.123882942, 0.118583515,
    -0.117633492, 0.0691491514)
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


@dataclass(frozen=True)
class _Format:
    """What the reductions need to know of one float format. `*_parts` sum to the constant, the early ones
    short.
    """

    bits: str  # the unsigned integer of the same size
    mantissa: int  # stored bits of the mantissa
    bias: int  # of the exponent
    magic: float  # adding it rounds to an integer, which is then the low bits of the sum
    ln2: tuple[float, float]
    log10_2: tuple[float, float]
    log2_e: tuple[float, float]
    log10_e: tuple[float, float]
    pi_2: tuple[float, float]
    half_pi_parts: tuple[float, ...]  # for machines without a fused multiply-add
    half_pi_limit: float  # the reduction by parts holds below this
    half_pi_parts_fused: tuple[float, ...]
    half_pi_limit_fused: float
    exp_range: tuple[float, float]  # e**x is 0 below and infinite above
    expm1_low: float  # e**x - 1 rounds to -1 below
    tanh_one: float  # tanh rounds to 1 above
    tiny: float  # x**2 is lost beside x below


_FORMATS = {
    "float32": _Format(
        "uint32",
        23,
        127,
        1.5 * 2.0**23,
        ln2=(0.693145751953125, 1.428606765330187e-06),
        log10_2=(0.301025390625, 4.605039066518657e-06),
        log2_e=(1.4426950216293335, 1.925963033500011e-08),
        log10_e=(0.4342944920063019, -1.0103049952192578e-08),
        pi_2=(1.5707963705062866, -4.371138828673793e-08),
        half_pi_parts=(1.5703125, 0.0004837512969970703, 7.549533620476723e-08, 2.5633440682570896e-12),
        half_pi_limit=6000.0,
        half_pi_parts_fused=(1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
        half_pi_limit_fused=100000.0,
        exp_range=(-104.0, 89.0),
        expm1_low=-18.0,
        tanh_one=9.1,
        tiny=2.0**-25,
    ),
    "float64": _Format(
        "uint64",
        52,
        1023,
        1.5 * 2.0**52,
        ln2=(0.6931471805601177, -1.7239444525614835e-13),
        log10_2=(0.3010299956640665, -8.532344317057107e-14),
        log2_e=(1.4426950408889634, 2.0355273740931033e-17),
        log10_e=(0.4342944819032518, 1.098319650216765e-17),
        pi_2=(1.5707963267948966, 6.123233995736766e-17),
        half_pi_parts=(1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21),
        half_pi_limit=40000.0,
        half_pi_parts_fused=(1.5707963267341256, 6.077100506506192e-11, 3.5215598651832e-27),
        half_pi_limit_fused=1.0e6,
        exp_range=(-746.0, 710.0),
        expm1_low=-38.0,
        tanh_one=19.1,
        tiny=2.0**-54,
    ),
}


def _format(x: Value) -> _Format:
    if x.dtype not in _FORMATS:
        raise TypeError(f"vecmath: expected float32 or float64, received {x.dtype}")
    return _FORMATS[x.dtype]


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """c0 + c1 x + c2 x**2 + ... by Horner's rule; long ones in two halves, for a shorter chain of waiting."""
    if len(coefficients) > 7:
        z = x * x
        return x.e.muladd(_polynomial(z, coefficients[1::2]), x, _polynomial(z, coefficients[::2]))
    result = x.e.const(coefficients[-1], x.dtype, x.width)
    for c in reversed(coefficients[:-1]):
        result = x.e.muladd(result, x, c)
    return result


def _odd(x: Value, coefficients: Sequence[float]) -> Value:
    """x + x**3 (c0 + c1 x**2 + ...)."""
    z = x * x
    return x.e.muladd(x * z, _polynomial(z, coefficients), x)


def _clamp(x: Value, low: float, high: float) -> Value:
    # written so that a NaN falls through both selections
    x = x.e.select(x < low, low, x)
    return x.e.select(x > high, high, x)


def _in_float64(fn: Callable[..., Value]) -> Callable[..., Value]:
    """For functions whose float32 form would lose too much: compute in float64 and round once."""

    @functools.wraps(fn)
    def through(*operands: Value) -> Value:
        if operands[0].dtype == "float64":
            return fn(*operands)
        return fn(*[v.astype("float64") for v in operands]).astype("float32")

    return through


# Exponentials


def _nearest(x: Value, scale: float) -> tuple[Value, Value]:
    """The integer nearest to x*scale, as a float and as the low bits of an unsigned integer."""
    f = _format(x)
    shifted = x.e.muladd(x, scale, f.magic)
    return shifted - f.magic, x.e.bitcast(shifted, f.bits)


def _minus_multiple(x: Value, n: Value, parts: Sequence[float]) -> Value:
    """x - n*sum(parts), to far more digits than one product would keep."""
    for part in parts:
        x = x.e.muladd(n, -part, x)
    return x


def _power_of_two(i: Value, like: Value, offset: int = 0) -> Value:
    """2**(i + offset) for the integer in the low bits of `i`; the result must be a normal number."""
    f = _format(like)
    return like.e.bitcast(like.e.shift_left(i, f.mantissa) + ((f.bias + offset) << f.mantissa), like.dtype)


def _scaled(p: Value, i: Value) -> Value:
    """p * 2**i in two steps, so that subnormal and infinite results come out right."""
    half = p.e.shift_right(i, 1)
    return p * _power_of_two(half, p) * _power_of_two(i - half, p)


def _exp_minus_one(r: Value) -> Value:
    """e**r - 1 for |r| < ln(2)/2."""
    return r.e.muladd(r * r, _polynomial(r, _EXP[r.dtype]), r)


def _exp_reduced(x: Value) -> tuple[Value, Value]:
    """(p, i) with e**x = (1 + p) * 2**i."""
    n, i = _nearest(x, 1 / math.log(2))
    return _exp_minus_one(_minus_multiple(x, n, _format(x).ln2)), i


def exp(x: Value) -> Value:
    """e**x, with subnormal results."""
    p, i = _exp_reduced(_clamp(x, *_format(x).exp_range))
    return _scaled(p + 1, i)


def exp2(x: Value) -> Value:
    """2**x; exact for integers."""
    f = _format(x)
    x = _clamp(x, f.exp_range[0] * 1.45, f.exp_range[1] * 1.45)
    n, i = _nearest(x, 1)
    return _scaled(_exp_minus_one((x - n) * math.log(2)) + 1, i)


def expm1(x: Value) -> Value:
    """e**x - 1, accurate near 0."""
    e, f = x.e, _format(x)
    p, i = _exp_reduced(_clamp(x, f.expm1_low, f.exp_range[1]))
    half = _power_of_two(i, x, offset=-1)  # half of 2**i, which itself may be out of range
    y = e.muladd(p, half, half - 0.5) * 2
    return e.select(e.abs(x) < f.tiny, x, y)


def tanh(x: Value) -> Value:
    """Hyperbolic tangent: t / (t + 2) for t = e**(2|x|) - 1; in float32, a polynomial near 0."""
    e, f = x.e, _format(x)
    a = e.abs(x)
    p, i = _exp_reduced(e.select(a > f.tanh_one, f.tanh_one, a) * 2)
    scale = _power_of_two(i, x)
    if x.dtype == "float64":
        t = e.muladd(p, scale, scale - 1)
        return e.copysign(t / (t + 2), x)
    outer = 1 - 2.0 / e.muladd(p, scale, scale + 1)
    return e.copysign(e.select(a < 0.6, _odd(a, _TANH32), outer), x)


def sigmoid(x: Value) -> Value:
    """1 / (1 + e**-x), with subnormal results."""
    # with e**-x = (1 + p) * 2**i this is 2**-i / (2**-i + p + 1), the small terms added first
    e = x.e
    low, high = _format(x).exp_range
    p, i = _exp_reduced(-_clamp(x, low, 0.9 * high))
    # far on the left 2**-i is nothing beside 1; a factor set aside there keeps it a normal number
    far = x < 0.6 * low
    aside = 40 if x.dtype == "float32" else 256
    inverse = _power_of_two(-e.select(far, i - aside, i), x)
    y = inverse / (p + inverse + 1)
    return y * e.select(far, e.const(2.0**-aside, x.dtype), 1.0)


def _half_exp(a: Value) -> Value:
    """e**a / 2, finite wherever sinh and cosh are."""
    high = _format(a).exp_range[1] + 1
    p, i = _exp_reduced(a.e.select(a > high, high, a))
    return _scaled(p + 1, i - 1)


def sinh(x: Value) -> Value:
    """Hyperbolic sine."""
    e = x.e
    a = e.abs(x)
    h = _half_exp(a)
    return e.select(a < 1, _odd(x, _SINH[x.dtype]), e.copysign(h - 0.25 / h, x))


def cosh(x: Value) -> Value:
    """Hyperbolic cosine."""
    h = _half_exp(x.e.abs(x))
    return h + 0.25 / h


# Logarithms


def _split(x: Value) -> tuple[Value, Value, Value]:
    """(n, m, s): x = m * 2**n with sqrt(1/2) <= m < sqrt(2), and s = 2**-n, for normal positive x."""
    e, f = x.e, _format(x)
    one = f.bias << f.mantissa
    root = {"float32": 0x3F3504F3, "float64": 0x3FE6A09E667F3BCD}[x.dtype]  # sqrt(1/2)
    shifted = e.bitcast(x, f.bits) + (one - root)
    m = e.bitcast((shifted & ((1 << f.mantissa) - 1)) + root, x.dtype)
    exponent = shifted & ~((1 << f.mantissa) - 1)
    top = (2 * f.bias - 1) << f.mantissa
    s = e.bitcast((2 * f.bias << f.mantissa) - e.select(exponent > top, top, exponent), x.dtype)
    return _whole(e.shift_right(exponent, f.mantissa), f) - f.bias, m, s


def _whole(n: Value, f: _Format) -> Value:
    # a small integer put into the mantissa of 2**mantissa; there is no vector conversion from 64-bit integers
    big = (f.bias + f.mantissa) << f.mantissa
    dtype = "float32" if f.bits == "uint32" else "float64"
    return n.e.bitcast(n | big, dtype) - 2.0**f.mantissa


def _log_tail(g: Value) -> Value:
    """log(1 + g) - g for sqrt(1/2) <= 1+g <= sqrt(2)."""
    e = g.e
    if g.dtype == "float32":
        return g * g * e.muladd(g, _polynomial(g, _LOG32), -0.5)
    s = g / (g + 2)
    z = s * s
    half = g * g * 0.5
    return s * (half + z * _polynomial(z, _LOG64)) - half


def _normalised(x: Value) -> tuple[Value, Value]:
    """(n, g) with x = (1 + g) * 2**n, subnormal x included."""
    e, f = x.e, _format(x)
    tiny = x < 2.0 ** (1 - f.bias)
    n, m, _ = _split(e.select(tiny, x * 2.0 ** (f.mantissa + 1), x))
    return n - e.select(tiny, e.const(f.mantissa + 1, x.dtype), 0.0), m - 1


def _log_ends(x: Value, y: Value) -> Value:
    """The values of a logarithm at 0, below 0, at infinity and for NaN."""
    e = x.e
    y = e.select(x < INF, y, x)
    return e.select(x > 0, y, e.select(x.eq(0), e.const(-INF, x.dtype), NAN))


def log(x: Value) -> Value:
    """Natural logarithm."""
    e, f = x.e, _format(x)
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
    return _log_base(x, _format(x).log2_e, (1.0, 0.0))


def log10(x: Value) -> Value:
    """Logarithm to base 10."""
    return _log_base(x, _format(x).log10_e, _format(x).log10_2)


def log1p(x: Value) -> Value:
    """log(1 + x), accurate near 0."""
    e, f = x.e, _format(x)
    u = x + 1
    n, m, s = _split(u)
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


@_in_float64
def asinh(x: Value) -> Value:
    """Inverse hyperbolic sine."""
    e = x.e
    a = e.abs(x)
    large = a > 2.0**60
    small = a + a * a / (e.sqrt(e.muladd(a, a, 1.0)) + 1)
    y = log1p(e.select(large, a, small)) + e.select(large, e.const(math.log(2), x.dtype), 0.0)
    return e.copysign(y, x)


@_in_float64
def acosh(x: Value) -> Value:
    """Inverse hyperbolic cosine; NaN below 1."""
    e = x.e
    t = x - 1
    large = x > 2.0**60
    y = log1p(e.select(large, x, t + e.sqrt(t * (t + 2)))) + e.select(
        large, e.const(math.log(2), x.dtype), 0.0
    )
    return e.select(x < 1, NAN, y)


@_in_float64
def atanh(x: Value) -> Value:
    """Inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond."""
    e = x.e
    a = e.abs(x)
    return e.copysign(log1p(a * 2 / (1 - a)) * 0.5, x)


# Circular functions


def _quarter_turns(x: Value) -> tuple[Value, Value, Value, Value]:
    """(r, low, i, far): x = r + low + i*pi/2 with |r| <= pi/4, i in the low bits, except where `far` is true."""
    f = _format(x)
    fused = x.e.target.has_fma
    parts = f.half_pi_parts_fused if fused else f.half_pi_parts
    limit = f.half_pi_limit_fused if fused else f.half_pi_limit
    n, i = _nearest(x, 2 / math.pi)
    exact = _minus_multiple(x, n, parts[:-2])
    r = x.e.muladd(n, -parts[-2], exact)
    taken = exact - r  # n * parts[-2], but for what rounding r lost, and itself rounded where r is small
    low = x.e.muladd(n, -parts[-2], taken) + ((exact - taken) - r)
    low = x.e.muladd(n, -parts[-1], low)
    return r, low, i, x.e.abs(x) > limit


def _sin_cos(r: Value, low: Value) -> tuple[Value, Value]:
    e, z = r.e, r * r
    sine = e.muladd(r * z, _polynomial(z, _SIN[r.dtype]), low) + r
    tail = e.muladd(z * z, _polynomial(z, _COS[r.dtype]), -0.5 * z)
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
    e, f = x.e, _format(x)
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
        t = e.muladd(r * z, _polynomial(z, _TAN32), e.muladd(low, z, low)) + r
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
    return large, s, s * z * _polynomial(z, _ASIN[x.dtype])


def asin(x: Value) -> Value:
    """Inverse sine; NaN outside [-1, 1]."""
    e = x.e
    large, s, tail = _asin_parts(x)
    high, low = _format(x).pi_2
    double = s * 2
    left = high - double
    low_left = (high - left) - double + low  # what rounding that difference lost
    return e.copysign(e.select(large, left - (tail * 2 - low_left), s + tail), x)


def acos(x: Value) -> Value:
    """Inverse cosine; NaN outside [-1, 1]."""
    e = x.e
    large, s, tail = _asin_parts(x)
    v = s + tail
    high, low = _format(x).pi_2
    outer = e.select(x < 0, 2 * high - (v * 2 - 2 * low), v * 2)
    return e.select(large, outer, high - (e.copysign(v, x) - low))


def _atan_ratio(small: Value, large: Value) -> Value:
    """atan(small / large) for 0 <= small <= large."""
    e = small.e
    if small.dtype == "float32":
        return _odd(small / large, _ATAN["float32"])
    middle = small > large * (math.sqrt(2) - 1)
    t = e.select(middle, small - large, small) / e.select(middle, small + large, large)
    y = _odd(t, _ATAN["float64"])
    high, low = (v / 2 for v in _format(small).pi_2)
    return e.select(middle, (y + low) + high, y)


def atan(x: Value) -> Value:
    """Inverse tangent."""
    e = x.e
    a = e.abs(x)
    steep = a > 1
    y = _atan_ratio(e.select(steep, 1.0, a), e.select(steep, a, 1.0))
    high, low = _format(x).pi_2
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
    high, low = _format(x).pi_2
    angle = e.select(ay > ax, high - (angle - low), angle)
    angle = e.select(e.signbit(x), 2 * high - (angle - 2 * low), angle)
    return e.copysign(angle, y)


# The error function


def _erfc_positive(a: Value) -> Value:
    """1 - erf(a) for a >= 0, in float64, small in relative error to the end of the range."""
    e = a.e
    a = e.select(a > 28, 28.0, a)
    square = a * a
    lost = e.fma(a, a, -square)
    t = (a - 3.75) / (a + 3.75)
    high, low = _ERFC64_START
    fraction = (e.muladd(t, _polynomial(t, _ERFC64), low) + high) / (a * 2 + 1)
    p, i = _exp_reduced(-square)
    return fraction * _scaled(e.muladd(p + 1, -lost, p) + 1, i)


def _erf_small(x: Value) -> Value:
    return x.e.muladd(x, _polynomial(x * x, _ERF[x.dtype]), x)


def erf(x: Value) -> Value:
    """The error function, 2/sqrt(pi) times the integral of e**-t**2 from 0 to x."""
    e = x.e
    a = e.abs(x)
    if x.dtype == "float64":
        return e.select(a < 1, _erf_small(x), e.copysign(1 - _erfc_positive(a), x))
    p, i = _exp_reduced(-_polynomial(e.select(a > 4, 4.0, a), _ERF_TAIL32))
    scale = _power_of_two(i, x)
    return e.select(a < 0.92, _erf_small(x), e.copysign(1 - e.muladd(p, scale, scale), x))


def erfc(x: Value) -> Value:
    """1 - erf(x), small in relative error for large x."""
    if x.dtype == "float32":
        wide = x.astype("float64")
        a = x.e.abs(wide)
        small = x.e.muladd(a, _polynomial(a * a, _ERF["float32"]), a)
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
    fraction = inverse * _polynomial(e.muladd(inverse, -5.0, 1.0), _ERFC32)
    n, i = _nearest(-a * a, 1 / math.log(2))
    r = e.muladd(n, -math.log(2), -a * a)
    power = e.muladd(r * r, _polynomial(r, _EXP32), r) + 1
    return fraction * power * _power_of_two(i, a)


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
    n, m, _ = _split((1 - a) * (a + 1))
    g = m - 1
    log_tail = g * g * e.muladd(g, _polynomial(g, _LOG32), -0.5)
    w = -e.muladd(n, math.log(2), g + log_tail)
    return e.select(a > 1, NAN, a * _polynomial(w - 8.1, _ERFINV32))


def _erfinv_double(a: Value) -> Value:
    """One step of Halley's method, on erf or on 1 - erf, whichever keeps its digits."""
    e = a.e
    w = -log((1 - a) * (a + 1))
    central = _polynomial(w - 2.5, _ERFINV_MIDDLE)
    start = a * e.select(w < 5, central, _polynomial(e.sqrt(w) - 4, _ERFINV_TAIL))
    miss = e.select(a < 0.84, _erf_small(start) - a, (1 - a) - _erfc_positive(start))
    step = miss * exp(start * start) * (math.sqrt(math.pi) / 2)
    y = start - step / e.muladd(start, step, 1.0)
    return e.select(a < 2.0**-300, a * (math.sqrt(math.pi) / 2), y)


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
    n, m, _ = _split(x)
    s = (m - 1) / (m + 1)
    log2 = e.muladd(
        s * (2 / math.log(2)), s * s * (_polynomial(s * s, _LOG64[:6]) * 0.5), s * (2 / math.log(2))
    )
    power = _clamp(_log_ends(x, n + log2) * y, -200, 200)
    n, i = _nearest(power, 1)
    r = (power - n) * math.log(2)
    p = e.muladd(r * r, _polynomial(r, _EXP["float32"]), r)
    return ((p + 1) * _power_of_two(i, p)).astype("float32")


def _pow64(x: Value, y: Value) -> Value:
    """e**(y log(x)), the logarithm and the product in two parts."""
    e = x.e
    high, low = _log_in_parts(x)
    product = y * high
    rest = e.fma(y, high, -product) + y * low
    rest = e.select(e.abs(product) < 800, rest, 0)
    p, i = _exp_reduced(_clamp(product, *_format(x).exp_range))
    return _scaled(e.muladd(p + 1, rest, p) + 1, i)


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
    e, f = x.e, _format(x)
    n, g = _normalised(x)
    divisor = g + 2
    s = g / divisor
    left = e.fma(-s, divisor, g) - s * (g - (divisor - 2))
    ratio = s, left / divisor
    square = _times(ratio, ratio)
    third = e.const(1 / 3, x.dtype, x.width), e.const(1.850371707708594e-17, x.dtype, x.width)
    higher = square[0] * (_polynomial(square[0], _LOG64[1:]) * 0.5)
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
    far = (n >= 2.0 ** _format(x).mantissa) & (a < INF) & (b > 0)
    return _corrected(e.copysign(r, x), far, "fmod", x, y)


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
    series = inverse * _polynomial(inverse * inverse, _STIRLING)
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
    tail = e.muladd(power * inverse, _polynomial(square, weights), power * 0.5)
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


@_in_float64
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
    series = z * _polynomial(z, (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12))
    total = total + (log(y) - 0.5 / y - series)
    fraction = x - e.rint(x)
    reflected = total - math.pi / tan(fraction * math.pi)
    pole = e.select(x.eq(0), e.copysign(INF, -x), NAN)
    return e.select(left, e.select(fraction.eq(0), pole, reflected), total)
