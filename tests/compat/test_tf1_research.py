"""What research programs of 2016 to 2019 need beside the usual names."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run
from thalweg import layers

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf
nest: Any = tf1.nest
_START = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


# --- parts of variables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [  # numbers that TensorFlow 2.21's tf.compat.v1 gives
        (lambda w, i: w[0].assign([7.0, 8.0, 9.0]), [[7, 8, 9], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[0], [7.0, 8.0, 9.0]), [[7, 8, 9], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[i, :], [7.0, 8.0, 9.0]), [[1, 2, 3], [7, 8, 9]]),
        (lambda w, i: tf1.assign(w[:, 1], [7.0, 8.0]), [[1, 7, 3], [4, 8, 6]]),
        (lambda w, i: tf1.assign(w[0:1, 1:], [[7.0, 8.0]]), [[1, 7, 8], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[0, 2], 7.0), [[1, 2, 7], [4, 5, 6]]),
    ],
)
def test_a_part_of_a_variable_is_assigned(assigned: Any, expected: list[list[int]]) -> None:
    w, i = tf1.get_variable("w", initializer=_START), tf1.get_variable("i", initializer=1)
    node = assigned(w, i)
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        assert sess.run(node).tolist() == expected
        assert sess.run(w).tolist() == expected


def test_what_is_no_part_of_a_variable_is_not_assigned() -> None:
    w = tf1.get_variable("w", initializer=_START)
    with pytest.raises(TypeError, match="expected a variable or a part of one"):
        tf1.assign(w * 2, _START)


# --- nested structures -----------------------------------------------------------------------------------------------


class _Pair(collections.namedtuple("_Pair", "x y")):
    pass


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        ([1.0], (1.0,), TypeError),
        ([1.0], [1.0, 2.0], ValueError),
        (_Pair(1, 2), (1, 2), TypeError),
        (1, [1], ValueError),
        ({"a": 1}, {"b": 2}, ValueError),
        ([(1,)], [[1]], TypeError),
    ],
)
def test_structures_of_other_types_are_not_the_same(first: Any, second: Any, error: Any) -> None:
    with pytest.raises(error, match="two structures don't have the same"):
        nest.assert_same_structure(first, second)


def test_structures_of_one_type_are_the_same() -> None:
    nest.assert_same_structure(collections.OrderedDict(a=1), {"a": 2})
    nest.assert_same_structure([1], (1,), check_types=False)
    nest.assert_same_structure(_Pair(1, [2]), _Pair(3, [4]))


def test_a_structure_is_flattened_as_far_as_another_goes() -> None:
    assert nest.flatten_up_to([0, (0, 0)], [[1, 2], (3, [4])]) == [[1, 2], 3, [4]]
    assert nest.flatten_up_to({"b": 0, "a": 0}, {"a": [1], "b": [2]}) == [[1], [2]]
    made = nest.map_structure_up_to(_Pair(0, 0), lambda x, y: (x, y), _Pair(1, [2]), _Pair(3, 4))
    assert made == _Pair((1, 3), ([2], 4))
    for shallow, deep, error in [([0], 1, TypeError), ([0, 0], [1], ValueError), ([0, 0], (1, 2), TypeError)]:
        with pytest.raises(error):
            nest.flatten_up_to(shallow, deep)


# --- loops and sections ----------------------------------------------------------------------------------------------


def test_gradients_of_a_vectorized_map_reach_what_its_elements_were_made_of() -> None:
    w = tf1.get_variable("w", initializer=[1.0, 2.0])
    data = tf1.constant([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [-1.0, 0.0]])
    losses = 0.5 * tf1.reduce_sum(tf1.squared_difference(data, w), 1)
    made = run(tf1.vectorized_map(lambda loss: tf1.gradients(loss, w)[0], losses))
    assert made.tolist() == [
        [-2.0, -2.0],
        [-4.0, -4.0],
        [-6.0, -6.0],
        [2.0, 2.0],
    ]  # as TensorFlow 2.21 has it


def test_a_critical_section_runs_its_function() -> None:
    v = tf1.Variable(1.0)
    node = tf1.CriticalSection().execute(lambda: tf1.assign_add(v, 2.0))
    with tf1.Session() as sess:
        sess.run(v.initializer)
        assert [float(sess.run(node)) for _ in range(2)] == [3.0, 5.0]


# --- names and forms -------------------------------------------------------------------------------------------------


def test_a_default_of_any_shape_is_fed_by_others() -> None:
    x = tf1.placeholder_with_default(np.ones((2, 3), "float32"), None)
    total = tf1.reduce_sum(x)
    with tf1.Session() as sess:
        assert [float(sess.run(total)), float(sess.run(total, {x: np.ones((5, 3))}))] == [6.0, 15.0]


def test_conv2d_of_contrib_takes_every_rank() -> None:
    """Until 1.6 it was the convolution of any rank, and programs gave it sequences."""
    x = tf1.ones([2, 8, 1])
    made = tf1.contrib.layers.conv2d(x, 2, 2, 2, "SAME", activation_fn=tf1.nn.sigmoid)
    assert made.get_shape().as_list() == [2, 4, 2]
    assert [v.get_shape().as_list() for v in tf1.trainable_variables()] == [[2, 1, 2], [2]]


def test_inner_names() -> None:
    assert tf1.contrib.slim.layers.conv2d is tf1.contrib.layers.conv2d
    assert tf1.contrib.tpu.python.tpu.tpu_function.get_tpu_context().number_of_shards is None
    made = tf1.nn.rnn_cell.linear([tf1.ones([2, 3]), tf1.ones([2, 4])], 5, True)
    assert made.get_shape().as_list() == [2, 5]


# --- functions with gradients of their own ---------------------------------------------------------------------------


def test_functions_of_a_graph_have_gradients_of_their_own() -> None:
    """The numbers are those of TensorFlow 2.21."""
    defun = tf1.python.framework.function.Defun
    x = tf1.constant([1.0, -3.0, 0.5])
    plain = defun(tf1.float32)(lambda t: tf1.minimum(1.0, tf1.maximum(0.0, 0.25 * t + 0.5)))
    by_operation = defun(python_grad_func=lambda op, dy: dy * 3 + op.outputs[0] + op.inputs[0])(
        lambda t: t * 2
    )
    of_square = defun(tf1.float32, tf1.float32)(lambda t, dy: dy * t * 10)
    by_arguments = defun(tf1.float32, grad_func=of_square)(lambda t: t * t)
    made = [run([y := fn(x), tf1.gradients(y, x)[0]]) for fn in (plain, by_operation, by_arguments)]
    expected: Any = [
        ([0.75, 0, 0.625], [0.25, 0, 0.25]),
        ([2, -6, 1], [6, -6, 4.5]),
        ([1, 9, 0.25], [10, -30, 5]),
    ]
    for found, wanted in zip(made, expected, strict=True):
        np.testing.assert_allclose(found, wanted)
    with pytest.raises(ValueError, match="expected 2 arguments, received 1"):
        of_square(x)


# --- estimators ------------------------------------------------------------------------------------------------------

_X = np.linspace(-1, 1, 64, dtype=np.float32).reshape(-1, 1)
estimator: Any = tf1.estimator


def _inputs(labels: np.ndarray, epochs: int | None = None) -> Any:
    return estimator.inputs.numpy_input_fn({"x": _X}, labels, 16, epochs, shuffle=False)


_COLUMNS = [tf1.feature_column.numeric_column("x")]


def test_evaluations_on_the_way_stop_training_early(tmp_path: Any) -> None:
    config = estimator.RunConfig(model_dir=str(tmp_path), save_checkpoints_steps=10, save_summary_steps=None)
    model = estimator.LinearRegressor(
        _COLUMNS, config=config, optimizer=tf1.train.GradientDescentOptimizer(0.0)
    )
    hook = estimator.experimental.stop_if_no_decrease_hook(
        model, "loss", 20, run_every_secs=None, run_every_steps=1
    )
    train = estimator.TrainSpec(_inputs(_X * 2), 500, [hook])
    found, _ = estimator.train_and_evaluate(
        model, train, estimator.EvalSpec(_inputs(_X * 2, 1), throttle_secs=0)
    )
    steps = estimator.experimental.read_eval_metrics(model.eval_dir())
    assert list(steps) == [10, 20, 30]  # the loss never falls: 20 steps after the first evaluation it is over
    assert steps[10]["loss"] == pytest.approx(found["loss"])
    assert found["global_step"] == 30


def test_stopping_past_a_threshold(tmp_path: Any) -> None:
    model = estimator.BaselineRegressor(str(tmp_path))
    model.train(_inputs(_X + 5.0), steps=1)
    made = model.evaluate(_inputs(_X + 5.0, 1), name="other")
    for make, threshold, stops in [
        (estimator.experimental.stop_if_higher_hook, made["average_loss"] - 1, True),
        (estimator.experimental.stop_if_higher_hook, made["average_loss"] + 1, False),
        (estimator.experimental.stop_if_lower_hook, made["average_loss"] + 1, True),
    ]:
        hook = make(
            model, "average_loss", threshold, model.eval_dir("other"), run_every_secs=None, run_every_steps=1
        )
        before = model.get_variable_value("global_step")
        model.train(_inputs(_X + 5.0), hooks=[hook], steps=3)
        assert model.get_variable_value("global_step") - before == (1 if stops else 3)


def test_a_baseline_learns_the_mean_of_the_labels(tmp_path: Any) -> None:
    model = estimator.BaselineRegressor(str(tmp_path), optimizer=lambda: tf1.train.AdamOptimizer(0.1))
    model.train(_inputs(_X + 5.0), steps=400)
    found = [float(row["predictions"][0]) for row in model.predict(_inputs(_X, 1))]
    assert len(found) == 64
    assert set(found) == {found[0]}
    assert found[0] == pytest.approx(5.0, abs=0.3)


def test_models_of_tasks(tmp_path: Any) -> None:
    heads = tf1.contrib.estimator
    both = np.concatenate([_X > 0, _X < 0.5], axis=1).astype(np.int64)
    model = estimator.DNNEstimator(heads.multi_label_head(2), [8], _COLUMNS, str(tmp_path / "a"), "Adam")
    model.train(_inputs(both), steps=200)
    found = model.evaluate(_inputs(both, 1))
    assert found["auc"] > 0.9
    rows = list(model.predict(_inputs(both, 1)))
    assert rows[0]["probabilities"].shape == (2,)
    counts = np.round(np.exp(1 + _X)).astype(np.float32)
    model = estimator.LinearEstimator(
        heads.poisson_regression_head(), _COLUMNS, str(tmp_path / "b"), tf1.train.AdamOptimizer(0.1)
    )
    model.train(_inputs(counts), steps=200)
    rows = [float(row["predictions"][0]) for row in model.predict(_inputs(counts, 1))]
    np.testing.assert_allclose(rows, np.exp(1 + _X[:, 0]), rtol=0.15)
    with pytest.raises(ValueError, match="use binary_classification_head"):
        heads.multi_class_head(2)


def test_more_figures_and_features_among_predictions(tmp_path: Any) -> None:
    heads = tf1.contrib.estimator
    model = estimator.LinearRegressor(_COLUMNS, str(tmp_path))
    model.train(_inputs(_X), steps=3)

    def more(predictions: Any, labels: Any) -> dict[str, Any]:
        return {"furthest": tf1.metrics.mean(tf1.reduce_max(tf1.abs(predictions["predictions"] - labels)))}

    measured = heads.add_metrics(model, more).evaluate(_inputs(_X, 1))
    assert measured["furthest"] > 0
    assert "average_loss" in measured
    rows = list(heads.forward_features(model, "x").predict(_inputs(_X, 1)))
    assert [row["x"][0] for row in rows[:2]] == _X[:2, 0].tolist()
    with pytest.raises(ValueError, match="must be a feature"):
        next(heads.forward_features(model, "y").predict(_inputs(_X, 1)))


# By optimizer: what x and y are after three steps, in TensorFlow 1.15.
_CLIPPED: dict[Any, Any] = {
    tf1.train.GradientDescentOptimizer: ([2.2475803, 2.7399068], 0.69651186),
    tf1.train.AdamOptimizer: ([2.7001548, 3.6999772], 0.6996207),
}


@pytest.mark.parametrize("rule", list(_CLIPPED))
def test_an_optimizer_of_clipped_gradients(rule: Any) -> None:
    x, y = tf1.Variable([3.0, 4.0], name="x"), tf1.Variable(1.0, name="y")
    optimizer = tf1.contrib.estimator.clip_gradients_by_norm(rule(0.1), 5.0)
    assert optimizer.get_name() == "ClipByNorm" + rule(0.1).get_name()
    step = optimizer.minimize(tf1.reduce_sum(x * x * x) + y * 9)
    assert optimizer.get_slot_names() == (["m", "v"] if rule is tf1.train.AdamOptimizer else [])
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        for _ in range(3):
            session.run(step)
        for found, expected in zip(session.run([x, y]), _CLIPPED[rule], strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_loss_is_written_beside_a_models_own_summaries(tmp_path: Any) -> None:
    def told(**own: Any) -> set[str]:
        def model_fn(features: Any, labels: Any, mode: str) -> Any:
            loss = tf1.reduce_mean((tf1.layers.dense(features["x"], 1) - labels) ** 2)
            for name in own:
                tf1.summary.scalar(name, loss)
            step = tf1.train.GradientDescentOptimizer(0.1)
            train_op = step.minimize(loss, global_step=tf1.train.get_global_step())
            return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

        folder = tmp_path / "_".join(own)
        estimator.Estimator(model_fn, str(folder / "model")).train(_inputs(_X), steps=2)
        (file,) = (folder / "model").glob("events*")
        return {v.tag for event in tf1.train.summary_iterator(str(file)) for v in event.summary.value}

    assert told(error=1) - {"global_step/sec"} == {"error", "loss"}
    assert told(loss=1) - {"global_step/sec"} == {"loss"}
    with pytest.raises(ValueError, match="model_dir should be non-empty"):
        estimator.RunConfig("")


def test_where_a_networks_embedding_stands(tmp_path: Any) -> None:
    words = tf1.feature_column.categorical_column_with_vocabulary_list("w", ["a", "b", "c"])
    model = estimator.DNNRegressor([2], [tf1.feature_column.embedding_column(words, 2)], str(tmp_path))
    model.train(lambda: ({"w": tf1.constant([["a"], ["c"]])}, tf1.constant([[1.0], [0.0]])), steps=1)
    name = "dnn/input_from_feature_columns/input_layer/w_embedding/embedding_weights"
    assert model.get_variable_value(name).shape == (3, 2)  # as in TensorFlow 1.15


def test_figures_of_an_evaluation_in_their_order(tmp_path: Any) -> None:
    model = estimator.LinearRegressor(_COLUMNS, str(tmp_path))
    model.train(_inputs(_X), steps=3)
    found = model.evaluate(_inputs(_X, 1))
    assert list(found) == ["average_loss", "label/mean", "loss", "prediction/mean", "global_step"]
    assert type(found["loss"]) is np.float32 and found["global_step"] == 3


def test_a_data_set_is_told_by_shapes_and_types() -> None:
    rows = tf1.data.Dataset.from_tensor_slices(
        ({"a": np.zeros((4, 3)), "b": [1, 2, 3, 4]}, np.zeros(4, "f4"))
    )
    assert repr(rows.batch(2)) == (
        "<DatasetV1Adapter shapes: ({a: (?, 3), b: (?,)}, (?,)), "
        "types: ({a: tf.float64, b: tf.int32}, tf.float32)>"
    )


def test_a_profile_of_steps_and_an_evaluation_beside_them(tmp_path: Any) -> None:
    model = estimator.LinearRegressor(_COLUMNS, str(tmp_path / "model"))
    folder = tmp_path / "profile"
    folder.mkdir()
    beside = estimator.experimental.InMemoryEvaluatorHook(model, _inputs(_X, 1), every_n_iter=5)
    model.train(_inputs(_X), hooks=[tf1.train.ProfilerHook(4, output_dir=str(folder)), beside], steps=10)
    assert sorted(file.name for file in folder.iterdir()) == [
        "timeline-1.json",
        "timeline-5.json",
        "timeline-9.json",
    ]
    assert list(estimator.experimental.read_eval_metrics(model.eval_dir())) == [0, 5, 10]


def test_a_step_that_another_worker_makes_is_not_waited_for(tmp_path: Any) -> None:
    model = estimator.LinearRegressor(_COLUMNS, str(tmp_path))
    with pytest.raises(NotImplementedError, match="no other worker brings the global step to 7"):
        model.train(_inputs(_X), hooks=[tf1.train.GlobalStepWaiterHook(7)], steps=1)


# --- steps of optimizers ---------------------------------------------------------------------------------------------

_G = np.array([0.3, -1.2, 0.0, 2.0], np.float32)
_STEPS: list[
    Any
] = [  # what TensorFlow 2.21's kernels make of the variable and the slots, one after the other
    ("gradient_descent", [], lambda v: [v, 0.1, _G], {}, [0.97, -1.88, 0.5, -0.1]),
    (
        "momentum",
        [0.5],
        lambda v, a: [v, a, 0.1, _G, 0.9],
        {},
        [0.925, -1.925, 0.455, -0.145, 0.75, -0.75, 0.45, 2.45],
    ),
    (
        "momentum",
        [0.5],
        lambda v, a: [v, a, 0.1, _G, 0.9],
        {"use_nesterov": True},
        [0.9025, -1.8125, 0.4595, -0.3205, 0.75, -0.75, 0.45, 2.45],
    ),
    (
        "adagrad",
        [0.5],
        lambda v, a: [v, a, 0.1, _G],
        {},
        [0.96094, -1.91385, 0.5, 0.00572, 0.59, 1.94, 0.5, 4.5],
    ),
    (
        "adagrad",
        [0.5],
        lambda v, a: [v, a, 0.1, _G],
        {"update_slots": False},
        [0.95757, -1.83029, 0.5, -0.18284, 0.5, 0.5, 0.5, 0.5],
    ),
    (
        "adadelta",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, 0.1, 0.9, 1e-3, _G],
        {},
        [0.97784, -1.92206, 0.5, -0.00862, 0.459, 0.594, 0.45, 0.85, 0.22991, 0.28575, 0.225, 0.34298],
    ),
    (
        "adam",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, 0.81, 0.99, 0.1, 0.9, 0.995, 1e-3, _G],
        {},
        [0.94949, -2.03426, 0.45261, 0.03414, 0.48, 0.33, 0.45, 0.65, 0.2492, 0.25595, 0.24875, 0.26875],
    ),
    (
        "adam",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, 0.81, 0.99, 0.1, 0.9, 0.995, 1e-3, _G],
        {"use_nesterov": True},
        [0.95139, -2.01838, 0.45735, 0.02046, 0.48, 0.33, 0.45, 0.65, 0.2492, 0.25595, 0.24875, 0.26875],
    ),
    (
        "ada_max",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, 0.81, 0.1, 0.9, 0.995, 1e-3, _G],
        {},
        [0.16069, -2.14462, -0.44832, -0.07097, 0.48, 0.33, 0.45, 0.65, 0.3, 1.2, 0.24875, 2.0],
    ),
    (
        "rms_prop",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, 0.1, 0.9, 0.8, 1e-3, _G],
        {},
        [0.75577, -2.04443, 0.3, -0.3168, 0.459, 0.594, 0.45, 0.85, 0.24423, 0.04443, 0.2, 0.4168],
    ),
    (
        "centered_rms_prop",
        [0.1, 0.5, 0.25],
        lambda v, a, b, c: [v, a, b, c, 0.1, 0.9, 0.8, 1e-3, _G],
        {},
        [
            0.75506,
            -2.04431,
            0.3,
            -0.32838,
            0.12,
            -0.03,
            0.09,
            0.29,
            0.459,
            0.594,
            0.45,
            0.85,
            0.24494,
            0.04431,
            0.2,
            0.42838,
        ],
    ),
    (
        "ftrl",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, _G, 0.1, 0.01, 0.02, -0.5],
        {},
        [0.00649, -0.91311, -0.03375, -0.03885, 0.59, 1.94, 0.5, 4.5, -0.06008, 12.76464, 0.25, 0.83579],
    ),
    (
        "adagrad_da",
        [0.5, 0.25],
        lambda v, a, b: [v, a, b, _G, 0.1, 0.01, 0.02, 3],
        {},
        [-0.13071, 0.0513, -0.09289, -0.11946, 0.8, -0.7, 0.5, 2.5, 0.34, 1.69, 0.25, 4.25],
    ),
]


@pytest.mark.parametrize(("name", "slots", "arguments", "options", "expected"), _STEPS)
def test_one_step_of_an_optimizer(name: str, slots: Any, arguments: Any, options: Any, expected: Any) -> None:
    parts = [tf1.get_variable("v", initializer=np.array([1.0, -2.0, 0.5, 0.1], np.float32))]
    parts += [tf1.get_variable(f"s{k}", initializer=np.full(4, x, np.float32)) for k, x in enumerate(slots)]
    step = getattr(tf1.python.training.training_ops, f"apply_{name}")(*arguments(*parts), **options)
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        made = sess.run(step)
        after = np.concatenate(sess.run(parts))
    np.testing.assert_array_equal(made, after[:4])
    np.testing.assert_allclose(after, expected, atol=6e-6)


# --- pictures and batches --------------------------------------------------------------------------------------------


def test_a_fed_file_is_decoded() -> None:
    picture = np.random.RandomState(0).randint(0, 255, (4, 6, 3)).astype(np.uint8)
    file = run(tf1.image.encode_png(picture))
    contents = tf1.placeholder(tf1.string, [])
    decoded = tf1.image.decode_png(contents, channels=3)
    np.testing.assert_array_equal(run(decoded, {contents: file}), picture)


def test_a_part_of_a_picture_of_any_size() -> None:
    picture = tf1.placeholder(tf1.float32, [None, None, 3])
    part = tf1.random_crop(picture, [4, 5, 3])
    assert part.get_shape().as_list() == [4, 5, 3]
    x = np.arange(7 * 9 * 3, dtype=np.float32).reshape(7, 9, 3)
    found = set()
    with tf1.Session() as sess:
        for _ in range(200):
            made = sess.run(part, {picture: x})
            row, column = divmod(int(made[0, 0, 0]) // 3, 9)
            np.testing.assert_array_equal(made, x[row : row + 4, column : column + 5])
            found.add((row, column))
    assert len(found) == 4 * 5
    with pytest.raises(ValueError, match=r"need value\.shape >= size"):
        tf1.random_crop(tf1.zeros([2, 2, 3]), [4, 2, 3])


def test_padded_batches_keep_the_lengths_that_are_known() -> None:
    """TensorFlow 2.21's tf.compat.v1 gives the same shapes."""
    picture, numbers = tf1.placeholder(tf1.float32, [5, 6, 3]), tf1.placeholder(tf1.int32, [None])
    made = tf1.train.batch_join([[picture, numbers]] * 2, batch_size=4, dynamic_pad=True)
    assert [t.get_shape().as_list() for t in made] == [[4, 5, 6, 3], [4, None]]


