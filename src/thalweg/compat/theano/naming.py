"""Functions that a module makes by other functions bear the names under which they stand there."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def name_what_was_made(module: dict[str, Any]) -> None:
    """Gives a module's made functions the first name that each has in it, so that pickle can find them again.

    ``module``: its ``globals()``, when all of them are made.
    """
    for name, made in module.items():
        if isinstance(made, FunctionType) and "<locals>" in made.__qualname__:
            made.__module__, made.__name__, made.__qualname__ = module["__name__"], name, name
