"""TensorFlow 1's random nodes: drawn anew at every run, from the stream of all or from that of the node's own seed."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from thalweg.compat.names import inner
from thalweg.compat.streams import RepeatedStream, SeedsOfNumPy, Stream, pair_of_seeds
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import late, math
from thalweg.compat.tf1.graph import Node, Tensor, default_graph, value, wrap
from thalweg.compat.tf1.lengths import before, like, numbers_of
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.compat.tf1.variables.variable import in_step_of_keras
from thalweg.graph.walk import leaves
from thalweg.layers.seeds import next_key_at, place_of
from thalweg.ops import draws, random
from thalweg.ops.index import take


def set_random_seed(seed: int) -> None:
    """The seed of this graph: every session of it draws the same numbers."""
    default_graph().seed = int(seed)
    rule = draws.get_rule()
    random.set_seed(int(seed))
    if isinstance(rule, SeedsOfNumPy):  # a program of Keras, whose seeds stand beside that of the graph
        rule.seed = int(seed)
        draws.set_rule(rule)


@inner
def op_seed(seed: Any, *before: Any) -> Any:
    """The seed of a node; where the graph alone has one, the number of nodes made so far, as TensorFlow takes it: with
    those for the arguments ``before`` the draw that are no nodes.
    """
    graph = default_graph()
    if seed is not None or graph.seed is None or draws.in_loop():
        return seed
    return graph._last_id + sum(not isinstance(x, Node) for x in before)


class _SeededKeys:
    """The keys of a node with a seed of its own: the same ones in every session."""

    def __init__(self, seed: int) -> None:
        self.seeds = default_graph().seed or 0, int(seed)
        self.counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        self.counts[session.draws] = self.counts.get(session.draws, 0) + 1
        return [np.array([*self.seeds, self.counts[session.draws], 1], np.uint64).astype(np.uint32)]


@inner
def keyed(seed: Any) -> Any:
    """The key of a node with a seed; None for one that draws from the stream of all, as each iteration of a loop.

    In a step of Keras's own, which no session runs, its place in the sequence is a variable of the step.
    """
    if seed is None or draws.in_loop():
        return None
    if in_step_of_keras():
        first, second = pair_of_seeds(default_graph().seed, int(seed))
        return next_key_at(place_of(first + (second << 32), "seed"))
    return g.source_leaf(_SeededKeys(seed), 0, np.uint32, (4,), "seed")


class _Drawn:
    """The numbers of a node with a seed of its own, those that TensorFlow draws: in every session the same ones.

    ``line``: what they are multiplied by and what is added then, each rounded to the dtype, as there.
    """

    def __init__(
        self, kind: str, seed: int, shape: tuple[int, ...], dtype: Any, *bounds: int, line: Any = (1, 0)
    ) -> None:
        self.kind, self.seeds = kind, pair_of_seeds(default_graph().seed, int(seed))
        self.shape, self.dtype, self.bounds, self.line = shape, np.dtype(dtype), bounds, line
        self.streams: WeakKeyDictionary[Any, Stream] = WeakKeyDictionary()

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The next ones of a session."""
        stream = self.streams.setdefault(session.draws, Stream(*self.seeds))
        if self.kind == "order":
            return [stream.order(*self.shape)]
        numbers = getattr(stream, self.kind)(*self.bounds, self.shape, self.dtype)
        if self.line == (1, 0):
            return [numbers]
        spread, start = (self.dtype.type(n) for n in self.line)
        return [numbers * spread + start]


@inner
def draws_by_seed(node: Any) -> bool:
    """Whether what a node is depends on how often nodes with seeds have drawn."""
    below = leaves([node.t]) if node.t is not None else []
    return any(isinstance(getattr(x, "source", None), (_Drawn, _SeededKeys)) for x in below)


