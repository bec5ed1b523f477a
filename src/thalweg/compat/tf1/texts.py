"""Texts where elements are only moved about: slices, joins, choices.

Texts are no numbers that programs could hold. Each text has a number in a table, and what moves elements moves these
numbers; the texts are looked up again where somebody asks for them. The number of the empty text is 0.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import HostTensor, Node, Tensor
from thalweg.compat.tf1.math.checks import on_tensors, py_func
from thalweg.compat.tf1.strings import all_from_host, from_host, string_join
from thalweg.compat.tf1.structures import map_structure
from thalweg.compat.tf1.types import as_dtype, numpy_dtype, string
from thalweg.compat.tf1.variables import Variable

_numbers: dict[bytes, int] = {b"": 0}
_texts: list[bytes] = [b""]
_lock = threading.Lock()


def _numbered(text: Any) -> int:
    encoded = text if isinstance(text, bytes) else str(text).encode()
    with _lock:
        if encoded not in _numbers:
            _numbers[encoded] = len(_texts)
            _texts.append(encoded)
        return _numbers[encoded]


def to_numbers(texts: Any) -> np.ndarray:
    array = np.asarray(texts, object)
    return np.array([_numbered(t) for t in array.reshape(-1)], np.int64).reshape(array.shape)


def to_texts(numbers: Any) -> Any:
    array = np.asarray(numbers)
    found = np.empty(array.size, object)
    found[:] = [_texts[int(k)] for k in array.reshape(-1)]
    return found.reshape(array.shape)[()]


def numbers_of(node: Tensor) -> Tensor:
    """The node of the numbers of texts."""
    if node.static is not None:
        return g.constant(to_numbers(node.static), "int64")
    dims = node.shape.dims
    shape = None if dims is None else node.shape.as_list()
    return from_host([node], to_numbers, np.int64, shape, None, "TextNumbers")


def texts_of(node: Any) -> Any:
    """The node of the texts that have these numbers."""
    dims = node.shape.dims
    made = g.host("Texts", None, [node], to_texts, None if dims is None else node.shape.as_list())
    if node.static is not None:
        made.static = np.asarray(to_texts(node.static), object)
    return made


def is_texts(x: Any) -> bool:
    """Whether it is a list or array of Python's texts."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "SUO"
    return (
        isinstance(x, (list, tuple))
        and bool(x)
        and all(isinstance(t, (str, bytes)) or is_texts(t) for t in x)
    )


def _holds(x: Any) -> bool:
    return isinstance(x, HostTensor) or (isinstance(x, (list, tuple)) and any(map(_holds, x)))


def _as_numbers(x: Any) -> Any:
    if isinstance(x, HostTensor):
        return numbers_of(x)
    if isinstance(x, np.ndarray) and is_texts(x):
        return to_numbers(x)
    if isinstance(x, (list, tuple)) and (_holds(x) or is_texts(x)):
        return type(x)(_numbered(t) if isinstance(t, (str, bytes)) else _as_numbers(t) for t in x)
    return x


def moving(fn: Callable[..., Any], texts: Callable[[Any], Any] = texts_of) -> Callable[..., Any]:
    """The function, which moves texts as it moves numbers."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        if not any(_holds(x) or is_texts(x) for x in (*args, *options.values())):
            return fn(*args, **options)
        kept = {name: x if name == "name" else _as_numbers(x) for name, x in options.items()}
        if isinstance(kept.get("constant_values"), (str, bytes)):
            kept["constant_values"] = _numbered(kept["constant_values"])
        return map_structure(texts, fn(*map(_as_numbers, args), **kept))

    return apply


def counting(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which gives numbers also of texts."""
    return moving(fn, lambda node: node)