def test_names_of_modules_that_were_seen() -> None:
    runner, told = tf1.train.queue_runner, tf1.contrib.layers.summaries.summarize_activation(tf1.ones([2]))
    assert runner.QueueRunner is tf1.train.QueueRunner
    assert runner.add_queue_runner.__name__ == "add_queue_runner"
    assert told is not None


_PICTURE = np.arange(5 * 7 * 2, dtype=np.float32).reshape(5, 7, 2)
_BOXES: dict[str, Any] = {
    "crop": lambda x, n: tf1.image.crop_to_bounding_box(x, 1, 2, n, n + 1),
    "pad": lambda x, n: tf1.image.pad_to_bounding_box(x, 1, n - 1, n + 5, 12),
    "smaller": lambda x, n: tf1.image.resize_image_with_crop_or_pad(x, n, n + 1),
    "larger": lambda x, n: tf1.image.resize_image_with_crop_or_pad(x, n + 6, n + 9),
    "both": lambda x, n: tf1.image.resize_image_with_crop_or_pad(x, n + 5, n),
    "middle": lambda x, n: tf1.image.central_crop(x, 0.3),
}


@pytest.mark.parametrize("kind", _BOXES)
def test_boxes_that_only_a_run_knows(kind: str) -> None:
    """They are what they are where all is known, which is compared with TensorFlow's."""
    make = _BOXES[kind]
    expected = run(make(tf1.constant(_PICTURE), 3))
    open_, n = tf1.placeholder(tf1.float32, [None, None, 2]), tf1.placeholder(tf1.int32, [])
    for made in (make(open_, n), make(open_, 3), make(tf1.constant(_PICTURE), n)):
        assert made.get_shape().as_list()[2] == 2
        np.testing.assert_array_equal(run(made, {open_: _PICTURE, n: 3}), expected)
    batch = tf1.placeholder(tf1.float32, [2, None, None, 2])
    both = run(make(batch, n), {batch: np.stack([_PICTURE, _PICTURE + 1]), n: 3})
    np.testing.assert_array_equal(both[0], expected)


