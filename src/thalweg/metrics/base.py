"""What all metrics share: counts in variables that add up until the next reset; means and sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, initializers, losses
from thalweg.errors import ShapeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor, Variable, shape_text
from thalweg.graph.updates import current_recorder
from thalweg.losses import same_rank, tensor, weights_like
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import sum as sum_over
from thalweg.ops.special import divide_no_nan
from thalweg.registry import Configured, snake_case

__all__ = [
    "LossMetric",
    "Mean",
    "MeanMetricWrapper",
    "Metric",
    "Sum",
    "add_to",
    "num_classes_of",
    "value_of",
]


class Metric(Configured):
    """What all metrics share. Subclasses define ``update_state`` and ``result``, on variables of ``add_variable``.

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", dtype=None):
    ...         super().__init__(name, dtype)
    ...         self.most = self.add_variable(name="most")
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.most.assign(np.maximum(self.most.numpy(), np.max(y_pred)))
    ...
    ...     def result(self):
    ...         return self.most * 1.0
    >>> metric = Largest()
    >>> metric.update_state([0.0, 0.0], [2.0, 5.0])
    >>> metric.result().item()
    5.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = dtypes.float64 if dtype is None else dtypes.as_dtype(dtype)
        self.variables: list[Variable] = []

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        *,
        name: str = "state",
    ) -> Variable:
        """A count, 0 at each reset; of the metric's dtype, float64, which adds up exactly to 2^53."""
        first = initializers.get(initializer)(tuple(shape), self.dtype if dtype is None else dtype)
        variable = Variable(first, trainable=False, name=f"{self.name}/{name}")
        self.variables.append(variable)
        return variable

    add_weight = add_variable

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Count one batch."""
        raise NotImplementedError

    def result(self) -> Any:
        """The figure so far."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Start counting anew."""
        for variable in self.variables:
            variable.set_value(np.zeros(variable.shape, variable.dtype))

    reset_states = reset_state

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count one batch and give the figure so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def figures(self) -> np.ndarray:
        """The result as an array."""
        with no_grad():
            result = self.result()
        return result.array() if isinstance(result, Tensor) else np.asarray(result)


def add_to(variable: Variable, amount: Any) -> None:
    """``variable += amount``, at once or as part of the step being traced; keeps no history."""
    if current_recorder() is not None:
        variable.assign_add(ew.astype(tensor(amount), variable.dtype))
        return
    with no_grad():
        variable.assign_add(ew.astype(tensor(amount), variable.dtype))


def value_of(variable: Variable) -> Any:
    """The count now, as a tensor to compute with."""
    return ew.multiply(variable, 1.0)


def num_classes_of(y_pred: Any) -> int:
    classes = y_pred.shape[-1]
    if classes is None:
        raise fail(ShapeError, "metrics: the number of classes is unknown", received=shape_text(y_pred.shape))
    return classes


class Mean(Metric):
    """The weighted mean of all values given.

    >>> m = Mean()
    >>> m.update_state([1.0, 3.0]); m.update_state([5.0])
    >>> m.result().item()
    3.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total, self.count = self.add_variable(name="total"), self.add_variable(name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = tensor(values)
        values = values if dtypes.is_floating(values.dtype) else ew.astype(values, dtypes.default_float)
        if sample_weight is None:
            add_to(self.total, ew.astype(sum_over(values), self.dtype))
            add_to(self.count, shape_ops.count(values, None, self.dtype))
            return
        weight = tensor(sample_weight)
        if dtypes.is_floating(weight.dtype) and weight.dtype.itemsize > values.dtype.itemsize:
            values = ew.astype(values, weight.dtype)
        weight = shape_ops.broadcast_like(weights_like(weight, values), values)
        add_to(self.total, sum_over(ew.multiply(values, weight)))
        add_to(self.count, sum_over(weight))

    def result(self) -> Any:
        return divide_no_nan(self.total, self.count)


class Sum(Metric):
    """The weighted sum of all values given."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = tensor(values)
        if sample_weight is not None:
            values = ew.multiply(values, weights_like(sample_weight, values))
        add_to(self.total, sum_over(values))

    def result(self) -> Any:
        return ew.multiply(self.total, 1.0)


class MeanMetricWrapper(Mean):
    """The mean of a function of (y_true, y_pred) that gives one value per example."""

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **options: Any
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", "mean"), dtype)
        self.fn, self.options = fn, options

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        y_pred = tensor(y_pred)
        super().update_state(
            self.fn(same_rank(tensor(y_true), y_pred), y_pred, **self.options), sample_weight
        )


class LossMetric(MeanMetricWrapper):
    """The mean of a loss, by its name or object."""

    def __init__(self, loss: Any, name: str | None = None, dtype: Any = None) -> None:
        loss = losses.get(loss)
        super().__init__(loss.call, name or loss.name, dtype)
