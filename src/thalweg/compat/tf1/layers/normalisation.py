"""Batch normalisation as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import (
    Effect,
    GraphKeys,
    Node,
    Operation,
    Tensor,
    current,
    default_graph,
    value,
    wrap,
)
from thalweg.compat.tf1.initializers import ones_initializer, zeros_initializer
from thalweg.compat.tf1.layers.base import Layer
from thalweg.compat.tf1.lengths import of_a_sample
from thalweg.compat.tf1.nn import weighted_moments
from thalweg.compat.tf1.strings import debiased
from thalweg.compat.tf1.variables import Variable
from thalweg.ops import elementwise, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient


class BatchNormalization(Layer):
    """Normalisation over a batch; the moving moments move through operations in the collection UPDATE_OPS.

    Where TensorFlow takes its fused kernel (four or five axes, none of the options below, ``fused`` not False), the
    moving variance is that of a sample: the sum of squares divided by n - 1.

    ``renorm``: what a batch's own moments give is brought to running moments by a factor and a shift, within
    ``renorm_clipping`` (rmin, rmax, dmax), which have no gradient (Ioffe, 2017). ``adjustment``: a function of the
    shape that gives a factor and a shift for training, before gamma and beta. ``virtual_batch_size``: parts of a batch
    are normalised on their own.
    """

    kind = "batch_normalization"

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = None,
        gamma_initializer: Any = None,
        moving_mean_initializer: Any = None,
        moving_variance_initializer: Any = None,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        unknown = set(renorm_clipping or {}) - {"rmin", "rmax", "dmax"}
        if unknown:
            raise ValueError(
                f"renorm_clipping {renorm_clipping} contains keys not in ['rmax', 'rmin', 'dmax']"
            )
        super().__init__(name, trainable, **options)
        (self.axis,) = axis if isinstance(axis, (list, tuple)) else (axis,)
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.renorm, self.renorm_momentum, self.fused = renorm, renorm_momentum, fused
        self.renorm_clipping = dict(renorm_clipping or {})
        self.virtual_batch_size, self.adjustment = virtual_batch_size, adjustment
        zero, one = zeros_initializer(), ones_initializer()
        self._of_gamma = gamma_initializer or one, gamma_regularizer, True, None, gamma_constraint
        self._of_beta = beta_initializer or zero, beta_regularizer, True, None, beta_constraint
        self._moments = moving_mean_initializer or zero, moving_variance_initializer or one
        self.batch_weights: Any = None  # of tf.contrib.layers
        self.shift_first = False  # of tf.contrib.layers where it does not fuse: which variable is made first
        self.zero_debias = False  # of tf.contrib.layers: whether the moving mean is freed from its start

    def build(self, input_shape: Any) -> None:
        n = [input_shape[self.axis].value]
        mean, variance = self._moments

        def root(*args: Any, **given: Any) -> Any:
            return math.sqrt(variance(*args, **given))

        self.gamma = self.beta = None
        for name in ("beta", "gamma") if self.shift_first else ("gamma", "beta"):
            if name == "gamma" and self.scale:
                self.gamma = self.add_variable("gamma", n, *self._of_gamma)
            elif name == "beta" and self.center:
                self.beta = self.add_variable("beta", n, *self._of_beta)
        self.moving_mean = self.add_variable("moving_mean", n, mean, trainable=False)
        self.moving_variance = self.add_variable("moving_variance", n, variance, trainable=False)
        if self.renorm:
            self.moving_stddev = self.add_variable("moving_stddev", n, root, trainable=False)
            self.renorm_mean = self.add_variable("renorm_mean", n, mean, trainable=False)
            self.renorm_stddev = self.add_variable("renorm_stddev", n, root, trainable=False)

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        x = value(inputs)
        gamma, beta = (None if v is None else value(v) for v in (self.gamma, self.beta))
        kept = value(self.moving_mean), value(self.moving_variance)
        if training is False or training is None or (training == 0 and not isinstance(training, Node)):
            return wrap(
                core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis),
                None,
                "batchnorm",
                [inputs],
            )
        y, moved = self._trained(inputs, x, gamma, beta)
        test = g.truth(training) if isinstance(training, Node) else None
        if test is not None:
            still = core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis)
            y = elementwise.where(test, y, still)
        self._move(moved, test)
        return wrap(y, None, "batchnorm", [inputs])

    def _trained(self, inputs: Any, x: Any, gamma: Any, beta: Any) -> tuple[Any, list[Any]]:
        """The output while training, and how the moving moments move."""
        if self.renorm or self.adjustment is not None or self.batch_weights is not None:
            return self._corrected(inputs, x, gamma, beta)
        if self.virtual_batch_size is not None:
            return self._of_parts(x, gamma, beta)
        y, mean, variance = core_nn.batch_norm_training(x, gamma, beta, self.epsilon, self.axis)
        if self.fused or (self.fused is None and x.ndim in (4, 5)):
            variance = of_a_sample(variance, x)
        return y, self._averaged(mean, variance)

    def _of_parts(self, x: Any, gamma: Any, beta: Any) -> tuple[Any, list[Any]]:
        """The k-th rows of all parts are normalised together, as TensorFlow 1 lays them out."""
        parts = shape_ops.reshape(x, (self.virtual_batch_size, -1, *x.shape[1:]))
        place = self.axis % x.ndim + 1
        axes = tuple(k for k in range(x.ndim + 1) if k not in (1, place))
        mean, variance = core_nn.moments(parts, axes, True)
        scale, offset = (None if p is None else self._along(p, x.ndim + 1, place) for p in (gamma, beta))
        y = core_nn.normalize(parts, mean, variance, scale, offset, self.epsilon)
        mean, variance = (reduce.mean(m, (1, *axes)) for m in (mean, variance))
        return shape_ops.reshape_like(y, x), self._averaged(mean, variance)

    def _along(self, vector: Any, ndim: int, place: int) -> Any:
        """A vector over the channels as a tensor that stands beside others."""
        return shape_ops.reshape(vector, tuple(-1 if k == place else 1 for k in range(ndim)))

    def _corrected(self, inputs: Any, x: Any, gamma: Any, beta: Any) -> tuple[Any, list[Any]]:
        place = self.axis % x.ndim
        axes = tuple(k for k in range(x.ndim) if k != place)
        scale, offset = (None if p is None else self._along(p, x.ndim, place) for p in (gamma, beta))
        if self.adjustment is not None:
            factor, shift = (value(part) for part in self.adjustment(math.shape(inputs)))
            scale, offset = _composed(factor, shift, scale, offset)
        if self.batch_weights is None:
            mean, variance = core_nn.moments(x, axes)
        else:
            weights = self._along(value(self.batch_weights), x.ndim, 0)
            found = weighted_moments(inputs, list(axes), wrap(weights, None, "Reshape"))
            mean, variance = (m.t for m in found)
        more: list[Any] = []
        if self.renorm:
            deviation = elementwise.sqrt(variance + self.epsilon)
            factor, shift, more = self._renormed(mean, deviation)
            factor, shift = (self._along(stop_gradient(part), x.ndim, place) for part in (factor, shift))
            scale, offset = _composed(factor, shift, scale, offset)
        middle, spread = (self._along(m, x.ndim, place) for m in (mean, variance))
        y = core_nn.normalize(x, middle, spread, scale, offset, self.epsilon)
        if not self.renorm:
            return y, self._averaged(mean, variance)
        deviation = elementwise.sqrt(variance + self.epsilon)
        spread = _nearer(self.moving_stddev, deviation, self.momentum)
        return y, [
            *more,
            (self.moving_mean.t, _nearer(self.moving_mean, mean, self.momentum)),
            (self.moving_stddev.t, spread),
            (self.moving_variance.t, elementwise.maximum(spread * spread - self.epsilon, 0)),
        ]

    def _renormed(self, mean: Any, deviation: Any) -> tuple[Any, Any, list[Any]]:
        """The factor and the shift from a batch's own moments to the running ones, and how these move."""
        low = elementwise.maximum(value(self.renorm_stddev), self.epsilon**0.5)
        factor, shift = deviation / low, (mean - value(self.renorm_mean)) / low
        least, most, furthest = (self.renorm_clipping.get(key) for key in ("rmin", "rmax", "dmax"))
        if least is not None:
            factor = elementwise.maximum(factor, value(least, self.dtype))
        if most is not None:
            factor = elementwise.minimum(factor, value(most, self.dtype))
        if furthest is not None:
            bound: Any = value(furthest, self.dtype)
            shift = elementwise.minimum(elementwise.maximum(shift, -bound), bound)
        pairs = ((self.renorm_mean, mean), (self.renorm_stddev, deviation))
        return factor, shift, [(v.t, _nearer(v, new, self.renorm_momentum)) for v, new in pairs]

    def _averaged(self, mean: Any, variance: Any) -> list[Any]:
        """The updates by which the moving moments are nearer to these."""
        variances = (self.moving_variance.t, _nearer(self.moving_variance, variance, self.momentum))
        if self.zero_debias:
            return [*debiased(self.moving_mean, mean, self.momentum), variances]
        return [(self.moving_mean.t, _nearer(self.moving_mean, mean, self.momentum)), variances]

    def _move(self, updates: list[Any], test: Any) -> None:
        """Two operations, as in TensorFlow: the second one moves the variance."""
        for part in (updates[:-1], updates[-1:]):
            effect = Effect(part)
            if test is not None:
                effect.guard.append((test, True))
            self.updates.append(Operation("AssignMovingAvg", "AssignSub", effect))
            default_graph().add_to_collection(GraphKeys.UPDATE_OPS, self.updates[-1])


def _nearer(variable: Variable, new: Any, momentum: Any) -> Any:
    old: Any = current.build([variable.t], {})
    return old - (old - new) * (1.0 - momentum)


def _composed(factor: Any, shift: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
    """One factor and shift that do what two pairs do one after the other."""
    if scale is not None:
        factor, shift = factor * scale, shift * scale
    return factor, shift if offset is None else shift + offset


def batch_normalization(
    inputs: Any, *args: Any, training: Any = False, reuse: Any = None, **options: Any
) -> Tensor:
    """Normalisation over a batch; see :class:`BatchNormalization`."""
    return BatchNormalization(*args, _reuse=reuse, **options)(inputs, training=training)
