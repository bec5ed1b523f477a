"""Cells and loops of TensorFlow 1 where there is no graph: the numbers are those of TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg.compat import eager, tf2
from thalweg.errors import ArgumentError

tf: Any = tf2
nn: Any = eager.nn
cells: Any = nn.rnn_cell
X = np.arange(24).reshape(2, 4, 3).astype("f") / 10
CASES: dict[str, tuple[Callable[[], Any], float, list[Any], list[float]]] = {
    "basic": (
        lambda: cells.BasicRNNCell(2), 0.0802,
        [-0.1077, -0.0626, 0.129, -0.0624],
        [0.815, 5.93],
    ),
    "lstm": (
        lambda: cells.LSTMCell(2), 2.0554,
        [-0.4531, -0.513, -0.7123, -1.2143, -0.2742, -0.338, -0.4806, -0.7285],
        [5.853, 27.756],
    ),
    "blstm": (
        lambda: cells.BasicLSTMCell(2, 0.5), 1.8431,
        [-0.4198, -0.4932, -0.592, -1.1118, -0.2563, -0.3269, -0.4172, -0.6988],
        [5.561, 26.546],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_loop_over_rows_of_different_lengths(name: str) -> None:
    make, total, states, slopes = CASES[name]
    cell, options = make(), {"sequence_length": [2, 4], "dtype": tf.float32}
    nn.dynamic_rnn(cell, X, **options)
    for weight in cell.variables:
        draws = np.random.RandomState(int(np.prod(weight.shape))).randn(*weight.shape)
        weight.assign(draws.astype("f") * 0.3)
    with tf.GradientTape() as tape:
        outputs, state = nn.dynamic_rnn(cell, X, **options)
        loss = tf.reduce_sum(outputs**2)
    np.testing.assert_allclose(loss, total, atol=1e-4)
    np.testing.assert_allclose(
        np.concatenate([np.ravel(part) for part in tf.nest.flatten(state)]), states, atol=1e-4
    )
    found = sorted(float(np.abs(np.asarray(g)).sum()) for g in tape.gradient(loss, cell.trainable_variables))
    np.testing.assert_allclose(found, slopes, atol=1e-3)
    assert not np.asarray(outputs)[0, 2:].any()


def test_cells_of_several_and_of_keras_and_both_directions() -> None:
    several = cells.MultiRNNCell([cells.GRUCell(2), cells.DropoutWrapper(cells.BasicLSTMCell(3), 1.0)])
    outputs, (first, second) = nn.dynamic_rnn(several, X, dtype=tf.float32)
    assert (outputs.shape, first.shape, second.c.shape) == ((2, 4, 3), (2, 2), (2, 3))
    assert len(several.trainable_variables) == 6
    outputs, _ = nn.dynamic_rnn(tf.keras.layers.LSTMCell(2), X, dtype=tf.float32)
    assert outputs.shape == (2, 4, 2)
    both, _ = nn.bidirectional_dynamic_rnn(cells.GRUCell(2), cells.GRUCell(2), X, dtype=tf.float32)
    assert [part.shape for part in both] == [(2, 4, 2)] * 2
    with pytest.raises(ArgumentError, match="LSTMCell without a graph: use_peepholes"):
        cells.LSTMCell(2, use_peepholes=True)
    with pytest.raises(ValueError, match="you must give a dtype"):
        nn.dynamic_rnn(cells.GRUCell(2), X)
