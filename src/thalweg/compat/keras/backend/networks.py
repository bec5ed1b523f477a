"""``keras.backend``: activations, losses, convolution, recurrence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import layers, losses, nn
from thalweg import metrics as _metrics
from thalweg.compat.keras.backend.arithmetic import clip, log
from thalweg.compat.keras.backend.settings import epsilon, normalize_data_format
from thalweg.compat.keras.backend.shapes import expand_dims, reshape, transpose
from thalweg.compat.keras.backend.values import cast, tensor, zeros_like
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.ops.elementwise import at_most
from thalweg.ops.public import names as _names

_ops = _names()


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above ``threshold``, at most ``max_value``; below it ``alpha * (x - threshold)``."""
    x = tensor(x)
    if threshold:
        above, below = _ops["where"](x > threshold, x, 0.0), nn.relu(threshold - x)
        above = nn.relu(above) if max_value is None else _ops["clip"](above, 0.0, max_value)
        return above - alpha * below
    y = nn.leaky_relu(x, alpha) if alpha else nn.relu(x)
    return y if max_value is None else at_most(y, max_value)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x))."""
    return nn.softmax(tensor(x), axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, ``alpha * (exp(x) - 1)`` elsewhere."""
    return nn.elu(tensor(x), alpha)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Elements dropped with probability ``level``, the others scaled."""
    return nn.dropout(tensor(x), level, noise_shape=noise_shape)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The cross entropy of each element."""
    target, output = tensor(target), tensor(output)
    if from_logits:
        return nn.sigmoid_cross_entropy(output, target)
    output = clip(output, epsilon(), 1.0 - epsilon())
    return -(target * log(output) + (1.0 - target) * log(1.0 - output))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The cross entropy of each row."""
    return losses.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether the target of each row is among its k greatest predictions."""
    found = _metrics.sparse_top_k_categorical_accuracy(tensor(targets), tensor(predictions), k)
    return cast(found, "bool")


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """The cross entropy of each row, targets being class numbers."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """The CTC loss of each example, [batch, 1]: of labels [batch, n], probabilities [batch, steps, classes] (the last
    class is the blank) and lengths [batch, 1].
    """
    p = tensor(y_pred)
    steps, count = (cast(reshape(tensor(n), (-1,)), "int64") for n in (input_length, label_length))
    cost = nn.ctc_loss(log(p + epsilon()), cast(tensor(y_true), "int64"), steps, count, p.shape[-1] - 1)
    return expand_dims(cost, 1)


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Any]:
    """The labels read out of probabilities [batch, steps, classes], filled up with -1, and minus their log probability.

    The greedy way takes the best class of every step; ``greedy=False`` searches among ``beam_width`` prefixes.
    """
    paths = 1 if greedy else top_paths
    lengths = cast(reshape(tensor(input_length), (-1,)), "int64")
    found, scores = nn.ctc_decode(
        log(tensor(y_pred) + epsilon()), lengths, 0 if greedy else beam_width, paths
    )
    steps = int(tensor(y_pred).shape[1])
    return [_filled_up(cast(found[k], "int64"), steps) for k in range(paths)], scores


def _filled_up(rows: Any, length: int) -> Any:
    """Rows of labels with -1 behind them, up to a length."""
    missing = length - int(rows.shape[1])
    return _ops["pad"](rows, [(0, 0), (0, missing)], constant_values=-1) if missing > 0 else rows


def bias_add(x: Any, bias: Any, data_format: Any = None) -> Any:
    """The tensor with a bias per channel, or one of [*places, channels] for every place.

    Where channels come first, the numbers of such a bias are read in their order as [channels, *places].
    """
    bias = tensor(bias)
    if bias.ndim < 2:
        return nn.bias_add(tensor(x), bias, data_format)
    first = normalize_data_format(data_format) == "channels_first"
    return tensor(x) + (reshape(bias, (bias.shape[-1], *bias.shape[:-1])) if first else bias)


def conv2d(
    x: Any, kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1), border_mode: str | None = None,
) -> Any:  # fmt: skip
    """Convolution of images, the kernel [height, width, in, out]."""
    return nn.conv(tensor(x), kernel, strides, border_mode or padding, data_format, dilation_rate)


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: int = 1,
) -> Any:
    """Convolution of sequences, the kernel [length, in, out]."""
    return nn.conv(tensor(x), kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any, kernel: Any, strides: Any = (1, 1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:  # fmt: skip
    """Convolution of volumes."""
    return nn.conv(tensor(x), kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """What turns :func:`conv2d`'s outputs back into ``output_shape``, which says what the strides left out."""
    steps = (strides, padding, data_format, dilation_rate)
    return _transposed_to("conv2d_transpose", output_shape, tensor(x), kernel, *steps)


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Convolution of each channel by itself."""
    return nn.depthwise_conv(tensor(x), depthwise_kernel, strides, padding, data_format, dilation_rate)


atrous_conv2d, deconv2d = conv2d, conv2d_transpose


def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """What turns :func:`conv3d`'s outputs back into ``output_shape``."""
    steps = (strides, padding, data_format, 1)
    return _transposed_to("conv3d_transpose", output_shape, tensor(x), kernel, *steps)


