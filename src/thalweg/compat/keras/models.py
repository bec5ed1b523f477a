"""``keras.models``: models of the main library with the methods and arguments of Keras 1 and 2."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from thalweg import layers as main_layers
from thalweg import models as main
from thalweg.compat.keras import optimizers
from thalweg.compat.keras.backend.functions import _symbols_stand_for
from thalweg.compat.keras.backend.settings import fixed_phase
from thalweg.compat.keras.layers import Input, InputPlace, Merge
from thalweg.compat.keras.spelling import Offered, renamed
from thalweg.compat.keras.tables import named_loss, named_metric
from thalweg.errors import ArgumentError, SymbolicError, fail
from thalweg.graph.tensor import Tensor, shapes_match
from thalweg.graph.updates import Recorder, recording
from thalweg.layers.base import outermost, shapes_of
from thalweg.layers.nodes import nodes_between, run_nodes
from thalweg.models import keras_models, saving
from thalweg.models.functional import Graph as _Graph
from thalweg.nested import flat, mapped
from thalweg.ops.reduce import mean
from thalweg.ops.shape import count
from thalweg.registry import Configured, decode, encode, register

__all__ = [
    "Input", "Model", "Sequential", "clone_model", "load_model", "model_from_config", "model_from_json",
    "model_from_yaml", "save_model",
]  # fmt: skip

_FIT: dict[str, str | None] = {
    "nb_epoch": "epochs", "nb_worker": None, "workers": None, "max_q_size": None, "max_queue_size": None,
    "use_multiprocessing": None, "pickle_safe": None, "val_samples": "nb_val_samples",
}  # fmt: skip


_SHORT = {
    "mae": "mean_absolute_error", "mse": "mean_squared_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}  # fmt: skip
_ALSO = {**_SHORT, "lr": "learning_rate"}


class Figures(dict[str, Any]):
    """The figures of epochs, where those that Keras called in two ways are found under both: acc and accuracy, mae and
    mean_absolute_error, lr and learning_rate.
    """

    def __missing__(self, name: str) -> Any:
        end, kind = ("val_", name[4:]) if name.startswith("val_") else ("", name)
        others = [_renamed_accuracy(name, "acc" if "accuracy" in name else "accuracy"), end + _ALSO.get(kind, kind),
                  *(end + short for short, long in _ALSO.items() if long == kind)]  # fmt: skip
        for other in others:
            if other in self.keys():
                return self[other]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The figure, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


def _renamed_accuracy(text: str, accuracy: str) -> str:
    """The text with ``acc`` and ``accuracy``, alone or after ``val_``, under the given name."""
    return re.sub(r"(?<![a-z0-9])(val_)?acc(uracy)?(?![a-z0-9_])", lambda m: f"{m[1] or ''}{accuracy}", text)


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


class SeenData(list[Any]):
    """The validation data as callbacks saw it: inputs, targets, weights of examples."""


class CompiledLoss:
    """``model.compiled_loss``: the losses of ``compile``, counted in the model's figure "loss"."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of a batch, and the penalties given."""
        model = self._model
        targets, predictions = model._match(y_true, y_pred)
        parts = [
            *model.compiled.total(targets, predictions, model._in_order(sample_weight)),
            *(regularization_losses or ()),
        ]
        total = sum(parts[1:], parts[0])
        model._loss_tracker.update_state(total, sample_weight=rows_of(predictions[0]))
        return total


