"""Training a model on all of its data: fit, evaluate, predict; each batch is one native call.

The step that ``fit`` runs holds the forward pass, the losses with weights and regularisers, the gradients, the
optimizer's update, the constraints and the counts of all metrics (``objective.py``); ``programs.py`` compiles it.
Figures are read from the counts when needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from thalweg.callbacks import CallbackList, History
from thalweg.errors import ArgumentError, ThalwegError, fail, warn
from thalweg.models import lint
from thalweg.models.compiled import Compiled
from thalweg.models.feeds import ArrayFeed, Feed, signature_of, split_rows, warn_of_nan
from thalweg.models.one_batch import OneBatch, is_one_batch, plain_logs
from thalweg.models.progress import Progress
from thalweg.models.steps import Step
from thalweg.nested import filled, flat

__all__ = ["Training"]


class NoOutputsError(ArgumentError):
    """A model was called that only has steps of its own: neither outputs nor a method ``call``."""


class Training(OneBatch):
    """The part of a model that trains."""

    # --- fit ----------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train for ``epochs`` epochs; the history of the figures of each.

        ``x`` and ``y``: arrays, lists or dicts of arrays for several inputs and outputs, data frames, a generator or
        data set of batches (x, y) or (x, y, sample_weight). ``batch_size`` is 32 unless given; the last batch may be
        smaller. ``class_weight``: {class number: weight}; of several outputs a dict of these by their names, or a list.
        ``steps_per_epoch``: so many batches make an epoch; unshuffled arrays go on where the last epoch ended.
        ``validation_split`` sets the last rows aside, before shuffling. ``verbose``: 0, 1 (a line that is
        refreshed), 2 (a line per epoch), or "auto".
        """
        compiled = self._needs_compile("fit")
        feed = self._feed(
            x, y, sample_weight, batch_size, shuffle=shuffle, steps=steps_per_epoch, class_weight=class_weight
        )
        validation = None
        if validation_data is not None:
            validation = self._validation(
                validation_data, validation_batch_size or batch_size, validation_steps
            )
        elif validation_split:
            feed, validation = split_rows(feed, validation_split)
            validation.batch_size = validation_batch_size or validation.batch_size
        self._check_data(compiled, feed, "")
        if validation is not None:
            self._check_data(compiled, validation, "validation " if validation_data is not None else "")
        return self._fit(feed, validation, epochs, initial_epoch, verbose, callbacks, validation_freq)

    def _check_data(self, compiled: Compiled, feed: Feed, what: str) -> None:
        """Warn of NaN, and of targets that the loss does not expect."""
        if isinstance(feed, ArrayFeed):  # others are looked at batch by batch
            for name, part in zip(("x", "y", "sample_weight"), feed.structure):
                warn_of_nan(part, what + name)
        wants_targets = any(loss is not None for loss in flat(compiled.loss))
        if feed.structure[1] is None and wants_targets and self._steps_are_ours("train_step"):
            raise fail(ArgumentError, f"{self.name}: {what}y is missing", expected="targets for the loss")
        lint.check_targets(self, compiled, feed.structure[1], what + "y")

    def _validation(self, data: Any, batch_size: int | None, steps: int | None) -> Feed:
        if isinstance(data, (tuple, list)) and 2 <= len(data) <= 3:
            return self._feed(data[0], data[1], data[2] if len(data) > 2 else None, batch_size, steps=steps)
        return self._feed(data, batch_size=batch_size, steps=steps)

    def _fit(
        self,
        feed: Feed,
        validation: Feed | None,
        epochs: int,
        initial_epoch: int,
        verbose: Any,
        callbacks: Any,
        validation_freq: Any,
    ) -> History:
        for name, given in (("epochs", epochs), ("initial_epoch", initial_epoch)):
            if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
                raise fail(
                    ArgumentError, f"fit: {name}", expected="a whole number >= 0", received=repr(given)
                )
        history = History()
        self.stop_training = False
        progress = Progress(verbose, epochs)
        params = {
            "epochs": epochs,
            "steps": feed.num_batches,
            "verbose": progress.verbose,
            "validation_freq": validation_freq,
        }
        run = CallbackList(callbacks, [history], self, params)
        self._build_from(feed.structure)
        if validation is not None:  # a mistake in its shapes is to be known before the first epoch
            try:
                self._step("test", validation.structure)
            except ThalwegError as error:
                raise type(error)(f"validation data: {error}") from None
        run.train_begin()
        last: dict[str, Any] = {}
        try:
            for epoch in range(max(initial_epoch, run.initial_epoch()), epochs):
                logs = self._fit_epoch(feed, epoch, run, progress)
                if logs is None:
                    break
                if validation is not None and _is_due(epoch, validation_freq):
                    found = self._run_all("test", validation, run)
                    logs |= {f"val_{name}": value for name, value in found.items()}
                last = logs
                run.epoch_end(epoch, logs)
                progress.end(logs)
                if self.stop_training:
                    break
            self.optimizer.finalize_variable_values(self.trainable_weights)
        finally:
            run.train_end(last)
            for read in (feed, validation):
                if read is not None:
                    read.close()
        self.history = history
        return history

    def _fit_epoch(
        self, feed: Feed, epoch: int, run: CallbackList, progress: Progress
    ) -> dict[str, Any] | None:
        """The logs of the epoch; None where the data have ended before it."""
        self.reset_metrics()
        run.epoch_begin(epoch)
        progress.begin(epoch, feed.num_batches)
        feed.number = epoch
        done, result = 0, None
        for more, result in self._run_feed("train", feed, run):
            done += more
            if progress.refreshing:
                progress.batch(done, lambda r=result: self._logs(r))  # type: ignore[misc]
        if done < (feed.steps or 1):
            warn(
                f"the data ended after {done} of {feed.steps or 'the'} batches of epoch {epoch + 1}: training ends. "
                "A generator is used up once: give a data set, or one that goes on for ever and steps_per_epoch"
            )
            self.stop_training = True
        if not done:
            return None
        return self._logs(result)

    def _run_all(self, kind: str, feed: Feed, run: CallbackList | None = None) -> Any:
        """All batches of a feed through the test step; the logs of the last batch."""
        self.reset_metrics()
        if run is not None:
            run.test_begin()
        result = None
        for _, last in self._run_feed(kind, feed, run):
            result = last
        logs = self._logs(result)
        if run is not None:
            run.test_end(logs)
        return logs

    def _run_feed(self, kind: str, feed: Feed, run: CallbackList | None) -> Iterator[tuple[int, Any]]:
        """All batches of a feed through the step: yields how many were done since the last time, and the last
        result. Batches of arrays in memory are done natively, many in a row, unless a callback watches them.
        """
        step, watching = self._step(kind, feed.structure), run if run and run.watches_batches else None
        if isinstance(feed, ArrayFeed) and isinstance(step, Step) and watching is None:
            for arrays, rows in feed.blocks():
                yield from step.many(arrays, **rows)
            return
        known = signature_of(flat(feed.structure))
        for number, arrays in enumerate(feed.epoch()):
            if watching is not None:
                watching.batch_begin(kind, number, self._about_batch(number, arrays))
            if not feed.uniform and signature_of(arrays) != known:  # batches of another shape than the first
                known = signature_of(arrays)
                step = self._step(kind, filled(feed.structure, arrays))
            result = step(arrays)
            if watching is not None:
                watching.batch_end(kind, number, self._batch_logs(number, arrays, result))
            yield 1, result
            if watching is not None and self.stop_training:
                return

    def _about_batch(self, number: int, arrays: list[np.ndarray]) -> dict[str, Any]:
        """What callbacks are told of a batch before it."""
        return {}

    def _batch_logs(self, number: int, arrays: list[np.ndarray], result: Any) -> dict[str, Any]:
        """What callbacks are told of a batch after it: the figures of the epoch so far."""
        return self._logs(result)

    # --- evaluate and predict -----------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics on the data: a number, a list in the order of ``metrics_names``, or a dict."""
        self._needs_compile("evaluate")
        quiet = self.built and not (verbose or callbacks or steps or self.run_eagerly)
        if quiet and is_one_batch(x, batch_size) and len(x):
            return self._on_batch("test", (x, y, sample_weight, None), return_dict, reset_metrics=True)
        feed = self._feed(x, y, sample_weight, batch_size, steps=steps)
        self._build_from(feed.structure)
        progress = Progress(verbose, 0)
        progress.begin(0, feed.num_batches)
        run = CallbackList(callbacks, [], self, {"steps": feed.num_batches, "verbose": progress.verbose})
        logs = self._run_all("test", feed, run)
        feed.close()
        progress.end(logs)
        return plain_logs(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for ``x`` as arrays, in the structure of the outputs; ``batch_size`` is 32 unless given."""
        if is_one_batch(x, batch_size) and steps is None and not callbacks:
            return self.predict_on_batch(x)
        feed = self._feed(x, batch_size=batch_size, steps=steps)
        run = CallbackList(callbacks, [], self, {"steps": feed.num_batches, "verbose": 0})
        run.predict_begin()
        step, parts, template = self._step("predict", feed.structure), [], None
        for number, arrays in enumerate(feed.epoch()):
            run.batch_begin("predict", number)
            template = step(arrays)
            parts.append(flat(template))
            run.batch_end("predict", number, {"outputs": template})
        feed.close()
        run.predict_end()
        return filled(template, [np.concatenate(column) for column in zip(*parts)])


def _is_due(epoch: int, frequency: Any) -> bool:
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency
