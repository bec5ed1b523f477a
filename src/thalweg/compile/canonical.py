"""One text for whatever machine code is made from: equal texts only for what nothing that reads them can tell apart.

What an object is written as comes from its own fields, so that none can be forgotten; what has no rule here is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from thalweg.compile.dims import Dim
from thalweg.graph.op import Op, item
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import topological
from thalweg.ops.bodies import Body
from thalweg.ops.draws import RandomKey

_LITERALS = frozenset((int, bool, float, str, bytes, type(None)))  # whose repr says everything
_PACKAGE = __name__.partition(".")[0] + "."
# what a tensor is called and where a user wrote it: shown in comments and messages, never compiled
_NOT_COMPILED = ("__weakref__", "name", "built_at", "tracked", "later", "moment")


class UnwritableError(Exception):
    """There is no text for an object: it is not the package's own, or of a kind nobody has thought of."""


class Writer:
    """Writes objects one after another. What has an identity (tensors, kernels, schedules) is numbered as it comes.

    >>> writer = Writer()
    >>> writer.write((1, True, 2.5, {"a": None}))
    >>> writer.text()
    "tuple(1,True,2.5,dict('a',None,),),"
    """

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}  # by number
        self._parts: list[str] = []
        self._numbers: dict[int, int] = {}  # of objects, by id
        self._places: dict[int, str] = {}  # of ops and functions, by id

    def text(self) -> str:
        """What has been written."""
        return "".join(self._parts)

    def number(self, tensor: Tensor) -> int:
        """The number of a tensor that was met; KeyError for any other."""
        return self._numbers[id(tensor)]

    def write(self, value: Any) -> None:
        """Write an object and all that it holds; UnwritableError where there is something without a rule."""
        kind: Any = type(value)
        _rule(kind)(self, value)

    def several(self, name: str, values: Any) -> None:
        """Write objects under a name."""
        self._parts.append(f"{name}(")
        for value in values:
            kind: Any = type(value)
            if kind in _LITERALS:
                self._parts.append(f"{value!r},")
            else:
                _rule(kind)(self, value)
        self._parts.append("),")

    def literal(self, value: Any) -> None:
        """Write what says everything in Python's own notation."""
        self._parts.append(f"{value!r},")

    def dtype(self, value: Any) -> None:
        """Write an element type."""
        self._parts.append(_dtype_text(value))

    def array(self, value: Any) -> None:
        """Write an array or a NumPy number."""
        array = np.asarray(value)
        digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        self._parts.append(f"array {_dtype_text(array.dtype)}{array.shape} {digest},")

    def place(self, value: Any) -> None:
        """Write where an op or a function of the package stands: its source says the rest."""
        if id(value) not in self._places:
            home = str(value.__module__)
            inside = home.startswith(_PACKAGE)
            names = [n for n, v in vars(sys.modules[home]).items() if v is value] if inside else []
            if not names:
                raise UnwritableError(f"{value!r} has no name in a module of the package")
            self._places[id(value)] = f"{home}.{names[0]},"
        self._parts.append(self._places[id(value)])

    def numbers(self, values: Any) -> None:
        """Write a set of objects with identities."""
        self.several("set", sorted(self._numbered(v) for v in values))

    def reference(self, value: Any) -> None:
        """Write the number of an object with an identity."""
        number = self._numbered(value)
        self._parts.append(f"#{number},")

    def _numbered(self, value: Any) -> int:
        """The number of an object with an identity, which is written when it is met first."""
        if id(value) not in self._numbers:
            if isinstance(value, Tensor):
                for tensor in topological([value], stop=self._ends):
                    if id(tensor) not in self._numbers:
                        self._tensor(tensor)
            else:
                self._object(value)
        return self._numbers[id(value)]

    def _ends(self, tensor: Tensor) -> bool:
        """Whether what a tensor is computed from need not be written before it."""
        return id(tensor) in self._numbers

    def _begun(self, value: Any) -> int:
        number = self._numbers[id(value)] = len(self._numbers)
        self._parts.append(f"#{number}=")
        return number

    def _object(self, value: Any) -> None:
        kind = type(value)
        if not kind.__module__.startswith(_PACKAGE) or any("__slots__" in vars(c) for c in kind.__mro__[:-1]):
            raise UnwritableError(f"no rule for a {kind.__module__}.{kind.__qualname__}")
        self._begun(value)
        self.several(kind.__name__, [part for pair in vars(value).items() for part in pair])

    def _tensor(self, tensor: Tensor) -> None:
        kind = type(tensor)
        if kind not in (Tensor, Placeholder, RandomKey):
            raise UnwritableError(f"a {kind.__name__} is not compiled")
        self.tensors[self._begun(tensor)] = tensor
        self.several(kind.__name__, self._facts(tensor))

    def _facts(self, tensor: Tensor) -> Iterable[Any]:
        """What is written of a tensor."""
        op, fields = tensor.op, {s: getattr(tensor, s) for s in Tensor.__slots__ if s not in _NOT_COMPILED}
        if op is not None and op.lower is None and op is not item:
            # done on the host by its meaning: compiled code only sees its memory
            fields.update(op=op.name, attrs=None)
        return fields.values()


@functools.cache
def _dtype_text(dtype: np.dtype) -> str:
    return f"dtype {dtype.name} {dtype.str},"


Rule = Callable[[Writer, Any], None]


@functools.cache
def _rule(kind: type) -> Rule:
    """How objects of a type are written."""
    if kind in _LITERALS:
        return Writer.literal
    if kind in _RULES:
        return _RULES[kind]
    if issubclass(kind, np.dtype):
        return Writer.dtype
    if issubclass(kind, (np.ndarray, np.generic)):
        return Writer.array
    if issubclass(kind, Body):
        return lambda writer, body: writer.several(kind.__name__, [body.parameters, body.outputs])
    if dataclasses.is_dataclass(kind) and kind.__eq__ is not object.__eq__:
        names = [f.name for f in dataclasses.fields(kind)]
        return lambda writer, value: writer.several(kind.__name__, [getattr(value, n) for n in names])
    return Writer.reference


_RULES: dict[type, Rule] = {
    tuple: lambda writer, value: writer.several("tuple", value),
    list: lambda writer, value: writer.several("list", value),
    dict: lambda writer, value: writer.several("dict", [part for pair in value.items() for part in pair]),
    set: Writer.numbers,
    frozenset: Writer.numbers,
    Dim: lambda writer, value: writer.several("Dim", [int(value), value.terms]),
    slice: lambda writer, value: writer.several("slice", [value.start, value.stop, value.step]),
    type(...): lambda writer, value: writer.several("...", ()),
    Spec: lambda writer, value: writer.several("Spec", value),
    Op: Writer.place,
    FunctionType: Writer.place,
}
