"""``tf.random``: numbers drawn from the global seed, from generators, and from seeds of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from thalweg import dtypes, nn, philox
from thalweg.compat.names import described, inner, only
from thalweg.compat.streams import (
    DEFAULT_GRAPH_SEED,
    OperationSeeds,
    RepeatedStream,
    Stream,
    pair_of_seeds,
    scrambled,
)
from thalweg.compat.tf1.lengths import before
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.values import cast, drawn, lengths, number, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import current_recorder
from thalweg.ops import draws, joining, random
from thalweg.ops.index import take

_DRAWS = {"normal": random.normal, "truncated_normal": random.truncated_normal}


class _Seeds:
    """The global seed, once a program has set it, the seeds of operations without one, the streams of the others."""

    def __init__(self, seed: int | None) -> None:
        self.seed, self.chain = seed, None if seed is None else OperationSeeds(seed)
        self.streams: dict[Any, Stream] = {}
        self.keys: dict[int, Generator] = {}  # of draws that TensorFlow makes in other ways
        self.traced: WeakKeyDictionary[Any, int] = (
            WeakKeyDictionary()
        )  # operations without a seed of their own

    def of_operation(self, seed: Any) -> tuple[int, int] | None:
        """The two seeds of an operation that has this one, or None; None without any."""
        if seed is None and self.chain is None:
            return None
        own = self.chain.next() if seed is None and self.chain is not None else int(number(seed))
        return pair_of_seeds(self.seed, own)

    def of_traced(self, recorder: Any, seed: Any) -> tuple[int, int] | None:
        """The same in a function that is being traced, whose operations without a seed are numbered."""
        if seed is not None:
            return pair_of_seeds(self.seed, int(number(seed)))
        if self.seed is None:
            return None
        self.traced[recorder] = self.traced.get(recorder, 0) + 1
        return pair_of_seeds(self.seed, self.traced[recorder] - 1)


_state = {"seeds": _Seeds(None)}


def set_seed(seed: int) -> None:
    """The seed from which all numbers follow, and the orders of data sets shuffled without one of their own.

    What is drawn from then on, the first values of layers' weights and the orders of ``fit`` and of data sets are those
    of TensorFlow (:mod:`thalweg.compat.streams`).
    """
    random.set_seed(int(seed))
    _state["seeds"] = _Seeds(int(seed))
    draws.set_rule(_Rule())


class _Rule(draws.SeedRule):
    """What tf.keras draws once a program has set the global seed."""

    def first(self, seed: int | None) -> Stream:
        """With a seed what stateless operations draw, else what the next operation does."""
        if seed is not None:
            return scrambled((seed, 0))
        seeds = _state["seeds"].of_operation(None)
        assert seeds is not None
        return Stream(*seeds)

    def orders(self) -> Callable[[int], np.ndarray]:
        """Those of ``fit``: the first random operation of a function of its own."""
        return Stream(*pair_of_seeds(_state["seeds"].seed, 0)).order


@inner
def seeded_key(seed: Any) -> Any:
    """The key of a draw with a seed of its own: the next one of that seed's sequence; None where there is no seed.

    In a compiled function each draw has a sequence of its own, which begins as that of eager draws does.
    """
    held = _state["seeds"]
    if seed is None:
        recorder = current_recorder()
        if recorder is not None:
            held.of_traced(recorder, None)
        elif held.chain is not None:
            held.chain.next()
        return None
    own = DEFAULT_GRAPH_SEED if held.seed is None else held.seed
    mixed = (own % 2**32 << 32) + int(number(seed)) % 2**32
    if current_recorder() is not None:
        return Generator(mixed).next_key()
    return held.keys.setdefault(mixed, Generator(mixed)).next_key()


@inner
def seeds_of_operation(seed: int | None) -> tuple[int, int] | None:
    """The two seeds of an operation outside of compiled functions, None where nothing was seeded."""
    return None if current_recorder() is not None else _state["seeds"].of_operation(seed)


@inner
def numbers_of(kind: str, dtype: Any, seed: Any, shape: dict[str, Any] | None = None) -> Any:
    """What a draw takes its numbers from: TensorFlow's where a seed decides them and they are made at once, else the
    key of :func:`seeded_key`. Draws of one kind, dtype and seed go on one after the other.
    """
    held, recorder = _state["seeds"], current_recorder()
    is_shaped = shape is not None and "like" not in shape
    if recorder is not None:
        served = is_shaped and not draws.in_loop() and RepeatedStream.serves(kind, numpy_dtype(dtype))
        seeds = held.of_traced(recorder, seed) if served else None
        return seeded_key(seed) if seeds is None else RepeatedStream(*seeds)
    if draws.in_loop() or (shape is not None and not is_shaped):
        return seeded_key(seed)
    seeds = held.of_operation(seed)
    if seeds is None:
        return None
    if seed is None:
        return Stream(*seeds)
    return held.streams.setdefault((kind, np.dtype(numpy_dtype(dtype)), *seeds), Stream(*seeds))


def _key(seed: Any) -> Any:
    """A draw's own key: the seeds of the arguments are numbers or pairs of numbers."""
    if isinstance(seed, Tensor) and seed.value is None:
        return cast(joining.concat([seed, core.constant([0, 0], seed.dtype)], axis=0), "uint32")
    given = [int(s) for s in np.atleast_1d(np.asarray(seed))]
    return core.constant(philox.make_key(sum(s << (32 * k) for k, s in enumerate(given)) % 2**64))


