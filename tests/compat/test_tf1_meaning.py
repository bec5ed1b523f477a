"""What TensorFlow 1's documentation promises: formulas, defaults, order of effects, sharing of names."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from thalweg import events
from thalweg.compat import tf1, tf2
from thalweg.errors import ArgumentError

tf: Any = tf1


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def _trained(make: Any, steps: int = 4) -> list[float]:
    w = tf.Variable([1.0, -2.0])
    loss = tf.reduce_sum(tf.square(w)) * 0.5  # the gradient is w
    step = make.minimize(loss)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(steps):
            sess.run(step)
            found.append(sess.run(w)[0])
    return found


def _rmsprop() -> Iterator[float]:
    w, v = 1.0, 1.0
    while True:
        v = 0.9 * v + 0.1 * w * w
        w -= 0.1 * w / np.sqrt(v + 1e-10)
        yield w


def _adam() -> Iterator[float]:
    w, m, v, t = 1.0, 0.0, 0.0, 0
    while True:
        t += 1
        m, v = 0.9 * m + 0.1 * w, 0.999 * v + 0.001 * w * w
        w -= 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
        yield w


def _adagrad() -> Iterator[float]:
    w, a = 1.0, 0.1
    while True:
        a += w * w
        w -= 0.1 * w / np.sqrt(a)
        yield w


def _momentum() -> Iterator[float]:
    w, m = 1.0, 0.0
    while True:
        m = 0.9 * m + w
        w -= 0.1 * m
        yield w


def _proximal() -> Iterator[float]:
    w = 1.0
    while True:
        x = w - 0.1 * w
        w = np.sign(x) * max(abs(x) - 0.1 * 0.3, 0) / (1 + 0.1 * 0.2)
        yield w


OPTIMIZERS = [
    (lambda: tf.train.RMSPropOptimizer(0.1), _rmsprop),
    (lambda: tf.train.AdamOptimizer(0.1), _adam),
    (lambda: tf.train.AdagradOptimizer(0.1), _adagrad),
    (lambda: tf.train.MomentumOptimizer(0.1, 0.9), _momentum),
    (lambda: tf.train.ProximalGradientDescentOptimizer(0.1, 0.3, 0.2), _proximal),
]


@pytest.mark.parametrize(("make", "formula"), OPTIMIZERS, ids=lambda f: f.__name__)
def test_optimizers_have_their_own_formulas(make: Any, formula: Any) -> None:
    wanted = formula()
    np.testing.assert_allclose(_trained(make()), [next(wanted) for _ in range(4)], rtol=3e-6)


def test_each_session_starts_from_nothing_and_keeps_its_own_values() -> None:
    w = tf.Variable(tf.random_normal([3]), name="w")
    init, first, second = tf.global_variables_initializer(), tf.Session(), tf.Session()
    first.run(init)
    with pytest.raises(tf.errors.FailedPreconditionError, match="'w'"):
        second.run(w)
    second.run(init)
    assert not np.array_equal(first.run(w), second.run(w))


def test_a_seeded_graph_gives_the_same_numbers_in_every_session() -> None:
    tf.set_random_seed(3)
    w = tf.Variable(tf.random_normal([3]))
    init, found = tf.global_variables_initializer(), []
    for _ in range(2):
        with tf.Session() as sess:
            sess.run(init)
            found.append(sess.run(w))
    np.testing.assert_array_equal(*found)


def test_reads_under_control_dependencies_come_after() -> None:
    v = tf.Variable(1.0)
    before = tf.identity(v) + 0.0
    add = v.assign_add(2.0)
    with tf.control_dependencies([add]):
        double = v.assign(v * 2.0)
    with tf.control_dependencies([double]):
        last = tf.identity(v)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([before, last]) == [1.0, 6.0]
        sess.run(tf.group(add, v.assign_sub(1.0)))
        assert sess.run(v) == 7.0


def test_a_fetched_variable_has_the_value_after_the_updates_of_the_run() -> None:
    w = tf.Variable(0.0)
    step = tf.train.get_or_create_global_step()
    read, computed = w.read_value(), w * 1.0
    train = tf.train.GradientDescentOptimizer(1.0).minimize(-w, global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for k in range(3):
            assert sess.run([train, w, read, computed, step])[1:] == [k + 1, k + 1, k, k + 1]
        assert sess.run([train, w], {w: 7.0})[1] == 7.0  # what is fed is what it was fed


def test_a_fetched_resource_has_the_value_before() -> None:
    w = tf.Variable(0.0, use_resource=True)
    with tf.variable_scope("resources", use_resource=True):
        v = tf.get_variable("v", [], initializer=tf.zeros_initializer())
    add = tf.group(tf.assign_add(w, 1.0), tf.assign_add(v, 1.0))
    tf.enable_resource_variables()
    x = tf.Variable(0.0)
    tf.disable_resource_variables()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([add, w, v])[1:] == [0.0, 0.0]
        assert sess.run([add, w, v])[1:] == [1.0, 1.0]
        assert sess.run([x.assign(5.0), x])[1] == 0.0


def test_two_assignments_in_one_run_are_of_the_same_memory() -> None:
    v = tf.Variable(1.0)
    add = tf.assign_add(v, 2.0)
    with tf.control_dependencies([add]):
        double = tf.assign(v, v * 2.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([add, double]) == [6.0, 6.0]


def test_the_shape_of_a_scalar_is_true_and_an_unknown_one_is_false() -> None:
    assert tf.TensorShape([]) and tf.constant(1.0).get_shape() and not tf.placeholder(tf.float32).get_shape()
    assert bool(tf2.TensorShape([])) is True and bool(tf2.TensorShape(None)) is False


def test_a_variable_is_true_whatever_its_value() -> None:
    assert tf.Variable(0.0) and tf.get_variable("zeros", [3], initializer=tf.zeros_initializer())
    with pytest.raises(TypeError, match="Python `bool` is not allowed"):
        bool(tf.Variable(1.0, use_resource=True))
    with pytest.raises(TypeError, match="Python `bool` is not allowed"):
        bool(tf.Variable(1.0) + 1.0)


def test_numbers_beside_doubles_are_not_rounded_first() -> None:
    x = tf.placeholder(tf.float64, [])
    near = 1 - 2e-15
    found = [0.1 * x, x + near, near - x, tf.maximum(x * 0, 0.1), tf.stack([x, 0.1])[1], 1e-15 + near * x]
    found += [tf.linspace(tf.constant(0.1, tf.float64), 1.0, 3)[0]]
    with tf.Session() as sess:
        assert sess.run(found, {x: 1.0}) == [0.1, 1 + near, near - 1, 0.1, 0.1, 1e-15 + near, 0.1]
    y = tf2.constant(1.0, tf2.float64)
    plain = [0.1 * y, y * 0.1, y + near, near - y, tf2.maximum(y * 0, 0.1), tf2.clip_by_value(y, 0.0, 0.1)]
    plain += [tf2.stack([y, 0.1])[1], tf2.convert_to_tensor([y, 0.1])[1]]
    assert [float(v) for v in plain] == [0.1, 0.1, 1 + near, near - 1, 0.1, 0.1, 0.1, 0.1]


def test_constants_of_infinities_are_joined() -> None:
    x = tf.placeholder(tf.float32, [2])
    with tf.Session() as sess:
        assert sess.run(tf.concat([[-np.inf], x, [np.inf]], 0), {x: [1, 2]}).tolist() == [
            -np.inf,
            1,
            2,
            np.inf,
        ]


def test_gradients_by_numbers_are_none() -> None:
    y = tf.square(tf.Variable(1.0))
    assert tf.gradients(y, [0.5]) == [None] and tf.gradients(y, 3.0) == [None]


def test_lengths_put_together_and_multiplied_stay_known() -> None:
    x = tf.placeholder(tf.float32, [None, None, 2, 2, 3])
    lengths = tf.shape(x)
    whole = tf.concat([lengths[:4], (tf.reduce_prod(lengths[4:]),)], 0)
    assert tf.reshape(x, whole).get_shape().as_list() == [None, None, 2, 2, None]
    y = tf.zeros([3, 1, 2, 5])
    lengths = tf.shape(y)
    merged = tf.reshape(y, tf.concat([lengths[:2], [tf.reduce_prod(lengths[2:])]], 0))
    assert merged.get_shape().as_list() == [3, 1, 10]
    with tf.Session() as sess:
        assert sess.run(tf.reshape(x, whole), {x: np.zeros((2, 1, 2, 2, 3))}).shape == (2, 1, 2, 2, 3)


def test_own_cases_are_collected() -> None:
    assert getattr(type("Own", (tf.test.TestCase,), {}), "__test__", True)
    assert getattr(type("Own", (tf2.test.TestCase,), {}), "__test__", True)


def test_effects_in_a_branch_take_place_with_it() -> None:
    v, p = tf.Variable(0.0), tf.placeholder(tf.bool, [])
    made = tf.cond(p, lambda: v.assign_add(1.0), lambda: tf.identity(v))
    with tf.Session() as sess:
        sess.run(v.initializer)
        for wanted in (True, False, True):
            sess.run(made, {p: wanted})
        assert sess.run(v) == 2.0


def test_moving_averages_of_tensors_may_start_without_bias() -> None:
    x = tf.placeholder(tf.float32, [])
    average = tf.train.ExponentialMovingAverage(0.9, zero_debias=True)
    y = x * 1.0
    step = average.apply([y])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: 4.0})
        assert abs(sess.run(average.average(y)) - 4.0) < 1e-6


def test_old_and_new_orders() -> None:
    x = np.arange(12.0, dtype=np.float32).reshape(2, 6)
    with tf.Session() as sess:
        new, old = tf.split(x, 3, 1), tf.split(1, 3, x)
        for a, b in zip(new, old, strict=True):
            np.testing.assert_array_equal(sess.run(a), sess.run(b))
        np.testing.assert_array_equal(sess.run(tf.concat(1, new)), sess.run(tf.concat(new, 1)))
        logits, labels = tf.constant(x), tf.constant(np.eye(6, dtype=np.float32)[:2])
        by_place = tf.nn.softmax_cross_entropy_with_logits(logits, labels)
        by_name = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        np.testing.assert_array_equal(sess.run(by_place), sess.run(by_name))
        kept = tf.reduce_sum(x, reduction_indices=[1], keep_dims=True)
        np.testing.assert_array_equal(sess.run(kept), sess.run(tf.reduce_sum(x, axis=1, keepdims=True)))


def test_names_and_sharing() -> None:
    with tf.variable_scope("a"), tf.variable_scope("b"):
        v = tf.get_variable("v", [2])
    with tf.variable_scope("a/b", reuse=True):
        assert tf.get_variable("v") is v
    assert v.name == "a/b/v:0"
    with tf.name_scope("n"):
        assert tf.Variable(0.0, name="w").name == "n/w:0"
        assert tf.get_variable("u", []).name == "u:0"
    with tf.variable_scope("auto", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("v", [2]) is tf.get_variable("v", [2])
    with pytest.raises(ValueError, match="does not exist"), tf.variable_scope("a", reuse=True):
        tf.get_variable("absent", [1])


def test_shapes_follow_what_is_fed() -> None:
    x, n = tf.placeholder(tf.float32, [None, None, 3]), tf.placeholder(tf.int32, [])
    batch, time = tf.shape(x)[0], tf.shape(x)[1]
    flat = tf.reshape(tf.reshape(x, [-1, 3]), [batch, time, 3])
    noise, room = tf.random_normal([batch, 5]), tf.fill([n, 2], 7.0)
    with tf.Session() as sess:
        for b, t in ((2, 4), (3, 5), (4, 2), (5, 6), (6, 3)):
            value = np.random.default_rng(b).random((b, t, 3), np.float32)
            got, drawn, made = sess.run([flat, noise, room], {x: value, n: b})
            np.testing.assert_array_equal(got, value)
            assert drawn.shape == (b, 5)
            np.testing.assert_array_equal(made, np.full((b, 2), 7.0))


def test_summaries_are_read_back(tmp_path: Any) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("train"):
        tf.summary.scalar("loss", x * 2)
    merged = tf.summary.merge_all()
    with tf.Session() as sess, tf.summary.FileWriter(str(tmp_path), sess.graph) as writer:
        for step in range(3):
            writer.add_summary(sess.run(merged, {x: float(step)}), step)
    (file,) = tmp_path.iterdir()
    found = [(e["step"], e["values"]["train/loss"]) for e in events.read_events(file) if e["values"]]
    assert found == [(0, 0.0), (1, 2.0), (2, 4.0)]


def test_examples_are_written_and_read(tmp_path: Any) -> None:
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[1, -2]))
    words = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"ab"]))
    made = tf.train.Example(features=tf.train.Features(feature={"n": feature, "w": words}))
    with tf.python_io.TFRecordWriter(str(tmp_path / "r")) as writer:
        writer.write(made.SerializeToString())
    (record,) = tf.python_io.tf_record_iterator(str(tmp_path / "r"))
    found = tf.train.Example.FromString(record).features.feature
    assert found["n"].int64_list.value == [1, -2]
    assert found["w"].bytes_list.value == [b"ab"]


def test_what_is_missing_is_said_in_one_line() -> None:
    with pytest.raises(
        AttributeError, match=r"tf\.nn\.convv2d is not supported; the nearest is tf\.nn\.conv2d"
    ) as caught:
        _ = tf.nn.convv2d
    assert "\n" not in str(caught.value)


def test_equal_tensors_fed_with_different_values_have_their_own_gradients() -> None:
    w = tf.Variable([[0.3, -0.2]])
    one, other = tf.zeros([1, 2]), tf.zeros([1, 2])
    y = one * tf.sigmoid(w) + tf.tanh(other * w)
    slope = tf.gradients(tf.reduce_sum(y), w)[0]
    a, b, v = np.array([[0.5, 0.7]]), np.array([[-1.0, 2.0]]), np.array([[0.3, -0.2]])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = sess.run(slope, {one: a, other: b})
    s = 1 / (1 + np.exp(-v))
    np.testing.assert_allclose(found, a * s * (1 - s) + b * (1 - np.tanh(b * v) ** 2), rtol=1e-5)


def test_a_casted_sparse_tensor_keeps_its_places() -> None:
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [3, 4], [3, 2])
    with tf.Session() as sess:
        made = sess.run(tf.cast(sparse, tf.float32))
        assert sess.run(tf.sparse_tensor_to_dense(tf.cast(sparse, tf.float32))).tolist() == [
            [0, 3],
            [0, 0],
            [4, 0],
        ]
    assert made.values.dtype == np.float32 and made.indices.tolist() == [[0, 1], [2, 0]]


def test_a_product_with_a_matrix_has_two_axes_whatever_is_fed() -> None:
    x = tf.placeholder(tf.float32)
    assert tf.matmul(x, tf.zeros([4, 3])).get_shape().as_list() == [None, 3]


@pytest.mark.parametrize("bad", [4, -1, 1000])
@pytest.mark.parametrize(
    "made",
    [
        lambda t, i: tf.gather(t, i),
        lambda t, i: tf.nn.embedding_lookup(t, i),
        lambda t, i: tf.gather(t, tf.cast(tf.cast(i, tf.float32), tf.int64)),
        lambda t, i: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=tf.zeros([2, 4])),
        lambda t, i: tf.train.GradientDescentOptimizer(1.0).minimize(tf.gather(t, i)),
    ],
)
def test_a_fed_number_that_is_no_row_is_an_invalid_argument(made: Any, bad: int) -> None:
    i, t = tf.placeholder(tf.int32, [None]), tf.Variable(np.arange(8.0).reshape(4, 2))
    result = made(t, i)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"0 <= index < 4; received {bad}"):
            sess.run(result, {i: [0, bad]})
        assert sess.run(t).tolist() == np.arange(8.0).reshape(4, 2).tolist()
        sess.run(result, {i: [0, 3]})


def test_rows_are_gathered_in_batches() -> None:
    x, i = np.arange(24.0).reshape(2, 3, 4), np.array([[2, 0], [1, 1]])
    made = {
        "of each": tf.batch_gather(x, i),
        "named": tf.gather(x, i, batch_dims=1),
        "along": tf.gather(x, i, axis=2, batch_dims=1),
        "last": tf.gather(x, i, batch_dims=-1),  # the axis is then -1, too, as in TensorFlow
        "vectors": tf.gather_nd(x, [[[2]], [[0]]], batch_dims=1),
    }
    with tf.Session() as sess:
        found = sess.run(made)
    rows = np.stack([x[0][i[0]], x[1][i[1]]])
    columns = np.stack([x[0][:, i[0]], x[1][:, i[1]]])
    for name, wanted in [("of each", rows), ("named", rows), ("along", columns), ("last", columns)]:
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)
    assert found["vectors"].tolist() == [[[8, 9, 10, 11]], [[12, 13, 14, 15]]]
    np.testing.assert_array_equal(np.asarray(tf2.gather(x, i, batch_dims=-1)), columns)
    with pytest.raises(ArgumentError, match="batch_dims; expected 0 to 1; received 2"):
        tf.gather(x, i, axis=1, batch_dims=2)


def test_draws_from_what_has_no_rank_yet() -> None:
    x = tf.placeholder(tf.float32)
    drawn, mixed = tf.multinomial(tf.log(x), 3), tf.random_shuffle(x)
    assert drawn.shape.as_list() == [None, 3]
    with tf.Session() as sess:
        rows = sess.run([drawn[:, 0], mixed], {x: [[0.0, 1, 0], [1, 0, 0]]})
        assert rows[0].tolist() == [1, 0] and sorted(rows[1].tolist()) == [[0, 1, 0], [1, 0, 0]]
        assert sorted(sess.run(mixed, {x: [3, 1, 2]})) == [1, 2, 3]
        with pytest.raises(tf.errors.InvalidArgumentError, match="another shape"):
            sess.run(drawn, {x: [1.0, 2.0]})


@pytest.mark.parametrize("path", ["learn.datasets.base", "slim.learning", "slim.metrics"])
def test_what_contrib_has_by_a_name_stays_beside_its_inner_paths(path: str) -> None:
    space: Any = tf.contrib
    for part in path.split("."):
        space = getattr(space, part)
    names = {"base": "load_csv_with_header", "learning": "create_train_op", "metrics": "streaming_accuracy"}
    assert callable(getattr(space, names[path.rsplit(".", 1)[1]]))


def test_distinct_samples_are_each_once_and_their_expected_counts_are_chances() -> None:
    drawn = tf.nn.fixed_unigram_candidate_sampler(
        tf.constant([[0], [3]], tf.int64), 1, 3, True, 5, unigrams=[1.0, 1.0, 2.0, 4.0, 8.0]
    )
    counts = np.zeros(5)
    with tf.Session() as sess:
        for _ in range(400):
            ids = sess.run(drawn.sampled_candidates)
            assert len(set(ids)) == 3
            counts[ids] += 1
        true = sess.run(drawn.true_expected_count)
    assert true.shape == (2, 1)
    np.testing.assert_allclose(true.ravel(), counts[[0, 3]] / 400, atol=0.1)


def test_a_variable_is_no_tensor_and_what_is_made_of_it_is_one() -> None:
    """Each as TensorFlow 1.15 says it."""
    v = tf.Variable(np.ones((3, 2), np.float32), name="v")
    r = tf.get_variable("r", [3], use_resource=True)
    assert not isinstance(v, tf.Tensor) and isinstance(v, tf.Variable)
    assert repr(v) == "<tf.Variable 'v:0' shape=(3, 2) dtype=float32_ref>"
    assert repr(r) == "<tf.Variable 'r:0' shape=(3,) dtype=float32>"
    for make in (
        tf.convert_to_tensor,
        tf.identity,
        lambda a: a.value(),
        lambda a: a.assign(a),
        tf.stop_gradient,
    ):
        assert isinstance(make(v), tf.Tensor)
    assert tf.convert_to_tensor(v) is v.value()
    assert tf.get_default_graph().get_tensor_by_name("v/read:0") is v.value()
    rows = tf.gradients(tf.reduce_sum(tf.gather(v, [0, 1])), v)[0]
    assert isinstance(rows, tf.IndexedSlices) and not isinstance(rows, tf.Tensor)
    assert isinstance(tf.convert_to_tensor(rows), tf.Tensor)
    with pytest.raises(ValueError, match="dense_shape"):
        tf.convert_to_tensor(tf.IndexedSlices(tf.ones([1, 2]), [0]))
    read = v.value()
    by_both = tf.gradients(tf.reduce_sum(v**2), [v, read])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [g.tolist() for g in sess.run(by_both)] == [[[2, 2]] * 3] * 2
        assert sess.run(read, {v: np.zeros((3, 2))}).tolist() == [[0, 0]] * 3


def test_keras_tensors_are_tensors_beside_graphs() -> None:
    x = tf.keras.layers.Input((3,))
    layer = tf.keras.layers.Dense(2)
    assert isinstance(layer(x), tf.Tensor) and isinstance(x, tf.Tensor)
    assert not isinstance(layer.kernel, tf.Tensor)


def test_a_variable_whose_shape_is_not_looked_at_takes_values_of_any_rank() -> None:
    fed = tf.placeholder(tf.float32, None)
    held = tf.Variable(fed, validate_shape=False, trainable=False)
    w = tf.Variable(np.ones((3, 2), np.float32))
    y, z = tf.matmul(held, w), tf.reduce_sum(held * 2.0)
    slope = tf.gradients(tf.reduce_sum(y), w)[0]
    assert held.get_shape().ndims is None
    with tf.Session() as sess:
        sess.run([held.initializer, w.initializer], {fed: np.ones((4, 3))})
        assert sess.run([y, z])[0].tolist() == [[3, 3]] * 4 and sess.run(slope).tolist() == [[4, 4]] * 3
        sess.run(tf.assign(held, fed, validate_shape=False), {fed: np.arange(5.0)})
        assert sess.run(z) == 20 and sess.run(held).shape == (5,)
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(y)
    with pytest.raises(ValueError, match="validate_shape=False"):
        tf.Variable(fed)


def test_a_test_of_a_graph_of_its_own_has_a_session_of_its_own() -> None:
    class Case(tf.test.TestCase):  # type: ignore[misc]
        def runTest(self) -> None:
            with self.test_session() as one, self.test_session() as again:
                assert one is again
            graph = tf.Graph()
            with self.test_session(graph=graph) as first:
                assert first.graph is graph and tf.get_default_session() is first
            with self.test_session(graph=graph) as second:
                assert second is not first

    found = unittest.TestResult()
    Case().run(found)
    assert found.wasSuccessful(), found.errors + found.failures


_BY_A_RUN: dict[str, tuple[Any, Any, Any]] = {  # what TensorFlow 1.15 gives for [[0, 1, 2], [3, 4, 5]], k=1, p=[1, 0]
    "reduce_sum": (lambda x, k, p: tf.reduce_sum(x, k), [3, 12], [[1, 1, 1]] * 2),
    "two axes": (lambda x, k, p: tf.reduce_sum(x, p), 15, [[1, 1, 1]] * 2),
    "reduce_mean": (lambda x, k, p: tf.reduce_mean(x * x, k, keepdims=True), [[5 / 3], [50 / 3]],
                    [[0, 2 / 3, 4 / 3], [2, 8 / 3, 10 / 3]]),
    "argmax": (lambda x, k, p: tf.argmax(x, k), [2, 2], None),
    "expand_dims": (lambda x, k, p: tf.expand_dims(x, k), [[[0, 1, 2]], [[3, 4, 5]]], [[1, 1, 1]] * 2),
    "cumsum": (lambda x, k, p: tf.cumsum(x, k), [[0, 1, 3], [3, 7, 12]], [[3, 2, 1]] * 2),
    "transpose": (lambda x, k, p: tf.transpose(x, p), [[0, 3], [1, 4], [2, 5]], [[1, 1, 1]] * 2),
    "concat": (lambda x, k, p: tf.concat([x, x], k), [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]], [[2, 2, 2]] * 2),
    "gather": (lambda x, k, p: tf.gather(x, [0, 1], axis=k), [[0, 1], [3, 4]], [[1, 1, 0]] * 2),
    "reverse": (lambda x, k, p: tf.reverse(x, [k]), [[2, 1, 0], [5, 4, 3]], [[1, 1, 1]] * 2),
    "roll": (lambda x, k, p: tf.roll(x, k, 0), [[3, 4, 5], [0, 1, 2]], [[1, 1, 1]] * 2),
    "split": (lambda x, k, p: tf.split(x, p + 1, 1)[0], [[0, 1], [3, 4]], [[1, 1, 0]] * 2),
    "repeat": (lambda x, k, p: tf.repeat(x[:, :2], p + 1, axis=1), [[0, 0, 1], [3, 3, 4]], [[2, 1, 0]] * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", _BY_A_RUN)
def test_axes_and_sizes_that_only_a_run_knows(name: str) -> None:
    make, wanted, slope = _BY_A_RUN[name]
    x = tf.placeholder(tf.float32, [None, 3])
    k, p = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [2])
    y = make(x, k, p)
    fed = {x: [[0.0, 1, 2], [3, 4, 5]], k: 1, p: [1, 0]}
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(y, fed), wanted, rtol=1e-6)
        if slope is not None:
            np.testing.assert_allclose(sess.run(tf.gradients(y, x)[0], fed), slope, rtol=1e-6)


def test_an_order_of_axes_that_follows_from_the_rank() -> None:
    x = tf.placeholder(tf.float32)
    rank = tf.rank(x)
    order = tf.concat([tf.reshape(tf.range(1, rank - 1), [rank - 2]), [0], tf.reshape(rank - 1, [1])], 0)
    turned = tf.transpose(x, order)
    rows = tf.dynamic_stitch([[0, 2], [1, 3]], [tf.gather(x, [0, 1]), tf.gather(x, [2, 3])])
    slope = tf.gradients(tf.reduce_sum(turned * 2), x)[0]
    placed = tf.gradients(rows * [[1.0, 2.0]], x)[0]
    with tf.Session() as sess:
        assert sess.run(turned, {x: np.ones((4, 3))}).shape == (4, 3)
        given = np.arange(40.0).reshape(5, 2, 4)
        np.testing.assert_array_equal(sess.run(turned, {x: given}), given.transpose(1, 0, 2))
        assert sess.run(slope, {x: given}).tolist() == np.full((5, 2, 4), 2).tolist()
        assert sess.run(rows, {x: np.arange(8.0).reshape(4, 2)}).tolist() == [[0, 1], [4, 5], [2, 3], [6, 7]]
        assert sess.run(placed, {x: np.arange(8.0).reshape(4, 2)}).tolist() == [[1, 2]] * 4


def test_errors_have_their_message() -> None:
    with tf.Session() as sess, pytest.raises(tf.errors.OpError) as caught:
        sess.run(tf.assert_equal(tf.constant(1), tf.placeholder_with_default(2, [])))
    assert "assertion failed" in caught.value.message


def test_an_order_of_axes_from_arithmetic_with_constants_is_known() -> None:
    x = tf.zeros([1, 2, 3, 4])
    order = [-1, -2] % tf.rank(x)
    turned = tf.transpose(x, tf.concat([tf.range(tf.rank(x) - 2), order], 0))
    assert turned.get_shape().as_list() == [1, 2, 4, 3]


def test_rows_are_stitched_whatever_the_rank_of_their_numbers() -> None:
    table = tf.placeholder(tf.float32)
    kinds = tf.cast(tf.gather(tf.transpose(table), tf.shape(table)[1] - 1), tf.int32)
    places = tf.dynamic_partition(tf.range(0, tf.size(kinds)), kinds, 2)
    rows = tf.dynamic_stitch(places, [tf.ones([tf.size(p), 1]) * (k + 1.0) for k, p in enumerate(places)])
    with tf.Session() as sess:
        found = sess.run(rows, {table: [[9, 0], [9, 1], [9, 0], [9, 1], [9, 1]]})
    assert found.tolist() == [[1], [2], [1], [2], [2]]


def _steps_of(make: Any) -> list[list[float]]:
    """What ``make(training, x, total)`` gives, and what its run leaves in ``total``: in training, and not."""
    training, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [])
    total = tf.Variable(0.0)
    made = make(training, x, total)
    found = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for truth in (True, False):
            found.append([sess.run(made, {training: truth, x: 3.0}).tolist(), sess.run(total).tolist()])
    return found


def test_a_branch_waits_for_what_was_made_before_it() -> None:
    def made(training: Any, x: Any, total: Any) -> Any:
        moved = tf.cond(training, lambda: tf.assign_add(total, x).op, lambda: tf.no_op())

        def after() -> Any:
            with tf.control_dependencies([moved]):
                return tf.identity(x)

        return tf.cond(training, after, lambda: total + 1)

    assert _steps_of(made) == [[3.0, 3.0], [4.0, 3.0]]


def test_what_was_made_before_a_branch_takes_place_whichever_is_taken() -> None:
    def made(training: Any, x: Any, total: Any) -> Any:
        moved = tf.assign_add(total, x)

        def after() -> Any:
            with tf.control_dependencies([moved]):
                return x * 2

        return tf.cond(training, after, lambda: x)

    assert _steps_of(made) == [[6.0, 3.0], [3.0, 6.0]]


def test_a_choice_of_operations_is_the_truth_once_they_have_taken_place() -> None:
    def made(training: Any, x: Any, total: Any) -> Any:
        return tf.cond(training, lambda: tf.group(tf.assign_add(total, x)), lambda: tf.no_op())

    assert _steps_of(made) == [[True, 3.0], [False, 3.0]]


def test_averages_that_a_branch_moves_are_read_by_another() -> None:
    rows, training = tf.placeholder(tf.float32, [4, 2]), tf.placeholder(tf.bool, [])
    mean, variance = tf.nn.moments(rows, [0])
    averages = tf.train.ExponentialMovingAverage(0.5)
    moved = tf.cond(training, lambda: averages.apply([mean, variance]), lambda: tf.no_op())

    def of_batch() -> Any:
        with tf.control_dependencies([moved]):
            return tf.identity(mean), tf.identity(variance)

    used = tf.cond(training, of_batch, lambda: (averages.average(mean), averages.average(variance)))
    w = tf.Variable([1.0, 1.0])
    step = tf.train.GradientDescentOptimizer(0.1).minimize(
        tf.reduce_sum(tf.nn.batch_normalization(rows, *used, None, w, 1e-3) ** 2)
    )
    given = np.arange(8.0).reshape(4, 2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer(), {training: True})
        for k in (1, 2):
            sess.run(step, {rows: given * k, training: True})
        found = sess.run(used, {rows: given, training: False})
    np.testing.assert_allclose(found, [[3.75, 5.0], [11.25, 11.25]])


def test_a_length_that_is_not_known_ends_no_slice() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    rest, all_of_it = x[1 : x.shape[0], :], x[x.shape[0] :]
    assert rest.shape.as_list() == [None, 3]
    with tf.Session() as sess:
        assert [y.shape for y in sess.run([rest, all_of_it], {x: np.zeros((4, 3))})] == [(3, 3), (4, 3)]
