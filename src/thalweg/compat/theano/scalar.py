"""``theano.scalar``: dtypes of single numbers, and constructors of scalars by dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.theano.tensor_type import TensorType, tensor_type

bool_, int8, int16, int32, int64 = (tensor_type(d, ()) for d in ("bool", "int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = (tensor_type(d, ()) for d in ("uint8", "uint16", "uint32", "uint64"))
float16, float32, float64 = (tensor_type(d, ()) for d in ("float16", "float32", "float64"))


def Scalar(dtype: Any) -> TensorType:
    """The type of a single number."""
    return tensor_type(str(np.dtype(dtype)), ())


def upcast(dtype: Any, *dtypes: Any) -> str:
    """The name of the dtype of a result computed from these.

    >>> upcast("int8", "float32")
    'float32'
    """
    return str(np.result_type(np.dtype(dtype), *[np.dtype(d) for d in dtypes]))
