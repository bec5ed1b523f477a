"""``keras.applications``: trained networks do not come with Thalweg; the preparation of their inputs does."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, UnsupportedNameError

_MEANS = (103.939, 116.779, 123.68)


def _caffe(x: Any, data_format: Any = None, **ignored: Any) -> Any:
    """Blue, green, red, less the means of ImageNet."""
    return np.asarray(x, "float32")[..., ::-1] - np.asarray(_MEANS, "float32")


def _unit(x: Any, data_format: Any = None, **ignored: Any) -> Any:
    """From 0 .. 255 to -1 .. 1."""
    return np.asarray(x, "float32") / 127.5 - 1.0


def _room(name: str, prepare: Any, *models: str) -> Namespace:
    def absent(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedNameError(
            f"keras.applications.{name}: trained weights of {models[0]} do not come with Thalweg"
        )

    return Namespace(
        f"keras.applications.{name}",
        preprocess_input=prepare,
        decode_predictions=absent,
        **dict.fromkeys(models, absent),
    )


vgg16, vgg19 = _room("vgg16", _caffe, "VGG16"), _room("vgg19", _caffe, "VGG19")
resnet50 = _room("resnet50", _caffe, "ResNet50")
inception_v3, xception = _room("inception_v3", _unit, "InceptionV3"), _room("xception", _unit, "Xception")
mobilenet, mobilenet_v2 = _room("mobilenet", _unit, "MobileNet"), _room("mobilenet_v2", _unit, "MobileNetV2")
VGG16, VGG19, ResNet50 = vgg16.VGG16, vgg19.VGG19, resnet50.ResNet50
InceptionV3, Xception = inception_v3.InceptionV3, xception.Xception
MobileNet, MobileNetV2 = mobilenet.MobileNet, mobilenet_v2.MobileNetV2
