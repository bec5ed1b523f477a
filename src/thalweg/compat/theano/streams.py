"""``RandomStreams``: draws of NumPy's ``RandomState``, number for number those of Theano; each draw has a state of its
own, and functions go on from one call to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano import twister
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import as_dtype, dtype_of, tensor_of
from thalweg.compat.theano.sharing import SharedTensor, TensorSharedVariable
from thalweg.compat.theano.variable import TensorVariable, filled, shape_items
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops

_WORDS = (
    624 + 1 + 1 + 2
)  # of a state: the Mersenne twister's, where it is, whether a normal number is kept, this one


def _packed(rng: np.random.RandomState) -> np.ndarray:
    """A generator's state as words."""
    state: Any = rng.get_state(legacy=True)
    _, words, place, kept, normal = state
    return np.concatenate(
        [words, np.array([place, kept], np.uint32), np.array([normal], np.float64).view(np.uint32)]
    )


def _unpacked(words: np.ndarray) -> np.random.RandomState:
    """The generator in a state."""
    rng = np.random.RandomState(np.random.MT19937())
    normal = np.ascontiguousarray(words[-2:]).view(np.float64)[0]
    rng.set_state(("MT19937", words[:624], int(words[624]), int(words[625]), float(normal)))
    return rng


class RandomStateVariable(TensorSharedVariable):
    """The state of one draw as a shared variable, whose value is a ``numpy.random.RandomState``."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """A generator in the state of now."""
        return _unpacked(self.tensor.get_value())

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Go to the state of a generator."""
        self.tensor.set_value(_packed(new_value))


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


# --- draws ----------------------------------------------------------------------------------------------------------


def _permutations(rng: Any, shape: Any, n: Any) -> np.ndarray:
    out = np.empty(shape, np.int64)
    for place in np.ndindex(*shape[:-1]):
        out[place] = rng.permutation(int(n))
    return out


def _counts_of_outcomes(rng: Any, shape: Any, n: Any, pvals: np.ndarray) -> np.ndarray:
    out = np.empty(shape, np.int64)
    rows = np.broadcast_to(pvals, shape)
    for place in np.ndindex(*shape[:-1]):
        p = rows[place]
        if 1.0 < p.sum() < 1.0 + 1e-5 or p[-1] < 5e-5:  # a little over 1, or about to be
            p = p * (1.0 - 5e-5)
        out[place] = rng.multinomial(int(n), p.astype(np.float64))
    return out


def _chosen(rng: Any, shape: Any, a: np.ndarray, *p: np.ndarray, replace: bool) -> np.ndarray:
    return rng.choice(a if a.ndim else int(a), shape, replace, *p)


def _cut_normal(rng: Any, shape: Any) -> np.ndarray:
    """Standard normal numbers from -2 to 2."""
    z = rng.normal(size=shape)
    while (outside := abs(z) > 2).any():
        z[outside] = rng.normal(size=int(outside.sum()))
    return z


_DRAWS: dict[str, Callable[..., Any]] = {
    "normal": lambda rng, shape, avg, std: rng.normal(avg, std, shape),
    "truncated_normal": _cut_normal,
    "binomial": lambda rng, shape, n, p: rng.binomial(n, p, shape),
    "random_integers": lambda rng, shape, low, high: rng.randint(low, high + 1, shape),
    "poisson": lambda rng, shape, lam: rng.poisson(lam, shape),
    "permutation": _permutations,
    "multinomial": _counts_of_outcomes,
    "choice": lambda *arguments: _chosen(*arguments, replace=True),
    "choice_without_replacement": lambda *arguments: _chosen(*arguments, replace=False),
}


def _draw_meaning(*tensors, draw, dtype):  # type: ignore[no-untyped-def]
    """The state after a draw in the shape of the second tensor, and what was drawn."""
    state, like, *parameters = tensors
    rng = _unpacked(state)
    drawn = np.asarray(_DRAWS[draw](rng, like.shape, *parameters))
    return _packed(rng), drawn.astype(dtype)


