"""Constraints: where a weight is put back to after each step of the optimizer."""

from __future__ import annotations

from typing import Any

from thalweg.graph.op import convert_operands
from thalweg.ops.elementwise import divide, maximum, minimum, multiply, sqrt
from thalweg.ops.reduce import sum
from thalweg.registry import Configured, lookup
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

_TINY = 1e-7  # added to a norm, as in Keras: one of 0 divides nothing


class Constraint(Configured):
    """A function from a weight to the nearest allowed one."""

    def __call__(self, w: Any) -> Any:
        """The allowed weight."""
        raise NotImplementedError


def _norm(w: Any, axis: Any) -> Any:
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
    return sqrt(sum(multiply(w, w), axis=axes, keepdims=True))


class MaxNorm(Constraint):
    """Scales w so that its norm over ``axis`` is at most ``max_value``.

    >>> [round(v, 5) for v in MaxNorm(1.0)([[3.0], [4.0]]).numpy().ravel().tolist()]
    [0.6, 0.8]
    """

    def __init__(self, max_value: float = 2.0, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        (w,) = convert_operands([w])
        norm = _norm(w, self.axis)
        return multiply(w, divide(minimum(norm, self.max_value), norm + _TINY))


class MinMaxNorm(Constraint):
    """Moves the norm of w over ``axis`` the share ``rate`` of the way into [min_value, max_value].

    >>> [round(v, 4) for v in MinMaxNorm(1.0, 2.0)([[3.0], [4.0]]).numpy().ravel().tolist()]
    [1.2, 1.6]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        (w,) = convert_operands([w])
        norm: Any = _norm(w, self.axis)
        inside = minimum(maximum(norm, self.min_value), self.max_value)
        wanted = multiply(inside, self.rate) + norm * (1 - self.rate)  # type: ignore[operator]
        return multiply(w, divide(wanted, norm + _TINY))


class NonNeg(Constraint):
    """Negative elements become 0.

    >>> NonNeg()([-1.0, 2.0]).tolist()
    [0.0, 2.0]
    """

    def __call__(self, w: Any) -> Any:
        return maximum(w, 0)


class UnitNorm(Constraint):
    """Scales w so that its norm over ``axis`` is 1.

    >>> [round(v, 4) for v in UnitNorm()([[3.0], [4.0]]).numpy().ravel().tolist()]
    [0.6, 0.8]
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        (w,) = convert_operands([w])
        return divide(w, _norm(w, self.axis) + _TINY)


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
_TABLE = {"max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm}
_TABLE |= {c.__name__: c for c in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)}


def get(given: Any) -> Any:
    """A constraint from a name, an object, any function of a tensor, or None."""
    if given is None or (callable(given) and not isinstance(given, type)):
        return given
    return given() if isinstance(given, type) else lookup("constraint", given, _TABLE)()
