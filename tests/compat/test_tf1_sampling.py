"""TensorFlow 1: examples taken by chance, fractional pooling, and graphs looked at and changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
import thalweg.compat.tf2 as tf2


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def values(nodes: Any, times: int = 1, seed: Any = None) -> list[Any]:
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        found = [session.run(nodes) for _ in range(times)]
        coordinator.request_stop()
        coordinator.join(threads)
    return found


def numbers() -> Any:
    """0 to 9, one after the other, over and over."""
    return tf.train.slice_input_producer([np.arange(10, dtype=np.int32)], shuffle=False)[0]


def test_batches_hold_what_is_kept() -> None:
    x = numbers()
    batch = tf.train.maybe_batch([x], tf.equal(x % 2, 1), 5)
    assert values(batch)[0].tolist() == [1, 3, 5, 7, 9]
    rows = tf.constant([1, 2, 3])
    many = tf.train.maybe_batch([rows], [True, False, True], 4, enqueue_many=True)
    assert values(many)[0].tolist() == [1, 3, 1, 3]


def test_examples_are_taken_with_their_probability() -> None:
    x = numbers()
    (batch,) = tf.contrib.training.rejection_sample(
        [x], lambda parts: tf.cond(parts[0] < 5, lambda: 0.2, lambda: 1.0), 50
    )
    made = np.concatenate(values(batch, 20))
    assert (made < 5).mean() == pytest.approx(1 / 6, abs=0.06)


@pytest.mark.parametrize("known", [None, [0.8, 0.2]])
def test_classes_come_in_their_shares(known: Any) -> None:
    x = numbers()
    label = tf.cast(x >= 8, tf.int32)
    (data,), labels = tf.contrib.training.stratified_sample([x], label, [0.5, 0.5], 50, init_probs=known)
    found = values([data, labels], 20)
    assert all(((d >= 8) == k).all() for d, k in found)
    assert np.concatenate([k for _, k in found]).mean() == pytest.approx(0.5, abs=0.08)


def test_rows_are_taken_as_often_as_their_weight_says() -> None:
    (made,), rates = tf.contrib.training.weighted_resample(
        [tf.range(4)], tf.constant([1.0, 2.0, 3.0, 2.0]), 1.5, seed=3
    )
    found = values([made, rates], 300)
    counts = np.bincount(np.concatenate([rows for rows, _ in found]), minlength=4) / 300
    np.testing.assert_allclose(counts, np.array([0.75, 1.5, 2.25, 1.5]), atol=0.3)
    rows, rate = next(pair for pair in found if len(pair[0]))
    np.testing.assert_allclose(rate, np.array([0.75, 1.5, 2.25, 1.5])[rows], rtol=1e-3)


# --- fractional pooling -----------------------------------------------------------------------------------------------

PICTURES = np.random.default_rng(0).normal(size=(2, 10, 7, 3)).astype(np.float32)


def windows(x: np.ndarray, rows: Any, columns: Any, how: Any, overlapping: bool) -> np.ndarray:
    """As TensorFlow documents it: from one boundary to the next, which belongs to it where windows overlap."""
    made = np.empty((len(x), len(rows) - 1, len(columns) - 1, x.shape[-1]), x.dtype)
    for i in range(made.shape[1]):
        for j in range(made.shape[2]):
            part = x[:, rows[i] : rows[i + 1] + overlapping, columns[j] : columns[j + 1] + overlapping]
            made[:, i, j] = how(part, axis=(1, 2))
    return made


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("pseudo_random", [False, True])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_windows_lie_between_the_sequences(kind: str, pseudo_random: bool, overlapping: bool) -> None:
    ratio = [1.0, 1.44, 1.73, 1.0]
    pool = getattr(tf.nn, f"fractional_{kind}_pool")
    node = pool(tf.constant(PICTURES), ratio, pseudo_random, overlapping)
    eager = getattr(tf2.nn, f"fractional_{kind}_pool")(PICTURES, ratio, pseudo_random, overlapping)
    for made in [*values(list(node), 3), [np.asarray(part) for part in eager]]:
        y, rows, columns = made
        assert (rows[0], rows[-1], len(rows), columns[-1], len(columns)) == (0, 10, 7, 7, 5)
        assert set(np.diff(rows)) <= {1, 2} and set(np.diff(columns)) <= {1, 2}
        how = np.max if kind == "max" else np.mean
        np.testing.assert_allclose(
            y, windows(PICTURES, rows, columns, how, overlapping), rtol=1e-5, atol=1e-6
        )


def test_fractional_pooling_with_a_seed_always_gives_the_same_and_has_a_gradient() -> None:
    x = tf.constant(PICTURES)
    node = tf.nn.fractional_max_pool(x, [1, 1.5, 1.5, 1], seed=3)
    again = tf.nn.fractional_max_pool(x, [1, 1.5, 1.5, 1], seed=3)
    slope = tf.gradients(node.output, x)[0]
    (a, b, g) = values([node.output, again.output, slope])[0]
    np.testing.assert_array_equal(a, b)
    assert g.sum() == pytest.approx(a.size, rel=1e-5)
    with pytest.raises(ValueError, match="pooling_ratio"):
        tf.nn.fractional_max_pool(x, [2, 1, 1, 1])
    assert tf2.nn.fractional_avg_pool(PICTURES, 2.0).output.shape == (2, 5, 3, 3)


# --- graphs -----------------------------------------------------------------------------------------------------------


def test_a_tensor_waits_for_what_it_depends_on() -> None:
    from thalweg.compat.tf1 import python

    v = tf.Variable(1.0)
    made = python.ops.control_flow_ops.with_dependencies([tf.assign(v, 5.0)], tf.constant(2.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert (session.run(made), session.run(v)) == (2, 5)


def test_programs_find_the_logits_below_the_probabilities() -> None:
    x = tf.placeholder("float32", [None, 4])
    logits = tf.matmul(x, tf.ones([4, 3])) + 1.0
    probabilities = tf.nn.softmax(logits)
    op = probabilities.op
    assert op.type == "Softmax" and "softmax" in str(op).lower()
    assert op.inputs[0] is logits and op in logits.consumers()


def test_parts_of_an_expression_are_replaced_and_graphs_walked() -> None:
    ge = tf.contrib.graph_editor
    x, v = tf.placeholder("float32", [], name="x"), tf.Variable(3.0)
    y = tf.square(x) * v
    made = ge.graph_replace({"y": y, "z": y + 1.0}, {x: tf.constant(5.0), v: tf.constant(2.0)})
    assert values([made["y"], made["z"]]) == [[50, 51]]
    back = ge.get_backward_walk_ops(y, stop_at_ts=[x])
    assert y.op in back and x.op not in back
    assert y.op in ge.get_forward_walk_ops(x.op) and x.op not in ge.get_forward_walk_ops(x, inclusive=False)
    assert {op.type for op in ge.get_walks_intersection_ops(x, y)} == {"Placeholder", "Square", "Mul"}
    assert ge.filter_ts_from_regex(tf.get_default_graph(), "^x") == [x]
