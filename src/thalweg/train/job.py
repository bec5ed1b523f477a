"""The main job from request to outcome: check, load, train, save. Ctrl-C ends training, not saving."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from thalweg.data import NAMES, DataSet, batches, load
from thalweg.errors import ArgumentError
from thalweg.extras import needs
from thalweg.files import atomic_write_bytes, writable_folder
from thalweg.train.figures import curves_png, mistakes_png
from thalweg.train.history import Row, Running, to_csv
from thalweg.train.progress import Progress, choose_progress
from thalweg.train.settings import MODELS, Settings, known, settings_for
from thalweg.version import __version__

if TYPE_CHECKING:
    from thalweg.train.trainer import Trainer

__all__ = ["Outcome", "Request", "run"]


@dataclass(frozen=True)
class Request:
    """What to train, on what, for how long, and where the results go; None stands for the table's default."""

    model: str = "mlp"
    data: str = "digits"
    epochs: int | None = None
    batch: int | None = None
    seed: int = 0
    out: str | os.PathLike[str] = "thalweg-run"


@dataclass
class Outcome:
    """What a run did: its rows, times and files."""

    request: Request
    settings: Settings
    rows: list[Row] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    steps: int = 0
    step_seconds: float = 0.0
    compile_seconds: float = 0.0
    interrupted: bool = False

    @property
    def test_accuracy(self) -> float:
        """Accuracy on the test part at the end, NaN where no step was done."""
        return self.rows[-1].test_accuracy if self.rows else float("nan")

    def summary(self) -> list[str]:
        """The figures of the run and its files, line by line; nothing where no step was done."""
        if not self.rows:
            return []
        return [
            f"test accuracy     {self.test_accuracy:.4f}",
            f"compile time      {self.compile_seconds:.2f} s",
            f"steps per second  {self.steps / max(self.step_seconds, 1e-9):.0f}",
            *(f"wrote {file}" for file in self.files),
        ]

    def interruption(self) -> str:
        """One sentence on how far an interrupted run came."""
        if not self.rows:
            return "interrupted before the first step: nothing was learnt, nothing was written"
        return (
            f"interrupted in epoch {self.rows[-1].epoch} of {self.settings.epochs} after {self.steps} steps; "
            f"what was learnt is in {Path(self.request.out)}"
        )


def run(request: Request, progress: Progress | None = None) -> Outcome:
    """Train as requested; write ``weights.safetensors``, ``history.csv``, ``curves.png``, ``mistakes.png``.

    Everything that can be wrong with the request is found before training starts: an unknown name, a count
    below 1, a folder that cannot be written, a missing extra, a missing or corrupt data file, each a
    ThalwegError. Ctrl-C ends training early; what was learnt is saved all the same, and the outcome says so.
    """
    settings = _settings(request)
    out = writable_folder(request.out)
    _check_extras()
    data = load(request.data)
    outcome = Outcome(request, settings)
    training = _Run(data, outcome, progress or choose_progress())
    training.train()
    if training.trainer and outcome.rows:
        _save(training.trainer, data, outcome, out)
    return outcome


def _settings(request: Request) -> Settings:
    known("model", request.model, MODELS)
    known("data set", request.data, NAMES)
    for name in ("epochs", "batch"):
        value = getattr(request, name)
        if value is not None and value < 1:
            raise ArgumentError(f"{name} must be at least 1, received {value}")
    settings = settings_for(request.model, request.data)
    return replace(
        settings,
        epochs=settings.epochs if request.epochs is None else request.epochs,
        batch=settings.batch if request.batch is None else request.batch,
    )


def _check_extras() -> None:
    """Fail before training, not after it, where the results could not be written."""
    with needs("safetensors", "writing the trained weights"):
        import safetensors.numpy  # noqa: F401
    with needs("matplotlib", "drawing the pictures of a training run"):
        import matplotlib  # noqa: F401


class _Run:
    """The training itself: one epoch after another, each ending with a row of the history."""

    def __init__(self, data: DataSet, outcome: Outcome, progress: Progress) -> None:
        self.data, self.outcome, self.progress = data, outcome, progress
        self.trainer: Trainer | None = None
        self.started = time.perf_counter()
        self.epoch = 0
        self.running = Running()

    def train(self) -> None:
        """Train until the last epoch or Ctrl-C; a begun epoch counts for the part that was done."""
        try:
            self._all_epochs()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
            if self.trainer and self.running.count:
                self._record(self.trainer)
        finally:
            self.progress.close()
            if self.trainer:
                self.outcome.steps = self.trainer.steps
                self.outcome.step_seconds = self.trainer.step_seconds
                self.outcome.compile_seconds = self.trainer.compile_seconds

    def _all_epochs(self) -> None:
        # The engine is loaded here, after the checks: bad input is answered at once.
        from thalweg.train.trainer import Trainer

        settings, seed = self.outcome.settings, self.outcome.request.seed
        self.trainer = Trainer(self.outcome.request.model, self.data, settings, seed)
        count = len(self.data.train_labels)
        self.progress.start(-(-count // settings.batch), settings.epochs)
        for self.epoch in range(1, settings.epochs + 1):
            parts = batches(count, settings.batch, seed=seed, epoch=self.epoch)
            for _, of_one_size in groupby(parts, key=len):
                self._learn(self.trainer, np.stack([*of_one_size]))
            self._record(self.trainer)

    def _learn(self, trainer: Trainer, rows: np.ndarray) -> None:
        for losses, corrects in trainer.learn(self.data.train_images, self.data.train_labels, rows):
            for loss, correct in zip(losses, corrects, strict=True):
                self.running.add(loss, correct, rows.shape[1])
            self.progress.steps(len(losses), self.running)

    def _record(self, trainer: Trainer) -> None:
        right = trainer.logits(self.data.test_images).argmax(axis=1) == self.data.test_labels
        running, seconds = self.running, time.perf_counter() - self.started
        row = Row(self.epoch, running.loss, running.accuracy, float(right.mean()), seconds)
        self.outcome.rows.append(row)
        self.running = Running()
        self.progress.epoch(row)


def _save(trainer: Trainer, data: DataSet, outcome: Outcome, out: Path) -> None:
    title = f"{outcome.request.model} on {data.name}: test accuracy {outcome.test_accuracy:.2%}"
    logits = trainer.logits(data.test_images)
    mistakes = mistakes_png(data.test_images, data.test_labels, logits, f"worst mistakes, {title}")
    contents = {
        "weights.safetensors": _packed_weights(trainer, outcome),
        "history.csv": to_csv(outcome.rows).encode(),
        "curves.png": curves_png(outcome.rows, title),
        "mistakes.png": mistakes,
    }
    for name, content in contents.items():
        atomic_write_bytes(out / name, content)
        outcome.files.append(out / name)


def _packed_weights(trainer: Trainer, outcome: Outcome) -> bytes:
    from safetensors.numpy import save

    facts = {
        "version": __version__,
        "model": outcome.request.model,
        "data": outcome.request.data,
        "seed": outcome.request.seed,
        "epochs": outcome.rows[-1].epoch,
        "test_accuracy": round(outcome.test_accuracy, 6),
    }
    weights = {name: np.ascontiguousarray(value) for name, value in trainer.weights().items()}
    # One entry alone: safetensors writes several in an order that changes from run to run.
    return save(weights, metadata={"thalweg": json.dumps(facts)})
