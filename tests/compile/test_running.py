"""Running sums and products that all threads take part in: along rows, down columns, and of one long row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import thalweg as tw
from thalweg.run.workers import num_threads, set_num_threads


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = num_threads()
    yield
    set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((130, 150), 1), ((130, 150), 0), ((300, 77), 0), ((3, 90, 101), 1), ((20_000,), 0), ((5, 3500), 1)],
    ids=str,
)
def test_all_threads_together(shape: tuple[int, ...], axis: int, threads: int) -> None:
    set_num_threads(threads)
    x = np.random.default_rng(0).integers(-9, 9, shape).astype("int64")
    given = tw.placeholder("int64", shape)
    np.testing.assert_array_equal(
        tw.function([given], tw.cumulative_sum(given, axis=axis))(x), np.cumsum(x, axis=axis)
    )
    floats = (x / 8).astype("float32")  # their sums are exact
    given = tw.placeholder("float32", shape)
    np.testing.assert_array_equal(
        tw.function([given], tw.cumulative_sum(given, axis=axis, reverse=True))(floats),
        np.flip(np.cumsum(np.flip(floats, axis), axis=axis), axis),
    )


def test_sums_of_negative_zeros_stay_so() -> None:
    x = np.full((3, 40), -0.0, "float32")
    given = tw.placeholder("float32", x.shape)
    assert np.signbit(tw.function([given], tw.cumulative_sum(given, axis=1))(x).numpy()).all()
