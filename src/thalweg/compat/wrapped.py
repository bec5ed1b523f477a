"""``tf.compat.v1.wrap_function``: what a function builds as a graph, called with tensors that have values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat import tf1 as _tf1
from thalweg.compat.at_once import replayed
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.session import Session, settled
from thalweg.compat.tf2.arrays import convert_to_tensor
from thalweg.compat.tf2.function import function
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Variable
from thalweg.nested import filled, flat, mapped


class WrappedFunction:
    """A part of a graph as a function of tensors: ``inputs`` are the nodes that it is given, ``outputs`` those that it
    gives. Its variables have values that stay between calls, and gradients by a tape.
    """

    def __init__(self, graph: g.Graph, inputs: Sequence[Any], structured_outputs: Any) -> None:
        self.graph, self.inputs = graph, list(inputs)
        self.structured_outputs = structured_outputs
        self.outputs = [x for x in flat(structured_outputs) if isinstance(x, g.Tensor)]
        hosts = [x for x in flat(structured_outputs) if isinstance(x, g.HostTensor)]
        if hosts:
            raise fail(
                ArgumentError, f"wrap_function: {hosts[0].name} is made by Python when a session runs",
                hint="run the graph in a tf.compat.v1.Session",
            )  # fmt: skip
        wanted = [x for x in flat(structured_outputs) if isinstance(x, (g.Tensor, g.Operation))]
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
            lambda x: next(found) if isinstance(x, g.Tensor) else None if isinstance(x, g.Operation) else x,
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


_as_node = functools.partial(g.node_of)
