"""``keras.optimizers``: the optimizers of the main library with Keras's arguments, defaults and decay."""

from __future__ import annotations

from typing import Any

from thalweg import optimizers as main
from thalweg.compat.names import Namespace
from thalweg.graph.tensor import Tensor, Variable

Optimizer = main.Optimizer
_DROPPED = ("jit_compile", "ema_overwrite_frequency", "loss_scale_factor")


class _Keras(main.Optimizer):
    """What all share: ``lr=``, ``decay=`` (the rate is divided by 1 + decay * steps) and ``epsilon=None``."""

    def __init__(
        self, learning_rate: Any = 0.01, *args: Any, lr: Any = None, decay: float = 0.0, **options: Any
    ) -> None:
        for name in _DROPPED:
            options.pop(name, None)
        if options.get("epsilon", 0) is None:
            options["epsilon"] = 1e-7
        self.decay = decay or 0.0
        super().__init__(learning_rate if lr is None else lr, *args, **options)

    @property
    def lr(self) -> Any:
        """The learning rate: the variable, or the schedule."""
        return self.learning_rate

    @lr.setter
    def lr(self, rate: Any) -> None:
        self.learning_rate = rate

    def rate_at(self, step: Any) -> Tensor:
        """The learning rate after ``step`` steps, decayed."""
        rate: Any = super().rate_at(step)
        return rate / (1.0 + self.decay * step) if self.decay else rate

    def get_updates(self, *args: Any, **kwargs: Any) -> list[tuple[Variable, Tensor]]:
        """Pairs (variable, new value), for ``K.function``: from (loss, params), or (params, constraints, loss)."""
        given = dict(zip(("loss", "params") if len(args) < 3 else ("params", "constraints", "loss"), args))
        given.update(kwargs)
        if isinstance(given["loss"], (list, tuple)):
            given["loss"], given["params"] = given["params"], given["loss"]
        return self.updates(given["loss"], given["params"])

    def get_gradients(self, loss: Any, params: Any) -> list[Any]:
        """The gradients of the loss."""
        return [g for g, _ in self.compute_gradients(loss, params)]

    @property
    def weights(self) -> list[Variable]:
        """The variables of the optimizer."""
        return self.variables()

    def get_weights(self) -> list[Any]:
        """The values of ``weights``."""
        return [v.get_value() for v in self.variables()]

    def apply_gradients(self, grads_and_vars: Any, name: str | None = None, **ignored: Any) -> Any:
        """One step with pairs (gradient, variable)."""
        return super().apply_gradients(grads_and_vars)

    def minimize(self, loss: Any, var_list: Any = None, tape: Any = None, **ignored: Any) -> Any:
        """One step down the gradient of the loss: a function without arguments, or a tensor of the tape."""
        var_list = var_list() if callable(var_list) else var_list
        if tape is not None:
            return self.apply_gradients(zip(tape.gradient(loss, var_list), var_list))
        return super().minimize(loss, var_list)


class SGD(_Keras, main.GradientDescent):
    """Gradient descent, with momentum if asked for: 0.01, 0, no decay."""

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        decay: Any = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        if isinstance(decay, bool):  # tf.keras: (learning_rate, momentum, nesterov)
            decay, nesterov = 0.0, decay
        super().__init__(learning_rate, momentum=momentum, nesterov=nesterov, decay=decay, **options)


class RMSprop(_Keras, main.RMSProp):
    """RMSprop: 0.001, rho 0.9; epsilon is added outside the root."""

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float | None = 1e-7,
        centered: bool = False, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            learning_rate,
            rho=rho,
            momentum=momentum,
            epsilon=epsilon,
            centered=centered,
            epsilon_inside=False,
            **options,
        )


class Adagrad(_Keras, main.Adagrad):
    """Adagrad: the accumulator begins at 0 with ``lr=`` (Keras 1 and 2), at 0.1 with ``learning_rate=`` (tf.keras)."""

    def __init__(
        self, learning_rate: Any = 0.001, initial_accumulator_value: float | None = None, epsilon: float | None = 1e-7,
        **options: Any,
    ) -> None:  # fmt: skip
        first = (
            (0.0 if "lr" in options else 0.1)
            if initial_accumulator_value is None
            else initial_accumulator_value
        )
        super().__init__(
            learning_rate, initial_accumulator_value=first, epsilon=epsilon, epsilon_inside=False, **options
        )


