"""Functions of a program as they stood when a graph was made of them: a ``lambda`` in a loop means its turn's value."""

from __future__ import annotations

import dis
from collections.abc import Iterable
from types import CellType, FunctionType
from typing import Any


class _NamesThen(dict[str, Any]):
    """The global names that a function reads as they stood; others as they stand."""

    def __init__(self, names: Iterable[str], now: dict[str, Any]) -> None:
        super().__init__({name: now[name] for name in (*names, "__builtins__") if name in now})
        self.now = now

    def __missing__(self, name: str) -> Any:
        return self.now[name]


def settled(function: Any) -> Any:
    """The function, to which the names around it mean for ever what they mean now.

    >>> scale = 2
    >>> double = settled(lambda x: x * scale)
    >>> scale = 3
    >>> double(5)
    10
    """
    if not isinstance(function, FunctionType):
        return function
    names = function.__globals__
    if not any(step.opname == "STORE_GLOBAL" for step in dis.get_instructions(function)):
        names = _NamesThen(function.__code__.co_names, names)
    cells = tuple(_cell_then(cell) for cell in function.__closure__ or ())
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__, cells)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _cell_then(cell: CellType) -> CellType:
    try:
        return CellType(cell.cell_contents)
    except ValueError:  # nothing is in it yet
        return cell
