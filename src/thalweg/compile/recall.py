"""Programs that were compiled before, found on disk by what the user wrote: neither rewritten nor scheduled again.

A program's name is the hash of its graph as it was built and of the shapes of its leaves. What is kept under it is a
`Plan` and the name of the machine code, which has a file of its own (`native.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compile import cache
from thalweg.compile.bounds import Limit
from thalweg.compile.canonical import UnwritableError, Writer
from thalweg.compile.kept import packed, parted, step_code, versions
from thalweg.compile.llvm import PASSES, NativeCode
from thalweg.compile.plan import Plan, as_told, from_told, meant, said
from thalweg.compile.target import host_target
from thalweg.graph.lowering import Layout
from thalweg.graph.tensor import Tensor
from thalweg.version import sources_digest


class Recalled(NamedTuple):
    """A program from disk: its plan, its one function, what its arguments must be, and what else was kept."""

    plan: Plan
    code: NativeCode
    whole: int
    bounds: list[Limit]
    more: Any


class ProgramText(Writer):
    """What is written of a program as it was built: ``leaves`` by their numbers and by what they are this time."""

    def __init__(self, leaves: Mapping[Tensor, Any]) -> None:
        super().__init__()
        self._leaves = {leaf: (number, told) for number, (leaf, told) in enumerate(leaves.items())}

    def _ends(self, tensor: Tensor) -> bool:
        return super()._ends(tensor) or tensor in self._leaves

    def _tensor(self, tensor: Tensor) -> None:
        known = self._leaves.get(tensor)
        if known is not None:
            self.tensors[self._begun(tensor)] = tensor
            self.several("leaf", known)
        elif tensor.op is None and tensor.value is None and tensor.later is not None:
            raise UnwritableError("nobody knows its value yet")
        else:
            super()._tensor(tensor)

    def _facts(self, tensor: Tensor) -> Iterable[Any]:
        value = tensor.value if tensor.op is None else None
        return (tensor.op, tensor.inputs, tensor.attrs, tensor.specs, value)


class Record:
    """A program's record on disk, under the hash of its text: to be found, or to be kept."""

    def __init__(self, roots: Sequence[Tensor], leaves: Mapping[Tensor, Any], *more: Any) -> None:
        """``leaves``: what is to be written of each, in order; ``more``: whatever else decides about the result."""
        self._text = ProgramText(leaves)
        self._name: str | None = None
        sources = sources_digest()
        if sources is None:
            return
        try:
            self._text.write((host_target(), tuple(leaves.values()), tuple(roots), more))
        except UnwritableError:
            return
        self._name = cache.key(["program", self._text.text(), *PASSES, *versions(sources)])

    def find(self) -> Recalled | None:
        """What was kept of the program; None where nothing was, or not all of it is there any more."""
        data = None if self._name is None else cache.load(self._name)
        if data is None:
            return None
        (told, code, limits, more), arrays = parted(data)
        kept = cache.load(code)
        if kept is None:
            return None
        native = step_code(code, parted(kept)[1], ["step0"])
        plan = from_told(told, arrays, self._array)
        whole = native.address("step0")
        return Recalled(plan, native, whole, [self._limit(meant(t)) for t in limits], meant(more))

    def keep(self, plan: Plan, code: str, bounds: Sequence[Limit], more: Any) -> None:
        """Keep what there is beside machine code that is kept under the name ``code``."""
        if self._name is not None:
            numbers = {
                id(t.value): n for n, t in self._text.tensors.items() if t.op is None and t.value is not None
            }
            limits = [self._told(b) for b in bounds]
            told, arrays = as_told(plan, lambda value: numbers.get(id(value)))
            cache.store(self._name, packed([told, code, limits, said(more)], arrays))

    def _array(self, number: int) -> np.ndarray:
        value = self._text.tensors[number].value
        assert value is not None
        return value

    def _line(self, bound: Limit) -> int | None:
        """The number of a tensor that was built at the same line: that may stand elsewhere the next time."""
        lines = (n for n, t in self._text.tensors.items() if t.built_at == bound.built_at)
        return next(lines, None)

    def _told(self, limit: Limit) -> Any:
        seen = limit.layout
        facts = [limit.argument, seen.offset, seen.shape, seen.strides, limit.low, limit.high]
        return said([*facts, limit.what, self._line(limit)])

    def _limit(self, told: Any) -> Limit:
        argument, offset, shape, strides, low, high, what, line = told
        built_at = None if line is None else self._text.tensors[line].built_at
        return Limit(argument, Layout(offset, shape, strides), low, high, what, built_at)
