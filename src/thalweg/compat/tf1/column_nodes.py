"""Columns of tables in a graph: nodes, with variables of the graph as their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.columns import EmbeddingColumn, World
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.sparse import SparseTensor, sparse_tensor_to_dense
from thalweg.compat.tf1.strings import from_host
from thalweg.compat.tf1.variables import get_variable, variable_scope


class Nodes(World):
    """Columns as nodes of the default graph, their weights as its variables."""

    tf = math

    def read(self, found: Any) -> tuple[Tensor, Tensor | None]:
        if not isinstance(found, SparseTensor):
            return _in_rows(g.convert_to_tensor(found)), None
        nothing: Any = "" if isinstance(found.values, g.HostTensor) else -1
        there = SparseTensor(found.indices, math.ones_like(found.indices[:, 0]), found.dense_shape)
        return sparse_tensor_to_dense(found, nothing), sparse_tensor_to_dense(there)

    def row(self, x: Tensor) -> tuple[int | None, ...]:
        return (None,) if x.get_shape().dims is None else tuple(x.get_shape().as_list()[1:])

    def on_host(self, inputs: Sequence[Any], fn: Callable[..., np.ndarray], width: int | None) -> Tensor:
        form = inputs[0].get_shape()
        shape = [None if form.dims is None else form[0].value, width]
        return from_host(inputs, fn, "int32", shape, None, "Lookup")

    def table(self, column: EmbeddingColumn) -> Any:
        name = column.shared_name
        kept = g.default_graph().get_collection_ref(name) if name else []
        if kept:
            return kept[0]
        start = column.initializer or initializers.truncated_normal_initializer(0.0, column.dimension**-0.5)
        with variable_scope(None, name or column.name):
            made = get_variable(
                "embedding_weights", column.table_shape, initializer=start, trainable=column.trainable
            )
        kept.append(made)
        return made

    def rows(self, table: Any, numbers: Any, max_norm: float | None) -> Tensor:
        return nn.embedding_lookup(table, numbers, max_norm=max_norm)


def _in_rows(x: Tensor) -> Tensor:
    """[batch, ...]: one number for each example is a row of one."""
    if x.get_shape().ndims != 1:
        return x
    if isinstance(x, g.HostTensor):
        return g.host(
            "ExpandDims", None, [x], lambda a: np.reshape(a, (-1, 1)), [*x.get_shape().as_list(), 1]
        )
    return math.expand_dims(x, 1)


NODES = Nodes()
