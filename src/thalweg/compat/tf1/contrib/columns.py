"""``tf.contrib.layers``' columns of tables: those of ``tf.feature_column`` by their first names and arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compat.tf1 import feature_column as fc
from thalweg.compat.tf1.columns import (
    CategoricalColumn,
    Column,
    DerivedCategoricalColumn,
    World,
    no_checkpoint,
)
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.parsing import parse_example
from thalweg.compat.tf1.variables import variable_scope
from thalweg.errors import ArgumentError, fail

_COMBINERS = ("sum", "mean", "sqrtn")


@dataclass(frozen=True)
class _CombinedColumn(DerivedCategoricalColumn):
    """Categories whose weights in a linear model are combined as the column says, not the model."""

    combiner: str

    def linear(self, features: Any, world: World, weights: Callable[[int], Any], combiner: str) -> Any:
        return self.categorical_column.linear(features, world, weights, self.combiner)


def _combined(call: str, column: CategoricalColumn, combiner: str) -> CategoricalColumn:
    if combiner not in _COMBINERS:
        raise fail(ArgumentError, f"{call}: combiner", expected=_COMBINERS, received=combiner)
    return column if combiner == "sum" else _CombinedColumn(column, combiner)


def real_valued_column(
    column_name: str,
    dimension: int = 1,
    default_value: Any = None,
    dtype: Any = "float32",
    normalizer: Any = None,
) -> Column:
    """Numbers [batch, dimension]."""
    return fc.numeric_column(column_name, dimension, default_value, dtype, normalizer)


def sparse_column_with_keys(
    column_name: str, keys: Any, default_value: int = -1, combiner: str = "sum", dtype: Any = "string"
) -> CategoricalColumn:
    """Categories by their place in a list."""
    made = fc.categorical_column_with_vocabulary_list(column_name, keys, dtype, default_value)
    return _combined("sparse_column_with_keys", made, combiner)


def sparse_column_with_hash_bucket(
    column_name: str, hash_bucket_size: int, combiner: str = "sum", dtype: Any = "string"
) -> CategoricalColumn:
    """Categories by a hash of their text."""
    made = fc.categorical_column_with_hash_bucket(column_name, hash_bucket_size, dtype)
    return _combined("sparse_column_with_hash_bucket", made, combiner)


def sparse_column_with_integerized_feature(
    column_name: str, bucket_size: int, combiner: str = "sum", dtype: Any = "int64"
) -> CategoricalColumn:
    """Category numbers as they are."""
    made = fc.categorical_column_with_identity(column_name, bucket_size)
    return _combined("sparse_column_with_integerized_feature", made, combiner)


def sparse_column_with_vocabulary_file(
    column_name: str,
    vocabulary_file: str,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    combiner: str = "sum",
    dtype: Any = "string",
) -> CategoricalColumn:
    """Categories by their line in a file."""
    made = fc.categorical_column_with_vocabulary_file(
        column_name, vocabulary_file, vocab_size, num_oov_buckets, default_value, dtype
    )
    return _combined("sparse_column_with_vocabulary_file", made, combiner)


def weighted_sparse_column(
    sparse_id_column: CategoricalColumn, weight_column_name: str, dtype: Any = "float32"
) -> CategoricalColumn:
    """Categories with the weights that stand under another key."""
    made = fc.weighted_categorical_column(sparse_id_column, weight_column_name, dtype)
    own = sparse_id_column.combiner if isinstance(sparse_id_column, _CombinedColumn) else "sum"
    return _combined("weighted_sparse_column", made, own)


def crossed_column(
    columns: Sequence[Any],
    hash_bucket_size: int,
    combiner: str = "sum",
    ckpt_to_load_from: None = None,
    tensor_name_in_ckpt: None = None,
    hash_key: Any = None,
) -> CategoricalColumn:
    """Combinations of the categories of columns, by their hash."""
    no_checkpoint("crossed_column", ckpt_to_load_from)
    plain = [c.categorical_column if isinstance(c, _CombinedColumn) else c for c in columns]
    return _combined("crossed_column", fc.crossed_column(plain, hash_bucket_size, hash_key), combiner)


def one_hot_column(sparse_id_column: CategoricalColumn) -> Column:
    """Categories for a network, as counts."""
    return fc.indicator_column(sparse_id_column)


def embedding_column(
    sparse_id_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: None = None,
    tensor_name_in_ckpt: None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> Column:
    """Categories for a network, as rows of a table, combined by ``mean``, ``sum`` or ``sqrtn``."""
    no_checkpoint("embedding_column", ckpt_to_load_from)
    return fc.embedding_column(
        sparse_id_column, dimension, combiner, initializer, max_norm=max_norm, trainable=trainable
    )


def shared_embedding_columns(
    sparse_id_columns: Sequence[CategoricalColumn],
    dimension: int,
    combiner: str = "mean",
    shared_embedding_name: str | None = None,
    initializer: Any = None,
    ckpt_to_load_from: None = None,
    tensor_name_in_ckpt: None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[Any]:
    """A column for each of the given, all with rows of one table."""
    no_checkpoint("shared_embedding_columns", ckpt_to_load_from)
    return list(
        fc.shared_embedding_columns(
            sparse_id_columns, dimension, combiner, initializer, shared_embedding_name,
            max_norm=max_norm, trainable=trainable,
        )
    )  # fmt: skip


def input_from_feature_columns(
    columns_to_tensors: Any,
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """[batch, width]: the columns side by side, in the order of their names."""
    with contextlib.nullcontext() if scope is None else variable_scope(scope):
        return fc.input_layer(columns_to_tensors, feature_columns, weight_collections, trainable)


def weighted_sum_from_feature_columns(
    columns_to_tensors: Any,
    feature_columns: Any,
    num_outputs: int,
    weight_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> tuple[Tensor, dict[Any, Any], Any]:
    """([batch, num_outputs] of a linear model, its weights by column, its bias)."""
    made: dict[Any, Any] = {}
    with variable_scope(scope, "weighted_sum_from_feature_columns"):
        total = fc.linear_model(
            columns_to_tensors, feature_columns, num_outputs,
            weight_collections=weight_collections, trainable=trainable, cols_to_vars=made,
        )  # fmt: skip
    (bias,) = made.pop("bias")
    return total, made, bias


def create_feature_spec_for_parsing(feature_columns: Any) -> dict[str, Any]:
    """What ``tf.parse_example`` needs to read the columns."""
    return fc.make_parse_example_spec(feature_columns)


def parse_feature_columns_from_examples(
    serialized: Any, feature_columns: Any, name: Any = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of the columns, read from serialized examples."""
    return parse_example(serialized, fc.make_parse_example_spec(feature_columns))
