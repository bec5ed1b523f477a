"""The program behind one set of fetches and feeds of a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.effects import Order, Resolver, own_effects, waited_for
from thalweg.compat.tf1.late import late
from thalweg.compat.tf1.types import encoded
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import leaves, topological
from thalweg.run.program import Program

if TYPE_CHECKING:
    from thalweg.compat.tf1.session import Session


class Plan:
    """A program for one set of fetches and feeds, and how its results become what was asked for.

    ``lengths_known``: where numbers that are fed say how long something is, the program is for these numbers alone.
    """

    def __init__(
        self,
        graph: g.Graph,
        flat: Sequence[Any],
        fed: Sequence[Any],
        values: Sequence[Any],
        lengths_known: bool = True,
    ) -> None:
        self.host_order = _host_nodes(flat)
        numeric = [x for x in flat if isinstance(x, g.Node) and not isinstance(x, g.HostTensor)]
        for node in self.host_order:
            numeric += [x for x in node.host_inputs if not isinstance(x, g.HostTensor)]
        self.numeric = list(dict.fromkeys(numeric))
        self.flat = flat
        wanted = [e for x in flat for e in own_effects(x)]
        wanted += [e for node in self.host_order for e in node.effects]
        expressions = [graph.translated(x.t) for x in self.numeric]
        given_ones = {
            graph.translated(x.t) for x in fed if isinstance(x, g.Node) and not isinstance(x, g.HostTensor)
        }
        given_ones |= {new for new, t in graph.renewed.items() if t in given_ones}
        wanted += waited_for(expressions, given_ones)
        order = Order(graph, dict.fromkeys(wanted), given_ones)
        self.acting = [e for e in order.order if e.actor is not None]
        self.ranks = _rank_inputs(fed, expressions, order.order)
        inputs, replaced, given = _inputs(graph, fed, values, self.ranks)
        self.fed_positions = [k for k, tensor in enumerate(fed) if not isinstance(tensor, g.HostTensor)]
        resolve = Resolver(order, replaced, given, lengths_known)
        outputs = [
            resolve.state.get(_fetched_variable(x, fed), resolve(t)) if x in flat else resolve(t)
            for x, t in zip(self.numeric, expressions, strict=True)
        ]
        self.sources = _sources([*outputs, *resolve.outputs, *resolve.state.values()], set(inputs))
        places = {id(t): k for k, t in enumerate(inputs)}
        self.shape_inputs = list(dict.fromkeys(places[id(t)] for t in resolve.shape_inputs))
        self.dtypes = [t.dtype for t in inputs]
        self.program = None
        if outputs or resolve.outputs or resolve.state:
            self.program = Program(
                [*inputs, *self.sources],
                [*outputs, *resolve.outputs],
                list(resolve.state.items()),
                "Session.run",
            )
        self.plain = self._plain(fed)

    def run(self, session: Session, fed: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """One value for each fetch."""
        if self.plain is not None:
            arrays = [as_fed(v, d) for v, d in zip(values, self.dtypes, strict=True)]
            results = self.program.run(arrays, session.slots)  # type: ignore[union-attr]
            return [None if k is None else results[k][()] for k in self.plain]
        return self._run_all(session, fed, values)

    def _plain(self, fed: Sequence[Any]) -> list[Any] | None:
        """Where each fetch stands among the program's results, if nothing but the program has to run."""
        if (
            self.program is None
            or self.sources
            or self.acting
            or self.host_order
            or any(x in self.numeric for x in fed)
        ):
            return None
        if len(self.fed_positions) != len(fed):
            return None
        places = {x: k for k, x in enumerate(self.numeric)}
        return [places.get(x) for x in self.flat]

    def _run_all(self, session: Session, fed: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        with session.one_moment():
            return self._run_at_once(session, fed, values)

    def _run_at_once(self, session: Session, fed: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        given = dict(zip(fed, values, strict=True))
        texts = {t: _fed_texts(t, v) for t, v in given.items() if isinstance(t, g.HostTensor)}
        given.update({t: encoded(array) for t, array in texts.items()})
        for effect in self.acting:
            if effect not in session.taken:
                session.taken[effect] = ()
                effect.actor.act(session, given)
        arrays = []
        for position, dtype in zip(self.fed_positions, self.dtypes, strict=True):
            arrays.append(as_fed(values[position], dtype))
        if self.sources:
            arrays += [_pulled(t.source, t.index, session, given) for t in self.sources]
        results: list[Any] = []
        if self.program is not None:
            results = self.program.run(arrays, session.slots)
        known: dict[Any, Any] = {x: r[()] for x, r in zip(self.numeric, results, strict=False)}
        known.update(given)
        known.update({fed[p]: array for p, array in zip(self.fed_positions, arrays, strict=False)})
        for node in self.host_order:
            if node in known:
                continue
            if node.source is not None:
                source, index = node.source
                made = _pulled(source, index, session, given)
            else:
                made = node.fn(*[known[x] for x in node.host_inputs])
            known[node] = made[()] if isinstance(made, np.ndarray) else made  # a text alone is no array
        known.update(texts)
        return [known[x] if isinstance(x, g.Node) else None for x in self.flat]


_SAME_MEMORY = {
    "Identity", "Assign", "AssignAdd", "AssignSub", "ScatterUpdate", "ScatterAdd", "ScatterSub", "StridedSliceAssign",
}  # fmt: skip


def _fetched_variable(node: g.Node, fed: Sequence[Any]) -> Any:
    """The variable whose own memory a fetch of the node would look at, after all updates of the run: a variable that is
    no resource, its plain reading, the result of an assignment. What is computed from it comes from the value before.
    """
    while node.op.type in _SAME_MEMORY and node.op.inputs and node not in fed:
        node = node.op.inputs[0]
    return None if node in fed or getattr(node, "is_resource", True) else node.t


def _fed_texts(node: g.HostTensor, fed: Any) -> np.ndarray:
    """What is fed for texts, as an array of objects."""
    array = np.asarray(fed, object)
    if node.op.type == "Placeholder" and not node.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {array.shape} for Tensor {node.name}, which has shape {node.shape}"
        )
    return array


def as_fed(value: Any, dtype: np.dtype) -> np.ndarray:
    if type(value) is np.ndarray and value.dtype == dtype:
        return value
    if isinstance(value, g.Node):
        raise TypeError("The value of a feed cannot be a tf.Tensor object: run it first and feed the result.")
    return np.asarray(value, dtype)


def _host_nodes(flat: Sequence[Any]) -> list[g.HostTensor]:
    """The host nodes below the fetches, inputs first."""
    order: list[g.HostTensor] = []
    stack: list[tuple[Any, bool]] = [(x, False) for x in flat if isinstance(x, g.HostTensor)]
    while stack:
        node, entered = stack.pop()
        if node in order:
            continue
        if entered:
            order.append(node)
        else:
            stack.append((node, True))
            stack += [(x, False) for x in node.host_inputs if isinstance(x, g.HostTensor)]
    return order


def form(fed_value: Any) -> tuple[bool, ...]:
    """Which lengths of what is fed are 1."""
    return tuple(d == 1 for d in np.shape(fed_value))


def _known_of(shape: Any, fed_value: Any) -> tuple[int | None, ...]:
    """A shape with what the form of the fed value says about it."""
    ones = form(fed_value)
    lengths = (None,) * len(ones) if shape is None or len(shape) != len(ones) else shape
    return tuple(1 if one and d is None else d for one, d in zip(ones, lengths, strict=True))


def _rank_inputs(fed: Sequence[Any], outputs: Sequence[Tensor], effects: Sequence[g.Effect]) -> list[int]:
    """Which feeds decide, by their forms, what is computed: those of no known shape, where calls wait for one."""
    open_ones = [
        k
        for k, x in enumerate(fed)
        if isinstance(x, g.Node) and x.t is not None and (x.t.shape is None or None in x.t.shape)
    ]
    if not open_ones:
        return []
    below = [*outputs, *(t for e in effects for _, t in e.updates), *(t for e in effects for t in e.fetches)]
    return open_ones if any(node.op is late for node in topological(below)) else []


def _inputs(
    graph: g.Graph, fed: Sequence[Any], values: Sequence[Any], ranks: Sequence[int]
) -> tuple[list[Tensor], dict[Tensor, Tensor], dict[Tensor, Any]]:
    inputs: list[Tensor] = []
    replaced: dict[Tensor, Tensor] = {}
    given: dict[Tensor, Any] = {}
    for k, (tensor, fed_value) in enumerate(zip(fed, values, strict=True)):
        if not isinstance(tensor, g.Node):
            raise TypeError(f"Cannot interpret feed_dict key as Tensor: {tensor!r}")
        if isinstance(tensor, g.HostTensor):
            continue
        t = graph.translated(tensor.t)
        shape = _known_of(t.shape, fed_value) if k in ranks else t.shape
        if not isinstance(t, Placeholder) or k in ranks:
            own, t = t, Placeholder(None, (), {}, (Spec(shape, t.dtype),), name=tensor.op.name, tracked=True)
            replaced[own] = t
            replaced.update((new, t) for new, old in graph.renewed.items() if old is own)
        inputs.append(t)
        if np.size(fed_value) <= 16:
            given[t] = np.asarray(fed_value, t.dtype)
    return inputs, replaced, given


def _sources(expressions: Sequence[Tensor], fed: set[Tensor]) -> list[Any]:
    return [t for t in leaves(expressions) if isinstance(t, g.SourceLeaf) and t not in fed]


def _pulled(source: Any, index: int, session: Session, fed: Mapping[Any, Any]) -> Any:
    """Part of what a source gives; each source is asked once in a run."""
    if source not in session.taken:
        session.taken[source] = source.pull(session, fed)
    return session.taken[source][index]
