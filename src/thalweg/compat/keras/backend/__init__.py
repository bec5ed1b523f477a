"""``keras.backend``: the functions that layers and losses were written with, over the main library's ops."""

from __future__ import annotations

import builtins as _builtins
import importlib as _importlib
import sys as _sys
from typing import Any

from thalweg.compat import graphs as _graphs
from thalweg.compat.keras.backend import arithmetic as _arithmetic
from thalweg.compat.keras.backend import draws as _draws
from thalweg.compat.keras.backend import functions as _functions
from thalweg.compat.keras.backend import networks as _networks
from thalweg.compat.keras.backend import settings as _settings
from thalweg.compat.keras.backend import shapes as _shapes
from thalweg.compat.keras.backend import values as _values
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.names import own as _own
from thalweg.compat.names import unsupported as _unsupported
from thalweg.errors import ArgumentError as _ArgumentError
from thalweg.errors import fail as _fail
from thalweg.layers import activations as _activations
from thalweg.registry import register as _register

for _room in (_settings, _values, _functions, _shapes, _arithmetic, _networks, _draws):
    globals().update(_own(_room))

hard_sigmoid = _activations.hard_sigmoid_of_keras_2
for (
    _helper
) in "HeldInput beside held held_below lengths_of makes_graph".split():  # for optimizers of programs alone
    globals().pop(_helper)
_EPSILON, _BACKEND = 1e-7, "tensorflow"
for _room in (_arithmetic, _networks):  # files may name them: Activation(K.relu)
    for _name, _function in _own(_room).items():
        _register("keras.backend", _name)(_function)
common = _Namespace("keras.backend.common", _EPSILON=_EPSILON, **_own(_settings))
tensorflow_backend = _sys.modules[__name__]  # where programs found set_session
py_all, py_any, py_sum, py_slice = _builtins.all, _builtins.any, _builtins.sum, _builtins.slice


def _to_tensor(x: Any, dtype: Any) -> Any:
    """A number or array as a tensor of this dtype."""
    return _values.cast(_values.constant(x), dtype)


def _preprocess_padding(padding: str) -> str:
    """``same`` or ``valid`` as TensorFlow writes it."""
    if padding not in ("same", "valid"):
        raise _fail(_ArgumentError, "padding", expected="'same' or 'valid'", received=padding)
    return padding.upper()


def _to_last_channels(x: Any, data_format: str) -> Any:
    """What Keras until 2.1 convolved: an input whose channels are the last axis."""
    first = _settings.normalize_data_format(data_format) == "channels_first"
    return _shapes.permute_dimensions(x, (0, *range(2, _shapes.ndim(x)), 1)) if first else x


def _from_last_channels(x: Any, data_format: str) -> Any:
    """What was convolved with channels as the last axis, with them where the format has them."""
    n, first = _shapes.ndim(x), _settings.normalize_data_format(data_format) == "channels_first"
    return _shapes.permute_dimensions(x, (0, n - 1, *range(1, n - 1))) if first else x


_preprocess_conv2d_input = _preprocess_conv3d_input = _to_last_channels
_postprocess_conv2d_output = _postprocess_conv3d_output = _from_last_channels


def _get_available_gpus() -> list[str]:
    """The names of the GPUs that layers would run on: none."""
    return []


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    # TensorFlow as the program has it, symbols of its graph or tensors, and rooms of it that Keras had at hand.
    if name in ("tf", "control_flow_ops", "functional_ops", "tensor_array_ops"):
        return _importlib.import_module(f"thalweg.compat.{'eager' if _graphs.backend is None else 'tf1'}")
    raise _unsupported("keras.backend", name, [n for n in globals() if not n.startswith("_")])
