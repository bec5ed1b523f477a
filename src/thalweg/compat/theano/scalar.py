"""``theano.scalar``: dtypes of single numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def upcast(dtype: Any, *dtypes: Any) -> str:
    """The name of the dtype of a result computed from these.

    >>> upcast("int8", "float32")
    'float32'
    """
    return str(np.result_type(np.dtype(dtype), *[np.dtype(d) for d in dtypes]))
