"""What all optimizers share: which variables move, clipping, weight decay, averages, the step counter.

An optimizer is one class with two methods: ``slots(param)``, the first values of what it remembers for a parameter, and
``step(g, param, slots, lr, t)``, the parameter's and the slots' new values. Everything else is this room's.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, GradientError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import Operation, current_recorder
from thalweg.graph.walk import variables as variables_below
from thalweg.ops import elementwise as ew
from thalweg.ops.shape import full_like
from thalweg.ops.state import assign
from thalweg.optimizers.clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from thalweg.optimizers.rows import Rows, each, like, rows_in, whole, with_rows
from thalweg.optimizers.waiting import waiting_updates
from thalweg.registry import Configured
from thalweg.run.tape import GradientTape

__all__ = ["Optimizer"]

Slots = dict[str, Any]


class Optimizer(Configured):
    """What all optimizers share: from gradients to updates, at once or as an :class:`Operation`.

    ``learning_rate``: a number (kept in a variable, so that setting it reaches compiled programs), a tensor, or a
    schedule, that is a function of the number of steps done. ``weight_decay``: each step first takes
    ``learning_rate * weight_decay * param`` off every parameter. One of ``clipnorm`` (L2 norm of each gradient),
    ``global_clipnorm`` (of all together) and ``clipvalue`` (each element) bounds the gradients.

    ``use_ema`` keeps a moving average of every parameter, at the first step the parameter itself, then
    ``average = m * average + (1 - m) * param`` with ``m = ema_momentum``. The averages take the parameters' place at
    each ``ema_overwrite_frequency``-th step, if that is given, and at the end of ``fit``
    (:meth:`finalize_variable_values`).

    ``gradient_accumulation_steps=n``: gradients are averaged over n calls, the n-th of which moves the parameters; a
    schedule counts calls, and ``use_ema``'s averages move at each of them, as Keras's do. ``loss_scale_factor``: the
    loss is multiplied by it, and the gradients divided, so that gradients too small for float16 do not become 0.

    A class with ``by_rows`` is told of a table that the loss only reads rows of which rows these were: rows that were
    not read stay as they are, with what is remembered of them, except what ``in_all_rows`` names; and gradients are
    bounded as they are, before those of the same row are summed. Other classes have the gradient of the whole table.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(2.0), tw.optimizers.SGD(0.25)
    >>> for _ in range(2):
    ...     optimizer.minimize(lambda: w * w, [w])
    >>> w.numpy().item(), optimizer.iterations.numpy().item()
    (0.5, 2)
    """

    by_rows = False
    in_all_rows: tuple[str, ...] = ()  # the slots (and "param") that change in rows without a gradient too

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
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        self.name = name or type(self).__name__
        if unknown:
            raise self._unknown(next(iter(unknown)))
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise fail(ArgumentError, f"{self.name}: at most one of clipnorm, clipvalue, global_clipnorm")
        self._within("ema_momentum", ema_momentum, 0 <= ema_momentum <= 1, "0 to 1")
        for key, count in (
            ("ema_overwrite_frequency", ema_overwrite_frequency),
            ("gradient_accumulation_steps", gradient_accumulation_steps),
        ):
            self._within(
                key, count, count is None or (int(count) == count and count >= 1), "a whole number >= 1"
            )
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.ema_momentum = ema_momentum if use_ema else None
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.accumulation = gradient_accumulation_steps or 1
        self.undecayed: set[int] = set()
        self.iterations = Variable(np.int64(0), trainable=False, name=f"{self.name}/iterations")
        self._calls: Variable | None = None
        if self.accumulation > 1:
            self._calls = Variable(np.int64(0), trainable=False, name=f"{self.name}/calls")
        self._slots: dict[Variable, dict[str, Variable]] = {}
        self._rate = self._kept_rate(learning_rate)

    def _unknown(self, argument: str) -> ArgumentTypeError:
        hints = {
            "lr": "lr is called learning_rate",
            "decay": "pass a schedule: learning_rate=InverseTimeDecay(rate, 1, decay)",
        }
        return fail(
            ArgumentTypeError,
            f"{self.name}: unknown argument {argument!r}",
            expected=", ".join(_arguments_of(type(self))),
            hint=hints.get(argument),
        )

    def _within(self, argument: str, value: Any, fits: bool, expected: str) -> None:
        if not fits:
            raise fail(ArgumentError, f"{self.name}: {argument}", expected=expected, received=value)

    # --- what a rule says ---------------------------------------------------------------------------------------

    def slots(self, param: Variable) -> Slots:
        """The first value of each thing remembered for a parameter: a number (in the parameter's shape) or an array."""
        return {}

    def decay_of(self, param: Variable) -> float | None:
        """The weight decay of a parameter."""
        return self.weight_decay

    def step(self, g: Tensor, param: Tensor, slots: Slots, lr: Tensor, t: Tensor) -> tuple[Any, Slots]:
        """The new parameter and slots. ``lr`` has the parameter's dtype; ``t`` is 1 at the first step, float64."""
        raise NotImplementedError

    def moved(
        self, g: Tensor | Rows, param: Tensor, slots: Slots, lr: Tensor, t: Tensor
    ) -> tuple[Any, Slots]:
        """:meth:`step` by the gradient of the whole parameter, or of some of its rows."""
        new, after = self.step(whole(g, param), param, slots, lr, t)
        if not isinstance(g, Rows) or {"param", *after} <= set(self.in_all_rows):
            return new, after
        touched = g.touched(param)

        def kept(name: str, value: Any, old: Any) -> Any:
            return value if name in self.in_all_rows else ew.where(touched, value, old)

        return kept("param", new, param), {name: kept(name, v, slots[name]) for name, v in after.items()}

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
        loss = self.scale_loss(loss)
        params = [v for v in variables_below([loss]) if v.trainable] if var_list is None else list(var_list)
        if not params:
            raise fail(
                GradientError,
                f"{self.name}: the loss depends on no trainable variable",
                received=f"{loss.label()} {loss.specs[0]}",
                hint="was it computed under no_grad, or its value converted to a number?",
            )
        gradients = partial(GradientTape().gradient, loss)
        found = with_rows([loss], params, gradients) if self.by_rows else gradients(params)
        return list(zip(found, params, strict=True))

    def scale_loss(self, loss: Any) -> Any:
        """The loss times ``loss_scale_factor``: take gradients for :meth:`apply_gradients` of this."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def minimize(self, loss: Any, var_list: Sequence[Variable] | None = None) -> Any:
        """One step down the gradient of the loss: done at once, recorded in a traced function, or an Operation."""
        return self.apply_gradients(self.compute_gradients(loss, var_list))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """One step with the given pairs (gradient, variable): see :meth:`minimize`. Pairs with None are skipped."""
        pairs = self._checked(list(grads_and_vars))
        if current_recorder() is None and not any(rows_in(g).is_symbolic or v.is_symbolic for g, v in pairs):
            with no_grad():
                updates = waiting_updates(self, pairs) or self._updates(pairs)
        else:
            updates = self._updates(pairs)
        if current_recorder() is None and any(value.is_symbolic for _, value in updates):
            return Operation(updates, name=self.name)
        for variable, value in updates:
            assign(variable, value)
        return None

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> Any:
        """:meth:`apply_gradients`, the gradients and the variables apart: without variables, those that the optimizer
        was built with, in order.

        >>> import thalweg as tw
        >>> w, optimizer = tw.Variable(2.0), tw.optimizers.SGD(0.25)
        >>> optimizer.build([w])
        >>> optimizer.apply([4.0])
        >>> w.item()
        1.0
        """
        params = list(self._slots) if trainable_variables is None else list(trainable_variables)
        if len(params) != len(grads):
            raise fail(
                ArgumentError, f"{self.name}.apply: one gradient per variable", expected=len(params),
                received=len(grads),
                hint="build(variables) first, or pass them" if trainable_variables is None else None,
            )  # fmt: skip
        return self.apply_gradients(zip(grads, params, strict=True))

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

    def set_calls(self, count: int) -> None:
        """Go on as after so many calls of :meth:`apply_gradients`."""
        self.iterations.set_value(count // self.accumulation)
        if self._calls is not None:
            self._calls.set_value(count % self.accumulation)

    def slot_places(self) -> dict[int, tuple[Variable, str]]:
        """Of each slot made so far, by its id: its parameter and its name."""
        return {id(slot): (p, name) for p, made in self._slots.items() for name, slot in made.items()}

    def expect(self, values: Mapping[str, np.ndarray]) -> None:
        """Take what a file holds beside :meth:`variables`, by name: nothing, as :meth:`build` makes every slot."""

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

    def finalize_variable_values(self, params: Iterable[Variable]) -> None:
        """Give the parameters their moving averages, with ``use_ema``: the end of a training. ``fit`` calls it."""
        wanted = {id(param) for param in params}
        for param, average in self.averages():
            if id(param) in wanted:
                param.set_value(average.get_value())

    # --- one step -----------------------------------------------------------------------------------------------

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        if self.loss_scale_factor is not None:
            factor = 1.0 / self.loss_scale_factor
            pairs = [(each(lambda x: x * factor, g), param) for g, param in pairs]
        due, pairs, result = self._accumulated(pairs)
        calls: Any = (
            self.iterations if self._calls is None else self.iterations * self.accumulation + self._calls
        )
        rate, t = self.rate_at(calls), ew.astype(self.iterations, "float64") + 1.0
        for g, (_, param) in zip(self._clipped([g for g, _ in pairs]), pairs, strict=True):
            stepped = [(v, _if(due, new, v)) for v, new in self._stepped(g, param, rate, t)]
            result += stepped if self.ema_momentum is None else self._averaged(stepped, t)
        count: Any = self.iterations
        return [*result, (self.iterations, _if(due, count + 1, count))]

    def _checked(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        for _, param in pairs:
            if not isinstance(param, Variable):
                raise fail(
                    ArgumentTypeError, f"{self.name}: only variables can be trained", received=repr(param)
                )
        found = [(self._gradient(g, v), v) for g, v in pairs if g is not None]
        if not found:
            names = ", ".join(v.label() for _, v in pairs) or "none given"
            raise fail(
                GradientError,
                f"{self.name}: no variable has a gradient",
                received=names,
                hint="does the loss depend on them? was it computed under no_grad, or its value converted to a number?",
            )
        return found

    def _gradient(self, g: Any, param: Variable) -> Tensor | Rows:
        if not isinstance(g, Rows):
            return _convert(g)
        return g if self.by_rows and self.accumulation == 1 else g.whole(param)

    def _stepped(
        self, g: Tensor | Rows, param: Variable, rate: Tensor, t: Tensor
    ) -> list[tuple[Variable, Any]]:
        """The updates of one parameter and its slots."""
        made = self._made_slots(param)
        g, lr = each(lambda x: ew.astype(x, param.dtype), g), ew.astype(rate, param.dtype)
        start: Any = param
        decay = None if id(param) in self.undecayed else self.decay_of(param)
        if decay:
            start = param - param * (lr * decay)  # type: ignore[operator]
        own = {name: slot for name, slot in made.items() if name not in ("parameter_average", "gradient_sum")}
        new, slots = self.moved(g, start, dict(own), lr, t)
        return [(param, new), *((own[name], value) for name, value in slots.items())]

    def _averaged(self, stepped: list[tuple[Variable, Any]], t: Tensor) -> list[tuple[Variable, Any]]:
        """The updates of one parameter, first of all its own, with its average: this moves at every call."""
        (param, new), *rest = stepped
        kept = self._made_slots(param)["parameter_average"]
        average = ew.where(ew.equal(t, 1.0), new, blend(kept, new, self.ema_momentum))  # type: ignore[arg-type]
        if self.ema_overwrite_frequency is not None:
            count: Any = self.iterations
            new = ew.where(ew.equal((count + 1) % self.ema_overwrite_frequency, 0), average, new)
        return [(param, new), *rest, (kept, average)]

    def _accumulated(
        self, pairs: list[tuple[Any, Variable]]
    ) -> tuple[Any, list[tuple[Any, Variable]], list[Any]]:
        """Whether this call moves the parameters (None: always), the gradients to use, and the sums' updates."""
        n = self.accumulation
        if n == 1:
            return None, pairs, []
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
        values = [rows_in(g) for g in grads]
        if self.clipnorm is not None:
            values = [clip_by_norm(x, self.clipnorm) for x in values]
        if self.clipvalue is not None:
            values = [clip_by_value(x, -self.clipvalue, self.clipvalue) for x in values]
        if self.global_clipnorm is not None:
            values = clip_by_global_norm(values, self.global_clipnorm)[0]
        return [like(g, x) for g, x in zip(grads, values, strict=True)]

    def _made_slots(self, param: Variable) -> dict[str, Variable]:
        if param not in self._slots:
            first = dict(self.slots(param))
            if self.accumulation > 1:
                first["gradient_sum"] = 0.0
            if self.ema_momentum is not None:
                first["parameter_average"] = first_value(param)
            label = param.name or f"parameter_{len(self._slots)}"
            self._slots[param] = {
                name: slot_variable(param, value, f"{label}/{name}") for name, value in first.items()
            }
        return self._slots[param]


def _arguments_of(cls: type) -> list[str]:
    """What a constructor takes, and what it hands on to that of Optimizer."""
    parameters = [p for c in (cls, Optimizer) for p in inspect.signature(c).parameters.values()]
    named = (p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))
    return list(dict.fromkeys(named))


def first_value(param: Variable) -> Any:
    """What a parameter begins with."""
    return param.initializer if param.value is None else param.get_value()


def slot_variable(param: Variable, value: Any, name: str) -> Variable:
    """A variable beside a parameter: a number fills the parameter's shape."""
    shape = param.shape if param.value is None else param.value.shape
    if isinstance(value, (int, float)):
        open_ended = shape is None or None in shape
        value = full_like(param.initializer, value) if open_ended else np.full(shape, value, param.dtype)
    return Variable(value, trainable=False, name=name, dtype=param.dtype)


def _if(due: Any, new: Any, old: Any) -> Tensor:
    return new if due is None else ew.where(due, new, old)


def is_set(setting: Any) -> bool:
    """Whether a setting is other than 0; one that only a run knows, or that is computed of variables, may be."""
    computed = isinstance(setting, Tensor) and setting.op is not None and setting.tracked
    return computed or (isinstance(setting, Tensor) and setting.is_symbolic) or bool(setting)


def blend(old: Any, new: Any, beta: float) -> Any:
    """The moving average: ``beta * old + (1 - beta) * new``."""
    return old * beta + new * (1.0 - beta)


def _convert(value: Any) -> Tensor:
    return convert_operands([value])[0]
