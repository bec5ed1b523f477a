"""Run-time lengths: their arithmetic, and one compiled form for all batch sizes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.dims import Dim, NotUniform, number, numbers
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Variable, placeholder
from thalweg.ops import dynamic
from thalweg.run.function import function

N, M = Dim(1009, {(0,): 1}), Dim(1493, {(1,): 1})


def test_arithmetic_follows_the_lengths() -> None:
    rng = np.random.default_rng(0)
    steps: list[Any] = [operator.add, operator.sub, operator.mul, lambda a, b: b - a, lambda a, b: -a + b]
    for _ in range(200):
        chosen = [
            (steps[int(rng.integers(0, 5))], int(rng.integers(-5, 7))) for _ in range(int(rng.integers(1, 6)))
        ]

        def value(n: Any, m: Any, chosen: Any = chosen) -> Any:
            result = n
            for step, k in chosen:
                result = step(result, {-5: n, -4: m}.get(k, k))
            return result

        made = value(N, M)
        assert int(made) == value(1009, 1493)
        for lengths in ((2, 3), (17, 5), (1009, 1009)):
            assert number(made, lengths) == value(*lengths)
            assert numbers({"a": (made, 1), "b": "x"}, lengths) == {"a": (value(*lengths), 1), "b": "x"}


def test_what_does_not_depend_on_a_length_is_a_plain_number() -> None:
    assert type(N - N + 3) is int and type(N * 0) is int and type((N + 1) % 1) is int
    assert (N * 6) // 3 == N * 2 and (N * 6) % 3 == 0
    for wrong in (lambda: N // 2, lambda: N % 2, lambda: 12 // N, lambda: 12 % N, lambda: N // M):
        with pytest.raises(NotUniform):
            wrong()


def test_equal_are_only_equal_polynomials() -> None:
    assert Dim(1009, {(0,): 1}) == N and hash(N) == hash(Dim(1009, {(0,): 1})) and N * M == M * N
    assert N != 1009 and N != M and (N, 3) != (1009, 3) and N * M != N * 1493


SIZES = (20, 21, 22, 23, 30, 12, 8, 5, 3, 2, 64, 65, 100, 1, 300, 0)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda x: tw.sum(tw.exp(x), axis=1) * 2, 6),
        (lambda x: tw.sum(tw.exp(x), axis=0) * 2, 6),
        (lambda x: x - tw.max(tw.sum(tw.square(x), axis=1)) if x.shape[0] != 0 else x, 6),
        (lambda x: tw.matmul(x, x.T), 6),
        (lambda x: tw.matmul(x.T, x), 6),
        (lambda x: tw.exp(x - tw.logsumexp(x, axis=1, keepdims=True)), 6),
        (lambda x: tw.reshape(x, (-1,)) * 2, 6),
        (lambda x: tw.reshape(x.T, (-1, 1)) + 1, 6),
        (lambda x: tw.concat([x, x[1:] * 2], axis=0), 7),
        (lambda x: x[1:] - x[:-1], 7),
        (lambda x: tw.flip(x, axis=0) + x, 6),
        (lambda x: tw.cumulative_sum(x, axis=0), 6),
        (lambda x: tw.pad(x, [(1, 2), (0, 1)]), 6),
        (lambda x: tw.one_hot(tw.astype(x[:, 0] * 3, "int32"), 5) * x[:, :1], 6),
        (lambda x: tw.mean(x) + tw.var(x, axis=0), 6),
        (lambda x: tw.stack([x, x * 2], axis=1), 6),
        (lambda x: tw.take(x, np.array([2, 0]), axis=1) * x[:, 1:3], 6),
        (lambda x: tw.where(x > 0, x, tw.sum(x, axis=0)), 6),
        (lambda x: tw.sort(x, axis=0) + tw.mean(x, axis=0), 6),
        # What no polynomial says is compiled for each length.
        (lambda x: x[5:] * 2, len(SIZES)),
        (lambda x: x[::2] * 2, len(SIZES)),
        (lambda x: x[-4:] * 2, len(SIZES)),
        (lambda x: tw.roll(x, 3, axis=0) + x, len(SIZES)),
    ],
)
def test_every_length_gives_what_numpy_gives(make: Callable[[Any], Any], most: int) -> None:
    x = placeholder("float64", [None, 4])
    y = make(x)
    f = function([x], y)
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        for n in SIZES:
            array = rng.normal(size=(n, 4))
            try:
                (wanted,) = evaluate([y], {x: array})
            except ValueError:  # a maximum of nothing
                assert n == 0
                continue
            got = f(array).array()
            assert got.shape == wanted.shape
            np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12, err_msg=f"length {n}")
    assert f.program.num_compiled <= most


def test_two_open_lengths() -> None:
    x, y = placeholder("float64", [None, 3]), placeholder("float64", [None, 3])
    f = function([x, y], [tw.matmul(x, y.T), tw.sum(x) + tw.mean(y, axis=0)])
    rng = np.random.default_rng(0)
    for n, m in [(4, 5), (5, 7), (6, 6), (7, 9), (8, 8), (30, 2), (2, 40), (17, 17)]:
        a, b = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
        p, q = f(a, b)
        np.testing.assert_allclose(p.array(), a @ b.T, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(q.array(), a.sum() + b.mean(0), rtol=1e-12)
    assert f.program.num_compiled <= 5


@pytest.mark.parametrize("rows", [3, 10, 40])
def test_rows_as_many_as_another_has_are_no_more_than_there_are(rows: int) -> None:
    """At the lengths that are compared all rows are taken, so nothing there says that it may be fewer."""
    table, x, y = (
        np.arange(2.0 * rows).reshape(rows, 2),
        placeholder("float64", [None]),
        placeholder("float64", [None]),
    )
    f = function(
        [x, y], [dynamic.common_rows(table, x), dynamic.common_rows(x, table), dynamic.common_rows(x, y)]
    )
    for n, m in [(4, 4), (5, 6), (6, 7), (7, 5), (8, 12), (9, 3), (2, 50), (50, 20), (11, 3)]:
        a, b = np.arange(float(n)), np.zeros(m)
        first, second, third = f(a, b)
        assert first.tolist() == table[:n].tolist()
        assert second.tolist() == a[:rows].tolist() and third.tolist() == a[:m].tolist()


def test_positions_of_a_table_have_one_form_for_all_lengths_that_it_has() -> None:
    table, x = (
        Variable(np.random.default_rng(0).normal(size=(200, 4))),
        placeholder("float64", [None, None, 4]),
    )
    y = x + dynamic.common_rows(table, x[0])
    slope = tw.gradients(tw.sum(tw.square(y)), table)
    f = function([x], [y, slope])
    for b, n in [(3, 4), (4, 7), (6, 12), (5, 9), (2, 30), (8, 160), (3, 199), (4, 200), (2, 2)]:
        a = np.ones((b, n, 4))
        found, g = f(a)
        wanted = a + table.numpy()[:n]
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12)
        np.testing.assert_allclose(g.numpy()[:n], 2 * wanted.sum(0), rtol=1e-12)
        assert not g.numpy()[n:].any()
    assert f.program.num_compiled <= 5
    with pytest.raises(tw.ShapeError):
        f(np.ones((2, 201, 4)))


@pytest.mark.parametrize("width", [1, 2, 3, 4, 8, 9, 11, 12, 13, 15, 16])
def test_sizes_at_which_decisions_change_are_not_between_the_samples(width: int) -> None:
    x, y = placeholder("float64", [None, width]), placeholder("float64", [None, 2])
    ones = tw.ones_like(x) * 3
    f = function([x, y], [tw.sum(x * ones), tw.sum(y) * tw.ones_like(y)])
    for n, m in [(2, 3), (3, 2), (4, 6), (5, 4), (6, 9), (7, 8)]:
        a, b = np.full((n, width), 2.0), np.ones((m, 2))
        total, same = f(a, b)
        assert total.item() == 6 * n * width and same.array().tolist() == (b * 2 * m).tolist()
    assert f.program.num_compiled == 4


def test_a_fixed_length_as_long_as_the_compilers_sample() -> None:
    x = placeholder("float32", [None, 1009])
    outputs = [tw.reshape(x, (1009, -1)) * 2, tw.exp(x).T + 1, tw.sum(tw.reshape(x.T, (-1, 1009)), axis=0)]
    f = function([x], outputs)
    for n in (2, 3, 4, 5, 6, 1009):
        array = np.random.default_rng(n).normal(size=(n, 1009)).astype("f")
        for got, wanted in zip(f(array), evaluate(outputs, {x: array}), strict=True):
            np.testing.assert_allclose(got.array(), wanted, rtol=1e-5, atol=1e-4)


def test_lengths_that_do_not_fit_are_refused_in_every_form() -> None:
    x, k = placeholder("float32", [2, None, 3]), Variable(np.ones((5, 3, 4), "f"))
    f = function([x], tw.nn.conv1d(x, k, padding="VALID"))
    for n in (20, 21, 22, 23, 24, 6, 5):
        assert f(np.ones((2, n, 3), "f")).array().ravel().tolist() == [15] * (2 * (n - 4) * 4)
    for n in (4, 3, 1):
        with pytest.raises(tw.ShapeError, match=f"expected at least 5 places.*received {n}"):
            f(np.ones((2, n, 3), "f"))


def test_a_training_step_has_few_forms_for_all_batch_sizes() -> None:
    """MLP, mean loss, dropout: sizes 2 to 300 against the same step in NumPy, the masks fetched from the program."""
    rng = np.random.default_rng(0)
    x, y = placeholder("float64", [None, 9], name="x"), placeholder("float64", [None, 3], name="y")
    ws = [Variable(rng.normal(0, 0.3, s)) for s in ((9, 16), (16, 3))]
    b = Variable(np.zeros(16))
    h = tw.tanh(tw.matmul(x, ws[0]) + b)
    kept = tw.nn.dropout(tw.ones_like(h), 0.25)
    loss = tw.mean(tw.square(tw.matmul(h * kept, ws[1]) - y))
    variables = [*ws, b]
    step = function(
        [x, y],
        [loss, kept],
        [(v, v - 0.1 * g) for v, g in zip(variables, tw.gradients(loss, variables), strict=True)],
    )
    w1, w2, bias = (v.numpy() for v in variables)
    seen = set()
    for n in [int(n) for n in rng.permutation(np.arange(2, 301))]:
        xs, ys = rng.normal(size=(n, 9)), rng.normal(size=(n, 3))
        got, mask = (t.array() for t in step(xs, ys))
        seen |= set(np.unique(mask).tolist())
        hidden = np.tanh(xs @ w1 + bias)
        error = (hidden * mask) @ w2 - ys
        np.testing.assert_allclose(got, np.mean(error**2), rtol=1e-9)
        g = 2 * error / error.size
        below = (g @ w2.T) * mask * (1 - hidden**2)
        w1, w2, bias = w1 - 0.1 * xs.T @ below, w2 - 0.1 * (hidden * mask).T @ g, bias - 0.1 * below.sum(0)
        for v, own in zip(variables, (w1, w2, bias), strict=True):
            np.testing.assert_allclose(v.numpy(), own, rtol=1e-8, atol=1e-10)
    assert seen == {0.0, 1 / 0.75}
    assert step.program.num_compiled <= 5
