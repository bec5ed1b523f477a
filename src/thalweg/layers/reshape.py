"""Layers that move elements: Flatten, Reshape, Permute, RepeatVector, padding, cropping, enlarging."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.nn.convolution import channels_first
from thalweg.nn.images import resize
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops import tiling
from thalweg.ops.dynamic import reshape_to_lengths
from thalweg.ops.joining import concat

__all__ = [
    "Cropping1D", "Cropping2D", "Cropping3D", "Flatten", "Permute", "RepeatVector", "Reshape", "UpSampling1D",
    "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
]  # fmt: skip

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class Flatten(Layer):
    """[batch, ...] to [batch, product of the others].

    >>> import numpy as np
    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.channels_first = channels_first(data_format)

    def call(self, inputs: Any) -> Any:
        x = inputs
        if self.channels_first and x.ndim > 2:
            x = shape_ops.permute_dims(x, (0, *range(2, x.ndim), 1))
        if x.ndim == 1:
            return shape_ops.expand_dims(x, 1)
        rest = x.shape[1:]
        if None not in rest and x.shape[0] is None:
            return shape_ops.reshape(x, (-1, math.prod(rest)))
        return shape_ops.reshape(x, (-1 if x.shape[0] is None else x.shape[0], -1))


class Reshape(Layer):
    """[batch, ...] to [batch, *target_shape]; one length may be -1."""

    def __init__(self, target_shape: Any, **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Any) -> Any:
        target, given = list(self.target_shape), inputs.shape[1:]
        if -1 in target and None not in given:
            rest = -math.prod(target)
            if rest == 0 or math.prod(given) % rest:
                raise self._misfit(inputs)
            target[target.index(-1)] = math.prod(given) // rest
        if None not in given and -1 not in target and math.prod(given) != math.prod(target):
            raise self._misfit(inputs)
        batch = inputs.shape[0]
        if batch is None and -1 in target:  # two lengths to be found out: the batch stays what it is
            batch = shape_ops.count(inputs, (0,), np.dtype("int64"))
            return reshape_to_lengths(inputs, [batch, *target])
        return shape_ops.reshape(inputs, (-1 if batch is None else batch, *target))

    def _misfit(self, inputs: Any) -> ShapeError:
        return fail(
            ShapeError, f"{self.name}: the number of elements differs",
            expected=f"as many as in {shape_text(self.target_shape)}", received=shape_text(inputs.shape[1:]),
        )  # fmt: skip


