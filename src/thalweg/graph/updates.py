"""Updates of variables as data: operations that a session runs, and the recorder of a traced function."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.graph.tensor import Tensor, Variable

Update = tuple[Variable, Tensor]


class Operation:
    """Something to run for its effect: updates of variables, all computed from the values before any of them.

    ``value``: the tensor that a session returns for it, if any (an assignment's new value).
    ``before``: operations that run first, in order, as separate steps.
    """

    __slots__ = ("before", "name", "updates", "value")

    def __init__(
        self,
        updates: Sequence[Update] = (),
        *,
        value: Tensor | None = None,
        before: Sequence[Operation] = (),
        name: str | None = None,
    ) -> None:
        self.updates = list(updates)
        self.value = value
        self.before = list(before)
        self.name = name

    def __repr__(self) -> str:
        names = ", ".join(v.name or "?" for v, _ in self.updates[:4])
        return f"<Operation {self.name or ''} updates {len(self.updates)} variables: {names}>"


def group(*operations: Any, name: str | None = None) -> Operation:
    """One operation that does all the given ones (operations or tensors, whose value is dropped)."""
    updates: list[Update] = []
    before: list[Operation] = []
    for operation in operations:
        if isinstance(operation, Operation):
            updates += operation.updates
            before += operation.before
    return Operation(updates, before=before, name=name)


class Recorder:
    """The updates made while a Python function is traced: later reads of a variable see its newest
    expression.
    """

    def __init__(self) -> None:
        self.updates: dict[Variable, Tensor] = {}

    def newest(self, tensor: Tensor) -> Tensor:
        """What a read of the tensor gives now: a variable's newest expression, anything else itself."""
        return self.updates.get(tensor, tensor) if isinstance(tensor, Variable) else tensor

    def record(self, variable: Variable, value: Tensor) -> None:
        """Remember the newest expression of a variable."""
        self.updates[variable] = value

    def built(self, tensor: Tensor) -> None:
        """Told of every symbolic tensor that is built."""


class _Recorders(threading.local):
    stack: list[Recorder | None] | None = None


_recorders = _Recorders()


def current_recorder() -> Recorder | None:
    """The recorder of the function being traced in this thread, if any."""
    return _recorders.stack[-1] if _recorders.stack else None


@contextmanager
def recording(recorder: Recorder | None) -> Iterator[Recorder | None]:
    """Inside, assignments go to the recorder (None: act at once, as outside)."""
    if _recorders.stack is None:
        _recorders.stack = []
    _recorders.stack.append(recorder)
    try:
        yield recorder
    finally:
        _recorders.stack.pop()
