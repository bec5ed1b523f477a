"""``tf.contrib.lookup.MutableHashTable``: tables that a session changes; each session has its own content."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Effect, HostTensor, Node, Operation, Tensor, default_graph, wrap
from thalweg.compat.tf1.types import as_dtype
from thalweg.errors import fail


def _plain(key: Any) -> Any:
    key = key.item() if isinstance(key, np.generic) else key
    return key.encode() if isinstance(key, str) else key


def _fed(fed: Any) -> dict[Any, Any]:
    return {k: v for k, v in fed.items() if isinstance(k, Node)}


class MutableHashTable:
    """Values by key, ``default_value`` for others; a value has the shape of the default."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
        *,
        shared_name: str | None = None,
    ) -> None:
        self.key_dtype, self.value_dtype = as_dtype(key_dtype), as_dtype(value_dtype)
        default = g.static_value(default_value)
        self.default = np.array(
            default, object if self.value_dtype.name == "string" else self.value_dtype.dtype
        )
        self.name = default_graph().unique_name(shared_name or name)
        self._held: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
        if checkpoint:
            default_graph().add_to_collection(g.GraphKeys.SAVEABLE_OBJECTS, self)

    @property
    def init(self) -> Operation:
        """Nothing to do: a table is empty from the start."""
        return Operation(None, "NoOp", Effect())

    initializer = init

    def held(self, session: Any) -> dict[Any, Any]:
        """What the table has in a session."""
        return self._held.setdefault(getattr(session, "session", session), {})

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """The operation that sets values."""
        given = [g.convert_to_tensor(keys, self.key_dtype), g.convert_to_tensor(values, self.value_dtype)]
        self._check(given[0], given[1])
        return _Change(self, given, name or f"{self.name}_insert")

    def _check(self, keys: Tensor, values: Tensor) -> None:
        wanted, received = keys.get_shape(), values.get_shape()
        if wanted.dims is None or received.dims is None:
            return
        if not received.is_compatible_with([*wanted.as_list(), *self.default.shape]):
            raise fail(
                InvalidArgumentError, f"{self.name}.insert: values",
                expected=f"of shape {(*wanted.as_list(), *self.default.shape)}", received=tuple(received.as_list()),
            )  # fmt: skip

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """The operation that takes keys away."""
        return _Change(self, [g.convert_to_tensor(keys, self.key_dtype)], name or f"{self.name}_remove")

    def put(self, session: Any, keys: Any, values: Any = None) -> None:
        """Set values in a session, or without values take keys away."""
        held, places = self.held(session), [_plain(k) for k in np.ravel(np.asarray(keys, object))]
        if values is None:
            for key in places:
                held.pop(key, None)
            return
        rows = np.asarray(values, self.default.dtype).reshape(len(places), *self.default.shape)
        held.update(zip(places, rows, strict=True))

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys."""
        node = g.convert_to_tensor(keys, self.key_dtype)
        known = node.get_shape()
        shape = None if known.dims is None else [*known.as_list(), *self.default.shape]
        return self._read(lambda found: [self._found(found[0], found[1])], [node], [shape], name, "Find")[0]

    def _found(self, held: dict[Any, Any], keys: Any) -> Any:
        rows = [held.get(_plain(k), self.default) for k in np.ravel(np.asarray(keys, object))]
        made = np.array(rows, self.default.dtype).reshape(*np.shape(keys), *self.default.shape)
        return made if made.ndim else made[()]

    def size(self, name: str | None = None) -> Tensor:
        """The number of keys."""
        return self._read(lambda found: [np.int64(len(found[0]))], [], [[]], name, "Size", ["int64"])[0]

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and all values."""
        kinds = [self.key_dtype, self.value_dtype]
        shapes: list[Any] = [[None], [None, *self.default.shape]]
        keys, values = self._read(lambda found: self._all(found[0]), [], shapes, name, "Export", kinds)
        return keys, values

    def _all(self, held: dict[Any, Any]) -> list[np.ndarray]:
        kind = object if self.key_dtype.name == "string" else self.key_dtype.dtype
        keys, values = (
            np.empty(len(held), kind),
            np.empty((len(held), *self.default.shape), self.default.dtype),
        )
        for k, (key, value) in enumerate(held.items()):
            keys[k], values[k] = key, value
        return [keys, values]

    def _read(
        self,
        give: Any,
        inputs: Sequence[Tensor],
        shapes: Sequence[Any],
        name: Any,
        kind: str,
        dtypes: Any = None,
    ) -> list[Any]:
        operation = Operation(name or f"{self.name}_{kind}", kind, inputs=inputs)
        specs = list(zip(dtypes or [self.value_dtype], shapes, strict=True))
        made = g.source_nodes(_Content(self, give, inputs), specs, operation)
        if not default_graph().controls():
            return made
        return [t if isinstance(t, HostTensor) else wrap(t.t, name, kind) for t in made]

    # --- files --------------------------------------------------------------------------------------------------------

    def arrays(self, session: Any) -> dict[str, np.ndarray]:
        """The content in a session, for a checkpoint."""
        keys, values = self._all(self.held(session))
        return {f"{self.name}-keys": _spelled(keys), f"{self.name}-values": _spelled(values)}

    def load(self, session: Any, arrays: Any) -> None:
        """The content that a checkpoint has."""
        self.held(session).clear()
        self.put(session, *(_unspelled(arrays[f"{self.name}-{part}"]) for part in ("keys", "values")))


