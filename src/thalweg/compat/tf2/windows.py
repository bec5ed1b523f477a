"""``tf.nn``'s rarer windows over pictures: pooling that tells places, of any rank, dilation and erosion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.names import only
from thalweg.compat.tf2.nn import max_pool
from thalweg.compat.tf2.values import cast, number, pair, spatial, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.ops import elementwise, reduce, shape
from thalweg.ops.joining import stack
from thalweg.ops.tiling import pad

__all__ = [
    "batch_to_space",
    "dilation2d",
    "erosion2d",
    "max_pool_with_argmax",
    "pool",
    "space_to_batch",
]


def _morphology(of: Callable[..., Any], kind: str) -> Callable[..., Any]:
    def apply(
        x: Any, filters: Any, strides: Any, padding: str, data_format: str, dilations: Any, name: Any
    ) -> Any:
        only(f"tf.nn.{kind}", "data_format", data_format, "NHWC")
        steps, apart = spatial(strides, 2, "NHWC"), spatial(dilations, 2, "NHWC")
        return of(*pair(x, filters), steps, apart, padding)

    return apply


_dilated, _eroded = _morphology(nn.dilation, "dilation2d"), _morphology(nn.erosion, "erosion2d")


def dilation2d(
    input: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC", dilations: Any = (1, 1, 1, 1),
    name: Any = None,
) -> Any:  # fmt: skip
    """The largest sum of a window of pictures [n, h, w, c] and the function ``filters`` [kh, kw, c] in each place."""
    return _dilated(input, filters, strides, padding, data_format, dilations, name)


def erosion2d(
    value: Any, filters: Any, strides: Any, padding: str, data_format: str = "NHWC", dilations: Any = (1, 1, 1, 1),
    name: Any = None,
) -> Any:  # fmt: skip
    """The smallest difference of a window of pictures and the function, which is turned around."""
    return _eroded(value, filters, strides, padding, data_format, dilations, name)


def pool(
    input: Any, window_shape: Any, pooling_type: str, strides: Any = None, padding: Any = "VALID",
    data_format: str | None = None, dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Windows of one, two or three axes, their greatest elements ("MAX") or means ("AVG"), one place apart unless
    ``strides`` says otherwise; ``dilations``: how far apart the elements of a window stand.

    >>> pool(np.arange(4.0, dtype="float32").reshape(1, 4, 1), [2], "MAX").numpy().ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    x = tensor(input)
    rank = x.ndim - 2
    size, steps, apart = (
        [int(n) for n in np.broadcast_to(np.asarray(1 if given is None else given), (rank,))]
        for given in (window_shape, strides, dilations)
    )
    order = data_format or {1: "NWC", 2: "NHWC", 3: "NDHWC"}[rank]
    if pooling_type.upper() == "MAX":
        return nn.max_pool(x, size, steps, padding, order, dilation=apart)
    if pooling_type.upper() != "AVG":
        raise fail(ArgumentError, "tf.nn.pool: pooling_type", expected="MAX or AVG", received=pooling_type)
    if any(n != 1 for n in apart):
        raise fail(ArgumentError, "tf.nn.pool: dilations of means", expected="1", received=apart)
    return nn.avg_pool(x, size, steps, padding, order)


def max_pool_with_argmax(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NHWC", output_dtype: Any = "int64",
    include_batch_in_index: bool = False, name: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(the largest element of each window, its place in the flattened picture, or in the flattened batch).

    >>> x = np.array([1.0, 4.0, 3.0, 2.0], "float32").reshape(1, 2, 2, 1)
    >>> [t.numpy().ravel().tolist() for t in max_pool_with_argmax(x, 2, 2, "VALID")]
    [[4.0], [1]]
    """
    only("tf.nn.max_pool_with_argmax", "data_format", data_format, "NHWC")
    x: Any = tensor(input)
    (kh, kw), (sh, sw) = spatial(ksize, 2, "NHWC"), spatial(strides, 2, "NHWC")
    batch, height, width, channels = x.shape
    pooled = max_pool(x, ksize, strides, padding)
    rows, columns = pooled.shape[1:3]
    top, left = (
        max((count - 1) * step + window - length, 0) // 2 if padding.upper() == "SAME" else 0
        for count, step, window, length in ((rows, sh, kh, height), (columns, sw, kw, width))
    )
    down, right = (
        max((count - 1) * step + window - length - before, 0)
        for count, step, window, length, before in (
            (rows, sh, kh, height, top),
            (columns, sw, kw, width, left),
        )
    )
    lowest = (
        float(np.finfo(np.dtype(x.dtype)).min) if np.dtype(x.dtype).kind == "f" else np.iinfo(x.dtype).min
    )
    wide = pad(x, [(0, 0), (top, down), (left, right), (0, 0)], constant_values=lowest)
    numbers = np.arange(height * width * channels).reshape(1, height, width, channels)
    places = np.pad(numbers, [(0, 0), (top, down), (left, right), (0, 0)])
    taps = [
        (slice(i, i + (rows - 1) * sh + 1, sh), slice(j, j + (columns - 1) * sw + 1, sw))
        for i in range(kh)
        for j in range(kw)
    ]
    best = reduce.argmax(stack([wide[:, r, c] for r, c in taps], axis=-1), axis=-1)
    chosen: Any = None
    for k, (r, c) in enumerate(taps):
        there = cast(elementwise.equal(best, k), "int64") * np.ascontiguousarray(places[:, r, c])
        chosen = there if chosen is None else chosen + there
    if include_batch_in_index:
        chosen = chosen + shape.reshape(tensor(np.arange(int(number(batch))) * numbers.size), (-1, 1, 1, 1))
    return pooled, cast(chosen, output_dtype)


