"""``tf.train``: optimizers with TensorFlow 1's formulas and defaults, decays, moving averages, steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.checkpoints import CheckpointState as CheckpointState
from thalweg.compat.tf1.checkpoints import NewCheckpointReader as NewCheckpointReader
from thalweg.compat.tf1.checkpoints import Saver as Saver
from thalweg.compat.tf1.checkpoints import checkpoint_exists as checkpoint_exists
from thalweg.compat.tf1.checkpoints import get_checkpoint_state as get_checkpoint_state
from thalweg.compat.tf1.checkpoints import import_meta_graph as import_meta_graph
from thalweg.compat.tf1.checkpoints import latest_checkpoint as latest_checkpoint
from thalweg.compat.tf1.checkpoints import list_variables as list_variables
from thalweg.compat.tf1.checkpoints import load_variable as load_variable
from thalweg.compat.tf1.checkpoints import update_checkpoint_state as update_checkpoint_state
from thalweg.compat.tf1.graph import Effect, GraphKeys, Operation, Tensor, current, default_graph, value, wrap
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.summary import FileWriter as SummaryWriter  # noqa: F401 - the name before 1.0
from thalweg.compat.tf1.variables import (
    Variable,
    trainable_variables,
)
from thalweg.extras import needs
from thalweg.graph import tensor as core
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import make_op
from thalweg.ops import elementwise
from thalweg.ops import shape as shape_ops
from thalweg.ops.families import same_dtype, to_numbers

# --- optimizers -----------------------------------------------------------------------------------------------------


class Optimizer:
    """A rule of the main library over a graph's variables: what it remembers are variables that must be initialised."""

    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2
    _slot_names: dict[str, str] = {}  # the rule's names of what it remembers -> TensorFlow's

    def __init__(
        self,
        rule: optimizers.Optimizer | None = None,
        learning_rate: Any = 0.0,
        name: str = "Optimizer",
        counts: bool = False,
    ) -> None:
        self._rule, self._rate, self._name = rule, learning_rate, name
        self._counts = counts
        self._step_count: Variable | None = None
        self._slots: dict[Any, dict[str, Variable]] = {}

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
        loss = loss() if callable(loss) and not isinstance(loss, Tensor) else loss
        wanted = trainable_variables() if var_list is None else _flat(var_list)
        if not wanted:
            raise ValueError("No variables to optimize.")
        return list(zip(math.gradients(loss, wanted, grad_loss), wanted, strict=True))

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> Operation:
        """One step with given pairs (gradient, variable)."""
        pairs = [(gradient, v) for gradient, v in grads_and_vars if gradient is not None]
        if not pairs:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in grads_and_vars]}."
            )
        t, updates = self._counted()
        rate = self._learning_rate()
        for gradient, v in pairs:
            updates += self._stepped(value(gradient), v, g.cast(rate, v.dtype), t)
        if global_step is not None:
            updates.append((global_step.t, current.build([global_step.t], {}) + 1))  # type: ignore[operator]
        return Operation(name or self._name, "NoOp", Effect(updates))

    def _learning_rate(self) -> core.Tensor:
        rate = self._rate() if callable(self._rate) and not isinstance(self._rate, Tensor) else self._rate
        return value(rate) if isinstance(rate, Tensor) else core.constant(np.float64(rate))

    def _counted(self) -> tuple[Any, list[Any]]:
        """The number of this step, from 1, and the update of the counter."""
        if not self._counts:
            return None, []
        if self._step_count is None:
            self._step_count = Variable(np.int64(0), trainable=False, name=f"{self._name}/step")
        now: Any = current.build([self._step_count.t], {})
        return g.cast(now, "float64") + 1.0, [(self._step_count.t, now + 1)]  # type: ignore[operator]

    def _stepped(self, gradient: core.Tensor, v: Variable, rate: core.Tensor, t: Any) -> list[Any]:
        assert self._rule is not None
        slots = self._slots_of(v)
        now = {name: current.build([slot.t], {}) for name, slot in slots.items()}
        new, after = self._rule.step(g.cast(gradient, v.dtype), current.build([v.t], {}), now, rate, t)
        if v.constraint is not None:
            new = value(v.constraint(wrap(new, None, "Constrained")))
        return [(v.t, new), *((slots[name].t, made) for name, made in after.items())]

    def _slots_of(self, v: Variable) -> dict[str, Variable]:
        if v not in self._slots:
            assert self._rule is not None
            first = self._rule.slots(v.t)
            self._slots[v] = {name: self._slot(v, start) for name, start in first.items()}
        return self._slots[v]

    def _slot(self, v: Variable, start: Any) -> Variable:
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
            return Variable(start, trainable=False, name=f"{v.op.name}/{self._name}")
        finally:
            graph.name_prefix = saved

    def variables(self) -> list[Variable]:
        """What the optimizer remembers: the step counter, if it has one, and the slots."""
        first = [] if self._step_count is None else [self._step_count]
        return first + [slot for made in self._slots.values() for slot in made.values()]

    def get_slot_names(self) -> list[str]:
        return sorted({self._slot_names.get(n, n) for made in self._slots.values() for n in made})

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """What the optimizer remembers for a variable under a name."""
        made = {self._slot_names.get(n, n): slot for n, slot in self._slots.get(var, {}).items()}
        return made.get(name)


