"""Targets, splits, and the made-up problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg import data
from thalweg.errors import ArgumentError, DataError


def test_classes_as_rows() -> None:
    np.testing.assert_array_equal(data.to_categorical([1, 0], 3), [[0, 1, 0], [1, 0, 0]])
    assert data.to_categorical(np.array([[1], [2]])).shape == (2, 3)
    assert data.to_categorical(np.zeros((2, 4), int), 5).shape == (2, 4, 5)
    assert data.to_categorical([1.0, 0.0]).tolist() == [[0, 1], [1, 0]]
    bad: list[tuple[Any, str]] = [
        ([0, 3], r"class at \[1\] is 3; expected 0 to 2"),
        ([-1], r"class at \[0\] is -1"),
        ([0.5], "whole numbers"),
    ]
    for wrong, message in bad:
        with pytest.raises(DataError, match=message):
            data.to_categorical(wrong, 3)


def test_labels_of_every_kind() -> None:
    numbers, classes = data.encode_labels(np.array(["b", "a", "b"]))
    assert numbers.tolist() == [1, 0, 1] and numbers.dtype == np.int64 and classes == ["a", "b"]
    assert data.encode_labels([3, 7], "binary")[0].tolist() == [0.0, 1.0]
    assert data.encode_labels(["y"], "categorical", ["x", "y", "z"])[0].tolist() == [[0, 1, 0]]
    rows, classes = data.encode_labels([["x"], ["z", "x"], []], "multi_label")
    assert rows.tolist() == [[1, 0], [1, 1], [0, 0]] and rows.dtype == np.float32 and classes == ["x", "z"]


BAD: list[tuple[tuple[Any, ...], Any, str]] = [
    ((["a"], "one-hot"), ArgumentError, r"mode; expected 'int', 'categorical', 'binary', 'multi_label'"),
    ((["a", "b", "c"], "binary"), DataError, r"two classes; received 3"),
    ((["ham", "spm"], "int", ["ham", "spam"]), DataError, r"example 1 is 'spm'.*did you mean 'spam'"),
    (
        ([["a"], "b"], "multi_label"),
        DataError,
        r"labels of example 1; expected a list of labels; received 'b'",
    ),
    (([["a"], ["q"]], "multi_label", ["a"]), DataError, r"example 1 is 'q'; expected one of 'a'"),
]


@pytest.mark.parametrize("case", BAD)
def test_bad_labels_are_named(case: Any) -> None:
    arguments, error, message = case
    with pytest.raises(error, match=message):
        data.encode_labels(*arguments)


def test_splits_keep_shares_and_rows() -> None:
    pytest.importorskip("sklearn")
    x, y = np.arange(100), np.repeat([0, 1], [80, 20])
    train_x, test_x, train_y, test_y = data.train_test_split(x, y, test_size=0.25, stratify=y, random_state=0)
    assert np.bincount(train_y).tolist() == [60, 15] and np.bincount(test_y).tolist() == [20, 5]
    assert sorted([*train_x, *test_x]) == list(range(100)) and (y[test_x] == test_y).all()
    head, tail = data.train_test_split(x, test_size=10, shuffle=False)
    assert head.tolist() == list(range(90)) and tail.tolist() == list(range(90, 100))
    with pytest.raises(DataError, match=r"the class .*'c'.* has a single example"):
        data.train_test_split([1, 2, 3], stratify=["a", "a", "c"])
    with pytest.raises(ArgumentError, match=r"train_test_split: .*inconsistent numbers of samples"):
        data.train_test_split([1, 2, 3], [1, 2])


TOYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "xor": (data.make_xor, {}),
    "circles": (data.make_circles, {"factor": 0.3}),
    "moons": (data.make_moons, {}),
    "spirals": (data.make_spirals, {"classes": 3}),
    "blobs": (data.make_blobs, {"centers": 4}),
}


@pytest.mark.parametrize("name", TOYS)
def test_toys_are_seeded_and_have_every_class(name: str) -> None:
    make, options = TOYS[name]
    x, y = make(101, **options)
    assert x.shape == (101, 2) and x.dtype == np.float32 and y.shape == (101,) and y.dtype == np.int64
    counts = np.bincount(y)
    assert counts.min() >= 101 // len(counts) - 12 and counts.sum() == 101
    np.testing.assert_array_equal(x, make(101, **options)[0])
    noisy: dict[str, Any] = {"cluster_std": 3.0} if name == "blobs" else {"noise": 0.1}
    one, other = (make(101, **options, **noisy, seed=seed)[0] for seed in (1, 2))
    assert not np.array_equal(one, other) and not np.array_equal(one, x)


def test_toys_are_what_their_names_say() -> None:
    x, y = data.make_circles(40, factor=0.25)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y, 0.25, 1), rtol=1e-6)
    sklearn = pytest.importorskip("sklearn.datasets")
    theirs, labels = sklearn.make_moons(20, shuffle=False)
    x, y = data.make_moons(20)
    np.testing.assert_allclose(x, theirs, atol=1e-6)
    np.testing.assert_array_equal(y, labels)
    theirs, labels = sklearn.make_circles(20, shuffle=False, factor=0.4)
    np.testing.assert_allclose(data.make_circles(20, factor=0.4)[0], theirs, atol=1e-6)
    x, _ = data.make_spirals(60)
    np.testing.assert_allclose(x[:30], -x[30:], atol=1e-6)  # two arms are each other turned by half a turn
    x, _ = data.make_blobs(4, centers=[[0, 0, 5]], cluster_std=0.0)
    assert x.tolist() == [[0, 0, 5]] * 4


@pytest.mark.parametrize(
    "make, options, message",
    [
        (data.make_xor, {"n_samples": 0}, "make_xor: n_samples"),
        (data.make_moons, {"noise": -1.0}, "make_moons: noise"),
        (data.make_circles, {"factor": 1.0}, "make_circles: factor"),
        (data.make_spirals, {"classes": 0}, "make_spirals: classes"),
        (data.make_blobs, {"centers": [1.0, 2.0]}, "make_blobs: centers"),
    ],
)
def test_bad_arguments_of_toys(make: Any, options: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make(**options)
