"""Variables by collection, and their initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import (
    Effect,
    GraphKeys,
    Operation,
    Tensor,
    default_graph,
)
from thalweg.compat.tf1.variables.variable import Variable, _free_effect
from thalweg.graph import tensor as core
from thalweg.run.slots import uninitialized


def variables_initializer(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """An operation that gives the listed variables their initial values."""
    made = Operation(name, "NoOp", _free_effect([(v.t, v.t.initializer) for v in var_list]))
    made.control_inputs = [v.initializer for v in var_list]
    return made


def global_variables_initializer() -> Operation:
    """Initialises the variables made until now: those made later stay without a value."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """Initialises the local variables (of metrics and counters) made until now."""
    return variables_initializer(local_variables(), "init_local")


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """There are no tables to fill."""
    return Operation(name, "NoOp", Effect())


def global_variables(scope: str | None = None) -> list[Variable]:
    """All variables that initialisation and checkpoints care for."""
    return default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Variable]:
    """Variables of metrics."""
    return default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """Variables that optimizers change."""
    return default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """The variables of which moving averages are kept."""
    return g.default_graph().get_collection(g.GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Variable]:
    """Variables that a program put into that collection."""
    return default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def report_uninitialized_variables(
    var_list: Any = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of variables without a value, as bytes."""
    wanted = var_list or [*global_variables(), *local_variables()]
    source = _Uninitialized(wanted)
    return g.source_nodes(source, [("string", [None])], Operation(name, "ReportUninitialized"))[0]


class _Uninitialized:
    """The source of the names of variables that have no value in a session."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        self.variables = variables

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The names."""
        return [
            np.array([v.op.name.encode() for v in self.variables if session.slots[v.t].array is None], object)
        ]


def is_variable_initialized(ref: Variable, name: Any = None) -> Tensor:
    """Whether the session has a value for the variable."""
    source = _Initialized(ref.t)
    return g.wrap(g.source_leaf(source, 0, np.bool_, ()), name, "IsVariableInitialized")


def assert_variables_initialized(var_list: Sequence[Variable] | None = None) -> Operation | None:
    """An operation that fails in a session where one of the variables has no value; None without variables."""
    wanted = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    return _Check(wanted) if wanted else None


class _Check(Operation):
    """What :func:`assert_variables_initialized` gives."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        super().__init__("assert_variables_initialized", "NoOp", Effect())
        self.variables = variables

    def act(self, session: Any, fed: Any) -> None:
        """Look at each variable."""
        for v in self.variables:
            if session.slots[v.t].array is None:
                raise uninitialized(v.t)


class _Initialized:
    def __init__(self, variable: core.Variable) -> None:
        self.variable = variable

    def pull(self, session: Any, fed: Any) -> list[Any]:
        return [np.asarray(session.slots[self.variable].array is not None)]