def test_boxes_kept_are_filled_up() -> None:
    y = [0.0, 0.1, -0.1, 10.0, 10.1, 100.0]
    boxes = np.array([[0, a, 1, a + 1] for a in y], np.float32)
    scores = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], np.float32)
    kept, count = tf1.image.non_max_suppression_padded(boxes, scores, 5, 0.5, pad_to_max_output_size=True)
    assert kept.get_shape().as_list() == [5]
    assert run([kept, count])[0].tolist() == [3, 0, 5, 0, 0]
    assert run([kept, count])[1] == 3
    plain, _ = tf1.image.non_max_suppression_padded(boxes, scores, 5, 0.5)
    assert run(plain).tolist() == [3, 0, 5]


def test_rows_and_columns_are_matched_by_distance() -> None:
    match = tf1.contrib.image.python.ops.image_ops.bipartite_match
    distances = [[0.5, 0.1, 0.8], [0.3, 0.2, 0.15]]
    rows, columns = match(distances, num_valid_rows=2)
    assert [x.tolist() for x in run([rows, columns])] == [[1, 2], [-1, 0, 1]]
    rows, columns = match(distances, num_valid_rows=1.0)
    assert [x.tolist() for x in run([rows, columns])] == [[1, -1], [-1, 0, -1]]
    rows, columns = match(distances, num_valid_rows=-1, top_k=1)
    assert [x.tolist() for x in run([rows, columns])] == [[1, -1], [-1, 0, -1]]


