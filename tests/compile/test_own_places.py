"""Updates at some places of a variable are written into the variable itself, where nobody else sees its old value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.ops.index import scatter_add

R = np.random.default_rng(0)
TABLE = R.normal(size=(600, 40)).astype("float32")
IDS = np.concatenate([R.integers(600, size=280), np.full(20, 7)]).astype("int32")  # one of them often
ONES = np.ones((300, 40), "float32")


def added(table: np.ndarray, ids: np.ndarray, values: Any) -> np.ndarray:
    made = table.copy()
    np.add.at(made, ids, values)
    return made


ONCE, OWN = added(TABLE, IDS, ONES), added(TABLE, IDS, TABLE[IDS] * -0.5)
TURNED = added(TABLE.T, IDS % 40, np.ones((300, 600))).T

# what a step gives out and the new variable, of the variable and the numbers; and what both are
CASES: dict[str, tuple[Callable[[Any, Any], tuple[list[Any], Any]], list[Any], np.ndarray]] = {
    "rows of its own": (
        lambda w, i: ([tw.sum(w, axis=0)], scatter_add(w, i, tw.take(w, i, axis=0) * -0.5)), [TABLE.sum(0)], OWN,
    ),
    "a part of it as what is added": (
        lambda w, i: ([tw.sum(w * w)], scatter_add(w, i, w[:300])),
        [(TABLE * TABLE).sum()], added(TABLE, IDS, TABLE[:300]),
    ),
    "the old value given out": (
        lambda w, i: ([w, tw.sum(w)], scatter_add(w, i, ONES)), [TABLE, TABLE.sum()], ONCE,
    ),
    "twice": (
        lambda w, i: ([], scatter_add(scatter_add(w, i, ONES), i, tw.take(w, i, axis=0))),
        [], added(ONCE, IDS, TABLE[IDS]),
    ),
    "turned": (
        lambda w, i: (
            [tw.sum(w)],
            tw.permute_dims(scatter_add(tw.permute_dims(w, (1, 0)), i % 40, np.ones((300, 600), "float32")), (1, 0)),
        ),
        [TABLE.sum()], TURNED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_variable_is_changed_at_some_places(name: str) -> None:
    build, outputs, new = CASES[name]
    w, ids = tw.Variable(TABLE.copy()), tw.placeholder("int32", (300,))
    given, updated = build(w, ids)
    step = tw.function([ids], given, updates=[(w, updated)])
    for value, wanted in zip(step(IDS), outputs, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=1e-4)
    np.testing.assert_allclose(w.get_value(), new, rtol=2e-5, atol=1e-5)


def test_two_variables_change_by_each_other() -> None:
    w, u, ids = tw.Variable(TABLE.copy()), tw.Variable(2 * TABLE), tw.placeholder("int32", (300,))
    step = tw.function([ids], [], updates=[(w, scatter_add(u, ids, ONES)), (u, scatter_add(w, ids, ONES))])
    step(IDS)
    np.testing.assert_allclose(w.get_value(), added(2 * TABLE, IDS, ONES), rtol=1e-5)
    np.testing.assert_allclose(u.get_value(), ONCE, rtol=1e-5)


def test_gradient_descent_changes_the_rows_that_were_read() -> None:
    table, ids = tw.Variable(TABLE.copy()), tw.placeholder("int32", (300,))
    loss = tw.sum(tw.square(tw.take(table, ids, axis=0)))
    step = tw.function([ids], loss, updates=tw.optimizers.SGD(0.25).updates(loss, [table]))
    np.testing.assert_allclose(step(IDS), np.square(TABLE[IDS]).sum(), rtol=1e-5)
    np.testing.assert_allclose(table.get_value(), OWN, rtol=2e-5, atol=1e-5)
