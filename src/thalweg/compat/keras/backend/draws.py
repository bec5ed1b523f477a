"""``keras.backend``: random numbers."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.keras.backend.settings import floatx, makes_graph
from thalweg.compat.keras.backend.values import cast, lengths_of, tensor, variable
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops import random as _random
from thalweg.ops.dynamic import broadcast_to_lengths
from thalweg.ops.public import names as _names

_ops = _names()


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None, std: Any = None
) -> Any:
    """Normal numbers; of a symbolic shape, new ones at each run."""
    return _random_in(_random.normal, shape, mean, stddev if std is None else std, dtype)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Uniform numbers."""
    return _random_in(_random.uniform, shape, minval, maxval, dtype)


def random_binomial(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with probability p, else 0."""
    return cast(_ops["less"](random_uniform(shape), p), dtype or floatx())


random_bernoulli = random_binomial


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers within two deviations."""
    return _random_in(_random.truncated_normal, shape, mean, stddev, dtype)


def _random_in(draw: Callable[..., Any], shape: Any, first: float, second: float, dtype: Any) -> Any:
    """Draws in a shape some of whose lengths may be tensors; where a program makes a graph, anew at each run."""
    drawn = _drawn(draw, shape, first, second)
    wanted = dtypes.as_dtype(dtype or floatx())
    return drawn if drawn.dtype == wanted else cast(drawn, wanted)


def _drawn(draw: Callable[..., Any], shape: Any, first: float, second: float) -> Any:
    shape = lengths_of(shape)
    if not builtins.any(isinstance(n, Tensor) for n in shape):
        return draw(tuple(int(n) for n in shape), first, second, symbolic=makes_graph() or None)
    names = ("minval", "maxval") if draw is _random.uniform else ("mean", "stddev")
    like = broadcast_to_lengths(tensor(np.float32(0)), list(shape))
    return draw(like=like, **dict(zip(names, (first, second))))


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable of normal numbers."""
    return variable(random_normal(shape, mean, scale, dtype), dtype=dtype, name=name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable of uniform numbers."""
    return variable(random_uniform(shape, low, high, dtype), dtype=dtype, name=name)
