"""Classes that programs derive their own layers from, or meet among the layers of a model."""

from __future__ import annotations

import functools
import importlib
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import layers as _main
from thalweg.compat.keras.arguments import NAMES, initialiser, values
from thalweg.compat.keras.backend.settings import _settings
from thalweg.compat.keras.first_layers import adopted
from thalweg.compat.keras.spelling import Offered, renamed
from thalweg.errors import SymbolicError
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder, plain
from thalweg.graph.updates import current_recorder
from thalweg.layers.calls import outermost, trainings
from thalweg.layers.nodes import shapes_of
from thalweg.layers.sparse import is_sparse, keep_sparse, shown, stored
from thalweg.losses import tensor
from thalweg.metrics import Mean, Metric
from thalweg.metrics.base import same_rank
from thalweg.nested import flat, mapped
from thalweg.nn.noise import dropout as _dropout
from thalweg.ops.arithmetic import astype
from thalweg.ops.create import full as _full
from thalweg.ops.elementwise import multiply as _multiply
from thalweg.ops.reduce import mean as _mean
from thalweg.ops.state import assign
from thalweg.registry import register

_OF_ALL = ("name", "trainable", "dtype", "input_shape", "input_dim", "batch_input_shape")
_UNUSED = ("synchronization", "aggregation", "use_resource", "partitioner")


