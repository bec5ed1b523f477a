"""``tf.contrib.image``: pictures moved and turned."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.nn.boxes import end_of
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops


def _transformed(
    images: Any, terms: Any, interpolation: str, name: str | None, projection: Any = None, size: Any = None
) -> Tensor:
    """Pictures moved; three axes are one picture, two one without channels."""
    node = g.convert_to_tensor(images)
    x: Any = value(node)
    rank = len(x.shape)
    if rank == 2:
        x = shape_ops.expand_dims(shape_ops.expand_dims(x, 0), 3)
    elif rank == 3:
        x = shape_ops.expand_dims(x, 0)
    made: Any = core_nn.affine_transform(x, terms, interpolation.lower(), "constant", 0.0, projection, size)
    made = made[0] if rank == 3 else made[0, :, :, 0] if rank == 2 else made
    return wrap(g.cast(made, node.dtype), name, "Transform", [node])


def transform(
    images: Any,
    transforms: Any,
    interpolation: str = "NEAREST",
    output_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """Pictures whose pixel (x, y) is that at ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`` with
    ``k = c0 x + c1 y + 1``; ``transforms``: (a0, a1, a2, b0, b1, b2, c0, c1), or one row of these for each picture.

    ``output_shape``: rows and columns of the result, those of the pictures by default.
    """
    numbers: Any = g.cast(value(transforms), "float32")
    terms = [numbers[..., k] for k in range(8)]
    size = None if output_shape is None else tuple(int(n) for n in output_shape)
    return _transformed(images, tuple(terms[:6]), interpolation, name, (terms[6], terms[7]), size)


def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Pictures turned counter-clockwise by angles in radians, one for all or for each."""
    node = g.convert_to_tensor(images)
    rank: Any = node.get_shape().ndims
    axis = 1 if rank == 4 else 0
    end_y, end_x = (end_of(value(node), axis + k) for k in (0, 1))
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


def bipartite_match(
    distance_mat: Any, num_valid_rows: Any, top_k: int = -1, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """(the column of each row, the row of each column), -1 where there is none: again and again the nearest pair of
    one of the first ``num_valid_rows`` rows and a column that are both free, ``top_k`` times at most.
    """

    def matched(distances: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        of_rows, of_columns = (np.full(n, -1, np.int32) for n in distances.shape)
        valid = int(np.ravel(rows)[0])
        valid = len(distances) if valid < 0 else min(valid, len(distances))
        left = min(valid, distances.shape[1]) if top_k < 0 else top_k
        for place in np.argsort(distances[:valid], axis=None, kind="stable"):
            row, column = divmod(int(place), distances.shape[1])
            if left and of_rows[row] < 0 and of_columns[column] < 0:
                of_rows[row], of_columns[column], left = column, row, left - 1
        return [of_rows, of_columns]

    node = g.convert_to_tensor(distance_mat)
    found = math.py_func(matched, [node, num_valid_rows], ["int32", "int32"], name=name)
    for part, length in zip(found, node.get_shape().as_list(), strict=True):
        part.set_shape([length])
    return found[0], found[1]
