"""Loops and choices in graphs that TensorFlow wrote, made as those of :mod:`thalweg.compat.tf1.control`.

A graph of TensorFlow 1 has them as nodes (Enter, Merge, Switch, Exit, NextIteration, LoopCond), a later one as a While
or an If of functions that stand beside its nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from thalweg.compat.tf1 import control, math
from thalweg.compat.tf1.graph import Node
from thalweg.compat.tf1.node_defs import NodeDef
from thalweg.compat.tf1.tensor_array import TensorArray

Make = Callable[[NodeDef, list[Any]], list[Any]]

_OF_LOOPS = ("Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond")
KINDS = frozenset(
    (*_OF_LOOPS, "Merge", "RefMerge", "Switch", "RefSwitch", "ControlTrigger", "Assert", "NoOp", "While",
     "StatelessWhile", "If", "StatelessIf", "PartitionedCall", "StatefulPartitionedCall")
)  # fmt: skip
# Outputs of nodes by name, where a function speaks of them; those of others have one name, and a number behind it.
_OUTPUTS = {
    "TopK": ("values", "indices"), "TopKV2": ("values", "indices"), "Unique": ("y", "idx"),
    "TensorArrayV3": ("handle", "flow"), "Merge": ("output", "value_index"),
    "Switch": ("output_false", "output_true"),
    **dict.fromkeys(
        ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
        ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"),
    ),
}  # fmt: skip


class Function:
    """A function beside a graph's nodes: the names of its arguments, its nodes, and the outputs that it gives."""

    def __init__(self, name: str, arguments: list[str], results: list[str], nodes: list[NodeDef]) -> None:
        self.name, self.arguments, self.results, self.nodes = name, arguments, results, nodes


def source_of(name: str) -> tuple[str, str]:
    """The node of an input, and which of its outputs it is."""
    node, _, output = name.partition(":")
    return node, output or "0"


