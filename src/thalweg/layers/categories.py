"""Whole numbers below a limit as vectors: one for each number, or one that counts those of a row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec
from thalweg.ops import reduce
from thalweg.ops.triangles import one_hot

__all__ = ["counted", "one_hot_rows", "row_counts"]


def one_hot_rows(ids: np.ndarray, depth: int, dtype: Any) -> np.ndarray:
    """A vector with a single 1 for each number; a last axis of length 1 becomes the vector's."""
    ids = ids[..., 0] if ids.ndim > 1 and ids.shape[-1] == 1 else ids
    return (ids[..., None] == np.arange(depth)).astype(dtype)


def counted(ids: np.ndarray, depth: int, dtype: Any) -> np.ndarray:
    """How often each number below ``depth`` stands in each row: [..., n] to [..., depth]; others are not counted.

    >>> counted(np.array([[0, 2, 2, -1]]), 3, "float32").tolist()
    [[1.0, 0.0, 2.0]]
    """
    rows = ids.reshape(math.prod(ids.shape[:-1]), ids.shape[-1] if ids.ndim else 1)
    inside = (rows >= 0) & (rows < depth)
    places = (np.arange(len(rows))[:, None] * depth + rows)[inside]
    found = np.bincount(places, minlength=len(rows) * depth)
    return found.astype(dtype).reshape(*ids.shape[:-1], depth)


@make_op(
    {},
    infer=lambda ids, *, depth, dtype: Spec(None if ids.shape is None else (*ids.shape[:-1], depth), dtype),
    grad=lambda g, y, ids, **attrs: [None],
    expand=lambda ids, *, depth, dtype: reduce.sum(one_hot(ids, depth, dtype=dtype), axis=-2),
)
def row_counts(ids, /, depth, dtype):  # type: ignore[no-untyped-def]
    """:func:`counted` as an op."""
    return counted(ids, depth, dtype)
