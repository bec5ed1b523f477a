"""What programs derive their own optimizers from: Keras's rule ``get_updates(loss, params)``."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thalweg import optimizers as main
from thalweg.compat.keras.backend.functions import UpdatesOfLoss
from thalweg.compat.made_once import made_once
from thalweg.compat.names import only
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops.elementwise import astype
from thalweg.ops.state import assign
from thalweg.optimizers.rows import whole

_BOUNDS = ("clipnorm", "clipvalue", "global_clipnorm")


def minimize(
    self: Any,
    loss: Any,
    var_list: Any = None,
    tape: Any = None,
    grad_loss: Any = None,
    name: str | None = None,
) -> Any:
    """One step down the gradient of the loss: a function without arguments, or a tensor of the tape."""
    only("minimize", "grad_loss", grad_loss)
    if tape is None and callable(loss) and not isinstance(loss, Tensor):
        tapes = importlib.import_module(
            "thalweg.compat.tf2.tape"
        )  # the room of TensorFlow 2 stands on this one
        with tapes.GradientTape() as tape:
            loss = loss()
    var_list = var_list() if callable(var_list) else var_list
    if tape is None or var_list is None:
        return main.Optimizer.minimize(self, loss, var_list)
    return self.apply_gradients(zip(tape.gradient(loss, var_list), var_list))


def step_of(rate: Any, step: Any) -> Any:
    """The number of a step as a program's own schedule is given it: in float32."""
    library = not callable(rate) or type(rate).__module__.startswith("thalweg.")
    return step if library else astype(convert_operands([step])[0], "float32")


class OwnOptimizer(main.Optimizer):
    """An optimizer whose subclass says in ``get_updates(loss, params)`` which variable gets which new value.

    That of Keras 1 is ``get_updates(params, constraints, loss)``.

    Variables that ``get_updates`` makes are kept: it is called once for every program that is built. A subclass need
    not call this constructor.
    """

    _loss: Any
    _made: list[Variable]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls, *args, **kwargs)
        main.Optimizer.__init__(self)
        vars(self).update(_loss=None, _made=[])
        return self

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{k: v for k, v in kwargs.items() if k in (*_BOUNDS, "name")})
        self.updates: Any = []  # as subclasses fill it
        listed = inspect.getattr_static(type(self), "weights", None)
        if listed is None or getattr(listed, "fset", None) is not None:  # else the subclass tells its own
            self.weights: Any = []

    def __setattr__(self, name: str, value: Any) -> None:
        """A subclass around another optimizer shows that one's counter of steps as its own."""
        held = getattr(type(self), name, None)
        if name != "iterations" or not isinstance(held, property) or held.fset is not None:
            super().__setattr__(name, value)

    def get_updates(self, loss: Any, params: Any) -> Any:
        """Pairs (variable, new value): what a subclass defines."""
        raise fail(ArgumentError, f"{type(self).__name__} has no get_updates(loss, params)")

    def get_gradients(self, loss: Any, params: Sequence[Variable]) -> list[Any]:
        """The gradients of the loss, clipped."""
        if not params:
            return []
        return self._clipped([whole(g, p) for g, p in super().compute_gradients(loss, params)])

    def get_config(self) -> dict[str, Any]:
        """What all optimizers have: the bounds of gradients."""
        given = {name: getattr(self, name) for name in _BOUNDS}
        return {name: value for name, value in given.items() if value is not None}

    def compute_gradients(
        self, loss: Any, var_list: Sequence[Variable] | None = None
    ) -> list[tuple[Any, Variable]]:
        """The loss is remembered: the rule asks for its gradients itself."""
        self._loss = loss
        return super().compute_gradients(loss, var_list)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> None:
        """One step of the rule."""
        given = {"loss": self._loss, "params": [v for _, v in grads_and_vars]}
        if (
            "constraints" in inspect.signature(self.get_updates).parameters
        ):  # Keras 1; the model keeps to limits itself
            given["constraints"] = {}
        with made_once(self._made):
            updates = self.get_updates(**given)
        late = [pair for u in updates if isinstance(u, UpdatesOfLoss) for pair in u.pairs(u.loss)]
        for variable, value in [*(u for u in updates if isinstance(u, tuple)), *late]:
            assign(variable, value if isinstance(value, Tensor) else np.asarray(value, variable.dtype))

    @property
    def learning_rate(self) -> Any:
        """What the subclass keeps as ``lr``, or the rate of the base class."""
        return vars(self).get("lr", self._rate)

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.learning_rate.set_value(rate)

    def get_weights(self) -> list[Any]:
        """The values of ``weights``."""
        return [v.get_value() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of ``weights``."""
        for variable, value in zip(self.weights, weights, strict=True):
            variable.set_value(value)
