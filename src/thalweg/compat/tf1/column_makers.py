"""``tf.feature_column`` as far as both TensorFlows have it: functions that make the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from thalweg.compat.tf1.columns import (
    BucketizedColumn,
    CategoricalColumn,
    CrossedColumn,
    EmbeddingColumn,
    HashedCategoricalColumn,
    IdentityCategoricalColumn,
    IndicatorColumn,
    NumericColumn,
    SequenceCategoricalColumn,
    SequenceNumericColumn,
    VocabularyListCategoricalColumn,
    WeightedCategoricalColumn,
    in_order,
    no_checkpoint,
    tupled,
)
from thalweg.compat.tf1.types import as_dtype


def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = "float32", normalizer_fn: Any = None
) -> NumericColumn:
    """Numbers: [batch, *shape], one after the other in a row.

    ``normalizer_fn`` is called with the feature before.
    """
    lengths = tuple(int(n) for n in np.ravel(shape))
    if default_value is not None:
        default_value = tupled(np.broadcast_to(default_value, lengths).tolist())
    return NumericColumn(key, lengths, default_value, as_dtype(dtype), normalizer_fn)


def bucketized_column(source_column: NumericColumn, boundaries: Sequence[float]) -> BucketizedColumn:
    """Numbers by interval: below the first boundary, from it to the second, ..."""
    if not isinstance(source_column, NumericColumn):
        raise ValueError(
            f"source_column must be a column generated with numeric_column(). Given: {source_column}"
        )
    if any(a >= b for a, b in pairwise(boundaries)):
        raise ValueError("boundaries must be a sorted list.")
    return BucketizedColumn(source_column, tuple(boundaries))


def categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Any],
    dtype: Any = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> VocabularyListCategoricalColumn:
    """Categories by their place in a list of texts or whole numbers.

    What is not in it is ``default_value``, or in one of ``num_oov_buckets`` further categories.
    """
    words = tuple(vocabulary_list)
    if len(set(words)) < len(words):
        raise ValueError(f"Duplicate keys in vocabulary_list: {words}")
    if num_oov_buckets and default_value != -1:
        raise ValueError(f"Can't specify both num_oov_buckets and default_value in {key}.")
    kind = dtype or ("int64" if np.asarray(words).dtype.kind in "iu" else "string")
    return VocabularyListCategoricalColumn(key, words, as_dtype(kind), default_value, num_oov_buckets)


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: int | None = None,
    dtype: Any = "string",
) -> VocabularyListCategoricalColumn:
    """Categories by their line in a file."""
    with open(vocabulary_file, encoding="utf-8") as file:
        words = [line.rstrip("\n") for line in file][:vocabulary_size]
    default = -1 if default_value is None else default_value
    return categorical_column_with_vocabulary_list(key, words, dtype, default, num_oov_buckets)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = "string"
) -> HashedCategoricalColumn:
    """Categories by a hash of their text."""
    return HashedCategoricalColumn(key, int(hash_bucket_size), as_dtype(dtype))


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityCategoricalColumn:
    """Category numbers; others than 0 to ``num_buckets`` - 1 are ``default_value``."""
    return IdentityCategoricalColumn(key, int(num_buckets), default_value)


def _of_a_sequence(make: Any) -> Any:
    def made(*args: Any, **options: Any) -> SequenceCategoricalColumn:
        return SequenceCategoricalColumn(make(*args, **options))

    made.__doc__ = f"{make.__doc__.rstrip('.')}, at each step."
    return made


sequence_categorical_column_with_hash_bucket = _of_a_sequence(categorical_column_with_hash_bucket)
sequence_categorical_column_with_identity = _of_a_sequence(categorical_column_with_identity)
sequence_categorical_column_with_vocabulary_file = _of_a_sequence(categorical_column_with_vocabulary_file)
sequence_categorical_column_with_vocabulary_list = _of_a_sequence(categorical_column_with_vocabulary_list)


def sequence_numeric_column(
    key: str, shape: Any = (1,), default_value: float = 0.0, dtype: Any = "float32", normalizer_fn: Any = None
) -> SequenceNumericColumn:
    """Numbers [*shape] at each step, of a sparse feature; ``default_value`` stands where nothing is."""
    lengths = tuple(int(n) for n in np.ravel(shape))
    return SequenceNumericColumn(key, lengths, default_value, as_dtype(dtype), normalizer_fn)


def weighted_categorical_column(
    categorical_column: CategoricalColumn, weight_feature_key: str, dtype: Any = "float32"
) -> WeightedCategoricalColumn:
    """Categories with the weights that stand under another key."""
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, as_dtype(dtype))


def crossed_column(keys: Sequence[Any], hash_bucket_size: int, hash_key: Any = None) -> CrossedColumn:
    """Combinations of categories (keys of texts or whole numbers, or columns), by their hash."""
    return CrossedColumn(tuple(keys), int(hash_bucket_size), hash_key)


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """Categories for a network, as counts."""
    return IndicatorColumn(categorical_column)


def embedding_column(
    categorical_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: None = None,
    tensor_name_in_ckpt: None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> EmbeddingColumn:
    """Categories for a network, as rows of a table, combined by ``mean``, ``sum`` or ``sqrtn``."""
    no_checkpoint("embedding_column", ckpt_to_load_from)
    return EmbeddingColumn(categorical_column, int(dimension), combiner, initializer, max_norm, trainable)


def shared_embeddings(
    categorical_columns: Sequence[CategoricalColumn],
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: None = None,
    tensor_name_in_ckpt: None = None,
    max_norm: float | None = None,
    trainable: bool = True,
) -> list[EmbeddingColumn]:
    """A column for each of the given, all with rows of one table."""
    no_checkpoint("shared_embeddings", ckpt_to_load_from)
    sizes = {column.num_buckets for column in categorical_columns}
    if len(sizes) > 1:
        raise ValueError(
            "To use shared_embedding_column, all categorical_columns must have the same number of buckets. "
            f"Given: {sorted(sizes)}"
        )
    found = "_".join(sorted(column.name for column in categorical_columns))
    name = shared_embedding_collection_name or f"{found}_shared_embedding"
    return [
        EmbeddingColumn(column, int(dimension), combiner, initializer, max_norm, trainable, name)
        for column in categorical_columns
    ]


def make_parse_example_spec(feature_columns: Any) -> dict[str, Any]:
    """What ``tf.parse_example`` needs to read the columns."""
    made: dict[str, Any] = {}
    for column in in_order(feature_columns):
        made |= column.parse_example_spec
    return made
