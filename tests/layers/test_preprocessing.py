"""Layers that prepare numbers, beside the numbers of Keras 3.15."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.data import Dataset
from thalweg.errors import ArgumentError, DataError, ShapeError
from thalweg.registry import decode, encode

VALUES = np.random.default_rng(0).normal(size=(200,)).astype("float32")

# Arguments, how the 200 values are cut into batches, and the boundaries that Keras 3.15 finds.
QUANTILES: list[tuple[dict[str, Any], list[int], list[float]]] = [
    ({"num_bins": 4}, [], [-0.633194625377655, 0.04767179861664772, 0.6836856603622437]),
    ({"num_bins": 4}, [80, 120], [-0.6349804997444153, 0.04637046530842781, 0.6786666512489319]),
    (
        {"num_bins": 5, "epsilon": 0.1},
        [],
        [-0.754605770111084, -0.21879169344902039, 0.3194141089916229, 0.9034700393676758],
    ),
    (
        {"num_bins": 5, "epsilon": 0.1},
        [80, 120],
        [-0.6651946902275085, -0.15922507643699646, 0.35537251830101013, 0.9470807909965515],
    ),
]


@pytest.mark.parametrize("case", QUANTILES)
def test_boundaries_are_quantiles(case: Any, tmp_path: Any) -> None:
    arguments, cuts, expected = case
    layer: Any = L.Discretization(**arguments)
    layer.adapt(iter(np.split(VALUES, cuts)) if cuts else VALUES)
    np.testing.assert_allclose(layer.bin_boundaries, expected, rtol=1e-5)
    again = decode(encode(layer))
    assert again.bin_boundaries == layer.bin_boundaries
    np.testing.assert_array_equal(again(VALUES).numpy(), np.digitize(VALUES, np.float32(expected)))
    model = tw.models.Sequential([L.Input((1,)), layer])
    model.save(tmp_path / "bins.safetensors")
    loaded = tw.models.load_model(tmp_path / "bins.safetensors")
    np.testing.assert_array_equal(loaded.predict(VALUES[:, None]), model.predict(VALUES[:, None]))


def test_ranges_as_numbers_and_vectors() -> None:
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 2.0, 2.0, np.nan]])
    expected = {
        "int": [[0, 2, 3, 1], [1, 3, 3, 3]],
        "multi_hot": [[1, 1, 1, 1], [0, 1, 0, 1]],
        "count": [[1, 1, 1, 1], [0, 1, 0, 3]],
    }
    for mode, rows in expected.items():
        layer = L.Discretization(bin_boundaries=[0.0, 1.0, 2.0], output_mode=mode)
        np.testing.assert_array_equal(layer(x).numpy(), rows)
    hot = L.Discretization(bin_boundaries=[0.0, 1.0, 2.0], output_mode="one_hot")(x).numpy()
    np.testing.assert_array_equal(hot.argmax(axis=-1), expected["int"])
    assert hot.shape == (2, 4, 4) and (hot.sum(axis=-1) == 1).all()


def test_categories_as_vectors() -> None:
    rows = np.array([[0, 1], [0, 0], [1, 2], [3, 1]])
    hot = L.CategoryEncoding(4, output_mode="one_hot")(np.array([3, 2, 0, 1])).numpy()
    np.testing.assert_array_equal(hot, np.eye(4)[[3, 2, 0, 1]])
    several = L.CategoryEncoding(4)(rows).numpy()
    np.testing.assert_array_equal(several, [[1, 1, 0, 0], [1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]])
    layer = L.CategoryEncoding(num_tokens=4, output_mode="count")
    np.testing.assert_array_equal(
        layer(rows).numpy(), [[1, 1, 0, 0], [2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 1]]
    )
    weights = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])
    weighed = [[0.1, 0.2, 0, 0], [0.2, 0, 0, 0], [0, 0.2, 0.3, 0], [0, 0.2, 0, 0.4]]
    np.testing.assert_allclose(layer(rows, count_weights=weights).numpy(), weighed, rtol=1e-6)


def test_normalization_measures_arrays_lists_and_batches() -> None:
    data = np.array([[1.0, 2.0], [3.0, 8.0], [5.0, 2.0]])
    for given in (
        data,
        data.tolist(),
        Dataset.from_tensor_slices((data, data)).batch(2),
        iter([data[:1], data[1:]]),
    ):
        layer = L.Normalization()
        layer.adapt(given)
        np.testing.assert_allclose(layer.mean.numpy(), [3.0, 4.0], rtol=1e-6)
        np.testing.assert_allclose(layer.variance.numpy(), [8 / 3, 8.0], rtol=1e-6)
        np.testing.assert_allclose(layer([[1.0, 1.0]]).numpy(), [[-1.2247449, -1.0606602]], rtol=1e-6)
    images = np.random.default_rng(0).normal(5, 3, (10, 4, 4, 3))
    whole = L.Normalization(axis=None)
    whole.adapt(images)
    np.testing.assert_allclose(float(whole.mean.numpy()), images.mean(), rtol=1e-6)
    back = L.Normalization(mean=[3.0, 4.0], variance=[8 / 3, 8.0], invert=True)
    np.testing.assert_allclose(back([[-1.2247449, -1.0606602]]).numpy(), [[1.0, 1.0]], rtol=1e-5)


def test_batches_far_from_zero_are_measured_exactly() -> None:
    data = 1e6 + np.random.default_rng(0).normal(size=(1000, 1))
    layer = L.Normalization(dtype="float64")
    layer.adapt(iter(np.split(data, 10)))
    np.testing.assert_allclose(layer.mean.numpy(), data.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(layer.variance.numpy(), data.var(axis=0), rtol=1e-8)


class Frame:
    """As much of a data frame as is looked at."""

    columns = ("age", "height")

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array([[1.0, 2.0], [3.0, np.nan]], dtype)

    shape = (2, 2)


BAD: list[tuple[Any, Any, str]] = [
    (
        lambda: L.Normalization().adapt([[1.0, 2.0], [np.nan, 1.0]]),
        DataError,
        r"adapt: the data hold nan at \[1, 0\]",
    ),
    (lambda: L.Normalization().adapt(Frame()), DataError, r"the data hold nan at column 'height', row 1"),
    (lambda: L.Normalization().adapt([["a"]]), DataError, r"adapt: data that are no numbers"),
    (lambda: L.Normalization().adapt(iter([])), DataError, r"adapt: there are no data"),
    (lambda: L.Normalization(mean=1.0), ArgumentError, r"mean and variance, or neither"),
    (lambda: L.Normalization()(L.Input((None,))), ShapeError, r"length of axis \(-1,\) must be known"),
    (lambda: L.Discretization(num_bins=3).adapt([np.inf]), DataError, r"hold inf at \[0\]"),
    (lambda: L.Discretization(num_bins=3)([1.0]), ArgumentError, r"no boundaries.*adapt"),
    (lambda: L.Discretization(num_bins=3, bin_boundaries=[1.0]), ArgumentError, r"one of them"),
    (lambda: L.Discretization(), ArgumentError, r"one of them"),
    (
        lambda: L.Discretization([2.0, 1.0]),
        ArgumentError,
        r"expected ascending numbers; received \[2\.0, 1\.0\]",
    ),
    (lambda: L.Discretization([1.0]).adapt([1.0]), ArgumentError, r"the boundaries were given"),
    (lambda: L.Discretization(num_bins=0), ArgumentError, r"num_bins; expected at least 1"),
    (lambda: L.CategoryEncoding(), ArgumentError, r"num_tokens; expected at least 1.*IntegerLookup"),
    (lambda: L.CategoryEncoding(3, "int"), ArgumentError, r"output_mode; expected one_hot, multi_hot, count"),
    (lambda: L.CategoryEncoding(3)([[0, 3]]), DataError, r"numbers; expected 0 to 2; received 0 to 3"),
    (lambda: L.CategoryEncoding(3)([[0, 1]], count_weights=[[1.0, 1.0]]), ArgumentError, r"count_weights"),
]


@pytest.mark.parametrize("case", BAD, ids=lambda c: c[2])
def test_mistakes_are_named(case: Any) -> None:
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


class Columns:
    """A data frame's columns: some libraries' frames are not installed here."""

    def __init__(self, **columns: np.ndarray) -> None:
        self.data, self.columns, self.shape = columns, tuple(columns), (2, len(columns))

    def __getitem__(self, name: str) -> Any:
        column = self.data[name]

        class Series:
            dtype = column.dtype

            @staticmethod
            def __array__(dtype: Any = None, copy: Any = None) -> np.ndarray:
                return column

        return Series()

    def to_numpy(self) -> np.ndarray:
        return np.stack(list(self.data.values()), axis=1)


def test_a_gap_in_a_frame_is_named_by_its_column() -> None:
    model = tw.models.Sequential([L.Dense(1)])
    model.compile("sgd", "mse")
    frame = Columns(age=np.array([1.0, 2.0]), height=np.array([3.0, np.nan]))
    with pytest.warns(UserWarning) as caught:
        model.fit(frame, np.zeros(2), verbose=0)
    assert any("column 'height' holds NaN or infinity in row 1" in str(w.message) for w in caught)
