"""What programs draw after they have set seeds: TensorFlow's numbers, written down from TensorFlow."""

from typing import Any

import numpy as np
import pytest

import thalweg as tw
import thalweg.compat.tf2 as second
from thalweg import philox
from thalweg.compat import tf1 as tf
from thalweg.compat.streams import SeedsOfNumPy, Stream, pair_of_seeds, scrambled
from thalweg.ops import draws

tf2: Any = second


@pytest.fixture(autouse=True)
def _own_seeds():
    yield
    tw.set_random_seed(0)


# (kind, dtype): the first numbers of the seeds (1, 5), and those of the next draw after nine.
STREAM: dict[tuple[str, str], Any] = {
    ("normal", "float32"): ([0.3369457, 1.77476, 1.4188327], [-0.0876566, -0.8798096, -0.4215678]),
    ("truncated_normal", "float32"): (
        [0.3369457, 1.77476, 1.4188327, -0.0548533, -0.0209568], [-0.0876566, -0.8798096],
    ),
    ("uniform", "float32"): ([0.195606, 0.0298609, 0.3649309], [0.6764652, 0.5158046, 0.8205174]),
    ("normal", "float64"): ([-0.518160977, 0.934828116], None),
    ("uniform", "float64"): ([0.564848796, 0.919447402], None),
    ("truncated_normal", "float64"): ([-0.518160977, 0.934828116, -0.822629129, -0.748054944], None),
}  # fmt: skip


COMPILED: Any = [  # two calls of a function
    [
        [0.15013, 0.63993, 0.81788],
        [0.11935, -0.10138, 0.52912, 0.0545, 0.54691],
        [50, 17, 1, 95],
        [-0.94965, -2.11104, -1.33281],
        [0.94962, 0.08006],
    ],
    [
        [0.48288, 0.20244, 0.22027],
        [0.04513, -0.18438, 0.85499, 1.85496, -0.8378],
        [64, 24, 32, 15],
        [0.13429, 1.75299, -2.98054],
        [0.72604, 0.47004],
    ],
]


@pytest.mark.parametrize(("kind", "dtype"), STREAM)
def test_streams_are_tensorflows(kind, dtype):
    first, later = STREAM[kind, dtype]
    stream = Stream(1, 5)
    drawn = getattr(stream, kind)((3, 3), np.dtype(dtype)).ravel()
    np.testing.assert_allclose(drawn[: len(first)], first, rtol=2e-6)
    if later is not None:
        again = getattr(stream, kind)((len(later),), np.dtype(dtype))
        np.testing.assert_allclose(again, later, rtol=2e-6)


def test_whole_numbers_and_orders():
    stream = Stream(1, 1)
    assert stream.integers(0, 100, (6,), np.dtype("int32")).tolist() == [50, 18, 7, 22, 91, 12]
    assert stream.integers(0, 100, (3,), np.dtype("int32")).tolist() == [86, 55, 42]
    wide = Stream(*pair_of_seeds(None, 3)).integers(0, 10**12, (3,), np.dtype("int64"))
    assert wide.tolist() == [617495688935, 491478284900, 40420367503]
    stream = Stream(1, 5)
    assert stream.order(8).tolist() == [6, 1, 4, 5, 3, 7, 0, 2]
    assert stream.order(8).tolist() == [6, 4, 1, 7, 2, 0, 5, 3]
    assert Stream(1, 1).order(1).tolist() == [0] and Stream(1, 1).order(0).tolist() == []
    np.testing.assert_allclose(
        scrambled((1, 2)).uniform((2,), np.dtype("float32")), [0.8440604, 0.1920453], rtol=1e-6
    )


def test_many_truncated_numbers():
    many = Stream(3, 4).truncated_normal((20001,), np.dtype("float32"))
    assert np.abs(many).max() < 2 and abs(many.std() - 0.88) < 0.01
    np.testing.assert_array_equal(many[:50], Stream(3, 4).truncated_normal((50,), np.dtype("float32")))


