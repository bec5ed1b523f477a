"""Networks that are one chain of layers: LeNet, AlexNet (Krizhevsky, 2014), OverFeat and VGG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.contrib.layers import (
    conv2d,
    dropout,
    flatten,
    fully_connected,
    max_pool2d,
    repeat,
    softmax,
)
from thalweg.compat.tf1.contrib.regularizers import l2_regularizer
from thalweg.compat.tf1.contrib.scopes import arg_scope
from thalweg.compat.tf1.contrib.utils import convert_collection_to_dict
from thalweg.compat.tf1.variables import variable_scope


def _defaults(weight_decay: float, padding: str, pool_padding: str | None, bias: Any) -> Any:
    """The defaults of layers that a network is built with."""
    penalty = l2_regularizer(weight_decay)
    with (
        arg_scope(
            [conv2d, fully_connected],
            activation_fn=nn.relu,
            weights_regularizer=penalty,
            biases_initializer=bias,
        ),
        arg_scope([conv2d], padding=padding) as made,
    ):
        if pool_padding is None:
            return made
        with arg_scope([max_pool2d], padding=pool_padding) as made:
            return made


# --- classifiers of convolutions alone --------------------------------------------------------------------------------
# A part is (name, channels, size, settings) for a convolution, (name, size, stride) for a pool; a name with a number
# behind it stands for as many convolutions.


def _through(net: Any, parts: Any) -> Any:
    for part in parts:
        if len(part) == 3:
            name, size, stride = part
            net = max_pool2d(net, [size, size], stride, scope=name)
        else:
            name, channels, size, more = part
            times = more.get("times")
            if times:
                net = repeat(net, times, conv2d, channels, [size, size], scope=name)
            else:
                net = conv2d(net, channels, [size, size], scope=name, **more)
    return net


def _classifier(
    kind: str, parts: Any, hidden: tuple[int, int], size: int, start: dict[str, Any], pooled: int
) -> Callable[..., Any]:
    """A chain of convolutions and pools, then three layers fc6, fc7 and fc8, which are convolutions as well."""

    def network(
        inputs: Any,
        num_classes: int = 1000,
        is_training: Any = True,
        dropout_keep_prob: float = 0.5,
        spatial_squeeze: bool = True,
        scope: Any = kind,
    ) -> tuple[Any, dict[str, Any]]:
        with variable_scope(scope, kind) as opened:
            collection = f"{opened.original_name_scope}_end_points"
            with arg_scope([conv2d, fully_connected, max_pool2d], outputs_collections=collection):
                net = _through(inputs, parts)
                with arg_scope([conv2d], **start):
                    for name, channels, width in (("6", hidden[0], size), ("7", hidden[1], 1)):
                        padding = {"padding": "VALID"} if width > 1 else {}
                        net = conv2d(net, channels, [width, width], scope=f"fc{name}", **padding)
                        net = dropout(net, dropout_keep_prob, is_training=is_training, scope=f"dropout{name}")
                    zeros = {"biases_initializer": initializers.zeros_initializer()}
                    net = conv2d(
                        net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="fc8", **zeros
                    )
            ends = convert_collection_to_dict(collection)
            if spatial_squeeze:
                net = math.squeeze(net, [1, 2], name="fc8/squeezed")
                ends[f"{opened.name}/fc8"] = net
            return net, ends

    network.__name__, network.default_image_size = kind, pooled  # type: ignore[attr-defined]
    network.__doc__ = f"(scores, {{name: output}}) of {kind} for pictures of {pooled} x {pooled}."
    return network


def _vgg(*depths: int) -> list[Any]:
    parts: list[Any] = []
    for k, (depth, channels) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), 1):
        parts += [(f"conv{k}", channels, 3, {"times": depth}), (f"pool{k}", 2, 2)]
    return parts


vgg_a = _classifier("vgg_a", _vgg(1, 1, 2, 2, 2), (4096, 4096), 7, {}, 224)
vgg_16 = _classifier("vgg_16", _vgg(2, 2, 3, 3, 3), (4096, 4096), 7, {}, 224)
vgg_19 = _classifier("vgg_19", _vgg(2, 2, 4, 4, 4), (4096, 4096), 7, {}, 224)
vgg_d, vgg_e = vgg_16, vgg_19


def vgg_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The defaults of layers for VGG."""
    return _defaults(weight_decay, "SAME", None, initializers.zeros_initializer())


