"""Where windows lie on spatial axes: the lengths, strides, pads and dilation of convolution and pooling, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError, fail
from thalweg.graph.tensor import Tensor, shape_text

Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Grid:
    """How windows lie on the spatial axes: one entry per axis of each field."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: Pads
    dilation: tuple[int, ...]
    spread: tuple[int, ...]  # step between input elements: they are dilated before padding

    def padded(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """The lengths after dilating and padding."""
        return tuple(dilated(n, d) + lo + hi for n, d, (lo, hi) in zip(lengths, self.spread, self.pads))

    def extents(self) -> tuple[int, ...]:
        """How many places a window spans."""
        return tuple(dilated(k, d) for k, d in zip(self.kernel, self.dilation))

    def outputs(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """How many windows fit."""
        spans = zip(self.padded(lengths), self.extents(), self.strides)
        return tuple(max((p - e) // s + 1, 0) for p, e, s in spans)


def dilated(length: int, step: int) -> int:
    """How many places elements span that lie ``step`` apart."""
    return (length - 1) * step + 1 if length else 0


def output_length(
    n: int | None, k: int | None, stride: int, pad: Any, dilation: int, spread: int
) -> int | None:
    """The number of windows along one axis, None where it cannot be known yet."""
    if n is None:
        return None
    if pad == "SAME":
        return -(-dilated(n, spread) // stride)
    if k is None:
        return None
    room, extent = dilated(n, spread) + sum(pad), dilated(k, dilation)
    if room < extent and n:
        raise fail(
            ShapeError,
            "the window is longer than the padded input",
            expected=f"at least {extent} places on every spatial axis",
            received=f"{room}",
            hint="pad the input, or use a smaller window or dilation",
        )
    return max((room - extent) // stride + 1, 0)


def _same_pads(n: int, k: int, stride: int, dilation: int, spread: int) -> tuple[int, int]:
    """ceil(n / stride) outputs; the odd place of the padding goes after."""
    length = dilated(n, spread)
    total = max((-(-length // stride) - 1) * stride + dilated(k, dilation) - length, 0)
    return total // 2, total - total // 2


def per_axis(value: Any, rank: int, name: str, least: int = 1) -> tuple[int, ...]:
    """One int per spatial axis, from an int or a sequence."""
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) == 1:
        values = values * rank
    if len(values) != rank or not all(isinstance(v, (int, np.integer)) and v >= least for v in values):
        raise fail(
            ArgumentError, name, expected=f"an int >= {least}, or {rank} of them", received=repr(value)
        )
    return tuple(int(v) for v in values)


def _pad_pair(pad: Any) -> tuple[int, int]:
    before, after = (pad, pad) if isinstance(pad, (int, np.integer)) else pad
    return int(before), int(after)


def normal_padding(padding: Any, rank: int, extents: Sequence[int | None]) -> Any:
    """ "SAME", or one (before, after) pair per spatial axis, from a word, an int, ints or pairs."""
    if isinstance(padding, str):
        word = padding.upper()
        if word == "SAME":
            return word
        if word == "VALID":
            return ((0, 0),) * rank
        if word == "CAUSAL" and rank == 1 and extents[0] is not None:
            return ((extents[0] - 1, 0),)
        raise fail(
            ArgumentError, "padding", expected='"SAME", "VALID", ints or pairs', received=repr(padding)
        )
    try:
        pairs = tuple(
            map(_pad_pair, (padding,) * rank if isinstance(padding, (int, np.integer)) else padding)
        )
    except (TypeError, ValueError) as error:
        what = 'expected "SAME", "VALID", ints or pairs (before, after)'
        raise fail(ArgumentTypeError, f"padding: {what}", received=repr(padding)) from error
    if len(pairs) != rank:
        raise fail(ArgumentError, "padding", expected=f"{rank} pairs (before, after)", received=repr(padding))
    return pairs


def spatial_rank(x: Tensor, name: str) -> int:
    """The number of spatial axes of [N, *S, C]."""
    rank = len(x.known_shape()) - 2
    if rank < 1:
        raise fail(ShapeError, f"{name}: x", expected="[N, *spatial axes, C]", received=shape_text(x.shape))
    return rank


def grid_of(
    lengths: Sequence[int], kernel: Sequence[int], strides: Any, padding: Any, dilation: Any, spread: Any
) -> Grid:
    """The grid of windows on axes of these lengths, "SAME" padding worked out."""
    if padding == "SAME":
        padding = tuple(map(_same_pads, lengths, kernel, strides, dilation, spread))
    return Grid(tuple(kernel), strides, padding, dilation, spread)
