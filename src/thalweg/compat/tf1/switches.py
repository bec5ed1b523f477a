"""``control_flow_ops.switch`` and ``merge``: the way in which programs chose one of several branches by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.control import cond
from thalweg.compat.tf1.graph import Operation, Tensor, value, wrap
from thalweg.graph.op import make_op
from thalweg.graph.walk import topological
from thalweg.ops import elementwise
from thalweg.ops.state import identity


@make_op(
    {},
    infer=lambda x, chosen, *, side: x,
    grad=lambda g, y, x, chosen, *, side: [g, None],
    expand=lambda x, chosen, *, side: identity(x),
)
def _on_side(x, chosen, /, side):  # type: ignore[no-untyped-def]
    """x, for what is made if ``chosen`` is ``side``."""
    return x


def switch(data: Any, pred: Any, dtype: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The data twice: for what is made if ``pred`` is false, and if it is true. :func:`merge` chooses between them."""
    node, chosen = g.convert_to_tensor(data, dtype), g.convert_to_tensor(pred, "bool")
    operation = Operation(name, "Switch", inputs=[node, chosen])
    operands = [value(node), value(chosen)]
    no, yes = (Tensor(_on_side.build(operands, {"side": side}), operation) for side in (False, True))
    return no, yes


def merge(inputs: Sequence[Any], name: str | None = None) -> tuple[Tensor, Tensor]:
    """(the first input of which all switches above it were on its side, or the last one; its number)."""
    nodes = [g.convert_to_tensor(x) for x in inputs]
    made, number = nodes[-1], g.constant(len(nodes) - 1)
    for k in reversed(range(len(nodes) - 1)):
        alive = _alive(nodes[k])
        made = cond(alive, lambda k=k: nodes[k], lambda made=made: made)
        number = cond(alive, lambda k=k: g.constant(k), lambda number=number: number)
    return math.identity(made, name), number


def _alive(node: Tensor) -> Tensor:
    """Whether all switches above a node are on its side."""
    above: list[Any] = [x for x in topological([value(node)]) if x.op is _on_side]
    if not above:
        raise ValueError(f"merge: expected a node that a switch leads to, received {node!r}")
    alive: Any = None
    for x in above:
        held: Any = x.inputs[1] if x.attrs["side"] else elementwise.logical_not(x.inputs[1])
        alive = held if alive is None else elementwise.logical_and(alive, held)
    return wrap(alive, None, "Alive", [node])


def with_dependencies(dependencies: Sequence[Any], output_tensor: Any, name: str | None = None) -> Tensor:
    """The tensor, once operations and other tensors have been computed."""
    with g.default_graph().control_dependencies(dependencies):
        return math.identity(output_tensor, name or "control_dependency")
