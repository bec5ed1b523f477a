"""What a frame has to know of a compiled program: its tensors in memory, how long each lives, and what is copied.

A plan says nothing of how the program computes: it is all that is left of the graph once there is machine code, and can
be kept on disk beside that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.compile.dims import Dim


class Cell(NamedTuple):
    """A tensor in memory: a leaf, by number; a constant ``value``; an output; or, if none of these, what lives in the
    arena from the kernel ``first`` to the kernel ``last``.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    leaf: int | None = None
    value: np.ndarray | None = None
    output: bool = False
    first: int = 0
    last: int = 0


class Output(NamedTuple):
    """What a caller gets: the memory of a cell under a shape; ``slack``: its kernel writes past the end."""

    cell: int
    shape: tuple[int, ...]
    slack: bool


@dataclass(eq=False)
class Plan:
    """The cells in the order of the pointer table, the outputs, and the copies from cell to cell after each step.

    Leaves are numbered through: inputs, random keys, variables. ``workspaces``: bytes per thread that kernels need.
    """

    cells: list[Cell]
    outputs: list[Output]
    copies: list[tuple[int, int]]
    workspaces: list[int]
    parallel: bool


def as_told(plan: Plan, number: Callable[[np.ndarray], int | None]) -> tuple[Any, list[bytes]]:
    """The plan as JSON can say it, and its constants; of an array for which there is a ``number`` only that is told."""
    arrays: list[bytes] = []

    def constant(value: np.ndarray | None) -> Any:
        if value is None or (known := number(value)) is not None:
            return value if value is None else known
        arrays.append(np.ascontiguousarray(value).tobytes())
        return list(value.shape)

    cells = [
        [c.dtype.name, said(c.shape), c.leaf, constant(c.value), c.output, c.first, c.last]
        for c in plan.cells
    ]
    outputs = [[o.cell, said(o.shape), o.slack] for o in plan.outputs]
    return [cells, outputs, plan.copies, said(plan.workspaces), plan.parallel], arrays


def from_told(told: Any, arrays: Sequence[bytes], numbered: Callable[[int], np.ndarray]) -> Plan:
    """The plan of which `as_told` has told; ``numbered`` gives the arrays that it knew by numbers."""
    cells, outputs, copies, workspaces, parallel = told
    rest = iter(arrays)

    def constant(dtype: np.dtype, value: Any) -> np.ndarray | None:
        if value is None or isinstance(value, int):
            return None if value is None else numbered(value)
        return np.frombuffer(next(rest), dtype).reshape(value)

    made = []
    for name, shape, leaf, value, output, first, last in cells:
        dtype = dtypes.as_dtype(name)
        made.append(Cell(dtype, meant(shape), leaf, constant(dtype, value), output, first, last))
    return Plan(
        made,
        [Output(cell, meant(shape), slack) for cell, shape, slack in outputs],
        [(a, b) for a, b in copies],
        list(meant(workspaces)),
        parallel,
    )


def said(value: Any) -> Any:
    """Nested lists of numbers and texts as JSON says them: run-time lengths by their terms."""
    if isinstance(value, Dim):
        return {"sample": int(value), "terms": [[list(m), c] for m, c in value.terms.items()]}
    if isinstance(value, (list, tuple)):
        return [said(v) for v in value]
    return int(value) if isinstance(value, np.integer) else value


def meant(value: Any) -> Any:
    """What `said` was given; sequences are tuples."""
    if isinstance(value, dict):
        return Dim(value["sample"], {tuple(m): c for m, c in value["terms"]})
    return tuple(meant(v) for v in value) if isinstance(value, list) else value
