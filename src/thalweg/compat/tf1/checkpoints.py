"""TensorFlow 1's checkpoints: one safetensors file for each, and the file ``checkpoint`` that names the newest.

Programs ask for ``NAME.index`` and ``NAME.meta`` to see whether there is a checkpoint: beside the values stand an index
of the variables and a list of the graph's nodes, as JSON.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import meta
from thalweg.compat.tf1.errors import NotFoundError
from thalweg.compat.tf1.types import DType, as_dtype
from thalweg.extras import needs
from thalweg.files import atomic_write_bytes, atomic_write_text

_SUFFIX = ".safetensors"
_BESIDE = (".index", ".meta")


class CheckpointNotFoundError(NotFoundError, ValueError):
    """There is no checkpoint under that name."""


class CheckpointState:
    """What the file ``checkpoint`` says."""

    def __init__(self, model_checkpoint_path: str, all_model_checkpoint_paths: list[str]) -> None:
        self.model_checkpoint_path = model_checkpoint_path
        self.all_model_checkpoint_paths = all_model_checkpoint_paths


class SaverDef:
    """What forms of files there are, for ``Saver(write_version=...)``: here there is one."""

    LEGACY, V1, V2 = range(3)


class Saver:
    """Keeps the values of variables in files, the last ``max_to_keep`` of them."""

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: Any = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: Any = 2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        only("tf.train.Saver", "saver_def", saver_def)
        only("tf.train.Saver", "builder", builder)
        only("tf.train.Saver", "defer_build", defer_build, False)
        only("tf.train.Saver", "filename", filename)
        self._pads = pad_step_number
        self._given = var_list
        self.max_to_keep = max_to_keep
        self._kept: list[str] = []
        self._fixed = self._names(g.default_graph()) if var_list is None else _named(var_list)
        saved = [] if var_list is not None else g.default_graph().get_collection(g.GraphKeys.SAVEABLE_OBJECTS)
        self._tables = [x for x in saved if hasattr(x, "arrays")]  # whose content a session has
        if not self._fixed and not self._tables and not allow_empty:
            raise ValueError("No variables to save")

    @property
    def last_checkpoints(self) -> list[str]:
        return list(self._kept)

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        self._kept = list(last_checkpoints)

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[str]) -> None:
        """Go on from checkpoints that another saver wrote: the oldest go first."""
        self._kept = [path for path in checkpoint_paths if checkpoint_exists(path)]

    @staticmethod
    def _names(graph: g.Graph) -> dict[str, Any]:
        return _named(graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES))

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str:
        """Write the values in a session; the path (with the step, if given) under which to restore them."""
        with needs("safetensors", "saving a checkpoint"):
            from safetensors.numpy import save
        step = sess.run(global_step) if isinstance(global_step, g.Node) else global_step
        sess = getattr(sess, "session", sess)
        digits = 8 if self._pads else 1
        path = str(save_path) if step is None else f"{save_path}-{int(step):0{digits}}"
        folder = Path(path).parent
        if not folder.parent.is_dir():
            raise ValueError(f"Parent directory of {path} doesn't exist, can't save.")
        folder.mkdir(exist_ok=True)  # the last folder alone is made
        values = sess.run(list(self._fixed.values()))
        values = [
            _spelled(x) if _of_texts(v) else x for v, x in zip(self._fixed.values(), values, strict=True)
        ]
        arrays = {
            n: np.ascontiguousarray(v).reshape(np.shape(v)) for n, v in zip(self._fixed, values, strict=True)
        }
        for table in self._tables:
            arrays |= table.arrays(sess)
        atomic_write_bytes(path + _SUFFIX, save(arrays))
        index = {n: {"dtype": str(a.dtype), "shape": list(a.shape)} for n, a in arrays.items()}
        atomic_write_text(path + ".index", json.dumps(index, indent=1))
        if write_meta_graph:
            nodes = {n: v.op.name for n, v in self._fixed.items() if isinstance(v, g.Node)}
            meta.remember(f"{path}.{meta_graph_suffix}", sess.graph, nodes)
        self._remember(path)
        if write_state:
            update_checkpoint_state(os.path.dirname(path), path, self._kept, latest_filename)
        return path

    def _remember(self, path: str) -> None:
        self._kept = [p for p in self._kept if p != path] + [path]
        while self.max_to_keep and len(self._kept) > self.max_to_keep:
            remove_checkpoint(self._kept.pop(0))

    def restore(self, sess: Any, save_path: str) -> None:
        """Give the variables the values of a checkpoint."""
        found = _read(save_path)
        found.update({n: _unspelled(found[n]) for n, v in self._fixed.items() if _of_texts(v) and n in found})
        for name, variable in self._fixed.items():
            if name not in found:
                raise NotFoundError(
                    f"Key {name} not found in checkpoint {save_path}; it has {', '.join(sorted(found))}"
                )
            if not variable.shape.is_compatible_with(found[name].shape):
                raise ValueError(
                    f"Assign requires shapes of both tensors to match: {name} is {variable.shape}, "
                    f"in the checkpoint {found[name].shape}"
                )
        session = getattr(sess, "session", sess)
        for name, variable in self._fixed.items():
            session.load(variable.t, found[name])
        for table in self._tables:
            table.load(session, found)

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Any = None,
        as_text: bool = False,
        export_scope: Any = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """``tf.train.export_meta_graph``."""
        return meta.export_meta_graph(filename, collection_list=collection_list, export_scope=export_scope)


def _of_texts(variable: Any) -> bool:
    return getattr(variable, "holds_texts", False)


def _spelled(numbers: Any) -> np.ndarray:
    """The texts that have these numbers, as the bytes of a list in JSON."""
    from thalweg.compat.tf1 import texts

    shape, found = np.shape(numbers), np.ravel(texts.to_texts(numbers))
    words = [list(shape), [base64.b64encode(text).decode() for text in found]]
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def _unspelled(spelled: np.ndarray) -> np.ndarray:
    """The numbers that the texts have here."""
    from thalweg.compat.tf1 import texts

    shape, words = json.loads(spelled.tobytes())
    found = np.empty(len(words), object)
    found[:] = [base64.b64decode(word) for word in words]
    return texts.to_numbers(found.reshape(shape))


def _named(var_list: Any) -> dict[str, Any]:
    if isinstance(var_list, Mapping):
        return {str(name): getattr(v, "numbers", v) for name, v in var_list.items()}
    return {v.op.name: getattr(v, "numbers", v) for v in var_list}


def _read(path: Any) -> dict[str, np.ndarray]:
    if path is None:
        raise ValueError("Can't load save_path when it is None.")
    file = Path(str(path) + _SUFFIX)
    if not file.is_file():
        raise CheckpointNotFoundError(f"The passed save_path is not a valid checkpoint: {path}")
    with needs("safetensors", "restoring a checkpoint"):
        from safetensors.numpy import load
    return load(file.read_bytes())


def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Any = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Any = None,
    last_preserved_timestamp: Any = None,
) -> None:
    """Write the file that names the newest checkpoint."""
    paths = list(all_model_checkpoint_paths or [model_checkpoint_path])

    def line(key: str, path: str) -> str:
        inside = os.path.relpath(path, save_dir or ".") if not os.path.isabs(path) else path
        return f'{key}: "{inside}"\n'

    text = line("model_checkpoint_path", model_checkpoint_path)
    text += "".join(line("all_model_checkpoint_paths", path) for path in paths)
    atomic_write_text(os.path.join(save_dir, latest_filename or "checkpoint"), text)


def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> CheckpointState | None:
    """What the file ``checkpoint`` in a folder says; None where there is none."""
    file = Path(str(checkpoint_dir)) / (latest_filename or "checkpoint")
    if not file.is_file():
        return None
    found = re.findall(r'(\w+): "(.*)"', file.read_text(encoding="utf-8"))
    paths = [
        (key, path if os.path.isabs(path) else os.path.join(str(checkpoint_dir), path)) for key, path in found
    ]
    newest = [path for key, path in paths if key == "model_checkpoint_path"]
    return CheckpointState(
        newest[0] if newest else "", [p for k, p in paths if k == "all_model_checkpoint_paths"]
    )


def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The path of the newest checkpoint in a folder, or of the newest weights of a model; None where there is none."""
    state = get_checkpoint_state(os.fspath(checkpoint_dir), latest_filename)
    if state is None or not checkpoint_exists(state.model_checkpoint_path):
        return None
    return state.model_checkpoint_path


