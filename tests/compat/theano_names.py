"""Lets tests write ``import theano``: the translation's modules under Theano's own names."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def modules() -> dict[str, object]:
    """Every module of the translation, by the name that programs import."""
    package = importlib.import_module("thalweg.compat.theano")
    found: dict[str, object] = {"theano": package}
    for info in pkgutil.walk_packages(package.__path__, "thalweg.compat.theano."):
        name = info.name.removeprefix("thalweg.compat.")
        found[name] = importlib.import_module(info.name)
    return found


@contextmanager
def as_theano() -> Iterator[None]:
    """Inside, ``import theano`` gives the translation."""
    before = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "theano"}
    for name in before:
        del sys.modules[name]
    sys.modules.update(modules())  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n.split(".")[0] == "theano"]:
            del sys.modules[name]
        sys.modules.update(before)
