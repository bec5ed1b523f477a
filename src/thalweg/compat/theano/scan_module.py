"""``theano.scan`` and what is made of it: map, reduce, foldl, foldr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.functions import OrderedUpdates
from thalweg.compat.theano.lists import TypedListVariable
from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.streams import states_made
from thalweg.compat.theano.subtensor import getitem
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, variable_of
from thalweg.graph.tensor import Spec, Tensor, Variable, shape_text, shapes_match
from thalweg.graph.walk import leaves, rebuild, remake
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops
from thalweg.ops.bodies import parameter


class until:
    """Returned by a step function: the loop ends after the step at which the condition holds."""

    def __init__(self, condition: Any) -> None:
        self.condition = condition


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: bool = False,
    allow_gc: Any = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, OrderedUpdates]:
    """``fn`` of each element of the sequences and of its own earlier results: all results stacked, and the updates.

    ``fn`` takes the sequences' elements, then for each output with an initial state its earlier values (``taps``), then
    the non-sequences.
    """
    walk = _Scan(
        _listed(sequences),
        _listed(outputs_info),
        _listed(non_sequences),
        n_steps,
        go_backwards,
        truncate_gradient,
    )
    outputs, updates = walk.run(fn)
    found: Any = [TensorVariable(t) for t in outputs]
    if not return_list:
        found = found[0] if len(found) == 1 else (found or None)
    return found, updates


def scan_checkpoints(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    name: str = "checkpointscan_fn",
    n_steps: Any = None,
    save_every_N: int = 10,
    padding: bool = True,
) -> tuple[Any, OrderedUpdates]:
    """:func:`scan` of which only every ``save_every_N``-th step and the last come out."""
    from thalweg.compat.theano.tensor import basic

    outputs, updates = scan(fn, sequences, outputs_info, non_sequences, n_steps, name=name, return_list=True)

    def kept(y: TensorVariable) -> TensorVariable:
        count = (y.shape[0] + save_every_N - 1) // save_every_N
        return y[basic.minimum((basic.arange(count) + 1) * save_every_N, y.shape[0]) - 1]

    found = [kept(y) for y in outputs]
    return found[0] if len(found) == 1 else found, updates


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


class _Sequence:
    """One sequence with the places (taps) that each step sees."""

    def __init__(self, given: Any) -> None:
        options = given if isinstance(given, Mapping) else {"input": given}
        self.x = tensor_of(options.get("input"))
        taps = options.get("taps", [0])
        self.taps = [int(t) for t in (taps if isinstance(taps, (list, tuple)) else [taps or 0])] or [0]

    def slices(self) -> list[Tensor]:
        """For each tap the sequence moved so that step t reads place t + tap, all of one length."""
        low, high = min(0, *self.taps), max(0, *self.taps)
        return [self.x if low == high == 0 else self.x[tap - low : (tap - high) or None] for tap in self.taps]


class _Output:
    """One output: its initial state and the earlier steps that ``fn`` sees; neither where it is not fed back."""

    def __init__(self, given: Any) -> None:
        options = dict(given) if isinstance(given, Mapping) else {"initial": given}
        initial = options.get("initial")
        self.initial = None if initial is None else tensor_of(initial)
        taps = options.get("taps")
        if self.initial is None:
            self.taps: list[int] = []
        else:
            self.taps = [-1] if taps is None else sorted(int(t) for t in _listed(taps))
            if not self.taps or self.taps[-1] >= 0:
                raise ValueError("scan: the taps of an output must be negative")
        self.order = list(self.taps) if taps is None else [int(t) for t in _listed(taps)]
        self.depth = -self.taps[0] if self.taps else 0

    def start(self) -> list[Tensor]:
        """The values at steps -depth, ..., -1."""
        if self.initial is None:
            return []
        if self.depth == 1 and self.taps == [-1]:
            return [self.initial]
        return [self.initial[k] for k in range(self.depth)]


class _Scan:
    """The parts of one call of :func:`scan`."""

    def __init__(
        self,
        sequences: list[Any],
        outputs: list[Any],
        constants: list[Any],
        n_steps: Any,
        backwards: bool,
        cut: int,
    ) -> None:
        self.sequences = [_Sequence(s) for s in sequences]
        self.outputs = [_Output(o) for o in outputs]
        self.constants: list[Any] = [
            c if isinstance(c, (AnyVariable, TypedListVariable)) else TensorVariable(tensor_of(c))
            for c in constants
        ]
        self.cut = cut
        self.elements = [x for s in self.sequences for x in s.slices()]
        self._set_length(n_steps, backwards)
        self.condition: Tensor | None = None

    def _set_length(self, n_steps: Any, backwards: bool) -> None:
        """All elements cut to the number of steps; the last one first if ``backwards``."""
        if n_steps is None and not self.elements:
            raise ValueError("scan: neither sequences nor n_steps is given")
        steps = None if n_steps is None else tensor_of(n_steps, "int64")
        if len({x.shape[0] for x in self.elements}) > 1 or (
            len(self.elements) > 1 and self.elements[0].shape[0] is None
        ):
            self.elements = [dynamic.common_rows(x, *self.elements) for x in self.elements]
        if backwards:
            self.elements = [tw.flip(x, axis=0) for x in self.elements]
        if steps is not None:
            if steps.value is not None and not isinstance(steps, Variable):
                number = int(steps.array())
                if number < 0:
                    self.elements = [tw.flip(x, axis=0) for x in self.elements]
                self.elements = [self._shortened(x, abs(number)) for x in self.elements]
                steps = tensor_of(abs(number), "int64")
            else:
                self.elements = [
                    getitem(TensorVariable(x), slice(None, TensorVariable(steps))).tensor
                    for x in self.elements
                ]
        counter = dynamic.iota(steps) if steps is not None else _places(self.elements[0])
        self.elements = [*self.elements, counter]

    def _shortened(self, x: Tensor, number: int) -> Tensor:
        return x if x.shape[0] == number else x[:number]

    def run(self, fn: Callable[..., Any]) -> tuple[list[Tensor], OrderedUpdates]:
        start = self._call(fn)
        params = [*self.history, *self.inputs, self.counter]
        states = list(self.news)
        carries: list[Tensor] = [*start, *states]
        if self.condition is not None:
            carries += [tensor_of(False), tensor_of(0, "int64")]

        def body(carry: list[Any], x: list[Any]) -> tuple[list[Any], list[Any]]:
            history, state = carry[: len(start)], carry[len(start) : len(carries)][: len(states)]
            replace = dict(zip([*params, *states], [*history, *x, *state], strict=True))
            results = rebuild(self._results(), replace, _remade_if_changed)
            values, news = results[: len(self.values)], results[len(self.values) :][: len(states)]
            after = [*self._moved(history, values), *news]
            if self.condition is None:
                return after, values
            return self._stopped(carry, after, results[-1]), values

        final, stacked = tw.scan(body, carries, self.elements)
        ys = list(stacked)
        if self.condition is not None:
            ys = [getitem(TensorVariable(y), slice(None, TensorVariable(final[-1]))).tensor for y in ys]
        updates = OrderedUpdates()
        for shared, new in zip(states, final[len(start) :], strict=False):
            updates[variable_of(shared)] = TensorVariable(new)
        return ys, updates

    def _call(self, fn: Callable[..., Any]) -> list[Tensor]:
        """Call ``fn`` on parameters to learn what a step computes; the initial states in the dtypes it gives them."""
        start = [t for o in self.outputs for t in o.start()]
        self.inputs = [parameter(Spec(x.known_shape()[1:], x.dtype)) for x in self.elements[:-1]]
        self.counter = parameter(Spec((), np.dtype("int64")))
        while True:
            self.history = [parameter(t.specs[0]) for t in start]
            with states_made() as made:
                found = fn(*self._arguments())
            self.values, updates, self.condition = _returned(found)
            if not self.outputs:
                self.outputs = [_Output(None) for _ in self.values]
            if len(self.values) != len(self.outputs):
                raise ValueError(
                    f"scan: the step function returned {len(self.values)} outputs, but outputs_info describes "
                    f"{len(self.outputs)}"
                )
            settled = self._settled(start)
            if all(a.dtype == b.dtype for a, b in zip(settled, start, strict=True)):
                break
            start = settled
        self.news = {tensor_of(v): u for v, u in updates.items()}
        below = leaves([*self.values, *self.news.values()])
        self.news.update({t: t.default_update for t in made if any(t is b for b in below)})
        return start

    def _settled(self, start: list[Tensor]) -> list[Tensor]:
        """The initial states in dtypes wide enough for what the steps return."""
        values = iter(start)
        pairs = [
            (next(values), v) for o, v in zip(self.outputs, self.values, strict=True) for _ in range(o.depth)
        ]
        return [as_dtype(first, np.result_type(first.dtype, value.dtype)) for first, value in pairs]

    def _results(self) -> list[Tensor]:
        """What one step computes: outputs, new states, and the end condition if there is one."""
        made = [
            as_dtype(v, np.result_type(v.dtype, self.history[at].dtype)) if o.depth else v
            for v, o, at in zip(self.values, self.outputs, self._places_of_outputs(), strict=True)
        ]
        if self.cut >= 0:
            steps: Any = shape_ops.count(self.elements[-1], (0,), np.dtype("int64"))
            early = tw.less(self.counter, steps - self.cut)
            made = [tw.where(early, tw.stop_gradient(v), v) if v.dtype.kind == "f" else v for v in made]
        return [*made, *self.news.values(), *([] if self.condition is None else [self.condition])]

    def _places_of_outputs(self) -> list[int]:
        places, at = [], 0
        for output in self.outputs:
            places.append(at)
            at += output.depth
        return places

    def _arguments(self) -> list[AnyVariable]:
        earlier = []
        for output, at in zip(self.outputs, self._places_of_outputs(), strict=True):
            earlier += [self.history[at + output.depth + tap] for tap in output.order]
        return [*(TensorVariable(t) for t in [*self.inputs, *earlier]), *self.constants]

    def _moved(self, history: list[Any], values: list[Any]) -> list[Any]:
        """The history one step later."""
        made: list[Any] = []
        for output, value, at in zip(self.outputs, values, self._places_of_outputs(), strict=True):
            if output.depth:
                _check_state(value, history[at])
                made += [*history[at + 1 : at + output.depth], value]
        return made

    def _stopped(self, carry: list[Any], after: list[Any], condition: Tensor) -> list[Any]:
        """The carries after a step that may come after the end: kept as they were then."""
        done, steps = carry[-2:]
        kept = [tw.where(done, old, new) for old, new in zip(carry, after, strict=False)]
        count = tw.where(done, steps, tw.add(steps, tensor_of(1, "int64")))
        return [*kept, tw.logical_or(done, as_dtype(condition, "bool")), count]


def _remade_if_changed(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
    """The tensor itself where a step does not change it: what the loop reads stays the program's own expression."""
    same = all(a is b for a, b in zip(inputs, tensor.inputs, strict=True))
    return tensor if same else remake(tensor, inputs)


