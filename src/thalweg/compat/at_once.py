"""Functions of the first generation's graph, done at once: for programs of its names in which tensors have values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1.graph import Graph, HostTensor
from thalweg.compat.tf1.graph import Tensor as Node
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf2.arrays import convert_to_tensor
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.walk import topological
from thalweg.nested import mapped


def at_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of graphs, which takes tensors that have values and gives such tensors, with gradients.

    It is for functions of tensors alone: what draws, keeps a state or makes variables is refused when it is used.

    >>> from thalweg.compat import tf1
    >>> at_once(tf1.matrix_band_part)([[1, 2], [3, 4]], -1, 0).numpy().tolist()
    [[1, 0], [3, 4]]
    """

    @functools.wraps(function)
    def apply(*args: Any, **options: Any) -> Any:
        with Graph().as_default() as graph:
            made = function(*args, **options)
        return mapped(
            lambda part: _known(part, graph, function.__name__) if isinstance(part, Node) else part, made
        )

    return apply


def _known(node: Node, graph: Graph, name: str) -> Any:
    """What a node of the small graph is: its expression once more, with the values that are there."""
    if isinstance(node, HostTensor) or node.t is None:
        with Session(graph=graph) as session:
            return convert_to_tensor(session.run(node))
    again: dict[int, Any] = {}
    for old in topological([node.t], stop=_is_known):
        if _is_known(old) or not old.inputs:
            again[id(old)] = old
            continue
        assert old.op is not None
        if old.op.draws:
            raise fail(SymbolicError, f"tf.{name}: it draws, and has no graph to count its draws in")
        inputs = [again[id(t)] for t in old.inputs]
        again[id(old)] = (
            inputs[0][old.attrs["index"]] if old.op.name == "item" else old.op.apply(inputs, old.attrs, True)
        )
    found: Tensor = again[id(node.t)]
    return found


def _is_known(t: Tensor) -> bool:
    """Whether a tensor has a value, or will have one when somebody looks."""
    return isinstance(t, Variable) or t.later is not None or t.value is not None