# --- rows by number --------------------------------------------------------------------------------------------------


def test_stitched_rows_are_those_of_tensorflow() -> None:
    """Values and gradients are TensorFlow 2.21's: the last of several rows stays, all of them have the gradient."""
    v = tf1.get_variable("v", initializer=np.arange(6, dtype=np.float32).reshape(3, 2))
    p = tf1.placeholder(tf1.int32, [None])
    twice = tf1.dynamic_stitch([tf1.range(4), [1, 3]], [tf1.zeros([4]), [5.0, 6.0]])
    assert twice.get_shape().as_list() == [4]
    assert run(twice).tolist() == [0, 5, 0, 6]
    rows = tf1.dynamic_stitch([p, [1]], [v[:2] * 2, v[2:] * 3])
    assert rows.get_shape().as_list() == [None, 2]
    assert run(rows, {p: [0, 2]}).tolist() == [[0, 2], [12, 15], [4, 6]]
    assert run(tf1.gradients(rows * rows, v)[0], {p: [0, 2]}).tolist() == [[0, 8], [16, 24], [72, 90]]
    over = tf1.dynamic_stitch([tf1.range(3), p], [v, v[:2] * 10])
    assert run(tf1.gradients(over, v)[0], {p: [0, 2]}).tolist() == [[11, 11], [11, 11], [1, 1]]


