"""Training a model: compile, fit, evaluate, predict and their one-batch forms; each batch is one native call.

The step that ``fit`` runs holds the forward pass, the losses with weights and regularisers, the gradients, the
optimizer's update, the constraints and the counts of all metrics. Figures are read from the counts when needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from thalweg import dtypes, losses, metrics, optimizers
from thalweg.callbacks import CallbackList, History
from thalweg.errors import ArgumentError, ThalwegError, fail, warn
from thalweg.graph.tensor import Tensor, no_grad
from thalweg.layers.base import Layer
from thalweg.models import lint
from thalweg.models.compiled import Compiled
from thalweg.models.feeds import (
    DEFAULT_BATCH,
    ArrayFeed,
    Feed,
    as_data,
    feed_of,
    packed,
    signature_of,
    split_rows,
    unpack,
    warn_of_nan,
)
from thalweg.models.progress import Progress
from thalweg.models.steps import Step
from thalweg.nested import filled, flat, mapped
from thalweg.ops.shape import count
from thalweg.ops.state import assign
from thalweg.run.by_shapes import ByShapes, Shapes

__all__ = ["Training"]

_KEPT_STEPS = 32


class NoOutputsError(ArgumentError):
    """A model was called that only has steps of its own: neither outputs nor a method ``call``."""


class Training(Layer):
    """The part of a model that trains. What a subclass may override: ``train_step``, ``test_step``, ``predict_step``,
    ``compute_loss``, ``compute_metrics``.
    """

    compiled_by: type[Compiled] = Compiled  # what matches the arguments of ``compile`` to the outputs

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.optimizer: Any = None
        self.compiled: Compiled | None = None
        self.run_eagerly = False
        self.stop_training = False
        self.history: Any = None
        self.compile_arguments: dict[str, Any] | None = None
        self._loss_tracker = metrics.Mean("loss")
        self._steps: dict[Any, Any] = {}
        self._flags: dict[Layer, bool] = {}  # which layers were trainable when the model was compiled

    def _parts(self) -> Iterator[Any]:
        hidden = ("optimizer", "compiled", "history", "_steps", "_flags", "_loss_tracker")
        shown = {id(vars(self).get(name)) for name in hidden}
        return (value for value in super()._parts() if id(value) not in shown)

    # --- compile ------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose the optimizer, the loss and the metrics, by names or objects.

        With several outputs ``loss``, ``loss_weights`` and ``metrics`` are lists in order or dicts by name.
        ``run_eagerly=True`` runs steps op by op, for debugging. ``steps_per_execution``, ``jit_compile`` and
        ``auto_scale_loss`` are accepted and need nothing: every step is one native call.
        """
        self.optimizer = optimizers.get(optimizer)
        self.compiled = self.compiled_by(loss, loss_weights, metrics, weighted_metrics)
        self.run_eagerly = run_eagerly
        self.compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }
        self._steps.clear()
        self._flags = {layer: layer.trainable for layer in self.tree()}
        lint.check_compiled(self, loss)

    def _needs_compile(self, what: str) -> Compiled:
        if self.compiled is None:
            raise fail(
                ArgumentError,
                f"{self.name}.{what} before compile",
                hint="call compile(optimizer, loss) first",
            )
        return self.compiled

    # --- steps that may be overridden ---------------------------------------------------------------------------

    def train_step(self, data: Any) -> Any:
        """One step of training on (x, y, sample_weight); the logs of the batch."""
        x, y, sample_weight = unpack(data)
        predictions = self(x, training=True)
        loss = self.compute_loss(x=x, y=y, y_pred=predictions, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=_num_rows(x))
        params = self.trainable_weights
        if params:
            self.optimizer.apply_gradients(self.optimizer.compute_gradients(loss, params))
            for weight, limit in self.limits():
                assign(weight, limit(weight))
        return self.compute_metrics(x, y, predictions, sample_weight)

    def test_step(self, data: Any) -> Any:
        """One step of evaluation on (x, y, sample_weight); the logs of the batch."""
        x, y, sample_weight = unpack(data)
        predictions = self(x, training=False)
        if self.compiled is not None and (
            self.losses or any(v is not None for v in flat(self.compiled.loss))
        ):
            loss = self.compute_loss(x=x, y=y, y_pred=predictions, sample_weight=sample_weight)
            self._loss_tracker.update_state(loss, sample_weight=_num_rows(x))
        return self.compute_metrics(x, y, predictions, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The predictions for (x, ...)."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The scalar that training lowers: the losses of all outputs and what regularisers and ``add_loss`` add."""
        parts: list[Any] = []
        if self.compiled is not None and y is not None:
            targets, predictions = self._match(y, y_pred)
            parts += self.compiled.total(targets, predictions, self._in_order(sample_weight))
        parts += self.losses
        if not parts:
            raise fail(
                ArgumentError, f"{self.name}: there is nothing to lower",
                expected="a loss in compile and targets y, or add_loss in a layer",
            )  # fmt: skip
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count one batch in the metrics of ``compile``; the figures so far."""
        if self.compiled is not None and self.compiled.metrics and y is not None:
            targets, predictions = self._match(y, y_pred)
            self.compiled.update(targets, predictions, self._in_order(sample_weight))
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The figures of all metrics so far, by name."""
        return {name: metric.result() for name, metric in self.named_metrics()}

    # --- outputs and targets ------------------------------------------------------------------------------------

    def output_names_for(self, predictions: Any) -> list[str]:
        """A name for each output."""
        if isinstance(predictions, Mapping):
            return [str(k) for k in predictions]
        return [f"output_{k}" for k in range(len(flat(predictions)))]

    def _match(self, y: Any, y_pred: Any) -> tuple[list[Any], list[Any]]:
        """Targets and predictions as flat lists in the order of the outputs."""
        names = self.output_names_for(y_pred)
        targets, predictions = self._in_order(y, names), flat(y_pred)
        assert self.compiled is not None
        if not self.compiled.ready and not self.last_layers():
            lint.check_predictions(map(losses.get, flat(self.compiled.loss)), predictions)
        self.compiled.prepare(names, targets, predictions)
        return targets, predictions

    def last_layers(self) -> list[Layer]:
        """The layers that give the outputs, where that is known before a call."""
        return []

    def _in_order(self, value: Any, names: Any = None) -> list[Any]:
        if isinstance(value, Mapping):
            names = names or (self.compiled.names if self.compiled is not None else [])
            return [value[name] for name in names if name in value]
        return flat(value)

    # --- metrics ------------------------------------------------------------------------------------------------

    def named_metrics(self) -> list[tuple[str, Any]]:
        """The metrics in the order of the logs: those of a subclass's ``metrics``, where it says which; else the loss,
        those of compile, and those in attributes.
        """
        found = self._found_metrics()
        if type(self).metrics is Training.metrics:
            return found
        names = {id(metric): name for name, metric in found}
        return [(names.get(id(metric), metric.name), metric) for metric in self.metrics]

    def _found_metrics(self) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        if self.compiled is not None and (
            self.compiled.loss is not None or self._steps_are_ours("train_step")
        ):
            found.append(("loss", self._loss_tracker))
            found += [(part.name, part) for part in self.compiled.parts]
        if self.compiled is not None:
            found += [(name, metric) for _, name, metric, _ in self.compiled.metrics]
        known = {id(metric) for _, metric in found}
        for value in vars(self).values():
            for one in flat(value) if isinstance(value, (list, tuple, dict)) else [value]:
                if isinstance(one, metrics.Metric) and id(one) not in known and one is not self._loss_tracker:
                    found.append((one.name, one))
        return found

    @property
    def metrics(self) -> list[Any]:
        """All metrics; a subclass may say which are counted, reset and shown."""
        return [metric for _, metric in self._found_metrics()]

    @property
    def metrics_names(self) -> list[str]:
        """Their names in the logs."""
        return [name for name, _ in self.named_metrics()]

    def _counts(self) -> list[Any]:
        """The variables in which metrics count."""
        all_metrics = {id(metric): metric for metric in (self._loss_tracker, *self.metrics)}
        return [variable for metric in all_metrics.values() for variable in metric.variables]

    def reset_metrics(self) -> None:
        """Start all counts anew."""
        self._loss_tracker.reset_state()
        for metric in self.metrics:
            metric.reset_state()

    def figures(self) -> dict[str, Any]:
        """The figures of all metrics so far, as numbers (or arrays) by name."""
        found = {}
        for name, metric in self.named_metrics():
            value = metric.figures()
            found[name] = value.item() if value.ndim == 0 else value
        return found

    # --- programs -----------------------------------------------------------------------------------------------

    def _steps_are_ours(self, name: str) -> bool:
        return getattr(type(self), name) is getattr(Training, name)

    def _step(self, kind: str, structure: Any, alone: str = "") -> Callable[[Any], Any]:
        """What runs one batch: a flat list of arrays to the logs (train, test) or the outputs (predict).

        Steps of ``fit`` and ``evaluate`` only count; those of a batch ``alone`` ("anew" or "on", as the counts begin
        or go on) give the figures too, all in one native call.
        """
        if kind == "train" and not self.trainable and self._flags.get(self):
            return self._step_as_compiled(structure, alone)
        body = getattr(self, f"{kind}_step")
        if not self._steps_are_ours(f"{kind}_step"):
            body = lambda data, own=body: own(packed(data))
        if self.run_eagerly:
            return lambda arrays: _eager_step(body, filled(structure, arrays))
        trained = tuple(map(id, self.trainable_weights)) if kind == "train" else ()
        arrays = flat(structure)
        kinds = tuple((a.dtype.str, a.ndim) for a in arrays)
        key = (kind, alone, _shape_of_structure(structure), kinds, trained)

        def made(shapes: Shapes) -> Step:
            if alone:
                return self._traced_alone(kind, body, structure, shapes, alone)
            return self._traced(kind, body, structure, shapes)

        steps = self._steps.get(key, ByShapes())
        step = steps.get(tuple((None, *a.shape[1:]) for a in arrays), made)
        if kind == "train":  # the first step may have built the model: its weights are known now
            key = (*key[:4], tuple(map(id, self.trainable_weights)))
        if key not in self._steps and len(self._steps) >= _KEPT_STEPS:
            self._steps.pop(next(iter(self._steps)))
        self._steps[key] = steps
        return step

    def _step_as_compiled(self, structure: Any, alone: str) -> Callable[[Any], Any]:
        """A model frozen after its compile, to be part of another, is still trained by its own fit: as in a GAN."""
        now = {layer: layer.trainable for layer in self._flags}
        for layer, flag in self._flags.items():
            layer._trainable = flag
        try:
            return self._step("train", structure, alone)
        finally:
            for layer, flag in now.items():
                layer._trainable = flag

    def _traced_alone(self, kind: str, body: Any, structure: Any, shapes: Shapes, alone: str) -> Step:
        """The step with its figures. The first trace may make counts, which then another one sets to 0 first."""

        def whole(data: Any) -> Any:
            for variable in self._counts() if alone == "anew" else []:
                variable.assign(np.zeros(variable.shape, variable.dtype))
            return body(data)

        known = -1
        while known != len(self._counts()):
            known, step = len(self._counts()), self._traced("alone", whole, structure, shapes)
        return step

    def _traced(self, kind: str, body: Any, structure: Any, shapes: Shapes) -> Step:
        if kind in ("train", "test") and self._steps_are_ours(f"{kind}_step"):
            traced = lambda data: body(data) and None
        else:
            traced = body
        before = {id(layer): list(layer._added) for layer in self.tree()}
        try:
            return Step(traced, structure, shapes, f"{self.name}.{kind}_step")
        finally:
            for layer in self.tree():  # what the trace added stands for no values
                layer._added = before.get(id(layer), [])

    def _logs(self, result: Any) -> dict[str, Any]:
        """The logs after a batch: what the step gave, if it gave any, else the figures."""
        if isinstance(result, Mapping):
            values = {name: np.asarray(value) for name, value in result.items()}
            return {name: v.item() if v.ndim == 0 else v for name, v in values.items()}
        return self.figures()

    # --- fit ----------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train for ``epochs`` epochs; the history of the figures of each.

        ``x`` and ``y``: arrays, lists or dicts of arrays for several inputs and outputs, data frames, a generator or
        data set of batches (x, y) or (x, y, sample_weight). ``batch_size`` is 32 unless given; the last batch may be
        smaller. ``class_weight``: {class number: weight}; of several outputs a dict of these by their names, or a list.
        ``steps_per_epoch``: so many batches make an epoch; unshuffled arrays go on where the last epoch ended.
        ``validation_split`` sets the last rows aside, before shuffling. ``verbose``: 0, 1 (a line that is
        refreshed), 2 (a line per epoch), or "auto".
        """
        compiled = self._needs_compile("fit")
        feed = self._feed(
            x, y, sample_weight, batch_size, shuffle=shuffle, steps=steps_per_epoch, class_weight=class_weight
        )
        validation = None
        if validation_data is not None:
            validation = self._validation(
                validation_data, validation_batch_size or batch_size, validation_steps
            )
        elif validation_split:
            feed, validation = split_rows(feed, validation_split)
            validation.batch_size = validation_batch_size or validation.batch_size
        self._check_data(compiled, feed, "")
        if validation is not None:
            self._check_data(compiled, validation, "validation " if validation_data is not None else "")
        return self._fit(feed, validation, epochs, initial_epoch, verbose, callbacks, validation_freq)

    def _check_data(self, compiled: Compiled, feed: Feed, what: str) -> None:
        """Warn of NaN, and of targets that the loss does not expect."""
        if isinstance(feed, ArrayFeed):  # others are looked at batch by batch
            for name, part in zip(("x", "y", "sample_weight"), feed.structure):
                warn_of_nan(part, what + name)
        wants_targets = any(loss is not None for loss in flat(compiled.loss))
        if feed.structure[1] is None and wants_targets and self._steps_are_ours("train_step"):
            raise fail(ArgumentError, f"{self.name}: {what}y is missing", expected="targets for the loss")
        lint.check_targets(self, compiled, feed.structure[1], what + "y")

    def has_text_layers(self) -> bool:
        """Whether a layer makes numbers of texts, so that data may hold some."""
        return any(getattr(layer, "takes_texts", False) for layer in self.tree())

    def float_dtype(self) -> np.dtype:
        """The dtype of floating data: the widest of the layers, at least the default."""
        own = [layer.dtype for layer in self.tree() if dtypes.is_floating(layer.dtype)]
        return max([dtypes.default_float, *own], key=lambda dtype: dtype.itemsize)

    def _feed(self, *data: Any, **options: Any) -> Feed:
        fitting = lambda structure: (lint.ranked(self, structure[0]), *structure[1:])
        floats, texts = self.float_dtype(), self.has_text_layers()
        return feed_of(*data, floats=floats, texts=texts, fitting=fitting, **options)

    def _validation(self, data: Any, batch_size: int | None, steps: int | None) -> Feed:
        if isinstance(data, (tuple, list)) and 2 <= len(data) <= 3:
            return self._feed(data[0], data[1], data[2] if len(data) > 2 else None, batch_size, steps=steps)
        return self._feed(data, batch_size=batch_size, steps=steps)

    def _fit(
        self,
        feed: Feed,
        validation: Feed | None,
        epochs: int,
        initial_epoch: int,
        verbose: Any,
        callbacks: Any,
        validation_freq: Any,
    ) -> History:
        for name, given in (("epochs", epochs), ("initial_epoch", initial_epoch)):
            if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
                raise fail(
                    ArgumentError, f"fit: {name}", expected="a whole number >= 0", received=repr(given)
                )
        history = History()
        self.stop_training = False
        progress = Progress(verbose, epochs)
        params = {
            "epochs": epochs,
            "steps": feed.num_batches,
            "verbose": progress.verbose,
            "validation_freq": validation_freq,
        }
        run = CallbackList(callbacks, [history], self, params)
        self._build_from(feed.structure)
        if validation is not None:  # a mistake in its shapes is to be known before the first epoch
            try:
                self._step("test", validation.structure)
            except ThalwegError as error:
                raise type(error)(f"validation data: {error}") from None
        run.train_begin()
        last: dict[str, Any] = {}
        try:
            for epoch in range(max(initial_epoch, run.initial_epoch()), epochs):
                logs = self._fit_epoch(feed, epoch, run, progress)
                if logs is None:
                    break
                if validation is not None and _is_due(epoch, validation_freq):
                    self._run_all("test", validation, run)
                    logs |= {f"val_{name}": value for name, value in self.figures().items()}
                last = logs
                run.epoch_end(epoch, logs)
                progress.end(logs)
                if self.stop_training:
                    break
            self.optimizer.finalize_variable_values(self.trainable_weights)
        finally:
            run.train_end(last)
            for read in (feed, validation):
                if read is not None:
                    read.close()
        self.history = history
        return history

    def _fit_epoch(
        self, feed: Feed, epoch: int, run: CallbackList, progress: Progress
    ) -> dict[str, Any] | None:
        """The logs of the epoch; None where the data have ended before it."""
        self.reset_metrics()
        run.epoch_begin(epoch)
        progress.begin(epoch, feed.num_batches)
        feed.number = epoch
        done, result = 0, None
        for more, result in self._run_feed("train", feed, run):
            done += more
            if progress.refreshing:
                progress.batch(done, lambda r=result: self._logs(r))  # type: ignore[misc]
        if done < (feed.steps or 1):
            warn(
                f"the data ended after {done} of {feed.steps or 'the'} batches of epoch {epoch + 1}: training ends. "
                "A generator is used up once: give a data set, or one that goes on for ever and steps_per_epoch"
            )
            self.stop_training = True
        if not done:
            return None
        return self._logs(result)

    def _run_all(self, kind: str, feed: Feed, run: CallbackList | None = None) -> Any:
        """All batches of a feed through the test step; the logs of the last batch."""
        self.reset_metrics()
        if run is not None:
            run.test_begin()
        result = None
        for _, last in self._run_feed(kind, feed, run):
            result = last
        logs = self._logs(result)
        if run is not None:
            run.test_end(logs)
        return logs

    def _run_feed(self, kind: str, feed: Feed, run: CallbackList | None) -> Iterator[tuple[int, Any]]:
        """All batches of a feed through the step: yields how many were done since the last time, and the last
        result. Batches of arrays in memory are done natively, many in a row, unless a callback watches them.
        """
        step, watching = self._step(kind, feed.structure), run if run and run.watches_batches else None
        if isinstance(feed, ArrayFeed) and isinstance(step, Step) and watching is None:
            for arrays, rows in feed.blocks():
                yield from step.many(arrays, **rows)
            return
        known = signature_of(flat(feed.structure))
        for number, arrays in enumerate(feed.epoch()):
            if watching is not None:
                watching.batch_begin(kind, number, self._about_batch(number, arrays))
            if not feed.uniform and signature_of(arrays) != known:  # batches of another shape than the first
                known = signature_of(arrays)
                step = self._step(kind, filled(feed.structure, arrays))
            result = step(arrays)
            if watching is not None:
                watching.batch_end(kind, number, self._batch_logs(number, arrays, result))
            yield 1, result
            if watching is not None and self.stop_training:
                return

    def _about_batch(self, number: int, arrays: list[np.ndarray]) -> dict[str, Any]:
        """What callbacks are told of a batch before it."""
        return {}

    def _batch_logs(self, number: int, arrays: list[np.ndarray], result: Any) -> dict[str, Any]:
        """What callbacks are told of a batch after it: the figures of the epoch so far."""
        return self._logs(result)

    def _build_from(self, structure: Any) -> None:
        """Build the weights from the first rows, so that callbacks and the optimizer find them."""
        if not self.built or any(not layer.built for layer in self.tree()):
            x = mapped(lambda a: a[:1], structure[0])
            added = {id(layer): layer._added for layer in self.tree()}
            try:
                with no_grad():
                    self(x, training=False)
            except (
                Exception
            ):  # a step of one's own may call the model with something else: it builds the weights
                if self._steps_are_ours("train_step"):
                    raise
            for layer in self.tree():
                layer._added = added.get(id(layer), [])
        self.optimizer.build(self.trainable_weights)

    # --- evaluate and predict -----------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics on the data: a number, a list in the order of ``metrics_names``, or a dict."""
        self._needs_compile("evaluate")
        quiet = self.built and not (verbose or callbacks or steps or self.run_eagerly)
        if quiet and _is_one_batch(x, batch_size) and len(x):
            return self._on_batch("test", (x, y, sample_weight, None), return_dict, reset_metrics=True)
        feed = self._feed(x, y, sample_weight, batch_size, steps=steps)
        self._build_from(feed.structure)
        progress = Progress(verbose, 0)
        progress.begin(0, feed.num_batches)
        run = CallbackList(callbacks, [], self, {"steps": feed.num_batches, "verbose": progress.verbose})
        logs = self._run_all("test", feed, run)
        feed.close()
        progress.end(logs)
        return _plain(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for ``x`` as arrays, in the structure of the outputs; ``batch_size`` is 32 unless given."""
        if _is_one_batch(x, batch_size) and steps is None and not callbacks:
            return self.predict_on_batch(x)
        feed = self._feed(x, batch_size=batch_size, steps=steps)
        run = CallbackList(callbacks, [], self, {"steps": feed.num_batches, "verbose": 0})
        run.predict_begin()
        step, parts, template = self._step("predict", feed.structure), [], None
        for number, arrays in enumerate(feed.epoch()):
            run.batch_begin("predict", number)
            template = step(arrays)
            parts.append(flat(template))
            run.batch_end("predict", number, {"outputs": template})
        feed.close()
        run.predict_end()
        return filled(template, [np.concatenate(column) for column in zip(*parts)])

    # --- one batch ----------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """One step of training; the figures of this batch (of all since the last reset, unless ``reset_metrics``)."""
        self._needs_compile("train_on_batch")
        return self._on_batch("train", (x, y, sample_weight, class_weight), return_dict, reset_metrics)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """The figures of one batch."""
        self._needs_compile("test_on_batch")
        return self._on_batch("test", (x, y, sample_weight, None), return_dict, reset_metrics)

    def _on_batch(self, kind: str, given: Any, return_dict: bool, reset_metrics: bool) -> Any:
        x, y, sample_weight, class_weight = given
        alone, key = "anew" if reset_metrics else "on", None
        if type(x) is np.ndarray and type(y) is np.ndarray and sample_weight is None and class_weight is None:
            key = ("batch", kind, alone, x.dtype, x.shape[1:], y.dtype, y.shape[1:])
            step, flags = self._steps.get(key, (None, None))
            if step is not None and len(x) == len(y) and all(k._trainable is v for k, v in flags):
                return _plain(self._logs(step((x, y))), return_dict)
        feed = self._feed(x, y, sample_weight, 1 << 62, class_weight=class_weight)
        if not self.built:
            self._build_from(feed.structure)
        arrays = flat(feed.structure)
        if reset_metrics and self.run_eagerly:
            self.reset_metrics()
        step = self._step(kind, feed.structure, alone)
        if key is not None and isinstance(step, Step) and arrays[0] is x and arrays[1] is y:
            self._steps[key] = step, [(layer, layer._trainable) for layer in self.tree()]
        return _plain(self._logs(step(arrays)), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as arrays."""
        if type(x) is np.ndarray and x.dtype.kind in "biuf" and not self.run_eagerly:
            step = self._steps.get(("row", x.dtype, x.shape[1:]))
            if step is not None:
                return step((x,))
            structure = self._predicted(x)
            step = self._step("predict", structure)
            if structure[0] is x:
                self._steps["row", x.dtype, x.shape[1:]] = step
            return step(flat(structure))
        structure = self._predicted(x)
        return self._step("predict", structure)(flat(structure))

    def _predicted(self, x: Any) -> Any:
        return lint.ranked(self, as_data(x, "x", self.float_dtype(), self.has_text_layers())), None, None


def _is_one_batch(x: Any, batch_size: int | None) -> bool:
    return type(x) is np.ndarray and x.ndim > 0 and len(x) <= (batch_size or DEFAULT_BATCH)


def _num_rows(x: Any) -> Any:
    first = flat(x)[0]
    return count(first, (0,), np.dtype(np.float64))


def _shape_of_structure(structure: Any) -> Any:
    """The structure without its arrays, to be compared."""
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return ("dict", *((k, _shape_of_structure(v)) for k, v in structure.items()))
    if isinstance(structure, (list, tuple)):
        return ("list", *(_shape_of_structure(v) for v in structure))
    return "array"


def _eager_step(body: Any, data: Any) -> Any:
    result = body(mapped(np.asarray, data))
    return mapped(lambda t: t.array() if isinstance(t, Tensor) else np.asarray(t), result)


def _plain(logs: Mapping[str, Any], as_dict: bool) -> Any:
    if as_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _is_due(epoch: int, frequency: Any) -> bool:
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency
