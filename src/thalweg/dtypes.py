"""Element types and the one promotion table.

Every dtype is a NumPy dtype; ``bfloat16`` needs the ``ml_dtypes`` package, which registers it with NumPy.
Arithmetic on the storage types (float16, bfloat16) is done in float32 by compiled code and rounded when
stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import DTypeError, fail

DType = np.dtype

bool_ = np.dtype("bool")
int8, int16, int32, int64 = (np.dtype(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (np.dtype(f"float{n}") for n in (16, 32, 64))

default_float = float32
default_int = int64

_STANDARD = (bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64)
_BY_NAME: dict[str, np.dtype] = {d.name: d for d in _STANDARD}
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}  # bool < integer < floating


def bfloat16() -> np.dtype:
    """The bfloat16 dtype (needs the ``ml_dtypes`` package)."""
    try:
        import ml_dtypes
    except ImportError as error:
        raise ImportError('bfloat16 needs the ml_dtypes package: pip install "thalweg[bfloat16]"') from error
    return np.dtype(ml_dtypes.bfloat16)


def as_dtype(value: Any) -> np.dtype:
    """The dtype that ``value`` names: a NumPy dtype, a name, or a Python type (``float`` is float32, ``int``
    is int64).

    >>> as_dtype("float32"), as_dtype(float), as_dtype(bool)
    (dtype('float32'), dtype('float32'), dtype('bool'))
    """
    if isinstance(value, np.dtype) and value in _STANDARD:
        return value
    name = value if isinstance(value, str) else None  # dtypes of other libraries are equal to some names
    if value is float or name in ("float", "floatX"):
        return default_float
    if value is int or name == "int":
        return default_int
    if name == "bfloat16":
        return bfloat16()
    try:
        dtype = np.dtype(value)
    except TypeError:
        dtype = None
    if dtype is not None and (dtype.name in _BY_NAME or dtype.name == "bfloat16"):
        return _BY_NAME.get(dtype.name, dtype)
    raise fail(DTypeError, f"dtype {value!r} is not supported", expected=", ".join([*_BY_NAME, "bfloat16"]))


def is_floating(dtype: np.dtype) -> bool:
    """Whether elements are real numbers."""
    return dtype.kind == "f" or (dtype.kind == "V" and dtype.name == "bfloat16")


def is_integer(dtype: np.dtype) -> bool:
    """Whether elements are signed or unsigned integers (not bool)."""
    return dtype.kind in "iu"


def is_bool(dtype: np.dtype) -> bool:
    """Whether elements are truth values."""
    return dtype.kind == "b"


def rank(dtype: np.dtype) -> int:
    """Kind of a dtype in the order bool < integer < floating."""
    return 2 if is_floating(dtype) else _RANK[dtype.kind]


def promote(*dtypes: np.dtype) -> np.dtype:
    """The dtype of a result computed from these: within a kind as NumPy; across kinds the higher kind's
    dtype wins.

    Integers with floats give the float (int64 with float32 is float32), bool with anything gives the other.

    >>> promote(int32, float32), promote(uint8, int8), promote(bool_, int16)
    (dtype('float32'), dtype('int16'), dtype('int16'))
    """
    top = max(rank(d) for d in dtypes)
    same = [d for d in dtypes if rank(d) == top]
    result = same[0]
    for other in same[1:]:
        if other != result:
            result = _promote_within_kind(result, other)
    return result


def _promote_within_kind(x: np.dtype, y: np.dtype) -> np.dtype:
    if {x.name, y.name} == {"int64", "uint64"} or (
        is_integer(x) and is_integer(y) and np.result_type(x, y).kind == "f"
    ):
        raise fail(
            DTypeError,
            f"no integer dtype holds both {x.name} and {y.name}",
            hint="cast one of them, for example tw.astype(x, 'int64')",
        )
    if "bfloat16" in (x.name, y.name):
        return float32 if {x.name, y.name} == {"bfloat16", "float16"} else (y if x.name == "bfloat16" else x)
    return np.result_type(x, y)


def scalar_dtype(value: bool | int | float, beside: np.dtype | None) -> np.dtype:
    """The dtype of a Python scalar standing beside tensors of dtype ``beside``: scalars are weak, they take
    it where the kind allows.

    >>> scalar_dtype(2.5, float64), scalar_dtype(2.5, int32), scalar_dtype(2, None)
    (dtype('float64'), dtype('float32'), dtype('int64'))
    """
    kind = 0 if isinstance(value, bool) else 1 if isinstance(value, int) else 2
    if beside is not None and rank(beside) >= kind:
        return beside
    return (bool_, default_int, default_float)[kind]


def from_numpy(array: np.ndarray) -> np.dtype:
    """The dtype that an array gets when it becomes a tensor: unsupported ones raise, others are kept."""
    return as_dtype(array.dtype)


def extreme(dtype: np.dtype, highest: bool) -> np.ndarray:
    """The highest or the lowest finite number of a dtype.

    >>> extreme(np.dtype("int8"), True).item(), extreme(np.dtype("int8"), False).item()
    (127, -128)
    """
    limits = np.finfo(dtype) if is_floating(dtype) else np.iinfo(dtype)
    return np.asarray(limits.max if highest else limits.min, dtype)
