"""``theano.compat``: what both Pythons have, by one name."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable as Callable
from typing import Any

from thalweg.compat.python2_words import compared as cmp
from thalweg.compat.theano.compat import python2x as python2x
from thalweg.compat.theano.compat.python2x import OrderedDict as OrderedDict
from thalweg.compat.theano.compat.python2x import partial as partial

PY3 = True
imap, izip, ifilter = map, zip, filter


def exc_message(e: BaseException) -> Any:
    """What an exception says: its first argument."""
    return e.args[0]


def get_unbound_function(unbound: Any) -> Any:
    """The function of a method."""
    return getattr(unbound, "__func__", unbound)


def decode(x: Any) -> Any:
    """Bytes as a text."""
    return x.decode() if isinstance(x, bytes) else x


decode_iter = functools.partial(map, decode)


class DefaultOrderedDict(collections.OrderedDict[Any, Any]):
    """A dict in the order of its keys' first uses, with values made for keys that are not there."""

    def __init__(self, default_factory: Callable[[], Any] | None = None, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.default_factory = default_factory

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        self[key] = value = self.default_factory()
        return value


__all__ = [
    "Callable", "DefaultOrderedDict", "OrderedDict", "PY3", "cmp", "decode", "decode_iter", "exc_message",
    "get_unbound_function", "ifilter", "imap", "izip", "partial", "python2x",
]  # fmt: skip
