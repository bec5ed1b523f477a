"""``tf.TensorSpec`` and its kind: the shape and dtype of a tensor."""

from __future__ import annotations

import importlib
from typing import Any

from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.graph.tensor import Tensor


class TensorSpec:
    """The shape and dtype of a tensor."""

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: Any = None) -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), as_dtype(dtype), name

    value_type = Tensor

    @classmethod
    def from_tensor(cls, tensor: Any, name: Any = None) -> TensorSpec:
        """The shape and dtype of a tensor at hand."""
        return cls(tensor.shape, tensor.dtype, name)

    @classmethod
    def from_spec(cls, spec: Any, name: Any = None) -> TensorSpec:
        """The shape and dtype of another one, and its name unless one is given."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    def is_compatible_with(self, value: Any) -> bool:
        """Whether a tensor has this dtype and can have this shape."""
        return as_dtype(value.dtype) == self.dtype and self.shape.is_compatible_with(value.shape)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class RaggedTensorSpec(TensorSpec):
    """The shape and dtype of a tensor with rows of different lengths."""

    def __init__(
        self, shape: Any = None, dtype: Any = "float32", ragged_rank: int | None = None,
        row_splits_dtype: Any = "int64", flat_values_spec: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(shape, dtype)
        rank = self.shape.rank
        self.ragged_rank = rank - 1 if ragged_rank is None and rank is not None else ragged_rank
        self.row_splits_dtype = as_dtype(row_splits_dtype)

    @classmethod
    def from_tensor(cls, tensor: Any, name: Any = None) -> RaggedTensorSpec:
        """What is known of a ragged tensor at hand: rows of any length."""
        shape = [None if 0 < k <= tensor.ragged_rank else d for k, d in enumerate(tensor.shape)]
        return cls(shape, tensor.dtype, tensor.ragged_rank)

    value_type = property(lambda self: _rooms().RaggedTensor, doc="``tf.RaggedTensor``.")

    def __repr__(self) -> str:
        return (
            f"RaggedTensorSpec({self.shape!r}, {self.dtype!r}, {self.ragged_rank}, {self.row_splits_dtype!r})"
        )


class SparseTensorSpec(TensorSpec):
    """The shape and dtype of a sparse tensor."""

    value_type = property(lambda self: _rooms().SparseTensor, doc="``tf.SparseTensor``.")

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self.shape!r}, {self.dtype!r})"


def type_spec_from_value(value: Any) -> TensorSpec:
    """The shape and dtype of a tensor: a :class:`TensorSpec`, that of sparse tensors, or that of rows of different
    lengths.
    """
    kinds: dict[Any, Any] = {_rooms().RaggedTensor: RaggedTensorSpec, _rooms().SparseTensor: SparseTensorSpec}
    if type(value) in kinds:
        return kinds[type(value)].from_tensor(value)
    return TensorSpec.from_tensor(_rooms().convert_to_tensor(value))


def _rooms() -> Any:
    """``tf``, which stands on this room."""
    return importlib.import_module("thalweg.compat.tf2")
