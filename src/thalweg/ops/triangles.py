"""Triangles and diagonals of matrices, and tensors made of coordinates: grids and one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, checked_axis, constant, shape_text
from thalweg.ops.shape import (
    _tensor,
    broadcast_arrays,
    expand_dims,
    flatten,
    full_like,
    iota_like,
)
from thalweg.ops.slices import zero_padded

__all__ = (
    "tril",
    "triu",
    "diag",
    "trace",
    "meshgrid",
    "one_hot",
)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """Sum of the diagonal of the last two axes.

    >>> trace([[1, 2], [3, 4]]).item()
    5
    """
    from thalweg.ops.contract import diagonal
    from thalweg.ops.reduce import sum as sum_

    return sum_(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def with_diagonal(x: Any, diagonal: Any, /) -> Tensor:
    """Matrices x [..., n, m] with another main diagonal, [..., min(n, m)]; lengths may be open.

    >>> with_diagonal([[1, 2, 3], [4, 5, 6]], [0, 0]).tolist()
    [[0, 2, 3], [4, 0, 6]]
    """
    from thalweg.ops.elementwise import equal, minimum, where
    from thalweg.ops.index import take
    from thalweg.ops.shape import count

    x, d = convert_operands([x, diagonal])
    rows = iota_like(x, -2)
    last: Any = count(d, (d.ndim - 1,), np.dtype("int64"))
    places = minimum(flatten(rows), last - 1)  # rows below a wide matrix's last have no place of their own
    given = expand_dims(take(d, places, axis=-1), -1)
    return where(equal(iota_like(x, -1), rows), given, x)


def _triangle(x: Any, k: int, lower: bool) -> Tensor:
    from thalweg.ops.arithmetic import greater_equal, less_equal, where

    x = _tensor(x)
    if x.ndim < 2:
        raise fail(ShapeError, "tril and triu: x", expected="at least 2 axes", received=shape_text(x.shape))
    rows, columns = iota_like(x, -2), iota_like(x, -1)
    kept = less_equal(columns, rows + k) if lower else greater_equal(columns, rows + k)
    return where(kept, x, full_like(x, 0))


def tril(x: Any, /, *, k: int = 0) -> Tensor:
    """The elements of the last two axes on and below the k-th diagonal, zero elsewhere.

    >>> tril([[1, 2], [3, 4]]).tolist()
    [[1, 0], [3, 4]]
    """
    return _triangle(x, k, True)


def triu(x: Any, /, *, k: int = 0) -> Tensor:
    """The elements of the last two axes on and above the k-th diagonal, zero elsewhere.

    >>> triu([[1, 2], [3, 4]]).tolist()
    [[1, 2], [0, 4]]
    """
    return _triangle(x, k, False)


def diag(x: Any, /, *, k: int = 0) -> Tensor:
    """The k-th diagonal of a matrix, or the matrix with a vector on its k-th diagonal.

    >>> diag([1, 2]).tolist(), diag([[1, 2], [3, 4]]).tolist()
    ([[1, 0], [0, 2]], [1, 4])
    """
    from thalweg.ops.contract import diagonal

    x = _tensor(x)
    if x.ndim == 2:
        return diagonal(x, offset=k)
    if x.ndim != 1:
        raise fail(ShapeError, "diag: x", expected="1 or 2 axes", received=shape_text(x.shape))
    from thalweg.ops.arithmetic import equal, where

    x = zero_padded(x, [(max(-k, 0), max(k, 0))])  # now element r stands in row r
    rows, columns = expand_dims(iota_like(x, 0), 1), expand_dims(iota_like(x, 0), 0)
    column = expand_dims(x, 1)
    return where(equal(columns, rows + k), column, full_like(column, 0))


def meshgrid(*arrays: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """Coordinate tensors of the grid that vectors span: "xy" puts the first vector on axis 1, "ij" on axis 0.

    >>> [t.tolist() for t in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise fail(ArgumentError, "meshgrid: indexing", expected="'xy' or 'ij'", received=repr(indexing))
    tensors = convert_operands(arrays)
    rank = len(tensors)
    placed = []
    for k, t in enumerate(tensors):
        axis = 1 - k if indexing == "xy" and k < 2 and rank > 1 else k
        placed.append(
            expand_dims(flatten(t), tuple(a for a in range(rank) if a != axis)) if rank > 1 else flatten(t)
        )
    return broadcast_arrays(*placed) if placed else ()


def one_hot(indices: Any, num_classes: int, /, *, dtype: Any = "float32", axis: int = -1) -> Tensor:
    """A new axis of length ``num_classes`` that holds 1 at the index and 0 elsewhere (all 0 for an index out of range).

    >>> one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    from thalweg.ops.arithmetic import astype, equal

    indices = _tensor(indices)
    if not dtypes.is_integer(indices.dtype):
        raise fail(DTypeError, "one_hot: indices", expected="an integer dtype", received=indices.dtype.name)
    rank = indices.ndim + 1
    place = checked_axis(axis, rank, "one_hot")
    # In the indices' own dtype where it can count the classes, so that short types stay short in the loop.
    kind = indices.dtype if num_classes - 1 <= np.iinfo(indices.dtype).max else dtypes.int64
    classes = np.arange(num_classes, dtype=kind).reshape(
        [num_classes if k == place else 1 for k in range(rank)]
    )
    return astype(equal(expand_dims(astype(indices, kind), place), constant(classes)), dtype)
