"""Models that Keras has saved, made again from their descriptions: ``.keras`` archives and ``.h5`` files.

A description names classes; they are looked for among this library's and those that the caller passes, never imported,
and functions that a file holds as code are refused.
"""

from __future__ import annotations

import inspect
import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from thalweg import constraints, initializers, losses, metrics, optimizers, regularizers
from thalweg import layers as L
from thalweg.errors import DataError, ThalwegError, fail, warn
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.models import foreign
from thalweg.models.keras_state import set_older_optimizer, set_optimizer
from thalweg.models.model import Model
from thalweg.models.sequential import Sequential
from thalweg.nested import flat
from thalweg.ops import public
from thalweg.optimizers import schedules
from thalweg.registry import Configured, snake_case

__all__ = ["described", "is_of_keras_1", "keras_model"]

_ROOMS = {
    "layers": L, "initializers": initializers, "regularizers": regularizers, "constraints": constraints,
    "losses": losses, "metrics": metrics, "optimizers": optimizers, "schedules": schedules,
}  # fmt: skip
_FUNCTIONS = {"activations": activations.get, "losses": losses.get, "metrics": metrics.get}
_NAMES = {
    "OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity", "Functional": "Model",
    "L1_L2": "L1L2", "MaxoutDense": "Maxout", "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
}  # fmt: skip
_IGNORED = {
    "dtype", "input_axes", "output_axes", "fn", "renorm_momentum", "jit_compile", "is_legacy_optimizer", "direction",
    "time_major", "implementation", "vocabulary_size",
}  # fmt: skip
_DAMAGE = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError,
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error,
)  # fmt: skip


def keras_model(
    path: Any,
    custom: Mapping[str, Any] | None,
    compile: bool,
    renewed: Callable[[Any, Mapping[str, Any]], Any] | None = None,
) -> Any:
    """The model in a file of Keras, with its weights, compiled as it was; its optimizer goes on.

    ``renewed``: what says the description in Keras 1's words (and with the classes of ``custom``) in those of now.
    """
    name = os.fspath(path)
    try:
        description, compiled, vocabularies, version = _read(name)
        reader = _Reader(name, dict(custom or {}), vocabularies, version)
        if version < 2 and renewed is not None:
            description = renewed(description, custom or {})
        model = reader.made(description)
    except ThalwegError:
        raise
    except _DAMAGE as error:
        what = "is damaged, or holds what is not known here"
        raise fail(DataError, f"{name!r} {what}: {type(error).__name__}: {error}") from None
    if not isinstance(model, Model):
        raise fail(DataError, f"{name!r} describes no model", received=type(model).__name__)
    if not model.built:
        raise fail(DataError, f"{model.name}: the shape of the inputs is not in {name!r}",
                   hint="make the model, then load_weights()")  # fmt: skip
    model.load_weights(name)
    if compile and compiled:
        model.compile(**reader.compiled(compiled, getattr(model, "optimizers_by_name", None)))
        arrays = foreign.optimizer_arrays(name)
        if arrays and not (set_optimizer if version > 2 else set_older_optimizer)(model, arrays):
            warn(f"the optimizer's state in {name!r} is not known here and starts anew")
    return model


def is_of_keras_1(path: Any) -> bool:
    """Whether it is an HDF5 file with a model that Keras 1 wrote."""
    with open(path, "rb") if os.path.isfile(path) else nullcontext() as file:
        if file is None or file.read(4) != b"\x89HDF":
            return False
    with foreign.opened(path) as held:
        return "model_config" in held.attrs and foreign.version_in(held) < 2


def described(description: Mapping[str, Any], custom: Mapping[str, Any] | None = None) -> Any:
    """The model that Keras 2 described, ``{"class_name": ..., "config": ...}``, with first weights of its own."""
    what = "the description"
    try:
        return _Reader(what, dict(custom or {}), {}, 2).made(description)
    except ThalwegError:
        raise
    except _DAMAGE as error:
        raise fail(DataError, f"{what} is damaged, or names what is not known here: {error}") from None