def _seeded(kind: str, lengths: Any, dtype: Any, seed: Any, *bounds: int, line: Any = (1, 0)) -> Any:
    """The numbers of a node with a seed of its own and a known shape; None for all others. In a step of Keras's own
    where their stream stands is a variable of the step.
    """
    if seed is None or draws.in_loop() or lengths is None or not all(isinstance(n, int) for n in lengths):
        return None
    kind_of = np.dtype(numpy_dtype(dtype))
    shape = tuple(lengths)
    if in_step_of_keras():
        if not RepeatedStream.serves(kind, kind_of):
            return None
        stream = RepeatedStream(*pair_of_seeds(default_graph().seed, int(seed)))
        numbers = getattr(stream, kind)(*bounds, shape, kind_of)
        return numbers if line == (1, 0) else numbers * line[0] + line[1]
    return g.source_leaf(_Drawn(kind, seed, shape, kind_of, *bounds, line=line), 0, kind_of, shape, "seeded")


def _scaled(kind: str, lengths: Any, dtype: Any, seed: Any, spread: Any, start: Any) -> Any:
    """Such numbers times one, and one more."""
    if isinstance(spread, (int, float)) and isinstance(start, (int, float)):
        return _seeded(kind, lengths, dtype, seed, line=(spread, start))
    numbers = _seeded(kind, lengths, dtype, seed)
    return None if numbers is None else numbers * spread + start


def _number(x: Any, dtype: Any) -> Any:
    return x if isinstance(x, (int, float)) else value(x, dtype)


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Tensor:
    """Normal numbers."""
    with default_graph().made_of(3 + sum(not isinstance(x, Node) for x in (shape, mean, stddev))):
        return _normal("normal", random.normal, shape, mean, stddev, dtype, seed, name)


def _normal(
    kind: str, draw: Any, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: Any, name: str | None
) -> Tensor:
    seed = op_seed(seed, shape, mean, stddev)
    lengths, follows = like(shape)
    numbers = _scaled(kind, lengths, dtype, seed, _number(stddev, dtype), _number(mean, dtype))
    if numbers is not None:
        return wrap(numbers, name, f"random_{kind}" if kind == "normal" else kind)
    drawn = draw(
        lengths,
        _number(mean, dtype),
        _number(stddev, dtype),
        numpy_dtype(dtype),
        like=follows,
        symbolic=True,
        key=keyed(seed),
    )
    return wrap(drawn, name, f"random_{kind}" if kind == "normal" else kind)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Tensor:
    """Normal numbers within two standard deviations."""
    with default_graph().made_of(3 + sum(not isinstance(x, Node) for x in (shape, mean, stddev))):
        return _normal("truncated_normal", random.truncated_normal, shape, mean, stddev, dtype, seed, name)


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Tensor:
    """Uniform numbers in [minval, maxval), also integers."""
    own = 1 if as_dtype(dtype).is_integer else 4
    with default_graph().made_of(own + sum(not isinstance(x, Node) for x in (shape, minval, maxval))):
        return _uniform(shape, minval, maxval, dtype, seed, name)


def _uniform(shape: Any, minval: Any, maxval: Any, dtype: Any, seed: Any, name: Any) -> Tensor:
    seed = op_seed(seed, shape, minval, maxval)
    lengths, follows = like(shape)
    if as_dtype(dtype).is_integer:
        if maxval is None:
            raise ValueError(
                f"random_uniform: maxval must be given for the whole numbers of {as_dtype(dtype)!r}"
            )
        low, high = g.static_value(minval), g.static_value(maxval)
        if low is None or high is None:  # bounds that only a run knows
            span = g.cast(value(maxval), "float64") - g.cast(value(minval), "float64")  # type: ignore[operator]
            part: Any = random.uniform(
                lengths, 0.0, 1.0, np.dtype("float64"), like=follows, symbolic=True, key=keyed(seed)
            )
            drawn = g.cast(part * span, dtype) + g.cast(value(minval), dtype)  # type: ignore[operator]
            return wrap(drawn, name, "random_uniform")
        whole = _seeded("integers", lengths, dtype, seed, int(low), int(high))
        if whole is not None:
            return wrap(whole, name, "random_uniform")
        drawn = random.randint(
            int(low), int(high), lengths, numpy_dtype(dtype), like=follows, symbolic=True, key=keyed(seed)
        )
    else:
        top: Any = 1.0 if maxval is None else _number(maxval, dtype)
        low = _number(minval, dtype)
        numbers = _scaled("uniform", lengths, dtype, seed, top - low, low)
        if numbers is not None:
            return wrap(numbers, name, "random_uniform")
        drawn = random.uniform(
            lengths,
            _number(minval, dtype),
            top,
            numpy_dtype(dtype),
            like=follows,
            symbolic=True,
            key=keyed(seed),
        )
    return wrap(drawn, name, "random_uniform")


