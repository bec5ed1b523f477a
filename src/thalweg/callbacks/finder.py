"""The learning-rate finder: the rate rises from step to step, and the loss says how far it may."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.callbacks.core import Callback, needs_a_number
from thalweg.errors import ArgumentError, fail
from thalweg.extras import needs
from thalweg.ops import random

__all__ = ["LearningRateFinder"]


class LearningRateFinder(Callback):
    """Trains with a learning rate that rises at every step, and puts everything back (L. N. Smith, 2015).

    The rate goes from ``min_rate`` to ``max_rate`` in ``num_steps`` steps, each time by the same factor, until the
    loss, smoothed by ``smoothing``, is ``stop_factor`` times its least value. Afterwards ``rates`` and ``losses`` have
    one entry per step, ``suggestion`` is the rate at which the loss fell fastest, and the model is as it was.

    >>> import thalweg as tw
    >>> tw.set_random_seed(0)
    >>> x = np.random.default_rng(0).normal(size=(256, 3)).astype("float32")
    >>> model = tw.models.Sequential([tw.layers.Dense(1, input_shape=(3,))])
    >>> model.compile("sgd", "mse")
    >>> finder = LearningRateFinder().find(model, x, x.sum(axis=1), batch_size=16)
    >>> 0.001 < finder.suggestion < 1
    True
    """

    def __init__(
        self,
        min_rate: float = 1e-6,
        max_rate: float = 10.0,
        num_steps: int = 100,
        smoothing: float = 0.9,
        stop_factor: float = 4.0,
    ) -> None:
        if not 0 < min_rate < max_rate or num_steps < 2:
            raise fail(
                ArgumentError, "LearningRateFinder", expected="0 < min_rate < max_rate and at least 2 steps",
                received=f"{min_rate}, {max_rate}, {num_steps}",
            )  # fmt: skip
        self.min_rate, self.max_rate, self.num_steps = min_rate, max_rate, num_steps
        self.smoothing, self.stop_factor = smoothing, stop_factor
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._mean, self._best = 0.0, math.inf

    def find(self, model: Any, x: Any, y: Any = None, **options: Any) -> LearningRateFinder:
        """Run ``model.fit(x, y, **options)`` for as many epochs as it takes, with this callback."""
        model.fit(x, y, **{"verbose": 0, **options, "epochs": self.num_steps, "callbacks": [self]})
        return self

    def on_train_begin(self, logs: Any = None) -> None:
        needs_a_number(self.model, "LearningRateFinder")
        self.rates, self.losses, self._mean, self._best = [], [], 0.0, math.inf
        slots = self.model.optimizer.variables()
        self._before = (self.model.get_weights(), [v.get_value() for v in slots], random.get_state())

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        ratio = self.max_rate / self.min_rate
        rate = self.min_rate * ratio ** (len(self.rates) / (self.num_steps - 1))
        self.model.optimizer.learning_rate = rate
        self.rates.append(rate)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss, steps = float(logs["loss"]), len(self.rates)
        self.model.reset_metrics()  # so that the next loss is that of one batch
        self._mean = self.smoothing * self._mean + (1 - self.smoothing) * loss
        self.losses.append(self._mean / (1 - self.smoothing**steps))
        self._best = min(self._best, self.losses[-1])
        if steps == self.num_steps or not self.losses[-1] <= self.stop_factor * self._best:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        weights, slots, state = self._before
        self.model.set_weights(weights)
        for variable, value in zip(self.model.optimizer.variables(), slots):
            variable.set_value(value)
        random.set_state(state)

    @property
    def suggestion(self) -> float:
        """The rate at which the smoothed loss fell fastest, before its least value."""
        finite = np.array([v if np.isfinite(v) else np.inf for v in self.losses])
        low = int(finite.argmin()) if len(finite) else 0
        width = max(low // 10, 1)  # slopes are taken over so many steps to either side
        if low < 2 * width + 1:
            raise fail(
                ArgumentError, "LearningRateFinder: the loss did not fall", received=f"{len(self.losses)} steps",
                hint="start at a lower min_rate",
            )  # fmt: skip
        slopes = finite[2 * width : low + 1] - finite[: low + 1 - 2 * width]
        return self.rates[width + int(slopes.argmin())]

    def plot(self, path: Any = None) -> Any:
        """The losses over the rates as a matplotlib figure, saved under ``path`` if given."""
        with needs("matplotlib", "a picture of losses and rates"):
            from matplotlib.figure import Figure
        figure = Figure(figsize=(5, 3), layout="constrained")
        axes = figure.add_subplot()
        axes.semilogx(self.rates[: len(self.losses)], self.losses)
        axes.axvline(self.suggestion, color="gray", linestyle=":")
        axes.set(xlabel="learning rate", ylabel="loss", title=f"falls fastest at {self.suggestion:.2g}")
        if path is not None:
            figure.savefig(path)
        return figure
