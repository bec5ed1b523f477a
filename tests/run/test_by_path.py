"""Functions whose Python looks at truth values: the paths that are compiled, and the calls that are left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import SymbolicError
from thalweg.run.by_path import ByPath


def test_each_path_is_compiled_once_and_variables_change_on_it_alone() -> None:
    traced: list[str] = []
    total, seen = tw.Variable(0.0), tw.Variable(np.int32(0))

    def step(x: Any) -> Any:
        seen.assign_add(1)
        if x.sum() > 0:
            traced.append("more")
            total.assign_add(x.sum())
            return {"way": x * 2, "total": total + 0}
        traced.append("less")
        return {"way": -x, "total": total + 0}

    f = ByPath(step)
    wanted = 0.0
    for k, x in enumerate(([1.0, 2.0], [-1.0, 0.0], [3.0, 1.0], [-2.0, 1.0], [0.5, 0.5]), 1):
        found = f(vector(*x))
        more = sum(x) > 0
        wanted += sum(x) if more else 0
        np.testing.assert_array_equal(found["way"], vector(*x) * (2 if more else -1))
        assert found["total"].item() == wanted == total.get_value() and seen.get_value() == k
    assert traced == ["more", "less"]


def test_a_path_that_is_not_compiled_changes_nothing() -> None:
    count = tw.Variable(0.0)

    def steps(x: Any) -> Any:
        n = 0
        while x > 1:
            x, n = x / 2, n + 1
        count.assign_add(1.0)
        return n

    f = ByPath(steps)
    assert [f(np.float32(x)).item() for x in (1, 2, 4, 8)] == [0, 1, 2, 3]
    assert f(np.float32(16)) is NotImplemented and count.get_value() == 4
    assert f(np.float32(3)).item() == 2 and count.get_value() == 5


def test_decisions_about_variables_that_the_function_assigns() -> None:
    turn = tw.Variable(np.int32(0))

    def alternating(x: Any) -> Any:
        turn.assign_add(1)
        return x if turn % 2 == 0 else -x

    f = ByPath(alternating)
    assert [f(np.float32(1)).item() for _ in range(5)] == [-1, 1, -1, 1, -1]
    flag = tw.Variable(np.float32(0))

    def flipping(x: Any) -> Any:
        flag.assign(1 - flag)
        return x if flag else -x

    f = ByPath(flipping)
    assert [f(np.float32(1)).item() for _ in range(3)] == [1, -1, 1]


def vector(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_shapes_and_python_s_arguments_have_paths_of_their_own() -> None:
    f = ByPath(lambda x, scale: x.sum() * scale if x[0] > 0 else x.sum())
    assert f(vector(1, 2), 3).item() == 9 and f(vector(1, 2, 4), 2).item() == 14
    assert f(vector(-1, 2), 3).item() == 1 and f(vector(1, 2), 5).item() == 15


def test_only_some_shapes_are_compiled_for() -> None:
    f = ByPath(lambda x: x.sum() if x[0] > 0 else x[0])
    found = [f(np.ones(n, "float32")) for n in range(1, 11)]
    assert [y.item() for y in found[:8]] == list(range(1, 9)) and found[8:] == [NotImplemented] * 2
    assert f(np.ones(3, "float32")).item() == 3


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x + 1,  # nothing is asked for
        lambda x: x if tw.random.uniform([]) > 0.5 else -x,  # not known before the run
        lambda x: [x for _ in range(40) if x > 0],  # too many decisions
        lambda x: x if x.numpy().sum() > 0 else -x,
    ],
)
def test_what_cannot_be_compiled_by_path_is_refused(fn: Any) -> None:
    with pytest.raises((SymbolicError, ValueError)):
        ByPath(fn)(np.float32(1))


def test_truth_values_are_asked_for_nowhere_else() -> None:
    ByPath(lambda x: x if x > 0 else -x)(np.float32(1))
    with pytest.raises(SymbolicError):
        tw.function(lambda x: x if x > 0 else -x)(np.float32(1))
    with pytest.raises(SymbolicError):
        bool(tw.placeholder("float32", []))
