"""Namespaces of old front ends: what is there by name, and one line for what is not."""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from thalweg.errors import ArgumentError, fail

T = TypeVar("T")

LIST = "docs/compat.md lists every supported name"

_SERVING = (
    "serving formats hold TensorFlow's own nodes; tf.saved_model and tf.train.Saver have forms of their own"
)
_CLUSTER = "programs of several machines are not supported; one process does the work"
_BOOSTED = "the trees of TensorFlow 1.3 to 1.5 had a library of their own; tf.estimator.BoostedTreesClassifier is here"
_DUAL = "dual coordinate ascent is not here; the nearest is tf.losses.hinge_loss with tf.train.FtrlOptimizer"
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
    "tf.contrib.tensor_forest": "forests are no networks; the nearest is sklearn.ensemble's RandomForestClassifier",
    "tf.contrib.boosted_trees": _BOOSTED,
    "tf.contrib.timeseries": "models of series are not here; the nearest is tf.keras.layers.LSTM over windows",
    "tf.contrib.linear_optimizer": _DUAL,
    "tf.contrib.learn.SVM": _DUAL,
    "tf.contrib.factorization.GMM": "the nearest are KMeansClustering here and sklearn.mixture.GaussianMixture",
    "tf.contrib.factorization.WALSMatrixFactorization": "the nearest is a product of two embeddings that train",
    "tf.contrib.eager": _EAGER,
    "tf.enable_eager_execution": _EAGER,
    "tf.load_op_library": "compiled kernels of TensorFlow cannot be loaded",
    "tf.profiler": "thalweg has its own profile of a program",
    "tf.python.debug": "thalweg has its own checks for NaNs",
}


class UnsupportedNameError(AttributeError):
    """A name of an old library that is not supplied; the message names the nearest one that is."""


# The room that ``tensorflow`` stands for in the program that runs or is checked; None without a program.
spoken: str | None = None
# The rooms in which a name may be, by the first word of the namespace that lacks it.
_ROOMS = {name: f"thalweg.compat.{name}" for name in ("keras", "theano", "lasagne")}
_GENERATIONS = {"thalweg.compat.tf1": "TensorFlow 1", "thalweg.compat.tf2": "TensorFlow 2"}


class MissingNameError(UnsupportedNameError):
    """A name that a namespace lacks. What is nearest to it is looked for when the message is read: programs ask for
    names to find out whether they are there.
    """

    def __init__(self, where: str, name: str, known: Iterable[str]) -> None:
        super().__init__(where, name)
        self.where, self.missing, self.known = where, name, known

    def __str__(self) -> str:
        full = f"{self.where}.{self.missing}"
        why = reason(full.replace("tensorflow.", "tf.", 1).replace("tf.compat.v1.", "tf.", 1))
        if why is not None:
            return f"{full} is not supported: {why}; {LIST}"
        near = nearest(self.missing, self.known)
        place = _elsewhere(full) or (near and f"{self.where}.{near}")
        told = [f"the nearest is {place}"] if place else []
        return "; ".join([f"{full} is not supported", *told, *_other_generations(full), LIST])


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


def unsupported(where: str, name: str, known: Iterable[str]) -> MissingNameError:
    """The error for a name that is not there."""
    return MissingNameError(where, name, known)


def only(call: str, argument: str, value: Any, default: Any = None) -> None:
    """Refuse an argument that another library has and this one does not do, unless it has its default.

    >>> only("DNNClassifier", "batch_norm", False, False)
    >>> only("DNNClassifier", "batch_norm", True, False)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    thalweg.errors.ArgumentError: DNNClassifier: batch_norm is not done here; expected False; received True...
    """
    if value is not default and not (isinstance(value, type(default)) and value == default):
        raise fail(ArgumentError, f"{call}: {argument} is not done here", expected=default, received=value)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that another one most likely stands for: itself but for capitals and underscores, one that is
    nearly it, one that begins with it.

    >>> nearest("Relu", ["elu", "relu"]), nearest("sparse_column", ["crossed_column", "sparse_column_with_keys"])
    ('relu', 'sparse_column_with_keys')
    """
    names = [n for n in known if not n.startswith("_")]
    same = next((n for n in names if _folded(n) == _folded(name)), None)
    near = get_close_matches(name, names, 1, 0.75)
    longer = min((n for n in names if len(name) > 4 and n.startswith(name)), key=len, default=None)
    return same or (near[0] if near else longer)


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def _other_generations(full: str) -> Iterator[str]:
    """What is said of a name of TensorFlow that the other generation's room has."""
    first, _, rest = full.partition(".")
    if first in ("tf", "tensorflow") and spoken in _GENERATIONS:
        for room, title in _GENERATIONS.items():
            if room != spoken and _is_there(importlib.import_module(room), rest):
                yield f"{title} has it (--as {room.rpartition('.')[2]})"


def _is_there(space: Any, dotted: str) -> bool:
    for part in dotted.split("."):
        space = vars(space).get(part) if isinstance(space, (Namespace, ModuleType)) else None
    return space is not None


def _elsewhere(full: str) -> str | None:
    """The shortest name of the same library that ends as this one does."""
    first = "keras" if ".keras." in full else full.partition(".")[0].replace("tensorflow", "tf")
    room = spoken if first == "tf" else _ROOMS.get(first)
    if room is None:
        return None
    name, root = full.rpartition(".")[2], importlib.import_module(room)
    seen, queue = {id(root)}, deque([(vars(root), first)])
    while queue:
        names, path = queue.popleft()
        for key, value in sorted(names.items()):
            if _is_space(key, value, root):
                if id(value) not in seen:
                    seen.add(id(value))
                    queue.append((vars(value), f"{path}.{key}"))
            elif key == name and not isinstance(value, ModuleType):
                return f"{path}.{key}"
    return None


def _is_space(key: str, value: Any, root: ModuleType) -> bool:
    """Whether a name in a room stands for a namespace in which programs find names."""
    if key.startswith("_") or key in ("python", "core") or key in getattr(root, "_helpers", ()):
        return False
    inner = isinstance(value, ModuleType) and value.__name__.startswith(f"{root.__name__}.")
    return isinstance(value, Namespace) or (inner and root.__name__ not in _GENERATIONS)


_inner: set[Any] = set()


def inner(thing: T) -> T:
    """A function or class that a room has for other rooms, not for programs."""
    _inner.add(thing)
    return thing


def own(module: ModuleType, *extra: str) -> dict[str, Any]:
    """The public functions, classes and constants that a module defines (a package: its modules), and the named
    ones that it imports. Functions have the name that they have here.
    """
    found = {}
    for name, value in vars(module).items():
        home = getattr(value, "__module__", module.__name__ if isinstance(value, (int, str)) else None)
        at_home = home is not None and f"{home}.".startswith(f"{module.__name__}.")
        if name in extra or (not name.startswith("_") and at_home and not _is_inner(value)):
            found[name] = value
            if at_home and isinstance(value, FunctionType) and value.__name__ not in vars(module):
                value.__name__ = value.__qualname__ = name  # made by another function, whose name it had
    return found


def _is_inner(value: Any) -> bool:
    return isinstance(value, (FunctionType, type)) and value in _inner


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
