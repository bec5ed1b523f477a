"""Images [..., height, width, channels] of another size or at another place, as expressions of ops."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant, shape_text
from thalweg.ops import elementwise as ew
from thalweg.ops.contract import einsum
from thalweg.ops.families import to_floats
from thalweg.ops.index import take
from thalweg.ops.joining import concat
from thalweg.ops.shape import count, expand_dims, iota_like, reshape
from thalweg.ops.tiling import pad, repeat
from thalweg.ops.upsample import upsample
from thalweg.ops.windows import UNROLLED

__all__ = [
    "FILL_MODES",
    "INTERPOLATIONS",
    "affine_transform",
    "crop_or_pad",
    "crop_to",
    "frame",
    "image_patches",
    "pad_to",
    "resize",
]

FILL_MODES = ("reflect", "wrap", "constant", "nearest")

# --- size -------------------------------------------------------------------------------------------------------------


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda t: np.where(np.abs(t) < radius, np.sinc(t) * np.sinc(t / radius), 0)


def _cubic(b: float, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """The cubic kernels of Mitchell and Netravali (1988); (0, 1/2) is that of Keys."""

    def kernel(t: np.ndarray) -> np.ndarray:
        t = np.abs(t)
        near = ((12 - 9 * b - 6 * c) * t - 18 + 12 * b + 6 * c) * t * t + 6 - 2 * b
        far = (((-b - 6 * c) * t + 6 * b + 30 * c) * t - 12 * b - 48 * c) * t + 8 * b + 24 * c
        return np.where(t <= 1, near, np.where(t < 2, far, 0)) / 6

    return kernel


_KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bilinear": lambda t: np.maximum(1 - np.abs(t), 0),
    "bicubic": _cubic(0, 0.5),
    "mitchellcubic": _cubic(1 / 3, 1 / 3),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": lambda t: np.where(np.abs(t) < 1.5, np.exp(-2 * t * t), 0),
}
INTERPOLATIONS = (*_KERNELS, "nearest", "area")


def _nearest(n_in: int, n_out: int) -> np.ndarray:
    """The pixel whose middle is nearest to that of each new one."""
    return np.minimum(np.floor((np.arange(n_out) + 0.5) * (n_in / n_out)).astype(int), n_in - 1)


_SMOOTHING = ("gaussian", "mitchellcubic")  # kernels that change images of the same size, too


def resize_weights(n_in: int, n_out: int, interpolation: str, antialias: bool) -> np.ndarray:
    """The matrix [n_out, n_in] that resizes one axis; the middle of pixel k is at (k + 1/2) / n of the length."""
    scale = n_in / n_out
    if interpolation == "area":
        edges, cells = np.arange(n_out + 1) * scale, np.arange(n_in)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        return (np.maximum(overlap, 0) / scale).astype(np.float32)
    middle = (np.arange(n_out) + 0.5) * scale - 0.5
    if interpolation == "nearest":
        return np.eye(n_in, dtype=np.float32)[_nearest(n_in, n_out)]
    width = max(scale, 1.0) if antialias else 1.0
    weights = _KERNELS[interpolation]((np.arange(n_in) - middle[:, None]) / width)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def resize(x: Any, size: Sequence[int], interpolation: str = "bilinear", antialias: bool = False) -> Tensor:
    """[..., H, W, C] as [..., *size, C]; ``antialias`` widens the kernel where pixels become fewer. Integers become
    float32, unless ``interpolation`` is "nearest".

    >>> resize(np.arange(4.0).reshape(1, 1, 4, 1), (1, 2)).numpy().ravel().tolist()
    [0.5, 2.5]
    """
    if interpolation not in INTERPOLATIONS:
        raise fail(
            ArgumentError, "resize: interpolation", expected=", ".join(INTERPOLATIONS), received=interpolation
        )
    (x,) = convert_operands([x])
    matrices: list[np.ndarray | None] = [None, None]
    for k, n_out in enumerate(size):
        axis = x.ndim - 3 + k
        n_in = _size(x, axis, "resize")
        if n_in == n_out and interpolation not in _SMOOTHING:
            continue
        if interpolation == "nearest":
            x = picked(x, _nearest(n_in, n_out), axis)
        else:
            matrices[k] = resize_weights(n_in, n_out, interpolation, antialias)
    return weighted(x, *matrices)


def picked(x: Tensor, places: np.ndarray, axis: int) -> Tensor:
    """The elements at these places of an axis; each so many times, if that is what they are."""
    n = x.shape[axis]
    times = len(places) // n if n else 0
    if times and np.array_equal(places, np.arange(times * n) // times):
        return x if times == 1 else repeat(x, times, axis=axis)
    return take(x, constant(places), axis=axis)


def weighted(x: Tensor, rows: Any, columns: Any) -> Tensor:
    """Rows and columns of [..., H, W, C] as sums of the old ones, by matrices [n_out, n_in], arrays or expressions;
    None leaves them. Integers become float32.
    """
    if rows is not None or columns is not None:
        (x,), _ = to_floats([x], {})
    laid = [_laid_down(matrix) if isinstance(matrix, np.ndarray) else None for matrix in (rows, columns)]
    if laid[0] is not None and laid[1] is not None and len(laid[0].kernel) * len(laid[1].kernel) <= UNROLLED:
        return _upsampled(x, laid[0], laid[1])
    for k, (matrix, form) in enumerate(((rows, "...hwc,ih->...iwc"), (columns, "...hwc,iw->...hic"))):
        found = laid[k]
        if found is not None:
            x = _upsampled(x, found, _AS_IT_IS) if k == 0 else _upsampled(x, _AS_IT_IS, found)
        elif matrix is not None:
            x = einsum(form, x, constant(matrix.astype(x.dtype)))
    return x


@dataclass(frozen=True)
class _Laid:
    """An axis made ``factor`` times as long: its ends repeated ``border`` times, each element spread by a kernel, and
    ``cut`` places taken off each end.
    """

    kernel: tuple[float, ...]
    factor: int
    border: int
    cut: tuple[int, int]


_AS_IT_IS = _Laid((1.0,), 1, 0, (0, 0))


def _laid_down(matrix: np.ndarray) -> _Laid | None:
    """What makes an axis by this matrix [n_out, n_in], if that spreads each element in the same way by a small kernel;
    else None.
    """
    n_out, n_in = matrix.shape
    factor, middle = n_out // max(n_in, 1), n_in // 2
    places = np.flatnonzero(matrix[:, middle])
    if n_in < 3 or n_out != factor * n_in or factor < 2 or not len(places):
        return None
    first, kernel = int(places[0]), matrix[places[0] : places[-1] + 1, middle]
    border = -(-len(kernel) // factor)
    if len(kernel) > UNROLLED or 2 * border >= n_in:
        return None
    whole = np.zeros(((n_in + 2 * border - 1) * factor + len(kernel), n_in + 2 * border), matrix.dtype)
    for k in range(whole.shape[1]):
        whole[k * factor : k * factor + len(kernel), k] = kernel
    whole[:, border] += whole[:, :border].sum(axis=1)
    whole[:, -border - 1] += whole[:, -border:].sum(axis=1)
    begin = (border + middle) * factor - first
    made = whole[begin : begin + n_out, border:-border]
    if begin < 0 or made.shape != matrix.shape or not np.allclose(made, matrix, rtol=1e-6, atol=1e-6):
        return None
    taps = tuple(float(w) for w in kernel)
    return _Laid(taps, factor, border, (begin, len(whole) - begin - n_out))


def _upsampled(x: Tensor, rows: _Laid, columns: _Laid) -> Tensor:
    """Both axes of [..., H, W, C] made longer."""
    lead = x.shape[:-3]
    axes = (rows, columns)
    borders = [(axis.border,) * 2 for axis in axes]
    flat = x if x.ndim == 4 else reshape(x, (-1 if None in lead else math.prod(lead), *x.shape[-3:]))
    y = upsample(
        pad(flat, [(0, 0), *borders, (0, 0)], mode="edge"),
        kernels=tuple(axis.kernel for axis in axes),
        factors=tuple(axis.factor for axis in axes),
        cuts=tuple(axis.cut for axis in axes),
    )
    return y if x.ndim == 4 else reshape(y, (*(-1 if d is None else d for d in lead), *y.shape[-3:]))


def _size(x: Tensor, axis: int, what: str) -> int:
    n = x.known_shape()[axis]
    if n is None:
        raise fail(ShapeError, f"{what}: the size of the images must be known", received=shape_text(x.shape),
                   hint="give the Input a height and width")  # fmt: skip
    return n


def aspect(x: Tensor, size: Sequence[int], what: str) -> tuple[int, int, int, int]:
    """Height and width of ``x``, and those that have the proportions of ``size`` and one side of x."""
    height, width = _size(x, -3, what), _size(x, -2, what)
    return height, width, int(width * size[0] / size[1]), int(height * size[1] / size[0])


def crop_to(x: Any, size: Sequence[int]) -> Tensor:
    """The greatest part in the middle that has the proportions of ``size``."""
    (x,) = convert_operands([x])
    height, width, wanted_height, wanted_width = aspect(x, size, "crop_to")
    return middle(x, max(min(height, wanted_height), 1), max(min(width, wanted_width), 1))


def middle(x: Tensor, height: int, width: int) -> Tensor:
    """The part of this size in the middle; the upper left of two such."""
    top, left = (_size(x, -3, "crop") - height) // 2, (_size(x, -2, "crop") - width) // 2
    return x[..., top : top + height, left : left + width, :]


def pad_to(x: Any, size: Sequence[int], fill_value: float = 0.0) -> Tensor:
    """Pixels of ``fill_value`` around, the same number on both sides, up to the proportions of ``size``."""
    (x,) = convert_operands([x])
    height, width, wanted_height, wanted_width = aspect(x, size, "pad_to")
    above, beside = max(wanted_height - height, 0) // 2, max(wanted_width - width, 0) // 2
    return _padded(x, (above, above), (beside, beside), fill_value)


def _padded(x: Tensor, rows: tuple[int, int], columns: tuple[int, int], fill_value: float = 0.0) -> Tensor:
    return pad(x, [*[(0, 0)] * (x.ndim - 3), rows, columns, (0, 0)], constant_values=fill_value)


def frame(x: Any, top: int, left: int, height: int, width: int) -> Tensor:
    """The images with zeros around, so that they have this size and begin at (top, left).

    >>> frame([[[1.0]]], 0, 1, 1, 3).numpy().ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    (x,) = convert_operands([x])
    sides = []
    for axis, before, wanted in ((-3, top, height), (-2, left, width)):
        after = wanted - before - _size(x, axis, "frame")
        if before < 0 or after < 0:
            raise fail(ShapeError, "frame: the images do not fit into it", received=shape_text(x.shape),
                       expected=f"images of {height} x {width} at most, from ({top}, {left}) on")  # fmt: skip
        sides.append((before, after))
    return _padded(x, sides[0], sides[1])


