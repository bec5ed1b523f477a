"""Dilation and erosion of pictures by functions."""

from __future__ import annotations

from typing import Any

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap


def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: str | None = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The largest sum of a window of [N, H, W, C] and the function [KH, KW, C] in each place.

    ``strides`` and ``rates`` (how far apart the elements of a window stand) have a number for each axis.
    """
    kernel = filters if filter is None else filter
    steps, apart = _pairs(strides, dilations if rates is None else rates)
    made = nn.dilation(value(input), value(kernel), steps, apart, str(padding))
    return wrap(made, name, "Dilation2D", [input, kernel])


def erosion2d(
    value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: str | None = None
) -> Tensor:
    """The smallest difference of a window of [N, H, W, C] and the function [KH, KW, C], turned around."""
    steps, apart = _pairs(strides, rates)
    made = nn.erosion(g.value(value), g.value(kernel), steps, apart, str(padding))
    return wrap(made, name, "Erosion2D", [value, kernel])


def _pairs(*of_axes: Any) -> list[tuple[int, ...]]:
    """Of numbers for all four axes those of height and width."""
    return [tuple(int(n) for n in g.static_value(numbers)[1:3]) for numbers in of_axes]
