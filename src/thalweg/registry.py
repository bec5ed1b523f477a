"""Things known by name: objects that remember how they were made, and the one table from names to classes.

A saved model holds names and plain numbers only. Loading looks names up here, or in what the caller passes; nothing is
imported by name and no code is read from a file.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, fail

__all__ = [
    "Configured", "all_arguments", "config_of", "decode", "encode", "lookup", "register", "registered", "remade",
    "snake_case",
]  # fmt: skip

T = TypeVar("T")

_known: dict[str, Any] = {}


class Configured:
    """Remembers the arguments of its constructor, so that it can be described as data and made again.

    Classes of this package are known by room and name (``layers.Dense``); others need :func:`register`.
    """

    _arguments: dict[str, Any]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.startswith("thalweg.") and not cls.__name__.startswith("_"):
            _known[f"{cls.__module__.split('.')[1]}.{cls.__name__}"] = cls

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        self._arguments = _bound(cls, args, kwargs)
        return self

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as they were given: ``type(self)(**config)`` makes the same again."""
        return dict(self._arguments)

    @classmethod
    def from_config(cls: type[T], config: Mapping[str, Any]) -> T:
        """An object made from what :meth:`get_config` gave."""
        return cls(**config)


def config_of(value: Configured) -> dict[str, Any]:
    """What makes the object again, in the words of this library also where a dialect has others for ``get_config``."""
    own: Any = type(value).get_config
    return dict(getattr(own, "plain", own)(value))


def all_arguments(value: Configured) -> dict[str, Any]:
    """The arguments of the constructor, and of those above it that it hands them to: as given, else their defaults.

    >>> class Scaled(Configured):
    ...     def __init__(self, by: float, offset: float = 0.0): ...
    >>> all_arguments(Scaled(2.0))
    {'by': 2.0, 'offset': 0.0}
    """
    found: dict[str, Any] = {}
    for one in type(value).__mro__:
        if "__init__" in vars(one) and one is not object:
            parameters = list(inspect.signature(vars(one)["__init__"]).parameters.values())[1:]
            for p in parameters:
                needed = p.default is p.empty and p.name not in value._arguments  # the class itself gives it
                if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and not needed:
                    found.setdefault(p.name, None if p.default is p.empty else p.default)
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    return {name: value._arguments.get(name, default) for name, default in found.items()}


def registered(package: str) -> dict[str, Any]:
    """What is known of a package, by its names."""
    start = f"{package}."
    return {name.removeprefix(start): known for name, known in _known.items() if name.startswith(start)}


def registered_names(target: Any) -> list[str]:
    """The names under which something was made known, each as ``package.name``, in order.

    >>> @register("demo")
    ... def triple(x):
    ...     return x * 3
    >>> registered_names(triple), registered_names(len)
    (['demo.triple'], [])
    """
    return [name for name, known in _known.items() if known is target]


def remade(value: Any, **changes: Any) -> Any:
    """Another object of the same configuration, as are those inside it; ``changes`` to its arguments."""
    if isinstance(value, Configured):
        config = {k: remade(v) for k, v in config_of(value).items()}
        return type(value).from_config({**config, **changes})
    if isinstance(value, (list, tuple)):
        return type(value)(remade(v) for v in value)
    return value


