"""A graph as text that another process reads: nodes, expressions, effects and collections, as JSON.

What only Python knows (``tf.py_func``, queues, summaries and other texts) cannot be written down. Such a node is there
again by its name and can be fed; a run that needs its value without feeding it says which node it is.
"""

from __future__ import annotations

import base64
import functools
import importlib
import json
import pkgutil
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

import thalweg.compat.tf1
import thalweg.nn
import thalweg.ops
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.lengths import Length
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf1.variables import Variable
from thalweg.errors import DataError
from thalweg.graph import tensor as core
from thalweg.graph.op import Op, item, parts_of
from thalweg.graph.walk import topological
from thalweg.ops import draws
from thalweg.ops.bodies import Body

_FORMAT = "thalweg graph 1"
_OWN_ROOMS = (
    "beam", "checks", "graphs", "image", "indexing", "joining", "gradients", "lengths", "nodes", "optimizers",
    "places", "quantisation", "segments", "shapes", "tensor_array",
)  # fmt: skip


class _Unsayable(Exception):
    """Something of which the file has no word."""


@functools.cache
def _ops() -> dict[str, Op]:
    """The ops that a file may name: those of the library's rooms of ops and of this translation, by their names."""
    found: dict[str, Op] = {item.name: item}
    twice: set[str] = set()
    for package, names in ((thalweg.ops, None), (thalweg.nn, None), (thalweg.compat.tf1, _OWN_ROOMS)):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if names is None or info.name.rpartition(".")[2] in names:
                for thing in vars(importlib.import_module(info.name)).values():
                    if isinstance(thing, Op) and found.setdefault(thing.name, thing) is not thing:
                        twice.add(thing.name)
    return {name: op for name, op in found.items() if name not in twice}


# --- writing --------------------------------------------------------------------------------------------------------


