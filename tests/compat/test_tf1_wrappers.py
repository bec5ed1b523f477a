"""What libraries written on top of TensorFlow 1 ask of it: lengths, types, scopes, objects that stand for tensors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
import thalweg.compat.tf2 as tf2

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf


# --- lengths: what TensorFlow 2.21's tf.compat.v1.Dimension gives ----------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda d: d(3) + 1, 4),
        (lambda d: 1 + d(3), 4),
        (lambda d: 10 - d(3), 7),
        (lambda d: d(3) * d(4), 12),
        (lambda d: d(3) * d(None), None),
        (lambda d: d(None) + 1, None),
        (lambda d: 2 * d(None), None),
        (lambda d: 7 // d(2), 3),
        (lambda d: d(7) // 2, 3),
        (lambda d: d(7) % 2, 1),
        (lambda d: 7 % d(2), 1),
        (lambda d: d(3).merge_with(None), 3),
        (lambda d: d(None).merge_with(3), 3),
        (lambda d: d(d(5)), 5),
        (lambda d: copy.deepcopy(d(5)), 5),
        (lambda d: pickle.loads(pickle.dumps(d(None))), None),
    ],
)
def test_arithmetic_of_lengths_gives_lengths(made: Any, expected: int | None) -> None:
    found = made(tf1.Dimension)
    assert isinstance(found, tf1.Dimension) and found.value == expected
    assert repr(found) == f"Dimension({expected})"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda d: d(None) == d(None), None),
        (lambda d: d(None) != 3, None),
        (lambda d: d(None) < 4, None),
        (lambda d: d(3) == 3, True),
        (lambda d: d(3) < 4, True),
        (lambda d: bool(d(None)), False),
        (lambda d: d(3).is_compatible_with(None), True),
        (lambda d: d(3).is_compatible_with(4), False),
        (lambda d: [1, 2, 3][d(1)], 2),
        (lambda d: (str(d(None)), str(d(3))), ("?", "3")),
    ],
)
def test_lengths_that_are_compared(made: Any, expected: Any) -> None:
    assert made(tf1.Dimension) == expected


def test_lengths_of_shapes_are_dimensions() -> None:
    shape = tf1.placeholder(tf1.float32, [None, 4, 5]).get_shape()
    assert all(isinstance(length, tf1.Dimension) for length in shape)
    assert (shape[1] * shape[2]).value == 20 and (shape[0] * 2).value is None
    assert tf1.zeros([shape[1] * 2, 3]).get_shape().as_list() == [8, 3]
    assert not isinstance(4, tf1.Dimension)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ([3], TypeError, "must be integer or None"),
        (2.5, ValueError, "Ambiguous dimension: 2.5"),
        ("x", ValueError, "x"),
    ],
)
def test_what_is_no_length(wrong: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        tf1.Dimension(wrong)


def test_lengths_without_a_fraction() -> None:  # as 6 / 2 gave them since Python 3
    assert tf1.Dimension(np.float32(4)).value == 4 and tf1.Dimension("3").value == 3
    assert tf1.TensorShape([32.0, None]).as_list() == [32, None]


def test_a_length_is_not_negative() -> None:
    with pytest.raises(ValueError, match="-1 must be >= 0"):
        tf1.Dimension(-1)
    with pytest.raises(ValueError, match="not compatible"):
        tf1.Dimension(3).merge_with(4)


# --- types -----------------------------------------------------------------------------------------------------------


def test_types_that_can_stand_for_each_other() -> None:
    assert tf1.float32.is_compatible_with("float32") and not tf1.float32.is_compatible_with(tf1.float64)
    assert tf1.int32.is_numeric and not tf1.bool.is_numeric and not tf1.int32.is_quantized


@pytest.mark.parametrize("tf", [tf1, tf2])
def test_kinds_of_numbers_and_texts(tf: Any) -> None:
    assert isinstance(np.int64(3), tf.compat.integral_types) and not isinstance(3.0, tf.compat.integral_types)
    assert isinstance(np.float32(3), tf.compat.real_types) and isinstance(1j, tf.compat.complex_types)
    assert isinstance(b"a", tf.compat.bytes_or_text_types)
    assert tf.compat.as_bytes("é") == "é".encode() and tf.compat.as_text(bytearray(b"a")) == "a"
    assert tf.compat.as_str_any(3.5) == "3.5" and tf.compat.as_str_any(b"a") == "a"
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        tf.compat.as_text(3)


# --- scopes ----------------------------------------------------------------------------------------------------------


def test_a_scope_is_made_by_hand_and_put_in_place_of_the_open_one() -> None:
    room = tf1.python.ops.variable_scope

    held = tf1.get_collection_ref(room._VARSCOPE_KEY)
    outer = tf1.get_variable_scope()
    held[0] = tf1.VariableScope(outer.reuse, name="by/hand", initializer=tf1.constant_initializer(3.0))
    made = tf1.get_variable("w", [2])
    held[0] = outer
    assert made.op.name == "by/hand/w" and tf1.get_variable("w", [2]).op.name == "w"
    assert tf1.get_default_graph().get_all_collection_keys() == ["variables", "trainable_variables"]
    with tf1.name_scope("a"), tf1.name_scope("b"):
        assert tf1.get_default_graph()._name_stack == "a/b"


def test_weights_of_normalisation_get_the_penalty_of_the_open_scope() -> None:
    with tf1.variable_scope("net", regularizer=lambda w: tf1.reduce_sum(w)):
        tf1.contrib.layers.batch_norm(tf1.ones([2, 3]), is_training=False, scope="bn")
    assert len(tf1.get_collection(tf1.GraphKeys.REGULARIZATION_LOSSES)) >= 1


# --- objects that stand for tensors ----------------------------------------------------------------------------------


class _Layer:
    """A wrapper of a tensor, as libraries make them: it is no sequence, though it has ``__iter__``."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __iter__(self) -> Any:
        raise ValueError("not a sequence")

    def _as_graph_element(self) -> Any:
        return self.tensor


