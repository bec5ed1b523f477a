"""Stand-alone Keras, 1.0 to 2.2 (``import keras``): where its defaults and orders of arguments differ from tf.keras.

Recurrent gates are hard sigmoids, GRU resets before its product, Conv2D takes rows and columns one by one, accuracy is
called ``acc``, and optimizers have the rates of their papers.
"""

from __future__ import annotations

import copy
import inspect
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from thalweg import initializers as _initializers
from thalweg import layers as _main
from thalweg.compat import keras as _modern
from thalweg.compat.keras import applications as _applications
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras import layers as _layers
from thalweg.compat.keras import models as _models
from thalweg.compat.keras import older as _older
from thalweg.compat.keras import optimizers as _optimizers
from thalweg.compat.keras.figures import CompiledAlone
from thalweg.compat.keras.first_layers import input_first as _input_first
from thalweg.compat.keras.graph_model import Graph
from thalweg.compat.keras.spelling import Renamed, respelt
from thalweg.compat.keras.tables import _over_rows
from thalweg.compat.names import Namespace, public_names
from thalweg.compat.names import unsupported as _unsupported
from thalweg.losses import targets as _losses
from thalweg.metrics import Mean as _Mean
from thalweg.metrics import MeanMetricWrapper as _MeanMetricWrapper
from thalweg.ops import elementwise as _ew
from thalweg.registry import register as _register
from thalweg.registry import snake_case

# --- layers ---------------------------------------------------------------------------------------------------------


