"""``tf.experimental.numpy`` beyond the main library's functions: NumPy is the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf2
from thalweg.compat.tf2.numpy_more import NAMES

tf: Any = tf2
tnp: Any = tf2.experimental.numpy

A = np.array([[1.5, -2.0, 0.0], [4.0, 0.25, -7.5]])
V, W = np.array([3, 1, 4, 1, 5]), np.array([2.0, 7.0, 1.0, 8.0, 2.0])
BROKEN = np.array([1.0, np.nan, np.inf, -np.inf])
CASES: dict[str, list[tuple[Any, ...]]] = {
    "allclose": [(A, A + 1e-9), (A, A + 1), (BROKEN, BROKEN, 1e-5, 1e-8, True)],
    "append": [(V, W), (A, A, 0), (A, [[1], [2]], 1), (V, 9)],
    "array_equal": [(A, A), (A, A + 1), (A, V)],
    "average": [(A,), (A, 0), (A, 1, [1, 2, 3]), (V, None, W)],
    "cbrt": [(A,), (V,)],
    "compress": [([True, False], A, 0), ([0, 1, 1], A, 1), ([1, 0, 1], V)],
    "cross": [(A, A[::-1]), ([1.0, 2.0, 3.0], [3, 1, 2])],
    "deg2rad": [(V,)],
    "degrees": [(A,)],
    "diagflat": [(A,), (V, 1), (V, -2)],
    "diff": [(V,), (V, 2), (A, 1, 0)],
    "divmod": [(V, 2), (A, 2.0)],
    "dsplit": [(np.arange(12).reshape(1, 2, 6), 3)],
    "fix": [(A,)],
    "float_power": [(V, 2), (V, 0.5)],
    "geomspace": [(1, 1000, 4)],
    "heaviside": [(A, 0.5)],
    "hsplit": [(A, 3), (V[:4], 2), (A, [1])],
    "isclose": [(A, A + np.array([1e-9, 1.0, 0.0])), (BROKEN, BROKEN), (1, 1.0)],
    "isneginf": [(BROKEN,)],
    "isposinf": [(BROKEN,)],
    "logaddexp2": [(V, W)],
    "nanprod": [(np.array([[2.0, np.nan], [3.0, 4.0]]),), (np.array([[2.0, np.nan], [3.0, 4.0]]), 0)],
    "nonzero": [(A,), (V,)],
    "polyval": [([2.0, -1.0, 3.0], W), (V, A)],
    "ptp": [(A,), (A, 1)],
    "rad2deg": [(V,)],
    "radians": [(A,)],
    "rot90": [(A, k) for k in range(-1, 5)],
    "select": [([V > 3, V > 1], [V, W], -1.0), ([A > 0], [A])],
    "sinc": [(A,), (V,)],
    "tril_indices": [(3,), (3, 1)],
    "vander": [(V,), (W, 3), (V, 3, True)],
    "vdot": [(A, A + 1), (V, W)],
    "vsplit": [(A, 2)],
    "where": [(A > 0, A, 0.0), (A > 0,), ([True, False], 1, 2.5)],
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_numpys(name: str) -> None:
    for arguments in CASES[name]:
        expected = getattr(np, name)(*arguments)
        for given in (arguments, [tf.constant(a) if isinstance(a, np.ndarray) else a for a in arguments]):
            found = getattr(tnp, name)(*given)
            several = isinstance(expected, (tuple, list))
            assert not several or len(found) == len(expected)
            for f, e in zip(found, expected, strict=True) if several else [(found, expected)]:
                assert np.shape(f) == np.shape(e)
                np.testing.assert_allclose(np.asarray(f), e, rtol=1e-13, atol=1e-13)
                assert np.asarray(f).dtype.kind == np.asarray(e).dtype.kind


def test_every_name_has_a_case() -> None:
    said = {"finfo", "iinfo", "isscalar", "issubdtype", "promote_types"}
    assert set(NAMES) - said <= set(CASES)
    assert (
        tnp.iinfo(tnp.int8).max == 127
        and tnp.isscalar(3.0)
        and tnp.promote_types("int32", "float32") == "float64"
    )


def test_weights_that_are_returned_and_gradients() -> None:
    mean, total = tnp.average(V, weights=W, returned=True)
    assert float(mean) == pytest.approx(np.average(V, weights=W)) and float(total) == 20.0
    x = tf.Variable([0.0, 0.5])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tnp.sinc(x) + tnp.polyval([1.0, 0.0, 0.0], x))
    slope = (np.cos(np.pi / 2) * np.pi * 0.5 - np.sin(np.pi / 2)) / (np.pi * 0.25) + 1.0
    np.testing.assert_allclose(tape.gradient(y, x), [0.0, slope], rtol=1e-5, atol=1e-6)
