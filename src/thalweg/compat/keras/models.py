"""``keras.models``: models of the main library with the methods and arguments of Keras 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thalweg import models as main
from thalweg.compat.keras import optimizers
from thalweg.compat.keras.layers import Merge
from thalweg.compat.keras.spelling import renamed
from thalweg.layers.base import flat, shapes_of
from thalweg.models import saving
from thalweg.models.functional import Graph
from thalweg.registry import register

_FIT = {
    "nb_epoch": "epochs", "nb_worker": None, "workers": None, "max_q_size": None, "max_queue_size": None,
    "use_multiprocessing": None, "pickle_safe": None, "samples_per_epoch": "samples_per_epoch",
    "nb_val_samples": "nb_val_samples", "val_samples": "val_samples",
}  # fmt: skip


class Figures(dict[str, Any]):
    """The figures of epochs, where accuracy is found under both names that Keras gave it: acc and accuracy."""

    def __missing__(self, name: str) -> Any:
        other = name.replace("accuracy", "acc") if "accuracy" in name else name.replace("acc", "accuracy")
        if other in self:
            return self[other]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The figure, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


class _Model(main.Model):
    """What models have under old names, beside the methods of the main library."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, loss_weights: Any = None,
        sample_weight_mode: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        """Choose optimizer, loss and metrics; arguments that no longer mean anything are accepted."""
        super().compile(
            optimizers.get(optimizer), loss, loss_weights=loss_weights, metrics=metrics,
            weighted_metrics=weighted_metrics, run_eagerly=bool(run_eagerly),
        )  # fmt: skip

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
        options = renamed(options, _FIT)
        epochs = options.pop("epochs", epochs)
        self._with_accuracy(options.pop("show_accuracy", False))
        self._agree_on_names(options.get("callbacks") or (args[1] if len(args) > 1 else None))
        history = super().fit(x, y, batch_size, int(epochs), *args, **options)
        history.history = Figures(history.history)
        return history

    def _with_accuracy(self, wanted: bool) -> None:
        """``show_accuracy`` of the first versions: accuracy as a metric."""
        given = self.compile_arguments
        if wanted and given is not None and not given["metrics"]:
            super().compile(self.optimizer, given["loss"], metrics=["accuracy"])

    def _agree_on_names(self, callbacks: Any) -> None:
        """A callback that watches ``val_acc`` means ``val_accuracy``, where the metric was given by that name."""
        metrics = flat((self.compile_arguments or {}).get("metrics"))
        for callback in callbacks or ():
            watched = getattr(callback, "monitor", None)
            if watched in ("acc", "val_acc") and "accuracy" in metrics and "acc" not in metrics:
                callback.monitor = watched.replace("acc", "accuracy")
            elif watched in ("accuracy", "val_accuracy") and "acc" in metrics and "accuracy" not in metrics:
                callback.monitor = watched.replace("accuracy", "acc")

    def evaluate(
        self, x: Any = None, y: Any = None, *args: Any, show_accuracy: bool = False, **options: Any
    ) -> Any:
        """The loss, and the metrics where there are some."""
        return super().evaluate(x, y, *args, **renamed(options, _FIT))

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs as arrays."""
        return super().predict(x, *args, **renamed(options, _FIT))

    def fit_generator(
        self, generator: Any, steps_per_epoch: Any = None, epochs: int = 1, **options: Any
    ) -> Any:
        """Train on batches of a generator; ``samples_per_epoch`` counts examples, ``steps_per_epoch`` batches."""
        if "nb_epoch" in options and steps_per_epoch is not None:  # by position, in Keras 1
            options["samples_per_epoch"] = steps_per_epoch
        options = renamed(options, _FIT)
        samples = options.pop("samples_per_epoch", None)
        generator, size = _first_size(generator)
        steps = steps_per_epoch if samples is None else max(1, int(samples) // size)
        kept = options.pop("nb_val_samples", options.pop("val_samples", None))
        validation = options.get("validation_data")
        if kept is not None and validation is not None and not isinstance(validation, (tuple, list)):
            options["validation_data"], rows = _first_size(validation)
            options["validation_steps"] = max(1, int(kept) // rows)
        options.setdefault("epochs", epochs)
        return self.fit(generator, steps_per_epoch=None if steps is None else int(steps), **options)

    def evaluate_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The loss and metrics on batches of a generator."""
        options = renamed(options, _FIT)
        samples = options.pop("val_samples", None)
        if samples is not None:
            generator, size = _first_size(generator)
            steps = max(1, int(samples) // size)
        return super().evaluate(generator, steps=None if steps is None else int(steps), **options)

    def predict_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The outputs for batches of a generator."""
        options = renamed(options, _FIT)
        samples = options.pop("val_samples", None)
        if samples is not None:
            generator, size = _first_size(generator)
            steps = max(1, int(samples) // size)
        return super().predict(generator, steps=None if steps is None else int(steps), **options)

    def predict_proba(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs, taken as probabilities."""
        return self.predict(x, *args, **options)

    def predict_classes(self, x: Any, *args: Any, **options: Any) -> np.ndarray:
        """The numbers of the most probable classes; of one output, whether it is above one half."""
        outputs = self.predict(x, *args, **options)
        return outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")

    def build(self, input_shape: Any) -> None:
        """Make the weights of a model that only has ``call``, for inputs of this shape, the batch first."""
        if (
            self._graph is None
            and type(self).call is not main.Model.call
            and not isinstance(self, main.Sequential)
        ):
            if (
                not self.built
                and isinstance(input_shape, (tuple, list))
                and not isinstance(input_shape[0], (tuple, list))
            ):
                self.built = True
                self.compute_output_shape(tuple(input_shape))
            return
        super().build(input_shape)

    def save(
        self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True, **ignored: Any
    ) -> None:
        """Write everything to one file (safetensors, whatever the suffix)."""
        super().save(filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True, **ignored: Any) -> None:
        """Write the weights to a file (safetensors, whatever the suffix)."""
        super().save_weights(filepath, overwrite)

    def load_weights(
        self, filepath: Any, by_name: bool = False, skip_mismatch: bool = False, **ignored: Any
    ) -> None:
        """Read the weights of :meth:`save_weights`."""
        super().load_weights(filepath, skip_mismatch or by_name)

    def summary(
        self, line_length: Any = None, positions: Any = None, print_fn: Any = None, **ignored: Any
    ) -> None:
        """Print the layers."""
        super().summary(line_length, print_fn)

    def to_yaml(self) -> str:
        """The description of the model; JSON is YAML."""
        return self.to_json()

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Accepted; figures come from ``compile(metrics=...)``."""

    @property
    def state_updates(self) -> list[Any]:
        """No updates stand apart: they belong to the step."""
        return []

    @property
    def uses_learning_phase(self) -> bool:
        """Whether a layer behaves otherwise in training."""
        return True


class Model(_Model):
    """``Model(inputs, outputs)``, ``Model(input=..., output=...)``, or a subclass with ``call``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = renamed(kwargs, {"input": "inputs", "output": "outputs", "dynamic": None})
        super().__init__(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The model as data."""
        if self._graph is not None and type(self) is Model:
            return saving.graph_config(self)
        return {k: v for k, v in super().get_config().items() if k not in ("args", "kwargs")}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model of :meth:`get_config`."""
        if "calls" not in config:
            return cls(**config)
        made = saving.graph_from_config(config)
        return made if isinstance(made, cls) else cls(made.input, made.output, name=made.name)


class Sequential(Model, main.Sequential):
    """Layers one after another; ``Merge`` of several models may be the first."""

    def __init__(self, layers: Any = None, name: str | None = None, **options: Any) -> None:
        super().__init__(None, name=name, **options)
        for layer in layers or ():
            self.add(layer)

    def _append(self, layer: Any) -> None:
        if isinstance(layer, Merge):
            self._first = [model.input for model in layer.parts]
            self._merged = main.Model(self._first, layer([model.output for model in layer.parts]))
            layer = self._merged
        super()._append(layer)

    def _connect(self) -> None:
        if not isinstance(self._first, list):
            return super()._connect()
        x: Any = self._first
        for layer in self._layers:
            x = layer(x)
        self._graph = Graph(self._first, x)
        self.built, self.build_shape = True, shapes_of(self._first)
        self._steps.clear()
        return None

    def get_config(self) -> dict[str, Any]:
        """The layers, with the shape of the inputs."""
        return main.Sequential.get_config(self)

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model of :meth:`get_config`."""
        config = dict(config)
        first, layers = config.pop("input", None), config.pop("layers", [])
        from thalweg.layers import Input

        return cls(([Input(**first)] if first else []) + list(layers), **config)


def _first_size(generator: Any) -> tuple[Any, int]:
    """The generator, with nothing lost, and the number of rows of its first batch."""
    if hasattr(generator, "__getitem__") and hasattr(generator, "__len__"):
        return generator, _rows(generator[0])
    batches = iter(generator)
    first = next(batches)

    def again() -> Iterator[Any]:
        yield first
        yield from batches

    return again(), _rows(first)


def _rows(batch: Any) -> int:
    while isinstance(batch, (tuple, list, Mapping)):
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return max(1, len(batch))


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, **ignored: Any) -> Any:
    """The model in a file of ``model.save``."""
    known = {"models.Model": Model, "models.Sequential": Sequential, **(custom_objects or {})}
    return main.load_model(filepath, known, compile)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of ``to_json``."""
    return main.model_from_json(json_string, custom_objects)


model_from_yaml = model_from_json


def clone_model(model: Any, input_tensors: Any = None) -> Any:
    """The same layers with first weights of their own."""
    return main.clone_model(model)


def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """``model.save(filepath)``."""
    model.save(filepath, overwrite, include_optimizer)


__all__ = [
    "Model", "Sequential", "clone_model", "load_model", "model_from_json", "model_from_yaml", "save_model",
]  # fmt: skip
