"""``tf.image``: pictures as tensors [height, width, channels] or batches of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.names import only
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.random import seeded_key
from thalweg.compat.tf2.random import uniform as random_uniform
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import cast, lengths, number, tensor
from thalweg.data.pictures import decoded_frames, decoded_picture, encoded_picture
from thalweg.errors import fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor
from thalweg.nn import images as core_images
from thalweg.ops import elementwise, index, random, reduce, slices
from thalweg.ops import shape as shape_ops


class ResizeMethod:
    """How :func:`resize` fills in."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


# --- files ----------------------------------------------------------------------------------------------------------


def decode_image(
    contents: Any,
    channels: Any = None,
    dtype: Any = "uint8",
    name: Any = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of an image file's bytes; 0 channels: those of the file.

    The pictures of a GIF file are [frames, height, width, 3], unless ``expand_animations`` is False: then the first.
    """
    raw = np.asarray(texts(contents)).item()
    if raw.startswith(b"GIF8") and expand_animations:
        return convert_image_dtype(decoded_frames(raw), dtype)
    deep = as_dtype(dtype).name != "uint8"
    return convert_image_dtype(decoded_picture(raw, int(channels or 0), deep), dtype)


def decode_png(contents: Any, channels: int = 0, dtype: Any = "uint8", name: Any = None) -> Tensor:
    """The pixels of a PNG file's bytes, uint8 or uint16; 0 channels: those of the file."""
    return decode_image(contents, channels, dtype, expand_animations=False)


def decode_jpeg(
    contents: Any, channels: int = 0, ratio: int = 1, fancy_upscaling: bool = True,
    try_recover_truncated: bool = False, acceptable_fraction: float = 1, dct_method: str = "", name: Any = None,
) -> Tensor:  # fmt: skip
    """The pixels of a JPEG file's bytes; 0 channels: those of the file. The decoder goes its own way by itself."""
    only("tf.io.decode_jpeg", "ratio", ratio, 1)
    only("tf.io.decode_jpeg", "try_recover_truncated", try_recover_truncated, False)
    return decode_image(contents, channels, expand_animations=False)


def decode_bmp(contents: Any, channels: int = 0, name: Any = None) -> Tensor:
    """The pixels of a BMP file's bytes; 0 channels: those of the file."""
    return decode_image(contents, channels, expand_animations=False)


def decode_gif(contents: Any, name: Any = None) -> Tensor:
    """The pictures of a GIF file's bytes, [frames, height, width, 3]."""
    return convert_image_dtype(decoded_frames(np.asarray(texts(contents)).item()), "uint8")


def encode_png(image: Any, compression: int = -1, name: Any = None) -> Any:
    """The bytes of a PNG file."""
    return texts(encoded_picture(np.asarray(image), "PNG"))


def encode_jpeg(
    image: Any, format: str = "", quality: int = 95, progressive: bool = False, optimize_size: bool = False,
    chroma_downsampling: bool = True, density_unit: str = "in", x_density: int = 300, y_density: int = 300,
    xmp_metadata: str = "", name: Any = None,
) -> Any:  # fmt: skip
    """The bytes of a JPEG file; its densities and metadata are not written."""
    pixels = np.asarray(image)
    wanted = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}.get(format)
    if wanted is None or pixels.shape[-1] not in wanted:
        raise fail(
            InvalidArgumentError, "tf.io.encode_jpeg: format and channels",
            expected='"", "grayscale" or "rgb", and as many',
            received=f"{format!r}, {pixels.shape[-1]} channels",
        )  # fmt: skip
    how = {"progressive": progressive, "optimize": optimize_size}
    finely = {} if chroma_downsampling else {"subsampling": 0}
    return texts(encoded_picture(pixels, "JPEG", quality=int(quality), **how, **finely))


# --- sizes ----------------------------------------------------------------------------------------------------------


