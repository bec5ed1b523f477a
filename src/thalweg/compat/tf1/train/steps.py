"""The global step, moving averages, and SciPy's optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Effect, GraphKeys, Operation, current, default_graph, value
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.variables import (
    Variable,
    get_variable_scope,
    trainable_variables,
)
from thalweg.extras import needs
from thalweg.ops import elementwise


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

    A variable's average starts at its initial value; a tensor's starts at 0, and with ``zero_debias`` is divided by
    ``1 - decay^t``.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self.decay, self.num_updates, self.name, self.zero_debias = decay, num_updates, name, zero_debias
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
        scope, name = get_variable_scope().name, f"{v.op.name}/{self.name}"
        name = f"{scope}/{name}" if scope else name
        try:
            with graph.control_dependencies(None):
                if isinstance(v, Variable):
                    self._averages[v] = Variable(v.initialized_value(), trainable=False, name=name)
                    graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, v)
                else:
                    zeros = np.zeros(v.get_shape().as_list(), v.dtype.as_numpy_dtype)
                    self._averages[v] = Variable(zeros, trainable=False, name=name)
                    if self.zero_debias:
                        self._debias[v] = (
                            Variable(zeros, trainable=False, name=f"{name}/biased"),
                            Variable(np.float32(0), trainable=False, name=f"{name}/local_step"),
                        )
        finally:
            graph.name_prefix = saved

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
        """Its name: that which the average has, or would have outside all scopes."""
        made = self._averages.get(var)
        return f"{var.op.name}/{self.name}" if made is None else made.op.name

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
        slopes = zip(math.gradients(loss, self.variables), self.variables, strict=True)
        self.gradients = [math.zeros_like(v) if slope is None else slope for slope, v in slopes]
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
