"""Data frames as data: numbers of every kind of column, and what is said of other columns."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.data import Dataset
from thalweg.frames import frame_array
from thalweg.layers import Dense, Input
from thalweg.models import Sequential

A, B, C = np.arange(20) / 4, np.arange(20), np.arange(20) % 2 == 0
Y = np.arange(20) % 3
NUMBERS = np.stack([A, B, C], axis=1).astype("float32")


class Column:
    """As little as a column of a frame must have."""

    def __init__(self, values: Any) -> None:
        self.values, self.dtype = np.asarray(values), np.asarray(values).dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


class Frame:
    """As little as a frame must have."""

    def __init__(self, **columns: Any) -> None:
        self.columns, self._values = list(columns), columns

    def __getitem__(self, name: str) -> Column:
        return Column(self._values[name])

    def __len__(self) -> int:
        return len(next(iter(self._values.values())))

    def to_numpy(self) -> np.ndarray:
        return np.array([list(v) for v in self._values.values()], object).T


def frames() -> list[Any]:
    found: list[Any] = [pytest.param(Frame(a=A, b=B, c=C), Y, id="stand-in")]
    try:
        pd: Any = importlib.import_module("pandas")
    except ImportError:
        return [
            *found,
            pytest.param(None, None, id="pandas", marks=pytest.mark.skip(reason="pandas is not installed")),
        ]
    plain = pd.DataFrame({"a": A, "b": B, "c": C})
    nullable = plain.astype({"a": "Float64", "b": "Int64", "c": "boolean"})
    return [
        *found,
        pytest.param(plain, pd.Series(Y), id="pandas"),
        pytest.param(nullable, pd.Series(Y, dtype="Int64"), id="nullable"),
        pytest.param(plain.sample(frac=1).sort_index(), pd.DataFrame({"y": Y}), id="frame of targets"),
    ]


def net() -> Sequential:
    tw.set_random_seed(0)
    model = Sequential([Input((3,)), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize(("x", "y"), frames())
def test_a_frame_trains_as_its_numbers_do(x: Any, y: Any) -> None:
    expected = net().fit(NUMBERS, Y, shuffle=False, epochs=2, verbose=0).history
    assert net().fit(x, y, shuffle=False, epochs=2, verbose=0).history == expected
    np.testing.assert_array_equal(net().predict(x), net().predict(NUMBERS))
    assert net().train_on_batch(x, y) == net().train_on_batch(NUMBERS, Y)
    data = Dataset.from_tensor_slices((x, np.asarray(y).ravel().astype("int64"))).batch(32)
    assert net().fit(data, epochs=2, verbose=0).history == expected


def test_columns_keep_a_dtype_that_holds_them_all() -> None:
    small, truth = np.array([1, 2], np.int8), np.array([True, False])
    assert frame_array(Frame(a=small, b=truth), "x").dtype == np.int8
    assert frame_array(Frame(a=small, b=np.array([0.5, 1], np.float32)), "x").tolist() == [[1, 0.5], [2, 1]]
    assert frame_array(Frame(b=truth), "x").dtype == np.bool_


def test_columns_that_hold_no_numbers_are_named() -> None:
    with pytest.raises(tw.errors.DTypeError, match=r"x: column 'kind' does not hold numbers.*encode it"):
        net().fit(Frame(a=A, b=B, kind=np.array(["u", "v"] * 10)), Y, verbose=0)
    gaps = A.copy()
    gaps[4] = np.nan
    with pytest.warns(UserWarning, match="x: column 'a' holds NaN or infinity in row 4"):
        net().predict(Frame(a=gaps, b=B, c=C))


def test_columns_of_one_name_are_refused() -> None:
    frame = Frame(a=[1.0, 2.0], b=[3.0, 4.0])
    frame.columns = ["a", "b", "a"]
    with pytest.raises(
        tw.errors.DataError, match=r"x: 2 columns are named 'a'; expected a name for each column"
    ):
        net().predict(frame)


def test_missing_values_of_pandas_are_named() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"a": pd.array([1.5, None, 2.5], "Float64"), "b": [1, 2, 3], "c": [True, False, True]}
    )
    with pytest.warns(UserWarning, match="x: column 'a' holds NaN or infinity in row 1"):
        assert np.isnan(net().predict(frame)[1]).all()
    with pytest.raises(tw.errors.DTypeError, match=r"column 'when'.*datetime"):
        net().predict(frame.assign(a=1.0, when=pd.Timestamp("2020-01-01"))[["a", "b", "when"]])
    with pytest.raises(tw.errors.DTypeError, match=r"y does not hold numbers.*encode_labels"):
        net().fit(NUMBERS[:3], pd.Series(pd.Categorical(["u", "v", "u"])), verbose=0)
