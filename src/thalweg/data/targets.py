"""Targets in the form that a loss takes: class numbers, one-hot rows, 0 and 1, rows of several labels; and splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, DataError, fail
from thalweg.extras import needs

__all__ = ["LABEL_MODES", "encode_labels", "to_categorical", "train_test_split"]

LABEL_MODES = ("int", "categorical", "binary", "multi_label")


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as float32 rows of 0 and a single 1; ``num_classes`` is one more than the greatest unless given.

    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    numbers = np.asarray(x)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    if numbers.dtype.kind not in "biu" and not (numbers == np.floor(numbers)).all():
        raise fail(
            DataError, "to_categorical: x", expected="whole numbers", received=f"dtype {numbers.dtype}"
        )
    numbers = numbers.astype(np.int64)
    classes = int(numbers.max(initial=-1)) + 1 if num_classes is None else int(num_classes)
    wrong = np.argwhere((numbers < 0) | (numbers >= classes))
    if len(wrong):
        place = tuple(int(k) for k in wrong[0])
        raise fail(
            DataError, f"to_categorical: the class at {list(place)} is {numbers[place]}",
            expected=f"0 to {classes - 1}",
        )  # fmt: skip
    found = np.zeros((*numbers.shape, classes), np.float32)
    np.put_along_axis(found, numbers[..., None], 1.0, axis=-1)
    return found


def encode_labels(
    labels: Iterable[Any], mode: str = "int", classes: Sequence[Any] | None = None
) -> tuple[np.ndarray, list[Any]]:
    """Labels of any kind as targets, and the classes in the order of their numbers (sorted, unless given).

    ``mode``: "int" gives int64 numbers (sparse losses), "categorical" one-hot float32 rows, "binary" a float32 0 or 1
    of two classes, "multi_label" a float32 row with a 1 for every label of an example that has a list of them.

    >>> encode_labels(["ham", "spam", "ham"])
    (array([0, 1, 0]), ['ham', 'spam'])
    >>> encode_labels([["a", "b"], [], ["b"]], "multi_label")[0].tolist()
    [[1.0, 1.0], [0.0, 0.0], [0.0, 1.0]]
    """
    check_mode("encode_labels: mode", mode)
    several = mode == "multi_label"
    rows: list[Any] = [_plain(v) for v in labels]
    if several and any(isinstance(row, str) or not isinstance(row, Iterable) for row in rows):
        row = next(k for k, r in enumerate(rows) if isinstance(r, str) or not isinstance(r, Iterable))
        raise fail(DataError, f"encode_labels: the labels of example {row}", expected="a list of labels",
                   received=repr(rows[row]))  # fmt: skip
    found = {label for row in rows for label in row} if several else set(rows)
    names = sorted(found) if classes is None else [_plain(c) for c in classes]
    number = {name: k for k, name in enumerate(names)}
    for k, row in enumerate(rows):
        for label in row if several else [row]:
            if label not in number:
                near = get_close_matches(str(label), [str(n) for n in names], 1, 0.6)
                raise fail(DataError, f"encode_labels: the label of example {k} is {label!r}",
                           expected=f"one of {', '.join(map(repr, names[:10]))}",
                           hint=f"did you mean {near[0]!r}?" if near else None)  # fmt: skip
    if several:
        target = np.zeros((len(rows), len(names)), np.float32)
        for k, row in enumerate(rows):
            target[k, [number[label] for label in row]] = 1
        return target, names
    return as_mode(np.array([number[row] for row in rows], np.int64), len(names), mode), names


def check_mode(what: str, mode: Any, modes: Sequence[Any] = LABEL_MODES) -> None:
    """The mode is one of those known, or an error that lists them."""
    if mode not in modes:
        raise fail(ArgumentError, what, expected=", ".join(map(repr, modes)), received=repr(mode))


def as_mode(numbers: np.ndarray, count: int, mode: str) -> np.ndarray:
    """Class numbers in the form of a mode."""
    if mode == "categorical":
        return to_categorical(numbers, count)
    if mode == "binary":
        if count != 2:
            raise fail(DataError, "binary labels", expected="two classes", received=f"{count} classes",
                       hint="'int' or 'categorical' take any number")  # fmt: skip
        return numbers.astype(np.float32)
    return numbers


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def train_test_split(
    *arrays: Any,
    test_size: float | int | None = None,
    train_size: float | int | None = None,
    random_state: int | None = None,
    shuffle: bool = True,
    stratify: Any = None,
) -> list[Any]:
    """Each array in two: the rows for training and those for testing, the same rows of all.

    ``test_size``: a share or a number of rows (a quarter unless given); ``stratify``: labels whose shares both parts
    keep. The work is scikit-learn's. A class too rare for both parts is an error that names it.

    >>> x, y = np.arange(8), np.array([0, 0, 0, 0, 0, 0, 1, 1])
    >>> train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.5, stratify=y, random_state=0)
    >>> len(train_x), int(train_y.sum()), int(test_y.sum())
    (4, 1, 1)
    """
    with needs("scikit-learn", "train_test_split"):
        from sklearn import model_selection
    if stratify is not None:
        names, counts = np.unique(np.asarray(stratify), return_counts=True, axis=0)
        if len(counts) and counts.min() < 2:
            rare = names[int(counts.argmin())].tolist()
            raise fail(DataError, f"train_test_split: the class {rare!r} has a single example",
                       expected="at least 2 of each class to stratify")  # fmt: skip
    try:
        return model_selection.train_test_split(
            *arrays, test_size=test_size, train_size=train_size, random_state=random_state,
            shuffle=shuffle, stratify=stratify,
        )  # fmt: skip
    except ValueError as error:
        raise fail(ArgumentError, f"train_test_split: {error}") from None
