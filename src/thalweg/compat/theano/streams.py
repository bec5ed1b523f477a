"""``RandomStreams``: draws that functions repeat anew at each call, each with a state of its own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import thalweg as tw
from thalweg import philox
from thalweg.compat.theano.conversion import as_dtype, dtype_of, float_of, tensor_of
from thalweg.compat.theano.sharing import SharedTensor, TensorSharedVariable
from thalweg.compat.theano.variable import TensorVariable, filled, shape_items
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops import dynamic
from thalweg.ops import random as draws
from thalweg.ops import shape as shape_ops


class StreamState:
    """The state of one draw as a value: what ``rng.get_value()`` gives and ``rng.set_value()`` takes."""

    def __init__(self, key: np.ndarray) -> None:
        self.key = np.array(key, np.uint32)

    def seed(self, seed: Any = None) -> None:
        """Start over from a seed."""
        self.key = philox.make_key(_seed_number(seed), 0)

    def get_state(self) -> tuple[Any, ...]:
        """The state as a tuple."""
        return ("philox", self.key.copy())

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Go back to a state of :meth:`get_state`."""
        self.key = np.array(state[1], np.uint32)


class RandomStateVariable(TensorSharedVariable):
    """The state of one draw as a shared variable."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The state now."""
        return StreamState(self.tensor.get_value())

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Go to a state: one of :meth:`get_value`, or a NumPy RandomState, from which a seed is drawn."""
        if isinstance(new_value, StreamState):
            self.tensor.set_value(new_value.key)
        else:
            self.tensor.set_value(philox.make_key(int(new_value.randint(2**31)), 0))


def _seed_number(seed: Any) -> int:
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(np.asarray(seed).reshape(-1)[0]) % 2**64


class _Made(threading.local):
    stack: tuple[list[SharedTensor], ...] = ()


_made = _Made()


@contextmanager
def states_made() -> Iterator[list[SharedTensor]]:
    """The states of the draws made inside."""
    found: list[SharedTensor] = []
    _made.stack = (*_made.stack, found)
    try:
        yield found
    finally:
        _made.stack = _made.stack[:-1]


def remember(state: SharedTensor) -> None:
    """A state was made: the loop in whose step that was carries it."""
    for found in _made.stack[-1:]:
        found.append(state)


def _next_state(key: Tensor) -> Tensor:
    """The state after one draw."""
    return tw.add(key, tw.constant(np.array([0, 0, 1, 0], np.uint32)))


class RandomStreams:
    """A source of draws. The numbers depend on ``seed`` and on how often a function has run, on nothing else."""

    def __init__(self, seed: Any = None, use_cuda: Any = None, **_: Any) -> None:
        self.default_instance_seed = seed
        self._numbers = np.random.RandomState(_seed_number(12345 if seed is None else seed) % 2**32)
        self._states: list[RandomStateVariable] = []

    def seed(self, seed: Any = None) -> None:
        """Start all draws over from a seed."""
        self._numbers = np.random.RandomState(_seed_number(seed) % 2**32)
        for state in self._states:
            state.tensor.set_value(self._new_key())

    def _new_key(self) -> np.ndarray:
        return philox.make_key(int(self._numbers.randint(2**31 - 1)), 0)

    def updates(self) -> list[tuple[Any, Any]]:
        """Pairs (state, next state) of all draws."""
        return [(s, TensorVariable(s.tensor.default_update)) for s in self._states]  # type: ignore[arg-type]

    @property
    def state_updates(self) -> list[tuple[Any, Any]]:
        """The same as :meth:`updates`."""
        return self.updates()

    def _key(self) -> RandomStateVariable:
        state = RandomStateVariable(self._new_key())
        state.tensor.default_update = _next_state(state.tensor)
        self._states.append(state)
        remember(state.tensor)
        return state

    def _drawn(self, state: RandomStateVariable, numbers: Tensor) -> TensorVariable:
        made = TensorVariable(numbers)
        made.rng = state  # type: ignore[attr-defined]
        made.update = (state, TensorVariable(state.tensor.default_update))  # type: ignore[attr-defined,arg-type]
        return made

    def uniform(
        self,
        size: Any = None,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        **_: Any,
    ) -> TensorVariable:
        """Uniform numbers in [low, high)."""
        dtype = dtype_of(dtype)
        state, like = self._key(), _shape_of(size, ndim, low, high)
        u: Any = draws.uniform(like=like, dtype=dtype, key=state.tensor, symbolic=True)
        return self._drawn(state, _moved(u, low, tw.subtract(tensor_of(high, dtype), tensor_of(low, dtype))))

    def normal(
        self,
        size: Any = None,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        **_: Any,
    ) -> TensorVariable:
        """Normal numbers of mean ``avg`` and standard deviation ``std``."""
        state, like = self._key(), _shape_of(size, ndim, avg, std)
        z: Any = draws.normal(like=like, dtype=dtype_of(dtype), key=state.tensor, symbolic=True)
        return self._drawn(state, _moved(z, avg, tensor_of(std, z.dtype)))

    def truncated_normal(
        self, size: Any, avg: Any = 0.0, std: Any = 1.0, ndim: int | None = None, dtype: Any = None, **_: Any
    ) -> TensorVariable:
        """Normal numbers, none further than two ``std`` from ``avg``."""
        state, like = self._key(), _shape_of(size, ndim)
        z: Any = draws.truncated_normal(like=like, dtype=dtype_of(dtype), key=state.tensor, symbolic=True)
        return self._drawn(state, _moved(z, avg, tensor_of(std, z.dtype)))

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        prob: Any = None,
        **_: Any,
    ) -> TensorVariable:
        """The number of successes in ``n`` trials of probability ``p``."""
        p = p if prob is None else prob
        state, like = self._key(), _shape_of(size, ndim, p)
        trials = _times(like, n)
        u = draws.uniform(like=trials, dtype="float32", key=state.tensor, symbolic=True)
        hits = tw.less(u, tensor_of(p, "float32"))
        return self._drawn(state, tw.sum(as_dtype(hits, dtype_of(dtype)), axis=0, dtype=dtype_of(dtype)))

    def random_integers(
        self, size: Any = None, low: int = 0, high: int = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> TensorVariable:
        """Integers from ``low`` to ``high``, both included."""
        state, first, last = self._key(), tensor_of(low), tensor_of(high)
        like = _shape_of(size, ndim, first, last)
        if first.ndim == last.ndim == 0 and first.value is not None and last.value is not None:
            ends = (int(first.array()), int(last.array()) + 1)
            return self._drawn(
                state, draws.randint(*ends, dtype=dtype, like=like, key=state.tensor, symbolic=True)
            )
        u: Any = draws.uniform(like=like, dtype="float64", key=state.tensor, symbolic=True)
        count = tw.add(tw.subtract(as_dtype(last, "float64"), as_dtype(first, "float64")), 1.0)
        return self._drawn(state, as_dtype(_moved(tw.floor(tw.multiply(u, count)), first, 1.0), dtype))

    def poisson(
        self, size: Any = None, lam: Any = 1.0, ndim: int | None = None, dtype: Any = "int64", **_: Any
    ) -> TensorVariable:
        """Counts of mean ``lam``."""
        state, mean = self._key(), tensor_of(lam)
        wide = tw.add(_shape_of(size, ndim, mean), as_dtype(mean, "float64"))
        return self._drawn(state, as_dtype(_poisson(state.tensor, wide), dtype_of(dtype)))

    def choice(
        self,
        size: Any = None,
        a: Any = 2,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        **_: Any,
    ) -> TensorVariable:
        """Elements of ``a`` (or of 0, ..., a - 1), with probabilities ``p`` if given; all may be symbolic."""
        lengths, state, source = shape_items(() if size is None else size, ndim), self._key(), tensor_of(a)
        p = None if p is None else tensor_of(p)
        known = source.value is not None and not isinstance(source, SharedTensor)
        if known and all(isinstance(d, int) for d in lengths):
            given = source if source.ndim else int(source.array())
            made: Any = draws.choice(given, tuple(lengths), replace, p, key=state.tensor, symbolic=True)
            return self._drawn(state, made if source.ndim else as_dtype(made, dtype))
        count = as_dtype(shape_ops.count(source, (0,), np.dtype("int64")) if source.ndim else source, "int64")
        made = (_places_drawn if replace else _places_apart)(state.tensor, lengths, count, p)
        return self._drawn(state, tw.take(source, made, axis=0) if source.ndim else as_dtype(made, dtype))

    def permutation(
        self, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> TensorVariable:
        """Random orders of 0, ..., n - 1."""
        lengths = shape_items(() if size is None else size)
        count = int(tensor_of(n).array())
        state = self._key()
        rows: Any = dynamic.broadcast_to_lengths(tw.constant(np.float32(0)), [*lengths, count])
        u = draws.uniform(like=rows, dtype="float64", key=state.tensor, symbolic=True)
        return self._drawn(state, as_dtype(tw.argsort(u, axis=-1), dtype_of(dtype)))

    def shuffle_row_elements(self, input: Any) -> TensorVariable:
        """Each row's elements in one random order."""
        x = tensor_of(input)
        state = self._key()
        u = draws.uniform(like=x, dtype="float64", key=state.tensor, symbolic=True)
        return self._drawn(state, tw.take_along_axis(x, tw.argsort(u, axis=-1), axis=-1))

    def multinomial(
        self,
        size: Any = None,
        n: int = 1,
        pvals: Any = (0.5, 0.5),
        ndim: int | None = None,
        dtype: Any = "int64",
        **_: Any,
    ) -> TensorVariable:
        """How often each outcome was drawn in ``n`` draws with probabilities ``pvals`` (over the last axis)."""
        p = tensor_of(pvals)
        p = as_dtype(p, float_of(p.dtype))
        if size is not None and p.ndim == 1:
            p = dynamic.broadcast_to_lengths(
                p, [*shape_items(size), shape_ops.count(p, (0,), np.dtype("int64"))]
            )
        state = self._key()
        picked = draws.categorical(tw.log(p), int(n), key=state.tensor, symbolic=True)
        classes = tw.iota_like(tw.expand_dims(p, p.ndim - 1), p.ndim)
        hits = tw.equal(tw.expand_dims(picked, picked.ndim), classes)
        return self._drawn(state, tw.sum(as_dtype(hits, dtype_of(dtype)), axis=-2, dtype=dtype_of(dtype)))

    def multinomial_wo_replacement(
        self, size: Any = None, n: int = 1, pvals: Any = None, **_: Any
    ) -> TensorVariable:
        """``n`` different outcomes for each row of ``pvals``, likelier ones more often."""
        p = tensor_of(pvals)
        state = self._key()
        u: Any = draws.uniform(like=p, dtype="float64", key=state.tensor, symbolic=True)
        waited = tw.divide(tw.negative(tw.log(1.0 - u)), as_dtype(p, "float64"))
        return self._drawn(state, tw.argsort(waited, axis=-1)[..., : int(n)])


