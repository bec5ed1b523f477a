"""Convolution and pooling."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.names import inner, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, values, wrap, wrap_all
from thalweg.compat.tf1.lengths import filled
from thalweg.compat.tf1.random import keyed
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops
from thalweg.ops.conv import conv_input_gradient


def _spatial(sizes: Any, data_format: str | None, rank: int) -> Any:
    """The numbers for the spatial axes out of one for each axis."""
    if isinstance(sizes, (int, np.integer)):
        return int(sizes)
    sizes = [int(s) for s in g.static_value(sizes)]
    if len(sizes) == 1:
        return sizes[0]
    if len(sizes) == rank:
        return tuple(sizes)
    first = data_format is not None and data_format.startswith("NC")
    return tuple(sizes[2:] if first else sizes[1:-1])


def _pictures(x: Any, channels: Any = None) -> Any:
    """Pictures have four axes, also those of which only a run knows it."""
    t = value(x)
    return t if t.shape is not None else g.shaped_as(t, (None, None, None, channels))


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolution of [N, H, W, C] with [KH, KW, C, O]."""
    kernel = filters if filter is None else filter
    w = values(input, kernel)[1]  # arrays are of the images' dtype
    made = nn.conv2d(
        _pictures(input, w.shape[2] if w.shape is not None and data_format == "NHWC" else None),
        w,
        _spatial(strides, data_format, 2),
        _padding(padding),
        data_format,
        _spatial(dilations, data_format, 2),
    )
    return wrap(made, name, "Conv2D", [input, kernel])


def _padding(padding: Any) -> Any:
    return padding.upper() if isinstance(padding, str) else [tuple(p) for p in padding[1:-1]]


def conv1d(
    value: Any,
    filters: Any,
    stride: Any = 1,
    padding: Any = "VALID",
    use_cudnn_on_gpu: Any = None,
    data_format: Any = None,
    name: str | None = None,
) -> Tensor:
    """Convolution of [N, W, C] with [K, C, O]."""
    layout = "NWC" if data_format in (None, "NHWC", "NWC") else "NCW"
    made = nn.conv1d(g.value(value), g.value(filters), _spatial(stride, layout, 1), padding.upper(), layout)
    return wrap(made, name, "Conv1D", [value, filters])


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = (1,) * 5,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """Convolution of [N, D, H, W, C] with [KD, KH, KW, C, O]."""
    filter = filters if filter is None else filter
    made = nn.conv3d(
        value(input),
        value(filter),
        _spatial(strides, data_format, 3),
        padding.upper(),
        data_format,
        _spatial(dilations, data_format, 3),
    )
    return wrap(made, name, "Conv3D", [input, filter])


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: str, name: str | None = None) -> Tensor:
    """Convolution with filters whose elements stand ``rate`` apart."""
    made = nn.conv2d(g.value(value), g.value(filters), 1, padding.upper(), dilation=int(rate))
    return wrap(made, name, "AtrousConv2D", [value, filters])


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: str, name: str | None = None
) -> Tensor:
    """The gradient by its input of :func:`atrous_conv2d`, of the given output shape; filters are [KH, KW, O, C]."""
    steps = (int(rate), int(rate))
    made = _input_gradient(g.value(value), g.value(filters), output_shape, (1, 1), padding, steps)
    return wrap(made, name, "AtrousConv2DTranspose", [value, filters])


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: Any = "NHWC",
    dilations: Any = None,
) -> Tensor:
    """Each channel convolved on its own with [KH, KW, C, M]."""
    rate, data_format = dilations if rate is None else rate, data_format or "NHWC"
    made = nn.depthwise_conv(
        value(input),
        value(filter),
        _spatial(strides, data_format, 2),
        padding.upper(),
        data_format,
        rate or 1,
    )
    return wrap(made, name, "DepthwiseConv2D", [input, filter])


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: Any = "NHWC",
    dilations: Any = None,
) -> Tensor:
    """A depthwise convolution, then one of width 1."""
    rate, data_format = dilations if rate is None else rate, data_format or "NHWC"
    made = nn.separable_conv(
        value(input),
        value(depthwise_filter),
        value(pointwise_filter),
        _spatial(strides, data_format, 2),
        padding.upper(),
        data_format,
        rate or 1,
    )
    return wrap(made, name, "SeparableConv2D", [input])


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
) -> Tensor:
    """The gradient of a convolution by its input, of the given output shape; filters are [KH, KW, O, C]."""
    x, kernel = g.value(input if value is None else value), g.value(filters if filter is None else filter)
    steps = _spatial(strides, data_format, 2)
    steps = (steps, steps) if isinstance(steps, int) else steps
    made = _input_gradient(x, kernel, output_shape, steps, padding, (1, 1), data_format == "NCHW")
    return wrap(made, name, "conv2d_transpose", [value, filter, output_shape])


