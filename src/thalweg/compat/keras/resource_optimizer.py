"""What programs of TensorFlow 2 derive their own optimizers from: the change of one variable, slots, settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from thalweg import initializers
from thalweg import optimizers as main
from thalweg.compat.keras.own_optimizer import OwnOptimizer, minimize, step_of
from thalweg.compat.tf1.types import as_dtype as as_old_dtype
from thalweg.dtypes import as_dtype
from thalweg.errors import ArgumentError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import current_recorder
from thalweg.ops.elementwise import astype
from thalweg.ops.index import scatter_add, scatter_nd_update
from thalweg.ops.shape import expand_dims
from thalweg.ops.state import assign
from thalweg.optimizers.base import slot_variable
from thalweg.optimizers.rows import Rows, each, rows_in
from thalweg.registry import register


class ByVariable:
    """What TensorFlow 2's optimizers offer to classes that derive from them: settings by name, slots, and one step as
    a change of each variable.
    """

    by_rows = True
    _use_locking = False  # what a program hands to assignments
    _hyper: dict[str, Any]
    iterations: Any
    _slots: dict[Any, Any]
    _resource_apply_dense: Callable[..., Any]
    _resource_apply_sparse: Callable[..., Any]
    _get_hyper: Callable[..., Any]
    _clipped: Callable[..., Any]
    rate_at: Callable[..., Any]
    slot: Callable[..., Any]

    @property
    def _iterations(self) -> Any:
        """The counter of steps, in place of which an optimizer around this one puts its own."""
        return self.iterations

    @_iterations.setter
    def _iterations(self, counter: Variable) -> None:
        self.iterations = counter

    @property
    def _dense_apply_args(self) -> list[str]:
        """What ``_resource_apply_dense`` takes."""
        return list(inspect.signature(self._resource_apply_dense).parameters)

    def _track_trackable(self, trackable: Any, name: str, overwrite: bool = False) -> Any:
        """What an attribute holds is known without being said."""
        return trackable

    def _serialize_hyperparameter(self, name: str) -> Any:
        """A setting as ``get_config`` says it."""
        value = self._get_hyper(name)
        return (
            float(str(value.numpy())) if isinstance(value, Tensor) else value
        )  # 0.9, not 0.8999999761581421

    def _decayed_lr(self, var_dtype: Any) -> Tensor:
        """The learning rate of this step."""
        return astype(self.rate_at(self.iterations), as_dtype(var_dtype))

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """Make the slots of variables: what a subclass defines, if it has any."""

    def get_slot(self, var: Variable, slot_name: str) -> Variable:
        """What is remembered of a variable under a name."""
        return self.slot(var, slot_name)

    def get_slot_names(self) -> list[str]:
        """The names of slots."""
        return sorted({name for made in self._slots.values() for name in made})

    def _prepare_local(self, var_device: Any, var_dtype: Any, apply_state: Any) -> None:
        """What all variables of a dtype share: ``apply_state[(device, dtype)]``."""
        if "learning_rate" in self._hyper:
            apply_state[(var_device, var_dtype)]["lr_t"] = self._decayed_lr(var_dtype)

    def _prepare(self, var_list: Sequence[Variable]) -> dict[Any, dict[str, Any]]:
        """What ``_prepare_local`` says of each device and dtype."""
        state: dict[Any, dict[str, Any]] = {(v.device, as_old_dtype(v.dtype)): {} for v in var_list}
        for device, dtype in state:
            self._prepare_local(device, dtype, state)
        return state

    def _fallback_apply_state(self, var_device: Any, var_dtype: Any) -> dict[str, Any]:
        """What ``_prepare_local`` says of one device and dtype."""
        state: dict[Any, dict[str, Any]] = {(var_device, var_dtype): {}}
        self._prepare_local(var_device, var_dtype, state)
        return state[(var_device, var_dtype)]

    def _step_of(self, pairs: list[tuple[Any, Variable]]) -> None:
        params = [v for _, v in pairs]
        self._create_slots(params)
        state = self._prepare(params)
        for g, param in zip(self._clipped([g for g, _ in pairs]), params, strict=True):
            self._change(each(functools.partial(astype, dtype=param.dtype), g), param, state)
        count: Any = self.iterations
        assign(self.iterations, count + 1)

    def _change(self, g: Any, param: Variable, state: Any) -> None:
        """One variable's step: by rows where its gradient is of rows and the class has a rule for them."""
        if isinstance(g, Rows):
            try:
                options = {"apply_state": state} if "apply_state" in self._sparse_apply_args else {}
                self._resource_apply_sparse_duplicate_indices(g.values, param, g.indices, **options)
                return
            except NotImplementedError:
                g = g.whole(param)
        options = {"apply_state": state} if "apply_state" in self._dense_apply_args else {}
        self._resource_apply_dense(g, param, **options)

    @property
    def _sparse_apply_args(self) -> list[str]:
        """What ``_resource_apply_sparse`` takes."""
        return list(inspect.signature(self._resource_apply_sparse).parameters)

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Any, handle: Variable, indices: Any, **options: Any
    ) -> Any:
        """Change rows of a variable, of which some may be there twice."""
        rows = Rows(grad, indices).distinct(handle)
        return self._resource_apply_sparse(rows.values, handle, rows.indices, **options)

    def _resource_scatter_add(self, x: Variable, i: Any, v: Any) -> Variable:
        """Rows of a variable plus others."""
        assign(x, scatter_add(x, i, v))
        return x

    def _resource_scatter_update(self, x: Variable, i: Any, v: Any) -> Variable:
        """Rows of a variable replaced."""
        assign(x, scatter_nd_update(x, expand_dims(i, -1), v))
        return x


