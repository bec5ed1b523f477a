"""Argument scopes: defaults for functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_defaults: list[dict[Any, dict[str, Any]]] = [{}]


def add_arg_scope(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes defaults from the open argument scopes."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        return fn(*args, **{**_defaults[-1].get(fn, {}), **options})

    apply.in_scopes = fn  # type: ignore[attr-defined]  # what wrappers of it have too
    return apply


def has_arg_scope(func: Any) -> bool:
    """Whether a function takes defaults from argument scopes."""
    return hasattr(func, "in_scopes")


def current_arg_scope() -> dict[Any, dict[str, Any]]:
    """The defaults of the open argument scopes, as :func:`arg_scope` takes them."""
    return _defaults[-1]


@contextmanager
def arg_scope(list_ops_or_scope: Any, **options: Any) -> Iterator[dict[Any, dict[str, Any]]]:
    """Inside, the functions take these defaults."""
    base = dict(_defaults[-1])
    if isinstance(list_ops_or_scope, dict):
        base = dict(list_ops_or_scope)
    else:
        for fn in (getattr(given, "in_scopes", given) for given in list_ops_or_scope):
            base[fn] = {**base.get(fn, {}), **options}
    _defaults.append(base)
    try:
        yield base
    finally:
        _defaults.pop()
