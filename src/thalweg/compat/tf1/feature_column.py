"""``tf.feature_column`` in a graph: columns of a table as nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.column_makers import *  # noqa: F403
from thalweg.compat.tf1.column_makers import shared_embeddings
from thalweg.compat.tf1.columns import EmbeddingColumn, World, in_order
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
shared_embedding_columns = shared_embeddings  # the name until TensorFlow 1.13


def _trained(made: dict[Any, Any] | None, column: Any, before: int) -> None:
    """Notes for a column the variables that it made."""
    if made is not None:
        made[column] = g.default_graph().get_collection("variables")[before:]


def input_layer(
    features: Any,
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
    cols_to_output_tensors: dict[Any, Any] | None = None,
) -> Tensor:
    """[batch, width]: the columns side by side, in the order of their names."""
    parts = []
    with variable_scope(None, "input_layer"):
        for column in in_order(feature_columns):
            before = len(g.default_graph().get_collection("variables"))
            parts.append(column.dense(features, NODES))
            _trained(cols_to_vars, column, before)
            if cols_to_output_tensors is not None:
                cols_to_output_tensors[column] = parts[-1]
        return math.concat(parts, 1) if len(parts) > 1 else parts[0]


def _weights(name: str, shape: list[int], trainable: bool) -> Any:
    return get_variable(name, shape, initializer=initializers.zeros_initializer(), trainable=trainable)


def sequence_input_layer(
    features: Any, feature_columns: Any, weight_collections: Any = None, trainable: bool = True
) -> tuple[Tensor, Tensor]:
    """[batch, steps, width], the columns side by side in the order of their names, and the steps of each example."""
    with variable_scope(None, "sequence_input_layer"):
        parts, lengths = zip(
            *(column.sequence(features, NODES) for column in in_order(feature_columns)), strict=True
        )
        return math.concat(list(parts), 2), lengths[0]


def linear_model(
    features: Any,
    feature_columns: Any,
    units: int = 1,
    sparse_combiner: str = "sum",
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: dict[Any, Any] | None = None,
) -> Tensor:
    """[batch, units]: the sum of the columns' linear parts and a bias."""
    parts = []
    with variable_scope(None, "linear_model"):
        for column in in_order(feature_columns):
            before = len(g.default_graph().get_collection("variables"))
            weights = lambda rows, name=column.name: _weights(f"{name}/weights", [rows, units], trainable)
            parts.append(column.linear(features, NODES, weights, sparse_combiner))
            _trained(cols_to_vars, column, before)
        bias = _weights("bias_weights", [units], trainable)
        if cols_to_vars is not None:
            cols_to_vars["bias"] = [bias]
        return nn.bias_add(math.add_n(parts), bias)