class IdentityForEach(_initializers.Identity):
    """Identity matrices side by side, as many as fit: one for each gate of a recurrent layer."""

    def make(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return self.gain * np.tile(np.eye(shape[0]), shape[1] // shape[0])


_HARD: dict[str, Any] = {"recurrent_activation": _modern.backend.hard_sigmoid}


def _repeated_identity(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``recurrent_initializer="identity"``: the identity matrix for every gate."""
    given = kwargs.get("recurrent_initializer")
    if given == "identity" or isinstance(given, _initializers.Identity):
        kwargs = {**kwargs, "recurrent_initializer": IdentityForEach(getattr(given, "gain", 1.0))}
    return args, kwargs


_GATED = (
    "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer bias_initializer"
)


def _by_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """LSTM(units, activation, recurrent_activation, ...): what stands by position is not the default."""
    names = _GATED.split()[: len(args)]
    return args[len(names) :], {**dict(zip(names, args)), **kwargs}


_GATES = (_by_name, _repeated_identity)
_own = {
    "LSTM": _layers.layer(_main.LSTM, False, _input_first(None), *_GATES, **_HARD),
    "GRU": _layers.layer(_main.GRU, False, _input_first(None), *_GATES, **_HARD, reset_after=False),
    "LSTMCell": _layers.layer(_main.LSTMCell, False, *_GATES, **_HARD),
    "GRUCell": _layers.layer(_main.GRUCell, False, *_GATES, **_HARD, reset_after=False),
    "ConvLSTM2D": _layers.layer(_main.ConvLSTM2D, True, **_HARD),
    "SeparableConv2D": _layers.layer(_main.SeparableConv2D, True),
    "LocallyConnected2D": _layers.layer(_main.LocallyConnected2D, True),
    "SimpleRNN": _layers.layer(_main.SimpleRNN, False, _input_first(None)),
    "Dense": _layers.layer(_main.Dense, False, _input_first()),
    "MaskedLayer": Renamed(_older.MaskedLayer, lambda args, kwargs: (args, kwargs), base=_older.MaskedLayer),
    "AutoEncoder": _older.AutoEncoder,
    "Conv2D": _layers.layer(_main.Conv2D, True),
    "Conv3D": _layers.layer(_main.Conv3D, True),
}


def _changed(module: Any, name: str, **members: Any) -> Namespace:
    """The names of a room, some of them replaced."""
    return Namespace(name, **{n: getattr(module, n) for n in public_names(module)} | members)


def _next_name(base: str) -> str:
    """``dense_1``, ``dense_2``, ...: the first has its number too."""
    return f"{base}_{_K.get_uid(base)}"


class _FromOne:
    """With a class of layers, its automatic names: ``dense_1``, ``dense_2``."""

    names_from_one = True


class _Numbered(Renamed):
    """The same name, its objects called ``base`` with a number unless told; what derives from it is numbered too."""

    def __init__(self, kind: Renamed, base: str) -> None:
        def named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            args, kwargs = kind.translate(args, kwargs)
            return args, kwargs if kwargs.get("name") else {**kwargs, "name": _next_name(base)}

        vars(self).update(vars(kind))
        self.kind = copy.copy(kind)  # makes the objects, in the way of its own class
        self.kind.translate = named

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.kind(*args, **kwargs)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        derived = super().__mro_entries__(bases)
        first = next((base for base in bases if type(base) is _Numbered), None)
        return (_FromOne, *derived) if first is self else derived


def _merging(join: Any, base: str) -> Any:
    def joined(inputs: Any, *args: Any, name: str | None = None, **options: Any) -> Any:
        return join(inputs, *args, name=name or _next_name(base), **options)

    joined.__doc__ = join.__doc__
    return joined


def Input(*args: Any, name: str | None = None, **options: Any) -> Any:
    """A symbolic input; ``tensor`` gives one that exists already."""
    return _layers.Input(*args, **{**options, "name": name or _next_name("input")})


_members = {n: v for n, v in vars(_layers).items() if n[0] != "_" and not isinstance(v, ModuleType)} | _own
_members |= {
    n: _Numbered(v, n.lower() if n.startswith("Convolution") else snake_case(v.target.__name__))
    for n, v in _members.items()
    if isinstance(v, Renamed) and n != "InputLayer"
}
_members |= {
    n: _merging(_members[n], n)
    for n in "add subtract multiply average maximum minimum concatenate dot".split()
}
_members["merge"] = _merging(_layers.merge, "merge")
vars(_members["merge"]).update({n: _members.get(n, v) for n, v in vars(_layers.merge).items()})
_members["Input"] = Input
layers = Namespace("keras.layers", warnings=_layers.warnings, **_members | _layers.rooms(_members))

# --- optimizers -----------------------------------------------------------------------------------------------------

_LR: dict[str, str | None] = {"learning_rate": "lr"}
# By name: the order of the arguments, and the defaults.
_ORDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("lr momentum decay nesterov", {"lr": 0.01}),
    "RMSprop": ("lr rho epsilon decay", {"lr": 0.001}),
    "Adagrad": ("lr epsilon decay", {"lr": 0.01, "initial_accumulator_value": 0.0}),
    "Adadelta": ("lr rho epsilon decay", {"lr": 1.0}),
    "Adam": ("lr beta_1 beta_2 epsilon decay amsgrad", {"lr": 0.001}),
    "Adamax": ("lr beta_1 beta_2 epsilon decay", {"lr": 0.002}),
    "Nadam": ("lr beta_1 beta_2 epsilon schedule_decay", {"lr": 0.002, "schedule_decay": 0.004}),
}


def _optimizer(name: str, order: str, defaults: dict[str, Any]) -> Any:
    """An optimizer, made also of its settings as one of stand-alone Keras."""
    cls = respelt(getattr(_optimizers, name), _LR, order=order, clip_together=True, **defaults)
    vars(cls)["from_config"] = lambda config: cls(**config)
    return cls


_table = {name.lower(): _optimizer(name, *form) for name, form in _ORDERS.items()}


def _get(identifier: Any) -> Any:
    """An optimizer from a name, a class, a description or itself, with the defaults of Keras 1 and 2."""
    return _optimizers.found(identifier, _table)


optimizers = _changed(
    _optimizers,
    "keras.optimizers",
    get=_get,
    deserialize=_get,
    **{o.__name__: o for o in _table.values()},
    **_table,
    **_optimizers.modules({o.__name__: o for o in _table.values()}),
)

# --- losses ---------------------------------------------------------------------------------------------------------


def _gap(y_true: Any, y_pred: Any, name: str) -> Any:
    t, p = _losses.matched(y_true, y_pred, name)
    return _ew.maximum(1.0 - t * p, 0.0)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)) over the last axis: targets of 0 stay what they are."""
    return _losses.mean_last(_gap(y_true, y_pred, "hinge"))


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - t p, 0)^2) over the last axis: targets of 0 stay what they are."""
    gap = _gap(y_true, y_pred, "squared_hinge")
    return _losses.mean_last(gap * gap)


_HINGES = {f.__name__: _register("keras.classic")(_over_rows(f)) for f in (hinge, squared_hinge)}


def _losses_get(identifier: Any) -> Any:
    """A loss from a name or itself."""
    return _HINGES.get(identifier) or _modern.losses.get(identifier)


losses = _changed(_modern.losses, "keras.losses", get=_losses_get, **_HINGES)
objectives = losses
metrics = _changed(_modern.metrics, "keras.metrics", **_HINGES)

# --- models ---------------------------------------------------------------------------------------------------------


_GIVEN = ("metrics", "loss_weights", "weighted_metrics", "sample_weight_mode")


def _as_given(name: str) -> property:
    def given(model: Any) -> Any:
        found = getattr(model._given, name)
        return [] if found is None and name == "metrics" else found

    return property(given, doc="What ``compile`` was given.")


class _Classic(_models.Model):
    metrics, loss_weights, weighted_metrics, sample_weight_mode = map(_as_given, _GIVEN)
    optimizers_by_name = staticmethod(_get)  # type: ignore[assignment]
    accuracy = "acc"
    compiled_by = CompiledAlone

    def __init__(self, *args: Any, name: str | None = None, **options: Any) -> None:
        super().__init__(*args, name=name or _next_name(snake_case(type(self).__name__)), **options)
        self._sums: dict[str, tuple[float, float]] = {}

    def compile(self, *args: Any, **options: Any) -> None:
        """Choose optimizer, loss and metrics, which can be read as they were given."""
        given = inspect.signature(super().compile).bind(*args, **options).arguments
        self._given = SimpleNamespace(**{name: given.get(name) for name in _GIVEN})
        super().compile(*args, **options)

    def _chosen_metrics(self) -> None:
        return None

    def _loss(self, given: Any) -> Any:
        return _HINGES[given] if isinstance(given, str) and given in _HINGES else super()._loss(given)

    def _metric(self, given: Any) -> Any:
        if isinstance(given, str) and given in _HINGES:
            return _MeanMetricWrapper(_HINGES[given], given)
        return super()._metric(given)

    def in_order(self, values: bool = False) -> list[Any]:
        """The weights that training moves first, and of models within as of these; values layer by layer."""
        by_layer = [w for layer in self.layers for w in layer.in_order()]
        every = list({id(w): w for w in [*by_layer, *self.variables]}.values())
        if values:
            return every
        moved = {id(w) for w in self.trainable_weights}
        return sorted(every, key=lambda w: id(w) not in moved if self.trainable else not w.trainable)

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that give the outputs: the same one several times, where it gives several."""
        return self.graph.giving_names()

    def output_names_for(self, predictions: Any) -> list[str]:
        names = super().output_names_for(predictions)
        return names if self._graph is None or len(names) == 1 else self._graph.giving_names()

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs for as many rows as the first input has: of further inputs that have more, the first ones."""
        if (
            isinstance(x, (list, tuple))
            and len(x) > 1
            and all(isinstance(part, np.ndarray) and part.ndim for part in x)
        ):
            x = [part[: len(x[0])] for part in x]
        return super().predict(x, *args, **options)

    def _about_batch(self, number: int, arrays: Any) -> dict[str, Any]:
        return {"batch": number, "size": len(arrays[0]) if arrays else 0}

    def _batch_logs(self, number: int, arrays: Any, result: Any) -> dict[str, Any]:
        """The figures of this batch alone."""
        means = {name: metric for name, metric in self.named_metrics() if isinstance(metric, _Mean)}
        sums = {name: (m.total.get_value().item(), m.count.get_value().item()) for name, m in means.items()}
        before, self._sums = self._sums if number else {}, sums
        logs = super()._batch_logs(number, arrays, result)
        for name, (total, count) in sums.items():
            total_before, count_before = before.get(name, (0.0, 0.0))
            if count > count_before:
                logs[name] = (total - total_before) / (count - count_before)
        logs.update(self._about_batch(number, arrays))
        return logs


class Model(_Classic):
    """``Model(inputs, outputs)``, ``Model(input=..., output=...)``, or a subclass with ``call``."""


_Classic.of_tensors = Model


class Sequential(Model, _models.Sequential):
    """Layers one after another; ``Merge`` of several models may be the first."""

    _shares_tensors = True  # as in Keras 1: programs differentiate by what is inside the first model


layers.__dict__["containers"] = Namespace("keras.layers.containers", Sequential=Sequential, Graph=Graph)


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The model of ``get_config``, or of a dict of its class and that."""
    return _models.model_from_config(
        config, {"Model": Model, "Sequential": Sequential, **(custom_objects or {})}
    )


_OURS = {"models.Model": Model, "models.Sequential": Sequential}  # what files mean by these


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True) -> Any:
    """The model in a file, an open file or a group of an HDF5 file, of ``model.save``."""
    return _models.load_model(filepath, {**_OURS, **(custom_objects or {})}, compile)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of ``to_json``, here or of Keras 1 or 2, with first weights of its own."""
    return _models.model_from_json(json_string, {**_OURS, **(custom_objects or {})})


models = _changed(
    _models,
    "keras.models",
    Input=Input,
    Model=Model,
    Sequential=Sequential,
    Graph=Graph,
    load_model=load_model,
    model_from_config=model_from_config,
    model_from_json=model_from_json,
    model_from_yaml=model_from_json,
)
Layer = layers.Layer
applications = _applications.alone(Model)

# --- the rest is the same -------------------------------------------------------------------------------------------

__version__ = "2.2.4"
engine = _modern._engine_room(Model, Sequential, layers.Layer, Input)
legacy = _modern._legacy_room(layers)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in public_names(_modern):
        return getattr(_modern, name)
    raise _unsupported("keras", name, public_names(_modern))