_draw = make_op(
    {},
    name="draw",
    infer=lambda state, like, *_, draw, dtype: (Spec((_WORDS,), np.dtype("uint32")), Spec(like.shape, dtype)),
    grad=lambda g, y, *tensors, **_: [None] * len(tensors),
)(_draw_meaning)


class RandomStreams:
    """A source of draws. The numbers depend on ``seed`` and on how often a function has run, on nothing else."""

    def __init__(self, seed: Any = None, use_cuda: Any = None, no_warn: bool = False) -> None:
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)
        self.state_updates: list[tuple[Any, Any]] = []

    def seed(self, seed: Any = None) -> None:
        """Start all draws over from a seed, by default the one at the beginning."""
        seeds = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(np.random.RandomState(int(seeds.randint(2**30))))

    def updates(self) -> list[tuple[Any, Any]]:
        """Pairs (state, next state) of all draws."""
        return list(self.state_updates)

    def __getitem__(self, item: Any) -> Any:
        return item.get_value()

    def __setitem__(self, item: Any, val: Any) -> None:
        item.set_value(val)

    def _drawn(self, draw: str, like: Tensor, dtype: Any, *parameters: Any) -> TensorVariable:
        state = self._new_state()
        given = [state.tensor, like, *map(tensor_of, parameters)]
        node = _draw.build(given, {"draw": draw, "dtype": np.dtype(dtype)})
        return self._made(state, *node)  # type: ignore[misc]

    def _new_state(self) -> RandomStateVariable:
        state = RandomStateVariable(_packed(np.random.RandomState(int(self.gen_seedgen.randint(2**30)))))
        remember(state.tensor)
        return state

    def _made(self, state: RandomStateVariable, after: Tensor, numbers: Tensor) -> TensorVariable:
        state.tensor.default_update = after
        made = TensorVariable(numbers)
        made.rng, made.update = state, (state, TensorVariable(after))  # type: ignore[attr-defined]
        self.state_updates.append(made.update)  # type: ignore[attr-defined]
        return made

    def uniform(
        self,
        size: Any = None,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> TensorVariable:
        """Uniform numbers in [low, high)."""
        state = self._new_state()
        number, after = twister.doubles(state.tensor, _shape_of(size, ndim, low, high))
        first: Any = as_dtype(tensor_of(low), "float64")
        spread: Any = as_dtype(tensor_of(high), "float64") - first
        return self._made(state, after, as_dtype(first + spread * number, _float(dtype, low, high)))

    def normal(
        self,
        size: Any = None,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> TensorVariable:
        """Normal numbers of mean ``avg`` and standard deviation ``std``."""
        return self._drawn("normal", _shape_of(size, ndim, avg, std), _float(dtype, avg, std), avg, std)

    def truncated_normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = None,
        nstreams: Any = None,
    ) -> TensorVariable:
        """Normal numbers, none further than two ``std`` from ``avg``."""
        z = self._drawn("truncated_normal", _shape_of(size, ndim), _float(dtype, avg, std)).tensor
        return TensorVariable(tw.add(tw.multiply(z, tensor_of(std, z.dtype)), tensor_of(avg, z.dtype)))

    def binomial(
        self,
        size: Any = None,
        n: Any = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: Any = "int64",
        prob: Any = None,
        nstreams: Any = None,
    ) -> TensorVariable:
        """The number of successes in ``n`` trials of probability ``p``."""
        p = p if prob is None else prob
        if isinstance(n, (int, np.integer)) and n == 1:
            return self._once(_shape_of(size, ndim, p), tensor_of(p), dtype_of(dtype))
        return self._drawn("binomial", _shape_of(size, ndim, n, p), dtype_of(dtype), n, p)

    def _once(self, like: Tensor, p: Tensor, dtype: Any) -> TensorVariable:
        """One trial each, by inversion as NumPy has it: for likely ones of the other outcome."""
        state, chance = self._new_state(), as_dtype(p, "float64")
        number, after = twister.doubles(state.tensor, like)
        rarely = tw.greater(number, tw.subtract(1.0, chance))
        hit = tw.where(tw.less_equal(chance, 0.5), rarely, tw.less_equal(number, chance))
        return self._made(state, after, as_dtype(hit, dtype))

    def random_integers(
        self, size: Any = None, low: Any = 0, high: Any = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> TensorVariable:
        """Integers from ``low`` to ``high``, both included."""
        first, last = (as_dtype(tensor_of(n), "int64") for n in (low, high))
        return self._drawn("random_integers", _shape_of(size, ndim, low, high), dtype_of(dtype), first, last)

    def poisson(
        self,
        size: Any = None,
        lam: Any = 1.0,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: Any = None,
    ) -> TensorVariable:
        """Counts of mean ``lam``."""
        return self._drawn("poisson", _shape_of(size, ndim, lam), dtype_of(dtype), lam)

    def choice(
        self,
        size: Any = None,
        a: Any = 2,
        replace: bool = True,
        p: Any = None,
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: Any = None,
    ) -> TensorVariable:
        """Elements of ``a`` (or of 0, ..., a - 1), with probabilities ``p`` if given; all may be symbolic."""
        draw = "choice" if replace else "choice_without_replacement"
        like = _shape_of(() if size is None else size, ndim)
        return self._drawn(draw, like, dtype_of(dtype), a, *_if_given(p))

    def permutation(
        self, size: Any = None, n: Any = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> TensorVariable:
        """Random orders of 0, ..., n - 1."""
        rows: Any = dynamic.broadcast_to_lengths(
            tw.constant(np.float32(0)), [*shape_items(() if size is None else size), *shape_items([n])]
        )
        return self._drawn("permutation", rows, dtype_of(dtype), n)

    def shuffle_row_elements(self, input: Any) -> TensorVariable:
        """Each row's elements in an order of its own."""
        x = tensor_of(input)
        length = shape_ops.count(x, (x.ndim - 1,), np.dtype("int64"))
        order = self._drawn("permutation", tw.zeros_like(x, dtype="float32"), "int64", length)
        return TensorVariable(tw.take_along_axis(x, order.tensor, axis=-1))

    def multinomial(
        self,
        size: Any = None,
        n: Any = 1,
        pvals: Any = (0.5, 0.5),
        ndim: int | None = None,
        dtype: Any = "int64",
        nstreams: Any = None,
    ) -> TensorVariable:
        """How often each outcome was drawn in ``n`` draws with probabilities ``pvals`` (over the last axis)."""
        p = tensor_of(pvals)
        like = tw.zeros_like(p, dtype="float32")
        if size is not None:
            last = shape_ops.count(p, (p.ndim - 1,), np.dtype("int64"))
            like = dynamic.broadcast_to_lengths(tw.constant(np.float32(0)), [*shape_items(size, ndim), last])
        return self._drawn("multinomial", like, dtype_of(dtype), n, p)


def _if_given(p: Any) -> list[Any]:
    return [] if p is None else [as_dtype(tensor_of(p), "float64")]


def _float(dtype: Any, *parameters: Any) -> np.dtype:
    """The asked dtype, or floatX and what the parameters need."""
    wide = [config.floatX, *(tensor_of(p).dtype for p in parameters if not isinstance(p, (int, float)))]
    return np.dtype(dtype_of(dtype) if dtype is not None else np.result_type(*wide))


def _shape_of(size: Any, ndim: int | None, *parameters: Any) -> Tensor:
    """A tensor of the wanted shape: ``size``, or that of the parameters."""
    if size is not None:
        return filled(0.0, shape_items(size, ndim), "float32").tensor
    shapes: Any = tensor_of(0.0)
    for p in parameters:
        shapes = tw.add(shapes, tw.zeros_like(tensor_of(p), dtype="float32"))
    return shapes
