"""Places of a sparse tensor that are looked at when the graph runs: in the shape, and where asked in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Node, Tensor, value, wrap
from thalweg.errors import fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec


def as_int64(x: Any) -> Any:
    """Numbers that are places or lengths."""
    return x if isinstance(x, Node) else np.asarray(x, np.int64)


@make_op(
    {}, infer=lambda places, lengths, *, of, ordered: places,
    grad=lambda g, y, places, lengths, *, of, ordered: [None, None],
)  # fmt: skip
def _checked_places(places, lengths, /, of, ordered):  # type: ignore[no-untyped-def]
    """The places; an error unless all are in the shape and (where asked) in row-major order, each once."""
    check(np.asarray(places), np.asarray(lengths), of, ordered)
    return places


def check(places: np.ndarray, lengths: np.ndarray, of: str, ordered: bool) -> None:
    """InvalidArgumentError unless all places are in the shape and (where asked) in row-major order, each once."""
    lengths = np.atleast_1d(lengths)
    rows = places.reshape(-1, len(lengths))
    shape = tuple(lengths.tolist())
    if not rows.size:
        return
    columns = list(rows.T)
    if any(c.min() < 0 or c.max() >= n for c, n in zip(columns, shape, strict=True)):
        outside = ((rows < 0) | (rows >= lengths)).any(axis=1)
        raise fail(
            InvalidArgumentError, f"{of}: a place", expected=f"in the shape {shape}",
            received=tuple(rows[outside][0].tolist()),
        )  # fmt: skip
    if not ordered:
        return
    steps = np.diff(np.ravel_multi_index(columns, shape))
    if (steps <= 0).any():
        at = int((steps <= 0).argmax()) + 1
        why = "repeated" if steps[at - 1] == 0 else "out of order"
        raise fail(
            InvalidArgumentError, f"{of}: the place {tuple(rows[at].tolist())} (number {at}) is {why}",
            hint="tf.sparse_reorder puts them in order; validate_indices=False lets them be",
        )  # fmt: skip


def checked(places: Any, lengths: Any, of: str, ordered: bool = False) -> Tensor:
    """The node of the places, of which a run says where they are not in the shape, or not in order."""
    given = [g.convert_to_tensor(places), g.convert_to_tensor(lengths)]
    made = _checked_places.build(list(map(value, given)), {"of": of, "ordered": bool(ordered)})
    return wrap(made, None, "CheckedPlaces", given)


@make_op(
    {}, infer=lambda places, lengths, *, of: Spec(places.shape and places.shape[:1], places.dtype),
    grad=lambda g, y, places, lengths, *, of: [None, None],
)  # fmt: skip
def _numbers_of_places(places, lengths, /, of):  # type: ignore[no-untyped-def]
    """The numbers of places in row-major order."""
    check(np.asarray(places), np.asarray(lengths), of, False)
    return np.ravel_multi_index(list(np.asarray(places).T), tuple(np.asarray(lengths).tolist()))


def numbered(places: Any, lengths: Any, of: str) -> Tensor:
    """The node of the numbers [n] of places [n, rank] in row-major order; all are in the shape."""
    given = [g.convert_to_tensor(places), g.convert_to_tensor(lengths)]
    return wrap(_numbers_of_places.build(list(map(value, given)), {"of": of}), None, "NumbersOfPlaces", given)
