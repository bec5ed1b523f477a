"""``tf.io``: files, records and examples, read at once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import events
from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import gfile as files
from thalweg.compat.tf1 import records
from thalweg.compat.tf1.errors import NotFoundError, OpError
from thalweg.compat.tf1.node_defs import parsed_array
from thalweg.compat.tf1.parsing import FixedLenFeature, FixedLenSequenceFeature, VarLenFeature
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.compat.tf2 import image
from thalweg.compat.tf2.arrays import stack
from thalweg.compat.tf2.ragged import stack as stack_rows
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import tensor
from thalweg.compat.tf2.values import tensor as as_tensor
from thalweg.errors import fail
from thalweg.files import atomic_write_bytes
from thalweg.graph.tensor import Tensor, constant

gfile = Namespace(
    "tf.io.gfile",
    GFile=files.GFile,
    exists=files.Exists,
    isdir=files.IsDirectory,
    makedirs=files.MakeDirs,
    mkdir=files.MkDir,
    listdir=files.ListDirectory,
    glob=files.Glob,
    remove=files.Remove,
    rmtree=files.DeleteRecursively,
    copy=files.Copy,
    rename=files.Rename,
    stat=files.Stat,
    walk=files.Walk,
    join=lambda path, *paths: str(Path(path).joinpath(*paths)),
)
TFRecordWriter, TFRecordOptions = records.TFRecordWriter, records.TFRecordOptions
decode_image, decode_jpeg, decode_png = image.decode_image, image.decode_jpeg, image.decode_png
decode_bmp, encode_png, encode_jpeg = image.decode_bmp, image.encode_png, image.encode_jpeg


def path_of(name: Any) -> str:
    """A file's name from a text or a tensor of one."""
    return name if isinstance(name, str) else str(np.asarray(texts(name)).item().decode())


def read_file(filename: Any, name: Any = None) -> TextTensor:
    """The bytes of a file."""
    path = Path(path_of(filename))
    if not path.exists():
        raise NotFoundError(f"{path}; No such file or directory")
    return texts(path.read_bytes())


def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Write a graph, for ``tf.compat.v1.GraphDef``; the file's path."""
    from thalweg.compat.tf1.graph_defs import write_graph as written  # few programs need its room

    return written(graph_or_graph_def, logdir, name, as_text)


def write_file(filename: Any, contents: Any, name: Any = None) -> None:
    """Write bytes to a file."""
    atomic_write_bytes(path_of(filename), np.asarray(texts(contents)).item())


def decode_raw(
    input_bytes: Any,
    out_type: Any,
    little_endian: bool = True,
    fixed_length: int | None = None,
    name: Any = None,
) -> Tensor:
    """The numbers in bytes, along an axis behind those of the texts. ``fixed_length``: so many bytes of each, cut or
    filled with zeros.
    """
    given = np.asarray(texts(input_bytes))
    kind = np.dtype(numpy_dtype(out_type))
    order, n = kind.newbyteorder("<" if little_endian else ">"), fixed_length
    parts = [s if n is None else s[:n].ljust(n, b"\0") for s in given.reshape(-1)]
    rows = [np.frombuffer(s, order).astype(kind) for s in parts]
    return constant(np.stack(rows).reshape(*given.shape, -1))


def encode_base64(input: Any, pad: bool = False, name: Any = None) -> TextTensor:
    """Bytes as texts of 64 letters that may stand in addresses; ``pad``: filled up with ``=``."""
    return _each(lambda s: base64.urlsafe_b64encode(s).rstrip(b"" if pad else b"="), input)


def decode_base64(input: Any, name: Any = None) -> TextTensor:
    """What :func:`encode_base64` made a text of."""
    return _each(lambda s: base64.urlsafe_b64decode(s + b"=" * (-len(s) % 4)), input)


def _each(change: Callable[[bytes], bytes], value: Any) -> TextTensor:
    given = np.asarray(texts(value))
    made = np.empty(given.shape, dtype=object)
    made[...] = np.frompyfunc(change, 1, 1)(given)
    return TextTensor(made)


def decode_csv(
    records: Any, record_defaults: Any, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "",
    select_cols: Any = None, name: Any = None,
) -> list[Any]:  # fmt: skip
    """The columns of lines, of the types of the defaults, which stand where a field is empty."""
    import csv

    given = np.asarray(texts(records))
    lines = [s.decode() for s in given.reshape(-1)]
    quotes: Any = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = list(csv.reader(lines, delimiter=field_delim, quoting=quotes))
    if select_cols is None and any(len(row) != len(record_defaults) for row in rows):
        raise fail(
            OpError, "tf.io.decode_csv: fields of a record",
            expected=f"{len(record_defaults)}, as there are defaults", received=[len(row) for row in rows],
        )  # fmt: skip
    places = range(len(record_defaults)) if select_cols is None else select_cols
    made: list[Any] = []
    for place, default in zip(places, record_defaults):
        first: Any = default if isinstance(default, TextTensor) else tensor(default)
        known = np.asarray(first).reshape(-1)
        absent = [row[place] in ("", na_value) for row in rows]
        if any(absent) and not len(known):
            raise fail(OpError, f"tf.io.decode_csv: field {place} is required and missing in a record")
        values = [known[0] if missing else row[place] for row, missing in zip(rows, absent)]
        if is_text(first):
            made.append(texts(values[0] if given.ndim == 0 else values))
        else:
            column = np.array(values).astype(first.array().dtype)
            made.append(constant(column[0] if given.ndim == 0 else column))
    return made