def _bound(cls: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    signature = inspect.signature(cls.__init__)
    try:
        given = dict(signature.bind(None, *args, **kwargs).arguments)
    except TypeError:
        return {}  # __init__ itself will say what is wrong
    given.pop(next(iter(signature.parameters)), None)
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            given.update(given.pop(parameter.name, {}))
        elif parameter.kind is inspect.Parameter.VAR_POSITIONAL and parameter.name in given:
            given.update(zip(_positional_names(cls), given.pop(parameter.name)))
    return given


def _positional_names(cls: Any) -> list[str]:
    """The names of what stands by position: those of the first constructor that does not only hand it on."""
    for base in cls.__mro__:
        own = vars(base).get("__init__")
        if own is not None:
            kinds = {n: p.kind for n, p in inspect.signature(own).parameters.items()}
            if inspect.Parameter.VAR_POSITIONAL not in kinds.values():
                return [n for n, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY][1:]
    return []


def register(package: str = "custom", name: str | None = None) -> Callable[[T], T]:
    """A decorator that makes a class or a function known to saved models, as ``package.name``.

    >>> @register("demo")
    ... def double(x):
    ...     return x * 2
    >>> decode(encode(double)) is double
    True
    """

    def known(target: T) -> T:
        _known[f"{package}.{name or getattr(target, '__name__', '?')}"] = target
        return target

    return known


def snake_case(name: str) -> str:
    """``MaxPooling2D`` as ``max_pooling2d``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def lookup(kind: str, given: Any, table: Mapping[str, Any]) -> Any:
    """What a name stands for in a table, or what a program registered under it (as ``custom``).

    An unknown one raises an ArgumentError with the nearest known name.
    """
    if not isinstance(given, str):
        raise fail(ArgumentTypeError, kind, expected="a name, an object or None", received=repr(given))
    found = table.get(given, _known.get(f"custom.{given}"))
    if found is None:
        near = get_close_matches(given, list(table), 1, 0.4)
        hint = f"did you mean {near[0]!r}?" if near else None
        names = sorted(name for name in table if name.islower()) or sorted(table)
        raise fail(ArgumentError, f"unknown {kind} {given!r}", expected=", ".join(names), hint=hint)
    return found


# --- objects as data ------------------------------------------------------------------------------------------------


def encode(value: Any) -> Any:
    """Plain data (what JSON holds) for numbers, texts, lists, dicts, arrays, and known objects and functions."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, np.generic)):
        return _number(value)
    if isinstance(value, np.ndarray):
        return {"$array": value.tolist(), "dtype": value.dtype.name}
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return dtypes.as_dtype(value).name
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, Configured):
        return {"$class": _name_of(type(value)), "config": encode(config_of(value))}
    if callable(value):
        return {"$function": _name_of(value)}
    raise fail(ArgumentTypeError, "cannot be written to a file", received=repr(value))


def _number(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not np.isfinite(plain):
        return {"$float": repr(plain)}
    return plain


def _name_of(target: Any) -> str:
    for name in registered_names(target):
        return name
    again = f"custom.{getattr(target, '__name__', '?')}"
    if again in _known:  # defined once more since then, as cells of a notebook are
        return again
    label = getattr(target, "__qualname__", repr(target))
    raise fail(
        ArgumentError,
        f"{label} has no name that a file could hold",
        hint="decorate it with thalweg.layers.register(): files hold names, never code",
    )


def decode(value: Any, custom: Mapping[str, Any] | None = None) -> Any:
    """The inverse of :func:`encode`; ``custom`` maps names to classes and functions that are not registered."""
    if isinstance(value, list):
        return [decode(v, custom) for v in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return np.array(value["$array"], dtypes.as_dtype(value["dtype"]))
    if "$float" in value:
        return float(value["$float"])
    if "$function" in value:
        return _named(value["$function"], custom)
    if "$class" in value:
        cls = _named(value["$class"], custom)
        if not (isinstance(cls, type) and issubclass(cls, Configured)):
            raise fail(DataError, f"{value['$class']!r} is not a class of layers, losses or the like")
        return cls.from_config(decode(value["config"], custom))
    return {k: decode(v, custom) for k, v in value.items()}


def _named(name: str, custom: Mapping[str, Any] | None) -> Any:
    table = {**_known, **(custom or {})}
    found = table.get(name, table.get(str(name).split(".")[-1]))
    if found is None:
        raise fail(
            DataError,
            f"the file names {name!r}, which is not known here",
            hint="import the code that registers it, or pass custom_objects={'" + str(name) + "': ...}",
        )
    return found
