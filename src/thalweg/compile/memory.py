"""The memory plan: intermediate buffers share one arena, each at a 64-byte boundary, free once its last
reader is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.compile.dims import Dim

_ALIGN = 64
_SLACK = 256  # bytes: random words are written in whole groups


@dataclass(frozen=True)
class Buffer:
    """A need for memory: bytes, and the first and last kernel (by number) that touch it."""

    num_bytes: int
    first: int
    last: int


def plan(buffers: Sequence[Buffer]) -> tuple[list[int], int]:
    """An offset for each buffer, and the arena's size: buffers alive at the same time never overlap.

    The largest are placed first, each at the lowest offset that is free while it lives.

    >>> plan([Buffer(64, 0, 1), Buffer(64, 1, 2), Buffer(64, 2, 3)])
    ([0, 320, 0], 640)
    """
    offsets = [0] * len(buffers)
    placed: list[tuple[int, int, int, int]] = []  # offset, end, first and last kernel
    for k in sorted(range(len(buffers)), key=lambda k: (-buffers[k].num_bytes, k)):
        needed, born, dies = padded(buffers[k].num_bytes), buffers[k].first, buffers[k].last
        others = sorted([(low, high) for low, high, first, last in placed if first <= dies and born <= last])
        start = 0
        for low, high in others:
            if start + needed <= low:
                break
            start = max(start, high)
        offsets[k] = start
        placed.append((start, start + needed, born, dies))
    return offsets, max((high for _, high, _, _ in placed), default=0)


def padded(num_bytes: int) -> int:
    """The room that a buffer takes: rounded up, with slack at its end."""
    return rounded_up(num_bytes) + _SLACK


def rounded_up(num_bytes: int) -> int:
    """Bytes in whole cache lines; of a run-time length, with a line to spare."""
    if isinstance(num_bytes, Dim):
        return num_bytes + _ALIGN
    return -(-num_bytes // _ALIGN) * _ALIGN
