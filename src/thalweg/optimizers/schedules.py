"""Schedules: learning rates that depend on the number of steps done, 0 at the first step.

``Adam(CosineDecay(1e-3, 10_000))`` reads the rate anew at each step, inside the compiled step. Any function of the step
number (an int or a tensor) is a schedule; those of this room can also be written to files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import elementwise as ew
from thalweg.registry import Configured
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize

__all__ = [
    "ConstantRate",
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule(Configured):
    """What all share: called with the number of steps done, it gives the learning rate, a float64 scalar tensor.

    A subclass defines :meth:`rate`. Its constructor's arguments are what a saved model keeps of it.

    >>> class Halves(LearningRateSchedule):
    ...     def rate(self, step):
    ...         return 1.0 / (1.0 + step)
    >>> Halves()(3).item()
    0.25
    """

    def __call__(self, step: Any) -> Any:
        """The rate after ``step`` steps."""
        return self.rate(as_step(step))

    def rate(self, step: Any) -> Any:
        """The rate, of a float64 scalar tensor."""
        raise NotImplementedError

    def _positive(self, **given: float) -> None:
        for name, value in given.items():
            if not value > 0:
                raise fail(ArgumentError, f"{type(self).__name__}: {name}", expected="> 0", received=value)


def as_step(step: Any) -> Any:
    """The number of a step as a float64 scalar tensor."""
    return ew.astype(convert_operands([step])[0], "float64")


def power_of(base: float, exponent: Any) -> Tensor:
    """``base ** exponent`` for a positive number and a float64 tensor."""
    return ew.exp(exponent * math.log(base))


def _wave(passed: Any) -> Any:
    """From 1 at 0 to 0 at 1 along half a cosine."""
    return 0.5 * (1.0 + ew.cos(math.pi * passed))


class ConstantRate(LearningRateSchedule):
    """The same learning rate at every step.

    >>> ConstantRate(0.5)(100).item()
    0.5
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def rate(self, step: Any) -> Any:
        return step * 0.0 + self.learning_rate


class ExponentialDecay(LearningRateSchedule):
    """``initial * decay_rate ** (step / decay_steps)``, the exponent rounded down if ``staircase``.

    >>> ExponentialDecay(1.0, 10, 0.5)(20).numpy().round(9).item()
    0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self._positive(decay_steps=decay_steps, decay_rate=decay_rate)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def rate(self, step: Any) -> Any:
        passed = step / self.decay_steps
        exponent = ew.floor(passed) if self.staircase else passed
        return self.initial_learning_rate * power_of(self.decay_rate, exponent)  # type: ignore[operator]


class InverseTimeDecay(LearningRateSchedule):
    """``initial / (1 + decay_rate * step / decay_steps)``, the quotient rounded down if ``staircase``.

    >>> InverseTimeDecay(1.0, 1, 0.5)(2).item()
    0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.decay_rate, self.staircase = decay_rate, staircase

    def rate(self, step: Any) -> Any:
        passed = step / self.decay_steps
        return self.initial_learning_rate / (
            1.0 + self.decay_rate * (ew.floor(passed) if self.staircase else passed)
        )


