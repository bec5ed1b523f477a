"""Callbacks: their moments, and those that watch figures, keep models and change the learning rate."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, fail
from thalweg.files import atomic_write_text, remove_leftovers, writable_folder
from thalweg.graph.show import html_table
from thalweg.graph.tensor import Variable

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History", "LambdaCallback",
    "LearningRateScheduler", "ModelCheckpoint", "ReduceLROnPlateau", "SwapEMAWeights", "TerminateOnNaN",
]  # fmt: skip


class Callback:
    """What is called at the moments of training; ``model`` and ``params`` are set before the first."""

    model: Any = None
    params: dict[str, Any]
    watches_batches: bool | None = (
        None  # None: if it has a method for the moments of batches; false: if a subclass has
    )
    remembers: tuple[
        str, ...
    ] = ()  # attributes that an interrupted run must have back (see BackupAndRestore)

    def set_model(self, model: Any) -> None:
        """Learn of the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Learn of the number of epochs and steps."""
        self.params = params

    def on_train_begin(self, logs: Any = None) -> None:
        """Training begins."""

    def on_train_end(self, logs: Any = None) -> None:
        """Training is over, at its end or before; ``logs`` hold the figures of the last epoch that was done."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """An epoch (from 0) begins."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """An epoch is done; ``logs`` hold its figures, those of validation as ``val_...``."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of training begins (the old name)."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of training is done (the old name)."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of training begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of training is done; ``logs`` hold the figures of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Evaluation begins."""

    def on_test_end(self, logs: Any = None) -> None:
        """Evaluation is done."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of evaluation begins."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of evaluation is done."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Prediction begins."""

    def on_predict_end(self, logs: Any = None) -> None:
        """Prediction is done."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """A batch of prediction begins."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch of prediction is done; ``logs["outputs"]`` are its outputs."""


_BATCH = [
    f"on_{k}{when}"
    for k in ("train_batch_", "test_batch_", "predict_batch_", "batch_")
    for when in ("begin", "end")
]


class CallbackList:
    """Calls several callbacks in order; those that watch no batches cost nothing per batch.

    ``callbacks`` may be such a list for which training has begun: that is not told them again.
    """

    def __init__(self, callbacks: Any, more: Sequence[Callback], model: Any, params: dict[str, Any]) -> None:
        self._begun: list[Any] = []
        if isinstance(callbacks, CallbackList):
            self._begun, callbacks = callbacks._begun, callbacks.callbacks
        given = (
            callbacks if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
        )
        self.callbacks: list[Any] = [*given, *more]
        self.callbacks.sort(
            key=lambda c: isinstance(c, BackupAndRestore)
        )  # what the others know is kept with the rest
        self._watching = [c for c in self.callbacks if _watches_batches(c)]
        self.watches_batches = bool(self._watching)
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)
            if isinstance(callback, BackupAndRestore):
                callback.others = [c for c in self.callbacks if getattr(c, "remembers", ())]

    def initial_epoch(self) -> int:
        """The first epoch to do: later than 0 where a callback has restored an interrupted run."""
        return max((getattr(c, "restored_epoch", 0) for c in self.callbacks), default=0)

    def _all(self, moment: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(*args)

    def train_begin(self) -> None:
        for callback in self.callbacks:
            if not any(callback is one for one in self._begun):
                callback.on_train_begin({})
        self._begun = list(self.callbacks)

    def train_end(self, logs: dict[str, Any]) -> None:
        self._all("on_train_end", logs)

    def epoch_begin(self, epoch: int) -> None:
        self._all("on_epoch_begin", epoch, {})

    def epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        self._all("on_epoch_end", epoch, logs)

    def test_begin(self) -> None:
        self._all("on_test_begin", {})

    def test_end(self, logs: dict[str, Any]) -> None:
        self._all("on_test_end", logs)

    def predict_begin(self) -> None:
        self._all("on_predict_begin", {})

    def predict_end(self) -> None:
        self._all("on_predict_end", {})

    def batch_begin(self, kind: str, batch: int, logs: dict[str, Any] | None = None) -> None:
        for callback in self._watching:
            getattr(callback, f"on_{kind}_batch_begin")(batch, logs or {})

    def batch_end(self, kind: str, batch: int, logs: dict[str, Any]) -> None:
        for callback in self._watching:
            getattr(callback, f"on_{kind}_batch_end")(batch, logs)


def _watches_batches(callback: Any) -> bool:
    if not isinstance(callback, Callback):
        return True
    told = callback.watches_batches  # false: the methods of this package need not be called

    def is_heard(name: str) -> bool:
        method = getattr(type(callback), name)
        changed = method is not getattr(Callback, name)
        own = not getattr(method, "__module__", "").startswith("thalweg.")
        return name in vars(callback) or (changed if told is None else own)

    return bool(told) or any(map(is_heard, _BATCH))


class History(Callback):
    """The figures of all epochs: ``history["loss"]`` is a list with one entry per epoch, ``epoch`` their numbers."""

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def _repr_html_(self) -> str:
        """The figures that every epoch has as a table in a notebook."""
        whole = {name: values for name, values in self.history.items() if len(values) == len(self.epoch)}
        rows = [[e + 1, *(_figure(v[k]) for v in whole.values())] for k, e in enumerate(self.epoch)]
        return html_table(rows, header=["epoch", *whole])

    def __repr__(self) -> str:
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history)}>"


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


