"""Losses over drawn classes against the formulas written out, and the draws against their shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import nn
from thalweg.errors import ArgumentError, DTypeError, ShapeError

R = np.random.default_rng(4)
WEIGHTS, BIASES = R.normal(size=(7, 3)), R.normal(size=7)
LABELS, INPUTS = np.array([[2, 4], [0, 6], [5, 1]]), R.normal(size=(3, 3))
DRAWN = np.array([4, 3, 0, 3])  # with a true class of the first row and one of the second
EXPECTED = R.uniform(0.1, 1.0, (3, 2)), R.uniform(0.1, 1.0, 4)


def _references(hits: bool) -> tuple[list[float], list[float]]:
    nce, softmax = [], []
    for x, labels, counts in zip(INPUTS, LABELS, EXPECTED[0], strict=True):
        true = [WEIGHTS[k] @ x + BIASES[k] - np.log(c) for k, c in zip(labels, counts, strict=True)]
        others = [
            WEIGHTS[k] @ x + BIASES[k] - np.log(c)
            for k, c in zip(DRAWN, EXPECTED[1], strict=True)
            if not (hits and k in labels)
        ]
        yes = sum(np.logaddexp(0, z) - z / 2 for z in true)  # each of two true classes has the label 1/2
        nce.append(yes + sum(np.logaddexp(0, z) for z in others))
        softmax.append(np.logaddexp.reduce([*true, *others]) - sum(true) / 2)
    return nce, softmax


@pytest.mark.parametrize("hits", [False, True])
def test_the_losses_are_their_formulas(hits: bool) -> None:
    drawn = nn.Candidates(DRAWN, *EXPECTED)
    wanted = _references(hits)
    for loss, values in zip((nn.nce_loss, nn.sampled_softmax_loss), wanted, strict=True):
        found: Any = loss(WEIGHTS, BIASES, LABELS, INPUTS, drawn, remove_hits=hits)
        np.testing.assert_allclose(found.numpy(), values, rtol=1e-6)


def test_a_compiled_step_learns_from_drawn_classes() -> None:
    w, b = tw.Variable(np.zeros((50, 4), "float32")), tw.Variable(np.zeros(50, "float32"))
    x, y = tw.placeholder("float32", (None, 4)), tw.placeholder("int32", (None, 1))
    drawn = nn.draw_candidates(nn.log_uniform_shares(50), y, 10)
    loss = tw.mean(nn.sampled_softmax_loss(w, b, y, x, drawn))
    updates = [(v, v - g) for v, g in zip((w, b), tw.gradients(loss, [w, b]), strict=True)]
    step = tw.function([x, y], loss, updates=updates)
    rows, classes = R.normal(size=(40, 4)).astype("float32"), R.integers(50, size=(40, 1)).astype("int32")
    losses = [float(step(rows, classes)) for _ in range(200)]
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])
    assert len(set(losses)) == 200  # other classes at every step


@pytest.mark.parametrize("unique", [True, False])
def test_classes_come_as_often_as_expected(unique: bool) -> None:
    shares, runs = [4.0, 1.0, 0.0, 2.0, 1.0, 3.0], 2000
    counts = np.zeros(6)
    for _ in range(runs):
        found = nn.draw_candidates(shares, np.arange(6), 3, unique=unique)
        drawn = found.drawn.numpy()
        assert drawn.shape == (3,) and drawn.dtype == np.int64 and (not unique or len(set(drawn)) == 3)
        counts += np.bincount(drawn, minlength=6)
    expected = found.expected_true.numpy()
    np.testing.assert_allclose(expected.sum(), 3, rtol=1e-3)
    np.testing.assert_allclose(counts / runs, expected, atol=0.06)
    np.testing.assert_array_equal(found.expected_drawn.numpy(), expected[drawn])
    assert counts[2] == 0


def test_small_numbers_are_drawn_first() -> None:
    shares = nn.log_uniform_shares(1000)
    np.testing.assert_allclose(shares.sum(), 1.0)
    found = nn.draw_candidates(shares, [[0], [999]], 100)
    assert len(set(found.drawn.tolist())) == 100 and 0.9 < found.expected_true[0, 0] <= 1.0
    assert found.expected_true.shape == (2, 1) and found.expected_true[1, 0] < 0.1


def test_what_cannot_be_drawn_or_looked_up_is_said() -> None:
    with pytest.raises(ArgumentError, match="at most 2"):
        nn.draw_candidates([1.0, 0.0, 1.0], [0], 3)
    drawn = nn.Candidates(DRAWN, *EXPECTED)
    with pytest.raises(DTypeError, match=r"nce_loss: labels.*integers"):
        nn.nce_loss(WEIGHTS, BIASES, LABELS + 0.5, INPUTS, drawn)
    with pytest.raises(ShapeError, match=r"sampled_softmax_loss: labels.*\[rows, true classes\]"):
        nn.sampled_softmax_loss(WEIGHTS, BIASES, LABELS[:, 0], INPUTS, drawn)
