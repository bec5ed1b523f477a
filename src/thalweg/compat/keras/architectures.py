"""The layers of the networks in ``keras.applications``: from images to features, named as Keras named them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from thalweg.compat.keras import layers as L
from thalweg.compat.keras.backend import image_data_format


def _axis() -> int:
    """The axis of channels."""
    return 1 if image_data_format() == "channels_first" else -1


def _norm(x: Any, name: str | None = None, **options: Any) -> Any:
    return L.BatchNormalization(axis=_axis(), name=name, **options)(x)


def _relu(x: Any, name: str | None = None) -> Any:
    return L.Activation("relu", name=name)(x)


# --- VGG ------------------------------------------------------------------------------------------------------------


def vgg(counts: tuple[int, ...]) -> Callable[[Any], Any]:
    """Blocks of ``counts`` convolutions 3 x 3, with twice the filters after each pooling (Simonyan, Zisserman 2014)."""

    def features(x: Any) -> Any:
        for block, (count, filters) in enumerate(zip(counts, (64, 128, 256, 512, 512)), 1):
            for k in range(1, count + 1):
                x = L.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{k}")(x)
            x = L.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    return features


def vgg_top(x: Any, classes: int) -> Any:
    """Two layers of 4096 and the classes."""
    x = L.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = L.Dense(4096, activation="relu", name=name)(x)
    return L.Dense(classes, activation="softmax", name="predictions")(x)


# --- residual networks ----------------------------------------------------------------------------------------------


def _bottleneck(x: Any, filters: int, place: str, strides: int, project: bool) -> Any:
    def conv(x: Any, width: int, size: int, branch: str, strides: int = 1) -> Any:
        x = L.Conv2D(width, size, strides=strides, padding="same" if size > 1 else "valid",
                     kernel_initializer="he_normal", name=f"res{place}_branch{branch}")(x)  # fmt: skip
        return _norm(x, f"bn{place}_branch{branch}")

    y = _relu(conv(x, filters, 1, "2a", strides))
    y = _relu(conv(y, filters, 3, "2b"))
    y = conv(y, 4 * filters, 1, "2c")
    return _relu(L.add([y, conv(x, 4 * filters, 1, "1", strides) if project else x]))


def resnet(counts: tuple[int, ...]) -> Callable[[Any], Any]:
    """Stages of ``counts`` bottleneck blocks (He, Zhang, Ren, Sun 2015)."""

    def features(x: Any) -> Any:
        x = L.ZeroPadding2D(3, name="conv1_pad")(x)
        x = L.Conv2D(64, 7, strides=2, kernel_initializer="he_normal", name="conv1")(x)
        x = L.ZeroPadding2D(1, name="pool1_pad")(_relu(_norm(x, "bn_conv1")))
        x = L.MaxPooling2D(3, strides=2)(x)
        for stage, count in enumerate(counts, 2):
            for k in range(count):
                strides = 2 if k == 0 and stage > 2 else 1
                x = _bottleneck(x, 16 * 2**stage, f"{stage}{'abcdef'[k]}", strides, k == 0)
        return x

    return features


def deep_resnet(counts: tuple[int, ...]) -> Callable[[Any], Any]:
    """The same with the names and the epsilon of the deeper ones."""

    def norm(x: Any, name: str) -> Any:
        return _norm(x, f"{name}_bn", epsilon=1.001e-5)

    def block(x: Any, filters: int, name: str, strides: int, project: bool) -> Any:
        y = x
        if project:
            x = norm(L.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(x), f"{name}_0")
        for k, (width, size) in enumerate(((filters, 1), (filters, 3), (4 * filters, 1)), 1):
            step = strides if k == 1 else 1
            y = L.Conv2D(width, size, strides=step, padding="same", name=f"{name}_{k}_conv")(y)
            y = norm(y, f"{name}_{k}")
            y = _relu(y, f"{name}_{k}_relu") if k < 3 else y
        return _relu(L.Add(name=f"{name}_add")([x, y]), f"{name}_out")

    def features(x: Any) -> Any:
        x = L.Conv2D(64, 7, strides=2, name="conv1_conv")(L.ZeroPadding2D(3, name="conv1_pad")(x))
        x = L.ZeroPadding2D(1, name="pool1_pad")(_relu(norm(x, "conv1"), "conv1_relu"))
        x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        for stage, count in enumerate(counts):
            for k in range(1, count + 1):
                strides = 2 if k == 1 and stage else 1
                x = block(x, 64 * 2**stage, f"conv{stage + 2}_block{k}", strides, k == 1)
        return x

    return features


def _preactivated(x: Any, filters: int, name: str, strides: int = 1, project: bool = False) -> Any:
    """A bottleneck whose norms and activations come before its convolutions."""
    norm = lambda y, place: _relu(_norm(y, f"{name}_{place}_bn", epsilon=1.001e-5), f"{name}_{place}_relu")
    before = norm(x, "preact")
    if project:
        x = L.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(before)
    elif strides > 1:
        x = L.MaxPooling2D(1, strides=strides)(x)
    y = norm(L.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(before), "1")
    y = L.ZeroPadding2D(1, name=f"{name}_2_pad")(y)
    y = norm(L.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"{name}_2_conv")(y), "2")
    return L.Add(name=f"{name}_out")([x, L.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)])


def resnet_v2(counts: tuple[int, ...]) -> Callable[[Any], Any]:
    """Stages of ``counts`` blocks with activations first; the last of each but the last strides (He et al. 2016)."""

    def features(x: Any) -> Any:
        x = L.Conv2D(64, 7, strides=2, name="conv1_conv")(L.ZeroPadding2D(3, name="conv1_pad")(x))
        x = L.MaxPooling2D(3, strides=2, name="pool1_pool")(L.ZeroPadding2D(1, name="pool1_pad")(x))
        for stage, count in enumerate(counts):
            for k in range(1, count + 1):
                strides = 2 if k == count and stage + 1 < len(counts) else 1
                x = _preactivated(x, 64 * 2**stage, f"conv{stage + 2}_block{k}", strides, k == 1)
        return _relu(_norm(x, "post_bn", epsilon=1.001e-5), "post_relu")

    return features


# --- networks scaled in depth and width -----------------------------------------------------------------------------


# Of each stage: the window, blocks, filters, how much wider within, strides.
_STAGES = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)  # fmt: skip


def _swish(x: Any, name: str) -> Any:
    return L.Activation("swish", name=name)(x)


def _narrow(filters: int, size: int, name: str, **options: Any) -> Any:
    return L.Conv2D(filters, size, use_bias=False, name=name, kernel_initializer=_SPREAD, **options)


_SPREAD = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}


def _shrunk(x: Any, size: int, name: str) -> Any:
    """The zeros before a convolution of stride 2."""
    first = 2 if image_data_format() == "channels_first" else 1
    sides = [x.shape[k] for k in (first, first + 1)]
    pads = tuple((size // 2 - (1 if n is None else 1 - n % 2), size // 2) for n in sides)
    return L.ZeroPadding2D(pads, name=name)(x)


def _mobile(
    x: Any, size: int, filters_in: int, filters: int, wider: int, strides: int, drop: float, name: str
) -> Any:
    """An inverted bottleneck whose channels are weighed by what is in the whole image."""
    width, y = filters_in * wider, x
    if wider != 1:
        y = _swish(_norm(_narrow(width, 1, f"{name}expand_conv", padding="same")(y), f"{name}expand_bn"),
                   f"{name}expand_activation")  # fmt: skip
    y = _shrunk(y, size, f"{name}dwconv_pad") if strides == 2 else y
    y = L.DepthwiseConv2D(
        size, strides=strides, padding="valid" if strides == 2 else "same", use_bias=False,
        depthwise_initializer=_SPREAD, name=f"{name}dwconv",
    )(y)  # fmt: skip
    y = _swish(_norm(y, f"{name}bn"), f"{name}activation")
    whole = L.GlobalAveragePooling2D(name=f"{name}se_squeeze")(y)
    form = (width, 1, 1) if image_data_format() == "channels_first" else (1, 1, width)
    whole = L.Reshape(form, name=f"{name}se_reshape")(whole)
    for count, activation, part in (
        (max(1, filters_in // 4), "swish", "reduce"),
        (width, "sigmoid", "expand"),
    ):
        whole = L.Conv2D(count, 1, padding="same", activation=activation, kernel_initializer=_SPREAD,
                         name=f"{name}se_{part}")(whole)  # fmt: skip
    y = L.Multiply(name=f"{name}se_excite")([y, whole])
    y = _norm(_narrow(filters, 1, f"{name}project_conv", padding="same")(y), f"{name}project_bn")
    if strides > 1 or filters_in != filters:
        return y
    if drop > 0:
        y = L.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(y)
    return L.Add(name=f"{name}add")([y, x])


def efficient(width: float, depth: float) -> Callable[[Any], Any]:
    """EfficientNet, with ``width`` times the filters and ``depth`` times the blocks of B0 (Tan, Le 2019).

    It takes images of 0 to 255.
    """

    def rounded(filters: int) -> int:
        wanted = filters * width
        found = max(8, int(wanted + 4) // 8 * 8)
        return found + 8 if found < 0.9 * wanted else found

    def features(x: Any) -> Any:
        x = L.Normalization(axis=_axis())(L.Rescaling(1 / 255.0)(x))
        x = _narrow(rounded(32), 3, "stem_conv", strides=2)(_shrunk(x, 3, "stem_conv_pad"))
        x, before = _swish(_norm(x, "stem_bn"), "stem_activation"), rounded(32)
        counts = [math.ceil(depth * stage[1]) for stage in _STAGES]
        number = 0
        for stage, ((size, _, filters, wider, strides), count) in enumerate(zip(_STAGES, counts), 1):
            for k in range(count):
                drop, name = 0.2 * number / sum(counts), f"block{stage}{chr(97 + k)}_"
                x = _mobile(x, size, before, rounded(filters), wider, strides if k == 0 else 1, drop, name)
                before, number = rounded(filters), number + 1
        x = _narrow(rounded(1280), 1, "top_conv", padding="same")(x)
        return _swish(_norm(x, "top_bn"), "top_activation")

    return features


def efficient_top(dropout: float) -> Callable[[Any, int], Any]:
    """The mean of each feature, some of which are dropped, and the classes."""

    def top(x: Any, classes: int) -> Any:
        x = L.Dropout(dropout, name="top_dropout")(L.GlobalAveragePooling2D(name="avg_pool")(x))
        return L.Dense(classes, activation="softmax", name="predictions")(x)

    return top


# --- Inception ------------------------------------------------------------------------------------------------------


def _conv(x: Any, filters: int, height: int, width: int, strides: int = 1, padding: str = "same") -> Any:
    x = L.Conv2D(filters, (height, width), strides=strides, padding=padding, use_bias=False)(x)
    return _relu(_norm(x, scale=False))


def _chain(x: Any, *steps: tuple[int, int, int]) -> Any:
    for filters, height, width in steps:
        x = _conv(x, filters, height, width)
    return x


def _joined(parts: list[Any], name: str | None = None) -> Any:
    return L.concatenate(parts, axis=_axis(), name=name)


def _pooled(x: Any, filters: int) -> Any:
    return _conv(L.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1, 1)


def inception_v3(x: Any) -> Any:
    """Inception V3 (Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2015)."""
    x = _conv(_conv(x, 32, 3, 3, 2, "valid"), 32, 3, 3, padding="valid")
    x = L.MaxPooling2D(3, strides=2)(_conv(x, 64, 3, 3))
    x = _conv(_conv(x, 80, 1, 1, padding="valid"), 192, 3, 3, padding="valid")
    x = L.MaxPooling2D(3, strides=2)(x)
    for k, filters in enumerate((32, 64, 64)):
        parts = [
            _conv(x, 64, 1, 1), _chain(x, (48, 1, 1), (64, 5, 5)), _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
            _pooled(x, filters),
        ]  # fmt: skip
        x = _joined(parts, f"mixed{k}")
    parts = [
        _conv(x, 384, 3, 3, 2, "valid"), _conv(_chain(x, (64, 1, 1), (96, 3, 3)), 96, 3, 3, 2, "valid"),
        L.MaxPooling2D(3, strides=2)(x),
    ]  # fmt: skip
    x = _joined(parts, "mixed3")
    for k, n in enumerate((128, 160, 160, 192), 4):
        parts = [
            _conv(x, 192, 1, 1), _chain(x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
            _chain(x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)), _pooled(x, 192),
        ]  # fmt: skip
        x = _joined(parts, f"mixed{k}")
    parts = [
        _conv(_conv(x, 192, 1, 1), 320, 3, 3, 2, "valid"),
        _conv(_chain(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192, 3, 3, 2, "valid"),
        L.MaxPooling2D(3, strides=2)(x),
    ]
    x = _joined(parts, "mixed8")
    for k in range(2):
        first, middle = _conv(x, 320, 1, 1), _conv(x, 384, 1, 1)
        middle = _joined([_conv(middle, 384, 1, 3), _conv(middle, 384, 3, 1)], f"mixed9_{k}")
        last = _chain(x, (448, 1, 1), (384, 3, 3))
        last = _joined([_conv(last, 384, 1, 3), _conv(last, 384, 3, 1)])
        x = _joined([first, middle, last, _pooled(x, 192)], f"mixed{9 + k}")
    return x


# Of each kind of block: what its branches are, and how much of them is added.
_RESIDUAL = {
    "block35": ((((32, 1, 1),), ((32, 1, 1), (32, 3, 3)), ((32, 1, 1), (48, 3, 3), (64, 3, 3))), 0.17),
    "block17": ((((192, 1, 1),), ((128, 1, 1), (160, 1, 7), (192, 7, 1))), 0.1),
    "block8": ((((192, 1, 1),), ((192, 1, 1), (224, 1, 3), (256, 3, 1))), 0.2),
}  # fmt: skip


def _residual(x: Any, kind: str, number: int, last: bool = False) -> Any:
    """A block of branches whose sum is added to what came in; the last one of all wholly, and without activation."""
    branches, scale = _RESIDUAL[kind]
    name, scale = f"{kind}_{number}", 1.0 if last else scale
    mixed = _joined([_chain(x, *steps) for steps in branches], f"{name}_mixed")
    more = L.Conv2D(x.shape[_axis()], 1, name=f"{name}_conv")(mixed)
    x = L.Lambda(lambda parts: parts[0] + parts[1] * scale, name=name)([x, more])
    return x if last else _relu(x, f"{name}_ac")


def _halved(x: Any, *steps: tuple[int, int, int]) -> Any:
    *before, (filters, height, width) = steps
    return _conv(_chain(x, *before), filters, height, width, 2, "valid")


def inception_resnet_v2(x: Any) -> Any:
    """Inception-ResNet V2 (Szegedy, Ioffe, Vanhoucke, Alemi 2016)."""
    x = _conv(_conv(x, 32, 3, 3, 2, "valid"), 32, 3, 3, padding="valid")
    x = L.MaxPooling2D(3, strides=2)(_conv(x, 64, 3, 3))
    x = _conv(_conv(x, 80, 1, 1, padding="valid"), 192, 3, 3, padding="valid")
    x = L.MaxPooling2D(3, strides=2)(x)
    parts = [
        _conv(x, 96, 1, 1), _chain(x, (48, 1, 1), (64, 5, 5)), _chain(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _pooled(x, 64),
    ]  # fmt: skip
    x = _joined(parts, "mixed_5b")
    for k in range(1, 11):
        x = _residual(x, "block35", k)
    parts = [
        _halved(x, (384, 3, 3)),
        _halved(x, (256, 1, 1), (256, 3, 3), (384, 3, 3)),
        L.MaxPooling2D(3, strides=2)(x),
    ]
    x = _joined(parts, "mixed_6a")
    for k in range(1, 21):
        x = _residual(x, "block17", k)
    parts = [
        _halved(x, (256, 1, 1), (384, 3, 3)), _halved(x, (256, 1, 1), (288, 3, 3)),
        _halved(x, (256, 1, 1), (288, 3, 3), (320, 3, 3)), L.MaxPooling2D(3, strides=2)(x),
    ]  # fmt: skip
    x = _joined(parts, "mixed_7a")
    for k in range(1, 11):
        x = _residual(x, "block8", k, last=k == 10)
    x = L.Conv2D(1536, 1, use_bias=False, padding="same", name="conv_7b")(x)
    return _relu(_norm(x, "conv_7b_bn", scale=False), "conv_7b_ac")


# --- separable convolutions -----------------------------------------------------------------------------------------


def _separable(x: Any, filters: int, name: str, active: bool = True) -> Any:
    x = _relu(x, f"{name}_act") if active else x
    x = L.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _norm(x, f"{name}_bn")


def xception(x: Any) -> Any:
    """Xception (Chollet 2016)."""
    for k, filters in enumerate((32, 64), 1):
        x = L.Conv2D(filters, 3, strides=3 - k, use_bias=False, name=f"block1_conv{k}")(x)
        x = _relu(_norm(x, f"block1_conv{k}_bn"), f"block1_conv{k}_act")
    for block, first, filters in ((2, 128, 128), (3, 256, 256), (4, 728, 728)):
        x = _entry(x, block, first, filters)
    for block in range(5, 13):
        y = x
        for k in (1, 2, 3):
            y = _separable(y, 728, f"block{block}_sepconv{k}")
        x = L.add([y, x])
    x = _entry(x, 13, 728, 1024)
    for k, filters in enumerate((1536, 2048), 1):
        x = _separable(x, filters, f"block14_sepconv{k}", active=False)
        x = _relu(x, f"block14_sepconv{k}_act")
    return x


def _entry(x: Any, block: int, first: int, filters: int) -> Any:
    """Two separable convolutions and a pooling, beside a convolution of half the size."""
    beside = _norm(L.Conv2D(filters, 1, strides=2, padding="same", use_bias=False)(x))
    y = _separable(x, first, f"block{block}_sepconv1", active=block > 2)
    y = _separable(y, filters, f"block{block}_sepconv2")
    return L.add([L.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(y), beside])


def _depthwise(
    x: Any, name: str, norm: str, strides: int, pad: str, multiplier: int = 1, **of_norm: Any
) -> Any:
    """A depthwise convolution with its norm; of half the size, padded as the network was trained."""
    if strides > 1:
        x = L.ZeroPadding2D(_edges(x) if of_norm else ((0, 1), (0, 1)), name=pad)(x)
    x = L.DepthwiseConv2D(3, strides=strides, padding="same" if strides == 1 else "valid", use_bias=False,
                          depth_multiplier=multiplier, name=name)(x)  # fmt: skip
    return _norm(x, norm, **of_norm)


def _edges(x: Any) -> Any:
    """What is padded before a window of 3 x 3 with strides of 2: one more where a length is odd."""
    rows, columns = x.shape[2:] if _axis() == 1 else x.shape[1:3]
    return tuple((0 if n is not None and n % 2 == 0 else 1, 1) for n in (rows, columns))


def mobilenet(alpha: float, depth_multiplier: int = 1) -> Callable[[Any], Any]:
    """MobileNet with ``alpha`` times the filters (Howard and others 2017)."""

    def features(x: Any) -> Any:
        x = L.ZeroPadding2D(((0, 1), (0, 1)), name="conv1_pad")(x)
        x = L.Conv2D(int(32 * alpha), 3, strides=2, use_bias=False, name="conv1")(x)
        x = L.ReLU(6.0, name="conv1_relu")(_norm(x, "conv1_bn"))
        for k, width in enumerate((64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024), 1):
            strides = 2 if k in (2, 4, 6, 12) else 1
            x = _depthwise(x, f"conv_dw_{k}", f"conv_dw_{k}_bn", strides, f"conv_pad_{k}", depth_multiplier)
            x = L.ReLU(6.0, name=f"conv_dw_{k}_relu")(x)
            x = L.Conv2D(int(width * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{k}")(x)
            x = L.ReLU(6.0, name=f"conv_pw_{k}_relu")(_norm(x, f"conv_pw_{k}_bn"))
        return x

    return features


def mobilenet_top(dropout: float) -> Callable[[Any, int], Any]:
    """The classes as a convolution of 1 x 1."""

    def top(x: Any, classes: int) -> Any:
        width = x.shape[_axis()]
        x = L.GlobalAveragePooling2D()(x)
        x = L.Reshape((width, 1, 1) if _axis() == 1 else (1, 1, width), name="reshape_1")(x)
        x = L.Conv2D(classes, 1, padding="same", name="conv_preds")(L.Dropout(dropout, name="dropout")(x))
        return L.Activation("softmax", name="act_softmax")(L.Reshape((classes,), name="reshape_2")(x))

    return top


_V2: dict[str, Any] = {"epsilon": 1e-3, "momentum": 0.999}
# filters, strides of the first, how many
_INVERTED = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))


def _eighths(number: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth less."""
    near = max(8, int(number + 4) // 8 * 8)
    return near + 8 if near < 0.9 * number else near


def mobilenet_v2(alpha: float) -> Callable[[Any], Any]:
    """MobileNetV2 with ``alpha`` times the filters (Sandler and others 2018)."""

    def features(x: Any) -> Any:
        x = L.ZeroPadding2D(_edges(x), name="Conv1_pad")(x)
        x = L.Conv2D(_eighths(32 * alpha), 3, strides=2, use_bias=False, name="Conv1")(x)
        x = L.ReLU(6.0, name="Conv1_relu")(_norm(x, "bn_Conv1", **_V2))
        number = 0
        for filters, strides, count in _INVERTED:
            for k in range(count):
                x = _inverted(x, _eighths(int(filters * alpha)), strides if k == 0 else 1, number)
                number += 1
        x = L.Conv2D(_eighths(1280 * alpha) if alpha > 1 else 1280, 1, use_bias=False, name="Conv_1")(x)
        return L.ReLU(6.0, name="out_relu")(_norm(x, "Conv_1_bn", **_V2))

    return features


def _inverted(x: Any, filters: int, strides: int, number: int) -> Any:
    """Six times the channels, a depthwise convolution, and back to a few; added to the input where that fits."""
    name, y, channels = f"block_{number}_" if number else "expanded_conv_", x, x.shape[_axis()]
    if number:
        y = L.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{name}expand")(y)
        y = L.ReLU(6.0, name=f"{name}expand_relu")(_norm(y, f"{name}expand_BN", **_V2))
    y = _depthwise(y, f"{name}depthwise", f"{name}depthwise_BN", strides, f"{name}pad", **_V2)
    y = L.ReLU(6.0, name=f"{name}depthwise_relu")(y)
    y = L.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(y)
    y = _norm(y, f"{name}project_BN", **_V2)
    return L.Add(name=f"{name}add")([x, y]) if channels == filters and strides == 1 else y


# --- densely connected ----------------------------------------------------------------------------------------------

_DENSE: dict[str, Any] = {"epsilon": 1.001e-5}


def densenet(counts: tuple[int, ...]) -> Callable[[Any], Any]:
    """Blocks of ``counts`` layers, each of which sees all before it (Huang, Liu, van der Maaten, Weinberger 2016)."""

    def features(x: Any) -> Any:
        x = L.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(L.ZeroPadding2D(3)(x))
        x = L.ZeroPadding2D(1)(_relu(_norm(x, "conv1_bn", **_DENSE), "conv1_relu"))
        x = L.MaxPooling2D(3, strides=2, name="pool1")(x)
        for stage, count in enumerate(counts, 2):
            for k in range(1, count + 1):
                x = _joined([x, _seen_by_all(x, f"conv{stage}_block{k}")], f"conv{stage}_block{k}_concat")
            if stage <= len(counts):
                y = _relu(_norm(x, f"pool{stage}_bn", **_DENSE), f"pool{stage}_relu")
                y = L.Conv2D(x.shape[_axis()] // 2, 1, use_bias=False, name=f"pool{stage}_conv")(y)
                x = L.AveragePooling2D(2, strides=2, name=f"pool{stage}_pool")(y)
        return _relu(_norm(x, "bn", **_DENSE), "relu")

    return features


def _seen_by_all(x: Any, name: str) -> Any:
    y = _relu(_norm(x, f"{name}_0_bn", **_DENSE), f"{name}_0_relu")
    y = L.Conv2D(128, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = _relu(_norm(y, f"{name}_1_bn", **_DENSE), f"{name}_1_relu")
    return L.Conv2D(32, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
