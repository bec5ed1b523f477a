"""How layers and tensors look to a program of Keras, whatever part of the library made them.

``thalweg run`` calls :func:`speak` before the program starts. Importing this room changes nothing.
"""

from __future__ import annotations

import copy
import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from thalweg import models as main
from thalweg.compat.keras import descriptions
from thalweg.compat.keras.backend.functions import UpdateOfLayer
from thalweg.compat.keras.backend.settings import _read_settings, _settings
from thalweg.compat.keras.backend.values import beside
from thalweg.compat.keras.custom import OwnLayer, list_frozen, list_weights, place_of, weights_as_said
from thalweg.compat.keras.mixed_precision import Policy, global_policy
from thalweg.compat.keras.models import Model
from thalweg.compat.keras.settled import settled
from thalweg.compat.keras.spelling import Offered
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor, Variable, install_methods
from thalweg.layers import CategoryEncoding, IntegerLookup, Lambda, StringLookup
from thalweg.layers.base import Layer
from thalweg.layers.calls import masks_of
from thalweg.layers.nodes import InputSymbol, Node, Symbol, nodes_between, shapes_of, symbol_now
from thalweg.layers.recurrent import Bidirectional, Loop, Recurrent
from thalweg.metrics import Metric
from thalweg.nested import flat
from thalweg.ops.shape import swapaxes
from thalweg.registry import Configured, register
from thalweg.regularizers import L1L2

# --- calls of a layer -----------------------------------------------------------------------------------------------


def _nodes_of(layer: Layer) -> list[Any]:
    """The calls of a layer; before those of a model made of inputs and outputs come these themselves."""
    if isinstance(layer, main.Model) and layer._graph is not None:
        return [SimpleNamespace(args=[layer.input], outputs=layer.output), *layer._nodes]
    return layer._nodes


def _of_call(what: str, read: Callable[[Any], Any]) -> Callable[[Layer, int], Any]:
    def get(self: Layer, node_index: int) -> Any:
        nodes = _nodes_of(self)
        if not -len(nodes) <= node_index < len(nodes):
            raise fail(
                ArgumentError, f"{self.name}: {what} of call {node_index}",
                expected=f"one of the {len(nodes)} calls on symbolic tensors",
            )  # fmt: skip
        return read(nodes[node_index])

    get.__doc__ = f"The {what} of one of the layer's calls, counted from 0."
    return get


class Call:
    """A call of a layer as Keras listed it in ``inbound_nodes``."""

    def __init__(self, node: Node) -> None:
        self.outbound_layer = node.layer
        self.input_tensors, self.output_tensors = flat(node.args[0]), flat(node.outputs)
        self.input_masks, self.output_masks = (
            [masks_of(t) for t in tensors] for tensors in (self.input_tensors, self.output_tensors)
        )
        self.input_shapes = [t.shape for t in self.input_tensors]
        self.output_shapes = [t.shape for t in self.output_tensors]
        places = [t._keras_history for t in self.input_tensors if isinstance(t, (Symbol, InputSymbol))]
        self.inbound_layers, self.node_indices, self.tensor_indices = (
            [place[k] for place in places] for k in range(3)
        )


def _calls_by_depth(model: main.Model) -> dict[int, list[Any]]:
    """The calls that lead from a model's inputs to its outputs, by how far each is from these, as Keras kept them; the
    inputs are calls of the layers that stand for them.
    """
    return {
        depth: [_call_of_input(node) if isinstance(node, Tensor) else Call(node) for node in nodes]
        for depth, nodes in model.graph.calls_by_depth().items()
    }


def _call_of_input(symbol: Tensor) -> Any:
    alone, shapes = [symbol], [symbol.shape]
    return SimpleNamespace(
        outbound_layer=place_of(symbol), input_tensors=alone, output_tensors=alone, input_masks=[None],
        output_masks=[None], input_shapes=shapes, output_shapes=shapes, inbound_layers=[], node_indices=[],
        tensor_indices=[],
    )  # fmt: skip


def _layers_by_depth(model: main.Model) -> dict[int, list[Any]]:
    """The layers of a model, by how far the farthest call of each is from the outputs."""
    found: dict[int, list[Any]] = {}
    for depth, calls in sorted(_calls_by_depth(model).items(), reverse=True):
        for call in calls:
            if not any(call.outbound_layer is layer for layers in found.values() for layer in layers):
                found.setdefault(depth, []).append(call.outbound_layer)
    return found


def _history(symbol: Any) -> tuple[Any, int, int]:
    """Where an input is from: the layer that stands for it, its only call, its only output."""
    return place_of(symbol), 0, 0


