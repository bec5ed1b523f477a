"""Dilation and erosion of pictures by functions (grey-scale morphology)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor
from thalweg.ops import elementwise, tiling

__all__ = ["dilation", "erosion"]


def dilation(
    x: Any, kernel: Any, strides: Sequence[int] = (1, 1), rates: Sequence[int] = (1, 1), padding: str = "SAME"
) -> Tensor:
    """The largest sum of a window of pictures [n, h, w, c] and the function ``kernel`` [kh, kw, c] in each place.

    ``rates``: how far apart the elements of a window stand. Outside a picture nothing is largest.

    >>> dilation(np.eye(2).reshape(1, 2, 2, 1), np.zeros((2, 2, 1))).numpy().ravel().tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    if str(padding).upper() not in ("SAME", "VALID"):
        raise fail(ArgumentError, "dilation: padding", expected="SAME or VALID", received=repr(padding))
    (x, kernel) = convert_operands([x, kernel])
    spans = [(k - 1) * r + 1 for k, r in zip(kernel.shape, rates, strict=False)]
    lengths = x.shape[1:3]
    if None in lengths:
        raise fail(ShapeError, "dilation: x", expected="a known height and width", received=x.shape)
    counts = [-(-n // s) for n, s in zip(lengths, strides, strict=True)]
    if padding.upper() == "SAME":
        missing = [
            max((c - 1) * s + k - n, 0) for c, s, k, n in zip(counts, strides, spans, lengths, strict=True)
        ]
        widths = ((0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0))
        x = tiling.pad(x, widths, constant_values=float(np.finfo(np.dtype(x.dtype)).min))
    else:
        counts = [(n - k) // s + 1 for n, k, s in zip(lengths, spans, strides, strict=True)]
    best: Any = None
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            rows, columns = (
                slice(k * r, k * r + (c - 1) * s + 1, s)
                for k, r, c, s in zip((i, j), rates, counts, strides, strict=True)
            )
            reached: Any = x[:, rows, columns] + kernel[i, j]
            best = reached if best is None else elementwise.maximum(best, reached)
    return best  # type: ignore[no-any-return]


def erosion(
    x: Any, kernel: Any, strides: Sequence[int] = (1, 1), rates: Sequence[int] = (1, 1), padding: str = "SAME"
) -> Tensor:
    """The smallest difference of a window of pictures and the function: minus the :func:`dilation` of what is below 0
    by the kernel turned around.

    >>> erosion(np.full((1, 2, 2, 1), 3.0), np.ones((1, 1, 1))).numpy().ravel().tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    (x, kernel) = convert_operands([x, kernel])
    return elementwise.negative(
        dilation(elementwise.negative(x), kernel[::-1, ::-1], strides, rates, padding)
    )
