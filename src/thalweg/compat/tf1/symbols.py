"""Keras's tensors in a graph of TensorFlow 1.

A model's inputs and outputs are symbols: expressions of the main library that remember the calls of layers which made
them. A graph takes such a tensor as a node (:func:`node_of`); when the node is run or differentiated, the calls are
made once more (:class:`Symbols`), this time with the learning phase as ``training``, which a session may be fed, and
with what the layers assign (moving averages) kept as operations. A node that a layer is called on stands behind a
symbol of its own. Weights are variables of the graph whose value is the layer's: all sessions and ``fit`` see the same
one.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, Operation, default_graph
from thalweg.compat.tf1.variables import Variable
from thalweg.compat.tf1.variables.variable import RecorderOfCalls
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Spec, plain
from thalweg.graph.updates import current_recorder, recording
from thalweg.graph.walk import remake, topological
from thalweg.layers.base import Layer
from thalweg.layers.calls import trainings
from thalweg.layers.nodes import InputSymbol, Node, Symbol, nodes_between
from thalweg.nested import flat, mapped

Core = core.Tensor


class Symbols:
    """A graph's nodes for tensors of Keras, and what these are when a session runs."""

    def __init__(self, graph: g.Graph) -> None:
        self.graph = graph
        self.nodes: dict[Core, g.Node] = {}
        self.behind: dict[g.Node, InputSymbol] = {}  # the symbols that stand for nodes
        self.updates: dict[int, list[Operation]] = {}  # by the id of the layer that assigns
        self._now: dict[Core, Core] = {}
        self._runs: set[int] = set()  # numbers of calls that were made once more
        self._scopes: list[tuple[str, Layer]] = []  # of the layers that are being called
        phase = g.Settled(
            None, (), {}, (Spec((), np.dtype(np.int32)),), name="keras_learning_phase", tracked=True
        )
        phase.default = np.zeros((), np.int32)
        self.phase: Any = phase

    # --- nodes ------------------------------------------------------------------------------------------------------

    def node(self, t: Core) -> g.Node:
        """The node of a tensor of Keras: always the same."""
        if t not in self.nodes:
            self.nodes[t] = self._made(t)
        return self.nodes[t]

    def _made(self, t: Core) -> g.Node:
        with self.graph.as_default(), self.graph.control_dependencies(None):
            saved, self.graph.name_prefix = self.graph.name_prefix, ""
            try:
                if isinstance(t, core.Variable):
                    return Variable.holding(t, t.name)
                if isinstance(t, Symbol):
                    layer, kind = t.node.layer.name, _kind(t)
                    return g.Tensor(t, Operation(f"{layer}/{kind}", kind))
                kind = "Placeholder" if t.op is None else _kind(t)
                return g.Tensor(t, Operation(t.name, kind), static=None if t.tracked else t.value)
            finally:
                self.graph.name_prefix = saved

    @contextmanager
    def scope_of(self, layer: Layer) -> Iterator[None]:
        """Inside, a layer is called: in a name scope of its name, which gets a number where it is taken."""
        try:
            scope = self.graph.name_scope(layer.name)
            scope.__enter__()
        except ValueError:  # a name that no scope can have
            yield
            return
        self._scopes.append((self.graph.name_prefix, layer))
        try:
            yield
        finally:
            self._scopes.pop()
            scope.__exit__(None, None, None)

    def adopt(self, layer: Layer, weight: core.Variable, draw: Callable[[], Any]) -> None:
        """A new weight of a layer is a variable of the graph, if anybody still has it when the graph is asked; its
        name is within the scope of the call in which it is made.
        """
        held, name = weakref.ref(weight), str(weight.name)
        around = dict(self._scopes).get(self.graph.name_prefix)
        if around is layer or not type(around).__module__.startswith("thalweg.layers"):
            name = name if around is None else name.removeprefix(f"{layer.name}/")
        name = self.graph.name_prefix + name

        def settle() -> None:
            variable = held()
            if variable is not None and variable not in self.nodes:
                variable.initializer = g.source_leaf(_Draw(draw), 0, variable.dtype, variable.shape)
                with self.graph.as_default():
                    self.nodes[variable] = Variable.holding(variable, name)

        self.graph.pending.append(settle)

    def symbol(self, x: Any) -> Any:
        """What a layer is called on: for a node that Keras did not make, a symbol."""
        if not isinstance(x, g.Node) or x.t is None:
            return plain(x)
        below = topological([x.t], stop=lambda t: isinstance(t, (Symbol, InputSymbol)))
        if isinstance(x, Variable) or not any(isinstance(t, (Symbol, InputSymbol)) for t in below):
            if x not in self.behind:
                made = InputSymbol(None, (), {}, x.t.specs, name=x.op.name, tracked=True)
                self.behind[x] = made
                self.nodes[made] = x
                self._now[made] = x.t
            return self.behind[x]
        return x.t

    # --- what runs --------------------------------------------------------------------------------------------------

    def now(self, t: Core) -> Core:
        """The expression without symbols: with the calls of layers made once more."""
        if t not in self._now:
            for call in nodes_between([], [t]):
                if call.number not in self._runs:
                    self._runs.add(call.number)
                    self._run(call)
            self._rebuilt(t)
        return self._now[t]

    def known(self, tensors: Sequence[Core]) -> list[Core]:
        """What the tensors are, of those that were looked at."""
        return [self._now.get(t, t) for t in tensors]

    def _rebuilt(self, t: Core) -> None:
        for x in topological([t], stop=lambda n: n in self._now):
            if x in self._now:
                continue
            inputs = [self._now[below] for below in x.inputs]
            same = all(a is b for a, b in zip(inputs, x.inputs, strict=True))
            if x.op is not None and x.op.name == "read":
                self._now[x] = inputs[0]
            elif x.op is None or (same and not _has_history(x)):
                self._now[x] = self.phase if _is_phase(x) else x
            else:
                self._now[x] = remake(x, inputs)

    def _run(self, call: Node) -> None:
        for t in _tensors((call.args, call.kwargs)):
            self._rebuilt(t)
        args, kwargs = mapped(self._value, (call.args, call.kwargs))
        recorder = RecorderOfCalls()
        with self.graph.as_default(), recording(recorder):
            results = call.again(*args, **{"training": self._training(), **kwargs})
        for symbol, result in zip(flat(call.outputs), flat(results), strict=True):
            if isinstance(symbol, Core):
                self._now[symbol] = result
        if recorder.updates:
            with self.graph.as_default(), self.graph.control_dependencies(None):
                name = f"{call.layer.name}/AssignMovingAvg"
                made = [Operation(name, "AssignSub", Effect([pair])) for pair in recorder.updates.items()]
            self.updates.setdefault(id(call.layer), []).extend(made)

    def _value(self, x: Any) -> Any:
        return self._now[x] if isinstance(x, Core) else x

    def _training(self) -> Any:
        settings = _phases()
        fixed = None if settings is None else settings._settings["phase"]
        return self.phase if fixed is None else bool(fixed)


