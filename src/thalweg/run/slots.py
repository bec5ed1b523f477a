"""Where the values of variables are during a run: in their own slots, or in those of a session."""

from __future__ import annotations

from collections.abc import Mapping

from thalweg.errors import UninitializedError, fail
from thalweg.graph.memory import Slot
from thalweg.graph.tensor import Variable

Slots = Mapping[Variable, Slot]


def slot_of(variable: Variable, slots: Slots | None) -> Slot:
    """Where the variable's value is."""
    return variable.slot if slots is None else slots[variable]


def uninitialized(variable: Variable) -> UninitializedError:
    """The error for a variable without a value."""
    return fail(
        UninitializedError,
        f"{variable.label()} is used before it has a value",
        built_at=variable.built_at,
        hint="run the initialisation of all variables first (in this session), or assign a value",
    )
