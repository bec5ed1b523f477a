"""Random ops: the numbers are those of the generator, compiled as eager, and never drawn twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from thalweg import philox
from thalweg.errors import ArgumentError, ArgumentTypeError, DTypeError, ShapeError
from thalweg.gradient import gradients
from thalweg.graph.tensor import Tensor, Variable, placeholder
from thalweg.graph.walk import leaves
from thalweg.ops import draws, random
from thalweg.ops.reduce import sum as total
from thalweg.run.function import function

KEY = philox.make_key(12345678901234, step=3)
SHAPES: list[tuple[int, ...]] = [(), (1,), (7,), (3, 5), (64,), (65, 3), (0, 2)]

Draw = Callable[..., Tensor]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    state = random.get_state()
    random.set_seed(0)
    yield
    random.set_state(state)


# --- the same numbers everywhere ------------------------------------------------------------------------------------

DRAWS: dict[str, tuple[Draw, Callable[[Any, tuple[int, ...]], np.ndarray], float]] = {
    "uniform float32": (random.uniform, philox.uniform, 0),
    "uniform float64": (
        lambda shape, **k: random.uniform(shape, dtype="float64", **k),
        lambda key, shape: philox.uniform(key, shape, dtype="float64"),
        0,
    ),
    "uniform range": (
        lambda shape, **k: random.uniform(shape, -1.5, 2.0, **k),
        lambda key, shape: philox.uniform(key, shape, -1.5, 2.0),
        2e-7,
    ),
    "normal float32": (random.normal, philox.normal, 4e-6),
    "normal float64": (
        lambda shape, **k: random.normal(shape, 1.0, 0.5, "float64", **k),
        lambda key, shape: philox.normal(key, shape, 1.0, 0.5, "float64"),
        4e-13,
    ),
    "truncated normal float32": (random.truncated_normal, philox.truncated_normal, 4e-6),
    "truncated normal float64": (
        lambda shape, **k: random.truncated_normal(shape, 0.0, 2.0, "float64", **k),
        lambda key, shape: philox.truncated_normal(key, shape, 0.0, 2.0, "float64"),
        4e-13,
    ),
    "bernoulli": (
        lambda shape, **k: random.bernoulli(0.3, shape, **k),
        lambda key, shape: philox.bernoulli(key, shape, 0.3),
        0,
    ),
    "small integers": (
        lambda shape, **k: random.randint(-3, 17, shape, "int32", **k),
        lambda key, shape: philox.integers(key, shape, -3, 17, "int32"),
        0,
    ),
    "large integers": (
        lambda shape, **k: random.randint(-(2**62), 2**62 + 5, shape, **k),
        lambda key, shape: philox.integers(key, shape, -(2**62), 2**62 + 5),
        0,
    ),
    "integers of a span above 2**16": (
        lambda shape, **k: random.randint(0, 2**20, shape, **k),
        lambda key, shape: philox.integers(key, shape, 0, 2**20),
        0,
    ),
}
every_draw = pytest.mark.parametrize("name", list(DRAWS))


@every_draw
def test_eager_is_the_generator(name: str) -> None:
    draw, reference, rtol = DRAWS[name]
    for shape in SHAPES:
        got, wanted = draw(shape, key=KEY), reference(KEY, shape)
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(got.numpy(), wanted, rtol=rtol, atol=rtol)


@every_draw
def test_compiled_is_eager(name: str) -> None:
    """Given the same key: words to the bit, floats to rounding; shapes known, and taken from a tensor."""
    draw, _, rtol = DRAWS[name]
    key = placeholder("uint32", (4,))
    results = function([key], [draw(shape, key=key) for shape in SHAPES])(KEY)
    for shape, got in zip(SHAPES, results, strict=True):
        np.testing.assert_allclose(got.numpy(), draw(shape, key=KEY).numpy(), rtol=rtol, atol=rtol)
    like = placeholder("float32", (None, None))
    wanted = draw((6, 5), key=KEY).numpy()
    open_ended = function([key, like], draw((None, 5), like=like, key=key))
    np.testing.assert_allclose(
        open_ended(KEY, np.zeros((6, 9), np.float32)).numpy(), wanted, rtol=rtol, atol=rtol
    )


def test_permutations_and_choices_compile() -> None:
    key = placeholder("uint32", (4,))
    rows = np.arange(12.0).reshape(6, 2)
    logits = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]))
    draws: list[Draw] = [
        lambda key: random.permutation(9, key=key),
        lambda key: random.shuffle(rows, key=key),
        lambda key: random.choice(5, (2, 3), key=key),
        lambda key: random.choice(rows, (4,), replace=False, key=key),
        lambda key: random.choice(3, (50,), p=[0.1, 0.2, 0.7], key=key),
        lambda key: random.categorical(logits, key=key),
        lambda key: random.categorical(logits, 40, key=key),
        lambda key: random.exponential((20,), 2.0, "float64", key=key),
    ]
    results = function([key], [draw(key) for draw in draws])(KEY)
    for draw, got in zip(draws, results, strict=True):
        np.testing.assert_allclose(got.numpy(), draw(KEY).numpy(), rtol=1e-13)


# --- seeds and streams ----------------------------------------------------------------------------------------------


def test_a_seed_repeats_the_numbers() -> None:
    first = [random.normal((3,)).numpy() for _ in range(3)]
    random.set_seed(0)
    np.testing.assert_array_equal(first, [random.normal((3,)).numpy() for _ in range(3)])
    random.set_seed(1)
    assert not np.isin(random.normal((3,)).numpy(), np.array(first)).any()


def test_a_state_goes_on_where_it_stopped() -> None:
    random.uniform((2,))
    state = random.get_state()
    wanted = random.uniform((8,)).numpy()
    random.set_seed(77)
    random.set_state(state)
    np.testing.assert_array_equal(random.uniform((8,)).numpy(), wanted)


def test_no_two_draws_are_equal() -> None:
    """Eager draws, symbolic draws of one program, and runs of one program."""
    assert (random.uniform((8,)).numpy() != random.uniform((8,)).numpy()).all()
    program = function([], [random.uniform((8,), symbolic=True) for _ in range(2)])
    a, b = (r.numpy() for r in program())
    c, d = (r.numpy() for r in program())
    assert len(np.unique([a, b, c, d])) == 32


def test_a_draw_used_twice_is_one_draw() -> None:
    mask = random.bernoulli(0.5, (64,), "float32", symbolic=True)
    first, second = function([], [mask + 0.0, mask * 1.0])()
    np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_a_seed_repeats_the_runs_of_a_program() -> None:
    program = function([], random.normal((5,), symbolic=True))
    random.set_seed(3)
    first = [program().numpy() for _ in range(2)]
    random.set_seed(3)
    np.testing.assert_array_equal(first, [program().numpy() for _ in range(2)])


def test_a_traced_function_draws_anew_at_each_call() -> None:
    @function
    def noisy(x: Any) -> Any:
        return x + random.normal((4,))

    assert (noisy(1.0).numpy() != noisy(1.0).numpy()).all()


def test_dropout_masks_differ_and_scale() -> None:
    """The mask of the forward pass is the mask of its gradient."""
    x = placeholder("float32", (None, 100))
    y = x * random.bernoulli(0.8, like=x, dtype="float32") / 0.8
    run = function([x], [y, gradients(total(y), x)])
    ones = np.ones((50, 100), np.float32)
    values, slopes = (r.numpy() for r in run(ones))
    np.testing.assert_array_equal(values, slopes)
    assert set(np.unique(values)) == {np.float32(0), np.float32(1.25)}
    assert abs(values.mean() - 1) < 0.03
    assert (run(ones)[0].numpy() != values).any()


@pytest.mark.parametrize(
    "draw", [random.uniform, random.normal, random.bernoulli, random.randint, random.gamma]
)
def test_what_is_drawn_like_a_symbol_is_drawn_at_each_run(draw: Any) -> None:
    """Whether all its lengths are known or not."""
    for shape in ((6, 30), (None, 30), ()):
        x = placeholder("float32", shape)
        options = {"low": 0, "high": 1 << 30} if draw is random.randint else {}
        drawn = draw(like=x, **options)
        assert drawn.is_symbolic and drawn.shape == shape
        f = function([x], drawn)
        values = [f(np.ones((6, 30) if shape else (), np.float32)) for _ in range(8)]
        assert any(not np.array_equal(values[0], v) for v in values[1:])


def test_threads_take_different_keys() -> None:
    keys: list[int] = []

    def take() -> None:
        keys.extend(int(draws.next_key()[2]) for _ in range(500))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys) == list(range(2000))


def test_symbolic_draws_stand_on_the_key_alone() -> None:
    x = placeholder("float32", (2,))
    drawn = [
        random.uniform((2,), x, x + 1),
        random.normal((2,), x),
        random.bernoulli(x),
        random.categorical(x),
    ]
    for y in drawn:
        assert y.value is None
        assert set(leaves([y])) >= {x, draws.random_key()}


# --- distributions --------------------------------------------------------------------------------------------------

N = 40_000
MOMENTS: dict[str, tuple[Callable[[], Tensor], float, float]] = {
    "uniform": (lambda: random.uniform((N,), -1.0, 3.0), 1.0, 16 / 12),
    "normal": (lambda: random.normal((N,), 2.0, 3.0), 2.0, 9.0),
    "truncated normal": (lambda: random.truncated_normal((N,)), 0.0, 0.7737413),
    "bernoulli": (lambda: random.bernoulli(0.3, (N,)), 0.3, 0.21),
    "exponential": (lambda: random.exponential((N,), 2.0), 0.5, 0.25),
    "randint": (lambda: random.randint(0, 6, (N,)), 2.5, 35 / 12),
    "categorical": (lambda: random.categorical(np.log([0.25, 0.5, 0.25]), N), 1.0, 0.5),
    "choice": (lambda: random.choice([0.0, 1.0], (N,), p=[0.25, 0.75]), 0.75, 0.1875),
    "float16": (lambda: random.uniform((N,), dtype="float16"), 0.5, 1 / 12),
}


@pytest.mark.parametrize("name", list(MOMENTS))
def test_moments(name: str) -> None:
    """Mean within five standard errors, variance within five percent."""
    draw, mean, variance = MOMENTS[name]
    numbers = draw().numpy().astype(np.float64)
    assert numbers.shape == (N,)
    assert abs(numbers.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(numbers.var() - variance) < 0.05 * variance


def test_gradients_pass_through_the_parameters() -> None:
    mean, deviation = Variable(1.0), Variable(2.0)
    y = random.normal((5,), mean, deviation)
    slopes = gradients(total(y), [mean, deviation])
    assert slopes[0].item() == 5.0
    np.testing.assert_allclose(slopes[1].item(), ((y.numpy() - 1) / 2).sum(), rtol=1e-5)


def test_shuffles_keep_the_rows() -> None:
    rows = np.arange(20).reshape(10, 2)
    shuffled = random.shuffle(rows).numpy()
    assert (shuffled != rows).any()
    np.testing.assert_array_equal(shuffled[np.argsort(shuffled[:, 0])], rows)
    assert sorted(random.choice(rows, (10,), replace=False).numpy()[:, 0]) == list(range(0, 20, 2))


def test_a_shuffle_of_rows_whose_number_is_open_is_that_of_known_ones() -> None:
    key, rows = np.array([1, 2, 3, 4], np.uint32), np.arange(14).reshape(7, 2)
    given = placeholder("int64", (None, 2))
    shuffle = function([given], random.shuffle(given, key=key))
    for n in (7, 3, 0):
        np.testing.assert_array_equal(shuffle(rows[:n]), random.shuffle(rows[:n], key=key))


# --- errors ---------------------------------------------------------------------------------------------------------


def test_errors_name_the_argument() -> None:
    with pytest.raises(ArgumentTypeError, match="set_seed"):
        random.set_seed("zero")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="no shape"):
        random.uniform()
    with pytest.raises(ShapeError, match="like="):
        random.normal((None, 3))
    with pytest.raises(ShapeError, match="rank"):
        random.normal((None, 3), like=[1.0])
    with pytest.raises(DTypeError, match="floating"):
        random.uniform((2,), dtype="int32")
    with pytest.raises(DTypeError, match="integer"):
        random.randint(2, dtype="float32")
    with pytest.raises(ArgumentError, match="low < high"):
        random.randint(5, 5)
    with pytest.raises(DTypeError, match="key"):
        random.uniform((2,), key=[1, 2, 3, 4])
    with pytest.raises(ArgumentError, match="replace"):
        random.choice(3, (4,), replace=False)
    with pytest.raises(ShapeError, match="at least 1 axis"):
        random.categorical(1.0)


# --- draws by rejection ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.3, 1.0, 3.7, 900.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gamma_numbers_are_distributed_as_they_should(alpha, dtype):
    stats = pytest.importorskip("scipy.stats")
    drawn = random.gamma((20_000,), alpha, 2.0, dtype).numpy()
    assert drawn.dtype == dtype
    assert stats.kstest(drawn.astype(np.float64), stats.gamma(alpha, scale=0.5).cdf).pvalue > 0.001


@pytest.mark.parametrize("mean", [0.3, 4.0, 10.0, 10.5, 40.0, 1e5])
def test_poisson_numbers_are_distributed_as_they_should(mean):
    stats = pytest.importorskip("scipy.stats")
    drawn = random.poisson((20_000,), mean, "int64").numpy()
    law = stats.poisson(mean)
    edges = np.unique(law.ppf(np.linspace(0.02, 0.98, 20)))
    counted = np.histogram(drawn, [-1.0, *(edges + 0.5), np.inf])[0]
    expected = np.diff([0.0, *law.cdf(edges), 1.0]) * len(drawn)
    assert stats.chisquare(counted, expected).pvalue > 0.001


def test_gamma_and_poisson_take_a_parameter_for_each_element():
    alphas, rates, means = np.array([0.2, 1.0, 9.0]), np.array([1.0, 2.0, 3.0]), np.array([0.5, 5.0, 300.0])
    drawn = random.gamma((20_000, 3), alphas, rates).numpy()
    np.testing.assert_allclose(drawn.mean(0), alphas / rates, rtol=0.06)
    np.testing.assert_allclose(drawn.var(0), alphas / rates**2, rtol=0.15)
    events = random.poisson((20_000, 3), means).numpy()
    np.testing.assert_allclose(events.mean(0), means, rtol=0.06)
    np.testing.assert_allclose(events.var(0), means, rtol=0.06)


def test_gamma_and_poisson_draw_anew_at_each_run_and_follow_lengths():
    p = placeholder("float32", (None,))
    run = function([p], [random.gamma(alpha=p, like=p), random.poisson(mean=p, like=p)])
    first, second = (run(np.full(5, 20.0, np.float32)) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert one.shape == (5,) and not np.array_equal(one.numpy(), two.numpy())
    assert run(np.ones(7, np.float32))[1].shape == (7,)
    key = philox.make_key(7)
    for draw in (random.gamma, random.poisson):
        np.testing.assert_array_equal(draw((9,), 3.0, key=key).numpy(), draw((9,), 3.0, key=key).numpy())
    with pytest.raises(DTypeError, match="gamma: dtype"):
        random.gamma((2,), 1.0, dtype="int32")
    with pytest.raises(ArgumentError, match="poisson: no shape"):
        random.poisson()
