"""Images [batch, height, width, channels] of another size, place or contrast, as expressions of ops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant, shape_text
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.contract import einsum
from thalweg.ops.index import take
from thalweg.ops.shape import expand_dims, iota_like, reshape
from thalweg.ops.tiling import pad

__all__ = [
    "FILL_MODES",
    "INTERPOLATIONS",
    "adjust_contrast",
    "affine_transform",
    "crop_to",
    "pad_to",
    "resize",
]

FILL_MODES = ("reflect", "wrap", "constant", "nearest")

# --- size -------------------------------------------------------------------------------------------------------------


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda t: np.where(np.abs(t) < radius, np.sinc(t) * np.sinc(t / radius), 0)


def _cubic(t: np.ndarray) -> np.ndarray:
    """Keys' kernel, a = -1/2."""
    t = np.abs(t)
    near, far = (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


_KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bilinear": lambda t: np.maximum(1 - np.abs(t), 0),
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
INTERPOLATIONS = (*_KERNELS, "nearest", "area")


def resize_weights(n_in: int, n_out: int, interpolation: str, antialias: bool) -> np.ndarray:
    """The matrix [n_out, n_in] that resizes one axis; the middle of pixel k is at (k + 1/2) / n of the length."""
    scale = n_in / n_out
    if interpolation == "area":
        edges, cells = np.arange(n_out + 1) * scale, np.arange(n_in)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        return (np.maximum(overlap, 0) / scale).astype(np.float32)
    middle = (np.arange(n_out) + 0.5) * scale - 0.5
    if interpolation == "nearest":
        return np.eye(n_in, dtype=np.float32)[np.minimum(np.floor(middle + 0.5).astype(int), n_in - 1)]
    width = max(scale, 1.0) if antialias else 1.0
    weights = _KERNELS[interpolation]((np.arange(n_in) - middle[:, None]) / width)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def resize(x: Any, size: Sequence[int], interpolation: str = "bilinear", antialias: bool = False) -> Tensor:
    """[N, H, W, C] floats as [N, *size, C]; ``antialias`` widens the kernel where pixels become fewer.

    >>> resize(np.arange(4.0).reshape(1, 1, 4, 1), (1, 2)).numpy().ravel().tolist()
    [0.5, 2.5]
    """
    if interpolation not in INTERPOLATIONS:
        raise fail(
            ArgumentError, "resize: interpolation", expected=", ".join(INTERPOLATIONS), received=interpolation
        )
    (x,) = convert_operands([x])
    for axis, n_out in zip((1, 2), size, strict=True):
        n_in = _size(x, axis, "resize")
        if n_in != n_out:
            weights = constant(resize_weights(n_in, n_out, interpolation, antialias).astype(x.dtype))
            x = einsum("nhwc,ih->niwc" if axis == 1 else "nhwc,iw->nhic", x, weights)
    return x


def _size(x: Tensor, axis: int, what: str) -> int:
    n = x.known_shape()[axis]
    if n is None:
        raise fail(ShapeError, f"{what}: the size of the images must be known", received=shape_text(x.shape),
                   hint="give the Input a height and width")  # fmt: skip
    return n


def aspect(x: Tensor, size: Sequence[int], what: str) -> tuple[int, int, int, int]:
    """Height and width of ``x``, and those that have the proportions of ``size`` and one side of x."""
    height, width = _size(x, 1, what), _size(x, 2, what)
    return height, width, int(width * size[0] / size[1]), int(height * size[1] / size[0])


def crop_to(x: Any, size: Sequence[int]) -> Tensor:
    """The greatest part in the middle that has the proportions of ``size``."""
    (x,) = convert_operands([x])
    height, width, wanted_height, wanted_width = aspect(x, size, "crop_to")
    return middle(x, max(min(height, wanted_height), 1), max(min(width, wanted_width), 1))


def middle(x: Tensor, height: int, width: int) -> Tensor:
    """The part of this size in the middle; the upper left of two such."""
    top, left = (_size(x, 1, "crop") - height) // 2, (_size(x, 2, "crop") - width) // 2
    return x[:, top : top + height, left : left + width]


def pad_to(x: Any, size: Sequence[int], fill_value: float = 0.0) -> Tensor:
    """Pixels of ``fill_value`` around, the same number on both sides, up to the proportions of ``size``."""
    (x,) = convert_operands([x])
    height, width, wanted_height, wanted_width = aspect(x, size, "pad_to")
    above, beside = max(wanted_height - height, 0) // 2, max(wanted_width - width, 0) // 2
    return pad(x, [(0, 0), (above, above), (beside, beside), (0, 0)], constant_values=fill_value)


# --- place ------------------------------------------------------------------------------------------------------------

Matrix = tuple[Any, Any, Any, Any, Any, Any]


def affine_transform(
    x: Any,
    transform: Matrix,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Tensor:
    """Pixel (row i, column j) of the result is the pixel of [N, H, W, C] at column ``a0 j + a1 i + a2``, row
    ``b0 j + b1 i + b2``.

    ``transform``: (a0, a1, a2, b0, b1, b2), numbers or one for each image, [N]. Beyond the edges lie, by ``fill_mode``,
    the mirrored image ("reflect": dcba|abcd|dcba), its repetition ("wrap"), its edge ("nearest"), or ``fill_value``.

    >>> row = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> affine_transform(row, (1, 0, 1, 0, 1, 0), fill_mode="nearest").numpy().ravel().tolist()
    [1.0, 2.0, 2.0]
    """
    (x,) = convert_operands([x])
    height, width = _size(x, 1, "affine_transform"), _size(x, 2, "affine_transform")
    a0, a1, a2, b0, b1, b2 = [_of_images(value) for value in transform]
    rows = constant(np.arange(height, dtype=np.float32)[None, :, None])
    columns = constant(np.arange(width, dtype=np.float32)[None, None, :])
    across: Any = a0 * columns + a1 * rows + a2
    down: Any = b0 * columns + b1 * rows + b2
    across, down = _mapped(across, width, fill_mode), _mapped(down, height, fill_mode)
    if interpolation == "nearest":
        return _pixels(x, _rounded(down), _rounded(across), fill_mode, fill_value)
    top, left = ew.floor(down), ew.floor(across)
    below: Any = expand_dims(ew.astype(down - top, x.dtype), -1)  # type: ignore[operator]
    beside: Any = expand_dims(ew.astype(across - left, x.dtype), -1)  # type: ignore[operator]
    corners: list[Any] = [
        _pixels(x, top + i, left + j, fill_mode, fill_value)  # type: ignore[operator]
        for i in (0.0, 1.0)
        for j in (0.0, 1.0)
    ]
    upper = corners[0] * (1 - beside) + corners[1] * beside
    lower = corners[2] * (1 - beside) + corners[3] * beside
    return upper * (1 - below) + lower * below


def _of_images(value: Any) -> Any:
    return reshape(value, (-1, 1, 1)) if isinstance(value, Tensor) else value


def _rounded(place: Any) -> Any:
    """The nearest whole number, halves away from zero."""
    return ew.sign(place) * ew.floor(ew.abs(place) + 0.5)


def _mapped(place: Any, length: int, fill_mode: str) -> Any:
    """Places on an axis, those beyond its ends as the mode says."""
    last = length - 1
    if fill_mode == "constant":
        return place
    if fill_mode == "reflect":
        place = ew.remainder(place + 0.5, 2.0 * length)
        place = ew.minimum(place, 2.0 * length - place) - 0.5  # type: ignore[operator]
    elif fill_mode == "wrap" and last:
        before = place + (ew.trunc(-place / last) + 1.0) * length
        after = place - ew.trunc(place / last) * length
        place = ew.where(place < 0, before, ew.where(place > last, after, place))
    return ew.maximum(ew.minimum(place, float(last)), 0.0)


def _pixels(x: Any, row: Any, column: Any, fill_mode: str, fill_value: float) -> Any:
    """The pixels at whole places [N, H, W]: [N, H, W, C]."""
    height, width = x.shape[1:3]
    inside_row = ew.maximum(ew.minimum(row, height - 1.0), 0.0)
    inside_column = ew.maximum(ew.minimum(column, width - 1.0), 0.0)
    row_index, column_index = ew.astype(inside_row, "int32"), ew.astype(inside_column, "int32")
    image = reshape(iota_like(x[:, 0, 0, 0], 0, "int32"), (-1, 1, 1))
    found = x[image, row_index, column_index]
    if fill_mode != "constant":
        return found
    inside = ew.logical_and(ew.equal(row, inside_row), ew.equal(column, inside_column))
    return ew.where(expand_dims(inside, -1), found, fill_value)


def turned(angle: Any, height: int, width: int) -> Matrix:
    """The transform that turns images by ``angle`` (in radians, counter-clockwise) about their middle."""
    cos, sin = ew.cos(angle), ew.sin(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    return cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y  # type: ignore[operator]


def cut(x: Any, top: Any, left: Any, height: int, width: int) -> Tensor:
    """The part of this size whose upper left corner is at (top, left), the same for all images."""
    rows = ew.add(ew.astype(top, "int32"), constant(np.arange(height, dtype=np.int32)))
    columns = ew.add(ew.astype(left, "int32"), constant(np.arange(width, dtype=np.int32)))
    return take(take(x, rows, axis=1), columns, axis=2)


# --- colour -----------------------------------------------------------------------------------------------------------


def adjust_contrast(x: Any, factor: Any) -> Tensor:
    """``(x - mean) * factor + mean``, the mean being that of each channel of each image.

    >>> adjust_contrast([[[[1.0], [3.0]]]], 2.0).numpy().ravel().tolist()
    [0.0, 4.0]
    """
    (x,) = convert_operands([x])
    x = x if dtypes.is_floating(x.dtype) else ew.astype(x, dtypes.default_float)
    mean: Any = reduce.mean(x, axis=(1, 2), keepdims=True)
    return (x - mean) * factor + mean
