"""Functions of the first generation's graph, done at once: for programs of its names in which tensors have values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg.compat.tf1.graph import Graph, HostTensor, Node
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
    found: Tensor = replayed([node.t], {}, f"tf.{name}")[0]
    return found


def replayed(
    results: Sequence[Tensor], given: Mapping[Tensor, Any], caller: str, is_traced: bool = False
) -> list[Any]:
    """Expressions of a graph once more, with ``given`` in the places of its inputs and the values that are there.

    What draws is refused, unless it ``is_traced``: made part of a program that draws anew each time it runs.

    >>> import thalweg as tw
    >>> x = tw.placeholder("float32", (None,))
    >>> replayed([x * 2], {x: tw.constant([1.0, 2.0])}, "f")[0].numpy().tolist()
    [2.0, 4.0]
    """
    again: dict[int, Any] = {id(old): new for old, new in given.items()}
    for old in topological(results, stop=lambda t: id(t) in again or _is_known(t)):
        if id(old) in again:
            continue
        if _is_known(old) or not old.inputs:
            again[id(old)] = old
            continue
        assert old.op is not None
        if old.op.draws and not is_traced:
            raise fail(SymbolicError, f"{caller}: it draws, and has no graph to count its draws in")
        inputs = [again[id(t)] for t in old.inputs]
        again[id(old)] = (
            inputs[0][old.attrs["index"]] if old.op.name == "item" else old.op.apply(inputs, old.attrs, True)
        )
    return [again[id(t)] for t in results]


def _is_known(t: Tensor) -> bool:
    """Whether a tensor has a value, or will have one when somebody looks."""
    return isinstance(t, Variable) or t.later is not None or t.value is not None