class Network:
    """Nodes by name, those made so far, and how each is made.

    ``above``: the network of which this one is a part that runs as often as its loop or choice says: it reads what
    that has, and keeps what it makes to itself.
    """

    def __init__(
        self,
        told: Mapping[str, NodeDef],
        make: Make,
        functions: Mapping[str, Function],
        above: Network | None = None,
    ) -> None:
        self.told, self.make, self.functions, self.above = told, make, functions, above
        self.made: dict[str, list[Any]] = {}
        self.loops: dict[str, dict[str, Any]] = {}
        self.structure: _Structure = _Structure(told) if above is None else above.structure

    def found(self, name: str) -> list[Any] | None:
        """What a node gives, if it was made."""
        if name in self.made:
            return self.made[name]
        return None if self.above is None else self.above.found(name)

    def value(self, name: str) -> Any:
        """The output of a node that an input names."""
        node, output = source_of(name)
        self.compute(node)
        made, kind = self.found(node), self.told[node].op
        assert made is not None
        where, _, number = output.rpartition(":") if output[-1].isdigit() else (output, "", "0")
        names = _OUTPUTS.get(kind, ())
        return made[(names.index(where) if where in names else 0) + int(number or 0)]

    def compute(self, name: str) -> None:
        """Make a node, and before it those of which it is made."""
        stack = [name]
        while stack:
            at = stack[-1]
            if self.found(at) is not None:
                stack.pop()
                continue
            if at not in self.told:
                above = f", of which {stack[-2]!r} is made" if len(stack) > 1 else ""
                raise ValueError(f"tf.import_graph_def: there is no node {at!r}{above}")
            below = [n for n in self._below(self.told[at]) if self.found(n) is None]
            if not below:
                self.made[at] = self._now(self.told[at])
                stack.pop()
            elif below[0] in stack:
                raise NotImplementedError(f"tf.import_graph_def: {at!r} is part of a loop of nodes")
            else:
                stack.append(below[0])

    def _below(self, node: NodeDef) -> list[str]:
        if node.op.endswith("Exit"):
            return [source_of(x.input[0])[0] for x in self.structure.loop_of(node).enters]
        if node.op.endswith("Merge"):
            choice = self.structure.choice_of(node)
            return [source_of(name)[0] for name in (choice.predicate, *choice.given)]
        return [source_of(name)[0] for name in data(node)]

    def _now(self, node: NodeDef) -> list[Any]:
        kind = node.op.removeprefix("Ref")
        if kind == "Exit":
            loop = self.structure.loop_of(node)
            if loop.name not in self.loops:
                self.loops[loop.name] = self._looped(loop)
            return [self.loops[loop.name][node.name]]
        if kind == "Merge":
            return self._chosen(self.structure.choice_of(node))
        inputs = [self.value(name) for name in data(node)]
        if kind in ("Enter", "NextIteration", "LoopCond"):
            return inputs
        if kind == "Switch":
            return [inputs[0], inputs[0]]
        if kind in ("NoOp", "ControlTrigger", "Assert"):
            return []
        if kind in ("While", "StatelessWhile"):
            test, step = (self._function(node, part) for part in ("cond", "body"))
            made = control.while_loop(lambda *xs: test(*xs)[0], step, inputs, return_same_structure=True)
            return list(made)
        if kind in ("If", "StatelessIf"):
            then, other = (self._function(node, part) for part in ("then_branch", "else_branch"))
            made = control.cond(inputs[0], lambda: then(*inputs[1:]), lambda: other(*inputs[1:]))
            return list(made)
        if kind in ("PartitionedCall", "StatefulPartitionedCall"):
            return self._function(node, "f")(*inputs)
        if any(isinstance(x, TensorArray) for x in inputs) and kind == "Identity":
            return inputs
        return self.make(node, inputs)

    def _function(self, node: NodeDef, attribute: str) -> Callable[..., list[Any]]:
        function = self.functions[node.attr[attribute].func.name]
        told = {part.name: part for part in function.nodes}
        for name in function.arguments:
            told[name] = NodeDef(name, "Arg")

        def call(*values: Any) -> list[Any]:
            inner = Network(told, self.make, self.functions)
            inner.made.update({n: [x] for n, x in zip(function.arguments, values, strict=True)})
            return [inner.value(name) for name in function.results]

        return call

    def _inside(self) -> Network:
        return Network(self.told, self.make, self.functions, self)

    def _looped(self, loop: _Loop) -> dict[str, Any]:
        """What the variables of a loop are after it, by the names of its exits."""
        starts = [self.value(merge.input[0]) for merge in loop.merges]

        def test(*values: Any) -> Any:
            part = self._inside()
            part.made.update({merge.name: [x] for merge, x in zip(loop.merges, values, strict=True)})
            return part.value(loop.test.input[0])

        def step(*values: Any) -> list[Any]:
            part = self._inside()
            for merge, switch, x in zip(loop.merges, loop.switches, values, strict=True):
                part.made[merge.name] = [x]
                if switch is not None:
                    part.made[switch.name] = [x, x]
            return [part.value(self.told[source_of(merge.input[1])[0]].input[0]) for merge in loop.merges]

        made = control.while_loop(test, step, starts, return_same_structure=True)
        return {loop.exits[m.name]: x for m, x in zip(loop.merges, made, strict=True) if m.name in loop.exits}

    def _chosen(self, choice: _Choice) -> list[Any]:
        sides = [lambda name=name: self._inside().value(name) for name in choice.sides]
        return [control.cond(self.value(choice.predicate), sides[1], sides[0])]


