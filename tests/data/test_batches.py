"""Batches: every example once, short last batch, an order fixed by seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.data import batches
from thalweg.errors import ArgumentError


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (1, 5), (5, 1), (0, 4)])
def test_every_example_once_and_the_last_batch_is_short(count: int, size: int) -> None:
    parts = list(batches(count, size, seed=3, epoch=1))
    assert sorted(np.concatenate([*parts, np.arange(0)]).tolist()) == list(range(count))
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert len(parts) == -(-count // size)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int | None, epoch: int) -> list[int]:
        return np.concatenate(list(batches(50, 7, seed=seed, epoch=epoch))).tolist()

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3) != order(2, 3)
    assert order(None, 0) != order(None, 0)


def test_bad_sizes_are_errors() -> None:
    with pytest.raises(ArgumentError, match="size=0"):
        batches(5, 0)