class _Writer:
    def __init__(
        self,
        graph: g.Graph,
        saved: dict[str, str] | None,
        kept: Collection[str] | None,
        values: Mapping[core.Variable, np.ndarray],
    ) -> None:
        self._kept, self._values = kept, values
        self.expressions: list[Any] = []
        self.effects: list[Any] = []
        self._places: dict[int, int] = {}  # of expressions, by id
        self._effect_places: dict[int, int] = {}
        self._held: list[Any] = []
        self.graph = graph
        graph.settle()
        operations = [self._operation(op) for op in graph.operations.values() if self._keeps(op)]
        collections = {
            key: [e for e in map(self._entry, held) if e is not None]
            for key, held in graph.collections.items()
            if isinstance(key, str)
        }
        self.text = json.dumps(
            {
                "format": _FORMAT,
                "operations": operations,
                "collections": collections,
                "variables": {n: v.op.name for n, v in graph.variables.items() if isinstance(v, Variable)},
                "scope_counts": graph.scope_counts,
                "used": graph._used,
                "seed": graph.seed,
                "saved": saved,
                "expressions": self.expressions,
                "effects": self.effects,
            }
        )

    def _keeps(self, op: g.Operation) -> bool:
        return self._kept is None or op.name in self._kept

    def _operation(self, op: g.Operation) -> dict[str, Any]:
        effect: Any = None
        if op.effect is not None:
            try:
                effect = self._effect(op.effect)
            except _Unsayable:
                effect = "lost"
        outputs = [self._output(t) for t in op.outputs if isinstance(t, g.Node)]
        inputs = [t.name for t in op.inputs if t.graph is self.graph and self._keeps(t.op)]
        return {"name": op.name, "type": op.type, "inputs": inputs, "effect": effect, "outputs": outputs}

    def _output(self, t: g.Node) -> dict[str, Any]:
        made: dict[str, Any] = {"t": None if t.t is None else self._expression(t.t)}
        if t.static is not None:
            made["static"] = self._or_none(t.static)
        if t.dims is not None:
            made["dims"] = self._or_none(t.dims)
        if isinstance(t, g.HostTensor):
            made["text"] = self._or_none(t.shape.as_list() if t.shape.dims is not None else None)
        if isinstance(t, Variable) and t.t not in self._values:
            made["variable"] = [t.trainable, t.start.op.name, t.initializer.name]
        return made

    def _or_none(self, thing: Any) -> Any:
        try:
            return self._word(thing)
        except _Unsayable:
            return None

    def _entry(self, thing: Any) -> Any:
        """What stands in a collection: a node by its name, a number or a text."""
        if isinstance(thing, (g.Node, g.Operation)) and thing.graph is self.graph:
            return {"node": thing.name}
        try:
            return {"word": self._word(thing)}
        except _Unsayable:
            return None

    def _effect(self, effect: g.Effect) -> int:
        if id(effect) not in self._effect_places:
            if type(effect) is not g.Effect:
                raise _Unsayable
            deps = [self._effect(d) for d in effect.deps]
            made = {
                "deps": deps,
                "updates": [[self._expression(v), self._expression(t)] for v, t in effect.updates],
                "fetches": [self._expression(t) for t in effect.fetches],
                "guard": [[self._expression(t), wanted] for t, wanted in effect.guard],
            }
            self._held.append(effect)
            self._effect_places[id(effect)] = len(self.effects)
            self.effects.append(made)
        return self._effect_places[id(effect)]

    def _expression(self, t: core.Tensor) -> int:
        t = self.graph.translated(t)
        for node in topological([t], stop=lambda n: id(n) in self._places):
            if id(node) not in self._places:
                made = self._node(node)
                self._held.append(node)
                self._places[id(node)] = len(self.expressions)
                self.expressions.append(made)
        return self._places[id(t)]

    def _node(self, t: core.Tensor) -> dict[str, Any]:
        spec = t.specs[0]
        made: dict[str, Any] = {"spec": [None if spec.shape is None else list(spec.shape), spec.dtype.name]}
        if isinstance(t, core.Variable) and t in self._values:
            return {**made, "kind": "constant", "value": self._word(self._values[t])}
        if isinstance(t, core.Variable):
            first = self._expression(t.initializer)
            return {**made, "kind": "variable", "name": t.name, "trainable": t.trainable, "first": first}
        if isinstance(t, draws.RandomKey):
            return {**made, "kind": "key", "name": t.name}
        if isinstance(t, g.Settled):
            return {**made, "kind": "settled", "name": t.name, "default": self._word(t.default)}
        if isinstance(t, g.SourceLeaf) and isinstance(t.source, g.DefaultValue):
            return {**made, "kind": "default", "name": t.name, "value": self._word(t.source.array)}
        if t.op is None and type(t) is core.Placeholder:
            return {**made, "kind": "placeholder", "name": t.name}
        if t.op is None and t.value is not None:
            return {**made, "kind": "constant", "value": self._word(np.asarray(t.value))}
        try:
            if t.op is None or _ops().get(t.op.name) is not t.op:
                raise _Unsayable
            attrs = {key: self._word(value) for key, value in t.attrs.items()}
        except _Unsayable:
            return {**made, "kind": "lost", "name": t.name or getattr(t.op, "name", "")}
        inputs = [self._places[id(x)] for x in t.inputs]
        return {"kind": "op", "op": t.op.name, "inputs": inputs, "attrs": attrs}

    def _word(self, x: Any) -> Any:
        """Anything that an attribute may be."""
        if x is None or isinstance(x, (bool, str)):
            return x
        if isinstance(x, (int, np.integer)):
            return int(x)
        if isinstance(x, float):
            return {"float": x.hex()}
        if isinstance(x, bytes):
            return {"bytes": base64.b64encode(x).decode()}
        if isinstance(x, np.dtype):
            return {"dtype": x.name}
        if isinstance(x, (np.ndarray, np.generic)):
            return _array_word(np.asarray(x))
        if isinstance(x, Length):
            return {"length": [self._expression(x.of), x.axis]}
        if isinstance(x, core.Spec):
            return {"spec": [self._word(x.shape), x.dtype.name]}
        if isinstance(x, slice):
            return {"slice": [self._word(p) for p in (x.start, x.stop, x.step)]}
        if isinstance(x, Body):
            return {"body": [[self._expression(t) for t in part] for part in (x.parameters, x.outputs)]}
        if isinstance(x, g.Effect):
            return {"effect": self._effect(x)}
        if type(x) in (list, tuple):
            return {type(x).__name__: [self._word(part) for part in x]}
        if type(x) is dict and all(isinstance(key, str) for key in x):
            return {"dict": {key: self._word(value) for key, value in x.items()}}
        raise _Unsayable


