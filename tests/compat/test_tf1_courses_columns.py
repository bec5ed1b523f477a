"""Columns of tables, as wide and deep models have them: the numbers are those of TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.conftest import Run
from thalweg.compat import tf2 as programs_of_tf2

pytestmark = pytest.mark.usefixtures("new_graph")

f = tf.feature_column
tf2: Any = programs_of_tf2
WORDS = [["x", ""], ["y", "x"], ["zz", "y"]]
OTHER = [["a", "b"], ["c", ""], ["a", "a"]]
NUMBERS = [[1, -1], [3, 2], [0, 5]]
PLACES = [[-1.0, 0.5], [2.0, 0.0], [1.0, 1.0]]


def features(tf: Any = tf) -> dict[str, Any]:
    at, shape = [[0, 0], [1, 0], [1, 1]], [3, 2]
    return {
        "g": tf.constant(WORDS), "q": tf.constant(OTHER), "n": tf.constant(NUMBERS), "z": tf.constant(PLACES),
        "sg": tf.SparseTensor(at, ["x", "y", "x"], shape), "w": tf.SparseTensor(at, [0.5, 2.0, 3.0], shape),
        "sn": tf.SparseTensor(at, np.array([1, 3, 1], np.int64), shape),
    }  # fmt: skip


def vocabulary(key: str = "g", **options: Any) -> Any:
    return f.categorical_column_with_vocabulary_list(key, ["x", "y"], **options)


def buckets() -> Any:
    return f.bucketized_column(f.numeric_column("z", shape=(2,)), [0.0, 1.0])


def counts(rows: list[dict[int, int]], width: int) -> list[list[int]]:
    return [[row.get(k, 0) for k in range(width)] for row in rows]


INDICATORS: dict[str, tuple[Callable[[], Any], Any]] = {
    "list": (vocabulary, [[1, 0], [1, 1], [0, 1]]),
    "list and others": (
        lambda: vocabulary(num_oov_buckets=3), [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 0, 1, 0]],
    ),
    "hash": (
        lambda: f.categorical_column_with_hash_bucket("g", 5), counts([{0: 1}, {0: 2}, {0: 1, 2: 1}], 5),
    ),
    "hash of numbers": (
        lambda: f.categorical_column_with_hash_bucket("n", 7, dtype=tf.int64),
        counts([{5: 1}, {2: 1, 5: 1}, {1: 1, 2: 1}], 7),
    ),
    "identity": (
        lambda: f.categorical_column_with_identity("n", 4, default_value=0),
        [[0, 1, 0, 0], [0, 0, 1, 1], [2, 0, 0, 0]],
    ),
    "sparse list": (lambda: vocabulary("sg"), [[1, 0], [1, 1], [0, 0]]),
    "sparse identity": (
        lambda: f.categorical_column_with_identity("sn", 4), [[0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]],
    ),
    "texts crossed": (
        lambda: f.crossed_column(["g", "q"], 11),
        counts([{0: 1, 4: 1, 8: 2}, {1: 1, 4: 1, 6: 1, 7: 1}, {0: 2, 10: 2}], 11),
    ),
    "numbers crossed": (
        lambda: f.crossed_column(["n", "q"], 11),
        counts([{0: 1, 2: 1, 5: 1, 9: 1}, {1: 1, 2: 1, 7: 1, 9: 1}, {4: 2, 8: 2}], 11),
    ),
    "a list crossed": (
        lambda: f.crossed_column([vocabulary(), "q"], 11),
        counts([{3: 1, 8: 1}, {0: 2, 2: 1, 4: 1}, {0: 2, 2: 2}], 11),
    ),
    "crossed with a list": (  # columns are hashed before features
        lambda: f.crossed_column(["q", vocabulary()], 11),
        counts([{3: 1, 8: 1}, {0: 2, 2: 1, 4: 1}, {0: 2, 2: 2}], 11),
    ),
    "intervals crossed": (
        lambda: f.crossed_column([buckets(), "q"], 11, hash_key=7),
        counts([{3: 1, 5: 1, 6: 1, 9: 1}, {0: 1, 2: 1, 4: 1, 9: 1}, {7: 4}], 11),
    ),
    "weighted": (
        lambda: f.weighted_categorical_column(vocabulary("sg"), "w"), [[0.5, 0], [3, 2], [0, 0]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INDICATORS)
def test_counts_of_categories(case: str) -> None:
    make, wanted = INDICATORS[case]
    made = f.input_layer(features(), [f.indicator_column(make())])
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(made), wanted)


@pytest.mark.parametrize("case", INDICATORS)
def test_counts_of_categories_by_a_layer(case: str) -> None:
    make, wanted = INDICATORS[case]
    layer = tf2.keras.layers.DenseFeatures(tf2.feature_column.indicator_column(make()))
    np.testing.assert_array_equal(np.asarray(layer(features(tf2))), wanted)


def steps(tf: Any) -> dict[str, Any]:
    at, shape = [[0, 0], [0, 1], [1, 0]], [3, 2]
    twice = [[0, 0], [0, 1], [0, 2], [0, 3], [1, 0], [1, 1]]
    return {
        "w": tf.SparseTensor(at, ["a", "zz", "b"], shape), "x": tf.SparseTensor(at, [1.0, 2.0, 3.0], shape),
        "n": tf.SparseTensor(at, np.array([2, 0, 9], np.int64), shape),
        "xy": tf.SparseTensor(twice, np.arange(1.0, 7.0, dtype=np.float32), [3, 4]),
    }  # fmt: skip


def table(tf: Any) -> Any:
    return tf.constant_initializer(np.arange(10.0).reshape(5, 2) / 10)


LETTERS = ["a", "b", "c"]
SEQUENCES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "rows of a table": (
        lambda tf: f.embedding_column(
            f.sequence_categorical_column_with_vocabulary_list("w", LETTERS, num_oov_buckets=2), 2,
            initializer=table(tf),
        ),
        [[[0.0, 0.1], [0.6, 0.7]], [[0.2, 0.3], [0, 0]], [[0, 0], [0, 0]]],
    ),
    "counts": (
        lambda tf: f.indicator_column(f.sequence_categorical_column_with_vocabulary_list("w", LETTERS)),
        [[[1, 0, 0], [0, 0, 0]], [[0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]],
    ),
    "numbers and rows": (
        lambda tf: [
            f.sequence_numeric_column("x", default_value=-1.0),
            f.embedding_column(f.sequence_categorical_column_with_identity("n", 5, 4), 2, initializer=table(tf)),
        ],
        [[[0.4, 0.5, 1], [0.0, 0.1, 2]], [[0.8, 0.9, 3], [0, 0, -1]], [[0, 0, -1], [0, 0, -1]]],
    ),
    "pairs of numbers": (
        lambda tf: f.sequence_numeric_column("xy", (2,), normalizer_fn=lambda x: x / 10.0),
        [[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0, 0]], [[0, 0], [0, 0]]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SEQUENCES)
def test_columns_of_sequences(case: str) -> None:
    make, wanted = SEQUENCES[case]
    found, lengths = tf2.keras.experimental.SequenceFeatures(make(tf2))(steps(tf2))
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-6)
    assert np.asarray(lengths).tolist() == [2, 1, 0]
    made = tf.contrib.feature_column.sequence_input_layer(steps(tf), make(tf))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found, lengths = session.run(made)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert lengths.tolist() == [2, 1, 0]


def test_columns_of_sequences_are_not_those_of_examples() -> None:
    letters = f.sequence_categorical_column_with_hash_bucket("w", 5)
    with pytest.raises(ValueError, match="use SequenceFeatures"):
        f.input_layer(steps(tf), f.indicator_column(letters))
    with pytest.raises(ValueError, match="must be of type SequenceCategoricalColumn"):
        tf.contrib.feature_column.sequence_input_layer(steps(tf), f.indicator_column(vocabulary("w")))
    with pytest.raises(ValueError, match="must be of type SequenceDenseColumn"):
        tf.contrib.feature_column.sequence_input_layer(steps(tf), letters)


def test_a_model_with_columns_comes_back_from_a_file(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    K = tf2.keras
    columns = [
        f.numeric_column("z", (2,)),
        f.indicator_column(vocabulary()),
        f.embedding_column(vocabulary("q"), 2),
    ]
    columns += [buckets(), f.indicator_column(f.crossed_column([vocabulary(), "q"], 7))]
    model = K.Sequential([K.layers.DenseFeatures(columns), K.layers.Dense(1)])
    model.compile("sgd", "mse")
    rows = {"g": np.array(WORDS), "q": np.array(OTHER), "z": np.array(PLACES)}
    found = model.predict(rows)
    model.save(str(tmp_path / "model"))
    again = K.models.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(again.predict(rows), found)
    assert again.layers[0]._columns == model.layers[0]._columns


def test_examples_touch_the_rows_that_they_name() -> None:
    words = f.categorical_column_with_vocabulary_list("w", ["Rome", "Oslo", "Bonn"])
    start = tf2.constant_initializer(0.5)
    layer = tf2.keras.layers.DenseFeatures(f.embedding_column(words, 2, "sum", start))
    optimizer, found = tf2.keras.optimizers.SGD(0.1, momentum=0.9), []
    for batch in (
        [["Rome", "Oslo"], ["Bonn", "Rome"]],
        [["Oslo", ""], ["Oslo", "Bonn"]],
        [["Bonn", ""], ["", ""]],
    ):
        with tf2.GradientTape() as tape:
            loss = tf2.reduce_sum(layer({"w": tf2.constant(batch)}) ** 2)
        (table,) = layer.trainable_variables
        optimizer.apply_gradients([(tape.gradient(loss, table), table)])
        found.append(table.numpy()[:, 0])
    np.testing.assert_allclose(found, [[0.1, 0.3, 0.3], [0.1, -0.06, 0.0], [-0.26, -0.06, -0.27]], atol=1e-6)


def evaluated(made: Any) -> np.ndarray:
    """The value where each variable holds 0.1, 0.2, ..."""
    with tf.Session() as session:
        for v in tf.global_variables():
            v.load((np.arange(int(np.prod(v.shape.as_list()))) + 1).reshape(v.shape.as_list()) / 10, session)
        return session.run(made)


EMBEDDINGS: list[tuple[dict[str, Any], Any]] = [
    ({}, [[0.1, 0.2], [0.2, 0.3], [0.3, 0.4]]),
    ({"combiner": "sum"}, [[0.1, 0.2], [0.4, 0.6], [0.3, 0.4]]),
    ({"combiner": "sqrtn"}, [[0.1, 0.2], [0.2828427, 0.4242641], [0.3, 0.4]]),
    ({"max_norm": 0.3}, [[0.1, 0.2], [0.14, 0.22], [0.18, 0.24]]),
]


@pytest.mark.parametrize(("options", "wanted"), EMBEDDINGS)
def test_rows_of_a_table(options: dict[str, Any], wanted: Any) -> None:
    made = f.input_layer(features(), f.embedding_column(vocabulary(), 2, **options))
    assert [v.name for v in tf.trainable_variables()] == ["input_layer/g_embedding/embedding_weights:0"]
    np.testing.assert_allclose(evaluated(made), wanted, rtol=1e-6)


def test_rows_of_a_table_with_weights_and_of_one_that_columns_share() -> None:
    weighted = f.weighted_categorical_column(vocabulary("sg"), "w")
    made = f.input_layer(features(), f.embedding_column(weighted, 2))
    np.testing.assert_allclose(evaluated(made), [[0.1, 0.2], [0.18, 0.28], [0.0, 0.0]], rtol=1e-6)
    other = f.categorical_column_with_vocabulary_list("q", ["a", "b"])
    shared = f.input_layer(features(), f.shared_embedding_columns([vocabulary(), other], 2))
    assert tf.trainable_variables()[1].name == "input_layer_1/g_q_shared_embedding/embedding_weights:0"
    wanted = [[0.1, 0.2, 0.2, 0.3], [0.2, 0.3, 0.0, 0.0], [0.3, 0.4, 0.1, 0.2]]
    np.testing.assert_allclose(evaluated(shared), wanted, rtol=1e-6)
    f.input_layer(features(), f.embedding_column(vocabulary(), 2, trainable=False))
    assert len(tf.global_variables()) == len(tf.trainable_variables()) + 1


LINEAR: list[tuple[Callable[[], list[Any]], dict[str, Any], Any]] = [
    (lambda: [buckets()], {}, [[0.7], [0.9], [1.0]]),
    (lambda: [f.numeric_column("z", shape=(2,)), vocabulary()], {}, [[0.2], [0.6], [0.6]]),
    (lambda: [f.crossed_column([vocabulary(), "q"], 11)], {}, [[1.4], [1.1], [0.9]]),
    (lambda: [f.weighted_categorical_column(vocabulary("sg"), "w")], {}, [[0.15], [0.8], [0.1]]),
    (lambda: [vocabulary()], {"sparse_combiner": "mean"}, [[0.2], [0.25], [0.3]]),
    (lambda: [vocabulary()], {"units": 2}, [[0.2, 0.4], [0.5, 0.8], [0.4, 0.6]]),
]


@pytest.mark.parametrize(("make", "options", "wanted"), LINEAR)
def test_a_linear_model(make: Callable[[], Any], options: dict[str, Any], wanted: Any) -> None:
    made: dict[Any, Any] = {}
    columns = make()
    total = f.linear_model(features(), columns, cols_to_vars=made, **options)
    assert [v.name for v in made["bias"]] == ["linear_model/bias_weights:0"]
    assert all(made[c][0].name == f"linear_model/{c.name}/weights:0" for c in columns)
    np.testing.assert_allclose(evaluated(total), wanted, rtol=1e-6)


def test_numbers_are_normalised_as_they_come() -> None:
    column = f.numeric_column("z", shape=(2,), normalizer_fn=lambda x: x * 2 + tf.to_float(tf.shape(x)[1]))
    row = f.numeric_column("k", normalizer_fn=lambda x: x + tf.rank(x))
    given = {**features(), "k": tf.constant([1, 2, 3])}
    np.testing.assert_array_equal(evaluated(f.input_layer(given, column)), [[0, 3], [6, 2], [4, 4]])
    np.testing.assert_array_equal(evaluated(f.input_layer(given, row)), [[3], [4], [5]])
    np.testing.assert_array_equal(
        evaluated(f.input_layer(features(), buckets())),
        [[1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 1, 0], [0, 0, 1, 0, 0, 1]],
    )


def test_columns_tell_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("aa\nbb\ncc\n")
    from_file = f.categorical_column_with_vocabulary_file("v", str(tmp_path / "words.txt"), 2)
    whole = f.categorical_column_with_vocabulary_list("whole", [1, 5])
    hashes = f.categorical_column_with_hash_bucket("h", 5)
    assert (from_file.vocabulary_list, from_file.num_buckets) == (("aa", "bb"), 2)
    assert [c.dtype for c in (vocabulary(), whole, hashes)] == [tf.string, tf.int64, tf.string]
    text = "VocabularyListCategoricalColumn(key='g', vocabulary_list=('x', 'y'), dtype=tf.string, default_value=-1, "
    text += "num_oov_buckets=0)"
    assert repr(vocabulary()) == text
    crossed = f.crossed_column([buckets(), "g"], 3)
    assert repr(f.crossed_column(["q", vocabulary()], 9)) == (
        f"CrossedColumn(keys=('q', {text}), hash_bucket_size=9, hash_key=None)"
    )
    assert [c.name for c in (crossed, f.indicator_column(hashes), f.embedding_column(hashes, 2))] == [
        "g_X_z_bucketized", "h_indicator", "h_embedding",
    ]  # fmt: skip
    assert hash(vocabulary()) == hash(vocabulary()) and vocabulary() == vocabulary()


def test_what_parse_example_needs_for_columns() -> None:
    columns = [
        f.indicator_column(vocabulary()), f.categorical_column_with_identity("n", 4), buckets(),
        f.crossed_column(["q", vocabulary(num_oov_buckets=1)], 9), f.numeric_column("y", (2, 2), default_value=1.0),
        f.weighted_categorical_column(f.categorical_column_with_hash_bucket("h", 5), "w"),
    ]  # fmt: skip
    told = f.make_parse_example_spec(columns)
    assert {k: s for k, s in told.items() if isinstance(s, tf.VarLenFeature)} == {
        "g": tf.VarLenFeature(tf.string), "q": tf.VarLenFeature(tf.string), "h": tf.VarLenFeature(tf.string),
        "n": tf.VarLenFeature(tf.int64), "w": tf.VarLenFeature(tf.float32),
    }  # fmt: skip
    assert told["y"] == tf.FixedLenFeature((2, 2), tf.float32, ((1.0, 1.0), (1.0, 1.0)))
    assert told["z"] == tf.FixedLenFeature((2,), tf.float32, None)


def test_columns_refuse_what_they_cannot_read() -> None:
    with pytest.raises(ValueError, match=r"must be a _DenseColumn.*indicator_column.*key='g'"):
        f.input_layer(features(), [vocabulary()])
    with pytest.raises(ValueError, match="Feature missing is not in features dictionary"):
        f.input_layer(features(), [f.numeric_column("missing")])
    with pytest.raises(ValueError, match=r"SparseTensor is not supported\. key: w"):
        f.input_layer(features(), [f.numeric_column("w")])
    with pytest.raises(ValueError, match="number of elements differs"):
        f.input_layer(features(), [f.numeric_column("z")])
    with pytest.raises(ValueError, match="Duplicate keys in vocabulary_list"):
        f.categorical_column_with_vocabulary_list("g", ["a", "a"])
    with pytest.raises(ValueError, match="Can't specify both"):
        vocabulary(num_oov_buckets=1, default_value=0)
    with pytest.raises(ValueError, match="sorted list"):
        f.bucketized_column(f.numeric_column("z"), [1, 0])
    with pytest.raises(ValueError, match="generated with numeric_column"):
        f.bucketized_column(vocabulary(), [1])
    with pytest.raises(ValueError, match=r"same number of buckets. Given: \[2, 3\]"):
        f.shared_embedding_columns([vocabulary(), vocabulary("q", num_oov_buckets=1)], 2)
    with pytest.raises(ValueError, match="not supported; use tf"):
        f.embedding_column(vocabulary(), 2, ckpt_to_load_from="model")


# --- what exported models of the ready estimators tell --------------------------------------------------------


def exported(estimator: Any, labels: Any, receive: Any, tmp_path: Path) -> tuple[dict[str, Any], str]:
    """The signatures (what is fed, what is told) and the folder of an estimator that was trained for a step."""
    inputs = tf.estimator.inputs.numpy_input_fn({"x": np.eye(4, 2, dtype="f")}, labels, 4, 1, False)
    estimator.train(inputs, steps=1)
    folder = estimator.export_savedmodel(str(tmp_path / "export"), receive).decode()
    with tf.Session(graph=tf.Graph()) as session:
        told = tf.saved_model.loader.load(session, ["serve"], folder).signature_def
    return {key: (sorted(s.inputs), sorted(s.outputs)) for key, s in told.items()}, folder


def test_exported_classifiers_score_examples_and_predict(tmp_path: Path) -> None:
    columns = [f.numeric_column("x", shape=(2,))]
    receive = tf.estimator.export.build_parsing_serving_input_receiver_fn(f.make_parse_example_spec(columns))
    words = tf.estimator.DNNClassifier([3], columns, str(tmp_path), 3, label_vocabulary=["a", "b", "c"])
    told, folder = exported(words, np.array(["a", "b", "c", "a"]), receive, tmp_path)
    scores = (["inputs"], ["classes", "scores"])
    names = ["all_class_ids", "all_classes", "class_ids", "classes", "logits", "probabilities"]
    assert told == {"serving_default": scores, "classification": scores, "predict": (["examples"], names)}
    values = tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, 0.1]))
    example = tf.train.Example(features=tf.train.Features(feature={"x": values})).SerializeToString()
    made = tf.contrib.predictor.from_saved_model(folder)({"inputs": [example, example]})
    assert made["classes"].tolist() == [[b"a", b"b", b"c"]] * 2 and made["scores"].shape == (2, 3)
    said = tf.contrib.predictor.from_saved_model(folder, "predict")({"examples": [example]})
    assert said["all_class_ids"].tolist() == [[0, 1, 2]] and said["classes"][0, 0] in (b"a", b"b", b"c")


def test_exported_models_that_are_fed_numbers_only_predict(tmp_path: Path) -> None:
    columns = [f.numeric_column("x", shape=(2,))]
    receive = tf.estimator.export.build_raw_serving_input_receiver_fn(
        {"x": tf.placeholder("float", [None, 2])}
    )
    told, folder = exported(
        tf.estimator.DNNRegressor([3], columns, str(tmp_path)), np.ones(4, "f"), receive, tmp_path
    )
    assert told == {"predict": (["x"], ["predictions"])}
    with pytest.raises(ValueError, match=r"serving_default.*available: \['predict'\]"):
        tf.contrib.predictor.from_saved_model(folder)
    made = tf.contrib.predictor.from_saved_model(folder, "predict")({"x": [[0.5, 0.1]]})
    assert made["predictions"].shape == (1, 1)


def test_a_classifier_of_two_is_measured_against_the_commoner_class(tmp_path: Path) -> None:
    model = tf.estimator.LinearClassifier([f.numeric_column("x")], str(tmp_path))
    x, y = np.array([0.0, 1.0, 2.0, 3.0], "f"), np.array([0, 1, 1, 1])
    inputs = tf.estimator.inputs.numpy_input_fn({"x": x}, y, 4, 40, False)
    model.train(inputs)
    found = model.evaluate(tf.estimator.inputs.numpy_input_fn({"x": x}, y, 2, 1, False))
    assert found["accuracy_baseline"] == 0.75
    assert found["auc_precision_recall"] == pytest.approx(1.0, abs=1e-3)


KERAS_IN_AN_ESTIMATOR = """
import tempfile
import keras
import numpy as np
import tensorflow as tf

