"""A compiled form with everything in place for the next call: its frame, and where the variables' values are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compile.bounds import Limit
from thalweg.compile.frame import Frame
from thalweg.compile.plan import Plan
from thalweg.graph.memory import Slot, address_of, aligned_empty
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops.draws import state_words
from thalweg.run.rows import Rows
from thalweg.run.slots import Slots, slot_of, uninitialized
from thalweg.run.workers import pool

if TYPE_CHECKING:
    from thalweg.compile.build import Executable

_CALL_SECONDS = 0.1  # of steps in one native call: so often Python looks up from them


class Bound:
    """A form's frame for given lengths, bound to the slots of one run after another.

    ``variables``: what the leaves behind ``inputs`` and ``keys`` stand for; those ``read`` need a value, those
    ``written`` memory that nobody else holds. For the rest see `Frame`.
    """

    def __init__(
        self,
        plan: Plan,
        whole: int | None,
        parts: Executable | None,
        inputs: Sequence[Tensor],
        keys: int,
        stream: int,
        variables: Sequence[Variable],
        read: set[Variable],
        written: set[Variable],
        lengths: tuple[int, ...],
        bounds: Sequence[Limit],
    ) -> None:
        self._pool = pool() if plan.parallel else None
        threads = 1 if self._pool is None else self._pool.num_threads
        self._runner = None if threads == 1 else self._pool
        random = address_of(state_words())
        self.frame = Frame(
            plan, whole, parts, inputs, keys, random, stream, lengths, threads, self._runner, bounds
        )
        self._call = self.frame.call
        self._variables = [variables[k] for k in self.frame.variables]
        self._read, self._written = read, written
        placed = set(self._variables)  # variables without elements have no memory in a plan
        self._bare = [v for v in written if v not in placed and v.shape is not None and 0 in v.shape]
        self._slots: Slots | None = None
        self._moment: object = None  # when the frame was told where the variables are
        self._step_seconds = _CALL_SECONDS

    def is_current(self) -> bool:
        """Whether the frame is for as many threads as programs have now."""
        return self._pool is None or self._pool is pool()

    def run(self, arguments: tuple[Any, ...], slots: Slots | None, tensors: bool) -> list[Any] | None:
        """One step, with new arrays or eager tensors of its outputs; None with nothing done where the arguments
        are not arrays as the frame wants them, or the frame is for other threads.
        """
        new: list[Slot] = []
        if self._is_stale(slots):
            if not self.is_current():
                return None
            new = self._bind(slots)
        results = None
        try:
            results = self._call(arguments, tensors)
            if results is None and self._runner is not None and self._runner.start():
                results = self._call(arguments, tensors) if self.is_current() else None
                self._runner.close_if_retired()
        finally:
            if results is None:
                _forget(new)
        return results

    def run_steps(self, rows: Rows, start: int, slots: Slots | None) -> tuple[int, list[np.ndarray], Any]:
        """Steps from number ``start`` on that take about 0.1 s: how many, their outputs, stacked, and the
        interruption that came meanwhile, if one did.
        """
        count = max(1, min(rows.steps - start, int(_CALL_SECONDS / self._step_seconds)))
        new = self._bind(slots) if self._is_stale(slots) else []
        feeds, numbers = rows.feeds(start, count)
        results = self.frame.prepare(count, feeds, numbers)
        interruption = None
        begun = time.perf_counter()
        try:
            self.frame.run_prepared()
        except KeyboardInterrupt as raised:  # it came while native code ran, or before
            interruption = raised
        finally:
            if not self.frame.done:
                _forget(new)
        if interruption is not None and not self.frame.done:
            raise interruption
        self._step_seconds = max((time.perf_counter() - begun) / count, 1e-9)
        return count, results, interruption

    def _is_stale(self, slots: Slots | None) -> bool:
        """Whether variables may be elsewhere than the frame was told."""
        return slots is not self._slots or self._moment is not Slot.moment

    def _bind(self, slots: Slots | None) -> list[Slot]:
        """Tell the frame where the variables are; the slots that have got their first memory."""
        moment, self._moment = Slot.moment, None
        bound = [slot_of(variable, slots) for variable in self._variables]
        new: list[Slot] = []
        for slot, variable, shape in zip(bound, self._variables, self.frame.variable_shapes, strict=True):
            slot.settle()
            if slot._array is None:
                if variable in self._read:
                    _forget(new)
                    raise uninitialized(variable)
                slot.array = aligned_empty(shape, variable.dtype)
                new.append(slot)
            elif variable in self._written:
                slot.writable()
        for variable in self._bare:
            slot = slot_of(variable, slots)
            slot.settle()
            if slot._array is None:
                slot.array = np.empty([n or 0 for n in variable.shape or ()], variable.dtype)
        self.frame.place(bound)
        self._slots, self._moment = slots, moment
        return new


def _forget(slots: Sequence[Slot]) -> None:
    """The variables have no values: the step that was to give them one was not done."""
    for slot in slots:
        slot.array = None
