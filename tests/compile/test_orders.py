"""Work on arrays whose axes were put in another order is done in the order in which they lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.hoist import is_a
from thalweg.compile.lower import specialise
from thalweg.graph.lowering import View
from thalweg.graph.walk import topological

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)  # [N, H, W, C] with its channels first, and back
X = np.random.default_rng(0).normal(size=(4, 5, 6, 7)).astype("float32")
B = np.random.default_rng(1).normal(size=7).astype("float32")


def normalised(x: Any, b: Any) -> Any:
    """Channels first, each by its mean and variance."""
    first = tw.permute_dims(x, FIRST)
    mean = tw.mean(first, axis=(0, 2, 3), keepdims=True)
    variance = tw.var(first, axis=(0, 2, 3), keepdims=True)
    return tw.relu((first - mean) / tw.sqrt(variance + 0.1) * tw.reshape(b, (7, 1, 1)))


def expected(b: np.ndarray = B) -> np.ndarray:
    """The same in float64."""
    first = X.transpose(FIRST).astype("float64")
    mean, variance = (f(first, (0, 2, 3), keepdims=True) for f in (np.mean, np.var))
    return np.maximum((first - mean) / np.sqrt(variance + 0.1) * b.astype("float64").reshape(7, 1, 1), 0)


def orders_in(outputs: list[Any], inputs: list[Any]) -> list[tuple[int, ...]]:
    """The orders in which large arrays are looked at in the lowered graph."""
    lowered = specialise(outputs, {x: x for x in inputs})
    found = [t for t in topological(lowered) if t.op is not None and t.op.name == "permute_dims"]
    return [t.attrs["axes"] for t in found if t.size == X.size and not is_a(t.inputs[0], View)]


# what is asked for of the normalised array, by us and by NumPy; how many large arrays are looked at in another order
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[np.ndarray], np.ndarray], int]] = {
    "channels last": (lambda z: tw.permute_dims(z, LAST), lambda z: z.transpose(LAST), 0),
    "as it is": (lambda z: z, lambda z: z, 1),
    "sums of images": (lambda z: tw.sum(z, axis=(2, 3)), lambda z: z.sum((2, 3)), 0),
    "sums of channels": (lambda z: tw.sum(z, axis=1, keepdims=True), lambda z: z.sum(1, keepdims=True), 0),
    "largest of all": (lambda z: tw.max(z), lambda z: z.max(), 0),
    "columns over rows": (
        lambda z: tw.sum(tw.permute_dims(z, (0, 1, 3, 2)) * 2, axis=3),
        lambda z: 2 * z.sum(2),
        0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_in_the_order_in_which_it_lies(name: str) -> None:
    ours, reference, left = CASES[name]
    x, b = tw.placeholder("float32", X.shape), tw.placeholder("float32", B.shape)
    y = ours(normalised(x, b))
    np.testing.assert_allclose(tw.function([x, b], y)(X, B), reference(expected()), rtol=2e-5, atol=2e-5)
    assert (len(orders_in([y], [x, b])) > 0) == (left > 0)


def test_gradients_channels_first_are_done_channels_last() -> None:
    x = tw.placeholder("float32", X.shape)
    b = tw.placeholder("float32", B.shape)
    loss = tw.sum(tw.square(tw.permute_dims(normalised(x, b), LAST)))
    by_x, by_b = tw.gradients(loss, [x, b])
    assert by_x is not None and by_b is not None
    assert orders_in([by_x, by_b], [x, b]) == []
    got = tw.function([x, b], by_b)(X, B)
    step = 1e-3
    higher, lower = ((expected(B + s) ** 2).sum((0, 2, 3)) for s in (step, -step))
    np.testing.assert_allclose(got, (higher - lower) / (2 * step), rtol=1e-3, atol=1e-3)


def test_an_operand_that_lies_otherwise_keeps_its_order() -> None:
    x, y = tw.placeholder("float32", (30, 40)), tw.placeholder("float32", (40, 30))
    z = tw.matrix_transpose(x) + y
    rng = np.random.default_rng(2)
    p, q = rng.normal(size=(30, 40)).astype("float32"), rng.normal(size=(40, 30)).astype("float32")
    np.testing.assert_array_equal(tw.function([x, y], z)(p, q), p.T + q)
    np.testing.assert_allclose(tw.function([x, y], tw.sum(z, axis=0))(p, q), (p.T + q).sum(0), rtol=1e-4)


def test_two_orders_at_once_and_sums_of_sums() -> None:
    rng = np.random.default_rng(3)
    p, q = (rng.normal(size=s).astype("float32") for s in ((6, 7, 8), (8, 6, 7)))
    x, y = tw.placeholder("float32", p.shape), tw.placeholder("float32", q.shape)
    both = tw.permute_dims(x, (2, 1, 0)) * tw.permute_dims(y, (0, 2, 1))
    got = tw.function([x, y], tw.sum(both, axis=1))(p, q)
    np.testing.assert_allclose(
        got, (p.transpose(2, 1, 0) * q.transpose(0, 2, 1)).sum(1), rtol=1e-4, atol=1e-5
    )
    twice = tw.sum(tw.permute_dims(tw.sum(x, axis=0), (1, 0)), axis=0)
    np.testing.assert_allclose(tw.function([x], twice)(p), p.sum(0).T.sum(0), rtol=1e-4, atol=1e-5)
