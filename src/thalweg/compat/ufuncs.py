"""NumPy's elementwise functions that are operators, of tensors without values: ``np.multiply(t, 2)`` is ``t * 2``.

NumPy took a tensor of a graph for an object of its own and asked it for the operator, so that programs may say either.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

_BINARY = {
    "add": ("__add__", "__radd__"),
    "subtract": ("__sub__", "__rsub__"),
    "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"),
    "floor_divide": ("__floordiv__", "__rfloordiv__"),
    "remainder": ("__mod__", "__rmod__"),
    "power": ("__pow__", "__rpow__"),
    "matmul": ("__matmul__", "__rmatmul__"),
    "less": ("__lt__", "__gt__"),
    "less_equal": ("__le__", "__ge__"),
    "greater": ("__gt__", "__lt__"),
    "greater_equal": ("__ge__", "__le__"),
    "bitwise_and": ("__and__", "__rand__"),
    "bitwise_or": ("__or__", "__ror__"),
    "bitwise_xor": ("__xor__", "__rxor__"),
}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "negative": operator.neg,
    "positive": lambda x: x,
    "absolute": operator.abs,
    "invert": operator.invert,
    "square": lambda x: x * x,
}


def as_operator(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
    """``__array_ufunc__`` of a tensor without values: the operator of the same meaning, else a TypeError."""
    name = ufunc.__name__
    settings.pop("out", None)  # of `array += tensor`, whose result is the tensor
    if method == "__call__" and not settings:
        if name in _UNARY:
            return _UNARY[name](inputs[0])
        if name in _BINARY:
            forward, reflected = _BINARY[name]
            left, right = inputs
            return getattr(left, forward)(right) if _is_tensor(left) else getattr(right, reflected)(left)
        if name in ("equal", "not_equal"):
            return (inputs[0] is inputs[1]) is (name == "equal")
    raise TypeError(
        f"numpy.{name} takes arrays, and {self!r} has no value before its graph runs: use the function of this name of "
        "the library that the tensor is from, or compute the tensor first"
    )


def _is_tensor(value: Any) -> bool:
    return getattr(type(value), "__array_ufunc__", None) is as_operator
