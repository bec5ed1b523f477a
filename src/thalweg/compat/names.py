"""Namespaces of old front ends: what is there by name, and one line for what is not."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from types import ModuleType
from typing import Any

LIST = "docs/compat.md lists every supported name"


class UnsupportedNameError(AttributeError):
    """A name of an old library that is not supplied; the message names the nearest one that is."""


class Namespace:
    """A dotted name with others below it, such as ``tf.nn``."""

    def __init__(self, dotted_name: str, /, **members: Any) -> None:
        self.__dict__["__name__"] = dotted_name
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unsupported(self.__dict__["__name__"], name, public_names(self))

    def __repr__(self) -> str:
        return f"<namespace {self.__dict__['__name__']}>"


def public_names(namespace: Any) -> list[str]:
    """The names in a namespace or module."""
    return sorted(name for name in vars(namespace) if not name.startswith("_"))


def members(namespace: Namespace) -> dict[str, Any]:
    """What a namespace holds."""
    return {name: vars(namespace)[name] for name in public_names(namespace)}


def unsupported(where: str, name: str, known: list[str]) -> UnsupportedNameError:
    """The error for a name that is not there."""
    near = get_close_matches(name, known, 1, 0.6)
    nearest = f"; the nearest is {where}.{near[0]}" if near else ""
    return UnsupportedNameError(f"{where}.{name} is not supported{nearest}; {LIST}")


def own(module: ModuleType, *extra: str) -> dict[str, Any]:
    """The public functions, classes and constants that a module defines, and the named ones that it imports."""
    found = {}
    for name, value in vars(module).items():
        at_home = getattr(value, "__module__", module.__name__ if isinstance(value, (int, str)) else None)
        if name in extra or (not name.startswith("_") and at_home == module.__name__):
            found[name] = value
    return found


def walk(namespace: Any, prefix: str, seen: set[int] | None = None) -> Iterator[str]:
    """All dotted names below a namespace."""
    seen = set() if seen is None else seen
    if id(namespace) in seen:
        return
    seen.add(id(namespace))
    for name in public_names(namespace):
        value = vars(namespace)[name]
        yield f"{prefix}.{name}"
        if isinstance(value, Namespace):
            yield from walk(value, f"{prefix}.{name}", seen)