class Adadelta(_Keras, main.Adadelta):
    """Adadelta: 0.001 (pass 1.0 for the rate of the paper), rho 0.95."""

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float | None = 1e-7, **options: Any
    ) -> None:
        super().__init__(learning_rate, rho=rho, epsilon=epsilon, **options)


class Adam(_Keras, main.Adam):
    """Adam: 0.001, 0.9, 0.999."""

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float | None = 1e-7,
        amsgrad: Any = False, **options: Any,
    ) -> None:  # fmt: skip
        if isinstance(amsgrad, float):  # Keras 1 and 2: (lr, beta_1, beta_2, epsilon, decay)
            amsgrad, options = False, {"decay": amsgrad, **options}
        super().__init__(
            learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, amsgrad=bool(amsgrad), **options
        )


class AdamW(_Keras, main.AdamW):
    """Adam with decoupled weight decay."""


class Adamax(_Keras, main.Adamax):
    """Adamax: 0.001 (Keras 1 and 2: 0.002), 0.9, 0.999."""

    def __init__(self, learning_rate: Any = 0.001, *args: Any, **options: Any) -> None:
        super().__init__(learning_rate, **dict(zip(("beta_1", "beta_2", "epsilon"), args)), **options)


class Nadam(_Keras, main.Nadam):
    """Adam with Nesterov's momentum."""

    def __init__(
        self, learning_rate: Any = 0.001, *args: Any, schedule_decay: Any = None, **options: Any
    ) -> None:
        super().__init__(learning_rate, **dict(zip(("beta_1", "beta_2", "epsilon"), args)), **options)


class Ftrl(_Keras, main.Ftrl):
    """Follow the regularised leader."""


_TABLE: dict[str, type[main.Optimizer]] = {
    "sgd": SGD, "rmsprop": RMSprop, "adagrad": Adagrad, "adadelta": Adadelta, "adam": Adam, "adamw": AdamW,
    "adamax": Adamax, "nadam": Nadam, "ftrl": Ftrl,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """An optimizer from a name, a class, a description or itself."""
    if isinstance(identifier, dict):
        return _TABLE[identifier["class_name"].lower()](**identifier.get("config", {}))
    if isinstance(identifier, str) and identifier.lower() in _TABLE:
        return _TABLE[identifier.lower()]()
    return identifier() if isinstance(identifier, type) else identifier


def serialize(optimizer: main.Optimizer) -> dict[str, Any]:
    """An optimizer as data."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


deserialize = get


def _exponential(
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    return main.exponential_decay(initial_learning_rate, decay_steps, decay_rate, staircase)


def _inverse(
    initial_learning_rate: float,
    decay_steps: float,
    decay_rate: float,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    return main.inverse_time_decay(initial_learning_rate, decay_steps, decay_rate, staircase)


def _polynomial(
    initial_learning_rate: float, decay_steps: float, end_learning_rate: float = 0.0001, power: float = 1.0,
    cycle: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    return main.polynomial_decay(initial_learning_rate, decay_steps, end_learning_rate, power, cycle)


def _cosine(
    initial_learning_rate: float, decay_steps: float, alpha: float = 0.0, name: Any = None, **more: Any
) -> Any:
    return main.cosine_decay(initial_learning_rate, decay_steps, alpha, **more)


class LearningRateSchedule:
    """What a program's own schedules derive from: a call with the step gives the rate."""

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.__call__")


schedules = Namespace(
    "keras.optimizers.schedules",
    ExponentialDecay=_exponential,
    InverseTimeDecay=_inverse,
    PolynomialDecay=_polynomial,
    CosineDecay=_cosine,
    PiecewiseConstantDecay=lambda boundaries, values, name=None: main.piecewise_constant(boundaries, values),
    LearningRateSchedule=LearningRateSchedule,
)
legacy = Namespace("keras.optimizers.legacy", **{c.__name__: c for c in _TABLE.values()}, Optimizer=Optimizer)
optimizer_v2 = legacy