def _places(x: Tensor) -> Tensor:
    return tw.reshape(tw.iota_like(x, axis=0), (-1,))


def _check_state(value: Tensor, state: Tensor) -> None:
    if not shapes_match(state.shape, value.shape):
        raise ValueError(
            f"scan: an output of shape {shape_text(value.shape)} does not fit its initial state of shape "
            f"{shape_text(state.shape)}; they must agree at every step"
        )


def _returned(result: Any) -> tuple[list[Tensor], dict[Any, Any], Tensor | None]:
    """What a step function returned, taken apart: outputs, updates, end condition."""
    parts = list(result) if isinstance(result, (list, tuple)) and not _is_pairs(result) else [result]
    outputs: list[Any] = []
    updates: dict[Any, Any] = {}
    condition: Tensor | None = None
    for part in parts:
        if isinstance(part, until):
            condition = tensor_of(part.condition)
        elif isinstance(part, Mapping):
            updates.update(part)
        elif _is_pairs(part):
            updates.update(dict(part))
        elif isinstance(part, (list, tuple)):
            outputs.extend(part)
        elif part is not None:
            outputs.append(part)
    news = {v: as_dtype(tensor_of(u), v.tensor.dtype) for v, u in updates.items()}
    return [tensor_of(o) for o in outputs], news, condition


def _is_pairs(part: Any) -> bool:
    return (
        isinstance(part, (list, tuple))
        and bool(part)
        and all(
            isinstance(p, (list, tuple)) and len(p) == 2 and isinstance(p[0], TensorSharedVariable)
            for p in part
        )
    )


def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """``fn`` of each element."""
    how: dict[str, Any] = {"truncate_gradient": truncate_gradient, "go_backwards": go_backwards, "name": name}
    return scan(fn, sequences, None, non_sequences, **how)


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """The last value of ``a = fn(x, a)`` over the sequences."""
    outputs, updates = scan(fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards, name=name)
    last = [o[-1] for o in outputs] if isinstance(outputs, (list, tuple)) else outputs[-1]
    return last, updates


def foldl(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """:func:`reduce` from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    mode: Any = None,
    name: str | None = None,
) -> tuple[Any, OrderedUpdates]:
    """:func:`reduce` from the last element to the first."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)