def _uniform(shape: Any, minval: Any, maxval: Any, dtype: Any, key: Any) -> Any:
    kind = numpy_dtype(dtype)
    if dtypes.is_integer(kind):
        low, high = int(number(minval or 0)), int(number(maxval))
        return random.randint(low, high, dtype=kind, key=key, **drawn(shape))
    top = 1.0 if maxval is None else maxval
    return random.uniform(minval=_bound(minval), maxval=_bound(top), dtype=kind, key=key, **drawn(shape))


def _bound(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else tensor(value)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Uniform numbers in [minval, maxval); whole ones of a whole dtype."""
    if maxval is None and dtypes.is_integer(numpy_dtype(dtype)):
        raise ValueError(f"tf.random.uniform: maxval must be given for whole numbers, those of {dtype!r}")
    kind = "integers" if dtypes.is_integer(numpy_dtype(dtype)) else "uniform"
    return _uniform(shape, minval, maxval, dtype, numbers_of(kind, dtype, seed, drawn(shape)))


def _normal(kind: str, shape: Any, mean: Any, stddev: Any, dtype: Any, key: Any) -> Any:
    return _DRAWS[kind](
        mean=_bound(mean), stddev=_bound(stddev), dtype=numpy_dtype(dtype), key=key, **drawn(shape)
    )


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers."""
    return _normal("normal", shape, mean, stddev, dtype, numbers_of("normal", dtype, seed, drawn(shape)))


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers within two standard deviations."""
    source = numbers_of("truncated_normal", dtype, seed, drawn(shape))
    return _normal("truncated_normal", shape, mean, stddev, dtype, source)


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """The rows in random order."""
    rows = tensor(value)
    source = numbers_of("order", rows.dtype, seed)
    if isinstance(source, Stream):
        return take(rows, source.order(len(rows)), axis=0)
    return random.shuffle(rows, key=source)


def categorical(logits: Any, num_samples: Any, dtype: Any = None, seed: Any = None, name: Any = None) -> Any:
    """Class numbers [rows, num_samples], drawn with probabilities softmax(logits)."""
    return random.categorical(
        tensor(logits), int(number(num_samples)), numpy_dtype(dtype or "int64"), key=seeded_key(seed)
    )


def gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Gamma numbers of shape ``alpha`` and rate ``beta``: shape first, then the shape of both. Without a gradient for
    ``alpha``.
    """
    a, rate = cast(alpha, dtype), 1.0 if beta is None else cast(beta, dtype)
    return random.gamma(
        alpha=a, rate=rate, dtype=numpy_dtype(dtype), key=seeded_key(seed), **before(lengths(shape), a * rate)
    )


def _sampler(shares_of: Callable[[int], Any]) -> Callable[..., Any]:
    """Classes drawn by shares, and how often the true ones and the drawn ones are to be expected."""

    def sample(
        true_classes: Any, num_true: int, num_sampled: Any, unique: bool, range_max: Any, seed: Any = None,
        name: Any = None,
    ) -> Any:  # fmt: skip
        shares, true = shares_of(int(number(range_max))), cast(true_classes, "int64")
        return nn.draw_candidates(
            shares, true, int(number(num_sampled)), unique=bool(unique), key=seeded_key(seed)
        )

    sample.__doc__ = described(nn.draw_candidates)
    return sample


log_uniform_candidate_sampler = _sampler(nn.log_uniform_shares)
uniform_candidate_sampler = _sampler(np.ones)


def fixed_unigram_candidate_sampler(
    true_classes: Any, num_true: int, num_sampled: Any, unique: bool, range_max: Any, vocab_file: str = "",
    distortion: float = 1.0, num_reserved_ids: int = 0, num_shards: int = 1, shard: int = 0, unigrams: Any = (),
    seed: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Classes drawn by counts ``unigrams`` to the power ``distortion``, behind ``num_reserved_ids`` others."""
    only("tf.random.fixed_unigram_candidate_sampler", "num_shards", num_shards, 1)
    counts = list(unigrams)
    if vocab_file:
        with open(vocab_file, encoding="utf-8") as lines:
            counts = [float(line.split(",")[-1]) for line in lines if line.strip()]
    shares = np.concatenate([np.zeros(int(num_reserved_ids)), np.asarray(counts, float) ** float(distortion)])
    if len(shares) != int(number(range_max)):
        raise fail(
            ArgumentError, "fixed_unigram_candidate_sampler: counts", expected=f"{int(number(range_max))} of them",
            received=len(shares),
        )  # fmt: skip
    return _sampler(lambda count: shares)(true_classes, num_true, num_sampled, unique, range_max, seed)


# --- seeds of their own ---------------------------------------------------------------------------------------------


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Any:
    """Uniform numbers that a seed (two numbers) decides alone."""
    return _uniform(shape, minval, maxval, dtype, _key(seed))


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Any:
    """Normal numbers that a seed (two numbers) decides alone."""
    return _normal("normal", shape, mean, stddev, dtype, _key(seed))


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    name: Any = None,
    alg: Any = "auto_select",
) -> Any:
    """Normal numbers within two standard deviations that a seed (two numbers) decides alone."""
    return _normal("truncated_normal", shape, mean, stddev, dtype, _key(seed))


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = "int64", name: Any = None
) -> Any:
    """Class numbers that a seed (two numbers) decides alone."""
    return random.categorical(tensor(logits), int(number(num_samples)), numpy_dtype(dtype), key=_key(seed))


class Generator:
    """A source of numbers with a state of its own, moved on by each draw, also in compiled functions."""

    def __init__(self, seed: int) -> None:
        self._state = Variable(philox.make_key(int(seed) % 2**64), trainable=False, name="generator")

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """A source that always gives the same numbers."""
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A source that gives other numbers each time."""
        return cls(int(np.random.SeedSequence().generate_state(1, np.uint64)[0]))

    @property
    def state(self) -> Variable:
        """The key of the next draw."""
        return self._state

    def reset_from_seed(self, seed: int) -> None:
        """Begin anew."""
        self._state.assign(philox.make_key(int(seed) % 2**64))

    def next_key(self) -> Any:
        """The key of the next draw; the state moves on."""
        key = self._state.read()
        self._state.assign(key + core.constant(np.array([0, 0, 1, 0], np.uint32)))  # type: ignore[operator]
        return key

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: Any = None
    ) -> Any:
        """Normal numbers."""
        return _normal("normal", shape, mean, stddev, dtype, self.next_key())

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", name: Any = None
    ) -> Any:
        """Normal numbers within two standard deviations."""
        return _normal("truncated_normal", shape, mean, stddev, dtype, self.next_key())

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", name: Any = None
    ) -> Any:
        """Uniform numbers; whole ones of a whole dtype."""
        return _uniform(shape, minval, maxval, dtype, self.next_key())

    def make_seeds(self, count: int = 1) -> Any:
        """Pairs of numbers for the stateless draws, [2, count]."""
        return self.uniform((2, count), 0, 2**31 - 1, "int64")

    def split(self, count: int = 1) -> list[Generator]:
        """Sources that give different numbers."""
        return [Generator(int(s)) for s in np.asarray(self.uniform((count,), 0, 2**62, "int64"))]