def _array_word(x: np.ndarray) -> Any:
    if x.dtype.kind == "O":
        if not all(isinstance(e, bytes) for e in x.ravel()):
            raise _Unsayable
        return {"texts": [base64.b64encode(e).decode() for e in x.ravel()], "shape": list(x.shape)}
    if x.dtype.kind not in "biuf":
        raise _Unsayable
    data = np.ascontiguousarray(x, x.dtype.newbyteorder("<")).tobytes()
    return {"array": base64.b64encode(data).decode(), "dtype": x.dtype.name, "shape": list(x.shape)}


def to_text(
    graph: g.Graph,
    saved: dict[str, str] | None = None,
    kept: Collection[str] | None = None,
    values: Mapping[core.Variable, np.ndarray] | None = None,
) -> str:
    """The graph as text.

    ``saved``: the variables of a saver, their names by those in its files. ``kept``: the names of the nodes to write,
    all by default. ``values``: variables that are written as constants.
    """
    return _Writer(graph, saved, kept, values or {}).text


# --- reading --------------------------------------------------------------------------------------------------------


class Lost(core.Placeholder):
    """A leaf that stands for what only Python knew; it can be fed."""

    __slots__ = ()


class _Reader:
    def __init__(
        self, held: dict[str, Any], graph: g.Graph, prefix: str, given: Mapping[str, g.Tensor]
    ) -> None:
        self.held, self.graph, self.prefix = held, graph, prefix
        self.given = self._given(given)
        self.expressions: list[core.Tensor] = []
        self.effects: list[g.Effect] = []
        self.nodes: dict[str, g.Operation] = {}
        for description in held["expressions"]:
            # An effect is written right after the expressions that it names: those that name it come later.
            self._effects_up_to(description)
            instead = self.given.get(len(self.expressions))
            self.expressions.append(self._expression(description) if instead is None else instead)
        self._effects_up_to(None)
        for description in held["operations"]:
            self._operation(description)
        for description in held["operations"]:
            self._connect(description)
        for key, entries in held["collections"].items():
            graph.collections.setdefault(key, []).extend(map(self._entry, entries))
        graph.variables.update({prefix + n: self.nodes[op].outputs[0] for n, op in held["variables"].items()})
        graph.scope_counts.update({prefix + n: count for n, count in held["scope_counts"].items()})
        graph._used.update({prefix.lower() + n: count for n, count in held["used"].items()})
        graph.seed = held["seed"] if graph.seed is None else graph.seed

    def _given(self, given: Mapping[str, g.Tensor]) -> dict[int, core.Tensor]:
        """The expressions that take the place of others, by the numbers of these."""
        outputs = {
            f"{op['name']}:{k}": output
            for op in self.held["operations"]
            for k, output in enumerate(op["outputs"])
        }
        found = {}
        for name, tensor in given.items():
            output = outputs.get(name if ":" in name else f"{name}:0")
            if output is None or output["t"] is None:
                raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{name}]")
            found[output["t"]] = g.value(tensor)
            wanted = self.held["expressions"][output["t"]].get("spec")
            if wanted is not None and wanted[1] != found[output["t"]].dtype.name:
                raise ValueError(
                    f"Input {name} was passed {tensor.dtype.name}, incompatible with expected {wanted[1]}"
                )
        return found

    def _effects_up_to(self, description: Any) -> None:
        """The effects all of whose expressions are there, in their order."""
        while len(self.effects) < len(self.held["effects"]):
            found = self.held["effects"][len(self.effects)]
            named = [n for pair in found["updates"] for n in pair] + found["fetches"]
            named += [n for n, _ in found["guard"]]
            if description is not None and any(n >= len(self.expressions) for n in named):
                return
            effect = g.Effect([(self._variable(v), self.expressions[t]) for v, t in found["updates"]])
            effect.deps = [self.effects[n] for n in found["deps"]]
            effect.fetches = [self.expressions[n] for n in found["fetches"]]
            effect.guard = [(self.expressions[n], bool(wanted)) for n, wanted in found["guard"]]
            self.effects.append(effect)

    def _variable(self, number: int) -> core.Variable:
        found = self.expressions[number]
        if not isinstance(found, core.Variable):
            raise DataError(f"a meta graph: expression {number} is assigned to but no variable")
        return found

    def _expression(self, found: dict[str, Any]) -> core.Tensor:
        kind, name = found["kind"], found.get("name")
        name = name and self.prefix + name
        if kind == "op":
            return self._applied(found)
        specs = (core.Spec(core.check_shape(found["spec"][0]), np.dtype(found["spec"][1])),)
        if kind == "variable":
            first, shape = self.expressions[found["first"]], specs[0].shape
            return core.Variable(first, found["trainable"], name, shape=shape, symbolic=True)
        if kind == "constant":
            return core.constant(self._thing(found["value"]))
        if kind == "key":
            return draws.random_key() if name == draws.random_key().name else draws.RandomKey(
                None, (), {}, specs, name=name, tracked=False
            )  # fmt: skip
        if kind == "settled":
            made = g.Settled(None, (), {}, specs, name=name, tracked=True)
            made.default = self._thing(found["default"])
            return made
        if kind == "default":
            value = g.DefaultValue(self._thing(found["value"]))
            return g.source_leaf(value, 0, specs[0].dtype, specs[0].shape, name)
        if kind in ("placeholder", "lost"):
            if kind == "lost":
                return self._lost(str(name), specs[0].shape, specs[0].dtype)
            return core.Placeholder(None, (), {}, specs, name=name, tracked=True)
        raise DataError(f"a meta graph: there is no leaf of the kind {kind!r}")

    def _applied(self, found: dict[str, Any]) -> core.Tensor:
        """An op's result; its dtype and shape follow from what it is made of."""
        op = _ops().get(found["op"])
        if op is None:
            raise DataError(f"a meta graph: there is no operation {found['op']!r}")
        inputs = tuple(self.expressions[n] for n in found["inputs"])
        attrs = {key: self._thing(word) for key, word in found["attrs"].items()}
        if op is item:
            return parts_of(inputs[0])[attrs["index"]]
        try:
            specs = op.infer(*[t.specs[0] for t in inputs], **attrs)
        except (TypeError, ValueError, KeyError, IndexError, AssertionError) as error:
            raise DataError(f"a meta graph: {op.name}: {error}") from None
        specs = (specs,) if isinstance(specs, core.Spec) else tuple(specs)
        return core.Tensor(op, inputs, attrs, specs, tracked=any(t.tracked for t in inputs))

    def _thing(self, word: Any) -> Any:
        if not isinstance(word, dict):
            return word
        ((kind, x), *_) = word.items()
        if kind == "float":
            return float.fromhex(x)
        if kind == "bytes":
            return base64.b64decode(x)
        if kind == "dtype":
            return np.dtype(x)
        if kind == "array":
            flat = np.frombuffer(base64.b64decode(x), np.dtype(word["dtype"]).newbyteorder("<"))
            return flat.astype(word["dtype"]).reshape(word["shape"])
        if kind == "texts":
            made = np.empty(len(x), object)
            made[:] = [base64.b64decode(e) for e in x]
            return made.reshape(word["shape"])
        if kind == "length":
            return Length(self.expressions[x[0]], x[1])
        if kind == "spec":
            return core.Spec(self._thing(x[0]), np.dtype(x[1]))
        if kind == "slice":
            return slice(*map(self._thing, x))
        if kind == "body":
            return Body(*([self.expressions[n] for n in part] for part in x))
        if kind == "effect":
            return self.effects[x]
        if kind == "dict":
            return {key: self._thing(value) for key, value in x.items()}
        parts = [self._thing(part) for part in x]
        return tuple(parts) if kind == "tuple" else parts

    def _operation(self, found: dict[str, Any]) -> None:
        operation = g.Operation.__new__(g.Operation)
        operation.graph, operation.name, operation.type = (
            self.graph,
            self.prefix + found["name"],
            found["type"],
        )
        operation.inputs, operation.outputs, operation.effect = [], [], None
        operation.control_inputs = []
        if found["effect"] == "lost":
            operation.effect = g.Effect(fetches=[self._lost(found["name"], (), np.dtype(np.int32))])
        elif found["effect"] is not None:
            operation.effect = self.effects[found["effect"]]
        self.nodes[found["name"]] = self.graph.operations[operation.name] = operation
        for output in found["outputs"]:
            self._output(operation, output)

    def _lost(self, name: str, shape: Any, dtype: np.dtype) -> core.Tensor:
        name = f"{name}: Python made it when the graph was saved, the file does not hold it"
        return Lost(None, (), {}, (core.Spec(shape, dtype),), name=name, tracked=True)

    def _output(self, operation: g.Operation, found: dict[str, Any]) -> None:
        static, dims = self._thing(found.get("static")), self._thing(found.get("dims"))
        if "text" in found:
            said = _Said(operation, static, self._thing(found["text"]))
            said.dims = dims
        elif "variable" in found:
            made = Variable.__new__(Variable)
            g.Node.__init__(made, self.expressions[found["t"]], operation, static, dims)
            made.trainable, made.constraint, made._save_slice_info = found["variable"][0], None, None
        else:
            g.Tensor(self.expressions[found["t"]], operation, static, dims)

    def _connect(self, found: dict[str, Any]) -> None:
        operation = self.nodes[found["name"]]
        operation.inputs = [self._node(name) for name in found["inputs"]]
        for tensor, output in zip(operation.outputs, found["outputs"], strict=True):
            if isinstance(tensor, Variable):
                _, start, initializer = output["variable"]
                tensor.start, tensor.initializer = self.nodes[start].outputs[0], self.nodes[initializer]

    def _node(self, name: str) -> Any:
        operation, _, index = name.partition(":")
        return self.nodes[operation].outputs[int(index)] if index else self.nodes[operation]

    def _entry(self, found: dict[str, Any]) -> Any:
        return self._node(found["node"]) if "node" in found else kept_text(self._thing(found["word"]))


