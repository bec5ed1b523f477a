"""Optimizers with TensorFlow 1's formulas and defaults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.control import control_dependencies, group
from thalweg.compat.tf1.graph import (
    Effect,
    GraphKeys,
    Node,
    Operation,
    current,
    default_graph,
    value,
    wrap,
)
from thalweg.compat.tf1.slices import IndexedSlices, rows_or_value
from thalweg.compat.tf1.variables import (
    Variable,
    get_variable_scope,
    trainable_variables,
)
from thalweg.graph import tensor as core
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops
from thalweg.ops.families import same_dtype, to_numbers
from thalweg.optimizers.rows import Rows, each

# What TensorFlow's optimizers ask their subclasses for; those here have rules instead.
_HOOKS = (
    "_create_slots _prepare _apply_dense _apply_sparse _resource_apply_dense _resource_apply_sparse _finish"
).split()


class Optimizer:
    """A rule of the main library over a graph's variables: what it remembers are variables that must be initialised."""

    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2
    _slot_names: dict[str, str] = {}  # the rule's names of what it remembers -> TensorFlow's

    def __init__(
        self,
        rule: optimizers.Optimizer | bool | None = None,
        learning_rate: Any = 0.0,
        name: str = "Optimizer",
        counts: bool = False,
        use_locking: bool = False,
    ) -> None:
        if isinstance(rule, bool):  # of a program's own class: (use_locking, name), as TensorFlow has it
            use_locking, rule = rule, None
            name, learning_rate = (learning_rate, 0.0) if isinstance(learning_rate, str) else (name, 0.0)
        self._rule, self._rate, self._name = rule, learning_rate, name
        self._counts = counts
        self._use_locking = use_locking
        self._counters: dict[str, Variable] = {}
        self._of_variables: dict[Any, dict[str, Variable]] = {}

    def get_name(self) -> str:
        return self._name

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """One step down the gradient of the loss."""
        pairs = self.compute_gradients(loss, var_list, grad_loss=grad_loss)
        if all(gradient is None for gradient, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not support gradients, "
                f"between variables {[str(v) for _, v in pairs]} and loss {loss}."
            )
        return self.apply_gradients(pairs, global_step, name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = 1,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Variable]]:
        """Pairs (gradient, variable); the gradient is None where the loss does not depend on it."""
        loss = g.node_of(loss() if callable(loss) and not isinstance(loss, Node) else loss)
        wanted = trainable_variables() if var_list is None else [g.node_of(v) for v in _flat(var_list)]
        if not wanted:
            raise ValueError("No variables to optimize.")
        return list(zip(math.gradients(loss, wanted, grad_loss), wanted, strict=True))

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Operation:
        """One step with given pairs (gradient, variable)."""
        own = [name for name in _HOOKS if hasattr(type(self), name)]
        if own and self._rule is None:
            return self._by_hooks(grads_and_vars, global_step, name)
        if own:
            raise NotImplementedError(
                f"{type(self).__name__}: an optimizer's own {', '.join(own)} are not asked here; write the step as "
                "apply_gradients(grads_and_vars, global_step, name) that returns tf.group of assignments"
            )
        grads_and_vars = list(grads_and_vars)
        pairs = [(gradient, g.node_of(v)) for gradient, v in grads_and_vars if gradient is not None]
        if not pairs:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in grads_and_vars]}."
            )
        t, updates = self._counted()
        rate = self._learning_rate()
        for gradient, v in pairs:
            updates += self._stepped(rows_or_value(gradient), v, g.cast(rate, v.dtype), t)
        if global_step is not None:
            updates.append((global_step.t, current.build([global_step.t], {}) + 1))  # type: ignore[operator]
        made = Operation(name or self._name, "NoOp", Effect(updates))
        default_graph().add_to_collection(GraphKeys.TRAIN_OP, made)
        return made

    def _by_hooks(self, grads_and_vars: Any, global_step: Any, name: str | None) -> Operation:
        """One step of an optimizer that a program wrote, by the methods that TensorFlow asks for."""
        told: Any = self
        pairs = [(gradient, g.node_of(v)) for gradient, v in grads_and_vars if gradient is not None]
        if not pairs:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in grads_and_vars]}."
            )
        if hasattr(self, "_create_slots"):
            told._create_slots([v for _, v in pairs])
        if hasattr(self, "_prepare"):
            told._prepare()
        steps = []
        for gradient, v in pairs:
            if isinstance(gradient, IndexedSlices) and hasattr(self, "_apply_sparse"):
                steps.append(told._apply_sparse(_without_repeats(gradient), v))
            else:
                steps.append(told._apply_dense(g.convert_to_tensor(gradient), v))
        with control_dependencies(steps):
            ended = told._finish(steps, name or self._name) if hasattr(self, "_finish") else None
            counted = [] if global_step is None else [global_step.assign_add(1)]
        made = group(*steps, *([ended] if ended is not None else []), *counted, name=name or self._name)
        default_graph().add_to_collection(GraphKeys.TRAIN_OP, made)
        return made

    def _zeros_slot(self, var: Variable, slot_name: str, op_name: str) -> Variable:
        return self._get_or_make_slot(var, np.float64(0), slot_name, op_name)

    def _get_or_make_slot(self, var: Variable, val: Any, slot_name: str, op_name: str) -> Variable:
        """What the optimizer remembers for a variable under a name; ``val`` at first."""
        made = self._of_variables.setdefault(var, {})
        if slot_name not in made:
            start = float(val) if isinstance(val, np.float64) else val
            made[slot_name] = self._slot(var, start, op_name)
        return made[slot_name]

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any = None) -> Variable:
        """A variable of the whole optimizer."""
        if name not in self._counters:
            self._counters[name] = Variable(initial_value, trainable=False, name=name)
        return self._counters[name]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Variable | None:
        return self._counters.get(name)

    def _call_if_callable(self, param: Any) -> Any:
        return param() if callable(param) and not isinstance(param, Node) else param

    def _learning_rate(self) -> core.Tensor:
        rate = self._rate() if callable(self._rate) and not isinstance(self._rate, Node) else self._rate
        return value(rate) if isinstance(rate, Node) else core.constant(np.float64(rate))

    def _counted(self) -> tuple[Any, list[Any]]:
        """The number of this step, from 1, and the update of the counter."""
        if not self._counts:
            return None, []
        if not self._counters:
            self._counters["step"] = Variable(np.int64(0), trainable=False, name=f"{self._name}/step")
        steps = self._counters["step"].t
        now: Any = current.build([steps], {})
        return g.cast(now, "float64") + 1.0, [(steps, now + 1)]  # type: ignore[operator]

    def _stepped(self, gradient: core.Tensor | Rows, v: Variable, rate: core.Tensor, t: Any) -> list[Any]:
        assert self._rule is not None
        slots = self._slots_of(v)
        now = {name: current.build([slot.t], {}) for name, slot in slots.items()}
        slope = each(lambda x: g.cast(x, v.dtype), gradient)
        new, after = self._rule.moved(slope, self._before(v), now, rate, t)
        if v.constraint is not None:
            new = value(v.constraint(wrap(new, None, "Constrained")))
        return [(v.t, new), *((slots[name].t, made) for name, made in after.items())]

    def _before(self, v: Variable) -> Any:
        """The value from which a variable takes its step."""
        return current.build([v.t], {})

    def _slots_of(self, v: Variable) -> dict[str, Variable]:
        if v not in self._of_variables:
            assert self._rule is not None
            first = self._rule.slots(v.t)
            self._of_variables[v] = {name: self._slot(v, start) for name, start in first.items()}
        return self._of_variables[v]

    def _slot(self, v: Variable, start: Any, name: str | None = None) -> Variable:
        graph = default_graph()
        saved, graph.name_prefix = graph.name_prefix, ""
        try:
            if isinstance(start, (int, float)):
                known = v.t.shape is not None and None not in v.t.shape
                dtype = v.t.dtype
                start = (
                    np.full(v.t.shape, start, dtype)
                    if known
                    else wrap(shape_ops.full_like(v.t.initializer, start), None, "Slot")
                )
            scope = get_variable_scope().name
            under = f"{scope}/{v.op.name}" if scope else v.op.name
            return Variable(start, trainable=False, name=f"{under}/{name or self._name}")
        finally:
            graph.name_prefix = saved

    def variables(self) -> list[Variable]:
        """What the optimizer remembers: the step counter, if it has one, and the slots."""
        return [*self._counters.values()] + [
            slot for made in self._of_variables.values() for slot in made.values()
        ]

    @property
    def counters(self) -> dict[str, Variable]:
        """What tells how many steps were taken, where the rule asks for it, by its name in checkpoints."""
        return self._counters

    def slots(self) -> Iterable[tuple[Variable, str, Variable]]:
        """What the optimizer remembers for variables: (variable, name, slot)."""
        for variable, made in self._of_variables.items():
            yield from ((variable, self._slot_names.get(n, n), slot) for n, slot in made.items())

    @property
    def _slots(self) -> dict[str, dict[Any, Variable]]:
        """By the name of the slot, what is remembered for each variable: programs read it to find all of them."""
        found: dict[str, dict[Any, Variable]] = {name: {} for name in self.get_slot_names()}
        for name, v in itertools.product(found, self._of_variables):
            slot = self.get_slot(v, name)
            if slot is not None:
                found[name][_var_key(v)] = slot
        return found

    def get_slot_names(self) -> list[str]:
        return sorted({self._slot_names.get(n, n) for made in self._of_variables.values() for n in made})

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """What the optimizer remembers for a variable under a name."""
        made = {self._slot_names.get(n, n): slot for n, slot in self._of_variables.get(var, {}).items()}
        return made.get(name)