_global: dict[str, Generator] = {}


def get_global_generator() -> Generator:
    """The generator of :func:`set_global_generator`; one is made unless it was given."""
    if "it" not in _global:
        _global["it"] = Generator.from_non_deterministic_state()
    return _global["it"]


def set_global_generator(generator: Generator) -> None:
    """What :func:`get_global_generator` gives."""
    _global["it"] = generator


class Algorithm:
    """How numbers would be drawn: there is one way."""

    PHILOX, THREEFRY, AUTO_SELECT = 1, 2, 3


def stateless_shuffle(value: Any, seed: Any, alg: Any = "auto_select", name: Any = None) -> Any:
    """The rows in an order that the seed (two numbers) decides alone."""
    return random.shuffle(tensor(value), key=_key(seed))


def poisson(shape: Any, lam: Any, dtype: Any = "float32", seed: Any = None, name: Any = None) -> Any:
    """Poisson numbers of mean ``lam``: shape first, then the shape of ``lam``."""
    mean = tensor(lam)
    return random.poisson(
        mean=mean, dtype=numpy_dtype(dtype), key=seeded_key(seed), **before(lengths(shape), mean)
    )


def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", name: Any = None
) -> Any:
    """Gamma numbers that the seed alone decides; the parameters broadcast to the shape."""
    rate = 1.0 if beta is None else cast(beta, dtype)
    kind = numpy_dtype(dtype)
    return random.gamma(alpha=cast(alpha, dtype), rate=rate, dtype=kind, key=_key(seed), **drawn(shape))


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = "int32", name: Any = None) -> Any:
    """Poisson numbers that the seed alone decides; ``lam`` broadcasts to the shape."""
    return random.poisson(mean=tensor(lam), dtype=numpy_dtype(dtype), key=_key(seed), **drawn(shape))


def split(seed: Any, num: int = 2, alg: Any = None) -> Any:
    """Seeds [num, 2] from one seed."""
    return stateless_uniform((num, 2), seed, 0, 2**31 - 1, "int32")


def fold_in(seed: Any, data: Any, alg: Any = None) -> Any:
    """A seed from one seed and a number."""
    first = np.asarray(seed).astype(np.int64)
    return stateless_uniform((2,), (first[0] ^ int(number(data)), first[1]), 0, 2**31 - 1, "int32")