def _read(name: str) -> tuple[Any, Any, dict[str, list[str]], int]:
    """The description of the model, the arguments of compile, vocabularies by the paths of their layers, and which
    Keras wrote it.
    """
    if zipfile.is_zipfile(name):
        with zipfile.ZipFile(name) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if "config.json" not in sizes:
                raise fail(DataError, f"{name!r} is no model of Keras", expected="config.json",
                           received=", ".join(list(sizes)[:5]),
                           hint="of a PyTorch file, write the state dict with safetensors.torch.save_file")  # fmt: skip
            texts = [key for key in sizes if key == "config.json" or key.endswith("/vocabulary.txt")]
            if sum(sizes[key] for key in texts) > foreign.limit(name):
                raise fail(DataError, f"{name!r} would grow more than a thousandfold")
            whole = json.loads(archive.read("config.json"))
            lists = {
                key: archive.read(key).decode("utf-8").splitlines() for key in texts if key != "config.json"
            }
        return whole, whole.get("compile_config"), lists, 3
    with foreign.opened(name) as file:
        if "model_config" not in file.attrs:
            raise fail(DataError, f"{name!r} holds weights but no model",
                       hint="make the model, then load_weights()")  # fmt: skip
        whole = json.loads(file.attrs["model_config"])
        compiled = json.loads(file.attrs["training_config"]) if "training_config" in file.attrs else None
        version = foreign.version_in(file)
    if compiled is not None:
        compiled = {"optimizer": compiled.pop("optimizer_config", None), **compiled}
    return whole, compiled, {}, version