def serialize_tensor(tensor: Any, name: Any = None) -> TextTensor:
    """A tensor as the bytes of TensorFlow's message (TensorProto), for :func:`parse_tensor` here and there."""
    return texts(events.tensor(np.asarray(as_tensor(tensor))))


def parse_tensor(serialized: Any, out_type: Any, name: Any = None) -> Any:
    """The tensor in such bytes; InvalidArgumentError where they are none, or hold another dtype."""
    array = parsed_array(np.asarray(texts(serialized)).item(), out_type)
    return texts(array) if array.dtype == object else tensor(array)


def serialize_sparse(sp_input: SparseTensor, out_type: Any = "string", name: Any = None) -> TextTensor:
    """A sparse tensor as three texts: its places, values and lengths."""
    only("tf.io.serialize_sparse", "out_type", as_dtype(out_type).name, "string")
    parts = (sp_input.indices, sp_input.values, sp_input.dense_shape)
    return texts(np.array([np.asarray(serialize_tensor(part)).item() for part in parts], object))


def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: Any = None, name: Any = None
) -> SparseTensor:
    """The sparse tensors of rows of such texts, along a new first axis: [rows, the longest lengths...]."""
    rows = np.asarray(texts(serialized_sparse)).reshape(-1, 3)
    kinds = ("int64", dtype, "int64")
    found = [[np.asarray(parse_tensor(s, kind)) for s, kind in zip(row, kinds)] for row in rows]
    places = [np.insert(indices, 0, k, axis=1) for k, (indices, _, _) in enumerate(found)]
    lengths = np.max([shape for _, _, shape in found], axis=0)
    return SparseTensor(
        np.concatenate(places), np.concatenate([values for _, values, _ in found]), [len(rows), *lengths]
    )


# --- examples -------------------------------------------------------------------------------------------------------


def parse_single_example(
    serialized: Any, features: Any, name: Any = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of one serialised example."""
    return {n: _as_parsed(v, features[n]) for n, v in _parsed(serialized, features).items()}


def parse_single_sequence_example(
    serialized: Any, context_features: Any = None, sequence_features: Any = None, example_name: Any = None,
    name: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """The features of the whole and those of each step of one serialised sequence example.

    What has a known shape at each step is stacked, [steps, *shape]; what has any length is a sparse tensor of rows.
    """
    context, lists = events.read_sequence_example(np.asarray(texts(serialized)).item())
    whole = {
        n: _as_parsed(_feature(n, kind, context), kind)
        for n, kind in events.in_order(context_features).items()
    }
    steps = {}
    for n, kind in events.in_order(sequence_features).items():
        rows = [_feature(n, kind, {n: held}) for held in lists.get(n, ())]
        if isinstance(kind, VarLenFeature):
            steps[n] = stack_rows(rows).to_sparse()
        else:
            steps[n] = stack([row.reshape(tuple(kind.shape)) for row in rows])
    return whole, steps


def _parsed(serialized: Any, features: Any) -> dict[str, Any]:
    found = events.read_example(np.asarray(texts(serialized)).item())
    return {name: _feature(name, kind, found) for name, kind in events.in_order(features).items()}


def _feature(name: str, kind: Any, found: Any) -> Any:
    return _as_tensor(_values(name, kind, found))


def _as_tensor(values: np.ndarray) -> Any:
    return texts(values) if values.dtype == object else tensor(values)


def _as_parsed(value: Any, kind: Any) -> Any:
    if not isinstance(kind, VarLenFeature):
        return value
    return SparseTensor(np.arange(len(value))[:, None], value, [len(value)])


def _values(name: str, kind: Any, found: Any) -> np.ndarray:
    """What an example has of a feature, in the feature's dtype and shape; texts as objects."""
    held = found[name][1] if name in found else None
    if held is None and isinstance(kind, FixedLenFeature):
        if kind.default_value is None:
            raise ValueError(
                f"tf.io.parse_example: the example has no feature {name!r}; it has {', '.join(found)}"
            )
        held = np.asarray(kind.default_value).reshape(-1)
    shape = (-1,) if isinstance(kind, VarLenFeature) else tuple(kind.shape)
    shape = (-1, *shape) if isinstance(kind, FixedLenSequenceFeature) else shape
    if numpy_dtype(kind.dtype).kind == "O":
        made = np.empty(len(held or ()), dtype=object)
        made[:] = list(held or ())
        return made.reshape(shape)
    return np.asarray(held if held is not None else [], numpy_dtype(kind.dtype)).reshape(shape)


def parse_example(
    serialized: Any, features: Any, name: Any = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of several serialised examples, stacked."""
    examples = [events.read_example(s) for s in np.asarray(texts(serialized)).reshape(-1)]

    def together(name: str, kind: Any) -> Any:
        rows = [_values(name, kind, example) for example in examples]
        if isinstance(kind, FixedLenFeature) and rows:
            return _as_tensor(np.stack(rows))
        parts = [_as_tensor(row) for row in rows]
        if isinstance(kind, VarLenFeature):
            return stack_rows(parts).to_sparse()
        return stack_rows(parts).to_tensor(kind.default_value) if _is_open(kind) else stack(parts)

    return {name: together(name, kind) for name, kind in events.in_order(features).items()}


def _is_open(kind: Any) -> bool:
    return isinstance(kind, FixedLenSequenceFeature)
