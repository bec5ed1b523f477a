"""TensorFlow 2's names where a graph is built: within ``with tf.Graph().as_default():``, in a function that
``tf.compat.v1.wrap_function`` wraps, after ``tf.compat.v1.disable_eager_execution()``; also ``tf`` in a whole program
of graphs that is written in the names of the second generation and those of ``tf.compat.v1``.

A name is that of :mod:`thalweg.compat.tf1` where both generations mean the same by it; where the second means something
else (``tf.nn.dropout`` takes the rate, ``tf.losses`` are Keras's), or alone has it, its own works on the nodes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from thalweg.compat import names as _names
from thalweg.compat import tf1 as _tf1
from thalweg.compat import tf2 as _tf2
from thalweg.compat.tf1 import graph as _graph
from thalweg.compat.tf1.graph import Node as _Node
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.nested import flat, mapped


def _on_nodes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the second generation's tensors, which takes nodes and gives them."""

    @functools.wraps(function)
    def apply(*args: Any, **options: Any) -> Any:
        given = flat([list(args), options])
        nodes = [x for x in given if isinstance(x, _Node)]
        made = function(
            *mapped(_expression, list(args)), **{n: mapped(_expression, v) for n, v in options.items()}
        )
        known = {id(t) for t in topological([x.t for x in nodes])}
        new = topological([t for t in flat(made) if isinstance(t, Tensor)], stop=lambda t: id(t) in known)
        if any(t.op is not None and t.op.draws and id(t) not in known for t in new):
            raise fail(
                SymbolicError, f"tf.{function.__name__}: it draws, and a session would draw the same at each run",
                hint="use the function of this name below tf.compat.v1",
            )  # fmt: skip
        return mapped(
            lambda t: _graph.wrap(t, None, function.__name__, nodes) if isinstance(t, Tensor) else t, made
        )

    return apply


def _expression(x: Any) -> Any:
    return _graph.value(x) if isinstance(x, _Node) and x.t is not None else x


def _as_second(thing: Any) -> Any:
    return _on_nodes(thing) if isinstance(thing, FunctionType) else thing


class _Both(_names.Namespace):
    """Names of the first generation, but for ``other``, which mean what the second says; what only that has is its."""

    def __init__(self, name: str, first: Any, second: Any, **other: Any) -> None:
        super().__init__(f"tf.{name}", **{**_names.members(first), **other})
        self.__dict__["_second"] = second

    def __getattr__(self, name: str) -> Any:
        found = vars(self.__dict__["_second"]).get(name)
        if found is None or name.startswith("_"):
            return super().__getattr__(name)
        return _as_second(found)


def _dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Elements set to 0 with probability ``rate``, the others divided by ``1 - rate``."""
    return _tf1.nn.dropout(x, noise_shape=noise_shape, seed=seed, name=name, rate=rate)


_second: Any = _tf2
_NAMESPACES = {
    "nn": _Both(
        "nn", _tf1.nn, _tf2.nn, dropout=_dropout,
        softmax_cross_entropy_with_logits=_on_nodes(_tf2.nn.softmax_cross_entropy_with_logits),
        embedding_lookup=_on_nodes(_tf2.nn.embedding_lookup),
    ),
    "image": _Both("image", _tf1.image, _tf2.image, resize=_on_nodes(_tf2.image.resize)),
    "random": _Both("random", _tf1.random, _tf2.random, set_seed=_tf1.set_random_seed),
    **{n: _Both(n, getattr(_tf1, n), getattr(_tf2, n)) for n in ("linalg", "math", "signal", "sparse", "strings")},
}  # fmt: skip
for _name in ("losses", "metrics"):  # Keras's; what they have not was of the first generation alone
    _own = _names.members(getattr(_second, _name))
    _NAMESPACES[_name] = _Both(
        _name, getattr(_tf1, _name), _names.Namespace(_name), **{n: _as_second(v) for n, v in _own.items()}
    )
where = _on_nodes(_tf2.where)
version, __version__ = _second.version, _second.__version__
keras = _tf2.keras


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in _NAMESPACES:
        return _NAMESPACES[name]
    if name in vars(_tf1):
        return vars(_tf1)[name]
    found = vars(_tf2).get(name)
    if found is None or isinstance(found, ModuleType):
        return getattr(_tf2, name)  # which says what there is
    return _as_second(found)
