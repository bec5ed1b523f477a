"""``keras.backend``: compiled functions, gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from thalweg.compat import graphs
from thalweg.compat.keras.backend.settings import _phase, _settings
from thalweg.compat.keras.backend.values import held_below, tensor
from thalweg.gradient import gradients as _gradients
from thalweg.graph.tensor import Placeholder, Tensor, Variable, constant, plain, shapes_match
from thalweg.graph.tensor import placeholder as _placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.layers.nodes import nodes_between, run_nodes, value_now
from thalweg.nested import flat, mapped
from thalweg.ops.reduce import sum as _sum
from thalweg.ops.state import stop_gradient as _stop
from thalweg.run.function import function as _compiled


class UpdateOfLayer:
    """What training assigns to a weight, such as a moving average: done by a function that is told so, in training."""

    def __init__(self, weight: Variable) -> None:
        self.weight = weight


class UpdatesOfLoss:
    """What an optimizer does with the gradients of a loss: found when it is known whether layers are in training."""

    def __init__(self, rule: Callable[[Any, Any], list[Any]], loss: Any, params: Any) -> None:
        self.rule, self.loss, self.params = rule, loss, params

    def pairs(self, loss: Any) -> list[Any]:
        """Pairs (variable, new value) that lower the loss."""
        return self.rule(loss, self.params)


class KerasFunction:
    """What :func:`function` gives: called with a list of values, it gives a list of arrays."""

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Any) -> None:
        self.one = isinstance(outputs, Tensor)
        self.outputs = [outputs] if self.one else list(outputs)
        self.phase_at = next((k for k, t in enumerate(inputs) if t is _phase), None)
        self.inputs = [t for t in inputs if isinstance(t, Tensor) and t is not _phase]
        self.keep = [k for k, t in enumerate(inputs) if isinstance(t, Tensor) and t is not _phase]
        self.updates = [u for u in (updates or []) if isinstance(u, (tuple, UpdatesOfLoss))]
        self.of_layers = [u.weight for u in (updates or []) if isinstance(u, UpdateOfLayer)]
        self.made: dict[Any, Any] = {}

    def __call__(self, values: Any) -> Any:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        training = bool(_settings["phase"])
        if self.phase_at is not None and self.phase_at < len(values):
            training = bool(np.asarray(values[self.phase_at]))
        given = [values[k] for k in self.keep]
        # What is fed may have other lengths than its input, as long as the ops take them.
        other = tuple(not shapes_match(t.shape, np.shape(v)) for t, v in zip(self.inputs, given))
        if (training, other) not in self.made:
            self.made[training, other] = self._compile(training, other)
        found = [np.array(t.array()) for t in self.made[training, other](*given)]
        return found[0] if self.one else found

    def _compile(self, training: bool, other: Sequence[bool]) -> Any:
        outputs, losses = self.outputs, [u.loss for u in self.updates if isinstance(u, UpdatesOfLoss)]
        assigned: list[Any] = []
        given: dict[Tensor, Tensor] = {
            t: _placeholder(t.dtype, (None,) * t.ndim if longer else t.shape)
            for t, longer in zip(self.inputs, other)
            if longer or not isinstance(t, Placeholder)
        }
        if training or any(other):  # layers are called once more: as in training, on those lengths
            nodes = nodes_between(self.inputs, [*outputs, *losses])
            made = Recorder()
            now = {t: given.get(t, t) if longer else t for t, longer in zip(self.inputs, other)}
            with recording(made):
                outputs, losses = run_nodes(nodes, now, [outputs, losses], training)
            assigned = [(w, made.updates[w]) for w in self.of_layers if w in made.updates]
        ways = iter(losses)
        for update in self.updates:
            assigned += update.pairs(next(ways)) if isinstance(update, UpdatesOfLoss) else [update]
        inputs = [given.get(t, t) for t in self.inputs]
        reading = held_below([*outputs, *(new for _, new in assigned)])
        given |= {t: t.source for t in reading if not any(t is fed for fed in inputs)}
        given[_phase] = constant(training, _phase.dtype)
        return _compiled(inputs, outputs, updates=assigned, givens=given or None)


class KerasSession:
    """What programs take for the session behind Keras: values of tensors, by the values of inputs."""

    graph: Any = None

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of tensors in their structure; what gives none (an initialiser) gives None."""
        given = dict(feed_dict or {})
        wanted = [t for t in flat(fetches) if isinstance(t, Tensor)]
        found = function(list(given), wanted)(list(given.values())) if wanted else []
        values = dict(zip(map(id, wanted), found))
        return mapped(lambda t: values.get(id(t)), fetches)

    def as_default(self) -> Any:
        """The session, for ``with``."""
        return nullcontext(self)

    def close(self) -> None:
        """Nothing is held."""


_session = KerasSession()


def get_session() -> Any:
    """The session, in which tensors have values; without TensorFlow 1, what stands for one."""
    return _session if graphs.backend is None else graphs.backend.session()


def set_session(session: Any) -> None:
    """Run in this session from now on; without TensorFlow 1, functions run by themselves."""
    if graphs.backend is not None:
        graphs.backend.use(session)


def function(
    inputs: Any, outputs: Any, updates: Any = None, feed_dict: Any = None, fetches: Any = None,
    name: Any = None, options: Any = None, run_metadata: Any = None, mode: Any = None,
    allow_input_downcast: Any = None, on_unused_input: Any = None, profile: Any = None,
) -> Any:  # fmt: skip
    """A compiled function of a list of values, giving a list of arrays.

    ``fetches``: further updates; ``feed_dict``: inputs that every call is given besides, read from the dict anew.
    """
    inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    if fetches:
        updates = [*(updates or ()), *fetches]
    if feed_dict:
        whole = function([*inputs, *feed_dict], outputs, updates)
        return lambda values: whole([*values, *feed_dict.values()])
    if graphs.backend is not None and graphs.backend.runs(flat([inputs, outputs, updates])):
        return graphs.backend.function(inputs, outputs, updates)
    inputs, outputs, updates = mapped(plain, (inputs, outputs, updates))
    return KerasFunction(inputs, outputs, updates)


def gradients(loss: Any, variables: Any) -> list[Any]:
    """The gradients of a loss, summed where it is not a scalar, with respect to tensors."""
    given = variables if isinstance(variables, (list, tuple)) else [variables]
    listed = [value_now(plain(v)) for v in given]
    summed = [_sum(part) for part in loss] if isinstance(loss, (list, tuple)) else [_sum(loss)]
    total = summed[0]
    for part in summed[1:]:
        total = total + part
    reading = {t.source: t for t in held_below([total])}  # inputs of models stand for what they read
    return list(_gradients(total, [reading.get(v, v) for v in listed], unconnected="none"))


def stop_gradient(variables: Any) -> Any:
    """The value, through which no gradient passes."""
    return _stop(variables)


def eval(x: Any) -> Any:
    """The value of an expression without inputs."""
    if graphs.backend is not None and graphs.backend.runs([x]):
        return graphs.backend.session().run(x)
    x = plain(tensor(x) if isinstance(x, tuple) else x)
    return x.numpy() if x.value is not None else function([], [x])([])[0]
