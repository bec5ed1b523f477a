"""The four networks of the main job, written as plain expressions of their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import thalweg as tw

__all__ = ["Network", "build"]

Shape = tuple[int, ...]
_DEVIATION = 0.01  # of the normal distribution that the weights start from


@dataclass(frozen=True)
class Network:
    """Weights by name, and the logits ``[batch, classes]`` of images ``[batch, height, width]``.

    ``logits(images, training)`` drops units where ``training`` is True and none where it is False.
    """

    weights: dict[str, Any]
    logits: Callable[[Any, bool], Any]


def build(model: str, image_shape: tuple[int, int], num_classes: int) -> Network:
    """The network ``"softmax"``, ``"mlp"``, ``"modern"`` or ``"conv"`` with fresh weights."""
    return _BUILDERS[model](image_shape, num_classes)


def _weights(**shapes: Shape) -> dict[str, Any]:
    return {
        name: tw.Variable(tw.random.normal(shape, stddev=_DEVIATION), name=name)
        for name, shape in shapes.items()
    }


def _flat(images: Any) -> Any:
    height, width = images.shape[1:]
    return tw.reshape(images, (-1, height * width))


def _softmax(image_shape: tuple[int, int], num_classes: int) -> Network:
    """Logistic regression: x W."""
    w = _weights(output=(image_shape[0] * image_shape[1], num_classes))
    return Network(w, lambda images, training: tw.matmul(_flat(images), w["output"]))


def _mlp(image_shape: tuple[int, int], num_classes: int) -> Network:
    """One hidden layer: sigmoid(x H) W."""
    w = _weights(hidden=(image_shape[0] * image_shape[1], 620), output=(620, num_classes))

    def logits(images: Any, training: bool) -> Any:
        return tw.matmul(tw.nn.sigmoid(tw.matmul(_flat(images), w["hidden"])), w["output"])

    return Network(w, logits)


def _modern(image_shape: tuple[int, int], num_classes: int) -> Network:
    """Two hidden ReLU layers with dropout on the input and on the first of them."""
    pixels = image_shape[0] * image_shape[1]
    w = _weights(hidden1=(pixels, 625), hidden2=(625, 625), output=(625, num_classes))

    def logits(images: Any, training: bool) -> Any:
        x = _dropout(_flat(images), 0.7, training)
        h = _dropout(tw.nn.relu(tw.matmul(x, w["hidden1"])), 0.4, training)
        return tw.matmul(tw.nn.relu(tw.matmul(h, w["hidden2"])), w["output"])

    return Network(w, logits)


def _conv(image_shape: tuple[int, int], num_classes: int) -> Network:
    """Three times convolution 3x3, ReLU, pooling 2x2 and dropout; then one hidden layer."""
    height, width = (-(-size // 8) for size in image_shape)  # three SAME poolings by 2, each rounding up
    features = height * width * 128
    w = _weights(
        conv1=(3, 3, 1, 32),
        conv2=(3, 3, 32, 64),
        conv3=(3, 3, 64, 128),
        hidden=(features, 625),
        output=(625, num_classes),
    )

    def logits(images: Any, training: bool) -> Any:
        x = tw.reshape(images, (-1, *image_shape, 1))
        for name in ("conv1", "conv2", "conv3"):
            x = tw.nn.relu(tw.nn.conv2d(x, w[name], padding="SAME"))
            x = _dropout(tw.nn.max_pool(x, (2, 2), padding="SAME"), 0.8, training)
        h = tw.nn.relu(tw.matmul(tw.reshape(x, (-1, features)), w["hidden"]))
        return tw.matmul(_dropout(h, 0.5, training), w["output"])

    return Network(w, logits)


def _dropout(x: Any, keep: float, training: bool) -> Any:
    return tw.nn.dropout(x, rate=1 - keep) if training else x


_BUILDERS = {"softmax": _softmax, "mlp": _mlp, "modern": _modern, "conv": _conv}
