"""``tf.IndexedSlices``: rows and their numbers, and which gradients are such: of tensors only gathered from."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.values import tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.walk import topological
from thalweg.ops import index
from thalweg.ops.gathering import gather
from thalweg.ops.joining import concat
from thalweg.ops.shape import expand_dims, reshape
from thalweg.ops.state import read


class IndexedSlices:
    """Rows and their numbers: where a tensor is taken, they stand for the whole one, equal rows summed.

    >>> IndexedSlices([[1.0], [2.0], [4.0]], [0, 2, 0], [3, 1]).__tensor__().tolist()
    [[5.0], [0.0], [2.0]]
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values, self.indices = tensor(values), tensor(indices)
        self.dense_shape = None if dense_shape is None else tensor(dense_shape)

    @property
    def dtype(self) -> Any:
        """The type of the values."""
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole tensor, as far as it is known."""
        if self.dense_shape is None:
            return TensorShape([None, *self.values.shape[1:]])
        return TensorShape(np.asarray(self.dense_shape).tolist())

    def get_shape(self) -> TensorShape:
        """The same."""
        return self.shape

    @property
    def device(self) -> str:
        """Where the values are."""
        return str(self.values.device)

    def with_values(self, values: Any) -> IndexedSlices:
        """Other rows under the same numbers."""
        return IndexedSlices(values, self.indices, self.dense_shape)

    def __tensor__(self) -> Tensor:
        """The whole tensor; an error where its shape was not said."""
        if self.dense_shape is None:
            raise fail(
                ArgumentError, "tf.IndexedSlices: a whole tensor", expected="dense_shape", received="None",
                hint="give IndexedSlices(values, indices, dense_shape)",
            )  # fmt: skip
        zeros = np.zeros(np.asarray(self.dense_shape).tolist(), self.values.specs[0].dtype)
        return index.scatter_nd_add(core.constant(zeros), expand_dims(self.indices, -1), self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.__tensor__().__array__(dtype, copy)

    def __neg__(self) -> IndexedSlices:
        return self.with_values(-self.values)

    def __repr__(self) -> str:
        return f"IndexedSlices(indices={self.indices}, values={self.values}, dense_shape={self.dense_shape})"


def rows_of(value: Any) -> Any:
    """What stands for a gradient where its size counts: of slices the rows, as they are; else itself."""
    return value.values if isinstance(value, IndexedSlices) else value


def like(value: Any, rows: Any) -> Any:
    """Other rows for slices, or the new tensor."""
    return value.with_values(rows) if isinstance(value, IndexedSlices) else rows


# --- which gradients are slices -------------------------------------------------------------------------------------

_gathered: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()


def remember_gathered(source: Tensor) -> None:
    """Note a tensor from which rows are gathered, so that only expressions with such tensors are looked through."""
    _gathered[id(source)] = source


def _may_be_gathered(source: Tensor) -> bool:
    name = source.name if isinstance(source, Variable) else None
    return id(source) in _gathered or (name or "").endswith("embeddings")


def gathers(targets: Sequence[Tensor], sources: Iterable[Tensor]) -> Mapping[int, list[Tensor]]:
    """By the id of each source that is nothing but gathered from along its first axis, the ops that do so."""
    wanted = {id(s) for s in sources if _may_be_gathered(s)}
    if not wanted:
        return {}
    found: dict[int, list[Tensor]] = {}
    own = lambda t: id(t.inputs[0]) if t.op is read else id(t)
    for node in topological(targets, stop=lambda t: id(t) in wanted):
        for place, operand in enumerate(node.inputs):
            if own(operand) not in wanted or node.op is read:
                continue
            by_rows = node.op is gather and node.attrs["axes"] == (0,) and node.attrs["position"] == 0
            if by_rows and place == 0 and len(node.inputs) == 2:
                found.setdefault(own(operand), []).append(node)
            else:
                wanted.discard(own(operand))
                found.pop(own(operand), None)
    return found


def slices_of(source: Tensor, ops: Sequence[Tensor], slopes: Sequence[Tensor | None]) -> IndexedSlices | None:
    """The gradient by a source from those by the rows that were gathered of it."""
    form = source.specs[0].shape
    pairs = zip(reversed(ops), reversed(slopes), strict=True)  # the last one first, as TensorFlow has it
    parts = [(op.inputs[1], g) for op, g in pairs if g is not None]
    if not parts or form is None:
        return None
    indices = [reshape(i, (-1,)) for i, _ in parts]
    values = [reshape(g, (-1, *form[1:])) for _, g in parts]
    rows, numbers = (t[0] if len(t) == 1 else concat(t, axis=0) for t in (values, indices))
    return IndexedSlices(rows, numbers, np.array(form, np.int32))
