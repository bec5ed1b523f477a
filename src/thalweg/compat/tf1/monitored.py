"""``tf.train``'s sessions that start, save and stop by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compat.names import inner, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.checkpoints import Saver, get_checkpoint_state, latest_checkpoint
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import default_graph
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.session_hooks import (
    CheckpointSaverHook,
    SessionRunArgs,
    SessionRunContext,
    SessionRunValues,
    StepCounterHook,
    SummarySaverHook,
)
from thalweg.compat.tf1.supervisors import Coordinator
from thalweg.compat.tf1.variables import global_variables_initializer, local_variables_initializer


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


class SessionCreator:
    """What makes the session of a monitored one."""

    def create_session(self) -> Session:
        """The session."""
        raise NotImplementedError(f"create_session is not implemented for {type(self).__name__}")


class ChiefSessionCreator(SessionCreator):
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


@inner
class HookedSession:
    """A session whose runs call hooks."""

    def __init__(self, sess: Any, hooks: Sequence[Any]) -> None:
        self.session, self.hooks, self.graph, self._stop = sess, list(hooks), sess.graph, False

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

    def _tf_sess(self) -> Any:
        """The plain session, by the name that programs found for it."""
        return self.session


class MonitoredSession(HookedSession):
    """A session that initialises its variables and calls hooks."""

    def __init__(
        self,
        session_creator: Any = None,
        hooks: Sequence[Any] | None = None,
        stop_grace_period_secs: int = 120,
    ) -> None:
        started = list(hooks or ())
        for hook in started:
            hook.begin()
        super().__init__((session_creator or ChiefSessionCreator()).create_session(), started)
        self.coord = Coordinator()
        for hook in self.hooks:
            hook.after_create_session(self.session, self.coord)

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