def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint under that name, or the weights of a model of Keras."""
    return Path(str(checkpoint_prefix) + _SUFFIX).is_file() or Path(str(checkpoint_prefix)).is_file()


def list_variables(ckpt_dir_or_file: str) -> list[tuple[str, list[int]]]:
    """Names and shapes in a checkpoint."""
    path = latest_checkpoint(ckpt_dir_or_file) if os.path.isdir(ckpt_dir_or_file) else ckpt_dir_or_file
    return [(name, list(array.shape)) for name, array in sorted(_read(path).items())]


def load_variable(ckpt_dir_or_file: str, name: str) -> np.ndarray:
    """One value of a checkpoint."""
    path = latest_checkpoint(ckpt_dir_or_file) if os.path.isdir(ckpt_dir_or_file) else ckpt_dir_or_file
    return _read(path)[name]


def load_checkpoint(ckpt_dir_or_file: str) -> NewCheckpointReader:
    """The reader of a checkpoint, or of the newest in a folder."""
    found = latest_checkpoint(ckpt_dir_or_file) if os.path.isdir(ckpt_dir_or_file) else ckpt_dir_or_file
    if found is None:
        raise ValueError(
            f"Couldn't find 'checkpoint' file or checkpoints in given directory {ckpt_dir_or_file}"
        )
    return NewCheckpointReader(found)


def init_from_checkpoint(ckpt_dir_or_file: str, assignment_map: Any) -> None:
    """Let variables begin with a checkpoint's values instead of their own first ones.

    ``assignment_map``: names in the checkpoint to variables or their names; ``"scope/"`` to ``"other_scope/"`` for all
    variables there, the checkpoint's whole as ``"/"``.
    """
    reader = load_checkpoint(ckpt_dir_or_file)
    pairs = assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map
    variables = {v.op.name: v for v in g.default_graph().get_collection(g.GraphKeys.GLOBAL_VARIABLES)}
    for old, new in pairs:
        if isinstance(new, str) and new.endswith("/"):
            scope, prefix = new if new != "/" else "", old if old != "/" else ""
            chosen = [(prefix + n[len(scope) :], v) for n, v in variables.items() if n.startswith(scope)]
            if not chosen:
                raise ValueError(
                    f"Assignment map with scope only name {new!r} should map to variables; there are none"
                )
        elif isinstance(new, str) and new not in variables:
            raise ValueError(f"Assignment map: there is no variable {new!r} in the graph")
        else:
            named = (
                [variables[new]] if isinstance(new, str) else new if isinstance(new, (list, tuple)) else [new]
            )
            chosen = [(old, v) for v in named]
        for name, v in chosen:
            if not reader.has_tensor(name):
                raise ValueError(f"Tensor {name} is not found in {ckpt_dir_or_file} checkpoint")
            array = reader.get_tensor(name)
            if not v.get_shape().is_compatible_with(array.shape):
                raise ValueError(
                    f"Shape of variable {v.op.name} {v.get_shape()} doesn't match with shape of tensor {name} "
                    f"{list(array.shape)} from checkpoint reader."
                )
            v.begin_with(array)


def warm_start(
    ckpt_to_initialize_from: str,
    vars_to_warm_start: Any = ".*",
    var_name_to_vocab_info: Any = None,
    var_name_to_prev_var_name: Mapping[str, str] | None = None,
) -> None:
    """Let variables begin with the values that a checkpoint has under their names, or the names that they had there.

    ``vars_to_warm_start``: a pattern for the names of trainable variables, names of any, or variables.
    """
    if var_name_to_vocab_info:
        raise NotImplementedError("tf.train.warm_start: var_name_to_vocab_info is not supported")
    graph, wanted = g.default_graph(), vars_to_warm_start
    if isinstance(wanted, str) or wanted is None:
        chosen = graph.get_collection(g.GraphKeys.TRAINABLE_VARIABLES, wanted)
    elif all(isinstance(v, str) for v in wanted):
        held = graph.get_collection(g.GraphKeys.GLOBAL_VARIABLES)
        chosen = [v for v in held if any(re.match(pattern, v.op.name) for pattern in wanted)]
    else:
        chosen = list(wanted)
    earlier = var_name_to_prev_var_name or {}
    init_from_checkpoint(ckpt_to_initialize_from, {earlier.get(v.op.name, v.op.name): v for v in chosen})


def checkpoints_iterator(
    checkpoint_dir: str, min_interval_secs: float = 0, timeout: float | None = None, timeout_fn: Any = None
) -> Iterator[str]:
    """The newest checkpoint of a folder, each time that there is a new one.

    It ends after ``timeout`` seconds without one, unless ``timeout_fn()`` says to go on.
    """
    last, begun = None, time.monotonic()
    while True:
        path = latest_checkpoint(checkpoint_dir)
        if path is not None and path != last:
            begun, last = time.monotonic(), path
            yield path
            time.sleep(max(0.0, begun + min_interval_secs - time.monotonic()))
        elif timeout is not None and time.monotonic() - begun > timeout:
            if timeout_fn is None or timeout_fn():
                return
            begun = time.monotonic()
        else:
            time.sleep(0.05)


def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: Any = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Remove the files of a checkpoint."""
    for suffix in (_SUFFIX, *_BESIDE):
        Path(checkpoint_prefix + suffix).unlink(missing_ok=True)


