"""Reductions of one long axis, which are done in pieces by all threads, and of many axes at once."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw

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


@pytest.mark.parametrize("shape", [(100_000,), (100, 1000), (20, 10, 500)], ids=str)
def test_sums_of_halves_are_rounded_once(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(1).uniform(0, 0.5, shape).astype("float16")
    given = tw.placeholder("float16", shape)
    assert tw.function([given], tw.sum(given))(x).item() == float(np.float16(x.astype("float64").sum()))
