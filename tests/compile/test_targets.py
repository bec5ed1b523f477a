"""Whole training steps in the code for narrower vectors than this processor's: AVX2 and SSE run here as well."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile import build
from thalweg.compile.target import host_target

LIMITS = sorted({host_target(limit).vector_bytes for limit in (16, 32, 64)})
RNG = np.random.default_rng(3)


def variable(*shape: int) -> Any:
    return tw.Variable((RNG.standard_normal(shape) * 0.2).astype("float32"))


def mlp() -> tuple[Any, list[Any], np.ndarray]:
    x, w, b, v = tw.placeholder("float32", (50, 37)), variable(37, 61), variable(61), variable(61, 10)
    return x, [tw.mean(tw.nn.log_softmax(tw.sigmoid(x @ w + b) @ v)[:, 3]), w, b, v], _noise(50, 37)


def convolution() -> tuple[Any, list[Any], np.ndarray]:
    x, w, v = tw.placeholder("float32", (5, 13, 13, 3)), variable(3, 3, 3, 20), variable(20, 7)
    pooled = tw.nn.max_pool(tw.nn.relu(tw.nn.conv2d(x, w, padding="SAME")), 2)
    return x, [tw.mean(tw.exp(tw.mean(pooled, axis=(1, 2)) @ v)), w, v], _noise(5, 13, 13, 3)


def recurrence() -> tuple[Any, list[Any], np.ndarray]:
    x, w, u = tw.placeholder("float32", (9, 17, 11)), variable(11, 23), variable(23, 23)
    last, _ = tw.scan(lambda h, row: (tw.tanh(row @ w + h @ u), None), tw.zeros((17, 23)), x)
    return x, [tw.mean(last**2), w, u], _noise(9, 17, 11)


def _noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype("float32")


def trained(x: Any, loss: Any, weights: list[Any], value: np.ndarray) -> list[np.ndarray]:
    """The losses of three steps of Adam, and the weights after them."""
    begun = [w.get_value() for w in weights]
    optimizer = tw.optimizers.Adam(0.01)
    step = tw.function([x], loss, updates=optimizer.updates(loss, weights))
    losses = [np.asarray(step(value)) for _ in range(3)]
    found = [w.get_value() for w in weights]
    for w, first in zip(weights, begun, strict=True):
        w.set_value(first)
    return [*losses, *found]


@pytest.mark.parametrize("limit", LIMITS[:-1] or LIMITS)
@pytest.mark.parametrize("make", [mlp, convolution, recurrence], ids=lambda f: f.__name__)
def test_narrow_vectors_train_alike(
    make: Callable[[], Any], limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, (loss, *weights), value = make()
    wide = trained(x, loss, weights, value)
    monkeypatch.setattr(build, "host_target", lambda: host_target(limit))
    for narrow, expected in zip(trained(x, loss, weights, value), wide, strict=True):
        np.testing.assert_allclose(narrow, expected, rtol=2e-4, atol=2e-6)
