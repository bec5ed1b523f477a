"""Boxes in pictures, ``[y1, x1, y2, x2]``: cut out, drawn, the best of those that overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.tf2.values import cast, number, tensor
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec
from thalweg.nn.boxes import best_boxes, drawn, shared_areas

__all__ = [
    "combined_non_max_suppression",
    "crop_and_resize",
    "draw_bounding_boxes",
    "non_max_suppression",
    "non_max_suppression_padded",
    "non_max_suppression_with_scores",
]


def crop_and_resize(
    image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str = "bilinear",
    extrapolation_value: float = 0.0, name: Any = None,
) -> Any:  # fmt: skip
    """Parts of pictures in one size: box k [y1, x1, y2, x2], in shares of picture ``box_indices[k]``."""
    size = [int(number(n)) for n in crop_size]
    return nn.crop_and_resize(
        cast(image, "float32"), cast(boxes, "float32"), tensor(box_indices), size, method, extrapolation_value
    )


def draw_bounding_boxes(images: Any, boxes: Any, colors: Any, name: Any = None) -> Any:
    """Pictures with frames [y1, x1, y2, x2], in shares of the picture, one pixel wide, in colours by turns."""
    pictures = np.asarray(tensor(images))
    paint = np.asarray(tensor(colors)) if colors is not None else np.eye(pictures.shape[-1])
    return tensor(drawn(pictures, np.asarray(tensor(boxes)), paint))


def non_max_suppression(
    boxes: Any, scores: Any, max_output_size: Any, iou_threshold: float = 0.5, score_threshold: float = float("-inf"),
    name: Any = None,
) -> Any:  # fmt: skip
    """The numbers of the best boxes, none of which overlaps a better one too much."""
    thresholds = float(number(iou_threshold)), float(number(score_threshold))
    return tensor(
        best_boxes(np.asarray(boxes), np.asarray(scores), int(number(max_output_size)), *thresholds), "int32"
    )


def _found_infer(boxes: Spec, scores: Spec, *, total: int, **attrs: Any) -> tuple[Spec, ...]:
    batch = None if boxes.shape is None else boxes.shape[0]
    number = np.dtype("float32")
    return (
        Spec((batch, total, 4), number), Spec((batch, total), number), Spec((batch, total), number),
        Spec((batch,), np.dtype("int32")),
    )  # fmt: skip


@make_op({}, infer=_found_infer, grad=lambda g, y, boxes, scores, **attrs: [None, None])
def found_boxes(boxes, scores, /, *, per_class, total, iou, least, clip):  # type: ignore[no-untyped-def]
    """Of each picture the best boxes of all classes, their scores and classes, filled up with 0, and how many."""
    count, classes = len(boxes), scores.shape[2]
    made = [np.zeros((count, total, *rest), np.float32) for rest in ((4,), (), ())]
    valid = np.zeros(count, np.int32)
    for k in range(count):
        found = [
            (scores[k, place, c], c, boxes[k, place, min(c, boxes.shape[2] - 1)])
            for c in range(classes)
            for place in best_boxes(
                boxes[k, :, min(c, boxes.shape[2] - 1)], scores[k, :, c], per_class, iou, least
            )
        ]
        found = sorted(found, key=lambda entry: -entry[0])[:total]
        valid[k] = len(found)
        for row, (score, c, box) in enumerate(found):
            made[0][k, row], made[1][k, row], made[2][k, row] = box, score, c
    if clip:
        made[0] = np.clip(made[0], 0, 1)
    return (*made, valid)


def combined_non_max_suppression(
    boxes: Any, scores: Any, max_output_size_per_class: Any, max_total_size: Any, iou_threshold: float = 0.5,
    score_threshold: float = float("-inf"), pad_per_class: bool = False, clip_boxes: bool = True, name: Any = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """The best boxes of every class together: boxes, scores, classes, and how many there are of each picture.

    ``boxes`` is [pictures, n, 1 or classes, 4], ``scores`` [pictures, n, classes].
    """
    marks = tensor(scores)
    per_class, total = int(number(max_output_size_per_class)), int(number(max_total_size))
    if pad_per_class:
        total = min(total, per_class * int(marks.shape[2]))
    boxes_, scores_, classes, valid = found_boxes(
        tensor(boxes), marks, per_class=per_class, total=total, iou=float(number(iou_threshold)),
        least=float(number(score_threshold)), clip=bool(clip_boxes),
    )  # fmt: skip
    return boxes_, scores_, classes, valid


def non_max_suppression_padded(
    boxes: Any, scores: Any, max_output_size: Any, iou_threshold: float = 0.5, score_threshold: float = float("-inf"),
    pad_to_max_output_size: bool = False, name: Any = None, sorted_input: bool = False,
    canonicalized_coordinates: bool = False, tile_size: int = 512,
) -> tuple[Any, Any]:  # fmt: skip
    """(the numbers of the best boxes, filled up with 0 if ``pad_to_max_output_size``; how many they are)."""
    found = np.asarray(non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold))
    room = int(number(max_output_size)) - len(found) if pad_to_max_output_size else 0
    return tensor(np.pad(found, (0, room))), tensor(len(found), "int32")


def non_max_suppression_with_scores(
    boxes: Any, scores: Any, max_output_size: Any, iou_threshold: float = 0.5, score_threshold: float = float("-inf"),
    soft_nms_sigma: float = 0.0, name: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(the numbers of the best boxes, their scores).

    ``soft_nms_sigma`` above 0: boxes that overlap a better one stay, with scores times exp(-iou ** 2 / (2 sigma))
    (Bodla et al. 2017).
    """
    corners, left = np.asarray(tensor(boxes), np.float64), np.array(np.asarray(tensor(scores)), np.float64)
    sigma, least = float(soft_nms_sigma), float(number(score_threshold))
    chosen: list[int] = []
    kept: list[float] = []
    while len(chosen) < int(number(max_output_size)) and len(left) and left.max() > least:
        best = int(left.argmax())
        chosen.append(best)
        kept.append(float(left[best]))
        overlap = shared_areas(corners[best], corners)
        left = left * np.exp(-(overlap**2) / (2 * sigma)) if sigma else left
        left[best] = -np.inf
        left[overlap > (1.0 if sigma else float(number(iou_threshold)))] = -np.inf
    return tensor(np.array(chosen, np.int32)), tensor(np.array(kept, np.float32))
