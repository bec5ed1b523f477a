"""Colours of pictures [..., height, width, channels]: brightness, hue, contrast, colour spaces, ranges of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant, shape_text
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "grayscale_to_rgb",
    "hsv_to_rgb",
    "in_range_of",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "rgb_to_yiq",
    "rgb_to_yuv",
    "standardize_images",
    "yiq_to_rgb",
    "yuv_to_rgb",
]

# --- ranges -----------------------------------------------------------------------------------------------------------


def in_range_of(x: Any, dtype: Any) -> Tensor:
    """x in another dtype, where floats mean [0, 1] and whole numbers their whole range.

    Floats outside [0, 1] become the nearest end of a range of whole numbers.

    >>> in_range_of([0.0, 0.5, 1.0], "uint8").tolist()
    [0, 127, 255]
    """
    (x,) = convert_operands([x])
    wanted = dtypes.as_dtype(dtype)
    if x.dtype == wanted:
        return x
    if dtypes.is_floating(wanted):
        made: Any = ew.astype(x, wanted)
        return made if dtypes.is_floating(x.dtype) else made * (1.0 / np.iinfo(x.dtype).max)
    most = np.iinfo(wanted).max
    if dtypes.is_floating(x.dtype):
        return ew.astype(x * (float(most) + 0.5), wanted)
    own = np.iinfo(x.dtype).max
    if own > most:
        return ew.astype(ew.floor_divide(x, (own + 1) // (most + 1)), wanted)
    return ew.astype(x, wanted) * ((most + 1) // (own + 1))  # type: ignore[operator, return-value]


def _as_floats(images: Any, change: Callable[[Any], Any]) -> Tensor:
    """A change of pictures as floats, in the dtype they had."""
    (x,) = convert_operands([images])
    if dtypes.is_floating(x.dtype):
        return change(x)
    return in_range_of(change(in_range_of(x, dtypes.float32)), x.dtype)


def _mean_of(x: Any, axes: tuple[int, ...]) -> Any:
    return reduce.mean(x, axis=axes, keepdims=True)


def standardize_images(x: Any) -> Tensor:
    """``(x - mean) / max(std, 1 / sqrt(n))`` of each picture, as floats; n is how many numbers a picture has.

    >>> standardize_images([[[1.0], [3.0]]]).numpy().ravel().tolist()
    [-1.0, 1.0]
    """
    (x,) = convert_operands([x])
    x = x if dtypes.is_floating(x.dtype) else ew.astype(x, dtypes.float32)
    axes = (x.ndim - 3, x.ndim - 2, x.ndim - 1)
    least = ew.rsqrt(shape_ops.count(x, axis=axes, dtype=x.dtype))
    return (x - _mean_of(x, axes)) / ew.maximum(reduce.std(x, axis=axes, keepdims=True), least)


# --- changes ----------------------------------------------------------------------------------------------------------


def adjust_brightness(x: Any, delta: Any) -> Tensor:
    """``x + delta``; whole numbers are seen as floats in [0, 1] meanwhile.

    >>> adjust_brightness(np.array([[[100]]], "uint8"), 0.2).numpy().ravel().tolist()
    [151]
    """
    return _as_floats(x, lambda floats: floats + delta)


def adjust_contrast(x: Any, factor: Any) -> Tensor:
    """``(x - mean) * factor + mean``, the mean being that of each channel of each picture.

    >>> adjust_contrast([[[[1.0], [3.0]]]], 2.0).numpy().ravel().tolist()
    [0.0, 4.0]
    """

    def change(floats: Any) -> Any:
        mean = _mean_of(floats, (floats.ndim - 3, floats.ndim - 2))
        return (floats - mean) * factor + mean

    return _as_floats(x, change)


def adjust_gamma(x: Any, gamma: Any = 1.0, gain: Any = 1.0) -> Tensor:
    """``gain * x ** gamma``.

    >>> adjust_gamma([[[0.5]]], 2.0).numpy().ravel().tolist()
    [0.25]
    """
    return _as_floats(x, lambda floats: floats**gamma * gain)


def _in_hsv(x: Any, change: Callable[[Any, Any], tuple[Any, Any]]) -> Tensor:
    """Pictures whose hue and saturation are changed."""

    def changed(floats: Any) -> Tensor:
        hue, saturation, value = _channels(rgb_to_hsv(floats))
        return hsv_to_rgb(joining.stack([*change(hue, saturation), value], axis=-1))

    return _as_floats(x, changed)


def adjust_hue(x: Any, delta: Any) -> Tensor:
    """The hue of [..., 3] pictures turned by ``delta``, 1 being all around.

    >>> print(adjust_hue([[[1.0, 0.0, 0.0]]], 1 / 3).numpy().round(5).ravel())
    [0. 1. 0.]
    """
    return _in_hsv(x, lambda hue, saturation: (ew.remainder(hue + delta, 1.0), saturation))


def adjust_saturation(x: Any, factor: Any) -> Tensor:
    """The saturation of [..., 3] pictures times a factor, at most 1.

    >>> adjust_saturation([[[1.0, 0.5, 0.5]]], 0.0).numpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    return _in_hsv(x, lambda hue, saturation: (hue, ew.clip(saturation * factor, 0.0, 1.0)))


