"""Both random streams against what Theano 1.0.5 and NumPy draw, number for number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T
from thalweg.compat.theano.sandbox.rng_mrg import MRG_RandomStreams
from thalweg.compat.theano.tensor.shared_randomstreams import RandomStreams

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


# --- NumPy's --------------------------------------------------------------------------------------------------------

GRID = np.random.default_rng(3).uniform(-0.3, 1.3, (100, 333)).clip(0.0, 1.0)
DRAWS: dict[str, tuple[Any, Any]] = {
    "uniform": (lambda r: r.uniform((40, 50), low=-1.0, high=3.0), lambda g: g.uniform(-1, 3, (40, 50))),
    "normal": (lambda r: r.normal((5, 3), avg=2.0, std=0.5), lambda g: g.normal(2.0, 0.5, (5, 3))),
    "as parameters": (lambda r: r.normal(avg=np.arange(3.0)), lambda g: g.normal(np.arange(3.0), 1.0)),
    "once": (lambda r: r.binomial((31, 30), p=0.3), lambda g: g.binomial(1, 0.3, (31, 30))),
    "once each": (lambda r: r.binomial((100, 333), n=1, p=GRID), lambda g: g.binomial(1, GRID)),
    "never": (lambda r: r.binomial((700,), p=0.0), lambda g: g.binomial(1, 0.0, 700)),
    "ten times": (lambda r: r.binomial((5, 4), n=10, p=0.3), lambda g: g.binomial(10, 0.3, (5, 4))),
    "integers": (lambda r: r.random_integers((6,), low=2, high=9), lambda g: g.randint(2, 10, 6)),
    "counts": (lambda r: r.poisson((6,), lam=4.0), lambda g: g.poisson(4.0, 6)),
    "order": (lambda r: r.permutation(n=6), lambda g: g.permutation(6)),
    "outcomes": (
        lambda r: r.multinomial(n=3, pvals=ROWS),
        lambda g: np.array([g.multinomial(3, p) for p in ROWS]),
    ),
    "choice": (lambda r: r.choice((6,), a=5), lambda g: g.choice(5, 6)),
    "choice apart": (lambda r: r.choice((3,), a=5, replace=False), lambda g: g.choice(5, 3, replace=False)),
}


@pytest.mark.parametrize("ours, theirs", DRAWS.values(), ids=DRAWS)
def test_draws_are_those_of_numpy(ours: Any, theirs: Any) -> None:
    f = theano.function([], ours(RandomStreams(234)))
    generator = np.random.RandomState(int(np.random.RandomState(234).randint(2**30)))
    for _ in range(4):  # also across the ends of the generator's blocks
        np.testing.assert_allclose(f(), theirs(generator), rtol=1e-15)


def test_the_numbers_in_the_documentation() -> None:
    """Two graphs, and the state of one of them copied to the other."""
    draws: list[Any] = [RandomStreams(seed).uniform(size=(1,)) for seed in (123, 987)]
    one, other = (theano.function([], y) for y in draws)
    np.testing.assert_allclose([one(), other()], [[0.72803009], [0.55056769]], rtol=1e-7)
    draws[1].rng.set_value(draws[0].rng.get_value())
    np.testing.assert_allclose([one(), other()], [[0.59044123], [0.59044123]], rtol=1e-7)


def test_a_state_is_a_generator_of_numpy() -> None:
    r = RandomStreams(3)
    y: Any = r.uniform((2,))
    x = T.matrix()
    f = theano.function([], y)
    f()
    state = y.rng.get_value(borrow=True)
    expected = state.uniform(size=2)
    np.testing.assert_array_equal(f(), expected)
    state.seed(89)
    r[y.rng] = state
    np.testing.assert_array_equal(f(), np.random.RandomState(89).uniform(size=2))
    r.seed()
    first = f()
    r.seed()
    np.testing.assert_array_equal(f(), first)
    order = theano.function([x], r.shuffle_row_elements(x))(np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(np.sort(order), np.arange(12.0).reshape(3, 4))
