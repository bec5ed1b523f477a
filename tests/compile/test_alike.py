"""Kernels that read alike are written and compiled once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile import native
from thalweg.compile.step import Step

L = tw.layers


def trained(layers: Callable[[Any], Any], shape: tuple[int, ...], optimizer: Any) -> tuple[Any, Any]:
    """A training step of a network, and its input."""
    x = tw.placeholder("float32", shape)
    model = layers(x)
    loss = tw.mean(model * model)
    weights = tw.graph.walk.variables([loss])
    step = tw.function([x], loss, updates=optimizer.updates(loss, [w for w in weights if w.trainable]))
    return step, np.random.default_rng(0).normal(size=shape).astype("float32")


def dense(x: Any) -> Any:
    for _ in range(3):
        x = L.Dropout(0.25)(
            L.BatchNormalization()(L.Dense(24, activation="tanh")(x), training=True), training=True
        )
    return x


def images(x: Any) -> Any:
    for _ in range(2):
        x = L.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = L.MaxPooling2D(2)(L.DepthwiseConv2D(3, padding="same")(x))
    return L.GlobalAveragePooling2D()(x)


def attention(x: Any) -> Any:
    for _ in range(2):
        y = L.LayerNormalization()(x)
        x = x + L.MultiHeadAttention(2, 8)(y, y, use_causal_mask=True)
    return x


def recurrent(x: Any) -> Any:
    for _ in range(2):
        x = L.LSTM(16, return_sequences=True)(x)
    return x


NETWORKS = [
    (dense, (40, 24), tw.optimizers.Adam()),
    (images, (4, 12, 12, 8), tw.optimizers.RMSprop()),
    (attention, (3, 10, 16), tw.optimizers.Adam()),
    (recurrent, (4, 6, 16), tw.optimizers.SGD(0.1, momentum=0.9)),
]


class _Forgetful(dict[str, Any]):
    """Of which nothing is known: every kernel is written."""

    def get(self, key: str, default: Any = None) -> Any:
        return default


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n[0].__name__)
def test_what_is_written_of_a_kernel_says_all_that_its_code_depends_on(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: dict[str, list[tuple[str, list[Any]]]] = {}
    whole, kernel = Step.native, Step._kernel

    def forgetful(self: Step, *args: Any) -> None:
        self._known = _Forgetful()
        whole(self, *args)

    def watched(self: Step, emit: Any, writer: Any) -> Any:
        function, memory = kernel(self, emit, writer)
        if writer is not None:
            numbers = [t if t is None else writer.number(t) for t in memory]
            codes.setdefault(writer.text(), []).append((str(function).partition("\n")[2], numbers))
        return function, memory

    monkeypatch.setattr(native, "_name", lambda *args: None)
    monkeypatch.setattr(Step, "native", forgetful)
    monkeypatch.setattr(Step, "_kernel", watched)
    step, x = trained(*network)
    step(x)
    assert max(map(len, codes.values())) > 1
    for alike in codes.values():
        assert all(code == alike[0] for code in alike)


def test_kernels_that_differ_only_in_what_becomes_of_their_results() -> None:
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(size=(6, 6)).astype("f") for _ in range(3))
    x, y, z = (tw.placeholder("float32", (6, 6)) for _ in range(3))
    w, inner = tw.Variable(c), tw.tanh(y + 1)
    outputs = [tw.exp(tw.tanh(x + 1)), tw.exp(inner), inner, z * 0.9]
    found = tw.function([x, y, z], outputs, updates=[(w, w * 0.9)])(a, b, c)
    wanted = [np.exp(np.tanh(a + 1)), np.exp(np.tanh(b + 1)), np.tanh(b + 1), c * np.float32(0.9)]
    for one, other in zip([*found, w], [*wanted, wanted[-1]]):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("k", [6, 1500])
def test_products_that_differ_only_in_whether_others_read_them(k: int) -> None:
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(size=s).astype("f") for s in ((40, k), (40, k), (k, 24)))
    x, y, z = (tw.placeholder("float32", array.shape) for array in (a, b, c))
    product = y @ z
    found = tw.function([x, y, z], [tw.nn.relu(x @ z), tw.nn.relu(product), product])(a, b, c)
    for one, other in zip(found, [np.maximum(a @ c, 0), np.maximum(b @ c, 0), b @ c]):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-4, atol=1e-4)


def test_a_product_of_the_same_elements_read_across() -> None:
    rng = np.random.default_rng(0)
    a, w = rng.normal(size=(4, 4, 4, 4)).astype("f"), rng.normal(size=(16, 5)).astype("f")
    x, v = tw.placeholder("float32", a.shape), tw.placeholder("float32", w.shape)
    folded = tw.reshape(tw.permute_dims(x, (1, 0, 3, 2)), (16, 16))
    found = tw.function([x, v], [folded @ v, tw.matrix_transpose(folded) @ v])(a, w)
    wanted = a.transpose(1, 0, 3, 2).reshape(16, 16)
    np.testing.assert_allclose(found[0].numpy(), wanted @ w, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1].numpy(), wanted.T @ w, rtol=1e-5, atol=1e-5)


def test_a_deeper_network_of_the_same_layers_has_no_more_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Step._kernel
    monkeypatch.setattr(native, "_name", lambda *args: None)

    def written(depth: int) -> int:
        """How many kernels of a network of this depth are written; it learns."""
        calls: list[Any] = []

        def watched(*args: Any) -> Any:
            calls.append(args)
            return kernel(*args)

        monkeypatch.setattr(Step, "_kernel", watched)
        layers = [L.Dense(24, activation="tanh") for _ in range(depth)]
        step, x = trained(
            lambda x: functools.reduce(lambda y, f: f(y), layers, x), (40, 24), tw.optimizers.Adam()
        )
        losses = [float(step(x)) for _ in range(5)]
        assert losses == sorted(losses, reverse=True)
        return len(calls)

    assert written(8) == written(4)
