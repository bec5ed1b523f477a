"""``tf.contrib.lookup``: tables from keys to values, and back, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.columns import hashed
from thalweg.compat.tf1.contrib import mutable_tables
from thalweg.compat.tf1.graph import Effect, Node, Operation, Tensor
from thalweg.compat.tf1.strings import all_from_host
from thalweg.compat.tf1.types import as_dtype
from thalweg.errors import ArgumentError, fail


class Table:
    """Values by key; ``default`` (or a function of the key) for others."""

    def __init__(self, pairs: Any, key_dtype: Any, value_dtype: Any, default: Any) -> None:
        self.pairs = {_plain(k): v for k, v in pairs}
        self.key_dtype, self.value_dtype, self.default = as_dtype(key_dtype), as_dtype(value_dtype), default

    @property
    def init(self) -> Operation:
        """Nothing to do: tables are there from the start."""
        return Operation(None, "NoOp", Effect())

    initializer = init

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys."""
        node = g.convert_to_tensor(keys)
        known = node.get_shape()

        def find(held: Any) -> list[Any]:
            flat = [self._one(_plain(k)) for k in np.asarray(held).reshape(-1)]
            return [np.array(flat, self.value_dtype.dtype).reshape(np.shape(held))[()]]

        shape = known.as_list() if known.dims is not None else None
        return all_from_host([node], find, [(self.value_dtype, shape)], name, "LookupTableFind")[0]

    def _one(self, key: Any) -> Any:
        if key in self.pairs:
            return self.pairs[key]
        return self.default(key) if callable(self.default) else self.default

    def size(self, name: str | None = None) -> Tensor:
        """The number of keys."""
        return g.constant(len(self.pairs), "int64", name=name or "Size")


def _plain(key: Any) -> Any:
    key = key.item() if isinstance(key, np.generic) else key
    return key.encode() if isinstance(key, str) else key


class KeyValueTensorInitializer:
    """Keys and values side by side."""

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: Any = None
    ) -> None:
        self.keys, self.values = (np.asarray(g.static_value(x)) for x in (keys, values))
        self.key_dtype = as_dtype(key_dtype or self.keys.dtype)
        self.value_dtype = as_dtype(value_dtype or self.values.dtype)


def HashTable(
    initializer: KeyValueTensorInitializer, default_value: Any, shared_name: Any = None, name: Any = None
) -> Table:
    """A table of an initializer's pairs."""
    values = [_plain(v) for v in initializer.values.reshape(-1)]
    pairs = zip(initializer.keys.reshape(-1), values, strict=True)
    return Table(pairs, initializer.key_dtype, initializer.value_dtype, _plain(default_value))


def _words(given: Any) -> list[Any]:
    static = given.static if isinstance(given, Node) else given
    return list(np.asarray(static, object).reshape(-1))


def index_table_from_tensor(
    mapping: Any = None,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = None,
    dtype: Any = None,
    name: Any = None,
    *,
    vocabulary_list: Any = None,
) -> Table:
    """Words to their places in a list; others to a hash of ``num_oov_buckets`` more."""
    only("index_table_from_tensor", "hasher_spec", hasher_spec)
    words = _words(vocabulary_list if mapping is None else mapping)
    size = len(words)

    def other(key: Any) -> int:
        text = key.decode() if isinstance(key, bytes) else str(key)
        return size + hashed(text, num_oov_buckets) if num_oov_buckets else default_value

    kind = "string" if isinstance(words[0], (str, bytes)) else "int64"
    return Table(((w, k) for k, w in enumerate(words)), kind, "int64", other)


def _lines(vocabulary_file: Any, vocab_size: int | None) -> list[str]:
    path = _words(vocabulary_file)[0]
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    if vocab_size is not None and vocab_size > len(lines):
        raise fail(
            ArgumentError,
            f"the vocabulary {path}",
            expected=f"vocab_size={vocab_size} lines at least",
            received=f"{len(lines)} lines",
        )
    return lines[:vocab_size]


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = "string",
    name: Any = None,
) -> Table:
    """Words to their lines in a file, the first ``vocab_size`` of them."""
    only("index_table_from_file", "key_dtype", as_dtype(key_dtype).name, "string")
    words = _lines(vocabulary_file, vocab_size)
    return index_table_from_tensor(words, num_oov_buckets, default_value, hasher_spec)


def index_to_string_table_from_tensor(
    mapping: Any = None, default_value: Any = "UNK", name: Any = None, *, vocabulary_list: Any = None
) -> Table:
    """Places to the words of a list."""
    words: Sequence[Any] = _words(vocabulary_list if mapping is None else mapping)
    return Table(((k, _plain(w)) for k, w in enumerate(words)), "int64", "string", _plain(default_value))


def index_to_string_table_from_file(
    vocabulary_file: Any, vocab_size: int | None = None, default_value: Any = "UNK", name: Any = None
) -> Table:
    """Lines to their words in a file, the first ``vocab_size`` of them."""
    return index_to_string_table_from_tensor(_lines(vocabulary_file, vocab_size), default_value)


lookup = Namespace(
    "tf.contrib.lookup",
    HashTable=HashTable,
    LookupInterface=Table,
    KeyValueTensorInitializer=KeyValueTensorInitializer,
    MutableHashTable=mutable_tables.MutableHashTable,
    MutableDenseHashTable=mutable_tables.MutableDenseHashTable,
    index_table_from_tensor=index_table_from_tensor,
    index_table_from_file=index_table_from_file,
    index_to_string_table_from_tensor=index_to_string_table_from_tensor,
    index_to_string_table_from_file=index_to_string_table_from_file,
)