_ROWS = np.array([[1, 2], [3, -4], [5, 6], [0, 9]], np.float32)
_LEAST = float(np.finfo(np.float32).min)


@pytest.mark.parametrize(
    ("name", "ordered", "free"),
    [  # what TensorFlow 2.21 makes of the segments 0, 0, 2, 2, and of 0, 2, 0, 2 in any order
        ("sum", [[4, -2], [0, 0], [5, 15]], [[6, 8], [0, 0], [3, 5]]),
        ("mean", [[2, -1], [0, 0], [2.5, 7.5]], [[3, 4], [0, 0], [1.5, 2.5]]),
        ("max", [[3, 2], [0, 0], [5, 9]], [[5, 6], [_LEAST, _LEAST], [3, 9]]),
        ("min", [[1, -4], [0, 0], [0, 6]], [[1, 2], [-_LEAST, -_LEAST], [0, -4]]),
        ("prod", [[3, -8], [1, 1], [0, 54]], [[5, 12], [1, 1], [0, -36]]),
        ("sqrt_n", None, [[6 / 2**0.5, 8 / 2**0.5], [0, 0], [3 / 2**0.5, 5 / 2**0.5]]),
    ],
)
def test_segments_without_rows(name: str, ordered: Any, free: Any) -> None:
    ids, n = tf1.placeholder(tf1.int32, [None]), tf1.placeholder(tf1.int32, [])
    if ordered is not None:
        fold = getattr(tf1, f"segment_{name}")
        np.testing.assert_allclose(run(fold(_ROWS, [0, 0, 2, 2])), ordered)
        np.testing.assert_allclose(run(fold(_ROWS, ids), {ids: [0, 0, 2, 2]}), ordered)
    fold = getattr(tf1, f"unsorted_segment_{name}")
    for count in (3, n):
        np.testing.assert_allclose(run(fold(_ROWS, ids, count), {ids: [0, 2, 0, 2], n: 3}), free, rtol=1e-6)


