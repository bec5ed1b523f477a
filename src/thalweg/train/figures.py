"""The pictures of a training run as PNG bytes: learning curves, and the worst mistakes on the test part."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from thalweg.extras import needs
from thalweg.train.history import Row

__all__ = ["curves_png", "mistakes_png", "worst_mistakes"]

_COLUMNS, _MOST_ROWS = 6, 4


def curves_png(rows: list[Row], title: str) -> bytes:
    """Loss, training accuracy and test accuracy over the epochs."""
    figure = _figure(9, 3.6)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [row.epoch for row in rows]
    mark = "o" if len(rows) == 1 else ""  # one point draws no line
    loss.plot(epochs, [row.loss for row in rows], marker=mark, color="tab:red")
    loss.set(title="training loss", xlabel="epoch", ylabel="mean cross-entropy")
    loss.set_ylim(bottom=0)
    accuracy.plot(epochs, [row.accuracy for row in rows], marker=mark, label="training")
    accuracy.plot(epochs, [row.test_accuracy for row in rows], marker=mark, label="test")
    accuracy.set(title="accuracy", xlabel="epoch", ylabel="share of right answers")
    accuracy.legend(loc="lower right")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    return _png(figure)


def mistakes_png(images: np.ndarray, labels: np.ndarray, logits: np.ndarray, title: str) -> bytes:
    """The test images that the network got most wrong: the right class, its answer, its confidence."""
    order, chance = worst_mistakes(labels, logits, _COLUMNS * _MOST_ROWS)
    rows = max(1, -(-len(order) // _COLUMNS))
    figure = _figure(_COLUMNS * 1.6, 0.7 + rows * 1.75)
    figure.suptitle(title)
    if not len(order):
        figure.text(0.5, 0.5, "no mistakes", ha="center", va="center", fontsize=16)
    for place, index in enumerate(order):
        axes = figure.add_subplot(rows, _COLUMNS, place + 1)
        axes.imshow(images[index], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        answer = int(logits[index].argmax())
        axes.set_title(f"{labels[index]} taken for {answer} ({chance[index, answer]:.0%})", fontsize=8)
        axes.set_axis_off()
    return _png(figure)


def worst_mistakes(labels: np.ndarray, logits: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the wrong answers, least probable right class first, and the probabilities of all classes.

    >>> order, _ = worst_mistakes(np.array([0, 1, 1]), np.array([[2.0, 0.0], [1.0, 0.0], [9.0, 0.0]]), 5)
    >>> order.tolist()
    [2, 1]
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    chance = np.exp(shifted)
    chance /= chance.sum(axis=1, keepdims=True)
    wrong = np.flatnonzero(logits.argmax(axis=1) != labels)
    # The log-probability still tells mistakes apart where the probability has become 0.
    log_chance = shifted[wrong, labels[wrong]] - np.log(np.exp(shifted[wrong]).sum(axis=1))
    return wrong[np.argsort(log_chance, kind="stable")][:count], chance


def _figure(width: float, height: float) -> Any:
    with needs("matplotlib", "drawing the pictures of a training run"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout="tight")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()
