"""The arithmetic of complex tensors that are pairs of real ones, whichever front end's these are."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

__all__ = ["Pair", "conjugate", "product"]


class Pair(ABC):
    """``real + i imag``, of two real tensors of one shape and dtype."""

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, real: Any, imag: Any) -> None:
        self.real, self.imag = real, imag

    @abstractmethod
    def of(self, real: Any, imag: Any) -> Any:
        """A complex tensor of these parts."""

    @abstractmethod
    def beside(self, value: Any) -> Any:
        """Another operand as a complex tensor of this one's dtype."""

    def __getitem__(self, key: Any) -> Any:
        return self.of(self.real[key], self.imag[key])

    def __neg__(self) -> Any:
        return self.of(-self.real, -self.imag)

    def __add__(self, other: Any) -> Any:
        y = self.beside(other)
        return self.of(self.real + y.real, self.imag + y.imag)

    def __sub__(self, other: Any) -> Any:
        y = self.beside(other)
        return self.of(self.real - y.real, self.imag - y.imag)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        return product(self, self.beside(other), operator.mul)

    def __truediv__(self, other: Any) -> Any:
        y = self.beside(other)
        over, size = product(self, conjugate(y), operator.mul), y.real * y.real + y.imag * y.imag
        return self.of(over.real / size, over.imag / size)

    def __rtruediv__(self, other: Any) -> Any:
        return self.beside(other) / self

    def __matmul__(self, other: Any) -> Any:
        return product(self, self.beside(other), operator.matmul)

    def __rmatmul__(self, other: Any) -> Any:
        return self.beside(other) @ self

    __radd__, __rmul__ = __add__, __mul__
    __hash__ = object.__hash__


def product(x: Pair, y: Pair, of: Callable[[Any, Any], Any]) -> Any:
    """A product of each sort: ``of`` multiplies real tensors."""
    return x.of(of(x.real, y.real) - of(x.imag, y.imag), of(x.real, y.imag) + of(x.imag, y.real))


def conjugate(x: Pair) -> Any:
    """``real - i imag``."""
    return x.of(x.real, -x.imag)