_SMALL = {
    "weights_initializer": initializers.truncated_normal_initializer(0.0, 0.005),
    "biases_initializer": initializers.constant_initializer(0.1),
}
alexnet_v2 = _classifier(
    "alexnet_v2",
    [
        ("conv1", 64, 11, {"stride": 4, "padding": "VALID"}), ("pool1", 3, 2), ("conv2", 192, 5, {}), ("pool2", 3, 2),
        ("conv3", 384, 3, {}), ("conv4", 384, 3, {}), ("conv5", 256, 3, {}), ("pool5", 3, 2),
    ],
    (4096, 4096), 5, _SMALL, 224,
)  # fmt: skip
overfeat = _classifier(
    "overfeat",
    [
        ("conv1", 64, 11, {"stride": 4, "padding": "VALID"}), ("pool1", 2, 2), ("conv2", 256, 5, {"padding": "VALID"}),
        ("pool2", 2, 2), ("conv3", 512, 3, {}), ("conv4", 1024, 3, {}), ("conv5", 1024, 3, {}), ("pool5", 2, 2),
    ],
    (3072, 4096), 6, _SMALL, 231,
)  # fmt: skip


def alexnet_v2_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The defaults of layers for AlexNet."""
    return _defaults(weight_decay, "SAME", "VALID", initializers.constant_initializer(0.1))


def overfeat_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The defaults of layers for OverFeat."""
    return _defaults(weight_decay, "SAME", "VALID", initializers.zeros_initializer())


# --- LeNet ------------------------------------------------------------------------------------------------------------


def lenet(
    images: Any,
    num_classes: int = 10,
    is_training: Any = False,
    dropout_keep_prob: float = 0.5,
    prediction_fn: Any = softmax,
    scope: Any = "LeNet",
) -> tuple[Any, dict[str, Any]]:
    """(scores, {name: output}) of a LeNet for pictures of 28 x 28."""
    ends: dict[str, Any] = {}
    with variable_scope(scope, "LeNet"):
        net = ends["conv1"] = conv2d(images, 32, [5, 5], scope="conv1")
        net = ends["pool1"] = max_pool2d(net, [2, 2], 2, scope="pool1")
        net = ends["conv2"] = conv2d(net, 64, [5, 5], scope="conv2")
        net = ends["pool2"] = max_pool2d(net, [2, 2], 2, scope="pool2")
        net = ends["Flatten"] = flatten(net)
        net = ends["fc3"] = fully_connected(net, 1024, scope="fc3")
        if not num_classes:
            return net, ends
        net = ends["dropout3"] = dropout(net, dropout_keep_prob, is_training=is_training, scope="dropout3")
        logits = ends["Logits"] = fully_connected(net, num_classes, activation_fn=None, scope="fc4")
    ends["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, ends


lenet.default_image_size = 28  # type: ignore[attr-defined]


def lenet_arg_scope(weight_decay: float = 0.0) -> Any:
    """The defaults of layers for LeNet."""
    start = initializers.truncated_normal_initializer(stddev=0.1)
    with arg_scope(
        [conv2d, fully_connected],
        weights_regularizer=l2_regularizer(weight_decay),
        weights_initializer=start,
        activation_fn=nn.relu,
    ) as made:
        return made


def of(prefix: str) -> dict[str, Any]:
    """The networks and defaults whose names begin so."""
    return {name: thing for name, thing in globals().items() if name.startswith(prefix) and callable(thing)}
