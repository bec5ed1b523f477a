"""``MRG_RandomStreams``: draws by L'Ecuyer's and Touzin's generator MRG31k3p, number for number those of Theano.

Each draw has many streams of six numbers, 2**72 steps apart; its elements are taken from them in turn. Reference:
P. L'Ecuyer, R. Touzin, "Fast combined multiple recursive generators with multipliers a = 2^q +/- 2^r", 2000.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.names import only
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import as_dtype, dtype_of, tensor_of
from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.streams import RandomStreams, remember
from thalweg.compat.theano.subtensor import getitem
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable, shape_items
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import dynamic
from thalweg.ops import scan as scans
from thalweg.ops import shape as shape_ops

_M1, _M2 = 2**31 - 1, 2**31 - 21069
# One step: (a, b, c) becomes (2**22 b + (2**7 + 1) c, a, b) modulo M1 and (2**15 a + (2**15 + 1) c, a, b) modulo M2.
_FIRST = ((0, 2**22, 2**7 + 1), (1, 0, 0), (0, 1, 0))
_SECOND = ((2**15, 0, 2**15 + 1), (1, 0, 0), (0, 1, 0))
_UNKNOWN_SIZE = 60 * 256  # streams of a draw whose size is not known


def _squared(matrix: np.ndarray, modulus: int) -> np.ndarray:
    return _times(matrix, matrix.T, modulus).T


def _times(matrix: np.ndarray, rows: np.ndarray, modulus: int) -> np.ndarray:
    """The matrix times each row."""
    return ((matrix[None] * rows[:, None] % modulus).sum(-1)) % modulus


@functools.cache
def _jumps(power: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrices of 2**power steps."""
    if power == 0:
        return np.array(_FIRST, np.int64), np.array(_SECOND, np.int64)
    first, second = _jumps(power - 1)
    return _squared(first, _M1), _squared(second, _M2)


def _ahead(states: np.ndarray, power: int) -> np.ndarray:
    """The states [N, 6] 2**power steps later."""
    first, second = _jumps(power)
    return np.concatenate([_times(first, states[:, :3], _M1), _times(second, states[:, 3:], _M2)], axis=1)


def _substreams(state: np.ndarray, count: int) -> np.ndarray:
    """States [count, 6] that begin with one and are 2**72 steps apart."""
    found, power = state.reshape(1, 6).astype(np.int64), 72
    while len(found) < count:
        found, power = np.concatenate([found, _ahead(found, power)]), power + 1
    return found[:count].astype(np.int32)


def _step(x: Sequence[Any]) -> tuple[list[Any], Any]:
    """The six numbers after one step, and the difference that the sample is made of: 1, ..., M1."""
    first: Any = x[1] * (1 << 22) + x[2] * 129
    first = tw.bitwise_and(first, _M1) + tw.bitwise_right_shift(first, 31)
    first = tw.where(first >= _M1, first - _M1, first)
    second: Any = x[3] * (1 << 15) + x[5] * ((1 << 15) + 1)
    second = tw.bitwise_and(second, _M1) + tw.bitwise_right_shift(second, 31) * 21069
    second = tw.where(second >= _M2, second - _M2, second)
    less = first - second
    return [first, x[0], x[1], second, x[3], x[4]], tw.where(less <= 0, less + _M1, less)


def _drawn(state: Tensor, total: Any) -> tuple[Tensor, Tensor]:
    """``total`` numbers from 1 to M1, each stream in turn, again and again; and the state [6, streams] after them."""
    streams = state.shape[1]
    assert streams is not None
    number: Any = tensor_of(total, "int64")
    turns, rest = number // streams, number % streams
    columns = [as_dtype(state[k], "int64") for k in range(6)]
    columns, whole = scans.loop(lambda x, _: _step(x), columns, dynamic.iota(turns))
    after, last = _step(columns)
    due = tw.less(constant(np.arange(streams)), rest)
    kept = [tw.where(due, new, old) for new, old in zip(after, columns, strict=True)]
    numbers = TensorVariable(tw.concat([tw.flatten(whole), last], axis=0))
    return getitem(numbers, slice(None, TensorVariable(number))).tensor, as_dtype(tw.stack(kept), "int32")


