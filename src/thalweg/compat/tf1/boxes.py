"""Boxes of ``tf.image``: cut out of pictures, drawn into them, chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.nn import boxes as core_boxes
from thalweg.ops import joining, random, reduce


def _with_shape(node: Tensor, shape: Any) -> Tensor:
    node.set_shape(shape)
    return node


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
    numbers = value(box_ind if box_indices is None else box_indices)
    size = [int(n) for n in np.ravel(g.static_value(crop_size))]
    x = g.cast(value(image), "float32")
    made = nn.crop_and_resize(x, value(boxes), numbers, size, method, extrapolation_value)
    return wrap(made, name, "CropAndResize", [image, boxes])


_SHADES = np.array(
    [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1],
     [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1]], np.float32,
)  # fmt: skip


def draw_bounding_boxes(images: Any, boxes: Any, name: str | None = None, colors: Any = None) -> Tensor:
    """Pictures with frames [y1, x1, y2, x2], in shares of the picture, one pixel wide, in colours by turns."""
    node = g.convert_to_tensor(images)
    shades = _SHADES if colors is None else np.asarray(colors)

    def draw(pictures: np.ndarray, frames: np.ndarray) -> np.ndarray:
        return core_boxes.drawn(pictures, frames, shades)

    return _with_shape(math.py_func(draw, [node, boxes], node.dtype, name=name), node.get_shape())


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
    kind = noise or ("uniform" if uniform_noise else "gaussian")

    def beyond(made: Any) -> Any:
        if kind == "uniform":
            low: Any = reduce.min(x)
            return low + random.uniform(like=made, symbolic=True) * (reduce.max(x) - low)
        return random.normal(like=made, symbolic=True) if kind == "gaussian" else 0.0

    window = [int(n) for n in np.ravel(g.static_value(size))]
    lengths = [core_boxes.end_of(x, k) + 1.0 for k in (1, 2)]
    places = [g.cast(value(offsets), "float32")[:, k] for k in (0, 1)]
    places = [p * n if normalized else p for p, n in zip(places, lengths, strict=True)]
    places = [p / 2.0 + n / 2.0 if centered else p for p, n in zip(places, lengths, strict=True)]
    starts = joining.stack([p - n / 2.0 for p, n in zip(places, window, strict=True)], axis=1)
    made = nn.glimpses(x, starts, window, beyond)
    return wrap(made, name, "ExtractGlimpse", [input, offsets])


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    name: Any = None,
) -> Tensor:
    """The numbers of the boxes (y1, x1, y2, x2) with the best scores that overlap none before them too much."""

    def kept(*args: np.ndarray) -> np.ndarray:
        corners, marks, most, overlap, least = args
        return np.array(
            core_boxes.best_boxes(corners, marks, int(most), float(overlap), float(least)), np.int32
        )

    inputs = [boxes, scores, max_output_size, iou_threshold, score_threshold]
    return _with_shape(math.py_func(kept, inputs, "int32", name=name), [None])


def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: Any = None,
) -> tuple[Tensor, Tensor]:
    """(:func:`non_max_suppression`, with zeros up to ``max_output_size`` if wanted; how many there are)."""
    kept = non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold, name)
    count = math.size(kept)
    if pad_to_max_output_size:
        kept = math.pad(kept, [[0, math.cast(max_output_size, "int32") - count]])
        kept = _with_shape(kept, [g.static_value(max_output_size)])
    return kept, count


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
    inputs = [image_size, none if bounding_boxes is None else bounding_boxes]
    begin, size, box = math.py_func(draw, inputs, ["int32", "int32", "float32"], name=name)
    return _with_shape(begin, [3]), _with_shape(size, [3]), _with_shape(box, [1, 1, 4])


def _covered(objects: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
    """The share of each object [y1, x1, y2, x2] that a rectangle covers."""
    low = np.maximum(objects[:, :2], [top, left])
    high = np.minimum(objects[:, 2:], [top + height, left + width])
    areas = np.prod(objects[:, 2:] - objects[:, :2], axis=1)
    return np.prod(np.clip(high - low, 0, None), axis=1) / np.maximum(areas, 1e-9)
