"""The second and third Inception network (Ioffe and Szegedy, 2015; Szegedy et al., 2015).

A module is a list of branches, a branch a row of words. ``0b_1x7:192`` is a convolution of that size with so many
channels, named ``Conv2d_0b_1x7``; those of stage 1 are 3x3 with a stride of 2, whatever their name says. Two names with
``+`` between them are two convolutions side by side. ``avg`` and ``max`` are pools; a last pool makes rows and columns
half as many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1 import initializers, math
from thalweg.compat.tf1.contrib.layers import (
    avg_pool2d,
    conv2d,
    dropout,
    max_pool2d,
    separable_conv2d,
    softmax,
)
from thalweg.compat.tf1.contrib.nets.inception_v1 import inception_v1_arg_scope
from thalweg.compat.tf1.contrib.normalisation import batch_norm
from thalweg.compat.tf1.contrib.scopes import arg_scope
from thalweg.compat.tf1.variables import variable_scope

_normal = initializers.truncated_normal_initializer
_Depth = Callable[[int], int]

# The parts of the second: modules by their branches. All of its narrowing convolutions begin alike.
_V2: dict[str, list[str]] = {
    "Mixed_3b": ["0a_1x1:64", "0a_1x1:64 0b_3x3:64", "0a_1x1:64 0b_3x3:96 0c_3x3:96", "avg 0b_1x1:32"],
    "Mixed_3c": ["0a_1x1:64", "0a_1x1:64 0b_3x3:96", "0a_1x1:64 0b_3x3:96 0c_3x3:96", "avg 0b_1x1:64"],
    "Mixed_4a": ["0a_1x1:128 1a_3x3:160", "0a_1x1:64 0b_3x3:96 1a_3x3:96", "max"],
    "Mixed_4b": ["0a_1x1:224", "0a_1x1:64 0b_3x3:96", "0a_1x1:96 0b_3x3:128 0c_3x3:128", "avg 0b_1x1:128"],
    "Mixed_4c": ["0a_1x1:192", "0a_1x1:96 0b_3x3:128", "0a_1x1:96 0b_3x3:128 0c_3x3:128", "avg 0b_1x1:128"],
    "Mixed_4d": ["0a_1x1:160", "0a_1x1:128 0b_3x3:160", "0a_1x1:128 0b_3x3:160 0c_3x3:160", "avg 0b_1x1:96"],
    "Mixed_4e": ["0a_1x1:96", "0a_1x1:128 0b_3x3:192", "0a_1x1:160 0b_3x3:192 0c_3x3:192", "avg 0b_1x1:96"],
    "Mixed_5a": ["0a_1x1:128 1a_3x3:192", "0a_1x1:192 0b_3x3:256 1a_3x3:256", "max"],
    "Mixed_5b": ["0a_1x1:352", "0a_1x1:192 0b_3x3:320", "0a_1x1:160 0b_3x3:224 0c_3x3:224", "avg 0b_1x1:128"],
    "Mixed_5c": ["0a_1x1:352", "0a_1x1:192 0b_3x3:320", "0a_1x1:192 0b_3x3:224 0c_3x3:224", "max 0b_1x1:128"],
}


def _of_seven(n: int) -> list[str]:
    """A module of the third with rows and columns of seven in place of squares."""
    row = f"0a_1x1:{n} 0b_7x1:{n} 0c_1x7:{n} 0d_7x1:{n} 0e_1x7:192"
    return ["0a_1x1:192", f"0a_1x1:{n} 0b_1x7:{n} 0c_7x1:192", row, "avg 0b_1x1:192"]


def _of_five(pooled: int) -> list[str]:
    return [
        "0a_1x1:64", "0a_1x1:48 0b_5x5:64", "0a_1x1:64 0b_3x3:96 0c_3x3:96", f"avg 0b_1x1:{pooled}",
    ]  # fmt: skip


def _split(second: str) -> list[str]:
    first = f"0a_1x1:384 0b_1x3+{second}:384"
    return ["0a_1x1:320", first, "0a_1x1:448 0b_3x3:384 0c_1x3+0d_3x1:384", "avg 0b_1x1:192"]


# Two modules have names that slipped when the network was trained: checkpoints have them.
_V3: dict[str, list[str]] = {
    "Mixed_5b": _of_five(32),
    "Mixed_5c": [
        "0a_1x1:64", "0b_1x1:48 Conv_1_0c_5x5:64", "0a_1x1:64 0b_3x3:96 0c_3x3:96", "avg 0b_1x1:64",
    ],
    "Mixed_5d": _of_five(64),
    "Mixed_6a": ["1a_1x1:384", "0a_1x1:64 0b_3x3:96 1a_1x1:96", "max"],
    "Mixed_6b": _of_seven(128),
    "Mixed_6c": _of_seven(160),
    "Mixed_6d": _of_seven(160),
    "Mixed_6e": _of_seven(192),
    "Mixed_7a": ["0a_1x1:192 1a_3x3:320", "0a_1x1:192 0b_1x7:192 0c_7x1:192 1a_3x3:192", "max"],
    "Mixed_7b": _split("0b_3x1"),
    "Mixed_7c": _split("0c_3x1"),
}  # fmt: skip


def _depth_of(multiplier: float, least: int) -> _Depth:
    if multiplier <= 0:
        raise ValueError("depth_multiplier is not greater than zero.")
    return lambda d: max(int(d * multiplier), least)


def _convolved(net: Any, words: str, depth: _Depth, padding: str, **options: Any) -> Any:
    names, channels = words.split(":")
    made = []
    for name in names.split("+"):
        halved = name.startswith("1")
        size = [3, 3] if halved else [int(n) for n in name.rpartition("_")[2].split("x")]
        given = {"stride": 2, "padding": padding, **options} if halved else options
        scope = name if name.startswith("Conv") else f"Conv2d_{name}"
        made.append(conv2d(net, depth(int(channels)), size, scope=scope, **given))
    return made[0] if len(made) == 1 else math.concat(made, 3)


def _branch(net: Any, row: str, depth: _Depth, padding: str, narrow: Any, pooled: Any) -> Any:
    """``padding`` is that of the strides; ``narrow`` and ``pooled``: how those before others and after pools begin."""
    words = row.split()
    if row == "max":
        return max_pool2d(net, [3, 3], stride=2, padding=padding, scope="MaxPool_1a_3x3")
    for k, word in enumerate(words):
        if word in ("avg", "max"):
            pool, name = (avg_pool2d, "AvgPool") if word == "avg" else (max_pool2d, "MaxPool")
            net = pool(net, [3, 3], scope=f"{name}_0a_3x3")
            continue
        start = pooled if words[0] in ("avg", "max") else narrow if k == 0 and len(words) > 1 else None
        net = _convolved(
            net, word, depth, padding, **({} if start is None else {"weights_initializer": start})
        )
    return net


def _modules(
    net: Any, ends: dict[str, Any], modules: dict[str, list[str]], last: str, *how: Any
) -> tuple[Any, dict[str, Any]]:
    if last not in {*ends, *modules}:
        raise ValueError(f"Unknown final endpoint {last}")
    with arg_scope([conv2d, max_pool2d, avg_pool2d], stride=1, padding="SAME"):
        for name, branches in modules.items():
            if last in ends:
                break
            with variable_scope(name):
                made = []
                for k, row in enumerate(branches):
                    with variable_scope(f"Branch_{k}"):
                        made.append(_branch(net, row, *how))
                net = ends[name] = math.concat(made, 3)
    return ends[last], ends


def inception_v2_base(
    inputs: Any,
    final_endpoint: str = "Mixed_5c",
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    scope: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """(output, {name: output}) of the second network up to ``final_endpoint``."""
    depth, ends = _depth_of(depth_multiplier, min_depth), {}
    with variable_scope(scope, "InceptionV2"):
        with arg_scope([conv2d, max_pool2d, separable_conv2d], stride=1, padding="SAME"):
            first = {"depth_multiplier": min(int(depth(64) / 3), 8), "weights_initializer": _normal(0.0, 1.0)}
            made = ends["Conv2d_1a_7x7"] = separable_conv2d(
                inputs, depth(64), [7, 7], stride=2, scope="Conv2d_1a_7x7", **first
            )
            made = ends["MaxPool_2a_3x3"] = max_pool2d(made, [3, 3], stride=2, scope="MaxPool_2a_3x3")
            start = {"weights_initializer": _normal(0.0, 0.1)}
            made = ends["Conv2d_2b_1x1"] = conv2d(made, depth(64), [1, 1], scope="Conv2d_2b_1x1", **start)
            made = ends["Conv2d_2c_3x3"] = conv2d(made, depth(192), [3, 3], scope="Conv2d_2c_3x3")
            made = ends["MaxPool_3a_3x3"] = max_pool2d(made, [3, 3], stride=2, scope="MaxPool_3a_3x3")
        how = depth, "SAME", _normal(0.0, 0.09), _normal(0.0, 0.1)
        return _modules(made, ends, _V2, final_endpoint, *how)


def inception_v3_base(
    inputs: Any,
    final_endpoint: str = "Mixed_7c",
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    scope: Any = None,
) -> tuple[Any, dict[str, Any]]:
    """(output, {name: output}) of the third network up to ``final_endpoint``."""
    depth, ends, net = _depth_of(depth_multiplier, min_depth), {}, inputs
    parts: list[tuple[str, int, int, str]] = [
        ("Conv2d_1a_3x3", 32, 2, "VALID"), ("Conv2d_2a_3x3", 32, 1, "VALID"), ("Conv2d_2b_3x3", 64, 1, "SAME"),
        ("MaxPool_3a_3x3", 0, 2, "VALID"), ("Conv2d_3b_1x1", 80, 1, "VALID"), ("Conv2d_4a_3x3", 192, 1, "VALID"),
        ("MaxPool_5a_3x3", 0, 2, "VALID"),
    ]  # fmt: skip
    with variable_scope(scope, "InceptionV3"):
        for name, channels, stride, padding in parts:
            size = [int(name[-1])] * 2
            given = {"stride": stride, "padding": padding, "scope": name}
            net = conv2d(net, depth(channels), size, **given) if channels else max_pool2d(net, size, **given)
            ends[name] = net
            if name == final_endpoint:
                return net, ends
        return _modules(net, ends, _V3, final_endpoint, depth, "VALID", None, None)


def _shrunk(net: Any, size: list[int]) -> list[int]:
    """A window no larger than what it is for."""
    lengths = net.get_shape().as_list()[1:3]
    return size if None in lengths else [min(n, k) for n, k in zip(lengths, size, strict=True)]


def _scores(net: Any, ends: dict[str, Any], window: int, classes: int, keep: float, squeezed: bool) -> Any:
    with variable_scope("Logits"):
        size = _shrunk(net, [window, window])
        net = avg_pool2d(net, size, padding="VALID", scope=f"AvgPool_1a_{size[0]}x{size[1]}")
        net = ends["PreLogits"] = dropout(net, keep, scope="Dropout_1b")
        bare = {"activation_fn": None, "normalizer_fn": None}
        logits = conv2d(net, classes, [1, 1], scope="Conv2d_1c_1x1", **bare)
        return math.squeeze(logits, [1, 2], name="SpatialSqueeze") if squeezed else logits


def inception_v2(
    inputs: Any,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    prediction_fn: Any = softmax,
    spatial_squeeze: bool = True,
    reuse: Any = None,
    scope: Any = "InceptionV2",
) -> tuple[Any, dict[str, Any]]:
    """(scores, {name: output}) of the second network, for pictures of 224 x 224."""
    with (
        variable_scope(scope, "InceptionV2", reuse=reuse) as opened,
        arg_scope([batch_norm, dropout], is_training=is_training),
    ):
        net, ends = inception_v2_base(inputs, "Mixed_5c", min_depth, depth_multiplier, opened)
        logits = _scores(net, ends, 7, num_classes, dropout_keep_prob, spatial_squeeze)
        ends["Logits"], ends["Predictions"] = logits, prediction_fn(logits, scope="Predictions")
        del ends["PreLogits"]
    return logits, ends


def _beside(net: Any, depth: _Depth, classes: int, squeezed: bool) -> Any:
    """Scores from the middle of the network."""
    with variable_scope("AuxLogits"):
        net = avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
        net = conv2d(net, depth(128), [1, 1], scope="Conv2d_1b_1x1")
        size = _shrunk(net, [5, 5])
        name = f"Conv2d_2a_{size[0]}x{size[1]}"
        start = _normal(0.0, 0.01), _normal(0.0, 0.001)
        net = conv2d(net, depth(768), size, padding="VALID", scope=name, weights_initializer=start[0])
        bare = {"activation_fn": None, "normalizer_fn": None, "weights_initializer": start[1]}
        net = conv2d(net, classes, [1, 1], scope="Conv2d_2b_1x1", **bare)
        return math.squeeze(net, [1, 2], name="SpatialSqueeze") if squeezed else net


def inception_v3(
    inputs: Any,
    num_classes: int = 1000,
    is_training: Any = True,
    dropout_keep_prob: float = 0.8,
    min_depth: int = 16,
    depth_multiplier: float = 1.0,
    prediction_fn: Any = softmax,
    spatial_squeeze: bool = True,
    reuse: Any = None,
    create_aux_logits: bool = True,
    scope: Any = "InceptionV3",
) -> tuple[Any, dict[str, Any]]:
    """(scores, {name: output}) of the third network, for pictures of 299 x 299."""
    depth = _depth_of(depth_multiplier, min_depth)
    with (
        variable_scope(scope, "InceptionV3", reuse=reuse) as opened,
        arg_scope([batch_norm, dropout], is_training=is_training),
    ):
        net, ends = inception_v3_base(inputs, "Mixed_7c", min_depth, depth_multiplier, opened)
        if create_aux_logits and num_classes:
            ends["AuxLogits"] = _beside(ends["Mixed_6e"], depth, num_classes, spatial_squeeze)
        logits = _scores(net, ends, 8, num_classes, dropout_keep_prob, spatial_squeeze)
        ends["Logits"], ends["Predictions"] = logits, prediction_fn(logits, scope="Predictions")
    return logits, ends


inception_v2.default_image_size = 224  # type: ignore[attr-defined]
inception_v3.default_image_size = 299  # type: ignore[attr-defined]


def inception_v2_arg_scope(
    weight_decay: float = 0.00004, batch_norm_var_collection: str = "moving_vars"
) -> Any:
    """The defaults of layers for Inception."""
    return inception_v1_arg_scope(weight_decay, True, batch_norm_var_collection)


inception_v3_arg_scope = inception_v2_arg_scope
