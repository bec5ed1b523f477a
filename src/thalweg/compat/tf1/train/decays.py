"""Learning rates that change with the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Node, Tensor, value, wrap
from thalweg.ops import elementwise, random


def _number(x: Any) -> Any:
    return value(x) if isinstance(x, Node) else x


def _rate(schedule: Any, step: Any, name: str | None, kind: str, like: Any) -> Tensor:
    dtype = like.dtype if isinstance(like, Node) else "float32"
    return wrap(g.cast(schedule(value(step)), dtype), name, kind, [step])


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * decay_rate ** (step / decay_steps)``, the exponent rounded down if ``staircase``."""
    schedule = optimizers.exponential_decay(
        _number(learning_rate), _number(decay_steps), float(decay_rate), staircase
    )
    return _rate(schedule, global_step, name, "ExponentialDecay", learning_rate)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate / (1 + decay_rate * step / decay_steps)``."""
    schedule = optimizers.inverse_time(
        _number(learning_rate), _number(decay_steps), _number(decay_rate), staircase
    )
    return _rate(schedule, global_step, name, "InverseTimeDecay", learning_rate)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * exp(-decay_rate * step / decay_steps)``."""
    return exponential_decay(
        learning_rate, global_step, decay_steps, float(np.exp(-decay_rate)), staircase, name
    )


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From ``learning_rate`` to ``end_learning_rate`` over ``decay_steps``, along a power of the rest."""
    schedule = optimizers.polynomial_decay(
        _number(learning_rate), decay_steps, _number(end_learning_rate), power, cycle
    )
    return _rate(schedule, global_step, name, "PolynomialDecay", learning_rate)


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: str | None = None
) -> Tensor:
    """Along half a cosine."""
    schedule = optimizers.cosine_decay(_number(learning_rate), decay_steps, alpha)
    return _rate(schedule, global_step, name, "CosineDecay", learning_rate)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str | None = None,
) -> Tensor:
    """Half a cosine again and again, each ``t_mul`` times as long and ``m_mul`` times as high as the one before."""

    schedule = optimizers.cosine_decay_restarts(
        _number(learning_rate), first_decay_steps, t_mul, m_mul, alpha
    )
    return _rate(schedule, global_step, name, "SGDRDecay", learning_rate)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Tensor:
    """``rate * ((alpha + 1 - done) * (1 + cos(2 pi num_periods done)) / 2 + beta)``."""
    return noisy_linear_cosine_decay(
        learning_rate,
        global_step,
        decay_steps,
        0.0,
        0.55,
        num_periods,
        alpha,
        beta,
        name or "LinearCosineDecay",
    )


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: float = 1.0,
    variance_decay: float = 0.55,
    num_periods: float = 0.5,
    alpha: float = 0.0,
    beta: float = 0.001,
    name: str | None = None,
) -> Tensor:
    """:func:`linear_cosine_decay` with noise of variance ``initial_variance / (1 + step) ** variance_decay``."""

    def schedule(step: Any) -> Any:
        done: Any = elementwise.minimum(g.cast(step, "float32") / decay_steps, 1.0)
        line = 1.0 - done
        if initial_variance:
            now: Any = elementwise.minimum(g.cast(step, "float32"), float(decay_steps)) + 1.0  # type: ignore[operator]
            spread = elementwise.sqrt(initial_variance / now**variance_decay)
            line = line + random.normal((), 0.0, 1.0, symbolic=True) * spread
        wave = 0.5 * (1.0 + elementwise.cos(done * float(2 * np.pi * num_periods)))  # type: ignore[operator]
        return _number(learning_rate) * ((alpha + line) * wave + beta)

    return _rate(schedule, global_step, name, "NoisyLinearCosineDecay", learning_rate)


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """The value whose interval the step is in; a step on a boundary belongs to the interval before it."""
    return _rate(optimizers.piecewise_constant(boundaries, values), x, name, "PiecewiseConstant", None)


piecewise_constant_decay = piecewise_constant
