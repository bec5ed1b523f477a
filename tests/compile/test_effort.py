"""The work of elementwise ops, as recomputation weighs it."""

from __future__ import annotations

import pytest

import thalweg as tw
from thalweg.compile.effort import effort

X = tw.placeholder("float32", (4,))


@pytest.mark.parametrize(
    ("light", "heavy"),
    [
        (X + 1, tw.where(X > 0, X, 2 * X)),
        (X * X, X / (X + 1)),
        (X * X, tw.sqrt(X)),
        (tw.sqrt(X), tw.tanh(X)),
        (tw.relu(X), tw.sigmoid(X)),
        (tw.astype(X, "int32"), tw.astype(X, "int32") // 3),
    ],
)
def test_order(light: tw.Tensor, heavy: tw.Tensor) -> None:
    assert 0 < effort(light) <= effort(heavy)


def test_simple_ops_are_an_instruction_or_two_and_functions_are_many() -> None:
    assert effort(X + 1) == effort(X * X) == 1
    assert effort(tw.exp(X)) > 12
