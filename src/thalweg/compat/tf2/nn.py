"""``tf.nn``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.names import Namespace, described, inner, only
from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.random import log_uniform_candidate_sampler, seeded_key, stateless_uniform
from thalweg.compat.tf2.values import axes, cast, filled, lengths, number, pair, spatial, tensor
from thalweg.ops import elementwise
from thalweg.ops.conv import conv_input_gradient
from thalweg.ops.geometry import normal_padding
from thalweg.ops.shape import permute_dims

# --- activations ----------------------------------------------------------------------------------------------------


def _activation(op: Callable[..., Any]) -> Callable[..., Any]:
    def apply(features: Any, name: str | None = None) -> Any:
        return op(tensor(features))

    apply.__name__, apply.__doc__ = op.__name__, described(op)
    return apply


relu, relu6, elu, selu = (_activation(op) for op in (nn.relu, nn.relu6, nn.elu, nn.selu))
softplus, softsign = _activation(nn.softplus), _activation(nn.softsign)


def silu(features: Any, beta: float = 1.0) -> Any:
    """x sigmoid(beta x)."""
    x = tensor(features)
    return nn.silu(x) if beta == 1 else x * nn.sigmoid(x * beta)


swish = silu


def gelu(features: Any, approximate: bool = False, name: Any = None) -> Any:
    """x Phi(x), or its approximation by tanh."""
    return nn.gelu(tensor(features), approximate=approximate)


def leaky_relu(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
    """x where positive, ``alpha * x`` elsewhere."""
    return nn.leaky_relu(tensor(features), alpha)


def crelu(features: Any, axis: int = -1, name: Any = None) -> Any:
    """relu(x) beside relu(-x)."""
    from thalweg.ops.joining import concat

    x: Any = tensor(features)
    return nn.relu(concat([x, -x], axis=axis))


# --- losses ---------------------------------------------------------------------------------------------------------


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: Any = None) -> Any:
    """The cross entropy of each row, labels being distributions."""
    x = tensor(logits)
    return nn.softmax_cross_entropy(x, pair(x, cast(labels, x.dtype))[1], axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: Any = None) -> Any:
    """The cross entropy of each row, labels being class numbers."""
    return nn.sparse_softmax_cross_entropy(tensor(logits), cast(labels, "int64"))


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: Any = None) -> Any:
    """The cross entropy of each element."""
    x = tensor(logits)
    return nn.sigmoid_cross_entropy(x, cast(labels, x.dtype))


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: Any = None) -> Any:
    """The cross entropy of each element, the positive ones weighted."""
    x = tensor(logits)
    return nn.weighted_sigmoid_cross_entropy(x, cast(labels, x.dtype), pos_weight)


def l2_loss(t: Any, name: Any = None) -> Any:
    """sum(t ** 2) / 2."""
    return nn.l2_loss(tensor(t))


# --- layers ---------------------------------------------------------------------------------------------------------


def bias_add(value: Any, bias: Any, data_format: Any = None, name: Any = None) -> Any:
    """A number added to each channel."""
    return nn.bias_add(*pair(value, bias, "BiasAdd"), data_format or "NHWC")


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: Any = None) -> Any:
    """Elements set to 0 with probability ``rate``, the others divided by ``1 - rate``."""
    shape = None if noise_shape is None else lengths(noise_shape)
    return nn.dropout(tensor(x), number(rate), noise_shape=shape, key=seeded_key(seed))


def _convolution(rank: int) -> Callable[..., Any]:
    form = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[rank]

    def conv(
        input: Any,
        filters: Any,
        strides: Any = 1,
        padding: Any = "VALID",
        data_format: str | None = None,
        dilations: Any = None,
        name: Any = None,
        stride: Any = None,
    ) -> Any:
        """A convolution; the filters are [lengths..., channels in, channels out]."""
        x, w = pair(input, filters, "Conv2D")
        order = data_format or form
        steps = spatial(strides if stride is None else stride, rank, order)
        spread = spatial(1 if dilations is None else dilations, rank, order)
        return nn.conv(x, w, steps, _padding(padding, order), order, dilation=spread)

    conv.__name__ = f"conv{rank}d"
    return conv


def _padding(padding: Any, order: str) -> Any:
    """ "SAME", "VALID", or pairs for the spatial axes."""
    if isinstance(padding, str):
        return padding.upper()
    pairs = [tuple(int(n) for n in p) for p in padding]
    return pairs[2:] if order.startswith("NC") else pairs[1:-1]


conv1d, conv2d, conv3d = _convolution(1), _convolution(2), _convolution(3)


def convolution(
    input: Any, filters: Any, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """A convolution over as many axes as the filters have."""
    conv = (conv1d, conv2d, conv3d)[tensor(filters).ndim - 3]
    return conv(input, filters, 1 if strides is None else strides, padding, data_format, dilations)


def conv2d_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME", data_format: str = "NHWC",
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """The gradient of a convolution by its input, of a given shape; filters are [height, width, out, in]."""
    x, w = pair(input, filters, "Conv2D")
    like = filled(output_shape, np.zeros((), x.dtype))
    turn, back = ((0, 2, 3, 1), (0, 3, 1, 2)) if data_format == "NCHW" else (None, None)
    x, like = (t if turn is None else permute_dims(t, turn) for t in (x, like))
    pads = normal_padding(_padding(padding, data_format), 2, (None, None))
    spread = spatial(1 if dilations is None else dilations, 2, data_format)
    made = conv_input_gradient(
        x, w, like, strides=spatial(strides, 2, data_format), padding=pads, dilation=spread, input_dilation=(1, 1),
        groups=1,
    )  # fmt: skip
    return made if back is None else permute_dims(made, back)


def depthwise_conv2d(
    input: Any, filter: Any, strides: Any, padding: Any, data_format: Any = None, dilations: Any = None,
    name: Any = None,
) -> Any:  # fmt: skip
    """Filters for each channel by itself."""
    x, w = pair(input, filter, "DepthwiseConv2dNative")
    order = data_format or "NHWC"
    spread = spatial(1 if dilations is None else dilations, 2, order)
    return nn.depthwise_conv(
        x, w, spatial(strides, 2, order), _padding(padding, order), order, dilation=spread
    )


def _pooling(op: Callable[..., Any], rank: int) -> Callable[..., Any]:
    form = {1: "NWC", 2: "NHWC", 3: "NDHWC"}[rank]

    def pool(
        input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: Any = None
    ) -> Any:
        order = data_format or form
        return op(
            tensor(input),
            spatial(ksize, rank, order),
            spatial(strides, rank, order),
            _padding(padding, order),
            order,
        )

    pool.__doc__ = described(op)
    return pool


max_pool1d, max_pool2d, max_pool3d = (_pooling(nn.max_pool, rank) for rank in (1, 2, 3))
avg_pool1d, avg_pool2d, avg_pool3d = (_pooling(nn.avg_pool, rank) for rank in (1, 2, 3))
max_pool, avg_pool = max_pool2d, avg_pool2d


@inner
class FractionalPool(NamedTuple):
    """What fractional pooling gives, and between which rows and columns its windows lie."""

    output: Any
    row_pooling_sequence: Any
    col_pooling_sequence: Any


def _fractional(kind: str, average: bool) -> Callable[..., FractionalPool]:
    def pool(
        value: Any, pooling_ratio: Any, pseudo_random: bool = False, overlapping: bool = False, seed: int = 0,
        name: Any = None,
    ) -> FractionalPool:  # fmt: skip
        x: Any = tensor(value)
        given = [pooling_ratio] * 2 if np.ndim(pooling_ratio) == 0 else list(pooling_ratio)
        ratios = [
            float(r) for r in (given * 2 if len(given) == 1 else given[1:3] if len(given) == 4 else given)
        ]
        if min(ratios) < 1 or (len(given) == 4 and (given[0], given[3]) != (1, 1)):
            raise ValueError(f"tf.nn.{kind}: pooling_ratio should be at least 1, received {pooling_ratio}")
        bounds = []
        for axis, ratio in zip((1, 2), ratios, strict=True):
            key = seeded_key(2 * seed + axis if seed else None)
            count = int(x.shape[axis] / ratio)
            bounds.append(nn.pooling_sequence(x.shape[axis], count, pseudo_random, key=key))
        rows, columns = bounds
        return FractionalPool(nn.fractional_pool(x, rows, columns, average, overlapping), rows, columns)

    what = "Means" if average else "Greatest numbers"
    pool.__doc__ = f"{what} of windows of random lengths: the pictures shrink by ratios."
    return pool


fractional_max_pool = _fractional("fractional_max_pool", False)
fractional_avg_pool = _fractional("fractional_avg_pool", True)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: Any = None) -> Any:
    """Mean and variance over axes."""
    return nn.moments(tensor(x), axis=_axes(axes), keepdims=keepdims)


_axes = axes


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: Any = None
) -> Any:
    """``(x - mean) / sqrt(variance + epsilon) * scale + offset``."""
    factor = elementwise.rsqrt(tensor(variance) + variance_epsilon)
    y = (tensor(x) - mean) * (factor if scale is None else factor * scale)
    return y if offset is None else y + offset


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: Any = None) -> Any:
    """Rows by their numbers."""
    rows = arrays.gather(params, ids)
    return rows if max_norm is None else math.clip_by_norm(rows, max_norm, axes=-1)


def _over_drawn_classes(of: Callable[..., Any], remove_hits: bool) -> Callable[..., Any]:
    """A loss of the main library whose classes are drawn log-uniformly, each once, unless they are given."""
    hits = remove_hits

    def loss(
        weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any, num_true: int = 1,
        sampled_values: Any = None, remove_accidental_hits: bool = hits, seed: Any = None, name: Any = None,
    ) -> Any:  # fmt: skip
        true = cast(labels, "int64").reshape((-1, int(num_true)))
        found = (
            log_uniform_candidate_sampler(true, num_true, num_sampled, True, num_classes, seed)
            if sampled_values is None
            else nn.Candidates(*map(tensor, sampled_values))
        )
        w, b = tensor(weights), tensor(biases)
        return of(w, b, true, tensor(inputs), found, remove_hits=remove_accidental_hits)

    loss.__name__, loss.__doc__ = of.__name__, described(of)
    return loss


nce_loss, sampled_softmax_loss = (
    _over_drawn_classes(nn.nce_loss, False),
    _over_drawn_classes(nn.sampled_softmax_loss, True),
)


sigmoid, tanh, log_sigmoid = math.sigmoid, math.tanh, math.log_sigmoid
softmax, log_softmax, l2_normalize = math.softmax, math.log_softmax, math.l2_normalize
top_k, in_top_k, zero_fraction = math.top_k, math.in_top_k, math.zero_fraction


def _transposed(op: Callable[..., Any], rank: int, form: str) -> Callable[..., Any]:
    def conv(
        input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME", data_format: str = form,
        dilations: Any = None, name: Any = None,
    ) -> Any:  # fmt: skip
        x, w = pair(input, filters, "Conv2D")
        spread = spatial(1 if dilations is None else dilations, rank, data_format)
        made = op(x, w, spatial(strides, rank, data_format), padding, data_format, dilation=spread)
        wanted = tuple(n for n in lengths(output_shape))
        if tuple(made.shape[1:]) != wanted[1:]:
            raise ValueError(f"conv{rank}d_transpose: output_shape {wanted} is not {tuple(made.shape)}")
        return made

    conv.__doc__ = "The transpose of a convolution; filters are [lengths..., out, in]."
    return conv


conv1d_transpose = _transposed(nn.conv_transpose, 1, "NWC")
conv3d_transpose = _transposed(nn.conv_transpose, 3, "NDHWC")


def conv_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME", data_format: Any = None,
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """The transpose of a convolution over as many axes as the filters have."""
    rank = tensor(filters).ndim - 2
    conv: Any = (conv1d_transpose, conv2d_transpose, conv3d_transpose)[rank - 1]
    order = data_format or ("NWC", "NHWC", "NDHWC")[rank - 1]
    return conv(input, filters, output_shape, strides, padding, order, dilations)


def separable_conv2d(
    input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: Any, data_format: Any = None,
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Filters for each channel by itself, then mixed."""
    each = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(each, pointwise_filter, 1, "VALID", data_format)


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: Any, name: Any = None) -> Any:
    """A convolution whose filter has gaps."""
    return conv2d(value, filters, 1, padding, dilations=rate)


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: Any = None) -> Any:
    """Channels as blocks of pixels."""
    x: Any = tensor(input)
    if data_format == "NCHW":
        return permute_dims(depth_to_space(permute_dims(x, (0, 2, 3, 1)), block_size), (0, 3, 1, 2))
    only("tf.nn.depth_to_space", "data_format", data_format, "NHWC")
    _, h, w, c = x.shape
    split = x.reshape((-1, h, w, block_size, block_size, c // block_size**2))
    return permute_dims(split, (0, 1, 3, 2, 4, 5)).reshape(
        (-1, h * block_size, w * block_size, c // block_size**2)
    )


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: Any = None) -> Any:
    """Blocks of pixels as channels."""
    x: Any = tensor(input)
    if data_format == "NCHW":
        return permute_dims(space_to_depth(permute_dims(x, (0, 2, 3, 1)), block_size), (0, 3, 1, 2))
    only("tf.nn.space_to_depth", "data_format", data_format, "NHWC")
    _, h, w, c = x.shape
    split = x.reshape((-1, h // block_size, block_size, w // block_size, block_size, c))
    rows = permute_dims(split, (0, 1, 3, 2, 4, 5))
    return rows.reshape((-1, h // block_size, w // block_size, c * block_size**2))


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: Any = None,
) -> Any:
    """``x / (bias + alpha * sum of x**2 over neighbouring channels) ** beta``."""
    x: Any = tensor(input)
    places = np.arange(x.shape[-1])
    near = (np.abs(places[:, None] - places) <= depth_radius).astype(x.dtype)
    return (
        x / (bias + alpha * math.matmul((x * x).reshape((-1, x.shape[-1])), near).reshape(_known(x))) ** beta
    )


def _known(x: Any) -> tuple[int, ...]:
    return tuple(-1 if n is None else n for n in x.shape)


lrn = local_response_normalization


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Any:
    """The sum of the losses over the size of the whole batch."""
    losses: Any = tensor(per_example_loss)
    weighted = losses if sample_weight is None else losses * sample_weight
    return math.reduce_sum(weighted) / (
        losses.shape[0] if global_batch_size is None else float(global_batch_size)
    )


def scale_regularization_loss(regularization_loss: Any) -> Any:
    """The sum of the losses: there is one replica."""
    return math.reduce_sum(regularization_loss)


def normalize_moments(counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: Any = None) -> Any:
    """Mean and variance from sums."""
    mean = tensor(mean_ss) / counts
    return (mean if shift is None else mean + shift), tensor(variance_ss) / counts - mean * mean


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False, name: Any = None
) -> Any:
    """Mean and variance over axes, the elements weighted."""
    x, w = pair(x, frequency_weights)
    w = w + x * 0
    total = math.reduce_sum(w, axes, keepdims=True)
    mean = math.reduce_sum(x * w, axes, keepdims=True) / total
    variance = math.reduce_sum(w * (x - mean) ** 2, axes, keepdims=True) / total
    return (mean, variance) if keepdims else (math.reduce_sum(mean, axes), math.reduce_sum(variance, axes))


def _fused_batch_norm(
    x: Any, scale: Any, offset: Any, mean: Any, variance: Any, epsilon: float = 0.0001, data_format: str = "NHWC",
    is_training: bool = True, exponential_avg_factor: float = 1.0, name: Any = None,
) -> tuple[Any, ...]:  # fmt: skip
    """(normalized, mean, variance, mean, variance): of the batch in training, its variance over one element less."""
    only("tf.raw_ops.FusedBatchNorm", "exponential_avg_factor", exponential_avg_factor, 1.0)
    x = tensor(x)
    last = data_format.endswith("C")
    over = tuple(k for k in range(x.ndim) if k != (x.ndim - 1 if last else 1))
    form = [-1] if last else [-1, *[1] * (x.ndim - 2)]
    center, spread = tensor(mean), tensor(variance)
    if is_training:
        center, spread = nn.moments(x, axis=over)
    m, v, b, w = (t if last else t.reshape(*form) for t in map(tensor, (center, spread, offset, scale)))
    y = batch_normalization(x, m, v, b, w, epsilon)
    if is_training:
        count: Any = math.reduce_sum(elementwise.add(elementwise.multiply(x, 0), 1)) / center.shape[0]
        spread = spread * (count / elementwise.maximum(count - 1.0, 1.0))
    return y, center, spread, center, spread


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: Any = None) -> Any:
    """exp(c) - z c for log rates c; the full loss has Stirling's ``z log z - z + log(2 pi z) / 2``, too, for z > 1."""
    z, c = pair(targets, log_input)
    made: Any = elementwise.exp(c) - z * c
    if compute_full_loss:
        some: Any = elementwise.maximum(z, 1.0)
        rest = some * elementwise.log(some) - some + 0.5 * elementwise.log(2.0 * np.pi * some)
        made = made + elementwise.where(elementwise.greater(z, 1.0), rest, 0.0)
    return made


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: Any = None
) -> tuple[Any, Any, Any, Any]:
    """(count, sum, sum of squares, shift) over axes, from which :func:`normalize_moments` makes moments."""
    given = tensor(x)
    moved = given if shift is None else math.subtract(given, shift)
    count = int(np.prod([given.shape[int(a)] for a in axes]))
    sums = (math.reduce_sum(t, axes, keepdims=keepdims) for t in (moved, math.square(moved)))
    first, second = sums
    return cast(float(count), given.dtype), first, second, shift


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: Any, padding: str, name: Any = None
) -> Any:
    """The transposed :func:`atrous_conv2d`."""
    return conv2d_transpose(value, filters, output_shape, 1, padding, dilations=rate)


def _general_dropout(x: Any, rate: Any, noise_shape: Any, uniform: Callable[..., Any]) -> Any:
    given = tensor(x)
    shape = list(given.shape) if noise_shape is None else lengths(noise_shape)
    return _dropped(given, float(number(rate)), uniform(shape=shape, dtype=given.dtype))


def _dropped(x: Any, rate: float, uniform: Any) -> Any:
    """The elements where a number of [0, 1) is not below the rate, scaled; 0 elsewhere."""
    if rate == 0:
        return x
    return elementwise.where(uniform >= rate, x / (1 - rate), 0)


experimental = Namespace(
    "tf.nn.experimental",
    general_dropout=lambda x, rate, uniform_sampler, noise_shape=None, name=None: _general_dropout(
        x, rate, noise_shape, uniform_sampler
    ),
    stateless_dropout=lambda x, rate, seed, rng_alg=None, noise_shape=None, name=None: _general_dropout(
        x, rate, noise_shape, partial(stateless_uniform, seed=seed)
    ),
)