def _var_key(var: Any) -> tuple[Any, str]:
    return (var.op.graph, var.op.name)


def _without_repeats(slices: Any) -> IndexedSlices:
    """The same gradient with one row for each place."""
    places, numbers = math.unique(slices.indices)
    summed = math.unsorted_segment_sum(slices.values, numbers, math.shape(places)[0])
    return IndexedSlices(summed, places, slices.dense_shape)


def _flat(variables: Any) -> list[Any]:
    if isinstance(variables, (Node, core.Tensor)) or not isinstance(variables, Iterable):
        return [variables]
    return [v for part in variables for v in _flat(part)]


def _emit_rounded(e: Any, x: Any, y: Any) -> Any:
    with e.exactly():
        return x * y


@make_op(
    {},
    prepare=to_numbers,
    infer=same_dtype,
    grad=lambda g, y, a, b: [g * b, g * a],
    lower=Pointwise(_emit_rounded),
)
@inner
def rounded_product(x, y, /):  # type: ignore[no-untyped-def]
    """x * y, rounded before anything is added to it."""
    return np.multiply(x, y)


class _Descent(optimizers.GradientDescent):
    """Gradient descent whose product is rounded on its own, so that it gives the digits that old programs print."""

    def step(self, g: Any, param: Any, slots: Any, lr: Any, t: Any) -> tuple[Any, Any]:
        return param - rounded_product(lr, g), {}