class Permute(Layer):
    """The axes after the batch in another order; ``dims`` count from 1.

    >>> import numpy as np
    >>> Permute((2, 1))(np.zeros((5, 3, 4))).shape
    (5, 4, 3)
    """

    def __init__(self, dims: Any, **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            wanted = f"an order of 1 to {len(self.dims)}"
            raise fail(ArgumentError, "Permute: dims", expected=wanted, received=self.dims)

    def call(self, inputs: Any) -> Any:
        return shape_ops.permute_dims(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """[batch, features] to [batch, n, features]."""

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = positive(self, "n", n)

    def call(self, inputs: Any) -> Any:
        return tiling.repeat(shape_ops.expand_dims(inputs, 1), self.n, axis=1)


def _pairs(value: Any, rank: int, name: str) -> tuple[tuple[int, int], ...]:
    """An int, one number per axis, or one pair per axis, as pairs."""
    if isinstance(value, int):
        return ((value, value),) * rank
    values = tuple(value) if isinstance(value, (tuple, list)) else ()
    if rank == 1 and len(values) == 2 and all(isinstance(v, int) for v in values):
        return ((values[0], values[1]),)
    if len(values) != rank:
        raise fail(ArgumentError, name, expected=f"an int, or {rank} ints or pairs", received=value)
    return tuple((v, v) if isinstance(v, int) else (int(v[0]), int(v[1])) for v in values)


class _Spatial(Layer):
    """What works on the spatial axes alone."""

    rank: int

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.first_axis = 2 if channels_first(data_format) else 1

    def axes(self, x: Any) -> range:
        """The spatial axes of the inputs."""
        if x.ndim != self.rank + 2:
            wanted = f"{self.rank + 2} axes (batch, {self.rank} spatial, channels)"
            raise fail(ShapeError, self.name, expected=wanted, received=shape_text(x.shape))
        return range(self.first_axis, self.first_axis + self.rank)


class _ZeroPadding(_Spatial):
    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.padding = _pairs(padding, self.rank, f"{type(self).__name__}: padding")

    def call(self, inputs: Any) -> Any:
        widths = [(0, 0)] * inputs.ndim
        for axis, pair in zip(self.axes(inputs), self.padding):
            widths[axis] = pair
        return tiling.pad(inputs, widths)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after the steps."""

    rank = 1


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images."""

    rank = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes."""

    rank = 3


class _Cropping(_Spatial):
    def __init__(self, cropping: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.cropping = _pairs(cropping, self.rank, f"{type(self).__name__}: cropping")

    def call(self, inputs: Any) -> Any:
        key: list[Any] = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(self.axes(inputs), self.cropping):
            key[axis] = slice(before, -after if after else None)
        return inputs[tuple(key)]


class Cropping1D(_Cropping):
    """Drops steps at both ends."""

    rank = 1


class Cropping2D(_Cropping):
    """Drops the border of images: nothing unless told."""

    rank = 2

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **options: Any) -> None:
        super().__init__(cropping, data_format, **options)


class Cropping3D(_Cropping):
    """Drops the border of volumes."""

    rank = 3


class _UpSampling(_Spatial):
    def __init__(self, size: Any = 2, data_format: str | None = None, **options: Any) -> None:
        super().__init__(data_format, **options)
        self.size = (size,) * self.rank if isinstance(size, int) else tuple(size)

    def call(self, inputs: Any) -> Any:
        x = inputs
        for axis, factor in zip(self.axes(inputs), self.size):
            x = tiling.repeat(x, factor, axis=axis) if factor != 1 else x
        return x


class UpSampling1D(_UpSampling):
    """Every step ``size`` times."""

    rank = 1


class UpSampling2D(_UpSampling):
    """Images ``size[0] x size[1]`` times as large: every pixel repeated, or interpolated between pixels.

    ``interpolation``: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5", as :func:`thalweg.nn.resize`.
    """

    rank = 2

    def __init__(
        self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **options: Any
    ) -> None:
        super().__init__(size, data_format, **options)
        if interpolation not in _INTERPOLATIONS:
            raise fail(
                ArgumentError, "UpSampling2D: interpolation", expected=", ".join(_INTERPOLATIONS),
                received=repr(interpolation),
            )  # fmt: skip
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        x = self.floats(inputs)
        height, width = (x.shape[axis] for axis in self.axes(x))
        if height is None or width is None:
            if self.interpolation != "bilinear":
                raise fail(
                    ShapeError,
                    f"{self.name}: interpolating needs the size of the images, unless it is bilinear",
                    received=shape_text(x.shape),
                )
            for axis, factor in zip(self.axes(x), self.size):
                x = _between_pixels(x, axis, factor)
            return x
        first = self.first_axis == 2
        x = shape_ops.permute_dims(x, (0, 2, 3, 1)) if first else x
        y = resize(x, (height * self.size[0], width * self.size[1]), self.interpolation)
        return shape_ops.permute_dims(y, (0, 3, 1, 2)) if first else y


def _between_pixels(x: Any, axis: int, factor: int) -> Any:
    """``factor`` times as long along an axis of any length, linear between the middles of pixels."""

    def part(first: int | None, last: int | None) -> Any:
        return x[(slice(None),) * axis + (slice(first, last),)]

    near, before, after = (
        tiling.repeat(shifted, factor, axis=axis)
        for shifted in (
            x,
            concat([part(None, 1), part(None, -1)], axis=axis),
            concat([part(1, None), part(-1, None)], axis=axis),
        )
    )
    place = ew.astype(ew.remainder(shape_ops.iota_like(near, axis=axis), factor), x.dtype)
    off = (place + 0.5) / factor - 0.5
    return near * (1.0 - ew.abs(off)) + after * ew.maximum(off, 0.0) + before * ew.maximum(-off, 0.0)


class UpSampling3D(_UpSampling):
    """Every voxel ``size[0] x size[1] x size[2]`` times."""

    rank = 3
