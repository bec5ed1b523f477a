"""Graphs, their collections and scopes, and the order in which things take place."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from thalweg.compat import graphs
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.layers.naming import count_names_in

if TYPE_CHECKING:
    from thalweg.compat.tf1.graph.nodes import Operation, Tensor


class Effect:
    """Something a session does: updates of variables and host work, after other effects.

    ``guard``: pairs (predicate, wanted) under which the updates take place. ``actor``: what a session asks to ``act``
    before it computes anything, such as putting a row into a queue.
    """

    __slots__ = ("actor", "deps", "fetches", "guard", "number", "updates")
    _count = 0

    def __init__(
        self,
        updates: Sequence[tuple[core.Variable, core.Tensor]] = (),
        deps: Sequence[Effect] = (),
        fetches: Sequence[core.Tensor] = (),
    ) -> None:
        graph = default_graph()
        self.updates = list(updates)
        self.deps = [*deps, *graph.controls()]
        self.fetches = list(fetches)
        self.guard: list[tuple[core.Tensor, bool]] = []
        self.actor: Any = None
        Effect._count += 1
        self.number = Effect._count
        for made in graph.branches:
            made.append(self)


@make_op(
    {}, infer=lambda x, *, effects: x, grad=lambda g, y, x, *, effects: [g], expand=lambda x, *, effects: x
)
def after(x, /, effects):  # type: ignore[no-untyped-def]
    """The value of x once the effects have taken place."""
    return x


@make_op({}, infer=lambda x: x, grad=lambda g, y, x: [g], expand=lambda x: x)
def current(x, /):  # type: ignore[no-untyped-def]
    """The value of a variable at the moment when the effect that reads it takes place."""
    return x


@make_op({}, infer=lambda x, start: x, grad=lambda g, y, x, start: [g, None], expand=lambda x, start: x)
def initialized(x, start, /):  # type: ignore[no-untyped-def]
    """The value of a variable, or ``start`` in a run that initialises it."""
    return x


class GraphKeys:
    """Names of the standard collections."""

    GLOBAL_VARIABLES = VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    TRAINABLE_RESOURCE_VARIABLES = "trainable_resource_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    METRIC_VARIABLES = "metric_variables"
    SUMMARIES = "summaries"
    LOSSES = "losses"
    REGULARIZATION_LOSSES = "regularization_losses"
    UPDATE_OPS = "update_ops"
    GLOBAL_STEP = "global_step"
    ACTIVATIONS = "activations"
    WEIGHTS = "weights"
    BIASES = "biases"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    INIT_OP = "init_op"
    LOCAL_INIT_OP = "local_init_op"
    READY_OP = "ready_op"
    SAVERS = "savers"
    SAVEABLE_OBJECTS = "saveable_objects"
    COND_CONTEXT = "cond_context"
    WHILE_CONTEXT = "while_context"
    EVAL_STEP = "eval_step"
    TRAIN_OP = "train_op"
    SUMMARY_OP = "summary_op"
    ASSET_FILEPATHS = "asset_filepaths"


SCOPE_KEY = ("__varscope",)  # of the collection that holds the open variable scope


class Graph:
    """Named nodes and collections."""

    def __init__(self) -> None:
        self.collections: dict[Any, list[Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.variables: dict[str, Any] = {}  # those of get_variable, by full name
        self.variable_creators: list[Any] = []  # of the open scopes, outermost first
        self.scope_counts: dict[str, int] = {}
        self.layer_names: dict[Any, int] = {}  # how often Keras gave each automatic name
        self.seed: int | None = None
        self.name_prefix = ""
        self.branches: list[list[Effect]] = []
        self.guards: list[
            tuple[Any, bool]
        ] = []  # of the branch that is made: predicates, and how they must be
        self.overrides: dict[str, str] = {}  # kinds of operations and the gradients they get
        self._last_id = 0  # how many nodes TensorFlow had made by now: seeds of draws follow from it
        self._used: dict[str, int] = {}
        self._controls: list[list[Effect]] = []
        self.finalized = False
        self.origins: set[Graph] = set()  # graphs of which this one has copies, over the same expressions
        self.twins: dict[int, Any] = {}  # the copies, by the id of the node of the other graph
        self.renewed: dict[
            core.Tensor, core.Tensor
        ] = {}  # what gradients have in place of nodes' expressions
        self.symbols: Any = None  # Keras's tensors in this graph, where a program uses both; see symbols.py
        self.pending: list[Callable[[], None]] = []  # what puts Keras's weights into the collections

    @property
    def scope(self) -> Any:
        """The open variable scope: also the one thing in a collection, where programs replace it."""
        return next(iter(self.collections.get(SCOPE_KEY, ())), None)

    @scope.setter
    def scope(self, opened: Any) -> None:
        self.get_collection_ref(SCOPE_KEY)[:] = [opened]

    @property
    def _name_stack(self) -> str:
        """The open name scopes, as programs read them."""
        return self.name_prefix.removesuffix("/")

    @contextmanager
    def made_of(self, nodes: int) -> Iterator[None]:
        """What is made inside, TensorFlow made of so many nodes."""
        after = self._last_id + nodes
        try:
            yield
        finally:
            self._last_id = after

    def add_nodes(self, count: int) -> None:
        """So many nodes that TensorFlow makes have none here."""
        self._last_id += count

    def settle(self) -> None:
        """Put into the collections what waits for somebody to look."""
        while self.pending:
            self.pending.pop(0)()

    def translated(self, t: core.Tensor) -> core.Tensor:
        """The expression that runs: without symbols of Keras."""
        return t if self.symbols is None else self.symbols.now(t)

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name under the open name scopes, numbered if it is taken."""
        full = self.name_prefix + name
        key = full.lower()
        count = self._used.get(key, 0)
        if mark_as_used:
            self._used[key] = count + 1
        while count and mark_as_used and (numbered := f"{full}_{count}").lower() in self._used:
            count += 1
            self._used[key] = count + 1
        if not count:
            return full
        numbered = f"{full}_{count}"
        if mark_as_used:
            self._used[numbered.lower()] = 1
        return numbered

    def controls(self) -> list[Effect]:
        """What nodes made now must wait for."""
        return [effect for level in self._controls for effect in level]

    def awaited(self, things: Any, function: str = "control_dependencies") -> list[Any]:
        """The operations and tensors of a list, set, dict or other iterable; names are looked up.

        Raises TypeError for anything else, since what is passed over would never take place.
        """
        if hasattr(things, "op") or hasattr(things, "t"):
            return [things]
        if isinstance(things, str):
            return [self.as_graph_element(things)]
        if not isinstance(things, Iterable):
            raise TypeError(
                f"tf.{function}: expected operations and tensors, or lists of them; got "
                f"{things!r} of type {type(things).__name__}"
            )
        parts = things.values() if isinstance(things, Mapping) else things
        return [found for part in parts for found in self.awaited(part, function)]

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        saved = self._controls
        self._controls = [] if control_inputs is None else [*saved, effects_of(self.awaited(control_inputs))]
        try:
            yield
        finally:
            self._controls = saved

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        self.enter()
        try:
            yield self
        finally:
            self.leave()

    def enter(self) -> None:
        """Be the default graph until :meth:`leave`."""
        _graphs.stack.append(self)
        graphs.entered()

    def leave(self) -> None:
        """Be the default graph no longer, where it was the last time; others that came after it stay."""
        places = [k for k, graph in enumerate(_graphs.stack) if graph is self]
        del _graphs.stack[places[-1] if places else -1]
        graphs.left()

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        saved = self.name_prefix
        if not name:
            self.name_prefix = ""
        elif name.endswith("/"):
            self.name_prefix = name
        elif not re.fullmatch(r"[A-Za-z0-9_.\\\-/>]+", name):
            raise ValueError(f"{name!r} is not a valid scope name: letters, digits and _ . \\ - / > make one")
        else:
            self.name_prefix = self.unique_name(name) + "/"
        try:
            yield self.name_prefix
        finally:
            self.name_prefix = saved

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Inside, operations of these types get the gradients registered under these names."""
        saved, self.overrides = self.overrides, {**self.overrides, **op_type_map}
        try:
            yield
        finally:
            self.overrides = saved

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Everything runs on the processor; the name is accepted."""
        yield

    def add_to_collection(self, name: Any, value: Any) -> None:
        self.collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        for name in [names] if isinstance(names, str) else names:
            self.add_to_collection(name, value)

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """What stands in a collection; with ``scope``, what has a name that begins with it."""
        self.settle()
        found = list(self.collections.get(name, []))
        if scope is None:
            return found
        return [v for v in found if re.match(scope, getattr(v, "name", None) or "")]

    def get_collection_ref(self, name: Any) -> list[Any]:
        self.settle()
        return self.collections.setdefault(name, [])

    def get_all_collection_keys(self) -> list[Any]:
        return [key for key in self.collections if isinstance(key, str)]

    def get_name_scope(self) -> str:
        """The open name scopes."""
        return self._name_stack

    @property
    def version(self) -> int:
        """A number that grows with every operation."""
        return len(self.operations)

    def get_operations(self) -> list[Operation]:
        return list(self.operations.values())

    def get_operation_by_name(self, name: str) -> Operation:
        if name not in self.operations:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self.operations[name]

    def get_tensor_by_name(self, name: str) -> Tensor:
        operation, _, index = name.partition(":")
        if not index:
            raise ValueError(
                f"The name {name!r} looks like an (invalid) Operation name: a tensor's ends in ':0'."
            )
        return self.get_operation_by_name(operation).outputs[int(index)]

    def as_graph_element(self, thing: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The tensor or operation that a name stands for."""
        if isinstance(thing, str):
            return self.get_tensor_by_name(thing) if ":" in thing else self.get_operation_by_name(thing)
        return node_of(thing, self)

    def finalize(self) -> None:
        self.finalized = True

    def as_graph_def(self, from_version: Any = None, add_shapes: bool = False) -> Any:
        """The nodes that there are now, as ``tf.GraphDef``."""
        from thalweg.compat.tf1.graph_defs import GraphDef

        return GraphDef.of(self)


class _Graphs(threading.local):
    def __init__(self) -> None:
        self.stack = [Graph()]


_graphs = _Graphs()


def default_graph() -> Graph:
    """The graph that new nodes go to."""
    return _graphs.stack[-1]


count_names_in(lambda: default_graph().layer_names)  # Keras's layers are numbered anew in each graph


def node_of(thing: Any, graph: Graph | None = None) -> Any:
    """The node for a tensor of the main library, as Keras's are, or for an object that names one by its method
    ``_as_graph_element``; anything else itself.
    """
    if not isinstance(thing, core.Tensor):
        element = getattr(thing, "_as_graph_element", None)
        return element() if callable(element) else thing
    from thalweg.compat.tf1 import symbols

    return symbols.node_of(thing, graph)


def reset_default_graph() -> None:
    """Start with an empty default graph."""
    _graphs.stack[-1] = Graph()


def made_of(nodes: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function of which TensorFlow makes so many nodes: seeds of later draws follow from their number."""

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def apply(*args: Any, **kwargs: Any) -> Any:
            with default_graph().made_of(nodes):
                return function(*args, **kwargs)

        return apply

    return counted


def effects_of(things: Any) -> list[Effect]:
    """The effects below operations and tensors (or lists of them)."""
    found: list[Effect] = []
    for thing in things if isinstance(things, (list, tuple)) else [things]:
        if isinstance(thing, (list, tuple)):
            found += effects_of(thing)
            continue
        operation = getattr(thing, "op", None)
        if operation is not None and operation.effect is not None:
            found.append(operation.effect)
        t = getattr(thing, "t", None)
        if isinstance(t, core.Tensor) and t.op is not None:
            found += below(t)
    return list(dict.fromkeys(found))


def below(t: core.Tensor) -> list[Effect]:
    """The effects that the value of an expression waits for, those of its own last op first."""
    from thalweg.graph.walk import topological

    return [e for node in topological([t]) if node.op is after for e in node.attrs["effects"]]
