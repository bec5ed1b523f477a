"""``tf.image``: pictures as tensors [height, width, channels] or batches of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.extras import needs
from thalweg.ops import elementwise, index, random, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.slices import flip


class ResizeMethod:
    """How :func:`resize_images` fills in."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = 0, 1, 2, 3


def decode_image(contents: Any, channels: int = 0, name: Any = None, **options: Any) -> Tensor:
    """The pixels (uint8) of an image file's bytes; 0 channels: those of the file, seen as 3."""
    from thalweg.compat.tf1.strings import from_host

    mode = {0: "RGB", 1: "L", 3: "RGB", 4: "RGBA"}[channels or 0]

    def decode(raw: Any) -> np.ndarray:
        import io

        with needs("pillow", "decoding images"):
            from PIL import Image
        picture = np.asarray(Image.open(io.BytesIO(raw)).convert(mode))
        return picture if picture.ndim == 3 else picture[..., None]

    node = g.convert_to_tensor(contents)
    return from_host([node], decode, np.uint8, [None, None, channels or 3], name, "DecodeImage")


decode_jpeg = decode_png = decode_image


def _spatial(image: Any) -> tuple[Any, int]:
    t = value(image)
    return t, len(t.shape) - 3


def flip_left_right(image: Any) -> Tensor:
    """Columns in the opposite order."""
    t, first = _spatial(image)
    return wrap(flip(t, axis=first + 1), None, "flip_left_right", [image])


def flip_up_down(image: Any) -> Tensor:
    """Rows in the opposite order."""
    t, first = _spatial(image)
    return wrap(flip(t, axis=first), None, "flip_up_down", [image])


def transpose_image(image: Any) -> Tensor:
    """Rows and columns exchanged."""
    t, first = _spatial(image)
    return wrap(shape_ops.swapaxes(t, first, first + 1), None, "transpose_image", [image])


def rot90(image: Any, k: int = 1, name: Any = None) -> Tensor:
    """Turned k times by a right angle against the clock."""
    for _ in range(k % 4):
        image = flip_up_down(transpose_image(image))
    return math.identity(image)


def _sometimes(image: Any, changed: Tensor) -> Tensor:
    t = value(image)
    draw: Any = random.uniform((), symbolic=True)
    return wrap(elementwise.where(draw < 0.5, value(changed), t), None, "random_flip", [image])


def random_flip_left_right(image: Any, seed: Any = None) -> Tensor:
    """Flipped in one run out of two."""
    return _sometimes(image, flip_left_right(image))


def random_flip_up_down(image: Any, seed: Any = None) -> Tensor:
    """Flipped in one run out of two."""
    return _sometimes(image, flip_up_down(image))


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """A number added."""
    return math.add(image, delta)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """``(x - mean) * factor + mean``, the mean being that of each channel."""
    x, first = _spatial(images)
    mean: Any = reduce.mean(x, axis=(first, first + 1), keepdims=True)
    return wrap((x - mean) * value(contrast_factor, "float32") + mean, None, "adjust_contrast", [images])


def _drawn(low: float, high: float) -> Tensor:
    return wrap(random.uniform((), float(low), float(high), symbolic=True), None, "random_uniform")


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """A random number added."""
    return adjust_brightness(image, _drawn(-max_delta, max_delta))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """A random contrast."""
    return adjust_contrast(image, _drawn(lower, upper))


def per_image_standardization(image: Any) -> Tensor:
    """``(x - mean) / max(std, 1 / sqrt(n))`` of each picture."""
    x, first = _spatial(image)
    axes = tuple(range(first, first + 3))
    count: Any = shape_ops.count(x, axis=axes, dtype=np.dtype(np.float32))
    mean: Any = reduce.mean(x, axis=axes, keepdims=True)
    least = elementwise.rsqrt(count)
    spread = elementwise.maximum(reduce.std(x, axis=axes, keepdims=True), least)
    return wrap((x - mean) / spread, None, "per_image_standardization", [image])


per_image_whitening = per_image_standardization


def rgb_to_grayscale(images: Any, name: Any = None) -> Tensor:
    """The brightness: 0.2989 red, 0.587 green, 0.114 blue."""
    x: Any = value(images)
    weights = g.core.constant(np.array([0.2989, 0.587, 0.114], np.float32))
    return wrap(reduce.sum(x * weights, axis=-1, keepdims=True), name, "rgb_to_grayscale", [images])


