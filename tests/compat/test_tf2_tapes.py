"""What a tape of TensorFlow 2 records: what is computed in its block. The numbers are those of TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg.compat import eager, tf2

tf: Any = tf2


@pytest.fixture(params=["eager", "traced"])
def done(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    """Runs a piece of a program: as it stands, and as a function that is traced."""
    return (lambda piece: piece()) if request.param == "eager" else (lambda piece: tf.function(piece)())


def test_what_was_computed_before_the_block_is_a_number(done: Callable[..., Any]) -> None:
    w = tf.Variable(2.0)

    def piece() -> Any:
        target = w * 3.0
        with tf.GradientTape() as tape:
            loss = (target - w) ** 2
        return tape.gradient(loss, w)

    for _ in range(6):  # the backward pass is compiled in between
        assert float(done(piece)) == -8.0


def test_what_is_computed_after_the_block_has_no_gradient(done: Callable[..., Any]) -> None:
    w, v = tf.Variable(2.0), tf.Variable(5.0)

    def piece() -> Any:
        with tf.GradientTape(persistent=True) as tape:
            inside = w * w
        after = inside * v
        assert [tape.gradient(after, w), tape.gradient(after, v), tape.jacobian(after, w)] == [None] * 3
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = w * w * w
            slope = inner.gradient(y, w)
        return tape.gradient([inside, after], w), outer.gradient(slope, w)

    assert [float(g) for g in done(piece)] == [4.0, 12.0]


def test_the_target_of_a_network_that_is_its_own_teacher_is_a_number() -> None:
    layer, x = tf.keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"), tf.ones((1, 1))
    target = layer(x) * 3
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((target - layer(x)) ** 2)
    assert float(tape.gradient(loss, layer.trainable_variables)[0][0, 0]) == -4.0


def test_a_state_that_is_carried_on_is_a_number_for_the_next_tape(done: Callable[..., Any]) -> None:
    w = tf.Variable(2.0)

    def piece() -> Any:
        state, found = tf.constant(1.0), []
        for _ in range(5):
            with tf.GradientTape() as tape:
                state = w * state
                loss = state * 1.0
            found.append(tape.gradient(loss, w))
        return found

    assert [float(g) for g in done(piece)] == [1, 2, 4, 8, 16]


def test_a_state_does_not_keep_all_steps_before_it() -> None:
    cell, state = tf.keras.layers.GRU(3, return_state=True), None
    for _ in range(4):
        before = state
        with tf.GradientTape() as tape:
            _, state = cell(tf.ones((2, 4, 5)), initial_state=state)
            loss = tf.reduce_sum(state)
        assert all(g is not None for g in tape.gradient(loss, cell.trainable_variables))
        assert before is None or before.inputs == ()


def test_several_steps_in_one_function_start_from_what_the_one_before_assigned(
    done: Callable[..., Any],
) -> None:
    w = tf.Variable(2.0)

    def piece() -> Any:
        found = []
        for _ in range(2):
            with tf.GradientTape() as tape:
                loss = w**3
            found.append(tape.gradient(loss, w))
            w.assign_sub(0.1 * found[-1])
        return found

    np.testing.assert_allclose([float(g) for g in done(piece)], [12.0, 1.92], rtol=1e-5)
    np.testing.assert_allclose(w.numpy(), 0.608, rtol=1e-5)


def test_tapes_in_a_row_and_within_each_other() -> None:
    w, x = tf.Variable(2.0), tf.constant(3.0)
    with tf.GradientTape() as first:
        a = w * 2.0
    with tf.GradientTape() as second:
        b = a * w
    assert (float(second.gradient(b, w)), float(first.gradient(a, w))) == (4.0, 2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        y = x * x
        with tf.GradientTape() as inner:
            inner.watch(x)
            z = y * x
        assert float(inner.gradient(z, x)) == 9.0
        q = z * 1.0
    assert float(outer.gradient(q, x)) == 27.0
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            f = w**3
        h = inner.gradient(f, w) * w
    assert float(outer.gradient(h, w)) == 36.0


def test_what_was_there_may_itself_be_asked_for() -> None:
    w = tf.Variable(2.0)
    x = w * 3.0
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x * w
    assert float(tape.gradient(y, x)) == 24.0
    assert [float(g) for g in tape.gradient(y, [x, w])] == [24.0, 36.0]
    assert float(tape.jacobian(y, w)) == 36.0
    assert tape.watched_variables() == (w,)


def test_the_first_generations_functions_of_gradients_record_their_own_call() -> None:
    w, tfe = tf.Variable(2.0), eager.contrib.eager
    before = w * 5.0
    value, pairs = tfe.implicit_value_and_gradients(lambda: before * w)()
    assert (float(value), [float(g) for g, _ in pairs]) == (20.0, [10.0])
    eager.train.GradientDescentOptimizer(0.1).minimize(lambda: before * w)
    np.testing.assert_allclose(w.numpy(), 1.0)


def test_what_was_computed_before_the_block_is_followed_where_it_is_watched() -> None:
    v = tf.Variable(2.0)
    older = v + 1.0
    with tf.GradientTape(persistent=True) as tape:
        y = older**2
    assert tape.gradient(y, older) is None and tape.jacobian(y, older) is None
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(older)
        y = older**2
    assert tape.gradient(y, older).numpy() == tape.jacobian(y, older).numpy() == 6.0
    with tf.GradientTape(persistent=True) as outer:
        h = v * 3.0
        with tf.GradientTape() as inner:
            y = h * h
        assert inner.gradient(y, h) is None
    assert outer.gradient(y, h).numpy() == 12.0 and outer.gradient(y, v).numpy() == 36.0
