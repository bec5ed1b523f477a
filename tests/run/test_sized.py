"""Programs whose shapes depend on values of their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import FeedError
from thalweg.ops import dynamic
from thalweg.ops.shape import count
from thalweg.run import sized
from thalweg.run.program import Program

INT64 = np.dtype("int64")


def test_lengths_of_shapes_need_no_reading_ahead() -> None:
    x = tw.placeholder("float32", [None, 3])
    n: Any = count(x, (0,), INT64)
    made = sized.program([x], [dynamic.iota(n * 2), dynamic.broadcast_to_lengths(1.0, (n, 2))])
    assert isinstance(made, Program)
    for rows in (1, 2, 3, 4, 5, 6):
        numbers, ones = made.run([np.zeros((rows, 3), "float32")])
        assert numbers.tolist() == list(range(2 * rows)) and ones.shape == (rows, 2)


def test_lengths_of_values_are_compiled_once_each() -> None:
    n, w = tw.placeholder("int64", []), tw.Variable(np.int64(2))
    made = sized.program([n], [dynamic.iota(n + w), tw.sum(dynamic.iota(n) * 2)], [(w, w + 1)])
    assert isinstance(made, sized.SizedProgram)
    for k, step in ((3, 0), (0, 1), (3, 2)):
        numbers, total = made.run([np.int64(k)])
        assert numbers.tolist() == list(range(k + 2 + step)) and total == k * (k - 1)
    assert w.get_value() == 5


def test_lengths_that_nobody_gives() -> None:
    n, m = tw.placeholder("int64", [], name="n"), tw.placeholder("int64", [], name="m")
    with pytest.raises(FeedError, match="m"):
        sized.program([n], [dynamic.iota(n + m)]).run([np.int64(1)])


def test_lengths_computed_from_data_run_on_the_host() -> None:
    x = tw.placeholder("float64", [None])
    (places,) = dynamic.true_places(tw.greater(x, 0.0))
    picked = tw.take(x, places, axis=0)
    made = sized.program([x], [picked, dynamic.iota(count(picked, (0,), INT64))])
    kept, numbers = made.run([np.array([1.0, -1.0, 2.0])])
    assert kept.tolist() == [1, 2] and numbers.tolist() == [0, 1]


@pytest.mark.parametrize("rows", [(3, 5), (5, 3), (4, 4)])
def test_common_rows_and_their_gradient(rows: tuple[int, int]) -> None:
    x, y = tw.placeholder("float64", [None, 2]), tw.placeholder("float64", [None])
    cut = dynamic.common_rows(x, y)
    slope = tw.gradients(tw.sum(cut * cut), x)
    a, b = np.random.RandomState(0).randn(rows[0], 2), np.zeros(rows[1])
    kept, g = sized.program([x, y], [cut, slope]).run([a, b])
    n = min(rows)
    assert np.array_equal(kept, a[:n]) and np.allclose(g, np.r_[2 * a[:n], 0 * a[n:]])


def test_gradients_through_shapes_of_tensors() -> None:
    x, n = tw.placeholder("float64", [None, 4]), tw.placeholder("int64", [])
    folded = dynamic.reshape_to_lengths(x, (n, -1))
    wide = dynamic.broadcast_to_lengths(tw.sum(x), (n,))
    slope = tw.gradients(tw.sum(folded**2) + tw.sum(wide), x)
    a = np.arange(12.0).reshape(3, 4)
    for k in (2, 6):
        shaped, g = sized.program([x, n], [folded, slope]).run([a, np.int64(k)])
        assert shaped.shape == (k, 12 // k) and np.allclose(g, 2 * a + k)
