"""The first generation's names for tensors that have their values; numbers are those of ``tf.compat.v1`` in 2.21."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import eager as _eager
from thalweg.compat import tf2
from thalweg.errors import DataError, ShapeError

v1: Any = _eager
tf: Any = tf2
IMAGE = np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1)
TRUE = np.array([[0.0, 1, 2], [3, 0, 1]], "float32")
GUESS = np.array([[0.5, 2, 2], [1, 0.5, 4]], "float32")
SIGNS = np.sign(TRUE)
ROWS = np.array([[1.0], [0.0]], "float32")
ONE = np.eye(3, dtype="float32")[:2]
KERNEL = np.ones((2, 2, 1, 1), "float32")


def rate(make: Callable[..., Any], *args: Any) -> Any:
    """The rate that a decay gives at step 5."""
    return make(0.1, tf.Variable(5, dtype="int64"), *args)()


NUMBERS: dict[str, tuple[Callable[[], Any], Any]] = {
    "resize_images": (
        lambda: v1.image.resize_images(IMAGE, [2, 3]).numpy().ravel(),
        [0.0, 1.33333, 2.66667, 6.0, 7.33333, 8.66667],
    ),
    "resize_images, nearest": (
        lambda: v1.image.resize_images(IMAGE, [2, 3], 1).numpy().ravel(), [0, 1, 2, 4, 5, 6],
    ),
    "resize_bilinear, corners": (
        lambda: v1.image.resize_bilinear(IMAGE, [2, 3], align_corners=True).numpy().ravel(),
        [0.0, 1.5, 3.0, 8.0, 9.5, 11.0],
    ),
    "mean_squared_error, weighted": (lambda: v1.losses.mean_squared_error(TRUE, GUESS, ROWS), 0.41667),
    "mean_squared_error, sum": (lambda: v1.losses.mean_squared_error(TRUE, GUESS, reduction="weighted_sum"), 14.5),
    "huber_loss": (lambda: v1.losses.huber_loss(TRUE, GUESS, delta=0.7), 0.61917),
    "hinge_loss": (lambda: v1.losses.hinge_loss(SIGNS, GUESS), 0.5),
    "log_loss": (lambda: v1.losses.log_loss(SIGNS, np.clip(GUESS, 0.1, 0.9)), 0.30129),
    "softmax_cross_entropy": (lambda: v1.losses.softmax_cross_entropy(ONE, GUESS, label_smoothing=0.1), 2.82126),
    "sparse_softmax_cross_entropy": (
        lambda: v1.losses.sparse_softmax_cross_entropy([0, 2], GUESS, weights=ROWS[:, 0]), 2.29892,
    ),
    "sigmoid_cross_entropy": (lambda: v1.losses.sigmoid_cross_entropy(SIGNS, GUESS, label_smoothing=0.2), 0.55557),
    "cosine_distance": (lambda: v1.losses.cosine_distance(TRUE, GUESS, axis=1), -5.5),
    "exponential_decay": (lambda: rate(v1.train.exponential_decay, 10, 0.5), 0.07071),
    "natural_exp_decay": (lambda: rate(v1.train.natural_exp_decay, 10, 0.5), 0.07788),
    "inverse_time_decay": (lambda: rate(v1.train.inverse_time_decay, 10, 0.5), 0.08),
    "polynomial_decay": (lambda: rate(v1.train.polynomial_decay, 10, 0.01, 2.0), 0.0325),
    "cosine_decay": (lambda: rate(v1.train.cosine_decay, 10, 0.1), 0.055),
    "piecewise_constant": (lambda: v1.train.piecewise_constant(tf.Variable(5), [4, 8], [1.0, 0.5, 0.1])(), 0.5),
    "sparse_to_dense": (lambda: v1.sparse_to_dense([[0, 1], [1, 0]], [2, 2], [3.0, 4.0], -1.0), [[-1, 3], [4, -1]]),
    "div": (lambda: v1.div([7, -7], [2, 2]), [3, -4]),
    "batch_gather": (lambda: v1.batch_gather([[1, 2, 3], [4, 5, 6]], [[0, 2], [1, 1]]), [[1, 3], [5, 5]]),
    "moments": (lambda: v1.nn.moments(tf.constant(TRUE), [0], keep_dims=True)[0], [[1.5, 0.5, 1.5]]),
    "argmax": (lambda: v1.argmax(TRUE, dimension=1), [2, 0]),
    "max_pool": (
        lambda: v1.nn.max_pool(value=IMAGE, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME").numpy().ravel(),
        [5, 7, 9, 11],
    ),
    "conv2d": (
        lambda: v1.nn.conv2d(IMAGE, filter=KERNEL, strides=1, padding="VALID").numpy().ravel(),
        [10, 14, 18, 26, 30, 34],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_names_of_the_first_generation(name: str) -> None:
    made, expected = NUMBERS[name]
    np.testing.assert_allclose(made(), expected, atol=2e-5)


def test_rows_of_variables_are_changed_by_functions() -> None:
    v, k = tf.Variable(np.zeros((4, 2), "float32")), tf.Variable([0, 0, 0, 0])
    v1.scatter_update(v, [1, 3], [[1.0, 2.0], [3.0, 4.0]])
    v1.scatter_add(v, [1, 1], [[1.0, 1.0], [2.0, 2.0]])
    v1.scatter_sub(v, [0], [[1.0, 1.0]])
    v1.scatter_update(v, 2, 7.0)
    np.testing.assert_array_equal(v, [[-1, -1], [4, 5], [7, 7], [3, 4]])
    assert v1.scatter_update(k, [1, 2], 1).numpy().tolist() == [0, 1, 1, 0]
    assert v1.assign_add(k, [1, 1, 1, 1]).numpy().tolist() == [1, 2, 2, 1]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda rate: v1.train.AdadeltaOptimizer(rate, 0.9), [0.99972, -1.99972]),
        (lambda rate: v1.train.FtrlOptimizer(0.3, l1_regularization_strength=0.01), [0.30429, -1.21771]),
        (v1.train.GradientDescentOptimizer, [0.0, 0.0]),
        (v1.train.AdamOptimizer, [0.16079, -1.13368]),
    ],
)
def test_optimizers_ask_a_decay_for_its_rate_at_each_step(make: Any, expected: list[float]) -> None:
    x, step = tf.Variable([1.0, -2.0]), tf.Variable(0, dtype="int64")
    optimizer = make(v1.train.exponential_decay(0.5, step, 1, 0.5))
    for _ in range(3):
        optimizer.minimize(lambda: tf.reduce_sum(x * x), global_step=step, var_list=[x])
    np.testing.assert_allclose(x, expected, atol=2e-5)


def test_initializers_are_as_wide_as_they_were() -> None:
    assert 0.9 < np.std(v1.random_normal_initializer()([1000])) < 1.1
    assert np.max(v1.random_uniform_initializer()([1000])) > 0.9
    assert np.std(tf.random_normal_initializer()([1000])) < 0.06


ARRAYS = """
import tensorflow as tf
from tensorflow.python.ops.parsing_config import VarLenFeature