def _transposed_to(
    name: str, wanted: Any, x: Any, kernel: Any, strides: Any, padding: str, data_format: Any, rates: Any
) -> Any:
    """A transposed convolution whose outputs have this shape as far as it is said: that of inputs of the convolution.

    ``name``: what is called, for errors. Several lengths lead to the same one where a stride is above 1.
    """
    first, rank = data_format == "channels_first", x.ndim - 2
    places = slice(2, None) if first else slice(1, -1)
    told = list(wanted)[places] if isinstance(wanted, (list, tuple)) else []
    steps = np.broadcast_to(strides, rank).tolist(), np.broadcast_to(rates, rank).tolist()
    pads, extra = [], []
    for n, m, k, stride, rate in zip(x.shape[places], told, kernel.shape, *steps):
        if not isinstance(m, int) or n is None:
            break
        full = (n - 1) * stride + (k - 1) * rate + 1  # with no padding
        cut = max(full - m, 0) if padding == "same" else 0
        if not (-(-m // stride) == n if padding == "same" else full <= m < full + stride):
            raise fail(
                ShapeError, f"{name}: output_shape",
                expected=f"lengths whose convolution with these strides gives {list(x.shape[places])}",
                received=tuple(wanted),
            )  # fmt: skip
        pads.append((cut // 2, cut - cut // 2))
        extra.append(m - (full - cut))
    if len(pads) < rank:
        return nn.conv_transpose(x, kernel, strides, padding, data_format, rates)
    return nn.conv_transpose(x, kernel, strides, pads, data_format, rates, extra)


def separable_conv2d(
    x: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = 1, padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    """A convolution of each channel by itself, then one of width 1 over the channels."""
    given = (depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)
    return nn.separable_conv(tensor(x), *given)


separable_conv1d = separable_conv2d


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: Any = None) -> Any:
    """A convolution with a kernel [length * channels, filters] for every place: ``kernel`` [places, ...]."""
    return layers.locally_connected(tensor(inputs), kernel, kernel_size, strides, data_format)


def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Any,
    strides: Any,
    output_shape: Any = None,
    data_format: Any = None,
) -> Any:
    """A convolution with a kernel [rows * columns * channels, filters] for every place."""
    return layers.locally_connected(tensor(inputs), kernel, kernel_size, strides, data_format)


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Zeros around images."""
    return layers.ZeroPadding2D(padding, data_format=data_format)(x)


def asymmetric_spatial_2d_padding(
    x: Any,
    top_pad: int = 1,
    bottom_pad: int = 1,
    left_pad: int = 1,
    right_pad: int = 1,
    dim_ordering: Any = None,
) -> Any:
    """Zeros around images, as many as told on each side."""
    data_format = {"th": "channels_first", "tf": "channels_last"}.get(dim_ordering, dim_ordering)
    return spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), data_format)


def spatial_3d_padding(x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Zeros around volumes."""
    return layers.ZeroPadding3D(padding, data_format=data_format)(x)


def asymmetric_temporal_padding(x: Any, left_pad: int = 1, right_pad: int = 1) -> Any:
    """Zeros before and after the steps."""
    return temporal_padding(x, (left_pad, right_pad))


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Zeros before and after the steps."""
    return layers.ZeroPadding1D(padding)(x)


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: Any = None, interpolation: str = "nearest"
) -> Any:
    """Every pixel ``height_factor x width_factor`` times, or what lies between them: "bilinear"."""
    size = (height_factor, width_factor)
    return layers.UpSampling2D(size, data_format=data_format, interpolation=interpolation)(x)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: Any = None
) -> Any:
    """Every element ``depth_factor x height_factor x width_factor`` times."""
    return layers.UpSampling3D((depth_factor, height_factor, width_factor), data_format=data_format)(x)


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """The tensor with mean ``beta`` and deviation ``gamma`` over the axes, its own mean and its own variance."""
    x = tensor(x)
    axes = tuple(a % x.ndim for a in reduction_axes)
    mean, variance = _ops["mean"](x, axis=axes), _ops["var"](x, axis=axes)
    shape = tuple(1 if a in axes else -1 for a in range(x.ndim))

    def along(v: Any) -> Any:
        return v if v is None or shape.count(-1) > 1 else reshape(v, shape)

    y = (x - along(mean)) / _ops["sqrt"](along(variance) + epsilon)
    y = y if gamma is None else y * along(tensor(gamma))
    return (y if beta is None else y + along(tensor(beta))), mean, variance


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """gamma * (x - mean) / sqrt(var + epsilon) + beta."""
    return nn.batch_norm(tensor(x), mean, var, gamma, beta, epsilon, axis)


def rnn(
    step_function: Callable[[Any, Any], Any], inputs: Any, initial_states: Sequence[Any], go_backwards: bool = False,
    mask: Any = None, constants: Any = None, unroll: bool = False, input_length: Any = None,
) -> tuple[Any, Any, list[Any]]:  # fmt: skip
    """The last output, the outputs [batch, steps, ...] and the last states of ``step(x, states) -> (y, states)``.

    Where ``mask`` [batch, steps] is False, states and output stay as they were.
    """
    steps = {"x": _ops["swapaxes"](tensor(inputs), 0, 1)}
    if mask is not None:
        steps["mask"] = expand_dims(transpose(tensor(mask)), -1)
    fixed, states = list(constants or []), [tensor(s) for s in initial_states]

    def body(carry: Any, now: Any) -> Any:
        last, old = carry
        y, new = step_function(now["x"], [*old, *fixed])
        if mask is not None:
            new = [_ops["where"](now["mask"], n, o) for n, o in zip(new, old)]
            y = _ops["where"](now["mask"], y, last)
        return (y, list(new)), y

    first = step_function(steps["x"][0], [*states, *fixed])[0]
    (last, after), ys = _ops["scan"](body, (zeros_like(first), states), steps, reverse=go_backwards)
    ys = _ops["flip"](ys, axis=0) if go_backwards else ys
    return last, _ops["swapaxes"](ys, 0, 1), list(after)


def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """The greatest element or the mean of each window."""
    if pool_mode not in ("max", "avg"):
        raise fail(ArgumentError, "pool2d: pool_mode", expected="max or avg", received=repr(pool_mode))
    pool = nn.max_pool if pool_mode == "max" else nn.avg_pool
    return pool(tensor(x), pool_size, strides, padding, data_format)


pool3d = pool2d