class GradientDescentOptimizer(Optimizer):
    """``var -= lr * g``."""

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(_Descent(0.0), learning_rate, name)


class MomentumOptimizer(Optimizer):
    """``v = momentum v + g``, ``var -= lr v``; with Nesterov ``var -= lr (g + momentum v)``."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        factor: Any = value(momentum) if isinstance(momentum, Node) else momentum
        super().__init__(optimizers.Momentum(0.0, factor, use_nesterov), learning_rate, name)


class AdagradOptimizer(Optimizer):
    """``a += g²``, ``var -= lr g / sqrt(a)``; a starts at 0.1."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        super().__init__(optimizers.Adagrad(0.0, initial_accumulator_value, 0.0), learning_rate, name)


class AdadeltaOptimizer(Optimizer):
    """``a = rho a + (1 - rho) g²``, ``d = g sqrt(s + eps) / sqrt(a + eps)``, ``var -= lr d``."""

    _slot_names = {"accumulator": "accum", "delta": "accum_update"}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(optimizers.Adadelta(0.0, rho, epsilon), learning_rate, name)


class _RMSProp(optimizers.RMSProp):
    """The last move is remembered also where there is no momentum."""

    def slots(self, param: core.Variable) -> dict[str, Any]:
        mean = {"average_gradient": 0.0} if self.centered else {}
        return {"velocity": self.initial, **mean, "momentum": 0.0}


