"""``tf.image``: pictures as tensors [height, width, channels] or batches of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.extras import needs
from thalweg.graph.op import make_op
from thalweg.ops import elementwise, index, joining, random, reduce, tiling
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


decode_jpeg = decode_png = decode_bmp = decode_image


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
    return wrap(joining.concat([t, t, t], axis=-1), name, "grayscale_to_rgb", [images])


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
    if method == ResizeMethod.AREA:
        for k in range(n_out):
            begin, end = k * scale, (k + 1) * scale
            cells = np.arange(n_in)
            made[k] = np.clip(np.minimum(cells + 1, end) - np.maximum(cells, begin), 0, None) / (end - begin)
        return made
    low = np.minimum(np.floor(places).astype(int), n_in - 1)
    if method == ResizeMethod.BICUBIC:
        for k in (-1, 0, 1, 2):
            np.add.at(made, (rows, np.clip(low + k, 0, n_in - 1)), _cubic(places - low - k))
        return made
    part = (places - low).astype(np.float32)
    np.add.at(made, (rows, low), 1 - part)
    np.add.at(made, (rows, np.minimum(low + 1, n_in - 1)), part)
    return made


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' kernel with a = -0.75."""
    x, a = np.abs(distance), -0.75
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x <= 1, near, a * (((x - 5) * x + 8) * x - 4)).astype(np.float32)


@make_op(
    {},
    infer=lambda x, *, size, method, align_corners: g.core.Spec(
        (*x.shape[:-3], *size, x.shape[-1]), np.dtype(np.float32)
    ),
)
def _resized(x, /, size, method, align_corners):  # type: ignore[no-untyped-def]
    """Pictures of another size, where a run alone knows the old one."""
    rows = _weights(x.shape[-3], size[0], method, align_corners)
    columns = _weights(x.shape[-2], size[1], method, align_corners)
    return np.einsum("...hwc,ih,jw->...ijc", x.astype(np.float32), rows, columns, optimize=True)


def resize_images(
    images: Any,
    size: Any,
    method: int = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: Any = None,
) -> Tensor:
    """Pictures of another size, bilinear, nearest, bicubic or by area."""
    x, first = _spatial(images)
    wanted = g.static_value(size)
    if wanted is None:
        raise ValueError("tf.image.resize_images: the new size must be known when the graph is built")
    height, width = (int(n) for n in wanted)
    kept = x.dtype if method == ResizeMethod.NEAREST_NEIGHBOR else "float32"
    if x.shape[first] is None or x.shape[first + 1] is None:
        attrs = {"size": (height, width), "method": method, "align_corners": align_corners}
        return wrap(g.cast(_resized.build([x], attrs), kept), name, "resize_images", [images])
    if preserve_aspect_ratio:
        factor = min(height / x.shape[first], width / x.shape[first + 1])
        height, width = round(x.shape[first] * factor), round(x.shape[first + 1] * factor)
    from thalweg.ops.contract import einsum

    rows = g.core.constant(_weights(x.shape[first], height, method, align_corners))
    columns = g.core.constant(_weights(x.shape[first + 1], width, method, align_corners))
    made = einsum("bhwc,ih,jw->bijc" if first else "hwc,ih,jw->ijc", g.cast(x, "float32"), rows, columns)
    return wrap(g.cast(made, kept), name, "resize_images", [images])


resize = resize_images


