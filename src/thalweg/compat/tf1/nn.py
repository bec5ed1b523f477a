"""``tf.nn``: networks' building blocks, each the main library's under TensorFlow's name and argument order."""

from __future__ import annotations

import math as _math
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, static_int, value, values, wrap, wrap_all
from thalweg.compat.tf1.math import log_sigmoid as log_sigmoid
from thalweg.compat.tf1.math import sigmoid as sigmoid
from thalweg.compat.tf1.math import tanh as tanh
from thalweg.ops import activation, contract, elementwise, index, reduce, sort
from thalweg.ops import random as core_random
from thalweg.ops import shape as shape_ops
from thalweg.ops.softmax import log_softmax as core_log_softmax
from thalweg.ops.softmax import softmax as core_softmax

# --- activations ----------------------------------------------------------------------------------------------------


def _activation(kind: str, fn: Any) -> Any:
    def apply(features: Any = None, name: str | None = None, **others: Any) -> Tensor:
        x = others.pop("x", features)
        return wrap(fn(value(x)), name, kind, [x])

    apply.__name__, apply.__doc__ = kind.lower(), f"{kind} of each element."
    return apply


relu = _activation("Relu", activation.relu)
relu6 = _activation("Relu6", activation.relu6)
elu = _activation("Elu", activation.elu)
selu = _activation("Selu", activation.selu)
softplus = _activation("Softplus", activation.softplus)
softsign = _activation("Softsign", activation.softsign)
swish = _activation("Swish", activation.silu)


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """x where positive, ``alpha`` x elsewhere."""
    return wrap(activation.leaky_relu(value(features), float(alpha)), name, "LeakyRelu", [features])


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """relu(x) and relu(-x) side by side."""
    x: Any = value(features)
    return wrap(
        shape_ops.concat([activation.relu(x), activation.relu(-x)], axis=axis), name, "CRelu", [features]
    )


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Exponentials over their sum, along ``axis`` (the last one by default)."""
    over = -1 if axis is None and dim is None else static_int(dim if axis is None else axis, "axis")
    return wrap(core_softmax(value(logits), over), name, "Softmax", [logits])


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """The logarithm of :func:`softmax`."""
    over = -1 if axis is None and dim is None else static_int(dim if axis is None else axis, "axis")
    return wrap(core_log_softmax(value(logits), over), name, "LogSoftmax", [logits])


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: Any = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Elements kept with probability ``keep_prob`` and divided by it; the others are 0."""
    t = value(x)
    if rate is not None:
        drop: Any = rate if isinstance(rate, (int, float)) else value(rate, x.dtype)
    elif isinstance(keep_prob, (int, float)):
        if not 0 < keep_prob <= 1:
            raise ValueError(
                f"keep_prob must be a scalar tensor or a float in the range (0, 1], got {keep_prob}"
            )
        drop = 1 - keep_prob
    else:
        kept = g.shaped_as(
            g.cast(value(keep_prob), t.dtype), ()
        )  # a scalar, also where the placeholder does not say so
        drop = 1.0 - kept  # type: ignore[operator]
    lengths = None
    if noise_shape is not None:
        dims = math.dims_of(noise_shape)
        if dims is None:
            raise ValueError("tf.nn.dropout: noise_shape must be made of known lengths and lengths of x")
        lengths = tuple(d if d == 1 else None for d in dims)
    return wrap(nn.dropout(t, drop, noise_shape=lengths, symbolic=True), name, "dropout", [x])


