"""What is written of one kernel, so that kernels of layers that are alike are compiled once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thalweg.compile.canonical import Writer
from thalweg.compile.groups import Kernel, all_loops_of
from thalweg.compile.schedule import Schedule
from thalweg.graph.tensor import Tensor


class KernelWriter(Writer):
    """Writes one kernel of a schedule as its code sees it: what it computes, and of all other tensors only their types
    and where they lie. Kernels that are written alike differ in their memory alone.
    """

    def __init__(self, schedule: Schedule, kernel: Kernel) -> None:
        super().__init__()
        self._schedule, self._kernel = schedule, kernel
        self._own = set(kernel.members).union(*(loops.inside for loops in all_loops_of(kernel)))
        self.write(kernel)

    def _object(self, value: Any) -> None:
        if isinstance(value, Kernel):
            self._begun(value)
            self.several(type(value).__name__, [v for k, v in vars(value).items() if k != "order"])
        else:
            super()._object(value)

    def _ends(self, tensor: Tensor) -> bool:
        return super()._ends(tensor) or tensor not in self._own

    def _facts(self, tensor: Tensor) -> Iterable[Any]:
        where, own = self._schedule.places, tensor in self._own
        return [
            *(super()._facts(tensor) if own else (tensor.specs, tensor.value)),
            where.of.get(tensor),
            where.folded.get(tensor),
            self._schedule.placed.get(tensor),
            self._schedule.bound.get(tensor),
            tensor in self._schedule.stored,
            tensor is self._kernel.members[0] and self._schedule.is_read(tensor),
        ]
