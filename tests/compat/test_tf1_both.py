"""Numbers, names and errors that TensorFlow 1.15 and Keras 2.2.5 themselves gave for the same lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.conftest import Run
from compat.graphs import run
from thalweg.compat.streams import SeedsOfNumPy, Stream, pair_of_seeds
from thalweg.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("new_graph")

# --- functions of Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["py_func", "py_function", "numpy_function"])
def test_texts_in_functions_of_python(name: str) -> None:
    shout = (lambda x: x.numpy().upper()) if name == "py_function" else bytes.upper
    data = tf.data.Dataset.from_tensor_slices(["a", "b"]).map(
        lambda x: getattr(tf, name)(shout, [x], tf.string)
    )
    element = data.make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert [sess.run(element), sess.run(element)] == [b"A", b"B"]


def test_what_functions_of_python_are_given() -> None:
    kinds: list[Any] = []

    def told(*values: Any) -> np.float32:
        kinds.extend((type(x).__name__, getattr(x, "dtype", None), np.shape(x)) for x in values)
        return np.float32(1)

    given = [
        tf.constant("a"),
        tf.constant(["a", "b"]),
        tf.constant(1.0),
        tf.constant([1.0]),
        tf.constant(3, tf.int64),
    ]
    assert run(tf.py_func(told, given, tf.float32)) == 1
    assert kinds == [
        ("bytes", None, ()), ("ndarray", np.dtype(object), (2,)), ("float32", np.dtype("float32"), ()),
        ("ndarray", np.dtype("float32"), (1,)), ("int64", np.dtype("int64"), ()),
    ]  # fmt: skip


def test_functions_of_eager_tensors_have_gradients() -> None:
    x, y = tf.constant([1.0, 2.0]), tf.constant(3.0)
    product = tf.py_function(lambda a, b: a * a * b, [x, y], tf.float32)
    assert [g.tolist() for g in run(tf.gradients(product, [x, y]))] == [[6, 12], 5]
    first, second = tf.py_function(lambda a, b: [a * 2, b * 5], [x, y], [tf.float32, tf.float32])
    assert [g.tolist() for g in run(tf.gradients([second, first], [x, y]))] == [[2, 2], 5]
    assert run(tf.py_function(lambda a: a.numpy().sum(), [x], tf.float32)) == 3


def test_functions_of_python_for_what_they_do() -> None:
    seen: list[Any] = []
    text = tf.placeholder(tf.string, [])
    with tf.control_dependencies(
        [tf.py_func(seen.append, [text], []), tf.py_function(seen.append, [1.0], [])]
    ):
        one = tf.constant(1.0) * 1
    with tf.Session() as sess:
        assert sess.run(one, {text: "a"}) == 1
    assert b"a" in seen and len(seen) == 2
    with tf.Session() as sess, pytest.raises(ArgumentError, match=r"expected 1.*received 2.*Tout"):
        sess.run(tf.py_func(lambda: (1, 2), [], [tf.int64]))


# --- draws that are followed by gradients --------------------------------------------------------------------------

_ALPHA, _BETA = np.array([0.3, 1.0, 2.5, 20.0], np.float32), np.array([2.0, 3.0, 1.0, 0.5], np.float32)
_TOTAL = _ALPHA + _BETA
# How the mean of each moves with its parameters.
FOLLOWED: dict[str, tuple[Callable[[Any, Any], Any], list[Any]]] = {
    "gamma": (lambda a, b: tf.random_gamma([20000], a, b, seed=3), [1 / _BETA, -_ALPHA / _BETA**2]),
    "Gamma": (
        lambda a, b: tf.distributions.Gamma(a, b).sample(20000, seed=3),
        [1 / _BETA, -_ALPHA / _BETA**2],
    ),
    "Beta": (
        lambda a, b: tf.distributions.Beta(a, b).sample(20000, seed=3),
        [_BETA / _TOTAL**2, -_ALPHA / _TOTAL**2],
    ),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_draws_move_with_their_parameters(name: str) -> None:
    draw, wanted = FOLLOWED[name]
    a, b = tf.constant(_ALPHA), tf.constant(_BETA)
    found = run(tf.gradients(tf.reduce_mean(draw(a, b), 0), [a, b]))
    for slope, exact in zip(found, wanted, strict=True):
        np.testing.assert_allclose(slope, exact, rtol=0.06, atol=2e-3)


# --- what only a run knows, and names ---------------------------------------------------------------------------------


def test_ends_and_sizes_that_a_run_knows() -> None:
    start, count = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])
    numbers = tf.linspace(start, 5.0, count)
    cut = tf.random_crop(tf.reshape(tf.range(60), [5, 4, 3]), [count, 2, 3], seed=4)
    assert numbers.get_shape().as_list() == [None]
    with tf.Session() as sess:
        assert sess.run(numbers, {start: 2.0, count: 5}).tolist() == [2, 2.75, 3.5, 4.25, 5]
        assert sess.run(numbers, {start: 2.0, count: 1}).tolist() == [2]
        assert sess.run(cut, {count: 2}).shape == (2, 2, 3)


def test_zeros_for_what_nothing_depends_on() -> None:
    v, w = tf.constant([1.0, 2.0]), tf.constant([3.0])
    assert tf.gradients(v * 2, [v, w])[1] is None
    found = run(tf.gradients(v * 2, [v, w], unconnected_gradients="zero"))
    assert [x.tolist() for x in found] == [[2, 2], [0]]
    zero = tf.UnconnectedGradients.ZERO
    assert run(tf.gradients(tf.constant(1), [w], unconnected_gradients=zero))[0].tolist() == [0]
    with pytest.raises(ValueError, match="'none' or 'zero'"):
        tf.gradients(v, v, unconnected_gradients="ones")


def _all(dataset: Any) -> list[Any]:
    element, found = dataset.make_one_shot_iterator().get_next(), []
    with tf.Session() as sess, pytest.raises(tf.errors.OutOfRangeError):
        while True:
            found.append(sess.run(element))
    return found


def test_texts_of_data_sets_are_bytes() -> None:
    data = tf.data.Dataset
    assert _all(data.from_tensors("a").repeat(2)) == [b"a", b"a"]
    assert _all(data.from_tensor_slices(np.array(["a", "b"], object))) == [b"a", b"b"]
    assert _all(data.from_tensors((1, {"t": "x"}))) == [(1, {"t": b"x"})]


def test_data_sets_by_turns_and_without_doubles() -> None:
    data = tf.data.Dataset
    parts = [data.from_tensors("a").repeat(), data.from_tensors("b"), data.from_tensors("c").repeat()]
    options = tf.data.Options()
    options.experimental_deterministic = False
    turns = tf.data.experimental.choose_from_datasets(parts, data.range(3).repeat(3)).with_options(options)
    assert _all(turns) == [b"a", b"b", b"c", b"a", b"c", b"a", b"c"]
    assert _all(data.from_tensor_slices([1, 37, 2, 37, 2, 1]).apply(tf.data.experimental.unique())) == [
        1,
        37,
        2,
    ]


def test_texts_that_are_not_empty() -> None:
    assert run(tf.count_nonzero(tf.constant([["", "a"], ["b", "c"]]), axis=0)).tolist() == [1, 2]


def test_whole_numbers_keep_their_width() -> None:
    x, ids = tf.constant([[1, 2], [3, 4], [5, 6]]), tf.constant([0, 0, 1])
    made = [
        tf.cumsum(x),
        tf.cumprod(x, 1, reverse=True),
        tf.segment_prod(x, ids),
        tf.unsorted_segment_prod(x, ids, 2),
    ]
    assert [y.dtype for y in made] == [tf.int32] * 4
    wanted = [[[1, 2], [4, 6], [9, 12]], [[2, 2], [12, 4], [30, 6]], [[3, 8], [5, 6]], [[3, 8], [5, 6]]]
    assert [y.tolist() for y in run(made)] == wanted


def test_names_of_devices() -> None:
    read = tf.DeviceSpec.from_string
    names = {"/cpu:0": "/device:CPU:0", "/job:ps/task:2/device:GPU:1": "/job:ps/task:2/device:GPU:1"}
    names |= {"/gpu:*": "/device:GPU:*", "/job:w/replica:0": "/job:w/replica:0"}
    assert {name: read(name).to_string() for name in names} == names
    one, other = (
        tf.DeviceSpec(job="x", device_type="CPU"),
        tf.DeviceSpec(task=3, device_type="GPU", device_index=1),
    )
    assert one.make_merged_spec(other).to_string() == "/job:x/task:3/device:GPU:1"
    one.merge_from(other)
    assert one == read("/job:x/task:3/gpu:1") and one.replace(job="z").job == "z"
    assert one.parse_from_string("/gpu:2") is one and one.to_string() == "/device:GPU:2"
    with pytest.raises(ValueError, match="Unknown attribute: 'foo' in '/foo:1'"):
        read("/foo:1")


# --- stand-alone Keras ---------------------------------------------------------------------------------------------


def test_orthogonal_matrices_are_of_numpys_numbers() -> None:
    found = SeedsOfNumPy().orthogonal(2, 3, 5)
    np.testing.assert_allclose(
        np.abs(found), [[0.082644, 0.076365, 0.993649], [0.85259, 0.510836, 0.110171]], atol=1e-5
    )
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-12)


HINGES = """
import numpy as np
from keras import losses
from keras.layers import Dense
from keras.models import Sequential, load_model
x, y = np.arange(12.0).reshape(4, 3) / 10, np.array([[0.0], [1.0], [0.0], [1.0]])
for loss in ("hinge", "squared_hinge", losses.hinge, losses.get("squared_hinge"), "categorical_hinge"):
    model = Sequential([Dense(1, use_bias=False, input_shape=(3,), kernel_initializer="ones")])
    model.compile("sgd", loss, metrics=["hinge"])
    found = model.evaluate(x - 0.5, y, verbose=0)
    model.save("hinges.h5")
    assert load_model("hinges.h5").evaluate(x - 0.5, y, verbose=0) == found
    print([round(float(number), 4) for number in found])
