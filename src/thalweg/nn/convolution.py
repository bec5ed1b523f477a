"""Convolution and pooling under their usual names, channels last or first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, shape_text
from thalweg.ops import conv as conv_ops
from thalweg.ops import pool as pool_ops
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import add
from thalweg.ops.families import to_numbers

__all__ = [
    "avg_pool", "bias_add", "conv", "conv1d", "conv1d_transpose", "conv2d", "conv2d_transpose", "conv3d",
    "conv3d_transpose", "conv_transpose", "depthwise_conv", "global_avg_pool", "global_max_pool", "max_pool",
    "separable_conv",
]  # fmt: skip

_LAST = ("channels_last", "NWC", "NHWC", "NDHWC")
_FIRST = ("channels_first", "NCW", "NCHW", "NCDHW")


def channels_first(data_format: str | None) -> bool:
    """Whether a data format names the channels before the spatial axes; None is channels last."""
    if data_format is None or data_format in _LAST:
        return False
    if data_format in _FIRST:
        return True
    raise fail(ArgumentError, "data_format", expected=", ".join(_LAST + _FIRST), received=repr(data_format))


def _with_format(x: Any, data_format: str | None, apply: Callable[[Any], Any]) -> Tensor:
    """``apply`` sees channels last; its result is turned back."""
    (x,) = convert_operands([x])
    if not channels_first(data_format):
        return apply(x)
    rank = x.ndim
    y = apply(shape_ops.permute_dims(x, (0, *range(2, rank), 1)))
    return shape_ops.permute_dims(y, (0, rank - 1, *range(1, rank - 1))) if y.ndim == rank else y


def _checked(x: Any, rank: int, name: str) -> Tensor:
    (x,) = convert_operands([x])
    if x.ndim != rank + 2:
        raise fail(ShapeError, f"{name}: x", expected=f"{rank + 2} axes (batch, {rank} spatial, channels)",
                   received=shape_text(x.shape))  # fmt: skip
    return x


def conv(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution over any number of spatial axes; filters are [*K, C / groups, O] in both data formats.

    ``padding``: "VALID", "SAME", "CAUSAL" (1-D), an int or pairs. See :func:`thalweg.ops.conv.conv` for the formula.

    >>> conv([[[1.0], [2.0], [3.0]]], [[[1.0]], [[10.0]]]).tolist()
    [[[21.0], [32.0]]]
    """

    def apply(image: Any) -> Tensor:
        return conv_ops.conv(
            image, filters, strides=strides, padding=padding, dilation=dilation, groups=groups
        )

    return _with_format(x, data_format, apply)


def conv1d(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """:func:`conv` of [N, W, C] with [K, C / groups, O].

    >>> conv1d([[[1.0], [2.0]]], [[[2.0]]]).tolist()
    [[[2.0], [4.0]]]
    """
    return conv(_checked(x, 1, "conv1d"), filters, strides, padding, data_format, dilation, groups)


def conv2d(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """:func:`conv` of [N, H, W, C] with [KH, KW, C / groups, O].

    >>> conv2d([[[[1.0], [2.0]]]], [[[[2.0]]]]).tolist()
    [[[[2.0], [4.0]]]]
    """
    return conv(_checked(x, 2, "conv2d"), filters, strides, padding, data_format, dilation, groups)


def conv3d(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """:func:`conv` of [N, D, H, W, C] with [KD, KH, KW, C / groups, O].

    >>> conv3d([[[[[1.0]]]]], [[[[[2.0]]]]]).tolist()
    [[[[[2.0]]]]]
    """
    return conv(_checked(x, 3, "conv3d"), filters, strides, padding, data_format, dilation, groups)


def conv_transpose(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    output_padding: Any = 0,
) -> Tensor:
    """Transposed convolution; filters are [*K, O, C]. See :func:`thalweg.ops.conv.conv_transpose` for the lengths.

    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).tolist()
    [[[1.0], [10.0], [2.0], [20.0]]]
    """

    def apply(image: Any) -> Tensor:
        return conv_ops.conv_transpose(image, filters, strides, padding, dilation, output_padding)

    return _with_format(x, data_format, apply)


conv1d_transpose = conv2d_transpose = conv3d_transpose = conv_transpose


def depthwise_conv(
    x: Any,
    filters: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
) -> Tensor:
    """Each channel convolved on its own; filters are [*K, C, M], the result has C * M channels.

    >>> depthwise_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]]).tolist()
    [[[3.0, 8.0]]]
    """
    return _with_format(
        x, data_format, lambda v: conv_ops.depthwise_conv(v, filters, strides, padding, dilation)
    )


def separable_conv(
    x: Any,
    depthwise: Any,
    pointwise: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
) -> Tensor:
    """A depthwise convolution [*K, C, M], then a 1-wide one [*1, C * M, O].

    >>> separable_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]], [[[1.0], [10.0]]]).tolist()
    [[[83.0]]]
    """

    def apply(image: Any) -> Tensor:
        return conv_ops.separable_conv(image, depthwise, pointwise, strides, padding, dilation)

    return _with_format(x, data_format, apply)


def max_pool(
    x: Any,
    window: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilation: Any = 1,
    ties: str = "first",
) -> Tensor:
    """The largest element of each window; ``strides`` is the window unless given.

    The gradient goes to the first of several largest elements, in row-major order of the window; with ``ties="all"``
    the whole of it goes to each of them.

    >>> max_pool([[[1.0], [3.0]]], 2).tolist()
    [[[3.0]]]
    """
    return _with_format(
        x, data_format, lambda v: pool_ops.max_pool(v, window, strides, padding, dilation, ties)
    )


def avg_pool(
    x: Any,
    window: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    count_padding: bool = False,
) -> Tensor:
    """The mean of each window, in which padding is not counted unless ``count_padding``.

    >>> avg_pool([[[1.0], [3.0]]], 2).tolist()
    [[[2.0]]]
    """
    return _with_format(
        x, data_format, lambda v: pool_ops.avg_pool(v, window, strides, padding, 1, count_padding)
    )


def global_max_pool(x: Any, data_format: str | None = None, keepdims: bool = False) -> Tensor:
    """The largest element over all spatial axes: [N, C].

    >>> global_max_pool([[[1.0], [3.0]]]).tolist()
    [[3.0]]
    """
    return _with_format(x, data_format, lambda v: pool_ops.global_max_pool(v, keepdims))


def global_avg_pool(x: Any, data_format: str | None = None, keepdims: bool = False) -> Tensor:
    """The mean over all spatial axes: [N, C].

    >>> global_avg_pool([[[1.0], [3.0]]]).tolist()
    [[2.0]]
    """
    return _with_format(x, data_format, lambda v: pool_ops.global_avg_pool(v, keepdims))


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Tensor:
    """x plus a vector over its channels.

    >>> bias_add([[1.0, 2.0]], [10.0, 20.0]).tolist()
    [[11.0, 22.0]]
    """
    x, bias = to_numbers(convert_operands([x, bias]), {})[0]
    if bias.ndim != 1:
        raise fail(
            ShapeError,
            "bias_add: bias",
            expected="a vector over the channels",
            received=shape_text(bias.shape),
        )
    if channels_first(data_format) and x.ndim > 2:
        bias = shape_ops.expand_dims(bias, tuple(range(1, x.ndim - 1)))
    return add(x, bias)