def model(features, labels, mode):
    net = tf.keras.Sequential([tf.keras.layers.Dense(3), tf.keras.layers.Dense(1)])
    made = net(keras.layers.Dense(2)(features["x"]))
    loss = tf.losses.mean_squared_error(labels, made)
    step = tf.train.AdamOptimizer().minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, made, loss, step)

estimator = tf.estimator.Estimator(model, tempfile.mkdtemp())
inputs = tf.estimator.inputs.numpy_input_fn({"x": np.ones((4, 2), "f")}, np.ones((4, 1), "f"), 4, 1, False)
estimator.train(inputs)
print(estimator.evaluate(inputs)["global_step"])
tf.keras.layers.Dense(2)
print(tf.keras.layers.Dense(2).name)
tf.reset_default_graph()
print(tf.keras.layers.Dense(2).name)
"""


def test_layers_of_keras_are_numbered_anew_in_each_graph(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(KERAS_IN_AN_ESTIMATOR)
    done = thalweg_run(
        tmp_path / "p.py"
    )  # each graph of the estimator reads the checkpoint of the one before
    assert (done.returncode, done.stdout.split()) == (0, ["1", "dense_1", "dense"]), done.stderr


def test_columns_by_their_names_in_contrib(tmp_path: Path) -> None:
    layers = tf.contrib.layers
    (tmp_path / "words").write_text("x\ny\n")
    listed = layers.sparse_column_with_keys(column_name="g", keys=["x", "y"], combiner="mean")
    filed = layers.sparse_column_with_vocabulary_file("q", str(tmp_path / "words"), combiner="sum")
    hashed = layers.sparse_column_with_hash_bucket(column_name="q", hash_bucket_size=7, combiner="sqrtn")
    numbers = layers.sparse_column_with_integerized_feature(column_name="sn", bucket_size=4)
    real = layers.real_valued_column(column_name="z", dimension=2)
    crossed = layers.crossed_column(
        columns=[listed, layers.bucketized_column(real, [0.0])], hash_bucket_size=9
    )
    total, weights, bias = layers.weighted_sum_from_feature_columns(
        columns_to_tensors=features(), feature_columns=[listed, hashed, numbers], num_outputs=1
    )
    wide = layers.input_from_feature_columns(
        columns_to_tensors=features(),
        feature_columns=[
            real, layers.one_hot_column(sparse_id_column=listed), layers.one_hot_column(crossed),
            layers.embedding_column(sparse_id_column=filed, dimension=3, combiner="sum"),
            layers.one_hot_column(layers.weighted_sparse_column(numbers, "w")),
        ],
    )  # fmt: skip
    assert set(layers.create_feature_spec_for_parsing([real, crossed])) == {"z", "g"}
    assert [v.get_shape().as_list() for column in (listed, hashed, numbers) for v in weights[column]] == [
        [2, 1], [7, 1], [4, 1],
    ]  # fmt: skip
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for column, value in ((listed, [[1], [3]]), (hashed, [[5]] * 7), (numbers, [[0], [10], [0], [30]])):
            session.run(tf.assign(weights[column][0], value))
        found, wide_rows = session.run([total + 0 * bias, wide])
    root = np.sqrt(2)  # two words of "q" in the first and the last row
    np.testing.assert_allclose(found.ravel(), [1 + 5 * root + 10, 2 + 5 + 30 + 10, 3 + 5 * root], rtol=1e-6)
    assert wide_rows.shape == (3, 9 + 2 + 3 + 4 + 2)
    with pytest.raises(ValueError, match=r"combiner; expected \('sum', 'mean', 'sqrtn'\); received max"):
        layers.sparse_column_with_keys("g", ["x"], combiner="max")


def test_tables_from_checkpoints_are_refused_not_passed_over() -> None:
    column = tf.feature_column.categorical_column_with_identity("a", 3)
    for make in (
        lambda: tf.feature_column.embedding_column(column, 2, ckpt_to_load_from="model.ckpt"),
        lambda: tf.feature_column.shared_embedding_columns([column], 2, ckpt_to_load_from="model.ckpt"),
        lambda: tf.contrib.layers.shared_embedding_columns([column], 2, ckpt_to_load_from="model.ckpt"),
        lambda: tf.contrib.layers.crossed_column([column, column], 5, ckpt_to_load_from="model.ckpt"),
    ):
        with pytest.raises(ValueError, match="tables from a checkpoint are not supported"):
            make()
