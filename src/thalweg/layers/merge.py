"""Layers of several inputs: sums, products, means, joining, dot products."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.base import Layer
from thalweg.nn.normalisation import l2_normalize
from thalweg.ops import elementwise as ew
from thalweg.ops import joining as joining_ops
from thalweg.ops import shape as shape_ops
from thalweg.ops.reduce import all as all_over
from thalweg.ops.reduce import sum as sum_over

__all__ = [
    "Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "add", "average",
    "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip


class _Merge(Layer):
    least = 1
    most: int | None = None

    def checked(self, inputs: Any) -> list[Any]:
        """The inputs as a list of the right length."""
        if (
            not isinstance(inputs, (list, tuple))
            or len(inputs) < self.least
            or len(inputs) > (self.most or 1 << 30)
        ):
            many = f"{self.least}" if self.most == self.least else f"at least {self.least}"
            raise fail(
                ArgumentError,
                f"{self.name}: inputs",
                expected=f"a list of {many} tensors",
                received=repr(inputs),
            )
        return list(inputs)


class _Elementwise(_Merge):
    """Shapes broadcast; inputs of fewer axes get axes of 1 after the batch."""

    fn: Callable[[Any, Any], Any]

    def call(self, inputs: Any) -> Any:
        given = self.checked(inputs)
        most = max(x.ndim for x in given)
        wide = [
            shape_ops.expand_dims(x, tuple(range(1, 1 + most - x.ndim))) if x.ndim < most else x
            for x in given
        ]
        return functools.reduce(type(self).fn, wide)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Steps that count in every input that has a mask; None where none has."""
        if mask is None:
            return None
        if not isinstance(mask, (list, tuple)) or len(mask) != len(self.checked(inputs)):
            raise fail(
                ArgumentError,
                f"{self.name}: masks",
                expected="a list of one for each input",
                received=repr(mask),
            )
        known = [m for m in mask if m is not None]
        return functools.reduce(ew.logical_and, known) if known else None


class Add(_Elementwise):
    """The sum of the inputs."""

    fn = staticmethod(ew.add)


class Multiply(_Elementwise):
    """The product of the inputs, element by element."""

    fn = staticmethod(ew.multiply)


class Maximum(_Elementwise):
    """The greatest of the inputs, element by element; of equal ones the first has the gradient."""

    fn = staticmethod(ew.at_least)


class Minimum(_Elementwise):
    """The least of the inputs, element by element; of equal ones the first has the gradient."""

    fn = staticmethod(ew.at_most)


class Subtract(_Elementwise):
    """The first input less the second."""

    least = most = 2
    fn = staticmethod(ew.subtract)


class Average(_Elementwise):
    """The mean of the inputs, element by element."""

    fn = staticmethod(ew.add)

    def call(self, inputs: Any) -> Any:
        return super().call(inputs) * (1.0 / len(inputs))


class Concatenate(_Merge):
    """The inputs one after another along ``axis``."""

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return joining_ops.concat(self.checked(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks one after another where steps are joined, else the steps that count in all; none counts as all."""
        if mask is None or all(m is None for m in mask):
            return None
        whole = [_elements(x, m) for x, m in zip(inputs, mask)]
        return all_over(joining_ops.concat(whole, axis=self.axis), axis=-1)


def _elements(x: Any, mask: Any) -> Any:
    """Which elements of x count, by the mask of its steps."""
    everything = shape_ops.full_like(x, True, dtype="bool")
    return everything if mask is None else ew.logical_and(everything, shape_ops.expand_dims(mask, -1))


class Dot(_Merge):
    """The dot product of two inputs over one axis of each, for each example; ``normalize``: of unit vectors."""

    least = most = 2

    def __init__(self, axes: Any, normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.axes = (axes, axes) if isinstance(axes, int) else tuple(axes)
        self.normalize = normalize

    def call(self, inputs: Any) -> Any:
        x, y = self.checked(inputs)
        a, b = self.axes[0] % x.ndim, self.axes[1] % y.ndim
        if (
            a == 0
            or b == 0
            or (x.shape[a] is not None and y.shape[b] is not None and x.shape[a] != y.shape[b])
        ):
            raise fail(
                ShapeError, f"{self.name}: axes", expected="axes of the same length, not the batch",
                received=f"{self.axes} of {shape_text(x.shape)} and {shape_text(y.shape)}",
            )  # fmt: skip
        if self.normalize:
            x, y = l2_normalize(x, a), l2_normalize(y, b)
        # [batch, rest of x, 1..., k] times [batch, 1..., rest of y, k]
        x = shape_ops.moveaxis(x, a, -1)
        y = shape_ops.moveaxis(y, b, -1)
        rest_x, rest_y = x.ndim - 2, y.ndim - 2
        x = shape_ops.expand_dims(x, tuple(range(1 + rest_x, 1 + rest_x + rest_y))) if rest_y else x
        y = shape_ops.expand_dims(y, tuple(range(1, 1 + rest_x))) if rest_x else y
        result = sum_over(ew.multiply(x, y), axis=-1)
        return shape_ops.expand_dims(result, 1) if result.ndim == 1 else result


def add(inputs: Any, **options: Any) -> Any:
    """The sum of the inputs."""
    return Add(**options)(inputs)


def subtract(inputs: Any, **options: Any) -> Any:
    """The first input less the second."""
    return Subtract(**options)(inputs)


def multiply(inputs: Any, **options: Any) -> Any:
    """The product of the inputs."""
    return Multiply(**options)(inputs)


def average(inputs: Any, **options: Any) -> Any:
    """The mean of the inputs."""
    return Average(**options)(inputs)


def maximum(inputs: Any, **options: Any) -> Any:
    """The greatest of the inputs."""
    return Maximum(**options)(inputs)


def minimum(inputs: Any, **options: Any) -> Any:
    """The least of the inputs."""
    return Minimum(**options)(inputs)


def concatenate(inputs: Any, axis: int = -1, **options: Any) -> Any:
    """The inputs one after another."""
    return Concatenate(axis, **options)(inputs)


def dot(inputs: Any, axes: Any, normalize: bool = False, **options: Any) -> Any:
    """The dot product of two inputs."""
    return Dot(axes, normalize, **options)(inputs)
