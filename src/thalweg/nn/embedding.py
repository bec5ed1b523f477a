"""Rows of a table by number, and numbers as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DataError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops.index import take
from thalweg.ops.triangles import one_hot

__all__ = ["embedding_lookup", "one_hot"]


def embedding_lookup(table: Any, ids: Any) -> Tensor:
    """The rows of ``table`` [V, ...] at integer ``ids`` [...]: shape ids.shape + table.shape[1:].

    An id outside 0 <= id < V raises DataError with its position where the ids have values when the lookup is built, and
    FeedRangeError where a program is called with it.

    >>> embedding_lookup([[1.0, 2.0], [3.0, 4.0]], [1, 1]).tolist()
    [[3.0, 4.0], [3.0, 4.0]]
    """
    table, ids = convert_operands([table])[0], convert_operands([ids])[0]
    if not dtypes.is_integer(ids.dtype):
        raise fail(DTypeError, "embedding_lookup: ids", expected="integers", received=str(ids.specs[0]))
    if not table.known_shape():
        raise fail(ShapeError, "embedding_lookup: table", expected="at least 1 axis", received="a scalar")
    return take(table, row_numbers(ids, table), axis=0)


@make_op(
    {},
    infer=lambda ids, table, axis, what: ids,
    check=lambda ids, table, axis, what: _check_ids(ids.array(), table.shape[axis], what),
    bounds=lambda ids, table, axis, what: [(0, 0, table.shape[axis])],
    expand=lambda ids, table, axis, what: ids,
    shape_only=(1,),
    flat=True,
)
def row_numbers(ids, table, /, axis=0, what="embedding_lookup"):  # type: ignore[no-untyped-def]
    """The integers, which number places along an axis of a table for a function of the name ``what``: none is negative,
    none beyond its end.
    """
    _check_ids(ids, table.shape[axis], what)
    return ids


def _check_ids(ids: np.ndarray, rows: int, what: str) -> None:
    wrong = (ids < 0) | (ids >= rows)
    if wrong.any():
        place = [int(i) for i in np.argwhere(wrong)[0]]
        raise fail(
            DataError,
            f"{what}: ids{place if place else ''} is not a row of the table",
            expected=f"0 <= id < {rows}",
            received=int(ids[tuple(place)]),
        )