class _Loop:
    """The nodes of a loop: of each variable where it begins and goes round, and what tests whether it goes on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.enters: list[NodeDef] = []
        self.merges: list[NodeDef] = []
        self.switches: list[NodeDef | None] = []
        self.exits: dict[str, str] = {}  # by the names of the merges
        self.test = NodeDef()


class _Choice:
    """A merge of two ways: the predicate that chose, what each gives (where it is false, where it is true), and what
    they read from outside.
    """

    def __init__(self, predicate: str, sides: tuple[str, str], given: list[str]) -> None:
        self.predicate, self.sides, self.given = predicate, sides, given


class _Structure:
    """Which nodes belong to loops and choices."""

    def __init__(self, told: Mapping[str, NodeDef]) -> None:
        self.told = told
        self.loops: dict[str, _Loop] = {}
        self._choices: dict[str, _Choice] = {}
        if any(node.op.endswith(("Enter", "Switch")) for node in told.values()):
            self._find_loops()
            self.order = self._ordered()
            self.frames = self._in_frames()
            self.ways = self._in_ways()
        else:
            self.frames, self.ways = {}, {}

    def is_inner(self, name: str) -> bool:
        """Whether a node runs as often as a loop or a choice says."""
        return bool(self.frames.get(name) or self.ways.get(name))

    def loop_of(self, exit: NodeDef) -> _Loop:
        """The loop that a node leaves."""
        switch = self.told[source_of(exit.input[0])[0]]
        merge = self.told[source_of(switch.input[0])[0]]
        return self.loops[_frame(self.told[source_of(merge.input[0])[0]])]

    def choice_of(self, merge: NodeDef) -> _Choice:
        """The choice whose ways a node joins."""
        if merge.name not in self._choices:
            self._choices[merge.name] = self._choice(merge)
        return self._choices[merge.name]

    def _choice(self, merge: NodeDef) -> _Choice:
        names = data(merge)
        sets = [self._way_of(name) for name in names]
        both = [p for p, side in sets[0] if len(sets) == 2 and (p, not side) in sets[1]]
        if not both:
            raise NotImplementedError(
                f"tf.import_graph_def: {merge.name!r} joins ways of more than one condition"
            )
        predicate = both[-1]
        first = (predicate, False) in sets[0]
        given: dict[str, None] = {}
        stack, seen = [source_of(n)[0] for n in names], set()
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            node = self.told[at]
            if node.op.endswith("Switch") and self._root(node.input[1]) == predicate:
                given[node.input[0]] = None
            elif any(p == predicate for p, _ in self.ways.get(at, ())):
                stack += [source_of(n)[0] for n in data(node)]
        return _Choice(predicate, (names[0], names[1]) if first else (names[1], names[0]), list(given))

    def _way_of(self, name: str) -> list[tuple[str, bool]]:
        """The sides of predicates on which an input has a value, the innermost last."""
        node, output = source_of(name)
        found = list(self.ways.get(node, ()))
        if self._is_choice(self.told[node]):
            found.append((self._root(self.told[node].input[1]), output == "1"))
        return found

    def _root(self, predicate: str) -> str:
        """The predicate that nodes have handed on."""
        node = self.told[source_of(predicate)[0]]
        return self._root(node.input[0]) if node.op == "Identity" else predicate

    def _is_choice(self, node: NodeDef) -> bool:
        return node.op.endswith("Switch") and self.told[source_of(node.input[1])[0]].op != "LoopCond"

    def _find_loops(self) -> None:
        merges: dict[str, _Loop] = {}
        for node in self.told.values():
            if node.op.endswith("Enter"):
                self.loops.setdefault(_frame(node), _Loop(_frame(node))).enters.append(node)
        for node in self.told.values():
            if node.op.endswith("Merge") and self.told[source_of(node.input[0])[0]].op.endswith("Enter"):
                loop = merges[node.name] = self.loops[_frame(self.told[source_of(node.input[0])[0]])]
                loop.merges.append(node)
                loop.switches.append(None)
        for node in self.told.values():
            over = source_of(node.input[0])[0] if node.op.endswith("Switch") else ""
            if over in merges and not self._is_choice(node):
                loop = merges[over]
                loop.switches[[m.name for m in loop.merges].index(over)] = node
                loop.test = self.told[source_of(node.input[1])[0]]
        for node in self.told.values():
            if node.op.endswith("Exit"):
                switch = self.told[source_of(node.input[0])[0]]
                over = source_of(switch.input[0])[0]
                merges[over].exits[over] = node.name

    def _ordered(self) -> list[NodeDef]:
        """The nodes, each after those that it reads or waits for, but for what comes back around a loop."""
        done: dict[str, NodeDef] = {}
        for name in self.told:
            stack = [name]
            while stack:
                at = stack[-1]
                below = [n for n in self._all_below(at) if n not in done and n in self.told]
                if at in done or not below:
                    done.setdefault(at, self.told[at])
                    stack.pop()
                elif below[0] in stack:
                    raise NotImplementedError(f"tf.import_graph_def: {at!r} is part of a loop of nodes")
                else:
                    stack.append(below[0])
        return list(done.values())

    def _all_below(self, name: str) -> Iterator[str]:
        node = self.told[name]
        for given in node.input:
            source = source_of(given.removeprefix("^"))[0]
            if not (node.op.endswith("Merge") and self.told[source].op.endswith("NextIteration")):
                yield source

    def _in_frames(self) -> dict[str, tuple[str, ...]]:
        """Of nodes within loops the loops, the innermost last."""
        found: dict[str, tuple[str, ...]] = {}
        for node in self.order:
            above = [found.get(source_of(n)[0], ()) for n in data(node)]
            frame = max(above, key=len, default=())
            if node.op.endswith("Enter"):
                frame = (*frame, _frame(node))
            elif node.op.endswith("Exit"):
                frame = frame[:-1]
            found[node.name] = frame
        return found

    def _in_ways(self) -> dict[str, list[tuple[str, bool]]]:
        """Of nodes on one way of choices the predicates and sides, the innermost last."""
        found: dict[str, list[tuple[str, bool]]] = {}
        self.ways = found
        for node in self.order:
            sets = [self._way_of(n.removeprefix("^")) for n in node.input if not self._comes_back(node, n)]
            mine = list(dict.fromkeys(pair for part in sets for pair in part))
            opposite = (
                {p for p, side in mine if (p, not side) in mine} if node.op.endswith("Merge") else set()
            )
            found[node.name] = [pair for pair in mine if pair[0] not in opposite]
        return found

    def _comes_back(self, node: NodeDef, name: str) -> bool:
        return node.op.endswith("Merge") and self.told[source_of(name)[0]].op.endswith("NextIteration")


def data(node: NodeDef) -> list[str]:
    """The names of a node's inputs, without what only has to run before it."""
    return [name.removesuffix(":0") for name in node.input if not name.startswith("^")]


