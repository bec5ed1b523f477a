"""``theano.tensor.signal.downsample``: the older names of pooling."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor.signal.pool import Pool, pool_2d
from thalweg.compat.theano.tensor.signal.pool import max_pool_2d_same_size as max_pool_2d_same_size
from thalweg.compat.theano.variable import TensorVariable


def max_pool_2d(
    input: Any,
    ds: Any,
    ignore_border: bool | None = None,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> TensorVariable:
    """The largest element of each window of the last two axes."""
    return pool_2d(input, ds, bool(ignore_border), st, padding, mode)


max_pool2D = max_pool_2d  # its first name


class DownsampleFactorMax(Pool):
    """Pooling as an op, under its older name: ``DownsampleFactorMax((2, 2), ignore_border=True)(x)``."""

    def __init__(
        self, ds: Any, ignore_border: bool = False, st: Any = None, padding: Any = (0, 0), mode: str = "max"
    ) -> None:
        super().__init__(ignore_border, mode, 2, ds, st, padding)
