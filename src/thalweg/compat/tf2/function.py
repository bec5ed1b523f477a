"""``tf.function``: a Python function compiled for each signature of its arguments."""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat.tf2.concrete import ConcreteFunction, as_result
from thalweg.compat.tf2.effects import Effects
from thalweg.compat.tf2.specs import TensorSpec
from thalweg.compat.tf2.tape import is_recording
from thalweg.compat.tf2.text import TextTensor, is_text
from thalweg.compat.tf2.values import UnmadeVariableError, made_variables, tensor
from thalweg.graph.tensor import Tensor
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.nested import flat, mapped
from thalweg.run.by_path import ByPath
from thalweg.run.function import TracedFunction

_SETTLED = 3  # calls as Python, from which on paths are compiled
_MISSES = 8  # calls in a row, about, that take other paths than those compiled: there are too many
_WORDS = 4  # sets of words among arguments for which a function is compiled
_settings = {"eager": False}
_ANEW = (
    "{}: tf.function-decorated function tried to create variables on non-first call; make them once, outside or "
    "behind `if self.v is None`"
)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether functions run as the Python they are from now on."""
    _settings["eager"] = bool(run_eagerly)


class _Running(threading.local):
    as_python: Function | None = None  # the innermost function that is under way


_running = _Running()


def running_as_python() -> Function | None:
    """The function that runs as the Python it is because it has to: turns of its loops may be compiled."""
    free = current_recorder() is None and not is_recording()
    return _running.as_python if free else None


def functions_run_eagerly() -> bool:
    """Whether functions run as the Python they are."""
    return _settings["eager"]


class NewVariablesError(ValueError):
    """A function makes variables whenever it is called."""


class SignatureError(TypeError, ValueError):
    """An argument does not fit a function's input_signature."""


