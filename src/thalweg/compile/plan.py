"""What a frame has to know of a compiled program: its tensors in memory, how long each lives, and what is copied.

A plan says nothing of how the program computes: it is all that is left of the graph once there is machine code, and can
be kept on disk beside that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.compile.dims import Dim

_HEAD = 8  # bytes in which the length of a plan's first part is written


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


def as_bytes(plan: Plan, more: Any, number: Callable[[np.ndarray], int | None]) -> bytes:
    """The plan, and more that JSON can say, for `from_bytes`. Of an array for which there is a ``number`` only that is
    written.
    """
    arrays: list[bytes] = []

    def constant(value: np.ndarray | None) -> Any:
        if value is None or (known := number(value)) is not None:
            return value if value is None else known
        arrays.append(np.ascontiguousarray(value).tobytes())
        return [len(arrays[-1]), list(value.shape)]

    cells = [
        [c.dtype.name, said(c.shape), c.leaf, constant(c.value), c.output, c.first, c.last]
        for c in plan.cells
    ]
    outputs = [[o.cell, said(o.shape), o.slack] for o in plan.outputs]
    head = json.dumps(
        [cells, outputs, plan.copies, said(plan.workspaces), plan.parallel, said(more)]
    ).encode()
    return b"".join([len(head).to_bytes(_HEAD, "little"), head, *arrays])


def from_bytes(data: bytes, numbered: Callable[[int], np.ndarray]) -> tuple[Plan, Any]:
    """What `as_bytes` has written; ``numbered`` gives the arrays that it knew by numbers."""
    end = _HEAD + int.from_bytes(data[:_HEAD], "little")
    cells, outputs, copies, workspaces, parallel, more = json.loads(data[_HEAD:end])
    at = end

    def constant(dtype: np.dtype, told: Any) -> np.ndarray | None:
        nonlocal at
        if told is None or isinstance(told, int):
            return None if told is None else numbered(told)
        begin, at = at, at + told[0]
        return np.frombuffer(data[begin:at], dtype).reshape(told[1])

    made = []
    for name, shape, leaf, told, output, first, last in cells:
        dtype = dtypes.as_dtype(name)
        made.append(Cell(dtype, meant(shape), leaf, constant(dtype, told), output, first, last))
    plan = Plan(
        made,
        [Output(cell, meant(shape), slack) for cell, shape, slack in outputs],
        [(a, b) for a, b in copies],
        list(meant(workspaces)),
        parallel,
    )
    return plan, meant(more)


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
