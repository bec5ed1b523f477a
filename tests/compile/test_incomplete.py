"""The incomplete functions in vectors against their meanings: everyday values, many terms, and the ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from compile.kernels import elementwise

RTOL = {"float32": 3e-5, "float64": 5e-10}  # of what a small difference of numbers about 1 leaves
RNG = np.random.default_rng(0)
ENDS = np.array([0.0, 1.0, -1.0, -2.5, 3.0, np.inf, np.nan, 200.0, 1e-30])


def values(low: float, high: float, smallest: int, largest: int) -> np.ndarray:
    """Some of usual size, some of all sizes."""
    return np.concatenate([RNG.uniform(low, high, 500), 10.0 ** RNG.uniform(smallest, largest, 500)])


CASES: dict[str, Any] = {
    "igamma": (values(0.05, 9, -3, 3), values(0, 12, -3, 3)),
    "igammac": (values(0.05, 9, -3, 3), values(0, 12, -3, 3)),
    "zeta": (values(1.01, 9, 0, 2), values(-5, 9, -3, 3)),
    "betainc": (values(0.05, 9, -2, 2), values(0.05, 9, -2, 2), values(0, 1, -5, 0)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_compiled_values_are_those_of_the_meaning(name: str, dtype: str) -> None:
    ends = [g.ravel() for g in np.meshgrid(*[ENDS] * len(CASES[name]))]
    args = [np.concatenate([a, end]).astype(dtype) for a, end in zip(CASES[name], ends, strict=True)]
    if name == "zeta":
        args[1][:1000:7] = np.rint(args[1][:1000:7])
        args[0][:1000:3] = np.rint(args[0][:1000:3])
    op, symbols = getattr(tw, name), [tw.placeholder(dtype, a.shape) for a in args]
    found = tw.function(symbols, op(*symbols))(*args)
    tiny = 1e-300 if dtype == "float64" else 1e-40
    np.testing.assert_allclose(found, op(*args), rtol=RTOL[dtype], atol=tiny)


def test_a_loop_that_repeats_while_a_condition_holds() -> None:
    def halvings(x: Any) -> Any:
        e = x.e
        number, left = e.var(e.const(0, "float32", x.width)), e.var(x)
        with e.repeat() as again:
            number.set(number.get() + e.select(left.get() >= 1, e.const(1, "float32"), 0))
            left.set(left.get() * 0.5)
            again(e.reduce(left.get() >= 1, "or"))
        return number.get()

    x = np.array([0.5, 1, 2, 1000, 7, 0], np.float32)
    np.testing.assert_array_equal(elementwise(halvings, ["float32"], "float32")(x), [0, 1, 2, 10, 3, 0])
