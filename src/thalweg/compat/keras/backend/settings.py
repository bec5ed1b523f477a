"""``keras.backend``: dtype, epsilon, order of axes, names, the learning phase."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.compat import graphs
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor
from thalweg.graph.tensor import placeholder as _placeholder
from thalweg.graph.updates import current_recorder
from thalweg.layers.base import clear_session as start_names_over
from thalweg.layers.calls import trainings
from thalweg.layers.naming import next_number
from thalweg.ops.elementwise import astype, where

_settings: dict[str, Any] = {
    "floatx": "float32", "epsilon": 1e-7, "data_format": "channels_last", "phase": None,
    "graph": False,  # whether the program's expressions make a graph, as those of stand-alone Keras did
}  # fmt: skip


def backend() -> str:
    """The name of the backend: programs that ask mean the order of axes and the names, which are TensorFlow's."""
    return "tensorflow"


def floatx() -> str:
    """The dtype of weights."""
    return str(_settings["floatx"])


def set_floatx(dtype: str) -> None:
    """The dtype of the weights of the layers, and of the inputs, that are made from now on."""
    if dtype not in ("float16", "float32", "float64"):
        raise fail(ArgumentError, "floatx", expected="float16, float32 or float64", received=repr(dtype))
    _settings["floatx"] = dtype


def epsilon() -> float:
    """The small number that keeps logarithms and quotients finite."""
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Another small number."""
    _settings["epsilon"] = value


def image_data_format() -> str:
    """Where images have their channels."""
    return str(_settings["data_format"])


def set_image_data_format(data_format: str) -> None:
    """What :func:`image_data_format` answers, and what layers of images take where they are not told."""
    if data_format not in ("channels_first", "channels_last"):
        raise fail(
            ArgumentError,
            "data_format",
            expected="channels_first or channels_last",
            received=repr(data_format),
        )
    _settings["data_format"] = data_format


def image_dim_ordering() -> str:
    """``tf`` for channels last, ``th`` for channels first."""
    return "tf" if image_data_format() == "channels_last" else "th"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """:func:`set_image_data_format` by the older names, ``tf`` and ``th``."""
    set_image_data_format("channels_last" if dim_ordering == "tf" else "channels_first")


def _home() -> Path:
    """The folder in which Keras keeps its settings and what it has downloaded: ``$KERAS_HOME`` or ``~/.keras``."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()


def _read_settings() -> None:
    """What the user's ``keras.json`` says: dtype, epsilon, order of axes.

    A file that is no JSON says nothing, as in Keras.
    """
    try:
        said = json.loads((_home() / "keras.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name, setter in _SETTERS.items():
        if name in said:
            setter(said[name])


_SETTERS: dict[str, Callable[[Any], None]] = {
    "floatx": set_floatx,
    "epsilon": set_epsilon,
    "image_dim_ordering": set_image_dim_ordering,
    "image_data_format": set_image_data_format,
}


def clear_session() -> None:
    """Start the automatic names over, and ask for the learning phase again."""
    reset_uids()
    if graphs.backend is not None:
        graphs.backend.clear()
    _settings["phase"] = None


def reset_uids() -> None:
    """Start the automatic names over."""
    start_names_over()


def get_uid(prefix: str = "") -> int:
    """A number that was not given for this prefix before."""
    return next_number(prefix)


_phase = _placeholder("int32", [], name="keras_learning_phase")


def learning_phase() -> Any:
    """What stands for training (1) or not (0) among the inputs of ``K.function``."""
    if trainings():  # within a layer's call it is known
        training = trainings()[-1]
        return training if isinstance(training, Tensor) else int(bool(training))
    return _phase if _settings["phase"] is None else _settings["phase"]


def set_learning_phase(value: int) -> None:
    """Fix the phase; None asks again."""
    if value not in (0, 1, None):
        raise fail(ArgumentError, "learning_phase", expected="0 or 1", received=repr(value))
    _settings["phase"] = value


def fixed_phase() -> Any:
    """The phase that was set; None where each function says it."""
    return _settings["phase"]


def makes_graph() -> bool:
    """Whether what the program writes now is part of a graph, not of a layer's call or a step."""
    return _settings["graph"] and not trainings() and current_recorder() is None


@contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """The phase within a block."""
    before = _settings["phase"]
    _settings["phase"] = value
    try:
        yield
    finally:
        _settings["phase"] = before


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` in training and ``alt`` else; functions are called."""
    if training is None or training is _phase:
        training = trainings()[-1] if trainings() else _settings["phase"]
    if isinstance(training, Tensor) and training.is_symbolic:
        return where(astype(training, np.dtype(bool)), _called(x), _called(alt))
    return _called(x if training else alt)


def _called(thing: Any) -> Any:
    return thing() if callable(thing) and not isinstance(thing, Tensor) else thing


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` in training and ``x`` else."""
    return in_train_phase(alt, x, training)


def normalize_data_format(value: Any) -> str:
    """Where images have their channels: as told, or as the backend is set to."""
    value = image_data_format() if value is None else str(value).lower()
    if value not in ("channels_first", "channels_last"):
        raise fail(
            ArgumentError, "data_format", expected="channels_first or channels_last", received=repr(value)
        )
    return str(value)


def set_legacy_weight_ordering(value: bool) -> None:
    """Accepted: weights have one order."""


def manual_variable_initialization(value: bool) -> None:
    """Accepted: variables have values at once."""


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """A block; names of layers are not nested."""
    yield name
