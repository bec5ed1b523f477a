"""Control flow: eager, interpreted and compiled agree; gradients equal differences; clear errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from thalweg.errors import ArgumentError, DTypeError, ShapeError
from thalweg.gradient import gradients
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder
from thalweg.graph.walk import topological
from thalweg.ops import bodies, random
from thalweg.ops import elementwise as ew
from thalweg.ops.control import cond, while_loop
from thalweg.ops.reduce import sum as total
from thalweg.ops.scan import foldl, map_fn, scan
from thalweg.run.function import function

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 1.5, (4, 3))
W = RNG.uniform(-0.5, 0.5, (3, 3))
H = RNG.uniform(-1, 1, (3,))

Make = Callable[..., Any]


def cell(h: Any, x: Any, w: Any) -> Any:
    return ew.tanh(h @ w + x)


def rnn(x: Any, w: Any, h: Any) -> Any:
    last, hs = scan(lambda h, row: (cell(h, row, w), h * 2.0), h, x)
    return last * 3.0 + total(hs, axis=0)


def backwards(x: Any, w: Any, h: Any) -> Any:
    return total(scan(lambda h, row: (cell(h, row, w), h * row), h, x, reverse=True)[1], axis=0)


def steps_only(x: Any, w: Any, h: Any) -> Any:
    return scan(lambda h, _: (cell(h, x[0], w), None), h, length=5)[0]


def squares(x: Any, w: Any, h: Any) -> Any:
    return total(map_fn(lambda row: ew.exp(row @ w) + h, x), axis=0)


def folded(x: Any, w: Any, h: Any) -> Any:
    return foldl(lambda a, row: a * row + h @ w, x)


def counted(x: Any, w: Any, h: Any) -> Any:
    return while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, cell(h, x[1], w)), (0, h))[1]


def until_large(x: Any, w: Any, h: Any) -> Any:
    (h,) = while_loop(lambda h: total(h * h) < 40.0, lambda h: (h * 1.7 + total(x @ w) * 0.1,), [h])
    return h


def branches(x: Any, w: Any, h: Any) -> Any:
    scaled = x * 2.0  # built outside, used in one branch
    yes, no = (
        cond(total(h) > bound, lambda: total(scaled @ w, axis=0), lambda: ew.sin(h) * 3.0)
        for bound in (-9, 9)
    )
    return yes + no


def nested(x: Any, w: Any, h: Any) -> Any:
    """A choice and a loop in a loop."""

    def step(h: Any, row: Any) -> Any:
        inner = scan(lambda a, v: (a * v, a + v), row[0], row)
        return cond(row[0] > 1.0, lambda: cell(h, row, w), lambda: h * inner[0]), inner[1]

    last, sums = scan(step, h, x)
    return last + total(sums, axis=0)


CASES: dict[str, tuple[Make, int]] = {
    "rnn": (rnn, 2),
    "backwards": (backwards, 2),
    "steps only": (steps_only, 2),
    "map": (squares, 2),
    "fold": (folded, 2),
    "counted while": (counted, 1),
    "while": (until_large, 1),
    "cond": (branches, 2),
    "nested": (nested, 2),
}
every_case = pytest.mark.parametrize("name", list(CASES))
VALUES = [X, W, H]


def symbols() -> list[Tensor]:
    return [placeholder("float64", a.shape) for a in VALUES]


def with_slopes(make: Make, inputs: Sequence[Tensor], order: int) -> list[Tensor]:
    """The result, its gradients, and for order 2 the gradients of a weighting of these."""
    y = make(*inputs)
    slopes = gradients(total(y * constant(np.array([0.3, -1.0, 0.8]))), list(inputs))
    result = [y, *slopes]
    if order > 1:
        weighted: Any = sum(total(ew.sin(s * 2.0)) for s in slopes)
        result += gradients(weighted, list(inputs), unconnected="zero")
    return result


@every_case
def test_eager_interpreted_and_compiled_agree(name: str) -> None:
    make, order = CASES[name]
    eager = with_slopes(make, [Variable(a).read() for a in VALUES], order)
    inputs = symbols()
    built = with_slopes(make, inputs, order)
    by_meaning = evaluate(built, dict(zip(inputs, VALUES, strict=True)))
    compiled = function(inputs, built)(*VALUES)
    for e, s, m, c in zip(eager, built, by_meaning, compiled, strict=True):
        assert s.value is None and s.specs[0] == e.specs[0]
        np.testing.assert_allclose(m, e.numpy(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(c.numpy(), e.numpy(), rtol=1e-11, atol=1e-11)


@every_case
def test_native_bodies_agree(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that run as programs of their own give what the meanings of their ops give."""
    monkeypatch.setattr(bodies, "_WORTH_A_CALL", 0)
    make, order = CASES[name]
    inputs = symbols()
    built = with_slopes(make, inputs, order)
    by_meaning = evaluate(built, dict(zip(inputs, VALUES, strict=True)))
    run = function(inputs, built)
    for _ in range(2):
        for c, m in zip(run(*VALUES), by_meaning, strict=True):
            np.testing.assert_allclose(c.numpy(), m, rtol=1e-11, atol=1e-11)


