"""``theano.tests.unittest_tools``: seeds, comparisons, and a test case that looks at shapes."""

from __future__ import annotations

import unittest
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.theano.functions import function
from thalweg.compat.theano.gradient import verify_grad as verify_grad


def fetch_seed(pseed: int | None = None) -> int:
    """The seed of a test: 666 unless one is given."""
    return 666 if pseed is None else int(pseed)


def seed_rng(pseed: int | None = None) -> int:
    """Seed NumPy's generator, and return the seed."""
    seed = fetch_seed(pseed)
    np.random.seed(seed)  # noqa: NPY002
    return seed


def assert_allclose(expected: Any, value: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Raise an AssertionError where arrays differ by more than rounding in their dtype."""
    single = min(np.asarray(expected).dtype.itemsize, np.asarray(value).dtype.itemsize) <= 4
    rtol = (1e-3 if single else 1e-7) if rtol is None else rtol
    atol = (1e-5 if single else 1e-8) if atol is None else atol
    np.testing.assert_allclose(value, expected, rtol, atol)


class InferShapeTester(unittest.TestCase):
    """A test case with a check that an expression's shape is that of its value."""

    def setUp(self) -> None:
        seed_rng()

    def _compile_and_check(
        self, inputs: Sequence[Any], outputs: Sequence[Any], numeric_inputs: Sequence[Any], cls: Any, **_: Any
    ) -> None:
        shapes = function(list(inputs), [o.shape for o in outputs])(*numeric_inputs)
        values = function(list(inputs), list(outputs))(*numeric_inputs)
        for shape, value in zip(shapes, values, strict=True):
            self.assertEqual(tuple(shape), np.shape(value))
