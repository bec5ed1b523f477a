"""Which values a program's inputs may have: numbers of rows and classes, which compiled code takes as they come.

An op says in its record which of its inputs must lie in which range (`Op.bounds`). Where such an input is an argument
of the program, or a part of one seen otherwise, the range is one of the argument, and a call can refuse it beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg import dtypes
from thalweg.compile.dims import number, numbers
from thalweg.compile.layout import is_view, reshape_layout
from thalweg.dtypes import is_integer
from thalweg.errors import FeedRangeError, ThalwegError, fail
from thalweg.graph.lowering import Layout, View, row_major
from thalweg.graph.tensor import Tensor
from thalweg.ops.arithmetic import astype


@dataclass(frozen=True, eq=False)
class Range:
    """``low <= x < high`` for the elements of a tensor, as the op ``what`` wants it, which the user built at a line."""

    tensor: Tensor
    low: int
    high: int
    what: str
    built_at: str | None


def ranges_of(tensor: Tensor, inputs: Sequence[Tensor]) -> list[Range]:
    """What an op wants of its inputs, whose shapes are known."""
    assert tensor.op is not None
    if tensor.op.bounds is None:
        return []
    wanted = tensor.op.bounds(*[t.specs[0] for t in inputs], **tensor.attrs)
    what = tensor.attrs.get("what", tensor.op.name)
    return [Range(inputs[k], low, high, what, tensor.built_at) for k, low, high in wanted]


@dataclass(frozen=True, eq=False)
class Limit:
    """``low <= x < high`` for the elements of an argument that a layout shows; of fractions the whole part counts."""

    argument: int
    layout: Layout
    low: int
    high: int
    what: str
    built_at: str | None

    def at(self, lengths: Sequence[int]) -> Limit:
        """The same for given lengths of open axes."""
        seen = self.layout
        layout = Layout(
            number(seen.offset, lengths), numbers(seen.shape, lengths), numbers(seen.strides, lengths)
        )
        high = number(self.high, lengths)
        return Limit(self.argument, layout, number(self.low, lengths), high, self.what, self.built_at)

    def allows(self, array: np.ndarray) -> bool:
        """Whether all elements of an array are in the range; a NaN is not."""
        return not array.size or bool(array.min() > self.low - 1 and array.max() < self.high)

    def refusal(
        self, array: np.ndarray, label: str, steps: int, rows: np.ndarray | None
    ) -> ThalwegError | None:
        """What is wrong with an argument, or with the data of so many steps one after the other, whose rows have these
        numbers; None if nothing is.
        """
        flat = array.reshape(-1)
        apart = array.size // steps * array.itemsize
        seen = self.layout
        view = np.lib.stride_tricks.as_strided(
            flat[seen.offset :],
            (steps, *seen.shape),
            (apart, *(s * array.itemsize for s in seen.strides)),
            writeable=False,
        )
        if self.allows(view):
            return None
        wrong = view[~((view > self.low - 1) & (view < self.high))].reshape(-1)[0]
        alike = (flat != flat) if wrong != wrong else flat == wrong
        place = [int(i) for i in np.argwhere(alike.reshape(array.shape))[0]]
        if rows is not None:
            place[0] = int(rows[place[0]])
        at = f" at {place}" if place else ""
        return fail(
            FeedRangeError,
            f"{self.what}: the value for {label}{at} is out of bounds",
            expected=f"{self.low} <= index < {self.high}",
            received=wrong.item(),
            built_at=self.built_at,
            hint=f"there are {self.high}, numbered from 0",
        )


def of_arguments(ranges: Sequence[Range], arguments: Sequence[Tensor]) -> list[Range]:
    """Those of the ranges that say something of the arguments themselves."""
    known = set(arguments)
    return [one for one in ranges if _origin(one.tensor)[0] in known]


def bounds_of(ranges: Sequence[Range], arguments: Sequence[Tensor]) -> list[Limit]:
    """What the ranges say of the arguments themselves: each once."""
    places = {argument: k for k, argument in enumerate(arguments)}
    found: dict[tuple[object, ...], Limit] = {}
    for one in ranges:
        source, layout = _origin(one.tensor)
        if source in places and layout is not None:
            key = places[source], layout, one.low, one.high
            found.setdefault(key, Limit(places[source], layout, one.low, one.high, one.what, one.built_at))
    return list(found.values())


def _origin(tensor: Tensor) -> tuple[Tensor, Layout | None]:
    """The tensor whose elements these are, seen through a layout; None where no strides say which they are."""
    steps = []
    while is_view(tensor) or (tensor.op is astype and _keeps_numbers(tensor.inputs[0].dtype, tensor.dtype)):
        steps.append(tensor)
        tensor = tensor.inputs[0]
    layout: Layout | None = row_major(tensor.shape) if tensor.op is None else None
    for step in reversed(steps):
        if layout is None or step.op is astype:
            continue
        assert step.op is not None
        if isinstance(step.op.lower, View):
            layout = step.op.lower.view(layout, **step.attrs)
        else:
            layout = reshape_layout(layout, step.shape)
    return tensor, layout


def _keeps_numbers(old: np.dtype, new: np.dtype) -> bool:
    """Whether a cast leaves the whole part of a number as it is, as far as rows are counted."""
    return new in (dtypes.int32, dtypes.int64) or (
        is_integer(old) and new in (dtypes.float32, dtypes.float64)
    )