# --- colour spaces ----------------------------------------------------------------------------------------------------


def _channels(x: Any) -> tuple[Any, Any, Any]:
    """The three channels."""
    if x.shape[-1] not in (3, None):
        raise fail(ShapeError, "colours: the last axis", expected="3 channels", received=shape_text(x.shape))
    return x[..., 0], x[..., 1], x[..., 2]


def rgb_to_grayscale(x: Any) -> Tensor:
    """The brightness [..., 1]: 0.2989 red, 0.587 green, 0.114 blue.

    >>> print(rgb_to_grayscale([[[1.0, 0.0, 0.0]]]).numpy().round(4).ravel())
    [0.2989]
    """
    shares = np.array([0.2989, 0.587, 0.114])
    return _as_floats(
        x, lambda floats: reduce.sum(floats * shares.astype(floats.dtype), axis=-1, keepdims=True)
    )


def grayscale_to_rgb(x: Any) -> Tensor:
    """The brightness [..., 1] three times.

    >>> grayscale_to_rgb([[[0.5]]]).numpy().ravel().tolist()
    [0.5, 0.5, 0.5]
    """
    return joining.concat([x, x, x], axis=-1)


def rgb_to_hsv(x: Any) -> Tensor:
    """Hue, saturation and value, each in [0, 1], of floats in [0, 1].

    >>> print(rgb_to_hsv([[[0.0, 1.0, 0.0]]]).numpy().round(4).ravel())
    [0.3333 1.     1.    ]
    """
    (x,) = convert_operands([x])
    red, green, blue = _channels(x)
    high, low = reduce.max(x, axis=-1), reduce.min(x, axis=-1)
    span: Any = high - low  # type: ignore[operator]
    safe: Any = ew.where(span > 0, span, 1.0)
    of_red: Any = ew.remainder((green - blue) / safe, 6.0)
    of_green, of_blue = (blue - red) / safe + 2.0, (red - green) / safe + 4.0
    hue: Any = ew.where(ew.equal(high, red), of_red, ew.where(ew.equal(high, green), of_green, of_blue))
    hue = ew.where(span > 0, hue, 0.0)
    saturation = ew.where(high > 0, span / ew.where(high > 0, high, 1.0), 0.0)  # type: ignore[operator]
    return joining.stack([hue / 6.0, saturation, high], axis=-1)


def hsv_to_rgb(x: Any) -> Tensor:
    """Red, green and blue, in [0, 1], of hue, saturation and value.

    >>> hsv_to_rgb([[[0.5, 1.0, 1.0]]]).numpy().ravel().tolist()
    [0.0, 1.0, 1.0]
    """
    (x,) = convert_operands([x])
    hue, saturation, value = _channels(x)
    parts = []
    for shift in (5.0, 3.0, 1.0):
        place: Any = ew.remainder(hue * 6.0 + shift, 6.0)
        fall: Any = ew.clip(ew.minimum(place, 4.0 - place), 0.0, 1.0)
        parts.append(value - value * saturation * fall)
    return joining.stack(parts, axis=-1)


_TO_YUV = np.array(
    [
        [0.299, -0.14714119, 0.61497538],
        [0.587, -0.28886916, -0.51496512],
        [0.114, 0.43601035, -0.10001026],
    ]
)
_TO_YIQ = np.array(
    [
        [0.299, 0.59590059, 0.2115],
        [0.587, -0.27455667, -0.52273617],
        [0.114, -0.32134392, 0.31119955],
    ]
)
# Inverses as the standards print them.
_FROM_YUV = np.array([[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]])
_FROM_YIQ = np.array(
    [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
)


def _mixed(x: Any, matrix: np.ndarray) -> Tensor:
    (x,) = convert_operands([x])
    return matmul(x, constant(matrix.astype(x.dtype)))


def rgb_to_yuv(x: Any) -> Tensor:
    """Brightness and two colour differences, as in PAL.

    >>> print(rgb_to_yuv([[[1.0, 1.0, 1.0]]]).numpy().round(4).ravel())
    [1. 0. 0.]
    """
    return _mixed(x, _TO_YUV)


def yuv_to_rgb(x: Any) -> Tensor:
    """The way back of :func:`rgb_to_yuv`.

    >>> yuv_to_rgb([[[1.0, 0.0, 0.0]]]).numpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    return _mixed(x, _FROM_YUV)


def rgb_to_yiq(x: Any) -> Tensor:
    """Brightness and two colour differences, as in NTSC.

    >>> print(rgb_to_yiq([[[1.0, 0.0, 0.0]]]).numpy().round(4).ravel())
    [0.299  0.5959 0.2115]
    """
    return _mixed(x, _TO_YIQ)


def yiq_to_rgb(x: Any) -> Tensor:
    """The way back of :func:`rgb_to_yiq`.

    >>> yiq_to_rgb([[[1.0, 0.0, 0.0]]]).numpy().ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    return _mixed(x, _FROM_YIQ)