class LambdaCallback(Callback):
    """Functions as a callback: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))``."""

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        self.watches_batches = any(name in _BATCH for name, fn in functions.items() if fn is not None)
        for name, function in functions.items():
            if not hasattr(Callback, name):
                raise fail(ArgumentError, f"LambdaCallback: no moment named {name!r}")
            if function is not None:
                setattr(self, name, function)


def _say(verbose: Any, text: str) -> None:
    """A line for who asked for it."""
    if verbose:
        sys.stdout.write(text + "\n")


class TerminateOnNaN(Callback):
    """Ends training at a batch whose loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            _say(True, f"batch {batch}: the loss is {loss}, training ends")
            self.model.stop_training = True


def _direction(mode: str, monitor: str, name: str) -> str:
    """ "min" or "max": which way is better."""
    if mode not in ("auto", "min", "max"):
        raise fail(ArgumentError, f"{name}: mode", expected="auto, min or max", received=repr(mode))
    if mode != "auto":
        return mode
    last = monitor.removeprefix("val_")
    rises = (
        "acc",
        "auc",
        "precision",
        "recall",
        "f1",
        "fbeta",
        "iou",
        "io_u",
        "r2",
        "top_k",
        "cosine_similarity",
    )
    return "max" if any(part in last for part in rises) and "loss" not in last else "min"


class _Monitor(Callback):
    """What watches one figure: whether it has become better by at least ``min_delta``."""

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        self.monitor, self.min_delta = monitor, abs(min_delta)
        self.mode = _direction(mode, monitor, type(self).__name__)
        self.best = self.worst()

    def worst(self) -> float:
        """What any figure is better than."""
        return float("inf") if self.mode == "min" else float("-inf")

    def better(self, value: float, than: float) -> bool:
        """Whether the figure has become better."""
        return value < than - self.min_delta if self.mode == "min" else value > than + self.min_delta

    def value(self, logs: Any) -> float | None:
        """The figure in the logs, or an error that names those that are there; None where validation is not due."""
        if self.monitor not in (logs or {}):
            if self.monitor.startswith("val_") and self.params.get("validation_freq", 1) != 1:
                return None
            raise fail(
                ArgumentError, f"{type(self).__name__}: there is no figure {self.monitor!r}",
                expected=", ".join(logs or {}), received=self.monitor,
                hint="pass validation_data for val_ figures" if self.monitor.startswith("val_") else None,
            )  # fmt: skip
        return float(logs[self.monitor])


class EarlyStopping(_Monitor):
    """Ends training when a figure has not become better for ``patience`` epochs.

    ``restore_best_weights``: at the end of training, however it comes, the model has the weights of its best epoch.
    ``baseline``: a figure to be beaten within ``patience`` epochs. ``start_from_epoch``: earlier ones do not count.
    """

    remembers = ("best", "wait", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.baseline, self.start_from_epoch = patience, baseline, start_from_epoch
        self.restore_best_weights, self.verbose = restore_best_weights, verbose

    def on_train_begin(self, logs: Any = None) -> None:
        self.best, self.wait, self.stopped_epoch, self.best_epoch = self.worst(), 0, 0, 0
        self.best_weights: Any = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        improved = self.better(value, self.best)
        if improved or self.best_weights is None:
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
        self.wait += 1
        if improved:
            self.best = value
            if self.baseline is None or self.better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True
            _say(
                self.verbose,
                f"epoch {epoch + 1}: {self.monitor} has not become better than {self.best:.5g}, stopping",
            )

    def on_train_end(self, logs: Any = None) -> None:
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            _say(self.verbose, f"the weights are those of epoch {self.best_epoch + 1}")


class ReduceLROnPlateau(_Monitor):
    """Multiplies the learning rate by ``factor`` when a figure has not become better for ``patience`` epochs."""

    remembers = ("best", "wait", "resting")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if not 0 < factor < 1:
            raise fail(ArgumentError, "ReduceLROnPlateau: factor", expected="0 < factor < 1", received=factor)
        self.factor, self.patience, self.cooldown, self.min_lr = factor, patience, cooldown, min_lr
        self.verbose = verbose

    def on_train_begin(self, logs: Any = None) -> None:
        needs_a_number(self.model, "ReduceLROnPlateau")
        self.best, self.wait, self.resting = self.worst(), 0, 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value, rate = self.value(logs), learning_rate(self.model)
        logs["learning_rate"] = rate
        if value is None:
            return
        if self.resting:
            self.resting, self.wait = self.resting - 1, 0
        if self.better(value, self.best):
            self.best, self.wait = value, 0
        elif not self.resting:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate = lower = max(rate * self.factor, self.min_lr)
                self.wait, self.resting = 0, self.cooldown
                _say(self.verbose, f"epoch {epoch + 1}: the learning rate is {lower:.4g} from here on")


def learning_rate(model: Any) -> float:
    """The learning rate of the next step: the number that was set, or what a schedule says."""
    if isinstance(model.optimizer.learning_rate, Variable):
        return float(model.optimizer.learning_rate.get_value())
    return float(model.optimizer.rate_at(model.optimizer.iterations.get_value()).item())


def needs_a_number(model: Any, name: str) -> None:
    """An error where the learning rate cannot be set from outside."""
    if not isinstance(model.optimizer.learning_rate, Variable):
        raise fail(
            ArgumentError,
            f"{name}: the optimizer's learning rate is a schedule of its own",
            expected="a number",
            hint="give the optimizer a number, or leave the callback out",
        )


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch: ``schedule(epoch, rate)`` or ``schedule(epoch)``."""

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        self.schedule, self.verbose = schedule, verbose

    def on_train_begin(self, logs: Any = None) -> None:
        needs_a_number(self.model, "LearningRateScheduler")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        rate = learning_rate(self.model)
        try:
            new = self.schedule(epoch, rate)
        except TypeError:  # the old form
            new = self.schedule(epoch)
        if not isinstance(new, (float, int, np.number)):
            raise fail(
                ArgumentTypeError, "LearningRateScheduler: schedule", expected="a function that gives a number",
                received=repr(new),
            )  # fmt: skip
        self.model.optimizer.learning_rate = float(new)
        _say(self.verbose, f"epoch {epoch + 1}: the learning rate is {float(new):.4g}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["learning_rate"] = learning_rate(self.model)


def checked_frequency(callback: Callback, save_freq: Any) -> Any:
    """ "epoch" or a number of batches."""
    if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
        raise fail(
            ArgumentError,
            f"{type(callback).__name__}: save_freq",
            expected='"epoch" or a number of batches',
            received=save_freq,
        )
    return save_freq


class ModelCheckpoint(_Monitor):
    """Saves the model, or its weights, after epochs or every ``save_freq`` batches; each file appears complete.

    ``filepath`` may hold figures: ``"m-{epoch:02d}-{val_loss:.2f}.safetensors"``, and ``{batch}`` where batches are
    counted. That the folder can be written is found out before training.
    """

    remembers = ("best", "_batches")

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath, self.save_best_only, self.save_weights_only = (
            os.fspath(filepath),
            save_best_only,
            save_weights_only,
        )
        self.save_freq = checked_frequency(self, save_freq)
        self.epoch, self._batches, self.verbose = 0, 0, verbose
        self.watches_batches = save_freq != "epoch"
        if initial_value_threshold is not None:
            self.best = initial_value_threshold

    def may_be_folder(self) -> bool:
        """Whether the model is saved in a folder of this name, which may be there already."""
        return False

    def on_train_begin(self, logs: Any = None) -> None:
        if Path(self.filepath).is_dir() and not self.may_be_folder():
            raise fail(
                ArgumentError,
                "ModelCheckpoint: filepath is a folder",
                expected="the name of a file in it",
                received=self.filepath,
                hint=f"write {os.path.join(self.filepath, 'model-{epoch:02d}.safetensors')!r}",
            )
        folders = Path(self.filepath).parents
        writable_folder(next(folder for folder in folders if "{" not in str(folder)))
        if "{" not in self.filepath:
            remove_leftovers(self.filepath)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % self.save_freq == 0:
            self._save({**(logs or {}), "batch": batch + 1})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs: Any) -> None:
        if self.save_best_only:
            value = self.value(logs)
            if value is None or not self.better(value, self.best):
                return
            self.best = value
        try:
            path = self.filepath.format(epoch=self.epoch + 1, **(logs or {}))
        except KeyError as error:
            raise fail(
                ArgumentError, f"ModelCheckpoint: filepath names {error}", expected=", ".join(logs or {})
            ) from None
        writable_folder(Path(path).parent)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        _say(self.verbose, f"epoch {self.epoch + 1}: saved {path}")


