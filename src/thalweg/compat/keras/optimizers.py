"""``keras.optimizers``: the optimizers of the main library with the arguments, defaults and decay of tf.keras.

The defaults of stand-alone Keras, up to 2.2, are in :mod:`thalweg.compat.keras.classic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from thalweg import optimizers as main
from thalweg.compat import graphs
from thalweg.compat.keras import backend
from thalweg.compat.keras.backend.functions import UpdatesOfLoss
from thalweg.compat.keras.own_optimizer import minimize, step_of
from thalweg.compat.keras.resource_optimizer import ByVariable, ResourceOptimizer
from thalweg.compat.keras.spelling import Renamed
from thalweg.compat.made_once import in_block
from thalweg.compat.names import Namespace
from thalweg.dtypes import as_dtype
from thalweg.graph.history import no_grad
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, Variable, plain
from thalweg.graph.updates import current_recorder
from thalweg.ops.elementwise import astype
from thalweg.ops.state import assign
from thalweg.optimizers.base import is_set
from thalweg.optimizers.clipping import clip_by_global_norm, clip_by_value
from thalweg.optimizers.rows import Rows
from thalweg.registry import all_arguments, lookup

Optimizer = Renamed(main.Optimizer, lambda args, kwargs: (args, kwargs), base=ResourceOptimizer)
# Settings that ``get_config`` tells also where they are as always.
_TOLD = (
    "amsgrad", "beta_1", "beta_2", "centered", "epsilon", "initial_accumulator_value", "momentum", "nesterov", "rho",
    "schedule_decay",
)  # fmt: skip
_UNUSED = ("jit_compile", "ema_overwrite_frequency", "loss_scale_factor")


class _Keras(ByVariable, main.Optimizer):
    """What all share: ``lr=``, ``decay=`` (the rate is divided by 1 + decay * steps) and ``epsilon=None``.

    ``clip_together``: ``clipnorm`` bounds the norm of all gradients together, and ``clipvalue`` what it leaves, as in
    stand-alone Keras, which also knows whole gradients only; tf.keras moves tables by the rows that were read, and
    bounds the norm of each gradient first, then what that leaves.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        *args: Any,
        lr: Any = None,
        decay: float | None = None,
        clip_together: bool = False,
        **options: Any,
    ) -> None:
        options = {k: v for k, v in options.items() if k not in _UNUSED}
        bounds = {
            name: options.pop(name, None) or None for name in ("clipnorm", "clipvalue") if clip_together
        }
        if options.get("clipnorm") and options.get("clipvalue"):  # the main library takes one of them
            bounds["clipvalue"] = options.pop("clipvalue")
        if options.get("epsilon", 0) is None:
            options["epsilon"] = 1e-7
        self.decay = decay or 0.0
        super().__init__(learning_rate if lr is None else lr, *args, **options)
        self.clip_together, self.by_rows = clip_together, self.by_rows and not clip_together
        vars(self).update(bounds, _hyper={"learning_rate": None})

    def _clipped(self, grads: list[Any]) -> list[Any]:
        if not self.clip_together:
            return super()._clipped(grads)
        if self.clipnorm is not None:
            grads = clip_by_global_norm(grads, self.clipnorm)[0]
        bound = self.clipvalue
        return grads if bound is None else [clip_by_value(g, -bound, bound) for g in grads]

    def get_config(self) -> dict[str, Any]:
        """All settings, the learning rate as it is now: under ``lr`` where it was given so."""
        known = {n: v for n, v in all_arguments(self).items() if n in _TOLD or n in self._arguments}
        left_out = ("lr", "learning_rate", "name", "clip_together")
        given = {n: v for n, v in known.items() if v is not None and n not in left_out}
        rate = self.learning_rate
        rate = float(rate.get_value()) if isinstance(rate, Variable) else rate
        return {"lr" if "lr" in self._arguments else "learning_rate": rate, **given, "decay": self.decay}

    get_config.plain = main.Optimizer.get_config  # type: ignore[attr-defined]  # for files

    @property
    def _name(self) -> str:
        """The name, which optimizers around this one take."""
        return self.name

    @property
    def lr(self) -> Any:
        """The learning rate: the variable, or the schedule."""
        return self.learning_rate

    @lr.setter
    def lr(self, rate: Any) -> None:
        self.learning_rate = rate

    def rate_at(self, step: Any) -> Tensor:
        """The learning rate after ``step`` steps, decayed."""
        rate: Any = super().rate_at(step_of(self._rate, step))
        return rate / (1.0 + self.decay * step) if self.decay else rate

    def get_updates(self, *args: Any, **kwargs: Any) -> list[Any]:
        """The step as ``K.function`` takes it: from (loss, params), or (params, constraints, loss)."""
        older = "loss" in kwargs or len(args) + len(kwargs) > 2
        order = ("params", "constraints", "loss") if older else ("loss", "params")
        given = {**dict(zip(order, args)), **kwargs}
        if isinstance(given["loss"], (list, tuple)):  # (params, loss)
            given["loss"], given["params"] = given["params"], given["loss"]
        if graphs.backend is not None:
            return self._updates_of(given["loss"], given["params"])
        if in_block():  # of an optimizer around this one, which may have put its own K.update there
            pairs = self._updates_of(given["loss"], given["params"])
            made = [backend.update(old, new) for old, new in pairs if isinstance(old, Variable)]
            vars(self)["updates"] = made  # what the other one reads
            return made
        return [UpdatesOfLoss(self._updates_of, given["loss"], given["params"])]

    def _updates_of(self, loss: Any, params: Any) -> list[Any]:
        """Pairs (variable, new value), first the counter of steps, by the gradients of ``get_gradients``, which
        programs replace; within the constraints of the variables.
        """
        grads, kinds = self.get_gradients(loss, params), type(self)
        pairs = [
            (v, new if getattr(v, "constraint", None) is None else v.constraint(new))
            for v, new in kinds.updates(self, grads, [plain(p) for p in params])
        ]
        return sorted(pairs, key=lambda pair: pair[0] is not self.iterations)

    def get_gradients(self, loss: Any, params: Any) -> list[Any]:
        """The gradients of the loss, within their bounds."""
        return self._clipped([g for g, _ in self.compute_gradients(plain(loss), [plain(p) for p in params])])

    @property
    def weights(self) -> list[Variable]:
        """The variables of the optimizer."""
        return self.variables()

    def get_weights(self) -> list[Any]:
        """The values of ``weights``."""
        return [v.get_value() for v in self.variables()]

    def set_weights(self, weights: Any) -> None:
        """Replace the values of ``weights``."""
        for variable, value in zip(self.variables(), weights, strict=True):
            variable.set_value(value)

    def apply_gradients(
        self, grads_and_vars: Any, name: str | None = None, experimental_aggregate_gradients: bool = True,
        skip_gradients_aggregation: bool = False,
    ) -> Any:  # fmt: skip
        """One step with pairs (gradient, variable)."""
        pairs = list(grads_and_vars)
        rules = ("_resource_apply_dense", "_resource_apply_sparse")
        if all(getattr(type(self), rule) is getattr(_Keras, rule) for rule in rules):
            return super().apply_gradients(pairs)
        now = current_recorder() is None
        with no_grad() if now else nullcontext():
            return self._step_of(self._checked(pairs))

    # --- what a class that derives from one of these asks of it ----------------------------------------------------

    def _set_hyper(self, name: str, value: Any) -> None:
        """Give a setting its value: one of the optimizer's own, or one more."""
        if name == "learning_rate" or name in _TOLD:
            setattr(self, name, value)
        else:
            self._hyper[name] = value

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        """A setting, as a tensor of a dtype where one is given."""
        value = self._rate if name == "learning_rate" else self._hyper.get(name)
        value = getattr(self, name) if value is None else value
        if callable(value) and not isinstance(value, (Tensor, main.schedules.LearningRateSchedule)):
            value = value()
        if dtype is None or isinstance(value, main.schedules.LearningRateSchedule):
            return value
        return astype(convert_operands([value])[0], as_dtype(dtype))

    def _resource_apply_dense(self, grad: Any, var: Variable, apply_state: Any = None) -> None:
        """Change one variable by its gradient."""
        self._assign_step(grad, var)

    def _resource_apply_sparse(
        self, grad: Any, handle: Variable, indices: Any, apply_state: Any = None
    ) -> None:
        """Change rows of one variable."""
        self._assign_step(Rows(grad, indices), handle)

    def _assign_step(self, grad: Any, var: Variable) -> None:
        count: Any = self.iterations
        stepped = self._stepped(grad, var, self.rate_at(count), astype(count, "float64") + 1.0)
        for variable, value in stepped:
            assign(variable, value)

    minimize = minimize


