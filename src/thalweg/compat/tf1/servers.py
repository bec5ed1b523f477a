"""``tf.train.Server``: servers of this process, whose sessions share the values of variables by name.

A cluster may have many tasks, all of them here; what they compute, this process computes. Tasks of other processes or
machines are not supported.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

from thalweg.compat.names import REASONS, inner
from thalweg.graph.memory import Slot


class ClusterSpec:
    """The tasks of each job and their addresses: a list of them, or a dict by number."""

    def __init__(self, cluster: Any) -> None:
        jobs = cluster.as_dict() if isinstance(cluster, ClusterSpec) else cluster
        if not isinstance(jobs, Mapping):
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, "
                "or a `ClusterDef` protocol buffer"
            )
        self._jobs: dict[str, dict[int, str]] = {
            job: dict(tasks) if isinstance(tasks, Mapping) else dict(enumerate(tasks))
            for job, tasks in jobs.items()
        }

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._jobs)

    def as_dict(self) -> dict[str, Any]:
        """The addresses by job; a list where the tasks are numbered from 0 on."""
        return {
            job: list(tasks.values()) if list(tasks) == list(range(len(tasks))) else dict(tasks)
            for job, tasks in self._jobs.items()
        }

    as_cluster_def = as_dict

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has."""
        return len(self._tasks(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks."""
        return sorted(self._tasks(job_name))

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks by number; None where a number is left out."""
        tasks = self._tasks(job_name)
        return [tasks.get(k) for k in range(max(tasks, default=-1) + 1)]

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task."""
        tasks = self._tasks(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return tasks[task_index]

    def _tasks(self, job_name: str) -> dict[int, str]:
        if job_name not in self._jobs:
            raise ValueError(f"No such job in cluster: {job_name!r}")
        return self._jobs[job_name]

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClusterSpec) and other.as_dict() == self.as_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ClusterSpec({self.as_dict()})"


class Server:
    """One task of a cluster; sessions of its ``target`` go on with the values that others left."""

    _running: ClassVar[dict[str, Server]] = {}  # by address
    _ports = itertools.count(1)

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ) -> None:
        self.cluster = ClusterSpec(server_or_cluster_def)
        if job_name is None:
            if len(self.cluster.jobs) != 1:
                raise ValueError("Must specify an explicit `job_name`.")
            job_name = self.cluster.jobs[0]
        if task_index is None:
            if self.cluster.num_tasks(job_name) != 1:
                raise ValueError("Must specify an explicit `task_index`.")
            task_index = self.cluster.task_indices(job_name)[0]
        self._address = self.cluster.task_address(job_name, task_index)
        if start:
            self.start()

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A cluster of one task."""
        return Server({"local": [f"localhost:{next(Server._ports)}"]}, start=start)

    @property
    def target(self) -> str:
        """What sessions are given to run here."""
        return f"grpc://{self._address}"

    def start(self) -> None:
        """Let sessions come."""
        Server._running[self._address] = self

    def join(self) -> None:
        """Not supported: it would wait for other processes for ever."""
        raise NotImplementedError(f"tf.train.Server.join: {_HERE}")


_HERE = REASONS["tf.train.Server.join"]
_values: dict[str, dict[str, Slot]] = {}  # of variables by name; by the addresses of a cluster


@inner
def values_at(target: str) -> dict[str, Slot]:
    """The values that sessions of a target share; an error where a task is no server of this process."""
    if not isinstance(target, str):
        raise TypeError(
            f"the target of a session must be a string, received {target!r}: name graph= or config="
        )
    found = Server._running.get(target.removeprefix("grpc://"))
    if found is None:
        raise NotImplementedError(f"no tf.train.Server of this process is at {target!r}: {_HERE}")
    tasks = found.cluster.as_dict()
    missing = [
        f"/job:{job}/task:{k} at {found.cluster.task_address(job, k)}"
        for job in tasks
        for k in found.cluster.task_indices(job)
        if found.cluster.task_address(job, k) not in Server._running
    ]
    if missing:
        raise NotImplementedError(f"no tf.train.Server of this process is {', '.join(missing)}: {_HERE}")
    return _values.setdefault(repr(tasks), {})


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Any = None,
    ps_strategy: Any = None,
) -> Any:
    """What ``tf.device`` takes to spread variables over tasks; everything is on the processor here."""
    return lambda op: ""
