"""Models from inputs and outputs: the calls of layers that lead from one to the other, run again on other values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor, Variable, shape_text, shapes_match
from thalweg.graph.walk import topological
from thalweg.layers.nodes import InputSymbol, Node, Symbol, nodes_between, run_nodes
from thalweg.nested import flat

__all__ = ["Graph"]


class Graph:
    """What leads from ``inputs`` to ``outputs`` (tensors, or lists or dicts of them)."""

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs: list[Any] = flat(inputs)
        for t in self.flat_inputs:
            if not isinstance(t, (InputSymbol, Symbol)):
                raise fail(
                    ArgumentError, "Model: an input is not symbolic", expected="Input(...) or the output of a layer",
                    received=repr(t),
                )  # fmt: skip
        self.nodes = nodes_between(self.flat_inputs, flat(outputs))
        self._check_connected()

    def _check_connected(self) -> None:
        """Every input that the outputs need is listed."""
        given = {id(t) for t in self.flat_inputs}
        tensors = [*flat(self.outputs)]
        for node in self.nodes:
            tensors += [t for t in flat((list(node.args), node.kwargs)) if isinstance(t, Tensor)]
        for t in topological(tensors, stop=lambda t: isinstance(t, Symbol) or id(t) in given):
            if isinstance(t, InputSymbol) and id(t) not in given:
                raise fail(
                    ArgumentError, f"Model: the outputs need {t.label()}, which is not among the inputs",
                    built_at=t.built_at, expected=", ".join(i.label() for i in self.flat_inputs),
                )  # fmt: skip

    def layers(self) -> list[Any]:
        """The layers, each once, in Keras's order: see :meth:`in_order`."""
        return [part for part in self.in_order() if not isinstance(part, Tensor)]

    def in_order(self) -> list[Any]:
        """The inputs and layers, each once, in Keras's order: those with the longest way to an output first, and of
        equally far ones the one that is met first on the way back from the outputs.
        """
        depth = self._depths()[0]
        return sorted(depth, key=lambda part: -depth[part])

    def calls_by_depth(self) -> dict[int, list[Any]]:
        """The calls, and the inputs, by how long the way from each to an output is; 0 is that of the last."""
        found: dict[int, list[Any]] = {}
        for node, depth in self._depths()[1].items():
            found.setdefault(depth, []).append(node)
        return found

    def _depths(self) -> tuple[dict[Any, int], dict[Any, int]]:
        """Of the inputs and layers, in the order in which they are met on the way back from the outputs, and of the
        inputs and calls: how long the way from each to an output is.
        """
        given = {id(t) for t in self.flat_inputs}
        parents: dict[Any, list[tuple[Any, int]]] = {t: [] for t in self.flat_inputs}
        parents |= {node: _makers((node.args, node.kwargs), given) for node in self.nodes}
        entered, left = _walked_back([node for node, _ in _makers(self._sorted_outputs(), given)], parents)
        unused = [t for t in self.flat_inputs if not any(t is node for node in entered)]
        met = {id(_part_of(node)): _part_of(node) for node in [*unused, *entered]}
        depth = dict.fromkeys(met, 0)
        far = dict.fromkeys(parents, 0)
        for node in reversed(left):
            name = id(_part_of(node))
            own = far[node] = depth[name] = max(far[node], depth[name])
            for parent, between in parents[node]:
                far[parent] = max(far[parent], own + 1 + between)
        return {part: depth[name] for name, part in met.items()}, far

    def _sorted_outputs(self) -> Any:
        """The outputs, those of a dict in the order of their names."""
        outputs = self.outputs
        return [outputs[k] for k in sorted(outputs, key=str)] if isinstance(outputs, Mapping) else outputs

    def own_variables(self) -> list[Variable]:
        """Variables that the expressions between the layers use themselves."""
        tensors = [*flat(self.outputs)]
        for node in self.nodes:
            tensors += [t for t in flat((list(node.args), node.kwargs)) if isinstance(t, Tensor)]
        below = topological(tensors, stop=lambda t: isinstance(t, Symbol))
        return [t for t in below if isinstance(t, Variable)]

    def input_names(self) -> list[str]:
        """The names of the inputs: the keys of a dict, else those of the tensors."""
        if isinstance(self.inputs, Mapping):
            return [str(k) for k in self.inputs]
        return [t.name or f"input_{k}" for k, t in enumerate(self.flat_inputs)]

    def output_names(self) -> list[str]:
        """The names of the outputs: the keys of a dict, else the names of the layers that give them, those of a layer
        that gives several numbered from the second on.
        """
        names: list[str] = []
        for name in self.giving_names():
            free = (f"{name}_{k}" for k in itertools.count(names.count(name)))
            names.append(next(n for n in free if n not in names) if name in names else name)
        return names

    def giving_names(self) -> list[str]:
        """The keys of a dict of outputs, else the name of the layer that gives each."""
        if isinstance(self.outputs, Mapping):
            return [str(k) for k in self.outputs]
        found = enumerate(flat(self.outputs))
        return [t.node.layer.name if isinstance(t, Symbol) else f"output_{k}" for k, t in found]

    def run(self, inputs: Any, training: Any) -> Any:
        """The outputs for other inputs."""
        values = self.values(inputs)
        given = dict(zip(self.flat_inputs, values, strict=True))
        return run_nodes(self.nodes, given, self.outputs, training)

    def values(self, inputs: Any, loose: bool = False) -> list[Any]:
        """The values in the order of the inputs, their shapes checked; ``loose``: only how many axes they have."""
        if isinstance(inputs, Mapping):
            missing = [name for name in self.input_names() if name not in inputs]
            if missing:
                raise fail(
                    ArgumentError,
                    f"no value for the input {missing[0]!r}",
                    received=", ".join(map(str, inputs)),
                )
            values = [inputs[name] for name in self.input_names()]
        else:
            values = flat(inputs)
        if len(values) != len(self.flat_inputs):
            raise fail(
                ArgumentError, "the number of inputs", expected=len(self.flat_inputs), received=len(values)
            )
        return [_fitting(t, v, loose) for t, v in zip(self.flat_inputs, values)]


