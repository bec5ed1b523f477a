"""What a training lowers and counts: ``compile``, the steps that may be overridden, losses and metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thalweg import losses, metrics, optimizers
from thalweg.errors import ArgumentError, fail
from thalweg.layers.base import Layer
from thalweg.models import lint
from thalweg.models.compiled import Compiled
from thalweg.models.feeds import unpack
from thalweg.nested import flat
from thalweg.ops.shape import count
from thalweg.ops.state import assign

__all__ = ["Objective"]


class Objective(Layer):
    """The part of a model that says what one step does. What a subclass may override: ``train_step``, ``test_step``,
    ``predict_step``, ``compute_loss``, ``compute_metrics``.
    """

    compiled_by: type[Compiled] = Compiled  # what matches the arguments of ``compile`` to the outputs

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.optimizer: Any = None
        self.compiled: Compiled | None = None
        self._run_eagerly = False
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
        ``run_eagerly=True`` runs steps op by op, for debugging; so does a model in which a layer is ``dynamic``.
        ``steps_per_execution``, ``jit_compile`` and ``auto_scale_loss`` are accepted and need nothing: every step is
        one native call.
        """
        self.optimizer = optimizers.get(optimizer)
        self.compiled = self.compiled_by(loss, loss_weights, metrics, weighted_metrics)
        self._run_eagerly = bool(run_eagerly)
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

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run op by op: as ``compile`` was told, or because a layer is ``dynamic``."""
        return self._run_eagerly or self.dynamic

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = bool(value)

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
        found, chosen = self._found_metrics(), self._chosen_metrics()
        if chosen is None:
            return found
        names = {id(metric): name for name, metric in found}
        return [(names.get(id(metric), metric.name), metric) for metric in chosen]

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

    def _chosen_metrics(self) -> list[Any] | None:
        """What a subclass's ``metrics`` says; None where it says nothing."""
        return None if type(self).metrics is Objective.metrics else self.metrics

    def _counted(self) -> list[Any]:
        return [metric for _, metric in self.named_metrics()]

    @property
    def metrics_names(self) -> list[str]:
        """Their names in the logs."""
        return [name for name, _ in self.named_metrics()]

    def _counts(self) -> list[Any]:
        """The variables in which metrics count."""
        all_metrics = {id(metric): metric for metric in (self._loss_tracker, *self._counted())}
        return [variable for metric in all_metrics.values() for variable in metric.variables]

    def reset_metrics(self) -> None:
        """Start all counts anew."""
        self._loss_tracker.reset_state()
        for metric in self._counted():
            metric.reset_state()

    def figures(self) -> dict[str, Any]:
        """The figures of all metrics so far, as numbers (or arrays) by name."""
        found = {}
        for name, metric in self.named_metrics():
            value = metric.figures()
            found[name] = value.item() if value.ndim == 0 else value
        return found

    def _steps_are_ours(self, name: str) -> bool:
        return getattr(type(self), name) is getattr(Objective, name)


def _num_rows(x: Any) -> Any:
    first = flat(x)[0]
    return count(first, (0,), np.dtype(np.float64))
