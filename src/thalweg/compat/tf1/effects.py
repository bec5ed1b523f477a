"""From what runs are asked for to expressions of the main library: effects in their order, and what every read of a
variable gives there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.late import late
from thalweg.compat.tf1.types import NotKnownYet
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, Variable, constant
from thalweg.graph.walk import leaves, read_below, remake, topological
from thalweg.ops.elementwise import where
from thalweg.ops.shape import count


class Order:
    """All effects that some things wait for, those that come first in front; and for each what it waits for itself.

    ``fed``: expressions that are given their values, so that nothing below them takes place.
    """

    def __init__(self, graph: g.Graph, wanted: Iterable[g.Effect], fed: Container[Tensor] = ()) -> None:
        self.graph = graph
        self.order: list[g.Effect] = []
        self.before: dict[g.Effect, set[g.Effect]] = {}
        stack = [(effect, False) for effect in reversed(list(wanted))]
        direct: dict[g.Effect, list[g.Effect]] = {}
        while stack:
            effect, entered = stack.pop()
            if effect in self.before:
                continue
            if effect not in direct:
                expressions = [
                    *(t for _, t in effect.updates),
                    *effect.fetches,
                    *(p for p, _ in effect.guard),
                ]
                direct[effect] = [*effect.deps, *waited_for(map(graph.translated, expressions), fed)]
            if entered:
                self.before[effect] = {effect}.union(*(self.before[d] for d in direct[effect]))
                self.order.append(effect)
            else:
                stack.append((effect, True))
                stack += [(d, False) for d in reversed(direct[effect]) if d not in self.before]


def waited_for(expressions: Iterable[Tensor], fed: Container[Tensor] = ()) -> list[g.Effect]:
    below = topological(expressions, stop=lambda node: node in fed)
    found = (e for t in below if t.op is g.after and t not in fed for e in t.attrs["effects"])
    return list(dict.fromkeys(found))


class Resolver:
    """Expressions with every read of a variable replaced by the value it has at that point of the order."""

    def __init__(
        self,
        order: Order,
        replaced: Mapping[Tensor, Tensor],
        fed: Mapping[Tensor, Any],
        lengths_known: bool = True,
    ) -> None:
        self.order = order
        self.fed = fed
        self.lengths_known = lengths_known
        self.new: dict[int, Tensor] = {id(old): t for old, t in replaced.items()}
        self.keep: list[Any] = []
        self.state: dict[Variable, Tensor] = {}
        self.written: dict[Variable, list[tuple[g.Effect, Tensor]]] = {}
        self.shape_inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.initial = {v for effect in order.order for v, t in effect.updates if t is v.initializer}
        for effect in order.order:
            self._take(effect)

    def _take(self, effect: g.Effect) -> None:
        news = [(v, self._guarded(effect, v, self(t))) for v, t in effect.updates]
        self.outputs += [self(t) for t in effect.fetches]
        for v, new in news:
            self.state[v] = new
            self.written.setdefault(v, []).append((effect, new))

    def _guarded(self, effect: g.Effect, variable: Variable, new: Tensor) -> Tensor:
        for predicate, wanted in effect.guard:
            pair = (new, self.state.get(variable, variable))
            new = where(self(predicate), *(pair if wanted else pair[::-1]))
        return new

    def _after(self, variable: Variable, effects: Sequence[g.Effect]) -> Tensor:
        before = set().union(*(self.order.before[e] for e in effects))
        found = [new for effect, new in self.written.get(variable, []) if effect in before]
        return found[-1] if found else variable

    def __call__(self, t: Tensor) -> Tensor:
        t = self.order.graph.translated(t)
        for node in topological([t], stop=lambda n: id(n) in self.new):
            if id(node) not in self.new:
                self.keep.append(node)
                self.new[id(node)] = self._made(node)
        return self.new[id(t)]

    def _made(self, node: Tensor) -> Tensor:
        if not node.inputs:
            return self._settled(node) if isinstance(node, g.Settled) else node
        inputs = [self.new[id(x)] for x in node.inputs]
        first = node.inputs[0]
        if node.op is g.after:
            return self._after(first, node.attrs["effects"]) if isinstance(first, Variable) else inputs[0]
        if node.op is g.current and isinstance(first, Variable):
            return self.state.get(first, inputs[0])
        if node.op is g.initialized and isinstance(first, Variable):
            return inputs[1] if first in self.initial else inputs[0]
        if node.op is late and all(x.shape is not None for x in inputs):
            try:
                return self(node.attrs["call"](inputs)[node.attrs["index"]])
            except NotKnownYet:  # it follows from lengths, which the program will know
                return remake(node, inputs)
        if self.lengths_known and node.op is not None and node.op.shape_from:
            inputs = [self._length(x) if k in node.op.shape_from else x for k, x in enumerate(inputs)]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return node
        made = _of_known_lengths(node, inputs)
        return remake(node, inputs) if made is None else made

    def _settled(self, leaf: g.Settled) -> Tensor:
        """The value that the leaf is fed, or its own, as a constant."""
        if leaf in self.fed:
            self.shape_inputs.append(leaf)
        return constant(np.asarray(self.fed.get(leaf, leaf.default), leaf.dtype))

    def _small(self, leaf: Tensor) -> Any:
        """The few numbers that a leaf is fed, or has where it is not; None where they are not known."""
        if leaf in self.fed:
            return self.fed[leaf]
        own = leaf.source if isinstance(leaf, g.SourceLeaf) else None
        return own.array if isinstance(own, g.DefaultValue) and leaf.shape == () else None

    def _length(self, t: Tensor) -> Tensor:
        """A length that depends on fed numbers as a constant; the program is then one for those numbers."""
        known = {x: self._small(x) for x in leaves([t]) if x.value is None}
        read = [x for x in read_below([t]) if x in known]
        if not read or any(array is None for array in known.values()):
            return t
        self.shape_inputs += [x for x in read if x in self.fed]
        return constant(evaluate([t], known)[0])


def own_effects(fetch: Any) -> list[g.Effect]:
    effect = getattr(fetch, "effect", None)
    return [effect] if effect is not None else []


def settled(graph: g.Graph, things: Sequence[Any]) -> tuple[list[Tensor], list[tuple[Variable, Tensor]]]:
    """The expressions of the tensors among nodes, in which effects have taken place, and what the effects leave in
    variables: pairs of each and its new value. What has a value of its own unless it is fed has that.
    """
    tensors = [x for x in things if isinstance(x, g.Node)]
    expressions = [graph.translated(x.t) for x in tensors]
    wanted = [*(e for x in things for e in own_effects(x)), *waited_for(expressions)]
    order = Order(graph, dict.fromkeys(wanted))
    below = leaves([*expressions, *(t for effect in order.order for _, t in effect.updates)])
    own: dict[Tensor, Tensor] = {
        x: constant(x.source.array.astype(x.dtype))
        for x in below
        if isinstance(x, g.SourceLeaf) and isinstance(x.source, g.DefaultValue)
    }
    resolve = Resolver(order, own, {}, lengths_known=False)
    return [resolve(t) for t in expressions], list(resolve.state.items())


def _of_known_lengths(node: Tensor, inputs: Sequence[Tensor]) -> Tensor | None:
    """What an op that asks for lengths is where what is fed has told them; None where it has not."""
    op: Any = node.op
    if op is not count and not (op.shape_from and op.expand):
        return None
    if op is count and not _has_lengths(inputs[0].shape, node.attrs["axis"]):
        return None
    made: Tensor | None = op.expand(*inputs, **node.attrs)
    return made


def _has_lengths(shape: Any, axes: Any) -> bool:
    return shape is not None and all(
        shape[k] is not None for k in (range(len(shape)) if axes is None else axes)
    )