def kept_text(thing: Any) -> Any:
    """What a collection of a meta graph gives back: texts become bytes there."""
    return thing.encode() if isinstance(thing, str) else thing


class _Said(g.HostTensor):
    """A text: a constant one has its value, any other can only be fed."""

    def __init__(self, operation: g.Operation, static: Any, shape: Any) -> None:
        def value() -> Any:
            if static is None:
                raise ValueError(
                    f"{operation.name}: the file of the meta graph does not hold what Python made here "
                    f"({operation.type}); feed it, or build this part of the graph again"
                )
            return static if np.ndim(static) else np.asarray(static).item()

        super().__init__(operation, (), value, shape)
        self.static = static
        self.effects = []

    @property
    def dtype(self) -> Any:
        return as_dtype("string")


def from_text(
    text: str, graph: g.Graph, prefix: str = "", given: Mapping[str, g.Tensor] | None = None
) -> dict[str, str] | None:
    """Make the nodes and collections of a text in a graph; the variables of the saver that wrote it.

    ``prefix``: what all names begin with here. ``given``: tensors of this graph in place of those of these names.
    """
    try:
        held = json.loads(text)
    except ValueError as error:
        raise DataError(f"a meta graph: no JSON: {error}") from None
    if not isinstance(held, dict) or held.get("format") != _FORMAT:
        raise DataError("a meta graph: it was not written by this library, or by another version of it")
    taken = {prefix + op["name"] for op in held["operations"]} & set(graph.operations)
    if taken:
        raise ValueError(f"a graph is imported: there is a node named {sorted(taken)[0]!r} already")
    with graph.as_default(), graph.control_dependencies(None):
        _Reader(held, graph, prefix, given or {})
    return held["saved"]  # type: ignore[no-any-return]
