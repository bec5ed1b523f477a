"""Gradients of eager results by compiled programs.

A training loop asks for the gradient of the same expression at every step, with other values in it. Where the
expression still waits to be computed (:mod:`thalweg.graph.later`), its gradients join what waits. Where it has been
computed, the backward pass is compiled after a few times: a program whose inputs are the values that the forward pass
left behind. Both give what :func:`thalweg.gradient.gradients` gives, up to rounding, without its history.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.gradient import gradients
from thalweg.graph import later
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, freeze
from thalweg.graph.walk import attributes_key, leaves, rebuild, remake, topological
from thalweg.ops.state import read
from thalweg.run.program import Program

_EAGER_TIMES = 3  # how often an expression is differentiated as it is, before a program is made of it
_KEPT = 256  # expressions that are remembered
_MOST_NUMBERS = (
    8  # so many different numbers in the same places are part of the expression: then they are inputs
)


class _Plan:
    """One backward pass: its program, which tensors of the expression it reads, and which sources get a gradient."""

    def __init__(self, program: Program, places: list[int], connected: list[bool]) -> None:
        self.program, self.places, self.connected = program, places, connected


class _Memory:
    """What was differentiated lately: a count, then a plan."""

    def __init__(self) -> None:
        self._found: OrderedDict[Any, int | _Plan] = OrderedDict()
        self._numbers: OrderedDict[Any, set[Any]] = (
            OrderedDict()
        )  # of expressions that differ in nothing else

    def has_many(self, key: Any, numbers: tuple[bytes, ...]) -> bool:
        """Whether the expression comes with ever other numbers; these are remembered."""
        seen = self._numbers.pop(key, set())
        self._numbers[key] = seen
        if len(self._numbers) > _KEPT:
            self._numbers.popitem(last=False)
        if len(seen) <= _MOST_NUMBERS:
            seen.add(numbers)
        return len(seen) > _MOST_NUMBERS

    def times(self, key: Any) -> int | _Plan:
        """How often the expression came before, or its plan."""
        found = self._found.pop(key, 0)
        self._found[key] = found + 1 if isinstance(found, int) else found
        if len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return found

    def keep(self, key: Any, plan: _Plan) -> None:
        """Remember a plan."""
        self._found[key] = plan


_memory = _Memory()


def replayed_gradients(
    ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor], constants: Sequence[Tensor] = ()
) -> list[Tensor | None]:
    """The gradients of the sum of eager ``ys``, weighted by ``seeds``, by each x; None where no y depends on it.

    The results have no history: they are for the last of nested gradients. Gradients do not pass ``constants``.

    >>> x = Variable(3.0)
    >>> [replayed_gradients([x * x], [x], [x * 0 + 1])[0].item() for _ in range(5)]
    [6.0, 6.0, 6.0, 6.0, 6.0]
    """
    waiting = None if constants else _waiting_gradients(ys, xs, seeds)
    if waiting is not None:
        return waiting
    cut = {id(t) for t in constants}
    order = topological([*ys, *seeds], stop=lambda t: id(t) in cut or any(t is x for x in xs))
    key, as_inputs = _key(order, ys, xs, seeds, cut), False
    if key is not None:
        numbers = tuple([t.value.tobytes() for t in order if _is_number(t) and id(t) not in cut])
        as_inputs = _memory.has_many(key, numbers)
        key = (key, () if as_inputs else numbers, as_inputs)
    plan = 0 if key is None else _memory.times(key)
    if not isinstance(plan, _Plan):
        if key is None or plan < _EAGER_TIMES:
            found = gradients(ys, xs, seeds, unconnected="none", consider_constant=constants)
            return [None if g is None else _value(g.array()) for g in found]
        plan = _planned(order, ys, xs, seeds, cut, as_inputs)
        _memory.keep(key, plan)
    results = iter(
        plan.program.run([order[k].value for k in plan.places]) if plan.places else plan.program.run([])
    )
    return [_value(next(results)) if reached else None for reached in plan.connected]


def remembered_gradients(
    ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor]
) -> list[Tensor | None] | None:
    """As `replayed_gradients` by variables, but the results remember how they came about, so that gradients of them may
    be taken. None where the expression does not wait.
    """
    return _waiting_gradients(ys, xs, seeds, remembered=True)


class _Slope:
    """Which gradient a tensor is: of ``ys``, weighted by ``seeds``, by the variable x, all made of ``leaves``."""

    def __init__(
        self,
        ys: Sequence[Tensor],
        x: Tensor,
        seeds: Sequence[Tensor],
        leaves: Sequence[Tensor],
        spec: Spec,
    ) -> None:
        self.ys, self.seeds, self.leaves = list(ys), list(seeds), list(leaves)
        self.read = [k for k, leaf in enumerate(leaves) if leaf.op is read and leaf.inputs[0] is x]
        self.spec = spec

    def expressed(self, leaves: Sequence[Tensor]) -> Tensor:
        """The gradient as an expression of these leaves."""
        ys, seeds = self.ys, self.seeds
        if any(a is not b for a, b in zip(leaves, self.leaves, strict=True)):
            made = rebuild([*ys, *seeds], dict(zip(self.leaves, leaves, strict=True)), remake)
            ys, seeds = made[: len(ys)], made[len(ys) :]
        (total,) = _slopes([], ys, seeds, [[leaves[k] for k in self.read]])
        assert total is not None
        return total


@make_op({}, infer=lambda *leaves, of: of.spec, expand=lambda *leaves, of: of.expressed(leaves))
def slope(*leaves, of):  # type: ignore[no-untyped-def]
    """A gradient that waited, as an op on what it is made of; its own gradient is that of its expression."""
    symbols = [Placeholder(None, (), {}, (Spec(a.shape, a.dtype),), tracked=True) for a in leaves]
    return evaluate([of.expressed(symbols)], dict(zip(symbols, leaves, strict=True)))[0]


def _waiting_gradients(
    ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor], remembered: bool = False
) -> list[Tensor | None] | None:
    """The gradients as further results of the batch that holds the whole expression; None where none does."""
    batch = later.current()
    if any((waiting := y.later) is None or waiting[0] is not batch for y in ys):
        return None
    for seed in seeds:
        if (waiting := seed.later) is not None and waiting[0] is not batch:
            seed.array()
    with batch.lock:
        if batch.closed:
            return None
        places = (tuple([batch.place_of(y) for y in ys]), tuple([batch.place_of(seed) for seed in seeds]))
        operands = (*places, tuple([batch.places_of(x) for x in xs]))
        key = (replayed_gradients, operands, remembered)
        found = batch.state.following.get(key)
        if found is None:
            specs = None
            leaves, results = batch.expressions()
            outputs, weights, sources = later.picked(operands, leaves, results)
            if batch.remembers([*outputs, *weights]):
                sums = _slopes(batch.cuts(), outputs, weights, sources)
                specs = [None if g is None else g.specs[0] for g in sums]
            if specs is not None and any(
                s is not None and (s.shape is None or None in s.shape) for s in specs
            ):
                specs = None
            known = batch.follow(key, specs)
        else:
            batch.state, known = found
        if known is None:
            return None
        line = later.Line(_reached_slopes, operands, None, remembered)
        made = iter(batch.write(line, [spec for spec in known if spec is not None]))
        slopes = [None if spec is None else next(made) for spec in known]
        below = batch.sources() if remembered else []
        for x, g in zip(xs, slopes, strict=True):
            if g is not None and remembered:
                g.op, g.inputs, g.tracked = slope, tuple(below), True
                g.attrs = {"of": _Slope(ys, x, seeds, below, g.specs[0])}
        return slopes


def _slopes(
    cuts: Sequence[Tensor], ys: Sequence[Tensor], seeds: Sequence[Tensor], sources: Sequence[Sequence[Tensor]]
) -> list[Tensor | None]:
    """The gradient by each source, which stands for the sum of several tensors; None where none is reached."""
    flat = [p for ps in sources for p in ps]
    found = iter(gradients(ys, flat, seeds, unconnected="none", consider_constant=cuts))
    return [_sum([g for g in [next(found) for _ in ps] if g is not None]) for ps in sources]


def _reached_slopes(*operands: Any) -> list[Tensor]:
    return [g for g in _slopes(*operands) if g is not None]


def _value(array: np.ndarray) -> Tensor:
    return Tensor(None, (), {}, (Spec(array.shape, array.dtype),), freeze(array))


# --- the key --------------------------------------------------------------------------------------------------------


def _key(
    order: list[Tensor], ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor], cut: set[int]
) -> Any:
    """Equal for expressions that differ in values alone, of numbers too; None where an attribute cannot be compared."""
    places = {id(t): k for k, t in enumerate(order)}
    parts: list[Any] = []
    for tensor in order:
        if tensor.op is None or id(tensor) in cut:
            parts.append((tensor.specs, _is_number(tensor)))
            continue
        if not all(map(_is_plain, tensor.attrs.values())):
            return None
        inputs = tuple(places[id(t)] for t in tensor.inputs if id(t) in places)
        parts.append((tensor.op, inputs, attributes_key(tensor.attrs), tensor.specs))
    wanted = tuple(places.get(id(x), -1) for x in xs)
    return tuple(parts), tuple(places[id(t)] for t in (*ys, *seeds)), len(ys), wanted


def _is_number(tensor: Tensor) -> bool:
    plain = tensor.op is None and not tensor.tracked and not isinstance(tensor, Variable)
    return plain and tensor.value.ndim == 0


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str, np.dtype, np.generic))


# --- the program ----------------------------------------------------------------------------------------------------


def _planned(
    order: list[Tensor], ys: Sequence[Tensor], xs: Sequence[Tensor], seeds: Sequence[Tensor], cut: set[int],
    as_inputs: bool,
) -> _Plan:  # fmt: skip
    """The backward pass of the expression, whose forward values are inputs where it reads them; ``as_inputs``: so are
    its numbers.
    """
    again, sources = _again(order, xs, cut, as_inputs)
    sums = _slopes([], [again[id(y)] for y in ys], [again[id(s)] for s in seeds], sources)
    kept = [g for g in sums if g is not None]
    computed = [again[id(t)] for t in order if t.op is not None and len(t.specs) == 1]
    values: dict[Tensor, Tensor] = {t: _input(t) for t in computed if not isinstance(t, Placeholder)}
    place = {id(again[id(t)]): k for k, t in enumerate(order)}
    place |= {id(p): place[id(t)] for t, p in values.items()}
    outputs = rebuild(kept, values, remake)
    inputs = [t for t in leaves(outputs) if isinstance(t, Placeholder)]
    return _Plan(
        Program(inputs, outputs, [], "gradient"),
        [place[id(p)] for p in inputs],
        [g is not None for g in sums],
    )


def _input(tensor: Tensor) -> Placeholder:
    return Placeholder(None, (), {}, tensor.specs, tracked=True)


def _again(
    order: list[Tensor], xs: Sequence[Tensor], cut: set[int], as_inputs: bool
) -> tuple[dict[int, Tensor], list[list[Tensor]]]:
    """The expression as a symbolic one, and for each x the inputs that stand for it: a variable may be read twice."""
    again: dict[int, Tensor] = {}
    sources: dict[int, list[Tensor]] = {id(x): [] for x in xs}
    for tensor in order:
        if id(tensor) in sources and not isinstance(tensor, Variable):
            again[id(tensor)] = _input(tensor)
            sources[id(tensor)].append(again[id(tensor)])
        elif id(tensor) in cut:
            again[id(tensor)] = _input(tensor)
        elif tensor.op is read:
            again[id(tensor)] = _input(tensor)
            sources.get(id(tensor.inputs[0]), []).append(again[id(tensor)])
        elif tensor.op is None:
            again[id(tensor)] = tensor if _is_number(tensor) and not as_inputs else _input(tensor)
        else:
            again[id(tensor)] = remake(tensor, [again[id(t)] for t in tensor.inputs])
    return again, [sources[id(x)] for x in xs]


def _sum(parts: list[Any]) -> Any:
    total = parts[0] if parts else None
    for part in parts[1:]:
        total = total + part
    return total