class MutableDenseHashTable(MutableHashTable):
    """The same with a key that stands for none, and one that stands for a key that was taken away."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any = None,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
        *,
        shared_name: str | None = None,
    ) -> None:
        super().__init__(key_dtype, value_dtype, default_value, name, checkpoint, shared_name=shared_name)
        given = (g.static_value(k) for k in (empty_key, deleted_key) if k is not None)
        self._none = {_plain(np.asarray(k, object).item()) for k in given if np.size(k) == 1}

    def put(self, session: Any, keys: Any, values: Any = None) -> None:
        wrong = self._none.intersection(_plain(k) for k in np.ravel(np.asarray(keys, object)))
        if wrong:
            raise fail(
                InvalidArgumentError,
                f"{self.name}: a key that stands for no key",
                received=sorted(wrong, key=str)[0],
            )
        super().put(session, keys, values)


class _Change(Operation):
    """Keys, and values for them, that a session puts into a table; keys alone are taken away."""

    def __init__(self, table: MutableHashTable, given: list[Tensor], name: str) -> None:
        super().__init__(name, "LookupTableInsert", Effect(), given)
        self.table, self.given = table, given

    def act(self, session: Any, fed: Any) -> None:
        """Do it."""
        self.table.put(session, *session.run(self.given, _fed(fed)))


class _Content:
    """What a session reads of a table."""

    def __init__(self, table: MutableHashTable, give: Any, inputs: Sequence[Tensor]) -> None:
        self.table, self.give, self.inputs = table, give, list(inputs)

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The parts."""
        return list(self.give([self.table.held(session), *session.run(self.inputs, _fed(fed))]))


def _spelled(array: np.ndarray) -> np.ndarray:
    """An array that a file may hold: texts as the bytes of a list in JSON."""
    if array.dtype != object:
        return array
    words = [list(array.shape), [base64.b64encode(x).decode() for x in map(_plain, array.ravel())]]
    return np.frombuffer(b"texts" + json.dumps(words).encode(), np.uint8)


def _unspelled(array: np.ndarray) -> np.ndarray:
    held = array.tobytes()
    if array.dtype != np.uint8 or not held.startswith(b"texts"):
        return array
    shape, words = json.loads(held[5:])
    made = np.empty(len(words), object)
    made[:] = [base64.b64decode(word) for word in words]
    return made.reshape(shape)


__all__ = ["MutableDenseHashTable", "MutableHashTable"]
