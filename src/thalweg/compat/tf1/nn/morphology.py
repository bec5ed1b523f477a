"""Dilation and erosion of pictures by functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.ops import elementwise, tiling


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
    made = _dilated(value(input), value(kernel), strides, dilations if rates is None else rates, padding)
    return wrap(made, name, "Dilation2D", [input, kernel])


def erosion2d(
    value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: str | None = None
) -> Tensor:
    """The smallest difference of a window of [N, H, W, C] and the function [KH, KW, C], turned around."""
    turned = g.value(kernel)[::-1, ::-1]
    made = _dilated(-g.value(value), turned, strides, rates, padding)
    return wrap(-made, name, "Erosion2D", [value, kernel])


def _dilated(x: Any, kernel: Any, strides: Any, rates: Any, padding: Any) -> Any:
    if str(padding).upper() not in ("SAME", "VALID"):
        raise ValueError(f"padding: expected 'SAME' or 'VALID', received {padding!r}")
    steps, apart = (tuple(int(n) for n in g.static_value(numbers)[1:3]) for numbers in (strides, rates))
    spans = [(k - 1) * r + 1 for k, r in zip(kernel.shape, apart, strict=False)]
    lengths = x.shape[1:3]
    if None in lengths:
        raise ValueError(f"dilation2d: height and width must be known, received {x.shape}")
    counts = [-(-n // s) for n, s in zip(lengths, steps, strict=True)]
    if padding.upper() == "SAME":
        missing = [
            max((c - 1) * s + k - n, 0) for c, s, k, n in zip(counts, steps, spans, lengths, strict=True)
        ]
        widths = ((0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0))
        x = tiling.pad(x, widths, constant_values=float(np.finfo(x.dtype).min))
    else:
        counts = [(n - k) // s + 1 for n, k, s in zip(lengths, spans, steps, strict=True)]
    best: Any = None
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            rows, columns = (
                slice(k * r, k * r + (c - 1) * s + 1, s)
                for k, r, c, s in zip((i, j), apart, counts, steps, strict=True)
            )
            reached = x[:, rows, columns] + kernel[i, j]
            best = reached if best is None else elementwise.maximum(best, reached)
    return best
