"""More of ``tf.image``, and ``tf.contrib.image``: boxes, glimpses, likeness, colour spaces, rotations."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.image import extract_image_patches
from thalweg.ops import elementwise, index, random, reduce
from thalweg.ops import shape as shape_ops


def _of_tf2(room: str, name: str) -> Any:
    """A function that TensorFlow 2 has under the same name."""
    return getattr(importlib.import_module(f"thalweg.compat.tf2.{room}"), name)


# --- boxes ----------------------------------------------------------------------------------------------------------


def _pixels(x: Any, batch: Any, rows: Any, columns: Any) -> Any:
    """The pixels [n, rows, columns, channels] of pictures, at whole places [n, rows] and [n, columns]."""
    height, width = x.shape[1:3]
    lengths = [
        shape_ops.count(x, (axis,), np.dtype(np.int64)) if n is None else n
        for axis, n in ((1, height), (2, width))
    ]
    b, r, c = (g.cast(t, "int64") for t in (batch, rows, columns))
    line: Any = shape_ops.expand_dims(b, 1) * lengths[0] + r  # type: ignore[operator]
    place: Any = shape_ops.expand_dims(line, 2) * lengths[1] + shape_ops.expand_dims(c, 1)  # type: ignore[operator]
    return index.take(shape_ops.reshape(x, (-1, x.shape[3])), place, axis=0)


def _last(x: Any, axis: int) -> Any:
    """The number of the last row or column, a float."""
    known = x.shape[axis]
    return float(known - 1) if known is not None else shape_ops.count(x, (axis,), np.dtype(np.float32)) - 1.0  # type: ignore[operator]


def _samples(first: Any, last: Any, count: int, end: Any) -> Any:
    """[n, count]: places from ``first * end`` to ``last * end``; one place is the middle."""
    low, high = (shape_ops.expand_dims(t, 1) for t in (first, last))
    if count == 1:
        return (low + high) * 0.5 * end
    steps = np.arange(count, dtype=np.float32)[None] / (count - 1)
    return low * end + (high - low) * end * steps


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Parts of pictures in one size: box k [y1, x1, y2, x2], in shares of picture ``box_ind[k]``.

    Places outside a picture have ``extrapolation_value``.
    """
    x: Any = g.cast(value(image), "float32")
    corners: Any = value(boxes)
    batch = value(box_ind if box_indices is None else box_indices)
    height, width = (int(n) for n in np.ravel(g.static_value(crop_size)))
    ends = _last(x, 1), _last(x, 2)
    down = _samples(corners[:, 0], corners[:, 2], height, ends[0])
    across = _samples(corners[:, 1], corners[:, 3], width, ends[1])
    inside = [elementwise.logical_and(p >= 0.0, p <= end) for p, end in ((down, ends[0]), (across, ends[1]))]
    down, across = (
        elementwise.minimum(elementwise.maximum(p, 0.0), end)
        for p, end in ((down, ends[0]), (across, ends[1]))
    )
    if method == "nearest":
        made = _pixels(x, batch, elementwise.floor(down + 0.5), elementwise.floor(across + 0.5))  # type: ignore[operator]
    else:
        top, left = elementwise.floor(down), elementwise.floor(across)
        low, right = elementwise.minimum(top + 1.0, ends[0]), elementwise.minimum(left + 1.0, ends[1])  # type: ignore[operator]
        below = shape_ops.expand_dims(shape_ops.expand_dims(down - top, 2), 3)  # type: ignore[operator]
        beside = shape_ops.expand_dims(shape_ops.expand_dims(across - left, 1), 3)  # type: ignore[operator]
        upper = _pixels(x, batch, top, left) * (1.0 - beside) + _pixels(x, batch, top, right) * beside  # type: ignore[operator]
        lower = _pixels(x, batch, low, left) * (1.0 - beside) + _pixels(x, batch, low, right) * beside  # type: ignore[operator]
        made = upper * (1.0 - below) + lower * below  # type: ignore[operator]
    seen = elementwise.logical_and(shape_ops.expand_dims(inside[0], 2), shape_ops.expand_dims(inside[1], 1))
    made = elementwise.where(shape_ops.expand_dims(seen, 3), made, float(extrapolation_value))
    return wrap(made, name, "CropAndResize", [image, boxes])


