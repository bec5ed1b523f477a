"""The gradient tape: gradients of eager programs, watched tensors, once or often."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.tensor import Variable
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
