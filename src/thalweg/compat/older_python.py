"""Names that Python had when a program was written, and has no longer.

``thalweg run`` puts them back in its own process: builtins and what modules held by :func:`restore`, modules by their
old names through the table :data:`MODULES`. The syntax of Python 2 is read by :mod:`thalweg.compat.python2`.
"""

from __future__ import annotations

import base64
import builtins
import collections
import collections.abc
import csv
import fractions
import functools
import importlib
import inspect
import io
import itertools
import math
import os
import pickle
import re
import string
import sys
import time
import types
import urllib
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from thalweg.compat import python2_words
from thalweg.compat.names import Namespace, public_names

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func: Any) -> ArgSpec:
    """The names of a function's arguments, and its defaults."""
    full = inspect.getfullargspec(func)
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


_BUILTINS: dict[str, Any] = {
    "xrange": range, "unicode": str, "basestring": str, "long": int, "unichr": chr, "raw_input": input,
    "reduce": functools.reduce, "reload": importlib.reload, "file": open, "cmp": python2_words.compared,
    "apply": lambda function, args=(), kwargs=None: function(*args, **(kwargs or {})), "intern": sys.intern,
}  # fmt: skip

_ATTRIBUTES: dict[ModuleType, dict[str, Any]] = {
    base64: {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    fractions: {"gcd": math.gcd},
    inspect: {"getargspec": getargspec},
    itertools: {"izip": zip, "imap": map, "ifilter": filter, "izip_longest": itertools.zip_longest,
                "ifilterfalse": itertools.filterfalse},
    os: {"getcwdu": os.getcwd},
    string: {"letters": string.ascii_letters, "lowercase": string.ascii_lowercase,
             "uppercase": string.ascii_uppercase, "maketrans": str.maketrans,
             "join": lambda words, sep=" ": sep.join(words), "atoi": int, "atof": float,
             "atol": int, "joinfields": lambda words, sep=" ": sep.join(words),
             **{name: getattr(str, name) for name in ("split", "replace", "strip", "lower", "upper", "find", "lstrip",
                                                      "rstrip", "rfind", "index", "count", "zfill", "ljust", "rjust",
                                                      "capitalize", "translate")}},
    sys: {"maxint": sys.maxsize, "setdefaultencoding": lambda encoding: None},
    time: {"clock": time.perf_counter},
    types: {"StringType": str, "UnicodeType": str, "StringTypes": (str,), "IntType": int, "LongType": int,
            "FloatType": float, "ComplexType": complex, "BooleanType": bool, "ListType": list, "TupleType": tuple,
            "DictType": dict, "DictionaryType": dict, "FileType": io.IOBase, "ClassType": type, "TypeType": type,
            "ObjectType": object, "SliceType": slice, "UnboundMethodType": types.FunctionType},
}  # fmt: skip


def load(file: Any, **options: Any) -> Any:
    """What is pickled in a file; texts of Python 2 are read as Latin-1, as arrays in them need."""
    return pickle.load(getattr(file, "buffer", file), **{"encoding": "latin1", **options})


def loads(data: bytes | str, **options: Any) -> Any:
    """What is pickled in bytes, as :func:`load`."""
    return pickle.loads(python2_words.as_bytes(data), **{"encoding": "latin1", **options})


def dump(obj: Any, file: Any, *args: Any, **options: Any) -> None:
    """Pickle to a file, which may be open for text."""
    pickle.dump(obj, getattr(file, "buffer", file), *args, **options)


_PICKLE = {name: getattr(pickle, name) for name in public_names(pickle)}


def StringIO(initial: str | bytes = "") -> io.StringIO | io.BytesIO:
    """A file in memory, of texts or of bytes as what it begins with."""
    return io.BytesIO(initial) if isinstance(initial, bytes) else io.StringIO(initial)


# Where the modules are now, by the names that programs import. Absent on purpose: StringIO, whose users ask for it to
# find out which Python they run on; only programs of Python 2 are led to it by another name.
MODULES: dict[str, Any] = {
    "cPickle": Namespace("cPickle", **{**_PICKLE, "load": load, "loads": loads, "dump": dump}),
    "__StringIO__": Namespace("StringIO", StringIO=StringIO),
    "__builtin__": "builtins",
    "BaseHTTPServer": "http.server",
    "ConfigParser": "configparser",
    "Cookie": "http.cookies",
    "HTMLParser": "html.parser",
    "Queue": "queue",
    "SocketServer": "socketserver",
    "Tkinter": "tkinter",
    "commands": "subprocess",
    "cookielib": "http.cookiejar",
    "copy_reg": "copyreg",
    "httplib": "http.client",
    "thread": "_thread",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "xml.etree.cElementTree": "xml.etree.ElementTree",
}


def _of_urllib(name: str) -> Any:
    """A function that ``urllib`` had, from the module that has it now."""
    for part in ("parse", "request", "error"):
        found = getattr(importlib.import_module(f"urllib.{part}"), name, None)
        if found is not None:
            return found
    raise AttributeError(f"module 'urllib' has no attribute {name!r}")


_reader = csv.reader


def reader(rows: Iterable[Any], *args: Any, **options: Any) -> Any:
    """``csv.reader`` that also reads files of bytes, as programs of Python 2 open them."""
    return _reader((row.decode() if isinstance(row, bytes) else row for row in rows), *args, **options)


_split = re.split


def split(
    pattern: str | re.Pattern[str], string: str, maxsplit: int = 0, flags: int | re.RegexFlag = 0
) -> list[Any]:
    r"""``re.split`` as before Python 3.7: a place where the pattern matches nothing does not divide the text.

    >>> split(r"(\W+)?", "Where is Mary?")
    ['Where', ' ', 'is', ' ', 'Mary', '?', '']
    """
    matches = list(re.finditer(pattern, string, flags))
    whole = [match for match in matches if match.end() > match.start()]
    if len(whole) == len(matches) or not whole:
        return _split(pattern, string, maxsplit, flags)
    found: list[Any] = []
    start = 0
    for match in whole[: maxsplit or None]:
        found += [string[start : match.start()], *match.groups()]
        start = match.end()
    return [*found, string[start:]]


def restore() -> None:
    """Give Python back the names that it no longer has, and ``re.split`` and ``csv.reader`` as they were."""
    re.split = split  # type: ignore[assignment]
    csv.reader = reader  # type: ignore[assignment]
    for module, names in ((builtins, _BUILTINS), *_ATTRIBUTES.items()):
        for name, value in names.items():
            if not hasattr(module, name):
                setattr(module, name, value)
    vars(urllib)["__getattr__"] = _of_urllib