def _part_of(node: Any) -> Any:
    """The layer of a call; an input itself."""
    return node.layer if isinstance(node, Node) else node


def _makers(structure: Any, given: set[int]) -> list[tuple[Any, int]]:
    """The calls that made the tensors in the structure, and inputs among them, in order: each with 1 where an
    expression lies between, else 0.
    """
    found: list[tuple[Any, int]] = []
    for t in flat(structure):
        if isinstance(t, Tensor):
            below = topological([t], stop=lambda t: isinstance(t, Symbol) or id(t) in given)
            kept = (s for s in below if isinstance(s, Symbol) or id(s) in given)
            found += [(s if id(s) in given else s.node, int(s is not t)) for s in kept]  # type: ignore[attr-defined]
    return found


def _walked_back(
    roots: Sequence[Any], parents: Mapping[Any, list[tuple[Any, int]]]
) -> tuple[list[Any], list[Any]]:
    """The calls from the outputs to the inputs, deep first: as they are entered, and as they are left for good."""
    entered: dict[Any, None] = {}
    left: dict[Any, None] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in entered:
            left.setdefault(stack.pop())
        else:
            entered[node] = None
            stack += [parent for parent, _ in reversed(parents[node]) if parent not in entered]
    return list(entered), list(left)


def _fitting(symbol: Any, value: Any, loose: bool) -> Any:
    """The value for an input; a last axis of 1 is added where only it is missing, dropped where only it is too much.
    A single number may stand for a row of numbers: as ``Model(x, 2 * x)`` is called to show what it does.
    Lengths that the input has and the value leaves open, as the batch of a step, are those of the input.
    """
    from thalweg.ops.elementwise import astype
    from thalweg.ops.shape import expand_dims, reshape, squeeze

    if isinstance(symbol, InputSymbol):
        value = symbol.taken(value)
    if value.ndim == symbol.ndim - 1 and symbol.shape[-1] == 1:
        value = expand_dims(value, value.ndim)
    elif value.ndim == symbol.ndim - 1 and symbol.dtype == "uint32" and symbol.shape[-2] == 1:
        value = expand_dims(value, value.ndim - 1)  # of texts the last axis is that of their characters
    elif value.ndim == symbol.ndim + 1 and value.shape[-1] == 1:
        value = squeeze(value, value.ndim - 1)
    single = value.ndim == 0 and symbol.ndim == 1
    if (
        not single
        and not shapes_match(symbol.shape, value.shape)
        and not (loose and value.ndim == symbol.ndim)
    ):
        raise fail(
            ShapeError,
            f"{symbol.label()}",
            expected=shape_text(symbol.shape),
            received=shape_text(value.shape),
        )
    if value.is_symbolic and None in value.shape and value.ndim == symbol.ndim and not loose:
        lengths = tuple(s if n is None else n for n, s in zip(value.shape, symbol.shape, strict=True))
        if lengths != value.shape and lengths.count(None) < 2:
            value = reshape(value, tuple(-1 if n is None else n for n in lengths))
    return value if value.dtype == symbol.dtype else astype(value, symbol.dtype)