@every_case
def test_gradients_equal_differences(name: str) -> None:
    make, order = CASES[name]
    inputs = symbols()
    built = with_slopes(make, inputs, order)
    directions = [RNG.uniform(-1, 1, a.shape) for a in VALUES]
    step = 1e-6

    def at(outputs: Sequence[Tensor], sign: float) -> list[np.ndarray]:
        moved = [a + sign * step * d for a, d in zip(VALUES, directions, strict=True)]
        return evaluate(outputs, dict(zip(inputs, moved, strict=True)))

    above, below, here = (at(built, s) for s in (1, -1, 0))
    weights = np.array([0.3, -1.0, 0.8])
    numeric = ((above[0] - below[0]) * weights).sum() / (2 * step)
    np.testing.assert_allclose(
        sum((s * d).sum() for s, d in zip(here[1:4], directions, strict=True)), numeric, rtol=1e-7
    )
    if order > 1:
        numeric = sum(
            (np.sin(2 * a) - np.sin(2 * b)).sum() for a, b in zip(above[1:4], below[1:4], strict=True)
        ) / (2 * step)
        exact = sum((s * d).sum() for s, d in zip(here[4:], directions, strict=True))
        np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-6)


@every_case
def test_built_with_open_lengths(name: str) -> None:
    make, order = CASES[name]
    inputs = [placeholder("float64", (None, 3)), *symbols()[1:]]
    wanted = with_slopes(make, [Variable(a).read() for a in VALUES], order)
    for got, w in zip(function(inputs, with_slopes(make, inputs, order))(*VALUES), wanted, strict=True):
        np.testing.assert_allclose(got.numpy(), w.numpy(), rtol=1e-11, atol=1e-11)


# --- what a loop sees -----------------------------------------------------------------------------------------------


def test_structures_are_kept() -> None:
    x = placeholder("float32", (3,))
    init = {"a": constant(0.0), "b": (constant(1.0), None)}
    last, ys = scan(lambda c, v: ({"a": c["a"] + v, "b": (c["b"][0] * v, None)}, [v, (c["a"],)]), init, x)
    assert set(last) == {"a", "b"} and last["b"][1] is None
    values = function([x], [last["a"], last["b"][0], ys[0], ys[1][0]])([1.0, 2.0, 3.0])
    assert [v.tolist() for v in values] == [6.0, 6.0, [1.0, 2.0, 3.0], [0.0, 1.0, 3.0]]


def test_variables_in_a_body_are_read_at_each_run_and_trained() -> None:
    w, x = Variable(2.0), placeholder("float32", (3,))
    y = scan(lambda c, v: (c * w + v, None), 0.0, x)[0]
    run = function([x], [y, gradients(y, w)], updates=[(w, w + 1.0)])
    assert [v.item() for v in run([1.0, 1.0, 1.0])] == [7.0, 5.0]
    assert [v.item() for v in run([1.0, 1.0, 1.0])] == [13.0, 7.0]


def test_what_does_not_change_is_computed_once() -> None:
    x, w = placeholder("float32", (3,)), placeholder("float32", ())
    y = scan(lambda c, v: (c + v * ew.exp(w), None), 0.0, x)[0]
    (loop,) = [t for t in topological([y]) if t.op is not None and t.op.name == "scan"]
    assert "exp" in [t.op.name for t in topological(loop.inputs) if t.op is not None]
    assert "exp" not in [t.op.name for t in topological(loop.attrs["body"].outputs) if t.op is not None]


def test_only_the_branch_taken_is_computed() -> None:
    """What is built in a branch stays in it; what was built outside does not move in."""
    p, x = placeholder("bool", ()), placeholder("float32", (2,))
    outside = ew.exp(x)
    y = cond(p, lambda: outside + ew.log(x), lambda: x)
    (choice,) = [t for t in topological([y]) if t.op is not None and t.op.name == "cond"]
    names = [t.op.name for t in topological(choice.attrs["true"].outputs) if t.op is not None]
    assert "log" in names and "exp" not in names
    run = function([p, x], y)
    np.testing.assert_array_equal(run(False, [1.0, 2.0]).numpy(), [1.0, 2.0])
    np.testing.assert_allclose(run(True, [1.0, 2.0]).numpy(), np.exp([1, 2]) + np.log([1, 2]), rtol=1e-6)


