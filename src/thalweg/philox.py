"""Counter-based random numbers: what every random op means, in NumPy; `compile.philox` emits the same to the bit.

Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011) turns a counter of four 32-bit words and a key of two into four
random words. A stream is named by four uint32 numbers ``(seed_lo, seed_hi, step, stream)``, made by `make_key`: the
seed is Philox's key, and block number b of the stream is its answer to the counter ``(b_lo, b_hi, step, stream)``.

Order of the words. 16 blocks make a group of 64 consecutive words in four rows of 16: word i is output word
``i % 64 // 16`` of block ``i // 64 * 16 + i % 16``. So a vector of 4, 8 or 16 counters yields vectors of consecutive
numbers and no lane ever moves.

Wherever a number is made of two others (a float64 uniform of two words, a normal of two uniforms), these are the
numbers at the same place of two neighbouring rows of 16: number 0 with 16, 1 with 17, ..., 32 with 48. A stream does
not depend on how many numbers are taken from it: a longer array begins with the shorter one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DTypeError, fail

Array = np.ndarray[Any, np.dtype[Any]]
Shape = int | tuple[int, ...]

M0, M1 = 0xD2511F53, 0xCD9E8D57  # the multipliers of a round
W0, W1 = 0x9E3779B9, 0xBB67AE85  # what a round adds to the key
ROUNDS = 10
LANES, ROWS = 16, 4
GROUP = LANES * ROWS

_LOW = np.uint64(0xFFFFFFFF)
_CHUNK = 1 << 13  # blocks at a time: the work stays in the cache


def make_key(seed: int, step: int = 0, stream: int = 0) -> Array:
    """The name of a stream: uint32 ``[seed % 2**32, seed >> 32 % 2**32, step, stream]``, each modulo 2**32.

    >>> make_key(7, step=2, stream=1).tolist()
    [7, 0, 2, 1]
    """
    return np.array([int(n) & 0xFFFFFFFF for n in (seed, int(seed) >> 32, step, stream)], np.uint32)


def philox4x32(counter: Array, seed: Array) -> Array:
    """The Philox function: counters of shape (..., 4) and a key of 2 words to random words of shape (..., 4).

    >>> [hex(word) for word in philox4x32(np.zeros(4, np.uint32), np.zeros(2, np.uint32))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    words = _rounds([counter[..., k].astype(np.uint64) for k in range(4)], int(seed[0]), int(seed[1]))
    return np.stack(words, axis=-1).astype(np.uint32)


def _rounds(c: list[Array], k0: int, k1: int) -> list[Array]:
    """Ten rounds on counter words held in uint64."""
    shift = np.uint64(32)
    for _ in range(ROUNDS):
        p0, p1 = c[0] * np.uint64(M0), c[2] * np.uint64(M1)
        c = [
            (p1 >> shift) ^ (c[1] ^ np.uint64(k0)),
            p1 & _LOW,
            (p0 >> shift) ^ (c[3] ^ np.uint64(k1)),
            p0 & _LOW,
        ]
        k0, k1 = (k0 + W0) & 0xFFFFFFFF, (k1 + W1) & 0xFFFFFFFF
    return c


def bits(key: Array, count: int) -> Array:
    """The first `count` words of the stream `key`: uint32 of shape (count,).

    A key may have two words more, the lower and the upper half of the number of the group to begin with.

    >>> [hex(word) for word in bits(make_key(0), 2)]
    ['0x6627e8d5', '0x...']
    """
    seed_lo, seed_hi, step, stream, *skipped = (int(word) for word in key)
    begin = (skipped[0] + (skipped[1] << 32)) * LANES if skipped else 0
    blocks = -(-count // GROUP) * LANES
    words = np.empty((blocks // LANES, ROWS, LANES), np.uint32)
    for start in range(0, blocks, _CHUNK):
        block = np.arange(start, min(start + _CHUNK, blocks), dtype=np.uint64) + np.uint64(begin % 2**64)
        c = [block & _LOW, block >> np.uint64(32), np.full(1, step, np.uint64), np.full(1, stream, np.uint64)]
        part = words[start // LANES : (start + _CHUNK) // LANES]
        for row, values in enumerate(_rounds(c, seed_lo, seed_hi)):
            part[:, row] = values.reshape(-1, LANES)
    return words.reshape(-1)[:count]


# --- from words to numbers ------------------------------------------------------------------------------------


def pairs(numbers: Array) -> tuple[Array, Array]:
    """The two halves of pairs: rows 0, 2, 4, ... of 16 numbers, and rows 1, 3, 5, ...; each flat."""
    rows = numbers.reshape(-1, 2, LANES)
    return rows[:, 0].reshape(-1), rows[:, 1].reshape(-1)


def uniform_float32(words: Array) -> Array:
    """Words to float32 in [0, 1): ``(word >> 8) * 2**-24``, every multiple of 2**-24 equally likely."""
    return (words >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def uniform_float64(words: Array) -> Array:
    """2n words to n float64 in [0, 1), n a multiple of 16: ``((first >> 5) * 2**26 + (second >> 6)) * 2**-53``."""
    first, second = pairs(words)
    high, low = first >> np.uint32(5), second >> np.uint32(6)
    return (high.astype(np.float64) * 2.0**26 + low.astype(np.float64)) * 2.0**-53


def box_muller(u: Array) -> Array:
    """Uniform numbers in [0, 1), a multiple of 32 of them, to as many standard normal ones.

    Of a pair (u, v): ``r = sqrt(-2 log(u + ulp))`` and ``a = 2 pi (v - 1/2)`` give ``r cos(a)`` in u's place and
    ``r sin(a)`` in v's. `ulp` is 2**-24 or 2**-53, so no logarithm is of zero. All is computed in u's dtype.
    """
    first, second = pairs(u)
    real = u.dtype.type
    radius = np.sqrt(real(-2) * np.log(first + real(2.0**-24 if real is np.float32 else 2.0**-53)))
    angle = real(2 * math.pi) * (second - real(0.5))
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)])
    return both.reshape(2, -1, LANES).swapaxes(0, 1).reshape(-1)


# sqrt(2) erfinv(b x) / x for b = erf(sqrt(2)), as a polynomial in t = -log((1 - b x)(1 + b x)) - 5/4: our own
# Chebyshev fits over |x| <= 1, coefficients of 1, t, t**2, ... (relative error 5e-11 and 3e-15).
TRUNCATED_SCALE = math.erf(math.sqrt(2))
TRUNCATED_FLOAT32 = (
    1.6057492894062995,
    0.3368181871889993,
    0.0033904412521268876,
    -0.0030423008211986615,
    0.00019381966860254688,
    4.205869915698248e-05,
    -6.793985349709434e-06,
    -4.25213254168712e-07,
    1.5930832314647505e-07,
)
TRUNCATED_FLOAT64 = (
    1.6057492894534187,
    0.3368181871516246,
    0.003390439666914905,
    -0.003042300188444143,
    0.00019382824855103742,
    4.205630067587459e-05,
    -6.810354719134638e-06,
    -4.219667441025154e-07,
    1.7220409022913745e-07,
    -1.679625331982485e-09,
    -3.6762276739046966e-09,
    2.6287524779889567e-10,
    6.85224460672288e-11,
    -1.0159806528337794e-11,
    -2.0011961132194502e-12,
    3.145166510460909e-13,
    2.0788570813508212e-13,
)


def truncated_quantile(u: Array) -> Array:
    """Uniform numbers in [0, 1) to the standard normal cut off beyond 2: ``sqrt(2) erfinv(erf(sqrt 2) (2u - 1))``."""
    real = u.dtype.type
    x = real(2) * u - real(1)
    bx = real(TRUNCATED_SCALE) * x
    t = -np.log((real(1) - bx) * (real(1) + bx)) - real(1.25)
    coefficients = TRUNCATED_FLOAT32 if real is np.float32 else TRUNCATED_FLOAT64
    y = np.full_like(t, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        y = y * t + real(coefficient)
    return np.clip(y * x, real(-2), real(2))


# --- distributions --------------------------------------------------------------------------------------------


def uniform(key: Array, shape: Shape, low: Any = 0.0, high: Any = 1.0, dtype: Any = "float32") -> Array:
    """``low + (high - low) * u`` with u uniform in [0, 1); float32 takes one word a number, float64 two.

    The sum is rounded, so where `low` is far from 0 the value `high` itself can occur.

    >>> u = uniform(make_key(1), (2, 3))
    >>> u.shape, u.dtype, bool(((u >= 0) & (u < 1)).all())
    ((2, 3), dtype('float32'), True)
    """
    return _scaled(_unit(key, _size(shape), dtype), low, high, shape)


def normal(key: Array, shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> Array:
    """``mean + stddev * z`` with z standard normal by `box_muller`.

    >>> normal(make_key(1), 4).dtype
    dtype('float32')
    """
    size = _size(shape)
    z = box_muller(_unit(key, _round_up(size, 2 * LANES), dtype))[:size].reshape(shape)
    return _affine(z, mean, stddev)


def truncated_normal(
    key: Array, shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32"
) -> Array:
    """``mean + stddev * z`` with z standard normal given that ``abs(z) <= 2``, by `truncated_quantile`.

    >>> bool((abs(truncated_normal(make_key(1), 1000)) <= 2).all())
    True
    """
    return _affine(truncated_quantile(_unit(key, _size(shape), dtype)).reshape(shape), mean, stddev)


def integers(key: Array, shape: Shape, low: int, high: int, dtype: Any = "int64") -> Array:
    """Integers in [low, high): ``low + floor(word * span / 2**32)`` with ``span = high - low``.

    A span of at most 2**16 takes one word a number, any other a pair of words, the first being the upper half of
    the 64 bits. The probability of a value is right to a relative error of span / 2**32 or span / 2**64.

    >>> bool((integers(make_key(1), 5, 0, 10) < 10).all())
    True
    """
    low, high = int(low), int(high)
    span, size = high - low, _size(shape)
    info = np.iinfo(np.dtype(dtype))
    if not (info.min <= low < high <= info.max + 1 and span <= 2**64 - 1):
        expected = f"low < high within {np.dtype(dtype)}"
        raise fail(ArgumentError, "random integers: low, high", expected=expected, received=f"{low}, {high}")
    drawn = _below(key, size, span)
    return (drawn + np.uint64(low & 0xFFFFFFFFFFFFFFFF)).astype(dtype).reshape(shape)


def _below(key: Array, size: int, span: int) -> Array:
    """uint64 in [0, span): the upper half of a word times the span."""
    shift, factor = np.uint64(32), np.uint64(span)
    if span <= 2**16:
        return (bits(key, size).astype(np.uint64) * factor) >> shift
    high, low = (half.astype(np.uint64) for half in pairs(bits(key, 2 * _round_up(size, LANES))))
    factor_low, factor_high = factor & _LOW, factor >> shift
    middle = high * factor_low + ((low * factor_low) >> shift)
    other = low * factor_high + (middle & _LOW)
    return (high * factor_high + (middle >> shift) + (other >> shift))[:size]


def bernoulli(key: Array, shape: Shape, p: Any = 0.5, dtype: Any = "bool") -> Array:
    """1 with probability `p`, else 0: ``u < p`` with float32 u, so p counts to 24 binary digits.

    >>> bernoulli(make_key(1), 3, 1.0)
    array([ True,  True,  True])
    """
    return (uniform(key, shape) < np.asarray(p, np.float32)).astype(dtype)


def permutation(key: Array, n: int) -> Array:
    """A random order of 0, ..., n-1 (int64): the stable argsort of n 64-bit words.

    >>> sorted(permutation(make_key(1), 5).tolist())
    [0, 1, 2, 3, 4]
    """
    high, low = (half.astype(np.uint64) for half in pairs(bits(key, 2 * _round_up(n, LANES))))
    return np.argsort(((high << np.uint64(32)) | low)[:n], kind="stable").astype(np.int64)


def categorical(key: Array, probabilities: Any, shape: Shape | None = None, dtype: Any = "int64") -> Array:
    """Class numbers with the given probabilities (..., classes), which need not sum to 1.

    The inverse of the cumulated probabilities c at a uniform u of the same dtype: how many c are at most
    ``u * c[-1]``. `shape` must be what ``probabilities.shape[:-1]`` broadcasts to, by default that itself.

    >>> categorical(make_key(1), [0.0, 0.0, 1.0], 4)
    array([2, 2, 2, 2])
    """
    p = np.asarray(probabilities)
    p = p if p.dtype in (np.float32, np.float64) else p.astype(np.float32)
    shape = p.shape[:-1] if shape is None else shape
    cumulated = np.cumsum(p, axis=-1)
    u = uniform(key, shape, dtype=p.dtype)[..., None]
    return (cumulated[..., :-1] <= u * cumulated[..., -1:]).sum(axis=-1).astype(dtype)


def _unit(key: Array, size: int, dtype: Any) -> Array:
    """`size` uniform numbers in [0, 1) of float32 or float64, flat."""
    dtype = np.dtype(dtype)
    if dtype == np.float32:
        return uniform_float32(bits(key, size))
    if dtype == np.float64:
        return uniform_float64(bits(key, 2 * _round_up(size, LANES)))[:size]
    raise fail(
        DTypeError, "random: dtype", expected="float32 or float64", received=str(dtype), hint="cast it"
    )


def _scaled(u: Array, low: Any, high: Any, shape: Shape) -> Array:
    low, high = np.asarray(low, u.dtype), np.asarray(high, u.dtype)
    return low + (high - low) * u.reshape(shape)


def _affine(z: Array, mean: Any, stddev: Any) -> Array:
    return np.asarray(mean, z.dtype) + np.asarray(stddev, z.dtype) * z


def _size(shape: Shape) -> int:
    return math.prod(shape) if isinstance(shape, tuple) else int(shape)


def _round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple
