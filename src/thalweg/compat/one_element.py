"""Arrays of one element where Python wants a number: ``int(a)``, ``math.sqrt(a)``, ``"%d" % a`` and ``b[0] = a``.

NumPy took them until 2.3 whatever their number of axes; now only arrays without axes pass. Programs that
``thalweg run`` runs call these functions instead (:mod:`thalweg.compat.rewriting`).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_CONVERSION = re.compile(r"%(?!%)[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(.)")
_INPLACE = {
    "Add": operator.iadd, "Sub": operator.isub, "Mult": operator.imul, "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv, "Mod": operator.imod, "Pow": operator.ipow,
}  # fmt: skip

KINDS = frozenset(_INPLACE)


def is_one(value: Any) -> bool:
    """Whether a value is an array of one element that has axes."""
    return isinstance(value, np.ndarray) and value.size == 1 and value.ndim > 0


def number(function: Callable[..., Any], *args: Any) -> Any:
    """A function of numbers, such as ``int`` or ``math.sqrt``.

    >>> number(int, np.array([3]))
    3
    """
    try:
        return function(*args)
    except TypeError:
        if not any(map(is_one, args)):
            raise
        return function(*(a.item() if is_one(a) else a for a in args))


def numbers(values: Any) -> Any:
    """A list of numbers and of arrays of one element as numbers alone; anything else as it is.

    >>> numbers([1.0, np.array([2.0])])
    [1.0, 2.0]
    """
    if not isinstance(values, (list, tuple)) or not any(map(is_one, values)):
        return values
    if not all(is_one(v) or np.ndim(v) == 0 for v in values):
        return values
    return [v.item() if is_one(v) else v for v in values]


def formatted(text: Any, values: Any) -> Any:
    """``text % values``; what is no text is left to itself.

    >>> formatted("%d of %s", (np.array([3]), np.array([4])))
    '3 of [4]'
    """
    try:
        return text % values
    except TypeError:
        given = values if isinstance(values, tuple) else (values,)
        kinds = _CONVERSION.findall(text) if isinstance(text, str) else []
        if len(kinds) != len(given) or not any(map(is_one, given)):
            raise
        return text % tuple(
            v.item() if is_one(v) and kind not in "sra" else v for kind, v in zip(kinds, given, strict=True)
        )


def assign(value: Any, owner: Any, index: Any) -> None:
    """``owner[index] = value``."""
    try:
        owner[index] = value
    except (TypeError, ValueError):
        if not (is_one(value) and isinstance(owner, np.ndarray)):
            raise
        owner[index] = value.item()


def changed(kind: str, old: Any, value: Any) -> Any:
    """What ``old += value``, or another of these statements, makes of ``old``."""
    return _INPLACE[kind](old, value)


__all__ = ["KINDS", "assign", "changed", "formatted", "is_one", "number", "numbers"]
