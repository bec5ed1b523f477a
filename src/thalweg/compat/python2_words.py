"""What programs of Python 2 call, as :mod:`thalweg.compat.python2` changes them: its words as they were.

Reference: the library reference of Python 2.7.
"""

from __future__ import annotations

import ast
import decimal
import functools
import io
import itertools
import operator
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from thalweg.compat import one_element


def printed(file: Any, newline: bool, *values: Any) -> None:
    """The statement ``print``: values with spaces between them, also after a print that ended in a comma."""
    file = sys.stdout if file is None else file
    space = getattr(file, "softspace", False)
    for value in values:
        text = str(value)
        file.write(" " + text if space else text)
        space = not text[-1:].isspace() or text[-1:] == " "
    if newline:
        file.write("\n")
    try:
        file.softspace = space and not newline
    except AttributeError:
        return  # a file that takes no attributes


def end_line() -> None:
    """End the line that a last ``print`` with a comma left open, as the end of a program did."""
    if getattr(sys.stdout, "softspace", False):
        printed(None, True)


def raised(kind: Any, value: Any = None, trace: Any = None) -> BaseException:
    """The exception of ``raise kind, value, trace``."""
    if isinstance(kind, type) and not isinstance(value, kind):
        value = kind() if value is None else kind(*value) if isinstance(value, tuple) else kind(value)
    elif not isinstance(kind, type):
        value = kind
    found: BaseException = value if trace is None else value.with_traceback(trace)
    return found


def _is_whole(value: Any) -> bool:
    """Whether this is an integer, or an array or a tensor of them."""
    if isinstance(value, int):
        return True
    dtype = getattr(value, "dtype", None)
    return dtype is not None and str(getattr(dtype, "name", dtype)).startswith(("int", "uint", "bool"))


def divided(x: Any, y: Any) -> Any:
    """``x / y``, which floors where both are integers.

    >>> divided(7, 2), divided(7, 2.0)
    (3, 3.5)
    """
    return x // y if _is_whole(x) and _is_whole(y) else x / y


def divided_in_place(x: Any, y: Any) -> Any:
    """What ``x /= y`` makes of ``x``."""
    return operator.ifloordiv(x, y) if _is_whole(x) and _is_whole(y) else operator.itruediv(x, y)


def listed(view: Any) -> Any:
    """Keys, values or items of a dict as a list; what other objects give, as it is."""
    return list(view) if isinstance(view, (type({}.keys()), type({}.values()), type({}.items()))) else view


def mapped(function: Callable[..., Any] | None, *rows: Iterable[Any]) -> list[Any]:
    """``map``: a list; shorter rows go on with None."""
    if len(rows) == 1:
        return list(rows[0]) if function is None else [function(x) for x in rows[0]]
    together = itertools.zip_longest(*rows)
    return list(together) if function is None else list(itertools.starmap(function, together))


def filtered(function: Callable[[Any], Any] | None, row: Any) -> Any:
    """``filter``: a text or a tuple of the same kind, else a list."""
    found = filter(function, row)
    return "".join(found) if isinstance(row, str) else tuple(found) if isinstance(row, tuple) else list(found)


def rounded(number: Any, digits: int = 0) -> float:
    """``round``: halves away from zero, and always a float.

    >>> rounded(2.5), rounded(-0.5), rounded(2.675, 2)
    (3.0, -1.0, 2.67)
    """
    value = float(one_element.number(float, number))
    if not abs(value) < 1e300:
        return value
    exact = decimal.Decimal(value)
    with decimal.localcontext(decimal.Context(prec=1200)):
        return float(exact.quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP))


_ORDERS = {
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge,
    "Eq": operator.eq, "NotEq": operator.ne,
}  # fmt: skip


def compared(x: Any, y: Any) -> int:
    """``cmp(x, y)``, which is -1, 0 or 1 for any two values: None comes first, then numbers, then other kinds by name.

    >>> compared(None, -1), compared(3, "a"), compared((1, "b"), (1, None))
    (-1, -1, 1)
    """
    try:
        return bool(x > y) - bool(x < y)
    except TypeError:
        if not (_is_plain(x) and _is_plain(y)):
            raise
    if type(x) is type(y) and isinstance(x, (list, tuple)):
        orders = (compared(a, b) for a, b in zip(x, y, strict=False))
        return next(filter(None, orders), compared(len(x), len(y)))
    return compared(_rank(x), _rank(y))


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(
        value, (bool, int, float, np.generic, str, bytes, list, tuple, dict, set)
    )


