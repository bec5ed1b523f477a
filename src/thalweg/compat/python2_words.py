"""What programs of Python 2 call, as :mod:`thalweg.compat.python2` changes them: its words as they were.

Reference: the library reference of Python 2.7.
"""

from __future__ import annotations

import decimal
import functools
import io
import itertools
import operator
import sys
from collections.abc import Callable, Iterable
from typing import Any

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


def sorted_list(row: Iterable[Any], cmp: Any = None, key: Any = None, reverse: bool = False) -> list[Any]:
    """``sorted(row, cmp, key, reverse)``."""
    return sorted(row, key=_key_of(cmp, key), reverse=bool(reverse))


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


class _Bytes(io.BufferedWriter):
    """A file of bytes that takes texts too."""

    def write(self, data: Any) -> int:
        return super().write(data.encode() if isinstance(data, str) else data)


def opened(name: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
    """``open``: files of bytes take texts, and bytes that are no UTF-8 may be read as text."""
    mode = mode.replace("U", "") or "r"
    if "b" in mode and not {"r", "+"} & set(mode):
        return _Bytes(io.FileIO(name, mode.replace("b", "")))
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
    "__recoded__": recoded,
    "__open_2__": opened,
    "__file_2__": opened,
}

__all__ = ["WORDS", "end_line"]
