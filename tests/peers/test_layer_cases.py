"""Layers with unusual arguments beside Keras's: outputs, all gradients, moving averages; answers in ``layers.npz``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L

from . import layer_cases as cases
from .keras_rows import layer_weights
from .values import numbers

FILE = np.load(Path(__file__).parent / "layers.npz")
TOLERANCE: dict[str, Any] = {
    "float64": {"rtol": 1e-10, "atol": 1e-11},
    "float32": {"rtol": 1e-5, "atol": 1e-5},
}


def answers() -> list[list[np.ndarray]]:
    """The parts of Keras's answer to each case."""
    shapes = [
        [tuple(map(int, re.findall(r"\d+", s))) for s in line.split(" ")] for line in FILE["shapes"].tolist()
    ]
    sizes = [int(np.prod(shape)) for line in shapes for shape in line]
    pieces = iter(np.split(FILE["values"], np.cumsum(sizes)[:-1]))
    return [[next(pieces).reshape(shape) for shape in line] for line in shapes]


ANSWERS = answers()


def name(number: int) -> str:
    cls, arguments, _, call = cases.CASES[number]
    return f"{number} {cls} {arguments} {' '.join(call)}"


@pytest.mark.parametrize("number", range(len(cases.CASES)), ids=name)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_layer_gives_what_keras_gives(number: int, dtype: str) -> None:
    case = cases.CASES[number]
    cls, arguments, shapes, call = case
    layer: Any = cases.made(L, (cls, arguments), dtype)
    xs = [tw.Variable((numbers(shape, 20 + k) * 2).astype(dtype)) for k, shape in enumerate(shapes)]
    given = cases.arguments_of(case, xs)
    layer(*given, **call)
    layer.set_weights(layer_weights([w.shape for w in layer.weights]))
    with tw.GradientTape() as tape:
        ys = cases.leaves(layer(*given, **call))
        total: Any = sum(tw.sum(y * numbers(y.shape, 7 + k).astype(dtype)) for k, y in enumerate(ys))
    gradients = tape.gradient(total, [*xs, *layer.trainable_weights])
    parts = [*ys, *gradients, *(w.get_value() for w in layer.non_trainable_weights)]
    for part, expected in zip(parts, ANSWERS[number], strict=True):
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        np.testing.assert_allclose(np.asarray(part) / scale, expected / scale, **TOLERANCE[dtype])
