"""``theano.gof.utils``: small functions that programs and their own ops used."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class undef:
    """Stands for no value, where None is one."""


class MethodNotDefined(Exception):
    """An op has no such method."""


class scratchpad:
    """Attributes of a variable that a program puts there: ``variable.tag``."""

    def clear(self) -> None:
        """Forget them."""
        vars(self).clear()

    def __update__(self, other: Any) -> scratchpad:
        vars(self).update(vars(other))
        return self

    def info(self) -> None:
        """Print them."""
        print("<theano.gof.utils.scratchpad instance>")  # noqa: T201  asked for by the program
        for name, value in vars(self).items():
            print(f"  {name}: {value}")  # noqa: T201


def memoize(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which computes each result once; its arguments must be hashable."""
    return functools.cache(f)


def uniq(seq: Iterable[Any]) -> list[Any]:
    """The elements in their order, each once."""
    elements = list(seq)
    return [x for k, x in enumerate(elements) if elements.index(x) == k]


def difference(seq1: Iterable[Any], seq2: Iterable[Any]) -> list[Any]:
    """The elements of the first that are not in the second."""
    others = list(seq2)
    return [x for x in seq1 if not any(x is y or x == y for y in others)]


def to_return_values(values: Sequence[Any]) -> Any:
    """The only one of several values, or all."""
    return values[0] if len(values) == 1 else values


def from_return_values(values: Any) -> Any:
    """What a function returned, one value in a list."""
    return values if isinstance(values, (list, tuple)) else [values]


def flatten(a: Any) -> list[Any]:
    """All that is in tuples, lists and sets, and in those within them."""
    return [x for part in a for x in flatten(part)] if isinstance(a, (tuple, list, set)) else [a]


def remove(predicate: Callable[[Any], Any], coll: Iterable[Any]) -> list[Any]:
    """The elements for which the predicate does not hold."""
    return [x for x in coll if not predicate(x)]


def hash_from_code(msg: str | bytes) -> str:
    """A name for a text: its SHA-256 sum, after an ``m``."""
    return "m" + hashlib.sha256(msg.encode() if isinstance(msg, str) else msg).hexdigest()


__all__ = [
    "MethodNotDefined",
    "difference",
    "flatten",
    "from_return_values",
    "hash_from_code",
    "memoize",
    "remove",
    "scratchpad",
    "to_return_values",
    "undef",
    "uniq",
]