def _input_gradient(
    x: Any, kernel: Any, output_shape: Any, steps: Any, padding: str, rates: Any, first: bool = False
) -> Any:
    """The gradient of a convolution by its input, of that input's shape."""
    if first:
        x = shape_ops.permute_dims(x, (0, 2, 3, 1))
    like = filled(output_shape, 0.0, x.dtype)
    if first:
        like = shape_ops.permute_dims(like, (0, 2, 3, 1))
    like = _batch_of(like, x, kernel)
    _check_lengths(like, x, kernel, steps, rates, padding)
    pads = _pairs(padding, like, kernel, steps, rates)
    made = conv_input_gradient(
        x, kernel, like, strides=steps, padding=pads, dilation=rates, input_dilation=(1, 1), groups=1
    )
    return shape_ops.permute_dims(made, (0, 3, 1, 2)) if first else made


def _check_lengths(like: Any, x: Any, kernel: Any, steps: Any, rates: Any, padding: str) -> None:
    """ValueError where the convolution of what has the output's shape would not have that of x."""
    for axis, (step, rate) in enumerate(zip(steps, rates, strict=True), 1):
        lengths = [
            t.shape[k] if t.shape is not None else None
            for t, k in ((like, axis), (x, axis), (kernel, axis - 1))
        ]
        if None in lengths:
            continue
        wanted, given, size = (int(n) for n in lengths if n is not None)
        covered = wanted if padding.upper() == "SAME" else wanted - (size - 1) * rate
        if -(-covered // step) != given:
            raise ValueError(
                f"conv2d_transpose: an output of length {wanted} on axis {axis} is made of {-(-covered // step)} "
                f"steps of {step} ({padding}); the input has {given}"
            )


deconv2d = conv2d_transpose  # before 0.6


def conv2d_backprop_input(
    input_sizes: Any = None,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The gradient of a convolution by its input, of the sizes of that input."""
    only("tf.nn.conv2d_backprop_input", "dilations", tuple(dilations), (1, 1, 1, 1))
    kernel = filters if filter is None else filter
    return conv2d_transpose(out_backprop, kernel, input_sizes, strides, padding, data_format, name)


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of a convolution by its filter, of the sizes of that filter."""
    from thalweg.compat.tf1 import math

    x = g.convert_to_tensor(input)
    filters = math.zeros(filter_sizes, x.dtype)  # the convolution is linear in it
    made = conv2d(x, filters, strides=strides, padding=padding, data_format=data_format, dilations=dilations)
    return math.identity(math.gradients(made, filters, out_backprop)[0], name)


def _batch_of(like: Any, x: Any, kernel: Any) -> Any:
    """The output's shape with the batch of x, of which no length is known before."""
    rest = tuple(like.shape[1:])
    if None in rest or like.shape[0] is not None:
        return like
    base = shape_ops.broadcast_to.build([g.core.constant(np.zeros((), like.dtype))], {"shape": (1, *rest)})
    ruler = shape_ops.iota_like(x, axis=0, dtype=np.dtype(np.int64))
    return shape_ops.broadcast_like(base, base + elementwise.astype(ruler * 0, like.dtype))


def _pairs(padding: str, like: Any, kernel: Any, steps: Any, rates: Any) -> Any:
    """The zeros before and after each axis that the convolution with this transpose has."""
    if padding.upper() == "VALID":
        return ((0, 0), (0, 0))
    found = []
    for axis, step, rate in zip((1, 2), steps, rates, strict=True):
        size, width = like.shape[axis], (kernel.shape[axis - 1] - 1) * rate + 1
        total = max((-(-size // step) - 1) * step + width - size, 0)
        found.append((total // 2, total - total // 2))
    return tuple(found)


def max_pool(
    value: Any = None,
    ksize: Any = None,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The largest element of each window."""
    x = input if value is None else value
    made = nn.max_pool(
        _pictures(x),
        _spatial(ksize, data_format, 2),
        _spatial(strides, data_format, 2),
        padding.upper(),
        data_format,
    )
    return wrap(made, name, "MaxPool", [x])


def avg_pool(
    value: Any = None,
    ksize: Any = None,
    strides: Any = None,
    padding: str = "VALID",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean of each window; padding is not counted."""
    x = input if value is None else value
    made = nn.avg_pool(
        _pictures(x),
        _spatial(ksize, data_format, 2),
        _spatial(strides, data_format, 2),
        padding.upper(),
        data_format,
    )
    return wrap(made, name, "AvgPool", [x])


def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NDHWC", name: str | None = None
) -> Tensor:
    """The largest element of each window of three axes."""
    made = nn.max_pool(
        value(input),
        _spatial(ksize, data_format, 3),
        _spatial(strides, data_format, 3),
        padding.upper(),
        data_format,
    )
    return wrap(made, name, "MaxPool3D", [input])


def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NDHWC", name: str | None = None
) -> Tensor:
    """The mean of each window of three axes."""
    made = nn.avg_pool(
        value(input),
        _spatial(ksize, data_format, 3),
        _spatial(strides, data_format, 3),
        padding.upper(),
        data_format,
    )
    return wrap(made, name, "AvgPool3D", [input])


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The largest element or the mean of each window of one, two or three axes."""
    rates = dilation_rate if dilations is None else dilations
    steps = 1 if strides is None else strides
    given = (value(input), window_shape, steps, padding.upper(), data_format)
    if pooling_type.upper() == "MAX":
        return wrap(nn.max_pool(*given, 1 if rates is None else rates), name, "MaxPool", [input])
    if rates is not None and np.any(np.asarray(rates) != 1):
        only("tf.nn.pool of means", "dilation_rate", rates)
    return wrap(nn.avg_pool(*given), name, "AvgPool", [input])


def convolution(
    input: Any,
    filter: Any = None,
    padding: str = "VALID",
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution of one, two or three axes, as many as the kernel has."""
    kernel = filter if filters is None else filters
    rates = dilation_rate if dilations is None else dilations
    steps, rates = (1 if given is None else given for given in (strides, rates))
    made = nn.conv(value(input), value(kernel), steps, padding.upper(), data_format, rates)
    return wrap(made, name, "convolution", [input, kernel])


def conv3d_transpose(
    value: Any,
    filter: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """The gradient of a convolution of three axes by its input; filters are [KD, KH, KW, O, C]."""
    wanted = g.static_value(output_shape)
    steps = _spatial(strides, data_format, 3)
    made = nn.conv3d_transpose(g.value(value), g.value(filter), steps, padding.upper(), data_format)
    if wanted is not None:
        made = g.shaped_as(made, tuple(int(d) for d in wanted))
    return wrap(made, name, "conv3d_transpose", [value, filter])


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The gradient of a convolution of one axis by its input; filters are [K, O, C]."""
    only("tf.nn.conv1d_transpose", "dilations", dilations)
    made = conv2d_transpose(
        math.expand_dims(input, 1),
        math.expand_dims(filters, 0),
        math.stack([output_shape[0], 1, output_shape[1], output_shape[2]]),
        [1, 1, _spatial(strides, data_format, 1), 1],
        padding,
    )
    return math.squeeze(made, [1], name)


def max_pool_with_argmax(
    input: Any, ksize: Any, strides: Any, padding: str, Targmax: Any = "int64", name: str | None = None
) -> tuple[Tensor, Tensor]:
    """(the largest element of each window, its place in the flattened picture)."""
    x = g.convert_to_tensor(input)
    height, width, channels = (
        g.static_int(n, "the size of the pictures") for n in x.get_shape().as_list()[1:]
    )
    place: Any = np.arange(height * width * channels, dtype=np.float32).reshape(1, height, width, channels)
    size, steps = [int(n) for n in ksize[1:3]], [int(n) for n in strides]
    kernel = np.eye(size[0] * size[1], dtype=np.float32).reshape(size[0], size[1], 1, size[0] * size[1])
    pooled = max_pool(x, ksize, strides, padding)

    def windows(t: Any, outside: float) -> Any:
        """[batch, height, width, channels, window]; ``outside`` where a window leaves the picture."""
        many = depthwise_conv2d(t, np.tile(kernel, (1, 1, channels, 1)), steps, padding)
        inside = depthwise_conv2d(math.ones_like(t), np.tile(kernel, (1, 1, channels, 1)), steps, padding)
        lengths = [-1, *pooled.get_shape().as_list()[1:], size[0] * size[1]]
        return math.where(
            math.reshape(math.greater(inside, 0.5), lengths),
            math.reshape(many, lengths),
            math.zeros_like(math.reshape(many, lengths)) + outside,
        )

    best = math.argmax(windows(x, -3e38), -1)
    places = windows(math.zeros_like(x) + place, 0.0)
    chosen = math.reduce_sum(places * math.one_hot(best, size[0] * size[1]), -1)
    return pooled, math.cast(chosen, Targmax)


@inner
class FractionalPool(NamedTuple):
    """What fractional pooling gives, and between which rows and columns its windows lie."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


def _fractional(kind: str, average: bool) -> Any:
    def pool(
        value: Any, pooling_ratio: Any, pseudo_random: bool = False, overlapping: bool = False,
        deterministic: bool = False, seed: int = 0, seed2: int = 0, name: str | None = None,
    ) -> FractionalPool:  # fmt: skip
        x = g.convert_to_tensor(value)
        ratios = [float(r) for r in pooling_ratio]
        if len(ratios) != 4 or min(ratios) < 1 or (ratios[0], ratios[3]) != (1, 1):
            raise ValueError(
                f"tf.nn.{kind}: pooling_ratio should be four numbers of at least 1, the first and the last 1, "
                f"received {list(pooling_ratio)}"
            )
        bounds = []
        for axis in (1, 2):
            length = g.static_int(x.get_shape()[axis].value, "the size of the pictures")
            own = seed or seed2 or (1 if deterministic else None)
            key = keyed(None if own is None else 2 * own + axis)
            count = int(length / ratios[axis])
            bounds.append(nn.pooling_sequence(length, count, pseudo_random, key=key, symbolic=True))
        rows, columns = bounds
        made = nn.fractional_pool(x.t, rows, columns, average, overlapping)
        return FractionalPool(*wrap_all([made, *bounds], name, kind))

    what = "Means" if average else "Greatest numbers"
    pool.__doc__ = f"{what} of windows of random lengths: the pictures shrink by ratios."
    return pool


fractional_max_pool = _fractional("fractional_max_pool", False)
fractional_avg_pool = _fractional("fractional_avg_pool", True)
max_pool2d, avg_pool2d = max_pool, avg_pool


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """:func:`depthwise_conv2d`, its rates one for each axis."""
    rate = _spatial(dilations, data_format, 2)
    return depthwise_conv2d(input, filter, strides, padding, rate, name, data_format)


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC", name: Any = None
) -> Tensor:
    """The largest element of each window of one axis."""
    size, step = (_spatial(n, data_format, 1) for n in (ksize, strides))
    return math.squeeze(
        max_pool(math.expand_dims(input, 1), [1, 1, size, 1], [1, 1, step, 1], padding), [1], name
    )


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str = "NWC", name: Any = None
) -> Tensor:
    """The mean of each window of one axis."""
    size, step = (_spatial(n, data_format, 1) for n in (ksize, strides))
    return math.squeeze(
        avg_pool(math.expand_dims(input, 1), [1, 1, size, 1], [1, 1, step, 1], padding), [1], name
    )
