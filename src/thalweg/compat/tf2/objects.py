"""The graph of objects that a checkpoint keeps: what stands in which attribute of what, down to the variables.

A value is found again by the ways to it (``net/l1/kernel``), not by order: another object may have other attributes
besides, in another order, and some of them only later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from thalweg.compat.keras.models import when_built
from thalweg.compat.tf2.data.iterators import DatasetIterator, Place
from thalweg.compat.tf2.module import Module
from thalweg.compat.tf2.random import Generator
from thalweg.compat.tf2.tracked import Holder, Tracked, wrapped
from thalweg.graph.tensor import Variable
from thalweg.layers import Layer
from thalweg.metrics import Metric
from thalweg.optimizers import Optimizer

VALUE, _SLOT = ".ATTRIBUTES/VARIABLE_VALUE", ".OPTIMIZER_SLOT"

# Attributes in which the library itself keeps things of a layer or model.
_HIDDEN = frozenset(
    "_added _arguments _called _first _first_weights _flags _functions_of_instance _graph _input_places _layers "
    "_limits _loss_tracker _losses_of_symbols _name_scope _nodes _own _penalties _steps _taken _values _variables "
    "compiled compile_arguments history variables".split()
)


_OWNERS = (Layer, Module, Optimizer, Metric, Holder, DatasetIterator, Generator)


def is_tracked(thing: Any) -> bool:
    """Whether there may be variables in a thing."""
    if isinstance(thing, (Variable, Place, *_OWNERS)):
        return True
    parts = thing.values() if isinstance(thing, Mapping) else thing
    return isinstance(thing, (Mapping, list, tuple)) and any(map(is_tracked, parts))


def children(thing: Any) -> Iterator[tuple[str, Any]]:
    """What stands directly in a thing, with the name of each there; a variable holds nothing."""
    for name, part in _named_parts(thing):
        if is_tracked(part):
            yield name, part


def _named_parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Holder):
        yield from thing.tracked()
    elif isinstance(thing, Mapping):
        yield from ((str(key), part) for key, part in thing.items())
    elif isinstance(thing, (list, tuple)):
        yield from ((str(k), part) for k, part in enumerate(thing))
    elif isinstance(thing, DatasetIterator):
        yield "ITERATOR_STATE", thing.place
    elif isinstance(thing, Generator):
        yield "_state_var", thing.state
    elif isinstance(thing, Optimizer):
        yield from _of_optimizer(thing)
    elif isinstance(thing, Layer):
        yield from _of_layer(thing)
    elif isinstance(thing, (Module, Metric)):
        yield from _attributes(thing)


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    yield from ((name, part) for name, part in vars(thing).items() if name not in _HIDDEN)


def _of_layer(layer: Any) -> Iterator[tuple[str, Any]]:
    """The layers of a model that is made of a list or of calls, by their places; weights by name; attributes."""
    weighty = 0
    for k, inner in enumerate(layer.layers if "_layers" in vars(layer) else ()):
        if inner.weights:
            yield f"layer_with_weights-{weighty}", inner
            weighty += 1
        yield f"layer-{k}", inner
    for weight in vars(layer).get("_own", ()):
        yield _last(weight), weight
    yield from _attributes(layer)


def _of_optimizer(optimizer: Any) -> Iterator[tuple[str, Any]]:
    slots = optimizer.slot_places()
    for v in optimizer.variables():
        if id(v) not in slots:
            yield "iter" if v is optimizer.iterations else _last(v), v


def _last(variable: Any) -> str:
    return (variable.name or "variable").removesuffix(":0").rpartition("/")[2]


class Node(NamedTuple):
    """An object in a file: the numbers of what stands in it; a variable's key; an optimizer's slots.

    A slot is the number of its variable, its name and its key.
    """

    children: dict[str, int]
    key: str | None = None
    slots: list[tuple[int, str, str]] = []


def _escaped(name: str) -> str:
    return name.replace(".", "..").replace("/", ".S")


class ObjectGraph:
    """All objects below a root, breadth first, each once, by the shortest way to it."""

    def __init__(self, root: Any) -> None:
        self.things, self.ways = [root], [""]
        numbers = {id(root): 0}
        edges: list[dict[str, int]] = []
        for k, thing in enumerate(self.things):  # grows meanwhile
            edges.append({})
            for name, part in children(thing):
                if id(part) not in numbers:
                    numbers[id(part)] = len(self.things)
                    self.things.append(part)
                    self.ways.append(f"{self.ways[k]}{_escaped(name)}/")
                edges[-1].setdefault(name, numbers[id(part)])
        self.nodes = [
            Node(edges[k], self._key(k), self._slots(thing, self.ways[k], numbers))
            for k, thing in enumerate(self.things)
        ]

    def _key(self, k: int) -> str | None:
        thing = self.things[k]
        if isinstance(thing, Place):
            return f"{self.ways[k].removesuffix('ITERATOR_STATE/')}.ATTRIBUTES/ITERATOR_STATE"
        return f"{self.ways[k]}{VALUE}" if isinstance(thing, Variable) else None

    def _slots(self, thing: Any, way: str, numbers: dict[int, int]) -> list[tuple[int, str, str]]:
        if not isinstance(thing, Optimizer):
            return []
        found = []
        for param, name in thing.slot_places().values():
            number = numbers.get(id(param))
            if number is not None:  # else the variable is not kept, and what belongs to it neither
                found.append((number, name, f"{self.ways[number]}{_SLOT}/{way}{name}/{VALUE}"))
        return found

    def variables(self) -> dict[str, Any]:
        """All variables, iterators' places and slots, by their keys."""
        found = {n.key: t for n, t in zip(self.nodes, self.things, strict=True) if n.key is not None}
        for node, thing in zip(self.nodes, self.things, strict=True):
            for number, name, key in node.slots:
                found[key] = thing.slot(self.things[number], name)
        return found

    def to_text(self) -> str:
        """The nodes as JSON."""
        return json.dumps([node._asdict() for node in self.nodes])


