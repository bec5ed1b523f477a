"""Learning rates that change with the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap


def _number(x: Any) -> Any:
    return value(x) if isinstance(x, Tensor) else x


def _rate(schedule: Any, step: Any, name: str | None, kind: str, like: Any) -> Tensor:
    dtype = like.dtype if isinstance(like, Tensor) else "float32"
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


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """The value whose interval the step is in; a step on a boundary belongs to the interval before it."""
    return _rate(optimizers.piecewise_constant(boundaries, values), x, name, "PiecewiseConstant", None)


piecewise_constant_decay = piecewise_constant
