"""The arithmetic of complex tensors that are pairs of real ones, whichever front end's these are."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

__all__ = ["Pair", "angle_of", "conjugate", "exponential", "logarithm", "product", "root"]


class Pair(ABC):
    """``real + i imag``, of two real tensors of one shape and dtype."""

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, real: Any, imag: Any) -> None:
        self.real, self.imag = real, imag

    @abstractmethod
    def of(self, real: Any, imag: Any) -> Any:
        """A complex tensor of these parts."""

    @property
    @abstractmethod
    def functions(self) -> Any:
        """What holds the front end's ``exp``, ``log``, ``sqrt``, ``cos``, ``sin`` and ``atan2`` of real tensors."""

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


def exponential(x: Pair) -> Any:
    """e to the power of each number."""
    size = x.functions.exp(x.real)
    return x.of(size * x.functions.cos(x.imag), size * x.functions.sin(x.imag))


def angle_of(x: Pair) -> Any:
    """The angle of each number, from -pi to pi."""
    return x.functions.atan2(x.imag, x.real)


def logarithm(x: Pair, size: Any) -> Any:
    """The logarithm of the size of each number, and its angle."""
    return x.of(x.functions.log(size), angle_of(x))


def root(x: Pair, size: Any) -> Any:
    """The square root with a real part >= 0 of each number of this size."""
    whole, half = x.functions.sqrt(size), angle_of(x) * 0.5
    return x.of(whole * x.functions.cos(half), whole * x.functions.sin(half))