class OwnLayer(_main.Layer):
    """What a program's own layers derive from: the methods of Keras 1 and 2 beside those of the main library."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)
        if "get_output" in vars(cls) and "call" not in vars(cls):
            adopted(cls)
        if "compute_mask" in vars(cls):
            cls.compute_mask = _told_of_each(cls.compute_mask)  # type: ignore[method-assign]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**values((), renamed(kwargs, NAMES))[1])
        if kwargs.get("dynamic"):
            self.dynamic = True

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """A weight: (name, shape, dtype, initializer, ...), or Keras 1's and 3's (shape, initializer, ...)."""
        return super().add_weight(**of_weight(args, kwargs))

    add_variable = add_weight

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add to the loss: a tensor, or several."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            super().add_loss(_mean(loss) if loss.ndim else loss)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Pairs (variable, new value) to assign in training; always by a layer that is stateful, or a metric.

        A layer that is not trainable assigns nothing, as it trains nothing.
        """
        moves = self.trainable and (not trainings() or trainings()[-1])
        if not moves and not getattr(self, "stateful", False):
            return
        for update in updates if isinstance(updates, list) else [updates]:
            if not isinstance(update, tuple):
                continue
            variable, value = update
            if current_recorder() is not None or not (_settings["graph"] or value.is_symbolic):
                assign(variable, value)

    def _called(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """What ``call`` gives; of symbols whose values its Python looks at, symbols alone: the model runs it then."""
        again = bool(trainings()) or current_recorder() is not None
        noted = self._noted() if again and _settings["graph"] else {}
        try:
            return super()._called(args, kwargs)
        except SymbolicError as error:
            if again:
                raise
            made = self._from_samples(args, kwargs)
            if all(isinstance(t, (Tensor, bool, int, float, str)) for t in flat(made)):
                return made
            raise error  # what is made of zeros, as a sparse tensor, would stand for them
        finally:
            vars(self).update(noted)

    def from_call(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """What ``call`` gives, which sees sparse inputs as such and may give sparse tensors."""
        return stored(super().from_call(shown(args), shown(kwargs)))

    def _noted(self) -> dict[str, Tensor]:
        """The tensors that ``call`` left as attributes: those of the call on symbols stay, as graphs were made once."""
        return {n: v for n, v in vars(self).items() if isinstance(v, Tensor) and not isinstance(v, Variable)}

    def _from_samples(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """Symbols of the shapes and dtypes of what the layer gives, by calling it on zeros of two sizes."""
        found = []
        for size in (2, 3):
            given = mapped(functools.partial(_zeros_like_symbol, size), [list(args), kwargs])
            with no_grad():
                found.append(super()._called(given[0], given[1]))
        others = iter(flat(found[1]))

        def symbol(t: Any) -> Any:
            other = next(others)
            if not isinstance(t, Tensor):
                return t
            same = tuple(n if n == m else None for n, m in zip(t.shape, other.shape, strict=True))
            made = placeholder(t.dtype, same)
            return keep_sparse(made) if is_sparse(t) else made

        return mapped(symbol, found[0])

    def said_shape(self, inputs: Any) -> Any:
        """What a class of the program's own says by ``compute_output_shape``, ``get_output_shape_for`` in Keras 1."""
        for name in ("compute_output_shape", "get_output_shape_for"):
            if getattr(type(self), name) is not getattr(OwnLayer, name):
                return getattr(self, name)(shapes_of(inputs))
        return super().said_shape(inputs)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The inputs, where a subclass computes nothing."""
        return inputs

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Show the mean of a value over the batches of an epoch among the model's figures."""
        count_value(self, value, name or self.name)

    metrics = Offered(
        lambda layer: [value for value in flat([*vars(layer).values()]) if isinstance(value, Metric)],
        "The metrics among the layer's attributes.",
    )

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training moves; a list may be set, as layers of Keras 1 did."""
        return super().trainable_weights

    @trainable_weights.setter
    def trainable_weights(self, weights: Sequence[Variable]) -> None:
        list_weights(self, weights)

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights; a list may be set, as layers of Keras 1 did."""
        return super().non_trainable_weights

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights: Sequence[Variable]) -> None:
        list_frozen(self, weights)

    def said_weights(self, asked: bool) -> tuple[Sequence[Variable], Sequence[Variable]] | None:
        """What a program set, or says in properties of its own."""
        return weights_as_said(self, asked)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; to a class with a ``get_config`` of its own, those that all layers have."""
        config = super().get_config()
        if type(self).get_config is OwnLayer.get_config:
            return config
        return {k: v for k, v in config.items() if k in _OF_ALL}


def list_weights(layer: _main.Layer, weights: Sequence[Any]) -> None:
    """Let these be the weights of a layer that training moves, beside those that ``add_weight`` will make."""
    vars(layer).update(listed_weights=list(map(plain, weights)), listed_before=len(layer._own))


def list_frozen(layer: _main.Layer, weights: Sequence[Any]) -> None:
    """Let these be the other weights of a layer."""
    vars(layer).update(listed_frozen=list(map(plain, weights)), listed_before=len(layer._own))


def weights_as_said(layer: _main.Layer, asked: bool) -> tuple[Sequence[Variable], Sequence[Variable]] | None:
    """The weights of a layer that training moves and the others, as lists that a program set or as its class says."""
    held = vars(layer)
    if "listed_weights" in held:
        later = layer._own[held["listed_before"] :]
        moved = [*held["listed_weights"], *(w for w in later if w.trainable)]
        frozen = held.get("listed_frozen", [w for w in layer._own if not w.trainable])
        return (moved, frozen) if layer.trainable else ([], [*moved, *frozen])
    told = [getattr(type(layer), name) for name in ("trainable_weights", "non_trainable_weights")]
    if asked or all(t.fget.__module__.startswith("thalweg.") for t in told if isinstance(t, property)):
        return None
    moved = list(map(plain, layer.trainable_weights))
    ids = set(map(id, moved))
    return moved, [w for w in map(plain, layer.non_trainable_weights) if id(w) not in ids]


def of_weight(args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``add_weight`` by their names, in whichever order they were given."""
    named = bool(args) and (args[0] is None or isinstance(args[0], str))
    order = ("name shape dtype initializer regularizer trainable constraint" if named else
             "shape initializer name trainable regularizer constraint")  # fmt: skip
    given = {k: v for k, v in {**dict(zip(order.split(), args)), **kwargs}.items() if k not in _UNUSED}
    return {**given, "initializer": initialiser(given.get("initializer"))}


def _zeros_like_symbol(size: int, t: Any) -> Any:
    """Zeros in the form of a symbol, its open axes of one length."""
    if not isinstance(t, Tensor) or not t.is_symbolic:
        return t
    return constant(np.zeros([size if n is None else n for n in t.known_shape()], t.dtype))


def count_value(owner: Any, value: Any, name: str) -> None:
    """Count a value in a figure of this name, which a layer or model keeps in ``added_metrics``."""
    metric = vars(owner).setdefault("added_metrics", {}).setdefault(name, Mean(name))
    if current_recorder() is not None or not tensor(value).is_symbolic:
        metric.update_state(value)


def _told_of_each(compute_mask: Callable[..., Any]) -> Callable[..., Any]:
    """With several inputs the mask is a list, also where none of them has one."""

    @functools.wraps(compute_mask)
    def told(self: Any, inputs: Any, mask: Any = None) -> Any:
        none_of_several = mask is None and isinstance(inputs, (list, tuple)) and bool(inputs)
        return compute_mask(self, inputs, [None] * len(inputs) if none_of_several else mask)

    return told


class LayerAsMetric(Metric):
    """A layer of (y_true, y_pred) that counts for itself, as Keras 2.2 had metrics: its last value is the figure."""

    def __init__(self, layer: OwnLayer) -> None:
        super().__init__(layer.name)
        self.layer, self.last = layer, self.add_variable(name="last")
        self.variables += [weight for part in layer.tree() for weight in part.own_weights()]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count a batch; the layer counts all examples alike."""
        with outermost():
            value = self.layer(same_rank(tensor(y_true), y_pred), y_pred)
        self.last.assign(astype(value, self.dtype))

    def result(self) -> Any:
        """The value after the last batch."""
        return _multiply(self.last, 1.0)


class Wrapper(OwnLayer):
    """What a program's own layers around a layer derive from."""

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        self.layer = layer
        if self.input_shape_given is None:
            self.input_shape_given = layer.input_shape_given

    def build(self, input_shape: Any = None) -> None:
        """The wrapper is built, and its layer for the same inputs."""
        if input_shape is not None and not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The layer as its class and configuration, and what all layers have."""
        layer = {"class_name": type(self.layer).__name__, "config": self.layer.get_config()}
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The wrapper of :meth:`get_config`."""
        config = dict(config)
        described = config.pop("layer")
        layers = importlib.import_module("thalweg.compat.keras.layers")  # which stands on this room
        return cls(layers.deserialize(described, custom_objects), **config)


class InputSpec:
    """What a layer expects of its inputs: a note that a program's own layers keep."""

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: Any = None, **more: Any) -> None:
        self.dtype, self.shape, self.ndim = dtype, shape, ndim
        vars(self).update(more)


class InputPlace(_main.Layer):
    """An input where Keras lists it: among the layers of a model made of inputs and outputs."""

    def __init__(self, symbol: Any) -> None:
        super().__init__(name=symbol.name)
        self.built = True
        self.output_shape, self.input_shape = symbol.shape, symbol.shape
        self.input = self.output = symbol

    def get_config(self) -> dict[str, Any]:
        """What :meth:`from_config` takes."""
        dtype = self.input.specs[0].dtype.name
        return {
            "batch_input_shape": tuple(self.input_shape),
            "dtype": dtype,
            "sparse": False,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> InputPlace:
        """The layer of a new input."""
        return place_of(_main.Input(batch_shape=config["batch_input_shape"], dtype=config.get("dtype"),
                                    name=config.get("name")))  # fmt: skip


InputPlace.__name__ = "InputLayer"  # as summaries show it and programs ask for it
_places: weakref.WeakValueDictionary[int, InputPlace] = weakref.WeakValueDictionary()  # by the ids of inputs


def place_of(symbol: Any) -> InputPlace:
    """The layer that stands for an input: the same one as long as somebody has it."""
    place = _places.get(id(symbol))
    if place is None or place.input is not symbol:
        place = _places[id(symbol)] = InputPlace(symbol)
    return place


class DroppedEmbedding(_main.Embedding):
    """Embedding of Keras 1 with ``dropout``: in training, a share of the words is 0 in the whole batch."""

    def __init__(self, input_dim: int, output_dim: int, *args: Any, dropout: float, **options: Any) -> None:
        super().__init__(input_dim, output_dim, *args, **options)
        self.dropout = dropout

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training:
            return super().call(inputs)
        table, kept = self.embeddings, _dropout(_full((self.input_dim, 1), 1.0), self.dropout)
        self.embeddings = _multiply(table, kept)  # type: ignore[assignment]
        try:
            return super().call(inputs)
        finally:
            self.embeddings = table