"""


def test_hinges_take_targets_of_0_as_they_are(thalweg_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "hinges.py"
    path.write_text(HINGES)
    done = thalweg_run(path)
    assert done.returncode == 0, done.stderr
    plain, squared = "[0.825, 0.825]", "[0.9225, 0.825]"
    assert done.stdout.split("\n")[:5] == [plain, squared, plain, squared, "[0.725, 0.825]"]


# --- draws within layers --------------------------------------------------------------------------------------------

SEEDED_LAYERS = """
import numpy as np
import tensorflow as tf
from keras.layers import Input, Lambda
from keras.models import Model

x = np.zeros((3, 1), "float32")
for draw in (
    lambda z: z + tf.random_uniform([3, 1], seed=5),
    lambda z: z + tf.random_normal(tf.shape(z)),
    lambda z: tf.nn.dropout(z + 1, 0.5, seed=2),
    lambda z: tf.random_shuffle(z + tf.constant([[1.0], [2.0], [3.0]]), seed=1),
):
    tf.set_random_seed(3)
    inputs = Input((1,))
    model = Model(inputs, Lambda(draw)(inputs))
    print(*np.ravel([model.predict(x) for _ in range(3)]))
    model.compile("sgd", "mse")
    model.evaluate(x, x, verbose=0)
