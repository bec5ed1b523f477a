"""Thalweg: write the mathematics, and the whole training step runs as one native function.

``import thalweg as tw`` loads names on first use: nothing is compiled, and no extra is imported, before it is needed.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from thalweg.version import __version__ as __version__

# Where each public name lives. A name that is a module itself (tw.nn, tw.random, ...) stands in _MODULES.
_EXPORTS = {
    "thalweg.graph.history": "no_grad",
    "thalweg.graph.tensor": "Tensor Variable Placeholder placeholder constant",
    "thalweg.graph.updates": "Operation group",
    "thalweg.gradient": "gradients grad value_and_grad jacobian hessian custom_gradient",
    "thalweg.run.function": "function Function",
    "thalweg.run.program": "Program",
    "thalweg.run.session": "Session",
    "thalweg.run.tape": "GradientTape",
    "thalweg.run.workers": "num_threads set_num_threads",
    "thalweg.ops.draws": "set_random_seed",
    "thalweg.ops.state": "assign identity stop_gradient",
    "thalweg.errors": (
        "ThalwegError ShapeError DTypeError ArgumentError ArgumentTypeError SymbolicError GradientError "
        "UninitializedError FeedError FetchError DataError MissingFileError NanError CompileError"
    ),
    "thalweg.dtypes": "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 as_dtype",
}
_MODULES = {
    "nn": "thalweg.nn",
    "random": "thalweg.ops.random",
    "linalg": "thalweg.ops.linalg",
    "optimizers": "thalweg.optimizers",
    "initializers": "thalweg.initializers",
    "regularizers": "thalweg.regularizers",
    "constraints": "thalweg.constraints",
    "losses": "thalweg.losses",
    "metrics": "thalweg.metrics",
    "layers": "thalweg.layers",
    "callbacks": "thalweg.callbacks",
    "models": "thalweg.models",
    "data": "thalweg.data",
    "errors": "thalweg.errors",
    "dtypes": "thalweg.dtypes",
    "ops": "thalweg.ops",
}
_NAMES = {name: module for module, names in _EXPORTS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = importlib.import_module(_MODULES[name])
    elif name in _NAMES:
        importlib.import_module("thalweg.ops")  # gives tensors their operators
        value = getattr(importlib.import_module(_NAMES[name]), name)
    elif name == "bool":
        value = importlib.import_module("thalweg.dtypes").bool_
    elif not name.startswith("_") and importlib.util.find_spec(f"{__name__}.{name}") is not None:
        return importlib.import_module(f"{__name__}.{name}")
    elif not name.startswith("_") and name in (
        public := importlib.import_module("thalweg.ops.public").names()
    ):
        value = public[name]
    else:
        raise AttributeError(f"module 'thalweg' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    ops = importlib.import_module("thalweg.ops.public").names()
    return sorted({*globals(), *_NAMES, *_MODULES, *ops, "bool"})
