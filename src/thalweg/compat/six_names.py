"""The names of ``six`` that programs of its time use; they had it because their libraries did.

``thalweg run`` supplies it where the package itself is not installed.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import itertools
import operator
import os
import shlex
import struct
import sys
import types
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from thalweg.compat.names import Namespace

PY2, PY3, PY34 = False, True, True
unichr, int2byte = chr, struct.Struct(">B").pack
byte2int, indexbytes, iterbytes = operator.itemgetter(0), operator.getitem, iter
StringIO, BytesIO, print_, exec_ = io.StringIO, io.BytesIO, print, exec
next = advance_iterator = builtins.next
string_types, integer_types, class_types = (str,), (int,), (type,)
text_type, binary_type = str, bytes
MAXSIZE = 2**63 - 1
wraps = functools.wraps

# Old module names and where Python 3 has them; a program loads the one it asks for.
_MODULES = {
    "cPickle": "pickle",
    "configparser": "configparser",
    "queue": "queue",
    "builtins": "builtins",
    "urllib": "urllib",
    "http_client": "http.client",
    "copyreg": "copyreg",
    "socketserver": "socketserver",
    "tkinter": "tkinter",
    "_thread": "_thread",
    "reprlib": "reprlib",
    "collections_abc": "collections.abc",
    "http_cookiejar": "http.cookiejar",
    "http_cookies": "http.cookies",
    "html_entities": "html.entities",
    "html_parser": "html.parser",
    "BaseHTTPServer": "http.server",
    "SimpleHTTPServer": "http.server",
    "xmlrpc_client": "xmlrpc.client",
    "urllib_parse": "urllib.parse",
    "urllib_error": "urllib.error",
    "urllib_request": "urllib.request",
}


class _Moves(Namespace):
    """``six.moves``: functions at once, modules when asked for."""

    def __getattr__(self, name: str) -> Any:
        if name not in _MODULES:
            return super().__getattr__(name)
        found = importlib.import_module(_MODULES[name])
        if name == "urllib":
            for part in ("request", "parse", "error"):
                importlib.import_module(f"urllib.{part}")
        return found


def _reduce(*args: Any) -> Any:
    return functools.reduce(*args)


moves = _Moves(
    "six.moves",
    range=range,
    xrange=range,
    zip=zip,
    map=map,
    filter=filter,
    input=input,
    reduce=_reduce,
    zip_longest=itertools.zip_longest,
    filterfalse=itertools.filterfalse,
    StringIO=io.StringIO,
    cStringIO=io.StringIO,
    getcwd=os.getcwd,
    getcwdb=os.getcwdb,
    intern=sys.intern,
    reload_module=importlib.reload,
    shlex_quote=shlex.quote,
)


def iteritems(d: Mapping[Any, Any]) -> Iterator[Any]:
    """The pairs of a mapping."""
    return iter(d.items())


def iterkeys(d: Mapping[Any, Any]) -> Iterator[Any]:
    """The keys of a mapping."""
    return iter(d.keys())


def itervalues(d: Mapping[Any, Any]) -> Iterator[Any]:
    """The values of a mapping."""
    return iter(d.values())


def viewitems(d: Mapping[Any, Any]) -> ItemsView[Any, Any]:
    """The pairs of a mapping."""
    return d.items()


def viewkeys(d: Mapping[Any, Any]) -> KeysView[Any]:
    """The keys of a mapping."""
    return d.keys()


def viewvalues(d: Mapping[Any, Any]) -> ValuesView[Any]:
    """The values of a mapping."""
    return d.values()


def iterlists(d: Any) -> Iterator[Any]:
    """The pairs of a mapping of lists."""
    return iter(d.lists())


def create_bound_method(func: Any, obj: Any) -> Any:
    """The function as a method of one object."""
    return types.MethodType(func, obj)


def get_unbound_function(unbound: Any) -> Any:
    """The function itself."""
    return unbound


get_method_function = operator.attrgetter("__func__")
get_method_self = operator.attrgetter("__self__")
get_function_code = operator.attrgetter("__code__")
get_function_defaults = operator.attrgetter("__defaults__")
get_function_globals = operator.attrgetter("__globals__")


def raise_from(value: BaseException, from_value: BaseException | None) -> None:
    """Raise the first because of the second."""
    raise value from from_value


def reraise(tp: type[BaseException], value: BaseException | None, tb: Any = None) -> None:
    """Raise an exception again, as it was seen at ``tb``."""
    raise (tp() if value is None else value).with_traceback(tb)


def ensure_binary(s: str | bytes, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    """The bytes."""
    return s.encode(encoding, errors) if isinstance(s, str) else s


def b(s: str) -> bytes:
    """The bytes of a Latin-1 text."""
    return s.encode("latin-1")


def u(s: str) -> str:
    """The text itself."""
    return s


def ensure_str(s: str | bytes, encoding: str = "utf-8") -> str:
    """A text."""
    return s.decode(encoding) if isinstance(s, bytes) else s


def ensure_text(s: str | bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """The text."""
    return s.decode(encoding, errors) if isinstance(s, bytes) else s


def add_metaclass(metaclass: type) -> Any:
    """A class decorator that gives a class another metaclass."""

    def apply(cls: type) -> type:
        kept = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
        return metaclass(cls.__name__, cls.__bases__, kept)

    return apply


def with_metaclass(metaclass: type, *bases: type) -> type:
    """A base class with a metaclass."""
    return metaclass("NewBase", bases or (object,), {})


def python_2_unicode_compatible(cls: type) -> type:
    """The class itself."""
    return cls
