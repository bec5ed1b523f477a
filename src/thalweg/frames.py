"""Data frames as arrays: pandas's, polars's, or anything else that has named columns."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from thalweg.errors import DataError, DTypeError, fail, warn

__all__ = ["column_array", "frame_array", "is_frame"]


def is_frame(value: Any) -> bool:
    """Whether a value is a table of named columns."""
    return hasattr(value, "columns") and hasattr(value, "to_numpy")


def frame_array(frame: Any, name: str) -> np.ndarray:
    """The numbers of a frame, [rows, columns], in the dtype that holds those of all columns; truth values are 0 and 1.

    A column of anything but numbers, or a name of two columns, is an error that says which; missing values become NaN,
    with a warning that names the column and the row.
    """
    counts = Counter(frame.columns)
    if counts and max(counts.values()) > 1:
        label, count = counts.most_common(1)[0]
        raise fail(
            DataError,
            f"{name}: {count} columns are named {label!r}",
            expected="a name for each column",
            hint="rename them, or leave all but one of them out",
        )
    columns = [column_array(frame[column], f"{name}: column {column!r}") for column in frame.columns]
    if not columns:
        return np.zeros((len(frame), 0), np.float32)
    dtype = np.result_type(*columns)
    return np.stack([c.astype(dtype, copy=False) for c in columns], axis=1)


def column_array(column: Any, name: str) -> np.ndarray:
    """The numbers of one column."""
    array = np.asarray(column)
    if array.dtype.kind not in "biuf" and getattr(column.dtype, "kind", "O") in "biuf":
        array = column.to_numpy(dtype=np.float64, na_value=np.nan)  # pandas's dtypes with missing values
    if array.dtype.kind not in "biuf":
        raise fail(
            DTypeError,
            f"{name} does not hold numbers",
            received=f"dtype {column.dtype}",
            hint="encode it (encode_labels, a StringLookup layer) or drop it",
        )
    gaps = np.flatnonzero(~np.isfinite(array)) if array.dtype.kind == "f" else np.zeros(0, np.int64)
    if len(gaps):
        warn(f"{name} holds NaN or infinity in row {gaps[0]}: losses and weights will become NaN")
    return array
