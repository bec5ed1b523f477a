"""Moments, batch normalisation, norms."""

from __future__ import annotations

from typing import Any

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap, wrap_all
from thalweg.compat.tf1.lengths import of_a_sample
from thalweg.ops import elementwise, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient


def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Tensor, Tensor]:
    """(mean, variance) over axes, each element so often."""
    w = math.multiply(frequency_weights, math.ones_like(x))
    total = math.reduce_sum(w, axes, keep_dims=True)
    mean = math.reduce_sum(w * x, axes, keep_dims=True) / total
    variance = math.reduce_sum(w * math.squared_difference(x, mean), axes, keep_dims=True) / total
    if not (keep_dims or keepdims):
        mean, variance = (math.squeeze(m, [int(a) for a in axes]) for m in (mean, variance))
    return mean, variance


def local_response_normalization(
    input: Any,
    depth_radius: int | None = 5,
    bias: float | None = 1.0,
    alpha: float | None = 1.0,
    beta: float | None = 0.5,
    name: str | None = None,
) -> Tensor:
    """``x / (bias + alpha * s) ** beta``, s being the sum of squares over ``2 depth_radius + 1`` channels around.

    None is the default.
    """
    depth_radius = 5 if depth_radius is None else depth_radius
    bias, alpha = (1.0 if x is None else x for x in (bias, alpha))
    beta = 0.5 if beta is None else beta
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


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """(mean, variance) over axes."""
    over, keep = g.axes_of(axes), bool(keep_dims or keepdims)
    made = nn.moments(value(x), over, keep)
    names = (("mean", "Mean"), ("variance", "Mean")) if keep else ((None, "Squeeze"), (None, "Squeeze"))
    with g.default_graph().made_of(6 if keep else 8), g.default_graph().name_scope(name or "moments"):
        mean, variance = (wrap(m, *named, [x]) for m, named in zip(made, names, strict=True))
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
    made = nn.normalize(value(x), m, v, s, o, float(variance_epsilon))
    with g.default_graph().made_of(5 + (scale is not None) + 2 * (offset is not None)):
        return wrap(made, name, "batchnorm", [x, mean, variance, offset, scale])


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: float = 0.0,
    scale_after_normalization: bool = False,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """The older spelling of :func:`batch_normalization`."""
    t, m, v = (given if other is None else other for given, other in ((t, input), (m, mean), (v, variance)))
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
    """(y, mean, variance), with the batch's own moments when training.

    The variance is that of a sample (divided by n - 1), and neither it nor the mean has a gradient.
    """
    axis = 1 if data_format == "NCHW" else -1
    if is_training:
        y, *moments = nn.batch_norm_training(value(x), value(scale), value(offset), epsilon, axis)
        m, v = map(stop_gradient, moments)
        parts: tuple[Any, ...] = (y, m, of_a_sample(v, value(x)))
    else:
        y = nn.batch_norm(value(x), value(mean), value(variance), value(scale), value(offset), epsilon, axis)
        parts = (y, value(mean), value(variance))
    return tuple(wrap_all(list(parts), name, "FusedBatchNorm", [x]))


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """x over its L2 norm along axes."""
    over = g.axes_of(dim if axis is None else axis)
    return wrap(nn.l2_normalize(value(x), over, epsilon), name, "l2_normalize", [x])


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares."""
    return wrap(nn.l2_loss(value(t)), name, "L2Loss", [t])


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of zeros."""
    zero = elementwise.equal(g.value(value), 0)
    return wrap(reduce.mean(elementwise.astype(zero, "float32")), name, "zero_fraction", [value])


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None, keepdims: Any = None
) -> Any:
    """(count, sum, sum of squares, shift) over axes, from which :func:`normalize_moments` makes moments."""
    node, keep = g.convert_to_tensor(x), bool(keep_dims or keepdims)
    moved = node if shift is None else math.subtract(node, shift)
    count = math.reduce_prod(math.gather(math.shape(node), [int(a) for a in g.static_value(axes)]))
    sums = [math.reduce_sum(t, axes, keepdims=keep) for t in (moved, math.square(moved))]
    return math.cast(count, node.dtype), *sums, shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """(mean, variance) of sums."""
    first = math.divide(mean_ss, counts)
    variance = math.subtract(math.divide(variance_ss, counts), math.square(first))
    return (first if shift is None else math.add(first, shift)), variance