# --- convolution and pooling ----------------------------------------------------------------------------------------


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
    made = nn.conv2d(
        value(input),
        value(kernel),
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
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = (1,) * 5,
    name: str | None = None,
) -> Tensor:
    """Convolution of [N, D, H, W, C] with [KD, KH, KW, C, O]."""
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


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str = "NHWC",
) -> Tensor:
    """Each channel convolved on its own with [KH, KW, C, M]."""
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
    data_format: str = "NHWC",
) -> Tensor:
    """A depthwise convolution, then one of width 1."""
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
    from thalweg.ops.conv import conv_input_gradient

    x, kernel = g.value(input if value is None else value), g.value(filters if filter is None else filter)
    steps = _spatial(strides, data_format, 2)
    steps = (steps, steps) if isinstance(steps, int) else steps
    first = data_format == "NCHW"
    if first:
        x = shape_ops.permute_dims(x, (0, 2, 3, 1))
    like = math.filled(output_shape, 0.0, x.dtype)
    if first:
        like = shape_ops.permute_dims(like, (0, 2, 3, 1))
    like = _batch_of(like, x, kernel)
    made = conv_input_gradient(
        x,
        kernel,
        like,
        strides=steps,
        padding=_pairs(padding, like, kernel, steps, x),
        dilation=(1, 1),
        input_dilation=(1, 1),
        groups=1,
    )
    made = shape_ops.permute_dims(made, (0, 3, 1, 2)) if first else made
    return wrap(made, name, "conv2d_transpose", [value, filter])


def _batch_of(like: Any, x: Any, kernel: Any) -> Any:
    """The output's shape with the batch of x, of which no length is known before."""
    rest = tuple(like.shape[1:])
    if None in rest or like.shape[0] is not None:
        return like
    base = shape_ops.broadcast_to.build([g.core.constant(np.zeros((), like.dtype))], {"shape": (1, *rest)})
    ruler = shape_ops.iota_like(x, axis=0, dtype=np.dtype(np.int64))
    return shape_ops.broadcast_like(base, base + elementwise.astype(ruler * 0, like.dtype))


def _pairs(padding: str, like: Any, kernel: Any, steps: Any, x: Any) -> Any:
    """The zeros before and after each axis that the convolution with this transpose has."""
    if padding.upper() == "VALID":
        return ((0, 0), (0, 0))
    found = []
    for axis, step in zip((1, 2), steps, strict=True):
        size, width = like.shape[axis], kernel.shape[axis - 1]
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
        g.value(x),
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
        g.value(x),
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
    **options: Any,
) -> Tensor:
    """The largest element or the mean of each window of two axes."""
    fn = max_pool if pooling_type.upper() == "MAX" else avg_pool
    return fn(input, [1, *window_shape, 1], [1, *(strides or [1] * len(window_shape)), 1], padding, name=name)


def convolution(
    input: Any,
    filter: Any,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    **options: Any,
) -> Tensor:
    """The convolution of one, two or three axes, as many as the kernel has."""
    axes: Any = g.convert_to_tensor(filter).shape.ndims
    rank = axes - 2
    steps = list(strides or [1] * rank)
    if rank == 1:
        return conv1d(input, filter, steps[0], padding, name=name)
    if rank == 3:
        return conv3d(input, filter, [1, *steps, 1], padding, name=name)
    return conv2d(
        input, filter, [1, *steps, 1], padding, dilations=[1, *(dilation_rate or (1, 1)), 1], name=name
    )


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keep_dims: Any = False
) -> tuple[Tensor, Tensor]:
    """(mean, variance) over axes, each element so often."""
    w = math.multiply(frequency_weights, math.ones_like(x))
    total = math.reduce_sum(w, axes, keep_dims=True)
    mean = math.reduce_sum(w * x, axes, keep_dims=True) / total
    variance = math.reduce_sum(w * math.squared_difference(x, mean), axes, keep_dims=True) / total
    if not keep_dims:
        mean, variance = (math.squeeze(m, [int(a) for a in axes]) for m in (mean, variance))
    return mean, variance


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """A vector added over the channels."""
    return wrap(nn.bias_add(g.value(value), g.value(bias), data_format), name, "BiasAdd", [value, bias])


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``x @ weights + biases``."""
    return wrap(contract.matmul(value(x), value(weights)) + value(biases), name, "xw_plus_b", [x])  # type: ignore[operator]


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``relu(x @ weights + biases)``."""
    return relu(xw_plus_b(x, weights, biases), name)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """``x / (bias + alpha * s) ** beta``, s being the sum of squares over ``2 depth_radius + 1`` channels around."""
    x: Any = value(input)
    around = nn.avg_pool(
        shape_ops.expand_dims(
            shape_ops.reshape(shape_ops.permute_dims(x * x, (0, 1, 2, 3)), (-1, x.shape[3])), 2
        ),
        2 * depth_radius + 1,
        1,
        [(depth_radius, depth_radius)],
        count_padding=True,
    )
    total: Any = shape_ops.reshape_like(shape_ops.squeeze(around, 2), x) * float(2 * depth_radius + 1)  # type: ignore[operator]
    return wrap(x / elementwise.pow(bias + alpha * total, beta), name, "LRN", [input])


