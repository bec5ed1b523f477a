"""Tables in CSV files: columns by name, numbers checked cell by cell."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.data.targets import check_mode, encode_labels
from thalweg.errors import ArgumentError, DataError, fail

__all__ = ["Table", "load_csv"]


@dataclass(frozen=True)
class Table:
    """What :func:`load_csv` read: ``x`` and ``y`` as arrays, the names of their columns, and the classes of ``y``.

    ``x`` is an array [rows, columns], or a dict of one array a column where their dtypes differ. ``y`` is None without
    a target; ``classes`` are the texts that its numbers stand for, None where the target is a number itself.
    """

    x: Any
    y: Any
    columns: tuple[str, ...]
    target: tuple[str, ...]
    classes: tuple[Any, ...] | None = None


def load_csv(
    path: str | os.PathLike[str],
    target: str | int | Sequence[str | int] | None = None,
    columns: Sequence[str | int] | None = None,
    dtype: Any = "float32",
    header: bool = True,
    delimiter: str = ",",
    missing: float | None = None,
    label_mode: str | None = None,
    encoding: str = "utf-8",
) -> Table:
    """Read a CSV file: ``columns`` (all but the target, unless given) as ``x``, the column(s) ``target`` as ``y``.

    Columns are named by the header, or ``column_0``, ... without one; a number means the place. ``dtype`` is one for
    all columns or a dict by name; "str" keeps texts. Empty cells and NaN are errors unless ``missing`` gives the number
    that stands for them. ``label_mode`` makes classes of a target: "int", "categorical" or "binary" (see
    :func:`~thalweg.data.encode_labels`); without it numbers stay numbers, and texts become "int". Several targets are
    columns of one array: multi-label, or several figures. A DataError names the column and the row at fault.

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "irises.csv")
    >>> _ = file.write_text("length,width,kind\\n5.25,3.5,setosa\\n6.25,2.5,versicolor\\n")
    >>> irises = load_csv(file, target="kind")
    >>> irises.x.tolist(), irises.y.tolist(), irises.classes
    ([[5.25, 3.5], [6.25, 2.5]], [0, 1], ('setosa', 'versicolor'))
    """
    name = os.fspath(path)
    names, rows = _read(name, header, delimiter, encoding)
    wanted_y = _found(name, names, _as_list(target), "target")
    wanted_x = (
        [n for n in names if n not in wanted_y]
        if columns is None
        else _found(name, names, _as_list(columns), "columns")
    )
    if not wanted_x:
        raise fail(DataError, f"{name!r} has no column left for x", received=", ".join(names))
    kinds = _dtypes(name, dtype, names)
    read = _Columns(name, names, rows, missing)
    x = {n: read.column(n, kinds[n]) for n in wanted_x}
    same = len({kinds[n] for n in wanted_x}) == 1 and kinds[wanted_x[0]] is not str
    y, classes = _targets(read, wanted_y, kinds, dtype, label_mode)
    return Table(
        np.stack([x[n] for n in wanted_x], axis=1) if same else x,
        y,
        tuple(wanted_x),
        tuple(wanted_y),
        classes,
    )


def _read(name: str, header: bool, delimiter: str, encoding: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the rows."""
    try:
        with open(name, newline="", encoding=encoding) as file:
            lines = [row for row in csv.reader(file, delimiter=delimiter, strict=True) if row]
    except OSError as error:
        raise DataError(f"cannot read the data file {name!r}: {error.strerror or error}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"corrupt data file {name!r}: {error}") from None
    if len(lines) < 1 + header:
        raise DataError(f"the data file {name!r} has no rows")
    names = [cell.strip() for cell in lines[0]] if header else [f"column_{k}" for k in range(len(lines[0]))]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise DataError(f"the data file {name!r} has the column {twice[0]!r} more than once")
    rows = lines[header:]
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise DataError(
                f"corrupt data file {name!r}: row {number} has {len(row)} cells, expected {len(names)}"
            )
    return names, rows


class _Columns:
    """The cells of a file, column by column."""

    def __init__(self, file: str, names: list[str], rows: list[list[str]], missing: float | None) -> None:
        self.file, self.names, self.rows, self.missing = file, names, rows, missing

    def texts(self, name: str) -> list[str]:
        place = self.names.index(name)
        return [row[place].strip() for row in self.rows]

    def column(self, name: str, dtype: Any) -> np.ndarray:
        texts = self.texts(name)
        if dtype is str:
            return np.array(texts)
        gaps = [k for k, text in enumerate(texts) if text.lower() in ("", "nan", "na", "null", "?")]
        if gaps and self.missing is None:
            raise fail(DataError, f"{self.file!r}: column {name!r}, row {gaps[0]}: no value",
                       received=repr(texts[gaps[0]]), hint="missing=... gives the number to use instead")  # fmt: skip
        for k in gaps:
            texts[k] = repr(float(self.missing))  # type: ignore[arg-type]
        try:
            numbers = np.array(texts, np.float64)
        except ValueError:
            raise self._wrong(name, texts, dtype) from None
        endless = np.flatnonzero(~np.isfinite(numbers) & ~np.isin(np.arange(len(texts)), gaps))
        if len(endless):
            raise fail(
                DataError,
                f"{self.file!r}: column {name!r}, row {endless[0]}: {texts[endless[0]]} is no number",
            )
        if dtypes.is_floating(dtype):
            return numbers.astype(dtype)
        return self._whole(name, texts, numbers, dtype)

    def _whole(self, name: str, texts: list[str], numbers: np.ndarray, dtype: Any) -> np.ndarray:
        low, high = (0, 1) if dtypes.is_bool(dtype) else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        wrong = np.flatnonzero((numbers != np.floor(numbers)) | (numbers < low) | (numbers > high))
        if len(wrong):
            k = int(wrong[0])
            raise fail(DataError, f"{self.file!r}: column {name!r}, row {k}: {texts[k]!r} is no {dtype.name}",
                       hint=f"dtype={{{name!r}: 'float32'}} reads it as a number of another kind")  # fmt: skip
        exact = [int(t) if t.lstrip("+-").isdigit() else int(n) for t, n in zip(texts, numbers, strict=True)]
        return np.array(exact, dtype)

    def _wrong(self, name: str, texts: list[str], dtype: Any) -> DataError:
        for k, text in enumerate(texts):
            try:
                float(text)
            except ValueError:
                return fail(
                    DataError, f"{self.file!r}: column {name!r}, row {k}: {text!r} is no {dtype.name}",
                    hint=f"dtype={{{name!r}: 'str'}} keeps the texts, columns=[...] leaves a column out",
                )  # fmt: skip
        return fail(DataError, f"{self.file!r}: column {name!r} is no {dtype.name}")


def _targets(
    read: _Columns, names: list[str], kinds: Mapping[str, Any], dtype: Any, mode: str | None
) -> tuple[Any, tuple[Any, ...] | None]:
    check_mode("load_csv: label_mode", mode, (None, "int", "categorical", "binary"))
    if not names:
        return None, None
    if len(names) > 1:
        if mode is not None:
            raise fail(
                ArgumentError, "load_csv: label_mode", expected="a single target", received=", ".join(names)
            )
        return np.stack([read.column(n, kinds[n]) for n in names], axis=1), None
    (name,) = names
    asked = isinstance(dtype, Mapping) and name in dtype
    texts = read.texts(name)
    if mode is None and ((asked and kinds[name] is not str) or all(_is_number(t) for t in texts)):
        return read.column(name, kinds[name]), None
    gaps = [k for k, text in enumerate(texts) if not text]
    if gaps:
        raise fail(DataError, f"{read.file!r}: column {name!r}, row {gaps[0]}: no value", expected="a label")
    numeric = all(_is_number(t) for t in texts)
    labels: list[Any] = [int(v) if v == int(v) else v for v in map(float, texts)] if numeric else texts
    y, classes = encode_labels(labels, mode or "int")
    return y, tuple(classes)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return text == ""


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else [value] if isinstance(value, (str, int)) else list(value)


def _found(file: str, names: list[str], wanted: list[Any], what: str) -> list[str]:
    """The names of columns asked for by name or place."""
    found = []
    for column in wanted:
        if isinstance(column, int) and -len(names) <= column < len(names):
            found.append(names[column])
        elif column in names:
            found.append(column)
        else:
            raise fail(DataError, f"{file!r} has no column {column!r} ({what})", expected=", ".join(names),
                       hint=_about_names(str(column), names))  # fmt: skip
    return found


def _about_names(wanted: str, names: list[str]) -> str | None:
    """What may be wrong where a column is not found."""
    near = get_close_matches(wanted, names, 1, 0.5)
    if near:
        return f"did you mean {near[0]!r}?"
    other = next((mark for mark in ";\t|," if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        return f"the cells look separated by {other!r}: delimiter={other!r}"
    return "the first line holds numbers: header=False" if all(map(_is_number, names)) else None


def _dtypes(file: str, dtype: Any, names: list[str]) -> dict[str, Any]:
    if isinstance(dtype, Mapping):
        _found(file, names, list(dtype), "dtype")
    given = dtype if isinstance(dtype, Mapping) else dict.fromkeys(names, dtype)
    return {n: _dtype(given.get(n, "float32")) for n in names}


def _dtype(dtype: Any) -> Any:
    return str if dtype in (str, "str", "string") else dtypes.as_dtype(dtype)
