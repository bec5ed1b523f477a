"""TensorFlow 1's sessions: what is fetched, and the effects it waits for, become one program of the main library."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import AT_RUN, InvalidArgumentError
from thalweg.compat.tf1.late import late
from thalweg.compat.tf1.servers import values_at
from thalweg.compat.tf1.types import encoded
from thalweg.errors import fail
from thalweg.graph.interpret import evaluate
from thalweg.graph.memory import Slot
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, constant
from thalweg.graph.walk import leaves, read_below, remake, topological
from thalweg.ops import random
from thalweg.ops.elementwise import where
from thalweg.ops.shape import count
from thalweg.run.program import Program

_FIXED_PLANS = 3  # fed lengths that are compiled for as they come; then they are numbers like others


class _Slots(dict[Variable, Slot]):
    """The session's value of each variable; none before it is initialised. A weight of Keras has its own.

    ``shared``: the values by name of all sessions of a server.
    """

    def __init__(self, shared: dict[str, Slot] | None) -> None:
        self.shared = shared

    def __missing__(self, variable: Variable) -> Slot:
        slot = Slot() if variable.is_symbolic else variable.slot
        if self.shared is not None and variable.is_symbolic:
            slot = self.shared.setdefault(variable.label(), slot)
        self[variable] = slot
        return slot


# --- from effects to one program ------------------------------------------------------------------------------------


class _Order:
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
                direct[effect] = [*effect.deps, *_waited_for(map(graph.translated, expressions), fed)]
            if entered:
                self.before[effect] = {effect}.union(*(self.before[d] for d in direct[effect]))
                self.order.append(effect)
            else:
                stack.append((effect, True))
                stack += [(d, False) for d in reversed(direct[effect]) if d not in self.before]


def _waited_for(expressions: Iterable[Tensor], fed: Container[Tensor] = ()) -> list[g.Effect]:
    below = topological(expressions, stop=lambda node: node in fed)
    found = (e for t in below if t.op is g.after and t not in fed for e in t.attrs["effects"])
    return list(dict.fromkeys(found))


class _Resolver:
    """Expressions with every read of a variable replaced by the value it has at that point of the order."""

    def __init__(
        self,
        order: _Order,
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
            return self(node.attrs["call"](inputs)[node.attrs["index"]])
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


def settled(graph: g.Graph, things: Sequence[Any]) -> tuple[list[Tensor], list[tuple[Variable, Tensor]]]:
    """The expressions of the tensors among nodes, in which effects have taken place, and what the effects leave in
    variables: pairs of each and its new value. What has a value of its own unless it is fed has that.
    """
    tensors = [x for x in things if isinstance(x, g.Tensor)]
    expressions = [graph.translated(x.t) for x in tensors]
    wanted = [*(e for x in things for e in _own_effects(x)), *_waited_for(expressions)]
    order = _Order(graph, dict.fromkeys(wanted))
    below = leaves([*expressions, *(t for effect in order.order for _, t in effect.updates)])
    own: dict[Tensor, Tensor] = {
        x: constant(x.source.array.astype(x.dtype))
        for x in below
        if isinstance(x, g.SourceLeaf) and isinstance(x.source, g.DefaultValue)
    }
    resolve = _Resolver(order, own, {}, lengths_known=False)
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


class _Plan:
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
        numeric = [x for x in flat if isinstance(x, g.Tensor) and not isinstance(x, g.HostTensor)]
        for node in self.host_order:
            numeric += [x for x in node.host_inputs if not isinstance(x, g.HostTensor)]
        self.numeric = list(dict.fromkeys(numeric))
        self.flat = flat
        wanted = [e for x in flat for e in _own_effects(x)]
        wanted += [e for node in self.host_order for e in node.effects]
        expressions = [graph.translated(x.t) for x in self.numeric]
        given_ones = {
            graph.translated(x.t) for x in fed if isinstance(x, g.Tensor) and not isinstance(x, g.HostTensor)
        }
        given_ones |= {new for new, t in graph.renewed.items() if t in given_ones}
        wanted += _waited_for(expressions, given_ones)
        order = _Order(graph, dict.fromkeys(wanted), given_ones)
        self.acting = [e for e in order.order if e.actor is not None]
        self.ranks = _rank_inputs(fed, expressions, order.order)
        inputs, replaced, given = _inputs(graph, fed, values, self.ranks)
        self.fed_positions = [k for k, tensor in enumerate(fed) if not isinstance(tensor, g.HostTensor)]
        resolve = _Resolver(order, replaced, given, lengths_known)
        outputs = [resolve(t) for t in expressions]
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
            arrays = [_as_fed(v, d) for v, d in zip(values, self.dtypes, strict=True)]
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
            arrays.append(_as_fed(values[position], dtype))
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
        return [known[x] if isinstance(x, g.Tensor) else None for x in self.flat]


def _fed_texts(node: g.HostTensor, fed: Any) -> np.ndarray:
    """What is fed for texts, as an array of objects."""
    array = np.asarray(fed, object)
    if node.op.type == "Placeholder" and not node.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Cannot feed value of shape {array.shape} for Tensor {node.name}, which has shape {node.shape}"
        )
    return array


def _divided(tensor: Any, fed: Any) -> Any:
    """What is fed for each part of what is no single tensor."""
    return tensor.divided(fed) if hasattr(tensor, "divided") else fed if hasattr(tensor, "parts") else (fed,)


def _as_fed(value: Any, dtype: np.dtype) -> np.ndarray:
    if type(value) is np.ndarray and value.dtype == dtype:
        return value
    if isinstance(value, g.Tensor):
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


def _own_effects(fetch: Any) -> list[g.Effect]:
    effect = getattr(fetch, "effect", None)
    return [effect] if effect is not None else []


def _form(fed_value: Any) -> tuple[bool, ...]:
    """Which lengths of what is fed are 1."""
    return tuple(d == 1 for d in np.shape(fed_value))


def _known_of(shape: Any, fed_value: Any) -> tuple[int | None, ...]:
    """A shape with what the form of the fed value says about it."""
    form = _form(fed_value)
    lengths = (None,) * len(form) if shape is None or len(shape) != len(form) else shape
    return tuple(1 if one and d is None else d for one, d in zip(form, lengths, strict=True))


def _rank_inputs(fed: Sequence[Any], outputs: Sequence[Tensor], effects: Sequence[g.Effect]) -> list[int]:
    """Which feeds decide, by their forms, what is computed: those of no known shape, where calls wait for one."""
    open_ones = [
        k
        for k, x in enumerate(fed)
        if isinstance(x, g.Tensor) and x.t is not None and (x.t.shape is None or None in x.t.shape)
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
        if not isinstance(tensor, g.Tensor):
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


# --- sessions -------------------------------------------------------------------------------------------------------


class _Sessions(threading.local):
    def __init__(self) -> None:
        self.stack: list[Session] = []


_sessions = _Sessions()


def get_default_session() -> Session | None:
    """The innermost session that was entered."""
    return _sessions.stack[-1] if _sessions.stack else None


class Session:
    """Runs parts of a graph over its own values of the variables; a new one starts from nothing."""

    def __init__(self, target: str = "", graph: g.Graph | None = None, config: Any = None) -> None:
        self.graph = graph or g.default_graph()
        self.slots = _Slots(None if target in ("", "local") else values_at(target))
        limit = vars(config).get("operation_timeout_in_ms") if config is not None else None
        self.patience: float | None = limit / 1000 if limit else None  # seconds that a queue may be empty
        self._plans: dict[Any, Any] = {}
        self.taken: dict[Any, Any] = {}  # what each source gave in the run that goes on
        self._running = False
        self._entered: list[Any] = []
        self._closed = False
        if self.graph.seed is not None:  # each session of a seeded graph draws the same numbers
            random.set_state({"seed": self.graph.seed, "counter": 0})

    @contextmanager
    def one_moment(self, fresh: bool = False) -> Iterator[None]:
        """Inside, all runs see the same element of each source; a run in another sees what that one sees.

        ``fresh``: start anew inside a run, as for the next row of a batch.
        """
        saved = self.taken, self._running
        if fresh or not self._running:
            self.taken, self._running = {}, not fresh
        try:
            yield
        finally:
            self.taken, self._running = saved

    @property
    def graph_def(self) -> Any:
        return self.graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        return ""

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of the fetches in their structure; operations give None."""
        try:
            key = (
                tuple(fetches) if type(fetches) is list else fetches,
                tuple(feed_dict) if feed_dict else (),
            )
            found = self._plans.get(key)
        except TypeError:  # nested lists and dicts
            key, found = None, None
        if found is None:
            found = self._planned(fetches, feed_dict or {}, key)
        structure, flat, fed, plans, nested = found
        values: Sequence[Any] = list(feed_dict.values()) if feed_dict else []
        if nested:
            values = [part for key, given in feed_dict.items() for part in _flat_values(key, given)]
        try:
            plan = plans.get(())
            if plan is None:
                plan, fed, values = self._plan_for(flat, fed, values, plans)
            results = plan.run(self, fed, values)
        except tuple(AT_RUN) as error:
            kind = AT_RUN.get(type(error))
            if kind is None:
                raise
            raise kind(*error.args).with_traceback(error.__traceback__) from None
        return results[0] if structure == 0 else _restored(structure, results)

    def _planned(self, fetches: Any, feed_dict: Mapping[Any, Any], key: Any) -> Any:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        flat: list[Any] = []
        structure = _collected(fetches, flat, self.graph)
        nested = any(isinstance(key, (list, tuple)) for key in feed_dict)
        keys = [part for key in feed_dict for part in _flat_keys(key)]
        fed = [self.graph.as_graph_element(tensor) for tensor in keys]
        if key is None:
            key = (_nested_key(fetches), tuple(feed_dict))
            if key in self._plans:
                return self._plans[key]
        self._plans[key] = (structure, flat, fed, {}, nested)
        return self._plans[key]

    def _plan_for(
        self,
        flat: Sequence[Any],
        fed: Sequence[Any],
        values: Sequence[Any],
        plans: dict[Any, Any],
        lengths_known: bool = True,
    ) -> tuple[_Plan, Sequence[Any], Sequence[Any]]:
        """The plan, and what it is fed; where lengths depend on fed numbers, the plan for these numbers, and after a
        few of them one for all.
        """
        given: Sequence[Any] = fed
        fed = [part for tensor in given for part in getattr(tensor, "parts", (tensor,))]
        if len(fed) != len(given):  # sparse and complex tensors
            values = [v for t, x in zip(given, values, strict=True) for v in _divided(t, x)]
        ranks = plans.get("rank inputs")
        if ranks is not None:
            plans = plans.setdefault(tuple(_form(values[k]) for k in ranks), {})
        if "parts" in plans:
            return plans["parts"], fed, values
        numbers = plans.get("shape inputs")
        if numbers is not None:
            known = tuple(bytes(_as_fed(values[k], np.dtype(np.int64))) for k in numbers)
            if known in plans:
                return plans[known], fed, values
            if lengths_known and sum(isinstance(key, tuple) for key in plans) >= _FIXED_PLANS:
                return self._plan_for(flat, fed, values, plans.setdefault("any lengths", {}), False)
        plan = _Plan(self.graph, flat, fed, values, lengths_known)
        if plan.ranks and ranks is None:
            plans["rank inputs"] = plan.ranks
            plans = plans.setdefault(tuple(_form(values[k]) for k in plan.ranks), {})
        if not plan.shape_inputs:
            simple = lengths_known and not plan.ranks and len(fed) == len(given)
            plans[() if simple else "parts"] = plan
            return plan, fed, values
        positions = [plan.fed_positions[k] for k in plan.shape_inputs]
        plans["shape inputs"] = positions
        plans[tuple(bytes(_as_fed(values[k], np.dtype(np.int64))) for k in positions)] = plan
        return plan, fed, values

    def load(self, variable: Variable, value: Any) -> None:
        """Give a variable a value."""
        held = Variable(np.asarray(value, variable.dtype))
        if (
            variable.shape is not None
            and tuple(held.shape) != tuple(variable.shape)
            and None not in variable.shape
        ):
            raise fail(
                InvalidArgumentError,
                f"Assign requires shapes of both tensors to match: {variable.label()}",
                expected=variable.shape,
                received=held.shape,
            )
        self.slots[variable].array = held.slot.array
        self.slots[variable].reader = None

    def make_callable(
        self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Any:
        """A function of the fed values."""
        only("make_callable", "accept_options", accept_options, False)
        return lambda *values: self.run(fetches, dict(zip(feed_list or (), values, strict=True)))

    def list_devices(self) -> list[str]:
        return ["/job:localhost/replica:0/task:0/device:CPU:0"]

    def close(self) -> None:
        """Forget programs and values."""
        self._closed = True
        self._plans.clear()

    @contextmanager
    def as_default(self) -> Iterator[Session]:
        with self.graph.as_default():
            _sessions.stack.append(self)
            try:
                yield self
            finally:
                _sessions.stack.remove(self)

    def __enter__(self) -> Session:
        context = self.as_default()
        context.__enter__()
        self._entered.append(context)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._entered.pop().__exit__(None, None, None)
        self.close()


class InteractiveSession(Session):
    """A session that is the default from the moment it is made, and so is the graph that it is given."""

    def __init__(self, target: str = "", graph: g.Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        _sessions.stack.append(self)
        self._given = graph
        if graph is not None:
            graph.enter()

    def close(self) -> None:
        if self in _sessions.stack:
            _sessions.stack.remove(self)
        if self._given is not None:
            self._given.leave()
            self._given = None
        super().close()


def _collected(fetches: Any, flat: list[Any], graph: g.Graph) -> Any:
    """The structure of the fetches with numbers in their places."""
    if isinstance(fetches, str):
        fetches = graph.as_graph_element(fetches)
    fetches = fetches.as_fetch() if hasattr(fetches, "as_fetch") else g.node_of(fetches, graph)
    if isinstance(fetches, (g.Tensor, g.Operation)):
        if fetches.graph is not graph and fetches.graph not in graph.origins:
            raise ValueError(f"{fetches!r} is not an element of this graph.")
        flat.append(fetches)
        return len(flat) - 1
    if isinstance(fetches, Mapping):
        return {k: _collected(v, flat, graph) for k, v in fetches.items()}
    if isinstance(fetches, (list, tuple)):
        parts = [_collected(part, flat, graph) for part in fetches]
        return type(fetches)(*parts) if hasattr(fetches, "_fields") else type(fetches)(parts)
    raise TypeError(
        f"Fetch argument {fetches!r} has invalid type {type(fetches)}, must be a tensor or an operation."
    )


def _flat_keys(key: Any) -> list[Any]:
    """The tensors of a feed's key: a state is fed as a whole."""
    if isinstance(key, (list, tuple)):
        return [part for below in key for part in _flat_keys(below)]
    return [key]


def _flat_values(key: Any, value: Any) -> list[Any]:
    """The values for the tensors of a feed's key."""
    if not isinstance(key, (list, tuple)):
        return [value]
    if len(value) != len(key):
        raise ValueError(f"a feed of {len(value)} parts for {len(key)} tensors: {key}")
    return [part for k, v in zip(key, value, strict=True) for part in _flat_values(k, v)]


def _nested_key(fetches: Any) -> Any:
    if isinstance(fetches, Mapping):
        return ("dict", *((k, _nested_key(v)) for k, v in fetches.items()))
    if isinstance(fetches, (list, tuple)):
        return (type(fetches).__name__, *map(_nested_key, fetches))
    return fetches


def _restored(structure: Any, results: Sequence[Any]) -> Any:
    if isinstance(structure, int):
        return results[structure]
    if isinstance(structure, Mapping):
        return {k: _restored(v, results) for k, v in structure.items()}
    parts = [_restored(part, results) for part in structure]
    return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
