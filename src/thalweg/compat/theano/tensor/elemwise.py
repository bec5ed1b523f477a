"""``theano.tensor.elemwise``: the ops behind the functions, for the programs that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compat.theano.printing import Elemwise as Elemwise
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable


class DimShuffle:
    """``DimShuffle((False, False), ["x", 1, 0])(v)`` is ``v.dimshuffle("x", 1, 0)``."""

    def __init__(
        self, input_broadcastable: Sequence[bool], new_order: Sequence[Any], inplace: bool = True
    ) -> None:
        self.input_broadcastable, self.new_order = tuple(input_broadcastable), tuple(new_order)

    def __call__(self, input: Any) -> TensorVariable:
        return basic.dimshuffle(input, self.new_order)


class CAReduce:
    """A reduction over axes: the base of :class:`Sum` and its like."""

    def __init__(self, axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> None:
        self.axis, self.dtype = axis, dtype

    def __call__(self, x: Any) -> TensorVariable:
        raise NotImplementedError(f"{type(self).__name__}: use Sum, Prod, All or Any")


class Sum(CAReduce):
    """``Sum(axis)(x)`` is ``x.sum(axis)``."""

    def __call__(self, x: Any) -> TensorVariable:
        return basic.sum(x, self.axis, self.dtype)


class Prod(CAReduce):
    """``Prod(axis)(x)`` is ``x.prod(axis)``."""

    def __call__(self, x: Any) -> TensorVariable:
        return basic.prod(x, self.axis, self.dtype)


class All(CAReduce):
    """``All(axis)(x)`` is ``x.all(axis)``."""

    def __call__(self, x: Any) -> TensorVariable:
        return basic.all(x, self.axis)


class Any_(CAReduce):
    """``Any(axis)(x)`` is ``x.any(axis)``."""

    def __call__(self, x: Any) -> TensorVariable:
        return basic.any(x, self.axis)