def _blocks(numbers: Any) -> Any:
    return np.asarray(tensor(numbers)).astype(int).tolist()


def space_to_batch(input: Any, block_shape: Any, paddings: Any, name: Any = None) -> Any:
    """The axes after the first padded and split into blocks; the places within a block become rows of the batch.

    >>> space_to_batch(np.arange(4).reshape(1, 4, 1), [2], [[0, 0]]).numpy().ravel().tolist()
    [0, 2, 1, 3]
    """
    x, blocks, widths = tensor(input), _blocks(block_shape), _blocks(paddings)
    rank, m = x.ndim, len(blocks)
    x = pad(x, [(0, 0), *map(tuple, widths), *[(0, 0)] * (rank - 1 - m)])
    n, *lengths = (int(d) for d in x.shape)
    parts = [part for d, b in zip(lengths, blocks, strict=False) for part in (d // b, b)]
    inner = shape.reshape(x, (n, *parts, *lengths[m:]))
    order = (*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m + 1, 2), *range(2 * m + 1, rank + m))
    outer = [d // b for d, b in zip(lengths, blocks, strict=False)]
    return shape.reshape(shape.permute_dims(inner, order), (n * int(np.prod(blocks)), *outer, *lengths[m:]))


def batch_to_space(input: Any, block_shape: Any, crops: Any, name: Any = None) -> Any:
    """What :func:`space_to_batch` takes to this tensor."""
    x, blocks, widths = tensor(input), _blocks(block_shape), _blocks(crops)
    rank, m = x.ndim, len(blocks)
    n, *lengths = (int(d) for d in x.shape)
    inner = shape.reshape(x, (*blocks, n // int(np.prod(blocks)), *lengths))
    order = (m, *(k for a in range(m) for k in (m + 1 + a, a)), *range(2 * m + 1, rank + m))
    whole = [d * b for d, b in zip(lengths, blocks, strict=False)]
    made: Any = shape.reshape(
        shape.permute_dims(inner, order), (n // int(np.prod(blocks)), *whole, *lengths[m:])
    )
    return made[(slice(None), *(slice(a, -b if b else None) for a, b in widths))]
