"""``tf.TensorShape``: a static shape, which is the tuple of its lengths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.compat.tf1 import types


class TensorShape(tuple[int | None, ...]):
    """The lengths of the axes, None where unknown; equal to a list of the same lengths.

    ``TensorShape(None)`` is a shape of which not even the rank is known.

    >>> shape = TensorShape([None, 28]).concatenate([1])
    >>> shape.as_list(), shape.rank, shape == [None, 28, 1]
    ([None, 28, 1], 3, True)
    """

    known = True  # whether the rank is

    def __new__(cls, dims: Any) -> TensorShape:
        if isinstance(dims, TensorShape):
            return dims
        if dims is None:
            made = super().__new__(cls, ())
            made.known = False
            return made
        lengths = [dims] if isinstance(dims, (int, np.integer)) else dims
        return super().__new__(cls, [_length(d) for d in lengths])

    def __bool__(self) -> bool:
        """Whether the rank is known: the shape of a scalar is true."""
        return self.known

    @property
    def rank(self) -> int | None:
        """The number of axes; None where unknown."""
        return len(self) if self.known else None

    ndims = rank

    @property
    def dims(self) -> list[int | None] | None:
        """The lengths as a list; None where the rank is unknown."""
        return list(self) if self.known else None

    def as_list(self) -> list[int | None]:
        """The lengths as a list; an error where the rank is unknown."""
        if not self.known:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self)

    def num_elements(self) -> int | None:
        """How many elements; None where a length is unknown."""
        return math.prod(d for d in self if d is not None) if self.is_fully_defined() else None

    def is_fully_defined(self) -> bool:
        """Whether every length is known."""
        return self.known and None not in tuple(self)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether there can be a tensor of both shapes."""
        other = TensorShape(other)
        if not (self.known and other.known):
            return True
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """A ValueError unless there can be a tensor of both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        """A ValueError where the rank is another one."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_is_fully_defined(self) -> None:
        """A ValueError where a length is unknown."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def merge_with(self, other: Any) -> TensorShape:
        """What is known from either."""
        self.assert_is_compatible_with(other)
        other = TensorShape(other)
        if not (self.known and other.known):
            return self if self.known else other
        return TensorShape([b if a is None else a for a, b in zip(self, other, strict=True)])

    def with_rank(self, rank: int) -> TensorShape:
        """The shape, of which the rank is known now."""
        return self.merge_with([None] * rank)

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """The shape itself; a ValueError where it has fewer axes."""
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """The shape itself; a ValueError where it has more axes."""
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def assert_same_rank(self, other: Any) -> None:
        """A ValueError where another shape has another rank."""
        other = TensorShape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """What is the same in both."""
        other = TensorShape(other)
        if self.rank is None or self.rank != other.rank:
            return TensorShape(None)
        return TensorShape([a if a == b else None for a, b in zip(self, other, strict=True)])

    def concatenate(self, other: Any) -> TensorShape:
        """These axes, and those of another shape after them."""
        other = TensorShape(other)
        return TensorShape([*self, *other] if self.known and other.known else None)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape(other).concatenate(self)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TensorShape) and self.known != other.known:
            return False
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __str__(self) -> str:
        return tuple.__repr__(self) if self.known else "<unknown>"

    def __repr__(self) -> str:
        return f"TensorShape({list(self) if self.known else None})"


class LayerShape(types.LayerShape):
    """The shape that a program's layer is built for: a tuple with the words of ``tf.TensorShape``.

    >>> LayerShape((None, 3)).as_list(), LayerShape((None, 3))[-1]
    ([None, 3], 3)
    """

    in_words = TensorShape


def _length(length: Any) -> int | None:
    length = getattr(length, "value", length)  # a Dimension of the first generation, or a tensor
    return None if length is None else int(length)
