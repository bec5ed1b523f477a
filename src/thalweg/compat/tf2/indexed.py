"""``tf.IndexedSlices``: rows and their numbers, and which gradients are such: of tensors only gathered from."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.values import tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops import index
from thalweg.ops.shape import expand_dims
from thalweg.optimizers.rows import Rows


class IndexedSlices(Rows):
    """Rows and their numbers: where a tensor is taken, they stand for the whole one, equal rows summed.

    >>> IndexedSlices([[1.0], [2.0], [4.0]], [0, 2, 0], [3, 1]).__tensor__().tolist()
    [[5.0], [0.0], [2.0]]
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        super().__init__(tensor(values), tensor(indices))
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


# --- which gradients are slices -------------------------------------------------------------------------------------

_gathered: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()


def remember_gathered(source: Tensor) -> None:
    """Note a tensor from which rows are gathered, so that only expressions with such tensors are looked through."""
    _gathered[id(source)] = source


def may_be_gathered(source: Tensor) -> bool:
    """Whether rows may have been gathered from a tensor."""
    name = source.name if isinstance(source, Variable) else None
    return id(source) in _gathered or (name or "").endswith("embeddings")


def slices_of(table: Tensor, gradient: Any) -> Any:
    """Rows as TensorFlow has them; any other gradient as it is."""
    if not isinstance(gradient, Rows):
        return gradient
    return IndexedSlices(gradient.values, gradient.indices, np.array(table.specs[0].shape, np.int32))
