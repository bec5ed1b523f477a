"""``lasagne.layers``: pooling, its opposite, and groups of channels."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.utils import as_tuple
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.tensor.signal.pool import pool_2d, pool_3d


def pool_output_length(input_length: Any, pool_size: int, stride: int, pad: int, ignore_border: bool) -> Any:
    """The length of a pooling's output along an axis."""
    if input_length is None or pool_size is None:
        return None
    if ignore_border:
        return (input_length + 2 * pad - pool_size) // stride + 1
    if stride >= pool_size:
        return (input_length + stride - 1) // stride
    return max(0, (input_length - pool_size + stride - 1) // stride) + 1


class Pool2DLayer(Layer):
    """The largest element or mean of each window of two axes.

    ``ds`` and ``strides`` are the names from before version 0.1, when what is left over at the border counted, too.
    """

    rank = 2
    pool = staticmethod(pool_2d)

    def __init__(
        self,
        incoming: Any,
        pool_size: Any = None,
        stride: Any = None,
        pad: Any = 0,
        ignore_border: bool | None = None,
        mode: str = "max",
        ds: Any = None,
        strides: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        if (pool_size is None) is (ds is None):
            raise TypeError(
                f"{type(self).__name__} takes a pool_size, formerly ds; received {pool_size}, {ds}"
            )
        ignore_border = ds is None if ignore_border is None else ignore_border
        stride = strides if stride is None else stride
        self.pool_size = as_tuple(ds if pool_size is None else pool_size, self.rank)
        self.stride = self.pool_size if stride is None else as_tuple(stride, self.rank)
        self.pad, self.ignore_border, self.mode = as_tuple(pad, self.rank), ignore_border, mode

    def get_output_shape_for(self, input_shape: Any) -> Any:
        parts = zip(input_shape[2:], self.pool_size, self.stride, self.pad, strict=True)
        return (*input_shape[:2], *(pool_output_length(*part, self.ignore_border) for part in parts))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.pool(
            input,
            ws=self.pool_size,
            stride=self.stride,
            ignore_border=self.ignore_border,
            pad=self.pad,
            mode=self.mode,
        )


class MaxPool2DLayer(Pool2DLayer):
    """The largest element of each window."""


class Pool1DLayer(Pool2DLayer):
    """The largest element or mean of each window of one axis."""

    rank = 1

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made = pool_2d(
            T.shape_padright(input, 1),
            ws=(self.pool_size[0], 1),
            stride=(self.stride[0], 1),
            ignore_border=self.ignore_border,
            pad=(self.pad[0], 0),
            mode=self.mode,
        )
        return made[:, :, :, 0]


class Pool3DLayer(Pool2DLayer):
    """The largest element or mean of each window of three axes."""

    rank = 3
    pool = staticmethod(pool_3d)


class MaxPool3DLayer(Pool3DLayer):
    """The largest element of each window."""


class MaxPool1DLayer(Pool1DLayer):
    """The largest element of each window."""


class Upscale2DLayer(Layer):
    """Every element so often along two axes."""

    rank = 2

    def __init__(self, incoming: Any, scale_factor: Any, mode: str = "repeat", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.scale_factor, self.mode = as_tuple(scale_factor, self.rank), mode
        if mode not in ("repeat", "dilate"):
            raise ValueError(f"mode must be one of 'repeat', 'dilate', received {mode!r}")

    def get_output_shape_for(self, input_shape: Any) -> Any:
        scaled = (
            None if n is None else n * f for n, f in zip(input_shape[2:], self.scale_factor, strict=True)
        )
        return (*input_shape[:2], *scaled)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made = input
        for axis, factor in enumerate(self.scale_factor, 2):
            made = T.repeat(made, factor, axis=axis)
        if self.mode == "dilate":
            for axis, factor in enumerate(self.scale_factor, 2):
                first = T.eq(T.arange(made.shape[axis]) % factor, 0)
                pattern = ["x"] * made.ndim
                pattern[axis] = 0  # type: ignore[call-overload]
                made = made * T.cast(first, input.dtype).dimshuffle(pattern)
        return made


class Upscale1DLayer(Upscale2DLayer):
    """Every element so often along one axis."""

    rank = 1


class Upscale3DLayer(Upscale2DLayer):
    """Every element so often along three axes."""

    rank = 3


class GlobalPoolLayer(Layer):
    """A function over all axes after the channels; the mean unless told otherwise."""

    def __init__(self, incoming: Any, pool_function: Any = T.mean, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.pool_function = pool_function

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return input_shape[:2]

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.pool_function(input.flatten(3), axis=2)


class _Groups(Layer):
    """What acts on groups of channels."""

    def __init__(self, incoming: Any, pool_size: int, axis: int = 1, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.pool_size, self.axis = pool_size, axis
        if self.input_shape[axis] % pool_size:
            raise ValueError(
                f"{self.input_shape[axis]} channels are no multiple of the pool size {pool_size}"
            )

    def _split(self, input: Any) -> Any:
        """The channels as two axes: groups, and places in a group."""
        lengths = [input.shape[k] for k in range(input.ndim)]
        lengths[self.axis : self.axis + 1] = [self.input_shape[self.axis] // self.pool_size, self.pool_size]
        return input.reshape(tuple(lengths), ndim=input.ndim + 1)


class FeaturePoolLayer(_Groups):
    """A function over groups of channels: the maximum (maxout) unless told otherwise."""

    def __init__(
        self, incoming: Any, pool_size: int, axis: int = 1, pool_function: Any = T.max, **options: Any
    ) -> None:
        super().__init__(incoming, pool_size, axis, **options)
        self.pool_function = pool_function

    def get_output_shape_for(self, input_shape: Any) -> Any:
        made = list(input_shape)
        made[self.axis] //= self.pool_size
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.pool_function(self._split(input), axis=self.axis + 1)


maxout = FeaturePoolLayer


class FeatureWTALayer(_Groups):
    """Of each group of channels only the largest stays, the others become 0."""

    def get_output_for(self, input: Any, **options: Any) -> Any:
        split = self._split(input)
        best = T.argmax(split, axis=self.axis + 1, keepdims=True)
        pattern: list[Any] = ["x"] * split.ndim
        pattern[self.axis + 1] = 0
        kept = T.eq(T.arange(self.pool_size).dimshuffle(pattern), best)
        return (split * kept).reshape(input.shape, ndim=input.ndim)


class SpatialPyramidPoolingLayer(Layer):
    """Pooling into grids of fixed size, whatever the size of the image: [N, C, the places of all grids]."""

    def __init__(
        self,
        incoming: Any,
        pool_dims: Any = (4, 2, 1),
        mode: str = "max",
        implementation: str = "fast",
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        if len(self.input_shape) != 4:
            raise ValueError(f"SpatialPyramidPoolingLayer: expected 4 axes, received {self.input_shape}")
        if None in self.input_shape[2:]:
            raise NotImplementedError(
                "SpatialPyramidPoolingLayer: the height and width of the image must be known"
            )
        self.pool_dims, self.mode = list(pool_dims), mode

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (*input_shape[:2], sum(n * n for n in self.pool_dims))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made = []
        for n in self.pool_dims:
            window = [-(-length // n) for length in self.input_shape[2:]]
            stride = [length // n for length in self.input_shape[2:]]
            pooled = pool_2d(input, ws=window, stride=stride, ignore_border=True, mode=self.mode)
            made.append(pooled[:, :, :n, :n].flatten(3))
        return T.concatenate(made, axis=2)
