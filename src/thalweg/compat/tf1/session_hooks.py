"""What a monitored session calls before and after each run: to log, save, count, check and stop."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import numpy as np

from thalweg.compat.tf1.checkpoints import Saver
from thalweg.compat.tf1.summary import FileWriter, Summary, merge_all
from thalweg.compat.tf1.train import get_or_create_global_step


class SessionRunHook:
    """What a monitored session calls."""

    def begin(self) -> None: ...
    def after_create_session(self, session: Any, coord: Any) -> None: ...
    def before_run(self, run_context: Any) -> Any: ...
    def after_run(self, run_context: Any, run_values: Any) -> None: ...
    def end(self, session: Any) -> None: ...


class SessionRunArgs:
    """What a hook wants to be run beside."""

    def __init__(self, fetches: Any, feed_dict: Any = None, options: Any = None) -> None:
        self.fetches, self.feed_dict = fetches, feed_dict


class SessionRunValues:
    """What a hook asked for."""

    def __init__(self, results: Any) -> None:
        self.results = results


class SessionRunContext:
    """What a hook may look at, and where it asks to stop."""

    def __init__(self, original_args: Any, session: Any) -> None:
        self.original_args, self.session, self.stop_requested = original_args, session, False

    def request_stop(self) -> None:
        self.stop_requested = True


class StopAtStepHook(SessionRunHook):
    """Stops after ``num_steps`` steps, or at ``last_step``."""

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        self.num_steps, self.last_step = num_steps, last_step

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self.last_step is None:
            self.last_step = int(session.run(get_or_create_global_step())) + int(self.num_steps or 0)

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(get_or_create_global_step())

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if int(run_context.session.run(get_or_create_global_step())) >= int(self.last_step or 0):
            run_context.request_stop()


class LoggingTensorHook(SessionRunHook):
    """Writes tensors, or those of some names, every so many steps or seconds, or at the end."""

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Any = None,
    ) -> None:
        if not at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError(
                "Either at_end and/or exactly one of every_n_iter and every_n_secs must be provided."
            )
        if not isinstance(tensors, dict):
            tensors = {t: t for t in tensors}
        tensors = {k: f"{t}:0" if isinstance(t, str) and ":" not in t else t for k, t in tensors.items()}
        self.tensors, self.formatter, self.at_end = tensors, formatter, at_end
        self.every, self.seconds = every_n_iter, every_n_secs
        self.count, self.wrote, self.due = 0, -math.inf, False

    def before_run(self, run_context: Any) -> Any:
        if self.every is not None:
            self.due = self.count % self.every == 0
        else:
            self.due = self.seconds is not None and time.monotonic() - self.wrote >= self.seconds
        return SessionRunArgs(self.tensors) if self.due else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self.due:
            self.wrote = time.monotonic()
            self._write(run_values.results)
        self.count += 1

    def end(self, session: Any) -> None:
        if self.at_end:
            self._write(session.run(self.tensors))

    def _write(self, found: dict[str, Any]) -> None:
        from thalweg.compat.tf1 import logging

        said = ", ".join(f"{getattr(k, 'name', k)} = {v}" for k, v in found.items())
        logging.info(self.formatter(found) if self.formatter else said)


class SecondOrStepTimer:
    """Whether it is time again: every so many steps or seconds, and at the first step asked about."""

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self.seconds, self.steps = every_secs, every_steps
        self.step: int | None = None
        self.time = 0.0

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time at a step."""
        if self.step is None or step == self.step:
            return self.step is None
        if self.seconds is not None:
            return time.monotonic() >= self.time + self.seconds
        return step >= self.step + int(self.steps or 0)

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """It was done at a step; seconds and steps since the time before."""
        now = time.monotonic()
        since = (None, None) if self.step is None else (now - self.time, step - self.step)
        self.step, self.time = step, now
        return since


class CheckpointSaverListener:
    """What a hook that saves calls."""

    def begin(self) -> None: ...
    def before_save(self, session: Any, global_step_value: int) -> None: ...
    def after_save(self, session: Any, global_step_value: int) -> Any: ...
    def end(self, session: Any, global_step_value: int) -> None: ...


