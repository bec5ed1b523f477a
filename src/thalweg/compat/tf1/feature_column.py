"""``tf.feature_column``: what becomes of the columns of a table before a model sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.sparse import SparseTensor, sparse_tensor_to_dense
from thalweg.compat.tf1.strings import from_host
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf1.variables import get_variable, variable_scope
from thalweg.layers.hashes import farm_hash


class Column:
    """A column: ``name``, and its numbers in a batch of features, one row for each example."""

    name: str

    def dense(self, features: Any) -> Tensor:
        """[batch, width] for a network."""
        raise ValueError(f"{self.name} holds categories: wrap it in indicator_column or embedding_column")

    def linear(self, features: Any, units: int) -> Tensor:
        """[batch, units]: its part of a linear model, with its own weights."""
        x = self.dense(features)
        shape = [x.get_shape()[-1].value, units]
        weights = get_variable(f"{self.name}/weights", shape, initializer=initializers.zeros_initializer())
        return math.matmul(x, weights)


def _feature(features: Any, key: str) -> Any:
    """The feature under a key; arrays without one are those of contrib.learn, whose columns have no key."""
    if key and not isinstance(features, dict):
        raise ValueError(
            f"the column {key!r}: features should be a dictionary of `Tensor`s by the columns' keys, such as "
            f"x={{{key!r}: array}} for an input function. Given type: {type(features).__name__}"
        )
    found = features[key] if isinstance(features, dict) else features
    found = sparse_tensor_to_dense(found, "") if isinstance(found, SparseTensor) else found
    return g.convert_to_tensor(found)


class NumericColumn(Column):
    """Numbers as they are."""

    def __init__(self, key: str, shape: Any, normalizer_fn: Callable[[Any], Any] | None) -> None:
        self.key = self.name = key
        self.width = int(np.prod(shape if shape is not None else 1))
        self.normalizer_fn = normalizer_fn

    def dense(self, features: Any) -> Tensor:
        x = math.reshape(math.cast(_feature(features, self.key), "float32"), [-1, self.width])
        return x if self.normalizer_fn is None else self.normalizer_fn(x)


class CategoricalColumn(Column):
    """Categories as numbers under ``size``; -1 for one that is not known."""

    size: int

    def ids(self, features: Any) -> Tensor:
        """[batch, k] category numbers."""
        raise NotImplementedError

    def linear(self, features: Any, units: int) -> Tensor:
        """The sum of the weights of the categories."""
        start = initializers.zeros_initializer()
        table = get_variable(f"{self.name}/weights", [self.size, units], initializer=start)
        return combined(table, self.ids(features), "sum")


def combined(table: Any, ids: Tensor, combiner: str) -> Tensor:
    """The sum, mean or ``sqrtn`` of the rows of a table that each example names; -1 names none."""
    known = math.cast(math.greater_equal(ids, 0), "float32")
    rows = nn.embedding_lookup(table, math.maximum(ids, 0)) * math.expand_dims(known, -1)
    total = math.reduce_sum(rows, 1)
    if combiner == "sum":
        return total
    count = math.maximum(math.reduce_sum(known, 1, keep_dims=True), 1.0)
    return total / (math.sqrt(count) if combiner == "sqrtn" else count)


class BucketizedColumn(CategoricalColumn):
    """Numbers by the interval in which they lie."""

    def __init__(self, source: NumericColumn, boundaries: Sequence[float]) -> None:
        self.source, self.boundaries = source, np.asarray(boundaries, np.float32)
        self.name, self.size = f"{source.name}_bucketized", len(boundaries) + 1

    def ids(self, features: Any) -> Tensor:
        x = math.expand_dims(self.source.dense(features), -1)
        return math.reduce_sum(math.cast(math.greater_equal(x, self.boundaries), "int32"), -1)

    def dense(self, features: Any) -> Tensor:
        made = math.one_hot(self.ids(features), self.size)
        return math.reshape(made, [-1, self.source.width * self.size])


class LookedUpColumn(CategoricalColumn):
    """Categories that a Python function numbers: texts, or whole numbers written out."""

    def __init__(self, key: str, size: int, number: Callable[[str], int]) -> None:
        self.key = self.name = key
        self.size, self.number = size, number

    def ids(self, features: Any) -> Tensor:
        return _numbered([_feature(features, self.key)], lambda parts: self.number(parts[0]))


def _numbered(nodes: Sequence[Tensor], number: Callable[[list[str]], int]) -> Tensor:
    """[batch, k] numbers of what stands at each place of the nodes."""

    def look_up(*arrays: Any) -> np.ndarray:
        rows = [np.asarray(a).reshape(len(np.atleast_1d(a)), -1) for a in arrays]
        made = [
            [number([_text(part) for part in parts]) for parts in zip(*cells, strict=True)]
            for cells in zip(*rows, strict=True)
        ]
        return np.array(made, np.int32)

    known = [node.get_shape().as_list() if node.get_shape().dims is not None else [None] for node in nodes]
    width = known[0][1] if len(known[0]) > 1 else 1
    return from_host(nodes, look_up, "int32", [known[0][0] if known[0] else None, width], None, "Lookup")


def _text(x: Any) -> str:
    return x.decode() if isinstance(x, bytes) else str(x)


def hashed(text: str, buckets: int) -> int:
    """The bucket of a text: its FarmHash modulo their number."""
    return farm_hash(text.encode()) % buckets


class IdentityColumn(CategoricalColumn):
    """Category numbers as they are."""

    def __init__(self, key: str, num_buckets: int, default_value: int | None) -> None:
        self.key = self.name = key
        self.size, self.default = num_buckets, default_value

    def ids(self, features: Any) -> Tensor:
        node = _feature(features, self.key)
        node = (
            math.cast(node, "int32")
            if node.shape.ndims != 1
            else math.expand_dims(math.cast(node, "int32"), 1)
        )
        if self.default is None:
            return node
        inside = math.logical_and(math.greater_equal(node, 0), math.less(node, self.size))
        return math.where(inside, node, math.ones_like(node) * self.default)


class CrossedColumn(CategoricalColumn):
    """Combinations of categories, hashed."""

    def __init__(self, keys: Sequence[Any], hash_bucket_size: int) -> None:
        self.keys, self.size = list(keys), hash_bucket_size
        self.name = "_X_".join(sorted(k if isinstance(k, str) else k.name for k in keys))

    def ids(self, features: Any) -> Tensor:
        nodes = [_feature(features, k) if isinstance(k, str) else k.ids(features) for k in self.keys]
        return _numbered(nodes, lambda parts: hashed("_X_".join(parts), self.size))


class IndicatorColumn(Column):
    """How often each category occurs."""

    def __init__(self, categories: CategoricalColumn) -> None:
        self.categories, self.name = categories, f"{categories.name}_indicator"

    def dense(self, features: Any) -> Tensor:
        return math.reduce_sum(math.one_hot(self.categories.ids(features), self.categories.size), 1)


class EmbeddingColumn(Column):
    """A row of a table for each category, summed up."""

    def __init__(
        self, categories: CategoricalColumn, dimension: int, combiner: str, initializer: Any
    ) -> None:
        self.categories, self.dimension, self.combiner = categories, dimension, combiner
        self.initializer = initializer or initializers.truncated_normal_initializer(0.0, dimension**-0.5)
        self.name = f"{categories.name}_embedding"

    def dense(self, features: Any) -> Tensor:
        with variable_scope(None, self.name):
            shape = [self.categories.size, self.dimension]
            table = get_variable("embedding_weights", shape, initializer=self.initializer)
        return combined(table, self.categories.ids(features), self.combiner)


def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = "float32", normalizer_fn: Any = None
) -> NumericColumn:
    """Numbers."""
    return NumericColumn(key, shape, normalizer_fn)


def bucketized_column(source_column: NumericColumn, boundaries: Sequence[float]) -> BucketizedColumn:
    """Numbers by interval."""
    return BucketizedColumn(source_column, boundaries)


def categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Any],
    dtype: Any = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> LookedUpColumn:
    """Categories by their place in a list."""
    known = {_text(word): k for k, word in enumerate(vocabulary_list)}
    size = len(known)

    def number(text: str) -> int:
        if text in known:
            return known[text]
        return size + hashed(text, num_oov_buckets) if num_oov_buckets else default_value

    return LookedUpColumn(key, size + num_oov_buckets, number)


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    **options: Any,
) -> LookedUpColumn:
    """Categories by their line in a file."""
    with open(vocabulary_file, encoding="utf-8") as file:
        words = [line.rstrip("\n") for line in file][:vocabulary_size]
    return categorical_column_with_vocabulary_list(key, words, num_oov_buckets=num_oov_buckets)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = "string"
) -> LookedUpColumn:
    """Categories by a hash of their text."""
    return LookedUpColumn(key, hash_bucket_size, lambda text: hashed(text, hash_bucket_size))


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityColumn:
    """Category numbers."""
    return IdentityColumn(key, num_buckets, default_value)


def crossed_column(keys: Sequence[Any], hash_bucket_size: int, hash_key: Any = None) -> CrossedColumn:
    """Combinations of categories."""
    return CrossedColumn(keys, int(hash_bucket_size))


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """Categories for a network, as counts."""
    return IndicatorColumn(categorical_column)


def embedding_column(
    categorical_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    **options: Any,
) -> EmbeddingColumn:
    """Categories for a network, as rows of a table."""
    return EmbeddingColumn(categorical_column, dimension, combiner, initializer)


def _listed(columns: Any) -> list[Any]:
    found = list(columns) if isinstance(columns, (list, tuple, set, frozenset)) else [columns]
    return sorted(found, key=lambda column: column.name)


def input_layer(features: Any, feature_columns: Any, *args: Any, **options: Any) -> Tensor:
    """[batch, width]: the columns side by side, in the order of their names."""
    with variable_scope(None, "input_layer"):
        parts = [column.dense(features) for column in _listed(feature_columns)]
        return math.concat(parts, 1) if len(parts) > 1 else parts[0]


def linear_model(features: Any, feature_columns: Any, units: int = 1, **options: Any) -> Tensor:
    """[batch, units]: the sum of the columns' linear parts and a bias."""
    with variable_scope(None, "linear_model"):
        parts = [column.linear(features, units) for column in _listed(feature_columns)]
        bias = get_variable("bias_weights", [units], initializer=initializers.zeros_initializer())
        return nn.bias_add(math.add_n(parts), bias)


def make_parse_example_spec(feature_columns: Any) -> dict[str, Any]:
    """What ``tf.parse_example`` needs to read the columns."""
    from thalweg.compat.tf1.parsing import FixedLenFeature, VarLenFeature

    made: dict[str, Any] = {}
    for column in _listed(feature_columns):
        source = getattr(column, "categories", getattr(column, "source", column))
        if isinstance(source, NumericColumn):
            made[source.key] = FixedLenFeature([source.width], as_dtype("float32"))
        else:
            made[source.key] = VarLenFeature(as_dtype("string"))
    return made
