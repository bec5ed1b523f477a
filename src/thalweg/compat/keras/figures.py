"""The figures of training as Keras called them, and the losses and metrics of ``compile`` as functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count as count_from
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.layers.nodes import expressed_now
from thalweg.losses import same_rank, tensor, weights_like
from thalweg.metrics import Mean, MeanMetricWrapper, Metric
from thalweg.models.compiled import Compiled, masked
from thalweg.ops.arithmetic import astype
from thalweg.ops.elementwise import maximum, not_equal
from thalweg.ops.reduce import mean
from thalweg.ops.reduce import sum as total_of
from thalweg.ops.shape import count

SHORT = {
    "mae": "mean_absolute_error", "mse": "mean_squared_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}  # fmt: skip
_ALSO = {**SHORT, "lr": "learning_rate"}


class Figure(float):
    """A number that is asked for its value as NumPy's are, which Keras's figures were.

    >>> Figure(0.5).item(), Figure(0.5)
    (0.5, 0.5)
    """

    def item(self) -> float:
        """The number."""
        return float(self)


class Figures(dict[str, Any]):
    """The figures of epochs, where those that Keras called in two ways are found under both: acc and accuracy, mae and
    mean_absolute_error, lr and learning_rate.
    """

    def __init__(self, figures: Any = ()) -> None:
        super().__init__()
        self.update(figures)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, Figure(value) if type(value) is float else value)

    def update(self, *others: Any, **named: Any) -> None:
        """Take the figures of another dict, or pairs."""
        for name, value in dict(*others, **named).items():
            self[name] = value

    def __ior__(self, other: Any) -> Figures:  # type: ignore[override,misc]
        self.update(other)
        return self

    def __missing__(self, name: str) -> Any:
        end, kind = ("val_", name[4:]) if name.startswith("val_") else ("", name)
        others = [renamed_accuracy(name, "acc" if "accuracy" in name else "accuracy"), end + _ALSO.get(kind, kind),
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


def renamed_accuracy(text: str, accuracy: str) -> str:
    """The text with ``acc`` and ``accuracy``, alone or after ``val_``, under the given name."""
    return re.sub(r"(?<![a-z0-9])(val_)?acc(uracy)?(?![a-z0-9_])", lambda m: f"{m[1] or ''}{accuracy}", text)


class MeanOfBatches(Mean):
    """The mean of what a function of (y_true, y_pred) gives for batches, each counting by its examples.

    Of weighted examples a batch's figure is the mean of the products, not divided by the weights.
    """

    def __init__(self, metric: MeanMetricWrapper) -> None:
        super().__init__(metric.name)
        self.fn, self.options = metric.fn, metric.options

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        values = expressed_now(tensor(self.fn(same_rank(tensor(y_true), y_pred), y_pred, **self.options)))
        if sample_weight is not None:
            weights = tensor(sample_weight)
            values = values * (weights_like(weights, values) if values.ndim else mean(weights))
        values = astype(values, self.dtype)
        super().update_state(mean(values) if values.ndim else values, sample_weight=rows_of(y_pred))


class CompiledAlone(Compiled):
    """What ``compile`` was given, as stand-alone Keras took it.

    Examples of weight 0 do not count in the mean of a loss or of a metric that weighs examples, which is called so.
    """

    def _metric(self, one: Any, k: int, targets: Any, predictions: Any) -> tuple[Any, str]:
        metric, name = super()._metric(one, k, targets, predictions)
        given = isinstance(one, Metric) or not isinstance(metric, MeanMetricWrapper)
        return metric if given else MeanOfBatches(metric), name

    def weighing(self, sample_weight: Any, prediction: Any, metric: Any) -> Any:
        alone = isinstance(metric, MeanOfBatches)
        return masked(self.weighed(sample_weight, alone), prediction, alone)

    def prepare(self, names: Sequence[str], targets: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Match everything to the outputs, of which several may have one layer's name."""
        super().prepare(names, targets, predictions)
        for part, name in zip(self.parts, told_apart([part.name for part in self.parts]), strict=True):
            part.name = name

    def label(self, output: str, name: str, weighted: bool, taken: set[str]) -> str:
        name = super().label(output, f"weighted_{name}" if weighted else name, weighted, set())
        return numbered(name, taken)

    def weighed(self, sample_weight: Any, means: bool) -> Any:
        if sample_weight is None or not means:
            return sample_weight
        w = tensor(sample_weight)
        w = w if dtypes.is_floating(w.dtype) else astype(w, dtypes.default_float)
        counted = total_of(astype(not_equal(w, 0), w.dtype))
        return w * (count(w, None, w.dtype) / maximum(counted, 1))


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


class FigureNames(list[str]):
    """``model.metrics_names``: appending a name gives it to the next of :class:`FigureTensors`."""

    def __init__(self, model: Any, names: Any) -> None:
        super().__init__(names)
        self._model = model

    def append(self, name: str) -> None:
        """The next figure is called so."""
        super().append(name)
        self._model.appended_figures.append(name)


class FigureTensors(list[Any]):
    """``model.metrics_tensors``: the mean of what is appended is a figure until the next ``compile``."""

    def __init__(self, model: Any, figures: Any) -> None:
        super().__init__(figures)
        self._model = model

    def append(self, figure: Any) -> None:
        """Show it under the first appended name that has no figure."""
        super().append(figure)
        shown = vars(self._model).get("added_metrics", {})
        names = [name for name in self._model.appended_figures if name not in shown]
        self._model.add_metric(figure, names[0] if names else None)


def told_apart(names: Sequence[str]) -> list[str]:
    """Names of which those that are several are numbered, as stand-alone Keras called the losses of outputs.

    >>> told_apart(["loss", "dense_loss", "dense_loss"])
    ['loss', 'dense_loss_1', 'dense_loss_2']
    """
    return [n if names.count(n) == 1 else f"{n}_{names[: k + 1].count(n)}" for k, n in enumerate(names)]


def numbered(name: str, taken: Iterable[str]) -> str:
    """The name, with the first number that makes it new where it is taken, as stand-alone Keras called metrics."""
    return name if name not in taken else next(n for k in count_from(1) if (n := f"{name}_{k}") not in taken)


def rows_of(x: Any) -> Any:
    """How many rows a batch has, as a scalar."""
    return count(x, (0,), np.dtype(np.float64))


def name_of_metric(metric: Any) -> str:
    """What the figures call a metric."""
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__
