"""``tf.GraphDef``: a graph alone, without collections, that is written, read, frozen and imported under a prefix.

What TensorFlow wrote is read, too: as nodes, of which :mod:`thalweg.compat.tf1.foreign_graphs` makes the network.
"""

from __future__ import annotations

import copy
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import checkpoints, foreign_graphs, graph_files, logging, meta
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.node_defs import Message, NodeDef, Nodes, VersionDef, node_def
from thalweg.compat.tf1.variables import Variable
from thalweg.files import atomic_write_bytes
from thalweg.graph.walk import topological

_PRODUCER = 134  # what TensorFlow 1.15 writes


class _Told(Message):
    FIELDS: ClassVar[dict[str, Callable[[], Any]]] = {"node": list, "versions": VersionDef}


class GraphDef:
    """A graph as it was; an empty one reads what another wrote."""

    def __init__(self, graph: g.Graph | None = None) -> None:
        self._graph = g.Graph() if graph is None else graph
        self._nodes: Nodes | None = None  # as somebody who looked may have changed them
        self._foreign: Nodes | None = None  # of a graph that TensorFlow wrote
        self.versions = VersionDef(producer=_PRODUCER)
        self.library = ""  # of functions; there are none

    @classmethod
    def of(cls, graph: g.Graph) -> GraphDef:
        """The nodes that a graph has now."""
        made = meta.copied(graph)
        for held in (made.collections, made.variables, made.scope_counts):
            held.clear()
        return cls(made)

    @property
    def node(self) -> Nodes:
        """The nodes, for a look at them; what a program changes in them but their devices cannot be imported."""
        if self._foreign is not None:
            return self._foreign
        if self._nodes is None:
            self._nodes = self._told()
        return self._nodes

    def _told(self) -> Nodes:
        return Nodes(node_def(op) for op in self._graph.get_operations())

    @property
    def graph(self) -> g.Graph:
        """The nodes as a graph of their own."""
        if self._foreign is not None:
            made = g.Graph()
            with made.as_default():
                foreign_graphs.build(self._foreign, "", {})
            return made
        if self._nodes is not None:
            for held, own in itertools.zip_longest(self._nodes, self._told(), fillvalue=NodeDef()):
                if _without_device(held) != _without_device(own):
                    raise NotImplementedError(
                        f"tf.GraphDef: the node {held.name or own.name!r} was made or changed by the program; such "
                        "nodes can be looked at, but not imported: build that part of the network in Python"
                    )
        return self._graph

    def __str__(self) -> str:
        return str(_Told(node=list(self.node), versions=self.versions))

    def get_operations(self) -> list[g.Operation]:
        """The nodes as operations of a graph of their own."""
        return self.graph.get_operations()

    def SerializeToString(self) -> bytes:
        """The graph for :meth:`ParseFromString`, in this library's own form."""
        return graph_files.to_text(self.graph).encode()

    def ParseFromString(self, serialized: bytes) -> int:
        """Become the graph that was written, here or by TensorFlow; how many bytes that were."""
        self._graph, self._nodes, self._foreign = g.Graph(), None, None
        if serialized[:1] == b"{":
            graph_files.from_text(serialized.decode(), self._graph)
        else:
            self._foreign = foreign_graphs.nodes_of(bytes(serialized))
        return len(serialized)

    MergeFromString = ParseFromString

    @classmethod
    def FromString(cls, serialized: bytes) -> GraphDef:
        """The graph that was written."""
        made = cls()
        made.ParseFromString(serialized)
        return made

    def ByteSize(self) -> int:
        """How many bytes it takes."""
        return len(self.SerializeToString())

    def CopyFrom(self, other: GraphDef) -> None:
        """Become another one."""
        self._graph, self._nodes = other._graph, copy.deepcopy(other._nodes)
        self._foreign = copy.deepcopy(other._foreign)

    MergeFrom = CopyFrom


def _without_device(node: NodeDef) -> dict[str, Any]:
    return {name: value for name, value in vars(node).items() if name != "device"}


