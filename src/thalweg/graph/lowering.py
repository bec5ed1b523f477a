"""How compiled code computes an op: one small record per kind, which an op holds as data.

The emitter ``e`` given to these functions is thalweg.compile.loops.Emitter; its values carry the usual
operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pointwise:
    """Each output element from the input elements at the same (broadcast) place: ``emit(e, *values,
    **attrs)``.
    """

    emit: Callable[..., Any]


@dataclass(frozen=True)
class Reduce:
    """Combine elements over the attribute ``axis``: ``combine`` is "add", "mul", "max", "min", "and" or "or"."""

    combine: str


@dataclass(frozen=True)
class View:
    """The same memory seen otherwise: ``view(Layout, **attrs)`` to another Layout (offset, shape, strides in
    elements).
    """

    view: Callable[..., Any]


@dataclass(frozen=True)
class Reshape:
    """The same elements in row-major order under another shape."""


@dataclass(frozen=True)
class Assemble:
    """The output is a fill value with inputs copied into views of it.

    ``parts(shapes, out_shape, **attrs)`` gives ``(fill or None, [(input position, Layout of the output
    part), ...])``.
    """

    parts: Callable[..., Any]


@dataclass(frozen=True)
class Indexed:
    """Each output element computed from its coordinates.

    ``emit(e, reads, coordinates, shapes, **attrs)``: ``reads[k](*coords)`` loads an element of input k
    (scalar int64 coordinates); ``coordinates`` are the output's; ``shapes`` the input shapes.
    ``along(shapes, **attrs)``: the inputs read at coordinates of which the last is the output's last one; where there
    are any, the other inputs are not read by it, so a vector along the last axis is computed at a time.
    """

    emit: Callable[..., Any]
    along: Callable[..., tuple[int, ...]] = lambda shapes, **attrs: ()


@dataclass(frozen=True)
class Scatter:
    """Output = first input's copy, then updates combined with what is at computed places, in order.

    ``emit(e, reads, coordinates, shapes, **attrs)`` over the coordinates of the updates gives ``(output
    coordinates, value, inside)``, where a value that is not ``inside`` is left out; ``base`` is the input
    position copied first, ``domain`` the input whose shape is looped over; ``combine(**attrs)`` as in :class:`Reduce`;
    ``along`` as in :class:`Indexed`, of the updates' last axis and the output's.
    """

    emit: Callable[..., Any]
    base: int
    domain: int
    combine: Callable[..., str] = lambda **attrs: "add"
    along: Callable[..., tuple[int, ...]] = lambda shapes, **attrs: ()


@dataclass(frozen=True)
class Scan:
    """A running combination along the attribute ``axis``: ``combine`` is "add" or "mul"."""

    combine: str


@dataclass(frozen=True)
class Loop:
    """A body done once per element of the first axis of some inputs, its carries handed on from step to step.

    Attributes: ``body`` (its ``parameters`` are the carries, the elements of this step and the constants; its
    ``outputs`` the next carries and the elements of the stacked outputs), ``num_carry``, ``num_xs``,
    ``length`` (where there are no such inputs) and ``reverse``. The results are the last carries, the stacked
    outputs, and the stacked carries as they are before each step.
    """


@dataclass(frozen=True)
class MatrixProduct:
    """Batched matrix product of two tensors of equal rank >= 2 with equal batch axes: [..., m, k] x [..., k, n], of
    numbers of 4 or 8 bytes.
    """


@dataclass(frozen=True)
class Order:
    """The indices (int64) of the first elements along the attribute ``axis`` in their order, as many as the output
    has: the stable one, NaN last, or first where the attribute ``descending`` is true.
    """


@dataclass(frozen=True)
class Matrices:
    """Each matrix of a stack as a whole: ``routine`` is "cholesky", "lu" or "triangular"."""

    routine: str


@dataclass(frozen=True)
class RandomBits:
    """uint32 words of the counter-based generator: input is a uint32[4] key, or uint32[6] with the number of the group
    of 64 words to begin with, the attribute ``shape`` the output's.
    """


@dataclass(frozen=True)
class Layout:
    """Where elements lie: ``offset`` and ``strides`` in elements, for an array of ``shape``."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def row_major(shape: tuple[int, ...]) -> Layout:
    """The layout of a contiguous array."""
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return Layout(0, shape, tuple(reversed(strides)))
