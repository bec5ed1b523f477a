"""Text and messages taken apart: ``tf.decode_csv``, ``tf.parse_example`` and what describes their columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import events
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Tensor, as_array
from thalweg.compat.tf1.sparse import SparseTensor
from thalweg.compat.tf1.strings import all_from_host
from thalweg.compat.tf1.types import as_dtype


def decode_csv(
    records: Any,
    record_defaults: Sequence[Any],
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
) -> list[Tensor]:
    """The fields of lines of text, each in the dtype of its default; an empty field is the default.

    A default that is empty (``tf.constant([], tf.float32)``) or a dtype makes its field required.
    """
    defaults = [_default(d) for d in record_defaults]
    node = g.convert_to_tensor(records)
    known = node.get_shape()
    shape = known.as_list() if known.dims is not None else None

    def decode(lines: Any) -> list[np.ndarray]:
        flat = [_text(line) for line in np.ravel(lines)]
        quoting: Any = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
        rows = list(csv.reader(flat, delimiter=field_delim, quoting=quoting))
        if select_cols is not None:
            rows = [[row[k] for k in select_cols] for row in rows]
        for k, row in enumerate(rows):
            if len(row) != len(defaults):
                raise InvalidArgumentError(f"Expect {len(defaults)} fields but have {len(row)} in record {k}")
        columns: Any = zip(*rows, strict=True) if rows else [()] * len(defaults)
        return [
            _column(fields, default, na_value).reshape(np.shape(lines))[()]
            for fields, default in zip(columns, defaults, strict=True)
        ]

    return all_from_host([node], decode, [(dtype, shape) for dtype, _ in defaults], name, "DecodeCSV")


def _default(given: Any) -> tuple[Any, Any]:
    """(dtype, value) of a column; None where it must be there."""
    if isinstance(given, g.Node):
        static = np.asarray(given.static)
        return given.dtype, static.reshape(-1)[0] if static.size else None
    if not isinstance(given, (list, tuple, np.ndarray, int, float, str)):
        return as_dtype(given), None
    array = as_array(given)
    return as_dtype(array.dtype), array.reshape(-1)[0] if array.size else None


def _column(fields: Sequence[str], default: tuple[Any, Any], missing: str) -> np.ndarray:
    dtype, first = default
    made: list[Any] = []
    for text in fields:
        if text in ("", missing):
            if first is None:
                raise InvalidArgumentError("decode_csv: a required field is missing")
            made.append(_text(first).encode() if dtype.name == "string" else first)
        elif dtype.name == "string":
            made.append(text.encode())
        else:
            made.append(int(text) if dtype.is_integer else float(text))
    return np.array(made, dtype.dtype)


def _text(line: Any) -> str:
    return line.decode() if isinstance(line, bytes) else str(line)


# --- examples -------------------------------------------------------------------------------------------------------


class FixedLenFeature(NamedTuple):
    """A feature of one shape in all examples."""

    shape: Any
    dtype: Any
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature of any length."""

    dtype: Any


class FixedLenSequenceFeature(NamedTuple):
    """A feature of any number of rows of one shape."""

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


