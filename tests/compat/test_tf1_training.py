"""Training of TensorFlow 1 that looks after itself: estimators, monitored sessions, saved models."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from thalweg.errors import ArgumentError

pytest.importorskip("safetensors")
pytestmark = pytest.mark.usefixtures("new_graph")

Run = Callable[..., Any]


def counted(by: int = 1) -> Any:
    """The global step moved on."""
    return tf.assign_add(tf.train.get_or_create_global_step(), by)


def steps_of(folder: Path) -> list[int]:
    """The steps whose checkpoints are in a folder."""
    return sorted(int(p.stem.rpartition("-")[2]) for p in folder.glob("*.index"))


# --- sessions -----------------------------------------------------------------------------------------------------


def test_a_monitored_session_begins_again_where_it_was(tmp_path: Path) -> None:
    for expected in (5, 10):
        with tf.Graph().as_default():
            step = counted()
            tf.summary.scalar("two", 2 * step)
            hooks = [tf.train.StopAtStepHook(num_steps=5)]
            told = {"save_checkpoint_steps": 2, "save_summaries_steps": 2, "log_step_count_steps": None}
            session: Any
            with tf.train.MonitoredTrainingSession(
                checkpoint_dir=str(tmp_path), hooks=hooks, **told
            ) as session:
                while not session.should_stop():
                    last = session.run(step)
            assert last == expected
    assert steps_of(tmp_path) == [4, 5, 7, 9, 10]
    found = [
        (event.step, event.summary.value[0].simple_value)
        for path in sorted(tmp_path.glob("events*"), key=lambda p: p.stat().st_mtime_ns)
        for event in tf.train.summary_iterator(str(path))
        if event.summary.value
    ]
    assert found == [(1, 2.0), (3, 6.0), (5, 10.0), (6, 12.0), (8, 16.0), (10, 20.0)]


def test_what_listens_to_savings_may_stop_it(tmp_path: Path) -> None:
    heard: list[Any] = []

    class Listener(tf.train.CheckpointSaverListener):
        def begin(self) -> None:
            heard.append("begin")

        def before_save(self, session: Any, global_step_value: int) -> None:
            heard.append(("before", global_step_value))

        def after_save(self, session: Any, global_step_value: int) -> bool:
            return global_step_value >= 4

        def end(self, session: Any, global_step_value: int) -> None:
            heard.append(("end", global_step_value))

    step = counted(2)
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, listeners=[Listener()])
    with tf.train.SingularMonitoredSession(hooks=[hook]) as session:
        while not session.should_stop():
            session.run(step)
    assert heard == ["begin", ("before", 0), ("before", 2), ("before", 4), ("end", 4)]


def test_a_session_is_made_by_a_creator_and_steps_by_a_function() -> None:
    v = tf.get_variable("v", [], initializer=tf.zeros_initializer())

    assigned = v.assign_add(1.0)
    creator = tf.train.ChiefSessionCreator(tf.train.Scaffold(init_fn=lambda s, session: v.load(7.0, session)))

    def step(context: Any) -> Any:
        if context.session.run(v) >= 8.0:
            context.request_stop()
        return context.run_with_hooks(assigned)

    with tf.train.MonitoredSession(session_creator=creator, hooks=[]) as session:
        assert session.run_step_fn(step) == 8.0
        session.run_step_fn(step)
        raise AssertionError("the step function has asked to stop")
    assert session.should_stop()


def test_a_coordinator_raises_what_went_wrong_in_a_thread() -> None:
    coordinator = tf.train.Coordinator()
    with coordinator.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "over")
    coordinator.join()
    with coordinator.stop_on_exception():
        raise KeyError("lost")
    assert coordinator.should_stop()
    with pytest.raises(KeyError, match="lost"):
        coordinator.join()


# --- estimators ---------------------------------------------------------------------------------------------------


def line(features: Any, labels: Any, mode: str, params: Any) -> Any:
    """y = x w + b."""
    said = tf.layers.dense(features["x"], 1, name="line")
    outputs = {"said": tf.estimator.export.PredictOutput({"y": said})}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, {"y": said, "x": features["x"]}, export_outputs=outputs)
    loss = tf.losses.mean_squared_error(labels, said)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    tf.summary.scalar("error", loss)
    return tf.estimator.EstimatorSpec(mode, said, loss, train)


def data(rows: int = 4) -> Any:
    """x = [1, 1], y = 1."""
    x, y = np.ones((rows, 2), "f"), np.ones((rows, 1), "f")
    return tf.estimator.inputs.numpy_input_fn({"x": x}, y, rows, num_epochs=None, shuffle=False)


def receiver() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="given")
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


def test_an_estimator_saves_as_it_is_told_and_says_how_far_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tf.estimator.RunConfig(save_checkpoints_steps=2).replace(keep_checkpoint_max=3)
    estimator = tf.estimator.Estimator(line, str(tmp_path), config)
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        estimator.train(data(), steps=7)
    assert steps_of(tmp_path) == [4, 6, 7] and "loss = " in caplog.text and list(tmp_path.glob("events*"))
    seen = [estimator.evaluate(data(), 1, checkpoint_path=str(tmp_path / f"model.ckpt-{k}")) for k in (4, 7)]
    assert [s["global_step"] for s in seen] == [4, 7] and seen[0]["loss"] > seen[1]["loss"]
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        assert estimator.evaluate(data(), 1) == seen[1]
    told = f"Saving dict for global step 7: global_step = 7, loss = {seen[1]['loss']}"
    assert caplog.messages[-1] == told
    (whole,) = (next(estimator.predict(data(), "y", yield_single_examples=False)) for _ in range(1))
    one = next(iter(estimator.predict(data(), checkpoint_path=str(tmp_path / "model.ckpt-4"))))
    assert list(whole) == ["y"] and whole["y"].shape == (4, 1) and set(one) == {"x", "y"}
    assert one["y"] != whole["y"][0]
    with pytest.raises(ValueError, match="at least one output from"):
        next(iter(estimator.predict(data(), ["z"])))


def test_an_estimator_begins_with_the_values_of_another(tmp_path: Path) -> None:
    first = tf.estimator.Estimator(line, str(tmp_path / "a"))
    first.train(data(), steps=30)
    kernel = first.get_variable_value("line/kernel")
    for start in (str(tmp_path / "a"), tf.estimator.WarmStartSettings(str(tmp_path / "a"), ".*kernel")):
        again = tf.estimator.Estimator(line, warm_start_from=start)
        again.train(data(), steps=0)
        np.testing.assert_array_equal(again.get_variable_value("line/kernel"), kernel)
        same = np.array_equal(again.get_variable_value("line/bias"), first.get_variable_value("line/bias"))
        assert same == isinstance(start, str) and again.get_variable_value("global_step") == 0


def test_an_estimator_is_exported_and_read_as_a_function(tmp_path: Path) -> None:
    estimator = tf.estimator.Estimator(line, str(tmp_path))
    exporter = tf.estimator.LatestExporter("late", receiver)
    _, (folder,) = tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(data(), max_steps=3),
        tf.estimator.EvalSpec(data(), 1, exporters=exporter),
    )
    assert Path(folder.decode()).parent == tmp_path / "export" / "late"
    predict = tf.contrib.predictor.from_saved_model(folder.decode())
    expected = next(iter(estimator.predict(data())))["y"]
    np.testing.assert_allclose(predict({"x": np.ones((3, 2))})["y"], [expected] * 3)
    with pytest.raises(ValueError, match="unexpected keys"):
        predict({"z": 1})


def test_features_for_serving_are_fed_or_parsed() -> None:
    raw = tf.estimator.export.build_raw_serving_input_receiver_fn({"x": tf.ones([4, 2])})()
    assert raw.features["x"].shape.as_list() == [None, 2]
    parse = tf.estimator.export.build_parsing_serving_input_receiver_fn(
        {"x": tf.FixedLenFeature([2], tf.float32)}
    )
    made = parse()
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0]))
    example = tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString()
    with tf.Session() as session:
        found = session.run(made.features["x"], {made.receiver_tensors["examples"]: [example]})
    np.testing.assert_array_equal(found, [[1.0, 2.0]])


# --- saved models -------------------------------------------------------------------------------------------------

MADE = """
import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 2], name="x")
y = tf.layers.dense(x, 1, kernel_initializer=tf.constant_initializer([[2.0], [3.0]]), name="d")
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(sess, "model", {"x": x}, {"y": y})
    sess.run(tf.global_variables()[0].assign([[0.0], [0.0]]))
