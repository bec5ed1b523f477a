"""The order that is kept while kernels are merged."""

from __future__ import annotations

import numpy as np

from thalweg.compile.ranks import Ranks


def test_things_move_before_another_in_their_own_order_however_often() -> None:
    random = np.random.default_rng(0)
    ranks: Ranks[int] = Ranks()
    order = list(range(30))
    for thing in order:
        ranks.append(thing)
    for _ in range(400):  # far more halvings than there is room for without numbers anew
        target = int(random.choice(order[: 1 + len(order) // 4]))
        behind = order[order.index(target) + 1 :]
        moved = [thing for thing in behind if random.random() < 0.3]
        ranks.move_before(reversed(moved), target)
        order = [t for t in order if t not in moved]
        order[order.index(target) : order.index(target)] = moved
        assert sorted(order, key=ranks.__getitem__) == order


def test_things_are_taken_out_and_replaced() -> None:
    ranks: Ranks[str] = Ranks()
    for thing in "abcd":
        ranks.append(thing)
    ranks.remove("d")
    ranks.replace("b", "x")
    ranks.append("e")
    assert sorted("axce", key=ranks.__getitem__) == ["a", "x", "c", "e"]
