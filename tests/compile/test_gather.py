"""Rows gathered and added up at places: vectors along the last axis, and threads that share it out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import thalweg as tw
from thalweg.ops.gathering import gather, scatter_add_op
from thalweg.run.workers import num_threads, set_num_threads

RNG = np.random.default_rng(0)


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = num_threads()
    set_num_threads(request.param)
    yield
    set_num_threads(before)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "int64", "bool"])
@pytest.mark.parametrize("last", [1, 3, 16, 37, 130])
def test_rows_at_places(last: int, dtype: str, threads: None) -> None:
    table = RNG.integers(-9, 9, (50, last)).astype(dtype)
    places = RNG.integers(-50, 50, (41, 7))
    x = tw.placeholder(dtype, table.shape)
    found = tw.function([x], gather(x, tw.constant(places), axes=(0,), position=0))(table)
    np.testing.assert_array_equal(found.numpy(), table[places])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("last", [1, 3, 16, 37, 130])
def test_rows_added_at_places_give_the_same_bits_on_any_threads(last: int, dtype: str) -> None:
    base, places = RNG.normal(size=(50, last)).astype(dtype), RNG.integers(0, 50, (60, 11))
    rows = (9 * RNG.normal(size=(60, 11, last))).astype(dtype)
    x, g = tw.placeholder(dtype, base.shape), tw.placeholder(dtype, rows.shape)
    f = tw.function([x, g], scatter_add_op(x, g, tw.constant(places), axes=(0,), position=0))
    wanted = base.copy()
    np.add.at(wanted, places, rows)
    before, results = num_threads(), []
    for n in (1, 2, 3):
        set_num_threads(n)
        results.append(f(base, rows).numpy())
    set_num_threads(before)
    np.testing.assert_array_equal(results[0], wanted)  # in order, as NumPy adds
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()


def test_places_of_a_middle_axis_and_of_the_last(threads: None) -> None:
    x, places = RNG.normal(size=(30, 20, 40)).astype("f"), RNG.integers(0, 20, 25)
    a = tw.placeholder("float32", x.shape)
    middle, last = (gather(a, tw.constant(places), axes=(axis,), position=axis) for axis in (1, 2))
    across = gather(tw.permute_dims(a, (1, 2, 0)), tw.constant(places), axes=(0,), position=0)
    both = gather(a, tw.constant(places), tw.constant(places[::-1].copy()), axes=(0, 2), position=1)
    first, behind = (gather(a, tw.constant(places), axes=(k,), position=at) for k, at in ((2, 0), (0, 2)))
    found = tw.function([a], [middle, last, across, both, first, behind])(x)
    wanted = (
        x[:, places],
        x[:, :, places],
        x.transpose(1, 2, 0)[places],
        x[places, :, places[::-1]].T,
        x.transpose(2, 0, 1)[places],
        x.transpose(1, 2, 0)[:, :, places % 20],
    )
    for one, other in zip(found, wanted):
        np.testing.assert_array_equal(one.numpy(), other)


def test_one_row_shared_out_by_columns(threads: None) -> None:
    x = RNG.normal(size=(3, 70_001)).astype("f")
    a, k = tw.placeholder("float32", x.shape), tw.placeholder("int64", ())
    row = tw.function([a, k], gather(a, k, axes=(0,), position=0))
    np.testing.assert_array_equal(row(x, 2).numpy(), x[2])
    np.testing.assert_array_equal(row(x, -3).numpy(), x[0])
