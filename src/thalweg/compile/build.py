"""From a lowered graph to something that runs: schedule, native code, and frames in which to run it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.compile import singles
from thalweg.compile.emit import begin
from thalweg.compile.groups import Columns, Kernel, Nest, Product
from thalweg.compile.native import compiled
from thalweg.compile.plan import Cell, Output, Plan
from thalweg.compile.schedule import Schedule
from thalweg.compile.step import Step
from thalweg.compile.target import Target, host_target
from thalweg.graph.lowering import RandomBits
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor


@dataclass
class Report:
    """What was made, for the log and the profile."""

    kernels: list[str]
    host_ops: list[str]
    schedule_seconds: float
    compile_seconds: float


class Executable:
    """A compiled graph, to be run in a `Frame`.

    ``table`` numbers all tensors in memory; ``kept`` is the name of the machine code on disk, if it is there.
    ``segments`` are its parts in order, each a native function's address, or None for an op that the host does,
    and its kernels; ``whole`` is the address of the function that does all, if one does. ``apart=True`` makes
    every kernel a part of its own and adds up the ``seconds`` of each: for profiles.
    """

    def __init__(
        self,
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Tensor, Tensor]],
        target: Target | None = None,
        apart: bool = False,
    ) -> None:
        begun = time.perf_counter()
        self.schedule = Schedule(outputs, updates)
        step = begin(self.schedule, target or host_target())
        segments = _segments(self.schedule.kernels, apart)
        scheduled = time.perf_counter()
        self._code, names, self.kept = compiled(step, [run for native, run in segments if native])
        addresses = iter([self._code.address(name) for name in names] if self._code is not None else [])
        self.segments = [(next(addresses) if native else None, run) for native, run in segments]
        self.whole = self.segments[0][0] if len(self.segments) == 1 and not apart else None
        self.seconds: list[float] | None = [0.0] * len(self.segments) if apart else None
        self._name_the_rest(step)
        self.table = step.table
        self.workspaces = step.workspaces
        self.parallel = step.parallel
        self.report = Report(
            [_title(k) for k in self.schedule.kernels],
            [_title(k) for address, run in self.segments if address is None for k in run],
            scheduled - begun,
            time.perf_counter() - scheduled,
        )

    def plan(self, leaves: Sequence[Tensor]) -> Plan:
        """What a frame has to know, with the leaves numbered in this order."""
        numbers = {leaf: n for n, leaf in enumerate(leaves)}
        outputs, lives = set(self.schedule.outputs), self._lives()
        cells = []
        for t in self.table:
            if t.op is None:
                cells.append(Cell(t.dtype, t.shape, numbers.get(t), None if t in numbers else t.value))
            elif t in outputs:
                cells.append(Cell(t.dtype, t.shape, output=True))
            else:
                cells.append(Cell(t.dtype, t.shape, None, None, False, *lives[t]))
        places, bound = {t: k for k, t in enumerate(self.table)}, self.schedule.bound
        return Plan(
            cells,
            [
                Output(places[t], shape, _overruns(t))
                for t, shape in zip(self.schedule.outputs, self.schedule.output_shapes, strict=True)
            ],
            [(places[bound.get(t, t)], places[leaf]) for leaf, t in self.schedule.moves],
            self.workspaces,
            self.parallel,
        )

    def _lives(self) -> dict[Tensor, tuple[int, int]]:
        """The first and the last kernel, by number, that touch each tensor which has no other place than the arena."""
        schedule, outputs = self.schedule, set(self.schedule.outputs)
        order = {k: n for n, k in enumerate(schedule.kernels)}
        last: dict[Tensor, int] = {}
        for kernel, n in order.items():
            for source in kernel.sources:
                last[source] = n
        last.update({tensor: len(order) for _, tensor in schedule.moves})
        begun: dict[Tensor, int] = {}  # of wholes whose parts are written before they are put together
        for part, where in schedule.placed.items():
            first = order[schedule.owner[part]]
            begun[where.source] = min(first, begun.get(where.source, first))
            last[where.source] = max(last[part], last.get(where.source, first))
        lives = {}
        for tensor in self.table:
            if tensor.op is not None and tensor not in outputs:
                first = order[schedule.owner[tensor.inputs[0] if tensor.op is item else tensor]]
                first = min(first, begun.get(tensor, first))
                lives[tensor] = first, max(first, last.get(tensor, first))
        return lives

    def _name_the_rest(self, step: Step) -> None:
        """What only the host touches has a place in the table too."""
        schedule = self.schedule
        for kernel in schedule.kernels:
            if not _is_native(kernel):
                for source in [*kernel.sources, *self.results_of(kernel)]:
                    step.slot(schedule.bound.get(source, source))
        for tensor in [
            *schedule.outputs,
            *(t for _, t in schedule.moves),
            *(leaf for leaf, _ in schedule.moves),
        ]:
            step.slot(schedule.bound.get(tensor, tensor))

    def results_of(self, kernel: Kernel) -> list[Tensor]:
        """The tensors that a host kernel writes."""
        (tensor,) = kernel.members
        if len(tensor.specs) == 1 and tensor in self.schedule.stored:
            return [tensor]
        return [t for t in self.schedule.stored if t.op is item and t.inputs[0] is tensor]


def _overruns(tensor: Tensor) -> bool:
    """Whether the tensor's kernel writes past its end: random words come in whole groups."""
    return tensor.op is not None and isinstance(tensor.op.lower, RandomBits)


def _is_native(kernel: Kernel) -> bool:
    return isinstance(kernel, (Nest, Columns, Product)) or singles.has_native_form(kernel.members[0])


def _segments(order: Sequence[Kernel], apart: bool) -> list[tuple[bool, list[Kernel]]]:
    """Runs of native kernels, and host kernels one by one."""
    result: list[tuple[bool, list[Kernel]]] = []
    for kernel in order:
        native = _is_native(kernel)
        if native and result and result[-1][0] and not apart:
            result[-1][1].append(kernel)
        else:
            result.append((native, [kernel]))
    return result


def _title(kernel: Kernel) -> str:
    names = " ".join(m.op.name for m in kernel.members if m.op is not None)
    shape = kernel.domain if isinstance(kernel, (Nest, Columns)) else kernel.members[0].shape
    return f"{names} {[int(d) for d in shape]}"
