"""Rows put in order: few elements and many, all of them and the first, on any axis and any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.run.workers import num_threads, set_num_threads

KINDS = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"]


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Equal numbers, both signs, all bytes; both zeros, infinities and NaN."""
    rng = np.random.default_rng(sum(shape))
    x = rng.normal(size=shape) * 10.0 ** rng.integers(-1, 4, shape)
    with np.errstate(all="ignore"):
        x = x > 0 if dtype == "bool" else x.astype(dtype)
    if dtype.startswith("float") and x.size > 30:
        for k, value in enumerate((0.0, -0.0, np.inf, -np.inf, np.nan)):
            x.reshape(-1)[k::13] = value
    return x


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 17), (5, 160), (5, 161), (3, 0), (2, 700, 5)])
def test_indices_are_those_of_the_meaning(shape: tuple[int, ...], dtype: str, descending: bool) -> None:
    x, axis = numbers(shape, dtype), min(1, len(shape) - 1)
    symbol, length = tw.placeholder(dtype, shape), shape[axis]
    expected = tw.argsort(x, axis=axis, descending=descending).numpy()
    order = tw.argsort(symbol, axis=axis, descending=descending)
    counts = sorted({min(k, length) for k in (0, 1, 5, 40)})
    firsts = [tw.top_k(symbol, k, axis=axis, largest=descending)[1] for k in counts]
    found = tw.function([symbol], [order, *firsts])(x)
    np.testing.assert_array_equal(found[0], expected)
    for count, first in zip(counts, found[1:], strict=True):
        np.testing.assert_array_equal(first, np.take(expected, range(count), axis=axis))


@pytest.mark.parametrize(
    "x", [np.zeros((2, 500)), np.arange(1000.0).reshape(2, 500), -np.arange(1000.0).reshape(2, 500)]
)
@pytest.mark.parametrize("count", [1, 16, 60])
def test_the_first_of_equal_and_of_ordered_rows(x: np.ndarray, count: int) -> None:
    symbol = tw.placeholder("float64", x.shape)
    found = tw.function([symbol], tw.top_k(symbol, count)[1])(x)
    np.testing.assert_array_equal(found, np.argsort(-x, kind="stable")[:, :count])


def test_rows_of_any_length_on_any_threads() -> None:
    symbol = tw.placeholder("float32", (None, None))
    program = tw.function([symbol], [tw.argsort(symbol), tw.sort(symbol, axis=0), tw.top_k(symbol, 3)[1]])
    before = num_threads()
    for threads in (1, 2, 3):
        set_num_threads(threads)
        for shape in ((4, 3), (70, 90), (9, 900), (300, 40), (5, 161), (1, 5000)):
            x = numbers(shape, "float32")
            order, down, first = program(x)
            np.testing.assert_array_equal(order, np.argsort(x, kind="stable"))
            np.testing.assert_array_equal(down, np.sort(x, axis=0))
            np.testing.assert_array_equal(first, tw.argsort(x, descending=True)[:, :3])
    set_num_threads(before)
