"""Functions of TensorFlow 1 that few programs use. Numbers without another source were printed by TensorFlow 2.21."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run
from thalweg import events

pytestmark = pytest.mark.usefixtures("new_graph")

rng = np.random.default_rng(0)


def test_incomplete_gamma_functions_and_their_gradients() -> None:
    a, x = tf.constant([0.5, 2.0, 4.0]), tf.constant([1.0, 1.0, 9.0])
    low, high = tf.igamma(a, x), tf.igammac(a, x)
    np.testing.assert_allclose(run(low + high), 1, rtol=1e-6)
    by_a, by_x = run(tf.gradients(low, [a, x]))
    np.testing.assert_allclose(by_a, [-0.389837, -0.276196, -0.022807], atol=2e-6)
    np.testing.assert_allclose(by_x, [0.2075538, 0.3678795, 0.0149943], atol=2e-6)
    assert run(tf.gradients(high, x)[0]).tolist() == (-by_x).tolist()


def test_zeta_and_the_derivatives_of_digamma() -> None:
    q = tf.constant([1.0, 1.0, 9.0])
    found = run(tf.polygamma(tf.constant([0.0, 1.0, 2.5]), q))
    np.testing.assert_allclose(found[:2], [-0.5772159, 1.644934], rtol=1e-6)
    assert np.isnan(found[2])
    s = tf.constant([1.5, 3.0, 5.0])
    assert tf.gradients(tf.zeta(s, q), s) == [None]
    np.testing.assert_allclose(
        run(tf.gradients(tf.zeta(s, q), q)[0]), [-2.012231, -3.24697, -2.21561e-05], rtol=1e-5
    )


def test_the_incomplete_beta_function_has_a_gradient_for_its_last_argument() -> None:
    a, b, x = tf.constant(2.0), tf.constant(2.0), tf.constant(0.25)
    y = tf.betainc(a, b, x)
    assert tf.gradients(y, [a, b]) == [None, None]
    np.testing.assert_allclose(run([y, *tf.gradients(y, [x])]), [0.15625, 1.125], rtol=1e-6)


def test_numbers_as_in_few_bits_and_their_gradients() -> None:
    x = tf.constant([-4.0, -2.9, -0.1, 0.26, 1.3, 7.0])
    low, high = tf.constant(-3.0), tf.constant(4.5)
    y = tf.fake_quant_with_min_max_vars(x, low, high, num_bits=4)
    assert run(y).tolist() == [-3, -3, 0, 0.5, 1.5, 4.5]
    arrived = tf.constant([1.0, 2, 3, 4, 5, 6])
    by_x, by_low, by_high = run(tf.gradients(y, [x, low, high], grad_ys=arrived))
    assert by_x.tolist() == [0, 2, 3, 4, 5, 0] and (by_low, by_high) == (1, 6)
    of_its_own = run(tf.fake_quant_with_min_max_vars_gradient(arrived, x, low, high))
    assert of_its_own[0].tolist() == by_x.tolist()
    narrow = run(tf.fake_quant_with_min_max_args(x, -3.0, 4.5, 4, narrow_range=True))
    np.testing.assert_allclose(narrow, [-3.21429, -2.67857, 0, 0, 1.07143, 4.28571], atol=1e-5)


def test_the_same_bits_as_other_numbers() -> None:
    x = np.array([[1.0, -2.5]], np.float32)
    as_int, as_bytes = run([tf.bitcast(x, tf.int32), tf.bitcast(x, tf.uint8)])
    np.testing.assert_array_equal(as_int, x.view(np.int32))
    np.testing.assert_array_equal(as_bytes, x.view(np.uint8).reshape(1, 2, 4))
    np.testing.assert_array_equal(run(tf.bitcast(tf.constant(as_bytes), tf.float32)), x)
    with pytest.raises(
        ValueError, match=r"tf\.bitcast from uint8 to float32: the last axis must have length 4"
    ):
        tf.bitcast(np.zeros((2, 3), np.uint8), tf.float32)


def test_rows_as_sets() -> None:
    a, b = tf.constant([[1, 2, 2], [4, 5, 6]]), tf.constant([[2, 9], [4, 4]])
    both = run(tf.sets.set_intersection(a, b))
    assert both.values.tolist() == [2, 4] and both.dense_shape.tolist() == [2, 1]
    any_of = run(tf.sets.set_union(a, b))
    assert any_of.values.tolist() == [1, 2, 9, 4, 5, 6]
    assert any_of.indices.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert run(tf.sets.set_difference(a, b).values).tolist() == [1, 5, 6]
    assert run(tf.sets.set_difference(a, b, aminusb=False).values).tolist() == [9]
    sparse = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [3, 3, 4], [3, 2])
    assert run(tf.sets.set_size(sparse)).tolist() == [1, 1, 0]
    texts = run(tf.sets.set_intersection(tf.constant([["a", "b"]]), tf.constant([["b", "c"]])))
    assert texts.values.tolist() == [b"b"]
    with pytest.raises(ValueError, match="the dense one must be the first"):
        tf.sets.set_union(sparse, a)


AREAS = {
    ("ROC", "trapezoidal"): 0.71875,
    ("ROC", "minoring"): 0.6875,
    ("ROC", "majoring"): 0.75,
    ("ROC", "careful_interpolation"): 0.71875,
    ("PR", "trapezoidal"): 0.7922618,
    ("PR", "minoring"): 0.7749999,
    ("PR", "majoring"): 0.8095236,
    ("PR", "careful_interpolation"): 0.7913137,
}


@pytest.mark.parametrize(("curve", "method"), AREAS)
def test_areas_under_curves_by_any_method(curve: str, method: str) -> None:
    labels, marks = [0, 0, 1, 1, 0, 1, 1, 0], [0.1, 0.4, 0.35, 0.8, 0.3, 0.9, 0.2, 0.7]
    found, update = tf.metrics.auc(
        tf.constant(labels), tf.constant(marks), num_thresholds=10, curve=curve, summation_method=method
    )
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        session.run(update)
        assert session.run(found) == pytest.approx(AREAS[curve, method], abs=1e-6)


def test_an_unknown_way_to_sum_an_area_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid summation_method: guessing"):
        tf.metrics.auc([1], [0.5], summation_method="guessing")


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_the_transpose_of_a_dilated_convolution(padding: str) -> None:
    x = tf.constant(rng.normal(size=(1, 9, 8, 2)).astype("float32"))
    kernel = tf.constant(rng.normal(size=(3, 2, 2, 4)).astype("float32"))
    y = tf.nn.atrous_conv2d(x, kernel, 2, padding)
    expected = tf.gradients(y, x, grad_ys=y)[0]
    found = tf.nn.atrous_conv2d_transpose(y, kernel, [1, 9, 8, 2], 2, padding)
    back, wanted = run([found, expected])
    np.testing.assert_allclose(back, wanted, rtol=1e-5, atol=1e-5)


def test_sounds_in_event_files(tmp_path: Path) -> None:
    sounds = np.zeros((2, 4, 1), "float32")
    sounds[0, :, 0] = [0.0, 0.5, -1.0, 1.0]
    with tf.Session() as session:
        message = session.run(tf.summary.audio("tone", sounds, 8000.0, max_outputs=1))
        writer = tf.summary.FileWriter(str(tmp_path))
        writer.add_summary(message, 3)
        writer.close()
    (file,) = tmp_path.iterdir()
    (event,) = [e for e in events.read_events(file) if e["step"] == 3]
    assert list(event["values"]) == ["tone/audio"]
    raw = message[message.index(b"RIFF") :]
    with wave.open(io.BytesIO(raw)) as heard:
        assert (heard.getframerate(), heard.getnchannels(), heard.getnframes()) == (8000, 1, 4)
        assert np.frombuffer(heard.readframes(4), "<i2").tolist() == [0, 16384, -32768, 32767]


# --- layers ---------------------------------------------------------------------------------------------------------


def test_the_arguments_of_layers_have_their_names() -> None:
    x = tf.ones([2, 5, 5, 3])
    assert tf.layers.dense(inputs=x, units=4, kernel_constraint=None, name="d").shape.as_list() == [
        2,
        5,
        5,
        4,
    ]
    made = tf.layers.conv2d(inputs=x, filters=6, kernel_size=3, strides=2, padding="same", dilation_rate=1)
    assert made.shape.as_list() == [2, 3, 3, 6]
    made = tf.layers.conv2d_transpose(x, filters=2, kernel_size=2, strides=2, activation=tf.nn.relu)
    assert made.shape.as_list() == [2, 10, 10, 2]
    made = tf.layers.separable_conv2d(x, filters=7, kernel_size=2, depth_multiplier=2, use_bias=False)
    assert made.shape.as_list() == [2, 4, 4, 7]
    names = [v.op.name for v in tf.trainable_variables()]
    assert names[:2] == ["d/kernel", "d/bias"]
    assert names[-2:] == ["separable_conv2d/depthwise_kernel", "separable_conv2d/pointwise_kernel"]


def test_normalisation_of_batches_bounds_its_variables_and_refuses_what_it_cannot() -> None:
    x = tf.ones([2, 3])
    tf.layers.batch_normalization(x, axis=[-1], gamma_constraint=lambda w: tf.minimum(w, 0.5))
    (gamma,) = [v for v in tf.trainable_variables() if "gamma" in v.name]
    assert gamma.constraint is not None
    with pytest.raises(ValueError, match=r"renorm_clipping .*most.* contains keys not in"):
        tf.layers.batch_normalization(x, renorm=True, renorm_clipping={"most": 3.0})


def test_draws_of_dropout_may_have_a_shape_that_a_run_computes() -> None:
    x = tf.placeholder(tf.float32, [None, 3, 4])
    shape = tf.shape(x) * tf.constant([1, 0, 1]) + tf.constant([0, 1, 0])
    y = tf.nn.dropout(x, 0.5, shape)
    assert y.shape.as_list() == [None, 3, 4]
    kept, slope = run([y, tf.gradients(y, x)[0]], {x: np.ones((50, 3, 4))})
    assert set(kept.ravel().tolist()) == {0.0, 2.0} and (kept == slope).all()
    assert (kept[:, 0] == kept[:, 1]).all() and 0.7 < kept.mean() < 1.3


def test_a_length_that_has_a_default_is_a_plain_length() -> None:
    batch = tf.placeholder_with_default(64, [])
    x = tf.random_uniform([batch, 8])
    w = tf.Variable(tf.ones([8, 8]))
    loss = tf.reduce_sum(tf.matmul(x, w))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(x).shape == (64, 8) and session.run(x, {batch: 3}).shape == (3, 8)
        session.run(loss)
        plans = [p for entry in session._plans.values() for p in entry[3].values() if hasattr(p, "program")]
        assert len(plans) == 4 and all(p.program is None or p.program._stages is None for p in plans)


# --- gradients of rows ----------------------------------------------------------------------------------------------


def steps_of(make: Any, whole: bool) -> np.ndarray:
    tf.reset_default_graph()
    table = tf.get_variable("table", initializer=np.array([[1.0], [2.0], [3.0], [4.0]], "float32"))
    rows = tf.placeholder(tf.int32, [None])
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, rows)))
    if whole:
        loss += 0.0 * tf.nn.l2_loss(table)
    train = make().minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for read in ([0], [1, 0], [1]):
            session.run(train, {rows: read})
        return session.run(table)[:, 0]


def by_hand(whole: bool) -> list[float]:
    table, speed = np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4)
    for read in ([0], [1, 0], [1]):
        slope, moved = np.zeros(4), np.ones(4, bool) if whole else np.isin(np.arange(4), read)
        slope[read] = 2 * table[read]
        speed = np.where(moved, 0.9 * speed + slope, speed)
        table = np.where(moved, table - 0.1 * speed, table)
    return table.tolist()


@pytest.mark.parametrize("whole", [False, True])
def test_momentum_leaves_rows_alone_that_a_loss_did_not_read(whole: bool) -> None:
    found = steps_of(lambda: tf.train.MomentumOptimizer(0.1, 0.9), whole)
    np.testing.assert_allclose(found, by_hand(whole), rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.train.FtrlOptimizer(0.1),
        lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.9),
        lambda: tf.train.ProximalGradientDescentOptimizer(0.1, 0.1),
        lambda: tf.train.ProximalAdagradOptimizer(0.1, l1_regularization_strength=0.1),
    ],
)
def test_rows_never_read_are_never_moved(make: Any) -> None:
    assert steps_of(make, False)[2:].tolist() == [3, 4]


def test_clipped_gradients_and_sums_of_two_are_still_of_rows() -> None:
    table = tf.get_variable("table", initializer=np.ones((4, 2), "float32"))
    rows = tf.placeholder(tf.int32, [None])
    loss = tf.reduce_sum(tf.gather(table, rows)) + tf.reduce_sum(tf.gather(table, rows + 1) ** 2)
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    (slope,), _ = tf.clip_by_global_norm(tf.gradients(loss, [table]), 1.0)
    train = optimizer.apply_gradients([(slope, table)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train, {rows: [0]})
        first = session.run(table)
        session.run(train, {rows: [2]})
        second = session.run(table)
    np.testing.assert_array_equal(first[:2], second[:2])
    assert (first[2:] == 1).all() and (second[2:] < 1).all()


def test_pairwise_errors_take_a_weight_for_each_example() -> None:
    t, p = rng.normal(size=(2, 5, 4))
    w = rng.random((5, 1))
    found = run(tf.losses.mean_pairwise_squared_error(t, p, weights=w))
    d = p - t
    pairs = ((d[:, :, None] - d[:, None, :]) ** 2).sum((1, 2)) / (4 * 3)
    np.testing.assert_allclose(found, (w[:, 0] * pairs).sum(), rtol=1e-5)


def test_weights_belong_to_losses_one_by_one() -> None:
    logits, labels = tf.constant(rng.normal(size=(4, 3))), tf.constant([0, 2, 1, 1])
    w = np.array([0.5, 1.0, 2.0, 0.0])
    column, row = (
        tf.losses.sparse_softmax_cross_entropy(labels, logits, weights=x, reduction="none")
        for x in (w[:, None], w)
    )
    np.testing.assert_array_equal(*run([column, row]))
    with pytest.raises(ValueError, match="weights can not be broadcast to values"):
        tf.losses.compute_weighted_loss(tf.ones([4]), np.ones((4, 2)))


def test_texts_are_fed_as_texts_or_bytes_and_computed_as_bytes() -> None:
    some, any_of = tf.placeholder(tf.string, [None]), tf.placeholder(tf.string)
    default = tf.placeholder_with_default("x", [])
    with tf.Session() as session:
        fed = session.run(some, {some: ["a", b"b"]})
        assert fed.dtype == object and fed.tolist() == ["a", b"b"]  # what is fed is fetched as it is
        assert session.run(tf.identity(some), {some: ["a", "ü"]}).tolist() == [b"a", "ü".encode()]
        assert session.run(tf.equal(some, "a"), {some: ["a", "b"]}).tolist() == [True, False]
        assert session.run(tf.identity(any_of), {any_of: "one"}) == b"one"
        assert session.run(tf.identity(any_of), {any_of: np.array([["p", "q"]])}).tolist() == [[b"p", b"q"]]
        assert session.run(default) == b"x" and session.run(tf.identity(default), {default: "y"}) == b"y"
        with pytest.raises(ValueError, match=r"Cannot feed value of shape \(1, 1\) for Tensor Placeholder:0"):
            session.run(some, {some: [["a"]]})


def test_slices_and_ensured_shapes_are_known_and_held_to() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    block = tf.slice(x, [1, 0], [2, -1])
    sure = tf.ensure_shape(x, [4, None])
    assert block.shape.as_list() == [2, 3] and sure.shape.as_list() == [4, 3]
    fed = np.arange(12.0).reshape(4, 3)
    assert np.array_equal(run(block, {x: fed}), fed[1:3])
    slope = run(tf.gradients(sure * block[0], x)[0], {x: fed})
    assert slope[0].tolist() == [3, 4, 5] and slope[1].tolist() == [21, 26, 31]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected \(2, 3\); received \(1, 3\)"):
        run(block, {x: fed[:2]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected \(4, 3\); received \(3, 3\)"):
        run(sure, {x: fed[:3]})
    with pytest.raises(ValueError, match=r"begin .0, 0. and size .5, 1. go past the end of shape .3, 3."):
        tf.slice(tf.zeros([3, 3]), [0, 0], [5, 1])
    words = tf.ensure_shape(tf.placeholder_with_default(["a"], [None]), [1])
    assert run(words).tolist() == [b"a"]


def test_the_slope_of_a_leaky_relu_may_be_a_node() -> None:
    x, slope = tf.placeholder(tf.float32, [None]), tf.Variable(0.5)
    y = tf.nn.leaky_relu(x, slope)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found, grads = session.run([y, tf.gradients(y, [x, slope])], {x: [-2.0, 4.0]})
    assert found.tolist() == [-1.0, 4.0] and grads[0].tolist() == [0.5, 1.0] and grads[1] == -2.0
    assert run(tf.nn.leaky_relu(x, tf.constant(0.25)), {x: [-2.0, 4.0]}).tolist() == [-0.5, 4.0]