def random_shuffle(value: Any, seed: Any = None, name: Any = None) -> Tensor:
    """The rows in random order."""
    rows, seed = g.value(value), op_seed(seed)
    if rows.shape is None:
        order = random_shuffle(math.range(math.shape(value)[0]), seed)
        return late.deferring(math.gather)(value, order, name=name)
    held = draws.in_loop() or in_step_of_keras()
    if seed is not None and not held and isinstance(rows.shape[0], int):
        places = g.source_leaf(
            _Drawn("order", seed, rows.shape[:1], np.int64), 0, np.int64, rows.shape[:1], "order"
        )
        return wrap(take(rows, places, axis=0), name, "RandomShuffle", [value])
    return wrap(random.shuffle(rows, symbolic=True, key=keyed(seed)), name, "RandomShuffle", [value])


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: Any = None, output_dtype: Any = "int64"
) -> Tensor:
    """Class numbers [batch, num_samples], drawn with probabilities softmax(logits)."""
    rows = value(logits)
    drawn = random.categorical(
        g.held_to(rows, (None, None)) if rows.shape is None else rows,
        g.static_int(num_samples, "num_samples"),
        numpy_dtype(output_dtype),
        symbolic=True,
        key=keyed(seed),
    )
    return wrap(drawn, name, "Multinomial", [logits, num_samples])


def random_poisson(
    lam: Any, shape: Any, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Tensor:
    """Poisson numbers of mean ``lam``: shape first, then the shape of ``lam``."""
    mean = value(lam)
    drawn = random.poisson(
        mean=mean, dtype=numpy_dtype(dtype), symbolic=True, key=keyed(seed), **before(numbers_of(shape), mean)
    )
    return wrap(drawn, name, "random_poisson", [lam])


def random_gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Tensor:
    """Gamma numbers of shape ``alpha`` and rate ``beta``: shape first, then the shape of both."""
    a: Any = value(alpha, dtype)
    rate: Any = 1.0 if beta is None else value(beta, dtype)
    drawn = random.gamma(
        alpha=a,
        rate=rate,
        dtype=numpy_dtype(dtype),
        symbolic=True,
        key=keyed(seed),
        **before(numbers_of(shape), a * rate),
    )
    return wrap(drawn, name, "random_gamma", [alpha] if beta is None else [alpha, beta])


def random_crop(value: Any, size: Any, seed: Any = None, name: Any = None) -> Tensor:
    """A part of the given size at a random place."""
    from thalweg.compat.tf1.math.indexing import slice
    from thalweg.compat.tf1.math.shapes import shape
    from thalweg.ops.create import arange

    if g.static_value(size) is None:  # known in a run only
        room: Any = shape(value) - size + 1
        places = random_uniform([room.get_shape()[0].value], 0, 2**31 - 1, "int32", seed) % room
        return slice(value, places, size, name)
    t, lengths = g.value(value), [int(d) for d in g.static_value(size)]
    all_, starts = t.shape, g.value(random_uniform([len(lengths)], 0, 2**31 - 1, "int32", seed))
    if any(n is not None and n < length for n, length in zip(all_, lengths, strict=True)):
        raise ValueError(f"tf.random_crop: need value.shape >= size, got {all_} and {tuple(lengths)}")
    for axis, (n, length) in enumerate(zip(all_, lengths, strict=True)):
        if n != length:
            places = (g.value(shape(value))[axis] if n is None else n) - length + 1
            t = take(t, arange(length, dtype=np.int32) + starts[axis] % places, axis=axis)
    return wrap(t, name, "random_crop", [value])


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """(the graph's seed, the node's)."""
    return default_graph().seed, op_seed
