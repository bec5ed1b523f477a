"""The columns of a table and what becomes of them before a model sees them: those of both TensorFlows.

A column is what ``tf.feature_column`` says of it. Its numbers are computed in a :class:`World`, by nodes of a graph or
by tensors. Categories are numbers [batch, k]: -1 for one that is not known, :data:`MISSING` where an example has none.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, reduce
from typing import Any, NamedTuple, Self

import numpy as np

from thalweg.compat.tf1.parsing import FixedLenFeature, VarLenFeature
from thalweg.compat.tf1.types import DType, as_dtype
from thalweg.layers.hashes import farm_hash, joined_hash
from thalweg.registry import Configured

MISSING = -(2**31)
_CROSSING_KEY = 0xDECAFCAFFE  # with which TensorFlow begins the hashes of combinations


class World(ABC):
    """Where columns are computed: TensorFlow's functions ``tf`` by name, how features are read, what weights are."""

    tf: Any

    @abstractmethod
    def read(self, found: Any) -> tuple[Any, Any]:
        """What was given for a feature, [batch, ...], and where something stands; None where that is everywhere."""

    @abstractmethod
    def on_host(self, inputs: Sequence[Any], fn: Callable[..., np.ndarray], width: int | None) -> Any:
        """Whole numbers [batch, width] that a Python function computes of arrays of numbers and texts."""

    @abstractmethod
    def row(self, x: Any) -> tuple[int | None, ...]:
        """The lengths of an example of what :meth:`read` gave, as far as they are known."""

    @abstractmethod
    def table(self, column: EmbeddingColumn) -> Any:
        """The rows of an embedding, for columns of one shared name the same ones."""

    @abstractmethod
    def rows(self, table: Any, numbers: Any, max_norm: float | None) -> Any:
        """The rows of a table by number, of L2 norm ``max_norm`` at most."""


class Ids(NamedTuple):
    """Category numbers [batch, k], and their weights where they have some."""

    numbers: Any
    weights: Any = None


class Column(Configured, ABC):
    """A column: its ``name``, and its numbers for a batch of features, one row for each example."""

    name: str

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """The fields are the arguments, and keep them."""
        return object.__new__(cls)

    def get_config(self) -> dict[str, Any]:
        """The fields, for files."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value.name if isinstance(value, DType) else value for name, value in found.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A column from what :meth:`get_config` gave, also where lists stand for tuples."""
        return cls(**{name: as_dtype(v) if name == "dtype" else tupled(v) for name, v in config.items()})

    @property
    @abstractmethod
    def parse_example_spec(self) -> dict[str, Any]:
        """The features that it needs, for ``tf.parse_example``."""

    def dense(self, features: Any, world: World) -> Any:
        """[batch, width] for a network."""
        raise ValueError(
            "Items of feature_columns must be a _DenseColumn. You can wrap a categorical column with an "
            f"embedding_column or indicator_column. Given: {self!r}"
        )

    def sequence(self, features: Any, world: World) -> tuple[Any, Any]:
        """[batch, steps, width] for a network, and how many steps there are in each example."""
        raise ValueError(
            "All feature_columns must be of type SequenceDenseColumn. You can wrap a sequence_categorical_column with "
            f"an embedding_column or indicator_column. Given: {self!r}"
        )

    def linear(self, features: Any, world: World, weights: Callable[[int], Any], combiner: str) -> Any:
        """[batch, units]: its part of a linear model, by weights for so many rows."""
        x = self.dense(features, world)
        return world.tf.matmul(x, weights(int(x.shape[-1])))


def _given(features: Any, key: str, world: World) -> tuple[Any, Any]:
    """The feature under a key; arrays without one are those of contrib.learn, whose columns have no key."""
    named = isinstance(features, Mapping)
    if key and not named:
        raise ValueError(
            f"the column {key!r}: features should be a dictionary of `Tensor`s by the columns' keys, such as "
            f"x={{{key!r}: array}} for an input function. Given type: {type(features).__name__}"
        )
    if named and key not in features:
        raise ValueError(f"Feature {key} is not in features dictionary.")
    return world.read(features[key] if named else features)


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

    def dense(self, features: Any, world: World) -> Any:
        x, there = _given(features, self.key, world)
        if there is not None:
            raise ValueError(
                "The corresponding Tensor of numerical column must be a Tensor. SparseTensor is not supported. "
                f"key: {self.key}"
            )
        if _width(world.row(x)) not in (None, self.width):
            raise ValueError(
                f"{self.key}: the number of elements differs: numeric_column with shape={self.shape}, "
                f"received {world.row(x)} for each example"
            )
        x = x if self.normalizer_fn is None else self.normalizer_fn(x)
        return world.tf.reshape(world.tf.cast(x, "float32"), [-1, self.width])


class SequenceNumericColumn(NumericColumn):
    """Numbers [*shape] at each step."""

    dense = Column.dense

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}

    def sequence(self, features: Any, world: World) -> tuple[Any, Any]:
        x, there = _given(features, self.key, world)
        tf, x = world.tf, world.tf.cast(x, "float32")
        if there is None:
            raise ValueError(f"sequence_numeric_column {self.key!r}: a SparseTensor is expected")
        x = tf.where(tf.not_equal(there, 0), x, tf.ones_like(x) * float(self.default_value))
        x = x if self.normalizer_fn is None else self.normalizer_fn(x)
        steps = _steps(tf.not_equal(there, 0), tf) // self.width
        return tf.reshape(x, [tf.shape(x)[0], -1, self.width]), steps


class CategoricalColumn(Column):
    """Categories as numbers under ``num_buckets``."""

    num_buckets: int

    @abstractmethod
    def ids(self, features: Any, world: World) -> Ids:
        """[batch, k] category numbers."""

    def linear(self, features: Any, world: World, weights: Callable[[int], Any], combiner: str) -> Any:
        """The weights of the categories, summed up or as the combiner says."""
        return combined(weights(self.num_buckets), self.ids(features, world), combiner, None, world)


def no_checkpoint(call: str, ckpt_to_load_from: Any) -> None:
    """An error where a column is to take its table from a checkpoint."""
    if ckpt_to_load_from is not None:
        raise ValueError(
            f"{call}: tables from a checkpoint are not supported; use tf.train.init_from_checkpoint"
        )


def combined(table: Any, ids: Ids, combiner: str, max_norm: float | None, world: World) -> Any:
    """The sum, mean or ``sqrtn`` of the rows of a table that each example names; numbers below 0 name none."""
    tf, numbers = world.tf, ids.numbers
    there = tf.greater_equal(numbers, 0)
    known = tf.cast(there, "float32") if ids.weights is None else tf.cast(there, "float32") * ids.weights
    # What is read where nothing stands moves with what is read: another row of the example, the first if it has none.
    own = tf.expand_dims(tf.maximum(tf.reduce_max(numbers, 1), 0), 1)
    rows = world.rows(table, tf.where(there, numbers, tf.ones_like(numbers) * own), max_norm)
    total = tf.reduce_sum(rows * tf.expand_dims(known, -1), 1)
    if combiner == "sum":
        return total
    count = tf.expand_dims(tf.reduce_sum(known if combiner == "mean" else tf.square(known), 1), 1)
    count = count + tf.cast(tf.equal(count, 0.0), "float32")
    return total / (count if combiner == "mean" else tf.sqrt(count))


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

    def _intervals(self, features: Any, world: World) -> Any:
        x = world.tf.expand_dims(self.source_column.dense(features, world), -1)
        above = world.tf.greater_equal(x, np.asarray(self.boundaries, np.float32))
        return world.tf.reduce_sum(world.tf.cast(above, "int32"), -1)

    def ids(self, features: Any, world: World) -> Ids:
        first = np.arange(self.source_column.width, dtype=np.int32) * (len(self.boundaries) + 1)
        return Ids(self._intervals(features, world) + first)

    def dense(self, features: Any, world: World) -> Any:
        made = world.tf.one_hot(self._intervals(features, world), len(self.boundaries) + 1)
        return world.tf.reshape(made, [-1, self.num_buckets])


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

    def ids(self, features: Any, world: World) -> Ids:
        given, there = _given(features, self.key, world)

        def look_up(found: np.ndarray, there: np.ndarray | None = None) -> np.ndarray:
            cells = [_text(cell) for cell in np.ravel(found)]
            nothing = "" if self.dtype.name == "string" else "-1"
            known = [cell != nothing for cell in cells] if there is None else list(np.ravel(there) != 0)
            made = [self.number(cell) if k else MISSING for cell, k in zip(cells, known, strict=True)]
            return np.array(made, np.int32).reshape(len(found), -1)

        inputs = [given] if there is None else [given, there]
        return Ids(world.on_host(inputs, look_up, _width(world.row(given))))


