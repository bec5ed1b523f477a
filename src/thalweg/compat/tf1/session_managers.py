"""``tf.train.SessionManager``: sessions that begin with the values of a checkpoint, or initialised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.checkpoints import get_checkpoint_state
from thalweg.compat.tf1.session import Session


class SessionManager:
    """Sessions over a graph, ready to train; ``ready_op`` gives the names of what is not ready, none if all is."""

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: g.Graph | None = None,
        recovery_wait_secs: int = 30,
        local_init_run_options: Any = None,
        local_init_feed_dict: Any = None,
    ) -> None:
        self._local, self._ready, self._local_feed = local_init_op, ready_op, local_init_feed_dict
        self._graph = graph or g.default_graph()

    def prepare_session(
        self,
        master: str,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: int = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable[[Session], Any] | None = None,
    ) -> Session:
        """A session with the values of the checkpoint, or where there is none, of the initialisation."""
        session = Session(master, self._graph, config)
        if not self._restored(session, saver, checkpoint_dir, checkpoint_filename_with_path):
            if init_op is None and init_fn is None and self._local is None:
                raise RuntimeError(
                    "Model is not initialized and no init_op or init_fn or local_init_op was given"
                )
            if init_op is not None:
                session.run(init_op, init_feed_dict)
            if init_fn is not None:
                init_fn(session)
        missing = self._missing(session)
        if missing:
            raise RuntimeError(
                f"Init operations did not make model ready; not ready are {', '.join(missing)}"
            )
        return session

    def recover_session(
        self,
        master: str,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: int = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """A session, and whether it has the values of the checkpoint and is ready."""
        session = Session(master, self._graph, config)
        found = self._restored(session, saver, checkpoint_dir, checkpoint_filename_with_path)
        return session, found and not self._missing(session)

    def wait_for_session(
        self, master: str, config: Any = None, max_wait_secs: float = float("inf")
    ) -> Session:
        """A session of a server whose values another session has initialised."""
        session = Session(master, self._graph, config)
        missing = self._missing(session)
        if missing:
            raise RuntimeError(f"Session was not ready: nobody has initialised {', '.join(missing)}")
        return session

    def _restored(self, session: Session, saver: Any, folder: str | None, path: str | None) -> bool:
        if path is None and folder is not None:
            state = get_checkpoint_state(folder)
            path = state.model_checkpoint_path if state is not None else None
        if saver is None or path is None:
            return False
        saver.restore(session, path)
        return True

    def _missing(self, session: Session) -> list[str]:
        """What is not ready after the local initialisation."""
        if self._local is not None:
            session.run(self._local, self._local_feed)
        names = [] if self._ready is None else session.run(self._ready)
        return [x.decode() if isinstance(x, bytes) else str(x) for x in names]
