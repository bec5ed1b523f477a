"""Reductions of one long axis, which are done in pieces by all threads, and of many axes at once."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.lower import specialise
from thalweg.graph.walk import topological

NAMES = ["sum", "max", "min", "mean"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", [16_385, 20_000, 65_537, 100_003])  # two of them have no small divisor
def test_of_one_axis(length: int, name: str) -> None:
    x = np.random.default_rng(0).integers(-99, 99, length).astype("float64")  # their sums are exact
    given = tw.placeholder("float64", x.shape)
    y = getattr(tw, name)(given, keepdims=True)
    got = tw.function([given], y)(x)
    assert got.shape == (1,)
    np.testing.assert_allclose(got, getattr(np, name)(x, keepdims=True), rtol=1e-15)


def test_the_largest_of_rows_of_any_length_and_nan() -> None:
    rng = np.random.default_rng(1)
    for length in (1, 15, 16, 63, 64, 65, 127, 128, 129, 200, 1024, 1025, 2100):
        x = rng.normal(size=(3, length)).astype("float32")
        x[1, rng.integers(length)] = np.nan
        given = tw.placeholder("float32", x.shape)
        for name in ("max", "min", "sum"):
            got = tw.function([given], getattr(tw, name)(given, axis=1))(x)
            np.testing.assert_allclose(got, getattr(np, name)(x, axis=1), rtol=2e-5, atol=1e-5)


def test_several_reductions_in_one_walk_over_rows_of_any_length() -> None:
    """They take two vectors at a time: what is left of a row is one vector, or less."""
    rng = np.random.default_rng(2)
    for length in (1, 7, 16, 31, 32, 33, 47, 48, 65, 100, 129, 500, 1025):
        x, y = rng.integers(-9, 9, (2, 3, length)).astype("float32")
        a, b = (tw.placeholder("float32", x.shape) for _ in "ab")
        step = tw.function(
            [a, b], [tw.sum(tw.square(a - b), axis=1), tw.sum(a * b, axis=1), tw.max(a - b, axis=1)]
        )
        wanted = [((x - y) ** 2).sum(1), (x * y).sum(1), (x - y).max(1)]
        for got, want in zip(step(x, y), wanted, strict=True):
            assert np.array_equal(got, want), length


def test_the_gradient_of_a_mean_reads_no_array_of_numbers() -> None:
    x, w = tw.placeholder("float32", (500,)), tw.placeholder("float32", ())
    loss = tw.mean(tw.square(x * w))
    lowered = specialise(tw.gradients(loss, [w]), {x: x, w: w})
    assert all(t.value is None or t.value.size == 1 for t in topological(lowered))


@pytest.mark.parametrize("shape", [(100_000,), (100, 1000), (20, 10, 500)], ids=str)
def test_sums_of_halves_are_rounded_once(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).uniform(0, 0.5, shape).astype("float16")
    given = tw.placeholder("float16", shape)
    assert tw.function([given], tw.sum(given))(x).item() == float(np.float16(x.astype("float64").sum()))
