"""``tf.train``'s supervisors and coordinators of threads, and training loops over them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.compat.names import inner, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.checkpoints import Saver, latest_checkpoint
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import default_graph
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.summary import FileWriter, merge_all
from thalweg.compat.tf1.train import get_global_step, get_or_create_global_step
from thalweg.compat.tf1.variables import global_variables_initializer, local_variables_initializer


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
            self.summary_writer.add_summary(summary, sess.run(step) if isinstance(step, g.Node) else step)


@inner
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
        """Wait until threads end, or for so long after somebody asked to stop; then raise what went wrong.

        A thread that has not been started is not waited for.
        """
        waited = [*(threads or ()), *self._threads]
        while _alive(waited) and not self.wait_for_stop(_LOOK):
            pass
        last = time.monotonic() + stop_grace_period_secs
        while _alive(waited) and time.monotonic() < last:
            time.sleep(_LOOK)
        error, self._error = self._error, None
        if error is not None:
            raise error
        if (left := _alive(waited)) and not ignore_live_threads:
            raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(left)}")

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Inside, an exception asks to stop; :meth:`join` raises it."""
        try:
            yield
        except Exception as error:
            self.request_stop(error)


_LOOK = 0.02  # seconds between two looks at threads


def _alive(threads: Sequence[Any]) -> list[str]:
    return [thread.name for thread in threads if thread.is_alive()]


def start_queue_runners(
    sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True, collection: Any = None
) -> list[Any]:
    """Queues fill themselves when they are read: there is nothing to start."""
    return []
