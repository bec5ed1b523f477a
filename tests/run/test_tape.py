"""The gradient tape: gradients of eager programs, watched tensors, once or often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.tensor import Tensor, Variable
from thalweg.run.replay import remembered_gradients, replayed_gradients
from thalweg.run.tape import GradientTape


def test_gradients_of_variables_in_structures() -> None:
    w, b = Variable([[1.0, 2.0], [3.0, 4.0]]), Variable([1.0, 1.0])
    x = tw.constant([[1.0, -1.0]])
    with GradientTape() as tape:
        loss = tw.sum(tw.square(tw.matmul(x, w) + b))
    found = tape.gradient(loss, {"w": w, "rest": [b]})
    np.testing.assert_allclose(found["rest"][0].array(), [-2, -2])
    np.testing.assert_allclose(found["w"].array(), [[-2, -2], [2, 2]])


def test_watched_tensors() -> None:
    x = tw.constant(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).item() == 6


def test_a_tape_gives_gradients_once_unless_persistent() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x**3
    tape.gradient(y, x)
    with pytest.raises(tw.GradientError, match=r"a tape gives gradients once; .*persistent=True"):
        tape.gradient(y, x)
    with GradientTape(persistent=True) as tape:
        y, z = x**3, x * 5
    assert (tape.gradient(y, x).item(), tape.gradient(z, x).item()) == (12, 5)


def test_second_derivatives_by_nested_tapes() -> None:
    x = Variable(2.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x**3
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x).item() == 12


def test_unconnected_sources() -> None:
    x, other = Variable(2.0), Variable(1.0)
    for how, expected in (("none", None), ("zero", 0.0)):
        with GradientTape() as tape:
            y = x * 2
        _, g = tape.gradient(y, [x, other], unconnected_gradients=how)
        assert g is None if expected is None else g.item() == expected
    with GradientTape() as tape:
        y = x * 2
    with pytest.raises(tw.GradientError, match="does not depend on it"):
        tape.gradient(y, other, unconnected_gradients="raise")


def test_output_gradients_and_jacobian() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x, output_gradients=tw.constant([1.0, 10.0])).tolist() == [2, 40]
    with GradientTape() as tape:
        y = x * x
    assert tape.jacobian(y, x).tolist() == [[2, 0], [0, 4]]


def test_only_what_is_watched() -> None:
    x = Variable(2.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        y = x * 2
    assert tape.gradient(y, x) is None
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = x * 2
    assert tape.gradient(y, x).item() == 2


def test_the_value_at_the_time_counts() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * x
        x.assign(10.0)
    assert tape.gradient(y, x).item() == 4


def test_wrong_sources() -> None:
    with GradientTape() as tape:
        y = Variable(1.0) * 2
    with pytest.raises(tw.ArgumentTypeError, match=r"a source is not a tensor; received 'x'"):
        tape.gradient(y, ["x"])
    with pytest.raises(tw.ArgumentTypeError, match=r"tape.watch: not a tensor; received 3"):
        tape.watch(3)


def test_inside_a_traced_function() -> None:
    w = Variable([1.0, 2.0])

    @tw.function
    def step(x: object) -> object:
        with GradientTape() as tape:
            loss = tw.sum(tw.square(w * x))  # type: ignore[operator]
        g = tape.gradient(loss, w)
        w.assign_sub(0.1 * g)
        return loss, g

    loss, g = step(np.array([1, 1], np.float32))
    assert loss.item() == 5 and g.tolist() == [2, 4]
    np.testing.assert_allclose(w.numpy(), [0.8, 1.6], rtol=1e-6)
    loss, g = step(np.array([1, 1], np.float32))
    np.testing.assert_allclose(g.array(), [1.6, 3.2], rtol=1e-6)


# --- gradients that wait with what they are of ------------------------------------------------------------------------


def cube(x: Variable, times: int) -> list[Tensor]:
    """x³ and its gradients up to an order, each taken under the tapes of those after it."""
    tapes = [tw.GradientTape() for _ in range(times)]
    y: Any = x * x * x
    found = [y]
    for tape in tapes:
        y = tape.gradient(y, x)
        found.append(y)
    return found


@pytest.mark.parametrize("look", [False, True])
def test_gradients_of_gradients_that_wait(look: bool) -> None:
    x = Variable([2.0, -1.0], dtype="float64")
    for _ in range(5):
        y = x * x * x
        first = tw.GradientTape().gradient(y, x)
        assert first.later is not None
        if look:
            assert first.tolist() == [12, 3]
        second = tw.GradientTape().gradient(first, x)
        assert second.tolist() == [12, -6]
        third = tw.GradientTape().gradient(second * second, x)
        assert third.tolist() == [144, -72]
    assert [t.tolist() for t in cube(x, 3)] == [[8, -1], [12, 3], [12, -6], [6, 6]]


@pytest.mark.parametrize("look", [False, True])
def test_a_penalty_on_the_gradient(look: bool) -> None:
    rng = np.random.default_rng(3)
    w = Variable(rng.normal(size=(3, 2)), dtype="float64")
    b = Variable(rng.normal(size=2), dtype="float64")
    x = rng.normal(size=(5, 3))
    for _ in range(5):
        loss = tw.mean(tw.tanh(x @ w + b) ** 2)
        slope = tw.GradientTape().gradient(loss, w)
        if look:
            slope.numpy()
        total = loss + tw.sum(slope**2)
        found = tw.GradientTape().gradient(total, [w, b])
        plain = tw.mean(tw.tanh(x @ w + b) ** 2)
        wanted = tw.gradients(plain + tw.sum(tw.gradients(plain, w) ** 2), [w, b])
        for f, g in zip(found, wanted, strict=True):
            np.testing.assert_allclose(f.array(), g.array(), rtol=1e-10)
        w.assign_sub(found[0] * 0.1)
        b.assign_sub(found[1] * 0.1)


def test_a_gradient_of_a_gradient_uses_the_values_of_its_time() -> None:
    x = Variable(3.0)
    for _ in range(5):
        x.assign(3.0)
        first = tw.GradientTape().gradient(x * x * x, x)
        x.assign(100.0)
        assert first.item() == 27
        assert tw.GradientTape().gradient(first, x).item() == 18


def test_a_gradient_that_waits_in_a_program_is_the_expression() -> None:
    x, p = Variable(3.0), tw.placeholder("float32", ())
    first = tw.GradientTape().gradient(x * x, x)
    times = tw.function([p], p * first)
    assert times(10.0).item() == 60
    x.assign(5.0)
    assert times(10.0).item() == 100 and first.item() == 6


def test_sources_that_nothing_leads_to() -> None:
    x, z = Variable(3.0), Variable(1.0)
    y = x * x + z * 0
    assert tw.GradientTape().gradient(tw.stop_gradient(y), [x, z]) == [None, None]
    first, other = tw.GradientTape().gradient(x * x, [x, z])
    assert other is None and tw.GradientTape().gradient(first, [x, z])[1] is None
    assert tw.GradientTape().gradient(x * x, z, unconnected_gradients="zero").item() == 0


def test_second_derivatives_by_what_is_no_variable_come_from_expressions() -> None:
    x = Variable(2.0)
    tape = tw.GradientTape(persistent=True)
    h = x * x
    y = h * h * x
    assert tape.gradient(y, h).item() == 16
    assert tape.jacobian(tape.gradient(y, x), x).item() == 160


def test_variables_of_any_shape() -> None:
    w = Variable(np.ones(3, "float32"), shape=[None])
    for size in (3, 3, 3, 5, 5):
        w.assign(np.full(size, 2.0, "float32"))
        first = tw.GradientTape().gradient(tw.sum(w * w * w), w)
        assert first.shape == (size,) and first.tolist() == [12] * size
        assert tw.GradientTape().gradient(first, w).tolist() == [12] * size


def test_gradients_that_are_remembered_or_not_are_different_batches() -> None:
    def second(first: Any) -> Any:
        w = Variable(3.0)
        y = w * w * w
        (g,) = first([y], [w], [tw.full_like(y, 1)])
        slope = replayed_gradients([g], [w], [tw.full_like(g, 1)])[0]
        assert y.item() == 27  # the next batch begins anew
        return slope

    assert second(replayed_gradients) is None
    assert second(remembered_gradients).item() == 18
    assert second(replayed_gradients) is None