def grayscale_to_rgb(images: Any, name: Any = None) -> Tensor:
    """The brightness three times."""
    t = value(images)
    return wrap(shape_ops.concat([t, t, t], axis=-1), name, "grayscale_to_rgb", [images])


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: Any = None) -> Tensor:
    """Floats in [0, 1], integers over their whole range."""
    t: Any = value(image)
    wanted = g.as_dtype(dtype)
    if wanted.is_floating and t.dtype.kind in "iu":
        t = g.cast(t, wanted) * (1.0 / np.iinfo(t.dtype).max)
    elif wanted.is_integer and t.dtype.kind == "f":
        t = elementwise.floor(t * (float(wanted.max) + 0.5))
    return wrap(g.cast(t, wanted), name, "convert_image", [image])


def _weights(n_in: int, n_out: int, method: int, align_corners: bool) -> np.ndarray:
    """The matrix [n_out, n_in] of a resize along one axis: position k of the result is k n_in / n_out."""
    scale = (n_in - 1) / (n_out - 1) if align_corners and n_out > 1 else n_in / n_out
    places = np.arange(n_out) * scale
    made = np.zeros((n_out, n_in), np.float32)
    rows = np.arange(n_out)
    if method == ResizeMethod.NEAREST_NEIGHBOR:
        nearest = np.rint(places) if align_corners else np.floor(places)
        made[rows, np.minimum(nearest, n_in - 1).astype(int)] = 1
        return made
    low = np.minimum(np.floor(places).astype(int), n_in - 1)
    part = (places - low).astype(np.float32)
    np.add.at(made, (rows, low), 1 - part)
    np.add.at(made, (rows, np.minimum(low + 1, n_in - 1)), part)
    return made


def resize_images(
    images: Any,
    size: Any,
    method: int = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: Any = None,
) -> Tensor:
    """Pictures of another size, bilinear or nearest; lengths must be known when the graph is built."""
    if method not in (ResizeMethod.BILINEAR, ResizeMethod.NEAREST_NEIGHBOR):
        raise NotImplementedError("tf.image.resize_images: only bilinear and nearest are supported")
    x, first = _spatial(images)
    height, width = (int(n) for n in g.static_value(size))
    if x.shape[first] is None or x.shape[first + 1] is None:
        raise ValueError("tf.image.resize_images: the size of the pictures must be known; use set_shape")
    if preserve_aspect_ratio:
        factor = min(height / x.shape[first], width / x.shape[first + 1])
        height, width = round(x.shape[first] * factor), round(x.shape[first + 1] * factor)
    from thalweg.ops.contract import einsum

    rows = g.core.constant(_weights(x.shape[first], height, method, align_corners))
    columns = g.core.constant(_weights(x.shape[first + 1], width, method, align_corners))
    made = einsum("bhwc,ih,jw->bijc" if first else "hwc,ih,jw->ijc", g.cast(x, "float32"), rows, columns)
    kept = x.dtype if method == ResizeMethod.NEAREST_NEIGHBOR else "float32"
    return wrap(g.cast(made, kept), name, "resize_images", [images])


resize = resize_images


def resize_bilinear(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, bilinear."""
    return resize_images(images, size, ResizeMethod.BILINEAR, align_corners, name=name)


def resize_nearest_neighbor(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, nearest."""
    return resize_images(images, size, ResizeMethod.NEAREST_NEIGHBOR, align_corners, name=name)


def resize_image_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Tensor:
    """The middle, or zeros around."""
    x, first = _spatial(image)
    for axis, wanted in ((first, target_height), (first + 1, target_width)):
        n = x.shape[axis]
        if n > wanted:
            start = (n - wanted) // 2
            x = index.take(x, g.core.constant(np.arange(start, start + wanted)), axis=axis)
        elif n < wanted:
            before = (wanted - n) // 2
            x = shape_ops.pad(
                x, [(before, wanted - n - before) if k == axis else (0, 0) for k in range(len(x.shape))]
            )
    return wrap(x, None, "crop_or_pad", [image])


def random_crop(image: Any, size: Any, seed: Any = None) -> Tensor:
    """``tf.random_crop``."""
    from thalweg.compat.tf1.random import random_crop as crop

    return crop(image, size)
