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

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.checkpoints import Saver, latest_checkpoint
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import default_graph
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.summary import FileWriter, merge_all
from thalweg.compat.tf1.train import get_global_step, get_or_create_global_step
from thalweg.compat.tf1.variables import global_variables_initializer, local_variables_initializer
from thalweg.files import atomic_write_text


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


class CheckpointSaverHook(SessionRunHook):
    """Saves every so many steps (or seconds), and at the end."""

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
        self.steps, self.seconds, self.saver = save_steps, save_secs, saver
        self.count, self.last = 0, time.monotonic()

    def begin(self) -> None:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        get_or_create_global_step()
        self.saver = self.saver or Saver()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.count += 1
        due = self.steps and self.count % self.steps == 0
        if due or (self.seconds and time.monotonic() - self.last >= self.seconds):
            self.end(run_context.session)

    def end(self, session: Any) -> None:
        self.last = time.monotonic()
        self.saver.save(session, self.path, get_or_create_global_step())


class SummarySaverHook(SessionRunHook):
    """Writes summaries every so many steps."""

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: Any = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        self.every, self.count, self.summary_op = save_steps or 100, 0, summary_op
        self.writer = summary_writer or FileWriter(output_dir or ".")

    def before_run(self, run_context: Any) -> Any:
        wanted = self.summary_op if self.summary_op is not None else merge_all()
        due = wanted is not None and self.count % self.every == 0
        return SessionRunArgs([wanted, get_or_create_global_step()]) if due else None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.count += 1
        if run_values.results:
            self.writer.add_summary(*run_values.results)

    def end(self, session: Any) -> None:
        self.writer.flush()


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
    """Says how many steps a second there are."""

    def __init__(
        self, every_n_steps: int = 100, every_n_secs: Any = None, output_dir: Any = None, **options: Any
    ):
        self.every, self.count, self.last = every_n_steps, 0, time.monotonic()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        from thalweg.compat.tf1 import logging

        self.count += 1
        if self.count % self.every == 0:
            now = time.monotonic()
            logging.info(f"global_step/sec: {self.every / max(now - self.last, 1e-9):.6g}")
            self.last = now


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
        saver: Any = None,
        **options: Any,
    ):
        self.init_op, self.init_feed_dict, self.init_fn, self.saver = init_op, init_feed_dict, init_fn, saver


class MonitoredSession:
    """A session that initialises its variables and calls hooks."""

    def __init__(
        self, hooks: Sequence[Any] = (), checkpoint_dir: str | None = None, scaffold: Scaffold | None = None
    ) -> None:
        self.hooks, self._folder, self._stop = list(hooks), checkpoint_dir, False
        scaffold = scaffold or Scaffold()
        for hook in self.hooks:
            hook.begin()
        init = [global_variables_initializer(), local_variables_initializer()]
        self._saver = (scaffold.saver or Saver()) if checkpoint_dir else None
        self.session = Session()
        self.graph = self.session.graph
        found = latest_checkpoint(checkpoint_dir) if checkpoint_dir else None
        self.session.run(init if scaffold.init_op is None else scaffold.init_op, scaffold.init_feed_dict)
        if scaffold.init_fn is not None:
            scaffold.init_fn(scaffold, self.session)
        if found and self._saver:
            self._saver.restore(self.session, found)

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

    def should_stop(self) -> bool:
        """Whether a hook has asked to stop."""
        return self._stop

    def __enter__(self) -> MonitoredSession:
        self.session.__enter__()
        for hook in self.hooks:
            hook.after_create_session(self.session, None)
        return self

    def __exit__(self, kind: Any, *exception: Any) -> bool:
        if kind is None or issubclass(kind, OutOfRangeError):
            for hook in self.hooks:
                hook.end(self.session)
            if self._saver and get_global_step() is not None:
                os.makedirs(str(self._folder), exist_ok=True)
                self._saver.save(self.session, f"{self._folder}/model.ckpt", get_global_step())
        self.session.__exit__(None, None, None)
        return kind is not None and issubclass(kind, OutOfRangeError)


def MonitoredTrainingSession(
    master: str = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Any = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: Any = 600,
    save_summaries_steps: Any = None,
    config: Any = None,
    **options: Any,
) -> MonitoredSession:
    """A session that initialises its variables (or restores them from ``checkpoint_dir``) and calls hooks."""
    return MonitoredSession([*(hooks or ()), *(chief_only_hooks or ())], checkpoint_dir, scaffold)


SingularMonitoredSession = MonitoredSession


def _is_default(given: Any) -> bool:
    return isinstance(given, int) and given == Supervisor.USE_DEFAULT


class Supervisor:
    """A session with a folder: it restores what is there, writes summaries, and saves at the end."""

    USE_DEFAULT = 0

    def __init__(
        self,
        graph: Any = None,
        ready_op: Any = None,
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
        init_fn: Any = None,
        **options: Any,
    ) -> None:
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
        self.summary_writer = FileWriter(logdir, self.graph) if logdir else None

    @contextmanager
    def managed_session(self, master: str = "", config: Any = None, **options: Any) -> Iterator[Session]:
        """A session that is ready to train."""
        with Session(graph=self.graph) as session:
            yield self._prepared(session)
            self._save(session)
        if self.summary_writer is not None:
            self.summary_writer.flush()

    def prepare_or_wait_for_session(self, master: str = "", config: Any = None, **options: Any) -> Session:
        """A session that is ready to train."""
        return self._prepared(Session(graph=self.graph))

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
            self.saver.save(session, os.path.join(self._logdir, "model.ckpt"), self.global_step)

    def should_stop(self) -> bool:
        """Whether it was asked to stop."""
        return self.coord.should_stop()

    def request_stop(self, ex: Any = None) -> None:
        """Ask it to stop."""
        self.coord.request_stop(ex)

    def stop(self, *args: Any, **options: Any) -> None:
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


def write_graph(graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True) -> str:
    """Write the names, kinds and inputs of a graph's nodes as text; the file's path."""
    lines = []
    for op in graph_or_graph_def.get_operations():
        inputs = "".join(f'  input: "{x.op.name}"\n' for x in op.inputs)
        lines.append(f'node {{\n  name: "{op.name}"\n  op: "{op.type}"\n{inputs}}}\n')
    os.makedirs(logdir, exist_ok=True)
    path = os.path.join(logdir, name)
    atomic_write_text(path, "".join(lines))
    return path


class Coordinator:
    """Tells threads to stop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._event = threading.Event()

    def should_stop(self) -> bool:
        return self._event.is_set()

    def request_stop(self, ex: Any = None) -> None:
        self._event.set()

    def clear_stop(self) -> None:
        self._event.clear()

    def wait_for_stop(self, timeout: Any = None) -> bool:
        return self._event.wait(timeout)

    def join(self, threads: Any = (), **options: Any) -> None:
        for thread in threads or ():
            thread.join()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.request_stop()
            raise


def start_queue_runners(
    sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True, collection: Any = None
) -> list[Any]:
    """Queues fill themselves when they are read: there is nothing to start."""
    return []