class SGD(_Keras, main.GradientDescent):
    """Gradient descent, with momentum if asked for: 0.01."""

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, momentum=momentum, nesterov=nesterov, **options)


class RMSprop(_Keras, main.RMSProp):
    """RMSprop: 0.001, rho 0.9; epsilon is added outside the root, with a momentum inside it."""

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float | None = 1e-7,
        centered: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        options = {"epsilon_inside": bool(momentum), **options, "centered": centered}
        super().__init__(learning_rate, rho=rho, momentum=momentum, epsilon=epsilon, **options)

    @property
    def in_all_rows(self) -> tuple[str, ...]:  # type: ignore[override]
        """Without momentum the averages fade in all rows."""
        return () if is_set(self.momentum) else ("velocity", "average_gradient")


class Adagrad(_Keras, main.Adagrad):
    """Adagrad: 0.001, the accumulator begins at 0.1; epsilon is added outside the root."""

    def __init__(
        self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float | None = 1e-7,
        **options: Any,
    ) -> None:  # fmt: skip
        options = {"epsilon_inside": False, **options, "initial_accumulator_value": initial_accumulator_value}
        super().__init__(learning_rate, epsilon=epsilon, **options)


class Adadelta(_Keras, main.Adadelta):
    """Adadelta: 0.001, rho 0.95."""


