"""``lasagne.theano_extensions.padding``: padding of expressions."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def around(width: Any, rank: int, batch_ndim: int) -> list[tuple[int, int]]:
    """What is added before and after each axis: ``width`` is an int, or an int or a pair for axes after the first."""
    rest = rank - batch_ndim
    widths = [width] * rest if isinstance(width, int) else list(width)
    given = [(w, w) if isinstance(w, int) else tuple(w) for w in widths]
    return [(0, 0)] * batch_ndim + given + [(0, 0)] * (rest - len(given))


def pad(x: Any, width: Any, val: float = 0, batch_ndim: int = 1) -> TensorVariable:
    """A border of one number around the axes from ``batch_ndim`` on."""
    v = as_tensor_variable(x)
    widths = tuple(around(width, v.ndim, batch_ndim))
    return TensorVariable(tw.pad(v.tensor, widths, constant_values=val))
