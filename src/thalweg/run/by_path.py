"""Functions whose Python looks at truth values: compiled for the paths that calls take.

While such a function is traced, each truth value that it asks for is that of the call's own arguments. The program
checks them all: where one is another now, its results are not those of the call, and no variable has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from thalweg.errors import SymbolicError, fail
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, deciding
from thalweg.ops.elementwise import logical_and, logical_not, not_equal, where
from thalweg.ops.shape import reshape
from thalweg.run.function import Function, signature_of, symbols_for, trace
from thalweg.run.program import Program, fixed_forms

_KINDS = 8  # of arguments, by their shapes and what is no array among them
_PATHS = 4  # compiled for arguments of one kind
_DECISIONS = 16  # on a path at most


class ByPath:
    """A Python function compiled for the paths that it takes; a call that takes another gives NotImplemented.

    >>> relu = ByPath(lambda x: x if x > 0 else 0 * x)
    >>> [relu(np.float32(x)).item() for x in (2, -3, 5)]
    [2.0, -0.0, 5.0]
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn
        self._paths: dict[Any, list[Function]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The results of one call; NotImplemented where it takes another path than those that are compiled."""
        arrays: list[Any] = []
        key = signature_of((args, kwargs), arrays)
        kind = (key, tuple([tuple(a.shape) for a in arrays]))
        if kind not in self._paths and len(self._paths) == _KINDS:
            return NotImplemented
        known = self._paths.setdefault(kind, [])
        for path in known:
            found = _result(path, arrays)
            if found is not NotImplemented:
                known.remove(path)
                known.insert(0, path)  # the next call will take it, too
                return found
        if len(known) == _PATHS:
            return NotImplemented
        known.insert(0, self._compiled(args, kwargs, arrays))
        return _result(known[0], arrays)

    def _compiled(self, args: Any, kwargs: Any, arrays: Sequence[Any]) -> Function:
        shapes = tuple([tuple(a.shape) for a in arrays])
        inputs = symbols_for(arrays, shapes)
        path = _Path(dict(zip(inputs, map(np.asarray, arrays), strict=True)))
        before, deciding.by = deciding.by, path.decide
        try:
            outputs, newest, updates = trace(self._fn, inputs, args, kwargs)
        finally:
            deciding.by = before
        taken = path.taken()
        updates = [(variable, where(taken, new, variable)) for variable, new in updates]
        name = getattr(self._fn, "__name__", "function")
        return Function(Program(inputs, [*newest, taken], updates, name, fixed_forms(shapes)), outputs)


class _Path:
    """The truth values that one call asks for."""

    def __init__(self, given: dict[Tensor, np.ndarray]) -> None:
        self._given = given
        self._flags: list[Tensor] = []

    def decide(self, asked: Tensor) -> bool:
        """The truth of a tensor for this call."""
        if len(self._flags) == _DECISIONS:
            raise fail(SymbolicError, f"a path of more than {_DECISIONS} decisions")
        flag = not_equal(reshape(asked, ()), 0)
        chosen = bool(evaluate([flag], self._given)[0])
        self._flags.append(flag if chosen else logical_not(flag))
        return chosen

    def taken(self) -> Tensor:
        """Whether a run takes the same path."""
        if not self._flags:
            raise fail(SymbolicError, "no truth value was asked for")
        return reduce(logical_and, self._flags)


def _result(path: Function, arrays: Sequence[Any]) -> Any:
    """What a run along a path gives, NotImplemented where it is not the path."""
    *results, taken = path.program.run(arrays, None, True)
    return path.structured(results) if taken.item() else NotImplemented