class CompiledMetrics:
    """``model.compiled_metrics``: the metrics of ``compile``."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        self._model.compute_metrics(None, y_true, y_pred, sample_weight)


class Model(main.Model):
    """``Model(inputs, outputs)``, ``Model(input=..., output=...)``, or a subclass with ``call``."""

    optimizers_by_name = staticmethod(optimizers.get)
    _phase: int | None = None  # the learning phase that the steps were made for
    of_tensors: Any  # the class of models made of inputs and outputs
    accuracy: str | None = None  # how figures call accuracy; as it was asked for unless given

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
        kwargs = renamed(kwargs, {"input": "inputs", "output": "outputs", "dynamic": None})
        kwargs.update((name, _one(kwargs[name])) for name in ("inputs", "outputs") if name in kwargs)
        super().__init__(*map(_one, args), **kwargs)
        self._losses_of_symbols: list[Tensor] = []
        self._values: dict[Tensor, Any] = {}
        self._input_places: list[InputPlace] = []
        self._taken: list[Any] = []

    def _parts(self) -> Iterator[Any]:
        hidden = {id(vars(self).get(n)) for n in ("_input_places", "_losses_of_symbols", "_values", "_taken")}
        return (value for value in super()._parts() if id(value) not in hidden)

    compiled_loss = Offered(CompiledLoss, "The losses of ``compile``, as a function.")
    compiled_metrics = Offered(CompiledMetrics, "The metrics of ``compile``.")
    loss = Offered(lambda model: (model.compile_arguments or {}).get("loss"), "The loss of ``compile``.")

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The layers below, each once."""
        return tuple(self.tree()[1:])

    # --- compile and losses -------------------------------------------------------------------------------------

    def _match(self, y: Any, y_pred: Any) -> tuple[list[Any], list[Any]]:
        """Targets and predictions; one number for each row is a column, as functions of one's own expect it."""
        targets, predictions = super()._match(y, y_pred)
        return [
            t.reshape((-1, 1)) if getattr(t, "ndim", 0) == 1 and p.ndim > 1 else t
            for t, p in zip(targets, predictions)
        ], predictions

    def compile(  # type: ignore[override]  # the order of Keras 2
        self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, loss_weights: Any = None,
        sample_weight_mode: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        """Choose optimizer, loss and metrics; arguments that no longer mean anything are accepted.

        ``target_tensors``: nodes of a graph, from which ``fit`` takes the targets.
        """
        self._target_tensors = ignored.get("target_tensors")
        for function in flat([loss, metrics]):
            if callable(function) and not isinstance(function, type) and hasattr(function, "__name__"):
                register("custom")(function)  # a saved model names it; loading asks for custom_objects
            elif isinstance(function, Configured) and not type(function).__module__.startswith("thalweg."):
                register("custom")(type(function))
        super().compile(
            self.optimizers_by_name(optimizer), mapped(named_loss, loss), loss_weights=loss_weights,
            metrics=mapped(self._metric, metrics), weighted_metrics=mapped(self._metric, weighted_metrics),
            run_eagerly=bool(run_eagerly),
        )  # fmt: skip

    def _metric(self, given: Any) -> Any:
        if isinstance(given, str) and given in ("acc", "accuracy"):
            return self.accuracy or given
        if self.accuracy and isinstance(given, str):  # a name was that of the function
            given = _SHORT.get(given.lower(), given)
        return named_metric(given)

    @property
    def metrics_names(self) -> list[str]:
        """The names of the figures, in order: known when the model is compiled."""
        given, known = self.compile_arguments, super().metrics_names
        if given is None or self._graph is None or len(known) > 1 or not given["metrics"]:
            return known
        outputs = self.output_names
        many = len(outputs) > 1
        parts = (
            given["metrics"]
            if isinstance(given["metrics"], Mapping)
            else dict.fromkeys(outputs, given["metrics"])
        )
        names = [f"{o}_loss" for o in outputs if many] + [
            (f"{output}_" if many else "") + _name_of_metric(metric)
            for output in outputs for metric in flat(parts.get(output))
        ]  # fmt: skip
        return ["loss", *names]

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add to the loss: an expression of the model's symbols, or (in ``call``) of what is computed there."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            if self._graph is not None and isinstance(loss, Tensor) and loss.value is None:
                self._losses_of_symbols.append(loss)
            else:
                super().add_loss(loss)

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The outputs. Losses may be written with the model's own symbols: their values are kept for these."""
        phase = fixed_phase()
        if phase is not None and bool(phase) is not training:
            with recording(Recorder()) if phase else nullcontext():  # nothing moves but in training
                return self._call_in(bool(phase), inputs)
        return self._call_in(training, inputs)

    def _call_in(self, training: Any, inputs: Any) -> Any:
        graph = self._graph
        if graph is None:
            return super().call(inputs, training=training)
        given = dict(zip(graph.flat_inputs, graph.values(inputs), strict=True))
        nodes = nodes_between(graph.flat_inputs, [*flat(graph.outputs), *self._losses_of_symbols])
        symbols = [t for node in nodes for t in flat(node.outputs) if isinstance(t, Tensor)]
        wanted = [graph.outputs, symbols, self._losses_of_symbols]
        outputs, values, losses = run_nodes(nodes, given, wanted, training)
        self._values = {**given, **dict(zip(symbols, values))}
        for loss in losses:
            super().add_loss(_mean(loss))
        return outputs

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        """The scalar that training lowers; symbols of the model in it stand for their values at this call."""
        values, self._values = self._values, {}
        with _symbols_stand_for(values):
            loss = super().compute_loss(*args, **kwargs)
        return run_nodes((), values, loss, None)

    def _follow_phase(self) -> None:
        """Steps are made for one learning phase."""
        if self._phase != fixed_phase():
            self._phase = fixed_phase()
            self._steps.clear()

    def _on_batch(self, kind: str, given: Any, return_dict: bool, reset_metrics: bool) -> Any:
        self._follow_phase()
        return super()._on_batch(kind, given, return_dict, reset_metrics)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as arrays."""
        self._follow_phase()
        return super().predict_on_batch(x)

    def _step(self, kind: str, structure: Any, alone: str = "") -> Any:
        """What runs one batch: compiled; or op by op where the model's Python looks at values, as Keras's could.

        Training moves the weights that were to be trained when the model was compiled.
        """
        self._follow_phase()
        if kind == "train" and any(layer.trainable is not flag for layer, flag in self._flags.items()):
            return self._step_as_compiled(structure, alone)
        try:
            return super()._step(kind, structure, alone)
        except SymbolicError:
            if self.run_eagerly:
                raise
        self.run_eagerly = True
        return super()._step(kind, structure, alone)

    # --- training -----------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        epochs: int = 1,
        *args: Any,
        **options: Any,
    ) -> Any:
        """Train; the history finds accuracy under ``acc`` and ``accuracy``."""
        order = ("verbose", "callbacks", "validation_split", "validation_data", "shuffle", "class_weight")
        options = {**dict(zip(order, args)), **renamed(options, _FIT)}
        epochs = options.pop("epochs", epochs)
        if y is None and options.get("steps_per_epoch") is None and _is_counted(x) and hasattr(x, "__next__"):
            options["steps_per_epoch"] = len(x)
        self._with_accuracy(options.pop("show_accuracy", False))
        self._agree_with(
            options.get("callbacks") or (), options.get("validation_data") or _split(x, y, options)
        )
        self.told_of_fit = self._told(x, batch_size, int(epochs), options)
        history = super().fit(x, y, batch_size, int(epochs), **options)
        history.history = Figures(history.history)
        return history

    def _told(self, x: Any, batch_size: Any, epochs: int, options: Mapping[str, Any]) -> dict[str, Any]:
        """What callbacks are told of a fit, by the names of Keras 1 and 2."""
        validated = bool(options.get("validation_data") is not None or options.get("validation_split"))
        first, names = next(iter(flat(x)), None), self.metrics_names
        return {
            "nb_epoch": epochs, "batch_size": batch_size or 32, "do_validation": validated,
            "samples": len(first) if isinstance(first, np.ndarray) else None,
            "metrics": names + [f"val_{name}" for name in names] * validated,
        }  # fmt: skip

    def _feed(self, x: Any, y: Any = None, *rest: Any, **options: Any) -> Any:
        return super()._feed(mapped(_dense, x), mapped(_dense, y), *rest, **options)

    def _logs(self, result: Any) -> dict[str, Any]:
        return Figures(super()._logs(result))

    def _with_accuracy(self, wanted: bool) -> None:
        """``show_accuracy`` of the first versions: accuracy as a metric."""
        given = self.compile_arguments
        if wanted and given is not None and not given["metrics"]:
            super().compile(self.optimizer, given["loss"], metrics=["accuracy"])

    def _agree_with(self, callbacks: Any, validation_data: Any) -> None:
        """Callbacks watch accuracy, and name files by it, under the name that the metric has; they see the data."""
        named = [m for m in flat((self.compile_arguments or {}).get("metrics")) if m in ("acc", "accuracy")]
        for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
            for attribute in ("monitor", "filepath"):
                text = getattr(callback, attribute, None)
                if named and isinstance(text, str):
                    setattr(callback, attribute, _renamed_accuracy(text, named[0]))
            own = getattr(callback, "validation_data", None)  # a program may have put something else there
            if isinstance(validation_data, (tuple, list)) and (own is None or isinstance(own, SeenData)):
                parts = [*_listed(validation_data[0]), *_listed(validation_data[1])]
                weights = _listed(validation_data[2]) if len(validation_data) > 2 else []
                callback.validation_data = SeenData([*parts, *(weights or [np.ones(len(parts[0]))])])

    def evaluate(
        self, x: Any = None, y: Any = None, *args: Any, show_accuracy: bool = False, **options: Any
    ) -> Any:
        """The loss, and the metrics where there are some."""
        self._with_accuracy(show_accuracy)
        return super().evaluate(x, y, *args, **renamed(options, _FIT))

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs as arrays."""
        return super().predict(x, *args, **renamed(options, _FIT))

    def fit_generator(
        self, generator: Any, steps_per_epoch: Any = None, epochs: int = 1, *args: Any, **options: Any
    ) -> Any:
        """Train on batches of a generator; ``samples_per_epoch`` counts examples, ``steps_per_epoch`` batches."""
        order = ("verbose", "callbacks", "validation_data", "validation_steps", "class_weight")
        options = {**dict(zip(order, args)), **options}
        if "nb_epoch" in options and steps_per_epoch is not None:  # by position, in Keras 1
            options["samples_per_epoch"], steps_per_epoch = steps_per_epoch, None
        options = renamed(options, _FIT)
        samples = options.pop("samples_per_epoch", None)
        if samples is not None:
            generator, steps_per_epoch = _counted(generator, samples)
        kept, validation = options.pop("nb_val_samples", None), options.get("validation_data")
        if kept is not None and not isinstance(validation, (tuple, list)):
            options["validation_data"], options["validation_steps"] = _counted(validation, kept)
        options.setdefault("epochs", epochs)
        if steps_per_epoch is None and _is_counted(generator):
            steps_per_epoch = len(generator)
        tested: Any = options.get("validation_data")
        if options.get("validation_steps") is None and _is_counted(tested):
            options["validation_steps"] = len(tested)
        return self.fit(generator, steps_per_epoch=_whole(steps_per_epoch), **options)

    def evaluate_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The loss and metrics on batches of a generator."""
        generator, steps, options = _batches(generator, steps, {"verbose": 0, **options})
        return super().evaluate(generator, steps=steps, **options)

    def predict_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The outputs for batches of a generator."""
        generator, steps, options = _batches(generator, steps, options)
        return super().predict(generator, steps=steps, **options)

    def predict_proba(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs, taken as probabilities."""
        return self.predict(x, *args, **options)

    def predict_classes(self, x: Any, *args: Any, **options: Any) -> np.ndarray:
        """The numbers of the most probable classes; of one output, whether it is above one half."""
        outputs = self.predict(x, *args, **options)
        return outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")

    def reset_states(self) -> None:
        """Set the kept states of recurrent layers to zeros."""
        for layer in self.tree():
            if layer is not self and hasattr(layer, "reset_states"):
                layer.reset_states()

    # --- what is in it ------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """The layers, in order; those of a model made of inputs and outputs begin with its inputs."""
        if self._graph is None or isinstance(self, main.Sequential):
            return LayerList(super().layers, self)
        if not self._input_places:
            self._input_places = [InputPlace(symbol) for symbol in self._graph.flat_inputs]
        found = [*self._input_places, *super().layers]
        return LayerList([layer for layer in found if not any(layer is taken for taken in self._taken)], self)

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
        self._layers, self._variables = self._graph.layers(), self._graph.own_variables()
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

    def summary(  # type: ignore[override]
        self, line_length: Any = None, positions: Any = None, print_fn: Any = None, **ignored: Any
    ) -> None:
        """Print the layers."""
        super().summary(line_length, print_fn)

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Accepted; figures come from ``compile(metrics=...)``."""

    # --- files --------------------------------------------------------------------------------------------------

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, **ignored: Any
    ) -> None:
        """Write everything to one file (safetensors, whatever the suffix), in a folder where there is no suffix."""
        for (
            layer
        ) in self.tree():  # functions of the program's own are named in the file; loading asks for them
            for given in layer._arguments.values():
                if callable(given) and not getattr(given, "__module__", "thalweg.").startswith("thalweg."):
                    register("custom")(given)
        if os.path.splitext(os.fspath(filepath))[1]:
            super().save(filepath, overwrite, include_optimizer)
        else:
            save_in_folder(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True, **ignored: Any) -> None:
        """Write the weights to a file (safetensors, whatever the suffix).

        Without a suffix of Keras it is a checkpoint: the newest of its folder for ``tf.train.latest_checkpoint``.
        """
        path = os.fspath(filepath)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        super().save_weights(path, overwrite)
        if not path.endswith((".h5", ".hdf5", ".keras", ".weights")):
            files = importlib.import_module("thalweg.compat.tf1.checkpoints")  # needed by few programs
            files.update_checkpoint_state(os.path.dirname(path), path)

    def load_weights(  # type: ignore[override]
        self, filepath: Any, by_name: bool = False, skip_mismatch: bool = False, **ignored: Any
    ) -> None:
        """Read the weights of :meth:`save_weights`, or of a ``.h5`` file of Keras.

        A model that has no weights yet reads them when it is called first.
        """
        if self.built:
            super().load_weights(filepath, skip_mismatch or by_name)
        else:
            when_built(self, lambda: self.load_weights(filepath, by_name, skip_mismatch))

    def to_yaml(self) -> str:
        """The description of the model; JSON is YAML."""
        return self.to_json()

    def get_config(self) -> dict[str, Any]:
        """The model as data."""
        if self._graph is not None and type(self).__module__.startswith("thalweg.compat.keras"):
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
        return cls(made.input, made.output, name=made.name)


Model.of_tensors = Model


class Sequential(Model, main.Sequential):
    """Layers one after another; ``Merge`` of several models may be the first."""

    _shape_is_open = False  # whether only the first inputs said what shape they have

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
                self._first = main_layers.Input(batch_shape=open_shape, dtype=first.dtype)
                self._connect()
        return super()._called(args, kwargs)

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Merge):
            self._first = [model.input for model in layer.parts]
            layer = main.Model(self._first, layer([model.output for model in layer.parts]))
        elif (
            not self._layers
            and self._first is None
            and isinstance(layer, main.Model)
            and layer._graph is not None
        ):
            self._first = list(layer.inputs) if len(layer.inputs) > 1 else None
        super()._append(layer)

    def _connect(self) -> None:
        if not isinstance(self._first, list):
            super()._connect()
            return
        x: Any = self._first
        with outermost():
            for layer in self._layers:
                x = layer(x)
        self._graph = _Graph(self._first, x)
        self.built, self.build_shape = True, shapes_of(self._first)
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


