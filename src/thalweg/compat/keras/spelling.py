"""Old spellings: a class of the main library, called with the arguments of Keras 1, Keras 2 or tf.keras."""

from __future__ import annotations

import functools
import importlib
import inspect
import pickle
import sys
from collections.abc import Callable, Mapping
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.graph.tensor import plain
from thalweg.nested import mapped
from thalweg.registry import register

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Step = Callable[[tuple[Any, ...], dict[str, Any]], Arguments]


class Offered:
    """What an attribute of that name shows as long as nothing was assigned to it."""

    def __init__(self, read: Callable[[Any], Any], doc: str) -> None:
        self.read, self.__doc__ = read, doc

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.read(instance)


class Renamed:
    """A class of the main library under an old name: calling it translates the arguments and makes the class itself.

    ``translate`` takes and gives (args, kwargs). ``isinstance`` sees the class of the main library, or the ``family``;
    subclasses derive from one of it whose constructor translates, or from ``base`` where they need more of the old
    names. A program may ask whether the name is a class, and call its methods on an instance (``Name.__init__(self)``).
    """

    __class__ = property(lambda self: type)  # type: ignore[assignment]  # to ``isinstance(name, type)``

    def __init__(
        self,
        target: type,
        translate: Step,
        base: type | None = None,
        family: type | tuple[type, ...] | None = None,
    ) -> None:
        self.target, self.translate, self.base, self.family = target, translate, base, family or target
        self.of_subclasses = translate
        self.__class_of_name__ = target  # what ``type(layer)`` of a program is compared with
        self.__name__ = self.__qualname__ = target.__name__
        self.__doc__ = target.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self.translate(args, kwargs)
        return self.target(*args, **kwargs)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        if self.base is None:
            self.base = _translating(self.target, self.of_subclasses)
        return (self.base,)

    def __getattribute__(self, name: str) -> Any:
        if name in ("__init__", "__call__"):  # for an instance of a class that derives from this one
            (base,) = self.__mro_entries__(())
            return getattr(base, name)
        return super().__getattribute__(name)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self.family)

    def __subclasscheck__(self, cls: type) -> bool:
        return issubclass(getattr(cls, "target", cls), self.family)

    @property
    def __bases__(self) -> tuple[type, ...]:
        """The class itself, where a program asks of what the name is a subclass."""
        return (self.target,)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.base or self.target, name)

    def __copy__(self) -> Renamed:
        new: Renamed = object.__new__(type(self))
        vars(new).update(vars(self))
        return new

    def __deepcopy__(self, memo: Any) -> Renamed:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Where it is found again: pickle keeps a name, as of a class."""
        return _at, _place(self)

    def __repr__(self) -> str:
        return f"<{self.target.__name__}>"


def _at(module: str, *names: str) -> Any:
    return functools.reduce(getattr, names, importlib.import_module(module))


def _place(thing: Renamed) -> tuple[str, ...]:
    """The module in which it stands, and its name in there, or in a namespace there."""
    for module in [n for n in sys.modules if n.startswith("thalweg.compat.keras")]:
        for name, value in list(vars(sys.modules[module]).items()):
            if value is thing:
                return module, name
            inner = vars(value) if isinstance(value, Namespace) else {}
            found = next((key for key, part in inner.items() if part is thing), None)
            if found is not None:
                return module, name, found
    raise pickle.PicklingError(f"{thing}: found in no module")


def _translating(target: Any, translate: Step) -> type:
    """The class with a constructor that takes the old arguments."""

    alone = hasattr(target, "call") and [*inspect.signature(target.call).parameters] == ["self", "inputs"]

    class _Translating(target):
        def __init_subclass__(cls, **options: Any) -> None:
            super().__init_subclass__(**options)
            register("custom")(cls)

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            args, kwargs = translate(args, kwargs)
            super().__init__(*args, **kwargs)

        if hasattr(target, "call"):  # on a mask, too, as in Keras 1, and on nodes of a graph

            @functools.wraps(target.call)
            def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
                args, kwargs = ((), {}) if alone else (args, kwargs)
                return super().call(mapped(plain, inputs), *args, **kwargs)

    _Translating.__name__ = _Translating.__qualname__ = target.__name__
    return _Translating


def renamed(kwargs: Mapping[str, Any], table: Mapping[str, str | None]) -> dict[str, Any]:
    """The keyword arguments under their new names; those that the table maps to None are dropped.

    >>> renamed({"nb_epoch": 2, "workers": 4}, {"nb_epoch": "epochs", "workers": None})
    {'epochs': 2}
    """
    found: dict[str, Any] = {}
    for name, value in kwargs.items():
        new = table.get(name, name)
        if new is not None:
            found[new] = value
    return found


def respelt(
    target: type, table: Mapping[str, str | None], *steps: Step, order: str = "", **defaults: Any
) -> Renamed:
    """The class with arguments renamed by a table, then taken through the steps.

    ``order``: the names of arguments by position, where they differ; ``defaults``: values of what was not given.
    """

    def translate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        if order:
            args, kwargs = (), {**dict(zip(order.split(), args)), **kwargs}
        kwargs = renamed(kwargs, table)
        for step in steps:
            args, kwargs = step(args, kwargs)
        return args, {**defaults, **kwargs}

    return Renamed(target, translate)
