"""Sessions: they own the values of symbolic variables, and run whatever is fetched as one program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.errors import FeedError, FetchError, fail
from thalweg.graph.memory import Slot
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable
from thalweg.graph.updates import Operation
from thalweg.graph.walk import rebuild, remake
from thalweg.run.program import Program

_KEPT_PROGRAMS = 256


class _Slots(dict[Variable, Slot]):
    """The session's value of each variable; a variable with a value of its own outside keeps that one."""

    def __missing__(self, variable: Variable) -> Slot:
        slot = variable.slot if variable.slot.array is not None else Slot()
        self[variable] = slot
        return slot


class Session:
    """Runs fetches with fed placeholders, over its own values of the symbolic variables.

    A new session starts from nothing: variables made with ``symbolic=True`` (or from a symbolic initial
    value) have no value in it until their initialisation is run.

    >>> from thalweg.graph.tensor import placeholder
    >>> a, b = placeholder("float32", name="a"), placeholder("float32", name="b")
    >>> with Session() as session:
    ...     print(session.run(a + b, feed_dict={a: 4, b: 5}))
    9.0
    """

    def __init__(self) -> None:
        self._slots = _Slots()
        self._programs: dict[Any, Program] = {}
        self._kept: list[Any] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the compiled programs; values stay readable through them no more."""
        self._programs.clear()
        self._kept.clear()

    def value_of(self, variable: Variable) -> np.ndarray:
        """The session's value of a variable, as a new array."""
        return self.run(variable)

    def load(self, variable: Variable, value: Any) -> None:
        """Give a variable a value in this session."""
        holder = Variable(value, dtype=variable.dtype)
        self._slots[variable].array = holder.slot.array
        self._slots[variable].reader = None

    def run(self, fetches: Any, feed_dict: Mapping[Tensor, Any] | None = None) -> Any:
        """The values of the fetches, as NumPy arrays and numbers, in the same structure.

        ``fetches``: a tensor, variable or operation, or nested lists, tuples and dicts of them. Tensors are
        computed from the values before any update that is fetched beside them; operations give None.
        """
        feeds = feed_dict or {}
        flat: list[Any] = []
        structure = _collect(fetches, flat)
        for operation in flat:
            if isinstance(operation, Operation):
                for earlier in operation.before:
                    self.run(earlier, feeds)
        key = (tuple(map(id, flat)), tuple(map(id, feeds)))
        program = self._programs.get(key)
        if program is None:
            program = self._program(flat, list(feeds))
            if len(self._programs) >= _KEPT_PROGRAMS:
                self._programs.clear()
                self._kept.clear()
            self._programs[key] = program
            self._kept.append((flat, list(feeds)))  # so that no id in a key is used again
        results = iter([_plain(r) for r in program.run(list(feeds.values()), self._slots)])
        return _restore(structure, flat, results)

    def _program(self, flat: list[Any], fed: list[Any]) -> Program:
        updates: dict[Variable, Tensor] = {}
        for operation in flat:
            if isinstance(operation, Operation):
                updates.update(operation.updates)
        outputs = _in_order(flat)
        inputs: list[Tensor] = []
        replaced: dict[Tensor, Tensor] = {}
        for tensor in fed:
            if not isinstance(tensor, Tensor):
                raise fail(
                    FeedError,
                    "feed_dict: a key is not a tensor",
                    expected="placeholders",
                    received=repr(tensor),
                )
            if isinstance(tensor, Variable) or (tensor.op is None and not isinstance(tensor, Placeholder)):
                raise fail(
                    FeedError,
                    f"feed_dict: {tensor.label()} cannot be fed",
                    expected="a placeholder or an expression",
                )
            if isinstance(tensor, Placeholder):
                inputs.append(tensor)
            else:
                inputs.append(
                    Placeholder(
                        None, (), {}, (Spec(tensor.shape, tensor.dtype),), name=tensor.name, tracked=True
                    )
                )
                replaced[tensor] = inputs[-1]
        news = list(updates.values())
        if replaced:
            made = rebuild([*outputs, *news], replaced, lambda t, below: remake(t, below))
            outputs, news = made[: len(outputs)], made[len(outputs) :]
        return Program(inputs, outputs, list(zip(updates, news, strict=True)), "session.run")


def _in_order(flat: list[Any]) -> list[Tensor]:
    """The tensors to compute: each fetch, or an operation's value."""
    found = [t if isinstance(t, Tensor) else t.value for t in flat]
    return [t for t in found if t is not None]


def _collect(fetches: Any, flat: list[Any]) -> Any:
    """The structure of the fetches with numbers in their places."""
    if fetches is None:
        return None
    if isinstance(fetches, (Tensor, Operation)):
        flat.append(fetches)
        return len(flat) - 1
    if isinstance(fetches, Mapping):
        return {key: _collect(value, flat) for key, value in fetches.items()}
    if isinstance(fetches, (list, tuple)):
        parts = [_collect(value, flat) for value in fetches]
        return type(fetches)(*parts) if hasattr(fetches, "_fields") else type(fetches)(parts)
    raise fail(
        FetchError,
        "run: a fetch is not a tensor",
        expected="a tensor, variable or operation, or lists, tuples and dicts of them",
        received=repr(fetches),
    )


def _restore(structure: Any, flat: list[Any], results: Any) -> Any:
    values = [next(results) if isinstance(t, Tensor) or t.value is not None else None for t in flat]

    def place(part: Any) -> Any:
        if part is None:
            return None
        if isinstance(part, int):
            return values[part]
        if isinstance(part, Mapping):
            return {key: place(value) for key, value in part.items()}
        parts = [place(value) for value in part]
        return type(part)(*parts) if hasattr(part, "_fields") else type(part)(parts)

    return place(structure)


def _plain(array: np.ndarray) -> Any:
    """Scalars as NumPy scalars."""
    return array[()] if array.ndim == 0 else array