class Adam(_Keras, main.Adam):
    """Adam: 0.001, 0.9, 0.999."""


class AdamW(_Keras, main.AdamW):
    """Adam with decoupled weight decay."""


class Adamax(_Keras, main.Adamax):
    """Adamax: 0.001, 0.9, 0.999."""


class Nadam(_Keras, main.Nadam):
    """Adam with Nesterov's momentum: 0.001, 0.9, 0.999; the momentum rises by 0.96 ** (t * schedule_decay): 0.004."""

    def __init__(
        self, learning_rate: Any = 0.001, *args: Any, schedule_decay: float | None = None, decay: Any = None,
        **options: Any,
    ) -> None:  # fmt: skip
        # tf.keras tells schedule_decay as ``decay``, and takes no notice of one that is given
        options = {"momentum_decay": 0.004 if schedule_decay is None else schedule_decay, **options}
        super().__init__(learning_rate, *args, **options)


class Ftrl(_Keras, main.Ftrl):
    """Follow the regularised leader."""


class Lion(_Keras, main.Lion):
    """The sign of a moving average: 0.001, 0.9, 0.99."""

    by_rows = False


class Lamb(_Keras, main.Lamb):
    """Adam's step, as long as the layer's weights: 0.001, 0.9, 0.999."""

    by_rows = False


class Adafactor(_Keras, main.Adafactor):
    """Adam with a factored second moment: 0.001."""

    by_rows = False


class Muon(_Keras, main.Muon):
    """Momentum made orthogonal, for matrices; Adam for the rest: 0.001."""

    by_rows = False


_KINDS = (SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam, Ftrl, Lion, Lamb, Adafactor, Muon)
TABLE: dict[str, Any] = {kind.__name__.lower(): kind for kind in _KINDS}


def found(identifier: Any, table: Mapping[str, Any]) -> Any:
    """An optimizer from a name, a class, a description or itself."""
    if graphs.backend is not None:
        identifier = graphs.backend.rule_of(identifier)
    rule = getattr(identifier, "rule", None)  # of an optimizer of tf.train that changes variables at once
    if isinstance(rule, main.Optimizer):
        return rule
    if isinstance(identifier, Mapping):
        name = identifier["class_name"]
        cls = table.get(name.lower()) or lookup("optimizer", name, table)  # the table's, or a program's own
        return cls.from_config(dict(identifier.get("config", {})))
    if isinstance(identifier, str):
        return lookup("optimizer", identifier.lower(), table)()
    return identifier() if isinstance(identifier, type) else identifier


def get(identifier: Any, use_legacy_optimizer: bool | None = None) -> Any:
    """An optimizer from a name, a class, a description or itself, with the defaults of tf.keras. Those of before
    TensorFlow 2.11 (``use_legacy_optimizer``) are no others here.
    """
    return found(identifier, TABLE)


def TFOptimizer(optimizer: Any) -> Any:
    """An optimizer of ``tf.train``, as ``compile`` takes it."""
    return get(optimizer)


def serialize(optimizer: main.Optimizer) -> dict[str, Any]:
    """An optimizer as data."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


deserialize = get

# --- schedules ------------------------------------------------------------------------------------------------------


LearningRateSchedule = main.schedules.LearningRateSchedule
schedules = Namespace(
    "keras.optimizers.schedules",
    **{name: cls for name, cls in vars(main.schedules).items() if name in main.schedules.__all__},
)
legacy = Namespace("keras.optimizers.legacy", **{c.__name__: c for c in TABLE.values()}, Optimizer=Optimizer)
optimizer_v2 = legacy
# The modules of Keras 2.5 to 2.10.
_MODULES = {"SGD": "gradient_descent", "RMSprop": "rmsprop", "Adagrad": "adagrad", "Adadelta": "adadelta",
            "Adam": "adam", "Adamax": "adamax", "Nadam": "nadam"}  # fmt: skip


def modules(classes: Mapping[str, Any]) -> dict[str, Any]:
    """``adam_v2`` and the others, each with its optimizer."""
    return {
        f"{module}_v2": Namespace(f"keras.optimizers.{module}_v2", **{name: classes[name]})
        for name, module in _MODULES.items()
    }


globals().update(modules(globals()))
