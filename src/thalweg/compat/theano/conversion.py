"""What programs hand over as tensors of the main library, and the dtypes in which they meet."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.graph.tensor import Tensor

_INTS = ("int8", "int16", "int32", "int64")


class Symbol:
    """What stands for an expression of the main library, its ``tensor``."""

    tensor: Tensor
    is_complex = False


def is_complex(value: Any) -> bool:
    """Whether it is a complex variable, number or array, or a list that holds one."""
    if isinstance(value, (list, tuple)):
        return any(map(is_complex, value))
    if isinstance(value, Symbol):
        return value.is_complex
    return isinstance(value, complex) or (
        isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "c"
    )


def _scalar_dtype(value: Any) -> str:
    """The smallest dtype that holds a Python number, as ``autocast_int`` and ``autocast_float`` choose it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        fits = (d for d in _INTS if np.iinfo(d).min <= value <= np.iinfo(d).max)
        return next(fits, "uint64" if value > 0 else "int64")
    if config.floatX in ("float16", "float32") or value != value or float(np.float32(value)) == value:
        return "float32"
    return "float64"


def tensor_of(value: Any, dtype: Any = None) -> Tensor:
    """A tensor of the main library from a variable, array, number or list (of numbers or variables)."""
    if isinstance(value, Symbol):
        found = value.tensor
    elif isinstance(value, Tensor):
        found = value
    elif isinstance(value, (bool, int, float)) and not isinstance(
        value, np.generic
    ):  # NumPy's keep their dtype
        found = tw.constant(np.asarray(value, dtype or _scalar_dtype(value)))
    elif isinstance(value, (list, tuple)) and _holds_variable(value):
        parts = [tensor_of(v) for v in value]
        common = np.result_type(*[p.dtype for p in parts])
        found = tw.stack([as_dtype(p, common) for p in parts])
    elif value is None or isinstance(value, (str, dict, set)):
        raise AsTensorError(f"Cannot convert {value!r} to TensorType", type(value))
    else:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise AsTensorError(f"Cannot convert {value!r} to TensorType", type(value))
        found = tw.constant(array)
    return found if dtype is None else as_dtype(found, np.dtype(dtype))


class AsTensorError(TypeError):
    """Raised where something is no tensor."""


def _holds_variable(value: Any) -> bool:
    return any(
        _holds_variable(v) if isinstance(v, (list, tuple)) else isinstance(v, (Symbol, Tensor)) for v in value
    )


def as_dtype(tensor: Tensor, dtype: Any) -> Tensor:
    """The tensor in a dtype."""
    return tensor if tensor.dtype == np.dtype(dtype) else tw.astype(tensor, np.dtype(dtype))


def common(*values: Any) -> list[Tensor]:
    """Tensors in the dtype that NumPy gives arrays of theirs together: int64 with float32 is float64."""
    tensors = [tensor_of(v) for v in values]
    dtype = np.result_type(*[t.dtype for t in tensors])
    return [_in_dtype(v, t, dtype) for v, t in zip(values, tensors, strict=True)]


def _in_dtype(value: Any, tensor: Tensor, dtype: np.dtype) -> Tensor:
    """The tensor in a dtype; a whole number keeps the text it was written with, which ``pp`` shows."""
    if type(value) is int and tensor.dtype != dtype:
        return tw.constant(np.asarray(value, dtype), name=f"TensorConstant{{{value}}}")
    return as_dtype(tensor, dtype)


def floats(*values: Any) -> list[Tensor]:
    """:func:`common`, small integers as float32 and others as float64."""
    return [as_dtype(t, float_of(t.dtype)) for t in common(*values)]


def float_of(dtype: np.dtype) -> np.dtype:
    """The floating dtype in which a dtype is computed."""
    if dtype.kind == "f":
        return dtype
    return np.dtype("float32" if dtype.itemsize <= 2 else "float64")


def axes_of(axis: Any) -> Any:
    """An axis argument as an int, a tuple of ints or None."""
    if isinstance(axis, Symbol):
        axis = int(axis.tensor.array())
    if isinstance(axis, (list, tuple, np.ndarray)) and np.ndim(axis):
        return tuple(int(a) for a in axis)
    return None if axis is None else int(axis)


def dtype_of(dtype: Any) -> np.dtype:
    """A dtype argument: ``floatX`` unless it names another."""
    return np.dtype(config.floatX if dtype in (None, "floatX") else dtype)


def summary(op: Any) -> str:
    """The first line of what the main library says of an op."""
    return str(op.__doc__ or "").split("\n")[0]
