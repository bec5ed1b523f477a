"""Loops that multiply by the same matrix at every step read it in panels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile import lower
from thalweg.compile.hoist import is_loop
from thalweg.compile.target import AVX2, AVX512, NEON, SSE
from thalweg.compile.tiling import Operand, Product, choose_tiling, row_major
from thalweg.graph.walk import topological

RNG = np.random.default_rng(0)


def layouts(step: Any, *arrays: np.ndarray) -> list[tuple[int, ...]]:
    """The shapes of three axes among what never changes in the loops of a function."""
    form = step.program.form(arrays)
    roots = lower.specialise(form.program.roots, form._replace(form._input_leaf))
    found = []
    for loop in topological(roots):
        if is_loop(loop):
            first = loop.attrs["num_carry"] + loop.attrs["num_xs"]
            found += [t.shape for t in loop.inputs[first:] if len(t.shape) == 3]
    return found


def recurrence(rows: int, units: int, steps: int, also: bool = False) -> tuple[Any, list[np.ndarray]]:
    """tanh(h @ w + x) at every step, its last value and gradients; with ``also``, w is added up in passing too."""
    x, w = tw.placeholder("float32", (steps, rows, units)), tw.placeholder("float32", (units, units))

    def body(h: Any, now: Any) -> Any:
        following = tw.tanh(h @ w + now)
        return (following + w[0] if also else following), following

    _, ys = tw.scan(body, tw.zeros((rows, units)), x)
    loss = tw.sum(ys * ys)
    step = tw.function([x, w], [ys, loss, *tw.gradients(loss, [x, w])])
    arrays = [0.3 * RNG.normal(size=s) for s in ((steps, rows, units), (units, units))]
    return step, [a.astype("f") for a in arrays]


@pytest.mark.parametrize("rows", [16, 33])
def test_panels_give_what_rows_give(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step, arrays = recurrence(rows, 96, 9)
    assert set(layouts(step, *arrays)) == {(3, 96, 32)}  # forward, and transposed for the gradient
    found = step(*arrays)
    monkeypatch.setattr(lower, "paneled", list)
    plain, _ = recurrence(rows, 96, 9)
    assert not layouts(plain, *arrays)
    for one, other in zip(found, plain(*arrays)):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-5)
    h = np.zeros((rows, 96), "f")
    for now, y in zip(arrays[0], found[0].numpy()):
        h = np.tanh(h @ arrays[1] + now)
        np.testing.assert_allclose(y, h, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "units", "steps", "also"),
    [(15, 96, 9, False), (16, 90, 9, False), (16, 32, 9, False), (16, 96, 7, False)],
    ids=["few rows", "no whole panels", "small", "few steps"],
)
def test_matrices_for_which_panels_do_not_pay_stay(rows: int, units: int, steps: int, also: bool) -> None:
    step, arrays = recurrence(rows, units, steps, also)
    assert not layouts(step, *arrays)


def test_what_else_reads_the_matrix_reads_its_rows() -> None:
    step, arrays = recurrence(16, 96, 9, also=True)
    ys = step(*arrays)[0].numpy()
    h = np.zeros((16, 96), "f")
    for now, y in zip(arrays[0], ys):
        following = np.tanh(h @ arrays[1] + now)
        np.testing.assert_allclose(y, following, rtol=1e-4, atol=1e-5)
        h = following + arrays[1][0]


@pytest.mark.parametrize("target", [AVX512, AVX2, SSE, NEON], ids=lambda t: t.name)
@pytest.mark.parametrize("m", [16, 50, 128])
def test_panels_are_not_packed(m: int, target: Any) -> None:
    panels = Operand(((96, 32),), ((8, 96 * 32), (32, 1)))
    t = choose_tiling(Product(m, 256, 96, row_major(m, 96), panels, row_major(m, 256)), target)
    assert not t.pack_b and 32 % t.cols == 0
