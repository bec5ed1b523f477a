"""Meta graphs: a graph saved beside a checkpoint or exported, which another graph takes in, also in another process.

The process that saved a graph keeps it, with all that Python made in it; another one reads the file
(:mod:`thalweg.compat.tf1.graph_files`).
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import graph_files
from thalweg.compat.tf1.variables import Variable
from thalweg.files import atomic_write_text

_saved: dict[str, tuple[g.Graph, dict[str, str] | None]] = {}  # by the full path of the file


class MetaGraphDef:
    """A graph as it was exported."""

    def __init__(self, graph: g.Graph) -> None:
        self.graph = graph
        self.signature_def: dict[str, Any] = {}  # of a saved model

    @property
    def graph_def(self) -> Any:
        """The graph alone."""
        return self.graph.as_graph_def()


def remember(path: str, graph: g.Graph, saved: dict[str, str] | None = None) -> None:
    """Keep a graph under the path of a meta graph, and write it there; ``saved``: the variables of a saver."""
    _saved[os.path.abspath(path)] = graph, saved
    atomic_write_text(path, graph_files.to_text(graph, saved))


def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Any = None,
    as_text: bool = False,
    graph: g.Graph | None = None,
    export_scope: Any = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
) -> MetaGraphDef:
    """The graph as it is now, with the collections in ``collection_list`` (all); under the path ``filename``, too."""
    only("export_meta_graph", "graph_def", graph_def)
    only("export_meta_graph", "export_scope", export_scope or None)
    made = MetaGraphDef(copied(graph or g.default_graph()))
    if collection_list is not None:
        found = made.graph.collections
        made.graph.collections = {key: found[key] for key in collection_list if key in found}
    if filename is not None:
        remember(filename, made.graph)
    return made


def copied(graph: g.Graph) -> g.Graph:
    """A graph of the same nodes and collections, over the same expressions."""
    return _Copy(graph, g.Graph()).target


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    *,
    input_map: Any = None,
    return_elements: Any = None,
) -> Any:
    """The nodes and collections of a meta graph in the default graph; a saver of its variables, if it has some.

    With ``import_scope`` all names begin with it; those in checkpoints stay what they were.
    """
    from thalweg.compat.tf1.checkpoints import Saver

    only("import_meta_graph", "input_map", input_map)
    only("import_meta_graph", "return_elements", return_elements)
    target = g.default_graph()
    source, saved, text = _found(meta_graph_or_file)
    scope = f"{import_scope}/" if import_scope else ""
    if text is None and scope:
        text = graph_files.to_text(source, saved)
    if text is None:
        _Copy(source, target)
    else:
        saved = graph_files.from_text(text, target, scope)
    if saved is not None:
        return Saver({name: target.get_tensor_by_name(f"{scope}{node}:0") for name, node in saved.items()})
    made = target.get_collection(g.GraphKeys.GLOBAL_VARIABLES, scope or None)
    return Saver({v.op.name.removeprefix(scope): v for v in made}) if made else None


def _found(held: Any) -> tuple[Any, dict[str, str] | None, str | None]:
    """A meta graph: the graph and the variables of its saver where this process has them, else the text of the file."""
    if isinstance(held, MetaGraphDef):
        return held.graph, None, None
    path = os.path.abspath(str(held))
    if path in _saved:
        return *_saved[path], None
    if os.path.isfile(path):
        return None, None, Path(path).read_text(encoding="utf-8")
    raise OSError(f"File {held} does not exist.")


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
        target.twins |= {known: self._of(twin) for known, twin in source.twins.items()} | self.new
        for key, held in source.collections.items():
            if key == g.SCOPE_KEY:
                continue
            target.collections.setdefault(key, []).extend(graph_files.kept_text(self._of(x)) for x in held)
        target.variables.update({name: self._of(v) for name, v in source.variables.items()})
        target.scope_counts.update(source.scope_counts)
        target._used.update(source._used)
        target.seed = source.seed if target.seed is None else target.seed
        target.symbols = source.symbols if target.symbols is None else target.symbols

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
        made = self.new[id(operation)]
        made.inputs = [self._of(x) for x in operation.inputs]
        made.control_inputs = [self._of(x) for x in operation.control_inputs]
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
