"""``keras.models``: models of the main library with the methods and arguments of Keras 1 and 2."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import layers as main_layers
from thalweg import models as main
from thalweg.compat.keras import older as _older
from thalweg.compat.keras.arguments import known_function
from thalweg.compat.keras.backend.values import held
from thalweg.compat.keras.custom import InputPlace
from thalweg.compat.keras.custom import of_weight as _of_weight
from thalweg.compat.keras.custom import place_of as _place_of
from thalweg.compat.keras.first_descriptions import is_of_keras_1, of_keras_2
from thalweg.compat.keras.layers import Input
from thalweg.compat.keras.merging import Merge
from thalweg.compat.keras.spelling import renamed
from thalweg.compat.keras.training import TrainedModel
from thalweg.compat.keras.weight_files import as_file, is_open
from thalweg.graph.tensor import Tensor, Variable, shapes_match
from thalweg.layers.calls import outermost
from thalweg.layers.nodes import shapes_of
from thalweg.models import keras_models, saving
from thalweg.models.functional import Graph as _Graph
from thalweg.nested import flat, mapped
from thalweg.registry import decode, encode, register, registered

__all__ = [
    "Input", "Model", "Sequential", "clone_model", "load_model", "model_from_config", "model_from_json",
    "model_from_yaml", "save_model",
]  # fmt: skip


# Attributes in which no layers of the model are looked for.
_NOT_PARTS = (
    "_input_places", "_losses_of_symbols", "_figures_of_symbols", "_made_in_loss", "_target_tensors", "_values",
    "_taken",
)  # fmt: skip


class LayerList(list[Any]):
    """The layers of a model; taking one out takes it out of the model's list, as programs that refit networks do."""

    def __init__(self, layers: Any, model: Any) -> None:
        super().__init__(layers)
        self.model = model

    def pop(self, index: Any = -1) -> Any:
        """Take a layer out."""
        layer = super().pop(index)
        self.model.without(layer)
        return layer


class LoadStatus:
    """What ``load_weights`` gives: all weights were in the file, else it was an error."""

    def assert_consumed(self) -> LoadStatus:
        """Accepted: they were."""
        return self

    expect_partial = assert_existing_objects_matched = assert_nontrivial_match = assert_consumed


