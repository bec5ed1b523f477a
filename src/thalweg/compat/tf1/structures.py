"""Nested structures of nodes, and bodies of loops and choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, Tensor, default_graph, value, wrap
from thalweg.graph import tensor as core
from thalweg.graph.op import item
from thalweg.graph.updates import current_recorder, recording
from thalweg.graph.walk import rebuild, remake, topological


class Composite:
    """Something made of tensors that is one leaf of a structure."""


def map_structure(fn: Callable[[Any], Any], tree: Any) -> Any:
    """The structure with ``fn`` of each leaf."""
    if tree is None or (isinstance(tree, tuple) and not tree):
        return tree
    if isinstance(tree, Mapping):
        return {k: map_structure(fn, v) for k, v in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_structure(fn, v) for v in tree))
    if isinstance(tree, (list, tuple)) and any(
        isinstance(v, (Tensor, core.Tensor, Composite, list, tuple)) for v in tree
    ):
        return type(tree)(map_structure(fn, v) for v in tree)
    return fn(tree)


def to_core(tree: Any) -> Any:
    """Nodes as expressions."""
    return map_structure(value, tree)


def to_nodes(tree: Any, kind: str) -> Any:
    """Expressions as nodes."""
    return map_structure(lambda t: wrap(t, None, kind), tree)


class inside:
    """A body is being built: its nodes wait for nothing, the loop or the choice itself does.

    ``loop``: the body runs several times, so what it makes cannot assign.
    """

    def __init__(self, loop: bool = True) -> None:
        self.loop = loop

    def __enter__(self) -> inside:
        graph = default_graph()
        self.controls, self.first = graph.controls(), Effect._count
        self.context = graph.control_dependencies(None)
        self.context.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.context.__exit__(None, None, None)

    def plain(self, t: core.Tensor) -> core.Tensor:
        """The expression of a body without ``after``, which only a session can tell.

        What was made before the body is given to it as it is, with all that it waits for; so are variables that are
        read after assignments.
        """
        recorder: Any = current_recorder()
        if not hasattr(recorder, "made"):
            return t  # there is no body: the functions run as they are

        def outside(node: core.Tensor) -> bool:
            return id(node.inputs[0] if node.op is item else node) not in recorder.made

        nodes = topological([t], stop=outside)
        given = {node: self._waiting(node) for node in nodes if outside(node)}
        if not any(node.op is g.after for node in nodes if node not in given) and all(
            new is node for node, new in given.items()
        ):
            return t

        def make(node: core.Tensor, inputs: list[core.Tensor]) -> core.Tensor:
            if node.op is g.after:
                self._check(node)
                return remake(node, node.inputs) if isinstance(node.inputs[0], core.Variable) else inputs[0]
            if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
                return node
            made = remake(node, inputs)
            recorder.built(made)
            return made

        return rebuild([t], given, make)[0]

    def _waiting(self, node: core.Tensor) -> core.Tensor:
        """What is given to the body: a variable as it is once that was done on which the whole body depends."""
        if not self.controls or not isinstance(node, core.Variable):
            return node
        with recording(None):
            return g.after.build([node], {"effects": tuple(self.controls)})  # type: ignore[return-value]

    def _check(self, node: core.Tensor) -> None:
        for effect in node.attrs["effects"]:
            if self.loop and effect.number > self.first and effect.updates:
                names = ", ".join(v.label() for v, _ in effect.updates)
                raise NotImplementedError(
                    f"an assignment to {names} in the body of a loop is not supported: make the value one of the "
                    "loop's own variables and assign the last one"
                )