def crop_or_pad(x: Any, height: int, width: int) -> Tensor:
    """The part of this size in the middle, with zeros around where the images are smaller.

    >>> crop_or_pad(np.arange(4.0).reshape(1, 4, 1), 1, 2).numpy().ravel().tolist()
    [1.0, 2.0]
    """
    (x,) = convert_operands([x])
    for axis, wanted in ((x.ndim - 3, height), (x.ndim - 2, width)):
        n = x.known_shape()[axis]
        x = _middle_of_open(x, axis, wanted) if n is None else _middle_of(x, axis, n, wanted)
    return x


def _middle_of(x: Any, axis: int, n: int, wanted: int) -> Any:
    if n >= wanted:
        start = (n - wanted) // 2
        return x[(*[slice(None)] * axis, slice(start, start + wanted))]
    before = (wanted - n) // 2
    return pad(x, [(before, wanted - n - before) if k == axis else (0, 0) for k in range(x.ndim)])


def _middle_of_open(x: Any, axis: int, wanted: int) -> Any:
    """The same where a run alone knows the length."""
    length: Any = count(x, (axis,), dtypes.int64)
    start = ew.floor_divide(ew.maximum(length - wanted, 0), 2)
    before = ew.floor_divide(ew.maximum(wanted - length, 0), 2)
    places: Any = constant(np.arange(wanted)) + start - before  # type: ignore[operator]
    nearest = ew.minimum(ew.maximum(places, 0), length - 1)
    form = [wanted if k == axis else 1 for k in range(x.ndim)]
    return ew.where(reshape(ew.equal(nearest, places), form), take(x, nearest, axis=axis), 0)