def test_eager_draws():
    tf2.random.set_seed(42)
    np.testing.assert_allclose(tf2.random.normal([3]), [0.32746851, -0.8426258, 0.3194337], rtol=2e-6)
    np.testing.assert_allclose(tf2.random.normal([3]), [0.0842246, -0.8609037, 0.378123], rtol=2e-6)
    np.testing.assert_allclose(tf2.random.uniform([3], seed=1), [0.1501285, 0.6399254, 0.8178778], rtol=2e-6)
    np.testing.assert_allclose(tf2.random.uniform([2], seed=1), [0.4828781, 0.2024403], rtol=2e-6)
    assert tf2.random.shuffle(tf2.range(8), seed=3).numpy().tolist() == [2, 5, 3, 0, 4, 7, 6, 1]
    tf2.random.set_seed(42)
    np.testing.assert_allclose(tf2.random.normal([1]), [0.32746851], rtol=2e-6)


def test_orders_of_data_sets():
    def taken(data_set):
        return [int(x) for x in data_set.as_numpy_iterator()]

    data = tf2.data.Dataset
    tf2.random.set_seed(42)
    near = data.range(12).shuffle(5)
    assert taken(near) == [0, 1, 2, 3, 4, 7, 8, 11, 5, 10, 6, 9]
    assert taken(near) == [3, 2, 6, 1, 8, 7, 5, 10, 0, 9, 11, 4]
    assert taken(data.range(12).shuffle(100)) == [4, 5, 11, 2, 0, 7, 8, 10, 3, 1, 6, 9]
    same = data.range(6).shuffle(6, seed=3, reshuffle_each_iteration=False)
    assert taken(same) == taken(same) == [0, 3, 1, 4, 2, 5]
    tf2.random.set_seed(42)
    assert taken(data.range(12).shuffle(5)) == [0, 1, 2, 3, 4, 7, 8, 11, 5, 10, 6, 9]


def test_draws_of_compiled_functions():
    tf2.random.set_seed(42)

    @tf2.function
    def seeded():
        drawn = tf2.random.uniform([3], seed=1), tf2.random.normal([5], seed=2)
        whole = tf2.random.uniform([4], 0, 100, tf2.int32, seed=3)
        return (
            *drawn,
            whole,
            tf2.random.normal([3], dtype=tf2.float64, seed=4),
            tf2.random.uniform([70], seed=1)[-2:],
        )

    for expected in COMPILED:
        for made, numbers in zip(seeded(), expected, strict=True):
            np.testing.assert_allclose(made, numbers, atol=2e-5)


def test_draws_without_seeds_are_numbered_in_each_function():
    tf2.random.set_seed(42)
    one = tf2.function(lambda: (tf2.random.normal([2]), tf2.random.uniform([2])))
    other = tf2.function(lambda: (tf2.random.normal([2]), tf2.random.uniform([2])))
    expected = [
        Stream(42, 0).normal((2,), np.dtype("float32")),
        Stream(42, 1).uniform((2,), np.dtype("float32")),
    ]
    for made, numbers in zip(one() + other(), expected * 2, strict=True):
        np.testing.assert_allclose(made, numbers, rtol=1e-5)


def test_a_key_may_say_where_its_stream_begins():
    key = tw.placeholder("uint32", (6,))
    words = tw.function([key], draws.random_bits(key, (200,), 0))
    for skipped in ((0, 0), (3, 0), (2**31 + 5, 7)):
        at = np.array([5, 6, 7, 8, *skipped], np.uint32)
        np.testing.assert_array_equal(words(at), philox.bits(at, 200))
    later = philox.bits(np.array([5, 6, 7, 8, 3, 0], np.uint32), 64)
    np.testing.assert_array_equal(later, philox.bits(np.array([5, 6, 7, 8], np.uint32), 256)[192:])


def test_draws_that_are_of_other_streams_take_a_seed_each():
    numbers = []
    for between in (lambda: tf2.random.categorical([[0.0, 1.0]], 2), lambda: tf2.random.normal([7])):
        tf2.random.set_seed(1)
        between()
        numbers.append(tf2.random.uniform([3]).numpy().tolist())
    assert numbers[0] == numbers[1]


def test_first_weights_are_those_that_hands_on_machine_learning_prints():
    tf2.random.set_seed(42)
    model = tf2.keras.models.Sequential([tf2.keras.layers.Flatten(input_shape=[28, 28])])
    model.add(tf2.keras.layers.Dense(300, activation="relu"))
    weights = model.layers[1].get_weights()[0]
    np.testing.assert_allclose(weights[0, :3], [0.02448617, -0.00877795, -0.02189048], rtol=1e-5)
    np.testing.assert_allclose(weights[1, -2:], [-0.02763776, -0.04165364], rtol=1e-5)


