"""Words that pandas had when a program was written, and has no longer; ``thalweg run`` gives them back.

What is put back: names of the package, options of ``read_csv``, ``frame.ix``, ``append``, ``from_csv``, arguments by
position, letters of frequencies; columns of texts are arrays of objects, those of ``get_dummies`` numbers; arrays of
values can be written to, and what changes a column changes its table.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import re
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

_MEANINGLESS = ("infer_datetime_format", "mangle_dupe_cols", "tupleize_cols", "warn_bad_lines", "date_format")


def restore(pandas: Any) -> None:
    """Give the package back what it lost."""
    with contextlib.suppress(Exception):  # the option went where there is no other way any more
        pandas.set_option("future.infer_string", False)
    offered = {
        "datetime": datetime.datetime, "np": np,
        "TimeGrouper": lambda freq, **options: pandas.Grouper(freq=freq, **options),
        "rolling_mean": lambda x, window, **options: x.rolling(window, **options).mean(),
        "rolling_std": lambda x, window, **options: x.rolling(window, **options).std(),
        "ewma": lambda x, **options: x.ewm(**options).mean(),
    }  # fmt: skip
    vars(pandas).update({name: value for name, value in offered.items() if not hasattr(pandas, name)})
    for name in ("read_csv", "read_table"):
        setattr(pandas, name, _reading(pandas, getattr(pandas, name)))
    _share_columns(pandas)
    for kind in (pandas.DataFrame, pandas.Series):
        kind.values = property(_writable(kind.values.fget))
        kind.__array__ = _writable(kind.__array__)
        _offer(kind, "append", functools.partialmethod(_appended, pandas))
        _offer(kind, "ix", property(_Places))
        _offer(kind, "from_csv", classmethod(functools.partial(_from_csv, pandas)))
        kind.resample = _by_letter(kind.resample)
        kind.asfreq = _by_letter(kind.asfreq)
        kind.fillna = _filling(kind.fillna)
        kind.drop = _by_position(kind.drop, 2, "axis")
    pandas.date_range = _by_letter(pandas.date_range)
    pandas.concat = _by_position(pandas.concat, 1, "axis", "join")
    pandas.get_dummies = _of_numbers(pandas.get_dummies)
    pandas.DataFrame.pivot = _by_position(pandas.DataFrame.pivot, 1, "index", "columns", "values")
    for name in ("corr", "cov", "mean", "std", "var", "median"):
        setattr(pandas.DataFrame, name, _of_numeric_columns(getattr(pandas.DataFrame, name)))
    _offer(pandas.DataFrame, "get_value", lambda frame, row, column: frame.at[row, column])
    _offer(pandas.DataFrame, "set_value", _set_value)
    _offer(
        pandas.DataFrame, "sort", lambda frame, columns=None, **options: frame.sort_values(columns, **options)
    )


# --- columns that are part of their table -----------------------------------------------------------------------------

_IN_PLACE = "fillna replace clip interpolate mask where ffill bfill".split()


def _share_columns(pandas: Any) -> None:
    """What changes a column changes its table: ``frame["age"].fillna(0, inplace=True)``, ``frame.age[rows] = 0``,
    ``frame.age.loc[rows] = 0``. From pandas 3 on a column is one of its own, and such lines do nothing.
    """
    if int(pandas.__version__.split(".")[0]) < 3:
        return
    warnings.filterwarnings("ignore", category=pandas.errors.ChainedAssignmentError)
    column = pandas.Series([0])
    pandas.DataFrame.__getitem__ = _remembered(pandas.DataFrame.__getitem__, pandas.Series)
    for name in _IN_PLACE:
        setattr(
            pandas.Series,
            name,
            _written_back(getattr(pandas.Series, name), lambda options: options.get("inplace")),
        )
    pandas.Series.__setitem__ = _written_back(pandas.Series.__setitem__, lambda options: True)
    for places in (column.loc, column.at):
        kind: Any = next(kind for kind in type(places).__mro__ if "__setitem__" in vars(kind))
        kind.__setitem__ = _written_back(kind.__setitem__, lambda options: True, lambda places: places.obj)


def _remembered(getitem: Callable[..., Any], series: type) -> Callable[..., Any]:
    @functools.wraps(getitem)
    def column(frame: Any, key: Any) -> Any:
        found = getitem(frame, key)
        if isinstance(found, series):
            object.__setattr__(found, "_column_of", (weakref.ref(frame), key))
        return found

    return column


def _written_back(
    method: Callable[..., Any], changes: Callable[[Any], Any], column: Callable[[Any], Any] = lambda owner: owner
) -> Callable[..., Any]:  # fmt: skip
    """The method, after which the table of a column that it changed has the column as it is now."""

    @functools.wraps(method)
    def changed(owner: Any, *args: Any, **options: Any) -> Any:
        made = method(owner, *args, **options)
        if changes(options):
            now = column(owner)
            table, key = vars(now).get("_column_of", (lambda: None, None))
            if (frame := table()) is not None and key in frame and len(frame) == len(now):
                frame[key] = now
        return made

    return changed


def _offer(kind: type, name: str, value: Any) -> None:
    if not hasattr(kind, name):
        setattr(kind, name, value)


def _writable(values: Callable[..., Any]) -> Callable[..., Any]:
    """The values as an array that a program may change: a copy where they are another's."""

    @functools.wraps(values)
    def of(table: Any, *args: Any, **options: Any) -> Any:
        found = values(table, *args, **options)
        return found.copy() if isinstance(found, np.ndarray) and not found.flags.writeable else found

    return of