def get_checkpoint_mtimes(checkpoint_prefixes: Iterable[str]) -> list[float]:
    """When the checkpoints that exist were written, in seconds since 1970."""
    files = (Path(prefix + _SUFFIX) for prefix in checkpoint_prefixes)
    return [file.stat().st_mtime for file in files if file.is_file()]


class _KeptCheckpoints:
    """The last ``max_to_keep`` checkpoints in a folder (None: all), and those so many hours apart."""

    def __init__(
        self, directory: Any, max_to_keep: int | None, keep_checkpoint_every_n_hours: float | None, name: str
    ) -> None:
        self.directory, self.max_to_keep = os.fspath(directory), max_to_keep
        self._prefix = os.path.join(self.directory, name)
        self._pause = None if keep_checkpoint_every_n_hours is None else 3600 * keep_checkpoint_every_n_hours
        self._spared = time.time()
        state = get_checkpoint_state(self.directory)
        listed = [] if state is None else state.all_model_checkpoint_paths
        self._kept = [path for path in listed if checkpoint_exists(path)]

    @property
    def checkpoints(self) -> list[str]:
        """The paths of the checkpoints that are kept, oldest first."""
        return list(self._kept)

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the newest; None where there is none."""
        return self._kept[-1] if self._kept else None

    def keep(self, path: str) -> str:
        """A checkpoint was written: remove those that are too old, and say so in the folder; its path."""
        self._kept = [p for p in self._kept if p != path] + [path]
        while self.max_to_keep and len(self._kept) > self.max_to_keep:
            self._remove(self._kept.pop(0))
        update_checkpoint_state(self.directory, path, self._kept)
        return path

    def _remove(self, path: str) -> None:
        (written,) = get_checkpoint_mtimes([path]) or (0.0,)
        if self._pause is not None and written - self._spared >= self._pause:
            self._spared = written
        else:
            remove_checkpoint(path)


class NewCheckpointReader:
    """The names and values of a checkpoint."""

    def __init__(self, filepattern: str) -> None:
        self._arrays = _read(filepattern)

    def has_tensor(self, name: str) -> bool:
        return name in self._arrays

    def get_tensor(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        return {name: list(array.shape) for name, array in self._arrays.items()}

    def get_variable_to_dtype_map(self) -> dict[str, DType]:
        return {name: as_dtype(array.dtype) for name, array in self._arrays.items()}

    def debug_string(self) -> bytes:
        """A line for each value: name, dtype, shape."""
        kinds = self.get_variable_to_dtype_map()
        lines = (f"{n} (DT_{kinds[n].name.upper()}) {s}" for n, s in self.get_variable_to_shape_map().items())
        return "\n".join(sorted(lines)).encode()