def _history_now(value: Tensor) -> tuple[Any, int, int]:
    """In a loss or metric of a model: where the layer's output is from that has this value."""
    symbol = symbol_now(value)
    if symbol is None:
        raise AttributeError(f"{value.label()} was made by no layer: it has no _keras_history")
    return symbol._keras_history


def _depends_on_phase(layer: Layer) -> bool:
    """Whether a layer without others below it behaves otherwise in training, or may (a program's own)."""
    if "training" not in layer._call_parameters():
        return not type(layer).__module__.startswith("thalweg.")
    shares = [
        getattr(layer, name) for name in ("rate", "dropout", "recurrent_dropout") if hasattr(layer, name)
    ]
    return layer.trainable if not shares else any(shares)


def _uses_phase(layer: Layer) -> bool:
    """Whether a layer, or one below it, behaves otherwise in training."""
    return any(_depends_on_phase(part) for part in layer.tree() if not part.sublayers())


def _symbol_uses_phase(symbol: Any) -> bool:
    """Whether a layer on the way to a symbol behaves otherwise in training."""
    nodes = nodes_between((), [symbol])
    return any(node.kwargs.get("training") is None and _uses_phase(node.layer) for node in nodes)


_calls = Offered(lambda layer: [Call(node) for node in layer._nodes], "The layer's calls on symbols.")

_followers = Offered(
    lambda layer: [Call(follower) for node in layer._nodes for follower in node.followers],
    "The calls of other layers on what this one gave.",
)

_OLDER_NAMES: dict[Any, tuple[str, ...]] = {
    _calls_by_depth: ("_nodes_by_depth", "nodes_by_depth"),
    _layers_by_depth: ("_layers_by_depth", "layers_by_depth"),
}

# --- losses and updates ---------------------------------------------------------------------------------------------


def _updates(self: Layer) -> list[UpdateOfLayer]:
    """What training assigns besides weights that it trains, for ``K.function``: moving averages."""
    return [
        UpdateOfLayer(weight)
        for layer in self.tree()
        if layer.trainable
        for weight in layer.own_weights()
        if not weight.trainable
    ]


def _get_updates_for(self: Layer, inputs: Any) -> list[UpdateOfLayer]:
    """The updates that depend on inputs: all of them."""
    return [] if inputs is None else _updates(self)


def _get_losses_for(self: Layer, inputs: Any) -> list[Any]:
    """Penalties of weights for None, else what the last call added."""
    layers = self.tree()
    if inputs is not None:
        return [loss for layer in layers for loss in layer._added]
    return [rule(weight) for layer in layers if layer.trainable for weight, rule in layer._penalties]


# --- weights and arguments by their older names -----------------------------------------------------------------------


def _first(*names: str) -> Offered:
    """The first of these attributes that the layer has."""

    def read(layer: Layer) -> Any:
        for name in names:
            found = getattr(layer, name, None)
            if found is not None:
                return found
        raise AttributeError(f"{type(layer).__name__} has none of {', '.join(names)}")

    return Offered(read, f"The older name of {' or '.join(names)}.")


def _of_axes(lengths: Any) -> Any:
    """The length for the only axis; one for each of several."""
    return lengths[0] if isinstance(lengths, tuple) and len(lengths) == 1 else lengths


def _add_loss(self: Layer, losses: Any, inputs: Any = None) -> None:
    """Add to the loss: a tensor, or several."""
    for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
        _added(self, loss)


_added = Layer.add_loss


def _marking(build: Callable[..., Any]) -> Callable[..., Any]:
    """A layer that a program builds itself is built."""

    @functools.wraps(build)
    def built(self: Layer, *args: Any, **kwargs: Any) -> Any:
        found = build(self, *args, **kwargs)
        self.built = True
        return found

    return built


def _with_classes_below(cls: Any) -> Iterator[type]:
    yield cls
    for derived in cls.__subclasses__():
        yield from _with_classes_below(derived)


def _states(self: Loop) -> list[Any]:
    """The kept states, or None for each."""
    return list(self.kept) or [None] * getattr(self, "num_states", 1)


def _policy(layer: Layer) -> Policy:
    chosen = global_policy()
    return chosen if chosen.variable_dtype == layer.dtype.name else Policy(layer.dtype)


_LAYER: dict[str, Any] = {
    "add_loss": _add_loss,
    "get_input_at": _of_call("input", lambda node: node.args[0]),
    "get_output_at": _of_call("output", lambda node: node.outputs),
    "get_input_shape_at": _of_call("input's shape", lambda node: shapes_of(node.args[0])),
    "get_output_shape_at": _of_call("output's shape", lambda node: shapes_of(node.outputs)),
    "inbound_nodes": _calls,
    "_inbound_nodes": _calls,
    "outbound_nodes": _followers,
    "_outbound_nodes": _followers,
    "apply": lambda self, inputs, *args, **kwargs: self(inputs, *args, **kwargs),
    "add_update": OwnLayer.add_update,
    "updates": Offered(_updates, str(_updates.__doc__)),
    "get_updates_for": _get_updates_for,
    "get_losses_for": _get_losses_for,
    "get_output_shape_for": lambda self, input_shape: self.compute_output_shape(input_shape),
    "trainable_weights": property(
        vars(Layer)["trainable_weights"].fget, list_weights, doc="The weights that training moves."
    ),
    "non_trainable_weights": property(
        vars(Layer)["non_trainable_weights"].fget, list_frozen, doc="The other weights."
    ),
    "said_weights": weights_as_said,
    "_trainable_weights": Offered(
        lambda layer: [w for w in layer.own_weights() if w.trainable],
        "The layer's own weights that training moves.",
    ),
    "_non_trainable_weights": Offered(
        lambda layer: [w for w in layer.own_weights() if not w.trainable], "The layer's own other weights."
    ),
    "W": _first("kernel", "embeddings"),
    "b": _first("bias"),
    "U": _first("recurrent_kernel"),
    "output_dim": _first("units"),
    "nb_filter": _first("filters"),
    "subsample": _first("strides"),
    "atrous_rate": Offered(lambda layer: _of_axes(layer.dilation_rate), "The older name of dilation_rate."),
    "filter_length": Offered(
        lambda layer: _of_axes(layer.kernel_size), "The length of a window of one axis."
    ),
    "nb_row": Offered(lambda layer: layer.kernel_size[0], "The rows of a window."),
    "nb_col": Offered(lambda layer: layer.kernel_size[1], "The columns of a window."),
    "border_mode": _first("padding"),
    "dtype_policy": Offered(lambda layer: _policy(layer), "The policy that gave the layer its dtype."),
    "compute_dtype": Offered(lambda layer: layer.dtype.name, "What the layer computes in."),
    "variable_dtype": Offered(lambda layer: layer.dtype.name, "What its weights are kept in."),
}

# --- tensors --------------------------------------------------------------------------------------------------------


def _accepted(self: Tensor, value: Any) -> None:
    """What a program notes on a tensor is known here by itself."""


def _compared(name: str, same: bool) -> Callable[[Tensor, Any], Any]:
    """``==`` or ``!=`` of TensorFlow 1 between variables and what layers made: whether it is the same; of elements
    else.
    """
    of_elements, kinds = getattr(Tensor, name), (Symbol, InputSymbol, Variable)

    def compare(self: Tensor, other: Any) -> Any:
        return (self is other) is same if isinstance(other, kinds) else of_elements(self, other)

    return compare


_ARITHMETIC = [
    f"__{way}{n}__" for n in "add sub mul truediv floordiv mod pow matmul".split() for way in ("", "r")
]


def _in_own_dtype(operator: Callable[[Tensor, Any], Any]) -> Callable[[Tensor, Any], Any]:
    """An operator of a program's: arrays of floats take the dtype of the tensor beside them."""

    @functools.wraps(operator)
    def apply(self: Tensor, other: Any) -> Any:
        differs = isinstance(other, np.ndarray) and other.dtype != self.specs[0].dtype
        if differs and not sys._getframe(1).f_globals.get("__name__", "").startswith("thalweg."):
            other = beside(other, self)
        return operator(self, other)

    return apply


def _first_states(self: Loop, inputs: Any) -> list[Any]:
    """The states in which a recurrent layer begins with these inputs."""
    return list(Loop.initial_states(self, inputs if self.time_major else swapaxes(inputs, 0, 1)))


def _weight_of_penalty(name: str) -> property:
    """The number that weighs a penalty, as an array of the programs' float dtype; it may be set."""

    def read(self: L1L2) -> np.ndarray:
        return np.asarray(vars(self)[name], _settings["floatx"])

    def write(self: L1L2, value: Any) -> None:
        vars(self)[name] = float(value)

    return property(read, write, doc="The number that weighs the penalty.")


def _knowing(self: Layer, data: Any, **ignored: Any) -> None:
    """The number of tokens was given: there is nothing to learn."""


def _adopt_classes() -> None:
    """Let files hold what a program derives from regularizers, initializers, constraints, losses and metrics."""
    known: Any = vars(Configured)["__init_subclass__"]

    def __init_subclass__(cls: type, **options: Any) -> None:
        known.__func__(cls, **options)
        if not cls.__module__.startswith("thalweg."):
            register("custom")(cls)

    Configured.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[assignment]


def _lambda_now(self: Lambda, *args: Any) -> Lambda:
    """A graph was made when the layer was called: later values of names, as in a loop, did not matter."""
    made = copy.copy(self)
    made.function = settled(self.function)
    return made


def _one_alone(called: Callable[..., Any]) -> Callable[..., Any]:
    """A layer that gave a list of one tensor gave the tensor."""

    @functools.wraps(called)
    def give(self: Layer, args: Any, kwargs: dict[str, Any]) -> Any:
        outputs = called(self, args, kwargs)
        return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs

    return give


def _say_shape(symbol: Any, shape: Any) -> None:
    """A program sets the shape that it knows of what a layer made."""
    symbol.said_shape = tuple(shape)


def _is_there(self: Variable) -> bool:
    """True, whatever its value is: layers asked by it whether they have the weight."""
    return True


def speak(classic: bool = False) -> None:
    """Give the layers and tensors of this process the names that they had in Keras.

    ``classic``: a program of stand-alone Keras, to which an input or output of a layer is equal to itself alone.
    """
    symbols: tuple[Any, Any] = (Symbol, InputSymbol)
    InputSymbol._keras_history = property(_history, doc=_history.__doc__)  # type: ignore[attr-defined]
    _settings["graph"] = classic
    if classic:
        Variable.__bool__ = _is_there  # type: ignore[method-assign, assignment]
        Lambda.as_called_now = _lambda_now  # type: ignore[method-assign, assignment]
        Layer._called = _one_alone(Layer._called)  # type: ignore[method-assign]
        _read_settings()
        install_methods({name: _in_own_dtype(getattr(Tensor, name)) for name in _ARITHMETIC})
        for name, same in (("__eq__", True), ("__ne__", False)):
            for kind in (*symbols, Variable):
                setattr(kind, name, _compared(name, same))
    _adopt_classes()
    for name, word in _LAYER.items():
        setattr(Layer, name, word)
    offered: list[tuple[Any, str, Any]] = [
        (Model, "updates", _LAYER["updates"]),
        *(
            (Model, name, Offered(read, str(read.__doc__)))
            for read in (_calls_by_depth, _layers_by_depth)
            for name in _OLDER_NAMES[read]
        ),
        (Model, "uses_learning_phase", property(_uses_phase, doc=_uses_phase.__doc__)),
        (Loop, "states", property(_states, doc=_states.__doc__)),
        (Loop, "get_initial_state", _first_states),
        (Recurrent, "cell", Offered(lambda layer: layer, "The layer itself, which has the weights.")),
        (Bidirectional, "layer", Offered(lambda layer: layer.forward_layer, "The layer that runs forwards.")),
        (CategoryEncoding, "adapt", _knowing),
        *((L1L2, name, _weight_of_penalty(name)) for name in ("l1", "l2")),
        (
            Metric,
            "weights",
            property(lambda metric: list(metric.variables), doc="What the metric counts in."),
        ),
        (Metric, "stateful", True),
        *((lookup, "vocab_size", lookup.vocabulary_size) for lookup in (StringLookup, IntegerLookup)),
    ]
    for cls, name, word in offered:
        setattr(cls, name, word)
    room = importlib.import_module("thalweg.compat.keras.classic" if classic else "thalweg.compat.keras")
    descriptions.speak(room.Model, room.Sequential, classic)
    for cls in {*_with_classes_below(Layer)}:
        if "build" in vars(cls) and not issubclass(cls, main.Model):
            setattr(cls, "build", _marking(vars(cls)["build"]))  # noqa: B010
    shape = property(lambda self: tuple(self.specs[0].shape), _accepted, doc="The shape.")
    install_methods(
        {
            "_keras_history": property(_history_now, doc=_history_now.__doc__),
            "_keras_shape": shape,
            "_uses_learning_phase": property(lambda self: False, _accepted),
        }
    )
    says: Any = vars(Symbol)["_keras_shape"]
    for symbol, offered_shape in zip(symbols, (says.setter(_say_shape), shape), strict=True):
        symbol._keras_shape = offered_shape
    for symbol in symbols:
        symbol._uses_learning_phase = property(_symbol_uses_phase, _accepted, doc=_symbol_uses_phase.__doc__)


__all__ = ["Call", "speak"]