def resize(
    images: Any, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False, antialias: bool = False,
    name: Any = None,
) -> Tensor:  # fmt: skip
    """Pictures of another size: floats, but for ``nearest``. Pixels are squares, their values those of the middles."""
    x: Any = tensor(images)
    height, width = (int(n) for n in lengths(size))
    rows, columns = x.shape[-3:-1]
    if rows is None or columns is None:
        raise ValueError("tf.image.resize: the size of the pictures must be known")
    if preserve_aspect_ratio:
        factor = min(height / rows, width / columns)
        height, width = round(rows * factor), round(columns * factor)
    floats = x if method == "nearest" else cast(x, "float32")
    return core_images.resize(floats, (height, width), method, antialias)


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """A part of pictures."""
    top, left = int(number(offset_height)), int(number(offset_width))
    return tensor(image)[..., top : top + int(target_height), left : left + int(target_width), :]


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Pictures with zeros around."""
    box = (int(number(n)) for n in (offset_height, offset_width, target_height, target_width))
    return nn.frame(tensor(image), *box)


def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """The middle, or zeros around."""
    return nn.crop_or_pad(tensor(image), int(number(target_height)), int(number(target_width)))


def resize_with_pad(
    image: Any, target_height: Any, target_width: Any, method: str = "bilinear", antialias: bool = False
) -> Any:
    """Scaled to fit into the size, with zeros around."""
    fitted = resize(
        image, [target_height, target_width], method, preserve_aspect_ratio=True, antialias=antialias
    )
    return resize_with_crop_or_pad(fitted, target_height, target_width)


def central_crop(image: Any, central_fraction: float) -> Any:
    """The middle of pictures: this share of their height and width."""
    x = tensor(image)
    starts = [int((n - n * central_fraction) / 2) for n in x.shape[-3:-1]]
    kept = [n - 2 * s for n, s in zip(x.shape[-3:-1], starts, strict=True)]
    return crop_to_bounding_box(x, *starts, *kept)


def random_crop(value: Any, size: Any, seed: Any = None, name: Any = None) -> Any:
    """A part of the given size at a random place."""
    x = tensor(value)
    draws: Any = random.randint(0, 2**31 - 1, (x.ndim,), key=seeded_key(seed))
    for axis, length in enumerate(lengths(size)):
        if x.shape[axis] != length:
            start = draws[axis] % (x.shape[axis] - length + 1)
            x = index.take(x, start + core.constant(np.arange(length)), axis=axis)
    return x


# --- turned ---------------------------------------------------------------------------------------------------------


def flip_left_right(image: Any) -> Any:
    """Columns in the opposite order."""
    return slices.flip(tensor(image), axis=-2)


def flip_up_down(image: Any) -> Any:
    """Rows in the opposite order."""
    return slices.flip(tensor(image), axis=-3)


def transpose(image: Any, name: Any = None) -> Any:
    """Rows and columns exchanged."""
    return shape_ops.swapaxes(tensor(image), -3, -2)


def rot90(image: Any, k: int = 1, name: Any = None) -> Any:
    """Turned k times by a right angle against the clock."""
    for _ in range(k % 4):
        image = flip_up_down(transpose(image))
    return tensor(image)


def _sometimes(image: Any, changed: Any, seed: Any) -> Any:
    """One or the other, drawn for each picture."""
    x = tensor(image)
    one = reduce.mean(cast(x, "float32"), axis=(-3, -2, -1), keepdims=True)
    draw: Any = random.uniform(like=one, key=seeded_key(seed))
    return elementwise.where(draw < 0.5, changed, x)


def random_flip_left_right(image: Any, seed: Any = None) -> Any:
    """Each picture flipped with probability one half."""
    return _sometimes(image, flip_left_right(image), seed)


def random_flip_up_down(image: Any, seed: Any = None) -> Any:
    """Each picture flipped with probability one half."""
    return _sometimes(image, flip_up_down(image), seed)


# --- colours --------------------------------------------------------------------------------------------------------


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: Any = None) -> Any:
    """Floats in [0, 1], integers over their whole range."""
    return nn.in_range_of(tensor(image), as_dtype(dtype).as_numpy_dtype)


def adjust_brightness(image: Any, delta: Any) -> Any:
    """A number added."""
    return nn.adjust_brightness(tensor(image), delta)


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """``(x - mean) * factor + mean``, the mean being that of each channel of each picture."""
    return nn.adjust_contrast(tensor(images), contrast_factor)


def adjust_gamma(image: Any, gamma: Any = 1.0, gain: Any = 1.0) -> Any:
    """``gain * x ** gamma``."""
    return nn.adjust_gamma(tensor(image), gamma, gain)


def adjust_saturation(image: Any, saturation_factor: Any, name: Any = None) -> Any:
    """The saturation multiplied."""
    return nn.adjust_saturation(tensor(image), saturation_factor)


def adjust_hue(image: Any, delta: Any, name: Any = None) -> Any:
    """The hue turned by ``delta``, 1 being all around."""
    return nn.adjust_hue(tensor(image), delta)


def _of_images(fn: Callable[[Any], Tensor]) -> Callable[..., Any]:
    """A function of pictures alone, also of lists of numbers."""

    def apply(images: Any, name: Any = None) -> Any:
        return fn(tensor(images))

    apply.__name__, apply.__doc__ = fn.__name__, fn.__doc__
    return apply


rgb_to_grayscale, grayscale_to_rgb = _of_images(nn.rgb_to_grayscale), _of_images(nn.grayscale_to_rgb)
rgb_to_hsv, hsv_to_rgb = _of_images(nn.rgb_to_hsv), _of_images(nn.hsv_to_rgb)
rgb_to_yuv, yuv_to_rgb = _of_images(nn.rgb_to_yuv), _of_images(nn.yuv_to_rgb)
rgb_to_yiq, yiq_to_rgb = _of_images(nn.rgb_to_yiq), _of_images(nn.yiq_to_rgb)
total_variation = _of_images(nn.total_variation)


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Any:
    """A random number added."""
    return adjust_brightness(image, random_uniform((), -max_delta, max_delta, seed=seed))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """A random contrast."""
    return adjust_contrast(image, random_uniform((), lower, upper, seed=seed))


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """A random saturation."""
    return adjust_saturation(image, random_uniform((), lower, upper, seed=seed))


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Any:
    """A random turn of the hue."""
    return adjust_hue(image, random_uniform((), -max_delta, max_delta, seed=seed))


def per_image_standardization(image: Any) -> Any:
    """``(x - mean) / max(std, 1 / sqrt(n))`` of each picture."""
    return nn.standardize_images(tensor(image))


# --- measures -------------------------------------------------------------------------------------------------------


def psnr(a: Any, b: Any, max_val: Any, name: Any = None) -> Any:
    """The peak signal to noise ratio of each picture: 20 log10(max) - 10 log10(mean((a - b) ** 2))."""
    return nn.psnr(tensor(a), tensor(b), cast(max_val, "float32"))


def ssim(
    img1: Any, img2: Any, max_val: Any, filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01,
    k2: float = 0.03,
) -> Any:  # fmt: skip
    """The structural similarity of pictures (Wang et al. 2004), 1 where they are the same."""
    top = cast(max_val, "float32")
    return nn.ssim(tensor(img1), tensor(img2), top, filter_size, filter_sigma, k1, k2)


def image_gradients(image: Any) -> tuple[Any, Any]:
    """The differences to the next row and to the next column; 0 in the last."""
    return nn.image_gradients(tensor(image))


def sobel_edges(image: Any) -> Any:
    """The slopes down and across [batch, h, w, channels, 2], borders reflected."""
    return nn.sobel_edges(tensor(image))


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: Any = None) -> Any:
    """The windows of pictures, each flattened along the last axis."""
    size, step, rate = ([int(n) for n in list(four)[1:3]] for four in (sizes, strides, rates))
    return nn.image_patches(tensor(images), size, step, padding, rate)
