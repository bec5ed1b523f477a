"""What is measured of pictures [..., height, width, channels]: how alike two are, how their pixels change."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant
from thalweg.nn.colours import in_range_of
from thalweg.nn.convolution import depthwise_conv
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, reduce
from thalweg.ops.shape import expand_dims
from thalweg.ops.tiling import pad

__all__ = ["image_gradients", "psnr", "sobel_edges", "ssim", "total_variation"]


def _of_picture(x: Tensor) -> tuple[int, int, int]:
    return x.ndim - 3, x.ndim - 2, x.ndim - 1


def image_gradients(x: Any) -> tuple[Tensor, Tensor]:
    """(dy, dx): the differences to the next row and to the next column; 0 in the last.

    >>> [d.numpy().ravel().tolist() for d in image_gradients([[[1.0], [3.0]], [[4.0], [8.0]]])]
    [[3.0, 5.0, 0.0, 0.0], [2.0, 0.0, 4.0, 0.0]]
    """
    (x,) = convert_operands([x])
    rows, columns, _ = _of_picture(x)
    down, across = x[..., 1:, :, :] - x[..., :-1, :, :], x[..., 1:, :] - x[..., :-1, :]
    after = [[(0, int(axis == k)) for k in range(x.ndim)] for axis in (rows, columns)]
    return pad(down, after[0]), pad(across, after[1])


def total_variation(x: Any) -> Tensor:
    """The sum of the absolute differences of neighbouring pixels of each picture.

    >>> float(total_variation([[[1.0], [3.0]], [[4.0], [8.0]]]))
    14.0
    """
    (x,) = convert_operands([x])
    down, across = x[..., 1:, :, :] - x[..., :-1, :, :], x[..., 1:, :] - x[..., :-1, :]
    sums = [reduce.sum(ew.abs(d), axis=_of_picture(x)) for d in (down, across)]
    return ew.add(*sums)


def sobel_edges(x: Any) -> Tensor:
    """The slopes down and across [..., height, width, channels, 2], borders reflected.

    >>> sobel_edges(np.arange(9.0).reshape(1, 3, 3, 1))[0, 1, 1, 0].numpy().tolist()
    [24.0, 8.0]
    """
    (x,) = convert_operands([x])
    wide: Any = pad(x, [*[(0, 0)] * (x.ndim - 3), (1, 1), (1, 1), (0, 0)], mode="reflect")
    smooth_across = wide[..., :-2, :] + 2.0 * wide[..., 1:-1, :] + wide[..., 2:, :]
    smooth_down = wide[..., :-2, :, :] + 2.0 * wide[..., 1:-1, :, :] + wide[..., 2:, :, :]
    down = smooth_across[..., 2:, :, :] - smooth_across[..., :-2, :, :]
    return joining.stack([down, smooth_down[..., 2:, :] - smooth_down[..., :-2, :]], axis=-1)


def _alike(a: Any, b: Any, max_val: Any) -> tuple[Any, Any, Any]:
    """Two pictures and the greatest value as floats; whole numbers as shares of their range."""
    a, b = convert_operands([a, b])
    if not dtypes.is_floating(a.dtype):
        max_val = max_val * (1.0 / np.iinfo(a.dtype).max)
    wide = a.dtype if dtypes.is_floating(a.dtype) else dtypes.float32
    return in_range_of(a, wide), in_range_of(b, wide), max_val


def psnr(a: Any, b: Any, max_val: Any) -> Tensor:
    """The peak signal to noise ratio of each picture in decibels: 20 log10(max_val) - 10 log10(mean((a - b) ** 2)).

    >>> round(float(psnr([[[0.0]]], [[[0.1]]], 1.0)), 3)
    20.0
    """
    a, b, max_val = _alike(a, b, max_val)
    error: Any = reduce.mean(ew.square(a - b), axis=_of_picture(a))
    return (2 * ew.log(max_val) - ew.log(error)) * (10 / np.log(10.0))  # type: ignore[operator]


def ssim(
    a: Any,
    b: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The structural similarity of pictures (Wang et al. 2004), 1 where they are the same.

    Means, variances and the covariance are those under a Gaussian window of ``filter_size``.

    >>> round(float(ssim(np.eye(12)[..., None], np.eye(12)[..., None], 1.0)), 6)
    1.0
    """
    x, y, top = _alike(a, b, max_val)
    flat = x.ndim == 3
    x, y = (expand_dims(v, 0) if flat else v for v in (x, y))
    reach = np.arange(filter_size) - (filter_size - 1) / 2
    line = np.exp(-(reach**2) / (2 * filter_sigma**2))
    window = np.outer(line, line) / line.sum() ** 2
    kernel = constant(np.repeat(window[:, :, None, None], x.shape[-1], 2).astype(x.dtype))

    def smooth(v: Any) -> Any:
        return depthwise_conv(v, kernel)

    c1, c2 = (k1 * top) ** 2, (k2 * top) ** 2
    mx, my = smooth(x), smooth(y)
    spread = smooth(x * x) + smooth(y * y) - mx * mx - my * my
    shared = 2 * (smooth(x * y) - mx * my)
    values = (2 * mx * my + c1) / (mx * mx + my * my + c1) * (shared + c2) / (spread + c2)
    found = reduce.mean(values, axis=(1, 2, 3))
    return found[0] if flat else found