class Model(TrainedModel):
    """``Model(inputs, outputs)``, ``Model(input=..., output=...)``, or a subclass with ``call``."""

    of_tensors: Any  # the class of models made of inputs and outputs

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        args = tuple(
            a for a in args if a is not self
        )  # ``super().__init__(self)`` is a slip that tutorials make
        if len(args) == 1 and isinstance(args[0], str):  # a subclass with ``call``: its name
            kwargs = {"name": args[0], **kwargs}
            args = args[1:]
        dynamic = kwargs.pop("dynamic", False)
        kwargs = renamed(kwargs, {"input": "inputs", "output": "outputs"})
        kwargs.update((name, _one(kwargs[name])) for name in ("inputs", "outputs") if name in kwargs)
        super().__init__(*map(_one, args), **kwargs)
        if dynamic:
            self.dynamic = True
        self._variables = []  # Keras does not see what expressions between the layers read: it is no weight
        self._input_places: list[InputPlace] = []
        self._taken: list[Any] = []

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """A weight: (name, shape, dtype, initializer, ...), or (shape, initializer, ...)."""
        return super().add_weight(**_of_weight(args, kwargs))

    def _parts(self) -> Iterator[Any]:
        hidden = {id(vars(self).get(n)) for n in _NOT_PARTS}
        return (value for value in super()._parts() if id(value) not in hidden)

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The layers below, each once."""
        return tuple(self.tree()[1:])

    # --- what is in it ------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """The layers, in order, among those of a model made of inputs and outputs its inputs."""
        if self._graph is None or isinstance(self, main.Sequential):
            return LayerList(super().layers, self)
        if not self._input_places:
            self._input_places = [_place_of(symbol) for symbol in self._graph.flat_inputs]
        places = {id(place.input): place for place in self._input_places}
        found = [places.get(id(part), part) for part in self._graph.in_order()]
        return LayerList([layer for layer in found if not any(layer is taken for taken in self._taken)], self)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by its name or place. Numbered names may be those of Keras 1: batchnormalization_2."""
        if index is None and name is not None and all(layer.name != name for layer in self.layers):
            alike = [layer for layer in self.layers if _joined(layer.name) == name]
            if len(alike) == 1:
                return alike[0]
        return super().get_layer(name, index)

    def without(self, layer: Any) -> None:
        """List this layer no longer."""
        self._taken.append(layer)

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs; others may be set."""
        return super().inputs

    @inputs.setter
    def inputs(self, tensors: Any) -> None:
        self._between(_one(tensors), super().output)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs; others may be set."""
        return super().outputs

    @outputs.setter
    def outputs(self, tensors: Any) -> None:
        self._between(super().input, _one(tensors))

    def _between(self, inputs: Any, outputs: Any) -> None:
        self._graph = _Graph(inputs, outputs)
        self._layers = self._graph.layers()
        self._steps.clear()

    def build_for(self, args: Any) -> None:
        """A model that only has ``call`` makes its weights in the call itself, whatever its arguments are."""
        if self._only_calls() and not self.built and type(self).build is Model.build:
            self.built, self.build_shape = True, shapes_of(args[0]) if args else None
        super().build_for(args)

    def build(self, input_shape: Any) -> None:
        """Make the weights of a model that only has ``call``, for inputs of this shape, the batch first."""
        if (
            self._only_calls()
            and not self.built
            and isinstance(input_shape, (tuple, list))
            and _is_shape(input_shape)
        ):
            self.built, self.build_shape = True, tuple(input_shape)
            self.compute_output_shape(tuple(input_shape))
        elif not self._only_calls():
            super().build(input_shape)

    def _only_calls(self) -> bool:
        return type(self).call is not Model.call and self._graph is None

    def _make_predict_function(self) -> None:
        """Accepted: what runs a batch is made when it is first needed, in whatever thread."""

    _make_train_function = _make_test_function = _make_predict_function

    @property
    def state_updates(self) -> list[Any]:
        """No updates stand apart: they belong to the step."""
        return []

    updates: Any = state_updates

    @property
    def uses_learning_phase(self) -> bool:
        """Whether a layer behaves otherwise in training."""
        return True

    @property
    def constraints(self) -> dict[Any, Any]:
        """The constraints of the weights that have one, as ``get_updates`` took them."""
        return {
            weight: weight.constraint for weight in self.trainable_weights if weight.constraint is not None
        }

    def summary(  # type: ignore[override]
        self, line_length: Any = None, positions: Any = None, print_fn: Any = None, expand_nested: bool = False,
        show_trainable: bool = False, layer_range: Any = None,
    ) -> None:  # fmt: skip
        """Print the layers: all of them, and those of models in it not by themselves."""
        super().summary(line_length, print_fn)

    # --- files --------------------------------------------------------------------------------------------------

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: Any = None,
        signatures: Any = None, options: Any = None, save_traces: bool = True, zipped: bool | None = None,
    ) -> None:  # fmt: skip
        """Write everything to one file (safetensors, whatever the suffix), in a folder where there is no suffix.

        The format is the same for all; ``signatures`` and traces, which TensorFlow keeps beside them, are not kept.
        """
        for (
            layer
        ) in self.tree():  # functions that are not the library's own are named; loading asks for a program's
            for given in (*layer._arguments.values(), getattr(layer, "activation", None)):
                module = getattr(given, "__module__", None) or ""
                if callable(given) and (
                    not module.startswith("thalweg.") or module.startswith("thalweg.compat.")
                ):
                    known_function(given)
        if is_open(filepath):
            with as_file(filepath, reading=False) as path:
                super().save(path, overwrite, include_optimizer)
        elif os.path.splitext(os.fspath(filepath))[1]:
            super().save(filepath, overwrite, include_optimizer)
        else:
            save_in_folder(self, filepath, overwrite, include_optimizer)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, save_format: Any = None, options: Any = None
    ) -> None:
        """Write the weights to a file (safetensors, whatever the suffix).

        Without a suffix of Keras it is a checkpoint: the newest of its folder for ``tf.train.latest_checkpoint``.
        """
        path = os.fspath(filepath)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        checkpoint = not path.endswith((".h5", ".hdf5", ".keras", ".weights"))
        if checkpoint and not saving.has_weights(self):  # a checkpoint of a model without any
            importlib.import_module("thalweg.compat.tf2").train.Checkpoint(self).write(path)
        else:
            super().save_weights(path, overwrite)
        if checkpoint and os.path.basename(path) != "checkpoint":  # which is the name of the list itself
            files = importlib.import_module("thalweg.compat.tf1.checkpoints")  # needed by few programs
            files.update_checkpoint_state(os.path.dirname(path), path)

    def load_weights(  # type: ignore[override]
        self,
        filepath: Any,
        by_name: bool = False,
        skip_mismatch: bool = False,
        reshape: bool = False,
        options: Any = None,
    ) -> LoadStatus:
        """Read the weights of :meth:`save_weights`, or of a ``.h5`` file of Keras.

        A model that has no weights yet reads them when it is called first.
        """
        if saving.has_weights(self):
            super().load_weights(filepath, skip_mismatch, by_name=by_name, reshape=reshape)
        else:
            when_built(self, lambda: self.load_weights(filepath, by_name, skip_mismatch, reshape))
        return LoadStatus()

    def to_yaml(self) -> str:
        """The description of the model; JSON is YAML."""
        return self.to_json()

    def get_config(self) -> dict[str, Any]:
        """The model as data."""
        of_tensors = any(isinstance(t, Tensor) for t in flat(list(self._arguments.values())))
        if self._graph is not None and (
            of_tensors or type(self).__module__.startswith("thalweg.compat.keras")
        ):
            return encode(saving.graph_config(self))
        shape = (
            {"build_shape": self.build_shape} if self._only_calls() and self.build_shape is not None else {}
        )
        return {**super().get_config(), **shape}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model of :meth:`get_config`."""
        if "calls" not in config:
            return _made(cls, dict(config))
        made = saving.graph_from_config(decode(config, custom_objects))
        own = cls if _hands_on(cls) else Model  # a program's own constructor may take other arguments
        return own(inputs=made.input, outputs=made.output, name=made.name)


def _hands_on(cls: Any) -> bool:
    """Whether the constructor takes inputs and outputs: by name, or as anything that it only hands on."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    named = any(p.name in ("outputs", "output") for p in parameters)
    return named or (bool(parameters) and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL)


