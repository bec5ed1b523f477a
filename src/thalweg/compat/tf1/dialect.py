"""How Keras's tensors, layers and weights look to a program that also builds graphs of TensorFlow 1.

Keras's rooms call :func:`speak` where ``thalweg run`` wants it (see :mod:`thalweg.compat.graphs`). Importing this room
changes nothing.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from thalweg import initializers
from thalweg.compat import graphs
from thalweg.compat.keras.worded import tell_shapes
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import symbols, variables
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.data import Iterator as DataIterator
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.session import Session, get_default_session
from thalweg.compat.tf1.sparse import DenseView
from thalweg.compat.tf1.train.optimizers import Optimizer
from thalweg.compat.tf1.types import LayerShape, TensorShape
from thalweg.compat.ufuncs import as_operator
from thalweg.errors import ArgumentError, SymbolicError, fail
from thalweg.graph.tensor import Tensor, Variable, install_methods, plain
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.graph.walk import leaves, rebuild, remake
from thalweg.layers.base import Layer, first_value
from thalweg.layers.calls import trainings
from thalweg.layers.sparse import install_view
from thalweg.nested import flat, mapped
from thalweg.ops.elementwise import where

_ROOMS = __name__.partition(".")[0] + "."


def _library_asks() -> bool:
    """Whether the caller of the attribute is the library itself, which sees what it keeps."""
    return sys._getframe(2).f_globals.get("__name__", "").startswith(_ROOMS)


# --- tensors --------------------------------------------------------------------------------------------------------


def _shape(self: Tensor) -> Any:
    """The lengths of the axes. The library itself sees the tuple that it keeps."""
    found = self.specs[0].shape
    return found if _library_asks() else TensorShape(found)


def _get_shape(self: Tensor) -> TensorShape:
    """The lengths of the axes."""
    return TensorShape(self.specs[0].shape)


def _eval(self: Tensor, feed_dict: Any = None, session: Any = None) -> Any:
    """The value in the given or the default session."""
    return g.node_of(self).eval(feed_dict, session)


_WORDS: dict[str, Any] = {
    "shape": property(_shape, doc=_shape.__doc__),
    "get_shape": _get_shape,
    "eval": _eval,
}

# --- layers ---------------------------------------------------------------------------------------------------------


def _call(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer may be called on nodes."""

    @functools.wraps(call)
    def on_nodes(self: Layer, *args: Any, **kwargs: Any) -> Any:
        known = symbols.symbols_in(g.default_graph())
        args, kwargs = mapped(plain if symbols.inside() else known.symbol, (args, kwargs))
        if self.built or current_recorder() is not None:  # no weights are made
            return call(self, *args, **kwargs)
        with known.scope_of(self):
            return call(self, *args, **kwargs)

    return on_nodes


def _inner_call(called: Callable[..., Any]) -> Callable[..., Any]:
    """What ``call`` gives may be nodes; ``training`` may be a tensor, as the learning phase is."""

    @functools.wraps(called)
    def as_tensors(self: Layer, args: Any, kwargs: dict[str, Any]) -> Any:
        training = self._argument("training", args, kwargs)
        if training is None and trainings():
            training = trainings()[-1]
        if not isinstance(training, Tensor) or not training.is_symbolic:
            found = mapped(plain, called(self, args, kwargs))
            return found if self.sublayers() else _with_own_gradients(found, (args, kwargs))
        try:
            return mapped(plain, called(self, args, kwargs))
        except SymbolicError:  # it looks at the flag: both ways, and one of them chosen by its value
            return _both_ways(functools.partial(called, self), args, kwargs, training)

    return as_tensors


def _with_own_gradients(outputs: Any, given: Any) -> Any:
    """What a layer gives, with the gradients that ``Graph.gradient_override_map`` names for ops of its own."""
    graph = g.default_graph()
    if not graph.overrides:
        return outputs

    def made(t: Tensor, inputs: list[Tensor]) -> Tensor:
        same = all(a is b for a, b in zip(t.inputs, inputs, strict=True))
        new = t if same else remake(t, inputs)
        kind = "" if t.op is None else t.op.name.capitalize()  # as "relu" is "Relu" there
        return g.wrap(new, None, kind, list(map(g.node_of, inputs))).t if kind in graph.overrides else new

    tensors = [t for t in flat(outputs) if isinstance(t, Tensor)]
    kept = {t: t for t in flat(given) if isinstance(t, Tensor)}
    new = dict(zip(map(id, tensors), rebuild(tensors, kept, made), strict=True))
    return mapped(lambda t: new.get(id(t), t), outputs)


