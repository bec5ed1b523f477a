"""Further functions of ``tf.image``: changes drawn by a seed, JPEG's losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.tf2 import arrays, image, math, random
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import cast, number, tensor
from thalweg.errors import ArgumentError, fail

__all__ = [
    "adjust_jpeg_quality", "decode_and_crop_jpeg", "extract_glimpse", "extract_jpeg_shape", "is_jpeg",
    "random_jpeg_quality", "stateless_random_brightness", "stateless_random_contrast",
    "stateless_random_crop", "stateless_random_flip_left_right", "stateless_random_flip_up_down",
    "stateless_random_hue", "stateless_random_jpeg_quality", "stateless_random_saturation",
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


# --- parts of pictures ------------------------------------------------------------------------------------------------


def extract_glimpse(
    input: Any, size: Any, offsets: Any, centered: bool = True, normalized: bool = True, noise: str = "uniform",
    name: Any = None,
) -> Any:  # fmt: skip
    """Windows [n, height, width, channels] that begin at places [n, 2], each (y, x), in shares of the size if
    ``normalized``. ``centered``: (0, 0) is the middle, and in shares (-1, -1) and (1, 1) are the corners, around which
    the windows lie then.

    Outside the pictures there is noise: "uniform" between their least and greatest number, "gaussian", or "zero".
    """
    x = tensor(input)

    def beyond(made: Any) -> Any:
        if noise == "uniform":
            return random.uniform(made.shape, math.reduce_min(x), math.reduce_max(x))
        return random.normal(made.shape) if noise == "gaussian" else 0.0

    if noise not in ("uniform", "gaussian", "zero"):
        raise fail(
            ArgumentError, "extract_glimpse: noise", expected="uniform, gaussian or zero", received=noise
        )
    window = [int(n) for n in np.ravel(np.asarray(tensor(size)))]
    at, lengths = cast(offsets, "float32"), [float(n) for n in x.shape[1:3]]
    starts = at * lengths if normalized else at
    if centered:
        starts = (
            starts / 2 + [(n - w) / 2 for n, w in zip(lengths, window, strict=True)]
            if normalized
            else (starts + [n / 2 for n in lengths])
        )
    return nn.glimpses(x, starts, window, beyond)


def is_jpeg(contents: Any, name: Any = None) -> Any:
    """Whether bytes are those of a JPEG file."""
    return tensor(np.asarray(texts(contents)).item().startswith(b"\xff\xd8\xff"))


def extract_jpeg_shape(contents: Any, output_type: Any = "int32", name: Any = None) -> Any:
    """[height, width, channels] of a JPEG file's bytes."""
    return arrays.shape(image.decode_jpeg(contents), output_type)


def decode_and_crop_jpeg(
    contents: Any, crop_window: Any, channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True,
    try_recover_truncated: bool = False, acceptable_fraction: float = 1, dct_method: str = "", name: Any = None,
) -> Any:  # fmt: skip
    """A part [y, x, height, width] of the pixels of a JPEG file's bytes."""
    whole = image.decode_jpeg(contents, channels, ratio, fancy_upscaling, try_recover_truncated)
    return image.crop_to_bounding_box(whole, *(int(n) for n in np.asarray(tensor(crop_window))))
