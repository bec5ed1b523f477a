"""What happens first: assignments before and in choices and loops. The figures are those of TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf

pytestmark = pytest.mark.usefixtures("new_graph")


class Parts:
    """Two variables, and nodes that move the first one."""

    def __init__(self) -> None:
        self.v, self.w = tf.Variable(0.0), tf.Variable(10.0)
        self.yes = tf.placeholder(tf.bool, [])
        self.up = tf.assign_add(self.v, 1.0)
        with tf.control_dependencies([self.up]):
            self.after = self.v.read_value()
            self.five = tf.identity(tf.constant(5.0))


def assigned_in(p: Parts) -> Any:
    with tf.control_dependencies([tf.assign(p.w, p.v * 2)]):
        return tf.identity(p.w)


def waiting(p: Parts) -> Any:
    with tf.control_dependencies([p.up]):
        return tf.cond(p.yes, lambda: p.v + 0, lambda: tf.cond(p.yes, lambda: p.v, lambda: p.v + 1000))


def grown(k: Any, s: Any, p: Parts) -> Any:
    return k + 1, s + tf.cond(k > 0, lambda: p.after, lambda: p.five)


# What is made, and (result, v, w) if the predicate holds and if not.
CASES: list[tuple[Callable[[Parts], Any], Any, Any]] = [
    (lambda p: tf.cond(p.yes, lambda: p.after, lambda: p.after * 10), (1, 1, 10), (10, 1, 10)),
    (lambda p: tf.cond(p.yes, lambda: p.five * 2, lambda: tf.constant(1.0)), (10, 1, 10), (1, 1, 10)),
    (lambda p: tf.cond(p.yes, lambda: tf.assign_add(p.v, 1.0), lambda: p.v + 100), (1, 1, 10), (100, 0, 10)),
    (lambda p: tf.cond(p.yes, lambda: p.up, lambda: tf.constant(-1.0)), (1, 1, 10), (-1, 1, 10)),
    (lambda p: tf.cond(p.yes, lambda: assigned_in(p), lambda: p.w + 0), (0, 0, 0), (10, 0, 10)),
    (waiting, (1, 1, 10), (1001, 1, 10)),
    (lambda p: tf.case([(p.yes, lambda: p.after)], lambda: tf.constant(7.0)), (1, 1, 10), (7, 1, 10)),
    (lambda p: tf.while_loop(lambda k, s: k < 3, lambda k, s: (k + 1, s + p.after), [0, 0.0])[1],
     (3, 1, 10), (3, 1, 10)),
    (lambda p: tf.while_loop(lambda k, s: k < 3, lambda k, s: grown(k, s, p), [0, 0.0])[1], (7, 1, 10), (7, 1, 10)),
    (lambda p: tf.reduce_sum(tf.map_fn(lambda x: x * p.after, tf.constant([1.0, 2.0]))), (3, 1, 10), (3, 1, 10)),
    (lambda p: tf.foldl(lambda s, x: s + x * p.five, tf.constant([1.0, 2.0]), tf.constant(0.0)),
     (15, 1, 10), (15, 1, 10)),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_a_choice_or_a_loop_is_given_has_happened(number: int) -> None:
    make, *expected = CASES[number]
    parts = Parts()
    made = make(parts)
    with tf.Session() as session:
        for yes, figures in zip((True, False), expected, strict=True):
            session.run(tf.global_variables_initializer())
            found = session.run(made, {parts.yes: yes})
            assert (found, *session.run([parts.v, parts.w])) == figures


def test_moments_move_where_a_choice_takes_the_normalised_values() -> None:
    x, training = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.bool)
    norm = tf.contrib.layers.batch_norm
    given = {"decay": 0.5, "updates_collections": None, "scope": "bn"}
    trained = norm(x, is_training=True, **given)
    still = norm(x, is_training=False, reuse=True, **given)
    y = tf.cond(training, lambda: trained, lambda: still)
    slope = tf.gradients(tf.reduce_sum(y**3), x)[0]
    batch = np.array([[1.0, 2.0], [3.0, 6.0]], "f")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        out, slopes = session.run([y, slope], {x: batch, training: True})
        (mean,) = (v for v in tf.global_variables() if v.op.name == "bn/moving_mean")
        np.testing.assert_array_equal(session.run(mean), [1.0, 2.0])
        np.testing.assert_allclose(out, [[-1, -1], [1, 1]], atol=1e-3)
        np.testing.assert_allclose(slopes, np.zeros((2, 2)), atol=1e-2)
        (variance,) = (v for v in tf.global_variables() if v.op.name == "bn/moving_variance")
        root = np.sqrt(session.run(variance) + 1e-3)
        out, slopes = session.run([y, slope], {x: batch, training: False})
        np.testing.assert_allclose(out, (batch - [1.0, 2.0]) / root, rtol=1e-5)
        np.testing.assert_allclose(slopes, 3 * out**2 / root, rtol=1e-5)
        assert session.run(mean)[0] > 1.0  # what stands before a choice takes place in any case


def test_an_assignment_in_the_body_of_a_loop_takes_place_each_time() -> None:
    v = tf.Variable(0.0, name="total")

    def body(k: Any, s: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, s)]):
            return k + 1, s + 1.0

    loop = tf.while_loop(lambda k, s: k < 3, body, [0, 0.0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(loop[1]) == 3 and session.run(v) == 0 + 1 + 2


def test_a_fed_node_keeps_what_is_below_it_from_taking_place() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        v, w, n = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0]), tf.Variable(0)
        h = tf.log(1.0 + v)  # for which gradients have a more exact form
        k = h * 2.0
        slope = tf.gradients(tf.reduce_sum(tf.square(w * k)), w)[0]
        with tf.control_dependencies([n.assign_add(1)]):
            q = tf.identity(h)
        z = q + 1.0
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(slope), [11.530872, 38.622368], rtol=1e-6)
        np.testing.assert_array_equal(session.run(slope, {h: [5.0, 5.0]}), [600.0, 800.0])
        np.testing.assert_array_equal(session.run(slope, {k: [5.0, 5.0]}), [150.0, 200.0])
        session.run(z)
        session.run(z, {q: [0.0, 0.0]})
        assert session.run(n) == 1


def test_an_interactive_session_makes_its_graph_the_default_one() -> None:
    before, graph = tf.get_default_graph(), tf.Graph()
    session = tf.InteractiveSession(graph=graph)
    assert tf.get_default_graph() is graph and tf.constant(2.0).eval() == 2.0
    with tf.Graph().as_default() as inner:
        assert tf.get_default_graph() is inner
    session.close()
    session.close()
    assert tf.get_default_graph() is before


def test_pictures_of_no_known_rank_have_four_axes() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x, size = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
        batch = tf.expand_dims(x - 1.0, 0)
        y = tf.nn.max_pool(
            tf.nn.conv2d(batch, tf.ones([1, 1, 3, 5]), [1, 1, 1, 1], "SAME"), [1, 2, 2, 1], [1, 2, 2, 1]
        )
        assert y.shape.as_list() == [None, None, None, 5]
        larger = tf.image.resize_bilinear(tf.expand_dims(x, 0), size)[0, :, :, :]
        slope = tf.gradients(y, x)[0]
        for height in (4, 6):
            picture = np.ones((height, 4, 3))
            assert session.run(y, {x: picture}).shape == (1, height // 2, 2, 5)
            assert session.run(slope, {x: picture}).sum() == height // 2 * 2 * 5 * 3
            assert session.run(larger, {x: picture, size: [8, 9]}).shape == (8, 9, 3)


# --- loops that assign ----------------------------------------------------------------------------------------------


def turns(body: Callable[..., Any], start: Any = 0.0, count: int = 3) -> Any:
    """A loop of ``count`` turns with one value beside the number of the turn."""
    return tf.while_loop(lambda k, s: k < count, body, [0, start], parallel_iterations=1)


def once(operation: Any, k: Any, s: Any) -> Any:
    """The next turn, after an operation."""
    with tf.control_dependencies([operation]):
        return tf.identity(k) + 1, tf.identity(s)


def read_before_and_after(v: Any, w: Any) -> Any:
    def body(k: Any, s: Any) -> Any:
        old = v.read_value()
        with tf.control_dependencies([old]):
            up = v.assign_add(1.0)
        with tf.control_dependencies([up]):
            new = v.read_value()
            with tf.control_dependencies([new]):
                return once(v.assign(new * 3), k, s + 100 * old + new)

    return turns(body)


def by_parity(v: Any, w: Any) -> Any:
    def body(k: Any, s: Any) -> Any:
        up = tf.cond(
            tf.equal(k % 2, 0),
            lambda: tf.group(v.assign_add(10.0), w.assign(w * 2)),
            lambda: tf.group(v.assign_sub(1.0)),
        )
        with tf.control_dependencies([up]):
            read = v.read_value()
        return once(read, k, s + read)

    return turns(body)


def until_the_variable_says(v: Any, w: Any) -> Any:
    def goes_on(k: Any, s: Any) -> Any:
        return tf.logical_and(k < 10, v.read_value() < 4.0)

    return tf.while_loop(goes_on, lambda k, s: once(v.assign_add(1.0), k, s), [0, 0.0])


def inner_loop(v: Any, w: Any) -> Any:
    def body(k: Any, s: Any) -> Any:
        inner = tf.while_loop(lambda j, t: j < k, lambda j, t: once(v.assign_add(1.0), j, t), [0, 0.0])
        with tf.control_dependencies([inner[0]]):
            read = v.read_value()
        return once(read, k, s + read)

    return turns(body)


def from_one_to_the_other(v: Any, w: Any) -> Any:
    def body(k: Any, s: Any) -> Any:
        with tf.control_dependencies([w.assign_add(v.read_value())]):
            return once(v.assign(w.read_value()), k, s)

    return turns(body)


def nested_choices(v: Any, w: Any) -> Any:
    def first(k: Any) -> Any:
        return tf.cond(
            tf.equal(k, 1), lambda: tf.group(v.assign_add(2.0)), lambda: tf.group(w.assign_add(5.0))
        )

    def body(k: Any, s: Any) -> Any:
        return once(tf.cond(k < 2, lambda: first(k), lambda: tf.group(v.assign(v * 2))), k, s)

    return turns(body, count=4)


def optimised(v: Any, w: Any) -> Any:
    def body(k: Any, s: Any) -> Any:
        loss = tf.square(v) + tf.square(w)
        return once(tf.train.MomentumOptimizer(0.1, 0.5).minimize(loss), k, s)

    return turns(body)


def into_an_array(v: Any, w: Any) -> Any:
    def body(k: Any, a: Any) -> Any:
        with tf.control_dependencies([v.assign(v.read_value() * 2)]):
            return k + 1, a.write(k, v.read_value())

    array = tf.while_loop(lambda k, a: k < 3, body, [0, tf.TensorArray(tf.float32, 3)])[1]
    return tf.no_op(), array.stack()


def mapped(v: Any, w: Any) -> Any:
    def fn(x: Any) -> Any:
        with tf.control_dependencies([v.assign_add(x)]):
            return x * 2

    return 0, tf.map_fn(fn, tf.constant([1.0, 2.0, 3.0]), parallel_iterations=1)


def adding(v: Any) -> Callable[[Any, Any], Any]:
    def fn(carry: Any, x: Any) -> Any:
        with tf.control_dependencies([v.assign_add(x)]):
            return carry + v.read_value()

    return fn


def scanned(v: Any, w: Any) -> Any:
    return 0, tf.scan(adding(v), tf.constant([1.0, 2.0, 3.0]), 0.0, parallel_iterations=1)


def folded(v: Any, w: Any) -> Any:
    return 0, tf.foldl(adding(v), tf.constant([1.0, 2.0, 3.0]), 0.0, parallel_iterations=1)


def in_a_choice(v: Any, w: Any) -> Any:
    def yes() -> Any:
        return turns(lambda k, s: once(v.assign_add(1.0), k, s))[0]

    return 0, tf.cond(w > 0.0, yes, lambda: tf.constant(7))


# What is made of v = 1 and w = 2; for two runs: (the value, v, w). The figures are those of TensorFlow 1.15, but
# for the array's elements, which there are all the last value.
LOOPS: list[tuple[Callable[[Any, Any], Any], Any, Any]] = [
    (read_before_and_after, (2831, 66, 2), (88176, 1821, 2)),
    (by_parity, (41, 20, 8), (98, 39, 32)),
    (until_the_variable_says, (0, 4, 2), (0, 4, 2)),
    (inner_loop, (7, 4, 2), (16, 7, 2)),
    (from_one_to_the_other, (0, 12, 12), (0, 96, 96)),
    (nested_choices, (0, 12, 7), (0, 56, 12)),
    (optimised, (0, 0.302, 0.604), (0, -0.05040602, -0.10081204)),
    (into_an_array, ([2, 4, 8], 8, 2), ([16, 32, 64], 64, 2)),
    (mapped, ([2, 4, 6], 7, 2), ([2, 4, 6], 13, 2)),
    (scanned, ([2, 6, 13], 7, 2), ([8, 18, 31], 13, 2)),
    (folded, (13, 7, 2), (31, 13, 2)),
    (in_a_choice, (3, 4, 2), (3, 7, 2)),
]


@pytest.mark.parametrize("number", range(len(LOOPS)))
def test_what_loops_assign(number: int) -> None:
    make, *expected = LOOPS[number]
    v, w = (tf.Variable(start, use_resource=True) for start in (1.0, 2.0))
    made = make(v, w)[1]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for found, left, right in expected:
            np.testing.assert_allclose(session.run(made), found, rtol=1e-5)
            np.testing.assert_allclose(session.run([v, w]), [left, right], rtol=1e-5)


def test_variables_that_are_made_in_a_loop() -> None:
    given = tf.constant([1.0, 2.0, 3.0])

    def body(k: Any, s: Any) -> Any:
        up = tf.metrics.mean(given[k])[1]
        return once(up, k, s + up)

    loop = turns(body)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        assert session.run(loop[1]) == 4.5
        assert session.run(tf.local_variables()) == [6.0, 3.0]