class _Reader:
    """Makes objects of descriptions: ``{"class_name": ..., "config": {...}}``."""

    def __init__(
        self, file: str, custom: dict[str, Any], vocabularies: Mapping[str, list[str]], version: int
    ) -> None:
        self.file, self.custom, self.vocabularies, self.version = file, custom, vocabularies, version
        self.sequential = custom.get("models.Sequential", Sequential)
        self.functional = custom.get("models.Model", Model)
        self.rooms = list(_ROOMS.values())  # where a class is looked for whose module is not told

    def made(self, value: Any) -> Any:
        """The value, with objects in place of their descriptions."""
        if isinstance(value, list):
            return [self.made(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "class_name" not in value:
            return {key: self.made(v) for key, v in value.items()}
        kind, config = value["class_name"], value.get("config", {})
        if kind == "__tuple__":
            return tuple(self.made(v) for v in value["items"])
        if kind in ("__numpy__", "__tensor__"):
            return np.array(config["value"], config["dtype"])
        if kind == "function" or isinstance(config, str):
            return self._function(
                value.get("module") or "", config if isinstance(config, str) else config["name"]
            )
        if "DTypePolicy" in kind:
            return config["name"]
        if kind == "__lambda__":
            raise fail(
                DataError, f"{self.file!r} holds a function as code, which is not run", received="a Lambda",
                hint="make the model again with the function, then load_weights()",
            )  # fmt: skip
        if kind in ("GRU", "GRUCell") and self.version < 3:  # had no such argument before Keras 2.2
            config = {"reset_after": False, **config}
        return self._object(self._class(value), config)

    def _class(self, value: Mapping[str, Any]) -> Any:
        kind, module = str(value["class_name"]), str(value.get("module") or "keras")
        registered = str(value.get("registered_name") or kind)
        for name in (registered, registered.rpartition(">")[2], kind):
            if name in self.custom:
                return self.custom[name]
        kind = _NAMES.get(kind, kind)
        rooms = [_ROOMS[part] for part in module.split(".") if part in _ROOMS][-1:] or self.rooms
        found: Any = {"Model": self.functional, "Sequential": self.sequential}.get(kind)
        for room in rooms:
            found = found or getattr(room, kind, None)
        known = found is L.InputLayer or (
            isinstance(found, type) and issubclass(found, (Configured, metrics.Metric))
        )
        if not known:
            raise fail(
                DataError, f"{self.file!r} names {value['class_name']!r}, which is not known here",
                hint=f"pass custom_objects={{{value['class_name']!r}: ...}}",
            )  # fmt: skip
        return found

    def _function(self, module: str, name: str) -> Any:
        if name in self.custom:
            return self.custom[name]
        for room, get in _FUNCTIONS.items():
            if room in module or module == "builtins":
                return get(name)
        raise fail(DataError, f"{self.file!r} names the function {name!r}, which is not known here",
                   hint=f"pass custom_objects={{{name!r}: ...}}")  # fmt: skip

    def _object(self, cls: Any, config: Any) -> Any:
        config = {"layers": config} if isinstance(config, list) else config  # Sequential until Keras 2.2.2
        if cls is self.sequential:
            made = self._sequential(config)
        elif cls is self.functional:
            made = self._functional(config)
        elif cls in self.custom.values() and _reads_itself(cls):
            made = cls.from_config(dict(config))
        else:
            made = getattr(cls, "from_config", lambda options: cls(**options))(self._options(cls, config))
        if isinstance(made, Layer) and config.get("trainable") is False:
            made.trainable = False
        return made

    def _options(self, cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that the class takes; others must say nothing."""
        taken, options = _arguments(cls), {}
        parameters = inspect.signature(cls.__init__).parameters.values()
        own = not cls.__module__.startswith("thalweg.")  # a class of a program's says itself what it takes
        takes_all = own and any(p.kind is p.VAR_KEYWORD for p in parameters)
        for key, value in config.items():
            if key == "dtype" and issubclass(cls, Layer):
                options[key] = _dtype(self.made(value))
            elif key == "trainable":
                continue  # is set once the layers inside are there
            elif key in taken or takes_all:
                options[key] = self._older(key, self.made(value))
            elif value and key not in _IGNORED:
                raise fail(
                    DataError, f"{self.file!r}: {cls.__name__} has no argument {key!r} here", received=repr(value),
                )  # fmt: skip
        return options

    def _older(self, key: str, value: Any) -> Any:
        """An argument whose name meant something else before Keras 3."""
        if self.version < 3 and value == "hard_sigmoid" and key.endswith("activation"):
            return activations.hard_sigmoid_of_keras_2
        return value

    # --- models -------------------------------------------------------------------------------------------------

    def _layer(self, value: Mapping[str, Any], counts: dict[str, int]) -> Any:
        """A layer of a model; the vocabulary that was found by ``adapt`` stands in a file of its own."""
        base = snake_case(value["class_name"])
        number = counts[base] = counts.get(base, -1) + 1
        words = self.vocabularies.get(f"assets/layers/{base}{f'_{number}' if number else ''}/vocabulary.txt")
        if words is not None:
            tokens = [int(w) for w in words] if value["class_name"] == "IntegerLookup" else words
            value = {**value, "config": {**value["config"], "vocabulary": tokens}}
        return self.made(value)

    def _sequential(self, config: Mapping[str, Any]) -> Any:
        counts: dict[str, int] = {}
        layers = [
            _input(one["config"]) if one["class_name"] == "InputLayer" else self._layer(one, counts)
            for one in config["layers"]
        ]
        model = self.sequential(layers, name=config.get("name"))
        shape = config.get("build_input_shape")
        if not model.built and shape:
            model.build(tuple(shape))
        return model

    def _functional(self, config: Mapping[str, Any]) -> Any:
        """Inputs, layers and calls, in whatever order their inputs come to be known."""
        outputs: dict[tuple[str, int], list[Any]] = {}
        counts: dict[str, int] = {}
        calls: list[tuple[str, Any, Any]] = []
        for one in config["layers"]:
            name = one.get("name") or one["config"]["name"]
            if one["class_name"] == "InputLayer":
                outputs[name, 0] = [_input({**one["config"], "name": name})]
                continue
            told = "trainable" in one["config"] or "layers" in one["config"]  # a model within says only these
            operation = not told and one["class_name"] not in self.custom
            layer = self._operation(one) if operation else self._layer(one, counts)
            calls += [(name, layer, call) for call in one["inbound_nodes"]]
        done = self._first_calls(calls, config)
        while calls:
            first = {
                name: call for name, *call in reversed(calls)
            }  # the calls of a layer come in their order
            ready = [
                name for name, (_, node) in first.items() if all(r[:2] in outputs for r in _references(node))
            ]
            if not ready:
                raise fail(DataError, f"{self.file!r}: the inputs of {calls[0][0]!r} are not there")
            for name in ready:
                layer, node = first[name]
                args, kwargs = self._call(node, outputs)
                number = done[name] = done.get(name, -1) + 1
                outputs[name, number] = flat(layer(*args, **kwargs))
                calls.remove(next(call for call in calls if call[0] == name))
        inputs = _ends(config["input_layers"], outputs)
        return self.functional(inputs, _ends(config["output_layers"], outputs), name=config.get("name"))

    def _first_calls(self, calls: Any, config: Mapping[str, Any]) -> dict[str, int]:
        """By the name of a layer, the number before that of its first call: of a model within, the first number may
        stand for what the model was made of.
        """
        asked = [r for _, _, node in calls for r in _references(node)]
        asked += _references(config["output_layers"])
        count = Counter(name for name, *_ in calls)
        return {name: 0 for name, number, *_ in asked if name in count and number >= count[name]}

    def _operation(self, one: Mapping[str, Any]) -> Callable[..., Any]:
        """An operation between layers: a function of the same name."""
        name = snake_case(one["class_name"])
        function = public.names().get({"true_divide": "divide", "absolute": "abs"}.get(name, name))
        more = [key for key in one["config"] if key not in ("name", "trainable", "dtype")]
        if function is None or more:
            raise fail(DataError, f"{self.file!r}: the operation {one['class_name']!r} is not known here",
                       hint="make it a layer before saving, or make the model again and load_weights()")  # fmt: skip
        return function

    def _call(self, node: Any, outputs: Mapping[Any, list[Any]]) -> tuple[list[Any], dict[str, Any]]:
        if isinstance(node, dict):
            args, kwargs = self._given(node["args"], outputs), self._given(node.get("kwargs", {}), outputs)
        else:  # as Keras 2 wrote it: [[layer, call, output, arguments], ...]
            given = [outputs[name, number][place] for name, number, place, *_ in node]
            args = [given if len(given) > 1 else given[0]]
            kwargs = self._given(node[0][3] if len(node[0]) > 3 else {}, outputs)
        return args, {k: v for k, v in kwargs.items() if v is not None}

    def _given(self, value: Any, outputs: Mapping[Any, list[Any]]) -> Any:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            name, number, place = value["config"]["keras_history"]
            return outputs[name, number][place]
        if isinstance(value, dict) and "class_name" in value:
            return self.made(value)
        if isinstance(value, dict):
            return {key: self._given(v, outputs) for key, v in value.items()}
        return [self._given(v, outputs) for v in value] if isinstance(value, list) else value

    # --- compile ------------------------------------------------------------------------------------------------

    def compiled(self, config: Mapping[str, Any], optimizers_by_name: Any = None) -> dict[str, Any]:
        """The arguments of compile; ``optimizers_by_name`` makes an optimizer of a description of Keras 1 or 2."""
        wanted = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
        found = {}
        for key in wanted:
            self.rooms = [
                _ROOMS.get({"loss": "losses", "optimizer": "optimizers"}.get(key, "metrics"), metrics)
            ]
            described = config.get(key)
            if key == "optimizer" and self.version < 3 and described:
                found[key] = self._older_optimizer(described, optimizers_by_name)
            else:
                found[key] = self.made(described)
        found["optimizer"] = found["optimizer"] or "rmsprop"
        return found

    def _older_optimizer(self, described: Mapping[str, Any], by_name: Any) -> Any:
        """An optimizer of Keras 1 or 2, whose rate, ``lr``, is divided by 1 + ``decay`` * steps."""
        kind, config = described["class_name"], dict(described["config"])
        if kind in self.custom:
            return self.made(described)
        if by_name is not None:
            return by_name({"class_name": kind, "config": self.made(config)})
        rate, decay = config.pop("lr", config.get("learning_rate")), config.pop("decay", 0.0)
        config["learning_rate"] = schedules.InverseTimeDecay(rate, 1, decay) if decay else self.made(rate)
        return self.made({"class_name": kind, "config": config})


def _reads_itself(cls: Any) -> bool:
    """Whether a class, or one between it and the main library's layers, says how it is made of a description."""
    owner = next(one for one in cls.__mro__ if "from_config" in vars(one))
    return owner not in (Configured, Layer)


def _arguments(cls: Any) -> set[str]:
    """The names of the arguments of a class, with those that go on to the classes above it."""
    found: set[str] = set()
    for one in cls.__mro__ if isinstance(cls, type) else ():
        if "__init__" in vars(one):
            parameters = inspect.signature(vars(one)["__init__"]).parameters.values()
            found |= {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return found - {"self", "weights"}


def _dtype(name: Any) -> Any:
    """The dtype of the weights: those of mixed precision are float32."""
    return "float32" if str(name).startswith("mixed_") else name


def _input(config: Mapping[str, Any]) -> Any:
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    if shape is None:
        raise fail(DataError, "an input without a shape", received=config.get("name"))
    kind = config.get("dtype") or "float32"
    return L.Input(
        batch_shape=tuple(shape), dtype=kind if isinstance(kind, str) else "float32", name=config.get("name")
    )


def _references(node: Any) -> list[tuple[Any, ...]]:
    """The outputs of layers that a call takes: (layer, call, output)."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            return [tuple(node["config"]["keras_history"])]
        return [ref for value in node.values() for ref in _references(value)]
    if isinstance(node, list):
        old = len(node) >= 3 and isinstance(node[0], str) and all(isinstance(n, int) for n in node[1:3])
        return [tuple(node[:3])] if old else [ref for value in node for ref in _references(value)]
    return []


def _ends(listed: Any, outputs: Mapping[Any, list[Any]]) -> Any:
    """The tensors at the ends of a model, in the structure in which they are listed."""
    if isinstance(listed, dict):
        return {key: _ends(value, outputs) for key, value in listed.items()}
    if isinstance(listed[0], str):
        return outputs[listed[0], listed[1]][listed[2]]
    found = [_ends(one, outputs) for one in listed]
    return found[0] if len(found) == 1 else found
