"""Memory that is read across is turned square by square: the same elements, whatever the shapes and the vectors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile import build
from thalweg.compile.nests import Axes
from thalweg.compile.target import host_target
from thalweg.compile.turned import Across, read_across

SHAPES = [(16, 16), (17, 33), (130, 18), (3, 40, 50)]
LIMITS = sorted({host_target(limit).vector_bytes for limit in (16, 32, 64)})


def every_order(shape: tuple[int, ...], dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 100, size=shape).astype(dtype)
    given = tw.placeholder(dtype, shape)
    orders = list(itertools.permutations(range(len(shape))))
    turned = tw.function([given], [tw.permute_dims(given, order) for order in orders])(x)
    for order, y in zip(orders, turned, strict=True):
        np.testing.assert_array_equal(y.numpy(), x.transpose(order))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "int64", "bool"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_order_of_the_axes(shape: tuple[int, ...], dtype: str) -> None:
    every_order(shape, dtype)


def test_every_order_of_four_axes() -> None:
    every_order((5, 33, 3, 47), "float32")


@pytest.mark.parametrize("limit", LIMITS)
def test_narrower_vectors(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "host_target", lambda: host_target(limit))
    every_order((3, 37, 50), "float32")


@pytest.mark.parametrize("shape", [(16, 64), (50, 33), (33, 50)], ids=str)
def test_with_what_lies_otherwise(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    m, n = shape
    x, y, row, column = (rng.integers(-9, 9, s).astype("float32") for s in ((m, n), (n, m), (m,), (n, 1)))
    given = [tw.placeholder("float32", a.shape) for a in (x, y, row, column)]
    a, b, r, c = given
    turned = tw.matrix_transpose(a)
    outputs = [turned * b + r, tw.where(turned > c, turned, b)]
    got = tw.function(given, outputs)(x, y, row, column)
    np.testing.assert_array_equal(got[0].numpy(), x.T * y + row)
    np.testing.assert_array_equal(got[1].numpy(), np.where(column < x.T, x.T, y))


def test_which_axis_lies_side_by_side() -> None:
    across = Axes((64, 3, 100), ((1, 6400, 64), (300, 100, 1)))
    assert read_across(across, 1, 16) == Across(0, (0,))
    assert read_across(across, 1, 1) is None, "one lane has nothing to turn"
    assert read_across(Axes((8, 100), ((1, 8), (100, 1))), 1, 16) is None, "no whole vector that way"
    assert read_across(Axes((64, 100), ((100, 1), (100, 1))), 1, 16) is None, "read along the lanes"
