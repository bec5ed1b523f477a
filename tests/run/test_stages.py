"""Programs whose shapes depend on values of their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import FeedError, ShapeError
from thalweg.ops import dynamic
from thalweg.ops.shape import count
from thalweg.run.program import Program

INT64 = np.dtype("int64")


def test_lengths_of_shapes_need_no_reading_ahead() -> None:
    x = tw.placeholder("float32", [None, 3])
    n: Any = count(x, (0,), INT64)
    made = Program([x], [dynamic.iota(n * 2), dynamic.broadcast_to_lengths(1.0, (n, 2))])
    for rows in (1, 2, 3, 4, 5, 6):
        numbers, ones = made.run([np.zeros((rows, 3), "float32")])
        assert numbers.tolist() == list(range(2 * rows)) and ones.shape == (rows, 2)


def test_lengths_of_values_are_compiled_once_each() -> None:
    n, w = tw.placeholder("int64", []), tw.Variable(np.int64(2))
    made = Program([n], [dynamic.iota(n + w), tw.sum(dynamic.iota(n) * 2)], [(w, w + 1)])
    for k, step in ((3, 0), (0, 1), (3, 2)):
        numbers, total = made.run([np.int64(k)])
        assert numbers.tolist() == list(range(k + 2 + step)) and total == k * (k - 1)
    assert w.get_value() == 5


def test_lengths_that_nobody_gives() -> None:
    n, m = tw.placeholder("int64", [], name="n"), tw.placeholder("int64", [], name="m")
    with pytest.raises(FeedError, match="m"):
        Program([n], [dynamic.iota(n + m)]).run([np.int64(1)])


def test_lengths_computed_from_data_run_on_the_host() -> None:
    x = tw.placeholder("float64", [None])
    (places,) = dynamic.true_places(tw.greater(x, 0.0))
    picked = tw.take(x, places, axis=0)
    made = Program([x], [picked, dynamic.iota(count(picked, (0,), INT64))])
    kept, numbers = made.run([np.array([1.0, -1.0, 2.0])])
    assert kept.tolist() == [1, 2] and numbers.tolist() == [0, 1]


def test_what_is_drawn_on_both_sides_of_a_cut_is_new_at_each_run() -> None:
    x = tw.placeholder("float64", [None])
    noise = tw.random.uniform((4,), symbolic=True)
    (places,) = dynamic.true_places(tw.greater(x + tw.random.uniform((), symbolic=True), 0.0))
    made = Program(
        [x], [noise, tw.take(x, places, axis=0) * tw.random.uniform((), symbolic=True), tw.sum(noise)]
    )
    first, second = (made.run([np.array([1.0, -2.0, 2.0])]) for _ in range(2))
    for noises, kept, total in (first, second):
        assert kept.shape == (2,) and kept[1] == 2 * kept[0] and np.isclose(noises.sum(), total)
    assert not (first[0] == second[0]).any() and first[1][0] != second[1][0]


@pytest.mark.parametrize("rows", [(3, 5), (5, 3), (4, 4)])
def test_common_rows_and_their_gradient(rows: tuple[int, int]) -> None:
    x, y = tw.placeholder("float64", [None, 2]), tw.placeholder("float64", [None])
    cut = dynamic.common_rows(x, y)
    slope = tw.gradients(tw.sum(cut * cut), x)
    a, b = np.random.RandomState(0).randn(rows[0], 2), np.zeros(rows[1])
    kept, g = Program([x, y], [cut, slope]).run([a, b])
    n = min(rows)
    assert np.array_equal(kept, a[:n]) and np.allclose(g, np.r_[2 * a[:n], 0 * a[n:]])


def test_gradients_through_shapes_of_tensors() -> None:
    x, n = tw.placeholder("float64", [None, 4]), tw.placeholder("int64", [])
    folded = dynamic.reshape_to_lengths(x, (n, -1))
    wide = dynamic.broadcast_to_lengths(tw.sum(x), (n,))
    slope = tw.gradients(tw.sum(folded**2) + tw.sum(wide), x)
    a = np.arange(12.0).reshape(3, 4)
    for k in (2, 6):
        shaped, g = Program([x, n], [folded, slope]).run([a, np.int64(k)])
        assert shaped.shape == (k, 12 // k) and np.allclose(g, 2 * a + k)


# --- programs in stages -----------------------------------------------------------------------------------------------


def _masked_step(keep: float = 1.0) -> tuple[Any, Any, Any, Program, Any]:
    """A step of a network, the loss of which is a mean over the rows whose first number is above 0."""
    x, w = tw.placeholder("float64", [None, 4]), tw.Variable(np.linspace(-1, 1, 12).reshape(4, 3))
    h = tw.tanh(tw.matmul(x, w))
    kept = tw.nn.dropout(tw.ones_like(h), 1 - keep) if keep < 1 else tw.ones_like(h)
    (places,) = dynamic.true_places(tw.greater(x[:, 0], 0.0))
    chosen = tw.take(h * kept, places, axis=0)
    loss = tw.mean(tw.square(chosen))
    slope = tw.gradients(loss, w)
    program = Program([x], [loss, kept, chosen], [(w, w - 0.1 * slope)])
    return x, w, slope, program, loss


def _masked_step_by_hand(x: Any, w: Any, kept: Any) -> tuple[Any, Any]:
    h = np.tanh(x @ w)
    chosen = (x[:, :1] > 0) * np.ones(3)
    count = chosen.sum()
    g = 2 * h * kept**2 * chosen / count * (1 - h**2)
    return ((h * kept) ** 2 * chosen).sum() / count, w - 0.1 * x.T @ g


@pytest.mark.parametrize("keep", [1.0, 0.5])
def test_a_step_with_a_mask_is_compiled_for_all_lengths(keep: float) -> None:
    _, w, _, program, _ = _masked_step(keep)
    rng = np.random.default_rng(0)
    own = w.get_value()
    for n in [5, 8, 13, 21, 9, 30, 17, 12, 25, 40]:
        x = rng.normal(size=(n, 4))
        loss, kept, chosen = program.run([x])
        wanted, own = _masked_step_by_hand(x, own, kept)
        assert len(chosen) == (x[:, 0] > 0).sum()
        np.testing.assert_allclose(loss, wanted, rtol=1e-12)
        np.testing.assert_allclose(w.get_value(), own, rtol=1e-12)
    stages = program._stages
    assert stages is not None and program.num_compiled == 0
    assert stages._first.num_compiled <= 4 and stages._rest.num_compiled <= 4
    assert program.compile_seconds > 0


def test_nothing_changes_where_a_step_in_stages_fails() -> None:
    n, w = tw.placeholder("int64", []), tw.Variable(np.zeros(3))
    wide = dynamic.reshape_to_lengths(w * 2, (n, -1))
    program = Program([n], [wide], [(w, w + 1)])
    assert program.run([np.int64(3)])[0].shape == (3, 1)
    with pytest.raises(ValueError, match="reshape"):
        program.run([np.int64(2)])
    assert w.get_value().tolist() == [1, 1, 1]


def test_many_steps_in_stages() -> None:
    _, w, _, program, _ = _masked_step()
    own, x = w.get_value(), np.random.default_rng(1).normal(size=(6, 7, 4))
    losses = []
    for step in x:
        wanted, own = _masked_step_by_hand(step, own, 1.0)
        losses.append(wanted)
    found = [results[0] for _, results in program.run_steps([x.reshape(42, 4)], batch=7)]
    np.testing.assert_allclose(np.concatenate(found), losses, rtol=1e-12)
    np.testing.assert_allclose(w.get_value(), own, rtol=1e-12)


def test_masks_of_what_masks_chose() -> None:
    """A cut behind a cut; and a result with several parts."""
    x = tw.placeholder("float64", [None, None])
    rows, columns = dynamic.true_places(tw.greater(x, 0.0))
    (again,) = dynamic.true_places(tw.equal(rows % 2, 0))
    program = Program([x], [tw.sum(tw.take(columns, again, axis=0)), tw.sum(x)])
    for shape in [(3, 4), (5, 2), (6, 6), (4, 9), (2, 8)]:
        a = np.random.default_rng(shape[0]).normal(size=shape)
        chosen, total = program.run([a])
        i, j = np.nonzero(a > 0)
        assert chosen == j[i % 2 == 0].sum() and np.isclose(total, a.sum())


def test_lengths_of_what_is_computed_before_the_cut_stay_lengths() -> None:
    """The shape asked for behind the cut is that of a product before it: no value."""
    x, w = tw.placeholder("float64", [None, 4]), tw.Variable(np.ones((4, 3)))
    h = tw.matmul(x, w)
    (places,) = dynamic.true_places(tw.greater(x[:, 0], 0.0))
    rows: Any = count(h, (0,), INT64)
    wide = dynamic.broadcast_to_lengths(tw.sum(tw.take(h, places, axis=0)), (rows, 2))
    program = Program([x], [wide])
    for n in (3, 4, 5, 6, 7):
        a = np.random.default_rng(n).normal(size=(n, 4))
        (found,) = program.run([a])
        np.testing.assert_allclose(found, np.full((n, 2), a[a[:, 0] > 0].sum() * 3))
    assert program._stages is not None and program._stages._rest._stages is None


def test_a_wrong_shape_is_refused_before_the_first_stage() -> None:
    _, _, _, program, _ = _masked_step()
    program.run([np.ones((2, 4))])
    with pytest.raises(ShapeError, match=r"expected \[None, 4\]"):
        program.run([np.ones((2, 5))])
