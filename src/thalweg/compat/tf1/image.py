"""``tf.image``: pictures as tensors [height, width, channels] or batches of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import nn as core_nn
from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1 import random as draws
from thalweg.compat.tf1.graph import Node, Tensor, value, wrap
from thalweg.compat.tf1.types import as_dtype
from thalweg.data.pictures import decoded_picture, encoded_picture
from thalweg.graph.op import make_op
from thalweg.nn import images
from thalweg.ops import elementwise, index, random, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.slices import flip


class ResizeMethod:
    """How :func:`resize_images` fills in."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = 0, 1, 2, 3


# --- files ----------------------------------------------------------------------------------------------------------


def _decoded(contents: Any, channels: int | None, name: Any) -> Tensor:
    """The pixels (uint8) of an image file's bytes; 0 channels: those of the file."""
    from thalweg.compat.tf1.strings import _bytes_of, from_host

    def decode(raw: Any) -> np.ndarray:
        return decoded_picture(_bytes_of(raw), channels or 0)

    node = g.convert_to_tensor(contents)
    return from_host([node], decode, np.uint8, [None, None, channels or None], name, "DecodeImage")


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = "uint8",
    name: Any = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of an image file's bytes, brought to ``dtype``; 0 channels: those of the file."""
    return convert_image_dtype(_decoded(contents, channels, name), dtype)


def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: Any = None,
) -> Tensor:
    """The pixels (uint8) of an image file's bytes; 0 channels: those of the file."""
    only("decode_jpeg", "ratio", ratio, 1)
    return _decoded(contents, channels, name)


def decode_png(contents: Any, channels: int = 0, dtype: Any = "uint8", name: Any = None) -> Tensor:
    """The pixels (uint8) of an image file's bytes; 0 channels: those of the file."""
    only("decode_png", "dtype", as_dtype(dtype).name, "uint8")
    return _decoded(contents, channels, name)


def decode_bmp(contents: Any, channels: int = 0, name: Any = None) -> Tensor:
    """The pixels (uint8) of an image file's bytes; 0 channels: those of the file."""
    return _decoded(contents, channels, name)


def _encoded(form: str, image: Any, name: Any, **settings: Any) -> g.HostTensor:
    def encode(pixels: np.ndarray) -> bytes:
        return encoded_picture(pixels, form, **settings)

    return g.host(f"Encode{form.title()}", name, [g.convert_to_tensor(image)], encode)


def encode_png(image: Any, compression: int = -1, name: Any = None) -> g.HostTensor:
    """The bytes of a PNG file of uint8 pixels."""
    return _encoded("PNG", image, name)


def encode_jpeg(
    image: Any,
    format: str = "",
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: Any = None,
) -> g.HostTensor:
    """The bytes of a JPEG file of uint8 pixels."""
    only("encode_jpeg", "chroma_downsampling", chroma_downsampling, True)
    return _encoded("JPEG", image, name, quality=quality)


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """The picture as it comes out of a JPEG file of that quality."""
    node = g.convert_to_tensor(image)
    channels = node.get_shape()[-1].value

    def through(pixels: np.ndarray, quality: np.ndarray) -> np.ndarray:
        return decoded_picture(encoded_picture(pixels, "JPEG", quality=int(quality)), channels)

    made = math.py_func(through, [convert_image_dtype(node, "uint8"), jpeg_quality], "uint8", name=name)
    made.set_shape(node.get_shape())
    return convert_image_dtype(made, node.dtype)


# --- sizes ----------------------------------------------------------------------------------------------------------


def _spatial(image: Any) -> tuple[Any, int]:
    t = value(image)
    return t, len(t.shape) - 3


def corner_places(n_in: int, n_out: int, align_corners: bool) -> np.ndarray:
    """Where pixel k of n_out lies among n_in: at ``k n_in / n_out``, or so that first and last lie on each other."""
    scale = np.float32(n_in - 1) / np.float32(n_out - 1) if align_corners and n_out > 1 else None
    return np.arange(n_out, dtype=np.float32) * (
        np.float32(n_in) / np.float32(n_out) if scale is None else scale
    )


