"""TensorBoard: figures, histograms and pictures of weights, and the graph of layers, as its event files."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import events
from thalweg.callbacks.core import Callback, learning_rate
from thalweg.errors import ArgumentError, fail
from thalweg.files import writable_folder
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.nested import flat

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    """Writes event files into ``log_dir/train`` and ``log_dir/validation``; read them with ``tensorboard --logdir``.

    Every epoch: each figure as ``epoch_loss`` and so on, and ``epoch_learning_rate``. ``update_freq``: "epoch", "batch"
    or a number of batches after which figures are written as ``batch_loss``. ``histogram_freq``: after so many epochs
    the histograms of all weights, and with ``write_images`` their pictures. ``write_graph``: the layers and what leads
    to what. ``write_steps_per_second``: how many batches a second an epoch had.
    """

    def __init__(
        self,
        log_dir: Any = "./logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
    ) -> None:
        every = {"epoch": 0, "batch": 1}.get(update_freq, update_freq)
        if not isinstance(every, int) or every < 0:
            raise fail(
                ArgumentError, "TensorBoard: update_freq", expected='"epoch", "batch" or a number of batches',
                received=repr(update_freq),
            )  # fmt: skip
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second, self.every = write_steps_per_second, every
        self.watches_batches = every > 0
        self._batches = 0
        self._writers: dict[str, events.EventWriter] = {}

    def writer(self, part: str) -> events.EventWriter:
        """The file of "train" or "validation", for summaries of one's own: ``writer("train").add(summary, step)``."""
        if part not in self._writers:
            self._writers[part] = events.EventWriter(Path(self.log_dir) / part)
        return self._writers[part]

    def on_train_begin(self, logs: Any = None) -> None:
        writable_folder(self.log_dir)
        self._batches = 0
        graph = getattr(self.model, "_graph", None)
        if self.write_graph and graph is not None:
            self.writer("train").add_graph(events.graph_event(graph_nodes(graph)))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        self._batches += 1
        if self.every and self._batches % self.every == 0:
            self._figures("train", "batch_", logs or {}, self._batches)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = logs or {}
        own = {"learning_rate": learning_rate(self.model)}
        if self.write_steps_per_second and self.params.get("steps"):
            own["steps_per_second"] = self.params["steps"] / (time.perf_counter() - self._started)
        trained = {name: value for name, value in logs.items() if not name.startswith("val_")}
        self._figures("train", "epoch_", own | trained, epoch)
        tested = {name.removeprefix("val_"): v for name, v in logs.items() if name.startswith("val_")}
        if tested:
            self._figures("validation", "epoch_", tested, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def _figures(self, part: str, prefix: str, logs: Any, step: int) -> None:
        for name, value in logs.items():
            if np.size(value) == 1:
                self.writer(part).add(events.scalar(prefix + name, float(value)), step)

    def _weights(self, epoch: int) -> None:
        for weight in self.model.weights:
            name, value = weight.name or "weight", weight.get_value()
            self.writer("train").add(events.histogram(f"{name}/histogram", value), epoch)
            if self.write_images and value.ndim:
                self.writer("train").add(events.image(f"{name}/image", picture(value)), epoch)

    def on_train_end(self, logs: Any = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def picture(weights: np.ndarray) -> np.ndarray:
    """Weights as grey pixels [height, width, 1] from least to greatest: windows side by side, matrices lying."""
    if weights.ndim > 3:  # windows: a row of them for each input channel
        tiles = weights.reshape(-1, *weights.shape[-3:]) if weights.ndim > 4 else weights
        height, width, inputs, outputs = tiles.shape
        flat = tiles.transpose(2, 0, 3, 1).reshape(inputs * height, outputs * width)
    else:
        flat = weights.reshape(1, -1) if weights.ndim == 1 else weights.reshape(-1, weights.shape[-1])
        flat = flat.T if flat.shape[0] > flat.shape[1] else flat
    low, high = float(flat.min()), float(flat.max())
    return (255 * (flat - low) / (high - low if high > low else 1.0)).astype(np.uint8)[..., None]


def graph_nodes(graph: Any) -> list[tuple[str, str, list[str]]]:
    """(name, class, names of what it reads) of every input and every call of a layer."""
    names: dict[int, str] = {}
    found: list[tuple[str, str, list[str]]] = []
    taken: set[str] = set()
    for tensor, name in zip(graph.flat_inputs, graph.input_names()):
        names[id(tensor)] = _free(name, taken)
        found.append((names[id(tensor)], "InputLayer", []))
    for node in graph.nodes:
        name = _free(node.layer.name, taken)
        arguments = [t for t in flat((list(node.args), node.kwargs)) if isinstance(t, Tensor)]
        below = topological(arguments, stop=lambda t: id(t) in names)
        reads = dict.fromkeys(names[id(t)] for t in below if id(t) in names)
        found.append((name, type(node.layer).__name__, list(reads)))
        names.update((id(t), name) for t in flat(node.outputs))
    return found


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free
