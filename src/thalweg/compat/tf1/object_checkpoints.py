"""``tf.train.Checkpoint`` of a graph: the values of variables by the attributes on the way to them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import checkpoints as files
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.train import Optimizer
from thalweg.compat.tf1.variables import Variable
from thalweg.graph import tensor as core

_VALUE, _SLOT = ".ATTRIBUTES/VARIABLE_VALUE", ".OPTIMIZER_SLOT"


class Checkpoint:
    """Objects by name whose variables are kept in files: variables, layers, models, optimizers, lists, dicts.

    What has no variables yet when a file is read gets its values when the status that :meth:`restore` gives is run.

    >>> import thalweg.compat.tf1 as tf
    >>> with tf.Graph().as_default():
    ...     checkpoint = tf.train.Checkpoint(step=tf.Variable(3))
    ...     sorted(checkpoint.variables())
    ['step/.ATTRIBUTES/VARIABLE_VALUE']
    """

    def __init__(self, **objects: Any) -> None:
        for name, thing in sorted(objects.items()):
            if thing is None or isinstance(thing, (str, bytes, int, float)):
                raise ValueError(
                    f"`Checkpoint` was expecting {name} to be a trackable object (an object derived from "
                    f"`Trackable`), got {thing!r}"
                )
            setattr(self, name, thing)

    @property
    def save_counter(self) -> Variable:
        """How many checkpoints were saved: a variable, made when it is first asked for."""
        if "_counter" not in vars(self):
            self._counter = Variable(np.int64(0), trainable=False, name="save_counter")
        return self._counter

    def variables(self) -> dict[str, Variable]:
        """The variables by their keys in a file."""
        found: dict[str, Variable] = {}
        ways: dict[Any, str] = {}
        optimizers = []
        for way, thing in _below(self):
            if isinstance(thing, Optimizer):
                optimizers.append((way, thing))
            elif thing not in ways:
                ways[thing] = way
                found[f"{way}/{_VALUE}"] = thing
        for way, optimizer in optimizers:
            for variable, name, slot in optimizer.slots():
                if variable in ways:
                    found[f"{ways[variable]}/{_SLOT}/{way}/{name}/{_VALUE}"] = slot
        return found

    def write(self, file_prefix: Any, session: Any = None) -> str:
        """Write the values in a session to a file; its path."""
        folder = os.path.dirname(os.fspath(file_prefix))
        os.makedirs(folder or ".", exist_ok=True)
        saver = files.Saver(self.variables(), max_to_keep=None)
        session = g.session_for(session)
        return saver.save(session, os.fspath(file_prefix), write_meta_graph=False, write_state=False)

    def save(self, file_prefix: Any, session: Any = None) -> str:
        """Write the values to ``file_prefix-number`` and make it the newest of its folder; its path."""
        path = self._numbered(file_prefix, None, g.session_for(session))
        files.update_checkpoint_state(os.path.dirname(path), path)
        return path

    def _numbered(self, file_prefix: Any, number: Any, session: Any) -> str:
        session = getattr(session, "session", session)
        before = session.slots[self.save_counter.t].array
        counted = int(0 if before is None else before) + 1
        session.load(self.save_counter.t, counted)
        number = session.run(number) if isinstance(number, g.Node) else number
        return self.write(f"{os.fspath(file_prefix)}-{counted if number is None else int(number)}", session)

    def restore(self, save_path: Any) -> Status:
        """The values in a file, for a session to take; of None, those that variables begin with."""
        if save_path is None:
            return Status(self, None, {})
        reader = files.NewCheckpointReader(os.fspath(save_path))
        values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
        if f"save_counter/{_VALUE}" in values:
            self.save_counter  # noqa: B018 - is there now, so that it is restored
        return Status(self, os.fspath(save_path), values)

    read = restore


def _below(thing: Any, way: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """The variables and optimizers below an object, with the ways to them."""
    seen = set() if seen is None else seen
    thing = g.node_of(thing)
    if isinstance(thing, Optimizer):
        yield from ((f"{way}/{name}", counter) for name, counter in thing.counters.items())
    if isinstance(thing, (Variable, Optimizer)):
        yield way, thing
    elif id(thing) not in seen:
        seen.add(id(thing))
        for name, part in _parts(thing):
            inner = name.replace(".", "..").replace("/", ".S")
            yield from _below(part, f"{way}/{inner}" if way else inner, seen)


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Mapping):
        yield from ((str(key), thing[key]) for key in sorted(thing, key=str))
    elif isinstance(thing, (list, tuple)):
        yield from ((str(k), part) for k, part in enumerate(thing))
    elif isinstance(thing, Checkpoint):
        known = vars(thing)
        yield from ((name, part) for name, part in known.items() if not name.startswith("_"))
        yield from (("save_counter", part) for name, part in known.items() if name == "_counter")
    elif isinstance(weights := getattr(thing, "weights", None), list):
        yield from _by_last_name(weights)
    elif hasattr(thing, "__dict__") and not isinstance(thing, (g.Node, g.Operation, type)):
        yield from ((name, part) for name, part in vars(thing).items() if _may_hold(part))


def _by_last_name(weights: list[Any]) -> Iterator[tuple[str, Any]]:
    """The weights of a layer or model by the last parts of their names; equal ones are numbered."""
    counts: dict[str, int] = {}
    for weight in weights:
        last = str(weight.name).partition(":")[0].rpartition("/")[2]
        number = counts[last] = counts.get(last, -1) + 1
        yield f"{last}_{number}" if number else last, weight


def _may_hold(part: Any) -> bool:
    """Whether an attribute of some object is followed: no graphs, functions or arrays."""
    kinds = (g.Node, core.Tensor, Optimizer, Checkpoint, Mapping, list, tuple)
    return isinstance(part, kinds) or isinstance(getattr(part, "weights", None), list)


class Status:
    """What a file and the objects have in common, and how a session takes the values."""

    def __init__(self, root: Checkpoint, path: str | None, values: Mapping[str, np.ndarray]) -> None:
        self._root, self._path, self._values = root, path, values

    def _checked(self, wrong: set[str]) -> Status:
        if self._path is None:
            raise AssertionError("restore() was given no path: there was no checkpoint")
        if wrong:
            raise AssertionError(
                f"the checkpoint {self._path} and the objects have different variables: {', '.join(sorted(wrong))}"
            )
        return self

    def assert_consumed(self) -> Status:
        """An error unless file and objects have the same variables."""
        return self._checked(self._root.variables().keys() ^ self._values.keys())

    def assert_existing_objects_matched(self) -> Status:
        """An error unless all variables of the objects are in the file."""
        return self._checked(self._root.variables().keys() - self._values.keys())

    def assert_nontrivial_match(self) -> Status:
        """An error where nothing of the file is wanted."""
        matched = self._root.variables().keys() & self._values.keys()
        return self._checked(set() if matched else set(self._values))

    def expect_partial(self) -> Status:
        """Accepted: nothing warns."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Give the variables of the objects the values of the file."""
        if self._path is None:
            raise AssertionError("restore() was given no path: there was no checkpoint")
        variables = {key: v for key, v in self._root.variables().items() if key in self._values}
        if variables:
            files.Saver(variables).restore(g.session_for(session), self._path)

    def initialize_or_restore(self, session: Any = None) -> None:
        """As :meth:`run_restore_ops`; variables that the file has not begin with their first values."""
        session = g.session_for(session)
        rest = [v.initializer for key, v in self._root.variables().items() if key not in self._values]
        session.run(rest)
        if self._path is not None:
            self.run_restore_ops(session)


class CheckpointManager(files._KeptCheckpoints):
    """Keeps the last ``max_to_keep`` checkpoints in a folder, and those that are ``keep_checkpoint_every_n_hours``
    apart.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: Any,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: Any = None,
        init_fn: Any = None,
    ) -> None:
        only("tf.train.CheckpointManager", "checkpoint_interval", checkpoint_interval)
        only("tf.train.CheckpointManager", "init_fn", init_fn)
        super().__init__(directory, max_to_keep, keep_checkpoint_every_n_hours, checkpoint_name)
        self.checkpoint = checkpoint

    def save(self, checkpoint_number: Any = None, session: Any = None) -> str:
        """Write a checkpoint and remove the oldest; its path."""
        return self.keep(self.checkpoint._numbered(self._prefix, checkpoint_number, g.session_for(session)))
