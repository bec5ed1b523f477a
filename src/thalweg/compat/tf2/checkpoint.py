"""``tf.train.Checkpoint``: the variables of named objects in one safetensors file for each checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.keras.models import when_built
from thalweg.compat.tf1 import checkpoints as files
from thalweg.compat.tf2.data import DatasetIterator
from thalweg.compat.tf2.module import Module, parts
from thalweg.dtypes import is_floating
from thalweg.extras import needs
from thalweg.files import atomic_write_bytes
from thalweg.graph.tensor import Variable
from thalweg.layers import Layer
from thalweg.optimizers import Optimizer

_SUFFIX = ".safetensors"
list_variables, load_variable = files.list_variables, files.load_variable
load_checkpoint, get_checkpoint_state = files.NewCheckpointReader, files.get_checkpoint_state


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The path of the newest checkpoint in a folder, or of the newest weights of a model; None where there is none."""
    state = get_checkpoint_state(os.fspath(checkpoint_dir), latest_filename)
    path = "" if state is None else state.model_checkpoint_path
    return path if path and (files.checkpoint_exists(path) or os.path.isfile(path)) else None


def _named(name: str, thing: Any, found: dict[str, Any]) -> None:
    """The variables in a thing, by the way to them."""
    if isinstance(thing, Variable):
        found[name] = thing
    elif isinstance(thing, DatasetIterator):
        found[name] = thing.place
    elif isinstance(thing, Optimizer):
        found.update((f"{name}/{k}", v) for k, v in enumerate(thing.variables()))
    elif isinstance(thing, Layer):
        own = {
            id(w): w for layer in thing.tree() for w in layer.own_weights()
        }  # the same order also when frozen
        found.update((f"{name}/{k}", v) for k, v in enumerate(own.values()))
    elif isinstance(thing, Checkpoint):
        for part, value in thing.objects.items():
            _named(f"{name}/{part}", value, found)
    elif isinstance(thing, (Module, list, tuple, dict)):
        for part, value in parts(thing):
            _named(f"{name}/{part}", value, found)


class Checkpoint:
    """Objects by name whose variables are kept in files: layers, models, optimizers, modules, variables, lists.

    A layer that has no weights yet is restored when it is called first; an optimizer that has made no step yet gets
    the variables of one.
    """

    def __init__(self, root: Any = None, **objects: Any) -> None:
        self.objects = {**({"root": root} if root is not None else {}), **objects}
        self.__dict__.update(objects)
        self.save_counter = Variable(np.int64(0), trainable=False, name="save_counter")

    def variables(self) -> dict[str, Any]:
        """The variables of all objects, by the way to them, and how far iterators are."""
        found: dict[str, Any] = {"save_counter": self.save_counter}
        for name, thing in self.objects.items():
            _named(name, thing, found)
        return found

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
        path = os.fspath(file_prefix)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        atomic_write_bytes(path + _SUFFIX, save({n: v.get_value() for n, v in self.variables().items()}))
        return path

    def restore(self, save_path: Any, options: Any = None) -> Status:
        """Read the values from a file; nothing where ``save_path`` is None."""
        if save_path is None:
            return Status(None, set(), set())
        path = os.fspath(save_path)
        path = latest_checkpoint(path) or path if os.path.isdir(path) else path
        reader = files.NewCheckpointReader(path)
        kept = set(reader.get_variable_to_shape_map())
        later = self._prepare(kept)
        variables = self.variables()
        for name in kept & set(variables):
            variables[name].set_value(reader.get_tensor(name))
        for layer in later:
            when_built(layer, lambda: self.restore(path))
        found = set(variables) if later else kept
        return Status(path, set(variables) - kept, found - set(variables))

    def _prepare(self, kept: set[str]) -> list[Layer]:
        """Make the slots that the optimizers had when they were saved; the layers that have no weights yet."""
        later = [
            thing
            for name, thing in self.objects.items()
            if isinstance(thing, Layer)
            and not thing.variables
            and any(k.startswith(f"{name}/") for k in kept)
        ]
        if later:
            return later
        kept_values = self.variables().values()
        trained = [v for v in kept_values if v.trainable and is_floating(v.dtype)]
        for name, thing in self.objects.items():
            own: dict[str, Any] = {}
            _named(name, thing, own)
            saved = {k for k in kept if k.startswith(f"{name}/")}
            if isinstance(thing, Optimizer) and len(saved) > len(own):
                thing.build(trained)
        return []

    read = restore


class Status:
    """Which variables were not in the file, and which of the file were not wanted."""

    def __init__(self, path: str | None, missing: set[str], unused: set[str]) -> None:
        self._path, self._missing, self._unused = path, missing, unused

    def assert_consumed(self) -> Status:
        """An error unless file and objects have the same variables."""
        return self._checked(self._missing | self._unused)

    def assert_existing_objects_matched(self) -> Status:
        """An error unless all variables of the objects are in the file."""
        return self._checked(self._missing)

    assert_nontrivial_match = assert_existing_objects_matched

    def expect_partial(self) -> Status:
        """Accepted: nothing warns."""
        return self

    def initialize_or_restore(self, session: Any = None) -> None:
        """The values were read already."""

    def _checked(self, wrong: set[str]) -> Status:
        if wrong or self._path is None:
            where = ", ".join(sorted(wrong)) or "restore() was given no path"
            raise AssertionError(
                f"the checkpoint {self._path} and the objects have different variables: {where}"
            )
        return self


class CheckpointManager:
    """Keeps the last ``max_to_keep`` checkpoints in a folder."""

    def __init__(
        self, checkpoint: Checkpoint, directory: Any, max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: Any = None, checkpoint_name: str = "ckpt", step_counter: Any = None,
        checkpoint_interval: int | None = None, **ignored: Any,
    ) -> None:  # fmt: skip
        self.checkpoint, self.directory, self.max_to_keep = checkpoint, os.fspath(directory), max_to_keep
        self._prefix = os.path.join(self.directory, checkpoint_name)
        self._counter, self._interval, self._last = step_counter, checkpoint_interval, -1
        state = get_checkpoint_state(self.directory)
        listed = [] if state is None else state.all_model_checkpoint_paths
        self._kept = [path for path in listed if files.checkpoint_exists(path)]

    @property
    def checkpoints(self) -> list[str]:
        """The paths of the checkpoints that are kept, oldest first."""
        return list(self._kept)

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the newest; None where there is none."""
        return self._kept[-1] if self._kept else None

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
        path = self.checkpoint.write(f"{self._prefix}-{int(number)}")
        self._kept = [p for p in self._kept if p != path] + [path]
        while self.max_to_keep and len(self._kept) > self.max_to_keep:
            Path(self._kept.pop(0) + _SUFFIX).unlink(missing_ok=True)
        files.update_checkpoint_state(self.directory, path, self._kept)
        return path

    def restore_or_initialize(self) -> str | None:
        """Read the newest checkpoint; its path, None where there is none."""
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint
