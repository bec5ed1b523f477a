"""Optimizers: rules that turn gradients into updates of variables, as expressions; schedules and clipping.

An optimizer is one class with two methods: ``slots(param)``, the first values of what it remembers for a parameter, and
``step(g, param, slots, lr, t)``, the parameter's and the slots' new values. Everything else (which variables, clipping,
weight decay, the step counter, eager or compiled) is the base class's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, GradientError, fail
from thalweg.gradient import gradients
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable, constant, no_grad
from thalweg.graph.updates import Operation, current_recorder
from thalweg.graph.walk import variables as variables_below
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.shape import full_like
from thalweg.ops.state import assign
from thalweg.registry import Configured

Slots = dict[str, Any]
Pairs = Sequence[tuple[Any, Variable]]

__all__ = [
    "Optimizer",
    "GradientDescent",
    "SGD",
    "Momentum",
    "Adagrad",
    "Adadelta",
    "RMSProp",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Lion",
    "Ftrl",
    "clip_by_value",
    "clip_by_norm",
    "clip_by_global_norm",
    "global_norm",
    "constant_rate",
    "exponential_decay",
    "polynomial_decay",
    "cosine_decay",
    "piecewise_constant",
    "inverse_time",
]


# --- clipping -------------------------------------------------------------------------------------------------------


def clip_by_value(x: Any, low: Any, high: Any) -> Tensor:
    """``min(max(x, low), high)``, elementwise.

    >>> clip_by_value([-3.0, 0.5, 3.0], -1.0, 1.0).tolist()
    [-1.0, 0.5, 1.0]
    """
    return ew.minimum(ew.maximum(x, low), high)


def clip_by_norm(x: Any, clip_norm: Any, axis: Any = None) -> Tensor:
    """``x * clip_norm / max(norm(x), clip_norm)``: of L2 norm ``clip_norm`` at most, over ``axis`` (all by default).

    >>> clip_by_norm([3.0, 4.0], 2.5).tolist()
    [1.5, 2.0]
    """
    (x,) = convert_operands([x])
    norm = ew.sqrt(reduce.sum(x * x, axis=axis, keepdims=True))
    return x * (clip_norm / ew.maximum(norm, clip_norm))


def global_norm(tensors: Iterable[Any]) -> Tensor:
    """``sqrt`` of the sum of the squares of all elements of all tensors; None entries are left out.

    >>> global_norm([[3.0], None, [4.0]]).item()
    5.0
    """
    squares = [reduce.sum(t * t) for t in convert_operands([t for t in tensors if t is not None])]
    if not squares:
        raise fail(ArgumentError, "global_norm: no tensors")
    total: Any = squares[0]
    for square in squares[1:]:
        total = total + square
    return ew.sqrt(total)


def clip_by_global_norm(
    tensors: Sequence[Any], clip_norm: Any, use_norm: Any = None
) -> tuple[list[Any], Tensor]:
    """All tensors times ``clip_norm / max(norm, clip_norm)``, and the norm: :func:`global_norm` unless given.

    >>> clipped, norm = clip_by_global_norm([[3.0], [4.0]], 2.5)
    >>> norm.item(), [t.tolist() for t in clipped]
    (5.0, [[1.5], [2.0]])
    """
    norm = global_norm(tensors) if use_norm is None else convert_operands([use_norm])[0]
    scale = clip_norm / ew.maximum(norm, clip_norm)
    return [None if t is None else _convert(t) * ew.astype(scale, _convert(t).dtype) for t in tensors], norm


def _convert(value: Any) -> Tensor:
    return convert_operands([value])[0]


# --- schedules ------------------------------------------------------------------------------------------------------
# Functions of the step number (0 for the first step; an int or a tensor) that give the learning rate, a float64 scalar.

Schedule = Callable[[Any], Any]


def _as_step(step: Any) -> Any:
    return ew.astype(_convert(step), "float64")


def _power_of(base: float, exponent: Any) -> Tensor:
    """``base ** exponent`` for a positive number and a float64 tensor."""
    return ew.exp(exponent * math.log(base))


def constant_rate(rate: float) -> Schedule:
    """The same learning rate at every step."""
    return lambda step: _as_step(step) * 0.0 + rate


def exponential_decay(
    initial: float, decay_steps: float, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``initial * decay_rate ** (step / decay_steps)``, the exponent rounded down if ``staircase``.

    >>> exponential_decay(1.0, 10, 0.5)(20).numpy().round(9).item()
    0.25
    """

    def rate(step: Any) -> Tensor:
        passed = _as_step(step) / decay_steps
        return initial * _power_of(decay_rate, ew.floor(passed) if staircase else passed)  # type: ignore[operator]

    return rate


def inverse_time(initial: float, decay_steps: float, decay_rate: float, staircase: bool = False) -> Schedule:
    """``initial / (1 + decay_rate * step / decay_steps)``, the quotient rounded down if ``staircase``.

    >>> inverse_time(1.0, 1, 0.5)(2).item()
    0.5
    """

    def rate(step: Any) -> Tensor:
        passed = _as_step(step) / decay_steps
        return initial / (1.0 + decay_rate * (ew.floor(passed) if staircase else passed))

    return rate


def polynomial_decay(
    initial: float, decay_steps: float, end: float = 0.0001, power: float = 1.0, cycle: bool = False
) -> Schedule:
    """``(initial - end) * (1 - min(step, n) / n) ** power + end`` with ``n = decay_steps``.

    With ``cycle``, n grows to the next multiple of ``decay_steps`` instead of the step stopping there.

    >>> polynomial_decay(1.0, 10, end=0.0)(5).item()
    0.5
    """

    def rate(step: Any) -> Tensor:
        step = _as_step(step)
        length: Any = float(decay_steps)
        if cycle:
            length = decay_steps * ew.maximum(ew.ceil(step / decay_steps), 1.0)  # type: ignore[operator]
        rest = 1.0 - (step if cycle else ew.minimum(step, float(decay_steps))) / length
        return (initial - end) * (rest if power == 1 else ew.pow(rest, power)) + end

    return rate


def cosine_decay(
    initial: float,
    decay_steps: float,
    alpha: float = 0.0,
    warmup_target: float | None = None,
    warmup_steps: float = 0,
) -> Schedule:
    """From ``peak`` to ``alpha * peak`` along half a cosine over ``decay_steps``, and constant afterwards.

    ``peak * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``. ``peak`` is ``initial``; with a
    ``warmup_target`` the rate first rises from ``initial`` to it in a line over ``warmup_steps``, and that is the peak.

    >>> cosine_decay(1.0, 10)(5).numpy().round(9).item()
    0.5
    """
    peak = initial if warmup_target is None else warmup_target

    def rate(step: Any) -> Tensor:
        step = _as_step(step)
        passed = ew.minimum(ew.maximum(step - float(warmup_steps), 0.0), float(decay_steps)) / decay_steps
        decayed = peak * ((1.0 - alpha) * (0.5 * (1.0 + ew.cos(math.pi * passed))) + alpha)  # type: ignore[operator]
        if warmup_target is None or not warmup_steps:
            return decayed
        rising = initial + (peak - initial) * (step / warmup_steps)
        return ew.where(ew.less(step, float(warmup_steps)), rising, decayed)

    return rate


def piecewise_constant(boundaries: Sequence[float], values: Sequence[float]) -> Schedule:
    """``values[k]``, k being how many of the ascending ``boundaries`` the step has passed (``step > boundary``).

    >>> schedule = piecewise_constant([10, 20], [1.0, 0.5, 0.25])
    >>> schedule(10).item(), schedule(11).item(), schedule(21).item()
    (1.0, 0.5, 0.25)
    """
    if len(values) != len(boundaries) + 1:
        raise fail(
            ArgumentError,
            "piecewise_constant: values",
            expected=f"{len(boundaries) + 1}, one more than boundaries",
            received=len(values),
        )

    def rate(step: Any) -> Tensor:
        step = _as_step(step)
        result: Any = constant(float(values[0]), "float64")
        for boundary, value in zip(boundaries, values[1:], strict=True):
            result = ew.where(ew.greater(step, float(boundary)), constant(float(value), "float64"), result)
        return result

    return rate