def _rank(value: Any) -> tuple[int, str]:
    if value is None:
        return 0, ""
    is_number = isinstance(value, (int, float, np.number))
    return (1, "") if is_number else (2, type(value).__name__)


def ordered(kind: str, x: Any, y: Any) -> Any:
    """``x < y``, or another comparison by its kind."""
    try:
        return _ORDERS[kind](x, y)
    except TypeError:
        return _ORDERS[kind](compared(x, y), 0)


def method_of_order(kind: str) -> Callable[[Any, Any], bool]:
    """``__lt__``, or another method of comparison, of a class that has ``__cmp__``."""
    return lambda self, other: bool(_ORDERS[kind](self.__cmp__(other), 0))


_in_order = functools.cmp_to_key(compared)


def sorted_list(row: Iterable[Any], cmp: Any = None, key: Any = None, reverse: bool = False) -> list[Any]:
    """``sorted(row, cmp, key, reverse)``."""
    row = list(row)
    try:
        return sorted(row, key=_key_of(cmp, key), reverse=bool(reverse))
    except TypeError:
        return sorted(row, key=_key_of(cmp or compared, key), reverse=bool(reverse))


def _extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(choose)
    def chosen(*args: Any, **options: Any) -> Any:
        if options or (len(args) == 1 and isinstance(args[0], Iterator)):
            return choose(*args, **options)
        try:
            return choose(*args)
        except TypeError:
            return choose(*args, key=_in_order)

    return chosen


def read_in(prompt: object = "") -> Any:
    """``input``: the value that a line of text stands for, a number, a string or a list of such."""
    text = input(prompt)
    try:
        return ast.literal_eval(text.strip())
    except SyntaxError:
        raise
    except ValueError:
        raise NameError(f"name {text.strip()!r} is not defined") from None


def sort(owner: Any, *args: Any, **options: Any) -> Any:
    """``owner.sort(...)``; lists take ``cmp``, ``key`` and ``reverse``."""
    if not isinstance(owner, list):
        return owner.sort(*args, **options)
    owner[:] = sorted_list(owner, *args, **options)
    return None


def _key_of(cmp: Any, key: Any) -> Any:
    if cmp is None:
        return key
    order = functools.cmp_to_key(cmp)
    return order if key is None else lambda value: order(key(value))


def recoded(owner: Any, method: str, *args: Any, **options: Any) -> Any:
    """``owner.encode(...)`` or ``owner.decode(...)``, where a text and its bytes are of one kind.

    >>> recoded("caf\\xe9", "encode", "ascii", "ignore"), recoded(b"a", "decode", "utf-8")
    ('caf', 'a')
    """
    if not isinstance(owner, str):
        return getattr(owner, method)(*args, **options)
    if method == "decode":
        return owner
    codec = args[0] if args else options.get("encoding", "utf-8")
    return owner.encode(*args, **options).decode(codec)


def translated(owner: Any, *args: Any) -> Any:
    """``owner.translate(table, deleted)``; the table may be None."""
    if not isinstance(owner, str):
        return owner.translate(*args)
    table, deleted = (*args, "")[:2]
    kept = "".join(c for c in owner if c not in deleted) if deleted else owner
    return kept if table is None else kept.translate(table)


_IN_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")


def as_text(data: Any) -> Any:
    """Bytes without control characters as the text that they are; bytes that are no UTF-8 are kept in it.

    >>> as_text(b"caf\\xc3\\xa9"), as_text(b"\\x00\\xff"), as_bytes(as_text(b"caf\\xe9"))
    ('café', b'\\x00\\xff', b'caf\\xe9')
    """
    if not isinstance(data, bytes) or _IN_NO_TEXT.search(data):
        return data
    return data.decode(errors="surrogateescape")


