"""``tf.train.Checkpoint``: objects, by the ways to their variables, in one safetensors file for each checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.tf1 import checkpoints as files
from thalweg.compat.tf2.objects import Node, ObjectGraph, Restoration, children, nodes_of
from thalweg.compat.tf2.tracked import Holder, wrapped
from thalweg.extras import needs
from thalweg.files import atomic_write_bytes
from thalweg.graph.tensor import Variable

_SUFFIX = ".safetensors"
list_variables, load_variable = files.list_variables, files.load_variable
load_checkpoint, get_checkpoint_state = files.NewCheckpointReader, files.get_checkpoint_state
latest_checkpoint = files.latest_checkpoint


class Checkpoint(Holder):
    """Objects by name whose variables are kept in files: layers, models, optimizers, modules, variables, lists.

    Values are found again by the names of attributes on the way to them. What has no variables yet is restored when
    it has: a layer in its first call, an attribute or an element when it is set, an optimizer's slots with their
    variables.
    """

    _root: Any
    _attributes: dict[str, Any]

    def __init__(self, root: Any = None, **objects: Any) -> None:
        vars(self).update(_root=root, _attributes={})
        for name in sorted(objects):
            if isinstance(objects[name], (str, int, float)) or objects[name] is None:
                raise ValueError(
                    f"`Checkpoint` was expecting {name} to be a trackable object (an object derived from "
                    f"`Trackable`), got {objects[name]!r}"
                )
            setattr(self, name, objects[name])

    @property
    def save_counter(self) -> Any:
        """How many checkpoints were saved: a variable, which is there from the first saving or restoring on."""
        return self._count()

    def _count(self) -> Any:
        if "save_counter" not in self._attributes:
            self._attributes["save_counter"] = Variable(np.int64(0), trainable=False, name="save_counter")
        return self._attributes["save_counter"]

    def __setattr__(self, name: str, thing: Any) -> None:
        made = vars(self)[name] = wrapped(thing)
        if not name.startswith("_restor"):
            self._attributes[name] = made
            self._entered(name, made)

    def tracked(self) -> Iterable[tuple[str, Any]]:
        """The objects by their names; those of the root stand beside the others."""
        yield from () if self._root is None else children(self._root)
        yield from self._attributes.items()

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values to ``file_prefix-number`` and make it the newest of its folder; its path."""
        self.save_counter.assign_add(1)
        path = self.write(f"{os.fspath(file_prefix)}-{int(self.save_counter)}")
        files.update_checkpoint_state(os.path.dirname(path), path)
        return path

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values to a file; its path."""
        with needs("safetensors", "saving a checkpoint"):
            from safetensors.numpy import save
        path, graph = os.fspath(file_prefix), ObjectGraph(self)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        values = {key: v.get_value() for key, v in graph.variables().items()}
        atomic_write_bytes(path + _SUFFIX, save(values, {_GRAPH: graph.to_text()}))
        return path

    def restore(self, save_path: Any, options: Any = None) -> Status:
        """Read the values from a file; nothing where ``save_path`` is None."""
        if save_path is None:
            return Status(self, None, None)
        path = os.fspath(save_path)
        path = latest_checkpoint(path) or path if os.path.isdir(path) else path
        reader = files.NewCheckpointReader(path)
        nodes = _nodes(path, reader, self)
        if "save_counter" in nodes[0].children:
            self._count()  # there now, so that it is restored
        restoration = Restoration(nodes, reader.get_tensor)
        restoration.match(self)
        return Status(self, path, restoration)

    read = restore


_GRAPH = "objects"  # the name of the graph among what a file says of itself


def _nodes(path: str, reader: Any, root: Any) -> list[Node]:
    """The graph of objects in a file; of a file of a first generation's saver, that of variables by name."""
    with needs("safetensors", "restoring a checkpoint"):
        from safetensors import safe_open
    with safe_open(path + _SUFFIX, "numpy") as file:
        said = file.metadata() or {}
    if _GRAPH in said:
        return nodes_of(said[_GRAPH])
    graph, named = ObjectGraph(root), reader.get_variable_to_shape_map()
    return [
        Node(node.children, name if node.key is not None and name in named else None)
        for node, thing in zip(graph.nodes, graph.things, strict=True)
        for name in [str(getattr(thing, "name", "")).removesuffix(":0")]
    ]


class Status:
    """Which variables were not in the file, and which of the file were not wanted."""

    def __init__(self, root: Checkpoint, path: str | None, restoration: Restoration | None) -> None:
        self._root, self._path, self._restoration = root, path, restoration

    def _missing(self) -> set[str]:
        """The keys of variables that the objects have and the file has not."""
        graph = ObjectGraph(self._root)
        known = self._found().given()
        return {
            node.key
            for node, thing in zip(graph.nodes, graph.things, strict=True)
            if node.key is not None and id(thing) not in known
        }

    def _found(self) -> Restoration:
        if self._restoration is None:
            raise AssertionError("restore() was given no path: there was no checkpoint")
        return self._restoration

    def assert_consumed(self) -> Status:
        """An error unless file and objects have the same variables."""
        return self._checked(self._missing() | (self._found().keys() - self._found().used))

    def assert_existing_objects_matched(self) -> Status:
        """An error unless all variables of the objects are in the file."""
        return self._checked(self._missing())

    def assert_nontrivial_match(self) -> Status:
        """An error where nothing of the file was wanted."""
        return self._checked(set() if self._found().used else self._found().keys())

    def expect_partial(self) -> Status:
        """Accepted: nothing warns."""
        return self

    def initialize_or_restore(self, session: Any = None) -> None:
        """The values were read already."""

    def _checked(self, wrong: set[str]) -> Status:
        if wrong:
            raise AssertionError(
                f"the checkpoint {self._path} and the objects have different variables: {', '.join(sorted(wrong))}"
            )
        return self


class CheckpointManager(files._KeptCheckpoints):
    """Keeps the last ``max_to_keep`` checkpoints in a folder, and those that are ``keep_checkpoint_every_n_hours``
    apart.
    """

    def __init__(
        self, checkpoint: Checkpoint, directory: Any, max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: Any = None, checkpoint_name: str = "ckpt", step_counter: Any = None,
        checkpoint_interval: int | None = None, init_fn: Any = None, last_checkpoint_step: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(directory, max_to_keep, keep_checkpoint_every_n_hours, checkpoint_name)
        self.checkpoint = checkpoint
        self._counter, self._interval, self._first = step_counter, checkpoint_interval, init_fn
        self._last = -1 if last_checkpoint_step is None else int(last_checkpoint_step)

    @property
    def checkpoint_interval(self) -> int | None:
        """How many steps lie between two checkpoints; None where each call writes one."""
        return self._interval

    def save(
        self, checkpoint_number: Any = None, check_interval: bool = True, options: Any = None
    ) -> str | None:
        """Write a checkpoint and remove the oldest; its path (None before ``checkpoint_interval`` steps are over)."""
        if self._interval is not None and check_interval:
            now = int(self._counter)
            if self._last >= 0 and now - self._last < self._interval:
                return None
            self._last = now
        self.checkpoint.save_counter.assign_add(1)
        number = self.checkpoint.save_counter if checkpoint_number is None else checkpoint_number
        return self.keep(self.checkpoint.write(f"{self._prefix}-{int(number)}"))

    def restore_or_initialize(self) -> str | None:
        """Read the newest checkpoint; its path. Where there is none, None, and ``init_fn`` is called."""
        if self.latest_checkpoint is None and self._first is not None:
            self._first()
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint
