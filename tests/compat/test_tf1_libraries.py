"""What published libraries over TensorFlow 1 (tensor2tensor, TFLearn, PixelCNN++) ask for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf
Defun: Any = tf1.python.framework.function.Defun

# --- what published libraries ask of scopes, of functions with gradients of their own, and of sessions ---------------


def test_variables_are_looked_at_before_they_have_values() -> None:
    v, w = tf1.Variable(1.0, name="v"), tf1.Variable(2.0, name="w")
    check = tf1.assert_variables_initialized([v])
    with tf1.control_dependencies([check]):
        checked = tf1.identity(w)
    with tf1.Session() as session:
        session.run(w.initializer)
        for fetched in (check, checked, tf1.assert_variables_initialized()):
            with pytest.raises(tf1.errors.FailedPreconditionError, match="v"):
                session.run(fetched)
        session.run(v.initializer)
        assert session.run([check, checked]) == [None, 2.0]
    with tf1.Graph().as_default():
        assert tf1.assert_variables_initialized() is None


def test_the_outermost_scope_has_all_variables() -> None:
    with tf1.variable_scope("a"):
        first = tf1.get_variable("x", [])
    second = tf1.get_variable("y", [], trainable=False)
    scope = tf1.get_variable_scope()
    assert scope.trainable_variables() == [first]
    assert scope.global_variables() == [first, second] and scope.local_variables() == []


def test_getters_see_what_the_scope_says() -> None:
    seen: list[dict[str, Any]] = []

    def stored(getter: Any, **given: Any) -> Any:
        seen.append(given)
        return tf1.cast(getter(**{**given, "dtype": tf1.float64}), given["dtype"])

    def older(getter: Any, name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
              regularizer: Any = None, reuse: Any = None, trainable: bool = True, collections: Any = None,
              caching_device: Any = None, partitioner: Any = None, validate_shape: bool = True) -> Any:  # fmt: skip
        seen.append({"dtype": dtype, "reuse": reuse})
        return getter(name, shape, dtype, initializer)

    start = tf1.ones_initializer()
    with tf1.variable_scope("s", custom_getter=stored, initializer=start, dtype=tf1.float16):
        x = tf1.get_variable("x", [2])
    with tf1.variable_scope("t", custom_getter=older):
        y = tf1.get_variable("y", [2], initializer=lambda shape, dtype, partition_info: tf1.fill(shape, 3.0))
    assert seen[0]["name"] == "s/x" and seen[0]["initializer"] is start and seen[0]["dtype"] == tf1.float16
    assert {"name", "regularizer", "reuse", "constraint", "use_resource"} <= set(seen[0])
    assert seen[1] == {"dtype": tf1.float32, "reuse": False}
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        got = session.run([x, y])
    assert [a.tolist() for a in got] == [[1.0, 1.0], [3.0, 3.0]] and got[0].dtype == np.float16


@pytest.mark.parametrize("by", ["operation", "arguments", "tf.custom_gradient"])
def test_functions_of_several_results_have_a_gradient_for_each(by: str) -> None:
    def rule(a: Any, b: Any, da: Any, db: Any) -> Any:
        return da * 10.0 + db * a, None if by == "tf.custom_gradient" else db * 7.0

    a, b = tf1.constant([1.0, 2.0]), tf1.constant([3.0, 4.0])
    if by == "tf.custom_gradient":
        call = tf1.custom_gradient(lambda a, b: ((a + b, a * b), lambda da, db: rule(a, b, da, db)))
    elif by == "operation":
        call = Defun(python_grad_func=lambda op, *dys: rule(*op.inputs, *dys))(lambda a, b: (a + b, a * b))
    else:
        call = Defun(tf1.float32, tf1.float32, grad_func=rule)(lambda a, b: (a + b, a * b))
    total, product = call(a, b)
    slopes = tf1.gradients([total, 2.0 * product], [a, b])
    with tf1.Session() as session:
        assert session.run(total).tolist() == [4.0, 6.0] and session.run(product).tolist() == [3.0, 8.0]
        assert session.run(slopes[0]).tolist() == [12.0, 14.0]
        if by == "tf.custom_gradient":
            assert slopes[1] is None
        else:
            assert session.run(slopes[1]).tolist() == [14.0, 14.0]
        (alone,) = tf1.gradients(product, [a])
        assert session.run(alone).tolist() == [1.0, 2.0]


def test_one_result_in_a_tuple_is_no_new_axis() -> None:
    x = tf1.constant([1.0, 2.0])
    for fn in (
        Defun(tf1.float32)(lambda t: (t * 2.0,)),
        Defun(tf1.float32, python_grad_func=lambda op, dy: dy * 5.0)(lambda t: (t * 2.0,)),
    ):
        assert fn(x).shape.as_list() == [2]


def test_ids_of_several_axes_sum_over_as_many() -> None:
    x = tf1.reshape(tf1.range(24.0), [2, 2, 2, 3])
    ids = [[[0, 1], [1, 2]], [[0, 0], [-1, 3]]]
    count = tf1.placeholder(tf1.int32, [])
    flat, rows = np.arange(24.0).reshape(8, 3), np.array([0, 1, 1, 2, 0, 0, -1, 3])
    with tf1.Session() as session:
        for fold, of in ((tf1.unsorted_segment_sum, np.sum), (tf1.unsorted_segment_max, np.max)):
            wanted = [of(flat[rows == k], axis=0).tolist() for k in range(4)]
            assert session.run(fold(x, ids, 4)).tolist() == wanted
            assert session.run(fold(x, ids, count), {count: 4}).tolist() == wanted


def test_files_named_by_a_data_set(tmp_path: Path) -> None:
    for k in range(2):
        (tmp_path / f"{k}.txt").write_text(f"a{k}\nb{k}\n")
    names = tf1.data.Dataset.from_tensor_slices([str(tmp_path / f"{k}.txt") for k in range(2)])
    line = tf1.data.TextLineDataset(names.repeat(2)).make_one_shot_iterator().get_next()
    with tf1.Session() as session:
        assert [session.run(line) for _ in range(8)] == [b"a0", b"b0", b"a1", b"b1"] * 2


def test_threads_are_waited_for_until_somebody_asks_to_stop() -> None:
    coordinator = tf1.train.Coordinator()
    never, slow = threading.Thread(target=print), threading.Thread(target=coordinator.wait_for_stop)
    coordinator.join([never])  # it was not started
    slow.start()
    threading.Timer(0.05, coordinator.request_stop).start()
    coordinator.join([never, slow])
    held = threading.Event()
    stuck = threading.Thread(target=held.wait)
    stuck.start()
    coordinator.join([stuck], stop_grace_period_secs=0, ignore_live_threads=True)
    with pytest.raises(RuntimeError, match="threads still running"):
        coordinator.join([stuck], stop_grace_period_secs=0)
    held.set()


def test_names_that_libraries_of_layers_ask_for() -> None:
    from thalweg.compat.tf1.contrib.names import contrib

    framework = contrib.framework
    with tf1.name_scope("a"), tf1.name_scope("b"):
        assert framework.get_name_scope() == "a/b"
    assert framework.get_name_scope() == "" and not contrib.eager.python.tfe.in_eager_mode()
    scaled = framework.add_arg_scope(lambda x, by=1: x * by)
    with framework.arg_scope([scaled], by=3):
        kept = framework.current_arg_scope()
    with framework.arg_scope(kept):
        assert scaled(2) == 6
    assert tf1.python.framework.ops.uid() != tf1.python.framework.ops.uid()
    adam = tf1.train.AdamOptimizer()
    assert adam._get_beta_accumulators() == (None, None)
    adam.minimize(tf1.square(tf1.Variable(1.0)))
    assert [v.op.name for v in adam._get_beta_accumulators()] == ["beta1_power", "beta2_power"]


def test_a_count_of_steps_in_a_state_goes_on_with_the_longest_row() -> None:
    class Counting(tf1.nn.rnn_cell.RNNCell):
        state_size, output_size = (2, tf1.TensorShape([])), 2

        def call(self, x: Any, state: Any) -> Any:
            return x + state[0], (x + state[0], state[1] + 1)

    x = tf1.reshape(tf1.range(16.0), [2, 4, 2])
    start = (tf1.zeros([2, 2]), tf1.constant(0))
    outputs, (total, count) = tf1.nn.dynamic_rnn(Counting(), x, [1, 3], start)
    parts, (again, counted) = tf1.nn.static_rnn(
        Counting(), tf1.unstack(x, axis=1), start, sequence_length=[1, 3]
    )
    with tf1.Session() as session:
        assert session.run([count, counted]) == [3, 3]
        assert session.run(total).tolist() == session.run(again).tolist() == [[0, 1], [30, 33]]
        assert session.run(outputs)[1].tolist() == [[8, 9], [18, 20], [30, 33], [0, 0]]
        assert session.run(parts[2]).tolist() == [[0, 0], [30, 33]]


def test_variables_without_elements_have_values() -> None:
    v, w = tf1.get_variable("v", [0, 3]), tf1.Variable(2.0)
    step = tf1.train.AdamOptimizer(0.5).minimize(w + tf1.reduce_sum(v))
    with tf1.Session() as session:
        session.run(v.initializer)
        assert session.run(v).shape == (0, 3)
        session.run(tf1.global_variables_initializer())
        assert session.run(tf1.report_uninitialized_variables()).tolist() == []
        session.run(step)
        assert session.run(v).shape == (0, 3) and abs(session.run(w) - 1.5) < 1e-6


def test_an_optimizer_says_what_of_a_subclass_it_does_not_ask() -> None:
    class Halved(tf1.train.AdamOptimizer):
        def _apply_dense(self, grad: Any, var: Any) -> Any:
            raise AssertionError("never")

    v = tf1.Variable(1.0)
    with pytest.raises(NotImplementedError, match="Halved: an optimizer's own _apply_dense"):
        Halved().minimize(tf1.square(v))


@pytest.mark.parametrize("named", [False, True])
def test_an_optimizer_of_the_program_is_asked_as_tensorflow_asks(named: bool) -> None:
    """The numbers are those of TensorFlow 2.21."""

    class Steady(tf1.train.Optimizer):
        def __init__(self, rate: float) -> None:
            if named:
                super().__init__(use_locking=False, name="Steady")
            else:
                super().__init__(False, "Steady")
            self.rate = rate

        def _create_slots(self, var_list: Any) -> None:
            self._create_non_slot_variable(
                0.9, name="power", colocate_with=min(var_list, key=lambda v: v.name)
            )
            for v in var_list:
                for slot in ("m", "v", "most"):
                    self._zeros_slot(v, slot, self._name)

        def _prepare(self) -> None:
            self.rate_now = tf1.convert_to_tensor(self._call_if_callable(self.rate))

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            power = self._get_non_slot_variable("power", graph=tf1.get_default_graph())
            m, v, most = (self.get_slot(var, slot) for slot in ("m", "v", "most"))
            m_now = m.assign(0.9 * m + 0.1 * grad)
            v_now = v.assign(0.99 * v + 0.01 * tf1.square(grad))
            most_now = most.assign(tf1.maximum(v_now, most))
            step = tf1.assign_sub(var, self.rate_now * m_now / (1 - power) / (tf1.sqrt(most_now) + 1e-8))
            return tf1.group(step, m_now, v_now, most_now)

        def _apply_sparse(self, grad: Any, var: Any) -> Any:
            return tf1.scatter_sub(var, grad.indices, self.rate_now * grad.values)

        def _finish(self, update_ops: Any, name_scope: Any) -> Any:
            power = self._get_non_slot_variable("power")
            with tf1.control_dependencies(update_ops):
                moved = power.assign(power * 0.9)
            return tf1.group(*update_ops, moved, name=name_scope)

    a = tf1.get_variable("a", [3], initializer=tf1.constant_initializer([1.0, -2.0, 3.0]))
    e = tf1.get_variable("e", [4, 2], initializer=tf1.ones_initializer())
    loss = tf1.reduce_sum(tf1.square(a - [2.0, 0.5, -1.0])) + tf1.reduce_sum(tf1.gather(e, [1, 1, 3]) ** 2)
    counted = tf1.train.get_or_create_global_step()
    step = Steady(0.1).minimize(loss, counted)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        for _ in range(4):
            session.run(step)
        assert np.allclose(session.run(a), [2.52013, 0.58971, 0.28028], atol=1e-5)
        assert np.allclose(session.run(e)[:, 0], [1.0, 0.1296, 1.0, 0.4096], atol=1e-6)
        assert session.run(counted) == 4
    names = {v.op.name for v in tf1.global_variables()}
    assert {"a/Steady", "a/Steady_1", "a/Steady_2", "e/Steady", "power"} < names


def test_shapes_that_a_loop_keeps_are_nested_as_its_variables() -> None:
    def longer(i: Any, held: Any) -> Any:
        k = tf1.concat([held["k"], tf1.fill([3, 1, 2], tf1.to_float(i))], axis=1)
        assert k.shape.as_list() == [3, None, 2]
        return i + 1, {"k": k, "pair": (held["pair"][0] + 1.0, held["pair"][1])}

    held = {"k": tf1.zeros([3, 0, 2]), "pair": (tf1.constant(0.0), tf1.zeros([2]))}
    kept = {"k": tf1.TensorShape([3, None, 2]), "pair": (tf1.TensorShape([]), tf1.TensorShape([2]))}
    _, made = tf1.while_loop(
        lambda i, held: i < 4, longer, [tf1.constant(0), held], shape_invariants=[tf1.TensorShape([]), kept]
    )
    with tf1.Session() as session:
        got = session.run(made)
    assert got["k"][2, :, 1].tolist() == [0.0, 1.0, 2.0, 3.0] and got["pair"][0] == 4.0
