"""``tf.keras.applications`` of TensorFlow 2.0 to 2.4: with equal weights the outputs are those of Keras 2.21."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf2
from thalweg.compat.keras import applications

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
        ("ResNet50", 64, 1, [0.0762, 0.0075, 0.0189, 0.1609]),
        ("ResNet101", 64, 1, [0.0234, 0.0561, 0.0288, 0.1319]),
        ("NASNetMobile", 64, 1, [0.0881, 0.1492, 0.2456, 0.0926]),
        ("MobileNetV3Small", 64, 255, [0.1220, 0.2012, 0.1215, 0.1261]),
        ("MobileNetV3Large alpha=0.75", 64, 255, [0.1266, 0.13, 0.0779, 0.0696]),
        ("MobileNetV3Small alpha=1.25 minimalistic=1", 64, 255, [0.0918, 0.2099, 0.1692, 0.0994]),
    ],
)
def test_outputs_for_given_weights(name: str, size: int, largest: int, expected: list[float]) -> None:
    name, *settings = name.split()
    options = {part.split("=")[0]: float(part.split("=")[1]) for part in settings}
    make = getattr(tf.keras.applications, name)
    model = make(weights=None, include_top=True, input_shape=(size, size, 3), classes=7, **options)
    numbered(model)
    pictures = np.random.default_rng(1).uniform(0, largest, (2, size, size, 3)).astype("float32")
    np.testing.assert_allclose(model.predict(pictures)[0, :4], expected, atol=2e-4)


def test_networks_have_the_weights_that_keras_counts() -> None:
    """All but the counter of Normalization, which is no weight here."""
    apps = tf.keras.applications
    assert apps.EfficientNetB0(weights=None).count_params() == 5_330_571 - 1
    assert apps.resnet_v2.ResNet101V2(weights=None, include_top=False).count_params() == 42_626_560
    assert apps.efficientnet.preprocess_input(3.0) == apps.mobilenet_v3.preprocess_input(3.0) == 3.0
    assert apps.resnet_v2.preprocess_input(np.array([255.0])).tolist() == [1.0]
    given = {"backend": tf.keras.backend, "layers": tf.keras.layers, "models": None, "utils": None}
    assert apps.MobileNetV2((32, 32, 3), weights=None, include_top=False, **given).count_params() == 2_257_984
    assert apps.efficientnet.preprocess_input(2.0, **given) == 2.0


@pytest.mark.parametrize(
    ("name", "options", "file"),
    [
        ("MobileNet", {"alpha": 0.25, "input_shape": (128, 128, 3)}, "mobilenet/mobilenet_2_5_128_tf.h5"),
        (
            "MobileNetV2", {"alpha": 0.35, "include_top": False, "input_shape": (100, 100, 3)},
            "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
        ),
        (
            "MobileNetV3Small", {"minimalistic": True, "include_top": False},
            "mobilenet_v3/weights_mobilenet_v3_small_minimalistic_224_1.0_float_no_top_v2.h5",
        ),
    ],
)  # fmt: skip
def test_trained_weights_are_where_keras_keeps_them(
    name: str, options: dict[str, Any], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, asked = getattr(tf.keras.applications, name), []
    first = make(weights=None, **options)
    first.save_weights(str(tmp_path / "w.h5"))

    def get_file(fname: str, origin: str, **settings: Any) -> str:
        asked.append(origin)
        return str(tmp_path / "w.h5")

    monkeypatch.setattr(applications._utils, "get_file", get_file)
    found = make(**options)
    assert asked == ["https://storage.googleapis.com/tensorflow/keras-applications/" + file]
    for a, b in zip(first.get_weights(), found.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