Model.of_tensors = Model


def _joined(name: str) -> str:
    """The numbered name of a layer as Keras 1 wrote it: its class in small letters, no words parted."""
    words, _, number = name.rpartition("_")
    return f"{words.replace('_', '')}_{number}"


class MergedModels(main.Model):
    """The first layer of a Sequential that begins with several models: to a program its layers are these models."""

    parts: Any = None

    def of(self, parts: Sequence[Any]) -> MergedModels:
        """The same, of these models."""
        self.parts = list(parts)
        return self

    def _parts(self) -> Iterator[Any]:
        return (value for value in super()._parts() if value is not self.parts)

    @property
    def layers(self) -> list[Any]:
        """The models; the library itself sees their layers."""
        asked_by_library = sys._getframe(1).f_globals.get("__name__", "").startswith("thalweg.")
        return super().layers if asked_by_library or self.parts is None else self.parts

    def get_config(self) -> dict[str, Any]:
        """The model as data."""
        return encode(saving.graph_config(self))


class Sequential(Model, main.Sequential):
    """Layers one after another; ``Merge`` of several models may be the first."""

    _shape_is_open = False  # whether only the first inputs said what shape they have
    _shares_tensors = (
        False  # whether a model at the front is not called anew, on an input with a name of its own
    )

    def __init__(self, layers: Any = None, name: str | None = None, **options: Any) -> None:
        super().__init__(None, name=name, **options)
        for layer in layers or ():
            self.add(layer)

    def without(self, layer: Any) -> None:
        """Take this layer out of the model."""
        self._layers = [kept for kept in self._layers if kept is not layer]
        self._connect()

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape; where the layers said none, others may come later."""
        if input_shape is None:  # the first layer said it
            return
        self._shape_is_open = self._first is None
        super().build(input_shape)

    def _called(self, args: Any, kwargs: dict[str, Any]) -> Any:
        first = self._first
        if self._shape_is_open and isinstance(first, Tensor) and args and isinstance(args[0], Tensor):
            there, given = first.specs[0].shape, args[0].specs[0].shape
            if there and given and len(there) == len(given) and not shapes_match(there, given):
                open_shape = tuple(a if a == b else None for a, b in zip(there, given))
                self._first = main_layers.Input(batch_shape=open_shape, dtype=first.dtype, name=first.name)
                self._connect()
        return super()._called(args, kwargs)

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Merge):
            every = {id(t): t for model in layer.parts for t in flat(model.input)}  # a model may be met twice
            self._first = [*every.values()] if len(every) > 1 else next(iter(every.values()))
            joined = layer([model.output for model in layer.parts])
            layer = MergedModels(self._first, joined).of(layer.parts)
        elif (
            not self._layers
            and self._first is None
            and isinstance(layer, main.Model)
            and layer._graph is not None
            and (self._shares_tensors or len(layer.inputs) > 1)
        ):
            self._first = list(layer.inputs)
        super()._append(layer)

    def _connect(self) -> None:
        if not isinstance(self._first, list):
            super()._connect()
            return
        inputs, layers = _one(self._first), self._layers
        self._graph, self.built = None, False
        if not layers:
            return
        x: Any = inputs
        if isinstance(layers[0], main.Model) and layers[0]._graph is not None:  # its own tensors are these
            x, layers = layers[0].output, layers[1:]
        with outermost():
            for layer in layers:
                x = layer(x)
        self._graph = _Graph(inputs, x)
        self.built, self.build_shape = True, shapes_of(inputs)
        self._steps.clear()

    def get_config(self) -> dict[str, Any]:
        """The layers, with the shape of the inputs; the first layer knows its own, if they are several."""
        if isinstance(self._first, list):
            return encode({"name": self.name, "input": None, "layers": list(self._layers)})
        return encode(main.Sequential.get_config(self))

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model of :meth:`get_config`."""
        return main.Sequential.from_config.__func__(cls, decode(config, custom_objects))  # type: ignore[attr-defined]


