"""Regularisers: what the size of a weight adds to the loss."""

from __future__ import annotations

from typing import Any

from thalweg.ops.elementwise import abs, multiply
from thalweg.ops.reduce import sum
from thalweg.registry import Configured, lookup

__all__ = ["L1", "L1L2", "L2", "Regularizer", "get", "l1", "l1_l2", "l2"]


class Regularizer(Configured):
    """A function from a weight to a scalar that is added to the loss."""

    def __call__(self, x: Any) -> Any:
        """The scalar."""
        raise NotImplementedError


class L1L2(Regularizer):
    """``l1 * sum(|w|) + l2 * sum(w^2)``.

    >>> round(L1L2(l1=0.5, l2=0.25)([1.0, -2.0]).item(), 6)
    2.75
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = float(l1 or 0.0), float(l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        parts: list[Any] = []
        if self.l1:
            parts.append(multiply(sum(abs(x)), self.l1))
        if self.l2:
            parts.append(multiply(sum(multiply(x, x)), self.l2))
        if not parts:
            return multiply(sum(x), 0.0)
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


class L1(L1L2):
    """``l1 * sum(|w|)``."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """``l2 * sum(w^2)``."""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


l1, l2 = L1, L2


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """:class:`L1L2` with both terms."""
    return L1L2(l1, l2)


_TABLE = {"l1": L1, "l2": L2, "l1_l2": l1_l2, "L1": L1, "L2": L2, "L1L2": L1L2}


def get(given: Any) -> Any:
    """A regulariser from a name, an object, any function of a tensor, or None.

    >>> get("l2").l2
    0.01
    """
    if given is None or (callable(given) and not isinstance(given, type)):
        return given
    return given() if isinstance(given, type) else lookup("regulariser", given, _TABLE)()
