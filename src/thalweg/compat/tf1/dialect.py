"""How Keras's tensors, layers and weights look to a program that also builds graphs of TensorFlow 1.

``thalweg run`` calls :func:`speak` before the program starts. Importing this room changes nothing.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from thalweg import initializers
from thalweg.compat import graphs
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import symbols
from thalweg.compat.tf1.types import TensorShape
from thalweg.errors import SymbolicError
from thalweg.graph.tensor import Tensor, install_methods, plain
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.layers import base
from thalweg.layers.base import Layer
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
        if not symbols.inside():
            graph = symbols.symbols_in(g.default_graph())
            args, kwargs = base.mapped(graph.symbol, (args, kwargs))
        return call(self, *args, **kwargs)

    return on_nodes


def _inner_call(called: Callable[..., Any]) -> Callable[..., Any]:
    """What ``call`` gives may be nodes; ``training`` may be a tensor, as the learning phase is."""

    @functools.wraps(called)
    def as_tensors(self: Layer, args: Any, kwargs: dict[str, Any]) -> Any:
        training = self._argument("training", args, kwargs)
        if training is None and base._calls.training:
            training = base._calls.training[-1]
        if not isinstance(training, Tensor) or not training.is_symbolic:
            return base.mapped(plain, called(self, args, kwargs))
        try:
            return base.mapped(plain, called(self, args, kwargs))
        except SymbolicError:  # it looks at the flag: both ways, and one of them chosen by its value
            return _both_ways(functools.partial(called, self), args, kwargs, training)

    return as_tensors


def _both_ways(called: Callable[..., Any], args: Any, kwargs: dict[str, Any], training: Tensor) -> Any:
    recorder = current_recorder()
    assert recorder is not None
    before = dict(recorder.updates)
    trained = base.mapped(plain, called(args, {**kwargs, "training": True}))
    made, recorder.updates = recorder.updates, dict(before)
    tested = base.mapped(plain, called(args, {**kwargs, "training": False}))
    test = g.truth(training)
    for variable, new in made.items():
        if before.get(variable) is not new:
            recorder.record(variable, where(test, new, recorder.newest(variable)))
    chosen = iter(where(test, a, b) for a, b in zip(base.flat(trained), base.flat(tested), strict=True))
    return base.mapped(lambda _: next(chosen), tested)


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
            return base._first_value(initializers.get(start), shape, dtype)

        symbols.symbols_in(g.default_graph()).adopt(weight, draw)
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
        if _library_asks() or symbols.inside():
            return read(self)
        with recording(Recorder()):
            found = [plain(loss) for loss in read(self)]
        return [g.node_of(loss) for loss in found]

    return property(get, doc=kept.__doc__)


def _updates(self: Layer) -> list[Any]:
    """The operations that move moving averages, of the calls that the graph knows."""
    known = symbols.symbols_in(g.default_graph())
    for output in base.flat(getattr(self, "output", None)):
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


def speak() -> None:
    """Let graphs of TensorFlow 1 and Keras's tensors, layers and weights be used together in this process."""
    install_methods(_WORDS)
    patched: Any = Layer
    patched.__call__ = _call(Layer.__call__)
    patched._called = _inner_call(Layer._called)
    patched.add_weight = _add_weight(Layer.add_weight)
    patched.losses = _losses(vars(Layer)["losses"])
    patched.updates = property(_updates, doc=_updates.__doc__)
    patched.get_updates_for = _get_updates_for
    _join(Layer)
    graphs.backend = sys.modules[__name__]