"""


def test_a_seeded_graph_draws_within_layers_of_keras(thalweg_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "seeded_layers.py"
    path.write_text(SEEDED_LAYERS)
    first, again = thalweg_run(path), thalweg_run(path)
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    rows = [np.array(line.split(), float).reshape(3, 3) for line in first.stdout.splitlines()]
    stream = Stream(*pair_of_seeds(3, 5))  # of known shape, with a seed: TensorFlow's numbers
    np.testing.assert_allclose(rows[0], [stream.uniform((3,), np.float32) for _ in range(3)], rtol=1e-6)
    assert all(len(np.unique(found, axis=0)) > 1 for found in rows)


def test_names_below_scopes_that_are_opened_again() -> None:
    """As 1.15 names them: a scope without a name, one that is given itself, layers without names in them."""

    def judged(x: Any) -> Any:
        with tf.variable_scope("discriminator"):
            return tf.layers.dense(tf.layers.dense(x, 3), 2)

    x = tf.zeros([4, 5])
    with tf.variable_scope("") as scope:
        judged(x)
        scope.reuse_variables()
        judged(x)
    with tf.variable_scope("", reuse=True) as again:
        assert (again.name, again.original_name_scope) == ("", "")
        judged(x)
    with tf.variable_scope("discriminator", reuse=True):
        assert tf.layers.dense(x, 3).name == "discriminator_3/dense/BiasAdd:0"
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        assert judged(x).name == "discriminator_4/dense_1/BiasAdd:0"
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        assert judged(x).name == "discriminator_5/dense_1/BiasAdd:0"
    below = [
        f"discriminator/{name}" for name in ("dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias")
    ]
    assert [v.name for v in tf.global_variables()] == [f"{name}:0" for name in below]
    with tf.variable_scope("a"), tf.variable_scope(""):
        assert (tf.get_variable("v", [2]).name, tf.zeros([1], name="z").name) == ("a//v:0", "a/z:0")
    with tf.variable_scope(""):
        assert tf.layers.dense(x, 3).name == "dense/BiasAdd:0"
    assert tf.layers.dense(x, 3).name == "dense_1/BiasAdd:0"
