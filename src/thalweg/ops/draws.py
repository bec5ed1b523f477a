"""What random numbers are drawn from: seed, keys and streams, and the ops that draw.

Everything is made of the words of the counter-based generator of :mod:`thalweg.philox`.
An eager draw takes its numbers at once, from the process's seed and a counter that every draw and every run of a
program moves on. A symbolic draw depends on the leaf :func:`random_key`, which a program feeds with :func:`next_key` at
each run, and has a stream number of its own: two draws are never the same, and a program gives new numbers every run.
Without :func:`set_seed` the seed comes from the operating system: every process draws other numbers.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes, philox
from thalweg.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError, fail
from thalweg.graph.lowering import RandomBits
from thalweg.graph.op import Op, convert_operands, make_op
from thalweg.graph.tensor import Placeholder, Spec, Tensor, check_shape, constant, shape_text
from thalweg.graph.updates import current_recorder
from thalweg.graph.walk import rebuild, topological
from thalweg.ops import elementwise as ew
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops

# --- numbers of other libraries -------------------------------------------------------------------------------------


class Numbers(ABC):
    """What gives a draw its numbers in place of a key: another stream, arrays or tensors of a program."""

    @abstractmethod
    def uniform(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Numbers in [0, 1)."""

    @abstractmethod
    def normal(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Standard normal numbers."""

    @abstractmethod
    def truncated_normal(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Standard normal numbers within [-2, 2]."""

    @abstractmethod
    def integers(self, low: int, high: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Whole numbers from ``low`` to below ``high``."""


class SeedRule(ABC):
    """How another library's seeds decide what training begins with."""

    @abstractmethod
    def first(self, seed: int | None) -> Any:
        """What the draw of an initialiser takes as its key, by the initialiser's own seed."""

    @abstractmethod
    def orders(self) -> Callable[[int], np.ndarray]:
        """For one training: a function of the number of rows, which gives their order in each epoch."""

    def orthogonal(self, rows: int, columns: int, seed: int | None) -> np.ndarray | None:
        """An orthogonal initialiser's matrix; None where it is made of the numbers of :meth:`first`, as ours."""
        return None


# --- the state ------------------------------------------------------------------------------------------------------


class _State:
    """The process's seed, the number of keys taken from it, and the number of symbolic draws built.

    Seed and counter are the two ``words`` (uint64), from which native code takes keys too.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.words = np.array([int.from_bytes(os.urandom(8), "little"), 0], np.uint64)
        self.streams = 0
        self.rule: SeedRule | None = None

    @property
    def seed(self) -> int:
        return int(self.words[0])

    @seed.setter
    def seed(self, seed: int) -> None:
        self.words[0] = seed

    @property
    def counter(self) -> int:
        return int(self.words[1])

    @counter.setter
    def counter(self, counter: int) -> None:
        self.words[1] = counter


_state = _State()


def set_seed(seed: int) -> None:
    """Start the random numbers over: what is drawn and the graphs built from here on depend on ``seed`` alone.

    >>> from thalweg.ops.random import uniform
    >>> set_seed(1); first = uniform((3,)).tolist()
    >>> set_seed(1); first == uniform((3,)).tolist()
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise fail(ArgumentTypeError, "set_seed: seed", expected="an int", received=repr(seed))
    with _state.lock:
        _state.seed, _state.counter, _state.streams = int(seed) % 2**64, 0, 0
        _state.rule = None


def set_rule(rule: SeedRule | None) -> None:
    """What decides the first values of weights and the orders of rows, until the next :func:`set_seed`; None: keys of
    the library's own.
    """
    _state.rule = rule


def get_rule() -> SeedRule | None:
    """What :func:`set_rule` set."""
    return _state.rule


def first_key(seed: int | None) -> Any:
    """What the draw of an initialiser takes as its key: with a seed always the same."""
    if _state.rule is not None:
        return _state.rule.first(seed)
    return next_key() if seed is None else philox.make_key(seed)


def orders() -> Callable[[int], np.ndarray]:
    """For one training: what gives the order of so many rows, another one at each call."""
    if _state.rule is not None:
        return _state.rule.orders()
    return lambda count: np.random.default_rng(next_key()).permutation(count)


set_random_seed = set_seed  # the name at the top of the package


def get_state() -> dict[str, int]:
    """What a checkpoint keeps so that random numbers go on where they stopped: ``{"seed": ..., "counter": ...}``."""
    with _state.lock:
        return {"seed": _state.seed, "counter": _state.counter}


def set_state(state: dict[str, int]) -> None:
    """Go on from a state of :func:`get_state`. Graphs built before keep their streams."""
    with _state.lock:
        _state.seed, _state.counter = int(state["seed"]) % 2**64, int(state["counter"])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, random numbers depend on ``seed`` alone; afterwards they go on as if none had been drawn.

    >>> from thalweg.ops.random import uniform
    >>> set_seed(1); first = uniform((3,)).tolist()
    >>> set_seed(1)
    >>> with seeded(5):
    ...     _ = uniform((3,))
    >>> first == uniform((3,)).tolist()
    True
    """
    before = (_state.seed, _state.counter, _state.streams, _state.rule)
    set_seed(seed)
    try:
        yield
    finally:
        with _state.lock:
            _state.seed, _state.counter, _state.streams, _state.rule = before


def next_key() -> np.ndarray:
    """A key that was never given before: uint32 ``[seed_lo, seed_hi, counter, 0]``; a program takes one at each run."""
    with _state.lock:
        key = philox.make_key(_state.seed, _state.counter)
        _state.counter += 1
    return key


def _next_stream() -> int:
    """Of a draw from :func:`random_key`: in a loop's body its number there, else one that no graph has yet."""
    if _keys.stack:
        return next(_keys.stack[-1].streams)
    with _state.lock:
        _state.streams += 1
        return _state.streams


def state_words() -> np.ndarray:
    """The seed and the number of keys taken from it, uint64[2], where they are: native code takes keys by them."""
    return _state.words


class RandomKey(Placeholder):
    """The leaf from which symbolic draws take their key, uint32[4]; the program that runs them feeds it."""

    __slots__ = ()


def _new_key(name: str) -> RandomKey:
    return RandomKey(None, (), {}, (Spec((4,), dtypes.uint32),), name=name, tracked=False)


class _OwnKey(NamedTuple):
    key: RandomKey
    streams: Iterator[int]


class _Keys(threading.local):
    stack: tuple[_OwnKey, ...] = ()


_the_key = _new_key("random_key")
_keys = _Keys()


def random_key() -> RandomKey:
    """The key leaf of the symbolic draws made here: one for all programs; inside a loop's body the body's own."""
    return _keys.stack[-1].key if _keys.stack else _the_key


def in_loop() -> bool:
    """Whether a loop's body is being built: what draws from :func:`random_key` draws anew in each iteration."""
    return bool(_keys.stack)


@contextmanager
def own_key() -> Iterator[RandomKey]:
    """Inside, symbolic draws depend on the key leaf that this gives, and on no other."""
    key = _new_key("iteration_key")
    _keys.stack = (*_keys.stack, _OwnKey(key, itertools.count(1)))
    try:
        yield key
    finally:
        _keys.stack = _keys.stack[:-1]


def numbered_anew(roots: Sequence[Tensor]) -> tuple[list[Tensor], int]:
    """The same graph with its streams counted from 1 on, and what the last word of its keys has to be for that: of what
    is built again and again, all graphs become one program.
    """
    readers = [t for t in topological(roots) if any(isinstance(x, RandomKey) for x in t.inputs)]
    before = min([t.attrs.get("stream", 1) for t in readers], default=1) - 1
    if before <= 0:
        return list(roots), 0
    drawn = set(map(id, readers))

    def made(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
        attrs = tensor.attrs
        if id(tensor) in drawn:
            attrs = {**attrs, "stream": attrs["stream"] - before}
        elif all(a is b for a, b in zip(tensor.inputs, inputs, strict=True)):
            return tensor
        return Tensor(
            tensor.op,
            tuple(inputs),
            attrs,
            tensor.specs,
            name=tensor.name,
            built_at=tensor.built_at,
            tracked=True,
        )

    return rebuild(roots, {}, made), before


# --- words ----------------------------------------------------------------------------------------------------------


def _stream_key(key: Any, stream: int) -> np.ndarray:
    result = np.array(key, np.uint32)
    result[3] = (int(result[3]) + stream) & 0xFFFFFFFF
    return result


@make_op(
    {},
    infer=lambda key, *, shape, stream: Spec(shape, dtypes.uint32),
    grad=lambda g, y, key, *, shape, stream: [None],
    lower=RandomBits(),
    draws=True,
)
def random_bits(key, /, shape, stream=0):  # type: ignore[no-untyped-def]
    """Random uint32 words: the first ones of the stream ``key + [0, 0, 0, stream]``, in row-major order."""
    return philox.bits(_stream_key(key, stream), math.prod(shape)).reshape(shape)


@make_op(
    {},
    infer=lambda key, number: Spec((4,), dtypes.uint32),
    grad=lambda g, y, key, number: [None, None],
    expand=lambda key, number: (
        key + ew.astype(number, "uint32") * constant(np.array([1, 0, 0, 0], np.uint32))
    ),
)
def numbered_key(key, number, /):  # type: ignore[no-untyped-def]
    """The key of one iteration: ``key + [number, 0, 0, 0]``, for a key that is random itself."""
    result = np.array(key, np.uint32)
    result[0] += np.asarray(number).astype(np.uint32)
    return result


def fresh_key() -> Tensor:
    """A symbolic key of four random words, different at each run and at each call: where a loop's keys start."""
    return random_bits(random_key(), (4,), _next_stream())


# --- distributions as ops -------------------------------------------------------------------------------------------
# Each takes a key and perhaps a tensor of which only the shape is read: it fills the axes that `shape` leaves open.


def filled_shape(shape: Any, like: Sequence[Any]) -> Any:
    """The shape to draw: ``shape``, its open axes taken from the spec (or array) in ``like``, if there is one."""
    if not like:
        return shape
    given = like[0].shape
    if shape is None or given is None:
        return given if shape is None else shape
    if len(shape) != len(given):
        raise fail(
            ShapeError,
            "random: shape and like differ in rank",
            expected=f"{len(shape)} axes",
            received=shape_text(given),
        )
    return tuple(g if d is None else d for d, g in zip(shape, given, strict=True))


def _draws(expand: Callable[..., Any]) -> Callable[[Callable[..., Any]], Op]:
    """The record of an op that draws: ``expand(key, shape, stream, **attrs)`` makes it of other ops."""

    def expanded(key: Tensor, *like: Tensor, shape: Any, stream: int, **attrs: Any) -> Tensor:
        return expand(key, filled_shape(shape, like), stream, **attrs)

    return make_op(
        {},
        infer=lambda key, *like, shape, dtype, **attrs: Spec(filled_shape(shape, like), dtype),
        grad=lambda g, y, *inputs, **attrs: [None] * len(inputs),
        expand=expanded,
        shape_only=(1,),
        draws=True,
    )


def _rows_of_pairs(numbers: Tensor) -> tuple[Tensor, Tensor]:
    """The two halves of pairs, as :func:`thalweg.philox.pairs` takes them: neighbouring rows of 16; each [rows, 16]."""
    rows: Any = shape_ops.reshape(numbers, (-1, 2, philox.LANES))
    return rows[:, 0], rows[:, 1]


def _round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def first_of(flat: Any, shape: tuple[int, ...]) -> Tensor:
    size = math.prod(shape)
    flat = flat if flat.shape == (size,) else shape_ops.reshape(flat, (-1,))
    return shape_ops.reshape(flat if flat.shape == (size,) else flat[:size], shape)


def _unit32(key: Tensor, shape: tuple[int, ...], stream: int) -> Any:
    # Below 2**31, and the signed conversion is one instruction everywhere.
    word = ew.bitwise_right_shift(random_bits(key, shape, stream), constant(8, "uint32"))
    return ew.astype(ew.astype(word, "int32"), "float32") * 2.0**-24


def _unit64(key: Tensor, size: int, stream: int) -> Tensor:
    """``size`` uniform float64 numbers, flat: a multiple of 16."""
    first, second = _rows_of_pairs(random_bits(key, (2 * size,), stream))
    high = ew.astype(ew.astype(ew.bitwise_right_shift(first, constant(5, "uint32")), "int32"), "float64")
    low = ew.astype(ew.astype(ew.bitwise_right_shift(second, constant(6, "uint32")), "int32"), "float64")
    return shape_ops.reshape((high * 2.0**26 + low) * 2.0**-53, (size,))


def _expand_uniform(key: Tensor, shape: tuple[int, ...], stream: int, dtype: np.dtype) -> Tensor:
    if dtype == dtypes.float32:
        return _unit32(key, shape, stream)
    return first_of(_unit64(key, _round_up(math.prod(shape), philox.LANES), stream), shape)


@_draws(_expand_uniform)
def random_uniform(key, *like, shape, dtype, stream):  # type: ignore[no-untyped-def]
    """Numbers in [0, 1), float32 or float64: :func:`thalweg.philox.uniform`."""
    return philox.uniform(_stream_key(key, stream), filled_shape(shape, like), dtype=dtype)


def _expand_normal(key: Tensor, shape: tuple[int, ...], stream: int, dtype: np.dtype) -> Tensor:
    size = _round_up(math.prod(shape), 2 * philox.LANES)
    uniform32 = dtype == dtypes.float32
    first, second = _rows_of_pairs(_unit32(key, (size,), stream) if uniform32 else _unit64(key, size, stream))
    ulp = 2.0**-24 if uniform32 else 2.0**-53
    radius = ew.sqrt(ew.log(first + ulp) * -2.0)
    angle = (second - 0.5) * (2 * math.pi)
    both = [shape_ops.expand_dims(radius * half, 1) for half in (ew.cos(angle), ew.sin(angle))]
    return first_of(joining.concat(both, axis=1), shape)


@_draws(_expand_normal)
def random_normal(key, *like, shape, dtype, stream):  # type: ignore[no-untyped-def]
    """Standard normal numbers, float32 or float64: :func:`thalweg.philox.normal`."""
    return philox.normal(_stream_key(key, stream), filled_shape(shape, like), dtype=dtype)


def _expand_truncated(key: Tensor, shape: tuple[int, ...], stream: int, dtype: np.dtype) -> Tensor:
    x = _expand_uniform(key, shape, stream, dtype) * 2.0 - 1.0
    bx = x * philox.TRUNCATED_SCALE
    t = -ew.log((1.0 - bx) * (1.0 + bx)) - 1.25
    coefficients = philox.TRUNCATED_FLOAT32 if dtype == dtypes.float32 else philox.TRUNCATED_FLOAT64
    y = t * coefficients[-1] + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        y = y * t + coefficient
    return ew.maximum(ew.minimum(y * x, 2.0), -2.0)


@_draws(_expand_truncated)
def random_truncated_normal(key, *like, shape, dtype, stream):  # type: ignore[no-untyped-def]
    """Standard normal numbers within [-2, 2], float32 or float64: :func:`thalweg.philox.truncated_normal`."""
    return philox.truncated_normal(_stream_key(key, stream), filled_shape(shape, like), dtype=dtype)


def _expand_integers(
    key: Tensor, shape: tuple[int, ...], stream: int, low: int, high: int, dtype: np.dtype
) -> Tensor:
    """``low + floor(word * span / 2**32)`` in uint64; a pair of words where the span is large."""
    half, offset = constant(32, "uint64"), _uint64(low & 0xFFFFFFFFFFFFFFFF)
    span = high - low
    if span <= 2**16:
        words = ew.astype(random_bits(key, shape, stream), "uint64")
        return ew.astype(ew.bitwise_right_shift(words * _uint64(span), half) + offset, dtype)
    size = 2 * _round_up(math.prod(shape), philox.LANES)
    first, second = _rows_of_pairs(ew.astype(random_bits(key, (size,), stream), "uint64"))
    factor_low, factor_high = _uint64(span & 0xFFFFFFFF), _uint64(span >> 32)
    middle = first * factor_low + ew.bitwise_right_shift(second * factor_low, half)
    other = second * factor_high + ew.bitwise_and(middle, _uint64(0xFFFFFFFF))
    drawn = first * factor_high + (ew.bitwise_right_shift(middle, half) + ew.bitwise_right_shift(other, half))
    return first_of(ew.astype(drawn + offset, dtype), shape)


def _uint64(value: int) -> Any:
    return constant(np.uint64(value))


@_draws(_expand_integers)
def random_integers(key, *like, shape, low, high, dtype, stream):  # type: ignore[no-untyped-def]
    """Integers in [low, high): :func:`thalweg.philox.integers`."""
    return philox.integers(_stream_key(key, stream), filled_shape(shape, like), low, high, dtype)


@make_op(
    {},
    infer=lambda key, *rows, n, stream: Spec(rows[0].shape[:1] if rows else (n,), dtypes.int64),
    grad=lambda g, y, key, *rows, n, stream: [None] * (1 + len(rows)),
)
def random_permutation(key, /, *rows, n=None, stream=0):  # type: ignore[no-untyped-def]
    """A random order of 0, ..., n-1, or of the numbers of ``rows``: :func:`thalweg.philox.permutation`."""
    return philox.permutation(_stream_key(key, stream), len(rows[0]) if rows else n)


# --- what a draw depends on -----------------------------------------------------------------------------------------


def key_and_stream(operands: Sequence[Any], key: Any, symbolic: bool | None) -> tuple[Tensor, int]:
    """The key tensor and the stream number of one draw."""
    if key is not None:
        (given,) = convert_operands([key])
        if given.dtype != dtypes.uint32 or given.shape not in ((4,), (6,)):
            raise fail(
                DTypeError,
                "random: key",
                expected="uint32[4]",
                received=str(given.specs[0]),
                hint="thalweg.philox.make_key(seed) makes one",
            )
        return given, 0
    if symbolic is None:
        unknown = any(isinstance(t, Tensor) and t.is_symbolic for t in operands)
        symbolic = unknown or current_recorder() is not None or bool(_keys.stack)
    if symbolic:
        return random_key(), _next_stream()
    return constant(next_key()), 0


def wanted_shape(name: str, shape: Any, like: Any) -> tuple[Any, tuple[Tensor, ...]]:
    """The shape attribute and, where axes stay open, the tensor that fills them."""
    likes = () if like is None else tuple(convert_operands([like]))
    if shape is None and not likes:
        raise fail(ArgumentError, f"{name}: no shape", expected="shape=... or like=a tensor of that shape")
    wanted = None if shape is None else check_shape(shape)
    full = filled_shape(wanted, likes)
    if full is not None and None not in full:
        return full, ()
    if not likes:
        raise fail(
            ShapeError,
            f"{name}: the shape has an open axis",
            expected="lengths",
            received=shape_text(wanted),
            hint="pass like=a tensor from which the program takes the length",
        )
    return wanted, likes


def known_lengths(name: str, shape: Any) -> tuple[int, ...]:
    """The shape of a draw whose numbers are made at once; an error where an axis is open."""
    if shape is None or None in shape:
        raise fail(
            ShapeError,
            f"{name}: numbers of another library",
            expected="a known shape",
            received=shape_text(shape),
        )
    return shape  # type: ignore[no-any-return]


def float_dtype(name: str, dtype: Any) -> tuple[np.dtype, np.dtype]:
    """The dtype asked for, and the one that the numbers are made in."""
    wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    if not dtypes.is_floating(wanted):
        raise fail(DTypeError, f"{name}: dtype", expected="a floating dtype", received=wanted.name)
    return wanted, dtypes.float64 if wanted == dtypes.float64 else dtypes.float32


def drawn_from(key: Numbers, kind: str, shape: Any, dtype: np.dtype, *bounds: int) -> Tensor:
    """The numbers of one draw that another library's stream gives."""
    made = getattr(key, kind)(*bounds, known_lengths(kind, shape), dtype)
    return made if isinstance(made, Tensor) else constant(made)


def unit_draw(
    op: Op,
    name: str,
    shape: Any,
    operands: Sequence[Any],
    dtype: Any,
    like: Any,
    key: Any,
    symbolic: bool | None,
) -> Any:
    """Numbers of one of the standard distributions in the wanted shape and dtype."""
    wanted, working = float_dtype(name, dtype)
    full, likes = wanted_shape(name, shape, like)
    if isinstance(key, Numbers):
        return drawn_from(key, op.name.removeprefix("random_"), full, wanted)
    source, stream = key_and_stream([*operands, like], key, symbolic)
    numbers = op(source, *likes, shape=full, dtype=working, stream=stream)
    return numbers if wanted == working else ew.astype(numbers, wanted)
