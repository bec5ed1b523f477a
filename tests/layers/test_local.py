"""Locally connected layers beside sums over places, and beside convolutions where all kernels are one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg import layers as L
from thalweg.errors import ShapeError

RANDOM = np.random.default_rng(0)


def by_places(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, size: Any, strides: Any) -> np.ndarray:
    """[batch, rows, columns, channels]: each place's window times the kernel of the place."""
    rows, columns = bias.shape[:2]
    found = np.zeros((len(x), *bias.shape))
    for r in range(rows):
        for c in range(columns):
            top, left = r * strides[0], c * strides[1]
            seen = x[:, top : top + size[0], left : left + size[1]].reshape(len(x), -1)
            found[:, r, c] = seen @ kernel[r * columns + c] + bias[r, c]
    return found


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_every_place_has_its_kernel(data_format: str) -> None:
    x = RANDOM.normal(size=(2, 6, 7, 3))
    layer = L.LocallyConnected2D(4, (2, 3), (2, 1), data_format=data_format, dtype="float64")
    first = data_format == "channels_first"
    y = layer(np.moveaxis(x, -1, 1) if first else x)
    layer.set_weights([RANDOM.normal(size=w.shape) for w in layer.weights])
    y = layer(np.moveaxis(x, -1, 1) if first else x).numpy()
    kernel, bias = layer.get_weights()
    expected = by_places(x, kernel, bias, (2, 3), (2, 1))
    np.testing.assert_allclose(np.moveaxis(y, 1, -1) if first else y, expected, rtol=1e-12)


def test_equal_kernels_are_a_convolution() -> None:
    x = RANDOM.normal(size=(2, 9, 2)).astype("float32")
    local, conv = (
        L.LocallyConnected1D(3, 4, strides=2, activation="relu"),
        L.Conv1D(3, 4, 2, activation="relu"),
    )
    conv(x), local(x)
    kernel, bias = conv.get_weights()
    local.set_weights([np.tile(kernel.reshape(1, 8, 3), (3, 1, 1)), np.tile(bias, (3, 1))])
    np.testing.assert_allclose(local(x), conv(x), rtol=1e-5, atol=1e-6)


def test_what_cannot_have_a_kernel_for_every_place() -> None:
    with pytest.raises(ShapeError, match="a kernel for every place"):
        L.LocallyConnected1D(3, 2)(L.Input((None, 2)))
    with pytest.raises(ShapeError, match="padding valid"):
        L.LocallyConnected1D(3, 2, padding="same")(np.zeros((1, 4, 2)))