class BackupAndRestore(Callback):
    """Keeps weights, optimizer, epoch and random numbers after every epoch; a run that was interrupted goes on there.

    What other callbacks have seen (the best figure, epochs waited) goes on, too. The file is removed when training ends
    well, unless ``delete_checkpoint`` is False.

    With a number as ``save_freq`` they are also kept every so many batches: a run that was interrupted within an epoch
    begins this epoch anew with the weights of then, as in Keras, and not to the bits of a run that was not interrupted.
    Short epochs by ``steps_per_epoch`` lose less and go on to the bits.
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        self.save_freq = checked_frequency(self, save_freq)
        self.watches_batches = save_freq != "epoch"
        self.folder, self.delete_checkpoint, self._batches = os.fspath(backup_dir), delete_checkpoint, 0
        self.restored_epoch = 0
        self.others: list[Any] = []

    @property
    def _path(self) -> Path:
        return Path(self.folder) / "backup.safetensors"

    def on_train_begin(self, logs: Any = None) -> None:
        writable_folder(self.folder)
        remove_leftovers(self._path)
        self.restored_epoch, self._last, self._epochs = 0, -1, self.params["epochs"]
        if self._path.exists():
            state = self.model.load_state(self._path)
            self._last = int(state["epoch"])
            self.restored_epoch = self._last + 1
            for callback, memory in zip(self.others, state.get("callbacks", [])):
                vars(callback).update({name: memory[name] for name in callback.remembers if name in memory})

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, logs)
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % self.save_freq == 0:
            self._save()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._last = epoch
        self._save()

    def _save(self) -> None:
        memories = [{name: getattr(c, name) for name in c.remembers} for c in self.others]
        self.model.save_state(self._path, epoch=self._last, callbacks=memories)

    def on_train_end(self, logs: Any = None) -> None:
        complete = self._last + 1 >= self._epochs or self.model.stop_training
        if self.delete_checkpoint and complete:
            self._path.unlink(missing_ok=True)


class SwapEMAWeights(Callback):
    """Validation, evaluation and predictions by the averages that an optimizer with ``use_ema=True`` keeps.

    The weights come back afterwards. With ``swap_on_epoch`` the averages stand in the model from the end of each epoch
    to the beginning of the next one, so that callbacks after this one (a :class:`ModelCheckpoint`) see them.
    """

    remembers = ("raw",)

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self.raw: list[np.ndarray] | None = None  # the weights, while averages stand in their place
        self._in_test = False

    def on_train_begin(self, logs: Any = None) -> None:
        self.raw = None
        self._averages()

    def _averages(self) -> list[tuple[Variable, Variable]]:
        found = self.model.optimizer.averages()
        if not found:
            raise fail(
                ArgumentError,
                "SwapEMAWeights: the optimizer keeps no averages",
                hint="make it with use_ema=True",
            )
        return found  # type: ignore[no-any-return]

    def _put_averages(self) -> bool:
        """Whether the weights were in the model."""
        if self.raw is not None:
            return False
        pairs = self._averages()
        self.raw = [weight.get_value() for weight, _ in pairs]
        for weight, average in pairs:
            weight.set_value(average.get_value())
        return True

    def _put_weights(self) -> None:
        for (weight, _), value in zip(self._averages(), self.raw or []):
            weight.set_value(value)
        self.raw = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.raw is not None:
            self._put_weights()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.swap_on_epoch:
            self._put_averages()

    def on_test_begin(self, logs: Any = None) -> None:
        self._in_test = self._put_averages()

    def on_test_end(self, logs: Any = None) -> None:
        if self._in_test:
            self._put_weights()

    on_predict_begin, on_predict_end = on_test_begin, on_test_end


class CSVLogger(Callback):
    """Writes the figures of every epoch as a row of a CSV file; with ``append`` after the rows that are there."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = os.fspath(filename), separator, append

    def on_train_begin(self, logs: Any = None) -> None:
        path = Path(self.filename)
        writable_folder(path.parent)
        self._rows: list[dict[str, Any]] = []
        self._names: list[str] = []
        if self.append and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file, delimiter=self.separator)
                self._rows, self._names = list(reader), list(reader.fieldnames or [])
            if self._names and "epoch" not in self._names:
                raise fail(DataError, f"CSVLogger: {self.filename!r} has no column 'epoch'")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {"epoch": epoch, **_numbers(logs or {})}
        self._names += [name for name in row if name not in self._names]
        self._rows.append(row)
        text = io.StringIO()
        writer = csv.DictWriter(
            text, self._names, delimiter=self.separator, lineterminator="\n", restval="NA"
        )
        writer.writeheader()
        writer.writerows(self._rows)
        atomic_write_text(self.filename, text.getvalue())


def _numbers(logs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in logs.items()}
