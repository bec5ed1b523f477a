"""Random words in the loop language: `thalweg.philox` for vectors of lanes, equal to it in every bit.

The state of a vector of counters is kept in two vectors of 64-bit lanes, one for the even and one for the odd
counters, so that a product of 32-bit words is one instruction, its upper half one shift, and nothing is
shuffled. Upper halves are left as they fall; only products and the final packing look at 32 bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from thalweg import philox
from thalweg.compile import vecmath
from thalweg.compile.loops import Emitter
from thalweg.compile.values import Value, ir_type
from thalweg.philox import LANES, M0, M1, ROUNDS, ROWS, W0, W1

_LOW = 0xFFFFFFFF


def emit_bits(e: Emitter, key: Sequence[Value], group: Value) -> list[Value]:
    """The 64 consecutive words of a stream from word ``64 * group`` on: ``64 // width`` uint32 Values.

    `key` holds four uint32 scalars (seed_lo, seed_hi, step, stream), `group` is an integer scalar. `width` is
    the target's number of uint32 lanes, at most 16; the Values are in the order of the words.
    """
    width = min(LANES, e.target.lanes("uint32"))
    keys = _round_keys(e, key)
    blocks = [_blocks(e, key, keys, group, start, width) for start in range(0, LANES, width)]
    return [block[row] for row in range(ROWS) for block in blocks]


def emit_uniform(e: Emitter, words: Sequence[Value], dtype: str) -> list[Value]:
    """The words of `emit_bits` as uniform numbers in [0, 1): 64 of float32 or 32 of float64, in order."""
    if dtype == "float32":
        return [_as_float(e, e.shift_right(word, 8), dtype) * 2.0**-24 for word in words]
    return [
        _as_float(e, e.shift_right(a, 5), dtype) * 2.0**-27
        + _as_float(e, e.shift_right(b, 6), dtype) * 2.0**-53
        for a, b in pairs(words)
    ]


def emit_normal(e: Emitter, uniforms: Sequence[Value]) -> list[Value]:
    """The numbers of `emit_uniform` as as many standard normal ones: `philox.box_muller`, but for rounding."""
    return unpair([_box_muller(e, u, v) for u, v in pairs(uniforms)])


def _box_muller(e: Emitter, u: Value, v: Value) -> tuple[Value, Value]:
    radius = e.sqrt(vecmath.log(u + (2.0**-24 if u.dtype == "float32" else 2.0**-53)) * -2.0)
    angle = (v - 0.5) * (2 * math.pi)
    return radius * vecmath.cos(angle), radius * vecmath.sin(angle)


def emit_truncated_normal(e: Emitter, u: Value) -> Value:
    """A Value of `emit_uniform` as standard normal numbers cut off beyond 2: `philox.truncated_quantile`."""
    x = u * 2.0 - 1.0
    bx = x * philox.TRUNCATED_SCALE
    t = -vecmath.log((1.0 - bx) * (bx + 1.0)) - 1.25
    coefficients = philox.TRUNCATED_FLOAT32 if u.dtype == "float32" else philox.TRUNCATED_FLOAT64
    y = e.const(coefficients[-1], u.dtype, u.width)
    for coefficient in coefficients[-2::-1]:
        y = e.muladd(y, t, coefficient)
    return e.maximum(e.minimum(y * x, 2.0), -2.0)


def pairs(numbers: Sequence[Value]) -> list[tuple[Value, Value]]:
    """Numbers at the same place of neighbouring rows of 16, from Values that cover whole rows in order.

    What is made of the first members in order, or of the second, is rows 0, 2, ... or 1, 3, ... of the
    result.
    """
    per_row = LANES // numbers[0].width
    starts = [start + k for start in range(0, len(numbers), 2 * per_row) for k in range(per_row)]
    return [(numbers[k], numbers[k + per_row]) for k in starts]


def unpair(both: Sequence[tuple[Value, Value]]) -> list[Value]:
    """The Values of `pairs` in their order again."""
    per_row = LANES // both[0][0].width
    rows = [both[start : start + per_row] for start in range(0, len(both), per_row)]
    return [pair[member] for row in rows for member in (0, 1) for pair in row]


def _as_float(e: Emitter, word: Value, dtype: str) -> Value:
    # Less than 2**31, and the signed conversion is one instruction everywhere.
    return e.bitcast(word, "int32").astype(dtype)


def _round_keys(e: Emitter, key: Sequence[Value]) -> list[tuple[Value, Value]]:
    """What each round combines with the counter, as uint64 scalars."""
    seed_lo, seed_hi = (key[k].astype("uint32") for k in (0, 1))
    steps = [((W0 * r) & _LOW, (W1 * r) & _LOW) for r in range(ROUNDS)]
    return [((seed_lo + a).astype("uint64"), (seed_hi + b).astype("uint64")) for a, b in steps]


def _blocks(
    e: Emitter,
    key: Sequence[Value],
    keys: Sequence[tuple[Value, Value]],
    group: Value,
    start: int,
    width: int,
) -> list[Value]:
    """The four rows of words of counters start, ..., start + width - 1 of the group."""
    even, odd = (_half(e, key, keys, group, range(start + first, start + width, 2)) for first in (0, 1))
    return [_packed(e, a, b) for a, b in zip(even, odd)]


def _half(
    e: Emitter, key: Sequence[Value], keys: Sequence[tuple[Value, Value]], group: Value, lanes: range
) -> list[Value]:
    """The four output words of the given counters of the group, in the low halves of uint64 lanes."""
    block = group.astype("uint64") * LANES
    # 16 counters never carry into the upper word; what is the same in all lanes stays a scalar while it can.
    c = [block + e.constants(list(lanes), "uint64"), e.shift_right(block, 32)]
    c += [key[k].astype("uint64") for k in (2, 3)]
    for k0, k1 in keys:
        p0, p1 = (c[0] & _LOW) * M0, (c[2] & _LOW) * M1
        c = [e.shift_right(p1, 32) ^ (c[1] ^ k0), p1, e.shift_right(p0, 32) ^ (c[3] ^ k1), p0]
    return c


def _packed(e: Emitter, even: Value, odd: Value) -> Value:
    """Even and odd words side by side: uint32 lanes in the order of the counters."""
    both, width = (even & _LOW) | e.shift_left(odd, 32), 2 * even.width
    return Value(e, e.builder.bitcast(both.ir, ir_type("uint32", width)), "uint32", width)
