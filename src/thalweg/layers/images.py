"""Layers that resize and crop images, and layers that change them at random unless nobody trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.layers.seeds import Seeded
from thalweg.nn import colours, images
from thalweg.nn.convolution import channels_first
from thalweg.ops import elementwise as ew
from thalweg.ops import random
from thalweg.ops.shape import expand_dims, permute_dims, reshape, squeeze
from thalweg.ops.slices import flip

__all__ = [
    "CenterCrop", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation",
    "RandomGrayscale", "RandomInvert", "RandomShear", "RandomTranslation", "RandomZoom", "Resizing",
]  # fmt: skip


class _Images(Layer):
    """What works on images [height, width, channels], one or a batch; ``data_format`` "channels_first" turns them."""

    data_format: str | None = None

    def as_batch(self, inputs: Any) -> Any:
        """[batch, height, width, channels]."""
        if inputs.shape is None or inputs.ndim not in (3, 4):
            raise fail(
                ShapeError, f"{self.name}: inputs", expected="[batch, height, width, channels], or one image",
                received=shape_text(inputs.shape),
            )  # fmt: skip
        x = expand_dims(inputs, 0) if inputs.ndim == 3 else inputs
        return permute_dims(x, (0, 2, 3, 1)) if channels_first(self.data_format) else x

    def as_given(self, x: Any, inputs: Any) -> Any:
        """The batch in the form of the inputs."""
        x = permute_dims(x, (0, 3, 1, 2)) if channels_first(self.data_format) else x
        return squeeze(x, axis=0) if inputs.ndim == 3 else x


# --- size -------------------------------------------------------------------------------------------------------------


class Resizing(_Images):
    """Images of ``height`` x ``width``; whole numbers are rounded and stay whole numbers.

    ``interpolation``: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area"; ``antialias`` lets every
    pixel count where pixels become fewer. The proportions change unless ``crop_to_aspect_ratio`` cuts the longer side
    off or ``pad_to_aspect_ratio`` adds pixels of ``fill_value`` to the shorter one.

    >>> import numpy as np
    >>> Resizing(2, 2)(np.ones((1, 5, 4, 3), "float32")).shape
    (1, 2, 2, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size = positive(self, "height", height), positive(self, "width", width)
        one_of(self, "interpolation", interpolation, images.INTERPOLATIONS)
        one_of(self, "fill_mode", fill_mode, ("constant",))
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise fail(
                ArgumentError, "Resizing", expected="crop_to_aspect_ratio or pad_to_aspect_ratio, not both"
            )
        self.interpolation, self.antialias, self.data_format = interpolation, antialias, data_format
        self.crop, self.pad, self.fill_value = crop_to_aspect_ratio, pad_to_aspect_ratio, fill_value

    def call(self, inputs: Any) -> Any:
        x = self.as_batch(self.floats(inputs))
        x = images.crop_to(x, self.size) if self.crop else x
        x = images.pad_to(x, self.size, self.fill_value) if self.pad else x
        x = images.resize(x, self.size, self.interpolation, self.antialias)
        whole = not dtypes.is_floating(inputs.dtype)
        return self.as_given(ew.astype(ew.round(x), inputs.dtype) if whole else x, inputs)


class CenterCrop(_Images):
    """The part of ``height`` x ``width`` in the middle; smaller images are cropped in proportion and resized."""

    def __init__(self, height: int, width: int, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.size = positive(self, "height", height), positive(self, "width", width)
        self.data_format = data_format

    def call(self, inputs: Any) -> Any:
        return self.as_given(_cropped(self.as_batch(self.floats(inputs)), self.size), inputs)


def _cropped(x: Any, size: tuple[int, int]) -> Any:
    if _fits(x, size):
        return images.middle(x, *size)
    return images.resize(images.crop_to(x, size), size)


def _fits(x: Any, size: tuple[int, int]) -> bool:
    height, width, *_ = images.aspect(x, size, "crop")
    return height >= size[0] and width >= size[1]


# --- at random --------------------------------------------------------------------------------------------------------


class _Random(_Images, Seeded):
    """What changes images unless ``training`` is False.

    :meth:`changed` is given floats [batch, height, width, channels].
    """

    def __init__(self, seed: int | None = None, data_format: str | None = None, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        self.data_format = data_format

    def call(self, inputs: Any, training: Any = True) -> Any:
        x = self.floats(inputs)
        return self.as_given(self.changed(self.as_batch(x)), inputs) if training else x

    def changed(self, x: Any) -> Any:
        """The images in training."""
        raise NotImplementedError

    def draw(self, x: Any, low: float, high: float) -> Any:
        """A number in [low, high) for each image: [batch]."""
        return random.uniform(None, low, high, x.dtype, like=x[:, 0, 0, 0], key=self.next_key())


def one_of(layer: Layer, what: str, value: Any, known: Sequence[str]) -> None:
    """The value is one of those known, or an error that names the layer's argument."""
    if value not in known:
        raise fail(
            ArgumentError, f"{type(layer).__name__}: {what}", expected=", ".join(known), received=repr(value)
        )


def _range(
    layer: Layer, what: str, factor: Any, low: float, high: float, around: bool = True
) -> tuple[float, float]:
    """The two ends of a factor: a number stands for both directions."""
    ends = factor if isinstance(factor, (tuple, list)) else (-factor if around else 0.0, factor)
    if len(ends) != 2 or not all(low <= end <= high for end in ends) or ends[0] > ends[1]:
        raise fail(
            ArgumentError, f"{type(layer).__name__}: {what}",
            expected=f"a number, or (lower, upper), from {low:g} to {high:g}", received=repr(factor),
        )  # fmt: skip
    return float(ends[0]), float(ends[1])


class RandomFlip(_Random):
    """Each image turned over with probability 1/2: ``mode`` "horizontal", "vertical" or "horizontal_and_vertical"."""

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, data_format, **options)
        one_of(self, "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))
        self.mode = mode

    def changed(self, x: Any) -> Any:
        for word, axis in (("horizontal", 2), ("vertical", 1)):
            if word in self.mode:
                hit = self.draw(x, 0.0, 1.0) < 0.5
                x = ew.where(reshape(hit, (-1, 1, 1, 1)), flip(x, axis=axis), x)
        return x


class _Placed(_Random):
    """What moves pixels by a transform: how they are read between places and beyond the edges."""

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        **options: Any,
    ) -> None:
        super().__init__(seed, data_format, **options)
        one_of(self, "fill_mode", fill_mode, images.FILL_MODES)
        one_of(self, "interpolation", interpolation, ("nearest", "bilinear"))
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value

    def changed(self, x: Any) -> Any:
        height, width, *_ = images.aspect(x, (1, 1), type(self).__name__)
        return images.affine_transform(
            x, self.transform(x, height, width), self.interpolation, self.fill_mode, self.fill_value
        )

    def transform(self, x: Any, height: int, width: int) -> images.Matrix:
        """Six numbers for each image."""
        raise NotImplementedError


class RandomRotation(_Placed):
    """Each image turned about its middle by a random part of a full turn, counter-clockwise.

    ``factor``: 0.1 means from -36 to 36 degrees, (0, 0.1) from 0 to 36. ``fill_mode`` says what lies beyond the edges:
    "reflect", "wrap", "nearest", or "constant" with ``fill_value``.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.factor = _range(self, "factor", factor, -1, 1)

    def transform(self, x: Any, height: int, width: int) -> images.Matrix:
        low, high = (2 * math.pi * end for end in self.factor)
        return images.turned(self.draw(x, low, high), height, width)


class RandomZoom(_Placed):
    """Each image larger or smaller about its middle: a factor of 0.2 shows 20 % more of it, -0.2 as much less.

    Without ``width_factor`` the width changes with the height. Other arguments are those of :class:`RandomRotation`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.height_factor = _range(self, "height_factor", height_factor, -1, 1)
        self.width_factor = (
            None if width_factor is None else _range(self, "width_factor", width_factor, -1, 1)
        )

    def transform(self, x: Any, height: int, width: int) -> images.Matrix:
        down = self.draw(x, *(1 + end for end in self.height_factor))
        across = down if self.width_factor is None else self.draw(x, *(1 + end for end in self.width_factor))
        return across, 0.0, (1 - across) * ((width - 1) / 2), 0.0, down, (1 - down) * ((height - 1) / 2)


class RandomTranslation(_Placed):
    """Each image moved down and to the right by random parts of its height and width; negative ones move it back.

    The other arguments are those of :class:`RandomRotation`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.height_factor = _range(self, "height_factor", height_factor, -1, 1)
        self.width_factor = _range(self, "width_factor", width_factor, -1, 1)

    def transform(self, x: Any, height: int, width: int) -> images.Matrix:
        down = self.draw(x, *self.height_factor) * height
        across = self.draw(x, *self.width_factor) * width
        return 1.0, 0.0, -across, 0.0, 1.0, -down


class RandomShear(_Placed):
    """Each image sheared: pixels moved along an axis by a random part of their place on the other.

    ``x_factor`` and ``y_factor``: 0.2 means up to 0.2 either way, (0.1, 0.2) at least 0.1. Other arguments are those
    of :class:`RandomRotation`.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **options)
        self.x_factor = _range(self, "x_factor", x_factor, 0, 1, around=False)
        self.y_factor = _range(self, "y_factor", y_factor, 0, 1, around=False)

    def transform(self, x: Any, height: int, width: int) -> images.Matrix:
        side = ew.where(self.draw(x, 0.0, 1.0) < 0.5, 1.0, -1.0)
        across, down = (self.draw(x, *factor) * side for factor in (self.x_factor, self.y_factor))
        return 1.0, across, 0.0, down, 1.0, 0.0


class RandomGrayscale(_Random):
    """Each image in shades of grey with probability ``factor``: 0.2989 red, 0.587 green, 0.114 blue in all channels."""

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, data_format, **options)
        self.factor = _range(self, "factor", (0, factor), 0, 1)[1]

    def changed(self, x: Any) -> Any:
        if x.shape[-1] != 3:
            raise fail(
                ShapeError, f"{self.name}: images", expected="3 channels", received=shape_text(x.shape)
            )
        grey = colours.rgb_to_grayscale(x)
        hit = reshape(self.draw(x, 0.0, 1.0) < self.factor, (-1, 1, 1, 1))
        return ew.where(hit, grey, x)


