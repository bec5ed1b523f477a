"""Meta graphs: a graph saved beside a checkpoint or exported, which another graph of the same process takes in.

A meta graph of TensorFlow holds nodes that any process can read. Here the nodes stay in memory, and are found again
only by the process that saved them; the file lists their names.
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.variables import Variable
from thalweg.files import atomic_write_text

_saved: dict[str, g.Graph] = {}  # by the full path of the file


class MetaGraphDef:
    """A graph as it was exported."""

    def __init__(self, graph: g.Graph) -> None:
        self.graph_def = graph


def remember(path: str, graph: g.Graph) -> None:
    """Keep a graph under the path of a meta graph, where a list of its nodes is written."""
    _saved[os.path.abspath(path)] = graph
    nodes = [
        {"name": op.name, "type": op.type, "inputs": [x.name for x in op.inputs]}
        for op in graph.get_operations()
    ]
    atomic_write_text(path, json.dumps(nodes))


def export_meta_graph(
    filename: str | None = None, graph: g.Graph | None = None, **options: Any
) -> MetaGraphDef:
    """The graph as it is now; with ``filename`` also under that path."""
    made = MetaGraphDef(_Copy(graph or g.default_graph(), g.Graph()).target)
    if filename is not None:
        remember(filename, made.graph_def)
    return made


def import_meta_graph(meta_graph_or_file: Any, clear_devices: bool = False, **options: Any) -> Any:
    """The nodes and collections of a meta graph in the default graph; a saver of its variables, if it has some."""
    from thalweg.compat.tf1.checkpoints import Saver

    if isinstance(meta_graph_or_file, MetaGraphDef):
        source = meta_graph_or_file.graph_def
    else:
        found = _saved.get(os.path.abspath(str(meta_graph_or_file)))
        if found is None:
            raise NotImplementedError(
                f"{meta_graph_or_file}: a meta graph is kept by the process that saved it only; "
                "build the graph again and call tf.train.Saver().restore"
            )
        source = found
    graph = _Copy(source, g.default_graph()).target
    return Saver() if graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES) else None


class _Copy:
    """The nodes and collections of one graph made anew in another, over the same expressions."""

    def __init__(self, source: g.Graph, target: g.Graph) -> None:
        self.source, self.target = source, target
        target.origins |= {source, *source.origins}
        self.new: dict[int, Any] = {}
        for name, operation in source.operations.items():
            target.operations[name] = self._operation(operation)
        for operation in source.operations.values():
            self._connect(operation)
        for key, held in source.collections.items():
            target.collections.setdefault(key, []).extend(self._of(x) for x in held)
        target.variables.update({name: self._of(v) for name, v in source.variables.items()})
        target.scope_counts.update(source.scope_counts)
        target._used.update(source._used)
        target.seed = source.seed if target.seed is None else target.seed

    def _operation(self, operation: g.Operation) -> g.Operation:
        made = copy.copy(operation)
        made.graph = self.target
        made.outputs = []
        for tensor in operation.outputs:
            twin = copy.copy(tensor)
            twin.op = made
            made.outputs.append(twin)
            self.new[id(tensor)] = twin
        self.new[id(operation)] = made
        return made

    def _connect(self, operation: g.Operation) -> None:
        """The inputs of an operation, and what its outputs hold, in the new graph."""
        self.new[id(operation)].inputs = [self._of(x) for x in operation.inputs]
        for tensor in operation.outputs:
            twin = self._of(tensor)
            if isinstance(tensor, g.HostTensor):
                twin.host_inputs = [self._of(x) for x in tensor.host_inputs]
            if isinstance(tensor, Variable):
                twin.initializer, twin.start = self._of(tensor.initializer), self._of(tensor.start)

    def _of(self, thing: Any) -> Any:
        if isinstance(thing, (list, tuple)):
            return type(thing)(self._of(x) for x in thing)
        return self.new.get(id(thing), thing)
