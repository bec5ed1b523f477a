"""The promotion table, weak Python scalars, and the dtypes of the elementwise families."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from thalweg import dtypes
from thalweg.errors import DTypeError
from thalweg.graph.tensor import constant
from thalweg.ops import elementwise as ew

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NAMES = ("bool", *INTEGERS, "float16", "float32", "float64")


def _kind(name: str) -> str:
    return np.dtype(name).kind.replace("u", "i")


@pytest.mark.parametrize(("x", "y"), list(itertools.combinations_with_replacement(NAMES, 2)))
def test_promotion(x: str, y: str) -> None:
    """Within a kind NumPy's rule; across kinds the higher kind keeps its dtype; symmetric."""
    a, b = np.dtype(x), np.dtype(y)
    if _kind(x) == _kind(y):
        expected = np.result_type(a, b)
        if expected.kind != a.kind and expected.kind == "f":
            with pytest.raises(DTypeError, match="no integer dtype"):
                dtypes.promote(a, b)
            return
    else:
        expected = max(a, b, key=dtypes.rank)
    assert dtypes.promote(a, b) == dtypes.promote(b, a) == expected
    assert ew.maximum(constant(np.ones(2, a)), constant(np.ones(2, b))).dtype == expected


def test_promotion_is_associative() -> None:
    for trio in itertools.permutations(NAMES, 3):
        x, y, z = (np.dtype(n) for n in trio)
        if {"uint64"} & set(trio) and {"int8", "int16", "int32", "int64"} & set(trio):
            continue  # no common integer dtype
        assert dtypes.promote(dtypes.promote(x, y), z) == dtypes.promote(x, dtypes.promote(y, z))


@pytest.mark.parametrize(
    ("scalar", "beside", "expected"),
    [
        (2, "float16", "float16"),
        (2.5, "float16", "float16"),
        (2, "int8", "int8"),
        (2.5, "int8", "float32"),
        (True, "int8", "int8"),
        (2, "bool", "int64"),
        (2.5, "bool", "float32"),
        (True, "bool", "bool"),
        (2.5, "float64", "float64"),
        (np.float64(2.5), "float32", "float32"),
        (np.int64(2), "uint8", "uint8"),
    ],
)
def test_python_and_numpy_scalars_are_weak(scalar: Any, beside: str, expected: str) -> None:
    x = constant(np.ones(2, beside))
    assert ew.maximum(x, scalar).dtype.name == ew.maximum(scalar, x).dtype.name == expected


@pytest.mark.parametrize(
    ("number", "dtype"), [(-1, "uint8"), (256, "uint8"), (200, "int8"), (2**40, "int32")]
)
def test_python_integers_that_do_not_fit_are_refused(number: int, dtype: str) -> None:
    with pytest.raises(DTypeError, match=rf"{number} does not fit {dtype}"):
        constant(np.ones(2, dtype)) + number


def test_arrays_are_not_weak() -> None:
    assert (constant([1.0]) + np.array([1.0])).dtype.name == "float64"
    assert (constant([1.0]) + np.array(1.0)).dtype.name == "float64"


@pytest.mark.parametrize("name", NAMES)
def test_families(name: str) -> None:
    """Real functions of integers are float32; arithmetic keeps the dtype, of bool int64; comparison gives bool."""
    x = constant(np.ones(2, name))
    floating = name if name.startswith("float") else "float32"
    assert ew.exp(x).dtype.name == (x / x).dtype.name == ew.sqrt(x).dtype.name == floating
    assert (
        (x + x).dtype.name == (x * x).dtype.name == (x**2).dtype.name == ("int64" if name == "bool" else name)
    )
    assert (x == x).dtype.name == ew.isnan(x).dtype.name == ew.logical_not(x).dtype.name == "bool"


def test_integers_with_floats_take_the_float() -> None:
    assert (constant([1]) + constant([1.0])).dtype.name == "float32"
    assert (constant(np.ones(1, "float16")) + constant([1])).dtype.name == "float16"


@pytest.mark.parametrize(
    ("given", "name"),
    [(float, "float32"), (int, "int64"), (bool, "bool"), ("floatX", "float32"), (np.float64, "float64")],
)
def test_dtype_names(given: Any, name: str) -> None:
    assert dtypes.as_dtype(given).name == name


def test_bfloat16_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ml_dtypes", None)
    with pytest.raises(ImportError, match=r"thalweg\[bfloat16\]"):
        dtypes.as_dtype("bfloat16")