def _poisson_meaning(key, mean, /):  # type: ignore[no-untyped-def]
    """Counts of these means, by NumPy's generator from a key."""
    return np.random.default_rng(np.asarray(key, np.uint32).tolist()).poisson(mean)


_poisson = make_op({}, name="poisson", infer=lambda key, mean: Spec(mean.shape, np.dtype("int64")))(
    _poisson_meaning
)


def _places_drawn(key: Tensor, lengths: list[Any], count: Tensor, p: Tensor | None) -> Tensor:
    """Numbers below ``count``, each drawn for itself."""
    like = dynamic.broadcast_to_lengths(tw.constant(np.float32(0)), lengths)
    u: Any = draws.uniform(like=like, dtype="float64", key=key, symbolic=True)
    if p is None:
        return as_dtype(tw.floor(tw.multiply(u, as_dtype(count, "float64"))), "int64")
    reached: Any = tw.cumulative_sum(as_dtype(p, "float64"), axis=0)
    return tw.minimum(
        tw.searchsorted(reached, tw.multiply(u, reached[-1]), side="right"), tw.subtract(count, 1)
    )


def _places_apart(key: Tensor, lengths: list[Any], count: Tensor, p: Tensor | None) -> Tensor:
    """Different numbers below ``count``: those that wait the least, each as long as its probability makes it."""
    like = dynamic.broadcast_to_lengths(tw.constant(np.float32(0)), [count])
    u: Any = draws.uniform(like=like, dtype="float64", key=key, symbolic=True)
    waited = tw.negative(tw.log(1.0 - u))
    waited = waited if p is None else tw.divide(waited, as_dtype(p, "float64"))
    many = functools.reduce(tw.multiply, [tensor_of(d, "int64") for d in lengths], tensor_of(1, "int64"))
    first = tw.take(tw.argsort(waited), dynamic.iota(many), axis=0)
    return dynamic.reshape_to_lengths(first, lengths)


def _times(like: Tensor, count: Any) -> Tensor:
    """The tensor again and again along a new first axis; how often may be symbolic."""
    often = as_dtype(tensor_of(count), "int64")
    if often.ndim:
        raise NotImplementedError("RandomStreams.binomial: n must be one number for all draws")
    if often.value is not None and not isinstance(often, SharedTensor):
        return tw.stack([like] * int(often.array()), axis=0)
    lengths = [shape_ops.count(like, (k,), np.dtype("int64")) for k in range(like.ndim)]
    return dynamic.broadcast_to_lengths(tw.expand_dims(like, 0), [often, *lengths])


def _moved(numbers: Any, start: Any, span: Any) -> Tensor:
    return tw.add(tw.multiply(numbers, span), tensor_of(start, numbers.dtype))


def _shape_of(size: Any, ndim: int | None, *parameters: Any) -> Tensor:
    """A tensor of the wanted shape: ``size``, or that of the parameters."""
    if size is not None:
        return filled(0.0, shape_items(size, ndim), "float32").tensor
    shapes: Any = tensor_of(0.0)
    for p in parameters:
        shapes = tw.add(shapes, tw.zeros_like(tensor_of(p), dtype="float32"))
    return shapes
