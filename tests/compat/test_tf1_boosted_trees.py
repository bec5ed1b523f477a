"""``tf.estimator.BoostedTrees...``: what the main library's trees make of columns, batches and heads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
import thalweg.compat.tf2 as tf2
from thalweg.trees import BoostedTrees, TreeSettings, boundaries, bucketed, counted

RNG = np.random.default_rng(5)
ROWS = 64
SEX = RNG.choice(["m", "f"], ROWS)
AGE = RNG.uniform(1, 60, ROWS).astype(np.float32)
FARE = RNG.exponential(30, ROWS).astype(np.float32)
Y = ((SEX == "f") & (AGE > 20) | (FARE > 60)).astype(np.int32)
FEATURES = {"sex": SEX, "age": AGE, "fare": FARE}
EDGES = [10.0, 30.0, 60.0]


def columns(fc: Any = tf.feature_column) -> list[Any]:
    words = fc.categorical_column_with_vocabulary_list("sex", ["m", "f"])
    buckets = fc.bucketized_column(fc.numeric_column("fare"), EDGES)
    return [fc.indicator_column(words), buckets, fc.numeric_column("age")]


def batches(size: int = ROWS, times: int | None = None, y: Any = Y, module: Any = tf, **more: Any) -> Any:
    return lambda: module.data.Dataset.from_tensor_slices(({**FEATURES, **more}, y)).repeat(times).batch(size)


def logits(model: Any) -> np.ndarray:
    return np.array([row["logits"][0] for row in model.predict(batches(times=1))])


def test_a_classifier_is_the_main_librarys_ensemble_and_explains_itself() -> None:
    model = tf.estimator.BoostedTreesClassifier(columns(), 1, n_trees=4, max_depth=2, center_bias=True)
    model.train(batches())
    bounds = boundaries(counted(AGE, np.ones(ROWS)), 100)
    parts = [bucketed(AGE, bounds), np.digitize(FARE, EDGES), SEX == "m", SEX == "f"]
    x = np.stack(parts, 1).astype(np.int32)
    trees = BoostedTrees(TreeSettings(num_trees=4, max_depth=2))
    steps = 0
    while trees.finished < 4:
        steps += 1
        p = 1 / (1 + np.exp(-trees.predict(x).astype(np.float64)))
        first, second = (p - Y[:, None]) / ROWS, p * (1 - p) / ROWS
        if trees.progress.centred:
            sizes = [len(bounds), 4, 2, 2]
            trees.grow(trees.histograms(x, trees.last_nodes(x), first, second, sizes))
        else:
            trees.centre(first.mean(0), second.mean(0))
    assert model.evaluate(batches(times=1))["global_step"] == steps > 4 * 2  # those for the bias, too
    np.testing.assert_allclose(logits(model), trees.predict(x)[:, 0], rtol=1e-4)
    told = list(model.experimental_predict_with_explanations(batches(times=1), ["probabilities"]))
    assert set(told[0]) == {"probabilities", "bias", "dfc"}
    assert told[0]["bias"] == pytest.approx(Y.mean(), abs=1e-3)
    for row in told:
        assert row["bias"] + sum(row["dfc"].values()) == pytest.approx(row["probabilities"][1], abs=1e-6)
        assert sorted(row["dfc"].values(), key=abs, reverse=True) == list(row["dfc"].values())
    found = model.experimental_feature_importances(normalize=True)
    gains = trees.importances(4)
    expected = {"age": gains[0], "fare_bucketized": gains[1], "sex": gains[2] + gains[3]}
    assert found == pytest.approx({k: v / gains.sum() for k, v in expected.items()}, rel=1e-3)


def test_batches_of_a_layer_are_taken_together_and_training_goes_on(tmp_path: Any) -> None:
    rule = {"n_trees": 2, "max_depth": 2, "pruning_mode": "post", "tree_complexity": 0.002}
    whole = tf.estimator.BoostedTreesClassifier(columns(), 1, **rule)
    whole.train(batches())
    parted = tf.estimator.BoostedTreesClassifier(columns(), 2, str(tmp_path), **rule)
    for _ in range(
        4
    ):  # boundaries, layers and derivatives go into checkpoints, the batches of half a layer do not
        parted.train(batches(ROWS // 2), steps=2)
    np.testing.assert_allclose(logits(parted), logits(whole), rtol=1e-4)


def test_weights_count_and_data_in_memory_give_the_same() -> None:
    doubled = np.where(np.arange(ROWS) < 16, 2.0, 1.0).astype(np.float32)
    more = np.arange(16)
    both = {k: np.concatenate([v, v[more]]) for k, v in FEATURES.items()}
    rule = {"n_trees": 2, "max_depth": 2}
    weighted = tf.estimator.BoostedTreesRegressor(columns(), 1, weight_column="w", **rule)
    weighted.train(batches(w=doubled, y=FARE))
    train = tf.contrib.estimator.boosted_trees_regressor_train_in_memory
    repeated = train(lambda: (both, np.concatenate([FARE, FARE[more]])[:, None]), columns(), **rule)
    made = [
        np.array([row["predictions"][0] for row in model.predict(batches(times=1, w=doubled))])
        for model in (weighted, repeated)
    ]
    np.testing.assert_allclose(made[0], made[1], rtol=1e-4)


def test_more_than_two_classes_have_an_ensemble_of_vectors() -> None:
    y = np.digitize(AGE, [20.0, 40.0])
    rule = {"n_classes": 3, "n_trees": 6, "max_depth": 3, "learning_rate": 0.5}
    model = tf.estimator.BoostedTreesClassifier(columns(), 1, **rule)
    model.train(batches(y=y))
    assert model.evaluate(batches(times=1, y=y))["accuracy"] > 0.95
    with pytest.raises(ValueError, match="l1_regularization is for one output"):
        tf.estimator.BoostedTreesClassifier(columns(), 1, n_classes=3, l1_regularization=0.1)


def test_what_cannot_be_is_told() -> None:
    fc, made = tf.feature_column, tf.estimator.BoostedTreesClassifier
    words = fc.categorical_column_with_vocabulary_list("sex", ["m", "f"])
    with pytest.raises(ValueError, match="indicator_column, numeric_column are supported"):
        made([fc.embedding_column(words, 2)], 1)
    with pytest.raises(ValueError, match="tree_complexity and pruning only work together"):
        made(columns(), 1, tree_complexity=0.1)
    with pytest.raises(ValueError, match="tree_complexity and pruning only work together"):
        made(columns(), 1, pruning_mode="pre")
    with pytest.raises(ValueError, match="center_bias must be enabled"):
        next(made(columns(), 1).experimental_predict_with_explanations(batches(times=1)))
    with pytest.raises(ValueError, match="n_batches_per_layer should be set as 1"):
        made(columns(), 2, train_in_memory=True)
    with pytest.raises(TypeError, match="n_tree"):
        made(columns(), 1, n_tree=3)


# --- TensorFlow 2's names ---------------------------------------------------------------------------------------------


def test_data_sets_of_the_second_generation_train_the_same_trees() -> None:
    rule = {"n_trees": 2, "max_depth": 2}
    old = tf.estimator.BoostedTreesClassifier(columns(), 1, **rule)
    old.train(batches())
    new = tf2.estimator.BoostedTreesClassifier(columns(tf2.feature_column), 1, **rule)
    new.train(batches(module=tf2))
    made = [row["logits"][0] for row in new.predict(batches(times=1, module=tf2))]
    np.testing.assert_allclose(made, logits(old), rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["Ftrl", lambda: tf2.keras.optimizers.Ftrl(0.2)], ids=["name", "made"])
def test_linear_models_of_the_second_generation_take_mean_losses_and_keras_optimizers(optimizer: Any) -> None:
    new = tf2.estimator.LinearClassifier([tf2.feature_column.numeric_column("age")], optimizer=optimizer)
    new.train(batches(module=tf2), steps=20)
    found = new.evaluate(batches(ROWS // 2, 1, module=tf2))
    assert found["loss"] == pytest.approx(found["average_loss"], rel=1e-5)
    mean = tf.losses.Reduction.SUM_OVER_BATCH_SIZE
    old = tf.estimator.LinearClassifier(
        [tf.feature_column.numeric_column("age")],
        optimizer=tf.train.FtrlOptimizer(0.2),
        loss_reduction=mean,
    )
    old.train(batches(), steps=20)
    made = [row["logits"][0] for row in new.predict(batches(times=1, module=tf2))]
    np.testing.assert_allclose(made, logits(old), rtol=1e-4)


def test_own_model_functions_belong_to_the_first_generation() -> None:
    with pytest.raises(AttributeError, match="--as tf1"):
        tf2.estimator.Estimator
    with pytest.raises(TypeError, match="input_layer_partitioner"):
        tf2.estimator.DNNClassifier([2], [], input_layer_partitioner=None)
    with pytest.raises(ValueError, match="Supported names are"):
        tf2.estimator.DNNClassifier([2], [], optimizer="adamm")
    clipped = lambda: tf2.keras.optimizers.Adam(clipnorm=1.0)
    model = tf2.estimator.DNNClassifier([2], [tf2.feature_column.numeric_column("age")], optimizer=clipped)
    with pytest.raises(ValueError, match="clipnorm is not done here"):
        model.train(batches(module=tf2), steps=1)


def test_parts_of_a_wide_and_deep_model_have_rates_of_their_own() -> None:
    age = [tf.feature_column.numeric_column("age")]
    both = {"linear_feature_columns": age, "dnn_feature_columns": age, "dnn_hidden_units": [2]}
    core = tf.estimator.DNNLinearCombinedClassifier(**both)
    assert [part.rate for part in core.parts] == [0.001, 0.005]
    learn = tf.contrib.learn.DNNLinearCombinedClassifier(**both)
    assert [part.rate for part in learn.inner.parts] == [0.05, 0.2]