# --- branches chosen by hand -----------------------------------------------------------------------------------------


def test_switches_and_merges() -> None:
    ops = tf1.python.ops.control_flow_ops
    x, chosen = tf1.constant([1.0, 2.0, 3.0]), tf1.placeholder(tf1.int32, [])
    branches = [
        ops.switch(x, tf1.equal(chosen, k))[1] + float(10 * k) for k in range(4)
    ]  # the idiom of slim's preprocessing
    made, number = ops.merge(branches)
    for k in range(4):
        found, at, slope = run([made, number, tf1.gradients(made, x)[0]], {chosen: k})
        assert (found.tolist(), int(at), slope.tolist()) == (
            [1 + 10 * k, 2 + 10 * k, 3 + 10 * k],
            k,
            [1, 1, 1],
        )
    test = tf1.placeholder(tf1.bool, [])
    no, yes = ops.switch(x, test)
    made, number = ops.merge([no * 2, yes[:2]])
    assert run([made, number], {test: True})[0].tolist() == [1, 2]
    assert run([made, number], {test: False})[0].tolist() == [2, 4, 6]
    with pytest.raises(ValueError, match="expected a node that a switch leads to"):
        ops.merge([x, x])


def test_shapes_of_one_number_and_of_nothing() -> None:
    n = tf1.placeholder(tf1.int32, [])
    assert run(tf1.zeros(n - 2), {n: 5}).tolist() == [0, 0, 0]
    assert run(tf1.constant(1.0, shape=[0, 4])).shape == (0, 4)
    x = tf1.constant(_PICTURE)
    times = tf1.concat([tf1.ones(tf1.stack([tf1.rank(x) - 1]), tf1.int32), [n]], 0)
    np.testing.assert_array_equal(run(tf1.tile(x, times), {n: 3}), np.tile(_PICTURE, (1, 1, 3)))
    open_ = tf1.placeholder(tf1.int32, [None])
    np.testing.assert_array_equal(run(tf1.tile(x, open_), {open_: [2, 1, 3]}), np.tile(_PICTURE, (2, 1, 3)))
    assert tf1.reduce_sum(x, tf1.expand_dims(tf1.rank(x) - 1, 0)).get_shape().as_list() == [5, 7]


def test_queues_run_inside() -> None:
    rows = tf1.train.batch([tf1.train.slice_input_producer([tf1.range(6)], shuffle=False)[0]], 3)
    with tf1.Session() as sess:
        sess.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
        with tf1.contrib.slim.queues.QueueRunners(sess):
            assert sess.run(rows).tolist() == [0, 1, 2]


def test_shapes_put_together_of_others_are_known() -> None:
    x = tf1.zeros([3, 4])
    shape, rank = tf1.shape(x), tf1.rank(tf1.placeholder(tf1.float32, [2, None]))
    parts = [
        tf1.slice(shape, [0], [1]),
        tf1.ones(tf1.reshape(rank, [1]), tf1.int32),
        tf1.slice(shape, [1], [-1]),
    ]
    assert tf1.zeros(tf1.concat(parts, 0)).get_shape().as_list() == [3, 1, 1, 4]
    assert tf1.zeros(tf1.gather(shape, [1, 0])).get_shape().as_list() == [4, 3]
    assert tf1.zeros(tf1.fill([2], 5)).get_shape().as_list() == [5, 5]
    assert tf1.zeros(tf1.unstack(shape)[1]).get_shape().as_list() == [4]
    times = tf1.Variable(2).assign_add(1)
    rows = tf1.tile(tf1.reshape(tf1.range(4), [1, 4]), tf1.stack([times, tf1.constant(1)]))
    assert rows.get_shape().as_list() == [None, 4]