def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Pictures with frames [y1, x1, y2, x2], in shares of the picture, one pixel wide, in colours by turns."""
    node = g.convert_to_tensor(images)
    shades = _SHADES if colors is None else np.asarray(colors)

    def draw(pictures: np.ndarray, frames: np.ndarray) -> np.ndarray:
        drawn = _of_tf2("pictures", "draw_bounding_boxes")(pictures, frames, shades)
        return np.asarray(drawn, pictures.dtype)

    made = math.py_func(draw, [node, boxes], node.dtype, name=name)
    made.set_shape(node.get_shape())
    return made


_SHADES = np.array(
    [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1],
     [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32,
)  # fmt: skip


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    name: str | None = None,
    noise: str | None = None,
) -> Tensor:
    """Windows [n, height, width, channels] around places [n, 2], each (y, x); outside the pictures there is noise.

    ``centered``: (0, 0) is the middle, (-1, -1) and (1, 1) the corners; ``normalized``: places in shares of the size.
    """
    x: Any = g.cast(value(input), "float32")
    places: Any = g.cast(value(offsets), "float32")
    height, width = (int(n) for n in np.ravel(g.static_value(size)))
    parts, insides = [], []
    for k, (axis, count) in enumerate(((1, height), (2, width))):
        end = _last(x, axis)
        length = end + 1.0
        place = places[:, k] * length if normalized else places[:, k]
        place = place / 2.0 + length / 2.0 if centered else place
        start = shape_ops.expand_dims(elementwise.trunc(place - count / 2.0), 1)
        at: Any = start + np.arange(count, dtype=np.float32)[None]  # type: ignore[operator]
        insides.append(elementwise.logical_and(at >= 0.0, at <= end))
        parts.append(elementwise.minimum(elementwise.maximum(at, 0.0), end))
    batch = shape_ops.reshape(shape_ops.iota_like(x, axis=0, dtype=np.dtype(np.int64)), (-1,))
    made = _pixels(x, batch, *parts)
    seen = elementwise.logical_and(shape_ops.expand_dims(insides[0], 2), shape_ops.expand_dims(insides[1], 1))
    low, high = reduce.min(x), reduce.max(x)
    kind = noise or ("uniform" if uniform_noise else "gaussian")
    if kind == "uniform":
        other: Any = low + random.uniform(like=made, symbolic=True) * (high - low)  # type: ignore[operator]
    elif kind == "gaussian":
        other = random.normal(like=made, symbolic=True)
    else:
        other = shape_ops.full_like(made, 0)
    return wrap(
        elementwise.where(shape_ops.expand_dims(seen, 3), made, other),
        name,
        "ExtractGlimpse",
        [input, offsets],
    )


# --- likeness, colours ----------------------------------------------------------------------------------------------


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
    made = _of_tf2("pictures", "ssim")(value(img1), value(img2), max_val, filter_size, filter_sigma, k1, k2)
    return wrap(made, None, "SSIM", [img1, img2])


def sobel_edges(image: Any) -> Tensor:
    """The slopes down and across [batch, h, w, channels, 2], borders reflected."""
    return wrap(_of_tf2("image", "sobel_edges")(value(image)), None, "SobelEdges", [image])


_TO_YIQ = np.array(
    [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
)


_FROM_YIQ = np.array(
    [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
)


def _mixed(images: Any, matrix: Any, kind: str) -> Tensor:
    return wrap(_of_tf2("image", "_mixed")(value(images), matrix), None, kind, [images])


def rgb_to_yiq(images: Any) -> Tensor:
    """Brightness and two colour differences, as in NTSC."""
    return _mixed(images, _TO_YIQ, "rgb_to_yiq")


def yiq_to_rgb(images: Any) -> Tensor:
    """Red, green and blue."""
    return _mixed(images, _FROM_YIQ, "yiq_to_rgb")


def rgb_to_yuv(images: Any) -> Tensor:
    """Brightness and two colour differences, as in PAL."""
    return wrap(_of_tf2("image", "rgb_to_yuv")(value(images)), None, "rgb_to_yuv", [images])


def yuv_to_rgb(images: Any) -> Tensor:
    """Red, green and blue."""
    return wrap(_of_tf2("image", "yuv_to_rgb")(value(images)), None, "yuv_to_rgb", [images])


def extract_patches(
    images: Any, sizes: Any = None, strides: Any = None, rates: Any = None, padding: Any = None, name: Any = None,
) -> Tensor:  # fmt: skip
    """The pixels of each window, row by row, as channels."""
    return extract_image_patches(images, sizes, strides, rates, padding, name)


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """The picture as it comes out of a JPEG file of that quality."""
    node = g.convert_to_tensor(image)

    def through(pixels: np.ndarray, quality: np.ndarray) -> np.ndarray:
        return np.asarray(_of_tf2("pictures", "adjust_jpeg_quality")(pixels, int(quality)), pixels.dtype)

    made = math.py_func(through, [node, jpeg_quality], node.dtype, name=name)
    made.set_shape(node.get_shape())
    return made


# --- tf.contrib.image -----------------------------------------------------------------------------------------------


def _transformed(images: Any, terms: Any, interpolation: str, name: str | None) -> Tensor:
    """Pictures moved; three axes are one picture, two one without channels."""
    node = g.convert_to_tensor(images)
    x: Any = value(node)
    rank = len(x.shape)
    if rank == 2:
        x = shape_ops.expand_dims(shape_ops.expand_dims(x, 0), 3)
    elif rank == 3:
        x = shape_ops.expand_dims(x, 0)
    made: Any = core_nn.affine_transform(x, terms, interpolation.lower(), "constant", 0.0)
    made = made[0] if rank == 3 else made[0, :, :, 0] if rank == 2 else made
    return wrap(g.cast(made, node.dtype), name, "Transform", [node])


def transform(
    images: Any, transforms: Any, interpolation: str = "NEAREST", name: str | None = None, **options: Any
) -> Tensor:
    """Pictures whose pixel (x, y) is that at ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`` with
    ``k = c0 x + c1 y + 1``; ``transforms``: (a0, a1, a2, b0, b1, b2, c0, c1), or one row of these for each picture.

    c0 and c1 must be 0.
    """
    numbers: Any = g.cast(value(transforms), "float32")
    terms = [numbers[..., k] for k in range(8)]
    known = g.static_value(transforms)
    if known is None or np.any(np.asarray(known)[..., 6:]):
        raise NotImplementedError("tf.contrib.image.transform: c0 and c1 must be 0 when the graph is built")
    return _transformed(images, tuple(terms[:6]), interpolation, name)


def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Pictures turned counter-clockwise by angles in radians, one for all or for each."""
    node = g.convert_to_tensor(images)
    rank: Any = node.get_shape().ndims
    axis = 1 if rank == 4 else 0
    end_y, end_x = (_last(value(node), axis + k) for k in (0, 1))
    a: Any = g.cast(value(angles), "float32")
    cos, sin = elementwise.cos(a), elementwise.sin(a)
    dx = (end_x - (cos * end_x - sin * end_y)) / 2.0  # type: ignore[operator]
    dy = (end_y - (sin * end_x + cos * end_y)) / 2.0  # type: ignore[operator]
    return _transformed(node, (cos, -sin, dx, sin, cos, dy), interpolation, name)  # type: ignore[operator]


def translate(
    images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None
) -> Tensor:
    """Pictures moved by (dx, dy), one pair for all or for each."""
    moved: Any = g.cast(value(translations), "float32")
    return _transformed(images, (1.0, 0.0, -moved[..., 0], 0.0, 1.0, -moved[..., 1]), interpolation, name)
