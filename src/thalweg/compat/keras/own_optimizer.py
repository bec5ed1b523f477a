"""What programs derive their own optimizers from: Keras's rule ``get_updates(loss, params)``."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import optimizers as main
from thalweg.compat.keras.backend.functions import UpdatesOfLoss
from thalweg.compat.made_once import made_once
from thalweg.compat.names import only
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable, plain
from thalweg.ops.elementwise import astype
from thalweg.ops.state import assign
from thalweg.optimizers.rows import whole

_OF_RULE = "of_rule_"  # names in files of what a rule made
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
    _begun: list[Any] | None  # what ``updates`` held before the rule was first asked
    _expected: dict[str, np.ndarray]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls, *args, **kwargs)
        main.Optimizer.__init__(self)
        vars(self).update(_loss=None, _made=[], _begun=None, _expected={})
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
        if isinstance(
            vars(self).get("updates"), list
        ):  # the rule may look for what it made before, for other data
            self._begun = list(self.updates) if self._begun is None else self._begun
            self.updates = list(self._begun)
        with made_once(self._made):
            updates = self.get_updates(**given)
        self._take_expected()
        late = [pair for u in updates if isinstance(u, UpdatesOfLoss) for pair in u.pairs(u.loss)]
        for pair in [*(u for u in updates if isinstance(u, tuple)), *late]:
            variable, value = map(plain, pair)  # in a program of TensorFlow 1, nodes stand for both
            assign(variable, value if isinstance(value, Tensor) else np.asarray(value, variable.dtype))

    @property
    def learning_rate(self) -> Any:
        """What the subclass keeps as ``lr``, or the rate of the base class."""
        return vars(self).get("lr", self._rate)

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.learning_rate.set_value(rate)

    def _of_rule(self) -> list[Variable]:
        """The variables that the rule lists as its ``weights`` or made, beside those of every optimizer."""
        if type(self).get_updates is OwnOptimizer.get_updates:
            return []
        known = {id(v) for v in super().variables()}
        named = map(plain, [*(getattr(self, "weights", None) or ()), *self._made])
        listed = [v for v in named if isinstance(v, Variable)]
        return list({id(v): v for v in listed if id(v) not in known}.values())

    def variables(self) -> list[Variable]:
        """What every optimizer has, then what the rule made."""
        return [*super().variables(), *self._of_rule()]

    def slot_places(self) -> dict[int, tuple[Variable, str]]:
        """Of each slot, its parameter and name; what the rule made is named by its place."""
        return {
            **super().slot_places(),
            **{id(v): (v, f"{_OF_RULE}{k}") for k, v in enumerate(self._of_rule())},
        }

    def expect(self, values: Mapping[str, np.ndarray]) -> None:
        """Let what the rule will make begin with values that a file holds, by the names of :meth:`slot_places`."""
        self._expected = {name: array for name, array in values.items() if name.startswith(_OF_RULE)}
        if self._of_rule():
            self._take_expected()

    def _take_expected(self) -> None:
        given, self._expected = self._expected, {}
        made = {f"{_OF_RULE}{k}": v for k, v in enumerate(self._of_rule())} if given else {}
        if made.keys() != given.keys() or any(v.shape != given[name].shape for name, v in made.items()):
            warnings.warn("the optimizer's state in the file does not fit and starts anew", stacklevel=4)
            return
        for name, variable in made.items():
            variable.set_value(given[name])

    def get_weights(self) -> list[Any]:
        """The values of ``weights``."""
        return [v.get_value() for v in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of ``weights``."""
        for variable, value in zip(self.weights, weights, strict=True):
            variable.set_value(value)