def nodes_of(text: str) -> list[Node]:
    """The nodes that :meth:`ObjectGraph.to_text` wrote."""
    return [Node(n["children"], n["key"], [tuple(s) for s in n["slots"]]) for n in json.loads(text)]


class Restoration:
    """The values of a file on their way into objects: at once where there is a variable, else once there is one."""

    def __init__(self, nodes: list[Node], read: Callable[[str], Any]) -> None:
        self._nodes, self._read = nodes, read
        self.found: dict[int, Any] = {}  # the object for each node
        self.used: set[str] = set()

    def keys(self) -> set[str]:
        """All keys of the file."""
        return {n.key for n in self._nodes if n.key is not None} | {
            s[2] for n in self._nodes for s in n.slots
        }

    def given(self) -> set[int]:
        """The ids of the variables that have a value of the file."""
        return {id(thing) for k, thing in self.found.items() if self._nodes[k].key in self.used}

    def match(self, thing: Any, number: int = 0) -> None:
        """Give a thing and what stands below it the values of a node."""
        self._match(thing, number)
        self._fill_slots()

    def enter(self, owner: Any, name: str, thing: Any) -> None:
        """A thing has come to stand in an object that has its values already: the first one there gets its own."""
        for number, known in list(self.found.items()) if is_tracked(thing) else ():
            inner = self._nodes[number].children.get(name) if known is owner else None
            if inner is not None and inner not in self.found:
                self.match(thing, inner)

    def _match(self, thing: Any, number: int) -> None:
        node = self._nodes[number]
        if self.found.get(number) is thing and not isinstance(thing, (Layer, Module, Holder, list, dict)):
            return
        again = self.found.get(number) is thing
        self.found[number] = thing
        if node.key is not None:
            thing.set_value(self._read(node.key))
            self.used.add(node.key)
        if isinstance(thing, Tracked) and not isinstance(thing, Holder):
            vars(thing).update({name: wrapped(part) for name, part in _attributes(thing)})
        parts = dict(reversed(list(children(thing))))
        for name, part in parts.items():
            inner = node.children.get(name)
            if inner is not None and not (again and self.found.get(inner) is part):
                self._match(part, inner)
        if isinstance(thing, Tracked):
            vars(thing)["_restoration"] = self
        awaited = {n for n in node.children if n not in parts} - {"optimizer"}
        if isinstance(thing, Layer) and not thing.built and awaited:
            when_built(thing, lambda: self.match(thing, number))

    def _fill_slots(self) -> None:
        """Read the slots of optimizers of which all variables are known."""
        for number, optimizer in list(self.found.items()):
            slots = self._nodes[number].slots
            if not slots or slots[0][2] in self.used or any(s[0] not in self.found for s in slots):
                continue
            optimizer.build(dict.fromkeys(self.found[s[0]] for s in slots))
            for variable, name, key in slots:
                optimizer.slot(self.found[variable], name).set_value(self._read(key))
                self.used.add(key)