def test_an_eager_loop_over_symbolic_things_becomes_symbolic() -> None:
    limit, x = placeholder("int64", ()), placeholder("float32", ())
    i, s = while_loop(lambda i, s: i < limit, lambda i, s: (i + 1, s + x), (0, 0.0))
    assert [v.item() for v in function([limit, x], [i, s])(4, 0.5)] == [4, 2.0]
    y = scan(lambda c, v: (c + v * x, None), 0.0, [1.0, 2.0])[0]
    assert function([x], y)(2.0).item() == 6.0


def test_loops_in_a_traced_function() -> None:
    w = Variable(1.0)

    @function
    def run(x: Any) -> Any:
        w.assign_add(1.0)
        (y,) = while_loop(lambda y: y < 100.0, lambda y: (y * w,), [x])
        return cond(y > 150.0, lambda: y, lambda: -y)

    assert [run(60.0).item(), run(60.0).item()] == [-120.0, 180.0]


def test_what_a_branch_assigns_is_assigned_where_it_is_taken() -> None:
    v, w = Variable(np.float32(1.0)), Variable(np.zeros(2, "float32"))
    calls: list[Any] = [0.5, -1.0, 3.0, 0.25]

    @function
    def step(x: Any) -> Any:
        def up() -> Any:
            v.assign(v * 2)
            v.assign(v + x)
            return cond(x > 2, lambda: [w.assign(w * 0 + x), v + 1][1], lambda: v * 1)

        def down() -> Any:
            w.assign(w + x)
            return v * 10

        y = cond(x > 0, up, down)
        v.assign(v + 100)
        return y, v * 1

    value, rows = 1.0, np.zeros(2)
    for x in calls:
        if x > 0:
            value = value * 2 + x
            rows, y = (rows * 0 + x, value + 1) if x > 2 else (rows, value)
        else:
            rows, y = rows + x, value * 10
        value += 100
        np.testing.assert_allclose([t.item() for t in step(np.float32(x))], [y, value], rtol=1e-6)
        np.testing.assert_allclose(w.get_value(), rows)
        assert v.get_value() == value
    with pytest.raises(ArgumentError, match="assigned in the body"):
        cond(placeholder("bool", ()), lambda: v.assign(2.0), lambda: v.assign(1.0))