class Function:
    """A Python function compiled for each signature of its arguments.

    Where its Python looks at values (``tf.print``, a data set iterated over), which TensorFlow rewrites or defers,
    there is nothing to compile: it runs as the Python it is, which means the same. Where it looks at truth values alone
    (an ``if`` or ``while`` on a tensor, a check), the paths that calls take are compiled from the fourth call on, and
    others run as Python. In programs that ``thalweg run`` runs, turns of loops over tensors and data sets are compiled
    then (:mod:`thalweg.compat.loops`). While a tape is open outside, which must see how its results come about, all of
    it is Python, and so it is for texts: a compiled function would be one for these texts alone. A few words, as in
    ``step(x, "train")``, have forms of their own.
    """

    def __init__(self, fn: Callable[..., Any], input_signature: Any = None) -> None:
        self.python_function, self.input_signature = fn, input_signature
        self.__name__ = getattr(fn, "__name__", "function")
        self._effects = Effects()
        traced = self._effects.noted(_giving_tensors(fn))
        self._traced = TracedFunction(traced, _told_shapes(input_signature))
        self._eager = self._called = False
        self._concrete: dict[Any, ConcreteFunction] = {}
        self._by_path: ByPath | None = ByPath(traced)  # once it is known to look at truth values
        self._asked = self._missed = 0
        self._words: list[tuple[str, ...]] = []
        self.loops: dict[Any, Any] = {}  # by the codes of their turns, what is known of them
        functools.update_wrapper(self, fn)

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        """A function of a copied module is one of that module."""
        return Function(copy.deepcopy(self.python_function, memo), self.input_signature)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__.setdefault("_functions_of_instance", {})
        if self not in held:
            held[self] = Function(self.python_function.__get__(instance, owner), self.input_signature)
        return held[self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.input_signature is not None:
            args = self._fitted(args)
        if functions_run_eagerly():
            return mapped(as_result, self.python_function(*args, **kwargs))
        alone = current_recorder() is None
        plain = alone and not is_recording() and self._knows_words(flat([args, kwargs]))
        if self._eager or (alone and not plain):
            found = self._on_its_path(args, kwargs) if plain else NotImplemented
            return self.as_python(*args, **kwargs) if found is NotImplemented else found
        try:
            found = self._traced(*args, **kwargs)
        except NewVariablesError:
            raise
        except Exception as error:
            if current_recorder() is not None:  # the function that called this one cannot be compiled either
                raise
            for_good = not isinstance(error, UnmadeVariableError)  # a call as Python makes the variables
        else:
            return self._effects.done(found)
        made = self.as_python(*args, **kwargs)  # what is wrong in the Python itself is wrong here too
        self._eager = for_good
        return made

    def _knows_words(self, leaves: Sequence[Any]) -> bool:
        """Whether what texts there are among arguments are a few words, as ``"train"``, by which it is compiled."""
        words = tuple([x for x in leaves if is_text(x)])
        if not all(type(word) is str and word.isidentifier() for word in words):
            return False
        if not words or words in self._words:
            return True
        if len(self._words) == _WORDS:
            return False
        self._words.append(words)
        return True

    def map_rows(self, *data: Any) -> Any:
        """What calls with each row of arrays give, stacked; NotImplemented where it runs as the Python it is."""
        if functions_run_eagerly() or self._eager or self.input_signature is not None:
            return NotImplemented
        try:
            found = self._traced.map_rows(*data)
        except NewVariablesError:
            raise
        except Exception as error:  # what is wrong in the Python itself is wrong as Python, too
            self._eager = not isinstance(error, UnmadeVariableError)
            return NotImplemented
        return self._effects.done_for_rows(found)

    def _on_its_path(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the function gives, if the path that it takes is compiled; else NotImplemented."""
        self._asked += 1
        if self._by_path is None or self._asked < _SETTLED:
            return NotImplemented
        try:
            found = self._by_path(*args, **kwargs)
        except NewVariablesError:
            raise
        except (
            Exception
        ):  # there is more that its Python looks at; or what is wrong in it is wrong as Python, too
            found = NotImplemented
        self._missed += 1 if found is NotImplemented else -(self._missed > 0)
        if self._missed == _MISSES:
            self._by_path = None
        return self._effects.done(found)

    def as_python(self, *args: Any, **kwargs: Any) -> Any:
        """What the Python gives; it may make variables in its first call alone."""
        before = made_variables.count
        outer, _running.as_python = _running.as_python, self
        try:
            found = mapped(as_result, self.python_function(*args, **kwargs))
        finally:
            _running.as_python = outer
        if made_variables.count > before and self._called:
            raise NewVariablesError(_ANEW.format(self.__name__))
        self._called = True
        return found

    def _fitted(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as tensors of the signature; an error where one does not fit."""
        specs = list(self.input_signature)
        if len(args) != len(specs):
            raise TypeError(
                f"{self.__name__}: {len(specs)} arguments by its input_signature, received {len(args)}"
            )
        made = [mapped(_argument, a) for a in args]
        for spec, given in zip((s for s in specs if isinstance(s, TensorSpec)), made):
            if isinstance(given, Tensor) and not spec.is_compatible_with(given):
                raise SignatureError(
                    f"{self.__name__}: the argument does not fit the input_signature: expected {spec}, "
                    f"received shape {given.shape}, dtype {given.dtype}"
                )
        return tuple(made)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The function of the tensors among its arguments, its other arguments bound to those given."""
        if not args and not kwargs and self.input_signature is not None:
            args = tuple(self.input_signature)
        made = ConcreteFunction(self, args, kwargs)
        return self._concrete.setdefault(repr(sorted(made.arguments.items())), made)

    def experimental_get_tracing_count(self) -> int:
        """How many signatures were compiled."""
        return self._traced.num_traces


def _told_shapes(signature: Any) -> Any:
    """The shapes that a signature tells, where it is one of tensors of known ranks."""
    specs = list(signature or ())
    told = all(type(spec) is TensorSpec and spec.shape.rank is not None for spec in specs)
    return tuple(tuple(spec.shape.as_list()) for spec in specs) if specs and told else None


def _argument(value: Any) -> Any:
    """A tensor of an argument; texts and rows of different lengths are what they are."""
    return value if isinstance(value, TextTensor) or hasattr(value, "row_splits") else tensor(value)


def _giving_tensors(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which gives tensors where it gives Python's numbers."""

    @functools.wraps(fn)
    def giving(*args: Any, **kwargs: Any) -> Any:
        before = made_variables.count
        found = mapped(as_result, fn(*args, **kwargs))
        now = made_variables.count
        if now > before:  # a function may make its variables once: it is traced once more
            with recording(Recorder()):
                fn(*args, **kwargs)
            if made_variables.count > now:
                raise NewVariablesError(_ANEW.format(getattr(fn, "__name__", "function")))
        return found

    return giving


def function(
    func: Any = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: Any = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """A compiled function; a decorator with or without arguments. What follows ``input_signature`` changes nothing."""
    if func is None:
        return lambda fn: Function(fn, input_signature)
    return Function(func, input_signature)


def inside_function() -> bool:
    """Whether a compiled function is being made."""
    return current_recorder() is not None
