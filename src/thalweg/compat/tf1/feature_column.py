"""``tf.feature_column`` in a graph: layers of columns side by side, and linear models of them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.column_makers import *  # noqa: F403
from thalweg.compat.tf1.column_makers import shared_embeddings
from thalweg.compat.tf1.column_nodes import NODES
from thalweg.compat.tf1.columns import in_order
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.variables import get_variable, variable_scope

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
