"""Callbacks that only Keras has: lists that a program's own loop tells what happens, and figures sent to a server."""

from __future__ import annotations

import importlib
import json
import os
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np

from thalweg import callbacks as main
from thalweg import events
from thalweg.callbacks import Callback

_MOMENTS = (
    "on_train_begin on_train_end on_epoch_begin on_epoch_end on_batch_begin on_batch_end on_train_batch_begin "
    "on_train_batch_end on_test_begin on_test_end on_test_batch_begin on_test_batch_end on_predict_begin "
    "on_predict_end on_predict_batch_begin on_predict_batch_end"
).split()


class OwnCallback(Callback):
    """What a program's own callbacks derive from: ``params`` says of a fit what Keras said."""

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if hasattr(self, "params"):
            self.params = {**getattr(model, "told_of_fit", {}), **self.params}


class _WithRate(Callback):
    """Among the figures the learning rate is called ``lr``."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        rate = logs.pop("learning_rate", None) if logs else None
        if rate is not None:
            logs["lr"] = rate


class ReduceLROnPlateau(_WithRate, main.ReduceLROnPlateau):
    """Multiplies the learning rate by ``factor`` when a figure has not become better for ``patience`` epochs."""


class LearningRateScheduler(_WithRate, main.LearningRateScheduler):
    """Sets the learning rate at the start of each epoch: ``schedule(epoch, rate)`` or ``schedule(epoch)``."""


class EarlyStopping(main.EarlyStopping):
    """Ends training when a figure has not become better for ``patience`` epochs: better than the ``baseline``, too.

    With ``restore_best_weights`` the model has those of the best epoch once this has ended training, not otherwise.
    """

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        if self.baseline is not None:
            self.best = self.baseline

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.stopped_epoch == epoch > 0:
            super().on_train_end(logs)

    def on_train_end(self, logs: Any = None) -> None:
        """The weights stay as they are."""


class ModelCheckpoint(main.ModelCheckpoint):
    """Saves the model every ``period`` epochs."""

    def __init__(self, *args: Any, period: int = 1, **options: Any) -> None:
        args, last = args[:6], args[6:]  # (filepath, monitor, verbose, best, weights, mode, period)
        period = last[0] if last else period
        super().__init__(*args, **options)
        self.period, self.epochs_since_last_save = period, 0

    def may_be_folder(self) -> bool:
        """Whether a whole model goes into a folder: where its name has no suffix."""
        return not self.save_weights_only and not os.path.splitext(self.filepath)[1]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save >= self.period:
            self.epochs_since_last_save = 0
            super().on_epoch_end(epoch, logs)


class TensorBoard(main.TensorBoard):
    """Writes event files; ``writer`` is also the one of TensorFlow 1 for the folder, which a program may replace."""

    def __init__(self, *args: Any, batch_size: int = 32, **options: Any) -> None:
        super().__init__(*args, **options)
        self.batch_size = batch_size

    @property
    def writer(self) -> Any:
        """What writes into the folders of parts (``writer("train")``), and what writes into the folder."""
        return _Writers(self)

    @writer.setter
    def writer(self, given: Any) -> None:
        self.given_writer = given

    def _write_logs(self, logs: Any, index: Any) -> None:
        """Write each figure by its own name for a step: what callbacks derived from Keras's called for their own."""
        for name, value in logs.items():
            if name not in ("batch", "size"):
                self.writer.add_summary(events.scalar(name, float(np.asarray(value).item())), index)
        self.writer.flush()

    def _write_custom_summaries(self, step: Any, logs: Any = None) -> None:
        """:meth:`_write_logs`, as tf.keras 1 called it."""
        self._write_logs(logs or {}, step)


class _Writers:
    def __init__(self, callback: TensorBoard) -> None:
        self._callback = callback

    def __call__(self, part: str) -> Any:
        return main.TensorBoard.writer(self._callback, part)

    def __getattr__(self, name: str) -> Any:
        given = getattr(self._callback, "given_writer", None)
        if given is None:
            summaries = importlib.import_module("thalweg.compat.tf1.summary")
            given = summaries.FileWriterCache.get(self._callback.log_dir)
        return getattr(given, name)


class CallbackList:
    """Several callbacks as one: what it is told, it tells them in order.

    >>> told = CallbackList([Callback()])
    >>> told.on_epoch_end(0, {"loss": 1.0})
    """

    def __init__(
        self, callbacks: Any = None, add_history: Any = False, add_progbar: bool = False, model: Any = None,
        queue_length: int = 10, **params: Any,
    ) -> None:  # fmt: skip
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
        self.callbacks = list(given)
        self._history = next((c for c in self.callbacks if isinstance(c, main.History)), None)
        if add_history is True and self._history is None:  # until Keras 2.3 the second was ``queue_length``
            self._history = main.History()
            self.callbacks.append(self._history)
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Any) -> None:
        """One more."""
        self.callbacks.append(callback)

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Tell them of the number of epochs and steps."""
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tell them of the model, which has their history then."""
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)


def _telling(moment: str) -> Callable[..., None]:
    numbered = "epoch" in moment or "batch" in moment

    def tell(self: CallbackList, *args: Any, logs: Any = None) -> None:
        given = args[:numbered]
        logs = args[numbered] if len(args) > numbered else logs
        for callback in self.callbacks:
            getattr(callback, moment)(*given, logs or {})

    tell.__name__ = moment
    tell.__doc__ = f"Call ``{moment}`` of all."
    return tell


for _moment in _MOMENTS:
    setattr(CallbackList, _moment, _telling(_moment))


class RemoteMonitor(Callback):
    """Sends the figures of every epoch to ``root + path``, as a form with one field or as JSON."""

    def __init__(
        self, root: str = "http://localhost:9000", path: str = "/publish/epoch/end/", field: str = "data",
        headers: Mapping[str, str] | None = None, send_as_json: bool = False,
    ) -> None:  # fmt: skip
        self.address, self.field, self.headers, self.send_as_json = (
            root + path,
            field,
            headers or {},
            send_as_json,
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        figures = {
            k: v.item() if isinstance(v, (np.ndarray, np.generic)) else v for k, v in (logs or {}).items()
        }
        text = json.dumps({"epoch": epoch, **figures})
        kind = {"Content-Type": "application/json"} if self.send_as_json else {}
        body = text if self.send_as_json else urlencode({self.field: text})
        request = urllib.request.Request(self.address, body.encode(), {**kind, **self.headers})
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except OSError:
            warnings.warn(f"RemoteMonitor could not reach {self.address}", stacklevel=2)
