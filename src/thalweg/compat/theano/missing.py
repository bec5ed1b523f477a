"""The one line said about a name of Theano that is not here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any


def missing(module: str, name: str, present: Iterable[str]) -> AttributeError:
    """The error for an attribute that the translation lacks: the name, the nearest there is, where the list stands."""
    names = [n for n in present if not n.startswith("_")]
    near = get_close_matches(name, names, 1, 0.6)
    hint = f"the nearest is {module}.{near[0]}; " if near else ""
    return AttributeError(f"{module}.{name} is not supported ({hint}docs/compat.md lists what is)")


def name_what_is_missing(package: str, old: str) -> None:
    """Lets every loaded module of a package say what it lacks under the name that programs know it by."""
    for name, module in list(sys.modules.items()):
        inside = name.startswith(f"{package}.") and "__getattr__" not in vars(module)
        if inside:
            vars(module)["__getattr__"] = _complaint(name.replace(package, old, 1), vars(module))


def _complaint(module: str, present: dict[str, Any]) -> Callable[[str], Any]:
    def complain(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise missing(module, name, present)

    return complain