def _by_position(method: Callable[..., Any], free: int, *names: str) -> Callable[..., Any]:
    """The function, to which arguments of these names may be given after the first ``free`` ones."""

    @functools.wraps(method)
    def by_position(*args: Any, **options: Any) -> Any:
        return method(*args[:free], **dict(zip(names, args[free:], strict=False)), **options)

    return by_position


_LETTERS = {
    "M": "ME", "BM": "BME", "Q": "QE", "A": "YE", "Y": "YE", "H": "h", "T": "min", "S": "s", "L": "ms", "U": "us",
}  # fmt: skip


def _by_letter(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which knows frequencies by the letters they had: ``"M"``, ``"15T"``."""

    def now(frequency: Any) -> Any:
        found = re.fullmatch(r"(\d*)([A-Z]+)", frequency) if isinstance(frequency, str) else None
        return frequency if found is None else found[1] + _LETTERS.get(found[2], found[2])

    @functools.wraps(method)
    def by_letter(*args: Any, **options: Any) -> Any:
        options = {name: now(value) if name in ("rule", "freq") else value for name, value in options.items()}
        return method(*map(now, args), **options)

    return by_letter


def _filling(fillna: Callable[..., Any]) -> Callable[..., Any]:
    """``table.fillna(method="ffill")``."""

    @functools.wraps(fillna)
    def filled(table: Any, value: Any = None, method: str | None = None, *args: Any, **options: Any) -> Any:
        if method is None:
            return fillna(table, value, *args, **options)
        return getattr(table, {"pad": "ffill", "backfill": "bfill"}.get(method, method))(**options)

    return filled


def _of_numbers(get_dummies: Callable[..., Any]) -> Callable[..., Any]:
    """Zeros and ones, where there are truth values now."""

    @functools.wraps(get_dummies)
    def dummies(*args: Any, **options: Any) -> Any:
        return get_dummies(*args, **{"dtype": np.uint8, **options})

    return dummies


def _of_numeric_columns(method: Callable[..., Any]) -> Callable[..., Any]:
    """The statistic of the columns that have one: those of texts were left out."""

    @functools.wraps(method)
    def statistic(frame: Any, *args: Any, **options: Any) -> Any:
        return method(frame, *args, **{"numeric_only": True, **options})

    return statistic


def _set_value(frame: Any, row: Any, column: Any, value: Any) -> Any:
    frame.at[row, column] = value
    return frame


def _appended(table: Any, pandas: Any, other: Any, ignore_index: bool = False, **ignored: Any) -> Any:
    """The rows of both; a dict or a row of its own is one more row."""
    if isinstance(table, pandas.DataFrame) and isinstance(other, (Mapping, pandas.Series)):
        name = getattr(other, "name", None)
        other = pandas.DataFrame([dict(other)], index=None if ignore_index or name is None else [name])
    others = list(other) if isinstance(other, (list, tuple)) else [other]
    return pandas.concat([table, *others], ignore_index=ignore_index)


class _Places:
    """``frame.ix[rows, columns]``: by labels; by numbers along an axis whose labels are no numbers."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def _labels(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        found = tuple(_labels_of(axis, part) for axis, part in zip(self.table.axes, parts, strict=False))
        return found if isinstance(key, tuple) else found[0]

    def __getitem__(self, key: Any) -> Any:
        return self.table.loc[self._labels(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.table.loc[self._labels(key)] = value


def _labels_of(axis: Any, part: Any) -> Any:
    if getattr(axis, "dtype", None) is not None and axis.dtype.kind in "iu":
        return part
    numbers = (part.start, part.stop) if isinstance(part, slice) else np.ravel(np.asarray(part, object))
    given = [n for n in numbers if n is not None]
    return axis[part] if given and all(type(n) is int or isinstance(n, np.integer) for n in given) else part


# --- reading --------------------------------------------------------------------------------------------------------


def _from_csv(pandas: Any, kind: Any, path: Any, header: Any = 0, sep: str = ",", index_col: Any = 0,
              parse_dates: Any = True, **ignored: Any) -> Any:  # fmt: skip
    """A table, or a series, whose first column has the rows' names, which may be dates."""
    is_series = kind is pandas.Series
    return pandas.read_csv(
        path, header=header, sep=sep, index_col=index_col, parse_dates=parse_dates, squeeze=is_series
    )


def _reading(pandas: Any, read: Callable[..., Any]) -> Callable[..., Any]:
    """``pandas.read_csv`` with the options it had."""

    @functools.wraps(read)
    def reading(
        path: Any, *args: Any, squeeze: bool = False, date_parser: Any = None, delim_whitespace: bool = False,
        prefix: str | None = None, error_bad_lines: bool = True, keep_date_col: bool = False, **options: Any,
    ) -> Any:  # fmt: skip
        options = {name: value for name, value in options.items() if name not in _MEANINGLESS}
        if delim_whitespace:
            options["sep"] = r"\s+"
        if not error_bad_lines:
            options["on_bad_lines"] = "skip"
        dates = _dates(options, date_parser)
        if dates:
            index = options.pop("index_col", None)
            options.pop("parse_dates")
            as_text = {part: str for parts in dates.values() for part in parts}
            options["converters"] = {**as_text, **(options.get("converters") or {})}
            table = read(path, *args, **options)
            table = _with_dates(pandas, table, dates, date_parser, keep_date_col)
            table = table if index is None or index is False else _with_index(table, index)
        else:
            table = read(path, *args, **options)
        if prefix is not None and "names" not in options:
            table.columns = [f"{prefix}{name}" for name in table.columns]
        return table.iloc[:, 0] if squeeze and table.ndim == 2 and table.shape[1] == 1 else table

    return reading


def _dates(options: Mapping[str, Any], parser: Any) -> dict[Any, list[Any]]:
    """The columns that make each date, by the name it gets (None: that of its only column); none where what pandas
    does by itself is enough.
    """
    asked, index = options.get("parse_dates"), options.get("index_col")
    if isinstance(asked, Mapping):
        return {name: list(parts) for name, parts in asked.items()}
    if asked is True and index is not None:
        asked = list(index) if isinstance(index, (list, tuple)) else [index]
    if not isinstance(asked, (list, tuple)) or not (
        parser or any(isinstance(p, (list, tuple)) for p in asked)
    ):
        return {}
    return {(None, k): list(p) if isinstance(p, (list, tuple)) else [p] for k, p in enumerate(asked)}


def _with_dates(
    pandas: Any, table: Any, dates: Mapping[Any, list[Any]], parser: Any, keeps: bool
) -> Any:  # fmt: skip
    names = list(table.columns)
    made: dict[Any, Any] = {}
    used: list[Any] = []
    for name, parts in dates.items():
        columns = [names[p] if isinstance(p, int) and p not in names else p for p in parts]
        if len(columns) == 1 and isinstance(name, tuple):
            table[columns[0]] = _parsed(pandas, [table[columns[0]]], parser)
            continue
        title = "_".join(map(str, columns)) if isinstance(name, tuple) else name
        made[title] = _parsed(pandas, [table[c] for c in columns], parser)
        used += columns
    table = table if keeps else table.drop(columns=used)
    for title, column in reversed(made.items()):
        table.insert(0, title, column)
    return table


def _parsed(pandas: Any, columns: Sequence[Any], parser: Any) -> Any:
    """The dates in one column or in several, by the program's own parser: of all rows at once if it can, else row by
    row.
    """
    texts = [" ".join(row) for row in zip(*(c.astype(str) for c in columns), strict=True)]
    if parser is None:
        return pandas.to_datetime(texts)
    try:
        return pandas.to_datetime(parser(*(np.asarray(c, object) for c in columns)))
    except Exception:  # whatever a parser of one text makes of arrays
        return pandas.to_datetime([parser(text) for text in texts])


def _with_index(table: Any, index: Any) -> Any:
    parts = list(index) if isinstance(index, (list, tuple)) else [index]
    names = list(table.columns)
    return table.set_index([names[p] if isinstance(p, int) and p not in names else p for p in parts])


__all__ = ["restore"]