def test_wrapped_tensors_are_differentiated_and_fetched() -> None:
    tf1.register_tensor_conversion_function(_Layer, lambda value, dtype, name, as_ref: value.tensor)
    w = tf1.Variable([1.0, 2.0])
    loss = _Layer(tf1.reduce_sum(w * w))
    (slope,) = tf1.gradients(loss, w)
    step = tf1.train.GradientDescentOptimizer(0.25).minimize(loss)
    with tf1.Session() as sess:
        sess.run(w.initializer)
        found, value = sess.run([slope, loss])
        assert found.tolist() == [2.0, 4.0] and value == 5.0
        sess.run(step)
        assert sess.run(_Layer(w)).tolist() == [0.5, 1.0]


def test_cross_entropies_in_the_order_before_1_0() -> None:
    flipped = tf1.contrib.nn
    logits, labels = np.array([[1.0, 2.0, 0.5]], "float32"), np.array([[0.0, 1.0, 0.0]], "float32")
    made = [
        flipped.deprecated_flipped_softmax_cross_entropy_with_logits(logits, labels),
        flipped.deprecated_flipped_sparse_softmax_cross_entropy_with_logits(logits, [1]),
        tf1.reduce_sum(flipped.deprecated_flipped_sigmoid_cross_entropy_with_logits(logits, labels), 1),
    ]
    with tf1.Session() as sess:
        found = np.concatenate(sess.run(made))
    exact = np.log(np.exp(logits[0]).sum()) - 2.0
    sigmoid = np.log1p(np.exp(logits[0])).sum() - 2.0
    np.testing.assert_allclose(found, [exact, exact, sigmoid], rtol=1e-5)


# --- decoders --------------------------------------------------------------------------------------------------------