def test_nothing_to_stitch() -> None:
    places = tf1.placeholder(tf1.int32, [None])
    rows = tf1.cast(places, tf1.float32)
    for made in (tf1.dynamic_stitch([places], [rows]), tf1.segment_max(rows, places)):
        assert run(made, {places: []}).tolist() == []
        assert run(made, {places: [0, 1]}).tolist() == [0, 1]


# --- recurrent layers whose weights the program keeps ----------------------------------------------------------------


@pytest.mark.parametrize(("kind", "count"), [("CudnnLSTM", 2), ("CudnnGRU", 1), ("CudnnRNNTanh", 1)])
@pytest.mark.parametrize("direction", ["unidirectional", "bidirectional"])
def test_operations_of_cudnn_are_its_layers(kind: str, count: int, direction: str) -> None:
    made = getattr(tf1.contrib.cudnn_rnn, kind)
    x = tf1.constant(np.random.RandomState(0).randn(5, 2, 3).astype(np.float32))
    directions = 2 if direction == "bidirectional" else 1
    start = [
        tf1.constant(np.random.RandomState(k).randn(2 * directions, 2, 4), tf1.float32) for k in range(count)
    ]
    layer = made(2, 4, direction=direction, kernel_initializer=tf1.random_normal_initializer(seed=1))
    expected, states = layer(x, tuple(start))
    model = made(num_layers=2, num_units=4, input_size=3, direction=direction)
    params = tf1.Variable(tf1.random_uniform([model.params_size()], -0.1, 0.1), validate_shape=False)
    found = model(x, *start, params, is_training=False)
    weights, biases = model.params_to_canonical(params)
    again = model.canonical_to_params(weights, biases)
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        sess.run(params.assign(layer.kernel))
        for a, b in zip(sess.run(found), sess.run([expected, *states]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
        np.testing.assert_array_equal(*sess.run([again, params]))
        slope = sess.run(tf1.gradients(found[0], params)[0])
    assert slope.shape == (int(run(model.params_size())),)
    assert np.abs(slope).sum() > 0


def test_operations_of_cudnn_drop_between_layers_while_they_train() -> None:
    model = tf1.contrib.cudnn_rnn.CudnnGRU(2, 4, 3, dropout=0.9)
    x, h = tf1.ones([5, 2, 3]), tf1.zeros([2, 2, 4])
    params, training = tf1.ones([model.params_size()]) * 0.1, tf1.placeholder(tf1.bool, [])
    made = model(x, h, params, training)[0]
    with tf1.Session() as sess:
        same = [sess.run(made, {training: False}) for _ in range(2)]
        other = [sess.run(made, {training: True}) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert not np.array_equal(*other)


def test_a_layer_of_a_program_may_keep_its_own_training() -> None:
    """The object detection API's batch normalisation, which may be frozen, has an attribute of this name."""

    class Frozen(layers.BatchNormalization):
        def __init__(self, training: Any = None) -> None:
            super().__init__()
            self._training = training

        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs, training=self._training if training is None else training)

    x = np.random.RandomState(0).randn(50, 4).astype(np.float32) * 3 + 2
    np.testing.assert_allclose(Frozen(training=False)(x), x / np.sqrt(1.001), rtol=1e-5)


# --- what evaluations are written with -------------------------------------------------------------------------------


def test_a_metric_of_a_program_has_local_variables() -> None:
    made = tf1.python.ops.metrics_impl.metric_variable([3], tf1.float32, name="sums")
    assert made in tf1.get_collection(tf1.GraphKeys.LOCAL_VARIABLES)
    assert made in tf1.get_collection(tf1.GraphKeys.METRIC_VARIABLES)
    assert tf1.trainable_variables() == []
    assert run(tf1.assign_add(made, [1.0, 2.0, 3.0])).tolist() == [1, 2, 3]


def test_a_feature_says_which_list_it_is() -> None:
    feature = tf1.train.Feature(int64_list=tf1.train.Int64List(value=[1]))
    assert feature.HasField("int64_list")
    assert not feature.HasField("bytes_list")
    value = tf1.Summary.Value(tag="a", simple_value=2.0)
    assert (value.HasField("simple_value"), value.HasField("image")) == (True, False)
    assert value.WhichOneof("value") == "simple_value"


def test_arrays_and_errors_of_test_cases() -> None:
    case = tf1.test.TestCase()
    case.assertNDArrayNear(np.ones(3), np.ones(3) + 0.01, 0.1)
    with pytest.raises(AssertionError):
        case.assertNDArrayNear(np.ones(3), np.ones(3) + 0.1, 0.1)
    with case.assertRaisesOpError("it was that"):
        raise ValueError("it was that")


@pytest.mark.parametrize("q", [0.0, 20.0, 37.0, 66.0, 100.0])
@pytest.mark.parametrize("axis", [None, 0, 1, [0, 2], -1])
@pytest.mark.parametrize("interpolation", ["lower", "higher", "nearest"])
def test_percentiles_are_elements(q: float, axis: Any, interpolation: Any) -> None:
    x = np.random.RandomState(0).randn(3, 4, 2).astype(np.float32)
    over = tuple(axis) if isinstance(axis, list) else axis
    for keep in (False, True):
        made = tf1.contrib.distributions.percentile(x, q, axis, interpolation, keep)
        np.testing.assert_array_equal(
            run(made), np.percentile(x, q, over, method=interpolation, keepdims=keep)
        )


def test_percentiles_take_no_means() -> None:
    assert run(tf1.contrib.distributions.percentile([4.0, 1.0, 3.0, 2.0], 30.0)) == 2.0
    assert (
        run(tf1.contrib.distributions.percentile([4.0, 1.0, 3.0, 2.0], 50.0)) == 2.0
    )  # from the top, half to even
    with pytest.raises(ValueError, match="Argument 'interpolation' must be in"):
        tf1.contrib.distributions.percentile([1.0], 30.0, interpolation="linear")


# --- what is waited for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        lambda update: {update},
        lambda update: frozenset([update]),
        lambda update: {"a": update}.values(),
        lambda update: (each for each in [update]),
        lambda update: [update.op.name],
        lambda update: [update, tf1.no_op()],
    ],
)
@pytest.mark.parametrize("barrier", [tf1.no_op, lambda: tf1.constant(1.0)])
def test_any_iterable_is_waited_for(given: Any, barrier: Any) -> None:
    v = tf1.get_variable("v", initializer=0.0)
    with tf1.control_dependencies(given(tf1.assign_add(v, 1.0))):
        made = tf1.identity(barrier()) if barrier is not tf1.no_op else barrier()
    with tf1.Session() as sess:
        sess.run(v.initializer)
        for _ in range(3):
            sess.run(made)
        assert sess.run(v) == 3.0