lrn = local_response_normalization


# --- normalisation --------------------------------------------------------------------------------------------------


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """(mean, variance) over axes."""
    over = math._axes(axes)
    made = nn.moments(value(x), over, bool(keep_dims or keepdims))
    mean, variance = wrap_all(list(made), name, "moments", [x])
    return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    m, v, s, o = (None if p is None else value(p) for p in (mean, variance, scale, offset))
    return wrap(nn.normalize(value(x), m, v, s, o, float(variance_epsilon)), name, "batchnorm", [x])


def batch_norm_with_global_normalization(
    t: Any,
    m: Any,
    v: Any,
    beta: Any,
    gamma: Any,
    variance_epsilon: float,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Tensor:
    """The older spelling of :func:`batch_normalization`."""
    return batch_normalization(
        t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name
    )


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> Any:
    """(y, mean, variance), with the batch's own moments when training."""
    axis = 1 if data_format == "NCHW" else -1
    if is_training:
        parts = nn.batch_norm_training(value(x), value(scale), value(offset), epsilon, axis)
    else:
        y = nn.batch_norm(value(x), value(mean), value(variance), value(scale), value(offset), epsilon, axis)
        parts = (y, value(mean), value(variance))
    return tuple(wrap_all(list(parts), name, "FusedBatchNorm", [x]))


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """x over its L2 norm along axes."""
    over = math._axes(dim if axis is None else axis)
    return wrap(nn.l2_normalize(value(x), over, epsilon), name, "l2_normalize", [x])


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares."""
    return wrap(nn.l2_loss(value(t)), name, "L2Loss", [t])


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of zeros."""
    zero = elementwise.equal(g.value(value), 0)
    return wrap(reduce.mean(elementwise.astype(zero, "float32")), name, "zero_fraction", [value])


# --- losses ---------------------------------------------------------------------------------------------------------


def softmax_cross_entropy_with_logits(
    _logits: Any = None,
    _labels: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
    axis: Any = None,
    _sentinel: Any = None,
) -> Tensor:
    """-sum(labels log softmax(logits)) for each row; by position (logits, labels), as before 1.0."""
    scores, targets = values(_logits if logits is None else logits, _labels if labels is None else labels)
    targets = g.cast(targets, scores.dtype)
    if None not in (targets.shape, scores.shape) and len(targets.shape) != len(scores.shape):  # type: ignore[arg-type]
        targets = shape_ops.reshape_like(targets, scores)  # rows are compared, however they are stacked
    made = nn.softmax_cross_entropy(scores, targets, axis=dim if axis is None else axis)
    return wrap(made, name, "SoftmaxCrossEntropyWithLogits", [logits, labels])


softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


def sparse_softmax_cross_entropy_with_logits(
    _logits: Any = None,
    _labels: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    _sentinel: Any = None,
) -> Tensor:
    """-log softmax(logits)[label] for each row; by position (logits, labels), as before 1.0."""
    scores = value(_logits if logits is None else logits)
    made = nn.sparse_softmax_cross_entropy(scores, value(_labels if labels is None else labels))
    return wrap(made, name, "SparseSoftmaxCrossEntropyWithLogits", [logits, labels])


def sigmoid_cross_entropy_with_logits(
    _logits: Any = None,
    _targets: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
    targets: Any = None,
    _sentinel: Any = None,
) -> Tensor:
    """The cross entropy of each element with its sigmoid; by position (logits, targets), as before 1.0."""
    wanted = next(t for t in (labels, targets, _targets) if t is not None)
    scores, wanted = values(_logits if logits is None else logits, wanted)
    made = nn.sigmoid_cross_entropy(scores, g.cast(wanted, scores.dtype))
    return wrap(made, name, "logistic_loss", [logits, labels])


def weighted_cross_entropy_with_logits(
    targets: Any = None,
    logits: Any = None,
    pos_weight: Any = 1.0,
    name: str | None = None,
    labels: Any = None,
) -> Tensor:
    """The sigmoid cross entropy with its positive term weighted."""
    scores, wanted = values(logits, labels if targets is None else targets)
    return wrap(
        nn.weighted_sigmoid_cross_entropy(scores, wanted, value(pos_weight)), name, "logistic_loss", [logits]
    )


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """exp(c) - z c for log rates c."""
    z, c = values(targets, log_input)
    return wrap(elementwise.exp(c) - z * c, name, "log_poisson_loss", [log_input])  # type: ignore[operator]


def _true_and_sampled(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    subtract_log_q: bool,
    remove_hits: bool,
) -> tuple[Any, Any]:
    """Logits of the true classes [batch, num_true] and of classes drawn log-uniformly [batch, num_sampled]."""
    w = value(weights if not isinstance(weights, (list, tuple)) else weights[0])
    b, x = value(biases), value(inputs)
    truth = shape_ops.reshape(g.cast(value(labels), "int64"), (-1, num_true))
    if sampled_values is None:
        drawn = log_uniform(num_sampled, num_classes)
        counts = [_expected(c, num_sampled, num_classes) for c in (truth, drawn)]
    else:
        drawn, *counts = [value(v) for v in sampled_values]
    rows: Any = index.take(w, truth, axis=0)
    true_logits: Any = reduce.sum(shape_ops.expand_dims(x, 1) * rows, axis=-1) + index.take(b, truth, axis=0)  # type: ignore[operator]
    chosen: Any = index.take(w, drawn, axis=0)
    sampled: Any = contract.matmul(x, contract.matrix_transpose(chosen)) + index.take(b, drawn, axis=0)  # type: ignore[operator]
    if remove_hits:
        hits = elementwise.equal(shape_ops.expand_dims(truth, -1), g.cast(drawn, "int64"))
        sampled = elementwise.where(reduce.any(hits, axis=1), -1e37, sampled)
    if subtract_log_q:
        true_logits = true_logits - g.cast(elementwise.log(counts[0]), true_logits.dtype)
        sampled = sampled - g.cast(elementwise.log(counts[1]), sampled.dtype)
    return true_logits, sampled


def log_uniform(num_sampled: int, range_max: int) -> Any:
    """Classes drawn with probability (log(k + 2) - log(k + 1)) / log(range_max + 1): frequent words come first.

    Drawn with replacement, where TensorFlow's default draws distinct ones.
    """
    u: Any = core_random.uniform((int(num_sampled),), dtype="float32", symbolic=True)
    k = elementwise.floor(elementwise.exp(u * _math.log(range_max + 1.0)) - 1.0)  # type: ignore[operator]
    return g.cast(elementwise.minimum(elementwise.maximum(k, 0.0), float(range_max - 1)), "int64")


def _expected(classes: Any, num_sampled: int, range_max: int) -> Any:
    k: Any = g.cast(classes, "float32")
    probability = (elementwise.log(k + 2.0) - elementwise.log(k + 1.0)) * (1 / _math.log(range_max + 1.0))  # type: ignore[operator]
    return probability * float(num_sampled)


def _in_order(labels: Any, inputs: Any) -> tuple[Any, Any]:
    """(labels, inputs), also when given as (inputs, labels), as before 1.0: labels are the integers."""
    if isinstance(labels, Tensor) and labels.dtype.is_floating and value(inputs).dtype.kind != "f":
        return inputs, labels
    return labels, inputs


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any = None,
    inputs: Any = None,
    num_sampled: Any = None,
    num_classes: Any = None,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation: the true class against drawn ones, each a logistic regression."""
    labels, inputs = _in_order(labels, inputs)
    true, sampled = _true_and_sampled(
        weights,
        biases,
        labels,
        inputs,
        int(num_sampled),
        int(num_classes),
        num_true,
        sampled_values,
        True,
        remove_accidental_hits,
    )
    gain: Any = reduce.sum(nn.sigmoid_cross_entropy(true, shape_ops.full_like(true, 1.0 / num_true)), axis=1)
    loss = gain + reduce.sum(nn.sigmoid_cross_entropy(sampled, shape_ops.full_like(sampled, 0.0)), axis=1)
    return wrap(loss, name, "nce_loss", [inputs])


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any = None,
    inputs: Any = None,
    num_sampled: Any = None,
    num_classes: Any = None,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
) -> Tensor:
    """The softmax cross entropy over the true classes and drawn ones."""
    labels, inputs = _in_order(labels, inputs)
    true, sampled = _true_and_sampled(
        weights,
        biases,
        labels,
        inputs,
        int(num_sampled),
        int(num_classes),
        num_true,
        sampled_values,
        True,
        remove_accidental_hits,
    )
    scores = shape_ops.concat([true, sampled], axis=1)
    wanted = shape_ops.concat(
        [shape_ops.full_like(true, 1.0 / num_true), shape_ops.full_like(sampled, 0.0)], axis=1
    )
    return wrap(nn.softmax_cross_entropy(scores, wanted), name, "sampled_softmax_loss", [inputs])


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """(drawn classes, expected counts of the true ones, of the drawn ones)."""
    drawn = log_uniform(num_sampled, range_max)
    parts = [
        drawn,
        _expected(value(true_classes), num_sampled, range_max),
        _expected(drawn, num_sampled, range_max),
    ]
    return tuple(wrap_all(parts, name, "LogUniformCandidateSampler"))


class TopK(NamedTuple):
    """The k largest elements and where they stand."""

    values: Tensor
    indices: Tensor


# --- embedding, ranking ---------------------------------------------------------------------------------------------


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """Rows of a table by number."""
    table = params
    if isinstance(params, (list, tuple)):
        table = params[0] if len(params) == 1 else math.concat(list(params), 0)
        if len(params) > 1 and partition_strategy == "mod":  # row k is in part k mod n
            parts = [p.get_shape()[0].value for p in params]
            first = np.cumsum([0, *parts[:-1]])
            order = [first[k % len(parts)] + k // len(parts) for k in range(sum(parts))]
            table = math.gather(table, np.array(order, np.int32))
    rows = nn.embedding_lookup(value(table), value(ids))
    if max_norm is not None:
        from thalweg.optimizers import clip_by_norm

        rows = clip_by_norm(rows, float(max_norm), -1)
    return wrap(rows, name, "embedding_lookup", [params, ids])


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k largest elements along the last axis and their indices."""
    found, places = sort.top_k(value(input), static_int(k, "k"))
    return TopK(*wrap_all([found, g.cast(places, "int32")], name, "TopKV2", [input]))


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether the target is among the k largest predictions of its row."""
    scores: Any = value(predictions)
    wanted = shape_ops.expand_dims(g.cast(value(targets), "int64"), -1)
    own = index.take_along_axis(scores, wanted, axis=-1)
    above = reduce.sum(elementwise.astype(elementwise.greater(scores, own), "int32"), axis=-1)
    return wrap(above < static_int(k, "k"), name, "InTopK", [predictions])  # type: ignore[operator]
