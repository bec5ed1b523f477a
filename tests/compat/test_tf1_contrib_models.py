"""TensorFlow 1: tables that sessions change, adversarial networks, kernels; numbers by their formulas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from thalweg.compat.names import UnsupportedNameError


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


# --- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_changes_in_a_session_and_is_saved(tmp_path: Path) -> None:
    table = tf.contrib.lookup.MutableHashTable(tf.string, tf.int64, -1)
    keys, values = tf.placeholder(tf.string, [None]), tf.placeholder(tf.int64, [None])
    insert, found = table.insert(keys, values), table.lookup(tf.constant([["a"], ["z"]]))
    assert found.shape.as_list() == [2, 1]
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run([table.init, tf.tables_initializer()])
        assert session.run(found).tolist() == [[-1], [-1]]
        session.run(insert, {keys: ["a", "b"], values: [1, 2]})
        assert session.run([found, table.size()])[0].tolist() == [[1], [-1]]
        assert [x.tolist() for x in session.run(table.export())] == [[b"a", b"b"], [1, 2]]
        path = saver.save(session, str(tmp_path / "table"))
        session.run(table.remove(["a"]))
        assert session.run(found).tolist() == [[-1], [-1]]
    with tf.Session() as session:
        assert session.run(table.size()) == 0
        saver.restore(session, path)
        assert session.run(found).tolist() == [[1], [-1]]


def test_a_lookup_waits_for_what_is_inserted() -> None:
    table = tf.contrib.lookup.MutableDenseHashTable(
        tf.int64, tf.float32, [0.0, 0.0], empty_key=-1, deleted_key=-2
    )
    with tf.control_dependencies([table.insert([3, 4], [[1.0, 2.0], [3.0, 4.0]])]):
        found = table.lookup(tf.constant([4, 9], tf.int64))
    with tf.Session() as session:
        assert session.run(found).tolist() == [[3, 4], [0, 0]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="stands for no key"):
            session.run(table.insert([-1], [[1.0, 1.0]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="values"):
        table.insert([1, 2], [[1.0, 1.0]])


# --- adversarial networks ---------------------------------------------------------------------------------------------

tfgan = tf.contrib.gan


def generator(noise: Any) -> Any:
    net = tf.contrib.layers.fully_connected(noise, 8, normalizer_fn=tf.contrib.layers.batch_norm)
    return tf.contrib.layers.fully_connected(net, 2, activation_fn=None)


def discriminator(data: Any, unused: Any) -> Any:
    return tf.contrib.layers.fully_connected(
        tf.contrib.layers.fully_connected(data, 8), 1, activation_fn=None
    )


def test_losses_by_their_formulas() -> None:
    def entropy(label: float, logits: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-logits))
        return float(-(label * np.log(p) + (1 - label) * np.log(1 - p)).mean())

    real, made = np.array([[0.3], [-2.0]]), np.array([[1.0], [0.5]])
    a, b = tf.constant(real, tf.float32), tf.constant(made, tf.float32)
    of = tfgan.losses.wargs
    pairs = [
        (of.wasserstein_generator_loss(b), -made.mean()),
        (of.wasserstein_discriminator_loss(a, b), made.mean() - real.mean()),
        (of.minimax_discriminator_loss(a, b), entropy(0.875, real) + entropy(0, made)),
        (of.minimax_generator_loss(b), -entropy(1, np.ones(1)) - entropy(0, made)),
        (of.modified_generator_loss(b), entropy(1, made)),
        (of.least_squares_generator_loss(b), 0.5 * ((made - 1) ** 2).mean()),
        (of.least_squares_discriminator_loss(a, b), 0.5 * ((real - 1) ** 2).mean() + 0.5 * (made**2).mean()),
    ]
    with tf.Session() as session:
        np.testing.assert_allclose(session.run([x for x, _ in pairs]), [y for _, y in pairs], rtol=1e-5)
    assert len(tf.losses.get_losses()) == len(pairs)


def test_the_penalty_of_slopes_is_that_of_a_plane() -> None:
    def plane(data: Any, unused: Any) -> Any:
        return tf.matmul(data, tf.get_variable("w", initializer=tf.constant([[3.0], [4.0]])))

    model = tfgan.gan_model(generator, plane, tf.ones([5, 2]), tf.random_normal([5, 3]))
    loss = tfgan.losses.wasserstein_gradient_penalty(model, target=2.0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(loss) == pytest.approx((5 / 2 - 1) ** 2)


def test_both_are_trained_in_turn(tmp_path: Path) -> None:
    data = tf.random_normal([32, 2], mean=3.0, stddev=0.1)
    model = tfgan.gan_model(generator, discriminator, data, tf.random_normal([32, 3]))
    loss = tfgan.gan_loss(model, gradient_penalty_weight=1.0)
    rules = [tf.train.AdamOptimizer(0.01, 0.5) for _ in range(2)]
    ops = tfgan.gan_train_ops(model, loss, *rules, summarize_gradients=True)
    assert model.generator_variables[0].op.name == "Generator/fully_connected/weights"
    steps = tfgan.gan_train(
        ops, str(tmp_path), tfgan.get_joint_train_hooks(), hooks=[tf.train.StopAtStepHook(num_steps=100)]
    )
    assert steps == 100
    with tf.Session() as session:
        tf.train.Saver().restore(session, tf.train.latest_checkpoint(str(tmp_path)))
        assert np.abs(session.run(model.generated_data).mean() - 3) < 2
        assert np.isfinite(tfgan.get_sequential_train_steps()(session, ops, None, {})[0])


def test_an_adversarial_estimator(tmp_path: Path) -> None:
    def inputs() -> Any:
        return tf.random_normal([8, 3]), tf.random_normal([8, 2])

    estimator = tfgan.estimator.GANEstimator(
        str(tmp_path), generator, discriminator, tfgan.losses.modified_generator_loss,
        tfgan.losses.modified_discriminator_loss, tf.train.AdamOptimizer(0.01), lambda: tf.train.AdamOptimizer(0.01),
    )  # fmt: skip
    estimator.train(inputs, max_steps=3)
    assert {"generator_loss", "discriminator_loss", "loss"} <= set(estimator.evaluate(inputs, steps=2))
    assert next(estimator.predict(lambda: tf.random_normal([2, 3]))).shape == (2,)


def test_pictures_side_by_side() -> None:
    pictures = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3, 1)
    with tf.Session() as session:
        row, grid = session.run(
            [tfgan.eval.image_reshaper(tf.constant(pictures), 2), tfgan.eval.image_grid(
                tf.constant(pictures), (2, 2), (2, 3), 1)]
        )  # fmt: skip
    assert (row == grid).all()
    np.testing.assert_array_equal(row[0, :2], np.concatenate([pictures[0], pictures[1]], 1))


# --- kernels ----------------------------------------------------------------------------------------------------------


def test_fourier_features_approximate_a_kernel() -> None:
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    mapper = tf.contrib.kernel_methods.RandomFourierFeatureMapper(2, 5000, stddev=2.0)
    with tf.Session() as session:
        found = session.run(mapper.map(tf.constant(x)))
    squares = ((x[:, None] - x[None]) ** 2).sum(-1)
    np.testing.assert_allclose(found @ found.T, np.exp(-squares / 8), atol=0.07)
    with pytest.raises(Exception, match=r"expected \[batch, 2\]"):
        mapper.map(tf.ones([3, 4]))


def test_a_linear_model_over_a_kernel_tells_a_ring(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    y = (np.square(x).sum(1) > 1.4).astype(np.int64)
    column = tf.contrib.layers.real_valued_column("x", dimension=2)
    mapper = tf.contrib.kernel_methods.RandomFourierFeatureMapper(2, 200)
    estimator = tf.contrib.kernel_methods.KernelLinearClassifier(
        n_classes=2,
        optimizer=tf.train.FtrlOptimizer(5.0),
        kernel_mappers={column: [mapper]},
        model_dir=str(tmp_path),
    )
    estimator.fit(input_fn=lambda: ({"x": tf.constant(x)}, tf.constant(y)), steps=50)
    assert (
        estimator.evaluate(input_fn=lambda: ({"x": tf.constant(x)}, tf.constant(y)), steps=1)["accuracy"]
        > 0.95
    )


@pytest.mark.parametrize("name", ["timeseries", "learn.SVM", "factorization.GMM", "linear_optimizer"])
def test_models_that_are_not_here_name_the_nearest(name: str) -> None:
    space: Any = tf.contrib
    with pytest.raises(UnsupportedNameError, match="nearest"):
        for part in name.split("."):
            space = getattr(space, part)


@pytest.mark.parametrize(
    "name",
    ["absolute_difference", "mean_squared_error", "sum_of_squares", "log_loss", "mean_pairwise_squared_error",
     "softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy", "cosine_distance"],
)  # fmt: skip
def test_losses_of_contrib_take_their_first_name_of_weights(name: str) -> None:
    loss = getattr(tf.contrib.losses, name)
    with tf.Graph().as_default():
        x, y = tf.constant([[0.2, 0.7], [0.4, 0.1]]), tf.constant([[0.0, 1.0], [1.0, 0.0]])
        labels = tf.constant([1, 0]) if name.startswith("sparse") else y
        more = {"axis": 1} if name == "cosine_distance" else {}
        first, second, plain = (loss(x, labels, **w, **more) for w in ({"weight": 3.0}, {"weights": 3.0}, {}))
        with tf.Session() as session:
            found = session.run([first, second, plain])
    np.testing.assert_allclose(found[:2], found[2] * 3, rtol=1e-6)
    with pytest.raises(TypeError):
        loss(x, labels, wights=2.0)
