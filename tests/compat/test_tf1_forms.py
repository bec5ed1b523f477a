"""TensorFlow 1's functions in the forms in which programs call them; expected values by formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from compat.graphs import run
from thalweg.compat import tf1

tf: Any = tf1
A = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], "float32")
ONE = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
LOG = A - np.log(np.exp(A).sum(1, keepdims=True))
RANDOM = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


_FORMS: list[tuple[str, Callable[[], Any], Any]] = [
    (
        "v2 is (labels, logits)",
        lambda: tf.nn.softmax_cross_entropy_with_logits_v2(ONE, A),
        -(ONE * LOG).sum(1),
    ),
    ("0.x is (logits, labels)", lambda: tf.nn.softmax_cross_entropy_with_logits(A, ONE), -(ONE * LOG).sum(1)),
    ("arrays take the first one's dtype", lambda: tf.multiply(A, A.astype("float64")), A * A),
    ("numbers in lists are float32", lambda: tf.constant([np.float64(1), 2]), np.array([1, 2], "float32")),
    (
        "whole numbers in lists are int32",
        lambda: tf.convert_to_tensor([np.int64(1), 2]),
        np.array([1, 2], "i"),
    ),
    (
        "a filter has the dtype of the images",
        lambda: tf.nn.conv2d(A[None, :, :, None], np.ones((1, 1, 1, 1)), [1, 1, 1, 1], "SAME"),
        A[None, :, :, None],
    ),
    ("one array is joined with nothing", lambda: tf.concat(A, 0), A),
    ("whole numbers stay whole", lambda: tf.squared_difference(3, 1), np.int32(4)),
    (
        "bytes are divided in float32",
        lambda: tf.constant(np.array([7], "uint8")) / 2,
        np.array([3.5], "float32"),
    ),
    ("a list of places is one place", lambda: tf.constant(A)[[1, 2]], A[1, 2]),
    ("a mask chooses", lambda: tf.constant(A)[tf.constant(A) > 0], A[A > 0]),
    ("a mask of NumPy chooses", lambda: tf.constant(A)[A[:, 0] > 0], A[A[:, 0] > 0]),
    ("texts are equal", lambda: tf.equal(["a", "b"], ["a", "c"]), np.array([True, False])),
    (
        "texts are reshaped",
        lambda: tf.reshape(["a", "b"], [2, 1]),
        np.array([[b"a"], [b"b"]], object),
    ),
    (
        "texts are joined",
        lambda: tf.concat([["a"], ["b", "c"]], 0),
        np.array([b"a", b"b", b"c"], object),
    ),
    (
        "texts are stacked",
        lambda: tf.stack([["a", "b"], ["c", "d"]], 1),
        np.array([[b"a", b"c"], [b"b", b"d"]], object),
    ),
    ("texts are gathered", lambda: tf.gather(["a", "b"], [1]), np.array([b"b"], object)),
    ("texts are blanked", lambda: tf.zeros_like(["a"]), np.array([b""], object)),
    (
        "the last value fills what is left",
        lambda: tf.get_variable("w", [2, 2], initializer=tf.constant_initializer([1, 2, 3])),
        np.array([[1, 2], [3, 3]], "float32"),
    ),
]


@pytest.mark.parametrize(("call", "expected"), [row[1:] for row in _FORMS], ids=[row[0] for row in _FORMS])
def test_a_form_gives_the_documented_value(call: Callable[[], Any], expected: Any) -> None:
    found = np.asarray(run(call()))
    assert found.dtype == np.asarray(expected).dtype
    if found.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_labels_are_held_fixed_by_all_but_the_second_version() -> None:
    logits, labels = tf.Variable(A), tf.Variable(ONE)
    first = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    assert tf.gradients(first, [labels]) == [None]
    assert tf.gradients(tf.losses.softmax_cross_entropy(labels, logits), [labels]) == [None]
    second = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    np.testing.assert_allclose(run(tf.gradients(second, [labels])[0]), -LOG, rtol=1e-5)


def test_a_tie_of_an_extreme_gives_its_gradient_to_the_first() -> None:
    x = tf.constant([-1.0, 0.0, 2.0])
    for made, expected in (
        (tf.maximum(x, 0.0), [0.0, 1.0, 1.0]),
        (tf.maximum(0.2 * x, x), [0.2, 0.2, 1.0]),
        (tf.minimum(x, 0.0), [1.0, 1.0, 0.0]),
    ):
        np.testing.assert_allclose(run(tf.gradients(made, x)[0]), expected)


def test_no_gradient_goes_through_whole_numbers() -> None:
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.argmax(x), x) == [None]
    with pytest.raises(ValueError, match="No gradients provided"):
        tf.train.AdamOptimizer().minimize(tf.Variable(1) * 2)


def test_labels_tell_how_many_rows_there_are() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    assert tf.nn.softmax_cross_entropy_with_logits(labels=ONE, logits=x).get_shape().as_list() == [2]


def test_adam_counts_by_the_powers_of_its_betas() -> None:
    v = tf.Variable(A, name="v")
    step = tf.train.AdamOptimizer(0.1, 0.8, 0.9).minimize(tf.reduce_sum(v * v))
    names = ["v:0", "beta1_power:0", "beta2_power:0", "v/Adam:0", "v/Adam_1:0"]
    assert [x.name for x in tf.global_variables()] == names
    assert tf.get_collection(tf.GraphKeys.TRAIN_OP) == [step]
    w: Any = A.astype("float64")
    m: Any = 0.0
    s: Any = 0.0
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for t in range(1, 4):
            session.run(step)
            m, s = 0.8 * m + 0.2 * 2 * w, 0.9 * s + 0.1 * 4 * w * w
            w = w - 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.8**t) * m / (np.sqrt(s) + 1e-8)
        np.testing.assert_allclose(session.run(v), w, rtol=1e-5)
        powers = session.run([x for x in tf.global_variables() if "power" in x.name])
    np.testing.assert_allclose(powers, [0.8**4, 0.9**4], rtol=1e-6)


def test_arrays_of_examples_and_labels_come_in_the_order_of_0_11() -> None:
    w, b = RANDOM.normal(size=(9, 3)).astype("float32"), np.zeros(9, "float32")
    labels = np.array([[1], [2]])
    drawn = (np.array([4, 5]), np.full((2, 1), 0.3, "float32"), np.full(2, 0.4, "float32"))
    losses = [tf.nn.nce_loss(w, b, *pair, 2, 9, sampled_values=drawn) for pair in ((labels, A), (A, labels))]
    one, other = run(losses)
    np.testing.assert_array_equal(one, other)


_WRONG: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, "None values", lambda: tf.constant(None)),
    (ValueError, "initial_value", lambda: tf.Variable(None)),
    (ValueError, "at least one", lambda: tf.add_n([])),
    (ValueError, "same shape", lambda: tf.add_n([A, A[0]])),
    (ValueError, "num=5", lambda: tf.unstack(A, 5)),
    (
        ValueError,
        "the input has 3",
        lambda: tf.nn.conv2d_transpose(
            tf.zeros([2, 3, 3, 4]), tf.zeros([3, 3, 1, 4]), [2, 9, 9, 1], [1, 2, 2, 1]
        ),
    ),
    (ValueError, "maxval", lambda: tf.random_uniform([2], dtype=tf.int32)),
    (ValueError, "axis must be given", lambda: tf.expand_dims(A)),
    (ValueError, "scope name", lambda: tf.name_scope("a b").__enter__()),
    (ValueError, "both labels and logits", lambda: tf.nn.softmax_cross_entropy_with_logits(labels=ONE)),
    (TypeError, "cast", lambda: tf.reduce_sum(A > 0)),
    (TypeError, "cast", lambda: tf.reduce_mean(tf.constant(A) > 0)),
    (tf.errors.InvalidArgumentError, "no value", lambda: run(tf.placeholder(tf.float32, [2]))),
]


@pytest.mark.parametrize(("kind", "message", "call"), _WRONG)
def test_what_is_wrong_is_told(kind: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_settings_that_were_not_made_have_their_defaults() -> None:
    config = tf.ConfigProto(device_count={"GPU": 0})
    config.gpu_options.allow_growth = True
    assert not config.allow_soft_placement
    assert config.intra_op_parallelism_threads == 0
    assert config.device_count == {"GPU": 0}
    assert config.gpu_options.allow_growth
    assert tf.GPUOptions().per_process_gpu_memory_fraction == 0.0


def test_a_graph_tells_its_open_scope() -> None:
    graph = tf.get_default_graph()
    before = graph.version
    with tf.name_scope("a"), tf.name_scope("b"):
        assert graph.get_name_scope() == "a/b"
        tf.constant(1.0)
    assert graph.get_name_scope() == ""
    assert graph.version > before


def test_ranges_have_the_dtype_of_what_they_are_given() -> None:
    """As printed by TensorFlow 2.21's tf.compat.v1."""
    x = tf.placeholder(tf.float32, [None, 3])
    cases = [
        (tf.range(np.int64(2)), "int64"), (tf.range(tf.constant(2, tf.int64)), "int64"), (tf.range(2), "int32"),
        (tf.range(tf.shape(x, out_type=tf.int64)[1] - 1), "int64"), (tf.range(tf.shape(x)[0]), "int32"),
        (tf.range(np.float64(2)), "float64"), (tf.range(2.0), "float32"),
    ]  # fmt: skip
    with tf.Session() as session:
        for node, dtype in cases:
            made = session.run(node, {x: np.zeros((2, 3))})
            assert made.dtype.name == node.dtype.name == dtype and made.tolist() == [0, 1]
        assert session.run(tf.range(2**33, 2**33 + 2)).tolist() == [2**33, 2**33 + 1]
