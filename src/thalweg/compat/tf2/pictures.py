"""Further functions of ``tf.image``: changes drawn by a seed, boxes in pictures, JPEG's losses, likeness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, image, math, nn, random
from thalweg.compat.tf2.values import cast, number, tensor

__all__ = [
    "adjust_jpeg_quality", "crop_and_resize", "draw_bounding_boxes", "random_jpeg_quality", "ssim",
    "stateless_random_brightness", "stateless_random_contrast", "stateless_random_crop",
    "stateless_random_flip_left_right", "stateless_random_flip_up_down", "stateless_random_hue",
    "stateless_random_jpeg_quality", "stateless_random_saturation",
]  # fmt: skip

# --- drawn by a seed --------------------------------------------------------------------------------------------


def stateless_random_brightness(image: Any, max_delta: float, seed: Any) -> Any:
    """Lighter or darker by up to ``max_delta``."""
    return _image.adjust_brightness(image, random.stateless_uniform([], seed, -max_delta, max_delta))


_image = image


def stateless_random_contrast(image: Any, lower: float, upper: float, seed: Any) -> Any:
    """More or less contrast."""
    return _image.adjust_contrast(image, random.stateless_uniform([], seed, lower, upper))


def stateless_random_hue(image: Any, max_delta: float, seed: Any) -> Any:
    """Colours turned by up to ``max_delta``."""
    return _image.adjust_hue(image, random.stateless_uniform([], seed, -max_delta, max_delta))


def stateless_random_saturation(image: Any, lower: float, upper: float, seed: Any) -> Any:
    """Stronger or weaker colours."""
    return _image.adjust_saturation(image, random.stateless_uniform([], seed, lower, upper))


def _flipped(change: Callable[[Any], Any], image: Any, seed: Any) -> Any:
    x = tensor(image)
    form = [x.shape[0], 1, 1, 1] if x.ndim == 4 else []
    return arrays.where(random.stateless_uniform(form, seed) < 0.5, change(x), x)


def stateless_random_flip_left_right(image: Any, seed: Any) -> Any:
    """Each picture flipped with probability one half."""
    return _flipped(_image.flip_left_right, image, seed)


def stateless_random_flip_up_down(image: Any, seed: Any) -> Any:
    """Each picture flipped with probability one half."""
    return _flipped(_image.flip_up_down, image, seed)


def stateless_random_crop(value: Any, size: Any, seed: Any, name: Any = None) -> Any:
    """A part of a size at a place that the seed decides."""
    x, form = tensor(value), [int(number(n)) for n in size]
    room = np.array(x.shape) - np.array(form) + 1
    draws = np.asarray(random.stateless_uniform([len(form)], seed))
    return arrays.slice_(x, np.minimum((draws * room).astype(int), room - 1), form)


# --- JPEG ---------------------------------------------------------------------------------------------------------


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: Any = None) -> Any:
    """The picture as it is after being written with this quality, 0 to 100."""
    x = tensor(image)
    plain = _image.convert_image_dtype(x, "uint8")
    coded = _image.encode_jpeg(plain, quality=int(number(jpeg_quality)))
    return _image.convert_image_dtype(_image.decode_image(coded, channels=x.shape[-1]), x.dtype)


def random_jpeg_quality(image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: Any = None) -> Any:
    """Written with a quality between two."""
    quality = random.uniform([], min_jpeg_quality, max_jpeg_quality, "int32")
    return adjust_jpeg_quality(image, quality)


def stateless_random_jpeg_quality(image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: Any) -> Any:
    """Written with a quality between two that the seed decides."""
    quality = random.stateless_uniform([], seed, min_jpeg_quality, max_jpeg_quality, "int32")
    return adjust_jpeg_quality(image, quality)


# --- boxes ----------------------------------------------------------------------------------------------------------


def _weights(first: float, last: float, length: int, count: int) -> np.ndarray:
    """[count, length]: how much of each pixel is in each of ``count`` samples between two places, linearly."""
    places = np.linspace(first, last, count) if count > 1 else np.array([(first + last) / 2])
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(length)), 0)
    return np.where((places[:, None] < 0) | (places[:, None] > length - 1), 0, weights)


def crop_and_resize(
    image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str = "bilinear",
    extrapolation_value: float = 0.0, name: Any = None,
) -> Any:  # fmt: skip
    """Parts of pictures in one size: box k [y1, x1, y2, x2], in shares of picture ``box_indices[k]``."""
    x = cast(image, "float32")
    height, width = x.shape[1] - 1, x.shape[2] - 1
    rows, columns = (int(number(n)) for n in crop_size)
    found = []
    for (y1, x1, y2, x2), place in zip(
        np.asarray(tensor(boxes)), np.asarray(tensor(box_indices)), strict=True
    ):
        down = _weights(y1 * height, y2 * height, x.shape[1], rows)
        across = _weights(x1 * width, x2 * width, x.shape[2], columns)
        inside = tensor((down.sum(1)[:, None, None] > 0) & (across.sum(1)[None, :, None] > 0))
        crop = math.einsum("ih,hwc,jw->ijc", cast(down, "float32"), x[int(place)], cast(across, "float32"))
        found.append(arrays.where(inside, crop, float(extrapolation_value)))
    return arrays.stack(found) if found else arrays.tile(x[:0, :1, :1], [1, rows, columns, 1])


def draw_bounding_boxes(images: Any, boxes: Any, colors: Any, name: Any = None) -> Any:
    """Pictures with frames [y1, x1, y2, x2], in shares of the picture, one pixel wide, in colours by turns."""
    made = np.array(tensor(images))
    paint = np.asarray(tensor(colors)) if colors is not None else np.eye(made.shape[-1])
    height, width = made.shape[1] - 1, made.shape[2] - 1
    for picture, frames in zip(made, np.asarray(tensor(boxes)), strict=True):
        for k, (y1, x1, y2, x2) in enumerate(frames):
            top, bottom = (int(np.clip(y * height, 0, height)) for y in (y1, y2))
            left, right = (int(np.clip(v * width, 0, width)) for v in (x1, x2))
            colour = paint[k % len(paint)][: made.shape[-1]]
            picture[[top, bottom], left : right + 1] = colour
            picture[top : bottom + 1, [left, right]] = colour
    return tensor(made)


# --- likeness -------------------------------------------------------------------------------------------------------


def ssim(
    img1: Any, img2: Any, max_val: Any, filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01,
    k2: float = 0.03,
) -> Any:  # fmt: skip
    """The structural similarity of pictures (Wang et al. 2004), 1 where they are the same."""
    scale = 255.0 / float(number(max_val)) if tensor(img1).dtype == np.uint8 else 1.0
    x, y = cast(img1, "float32") * scale, cast(img2, "float32") * scale
    flat = x.ndim == 3
    x, y = (arrays.expand_dims(v, 0) if flat else v for v in (x, y))
    reach = np.arange(filter_size) - (filter_size - 1) / 2
    line = np.exp(-(reach**2) / (2 * filter_sigma**2))
    window = np.outer(line, line) / line.sum() ** 2
    kernel = cast(np.repeat(window[:, :, None, None], x.shape[-1], 2), "float32")

    def smooth(v: Any) -> Any:
        return nn.depthwise_conv2d(v, kernel, [1, 1, 1, 1], "VALID")

    top = float(number(max_val)) * scale
    c1, c2 = (k1 * top) ** 2, (k2 * top) ** 2
    mx, my = smooth(x), smooth(y)
    spread = smooth(x * x) + smooth(y * y) - mx * mx - my * my
    shared = 2 * (smooth(x * y) - mx * my)
    values = (2 * mx * my + c1) / (mx * mx + my * my + c1) * (shared + c2) / (spread + c2)
    found = math.reduce_mean(values, [1, 2, 3])
    return found[0] if flat else found
