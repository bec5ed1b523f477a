"""TensorFlow 2: eager tensors, tapes, data sets and tf.keras, translated to Thalweg.

``import thalweg.compat.tf2 as tf`` works as the old ``import tensorflow as tf`` did.
"""

from __future__ import annotations

import importlib
import os as _os
from contextlib import contextmanager as _contextmanager
from typing import Any

import numpy as _np

from thalweg import dtypes as _dtypes
from thalweg.compat import keras as keras
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.names import own as _own
from thalweg.compat.names import unsupported as _unsupported
from thalweg.compat.tf2 import functions as _functions
from thalweg.compat.tf2.data import data as data
from thalweg.graph.tensor import Tensor as Tensor

__version__ = "2.4.0"
newaxis = None
_RENAMED = {"slice_": "slice", "range_": "range", "print_": "print"}
_hidden = {"tensor", "operand", "Function", "nn_room", *_RENAMED}
globals().update(
    {n: v for n, v in _own(_functions).items() if n not in _hidden and not n.startswith("random_")}
)
globals().update({new: getattr(_functions, old) for old, new in _RENAMED.items()})
globals().update(_functions._flat)
Variable, math, random, linalg = _functions.Variable, _functions.math, _functions.random, _functions.linalg
nn = _functions.nn_room
zeros, ones = _functions.zeros, _functions.ones
reduce_sum, reduce_mean, reduce_max = _functions.reduce_sum, _functions.reduce_mean, _functions.reduce_max
reduce_min, reduce_prod = _functions.reduce_min, _functions.reduce_prod
reduce_any, reduce_all = _functions.reduce_any, _functions.reduce_all
reduce_logsumexp = _functions.reduce_logsumexp

for _name in ("int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64").split():
    globals()[_name] = _np.dtype(_name)
bool = _np.dtype("bool")
double, half = _np.dtype("float64"), _np.dtype("float16")
as_dtype = _dtypes.as_dtype

optimizers, losses, metrics, initializers = keras.optimizers, keras.losses, keras.metrics, keras.initializers
random_normal_initializer = keras.initializers.RandomNormal
random_uniform_initializer = keras.initializers.RandomUniform
truncated_normal_initializer = keras.initializers.TruncatedNormal
zeros_initializer, ones_initializer = keras.initializers.Zeros, keras.initializers.Ones
constant_initializer = keras.initializers.Constant


class Module:
    """What owns variables: those in attributes, and in modules and lists there."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or type(self).__name__

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables, each once."""
        found: dict[int, Any] = {}
        for value in vars(self).values():
            for part in value if isinstance(value, (list, tuple)) else [value]:
                inner = part.variables if isinstance(part, (Module, keras.Layer)) else [part]  # type: ignore[arg-type]
                found.update((id(v), v) for v in inner if isinstance(v, Variable))  # type: ignore[arg-type]
        return tuple(found.values())

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that training moves."""
        return tuple(v for v in self.variables if v.trainable)


@_contextmanager
def device(name: Any) -> Any:
    """A block; everything runs on the processor."""
    yield


@_contextmanager
def name_scope(name: str) -> Any:
    """A block; names are not nested."""
    yield name


def executing_eagerly() -> Any:
    """Always."""
    return True


def is_tensor(x: Any) -> Any:
    """Whether it is a tensor."""
    return isinstance(x, Tensor)


def assert_equal(x: Any, y: Any, *more: Any, **ignored: Any) -> None:
    """An AssertionError unless all elements are equal."""
    if not _np.array_equal(_np.asarray(x), _np.asarray(y)):
        raise AssertionError(f"{x} != {y}")


def _nothing(*args: Any, **kwargs: Any) -> Any:
    return []


def _set_threads(count: int) -> None:
    from thalweg.run.workers import set_num_threads

    if count:
        set_num_threads(count)


config = _Namespace(
    "tf.config",
    list_physical_devices=_nothing,
    list_logical_devices=_nothing,
    set_visible_devices=_nothing,
    run_functions_eagerly=_nothing,
    threading=_Namespace(
        "tf.config.threading",
        set_intra_op_parallelism_threads=_set_threads,
        set_inter_op_parallelism_threads=_nothing,
    ),
    experimental=_Namespace(
        "tf.config.experimental",
        list_physical_devices=_nothing,
        set_memory_growth=_nothing,
        list_logical_devices=_nothing,
    ),
)
test = _Namespace(
    "tf.test",
    is_gpu_available=lambda *a, **k: False,
    gpu_device_name=lambda: "",
    is_built_with_cuda=lambda: False,
)
autograph = _Namespace("tf.autograph", set_verbosity=_nothing)
get_logger = lambda: __import__("logging").getLogger("thalweg")
io = _Namespace(
    "tf.io",
    gfile=_Namespace(
        "tf.io.gfile", exists=_os.path.exists, makedirs=lambda p: _os.makedirs(p, exist_ok=True), listdir=_os.listdir,
        isdir=_os.path.isdir, remove=_os.remove, GFile=open,
    ),
)  # fmt: skip


class Checkpoint:
    """Models (and optimizers) kept in files by :meth:`save` and read by :meth:`restore`."""

    def __init__(self, root: Any = None, **objects: Any) -> None:
        self.objects = {**({"root": root} if root is not None else {}), **objects}
        self.saved = 0

    def _variables(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, thing in self.objects.items():
            listed = (
                thing.variables()
                if callable(getattr(thing, "variables", None))
                else getattr(thing, "variables", [thing])
            )
            found.update((f"{name}/{k}", v) for k, v in enumerate(listed) if hasattr(v, "get_value"))
        return found

    def save(self, file_prefix: str) -> str:
        """Write the values to ``file_prefix-number``; its path."""
        self.saved += 1
        return self.write(f"{file_prefix}-{self.saved}")

    def write(self, path: str) -> str:
        """Write the values to a file; its path."""
        _os.makedirs(_os.path.dirname(path) or ".", exist_ok=True)
        with open(f"{path}.npz", "wb") as file:
            _np.savez(file, **{n: v.get_value() for n, v in self._variables().items()})
        with open(_os.path.join(_os.path.dirname(path), "checkpoint"), "w", encoding="utf-8") as file:
            file.write(_os.path.basename(path))
        return path

    def restore(self, save_path: str | None) -> Any:
        """Read the values from a file; nothing where there is none."""
        if save_path is not None:
            with _np.load(f"{save_path}.npz", allow_pickle=False) as kept:
                for name, variable in self._variables().items():
                    if name in kept:
                        variable.set_value(kept[name])
        return _Namespace(
            "status",
            assert_consumed=_nothing,
            expect_partial=_nothing,
            assert_existing_objects_matched=_nothing,
        )

    read = restore


def _latest(checkpoint_dir: str, **ignored: Any) -> str | None:
    index = _os.path.join(checkpoint_dir, "checkpoint")
    if not _os.path.exists(index):
        return None
    with open(index, encoding="utf-8") as file:
        return _os.path.join(checkpoint_dir, file.read())


train = _Namespace("tf.train", Checkpoint=Checkpoint, latest_checkpoint=_latest)


class _Compat:
    """``tf.compat``: the first generation beside this one."""

    @property
    def v1(self) -> Any:
        """``thalweg.compat.tf1``."""
        return importlib.import_module("thalweg.compat.tf1")


compat = _Compat()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise _unsupported("tf", name, [n for n in globals() if not n.startswith("_")])