def image_patches(
    x: Any,
    size: Sequence[int],
    strides: Sequence[int] = (1, 1),
    padding: str = "VALID",
    rates: Sequence[int] = (1, 1),
) -> Tensor:
    """[N, H, W, C] as [N, rows, columns, size[0] * size[1] * C]: the pixels of each window, row by row.

    ``rates``: the distance of a window's pixels from each other. ``padding``: "VALID", or "SAME", zeros around so that
    a window begins at each ``strides``-th pixel.

    >>> image_patches(np.arange(3.0).reshape(1, 1, 3, 1), (1, 2)).numpy().tolist()
    [[[[0.0, 1.0], [1.0, 2.0]]]]
    """
    if padding not in ("VALID", "SAME"):
        raise fail(ArgumentError, "image_patches: padding", expected="VALID or SAME", received=repr(padding))
    (x,) = convert_operands([x])
    reach = [(n - 1) * rate + 1 for n, rate in zip(size, rates, strict=True)]
    lengths = [_size(x, axis, "image_patches") for axis in (1, 2)]
    if padding == "SAME":
        sides = []
        for n, step, wide in zip(lengths, strides, reach, strict=True):
            total = max((-(-n // step) - 1) * step + wide - n, 0)
            sides.append((total // 2, total - total // 2))
        x, lengths = (
            _padded(x, sides[0], sides[1]),
            [n + sum(side) for n, side in zip(lengths, sides, strict=True)],
        )
    down, across = strides
    rows, columns = ((n - wide) // step + 1 for n, step, wide in zip(lengths, strides, reach, strict=True))
    parts = [
        x[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * across + 1 : across]
        for i in range(0, reach[0], rates[0])
        for j in range(0, reach[1], rates[1])
    ]
    return concat(parts, axis=-1)


# --- place ------------------------------------------------------------------------------------------------------------

Matrix = tuple[Any, Any, Any, Any, Any, Any]


def affine_transform(
    x: Any,
    transform: Matrix,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    projection: tuple[Any, Any] | None = None,
    size: tuple[int, int] | None = None,
) -> Tensor:
    """Pixel (row i, column j) of the result is the pixel of [N, H, W, C] at column ``a0 j + a1 i + a2``, row
    ``b0 j + b1 i + b2``; with a ``projection`` (c0, c1) both divided by ``c0 j + c1 i + 1``.

    ``transform``: (a0, a1, a2, b0, b1, b2), numbers or one for each image, [N]. Beyond the edges lie, by ``fill_mode``,
    the mirrored image ("reflect": dcba|abcd|dcba), its repetition ("wrap"), its edge ("nearest"), or ``fill_value``.
    Where that divisor is 0, the place is beyond the first edge. ``size``: rows and columns of the result (default x's).

    >>> row = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> affine_transform(row, (1, 0, 1, 0, 1, 0), fill_mode="nearest").numpy().ravel().tolist()
    [1.0, 2.0, 2.0]
    """
    (x,) = convert_operands([x])
    height, width = _size(x, 1, "affine_transform"), _size(x, 2, "affine_transform")
    a0, a1, a2, b0, b1, b2 = [_of_images(value) for value in transform]
    tall, wide = (height, width) if size is None else size
    rows = constant(np.arange(tall, dtype=np.float32)[None, :, None])
    columns = constant(np.arange(wide, dtype=np.float32)[None, None, :])
    across: Any = a0 * columns + a1 * rows + a2
    down: Any = b0 * columns + b1 * rows + b2
    if projection is not None:
        c0, c1 = [_of_images(value) for value in projection]
        depth: Any = c0 * columns + c1 * rows + 1.0
        nowhere = ew.equal(depth, 0)
        divisor = ew.where(nowhere, 1.0, depth)
        across, down = (ew.where(nowhere, -2.0, place / divisor) for place in (across, down))
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
