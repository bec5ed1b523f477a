"""Programs whose shapes depend on values, in stages: natively what needs none of these shapes, then the ops that decide
them by their meanings, then natively the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compile.lower import PASSED_ON
from thalweg.graph.interpret import evaluate
from thalweg.graph.lowering import Pointwise, Reshape, View
from thalweg.graph.op import item
from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.graph.walk import data_inputs, leaves, rebuild, remake, topological
from thalweg.ops.draws import RandomKey, next_key
from thalweg.run.slots import Slots


class Stages:
    """A program cut at ``found``, ops below its outputs and updates whose results' shapes depend on values; what lies
    behind may be cut again.

    ``program(inputs, outputs, updates)`` makes a Program.
    """

    def __init__(
        self,
        program: Callable[..., Any],
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        found: Sequence[Tensor],
    ) -> None:
        roots = [*outputs, *(new for _, new in updates)]
        keys = dict.fromkeys(t for t in leaves(roots) if isinstance(t, RandomKey))
        self._found, crossing = _cut(roots, found)
        self._asked = list(dict.fromkeys(x for t in found for x in t.inputs))
        given = {t: _input_like(t) for t in [*keys, *crossing, *self._found]}
        before = rebuild([*self._asked, *crossing], {k: given[k] for k in keys}, remake)
        after = rebuild(roots, given, remake)
        first = [*inputs, *(given[k] for k in keys)]
        rest = [*first, *(given[t] for t in [*crossing, *self._found])]
        self._num_keys = len(keys)
        self._read_first, self._read_rest = _places(first, before), _places(rest, after)
        self._first = program([first[k] for k in self._read_first], before, ())
        news = zip((v for v, _ in updates), after[len(outputs) :], strict=True)
        self._rest = program([rest[k] for k in self._read_rest], after[: len(outputs)], list(news))

    @property
    def compile_seconds(self) -> float:
        return self._first.compile_seconds + self._rest.compile_seconds

    def run(self, values: Sequence[np.ndarray], slots: Slots | None) -> list[np.ndarray]:
        """The outputs for these inputs; the variables have their new values then."""
        given = [*values, *(next_key() for _ in range(self._num_keys))]
        known = self._first.run([given[k] for k in self._read_first], slots)
        count = len(self._asked)
        given += known[count:]
        given += evaluate(self._found, dict(zip(self._asked, known[:count], strict=True)))
        return self._rest.run([given[k] for k in self._read_rest], slots)


def _cut(roots: Sequence[Tensor], found: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors that ``found`` give, and those computed without them that what lies behind reads."""
    order = topological(roots)
    start, valued = set(map(id, found)), _valued(order)
    behind: set[int] = set()
    remade: set[int] = set()  # made anew behind the cut: leaves, and what no work makes of them
    results: list[Tensor] = []
    wanted = [*roots]
    for t in order:
        if (id(t) in start and len(t.specs) == 1) or (t.op is item and id(t.inputs[0]) in start):
            results.append(t)
        if id(t) in start:
            behind.add(id(t))
        elif any(id(x) in behind for x in t.inputs):
            behind.add(id(t))
            wanted += t.inputs
        elif _is_easy(t) and all(id(x) in remade for x in t.inputs):
            remade.add(id(t))
    crossing: dict[Tensor, None] = {}
    done = behind | remade
    while wanted:
        t = wanted.pop()
        if id(t) in done:
            continue
        done.add(id(t))
        if id(t) not in valued or _is_view(t):  # a length, which later shapes may need as such; or no work
            wanted += t.inputs
        else:
            crossing[t] = None
    return results, list(crossing)


def _valued(order: Sequence[Tensor]) -> set[int]:
    """Those of the tensors that depend on values of inputs or variables, not only on their shapes."""
    found: set[int] = set()
    for t in order:
        if isinstance(t, (Placeholder, Variable)) or any(id(x) in found for x in data_inputs(t)):
            found.add(id(t))
    return found


def _is_view(tensor: Tensor) -> bool:
    op = tensor.op
    return op is not None and (isinstance(op.lower, (View, Reshape)) or op.name in PASSED_ON)


def _is_easy(tensor: Tensor) -> bool:
    op = tensor.op
    return op is None or _is_view(tensor) or (isinstance(op.lower, Pointwise) and op.pure)


def _input_like(tensor: Tensor) -> Tensor:
    return Placeholder(
        None, (), {}, tensor.specs, name=tensor.name, built_at=tensor.built_at, tracked=tensor.tracked
    )


def _places(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[int]:
    """The places of the inputs that these outputs read."""
    read = set(leaves(outputs))
    return [k for k, t in enumerate(inputs) if t in read]