def as_bytes(data: Any) -> Any:
    """A text as the bytes that :func:`as_text` was given."""
    return data.encode(errors="surrogateescape") if isinstance(data, str) else data


def read(owner: Any, method: str, *args: Any, **options: Any) -> Any:
    """``owner.read(...)``, ``readline`` or ``readlines``: what is text, as text."""
    found = getattr(owner, method)(*args, **options)
    if isinstance(found, bytes):
        return as_text(found)
    return list(map(as_text, found)) if method == "readlines" else found


def joined(owner: Any, *args: Any) -> Any:
    """``owner.join(parts)``, of texts and of bytes that are no text by themselves.

    >>> joined("", ["caf", b"\\xc3", b"\\xa9"])
    'café'
    """
    if not isinstance(owner, str) or len(args) != 1:
        return owner.join(*args)
    parts = list(args[0])
    if any(isinstance(part, bytes) for part in parts):
        return as_text(as_bytes(owner).join(map(as_bytes, parts)))
    return owner.join(parts)


def communicated(owner: Any, *args: Any, **options: Any) -> Any:
    """``process.communicate(text)``: what it says, as texts."""
    options = {name: as_bytes(value) for name, value in options.items()}
    found = owner.communicate(*map(as_bytes, args), **options)
    return tuple(map(as_text, found)) if isinstance(found, tuple) else found


def lines(row: Any) -> Any:
    """What a loop goes over: the lines of a file of bytes as texts."""
    return map(as_text, row) if isinstance(row, io.BufferedIOBase) else row


class _Lines(io.BufferedReader):
    """A file of bytes whose lines are texts."""

    def __next__(self) -> Any:
        return as_text(super().__next__())


def _of_bytes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers in bytes, which takes the text that bytes may have become."""

    @functools.wraps(function)
    def taken(*args: Any, **options: Any) -> Any:
        return function(*map(as_bytes, args), **options)

    return taken


def written(owner: Any, data: Any, *args: Any) -> Any:
    """``owner.write(data)``: files of bytes take texts."""
    return owner.write(as_bytes(data) if isinstance(owner, io.BufferedIOBase) else data, *args)


def read_bytes_as_text() -> None:
    """Let the functions that take numbers out of bytes take texts, and ``print`` show such bytes as they are."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    vars(struct).update({name: _of_bytes(getattr(struct, name)) for name in ("unpack", "unpack_from")})
    vars(np)["frombuffer"] = _of_bytes(np.frombuffer)


class _Bytes(io.BufferedWriter):
    """A file of bytes that takes texts too."""

    def write(self, data: Any) -> int:
        return super().write(as_bytes(data))


def opened(name: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
    """``open``: files of bytes take texts, and bytes that are no UTF-8 may be read as text."""
    mode = mode.replace("U", "") or "r"
    if "b" in mode and not {"r", "+"} & set(mode):
        return _Bytes(io.FileIO(name, mode.replace("b", "")))
    if mode in ("rb", "br"):
        return _Lines(io.FileIO(name))
    if "b" not in mode and "encoding" not in options:
        options = {"encoding": "utf-8", "errors": "surrogateescape", **options}
    return open(name, mode, *args, **options)


# By the names that changed programs call.
WORDS: dict[str, Any] = {
    "__printed__": printed,
    "__raised__": raised,
    "__divided__": divided,
    "__divided_in_place__": divided_in_place,
    "__listed__": listed,
    "__map_2__": mapped,
    "__filter_2__": filtered,
    "__zip_2__": lambda *rows: list(zip(*rows, strict=False)),
    "__range_2__": lambda *args: list(range(*args)),
    "__round_2__": rounded,
    "__sorted_2__": sorted_list,
    "__sort__": sort,
    "__min_2__": _extreme(min),
    "__max_2__": _extreme(max),
    "__input_2__": read_in,
    "__cmp_2__": compared,
    "__ordered__": ordered,
    "__method_of_order__": method_of_order,
    "__translated__": translated,
    "__read__": read,
    "__lines__": lines,
    "__joined__": joined,
    "__communicated__": communicated,
    "__written__": written,
    "__recoded__": recoded,
    "__open_2__": opened,
    "__file_2__": opened,
}

__all__ = ["WORDS", "end_line"]
