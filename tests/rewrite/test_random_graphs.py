"""Random graphs, rich in what rules look for: simplified they keep every bit, the whole pipeline keeps values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rewrite.numbers import needs_long_double, truth
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, constant, placeholder
from thalweg.graph.verify import verify
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce, shape, state
from thalweg.ops.activation import relu, sigmoid
from thalweg.ops.softmax import softmax
from thalweg.rewrite import pipeline
from thalweg.rewrite.match import EXACT, Fired, Phase, rewrite

EXACT_RULES = Phase("exact", tuple(r for p in pipeline.PHASES for r in p.rules if r.tag == EXACT))
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -3e38, 1.0, -1.0, 0.5, -2.5, 88.0])
NUMBERS = [0, 1, -1, 2, 0.5, -0.0, 3.0, 8.0, -4.0]

UNARY = [
    lambda x: -x, lambda x: -x, abs, ew.square, ew.exp, ew.log, sigmoid, relu, ew.positive, state.identity, ew.sqrt,
    lambda x: x.T.T, lambda x: x.reshape(3, 2).reshape(2, 3), lambda x: x.reshape(6)[:, None].reshape(2, 3), softmax,
    lambda x: x.astype("float64").astype(x.dtype), lambda x: x**2, lambda x: x**1, lambda x: shape.sum_like(x, x),
    lambda x: ew.where(ew.greater(x, 0), x, x), lambda x: shape.broadcast_to(x, (2, 3)), lambda x: ew.maximum(x, x),
    lambda x: ew.exp(x) / reduce.sum(ew.exp(x), axis=1, keepdims=True), lambda x: 1 / (1 + ew.exp(-x)),
    lambda x: x - reduce.max(x, axis=1, keepdims=True),
    lambda x: ew.log(reduce.sum(ew.exp(x), axis=1))[:, None] + x,
    lambda x: ew.masked_product(constant(1.0, x.dtype), x), lambda x: x * shape.full_like(x, 1),
    lambda x: ew.exp(x) - 1,
]  # fmt: skip
BINARY = [
    ew.add,
    ew.subtract,
    ew.multiply,
    ew.divide,
    ew.masked_product,
    ew.maximum,
    lambda x, y: ew.where(ew.less(x, y), x, y),
]


def random_graph(seed: int, x: Tensor, y: Tensor, steps: int = 12) -> Tensor:
    """A graph over x and y that is the same for every dtype."""
    rng = np.random.default_rng(seed)

    def pick(choices: list[Any]) -> Any:
        return choices[rng.integers(len(choices))]

    made = [x, y]
    for _ in range(steps):
        first = made[-1] if rng.random() < 0.7 else pick(made)
        kind = rng.random()
        if kind < 0.45:
            made.append(pick(UNARY)(first))
        elif kind < 0.75:
            number = pick(NUMBERS)
            made.append(
                pick(BINARY[:4])(first, number) if rng.random() < 0.7 else pick(BINARY[:4])(number, first)
            )
        else:
            made.append(pick(BINARY)(first, pick(made)))
    return made[-1]


def inputs_of(dtype: str) -> list[Tensor]:
    return [placeholder(dtype, (2, 3), name=n) for n in "xy"]


@pytest.mark.parametrize("block", range(8))
def test_exact_rules_keep_every_bit(block: int) -> None:
    count = 0
    for seed in range(25 * block, 25 * block + 25):
        inputs = inputs_of("float32")
        before = random_graph(seed, inputs[0], inputs[1])
        fired: list[Fired] = []
        (after,) = rewrite([before], EXACT_RULES, log=fired)
        count += len(fired)
        verify([after])
        assert after.specs == before.specs
        for roll in range(6):
            given = {
                t: np.roll(SPECIAL, roll + 5 * k)[:6].reshape(2, 3).astype("float32")
                for k, t in enumerate(inputs)
            }
            old, new = evaluate([before, after], given)
            assert np.array_equal(np.isnan(old), np.isnan(new)), seed
            real = ~np.isnan(old)
            assert old[real].tobytes() == new[real].tobytes(), seed
    assert count > 25


@needs_long_double
@pytest.mark.parametrize("block", range(8))
def test_the_pipeline_keeps_values(block: int) -> None:
    """Wherever the graph as written is accurate in float64, so is what it becomes."""
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        inputs = inputs_of("float64")
        before = random_graph(seed, inputs[0], inputs[1])
        (after,) = pipeline.optimise([before])
        verify([after])
        arrays = [np.random.default_rng([seed, k]).uniform(-2, 2, (2, 3)) for k in range(2)]
        given = dict(zip(inputs, arrays))
        old, new = evaluate([before, after], given)
        exact = truth(lambda x, y, seed=seed: random_graph(seed, x, y), arrays)
        with np.errstate(all="ignore"):
            good = np.isfinite(exact) & (np.abs(old - exact) <= 1e-11 * np.maximum(np.abs(exact), 1e-3))
            wrong = good & ~(np.abs(new - exact) <= 1e-8 * np.maximum(np.abs(exact), 1e-3))
        assert not wrong.any(), (seed, old[wrong], new[wrong], exact[wrong])
