"""``tf.image``: pictures as tensors [height, width, channels] or batches of them."""

from __future__ import annotations

import io as _io
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.random import seeded_key
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import cast, lengths, number, tensor
from thalweg.extras import needs
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor
from thalweg.ops import contract, elementwise, index, joining, random, reduce, slices, tiling
from thalweg.ops import shape as shape_ops


class ResizeMethod:
    """How :func:`resize` fills in."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


# --- files ----------------------------------------------------------------------------------------------------------


def decode_image(
    contents: Any, channels: Any = None, dtype: Any = "uint8", name: Any = None, **more: Any
) -> Tensor:
    """The pixels of an image file's bytes; 0 channels: those of the file."""
    with needs("pillow", "decoding images"):
        from PIL import Image
    opened = Image.open(_io.BytesIO(np.asarray(texts(contents)).item()))
    own = opened.mode if opened.mode in ("L", "LA", "RGB", "RGBA") else "L" if opened.mode == "1" else "RGB"
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}.get(int(channels or 0), own)
    picture = np.asarray(opened.convert(mode))
    return convert_image_dtype(picture if picture.ndim == 3 else picture[..., None], dtype)


decode_jpeg = decode_png = decode_bmp = decode_image


def _encode(image: Any, form: str, **options: Any) -> Any:
    with needs("pillow", "writing images"):
        from PIL import Image
    pixels = np.asarray(image)
    held = _io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(held, form, **options)
    return texts(held.getvalue())


def encode_png(image: Any, compression: int = -1, name: Any = None) -> Any:
    """The bytes of a PNG file."""
    return _encode(image, "PNG")


def encode_jpeg(image: Any, format: str = "", quality: int = 95, name: Any = None, **more: Any) -> Any:
    """The bytes of a JPEG file."""
    return _encode(image, "JPEG", quality=int(quality))


# --- sizes ----------------------------------------------------------------------------------------------------------


def _spatial(image: Any) -> tuple[Any, int]:
    """The pictures, and the number of the axis of their rows."""
    t = tensor(image)
    return t, t.ndim - 3


def _bilinear(n_in: int, n_out: int, antialias: bool) -> np.ndarray:
    """[n_out, n_in]: triangles around (k + 1/2) n_in / n_out, as wide as the step where it is antialiased."""
    step = n_in / n_out
    width = max(step, 1.0) if antialias else 1.0
    centres = (np.arange(n_out) + 0.5) * step - 0.5
    if not antialias:
        centres = np.clip(centres, 0, n_in - 1)
    made = np.maximum(1 - np.abs(np.arange(n_in) - centres[:, None]) / width, 0)
    return made / made.sum(axis=1, keepdims=True)


def _nearest(n_in: int, n_out: int, antialias: bool) -> np.ndarray:
    made = np.zeros((n_out, n_in))
    places = np.floor((np.arange(n_out) + 0.5) * (n_in / n_out)).astype(int)
    made[np.arange(n_out), np.minimum(places, n_in - 1)] = 1
    return made


def _area(n_in: int, n_out: int, antialias: bool) -> np.ndarray:
    """[n_out, n_in]: the share of each old place in each new one."""
    edges = np.arange(n_out + 1) * (n_in / n_out)
    low, high = edges[:-1, None], edges[1:, None]
    places = np.arange(n_in)
    made = np.clip(np.minimum(high, places + 1) - np.maximum(low, places), 0, None)
    return made / made.sum(axis=1, keepdims=True)


def _of_kernel(kernel: Callable[[np.ndarray], np.ndarray]) -> Callable[[int, int, bool], np.ndarray]:
    """[n_out, n_in]: a function of the distance, in old places; weights outside the picture are left out."""

    def weights(n_in: int, n_out: int, antialias: bool) -> np.ndarray:
        step = n_in / n_out
        width = max(step, 1.0) if antialias else 1.0
        centres = (np.arange(n_out) + 0.5) * step - 0.5
        made = kernel(np.abs(np.arange(n_in) - centres[:, None]) / width)
        return made / made.sum(axis=1, keepdims=True)

    return weights


