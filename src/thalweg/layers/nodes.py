"""Calls of layers on symbolic tensors, remembered so that a model can be made of the inputs and outputs."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, SymbolicError, fail, user_line
from thalweg.graph.tensor import Placeholder, Spec, Tensor, check_shape
from thalweg.graph.walk import rebuild, remake, topological
from thalweg.layers.naming import next_number
from thalweg.nested import flat, mapped
from thalweg.ops.state import identity

__all__ = [
    "Input",
    "InputLayer",
    "Node",
    "Symbol",
    "nodes_between",
    "placeholders_for",
    "run_nodes",
    "symbols_of",
]

_counter = itertools.count()


class _NoLengthError(SymbolicError, AttributeError):
    """The length of a symbol was asked for."""


class _NoLength:
    """``__len__`` that is not there: programs for Keras ask by ``hasattr`` whether there are several outputs."""

    def __get__(self, symbol: Any, owner: Any = None) -> Any:
        if symbol is None:
            return self
        raise fail(
            _NoLengthError, f"{symbol.label()} is symbolic: it has no length", hint="x.shape[0] has it"
        )


class Symbol(Tensor):
    """A symbolic tensor that a layer made; ``node`` is the call that made it.

    ``said_shape`` is the shape, with lengths that the graph leaves open as the layer says them: nothing checks those.
    """

    __slots__ = ("node", "said_shape")

    node: Node
    said_shape: Any
    __len__: Any = _NoLength()

    @property
    def _keras_shape(self) -> Any:
        """The shape, as programs for Keras 1 and 2 read it."""
        return self.said_shape

    @property
    def _keras_history(self) -> tuple[Any, int, int]:
        """The layer that made it, in which of its calls, and which of the outputs it is, as programs for Keras read
        them.
        """
        call = next(k for k, node in enumerate(self.node.layer._nodes) if node is self.node)
        return self.node.layer, call, [id(t) for t in flat(self.node.outputs)].index(id(self))


class InputSymbol(Placeholder):
    """An input of a model: a placeholder, made by :func:`Input`."""

    __slots__ = ()

    def taken(self, value: Tensor) -> Tensor:
        """A value that stands for it, as the layers take it."""
        return value

    @property
    def _keras_shape(self) -> Any:
        """The shape, as programs for Keras 1 and 2 read it."""
        return self.shape

    __len__: Any = _NoLength()


def Input(
    shape: Sequence[int | None] | int | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: Sequence[int | None] | None = None,
) -> Any:
    """A symbolic input of a model; ``shape`` is that of one example, ``batch_shape`` has the batch in front.

    ``dtype="string"`` makes one of texts: a uint32 tensor with one axis more, the characters.

    >>> Input((28, 28)).shape
    (None, 28, 28)
    """
    if batch_shape is None:
        if shape is None:
            raise fail(ArgumentError, "Input", expected="shape or batch_shape")
        batch_shape = (batch_size, *((shape,) if isinstance(shape, int) else tuple(shape)))
    if dtype in ("string", str):
        batch_shape, dtype = (*batch_shape, None), "uint32"
    wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    spec = Spec(check_shape(batch_shape), wanted)
    return InputSymbol(
        None,
        (),
        {},
        (spec,),
        name=name or f"input_{next_number('input')}",
        built_at=user_line(),
        tracked=True,
    )


def InputLayer(shape: Any = None, input_shape: Any = None, **options: Any) -> Any:
    """:func:`Input` under the name of its layer, with the older argument ``input_shape``."""
    return Input(shape if input_shape is None else input_shape, **options)


def shapes_of(inputs: Any) -> Any:
    """The shape of a tensor, or the shapes in the structure of several; of symbols as their layers say them."""
    return mapped(lambda t: t.said_shape if isinstance(t, Symbol) else t.shape, inputs)


def symbols_of(structure: Any) -> list[Tensor]:
    """The symbolic tensors among the leaves."""
    return [t for t in flat(structure) if isinstance(t, Tensor) and t.is_symbolic]


class Node:
    """One call of a layer: the layer, its arguments, and the symbols that stand for what it gave.

    ``again`` is what is called on other values: the layer, unless it says otherwise. ``beside`` are the symbols that
    the layer reads without being called on them, as a function may that was written among them.
    """

    def __init__(self, layer: Any, args: Any, kwargs: Any) -> None:
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.again = layer.as_called_now(*args)
        self.number = next(_counter)
        self.outputs: Any = None
        self.beside: list[Tensor] = []
        self.followers: list[Node] = []  # the calls on what this one gave
        for t in flat([args, kwargs]):
            if isinstance(t, Symbol):
                t.node.followers.append(self)

    def outputs_for(self, results: Any, said: Callable[[], Any]) -> Any:
        """The structure of results with symbols in place of its tensors, also of those that depend on no input.

        ``said`` gives the shapes that the layer says, or None; it is asked where one is open behind the batch.
        """
        symbolic = {id(t): t for t in flat(results) if isinstance(t, Tensor)}
        self.beside = _read_beside(list(symbolic.values()), flat((self.args, self.kwargs)))
        open_ones = any(None in (t.shape or ())[1:] for t in symbolic.values())
        shapes = _each_shape(said() if open_ones else None)
        new = {
            name: self._symbol(identity(t) if t.op is None or isinstance(t, Symbol) else t, shape)
            for (name, t), shape in zip(symbolic.items(), itertools.chain(shapes, itertools.repeat(None)))
        }
        self.outputs = mapped(lambda t: new.get(id(t), t), results)
        return self.outputs

    def _symbol(self, t: Tensor, shape: Any) -> Symbol:
        symbol = Symbol(t.op, t.inputs, t.attrs, t.specs, name=t.name, built_at=t.built_at, tracked=t.tracked)
        symbol.node, symbol.said_shape = self, t.shape
        if shape is not None and t.shape is not None and len(shape) == len(t.shape):
            told = [said if isinstance(said, (int, np.integer)) else None for said in shape[1:]]
            lengths = [said if n is None else n for n, said in zip(t.shape[1:], told)]
            symbol.said_shape = check_shape((*t.shape[:1], *lengths))
        return symbol


def _read_beside(outputs: list[Tensor], arguments: list[Any]) -> list[Tensor]:
    """The symbols in expressions that are not among the arguments."""
    given = {id(t) for t in arguments}
    kinds = (Symbol, InputSymbol)
    below = topological(outputs, stop=lambda t: id(t) in given or isinstance(t, kinds))
    return [t for t in below if isinstance(t, kinds) and id(t) not in given]


def _each_shape(shapes: Any) -> list[Any]:
    """One shape or several as a list."""
    if shapes is None:
        return []
    several = bool(shapes) and all(isinstance(shape, (list, tuple)) for shape in shapes)
    return list(shapes) if several else [shapes]


def _made_by_layers(tensors: Iterable[Tensor]) -> list[Symbol]:
    """The nearest symbols below the tensors, themselves included."""
    below = topological(tensors, stop=lambda t: isinstance(t, Symbol))
    return [t for t in below if isinstance(t, Symbol)]


def nodes_between(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Node]:
    """The calls of layers that lead from the inputs to the outputs, in the order in which they were made."""
    found: dict[int, Node] = {}
    given = {id(t) for t in inputs}
    stack = [t for t in _made_by_layers(outputs) if id(t) not in given]
    while stack:
        node = stack.pop().node
        if node.number not in found:
            found[node.number] = node
            arguments = [t for t in flat((node.args, node.kwargs, node.beside)) if isinstance(t, Tensor)]
            stack += [
                t for t in _made_by_layers([a for a in arguments if id(a) not in given]) if id(t) not in given
            ]
    return [found[number] for number in sorted(found)]


class _Standing(threading.local):
    values: tuple[Mapping[Tensor, Any], ...] = ()  # of symbols, innermost last


_standing = _Standing()


@contextmanager
def standing_for(values: Mapping[Tensor, Any]) -> Iterator[None]:
    """Within the block these symbols stand for values: :func:`value_now` tells which."""
    before = _standing.values
    _standing.values = (*before, values)
    try:
        yield
    finally:
        _standing.values = before


def value_now(t: Any) -> Any:
    """What a symbol stands for at this moment; anything else itself."""
    return next((values[t] for values in reversed(_standing.values) if t in values), t)


def symbol_now(t: Tensor) -> Symbol | None:
    """The symbol that stands for this value at this moment, if one does."""
    pairs = (pair for values in reversed(_standing.values) for pair in values.items())
    return next((s for s, value in pairs if value is t and isinstance(s, Symbol)), None)


def expressed_now(structure: Any) -> Any:
    """The structure with every tensor expressed by what symbols stand for at this moment."""
    return _now(structure, {s: v for values in _standing.values for s, v in values.items()})


def run_nodes(nodes: Sequence[Node], given: dict[Tensor, Any], outputs: Any, training: Any) -> Any:
    """The outputs for other values of the given tensors: every layer called once more, in order."""
    known: dict[Tensor, Any] = dict(given)
    for node in nodes:
        args, kwargs = _now((node.args, node.kwargs), known)
        with standing_for(known):
            results = node.again(*args, **{"training": training, **kwargs})
        beside = _read_beside([t for t in symbols_of(results) if t not in known], flat((args, kwargs)))
        if beside:  # a function may also read its argument by the name that it has around it
            unread = {t: t for t in flat((args, kwargs)) if isinstance(t, Tensor)}
            results = _now(results, {**unread, **{t: known[t] for t in beside if t in known}})
        for symbol, result in zip(flat(node.outputs), flat(results), strict=True):
            if isinstance(symbol, Tensor):
                known[symbol] = result
    return _now(outputs, known)


def _now(structure: Any, known: dict[Tensor, Any]) -> Any:
    """The structure with every tensor expressed by what is known."""
    tensors = [t for t in flat(structure) if isinstance(t, Tensor)]
    waiting = [t for t in tensors if t not in known and t.is_symbolic]
    made = dict(zip(map(id, waiting), rebuild(waiting, known, _remade))) if waiting else {}
    made.update((id(t), known[t]) for t in tensors if t in known)
    return mapped(lambda t: made.get(id(t), t), structure)


def _remade(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
    """The tensor's op on other inputs: with values where these have some; the tensor itself on the same ones."""
    assert tensor.op is not None
    if all(a is b for a, b in zip(tensor.inputs, inputs, strict=True)):
        return tensor
    if tensor.op.name == "item" or any(t.is_symbolic for t in inputs):
        return remake(tensor, inputs)
    return tensor.op.apply(inputs, tensor.attrs)


def placeholders_for(shape: Any, dtype: Any) -> Any:
    """Tensors without values of these shapes: of one, of a list, of a dict."""
    one = isinstance(shape, (tuple, list)) and all(
        n is None or isinstance(n, (int, np.integer)) for n in shape
    )
    if one:
        return Placeholder(None, (), {}, (Spec(check_shape(shape), dtype),), tracked=True)
    if isinstance(shape, Mapping):
        return {k: placeholders_for(v, dtype) for k, v in shape.items()}
    return [placeholders_for(s, dtype) for s in shape]