def _known_streams(size: Any) -> int:
    """How many streams a draw has: fewer where its size is known."""
    if not isinstance(size, (tuple, list)) or not all(isinstance(n, (int, np.integer)) for n in size):
        return _UNKNOWN_SIZE
    total = int(np.prod(size, dtype=np.int64))
    return min(total // 6 if total > 6 else total, _UNKNOWN_SIZE)


def _count(lengths: Sequence[Any]) -> Any:
    """The number of elements: an int where all lengths are known, else a scalar tensor."""
    if all(isinstance(n, int) for n in lengths):
        return int(np.prod(lengths, dtype=np.int64))
    return functools.reduce(tw.multiply, [tensor_of(n, "int64") for n in lengths])


class _States(TensorSharedVariable):
    """The states of a draw's streams; what programs see has a row for each stream, what is kept a column."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The states [streams, 6] now."""
        return np.ascontiguousarray(super().get_value().T)

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Go to other states [streams, 6]."""
        super().set_value(np.asarray(new_value).T)


class MRG_RandomStreams:
    """A source of draws. ``seed``: an integer from 1 to 2147462578, or six of them."""

    def __init__(self, seed: Any = 12345, use_cuda: Any = None) -> None:
        self.default_instance_seed = seed
        self.state_updates: list[tuple[Any, Any, Any, Any]] = []
        self.set_rstate(seed)

    def set_rstate(self, seed: Any) -> None:
        """Where the states of new draws come from."""
        if not isinstance(seed, (int, np.integer)) and len(seed) != 6:
            raise TypeError("seed should be 1 integer or 6 integers")
        six = [int(seed)] * 6 if isinstance(seed, (int, np.integer)) else [int(n) for n in seed]
        for part, most in ((six[:3], _M1), (six[3:], _M2)):
            if not any(part) or max(part) >= (_M2 if len(set(six)) == 1 else most) or min(part) < 0:
                raise ValueError(
                    f"MRG_RandomStreams: seed: each half must be three numbers from 0 to {most - 1}, not all 0 (of a "
                    f"number below 0 Theano's compiled code made what its compiler happened to); received {part}"
                )
        self.rstate = np.array(six, np.int32)

    def seed(self, seed: Any = None) -> None:
        """Start all draws over from a seed, by default the one at the beginning."""
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for state, _, size, streams in self.state_updates:
            state.set_value(self.get_substream_rstates(streams or self.n_streams(size)))

    def updates(self) -> list[tuple[Any, Any, Any, Any]]:
        """(state, next state, size, streams) of all draws."""
        return list(self.state_updates)

    def n_streams(self, size: Any) -> int:
        """How many streams a draw of this size has."""
        return _known_streams(size)

    def inc_rstate(self) -> None:
        """Skip 2**134 numbers: the next draw's are far from all before."""
        self.rstate = _ahead(self.rstate.reshape(1, 6).astype(np.int64), 134)[0].astype(np.int32)

    def get_substream_rstates(self, n_streams: int, dtype: Any = None, inc_rstate: bool = True) -> np.ndarray:
        """The first states of a draw's streams [n_streams, 6]."""
        found = _substreams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return found

    def _uniform(self, size: Any, lengths: Sequence[Any], dtype: Any, streams: int | None) -> TensorVariable:
        """Numbers in (0, 1]; ``size`` as the program gave it decides how many streams there are."""
        state = _States(self.get_substream_rstates(streams or self.n_streams(size)).T)
        remember(state.tensor)
        drawn, after = _drawn(state.tensor, _count(lengths))
        scale = np.float32(4.6566126e-10) if dtype == np.float32 else np.float64(2.0**-31)
        numbers = as_dtype(drawn, "float32" if dtype == np.float32 else "float64") * constant(scale)
        made = TensorVariable(dynamic.reshape_to_lengths(as_dtype(numbers, dtype), list(lengths)))
        state.tensor.default_update = after
        self.state_updates.append((state, TensorVariable(after), size, streams))
        made.rstate, made.update = state, (state, TensorVariable(after))  # type: ignore[attr-defined]
        return made

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        """Uniform numbers in (low, high]."""
        low, high = as_tensor_variable(low), as_tensor_variable(high)
        dtype = dtype_of(dtype) if dtype else np.result_type(config.floatX, low.dtype, high.dtype)
        u = self._uniform(size, _lengths(size, ndim), np.dtype(dtype), nstreams)
        first: Any = as_dtype(low.tensor, dtype)
        made = TensorVariable(u.tensor * (as_dtype(high.tensor, dtype) - first) + first)  # type: ignore[operator]
        made.rstate, made.update = u.rstate, u.update  # type: ignore[attr-defined]
        return made

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
        prob: Any = None,
    ) -> TensorVariable:
        """1 with probability ``p``, else 0."""
        if n != 1:
            raise NotImplementedError("MRG_RandomStreams.binomial with n > 1")
        u = self.uniform(size, ndim=ndim, nstreams=nstreams)
        hit = tw.less(u.tensor, tensor_of(p if prob is None else prob))
        made = TensorVariable(as_dtype(hit, dtype_of(dtype)))
        made.rstate, made.update = u.rstate, u.update  # type: ignore[attr-defined]
        return made

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: int | None = None,
        truncate: bool = False,
    ) -> TensorVariable:
        """Normal numbers of mean ``avg`` and standard deviation ``std``, by Box and Muller."""
        if truncate:
            return self.truncated_normal(size, avg, std, ndim, dtype)
        avg, std = as_tensor_variable(avg), as_tensor_variable(std)
        dtype = np.dtype(dtype_of(dtype) if dtype else np.result_type(config.floatX, avg.dtype, std.dtype))
        lengths = _lengths(size, ndim)
        total: Any = _count(lengths)
        half: Any = (total + 1) // 2
        u: Any = self._uniform(None, [2, half], dtype, nstreams).tensor
        radius, angle = tw.sqrt(-2.0 * tw.log(u[0])), u[1] * constant(np.array(2.0 * np.pi, dtype))
        both = TensorVariable(tw.flatten(tw.stack([radius * tw.cos(angle), radius * tw.sin(angle)])))
        end = total if isinstance(total, int) else TensorVariable(total)
        z: Any = dynamic.reshape_to_lengths(getitem(both, slice(None, end)).tensor, lengths)
        return TensorVariable(z * as_dtype(std.tensor, dtype) + as_dtype(avg.tensor, dtype))

    def truncated_normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> TensorVariable:
        """Normal numbers of standard deviation ``std``, none further than two of those before the cut from ``avg``.

        They are drawn by the main library's generator: Theano's numbers are others.
        """
        self.inc_rstate()
        source, wide = RandomStreams(int(self.rstate[0])), tw.divide(tensor_of(std), 0.87962566103423978)
        return source.truncated_normal(size, avg, TensorVariable(wide), ndim, dtype)

    def multinomial(
        self,
        size: Any = None,
        n: int = 1,
        pvals: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """How often each outcome was drawn in ``n`` draws, for each row of probabilities ``pvals``."""
        p = _rows_of_probabilities("multinomial", pvals)
        if size is not None or ndim is not None:
            raise ValueError("MRG_RandomStreams.multinomial takes no size and no ndim: pvals says both")
        rows: Any = shape_ops.count(p, (0,), np.dtype("int64"))
        u: Any = self._uniform(None, [int(n), rows], np.dtype(config.floatX), nstreams).tensor
        hit = _first_above(p, tw.expand_dims(u, 2))
        return TensorVariable(tw.sum(as_dtype(hit, dtype_of(dtype)), axis=0, dtype=dtype_of(dtype)))

    def choice(
        self,
        size: Any = 1,
        a: Any = None,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: int | None = None,
    ) -> TensorVariable:
        """For each row of probabilities ``p``, ``size`` different outcomes: this generator knows no other choice."""
        if a is not None or replace or p is None:
            raise TypeError(
                "MRG_RandomStreams.choice: only size=, replace=False and p= of two axes are known to it"
            )
        left = as_dtype(_rows_of_probabilities("choice", p), "float64")
        rows: Any = shape_ops.count(left, (0,), np.dtype("int64"))
        u: Any = self._uniform(None, [int(size), rows], np.dtype(config.floatX), nstreams).tensor
        found = []
        for k in range(int(size)):
            hit = _first_above(left, tw.expand_dims(u[k], 1))
            found.append(tw.argmax(as_dtype(hit, "int32"), axis=-1))
            left = tw.where(hit, 0.0, left)
            left = tw.divide(left, tw.sum(left, axis=-1, keepdims=True))
        return TensorVariable(as_dtype(tw.stack(found, axis=1), dtype_of(dtype)))

    def multinomial_wo_replacement(
        self, size: Any = None, n: int = 1, pvals: Any = None, dtype: Any = "int64", nstreams: Any = None
    ) -> TensorVariable:
        """:meth:`choice` in the words before 1.0."""
        only("MRG_RandomStreams.multinomial_wo_replacement", "size", size)
        return self.choice(size=n, replace=False, p=pvals, dtype=dtype)


def _lengths(size: Any, ndim: int | None) -> list[Any]:
    if isinstance(size, AnyVariable) and size.ndim == 0:
        return shape_items([size])
    found = shape_items(size, ndim)
    wrong = [n for n in found if isinstance(n, int) and n <= 0]
    if wrong:
        raise ValueError(f"The specified size contains a dimension with value <= 0: {size}")
    return found


def _rows_of_probabilities(name: str, given: Any) -> Tensor:
    if given is None:
        raise TypeError(f"MRG_RandomStreams.{name}: the probabilities are missing")
    p = tensor_of(given)
    if p.ndim != 2:
        raise NotImplementedError(f"MRG_RandomStreams.{name}: probabilities of two axes, received {p.ndim}")
    return p


def _first_above(p: Any, u: Any) -> Tensor:
    """Along the last axis, True at the first place where the sum of p so far is above u."""
    reached: Any = tw.cumulative_sum(as_dtype(p, "float64"), axis=-1)
    number = tw.sum(as_dtype(tw.less_equal(reached, as_dtype(u, "float64")), "int64"), axis=-1, keepdims=True)
    return tw.equal(number, tw.iota_like(reached, reached.ndim - 1))
