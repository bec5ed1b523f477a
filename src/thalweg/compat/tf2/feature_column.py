"""``tf.feature_column`` of tensors: the layer ``DenseFeatures``, which makes of columns what a network takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, initializers
from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import column_makers as column_makers
from thalweg.compat.tf1.columns import Column, EmbeddingColumn, World, in_order
from thalweg.compat.tf2.arrays import concat, expand_dims, one_hot, ones_like, reshape, shape, where
from thalweg.compat.tf2.math import (
    cumsum,
    equal,
    greater_equal,
    less,
    logical_and,
    maximum,
    not_equal,
    reduce_max,
    reduce_sum,
    sqrt,
    square,
)
from thalweg.compat.tf2.nn import embedding_lookup
from thalweg.compat.tf2.sparse import SparseTensor, to_dense
from thalweg.compat.tf2.text import TextTensor, is_text
from thalweg.compat.tf2.values import cast, tensor
from thalweg.graph.tensor import Spec, Tensor
from thalweg.layers.base import Layer
from thalweg.layers.texts import Hosted, as_texts, is_texts


class _Lookup(Hosted):
    """Whole numbers [batch, width] that a Python function makes of texts and numbers."""

    def __init__(self, fn: Callable[..., np.ndarray], width: int | None) -> None:
        super().__init__()
        self.compute, self.width = fn, width  # type: ignore[method-assign]

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [super(_Lookup, self)._as_input(part) for part in value]
        return super()._as_input(value)

    def reads_texts(self, dtype: Any) -> bool:
        return dtype == dtypes.uint32

    def spec_of(self, *parts: Spec) -> Spec:
        first = parts[0].shape
        return Spec((None if first is None else first[0], self.width), dtypes.as_dtype("int32"))


class Tensors(World):
    """Columns as tensors, with the tables of a layer."""

    tf = Namespace(
        "tf", cast=cast, expand_dims=expand_dims, one_hot=one_hot, ones_like=ones_like, reshape=reshape, shape=shape,
        where=where, cumsum=cumsum, equal=equal, greater_equal=greater_equal, less=less, logical_and=logical_and,
        maximum=maximum, not_equal=not_equal, reduce_max=reduce_max, reduce_sum=reduce_sum, sqrt=sqrt, square=square,
    )  # fmt: skip

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}

    def read(self, found: Any) -> tuple[Any, Any]:
        if isinstance(found, SparseTensor):
            nothing = b"" if is_text(found.values) else -1
            there = found.with_values(np.ones(len(found.values), np.int32))
            return to_dense(found, nothing, False), to_dense(there, None, False)
        x = found if _holds_texts(found) else tensor(found)
        return (x if _holds_texts(x) or x.ndim != 1 else expand_dims(x, 1)), None

    def row(self, x: Any) -> tuple[int | None, ...]:
        lengths = tuple(x.shape)
        return lengths[1:-1] if isinstance(x, Tensor) and x.dtype == dtypes.uint32 else lengths[1:]

    def on_host(self, inputs: Sequence[Any], fn: Callable[..., np.ndarray], width: int | None) -> Any:
        return _Lookup(fn, width)(list(inputs))

    def table(self, column: EmbeddingColumn) -> Any:
        return self.tables[column.shared_name or column.name]

    def rows(self, table: Any, numbers: Any, max_norm: float | None) -> Any:
        return embedding_lookup(table, numbers, max_norm)


def _holds_texts(x: Any) -> bool:
    """Whether it is an array of texts, or a tensor of their characters."""
    if isinstance(x, Tensor):
        return bool(x.dtype == dtypes.uint32)
    return is_text(x) or np.asarray(x).dtype.kind in "USO"


class _Features(Layer):
    """A layer that makes numbers of the columns of a table, in the order of their names."""

    takes_texts = True

    def __init__(self, feature_columns: Any, **options: Any) -> None:
        super().__init__(**options)
        self._columns: tuple[Column, ...] = tuple(in_order(feature_columns))
        self._world = Tensors()

    def build(self, input_shape: Any) -> None:
        tables = self._world.tables
        for column in self._columns:
            if not isinstance(column, EmbeddingColumn):
                continue
            name = column.shared_name or column.name
            if name not in tables:
                first = column.initializer or initializers.TruncatedNormal(0.0, column.dimension**-0.5)
                tables[name] = self.add_weight(
                    column.table_shape, first, name=f"{name}/embedding_weights", trainable=column.trainable
                )

    def _as_input(self, value: Any) -> Any:
        """Texts as arrays, which the columns look up; numbers as tensors."""
        if isinstance(value, Mapping):  # of texts alone
            return {key: self._as_input(part) for key, part in value.items()}
        if isinstance(value, TextTensor):
            return as_texts(np.asarray(value))
        if isinstance(value, (Tensor, SparseTensor)) or is_texts(np.asarray(value)):
            return value
        return tensor(value)


class DenseFeatures(_Features):
    """``tf.keras.layers.DenseFeatures``: the columns side by side [batch, width]."""

    def call(self, inputs: Any) -> Any:
        parts = [column.dense(inputs, self._world) for column in self._columns]
        return concat(parts, -1)


class SequenceFeatures(_Features):
    """``tf.keras.experimental.SequenceFeatures``: the columns side by side [batch, steps, width], and the number of
    steps of each example.
    """

    def call(self, inputs: Any) -> Any:
        found = [column.sequence(inputs, self._world) for column in self._columns]
        return concat([x for x, _ in found], -1), found[0][1]
