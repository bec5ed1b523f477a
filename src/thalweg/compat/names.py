"""Namespaces of old front ends: what is there by name, and one line for what is not."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from types import FunctionType, ModuleType
from typing import Any

LIST = "docs/compat.md lists every supported name"

_SERVING = (
    "serving formats hold TensorFlow's own nodes; tf.saved_model and tf.train.Saver have forms of their own"
)
_CLUSTER = "programs of several machines are not supported; one process does the work"
_TREES = "forests and boosted trees are no networks; scikit-learn has them"
_EAGER = "run the program with --as eager, where everything is eager"
# What is left out on purpose, and why: the longest name that fits.
REASONS = {
    "tf.contrib.session_bundle": _SERVING,
    "tf.contrib.quantize": _SERVING,
    "tf.contrib.lite": _SERVING,
    "tf.lite": _SERVING,
    "tf.core": _SERVING,
    "tf.train.Server.join": _CLUSTER,
    "tf.train.ServerDef": _CLUSTER,
    "tf.train.SyncReplicasOptimizer": _CLUSTER,
    "tf.contrib.distribute": _CLUSTER,
    "tf.distribute": _CLUSTER,
    "tf.contrib.tpu": "there is no TPU; TPUEstimator runs on the processor with use_tpu=False",
    "tf.contrib.tensor_forest": _TREES,
    "tf.contrib.boosted_trees": _TREES,
    "tf.estimator.BoostedTreesClassifier": _TREES,
    "tf.estimator.BoostedTreesRegressor": _TREES,
    "tf.contrib.eager": _EAGER,
    "tf.enable_eager_execution": _EAGER,
    "tf.load_op_library": "compiled kernels of TensorFlow cannot be loaded",
    "tf.profiler": "thalweg has its own profile of a program",
    "tf.python.debug": "thalweg has its own checks for NaNs",
}


class UnsupportedNameError(AttributeError):
    """A name of an old library that is not supplied; the message names the nearest one that is."""


class Namespace:
    """A dotted name with others below it, such as ``tf.nn``."""

    def __init__(self, dotted_name: str, /, **members: Any) -> None:
        self.__dict__["__name__"] = dotted_name
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unsupported(self.__dict__["__name__"], name, public_names(self))

    def __repr__(self) -> str:
        return f"<namespace {self.__dict__['__name__']}>"


def public_names(namespace: Any) -> list[str]:
    """The names in a namespace or module."""
    return sorted(name for name in vars(namespace) if not name.startswith("_"))


def members(namespace: Namespace) -> dict[str, Any]:
    """What a namespace holds."""
    return {name: vars(namespace)[name] for name in public_names(namespace)}


def reason(name: str) -> str | None:
    """Why a name is left out on purpose."""
    parts = name.split(".")
    found = (REASONS.get(".".join(parts[:k])) for k in range(len(parts), 0, -1))
    return next(filter(None, found), None)


def unsupported(where: str, name: str, known: list[str]) -> UnsupportedNameError:
    """The error for a name that is not there."""
    full = f"{where}.{name}"
    why = reason(full)
    if why is not None:
        return UnsupportedNameError(f"{full} is not supported: {why}; {LIST}")
    near = get_close_matches(name, known, 1, 0.6)
    nearest = f"; the nearest is {where}.{near[0]}" if near else ""
    return UnsupportedNameError(f"{full} is not supported{nearest}; {LIST}")


def own(module: ModuleType, *extra: str) -> dict[str, Any]:
    """The public functions, classes and constants that a module defines (a package: its modules), and the named
    ones that it imports. Functions have the name that they have here.
    """
    found = {}
    for name, value in vars(module).items():
        home = getattr(value, "__module__", module.__name__ if isinstance(value, (int, str)) else None)
        at_home = home is not None and f"{home}.".startswith(f"{module.__name__}.")
        if name in extra or (not name.startswith("_") and at_home):
            found[name] = value
            if at_home and isinstance(value, FunctionType) and value.__name__ not in vars(module):
                value.__name__ = value.__qualname__ = name  # made by another function, whose name it had
    return found


def walk(namespace: Any, prefix: str, seen: set[int] | None = None) -> Iterator[str]:
    """All dotted names below a namespace."""
    seen = set() if seen is None else seen
    if id(namespace) in seen:
        return
    seen.add(id(namespace))
    for name in public_names(namespace):
        value = vars(namespace)[name]
        yield f"{prefix}.{name}"
        if isinstance(value, Namespace):
            yield from walk(value, f"{prefix}.{name}", seen)


def described(op: Any) -> str:
    """What a function of the main library does, without its examples: those are written in its own names."""
    return (op.__doc__ or "").partition(">>>")[0].rstrip()
