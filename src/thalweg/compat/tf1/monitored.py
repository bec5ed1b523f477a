"""``tf.train``'s sessions that start and stop by themselves: hooks, supervisors, coordinators."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.checkpoints import Saver, get_checkpoint_state, latest_checkpoint
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import default_graph
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.summary import FileWriter, Summary, merge_all
from thalweg.compat.tf1.train import get_global_step, get_or_create_global_step
from thalweg.compat.tf1.variables import global_variables_initializer, local_variables_initializer


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


class Scaffold:
    """The parts of a monitored session that a program brings itself."""

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Any = None,
        copy_from_scaffold: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        only("tf.train.Scaffold", "local_init_feed_dict", local_init_feed_dict)
        if copy_from_scaffold is not None:
            vars(self).update(vars(copy_from_scaffold))
            return
        self.init_op, self.init_feed_dict, self.init_fn = init_op, init_feed_dict, init_fn
        self.ready_op, self.local_init_op = ready_op, local_init_op
        self.summary_op, self.saver = summary_op, saver

    def finalize(self) -> Scaffold:
        """What the program did not bring is made."""
        self.init_op = global_variables_initializer() if self.init_op is None else self.init_op
        self.local_init_op = (
            local_variables_initializer() if self.local_init_op is None else self.local_init_op
        )
        if self.saver is None and default_graph().get_collection(g.GraphKeys.GLOBAL_VARIABLES):
            self.saver = Saver()
        return self


class ChiefSessionCreator:
    """How a monitored session begins: with the values of the last checkpoint in a folder, or initialised."""

    def __init__(
        self,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
    ) -> None:
        self.scaffold, self.folder = scaffold or Scaffold(), checkpoint_dir
        self.path = checkpoint_filename_with_path
        self._master, self._config = master, config

    def create_session(self) -> Session:
        """The session."""
        scaffold = self.scaffold.finalize()
        session = Session(self._master, config=self._config)
        found = self.path or (latest_checkpoint(self.folder) if self.folder else None)
        session.run([scaffold.init_op, scaffold.local_init_op], scaffold.init_feed_dict)
        if found and scaffold.saver:
            scaffold.saver.restore(session, found)
            state = get_checkpoint_state(self.folder) if self.folder else None
            scaffold.saver.recover_last_checkpoints([] if state is None else state.all_model_checkpoint_paths)
        elif scaffold.init_fn is not None:
            scaffold.init_fn(scaffold, session)
        return session


WorkerSessionCreator = ChiefSessionCreator


class MonitoredSession:
    """A session that initialises its variables and calls hooks."""

    def __init__(
        self,
        session_creator: Any = None,
        hooks: Sequence[Any] | None = None,
        stop_grace_period_secs: int = 120,
    ) -> None:
        self.hooks, self._stop = list(hooks or ()), False
        for hook in self.hooks:
            hook.begin()
        self.session = (session_creator or ChiefSessionCreator()).create_session()
        self.graph, self.coord = self.session.graph, Coordinator()
        for hook in self.hooks:
            hook.after_create_session(self.session, self.coord)

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """As a session's, with what the hooks want beside it."""
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self.session)
        wanted = [hook.before_run(context) for hook in self.hooks]
        feeds = dict(feed_dict or {})
        for asked in wanted:
            feeds.update((asked.feed_dict or {}) if asked else {})
        beside = [a.fetches if a and a.fetches is not None else [] for a in wanted]
        made, extra = self.session.run([fetches, beside], feeds)
        for hook, result in zip(self.hooks, extra, strict=True):
            hook.after_run(context, SessionRunValues(result))
        self._stop = self._stop or context.stop_requested
        return made

    def run_step_fn(self, step_fn: Any) -> Any:
        """``step_fn(context)``: it has the plain session, a run with hooks, and a way to stop."""
        return step_fn(_StepContext(self))

    def raw_session(self) -> Session:
        """The plain session."""
        return self.session

    def should_stop(self) -> bool:
        """Whether a hook has asked to stop."""
        return self._stop or self.coord.should_stop()

    def close(self) -> None:
        """Let the hooks end, and close the session."""
        self._stop = True
        for hook in self.hooks:
            hook.end(self.session)
        self.session.close()

    def __enter__(self) -> MonitoredSession:
        self.session.__enter__()
        return self

    def __exit__(self, kind: Any, *exception: Any) -> bool:
        over = kind is not None and issubclass(kind, (OutOfRangeError, StopIteration))
        if kind is None or over:
            for hook in self.hooks:
                hook.end(self.session)
        self._stop = True
        self.session.__exit__(None, None, None)
        return over


