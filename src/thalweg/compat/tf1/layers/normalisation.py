"""Batch normalisation as a layer."""

from __future__ import annotations

from typing import Any

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, GraphKeys, Operation, Tensor, current, default_graph, value, wrap
from thalweg.compat.tf1.initializers import ones_initializer, zeros_initializer
from thalweg.compat.tf1.layers.base import Layer
from thalweg.ops import elementwise


class BatchNormalization(Layer):
    """Normalisation over a batch; the moving moments move through operations in the collection UPDATE_OPS."""

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
        *,
        trainable: bool = True,
        name: str | None = None,
        renorm: bool = False,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        **options: Any,
    ) -> None:
        for setting, given in (
            ("renorm", renorm), ("virtual_batch_size", virtual_batch_size), ("adjustment", adjustment),
        ):  # fmt: skip
            if given:
                raise NotImplementedError(f"tf.layers.batch_normalization: {setting} is not supported")
        super().__init__(name, trainable, **{k: v for k, v in options.items() if k in ("_reuse", "dtype")})
        (self.axis,) = axis if isinstance(axis, (list, tuple)) else (axis,)
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        zero, one = zeros_initializer(), ones_initializer()
        self._of_gamma = gamma_initializer or one, gamma_regularizer, True, None, gamma_constraint
        self._of_beta = beta_initializer or zero, beta_regularizer, True, None, beta_constraint
        self._moments = moving_mean_initializer or zero, moving_variance_initializer or one

    def build(self, input_shape: Any) -> None:
        n = [input_shape[self.axis].value]
        mean, variance = self._moments
        self.gamma = self.add_variable("gamma", n, *self._of_gamma) if self.scale else None
        self.beta = self.add_variable("beta", n, *self._of_beta) if self.center else None
        self.moving_mean = self.add_variable("moving_mean", n, mean, trainable=False)
        self.moving_variance = self.add_variable("moving_variance", n, variance, trainable=False)

    def call(self, inputs: Any, training: Any = False, **options: Any) -> Tensor:
        x = value(inputs)
        gamma, beta = (None if v is None else value(v) for v in (self.gamma, self.beta))
        kept = value(self.moving_mean), value(self.moving_variance)
        if training is False or training is None or (training == 0 and not isinstance(training, Tensor)):
            return wrap(
                core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis),
                None,
                "batchnorm",
                [inputs],
            )
        y, mean, variance = core_nn.batch_norm_training(x, gamma, beta, self.epsilon, self.axis)
        test = g.truth(training) if isinstance(training, Tensor) else None
        if test is not None:
            still = core_nn.batch_norm(x, *kept, gamma, beta, self.epsilon, self.axis)
            y = elementwise.where(test, y, still)
        self._move(mean, variance, test)
        return wrap(y, None, "batchnorm", [inputs])

    def _move(self, mean: Any, variance: Any, test: Any) -> None:
        updates = []
        for variable, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            old: Any = current.build([variable.t], {})
            updates.append((variable.t, old - (old - new) * (1.0 - self.momentum)))
        effect = Effect(updates)
        if test is not None:
            effect.guard.append((test, True))
        operation = Operation("AssignMovingAvg", "AssignSub", effect)
        self.updates.append(operation)
        default_graph().add_to_collection(GraphKeys.UPDATE_OPS, operation)


def batch_normalization(
    inputs: Any, *args: Any, training: Any = False, reuse: Any = None, **options: Any
) -> Tensor:
    """Normalisation over a batch; see :class:`BatchNormalization`."""
    return BatchNormalization(*args, _reuse=reuse, **options)(inputs, training=training)
