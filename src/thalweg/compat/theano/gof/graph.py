"""``theano.gof.graph``: what an expression is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thalweg.compat.names import only
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.printing import Apply as Apply
from thalweg.compat.theano.printing import is_constant
from thalweg.compat.theano.sharing import TensorSharedVariable as SharedVariable
from thalweg.compat.theano.variable import AnyVariable as Variable
from thalweg.compat.theano.variable import TensorConstant as Constant
from thalweg.compat.theano.variable import variable_of
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological

__all__ = [
    "Apply",
    "Constant",
    "SharedVariable",
    "Variable",
    "ancestors",
    "inputs",
    "is_same_graph",
    "io_toposort",
    "list_of_nodes",
    "ops",
    "variables",
]


def _shown(tensor: Tensor) -> Variable:
    return Constant(tensor) if is_constant(tensor) else variable_of(tensor)


def ancestors(variable_list: Iterable[Any], blockers: Any = None) -> list[Variable]:
    """The variables and all that they are computed from, leaves first."""
    return [_shown(t) for t in topological([tensor_of(v) for v in variable_list])]


def inputs(variable_list: Iterable[Any], blockers: Any = None) -> list[Variable]:
    """The leaves below variables: inputs, shared variables and constants."""
    return [v for v in ancestors(variable_list) if v.tensor.op is None]


def variables(i: Any, o: Iterable[Any]) -> list[Variable]:
    """The variables between inputs and outputs, both included."""
    return ancestors(o)


def list_of_nodes(inputs: Any, outputs: Iterable[Any]) -> list[Apply]:
    """The applications below the outputs."""
    return [v.owner for v in ancestors(outputs) if v.owner is not None]


def io_toposort(inputs: Any, outputs: Iterable[Any]) -> list[Apply]:
    """The applications below the outputs, each after those it needs."""
    return list_of_nodes(inputs, outputs)


def ops(i: Any, o: Iterable[Any]) -> set[Apply]:
    """The applications below the outputs."""
    return set(list_of_nodes(i, o))


def is_same_graph(var1: Any, var2: Any, givens: Any = None, debug: bool = False) -> bool:
    """Whether two variables are computed in the same way from the same leaves."""
    from thalweg.compat.theano.printing import debugprint

    only("is_same_graph", "givens", givens or None)
    leaves = [
        [id(t) for t in topological([tensor_of(v)]) if t.op is None and not is_constant(t)]
        for v in (var1, var2)
    ]
    return leaves[0] == leaves[1] and debugprint(var1, file="str") == debugprint(var2, file="str")
