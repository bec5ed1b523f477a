"""``tf.IndexedSlices``: the gradients of tensors that a loss only gathers rows from; the others are whole tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Operation, Tensor, value, wrap
from thalweg.graph import tensor as core
from thalweg.optimizers.rows import Rows


class IndexedSlicesValue(NamedTuple):
    """What a session gives for slices."""

    values: Any
    indices: Any
    dense_shape: Any


class IndexedSlices(Node):
    """Rows and their numbers: where a tensor is asked for they are the whole one, rows of the same number summed.

    Only functions that bound gradients, and optimizers, see the rows one by one.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        from thalweg.compat.tf1.math import zeros

        rows = g.convert_to_tensor(values)
        table = None if dense_shape is None else zeros(dense_shape, rows.dtype).t
        self._begin(Rows(rows.t, value(indices)), table)

    @classmethod
    def of(cls, rows: Rows, table: core.Tensor) -> IndexedSlices:
        """The gradient of a table, as rows."""
        made = cls.__new__(cls)
        made._begin(rows, table)
        return made

    def _begin(self, rows: Rows, table: core.Tensor | None) -> None:
        self.rows, self.table = rows, table
        if table is None:
            super().__init__(None, Operation(None, "IndexedSlices"))
        else:
            self.whole = wrap(rows.whole(table), "gradients", "gradients")
            vars(self).update(vars(self.whole))  # by whose name it is known

    def with_rows(self, rows: Rows) -> IndexedSlices:
        """Other rows of the same tensor."""
        made = type(self).__new__(type(self))
        made._begin(rows, self.table)
        return made

    @property
    def values(self) -> Tensor:
        """The rows."""
        return wrap(self.rows.values, None, "Rows")

    @property
    def indices(self) -> Tensor:
        """Their numbers."""
        return wrap(self.rows.indices, None, "Indices")

    @property
    def dense_shape(self) -> Tensor | None:
        """The lengths of the whole tensor, where they were said."""
        from thalweg.compat.tf1.math import shape

        return None if self.table is None else shape(self)

    def as_tensor(self) -> Tensor:
        """The whole tensor."""
        if self.table is None:
            raise ValueError(
                f"tf.IndexedSlices: how long the whole tensor is was not said, so it cannot be taken as one ({self}); "
                "give dense_shape"
            )
        return self.whole

    def __repr__(self) -> str:
        parts = f"indices={self.indices}, values={self.values}"
        return f"IndexedSlices({parts}{'' if self.table is None else f', dense_shape={self.dense_shape}'})"

    __str__ = __repr__

    def as_fetch(self) -> IndexedSlicesValue:
        """What a session computes for it."""
        return IndexedSlicesValue(self.values, self.indices, self.dense_shape)


def rows_or_value(x: Any) -> Any:
    """The rows of slices; of anything else its expression."""
    return x.rows if isinstance(x, IndexedSlices) else value(x)


def changed(change: Callable[[core.Tensor], core.Tensor], x: Any, name: str | None, kind: str) -> Any:
    """The node of what a function makes of a tensor, or of the rows of slices as they are."""
    if not isinstance(x, IndexedSlices):
        return wrap(change(value(x)), name, kind, [x])
    return x.with_rows(x.rows.with_values(change(x.rows.values)))
