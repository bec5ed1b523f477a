"""``theano.tensor.xlogx``."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import floats
from thalweg.compat.theano.variable import TensorVariable


def xlogx(x: Any) -> TensorVariable:
    """x log(x), 0 at 0."""
    (t,) = floats(x)
    return TensorVariable(tw.xlogy(t, t))


def xlogy0(x: Any, y: Any) -> TensorVariable:
    """x log(y), 0 where x is 0."""
    return TensorVariable(tw.xlogy(*floats(x, y)))
