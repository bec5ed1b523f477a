"""Nested structures of nodes, and bodies of loops and choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, default_graph, value, wrap
from thalweg.graph import tensor as core
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
    """A body is being built: its nodes wait for nothing, the loop or the choice itself does."""

    def __enter__(self) -> None:
        self.context = default_graph().control_dependencies(None)
        self.context.__enter__()

    def __exit__(self, *exception: Any) -> None:
        self.context.__exit__(None, None, None)


def without_order(t: core.Tensor) -> core.Tensor:
    """The expression with ``after`` left out."""
    nodes = topological([t])
    if not any(node.op is g.after for node in nodes):
        return t

    def make(node: core.Tensor, inputs: list[core.Tensor]) -> core.Tensor:
        if node.op is g.after:
            return inputs[0]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return node
        return remake(node, inputs)

    return rebuild([t], {}, make)[0]
