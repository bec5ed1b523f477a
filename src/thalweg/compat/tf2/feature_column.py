"""``tf.feature_column``: what becomes of the columns of a table, and the layer ``DenseFeatures`` that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, initializers
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2 import arrays, io, math
from thalweg.compat.tf2.text import TextTensor
from thalweg.compat.tf2.values import cast, pair, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor
from thalweg.layers.base import Layer
from thalweg.layers.hashes import farm_hash
from thalweg.layers.lookup import HashedCrossing
from thalweg.layers.texts import Hosted, as_texts, is_texts

__all__ = [
    "DenseFeatures", "bucketized_column", "categorical_column_with_hash_bucket", "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file", "categorical_column_with_vocabulary_list", "crossed_column",
    "embedding_column", "indicator_column", "make_parse_example_spec", "numeric_column", "shared_embeddings",
]  # fmt: skip

Features = Mapping[str, Any]


class Numbered(Hosted):
    """Texts, or whole numbers written out, as the numbers that a Python function gives them: [batch, k]; -1 for an
    empty text and for -1, where an example has nothing.
    """

    def __init__(self, number: Callable[[str], int]) -> None:
        super().__init__()
        self.number = number

    def reads_texts(self, dtype: Any) -> bool:
        return dtype == dtypes.uint32

    def compute(self, x: np.ndarray) -> np.ndarray:
        rows = [[str(v) for v in row] for row in x.reshape(len(x), -1).tolist()]
        return np.array([[-1 if v in ("", "-1") else self.number(v) for v in row] for row in rows], np.int64)

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        return (shape[0], shape[1] if len(shape) > 1 else 1), "int64"


class Column:
    """A column: its ``name``, and its numbers for a batch of features, one row for each example."""

    name: str

    def table(self) -> tuple[str, tuple[int, int], Any] | None:
        """The name, shape and initialiser of the weights that it needs; None where it needs none."""
        return None

    def dense(self, features: Features, weights: Any) -> Any:
        """[batch, width]."""
        raise fail(
            ArgumentError, f"DenseFeatures: {self.name} holds categories",
            hint="wrap it in indicator_column or embedding_column",
        )  # fmt: skip


class NumericColumn(Column):
    """Numbers as they are."""

    def __init__(self, key: str, shape: Any, normalizer_fn: Callable[[Any], Any] | None) -> None:
        self.key = self.name = key
        self.width, self.normalizer_fn = int(np.prod(shape)), normalizer_fn

    def dense(self, features: Features, weights: Any) -> Any:
        x = arrays.reshape(cast(features[self.key], "float32"), [-1, self.width])
        return x if self.normalizer_fn is None else cast(self.normalizer_fn(x), "float32")


class CategoricalColumn(Column):
    """Categories as numbers below ``size``; a negative number is none."""

    size: int

    def ids(self, features: Features) -> Any:
        """[batch, k] numbers."""
        raise NotImplementedError


class BucketizedColumn(CategoricalColumn):
    """Numbers by the interval in which they lie."""

    def __init__(self, source: NumericColumn, boundaries: Sequence[float]) -> None:
        self.source, self.boundaries = source, np.asarray(boundaries, np.float32)
        self.name, self.size = f"{source.name}_bucketized", len(boundaries) + 1

    def ids(self, features: Features) -> Any:
        x = arrays.expand_dims(self.source.dense(features, None), -1)
        return math.reduce_sum(cast(math.greater_equal(x, self.boundaries), "int64"), -1)

    def dense(self, features: Features, weights: Any) -> Any:
        rows = arrays.one_hot(self.ids(features), self.size)
        return arrays.reshape(rows, [-1, self.source.width * self.size])


class LookedUpColumn(CategoricalColumn):
    """Categories that a Python function numbers."""

    def __init__(self, key: str, size: int, number: Callable[[str], int]) -> None:
        self.key = self.name = key
        self.size, self.look_up = size, Numbered(number)

    def ids(self, features: Features) -> Any:
        return self.look_up(features[self.key])


class IdentityColumn(CategoricalColumn):
    """Categories that are numbers already."""

    def __init__(self, key: str, size: int, default: int | None) -> None:
        self.key = self.name = key
        self.size, self.default = size, default

    def ids(self, features: Features) -> Any:
        x = cast(features[self.key], "int64")
        x = arrays.expand_dims(x, -1) if x.ndim == 1 else x
        if self.default is None:
            return x
        inside = math.logical_and(math.greater_equal(x, 0), math.less(x, self.size))
        return arrays.where(inside, *pair(x, self.default))


def hashed(text: str, buckets: int) -> int:
    """The bucket of a text: its FarmHash modulo their number."""
    return farm_hash(text.encode()) % buckets


class CrossedColumn(CategoricalColumn):
    """Combinations of categories, one of each, by their hash: of the columns first, then of features as they are."""

    def __init__(self, keys: Sequence[Any], hash_bucket_size: int) -> None:
        self.parts, self.size = list(keys), hash_bucket_size
        names = [part if isinstance(part, str) else part.name for part in keys]
        self.name, self.cross = "_X_".join(sorted(names)), HashedCrossing(hash_bucket_size)

    def ids(self, features: Features) -> Any:
        parts = [part.ids(features) for part in self.parts if not isinstance(part, str)]
        parts += [features[key] for key in self.parts if isinstance(key, str)]
        return self.cross([_in_a_column(part) for part in parts])


def _in_a_column(x: Any) -> Any:
    """[batch, 1], for one value in each example; texts in a graph have their letters along one more axis."""
    if not isinstance(x, Tensor):
        return np.reshape(np.asarray(x), (-1, 1))
    return arrays.reshape(x, [-1, 1, x.shape[-1]] if x.dtype == dtypes.uint32 else [-1, 1])


class IndicatorColumn(Column):
    """How often each category occurs."""

    def __init__(self, categories: CategoricalColumn) -> None:
        self.categories, self.name = categories, f"{categories.name}_indicator"

    def dense(self, features: Features, weights: Any) -> Any:
        return math.reduce_sum(arrays.one_hot(self.categories.ids(features), self.categories.size), 1)


class EmbeddingColumn(Column):
    """The rows of a table for the categories of an example: their mean, sum, or sum by the root of their number."""

    def __init__(
        self,
        categories: CategoricalColumn,
        dimension: int,
        combiner: str,
        initializer: Any,
        shared: str | None,
    ) -> None:
        self.categories, self.dimension, self.combiner = categories, dimension, combiner
        self.initializer = initializer or initializers.TruncatedNormal(0.0, dimension**-0.5)
        self.name = f"{categories.name}_{'shared_' if shared else ''}embedding"
        self.shared = shared

    def table(self) -> tuple[str, tuple[int, int], Any]:
        return self.shared or self.name, (self.categories.size, self.dimension), self.initializer

    def dense(self, features: Features, weights: Any) -> Any:
        ids = self.categories.ids(features)
        known = cast(math.greater_equal(ids, 0), "float32")
        rows = arrays.gather(weights, math.maximum(*pair(ids, 0))) * arrays.expand_dims(known, -1)
        total = math.reduce_sum(rows, 1)
        if self.combiner == "sum":
            return total
        count = math.maximum(math.reduce_sum(known, 1, keepdims=True), 1.0)
        return total / (math.sqrt(count) if self.combiner == "sqrtn" else count)


# --- the names ------------------------------------------------------------------------------------------------------


def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = "float32", normalizer_fn: Any = None
) -> NumericColumn:
    """Numbers, perhaps changed by a function."""
    return NumericColumn(key, shape, normalizer_fn)


def bucketized_column(source_column: NumericColumn, boundaries: Sequence[float]) -> BucketizedColumn:
    """Numbers by the interval between boundaries in which they lie."""
    return BucketizedColumn(source_column, boundaries)


def categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1, num_oov_buckets: int = 0
) -> LookedUpColumn:
    """Categories by their place in a list; others get the default, or share ``num_oov_buckets`` numbers after it."""
    words = as_texts(np.asarray(vocabulary_list).astype(object).astype(str)).tolist()
    known = {word: k for k, word in enumerate(words)}

    def number(text: str) -> int:
        missing = len(known) + hashed(text, num_oov_buckets) if num_oov_buckets else default_value
        return known.get(text, missing)

    return LookedUpColumn(key, len(known) + num_oov_buckets, number)


def categorical_column_with_vocabulary_file(
    key: str, vocabulary_file: str, vocabulary_size: int | None = None, dtype: Any = None,
    default_value: int = -1, num_oov_buckets: int = 0,
) -> LookedUpColumn:  # fmt: skip
    """Categories by their line in a file."""
    with open(vocabulary_file, encoding="utf-8") as file:
        words = file.read().splitlines()[:vocabulary_size]
    return categorical_column_with_vocabulary_list(key, words, dtype, default_value, num_oov_buckets)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = "string"
) -> LookedUpColumn:
    """Categories by a hash of their text."""
    return LookedUpColumn(key, hash_bucket_size, lambda text: hashed(text, hash_bucket_size))


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityColumn:
    """Categories that are numbers already."""
    return IdentityColumn(key, num_buckets, default_value)


def crossed_column(keys: Sequence[Any], hash_bucket_size: int, hash_key: Any = None) -> CrossedColumn:
    """Combinations of categories, hashed."""
    return CrossedColumn(keys, int(hash_bucket_size))


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """Categories for a network, as counts."""
    return IndicatorColumn(categorical_column)


def embedding_column(
    categorical_column: CategoricalColumn, dimension: int, combiner: str = "mean", initializer: Any = None,
    *more: Any, **ignored: Any,
) -> EmbeddingColumn:  # fmt: skip
    """Categories for a network, as rows of a table."""
    return EmbeddingColumn(categorical_column, dimension, combiner, initializer, None)


def shared_embeddings(
    categorical_columns: Sequence[CategoricalColumn], dimension: int, combiner: str = "mean",
    initializer: Any = None, shared_embedding_collection_name: str | None = None, **ignored: Any,
) -> list[EmbeddingColumn]:  # fmt: skip
    """Several columns of categories as rows of one table."""
    name = shared_embedding_collection_name or "_".join(c.name for c in categorical_columns) + "_shared"
    return [EmbeddingColumn(c, dimension, combiner, initializer, name) for c in categorical_columns]


def make_parse_example_spec(feature_columns: Any) -> dict[str, Any]:
    """What ``tf.io.parse_example`` needs to read the columns."""
    made: dict[str, Any] = {}
    for column in feature_columns:
        source = getattr(column, "categories", getattr(column, "source", column))
        if isinstance(source, NumericColumn):
            made[source.key] = io.FixedLenFeature([source.width], as_dtype("float32"))
        else:
            kind = "int64" if isinstance(source, IdentityColumn) else "string"
            made[source.key] = io.VarLenFeature(as_dtype(kind))
    return made


class DenseFeatures(Layer):
    """``tf.keras.layers.DenseFeatures``: the columns side by side [batch, width], in the order of their names."""

    takes_texts = True

    def __init__(self, feature_columns: Any, **options: Any) -> None:
        super().__init__(**options)
        given = list(feature_columns) if isinstance(feature_columns, (list, tuple)) else [feature_columns]
        self._columns: tuple[Column, ...] = tuple(sorted(given, key=lambda column: column.name))
        self._tables: dict[str, Any] = {}

    def build(self, input_shape: Any) -> None:
        for wanted in filter(None, (column.table() for column in self._columns)):
            name, shape, first = wanted
            if name not in self._tables:
                self._tables[name] = self.add_weight(shape, first, name=f"{name}/embedding_weights")

    def call(self, inputs: Features) -> Any:
        parts = []
        for column in self._columns:
            wanted = column.table()
            parts.append(column.dense(inputs, None if wanted is None else self._tables[wanted[0]]))
        return arrays.concat(parts, -1)

    def _as_input(self, value: Any) -> Any:
        """Texts as arrays, which the columns look up; numbers as tensors."""
        if isinstance(value, TextTensor):
            return as_texts(np.asarray(value))
        if isinstance(value, Tensor) or not is_texts(np.asarray(value)):
            return tensor(value)
        return value