def corner_weights(n_in: int, n_out: int, method: int, align_corners: bool) -> np.ndarray:
    """The matrix [n_out, n_in] of a resize along one axis, pixel k lying at :func:`corner_places`."""
    places = corner_places(n_in, n_out, align_corners)
    made = np.zeros((n_out, n_in), np.float32)
    rows = np.arange(n_out)
    if method == ResizeMethod.NEAREST_NEIGHBOR:
        nearest = np.floor(places + 0.5) if align_corners else np.floor(places)
        made[rows, np.minimum(nearest, n_in - 1).astype(int)] = 1
        return made
    if method == ResizeMethod.AREA:
        cells, step = np.arange(n_in), places[1] if n_out > 1 else n_in
        ends = np.where(cells == n_in - 1, np.inf, cells + 1)  # beyond the edge lies its pixel again
        overlap = np.minimum(ends, places[:, None] + step) - np.maximum(cells, places[:, None])
        return np.clip(overlap, 0, None) / np.float32(step)
    low = np.minimum(np.floor(places).astype(int), n_in - 1)
    part = places - low
    if method == ResizeMethod.BICUBIC:
        part = np.rint(part * 1024) / 1024  # the kernel was a table of so many entries
        for k in (-1, 0, 1, 2):
            np.add.at(made, (rows, np.clip(low + k, 0, n_in - 1)), _cubic(part - k))
        return made
    np.add.at(made, (rows, low), 1 - part)
    np.add.at(made, (rows, np.minimum(low + 1, n_in - 1)), part)
    return made


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' kernel with a = -0.75."""
    x, a = np.abs(distance), -0.75
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x <= 1, near, a * (((x - 5) * x + 8) * x - 4)).astype(np.float32)


def _weights(n_in: int, n_out: int, method: int, align_corners: bool, half_pixels: bool) -> np.ndarray:
    if half_pixels:
        return images.resize_weights(n_in, n_out, ("bilinear", "nearest", "bicubic", "area")[method], False)
    return corner_weights(n_in, n_out, method, align_corners)


@make_op(
    {},
    infer=lambda n_in, n_out, *, lengths, **how: g.core.Spec(lengths, np.dtype(np.float32)),
    grad=lambda g, y, n_in, n_out, **how: [None, None],
)
def _open_weights(n_in, n_out, /, *, lengths, method, align_corners, half_pixels):  # type: ignore[no-untyped-def]
    """The matrix of a resize along one axis whose lengths a run alone knows."""
    return _weights(int(n_in), int(n_out), method, align_corners, half_pixels)


def _wanted(x: Any, first: int, size: Any, keep_proportions: bool) -> list[Any]:
    """The new height and width: ints, or expressions of what a run knows."""
    known = g.static_value(size)
    vector: Any = value(size)
    vector = vector if vector.shape is not None else g.shaped_as(vector, (2,))
    wanted = [int(n) for n in np.ravel(known)] if known is not None else [vector[0], vector[1]]
    if not keep_proportions:
        return wanted
    old = x.shape[first : first + 2]
    if known is not None and None not in old:
        share = min(w / n for w, n in zip(wanted, old, strict=True))
        return [round(n * share) for n in old]
    floats = [shape_ops.count(x, (axis,), np.dtype(np.float32)) for axis in (first, first + 1)]
    scale: Any = elementwise.minimum(
        *(g.cast(value(w), "float32") / n for w, n in zip(wanted, floats, strict=True))
    )  # type: ignore[operator]
    return [g.cast(elementwise.round(n * scale), "int32") for n in floats]  # type: ignore[operator]


def _matrix(x: Any, axis: int, n_out: Any, how: dict[str, Any]) -> Any:
    """The matrix [n_out, n_in] that resizes an axis: an array, or an expression of lengths that a run alone knows."""
    n_in = x.shape[axis]
    if n_in is not None and isinstance(n_out, int):
        return _weights(n_in, n_out, **how)
    lengths = (n_out if isinstance(n_out, int) else None, n_in)
    ends = [shape_ops.count(x, (axis,), np.dtype(np.int64)), g.cast(value(n_out), "int64")]
    return _open_weights.build(ends, {"lengths": lengths, **how})


def _resized(
    image: Any,
    size: Any,
    method: int,
    align_corners: bool,
    name: Any,
    half_pixels: bool = False,
    keep_proportions: bool = False,
    leave: bool = False,
) -> Tensor:
    """``leave``: pictures that have the size already stay as they are, also in their dtype."""
    x, first = _spatial(image)
    how: dict[str, Any] = {
        "method": int(method),
        "align_corners": bool(align_corners),
        "half_pixels": bool(half_pixels),
    }
    wanted = _wanted(x, first, size, keep_proportions)
    if (
        leave
        and all(isinstance(n, int) for n in wanted)
        and tuple(wanted) == tuple(x.shape[first : first + 2])
    ):
        return math.identity(image)
    made: Any = x if method == ResizeMethod.NEAREST_NEIGHBOR else g.cast(x, "float32")
    matrices = [
        _matrix(made, axis, n_out, how) for axis, n_out in zip((first, first + 1), wanted, strict=True)
    ]
    if method != ResizeMethod.NEAREST_NEIGHBOR:
        return wrap(images.weighted(made, *matrices), name, "resize_images", [image])
    for axis, matrix in zip((first, first + 1), matrices, strict=True):
        if isinstance(matrix, np.ndarray):
            made = images.picked(made, matrix.argmax(axis=1), axis)
        else:
            made = index.take(made, reduce.argmax(matrix, axis=1), axis=axis)
    return wrap(made, name, "resize_images", [image])


