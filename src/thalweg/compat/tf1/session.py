"""TensorFlow 1's sessions: a program for each set of fetches and feeds, over their own values of the variables."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import AT_RUN, InvalidArgumentError
from thalweg.compat.tf1.plans import Plan, as_fed, form
from thalweg.compat.tf1.servers import values_at
from thalweg.errors import fail
from thalweg.graph.memory import Slot
from thalweg.graph.tensor import Variable
from thalweg.ops import random

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


class _Sessions(threading.local):
    def __init__(self) -> None:
        self.stack: list[Session] = []


_sessions = _Sessions()


def get_default_session() -> Session | None:
    """The innermost session that was entered."""
    return _sessions.stack[-1] if _sessions.stack else None


class _Draws:
    """What a session has drawn of nodes with seeds: each keeps by this how far it is."""


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
        self.begin_draws()
        if self.graph.seed is not None:  # each session of a seeded graph draws the same numbers
            random.set_state({"seed": self.graph.seed, "counter": 0})

    def begin_draws(self) -> None:
        """Let all nodes with seeds begin anew what they draw."""
        self.draws = _Draws()

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
    ) -> tuple[Plan, Sequence[Any], Sequence[Any]]:
        """The plan, and what it is fed; where lengths depend on fed numbers, the plan for these numbers, and after a
        few of them one for all.
        """
        given: Sequence[Any] = fed
        fed = [part for tensor in given for part in getattr(tensor, "parts", (tensor,))]
        if len(fed) != len(given):  # sparse and complex tensors
            values = [v for t, x in zip(given, values, strict=True) for v in _divided(t, x)]
        ranks = plans.get("rank inputs")
        if ranks is not None:
            plans = plans.setdefault(tuple(form(values[k]) for k in ranks), {})
        if "parts" in plans:
            return plans["parts"], fed, values
        numbers = plans.get("shape inputs")
        if numbers is not None:
            known = tuple(bytes(as_fed(values[k], np.dtype(np.int64))) for k in numbers)
            if known in plans:
                return plans[known], fed, values
            if lengths_known and sum(isinstance(key, tuple) for key in plans) >= _FIXED_PLANS:
                return self._plan_for(flat, fed, values, plans.setdefault("any lengths", {}), False)
        plan = Plan(self.graph, flat, fed, values, lengths_known)
        if plan.ranks and ranks is None:
            plans["rank inputs"] = plan.ranks
            plans = plans.setdefault(tuple(form(values[k]) for k in plan.ranks), {})
        if not plan.shape_inputs:
            simple = lengths_known and not plan.ranks and len(fed) == len(given)
            plans[() if simple else "parts"] = plan
            return plan, fed, values
        positions = [plan.fed_positions[k] for k in plan.shape_inputs]
        plans["shape inputs"] = positions
        plans[tuple(bytes(as_fed(values[k], np.dtype(np.int64))) for k in positions)] = plan
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
    if isinstance(fetches, (g.Node, g.Operation)):
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


def _divided(tensor: Any, fed: Any) -> Any:
    """What is fed for each part of what is no single tensor."""
    return tensor.divided(fed) if hasattr(tensor, "divided") else fed if hasattr(tensor, "parts") else (fed,)
