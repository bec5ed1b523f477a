"""Gradients of tables from which a loss only reads rows: the rows and their numbers in place of a whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.nn.embedding import row_numbers
from thalweg.ops import elementwise as ew
from thalweg.ops.create import zeros_like
from thalweg.ops.dynamic import true_places
from thalweg.ops.gathering import gather
from thalweg.ops.index import scatter_add, take
from thalweg.ops.joining import concat
from thalweg.ops.shape import full_like, reshape
from thalweg.ops.state import read

__all__ = ["Rows", "each", "gathers", "like", "rows_in", "whole", "with_rows"]


class Rows:
    """``values[k]`` is the gradient of row ``indices[k]``; where a number occurs twice, both count.

    >>> import numpy as np
    >>> import thalweg as tw
    >>> Rows(tw.constant([[1.0], [2.0], [4.0]]), tw.constant([0, 2, 0])).whole(tw.zeros((3, 1))).tolist()
    [[5.0], [0.0], [2.0]]
    """

    def __init__(self, values: Tensor, indices: Tensor) -> None:
        self.values, self.indices = values, indices

    def with_values(self, values: Any) -> Self:
        """Other rows under the same numbers."""
        return type(self)(values, self.indices)

    def whole(self, table: Tensor) -> Tensor:
        """The gradient of the whole table: rows of the same number are summed, all others are 0."""
        return scatter_add(zeros_like(table), self.indices, self.values)

    def touched(self, table: Tensor) -> Tensor:
        """Which rows of the table have a gradient: booleans [rows, 1, ...] of the table's rank."""
        column = table[(slice(None), *(slice(1) for _ in range(table.ndim - 1)))]
        ones = reshape(full_like(self.indices, 1, "int32"), (-1, *(1 for _ in range(table.ndim - 1))))
        return ew.greater(scatter_add(full_like(column, 0, "int32"), self.indices, ones), 0)

    def distinct(self, table: Tensor) -> Self:
        """The same gradient with every number once, in order: how many there are, only a run may know."""
        here = reshape(self.touched(table), (-1,))
        (numbers,) = true_places(here)
        return type(self)(take(self.whole(table), numbers, axis=0), numbers)


def rows_in(gradient: Any) -> Any:
    """What counts where the size of a gradient is asked: of rows their values as they are, unsummed."""
    return gradient.values if isinstance(gradient, Rows) else gradient


def like(gradient: Any, values: Any) -> Any:
    """Rows with other values, where the gradient is of rows; else the new values."""
    return gradient.with_values(values) if isinstance(gradient, Rows) else values


def each(change: Callable[[Any], Any], gradient: Any) -> Any:
    """A gradient whose numbers are changed: of rows, each as it is."""
    return like(gradient, change(rows_in(gradient)))


def whole(gradient: Any, table: Any) -> Any:
    """The gradient of the whole table."""
    return gradient.whole(table) if isinstance(gradient, Rows) else gradient


def gathers(targets: Sequence[Tensor], tables: Iterable[Tensor]) -> Mapping[int, list[Tensor]]:
    """By the id of each table that is nothing but gathered from along its first axis, the ops that do so."""
    wanted = {id(table) for table in tables}
    if not wanted:
        return {}
    found: dict[int, list[Tensor]] = {}
    own = lambda t: id(t.inputs[0]) if t.op is read else id(t)
    for node in topological(targets, stop=lambda t: id(t) in wanted):
        for place, operand in enumerate(node.inputs):
            if own(operand) not in wanted or node.op in (read, row_numbers):
                continue
            by_rows = node.op is gather and node.attrs["axes"] == (0,) and node.attrs["position"] == 0
            if by_rows and place == 0 and len(node.inputs) == 2:
                found.setdefault(own(operand), []).append(node)
            else:
                wanted.discard(own(operand))
                found.pop(own(operand), None)
    return found


def with_rows(
    targets: Sequence[Tensor], sources: Sequence[Any], gradients: Callable[[list[Any]], list[Any]],
    tables: Iterable[Tensor] | None = None,
) -> list[Any]:  # fmt: skip
    """The gradients of the sources, which ``gradients`` gives: of those only gathered from as :class:`Rows`.

    ``tables``: those of the sources that may be such, all of them unless given.
    """
    by_rows = gathers(targets, sources if tables is None else tables)
    found = iter(gradients([op for s in sources for op in by_rows.get(id(s), [s])]))
    return [
        next(found) if id(s) not in by_rows else _joined(s, [(op, next(found)) for op in by_rows[id(s)]])
        for s in sources
    ]


def _joined(table: Tensor, slopes: Sequence[tuple[Tensor, Tensor | None]]) -> Rows | None:
    """The gradient by a table from those by what was gathered from it: the last one first, as TensorFlow has it."""
    parts = [(op, g) for op, g in reversed(slopes) if g is not None]
    if not parts:
        return None
    row = table.specs[0].shape[1:]  # type: ignore[index]
    indices = [reshape(op.inputs[1], (-1,)) for op, _ in parts]
    values = [reshape(g, (-1, *row)) for _, g in parts]
    rows, numbers = (t[0] if len(t) == 1 else concat(t, axis=0) for t in (values, indices))
    return Rows(rows, numbers)