class _Draw:
    """First values of a weight, drawn at each initialisation."""

    def __init__(self, draw: Callable[[], Any]) -> None:
        self.draw = draw

    def pull(self, session: Any, fed: Any) -> list[Any]:
        return [self.draw()]


def _kind(t: Core) -> str:
    assert t.op is not None
    return "".join(part.capitalize() for part in t.op.name.split("_"))


def _has_history(t: Core) -> bool:
    """Whether an eager value was computed from variables, which may have others when a session runs."""
    return t.tracked and t.value is not None


def _phases() -> Any:
    return sys.modules.get("thalweg.compat.keras.backend.settings")


def _is_phase(t: Core) -> bool:
    settings = _phases()
    return settings is not None and t is settings._phase


def _tensors(structure: Any) -> list[Core]:
    return [t for t in flat(structure) if isinstance(t, Core)]


def symbols_in(graph: g.Graph) -> Symbols:
    """The graph's tensors of Keras."""
    if graph.symbols is None:
        graph.symbols = Symbols(graph)
    return graph.symbols


def inside() -> bool:
    """Whether a layer is being called or a step traced: tensors are what they are there."""
    return bool(trainings()) or current_recorder() is not None


def node_of(x: Any, graph: g.Graph | None = None) -> Any:
    """The node for a tensor of the main library; anything else itself."""
    if not isinstance(x, Core):
        return x
    if inside() and not isinstance(x, core.Variable):  # that may be assigned
        return g.wrap(x, None, "Identity")
    return symbols_in(graph or default_graph()).node(x)


def weights_of(collection: Sequence[core.Variable]) -> list[Any]:
    """The nodes of weights."""
    default_graph().settle()  # those that wait get their names in the order in which they were made
    return [node_of(weight) for weight in collection]