def _is_number(size: Any) -> bool:
    return size.shape.ndims == 0 if isinstance(size, Node) else isinstance(size, (int, np.integer))


def _resize_images(
    images: Any,
    size: Any,
    method: int = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: Any = None,
) -> Tensor:
    return _resized(
        images, size, method, align_corners, name, keep_proportions=preserve_aspect_ratio, leave=True
    )


def resize_images(images: Any, size: Any = None, *others: Any, **options: Any) -> Tensor:
    """Pictures of another size, bilinear, nearest, bicubic or by area; those that have it stay as they are.

    ``resize_images(images, size, method=0, align_corners=False, preserve_aspect_ratio=False, name=None)``, or, as
    first spelled, ``resize_images(images, new_height, new_width, method=0, align_corners=False)``.
    """
    height = options.pop("new_height", size)
    if _is_number(height):
        width, others = (
            (options.pop("new_width"), others) if "new_width" in options else (others[0], others[1:])
        )
        size = math.stack([height, width])
    return _resize_images(images, size, *others, **options)


resize = resize_images


def _resizing(method: int, name: str) -> Callable[..., Tensor]:
    def apply(
        images: Any,
        size: Any,
        align_corners: bool = False,
        name: Any = None,
        half_pixel_centers: bool = False,
    ) -> Tensor:
        t = value(images)
        if t.shape is None:  # these functions take four axes
            images = wrap(g.shaped_as(t, (None,) * 4), None, "Identity", [images])
        return _resized(images, size, method, align_corners, name, half_pixel_centers)

    apply.__name__, apply.__doc__ = name, f"Pictures of another size by the method {name[7:]}."
    return apply


resize_bilinear = _resizing(ResizeMethod.BILINEAR, "resize_bilinear")
resize_nearest_neighbor = _resizing(ResizeMethod.NEAREST_NEIGHBOR, "resize_nearest_neighbor")
resize_bicubic = _resizing(ResizeMethod.BICUBIC, "resize_bicubic")
resize_area = _resizing(ResizeMethod.AREA, "resize_area")


def _known_box(x: Any, first: int, *lengths: Any) -> list[int] | None:
    """The lengths as numbers, where they and the picture's are known when the graph is built."""
    found = [g.static_value(n) for n in lengths]
    if None in x.shape[first : first + 2] or any(n is None for n in found):
        return None
    return [int(n) for n in found]


def _sizes(image: Any) -> tuple[Any, Any]:
    """Rows and columns, as nodes."""
    lengths, first = math.shape(image), _spatial(image)[1]
    return lengths[first], lengths[first + 1]


def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """The middle, or zeros around."""
    x, first = _spatial(image)
    size = _known_box(x, first, target_height, target_width)
    if size is not None:
        return wrap(images.crop_or_pad(x, *size), None, "crop_or_pad", [image])
    old = _sizes(image)
    new = [math.cast(n, "int32") for n in (target_height, target_width)]
    less = [math.maximum(math.floordiv(n - t, 2), 0) for n, t in zip(old, new, strict=True)]
    more = [math.maximum(math.floordiv(t - n, 2), 0) for n, t in zip(old, new, strict=True)]
    kept = [math.minimum(n, t) for n, t in zip(old, new, strict=True)]
    middle = crop_to_bounding_box(image, less[0], less[1], kept[0], kept[1])
    made = pad_to_bounding_box(middle, more[0], more[1], target_height, target_width)
    return _of_size(made, image, target_height, target_width)


resize_with_crop_or_pad = resize_image_with_crop_or_pad


def _of_size(made: Tensor, image: Any, height: Any, width: Any) -> Tensor:
    """What was made of a picture, whose rows and columns are as many as is known."""
    known = [None if n is None else int(n) for n in map(g.static_value, (height, width))]
    shape, first = list(value(image).shape), _spatial(image)[1]
    made.set_shape([*shape[:first], *known, *shape[first + 2 :]])
    return made


