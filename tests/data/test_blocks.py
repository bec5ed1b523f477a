"""Compiled functions of elements: what they give one by one and many at a time is the same."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.data import Dataset, blocks
from thalweg.data.blocks import Block, batches, in_blocks, made_of
from thalweg.errors import DataError, ShapeError, ThalwegError

X, Y = np.arange(60, dtype="float32").reshape(20, 3), np.arange(20)


def pairs() -> Dataset:
    return Dataset.from_tensor_slices((X, Y))


def halved(x: Any, y: Any) -> Any:
    return x / 2.0 - x.sum(), y * y


def named(x: Any, y: Any) -> Any:
    return {"x": [x[0], x[1:]], "y": (y,)}


def alone(f: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled function, which can only be called."""
    compiled = tw.function(f)
    return lambda *args: compiled(*args)


Chain = Callable[[Dataset, Callable[[Any], Any]], Dataset]
CHAINS: list[Chain] = [
    lambda d, f: d.map(f(halved)),
    lambda d, f: d.map(f(halved)).batch(7),
    lambda d, f: d.map(f(halved)).batch(7, drop_remainder=True),
    lambda d, f: d.map(f(named)).batch(20),
    lambda d, f: d.map(f(named)).map(f(lambda e: e["x"][1] + e["y"][0])).batch(3),
    lambda d, f: d.filter(f(lambda x, y: y % 3 == 0)).map(f(halved)).batch(2),
    lambda d, f: d.map(f(halved)).filter(f(lambda x, y: y > 399)).batch(2),
    lambda d, f: d.shuffle(5, seed=1).map(f(halved)).batch(4),
    lambda d, f: d.map(f(halved)).shuffle(5, seed=1).batch(4),
    lambda d, f: d.repeat(3).map(f(halved)).batch(8),
    lambda d, f: d.map(f(halved)).repeat(2).batch(8),
    lambda d, f: d.map(f(halved)).cache().repeat(2).take(30),
    lambda d, f: d.enumerate(2).map(f(lambda k, e: (e[0] * k, e[1]))).prefetch(2).batch(9),
    lambda d, f: d.shuffle(5, seed=1).enumerate().map(f(lambda k, e: (e[0] * k, e[1]))).batch(9),
    lambda d, f: d.filter(f(lambda x, y: x % 4 > 0)).batch(3),
    lambda d, f: d.take(0).map(f(halved)).batch(2),
    lambda d, f: d.map(f(lambda x, y: x)).map(lambda x: x + 1).map(f(lambda x: x * 2)).batch(6),
]


@pytest.mark.parametrize("chain", CHAINS)
def test_many_at_a_time_are_those_one_by_one(chain: Chain) -> None:
    ours, plain = chain(pairs(), tw.function), chain(pairs(), alone)
    for _ in range(2):
        found, wanted = list(ours), list(plain)
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted, strict=True):
            assert type(a) is type(b)
            for p, q in zip(tw.nested.flat(a), tw.nested.flat(b), strict=True):
                np.testing.assert_array_equal(p, q)
                assert np.asarray(p).dtype == np.asarray(q).dtype


def test_lengths_are_those_of_the_elements() -> None:
    assert len(pairs().map(tw.function(halved)).batch(8)) == 3
    assert pairs().filter(tw.function(lambda x, y: y > 3)).cardinality() == -2


def test_numbers_drawn_are_those_of_calls_one_after_the_other() -> None:
    @tw.function
    def noisy(x: Any) -> Any:
        return x + tw.random.normal([3])

    found: list[Any] = []
    for source in (Dataset.from_tensor_slices(X), Dataset.from_generator(lambda: iter(X))):
        tw.random.set_seed(4)
        found.append(np.array(list(source.map(noisy))))
    np.testing.assert_array_equal(found[0], found[1])
    assert len(np.unique(found[0] - X)) == X.size


def test_only_a_little_is_made_ahead() -> None:
    made = []

    def many(rows: Any) -> Any:
        made.append(len(rows))
        return rows

    blocks = made_of(in_blocks(np.arange(100), [np.arange(100)]), many, lambda e: [e])
    assert list(next(blocks)) == [0] and made == [1]
    assert [int(x) for b in blocks for x in b] == list(range(1, 100)) and made[:4] == [1, 2, 4, 8]


def test_what_cannot_be_made_together_is_made_one_by_one() -> None:
    def many(rows: Any) -> Any:
        return NotImplemented if len(rows) > 1 else rows * 10

    made = lambda: made_of([Block(np.arange(6))], many, lambda e: [e * 10] * int(e % 2 + 1))
    flat = [0, 10, 10, 20, 30, 30, 40, 50, 50]
    assert [int(x) for b in made() for x in b] == flat
    assert [b.tolist() for b in batches(made(), 4, False)] == [flat[:4], flat[4:8], flat[8:]]


def test_rows_are_gathered_in_pieces_that_fit_the_caches() -> None:
    wide = np.zeros((8, 1 << 19), "float32")  # 2 MB each
    assert [len(b) for b in in_blocks(wide, [np.arange(8)])] == [2, 2, 2, 2]


def test_an_error_names_the_pipeline_s_function() -> None:
    with pytest.raises(ThalwegError, match="matmul"):
        list(pairs().map(tw.function(lambda x, y: tw.matmul(x, x[:2]))))


def test_map_rows_takes_arrays_in_structures() -> None:
    f = tw.function(lambda pair, scale: {"out": pair["a"] * scale + pair["b"].sum()})
    found = f.map_rows({"a": Y, "b": X}, np.float32(2.0) + np.zeros(20, "f"))
    np.testing.assert_array_equal(found["out"].numpy(), Y * 2 + X.sum(1))


def test_pieces_are_halved_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, now = [], [0.0]
    monkeypatch.setattr(blocks, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def many(rows: Any) -> Any:
        sizes.append(len(rows))
        now[0] += len(rows) * (0.004 if sum(sizes) < 20 else 0.0)
        return rows

    assert sum(map(len, made_of([Block(np.arange(9000))], many, lambda e: [e]))) == 9000
    assert sizes[:8] == [1, 2, 4, 2, 4, 2, 4, 2] and max(sizes) == 1024


@pytest.mark.parametrize("counts", [[2, 2, 2, 3, 3, 1], [0, 1, 2]])
def test_a_function_whose_results_have_lengths_of_their_own(counts: list[int]) -> None:
    own = tw.function(lambda n: tw.repeat(n.reshape((1,)), n.reshape((1,)), axis=0))
    found = Dataset.from_tensor_slices(np.array(counts)).map(own)
    assert [x.tolist() for x in found] == [[n] * n for n in counts]
    assert own.map_rows(np.array(counts)) is NotImplemented
    with pytest.raises(ShapeError, match="run_steps: the steps gave output 0 different shapes"):
        tw.function(lambda n: tw.repeat(n, n)).run_steps(np.array(counts), batch=1)


def test_an_element_that_does_not_fit_is_named_by_its_number() -> None:
    uneven = Dataset.from_tensor_slices(np.array([2, 2, 2, 2, 1, 2])).map(
        tw.function(lambda n: tw.repeat(n.reshape((1,)), n.reshape((1,)), axis=0))
    )
    with pytest.raises(DataError, match="element 4 has another shape than element 3"):
        list(uneven.batch(3))
