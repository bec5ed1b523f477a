"""Walks: equal expressions made one, before gradients are taken of them."""

from __future__ import annotations

import numpy as np

import thalweg as tw
from thalweg.graph.walk import shared, topological


def num_products(outputs: list[tw.Tensor]) -> int:
    return sum(t.op is not None and t.op.name in ("matmul", "matrix_product") for t in topological(outputs))


def test_equal_expressions_become_one() -> None:
    x = tw.placeholder("float32", (3,), name="x")
    (y,) = shared([tw.exp(x * 2.0) + tw.exp(x * 2.0)])
    assert y.inputs[0] is y.inputs[1]


def test_what_is_different_stays_apart() -> None:
    x = tw.placeholder("float32", (4, 6), name="x")
    y = tw.sum(x, axis=0).sum() + tw.sum(x, axis=1).sum() + x[:, 0].sum() + x[:, 1].sum()
    assert shared([y])[0] is y
    a, b = (tw.random.normal((3,), symbolic=True) for _ in range(2))
    assert shared([a - b])[0].inputs[0] is not shared([a - b])[0].inputs[1]


def test_kept_tensors_stay_themselves() -> None:
    x = tw.placeholder("float32", (3,), name="x")
    a, b = x * 2.0, x * 2.0
    y = tw.sum(a * b)
    (slope,) = tw.gradients(y, [a])
    f = tw.function([x], [slope, tw.gradients(y, x)])
    assert [r.tolist() for r in f([1.0, 2.0, 3.0])] == [[2.0, 4.0, 6.0], [8.0, 16.0, 24.0]]


def test_a_product_written_four_times_has_one_gradient() -> None:
    rng = np.random.default_rng(0)
    h = rng.standard_normal((5, 3)).astype("float32")
    u = tw.Variable(rng.standard_normal((3, 8)).astype("float32"))
    x = tw.placeholder("float32", (None, 3), name="x")
    parts = [tw.tanh((x @ u)[:, k : k + 2]) for k in (0, 2, 4, 6)]
    loss = tw.sum(parts[0] * parts[1] + parts[2] * parts[3])
    slope = tw.gradients(loss, u)
    assert num_products([slope]) == 2  # forward, and the weights' gradient
    once = x @ u
    parts = [tw.tanh(once[:, k : k + 2]) for k in (0, 2, 4, 6)]
    other = tw.gradients(tw.sum(parts[0] * parts[1] + parts[2] * parts[3]), u)
    got, wanted = tw.function([x], [slope, other])(h)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)
