"""The first Inception network (Szegedy et al., 2014)."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.contrib.layers import (
    avg_pool2d,
    conv2d,
    dropout,
    fully_connected,
    max_pool2d,
    softmax,
)
from thalweg.compat.tf1.contrib.normalisation import batch_norm
from thalweg.compat.tf1.contrib.regularizers import l2_regularizer
from thalweg.compat.tf1.contrib.scopes import arg_scope
from thalweg.compat.tf1.graph import GraphKeys
from thalweg.compat.tf1.variables import variable_scope

# A convolution (name, channels, size, stride), a pool (name, size), or a module (name, the channels of its branches:
# 1x1; 1x1 and 3x3; 1x1 and 3x3; 1x1 after a pool).
_PARTS: list[tuple[Any, ...]] = [
    ("Conv2d_1a_7x7", 64, 7, 2), ("MaxPool_2a_3x3", 3), ("Conv2d_2b_1x1", 64, 1, 1), ("Conv2d_2c_3x3", 192, 3, 1),
    ("MaxPool_3a_3x3", 3),
    ("Mixed_3b", (64, 96, 128, 16, 32, 32)), ("Mixed_3c", (128, 128, 192, 32, 96, 64)),
    ("MaxPool_4a_3x3", 3),
    ("Mixed_4b", (192, 96, 208, 16, 48, 64)), ("Mixed_4c", (160, 112, 224, 24, 64, 64)),
    ("Mixed_4d", (128, 128, 256, 24, 64, 64)), ("Mixed_4e", (112, 144, 288, 32, 64, 64)),
    ("Mixed_4f", (256, 160, 320, 32, 128, 128)),
    ("MaxPool_5a_2x2", 2),
    ("Mixed_5b", (256, 160, 320, 32, 128, 128)), ("Mixed_5c", (384, 192, 384, 48, 128, 128)),
]  # fmt: skip


def _mixed(net: Any, name: str, channels: tuple[int, ...]) -> Any:
    one, narrow, three, narrower, other, pooled = channels
    # A checkpoint has this name for one convolution, for a slip made when it was trained.
    second = "Conv2d_0a_3x3" if name == "Mixed_5b" else "Conv2d_0b_3x3"
    with variable_scope(name):
        branches = []
        for k, (first, then, last) in enumerate(
            ((one, 0, ""), (narrow, three, "Conv2d_0b_3x3"), (narrower, other, second))
        ):
            with variable_scope(f"Branch_{k}"):
                branch = conv2d(net, first, [1, 1], scope="Conv2d_0a_1x1")
                branches.append(conv2d(branch, then, [3, 3], scope=last) if then else branch)
        with variable_scope("Branch_3"):
            branch = max_pool2d(net, [3, 3], scope="MaxPool_0a_3x3")
            branches.append(conv2d(branch, pooled, [1, 1], scope="Conv2d_0b_1x1"))
        return math.concat(branches, 3)


def inception_v1_base(
    inputs: Any, final_endpoint: str = "Mixed_5c", scope: Any = "InceptionV1"
) -> tuple[Any, dict[str, Any]]:
    """(output, {name: output}) of the network up to ``final_endpoint``."""
    if final_endpoint not in [part[0] for part in _PARTS]:
        raise ValueError(f"Unknown final endpoint {final_endpoint}")
    ends: dict[str, Any] = {}
    start = initializers.truncated_normal_initializer(0.0, 0.01)
    with (
        variable_scope(scope, "InceptionV1"),
        arg_scope([conv2d, fully_connected], weights_initializer=start),
        arg_scope([conv2d, max_pool2d], stride=1, padding="SAME"),
    ):
        net = inputs
        for name, *rest in _PARTS:
            if len(rest) == 3:
                channels, size, stride = rest
                net = conv2d(net, channels, [size, size], stride=stride, scope=name)
            elif isinstance(rest[0], tuple):
                net = _mixed(net, name, rest[0])
            else:
                net = max_pool2d(net, [rest[0], rest[0]], stride=2, scope=name)
            ends[name] = net
            if name == final_endpoint:
                break
    return net, ends


def inception_v1(
    inputs: Any,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    prediction_fn: Any = softmax,
    spatial_squeeze: bool = True,
    reuse: Any = None,
    scope: Any = "InceptionV1",
) -> tuple[Any, dict[str, Any]]:
    """(scores, {name: output}) of the network for pictures of 224 x 224."""
    with (
        variable_scope(scope, "InceptionV1", reuse=reuse) as opened,
        arg_scope([batch_norm, dropout], is_training=is_training),
    ):
        net, ends = inception_v1_base(inputs, scope=opened)
        with variable_scope("Logits"):
            net = avg_pool2d(net, [7, 7], stride=1, scope="MaxPool_0a_7x7")
            net = dropout(net, dropout_keep_prob, scope="Dropout_0b")
            bare = {"activation_fn": None, "normalizer_fn": None}
            logits = conv2d(net, num_classes, [1, 1], scope="Conv2d_0c_1x1", **bare)
            if spatial_squeeze:
                logits = math.squeeze(logits, [1, 2], name="SpatialSqueeze")
            ends["Logits"] = logits
            ends["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, ends


inception_v1.default_image_size = 224  # type: ignore[attr-defined]


def inception_v1_arg_scope(
    weight_decay: float = 0.00004, use_batch_norm: bool = True, batch_norm_var_collection: str = "moving_vars"
) -> Any:
    """The defaults of layers for Inception."""
    kept = {name: [batch_norm_var_collection] for name in ("moving_mean", "moving_variance")}
    norm = {
        "decay": 0.9997, "epsilon": 0.001, "updates_collections": GraphKeys.UPDATE_OPS, "variables_collections": kept,
    }  # fmt: skip
    with (
        arg_scope([conv2d, fully_connected], weights_regularizer=l2_regularizer(weight_decay)),
        arg_scope(
            [conv2d],
            weights_initializer=initializers.contrib_variance_scaling(),
            activation_fn=nn.relu,
            normalizer_fn=batch_norm if use_batch_norm else None,
            normalizer_params=norm if use_batch_norm else {},
        ) as made,
    ):
        return made
