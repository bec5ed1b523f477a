"""The generator MT19937 as expressions: the doubles of NumPy's ``RandomState`` from its state, in compiled code.

Reference: M. Matsumoto, T. Nishimura, "Mersenne twister: a 623-dimensionally equidistributed uniform pseudo-random
number generator", 1998.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import dynamic
from thalweg.ops import scan as scans
from thalweg.ops import shape as shape_ops

_N, _M = 624, 397  # words of a state, and how far apart those are that make a new one


def _word(number: int) -> Any:
    return constant(np.uint32(number))


def _xor(*words: Any) -> Any:
    found = words[0]
    for word in words[1:]:
        found = tw.bitwise_xor(found, word)
    return found


def _twisted(first: Any, second: Any) -> Any:
    """The upper bit of one word before the lower ones of another, times the matrix of the recurrence."""
    both = tw.bitwise_or(tw.bitwise_and(first, _word(0x80000000)), tw.bitwise_and(second, _word(0x7FFFFFFF)))
    odd = tw.not_equal(tw.bitwise_and(both, _word(1)), _word(0))
    return _xor(tw.bitwise_right_shift(both, _word(1)), tw.where(odd, _word(0x9908B0DF), _word(0)))


def _next_words(x: Any) -> Any:
    """The next 624 words of a state; each 227 of them need those before."""
    twisted, gap = _twisted(x[:-1], x[1:]), _N - _M
    a = _xor(x[_M:], twisted[:gap])
    b = _xor(a, twisted[gap : 2 * gap])
    c = _xor(b[: _N - 1 - 2 * gap], twisted[2 * gap :])
    last = _xor(b[_M - 1 - gap : _M - gap], _twisted(x[-1:], a[:1]))
    return tw.concat([a, b, c, last], axis=0)


def _tempered(x: Any) -> Any:
    """Words as the generator gives them."""
    x = _xor(x, tw.bitwise_right_shift(x, _word(11)))
    x = _xor(x, tw.bitwise_and(tw.bitwise_left_shift(x, _word(7)), _word(0x9D2C5680)))
    x = _xor(x, tw.bitwise_and(tw.bitwise_left_shift(x, _word(15)), _word(0xEFC60000)))
    return _xor(x, tw.bitwise_right_shift(x, _word(18)))


def doubles(state: Tensor, like: Tensor) -> tuple[Any, Tensor]:
    """Numbers in [0, 1) in the shape of ``like``, and the state after them.

    ``state``: the words, and where among them the generator is, before what else there is.
    """
    need: Any = shape_ops.count(like, None, np.dtype("int64")) * 2  # type: ignore[operator]
    start: Any = as_dtype(state[_N], "int64")
    end = start + need
    block = tw.maximum((end - 1) // _N, 0)

    def turn(carry: Any, at: Any) -> tuple[list[Any], Any]:
        words = _next_words(carry[0])
        return [words, tw.where(tw.equal(at + 1, block), words, carry[1])], _tempered(words)

    first = state[:_N]
    (_, kept), more = scans.loop(turn, [first, first], dynamic.iota((need + (_N - 1)) // _N))
    words = tw.concat([_tempered(first), tw.flatten(more)], axis=0)
    at: Any = start + tw.reshape_like(tw.iota_like(tw.flatten(like), 0), like) * 2  # type: ignore[operator]
    high = as_dtype(tw.bitwise_right_shift(tw.take(words, at), _word(5)), "float64")
    low = as_dtype(tw.bitwise_right_shift(tw.take(words, at + 1), _word(6)), "float64")
    place = as_dtype(tw.expand_dims(end - block * _N, 0), "uint32")
    number: Any = (high * 67108864.0 + low) * 2.0**-53  # type: ignore[operator]
    return number, tw.concat([kept, place, state[_N + 1 :]], axis=0)