def when_built(layer: Any, act: Callable[[], Any]) -> None:
    """Do something once a layer has its weights: in its first call, whose outputs are computed after it."""
    called = layer._called

    def first_call(args: Any, kwargs: Any) -> Any:
        vars(layer).pop("_called", None)
        called(args, kwargs)
        act()
        return called(args, kwargs)

    layer._called = first_call


for _model in (Model, Sequential):  # known as these whatever classes of the same names a program defines
    register("keras.models")(_model)


# --- helpers --------------------------------------------------------------------------------------------------------


def _made(cls: Any, config: dict[str, Any]) -> Any:
    """A model of a program's own class, whose constructor need not know about names; built for the shape it had."""
    shape = config.pop("build_shape", None)
    taken = inspect.signature(cls.__init__).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in taken.values())
    made = cls(**{n: v for n, v in config.items() if open_ended or n in taken})
    made.name = config.get("name", made.name)
    if shape is not None and not made.built and cls.build is not Model.build:
        made.build(tuple(shape) if _is_shape(shape) else shape)
    elif shape is not None and not made.built:
        made.built, made.build_shape = True, shape
        made.compute_output_shape(shape)
    return made


def _one(tensors: Any) -> Any:
    return tensors[0] if isinstance(tensors, (list, tuple)) and len(tensors) == 1 else tensors


def _is_shape(given: Sequence[Any]) -> bool:
    return all(n is None or isinstance(n, (int, np.integer)) for n in given)


def file_in_folder(folder: Any) -> str:
    """Where a folder that stands for a model holds it."""
    return os.path.join(os.fspath(folder), "saved_model.safetensors")


def save_in_folder(model: Any, folder: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write everything to one file in a folder of its own."""
    os.makedirs(folder, exist_ok=True)
    main.Model.save(model, file_in_folder(folder), overwrite, include_optimizer)


def load_model(
    filepath: Any,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
    options: Any = None,
) -> Any:
    """The model in a file, a folder, an open file or a group of an HDF5 file, of ``model.save``."""
    if is_open(filepath):
        with as_file(filepath, reading=True) as path:
            return load_model(path, custom_objects, compile)
    filepath = file_in_folder(filepath) if os.path.isdir(filepath) else filepath
    known = {**_known(), **(custom_objects or {})}
    if keras_models.is_of_keras_1(filepath):
        return keras_models.keras_model(filepath, known, compile, of_keras_2)
    return main.load_model(filepath, known, compile)


def _known() -> dict[str, Any]:
    """What files may name beside the layers of the main library: the models here, and layers that older Keras had."""
    older = {name: cls for name, cls in registered("custom").items() if cls.__module__ == _older.__name__}
    return {"models.Model": Model, "models.Sequential": Sequential, **older}


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, save_format: Any = None,
    signatures: Any = None, options: Any = None, save_traces: bool = True, zipped: bool | None = None,
) -> None:  # fmt: skip
    """``model.save(filepath)``."""
    model.save(filepath, overwrite, include_optimizer)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of ``to_json``, here or of Keras 1 or 2, with first weights of its own."""
    whole = json.loads(json_string)
    if "class_name" in whole:
        if str(whole.get("keras_version", "1")).startswith("1") and is_of_keras_1(whole):
            whole = of_keras_2(whole, custom_objects or {})
        return keras_models.described(whole, {**_known(), **(custom_objects or {})})
    return main.model_from_json(json_string, custom_objects)


model_from_yaml = model_from_json


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The model of ``get_config``, or of a dict of its class and that."""
    if "class_name" in config:
        own = {"Model": Model, "Sequential": Sequential, **(custom_objects or {})}
        return own[config["class_name"]].from_config(config["config"], custom_objects)
    in_a_row = isinstance(config, list) or (
        "layers" in config and not {"calls", "input_layers"} & set(config)
    )
    return (Sequential if in_a_row else Model).from_config(config, custom_objects)


def clone_model(model: Any, input_tensors: Any = None) -> Any:
    """The same layers with first weights of their own, on other inputs if they are given."""
    clone = main.clone_model(model)
    if input_tensors is None:
        return clone
    inputs = mapped(held, _one(input_tensors))
    return model.of_tensors(inputs, clone(inputs))