"""

TAKEN = """
import tensorflow as tf

with tf.Session(graph=tf.Graph()) as sess:
    told = tf.saved_model.loader.load(sess, [tf.saved_model.tag_constants.SERVING], "model")
    key = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    signature = told.signature_def[key]
    print(signature.inputs["x"].name, signature.outputs["y"].tensor_shape, signature.method_name)
    print(sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: [[1.0, 1.0]]}))
"""


def test_a_saved_model_goes_on_in_another_process(thalweg_run: Run, tmp_path: Path) -> None:
    for name, text in (("made.py", MADE), ("taken.py", TAKEN)):
        (tmp_path / name).write_text(text)
        done = thalweg_run(tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["x:0 (?, 1) tensorflow/serving/predict", "[[5.]]"]


def test_a_saved_model_is_found_by_its_tags(tmp_path: Path) -> None:
    folder = str(tmp_path / "model")
    builder = tf.saved_model.builder.SavedModelBuilder(folder)
    with pytest.raises(AssertionError, match="has not been saved yet"):
        builder.add_meta_graph(["serve"])
    with tf.Session() as session:
        v = tf.get_variable("v", [], initializer=tf.ones_initializer())
        session.run(v.initializer)
        builder.add_meta_graph_and_variables(session, ["train"])
        tf.identity(v, name="more")
        builder.add_meta_graph(["serve"])
        builder.save()
    with tf.Session(graph=tf.Graph()) as session:
        tf.saved_model.load(session, ["serve"], folder, import_scope="s")
        assert session.run("s/more:0") == 1.0
        with pytest.raises(RuntimeError, match=r"tags gpu could not be found.*\['train'\], \['serve'\]"):
            tf.saved_model.load(session, ["gpu"], folder)
    with pytest.raises(AssertionError, match="isn't empty"):
        tf.saved_model.builder.SavedModelBuilder(folder)
    with tf.Session() as session, pytest.raises(OSError, match="does not exist"):
        tf.saved_model.load(session, ["serve"], str(tmp_path / "other"))


def test_checkpoints_are_listed_and_begun_with(tmp_path: Path) -> None:
    v, w = (tf.get_variable(n, [2], initializer=tf.ones_initializer()) for n in "vw")
    saver = tf.train.Saver(max_to_keep=1)
    with tf.Session() as session:
        session.run([v.initializer, w.assign([3.0, 4.0])])
        paths = [saver.save(session, str(tmp_path / "m"), k) for k in (1, 2)]
    assert list(tf.train.checkpoints_iterator(str(tmp_path), timeout=0)) == paths[1:]
    assert len(tf.train.get_checkpoint_mtimes(paths)) == 1
    reader = tf.train.NewCheckpointReader(paths[1])
    assert reader.get_variable_to_dtype_map() == {"v": tf.float32, "w": tf.float32}
    assert reader.debug_string().decode().splitlines()[1] == "w (DT_FLOAT32) [2]"
    tf.train.warm_start(paths[1], ["w"], var_name_to_prev_var_name={"w": "v"})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(session.run(w), [1.0, 1.0])


def test_an_estimator_of_tpus_runs_on_the_processor(tmp_path: Path) -> None:
    tpu = tf.contrib.tpu
    sizes: list[int] = []

    def model(features: Any, labels: Any, mode: str, params: Any) -> Any:
        sizes.append(params["batch_size"])
        spec = line(features, labels, mode, params)
        if mode == tf.estimator.ModeKeys.EVAL:
            measured = (lambda error: {"twice": tf.metrics.mean(2 * error)}, [spec.loss])
            return tpu.TPUEstimatorSpec(mode, loss=spec.loss, eval_metrics=measured)
        return tpu.TPUEstimatorSpec(mode, spec.predictions, spec.loss, spec.train_op)

    config = tpu.RunConfig(
        cluster=None, model_dir=str(tmp_path), tpu_config=tpu.TPUConfig(iterations_per_loop=5)
    )
    given = {"train_batch_size": 4, "eval_batch_size": 2, "predict_batch_size": 3, "params": {"k": 1}}
    estimator = tpu.TPUEstimator(use_tpu=False, model_fn=model, config=config, **given)

    def read(params: Any) -> Any:
        return data(params["batch_size"])()

    estimator.train(read, steps=2)
    found = estimator.evaluate(read, 2)
    np.testing.assert_allclose(found["twice"], 2 * found["loss"], rtol=1e-6)
    assert next(iter(estimator.predict(read)))["x"].shape == (2,) and sizes == [4, 2, 3]
    with pytest.raises(NotImplementedError, match="use_tpu=False"):
        tpu.TPUEstimator(model)
    with pytest.raises(ValueError, match="reserved keys"):
        tpu.TPUEstimator(model, use_tpu=False, params={"batch_size": 1})


def test_files_take_texts_and_bytes(tmp_path: Path) -> None:
    path = str(tmp_path / "f")
    with tf.gfile.GFile(path, "w") as file:
        file.write("ä\r\n")
        file.write(b"b")
    with tf.gfile.Open(path, "a") as file:
        file.write("c")
    with tf.gfile.GFile(path) as text, tf.gfile.GFile(path, "rb") as raw:
        assert (text.read(), raw.read(), raw.size()) == ("ä\r\nbc", "ä\r\nbc".encode(), 6)


def test_what_an_initialisation_consists_of() -> None:
    v = tf.get_variable("v", [2])
    both = tf.group(tf.global_variables_initializer(), tf.no_op())
    assert both.control_inputs[0].control_inputs == [v.initializer]
    assert [x.name for x in v.initializer.inputs] == ["v:0", "v/initial_value:0"]


def test_a_metric_is_given_parts_by_their_keys() -> None:
    """The names of its arguments say what is what; the weights are those of a feature."""
    features = {"heavy": tf.constant([1.0, 0.0, 3.0])}
    labels = {"one": tf.constant([0, 1, 1]), "other": tf.constant([1, 1, 1])}
    said = {"guess": tf.constant([1, 1, 1]), "scores": tf.constant([0.1, 0.2, 0.3])}
    make = tf.contrib.learn.MetricSpec
    share = make(tf.metrics.precision, "guess", "one").create_metric_ops(features, labels, said)
    weighed = make(tf.contrib.metrics.streaming_accuracy, "guess", "one", "heavy")
    difference = make(lambda a, b: tf.reduce_sum(a - b), "guess", "one")
    with tf.Session() as session:
        pair = weighed.create_metric_ops(features, labels, said)
        session.run(tf.local_variables_initializer())
        assert session.run(share[1]) == pytest.approx(2 / 3)
        assert session.run(pair[1]) == pytest.approx(3 / 4)
        assert session.run(difference.create_metric_ops(features, labels, said)) == 1
    with pytest.raises(ValueError, match=r"label_key must be one of \['one', 'other'\]; received None"):
        make(tf.metrics.precision, "guess").create_metric_ops(features, labels, said)
    with pytest.raises(ValueError, match="prediction_key 'guess' needs a dict"):
        make(tf.metrics.precision, "guess", "one").create_metric_ops(features, labels, said["guess"])
    with pytest.raises(ValueError, match="weight_key needs a metric with an argument weights or weight"):
        make(lambda a, b: a, "guess", "one", "heavy").create_metric_ops(features, labels, said)


# --- k-means as an estimator ------------------------------------------------------------------------------------------

_CORNERS = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], np.float32)
_AROUND = np.concatenate([c + np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]]) for c in _CORNERS])


def _around_corners() -> Any:
    return tf.train.limit_epochs(tf.constant(_AROUND, tf.float32), num_epochs=1)


@pytest.mark.parametrize("mini_batch", [False, True])
def test_kmeans_clustering_finds_the_centres(mini_batch: bool) -> None:
    first = _CORNERS + 1
    kmeans = tf.contrib.factorization.KMeansClustering(3, initial_clusters=first, use_mini_batch=mini_batch)
    for _ in range(3):  # one step each, which goes on where the last one ended
        assert kmeans.train(_around_corners) is kmeans
    np.testing.assert_allclose(kmeans.cluster_centers(), _CORNERS, atol=1e-5)
    assert kmeans.score(_around_corners) == pytest.approx(12 * 0.25)
    assert list(kmeans.predict_cluster_index(_around_corners)) == [0] * 4 + [1] * 4 + [2] * 4
    away = np.stack(list(kmeans.transform(_around_corners)))
    np.testing.assert_allclose(
        away, np.sqrt(((_AROUND[:, None] - _CORNERS) ** 2).sum(2)), rtol=1e-4, atol=1e-3
    )
    assert kmeans.get_variable_value("global_step") == 3


def test_kmeans_clustering_chooses_its_first_centres_once() -> None:
    kmeans = tf.estimator.experimental.KMeans(
        3, None, "kmeans_plus_plus", seed=1, use_mini_batch=False, relative_tolerance=1e-3
    )
    kmeans.train(lambda: {"x": tf.constant(_AROUND[:, 0]), "y": tf.constant(_AROUND[:, 1])}, steps=100)
    assert kmeans.get_variable_value("global_step") < 20
    found = kmeans.cluster_centers()
    np.testing.assert_allclose(found[np.lexsort(found.T)], _CORNERS[np.lexsort(_CORNERS.T)], atol=1e-5)


def test_kmeans_clustering_says_what_it_cannot_do() -> None:
    kmeans = tf.contrib.factorization.KMeansClustering
    with pytest.raises(ValueError, match=r"expected one of .*; received 'manhattan'"):
        kmeans(2, distance_metric="manhattan")
    with pytest.raises(ValueError, match="which has 12; expected at least num_clusters=20"):
        kmeans(20).train(_around_corners)
    with pytest.raises(ArgumentError, match="mini_batch_steps_per_iteration"):
        kmeans(2, mini_batch_steps_per_iteration=5).train(_around_corners)