class RMSPropOptimizer(Optimizer):
    """``v = decay v + (1 - decay) g²``, ``m = momentum m + lr g / sqrt(v + eps)``, ``var -= m``; v starts at ones."""

    _slot_names = {"velocity": "rms", "average_gradient": "mg"}

    def __init__(
        self,
        learning_rate: Any,
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        rule = _RMSProp(0.0, decay, momentum, epsilon, centered, True, 1.0)
        super().__init__(rule, learning_rate, name)


class _Adam(optimizers.Adam):
    """Adam that is told the powers of its betas, as they stand in TensorFlow's checkpoints, for the step's number; that
    itself where a model of Keras trains by it.
    """

    def corrections(self, t: Any) -> tuple[Any, Any]:
        return (1.0 - t[0], 1.0 - t[1]) if isinstance(t, tuple) else super().corrections(t)


def _in_float32(beta: Any) -> Any:
    return float(np.float32(beta)) if isinstance(beta, (int, float)) else beta


class AdamOptimizer(Optimizer):
    """``var -= lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)``: the paper's epsilon-hat."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        self._betas = {"beta1_power": beta1, "beta2_power": beta2}
        super().__init__(_Adam(0.0, *self._rounded(), epsilon), learning_rate, name)

    def _rounded(self) -> tuple[Any, Any]:
        """The betas as the powers have them, in float32: what they lose cancels between averages and corrections."""
        first, second = self._betas.values()
        return _in_float32(first), _in_float32(second)

    def _get_beta_accumulators(self) -> tuple[Variable | None, Variable | None]:
        """The variables with the powers of the betas; None each before the first step was written."""
        held = self._counters or {}
        return held.get("beta1_power"), held.get("beta2_power")

    def _counted(self) -> tuple[Any, list[Any]]:
        """The powers of the betas at this step, and the updates to those of the next."""
        betas = {name: beta() if callable(beta) else beta for name, beta in self._betas.items()}
        if not self._counters:
            first = {name: b if isinstance(b, Node) else np.float32(b) for name, b in betas.items()}
            self._counters = {n: Variable(start, trainable=False, name=n) for n, start in first.items()}
        powers = {n: current.build([v.t], {}) for n, v in self._counters.items()}
        moved = [(v.t, powers[n] * value(betas[n], "float32")) for n, v in self._counters.items()]  # type: ignore[operator]
        return tuple(powers.values()), moved


class FtrlOptimizer(Optimizer):
    """Follow the regularised leader."""

    _slot_names = {"accumulator": "accum"}

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: Any = None,
        linear_name: Any = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        rule = optimizers.Ftrl(
            0.0,
            learning_rate_power,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
            l2_shrinkage_regularization_strength,
        )
        super().__init__(rule, learning_rate, name)


def _shrunk(x: Any, l1: Any, l2: Any) -> Any:
    """``sign(x) max(|x| - l1, 0) / (1 + l2)``: the proximal step of both penalties."""
    return elementwise.sign(x) * elementwise.maximum(elementwise.abs(x) - l1, 0.0) / (1.0 + l2)  # type: ignore[operator]


class _Proximal(optimizers.Optimizer):
    """Gradient descent (or Adagrad), then the proximal step of L1 and L2 penalties."""

    def __init__(self, l1: float, l2: float, accumulator: float | None) -> None:
        super().__init__(0.0)
        self.l1, self.l2, self.accumulator = l1, l2, accumulator

    def slots(self, param: core.Variable) -> dict[str, Any]:
        return {} if self.accumulator is None else {"accumulator": self.accumulator}

    def step(self, g: Any, param: Any, slots: dict[str, Any], lr: Any, t: Any) -> tuple[Any, dict[str, Any]]:
        new = {}
        if self.accumulator is not None:
            new["accumulator"] = slots["accumulator"] + g * g
            lr = lr / elementwise.sqrt(new["accumulator"])
        return _shrunk(param - lr * g, lr * self.l1, lr * self.l2), new


class ProximalGradientDescentOptimizer(Optimizer):
    """``x = var - lr g``, ``var = sign(x) max(|x| - lr l1, 0) / (1 + lr l2)``."""

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        rule = _Proximal(l1_regularization_strength, l2_regularization_strength, None)
        super().__init__(rule, learning_rate, name)


class ProximalAdagradOptimizer(Optimizer):
    """Adagrad, then the proximal step of L1 and L2 penalties."""

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        rule = _Proximal(l1_regularization_strength, l2_regularization_strength, initial_accumulator_value)
        super().__init__(rule, learning_rate, name)


class _DualAveraging(optimizers.Optimizer):
    """Adagrad's dual averaging: the variable is what all gradients until now say, not where it was."""

    def __init__(self, initial: float, l1: float, l2: float) -> None:
        super().__init__(0.0)
        self.initial, self.l1, self.l2 = initial, l1, l2

    def slots(self, param: core.Variable) -> dict[str, Any]:
        return {"gradient_accumulator": 0.0, "gradient_squared_accumulator": self.initial}

    def step(self, g: Any, param: Any, slots: dict[str, Any], lr: Any, t: Any) -> tuple[Any, dict[str, Any]]:
        total = slots["gradient_accumulator"] + g
        squares = slots["gradient_squared_accumulator"] + g * g
        t = elementwise.astype(t, param.dtype)
        shrunk = _shrunk(total, self.l1 * t, 0.0) if self.l1 else total
        new = -lr * shrunk / (self.l2 * t * lr + elementwise.sqrt(squares))
        return new, {"gradient_accumulator": total, "gradient_squared_accumulator": squares}


class AdagradDAOptimizer(Optimizer):
    """``s += g``, ``q += g²``, ``var = -lr sign(s) max(|s| - l1 t, 0) / (l2 t lr + sqrt(q))``; t is the global step,
    from 1 (Duchi and others, 2011).
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        rule = _DualAveraging(
            initial_gradient_squared_accumulator_value, l1_regularization_strength, l2_regularization_strength
        )
        super().__init__(rule, learning_rate, name)
        self._global_step = global_step

    def _counted(self) -> tuple[Any, list[Any]]:
        now: Any = current.build([value(self._global_step)], {})
        return g.cast(now, "float64") + 1.0, []  # type: ignore[operator]
