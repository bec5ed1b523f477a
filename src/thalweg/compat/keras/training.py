"""How models of Keras 1 and 2 are compiled and trained: the main library's training under older arguments."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import numpy as np

from thalweg import models as main
from thalweg.callbacks import CallbackList
from thalweg.compat import graphs
from thalweg.compat.keras import optimizers
from thalweg.compat.keras.arguments import known_function
from thalweg.compat.keras.backend.settings import fixed_phase
from thalweg.compat.keras.backend.values import HeldInput, get_value
from thalweg.compat.keras.batches import (
    SampleCount,
    SeenData,
    apart,
    asked,
    batches_of,
    counted,
    dense,
    is_counted,
    listed,
    split_off,
)  # fmt: skip
from thalweg.compat.keras.custom import count_value
from thalweg.compat.keras.figures import (
    SHORT,
    CompiledLoss,
    CompiledMetrics,
    FigureNames,
    Figures,
    FigureTensors,
    name_of_metric,
    numbered,
    renamed_accuracy,
    told_apart,
)  # fmt: skip
from thalweg.compat.keras.mixed_precision import scaled
from thalweg.compat.keras.spelling import Offered
from thalweg.compat.keras.tables import named_loss, named_metric
from thalweg.compat.made_once import made_once
from thalweg.errors import SymbolicError
from thalweg.graph.tensor import Tensor, Variable, plain
from thalweg.graph.updates import Recorder, recording
from thalweg.layers.calls import masks_of, trainings
from thalweg.layers.nodes import InputSymbol, Symbol, nodes_between, run_nodes, standing_for
from thalweg.layers.uneven import is_uneven
from thalweg.models.feeds import Feed
from thalweg.nested import flat, mapped
from thalweg.ops.reduce import mean
from thalweg.registry import Configured, register, remade


class _Tested:
    """What a model has of evaluations, which is none of its weights."""

    def __init__(self) -> None:
        self.count = Variable(np.int64(0), trainable=False, name="test_counter")


class TrainedModel(main.Model):
    """A model with ``compile``, ``fit`` and the rest as Keras 1 and 2 had them."""

    optimizers_by_name = staticmethod(optimizers.get)
    _phase: int | None = None  # the learning phase that the steps were made for
    accuracy: str | None = None  # how figures call accuracy; as it was asked for unless given

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._losses_of_symbols: list[Tensor] = []
        self._figures_of_symbols: dict[str, Tensor] = {}
        self.appended_figures: list[str] = []
        self._values: dict[Tensor, Any] = {}
        self._target_tensors: Any = None
        self._made_in_loss: list[Variable] = []

    @property
    def numbers_are_columns(self) -> bool:
        """Whether one number for each example is [batch, 1]: a step of the program's own sees the data as they are."""
        return self._steps_are_ours("train_step")

    compiled_loss = Offered(CompiledLoss, "The losses of ``compile``, as a function.")
    compiled_metrics = Offered(CompiledMetrics, "The metrics of ``compile``.")
    loss = Offered(lambda model: (model.compile_arguments or {}).get("loss"), "The loss of ``compile``.")
    _feed_inputs = Offered(lambda model: list(model.inputs), "The inputs.")
    _is_compiled = Offered(lambda model: model.compiled is not None, "Whether ``compile`` was called.")

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
        sample_weight_mode: Any = None, weighted_metrics: Any = None, run_eagerly: bool = False,
        steps_per_execution: int | None = None, jit_compile: Any = None, auto_scale_loss: bool = True,
        target_tensors: Any = None, distribute: Any = None, class_mode: str | None = None, theano_mode: Any = None,
        options: Any = None, run_metadata: Any = None, experimental_run_tf_function: bool = True,
        experimental_steps_per_execution: int | None = None,
    ) -> None:  # fmt: skip
        """Choose optimizer, loss and metrics.

        ``target_tensors``: nodes of a graph, from which ``fit`` takes the targets. What follows ``run_eagerly`` but
        these said how a step was to be run, and ``class_mode`` of the first versions what the loss says: nothing here.
        """
        self._target_tensors, self._made_in_loss = target_tensors, []
        while self.appended_figures:
            name = self.appended_figures.pop()
            self._figures_of_symbols.pop(name, None)
            vars(self).get("added_metrics", {}).pop(name, None)
        for function in flat([loss, metrics]):
            if callable(function) and not isinstance(function, type) and hasattr(function, "__name__"):
                known_function(function)  # a saved model names it; loading asks for custom_objects
            elif isinstance(function, Configured) and not type(function).__module__.startswith("thalweg."):
                register("custom")(type(function))
        super().compile(
            scaled(self.optimizers_by_name(optimizer)), mapped(self._loss, loss), loss_weights=loss_weights,
            metrics=self._for_each_output(metrics), weighted_metrics=self._for_each_output(weighted_metrics),
            run_eagerly=bool(run_eagerly),
        )  # fmt: skip

    def _for_each_output(self, metrics: Any) -> Any:
        """The metrics by their names now; of several outputs each has all that are in a plain list."""
        given = mapped(self._metric, metrics)
        names = self.output_names if self._graph is not None else []
        by_output = isinstance(given, Mapping) or any(isinstance(one, (list, tuple)) for one in listed(given))
        return given if by_output or len(names) < 2 or not given else [remade(listed(given)) for _ in names]

    def _loss(self, given: Any) -> Any:
        return named_loss(given)

    def _metric(self, given: Any) -> Any:
        if isinstance(given, str) and given in ("acc", "accuracy"):
            return self.accuracy or given
        if self.accuracy and isinstance(given, str):  # a name was that of the function
            given = SHORT.get(given.lower(), given)
        return named_metric(given)

    @property
    def metrics_names(self) -> list[str]:
        """The names of the figures, in order: known when the model is compiled."""
        return FigureNames(self, self._known_names())

    def _known_names(self) -> list[str]:
        given, known = self.compile_arguments, super().metrics_names
        if given is None or self._graph is None or len(known) > 1 or not given["metrics"]:
            return known
        outputs = self.output_names
        many = len(outputs) > 1
        found = given["metrics"]
        in_order = (
            [found.get(o) for o in outputs] if isinstance(found, Mapping) else found if many else [found]
        )
        names = ["loss", *told_apart([f"{o}_loss" for o in outputs if many])]
        for output, metrics in zip(outputs, in_order):
            for metric in flat(metrics):
                names.append(numbered((f"{output}_" if many else "") + name_of_metric(metric), names))
        return names

    @property
    def metrics_tensors(self) -> FigureTensors:
        """Where a program appends what it shows among the figures, after their names in ``metrics_names``."""
        return FigureTensors(self, self._figures_of_symbols.values())

    @property
    def _losses(self) -> list[Tensor]:
        """The losses that were added; a program begins anew by setting an empty list."""
        return self._losses_of_symbols

    @_losses.setter
    def _losses(self, losses: list[Tensor]) -> None:
        self._losses_of_symbols = list(losses)

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add to the loss: an expression of the model's symbols, or (in ``call``) of what is computed there."""
        for loss in map(plain, losses if isinstance(losses, (list, tuple)) else [losses]):
            if self._graph is not None and isinstance(loss, Tensor) and loss.value is None:
                self._losses_of_symbols.append(loss)
            else:
                super().add_loss(loss)

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Show the mean of a value over the batches of an epoch among the figures.

        Of the model's symbols, or (in ``call``) of what is computed there.
        """
        value, name = plain(value), name or getattr(value, "name", None)
        if (
            name is None and self._counted()
        ):  # what a metric among the attributes gave, which is shown already
            return
        name = name or "metric"
        if self._graph is not None and isinstance(value, Tensor) and value.value is None:
            self._figures_of_symbols[name] = value
        count_value(self, value, name)

    def _found_metrics(self) -> list[tuple[str, Any]]:
        found = super()._found_metrics()
        seen = {id(metric) for _, metric in found}
        below = [
            metric for layer in self.tree()[1:] for metric in vars(layer).get("added_metrics", {}).values()
        ]
        return found + [(metric.name, metric) for metric in below if id(metric) not in seen]

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
        # As a part of another model it takes what its layers take, as Keras 1 and 2 let it.
        part = len(trainings()) > 1 or any(isinstance(t, (Symbol, InputSymbol)) for t in flat(inputs))
        given = dict(zip(graph.flat_inputs, graph.values(inputs, loose=part), strict=True))
        added = [self._losses_of_symbols, self._figures_of_symbols]
        nodes = nodes_between(graph.flat_inputs, flat([graph.outputs, *added]))
        symbols = [t for node in nodes for t in flat(node.outputs) if isinstance(t, Tensor)]
        wanted = [graph.outputs, symbols, *added]
        outputs, values, losses, figures = run_nodes(nodes, given, wanted, training)
        self._values = {**given, **dict(zip(symbols, values))}
        for name, figure in figures.items():
            count_value(self, figure, name)
        for loss in losses:
            super().add_loss(_mean(loss))
        return outputs

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        """The scalar that training lowers; symbols of the model in it stand for their values at this call."""
        with standing_for(self._values), made_once(self._made_in_loss):
            loss = super().compute_loss(*args, **kwargs)
        return run_nodes((), self._values, loss, None)

    def compute_metrics(self, *args: Any, **kwargs: Any) -> Any:
        """Count one batch; symbols of the model in a metric stand for their values at this call."""
        values, self._values = self._values, {}
        with standing_for(values):
            return super().compute_metrics(*args, **kwargs)

    @property
    def _train_counter(self) -> Variable:
        """How many steps it was trained, as TensorFlow 2's callbacks read it."""
        self._needs_compile("_train_counter")
        return self.optimizer.iterations

    @property
    def _test_counter(self) -> Variable:
        """How many batches the last evaluation has had, as TensorFlow 2's callbacks read it."""
        return self._tested.count

    @functools.cached_property
    def _tested(self) -> _Tested:
        return _Tested()

    def _run_feed(self, kind: str, feed: Feed, run: Any) -> Iterator[tuple[int, Any]]:
        passed = 0
        for done, last in super()._run_feed(kind, feed, run):
            if kind == "test":
                passed += done
                self._tested.count.set_value(np.int64(passed))
            yield done, last

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
        order = ("verbose", "callbacks", "validation_split", "validation_data", "shuffle", "class_weight",
                 "sample_weight", "initial_epoch", "steps_per_epoch", "validation_steps")  # fmt: skip
        options = {**dict(zip(order, args)), **asked(options)}
        epochs = options.pop("epochs", epochs)
        if y is None and options.get("steps_per_epoch") is None and is_counted(x) and hasattr(x, "__next__"):
            options["steps_per_epoch"] = len(x)
        self._with_accuracy(options.pop("show_accuracy", False))
        given = options.get("callbacks") or ()
        self._agree_with(
            given.callbacks if isinstance(given, CallbackList) else given,
            options.get("validation_data") or split_off(x, y, options),
        )
        self.told_of_fit = self._told(x, batch_size, int(epochs), options)
        self._begin_before(x, int(epochs), options)
        history = super().fit(x, y, batch_size, int(epochs), **options)
        history.history = Figures(history.history)
        return history

    def _begin_before(self, generator: Any, epochs: int, options: dict[str, Any]) -> None:
        """Tell the callbacks that training begins before the generator's first batch is made: it may belong to one of
        them, which makes ready then what the batches are made of.
        """
        given = options.get("callbacks")
        if given and self.built and isinstance(generator, Iterator) and not isinstance(given, CallbackList):
            told = {"steps": options.get("steps_per_epoch"), "verbose": options.get("verbose", 1)}
            options["callbacks"] = CallbackList(given, [], self, {"epochs": epochs, **told})
            options["callbacks"].train_begin()

    def _told(self, x: Any, batch_size: Any, epochs: int, options: Mapping[str, Any]) -> dict[str, Any]:
        """What callbacks are told of a fit, by the names of Keras 1 and 2."""
        validated = bool(options.get("validation_data") is not None or options.get("validation_split"))
        first, names = next(iter(flat(x)), None), self.metrics_names
        return {
            "nb_epoch": epochs, "batch_size": batch_size or 32, "do_validation": validated,
            "samples": len(first) if isinstance(first, np.ndarray) else None,
            "metrics": names + [f"val_{name}" for name in names] * validated,
        }  # fmt: skip

    def _feed(self, x: Any, y: Any = None, *rest: Any, **options: Any) -> Any:  # type: ignore[override]
        if self._graph is None and isinstance(self, main.Sequential) and isinstance(x, list) and len(x) == 1:
            x = x[0]  # the only input, in a list
        if self._graph is not None:
            x, y = apart(x, len(self._graph.flat_inputs)), apart(y, len(flat(self._graph.outputs)))
        if _says_nothing(options.get("class_weight"), self._graph):
            options["class_weight"] = None
        x, y = self._read(x), _values_of(self._target_tensors) if y is None else y
        return super()._feed(mapped(dense, x), mapped(dense, y), *rest, **options)

    def _predicted(self, x: Any) -> Any:
        return super()._predicted(self._read(x))

    def _read(self, x: Any) -> Any:
        """The data for the inputs: what is given, and between it what inputs read that are not fed."""
        inputs = [] if self._graph is None else self._graph.flat_inputs
        if not any(isinstance(t, HeldInput) for t in inputs):
            return x
        given = iter([] if x is None else flat(x))
        return [_values_of(t.source) if isinstance(t, HeldInput) else next(given) for t in inputs]

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
                    setattr(callback, attribute, renamed_accuracy(text, named[0]))
            own = getattr(callback, "validation_data", None)  # a program may have put something else there
            if isinstance(validation_data, (tuple, list)) and (own is None or isinstance(own, SeenData)):
                parts = [*listed(validation_data[0]), *listed(validation_data[1])]
                weights = listed(validation_data[2]) if len(validation_data) > 2 else []
                callback.validation_data = SeenData([*parts, *(weights or [np.ones(len(parts[0]))])])

    def evaluate(
        self, x: Any = None, y: Any = None, *args: Any, show_accuracy: bool = False, **options: Any
    ) -> Any:
        """The loss, and the metrics where there are some."""
        self._with_accuracy(show_accuracy)
        return super().evaluate(x, y, *args, **asked(options))

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """The outputs as arrays; those with a step for each of rows of different lengths as such rows."""
        outputs = super().predict(x, *args, **asked(options))
        rows = next((part for part in flat(x) if is_uneven(part)), None)
        if rows is None:
            return outputs
        masks = map(masks_of, flat(self._graph.outputs))  # type: ignore[union-attr]
        found = iter(
            [
                y if m is None else type(rows).from_tensor(y, rows.row_lengths())
                for y, m in zip(flat(outputs), masks)
            ]
        )
        return mapped(lambda _: next(found), outputs)

    def fit_generator(
        self, generator: Any, steps_per_epoch: Any = None, epochs: int = 1, *args: Any, **options: Any
    ) -> Any:
        """Train on batches of a generator; ``samples_per_epoch`` counts examples, ``steps_per_epoch`` batches."""
        order = ("verbose", "callbacks", "validation_data", "validation_steps", "class_weight")
        options = {**dict(zip(order, args)), **options}
        in_examples = "nb_epoch" in options or isinstance(steps_per_epoch, SampleCount)
        if in_examples and steps_per_epoch is not None:  # by position, in Keras 1
            options["samples_per_epoch"], steps_per_epoch = steps_per_epoch, None
        options = asked(options)
        samples = options.pop("samples_per_epoch", None)
        if samples is not None:
            self._begin_before(generator, options.setdefault("epochs", epochs), options)
            generator, steps_per_epoch = counted(generator, samples)
        kept, validation = options.pop("nb_val_samples", None), options.get("validation_data")
        if kept is not None and not isinstance(validation, (tuple, list)):
            options["validation_data"], options["validation_steps"] = counted(validation, kept)
        options.setdefault("epochs", epochs)
        if steps_per_epoch is None and is_counted(generator):
            steps_per_epoch = len(generator)
        tested: Any = options.get("validation_data")
        if options.get("validation_steps") is None and is_counted(tested):
            options["validation_steps"] = len(tested)
        return self.fit(generator, steps_per_epoch=steps_per_epoch, **options)

    def evaluate_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The loss and metrics on batches of a generator."""
        generator, steps, options = batches_of(generator, steps, {"verbose": 0, **options})
        return super().evaluate(generator, steps=steps, **options)

    def predict_generator(self, generator: Any, steps: Any = None, **options: Any) -> Any:
        """The outputs for batches of a generator."""
        generator, steps, options = batches_of(generator, steps, options)
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


def _says_nothing(class_weight: Any, graph: Any) -> bool:
    """Whether Keras read nothing from these weights: arrays, and lists for several outputs where there is one."""
    several = isinstance(class_weight, (list, tuple)) and len(class_weight) > 1
    return isinstance(class_weight, np.ndarray) or (
        several and graph is not None and len(flat(graph.outputs)) == 1
    )


def _values_of(tensors: Any) -> Any:
    """The arrays of tensors that have values; nodes of a graph are read for each batch anew."""

    def value(tensor: Any) -> Any:
        node = graphs.backend is not None and graphs.backend.runs([tensor])
        return tensor if node else get_value(tensor)

    return mapped(value, tensors)


def _mean(loss: Any) -> Any:
    return mean(loss) if loss.ndim else loss