class PolynomialDecay(LearningRateSchedule):
    """``(initial - end) * (1 - min(step, n) / n) ** power + end`` with ``n = decay_steps``.

    With ``cycle``, n grows to the next multiple of ``decay_steps`` instead of the step stopping there.

    >>> PolynomialDecay(1.0, 10, end_learning_rate=0.0)(5).item()
    0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ) -> None:
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle = end_learning_rate, power, cycle

    def rate(self, step: Any) -> Any:
        length: Any = float(self.decay_steps)
        if self.cycle:
            length = length * ew.maximum(ew.ceil(step / self.decay_steps), 1.0)
        rest = 1.0 - (step if self.cycle else ew.minimum(step, length)) / length
        rest = rest if self.power == 1 else ew.pow(rest, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * rest + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """From ``peak`` to ``alpha * peak`` along half a cosine over ``decay_steps``, and constant afterwards.

    ``peak * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``. ``peak`` is the initial rate; with a
    ``warmup_target`` the rate first rises from the initial one to it in a line over ``warmup_steps``, that is the peak,
    and the cosine begins after the rise.

    >>> CosineDecay(1.0, 10)(5).numpy().round(9).item()
    0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str | None = None,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self._positive(decay_steps=decay_steps)
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.warmup_target = warmup_target
        self.warmup_steps = 0 if warmup_target is None else warmup_steps

    def rate(self, step: Any) -> Any:
        first = self.initial_learning_rate
        peak = first if self.warmup_target is None else self.warmup_target
        since = ew.maximum(step - float(self.warmup_steps), 0.0)
        passed = ew.minimum(since, float(self.decay_steps)) / self.decay_steps  # type: ignore[operator]
        decayed = peak * ((1.0 - self.alpha) * _wave(passed) + self.alpha)
        if not self.warmup_steps:
            return decayed
        rising = first + (peak - first) * (step / self.warmup_steps)
        return ew.where(ew.less(step, float(self.warmup_steps)), rising, decayed)


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines one after the other (Loshchilov and Hutter, 2016): warm restarts.

    The first takes ``first_decay_steps``, each further one ``t_mul`` times as long as the one before; it starts at
    ``m_mul`` times the rate at which that one started. ``alpha``: the smallest rate, as a share of the initial one.

    >>> schedule = CosineDecayRestarts(1.0, 10, t_mul=1.0, m_mul=0.5)
    >>> [schedule(step).numpy().round(9).item() for step in (0, 5, 10, 15)]
    [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = None,
    ) -> None:
        self._positive(first_decay_steps=first_decay_steps, m_mul=m_mul)
        if t_mul < 1:
            raise fail(ArgumentError, "CosineDecayRestarts: t_mul", expected=">= 1", received=t_mul)
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha = t_mul, m_mul, alpha

    def rate(self, step: Any) -> Any:
        passed = step / self.first_decay_steps
        if self.t_mul == 1:
            restarts = ew.floor(passed)
            share = passed - restarts
        else:  # the lengths are a geometric series
            restarts = ew.floor(ew.log(1.0 + passed * (self.t_mul - 1.0)) / math.log(self.t_mul))  # type: ignore[operator]
            length = power_of(self.t_mul, restarts)
            share = (passed - (length - 1.0) / (self.t_mul - 1.0)) / length  # type: ignore[operator]
        wave = power_of(self.m_mul, restarts) * _wave(share)
        return self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha)


class OneCycle(LearningRateSchedule):
    """Up and down again once (Smith and Topin, 2017): for few epochs at a large rate.

    From ``max_learning_rate / div_factor`` along half a cosine to ``max_learning_rate``, over the first ``rise`` of
    the ``total_steps``; then down to ``max_learning_rate / (div_factor * final_div_factor)`` at the last. Constant
    afterwards. The formula is that of PyTorch's ``OneCycleLR``.

    >>> schedule = OneCycle(1.0, total_steps=12, rise=0.5)
    >>> [round(schedule(step).item(), 3) for step in (0, 5, 11)]
    [0.04, 1.0, 0.0]
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        rise: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self._positive(total_steps=total_steps, div_factor=div_factor, final_div_factor=final_div_factor)
        if not 1 < rise * total_steps < total_steps:
            raise fail(
                ArgumentError,
                "OneCycle: rise",
                expected="a share of total_steps of more than 1 step and less than all",
                received=f"{rise} of {total_steps} steps",
            )
        self.max_learning_rate, self.total_steps, self.rise = max_learning_rate, total_steps, rise
        self.div_factor, self.final_div_factor = div_factor, final_div_factor

    def rate(self, step: Any) -> Any:
        top, last = self.rise * self.total_steps - 1.0, self.total_steps - 1.0
        start = self.max_learning_rate / self.div_factor
        end = start / self.final_div_factor
        rising = self.max_learning_rate + (start - self.max_learning_rate) * _wave(step / top)
        down = ew.minimum(step - top, last - top) / (last - top)  # type: ignore[operator]
        falling = end + (self.max_learning_rate - end) * _wave(down)
        return ew.where(ew.less_equal(step, top), rising, falling)


class PiecewiseConstantDecay(LearningRateSchedule):
    """``values[k]``, k being how many of the ascending ``boundaries`` the step has passed (``step > boundary``).

    >>> schedule = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    >>> schedule(10).item(), schedule(11).item(), schedule(21).item()
    (1.0, 0.5, 0.25)
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str | None = None) -> None:
        if len(values) != len(boundaries) + 1:
            raise fail(
                ArgumentError,
                "PiecewiseConstantDecay: values",
                expected=f"{len(boundaries) + 1}, one more than boundaries",
                received=len(values),
            )
        self.boundaries, self.values = list(boundaries), list(values)

    def rate(self, step: Any) -> Any:
        result: Any = constant(float(self.values[0]), "float64")
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            result = ew.where(ew.greater(step, float(boundary)), constant(float(value), "float64"), result)
        return result
