"""``tf.keras.applications`` of TensorFlow 2.0 to 2.4: with equal weights the outputs are those of Keras 2.21."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf2

tf: Any = tf2


def numbered(model: Any) -> None:
    """Give a model weights that are drawn from a fixed seed, in their order; gammas and variances are positive."""
    draws, values = np.random.default_rng(0), []
    for variable in model.weights:
        shape = tuple(variable.shape)
        drawn = draws.normal(size=shape) * (0.5 / np.sqrt(max(1, np.prod(shape[:-1]))))
        positive = "gamma" in variable.name or "variance" in variable.name
        values.append(np.asarray(np.abs(drawn) + 1 if positive else drawn, "float32"))
    model.set_weights(values)


@pytest.mark.parametrize(
    ("name", "size", "largest", "expected"),
    [
        ("ResNet50V2", 64, 1, [0.0828, 0.4686, 0.021, 0.0602]),
        ("InceptionResNetV2", 80, 1, [0.2395, 0.1137, 0.0697, 0.0971]),
        ("EfficientNetB1", 64, 255, [0.1654, 0.1224, 0.0444, 0.4543]),
    ],
)
def test_outputs_for_given_weights(name: str, size: int, largest: int, expected: list[float]) -> None:
    make = getattr(tf.keras.applications, name)
    model = make(weights=None, include_top=True, input_shape=(size, size, 3), classes=7)
    numbered(model)
    pictures = np.random.default_rng(1).uniform(0, largest, (2, size, size, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(pictures)[0, :4], expected, atol=2e-4)


def test_networks_have_the_weights_that_keras_counts() -> None:
    """All but the counter of Normalization, which is no weight here."""
    apps = tf.keras.applications
    assert apps.EfficientNetB0(weights=None).count_params() == 5_330_571 - 1
    assert apps.resnet_v2.ResNet101V2(weights=None, include_top=False).count_params() == 42_626_560
    assert apps.efficientnet.preprocess_input(3.0) == 3.0
    assert apps.resnet_v2.preprocess_input(np.array([255.0])).tolist() == [1.0]