def _as_called_now(as_called_now: Callable[..., Any]) -> Callable[..., Any]:
    """What a model calls again has the gradients that held where the layer was called."""

    @functools.wraps(as_called_now)
    def found(self: Layer, *args: Any) -> Any:
        again, kept = as_called_now(self, *args), dict(g.default_graph().overrides)
        if not kept:
            return again

        def with_gradients(*args: Any, **kwargs: Any) -> Any:
            with g.default_graph().gradient_override_map(kept):
                return again(*args, **kwargs)

        return with_gradients

    return found


def _both_ways(called: Callable[..., Any], args: Any, kwargs: dict[str, Any], training: Tensor) -> Any:
    recorder = current_recorder()
    assert recorder is not None
    before = dict(recorder.updates)
    trained = mapped(plain, called(args, {**kwargs, "training": True}))
    made, recorder.updates = recorder.updates, dict(before)
    tested = mapped(plain, called(args, {**kwargs, "training": False}))
    test = g.truth(training)
    for variable, new in made.items():
        if before.get(variable) is not new:
            recorder.record(variable, where(test, new, recorder.newest(variable)))
    chosen = iter(where(test, a, b) for a, b in zip(flat(trained), flat(tested), strict=True))
    return mapped(lambda _: next(chosen), tested)


