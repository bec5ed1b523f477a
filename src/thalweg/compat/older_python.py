"""Names that Python had when a program was written, and has no longer.

``thalweg run`` puts them back in its own process: builtins and what modules held by :func:`restore`, modules by their
old names through the table :data:`MODULES`. The syntax of Python 2 is read by :mod:`thalweg.compat.python2`.
"""

from __future__ import annotations

import base64
import builtins
import collections
import collections.abc
import configparser
import csv
import errno
import fractions
import functools
import html
import html.parser
import importlib
import inspect
import io
import itertools
import json
import locale
import math
import os
import pickle
import platform
import random
import re
import string
import sys
import threading
import time
import types
import unittest
import urllib
from collections.abc import Callable, Iterable
from typing import Any

from thalweg.compat import python2_words
from thalweg.compat.names import Namespace, public_names

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def getargspec(func: Any) -> ArgSpec:
    """The names of a function's arguments, and its defaults."""
    full = inspect.getfullargspec(func)
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


def linux_distribution(*args: Any, **options: Any) -> tuple[str, str, str]:
    """The name, version and code name of the system; three empty texts where it does not say."""
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return "", "", ""
    return told.get("NAME", ""), told.get("VERSION_ID", ""), told.get("VERSION_CODENAME", "")


def _tests_of(case: type[unittest.TestCase], prefix: str = "test") -> unittest.TestSuite:
    """All tests of a class."""
    loader = unittest.TestLoader()
    loader.testMethodPrefix = prefix
    return loader.loadTestsFromTestCase(case)


_BUILTINS: dict[str, Any] = {
    "xrange": range, "unicode": str, "basestring": str, "long": int, "unichr": chr, "raw_input": input,
    "reduce": functools.reduce, "reload": importlib.reload, "file": open, "cmp": python2_words.compared,
    "apply": lambda function, args=(), kwargs=None: function(*args, **(kwargs or {})), "intern": sys.intern,
}  # fmt: skip

_ATTRIBUTES: dict[Any, dict[str, Any]] = {
    base64: {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    configparser: {"SafeConfigParser": configparser.ConfigParser},
    configparser.RawConfigParser: {"readfp": configparser.RawConfigParser.read_file},
    fractions: {"gcd": math.gcd},
    html.parser.HTMLParser: {"unescape": lambda self, text: html.unescape(text)},
    inspect: {"getargspec": getargspec},
    itertools: {"izip": zip, "imap": map, "ifilter": filter, "izip_longest": itertools.zip_longest,
                "ifilterfalse": itertools.filterfalse},
    locale: {"format": locale.format_string},
    os: {"getcwdu": os.getcwd, "errno": errno},
    platform: {"linux_distribution": linux_distribution, "dist": linux_distribution},
    string: {"letters": string.ascii_letters, "lowercase": string.ascii_lowercase,
             "uppercase": string.ascii_uppercase, "maketrans": str.maketrans,
             "join": lambda words, sep=" ": sep.join(words), "atoi": int, "atof": float,
             "atol": int, "joinfields": lambda words, sep=" ": sep.join(words),
             **{name: getattr(str, name) for name in ("split", "replace", "strip", "lower", "upper", "find", "lstrip",
                                                      "rstrip", "rfind", "index", "count", "zfill", "ljust", "rjust",
                                                      "capitalize", "translate")}},
    sys: {"maxint": sys.maxsize, "setdefaultencoding": lambda encoding: None},
    threading.Thread: {"isAlive": threading.Thread.is_alive},
    time: {"clock": time.perf_counter},
    types: {"StringType": str, "UnicodeType": str, "StringTypes": (str,), "IntType": int, "LongType": int,
            "FloatType": float, "ComplexType": complex, "BooleanType": bool, "ListType": list, "TupleType": tuple,
            "DictType": dict, "DictionaryType": dict, "FileType": io.IOBase, "ClassType": type, "TypeType": type,
            "ObjectType": object, "SliceType": slice, "UnboundMethodType": types.FunctionType},
    unittest: {"makeSuite": _tests_of},
    unittest.TestCase: {old: getattr(unittest.TestCase, new) for old, new in (
        ("assert_", "assertTrue"), ("failUnless", "assertTrue"), ("failIf", "assertFalse"),
        ("assertEquals", "assertEqual"), ("failUnlessEqual", "assertEqual"), ("assertNotEquals", "assertNotEqual"),
        ("assertAlmostEquals", "assertAlmostEqual"), ("assertNotAlmostEquals", "assertNotAlmostEqual"),
        ("assertItemsEqual", "assertCountEqual"), ("assertRegexpMatches", "assertRegex"),
        ("assertNotRegexpMatches", "assertNotRegex"), ("assertRaisesRegexp", "assertRaisesRegex"),
        ("failUnlessRaises", "assertRaises"))},
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


def opened(open_file: Callable[..., Any]) -> Callable[..., Any]:
    """``open`` that also takes the mode ``U``, which says what text files do anyway."""

    @functools.wraps(open_file)
    def open(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if isinstance(mode, str) and "U" in mode:
            mode = mode.replace("U", "") if set("rwa") & set(mode) else f"r{mode.replace('U', '')}"
        return open_file(file, mode, *args, **options)

    return open


def decoded(read: Callable[..., Any]) -> Callable[..., Any]:
    """``json.load`` or ``json.loads`` that is also told an encoding, which it finds out by itself."""

    @functools.wraps(read)
    def decode(*args: Any, encoding: str | None = None, **options: Any) -> Any:
        return read(*args, **options)

    return decode


_shuffle, _sample = random.Random.shuffle, random.Random.sample


def shuffle(self: random.Random, x: Any, random: Callable[[], float] | None = None) -> None:
    """``shuffle`` that may be given where its numbers in [0, 1) come from, as before Python 3.11."""
    if random is None:
        _shuffle(self, x)
        return
    for i in range(len(x) - 1, 0, -1):
        j = int(random() * (i + 1))
        x[i], x[j] = x[j], x[i]


def sample(self: random.Random, population: Any, k: int, **options: Any) -> list[Any]:
    """``sample`` that also draws from sets, as before Python 3.11."""
    ordered = tuple(population) if isinstance(population, collections.abc.Set) else population
    return _sample(self, ordered, k, **options)


def _draw_as_before() -> None:
    """The two methods, and the functions that are those of one hidden generator."""
    hidden: Any = random.random.__self__  # type: ignore[attr-defined]
    for method in (shuffle, sample):
        setattr(random.Random, method.__name__, method)
        setattr(random, method.__name__, getattr(hidden, method.__name__))


def restore() -> None:
    """Give Python back the names that it no longer has, and functions what they took: ``re.split``, ``csv.reader``,
    ``open``, ``json.load``, ``random.shuffle`` and ``random.sample``.
    """
    re.split = split  # type: ignore[assignment]
    csv.reader = reader  # type: ignore[assignment]
    builtins.open = opened(builtins.open)
    json.load, json.loads = decoded(json.load), decoded(json.loads)
    _draw_as_before()
    for module, names in ((builtins, _BUILTINS), *_ATTRIBUTES.items()):
        for name, value in names.items():
            if not hasattr(module, name):
                setattr(module, name, value)
    vars(urllib)["__getattr__"] = _of_urllib