class RandomInvert(_Random):
    """Each image as its negative, ``value_range[1] - x``, with probability ``factor``."""

    def __init__(
        self,
        factor: float = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, data_format, **options)
        self.factor = _range(self, "factor", (0, factor), 0, 1)[1]
        self.value_range = tuple(value_range)

    def changed(self, x: Any) -> Any:
        hit = reshape(self.draw(x, 0.0, 1.0) < self.factor, (-1, 1, 1, 1))
        return ew.where(hit, self.value_range[1] - x, x)


class RandomCrop(_Random):
    """A part of ``height`` x ``width`` at a random place, the same for all images of a batch; otherwise, and where the
    images are smaller, what :class:`CenterCrop` gives.
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, **options: Any
    ) -> None:
        super().__init__(seed, data_format, **options)
        self.size = positive(self, "height", height), positive(self, "width", width)

    def call(self, inputs: Any, training: Any = True) -> Any:
        x = self.as_batch(self.floats(inputs))
        if not training or not _fits(x, self.size):
            return self.as_given(_cropped(x, self.size), inputs)
        height, width, *_ = images.aspect(x, self.size, "RandomCrop")
        top, left = (
            random.randint(0, n - wanted + 1, key=self.next_key(), symbolic=x.is_symbolic or None)
            for n, wanted in ((height, self.size[0]), (width, self.size[1]))
        )
        return self.as_given(images.cut(x, top, left, *self.size), inputs)


class RandomContrast(_Random):
    """``(x - mean) * f + mean`` per channel, within ``value_range``, with a random f for each image.

    f is from ``1 - lower`` to ``1 + upper``; ``factor`` is a number for both, or (lower, upper).
    """

    def __init__(
        self, factor: Any, value_range: Sequence[float] = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        ends = factor if isinstance(factor, (tuple, list)) else (factor, factor)
        self.factor = tuple(_range(self, "factor", (0, end), 0, 1)[1] for end in ends)
        self.value_range = tuple(value_range)

    def changed(self, x: Any) -> Any:
        factor = reshape(self.draw(x, 1 - self.factor[0], 1 + self.factor[1]), (-1, 1, 1, 1))
        return ew.clip(colours.adjust_contrast(x, factor), *self.value_range)


class RandomBrightness(_Random):
    """A random part of ``value_range`` added to each image, within that range; 0.2: up to a fifth less or more."""

    def __init__(
        self, factor: Any, value_range: Sequence[float] = (0, 255), seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        self.factor = _range(self, "factor", factor, -1, 1)
        self.value_range = tuple(sorted(value_range))

    def changed(self, x: Any) -> Any:
        low, high = self.value_range
        added = reshape(self.draw(x, *self.factor) * (high - low), (-1, 1, 1, 1))
        return ew.clip(x + added, low, high)