def test_what_a_loop_assigns_goes_round() -> None:
    v, w = Variable(np.float32(1.0)), Variable(np.float32(0.0))

    def plain(n: int) -> tuple[float, float, float]:
        i, total, a, b = 0, 0.0, v.item() + 1, w.item()
        while i < n and a < 100:
            a, b, i = a * 2, b + a, i + 1
            total += a
        return total, a + total, b

    @function
    def by_while(n: Any) -> Any:
        v.assign_add(1.0)

        def body(i: Any, total: Any) -> Any:
            before = v * 1
            v.assign(v * 2)
            cond(i >= 0, lambda: w.assign(w + before), lambda: w * 1)
            return i + 1, total + v

        total = while_loop(lambda i, total: (i < n) & (v < 100.0), body, (n * 0, n * 0.0))[1]
        v.assign(v + total)
        return total

    for n in (3, 0, 9):
        total, a, b = plain(n)
        assert by_while(np.int32(n)).item() == total and (v.item(), w.item()) == (a, b)

    @function
    def by_scan(x: Any) -> Any:
        def step(total: Any, row: Any) -> Any:
            inner = map_fn(lambda k: v.assign_add(k) * 1.0, row)  # a loop within
            return total + v, inner

        return scan(step, 0.0, x)

    v.assign(1.0)
    last, rows = by_scan(np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    np.testing.assert_array_equal(rows.numpy(), [[2, 4, 7], [11, 16, 22]])
    assert (last.item(), v.item()) == (29, 22)


def test_iterations_are_bounded() -> None:
    for start in (0, placeholder("int64", ())):
        (i,) = while_loop(lambda i: i < 100, lambda i: (i + 1,), [start], maximum_iterations=7)
        value = i if i.value is not None else function([start], i)(0)
        assert value.item() == 7


def test_loops_of_no_iterations() -> None:
    for x in (constant(np.zeros((0, 2))), placeholder("float64", (None, 2))):
        last, ys = scan(lambda c, v: (c + v, c * 2.0), constant(np.ones(2)), x)
        result = [last, ys] if last.value is not None else function([x], [last, ys])(np.zeros((0, 2)))
        np.testing.assert_array_equal(result[0].numpy(), [1.0, 1.0])
        assert result[1].shape == (0, 2)


# --- random numbers in bodies ---------------------------------------------------------------------------------------


def test_each_iteration_draws_other_numbers() -> None:
    x = placeholder("float32", (6, 5))
    ys = map_fn(lambda row: row + random.uniform((5,)), x)
    run = function([x], ys)
    zeros = np.zeros((6, 5), np.float32)
    first, second = run(zeros).numpy(), run(zeros).numpy()
    assert len(np.unique([first, second])) == 60


def test_loops_in_loops_draw_other_numbers() -> None:
    x = placeholder("float32", (3,))
    noise = map_fn(lambda row: map_fn(lambda v: v + random.uniform((4,)), x) + row, x)
    assert len(np.unique(function([x], noise)(np.zeros(3, np.float32)).numpy())) == 36


def test_a_mask_drawn_outside_is_the_same_at_each_iteration() -> None:
    x = placeholder("float32", (6, 5))
    mask = random.uniform((5,), symbolic=True)
    ys = function([x], map_fn(lambda row: row + mask, x))(np.zeros((6, 5), np.float32)).numpy()
    np.testing.assert_array_equal(ys, np.broadcast_to(ys[0], (6, 5)))


def test_the_gradient_sees_the_masks_of_the_loop() -> None:
    x = placeholder("float32", (6, 5))
    y = map_fn(lambda row: row * random.bernoulli(0.5, (5,), "float32"), x)
    (h,) = while_loop(lambda h: total(h) > 0.5, lambda h: (h * random.uniform((6, 5)),), [x])
    run = function([x], [y, gradients(total(y), x), h, gradients(total(h), x)])
    y_, slope, h_, h_slope = (v.numpy() for v in run(np.ones((6, 5), np.float32)))
    np.testing.assert_array_equal(y_, slope)
    np.testing.assert_allclose(h_, h_slope, rtol=1e-6)
    assert 0 < y_.mean() < 1


# --- errors ---------------------------------------------------------------------------------------------------------


def test_errors_say_what_changed() -> None:
    x, v = placeholder("float32", (3,)), Variable(1.0, name="v")
    with pytest.raises(ShapeError, match=r"loop variable 0 changes.*\[\].*\[3\]"):
        scan(lambda c, row: (c + x, None), 0.0, x)
    with pytest.raises(DTypeError, match=r"loop variable 1 changes.*float32.*float64"):
        while_loop(lambda i, s: i < x[0], lambda i, s: (i, s + np.ones((), "float64")), (0.0, 0.0))
    with pytest.raises(DTypeError, match="branches differ in the dtype"):
        cond(x[0] > 0, lambda: x, lambda: ew.astype(x, "int32"))
    with pytest.raises(ArgumentError, match="structures differ"):
        cond(x[0] > 0, lambda: (x, x), lambda: x)
    with pytest.raises(ArgumentError, match="variable 'v' is assigned"):
        cond(x[0] > 0, lambda: v.assign(x[0]), lambda: v)
    with pytest.raises(ArgumentError, match="a bool scalar"):
        while_loop(lambda h: h, lambda h: (h,), [x])
    with pytest.raises(ArgumentError, match="a pair"):
        scan(lambda c, row: c, 0.0, x)
    with pytest.raises(ArgumentError, match="neither xs nor length"):
        scan(lambda c, row: (c, c), 0.0)
    with pytest.raises(ShapeError, match="first axes of xs differ"):
        scan(lambda c, row: (c, c), 0.0, (x, placeholder("float32", (4,))))
    with pytest.raises(ShapeError, match="a scalar"):
        cond(x, lambda: x, lambda: x)
    with pytest.raises(ArgumentError, match="a list or tuple"):
        while_loop(lambda i: i < 3, lambda i: i + 1, 0)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_while_loop_has_derivatives_of_any_order(order: int) -> None:
    x, w = placeholder("float64", ()), placeholder("float64", ())
    y, _ = while_loop(lambda y, i: y < 100.0, lambda y, i: (y * y * w, i + 1), (x, 0))  # x**8 * w**7 from 3
    slope = y
    for _ in range(order):
        slope = gradients(slope, x)
    by_both = gradients(slope, w)
    factor = math.perm(8, order)
    got = function([x, w], [slope, by_both])(3.0, 1.0)
    wanted = [factor * 3.0 ** (8 - order), 7 * factor * 3.0 ** (8 - order)]
    np.testing.assert_allclose([float(t) for t in got], wanted, rtol=1e-12)


def test_a_loop_of_one_turn_is_no_loop() -> None:
    w = Variable(np.array([2.0, 3.0], np.float32), name="w")
    x = placeholder("float32", [1, 2], name="x")
    last, ys = scan(lambda a, e: (a * w + e, {"sum": a + e}), constant(np.array([5.0, 7.0], np.float32)), x)
    assert ys["sum"].shape == (1, 2)
    (slope,) = gradients(total(last) + total(ys["sum"]), [x])
    assert not [t for t in topological([last, slope]) if t.op is not None and t.op.name == "scan"]
    found = function([x], [last, ys["sum"], slope])(np.array([[1.0, 1.0]], np.float32))
    for one, expected in zip(found, ([11, 22], [[6, 8]], [[2, 2]]), strict=True):
        np.testing.assert_array_equal(one, expected)