def _decoded(**options: Any) -> Any:
    seq2seq = tf1.contrib.seq2seq
    helper = seq2seq.TrainingHelper(tf1.ones([2, 3, 4]), [3, 2])
    cell = tf1.nn.rnn_cell.GRUCell(5)
    decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf1.float32))
    return seq2seq.dynamic_decode(decoder, **options)


def test_decoding_gives_two_names_what_tensorflow_1_1_gave() -> None:
    outputs, state, lengths = decoded = _decoded()
    for _ in range(20):  # also where Python has made the instruction a faster one
        first, second = decoded
        assert first is outputs and second is state
        every = [*decoded]
    assert every[2] is lengths is decoded[2] and len(decoded) == 3
    with pytest.raises(ValueError, match="not enough values to unpack"):
        _, _, _, _ = decoded


def test_the_number_of_decoded_steps_is_not_told_before_the_run() -> None:
    outputs, _ = _decoded()
    assert outputs.rnn_output.get_shape().as_list() == [2, None, 5]
    assert outputs.sample_id.get_shape().as_list() == [2, None]
    major, _ = _decoded(output_time_major=True)
    assert major.rnn_output.get_shape().as_list() == [None, 2, 5]
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        assert sess.run(outputs.rnn_output).shape == (2, 3, 5)


def _over_lengths(lengths: Any, impute: bool = False, limit: Any = None) -> tuple[list[Any], Any]:
    seq2seq = tf1.contrib.seq2seq
    x = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")
    fed, told = tf1.placeholder(tf1.float32, [None, None, 4]), tf1.placeholder(tf1.int32, [None])
    cell = tf1.nn.rnn_cell.GRUCell(5, name="cell", kernel_initializer=tf1.constant_initializer(0.3))
    decoder = seq2seq.BasicDecoder(cell, seq2seq.TrainingHelper(fed, told), cell.zero_state(3, tf1.float32))
    out, state, ends = seq2seq.dynamic_decode(decoder, impute_finished=impute, maximum_iterations=limit)
    plain, _ = tf1.nn.dynamic_rnn(cell, fed, dtype=tf1.float32, scope="decoder")
    slope = tf1.gradients(tf1.reduce_sum(out.rnn_output**2), fed)[0]
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        fetches = [out.rnn_output, out.sample_id, state, ends, slope, plain]
        made = sess.run(fetches, {fed: x, told: lengths})
    return made[:-1], made[-1]


def test_training_decoders_end_after_the_longest_length() -> None:
    (out, ids, state, ends, slope), plain = _over_lengths([2, 4, 1])
    assert out.shape == (3, 4, 5) and ids.shape == (3, 4) and ends.tolist() == [2, 4, 1]
    np.testing.assert_allclose(out, plain[:, :4], rtol=1e-5)
    np.testing.assert_allclose(state, plain[:, 3], rtol=1e-5)  # of the last step that was made
    assert slope[:, :4].all() and not slope[:, 4:].any()
    (out, _, state, ends, _), _ = _over_lengths([2, 4, 1], impute=True)
    assert not out[0, 2:].any() and not out[2, 1:].any()
    np.testing.assert_allclose(state, plain[[0, 1, 2], [1, 3, 0]], rtol=1e-5)
    assert _over_lengths([0, 0, 0])[0][0].shape == (3, 0, 5)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_training_decoders_end_at_a_limit(as_tensor: bool) -> None:
    limit = tf1.constant(1) + 1 if as_tensor else 2
    (out, _, state, ends, _), plain = _over_lengths([2, 4, 1], limit=limit)
    assert out.shape == (3, 2, 5) and ends.tolist() == [2, 2, 1]
    np.testing.assert_allclose(state, plain[:, 1], rtol=1e-5)


def test_lengths_without_inputs_are_refused() -> None:
    with pytest.raises(tf1.errors.InvalidArgumentError, match=r"expected at most 6.*received 7"):
        _over_lengths([2, 7, 1])
    with pytest.raises(ValueError, match=r"a length for each example.*received shape \[\]"):
        tf1.contrib.seq2seq.TrainingHelper(tf1.ones([2, 3, 4]), 3)
