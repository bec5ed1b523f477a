"""Rows of a table by number, and numbers as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DataError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor
from thalweg.ops.index import take
from thalweg.ops.triangles import one_hot

__all__ = ["embedding_lookup", "one_hot"]


def embedding_lookup(table: Any, ids: Any) -> Tensor:
    """The rows of ``table`` [V, ...] at integer ``ids`` [...]: shape ids.shape + table.shape[1:].

    An id outside 0 <= id < V raises DataError with its position where the ids have values when the lookup is built.

    >>> embedding_lookup([[1.0, 2.0], [3.0, 4.0]], [1, 1]).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    table, ids = convert_operands([table])[0], convert_operands([ids])[0]
    if not dtypes.is_integer(ids.dtype):
        raise fail(DTypeError, "embedding_lookup: ids", expected="integers", received=str(ids.specs[0]))
    if not table.known_shape():
        raise fail(ShapeError, "embedding_lookup: table", expected="at least 1 axis", received="a scalar")
    if not ids.is_symbolic and table.shape[0] is not None:
        _check_ids(ids.array(), table.shape[0])
    return take(table, ids, axis=0)


def _check_ids(ids: np.ndarray, rows: int) -> None:
    wrong = (ids < 0) | (ids >= rows)
    if wrong.any():
        place = [int(i) for i in np.argwhere(wrong)[0]]
        raise fail(
            DataError,
            f"embedding_lookup: ids{place if place else ''} is not a row of the table",
            expected=f"0 <= id < {rows}",
            received=int(ids[tuple(place)]),
        )