def _cut(x: Any, axis: int, start: Any, count: int) -> Any:
    places: Any = g.core.constant(np.arange(count, dtype=np.int64))
    return index.take(x, places + g.cast(value(start), "int64"), axis=axis)


def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """A rectangle of the picture."""
    x, first = _spatial(image)
    size = [g.static_value(n) for n in (target_height, target_width)]
    if any(n is None for n in size):
        begin, rest = [0] * first, x.ndim - first - 2
        starts = math.stack([*begin, offset_height, offset_width, *[0] * rest])
        lengths = math.stack([*(-1 for _ in begin), target_height, target_width, *[-1] * rest])
        return _of_size(math.slice(image, starts, lengths), image, target_height, target_width)
    x = _cut(_cut(x, first, offset_height, int(size[0])), first + 1, offset_width, int(size[1]))
    return wrap(x, None, "crop", [image])


def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Tensor:
    """The picture in a larger one of zeros."""
    x, first = _spatial(image)
    box = _known_box(x, first, offset_height, offset_width, target_height, target_width)
    if box is not None:
        return wrap(images.frame(x, *box), None, "pad", [image])
    height, width = _sizes(image)
    above, left = math.cast(offset_height, "int32"), math.cast(offset_width, "int32")
    below, right = target_height - above - height, target_width - left - width
    around = [[0, 0]] * first + [[above, below], [left, right]] + [[0, 0]] * (x.ndim - first - 2)
    made = math.pad(image, math.stack([math.stack(pair) for pair in around]))
    return _of_size(made, image, target_height, target_width)


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle, a share of each side."""
    x, first = _spatial(image)
    if None in x.shape[first : first + 2]:
        sizes = _sizes(image)
        floats = [math.cast(n, "float64") for n in sizes]
        starts = [math.cast((n - n * central_fraction) / 2, "int32") for n in floats]
        kept = [n - 2 * start for n, start in zip(sizes, starts, strict=True)]
        return crop_to_bounding_box(image, *starts, *kept)
    for axis in (first, first + 1):
        start = int((x.shape[axis] - x.shape[axis] * central_fraction) / 2)
        x = _cut(x, axis, start, x.shape[axis] - 2 * start)
    return wrap(x, None, "central_crop", [image])


def random_crop(image: Any, size: Any, seed: Any = None) -> Tensor:
    """``tf.random_crop``."""
    return draws.random_crop(image, size, seed)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: Any = None,
    sizes: Any = None,
) -> Tensor:
    """The pixels of each window, row by row, as channels."""
    size, step, rate = (
        [int(n) for n in list(four)[1:3]] for four in (ksizes or sizes, strides, rates or (1, 1, 1, 1))
    )
    made = core_nn.image_patches(value(images), size, step, padding, rate)
    return wrap(made, name, "ExtractImagePatches", [images])


def extract_patches(
    images: Any, sizes: Any = None, strides: Any = None, rates: Any = None, padding: Any = None, name: Any = None,
) -> Tensor:  # fmt: skip
    """The pixels of each window, row by row, as channels."""
    return extract_image_patches(images, sizes, strides, rates, padding, name)


# --- turned ---------------------------------------------------------------------------------------------------------


def flip_left_right(image: Any) -> Tensor:
    """Columns in the opposite order."""
    return wrap(flip(value(image), axis=-2), None, "flip_left_right", [image])


def flip_up_down(image: Any) -> Tensor:
    """Rows in the opposite order."""
    return wrap(flip(value(image), axis=-3), None, "flip_up_down", [image])


def transpose_image(image: Any) -> Tensor:
    """Rows and columns exchanged."""
    return wrap(shape_ops.swapaxes(value(image), -3, -2), None, "transpose_image", [image])


transpose = transpose_image


def rot90(image: Any, k: int = 1, name: Any = None) -> Tensor:
    """Turned k times by a right angle against the clock."""
    for _ in range(g.static_int(k, "k") % 4):
        image = flip_up_down(transpose_image(image))
    return math.identity(image)


def _sometimes(image: Any, changed: Tensor, seed: Any) -> Tensor:
    """One or the other, drawn for each picture."""
    x, first = _spatial(image)
    if first:
        one = reduce.sum(g.cast(x, "float32"), axis=(1, 2, 3), keepdims=True)
        draw: Any = random.uniform(like=one, symbolic=True, key=draws.keyed(seed))
    else:
        draw = random.uniform((), symbolic=True, key=draws.keyed(seed))
    return wrap(elementwise.where(draw < 0.5, value(changed), x), None, "random_flip", [image])


def random_flip_left_right(image: Any, seed: Any = None) -> Tensor:
    """Each picture flipped in one run out of two."""
    return _sometimes(image, flip_left_right(image), seed)


def random_flip_up_down(image: Any, seed: Any = None) -> Tensor:
    """Each picture flipped in one run out of two."""
    return _sometimes(image, flip_up_down(image), seed)


# --- colours, measures ----------------------------------------------------------------------------------------------


def _changed(kind: str, name: Any, image: Any, *numbers: Any) -> Tensor:
    """What the main library makes of a picture and numbers."""
    settings = [value(n, "float32") if isinstance(n, Node) else n for n in numbers]
    return wrap(getattr(core_nn, kind)(value(image), *settings), name, kind, [image])


def _of_images(kind: str) -> Callable[..., Tensor]:
    def apply(images: Any, name: str | None = None) -> Tensor:
        return _changed(kind, name, images)

    apply.__name__, apply.__doc__ = kind, getattr(core_nn, kind).__doc__.partition("\n")[0]
    return apply


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: Any = None) -> Tensor:
    """Floats in [0, 1], integers over their whole range."""
    made = core_nn.in_range_of(value(image), g.as_dtype(dtype).as_numpy_dtype)
    return wrap(made, name, "convert_image", [image])


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """A number added."""
    return _changed("adjust_brightness", None, image, delta)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """``(x - mean) * factor + mean``, the mean being that of each channel."""
    return _changed("adjust_contrast", None, images, contrast_factor)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """``gain x^gamma``."""
    return _changed("adjust_gamma", None, image, gamma, gain)


def adjust_hue(image: Any, delta: Any, name: Any = None) -> Tensor:
    """The hue turned by ``delta``."""
    return _changed("adjust_hue", name, image, delta)


def adjust_saturation(image: Any, saturation_factor: Any, name: Any = None) -> Tensor:
    """The saturation times a factor."""
    return _changed("adjust_saturation", name, image, saturation_factor)


def per_image_standardization(image: Any) -> Tensor:
    """``(x - mean) / max(std, 1 / sqrt(n))`` of each picture."""
    return _changed("standardize_images", None, image)


def sobel_edges(image: Any) -> Tensor:
    """The slopes down and across [batch, h, w, channels, 2], borders reflected."""
    return _changed("sobel_edges", None, image)


per_image_whitening = per_image_standardization
rgb_to_grayscale, grayscale_to_rgb = _of_images("rgb_to_grayscale"), _of_images("grayscale_to_rgb")
rgb_to_hsv, hsv_to_rgb = _of_images("rgb_to_hsv"), _of_images("hsv_to_rgb")
rgb_to_yiq, yiq_to_rgb = _of_images("rgb_to_yiq"), _of_images("yiq_to_rgb")
rgb_to_yuv, yuv_to_rgb = _of_images("rgb_to_yuv"), _of_images("yuv_to_rgb")
total_variation = _of_images("total_variation")


def _drawn(low: float, high: float, seed: Any) -> Tensor:
    return draws.random_uniform((), float(low), float(high), seed=seed)


def random_brightness(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """A random number added."""
    return adjust_brightness(image, _drawn(-max_delta, max_delta, seed))


def random_contrast(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """A random contrast."""
    return adjust_contrast(image, _drawn(lower, upper, seed))


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """A random hue."""
    return adjust_hue(image, _drawn(-max_delta, max_delta, seed))


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """A random saturation."""
    return adjust_saturation(image, _drawn(lower, upper, seed))


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """(dy, dx): differences of neighbours, zero in the last row and column."""
    dy, dx = core_nn.image_gradients(value(image))
    return wrap(dy, None, "dy", [image]), wrap(dx, None, "dx", [image])


def psnr(a: Any, b: Any, max_val: Any, name: Any = None) -> Tensor:
    """The peak signal to noise ratio of each picture, in decibels."""
    return wrap(core_nn.psnr(value(a), value(b), value(max_val, "float32")), name, "PSNR", [a, b])


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The structural similarity of pictures (Wang et al. 2004), 1 where they are the same."""
    top = g.cast(value(max_val), "float32")
    made = core_nn.ssim(value(img1), value(img2), top, filter_size, filter_sigma, k1, k2)
    return wrap(made, None, "SSIM", [img1, img2])