def test_a_training_has_the_losses_of_tensorflows():
    rng = np.random.RandomState(0)
    x = rng.normal(size=(40, 3)).astype("float32")
    y, weights = x.sum(1, keepdims=True), [rng.normal(size=(3, 1)).astype("float32"), np.zeros(1, "float32")]
    tf2.random.set_seed(42)
    model = tf2.keras.Sequential([tf2.keras.layers.Dense(1, input_shape=(3,))])
    model.set_weights(weights)
    model.compile("sgd", "mse")
    losses = model.fit(x, y, epochs=4, batch_size=7, verbose=0).history["loss"]
    np.testing.assert_allclose(losses, [5.64207, 4.12587, 3.04998, 2.26492], atol=2e-5)


def test_initializers_with_seeds():
    tf2.random.set_seed(7)
    first = tf2.keras.initializers.GlorotUniform(seed=1)((3, 2))
    again = tf2.keras.initializers.GlorotUniform(seed=1)((3, 2))
    np.testing.assert_array_equal(first, again)
    expected = scrambled((1, 0)).uniform((3, 2), np.dtype("float32")) * 2 - 1
    np.testing.assert_allclose(first, expected * np.sqrt(6 / 5), rtol=1e-6)


def test_the_librarys_own_seed_brings_its_own_numbers_back():
    def first_weights():
        return tw.initializers.GlorotUniform()((2, 2)).tolist()

    tw.set_random_seed(5)
    own = first_weights()
    tf2.random.set_seed(5)
    assert first_weights() != own
    tw.set_random_seed(5)
    assert first_weights() == own