def _cubic(b: float, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """The cubic kernels of Mitchell and Netravali; (0, 1/2) is that of Keys."""

    def kernel(t: np.ndarray) -> np.ndarray:
        near = ((12 - 9 * b - 6 * c) * t - 18 + 12 * b + 6 * c) * t * t + 6 - 2 * b
        far = (((-b - 6 * c) * t + 6 * b + 30 * c) * t - 12 * b - 48 * c) * t + 8 * b + 24 * c
        return np.where(t <= 1, near, np.where(t < 2, far, 0)) / 6

    return kernel


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda t: np.where(t < radius, np.sinc(t) * np.sinc(t / radius), 0)


_WEIGHTS = {
    "bilinear": _bilinear,
    "nearest": _nearest,
    "area": _area,
    "bicubic": _of_kernel(_cubic(0, 0.5)),
    "mitchellcubic": _of_kernel(_cubic(1 / 3, 1 / 3)),
    "lanczos3": _of_kernel(_lanczos(3)),
    "lanczos5": _of_kernel(_lanczos(5)),
    "gaussian": _of_kernel(lambda t: np.where(t < 1.5, np.exp(-2 * t * t), 0)),
}


def resize(
    images: Any, size: Any, method: str = "bilinear", preserve_aspect_ratio: bool = False, antialias: bool = False,
    name: Any = None,
) -> Tensor:  # fmt: skip
    """Pictures of another size: floats, but for ``nearest``. Pixels are squares, their values those of the middles."""
    if method not in _WEIGHTS:
        raise NotImplementedError(f"tf.image.resize: method {method!r}; there are {', '.join(_WEIGHTS)}")
    x, first = _spatial(images)
    height, width = (int(n) for n in lengths(size))
    rows, columns = x.shape[first : first + 2]
    if rows is None or columns is None:
        raise ValueError("tf.image.resize: the size of the pictures must be known")
    if preserve_aspect_ratio:
        factor = min(height / rows, width / columns)
        height, width = round(rows * factor), round(columns * factor)
    down, across = _WEIGHTS[method](rows, height, antialias), _WEIGHTS[method](columns, width, antialias)
    form = "bhwc,ih,jw->bijc" if first else "hwc,ih,jw->ijc"
    weights = [core.constant(w.astype(np.float32)) for w in (down, across)]
    made = contract.einsum(form, cast(x, "float32"), *weights)
    return cast(made, x.dtype) if method == "nearest" else made


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """A part of pictures."""
    x, first = _spatial(image)
    top, left = int(number(offset_height)), int(number(offset_width))
    part = (slice(top, top + int(target_height)), slice(left, left + int(target_width)))
    return x[(slice(None),) * first + part]


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Pictures with zeros around."""
    x, first = _spatial(image)
    widths = [(0, 0)] * x.ndim
    for axis, (before, wanted) in enumerate(
        ((offset_height, target_height), (offset_width, target_width)), first
    ):
        widths[axis] = (before, wanted - before - x.shape[axis])
    return tiling.pad(x, widths)


def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """The middle, or zeros around."""
    x, first = _spatial(image)
    for axis, wanted in ((first, int(target_height)), (first + 1, int(target_width))):
        n = x.shape[axis]
        if n > wanted:
            start = (n - wanted) // 2
            x = x[(slice(None),) * axis + (slice(start, start + wanted),)]
        elif n < wanted:
            before = (wanted - n) // 2
            x = tiling.pad(x, [(before, wanted - n - before) if k == axis else (0, 0) for k in range(x.ndim)])
    return x


def central_crop(image: Any, central_fraction: float) -> Any:
    """The middle of pictures: this share of their height and width."""
    x, first = _spatial(image)
    starts = [int((n - n * central_fraction) / 2) for n in x.shape[first : first + 2]]
    kept = [n - 2 * s for n, s in zip(x.shape[first : first + 2], starts)]
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
    x, first = _spatial(image)
    return slices.flip(x, axis=first + 1)


def flip_up_down(image: Any) -> Any:
    """Rows in the opposite order."""
    x, first = _spatial(image)
    return slices.flip(x, axis=first)


def transpose(image: Any, name: Any = None) -> Any:
    """Rows and columns exchanged."""
    x, first = _spatial(image)
    return shape_ops.swapaxes(x, first, first + 1)


def rot90(image: Any, k: int = 1, name: Any = None) -> Any:
    """Turned k times by a right angle against the clock."""
    for _ in range(k % 4):
        image = flip_up_down(transpose(image))
    return tensor(image)


def _sometimes(image: Any, changed: Any, seed: Any) -> Any:
    """One or the other, drawn for each picture."""
    x, first = _spatial(image)
    draw: Any = random.uniform(
        like=reduce.mean(cast(x, "float32"), axis=tuple(range(first, x.ndim)), keepdims=True),
        key=seeded_key(seed),
    )
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
    x, wanted = tensor(image), as_dtype(dtype)
    if wanted.is_floating and x.dtype.kind in "iu":
        x = cast(x, wanted) * (1.0 / np.iinfo(x.dtype).max)
    elif wanted.is_integer and x.dtype.kind == "f":
        x = elementwise.floor(x * (float(wanted.max) + 0.5))
    return cast(x, wanted)


def _as_floats(images: Any, change: Any) -> Any:
    """A change of pictures as floats, in the dtype they had."""
    x = tensor(images)
    return (
        convert_image_dtype(change(convert_image_dtype(x, "float32")), x.dtype)
        if x.dtype.kind != "f"
        else change(x)
    )


def adjust_brightness(image: Any, delta: Any) -> Any:
    """A number added."""
    return _as_floats(image, lambda x: x + delta)


def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """``(x - mean) * factor + mean``, the mean being that of each channel of each picture."""

    def change(x: Any) -> Any:
        mean: Any = reduce.mean(x, axis=(x.ndim - 3, x.ndim - 2), keepdims=True)
        return (x - mean) * contrast_factor + mean

    return _as_floats(images, change)


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Any:
    """A random number added."""
    return adjust_brightness(image, random.uniform((), -max_delta, max_delta, key=seeded_key(seed)))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """A random contrast."""
    return adjust_contrast(image, random.uniform((), lower, upper, key=seeded_key(seed)))


def adjust_gamma(image: Any, gamma: float = 1.0, gain: float = 1.0) -> Any:
    """``gain * x ** gamma``."""
    return _as_floats(image, lambda x: x**gamma * gain)


def rgb_to_grayscale(images: Any, name: Any = None) -> Any:
    """The brightness: 0.2989 red, 0.587 green, 0.114 blue."""
    weights = core.constant(np.array([0.2989, 0.587, 0.114], np.float32))
    return _as_floats(images, lambda x: reduce.sum(x * weights, axis=-1, keepdims=True))


def grayscale_to_rgb(images: Any, name: Any = None) -> Any:
    """The brightness three times."""
    x = tensor(images)
    return joining.concat([x, x, x], axis=-1)


def rgb_to_hsv(images: Any, name: Any = None) -> Any:
    """Hue, saturation and value, in [0, 1]."""
    x: Any = tensor(images)
    r, g, b = (x[..., k] for k in range(3))
    top, low = reduce.max(x, axis=-1), reduce.min(x, axis=-1)
    spread: Any = top - low  # type: ignore[operator]
    safe = elementwise.where(elementwise.equal(spread, 0), 1.0, spread)
    by_blue = elementwise.where(elementwise.equal(top, g), (b - r) / safe + 2, (r - g) / safe + 4)
    turn: Any = elementwise.where(elementwise.equal(top, r), (g - b) / safe, by_blue) / 6  # type: ignore[operator]
    hue = elementwise.where(elementwise.equal(spread, 0), 0.0, elementwise.remainder(turn, 1.0))
    full = elementwise.where(elementwise.equal(top, 0), 0.0, spread / elementwise.maximum(top, 1e-30))
    return joining.stack([hue, full, top], axis=-1)


def hsv_to_rgb(images: Any, name: Any = None) -> Any:
    """Red, green and blue, in [0, 1]."""
    x: Any = tensor(images)
    h, s, v = (x[..., k] for k in range(3))
    shades = []
    for start in (5.0, 3.0, 1.0):
        k = elementwise.remainder(h * 6 + start, 6.0)
        ramp = elementwise.clip(elementwise.minimum(k, 4.0 - k), 0.0, 1.0)  # type: ignore[operator]
        shades.append(v - v * s * ramp)
    return joining.stack(shades, axis=-1)


def adjust_saturation(image: Any, saturation_factor: Any, name: Any = None) -> Any:
    """The saturation multiplied."""

    def change(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        more = elementwise.clip(hsv[..., 1] * saturation_factor, 0.0, 1.0)
        return hsv_to_rgb(joining.stack([hsv[..., 0], more, hsv[..., 2]], axis=-1))

    return _as_floats(image, change)


def adjust_hue(image: Any, delta: Any, name: Any = None) -> Any:
    """The hue turned by ``delta``, 1 being all around."""

    def change(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        turned = elementwise.remainder(hsv[..., 0] + delta, 1.0)
        return hsv_to_rgb(joining.stack([turned, hsv[..., 1], hsv[..., 2]], axis=-1))

    return _as_floats(image, change)


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """A random saturation."""
    return adjust_saturation(image, random.uniform((), lower, upper, key=seeded_key(seed)))


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Any:
    """A random turn of the hue."""
    return adjust_hue(image, random.uniform((), -max_delta, max_delta, key=seeded_key(seed)))


def per_image_standardization(image: Any) -> Any:
    """``(x - mean) / max(std, 1 / sqrt(n))`` of each picture."""
    x, first = _spatial(image)
    x, over = cast(x, "float32"), tuple(range(first, first + 3))
    least = 1.0 / float(np.sqrt(np.prod(x.shape[first:])))
    mean: Any = reduce.mean(x, axis=over, keepdims=True)
    return (x - mean) / elementwise.maximum(reduce.std(x, axis=over, keepdims=True), least)


def total_variation(images: Any, name: Any = None) -> Any:
    """The sum of the absolute differences of neighbouring pixels of each picture."""
    x, first = _spatial(images)
    lead = (slice(None),) * first
    down = elementwise.abs(x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))])
    across = x[(*lead, slice(None), slice(1, None))] - x[(*lead, slice(None), slice(None, -1))]
    over = tuple(range(first, x.ndim))
    return reduce.sum(down, axis=over) + reduce.sum(elementwise.abs(across), axis=over)  # type: ignore[operator]


def psnr(a: Any, b: Any, max_val: Any, name: Any = None) -> Any:
    """20 log10(max) - 10 log10(mean((a - b) ** 2)) of each picture."""
    x, first = _spatial(a)
    error: Any = reduce.mean((cast(x, "float32") - cast(b, "float32")) ** 2, axis=tuple(range(first, x.ndim)))
    return elementwise.log(max_val**2 / error) * (10 / np.log(10.0))  # type: ignore[operator]


def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str, name: Any = None) -> Any:
    """The windows of pictures, each flattened along the last axis."""
    x: Any = tensor(images)
    (_, height, width, _), (_, down, across, _) = sizes, strides
    if padding == "SAME":
        pads = [(0, 0)]
        for n, size, step in zip(x.shape[1:3], (height, width), (down, across)):
            total = max((-(-n // step) - 1) * step + size - n, 0)
            pads.append((total // 2, total - total // 2))
        x = tiling.pad(x, [*pads, (0, 0)])
    count = [(n - size) // step + 1 for n, size, step in zip(x.shape[1:3], (height, width), (down, across))]
    parts = [
        x[:, i : i + (count[0] - 1) * down + 1 : down, j : j + (count[1] - 1) * across + 1 : across]
        for i in range(height)
        for j in range(width)
    ]
    return joining.concat(parts, axis=-1)


def resize_with_pad(
    image: Any, target_height: Any, target_width: Any, method: str = "bilinear", antialias: bool = False
) -> Any:
    """Scaled to fit into the size, with zeros around."""
    fitted = resize(
        image, [target_height, target_width], method, preserve_aspect_ratio=True, antialias=antialias
    )
    return resize_with_crop_or_pad(fitted, target_height, target_width)


def image_gradients(image: Any) -> tuple[Any, Any]:
    """The differences to the next row and to the next column; 0 in the last."""
    x: Any = tensor(image)
    down, across = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    return tiling.pad(down, [(0, 0), (0, 1), (0, 0), (0, 0)]), tiling.pad(
        across, [(0, 0), (0, 0), (0, 1), (0, 0)]
    )


def sobel_edges(image: Any) -> Any:
    """The slopes down and across [batch, h, w, channels, 2], borders reflected."""
    x: Any = tiling.pad(tensor(image), [(0, 0), (1, 1), (1, 1), (0, 0)], "reflect")
    smooth_across = x[:, :, :-2] + 2.0 * x[:, :, 1:-1] + x[:, :, 2:]
    smooth_down = x[:, :-2] + 2.0 * x[:, 1:-1] + x[:, 2:]
    down = smooth_across[:, 2:] - smooth_across[:, :-2]
    across = smooth_down[:, :, 2:] - smooth_down[:, :, :-2]
    return joining.stack([down, across], axis=-1)


def _mixed(images: Any, matrix: Any) -> Any:
    return contract.matmul(tensor(images), core.constant(np.array(matrix, np.float32)))


_TO_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]


_TO_YIQ = [
    [0.299, 0.59590059, 0.21153661],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
]


def rgb_to_yuv(images: Any) -> Any:
    """Brightness and two colour differences."""
    return _mixed(images, _TO_YUV)


def rgb_to_yiq(images: Any) -> Any:
    """Brightness and two colour differences of American television."""
    return _mixed(images, _TO_YIQ)


def yiq_to_rgb(images: Any) -> Any:
    """Red, green and blue."""
    return _mixed(images, np.linalg.inv(_TO_YIQ))


def yuv_to_rgb(images: Any) -> Any:
    """Red, green and blue."""
    return _mixed(images, np.linalg.inv(_TO_YUV))