def _frame(enter: NodeDef) -> str:
    return enter.attr["frame_name"].s.decode()


# --- arrays of tensors ------------------------------------------------------------------------------------------------


def _array(dtype: Any, size: Any) -> TensorArray:
    return TensorArray(dtype, size)


def _with_lists(n: Any) -> TensorArray:
    return _array(n["element_dtype"], n.inputs[1])


def _from_tensor(n: Any) -> TensorArray:
    return _array(n["element_dtype"], math.shape(n.inputs[0])[0]).unstack(n.inputs[0])


ARRAYS: dict[str, Callable[[Any], Any]] = {
    "TensorArrayV3": lambda n: [made := _array(n["dtype"], n.inputs[0]), made],
    "TensorArrayWriteV3": lambda n: n.inputs[3].write(n.inputs[1], n.inputs[2]),
    "TensorArrayReadV3": lambda n: n.inputs[2].read(n.inputs[1]),
    "TensorArrayScatterV3": lambda n: n.inputs[3].scatter(n.inputs[1], n.inputs[2]),
    "TensorArrayGatherV3": lambda n: n.inputs[2].gather(n.inputs[1]),
    "TensorArrayConcatV3": lambda n: n.inputs[1].concat(),
    "TensorArraySizeV3": lambda n: n.inputs[1].size(),
    "TensorListReserve": _with_lists,
    "TensorListFromTensor": _from_tensor,
    "TensorListSetItem": lambda n: n.inputs[0].write(n.inputs[1], n.inputs[2]),
    "TensorListGetItem": lambda n: n.inputs[0].read(n.inputs[1]),
    "TensorListStack": lambda n: n.inputs[0].stack(),
    "TensorListLength": lambda n: n.inputs[0].size(),
}


def is_result(x: Any) -> bool:
    """Whether it is something that a node gives."""
    return isinstance(x, (Node, TensorArray))


__all__: Sequence[str] = ["ARRAYS", "KINDS", "Function", "Network", "data", "is_result", "source_of"]