@tf.function
def places(x):
    found = tf.TensorArray(tf.int32, 1, dynamic_size=True)
    k = 0
    for j in tf.range(tf.shape(x)[0]):
        if x[j] < 0:
            continue
        found = found.write(k, [j, k])
        k += 1
    return found.stack()

data = tf.data.Dataset.from_tensor_slices([[1.0, -1.0, 2.0], [-1.0, -1.0, -1.0]]).map(places)
print([x.numpy().tolist() for x in data])
"""


def test_an_array_into_which_nothing_is_written_has_the_rows_that_its_function_writes(
    thalweg_run: Run, tmp_path: Path
) -> None:
    (tmp_path / "p.py").write_text(ARRAYS)
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "[[[0, 0], [2, 1]], [[0, 0]]]\n"), done.stderr


def test_arrays_of_tensors_heed_the_shape_of_their_elements() -> None:
    made = tf.TensorArray("float32", 2, element_shape=[3]).stack()
    np.testing.assert_array_equal(made, np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="element_shape"):
        tf.TensorArray("float32", 2).stack()


def test_an_end_within_a_mapped_function_is_not_the_end_of_the_data() -> None:
    with pytest.raises(DataError, match=r"Dataset\.map: the function raised StopIteration"):
        list(tf.data.Dataset.range(3).map(lambda k: next(iter([]))))