def _flat(variables: Any) -> list[Any]:
    if not isinstance(variables, (list, tuple)):
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
        factor: Any = value(momentum) if isinstance(momentum, Tensor) else momentum
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
        rule = optimizers.RMSProp(0.0, decay, momentum, epsilon, centered, True, 1.0)
        super().__init__(rule, learning_rate, name)


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
        super().__init__(optimizers.Adam(0.0, beta1, beta2, epsilon), learning_rate, name, counts=True)


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


# --- learning rates -------------------------------------------------------------------------------------------------


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

# --- steps and averages ---------------------------------------------------------------------------------------------


def create_global_step(graph: Any = None) -> Variable:
    """The variable that counts training steps."""
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP]
    return Variable(np.int64(0), trainable=False, name="global_step", collections=keys)


def get_global_step(graph: Any = None) -> Variable | None:
    """The variable that counts training steps, if there is one."""
    graph = graph or default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    named = [v for v in graph.get_collection(GraphKeys.GLOBAL_VARIABLES) if v.op.name == "global_step"]
    return (found or named or [None])[0]


def get_or_create_global_step(graph: Any = None) -> Variable:
    """The variable that counts training steps."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def global_step(sess: Session, global_step_tensor: Any) -> int:
    """The count in a session."""
    return int(sess.run(global_step_tensor))


class ExponentialMovingAverage:
    """Averages that follow variables or tensors: ``average = decay average + (1 - decay) value``.

    A variable's average starts at its initial value; a tensor's starts at 0 and is divided by ``1 - decay^t``.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self.decay, self.num_updates, self.name = decay, num_updates, name
        self._averages: dict[Any, Variable] = {}
        self._debias: dict[Any, tuple[Variable, Variable]] = {}

    def apply(self, var_list: Any = None) -> Operation:
        """An operation that moves all averages."""
        wanted = trainable_variables() if var_list is None else list(var_list)
        for v in wanted:
            self._make(v)
        decay: Any = value(self.decay, "float32")
        if self.num_updates is not None:
            n: Any = g.cast(value(self.num_updates), "float32")
            decay = elementwise.minimum(decay, (1.0 + n) / (10.0 + n))
        updates = [pair for v in wanted for pair in self._moved(v, decay)]
        return Operation(self.name, "NoOp", Effect(updates), wanted)

    def _make(self, v: Any) -> None:
        if v in self._averages:
            return
        graph = default_graph()
        saved, graph.name_prefix = graph.name_prefix, ""
        name = self.average_name(v)
        try:
            with graph.control_dependencies(None):
                if isinstance(v, Variable):
                    self._averages[v] = Variable(v.initialized_value(), trainable=False, name=name)
                else:
                    zeros = np.zeros(v.get_shape().as_list(), v.dtype.as_numpy_dtype)
                    self._averages[v] = Variable(zeros, trainable=False, name=name)
                    self._debias[v] = (
                        Variable(zeros, trainable=False, name=f"{name}/biased"),
                        Variable(np.float32(0), trainable=False, name=f"{name}/local_step"),
                    )
        finally:
            graph.name_prefix = saved
        graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, v)

    def _moved(self, v: Any, decay: Any) -> list[Any]:
        average, factor = self._averages[v].t, g.cast(decay, v.dtype)
        if v not in self._debias:
            old: Any = current.build([average], {})
            return [(average, old - (old - value(v)) * (1.0 - factor))]  # type: ignore[operator]
        biased, steps = (x.t for x in self._debias[v])
        old, count = current.build([biased], {}), current.build([steps], {}) + 1.0  # type: ignore[operator]
        new = old - (old - value(v)) * (1.0 - factor)  # type: ignore[operator]
        return [(biased, new), (steps, count), (average, new / (1.0 - elementwise.pow(factor, count)))]  # type: ignore[operator]

    def average(self, var: Any) -> Variable | None:
        """The variable that holds the average."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """Its name."""
        return f"{var.op.name}/{self.name}"

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Variable]:
        """A name map for a Saver that puts averages in the place of the variables."""
        from thalweg.compat.tf1.variables import global_variables

        averaged = trainable_variables() if moving_avg_variables is None else moving_avg_variables
        names = {self.average_name(v): v for v in averaged}
        names.update({v.op.name: v for v in global_variables() if v not in set(averaged)})
        return names


class ScipyOptimizerInterface:
    """SciPy's minimisers over a session: the loss is a function of all variables laid end to end."""

    def __init__(
        self,
        loss: Any,
        var_list: Any = None,
        equalities: Any = None,
        inequalities: Any = None,
        var_to_bounds: Any = None,
        method: str = "L-BFGS-B",
        options: Any = None,
        **more: Any,
    ) -> None:
        if equalities or inequalities:
            raise NotImplementedError(
                "ScipyOptimizerInterface: equalities and inequalities are not supported"
            )
        self.loss = loss
        self.variables = list(var_list) if var_list else trainable_variables()
        self.gradients = math.gradients(loss, self.variables)
        self.method, self.options = method, {**(options or {}), **more}
        self.bounds = var_to_bounds

    def minimize(
        self,
        session: Any,
        feed_dict: Any = None,
        fetches: Any = None,
        step_callback: Any = None,
        loss_callback: Any = None,
    ) -> None:
        """Run the minimiser and leave its result in the session's variables."""
        with needs("scikit-learn", "SciPy, for tf.contrib.opt.ScipyOptimizerInterface"):
            from scipy.optimize import minimize
        first = session.run(self.variables)
        shapes, sizes = [np.shape(v) for v in first], np.cumsum([np.size(v) for v in first])[:-1]

        def give(flat: np.ndarray) -> None:
            for v, part, shape in zip(self.variables, np.split(flat, sizes), shapes, strict=True):
                session.load(v.t, part.reshape(shape))

        def evaluated(flat: np.ndarray) -> tuple[float, np.ndarray]:
            give(flat)
            loss, slopes, extra = session.run([self.loss, self.gradients, list(fetches or ())], feed_dict)
            if loss_callback is not None:
                loss_callback(*extra)
            return float(loss), np.concatenate([np.ravel(s) for s in slopes]).astype(np.float64)

        bounds = None
        if self.bounds:
            pairs = zip(self.variables, first, strict=True)
            bounds = [self.bounds.get(v, (None, None)) for v, held in pairs for _ in range(np.size(held))]
        start = np.concatenate([np.ravel(v) for v in first]).astype(np.float64)
        found = minimize(
            evaluated,
            start,
            jac=True,
            method=self.method,
            options=self._settings(),
            bounds=bounds,
            callback=step_callback,
        )
        give(found.x)

    def _settings(self) -> dict[str, Any]:
        return {k: v for k, v in self.options.items() if k != "options"} | dict(
            self.options.get("options") or {}
        )
