"""Generation: which of the rooms beside this one writes a kernel of a schedule, all into one native function."""

from __future__ import annotations

from thalweg.compile import columns, fused, products, scan, singles
from thalweg.compile.groups import Columns, Kernel, Nest, Product
from thalweg.compile.schedule import Schedule
from thalweg.compile.step import Piece, Step
from thalweg.compile.target import Target


def begin(schedule: Schedule, target: Target) -> Step:
    """A step for the kernels of a schedule; nothing is written yet."""
    return Step(schedule, target, plan, scan.loops_of(schedule))


def plan(step: Step, kernel: Kernel) -> Piece:
    """What writes a kernel, and whether all threads take part."""
    if isinstance(kernel, Nest):
        return fused.plan(step, kernel)
    if isinstance(kernel, Columns):
        return columns.plan(step, kernel)
    if isinstance(kernel, Product):
        return products.plan(step, kernel)
    if scan.is_loop(kernel):
        return scan.plan(step, kernel)
    return singles.plan(step, kernel.members[0])
