"""What programs use of ``pydot``: nodes, edges and the picture of a graph, drawn without Graphviz.

``thalweg run`` supplies it where the package itself is not installed. Most programs only import it, since Keras once
drew its models with it; shapes, colours and sub-graphs say nothing here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from thalweg.compat.drawing import Drawing
from thalweg.files import atomic_write_bytes


class Node:
    """A box: its name, and ``label`` where it shows another text."""

    def __init__(self, name: Any = "", **attributes: Any) -> None:
        self.name, self.attributes = str(name), attributes

    def get_name(self) -> str:
        """The name."""
        return self.name


class Edge:
    """A line from a node to another, each a Node or the name of one."""

    def __init__(self, src: Any = "", dst: Any = "", **attributes: Any) -> None:
        self.ends = (self._name(src), self._name(dst))
        self.attributes = attributes

    @staticmethod
    def _name(node: Any) -> str:
        return node.name if isinstance(node, Node) else str(node)


class Dot:
    """A graph of nodes and edges; ``create_png()``, ``write_svg(path)`` and the like make its picture.

    >>> graph = Dot(rankdir="LR")
    >>> graph.add_edge(Edge("a", "b"))
    >>> graph.to_string().splitlines()[3]
    '  n0 -> n1;'
    """

    def __init__(self, *names: Any, **attributes: Any) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.attributes = attributes

    def add_node(self, node: Node) -> None:
        """Add a node; one of the same name is replaced."""
        self.nodes[node.name] = node

    def add_edge(self, edge: Edge) -> None:
        """Add an edge, and the nodes at its ends that nobody added."""
        self.edges.append(edge)

    def set(self, name: str, value: Any) -> None:
        """Set an attribute of the graph."""
        self.attributes[name] = value

    def set_node_defaults(self, **attributes: Any) -> None:
        """How nodes look: boxes, whatever is asked."""

    set_edge_defaults = set_node_defaults

    def get_nodes(self) -> list[Node]:
        """The nodes that were added."""
        return list(self.nodes.values())

    def get_edges(self) -> list[Edge]:
        """The edges that were added."""
        return list(self.edges)

    def _drawing(self) -> Drawing:
        labels = {name: str(node.attributes.get("label", name)) for name, node in self.nodes.items()}
        for edge in self.edges:
            for name in edge.ends:
                labels.setdefault(name, name)
        places = {name: k for k, name in enumerate(labels)}
        edges = [(places[a], places[b]) for a, b in (edge.ends for edge in self.edges)]
        return Drawing(list(labels.values()), edges, across=self.attributes.get("rankdir") == "LR")

    def to_string(self) -> str:
        """The graph in Graphviz's language."""
        return self._drawing().dot()

    def create(self, prog: str = "dot", format: str = "ps") -> bytes:
        """The picture as it stands in a file."""
        drawing = self._drawing()
        return drawing.dot().encode() if format in ("dot", "raw") else drawing.image(format)

    def write(self, path: Any, prog: str = "dot", format: str = "raw") -> bool:
        """Write the picture to a file."""
        atomic_write_bytes(Path(path), self.create(prog, format))
        return True

    def __getattr__(self, name: str) -> Any:
        work, _, format = name.partition("_")
        if work not in ("create", "write") or not format:
            raise AttributeError(f"a graph of pydot here has no {name!r}")
        return partial(self.create if work == "create" else self.write, format=format)


Graph = Dot

__all__ = ["Dot", "Edge", "Graph", "Node"]
