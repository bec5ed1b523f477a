"""Low-rank adaptation: the formula, what trains, files, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.models import Sequential, load_model

GENERATOR = np.random.default_rng(0)
CASES: list[tuple[Any, np.ndarray]] = [
    (lambda **more: L.Dense(3, activation="tanh", **more), GENERATOR.normal(size=(2, 4))),
    (lambda **more: L.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="e", **more),
     GENERATOR.normal(size=(2, 3, 5))),
    (lambda **more: L.Embedding(7, 4, **more), GENERATOR.integers(0, 7, (3, 5))),
    (lambda **more: L.Conv2D(4, 3, padding="same", **more), GENERATOR.normal(size=(2, 5, 6, 3))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=["dense", "einsum", "embedding", "conv"])
def test_an_adapted_weight_is_a_sum(case: Any) -> None:
    make, x = case
    layer = make(lora_rank=2, lora_alpha=3.0, dtype="float64")
    plain = make(dtype="float64")
    for one in (layer, plain):
        one(x)
    assert layer.lora_enabled and not plain.lora_enabled
    whole = getattr(layer, layer.adapted_weight)
    a, b = layer.lora_a, layer.lora_b
    assert not whole.trainable and not b.numpy().any()
    b.set_value(GENERATOR.normal(size=b.shape))
    getattr(plain, layer.adapted_weight).set_value(whole.numpy() + 1.5 * a.numpy() @ b.numpy())
    np.testing.assert_allclose(layer(x).numpy(), plain(x).numpy(), rtol=1e-12, atol=1e-12)


def test_training_moves_the_thin_matrices_only_and_files_keep_them(tmp_path: Path) -> None:
    x, y = GENERATOR.normal(size=(16, 4)), GENERATOR.normal(size=(16, 2))
    model: Any = Sequential(
        [L.Dense(5, activation="relu", input_shape=(4,)), L.Dense(2, kernel_regularizer="l2")]
    )
    last: Any = model.layers[1]
    last.enable_lora(2)
    model.compile("adam", "mse")
    kernel = last.kernel.numpy()
    model.fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(last.kernel.numpy(), kernel)
    assert last.lora_b.numpy().any()
    regularised = [
        (last.lora_a, 0.01),
        (last.lora_b, 0.01),
    ]  # not the kernel, which stays
    penalty = sum(factor * (w.numpy() ** 2).sum() for w, factor in regularised)
    assert sum(loss.item() for loss in model.losses) == pytest.approx(penalty, rel=1e-6)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]


def test_what_cannot_be_adapted() -> None:
    layer = L.Dense(2, kernel_constraint="unit_norm")
    with pytest.raises(
        tw.errors.ArgumentError, match="once, on a layer that is built; received a layer that is not"
    ):
        layer.enable_lora(2)
    layer(np.ones((1, 3)))
    with pytest.raises(tw.errors.ArgumentError, match="without kernel_constraint"):
        layer.enable_lora(2)
    adapted = L.Dense(2, lora_rank=1)
    adapted(np.ones((1, 3)))
    with pytest.raises(tw.errors.ArgumentError, match="is adapted already"):
        adapted.enable_lora(1)
    with pytest.raises(tw.errors.ArgumentError, match="lora_rank; expected a whole number >= 1; received 0"):
        L.Dense(2, lora_rank=0)