def _add_weight(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    """A weight is a variable of the graph that is open."""
    signature = inspect.signature(add_weight)

    @functools.wraps(add_weight)
    def to_graph(self: Layer, *args: Any, **kwargs: Any) -> Any:
        weight = add_weight(self, *args, **kwargs)
        given = signature.bind(self, *args, **kwargs).arguments
        start = None if isinstance(given.get("shape"), str) else given.get("initializer")
        start = ("glorot_uniform" if weight.dtype.kind == "f" else "zeros") if start is None else start

        def draw(shape: Any = weight.shape, dtype: Any = weight.dtype) -> Any:
            return first_value(initializers.get(start), shape, dtype)

        symbols.symbols_in(g.default_graph()).adopt(self, weight, draw)
        return weight

    return to_graph


def _as_nodes(kept: property) -> property:
    """Weights, which the library sees as they are and a program as variables of its graph."""
    read: Any = kept.fget

    def get(self: Layer) -> Any:
        found = read(self)
        return found if _library_asks() or symbols.inside() else symbols.weights_of(found)

    return property(get, kept.fset, doc=kept.__doc__)


def _losses(kept: property) -> property:
    """Penalties, which in a graph are nodes of the weights that there are when it runs."""
    read: Any = kept.fget

    def get(self: Layer) -> Any:
        return read(self) if _library_asks() or symbols.inside() else _nodes_of_losses(read, self)

    return property(get, doc=kept.__doc__)


def _nodes_of_losses(read: Any, layer: Layer) -> list[Any]:
    with recording(Recorder()):
        found = [plain(loss) for loss in read(layer)]
    return [g.node_of(loss) for loss in found]


def _updates(self: Layer) -> list[Any]:
    """The operations that move moving averages: of the layer's calls, or where there was none, of the model itself."""
    known = symbols.symbols_in(g.default_graph())
    made = [call.outputs for call in self._nodes] or getattr(self, "output", None)
    for output in flat(made):
        known.now(output)
    return [made for layer in self.tree() for made in known.updates.get(id(layer), [])]


def _get_updates_for(self: Layer, inputs: Any) -> list[Any]:
    """The operations that move moving averages; none that depend on no inputs."""
    return [] if inputs is None else _updates(self)


_WEIGHTS = (
    "variables",
    "weights",
    "trainable_weights",
    "trainable_variables",
    "non_trainable_weights",
    "non_trainable_variables",
)


def _join(cls: type) -> None:
    """Weights of this class of layers are nodes to the program."""
    for name in _WEIGHTS:
        if isinstance(vars(cls).get(name), property):
            setattr(cls, name, _as_nodes(vars(cls)[name]))


# --- sessions -------------------------------------------------------------------------------------------------------

_held: list[Session] = []  # the session that Keras uses where none is entered


def session() -> Session:
    """The session that was entered, the one that Keras was told to use, or a new one for the default graph."""
    found = get_default_session()
    if found is not None:
        return found
    if not _held or _held[0].graph is not g.default_graph():
        use(Session())
    return _held[0]


def use(given: Any) -> None:
    """Let Keras use this session."""
    _held[:] = [given]


def clear() -> None:
    """Start with an empty graph and a new session."""
    _held.clear()
    g.reset_default_graph()


def runs(things: Any) -> bool:
    """Whether it takes a session to compute things: nodes that Keras did not make are among them, or below them."""
    nodes = symbols.symbols_in(g.default_graph()).nodes
    for x in things:
        if isinstance(x, g.Operation) or (isinstance(x, g.Node) and nodes.get(x.t) is not x):
            return True
    return any(map(_of_sessions, leaves(t for t in map(plain, things) if isinstance(t, Tensor))))


def _of_sessions(leaf: Tensor) -> bool:
    return isinstance(leaf, (g.SourceLeaf, g.Settled)) or (isinstance(leaf, Variable) and leaf.is_symbolic)


def _has_own_value(node: Any) -> bool:
    """Whether nobody need feed an input, as the learning phase."""
    return isinstance(symbols.symbols_in(node.graph).now(node.t), g.Settled)


class GraphFunction:
    """``K.function`` in a session: called with a list of values, it gives a list of arrays."""

    def __init__(self, inputs: Any, outputs: Any, updates: Any) -> None:
        self.one = not isinstance(outputs, (list, tuple))
        self.inputs = [g.node_of(x) for x in inputs]
        self.outputs = [g.node_of(x) for x in ([outputs] if self.one else outputs)]
        self.updates = [
            variables.assign(g.node_of(u[0]), u[1]) if isinstance(u, tuple) else u for u in updates or ()
        ]

    def __call__(self, values: Any) -> Any:
        values = values if isinstance(values, (list, tuple)) else [values]
        left = self.inputs[len(values) :]
        if len(values) > len(self.inputs) or not all(map(_has_own_value, left)):
            raise fail(
                ArgumentError, "K.function", expected=f"{len(self.inputs)} values", received=len(values)
            )
        given = dict(zip(self.inputs, values))
        found = session().run([*self.outputs, *self.updates], given)[: len(self.outputs)]
        return found[0] if self.one else found


def function(inputs: Any, outputs: Any, updates: Any) -> GraphFunction:
    """A function that a session runs."""
    return GraphFunction(inputs, outputs, updates)


# --- data and optimizers of graphs ----------------------------------------------------------------------------------


def symbol(x: Any) -> Any:
    """The input of a model that stands for a node."""
    return symbols.symbols_in(g.default_graph()).symbol(x)


class Batches:
    """Batches that a session takes out of a data set, an iterator or nodes."""

    def __init__(self, source: Any) -> None:
        self.source, self.session = (
            source,
            session(),
        )  # those of this thread; batches may be made in another one

    def __iter__(self) -> Iterator[Any]:
        with self.session.graph.as_default():
            source = self.source.make_one_shot_iterator() if isinstance(self.source, Dataset) else self.source
            nodes = source.get_next() if isinstance(source, DataIterator) else source
        while True:
            try:
                batch = self.session.run(nodes)
            except OutOfRangeError:
                return
            yield batch


def _feed(feed: Callable[..., Any]) -> Callable[..., Any]:
    """Data may be nodes, or things of ``tf.data``; a model whose inputs are nodes needs none."""

    @functools.wraps(feed)
    def of_nodes(
        self: Any, x: Any = None, y: Any = None, weight: Any = None, *rest: Any, **options: Any
    ) -> Any:
        if x is None and self._graph is not None:
            known = symbols.symbols_in(g.default_graph())
            x = mapped(lambda t: known.nodes.get(t), self._graph.inputs)
            y = self._target_tensors if y is None else y
        if any(isinstance(part, g.Node) for part in flat([x, y])):
            x, y = Batches((x, y) if y is not None else (x,)), None
        elif isinstance(x, (Dataset, DataIterator)):
            x = Batches(x)
        return feed(self, x, y, weight, *rest, **options)

    return of_nodes


def rule_of(optimizer: Any) -> Any:
    """The main library's optimizer behind one of ``tf.train``; anything else itself."""
    if not isinstance(optimizer, Optimizer) or optimizer._rule is None:
        return optimizer
    rate = optimizer._learning_rate()
    optimizer._rule.learning_rate = rate.array() if rate.value is not None else session().run(g.node_of(rate))
    return optimizer._rule


def _with_classes_below(cls: Any) -> Iterator[Any]:
    yield cls
    for derived in cls.__subclasses__():
        yield from _with_classes_below(derived)


def speak() -> None:
    """Let graphs of TensorFlow 1 and Keras's tensors, layers and weights be used together in this process."""
    install_methods(_WORDS)
    tell_shapes(LayerShape)
    setattr(Tensor, "__array_ufunc__", as_operator)  # noqa: B010
    patched: Any = Layer
    patched.__call__ = _call(Layer.__call__)
    patched._called = _inner_call(Layer._called)
    for cls in _with_classes_below(Layer):
        if "as_called_now" in vars(cls):
            cls.as_called_now = _as_called_now(vars(cls)["as_called_now"])
    patched.add_weight = _add_weight(Layer.add_weight)
    patched.losses = _losses(vars(Layer)["losses"])
    patched.updates = property(_updates, doc=_updates.__doc__)
    install_view(DenseView)
    patched.get_updates_for = _get_updates_for
    for cls in (Layer, importlib.import_module("thalweg.compat.keras.custom").OwnLayer):
        _join(cls)
    importlib.import_module("thalweg.compat.keras.models").Model.updates = patched.updates
    training: Any = importlib.import_module("thalweg.models.training").Training
    training._feed = _feed(training._feed)


# --- within programs of the second generation -------------------------------------------------------------------------

_on_nodes: weakref.WeakSet[Layer] = weakref.WeakSet()  # layers that were called on nodes of a graph


def _call_within(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer that is called on nodes gives nodes."""

    @functools.wraps(call)
    def on_nodes(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, g.Node) for x in flat([args, kwargs])):
            return call(self, *args, **kwargs)
        if symbols.inside():
            return call(self, *mapped(plain, args), **mapped(plain, kwargs))
        known = symbols.symbols_in(g.default_graph())
        _on_nodes.add(self)
        made = call(self, *mapped(known.symbol, args), **mapped(known.symbol, kwargs))
        return mapped(g.node_of, made)

    return on_nodes


def _where(
    holds: Callable[[Layer], bool], here: Callable[..., Any], else_: Callable[..., Any]
) -> Callable[..., Any]:
    """One method or the other."""

    @functools.wraps(else_)
    def chosen(self: Layer, *args: Any, **kwargs: Any) -> Any:
        return (here if holds(self) else else_)(self, *args, **kwargs)

    return chosen


def _within(said: property, in_graph: Callable[[Any, Layer], Any]) -> property:
    """What a layer says; in a graph on whose nodes it was called, ``in_graph(said, layer)`` to the program."""
    read: Any = said.fget

    def get(self: Layer) -> Any:
        alone = self not in _on_nodes or not graphs.are_built()
        return read(self) if alone or _library_asks() or symbols.inside() else in_graph(read, self)

    return property(get, said.fset, doc=said.__doc__)


def _updates_within(said: Any) -> Any:
    def read(layer: Layer) -> Any:
        return _updates(layer) if layer in _on_nodes and graphs.are_built() else said.read(layer)

    return type(said)(read, said.__doc__)


def speak_within() -> None:
    """Let layers of Keras be called on nodes in a program of TensorFlow 2 that builds graphs."""
    patched: Any = Layer
    built = lambda layer: graphs.are_built()
    patched.__call__ = _call_within(Layer.__call__)
    patched._called = _where(built, _inner_call(Layer._called), Layer._called)
    patched.add_weight = _where(built, _add_weight(Layer.add_weight), Layer.add_weight)
    patched.losses = _within(vars(Layer)["losses"], _nodes_of_losses)
    for cls in (Layer, importlib.import_module("thalweg.compat.keras.models").Model):
        setattr(cls, "updates", _updates_within(vars(cls)["updates"]))  # noqa: B010
    for cls in (Layer, importlib.import_module("thalweg.compat.keras.custom").OwnLayer):
        for name in _WEIGHTS:
            if isinstance(vars(cls).get(name), property):
                kept = vars(cls)[name]
                setattr(cls, name, _within(kept, lambda read, layer: symbols.weights_of(read(layer))))