def choosing(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function of functions, which may give texts."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        given: list[list[bool]] = []

        def numeric(part: Any) -> Any:
            if isinstance(part, (list, tuple)):
                return type(part)(map(numeric, part))
            if isinstance(part, dict):
                return {key: numeric(value) for key, value in part.items()}
            if not callable(part) or isinstance(part, Node):
                return part

            def called() -> Any:
                result = part()
                flags: list[bool] = []
                given.append(flags)

                def leaf(x: Any) -> Any:
                    flags.append(isinstance(x, HostTensor))
                    return numbers_of(x) if flags[-1] else x

                return map_structure(leaf, result)

            return called

        made = fn(*map(numeric, args), **{name: numeric(x) for name, x in options.items()})
        if not any(map(any, given)):
            return made
        flags = iter(given[0])
        return map_structure(lambda x: texts_of(x) if next(flags) else x, made)

    return apply


def _argument(x: Any) -> Any:
    """What a Python function gets: a text as bytes, a number as one of NumPy's, else an array."""
    if isinstance(x, bytes):
        return bytes(x)
    return np.asarray(x, object if is_texts(x) else None)[()]


def of_python(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.py_func``, whose arguments and results may be texts."""

    @functools.wraps(fn)
    def apply(func: Callable[..., Any], inp: Any, Tout: Any, *rest: Any, **options: Any) -> Any:
        if isinstance(Tout, (list, tuple)) and not Tout:  # done for what it does alone
            node = apply(lambda *arrays: (func(*arrays), 0)[1], inp, "int32")
            return g.Operation(options.get("name"), "PyFunc", g.Effect(fetches=[node.t]))
        kinds = [as_dtype(k) for k in (Tout if isinstance(Tout, (list, tuple)) else [Tout])]
        nodes = [g.convert_to_tensor(x) for x in inp]
        if string not in kinds and not any(map(_holds, nodes)):
            return fn(func, nodes, Tout, *rest, **options)

        def call(*arrays: Any) -> list[Any]:
            found = func(*map(_argument, arrays))
            parts = found if isinstance(found, (list, tuple)) and len(kinds) > 1 else [found]
            parts = found if isinstance(Tout, (list, tuple)) and isinstance(found, (list, tuple)) else parts
            return [
                to_texts(to_numbers(p)) if k == string else np.asarray(p, numpy_dtype(k))
                for p, k in zip(parts, kinds, strict=True)
            ]

        made = all_from_host(nodes, call, [(k, None) for k in kinds], options.get("name"), "PyFunc")
        return made if isinstance(Tout, (list, tuple)) else made[0]

    return apply


def of_tensors(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.py_function``, whose arguments and results may be texts."""

    @functools.wraps(fn)
    def apply(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
        def numeric(given: Callable[..., Any], nodes: Any, kinds: Any, name: str | None = None) -> Any:
            return fn(func, nodes, kinds, name)

        return of_python(numeric if Tout else py_func)(on_tensors(func), inp, Tout, name=name)

    return apply


class TextVariable(HostTensor):
    """A variable of texts: one of their numbers, and the node of the texts that it has."""

    def __init__(self, initial_value: Any, trainable: Any = True, *args: Any, **options: Any) -> None:
        options.pop("dtype", None)
        first = g.convert_to_tensor(initial_value() if callable(initial_value) else initial_value, string)
        self.numbers = Variable(numbers_of(first), False, *args, **options)
        self.numbers.holds_texts = True
        super().__init__(g.Operation(None, "Texts"), [self.numbers], to_texts, self.numbers.shape)
        self.op, self.start = self.numbers.op, first

    @property
    def initializer(self) -> g.Operation:
        """What gives it its initial value."""
        return self.numbers.initializer

    @property
    def initial_value(self) -> Tensor:
        """What initialisation gives it."""
        return self.start

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """A node that sets the variable and has the new value."""
        return texts_of(self.numbers.assign(numbers_of(g.convert_to_tensor(value, string))))

    def value(self) -> HostTensor:
        """The value."""
        return self

    read_value = initialized_value = value


def assigning(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.assign``, also to a variable of texts."""

    @functools.wraps(fn)
    def apply(ref: Any, value: Any, *args: Any, **options: Any) -> Any:
        return ref.assign(value) if isinstance(ref, TextVariable) else fn(ref, value, *args, **options)

    return apply


def blank(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.zeros``, also of empty texts."""

    @functools.wraps(fn)
    def apply(shape: Any, dtype: Any = "float32", name: str | None = None) -> Any:
        return texts_of(fn(shape, "int64", name)) if as_dtype(dtype) == string else fn(shape, dtype, name)

    return apply


def filling(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.fill``, also with a text."""

    @functools.wraps(fn)
    def apply(dims: Any, value: Any, name: str | None = None) -> Any:
        if isinstance(value, (str, bytes)):
            return texts_of(fn(dims, g.constant(_numbered(value), "int64"), name))
        return moving(fn)(dims, value, name)

    return apply


def distinct(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.unique`` and its like, also of texts: the first result has the elements."""

    @functools.wraps(fn)
    def apply(x: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(x, HostTensor):
            return fn(x, *args, **options)
        made = fn(numbers_of(x), *args, **options)
        parts = (texts_of(made[0]), *made[1:])
        return type(made)(*parts) if hasattr(made, "_fields") else parts

    return apply


def comparing(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function of sparse tensors, whose elements it compares only: they may be texts."""

    def numeric(x: Any) -> Any:
        return (
            x.with_values(numbers_of(x.values)) if isinstance(getattr(x, "values", None), HostTensor) else x
        )

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        return fn(*map(numeric, args), **{name: numeric(x) for name, x in options.items()})

    return apply


def _joined(self: HostTensor, other: Any) -> HostTensor:
    return string_join([self, other])


_kinds: dict[Callable[..., Any], str] = {
    moving: "slice strided_slice reverse reverse_v2 concat stack pack reshape expand_dims squeeze gather gather_nd "
    "boolean_mask tile transpose split unstack unpack where pad random_shuffle zeros_like reverse_sequence",
    counting: "size shape rank count_nonzero",
    choosing: "cond case",
    of_python: "py_func numpy_function",
    of_tensors: "py_function eager_py_func",
    filling: "fill",
    blank: "zeros",
    assigning: "assign",
    distinct: "unique unique_with_counts",
    comparing: "edit_distance",
}


def taught(names: dict[str, Any]) -> dict[str, Any]:
    """The functions among these that know what to do with texts, by their names."""
    return {
        name: teach(names[name])
        for teach, listed in _kinds.items()
        for name in listed.split()
        if name in names
    }


HostTensor.__getitem__ = moving(Node.__getitem__)  # type: ignore[method-assign]
HostTensor.__add__ = _joined  # type: ignore[method-assign, assignment]
