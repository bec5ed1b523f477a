"""TensorFlow 2's and Keras's functions in the forms in which programs call them; expected values by formulas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import keras as _keras
from thalweg.compat import tf2

tf: Any = tf2
keras: Any = _keras
A = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], "float32")
Image = pytest.importorskip("PIL.Image")


def slope(f: Callable[[Any], Any], x: Any) -> Any:
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = f(x)
    return np.asarray(tape.gradient(y, x))


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: tf.maximum(x, 0.0), [1.0, 1.0, 0.0]),
        (lambda x: tf.minimum(0.0, x), [0.0, 0.0, 1.0]),
        (lambda x: keras.backend.maximum(0.2 * x, x), [0.2, 1.0, 0.2]),
        (lambda x: keras.layers.Maximum()([0.2 * x, x]), [0.2, 1.0, 0.2]),
        (lambda x: tf.clip_by_value(x, 0.0, 1.0), [1.0, 1.0, 0.0]),
        (lambda x: keras.backend.relu(x, max_value=1.0), [0.0, 1.0, 0.0]),
    ],
)
def test_a_tie_gives_its_gradient_to_the_first(f: Callable[[Any], Any], expected: list[float]) -> None:
    np.testing.assert_allclose(slope(f, [0.0, 1.0, -1.0]), expected)


@pytest.mark.parametrize("f", [tf.reduce_sum, tf.reduce_mean, tf.reduce_prod])
def test_truths_are_no_numbers(f: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="cast"):
        f(A > 0)
    assert float(f(tf.cast(A > 0, tf.float32))) == float(np.asarray(f((A > 0).astype("float32"))))


def test_one_array_is_joined_with_nothing() -> None:
    np.testing.assert_array_equal(np.asarray(tf.concat(A, 0)), A)
    assert np.asarray(tf.concat([["a"], ["b"]], 0)).tolist() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (ValueError, lambda: tf.constant(None)),
        (ValueError, lambda: tf.concat([], 0)),
        (ValueError, lambda: tf.tile(A, [2])),
        (ValueError, lambda: tf.random.uniform([2], dtype=tf.int32)),
        (tf.errors.NotFoundError, lambda: tf.io.read_file("nothing-of-that-name")),
        (ValueError, lambda: keras.preprocessing.sequence.pad_sequences([[1]], padding="front")),
        (ValueError, lambda: keras.preprocessing.sequence.pad_sequences([1, 2])),
        (OSError, lambda: keras.models.load_model("nothing-of-that-name.h5")),
    ],
)
def test_what_is_wrong_is_told(kind: type[Exception], call: Callable[[], Any]) -> None:
    with pytest.raises(kind):
        call()


def test_gates_of_convolutional_lstms_are_hard() -> None:
    x = np.random.default_rng(0).normal(size=(1, 1, 1, 1, 1)).astype("float32") * 4
    layer = keras.layers.ConvLSTM2D(1, 1)
    layer(x)
    weights = [np.full(w.shape, 0.5, "float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    z = 0.5 * x.item() + 0.5
    gate = np.clip(0.2 * z + 0.5, 0, 1)
    expected = gate * np.tanh(gate * np.tanh(z))
    np.testing.assert_allclose(np.asarray(layer(x)).item(), expected, rtol=1e-5)


def test_labels_read_from_probabilities_are_filled_up() -> None:
    likely = np.eye(3, dtype="float32")[[0, 0, 2, 1, 2]][None] * 0.8 + 0.1
    (found,), _ = keras.backend.ctc_decode(likely, np.array([5]))
    assert np.asarray(found).tolist() == [[0, 1, -1, -1, -1]]
    assert np.asarray(found).dtype == np.int64


def test_images_of_folders_are_resized_as_tensors_are(tmp_path: Path) -> None:
    pixels = np.arange(60, dtype="uint8").reshape(5, 4, 3) * 4
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(pixels).save(tmp_path / name / "x.png")
    read = keras.utils.image_dataset_from_directory
    images, labels = next(iter(read(tmp_path, image_size=(3, 2), shuffle=False)))
    assert np.asarray(labels).dtype == np.int32
    np.testing.assert_allclose(images[0], tf.image.resize(pixels.astype("float32"), (3, 2)), rtol=1e-6)
    middle, _ = next(iter(read(tmp_path, image_size=(2, 2), shuffle=False, crop_to_aspect_ratio=True)))
    np.testing.assert_allclose(middle[0], tf.image.resize(pixels[:4].astype("float32"), (2, 2)), rtol=1e-6)
    same, _ = next(iter(read(tmp_path, image_size=(2, 2), shuffle=False, smart_resize=True)))
    np.testing.assert_array_equal(same, middle)
