"""The truth that stable forms are held against: the user's own expression, evaluated in extended precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from thalweg.graph.tensor import Tensor, placeholder
from thalweg.graph.walk import topological

needs_long_double = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 60, reason="this machine's long double is no wider than float64"
)


def truth(fn: Callable[..., Tensor], arrays: Sequence[np.ndarray], exact: Any = None) -> np.ndarray:
    """The expression by the meanings of its ops on long doubles, whose exponents reach exp(11000); or by ``exact``."""
    if exact is not None:
        return exact(*[a.astype(np.longdouble) for a in arrays])
    inputs = [placeholder("float64", a.shape) for a in arrays]
    values: dict[int, Any] = {id(t): a.astype(np.longdouble) for t, a in zip(inputs, arrays)}
    output = fn(*inputs)
    with np.errstate(all="ignore"):
        for t in topological([output]):
            if id(t) not in values:
                values[id(t)] = (
                    t.value if t.op is None else t.op.meaning(*[values[id(i)] for i in t.inputs], **t.attrs)
                )
    return np.asarray(values[id(output)])


def exact_gradient(
    fn: Callable[..., Tensor], arrays: Sequence[np.ndarray], exact: Any = None
) -> list[np.ndarray]:
    """Central differences of the sum of the truth, for every element of every argument."""
    results = []
    for k, array in enumerate(arrays):
        slope = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            step = np.longdouble(1e-6 * max(abs(float(array[place])), 1e-3))
            sides = []
            for sign in (1, -1):
                moved = [np.asarray(a, np.longdouble).copy() for a in arrays]
                moved[k][place] += sign * step
                sides.append(truth(fn, moved, exact))
            slope[place] = float(np.sum(sides[0] - sides[1]) / (2 * step))
        results.append(slope)
    return results


def close_to_truth(
    mine: np.ndarray,
    exact: np.ndarray,
    before: np.ndarray | None = None,
    ulps: float = 16,
    floor: float = 0.0,
) -> None:
    """Within some ulp of the truth, or no further from it than what stood there before.

    An exponent between 16 and 32 is rounded to 2**-20, which alone is up to 16 ulp of its exponential in float32.
    """
    assert np.isfinite(mine[np.isfinite(exact.astype(mine.dtype))]).all()
    with np.errstate(all="ignore"):
        rounded = exact.astype(mine.dtype)
        error = np.abs(mine - exact)
        allowed = ulps * np.spacing(np.abs(rounded)).astype(np.longdouble)
        allowed = allowed + floor + 1e-18  # the last is the long double's own error
        if before is not None:
            allowed = np.where(np.isfinite(before), np.maximum(allowed, np.abs(before - exact)), allowed)
    wrong = ~((error <= allowed) | (mine == rounded) | (np.isnan(mine) & np.isnan(rounded)))
    assert not wrong.any(), f"{mine[wrong]} where the truth is {rounded[wrong]}"