def rows_of(x: Any) -> Any:
    """How many rows a batch has, as a scalar."""
    return count(x, (0,), np.dtype(np.float64))


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


def _mean(loss: Any) -> Any:
    return mean(loss) if loss.ndim else loss


def _name_of_metric(metric: Any) -> str:
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__


def _one(tensors: Any) -> Any:
    return tensors[0] if isinstance(tensors, (list, tuple)) and len(tensors) == 1 else tensors


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _dense(part: Any) -> Any:
    """A sparse matrix of SciPy's as an array, anything else as it is."""
    return part.toarray() if hasattr(part, "toarray") and hasattr(part, "nnz") else part


def _split(x: Any, y: Any, options: Mapping[str, Any]) -> Any:
    """The rows that ``validation_split`` sets apart, for callbacks to see; None without it."""
    share, first = options.get("validation_split"), next(iter(flat(x)), None)
    if not share or y is None or not isinstance(first, np.ndarray):
        return None
    at = int(len(first) * (1.0 - share))
    return tuple(mapped(lambda a: np.asarray(a)[at:], part) for part in (x, y))


def _is_shape(given: Sequence[Any]) -> bool:
    return all(n is None or isinstance(n, (int, np.integer)) for n in given)


def _whole(steps: Any) -> int | None:
    return None if steps is None else int(steps)


