"""The columns of a table and what becomes of them before a model sees them; ``tf.feature_column`` makes them.

Categories are numbers [batch, k]: -1 for one that is not known, :data:`MISSING` where an example has none.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.parsing import FixedLenFeature, VarLenFeature
from thalweg.compat.tf1.sparse import SparseTensor, sparse_tensor_to_dense
from thalweg.compat.tf1.strings import from_host
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf1.variables import get_variable, variable_scope
from thalweg.layers.hashes import farm_hash, joined_hash

MISSING = -(2**31)
_CROSSING_KEY = 0xDECAFCAFFE  # with which TensorFlow begins the hashes of combinations


class Ids(NamedTuple):
    """Category numbers [batch, k], and their weights where they have some."""

    numbers: Tensor
    weights: Tensor | None = None


class Column(ABC):
    """A column: its ``name``, and its numbers for a batch of features, one row for each example."""

    name: str

    @property
    @abstractmethod
    def parse_example_spec(self) -> dict[str, Any]:
        """The features that it needs, for ``tf.parse_example``."""

    def dense(self, features: Any) -> Tensor:
        """[batch, width] for a network."""
        raise ValueError(
            "Items of feature_columns must be a _DenseColumn. You can wrap a categorical column with an "
            f"embedding_column or indicator_column. Given: {self!r}"
        )

    def linear(self, features: Any, units: int, combiner: str, trainable: bool) -> Tensor:
        """[batch, units]: its part of a linear model, with its own weights."""
        x = self.dense(features)
        weights = _weights(self.name, x.get_shape()[-1].value, units, trainable)
        return math.matmul(x, weights)


def _weights(name: str, rows: int, units: int, trainable: bool) -> Any:
    start = initializers.zeros_initializer()
    return get_variable(f"{name}/weights", [rows, units], initializer=start, trainable=trainable)


def _given(features: Any, key: str) -> Any:
    """The feature under a key; arrays without one are those of contrib.learn, whose columns have no key."""
    if key and not isinstance(features, dict):
        raise ValueError(
            f"the column {key!r}: features should be a dictionary of `Tensor`s by the columns' keys, such as "
            f"x={{{key!r}: array}} for an input function. Given type: {type(features).__name__}"
        )
    if isinstance(features, dict) and key not in features:
        raise ValueError(f"Feature {key} is not in features dictionary.")
    found = features[key] if isinstance(features, dict) else features
    return found if isinstance(found, SparseTensor) else _in_rows(g.convert_to_tensor(found))


def _in_rows(x: Tensor) -> Tensor:
    """[batch, ...]: one number for each example is a row of one."""
    if x.get_shape().ndims != 1:
        return x
    if isinstance(x, g.HostTensor):
        return g.host(
            "ExpandDims", None, [x], lambda a: np.reshape(a, (-1, 1)), [*x.get_shape().as_list(), 1]
        )
    return math.expand_dims(x, 1)


def _categories(features: Any, key: str) -> tuple[Tensor, Tensor | None]:
    """What stands under a key, and where something stands; None where that is everywhere."""
    found = _given(features, key)
    if not isinstance(found, SparseTensor):
        return found, None
    nothing: Any = "" if isinstance(found.values, g.HostTensor) else -1
    there = SparseTensor(found.indices, math.ones_like(found.indices[:, 0]), found.dense_shape)
    return sparse_tensor_to_dense(found, nothing), sparse_tensor_to_dense(there)


@dataclass(frozen=True)
class NumericColumn(Column):
    """Numbers as they are."""

    key: str
    shape: tuple[int, ...]
    default_value: Any
    dtype: Any
    normalizer_fn: Callable[[Any], Any] | None

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.key

    @property
    def width(self) -> int:
        return int(np.prod(self.shape))

    @property
    def variable_shape(self) -> tuple[int, ...]:
        return self.shape

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}

    def dense(self, features: Any) -> Tensor:
        x = _given(features, self.key)
        if isinstance(x, SparseTensor):
            raise ValueError(
                "The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not supported. "
                f"key: {self.key}"
            )
        x = x if self.normalizer_fn is None else self.normalizer_fn(x)
        return math.reshape(math.cast(x, "float32"), [math.shape(x)[0], self.width])


class CategoricalColumn(Column):
    """Categories as numbers under ``num_buckets``."""

    num_buckets: int

    @abstractmethod
    def ids(self, features: Any) -> Ids:
        """[batch, k] category numbers."""

    def linear(self, features: Any, units: int, combiner: str, trainable: bool) -> Tensor:
        """The weights of the categories, summed up or as the combiner says."""
        return combined(
            _weights(self.name, self.num_buckets, units, trainable), self.ids(features), combiner, None
        )


def combined(table: Any, ids: Ids, combiner: str, max_norm: float | None) -> Tensor:
    """The sum, mean or ``sqrtn`` of the rows of a table that each example names; numbers below 0 name none."""
    known = math.cast(math.greater_equal(ids.numbers, 0), "float32")
    known = known if ids.weights is None else known * ids.weights
    rows = nn.embedding_lookup(table, math.maximum(ids.numbers, 0), max_norm=max_norm)
    total = math.reduce_sum(rows * math.expand_dims(known, -1), 1)
    if combiner == "sum":
        return total
    count = math.reduce_sum(known if combiner == "mean" else math.square(known), 1, keep_dims=True)
    count = count + math.cast(math.equal(count, 0.0), "float32")
    return total / (count if combiner == "mean" else math.sqrt(count))


@dataclass(frozen=True)
class BucketizedColumn(CategoricalColumn):
    """Numbers by the interval in which they lie; each place of a row has categories of its own."""

    source_column: NumericColumn
    boundaries: tuple[float, ...]

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.source_column.name}_bucketized"

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return (len(self.boundaries) + 1) * self.source_column.width

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.source_column.parse_example_spec

    def _intervals(self, features: Any) -> Tensor:
        x = math.expand_dims(self.source_column.dense(features), -1)
        above = math.greater_equal(x, np.asarray(self.boundaries, np.float32))
        return math.reduce_sum(math.cast(above, "int32"), -1)

    def ids(self, features: Any) -> Ids:
        first = np.arange(self.source_column.width, dtype=np.int32) * (len(self.boundaries) + 1)
        return Ids(self._intervals(features) + first)

    def dense(self, features: Any) -> Tensor:
        made = math.one_hot(self._intervals(features), len(self.boundaries) + 1)
        return math.reshape(made, [-1, self.num_buckets])


class _KeyedColumn(CategoricalColumn):
    """Categories that stand under one key."""

    key: str
    dtype: Any

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.key

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}


class _LookedUpColumn(_KeyedColumn):
    """Categories that a Python function numbers: texts, or whole numbers written out."""

    @abstractmethod
    def number(self, text: str) -> int:
        """The number of a category."""

    def ids(self, features: Any) -> Ids:
        node, there = _categories(features, self.key)

        def look_up(found: np.ndarray, there: np.ndarray | None = None) -> np.ndarray:
            cells = [_text(cell) for cell in np.ravel(found)]
            nothing = "" if self.dtype.name == "string" else "-1"
            known = [cell != nothing for cell in cells] if there is None else list(np.ravel(there) != 0)
            made = [self.number(cell) if k else MISSING for cell, k in zip(cells, known, strict=True)]
            return np.array(made, np.int32).reshape(np.shape(found))

        inputs = [node] if there is None else [node, there]
        return Ids(from_host(inputs, look_up, "int32", _known_shape(node), None, "Lookup"))


def _known_shape(node: Tensor) -> list[int | None]:
    return node.get_shape().as_list() if node.get_shape().dims is not None else [None, None]


def _text(x: Any) -> str:
    return x.decode() if isinstance(x, bytes) else str(x)


def hashed(text: str, buckets: int) -> int:
    """The bucket of a text: its FarmHash modulo their number."""
    return farm_hash(text.encode()) % buckets


@dataclass(frozen=True)
class VocabularyListCategoricalColumn(_LookedUpColumn):
    """Categories by their place in a list."""

    key: str
    vocabulary_list: tuple[Any, ...]
    dtype: Any
    default_value: int
    num_oov_buckets: int

    @cached_property
    def _known(self) -> dict[str, int]:
        return {_text(word): k for k, word in enumerate(self.vocabulary_list)}

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return len(self.vocabulary_list) + self.num_oov_buckets

    def number(self, text: str) -> int:
        found = self._known.get(text)
        if found is not None:
            return found
        if not self.num_oov_buckets:
            return self.default_value
        return len(self.vocabulary_list) + hashed(text, self.num_oov_buckets)


@dataclass(frozen=True)
class HashedCategoricalColumn(_LookedUpColumn):
    """Categories by a hash of their text."""

    key: str
    hash_bucket_size: int
    dtype: Any

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return self.hash_bucket_size

    def number(self, text: str) -> int:
        return hashed(text, self.hash_bucket_size)


@dataclass(frozen=True)
class IdentityCategoricalColumn(_KeyedColumn):
    """Category numbers as they are."""

    key: str
    number_buckets: int
    default_value: int | None

    dtype = as_dtype("int64")

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return self.number_buckets

    def ids(self, features: Any) -> Ids:
        node, there = _categories(features, self.key)
        node = math.cast(node, "int32")
        known = math.not_equal(node, -1) if there is None else math.not_equal(there, 0)
        if self.default_value is not None:
            inside = math.logical_and(math.greater_equal(node, 0), math.less(node, self.number_buckets))
            node = math.where(inside, node, math.ones_like(node) * self.default_value)
        return Ids(math.where(known, node, math.ones_like(node) * MISSING))


@dataclass(frozen=True)
class CrossedColumn(CategoricalColumn):
    """Combinations of categories, each of one with each of the others, by their hash."""

    keys: tuple[Any, ...]
    hash_bucket_size: int
    hash_key: int | None

    @property
    def name(self) -> str:  # type: ignore[override]
        return "_X_".join(sorted(self._leaves()))

    def _leaves(self) -> list[str]:
        found: list[str] = []
        for key in self.keys:
            if isinstance(key, CrossedColumn):
                found += key._leaves()
            else:
                found.append(key if isinstance(key, str) else key.name)
        return found

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return self.hash_bucket_size

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key in self.keys:
            made |= (
                {key: VarLenFeature(as_dtype("string"))} if isinstance(key, str) else key.parse_example_spec
            )
        return made

    def ids(self, features: Any) -> Ids:
        inputs: list[Tensor] = []
        places: list[tuple[int, int | None]] = []  # of what stands there, and of where something stands
        whole = [isinstance(k, str) and not isinstance(_given(features, k), SparseTensor) for k in self.keys]
        for key, _ in sorted(zip(self.keys, whole, strict=True), key=lambda pair: pair[1]):  # dense ones last
            found = _categories(features, key) if isinstance(key, str) else (key.ids(features).numbers, None)
            places.append((len(inputs), None if found[1] is None else len(inputs) + 1))
            inputs += [part for part in found if part is not None]

        def cross(*arrays: np.ndarray) -> np.ndarray:
            hashes = [_hashes(arrays[k], None if m is None else arrays[m]) for k, m in places]
            rows = [self._crossed(parts) for parts in zip(*hashes, strict=True)]
            return np.array(rows, np.int32).reshape(len(rows), -1)

        widths = [_known_shape(inputs[k])[-1] for k, _ in places]
        width = None if None in widths else int(np.prod(widths))  # type: ignore[arg-type]
        shape = [_known_shape(inputs[0])[0], width]
        return Ids(from_host(inputs, cross, "int32", shape, None, "SparseCross"))

    def _crossed(self, parts: Sequence[list[int | None]]) -> list[int]:
        begun = _CROSSING_KEY if self.hash_key is None else self.hash_key
        return [
            MISSING if None in row else reduce(joined_hash, row, begun) % self.hash_bucket_size  # type: ignore[arg-type]
            for row in itertools.product(*parts)
        ]


def _hashes(found: np.ndarray, there: np.ndarray | None) -> list[list[int | None]]:
    """Of each text its hash, of each whole number itself as 64 bits; None where nothing stands."""
    found = np.asarray(found).reshape(len(found), -1)
    known = found != MISSING if there is None else np.reshape(there, found.shape) != 0
    return [
        [_hash(cell) if k else None for cell, k in zip(row, marks, strict=True)]
        for row, marks in zip(found.tolist(), known.tolist(), strict=True)
    ]


def _hash(cell: Any) -> int:
    return cell & (2**64 - 1) if isinstance(cell, int) else farm_hash(_text(cell).encode())


@dataclass(frozen=True)
class WeightedCategoricalColumn(CategoricalColumn):
    """Categories that count as much as another feature says."""

    categorical_column: CategoricalColumn
    weight_feature_key: str
    dtype: Any

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return self.categorical_column.num_buckets

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.categorical_column.parse_example_spec | {
            self.weight_feature_key: VarLenFeature(self.dtype)
        }

    def ids(self, features: Any) -> Ids:
        weights = _given(features, self.weight_feature_key)
        weights = sparse_tensor_to_dense(weights) if isinstance(weights, SparseTensor) else weights
        return Ids(self.categorical_column.ids(features).numbers, math.cast(weights, "float32"))


class _WrappingColumn(Column):
    """Numbers for the categories of another column."""

    categorical_column: CategoricalColumn

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.categorical_column.parse_example_spec


@dataclass(frozen=True)
class IndicatorColumn(_WrappingColumn):
    """How often each category occurs."""

    categorical_column: CategoricalColumn

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.categorical_column.name}_indicator"

    @property
    def variable_shape(self) -> tuple[int, ...]:
        return 1, self.categorical_column.num_buckets

    def dense(self, features: Any) -> Tensor:
        ids = self.categorical_column.ids(features)
        marks = math.one_hot(ids.numbers, self.categorical_column.num_buckets)
        return math.reduce_sum(marks if ids.weights is None else marks * math.expand_dims(ids.weights, -1), 1)


@dataclass(frozen=True)
class EmbeddingColumn(_WrappingColumn):
    """The rows of a table that the categories name, combined; columns of one ``shared_name`` share the table."""

    categorical_column: CategoricalColumn
    dimension: int
    combiner: str
    initializer: Any
    max_norm: float | None
    trainable: bool
    shared_name: str | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.categorical_column.name}_{'shared_' if self.shared_name else ''}embedding"

    @property
    def variable_shape(self) -> tuple[int, ...]:
        return (self.dimension,)

    def dense(self, features: Any) -> Tensor:
        return combined(self._table(), self.categorical_column.ids(features), self.combiner, self.max_norm)

    def _table(self) -> Any:
        kept = g.default_graph().get_collection_ref(self.shared_name) if self.shared_name else []
        if kept:
            return kept[0]
        shape = [self.categorical_column.num_buckets, self.dimension]
        with variable_scope(None, self.shared_name or self.name):
            made = get_variable(
                "embedding_weights", shape, initializer=self.initializer, trainable=self.trainable
            )
        kept.append(made)
        return made
