"""Numbers of rows and classes in what a program is given: a call with others is refused before anything changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import nn
from thalweg.errors import DataError, FeedRangeError
from thalweg.run.program import Program

ROWS = 10


def table() -> tw.Variable:
    return tw.Variable(np.arange(ROWS * 2, dtype=np.float32).reshape(ROWS, 2), name="table")


READERS = {
    "whole": (lambda t, x: nn.embedding_lookup(t, x), (1, 2)),
    "column": (lambda t, x: nn.embedding_lookup(t, x[:, 1]), (3, 1)),
    "all but the last": (lambda t, x: nn.embedding_lookup(t, x[:, :-1]), (0, 1)),
    "every second": (lambda t, x: nn.embedding_lookup(t, x[::2, ::2]), (2, 2)),
    "turned": (lambda t, x: nn.embedding_lookup(t, tw.permute_dims(x, (1, 0))), (3, 2)),
    "in another shape": (lambda t, x: nn.embedding_lookup(t, tw.reshape(x, (-1,))), (3, 2)),
    "cast": (lambda t, x: nn.embedding_lookup(t, tw.astype(x, "int64")), (2, 0)),
    "cast there and back": (
        lambda t, x: nn.embedding_lookup(t, tw.astype(tw.astype(x, "float32"), "int64")),
        (2, 0),
    ),
    "a part of them": (lambda t, x: nn.embedding_lookup(t, tw.unstack(x, axis=1)[2]), (0, 2)),
    "scattered": (lambda t, x: tw.scatter_add(t, x[:, 0], tw.ones((4, 2))), (2, 0)),
    "gathered": (lambda t, x: tw.gather_nd(t, x[:, :1]), (2, 0)),
    "classes": (lambda t, x: nn.sparse_softmax_cross_entropy(tw.zeros((4, 3, ROWS)), x), (1, 1)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bad", [ROWS, -ROWS - 1, 2**30])
def test_a_call_with_a_number_that_is_no_row_is_refused(reader: str, bad: int) -> None:
    read, place = READERS[reader]
    x = tw.placeholder("int32", (4, 3), name="x")
    f = tw.function([x], read(table(), x))
    good = np.arange(12, dtype=np.int32).reshape(4, 3) % ROWS
    wrong = good.copy()
    wrong[place] = bad
    expected = f(good)
    for _ in range(2):  # the first call of a program and the next go different ways
        with pytest.raises(FeedRangeError, match=rf"'x' at \[{place[0]}, {place[1]}\].*received {bad}"):
            f(wrong)
        assert np.array_equal(f(good), expected)


@pytest.mark.parametrize(
    "reader", ["column", "every second", "all but the last", "a part of them", "scattered"]
)
def test_what_is_not_read_may_be_anything(reader: str) -> None:
    read, _ = READERS[reader]
    x = tw.placeholder("int32", (4, 3))
    f = tw.function([x], read(table(), x))
    given = np.arange(12, dtype=np.int32).reshape(4, 3) % ROWS
    unread = {"column": (0, 0), "every second": (1, 1), "all but the last": (1, 2), "a part of them": (2, 1)}
    given[unread.get(reader, (0, 1))] = 99
    f(given)
    f(given)


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]
)
def test_in_every_dtype(dtype: str) -> None:
    x = tw.placeholder(dtype, (3,))
    f = tw.function([x], nn.embedding_lookup(table(), tw.astype(x, "int32")))
    good = np.array([0, ROWS - 1, 3], dtype)
    assert f(good).shape == (3, 2)
    wrong: list[float] = [ROWS, 100]
    wrong += [-1] if np.dtype(dtype).kind != "u" else []
    wrong += [np.nan, np.inf, float(ROWS)] if np.dtype(dtype).kind == "f" else []
    for bad in wrong:
        with pytest.raises(FeedRangeError, match="numbered from 0"):
            f(np.array([0, bad, 3], dtype))
    if np.dtype(dtype).kind == "f":  # the whole part counts
        assert np.array_equal(f(np.array([-0.5, 9.75, 1], dtype)), f(np.array([0, 9, 1], dtype)))


def test_a_cast_that_changes_numbers_says_nothing_of_them() -> None:
    x = tw.placeholder("int32", (2,))
    f = tw.function([x], nn.embedding_lookup(table(), tw.astype(x, "uint8")))
    assert f(np.array([256, 258], np.int32)).tolist() == [[0, 1], [4, 5]]


def test_what_a_branch_alone_reads_is_not_looked_at() -> None:
    x, i = tw.placeholder("float32", (3,)), tw.placeholder("int32", ())
    taken = tw.take(x, i, axis=0)
    f = tw.function([x, i], tw.cond(i < 3, lambda: taken * 2, lambda: -tw.ones(())))
    assert [float(f(np.ones(3, "f"), np.int32(k))) for k in (2, 7, 7, 2)] == [2, -1, -1, 2]
    g = tw.function([x, i], tw.cond(i < 3, lambda: taken * 2, lambda: -tw.ones(())) + taken)
    with pytest.raises(FeedRangeError, match="out of bounds"):
        g(np.ones(3, "f"), np.int32(7))


def test_negative_numbers_count_from_the_end_where_the_op_says_so() -> None:
    x = tw.placeholder("int32", (2,))
    f = tw.function([x], tw.take(table(), x, axis=0))
    assert f(np.array([-1, -ROWS], np.int32)).tolist() == [[18, 19], [0, 1]]
    with pytest.raises(FeedRangeError, match="-10 <= index < 10"):
        f(np.array([0, -ROWS - 1], np.int32))


def test_for_any_length() -> None:
    x = tw.placeholder("int32", (None, 3))
    f = tw.function([x], nn.embedding_lookup(table(), x[:, 1]))
    for length in range(2, 12):
        given = np.full((length, 3), 3, np.int32)
        f(given)
        given[:, 2] = 99
        f(given)
        given[-1, 1] = ROWS
        with pytest.raises(FeedRangeError, match=rf"\[{length - 1}, 1\]"):
            f(given)
    assert f.program.num_compiled < 6


def _step(held: tw.Variable) -> Program:
    x = tw.placeholder("int32", (4,), name="x")
    count = tw.Variable(0)
    return Program([x], [nn.embedding_lookup(held, x)], [(count, count + 1)])


def test_nothing_has_changed_when_a_call_is_refused() -> None:
    step = _step(table())
    (count,) = (v for v in step.variables if not v.shape)
    for bad in (0, ROWS, 1, -1):
        given = np.array([1, 2, 3, bad], np.int32)
        if 0 <= bad < ROWS:
            step.run([given])
        else:
            with pytest.raises(FeedRangeError):
                step.run([given])
    assert int(count.numpy()) == 2


@pytest.mark.parametrize("how", ["batch", "rows", "few rows"])
def test_many_steps_look_at_what_they_read_before_the_first(how: str) -> None:
    step = _step(table())
    (count,) = (v for v in step.variables if not v.shape)
    data = np.arange(23, dtype=np.int32) % ROWS
    rows: dict[str, Any] = {
        "batch": {"batch": 4},
        "rows": {"rows": np.arange(20).reshape(5, 4)[::-1]},
        "few rows": {"rows": np.array([[7, 18, 7, 7]] * 5)},
    }
    done = sum(n for n, _ in step.run_steps([data], **rows[how]))
    assert done == int(count.numpy()) == 5
    data[18] = 12
    with pytest.raises(FeedRangeError, match=r"'x' at \[18\].*received 12"):
        list(step.run_steps([data], **rows[how]))
    assert int(count.numpy()) == 5
    data[18], data[22] = 0, 99  # no step reads that row
    assert sum(n for n, _ in step.run_steps([data], **rows[how])) == 5


def test_training_says_which_class_there_is_not() -> None:
    model = tw.models.Sequential([tw.layers.Embedding(ROWS, 4), tw.layers.Flatten(), tw.layers.Dense(3)])
    model.compile("sgd", tw.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = np.arange(30).reshape(10, 3) % ROWS, np.arange(10) % 3
    model.fit(x, y, batch_size=5, verbose=0)
    with pytest.raises(FeedRangeError, match=r"embedding_lookup.*received 10"):
        model.fit(x + 1, y, batch_size=5, verbose=0)
    with pytest.raises(DataError, match="class 3 is out of range for 3 units"):
        model.fit(x, y + 1, batch_size=5, verbose=0)
    with pytest.raises(FeedRangeError, match="received 10"):
        model.predict(x + 1)
