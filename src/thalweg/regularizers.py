"""Regularisers: what the size of a weight adds to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import shape_text
from thalweg.ops.contract import matmul
from thalweg.ops.elementwise import abs, divide, maximum, multiply
from thalweg.ops.linalg import vector_norm
from thalweg.ops.reduce import sum
from thalweg.ops.shape import swapaxes
from thalweg.registry import Configured, lookup
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


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
            parts.append(multiply(sum(abs(x)), float(self.l1)))
        if self.l2:
            parts.append(multiply(sum(multiply(x, x)), float(self.l2)))
        if not parts:
            return multiply(sum(x), 0.0)
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


class L1(L1L2):
    """``l1 * sum(|w|)``.

    >>> round(L1(0.5)([1.0, -2.0]).item(), 4)
    1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """``l2 * sum(w^2)``.

    >>> round(L2(0.5)([1.0, -2.0]).item(), 4)
    2.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean of ``|cos|`` of the angles between any two rows (``mode="rows"``) or columns.

    >>> OrthogonalRegularizer(0.5)([[1.0, 0.0], [2.0, 0.0]]).item()
    0.5
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            what = "OrthogonalRegularizer: mode"
            raise fail(ArgumentError, what, expected="rows or columns", received=repr(mode))
        self.factor, self.mode = float(factor), mode

    def __call__(self, x: Any) -> Any:
        (x,) = convert_operands([x])
        if x.ndim != 2:
            raise fail(ShapeError, "OrthogonalRegularizer", expected="a matrix", received=shape_text(x.shape))
        x = x if self.mode == "rows" else swapaxes(x, 0, 1)
        x = divide(x, maximum(vector_norm(x, axis=1, keepdims=True), 1e-12))
        count = x.shape[0]
        apart = multiply(matmul(x, swapaxes(x, 0, 1)), 1 - np.eye(count, dtype=x.dtype))
        return multiply(sum(abs(apart)), self.factor / max(count * (count - 1), 1))


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
# By name alone both penalties count.
_TABLE: dict[str, Any] = {
    "l1": L1,
    "l2": L2,
    "l1_l2": lambda: L1L2(0.01, 0.01),
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
}
_TABLE |= {"orthogonal_regularizer": OrthogonalRegularizer, "OrthogonalRegularizer": OrthogonalRegularizer}


def get(given: Any) -> Any:
    """A regulariser from a name, an object, any function of a tensor, or None.

    >>> get("l2").l2
    0.01
    """
    if given is None or (callable(given) and not isinstance(given, type)):
        return given
    return given() if isinstance(given, type) else lookup("regulariser", given, _TABLE)()
