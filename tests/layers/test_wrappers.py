"""Layers around a layer."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L


@pytest.mark.parametrize("eager", [False, True])
def test_a_step_of_training_starts_from_the_kernel_divided_by_its_greatest_singular_value(
    eager: bool,
) -> None:
    tw.set_random_seed(0)
    inner = L.Dense(3, dtype="float64")
    layer = L.SpectralNormalization(inner, power_iterations=60, dtype="float64")
    model = tw.models.Sequential([L.Input((4,), dtype="float64"), layer])
    model.compile(tw.optimizers.SGD(0.1), "mse", run_eagerly=eager)
    x, y = np.random.default_rng(0).normal(size=(8, 4)), np.random.default_rng(1).normal(size=(8, 3))
    before = inner.kernel.get_value() * 7
    inner.kernel.set_value(before)
    normal = before / np.linalg.norm(before, 2)
    slope = 2 * x.T @ (x @ normal - y) / y.size
    model.train_on_batch(x, y)
    np.testing.assert_allclose(inner.kernel.get_value(), normal - 0.1 * slope, rtol=1e-9)
    assert not layer.vector_u.trainable and np.linalg.norm(layer.vector_u.get_value()) == pytest.approx(1)
    kept = inner.kernel.get_value()
    model.predict(x)
    np.testing.assert_array_equal(inner.kernel.get_value(), kept)


def test_a_kernel_of_zeros_stays() -> None:
    layer = L.SpectralNormalization(L.Embedding(5, 2, embeddings_initializer="zeros"))
    assert not np.asarray(layer(np.array([[1, 2]]), training=True)).any()


def test_a_layer_without_a_kernel_is_named() -> None:
    with pytest.raises(tw.errors.ArgumentTypeError, match="one with a kernel"):
        L.SpectralNormalization(L.ReLU())(np.ones((1, 2), "float32"))


def test_a_pipeline_augments_where_it_is_called_alone_and_not_in_predictions() -> None:
    x = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    line = L.Pipeline([L.Rescaling(2.0), L.Dropout(0.5), L.Rescaling(1.0, offset=1.0)])
    plain = 2 * x + 1
    np.testing.assert_allclose(line(x, training=False).numpy(), plain, rtol=1e-6)
    assert 0.2 < (line(x).numpy() == 1.0).mean() < 0.8
    model = tw.models.Sequential([L.Input((5,)), line])
    np.testing.assert_allclose(model.predict(x), plain, rtol=1e-6)
    again = L.Pipeline.from_config(line.get_config())
    assert [type(layer).__name__ for layer in again.layers] == ["Rescaling", "Dropout", "Rescaling"]
    with pytest.raises(tw.errors.ArgumentTypeError, match="Pipeline: layers; expected layers; received 3"):
        L.Pipeline([3])  # type: ignore[list-item]


def test_a_model_called_alone_augments_as_keras_does() -> None:
    x = np.random.default_rng(0).normal(size=(8, 6, 6, 1)).astype("float32")
    model = tw.models.Sequential([L.Input((6, 6, 1)), L.RandomFlip(seed=1)])
    assert not np.array_equal(model(x).numpy(), x)
    np.testing.assert_array_equal(model(x, training=False).numpy(), x)
    np.testing.assert_array_equal(model.predict(x), x)