def resize_bilinear(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, bilinear."""
    return resize_images(images, size, ResizeMethod.BILINEAR, align_corners, name=name)


def resize_nearest_neighbor(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, nearest."""
    return resize_images(images, size, ResizeMethod.NEAREST_NEIGHBOR, align_corners, name=name)


def resize_bicubic(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, bicubic."""
    return resize_images(images, size, ResizeMethod.BICUBIC, align_corners, name=name)


def resize_area(images: Any, size: Any, align_corners: bool = False, name: Any = None) -> Tensor:
    """:func:`resize_images`, by the area of the old pixels."""
    return resize_images(images, size, ResizeMethod.AREA, align_corners, name=name)


@make_op(
    {},
    infer=lambda x, *, height, width: g.core.Spec((*x.shape[:-3], height, width, x.shape[-1]), x.dtype),
)
def _fitted(x, /, height, width):  # type: ignore[no-untyped-def]
    """The middle, or zeros around, where a run alone knows the size."""
    for axis, wanted in ((x.ndim - 3, height), (x.ndim - 2, width)):
        start, before = max(x.shape[axis] - wanted, 0) // 2, max(wanted - x.shape[axis], 0) // 2
        x = x.take(np.arange(start, min(start + wanted, x.shape[axis])), axis)
        after = wanted - x.shape[axis] - before
        x = np.pad(x, [(before, after) if k == axis else (0, 0) for k in range(x.ndim)])
    return x


def resize_image_with_crop_or_pad(image: Any, target_height: int, target_width: int) -> Tensor:
    """The middle, or zeros around."""
    x, first = _spatial(image)
    if None in x.shape[first : first + 2]:
        made = _fitted.build([x], {"height": int(target_height), "width": int(target_width)})
        return wrap(made, None, "crop_or_pad", [image])
    for axis, wanted in ((first, target_height), (first + 1, target_width)):
        n = x.shape[axis]
        if n > wanted:
            x = _rows(x, axis, (n - wanted) // 2, wanted)
        elif n < wanted:
            x = _framed(x, axis, (wanted - n) // 2, wanted)
    return wrap(x, None, "crop_or_pad", [image])


def _rows(x: Any, axis: int, start: Any, count: int) -> Any:
    places: Any = g.core.constant(np.arange(count, dtype=np.int64))
    return index.take(x, places + g.cast(value(start), "int64"), axis=axis)


def _framed(x: Any, axis: int, before: int, wanted: int) -> Any:
    after = wanted - x.shape[axis] - before
    return tiling.pad(x, [(before, after) if k == axis else (0, 0) for k in range(len(x.shape))])


def crop_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """A rectangle of the picture."""
    x, first = _spatial(image)
    size = [g.static_int(n, "the size of the box") for n in (target_height, target_width)]
    x = _rows(_rows(x, first, offset_height, size[0]), first + 1, offset_width, size[1])
    return wrap(x, None, "crop", [image])


def pad_to_bounding_box(
    image: Any, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Tensor:
    """The picture in a larger one of zeros."""
    x, first = _spatial(image)
    x = _framed(x, first, int(offset_height), int(target_height))
    return wrap(_framed(x, first + 1, int(offset_width), int(target_width)), None, "pad", [image])


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle, a share of each side."""
    x, first = _spatial(image)
    for axis in (first, first + 1):
        start = int((x.shape[axis] - x.shape[axis] * central_fraction) / 2)
        x = _rows(x, axis, start, x.shape[axis] - 2 * start)
    return wrap(x, None, "central_crop", [image])


def _python_picture(inputs: Any, fn: Any, sizes: Any) -> list[Tensor]:
    return [
        made if known is None else _with_shape(made, known)
        for made, known in zip(
            math.py_func(fn, inputs, [d for d, _ in sizes]), [s for _, s in sizes], strict=True
        )
    ]


def _with_shape(node: Tensor, shape: Any) -> Tensor:
    node.set_shape(shape)
    return node


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any = None,
    seed: Any = None,
    seed2: Any = None,
    min_object_covered: float = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0),
    max_attempts: int = 100,
    use_image_if_no_bounding_boxes: Any = None,
    name: Any = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """(begin, size, box) of a random rectangle of a picture, for ``tf.slice`` and drawing.

    It covers ``min_object_covered`` of one of the boxes (1, n, 4) at least, where there are some; after
    ``max_attempts`` it is the whole picture.
    """
    generator = np.random.default_rng(seed)

    def draw(lengths: np.ndarray, boxes: np.ndarray) -> list[np.ndarray]:
        height, width = (int(n) for n in lengths[:2])
        objects = boxes.reshape(-1, 4) * [height, width, height, width]
        for _ in range(max_attempts):
            area, ratio = generator.uniform(*area_range), generator.uniform(*aspect_ratio_range)
            h = round((area * height * width / ratio) ** 0.5)
            w = round(h * ratio)
            if not (0 < h <= height and 0 < w <= width):
                continue
            top, left = (int(generator.integers(n + 1)) for n in (height - h, width - w))
            if not len(objects) or _covered(objects, top, left, h, w).max() >= min_object_covered:
                break
        else:
            top, left, h, w = 0, 0, height, width
        box = [[[top / height, left / width, (top + h) / height, (left + w) / width]]]
        begin, size = [top, left, 0], [h, w, -1]
        return [np.array(begin, np.int32), np.array(size, np.int32), np.array(box, np.float32)]

    none = np.zeros((1, 0, 4), np.float32)
    sizes = [("int32", [3]), ("int32", [3]), ("float32", [1, 1, 4])]
    begin, size, box = _python_picture(
        [image_size, none if bounding_boxes is None else bounding_boxes], draw, sizes
    )
    return begin, size, box


def _covered(objects: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """The share of each object [y1, x1, y2, x2] that a rectangle covers."""
    low = np.maximum(objects[:, :2], [top, left])
    high = np.minimum(objects[:, 2:], [top + height, left + width])
    areas = np.prod(objects[:, 2:] - objects[:, :2], axis=1)
    return np.prod(np.clip(high - low, 0, None), axis=1) / np.maximum(areas, 1e-9)


# --- colours --------------------------------------------------------------------------------------------------------


def rgb_to_hsv(images: Any, name: Any = None) -> Tensor:
    """Hue, saturation and value, each in [0, 1]."""
    x: Any = value(images)
    red, green, blue = (x[..., k] for k in range(3))
    high, low = reduce.max(x, axis=-1), reduce.min(x, axis=-1)
    span: Any = high - low  # type: ignore[operator]
    safe: Any = elementwise.where(span > 0, span, 1.0)
    hue: Any = elementwise.where(
        elementwise.equal(high, red),
        elementwise.remainder((green - blue) / safe, 6.0),
        elementwise.where(
            elementwise.equal(high, green), (blue - red) / safe + 2.0, (red - green) / safe + 4.0
        ),
    )
    saturation = elementwise.where(high > 0, span / elementwise.where(high > 0, high, 1.0), 0.0)  # type: ignore[operator]
    return wrap(joining.stack([hue / 6.0, saturation, high], axis=-1), name, "RGBToHSV", [images])


def hsv_to_rgb(images: Any, name: Any = None) -> Tensor:
    """Red, green and blue of hue, saturation and value."""
    x: Any = value(images)
    hue, saturation, bright = (x[..., k] for k in range(3))
    parts = []
    for shift in (5.0, 3.0, 1.0):
        k: Any = elementwise.remainder(hue * 6.0 + shift, 6.0)
        fall = elementwise.clip(elementwise.minimum(k, 4.0 - k), 0.0, 1.0)
        parts.append(bright - bright * saturation * fall)
    return wrap(joining.stack(parts, axis=-1), name, "HSVToRGB", [images])


def _in_hsv(image: Any, change: Any, kind: str) -> Tensor:
    node = g.convert_to_tensor(image)
    floats = convert_image_dtype(node, "float32")
    parts: Any = value(rgb_to_hsv(floats))
    made = hsv_to_rgb(wrap(joining.stack(change(*(parts[..., k] for k in range(3))), axis=-1), None, kind))
    return convert_image_dtype(made, node.dtype)


def adjust_hue(image: Any, delta: Any, name: Any = None) -> Tensor:
    """The hue turned by ``delta``."""
    turn = value(delta, "float32")
    return _in_hsv(image, lambda h, s, v: [elementwise.remainder(h + turn, 1.0), s, v], "adjust_hue")


def adjust_saturation(image: Any, saturation_factor: Any, name: Any = None) -> Tensor:
    """The saturation times a factor."""
    factor = value(saturation_factor, "float32")
    return _in_hsv(image, lambda h, s, v: [h, elementwise.clip(s * factor, 0.0, 1.0), v], "adjust_saturation")


def adjust_gamma(image: Any, gamma: float = 1, gain: float = 1) -> Tensor:
    """``gain x^gamma``."""
    return math.multiply(math.pow(image, float(gamma)), float(gain))


def random_hue(image: Any, max_delta: float, seed: Any = None) -> Tensor:
    """A random hue."""
    return adjust_hue(image, _drawn(-max_delta, max_delta))


def random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Tensor:
    """A random saturation."""
    return adjust_saturation(image, _drawn(lower, upper))


# --- measures -------------------------------------------------------------------------------------------------------


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """(dy, dx): differences of neighbours, zero in the last row and column."""
    x: Any = value(image)
    dy = tiling.pad(x[:, 1:] - x[:, :-1], [(0, 0), (0, 1), (0, 0), (0, 0)])
    dx = tiling.pad(x[:, :, 1:] - x[:, :, :-1], [(0, 0), (0, 0), (0, 1), (0, 0)])
    return wrap(dy, None, "dy", [image]), wrap(dx, None, "dx", [image])


def total_variation(images: Any, name: Any = None) -> Tensor:
    """The sum of the differences of neighbours of each picture."""
    x, first = _spatial(images)
    axes = tuple(range(first, first + 3))
    down: Any = x[..., 1:, :, :] - x[..., :-1, :, :]
    across: Any = x[..., 1:, :] - x[..., :-1, :]
    made: Any = reduce.sum(elementwise.abs(down), axis=axes) + reduce.sum(elementwise.abs(across), axis=axes)  # type: ignore[operator]
    return wrap(made, name, "total_variation", [images])


def psnr(a: Any, b: Any, max_val: float, name: Any = None) -> Tensor:
    """The peak signal to noise ratio of each picture, in decibels."""
    x, y = (value(convert_image_dtype(i, "float32")) for i in (a, b))
    node = g.convert_to_tensor(a)
    peak = max_val if node.dtype.is_floating else max_val / node.dtype.max
    error: Any = reduce.mean(elementwise.square(x - y), axis=(-3, -2, -1))  # type: ignore[operator]
    return wrap(20 * np.log10(peak) - elementwise.log(error) * float(10 / np.log(10)), name, "PSNR", [a, b])


def _encoded(kind: str, image: Any, name: Any, **settings: Any) -> g.HostTensor:
    def encode(pixels: np.ndarray) -> bytes:
        import io

        with needs("pillow", "encoding images"):
            from PIL import Image
        held = io.BytesIO()
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(held, kind, **settings)
        return held.getvalue()

    return g.host(f"Encode{kind.title()}", name, [g.convert_to_tensor(image)], encode)


def encode_png(image: Any, compression: int = -1, name: Any = None) -> g.HostTensor:
    """The bytes of a PNG file of uint8 pixels."""
    return _encoded("PNG", image, name)


def encode_jpeg(
    image: Any, format: str = "", quality: int = 95, name: Any = None, **options: Any
) -> g.HostTensor:
    """The bytes of a JPEG file of uint8 pixels."""
    return _encoded("JPEG", image, name, quality=quality)


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: float = 0.5,
    name: Any = None,
    **options: Any,
) -> Tensor:
    """The numbers of the boxes (y1, x1, y2, x2) with the best scores that overlap none before them too much."""

    def kept(corners: np.ndarray, order: np.ndarray, limit: np.ndarray) -> np.ndarray:
        found: list[int] = []
        area = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
        for k in np.argsort(-order, kind="stable"):
            if len(found) == int(limit):
                break
            shared = np.minimum(corners[found, 2:], corners[k, 2:]) - np.maximum(
                corners[found, :2], corners[k, :2]
            )
            overlap = np.prod(np.clip(shared, 0, None), axis=1)
            if np.all(overlap <= iou_threshold * (area[found] + area[k] - overlap)):
                found.append(int(k))
        return np.array(found, np.int32)

    return _with_shape(math.py_func(kept, [boxes, scores, max_output_size], "int32"), [None])


def random_crop(image: Any, size: Any, seed: Any = None) -> Tensor:
    """``tf.random_crop``."""
    from thalweg.compat.tf1.random import random_crop as crop

    return crop(image, size)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: Any = None,
) -> Tensor:
    """The pixels of each window, row by row, as channels."""
    channels = g.convert_to_tensor(images).get_shape()[-1].value
    height, width = int(ksizes[1]), int(ksizes[2])
    size = height * width * channels
    kernel = np.eye(size, dtype=np.float32).reshape(height, width, channels, size)
    dilations = [int(r) for r in rates or (1, 1, 1, 1)]
    return nn.conv2d(images, kernel, [int(s) for s in strides], padding, dilations=dilations, name=name)