def _batches(generator: Any, steps: Any, options: dict[str, Any]) -> tuple[Any, int | None, dict[str, Any]]:
    """The generator, how many batches to take of it, and the other options."""
    options = renamed(options, _FIT)
    samples = options.pop("nb_val_samples", None)
    if samples is not None:
        generator, steps = _counted(generator, samples)
    if steps is None and _is_counted(generator):
        steps = len(generator)
    return generator, _whole(steps), options


def _is_counted(batches: Any) -> bool:
    """Whether batches come without end, but their number is known."""
    return hasattr(batches, "__len__") and not isinstance(batches, (tuple, list, np.ndarray))


def _counted(generator: Any, samples: Any) -> tuple[Any, int]:
    """The generator, with nothing lost, and the number of its batches that hold so many examples."""
    if hasattr(generator, "__getitem__") and hasattr(generator, "__len__"):
        return generator, max(1, int(samples) // _rows(generator[0]))
    batches = iter(generator)
    first = next(batches, None)
    if first is None:
        raise fail(ArgumentError, "the generator gave no batch")

    def again() -> Iterator[Any]:
        yield first
        yield from batches

    return again(), max(1, int(samples) // _rows(first))


def _rows(batch: Any) -> int:
    while isinstance(batch, (tuple, list, Mapping)):
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return max(1, len(batch))


def file_in_folder(folder: Any) -> str:
    """Where a folder that stands for a model holds it."""
    return os.path.join(os.fspath(folder), "saved_model.safetensors")


def save_in_folder(model: Any, folder: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write everything to one file in a folder of its own."""
    os.makedirs(folder, exist_ok=True)
    main.Model.save(model, file_in_folder(folder), overwrite, include_optimizer)


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, **ignored: Any) -> Any:
    """The model in a file, or a folder, of ``model.save``."""
    filepath = file_in_folder(filepath) if os.path.isdir(filepath) else filepath
    known = {"models.Model": Model, "models.Sequential": Sequential, **(custom_objects or {})}
    return main.load_model(filepath, known, compile)


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, **ignored: Any
) -> None:
    """``model.save(filepath)``."""
    model.save(filepath, overwrite, include_optimizer)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of ``to_json``, here or of Keras 2, with first weights of its own."""
    whole, known = json.loads(json_string), {"models.Model": Model, "models.Sequential": Sequential}
    if "class_name" in whole:
        return keras_models.described(whole, {**known, **(custom_objects or {})})
    return main.model_from_json(json_string, custom_objects)


model_from_yaml = model_from_json


def model_from_config(config: Any, custom_objects: Any = None) -> Any:
    """The model of ``get_config``, or of a dict of its class and that."""
    if "class_name" in config:
        own = {"Model": Model, "Sequential": Sequential, **(custom_objects or {})}
        return own[config["class_name"]].from_config(config["config"], custom_objects)
    return (Sequential if "layers" in config and "calls" not in config else Model).from_config(
        config, custom_objects
    )


def clone_model(model: Any, input_tensors: Any = None) -> Any:
    """The same layers with first weights of their own, on other inputs if they are given."""
    clone = main.clone_model(model)
    if input_tensors is None:
        return clone
    inputs = _one(input_tensors)
    return model.of_tensors(inputs, clone(inputs))