class _StepContext:
    """What a step function of a monitored session is given."""

    def __init__(self, monitored: MonitoredSession) -> None:
        self.session, self.run_with_hooks = monitored.session, monitored.run
        self._monitored = monitored

    def request_stop(self) -> None:
        """Ask to stop."""
        self._monitored._stop = True
        raise StopIteration("step_fn has requested the iterations to stop.")


def SingularMonitoredSession(
    hooks: Sequence[Any] | None = None,
    scaffold: Scaffold | None = None,
    master: str = "",
    config: Any = None,
    checkpoint_dir: str | None = None,
    stop_grace_period_secs: int = 120,
    checkpoint_filename_with_path: str | None = None,
) -> MonitoredSession:
    """A session that initialises its variables and calls hooks."""
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
    return MonitoredSession(creator, hooks)


def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Scaffold | None = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: float | None = None,
    save_summaries_steps: int | None = None,
    save_summaries_secs: float | None = None,
    config: Any = None,
    stop_grace_period_secs: int = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: int = 7200,
    save_checkpoint_steps: int | None = None,
    summary_dir: str | None = None,
) -> MonitoredSession:
    """A session that begins with the last checkpoint in ``checkpoint_dir``, and saves and writes summaries there.

    By default it saves every 600 seconds and at the end, and writes summaries every 100 steps.
    """
    scaffold = scaffold or Scaffold()
    wanted, folder = [*(hooks or ()), *(chief_only_hooks or ())], checkpoint_dir or summary_dir
    if save_summaries_steps is None and save_summaries_secs is None:
        save_summaries_steps = 100
    if folder:
        often = save_summaries_steps or None, save_summaries_secs or None
        if log_step_count_steps:
            wanted.append(StepCounterHook(log_step_count_steps, None, folder))
        if any(often):
            wanted.append(SummarySaverHook(*often, summary_dir or folder, scaffold=scaffold))
    if checkpoint_dir:
        if save_checkpoint_secs is None and save_checkpoint_steps is None:
            save_checkpoint_secs = 600
        if save_checkpoint_secs or save_checkpoint_steps:
            seconds, steps = save_checkpoint_secs or None, save_checkpoint_steps or None
            wanted.append(CheckpointSaverHook(checkpoint_dir, seconds, steps, scaffold=scaffold))
    return MonitoredSession(ChiefSessionCreator(scaffold, master, config, checkpoint_dir), wanted)


def _is_default(given: Any) -> bool:
    return isinstance(given, int) and given == Supervisor.USE_DEFAULT


