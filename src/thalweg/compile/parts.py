"""Sums of arrays that are zero but for parts, as one array put together: what the gradients of slices add up to."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compile.dims import Dim, NotUniform
from thalweg.graph.lowering import Assemble, Layout, row_major
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.elementwise import add
from thalweg.ops.slices import unslice_at

Box = tuple[tuple[int, int, int, bool], ...]  # of each axis: start, length, step, whether the part lacks it


def put_together(tensor: Tensor) -> Tensor:
    """A sum of arrays that are zero but for boxes apart from each other, as one op; any other tensor itself."""
    if tensor.op is not add:
        return tensor
    pieces, boxes, only = [], [], []
    for x in tensor.inputs:
        found = _pieces(x)
        if found is None or x.shape != tensor.shape:
            return tensor
        pieces += found[0]
        boxes += found[1]
        only += found[2]
    if not all(_apart(a, b) for k, a in enumerate(boxes) for b in boxes[:k]):
        return tensor
    attrs = {"shape": tensor.shape, "boxes": tuple(boxes), "only": tuple(only)}
    return Tensor(together, tuple(pieces), attrs, tensor.specs, name=tensor.name, built_at=tensor.built_at)


def _pieces(x: Tensor) -> tuple[list[Tensor], list[Box], list[Any]] | None:
    if x.op is together:
        return list(x.inputs), list(x.attrs["boxes"]), list(x.attrs["only"])
    if x.op is not unslice_at:
        return None
    a = x.attrs
    return (
        [x.inputs[0]],
        [tuple(zip(a["starts"], a["lengths"], a["steps"], a["dropped"], strict=True))],
        list(a["only"]),
    )


def _apart(a: Box, b: Box) -> bool:
    """Whether two boxes are apart along some axis."""
    return any(
        max(_ends(p)[0], _ends(q)[0]) > min(_ends(p)[1], _ends(q)[1]) for p, q in zip(a, b, strict=True)
    )


def _always_apart(a: Box, b: Box) -> bool:
    """Whether they are apart along an axis on which they do not depend on lengths known only at run time."""
    pairs = [(p, q) for p, q in zip(a, b, strict=True) if not any(isinstance(v, Dim) for v in (*p, *q))]
    return bool(pairs) and _apart(tuple(p for p, _ in pairs), tuple(q for _, q in pairs))


def _ends(part: tuple[int, int, int, bool]) -> tuple[int, int]:
    start, length, step, _ = part
    last = start + (length - 1) * step
    return min(start, last), max(start, last)


def _layout(shape: tuple[int, ...], box: Box) -> Layout:
    strides = row_major(shape).strides
    offset = sum(start * s for (start, _, _, _), s in zip(box, strides, strict=True))
    kept = [(length, step * s) for (_, length, step, gone), s in zip(box, strides, strict=True) if not gone]
    return Layout(offset, tuple(length for length, _ in kept), tuple(s for _, s in kept))


def _placed(shapes: Any, out_shape: tuple[int, ...], *, shape: Any, boxes: tuple[Box, ...], only: Any) -> Any:
    if not all(_always_apart(a, b) for k, a in enumerate(boxes) for b in boxes[:k]):
        raise NotUniform("whether parts are apart depends on the length")
    full = sum(_size([length for _, length, _, _ in box]) for box in boxes) == _size(out_shape)
    return None if full else 0, [(k, _layout(out_shape, box)) for k, box in enumerate(boxes)]


def _size(lengths: Any) -> int:
    total = 1
    for d in lengths:
        total *= d
    return total


@make_op({}, infer=lambda *xs, shape, boxes, only: Spec(shape, xs[0].dtype), lower=Assemble(_placed))
def together(*xs, shape, boxes, only):  # type: ignore[no-untyped-def]
    """Zeros with each x in its box."""
    result = np.zeros(shape, xs[0].dtype)
    for x, box in zip(xs, boxes, strict=True):
        places = [start + step * np.arange(length) for start, length, step, _ in box]
        result[np.ix_(*places)] = x.reshape([length for _, length, _, _ in box])
    return result
