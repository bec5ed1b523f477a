"""Sparse tensors of TensorFlow 2: what is there is kept, zeros too; the numbers are what TensorFlow 2.21 gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import tf2
from thalweg.errors import ArgumentError, ShapeError

tf: Any = tf2
sparse: Any = tf2.sparse


def first() -> Any:
    return tf.SparseTensor([[0, 1], [1, 2], [2, 0]], [0.0, 5.0, -2.0], [3, 4])


def second() -> Any:
    return tf.SparseTensor([[0, 0], [1, 2], [2, 3]], [1.0, -7.0, 0.0], [3, 4])


def texts() -> Any:
    return tf.SparseTensor([[0, 0], [1, 1]], ["a", ""], [2, 3])


def told(found: Any) -> Any:
    if isinstance(found, list):
        return [told(part) for part in found]
    if isinstance(found, tf.SparseTensor):
        return tuple(np.asarray(part).tolist() for part in (found.indices, found.values, found.dense_shape))
    return np.asarray(found).tolist()


ROWS = [
    (lambda: sparse.reduce_max(sparse.from_dense([-5, 0, -3])), -3),
    (lambda: sparse.reduce_max(first(), axis=0), [-2.0, 0.0, 5.0, 0.0]),
    (lambda: sparse.reduce_max(first(), axis=[0], keepdims=True), [[-2.0, 0.0, 5.0, 0.0]]),
    (lambda: sparse.reduce_max(first(), axis=-1), [0.0, 5.0, -2.0]),
    (lambda: sparse.reduce_sum(first()), 3.0),
    (lambda: sparse.reduce_sum(first(), axis=0, output_is_sparse=True), ([[0], [1], [2]], [-2.0, 0.0, 5.0], [4])),
    (lambda: sparse.reduce_max(tf.SparseTensor([[0, 1]], [-5.0], [3, 4]), axis=1), [-5.0, 0.0, 0.0]),
    (lambda: sparse.concat(1, [first(), second()]),
     ([[0, 1], [0, 4], [1, 2], [1, 6], [2, 0], [2, 7]], [0.0, 1.0, 5.0, -7.0, -2.0, 0.0], [3, 8])),
    (lambda: sparse.concat(-2, [texts(), texts()]),
     ([[0, 0], [1, 1], [2, 0], [3, 1]], [b"a", b"", b"a", b""], [4, 3])),
    (lambda: sparse.concat(0, [first(), tf.SparseTensor([[0, 5]], [9.0], [1, 6])], expand_nonconcat_dims=True),
     ([[0, 1], [1, 2], [2, 0], [3, 5]], [0.0, 5.0, -2.0, 9.0], [4, 6])),
    (lambda: sparse.slice(first(), [0, 1], [2, 2]), ([[0, 0], [1, 1]], [0.0, 5.0], [2, 2])),
    (lambda: sparse.slice(first(), [1, 0], [8, 8]), ([[0, 2], [1, 0]], [5.0, -2.0], [2, 4])),
    (lambda: sparse.slice(texts(), [0, 0], [1, 3]), ([[0, 0]], [b"a"], [1, 3])),
    (lambda: sparse.split(first(), 3, axis=1),
     [([[0, 1], [2, 0]], [0.0, -2.0], [3, 2]), ([[1, 0]], [5.0], [3, 1]), ([], [], [3, 1])]),
    (lambda: sparse.maximum(first(), second()),
     ([[0, 0], [0, 1], [1, 2], [2, 0], [2, 3]], [1.0, 0.0, 5.0, 0.0, 0.0], [3, 4])),
    (lambda: sparse.minimum(first(), second()),
     ([[0, 0], [0, 1], [1, 2], [2, 0], [2, 3]], [0.0, 0.0, -7.0, -2.0, 0.0], [3, 4])),
    (lambda: sparse.add(first(), second()),
     ([[0, 0], [0, 1], [1, 2], [2, 0], [2, 3]], [1.0, 0.0, -2.0, -2.0, 0.0], [3, 4])),
    (lambda: sparse.add(first(), second(), threshold=2.1),
     ([[0, 0], [0, 1], [2, 0], [2, 3]], [1.0, 0.0, -2.0, 0.0], [3, 4])),
    (lambda: tf.abs(first()), ([[0, 1], [1, 2], [2, 0]], [0.0, 5.0, 2.0], [3, 4])),
    (lambda: tf.math.square(first()), ([[0, 1], [1, 2], [2, 0]], [0.0, 25.0, 4.0], [3, 4])),
    (lambda: tf.cast(first(), tf.int32), ([[0, 1], [1, 2], [2, 0]], [0, 5, -2], [3, 4])),
    (lambda: tf.identity(first()), ([[0, 1], [1, 2], [2, 0]], [0.0, 5.0, -2.0], [3, 4])),
    (lambda: tf.shape(first()), [3, 4]),
    (lambda: tf.size(first()), 12),
    (lambda: tf.rank(first()), 2),
    (lambda: sparse.fill_empty_rows(tf.SparseTensor([[0, 1]], [5], [3, 2]), 9)[0],
     ([[0, 1], [1, 0], [2, 0]], [5, 9, 9], [3, 2])),
    (lambda: sparse.fill_empty_rows(tf.SparseTensor([[0, 1]], [5], [3, 2]), 9)[1], [False, True, True]),
    (lambda: sparse.segment_sum(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [0, 2], [0, 0]), [[6.0, 8.0]]),
    (lambda: sparse.segment_mean(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), [0, 2, 1], [0, 0, 1]),
     [[3.0, 4.0], [3.0, 4.0]]),
    (lambda: sparse.segment_sqrt_n(tf.constant([[1.0], [3.0], [5.0], [7.0]]), [0, 1, 2, 3], [0, 0, 0, 0]), [[8.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), ROWS)
def test_functions_of_sparse_tensors(made: Any, expected: Any) -> None:
    assert told(made()) == expected


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="expand_nonconcat_dims"):
        sparse.concat(0, [first(), tf.SparseTensor([[0, 5]], [9.0], [1, 6])])
    with pytest.raises(ShapeError, match=r"\(3, 4\)"):
        sparse.add(first(), tf.SparseTensor([[0, 0]], [1.0], [4, 4]))
    with pytest.raises(ArgumentError, match="num_split"):
        sparse.split(first(), 9, axis=0)


def test_gradients_through_sparse_tensors() -> None:
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(sparse.sparse_dense_matmul(first(), w) ** 2)
    assert tape.gradient(loss, w).numpy().tolist() == [[8.0, 16.0], [0.0, 0.0], [250.0, 300.0], [0.0, 0.0]]
    v = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(v)
        loss = tf.reduce_sum(sparse.to_dense(tf.SparseTensor(first().indices, v, [3, 4])) ** 2)
    assert tape.gradient(loss, v).numpy().tolist() == [2.0, 4.0, 6.0]


def test_sets_of_sparse_elements() -> None:
    data = tf.data.Dataset.from_tensor_slices(first())
    rows = [([[1]], [0.0], [4]), ([[2]], [5.0], [4]), ([[0]], [-2.0], [4])]
    assert [told(row) for row in data] == rows
    pairs = [([[0, 1], [1, 2]], [0.0, 5.0], [2, 4]), ([[0, 0]], [-2.0], [1, 4])]
    assert [told(batch) for batch in data.batch(2)] == pairs
    assert [told(row) for row in data.batch(2).unbatch()] == rows
    assert [told(row)[1] for row in data.map(lambda x: x * 2.0)] == [[0.0], [10.0], [-4.0]]
    named = tf.data.Dataset.from_tensor_slices({"x": first(), "y": [1, 2, 3]}).batch(3)
    assert [told(e["x"]) for e in named] == [told(first())] and repr(data.element_spec).startswith(
        "SparseTensorSpec"
    )


MODEL = """
import numpy as np, tensorflow as tf
x = tf.keras.Input(shape=(4,), sparse=True)
model = tf.keras.Model(x, tf.keras.layers.Dense(2, kernel_initializer="ones")(x))
held = tf.sparse.SparseTensor(indices=[(0, 0), (0, 1), (2, 3)], values=[1, 1, 3], dense_shape=(3, 4))
print(model(held).numpy().tolist(), model.predict(held).tolist())
model.compile("sgd", "mse")
print(model.fit(held, np.zeros((3, 2), "float32"), verbose=0).history["loss"])
print(tf.function(lambda a: tf.sparse.to_dense(a) * 2)(held).numpy().tolist())
"""


def test_a_model_takes_sparse_tensors(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(MODEL)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    rows = [[2.0, 2.0], [0.0, 0.0], [3.0, 3.0]]
    whole = [[2, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 6]]
    assert done.stdout.splitlines() == [f"{rows} {rows}", "[4.333333492279053]", str(whole)]


def test_gather_in_batches() -> None:
    x = np.random.default_rng(0).random((2, 3, 4, 5), dtype=np.float32)
    places = np.random.default_rng(1).integers(0, 4, (2, 3, 2))
    found = tf.gather(x, places, axis=2, batch_dims=-1)
    assert np.array_equal(found, np.take_along_axis(x, places[..., None], 2))
    rows = np.random.default_rng(2).integers(
        0, 5, (2, 6, 2)
    )  # the axes between the batch and the numbers stay
    expected = np.stack([np.take(x[k], rows[k], 2) for k in range(2)])
    assert np.array_equal(tf.gather(x, rows, axis=3, batch_dims=1), expected)
    with pytest.raises(ArgumentError, match="batch_dims"):
        tf.gather(x, places, axis=1, batch_dims=2)
