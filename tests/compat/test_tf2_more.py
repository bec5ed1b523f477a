"""What programs of the years 2019 and 2020 ask of TensorFlow 2 beyond its first tutorials."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import tf2
from thalweg.errors import ArgumentError, ShapeError

tf: Any = tf2
ROWS = tf.ragged.constant([[3, 1, 4], [7], [1, 5], [9, 2, 6, 5]], dtype="int64")


def of_rows(ragged: bool) -> tuple[Any, Any]:
    """A model over words with one output for a row, and one with an output for each word."""
    words = tf.keras.layers.Input([None], dtype="int64", ragged=ragged)
    x = tf.keras.layers.Embedding(10, 3, mask_zero=not ragged)(words)
    steps = tf.keras.layers.GRU(4, return_sequences=True)(x)
    end = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(3))(steps)
    return tf.keras.Model(words, tf.keras.layers.Dense(2)(end)), tf.keras.Model(words, steps)


def test_models_over_rows_of_different_lengths_are_those_over_filled_rows_under_a_mask() -> None:
    (uneven, by_step), (plain, by_step_of_plain) = of_rows(True), of_rows(False)
    plain.set_weights(uneven.get_weights())
    by_step_of_plain.set_weights(by_step.get_weights())
    filled, targets = ROWS.to_tensor(), np.ones((4, 2), "float32")
    np.testing.assert_array_equal(uneven.predict(ROWS), plain.predict(filled))
    pairs = [tf.data.Dataset.from_tensor_slices((x, targets)).batch(2) for x in (ROWS, filled)]
    for model, data in zip((uneven, plain), pairs, strict=True):
        model.compile("adam", "mse")
        model.fit(data, epochs=2, verbose=0)
    for a, b in zip(uneven.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)  # a batch of shorter rows is filled up less
    found, expected = by_step.predict(ROWS), by_step_of_plain.predict(filled)
    assert found.row_lengths().tolist() == [3, 1, 2, 4]
    for k, row in enumerate(found):
        np.testing.assert_allclose(row, expected[k, : len(row)], atol=1e-6)


def test_rows_of_different_lengths_are_refused_where_nothing_said_so() -> None:
    plain, _ = of_rows(False)
    with pytest.raises(ArgumentError, match=r"takes no ragged tensors.*ragged=True"):
        plain.predict(ROWS)
    deep = tf.ragged.constant([[[1], [2, 3]], [[4]]])
    with pytest.raises(ShapeError, match="one axis of different lengths"):
        of_rows(True)[0].predict(deep)


def printed(thalweg_run: Run, folder: Path, text: str) -> list[str]:
    """What a program prints that is run as it stands."""
    file = folder / "program.py"
    file.write_text("import numpy as np\nimport tensorflow as tf\n" + textwrap.dedent(text))
    result = thalweg_run(file)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_layers_and_models_take_rows_of_different_lengths_and_a_tape_forgets(
    thalweg_run: Run, tmp_path: Path
) -> None:
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        rows = tf.ragged.constant([[3, 1, 4], [7], [1, 5]])
        x = tf.keras.layers.Embedding(10, 3)(rows)
        print(x.shape, tf.keras.layers.LSTM(4)(x).shape)
        y = tf.keras.layers.GRU(2, return_sequences=True)(x)
        words = tf.keras.Input([None], dtype="int64", ragged=True)
        model = tf.keras.Model(words, tf.keras.layers.LSTM(2)(tf.keras.layers.Embedding(10, 3)(words)))
        np.testing.assert_allclose(model(rows), model.predict(rows), atol=1e-6)
        print(type(y).__name__, y.row_lengths().numpy())

        class Own(tf.keras.layers.Layer):
            def call(self, inputs):
                return inputs.to_tensor()

        print(Own()(rows).shape)
        a, b = tf.Variable(2.0), tf.Variable(3.0)
        with tf.GradientTape() as tape:
            square = b * b
            tape.reset()
            z = a * a + square
        print(*[None if g is None else g.numpy() for g in tape.gradient(z, [a, b])], square.numpy())
        """,
    )
    assert lines == ["(3, None, 3) (3, 4)", "RaggedTensor [3 1 2]", "(3, 3)", "4.0 None 9.0"]
