"""Batches of indices: every example once per epoch, in an order that the seed fixes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from thalweg.errors import ArgumentError

__all__ = ["batches"]


def batches(
    count: int, size: int, *, seed: int | None = 0, epoch: int = 0, shuffle: bool = True
) -> Iterator[np.ndarray]:
    """Index arrays that cover ``range(count)`` once, ``size`` at a time, the last one as short as it must be.

    The order depends on ``seed`` and ``epoch`` alone, so a run that stops can go on where it was.
    ``seed=None`` draws a fresh order each time. ``shuffle=False`` keeps the given order.

    >>> [part.tolist() for part in batches(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    >>> sorted(int(i) for part in batches(5, 2, seed=1, epoch=3) for i in part)
    [0, 1, 2, 3, 4]
    """
    if count < 0 or size < 1:
        raise ArgumentError(f"batches: needs count >= 0 and size >= 1, received count={count}, size={size}")
    return _cut(_order(count, seed, epoch, shuffle), size)


def _order(count: int, seed: int | None, epoch: int, shuffle: bool) -> np.ndarray:
    if not shuffle:
        return np.arange(count)
    generator = np.random.default_rng(None if seed is None else (seed, epoch))
    return generator.permutation(count)


def _cut(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]
