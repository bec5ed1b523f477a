"""CSV files as data sets: ``tf.data.experimental.make_csv_dataset`` and ``CsvDataset``."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.records import compression_of
from thalweg.compat.tf1.types import DType, as_dtype
from thalweg.compat.tf2.data.dataset import Dataset
from thalweg.compat.tf2.io import path_of
from thalweg.compat.tf2.text import is_text, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import fail
from thalweg.files import unpacked

Row = Sequence[str]
_KINDS = ("int32", "int64", "float32", "float64")


def _rows(files: Sequence[str], delimiter: str, quotes: bool, packing: Any) -> Iterator[Row]:
    kind = compression_of(packing)
    for name in files:
        text = unpacked(Path(name).read_bytes(), kind).decode() if kind else None
        with io.StringIO(text, newline="") if kind else open(name, newline="", encoding="utf-8") as file:
            yield from csv.reader(
                file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
            )


def _fits(fields: Sequence[str], kind: str) -> bool:
    """Whether all fields can be read as numbers of a kind."""
    try:
        if kind.startswith("float"):
            list(map(float, fields))
            return True
        bounds = np.iinfo(kind)
        return all(bounds.min <= int(f) <= bounds.max for f in fields)
    except ValueError:
        return False


def _column(fields: Sequence[str], default: Any, kind: DType, missing: str) -> Any:
    """Fields as a tensor; the default stands for empty ones and for those that say that nothing is known."""
    plain = [default if f in ("", missing) else f for f in fields]
    if kind.name == "string":
        return texts(plain)
    convert = float if kind.is_floating else int
    return tensor(np.array([convert(f) for f in plain], kind.dtype))


def _defaults(given: Any, columns: Sequence[Sequence[str]], missing: str) -> list[tuple[Any, DType]]:
    """For each column what stands for an empty field, and the kind of the column: read from its fields, or given."""
    if given is not None:
        return [_default(d) for d in given]
    found = []
    for fields in columns:
        known = [f for f in fields if f not in ("", missing)]
        kind = next((k for k in _KINDS if _fits(known, k)), "string")
        found.append(("" if kind == "string" else 0, as_dtype(kind)))
    return found


def _default(given: Any) -> tuple[Any, DType]:
    if isinstance(given, (DType, type)):  # a type alone: the field must be there
        kind = as_dtype(given)
        return ("" if kind.name == "string" else 0), kind
    if is_text(given):
        return np.asarray(texts(given)).reshape(-1)[0].decode(), as_dtype("string")
    made = tensor(given)
    return np.asarray(made).reshape(-1)[0].item(), as_dtype(made.dtype)


def _names(files: Any) -> list[Any]:
    """The names of one file or several."""
    return [files] if is_text(files) and np.ndim(files) == 0 else list(files)


def make_csv_dataset(
    file_pattern: Any, batch_size: int, column_names: Any = None, column_defaults: Any = None, label_name: Any = None,
    select_columns: Any = None, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "",
    header: bool = True, num_epochs: int | None = None, shuffle: bool = True, shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None, ignore_errors: bool = False, prefetch_buffer_size: Any = None,
    num_parallel_reads: Any = None, sloppy: bool = False, num_rows_for_inference: int | None = 100,
    compression_type: Any = None, encoding: str = "utf-8",
) -> Dataset:  # fmt: skip
    """Batches of rows: a dict of columns by name, and the labels where ``label_name`` names their column."""
    only("make_csv_dataset", "encoding", encoding, "utf-8")
    files = sorted(n for p in _names(file_pattern) for n in (glob.glob(path_of(p)) or [path_of(p)]))
    tables = [list(_rows([name], field_delim, use_quote_delim, compression_type)) for name in files]
    names = list(column_names or tables[0][0])
    rows = [row for table in tables for row in table[bool(header) :] if row]
    wrong = next((row for row in rows if len(row) != len(names)), None)
    if wrong is not None and not ignore_errors:
        raise fail(
            InvalidArgumentError, "make_csv_dataset: fields of a record", expected=len(names), received=wrong,
            hint="ignore_errors=True leaves such records out",
        )  # fmt: skip
    rows = [row for row in rows if len(row) == len(names)]
    wanted = range(len(names)) if select_columns is None else select_columns
    chosen = sorted(
        names.index(c) if isinstance(c, str) else int(c) for c in wanted
    )  # in the order of the file
    kept = [[row[k] for row in rows] for k in chosen]
    if column_defaults is not None and len(column_defaults) != len(chosen):
        column_defaults = [column_defaults[k] for k in chosen]
    kinds = _defaults(column_defaults, kept, na_value)
    table = {names[k]: _column(f, *d, na_value) for k, f, d in zip(chosen, kept, kinds, strict=True)}
    elements: Any = (table, table.pop(label_name)) if label_name is not None else table
    made = Dataset.from_tensor_slices(elements)
    if shuffle:
        made = made.shuffle(min(shuffle_buffer_size, max(len(rows), 1)), shuffle_seed)
    return made.repeat(num_epochs).batch(batch_size, drop_remainder=num_epochs is None)


class CsvDataset(Dataset):
    """The rows of CSV files: a tuple of the columns, of the kinds of the defaults."""

    def __init__(
        self, filenames: Any, record_defaults: Any, compression_type: Any = None, buffer_size: Any = None,
        header: bool = False, field_delim: str = ",", use_quote_delim: bool = True, na_value: str = "",
        select_cols: Any = None,
    ) -> None:  # fmt: skip
        files = _names(filenames)
        kinds = [_default(d) for d in record_defaults]

        def rows() -> Iterator[Any]:
            for name in files:
                lines = _rows([path_of(name)], field_delim, use_quote_delim, compression_type)
                for k, row in enumerate(lines):
                    if row and not (header and k == 0):
                        fields = row if select_cols is None else [row[int(number(c))] for c in select_cols]
                        yield tuple(_column([f], *d, na_value)[0] for f, d in zip(fields, kinds, strict=True))

        super().__init__(Dataset.from_generator(rows).pipeline)
