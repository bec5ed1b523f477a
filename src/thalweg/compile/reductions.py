"""What the vector functions are made of: the float formats, polynomials, and exponentials in two parts."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thalweg.compile.values import Value

INF, NAN = math.inf, math.nan

# fmt: off
# (e**r - 1 - r) / r**2 on |r| < ln(2)/2
EXP = {
    "float32": (0.5, 0.166665435, 0.0416664481, 0.00836655311, 0.0013936552),
    "float64": (0.5, 0.16666666666666677, 0.041666666666666685, 0.0083333333333214365, 0.0013888888888872928,
                0.00019841269886598757, 2.4801587350501408e-05, 2.75572437408961e-06, 2.755725031840195e-07,
                2.5109199902806391e-08, 2.0922325635320428e-09),
}
# (log(1+f) - f + f**2/2) / f**3 on sqrt(1/2) < 1+f < sqrt(2)
LOG32 = (0.333333135, -0.249999881, 0.200020611, -0.166690886, 0.142214268, -0.123882942, 0.118583515,
    -0.117633492, 0.0691491514)
# fmt: on


@dataclass(frozen=True)
class Format:
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
    "float32": Format(
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
    "float64": Format(
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


def format_of(x: Value) -> Format:
    if x.dtype not in _FORMATS:
        raise TypeError(f"vector functions: expected float32 or float64, received {x.dtype}")
    return _FORMATS[x.dtype]


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """c0 + c1 x + c2 x**2 + ... by Horner's rule; long ones in two halves, for a shorter chain of waiting."""
    if len(coefficients) > 7:
        z = x * x
        return x.e.muladd(polynomial(z, coefficients[1::2]), x, polynomial(z, coefficients[::2]))
    result = x.e.const(coefficients[-1], x.dtype, x.width)
    for c in reversed(coefficients[:-1]):
        result = x.e.muladd(result, x, c)
    return result


def odd_polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """x + x**3 (c0 + c1 x**2 + ...)."""
    z = x * x
    return x.e.muladd(x * z, polynomial(z, coefficients), x)


def clamp(x: Value, low: float, high: float) -> Value:
    # written so that a NaN falls through both selections
    x = x.e.select(x < low, low, x)
    return x.e.select(x > high, high, x)


def in_float64(fn: Callable[..., Value]) -> Callable[..., Value]:
    """For functions whose float32 form would lose too much: compute in float64 and round once."""

    @functools.wraps(fn)
    def through(*operands: Value) -> Value:
        if operands[0].dtype == "float64":
            return fn(*operands)
        return fn(*[v.astype("float64") for v in operands]).astype("float32")

    return through


def nearest(x: Value, scale: float) -> tuple[Value, Value]:
    """The integer nearest to x*scale, as a float and as the low bits of an unsigned integer."""
    f = format_of(x)
    shifted = x.e.muladd(x, scale, f.magic)
    return shifted - f.magic, x.e.bitcast(shifted, f.bits)


def minus_multiple(x: Value, n: Value, parts: Sequence[float]) -> Value:
    """x - n*sum(parts), to far more digits than one product would keep."""
    for part in parts:
        x = x.e.muladd(n, -part, x)
    return x


def power_of_two(i: Value, like: Value, offset: int = 0) -> Value:
    """2**(i + offset) for the integer in the low bits of `i`; the result must be a normal number."""
    f = format_of(like)
    return like.e.bitcast(like.e.shift_left(i, f.mantissa) + ((f.bias + offset) << f.mantissa), like.dtype)


def scaled(p: Value, i: Value) -> Value:
    """p * 2**i in two steps, so that subnormal and infinite results come out right."""
    half = p.e.shift_right(i, 1)
    return p * power_of_two(half, p) * power_of_two(i - half, p)


def exp_minus_one(r: Value) -> Value:
    """e**r - 1 for |r| < ln(2)/2."""
    return r.e.muladd(r * r, polynomial(r, EXP[r.dtype]), r)


def exp_reduced(x: Value) -> tuple[Value, Value]:
    """(p, i) with e**x = (1 + p) * 2**i."""
    n, i = nearest(x, 1 / math.log(2))
    return exp_minus_one(minus_multiple(x, n, format_of(x).ln2)), i


def _whole(n: Value, f: Format) -> Value:
    # a small integer put into the mantissa of 2**mantissa; there is no vector conversion from 64-bit integers
    big = (f.bias + f.mantissa) << f.mantissa
    dtype = "float32" if f.bits == "uint32" else "float64"
    return n.e.bitcast(n | big, dtype) - 2.0**f.mantissa


def split(x: Value) -> tuple[Value, Value, Value]:
    """(n, m, s): x = m * 2**n with sqrt(1/2) <= m < sqrt(2), and s = 2**-n, for normal positive x."""
    e, f = x.e, format_of(x)
    one = f.bias << f.mantissa
    root = {"float32": 0x3F3504F3, "float64": 0x3FE6A09E667F3BCD}[x.dtype]  # sqrt(1/2)
    shifted = e.bitcast(x, f.bits) + (one - root)
    m = e.bitcast((shifted & ((1 << f.mantissa) - 1)) + root, x.dtype)
    exponent = shifted & ~((1 << f.mantissa) - 1)
    top = (2 * f.bias - 1) << f.mantissa
    s = e.bitcast((2 * f.bias << f.mantissa) - e.select(exponent > top, top, exponent), x.dtype)
    return _whole(e.shift_right(exponent, f.mantissa), f) - f.bias, m, s
