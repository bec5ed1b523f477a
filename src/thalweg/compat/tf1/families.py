"""How functions of one and of two tensors are made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1.graph import (
    HostTensor,
    Node,
    Tensor,
    convert_to_tensor,
    static_value,
    value,
    values,
    wrap,
)
from thalweg.graph import tensor as core

_ROOM = "thalweg.compat.tf1.math"  # to which the functions made here belong


def spelled(fn: Callable[..., Tensor], **names: str) -> Callable[..., Tensor]:
    """The function with arguments under other names: ``spelled(fn, x="input")`` calls its ``x`` ``input``."""
    signature = inspect.signature(fn)
    back = {new: old for old, new in names.items()}

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Tensor:
        return fn(*args, **{back.get(name, name): given for name, given in options.items()})

    renamed = [p.replace(name=names.get(p.name, p.name)) for p in signature.parameters.values()]
    apply.__signature__ = signature.replace(parameters=renamed)  # type: ignore[attr-defined]
    return apply


def unary(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    """A node of one tensor, from a function of an expression."""

    def apply(x: Any, name: str | None = None) -> Tensor:
        return wrap(fn(value(x)), name, kind, [x])

    apply.__name__, apply.__doc__, apply.__module__ = kind, f"{kind} of each element.", _ROOM
    return apply


def binary(kind: str, fn: Callable[..., Any], title: str | None = None) -> Callable[..., Tensor]:
    """A node of two tensors, from a function of two expressions; its name is ``title``, or its kind."""

    def apply(x: Any, y: Any, name: str | None = None) -> Tensor:
        return wrap(fn(*values(x, y)), name or title, kind, [x, y], static=_lengths_of(fn, x, y))

    apply.__name__, apply.__module__ = kind, _ROOM
    apply.__doc__ = f"{kind} of the elements of two tensors."
    return apply


def _lengths_of(fn: Callable[..., Any], x: Any, y: Any) -> Any:
    """The value of arithmetic of known whole numbers: lengths stay known."""
    if not any(isinstance(t, Node) and t.static is not None and t.dtype.is_integer for t in (x, y)):
        return None
    parts = [static_value(t) if isinstance(t, (Node, int, np.integer)) else None for t in (x, y)]
    if any(p is None or p.size > 8 for p in parts):
        return None
    return fn(*(core.constant(np.asarray(p, np.int64)) for p in parts)).value


def of_texts_too(kind: str, fn: Callable[..., Any], of_texts: Callable[..., Any]) -> Callable[..., Tensor]:
    """A comparison of two tensors of numbers, or of two of texts."""
    of_numbers = binary(kind, fn)

    def apply(x: Any, y: Any, name: str | None = None) -> Tensor:
        from thalweg.compat.tf1.texts import is_texts

        if not any(isinstance(t, (HostTensor, str, bytes)) or is_texts(t) for t in (x, y)):
            return of_numbers(x, y, name)
        from thalweg.compat.tf1.strings import from_host

        pair = [convert_to_tensor(t) for t in (x, y)]
        shapes = [t.get_shape() for t in pair]
        known = max(shapes, key=lambda s: -1 if s.ndims is None else s.ndims)
        lengths = () if known.ndims is None else known.as_list()
        return from_host(pair, lambda a, b: np.asarray(of_texts(a, b), bool), np.bool_, lengths, name, kind)

    apply.__name__, apply.__doc__, apply.__module__ = kind, of_numbers.__doc__, _ROOM
    return apply
