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
from thalweg.compat.tf1.flat import FLAT as _FLAT

__version__ = VERSION = "1.15.0"
GIT_VERSION = COMPILER_VERSION = "thalweg"

_namespaces: Any = importlib.import_module("thalweg.compat.tf1.namespaces")

globals().update(_FLAT)
app = _namespaces.app
bitwise = _namespaces.bitwise
compat = _namespaces.compat
contrib = _namespaces.contrib
data = _namespaces.data
debugging = _namespaces.debugging
distributions = _namespaces.distributions
dtypes = _namespaces.dtypes
errors = _namespaces.errors
estimator = _namespaces.estimator
examples = _namespaces.examples
feature_column = _namespaces.feature_column
flags = _namespaces.flags
gfile = _namespaces.gfile
graph_util = _namespaces.graph_util
image = _namespaces.image
initializers = _namespaces.initializers
io = _namespaces.io
layers = _namespaces.layers
linalg = _namespaces.linalg
logging = _namespaces.logging
lookup = _namespaces.lookup
losses = _namespaces.losses
manip = _namespaces.manip
math = _namespaces.math
metrics = _namespaces.metrics
models = _namespaces.models
nest = _namespaces.nest
nn = _namespaces.nn
python_io = _namespaces.python_io
quantization = _namespaces.quantization
queue = _namespaces.queue
random = _namespaces.random
rnn_cell = _namespaces.rnn_cell
saved_model = _namespaces.saved_model
sets = _namespaces.sets
signal = _namespaces.signal
sparse = _namespaces.sparse
spectral = _namespaces.spectral
strings = _namespaces.strings
summary = _namespaces.summary
sysconfig = _namespaces.sysconfig
tensorboard = _namespaces.tensorboard
test = _namespaces.test
train = _namespaces.train


def _open_to_keras(names: dict[str, Any], seen: set[int]) -> None:
    """Functions take Keras's tensors too, here and in the namespaces below."""
    for name, thing in list(names.items()):
        if isinstance(thing, _Namespace) and id(thing) not in seen:
            seen.add(id(thing))
            _open_to_keras(vars(thing), seen)
        elif isinstance(thing, _FunctionType) and not name.startswith("_"):
            names[name] = _graph.accepting(thing)


_open_to_keras(globals(), set())
vars(_namespaces.compat)["v1"] = importlib.import_module(__name__)  # what later programs call this room
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
