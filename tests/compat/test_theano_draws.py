"""MRG_RandomStreams against what Theano 1.0.5 draws, number for number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano.sandbox.rng_mrg import MRG_RandomStreams

ROWS = np.tile([0.2, 0.3, 0.5], (6, 1))


def summary(draw: Any, *arguments: Any) -> list[float]:
    """The first three elements of a function's second call, and their sum."""
    f = draw if callable(draw) else theano.function([], draw)
    f(*arguments)
    found = np.asarray(f(*arguments), np.float64)
    return [*np.round(found.ravel()[:3], 6).tolist(), round(float(found.sum()), 3)]


def by_matrix(draw: Any) -> Any:
    x = T.matrix()
    return theano.function([x], draw(x))


def test_draws_of_known_and_unknown_sizes() -> None:
    r = MRG_RandomStreams(234)
    found = [
        summary(r.uniform((7,))),
        summary(r.uniform((30, 3), dtype="float32", low=-1, high=3)),
        summary(r.uniform((400, 500))),
        summary(r.normal((5, 3))),
        summary(r.normal((5, 3), avg=2.0, std=0.5, dtype="float32")),
        summary(r.multinomial(pvals=ROWS)),
        summary(r.multinomial(n=3, pvals=ROWS)),
        summary(r.choice(size=2, replace=False, p=ROWS)),
        summary(r.binomial((5, 4), p=0.3, dtype="float32")),
        summary(r.uniform((7,), nstreams=3)),
        summary(by_matrix(lambda x: r.normal(x.shape)), np.zeros((150, 207))),
        summary(by_matrix(lambda x: r.uniform(x.shape)), np.zeros((5, 7))),
    ]
    assert found == WANTED


WANTED: list[Any] = [
    [0.566306, 0.218808, 0.635573, 2.441],
    [2.012161, 0.121445, 0.125319, 101.138],
    [0.526515, 0.61563, 0.006604, 100013.894],
    [-1.315532, 1.501028, 1.510586, -0.727],
    [1.782469, 1.729305, 2.29434, 29.133],
    [0.0, 0.0, 1.0, 6.0],
    [0.0, 1.0, 2.0, 18.0],
    [2.0, 0.0, 2.0, 16.0],
    [0.0, 1.0, 1.0, 5.0],
    [0.263824, 0.355493, 0.835229, 4.201],
    [0.024153, -0.14857, -0.353502, -13.922],
    [0.49515, 0.376629, 0.683253, 17.546],
]  # fmt: skip


def test_states_go_through_loops_and_start_over() -> None:
    r, x = MRG_RandomStreams(5), T.matrix()
    steps, updates = theano.scan(
        lambda a: r.binomial(size=a.shape, n=1, p=T.nnet.sigmoid(a), dtype="float64"),
        outputs_info=[x],
        n_steps=3,
    )
    f = theano.function([x], steps, updates=updates)
    first = f(np.zeros((20, 50)))
    f(np.zeros((20, 50)))
    assert first[0, 0, :6].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    r.seed()
    np.testing.assert_array_equal(f(np.zeros((20, 50))), first)
    (state,) = updates
    assert state.get_value().shape == (15360, 6)


def test_a_call_without_updates_draws_the_same() -> None:
    u = MRG_RandomStreams(1).uniform((4,))
    f = theano.function([], [u, u + 1], no_default_updates=True)
    first, more = f()
    np.testing.assert_array_equal(first + 1, more)
    np.testing.assert_array_equal(f()[0], first)


@pytest.mark.parametrize("seed", [0, 2147462579, [0, 0, 0, 1, 1, 1]])
def test_seeds_that_are_none(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed"):
        MRG_RandomStreams(seed)


def test_what_this_generator_does_not_draw() -> None:
    r = MRG_RandomStreams()
    with pytest.raises(NotImplementedError, match="n > 1"):
        r.binomial((3,), n=2)
    with pytest.raises(TypeError, match="replace=False"):
        r.choice(3, a=4)
    with pytest.raises(ValueError, match="size"):
        r.multinomial(size=(3,), pvals=ROWS)
    with pytest.raises(TypeError, match=r"6 integers"):
        MRG_RandomStreams([1, 2])
    with pytest.raises(ValueError, match="<= 0"):
        r.uniform((3, 0))
