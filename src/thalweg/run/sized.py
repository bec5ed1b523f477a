"""Programs whose shapes depend on values of their inputs: the lengths are read first, and each set of them compiled
once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import FeedError, fail
from thalweg.graph.tensor import Placeholder, Tensor, Variable, constant
from thalweg.graph.walk import leaves, rebuild, remake, topological
from thalweg.ops.bodies import Body
from thalweg.ops.dynamic import DYNAMIC
from thalweg.ops.random import RandomKey
from thalweg.run.program import Program, convert_feed
from thalweg.run.slots import slot_of, uninitialized

_KEPT_LENGTHS = 64  # programs kept, by lengths; the least recently used goes first


def program(
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    updates: Sequence[tuple[Variable, Tensor]] = (),
    name: str | None = None,
) -> Any:
    """A :class:`Program`, or a :class:`SizedProgram` where lengths depend on values; both have ``run(arrays)``."""
    lengths = lengths_from_values([*outputs, *(u for _, u in updates)])
    if not lengths:
        return Program(inputs, outputs, updates, name)
    return SizedProgram(inputs, outputs, updates, name, lengths)


def lengths_from_values(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The scalars that decide shapes and depend on values of inputs or variables, not only on their shapes."""
    found: dict[int, Tensor] = {}
    for tensor in topological(outputs):
        start = DYNAMIC.get(tensor.op)  # type: ignore[arg-type]
        if start is not None:
            for length in tensor.inputs[start:]:
                found.setdefault(id(length), length)
    return [t for t in found.values() if _reads_values(t)]


def _reads_values(tensor: Tensor) -> bool:
    """Whether the value of an input or variable is read; draws of random numbers cannot be read ahead."""
    stack, seen, read = [tensor], set(), False
    while stack:
        t = stack.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        if isinstance(t, RandomKey):
            return False
        read = read or isinstance(t, (Placeholder, Variable))
        hidden = t.op.shape_only if t.op is not None else ()
        stack.extend(x for k, x in enumerate(t.inputs) if k not in hidden)
    return read


class SizedProgram:
    """One Program for each set of lengths met so far."""

    def __init__(
        self,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        name: str | None,
        lengths: Sequence[Tensor],
    ) -> None:
        self.name = name or "program"
        self.inputs, self.outputs, self.updates = list(inputs), list(outputs), list(updates)
        self._lengths = list(lengths)
        read = [t for t in leaves(lengths) if isinstance(t, (Placeholder, Variable))]
        self._read = [(t, next((k for k, p in enumerate(inputs) if p is t), None)) for t in read]
        self._body = Body(read, self._lengths)
        self._programs: OrderedDict[tuple[int, ...], Program] = OrderedDict()

    def run(self, arrays: Sequence[Any]) -> list[np.ndarray]:
        """Run on values for the inputs."""
        values = [convert_feed(p, a) for p, a in zip(self.inputs, arrays, strict=True)]
        with np.errstate(all="ignore"):
            found = self._body.run([self._value(t, k, values) for t, k in self._read])
        key = tuple([int(n) for n in found])
        return self._program(key).run(values)

    def _value(self, leaf: Tensor, place: int | None, values: Sequence[np.ndarray]) -> np.ndarray:
        """What the leaf is in this run: an argument, or the variable's value now."""
        if place is not None:
            return values[place]
        if not isinstance(leaf, Variable):
            raise fail(
                FeedError, f"{self.name}: {leaf.label()} {leaf.specs[0]} has no value", built_at=leaf.built_at
            )
        array = slot_of(leaf, None).array
        if array is None:
            raise uninitialized(leaf)
        return array

    def _program(self, key: tuple[int, ...]) -> Program:
        if key not in self._programs:
            pairs = zip(self._lengths, key, strict=True)
            replace: dict[Tensor, Tensor] = {t: constant(np.asarray(n, t.dtype)) for t, n in pairs}
            made = rebuild([*self.outputs, *(u for _, u in self.updates)], replace, remake)
            news = made[len(self.outputs) :]
            updates = [(v, u) for (v, _), u in zip(self.updates, news, strict=True)]
            self._programs[key] = Program(self.inputs, made[: len(self.outputs)], updates, self.name)
            if len(self._programs) > _KEPT_LENGTHS:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        return self._programs[key]
