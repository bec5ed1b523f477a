"""TensorFlow 1's names where tensors have values: the numbers are those of the first generation in TensorFlow 2.21."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg import events
from thalweg.compat import eager, programs
from thalweg.compat.at_once import at_once
from thalweg.errors import ArgumentError, SymbolicError

tf: Any = eager
tfe: Any = eager.contrib.eager
P = np.array([[1, -2, 0.5], [0, 3, -1]], "f")
T = np.array([[1, 0, 0], [0, 1, 0]], "f")
W = np.array([[0], [2]], "f")
LOSSES: dict[str, tuple[Callable[..., Any], float]] = {
    "squares": (lambda p: tf.losses.mean_squared_error(T, p, W), 3.333333),
    "distance": (lambda p: tf.losses.absolute_difference(T, p, W), 2.0),
    "smooth classes": (
        lambda p: tf.losses.softmax_cross_entropy(T, p, tf.constant([0.0, 2.0]), label_smoothing=0.1), 0.598435
    ),
    "numbers": (lambda p: tf.losses.sparse_softmax_cross_entropy([0, 1], p, tf.constant([1.0, 3.0])), 0.351124),
    "smooth": (lambda p: tf.losses.sigmoid_cross_entropy(T, p, W, label_smoothing=0.25), 1.036664),
    "sum": (lambda p: tf.losses.sigmoid_cross_entropy(T, p, W, reduction=tf.losses.Reduction.SUM), 2.109992),
    "huber": (lambda p: tf.losses.huber_loss(T, p, W), 1.333333),
    "hinge": (lambda p: tf.losses.hinge_loss(T, p, W), 0.666667),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_weighted_and_smoothed_as_in_a_graph_and_have_gradients(name: str) -> None:
    loss, expected = LOSSES[name]
    logits = tf.Variable(P)
    with tf.GradientTape() as tape:
        found = loss(logits)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    slope, step = tape.gradient(found, logits).numpy(), np.zeros_like(P)
    step[1, 1] = 1e-2
    np.testing.assert_allclose(slope[1, 1], (loss(P + step) - loss(P - step)) / 2e-2, atol=1e-3)


def test_initializers_have_the_first_generations_defaults() -> None:
    shape: list[int] = [200, 200]
    np.testing.assert_allclose(np.std(tf.random_normal_initializer()(shape)), 1.0, atol=0.02)
    np.testing.assert_allclose(np.std(tf.truncated_normal_initializer()(shape)), 0.88, atol=0.02)
    np.testing.assert_allclose(np.mean(tf.initializers.random_uniform()(shape)), 0.5, atol=0.02)
    np.testing.assert_allclose(np.std(tf.initializers.random_uniform(-1, 1)(shape)), 0.577, atol=0.02)
    weights = tf.get_variable("w", [3, 2], initializer=tf.constant_initializer(2.0))
    assert (weights.name.removesuffix(":0"), weights.numpy().tolist()) == ("w", [[2.0, 2.0]] * 3)


def test_pictures_are_resized_from_their_corners() -> None:
    x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    found = tf.image.resize_images(x, [2, 2])[0, :, :, 0].numpy().tolist()
    assert found == tf.image.resize(x, [2, 2])[0, :, :, 0].numpy().tolist() == [[0.0, 2.0], [8.0, 10.0]]


def test_functions_of_the_first_generation() -> None:
    v = tf.Variable(np.zeros((3, 2), "f"))
    tf.scatter_add(v, [0, 2, 2], np.ones((3, 2)))
    assert v.numpy().tolist() == [[1, 1], [0, 0], [2, 2]]
    assert tf.assign_add(v, tf.ones([3, 2])).numpy().tolist() == [[2, 2], [1, 1], [3, 3]]
    assert tf.scatter_update(v, 0, [5.0, 6.0]).numpy()[0].tolist() == [5, 6]
    assert (tf.div(7, 2).numpy(), tf.div(7.0, 2.0).numpy()) == (3, 3.5)
    assert tf.reduce_sum(v, reduction_indices=[1], keep_dims=True).shape == (3, 1)
    assert tf.expand_dims(v, dim=0).shape == (1, 3, 2) and int(tf.argmax(v, dimension=0)[0]) == 0
    assert sorted(tf.random_shuffle(tf.range(9)).numpy()) == list(range(9))
    drawn = {tuple(tf.multinomial(tf.zeros([1, 5]), 12).numpy()[0]) for _ in range(3)}
    assert len(drawn) == 3  # not the same ones every time
    picture = np.arange(16, dtype="f").reshape(1, 4, 4, 1)
    kernel = np.ones((2, 2, 1, 1), "f")
    assert tf.nn.conv2d(picture, filter=kernel, strides=[1, 1, 1, 1], padding="VALID").shape == (1, 3, 3, 1)
    assert tf.layers.max_pooling2d(picture, 2, 2).shape == (1, 2, 2, 1)
    assert tf.layers.flatten(tf.layers.dense(picture, 3)).shape == (1, 48)
    assert [s.decode() for s in tf.string_join([["a"], ["b"]]).numpy()] == ["ab"]


def test_what_draws_is_refused_as_a_function_of_tensors_alone() -> None:
    from thalweg.compat import tf1

    with pytest.raises(SymbolicError, match="random_normal: it draws"):
        at_once(tf1.random_normal)([2])


def test_a_rate_that_decays_is_asked_for_at_every_step() -> None:
    step, v = tf.Variable(0, dtype="int64"), tf.Variable(1.0)
    optimizer = tf.train.GradientDescentOptimizer(tf.train.exponential_decay(1.0, step, 1, 0.5))
    seen = []
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant(1.0), v)], global_step=step)
        seen.append(float(v.numpy()))
    assert seen == [0.0, -0.5, -0.75]
    rate = tf.train.piecewise_constant(step, [2, 5], [1.0, 0.5, 0.25])
    assert float(rate()) == 0.5
    faster = tf.Variable(0.5)
    by_variable = tf.train.GradientDescentOptimizer(faster)
    by_variable.apply_gradients([(tf.constant(1.0), v)])
    faster.assign(0.25)
    by_variable.apply_gradients([(tf.constant(1.0), v)])
    assert float(v.numpy()) == -1.5


def test_data_sets_are_read_as_by_iterators(tmp_path: Path) -> None:
    data = tf.data.Dataset.from_tensor_slices(np.arange(6, dtype="f").reshape(3, 2)).batch(2)
    assert data.make_one_shot_iterator().get_next().shape == (2, 2)
    assert data.output_types == tf.float32 and data.output_shapes.as_list() == [None, 2]
    assert [x.shape[0] for x in tfe.Iterator(data)] == [2, 1]
    (tmp_path / "r").write_bytes(b"HH" + bytes(range(6)))
    records = tf.data.FixedLengthRecordDataset(str(tmp_path / "r"), 3, header_bytes=2)
    assert [tf.decode_raw(r, tf.uint8).numpy().tolist() for r in records] == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(Exception, match="Excess bytes"):
        list(tf.data.FixedLengthRecordDataset(str(tmp_path / "r"), 3))


def test_summaries_are_written_in_blocks_that_say_so(tmp_path: Path) -> None:
    summary, step = tf.contrib.summary, tf.Variable(0, dtype="int64")
    writer = summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        summary.scalar("never", 1.0)
        for _ in range(4):
            with summary.record_summaries_every_n_global_steps(2, global_step=step):
                summary.scalar("x", 1.0, family="f", step=step)
            step.assign_add(1)
        with summary.always_record_summaries():
            summary.image("p", np.linspace(0, 1, 36).reshape(4, 3, 3, 1), max_images=2, step=7)
            with summary.never_record_summaries():
                summary.scalar("never", 1.0)
    writer.close()
    (written,) = tmp_path.iterdir()
    found = [(e["step"], tag) for e in events.read_events(written) for tag in e.get("values", {})]
    assert found == [(0, "f/x"), (2, "f/x"), (7, "p/image/0"), (7, "p/image/1")]
    with summary.create_file_writer(None).as_default(), summary.always_record_summaries():
        summary.scalar("nowhere", 1.0)


def test_variables_are_saved_by_name_and_metrics_are_called(tmp_path: Path) -> None:
    a, b = tfe.Variable([1.0, 2.0], name="a"), tfe.Variable(3, name="b")
    path = tfe.Saver([a, b]).save(str(tmp_path / "kept"), global_step=tf.constant(4))
    a.assign([0.0, 0.0])
    b.assign(0)
    tfe.Saver([a, b]).restore(path)
    assert path.endswith("kept-4") and a.numpy().tolist() == [1, 2] and b.numpy() == 3
    with pytest.raises(ArgumentError, match="two variables of one name"):
        tfe.Saver([a, tfe.Variable(1.0, name="a")])
    with pytest.raises(ArgumentError, match="save_path"), tfe.restore_variables_on_create("x"):
        pass
    mean, right = tfe.metrics.Mean("m"), tfe.metrics.Accuracy("r")
    mean(2.0)
    mean(4.0)
    right(tf.constant([1, 2]), tf.constant([1, 3]))
    assert (float(mean.result()), float(right.result())) == (3.0, 0.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "from tensorflow.contrib.eager.python import tfe\nimport tensorflow as tf\ntfe.run(main=print)",
            "eager",
        ),
        ("import tensorflow as tf\nimport tensorflow.contrib.eager as tfe\ntfe.run()", "eager"),
        ("import tensorflow as tf\ntf.contrib.layers.flatten(1)", "tf1"),
    ],
)
def test_programs_that_begin_eagerly(text: str, expected: str) -> None:
    assert programs.generation(ast.parse(text)) == expected


def test_models_train_with_optimizers_and_initializers_of_the_first_generation() -> None:
    dense = tf.keras.layers.Dense(
        2, kernel_initializer=tf.ones_initializer, bias_initializer=tf.zeros_initializer
    )
    model = tf.keras.Sequential([dense])
    model.compile(tf.train.GradientDescentOptimizer(0.5), "mse")
    model.fit(np.ones((1, 3), "float32"), np.zeros((1, 2), "float32"), verbose=0)
    np.testing.assert_allclose(dense.get_weights()[0], np.full((3, 2), 1 - 0.5 * 3), rtol=1e-6)
    assert isinstance(tf.initializers.variance_scaling, type)
    assert tf.keras.layers.Dense(2, kernel_initializer=tf.variance_scaling_initializer)(
        np.ones((1, 3))
    ).shape == (1, 2)
