"""TensorFlow 0.x and 1.x: graphs, sessions and their names, translated to Thalweg.

``import thalweg.compat.tf1 as tf`` works as the old ``import tensorflow as tf`` did. The names directly below ``tf``
are those of :mod:`thalweg.compat.tf1.flat`, the namespaces those of :mod:`thalweg.compat.tf1.namespaces`.
"""

from __future__ import annotations

import importlib
from types import FunctionType as _FunctionType
from types import ModuleType as _ModuleType
from typing import Any

from thalweg.compat import names as _names
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.tf1 import graph as _graph
from thalweg.compat.tf1 import internals as _internals
from thalweg.compat.tf1 import namespaces as _namespaces
from thalweg.compat.tf1.flat import FLAT as _FLAT

__version__ = VERSION = "1.15.0"
GIT_VERSION = COMPILER_VERSION = "thalweg"

globals().update(_FLAT)
globals().update(_namespaces.BELOW_TF)


def _open_to_keras(names: dict[str, Any], seen: set[int]) -> None:
    """Functions take Keras's tensors too, here and in the namespaces below."""
    for name, thing in list(names.items()):
        if isinstance(thing, _Namespace) and id(thing) not in seen:
            seen.add(id(thing))
            _open_to_keras(vars(thing), seen)
        elif isinstance(thing, _FunctionType) and not name.startswith("_"):
            names[name] = _graph.accepting(thing)


_open_to_keras(globals(), set())
_namespaces.compat.__dict__["v1"] = importlib.import_module(__name__)  # what later programs call this room
_public = {_n: _v for _n, _v in globals().items() if not _n.startswith("_")}
python, core = _internals.internals(_public), _internals.messages(_public)


def __getattr__(name: str) -> Any:
    if name == "keras":  # its own translation, in the same graph
        try:
            return importlib.import_module("thalweg.compat.keras")
        except ModuleNotFoundError:
            pass
    if name.startswith("__"):
        raise AttributeError(name)
    known = [n for n, v in globals().items() if not n.startswith("_") and not isinstance(v, _ModuleType)]
    raise _names.unsupported("tf", name, known)
