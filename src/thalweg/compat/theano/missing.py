"""The one line said about a name of Theano that is not here."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def missing(module: str, name: str, present: Iterable[str]) -> AttributeError:
    """The error for an attribute that the translation lacks: the name, the nearest there is, where the list stands."""
    names = [n for n in present if not n.startswith("_")]
    near = get_close_matches(name, names, 1, 0.6)
    hint = f"the nearest is {module}.{near[0]}; " if near else ""
    return AttributeError(f"{module}.{name} is not supported ({hint}docs/compat.md lists what is)")
