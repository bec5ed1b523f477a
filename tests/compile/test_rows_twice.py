"""Elementwise nests whose places take long: what is stored first along a row, the rest along the same row again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.fused import FlatNest


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many passes each nest takes, as they are written."""
    found: list[int] = []
    chosen = FlatNest._passes

    def noted(self: FlatNest, last: Any) -> Any:
        made = chosen(self, last)
        found.append(len(made))
        return made

    monkeypatch.setattr(FlatNest, "_passes", noted)
    return found


@pytest.mark.parametrize("length", [63, 64, 100, 128, 2048, 2049])
def test_the_gates_of_a_cell(length: int, passes: list[int]) -> None:
    rng = np.random.default_rng(length)
    sums = rng.normal(size=(3, 4 * length))
    start = rng.normal(size=(3, length))
    given, state = tw.placeholder("float64", sums.shape), tw.Variable(start)
    i, f, g, o = (given[:, k * length : (k + 1) * length] for k in range(4))
    gates = [tw.nn.sigmoid(i), tw.nn.sigmoid(f), tw.tanh(g), tw.nn.sigmoid(o)]
    new = gates[1] * state + gates[0] * gates[2]
    after = tw.tanh(new)
    step = tw.function([given], [*gates, after, gates[3] * after], updates=[(state, new)])
    parts = np.split(sums, 4, axis=1)
    wanted = [sigmoid(parts[0]), sigmoid(parts[1]), np.tanh(parts[2]), sigmoid(parts[3])]
    cell = wanted[1] * start + wanted[0] * wanted[2]
    wanted += [np.tanh(cell), wanted[3] * np.tanh(cell)]
    for got, want in zip(step(sums), wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose(state.get_value(), cell, rtol=1e-12)
    assert max(passes) == (2 if 64 <= length <= 2048 else 1)


def test_what_the_second_pass_reads_is_not_overwritten_by_the_first(passes: list[int]) -> None:
    rng = np.random.default_rng(0)
    x, start = rng.normal(size=(2, 4, 128))
    given, w = tw.placeholder("float64", x.shape), tw.Variable(start)
    new = tw.nn.sigmoid(tw.tanh(given) + w)
    long = tw.tanh(tw.nn.sigmoid(tw.tanh(new * 2) + 1) * 3)
    step = tw.function([given], long * w, updates=[(w, new)])
    first = sigmoid(np.tanh(x) + start)
    wanted = np.tanh(sigmoid(np.tanh(first * 2) + 1) * 3) * start
    np.testing.assert_allclose(step(x), wanted, rtol=1e-12)
    np.testing.assert_allclose(w.get_value(), first, rtol=1e-12)


def test_short_work_is_done_in_one_pass(passes: list[int]) -> None:
    x = tw.placeholder("float32", (4, 128))
    y = tw.tanh(x)
    tw.function([x], [y, y * y + 1])(np.ones((4, 128), "float32"))
    assert passes and max(passes) == 1
