"""``tf.compat.v1.wrap_function``: what a function builds as a graph, called with tensors that have values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat import tf1 as _tf1
from thalweg.compat.at_once import replayed
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import graph_defs
from thalweg.compat.tf1.effects import settled
from thalweg.compat.tf1.graph_files import to_text
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf2.arrays import convert_to_tensor
from thalweg.compat.tf2.concrete import ConcreteFunction
from thalweg.compat.tf2.function import function
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Variable
from thalweg.graph.walk import rebuild, remake
from thalweg.nested import filled, flat, mapped


class WrappedFunction:
    """A part of a graph as a function of tensors: ``inputs`` are the nodes that it is given, ``outputs`` those that it
    gives. Its variables have values that stay between calls, and gradients by a tape.
    """

    def __init__(self, graph: g.Graph, inputs: Sequence[Any], structured_outputs: Any) -> None:
        self.graph, self.inputs = graph, list(inputs)
        self.structured_outputs = structured_outputs
        self.outputs = [x for x in flat(structured_outputs) if isinstance(x, g.Node)]
        hosts = [x for x in flat(structured_outputs) if isinstance(x, g.HostTensor)]
        if hosts:
            raise fail(
                ArgumentError, f"wrap_function: {hosts[0].name} is made by Python when a session runs",
                hint="run the graph in a tf.compat.v1.Session",
            )  # fmt: skip
        wanted = [x for x in flat(structured_outputs) if isinstance(x, (g.Node, g.Operation))]
        results, updates = settled(graph, wanted)
        self._updated = [variable for variable, _ in updates]

        def compute(*values: Any) -> Any:
            given = dict(zip([x.t for x in self.inputs], values, strict=True))
            made = replayed([*results, *(new for _, new in updates)], given, "wrap_function", True)
            for variable, new in zip(self._updated, made[len(results) :], strict=True):
                variable.assign(new)
            return tuple(made[: len(results)])

        self._compute = function(compute)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of the graph."""
        return tuple(node.t for node in self.graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those that are trained."""
        return tuple(node.t for node in self.graph.get_collection(g.GraphKeys.TRAINABLE_VARIABLES))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for tensors, in the order of the inputs or by the inputs' names."""
        names = [x.op.name for x in self.inputs]
        unknown = [n for n in kwargs if n not in names[len(args) :]]
        if len(args) + len(kwargs) != len(names) or unknown:
            raise fail(
                ArgumentError, "wrap_function: a tensor for each input is needed", expected=names,
                received=[f"{len(args)} tensors", *kwargs],
            )  # fmt: skip
        given = [*args, *(kwargs[n] for n in names[len(args) :])]
        values = [convert_to_tensor(v, x.dtype) for v, x in zip(given, self.inputs, strict=True)]
        found = iter(self._compute(*values))
        return mapped(
            lambda x: next(found) if isinstance(x, g.Node) else None if isinstance(x, g.Operation) else x,
            self.structured_outputs,
        )

    def prune(self, feeds: Any, fetches: Any, name: str | None = None, input_signature: Any = None) -> Any:
        """The function of ``feeds`` that gives ``fetches``: nodes of the graph, or their names."""
        inputs, wanted = (mapped(self.graph.as_graph_element, part) for part in (feeds, fetches))
        return WrappedFunction(self.graph, flat(inputs), wanted)


def wrap_function(fn: Callable[..., Any], signature: Any, name: str | None = None) -> WrappedFunction:
    """``fn``, called once with placeholders of the ``signature`` to build a graph; a function of what is fed there.

    >>> from thalweg.compat import tf1, tf2
    >>> double = wrap_function(lambda x: tf1.multiply(x, 2.0), [tf2.TensorSpec([None], "float32")])
    >>> double(tf2.constant([1.0, 2.0])).numpy().tolist()
    [2.0, 4.0]
    """
    graph = g.Graph()
    with graph.as_default():
        places = [_tf1.placeholder(spec.dtype, spec.shape) for spec in flat(signature)]
        made = fn(*filled(signature, places)) if signature else fn()
        made = mapped(_as_node, made)
    with Session(graph=graph) as session:
        nodes = graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES)
        session.run([node.initializer for node in nodes])
        for node, array in zip(nodes, session.run(nodes), strict=True):
            if isinstance(node.t, Variable) and node.t.is_symbolic:
                node.t.set_value(array)
    return WrappedFunction(graph, places, made)


def frozen(func: Any, lower_control_flow: bool = True, aggressive_inlining: bool = False) -> WrappedFunction:
    """``convert_variables_to_constants_v2``: a function of one signature whose variables are constants of the values
    that they have now; it gives a list of tensors. ``graph`` is what a file may hold.

    >>> from thalweg.compat import tf2
    >>> v = tf2.Variable(3.0)
    >>> f = tf2.function(lambda x: v * x).get_concrete_function(tf2.TensorSpec([], "float32"))
    >>> times3 = frozen(f)
    >>> _ = v.assign(5.0)
    >>> times3(tf2.constant(2.0))[0].numpy().item(), times3.inputs[0].name, times3.outputs[0].name
    (6.0, 'x:0', 'Identity:0')
    """
    if isinstance(func, WrappedFunction):
        values = {
            node.t: node.t.get_value() for node in func.graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES)
        }
        kept = graph_defs.needed(
            func.graph, [*(x.name for x in func.outputs), *(x.name for x in func.inputs)]
        )
        graph = graph_defs.GraphDef.FromString(to_text(func.graph, kept=kept, values=values).encode()).graph
        for held in (graph.collections, graph.variables):
            held.clear()
        inputs, outputs = (
            [graph.as_graph_element(x.name) for x in part] for part in (func.inputs, func.outputs)
        )
        return WrappedFunction(graph, inputs, outputs)
    if not isinstance(func, ConcreteFunction):
        raise fail(
            ArgumentError, "convert_variables_to_constants_v2", expected="what get_concrete_function gives",
            received=type(func).__name__,
        )  # fmt: skip
    graph = g.Graph()
    with graph.as_default():
        return WrappedFunction(graph, *_nodes_of(func))


def _nodes_of(func: ConcreteFunction) -> tuple[list[Any], list[Any]]:
    """The inputs and results of a function as nodes of the default graph, which has one for each of its operations."""
    named = {op.outputs[0]: op for op in func.graph.get_operations()[: -len(func.outputs)]}
    inputs: list[Any] = []
    new: dict[Any, Any] = {}
    for t, op in named.items():
        if isinstance(t, Variable):
            new[t] = _tf1.constant(t.get_value(), name=op.name.partition(":")[0]).t
    for t in func.inputs:
        inputs.append(_tf1.placeholder(t.dtype, t.shape, named[t].name if t in named else t.name))
        new[t] = inputs[-1].t
    inner = [t for t in named if t not in new and len(t.specs) == 1]
    for t, made in zip(inner, rebuild(inner, dict(new), remake), strict=True):
        new[t] = made
        g.Tensor(made, g.Operation(named[t].name, named[t].type))
    return inputs, [g.wrap(new[t], None, "Identity") for t in func.outputs]


_as_node = functools.partial(g.node_of)
