"""``theano.misc.safe_asarray``."""

from __future__ import annotations

from typing import Any

import numpy as np


def _asarray(a: Any, dtype: Any, order: Any = None) -> np.ndarray:
    """An array of a dtype, which may be ``"floatX"``."""
    from thalweg.compat.theano.conversion import dtype_of

    return np.asarray(a, dtype_of(dtype), order)