class ResourceOptimizer(ByVariable, OwnOptimizer):
    """An optimizer whose subclass says in ``_resource_apply_dense(grad, var)`` how a gradient changes a variable.

    What it remembers of a variable stands in slots (``_create_slots``, ``add_slot``, ``get_slot``), its settings
    under names (``_set_hyper``, ``_get_hyper``), which are attributes, too: a number set there reaches compiled
    programs. A subclass may define Keras 1's ``get_updates`` instead.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)

    _more: list[Variable]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls, *args, **kwargs)
        vars(self).update(_hyper={}, _more=[], _initial_decay=0.0)
        return self

    def __init__(
        self,
        name: str | None = None,
        gradient_aggregator: Any = None,
        gradient_transformers: Any = None,
        **kwargs: Any,
    ) -> None:
        self._initial_decay = kwargs.pop("decay", None) or 0.0
        super().__init__(name=name, **kwargs)

    # --- settings -------------------------------------------------------------------------------------------------

    def _set_hyper(self, name: str, value: Any) -> None:
        """Give a setting its value: a number, a tensor, a function, or a schedule of the learning rate."""
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if name == "learning_rate":
            main.Optimizer.learning_rate.fset(self, value)  # type: ignore[attr-defined]
            value = None
        elif number and isinstance(self._hyper.get(name), Variable):
            self._hyper[name].set_value(value)
            return
        elif number:
            value = Variable(np.float32(value), trainable=False, name=f"{self.name}/{name}")
        self._hyper[name] = value

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        """A setting, in a dtype where one is given."""
        value = self._rate if name == "learning_rate" else self._hyper[name]
        if callable(value) and not isinstance(value, (Tensor, main.schedules.LearningRateSchedule)):
            value = value()
        return astype(value, as_dtype(dtype)) if dtype is not None and isinstance(value, Tensor) else value

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there: a setting."""
        if name == "lr" or name in vars(self).get("_hyper", ()):
            return self._get_hyper("learning_rate" if name == "lr" else name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        hyper = vars(self).get("_hyper", ())
        known = "learning_rate" if name == "lr" else name
        if known in hyper:
            self._set_hyper(known, value)
        else:
            super().__setattr__(name, value)

    def rate_at(self, step: Any) -> Tensor:
        """The learning rate after ``step`` steps, divided by 1 + decay * step."""
        rate: Any = super().rate_at(step_of(self._rate, step))
        decay = self._hyper.get("decay")
        return (
            rate
            if decay is None or not self._initial_decay
            else rate / (1.0 + astype(decay, "float64") * step)
        )

    # --- slots ----------------------------------------------------------------------------------------------------

    def add_slot(
        self, var: Variable, slot_name: str, initializer: Any = "zeros", shape: Any = None
    ) -> Variable:
        """What is remembered of a variable under a name: made at the first call."""
        made = self._slots.setdefault(var, {})
        if slot_name not in made:
            made[slot_name] = slot_variable(var, _first(initializer, var, shape), f"{var.name}/{slot_name}")
        return made[slot_name]

    def add_weight(
        self,
        name: str,
        shape: Any = (),
        dtype: Any = None,
        initializer: Any = "zeros",
        trainable: bool = False,
        **ignored: Any,
    ) -> Variable:
        """A number, or an array, that belongs to no variable."""
        first = initializers.get(initializer)(tuple(shape), as_dtype(dtype or "float32"))
        self._more.append(Variable(np.asarray(first), trainable=trainable, name=name))
        return self._more[-1]

    def variables(self) -> list[Variable]:
        """The step counter, the learning rate if it is a variable, and everything remembered."""
        return [*super().variables(), *self._more]

    @property
    def weights(self) -> list[Variable]:
        """The list that a subclass keeps, or else the counter and the slots."""
        own_list = vars(self).get("_listed", [])
        if own_list or type(self).get_updates is not OwnOptimizer.get_updates:
            return own_list
        return [v for v in self.variables() if v is not self._rate]

    @weights.setter
    def weights(self, weights: Sequence[Variable]) -> None:
        self._listed = list(weights)

    @property
    def _weights(self) -> list[Variable]:
        """The counter and the slots, which a subclass with ``weights`` of its own adds to."""
        return [v for v in self.variables() if v is not self._rate]

    # --- one step ---------------------------------------------------------------------------------------------------

    minimize = minimize  # type: ignore[assignment]

    def _resource_apply_dense(self, grad: Tensor, var: Variable, apply_state: Any = None) -> Any:
        """Change a variable: what a subclass defines."""
        raise fail(ArgumentError, f"{type(self).__name__} has no _resource_apply_dense(grad, var)")

    def _resource_apply_sparse(self, grad: Tensor, handle: Variable, indices: Tensor) -> Any:
        """Change rows of a variable: what a subclass may define."""
        raise NotImplementedError

    def apply_gradients(
        self, grads_and_vars: Iterable[tuple[Any, Variable]], name: Any = None,
        experimental_aggregate_gradients: bool = True, skip_gradients_aggregation: bool = False,
    ) -> None:  # fmt: skip
        """One step with pairs (gradient, variable); pairs with None are skipped."""
        if type(self).get_updates is not OwnOptimizer.get_updates:
            super().apply_gradients(grads_and_vars)
            return
        pairs = self._checked(list(grads_and_vars))
        now = current_recorder() is None and not any(
            rows_in(g).is_symbolic or v.is_symbolic for g, v in pairs
        )
        with no_grad() if now else nullcontext():
            self._step_of(pairs)

    # --- as data ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The name, and the bounds of gradients."""
        return {"name": self.name, **super().get_config()}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """An optimizer from what ``get_config`` gave."""
        return cls(**config)


def _first(initializer: Any, var: Variable, shape: Any) -> Any:
    """What a slot begins with: a number for its variable's shape, or an array."""
    plain = {"zeros": 0.0, "ones": 1.0}
    if isinstance(initializer, str) and initializer in plain and shape is None:
        return plain[initializer]
    if isinstance(initializer, Tensor):
        return initializer.numpy()
    lengths = tuple(var.shape if shape is None else shape)
    return np.asarray(initializers.get(initializer)(lengths, var.dtype))
