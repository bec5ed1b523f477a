"""``tensorflow_docs``: the helpers of TensorFlow's own tutorials: dots for epochs, curves of histories.

``thalweg run`` supplies it where the package itself is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.callbacks import Callback
from thalweg.compat.names import Namespace
from thalweg.extras import needs


class EpochDots(Callback):
    """A dot for each epoch, and a line of figures at every ``report_every``-th."""

    def __init__(self, report_every: int = 100, dot_every: int = 1) -> None:
        super().__init__()
        self.report_every, self.dot_every = report_every, dot_every

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Print."""
        if epoch % self.report_every == 0:
            figures = ", ".join(f"{name}:{value:0.4f}" for name, value in sorted((logs or {}).items()))
            print(f"\nEpoch: {epoch:d}, {figures},  ")  # noqa: T201 - what the tutorials' own class does
        if epoch % self.dot_every == 0:
            print(".", end="", flush=True)  # noqa: T201


class HistoryPlotter:
    """Curves of histories of ``fit``, training and validation in one colour."""

    def __init__(self, metric: str | None = None, smoothing_std: float | None = None) -> None:
        self.metric, self.smoothing_std = metric, smoothing_std
        self.color_table: dict[str, Any] = {}

    def plot(
        self, histories: Mapping[str, Any], metric: str | None = None, smoothing_std: float | None = None
    ) -> None:
        """Draw the histories, by name, into matplotlib's current axes."""
        with needs("matplotlib", "drawing histories"):
            from matplotlib import pyplot
        metric, width = metric or self.metric, smoothing_std or self.smoothing_std
        for name, history in histories.items():
            validation = pyplot.plot(
                history.epoch, _smooth(history.history[f"val_{metric}"], width), "--", label=f"{name.title()} Val",
                color=self.color_table.get(name),
            )  # fmt: skip
            self.color_table[name] = validation[0].get_color()
            pyplot.plot(
                history.epoch, _smooth(history.history[metric], width), label=f"{name.title()} Train",
                color=self.color_table[name],
            )  # fmt: skip
        pyplot.xlabel("Epochs")
        pyplot.ylabel(str(metric).replace("_", " ").title())
        pyplot.legend()
        pyplot.xlim(0, max(history.epoch[-1] for history in histories.values()))
        pyplot.grid(True)


def _smooth(values: Any, width: float | None) -> np.ndarray:
    """The means of neighbours, weighted by a Gauss curve."""
    line = np.asarray(values, float)
    if not width:
        return line
    near = np.arange(len(line))
    weights = np.exp(-(((near[:, None] - near) / width) ** 2) / 2)
    return weights @ line / weights.sum(1)


modeling = Namespace("tensorflow_docs.modeling", EpochDots=EpochDots)
plots = Namespace("tensorflow_docs.plots", HistoryPlotter=HistoryPlotter)
