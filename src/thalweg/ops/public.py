"""The functions of the main namespace: every public name of the op families, found by reflection."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from thalweg.graph.op import Op

_FAMILIES = (
    "elementwise",
    "arithmetic",
    "logic",
    "special",
    "incomplete",
    "activation",
    "reduce",
    "norms",
    "shape",
    "joining",
    "tiling",
    "triangles",
    "slices",
    "index",
    "segments",
    "search",
    "sort",
    "create",
    "contract",
    "control",
    "scan",
)


@functools.cache
def names() -> dict[str, Callable[..., Any]]:
    """Public names to functions: ops and functions that a family's file defines, without a leading
    underscore.
    """
    found: dict[str, Callable[..., Any]] = {}
    for family in _FAMILIES:
        module = importlib.import_module(f"thalweg.ops.{family}")
        for name, value in vars(module).items():
            own = getattr(value, "__module__", None) == module.__name__
            own = own and name in getattr(module, "__all__", (name,))
            if own and not name.startswith("_") and (isinstance(value, Op) or callable(value)):
                found[name.rstrip("_")] = value
    return found