def parse_single_example(
    serialized: Any, features: Mapping[str, Any], name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of one serialised example."""
    return _parsed(serialized, features, name, ())


def parse_example(
    serialized: Any, features: Mapping[str, Any], name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of a batch of serialised examples."""
    node = g.convert_to_tensor(serialized)
    return _parsed(node, features, name, tuple(node.get_shape().as_list()))


def _parsed(
    serialized: Any, features: Mapping[str, Any], name: str | None, outer: tuple[int | None, ...]
) -> dict[str, Any]:
    features = events.in_order(features)
    specs = [spec for feature in features.values() for spec in _specs(feature, outer)]

    def parse(messages: Any) -> list[Any]:
        examples = [events.read_example(m) for m in np.ravel(np.asarray(messages, object))]
        return [
            part
            for key, feature in features.items()
            for part in _of_rows([_values(e, key, feature) for e in examples], feature, bool(outer))
        ]

    nodes = iter(all_from_host([g.convert_to_tensor(serialized)], parse, specs, name, "ParseExample"))
    return _gathered(features, nodes)


def parse_single_sequence_example(
    serialized: Any,
    context_features: Mapping[str, Any] | None = None,
    sequence_features: Mapping[str, Any] | None = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the features of the whole, those of its steps) of one serialised example with steps."""
    whole, steps = events.in_order(context_features), events.in_order(sequence_features)
    optional = {key for key, feature in steps.items() if getattr(feature, "allow_missing", True)}
    steps = {key: _of_step(feature) for key, feature in steps.items()}
    specs = [spec for feature in whole.values() for spec in _specs(feature, ())]
    specs += [spec for feature in steps.values() for spec in _specs(feature, (None,))]

    def parse(message: Any) -> list[Any]:
        context, lists = events.read_sequence_example(np.asarray(message, object).item())
        missing = next((key for key in steps if key not in lists and key not in optional), None)
        if missing is not None:
            raise InvalidArgumentError(f"Feature list '{missing}' is required but could not be found.")
        made = [_of_rows([_values(context, key, one)], one, False) for key, one in whole.items()]
        for key, one in steps.items():
            made.append(_of_rows([_values({key: row}, key, one) for row in lists.get(key, [])], one, True))
        return [part for parts in made for part in parts]

    node = g.convert_to_tensor(serialized)
    nodes = iter(all_from_host([node], parse, specs, name, "ParseSingleSequenceExample"))
    return _gathered(whole, nodes), _gathered(steps, nodes)


def _gathered(features: Mapping[str, Any], nodes: Iterator[Tensor]) -> dict[str, Any]:
    """The next nodes as the features that they are."""
    return {
        key: SparseTensor(next(nodes), next(nodes), next(nodes))
        if isinstance(feature, VarLenFeature)
        else next(nodes)
        for key, feature in features.items()
    }


def _specs(feature: Any, outer: tuple[int | None, ...]) -> list[tuple[Any, Any]]:
    """(dtype, shape) of the nodes of a feature."""
    if isinstance(feature, VarLenFeature):
        rank = 1 + len(outer)
        return [("int64", [None, rank]), (feature.dtype, [None]), ("int64", [rank])]
    rows = [None] if isinstance(feature, FixedLenSequenceFeature) else []
    return [(feature.dtype, [*outer, *rows, *_lengths(feature.shape)])]


def _of_rows(rows: Sequence[np.ndarray], feature: Any, batched: bool) -> list[np.ndarray]:
    """The arrays of a feature, of its values in each example or step."""
    dtype = as_dtype(feature.dtype).dtype
    if isinstance(feature, VarLenFeature):
        return _sparse(rows, batched, dtype)
    if not batched:
        return [rows[0]]
    if isinstance(feature, FixedLenSequenceFeature):
        rows = _padded(rows, feature.default_value, dtype)
    return [np.stack(rows) if rows else np.zeros([0, *_lengths(feature.shape)], dtype)]


def _padded(rows: Sequence[np.ndarray], filler: Any, dtype: np.dtype) -> list[np.ndarray]:
    """Rows as long as the longest."""
    longest = max(map(len, rows), default=0)
    empty = (b"" if dtype.kind == "O" else 0) if filler is None else filler
    missing = [np.full((longest - len(row), *row.shape[1:]), empty, dtype) for row in rows]
    return [np.concatenate(pair) for pair in zip(rows, missing, strict=True)]


def _of_step(feature: Any) -> Any:
    """What a feature of steps is in one of them."""
    return feature if isinstance(feature, VarLenFeature) else FixedLenFeature(feature.shape, feature.dtype)


def _lengths(shape: Any) -> list[Any]:
    return [shape] if isinstance(shape, int) else g.TensorShape(shape).as_list()


def _values(example: Any, key: str, feature: Any) -> np.ndarray:
    dtype = as_dtype(feature.dtype).dtype
    if key in example and (len(example[key][1]) or not isinstance(feature, FixedLenFeature)):
        flat = np.array(example[key][1], dtype)
    elif isinstance(feature, FixedLenFeature):
        if feature.default_value is None:
            raise InvalidArgumentError(
                f"Feature: {key} (data type: {as_dtype(feature.dtype).name}) is required but could not be found."
            )
        flat = np.broadcast_to(np.array(feature.default_value, dtype), _lengths(feature.shape))
    else:
        flat = np.zeros(0, dtype)
    if isinstance(feature, VarLenFeature):
        return flat
    rows = [-1] if isinstance(feature, FixedLenSequenceFeature) else []
    return flat.reshape([*rows, *_lengths(feature.shape)])


def _sparse(rows: Sequence[np.ndarray], batched: bool, dtype: np.dtype) -> list[np.ndarray]:
    """Indices, values and shape of rows of different lengths."""
    longest = max((len(row) for row in rows), default=0)
    values = np.concatenate([np.zeros(0, dtype), *rows]).astype(dtype)
    if not batched:
        return [np.arange(longest, dtype=np.int64)[:, None], values, np.array([longest], np.int64)]
    places = [(i, k) for i, row in enumerate(rows) for k in range(len(row))]
    indices = np.array(places, np.int64).reshape(-1, 2)
    return [indices, values, np.array([len(rows), longest], np.int64)]
