"""``theano.tensor.signal.pool``: pooling over the last two or three axes."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.subtensor import set_subtensor
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
    old = (ds if ws is None else ws, st if stride is None else stride, pad if padding is None else padding)
    return _pool(2, input, *old, ignore_border, mode)


def pool_3d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> TensorVariable:
    """:func:`pool_2d` over the last three axes."""
    old = (ds if ws is None else ws, st if stride is None else stride, pad if padding is None else padding)
    return _pool(3, input, *old, ignore_border, mode)


def _pool(
    rank: int, input: Any, window: Any, steps: Any, pad: Any, ignore_border: Any, mode: str
) -> TensorVariable:
    window = _sizes(window, rank)
    steps = window if steps is None else _sizes(steps, rank)
    margin = _sizes(pad, rank)
    x = tensor_of(input)
    if x.ndim < rank:
        raise TypeError(f"pool_{rank}d: expected at least {rank} axes, received {x.ndim}")
    images = _images(x, rank)
    pads = [(p, p) for p in margin]
    if not ignore_border:
        mode = "average_exc_pad" if mode == "average_inc_pad" else mode  # what is cut off is not counted
        pads = [(p, p + _missing(images, k, window[k], steps[k], p)) for k, (p, _) in enumerate(pads)]
    made = _pooled(images, window, steps, pads, mode)
    if x.ndim == rank + 2:
        return TensorVariable(made)
    lead = [TensorVariable(shape_ops.count(x, (k,), np.dtype("int64"))) for k in range(x.ndim - rank)]
    rest = [TensorVariable(shape_ops.count(made, (k,), np.dtype("int64"))) for k in range(2, 2 + rank)]
    return basic.reshape(TensorVariable(made), [*lead, *rest])


def _sizes(value: Any, rank: int) -> tuple[int, ...]:
    if value is None:
        raise TypeError("pooling: ws, the size of the window, is missing")
    return (int(value),) * rank if isinstance(value, int) else tuple(int(n) for n in value)


def _images(x: Any, rank: int) -> Any:
    """Any leading axes as [N, C]."""
    if x.ndim < rank + 2:
        return tw.expand_dims(x, tuple(range(rank + 2 - x.ndim)))
    for _ in range(x.ndim - rank - 2):
        x = tw.merge_axes(x, 0)
    return x


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
    options = {"strides": steps, "padding": pads, "data_format": "channels_first"}
    if mode == "max":
        return tw.nn.max_pool(x, window, ties="all", **options)
    if mode == "average_exc_pad":
        return tw.nn.avg_pool(x, window, **options)
    if mode in ("sum", "average_inc_pad"):
        mean = tw.nn.avg_pool(x, window, count_padding=True, **options)
        return tw.multiply(mean, float(np.prod(window))) if mode == "sum" else mean
    raise ValueError(f"pooling: mode must be max, sum, average_inc_pad or average_exc_pad, received {mode!r}")


def max_pool_2d_same_size(input: Any, patch_size: Any) -> TensorVariable:
    """The largest element of each patch at its place, zeros elsewhere, and where no whole patch fits."""
    ph, pw = _sizes(patch_size, 2)
    top = pool_2d(input, (ph, pw), ignore_border=True)
    wide = basic.repeat(basic.repeat(top, ph, axis=top.ndim - 2), pw, axis=top.ndim - 1)
    v = basic.as_tensor_variable(input)
    patched = (
        Ellipsis,
        slice(None, v.shape[v.ndim - 2] // ph * ph),
        slice(None, v.shape[v.ndim - 1] // pw * pw),
    )
    inside = v[patched]
    return set_subtensor(basic.zeros_like(v)[patched], basic.switch(basic.eq(inside, wide), inside, 0.0))


def _count(length: Any, window: int, step: int, ignore_border: bool) -> Any:
    """How many windows there are along an axis."""
    most = max if isinstance(length, (int, np.integer)) else basic.maximum
    if ignore_border:
        return most((length - window) // step + 1, 0)
    if step >= window:
        return (length - 1) // step + 1
    return most((length - 1 - window + step) // step, 0) + 1


class Pool:
    """:func:`pool_2d` as an op: ``Pool(ignore_border=True, mode="max")(x, (2, 2))``, or over ``ndim`` axes."""

    def __init__(
        self,
        ignore_border: bool = False,
        mode: str = "max",
        ndim: int = 2,
        ds: Any = None,
        st: Any = None,
        padding: Any = (0, 0),
    ) -> None:
        self.ignore_border, self.mode, self.ndim = ignore_border, mode, ndim
        self._given = (ds, st, padding)

    @staticmethod
    def out_shape(
        imgshape: Any, ws: Any = None, ignore_border: bool = False, stride: Any = None, pad: Any = None, ndim: int = 2,
        ds: Any = None, st: Any = None, padding: Any = None,
    ) -> list[Any]:  # fmt: skip
        """The shape of what pooling gives for images of a shape, whose lengths may be symbolic."""
        window = ds if ws is None else ws
        steps, margin = st if stride is None else stride, padding if pad is None else pad
        steps, margin = steps or window, margin or (0,) * ndim
        sides = zip(imgshape[-ndim:], window, steps, margin, strict=True)
        return [*imgshape[:-ndim], *(_count(n + 2 * p, w, s, ignore_border) for n, w, s, p in sides)]

    def __call__(self, x: Any, ws: Any = None, stride: Any = None, pad: Any = None) -> TensorVariable:
        ds, st, padding = self._given
        margin = padding if pad is None else pad
        margin = (0,) * self.ndim if self.ndim != 2 and pad is None else margin
        given = (ds if ws is None else ws, st if stride is None else stride, margin)
        return _pool(self.ndim, x, *given, self.ignore_border, self.mode)