NODES: dict[str, Any] = {
    "normal": (lambda: tf.random_normal([3, 3], 1.0, 2.0, seed=1), [1.5636679, 5.7756567, 5.5608096], [3.6413774]),
    "truncated": (lambda: tf.truncated_normal([3, 3], stddev=0.1, seed=1), [0.0281834, -0.0308662], [0.1320689]),
    "whole": (lambda: tf.random_uniform([6], 0, 100, tf.int32, seed=1), [50, 18, 7], [86]),
    "order": (lambda: tf.random_shuffle(tf.range(9), seed=1), None, [6, 1, 3, 8, 5]),
    "glorot": (
        lambda: tf.get_variable("g", [4, 3], initializer=tf.glorot_uniform_initializer(seed=1)),
        [-0.8229724, -0.8911973, -0.794706], [-0.8229724],
    ),
    "orthogonal": (
        lambda: tf.get_variable("o", [4, 3], initializer=tf.orthogonal_initializer(seed=1)),
        [0.2124143, 0.9412802, 0.0990089], [0.2124143],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NODES)
def test_nodes_with_seeds(case):
    make, first, later = NODES[case]
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        node = make()
        for _ in range(2):  # sessions begin anew
            with tf.Session() as session:
                session.run(tf.global_variables_initializer())
                runs = [np.ravel(session.run(node)) for _ in range(2)]
                if first is not None:
                    np.testing.assert_allclose(runs[0][: len(first)], first, rtol=4e-6)
                np.testing.assert_allclose(runs[1][: len(later)], later, rtol=4e-6)


def test_the_numbers_that_a_course_expects():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        xavier = tf.contrib.layers.xavier_initializer(seed=0)
        first = tf.get_variable("W1", [4, 4, 3, 8], initializer=xavier)
        second = tf.get_variable(
            "W2", [2, 2, 8, 16], initializer=tf.contrib.layers.xavier_initializer(seed=0)
        )
        session.run(tf.global_variables_initializer())
        rows = [first.eval()[1, 1, 1, :4], second.eval()[1, 1, 1, :4]]
    expected = [
        [0.00131723, 0.14176141, -0.04434952, 0.09197326],
        [-0.08566415, 0.17750949, 0.11974221, 0.16773748],
    ]
    np.testing.assert_allclose(rows, expected, rtol=0, atol=6e-9)


def test_bounds_that_are_nodes():
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        plain = tf.random_normal([4], 1.0, 2.0, seed=1)
        of_nodes = tf.random_normal([4], tf.constant(1.0), tf.constant(2.0), seed=1)
        between = tf.random_uniform([4], tf.constant(-1.0), tf.constant(3.0), seed=1)
        first, second = session.run([plain, of_nodes])
        np.testing.assert_allclose(first, second, rtol=1e-6)
        uniform = Stream(1, 1).uniform((4,), np.dtype("float32"))
        np.testing.assert_allclose(session.run(between), uniform * 4 - 1, rtol=1e-6)


def test_a_node_with_a_seed_in_a_graph_without():
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = session.run(tf.random_normal([2], seed=3))
    np.testing.assert_allclose(drawn, [1.0616621, -0.8785783], rtol=2e-6)


def test_seeds_of_numpy():
    rule = SeedsOfNumPy()
    np.random.seed(3)  # noqa: NPY002 - what programs of Keras seed
    own = rule.first(None).uniform((2,), np.dtype("float32"))
    np.random.seed(3)  # noqa: NPY002
    number = int(np.random.randint(10_000_000))  # noqa: NPY002
    np.testing.assert_array_equal(own, Stream(87654321, number).uniform((2,), np.dtype("float32")))
    np.random.seed(4)  # noqa: NPY002
    orders = rule.orders()
    drawn = [orders(5).tolist(), orders(5).tolist()]
    np.random.seed(4)  # noqa: NPY002
    expected = np.arange(5)
    for order in drawn:
        np.random.shuffle(expected)  # noqa: NPY002
        assert order == expected.tolist()


def test_a_source_of_numbers_needs_a_shape():
    with pytest.raises(tw.ShapeError, match="a known shape"):
        tw.random.uniform((None, 2), like=tw.placeholder("float32", (None, 2)), key=Stream(1, 1))
    assert draws.get_rule() is None


# --- seeds of a graph alone -------------------------------------------------------------------------------------------


class Known:
    """What calls are made on."""

    def __init__(self) -> None:
        self.x = tf.placeholder(tf.float32, [2, 4])
        self.images = tf.placeholder(tf.float32, [2, 4, 4, 3])
        self.w, self.b = tf.Variable(tf.zeros([4, 3])), tf.Variable(tf.zeros([3]))
        self.y = tf.placeholder(tf.float32, [2, 3])
        self.ids = tf.placeholder(tf.int32, [2])
        self.keep = tf.placeholder(tf.float32)


# What TensorFlow 1.15 makes of a call: so many nodes.
COUNTS: list[tuple[int, Any]] = [
    (1, lambda k: tf.placeholder(tf.float32, [None, 4])),
    (1, lambda k: tf.constant(1.0)),
    (1, lambda k: tf.ones([3, 2])),
    (4, lambda k: tf.Variable(np.zeros(3, "float32"))),
    (4, lambda k: tf.Variable(tf.constant(0.1, shape=[3]))),
    (9, lambda k: tf.Variable(tf.random_normal([4, 3], stddev=0.1))),
    (9, lambda k: tf.Variable(tf.truncated_normal([4, 3]))),
    (10, lambda k: tf.Variable(tf.random_uniform([4, 3], -1.0, 1.0))),
    (10, lambda k: tf.get_variable("a", [4, 3])),
    (4, lambda k: tf.get_variable("b", [3], initializer=tf.zeros_initializer())),
    (9, lambda k: tf.get_variable("c", [3], initializer=tf.truncated_normal_initializer())),
    (10, lambda k: tf.get_variable("d", [4, 3], initializer=tf.contrib.layers.xavier_initializer())),
    (2, lambda k: tf.matmul(k.x, k.w) + k.b),
    (2, lambda k: k.x + 1.0),
    (2, lambda k: tf.nn.xw_plus_b(k.x, k.w, k.b)),
    (2, lambda k: tf.pow(k.x, 2)),
    (2, lambda k: tf.reduce_mean(k.x)),
    (2, lambda k: tf.reduce_sum(k.x, [0, 1])),
    (5, lambda k: tf.equal(tf.argmax(k.x, 1), tf.argmax(k.x, 1))),
    (0, lambda k: tf.cast(k.x, tf.float32)),
    (2, lambda k: tf.reshape(k.x, [-1, 2, 2, 1])),
    (1, lambda k: tf.nn.max_pool(k.images, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")),
    (16, lambda k: tf.nn.dropout(k.x, 0.5)),
    (17, lambda k: tf.nn.dropout(k.x, k.keep)),
    (32, lambda k: tf.nn.softmax_cross_entropy_with_logits(logits=k.y, labels=k.y)),
    (2, lambda k: tf.nn.sparse_softmax_cross_entropy_with_logits(logits=k.y, labels=k.ids)),
    (10, lambda k: tf.nn.sigmoid_cross_entropy_with_logits(logits=k.y, labels=k.y)),
    (4, lambda k: tf.one_hot(k.ids, 3)),
    (2, lambda k: tf.expand_dims(k.x, 1)),
    (2, lambda k: tf.transpose(k.x)),
    (2, lambda k: tf.concat([k.x, k.x], 1)),
    (3, lambda k: tf.split(k.x, 2, 1)),
    (4, lambda k: k.x[:, 1:]),
    (3, lambda k: tf.nn.embedding_lookup(k.w, k.ids)),
    (5, lambda k: tf.shape(k.x)[0]),
    (4, lambda k: tf.range(5)),
    (4, lambda k: tf.clip_by_value(k.x, 0.0, 1.0)),
    (2, lambda k: tf.multinomial(k.y, 1)),
    (16, lambda k: tf.layers.dense(k.x, 5)),
    (17, lambda k: tf.layers.conv2d(k.images, 4, 3)),
    (2, lambda k: tf.layers.flatten(k.images)),
    (17, lambda k: tf.contrib.layers.fully_connected(k.x, 5)),
    (8, lambda k: tf.nn.moments(k.x, [0])),
    (3, lambda k: tf.summary.scalar("a", tf.constant(1.0))),
    (2, lambda k: k.b.assign_add([1.0, 1.0, 1.0])),
]


def test_calls_make_as_many_nodes_as_tensorflows():
    with tf.Graph().as_default() as graph:
        known, found = Known(), []
        for _, call in COUNTS:
            before = graph._last_id
            call(known)
            found.append(graph._last_id - before)
    assert found == [nodes for nodes, _ in COUNTS]


def _convolutions():
    def weight(shape):
        return tf.Variable(tf.truncated_normal(shape, stddev=0.1))

    def bias(shape):
        return tf.Variable(tf.constant(0.1, shape=shape))

    x, keep = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32)
    h, width = tf.reshape(x, [-1, 28, 28, 1]), 1
    for wider in (32, 64):
        w, b = weight([5, 5, width, wider]), bias([wider])
        h = tf.nn.relu(tf.nn.conv2d(h, w, strides=[1, 1, 1, 1], padding="SAME") + b)
        h, width = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), wider
    w, b = weight([7 * 7 * 64, 100]), bias([100])
    h = tf.nn.dropout(tf.nn.relu(tf.matmul(tf.reshape(h, [-1, 7 * 7 * 64]), w) + b), keep)
    tf.matmul(h, weight([100, 10])) + bias([10])


def _perceptron():
    tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
    for shape in ([784, 256], [256, 10], [256], [10]):
        tf.Variable(tf.random_normal(shape))


def _layers():
    h = tf.layers.conv2d(tf.placeholder(tf.float32, [None, 28, 28, 1]), 8, 5, activation=tf.nn.relu)
    h = tf.layers.dense(tf.layers.flatten(tf.layers.max_pooling2d(h, 2, 2)), 10, activation=tf.nn.relu)
    tf.layers.dense(tf.layers.dropout(h, 0.4, training=True), 3)


def _named():
    tf.get_variable("a", [4, 3], initializer=tf.contrib.layers.xavier_initializer(seed=1))
    tf.get_variable("b", [4, 3])
    tf.get_variable("c", [4, 3], initializer=tf.random_uniform_initializer(-1, 1))
    tf.get_variable("d", [4, 4], initializer=tf.orthogonal_initializer())
    tf.get_variable("e", [4, 3], initializer=tf.truncated_normal_initializer(stddev=0.1))


# The sums of the first two numbers of what is drawn, with the seed 1.
FIRST: list[tuple[Any, list[float]]] = [
    (_perceptron, [2.1117058, -0.3381279, -0.4713557, 2.1082439]),
    (_convolutions, [-0.0869071, -0.2976672, 0.0199868, 0.0604753]),
    (_layers, [-0.0825054, 0.0307655, 0.24794]),
    (_named, [-1.7141697, 1.2957902, 1.0796692, -0.3727236, -0.1547116]),
]


@pytest.mark.parametrize("number", range(4))
def test_first_weights_of_a_graph_with_a_seed(number):
    make, expected = FIRST[number]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        make()
        session.run(tf.global_variables_initializer())
        found = [float(v.ravel()[:2].sum()) for v in session.run(tf.global_variables()) if np.ptp(v)]
    np.testing.assert_allclose(found, expected, rtol=2e-5)


def test_runs_go_on_and_sessions_begin_anew():
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        z, u = tf.random_normal([3]), tf.random_uniform([2])
        for _ in range(2):
            with tf.Session() as session:
                first, other = session.run([z, u])
                np.testing.assert_allclose(first, [-0.670861, 0.223571, 0.797273], rtol=1e-5)
                np.testing.assert_allclose(other, [0.30954, 0.536443], rtol=1e-5)
                np.testing.assert_allclose(session.run(z), [-1.446989, 1.099653, 0.893682], rtol=1e-5)


# --- data sets of a graph ---------------------------------------------------------------------------------------------


def _drawn(x: Any, **seed: Any) -> Any:
    return tf.cast(x, tf.float32) + tf.random_uniform([], **seed)


_Data = tf.data.Dataset
# What is made, the seed of the graph, and what each of two passes gives; those of TensorFlow 1.15.
DATA: dict[str, tuple[Any, Any, Any]] = {
    "order": (lambda: _Data.range(6).shuffle(10, seed=3), None, [0, 1, 2, 3, 4, 5]),
    "order of both seeds": (lambda: _Data.range(6).shuffle(10, seed=3), 7, [5, 0, 3, 4, 2, 1]),
    "order of the graph": (lambda: _Data.range(6).shuffle(10), 7, [4, 2, 3, 5, 0, 1]),
    "order of slices": (lambda: _Data.from_tensor_slices(np.arange(6)).shuffle(6), 5, [4, 5, 0, 2, 1, 3]),
    "same order": (
        lambda: _Data.range(6).shuffle(10, seed=3, reshuffle_each_iteration=False), None, [5, 4, 2, 0, 3, 1]
    ),
    "repeated": (
        lambda: _Data.range(5).shuffle(10, seed=3).repeat(3), None, [2, 4, 3, 0, 1, 1, 0, 3, 4, 2, 0, 1, 3, 4, 2]
    ),
    "small window": (lambda: _Data.range(8).shuffle(3, seed=3), None, [0, 1, 2, 3, 5, 6, 4, 7]),
    "two": (lambda: _Data.range(5).shuffle(5, seed=1).shuffle(5, seed=2), None, [0, 3, 2, 4, 1]),
    "draws": (lambda: _Data.range(3).map(lambda x: _drawn(x, seed=4)), None, [0.9566, 1.5259, 2.8928]),
    "draws of both seeds": (lambda: _Data.range(3).map(lambda x: _drawn(x, seed=4)), 7, [0.1953, 1.4864, 2.7388]),
    "draws of the graph": (lambda: _Data.range(3).map(_drawn), 7, [0.8669, 1.0891, 2.9859]),
    "draws go on": (
        lambda: _Data.range(3).map(lambda x: _drawn(x, seed=4)).repeat(2), None,
        [0.9566, 1.5259, 2.8928, 0.9976, 1.9232, 2.5138],
    ),
    "draws in order": (
        lambda: _Data.range(6).map(lambda x: _drawn(x * 10)).shuffle(3, seed=2), 5,
        [20.417547, 30.780615, 10.048307, 40.127522, 0.447464, 50.104321],
    ),
    "inner orders": (
        lambda: _Data.range(2).flat_map(lambda i: _Data.range(4).shuffle(4, seed=1)), None, [0, 3, 1, 2, 0, 3, 1, 2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_each_iterator_begins_with_the_seeds(name):
    make, seed, expected = DATA[name]
    with tf.Graph().as_default(), tf.Session() as session:
        if seed is not None:
            tf.set_random_seed(seed)
        iterator = make().make_initializable_iterator()
        element = iterator.get_next()
        for _ in range(2):
            session.run(iterator.initializer)
            found = []
            with pytest.raises(tf.errors.OutOfRangeError):
                while True:
                    found.append(session.run(element))
            np.testing.assert_allclose(found, expected, atol=1e-4)