# --- the base class -------------------------------------------------------------------------------------------------


class Optimizer(Configured):
    """What all optimizers share: from gradients to updates, at once or as an :class:`Operation`.

    ``learning_rate``: a number (kept in a variable, so that setting it reaches compiled programs), a tensor, or a
    schedule, that is a function of the number of steps done. ``weight_decay``: each step first takes
    ``learning_rate * weight_decay * param`` off every parameter. One of ``clipnorm`` (L2 norm of each gradient),
    ``global_clipnorm`` (of all together) and ``clipvalue`` (each element) bounds the gradients. ``use_ema`` keeps a
    moving average of every parameter, ``average = m * average + (1 - m) * param`` with ``m = ema_momentum``.
    ``gradient_accumulation_steps=n``: gradients are averaged over n calls, the n-th of which moves the parameters.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise fail(
                ArgumentError, f"{type(self).__name__}: at most one of clipnorm, clipvalue, global_clipnorm"
            )
        self.name = name or type(self).__name__
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.ema_momentum = ema_momentum if use_ema else None
        self.accumulation = gradient_accumulation_steps or 1
        self.undecayed: set[int] = set()
        self.iterations = Variable(np.int64(0), trainable=False, name=f"{self.name}/iterations")
        self._calls: Variable | None = None
        self._slots: dict[Variable, dict[str, Variable]] = {}
        self._rate = self._kept_rate(learning_rate)

    # --- what a rule says ---------------------------------------------------------------------------------------

    def slots(self, param: Variable) -> Slots:
        """The first value of each thing remembered for a parameter: a number (in the parameter's shape) or an array."""
        return {}

    def step(self, g: Tensor, param: Tensor, slots: Slots, lr: Tensor, t: Tensor) -> tuple[Any, Slots]:
        """The new parameter and slots. ``lr`` has the parameter's dtype; ``t`` is 1 at the first step, float64."""
        raise NotImplementedError

    # --- the learning rate --------------------------------------------------------------------------------------

    def _kept_rate(self, rate: Any) -> Any:
        if isinstance(rate, Tensor) or callable(rate):
            return rate
        if isinstance(rate, bool) or not isinstance(rate, (int, float, np.number, np.ndarray)):
            raise fail(
                ArgumentTypeError,
                f"{self.name}: learning_rate",
                expected="a number, a tensor, or a function of the step",
                received=repr(rate),
            )
        # float64, so that a parameter of any dtype sees the number that was written
        return Variable(np.float64(rate), trainable=False, name=f"{self.name}/learning_rate")

    @property
    def learning_rate(self) -> Any:
        """The variable, tensor or schedule; setting a number changes it in compiled programs too."""
        return self._rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if isinstance(self._rate, Variable) and isinstance(rate, (int, float, np.number)):
            self._rate.set_value(rate)
        else:
            self._rate = self._kept_rate(rate)

    def rate_at(self, step: Any) -> Tensor:
        """The learning rate after ``step`` steps, a float64 scalar."""
        given = self._rate if isinstance(self._rate, Tensor) else self._rate(step)
        return ew.astype(_convert(given), "float64")

    # --- gradients ----------------------------------------------------------------------------------------------

    def compute_gradients(
        self, loss: Any, var_list: Sequence[Variable] | None = None
    ) -> list[tuple[Any, Variable]]:
        """Pairs (gradient, variable), gradient None where the loss does not depend on it.

        ``loss``: a tensor (symbolic, or eager with a variable below it) or a function that returns one.
        ``var_list``: all trainable variables below the loss unless given.
        """
        if callable(loss) and not isinstance(loss, Tensor):
            loss = loss()
        params = [v for v in variables_below([loss]) if v.trainable] if var_list is None else list(var_list)
        if not params:
            raise fail(
                GradientError,
                f"{self.name}: the loss depends on no trainable variable",
                received=f"{loss.label()} {loss.specs[0]}",
                hint="was it computed under no_grad, or its value converted to a number?",
            )
        return list(zip(gradients(loss, params, unconnected="none"), params, strict=True))

    def minimize(self, loss: Any, var_list: Sequence[Variable] | None = None) -> Any:
        """One step down the gradient of the loss: done at once, recorded in a traced function, or an Operation."""
        return self.apply_gradients(self.compute_gradients(loss, var_list))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """One step with the given pairs (gradient, variable): see :meth:`minimize`. Pairs with None are skipped."""
        pairs = self._checked(list(grads_and_vars))
        if current_recorder() is None and all(g.value is not None and v.value is not None for g, v in pairs):
            with no_grad():
                updates = self._updates(pairs)
        else:
            updates = self._updates(pairs)
        if current_recorder() is None and any(value.value is None for _, value in updates):
            return Operation(updates, name=self.name)
        for variable, value in updates:
            assign(variable, value)
        return None

    def updates(self, loss_or_grads: Any, params: Sequence[Variable]) -> list[tuple[Variable, Tensor]]:
        """Pairs (variable, new value) for one step: of the parameters, their slots and the step counter.

        ``loss_or_grads``: a scalar loss, or one gradient for each of ``params``.
        """
        if isinstance(loss_or_grads, (list, tuple)):
            if len(loss_or_grads) != len(params):
                raise fail(
                    ArgumentError,
                    "updates: one gradient per parameter",
                    expected=len(params),
                    received=len(loss_or_grads),
                )
            return self._updates(self._checked(list(zip(loss_or_grads, params, strict=True))))
        return self._updates(self._checked(self.compute_gradients(loss_or_grads, params)))

    def variables(self) -> list[Variable]:
        """The step counter, the learning rate if it is a variable, and the slots made so far, in order."""
        first = [self.iterations, *([self._rate] if isinstance(self._rate, Variable) else [])]
        first += [] if self._calls is None else [self._calls]
        return first + [slot for made in self._slots.values() for slot in made.values()]

    def build(self, params: Iterable[Variable]) -> None:
        """Make the slots of these parameters now (they are made at the first step otherwise)."""
        for param in params:
            self._made_slots(param)

    def slot(self, param: Variable, name: str) -> Variable:
        """What the optimizer remembers for a parameter under a name, such as "momentum"."""
        made = self._made_slots(param)
        if name not in made:
            raise fail(
                ArgumentError,
                f"{self.name}: no slot {name!r}",
                expected=", ".join(made) or "none",
                received=name,
            )
        return made[name]

    def exclude_from_weight_decay(self, params: Iterable[Variable]) -> None:
        """Leave these parameters (biases, usually) out of the weight decay."""
        self.undecayed |= {id(p) for p in params}

    def averages(self) -> list[tuple[Variable, Variable]]:
        """Pairs (parameter, moving average), with ``use_ema``."""
        return [
            (p, made["parameter_average"]) for p, made in self._slots.items() if "parameter_average" in made
        ]

    # --- one step -----------------------------------------------------------------------------------------------

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        due, pairs, result = self._accumulated(pairs)
        rate, t = self.rate_at(self.iterations), ew.astype(self.iterations, "float64") + 1.0
        for g, (_, param) in zip(self._clipped([g for g, _ in pairs]), pairs, strict=True):
            result += [(v, _if(due, new, v)) for v, new in self._stepped(g, param, rate, t)]
        count: Any = self.iterations
        return [*result, (self.iterations, _if(due, count + 1, count))]

    def _checked(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        for _, param in pairs:
            if not isinstance(param, Variable):
                raise fail(
                    ArgumentTypeError, f"{self.name}: only variables can be trained", received=repr(param)
                )
        found = [(_convert(g), v) for g, v in pairs if g is not None]
        if not found:
            names = ", ".join(v.label() for _, v in pairs) or "none given"
            raise fail(
                GradientError,
                f"{self.name}: no variable has a gradient",
                received=names,
                hint="does the loss depend on them? was it computed under no_grad, or its value converted to a number?",
            )
        return found

    def _stepped(self, g: Tensor, param: Variable, rate: Tensor, t: Tensor) -> list[tuple[Variable, Any]]:
        """The updates of one parameter and its slots."""
        made = self._made_slots(param)
        g, lr = ew.astype(g, param.dtype), ew.astype(rate, param.dtype)
        start: Any = param
        if self.weight_decay and id(param) not in self.undecayed:
            start = param - param * (lr * self.weight_decay)  # type: ignore[operator]
        own = {name: slot for name, slot in made.items() if name not in ("parameter_average", "gradient_sum")}
        new, slots = self.step(g, start, dict(own), lr, t)
        result = [(param, new), *((own[name], value) for name, value in slots.items())]
        if self.ema_momentum is not None:
            average: Any = made["parameter_average"]
            result.append(
                (made["parameter_average"], average * self.ema_momentum + new * (1.0 - self.ema_momentum))
            )
        return result

    def _accumulated(
        self, pairs: list[tuple[Any, Variable]]
    ) -> tuple[Any, list[tuple[Any, Variable]], list[Any]]:
        """Whether this call moves the parameters (None: always), the gradients to use, and the sums' updates."""
        n = self.accumulation
        if n == 1:
            return None, pairs, []
        if self._calls is None:
            self._calls = Variable(np.int64(0), trainable=False, name=f"{self.name}/calls")
        calls: Any = self._calls
        due = ew.equal(calls, n - 1)
        result: list[Any] = [(self._calls, ew.where(due, full_like(calls, 0), calls + 1))]
        totals = []
        for g, param in pairs:
            kept: Any = self._made_slots(param)["gradient_sum"]
            total = kept + g
            result.append((kept, ew.where(due, full_like(total, 0), total)))
            totals.append((total * (1.0 / n), param))
        return due, totals, result

    def _clipped(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm is not None:
            return [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.clipvalue is not None:
            return [clip_by_value(g, -self.clipvalue, self.clipvalue) for g in grads]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(grads, self.global_clipnorm)[0]
        return grads

    def _made_slots(self, param: Variable) -> dict[str, Variable]:
        if param not in self._slots:
            first = dict(self.slots(param))
            if self.accumulation > 1:
                first["gradient_sum"] = 0.0
            if self.ema_momentum is not None:
                first["parameter_average"] = param.initializer if param.value is None else param.get_value()
            label = param.name or f"parameter_{len(self._slots)}"
            self._slots[param] = {
                name: _slot(param, value, f"{label}/{name}") for name, value in first.items()
            }
        return self._slots[param]


def _slot(param: Variable, value: Any, name: str) -> Variable:
    """A variable beside a parameter: a number fills the parameter's shape."""
    shape = param.shape if param.value is None else param.value.shape
    if isinstance(value, (int, float)):
        open_ended = shape is None or None in shape
        value = full_like(param.initializer, value) if open_ended else np.full(shape, value, param.dtype)
    return Variable(value, trainable=False, name=name, dtype=param.dtype)


def _if(due: Any, new: Any, old: Any) -> Tensor:
    return new if due is None else ew.where(due, new, old)


def _correction(beta: float, t: Tensor) -> Any:
    """``1 - beta ** t``, float64."""
    return 1.0 - _power_of(beta, t) if beta > 0 else t * 0.0 + 1.0  # type: ignore[operator]


def _blend(old: Any, new: Any, beta: float) -> Any:
    """The moving average: ``beta * old + (1 - beta) * new``."""
    return old * beta + new * (1.0 - beta)


# --- the optimizers -------------------------------------------------------------------------------------------------


class GradientDescent(Optimizer):
    """Gradient descent, with momentum if asked: ``v = momentum * v - lr * g``, ``param += v``.

    With ``nesterov``: ``param += momentum * v - lr * g``. Without momentum: ``param -= lr * g``.
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, param: Variable) -> Slots:
        return {"momentum": 0.0} if self.momentum else {}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        if not self.momentum:
            return param - lr * g, {}
        v = slots["momentum"] * self.momentum - lr * g
        return param + (v * self.momentum - lr * g if self.nesterov else v), {"momentum": v}


SGD = GradientDescent


class Momentum(Optimizer):
    """Momentum that gathers gradients: ``v = momentum * v + g``, ``param -= lr * v``.

    With ``nesterov``: ``param -= lr * (g + momentum * v)``. Differs from :class:`SGD` where the learning rate changes.
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.9, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, param: Variable) -> Slots:
        return {"momentum": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        v = slots["momentum"] * self.momentum + g
        return param - lr * (g + v * self.momentum if self.nesterov else v), {"momentum": v}


class _Rooted(Optimizer):
    """What divides by a root: epsilon inside it (``sqrt(v + epsilon)``) or outside (``sqrt(v) + epsilon``)."""

    epsilon: float
    epsilon_inside: bool

    def _root(self, v: Any) -> Any:
        return ew.sqrt(v + self.epsilon) if self.epsilon_inside else ew.sqrt(v) + self.epsilon  # type: ignore[operator]


class Adagrad(_Rooted):
    """``a += g * g``, ``param -= lr * g / sqrt(a + epsilon)``; ``a`` starts at ``initial_accumulator_value``.

    ``epsilon_inside=False``: ``lr * g / (sqrt(a) + epsilon)``.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        epsilon_inside: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial, self.epsilon, self.epsilon_inside = initial_accumulator_value, epsilon, epsilon_inside

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": self.initial}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        a = slots["accumulator"] + g * g
        return param - lr * g / self._root(a), {"accumulator": a}


class Adadelta(Optimizer):
    """``a = rho a + (1 - rho) g²``, ``d = g sqrt(s + epsilon) / sqrt(a + epsilon)``, ``s = rho s + (1 - rho) d²``,
    ``param -= lr * d``.
    """

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": 0.0, "delta": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        a = _blend(slots["accumulator"], g * g, self.rho)
        d = g * ew.sqrt(slots["delta"] + self.epsilon) / ew.sqrt(a + self.epsilon)
        return param - lr * d, {"accumulator": a, "delta": _blend(slots["delta"], d * d, self.rho)}


class RMSProp(_Rooted):
    """``v = rho v + (1 - rho) g²``, ``param -= lr * g / sqrt(v + epsilon)``.

    ``v`` starts at ``initial_accumulator_value``. ``centered``: ``v - a²`` under the root, with
    ``a = rho a + (1 - rho) g``. ``epsilon_inside=False``: ``sqrt(v) + epsilon``. ``momentum``:
    ``m = momentum * m + lr * g / root``, ``param -= m``.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        epsilon_inside: bool = True,
        initial_accumulator_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.epsilon_inside, self.initial = epsilon_inside, initial_accumulator_value

    def slots(self, param: Variable) -> Slots:
        first = {"velocity": self.initial}
        if self.momentum:
            first["momentum"] = 0.0
        if self.centered:
            first["average_gradient"] = 0.0
        return first

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        new = {"velocity": _blend(slots["velocity"], g * g, self.rho)}
        v = new["velocity"]
        if self.centered:
            a = new["average_gradient"] = _blend(slots["average_gradient"], g, self.rho)
            v = v - a * a
        move = lr * g / self._root(v)
        if self.momentum:
            move = new["momentum"] = slots["momentum"] * self.momentum + move
        return param - move, new


class Adam(Optimizer):
    """``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g²``, and with ``c1 = 1 - b1^t``, ``c2 = 1 - b2^t``

    ``param -= lr * sqrt(c2) / c1 * m / (sqrt(v) + epsilon)``. ``epsilon_hat=False`` adds epsilon after the
    correction, as the paper's first form: ``param -= lr * (m / c1) / (sqrt(v / c2) + epsilon)``.
    ``amsgrad``: the largest v so far in place of v.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        epsilon_hat: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.amsgrad, self.epsilon_hat = amsgrad, epsilon_hat

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "v": 0.0, **({"largest_v": 0.0} if self.amsgrad else {})}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, v = _blend(slots["m"], g, self.beta_1), _blend(slots["v"], g * g, self.beta_2)
        new = {"m": m, "v": v}
        if self.amsgrad:
            v = new["largest_v"] = ew.maximum(slots["largest_v"], v)
        c1, root = _correction(self.beta_1, t), ew.sqrt(_correction(self.beta_2, t))
        # The corrections are scalars in float64: 1 - b2^t has few digits left in float32.
        if self.epsilon_hat:
            move = (lr * ew.astype(root / c1, param.dtype)) * m / (ew.sqrt(v) + self.epsilon)
        else:
            unbiased = ew.sqrt(v) * ew.astype(1.0 / root, param.dtype)
            move = (lr * ew.astype(1.0 / c1, param.dtype)) * m / (unbiased + self.epsilon)
        return param - move, new


class AdamW(Adam):
    """:class:`Adam` with weight decay: ``param -= lr * weight_decay * param`` before each step."""

    def __init__(
        self, learning_rate: Any = 0.001, weight_decay: float = 0.004, *args: Any, **options: Any
    ) -> None:
        super().__init__(learning_rate, *args, weight_decay=weight_decay, **options)


class Adamax(Optimizer):
    """``m = b1 m + (1 - b1) g``, ``u = max(b2 u, |g|)``, ``param -= lr / (1 - b1^t) * m / (u + epsilon)``."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "u": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, u = _blend(slots["m"], g, self.beta_1), ew.maximum(slots["u"] * self.beta_2, ew.abs(g))
        scaled = lr * ew.astype(1.0 / _correction(self.beta_1, t), param.dtype)
        return param - scaled * m / (u + self.epsilon), {"m": m, "u": u}


class Nadam(Optimizer):
    """Adam with Nesterov momentum.

    With ``mu(t) = b1 (1 - 0.96^(t * momentum_decay) / 2)`` and P the product of mu(1), ..., mu(t):

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g²``,
    ``param -= lr * (mu(t+1) m / (1 - P mu(t+1)) + (1 - mu(t)) g / (1 - P)) / (sqrt(v / (1 - b2^t)) + epsilon)``.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        momentum_decay: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon, self.momentum_decay = beta_1, beta_2, epsilon, momentum_decay

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "v": 0.0, "product": np.ones((), param.dtype)}

    def _mu(self, t: Any) -> Any:
        return self.beta_1 * (1.0 - 0.5 * _power_of(0.96**self.momentum_decay, t))  # type: ignore[operator]

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, v = _blend(slots["m"], g, self.beta_1), _blend(slots["v"], g * g, self.beta_2)
        now, after = self._mu(t), self._mu(t + 1.0)
        product = ew.astype(slots["product"], "float64") * now  # type: ignore[operator]
        of_m = lr * ew.astype(after / (1.0 - product * after), param.dtype)
        of_g = lr * ew.astype((1.0 - now) / (1.0 - product), param.dtype)
        root = ew.sqrt(v) * ew.astype(1.0 / ew.sqrt(_correction(self.beta_2, t)), param.dtype)
        move = (of_m * m + of_g * g) / (root + self.epsilon)
        return param - move, {"m": m, "v": v, "product": ew.astype(product, param.dtype)}


class Lion(Optimizer):
    """``param -= lr * sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g``."""

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        move = lr * ew.sign(_blend(slots["m"], g, self.beta_1))
        return param - move, {"m": _blend(slots["m"], g, self.beta_2)}


class Ftrl(Optimizer):
    """Follow the regularised leader, per coordinate. With ``n' = n + g²`` and ``p = -learning_rate_power``:

    ``z += g - (n'^p - n^p) / lr * param``, ``q = (n'^p + beta) / lr + 2 l2`` and
    ``param = (clip(z, -l1, l1) - z) / q``; ``l2_shrinkage`` adds ``2 * l2_shrinkage * param`` to the g in z.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.power, self.initial, self.beta = -learning_rate_power, initial_accumulator_value, beta
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.shrinkage = l2_shrinkage_regularization_strength

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": self.initial, "linear": 0.0}

    def _raised(self, n: Any) -> Any:
        return ew.sqrt(n) if self.power == 0.5 else ew.pow(n, self.power)

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        n, raised = slots["accumulator"] + g * g, self._raised(slots["accumulator"])
        pulled = g + param * (2.0 * self.shrinkage) if self.shrinkage else g
        z = slots["linear"] + pulled - (self._raised(n) - raised) / lr * param
        q = (self._raised(n) + self.beta) / lr + 2.0 * self.l2
        return (clip_by_value(z, -self.l1, self.l1) - z) / q, {"accumulator": n, "linear": z}
