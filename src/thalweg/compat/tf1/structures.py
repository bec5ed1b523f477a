"""Nested structures of nodes, and bodies of loops and choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, Node, default_graph, value, wrap
from thalweg.graph import tensor as core
from thalweg.graph.op import item
from thalweg.graph.updates import current_recorder, recording
from thalweg.graph.walk import rebuild, remake, topological
from thalweg.ops.bodies import Going, LoopRecorder
from thalweg.ops.elementwise import where


class Composite:
    """Something made of tensors that is one leaf of a structure."""


def map_structure(fn: Callable[[Any], Any], tree: Any) -> Any:
    """The structure with ``fn`` of each leaf."""
    if tree is None or (isinstance(tree, tuple) and not tree):
        return tree
    if isinstance(tree, Mapping):
        return {k: map_structure(fn, v) for k, v in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(map_structure(fn, v) for v in tree))
    if isinstance(tree, (list, tuple)) and any(
        isinstance(v, (Node, core.Tensor, Composite, list, tuple)) for v in tree
    ):
        return type(tree)(map_structure(fn, v) for v in tree)
    return fn(tree)


def to_core(tree: Any) -> Any:
    """Nodes as expressions."""
    return map_structure(value, tree)


def to_nodes(tree: Any, kind: str, effects: list[Effect] | None = None) -> Any:
    """Expressions as nodes, which wait for effects."""
    return map_structure(lambda t: node_after(t, None, kind, effects or []), tree)


def node_after(t: core.Tensor, name: str | None, kind: str, effects: list[Effect]) -> g.Tensor:
    """A node of an expression, once the effects have taken place."""
    if not effects:
        return wrap(t, name, kind)
    operation = g.Operation(name, kind, Effect(deps=effects))
    return g.Tensor(g.after.build([t], {"effects": tuple(effects)}), operation)


def assignments(ends: Mapping[core.Variable, core.Tensor]) -> list[Effect]:
    """The effect of giving variables these values, if there are any."""
    return [Effect(list(ends.items()))] if ends else []


class Iteration:
    """What the expressions of a loop's body are, its assignments in their order: assigned variables go round.

    A read gives the value with which the iteration begins, one that waits for assignments what they left, and what an
    assignment itself reads is the value right before it.
    """

    def __init__(self, body: inside) -> None:
        self.body = body
        self.starts: dict[core.Variable, core.Tensor] = {}
        self.state: dict[core.Variable, core.Tensor] = {}
        self.recorder: Any = current_recorder()
        self._going: dict[core.Variable, Going] = {}
        self._new: dict[int, core.Tensor] = {}
        self._kept: list[core.Tensor] = []
        self._written: list[tuple[Effect, core.Variable, core.Tensor]] = []

    def results(self, outputs: list[core.Tensor]) -> list[core.Tensor]:
        """The outputs; the loop learns what the variables are at the end."""
        if not isinstance(self.recorder, LoopRecorder):
            return outputs  # there is no body: the functions run as they are
        effects = self._live(outputs)
        for variable in dict.fromkeys(v for e in effects for v, _ in e.updates):
            self._going[variable] = self.recorder.goes(variable, self.body.waiting(variable))
        if not self._going:
            return [self.body.plain(t) for t in outputs]
        self.starts = {v: going.now for v, going in self._going.items()}
        self.state = dict(self.starts)
        for effect in effects:
            self._take(effect)
        made = [self.of(t) for t in outputs]
        for variable, going in self._going.items():
            going.next = g.cast(self.state[variable], variable.dtype)
        return made

    def ends(self) -> dict[core.Variable, core.Tensor]:
        """After the loop: what it leaves in the variables that it assigns."""
        return {v: going.end for v, going in self._going.items() if going.end is not None}

    def assigned(self) -> list[Effect]:
        """That the variables are given this."""
        return assignments(self.ends())

    def _mine(self, node: core.Tensor) -> list[Effect]:
        if node.op is not g.after:
            return []
        return [e for e in node.attrs["effects"] if e.number > self.body.first]

    def _ends(self, node: core.Tensor) -> bool:
        """Whether a node was made before the body, which is given it as it is."""
        made = id(node.inputs[0] if node.op is item else node) in self.recorder.made
        return not made and not self._mine(node)

    def _live(self, outputs: list[core.Tensor]) -> list[Effect]:
        """The assignments in the body on which its outputs depend, in their order."""
        found: dict[Effect, None] = {}
        waiting = [e for node in topological(outputs, stop=self._ends) for e in self._mine(node)]
        while waiting:
            effect = waiting.pop()
            if effect in found:
                continue
            if effect.actor is not None:
                raise NotImplementedError(
                    "the body of a loop cannot have a session put rows into queues, or do other things by itself"
                )
            found[effect] = None
            read = [t for _, t in effect.updates] + [test for test, _ in effect.guard]
            waiting += [e for e in effect.deps if e.number > self.body.first]
            waiting += [e for node in topological(read, stop=self._ends) for e in self._mine(node)]
        return sorted(found, key=lambda effect: effect.number)

    def _take(self, effect: Effect) -> None:
        for variable, made in effect.updates:
            new = self.of(made)
            for test, wanted in effect.guard:
                pair = (new, self.state[variable]) if wanted else (self.state[variable], new)
                new = where(self.of(test), *pair)
            self.state[variable] = new
            self._written.append((effect, variable, new))

    def of(self, t: core.Tensor) -> core.Tensor:
        """An expression of the body."""
        for node in topological([t], stop=lambda n: id(n) in self._new or self._ends(n)):
            if id(node) not in self._new:
                self._kept.append(node)
                self._new[id(node)] = self._made(node)
        return self._new[id(t)]

    def _made(self, node: core.Tensor) -> core.Tensor:
        if isinstance(node, core.Variable):
            return self.starts[node] if node in self.starts else self.body.waiting(node)
        if self._ends(node):
            return node
        first = node.inputs[0]
        if isinstance(first, core.Variable) and first in self.starts:
            if node.op is g.after:
                return self._after(first, self._mine(node))
            if node.op is g.current:
                return self.state[first]
        inputs = [self._new[id(x)] for x in node.inputs]
        if node.op is g.after:
            return inputs[0]
        if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            return node
        made = remake(node, inputs)
        self.recorder.built(made)
        return made

    def _after(self, variable: core.Variable, effects: list[Effect]) -> core.Tensor:
        before, waiting = set(), list(effects)
        while waiting:
            effect = waiting.pop()
            if effect not in before:
                before.add(effect)
                waiting += effect.deps
        found = [new for effect, v, new in self._written if v is variable and effect in before]
        return found[-1] if found else self.starts[variable]


class inside:
    """A body is being built: its nodes wait for nothing, the loop or the choice itself does.

    ``loop``: the body runs several times; what it assigns goes round with the loop: see :class:`Iteration`.
    ``given``: what variables are read as, for all bodies of one loop.
    """

    def __init__(self, loop: bool = True, given: dict[core.Variable, core.Tensor] | None = None) -> None:
        self.loop = loop
        self.given = {} if given is None else given

    def __enter__(self) -> inside:
        graph = default_graph()
        self.controls, self.first = graph.controls(), Effect._count
        self.context = graph.control_dependencies(None)
        self.context.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.context.__exit__(None, None, None)

    def plain(self, t: core.Tensor) -> core.Tensor:
        """The expression of a body without ``after``, which only a session can tell.

        What was made before the body is given to it as it is, with all that it waits for; so are variables that are
        read after assignments.
        """
        recorder: Any = current_recorder()
        if not hasattr(recorder, "made"):
            return t  # there is no body: the functions run as they are

        def outside(node: core.Tensor) -> bool:
            return id(node.inputs[0] if node.op is item else node) not in recorder.made

        nodes = topological([t], stop=outside)
        given = {node: self.waiting(node) for node in nodes if outside(node)}
        if not any(node.op is g.after for node in nodes if node not in given) and all(
            new is node for node, new in given.items()
        ):
            return t

        def make(node: core.Tensor, inputs: list[core.Tensor]) -> core.Tensor:
            if node.op is g.after:
                self._check(node)
                return remake(node, node.inputs) if isinstance(node.inputs[0], core.Variable) else inputs[0]
            if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
                return node
            made = remake(node, inputs)
            recorder.built(made)
            return made

        return rebuild([t], given, make)[0]

    def from_before(self, t: core.Tensor) -> list[Effect]:
        """What was made before the body and is waited for by what the body made of an expression."""
        recorder: Any = current_recorder()
        made = getattr(recorder, "made", ())
        nodes = topological([t], stop=lambda x: id(x.inputs[0] if x.op is item else x) not in made)
        waiting = [x for x in nodes if x.op is g.after and id(x) in made]
        return [e for x in waiting for e in x.attrs["effects"] if e.number <= self.first]

    def waiting(self, node: core.Tensor) -> core.Tensor:
        """What is given to the body: a variable as it is once that was done on which the whole body depends."""
        if not self.controls or not isinstance(node, core.Variable):
            return node
        if node not in self.given:
            with recording(None):
                self.given[node] = g.after.build([node], {"effects": tuple(self.controls)})  # type: ignore[assignment]
        return self.given[node]

    def _check(self, node: core.Tensor) -> None:
        mine = [e for e in node.attrs["effects"] if e.number > self.first]
        if self.loop and any(effect.updates for effect in mine):
            raise NotImplementedError(
                "an assignment in the condition of a loop is not supported: let the body of the loop assign"
            )