def test_a_group_takes_structures() -> None:
    v = tf1.get_variable("v", initializer=0.0)
    made = tf1.group({"one": tf1.assign_add(v, 1.0)}, [tf1.assign_add(v, 2.0), [tf1.assign_add(v, 4.0).op]])
    with tf1.Session() as sess:
        sess.run(v.initializer)
        sess.run(made)
        assert sess.run(v) == 7.0


@pytest.mark.parametrize("wrong", [None, 3, np.float32(2), len])
def test_what_cannot_be_waited_for_is_refused(wrong: Any) -> None:
    with (
        pytest.raises(TypeError, match=r"tf\.control_dependencies: expected operations and tensors"),
        tf1.control_dependencies([wrong]),
    ):
        pass
    with pytest.raises(TypeError, match=r"tf\.group: expected operations and tensors"):
        tf1.group(tf1.no_op(), wrong)


def test_shapes_are_asked_for() -> None:
    shape = tf1.TensorShape
    shape([2, 3]).assert_is_fully_defined()
    with pytest.raises(ValueError, match=r"Shape \(2, \?\) is not fully defined"):
        shape([2, None]).assert_is_fully_defined()
    shape([2, None]).assert_same_rank([3, 4])
    shape([2, None]).assert_same_rank(None)
    with pytest.raises(ValueError, match=r"Shapes \(2, \?\) and \(2,\) must have the same rank"):
        shape([2, None]).assert_same_rank([2])
    assert shape([2, 3]).most_specific_compatible_shape([2, 4]).as_list() == [2, None]
    assert shape([2, 3]).most_specific_compatible_shape([2, 3]).as_list() == [2, 3]
    assert shape([2]).most_specific_compatible_shape([2, 3]).ndims is None


def test_a_complex_variable_is_asked_for_by_name() -> None:
    c = tf1.get_variable("c", [2], tf1.complex64, initializer=tf1.ones_initializer())
    assert (c.dtype, c.shape.as_list()) == (tf1.complex64, [2])
    with tf1.variable_scope("", reuse=True):
        assert tf1.get_variable("c", [2], tf1.complex64) is c
    start = np.array([1, 2j], np.complex64)
    local = tf1.Variable(start, False, [tf1.GraphKeys.LOCAL_VARIABLES], name="local")
    with tf1.control_dependencies([c.assign_add(local), local * 1j]):
        made = tf1.no_op()
    with tf1.Session() as sess:
        sess.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
        sess.run(made)
        np.testing.assert_array_equal(sess.run(c), start + 1)
        assert len(tf1.local_variables()) == 2


# --- what sessions do beside computing -------------------------------------------------------------------------------


def test_rows_are_put_in_by_what_waits_for_it() -> None:
    queue = tf1.FIFOQueue(10, [tf1.float32], [[]])
    x = tf1.placeholder(tf1.float32, [])
    put = queue.enqueue([x])
    with tf1.control_dependencies([put]):
        after = tf1.identity(x)
        again = queue.enqueue([after * 10])
    size, both = queue.size(), tf1.group(put, again)
    with tf1.Session() as sess:
        assert sess.run(after, {x: 1.0}) == 1.0
        assert sess.run(size) == 1
        sess.run(both, {x: 2.0})
        assert sess.run(size) == 3  # each once
        sess.run(again, {x: 3.0})
        assert [sess.run(queue.dequeue()) for _ in range(5)] == [1, 2, 20, 3, 30]


def test_rows_are_put_in_by_the_branch_that_is_taken() -> None:
    queue = tf1.FIFOQueue(10, [tf1.float32], [[]])
    x = tf1.placeholder(tf1.float32, [])

    def put() -> Any:
        with tf1.control_dependencies([queue.enqueue([x])]):
            return tf1.identity(x)

    made = tf1.cond(x > 1.5, lambda: tf1.cond(x > 2.5, put, lambda: x), lambda: -x)
    either = tf1.cond(x > 1.5, lambda: queue.enqueue([x * 10]), lambda: tf1.no_op())
    size = queue.size()
    with tf1.Session() as sess:
        assert [sess.run(made, {x: value}) for value in (1.0, 2.0, 3.0)] == [-1, 2, 3]
        assert sess.run(size) == 1
        sess.run(either, {x: 1.0})
        sess.run(either, {x: 2.0})
        assert [sess.run(queue.dequeue()) for _ in range(2)] == [3, 20]


def test_a_group_starts_iterators() -> None:
    iterator = tf1.data.make_initializable_iterator(tf1.data.Dataset.range(3))
    begin, following = tf1.group(iterator.initializer, tf1.tables_initializer()), iterator.get_next()
    with tf1.Session() as sess:
        for _ in range(2):
            sess.run(begin)
            assert [sess.run(following) for _ in range(2)] == [0, 1]
