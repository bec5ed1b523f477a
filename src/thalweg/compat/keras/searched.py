"""The networks of ``keras.applications`` whose cells were found by search, layers named as Keras named them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.keras import layers as L
from thalweg.compat.keras.architectures import _axis, _eighths, _joined, _norm, _relu, _shrunk
from thalweg.compat.keras.backend import image_data_format

# --- NASNet ---------------------------------------------------------------------------------------------------------

_NAS: dict[str, Any] = {"momentum": 0.9997, "epsilon": 1e-3}


def nasnet(filters_at_the_end: int, repeats: int, stem: int, passes_by: bool) -> Callable[[Any], Any]:
    """NASNet-A: at each of three sizes ``repeats`` normal cells (Zoph, Vasudevan, Shlens, Le 2017).

    ``passes_by``: the first cell after a reducing one sees what was before that one, not its input.
    """

    def features(x: Any) -> Any:
        filters, before = filters_at_the_end // 24, None
        x = _norm(_conv(x, stem, "stem_conv1", 3, 2, "valid"), "stem_bn1", **_NAS)
        for k, share in ((1, 4), (2, 2)):
            x, before = _reducing(x, before, filters // share, f"stem_{k}"), x
        for size in range(3):
            if size:
                smaller = _reducing(x, before, filters * 2**size, f"reduce_{size * repeats}")
                x, before = smaller, before if passes_by else x
            for k in range(repeats):
                name = f"{size * repeats + k + (size > 0)}"
                x, before = _normal(x, before, filters * 2**size, name), x
        return _relu(x)

    return features


def _conv(x: Any, filters: int, name: str, size: int = 1, strides: int = 1, padding: str = "same") -> Any:
    return L.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False, name=name,
                    kernel_initializer="he_normal")(x)  # fmt: skip


def _twice_separable(x: Any, filters: int, size: int, name: str, strides: int = 1) -> Any:
    """Two separable convolutions, the first with the strides."""
    for k in (1, 2):
        x, halves = _relu(x), k == 1 and strides == 2
        x = _shrunk(x, size, f"separable_conv_1_pad_{name}") if halves else x
        x = L.SeparableConv2D(filters, size, strides=strides if halves else 1, use_bias=False,
                              padding="valid" if halves else "same", name=f"separable_conv_{k}_{name}")(x)  # fmt: skip
        x = _norm(x, f"separable_conv_{k}_bn_{name}", **_NAS)
    return x


def _fitted(before: Any, x: Any, filters: int, name: str) -> Any:
    """What was before the input of a cell, in the input's size and with the cell's filters."""
    rows = 2 if _axis() == 1 else -2
    if before is None:
        return x
    if before.shape[rows] == x.shape[rows]:
        if before.shape[_axis()] == filters:
            return before
        return _norm(
            _conv(_relu(before), filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}", **_NAS
        )
    active, parts = _relu(before, f"adjust_relu_1_{name}"), []
    for k in (1, 2):  # every second row and column, from the first or the second
        if k == 2:
            active = L.Cropping2D(((1, 0), (1, 0)))(L.ZeroPadding2D(((0, 1), (0, 1)))(active))
        part = L.AveragePooling2D(1, strides=2, padding="valid", name=f"adjust_avg_pool_{k}_{name}")(active)
        parts.append(_conv(part, filters // 2, f"adjust_conv_{k}_{name}"))
    return _norm(_joined(parts), f"adjust_bn_{name}", **_NAS)


def _pool(kind: Any, x: Any, name: str, strides: int) -> Any:
    return kind(3, strides=strides, padding="same" if strides == 1 else "valid", name=name)(x)


def _normal(x: Any, before: Any, filters: int, name: str) -> Any:
    """The cell that keeps the size."""
    p, part = _fitted(before, x, filters, name), "normal_{}_" + name
    h = _norm(_conv(_relu(x), filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}", **_NAS)

    def added(number: int, left: Any, right: Any) -> Any:
        return L.Add(name=f"normal_add_{number}_{name}")([left, right])

    def separable(x: Any, size: int, side: str) -> Any:
        return _twice_separable(x, filters, size, part.format(side))

    def mean(x: Any, side: str) -> Any:
        return _pool(L.AveragePooling2D, x, part.format(side), 1)

    parts = [
        added(1, separable(h, 5, "left1"), separable(p, 3, "right1")),
        added(2, separable(p, 5, "left2"), separable(p, 3, "right2")),
        added(3, mean(h, "left3"), p),
        added(4, mean(p, "left4"), mean(p, "right4")),
        added(5, separable(h, 3, "left5"), h),
    ]
    return _joined([p, *parts], part.format("concat"))


def _reducing(x: Any, before: Any, filters: int, name: str) -> Any:
    """The cell that halves the size."""
    p, part = _fitted(before, x, filters, name), "reduction_{}_" + name
    h = _norm(_conv(_relu(x), filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}", **_NAS)
    wide = _shrunk(h, 3, part.format("pad_1"))

    def added(left: Any, right: Any, place: str | None = None) -> Any:
        return L.Add(name=None if place is None else part.format(place))([left, right])

    def separable(x: Any, size: int, side: str, strides: int = 2) -> Any:
        return _twice_separable(x, filters, size, part.format(side), strides)

    def pooled(kind: Any, x: Any, side: str, strides: int = 2) -> Any:
        return _pool(kind, x, part.format(side), strides)

    first = added(separable(h, 5, "left1"), separable(p, 7, "right1"), "add_1")
    second = added(pooled(L.MaxPooling2D, wide, "left2"), separable(p, 7, "right2"), "add_2")
    third = added(pooled(L.AveragePooling2D, wide, "left3"), separable(p, 5, "right3"), "add3")
    fourth = added(second, pooled(L.AveragePooling2D, first, "left4", 1))
    fifth = added(separable(first, 3, "left4", 1), pooled(L.MaxPooling2D, wide, "right5"), "add4")
    return _joined([second, third, fourth, fifth], part.format("concat"))


# --- MobileNetV3 ----------------------------------------------------------------------------------------------------

_V3: dict[str, Any] = {"epsilon": 1e-3, "momentum": 0.999}
# Of each block: how much wider it is inside, its filters, strides, and whether its window is large, its channels are
# weighed, its activation is hard.
LARGE = (
    (1, 16, 1, 0, 0, 0), (4, 24, 2, 0, 0, 0), (3, 24, 1, 0, 0, 0), (3, 40, 2, 1, 1, 0), (3, 40, 1, 1, 1, 0),
    (3, 40, 1, 1, 1, 0), (6, 80, 2, 0, 0, 1), (2.5, 80, 1, 0, 0, 1), (2.3, 80, 1, 0, 0, 1), (2.3, 80, 1, 0, 0, 1),
    (6, 112, 1, 0, 1, 1), (6, 112, 1, 0, 1, 1), (6, 160, 2, 1, 1, 1), (6, 160, 1, 1, 1, 1), (6, 160, 1, 1, 1, 1),
)  # fmt: skip
SMALL = (
    (1, 16, 2, 0, 1, 0), (72 / 16, 24, 2, 0, 0, 0), (88 / 24, 24, 1, 0, 0, 0), (4, 40, 2, 1, 1, 1),
    (6, 40, 1, 1, 1, 1), (6, 40, 1, 1, 1, 1), (3, 48, 1, 1, 1, 1), (3, 48, 1, 1, 1, 1), (6, 96, 2, 1, 1, 1),
    (6, 96, 1, 1, 1, 1), (6, 96, 1, 1, 1, 1),
)  # fmt: skip


def _hard_sigmoid(x: Any) -> Any:
    return L.Lambda(lambda t: t / 6.0)(L.ReLU(6.0)(L.Lambda(lambda t: t + 3.0)(x)))


def _hard_swish(x: Any) -> Any:
    return L.Multiply()([x, _hard_sigmoid(x)])


def _plain_relu(x: Any) -> Any:
    return L.ReLU()(x)


def _mean_of_each(x: Any, name: str | None = None) -> Any:
    """The mean of each channel, as an image of one pixel."""
    width = x.shape[_axis()]
    form = (width, 1, 1) if image_data_format() == "channels_first" else (1, 1, width)
    return L.Reshape(form)(L.GlobalAveragePooling2D(name=name)(x))


def mobilenet_v3(
    blocks: tuple[tuple[float, ...], ...], alpha: float, minimalistic: bool, include_preprocessing: bool
) -> Callable[[Any], Any]:
    """MobileNetV3 with ``alpha`` times the filters, of images of 0 to 255 (Howard and others 2019).

    ``minimalistic``: small windows, nothing weighed, no hard activations; without ``include_preprocessing``: images of
    -1 to 1.
    """

    def features(x: Any) -> Any:
        x = L.Rescaling(1 / 127.5, offset=-1.0)(x) if include_preprocessing else x
        active = _plain_relu if minimalistic else _hard_swish
        x = L.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
        x = active(_norm(x, "conv_bn", **_V3))
        for number, (wider, filters, strides, large, weighed, hard) in enumerate(blocks):
            x = _block(
                x, wider, _eighths(filters * alpha), 5 if large and not minimalistic else 3, int(strides),
                bool(weighed) and not minimalistic, active if hard else _plain_relu, number,
            )  # fmt: skip
        x = L.Conv2D(_eighths(6 * x.shape[_axis()]), 1, padding="same", use_bias=False, name="conv_1")(x)
        return active(_norm(x, "conv_1_bn", **_V3))

    return features


def _block(
    x: Any, wider: float, filters: int, size: int, strides: int, weighed: bool, active: Any, number: int
) -> Any:
    """An inverted bottleneck, whose channels may be weighed by what is in the whole image."""
    name, y, channels = f"expanded_conv_{number}_" if number else "expanded_conv_", x, x.shape[_axis()]
    width = _eighths(channels * wider)
    if number:
        y = L.Conv2D(width, 1, padding="same", use_bias=False, name=f"{name}expand")(y)
        y = active(_norm(y, f"{name}expand_bn", **_V3))
    y = _shrunk(y, size, f"{name}depthwise_pad") if strides == 2 else y
    y = L.DepthwiseConv2D(size, strides=strides, padding="valid" if strides == 2 else "same", use_bias=False,
                          name=f"{name}depthwise")(y)  # fmt: skip
    y = active(_norm(y, f"{name}depthwise_bn", **_V3))
    if weighed:
        part = f"{name}squeeze_excite_"
        whole = _mean_of_each(y, f"{part}avg_pool")
        whole = L.Conv2D(_eighths(width * 0.25), 1, padding="same", name=f"{part}conv")(whole)
        whole = L.Conv2D(width, 1, padding="same", name=f"{part}conv_1")(L.ReLU(name=f"{part}relu")(whole))
        y = L.Multiply(name=f"{part}mul")([y, _hard_sigmoid(whole)])
    y = L.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(y)
    y = _norm(y, f"{name}project_bn", **_V3)
    return L.Add(name=f"{name}add")([x, y]) if strides == 1 and channels == filters else y


def mobilenet_v3_top(
    filters: int, alpha: float, minimalistic: bool, dropout_rate: float, classifier_activation: Any
) -> Callable[[Any, int], Any]:
    """The classes as convolutions of the mean of each channel."""

    def top(x: Any, classes: int) -> Any:
        width = _eighths(filters * alpha) if alpha > 1 else filters
        x = L.Conv2D(width, 1, padding="same", name="conv_2")(_mean_of_each(x))
        x = _plain_relu(x) if minimalistic else _hard_swish(x)
        x = L.Dropout(dropout_rate)(x) if dropout_rate > 0 else x
        x = L.Flatten()(L.Conv2D(classes, 1, padding="same", name="logits")(x))
        return L.Activation(classifier_activation, name="predictions")(x)

    return top