class Supervisor:
    """A session with a folder: it restores what is there, writes summaries, and saves at the end."""

    USE_DEFAULT = 0

    def __init__(
        self,
        graph: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: str | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: int = 120,
        save_model_secs: int = 600,
        recovery_wait_secs: int = 30,
        stop_grace_secs: int = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: Any = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Any = None,
        local_init_run_options: Any = None,
    ) -> None:
        only("tf.train.Supervisor", "session_manager", session_manager)
        self.graph = graph or default_graph()
        with self.graph.as_default():
            variables = self.graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES)
            self.saver = (Saver() if variables else None) if _is_default(saver) else saver
            self.init_op = global_variables_initializer() if _is_default(init_op) else init_op
            self._local = local_variables_initializer() if _is_default(local_init_op) else local_init_op
            self.summary_op = merge_all() if _is_default(summary_op) else summary_op
            self.global_step = get_global_step() if _is_default(global_step) else global_step
        self._init_feed_dict, self._init_fn, self._logdir = init_feed_dict, init_fn, logdir
        self.coord = Coordinator()
        self._basename, self.summary_writer = checkpoint_basename, summary_writer
        if _is_default(summary_writer):
            self.summary_writer = FileWriter(logdir, self.graph) if logdir else None

    @contextmanager
    def managed_session(
        self,
        master: str = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Session]:
        """A session that is ready to train; the standard service is to save it at the end."""
        with Session(master, self.graph, config) as session:
            yield self._prepared(session)
            if start_standard_services:
                self._save(session)
        if self.summary_writer is not None:
            self.summary_writer.flush()

    def prepare_or_wait_for_session(
        self,
        master: str = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: int = 7200,
        start_standard_services: bool = True,
    ) -> Session:
        """A session that is ready to train."""
        return self._prepared(Session(master, self.graph, config))

    PrepareSession = prepare_or_wait_for_session

    def _prepared(self, session: Session) -> Session:
        for operation in (self.init_op, self._local):
            if operation is not None:
                session.run(operation, self._init_feed_dict)
        found = latest_checkpoint(self._logdir) if self._logdir else None
        if found and self.saver:
            self.saver.restore(session, found)
        elif self._init_fn is not None:
            self._init_fn(session)
        return session

    def _save(self, session: Session) -> None:
        if self._logdir and self.saver:
            os.makedirs(self._logdir, exist_ok=True)
            self.saver.save(session, os.path.join(self._logdir, self._basename), self.global_step)

    def should_stop(self) -> bool:
        """Whether it was asked to stop."""
        return self.coord.should_stop()

    def request_stop(self, ex: Any = None) -> None:
        """Ask it to stop."""
        self.coord.request_stop(ex)

    def stop(
        self, threads: Any = None, close_summary_writer: bool = True, ignore_live_threads: bool = False
    ) -> None:
        """Stop."""
        self.coord.request_stop()

    def start_queue_runners(self, sess: Any, queue_runners: Any = None) -> list[Any]:
        """There is nothing to start."""
        return []

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Write a summary."""
        if self.summary_writer is not None:
            step = global_step if global_step is not None else self.global_step
            self.summary_writer.add_summary(summary, sess.run(step) if isinstance(step, g.Tensor) else step)


def train_loop(
    train_op: Any,
    logdir: str | None,
    number_of_steps: int | None = None,
    log_every_n_steps: int = 1,
    **options: Any,
) -> Any:
    """``slim.learning.train``: run a training operation so often; the last loss."""
    from thalweg.compat.tf1 import logging

    step, loss = get_or_create_global_step(), None
    supervisor = Supervisor(logdir=logdir, saver=options.get("saver"), init_fn=options.get("init_fn"))
    with supervisor.managed_session() as session:
        done = int(session.run(step))
        while number_of_steps is None or done < number_of_steps:
            loss = session.run(train_op)
            done += 1
            if done % log_every_n_steps == 0:
                logging.info(f"global step {done}: loss = {loss:.4f}")
    return loss


class Coordinator:
    """Tells threads to stop, and the one that waits for them what went wrong."""

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        self._event = threading.Event()
        self._clean = tuple(clean_stop_exception_types or (OutOfRangeError,))
        self._error: BaseException | None = None
        self._threads: list[Any] = []

    def should_stop(self) -> bool:
        """Whether it was asked to stop."""
        return self._event.is_set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask to stop; ``ex``: an exception, or what ``sys.exc_info()`` gives."""
        error = ex[1] if isinstance(ex, tuple) else ex
        if isinstance(error, BaseException) and not isinstance(error, self._clean) and self._error is None:
            self._error = error
        self._event.set()

    def clear_stop(self) -> None:
        """As if nobody had asked to stop."""
        self._error = None
        self._event.clear()

    def wait_for_stop(self, timeout: Any = None) -> bool:
        """Wait until somebody asks to stop; whether somebody has."""
        return self._event.wait(timeout)

    def register_thread(self, thread: Any) -> None:
        """A thread that :meth:`join` waits for."""
        self._threads.append(thread)

    def join(
        self, threads: Any = None, stop_grace_period_secs: int = 120, ignore_live_threads: bool = False
    ) -> None:
        """Wait for threads; then raise what went wrong."""
        for thread in [*(threads or ()), *self._threads]:
            thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Inside, an exception asks to stop; :meth:`join` raises it."""
        try:
            yield
        except Exception as error:
            self.request_stop(error)


def start_queue_runners(
    sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True, collection: Any = None
) -> list[Any]:
    """Queues fill themselves when they are read: there is nothing to start."""
    return []