def _width(lengths: Sequence[int | None]) -> int | None:
    return None if None in lengths else int(np.prod(lengths))  # type: ignore[arg-type]


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

    def ids(self, features: Any, world: World) -> Ids:
        given, there = _given(features, self.key, world)
        tf, found = world.tf, world.tf.cast(given, "int32")
        known = tf.not_equal(found, -1) if there is None else tf.not_equal(there, 0)
        if self.default_value is not None:
            inside = tf.logical_and(tf.greater_equal(found, 0), tf.less(found, self.number_buckets))
            found = tf.where(inside, found, tf.ones_like(found) * self.default_value)
        return Ids(tf.where(known, found, tf.ones_like(found) * MISSING))


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

    def ids(self, features: Any, world: World) -> Ids:
        found = [
            _given(features, key, world) if isinstance(key, str) else (key.ids(features, world).numbers, None)
            for key in self.keys
        ]
        whole = [isinstance(k, str) and there is None for k, (_, there) in zip(self.keys, found, strict=True)]
        inputs: list[Any] = []
        places: list[tuple[int, int | None]] = []  # of what stands there, and of where something stands
        for (given, there), _ in sorted(zip(found, whole, strict=True), key=lambda pair: pair[1]):
            places.append((len(inputs), None if there is None else len(inputs) + 1))
            inputs += [given] if there is None else [given, there]

        def cross(*arrays: np.ndarray) -> np.ndarray:
            hashes = [_hashes(arrays[k], None if m is None else arrays[m]) for k, m in places]
            rows = [self._crossed(parts) for parts in zip(*hashes, strict=True)]
            return np.array(rows, np.int32).reshape(len(rows), -1)

        widths = [_width(world.row(inputs[k])) for k, _ in places]
        return Ids(world.on_host(inputs, cross, _width(widths)))

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
class DerivedCategoricalColumn(CategoricalColumn):
    """The categories of another column, under its name."""

    categorical_column: CategoricalColumn

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.categorical_column.name

    @property
    def num_buckets(self) -> int:  # type: ignore[override]
        return self.categorical_column.num_buckets

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return self.categorical_column.parse_example_spec

    def ids(self, features: Any, world: World) -> Ids:
        return self.categorical_column.ids(features, world)


@dataclass(frozen=True)
class WeightedCategoricalColumn(DerivedCategoricalColumn):
    """Categories that count as much as another feature says."""

    weight_feature_key: str
    dtype: Any

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return super().parse_example_spec | {self.weight_feature_key: VarLenFeature(self.dtype)}

    def ids(self, features: Any, world: World) -> Ids:
        weights, there = _given(features, self.weight_feature_key, world)
        weights = world.tf.cast(weights, "float32")
        if there is not None:
            weights = weights * world.tf.cast(there, "float32")
        return Ids(super().ids(features, world).numbers, weights)


@dataclass(frozen=True)
class SequenceCategoricalColumn(DerivedCategoricalColumn):
    """A category at each step."""


def _steps(there: Any, tf: Any) -> Any:
    """The number of the last place at which something stands, from 1."""
    marks = tf.cast(there, "int64")
    return tf.reduce_max(tf.cumsum(tf.ones_like(marks), 1) * marks, 1)


class _WrappingColumn(Column):
    """Numbers for the categories of another column."""

    categorical_column: CategoricalColumn

    def dense(self, features: Any, world: World) -> Any:
        if isinstance(self.categorical_column, SequenceCategoricalColumn):
            raise ValueError(
                f"In {self.name}: categorical_column must not be of type SequenceCategoricalColumn. "
                "Suggested fix: use SequenceFeatures (sequence_input_layer) instead of DenseFeatures (input_layer)."
            )
        return self.of(self.categorical_column.ids(features, world), world)

    def sequence(self, features: Any, world: World) -> tuple[Any, Any]:
        if not isinstance(self.categorical_column, SequenceCategoricalColumn):
            raise ValueError(
                f"In {self.name}: categorical_column must be of type SequenceCategoricalColumn, such as those of "
                "sequence_categorical_column_with_identity, to use SequenceFeatures (sequence_input_layer)."
            )
        ids = self.categorical_column.ids(features, world)
        steps = _steps(world.tf.not_equal(ids.numbers, MISSING), world.tf)
        return self.at_each_step(ids.numbers, world), steps

    @abstractmethod
    def of(self, ids: Ids, world: World) -> Any:
        """[batch, width] of all categories of an example."""

    @abstractmethod
    def at_each_step(self, numbers: Any, world: World) -> Any:
        """[batch, steps, width]."""

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

    def of(self, ids: Ids, world: World) -> Any:
        tf, marks = world.tf, self.at_each_step(ids.numbers, world)
        return tf.reduce_sum(marks if ids.weights is None else marks * tf.expand_dims(ids.weights, -1), 1)

    def at_each_step(self, numbers: Any, world: World) -> Any:
        return world.tf.one_hot(numbers, self.categorical_column.num_buckets)


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

    @property
    def table_shape(self) -> list[int]:
        """The shape of the table."""
        return [self.categorical_column.num_buckets, self.dimension]

    def of(self, ids: Ids, world: World) -> Any:
        return combined(world.table(self), ids, self.combiner, self.max_norm, world)

    def at_each_step(self, numbers: Any, world: World) -> Any:
        tf = world.tf
        rows = world.rows(world.table(self), tf.maximum(numbers, 0), self.max_norm)
        return rows * tf.expand_dims(tf.cast(tf.greater_equal(numbers, 0), "float32"), -1)


def in_order(columns: Any) -> list[Any]:
    """The columns in the order of their names."""
    found = list(columns) if isinstance(columns, (list, tuple, set, frozenset)) else [columns]
    return sorted(found, key=lambda column: column.name)


def tupled(value: Any) -> Any:
    """Lists within lists as tuples, which can be compared and kept."""
    return tuple(map(tupled, value)) if isinstance(value, (list, tuple)) else value
