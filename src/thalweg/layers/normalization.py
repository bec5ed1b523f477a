"""Normalisation layers: over the batch, over each example, over groups of channels."""

from __future__ import annotations

from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ShapeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import shape_text
from thalweg.graph.updates import current_recorder
from thalweg.layers.base import Layer
from thalweg.nn import normalisation as nn
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops import shape as shape_ops

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
]


class _Scaled(Layer):
    """What has a learnt scale gamma and a learnt offset beta, of a given shape."""

    supports_masking = True

    def __init__(
        self,
        center: bool,
        scale: bool,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.center, self.scale = center, scale
        self._of_gamma = (gamma_initializer, gamma_regularizer, gamma_constraint)
        self._of_beta = (beta_initializer, beta_regularizer, beta_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def add_scale(self, shape: Any) -> None:
        """Make gamma and beta, where they are wanted."""
        for name, wanted, (first, penalty, limit) in (
            ("gamma", self.scale, self._of_gamma),
            ("beta", self.center, self._of_beta),
        ):
            if wanted:
                weight = self.add_weight(
                    shape, initializers.get(first), name=name,
                    regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
                )  # fmt: skip
                setattr(self, name, weight)


def _length(layer: Layer, shape: Any, axis: int) -> int:
    if shape[axis] is None:
        raise fail(ShapeError, f"{layer.name}: axis {axis} must be known", received=shape_text(shape))
    return int(shape[axis])


class BatchNormalization(_Scaled):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each place of ``axis``.

    In training, mean and variance are those of the batch, and moving averages of them are kept:
    ``average = momentum * average + (1 - momentum) * value``. Otherwise, and where ``trainable`` is False, the averages
    are used. Steps where ``mask`` [batch, steps] is False do not count in mean and variance.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        **options: Any,
    ) -> None:
        super().__init__(center, scale, beta_initializer, gamma_initializer, **options)
        self.axis = axis[0] if isinstance(axis, (list, tuple)) else axis
        self.momentum, self.epsilon = momentum, epsilon
        self._first = (moving_mean_initializer, moving_variance_initializer)

    def build(self, input_shape: Any) -> None:
        size = (_length(self, input_shape, self.axis),)
        self.add_scale(size)
        self.moving_mean = self.add_weight(size, self._first[0], trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(size, self._first[1], trainable=False, name="moving_variance")

    def call(self, inputs: Any, training: Any = False, mask: Any = None) -> Any:
        x = self.floats(inputs)
        if not training or not self.trainable:
            return nn.batch_norm(
                x, self.moving_mean, self.moving_variance, self.gamma, self.beta, self.epsilon, self.axis
            )
        if mask is None:
            y, mean, variance = nn.batch_norm_training(x, self.gamma, self.beta, self.epsilon, self.axis)
        else:
            mean, variance = _masked_moments(x, mask, self.axis)
            y = nn.batch_norm(x, mean, variance, self.gamma, self.beta, self.epsilon, self.axis)
        if current_recorder() is not None or not y.is_symbolic:  # a symbol alone has nothing to average yet
            with no_grad():
                self._blend(self.moving_mean, mean)
                self._blend(self.moving_variance, variance)
        return y

    def _blend(self, average: Any, value: Any) -> None:
        average.assign(average * self.momentum + value * (1.0 - self.momentum))


def _masked_moments(x: Any, mask: Any, axis: int) -> tuple[Any, Any]:
    """Mean and variance for each place of ``axis``, of the steps where the mask is True."""
    used = ew.astype(shape_ops.expand_dims(mask, tuple(range(mask.ndim, x.ndim))), x.dtype)
    used = used + shape_ops.full_like(x, 0)
    over = tuple(k for k in range(x.ndim) if k != axis % x.ndim)
    count: Any = ew.maximum(reduce.sum(used, over, True), 1)
    mean: Any = reduce.sum(x * used, over, True) / count
    variance: Any = reduce.sum((x - mean) ** 2 * used, over, True) / count
    return reduce.sum(mean, over), reduce.sum(variance, over)


class LayerNormalization(_Scaled):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, mean and variance over ``axis`` of each example."""

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(center, scale, **options)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: Any) -> None:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        self._axes = tuple(sorted(a % len(input_shape) for a in axes))
        self.add_scale(tuple(_length(self, input_shape, k) for k in self._axes))

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        gamma, beta = (_along(w, self._axes, x.ndim) for w in (self.gamma, self.beta))
        return nn.layer_norm(x, gamma, beta, self._axes, self.epsilon)


def _along(weight: Any, axes: tuple[int, ...], rank: int) -> Any:
    """The weight with its axes at the given places of a tensor of that rank."""
    if weight is None or axes == tuple(range(rank - len(axes), rank)):
        return weight
    lengths = dict(zip(axes, weight.shape))
    return shape_ops.reshape(weight, [lengths.get(k, 1) for k in range(axes[0], rank)])


class RMSNormalization(_Scaled):
    """``gamma * x / sqrt(mean(x^2) + epsilon)`` over ``axis``."""

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(False, True, **options)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: Any) -> None:
        axes = (self.axis,) if isinstance(self.axis, int) else tuple(self.axis)
        self._axes = tuple(sorted(a % len(input_shape) for a in axes))
        self.add_scale(tuple(_length(self, input_shape, k) for k in self._axes))

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        return nn.rms_norm(x, _along(self.gamma, self._axes, x.ndim), self._axes, self.epsilon)


class GroupNormalization(_Scaled):
    """Each of ``groups`` groups of channels of each example normalised over its places; -1: one per channel."""

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(center, scale, **options)
        self.groups, self.axis, self.epsilon = groups, axis, epsilon

    def build(self, input_shape: Any) -> None:
        size = _length(self, input_shape, self.axis)
        self._groups = size if self.groups == -1 else self.groups
        self.add_scale((size,))

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        return nn.group_norm(x, self._groups, self.gamma, self.beta, self.epsilon, self.axis)


class UnitNormalization(Layer):
    """x divided by its L2 norm over ``axis``."""

    supports_masking = True

    def __init__(self, axis: Any = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return nn.l2_normalize(self.floats(inputs), self.axis)
