"""Calls of TensorFlow 1 whose values, names of variables and collections were measured from TensorFlow 1.15."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf1

tf: Any = tf1
contrib = tf.contrib
_DRAWS = np.random.RandomState(0)
STEPS = _DRAWS.randn(3, 5, 4).astype("float32")
_DRAWS = np.random.RandomState(0)
ROWS, SHARES = _DRAWS.randn(4, 6).astype("float32"), _DRAWS.rand(4, 6).astype("float32")
PICTURES = _DRAWS.rand(2, 8, 8, 3).astype("float32")
ONE_HOT = np.eye(6, dtype="float32")[[0, 2, 1, 3]]
_DRAWS = np.random.RandomState(2)
SCORES, WORDS = _DRAWS.randn(3, 5, 7).astype("float32"), np.random.RandomState(2).randint(0, 7, (3, 5))
LENGTHS = np.array([5, 2, 4])


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def _pattern(shape: Any) -> np.ndarray:
    size = int(np.prod(shape))
    return (np.sin(np.arange(size) * 0.7 + 0.3).reshape(shape) * 0.5).astype("float32")


def _run(fetches: Any, steps: int = 1) -> list[Any]:
    """The values at each step, where all variables that are trained begin with a pattern unless they are constant."""
    found = []
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        for v in tf.trainable_variables():
            first = session.run(v)
            if first.size > 1 and first.std() > 0:
                v.load(_pattern(first.shape), session)
        for _ in range(steps):
            found.append(session.run(fetches))
    return found


def _names(collection: str = "trainable_variables") -> list[str]:
    return [x.name for x in tf.get_collection(collection)]


def _recurrent(cell: Any) -> Any:
    return tf.nn.dynamic_rnn(cell, tf.constant(STEPS), dtype=tf.float32)[0]


def _ids() -> Any:
    return np.array([[1, 2, 0], [3, 3, 1]])


def _of_steps(x: Any) -> list[Any]:
    return [tf.constant(x[:, k]) for k in range(x.shape[1])]


def _legacy_loss() -> Any:
    weights = (np.arange(5)[None] < LENGTHS[:, None]).astype("float32")
    words = np.random.RandomState(2)
    words.randn(3, 5, 7)
    return contrib.legacy_seq2seq.sequence_loss(
        _of_steps(SCORES), _of_steps(WORDS.astype("int32")), _of_steps(weights)
    )


_VALUES: list[tuple[str, Callable[[], Any], list[float]]] = [
    (
        "groups of a maxout are neighbours in memory",
        lambda: contrib.layers.maxout(PICTURES, 2, axis=1),
        [0.65310830, 0.65632957, 0.82099324, 0.97645944, 0.97676110, 0.29614019],
    ),
    (
        "0 is no word in a bag",
        lambda: contrib.layers.bow_encoder(_ids(), 5, 3),
        [-0.07551673, -0.21046850, -0.24643365, 0.21642430, 0.29040900, 0.22780977],
    ),
    (
        "layers take arrays",
        lambda: contrib.layers.repeat(ROWS, 3, contrib.layers.fully_connected, 4),
        [0.02773177, 0.05168179, 0.05132506, 0.02682935, 0.01991624, 0.01067747],
    ),
    ("steps are averaged for each example first", _legacy_loss, [2.23932409]),
    (
        "the projection of inputs has a function of its own",
        lambda: _recurrent(
            contrib.rnn.InputProjectionWrapper(tf.nn.rnn_cell.GRUCell(6), num_proj=5, activation=tf.tanh)
        ),
        [-0.02581521, -0.04355873, -0.04415384, -0.02376439, 0.01472528, 0.05093388],
    ),
    (
        "coupled gates project once",
        lambda: _recurrent(
            contrib.rnn.CoupledInputForgetGateLSTMCell(6, True, tf.constant_initializer(0.1), 3)
        ),
        [0.16008528, 0.17826062, 0.11259724, 0.09801412, 0.08762082, 0.03601808],
    ),
    (
        "an LSTM without its norms has a bias that is drawn",
        lambda: _recurrent(contrib.rnn.LayerNormBasicLSTMCell(6, layer_norm=False)),
        [-0.45101333, -0.59633106, -0.31379074, 0.39365050, 0.16136824, 0.02637009],
    ),
    (
        "pairs of errors, as tf.contrib.losses has them",
        lambda: contrib.losses.mean_pairwise_squared_error(tf.constant(ROWS), tf.constant(SHARES)),
        [8.23168564],
    ),
    (
        "the third argument of a log loss is its epsilon",
        lambda: contrib.losses.log_loss(tf.constant(SHARES), tf.constant(ONE_HOT), 1.0, 1e-3),
        [0.93799114],
    ),
    (
        "losses of float64 are float32",
        lambda: tf.losses.mean_squared_error(SHARES.astype("float64"), ROWS.astype("float64")),
        [1.27167356],
    ),
]


@pytest.mark.parametrize(("call", "expected"), [row[1:] for row in _VALUES], ids=[row[0] for row in _VALUES])
def test_a_call_gives_what_tensorflow_gives(call: Callable[[], Any], expected: list[float]) -> None:
    (found,) = _run(call())
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.ravel(found)[: len(expected)], expected, rtol=2e-4, atol=2e-6)


def _beams() -> Any:
    table, cell = tf.get_variable("emb", [7, 4]), tf.nn.rnn_cell.GRUCell(5)
    start = contrib.seq2seq.tile_batch(cell.zero_state(3, tf.float32) + 0.3, 3)
    decoder = contrib.seq2seq.BeamSearchDecoder(
        cell, table, tf.fill([3], 1), 2, start, 3, tf.layers.Dense(7, name="p"), length_penalty_weight=0.6
    )
    outputs, state, lengths = contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=6)
    return outputs.beam_search_decoder_output.scores, state.log_probs, lengths


def test_the_end_of_a_candidate_adds_nothing_to_the_length_in_its_score() -> None:
    ((scores, log_probs, lengths),) = _run(_beams())
    measured = [-1.87279606, -1.89528513, -1.95508695, -3.40220356, -3.40232134, -3.44879293]
    np.testing.assert_allclose(scores.ravel()[:6], measured, rtol=1e-5)
    np.testing.assert_allclose(log_probs[0], [-11.11742973, -11.13689137, -11.14052391], rtol=1e-5)
    assert lengths.tolist() == [[6, 6, 6]] * 3


def test_averages_of_tensors_begin_at_0() -> None:
    v = tf.Variable(_pattern([2]), name="v")
    average = tf.train.ExponentialMovingAverage(0.9)
    doubled = v * 2.0
    step = average.apply([doubled])
    with tf.control_dependencies([step]):
        seen = tf.identity(average.average(doubled))
    found = [values[1] for values in _run([step, seen], 3)]
    measured = [[0.02955203, 0.08414712], [0.05614885, 0.15987952], [0.08008599, 0.22803868]]
    np.testing.assert_allclose(found, measured, rtol=1e-5)
    assert _names("moving_average_variables") == []


def test_what_optimizers_and_averages_remember_is_named_after_the_open_scope() -> None:
    with tf.variable_scope("s"):
        v = tf.get_variable("v", initializer=_pattern([3]))
    loss = tf.reduce_sum(tf.square(v))
    with tf.variable_scope("train"):
        tf.train.AdamOptimizer(0.1).minimize(loss)
        average = tf.train.ExponentialMovingAverage(0.9)
        average.apply([v])
    with tf.name_scope("names"):
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    assert [x.name for x in tf.global_variables()] == [
        "s/v:0",
        "train/beta1_power:0",
        "train/beta2_power:0",
        "train/s/v/Adam:0",
        "train/s/v/Adam_1:0",
        "train/s/v/ExponentialMovingAverage:0",
        "s/v/Momentum:0",
    ]
    assert average.average_name(v) == "train/s/v/ExponentialMovingAverage"


def test_a_node_may_have_the_name_of_its_scope() -> None:
    with tf.name_scope("conv1") as scope:
        x = tf.nn.relu(tf.constant(ROWS) + 1.0, name=scope)
    assert (x.name, x.op.name) == ("conv1:0", "conv1")
    with tf.variable_scope("a"), tf.name_scope("b") as scope:
        assert tf.identity(x, name=scope).name == "a/b:0"
    assert tf.identity(x, name="conv1").name == "conv1_1:0"
    assert tf.get_default_graph().get_tensor_by_name("conv1:0") is x


def test_layers_of_the_same_name_are_numbered() -> None:
    x = tf.constant(ROWS)
    for _ in range(2):
        tf.layers.Dense(2, use_bias=False, name="d")(x)
    assert _names() == ["d/kernel:0", "d_1/kernel:0"]
    with pytest.raises(ValueError, match="already exists"):
        for _ in range(2):
            tf.layers.dense(x, 2, name="e")


def test_stacks_of_layers_are_named_after_the_layer() -> None:
    layers = contrib.layers
    layers.stack(ROWS, layers.fully_connected, [5, 4], biases_initializer=None)
    layers.repeat(ROWS, 1, layers.fully_connected, 4, biases_initializer=None)
    layers.repeat(PICTURES, 1, layers.conv2d, 4, [3, 3], scope="conv1", biases_initializer=None)
    assert _names() == [
        "Stack/fully_connected_1/weights:0",
        "Stack/fully_connected_2/weights:0",
        "Repeat/fully_connected_1/weights:0",
        "conv1/conv1_1/weights:0",
    ]


def test_penalties_have_the_names_of_their_kind() -> None:
    layers = contrib.layers
    v = tf.get_variable("v", [2, 2], regularizer=layers.l2_regularizer(0.1))
    found = layers.apply_regularization(layers.l1_l2_regularizer(0.0, 0.1), [v])
    assert _names("regularization_losses") == [
        "v/Regularizer/l2_regularizer:0",
        "get_regularization_penalty:0",
    ]
    np.testing.assert_allclose(_run(found), 0.05 * np.sum(_pattern([2, 2]) ** 2), rtol=1e-5)
    with pytest.raises(ValueError, match="integer"):
        layers.l2_regularizer(1)


def test_penalties_of_outputs_are_means_over_the_examples() -> None:
    layers = contrib.layers
    tf.layers.dense(
        ROWS,
        3,
        kernel_regularizer=layers.l2_regularizer(0.1),
        activity_regularizer=layers.l1_regularizer(0.1),
    )
    np.testing.assert_allclose(_run(tf.losses.get_regularization_loss()), [0.38548845], rtol=1e-5)


def test_variables_of_norms_are_the_models() -> None:
    layers = contrib.layers
    layers.layer_norm(ROWS)
    layers.instance_norm(PICTURES)
    layers.batch_norm(ROWS, scale=True, is_training=False)
    assert _names("model_variables") == [
        "LayerNorm/beta:0",
        "LayerNorm/gamma:0",
        "InstanceNorm/beta:0",
        "InstanceNorm/gamma:0",
        "BatchNorm/beta:0",
        "BatchNorm/gamma:0",
        "BatchNorm/moving_mean:0",
        "BatchNorm/moving_variance:0",
    ]


def test_two_attentions_have_weights_of_their_own() -> None:
    memory = tf.constant(np.ones((3, 6, 4), "float32"))
    of = contrib.seq2seq
    cell = of.AttentionWrapper(
        tf.nn.rnn_cell.BasicLSTMCell(5),
        [of.LuongAttention(5, memory), of.BahdanauAttention(5, memory, [6, 3, 4])],
        attention_layer_size=[4, 3],
    )
    tf.nn.dynamic_rnn(cell, tf.constant(STEPS), dtype=tf.float32)
    assert _names() == [
        "memory_layer/kernel:0",
        "memory_layer_1/kernel:0",
        "rnn/attention_wrapper/basic_lstm_cell/kernel:0",
        "rnn/attention_wrapper/basic_lstm_cell/bias:0",
        "rnn/attention_wrapper/attention_layer/kernel:0",
        "rnn/attention_wrapper/bahdanau_attention/query_layer/kernel:0",
        "rnn/attention_wrapper/bahdanau_attention/attention_v:0",
        "rnn/attention_wrapper/attention_layer_1/kernel:0",
    ]


def test_weights_of_tables_decay_in_the_rows_that_are_read() -> None:
    table = tf.get_variable("t", initializer=_pattern([4, 2]))
    loss = tf.reduce_sum(tf.square(tf.gather(table, [0, 2])))
    step = contrib.opt.AdamWOptimizer(0.01, 0.1).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(step)
        found = session.run(table)
    np.testing.assert_array_equal(found[[1, 3]], _pattern([4, 2])[[1, 3]])
    assert np.all(found[[0, 2]] != _pattern([4, 2])[[0, 2]])


def test_multipliers_of_gradients_go_by_full_names() -> None:
    v = tf.get_variable("v", initializer=np.array([3.0, 3.0], "float32"))
    loss = tf.reduce_sum(tf.square(v))
    for key, expected in (("v", -3.0), ("v:0", 0.0)):
        step = contrib.layers.optimize_loss(
            loss, None, 1.0, "SGD", gradient_multipliers={key: 0.5}, name=key[:1] + key[2:]
        )
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(step)
            np.testing.assert_allclose(session.run(v), expected)


def test_iterators_are_fed_by_their_handles() -> None:
    data = tf.data.Dataset
    first, second = data.range(3), data.range(10, 20)
    handle = tf.placeholder(tf.string, shape=[])
    element = tf.data.Iterator.from_string_handle(handle, first.output_types, first.output_shapes).get_next()
    once, again = first.make_one_shot_iterator(), second.make_initializable_iterator()
    with tf.Session() as session:
        names = session.run([once.string_handle(), again.string_handle()])
        session.run(again.initializer)
        order = [0, 1, 1, 0]
        assert [session.run(element, {handle: names[k]}) for k in order] == [0, 10, 11, 1]
        with pytest.raises(tf.errors.InvalidArgumentError, match="string_handle"):
            session.run(element, {handle: "none"})


_NAMED: list[tuple[str, Callable[[], Any], Any]] = [
    (
        "inverses of transposes",
        lambda: tf.matrix_inverse([[1.0, 2.0], [0.0, 1.0]], adjoint=True),
        [[1, 0], [-2, 1]],
    ),
    ("input of inverses", lambda: tf.matrix_inverse(input=[[2.0]]), [[0.5]]),
    ("input of determinants", lambda: tf.matrix_determinant(input=[[2.0]]), 2),
    ("y before x", lambda: tf.atan2(y=[1.0], x=[0.0]), [np.pi / 2]),
    ("both swapped by name", lambda: tf.atan2(x=[0.0], y=[-1.0]), [-np.pi / 2]),
    ("casts stop at the limits", lambda: tf.saturate_cast([-3.0, 300.0, 7.9], tf.uint8), [0, 255, 7]),
    ("and at those of many bits", lambda: tf.saturate_cast([3e9, -3e9], tf.int32), [2147483520, -2147483648]),
    ("whole numbers, too", lambda: tf.saturate_cast(tf.constant([300, -1]), tf.uint8), [255, 0]),
    (
        "rates of depthwise convolutions, native",
        lambda: tf.nn.depthwise_conv2d_native(
            np.arange(16.0, dtype="float32").reshape(1, 4, 4, 1),
            np.ones((2, 2, 1, 1), "float32"),
            [1, 1, 1, 1],
            "VALID",
            "NHWC",
            [1, 2, 2, 1],
        ),
        [[[[20.0], [24.0]], [[36.0], [40.0]]]],
    ),
    ("modes of beta distributions", lambda: tf.distributions.Beta([2.0, 1.0], 3.0).mode(), [1 / 3, np.nan]),
]


@pytest.mark.parametrize(("call", "expected"), [row[1:] for row in _NAMED], ids=[row[0] for row in _NAMED])
def test_arguments_have_the_names_and_meanings_of_tensorflow(call: Callable[[], Any], expected: Any) -> None:
    np.testing.assert_allclose(_run(call())[0], expected, rtol=1e-6)


def test_what_no_formula_gives_is_said() -> None:
    with pytest.raises(NotImplementedError):
        tf.distributions.Categorical(logits=[0.1, 0.2]).stddev()
    assert tf.distributions.Bernoulli(logits=0.3).dtype.name == "int32"


def test_layers_know_their_call_and_their_weights() -> None:
    layer = tf.layers.Dense(3, kernel_initializer=tf.ones_initializer())
    with pytest.raises(AttributeError, match="one call"):
        print(layer.output)
    y = layer(tf.placeholder(tf.float32, [None, 2]))
    assert (layer.output, layer.input_shape, layer.output_shape) == (y, (None, 2), (None, 3))
    assert (layer.count_params(), layer.non_trainable_variables) == (9, [])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        layer.set_weights([2 * w + 1 for w in layer.get_weights()])
        assert [w.tolist() for w in layer.get_weights()] == [[[3.0] * 3] * 2, [1.0] * 3]


def test_lines_are_logged_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "log", lambda level, text, *args: seen.append(text % args))
    for k in range(5):
        tf.logging.log_first_n(tf.logging.WARN, "first %d", 2, k)
        tf.logging.log_every_n(tf.logging.WARN, "every %d", 2, k)
        tf.logging.log_if(tf.logging.WARN, "if %d", k == 3, k)
    assert seen == ["first 0", "every 0", "first 1", "every 2", "if 3", "every 4"]


def test_nodes_of_layers_have_the_names_by_which_programs_fetch_them() -> None:
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    made = [
        tf.layers.conv2d(x, 4, 3),
        tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu, name="c"),
        tf.layers.conv2d(x, 4, 3, use_bias=False),
        tf.layers.conv2d_transpose(x, 4, 3),
        tf.layers.max_pooling2d(x, 2, 2),
        tf.layers.average_pooling2d(x, 2, 2, name="p"),
        tf.layers.flatten(x),
        tf.layers.dense(x, 2),
    ]
    assert [y.name for y in made] == [
        "conv2d/BiasAdd:0",
        "c/Relu:0",
        "conv2d_1/Conv2D:0",
        "conv2d_transpose/BiasAdd:0",
        "max_pooling2d/MaxPool:0",
        "p/AvgPool:0",
        "flatten/Reshape:0",
        "dense/BiasAdd:0",
    ]
    names = {op.name for op in tf.get_default_graph().get_operations()}
    assert {"c/Conv2D", "c/BiasAdd"} <= names


def test_norms_over_all_axes_are_those_of_one_vector() -> None:
    x = tf.constant(ROWS)
    found = _run(
        [tf.norm(x, np.inf), tf.norm(x, 1), tf.norm(x, np.inf, keepdims=True), tf.norm(x, 1, [0, 1])]
    )[0]
    sizes = np.abs(ROWS)
    np.testing.assert_allclose(found[0], sizes.max())
    np.testing.assert_allclose(found[1], sizes.sum(), rtol=1e-6)
    assert found[2].shape == (1, 1)
    np.testing.assert_allclose(found[3], sizes.sum(0).max(), rtol=1e-6)