class CheckpointSaverHook(SessionRunHook):
    """Saves at the start, every so many steps or seconds, and at the end."""

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Any = None,
    ) -> None:
        self.path = os.path.join(checkpoint_dir, checkpoint_basename)
        self.saver, self.scaffold, self.listeners = saver, scaffold, list(listeners or ())
        self.timer = SecondOrStepTimer(save_secs, save_steps)

    def begin(self) -> None:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.step = get_or_create_global_step()
        for listener in self.listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        self.saver = self.saver or getattr(self.scaffold, "saver", None) or Saver()
        self._save(session, int(session.run(self.step)))

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_context.session.run(self.step))
        if self.timer.should_trigger_for_step(step) and self._save(run_context.session, step):
            run_context.request_stop()

    def end(self, session: Any) -> None:
        step = int(session.run(self.step))
        if step != self.timer.step:
            self._save(session, step)
        for listener in self.listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: int) -> bool:
        self.timer.update_last_triggered_step(step)
        for listener in self.listeners:
            listener.before_save(session, step)
        self.saver.save(session, self.path, step)
        stops = [listener.after_save(session, step) for listener in self.listeners]
        return any(stops)


class SummarySaverHook(SessionRunHook):
    """Writes summaries at the first step and every so many steps or seconds."""

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        self.timer = SecondOrStepTimer(save_secs, save_steps)
        self.summary_op, self.scaffold = summary_op, scaffold
        self.writer, self.folder = summary_writer, output_dir or "."
        self.next: int | None = None

    def before_run(self, run_context: Any) -> Any:
        wanted = (
            self.summary_op if self.summary_op is not None else getattr(self.scaffold, "summary_op", None)
        )
        wanted = merge_all() if wanted is None else wanted
        due = self.next is None or self.timer.should_trigger_for_step(self.next)
        return SessionRunArgs(wanted) if due and wanted is not None else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_context.session.run(get_or_create_global_step()))
        found = run_values.results
        for summary in found if isinstance(found, list) else [found]:
            self.timer.update_last_triggered_step(step)
            self.writer = self.writer or FileWriter(self.folder, run_context.session.graph)
            self.writer.add_summary(summary, step)
        self.next = step + 1

    def end(self, session: Any) -> None:
        if self.writer is not None:
            self.writer.close()


class NanLossDuringTrainingError(RuntimeError):
    """The loss is not a number."""

    def __str__(self) -> str:
        return "NaN loss during training."


class NanTensorHook(SessionRunHook):
    """Stops, or raises, when the loss is not a number."""

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self.loss, self.fail = loss_tensor, fail_on_nan_loss

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self.loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if np.isnan(run_values.results):
            if self.fail:
                raise NanLossDuringTrainingError
            run_context.request_stop()


class StepCounterHook(SessionRunHook):
    """Says, and writes, how many steps a second there are."""

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ) -> None:
        self.timer = SecondOrStepTimer(every_n_secs, None if every_n_secs is not None else every_n_steps)
        self.writer, self.folder = summary_writer, output_dir

    def after_run(self, run_context: Any, run_values: Any) -> None:
        from thalweg.compat.tf1 import logging

        step = int(run_context.session.run(get_or_create_global_step()))
        if not self.timer.should_trigger_for_step(step):
            return
        seconds, steps = self.timer.update_last_triggered_step(step)
        if seconds and steps is not None:
            logging.info(f"global_step/sec: {steps / seconds:g}")
            if self.writer is None and self.folder:
                self.writer = FileWriter(self.folder)
            if self.writer is not None:
                value = Summary.Value(tag="global_step/sec", simple_value=steps / seconds)
                self.writer.add_summary(Summary(value=[value]), step)

    def end(self, session: Any) -> None:
        if self.writer is not None:
            self.writer.close()


class FinalOpsHook(SessionRunHook):
    """Runs something at the end."""

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self.final_ops, self.feed, self.final_ops_values = final_ops, final_ops_feed_dict, None

    def end(self, session: Any) -> None:
        self.final_ops_values = session.run(self.final_ops, self.feed)


class FeedFnHook(SessionRunHook):
    """Feeds what a function gives."""

    def __init__(self, feed_fn: Any) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(None, self.feed_fn())
