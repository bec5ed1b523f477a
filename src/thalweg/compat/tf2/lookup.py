"""``tf.lookup``: tables from keys to values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.compat.tf2.io import path_of
from thalweg.compat.tf2.text import is_text, texts
from thalweg.compat.tf2.values import tensor
from thalweg.errors import DTypeError, fail
from thalweg.graph.tensor import Spec, Tensor
from thalweg.layers.hashes import farm_hash
from thalweg.layers.texts import computed, texts_of


class TextFileIndex:
    """What stands for a key or value in a line of a file."""

    WHOLE_LINE, LINE_NUMBER = -2, -1


class KeyValueTensorInitializer:
    """Keys and values at hand."""

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: Any = None
    ) -> None:
        self.pairs = list(zip(_items(keys), _items(values)))
        self.dtype = as_dtype(value_dtype) if value_dtype is not None else _dtype(values)


class TextFileInitializer:
    """Keys and values from the lines of a file."""

    def __init__(
        self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any, value_index: int,
        vocab_size: int | None = None, delimiter: str = "\t", name: Any = None, value_index_offset: int = 0,
    ) -> None:  # fmt: skip
        only("tf.lookup.TextFileInitializer", "value_index_offset", value_index_offset, 0)
        self.dtype = as_dtype(value_dtype)
        kinds = as_dtype(key_dtype), self.dtype
        self.pairs = []
        for k, line in enumerate(Path(path_of(filename)).read_bytes().splitlines()[:vocab_size]):
            both = [_field(line, i, k, delimiter.encode()) for i in (key_index, value_index)]
            self.pairs.append(
                tuple(b if t.name == "string" else t.dtype.type(b) for b, t in zip(both, kinds))
            )


def _field(line: bytes, place: int, number: int, delimiter: bytes) -> Any:
    if place == TextFileIndex.WHOLE_LINE:
        return line
    return number if place == TextFileIndex.LINE_NUMBER else line.split(delimiter)[place]


def _items(values: Any) -> Iterator[Any]:
    held = np.asarray(texts(values)) if is_text(values) else np.asarray(tensor(values))
    return (v if isinstance(v, bytes) else v.item() for v in held.reshape(-1))


def _dtype(values: Any) -> Any:
    return as_dtype("string" if is_text(values) else tensor(values).dtype)


class _InGraphs:
    """A table as part of a graph: looked up in Python between the compiled parts."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def reads_texts(self, dtype: Any) -> bool:
        """Whether keys of this dtype are the characters of texts."""
        return dtype == np.uint32 and any(isinstance(key, bytes) for key in self._table._held)

    def spec_of(self, keys: Spec) -> Spec:
        """The spec of the values."""
        shape = keys.shape[:-1] if keys.shape is not None and self.reads_texts(keys.dtype) else keys.shape
        return Spec(shape, numpy_dtype(self._table._dtype))

    def compute(self, keys: np.ndarray) -> np.ndarray:
        """The values of keys, numbers or texts."""
        return np.asarray(
            self._table.lookup(texts(keys) if keys.dtype.kind == "U" else keys.astype(np.int64))
        )


class StaticHashTable:
    """Values by keys, and a default for all other keys."""

    def __init__(
        self, initializer: Any, default_value: Any, name: Any = None, experimental_is_anonymous: bool = False
    ) -> None:
        self._held, self._dtype = dict(initializer.pairs), initializer.dtype
        self._default = next(_items(default_value))

    def lookup(self, keys: Any, name: Any = None) -> Any:
        """The values of keys, in their shape; of a model's symbols, a symbol."""
        if isinstance(keys, Tensor) and (keys.is_symbolic or keys.dtype == np.uint32):
            return self._in_graphs(keys)
        shape = np.shape(np.asarray(texts(keys)) if is_text(keys) else np.asarray(keys))
        found = [self._held.get(k, self._default) for k in _items(keys)]
        return self._made(found, shape)

    __getitem__ = lookup

    def _in_graphs(self, keys: Tensor) -> Any:
        """The values of a model's symbols, or of what stands for them: texts are arrays of characters there."""
        if self._dtype.name == "string":
            raise fail(
                DTypeError, "a table gives texts, which only arrays can hold",
                hint="look them up outside of the model",
            )  # fmt: skip
        if not hasattr(self, "_host"):
            self._host = _InGraphs(self)
        if keys.is_symbolic:
            return computed.build([keys], {"layer": self._host})
        known = keys.array()
        return tensor(self._host.compute(texts_of(known) if self._host.reads_texts(known.dtype) else known))

    def _made(self, found: list[Any], shape: Any) -> Any:
        if self._dtype.name == "string":
            return texts(np.array(found, dtype=object).reshape(shape))
        return tensor(np.array(found).reshape(shape), self._dtype)

    def size(self, name: Any = None) -> Any:
        """How many keys there are."""
        return tensor(np.int64(len(self._held)))

    def export(self, name: Any = None) -> Any:
        """All keys and all values."""
        keys = list(self._held)
        held = texts(keys) if keys and isinstance(keys[0], bytes) else tensor(np.array(keys))
        return held, self._made(list(self._held.values()), (len(keys),))


class StaticVocabularyTable(StaticHashTable):
    """Numbers by words; words that are not there share the ``num_oov_buckets`` numbers after the last."""

    def __init__(
        self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None, name: Any = None
    ) -> None:
        super().__init__(initializer, 0)
        self._buckets = int(num_oov_buckets)

    def lookup(self, keys: Any, name: Any = None) -> Any:
        """The numbers of words; of a model's symbols, a symbol."""
        if isinstance(keys, Tensor) and (keys.is_symbolic or keys.dtype == np.uint32):
            return self._in_graphs(keys)
        shape = np.shape(np.asarray(texts(keys)))
        first = len(self._held)
        found = [self._held.get(k, first + farm_hash(k) % self._buckets) for k in _items(texts(keys))]
        return tensor(np.array(found).reshape(shape), "int64")

    __getitem__ = lookup


class MutableHashTable(StaticHashTable):
    """A table that can be changed."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, name: Any = None, checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:  # fmt: skip
        """Values have the shape of the default."""
        self._held, self._dtype = {}, as_dtype(value_dtype)
        self._form = np.shape(
            np.asarray(texts(default_value) if is_text(default_value) else tensor(default_value))
        )
        self._default = self._rows(default_value)[0]

    def _rows(self, values: Any) -> list[Any]:
        """The values, each of the default's shape, flat."""
        found = list(_items(values))
        if not self._form:
            return found
        size = int(np.prod(self._form))
        return [tuple(found[k : k + size]) for k in range(0, len(found), size)]

    def _made(self, found: list[Any], shape: Any) -> Any:
        return super()._made(found, (*shape, *self._form))

    def insert(self, keys: Any, values: Any, name: Any = None) -> None:
        """Set values."""
        given, made = list(_items(keys)), self._rows(values)
        if len(given) != len(made):
            raise fail(
                InvalidArgumentError, "tf.lookup: values to insert",
                expected=f"{len(given)} of shape {self._form}", received=len(made),
            )  # fmt: skip
        self._held.update(zip(given, made))

    def erase(self, keys: Any, name: Any = None) -> None:
        """Take keys away."""
        for key in _items(keys):
            self._held.pop(key, None)

    remove = erase


class DenseHashTable(MutableHashTable):
    """A table with two keys that stand for none."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any, deleted_key: Any,
        initial_num_buckets: Any = None, name: Any = None, checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(key_dtype, value_dtype, default_value)
        self._none = {*_items(empty_key), *_items(deleted_key)}

    def insert(self, keys: Any, values: Any, name: Any = None) -> None:
        """Set values."""
        for key in _items(keys):
            if key in self._none:
                raise fail(
                    InvalidArgumentError, "DenseHashTable: a key that stands for no key cannot be inserted",
                    received=key,
                )  # fmt: skip
        super().insert(keys, values)