def import_graph_def(
    graph_def: GraphDef,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """The nodes of another graph under a prefix (``import`` by default, ``""`` for none).

    ``input_map``: names of its tensors, and the tensors here that take their places. ``return_elements``: names of its
    tensors (``a:0``) and operations (``a``), which are returned as they are here.
    """
    if not isinstance(graph_def, GraphDef):
        raise TypeError(f"graph_def must be a GraphDef proto, received {type(graph_def).__name__}")
    target = g.default_graph()
    with target.name_scope("import" if name is None else name) if name != "" else _same(target) as prefix:
        given = {key: g.convert_to_tensor(x) for key, x in (input_map or {}).items()}
        if graph_def._foreign is not None:
            foreign_graphs.build(graph_def._foreign, prefix, given)
        else:
            graph_files.from_text(graph_files.to_text(graph_def.graph), target, prefix, given)
    if return_elements is None:
        return None
    return [target.as_graph_element(prefix + wanted) for wanted in return_elements]


class _same:
    """The prefix that is open."""

    def __init__(self, graph: g.Graph) -> None:
        self.prefix = graph.name_prefix

    def __enter__(self) -> str:
        return self.prefix

    def __exit__(self, *exception: object) -> None:
        pass


def needed(graph: g.Graph, names: Sequence[str]) -> set[str]:
    """The nodes that some nodes are made of, and these."""
    wanted = [graph.get_operation_by_name(name.partition(":")[0]) for name in names]
    found = {op.name for op in wanted}
    stack = list(wanted)
    while stack:  # what Python computes is made of what stands before it
        for t in stack.pop().outputs:
            for x in getattr(t, "host_inputs", ()):
                if x.op.name not in found:
                    found.add(x.op.name)
                    stack.append(x.op)
    results = [t.t for n in found for t in graph.operations[n].outputs if t.t is not None]
    below = {id(t) for t in topological(list(map(graph.translated, results)))}
    return found | {
        op.name
        for op in graph.get_operations()
        if any(t.t is not None and id(graph.translated(t.t)) in below for t in op.outputs)
    }


def extract_sub_graph(graph_def: GraphDef, dest_nodes: Sequence[str]) -> GraphDef:
    """The part of a graph that some nodes are made of."""
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    kept = needed(graph_def.graph, dest_nodes)
    return GraphDef.FromString(graph_files.to_text(graph_def.graph, kept=kept).encode())


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: GraphDef,
    output_node_names: Sequence[str],
    variable_names_whitelist: Sequence[str] | None = None,
    variable_names_blacklist: Sequence[str] | None = None,
) -> GraphDef:
    """The part of a graph that some nodes are made of, with variables as constants of their values in a session."""
    graph = input_graph_def.graph
    kept = needed(graph, output_node_names)
    chosen = [
        t
        for name in sorted(kept)
        if variable_names_whitelist is None or name in variable_names_whitelist
        if name not in (variable_names_blacklist or ())
        for t in graph.operations[name].outputs
        if isinstance(t, Variable)
    ]
    values = {t.t: np.asarray(x) for t, x in zip(chosen, sess.run([t.name for t in chosen]), strict=True)}
    logging.info(f"Froze {len(values)} variables.")
    return GraphDef.FromString(graph_files.to_text(graph, kept=kept, values=values).encode())


def _unchanged(input_graph: GraphDef, protected_nodes: Any = None) -> GraphDef:
    """The graph itself: what TensorFlow would take out of it costs nothing here."""
    return input_graph


def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Write a graph, for :meth:`GraphDef.ParseFromString`; the file's path."""
    found = graph_or_graph_def
    os.makedirs(logdir, exist_ok=True)
    path = os.path.join(logdir, name)
    atomic_write_bytes(
        path, (GraphDef.of(found) if isinstance(found, g.Graph) else found).SerializeToString()
    )
    return path


def freeze_graph(
    input_graph: str,
    input_saver: str,
    input_binary: bool,
    input_checkpoint: str,
    output_node_names: str,
    restore_op_name: str,
    filename_tensor_name: str,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_blacklist: str = "",
    input_meta_graph: Any = None,
    input_saved_model_dir: Any = None,
    saved_model_tags: Any = "serve",
    checkpoint_version: Any = 2,
) -> GraphDef:
    """Write a graph with the values of a checkpoint as constants."""
    only("freeze_graph", "variable_names_whitelist", variable_names_whitelist, "")
    only("freeze_graph", "variable_names_blacklist", variable_names_blacklist, "")
    only("freeze_graph", "input_meta_graph", input_meta_graph or None)
    only("freeze_graph", "input_saved_model_dir", input_saved_model_dir or None)
    definition = GraphDef.FromString(Path(input_graph).read_bytes())
    with g.Graph().as_default() as graph:
        import_graph_def(definition, name="")
        from thalweg.compat.tf1.session import Session

        named = {op.name: op.outputs[0] for op in graph.get_operations() if op.type == "Variable"}
        reader = checkpoints.NewCheckpointReader(input_checkpoint)
        with Session(graph=graph) as session:
            for name, variable in named.items():
                if reader.has_tensor(name):
                    session.load(variable.t, reader.get_tensor(name))
            made = convert_variables_to_constants(
                session, GraphDef.of(graph), output_node_names.replace(" ", "").split(",")
            )
    atomic_write_bytes(output_graph, made.SerializeToString())
    return made


graph_util = Namespace(
    "tf.graph_util",
    convert_variables_to_constants=convert_variables_to_constants,
    extract_sub_graph=extract_sub_graph,
    remove_training_nodes=_unchanged,
    import_graph_def=import_graph_def,
)
tools = Namespace(
    "tf.python.tools",
    freeze_graph=Namespace("tf.python.tools.freeze_graph", freeze_graph=freeze_graph),
    optimize_for_inference_lib=Namespace(
        "tf.python.tools.optimize_for_inference_lib",
        optimize_for_inference=lambda graph_def, inputs, outputs, *rest: extract_sub_graph(
            graph_def, outputs
        ),
    ),
)
