"""Attention that remembers where it looked, in the cells of decoders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf

pytestmark = pytest.mark.usefixtures("new_graph")

seq2seq, cells = tf.contrib.seq2seq, tf.nn.rnn_cell


def decoded(memory: Any, history: bool, reuse: bool, impute: bool = False) -> tuple[Any, Any]:
    """The outputs and the last state of a decoder over five inputs, whose lowest cell attends to the memory."""
    rng = np.random.RandomState(1)
    inputs = tf.constant(rng.randn(3, 5, 4).astype("f"))
    with tf.variable_scope("decoder", reuse=reuse):
        attention = seq2seq.BahdanauAttention(6, memory, tf.constant([7, 5, 6]))
        lowest = seq2seq.AttentionWrapper(cells.GRUCell(6), attention, None, history, output_attention=False)
        cell = cells.MultiRNNCell([lowest, cells.ResidualWrapper(cells.GRUCell(6))])
        helper = seq2seq.TrainingHelper(inputs, [5, 3, 5])
        decoder = seq2seq.BasicDecoder(cell, helper, cell.zero_state(3, tf.float32))
        (outputs, _), state, _ = seq2seq.dynamic_decode(decoder, impute_finished=impute)
    return outputs, state[0]


@pytest.mark.parametrize("impute", [False, True])
def test_the_weights_of_all_steps_are_kept(impute: bool) -> None:
    memory = tf.get_variable("memory", initializer=tf.random_normal([3, 7, 6], seed=1))
    plain, _ = decoded(memory, False, False, impute)
    outputs, state = decoded(memory, True, True, impute)
    slopes = [tf.gradients(tf.reduce_mean(y**2), memory)[0] for y in (plain, outputs)]
    kept = state.alignment_history.stack()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        weights, last, both = session.run([kept, state.alignments, slopes])
        one, other = session.run([plain, outputs])
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert weights.shape == (5, 3, 7)
    np.testing.assert_allclose(weights.sum(-1), np.ones((5, 3)), rtol=1e-5)
    assert not weights[:, 1, 5:].any() and not weights[:, 2, 6:].any()
    np.testing.assert_array_equal(weights[-1, 0], last[0])
    np.testing.assert_allclose(both[0], both[1], rtol=1e-4, atol=1e-7)
