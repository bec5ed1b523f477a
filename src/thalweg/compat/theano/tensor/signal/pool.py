"""``theano.tensor.signal.pool``: pooling over the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable
from thalweg.ops import shape as shape_ops


def pool_2d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> TensorVariable:
    """The largest element (or the sum or mean) of each window; a window cut by the border counts unless ignored.

    ``mode``: "max", "sum", "average_inc_pad" (padding counts as zeros), "average_exc_pad".
    """
    window = _pair(ws if ws is not None else ds)
    steps = _pair(stride if stride is not None else st) if stride is not None or st is not None else window
    margin = _pair(padding if padding is not None else pad)
    x = tensor_of(input)
    if x.ndim < 2:
        raise TypeError(f"pool_2d: expected at least 2 axes, received {x.ndim}")
    images = _images(x)
    pads = [(margin[k], margin[k]) for k in range(2)]
    if not ignore_border:
        mode = "average_exc_pad" if mode == "average_inc_pad" else mode  # what is cut off is not counted
        pads = [(p, p + _missing(images, k, window[k], steps[k], p)) for k, (p, _) in enumerate(pads)]
    made = _pooled(images, window, steps, pads, mode)
    if x.ndim == 4:
        return TensorVariable(made)
    lead = [TensorVariable(shape_ops.count(x, (k,), np.dtype("int64"))) for k in range(x.ndim - 2)]
    rest = [TensorVariable(shape_ops.count(made, (k,), np.dtype("int64"))) for k in (2, 3)]
    return basic.reshape(TensorVariable(made), [*lead, *rest])


def _pair(value: Any) -> tuple[int, int]:
    if value is None:
        raise TypeError("pool_2d: ws, the size of the window, is missing")
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _images(x: Any) -> Any:
    """Any leading axes as [N, C]."""
    if x.ndim == 4:
        return x
    if x.ndim < 4:
        return tw.expand_dims(x, tuple(range(4 - x.ndim)))
    merged = x
    for _ in range(x.ndim - 4):
        merged = tw.merge_axes(merged, 0)
    return merged


def _missing(x: Any, k: int, window: int, step: int, pad: int) -> int:
    """How much is missing at the end for a window that starts inside to be whole."""
    length = x.known_shape()[2 + k]
    if length is None:
        return (
            window if step >= window else step
        ) - 1  # the windows that fit then are as many, whatever the length
    whole = length + 2 * pad
    if step >= window:
        count = (whole - 1) // step + 1
    else:
        count = max(0, (whole - 1 - window + step) // step) + 1
    return max(0, (count - 1) * step + window - whole)


def _pooled(x: Any, window: Any, steps: Any, pads: Any, mode: str) -> Any:
    options = {"strides": steps, "padding": pads, "data_format": "NCHW"}
    if mode == "max":
        return tw.nn.max_pool(x, window, **options)
    if mode == "average_exc_pad":
        return tw.nn.avg_pool(x, window, **options)
    if mode in ("sum", "average_inc_pad"):
        mean = tw.nn.avg_pool(x, window, count_padding=True, **options)
        return tw.multiply(mean, float(window[0] * window[1])) if mode == "sum" else mean
    raise ValueError(f"pool_2d: mode must be max, sum, average_inc_pad or average_exc_pad, received {mode!r}")


def max_pool_2d_same_size(input: Any, patch_size: Any) -> TensorVariable:
    """The largest element of each patch at its place, zeros elsewhere."""
    ph, pw = _pair(patch_size)
    top = pool_2d(input, (ph, pw), ignore_border=True)
    wide = basic.repeat(basic.repeat(top, ph, axis=top.ndim - 2), pw, axis=top.ndim - 1)
    v = basic.as_tensor_variable(input)
    return basic.switch(basic.eq(v, wide), v, 0.0)
